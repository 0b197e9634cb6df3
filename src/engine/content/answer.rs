//! Giving answers back what was taken out of their request, and taking out of them what models may not say.
//!
//! Promises: the same bytes however an answer is cut; only values of the request's own vault can come back, for there
//! is no other; where nothing is given back or taken out, not a byte changes. A whole answer waits until it is
//! complete, up to [`LONGEST_ANSWER`]; a longer one passes with its placeholders, or not at all where answers are
//! screened. What is screened and cannot be read does not pass. Where a service is asked about answers, each waits for it
//! (see [`super::held`]).

use std::rc::Rc;

use super::external::{Hearing, Inquiry, Judgement};
use super::held::Held;
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

/// The longest text of a stream that is held against a schema or told to a service, in bytes.
pub const LONGEST_SAID: usize = 4 << 20;

/// What restores and screens the answer to one request.
pub struct Restoring {
    vault: Vault,
    screening: Option<Screening>,
    /// Who is to be asked about the answer.
    hearing: Option<Hearing>,
    /// What waits for what he says.
    held: Option<Box<Held>>,
    /// Whether the host has come to the end of the answer.
    ended: bool,
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
        Self::screened(vault, None, None)
    }

    /// Restores the values of `vault`, screens what the model says, and has somebody asked about it; `None` when there is
    /// nothing to do.
    #[must_use]
    pub fn screened(vault: Vault, screening: Option<Screening>, hearing: Option<Hearing>) -> Option<Self> {
        (!vault.is_empty() || screening.is_some() || hearing.is_some()).then_some(Self {
            vault,
            screening,
            hearing,
            held: None,
            ended: false,
            reading: Reading::Nothing,
            refusal: None,
        })
    }

    /// Prepares for a body of this media type in the client's dialect; says whether it may change.
    pub fn expect(&mut self, dialect: Dialect, media_type: Option<&str>) -> bool {
        self.held = self.hearing.take().map(|hearing| Box::new(Held::new(hearing)));
        self.reading = match media_type {
            Some("text/event-stream") => Reading::Stream(Box::new(Stream::new(dialect))),
            Some("application/json") => Reading::Whole(Vec::new()),
            // It will be found not to be what it must be.
            _ if self.is_judged() => Reading::Whole(Vec::new()),
            _ => Reading::Nothing,
        };
        !matches!(self.reading, Reading::Nothing)
    }

    /// Whether what cannot be read may not pass.
    const fn is_judged(&self) -> bool {
        self.screening.is_some() || self.held.is_some()
    }

    /// Prepares for a provider's error, which is no answer of a model; says whether it may change.
    pub fn expect_error(&mut self) -> bool {
        (self.screening, self.hearing) = (None, None);
        self.reading = Reading::Whole(Vec::new());
        !self.vault.is_empty()
    }

    /// Whether nothing may pass, not even a status, before it is known whether the answer does.
    #[must_use]
    pub const fn withholds(&self) -> bool {
        self.is_judged() && matches!(self.reading, Reading::Whole(_))
    }

    /// What passes on now that `chunk` is here.
    pub fn relay(&mut self, chunk: &[u8], end_of_stream: bool) -> Vec<u8> {
        let waited = self.waited();
        let mut passing = self.read(chunk, end_of_stream);
        if !waited.is_empty() {
            passing.splice(..0, waited);
        }
        if self.refusal.is_some() {
            // Nobody needs to be asked about it any more.
            self.held = None;
        } else if let Some(held) = &mut self.held {
            held.ask(end_of_stream);
            passing.extend(self.waited());
        }
        passing
    }

    /// What waited for somebody who was asked, where he has nothing against it.
    fn waited(&mut self) -> Vec<u8> {
        match self.verdict() {
            None => Vec::new(),
            Some(Ok(waited)) => waited,
            Some(Err(refusal)) => {
                (self.reading, self.refusal) = (Reading::Refused, Some(refusal));
                Vec::new()
            }
        }
    }

    /// What waited for somebody who was asked, or why nothing more passes, once that is known; it is told once.
    pub fn verdict(&mut self) -> Option<Result<Vec<u8>, Refusal>> {
        let verdict = self.held.as_mut()?.verdict()?;
        self.held = None;
        Some(verdict)
    }

    /// The question that is to be asked now.
    pub fn take_question(&mut self) -> Option<Rc<Inquiry>> {
        self.held.as_mut()?.take_question()
    }

    /// The question that waits for its answer.
    #[must_use]
    pub fn asked(&self) -> Option<&Rc<Inquiry>> {
        self.held.as_ref()?.waiting()
    }

    /// Whether there is one.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.asked().is_some()
    }

    /// The host has more of the answer, or its end; says whether it has to hold that back until [`Self::judged`] was called.
    pub fn stop(&mut self, end_of_stream: bool) -> bool {
        self.ended |= end_of_stream;
        self.ended && self.waits()
    }

    /// Whether the host has come to the end of the answer.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        self.ended
    }

    /// Who was asked has said this.
    pub fn judged(&mut self, judgement: Judgement) {
        if let Some(held) = &mut self.held {
            held.judged(judgement);
        }
    }

    fn read(&mut self, chunk: &[u8], end_of_stream: bool) -> Vec<u8> {
        let Self { vault, screening, held, .. } = self;
        match &mut self.reading {
            Reading::Nothing => chunk.to_vec(),
            Reading::Refused => Vec::new(),
            Reading::Stream(stream) => {
                let mut out = Vec::with_capacity(chunk.len());
                let mut terms = Terms { vault, screening: screening.as_mut(), held: held.as_deref_mut() };
                let mut outcome = stream.push(&mut terms, chunk, &mut out);
                if end_of_stream && outcome.is_ok() {
                    outcome = stream.finish(&mut terms, &mut out);
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
        let judged = self.is_judged();
        let Self { vault, screening, held, .. } = self;
        let screened = match screening {
            _ if judged && !(fits && is_document(&body)) => Err(Fault::Unreadable),
            Some(screening) => screening.whole(vault, &body),
            None => Ok(None),
        };
        match screened {
            Ok(Some(screened)) => body = screened,
            Ok(None) => {}
            Err(fault) => {
                self.refuse(fault);
                return Vec::new();
            }
        }
        if let Some(held) = held {
            held.hear_document(&body);
        }
        if fits {
            body = whole(vault, &body).unwrap_or(body);
        }
        let Some(held) = held else { return body };
        held.keep_whole(body);
        Vec::new()
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

/// Whether a body is what an answer has to be. Gemini's streams that are not events are a list.
fn is_document(body: &[u8]) -> bool {
    let span = Span { start: 0, end: body.len() };
    json::members(body, |_| {}).is_ok() || json::elements_of(body, span, |_, _| {}).is_ok()
}

/// A whole answer with the values in their places; `None` when it stays as it is.
fn whole(vault: &Vault, body: &[u8]) -> Option<Vec<u8>> {
    if !is_document(body) {
        return None;
    }
    let span = Span { start: 0, end: body.len() };
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
