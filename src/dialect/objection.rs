//! What a provider has against a request that another model may take: that it is too long, or what it says.
//!
//! Promises: an answer that is none of the known forms objects to nothing, and neither does one about anything else,
//! such as a limit on tokens per minute.
//!
//! Deliberately unknown here: what becomes of such a request.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::NO_MESSAGE;
use super::translate::{Dialect, decode_error};
use super::wire::{Object, Value};
use crate::chat::ErrorKind;
use crate::framing::sse::Framer;

/// Why a provider does not want a request that another may want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objection {
    /// Prompt and answer do not fit into the context window.
    Context,
    /// What it says is against the provider's rules.
    Content,
}

impl Objection {
    /// The code by which OpenAI's clients know it (API reference, "Error codes"; Azure's "Content filtering").
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Context => "context_length_exceeded",
            Self::Content => "content_filter",
        }
    }
}

/// The codes that say it (OpenAI's API reference, "Error codes"; Azure's "Content filtering").
const CODES: [(Objection, &str); 4] = [
    (Objection::Context, "context_length_exceeded"),
    (Objection::Content, "content_filter"),
    (Objection::Content, "content_policy_violation"),
    (Objection::Content, "invalid_prompt"),
];

/// What the messages of those say that have no code for it, in lower case.
const WORDS: [(Objection, &str); 10] = [
    // vLLM, Mistral, and OpenAI's own words.
    (Objection::Context, "maximum context length"),
    (Objection::Context, "longer than the maximum model length"),
    // Anthropic's guide, "Context windows", and its reference, "Errors".
    (Objection::Context, "prompt is too long"),
    (Objection::Context, "exceed context limit"),
    // The Gemini API's "Troubleshooting".
    (Objection::Context, "exceeds the maximum number of tokens"),
    // Amazon Bedrock's `ValidationException`.
    (Objection::Context, "input is too long for requested model"),
    // The server of llama.cpp.
    (Objection::Context, "exceeds the available context size"),
    // Anthropic.
    (Objection::Content, "content filtering policy"),
    // Azure OpenAI, where a proxy has lost the code.
    (Objection::Content, "content management policy"),
    // OpenAI's reasoning models.
    (Objection::Content, "violating our usage policy"),
];

/// The longest beginning of a stream that is looked at, in bytes.
const LONGEST_EVENT: usize = 64 << 10;

/// What an answer has against its request, by its status and its beginning: a whole object, or the first event of a
/// stream.
#[must_use]
pub fn objection(provider: Dialect, status: u16, body: &[u8]) -> Option<Objection> {
    if !(200..300).contains(&status) {
        return of_error(provider, status, body);
    }
    if body.trim_ascii_start().starts_with(b"{") {
        return of_success(provider, body);
    }
    let mut first = None;
    let mut framer = Framer::new(LONGEST_EVENT);
    let mut note = |data: Option<Cow<'_, [u8]>>| first = first.take().or(data.map(Cow::into_owned));
    framer.push(body, |frame| note(frame.data()));
    framer.finish(|frame| note(frame.data()));
    of_success(provider, &first?)
}

/// Behind a status of 200 may be an error, or Gemini's word that it has no answer to such a prompt (reference,
/// "GenerateContentResponse", `promptFeedback`).
fn of_success(provider: Dialect, object: &[u8]) -> Option<Objection> {
    let mut members = Object::parse(object).ok()?;
    if members.take("error").is_some_and(Value::is_object) {
        return of_error(provider, 400, object);
    }
    let mut feedback = members.take("promptFeedback")?.object()?;
    let is_blocked = feedback.take("blockReason").is_some_and(Value::is_string);
    let is_answered = members.take("candidates").and_then(Value::elements).is_some_and(|all| !all.is_empty());
    (is_blocked && !is_answered).then_some(Objection::Content)
}

fn of_error(provider: Dialect, status: u16, body: &[u8]) -> Option<Objection> {
    let error = decode_error(provider, status, body);
    if !matches!(error.kind, ErrorKind::InvalidRequest | ErrorKind::TooLarge) {
        return None;
    }
    let by_code = CODES.iter().find(|(_, code)| error.code.as_deref() == Some(code));
    let message = if error.message == NO_MESSAGE {
        // Older releases of vLLM answer with the error itself.
        Object::parse(body).ok()?.take("message")?.string()?.to_lowercase()
    } else {
        error.message.to_lowercase()
    };
    let by_word = || WORDS.iter().find(|(_, words)| message.contains(words));
    by_code.or_else(by_word).map(|(objection, _)| *objection)
}

#[cfg(test)]
mod tests {
    use super::*;

    use Objection::{Content, Context};

    fn openai(status: u16, body: &str) -> Option<Objection> {
        objection(Dialect::OpenAiChat, status, body.as_bytes())
    }

    /// As the providers' own references and bug reports show them.
    #[test]
    fn each_provider_says_so_in_its_own_words() {
        for (dialect, status, body, expected) in [
            (
                Dialect::OpenAiChat,
                400,
                r#"{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 150000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
                Context,
            ),
            (
                Dialect::OpenAiChat,
                400,
                r#"{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.","type":"BadRequestError","param":null,"code":400}"#,
                Context,
            ),
            (
                Dialect::OpenAiChat,
                400,
                r#"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
                Content,
            ),
            (
                Dialect::Anthropic,
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 209988 tokens > 200000 maximum"}}"#,
                Context,
            ),
            (
                Dialect::Anthropic,
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 188240 + 20000 > 200000"}}"#,
                Context,
            ),
            (
                Dialect::Anthropic,
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}}"#,
                Content,
            ),
            (
                Dialect::Gemini,
                400,
                r#"{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}"#,
                Context,
            ),
            (
                Dialect::Gemini,
                200,
                r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":4}}"#,
                Content,
            ),
            (
                Dialect::Gemini,
                200,
                "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\r\n\r\n",
                Content,
            ),
            (Dialect::Bedrock, 400, r#"{"message":"Input is too long for requested model."}"#, Context),
            (
                Dialect::OpenAiChat,
                200,
                r#"{"error":{"message":"too long","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
                Context,
            ),
        ] {
            assert_eq!(objection(dialect, status, body.as_bytes()), Some(expected), "{body}");
        }
    }

    #[test]
    fn what_is_said_about_anything_else_is_no_objection() {
        for (status, body) in [
            (
                400,
                r#"{"error":{"message":"Unknown parameter","type":"invalid_request_error","code":"unknown_parameter"}}"#,
            ),
            (
                413,
                r#"{"error":{"message":"Request too large for model on tokens per minute (TPM)","type":"tokens","code":"rate_limit_exceeded"}}"#,
            ),
            (400, "<html>maximum context length</html>"),
            (400, ""),
            // It is the provider that failed, whatever it says.
            (500, r#"{"error":{"message":"maximum context length","type":"server_error"}}"#),
            (200, r#"{"choices":[{"message":{"content":"prompt is too long"}}],"error":null}"#),
            (200, "data: {\"choices\":[{\"delta\":{\"content\":\"prompt is too long\"}}]}\n\n"),
            (200, r#"{"candidates":[{}],"promptFeedback":{"blockReason":"OTHER"}}"#),
        ] {
            assert_eq!(openai(status, body), None, "{status} {body}");
        }
    }
}
