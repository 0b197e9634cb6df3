//! Where a caller is told what needs no provider: how its limits stand, and an operator how the providers do. For that,
//! Envoy's admin interface is asked twice, at two paths that no client chooses, and what it says is told as
//! `tollgate status --json` does.
//!
//! Promises: only keys that are an operator's get there, and to all others it is a path at which nothing is served; nothing
//! of the client's request goes to Envoy's admin interface, and nothing that it sends goes anywhere.
//!
//! Deliberately unknown here: where Envoy's admin interface is, and how it is called.

use super::{Phase, Policy};
use crate::dialect::surface::{Selection, Surface};
use crate::engine::Headers;
use crate::engine::content::external;
use crate::engine::effect::{Effect, Flow, Reply};
use crate::engine::fields::is_steering_header;
use crate::engine::refusal::Refusal;
use crate::identity::caller::Caller;
use crate::observe::record::Outcome;
use crate::observe::status::{CLUSTERS, Clusters, STATS};
use crate::quota::ledger::Standing;

/// So much is read of what Envoy says, in bytes. A cluster takes 1,200 to 1,500 of them.
const LONGEST_ANSWER: usize = 4 << 20;

/// What an operator has asked for, and what is known of it.
pub(super) struct Look {
    /// Envoy's answer to the first question.
    clusters: Option<Clusters>,
}

/// What a request is for, as far as `caller` may know.
pub(super) fn open_to<'a>(selection: Selection<'a>, caller: &Caller) -> Selection<'a> {
    let is_for_operators = selection.surface() == Some(Surface::Status);
    if is_for_operators && !caller.operator { Selection::Nothing } else { selection }
}

/// How much is read of an answer to a question.
pub(super) fn longest_answer(phase: &Phase) -> usize {
    if matches!(phase, Phase::Looking(_)) { LONGEST_ANSWER } else { external::LONGEST_ANSWER }
}

/// Whether more of a request's body may pass that nobody reads.
pub(super) fn passage(phase: &Phase) -> Flow {
    // Such a request has no body, and goes nowhere; one that has some must not get past the policy by it.
    if matches!(phase, Phase::Looking(_)) { Flow::Pause } else { Flow::Continue }
}

impl Policy {
    /// Asks Envoy how the providers do.
    pub(super) fn look(&mut self, headers: &Headers, effects: &mut Vec<Effect>) -> Flow {
        // It goes nowhere. If it did, what the client has written must not say where.
        for (name, _) in headers.named(is_steering_header) {
            effects.push(Effect::RemoveRequestHeader(name.to_owned()));
        }
        effects.push(Effect::AskEnvoy(CLUSTERS));
        self.phase = Phase::Looking(Look { clusters: None });
        Flow::Pause
    }

    /// Envoy has answered, or never will.
    pub(super) fn looked(
        &mut self,
        look: Look,
        status: Option<u16>,
        answer: &[u8],
        effects: &mut Vec<Effect>,
    ) -> Result<Flow, Refusal> {
        if status != Some(200) || answer.len() >= LONGEST_ANSWER {
            return Err(Refusal::StatusUnavailable);
        }
        let Some(clusters) = look.clusters else {
            let clusters = Clusters::read(answer).ok_or(Refusal::StatusUnavailable)?;
            effects.push(Effect::AskEnvoy(STATS));
            self.phase = Phase::Looking(Look { clusters: Some(clusters) });
            return Ok(Flow::Pause);
        };
        let stats = std::str::from_utf8(answer).map_err(|_| Refusal::StatusUnavailable)?;
        let body = serde_json::to_vec(&clusters.status(stats)).map_err(|_| Refusal::StatusUnavailable)?;
        Ok(self.answer(body, effects))
    }

    /// Tells the caller how its limits stand.
    pub(super) fn report(&mut self, standings: &[Option<Vec<Standing>>], effects: &mut Vec<Effect>) -> Flow {
        match std::mem::replace(&mut self.phase, Phase::Arriving) {
            Phase::Reporting(applied) => self.answer(applied.report(standings), effects),
            phase => {
                self.phase = phase;
                Flow::Continue
            }
        }
    }

    /// Gives an answer that needs no provider.
    pub(super) fn answer(&mut self, body: Vec<u8>, effects: &mut Vec<Effect>) -> Flow {
        let headers = vec![("content-type", "application/json".to_owned())];
        effects.push(Effect::Reply(Reply { status: 200, headers, body }));
        self.phase = Phase::Ended(Outcome::Ok);
        Flow::Pause
    }
}
