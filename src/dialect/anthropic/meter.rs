//! What a message took, read while it passes.

use crate::chat::Usage;
use crate::dialect::answer::StreamEvent;
use crate::dialect::wire::Object;
use crate::framing::json::{self, Kind, Span};

use super::answer::Counts;

/// Reads a `usage` object. `None` when it is none.
pub(in crate::dialect) fn read_usage(object: &[u8]) -> Option<Usage> {
    let mut counts = Counts::default();
    counts.read(&mut Object::parse(object).ok()?);
    Some(counts.usage())
}

/// The reader of one stream, which tells its usage in two parts.
#[derive(Default)]
pub(in crate::dialect) struct UsageReader {
    counts: Counts,
}

impl UsageReader {
    /// Reads the data of one event.
    pub(in crate::dialect) fn event(&mut self, data: &[u8]) -> StreamEvent {
        let mut event = StreamEvent::default();
        let (mut kind, mut parts) = (None, Parts::default());
        let read = json::members(data, |member| match (member.key.as_ref(), member.kind) {
            ("type", Kind::String) => kind = json::string(data, member.value),
            ("message", Kind::Object) => parts.message = Some(member.value),
            ("usage", Kind::Object) => parts.usage = Some(member.value),
            ("delta", Kind::Object) => parts.delta = Some(member.value),
            _ => {}
        });
        if read.is_err() {
            return event;
        }
        match kind.as_deref() {
            Some("message_start") => {
                let usage = parts.message.and_then(|message| member_of(data, message, "usage"));
                event.begun = usage.and_then(|usage| self.count(data, usage));
            }
            Some("message_delta") => event.usage = parts.usage.and_then(|usage| self.count(data, usage)),
            Some("content_block_delta") => {
                event.text_bytes = parts.delta.map_or(0, |delta| text_of(data, delta));
            }
            Some("message_stop") => event.last = true,
            Some("error") => event.error = true,
            _ => {}
        }
        event
    }

    fn count(&mut self, data: &[u8], usage: Span) -> Option<Usage> {
        self.counts.read(&mut Object::parse(usage.of(data)).ok()?);
        Some(self.counts.usage())
    }
}

/// The members of an event that are looked at.
#[derive(Default)]
struct Parts {
    message: Option<Span>,
    usage: Option<Span>,
    delta: Option<Span>,
}

/// An object inside another.
fn member_of(text: &[u8], object: Span, name: &str) -> Option<Span> {
    let mut found = None;
    json::members_of(text, object, |member| {
        if member.key == name && member.kind == Kind::Object {
            found = Some(member.value);
        }
    })
    .ok()?;
    found
}

/// Bytes of generated text in a delta, whatever its type; a signature is none.
fn text_of(text: &[u8], delta: Span) -> usize {
    let mut bytes = 0;
    // What was read once cannot fail now; if it did, there would be nothing to count.
    let _ = json::members_of(text, delta, |member| {
        if matches!(member.key.as_ref(), "text" | "thinking" | "partial_json") && member.kind == Kind::String
        {
            bytes += (member.value.end - member.value.start).saturating_sub(2);
        }
    });
    bytes
}
