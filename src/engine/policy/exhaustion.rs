//! A stream that produces more than was reserved for it: more is reserved, or it is cut.
//!
//! This is for requests that set no limit to their answer, so that what was reserved is only what such answers take
//! typically, and where the configuration says that they are cut at exhaustion. A request with a limit of its own
//! is held to it by the provider, and all of that was reserved.
//!
//! Promises: nothing passes of what could not be reserved, and a cut stream is charged for what passed.

use std::rc::Rc;

use super::answer::interruption;
use super::{Phase, Policy};
use crate::dialect::ending::Ending;
use crate::dialect::request::{Delivery, Inspection};
use crate::engine::effect::Effect;
use crate::engine::event::Timestamp;
use crate::engine::meter::{Meter, Relayed};
use crate::engine::refusal::Refusal;
use crate::observe::record::Outcome;
use crate::quota::store::{Denied, Granted};

impl Policy {
    /// Sets the bound of a stream at what was reserved for it, where it may be cut.
    pub(super) fn bound(&self, meter: &mut Meter, request: &Inspection, reserved: u64) {
        let counts = self.spending.as_ref().is_some_and(|spending| spending.applied().counts);
        let open = request.output_limit.is_none() && request.delivery != Delivery::Whole;
        if self.gateway.limits.cuts && counts && open {
            let dialect = self.record.surface.and_then(|surface| surface.dialect());
            if let Some(ending) = dialect.and_then(Ending::new) {
                meter.bound(reserved, ending);
            }
        }
    }

    /// A chunk was read.
    pub(super) fn relayed(
        &mut self,
        chunk: &[u8],
        relayed: Relayed,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        if relayed.first_text {
            self.record.first_token = Some(now.since(self.started));
        }
        if let (true, Some(spending)) = (relayed.exceeds, &self.spending) {
            effects.push(Effect::Reserve(Rc::new(spending.extension(self.gateway.limits.terms()))));
            return;
        }
        let ran_out = matches!(&self.phase, Phase::Relaying(meter) if meter.ran_out());
        let mut replacement = relayed.replacement;
        if let (Phase::Relaying(meter), true) = (&self.phase, relayed.last && self.record.streamed)
            && meter.is_cut_short()
        {
            let passing = replacement.take().unwrap_or_else(|| chunk.to_vec());
            let why = if ran_out { Refusal::ProviderTimeout } else { Refusal::AnswerInterrupted };
            replacement = Some(interruption(passing, relayed.cut_off, &why, self.dialect()));
        }
        if self.restoring.is_some() {
            self.pass(replacement.unwrap_or_else(|| chunk.to_vec()), relayed.last, effects);
        } else if let Some(replacement) = replacement {
            effects.push(Effect::ReplaceResponseBody(replacement));
        }
        if relayed.last {
            self.end();
        }
        if let (Phase::Ended(outcome), true) = (&self.phase, ran_out) {
            // Its provider goes on, until Envoy ends it.
            self.phase = Phase::Cut(*outcome);
        }
    }

    /// More was reserved for the answer, or there is no more.
    pub(super) fn extended(
        &mut self,
        outcome: Result<Granted, Box<Denied>>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let (Phase::Relaying(meter), Some(spending)) = (&mut self.phase, &mut self.spending) else { return };
        match outcome {
            Ok(granted) => {
                let more = spending.extend(granted, &self.shared.book, &mut self.record);
                let relayed = meter.allow(more);
                self.relayed(&[], relayed, now, effects);
            }
            Err(mut denied) => {
                let exceeded = spending.denied(&mut denied, &self.shared.book, now, &mut self.record);
                self.record.limit = exceeded.map(|exceeded| exceeded.scope);
                let why = self.record.limit.as_ref().map_or_else(
                    || "the limits cannot be checked".to_owned(),
                    |scope| format!("limit of {scope} is used up"),
                );
                let counted = spending.counted(&self.record).map(|counted| counted.tokens);
                let ending = meter.cut(&why, counted);
                self.record.metered = meter.metered();
                self.phase = Phase::Cut(Outcome::Cut);
                self.pass(ending, true, effects);
            }
        }
    }
}
