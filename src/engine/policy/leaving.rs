//! The way on which a request leaves: to adapters, with a note for them, or straight to the only target of its model, as the
//! provider is to see it (see [`crate::config::compiled::Direct`]).

use std::borrow::Cow;

use super::direct::Direct;
use super::{Phase, Policy};
use crate::config::compiled;
use crate::engine::effect::{Effect, Flow};
use crate::engine::event::Timestamp;
use crate::engine::exchange::Exchange;
use crate::engine::fields::{
    ATTEMPT_TIMEOUT_HEADER, CLIENT_SCHEME_HEADER, CLUSTER_HEADER, REQUEST_TIMEOUT_HEADER,
};
use crate::engine::headers::Headers;
use crate::engine::meter::Meter;
use crate::engine::outgoing;
use crate::engine::spending::{Model, Spending};
use crate::framing::edit;

/// How a request leaves.
pub(super) enum Way {
    /// By attempts that adapters make.
    Noted(Box<Exchange>),
    /// By attempts at one target, with these headers.
    Direct(Headers, Box<Direct>),
}

impl Way {
    /// The way of a request for `model`, whose answer is `streamed` or not. Where that is straight, its body is edited at
    /// once: the host's callback for the body is the place for it, and a request that waits is not read again.
    pub(super) fn of(
        model: &Model,
        note: Exchange,
        streamed: bool,
        body: &[u8],
        effects: &mut Vec<Effect>,
    ) -> Self {
        match straight(&model.config, &note, streamed, body, effects) {
            Some(headers) => {
                Self::Direct(headers, Box::new(Direct::new(&model.patience, &model.config, &note)))
            }
            None => Self::Noted(Box::new(note.with_head(body))),
        }
    }
}

/// The headers of a request that needs no adapter, whose body is edited by `effects`; `None` for one that needs it.
fn straight(
    model: &compiled::Model,
    note: &Exchange,
    streamed: bool,
    body: &[u8],
    effects: &mut Vec<Effect>,
) -> Option<Headers> {
    let direct = model.direct.as_deref().filter(|direct| direct.streams || !streamed)?;
    let provider = &direct.provider;
    // What needs the client's own body again is more than edits in place, and rare.
    if !provider.serves(note.surface) || note.original.is_some() {
        return None;
    }
    let name = &direct.target.model;
    let mut edits = outgoing::edits(provider, name, note)?;
    let length = note.body_length.saturating_add_signed(edit::growth(&edits));
    let path = outgoing::path(provider, name, note);
    let mut headers = outgoing::fields(provider, true, note, &path, length);
    headers.push(CLIENT_SCHEME_HEADER, outgoing::scheme(provider));
    headers.push(CLUSTER_HEADER, direct.cluster.as_str());
    headers.push_number(ATTEMPT_TIMEOUT_HEADER, model.attempt_timeout_ms);
    if let Some(total) = model.total_timeout_ms {
        headers.push_number(REQUEST_TIMEOUT_HEADER, total);
    }
    if !edits.is_empty() {
        let drain = edit::reach(&edits);
        let with = edit::apply(&mut edits, body)?;
        effects.push(Effect::ReplaceRequestBody { drain, with });
    }
    Some(headers)
}

impl Policy {
    /// Sends the request on its way.
    pub(super) fn forward(
        &mut self,
        way: Way,
        meter: Meter,
        at: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Flow {
        let Some(model) = self.spending.as_ref().map(Spending::model) else { return Flow::Pause };
        let total = model.total_timeout_ms;
        match way {
            Way::Noted(note) => {
                let deposit = self.shared.desk.leave(*note);
                let set =
                    |name: &'static str, value: Vec<u8>| Effect::SetRequestHeader(Cow::Borrowed(name), value);
                effects.extend([
                    set(CLUSTER_HEADER, model.cluster.clone().into_bytes()),
                    set(ATTEMPT_TIMEOUT_HEADER, model.attempt_timeout_ms.to_string().into_bytes()),
                    Effect::PublishTicket(deposit.ticket().to_vec()),
                    Effect::ChooseRoute,
                ]);
                if let Some(total) = total {
                    effects.push(set(REQUEST_TIMEOUT_HEADER, total.to_string().into_bytes()));
                }
                self.deposit = Some(deposit);
            }
            Way::Direct(headers, mut direct) => {
                direct.leave(model, at);
                effects.extend([Effect::ReplaceRequestHeaders(headers), Effect::ChooseRoute]);
                self.direct = Some(direct);
            }
        }
        self.phase = Phase::Forwarded(meter.limited(total, at));
        Flow::Continue
    }
}
