//! Drives one role over one stream: host callbacks in, host calls out.
//!
//! Fetches what an event needs, hands it to the role, and carries out the effects in order. It decides one
//! thing only: when a call of the host fails on a request's way in, the request is refused with an internal
//! error, because going on could mean going on unchecked, and stays refused even where the host takes no reply.
//! On the way out it is logged, and the answer goes
//! on: what can be lost there is a header or a number.

use std::time::Duration;

use super::{Host, HostResult, Side};
use crate::config::compiled::content::External;
use crate::config::compiled::{ADMIN_CLUSTER, WEBHOOK_CLUSTER};
use crate::dialect::translate::Dialect;
use crate::engine::alerts::{self, Delivery, Outbox};
use crate::engine::book::{ATTEMPTS, Book};
use crate::engine::counting::Lesson;
use crate::engine::effect::{Effect, Flow};
use crate::engine::event::{Attempt, Breaker, Event, Timestamp};
use crate::engine::limits::Demand;
use crate::engine::policy::{Gateway, LOST_ALERT};
use crate::engine::refusal::Refusal;
use crate::engine::{Headers, Role};
use crate::quota::store::{SetError, Store, StoreFailed, Unsettled, read, reserve_all, settle_all};

/// The name under which the ticket of the policy's note for the adapter is kept.
const TICKET: &str = "tollgate.ticket";

/// The name under which the access log finds what the gateway adds to a line; rendered into the log's format.
pub const ACCESS_LOG: &str = "tollgate.log";

/// The name under which Envoy's route finds where the next attempt goes, when that is elsewhere; rendered into the route.
pub const ELSEWHERE: &str = "tollgate.elsewhere";

/// Envoy's admin interface answers from memory.
const ADMIN_TIMEOUT: Duration = Duration::from_secs(2);

/// Which role is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The policy, in the listener's filter chain.
    Downstream,
    /// The adapter, in the cluster's filter chain.
    Upstream,
}

/// The host's shared data as the store of limits and ratios.
pub struct Shared<'a, H>(pub &'a mut H);

impl<H: Host> Store for Shared<'_, H> {
    fn get(&mut self, key: &str) -> Result<Option<(Vec<u8>, u32)>, StoreFailed> {
        self.0.shared(key).map_err(|_| StoreFailed)
    }

    fn set(&mut self, key: &str, value: &[u8], version: u32) -> Result<(), SetError> {
        match self.0.share(key, value, version) {
            Ok(true) => Ok(()),
            Ok(false) => Err(SetError::Conflict),
            Err(_) => Err(SetError::Failed),
        }
    }
}

/// Keeps up the reservations that are under way in this virtual machine, and posts the alerts that are due; to be called
/// from a timer.
pub fn keep_up<H: Host>(host: &mut H, gateway: &Gateway, book: &Book, outbox: &Outbox) {
    let now = host.now();
    for notice in gateway.keep_up(book, &mut Shared(host), now) {
        // A lost number is lost; the line in the log is still there.
        let _ = host.measure(&notice.measurement());
        if let Some(message) = alerts::line(&notice, now) {
            host.warn(&message);
        }
        if gateway.is_lost(&notice, outbox, now) {
            host.warn(LOST_ALERT);
        }
    }
    if !outbox.is_empty() {
        deliver(host, gateway, outbox, now);
    }
}

/// Posts the alerts that are due.
fn deliver<H: Host>(host: &mut H, gateway: &Gateway, outbox: &Outbox, now: Timestamp) {
    let Some(webhook) = gateway.webhook() else { return outbox.clear() };
    for letter in outbox.due(now) {
        match host.post(WEBHOOK_CLUSTER, webhook, letter.body(), alerts::TIMEOUT) {
            Ok(call) => outbox.posted(call, letter, now),
            Err(_) => told(host, outbox.failed(letter, now)),
        }
    }
}

/// The webhook has answered a call, with a status if it got so far.
pub fn webhook_answered<H: Host>(host: &mut H, outbox: &Outbox, call: u32, status: Option<u16>) {
    if let Some(delivery) = outbox.answered(call, status, host.now()) {
        told(host, delivery);
    }
}

fn told<H: Host>(host: &H, delivery: Delivery) {
    if delivery == Delivery::GivenUp {
        host.warn("an alert is not posted: the webhook did not take it");
    }
}

/// A role on a stream.
pub struct Driver<H, R> {
    host: H,
    role: R,
    place: Place,
    own_time: Duration,
    /// When the clock was last looked at.
    latest: Timestamp,
    effects: Vec<Effect>,
    /// Which message the host holds back, when it does.
    held: Option<Side>,
    /// How much of the body that passes now is held back, in bytes.
    waiting: usize,
    /// The trailers of the answer have come, and nothing of its body is held back: there is nothing that could be replaced.
    is_body_gone: bool,
    /// A call of the host failed on the way in: the role is out of step with the stream, which ends here.
    failed: bool,
}

impl<H: Host, R: Role> Driver<H, R> {
    /// Puts `role` on the stream that `host` stands for.
    pub const fn new(host: H, role: R, place: Place) -> Self {
        Self {
            host,
            role,
            place,
            own_time: Duration::ZERO,
            latest: Timestamp::from_nanoseconds(0),
            effects: Vec::new(),
            held: None,
            waiting: 0,
            is_body_gone: false,
            failed: false,
        }
    }

    /// The request's headers have come.
    pub fn request_headers(&mut self, end_of_stream: bool) -> Flow {
        let flow = self.guarded(|driver, now| {
            let attempt = match driver.place {
                Place::Downstream => None,
                Place::Upstream => {
                    Some(Attempt { target: driver.host.target()?, ticket: driver.host.published(TICKET)? })
                }
            };
            let attempt = attempt.as_ref();
            let timed = attempt.is_some_and(|attempt| driver.role.needs_time(attempt));
            let now = if timed { driver.host.now() } else { now };
            let headers = match driver.role.wanted_request_headers(attempt) {
                None => driver.host.headers(Side::Request)?,
                Some(names) => driver.request_fields(names)?,
            };
            driver.step(Event::RequestHeaders { headers, attempt, end_of_stream }, now)
        });
        self.noted(Side::Request, flow)
    }

    /// `buffered` bytes of the request's body are there.
    pub fn request_body(&mut self, buffered: usize, end_of_stream: bool) -> Flow {
        let wanted = self.role.wanted_request_bytes(buffered, end_of_stream);
        if wanted == 0 && !end_of_stream {
            // A look at the clock is a call of the host, and there is nothing to time yet.
            let now = self.latest;
            let flow = self.refusing(|driver| {
                driver.step(Event::RequestBody { bytes: &[], buffered, end_of_stream }, now)
            });
            return self.passed(Side::Request, buffered, flow);
        }
        let flow = self.guarded(|driver, now| {
            let bytes = if wanted == 0 { Vec::new() } else { driver.host.body(Side::Request, wanted)? };
            driver.step(Event::RequestBody { bytes: &bytes, buffered, end_of_stream }, now)
        });
        self.passed(Side::Request, buffered, flow)
    }

    /// The request's trailers have come, so its body is complete. No provider needs them, and nobody has looked at what they
    /// say: they do not leave.
    pub fn request_trailers(&mut self) -> Flow {
        if self.place == Place::Downstream {
            let flow =
                self.refusing(|driver| driver.host.drop_trailers(Side::Request).map(|()| Flow::Continue));
            if flow == Flow::Pause {
                return self.noted(Side::Request, flow);
            }
        }
        self.request_body(self.waiting, true)
    }

    /// The request waits, and may try again now. To be called from a timer, when the host takes its calls for those of
    /// this stream.
    pub fn turn(&mut self) {
        self.wake(Event::Turn);
    }

    /// The service that was asked about the request or the answer has answered with a status and a body, or there is no
    /// answer. The host has to take calls for those of this stream.
    pub fn answered(&mut self, status: Option<u16>, body: &[u8]) -> Flow {
        self.wake(Event::Answered { status, body })
    }

    /// When [`Self::overdue`] is to be called for an answer that is held back now, if ever.
    pub fn due(&self) -> Option<Timestamp> {
        self.role.due().filter(|_| self.held == Some(Side::Response))
    }

    /// An answer that is held back still has not begun in time. To be called from a timer, when the host takes its calls
    /// for those of this stream.
    pub fn overdue(&mut self) {
        if self.due().is_some() {
            self.wake(Event::Overdue);
        }
    }

    /// How much is to be read of what the service answers, in bytes.
    pub fn longest_answer(&self) -> usize {
        self.role.longest_answer()
    }

    /// Something has come that a message which is held back may go on for.
    fn wake(&mut self, event: Event<'_>) -> Flow {
        if self.held == Some(Side::Response) {
            if (matches!(event, Event::Overdue) || self.is_body_gone) && self.place == Place::Downstream {
                // The answer that has begun is not one that may go on; or one is not complete to which nothing can be added.
                return self.timed(|driver, now| {
                    driver.whole(|driver| {
                        let flow = driver.step(event, now)?;
                        if flow == Flow::Continue && driver.held.take().is_some() {
                            driver.host.resume(Side::Response)?;
                        }
                        Ok(flow)
                    })
                });
            }
            return self.lenient(|driver, now| {
                let stepped = driver.step(event, now);
                // What is held back here are the last bytes of an answer, or the beginning of one that is to be tried again:
                // nothing follows that would wake it again.
                if !matches!(stepped, Ok(Flow::Pause)) && driver.held.take().is_some() {
                    driver.host.resume(Side::Response)?;
                }
                stepped
            });
        }
        self.guarded(|driver, now| {
            let flow = driver.step(event, now)?;
            if flow == Flow::Continue && driver.held.take().is_some() {
                driver.host.resume(Side::Request)?;
            }
            Ok(flow)
        })
    }

    /// Notes whether a message is held back from now on.
    const fn noted(&mut self, side: Side, flow: Flow) -> Flow {
        self.held = match flow {
            Flow::Continue => None,
            Flow::Pause => Some(side),
        };
        flow
    }

    /// Notes the same of a body, of which `length` bytes were there.
    const fn passed(&mut self, side: Side, length: usize, flow: Flow) -> Flow {
        self.waiting = if matches!(flow, Flow::Pause) { length } else { 0 };
        self.noted(side, flow)
    }

    /// The answer's headers have come.
    pub fn response_headers(&mut self, end_of_stream: bool) -> Flow {
        let upstream = self.place == Place::Upstream;
        self.waiting = 0;
        // An attempt whose answer passes as it is asks nothing of the host.
        if upstream && (self.failed || !self.role.wants_response_body()) {
            return Flow::Continue;
        }
        let flow = self.lenient(|driver, now| {
            let headers = driver.host.headers(Side::Response)?;
            // Envoy's own answers are errors, so only an error is worth the question whose it is.
            let error = !upstream && headers.status().is_none_or(|status| status >= 400);
            let local = error && !driver.host.is_upstream_answer()?;
            driver.step(Event::ResponseHeaders { headers, local, end_of_stream }, now)
        });
        self.noted(Side::Response, flow)
    }

    /// A piece of `length` bytes of the answer's body has come.
    pub fn response_body(&mut self, length: usize, end_of_stream: bool) -> Flow {
        let failed = self.place == Place::Upstream && self.failed;
        if failed || !self.role.wants_response_body() {
            return Flow::Continue;
        }
        if length == 0 {
            let now = self.latest;
            let flow =
                self.tolerating(|driver| driver.step(Event::ResponseBody { chunk: &[], end_of_stream }, now));
            return self.passed(Side::Response, length, flow);
        }
        let flow = self.lenient(|driver, now| {
            let chunk = driver.host.body(Side::Response, length)?;
            driver.step(Event::ResponseBody { chunk: &chunk, end_of_stream }, now)
        });
        self.passed(Side::Response, length, flow)
    }

    /// The answer's trailers have come, so its body is complete: what is held back of it is judged now. What the role would
    /// still say can be said only where something is held back; else the stream is broken off, rather than that an answer
    /// seems complete that is not. What the trailers say is for nobody.
    pub fn response_trailers(&mut self) -> Flow {
        let downstream = self.place == Place::Downstream;
        let length = std::mem::take(&mut self.waiting);
        self.is_body_gone = length == 0;
        // While its headers are held, an answer without a body can still be told from a complete one by its status.
        let is_beginning = self.held == Some(Side::Response) && length == 0;
        let wants_body = self.role.wants_response_body() && !(self.place == Place::Upstream && self.failed);
        let flow = self.timed(|driver, now| {
            let callback = |driver: &mut Self| {
                if downstream {
                    driver.host.drop_trailers(Side::Response)?;
                }
                if !wants_body {
                    return Ok(Flow::Continue);
                }
                let chunk =
                    if length == 0 { Vec::new() } else { driver.host.body(Side::Response, length)? };
                driver.step(Event::ResponseBody { chunk: &chunk, end_of_stream: true }, now)
            };
            if is_beginning { driver.tolerating(callback) } else { driver.whole(callback) }
        });
        self.passed(Side::Response, length, flow)
    }

    /// The stream is over.
    pub fn done(&mut self) {
        let (own_time, now) = (self.own_time, self.host.now());
        self.tolerating(|driver| {
            let broken_by = if driver.role.is_open() { driver.host.broken_by().ok() } else { None };
            driver.step(Event::Done { broken_by: broken_by.unwrap_or(Breaker::Nobody), own_time }, now)
        });
    }

    fn request_fields(&self, names: Vec<String>) -> HostResult<Headers> {
        let mut headers = Headers::default();
        for name in names {
            if let Some(value) = self.host.request_header(&name)? {
                headers.push(name, value);
            }
        }
        Ok(headers)
    }

    /// A timed callback on the way in.
    fn guarded(&mut self, callback: impl FnOnce(&mut Self, Timestamp) -> HostResult<Flow>) -> Flow {
        self.timed(|driver, now| driver.refusing(|driver| callback(driver, now)))
    }

    /// A timed callback on the way out.
    fn lenient(&mut self, callback: impl FnOnce(&mut Self, Timestamp) -> HostResult<Flow>) -> Flow {
        self.timed(|driver, now| driver.tolerating(|driver| callback(driver, now)))
    }

    fn refusing(&mut self, callback: impl FnOnce(&mut Self) -> HostResult<Flow>) -> Flow {
        if self.failed {
            return Flow::Pause;
        }
        callback(self).unwrap_or_else(|error| {
            self.failed = true;
            self.host.warn(&format!("the host refused {}; the request is refused", error.call));
            if self.host.reply(&Refusal::Internal.reply(Dialect::OpenAiChat)).is_err() {
                self.host.warn("the host refused the reply, too");
            }
            // Neither outcome lets the request go on.
            Flow::Pause
        })
    }

    fn tolerating(&mut self, callback: impl FnOnce(&mut Self) -> HostResult<Flow>) -> Flow {
        callback(self).unwrap_or_else(|error| {
            self.host.warn(&format!("the host refused {}", error.call));
            Flow::Continue
        })
    }

    /// What of an answer cannot go on as it should does not go on.
    fn whole(&mut self, callback: impl FnOnce(&mut Self) -> HostResult<Flow>) -> Flow {
        callback(self).unwrap_or_else(|error| {
            self.host.warn(&format!("the host refused {}; the answer is broken off", error.call));
            if self.host.break_off().is_err() {
                self.host.warn("the host refused to break it off, too");
            }
            Flow::Pause
        })
    }

    fn timed(&mut self, callback: impl FnOnce(&mut Self, Timestamp) -> Flow) -> Flow {
        if self.place == Place::Upstream {
            // The adapter measures nothing, and every look at the clock is a call of the host.
            return callback(self, self.latest);
        }
        let start = self.host.now();
        let flow = callback(self, start);
        self.latest = self.host.now();
        self.own_time += self.latest.since(start);
        flow
    }

    fn step(&mut self, event: Event<'_>, now: Timestamp) -> HostResult<Flow> {
        let (mut outcome, mut answer) = self.handle(event, now);
        // A role that has asked goes on from the answer, and asks one thing at a time.
        while let (Ok(_), Some(event)) = (&outcome, answer) {
            (outcome, answer) = self.handle(event, now);
        }
        outcome
    }

    /// Hands one event to the role; what came of it, and the answer to what the role has asked.
    fn handle(&mut self, event: Event<'_>, now: Timestamp) -> (HostResult<Flow>, Option<Event<'static>>) {
        let mut effects = std::mem::take(&mut self.effects);
        let flow = self.role.handle(event, now, &mut effects);
        let mut outcome = Ok(flow);
        let mut answer = None;
        for effect in effects.drain(..) {
            if effect.is_question() {
                answer = self.ask(effect, now).or(answer);
            } else if let Err(error) = self.carry_out(effect) {
                // One lost header or number is no reason to lose the rest.
                outcome = outcome.and(Err(error));
            }
        }
        self.effects = effects;
        (outcome, answer)
    }

    /// Asks what an effect asks, if it does; the answer, where that does not come by itself later.
    fn ask(&mut self, effect: Effect, now: Timestamp) -> Option<Event<'static>> {
        const UNANSWERED: Event<'_> = Event::Answered { status: None, body: &[] };
        let host = &mut self.host;
        let now = now.unix_milliseconds();
        match effect {
            Effect::Ask(inquiry) => {
                let External { cluster, address, timeout_ms, .. } = &*inquiry.to;
                let timeout = Duration::from_millis(*timeout_ms);
                host.post(cluster, address, &inquiry.body.0, timeout).err().map(|_| UNANSWERED)
            }
            Effect::AskEnvoy(path) => host.get(ADMIN_CLUSTER, path, ADMIN_TIMEOUT).err().map(|_| UNANSWERED),
            Effect::Reserve(demand) => {
                let Demand { scopes, amounts, terms } = &*demand;
                let store = &mut Shared(host);
                Some(Event::Reserved(reserve_all(store, scopes, amounts, *terms, now, ATTEMPTS)))
            }
            Effect::Settle(Unsettled { reservation, actual }) => {
                let store = &mut Shared(host);
                Some(Event::Settled(settle_all(store, reservation, &actual, now, ATTEMPTS)))
            }
            Effect::ReadLimits(scopes) => {
                let store = &mut Shared(host);
                let standings = |scope| Some(read(store, scope).ok()?.standings(&scope.limits, now));
                Some(Event::Limits(scopes.iter().map(standings).collect()))
            }
            _ => None,
        }
    }

    fn carry_out(&mut self, effect: Effect) -> HostResult<()> {
        let host = &mut self.host;
        match effect {
            Effect::SetRequestHeader(name, value) => host.set_header(Side::Request, &name, &value),
            Effect::RemoveRequestHeader(name) => host.remove_header(Side::Request, &name),
            Effect::ReplaceRequestHeaders(headers) => host.replace_request_headers(&headers),
            Effect::ReplaceRequestBody { drain, with } => host.replace_body(Side::Request, drain, &with),
            Effect::PublishTicket(ticket) => host.publish(TICKET, &ticket),
            Effect::GoElsewhere(word) => host.publish(ELSEWHERE, &word),
            Effect::ChooseRoute => host.choose_route(),
            Effect::Reply(reply) => host.reply(&reply),
            Effect::SetResponseHeader(name, value) => host.set_header(Side::Response, &name, &value),
            Effect::RemoveResponseHeader(name) => host.remove_header(Side::Response, &name),
            Effect::ReplaceResponseBody(with) if self.is_body_gone && with.is_empty() => Ok(()),
            Effect::ReplaceResponseBody(with) => host.replace_body(Side::Response, usize::MAX, &with),
            Effect::Learn(Lesson { calibrator, counted, reported }) => {
                calibrator.learn(&mut Shared(host), counted, reported);
                Ok(())
            }
            Effect::LearnLength(learner, tokens) => {
                learner.learn(&mut Shared(host), tokens);
                Ok(())
            }
            Effect::Warn(message) => {
                host.warn(&message);
                Ok(())
            }
            // Questions, which [`Self::ask`] asks.
            Effect::Ask(_)
            | Effect::AskEnvoy(_)
            | Effect::Reserve(_)
            | Effect::Settle(_)
            | Effect::ReadLimits(_) => Ok(()),
            Effect::Measure(measurement) => host.measure(&measurement),
            Effect::WriteAccessLog(members) => host.publish(ACCESS_LOG, &members),
        }
    }
}
