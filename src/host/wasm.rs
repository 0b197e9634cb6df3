//! proxy-wasm, and nothing but: callbacks to the driver. The driver's calls are in [`super::envoy`].
//!
//! One module plays both roles; the plugin configuration says which. All plugins with the same `vm_id` share
//! one VM per worker, and with it the cache of metric ids.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::rc::{Rc, Weak};
use std::thread::LocalKey;
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, BufferType, ContextType, LogLevel, MapType};

use super::Host;
use super::driver::{self, Driver, Place};
use super::envoy::{Envoy, log};
use crate::config::compiled::{self, FORMAT, Plugin};
use crate::engine::adapter::Adapter;
use crate::engine::alerts::Outbox;
use crate::engine::book::Book;
use crate::engine::effect::Flow;
use crate::engine::exchange::Desk;
use crate::engine::policy::{Gateway, Policy, Shared};
use crate::engine::queue::{Queue, StreamId};
use crate::engine::stall::Watch;
use crate::engine::{Role, Timestamp};
use crate::quota::store::StoreFailed;

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|id| Box::new(Root { id, role: None, timer: Rc::default() }));
}}

/// A plugin: one role with one configuration.
struct Root {
    id: u32,
    role: Option<RoleConfig>,
    timer: Rc<Timer>,
}

/// How often the timer of a plugin fires: rarely for reservations that have to be renewed, and often while somebody
/// waits for a place.
#[derive(Default)]
struct Timer {
    rarely: Cell<Duration>,
    period: Cell<Duration>,
}

/// Places that become free in other workers are seen by looking.
const LOOK: Duration = Duration::from_millis(25);

/// Letters to the webhook wait for seconds.
const LETTERS: Duration = Duration::from_millis(250);

/// A place that became free in this worker is given away as soon as the callback in which it did is over: within it,
/// one stream would be continued from the end of another.
const AT_ONCE: Duration = Duration::from_millis(1);

/// How late it may be noticed that an answer has fallen silent.
const WATCH: Duration = Duration::from_millis(100);

impl Timer {
    /// It has fired, for the plugin of the policy.
    fn rest(&self) {
        self.set(if is_anybody_waiting() {
            LOOK
        } else if is_anybody_watched() || is_anything_held(&HELD_DOWNSTREAM) {
            WATCH
        } else if SHARED.with(|shared| shared.outbox.is_empty()) {
            self.rarely.get()
        } else {
            LETTERS
        });
    }

    /// Those who wait, if any, shall be heard so soon. A timer that fires earlier is not put off.
    fn hasten(&self, period: Duration) {
        let is_due = || is_anybody_waiting() || SHARED.with(|shared| shared.outbox.has_news());
        if period < self.period.get() && is_due() {
            self.set(period);
        }
    }

    /// It has fired, for the plugin of an adapter.
    fn rest_upstream(&self) {
        self.set(if is_anything_held(&HELD_UPSTREAM) { WATCH } else { Duration::ZERO });
    }

    /// An answer of the policy's that must not fall silent, if any, shall be looked after.
    fn watch(&self) {
        if is_anybody_watched() {
            self.look_after();
        }
    }

    /// Answers that are held back shall be looked after.
    fn look_after(&self) {
        let period = self.period.get();
        if period.is_zero() || period > WATCH {
            self.set(WATCH);
        }
    }

    fn set(&self, period: Duration) {
        if self.period.get() == period {
            return;
        }
        match hostcalls::set_tick_period(period) {
            Ok(()) => self.period.set(period),
            Err(status) => log(LogLevel::Warn, &format!("tollgate: the host gives no timer: {status:?}")),
        }
    }
}

#[derive(Clone)]
enum RoleConfig {
    Policy(Rc<Gateway>),
    Adapter(Rc<compiled::Adapter>),
}

impl Root {
    fn configure(&mut self) -> Result<(), String> {
        let bytes = hostcalls::get_buffer(BufferType::PluginConfiguration, 0, usize::MAX)
            .map_err(|status| format!("cannot be read: {status:?}"))?
            .unwrap_or_default();
        let plugin: Plugin = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let (format, role) = match plugin {
            Plugin::Policy(policy) => {
                let format = policy.format;
                let gateway = Gateway::new(policy);
                gateway
                    .prepare(&mut driver::Shared(&mut Envoy))
                    .map_err(|StoreFailed| "the shared data cannot be used".to_owned())?;
                if let Some(terms) = gateway.terms() {
                    // Several times in a lease: a reservation is renewed when half of it is over.
                    self.timer.rarely.set(Duration::from_millis(terms.lease / 8));
                    // Streams of the plugin that this one replaces may wait; the first turn of the timer sees to that.
                    hostcalls::set_tick_period(LOOK)
                        .map_err(|status| format!("the host gives no timer: {status:?}"))?;
                    self.timer.period.set(LOOK);
                }
                // So may answers that are watched go on, or are held back.
                self.timer.watch();
                if is_anything_held(&HELD_DOWNSTREAM) {
                    self.timer.look_after();
                }
                (format, RoleConfig::Policy(Rc::new(gateway)))
            }
            Plugin::Adapter(adapter) => {
                if is_anything_held(&HELD_UPSTREAM) {
                    self.timer.look_after();
                }
                (adapter.format, RoleConfig::Adapter(Rc::new(adapter)))
            }
        };
        if format != FORMAT {
            return Err(format!("it has format {format}, and this module reads format {FORMAT}"));
        }
        self.role = Some(role);
        Ok(())
    }
}

impl Root {
    /// The host takes calls for this plugin's again: after a stream's turn it takes them for that stream's plugin, which may
    /// be another, and the timer would be that one's.
    fn resume(&self) {
        if let Err(status) = hostcalls::set_effective_context(self.id) {
            log(LogLevel::Warn, &format!("tollgate: the host does not know a plugin: {status:?}"));
        }
    }
}

impl Context for Root {
    fn on_http_call_response(&mut self, call: u32, headers: usize, _body: usize, _trailers: usize) {
        driver::webhook_answered(&mut Envoy, &shared().outbox, call, called(headers));
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        match self.configure() {
            Ok(()) => true,
            Err(problem) => {
                log(LogLevel::Error, &format!("tollgate: the plugin configuration is refused: {problem}"));
                false
            }
        }
    }

    fn on_tick(&mut self) {
        let Some(RoleConfig::Policy(gateway)) = &self.role else {
            overdue(&HELD_UPSTREAM);
            self.resume();
            return self.timer.rest_upstream();
        };
        let Shared { book, queue, outbox, watch, .. } = shared();
        // Before anybody's turn: the host takes calls from there on for those of a stream.
        driver::keep_up(&mut Envoy, gateway, &book, &outbox);
        queue.round(Envoy.now(), turn);
        if !watch.is_empty() {
            watch.overdue(Envoy.now()).into_iter().for_each(give_up);
        }
        if is_anything_held(&HELD_DOWNSTREAM) {
            overdue(&HELD_DOWNSTREAM);
        }
        self.resume();
        self.timer.rest();
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, context_id: u32) -> Option<Box<dyn HttpContext>> {
        let stream: Box<dyn HttpContext> = match self.role.clone() {
            Some(RoleConfig::Policy(gateway)) => {
                let role = Policy::new(gateway, shared(), context_id);
                let driver = Rc::new(RefCell::new(Driver::new(Envoy, role, Place::Downstream)));
                Box::new(PolicyStream { id: context_id, driver, timer: Rc::clone(&self.timer), held: false })
            }
            Some(RoleConfig::Adapter(config)) => {
                let role = Adapter::new(config, shared().desk);
                let driver = Rc::new(RefCell::new(Driver::new(Envoy, role, Place::Upstream)));
                Box::new(AdapterStream { id: context_id, driver, timer: Rc::clone(&self.timer), held: false })
            }
            // Envoy creates no stream before a configuration was accepted.
            None => Box::new(Closed),
        };
        Some(stream)
    }
}

/// A stream that cannot be served, and is not let through.
struct Closed;

impl Context for Closed {}

impl HttpContext for Closed {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        Action::Pause
    }
}

/// A request's driver, which its callbacks and the timer share.
type PolicyDriver = RefCell<Driver<Envoy, Policy>>;

struct PolicyStream {
    id: StreamId,
    driver: Rc<PolicyDriver>,
    timer: Rc<Timer>,
    /// Its answer is held back, and is among the [`HELD_DOWNSTREAM`].
    held: bool,
}

impl PolicyStream {
    /// What is held back may wait for its turn, and has to be found from the timer then.
    fn action(&self, flow: Flow) -> Action {
        if flow == Flow::Pause && is_anybody_waiting() {
            PAUSED.with_borrow_mut(|paused| paused.insert(self.id, Rc::downgrade(&self.driver)));
            self.timer.hasten(LOOK);
        }
        action(flow)
    }
}

/// Lets a stream that waits try again.
fn turn(stream: StreamId) {
    let driver = PAUSED.with_borrow(|paused| paused.get(&stream).and_then(Weak::upgrade));
    let Some(driver) = driver else { return };
    if hostcalls::set_effective_context(stream).is_err() {
        log(LogLevel::Warn, "tollgate: the host does not know a stream that waits");
        return;
    }
    driver.borrow_mut().turn();
}

/// Breaks off a stream whose answer has fallen silent.
fn give_up(stream: StreamId) {
    let ended = hostcalls::set_effective_context(stream).and_then(|()| hostcalls::reset_http_response());
    if let Err(status) = ended {
        log(LogLevel::Warn, &format!("tollgate: a silent stream cannot be broken off: {status:?}"));
    }
}

/// The status of the answer to a call of ours, with so many headers: none where no answer came.
fn called(headers: usize) -> Option<u16> {
    if headers == 0 {
        return None;
    }
    hostcalls::get_map_value(MapType::HttpCallResponseHeaders, ":status").ok()??.parse().ok()
}

impl Context for PolicyStream {
    fn on_http_call_response(&mut self, _call: u32, headers: usize, body: usize, _trailers: usize) {
        let wanted = body.min(self.driver.borrow().longest_answer());
        let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, wanted);
        let body = body.ok().flatten().unwrap_or_default();
        let flow = self.driver.borrow_mut().answered(called(headers), &body);
        self.action(flow);
    }
}

impl HttpContext for PolicyStream {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        #[cfg(feature = "trap")]
        if Envoy.request_header("x-trap").is_ok_and(|value| value.is_some()) {
            std::process::abort();
        }
        let flow = self.driver.borrow_mut().request_headers(end_of_stream);
        self.action(flow)
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let flow = self.driver.borrow_mut().request_body(size, end_of_stream);
        self.action(flow)
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        let flow = self.driver.borrow_mut().request_trailers();
        self.action(flow)
    }

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let flow = self.driver.borrow_mut().response_headers(end_of_stream);
        self.held = hold(&HELD_DOWNSTREAM, self.id, &self.driver, &self.timer, self.held);
        self.timer.watch();
        action(flow)
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let flow = self.driver.borrow_mut().response_body(size, end_of_stream);
        self.held = hold(&HELD_DOWNSTREAM, self.id, &self.driver, &self.timer, self.held);
        action(flow)
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        let flow = self.driver.borrow_mut().response_trailers();
        self.held = hold(&HELD_DOWNSTREAM, self.id, &self.driver, &self.timer, self.held);
        action(flow)
    }

    fn on_log(&mut self) {
        self.driver.borrow_mut().done();
        if self.held {
            let_go(&HELD_DOWNSTREAM, self.id);
        }
        PAUSED.with_borrow_mut(|paused| paused.remove(&self.id));
        self.timer.hasten(AT_ONCE);
    }
}

struct AdapterStream {
    id: StreamId,
    /// Its callbacks and the timer share it.
    driver: Rc<RefCell<Driver<Envoy, Adapter>>>,
    timer: Rc<Timer>,
    /// Its answer was held back, and is among the [`HELD_UPSTREAM`].
    held: bool,
}

impl AdapterStream {
    /// What is held back may have to be given up, and has to be found from the timer then.
    fn answer(&mut self, flow: Flow) -> Action {
        self.held = hold(&HELD_UPSTREAM, self.id, &self.driver, &self.timer, self.held);
        action(flow)
    }
}

impl Drop for AdapterStream {
    fn drop(&mut self) {
        if self.held {
            let_go(&HELD_UPSTREAM, self.id);
        }
    }
}

/// A stream whose answer is held back, as the timer finds it.
trait Overdue {
    fn overdue(&self);
}

/// When an answer is given up, and whose it is.
type Held = (Timestamp, Weak<dyn Overdue>);

/// The answers that are held back, by their streams.
type AllHeld = RefCell<HashMap<StreamId, Held>>;

impl<R: Role> Overdue for RefCell<Driver<Envoy, R>> {
    fn overdue(&self) {
        self.borrow_mut().overdue();
    }
}

/// Notes whether an answer is held back from now on, which may have to be given up. Says whether it is among `all`.
fn hold<R: Role + 'static>(
    all: &'static LocalKey<AllHeld>,
    id: StreamId,
    driver: &Rc<RefCell<Driver<Envoy, R>>>,
    timer: &Timer,
    held: bool,
) -> bool {
    let due = driver.borrow().due();
    match (due, held) {
        (Some(due), false) => {
            let driver: Rc<dyn Overdue> = Rc::<RefCell<Driver<Envoy, R>>>::clone(driver);
            all.with_borrow_mut(|all| all.insert(id, (due, Rc::downgrade(&driver))));
            timer.look_after();
        }
        (None, true) => let_go(all, id),
        _ => {}
    }
    due.is_some()
}

fn let_go(all: &'static LocalKey<AllHeld>, id: StreamId) {
    all.with_borrow_mut(|held| held.remove(&id));
}

/// Gives up the answers that were held back for too long.
fn overdue(all: &'static LocalKey<AllHeld>) {
    let now = Envoy.now();
    let late = all.with_borrow_mut(|held| held.extract_if(|_, (due, _)| *due <= now).collect::<Vec<_>>());
    for (stream, (_, driver)) in late {
        let Some(driver) = driver.upgrade() else { continue };
        if hostcalls::set_effective_context(stream).is_ok() {
            driver.overdue();
        }
    }
}

impl Context for AdapterStream {}

impl HttpContext for AdapterStream {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        action(self.driver.borrow_mut().request_headers(end_of_stream))
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        action(self.driver.borrow_mut().request_body(size, end_of_stream))
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        action(self.driver.borrow_mut().request_trailers())
    }

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let flow = self.driver.borrow_mut().response_headers(end_of_stream);
        self.answer(flow)
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let flow = self.driver.borrow_mut().response_body(size, end_of_stream);
        self.answer(flow)
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        let flow = self.driver.borrow_mut().response_trailers();
        self.answer(flow)
    }
}

const fn action(flow: Flow) -> Action {
    match flow {
        Flow::Continue => Action::Continue,
        Flow::Pause => Action::Pause,
    }
}

/// What the streams of this virtual machine share.
fn shared() -> Shared {
    SHARED.with(Shared::clone)
}

fn is_anybody_watched() -> bool {
    SHARED.with(|shared| !shared.watch.is_empty())
}

fn is_anything_held(all: &'static LocalKey<AllHeld>) -> bool {
    all.with_borrow(|held| !held.is_empty())
}

fn is_anybody_waiting() -> bool {
    SHARED.with(|shared| !shared.queue.is_empty())
}

thread_local! {
    /// The streams that are held back and may have to wait for a place.
    static PAUSED: RefCell<HashMap<StreamId, Weak<PolicyDriver>>> = RefCell::default();

    /// The streams of policies whose answers are held back, and when that has to be over. Each role has its own timer, and
    /// looks after its own.
    static HELD_DOWNSTREAM: AllHeld = RefCell::default();

    /// The same of adapters.
    static HELD_UPSTREAM: AllHeld = RefCell::default();

    /// The standard library seeds its hashers from the system's randomness, which is the only way to it without
    /// a crate.
    static SHARED: Shared = Shared {
        desk: Desk::new(RandomState::new().build_hasher().finish()),
        book: Book::default(),
        queue: Queue::default(),
        outbox: Outbox::default(),
        watch: Watch::default(),
    };
}
