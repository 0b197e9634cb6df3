//! A whole chat completion, read and written.

use crate::chat::{
    Cause, ChatAnswer, Choice, Content, FinishReason, Logprob, Losses, Part, TokenLogprob, Usage,
};
use crate::dialect::openai::answer::usage;
use crate::dialect::wire::write::{self, ArrayWriter, ObjectWriter};
use crate::dialect::wire::{Object, Value};
use crate::dialect::{AnswerContext, AnswerFault};

use super::decode::read_arguments;
use super::thinking;

/// Reads a completion.
///
/// # Errors
/// When it is not JSON, or has no choices.
pub(in crate::dialect) fn decode_answer(body: &[u8]) -> Result<ChatAnswer, AnswerFault> {
    let mut losses = Losses::default();
    let mut object = Object::parse(body)?;
    let choices = object.take("choices").and_then(Value::elements).ok_or(AnswerFault::Missing("choices"))?;
    let choices: Vec<Choice> =
        choices.into_iter().filter_map(|choice| decode_choice(choice, &mut losses)).collect();
    if choices.is_empty() {
        return Err(AnswerFault::Missing("choices"));
    }
    Ok(ChatAnswer {
        id: object.lenient_string("id").unwrap_or_default(),
        model: object.lenient_string("model").unwrap_or_default(),
        choices,
        usage: object.take("usage").and_then(|value| usage(value.text().as_bytes())),
        losses,
    })
}

/// What a completion says that it took.
pub(in crate::dialect) fn usage_of(body: &[u8]) -> Option<Usage> {
    Object::parse(body).ok()?.take("usage").and_then(|value| usage(value.text().as_bytes()))
}

fn decode_choice(choice: Value<'_>, losses: &mut Losses) -> Option<Choice> {
    let mut choice = choice.object()?;
    let mut message = choice.lenient_object("message")?;
    let mut parts = thinking::read(&mut message, losses);
    let texts = [("content", Content::Text as fn(String) -> Content), ("refusal", Content::Refusal)];
    for (name, part) in texts {
        let text = message.lenient_string(name).filter(|text| !text.is_empty());
        parts.extend(text.map(|text| Part::new(part(text))));
    }
    for call in message.lenient_elements("tool_calls") {
        parts.extend(decode_call(call, losses).map(Part::new));
    }
    if message.take("audio").is_some() {
        losses.unsupported("answer.audio");
    }
    if message.take("annotations").and_then(Value::elements).is_some_and(|notes| !notes.is_empty()) {
        losses.unsupported("answer.annotations");
    }
    let any_call = parts.iter().any(Part::is_call);
    let finish = choice.lenient_string("finish_reason");
    let logprobs = choice.lenient_object("logprobs").map(read_logprobs);
    Some(Choice { parts, finish: finish_of(finish.as_deref(), losses).with_calls(any_call), logprobs })
}

fn decode_call(call: Value<'_>, losses: &mut Losses) -> Option<Content> {
    let mut call = call.object()?;
    let mut function = call.lenient_object("function");
    if function.is_none() {
        losses.unsupported("answer.tool_calls");
    }
    let function = function.as_mut()?;
    Some(Content::ToolCall {
        id: call.lenient_string("id").unwrap_or_default(),
        name: function.lenient_string("name").unwrap_or_default(),
        arguments: match function.take("arguments") {
            // Some servers forget to put the object into a string.
            Some(value) if value.is_object() => value.json(),
            value => read_arguments(&value.and_then(Value::string).unwrap_or_default(), losses),
        },
    })
}

/// The log probabilities of a choice's text.
pub(super) fn read_logprobs(mut logprobs: Object<'_>) -> Vec<TokenLogprob> {
    logprobs.lenient_elements("content").into_iter().filter_map(decode_logprob).collect()
}

fn decode_logprob(token: Value<'_>) -> Option<TokenLogprob> {
    let mut object = token.object()?;
    let chosen = read_logprob(&mut object)?;
    let top = object.lenient_elements("top_logprobs").into_iter();
    Some(TokenLogprob { chosen, top: top.filter_map(|top| read_logprob(&mut top.object()?)).collect() })
}

fn read_logprob(object: &mut Object<'_>) -> Option<Logprob> {
    let logprob = object.take("logprob").and_then(Value::number)?;
    Some(Logprob { token: object.lenient_string("token")?, logprob })
}

/// The reason that a name stands for.
pub(super) fn finish_of(name: Option<&str>, losses: &mut Losses) -> FinishReason {
    match name {
        Some("stop") | None => FinishReason::Stop,
        // `model_length` is Mistral's.
        Some("length" | "model_length") => FinishReason::Length,
        Some("tool_calls" | "function_call") => FinishReason::ToolCalls,
        Some("content_filter") => FinishReason::ContentFilter,
        Some(other) => {
            losses.note("finish_reason", Cause::Unknown(other.to_owned()));
            FinishReason::Stop
        }
    }
}

/// The name that comes closest to a reason.
pub(in crate::dialect) fn finish_name(reason: &FinishReason, losses: &mut Losses) -> &'static str {
    match reason {
        FinishReason::Stop | FinishReason::StopSequence(_) => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter | FinishReason::Refusal => "content_filter",
        FinishReason::ContextWindow => {
            losses.approximated("finish_reason");
            "length"
        }
        FinishReason::Pause | FinishReason::Malformed => {
            losses.approximated("finish_reason");
            "stop"
        }
    }
}

/// Writes a completion.
pub(in crate::dialect) fn encode_answer(answer: &ChatAnswer, context: &AnswerContext) -> (Vec<u8>, Losses) {
    let mut losses = Losses::default();
    let body = write::object(|object| {
        object.string("id", context.id_or(&answer.id));
        object.string("object", "chat.completion");
        object.unsigned("created", context.created);
        object.string("model", context.model_or(&answer.model));
        object.array("choices", |choices| {
            for (index, choice) in answer.choices.iter().enumerate() {
                choices.object(|object| write_choice(index as u64, choice, object, &mut losses));
            }
        });
        if let Some(usage) = &answer.usage {
            object.object("usage", |object| write_usage(usage, object));
        }
    });
    (body, losses)
}

fn write_choice(index: u64, choice: &Choice, object: &mut ObjectWriter<'_>, losses: &mut Losses) {
    object.unsigned("index", index);
    object.object("message", |message| {
        message.string("role", "assistant");
        let (mut text, mut refusal) = (String::new(), String::new());
        for part in &choice.parts {
            match &part.content {
                Content::Text(more) => text.push_str(more),
                Content::Refusal(more) => refusal.push_str(more),
                Content::Thinking { .. } | Content::RedactedThinking(_) | Content::ToolCall { .. } => {}
                _ => losses.unsupported("answer.content"),
            }
        }
        message.string_or_null("content", Some(text.as_str()).filter(|text| !text.is_empty()));
        message.string_or_null("refusal", Some(refusal.as_str()).filter(|text| !text.is_empty()));
        let thought = choice
            .parts
            .iter()
            .map(|part| &part.content)
            .filter(|content| matches!(content, Content::Thinking { .. } | Content::RedactedThinking(_)));
        thinking::write(thought, message);
        if choice.parts.iter().any(Part::is_call) {
            message.array("tool_calls", |calls| {
                choice.parts.iter().for_each(|part| write_call(&part.content, calls));
            });
        }
    });
    write_logprobs(choice.logprobs.as_deref(), object);
    object.string("finish_reason", finish_name(&choice.finish, losses));
}

/// Writes the log probabilities of a choice's text, of which none need be known.
pub(super) fn write_logprobs(tokens: Option<&[TokenLogprob]>, object: &mut ObjectWriter<'_>) {
    match tokens {
        None => object.null("logprobs"),
        Some(tokens) => object.object("logprobs", |logprobs| {
            logprobs.array("content", |array| write_tokens(tokens, true, array));
            logprobs.null("refusal");
        }),
    }
}

/// Writes tokens with what else might have stood there, with the bytes of each or without.
pub(in crate::dialect::openai) fn write_tokens(
    tokens: &[TokenLogprob],
    with_bytes: bool,
    array: &mut ArrayWriter<'_>,
) {
    let write = |token: &Logprob, object: &mut ObjectWriter<'_>| {
        object.string("token", &token.token);
        object.number("logprob", token.logprob);
        if with_bytes {
            object.array("bytes", |bytes| token.token.bytes().for_each(|byte| bytes.raw(&byte.to_string())));
        }
    };
    for token in tokens {
        array.object(|object| {
            write(&token.chosen, object);
            object.array("top_logprobs", |top| {
                token.top.iter().for_each(|one| top.object(|object| write(one, object)));
            });
        });
    }
}

fn write_call(content: &Content, calls: &mut ArrayWriter<'_>) {
    let Content::ToolCall { id, name, arguments } = content else { return };
    calls.object(|call| {
        call.string("id", id);
        call.string("type", "function");
        call.object("function", |function| {
            function.string("name", name);
            function.string("arguments", arguments.text());
        });
    });
}

/// Writes the members of a `usage` object.
pub(in crate::dialect) fn write_usage(usage: &Usage, object: &mut ObjectWriter<'_>) {
    object.unsigned("prompt_tokens", usage.input);
    object.unsigned("completion_tokens", usage.output);
    object.unsigned("total_tokens", usage.input.saturating_add(usage.output));
    object.object("prompt_tokens_details", |details| {
        details.unsigned("cached_tokens", usage.cached_input);
        if usage.cache_write_input > 0 {
            details.unsigned("cache_write_tokens", usage.cache_write_input);
        }
    });
    object.object("completion_tokens_details", |details| {
        details.unsigned("reasoning_tokens", usage.reasoning_output);
    });
}
