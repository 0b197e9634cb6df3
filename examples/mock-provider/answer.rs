//! An answer before a behaviour bends its delivery: status, headers, body, usage.
//!
//! Does not know which API made it, nor how it is sent.

use std::num::NonZeroUsize;

use serde::Serialize;

use crate::behaviour::Behaviour;

/// The content type of nearly every answer.
pub(crate) const JSON: &str = "application/json";
/// The content type of streams (WHATWG HTML, "Server-sent events").
pub(crate) const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";

/// Everything that goes back to the client.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Body,
    /// What the answer costs; `None` for errors and lists.
    pub(crate) usage: Option<Usage>,
}

/// The bytes of a body and how they are framed.
#[derive(Debug)]
pub(crate) enum Body {
    /// Sent with `content-length`.
    Whole(Vec<u8>),
    /// Sent chunked, event by event.
    Events(Events),
}

/// Tokens of one answer, named as in OpenAI's usage object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Usage {
    /// All prompt tokens, cached ones included.
    pub(crate) prompt_tokens: u64,
    /// All completion tokens, reasoning included.
    pub(crate) completion_tokens: u64,
    pub(crate) cached_tokens: u64,
    pub(crate) reasoning_tokens: u64,
}

impl Usage {
    /// The usage of an answer, where the behaviour does not say otherwise.
    pub(crate) fn new(prompt_tokens: u64, chunks: u64, behaviour: &Behaviour) -> Self {
        let Behaviour { cached_tokens, reasoning_tokens, .. } = *behaviour;
        Self {
            prompt_tokens: behaviour.prompt_tokens.unwrap_or(prompt_tokens.max(cached_tokens)),
            completion_tokens: behaviour.completion_tokens.unwrap_or(chunks + reasoning_tokens),
            cached_tokens,
            reasoning_tokens,
        }
    }
}

/// The events of a stream, one after another in one buffer.
#[derive(Debug, Default)]
pub(crate) struct Events {
    bytes: Vec<u8>,
    /// Where each event ends.
    ends: Vec<usize>,
    crlf: bool,
    comment_every: Option<NonZeroUsize>,
    /// Events so far, comments aside.
    count: usize,
}

impl Events {
    /// An empty stream in the manner that the behaviour asks for.
    pub(crate) fn new(behaviour: &Behaviour) -> Self {
        Self {
            bytes: Vec::with_capacity(4096),
            crlf: behaviour.crlf,
            comment_every: behaviour.comment_every,
            ..Self::default()
        }
    }

    /// Adds bytes that are a stream already, as one event.
    pub(crate) fn push_raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
    }

    /// Adds an event whose data is `value` in JSON.
    pub(crate) fn push_json(&mut self, value: &impl Serialize) {
        self.begin();
        // Our own shapes have string keys only, and a vector takes every write.
        let _ = serde_json::to_writer(&mut self.bytes, value);
        self.end();
    }

    /// Adds an event with the data `[DONE]`.
    pub(crate) fn push_done(&mut self) {
        self.begin();
        self.bytes.extend_from_slice(b"[DONE]");
        self.end();
    }

    /// The bytes, and where each event ends.
    pub(crate) fn into_parts(self) -> (Vec<u8>, Vec<usize>) {
        (self.bytes, self.ends)
    }

    fn begin(&mut self) {
        self.count += 1;
        if self.comment_every.is_some_and(|every| self.count.is_multiple_of(every.get())) {
            self.bytes.extend_from_slice(b": ping");
            self.end();
        }
        self.bytes.extend_from_slice(b"data: ");
    }

    fn end(&mut self) {
        self.bytes.extend_from_slice(if self.crlf { b"\r\n\r\n" } else { b"\n\n" });
        self.ends.push(self.bytes.len());
    }
}
