//! What can happen to a stream.
//!
//! An event carries all that a role may learn from it, so that a role never asks back; the time travels beside
//! it. Nothing here knows which callback of the host it came from.

use std::time::Duration;

use super::headers::Headers;
use crate::quota::ledger::Standing;
use crate::quota::store::{Denied, Granted, Settled};

/// A point in time: nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    nanoseconds: u64,
}

impl Timestamp {
    /// The point `nanoseconds` after the Unix epoch.
    #[must_use]
    pub const fn from_nanoseconds(nanoseconds: u64) -> Self {
        Self { nanoseconds }
    }

    /// Whole milliseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_milliseconds(self) -> u64 {
        self.nanoseconds / 1_000_000
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn unix_seconds(self) -> u64 {
        self.nanoseconds / 1_000_000_000
    }

    /// The point `later` than this one.
    #[must_use]
    pub fn after(self, later: Duration) -> Self {
        let nanoseconds = u64::try_from(later.as_nanos()).unwrap_or(u64::MAX);
        Self { nanoseconds: self.nanoseconds.saturating_add(nanoseconds) }
    }

    /// The time since `earlier`; zero when the clock was set back in between.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanoseconds.saturating_sub(earlier.nanoseconds))
    }
}

/// What happened. Every stream sees a prefix of the order in which these are listed, then [`Event::Done`].
#[derive(Debug)]
pub enum Event<'a> {
    /// The request's headers are there.
    RequestHeaders {
        /// Those that the role wanted, pseudo-headers included.
        headers: Headers,
        /// For the adapter: what the attempt is aimed at.
        attempt: Option<&'a Attempt>,
        /// Whether the request has no body.
        end_of_stream: bool,
    },
    /// More of the request's body is buffered.
    RequestBody {
        /// As many leading bytes as the role wanted.
        bytes: &'a [u8],
        /// How many bytes are buffered.
        buffered: usize,
        /// Whether that is the whole body.
        end_of_stream: bool,
    },
    /// The answer's headers are there.
    ResponseHeaders {
        /// All of them, pseudo-headers included.
        headers: Headers,
        /// Whether the answer is Envoy's own (no upstream, timeout, overload) and not a provider's.
        local: bool,
        /// Whether the answer has no body.
        end_of_stream: bool,
    },
    /// An answer whose headers are held back has not begun in time (see [`super::Role::due`]).
    Overdue,
    /// A piece of the answer's body.
    ResponseBody {
        /// The bytes of this piece.
        chunk: &'a [u8],
        /// Whether it is the last.
        end_of_stream: bool,
    },
    /// What was answered to [`super::Effect::Ask`] or [`super::Effect::AskEnvoy`].
    Answered {
        /// The status; none where no answer came.
        status: Option<u16>,
        /// The body.
        body: &'a [u8],
    },
    /// What became of [`super::Effect::Reserve`].
    Reserved(Result<Granted, Box<Denied>>),
    /// A request that waits for a place (see [`super::queue`]) shall try again.
    Turn,
    /// What became of [`super::Effect::Settle`].
    Settled(Settled),
    /// How the limits stand that [`super::Effect::ReadLimits`] asked for, in the order of the scopes; `None` where a
    /// cell could not be read.
    Limits(Vec<Option<Vec<Standing>>>),
    /// The stream is over; only [`Event::Settled`] may follow.
    Done {
        /// Who broke it off before the answer had ended.
        broken_by: Breaker,
        /// The time spent in this role so far.
        own_time: Duration,
    },
}

/// Who broke a stream off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// The client went away.
    Client,
    /// The provider did, or its connection.
    Provider,
    /// Nobody, or Envoy itself.
    Nobody,
}

/// What the adapter is told about the attempt it serves.
#[derive(Debug)]
pub struct Attempt {
    /// `provider/model` from the metadata of the endpoint that was picked
    /// (see [`crate::config::compiled::target_cluster`]).
    pub target: Option<String>,
    /// The ticket of the policy's note (see [`super::exchange`]).
    pub ticket: Option<Vec<u8>>,
}
