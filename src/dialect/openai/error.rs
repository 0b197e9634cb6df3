//! Errors in OpenAI's shape: `{"error": {"message", "type", "param", "code"}}`.
//!
//! Source: OpenAI's API reference, "Error codes", and the `APIError` type of its SDKs.

use crate::dialect::ErrorBody;
use crate::framing::json::write_string;

/// Writes an error body.
#[must_use]
pub fn body(error: &ErrorBody<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(128 + error.message.len());
    out.extend_from_slice(b"{\"error\":{\"message\":");
    write_string(&mut out, error.message);
    out.extend_from_slice(b",\"type\":");
    write_string(&mut out, error.kind);
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
