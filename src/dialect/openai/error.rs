//! Errors in OpenAI's shape: `{"error": {"message", "type", "param", "code"}}`.
//!
//! Source: OpenAI's API reference, "Error codes", and the `APIError` type of its SDKs.

use crate::chat::{ChatError, ErrorKind};
use crate::dialect::wire::{Object, Value, write};
use crate::dialect::{ErrorBody, NO_MESSAGE};
use crate::framing::json::write_string;

/// Writes an error body.
#[must_use]
pub fn body(error: &ErrorBody<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(128 + error.message.len());
    out.extend_from_slice(b"{\"error\":{\"message\":");
    write_string(&mut out, error.message);
    out.extend_from_slice(b",\"type\":");
    write_string(&mut out, kind_of_status(error.status));
    out.extend_from_slice(b",\"param\":");
    match error.member {
        Some(member) => write_string(&mut out, member),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"code\":");
    write_string(&mut out, error.code);
    out.extend_from_slice(b"}}");
    out
}

/// The class of an error of the gateway itself.
const fn kind_of_status(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    }
}

/// The classes with their `type` and the code that goes with it (API guide, "Error codes").
const KINDS: [(ErrorKind, &str, Option<&str>); 10] = [
    (ErrorKind::InvalidRequest, "invalid_request_error", None),
    (ErrorKind::Authentication, "invalid_request_error", Some("invalid_api_key")),
    (ErrorKind::Permission, "invalid_request_error", Some("permission_denied")),
    (ErrorKind::NotFound, "invalid_request_error", Some("not_found")),
    (ErrorKind::TooLarge, "invalid_request_error", Some("request_too_large")),
    (ErrorKind::RateLimit, "rate_limit_error", Some("rate_limit_exceeded")),
    (ErrorKind::Billing, "insufficient_quota", Some("insufficient_quota")),
    (ErrorKind::Timeout, "server_error", Some("timeout")),
    (ErrorKind::Overloaded, "server_error", Some("overloaded")),
    (ErrorKind::Server, "server_error", None),
];

/// Writes a provider's error.
pub(in crate::dialect) fn encode(error: &ChatError) -> Vec<u8> {
    let known = KINDS.into_iter().find(|(kind, ..)| *kind == error.kind);
    let (_, name, code) = known.unwrap_or((ErrorKind::Server, "server_error", None));
    write::object(|object| {
        object.object("error", |object| {
            object.string("message", &error.message);
            object.string("type", name);
            object.string_or_null("param", error.member.as_deref());
            object.string_or_null("code", error.code.as_deref().or(code));
        });
    })
}

/// Reads an error body; of one that is in no known form, the status says what it is.
pub(in crate::dialect) fn decode(status: u16, body: &[u8]) -> ChatError {
    let kind = ErrorKind::of_status(status);
    let error = Object::parse(body).ok().and_then(|mut object| object.take("error"));
    error.map_or_else(|| ChatError::new(kind, NO_MESSAGE), |error| of_value(kind, error))
}

/// Reads the value of `error`: an object, or with some servers a string.
pub(in crate::dialect) fn of_value(kind: ErrorKind, value: Value<'_>) -> ChatError {
    if let Some(message) = value.string() {
        return ChatError::new(
            if blames_the_key(&message) { ErrorKind::Authentication } else { kind },
            &message,
        );
    }
    let Some(mut object) = value.object() else { return ChatError::new(kind, NO_MESSAGE) };
    let message = object.lenient_string("message");
    let code = object.lenient_string("code");
    let name = object.lenient_string("type");
    let is = |text: &str| code.as_deref() == Some(text) || name.as_deref() == Some(text);
    // Without a status, in a stream, the names must say it; `insufficient_quota` comes with status 429.
    let kind = match kind {
        _ if is("insufficient_quota") => ErrorKind::Billing,
        _ if is("invalid_api_key") || message.as_deref().is_some_and(blames_the_key) => {
            ErrorKind::Authentication
        }
        ErrorKind::Server if is("rate_limit_exceeded") || is("rate_limit_error") => ErrorKind::RateLimit,
        ErrorKind::Server if is("invalid_request_error") => ErrorKind::InvalidRequest,
        ErrorKind::Server if is("overloaded") || is("overloaded_error") => ErrorKind::Overloaded,
        kind => kind,
    };
    ChatError {
        kind,
        message: message.unwrap_or_else(|| NO_MESSAGE.to_owned()),
        code,
        member: object.lenient_string("param"),
    }
}

/// Some servers call a wrong key a bad request, in OpenAI's words (xAI's status is 400).
fn blames_the_key(message: &str) -> bool {
    message.starts_with("Incorrect API key provided")
}
