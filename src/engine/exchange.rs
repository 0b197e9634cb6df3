//! What the policy tells the adapter about a request, and the desk where it leaves the note.
//!
//! The two roles meet only here. The policy reads the headers and the body once and notes what an attempt needs
//! of them; the adapter builds its request from the note and reads neither again. Both run in the same virtual
//! machine on the same thread (same `vm_id`, and Envoy keeps a request on its worker), so the note stays in
//! their memory, and only its ticket travels, in Envoy's filter state, which lives as long as the request.
//!
//! A note holds a client's text. A ticket cannot be guessed, so that not even a request that went round the
//! policy (a filter chain put together wrongly) could fetch another's note.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::elsewhere::Elsewhere;
use super::patience::Turns;
use super::refusal::Refusal;
use crate::config::compiled;
use crate::dialect::{Surface, wording};
use crate::framing::edit::Edit;
use crate::framing::json::Span;

/// Fields of the client that a provider may see.
pub const PASSED_ON: [&str; 6] =
    ["accept", "user-agent", "idempotency-key", "openai-beta", "anthropic-beta", "anthropic-version"];

/// The longest head of a body that a note carries, in bytes.
const LONGEST_HEAD: usize = 1024;

/// The note about one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What the client called.
    pub surface: Surface,
    /// The length of the request body, in bytes.
    pub body_length: u64,
    /// Where the model's name is, quotes included; `None` where the path has it.
    pub model: Option<Span>,
    /// The edit that makes a stream end with its usage, when the client did not ask for that.
    pub usage: Option<Edit>,
    /// The client's fields that are [`PASSED_ON`].
    pub passed_on: Vec<(String, Vec<u8>)>,
    /// What an attempt in another dialect needs; noted only where the model has a target that speaks one, or that takes
    /// not every history of calls.
    pub original: Option<Original>,
    /// Whose turn it is.
    pub turns: Turns,
    /// Where it may go when a provider objects to it; `None` for a model that has nothing of the kind.
    pub elsewhere: Option<Elsewhere>,
    /// Whether only some providers may serve the caller.
    pub restricted: bool,
    /// Why an attempt gave up, when one did: the policy says it in the client's words.
    pub refused: OnceCell<Refusal>,
    /// The body's first bytes, as far as edits reach, where that is not far: it spares each attempt a look at
    /// the body.
    pub head: Option<Vec<u8>>,
}

/// A request as the client sent it, and what its answer repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// The whole body.
    pub body: Prompt,
    /// Whether the answer is streamed.
    pub streamed: bool,
    /// When the request came, in seconds since 1970.
    pub created: u64,
    /// What makes an identifier for the answer, where the provider gives none.
    pub id: String,
}

/// A client's text, which no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Prompt(pub Vec<u8>);

impl fmt::Debug for Prompt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} bytes", self.0.len())
    }
}

impl Original {
    /// Whether attempts need it. Calls and certain words, which are rare, are looked for without reading the body.
    #[must_use]
    pub fn is_needed(model: &compiled::Model, surface: Surface, body: &[u8]) -> bool {
        let has_calls = || memchr::memmem::find(body, b"\"tool_call").is_some();
        model.translated.contains(&surface)
            || surface == Surface::ChatCompletions
                && (model.own_call_ids && has_calls() || model.own_words && wording::occurs(body))
    }
}

impl Exchange {
    /// How long an attempt at `target` may take until its answer has begun, where that is less than Envoy gives it.
    #[must_use]
    pub fn time(&self, target: &str) -> Option<Duration> {
        self.turns.time(target, self.elsewhere.as_ref().is_some_and(Elsewhere::is_taken))
    }

    /// What the client asks for of what is not for everybody yet (Anthropic's reference, "Beta headers").
    #[must_use]
    pub fn betas(&self) -> Vec<String> {
        let named = self.passed_on.iter().filter(|(name, _)| name == "anthropic-beta");
        let lists = named.filter_map(|(_, value)| std::str::from_utf8(value).ok());
        lists.flat_map(|list| list.split(',')).map(|beta| beta.trim().to_owned()).collect()
    }

    /// The same note with the head of the body.
    #[must_use]
    pub fn with_head(mut self, body: &[u8]) -> Self {
        let spans = self.usage.iter().map(|edit| edit.span).chain(self.model);
        let reach = spans.map(|span| span.end).max().unwrap_or(0);
        self.head = if reach > LONGEST_HEAD { None } else { body.get(..reach).map(<[u8]>::to_vec) };
        self
    }
}

/// Where notes wait for as long as their requests last.
#[derive(Clone, Debug)]
pub struct Desk(Rc<RefCell<Notes>>);

#[derive(Debug)]
struct Notes {
    /// What makes this desk's tickets differ from any other's.
    secret: u64,
    /// How many notes were left so far.
    count: u64,
    waiting: BTreeMap<u64, Rc<Exchange>>,
}

impl Desk {
    /// An empty desk. `secret` must not be known outside.
    #[must_use]
    pub fn new(secret: u64) -> Self {
        Self(Rc::new(RefCell::new(Notes { secret, count: 0, waiting: BTreeMap::new() })))
    }

    /// Leaves a note, which stays until the deposit is dropped.
    #[must_use]
    pub fn leave(&self, exchange: Exchange) -> Deposit {
        let mut notes = self.0.borrow_mut();
        let number = notes.count;
        notes.count = number.wrapping_add(1);
        notes.waiting.insert(number, Rc::new(exchange));
        let ticket = format!("{:016x}{number:x}", notes.secret).into_bytes();
        Deposit { desk: self.clone(), number, ticket }
    }

    /// The note for a ticket.
    #[must_use]
    pub fn fetch(&self, ticket: &[u8]) -> Option<Rc<Exchange>> {
        let (secret, number) = std::str::from_utf8(ticket).ok()?.split_at_checked(16)?;
        let notes = self.0.borrow();
        if u64::from_str_radix(secret, 16) != Ok(notes.secret) {
            return None;
        }
        notes.waiting.get(&u64::from_str_radix(number, 16).ok()?).map(Rc::clone)
    }
}

/// A note on the desk. Gone with its owner, whatever becomes of the request.
#[derive(Debug)]
pub struct Deposit {
    desk: Desk,
    number: u64,
    ticket: Vec<u8>,
}

impl Deposit {
    /// What [`Desk::fetch`] wants to see.
    #[must_use]
    pub fn ticket(&self) -> &[u8] {
        &self.ticket
    }

    /// The note.
    #[must_use]
    pub fn note(&self) -> Option<Rc<Exchange>> {
        self.desk.fetch(&self.ticket)
    }
}

impl Drop for Deposit {
    fn drop(&mut self) {
        self.desk.0.borrow_mut().waiting.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(body_length: u64) -> Exchange {
        Exchange {
            surface: Surface::ChatCompletions,
            body_length,
            model: Some(Span { start: 9, end: 17 }),
            usage: None,
            passed_on: Vec::new(),
            original: None,
            turns: Turns::default(),
            elsewhere: None,
            restricted: false,
            refused: OnceCell::new(),
            head: None,
        }
    }

    #[test]
    fn each_attempt_finds_the_note_of_its_own_request_until_that_is_over() {
        let desk = Desk::new(7);
        let (one, other) = (desk.leave(note(1)), desk.leave(note(2)));
        assert_ne!(one.ticket(), other.ticket());
        for _ in 0..2 {
            assert_eq!(desk.fetch(one.ticket()).as_deref(), Some(&note(1)));
            assert_eq!(desk.fetch(other.ticket()).as_deref(), Some(&note(2)));
        }
        let ticket = one.ticket().to_vec();
        drop(one);
        assert_eq!(desk.fetch(&ticket), None);
        assert_eq!(desk.fetch(other.ticket()).as_deref(), Some(&note(2)));
    }

    #[test]
    fn a_ticket_of_another_desk_or_of_nobody_fetches_nothing() {
        let desk = Desk::new(7);
        let _left = desk.leave(note(1));
        assert_eq!(desk.fetch(Desk::new(8).leave(note(2)).ticket()), None);
        for forged in ["", "0", "00000000000000070x", "0000000000000007", "é", "000000000000000é0"] {
            assert_eq!(desk.fetch(forged.as_bytes()), None, "{forged}");
        }
    }
}
