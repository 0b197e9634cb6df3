//! Where the policy has a service asked about an answer (see [`crate::engine::content::external`]): once the model has said
//! all of it, and before a client is told that it is complete.
//!
//! The question is asked as soon as the answer's last event has come, and held back is at the very end of the body only:
//! there the host waits, and there the rest passes once the service has nothing against it.

use std::rc::Rc;

use super::Policy;
use crate::dialect::Surface;
use crate::engine::content::Screen;
use crate::engine::content::external::{self, Hearing, Judgement, RULE};
use crate::engine::effect::{Effect, Flow};

impl Policy {
    /// Who is asked about the answer to a request for `model`, when anybody is.
    pub(super) fn hearing(&self, surface: Surface, screen: &Screen, model: &str) -> Option<Hearing> {
        let to = screen.external.as_ref().filter(|external| external.answers.is_some())?;
        // A count of tokens is no answer of a model.
        let caller = self.record.caller.as_ref().filter(|_| !surface.counts_tokens())?;
        Some(Hearing { to: Rc::clone(to), caller: Rc::clone(caller), model: model.to_owned() })
    }

    /// Whether somebody is asked about the answer, and has not answered yet.
    pub(super) fn awaits_verdict(&self) -> bool {
        self.restoring.as_ref().is_some_and(|restoring| restoring.waits())
    }

    /// The service has answered, or never will. Whatever of the answer the host holds back goes on.
    pub(super) fn judged(&mut self, status: Option<u16>, answer: &[u8], effects: &mut Vec<Effect>) -> Flow {
        let Some(restoring) = &mut self.restoring else { return Flow::Pause };
        let Some(inquiry) = restoring.asked() else { return Flow::Pause };
        let judgement = external::judge(&inquiry.to.form, status, answer);
        let action = match judgement {
            Judgement::Passes => None,
            Judgement::Breaks(_) => Some("block"),
            Judgement::Unanswered => Some("unanswered"),
        };
        restoring.judged(judgement);
        if let Some(action) = action {
            Rc::make_mut(self.record.found_in_answer.get_or_insert_default()).rule(RULE, action);
        }
        if restoring.is_ended() {
            self.pass_verdict(false, effects);
        }
        Flow::Continue
    }

    /// Passes what waited for the service, or says why it does not pass, where that is known; otherwise nothing, in the
    /// place of what is there if `replaces`.
    pub(super) fn pass_verdict(&mut self, replaces: bool, effects: &mut Vec<Effect>) {
        match self.restoring.as_mut().and_then(|restoring| restoring.verdict()) {
            Some(Ok(passing)) if replaces || !passing.is_empty() => {
                effects.push(Effect::ReplaceResponseBody(passing));
            }
            Some(Err(refusal)) => self.withhold(Vec::new(), &refusal, effects),
            None if replaces => effects.push(Effect::ReplaceResponseBody(Vec::new())),
            Some(Ok(_)) | None => {}
        }
    }
}
