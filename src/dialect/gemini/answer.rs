//! A whole generated answer, read and written.

use crate::chat::{
    Cause, ChatAnswer, Choice, Content, FinishReason, Json, Logprob, Losses, Part, TokenLogprob, Usage,
};
use crate::dialect::wire::write::{self, ArrayWriter, ObjectWriter};
use crate::dialect::wire::{Object, Value};
use crate::dialect::{AnswerContext, AnswerFault};

use super::signature;

/// Reads an answer.
///
/// # Errors
/// When it is not JSON, or has neither candidates nor a reason why it has none.
pub(in crate::dialect) fn decode_answer(body: &[u8]) -> Result<ChatAnswer, AnswerFault> {
    let mut losses = Losses::default();
    let mut object = Object::parse(body)?;
    let id = object.lenient_string("responseId").unwrap_or_default();
    let mut choices = Vec::new();
    for candidate in object.lenient_elements("candidates") {
        choices.extend(decode_candidate(candidate, &id, &mut losses));
    }
    if choices.is_empty() {
        let feedback = object.lenient_object("promptFeedback").ok_or(AnswerFault::Missing("candidates"))?;
        choices.push(blocked(feedback));
    }
    Ok(ChatAnswer {
        model: object.lenient_string("modelVersion").unwrap_or_default(),
        usage: object.lenient_object("usageMetadata").map(|mut usage| read_usage(&mut usage)),
        id,
        choices,
        losses,
    })
}

/// What stands for the answer to a prompt that was blocked.
pub(super) fn blocked(mut feedback: Object<'_>) -> Choice {
    let message = feedback.lenient_string("blockReasonMessage");
    let parts = message.map(|message| Part::new(Content::Refusal(message))).into_iter().collect();
    Choice { parts, finish: FinishReason::ContentFilter, logprobs: None }
}

fn decode_candidate(candidate: Value<'_>, response: &str, losses: &mut Losses) -> Option<Choice> {
    let mut candidate = candidate.object()?;
    let mut parts = Vec::new();
    let mut content = candidate.lenient_object("content");
    let elements = content.as_mut().map(|content| content.lenient_elements("parts")).unwrap_or_default();
    for (index, part) in elements.into_iter().enumerate() {
        if let Some(part) = part.object() {
            decode_part(part, response, index, &mut parts, losses);
        }
    }
    note_extras(&mut candidate, losses);
    let logprobs = candidate.lenient_object("logprobsResult").map(decode_logprobs);
    let any_call = parts.iter().any(|part: &Content| matches!(part, Content::ToolCall { .. }));
    let reason = candidate.lenient_string("finishReason");
    let finish = finish_of(reason.as_deref(), losses).with_calls(any_call);
    Some(Choice { parts: parts.into_iter().map(Part::new).collect(), finish, logprobs })
}

/// Notes what a candidate has beside its content.
pub(super) fn note_extras(candidate: &mut Object<'_>, losses: &mut Losses) {
    for (name, field) in [("citationMetadata", "answer.citations"), ("groundingMetadata", "answer.grounding")]
    {
        if candidate.take(name).is_some() {
            losses.unsupported(field);
        }
    }
}

/// Reads a part; the signature of one that is no thought stands in front of it.
pub(super) fn decode_part(
    mut part: Object<'_>,
    response: &str,
    index: usize,
    parts: &mut Vec<Content>,
    losses: &mut Losses,
) {
    let thought = part.take("thought").and_then(Value::boolean) == Some(true);
    let signed = part.lenient_string("thoughtSignature");
    let text = part.lenient_string("text");
    match (thought, signed) {
        (true, Some(signed)) => parts.push(signature::read(&signed, text.unwrap_or_default())),
        (true, None) => {
            parts.push(Content::Thinking { text: text.unwrap_or_default(), signature: None });
        }
        (false, signed) => {
            parts.extend(signed.map(|signed| signature::read(&signed, String::new())));
            parts.extend(text.filter(|text| !text.is_empty()).map(Content::Text));
        }
    }
    if let Some(mut call) = part.lenient_object("functionCall") {
        let name = call.lenient_string("name").unwrap_or_default();
        let id = call.lenient_string("id").unwrap_or_else(|| generated_id(response, index));
        let args = call.take("args").filter(|args| args.is_object());
        parts.push(Content::ToolCall { id, name, arguments: args.map_or_else(Json::empty, Value::json) });
    }
    part.ignore(&["partMetadata"]);
    for (name, _) in part.rest().unwrap_or_default() {
        losses.note("answer.content", Cause::Unknown(name));
    }
}

/// An identifier for a call that has none, unlike those of other answers in the conversation.
fn generated_id(response: &str, index: usize) -> String {
    let letters: String = response.chars().filter(char::is_ascii_alphanumeric).take(24).collect();
    format!("call_{letters}_{index}")
}

/// The log probabilities of a candidate's text.
pub(super) fn decode_logprobs(mut result: Object<'_>) -> Vec<TokenLogprob> {
    let read = |token: Value<'_>| {
        let mut token = token.object()?;
        let logprob = token.take("logProbability").and_then(Value::number)?;
        Some(Logprob { token: token.lenient_string("token")?, logprob })
    };
    let chosen = result.lenient_elements("chosenCandidates");
    let mut top = result.lenient_elements("topCandidates").into_iter();
    let tokens = chosen.into_iter().filter_map(|token| {
        let candidates = top.next().and_then(Value::object);
        let likely = candidates.map(|mut object| object.lenient_elements("candidates")).unwrap_or_default();
        Some(TokenLogprob { chosen: read(token)?, top: likely.into_iter().filter_map(read).collect() })
    });
    tokens.collect()
}

/// What an answer says that it took.
pub(in crate::dialect) fn usage_of(body: &[u8]) -> Option<Usage> {
    Object::parse(body).ok()?.lenient_object("usageMetadata").map(|mut usage| read_usage(&mut usage))
}

/// The reason that a name stands for (reference, `FinishReason`).
pub(super) fn finish_of(name: Option<&str>, losses: &mut Losses) -> FinishReason {
    match name {
        Some("STOP" | "FINISH_REASON_UNSPECIFIED") | None => FinishReason::Stop,
        Some("MAX_TOKENS") => FinishReason::Length,
        Some(
            "SAFETY"
            | "RECITATION"
            | "LANGUAGE"
            | "BLOCKLIST"
            | "PROHIBITED_CONTENT"
            | "SPII"
            | "IMAGE_SAFETY"
            | "IMAGE_PROHIBITED_CONTENT"
            | "IMAGE_RECITATION"
            | "MODEL_ARMOR",
        ) => FinishReason::ContentFilter,
        Some(
            "MALFORMED_FUNCTION_CALL"
            | "UNEXPECTED_TOOL_CALL"
            | "TOO_MANY_TOOL_CALLS"
            | "MALFORMED_RESPONSE"
            | "MISSING_THOUGHT_SIGNATURE",
        ) => FinishReason::Malformed,
        Some(other) => {
            losses.note("finish_reason", Cause::Unknown(other.to_owned()));
            FinishReason::Stop
        }
    }
}

/// The name that comes closest to a reason.
pub(super) fn finish_name(reason: &FinishReason, losses: &mut Losses) -> &'static str {
    match reason {
        FinishReason::Stop | FinishReason::StopSequence(_) | FinishReason::ToolCalls => "STOP",
        FinishReason::Length => "MAX_TOKENS",
        FinishReason::ContentFilter | FinishReason::Refusal => "SAFETY",
        FinishReason::Malformed => "MALFORMED_FUNCTION_CALL",
        FinishReason::ContextWindow => {
            losses.approximated("finish_reason");
            "MAX_TOKENS"
        }
        FinishReason::Pause => {
            losses.approximated("finish_reason");
            "STOP"
        }
    }
}

/// Reads `usageMetadata`: `promptTokenCount` has the cached tokens in it, `candidatesTokenCount` has not the
/// thoughts (reference, `UsageMetadata`).
pub(super) fn read_usage(usage: &mut Object<'_>) -> Usage {
    let prompt = usage.count("promptTokenCount");
    let thoughts = usage.count("thoughtsTokenCount");
    Usage {
        input: prompt.saturating_add(usage.count("toolUsePromptTokenCount")),
        output: usage.count("candidatesTokenCount").saturating_add(thoughts),
        cached_input: usage.count("cachedContentTokenCount"),
        cache_write_input: 0,
        cache_write_hour_input: 0,
        reasoning_output: thoughts,
    }
}

/// Writes the members of `usageMetadata`.
pub(super) fn write_usage(usage: &Usage, object: &mut ObjectWriter<'_>) {
    object.unsigned("promptTokenCount", usage.input);
    object.unsigned("candidatesTokenCount", usage.output.saturating_sub(usage.reasoning_output));
    object.unsigned("totalTokenCount", usage.input.saturating_add(usage.output));
    if usage.cached_input > 0 {
        object.unsigned("cachedContentTokenCount", usage.cached_input);
    }
    if usage.reasoning_output > 0 {
        object.unsigned("thoughtsTokenCount", usage.reasoning_output);
    }
}

/// Writes an answer.
pub(in crate::dialect) fn encode_answer(answer: &ChatAnswer, context: &AnswerContext) -> (Vec<u8>, Losses) {
    let mut losses = Losses::default();
    let body = write::object(|object| {
        object.array("candidates", |candidates| {
            for (index, choice) in answer.choices.iter().enumerate() {
                candidates.object(|object| {
                    object.object("content", |content| {
                        content.array("parts", |parts| {
                            choice
                                .parts
                                .iter()
                                .for_each(|part| write_part(&part.content, parts, &mut losses));
                        });
                        content.string("role", "model");
                    });
                    object.string("finishReason", finish_name(&choice.finish, &mut losses));
                    object.unsigned("index", index as u64);
                    if let Some(tokens) = &choice.logprobs {
                        object.object("logprobsResult", |result| write_logprobs(tokens, result));
                    }
                });
            }
        });
        if let Some(usage) = &answer.usage {
            if usage.cache_write_input > 0 {
                losses.unsupported("usage.cache_write");
            }
            object.object("usageMetadata", |object| write_usage(usage, object));
        }
        object.string("modelVersion", context.model_or(&answer.model));
        object.string("responseId", context.id_or(&answer.id));
    });
    (body, losses)
}

/// Writes a part.
pub(super) fn write_part(content: &Content, out: &mut ArrayWriter<'_>, losses: &mut Losses) {
    match content {
        Content::Text(text) => out.object(|part| part.string("text", text)),
        Content::Refusal(text) => {
            losses.approximated("answer.refusal");
            out.object(|part| part.string("text", text));
        }
        Content::Thinking { text, signature } => out.object(|part| {
            part.string("text", text);
            part.boolean("thought", true);
            if let Some(signature) = signature {
                part.string("thoughtSignature", &signature::write(signature, false));
            }
        }),
        Content::RedactedThinking(signature) => out.object(|part| {
            part.string("text", "");
            part.boolean("thought", true);
            part.string("thoughtSignature", &signature::write(signature, true));
        }),
        Content::ToolCall { id, name, arguments } => out.object(|part| {
            part.object("functionCall", |call| {
                call.string("id", id);
                call.string("name", name);
                call.raw("args", arguments.text());
            });
        }),
        Content::Image { .. } | Content::Document { .. } | Content::Media(_) | Content::ToolResult { .. } => {
            losses.unsupported("answer.content");
        }
    }
}

/// Writes the log probabilities of a candidate's text.
pub(super) fn write_logprobs(tokens: &[TokenLogprob], result: &mut ObjectWriter<'_>) {
    let write = |token: &Logprob, object: &mut ObjectWriter<'_>| {
        object.string("token", &token.token);
        object.number("logProbability", token.logprob);
    };
    result.array("topCandidates", |array| {
        for token in tokens {
            array.object(|object| {
                object.array("candidates", |top| {
                    token.top.iter().for_each(|one| top.object(|object| write(one, object)));
                });
            });
        }
    });
    result.array("chosenCandidates", |array| {
        tokens.iter().for_each(|token| array.object(|object| write(&token.chosen, object)));
    });
}
