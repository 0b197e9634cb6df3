//! A whole answer, read.

use crate::chat::{
    Cause, ChatAnswer, Choice, Content, FinishReason, Json, Losses, Origin, Part, Signature, Usage,
};
use crate::dialect::AnswerFault;
use crate::dialect::anthropic::ANSWER_TOOL;
use crate::dialect::wire::{Object, Value};

/// Reads an answer.
///
/// # Errors
/// When it is not JSON, or has no message.
pub(in crate::dialect) fn decode_answer(body: &[u8]) -> Result<ChatAnswer, AnswerFault> {
    let mut losses = Losses::default();
    let mut object = Object::parse(body)?;
    let mut output = object.lenient_object("output").ok_or(AnswerFault::Missing("output"))?;
    let mut message = output.lenient_object("message").ok_or(AnswerFault::Missing("message"))?;
    let blocks = message.lenient_elements("content").into_iter();
    let parts: Vec<Part> =
        blocks.filter_map(|block| decode_block(block, &mut losses)).map(Part::new).collect();
    let any_call = parts.iter().any(Part::is_call);
    let reason = object.lenient_string("stopReason");
    let finish = finish_of(reason.as_deref(), any_call, &mut losses);
    if object.take("trace").is_some() {
        losses.unsupported("answer.trace");
    }
    Ok(ChatAnswer {
        id: String::new(),
        model: String::new(),
        choices: vec![Choice { parts, finish, logprobs: None }],
        usage: object.lenient_object("usage").map(|mut usage| read_usage(&mut usage)),
        losses,
    })
}

fn decode_block(block: Value<'_>, losses: &mut Losses) -> Option<Content> {
    let mut block = block.object()?;
    if let Some(text) = block.lenient_string("text") {
        return (!text.is_empty()).then_some(Content::Text(text));
    }
    if let Some(mut call) = block.lenient_object("toolUse") {
        let name = call.lenient_string("name").unwrap_or_default();
        let input = call.take("input").filter(|input| input.is_object());
        let arguments = input.map_or_else(Json::empty, Value::json);
        if name == ANSWER_TOOL {
            return Some(Content::Text(arguments.text().to_owned()));
        }
        return Some(Content::ToolCall {
            id: call.lenient_string("toolUseId").unwrap_or_default(),
            name,
            arguments,
        });
    }
    if let Some(mut reasoning) = block.lenient_object("reasoningContent") {
        if let Some(data) = reasoning.lenient_string("redactedContent") {
            let signature = Signature { origin: Origin::Anthropic, value: data };
            return Some(Content::RedactedThinking(signature));
        }
        let mut text = reasoning.lenient_object("reasoningText")?;
        let signature = text.lenient_string("signature").filter(|signature| !signature.is_empty());
        return Some(Content::Thinking {
            text: text.lenient_string("text").unwrap_or_default(),
            signature: signature.map(|value| Signature { origin: Origin::Anthropic, value }),
        });
    }
    if let Some(mut cited) = block.lenient_object("citationsContent") {
        // What is said stands inside of what it rests on.
        losses.unsupported("answer.citations");
        let said = cited.lenient_elements("content").into_iter().filter_map(Value::object);
        let text: String = said.filter_map(|mut said| said.lenient_string("text")).collect();
        return (!text.is_empty()).then_some(Content::Text(text));
    }
    for (name, _) in block.rest().unwrap_or_default() {
        losses.note("answer.content", Cause::Unknown(name));
    }
    None
}

/// What an answer says that it took.
pub(in crate::dialect) fn usage_of(body: &[u8]) -> Option<Usage> {
    Object::parse(body).ok()?.lenient_object("usage").map(|mut usage| read_usage(&mut usage))
}

/// The reason that a name stands for (API reference, "Converse", `stopReason`).
pub(super) fn finish_of(name: Option<&str>, any_call: bool, losses: &mut Losses) -> FinishReason {
    match name {
        // The call may have been the answer itself.
        Some("end_turn" | "tool_use") | None => FinishReason::Stop.with_calls(any_call),
        Some("max_tokens") => FinishReason::Length,
        Some("stop_sequence") => FinishReason::StopSequence(None),
        Some("guardrail_intervened" | "content_filtered") => FinishReason::ContentFilter,
        Some("malformed_model_output" | "malformed_tool_use") => FinishReason::Malformed,
        Some("model_context_window_exceeded") => FinishReason::ContextWindow,
        Some("refusal") => FinishReason::Refusal,
        Some(other) => {
            losses.note("finish_reason", Cause::Unknown(other.to_owned()));
            FinishReason::Stop.with_calls(any_call)
        }
    }
}

/// Reads `usage`: `inputTokens` leaves out what went through the cache (guide, "Prompt caching"), and `cacheDetails`
/// says for how long what was written stays there (API reference, "CacheDetail").
pub(super) fn read_usage(usage: &mut Object<'_>) -> Usage {
    let read = usage.count("cacheReadInputTokens");
    let write = usage.count("cacheWriteInputTokens");
    let details = usage.lenient_elements("cacheDetails").into_iter().filter_map(Value::object);
    let for_an_hour = details.filter_map(|mut detail| {
        (detail.lenient_string("ttl").as_deref() == Some("1h")).then(|| detail.count("inputTokens"))
    });
    let hour = for_an_hour.fold(0, u64::saturating_add).min(write);
    Usage {
        input: usage.count("inputTokens").saturating_add(read).saturating_add(write),
        output: usage.count("outputTokens"),
        cached_input: read,
        cache_write_input: write - hour,
        cache_write_hour_input: hour,
        reasoning_output: 0,
    }
}
