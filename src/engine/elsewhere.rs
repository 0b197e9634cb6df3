//! Requests that a model's providers object to, and that another model may take.
//!
//! A provider that finds a request too long, or against its rules, says so in an answer that would end it. Where the model
//! names another one for that, the adapter holds such an answer until it is read, and then tells Envoy two things: to try
//! again, and that the next attempt is the other model's. Once only: what the other model's providers object to is told
//! to the client.
//!
//! Envoy has more attempts for such a model than its own targets have. So the last of these says that it is the last.
//!
//! Promises: an answer passes byte for byte, and no more than [`LONGEST_BEGINNING`] of it is held; a caller is never
//! taken to a model that it may not call.
//!
//! Deliberately unknown here: what providers' objections look like (see [`crate::dialect::objection`]).

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use super::effect::Effect;
use super::exchange::Exchange;
use super::headers::Headers;
use super::judge::LONGEST_BEGINNING;
use crate::config::compiled::elsewhere::{self, word};
use crate::config::compiled::{self, ModelAccess};
use crate::dialect::objection::{Objection, objection};
use crate::dialect::translate::Dialect;

/// The status that sends Envoy to the next attempt without counting against the target, which is well.
const TRY_AGAIN: &[u8] = b"429";

/// The status that the answer has without that. Written by the adapter, read by the policy where no attempt followed.
pub const STATUS_HEADER: &str = "x-tollgate-status";

/// By this Envoy makes no further attempt (router filter, "x-envoy-ratelimited").
const LAST: &str = "x-envoy-ratelimited";

/// Where one request may still go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// The attempts at the other model, by objection; `None` where there is none, or the caller may not call it.
    context: Option<u32>,
    content: Option<u32>,
    /// How many attempts were begun.
    begun: Cell<u32>,
    /// Which is the last, where nothing leads elsewhere any more.
    last: Cell<u32>,
    taken: Cell<bool>,
}

impl Elsewhere {
    /// Where a call of `model` may go by a caller with this access; `None` for a model that has nothing of the kind.
    #[must_use]
    pub fn of(model: &compiled::Model, access: &ModelAccess) -> Option<Self> {
        let elsewhere = model.elsewhere.as_deref()?;
        let attempts = |objection| {
            let alternative = elsewhere.models.get(&objection)?;
            access.allows(&alternative.model).then_some(alternative.attempts)
        };
        Some(Self {
            context: attempts(Objection::Context),
            content: attempts(Objection::Content),
            begun: Cell::new(0),
            last: Cell::new(elsewhere.own_attempts),
            taken: Cell::new(false),
        })
    }

    /// An attempt begins.
    pub fn begin(&self) {
        self.begun.set(self.begun.get().saturating_add(1));
    }

    /// How many attempts have begun.
    #[must_use]
    pub fn begun(&self) -> u32 {
        self.begun.get()
    }

    /// Whether another model's targets are asked.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.taken.get()
    }

    fn may_lead_on(&self) -> bool {
        !self.taken.get() && (self.context.is_some() || self.content.is_some())
    }

    /// Goes elsewhere for this reason, if it may; gives the word for it.
    fn take(&self, objection: Objection) -> Option<String> {
        let attempts = match objection {
            Objection::Context => self.context?,
            Objection::Content => self.content?,
        };
        self.taken.set(true);
        self.last.set(self.begun.get().saturating_add(attempts));
        Some(word(objection, self.begun.get()))
    }

    fn is_last(&self) -> bool {
        self.begun.get() >= self.last.get()
    }
}

/// Weighs the answer of one attempt, before whoever else reads it.
#[derive(Debug)]
pub struct Scales {
    exchange: Rc<Exchange>,
    provider: Dialect,
    /// The status of the answer that is held.
    held: Option<u16>,
    /// The headers are awaited, or the body.
    wants_more: bool,
}

impl Scales {
    /// For an attempt that begins; `None` where nothing leads elsewhere.
    #[must_use]
    pub fn of(exchange: &Rc<Exchange>, provider: Dialect) -> Option<Self> {
        exchange.elsewhere.as_ref()?.begin();
        Some(Self { exchange: Rc::clone(exchange), provider, held: None, wants_more: true })
    }

    /// Whether the answer is of interest.
    #[must_use]
    pub const fn wants_body(&self) -> bool {
        self.wants_more
    }

    /// The answer's headers have come, of which the reader has made `effects`; says whether they are to be held.
    pub fn headers(&mut self, headers: &Headers, end_of_stream: bool, effects: &mut Vec<Effect>) -> bool {
        let status = headers.status().unwrap_or(0);
        self.wants_more = !end_of_stream
            && self.exchange.elsewhere.as_ref().is_some_and(Elsewhere::may_lead_on)
            && is_readable(status, headers);
        self.held = Some(status).filter(|_| self.wants_more);
        if self.held.is_none() {
            self.close(status, effects);
        }
        self.wants_more
    }

    /// What there is of the body; says whether it is to be held on.
    #[must_use]
    pub fn holds(&self, bytes: &[u8], end_of_stream: bool) -> bool {
        self.held.is_some() && !end_of_stream && bytes.len() < LONGEST_BEGINNING && !has_begun(bytes)
    }

    /// The beginning of the answer is there, of which the reader has made `effects`; says whether the request goes
    /// elsewhere.
    pub fn body(&mut self, bytes: &[u8], effects: &mut Vec<Effect>) -> bool {
        self.wants_more = false;
        let Some(status) = self.held.take() else { return false };
        let found = objection(self.provider, status, bytes);
        let elsewhere = self.exchange.elsewhere.as_ref();
        let word = found.and_then(|found| elsewhere?.take(found));
        let Some(word) = word else {
            self.close(status, effects);
            return false;
        };
        let own = status_in(effects).unwrap_or(status).to_string();
        effects.extend([
            Effect::GoElsewhere(word.into_bytes()),
            Effect::SetResponseHeader(Cow::Borrowed(STATUS_HEADER), own.into_bytes()),
            Effect::SetResponseHeader(Cow::Borrowed(":status"), TRY_AGAIN.to_vec()),
        ]);
        true
    }

    /// The answer has not begun in time, which is in `effects`.
    pub fn late(&mut self, effects: &mut Vec<Effect>) {
        self.wants_more = false;
        self.held = None;
        self.close(0, effects);
    }

    /// Says of an attempt that failed that no other follows, if that is so.
    fn close(&self, status: u16, effects: &mut Vec<Effect>) {
        let status = status_in(effects).unwrap_or(status);
        let is_last = self.exchange.elsewhere.as_ref().is_some_and(Elsewhere::is_last);
        if is_last && !(200..300).contains(&status) {
            effects.push(Effect::SetResponseHeader(Cow::Borrowed(LAST), b"true".to_vec()));
        }
    }
}

/// The status of an answer that reaches the client: its own, and not the one that was to send Envoy to another attempt
/// which did not follow.
pub fn status(headers: &Headers, effects: &mut Vec<Effect>) -> u16 {
    let own = headers.text(STATUS_HEADER).and_then(|status| status.parse().ok());
    if let Some(own) = own {
        let own: u16 = own;
        effects.push(Effect::SetResponseHeader(Cow::Borrowed(":status"), own.to_string().into_bytes()));
    }
    own.or(headers.status()).unwrap_or(0)
}

/// The last status that was set.
pub(super) fn status_in(effects: &[Effect]) -> Option<u16> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::SetResponseHeader(name, value) if name == ":status" => {
            std::str::from_utf8(value).ok()?.parse().ok()
        }
        _ => None,
    })
}

/// Whether an answer may be an objection: an error about the request itself, or a success that may hide one.
fn is_readable(status: u16, headers: &Headers) -> bool {
    let is_coded = headers.get("content-encoding").is_some_and(|coding| coding != b"identity");
    let media_type = headers.media_type();
    let is_text = matches!(media_type.as_deref(), Some("application/json" | "text/event-stream"));
    !is_coded && is_text && matches!(status, 200 | 400 | 413 | 422)
}

/// Whether the first event of a stream is there. An object is awaited to its end: a client can begin nothing with a part
/// of it.
fn has_begun(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    let is_object = text.starts_with(b"{");
    let has_data = || text.starts_with(b"data:") || text.windows(6).any(|six| six == b"\ndata:");
    let ends = |end: &[u8]| text.windows(end.len()).any(|window| window == end);
    !text.is_empty() && !is_object && has_data() && (ends(b"\n\n") || ends(b"\r\n\r\n"))
}

/// The alternative for what is too long, with the most tokens that the model itself takes.
#[must_use]
pub fn overflow(model: &compiled::Model) -> Option<(u64, &str)> {
    let elsewhere::Elsewhere { window, models, own_attempts: _ } = model.elsewhere.as_deref()?;
    Some((*window.as_ref()?, models.get(&Objection::Context)?.model.as_str()))
}
