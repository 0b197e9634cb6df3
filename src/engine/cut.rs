//! A stream that may be ended when what was reserved for it is used up.
//!
//! The meter asks of every event whether it still fits ([`Cut::allows`]). From the first one on that does not, whole
//! events are withheld, until more is allowed or the stream is ended where it stands. So it depends on the events
//! alone, and not on how they were cut into chunks, where a stream ends.
//!
//! Deliberately unknown here: who reserves, in which scopes, and how tokens are counted.

use crate::dialect::Usage;
use crate::dialect::ending::Ending;
use crate::framing::sse::Frame;

/// The bound of one stream.
#[derive(Debug)]
pub struct Cut {
    /// How many tokens may pass.
    allowance: u64,
    ending: Ending,
    /// Events that do not fit, as they came.
    withheld: Vec<u8>,
    /// What of the same chunk may pass, once it is known what becomes of the rest.
    ready: Vec<u8>,
    /// Whether that was the last chunk.
    last: bool,
}

impl Cut {
    /// A bound at the start of a stream.
    #[must_use]
    pub const fn new(allowance: u64, ending: Ending) -> Self {
        Self { allowance, ending, withheld: Vec::new(), ready: Vec::new(), last: false }
    }

    /// Whether so many tokens may pass.
    #[must_use]
    pub const fn allows(&self, tokens: u64) -> bool {
        tokens <= self.allowance
    }

    /// Whether events are withheld.
    #[must_use]
    pub const fn withholds(&self) -> bool {
        !self.withheld.is_empty()
    }

    /// An event passes.
    pub fn follow(&mut self, frame: &Frame<'_>) {
        if let Some(data) = frame.data() {
            self.ending.follow(&data);
        }
    }

    /// An event, with its end, does not pass for the time being.
    pub fn withhold(&mut self, event: &[u8]) {
        self.withheld.extend_from_slice(event);
    }

    /// Keeps what came before the withheld events in the same chunk.
    pub fn keep(&mut self, ready: Vec<u8>, last: bool) {
        (self.ready, self.last) = (ready, last);
    }

    /// Allows so many tokens more. Gives back the withheld events, what comes before them, and whether they are the
    /// last.
    pub fn allow(&mut self, more: u64) -> (Vec<u8>, Vec<u8>, bool) {
        self.allowance = self.allowance.saturating_add(more);
        (std::mem::take(&mut self.withheld), std::mem::take(&mut self.ready), self.last)
    }

    /// Ends the stream: what is ready, a comment that says why, and the end in the client's dialect.
    #[must_use]
    pub fn end(self, why: &str, usage: Option<Usage>) -> Vec<u8> {
        let mut out = self.ready;
        // The name of a scope comes from the configuration; a line end would end the comment.
        let why = why.replace(['\r', '\n'], " ");
        out.extend_from_slice(format!(": tollgate: cut, {why}\n\n").as_bytes());
        self.ending.write(usage, &mut out);
        out
    }
}
