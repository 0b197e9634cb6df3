//! Errors: `{"type": "error", "error": {"type", "message"}}` (reference, "Errors").

use crate::chat::{ChatError, ErrorKind};
use crate::dialect::wire::{Object, Value, write};
use crate::dialect::{ErrorBody, NO_MESSAGE};

/// The classes with the name of each.
const KINDS: [(ErrorKind, &str); 11] = [
    (ErrorKind::InvalidRequest, "invalid_request_error"),
    (ErrorKind::Authentication, "authentication_error"),
    (ErrorKind::Billing, "billing_error"),
    (ErrorKind::Permission, "permission_error"),
    (ErrorKind::NotFound, "not_found_error"),
    (ErrorKind::TooLarge, "request_too_large"),
    (ErrorKind::RateLimit, "rate_limit_error"),
    (ErrorKind::Timeout, "timeout_error"),
    (ErrorKind::Overloaded, "overloaded_error"),
    (ErrorKind::Server, "api_error"),
    (ErrorKind::InvalidRequest, "conflict_error"),
];

/// Reads an error body.
pub(in crate::dialect) fn decode_error(status: u16, body: &[u8]) -> ChatError {
    let kind = ErrorKind::of_status(status);
    let error = Object::parse(body).ok().and_then(|mut object| object.take("error"));
    error.map_or_else(|| ChatError::new(kind, NO_MESSAGE), |error| of_value(kind, error))
}

/// Reads the value of `error`, of a body or of an event.
pub(super) fn of_value(kind: ErrorKind, value: Value<'_>) -> ChatError {
    let Some(mut object) = value.object() else { return ChatError::new(kind, NO_MESSAGE) };
    let name = object.lenient_string("type");
    let known = KINDS.into_iter().find(|(_, known)| Some(*known) == name.as_deref());
    let message = object.lenient_string("message");
    ChatError::new(known.map_or(kind, |(kind, _)| kind), message.as_deref().unwrap_or(NO_MESSAGE))
}

/// Writes an error of the gateway itself. Its code is a member that the reference does not have, and the SDKs let pass.
pub(in crate::dialect) fn write_refusal(error: &ErrorBody<'_>) -> Vec<u8> {
    let kind = ErrorKind::of_status(error.status);
    write::object(|object| {
        object.string("type", "error");
        object.object("error", |object| {
            object.string("type", name_of(kind));
            object.string("message", error.message);
            object.string("code", error.code);
        });
    })
}

fn name_of(kind: ErrorKind) -> &'static str {
    KINDS.into_iter().find(|(known, _)| *known == kind).map_or("api_error", |(_, name)| name)
}

/// Writes an error, as a body or as the data of an event.
pub(in crate::dialect) fn encode_error(error: &ChatError) -> Vec<u8> {
    write::object(|object| {
        object.string("type", "error");
        object.object("error", |object| {
            object.string("type", name_of(error.kind));
            object.string("message", &error.message);
        });
    })
}
