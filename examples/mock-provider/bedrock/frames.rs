//! The binary event stream of AWS, written (smithy specification, `application/vnd.amazon.eventstream`).
//!
//! Does not know what the messages mean.

use serde_json::Value;
use tollgate::framing::eventstream::crc32;

/// The content type of such a stream.
pub(crate) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// The type of a header whose value is a string.
const STRING: u8 = 7;

/// A message: an event, or an exception in its place.
pub(crate) fn message(kind: &str, is_exception: bool, payload: &Value) -> Vec<u8> {
    let (named, class) =
        if is_exception { (":exception-type", "exception") } else { (":event-type", "event") };
    let mut headers = Vec::new();
    for (name, value) in [(named, kind), (":content-type", "application/json"), (":message-type", class)] {
        headers.push(u8::try_from(name.len()).unwrap_or_default());
        headers.extend_from_slice(name.as_bytes());
        headers.push(STRING);
        headers.extend_from_slice(&u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let payload = payload.to_string();
    let number = |length: usize| u32::try_from(length).unwrap_or_default().to_be_bytes();
    // Two lengths and a checksum before, a checksum behind.
    let mut out = number(16 + headers.len() + payload.len()).to_vec();
    out.extend_from_slice(&number(headers.len()));
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out.extend_from_slice(&headers);
    out.extend_from_slice(payload.as_bytes());
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out
}
