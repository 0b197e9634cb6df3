//! The policy role: once per request, downstream, in the client's dialect.
//!
//! Identifies the caller, reads the body, resolves the logical model, sends the request on its way, and
//! meters what comes back. Every way out of it ends in [`Event::Done`], where the request is settled exactly
//! once: its metrics and its line in the access log.
//!
//! Deliberately unknown here: credentials, dialects other than the client's, and how attempts are made; and providers'
//! hosts, but where a model needs no adapter ([`leaving`]).

mod answer;
mod answering;
mod arrival;
mod asking;
mod content;
mod direct;
mod exhaustion;
mod fitting;
mod leaving;
mod permitted;
mod status;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use self::asking::Asking;
use self::direct::Direct;
use self::leaving::Way;
use super::Role;
use super::alerts::{self, Outbox};
use super::book::Book;
use super::content::Contents;
use super::content::answer::Restoring;
use super::counting::Calibrator;
use super::effect::{Effect, Flow};
use super::elsewhere::Elsewhere;
use super::event::{Attempt, Event, Timestamp};
use super::exchange::{Deposit, Desk, Exchange, Original, PASSED_ON, Prompt};
use super::fields::{is_one_of, is_steering_header};
use super::headers::Headers;
use super::limits::{Applied, Demand, Limits};
use super::meter::Meter;
use super::patience::Turns;
use super::queue::{Place, Queue, StreamId};
use super::refusal::Refusal;
use super::spending::{Model, Spending, reached};
use super::stall::{Watch, Watched};
use super::typical::Learner;
use crate::config::compiled;
use crate::dialect::answer::encode_count;
use crate::dialect::models;
use crate::dialect::request::{Delivery, Inspection};
use crate::dialect::surface::{Selection, Surface};
use crate::dialect::translate::Dialect;
use crate::identity::caller::{CREDENTIAL_HEADERS, Caller, Directory};
use crate::observe::record::{Notice, Outcome, Record};
use crate::quota::ledger::Terms;
use crate::quota::store::{Denied, Granted, Store, StoreFailed, seed};

/// What the log says when too many alerts wait for the webhook already.
pub const LOST_ALERT: &str = "an alert is not posted: too many wait for the webhook";

/// What all requests share: the configuration, ready for use.
#[derive(Debug)]
pub struct Gateway {
    max_request_body: u64,
    count_always: bool,
    limits: Limits,
    queue: compiled::Queue,
    models: BTreeMap<String, Rc<Model>>,
    /// The parts of models for callers that require something of providers, by the kind of caller.
    restrictions: Vec<BTreeMap<String, Option<Rc<Model>>>>,
    /// The parts of models for requests that not every target can serve, by the names of their chains.
    parts: BTreeMap<String, Rc<Model>>,
    calibrators: Vec<Rc<Calibrator>>,
    learners: Vec<Rc<Learner>>,
    webhook: Option<compiled::Webhook>,
    directory: Directory,
    content: Contents,
}

impl Gateway {
    /// Prepares a configuration.
    #[must_use]
    pub fn new(config: compiled::Policy) -> Self {
        let compiled::Policy {
            max_request_body,
            counting,
            scopes,
            reserving,
            queue,
            webhook,
            models,
            restricted,
            keys,
            content,
            format: _,
            revision: _,
        } = config;
        let (mut calibrators, mut learners) = (BTreeMap::new(), BTreeMap::new());
        let mut prepared = |models: BTreeMap<String, compiled::Model>| -> BTreeMap<String, Rc<Model>> {
            let mut prepare = |model| Rc::new(Model::new(model, counting, &mut calibrators, &mut learners));
            models.into_iter().map(|(name, model)| (name, prepare(model))).collect()
        };
        let compiled::Restricted { variants, kinds } = *restricted;
        let (models, variants) = (prepared(models), prepared(variants));
        let part = |(name, part): (String, Option<String>)| {
            (name, part.and_then(|part| variants.get(&part).cloned()))
        };
        let restrictions = kinds.into_iter().map(|kind| kind.into_iter().map(part).collect()).collect();
        Self {
            max_request_body,
            count_always: counting.always,
            limits: Limits::new(scopes, reserving),
            queue,
            models,
            restrictions,
            parts: variants,
            calibrators: calibrators.into_values().collect(),
            learners: learners.into_values().collect(),
            webhook,
            directory: Directory::new(keys),
            content: Contents::new(*content),
        }
    }

    /// Takes over what the shared data already say, and makes the cells that limits count in. Once per worker,
    /// before the first request.
    ///
    /// # Errors
    /// When the shared data cannot be used; limits could not be kept then.
    pub fn prepare(&self, store: &mut impl Store) -> Result<(), StoreFailed> {
        self.calibrators.iter().for_each(|calibrator| calibrator.read(store));
        self.learners.iter().for_each(|learner| learner.read(store));
        self.limits.cells().try_for_each(|cell| seed(store, cell))
    }

    /// Keeps up the reservations that are under way in this virtual machine; what there is to tell of it.
    #[must_use]
    pub fn keep_up(&self, book: &Book, store: &mut impl Store, now: Timestamp) -> Vec<Notice> {
        let alerts = book.keep_up(store, self.limits.terms(), now.unix_milliseconds());
        alerts.into_iter().map(|of| Notice::Alert(reached(self.limits.name(&of.scope), of.what))).collect()
    }

    /// Where alerts are posted.
    #[must_use]
    pub const fn webhook(&self) -> Option<&compiled::Webhook> {
        self.webhook.as_ref()
    }

    /// Puts an alert into the outbox, where alerts are posted; says whether it had to be left out.
    #[must_use]
    pub fn is_lost(&self, notice: &Notice, outbox: &Outbox, now: Timestamp) -> bool {
        match notice {
            Notice::Alert(reached) if self.webhook.is_some() => !outbox.put(reached, now),
            Notice::Alert(_) | Notice::WouldRefuse(_) => false,
        }
    }

    /// The terms of reservations, when there are limits: then [`Self::keep_up`] has to be called several times
    /// in a lease.
    #[must_use]
    pub fn terms(&self) -> Option<Terms> {
        (!self.limits.is_empty()).then(|| self.limits.terms())
    }
}

/// What the requests of one virtual machine share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Where notes for adapters wait.
    pub desk: Desk,
    /// The reservations under way.
    pub book: Book,
    /// Who waits for a place.
    pub queue: Queue,
    /// Alerts that are to be posted.
    pub outbox: Outbox,
    /// Answers that must not fall silent.
    pub watch: Watch,
}

/// One request.
pub struct Policy {
    gateway: Rc<Gateway>,
    shared: Shared,
    stream: StreamId,
    /// The note for the adapter, for as long as attempts may be made.
    deposit: Option<Deposit>,
    /// The attempt, where there is one only and no adapter makes it.
    direct: Option<Box<Direct>>,
    spending: Option<Spending>,
    /// The answer, where its silence is watched.
    watched: Option<Watched>,
    /// What gives the answer back the values that were taken out of the request, when there are any.
    restoring: Option<Box<Restoring>>,
    phase: Phase,
    started: Timestamp,
    /// Filled as the facts become known; read only when the request is over.
    record: Record,
}

enum Phase {
    /// Nothing was seen yet.
    Arriving,
    /// The caller is known; the body is being buffered.
    Reading(Reading),
    /// A service is asked about the request.
    Asking(Box<Asking>),
    /// The request is complete; what it may take is being reserved, by who has a place in the queue when its turn
    /// comes.
    Reserving(Box<Ready>, Option<Place>),
    /// The caller asks how its limits stand.
    Reporting(Applied),
    /// An operator asks how the providers do.
    Looking(status::Look),
    /// The request is on its way; nothing came back yet.
    Forwarded(Meter),
    /// A provider's answer passes.
    Relaying(Meter),
    /// The answer was ended before the provider did; what else it sends is dropped.
    Cut(Outcome),
    /// A provider's error passes, with the values that it repeats.
    Failing,
    /// Envoy answered by itself; its body is replaced by one in the client's dialect.
    Explaining { body: Vec<u8>, outcome: Outcome },
    /// The gateway has answered in the place of what the provider has begun.
    Answered(Outcome),
    /// The answer is complete, or the gateway gave it.
    Ended(Outcome),
}

/// A request that only waits for what it may take.
struct Ready {
    way: Way,
    meter: Meter,
    demand: Rc<Demand>,
}

/// A request whose body is being buffered.
struct Reading {
    surface: Surface,
    /// The model, when the path names it.
    addressed: Option<String>,
    caller: Rc<Caller>,
    passed_on: Vec<(String, Vec<u8>)>,
    /// The end user, when a header names it.
    user: Option<String>,
}

impl Policy {
    /// A request that is about to arrive on `stream`.
    #[must_use]
    pub fn new(gateway: Rc<Gateway>, shared: Shared, stream: StreamId) -> Self {
        Self {
            gateway,
            shared,
            stream,
            deposit: None,
            direct: None,
            spending: None,
            watched: None,
            restoring: None,
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
        let target = headers.text(":path").unwrap_or_default();
        let selection = arrival::selection(headers, target);
        // It says in which dialect the client is told what follows.
        self.record.surface = selection.surface();
        let credentials = headers.named(|name| is_one_of(name, &CREDENTIAL_HEADERS));
        let caller = self
            .gateway
            .directory
            .identify(credentials.chain(arrival::keys(selection, target)), self.started.unix_seconds())
            .map_err(Refusal::from)?;
        self.record.caller = Some(Rc::clone(&caller));
        let (surface, addressed) = match status::open_to(selection, &caller) {
            Selection::Surface(surface) if surface.lists_models() => {
                let body = models::list(surface, self.gateway.available(&caller));
                return Ok(self.answer(body, effects));
            }
            Selection::Surface(Surface::Usage) => {
                let applied = self.gateway.limits.of_caller(&caller);
                effects.push(Effect::ReadLimits(applied.scopes()));
                self.phase = Phase::Reporting(applied);
                return Ok(Flow::Pause);
            }
            Selection::Surface(Surface::Status) => return Ok(self.look(headers, effects)),
            Selection::Model(surface, name) => {
                self.gateway.resolve(&caller, name)?;
                return Ok(self.answer(models::one(surface, name), effects));
            }
            Selection::Surface(surface) => (surface, None),
            Selection::Addressed(surface, model) => (surface, Some(model.to_owned())),
            Selection::WrongMethod(surface) => {
                return Err(Refusal::MethodNotAllowed { allowed: surface.method() });
            }
            Selection::Nothing => return Err(Refusal::UnknownEndpoint(arrival::dialect_of(target))),
        };
        arrival::check_form(surface, target)?;
        arrival::hide_keys(selection, target, effects);
        if headers.media_type().as_deref() != Some("application/json") {
            return Err(Refusal::UnsupportedMediaType);
        }
        if headers.get("content-encoding").is_some_and(|encoding| encoding != b"identity") {
            return Err(Refusal::UnsupportedEncoding);
        }
        let announced = headers.text("content-length").and_then(|length| length.parse().ok());
        self.check_length(announced.unwrap_or(0))?;
        for (name, _) in headers.named(is_steering_header) {
            effects.push(Effect::RemoveRequestHeader(name.to_owned()));
        }
        let passed_on = headers
            .named(|name| is_one_of(name, &PASSED_ON))
            .map(|(name, value)| (name.to_owned(), value.to_vec()))
            .collect();
        let user_header = self.gateway.limits.user_header.as_deref();
        let user = user_header.map(|name| headers.text(name).unwrap_or_default().to_owned());
        let reading = Reading { surface, addressed, caller, passed_on, user };
        if end_of_stream {
            return self.complete(reading, b"", self.started, effects);
        }
        self.phase = Phase::Reading(reading);
        Ok(Flow::Pause)
    }

    fn check_length(&self, length: u64) -> Result<(), Refusal> {
        let limit = self.gateway.max_request_body;
        if length > limit { Err(Refusal::RequestTooLarge { limit }) } else { Ok(()) }
    }

    /// Reserves what the call may take or sends it on its way.
    fn accept(
        &mut self,
        reading: Reading,
        request: Inspection,
        body: &[u8],
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Result<Flow, Refusal> {
        let Reading { surface, addressed: _, caller, passed_on, user } = reading;
        let asked = self.gateway.served(&caller, &request.model, surface)?;
        self.record.model = Some(request.model.clone());
        if surface.counts_tokens() {
            return Ok(self.answer(encode_count(surface, asked.prompt_tokens(surface, body)), effects));
        }
        let user = user.or_else(|| request.user.clone()).unwrap_or_default();
        let applied = self.gateway.limits.applied(&caller, &request.model, &asked.config, &user);
        let model = self.gateway.fitting(asked, &caller, surface, &request, body);
        let mut spending = Spending::new(Rc::clone(model), applied, self.gateway.count_always, surface, body);
        let demand = spending.demand(&self.gateway.limits, surface, &request);
        self.spending = Some(spending);
        let mut meter =
            Meter::new(surface, request.prompt_bytes, matches!(request.delivery, Delivery::Stream(_)));
        self.record.streamed = request.delivery != Delivery::Whole;
        if let Some(demand) = &demand {
            self.bound(&mut meter, &request, demand.amounts.output_tokens);
        }
        let usage = match request.delivery {
            Delivery::Stream(edit) => Some(edit),
            Delivery::Whole | Delivery::StreamWithUsage => None,
        };
        let note = Exchange {
            surface,
            body_length: body.len() as u64,
            model: request.model_span,
            usage,
            passed_on,
            original: Original::is_needed(&model.config, surface, body).then(|| self.original(body)),
            turns: Turns::new(Rc::clone(&model.patience)),
            elsewhere: Elsewhere::of(&model.config, &caller.models),
            restricted: caller.restriction.is_some(),
            refused: OnceCell::new(),
            head: None,
        };
        let way = Way::of(model, note, self.record.streamed, body, effects);
        match demand {
            Some(demand) => {
                let ahead =
                    self.shared.queue.ahead(demand.scopes.iter().map(|scope| &scope.key), caller.priority);
                let place = ahead.and_then(|cell| self.enter(cell, now));
                let waits = place.is_some();
                let ready = Ready { way, meter, demand: Rc::new(demand) };
                self.phase = Phase::Reserving(Box::new(ready), place);
                Ok(if waits { Flow::Pause } else { self.reserve(effects) })
            }
            None => Ok(self.forward(way, meter, now, effects)),
        }
    }

    /// Puts an alert into the outbox, where alerts are posted.
    fn post(&self, notice: &Notice, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.gateway.is_lost(notice, &self.shared.outbox, now) {
            effects.push(Effect::Warn(LOST_ALERT.to_owned()));
        }
    }

    /// Asks for what the call may take.
    fn reserve(&self, effects: &mut Vec<Effect>) -> Flow {
        if let Phase::Reserving(ready, _) = &self.phase {
            effects.push(Effect::Reserve(Rc::clone(&ready.demand)));
        }
        Flow::Pause
    }

    /// A place in the queue of those who wait for `cell`, when there is one.
    fn enter(&self, cell: Arc<str>, now: Timestamp) -> Option<Place> {
        let compiled::Queue { wait_ms, length } = self.gateway.queue;
        let priority = self.record.caller.as_ref()?.priority;
        self.shared.queue.enter(self.stream, priority, cell, now, Duration::from_millis(wait_ms), length)
    }

    /// What attempts in another dialect need.
    fn original(&self, body: &[u8]) -> Original {
        let id = self.record.request_id.as_deref().unwrap_or_default();
        Original {
            body: Prompt(body.to_vec()),
            streamed: self.record.streamed,
            created: self.started.unix_seconds(),
            id: id.to_owned(),
        }
    }

    /// What the call may take is reserved, or there is no room for it.
    fn reserved(
        &mut self,
        outcome: Result<Granted, Box<Denied>>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Result<Flow, Refusal> {
        let phase = std::mem::replace(&mut self.phase, Phase::Arriving);
        let (Phase::Reserving(ready, place), Some(spending)) = (phase, &mut self.spending) else {
            return Err(Refusal::Internal);
        };
        self.record.queued = place.as_ref().map(|place| place.waited(now));
        match outcome {
            Ok(granted) => {
                spending.grant(granted, &self.shared.book, now.unix_milliseconds(), &mut self.record);
                Ok(self.forward(ready.way, ready.meter, now, effects))
            }
            Err(mut denied) => {
                let exceeded = spending.denied(&mut denied, &self.shared.book, now, &mut self.record);
                let place = match (place, spending.applied().full(&denied)) {
                    (Some(place), Some(cell)) if !place.is_over(now) => {
                        place.wait_for(cell);
                        Some(place)
                    }
                    (None, Some(cell)) => self.enter(cell, now),
                    _ => None,
                };
                if place.is_some() {
                    self.phase = Phase::Reserving(ready, place);
                    return Ok(Flow::Pause);
                }
                self.record.limit = exceeded.as_ref().map(|exceeded| Arc::clone(&exceeded.scope));
                Err(exceeded.map_or(Refusal::LimitsUnavailable, Refusal::Exceeded))
            }
        }
    }

    /// The dialect in which the client is answered; OpenAI's where none is known.
    fn dialect(&self) -> Dialect {
        self.record.surface.and_then(Surface::dialect).unwrap_or(Dialect::OpenAiChat)
    }

    fn refuse(&mut self, refusal: &Refusal, effects: &mut Vec<Effect>) -> Flow {
        // What was asked for before the refusal would be done for nothing.
        effects.clear();
        effects.push(Effect::Reply(refusal.reply(self.dialect())));
        self.phase = Phase::Ended(Outcome::Refused(refusal.code()));
        Flow::Pause
    }
}

impl Role for Policy {
    fn wanted_request_headers(&self, _attempt: Option<&Attempt>) -> Option<Vec<String>> {
        None
    }

    fn wanted_request_bytes(&self, buffered: usize, end_of_stream: bool) -> usize {
        if end_of_stream && matches!(self.phase, Phase::Reading(_)) { buffered } else { 0 }
    }

    fn wants_response_body(&self) -> bool {
        self.direct.as_ref().is_some_and(|direct| direct.wants_body())
            || matches!(
                self.phase,
                Phase::Relaying(_) | Phase::Cut(_) | Phase::Failing | Phase::Explaining { .. }
            )
    }

    fn due(&self) -> Option<Timestamp> {
        self.direct.as_ref().and_then(|direct| direct.due())
    }

    fn longest_answer(&self) -> usize {
        status::longest_answer(&self.phase)
    }

    fn is_open(&self) -> bool {
        self.awaits_verdict() || !matches!(self.phase, Phase::Cut(_) | Phase::Failing | Phase::Ended(_))
    }

    fn handle(&mut self, event: Event<'_>, now: Timestamp, effects: &mut Vec<Effect>) -> Flow {
        let step = match event {
            Event::RequestHeaders { headers, end_of_stream, attempt: _ } => {
                self.started = now;
                self.request_headers(&headers, end_of_stream, effects)
            }
            Event::RequestBody { bytes, buffered, end_of_stream } => {
                match std::mem::replace(&mut self.phase, Phase::Arriving) {
                    Phase::Reading(reading) => match self.check_length(buffered as u64) {
                        Err(refusal) => Err(refusal),
                        Ok(()) if end_of_stream => self.complete(reading, bytes, now, effects),
                        Ok(()) => {
                            self.phase = Phase::Reading(reading);
                            Ok(Flow::Pause)
                        }
                    },
                    phase => {
                        let flow = status::passage(&phase);
                        self.phase = phase;
                        Ok(flow)
                    }
                }
            }
            Event::ResponseHeaders { headers, local, end_of_stream } => {
                Ok(self.judged_headers(headers, local, end_of_stream, now, effects))
            }
            Event::Overdue => Ok(self.overdue(now, effects)),
            Event::ResponseBody { chunk, end_of_stream } => {
                Ok(self.judged_body(chunk, end_of_stream, now, effects))
            }
            Event::Answered { status, body } => self.answered(status, body, now, effects),
            Event::Turn => Ok(self.reserve(effects)),
            Event::Reserved(outcome) if matches!(self.phase, Phase::Relaying(_)) => {
                self.extended(outcome, now, effects);
                Ok(self.passage(false))
            }
            Event::Reserved(outcome) => self.reserved(outcome, now, effects),
            Event::Limits(standings) => Ok(self.report(&standings, effects)),
            Event::Settled(outcome) => {
                let notices = self.spending.as_ref().map(|own| own.settled(outcome, &self.shared.book));
                for notice in notices.unwrap_or_default() {
                    effects.extend(alerts::line(&notice, now).map(Effect::Warn));
                    effects.push(Effect::Measure(notice.measurement()));
                    self.post(&notice, now, effects);
                }
                let next = self.spending.as_mut().and_then(Spending::next_settlement);
                effects.extend(next.map(Effect::Settle));
                Ok(Flow::Continue)
            }
            Event::Done { broken_by, own_time } => {
                self.settle(broken_by, own_time, now, effects);
                Ok(Flow::Continue)
            }
        };
        step.unwrap_or_else(|refusal| self.refuse(&refusal, effects))
    }
}

fn set_response_header(name: &'static str, value: &str) -> Effect {
    Effect::SetResponseHeader(Cow::Borrowed(name), value.as_bytes().to_vec())
}
