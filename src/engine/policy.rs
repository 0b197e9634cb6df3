//! The policy role: once per request, downstream, in the client's dialect.
//!
//! Identifies the caller, reads the body, resolves the logical model, sends the request on its way, and
//! meters what comes back. Every way out of it ends in [`Event::Done`], where the request is settled exactly
//! once: its metrics and its line in the access log.
//!
//! Deliberately unknown here: providers' hosts, credentials, dialects other than the client's, and how
//! attempts are made.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::effect::{Effect, Flow, Reply};
use super::event::{Attempt, Event, Timestamp};
use super::exchange::{Deposit, Desk, Exchange, PASSED_ON};
use super::headers::Headers;
use super::meter::Meter;
use super::refusal::Refusal;
use super::{Role, adapter};
use crate::config::compiled::{self, Model};
use crate::dialect::openai;
use crate::dialect::openai::request::{self, Delivery};
use crate::dialect::surface::{Selection, Surface};
use crate::identity::caller::{CREDENTIAL_HEADERS, Caller, Directory, Unidentified};
use crate::observe::record::{Outcome, Record};
use crate::route::{self, Unroutable};

/// The request header by which Envoy's route picks the cluster. Private to the gateway.
pub const CLUSTER_HEADER: &str = "x-tollgate-cluster";

/// Envoy's limit on one attempt until its response headers (router filter, "HTTP request headers consumed").
const ATTEMPT_TIMEOUT_HEADER: &str = "x-envoy-upstream-rq-per-try-timeout-ms";

/// The response headers that tell the client who served it. Envoy writes them (rendered into the route), over
/// whatever a provider has put there, before the policy sees the answer.
pub const SERVED_BY: ServedBy = ServedBy {
    model: "x-tollgate-model",
    provider: "x-tollgate-provider",
    provider_model: "x-tollgate-provider-model",
    attempts: "x-tollgate-attempts",
};

/// See [`SERVED_BY`].
#[derive(Clone, Copy, Debug)]
pub struct ServedBy {
    /// The logical model.
    pub model: &'static str,
    /// The provider that was tried last.
    pub provider: &'static str,
    /// The provider's own name of the model.
    pub provider_model: &'static str,
    /// How many attempts there were.
    pub attempts: &'static str,
}

impl ServedBy {
    fn names(&self, name: &str) -> bool {
        [self.model, self.provider, self.provider_model, self.attempts].contains(&name)
    }
}

/// Header fields that only the gateway and Envoy may set. A client's are dropped before anything reads them;
/// a provider's before the client does.
const RESERVED_PREFIXES: [&str; 2] = ["x-tollgate-", "x-envoy-"];

/// What a provider says to its own customer, which is the operator and not the client: accounts, sessions,
/// and limits that are not the client's.
///
/// Envoy's route takes them out, which costs less than asking the host for each. Of [`PRIVATE_RESPONSE_PREFIXES`]
/// there may be others, which the policy takes out.
pub const PRIVATE_RESPONSE_HEADERS: [&str; 11] = [
    "set-cookie",
    "openai-organization",
    "openai-project",
    "alt-svc",
    "strict-transport-security",
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
];
const PRIVATE_RESPONSE_PREFIXES: [&str; 2] = ["x-ratelimit-", "access-control-"];

/// What all requests share: the configuration, ready for use.
#[derive(Debug)]
pub struct Gateway {
    max_request_body: u64,
    models: BTreeMap<String, Model>,
    directory: Directory,
}

impl Gateway {
    /// Prepares a configuration.
    #[must_use]
    pub fn new(config: compiled::Policy) -> Self {
        let compiled::Policy { max_request_body, models, keys, .. } = config;
        Self { max_request_body, models, directory: Directory::new(keys) }
    }
}

/// One request.
pub struct Policy {
    gateway: Rc<Gateway>,
    desk: Desk,
    /// The note for the adapter, for as long as attempts may be made.
    deposit: Option<Deposit>,
    phase: Phase,
    started: Timestamp,
    /// Filled as the facts become known; read only when the request is over.
    record: Record,
}

enum Phase {
    /// Nothing was seen yet.
    Arriving,
    /// The caller is known; the body is being buffered.
    Reading { surface: Surface, caller: Rc<Caller>, passed_on: Vec<(String, Vec<u8>)> },
    /// The request is on its way; nothing came back yet.
    Forwarded(Meter),
    /// A provider's answer passes.
    Relaying(Meter),
    /// Envoy answered by itself; its body is replaced by one in the client's dialect.
    Explaining { body: Vec<u8>, outcome: Outcome },
    /// The answer is complete, or the gateway gave it.
    Ended(Outcome),
}

impl Policy {
    /// A request that is about to arrive.
    #[must_use]
    pub fn new(gateway: Rc<Gateway>, desk: Desk) -> Self {
        Self {
            gateway,
            desk,
            deposit: None,
            phase: Phase::Arriving,
            started: Timestamp::default(),
            record: Record::default(),
        }
    }

    fn request_headers(
        &mut self,
        headers: &Headers,
        end_of_stream: bool,
        effects: &mut Vec<Effect>,
    ) -> Result<Flow, Refusal> {
        self.record.request_id = headers.text("x-request-id").map(str::to_owned);
        let caller = self
            .gateway
            .directory
            .identify(headers.iter(), self.started.unix_seconds())
            .map_err(Refusal::from)?;
        self.record.caller = Some(Rc::clone(&caller));
        let method = headers.text(":method").unwrap_or_default();
        let surface = match Surface::select(method, headers.text(":path").unwrap_or_default()) {
            Selection::Surface(Surface::Models) => {
                self.record.surface = Some(Surface::Models);
                let names = route::available(&self.gateway.models, &caller.models);
                let body = openai::models::list(names);
                return Ok(self.answer(body, effects));
            }
            Selection::Model(name) => {
                self.record.surface = Some(Surface::Models);
                route::resolve(&self.gateway.models, &caller.models, name)
                    .map_err(|reason| unroutable(reason, name))?;
                return Ok(self.answer(openai::models::one(name), effects));
            }
            Selection::Surface(surface) => surface,
            Selection::WrongMethod(allowed) => return Err(Refusal::MethodNotAllowed { allowed }),
            Selection::Nothing => return Err(Refusal::UnknownEndpoint),
        };
        self.record.surface = Some(surface);
        if headers.media_type().as_deref() != Some("application/json") {
            return Err(Refusal::UnsupportedMediaType);
        }
        if headers.get("content-encoding").is_some_and(|encoding| encoding != b"identity") {
            return Err(Refusal::UnsupportedEncoding);
        }
        let announced = headers.text("content-length").and_then(|length| length.parse().ok());
        self.check_length(announced.unwrap_or(0))?;
        for (name, _) in headers.iter().filter(|(name, _)| is_private_request_header(name)) {
            effects.push(Effect::RemoveRequestHeader(name.to_owned()));
        }
        let passed_on = headers
            .iter()
            .filter(|(name, _)| PASSED_ON.contains(name))
            .map(|(name, value)| (name.to_owned(), value.to_vec()))
            .collect();
        if end_of_stream {
            return self.forward(surface, &caller, passed_on, b"", effects);
        }
        self.phase = Phase::Reading { surface, caller, passed_on };
        Ok(Flow::Pause)
    }

    fn check_length(&self, length: u64) -> Result<(), Refusal> {
        let limit = self.gateway.max_request_body;
        if length > limit { Err(Refusal::RequestTooLarge { limit }) } else { Ok(()) }
    }

    /// Reads the whole body and sends the request on its way.
    fn forward(
        &mut self,
        surface: Surface,
        caller: &Caller,
        passed_on: Vec<(String, Vec<u8>)>,
        body: &[u8],
        effects: &mut Vec<Effect>,
    ) -> Result<Flow, Refusal> {
        let request = request::inspect(surface, body).map_err(Refusal::InvalidRequest)?;
        let model = route::resolve(&self.gateway.models, &caller.models, &request.model)
            .map_err(|reason| unroutable(reason, &request.model))?;
        let meter =
            Meter::new(surface, request.prompt_bytes, matches!(request.delivery, Delivery::Stream(_)));
        self.record.streamed = request.delivery != Delivery::Whole;
        let usage = match request.delivery {
            Delivery::Stream(edit) => Some(edit),
            Delivery::Whole | Delivery::StreamWithUsage => None,
        };
        let reach = usage.as_ref().map_or(0, |edit| edit.span.end).max(request.model_span.end);
        let exchange = Exchange {
            surface,
            body_length: body.len() as u64,
            model: request.model_span,
            usage,
            passed_on,
            head: Exchange::head_of(body, reach),
        };
        let deposit = self.desk.leave(exchange);
        let set = |name: &'static str, value: Vec<u8>| Effect::SetRequestHeader(Cow::Borrowed(name), value);
        effects.extend([
            set(CLUSTER_HEADER, model.cluster.clone().into_bytes()),
            set(ATTEMPT_TIMEOUT_HEADER, model.attempt_timeout_ms.to_string().into_bytes()),
            Effect::PublishTicket(deposit.ticket().to_vec()),
            Effect::ChooseRoute,
        ]);
        self.deposit = Some(deposit);
        self.record.model = Some(request.model);
        self.phase = Phase::Forwarded(meter);
        Ok(Flow::Continue)
    }

    /// Gives an answer that needs no provider.
    fn answer(&mut self, body: Vec<u8>, effects: &mut Vec<Effect>) -> Flow {
        let headers = vec![("content-type", "application/json".to_owned())];
        effects.push(Effect::Reply(Reply { status: 200, headers, body }));
        self.phase = Phase::Ended(Outcome::Ok);
        Flow::Pause
    }

    fn refuse(&mut self, refusal: &Refusal, effects: &mut Vec<Effect>) -> Flow {
        // What was asked for before the refusal would be done for nothing.
        effects.clear();
        effects.push(Effect::Reply(refusal.reply()));
        self.phase = Phase::Ended(Outcome::Refused(refusal.code()));
        Flow::Pause
    }

    fn response_headers(
        &mut self,
        headers: &Headers,
        local: bool,
        end_of_stream: bool,
        effects: &mut Vec<Effect>,
    ) {
        let meter = match std::mem::replace(&mut self.phase, Phase::Arriving) {
            Phase::Forwarded(meter) => Some(meter),
            // Nothing went on, so it is Envoy that answers: the body came too slowly, or was too large for it.
            Phase::Reading { .. } => None,
            // The gateway's own reply on its way out.
            phase => {
                self.phase = phase;
                return;
            }
        };
        self.deposit = None;
        self.record.attempts =
            headers.text(SERVED_BY.attempts).and_then(|count| count.parse().ok()).unwrap_or(0);
        let named = |name| headers.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
        self.record.provider = named(SERVED_BY.provider);
        self.record.provider_model = named(SERVED_BY.provider_model);
        let status = headers.status().unwrap_or(0);
        for (name, _) in headers.iter().filter(|(name, _)| is_private_response_header(name)) {
            effects.push(Effect::RemoveResponseHeader(name.to_owned()));
        }
        let Some(mut meter) = meter.filter(|_| !local) else {
            let refusal = match headers.text(adapter::REFUSAL_HEADER) {
                Some(adapter::CREDENTIAL_UNAVAILABLE) => Refusal::CredentialUnavailable,
                Some(_) => Refusal::Internal,
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
            let streamed = meter.expect(headers.media_type().as_deref());
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

    fn response_body(
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
                if let Some(replacement) = relayed.replacement {
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
            Phase::Arriving | Phase::Reading { .. } | Phase::Forwarded(_) | Phase::Ended(_) => {}
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
    fn settle(&mut self, client_gone: bool, own_time: Duration, now: Timestamp, effects: &mut Vec<Effect>) {
        let broken = if client_gone { Outcome::Abandoned } else { Outcome::Interrupted };
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
            Phase::Arriving | Phase::Reading { .. } => broken,
        };
        self.record.duration = now.since(self.started);
        self.record.own_time = own_time;
        effects.extend(self.record.measurements().into_iter().map(Effect::Measure));
        effects.push(Effect::WriteAccessLog(self.record.access_log()));
    }
}

impl Role for Policy {
    fn wanted_request_headers(&self, _attempt: Option<&Attempt>) -> Option<Vec<String>> {
        None
    }

    fn wanted_request_bytes(&self, buffered: usize, end_of_stream: bool) -> usize {
        if end_of_stream && matches!(self.phase, Phase::Reading { .. }) { buffered } else { 0 }
    }

    fn wants_response_body(&self) -> bool {
        matches!(self.phase, Phase::Relaying(_) | Phase::Explaining { .. })
    }

    fn is_open(&self) -> bool {
        !matches!(self.phase, Phase::Ended(_))
    }

    fn handle(&mut self, event: Event<'_>, now: Timestamp, effects: &mut Vec<Effect>) -> Flow {
        let step = match event {
            Event::RequestHeaders { headers, end_of_stream, attempt: _ } => {
                self.started = now;
                self.request_headers(&headers, end_of_stream, effects)
            }
            Event::RequestBody { bytes, buffered, end_of_stream } => {
                match std::mem::replace(&mut self.phase, Phase::Arriving) {
                    Phase::Reading { surface, caller, passed_on } => match self.check_length(buffered as u64)
                    {
                        Err(refusal) => Err(refusal),
                        Ok(()) if end_of_stream => self.forward(surface, &caller, passed_on, bytes, effects),
                        Ok(()) => {
                            self.phase = Phase::Reading { surface, caller, passed_on };
                            Ok(Flow::Pause)
                        }
                    },
                    phase => {
                        self.phase = phase;
                        Ok(Flow::Continue)
                    }
                }
            }
            Event::ResponseHeaders { headers, local, end_of_stream } => {
                self.response_headers(&headers, local, end_of_stream, effects);
                Ok(Flow::Continue)
            }
            Event::ResponseBody { chunk, end_of_stream } => {
                self.response_body(chunk, end_of_stream, now, effects);
                Ok(Flow::Continue)
            }
            Event::Done { client_gone, own_time } => {
                self.settle(client_gone, own_time, now, effects);
                Ok(Flow::Continue)
            }
        };
        step.unwrap_or_else(|refusal| self.refuse(&refusal, effects))
    }
}

impl From<Unidentified> for Refusal {
    fn from(reason: Unidentified) -> Self {
        match reason {
            Unidentified::Missing => Self::MissingKey,
            Unidentified::Duplicate => Self::DuplicateCredentials,
            Unidentified::Invalid => Self::InvalidKey,
            Unidentified::Revoked => Self::KeyRevoked,
            Unidentified::Expired => Self::KeyExpired,
        }
    }
}

fn unroutable(reason: Unroutable, model: &str) -> Refusal {
    match reason {
        Unroutable::NotFound => Refusal::ModelNotFound(model.to_owned()),
        Unroutable::NotAllowed => Refusal::ModelNotAllowed(model.to_owned()),
    }
}

fn set_response_header(name: &'static str, value: &str) -> Effect {
    Effect::SetResponseHeader(Cow::Borrowed(name), value.as_bytes().to_vec())
}

fn is_reserved(name: &str) -> bool {
    RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn is_private_request_header(name: &str) -> bool {
    is_reserved(name) || CREDENTIAL_HEADERS.contains(&name)
}

fn is_private_response_header(name: &str) -> bool {
    (is_reserved(name) && !SERVED_BY.names(name))
        || PRIVATE_RESPONSE_HEADERS.contains(&name)
        || PRIVATE_RESPONSE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
