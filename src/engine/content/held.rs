//! What of an answer waits for the verdict of a service that is asked about it (see [`super::external`]).
//!
//! The service is told what the model has said, once all of that was said: without the private values that were taken out
//! of it, and before any is given back. A whole answer waits as a whole. Of a stream wait the events that tell a client
//! that the answer is complete, or, where the configuration says so, all of them; so a stream that is refused never looks
//! complete.
//!
//! Promises: no more than [`LONGEST_SAID`] bytes are told, and what said more does not pass; nothing that waits passes
//! without a verdict. Deliberately unknown here: how the service is called, and how the host holds an answer back.

use std::rc::Rc;

use super::answer::LONGEST_SAID;
use super::body::{self, Form};
use super::external::{Hearing, Inquiry, Judgement};
use super::prompt::Blocked;
use super::screening::{Fault, probabilities};
use crate::config::compiled::content::{OnError, Streams};
use crate::engine::refusal::Refusal;
use crate::framing::json::{self, Span};

/// The members of whole answers that hold what a model says, in all dialects.
const GENERATED: [&str; 4] = ["candidates", "choices", "content", "output"];

/// An answer about which a service is asked.
pub(super) struct Held {
    hearing: Hearing,
    /// What was said, text by text; those that come in pieces with their numbers.
    said: Vec<(Option<usize>, String)>,
    length: usize,
    /// Whether events wait from now on.
    holds: bool,
    /// Whether all was said.
    complete: bool,
    /// What waits.
    bytes: Vec<u8>,
    standing: Standing,
}

/// How far the question is.
enum Standing {
    Listening,
    Asking(Rc<Inquiry>),
    Waiting(Rc<Inquiry>),
    Cleared,
    Refused(Refusal),
}

impl Held {
    /// An answer of which nothing has come yet.
    pub(super) fn new(hearing: Hearing) -> Self {
        let holds = hearing.to.answers == Some(Streams::Hold);
        Self {
            hearing,
            said: Vec::new(),
            length: 0,
            holds,
            complete: false,
            bytes: Vec::new(),
            standing: Standing::Listening,
        }
    }

    /// The next piece of the text with this number has been said, or without one a text as a whole.
    ///
    /// # Errors
    /// When more was said than can be told.
    pub(super) fn hear(&mut self, number: Option<usize>, piece: &str) -> Result<(), Fault> {
        self.length += piece.len();
        if self.length > LONGEST_SAID {
            return Err(Fault::Unreadable);
        }
        match self.said.iter_mut().find(|(other, _)| number.is_some() && *other == number) {
            Some((_, text)) => text.push_str(piece),
            None => self.said.push((number, piece.to_owned())),
        }
        Ok(())
    }

    /// All that a valid document says has been said; of a document that may be longer than a stream.
    pub(super) fn hear_document(&mut self, document: &[u8]) {
        let generated = generated(document);
        let silent = probabilities(document);
        let inside = |span: Span, of: &Span| of.start <= span.start && span.end <= of.end;
        let Ok(text) = std::str::from_utf8(document) else { return };
        let texts = body::texts(text).all.into_iter().filter(|text| {
            text.form == Form::Text
                && generated.iter().any(|of| inside(text.span, of))
                && !silent.iter().any(|(of, _)| inside(text.span, of))
        });
        self.said.extend(texts.map(|text| (None, text.says.into_owned())));
    }

    /// An event tells that an answer is complete, the `last` one that all are.
    pub(super) fn close(&mut self, last: bool) {
        self.holds = true;
        self.complete |= last;
    }

    /// Events pass, if they may, to `out`.
    pub(super) fn keep(&mut self, passing: Vec<u8>, out: &mut Vec<u8>) {
        let waits = self.holds && !matches!(self.standing, Standing::Cleared);
        if waits { &mut self.bytes } else { out }.extend(passing);
    }

    /// A whole answer waits.
    pub(super) fn keep_whole(&mut self, answer: Vec<u8>) {
        (self.holds, self.complete, self.bytes) = (true, true, answer);
    }

    /// Asks, once all was said or nothing follows.
    pub(super) fn ask(&mut self, last: bool) {
        if matches!(self.standing, Standing::Listening) && (last || self.complete) {
            let said = std::mem::take(&mut self.said);
            let inquiry = self.hearing.inquire(said.iter().map(|(_, text)| text.as_str()));
            self.standing = inquiry.map_or(Standing::Cleared, |inquiry| Standing::Asking(Rc::new(inquiry)));
        }
    }

    /// The question that is to be asked now.
    pub(super) fn take_question(&mut self) -> Option<Rc<Inquiry>> {
        let Standing::Asking(inquiry) = &self.standing else { return None };
        let inquiry = Rc::clone(inquiry);
        self.standing = Standing::Waiting(Rc::clone(&inquiry));
        Some(inquiry)
    }

    /// The question that waits for its answer.
    pub(super) fn waiting(&self) -> Option<&Rc<Inquiry>> {
        if let Standing::Waiting(inquiry) = &self.standing { Some(inquiry) } else { None }
    }

    /// The service has said this.
    pub(super) fn judged(&mut self, judgement: Judgement) {
        self.standing = match judgement {
            Judgement::Breaks(rule) => Standing::Refused(Refusal::AnswerBlocked(Blocked::Rule(rule))),
            Judgement::Unanswered if self.hearing.to.on_error == OnError::Block => {
                Standing::Refused(Refusal::AnswerUnchecked)
            }
            Judgement::Passes | Judgement::Unanswered => Standing::Cleared,
        };
    }

    /// What waited, or why it does not pass, once that is known.
    pub(super) fn verdict(&mut self) -> Option<Result<Vec<u8>, Refusal>> {
        match &self.standing {
            Standing::Cleared => Some(Ok(std::mem::take(&mut self.bytes))),
            Standing::Refused(refusal) => Some(Err(refusal.clone())),
            Standing::Listening | Standing::Asking(_) | Standing::Waiting(_) => None,
        }
    }
}

/// Where a valid document says what a model has generated. Gemini's streams that are not events are a list.
fn generated(document: &[u8]) -> Vec<Span> {
    let mut found = Vec::new();
    let mut gather = |member: json::Member<'_>| {
        if GENERATED.contains(&&*member.key) {
            found.push(member.value);
        }
    };
    let whole = Span { start: 0, end: document.len() };
    if json::members(document, &mut gather).is_err() {
        // It was found valid; an element that is no object has no members.
        let _ = json::elements_of(document, whole, |element, _| {
            let _ = json::members_of(document, element, &mut gather);
        });
    }
    found
}
