//! Where the policy has a service asked about a request (see [`crate::engine::content::external`]): after it was
//! screened, and before anything is counted or reserved. The request waits for the answer, which may never come: the host
//! says so in time.

use std::rc::Rc;

use super::{Phase, Policy, Reading};
use crate::config::compiled::content::OnError;
use crate::dialect::request::{self, Inspection};
use crate::engine::content::external::{self, Inquiry, Judgement, RULE};
use crate::engine::content::prompt::Blocked;
use crate::engine::effect::{Effect, Flow};
use crate::engine::event::Timestamp;
use crate::engine::refusal::Refusal;

/// A request that a service was asked about.
pub(super) struct Asking {
    inquiry: Rc<Inquiry>,
    reading: Reading,
    request: Inspection,
    /// The screened body.
    body: Vec<u8>,
}

impl Policy {
    /// Reads the whole body, screens it, and goes on with it once nobody has anything against it.
    pub(super) fn complete(
        &mut self,
        reading: Reading,
        body: &[u8],
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Result<Flow, Refusal> {
        let (surface, addressed) = (reading.surface, reading.addressed.as_deref());
        let body = request::counted(surface, body);
        let request = request::inspect(surface, addressed, body).map_err(Refusal::InvalidRequest)?;
        let (request, body) = self.screen(surface, addressed, request, body, effects)?;
        match self.inquiry(&reading, &request, &body)? {
            Some(inquiry) => {
                effects.push(Effect::Ask(Rc::clone(&inquiry)));
                let body = body.into_owned();
                self.phase = Phase::Asking(Box::new(Asking { inquiry, reading, request, body }));
                Ok(Flow::Pause)
            }
            None => self.accept(reading, request, &body, now, effects),
        }
    }

    fn inquiry(
        &self,
        reading: &Reading,
        request: &Inspection,
        body: &[u8],
    ) -> Result<Option<Rc<Inquiry>>, Refusal> {
        let screen = self.gateway.content.of(&reading.caller.team);
        // A prompt that is only counted goes to nobody.
        let asked = screen.as_ref().filter(|_| !reading.surface.counts_tokens());
        let asked = asked.and_then(|screen| screen.external.as_ref()).filter(|external| external.requests);
        let Some(asked) = asked else { return Ok(None) };
        // Nor does one that is refused in any case.
        self.gateway.served(&reading.caller, &request.model, reading.surface)?;
        Ok(external::inquire(asked, &reading.caller, &request.model, body).map(Rc::new))
    }

    /// The service has answered, or never will.
    pub(super) fn answered(
        &mut self,
        status: Option<u16>,
        answer: &[u8],
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Result<Flow, Refusal> {
        let Asking { inquiry, reading, request, body } =
            match std::mem::replace(&mut self.phase, Phase::Arriving) {
                Phase::Asking(asking) => *asking,
                Phase::Looking(look) => return self.looked(look, status, answer, effects),
                // The request did not wait for it; its answer may.
                phase => {
                    self.phase = phase;
                    return Ok(self.judged(status, answer, effects));
                }
            };
        match external::judge(&inquiry.to.form, status, answer) {
            Judgement::Passes => {}
            Judgement::Breaks(rule) => {
                self.found_outside("block");
                return Err(Refusal::ContentBlocked(Blocked::Rule(rule)));
            }
            Judgement::Unanswered => {
                self.found_outside("unanswered");
                if inquiry.to.on_error == OnError::Block {
                    return Err(Refusal::GuardUnavailable);
                }
            }
        }
        self.accept(reading, request, &body, now, effects)
    }

    /// Counts what came of the question.
    fn found_outside(&mut self, action: &'static str) {
        Rc::make_mut(self.record.found.get_or_insert_default()).rule(RULE, action);
    }
}
