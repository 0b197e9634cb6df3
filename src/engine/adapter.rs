//! The adapter role: once per attempt, upstream, in the provider's dialect.
//!
//! Envoy has picked an endpoint; its metadata say which provider and which model. The adapter builds the
//! request that this provider is to see: its headers from nothing, so that no header of the client, of
//! another attempt or of the gateway itself can slip through; the one credential; the body with the model's
//! name replaced in place.
//!
//! A provider of another dialect gets the client's request translated ([`super::translation`]), and its answer is
//! translated back, so that the policy sees one dialect only.
//!
//! What an attempt writes into the headers is still there at the next attempt, so everything is rebuilt each
//! time from the policy's note, and the credential is the one thing read from the request.
//!
//! Deliberately unknown here: callers, keys, teams, logical models.

use std::borrow::Cow;
use std::rc::Rc;

use super::Role;
use super::effect::{Effect, Flow, Reply};
use super::elsewhere::Scales;
use super::event::{Attempt, Event, Timestamp};
use super::exchange::{Desk, Exchange};
use super::fields::{LATE, UNANSWERED_HEADER};
use super::headers::Headers;
use super::judge::Judge;
use super::outgoing;
use super::refusal::{Refusal, Unsupported};
use super::signing;
use super::translation::{self, Translation};
use crate::config::compiled::{self, Provider, credential_header};
use crate::dialect::translate::Support;
use crate::framing::edit::{self, Edit};

/// Marks a refusal by this role; the policy puts it into the client's words.
pub const REFUSAL_HEADER: &str = "x-tollgate-refusal";

/// The provider's credential has no value.
pub const CREDENTIAL_UNAVAILABLE: &str = "credential_unavailable";

/// What the note says.
const NOTED: &str = "noted";

/// The gateway's two halves do not fit together.
const INCONSISTENT: &str = "inconsistent";

/// One attempt.
#[derive(Debug)]
pub struct Adapter {
    config: Rc<compiled::Adapter>,
    desk: Desk,
    phase: Phase,
    /// What weighs the answer first, where a provider's objection leads elsewhere.
    scales: Option<Scales>,
    /// When the answer must have begun, where Envoy does not see to that.
    due: Option<Timestamp>,
}

#[derive(Debug)]
enum Phase {
    /// Nothing was seen yet.
    Arriving,
    /// The headers are done; the body is awaited, of which the first bytes are known perhaps.
    Editing { edits: Vec<Edit>, exchange: Rc<Exchange> },
    /// The request is done; whether the answer is one shows at its beginning.
    Judging { judge: Judge, exchange: Rc<Exchange> },
    /// The request goes out translated, of which the body has not gone yet perhaps; the answer is translated back.
    Translating { body: Option<Vec<u8>>, translation: Box<Translation>, exchange: Rc<Exchange> },
    /// Nothing is left to do.
    Passing,
}

/// What the body of an attempt becomes.
struct Rewritten {
    path: Cow<'static, str>,
    length: u64,
    phase: Phase,
}

/// Why an attempt cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    CredentialUnavailable,
    /// The note says why.
    Noted,
    Inconsistent,
}

impl Adapter {
    /// An attempt that is about to start.
    #[must_use]
    pub const fn new(config: Rc<compiled::Adapter>, desk: Desk) -> Self {
        Self { config, desk, phase: Phase::Arriving, scales: None, due: None }
    }

    fn request_headers(
        &mut self,
        headers: &Headers,
        attempt: Option<&Attempt>,
        now: Timestamp,
    ) -> Result<Headers, Fault> {
        let attempt = attempt.ok_or(Fault::Inconsistent)?;
        let target = attempt.target.as_deref().ok_or(Fault::Inconsistent)?;
        let ticket = attempt.ticket.as_deref().ok_or(Fault::Inconsistent)?;
        let exchange = self.desk.fetch(ticket).ok_or(Fault::Inconsistent)?;
        let (name, model) = target.split_once('/').ok_or(Fault::Inconsistent)?;
        // In the moment of a reload, a chain may have a target that it had not when the request was let through.
        if exchange.restricted && !exchange.turns.knows(target) {
            return Err(Fault::Inconsistent);
        }
        exchange.turns.begin(target, now);
        self.due = exchange.time(target).map(|time| now.after(time));
        let provider = self.config.providers.get(name).ok_or(Fault::Inconsistent)?;
        self.scales = Scales::of(&exchange, provider.api.dialect());
        let passes = provider.serves(exchange.surface);
        let rewritten = if passes {
            edited(provider, model, &exchange)?
        } else {
            translated((name, provider), model, &exchange)?
        };
        let Rewritten { path, length, .. } = &rewritten;
        let mut built = outgoing::fields(provider, passes, &exchange, path, *length);
        match (&provider.signing, &rewritten.phase) {
            (None, _) => authorize(provider, headers, &mut built)?,
            (Some(signing), Phase::Translating { body: Some(body), .. }) => {
                signing::sign(signing, headers, &mut built, body, now).ok_or(Fault::CredentialUnavailable)?;
            }
            // Nobody speaks to such a provider in its own dialect, so there is a body to sign.
            (Some(_), _) => return Err(Fault::Inconsistent),
        }
        self.phase = rewritten.phase;
        Ok(built)
    }

    /// Notes what became of the attempt.
    fn judged(&self, effects: &[Effect]) {
        match &self.phase {
            Phase::Judging { exchange, .. } | Phase::Translating { exchange, .. } => {
                exchange.turns.judged(effects);
            }
            Phase::Arriving | Phase::Editing { .. } | Phase::Passing => {}
        }
    }
}

/// The client's own body, with the model's name replaced, or what stands for it.
fn edited(provider: &Provider, model: &str, exchange: &Rc<Exchange>) -> Result<Rewritten, Fault> {
    let edits = outgoing::edits(provider, model, exchange).ok_or(Fault::Inconsistent)?;
    Ok(Rewritten {
        path: outgoing::path(provider, model, exchange),
        length: exchange.body_length.saturating_add_signed(edit::growth(&edits)),
        phase: if edits.is_empty() {
            let judge = Judge::new(exchange.surface);
            Phase::Judging { judge, exchange: Rc::clone(exchange) }
        } else {
            Phase::Editing { edits, exchange: Rc::clone(exchange) }
        },
    })
}

/// The first bytes of the client's body, from where they are at hand.
fn source<'a>(exchange: &'a Exchange, reach: usize, buffered: &'a [u8]) -> &'a [u8] {
    match (&exchange.head, &exchange.original) {
        (Some(head), _) if head.len() >= reach => head,
        (Some(_), Some(original)) => &original.body.0,
        _ => buffered,
    }
}

/// The client's request in the provider's dialect.
fn translated(provider: (&str, &Provider), model: &str, exchange: &Rc<Exchange>) -> Result<Rewritten, Fault> {
    let note = |refusal| {
        // An earlier attempt was refused for the same reason, or there was none.
        let _ = exchange.refused.set(refusal);
        Fault::Noted
    };
    let surface = exchange.surface;
    if provider.1.support(surface, model) == Support::Refuse {
        return Err(note(Refusal::Unsupported(Unsupported::Surface(surface))));
    }
    let original = exchange.original.as_ref().ok_or(Fault::Inconsistent)?;
    let (request, translation) =
        translation::start(surface, provider, model, original, exchange.betas()).map_err(note)?;
    Ok(Rewritten {
        path: request.path.into(),
        length: request.body.len() as u64,
        phase: Phase::Translating {
            body: Some(request.body),
            translation: Box::new(translation),
            exchange: Rc::clone(exchange),
        },
    })
}

/// Attaches the one credential of the provider, which Envoy has put into a header of its own.
fn authorize(provider: &Provider, headers: &Headers, built: &mut Headers) -> Result<(), Fault> {
    let Some(name) = &provider.credential else { return Ok(()) };
    let value = headers.get(&credential_header(name)).unwrap_or_default().trim_ascii();
    if value.is_empty() {
        return Err(Fault::CredentialUnavailable);
    }
    let (field, prefix) = provider.credential_field();
    built.push(field, [prefix.as_bytes(), value].concat());
    Ok(())
}

/// What an answer is given whose time is over before it has begun.
pub(super) fn late() -> [Effect; 2] {
    let status = Refusal::ProviderTimeout.status().to_string().into_bytes();
    [
        Effect::SetResponseHeader(Cow::Borrowed(":status"), status),
        Effect::SetResponseHeader(Cow::Borrowed(UNANSWERED_HEADER), LATE.to_vec()),
    ]
}

impl Role for Adapter {
    fn wanted_request_headers(&self, attempt: Option<&Attempt>) -> Option<Vec<String>> {
        let (name, _) = attempt?.target.as_deref()?.split_once('/')?;
        Some(self.config.providers.get(name)?.credentials().map(credential_header).collect())
    }

    fn needs_time(&self, attempt: &Attempt) -> bool {
        let target = attempt.target.as_deref().unwrap_or_default();
        let name = target.split_once('/').map(|(name, _)| name);
        let provider = name.and_then(|name| self.config.providers.get(name));
        let note = attempt.ticket.as_deref().and_then(|ticket| self.desk.fetch(ticket));
        provider.is_some_and(|provider| provider.signing.is_some())
            || note.is_some_and(|note| note.elsewhere.is_some() || note.time(target).is_some())
    }

    fn due(&self) -> Option<Timestamp> {
        self.due
    }

    fn wanted_request_bytes(&self, buffered: usize, _end_of_stream: bool) -> usize {
        match &self.phase {
            Phase::Editing { edits, exchange }
                if exchange.head.is_none() && edit::reach(edits) <= buffered =>
            {
                edit::reach(edits)
            }
            _ => 0,
        }
    }

    fn wants_response_body(&self) -> bool {
        if self.scales.as_ref().is_some_and(Scales::wants_body) {
            return true;
        }
        match &self.phase {
            Phase::Judging { judge, .. } => judge.wants_body(),
            Phase::Translating { .. } => true,
            Phase::Arriving | Phase::Editing { .. } | Phase::Passing => false,
        }
    }

    fn is_open(&self) -> bool {
        false
    }

    fn handle(&mut self, event: Event<'_>, now: Timestamp, effects: &mut Vec<Effect>) -> Flow {
        let fault = match event {
            Event::RequestHeaders { headers, attempt, end_of_stream: false } => {
                match self.request_headers(&headers, attempt, now) {
                    Ok(built) => {
                        effects.push(Effect::ReplaceRequestHeaders(built));
                        if let Phase::Translating { translation, .. } = &mut self.phase {
                            translation.count_losses(effects);
                        }
                        return Flow::Continue;
                    }
                    Err(fault) => fault,
                }
            }
            // Every request that reaches a provider has a body.
            Event::RequestHeaders { .. } => Fault::Inconsistent,
            Event::RequestBody { bytes, end_of_stream, buffered } => {
                if let Phase::Translating { body, .. } = &mut self.phase {
                    // The first piece becomes the whole body, the others nothing: none is held back for it.
                    let with = body.take().unwrap_or_default();
                    // Where trailers follow, nothing is there at the end.
                    if buffered > 0 || !with.is_empty() {
                        effects.push(Effect::ReplaceRequestBody { drain: buffered, with });
                    }
                    return Flow::Continue;
                }
                let Phase::Editing { edits, exchange } = &mut self.phase else { return Flow::Continue };
                let drain = edit::reach(edits);
                if buffered < drain && !end_of_stream {
                    return Flow::Pause;
                }
                match edit::apply(edits, source(exchange, drain, bytes)) {
                    Some(with) => {
                        effects.push(Effect::ReplaceRequestBody { drain, with });
                        let exchange = Rc::clone(exchange);
                        self.phase = Phase::Judging { judge: Judge::new(exchange.surface), exchange };
                        return Flow::Continue;
                    }
                    None => Fault::Inconsistent,
                }
            }
            Event::ResponseHeaders { headers, end_of_stream, local: _ } => {
                if headers.get(UNANSWERED_HEADER).is_some() {
                    // There is nothing to read, and Envoy's words are for nobody.
                    self.phase = Phase::Passing;
                }
                let flow = match &mut self.phase {
                    Phase::Judging { judge, exchange } => {
                        exchange.turns.answered(&headers);
                        effects.extend(exchange.turns.wait(&headers));
                        judge.headers(&headers, end_of_stream, effects)
                    }
                    Phase::Translating { translation, exchange, .. } => {
                        exchange.turns.answered(&headers);
                        effects.extend(exchange.turns.wait(&headers));
                        translation.headers(&headers, end_of_stream, effects)
                    }
                    _ => Flow::Continue,
                };
                let scales = self.scales.as_mut();
                let held = scales.is_some_and(|scales| scales.headers(&headers, end_of_stream, effects));
                self.judged(effects);
                return if held { Flow::Pause } else { flow };
            }
            Event::Overdue => {
                // Envoy goes on to the next attempt by this; where there is none, the policy answers.
                effects.extend(late());
                if let Some(scales) = &mut self.scales {
                    scales.late(effects);
                }
                self.judged(effects);
                self.phase = Phase::Passing;
                return Flow::Continue;
            }
            Event::ResponseBody { chunk, end_of_stream } => {
                if self.scales.as_ref().is_some_and(|scales| scales.holds(chunk, end_of_stream)) {
                    return Flow::Pause;
                }
                let flow = match &mut self.phase {
                    Phase::Judging { judge, .. } => judge.body(chunk, end_of_stream, effects),
                    Phase::Translating { translation, .. } => translation.body(chunk, end_of_stream, effects),
                    _ => Flow::Continue,
                };
                let leaves = self.scales.as_mut().is_some_and(|scales| scales.body(chunk, effects));
                self.judged(effects);
                return if leaves { Flow::Continue } else { flow };
            }
            Event::Answered { .. }
            | Event::Reserved(_)
            | Event::Turn
            | Event::Settled(_)
            | Event::Limits(_)
            | Event::Done { .. } => return Flow::Continue,
        };
        let (reason, status) = match fault {
            Fault::CredentialUnavailable => (CREDENTIAL_UNAVAILABLE, Refusal::CredentialUnavailable.status()),
            Fault::Noted => (NOTED, 400),
            Fault::Inconsistent => (INCONSISTENT, Refusal::Internal.status()),
        };
        self.phase = Phase::Passing;
        effects.push(Effect::Reply(Reply {
            status,
            headers: vec![(REFUSAL_HEADER, reason.to_owned())],
            // The policy replaces it, and can replace only what is there.
            body: reason.as_bytes().to_vec(),
        }));
        Flow::Pause
    }
}
