//! Giving answers back what was taken out of their request, and taking out of them what models may not say.
//!
//! Promises: the same bytes however an answer is cut; only values of the request's own vault can come back, for there
//! is no other; where nothing is given back or taken out, not a byte changes. A whole answer waits until it is
//! complete, up to [`LONGEST_ANSWER`]; a longer one passes with its placeholders, or not at all where answers are
//! screened. What is screened and cannot be read does not pass.

use super::screening::{Fault, Screening};
use super::stream::{Stream, Terms};
use crate::dialect::translate::Dialect;
use crate::engine::refusal::Refusal;
use crate::framing::edit::{self, Edit};
use crate::framing::json::{self, Kind, Span, Token};
use crate::observe::record::Found;
use crate::redact::mask::{Quoting, Vault};

/// The longest answer that is restored or screened as a whole, in bytes.
pub const LONGEST_ANSWER: usize = 32 << 20;

/// What restores and screens the answer to one request.
pub struct Restoring {
    vault: Vault,
    screening: Option<Screening>,
    reading: Reading,
    refusal: Option<Refusal>,
}

enum Reading {
    /// Nothing that can be restored.
    Nothing,
    /// One JSON text.
    Whole(Vec<u8>),
    /// A stream of events.
    Stream(Box<Stream>),
    /// Nothing passes any more.
    Refused,
}

impl Restoring {
    /// Restores the values of `vault`; `None` when there are none.
    #[must_use]
    pub fn new(vault: Vault) -> Option<Self> {
        Self::screened(vault, None)
    }

    /// Restores the values of `vault`, and screens what the model says; `None` when there is nothing to do.
    #[must_use]
    pub fn screened(vault: Vault, screening: Option<Screening>) -> Option<Self> {
        (!vault.is_empty() || screening.is_some()).then_some(Self {
            vault,
            screening,
            reading: Reading::Nothing,
            refusal: None,
        })
    }

    /// Prepares for a body of this media type in the client's dialect; says whether it may change.
    pub fn expect(&mut self, dialect: Dialect, media_type: Option<&str>) -> bool {
        let streamed = media_type == Some("text/event-stream");
        self.screening.take_if(|screening| streamed && !screening.screens_streams());
        if self.screening.is_none() && self.vault.is_empty() {
            return false;
        }
        self.reading = match media_type {
            Some("text/event-stream") => Reading::Stream(Box::new(Stream::new(dialect))),
            Some("application/json") => Reading::Whole(Vec::new()),
            // It will be found not to be what it must be.
            _ if self.screening.is_some() => Reading::Whole(Vec::new()),
            _ => Reading::Nothing,
        };
        !matches!(self.reading, Reading::Nothing)
    }

    /// Prepares for a provider's error, which is no answer of a model; says whether it may change.
    pub fn expect_error(&mut self) -> bool {
        self.screening = None;
        self.reading = Reading::Whole(Vec::new());
        !self.vault.is_empty()
    }

    /// Whether nothing may pass, not even a status, before it is known whether the answer does.
    #[must_use]
    pub const fn withholds(&self) -> bool {
        self.screening.is_some() && matches!(self.reading, Reading::Whole(_))
    }

    /// What passes on now that `chunk` is here.
    pub fn relay(&mut self, chunk: &[u8], end_of_stream: bool) -> Vec<u8> {
        match &mut self.reading {
            Reading::Nothing => chunk.to_vec(),
            Reading::Refused => Vec::new(),
            Reading::Stream(stream) => {
                let mut out = Vec::with_capacity(chunk.len());
                let Self { vault, screening, .. } = self;
                let mut outcome =
                    stream.push(Terms { vault, screening: screening.as_mut() }, chunk, &mut out);
                if end_of_stream && outcome.is_ok() {
                    outcome = stream.finish(Terms { vault, screening: screening.as_mut() }, &mut out);
                }
                if let Err(fault) = outcome {
                    self.refuse(fault);
                }
                out
            }
            Reading::Whole(body) => {
                body.extend_from_slice(chunk);
                let fits = body.len() <= LONGEST_ANSWER;
                if fits && !end_of_stream {
                    return Vec::new();
                }
                let body = std::mem::take(body);
                self.reading = Reading::Nothing;
                self.complete(body, fits)
            }
        }
    }

    /// What becomes of an answer that is complete, or too long to wait for its end.
    fn complete(&mut self, mut body: Vec<u8>, fits: bool) -> Vec<u8> {
        let Self { vault, screening, .. } = self;
        if let Some(screening) = screening {
            let screened = if fits { screening.whole(vault, &body) } else { Err(Fault::Unreadable) };
            match screened {
                Ok(Some(screened)) => body = screened,
                Ok(None) => {}
                Err(fault) => {
                    self.refuse(fault);
                    return Vec::new();
                }
            }
        }
        match fits {
            true => whole(vault, &body).unwrap_or(body),
            false => body,
        }
    }

    fn refuse(&mut self, fault: Fault) {
        self.reading = Reading::Refused;
        self.refusal = Some(match fault {
            Fault::Blocked(blocked) => Refusal::AnswerBlocked(blocked),
            Fault::Mismatched => Refusal::MismatchedAnswer,
            Fault::Unreadable => Refusal::UnreadableAnswer,
        });
    }

    /// Why nothing more passes, when that was found out with the last chunk.
    pub const fn take_refusal(&mut self) -> Option<Refusal> {
        self.refusal.take()
    }

    /// What was found in the answer since this was last called.
    pub fn take_tally(&mut self) -> Found {
        self.screening.as_mut().map(Screening::take_tally).unwrap_or_default()
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
