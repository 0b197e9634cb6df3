//! The two roles as state machines: events in, effects out, time as an argument.
//!
//! [`policy::Policy`] runs once per request and [`adapter::Adapter`] once per attempt; both implement
//! [`Role`]. A role is told what happened ([`Event`]) and answers with what shall be done ([`Effect`]) and
//! whether the request may go on ([`Flow`]). It owns all state of its stream and nothing else: no clock, no
//! host, no randomness; the two roles of one request share a note ([`exchange`]). Whatever drives a role carries
//! out the effects in the order given.
//!
//! Deliberately unknown here: proxy-wasm and Envoy's API. What is known of Envoy is its vocabulary: headers,
//! attempts, local replies.

pub mod adapter;
pub mod alerts;
pub mod book;
pub mod content;
pub mod counting;
pub mod cut;
pub mod effect;
pub mod elsewhere;
pub mod event;
pub mod exchange;
pub mod fields;
pub mod headers;
pub mod judge;
pub mod limits;
pub mod meter;
mod outgoing;
pub mod patience;
pub mod policy;
pub mod queue;
pub mod ratelimit;
pub mod refusal;
mod signing;
pub mod spending;
pub mod stall;
pub mod translation;
pub mod typical;

pub use effect::{Effect, Flow};
pub use event::{Attempt, Event, Timestamp};
pub use headers::Headers;

/// A state machine for one stream.
pub trait Role {
    /// The request header fields that the role wants to see in [`Event::RequestHeaders`], whose `attempt`
    /// is given; `None` for all.
    fn wanted_request_headers(&self, attempt: Option<&Attempt>) -> Option<Vec<String>>;

    /// Whether the role needs the time for [`Event::RequestHeaders`] of an attempt: upstream, nothing else does, and
    /// every look at the clock is a call of the host.
    fn needs_time(&self, _attempt: &Attempt) -> bool {
        false
    }

    /// How many leading bytes of the buffered request body the role wants to see, when `buffered` bytes are
    /// there and `end_of_stream` says whether more will come. Fetching bytes costs a copy, so a role asks for
    /// no more than it reads.
    fn wanted_request_bytes(&self, buffered: usize, end_of_stream: bool) -> usize;

    /// Whether the role reads (and may replace) the chunks of the answer.
    fn wants_response_body(&self) -> bool;

    /// How much the role reads of what a service answers, in bytes.
    fn longest_answer(&self) -> usize {
        content::external::LONGEST_ANSWER
    }

    /// When an answer whose headers are held back is to be given up by [`Event::Overdue`]; `None` for never.
    fn due(&self) -> Option<Timestamp> {
        None
    }

    /// Whether the answer has not ended in an orderly way yet. When such a stream is done, somebody broke it
    /// off, and [`Event::Done`] says who.
    fn is_open(&self) -> bool;

    /// Takes one event and appends what shall be done to `effects`.
    fn handle(&mut self, event: Event<'_>, now: Timestamp, effects: &mut Vec<Effect>) -> Flow;
}
