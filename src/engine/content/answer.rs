//! Giving answers back what was taken out of their request.
//!
//! Promises: the same bytes however an answer is cut; only values of the request's own vault can come back, for there
//! is no other; where nothing is given back, not a byte changes. A whole answer waits until it is complete, up to
//! [`LONGEST_ANSWER`]; a longer one passes with its placeholders.

use super::stream::Stream;
use crate::dialect::translate::Dialect;
use crate::framing::edit::{self, Edit};
use crate::framing::json::{self, Kind, Span, Token};
use crate::redact::mask::{Quoting, Vault};

/// The longest answer that is restored as a whole, in bytes.
pub const LONGEST_ANSWER: usize = 32 << 20;

/// What restores the answer to one request.
pub struct Restoring {
    vault: Vault,
    reading: Reading,
}

enum Reading {
    /// Nothing that can be restored.
    Nothing,
    /// One JSON text.
    Whole(Vec<u8>),
    /// A stream of events.
    Stream(Box<Stream>),
}

impl Restoring {
    /// Restores the values of `vault`; `None` when there are none.
    #[must_use]
    pub fn new(vault: Vault) -> Option<Self> {
        (!vault.is_empty()).then_some(Self { vault, reading: Reading::Nothing })
    }

    /// Prepares for a body of this media type in the client's dialect; says whether it may change.
    pub fn expect(&mut self, dialect: Dialect, media_type: Option<&str>) -> bool {
        self.reading = match media_type {
            Some("text/event-stream") => Reading::Stream(Box::new(Stream::new(dialect))),
            Some("application/json") => Reading::Whole(Vec::new()),
            _ => Reading::Nothing,
        };
        !matches!(self.reading, Reading::Nothing)
    }

    /// What passes on now that `chunk` is here.
    pub fn relay(&mut self, chunk: &[u8], end_of_stream: bool) -> Vec<u8> {
        let Self { vault, reading } = self;
        match reading {
            Reading::Nothing => chunk.to_vec(),
            Reading::Stream(stream) => {
                let mut out = Vec::with_capacity(chunk.len());
                stream.push(vault, chunk, &mut out);
                if end_of_stream {
                    stream.finish(vault, &mut out);
                }
                out
            }
            Reading::Whole(body) => {
                body.extend_from_slice(chunk);
                if end_of_stream {
                    let body = std::mem::take(body);
                    return whole(vault, &body).unwrap_or(body);
                }
                if body.len() <= LONGEST_ANSWER {
                    return Vec::new();
                }
                let body = std::mem::take(body);
                self.reading = Reading::Nothing;
                body
            }
        }
    }
}

/// A whole answer with the values in their places; `None` when it stays as it is.
fn whole(vault: &Vault, body: &[u8]) -> Option<Vec<u8>> {
    let span = Span { start: 0, end: body.len() };
    // Gemini's streams that are not events are a list.
    if json::members(body, |_| {}).is_err() && json::elements_of(body, span, |_, _| {}).is_err() {
        return None;
    }
    let mut edits = Vec::new();
    let mut arguments = false;
    json::walk(body, span, |token| {
        let span = match token {
            Token::Key(span) => {
                arguments = json::string(body, span).is_some_and(|key| key == "arguments");
                span
            }
            Token::Value(span, Kind::String) => span,
            _ => return,
        };
        let Some(text) = json::string(body, span).filter(|text| text.contains('[')) else { return };
        let quoting = if arguments { Quoting::Json } else { quoting_of(&text) };
        let restored = vault.restore(&text, quoting);
        if restored != text {
            let mut written = Vec::with_capacity(restored.len() + 2);
            json::write_string(&mut written, &restored);
            edits.push(Edit { span, text: written });
        }
    });
    if edits.is_empty() {
        return None;
    }
    let rest = body.get(edit::reach(&edits)..)?;
    let mut restored = edit::apply(&mut edits, body)?;
    restored.extend_from_slice(rest);
    Some(restored)
}

/// How a text is written, as far as its beginning says: an object is JSON, and stays that.
pub(super) fn quoting_of(text: &str) -> Quoting {
    if text.trim_start().starts_with('{') { Quoting::Json } else { Quoting::Plain }
}
