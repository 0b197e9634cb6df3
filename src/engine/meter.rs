//! Metering an answer while it passes: what it took, and what of it the client did not ask to see.
//!
//! Promises the same result however the answer is cut into chunks. Holds back bytes only where the usage
//! that the gateway asked for must be hidden, and then no more than one event.

use crate::dialect::answer::{self, EventReader};
use crate::dialect::translate::Dialect;
use crate::dialect::{Surface, Usage};
use crate::framing::json::Finder;
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
}

enum Reading {
    /// Nothing came yet, or nothing that can be read.
    Nothing,
    /// One JSON text.
    Whole { finder: Finder, bytes: u64 },
    /// A stream of events.
    Stream { framer: Framer, reader: EventReader, tally: Tally, carried: usize },
}

/// What the events of a stream came to so far.
#[derive(Debug, Default)]
struct Tally {
    usage: Option<Usage>,
    /// The usage as far as it was told before the answer was complete.
    begun: Usage,
    text_bytes: u64,
    text_events: u64,
    ended: bool,
    failed: bool,
}

/// What shall be done with a chunk that was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Relayed {
    /// What passes instead of the chunk, when that is not the chunk itself.
    pub replacement: Option<Vec<u8>>,
    /// Whether the first generated text was in it.
    pub first_text: bool,
}

impl Meter {
    /// A meter for an answer to a prompt of `prompt_bytes`; with `hide_usage`, the usage at the end of a
    /// stream was asked for by the gateway and not by the client.
    #[must_use]
    pub const fn new(surface: Surface, prompt_bytes: usize, hide_usage: bool) -> Self {
        Self { surface, prompt_bytes, hide_usage, reading: Reading::Nothing }
    }

    /// Prepares for a body of this media type; says whether it is a stream.
    pub fn expect(&mut self, media_type: Option<&str>) -> bool {
        self.reading = match media_type {
            Some("text/event-stream") => {
                let (framer, reader) = (Framer::new(LONGEST_EVENT), EventReader::new(self.dialect()));
                Reading::Stream { framer, reader, tally: Tally::default(), carried: 0 }
            }
            Some("application/json") => {
                Reading::Whole { finder: Finder::new(answer::wanted(self.dialect())), bytes: 0 }
            }
            _ => Reading::Nothing,
        };
        matches!(self.reading, Reading::Stream { .. })
    }

    /// What is metered is in the client's dialect; where no chat is asked for, that is OpenAI's.
    fn dialect(&self) -> Dialect {
        self.surface.dialect().unwrap_or(Dialect::OpenAiChat)
    }

    /// Whether the usage at the end of a stream is hidden from the client.
    #[must_use]
    pub const fn hides_usage(&self) -> bool {
        self.hide_usage
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

    /// Reads a chunk of the answer.
    pub fn relay(&mut self, chunk: &[u8], end_of_stream: bool) -> Relayed {
        match &mut self.reading {
            Reading::Nothing => Relayed::default(),
            Reading::Whole { finder, bytes } => {
                finder.feed(chunk);
                *bytes += chunk.len() as u64;
                Relayed::default()
            }
            Reading::Stream { framer, reader, tally, carried } => {
                let hide = self.hide_usage;
                let before = tally.text_events;
                let held = *carried + chunk.len();
                let mut framed = 0;
                let mut out = Vec::with_capacity(if hide { held } else { 0 });
                let mut pass = |frame: Frame<'_>| {
                    framed += frame.raw.len();
                    let hidden = tally.add(&frame, reader) && hide;
                    if hide && !hidden {
                        out.extend_from_slice(frame.raw);
                    }
                };
                framer.push(chunk, &mut pass);
                if end_of_stream {
                    framer.finish(&mut pass);
                }
                let unchanged = !hide || (*carried == 0 && out.len() == chunk.len());
                *carried = held - framed;
                Relayed {
                    replacement: (!unchanged).then_some(out),
                    first_text: before == 0 && tally.text_events > 0,
                }
            }
        }
    }

    /// What the answer took, as far as it has passed.
    #[must_use]
    pub fn metered(&self) -> Metered {
        let (reported, begun, output) = match &self.reading {
            Reading::Nothing => (None, Usage::default(), 0),
            Reading::Whole { finder, bytes } => {
                let usage = finder.value(0).and_then(|object| answer::usage(self.dialect(), object));
                (usage, Usage::default(), bytes / BYTES_PER_TOKEN)
            }
            Reading::Stream { tally, .. } => {
                // A server sends a chunk for each token at the most, so there were no fewer tokens than chunks
                // only where it sends them one by one; where it bundles them, the bytes tell.
                (tally.usage, tally.begun, tally.text_events.max(tally.text_bytes.div_ceil(BYTES_PER_TOKEN)))
            }
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

impl Tally {
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
        self.failed |= event.error;
        event.only_usage
    }
}
