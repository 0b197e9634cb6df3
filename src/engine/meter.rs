//! Metering an answer while it passes: what it took, and what of it the client did not ask to see.
//!
//! Promises the same result however the answer is cut into chunks. Holds back bytes only where the usage
//! that the gateway asked for must be hidden, and then no more than one event.

use std::time::Duration;

use super::cut::Cut;
use super::event::Timestamp;
use crate::dialect::answer::{EventReader, ObjectReader};
use crate::dialect::ending::Ending;
use crate::dialect::translate::Dialect;
use crate::dialect::{Surface, Usage};
use crate::framing::sse::{Extent, Frame, Framer};
use crate::observe::record::Metered;

/// The longest event of a stream that is read, in bytes; a longer one passes unread.
const LONGEST_EVENT: usize = 1 << 20;

/// Bytes of text for one token where nothing better is known: the rule of thumb that OpenAI's help centre
/// gives for English.
const BYTES_PER_TOKEN: u64 = 4;

/// The meter of one request.
pub struct Meter {
    surface: Surface,
    prompt_bytes: usize,
    hide_usage: bool,
    reading: Reading,
    /// Where a stream may be ended before its provider does.
    cut: Option<Box<Cut>>,
    /// When a stream is ended that is not over by then.
    deadline: Option<Timestamp>,
    ran_out: bool,
}

/// When the gateway ends a request that began at `from` and may take `total`: a tenth of the time before that is up, or a
/// second. Envoy would break it off without a word.
pub(super) fn told_by(total: Duration, from: Timestamp) -> Timestamp {
    const NOTICE: Duration = Duration::from_secs(1);
    from.after(total.saturating_sub(NOTICE.min(total / 10)))
}

enum Reading {
    /// Nothing came yet, or nothing that can be read.
    Nothing,
    /// One JSON text.
    Whole { reader: ObjectReader, bytes: u64 },
    /// A stream of events.
    Stream { framer: Framer, reader: EventReader, tally: Tally, carried: usize },
}

/// What the events of a stream came to so far.
#[derive(Clone, Debug, Default)]
struct Tally {
    usage: Option<Usage>,
    /// The usage as far as it was told before the answer was complete.
    begun: Usage,
    text_bytes: u64,
    text_events: u64,
    ended: bool,
    finished: bool,
    failed: bool,
}

/// What shall be done with a chunk that was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Relayed {
    /// What passes instead of the chunk, when that is not the chunk itself.
    pub replacement: Option<Vec<u8>>,
    /// How many bytes at the end of the stream are an event that was cut off.
    pub cut_off: usize,
    /// Whether the first generated text was in it.
    pub first_text: bool,
    /// Whether more tokens must be allowed before the rest of the chunk may pass; nothing of it passes until
    /// [`Meter::allow`] or [`Meter::cut`] was called.
    pub exceeds: bool,
    /// Whether it was the last chunk.
    pub last: bool,
}

impl Meter {
    /// A meter for an answer to a prompt of `prompt_bytes`; with `hide_usage`, the usage at the end of a
    /// stream was asked for by the gateway and not by the client.
    #[must_use]
    pub const fn new(surface: Surface, prompt_bytes: usize, hide_usage: bool) -> Self {
        let reading = Reading::Nothing;
        Self { surface, prompt_bytes, hide_usage, reading, cut: None, deadline: None, ran_out: false }
    }

    /// The same for a call that begins now, and may take so many milliseconds until its answer is complete.
    #[must_use]
    pub fn limited(mut self, total_ms: Option<u64>, now: Timestamp) -> Self {
        let total = total_ms.map(Duration::from_millis);
        self.deadline = total.map(|total| told_by(total, now));
        self
    }

    /// Whether the stream had to end for want of time.
    #[must_use]
    pub const fn ran_out(&self) -> bool {
        self.ran_out
    }

    /// From now on no more tokens of a stream pass than `allowance`, unless more are allowed.
    pub fn bound(&mut self, allowance: u64, ending: Ending) {
        self.cut = Some(Box::new(Cut::new(allowance, ending)));
    }

    /// Prepares for a body of this media type; says whether it is a stream.
    pub fn expect(&mut self, media_type: Option<&str>) -> bool {
        self.reading = match media_type {
            Some("text/event-stream") => {
                let (framer, reader) = (Framer::new(LONGEST_EVENT), EventReader::new(self.dialect()));
                Reading::Stream { framer, reader, tally: Tally::default(), carried: 0 }
            }
            Some("application/json") => {
                Reading::Whole { reader: ObjectReader::new(self.dialect()), bytes: 0 }
            }
            _ => Reading::Nothing,
        };
        matches!(self.reading, Reading::Stream { .. })
    }

    /// Takes over what was read of a whole answer already, where one is expected: its bytes, which are still to come, are
    /// counted, and not read again.
    pub fn take_over(&mut self, read: ObjectReader) {
        if let Reading::Whole { reader, .. } = &mut self.reading {
            *reader = read;
        }
    }

    /// What is metered is in the client's dialect; where no chat is asked for, that is OpenAI's.
    fn dialect(&self) -> Dialect {
        self.surface.dialect().unwrap_or(Dialect::OpenAiChat)
    }

    /// Whether a stream may reach the client otherwise than the provider sent it.
    #[must_use]
    pub const fn edits(&self) -> bool {
        self.hide_usage || self.cut.is_some()
    }

    /// Whether the stream has said that it is over.
    #[must_use]
    pub const fn saw_end(&self) -> bool {
        matches!(&self.reading, Reading::Stream { tally, .. } if tally.ended)
    }

    /// Whether the stream carried an error.
    #[must_use]
    pub const fn saw_error(&self) -> bool {
        matches!(&self.reading, Reading::Stream { tally, .. } if tally.failed)
    }

    /// Whether an answer that came to an end in an orderly way was not complete: a stream that said neither that it
    /// is over nor that the answer is, or an object without an end.
    #[must_use]
    pub const fn is_cut_short(&self) -> bool {
        match &self.reading {
            Reading::Nothing => false,
            Reading::Whole { reader, .. } => reader.is_open(),
            Reading::Stream { tally, .. } => !(tally.ended || tally.finished || tally.failed),
        }
    }

    /// Reads a chunk of the answer.
    pub fn relay(&mut self, chunk: &[u8], end_of_stream: bool) -> Relayed {
        let edits = self.edits();
        match &mut self.reading {
            Reading::Nothing => {}
            Reading::Whole { reader, bytes } => {
                reader.read(chunk);
                *bytes += chunk.len() as u64;
            }
            Reading::Stream { framer, reader, tally, carried } => {
                let held = *carried + chunk.len();
                let out = Vec::with_capacity(if edits { held } else { 0 });
                let before = tally.text_events;
                let mut passage = Passage {
                    tally,
                    reader,
                    cut: self.cut.as_deref_mut(),
                    hide: self.hide_usage,
                    framed: 0,
                    cut_off: 0,
                    out,
                };
                framer.push(chunk, |frame| passage.take(&frame));
                if end_of_stream {
                    framer.finish(|frame| passage.take(&frame));
                }
                let Passage { tally, cut, framed, cut_off, out, .. } = passage;
                let unchanged = !edits || (*carried == 0 && out.len() == chunk.len());
                *carried = held - framed;
                let first_text = before == 0 && tally.text_events > 0;
                if let Some(cut) = cut.filter(|cut| cut.withholds()) {
                    cut.keep(out, end_of_stream);
                    return Relayed { first_text, exceeds: true, ..Relayed::default() };
                }
                let replacement = (!unchanged).then_some(out);
                return Relayed { replacement, cut_off, first_text, exceeds: false, last: end_of_stream };
            }
        }
        Relayed { last: end_of_stream, ..Relayed::default() }
    }

    /// Makes a piece that was read the last one of a stream whose time is up, and that has not said that it is over.
    pub fn stop_in_time(&mut self, relayed: &mut Relayed, now: Timestamp) {
        let is_due = self.deadline.is_some_and(|deadline| now >= deadline);
        let edits = self.edits();
        if let Reading::Stream { carried, .. } = &self.reading
            && is_due
            && self.is_cut_short()
            && !relayed.exceeds
        {
            relayed.last = true;
            // Where a stream is edited, nothing passes of an event that is not complete.
            relayed.cut_off = if edits { 0 } else { *carried };
            self.ran_out = true;
        }
    }

    /// Allows so many tokens more, and reads what was withheld.
    pub fn allow(&mut self, more: u64) -> Relayed {
        let (Reading::Stream { tally, reader, .. }, Some(cut)) = (&mut self.reading, &mut self.cut) else {
            return Relayed::default();
        };
        let (withheld, out, last) = cut.allow(more);
        let before = tally.text_events;
        let mut passage =
            Passage { tally, reader, cut: Some(cut), hide: self.hide_usage, framed: 0, cut_off: 0, out };
        // What is withheld are whole events.
        let mut framer = Framer::new(LONGEST_EVENT);
        framer.push(&withheld, |frame| passage.take(&frame));
        framer.finish(|frame| passage.take(&frame));
        let Passage { tally, cut_off, out, .. } = passage;
        let first_text = before == 0 && tally.text_events > 0;
        if cut.withholds() {
            cut.keep(out, last);
            return Relayed { first_text, exceeds: true, ..Relayed::default() };
        }
        Relayed { replacement: Some(out), cut_off, first_text, exceeds: false, last }
    }

    /// Ends the stream where it stands, with a comment that says why: what passes instead of the chunk. Of what the
    /// provider sends from now on nothing may pass. `counted` is the prompt as it was counted, for the usage.
    pub fn cut(&mut self, why: &str, counted: Option<u64>) -> Vec<u8> {
        let usage = match self.metered() {
            Metered::Reported(usage) => Some(usage),
            Metered::Estimated(usage) => Some(Usage { input: counted.unwrap_or(usage.input), ..usage }),
            Metered::Nothing => None,
        };
        let usage = usage.filter(|_| !self.hide_usage);
        self.cut.take().map(|cut| cut.end(why, usage)).unwrap_or_default()
    }

    /// What the answer took, as far as it has passed.
    #[must_use]
    pub fn metered(&self) -> Metered {
        let (reported, begun, output) = match &self.reading {
            Reading::Nothing => (None, Usage::default(), 0),
            Reading::Whole { reader, bytes } => {
                // Nothing is embedded without tokens: such an answer is of a provider that does not tell them.
                let tells = |usage: &Usage| self.surface != Surface::Embeddings || usage.input > 0;
                (reader.usage().filter(tells), Usage::default(), bytes / BYTES_PER_TOKEN)
            }
            Reading::Stream { tally, .. } => (tally.usage, tally.begun, tally.output()),
        };
        if let Some(usage) = reported {
            return Metered::Reported(usage);
        }
        let input = (self.prompt_bytes as u64).div_ceil(BYTES_PER_TOKEN);
        let output = if self.surface == Surface::Embeddings { 0 } else { output };
        Metered::Estimated(Usage {
            // What was told before the answer broke off is better than a guess.
            input: if begun.input > 0 { begun.input } else { input },
            output: output.max(begun.output),
            ..begun
        })
    }
}

/// Events on their way to the client.
struct Passage<'a> {
    tally: &'a mut Tally,
    reader: &'a mut EventReader,
    cut: Option<&'a mut Cut>,
    hide: bool,
    /// The bytes that were framed so far.
    framed: usize,
    /// The bytes of an event that the stream ends in.
    cut_off: usize,
    /// What passes; written only where anything is edited.
    out: Vec<u8>,
}

impl Passage<'_> {
    fn take(&mut self, frame: &Frame<'_>) {
        self.framed += frame.raw.len();
        if frame.extent == Extent::Unterminated {
            self.cut_off = frame.raw.len();
        }
        let Some(cut) = &mut self.cut else {
            let hidden = self.tally.add(frame, self.reader) && self.hide;
            if self.hide && !hidden {
                self.out.extend_from_slice(frame.raw);
            }
            return;
        };
        let before = self.tally.clone();
        if !cut.withholds() {
            let hidden = self.tally.add(frame, self.reader) && self.hide;
            if cut.allows(self.tally.output()) {
                cut.follow(frame);
                if !hidden {
                    self.out.extend_from_slice(frame.raw);
                }
                return;
            }
            *self.tally = before;
        }
        cut.withhold(frame.raw);
    }
}

impl Tally {
    /// The tokens of the answer, estimated.
    fn output(&self) -> u64 {
        // A server sends a chunk for each token at the most, so there were no fewer tokens than chunks
        // only where it sends them one by one; where it bundles them, the bytes tell.
        self.text_events.max(self.text_bytes.div_ceil(BYTES_PER_TOKEN))
    }

    /// Adds an event; says whether it holds nothing but the usage.
    fn add(&mut self, frame: &Frame<'_>, reader: &mut EventReader) -> bool {
        if frame.extent == Extent::Oversized {
            return false;
        }
        let Some(data) = frame.data() else {
            return false;
        };
        let event = reader.read(&data);
        self.usage = event.usage.or(self.usage);
        self.begun = event.begun.unwrap_or(self.begun);
        self.text_bytes += event.text_bytes as u64;
        self.text_events += u64::from(event.text_bytes > 0);
        self.ended |= event.last;
        self.finished |= event.finished;
        self.failed |= event.error;
        event.only_usage
    }
}
