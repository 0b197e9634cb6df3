//! What an answer took, read while it passes.

use crate::chat::Usage;
use crate::dialect::answer::StreamEvent;
use crate::dialect::wire::Object;
use crate::framing::json::{self, Kind, Span};

use super::answer;

/// Reads a `usageMetadata` object. `None` when it is none.
pub(in crate::dialect) fn read_usage(object: &[u8]) -> Option<Usage> {
    Some(answer::read_usage(&mut Object::parse(object).ok()?))
}

/// The reader of one stream, of which every piece tells the usage so far.
#[derive(Default)]
pub(in crate::dialect) struct UsageReader {
    /// Whether a candidate said why it ended.
    finished: bool,
}

impl UsageReader {
    /// Reads the data of one event.
    pub(in crate::dialect) fn event(&mut self, data: &[u8]) -> StreamEvent {
        let mut event = StreamEvent::default();
        let (mut candidates, mut usage, mut blocked) = (None, None, false);
        let read = json::members(data, |member| match (member.key.as_ref(), member.kind) {
            ("candidates", Kind::Array) => candidates = Some(member.value),
            ("usageMetadata", Kind::Object) => usage = Some(member.value),
            ("promptFeedback", Kind::Object) => blocked = true,
            ("error", Kind::Object) => event.error = true,
            _ => {}
        });
        if read.is_err() {
            return StreamEvent::default();
        }
        // What was read once cannot fail now; if it did, there would be nothing to count.
        let _ = candidates.map(|candidates| {
            json::elements_of(data, candidates, |candidate, kind| {
                if kind == Kind::Object {
                    self.candidate(data, candidate, &mut event);
                }
            })
        });
        self.finished |= blocked && candidates.is_none();
        event.last = self.finished;
        let usage = usage.and_then(|usage| read_usage(usage.of(data)));
        if self.finished {
            event.usage = usage;
        } else {
            event.begun = usage;
        }
        event
    }

    fn candidate(&mut self, data: &[u8], candidate: Span, event: &mut StreamEvent) {
        let _ = json::members_of(data, candidate, |member| match (member.key.as_ref(), member.kind) {
            ("finishReason", Kind::String) => self.finished = true,
            ("content", Kind::Object) => {
                let _ = json::members_of(data, member.value, |member| {
                    if member.key == "parts" && member.kind == Kind::Array {
                        let _ = json::elements_of(data, member.value, |part, kind| {
                            if kind == Kind::Object {
                                event.text_bytes += text_of(data, part);
                            }
                        });
                    }
                });
            }
            _ => {}
        });
    }
}

/// Bytes of generated text in a part: its text, or a call of a function as it is written.
fn text_of(data: &[u8], part: Span) -> usize {
    let mut bytes = 0;
    let _ = json::members_of(data, part, |member| match (member.key.as_ref(), member.kind) {
        ("text", Kind::String) => bytes += (member.value.end - member.value.start).saturating_sub(2),
        ("functionCall", Kind::Object) => bytes += member.value.end - member.value.start,
        _ => {}
    });
    bytes
}
