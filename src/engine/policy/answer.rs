//! The way back: what the policy makes of an answer, and how it settles a request.
//!
//! Promises that every way out of a request ends in [`Policy::settle`], exactly once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use super::content::GUARD_HEADER;
use super::direct::attempts;
use super::{Phase, Policy, set_response_header};
use crate::dialect::translate::Dialect;
use crate::engine::effect::{Effect, Flow};
use crate::engine::elsewhere::{self, Elsewhere};
use crate::engine::event::{Breaker, Timestamp};
use crate::engine::fields::{
    LATE, REQUEST_ID_HEADERS, SERVED_BY, UNANSWERED_HEADER, UNREADABLE, is_private_response_header,
};
use crate::engine::headers::Headers;
use crate::engine::refusal::Refusal;
use crate::engine::spending::Spending;
use crate::engine::{adapter, alerts};
use crate::observe::record::Outcome;

impl Policy {
    /// The headers of an answer have come; says whether they go on.
    pub(super) fn begun(
        &mut self,
        headers: &Headers,
        local: bool,
        end_of_stream: bool,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Flow {
        self.response_headers(headers, local, end_of_stream, now, effects);
        if matches!(self.phase, Phase::Answered(_)) { Flow::Pause } else { self.passage(end_of_stream) }
    }

    fn response_headers(
        &mut self,
        headers: &Headers,
        local: bool,
        end_of_stream: bool,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let meter = match std::mem::replace(&mut self.phase, Phase::Arriving) {
            Phase::Forwarded(meter) => Some(meter),
            // Nothing went on, so it is Envoy that answers: the body came too slowly, or was too large for it.
            Phase::Reading(_) | Phase::Reserving(..) | Phase::Reporting(_) | Phase::Looking(_) => None,
            // The gateway's own reply on its way out.
            phase => {
                self.phase = phase;
                return;
            }
        };
        let unanswered = headers.get(UNANSWERED_HEADER);
        let unreadable = unanswered == Some(UNREADABLE);
        let (local, late) = (local || (unanswered.is_some() && !unreadable), unanswered == Some(LATE));
        let note = self.deposit.take().and_then(|deposit| deposit.note());
        let lacks_credential = self
            .direct
            .as_ref()
            .is_some_and(|direct| direct.lacks_credential(headers.status().unwrap_or(0), local));
        let unanswered = local && !lacks_credential && headers.get(adapter::REFUSAL_HEADER).is_none();
        if let Some(note) = &note {
            self.record.failed_attempts = note.turns.failed(unanswered);
        } else if let Some(direct) = &self.direct {
            self.record.failed_attempts = direct.failed(unanswered);
        }
        self.record.attempts = attempts(headers);
        let elsewhere = note.as_ref().filter(|_| local).and_then(|note| note.elsewhere.as_ref());
        if let Some(begun) = elsewhere.map(Elsewhere::begun).filter(|begun| *begun > 0) {
            // Envoy counts the one, too, for which it has found no target.
            self.record.attempts = u64::from(begun);
            effects.push(set_response_header(SERVED_BY.attempts, &begun.to_string()));
        }
        let named = |name| headers.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
        self.record.provider = named(SERVED_BY.provider);
        self.record.provider_model = named(SERVED_BY.provider_model);
        let mut status = elsewhere::status(headers, effects);
        let is_overdue = note.as_ref().is_some_and(|note| note.turns.is_overdue(now));
        if elsewhere.is_some() && status == Refusal::NoProviderAvailable.status() && is_overdue {
            // There was a last target, and it was silent.
            status = Refusal::ProviderTimeout.status();
            effects.push(set_response_header(":status", &status.to_string()));
        }
        for (name, _) in headers.named(is_private_response_header) {
            effects.push(Effect::RemoveResponseHeader(name.to_owned()));
        }
        let limits = self.spending.as_mut().map(Spending::headers).unwrap_or_default();
        effects.extend(limits.into_iter().map(|(name, value)| set_response_header(name, &value)));
        if let Some(rule) = self.record.found.as_ref().and_then(|found| found.warning.as_deref()) {
            effects.push(set_response_header(GUARD_HEADER, rule));
        }
        if let Some(id) =
            self.record.request_id.as_deref().filter(|_| self.direct.is_some() && (local || unreadable))
        {
            // Envoy takes it from the request, which the policy has built anew.
            effects.push(set_response_header("x-request-id", id));
        }
        let Some(mut meter) = meter.filter(|_| !local) else {
            let refusal = match headers.text(adapter::REFUSAL_HEADER) {
                _ if lacks_credential => {
                    let status = Refusal::CredentialUnavailable.status().to_string();
                    effects.push(set_response_header(":status", &status));
                    Refusal::CredentialUnavailable
                }
                Some(adapter::CREDENTIAL_UNAVAILABLE) => Refusal::CredentialUnavailable,
                // Another target could have served it, and has failed: that is what a client can try again.
                Some(_) if !self.record.failed_attempts.is_empty() => Refusal::NoProviderAvailable,
                Some(_) => note.and_then(|note| note.refused.get().cloned()).unwrap_or(Refusal::Internal),
                None => Refusal::of_envoy(status, self.gateway.max_request_body),
            };
            if late && !end_of_stream {
                return self.stand_in(headers, &refusal, Outcome::Refused(refusal.code()), effects);
            }
            effects.push(Effect::RemoveResponseHeader("content-length".to_owned()));
            effects.push(set_response_header("content-type", "application/json"));
            self.phase = Phase::Explaining {
                body: refusal.body(self.dialect()),
                outcome: Outcome::Refused(refusal.code()),
            };
            return;
        };
        self.record.provider_request_id =
            REQUEST_ID_HEADERS.iter().find_map(|name| headers.text(name)).map(str::to_owned);
        if unreadable && !end_of_stream {
            return self.stand_in(headers, &Refusal::UnreadableAnswer, Outcome::ProviderError, effects);
        }
        if (200..300).contains(&status) {
            let media_type = headers.media_type();
            let streamed = meter.expect(media_type.as_deref());
            self.expect_content(media_type.as_deref(), effects);
            self.record.streamed = streamed;
            if streamed && headers.get("content-length").is_some() {
                // A stream has no length; were there one, what is hidden, cut off or said at its end would make it wrong.
                effects.push(Effect::RemoveResponseHeader("content-length".to_owned()));
            }
            self.phase = Phase::Relaying(meter);
            if end_of_stream {
                self.end();
            } else if let Some(silence) = self.spending.as_ref().and_then(|own| own.model().stall_timeout_ms)
            {
                let silence = Duration::from_millis(silence);
                self.watched = Some(self.shared.watch.begin(self.stream, silence, now));
            }
        } else {
            self.phase = self.failed(headers, status, end_of_stream, effects);
        }
    }

    /// Answers in the place of what has begun and may never end.
    fn stand_in(
        &mut self,
        headers: &Headers,
        refusal: &Refusal,
        outcome: Outcome,
        effects: &mut Vec<Effect>,
    ) {
        let mut reply = refusal.reply(self.dialect());
        // What the client would have been told beside it, by Envoy and by the gateway.
        let served = [SERVED_BY.model, SERVED_BY.provider, SERVED_BY.provider_model, SERVED_BY.attempts];
        let served = served.into_iter().filter_map(|name| Some((name, headers.text(name)?.to_owned())));
        let mut told: BTreeMap<&'static str, String> = served.collect();
        told.extend(effects.drain(..).filter_map(|effect| match effect {
            Effect::SetResponseHeader(Cow::Borrowed(name), value) if !name.starts_with(':') => {
                Some((name, String::from_utf8(value).ok()?))
            }
            _ => None,
        }));
        reply.headers.extend(told);
        effects.push(Effect::Reply(reply));
        self.phase = Phase::Answered(outcome);
    }

    /// A provider has answered with an error.
    fn failed(
        &mut self,
        headers: &Headers,
        status: u16,
        end_of_stream: bool,
        effects: &mut Vec<Effect>,
    ) -> Phase {
        let (refusal, outcome) = if matches!(status, 401 | 403) {
            // The client's own key was accepted long before; it must not be told that it was not.
            let provider = self.record.provider.as_deref().unwrap_or_default();
            effects.push(Effect::Warn(format!(
                "the provider {provider} does not accept its credential: status {status}"
            )));
            let refusal = Refusal::CredentialRejected;
            effects.push(set_response_header(":status", &refusal.status().to_string()));
            effects.push(set_response_header("x-should-retry", "false"));
            effects.push(Effect::RemoveResponseHeader("www-authenticate".to_owned()));
            (refusal, Outcome::CREDENTIAL_REJECTED)
        } else if headers.media_type().is_none_or(|kind| kind != "application/json") && !end_of_stream {
            (Refusal::UnreadableAnswer, Outcome::ProviderError)
        } else if !end_of_stream && self.expect_error(effects) {
            return Phase::Failing;
        } else {
            return Phase::Ended(Outcome::ProviderError);
        };
        effects.push(Effect::RemoveResponseHeader("content-length".to_owned()));
        effects.push(set_response_header("content-type", "application/json"));
        Phase::Explaining { body: refusal.body(self.dialect()), outcome }
    }

    pub(super) fn response_body(
        &mut self,
        chunk: &[u8],
        end_of_stream: bool,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        match &mut self.phase {
            Phase::Relaying(meter) => {
                if let Some(watched) = &self.watched {
                    watched.heard(now);
                }
                let mut relayed = meter.relay(chunk, end_of_stream);
                if !end_of_stream {
                    meter.stop_in_time(&mut relayed, now);
                }
                self.relayed(chunk, relayed, now, effects);
            }
            Phase::Failing => self.pass(chunk.to_vec(), end_of_stream, effects),
            Phase::Cut(_) => self.pass_verdict(!chunk.is_empty(), effects),
            Phase::Explaining { body, outcome } => {
                effects.push(Effect::ReplaceResponseBody(std::mem::take(body)));
                if end_of_stream {
                    self.phase = Phase::Ended(*outcome);
                }
            }
            Phase::Arriving
            | Phase::Reading(_)
            | Phase::Asking(_)
            | Phase::Reserving(..)
            | Phase::Reporting(_)
            | Phase::Looking(_)
            | Phase::Forwarded(_)
            | Phase::Answered(_)
            | Phase::Ended(_) => {}
        }
    }

    /// The provider's answer is complete.
    pub(super) fn end(&mut self) {
        self.watched = None;
        if let Phase::Relaying(meter) = &self.phase {
            self.record.metered = meter.metered();
            self.phase = Phase::Ended(if meter.saw_error() {
                Outcome::ProviderError
            } else if meter.is_cut_short() {
                Outcome::Interrupted
            } else {
                Outcome::Ok
            });
        }
    }

    /// Settles the request: the only place that does, on every way out.
    pub(super) fn settle(
        &mut self,
        broken_by: Breaker,
        own_time: Duration,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let given_up = self.watched.take().is_some_and(|watched| watched.is_given_up());
        let broken =
            if broken_by == Breaker::Client && !given_up { Outcome::Abandoned } else { Outcome::Interrupted };
        if let Phase::Reserving(_, place) = &mut self.phase {
            self.record.queued = place.take().map(|place| place.waited(now));
        }
        let broken_off = self.broken_off(broken_by);
        self.record.outcome = match &self.phase {
            _ if let Some(outcome) = broken_off => outcome,
            // What says that the answer is complete has not left.
            _ if self.awaits_verdict() => broken,
            Phase::Ended(outcome) | Phase::Answered(outcome) | Phase::Explaining { outcome, .. } => *outcome,
            Phase::Relaying(meter) => {
                self.record.metered = meter.metered();
                // Many clients hang up as soon as they have read the end of the stream.
                if meter.saw_end() { Outcome::Ok } else { broken }
            }
            Phase::Forwarded(meter) => {
                self.record.metered = meter.metered();
                broken
            }
            Phase::Cut(outcome) => *outcome,
            Phase::Failing => Outcome::ProviderError,
            Phase::Arriving
            | Phase::Reading(_)
            | Phase::Asking(_)
            | Phase::Reserving(..)
            | Phase::Reporting(_)
            | Phase::Looking(_) => broken,
        };
        if matches!(self.phase, Phase::Asking(_) | Phase::Looking(_)) {
            // Whatever is answered yet, nobody waits for it.
            self.phase = Phase::Ended(self.record.outcome);
        }
        self.note_answer();
        // Whatever is said of the answer yet, nobody waits for it.
        self.restoring = None;
        if let Some(spending) = &mut self.spending {
            spending.settle(&mut self.record, effects);
        }
        self.record.duration = now.since(self.started);
        self.record.own_time = own_time;
        let lines = self.record.notices.iter().filter_map(|notice| alerts::line(notice, now));
        effects.extend(lines.map(Effect::Warn));
        self.record.notices.iter().for_each(|notice| self.post(notice, now, effects));
        effects.extend(self.record.measurements().into_iter().map(Effect::Measure));
        effects.push(Effect::WriteAccessLog(self.record.access_log()));
    }
}

/// The last bytes of a stream that stopped in the middle: what is left of it, and an event that says why. A piece of an
/// event is not passed on where none of it has passed yet.
pub(super) fn interruption(passing: Vec<u8>, cut_off: usize, why: &Refusal, client: Dialect) -> Vec<u8> {
    let mut out = passing;
    match out.len().checked_sub(cut_off) {
        Some(kept) => out.truncate(kept),
        None => {
            out.clear();
            out.extend_from_slice(b"\n\n");
        }
    }
    out.extend(why.stream_event(client));
    out
}
