//! Where the policy has a request screened (see [`crate::engine::content`]): after it was read, and before anything of
//! it is counted, reserved or noted. It knows neither what is looked for nor how.

use std::borrow::Cow;
use std::rc::Rc;

use super::Policy;
use crate::dialect::Surface;
use crate::dialect::request::{self, Inspection};
use crate::engine::content::answer::Restoring;
use crate::engine::content::prompt::{self, Screened};
use crate::engine::effect::Effect;
use crate::engine::refusal::Refusal;

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
        self.record.found = (!tally.is_empty()).then(|| Rc::new(tally));
        if let Some(blocked) = blocked {
            return Err(Refusal::ContentBlocked(blocked));
        }
        self.restoring = Restoring::new(vault).map(Box::new);
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
}
