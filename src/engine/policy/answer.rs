//! The way back: what the policy makes of an answer, and how it settles a request.
//!
//! Promises that every way out of a request ends in [`Policy::settle`], exactly once.

use std::time::Duration;

use super::content::GUARD_HEADER;
use super::{Phase, Policy, set_response_header};
use crate::dialect::Surface;
use crate::dialect::translate::Dialect;
use crate::engine::adapter;
use crate::engine::content::answer::Restoring;
use crate::engine::effect::Effect;
use crate::engine::event::Timestamp;
use crate::engine::fields::{SERVED_BY, is_private_response_header};
use crate::engine::headers::Headers;
use crate::engine::refusal::Refusal;
use crate::engine::spending::Spending;
use crate::observe::record::{Notice, Outcome};

impl Policy {
    pub(super) fn response_headers(
        &mut self,
        headers: &Headers,
        local: bool,
        end_of_stream: bool,
        effects: &mut Vec<Effect>,
    ) {
        let meter = match std::mem::replace(&mut self.phase, Phase::Arriving) {
            Phase::Forwarded(meter) => Some(meter),
            // Nothing went on, so it is Envoy that answers: the body came too slowly, or was too large for it.
            Phase::Reading(_) | Phase::Reserving(..) | Phase::Reporting(_) => None,
            // The gateway's own reply on its way out.
            phase => {
                self.phase = phase;
                return;
            }
        };
        let refused = self.deposit.take().and_then(|deposit| deposit.refused());
        self.record.attempts =
            headers.text(SERVED_BY.attempts).and_then(|count| count.parse().ok()).unwrap_or(0);
        let named = |name| headers.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
        self.record.provider = named(SERVED_BY.provider);
        self.record.provider_model = named(SERVED_BY.provider_model);
        let status = headers.status().unwrap_or(0);
        for (name, _) in headers.iter().filter(|(name, _)| is_private_response_header(name)) {
            effects.push(Effect::RemoveResponseHeader(name.to_owned()));
        }
        let limits = self.spending.as_mut().map(Spending::headers).unwrap_or_default();
        effects.extend(limits.into_iter().map(|(name, value)| set_response_header(name, &value)));
        if let Some(rule) = self.record.found.as_ref().and_then(|found| found.warning.as_deref()) {
            effects.push(set_response_header(GUARD_HEADER, rule));
        }
        let Some(mut meter) = meter.filter(|_| !local) else {
            let refusal = match headers.text(adapter::REFUSAL_HEADER) {
                Some(adapter::CREDENTIAL_UNAVAILABLE) => Refusal::CredentialUnavailable,
                Some(_) => refused.unwrap_or(Refusal::Internal),
                None => Refusal::of_envoy(status, self.gateway.max_request_body),
            };
            effects.push(Effect::RemoveResponseHeader("content-length".to_owned()));
            effects.push(set_response_header("content-type", "application/json"));
            self.phase =
                Phase::Explaining { body: refusal.body(), outcome: Outcome::Refused(refusal.code()) };
            return;
        };
        self.record.provider_request_id = headers.text("x-request-id").map(str::to_owned);
        if (200..300).contains(&status) {
            let media_type = headers.media_type();
            let streamed = meter.expect(media_type.as_deref());
            let dialect = self.record.surface.and_then(Surface::dialect).unwrap_or(Dialect::OpenAiChat);
            let is_coded = headers.get("content-encoding").is_some_and(|coding| coding != b"identity");
            let restores = |restoring: &mut Box<Restoring>| {
                !is_coded && restoring.expect(dialect, media_type.as_deref())
            };
            self.restoring = self.restoring.take().and_then(|mut one| restores(&mut one).then_some(one));
            if self.restoring.is_some() {
                effects.push(Effect::RemoveResponseHeader("content-length".to_owned()));
            }
            self.record.streamed = streamed;
            if streamed && meter.hides_usage() {
                // A stream has no length; were there one, hiding the usage would make it wrong.
                effects.push(Effect::RemoveResponseHeader("content-length".to_owned()));
            }
            self.phase = Phase::Relaying(meter);
            if end_of_stream {
                self.end();
            }
        } else {
            self.phase = Phase::Ended(Outcome::ProviderError);
        }
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
                let relayed = meter.relay(chunk, end_of_stream);
                if relayed.first_text {
                    self.record.first_token = Some(now.since(self.started));
                }
                let replacement = match &mut self.restoring {
                    Some(restoring) => {
                        Some(restoring.relay(relayed.replacement.as_deref().unwrap_or(chunk), end_of_stream))
                    }
                    None => relayed.replacement,
                };
                if let Some(replacement) = replacement {
                    effects.push(Effect::ReplaceResponseBody(replacement));
                }
                if end_of_stream {
                    self.end();
                }
            }
            Phase::Explaining { body, outcome } => {
                effects.push(Effect::ReplaceResponseBody(std::mem::take(body)));
                if end_of_stream {
                    self.phase = Phase::Ended(*outcome);
                }
            }
            Phase::Arriving
            | Phase::Reading(_)
            | Phase::Reserving(..)
            | Phase::Reporting(_)
            | Phase::Forwarded(_)
            | Phase::Ended(_) => {}
        }
    }

    /// The provider's answer is complete.
    fn end(&mut self) {
        if let Phase::Relaying(meter) = &self.phase {
            self.record.metered = meter.metered();
            let outcome = if meter.saw_error() { Outcome::ProviderError } else { Outcome::Ok };
            self.phase = Phase::Ended(outcome);
        }
    }

    /// Settles the request: the only place that does, on every way out.
    pub(super) fn settle(
        &mut self,
        client_gone: bool,
        own_time: Duration,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let broken = if client_gone { Outcome::Abandoned } else { Outcome::Interrupted };
        if let Phase::Reserving(_, place) = &mut self.phase {
            self.record.queued = place.take().map(|place| place.waited(now));
        }
        self.record.outcome = match &self.phase {
            Phase::Ended(outcome) | Phase::Explaining { outcome, .. } => *outcome,
            Phase::Relaying(meter) => {
                self.record.metered = meter.metered();
                // Many clients hang up as soon as they have read the end of the stream.
                if meter.saw_end() { Outcome::Ok } else { broken }
            }
            Phase::Forwarded(meter) => {
                self.record.metered = meter.metered();
                broken
            }
            Phase::Arriving | Phase::Reading(_) | Phase::Reserving(..) | Phase::Reporting(_) => broken,
        };
        if let Some(spending) = &mut self.spending {
            spending.settle(&mut self.record, effects);
        }
        self.record.duration = now.since(self.started);
        self.record.own_time = own_time;
        effects.extend(self.record.notices.iter().filter_map(Notice::warning).map(Effect::Warn));
        effects.extend(self.record.measurements().into_iter().map(Effect::Measure));
        effects.push(Effect::WriteAccessLog(self.record.access_log()));
    }
}
