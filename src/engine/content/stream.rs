//! Restoring a stream of events: each text that is being generated is a channel of its own.
//!
//! A piece of text that may be the beginning of a placeholder waits, at most as long as a placeholder can be. What
//! waits when its channel ends, and was none, passes in an event of its own before the one that says so.
//!
//! Which members of an event carry text is said for each dialect in [`read`]. An event that is too long to be held
//! passes as it is.

mod read;

use self::read::{Event, Member, Name, read};
use super::answer::quoting_of;
use crate::dialect::translate::Dialect;
use crate::framing::edit::{self, Edit};
use crate::framing::json::{self, Span};
use crate::framing::sse::{Extent, Frame, Framer};
use crate::redact::mask::{Quoting, Restorer, Vault};

/// The longest event that is read, in bytes.
const LONGEST_EVENT: usize = 1 << 20;

/// A stream on its way to the client.
pub(super) struct Stream {
    dialect: Dialect,
    framer: Framer,
    channels: Vec<Channel>,
}

struct Channel {
    name: Name,
    restorer: Restorer,
    quoting: Option<Quoting>,
    /// The bytes around a text in an event of this channel; noted while text waits.
    around: Option<(Vec<u8>, Vec<u8>)>,
}

impl Stream {
    /// A stream for a client of this dialect.
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, framer: Framer::new(LONGEST_EVENT), channels: Vec::new() }
    }

    /// Takes the next bytes, and appends what passes to `out`.
    pub(super) fn push(&mut self, vault: &Vault, chunk: &[u8], out: &mut Vec<u8>) {
        let Self { dialect, framer, channels } = self;
        framer.push(chunk, |frame| relay(*dialect, channels, vault, &frame, out));
    }

    /// Ends the stream: whatever waits passes.
    pub(super) fn finish(&mut self, vault: &Vault, out: &mut Vec<u8>) {
        let Self { dialect, framer, channels } = self;
        framer.finish(|frame| relay(*dialect, channels, vault, &frame, out));
        channels.iter_mut().for_each(|channel| channel.release(out));
    }
}

fn relay(dialect: Dialect, channels: &mut Vec<Channel>, vault: &Vault, frame: &Frame<'_>, out: &mut Vec<u8>) {
    let data = if frame.extent == Extent::Oversized { None } else { frame.data() };
    let event = data.as_deref().map(|data| read(dialect, data)).unwrap_or_default();
    let mut edits = Vec::new();
    if let Some(data) = &data {
        for (name, span) in &event.texts {
            let Some(piece) = json::string(data, *span) else { continue };
            let channel = channel(channels, name);
            let restored = channel.restore(vault, &piece, event.ends(name));
            channel.note(frame.event, data, &event, *span);
            edits.extend(replacing(*span, &piece, &restored));
        }
        for span in &event.complete {
            let Some(text) = json::string(data, *span).filter(|text| text.contains('[')) else { continue };
            edits.extend(replacing(*span, &text, &vault.restore(&text, quoting_of(&text))));
        }
    }
    channels.iter_mut().filter(|one| event.ends(&one.name)).for_each(|channel| channel.release(out));
    let changed = data.filter(|_| !edits.is_empty()).and_then(|data| rewritten(frame, &data, &mut edits));
    out.extend_from_slice(changed.as_deref().unwrap_or(frame.raw));
}

impl Event {
    fn ends(&self, name: &Name) -> bool {
        self.last || self.ended.contains(&name.choice)
    }
}

/// The edit of a string that was restored, when that made a difference.
fn replacing(span: Span, before: &str, restored: &str) -> Option<Edit> {
    (before != restored).then(|| {
        let mut text = Vec::with_capacity(restored.len() + 2);
        json::write_string(&mut text, restored);
        Edit { span, text }
    })
}

/// The frame with edited data.
fn rewritten(frame: &Frame<'_>, data: &[u8], edits: &mut [Edit]) -> Option<Vec<u8>> {
    let rest = data.get(edit::reach(edits)..)?;
    let mut edited = edit::apply(edits, data)?;
    edited.extend_from_slice(rest);
    let Some(at) = memchr::memmem::find(frame.raw, data) else {
        return Some([&*head(frame.event), &*on_one_line(&edited), b"\n\n"].concat());
    };
    let (before, after) = (frame.raw.get(..at)?, frame.raw.get(at + data.len()..)?);
    Some([before, &edited, after].concat())
}

/// An event up to its data.
fn head(event: Option<&str>) -> Vec<u8> {
    let event = event.map(|event| format!("event: {event}\n")).unwrap_or_default();
    [event.as_bytes(), b"data: "].concat()
}

/// JSON that came over several lines; outside of its strings a line end means nothing, and inside there is none.
fn on_one_line(json: &[u8]) -> Vec<u8> {
    json.iter().copied().filter(|byte| *byte != b'\n').collect()
}

fn channel<'a>(channels: &'a mut Vec<Channel>, name: &Name) -> &'a mut Channel {
    let at = channels.iter().position(|channel| channel.name == *name).unwrap_or(channels.len());
    if at == channels.len() {
        let restorer = Restorer::default();
        channels.push(Channel { name: name.clone(), restorer, quoting: None, around: None });
    }
    #[expect(clippy::indexing_slicing, reason = "it was found there, or put there")]
    &mut channels[at]
}

impl Channel {
    fn restore(&mut self, vault: &Vault, piece: &str, ended: bool) -> String {
        let quoting =
            self.quoting.or_else(|| self.name.member.quoting()).unwrap_or_else(|| quoting_of(piece));
        if !piece.trim_start().is_empty() {
            self.quoting = Some(quoting);
        }
        let mut restored = self.restorer.push(vault, piece, quoting);
        if ended {
            restored.push_str(&self.restorer.finish());
        }
        restored
    }

    /// Notes what an event looks like in which the text that waits could pass: this one, with that text alone.
    fn note(&mut self, name: Option<&str>, data: &[u8], event: &Event, span: Span) {
        self.around = None;
        if self.restorer.is_empty() {
            return;
        }
        let (place, (open, close)) = match event.choices {
            Some(choices) => (choices, self.alone()),
            None => (span, (String::new(), "")),
        };
        let (Some(before), Some(after)) = (data.get(..place.start), data.get(place.end..)) else { return };
        self.around = Some((
            [&*head(name), &*on_one_line(before), open.as_bytes()].concat(),
            [close.as_bytes(), &*on_one_line(after), b"\n\n"].concat(),
        ));
    }

    /// What stands around the text where it is all that a list of choices holds.
    fn alone(&self) -> (String, &'static str) {
        let Name { choice, member } = &self.name;
        let (open, close) = match member {
            Member::Text => (r#""text":"#.to_owned(), r#","finish_reason":null}]"#),
            Member::Delta(name) | Member::Part(name, _) => {
                let mut written = Vec::new();
                json::write_string(&mut written, name);
                let written = String::from_utf8_lossy(&written);
                (format!(r#""delta":{{{written}:"#), r#"},"finish_reason":null}]"#)
            }
            Member::Arguments(index) => (
                format!(r#""delta":{{"tool_calls":[{{"index":{index},"function":{{"arguments":"#),
                r#"}}]},"finish_reason":null}]"#,
            ),
            Member::FunctionCall => {
                (r#""delta":{"function_call":{"arguments":"#.to_owned(), r#"}},"finish_reason":null}]"#)
            }
            Member::GeminiText { thought } => {
                (format!(r#""content":{{"role":"model","parts":[{{"thought":{thought},"text":"#), "}]}}]")
            }
        };
        (format!(r#"[{{"index":{choice},{open}"#), close)
    }

    /// Lets what waits pass in an event of its own.
    fn release(&mut self, out: &mut Vec<u8>) {
        let held = self.restorer.finish();
        if let Some((before, after)) = self.around.take().filter(|_| !held.is_empty()) {
            out.extend_from_slice(&before);
            json::write_string(out, &held);
            out.extend_from_slice(&after);
        }
    }
}
