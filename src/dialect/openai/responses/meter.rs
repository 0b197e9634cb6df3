//! What a response took, read while it passes.

use crate::chat::Usage;
use crate::dialect::answer::StreamEvent;
use crate::dialect::wire::Object;
use crate::framing::json::{self, Kind};

use super::items::{usage_from, usage_of};

/// Reads a `usage` object. `None` when it is none.
pub(in crate::dialect) fn read_usage(object: &[u8]) -> Option<Usage> {
    Some(usage_from(&mut Object::parse(object).ok()?))
}

/// Reads the data of one event of a stream.
pub(in crate::dialect) fn stream_event(data: &[u8]) -> StreamEvent {
    let mut event = StreamEvent::default();
    let (mut kind, mut delta) = (None, 0);
    let read = json::members(data, |member| match (member.key.as_ref(), member.kind) {
        ("type", Kind::String) => kind = json::string(data, member.value),
        // Without its quotes.
        ("delta", Kind::String) => delta = (member.value.end - member.value.start).saturating_sub(2),
        _ => {}
    });
    if read.is_err() {
        return event;
    }
    match kind.as_deref() {
        Some("response.completed" | "response.incomplete" | "response.failed" | "response.cancelled") => {
            event.last = true;
            event.usage = usage_of(data);
            event.error = kind.as_deref() == Some("response.failed");
        }
        Some("error") => event.error = true,
        Some(kind) if kind.ends_with(".delta") => event.text_bytes = delta,
        _ => {}
    }
    event
}
