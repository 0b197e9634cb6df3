//! The adapter role: once per attempt, upstream, in the provider's dialect.
//!
//! Envoy has picked an endpoint; its metadata say which provider and which model. The adapter builds the
//! request that this provider is to see: its headers from nothing, so that no header of the client, of
//! another attempt or of the gateway itself can slip through; the one credential; the body with the model's
//! name replaced in place.
//!
//! What an attempt writes into the headers is still there at the next attempt, so everything is rebuilt each
//! time from the policy's note, and the credential is the one thing read from the request.
//!
//! Deliberately unknown here: callers, keys, teams, logical models.

use std::rc::Rc;

use super::effect::{Effect, Flow, Reply};
use super::event::{Attempt, Event, Timestamp};
use super::exchange::{Desk, Exchange};
use super::headers::Headers;
use super::{Role, refusal};
use crate::config::compiled::{self, Provider, Scheme, credential_header};
use crate::dialect::{Api, openai};
use crate::framing::edit::{self, Edit};
use crate::framing::json::write_string;

/// Marks a refusal by this role; the policy puts it into the client's words.
pub const REFUSAL_HEADER: &str = "x-tollgate-refusal";

/// The provider's credential has no value.
pub const CREDENTIAL_UNAVAILABLE: &str = "credential_unavailable";

/// The gateway's two halves do not fit together.
const INCONSISTENT: &str = "inconsistent";

/// One attempt.
#[derive(Debug)]
pub struct Adapter {
    config: Rc<compiled::Adapter>,
    desk: Desk,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// Nothing was seen yet.
    Arriving,
    /// The headers are done; the body is awaited, of which the first bytes are known perhaps.
    Editing { edits: Vec<Edit>, exchange: Rc<Exchange> },
    /// Nothing is left to do.
    Passing,
}

/// Why an attempt cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    CredentialUnavailable,
    Inconsistent,
}

impl Adapter {
    /// An attempt that is about to start.
    #[must_use]
    pub const fn new(config: Rc<compiled::Adapter>, desk: Desk) -> Self {
        Self { config, desk, phase: Phase::Arriving }
    }

    fn request_headers(&mut self, headers: &Headers, attempt: Option<&Attempt>) -> Result<Headers, Fault> {
        let attempt = attempt.ok_or(Fault::Inconsistent)?;
        let target = attempt.target.as_deref().ok_or(Fault::Inconsistent)?;
        let ticket = attempt.ticket.as_deref().ok_or(Fault::Inconsistent)?;
        let exchange = self.desk.fetch(ticket).ok_or(Fault::Inconsistent)?;
        let (name, model) = target.split_once('/').ok_or(Fault::Inconsistent)?;
        let provider = self.config.providers.get(name).ok_or(Fault::Inconsistent)?;
        let mut text = Vec::with_capacity(model.len() + 2);
        write_string(&mut text, model);
        let mut edits = vec![Edit { span: exchange.model, text }];
        edits.extend(exchange.usage.clone());
        let length = exchange.body_length.saturating_add_signed(edit::growth(&edits));
        let path = match provider.api {
            Api::OpenAi => openai::path(exchange.surface),
        };
        let mut built = Headers::default();
        built.push(":method", exchange.surface.method());
        built.push(
            ":scheme",
            match provider.scheme {
                Scheme::Http => "http",
                Scheme::Https => "https",
            },
        );
        built.push(":authority", provider.authority.as_str());
        built.push(":path", format!("{}{path}", provider.base_path));
        built.push("content-type", "application/json");
        built.push("content-length", length.to_string());
        for (name, value) in &exchange.passed_on {
            built.push(name, value);
        }
        authorize(provider, headers, &mut built)?;
        self.phase = Phase::Editing { edits, exchange };
        Ok(built)
    }
}

/// Attaches the one credential of the provider, which Envoy has put into a header of its own.
fn authorize(provider: &Provider, headers: &Headers, built: &mut Headers) -> Result<(), Fault> {
    let Some(name) = &provider.credential else { return Ok(()) };
    let value = headers.get(&credential_header(name)).unwrap_or_default().trim_ascii();
    if value.is_empty() {
        return Err(Fault::CredentialUnavailable);
    }
    match provider.api {
        Api::OpenAi => built.push("authorization", [b"Bearer ", value].concat()),
    }
    Ok(())
}

impl Role for Adapter {
    fn wanted_request_headers(&self, attempt: Option<&Attempt>) -> Option<Vec<String>> {
        let (name, _) = attempt?.target.as_deref()?.split_once('/')?;
        let credential = self.config.providers.get(name)?.credential.as_deref();
        Some(credential.map(credential_header).into_iter().collect())
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
        false
    }

    fn is_open(&self) -> bool {
        false
    }

    fn handle(&mut self, event: Event<'_>, _now: Timestamp, effects: &mut Vec<Effect>) -> Flow {
        let fault = match event {
            Event::RequestHeaders { headers, attempt, end_of_stream: false } => {
                match self.request_headers(&headers, attempt) {
                    Ok(built) => {
                        effects.push(Effect::ReplaceRequestHeaders(built));
                        return Flow::Continue;
                    }
                    Err(fault) => fault,
                }
            }
            // Every request that reaches a provider has a body.
            Event::RequestHeaders { .. } => Fault::Inconsistent,
            Event::RequestBody { bytes, end_of_stream, buffered } => {
                let Phase::Editing { edits, exchange } = &mut self.phase else { return Flow::Continue };
                let drain = edit::reach(edits);
                if buffered < drain && !end_of_stream {
                    return Flow::Pause;
                }
                match edit::apply(edits, exchange.head.as_deref().unwrap_or(bytes)) {
                    Some(with) => {
                        effects.push(Effect::ReplaceRequestBody { drain, with });
                        self.phase = Phase::Passing;
                        return Flow::Continue;
                    }
                    None => Fault::Inconsistent,
                }
            }
            Event::ResponseHeaders { .. }
            | Event::ResponseBody { .. }
            | Event::Reserved(_)
            | Event::Turn
            | Event::Settled(_)
            | Event::Limits(_)
            | Event::Done { .. } => {
                return Flow::Continue;
            }
        };
        let reason = match fault {
            Fault::CredentialUnavailable => CREDENTIAL_UNAVAILABLE,
            Fault::Inconsistent => INCONSISTENT,
        };
        let refusal = match fault {
            Fault::CredentialUnavailable => refusal::Refusal::CredentialUnavailable,
            Fault::Inconsistent => refusal::Refusal::Internal,
        };
        self.phase = Phase::Passing;
        effects.push(Effect::Reply(Reply {
            status: refusal.status(),
            headers: vec![(REFUSAL_HEADER, reason.to_owned())],
            // The policy replaces it, and can replace only what is there.
            body: reason.as_bytes().to_vec(),
        }));
        Flow::Pause
    }
}
