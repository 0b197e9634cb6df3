//! The items of an answer, and the response object around them.

use crate::chat::{ChatError, ErrorKind, FinishReason, Losses, Origin, Signature, TokenLogprob, Usage};
use crate::dialect::AnswerContext;
use crate::dialect::openai::chat::write_tokens;
use crate::dialect::wire::Object;
use crate::dialect::wire::write::{ArrayWriter, ObjectWriter};

/// In front of thinking that only its provider can read.
pub(super) const REDACTED: &str = "redacted:";

/// One item of the output.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) kind: Kind,
    /// Text, arguments, or the summary of thinking.
    pub(super) text: String,
    /// What is known of the text's tokens.
    pub(super) tokens: Vec<TokenLogprob>,
    /// Whether the answer broke off in it.
    pub(super) cut: bool,
}

/// The identifier of a response: clients tell one by how it begins.
pub(super) fn response_id(context: &AnswerContext, id: &str) -> String {
    let id = context.id_or(id);
    if id.starts_with("resp_") { id.to_owned() } else { format!("resp_{id}") }
}

/// Whether an answer that ended so is not whole.
pub(super) const fn is_cut(reason: &FinishReason) -> bool {
    matches!(
        reason,
        FinishReason::Length
            | FinishReason::ContextWindow
            | FinishReason::ContentFilter
            | FinishReason::Refusal
    )
}

/// What an item is.
#[derive(Clone)]
pub(super) enum Kind {
    Text,
    Refusal,
    /// Thinking, and what is signed or hidden of it.
    Reasoning(Option<String>),
    Call {
        id: String,
        name: String,
    },
}

/// What `encrypted_content` holds for a signature, or for redacted thinking.
pub(super) fn encrypted(signature: &Signature, redacted: bool) -> String {
    let mark = if redacted { REDACTED } else { "" };
    format!("{mark}{}", signature.written(Origin::OpenAi))
}

impl Kind {
    /// What identifiers of such items begin with.
    pub(super) const fn prefix(&self) -> &'static str {
        match self {
            Self::Text | Self::Refusal => "msg",
            Self::Reasoning(_) => "rs",
            Self::Call { .. } => "fc",
        }
    }
}

impl Item {
    /// An item of which nothing was said yet.
    pub(super) fn new(id: String, kind: Kind) -> Self {
        Self { id, kind, text: String::new(), tokens: Vec::new(), cut: false }
    }

    /// Writes the item: as it begins, without its content, or complete.
    pub(super) fn write(&self, complete: bool, object: &mut ObjectWriter<'_>) {
        let status = match (complete, self.cut) {
            (false, _) => "in_progress",
            (true, true) => "incomplete",
            (true, false) => "completed",
        };
        object.string("id", &self.id);
        match &self.kind {
            Kind::Text | Kind::Refusal => {
                object.string("type", "message");
                object.string("status", status);
                object.string("role", "assistant");
                object.array("content", |content| {
                    if complete {
                        content.object(|part| self.write_part(&self.text, part));
                    }
                });
            }
            Kind::Reasoning(encrypted) => {
                object.string("type", "reasoning");
                object.array("summary", |summary| {
                    if complete && !self.text.is_empty() {
                        summary.object(|part| self.write_part(&self.text, part));
                    }
                });
                object.string_if("encrypted_content", encrypted.as_deref().filter(|_| complete));
            }
            Kind::Call { id, name } => {
                object.string("type", "function_call");
                object.string("status", status);
                object.string("call_id", id);
                object.string("name", name);
                object.string("arguments", if complete { &self.text } else { "" });
            }
        }
    }

    /// Writes the part that holds the text.
    pub(super) fn write_part(&self, text: &str, part: &mut ObjectWriter<'_>) {
        match &self.kind {
            Kind::Text | Kind::Call { .. } => {
                part.string("type", "output_text");
                part.string("text", text);
                part.array("annotations", |_| {});
                part.array("logprobs", |tokens| write_tokens(&self.tokens, true, tokens));
            }
            Kind::Refusal => {
                part.string("type", "refusal");
                part.string("refusal", text);
            }
            Kind::Reasoning(_) => {
                part.string("type", "summary_text");
                part.string("text", text);
            }
        }
    }
}

/// How a response stands.
#[derive(Clone, Copy)]
pub(super) enum Status<'a> {
    InProgress,
    Ended(&'a FinishReason),
    Failed(&'a ChatError),
}

/// The response object around the items.
pub(super) struct Response<'a> {
    pub(super) context: &'a AnswerContext,
    pub(super) id: &'a str,
    pub(super) model: &'a str,
    pub(super) status: Status<'a>,
    pub(super) usage: Option<&'a Usage>,
}

impl Response<'_> {
    /// Writes the members of the object.
    pub(super) fn write(
        &self,
        write_output: impl FnOnce(&mut ArrayWriter<'_>),
        losses: &mut Losses,
        object: &mut ObjectWriter<'_>,
    ) {
        object.string("id", self.id);
        object.string("object", "response");
        object.unsigned("created_at", self.context.created);
        let (name, incomplete) = match self.status {
            Status::InProgress => ("in_progress", None),
            Status::Failed(_) => ("failed", None),
            Status::Ended(reason) => match incomplete(reason, losses) {
                Some(incomplete) => ("incomplete", Some(incomplete)),
                None => ("completed", None),
            },
        };
        object.string("status", name);
        match self.status {
            Status::Failed(error) => object.object("error", |object| {
                object.string("code", error_code(error.kind));
                object.string("message", &error.message);
            }),
            Status::InProgress | Status::Ended(_) => object.null("error"),
        }
        match incomplete {
            Some(reason) => object.object("incomplete_details", |details| details.string("reason", reason)),
            None => object.null("incomplete_details"),
        }
        object.string("model", self.model);
        object.array("output", write_output);
        for (name, value) in &self.context.echo {
            object.raw(name, value);
        }
        match self.usage {
            Some(usage) => object.object("usage", |object| write_usage(usage, object)),
            None => object.null("usage"),
        }
    }
}

/// Why a response is not complete; `None` when it is.
fn incomplete(reason: &FinishReason, losses: &mut Losses) -> Option<&'static str> {
    match reason {
        FinishReason::Stop | FinishReason::StopSequence(_) | FinishReason::ToolCalls => None,
        FinishReason::Length => Some("max_output_tokens"),
        FinishReason::ContentFilter | FinishReason::Refusal => Some("content_filter"),
        FinishReason::ContextWindow => {
            losses.approximated("finish_reason");
            Some("max_output_tokens")
        }
        FinishReason::Pause | FinishReason::Malformed => {
            losses.approximated("finish_reason");
            None
        }
    }
}

/// The code of an error in a response, of which the reference lists few.
const fn error_code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RateLimit | ErrorKind::Billing => "rate_limit_exceeded",
        ErrorKind::InvalidRequest | ErrorKind::TooLarge | ErrorKind::NotFound => "invalid_prompt",
        ErrorKind::Authentication
        | ErrorKind::Permission
        | ErrorKind::Timeout
        | ErrorKind::Overloaded
        | ErrorKind::Server => "server_error",
    }
}

/// What a response says that it took, or an event with a response in it.
pub(in crate::dialect) fn usage_of(body: &[u8]) -> Option<Usage> {
    let mut object = Object::parse(body).ok()?;
    let mut response = object.lenient_object("response").unwrap_or(object);
    response.lenient_object("usage").map(|mut usage| usage_from(&mut usage))
}

/// What a `usage` object says.
pub(super) fn usage_from(usage: &mut Object<'_>) -> Usage {
    let mut input = usage.lenient_object("input_tokens_details");
    let mut output = usage.lenient_object("output_tokens_details");
    let detail =
        |details: &mut Option<Object<'_>>, name| details.as_mut().map_or(0, |object| object.count(name));
    Usage {
        input: usage.count("input_tokens"),
        output: usage.count("output_tokens"),
        cached_input: detail(&mut input, "cached_tokens"),
        cache_write_input: detail(&mut input, "cache_write_tokens"),
        cache_write_hour_input: 0,
        reasoning_output: detail(&mut output, "reasoning_tokens"),
    }
}

/// Writes the members of a `usage` object.
pub(super) fn write_usage(usage: &Usage, object: &mut ObjectWriter<'_>) {
    object.unsigned("input_tokens", usage.input);
    object.object("input_tokens_details", |details| {
        details.unsigned("cached_tokens", usage.cached_input);
        details.unsigned("cache_write_tokens", usage.cache_write_input);
    });
    object.unsigned("output_tokens", usage.output);
    object.object("output_tokens_details", |details| {
        details.unsigned("reasoning_tokens", usage.reasoning_output);
    });
    object.unsigned("total_tokens", usage.input.saturating_add(usage.output));
}
