//! The log of what an instance received and how each answer ended.
//!
//! Promises: entries keep the order of arrival; memory is bounded by count and by bytes, the oldest entries go
//! first. Does not know where the entries come from.

use std::collections::VecDeque;

use serde::Serialize;

use crate::answer::Usage;
use crate::base64;
use crate::http::Request;

/// The oldest entry is dropped beyond this many.
const MAX_ENTRIES: usize = 10_000;
/// The oldest entry is dropped when the bodies together are larger.
const MAX_BODY_BYTES: usize = 256 * 1024 * 1024;

/// One request and its fate, as `GET /_mock/log` shows it.
#[derive(Debug, Serialize)]
struct Entry {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    #[serde(flatten)]
    body: LoggedBody,
    #[serde(flatten)]
    outcome: Outcome,
}

/// A body is shown as text, or in base64 when it is not UTF-8.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum LoggedBody {
    Body(String),
    BodyBase64(String),
}

impl LoggedBody {
    fn len(&self) -> usize {
        match self {
            Self::Body(text) | Self::BodyBase64(text) => text.len(),
        }
    }
}

/// How far an answer came.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Outcome {
    pub(crate) ended: Ending,
    /// Bytes of the body, without HTTP framing, that were handed to the system whole.
    pub(crate) bytes_written: usize,
    /// Chunks of the body (events of a stream, pieces of a cut body) that were handed over whole.
    pub(crate) chunks_written: usize,
    /// What the answer reported, or would have reported had it not been cut short or told to be silent.
    pub(crate) usage: Option<Usage>,
}

/// The end of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    /// None yet.
    InProgress,
    /// Everything was handed over.
    Completed,
    /// The client closed its side first.
    ClientClosed,
    /// The behaviour asked for a reset.
    Reset,
    /// A stall lasted until its limit.
    StallExpired,
}

/// A bounded ring of entries.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    /// The number of the first entry that is still kept.
    first: u64,
    body_bytes: usize,
}

impl Log {
    /// Adds a request; the number names its entry in `settle`.
    pub(crate) fn push(&mut self, request: &Request<'_>) -> u64 {
        let number = self.first + self.entries.len() as u64;
        let body = match std::str::from_utf8(request.body) {
            Ok(text) => LoggedBody::Body(text.to_owned()),
            Err(_) => LoggedBody::BodyBase64(base64::encode(request.body)),
        };
        self.body_bytes += body.len();
        self.entries.push_back(Entry {
            method: request.method.to_owned(),
            path: request.target.to_owned(),
            headers: request
                .headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), String::from_utf8_lossy(value).into_owned()))
                .collect(),
            body,
            outcome: Outcome { ended: Ending::InProgress, bytes_written: 0, chunks_written: 0, usage: None },
        });
        while self.entries.len() > MAX_ENTRIES || (self.body_bytes > MAX_BODY_BYTES && self.entries.len() > 1)
        {
            self.drop_oldest();
        }
        number
    }

    /// Records how a request ended; a later call for the same request corrects an earlier one.
    pub(crate) fn settle(&mut self, number: u64, outcome: Outcome) {
        let index = number.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| self.entries.get_mut(index)) {
            entry.outcome = outcome;
        }
    }

    /// Forgets all entries. Requests in progress stay forgotten when they end.
    pub(crate) fn clear(&mut self) {
        self.first += self.entries.len() as u64;
        self.entries.clear();
        self.body_bytes = 0;
    }

    /// The entries as a JSON array, oldest first.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.entries).unwrap_or_default()
    }

    fn drop_oldest(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.first += 1;
            self.body_bytes -= entry.body.len();
        }
    }
}
