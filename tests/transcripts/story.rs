//! Plays Envoy's part: calls the drivers as Envoy calls its filters, and carries bytes between the two ends.
//!
//! As in Envoy: a paused body is buffered whole; header edits of an attempt are still there at the next, body
//! edits are not; the credentials come before the adapter, each in its own header; a reply of either role passes
//! the policy's response callbacks.

mod answering;

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
use tollgate::engine::fields::{ATTEMPT_TIMEOUT_HEADER, PRIVATE_REQUEST_HEADERS};
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
        (world.attempts, world.target) = (world.attempts + 1, Some(target.to_owned()));
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
