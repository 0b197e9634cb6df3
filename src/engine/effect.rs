//! What a role may ask for.
//!
//! Effects are plain data, and complete: whoever carries one out decides nothing. They do not say how the host
//! does it, nor what becomes of a stream when the host refuses.

use std::borrow::Cow;
use std::rc::Rc;

use super::content::external::Inquiry;
use super::counting::Lesson;
use super::headers::Headers;
use super::limits::Demand;
use super::typical::Learner;
use crate::observe::metrics::Measurement;
use crate::quota::store::{Scope, Unsettled};

/// Whether the stream goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// What was seen so far may be passed on.
    Continue,
    /// Hold it back until a later event says otherwise.
    Pause,
}

/// Something to be done, in order.
#[derive(Debug)]
pub enum Effect {
    /// Sets a request header to one value, replacing all it had.
    SetRequestHeader(Cow<'static, str>, Vec<u8>),
    /// Removes a request header.
    RemoveRequestHeader(String),
    /// Replaces all request headers.
    ReplaceRequestHeaders(Headers),
    /// Replaces the first `drain` bytes of the buffered request body by `with`.
    ReplaceRequestBody {
        /// How many leading bytes go.
        drain: usize,
        /// What comes in their place.
        with: Vec<u8>,
    },
    /// Keeps the ticket of the note for the adapter of every attempt of this request.
    PublishTicket(Vec<u8>),
    /// Keeps the word by which the next attempt goes to another model (see [`super::elsewhere`]).
    GoElsewhere(Vec<u8>),
    /// Lets the route be chosen anew from the request's headers.
    ChooseRoute,
    /// Answers the client and ends the request here.
    Reply(Reply),
    /// Sets a response header to one value, replacing all it had.
    SetResponseHeader(Cow<'static, str>, Vec<u8>),
    /// Removes a response header.
    RemoveResponseHeader(String),
    /// Replaces the present piece of the response body.
    ReplaceResponseBody(Vec<u8>),
    /// Asks a service about the request; answered by [`super::Event::Answered`], which comes by itself.
    Ask(Rc<Inquiry>),
    /// Asks Envoy's admin interface for what is at a path; answered in the same way.
    AskEnvoy(&'static str),
    /// Reserves what the call may take; answered by [`super::Event::Reserved`].
    Reserve(Rc<Demand>),
    /// Charges what the call took; answered by [`super::Event::Settled`].
    Settle(Unsettled),
    /// Asks how limits stand; answered by [`super::Event::Limits`].
    ReadLimits(Vec<Scope>),
    /// Teaches a ratio.
    Learn(Lesson),
    /// Teaches how many tokens an answer had.
    LearnLength(Rc<Learner>, u64),
    /// Writes a line to Envoy's own log.
    Warn(String),
    /// Adds to a metric.
    Measure(Measurement),
    /// Adds members to the request's line in the access log: JSON text that starts with a comma.
    WriteAccessLog(Vec<u8>),
}

impl Effect {
    /// Whether it asks for something that an event answers.
    #[must_use]
    pub const fn is_question(&self) -> bool {
        matches!(
            self,
            Self::Ask(_) | Self::AskEnvoy(_) | Self::Reserve(_) | Self::Settle(_) | Self::ReadLimits(_)
        )
    }
}

/// An answer that the gateway itself gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers beside the status.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}
