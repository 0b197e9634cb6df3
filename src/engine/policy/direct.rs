//! The attempts of a request that needs no adapter, the last of them as an adapter would see it: the policy itself judges the
//! beginning of the answer, and reads on when it is known to be one. What was whole when it was judged is not read again to be
//! metered. Envoy makes the attempts by itself; of those before the last the policy hears only their number.
//!
//! While the beginning is awaited, the answer's headers are held, so that an error behind them can still get its status.
//! Envoy's limit on an attempt ends with the headers; from there on the timer keeps it.
//!
//! What is lost beside an adapter: no attempt follows an answer that begins well. And where a provider breaks off an answer
//! that is held, Envoy tells the client past the filters, in its own configured words and not in the client's dialect. See
//! docs/failures.md.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::Duration;

use super::{Phase, Policy};
use crate::config::compiled;
use crate::engine::adapter;
use crate::engine::effect::{Effect, Flow};
use crate::engine::event::{Breaker, Timestamp};
use crate::engine::exchange::Exchange;
use crate::engine::fields::{SERVED_BY, UNANSWERED_HEADER};
use crate::engine::headers::Headers;
use crate::engine::judge::Judge;
use crate::engine::meter::told_by;
use crate::engine::patience::{Patience, Turns};
use crate::engine::refusal::Refusal;
use crate::observe::record::Outcome;

/// What Envoy's credential injector answers where a credential has no value. Nothing else behind the policy does.
const NO_CREDENTIAL: u16 = 401;

/// The attempts.
pub(super) struct Direct {
    target: String,
    judge: Judge,
    turns: Turns,
    /// How long one may take until its answer has begun.
    time: Duration,
    /// When the first must have begun to answer.
    due: Timestamp,
    /// When all is over, where that is bounded.
    end: Option<Timestamp>,
    /// The headers of an answer whose beginning is awaited.
    held: Option<Headers>,
}

impl Direct {
    /// Attempts at the target of a model.
    pub(super) fn new(patience: &Rc<Patience>, model: &compiled::Model, note: &Exchange) -> Self {
        let target = model.targets.first().map(|only| compiled::target_cluster(&only.target));
        Self {
            target: target.unwrap_or_default(),
            judge: Judge::new(note.surface),
            turns: Turns::new(Rc::clone(patience)),
            time: Duration::ZERO,
            due: Timestamp::default(),
            end: None,
            held: None,
        }
    }

    /// The first begins.
    pub(super) fn leave(&mut self, model: &compiled::Model, at: Timestamp) {
        // A part of a model has the time that Envoy gives the whole, and its target may have less.
        let attempt = Duration::from_millis(model.attempt_timeout_ms);
        self.time = self.turns.time(&self.target, false).unwrap_or(attempt);
        self.end = model.total_timeout_ms.map(|total| told_by(Duration::from_millis(total), at));
        self.due = self.within(at);
    }

    /// When an attempt must have begun to answer that has its time from `at` on.
    fn within(&self, at: Timestamp) -> Timestamp {
        let due = at.after(self.time);
        self.end.map_or(due, |end| end.min(due))
    }

    /// An answer's headers have come, or Envoy's own; how many attempts were made by then.
    fn made(&mut self, headers: &Headers, now: Timestamp) {
        // Envoy names a provider as soon as it has picked a host.
        if headers.get(SERVED_BY.provider).is_none_or(<[u8]>::is_empty) {
            return;
        }
        let count = attempts(headers);
        self.turns.made(&self.target, u32::try_from(count).unwrap_or(u32::MAX));
        if count > 1 {
            // When that one began nobody has seen.
            self.due = self.within(now);
        }
    }

    /// Whether the body of the answer is of interest, or was before its headers came.
    pub(super) fn wants_body(&self) -> bool {
        self.judge.wants_body()
    }

    /// When an answer that is held is given up.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.held.as_ref().map(|_| self.due)
    }

    /// Why it failed, if it did: the provider, and why; `unanswered` says that nobody answered.
    pub(super) fn failed(&self, unanswered: bool) -> Vec<(String, &'static str)> {
        self.turns.failed(unanswered)
    }

    /// Whether an answer of this status, which is Envoy's own where `local`, says that the credential has no value.
    pub(super) fn lacks_credential(&self, status: u16, local: bool) -> bool {
        local && status == NO_CREDENTIAL
    }
}

/// How many attempts were made, by Envoy's count.
pub(super) fn attempts(headers: &Headers) -> u64 {
    headers.text(SERVED_BY.attempts).and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// The headers as `effects` leave them.
fn changed(headers: &Headers, effects: &[Effect]) -> Headers {
    let is_other = |name: &str| {
        !effects.iter().any(|effect| match effect {
            Effect::SetResponseHeader(other, _) => other == name,
            Effect::RemoveResponseHeader(other) => other == name,
            _ => false,
        })
    };
    let mut changed: Headers = headers.iter().filter(|(name, _)| is_other(name)).collect();
    for effect in effects {
        if let Effect::SetResponseHeader(name, value) = effect {
            changed.push(&**name, value);
        }
    }
    changed
}

/// A mark for the policy is of no use to the host where the policy made it.
fn is_for_the_host(effect: &Effect) -> bool {
    !matches!(effect, Effect::SetResponseHeader(name, _) if name == UNANSWERED_HEADER)
}

impl Policy {
    /// The headers of an answer have come, which are judged first where no adapter did; says whether they go on.
    pub(super) fn judged_headers(
        &mut self,
        headers: Headers,
        local: bool,
        end_of_stream: bool,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Flow {
        let Some(direct) = self.direct.as_mut().filter(|_| matches!(self.phase, Phase::Forwarded(_))) else {
            return self.begun(&headers, local, end_of_stream, now, effects);
        };
        direct.made(&headers, now);
        if local || headers.get(UNANSWERED_HEADER).is_some() {
            let flow = self.begun(&headers, local, end_of_stream, now, effects);
            self.direct = None;
            return flow;
        }
        let mut judged = Vec::new();
        direct.turns.answered(&headers);
        let flow = direct.judge.headers(&headers, end_of_stream, &mut judged);
        direct.turns.judged(&judged);
        if flow == Flow::Pause {
            direct.held = Some(headers);
            return Flow::Pause;
        }
        self.begun_as_judged(&headers, judged, end_of_stream, now, effects)
    }

    /// A piece of the answer's body has come; says whether it goes on.
    pub(super) fn judged_body(
        &mut self,
        chunk: &[u8],
        end_of_stream: bool,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Flow {
        let Some(direct) = self.direct.as_mut().filter(|direct| direct.wants_body()) else {
            self.response_body(chunk, end_of_stream, now, effects);
            return self.passage(end_of_stream);
        };
        let mut judged = Vec::new();
        if direct.judge.body(chunk, end_of_stream, &mut judged) == Flow::Pause {
            return Flow::Pause;
        }
        direct.turns.judged(&judged);
        let read = direct.judge.take_reading();
        let replaced = judged.iter().find_map(|effect| match effect {
            Effect::ReplaceResponseBody(with) => Some(with.clone()),
            _ => None,
        });
        match direct.held.take() {
            Some(headers) => {
                self.begun_as_judged(&headers, judged, false, now, effects);
                match (&mut self.phase, read) {
                    (Phase::Answered(_), _) => return Flow::Pause,
                    // What passes is what was judged: of an answer that is replaced nothing was read.
                    (Phase::Relaying(meter), Some(read)) => meter.take_over(read),
                    _ => {}
                }
            }
            None => effects.extend(judged),
        }
        let chunk = replaced.map_or(Cow::Borrowed(chunk), Cow::Owned);
        self.response_body(&chunk, end_of_stream, now, effects);
        self.passage(end_of_stream)
    }

    /// Goes on with an answer of which the judge has made `judged`.
    fn begun_as_judged(
        &mut self,
        headers: &Headers,
        judged: Vec<Effect>,
        end_of_stream: bool,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Flow {
        if judged.is_empty() {
            return self.begun(headers, false, end_of_stream, now, effects);
        }
        let mut own = Vec::new();
        let flow = self.begun(&changed(headers, &judged), false, end_of_stream, now, &mut own);
        if matches!(self.phase, Phase::Answered(_)) {
            // What has begun is not changed any more: another answer takes its place.
            self.direct = None;
        } else {
            effects.extend(judged.into_iter().filter(is_for_the_host));
        }
        effects.append(&mut own);
        flow
    }

    /// An answer that is held has not begun in time: the gateway answers in its place.
    pub(super) fn overdue(&mut self, now: Timestamp, effects: &mut Vec<Effect>) -> Flow {
        let Some(headers) = self.direct.as_mut().and_then(|direct| direct.held.take()) else {
            return Flow::Continue;
        };
        let flow = self.begun(&changed(&headers, &adapter::late()), false, false, now, effects);
        self.direct = None;
        flow
    }

    /// The request is over. Where the provider has broken off an answer that was held, Envoy has told the client so past the
    /// filters: what is logged of it.
    pub(super) fn broken_off(&mut self, broken_by: Breaker) -> Option<Outcome> {
        let direct = self.direct.as_ref()?;
        let headers = direct.held.as_ref()?;
        let named = |name| headers.text(name).map(str::to_owned);
        self.record.provider = named(SERVED_BY.provider);
        self.record.provider_model = named(SERVED_BY.provider_model);
        self.record.attempts = attempts(headers);
        if broken_by != Breaker::Provider {
            return None;
        }
        self.record.failed_attempts = direct.failed(true);
        Some(Outcome::Refused(Refusal::NoProviderAvailable.code()))
    }
}
