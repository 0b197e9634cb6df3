//! Where the policy has a request screened (see [`crate::engine::content`]): after it was read, and before anything of
//! it is counted, reserved or noted; and its answer, after it was metered. It knows neither what is looked for nor how.

use std::borrow::Cow;
use std::rc::Rc;

use super::{Phase, Policy, set_response_header};
use crate::dialect::Surface;
use crate::dialect::request::{self, Inspection};
use crate::engine::content::answer::Restoring;
use crate::engine::content::prompt::{self, Screened};
use crate::engine::effect::{Effect, Flow};
use crate::engine::refusal::Refusal;
use crate::observe::record::Outcome;

/// The header of an answer that names a rule which its request breaks.
pub(super) const GUARD_HEADER: &str = "x-tollgate-guard";

impl Policy {
    /// Screens a body that was read as `request`, with what the path says of it. What goes on, read anew where it is not
    /// the client's own.
    pub(super) fn screen<'a>(
        &mut self,
        surface: Surface,
        addressed: Option<&str>,
        request: Inspection,
        body: &'a [u8],
        effects: &mut Vec<Effect>,
    ) -> Result<(Inspection, Cow<'a, [u8]>), Refusal> {
        let team = self.record.caller.as_ref().map(|caller| caller.team.as_str()).unwrap_or_default();
        let Some(screen) = self.gateway.content.of(team) else { return Ok((request, Cow::Borrowed(body))) };
        let Screened { body: changed, vault, blocked, tally } = prompt::screen(&screen, body);
        let sent = changed.as_deref().unwrap_or(body);
        // Embeddings are numbers.
        let dialect = surface.dialect().filter(|_| surface != Surface::Embeddings);
        let answers = dialect.and_then(|dialect| screen.answers(dialect, sent));
        self.record.found = (!tally.is_empty()).then(|| Rc::new(tally));
        if let Some(blocked) = blocked {
            return Err(Refusal::ContentBlocked(blocked));
        }
        let hearing = dialect.and_then(|_| self.hearing(surface, &screen, &request.model));
        self.restoring = Restoring::screened(vault, answers, hearing).map(Box::new);
        let Some(changed) = changed else { return Ok((request, Cow::Borrowed(body))) };
        effects.push(Effect::SetRequestHeader(
            Cow::Borrowed("content-length"),
            changed.len().to_string().into_bytes(),
        ));
        effects.push(Effect::ReplaceRequestBody { drain: body.len(), with: changed.clone() });
        // Limits know end users by the client's own name for them.
        let user = request.user;
        let request = request::inspect(surface, addressed, &changed).map_err(Refusal::InvalidRequest)?;
        Ok((Inspection { user, ..request }, Cow::Owned(changed)))
    }

    /// Prepares for an answer of this media type, where values are put back into it or taken out of it; and for a
    /// provider's error, where one has no type.
    pub(super) fn expect_content(&mut self, media_type: Option<&str>, effects: &mut Vec<Effect>) {
        let dialect = self.dialect();
        self.restoring.take_if(|restoring| !restoring.expect(dialect, media_type));
        if self.restoring.is_some() {
            effects.push(Effect::RemoveResponseHeader("content-length".to_owned()));
        }
    }

    /// Whether a provider's error gets values back.
    pub(super) fn expect_error(&mut self, effects: &mut Vec<Effect>) -> bool {
        self.restoring.take_if(|restoring| !restoring.expect_error());
        if self.restoring.is_some() {
            effects.push(Effect::RemoveResponseHeader("content-length".to_owned()));
        }
        self.restoring.is_some()
    }

    /// Whether an answer goes on as it comes, or waits until it is known whether it may; `end_of_stream` where the host has
    /// just come to its end.
    pub(super) fn passage(&mut self, end_of_stream: bool) -> Flow {
        let Some(restoring) = &mut self.restoring else { return Flow::Continue };
        let withheld = restoring.withholds() && matches!(self.phase, Phase::Relaying(_));
        if restoring.stop(end_of_stream) || withheld { Flow::Pause } else { Flow::Continue }
    }

    /// What passes of an answer, `last` where nothing follows.
    pub(super) fn pass(&mut self, passing: Vec<u8>, last: bool, effects: &mut Vec<Effect>) {
        let mut passing = passing;
        if let Some(restoring) = &mut self.restoring {
            passing = restoring.relay(&passing, last);
            if let Some(refusal) = restoring.take_refusal() {
                return self.withhold(passing, &refusal, effects);
            }
            effects.extend(restoring.take_question().map(Effect::Ask));
            if !self.record.streamed && last {
                self.note_answer();
                let found = self.record.found_in_answer.as_ref();
                if let Some(rule) = found.and_then(|found| found.warning.as_deref()) {
                    effects.push(set_response_header(GUARD_HEADER, rule));
                }
            }
        }
        effects.push(Effect::ReplaceResponseBody(passing));
    }

    /// Ends an answer of which no more may pass. It was generated, and is charged as far as it was read.
    pub(super) fn withhold(&mut self, mut passing: Vec<u8>, refusal: &Refusal, effects: &mut Vec<Effect>) {
        let dialect = self.dialect();
        if self.record.streamed {
            passing.extend(refusal.stream_event(dialect));
        } else {
            effects.push(set_response_header(":status", &refusal.status().to_string()));
            effects.push(set_response_header("content-type", "application/json"));
            passing = refusal.body(dialect);
        }
        effects.push(Effect::ReplaceResponseBody(passing));
        self.watched = None;
        if let Phase::Relaying(meter) = &self.phase {
            self.record.metered = meter.metered();
        }
        self.phase = Phase::Cut(Outcome::Refused(refusal.code()));
    }

    /// Notes what was found in the answer so far.
    pub(super) fn note_answer(&mut self) {
        let Some(restoring) = &mut self.restoring else { return };
        let tally = restoring.take_tally();
        if !tally.is_empty() {
            Rc::make_mut(self.record.found_in_answer.get_or_insert_default()).add(tally);
        }
    }
}
