//! Restoring and screening a stream of events: each text that is being generated is a channel of its own.
//!
//! A piece of text that may be the beginning of a placeholder waits, at most as long as a placeholder can be; where
//! answers are screened, also what may become a value ([`crate::redact::window`]). What waits when its channel ends,
//! and was none, passes in an event of its own before the one that says so.
//!
//! Which members of an event carry text is said for each dialect in [`read`]. An event that is too long to be held
//! passes as it is, and ends the stream where answers are screened. There, what waits in a stream that breaks off is
//! lost, for nobody knows what it was about to be.

mod output;
mod read;

use self::output::Output;
use self::read::{Event, Member, Name, read};
use super::answer::quoting_of;
use super::held::Held;
use super::prompt::Change;
use super::screening::{Fault, Screening, without_probabilities};
use super::speech::{Ear, Speech};
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
    output: Output,
}

struct Channel {
    name: Name,
    /// How many there were before it.
    number: usize,
    /// The text as it is screened, where it is.
    speech: Option<Speech>,
    restorer: Restorer,
    quoting: Option<Quoting>,
    /// The bytes around a text in an event of this channel; noted while text waits.
    around: Option<(Vec<u8>, Vec<u8>)>,
}

/// What the texts of a stream are held against.
pub(super) struct Terms<'a> {
    pub(super) vault: &'a mut Vault,
    pub(super) screening: Option<&'a mut Screening>,
    /// What waits for somebody who is asked about the answer.
    pub(super) held: Option<&'a mut Held>,
}

impl Terms<'_> {
    fn ear(&mut self) -> Option<Ear<'_>> {
        let screening = self.screening.as_deref_mut().filter(|screening| screening.screens_texts())?;
        Some(Ear { screening, vault: self.vault })
    }

    /// Whether texts are screened piece by piece.
    fn screens(&self) -> bool {
        self.screening.as_ref().is_some_and(|screening| screening.screens_texts())
    }

    /// Whether what cannot be read may not pass.
    const fn is_judged(&self) -> bool {
        self.screening.is_some() || self.held.is_some()
    }
}

impl Stream {
    /// A stream for a client of this dialect.
    pub(super) fn new(dialect: Dialect) -> Self {
        let framer = Framer::new(LONGEST_EVENT);
        Self { dialect, framer, channels: Vec::new(), output: Output::default() }
    }

    /// Takes the next bytes, and appends what passes to `out`. After a fault nothing more does.
    pub(super) fn push(
        &mut self,
        terms: &mut Terms<'_>,
        chunk: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let Self { dialect, framer, channels, output } = self;
        let mut outcome = Ok(());
        framer.push(chunk, |frame| {
            if outcome.is_ok() {
                outcome =
                    sorted(terms, out, |terms, out| relay(*dialect, channels, output, terms, &frame, out));
            }
        });
        outcome
    }

    /// Ends the stream: whatever waits passes, unless it is screened.
    pub(super) fn finish(&mut self, terms: &mut Terms<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        let Self { dialect, framer, channels, output } = self;
        let mut outcome = Ok(());
        framer.finish(|frame| {
            outcome = sorted(terms, out, |terms, out| relay(*dialect, channels, output, terms, &frame, out));
        });
        if !terms.screens() && outcome.is_ok() {
            return sorted(terms, out, |terms, out| {
                channels.iter_mut().try_for_each(|channel| channel.release(terms, out))
            });
        }
        outcome
    }
}

/// Appends to `out` what of the events that `pass` lets through need not wait for anybody who is asked.
fn sorted(
    terms: &mut Terms<'_>,
    out: &mut Vec<u8>,
    pass: impl FnOnce(&mut Terms<'_>, &mut Vec<u8>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if terms.held.is_none() {
        return pass(terms, out);
    }
    let mut passing = Vec::new();
    let outcome = pass(terms, &mut passing);
    if let Some(held) = &mut terms.held {
        held.keep(passing, out);
    }
    outcome
}

fn relay(
    dialect: Dialect,
    channels: &mut Vec<Channel>,
    output: &mut Output,
    terms: &mut Terms<'_>,
    frame: &Frame<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let data = if frame.extent == Extent::Oversized { None } else { frame.data() };
    let event = data.as_deref().map(|data| read(dialect, data)).unwrap_or_default();
    if terms.is_judged() && (frame.extent == Extent::Oversized || data.is_some() && !event.is_read) {
        return Err(Fault::Unreadable);
    }
    let mut edits = Vec::new();
    if let Some(data) = &data {
        for (at, (name, span)) in event.texts.iter().enumerate() {
            let Some(piece) = json::string(data, *span) else { continue };
            if let Some(screening) = terms.screening.as_deref_mut().filter(|one| one.expects_output()) {
                output.take(dialect, name, &piece, screening)?;
            }
            let channel = channel(channels, name, terms.screens());
            let goes_on = event.texts.iter().skip(at + 1).any(|(other, _)| other == name);
            let mut says = String::new();
            channel.take(terms, &piece, event.ends(name) && !goes_on, &mut says)?;
            channel.note(frame.event, data, &event, *span);
            edits.extend(replacing(*span, &piece, &says));
        }
        edits.extend(complete(dialect, terms, data, &event)?);
    }
    for channel in channels.iter_mut().filter(|one| event.ends(&one.name)) {
        channel.release(terms, out)?;
    }
    if event.closes {
        if let Some(screening) = terms.screening.as_deref_mut() {
            output.close(dialect, &event, screening)?;
        }
        if let Some(held) = &mut terms.held {
            held.close(event.last);
        }
    }
    let changes = !edits.is_empty();
    match data.filter(|_| changes).and_then(|data| rewritten(frame, &data, &mut edits)) {
        Some(changed) => out.extend_from_slice(&changed),
        // What is to be taken out cannot be.
        None if changes && terms.screens() => return Err(Fault::Unreadable),
        None => out.extend_from_slice(frame.raw),
    }
    Ok(())
}

/// The edits of the texts that an event says whole.
fn complete(dialect: Dialect, terms: &mut Terms<'_>, data: &[u8], event: &Event) -> Result<Vec<Edit>, Fault> {
    let mut edits = Vec::new();
    let screens = terms.screens();
    // Elsewhere these texts say again what came in pieces, or are names.
    let mut held = terms.held.as_deref_mut().filter(|_| dialect == Dialect::Gemini);
    let Some(screening) =
        terms.screening.as_deref_mut().filter(|_| screens && event.is_read && !event.is_mark)
    else {
        for span in &event.complete {
            let Some(text) = json::string(data, *span) else { continue };
            if let Some(held) = &mut held {
                held.hear(None, &text)?;
            }
            if !text.contains('[') {
                continue;
            }
            edits.extend(replacing(*span, &text, &terms.vault.restore(&text, quoting_of(&text))));
        }
        return Ok(edits);
    };
    let passed: Vec<Span> = event.texts.iter().map(|(_, span)| *span).collect();
    let changes = screening.changes(terms.vault, data, &passed, !event.repeats)?;
    for change in changes.iter().filter(|change| event.complete.contains(&change.span)) {
        if let Some(held) = &mut held {
            held.hear(None, &change.says)?;
        }
    }
    for span in event.complete.iter().filter(|span| changes.iter().all(|change| change.span != **span)) {
        let Some(text) = json::string(data, *span) else { continue };
        if let Some(held) = &mut held {
            held.hear(None, &text)?;
        }
        if !text.contains('[') {
            continue;
        }
        edits.extend(replacing(*span, &text, &terms.vault.restore(&text, quoting_of(&text))));
    }
    edits.extend(changes.into_iter().map(|Change { span, says }| {
        let says = terms.vault.restore(&says, quoting_of(&says));
        Edit::from(Change { span, says })
    }));
    let silent = without_probabilities(data).collect::<Vec<_>>();
    edits.retain(|edit| {
        !silent.iter().any(|of| of.span.start <= edit.span.start && edit.span.end <= of.span.end)
    });
    edits.extend(silent);
    Ok(edits)
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

fn channel<'a>(channels: &'a mut Vec<Channel>, name: &Name, screened: bool) -> &'a mut Channel {
    let at = channels.iter().position(|channel| channel.name == *name).unwrap_or(channels.len());
    if at == channels.len() {
        channels.push(Channel {
            name: name.clone(),
            number: at,
            speech: screened.then(Speech::new),
            restorer: Restorer::default(),
            quoting: None,
            around: None,
        });
    }
    #[expect(clippy::indexing_slicing, reason = "it was found there, or put there")]
    &mut channels[at]
}

impl Channel {
    /// Takes a piece, the last where the text `ended`, and appends what passes to `out`.
    fn take(
        &mut self,
        terms: &mut Terms<'_>,
        piece: &str,
        ended: bool,
        out: &mut String,
    ) -> Result<(), Fault> {
        let quoting =
            self.quoting.or_else(|| self.name.member.quoting()).unwrap_or_else(|| quoting_of(piece));
        if !piece.trim_start().is_empty() {
            self.quoting = Some(quoting);
        }
        let Some((speech, mut ear)) = self.speech.as_mut().zip(terms.ear()) else {
            if let Some(held) = &mut terms.held {
                held.hear(Some(self.number), piece)?;
            }
            out.push_str(&self.restorer.push(terms.vault, piece, quoting));
            if ended {
                out.push_str(&self.restorer.finish());
            }
            return Ok(());
        };
        let mut screened = String::new();
        let mut outcome = speech.push(&mut ear, piece, &mut screened);
        if ended && outcome.is_ok() {
            outcome = speech.finish(&mut ear, &mut screened);
        }
        if let Some(held) = &mut terms.held {
            held.hear(Some(self.number), &screened)?;
        }
        out.push_str(&self.restorer.push(terms.vault, &screened, quoting));
        if ended && outcome.is_ok() {
            out.push_str(&self.restorer.finish());
        }
        outcome.map_err(Fault::Blocked)
    }

    fn is_empty(&self) -> bool {
        self.restorer.is_empty() && self.speech.as_ref().is_none_or(Speech::is_empty)
    }

    /// Notes what an event looks like in which the text that waits could pass: this one, with that text alone.
    fn note(&mut self, name: Option<&str>, data: &[u8], event: &Event, span: Span) {
        self.around = None;
        if self.is_empty() {
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
    fn release(&mut self, terms: &mut Terms<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.is_empty() {
            return Ok(());
        }
        let mut held = String::new();
        self.take(terms, "", true, &mut held)?;
        if let Some((before, after)) = self.around.take().filter(|_| !held.is_empty()) {
            out.extend_from_slice(&before);
            json::write_string(out, &held);
            out.extend_from_slice(&after);
        }
        Ok(())
    }
}
