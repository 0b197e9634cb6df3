//! Errors: `{"error": {"code", "message", "status", "details"}}` (google.rpc.Status, as the APIs render it).

use crate::chat::{ChatError, ErrorKind};
use crate::dialect::wire::{Object, Value, write};
use crate::dialect::{ErrorBody, NO_MESSAGE};
use crate::framing::json;

/// The classes with the code and the status of each (google.rpc.Code, and the Gemini API's "Troubleshooting").
const KINDS: [(ErrorKind, u16, &str); 12] = [
    (ErrorKind::InvalidRequest, 400, "INVALID_ARGUMENT"),
    (ErrorKind::InvalidRequest, 400, "FAILED_PRECONDITION"),
    (ErrorKind::InvalidRequest, 400, "OUT_OF_RANGE"),
    (ErrorKind::Authentication, 401, "UNAUTHENTICATED"),
    (ErrorKind::Permission, 403, "PERMISSION_DENIED"),
    (ErrorKind::NotFound, 404, "NOT_FOUND"),
    (ErrorKind::TooLarge, 413, "INVALID_ARGUMENT"),
    (ErrorKind::RateLimit, 429, "RESOURCE_EXHAUSTED"),
    (ErrorKind::Billing, 429, "RESOURCE_EXHAUSTED"),
    (ErrorKind::Timeout, 504, "DEADLINE_EXCEEDED"),
    (ErrorKind::Overloaded, 503, "UNAVAILABLE"),
    (ErrorKind::Server, 500, "INTERNAL"),
];

/// What every error is that has no class.
const UNKNOWN: (ErrorKind, u16, &str) = (ErrorKind::Server, 500, "INTERNAL");

/// Reads an error body: an object, or an array of one where a stream was asked for.
pub(in crate::dialect) fn decode_error(status: u16, body: &[u8]) -> ChatError {
    let kind = ErrorKind::of_status(status);
    let mut first = None;
    let whole = json::Span { start: 0, end: body.len() };
    if Object::parse(body).is_err() {
        // What is no array holds nothing that could be read.
        let _ = json::elements_of(body, whole, |span, _| {
            first.get_or_insert(span);
        });
    }
    let error =
        Object::parse(first.unwrap_or(whole).of(body)).ok().and_then(|mut object| object.take("error"));
    error.map_or_else(|| ChatError::new(kind, NO_MESSAGE), |error| of_value(kind, error))
}

/// Reads the value of `error`.
pub(super) fn of_value(kind: ErrorKind, value: Value<'_>) -> ChatError {
    let Some(mut object) = value.object() else { return ChatError::new(kind, NO_MESSAGE) };
    let status = object.lenient_string("status");
    let known = KINDS.into_iter().find(|(_, _, name)| Some(*name) == status.as_deref());
    let message = object.lenient_string("message");
    let kind = known.map_or(kind, |(kind, ..)| kind);
    ChatError {
        kind: if blames_the_key(&mut object) { ErrorKind::Authentication } else { kind },
        message: message.unwrap_or_else(|| NO_MESSAGE.to_owned()),
        code: status,
        member: None,
    }
}

/// A key that is not valid comes as an invalid argument, of which only the reason tells (google.rpc.ErrorInfo).
fn blames_the_key(error: &mut Object<'_>) -> bool {
    let details = error.take("details").and_then(Value::elements).unwrap_or_default();
    details.into_iter().filter_map(Value::object).any(|mut detail| {
        matches!(detail.lenient_string("reason").as_deref(), Some("API_KEY_INVALID" | "API_KEY_EXPIRED"))
    })
}

/// Who gives the reasons of refusals (google.rpc.ErrorInfo).
const DOMAIN: &str = "tollgate";

/// Writes an error of the gateway itself. Its code is the `reason` of an `ErrorInfo`, in upper case as AIP-193 has it.
pub(in crate::dialect) fn write_refusal(error: &ErrorBody<'_>) -> Vec<u8> {
    let kind = ErrorKind::of_status(error.status);
    let (_, _, status) = KINDS.into_iter().find(|(known, ..)| *known == kind).unwrap_or(UNKNOWN);
    write::object(|object| {
        object.object("error", |object| {
            object.unsigned("code", u64::from(error.status));
            object.string("message", error.message);
            object.string("status", status);
            object.array("details", |details| {
                details.object(|info| {
                    info.string("@type", "type.googleapis.com/google.rpc.ErrorInfo");
                    info.string("reason", &error.code.to_ascii_uppercase());
                    info.string("domain", DOMAIN);
                });
            });
        });
    })
}

/// Writes an error, as a body or as the data of an event.
pub(in crate::dialect) fn encode_error(error: &ChatError) -> Vec<u8> {
    let known = KINDS.into_iter().find(|(kind, ..)| *kind == error.kind);
    let (_, code, status) = known.unwrap_or(UNKNOWN);
    write::object(|object| {
        object.object("error", |object| {
            object.unsigned("code", u64::from(code));
            object.string("message", &error.message);
            object.string("status", status);
        });
    })
}
