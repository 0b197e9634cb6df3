//! A whole message of the model, read and written.

use crate::chat::{
    Cause, ChatAnswer, Choice, Content, FinishReason, Json, Losses, Origin, Part, Signature, Usage,
};
use crate::dialect::wire::write::{self, ArrayWriter, ObjectWriter};
use crate::dialect::wire::{Object, Value};
use crate::dialect::{AnswerContext, AnswerFault};

use super::ANSWER_TOOL;

/// Reads a message.
///
/// # Errors
/// When it is not JSON, or has no content.
pub(in crate::dialect) fn decode_answer(body: &[u8]) -> Result<ChatAnswer, AnswerFault> {
    let mut losses = Losses::default();
    let mut object = Object::parse(body)?;
    let content = object.take("content").and_then(Value::elements).ok_or(AnswerFault::Missing("content"))?;
    let mut parts: Vec<Part> =
        content.into_iter().filter_map(|block| decode_block(block, &mut losses)).map(Part::new).collect();
    let any_call = parts.iter().any(Part::is_call);
    let finish = decode_finish(&mut object, any_call, &mut losses);
    parts.extend(explanation(&mut object).map(|text| Part::new(Content::Refusal(text))));
    Ok(ChatAnswer {
        id: object.lenient_string("id").unwrap_or_default(),
        model: object.lenient_string("model").unwrap_or_default(),
        choices: vec![Choice { parts, finish, logprobs: None }],
        usage: object.lenient_object("usage").map(read_usage),
        losses,
    })
}

/// What a message says that it took.
pub(in crate::dialect) fn usage_of(body: &[u8]) -> Option<Usage> {
    Object::parse(body).ok()?.lenient_object("usage").map(read_usage)
}

fn read_usage(mut usage: Object<'_>) -> Usage {
    let mut counts = Counts::default();
    counts.read(&mut usage);
    counts.usage()
}

/// Why the model declined, in words, when it says.
pub(super) fn explanation(object: &mut Object<'_>) -> Option<String> {
    object.lenient_object("stop_details")?.lenient_string("explanation")
}

fn decode_block(block: Value<'_>, losses: &mut Losses) -> Option<Content> {
    let mut block = block.object()?;
    let kind = block.lenient_string("type")?;
    if block.take("citations").and_then(Value::elements).is_some_and(|citations| !citations.is_empty()) {
        losses.unsupported("answer.citations");
    }
    match kind.as_str() {
        "text" => block.lenient_string("text").filter(|text| !text.is_empty()).map(Content::Text),
        "thinking" => {
            let signed = block.lenient_string("signature").filter(|signature| !signature.is_empty());
            Some(Content::Thinking {
                text: block.lenient_string("thinking").unwrap_or_default(),
                signature: signed.map(|signature| Signature::read(&signature, Origin::Anthropic)),
            })
        }
        "redacted_thinking" => {
            let data = block.lenient_string("data")?;
            Some(Content::RedactedThinking(Signature::read(&data, Origin::Anthropic)))
        }
        "tool_use" => {
            let name = block.lenient_string("name").unwrap_or_default();
            let input = block.take("input").filter(|input| input.is_object());
            let arguments = input.map_or_else(Json::empty, Value::json);
            if name == ANSWER_TOOL {
                return Some(Content::Text(arguments.text().to_owned()));
            }
            Some(Content::ToolCall { id: block.lenient_string("id").unwrap_or_default(), name, arguments })
        }
        _ => {
            losses.note("answer.content", Cause::Unknown(kind));
            None
        }
    }
}

/// Reads `stop_reason` and what goes with it.
pub(super) fn decode_finish(object: &mut Object<'_>, any_call: bool, losses: &mut Losses) -> FinishReason {
    let sequence = object.lenient_string("stop_sequence");
    match object.lenient_string("stop_reason").as_deref() {
        Some("stop_sequence") => FinishReason::StopSequence(sequence),
        Some("max_tokens") => FinishReason::Length,
        // The call may have been the answer itself.
        Some("tool_use" | "end_turn") | None => FinishReason::Stop.with_calls(any_call),
        Some("refusal") => FinishReason::Refusal,
        Some("pause_turn") => FinishReason::Pause,
        Some("model_context_window_exceeded") => FinishReason::ContextWindow,
        Some(other) => {
            losses.note("finish_reason", Cause::Unknown(other.to_owned()));
            FinishReason::Stop.with_calls(any_call)
        }
    }
}

/// The name that comes closest to a reason, and the stop sequence that was met.
pub(super) fn stop_reason<'a>(
    reason: &'a FinishReason,
    losses: &mut Losses,
) -> (&'static str, Option<&'a str>) {
    match reason {
        FinishReason::Stop => ("end_turn", None),
        FinishReason::StopSequence(sequence) => ("stop_sequence", sequence.as_deref()),
        FinishReason::Length => ("max_tokens", None),
        FinishReason::ContextWindow => ("model_context_window_exceeded", None),
        FinishReason::ToolCalls => ("tool_use", None),
        FinishReason::ContentFilter | FinishReason::Refusal => ("refusal", None),
        FinishReason::Pause => ("pause_turn", None),
        FinishReason::Malformed => {
            losses.approximated("finish_reason");
            ("end_turn", None)
        }
    }
}

/// The counts of a `usage` object, which a stream gives in two parts.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    input: u64,
    cache_read: u64,
    cache_write: u64,
    /// The part of `cache_write` that is kept for an hour.
    cache_write_hour: u64,
    output: u64,
    thinking: u64,
}

impl Counts {
    /// Takes over every count that is there: they are totals so far.
    pub(super) fn read(&mut self, usage: &mut Object<'_>) {
        let mut thinking = usage.lenient_object("output_tokens_details");
        for (name, place) in [
            ("input_tokens", &mut self.input),
            ("cache_read_input_tokens", &mut self.cache_read),
            ("cache_creation_input_tokens", &mut self.cache_write),
            ("output_tokens", &mut self.output),
        ] {
            *place = usage.take(name).and_then(Value::unsigned).unwrap_or(*place);
        }
        let mut creation = usage.lenient_object("cache_creation");
        let hour = creation.as_mut().and_then(|parts| parts.take("ephemeral_1h_input_tokens"));
        self.cache_write_hour = hour.and_then(Value::unsigned).unwrap_or(self.cache_write_hour);
        let count = thinking.as_mut().and_then(|details| details.take("thinking_tokens"));
        self.thinking = count.and_then(Value::unsigned).unwrap_or(self.thinking);
    }

    /// The counts as everyone else gives them: here, `input_tokens` leaves out what went through the cache
    /// (guide, "Prompt caching", "Tracking cache performance").
    pub(super) const fn usage(&self) -> Usage {
        Usage {
            input: self.input.saturating_add(self.cache_read).saturating_add(self.cache_write),
            output: self.output,
            cached_input: self.cache_read,
            cache_write_input: self.cache_write.saturating_sub(self.cache_write_hour),
            cache_write_hour_input: self.cache_write_hour,
            reasoning_output: self.thinking,
        }
    }
}

/// Writes the members of a `usage` object.
pub(super) fn write_usage(usage: &Usage, object: &mut ObjectWriter<'_>) {
    let written = usage.cache_write_input.saturating_add(usage.cache_write_hour_input);
    let cached = usage.cached_input.saturating_add(written);
    object.unsigned("input_tokens", usage.input.saturating_sub(cached));
    object.unsigned("cache_creation_input_tokens", written);
    object.unsigned("cache_read_input_tokens", usage.cached_input);
    object.unsigned("output_tokens", usage.output);
    if usage.reasoning_output > 0 {
        object.object("output_tokens_details", |details| {
            details.unsigned("thinking_tokens", usage.reasoning_output);
        });
    }
}

/// Writes a message.
pub(in crate::dialect) fn encode_answer(answer: &ChatAnswer, context: &AnswerContext) -> (Vec<u8>, Losses) {
    let mut losses = Losses::default();
    if answer.choices.len() > 1 {
        losses.unsupported("n");
    }
    let empty = Choice { parts: Vec::new(), finish: FinishReason::Stop, logprobs: None };
    let choice = answer.choices.first().unwrap_or(&empty);
    if choice.logprobs.is_some() {
        losses.unsupported("answer.logprobs");
    }
    let body = write::object(|object| {
        object.string("id", context.id_or(&answer.id));
        object.string("type", "message");
        object.string("role", "assistant");
        object.string("model", context.model_or(&answer.model));
        object.array("content", |content| {
            choice.parts.iter().for_each(|part| write_block(&part.content, content, &mut losses));
        });
        let (reason, sequence) = stop_reason(&choice.finish, &mut losses);
        object.string("stop_reason", reason);
        object.string_or_null("stop_sequence", sequence);
        if answer.usage.is_none() {
            losses.approximated("usage");
        }
        object.object("usage", |usage| write_usage(&answer.usage.unwrap_or_default(), usage));
    });
    (body, losses)
}

fn write_block(content: &Content, out: &mut ArrayWriter<'_>, losses: &mut Losses) {
    match content {
        Content::Text(text) | Content::Refusal(text) => out.object(|block| {
            block.string("type", "text");
            block.string("text", text);
        }),
        Content::Thinking { text, signature } => out.object(|block| {
            block.string("type", "thinking");
            block.string("thinking", text);
            // The SDKs want one; one that is empty says that there is none.
            let signature = signature.as_ref().map(|signature| signature.written(Origin::Anthropic));
            block.string("signature", signature.as_deref().unwrap_or_default());
        }),
        Content::RedactedThinking(signature) => out.object(|block| {
            block.string("type", "redacted_thinking");
            block.string("data", &signature.written(Origin::Anthropic));
        }),
        Content::ToolCall { id, name, arguments } => out.object(|block| {
            block.string("type", "tool_use");
            block.string("id", id);
            block.string("name", name);
            block.raw("input", arguments.text());
        }),
        Content::Image { .. } | Content::Document { .. } | Content::Media(_) | Content::ToolResult { .. } => {
            losses.unsupported("answer.content");
        }
    }
}
