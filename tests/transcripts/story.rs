//! Plays Envoy's part: calls the drivers as Envoy calls its filters, and carries bytes between the two ends.
//!
//! As in Envoy: a paused body is buffered whole; header edits of an attempt are still there at the next, body
//! edits are not; the credentials come before the adapter, each in its own header; a reply of either role passes
//! the policy's response callbacks.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use tollgate::config;
use tollgate::config::compiled::{self, credential_header};
use tollgate::engine::Headers;
use tollgate::engine::Timestamp;
use tollgate::engine::adapter::Adapter;
use tollgate::engine::alerts::Outbox;
use tollgate::engine::book::{ATTEMPTS, Book};
use tollgate::engine::effect::Flow;
use tollgate::engine::exchange::Desk;
use tollgate::engine::fields::{
    ATTEMPT_TIMEOUT_HEADER, PRIVATE_REQUEST_HEADERS, PRIVATE_RESPONSE_HEADERS, SERVED_BY,
};
use tollgate::engine::policy::{Gateway, Policy, Shared};
use tollgate::engine::queue::Queue;
use tollgate::engine::stall::Watch;
use tollgate::host::driver::{self, Driver, Place};
use tollgate::quota::cell::Lapse;
use tollgate::quota::ledger::Terms;
use tollgate::quota::limit::{Amounts, Limit, Measure, Mode};
use tollgate::quota::store::{Reservation, Scope, reserve_all, settle_all};

use crate::host::{FakeHost, Message, World, shown, without};
use crate::setting::{PROVIDER_KEYS, direct_gateway, gateway, masked};

/// 2026-01-01T00:00:00Z
const START: u64 = 1_767_225_600_000_000_000;

/// A request on its way through the gateway.
pub(crate) struct Story {
    world: Rc<RefCell<World>>,
    pub(crate) policy: Driver<FakeHost, Policy>,
    desk: Desk,
    queue: Queue,
    adapters: Rc<compiled::Adapter>,
    /// That of the latest attempt.
    adapter: Option<Driver<FakeHost, Adapter>>,
    /// The values that Envoy has for the credentials.
    pub(crate) credentials: BTreeMap<String, String>,
    /// The body that every attempt starts from, once the policy has let the request go on.
    forwarded: Option<Vec<u8>>,
    /// What has reached the client of the answer's body.
    received: Vec<u8>,
    /// An answer has come, of a provider or of Envoy's own.
    is_answered: bool,
    /// How much time passes before each piece of an answer, in milliseconds.
    pub(crate) pace: u64,
}

impl Story {
    pub(crate) fn new(title: &str) -> Self {
        Self::at(gateway(), title)
    }

    /// The same at a gateway that has adapters only where they are needed.
    pub(crate) fn direct(title: &str) -> Self {
        Self::at(direct_gateway(), title)
    }

    fn at(gateway: config::Gateway, title: &str) -> Self {
        let config::Gateway { policy, adapter, .. } = gateway;
        let world = Rc::new(RefCell::new(World {
            nanoseconds: START,
            request: Message::default(),
            response: Message::default(),
            filter_state: BTreeMap::new(),
            shared: BTreeMap::new(),
            target: None,
            attempts: 0,
            upstream_answered: false,
            client_gone: false,
            provider_gone: false,
            trailers: false,
            resumed: false,
            reply: None,
            failing: Vec::new(),
            upstream: false,
            transcript: format!("{title}\n\n"),
        }));
        let desk = Desk::new(7);
        let queue = Queue::default();
        let shared = Shared {
            desk: desk.clone(),
            book: Book::default(),
            queue: queue.clone(),
            outbox: Outbox::default(),
            watch: Watch::default(),
        };
        let role = Policy::new(Rc::new(Gateway::new(policy)), shared, 1);
        Self {
            policy: Driver::new(FakeHost(Rc::clone(&world)), role, Place::Downstream),
            world,
            desk,
            queue,
            adapters: Rc::new(adapter),
            adapter: None,
            credentials: PROVIDER_KEYS
                .iter()
                .map(|(name, key)| ((*name).to_owned(), (*key).to_owned()))
                .collect(),
            forwarded: None,
            received: Vec::new(),
            is_answered: false,
            pace: 0,
        }
    }

    pub(crate) fn line(&self, line: &str) {
        self.world.borrow_mut().line(line);
    }

    fn flow(&self, flow: Flow) -> Flow {
        self.line(match flow {
            Flow::Continue => "< continue",
            Flow::Pause => "< pause",
        });
        flow
    }

    /// From now on the host refuses these calls, and no others.
    pub(crate) fn refuse(&self, calls: &[&'static str]) {
        self.world.borrow_mut().failing = calls.to_vec();
    }

    pub(crate) fn wait(&self, milliseconds: u64) {
        self.world.borrow_mut().nanoseconds += milliseconds * 1_000_000;
        self.line(&format!("> {milliseconds} ms pass"));
    }

    /// Whether the policy has let the request go on.
    pub(crate) fn is_forwarded(&self) -> bool {
        self.forwarded.is_some()
    }

    /// What of the answer's body has reached the client.
    pub(crate) fn received(&self) -> &[u8] {
        &self.received
    }

    /// Leaves out how it came to this, which other stories tell.
    pub(crate) fn cut_short(&self) {
        let mut world = self.world.borrow_mut();
        let title = world.transcript.split_inclusive("\n\n").next().unwrap_or_default().to_owned();
        let sent = masked(&shown(&world.request.body));
        let target = world.target.clone().unwrap_or_default();
        world.transcript = format!("{title}= {target} receives, as in chat.txt, {sent}\n");
    }

    /// What has been written down so far.
    pub(crate) fn so_far(&self) -> String {
        self.world.borrow().transcript.clone()
    }

    /// The client sends a request whose body comes in pieces.
    pub(crate) fn request(&mut self, fields: &[(&str, &str)], pieces: &[&str]) {
        self.send(fields, pieces, true);
    }

    /// The client sends a request whose body comes in pieces, of which none is the last: trailers follow.
    pub(crate) fn request_with_trailers(&mut self, fields: &[(&str, &str)], pieces: &[&str]) {
        self.send(fields, pieces, false);
        if self.world.borrow().reply.is_some() {
            return;
        }
        self.line("> policy: request trailers");
        let flow = self.policy.request_trailers();
        self.sent(flow);
    }

    /// The client sends a request, and stops in the middle of its body.
    pub(crate) fn unfinished_request(&mut self, fields: &[(&str, &str)], piece: &str) {
        self.send(fields, &[piece], false);
    }

    fn send(&mut self, fields: &[(&str, &str)], pieces: &[&str], complete: bool) {
        let headers: Headers = fields.iter().copied().collect();
        {
            let mut world = self.world.borrow_mut();
            world.line("> policy: request headers");
            world.fields(&headers, true);
            world.request.headers = headers;
        }
        let mut flow = self.policy.request_headers(complete && pieces.is_empty());
        self.flow(flow);
        for (index, piece) in pieces.iter().enumerate() {
            if self.world.borrow().reply.is_some() {
                break;
            }
            self.line(&format!("> policy: request body {}", masked(&shown(piece.as_bytes()))));
            let buffered = {
                let mut world = self.world.borrow_mut();
                world.request.body.extend_from_slice(piece.as_bytes());
                world.request.body.len()
            };
            flow = self.policy.request_body(buffered, complete && index + 1 == pieces.len());
            self.flow(flow);
        }
        if complete || self.world.borrow().reply.is_some() {
            self.sent(flow);
        }
    }

    /// The policy has seen all of the request.
    fn sent(&mut self, flow: Flow) {
        if self.world.borrow().reply.is_some() {
            self.deliver_reply();
        } else if flow == Flow::Continue {
            self.forwarded = Some(self.world.borrow().request.body.clone());
        }
    }

    /// Another call takes the only place of the key `busy`.
    pub(crate) fn take_place(&self) -> Reservation {
        let limit =
            Limit { measure: Measure::Concurrency, amount: 1, mode: Mode::Enforce, alert_at: Vec::new() };
        let scope = Scope { key: "quota/key/busy".into(), limits: [limit].into() };
        let terms = Terms { lease: 60_000, lapse: Lapse::Charge };
        let call = Amounts { calls: 1, ..Amounts::default() };
        let mut host = FakeHost(Rc::clone(&self.world));
        let now = self.now().unix_milliseconds();
        let granted = reserve_all(&mut driver::Shared(&mut host), &[scope], &call, terms, now, ATTEMPTS);
        self.line("= another call takes the only place");
        granted.unwrap().reservation
    }

    /// The other call ends.
    pub(crate) fn free_place(&self, taken: Reservation) {
        let mut host = FakeHost(Rc::clone(&self.world));
        let now = self.now().unix_milliseconds();
        let settled = settle_all(&mut driver::Shared(&mut host), taken, &Amounts::default(), now, ATTEMPTS);
        assert_eq!(settled.unsettled, None);
        self.line("= the other call ends");
    }

    /// The timer gives those who wait their turns.
    pub(crate) fn timer(&mut self) {
        self.line("> the timer");
        let (now, policy) = (self.now(), &mut self.policy);
        self.queue.round(now, |_| policy.turn());
        if self.world.borrow().reply.is_some() {
            self.deliver_reply();
        } else if self.world.borrow().resumed {
            self.forwarded = Some(self.world.borrow().request.body.clone());
        }
    }

    /// The service that was asked about the request answers, or never will.
    pub(crate) fn service_answers(&mut self, status: Option<u16>, body: &str) {
        self.line(&match status {
            Some(status) => format!("> the service answers {status} {body}"),
            None => "> the service does not answer".to_owned(),
        });
        self.policy.answered(status, body.as_bytes());
        if self.is_answered {
            if std::mem::take(&mut self.world.borrow_mut().resumed) {
                self.deliver();
            }
        } else if self.world.borrow().reply.is_some() {
            self.deliver_reply();
        } else if self.world.borrow().resumed {
            self.forwarded = Some(self.world.borrow().request.body.clone());
        }
    }

    /// The stream is over, and then the service answers.
    pub(crate) fn service_answers_after_the_end(&mut self) {
        self.line("> policy: done");
        self.policy.done();
        self.service_answers(Some(200), r#"{"action":"pass"}"#);
        assert!(!self.world.borrow().resumed);
    }

    /// Who waits for a place.
    pub(crate) fn queue(&self) -> Queue {
        self.queue.clone()
    }

    /// Whether nobody waits for a place.
    pub(crate) fn is_queue_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_nanoseconds(self.world.borrow().nanoseconds)
    }

    /// Envoy makes an attempt; says whether the provider was called.
    pub(crate) fn attempt(&mut self, target: &str) -> bool {
        let body = self.forwarded.clone().expect("only a request that went on is attempted");
        let length = body.len();
        {
            let mut world = self.world.borrow_mut();
            world.upstream = true;
            world.attempts += 1;
            world.target = Some(target.to_owned());
            world.request.body = body;
            // What the route takes out, the router's own field, and then the injectors', which overwrite.
            let injected: Vec<String> = self.credentials.keys().map(|name| credential_header(name)).collect();
            let injected: Vec<&str> = injected.iter().map(String::as_str).collect();
            let mut headers = without(&world.request.headers, &PRIVATE_REQUEST_HEADERS);
            headers = without(&headers, &injected);
            if world.attempts == 1 {
                headers.push("x-envoy-expected-rq-timeout-ms", "30000");
            }
            for (name, value) in self.injected(target) {
                headers.push(credential_header(name), value);
            }
            let line = format!("> adapter, attempt {} at {target}: request headers", world.attempts);
            world.line(&line);
            world.fields(&headers, true);
            world.request.headers = headers;
        }
        let role = Adapter::new(Rc::clone(&self.adapters), self.desk.clone());
        let mut adapter = Driver::new(FakeHost(Rc::clone(&self.world)), role, Place::Upstream);
        let mut flow = self.flow(adapter.request_headers(false));
        if flow == Flow::Continue {
            // Half of the body is there before the rest, and gone by then unless it was held back.
            let body = std::mem::take(&mut self.world.borrow_mut().request.body);
            let mut sent = Vec::new();
            for (start, end) in [(0, length / 2), (length / 2, length)] {
                self.line(&format!("> adapter: request body, {end} of {length} bytes"));
                let buffered = {
                    let mut world = self.world.borrow_mut();
                    world.request.body.extend_from_slice(&body[start..end]);
                    world.request.body.len()
                };
                flow = self.flow(adapter.request_body(buffered, end == length));
                if flow == Flow::Continue {
                    sent.append(&mut self.world.borrow_mut().request.body);
                }
            }
            self.world.borrow_mut().request.body = sent;
        }
        let replied = {
            let mut world = self.world.borrow_mut();
            world.upstream = false;
            world.reply.is_some()
        };
        if replied {
            self.deliver_reply();
            return false;
        }
        if flow == Flow::Continue {
            let mut world = self.world.borrow_mut();
            world.line(&format!("= {target} receives"));
            let (headers, body) = (world.request.headers.clone(), shown(&world.request.body));
            world.fields(&headers, true);
            world.line(&format!("    {}", masked(&body)));
            drop(world);
            self.adapter = Some(adapter);
            let world = self.world.borrow();
            let length = headers.text("content-length").and_then(|length| length.parse().ok());
            assert_eq!(
                length,
                Some(world.request.body.len()),
                "the length that the provider is told is right"
            );
        }
        flow == Flow::Continue
    }

    /// Envoy makes the one attempt that needs no adapter, and attaches the credential.
    pub(crate) fn attempt_directly(&mut self, target: &str, credential: &str) {
        let mut world = self.world.borrow_mut();
        (world.attempts, world.target) = (1, Some(target.to_owned()));
        let mut headers = without(&world.request.headers, &PRIVATE_REQUEST_HEADERS);
        headers = without(&headers, &[ATTEMPT_TIMEOUT_HEADER]);
        headers.push("authorization", format!("Bearer {}", self.credentials[credential]));
        world.line(&format!("= {target} receives"));
        world.fields(&headers, true);
        let body = masked(&shown(&world.request.body));
        world.line(&format!("    {body}"));
    }

    /// The credentials that Envoy has for the chain of a target, which are those of the chain's providers.
    fn injected(&self, target: &str) -> impl Iterator<Item = (&str, &str)> {
        let mixed = self.is_mixed(target);
        let chain = move |name: &str| matches!(name, "first" | "second") || mixed;
        let held = self.credentials.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        held.filter(move |(name, _)| chain(name))
    }

    /// Whether the request is for the model whose chain has many dialects.
    fn is_mixed(&self, target: &str) -> bool {
        let asked = self.forwarded.as_ref().is_some_and(|body| shown(body).contains("\"mixed\""));
        asked || !matches!(target.split('/').next(), Some("first" | "second" | "open" | "nobody"))
    }

    /// A provider answers; `ends` says whether it gets to the end.
    pub(crate) fn answer(&mut self, fields: &[(&str, &str)], chunks: &[&[u8]], ends: bool) {
        let mut chunks: Vec<Vec<u8>> = chunks.iter().map(|chunk| chunk.to_vec()).collect();
        let headers = self.through_the_adapter(fields.iter().copied().collect(), &mut chunks, ends);
        let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        self.world.borrow_mut().upstream_answered = true;
        self.respond(headers, "", &chunks, ends);
    }

    /// A provider answers, and ends with trailers: no piece of the body is the last.
    pub(crate) fn answer_with_trailers(&mut self, fields: &[(&str, &str)], chunks: &[&[u8]]) {
        self.world.borrow_mut().upstream_answered = true;
        self.respond(fields.iter().copied().collect(), "", chunks, false);
        if self.world.borrow().reply.is_none() {
            self.line("> policy: response trailers");
            self.world.borrow_mut().trailers = true;
            let flow = self.policy.response_trailers();
            if self.world.borrow().reply.is_some() {
                self.deliver_past_the_filters();
            } else if self.flow(flow) == Flow::Continue && self.received.is_empty() {
                self.deliver();
            }
        }
    }

    /// A provider begins to answer and says no more until its time is over, which is so long.
    fn falls_silent(&mut self, fields: &[(&str, &str)], chunks: &[&[u8]], milliseconds: u64) -> Headers {
        let mut adapter = self.adapter.take().expect("a provider was called");
        self.line("> adapter: response headers");
        let headers: Headers = fields.iter().copied().collect();
        self.world.borrow_mut().fields(&headers, true);
        self.world.borrow_mut().response = Message { headers, body: Vec::new() };
        let flow = adapter.response_headers(false);
        assert_eq!(self.flow(flow), Flow::Pause);
        for chunk in chunks {
            self.line(&format!("> adapter: response body {}", shown(chunk)));
            self.world.borrow_mut().response.body.extend_from_slice(chunk);
            let buffered = self.world.borrow().response.body.len();
            let flow = adapter.response_body(buffered, false);
            assert_eq!(self.flow(flow), Flow::Pause);
        }
        assert!(adapter.due() > Some(self.now()));
        self.wait(milliseconds);
        assert_eq!(adapter.due(), Some(self.now()));
        self.line("> the timer");
        adapter.overdue();
        assert!(std::mem::take(&mut self.world.borrow_mut().resumed));
        self.world.borrow().response.headers.clone()
    }

    /// That, and there is another attempt.
    pub(crate) fn overdue(&mut self, fields: &[(&str, &str)], chunks: &[&[u8]], milliseconds: u64) {
        self.falls_silent(fields, chunks, milliseconds);
        self.line("= Envoy tries again");
    }

    /// That, and there is no other attempt: nothing follows the headers.
    pub(crate) fn overdue_at_last(&mut self, fields: &[(&str, &str)], chunks: &[&[u8]], milliseconds: u64) {
        let headers = self.falls_silent(fields, chunks, milliseconds);
        let headers = self.routed(&self.world.borrow(), &headers);
        self.line("> policy: response headers");
        self.world.borrow_mut().fields(&headers, true);
        self.world.borrow_mut().response = Message { headers, body: Vec::new() };
        self.world.borrow_mut().upstream_answered = true;
        let flow = self.policy.response_headers(false);
        assert_eq!(self.flow(flow), Flow::Pause);
        self.deliver_past_the_filters();
    }

    /// A reply in the place of an answer whose headers have come: Envoy sends it to the client at once.
    pub(crate) fn deliver_past_the_filters(&mut self) {
        let reply = self.world.borrow().reply.clone().unwrap();
        let mut headers = Headers::default();
        headers.push(":status", reply.status.to_string());
        reply.headers.iter().for_each(|(name, value)| headers.push(*name, value.as_str()));
        self.world.borrow_mut().response = Message { headers, body: reply.body };
        self.deliver();
    }

    /// A provider answers in a way that makes Envoy try again.
    pub(crate) fn retried(&mut self, fields: &[(&str, &str)], chunks: &[&[u8]]) {
        let mut chunks = chunks.iter().map(|chunk| chunk.to_vec()).collect();
        self.through_the_adapter(fields.iter().copied().collect(), &mut chunks, true);
        self.line("= Envoy tries again");
    }

    /// What the adapter of the latest attempt makes of an answer; one that passes as it is, is not told of.
    fn through_the_adapter(&mut self, headers: Headers, chunks: &mut Vec<Vec<u8>>, ends: bool) -> Headers {
        let Some(mut adapter) = self.adapter.take() else { return headers };
        let before = self.world.borrow().transcript.len();
        {
            let mut world = self.world.borrow_mut();
            world.upstream = true;
            world.line("> adapter: response headers");
            world.fields(&headers, true);
            world.response.headers = headers;
            world.response.body.clear();
        }
        let sent = self.world.borrow().response.headers.clone();
        let mut flow = adapter.response_headers(chunks.is_empty());
        self.flow(flow);
        let mut out = Vec::new();
        for (index, chunk) in chunks.iter().enumerate() {
            let end = ends && index + 1 == chunks.len();
            self.line(&format!(
                "> adapter: response body{} {}",
                if end { ", the last," } else { "" },
                shown(chunk)
            ));
            let buffered = {
                let mut world = self.world.borrow_mut();
                // As in Envoy: what was held back is there with what comes.
                world.response.body.extend_from_slice(chunk);
                world.response.body.len()
            };
            flow = adapter.response_body(buffered, end);
            self.flow(flow);
            if flow == Flow::Continue {
                out.push(std::mem::take(&mut self.world.borrow_mut().response.body));
            }
        }
        let mut world = self.world.borrow_mut();
        world.upstream = false;
        // An answer in the client's dialect passes as it is, and there is nothing to tell.
        if world.response.headers == sent && out.concat() == chunks.concat() {
            world.transcript.truncate(before);
        }
        *chunks = out;
        world.response.headers.clone()
    }

    /// Envoy answers by itself.
    pub(crate) fn envoy_answers(&mut self, status: &str, text: &str) {
        self.world.borrow_mut().upstream_answered = false;
        let length = text.len().to_string();
        let fields =
            [(":status", status), ("content-length", length.as_str()), ("content-type", "text/plain")];
        self.respond(fields.into_iter().collect(), " (Envoy's own)", &[text.as_bytes()], true);
    }

    fn deliver_reply(&mut self) {
        let reply = self.world.borrow().reply.clone().unwrap();
        self.world.borrow_mut().upstream_answered = false;
        let mut headers = Headers::default();
        headers.push(":status", reply.status.to_string());
        headers.push("content-length", reply.body.len().to_string());
        reply.headers.iter().for_each(|(name, value)| headers.push(*name, value.as_str()));
        self.respond(headers, " (that reply)", &[&reply.body], true);
    }

    fn respond(&mut self, headers: Headers, whose: &str, chunks: &[&[u8]], ends: bool) {
        {
            let mut world = self.world.borrow_mut();
            let headers = self.routed(&world, &headers);
            world.line(&format!("> policy: response headers{whose}"));
            world.fields(&headers, true);
            world.response.headers = headers;
            world.response.body.clear();
            world.resumed = false;
        }
        self.is_answered = true;
        let is_replied = self.world.borrow().reply.is_some();
        let mut flow = self.policy.response_headers(chunks.is_empty());
        self.flow(flow);
        if !is_replied && self.world.borrow().reply.is_some() {
            return self.deliver_past_the_filters();
        }
        for (index, chunk) in chunks.iter().enumerate() {
            if self.pace > 0 {
                self.wait(self.pace);
            }
            let end = ends && index + 1 == chunks.len();
            self.line(&format!(
                "> policy: response body{} {}",
                if end { ", the last," } else { "" },
                shown(chunk)
            ));
            self.world.borrow_mut().response.body.extend_from_slice(chunk);
            let buffered = self.world.borrow().response.body.len();
            flow = self.policy.response_body(buffered, end);
            self.flow(flow);
            if !is_replied && self.world.borrow().reply.is_some() {
                return self.deliver_past_the_filters();
            }
            if flow == Flow::Continue {
                let relayed = std::mem::take(&mut self.world.borrow_mut().response.body);
                self.received.extend(relayed);
            }
        }
        if flow == Flow::Continue {
            self.deliver();
        }
    }

    /// The answer, as far as there is any, has passed the policy.
    fn deliver(&mut self) {
        let rest = std::mem::take(&mut self.world.borrow_mut().response.body);
        self.received.extend(rest);
        let mut world = self.world.borrow_mut();
        world.line("= the client receives");
        let headers = world.response.headers.clone();
        world.fields(&headers, false);
        let body = shown(&self.received);
        world.line(&format!("    {body}"));
    }

    /// What the route makes of an answer's headers; a policy that has not chosen a route gets none of it.
    fn routed(&self, world: &World, headers: &Headers) -> Headers {
        let Some((provider, model)) = world.target.as_deref().and_then(|target| target.split_once('/'))
        else {
            return without(headers, &PRIVATE_RESPONSE_HEADERS);
        };
        let attempts = world.attempts.to_string();
        let told = [
            (SERVED_BY.model, "chat"),
            (SERVED_BY.provider, provider),
            (SERVED_BY.provider_model, model),
            (SERVED_BY.attempts, &attempts),
        ];
        let mut routed = without(&without(headers, &PRIVATE_RESPONSE_HEADERS), &told.map(|(name, _)| name));
        told.iter().for_each(|(name, value)| routed.push(name, value));
        routed
    }

    /// The provider goes away.
    pub(crate) fn break_off(&self) {
        self.world.borrow_mut().provider_gone = true;
        self.line("> the provider goes away");
    }

    /// The client goes away.
    pub(crate) fn hang_up(&self) {
        self.world.borrow_mut().client_gone = true;
        self.line("> the client goes away");
    }

    /// The stream is over; the whole transcript.
    pub(crate) fn done(mut self) -> String {
        self.line("> policy: done");
        self.policy.done();
        self.so_far()
    }
}
