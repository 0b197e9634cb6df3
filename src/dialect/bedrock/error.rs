//! Errors: `{"message"}`, with the class in the status of the answer or in the type of the stream's message.

use crate::chat::{ChatError, ErrorKind};
use crate::dialect::NO_MESSAGE;
use crate::dialect::wire::Object;

/// The exceptions of the two operations with the class of each (API reference, "Converse" and
/// "ConverseStream", errors).
const EXCEPTIONS: [(&str, ErrorKind); 11] = [
    ("accessDeniedException", ErrorKind::Permission),
    ("internalServerException", ErrorKind::Server),
    ("modelErrorException", ErrorKind::Server),
    ("modelNotReadyException", ErrorKind::Overloaded),
    ("modelStreamErrorException", ErrorKind::Server),
    ("modelTimeoutException", ErrorKind::Timeout),
    ("resourceNotFoundException", ErrorKind::NotFound),
    ("serviceUnavailableException", ErrorKind::Overloaded),
    ("throttlingException", ErrorKind::RateLimit),
    ("validationException", ErrorKind::InvalidRequest),
    ("unrecognizedClientException", ErrorKind::Authentication),
];

/// The class of an exception; `None` for a name that is of none.
pub(super) fn kind_of(name: &str) -> Option<ErrorKind> {
    EXCEPTIONS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| kind)
}

/// Reads an error body, or the payload of an exception in a stream.
pub(in crate::dialect) fn decode_error(status: u16, body: &[u8]) -> ChatError {
    of_payload(ErrorKind::of_status(status), body)
}

pub(super) fn of_payload(kind: ErrorKind, payload: &[u8]) -> ChatError {
    let Ok(mut object) = Object::parse(payload) else { return ChatError::new(kind, NO_MESSAGE) };
    // Some services answer with the name in upper case.
    let message = object.lenient_string("message").or_else(|| object.lenient_string("Message"));
    let named = object.lenient_string("__type");
    let name = named.as_deref().map(|name| name.rsplit('#').next().unwrap_or(name));
    let kind = name.and_then(kind_of).unwrap_or(kind);
    ChatError::new(kind, message.as_deref().unwrap_or(NO_MESSAGE))
}
