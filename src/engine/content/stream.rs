//! Restoring a stream of events: each text that is being generated is a channel of its own.
//!
//! A piece of text that may be the beginning of a placeholder waits, at most as long as a placeholder can be. What
//! waits when its channel ends, and was none, passes in an event of its own before the one that says so.
//!
//! Which members of an event carry text, and when a channel ends, is said for each dialect in [`read`]; the rest knows
//! no dialect. An event that is too long to be held passes as it is.

use std::borrow::Cow;

use super::answer::quoting_of;
use crate::framing::edit::{self, Edit};
use crate::framing::json::{self, Kind, Span};
use crate::framing::sse::{Extent, Frame, Framer};
use crate::redact::mask::{Quoting, Restorer, Vault};

/// The longest event that is read, in bytes.
const LONGEST_EVENT: usize = 1 << 20;

/// One text that is being generated.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    /// Which of several answers.
    choice: u64,
    member: Member,
}

/// Which text of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Member {
    /// `text` of a completion.
    Text,
    /// A member of `delta`, such as `content`.
    Delta(String),
    /// The arguments of the tool call with this index.
    Arguments(u64),
    /// The arguments of a function call (deprecated by OpenAI, and still sent by some servers).
    FunctionCall,
}

/// What an event says.
#[derive(Default)]
struct Event {
    texts: Vec<(Name, Span)>,
    /// The choices that end with it.
    ended: Vec<u64>,
    /// Whether all do.
    last: bool,
    /// The choices as a whole.
    choices: Option<Span>,
}

struct Channel {
    name: Name,
    restorer: Restorer,
    quoting: Option<Quoting>,
    /// The bytes around a text in an event of this channel; noted while text waits.
    around: Option<(Vec<u8>, Vec<u8>)>,
}

/// A stream on its way to the client.
pub(super) struct Stream {
    framer: Framer,
    channels: Vec<Channel>,
}

impl Default for Stream {
    fn default() -> Self {
        Self { framer: Framer::new(LONGEST_EVENT), channels: Vec::new() }
    }
}

impl Stream {
    /// Takes the next bytes, and appends what passes to `out`.
    pub(super) fn push(&mut self, vault: &Vault, chunk: &[u8], out: &mut Vec<u8>) {
        let Self { framer, channels } = self;
        framer.push(chunk, |frame| relay(channels, vault, &frame, out));
    }

    /// Ends the stream: whatever waits passes.
    pub(super) fn finish(&mut self, vault: &Vault, out: &mut Vec<u8>) {
        let Self { framer, channels } = self;
        framer.finish(|frame| relay(channels, vault, &frame, out));
        channels.iter_mut().for_each(|channel| channel.release(out));
    }
}

fn relay(channels: &mut Vec<Channel>, vault: &Vault, frame: &Frame<'_>, out: &mut Vec<u8>) {
    let data = if frame.extent == Extent::Oversized { None } else { frame.data() };
    let event = data.as_deref().map(read).unwrap_or_default();
    let mut edits = Vec::new();
    if let Some(data) = &data {
        for (name, span) in &event.texts {
            let Some(piece) = json::string(data, *span) else { continue };
            let ended = event.last || event.ended.contains(&name.choice);
            let channel = channel(channels, name);
            let restored = channel.restore(vault, &piece, ended);
            channel.note(data, event.choices);
            if restored != piece {
                let mut text = Vec::with_capacity(restored.len() + 2);
                json::write_string(&mut text, &restored);
                edits.push(Edit { span: *span, text });
            }
        }
    }
    let over = channels.iter_mut().filter(|one| event.last || event.ended.contains(&one.name.choice));
    over.for_each(|channel| channel.release(out));
    let changed = data.filter(|_| !edits.is_empty()).and_then(|data| rewritten(frame, &data, &mut edits));
    out.extend_from_slice(changed.as_deref().unwrap_or(frame.raw));
}

/// The frame with edited data.
fn rewritten(frame: &Frame<'_>, data: &Cow<'_, [u8]>, edits: &mut [Edit]) -> Option<Vec<u8>> {
    let rest = data.get(edit::reach(edits)..)?;
    let mut edited = edit::apply(edits, data)?;
    edited.extend_from_slice(rest);
    let Some(at) = memchr::memmem::find(frame.raw, data) else {
        // JSON over several lines becomes one.
        edited.retain(|byte| *byte != b'\n');
        let event = frame.event.map(|event| format!("event: {event}\n")).unwrap_or_default();
        return Some([event.as_bytes(), b"data: ", &edited, b"\n\n"].concat());
    };
    let (before, after) = (frame.raw.get(..at)?, frame.raw.get(at + data.len()..)?);
    Some([before, &edited, after].concat())
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
        let quoting = match (self.quoting, &self.name.member) {
            (Some(quoting), _) => quoting,
            (None, Member::Arguments(_) | Member::FunctionCall) => Quoting::Json,
            (None, _) => quoting_of(piece),
        };
        if !piece.trim_start().is_empty() {
            self.quoting = Some(quoting);
        }
        let mut restored = self.restorer.push(vault, piece, quoting);
        if ended {
            restored.push_str(&self.restorer.finish());
        }
        restored
    }

    /// Notes what an event looks like in which the text that waits could pass.
    fn note(&mut self, data: &[u8], choices: Option<Span>) {
        self.around = None;
        if self.restorer.is_empty() {
            return;
        }
        let Some((before, after)) =
            choices.and_then(|choices| Some((data.get(..choices.start)?, data.get(choices.end..)?)))
        else {
            return;
        };
        let Name { choice, member } = &self.name;
        let (open, close) = match member {
            Member::Text => (r#""text":"#.to_owned(), ""),
            Member::Delta(name) => {
                let mut written = Vec::new();
                json::write_string(&mut written, name);
                (format!(r#""delta":{{{}:"#, String::from_utf8_lossy(&written)), "}")
            }
            Member::Arguments(index) => {
                (format!(r#""delta":{{"tool_calls":[{{"index":{index},"function":{{"arguments":"#), "}}]}")
            }
            Member::FunctionCall => (r#""delta":{"function_call":{"arguments":"#.to_owned(), "}}"),
        };
        let open = format!(r#"[{{"index":{choice},{open}"#);
        let close = format!(r#"{close},"finish_reason":null}}]"#);
        // Data over several lines stays one event.
        let line =
            |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().filter(|byte| *byte != b'\n').collect() };
        self.around = Some((
            [b"data: ", &*line(before), open.as_bytes()].concat(),
            [close.as_bytes(), &line(after), b"\n\n"].concat(),
        ));
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

/// Reads an event of OpenAI's dialect (API reference, "The chat completion chunk object", "The completion object").
fn read(data: &[u8]) -> Event {
    let mut event = Event::default();
    if data == b"[DONE]" {
        event.last = true;
        return event;
    }
    let members = json::members(data, |member| {
        if member.key == "choices" && member.kind == Kind::Array {
            event.choices = Some(member.value);
        }
    });
    let (Ok(_), Some(choices)) = (members, event.choices) else { return event };
    // What was read once cannot fail now.
    let _ = json::elements_of(data, choices, |choice, kind| {
        if kind == Kind::Object {
            read_choice(data, choice, &mut event);
        }
    });
    event
}

fn read_choice(data: &[u8], choice: Span, event: &mut Event) {
    let (mut index, mut ended) = (0, false);
    let mut members = Vec::new();
    let _ = json::members_of(data, choice, |member| match (&*member.key, member.kind) {
        ("index", Kind::Number) => index = json::unsigned(data, member.value).unwrap_or(0),
        ("finish_reason", Kind::String) => ended = true,
        ("text", Kind::String) => members.push((Member::Text, member.value)),
        ("delta", Kind::Object) => read_delta(data, member.value, &mut members),
        _ => {}
    });
    event.texts.extend(members.into_iter().map(|(member, span)| (Name { choice: index, member }, span)));
    if ended {
        event.ended.push(index);
    }
}

fn read_delta(data: &[u8], delta: Span, members: &mut Vec<(Member, Span)>) {
    let _ = json::members_of(data, delta, |member| match (&*member.key, member.kind) {
        ("role", _) => {}
        (name, Kind::String) => members.push((Member::Delta(name.to_owned()), member.value)),
        ("tool_calls", Kind::Array) => {
            let mut position = 0;
            let _ = json::elements_of(data, member.value, |call, kind| {
                if kind == Kind::Object {
                    read_call(data, call, position, members);
                }
                position += 1;
            });
        }
        ("function_call", Kind::Object) => {
            members.extend(arguments(data, member.value).map(|span| (Member::FunctionCall, span)));
        }
        _ => {}
    });
}

fn read_call(data: &[u8], call: Span, position: u64, members: &mut Vec<(Member, Span)>) {
    let (mut index, mut span) = (position, None);
    let _ = json::members_of(data, call, |member| match (&*member.key, member.kind) {
        ("index", Kind::Number) => index = json::unsigned(data, member.value).unwrap_or(position),
        ("function", Kind::Object) => span = arguments(data, member.value),
        _ => {}
    });
    members.extend(span.map(|span| (Member::Arguments(index), span)));
}

fn arguments(data: &[u8], function: Span) -> Option<Span> {
    let mut found = None;
    let _ = json::members_of(data, function, |member| {
        if member.key == "arguments" && member.kind == Kind::String {
            found = Some(member.value);
        }
    });
    found
}
