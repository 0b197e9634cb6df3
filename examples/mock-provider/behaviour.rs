//! What an instance can be asked to do differently, and the queue of such wishes.
//!
//! A behaviour is the JSON object that `POST /_mock/behaviour` takes. It replaces the one before it as a whole:
//! a field that is absent means "as OpenAI does". Unknown fields are errors, so a misspelt failure cannot make a
//! test pass. Does not know how an answer is made or sent.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

/// One way of answering. The default is a prompt, correct answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Milliseconds before the response headers.
    pub(crate) latency_ms: u64,
    /// Milliseconds between the headers and the first chunk of the body.
    pub(crate) first_chunk_ms: u64,
    /// Milliseconds between one chunk of the body and the next.
    pub(crate) chunk_ms: u64,
    /// How many content chunks an answer has. With `text`, the text is cut into this many; without, words are
    /// repeated until there are so many.
    pub(crate) chunks: Option<usize>,
    /// The answer's text, instead of the echo.
    pub(crate) text: Option<String>,
    /// Reported prompt tokens.
    pub(crate) prompt_tokens: Option<u64>,
    /// Reported completion tokens.
    pub(crate) completion_tokens: Option<u64>,
    /// Reported cached tokens: a part of the prompt tokens.
    pub(crate) cached_tokens: u64,
    /// Reported reasoning tokens: a part of the completion tokens.
    pub(crate) reasoning_tokens: u64,
    /// Answer with this status and `body` instead of doing what was asked.
    pub(crate) status: Option<u16>,
    /// Extra response headers, on any answer.
    pub(crate) headers: BTreeMap<String, String>,
    /// The body that goes with `status` (200 when absent): a string is sent as it is, anything else as JSON.
    /// With `error_event`, the data of that event.
    pub(crate) body: Option<Value>,
    /// Reset the connection (a TCP RST) at this point.
    pub(crate) reset: Option<Point>,
    /// Fall silent at this point, until the client leaves or 300 s have passed.
    pub(crate) stall: Option<Point>,
    /// Write the body in pieces of this many bytes, each its own write and, when chunked, its own HTTP chunk.
    /// A receiver may still read two pieces at once; `chunk_ms: 1` keeps them apart.
    pub(crate) cut_bytes: Option<NonZeroUsize>,
    /// Never send usage.
    pub(crate) no_usage: bool,
    /// End a stream without `data: [DONE]`.
    pub(crate) no_done: bool,
    /// End the lines of a stream with CR LF.
    pub(crate) crlf: bool,
    /// Put the comment `: ping` before every n-th event of a stream.
    pub(crate) comment_every: Option<NonZeroUsize>,
    /// Send this content type instead of the right one.
    pub(crate) content_type: Option<String>,
    /// End the body halfway, with HTTP framing intact: the client gets JSON or a stream that stops short.
    pub(crate) truncate: bool,
    /// Never end: repeat the middle of the body until the client leaves.
    pub(crate) endless: bool,
    /// Answer a streaming request with status 200 and one event, which is an error.
    pub(crate) error_event: bool,
    /// Plant headers that a provider sends and a gateway must judge, such as `set-cookie`.
    pub(crate) echo_headers: bool,
    /// Refuse requests that do not carry exactly this key in the manner of the API, or are not signed with it.
    pub(crate) require_key: Option<String>,
    /// Expire after this many API requests.
    pub(crate) times: Option<NonZeroU32>,
}

/// A moment in the course of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Point {
    /// Before a single byte was sent.
    BeforeHeaders,
    /// After the headers, before the body.
    AfterHeaders,
    /// After half of the body.
    MidStream,
}

/// How an answer is broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Reset,
    Stall,
}

/// Why a behaviour was not taken.
#[derive(Debug)]
pub(crate) enum BehaviourError {
    /// Not the JSON of a behaviour.
    Json(serde_json::Error),
    /// An entry of a queue, other than the last, never expires, so nothing behind it would be reached.
    Endless { position: usize },
    /// A status that is not a final HTTP status.
    Status(u16),
    /// Both `reset` and `stall`.
    TwoFaults,
    /// A default cannot expire.
    DefaultExpires,
}

impl fmt::Display for BehaviourError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(formatter, "not a behaviour: {error}"),
            Self::Endless { position } => {
                write!(
                    formatter,
                    "entry {position} of the queue has no `times`, so the rest is never reached"
                )
            }
            Self::Status(status) => write!(formatter, "status {status} is not between 200 and 599"),
            Self::TwoFaults => formatter.write_str("`reset` and `stall` exclude each other"),
            Self::DefaultExpires => formatter.write_str("a default behaviour takes no `times`"),
        }
    }
}

impl Error for BehaviourError {}

impl Behaviour {
    /// The behaviour of an instance that has been told nothing.
    pub(crate) fn default_from_json(json: &[u8]) -> Result<Self, BehaviourError> {
        let behaviour: Self = serde_json::from_slice(json).map_err(BehaviourError::Json)?;
        behaviour.check()?;
        if behaviour.times.is_some() {
            return Err(BehaviourError::DefaultExpires);
        }
        Ok(behaviour)
    }

    /// Where this answer is broken off, and how.
    pub(crate) fn fault(&self) -> Option<(Fault, Point)> {
        let reset = self.reset.map(|point| (Fault::Reset, point));
        reset.or_else(|| self.stall.map(|point| (Fault::Stall, point)))
    }

    fn check(&self) -> Result<(), BehaviourError> {
        if let Some(status) = self.status.filter(|status| !(200..600).contains(status)) {
            return Err(BehaviourError::Status(status));
        }
        if self.reset.is_some() && self.stall.is_some() {
            return Err(BehaviourError::TwoFaults);
        }
        Ok(())
    }
}

/// Which behaviour each request gets: the queue first, then the default.
#[derive(Debug)]
pub(crate) struct Script {
    default: Arc<Behaviour>,
    queue: VecDeque<Scheduled>,
}

#[derive(Debug)]
struct Scheduled {
    behaviour: Arc<Behaviour>,
    /// Requests left; `None` never ends.
    left: Option<u32>,
}

impl Script {
    /// A script that has been told nothing.
    pub(crate) fn new(default: Arc<Behaviour>) -> Self {
        Self { default, queue: VecDeque::new() }
    }

    /// Replaces the queue by the behaviours in `json`: one object, or a list of them. On error nothing changes.
    pub(crate) fn replace(&mut self, json: &[u8]) -> Result<(), BehaviourError> {
        let is_list = json.trim_ascii_start().starts_with(b"[");
        let behaviours: Vec<Behaviour> = if is_list {
            serde_json::from_slice(json)
        } else {
            serde_json::from_slice(json).map(|one| vec![one])
        }
        .map_err(BehaviourError::Json)?;
        let last = behaviours.len().saturating_sub(1);
        for (position, behaviour) in behaviours.iter().enumerate() {
            behaviour.check()?;
            if position < last && behaviour.times.is_none() {
                return Err(BehaviourError::Endless { position });
            }
        }
        self.queue = behaviours
            .into_iter()
            .map(|behaviour| Scheduled {
                left: behaviour.times.map(NonZeroU32::get),
                behaviour: Arc::new(behaviour),
            })
            .collect();
        Ok(())
    }

    /// Back to the default.
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    /// The behaviour of the next request, which uses it up once.
    pub(crate) fn next(&mut self) -> Arc<Behaviour> {
        let Some(front) = self.queue.front_mut() else { return Arc::clone(&self.default) };
        let behaviour = Arc::clone(&front.behaviour);
        if let Some(left) = &mut front.left {
            *left -= 1;
            if *left == 0 {
                self.queue.pop_front();
            }
        }
        behaviour
    }
}
