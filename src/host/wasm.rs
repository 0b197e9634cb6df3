//! proxy-wasm, and nothing but: callbacks to the driver, the driver's calls to the host.
//!
//! One module plays both roles; the plugin configuration says which. All plugins with the same `vm_id` share
//! one VM per worker, and with it the cache of metric ids.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::rc::{Rc, Weak};
use std::time::{Duration, UNIX_EPOCH};

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, BufferType, ContextType, LogLevel, MapType, MetricType, Status};

use super::abi;
use super::driver::{self, Driver, Place};
use super::{Host, HostError, HostResult, Side};
use crate::config::compiled::{self, FORMAT, Plugin, Scheme, Webhook};
use crate::engine::adapter::Adapter;
use crate::engine::alerts::Outbox;
use crate::engine::book::Book;
use crate::engine::effect::{Flow, Reply};
use crate::engine::exchange::Desk;
use crate::engine::policy::{Gateway, Policy, Shared};
use crate::engine::queue::{Queue, StreamId};
use crate::engine::stall::Watch;
use crate::engine::{Headers, Timestamp};
use crate::observe::metrics::{Kind, Measurement, Series};
use crate::quota::store::StoreFailed;

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root { role: None, timer: Rc::default() }));
}}

/// The bit of Envoy's response flags for "the client went away" (`DC`), in the order of the attribute
/// `response.flags`.
const DOWNSTREAM_CONNECTION_TERMINATION: u64 = 1 << 14;

/// A plugin: one role with one configuration.
struct Root {
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
    /// It has fired.
    fn rest(&self) {
        self.set(if is_anybody_waiting() {
            LOOK
        } else if is_anybody_watched() {
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

    /// An answer that must not fall silent, if any, shall be looked after.
    fn watch(&self) {
        let period = self.period.get();
        if is_anybody_watched() && (period.is_zero() || period > WATCH) {
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
                // So may answers that are watched go on.
                self.timer.watch();
                (format, RoleConfig::Policy(Rc::new(gateway)))
            }
            Plugin::Adapter(adapter) => (adapter.format, RoleConfig::Adapter(Rc::new(adapter))),
        };
        if format != FORMAT {
            return Err(format!("it has format {format}, and this module reads format {FORMAT}"));
        }
        self.role = Some(role);
        Ok(())
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
            overdue();
            return self.timer.set(if is_anything_held() { WATCH } else { Duration::ZERO });
        };
        let Shared { book, queue, outbox, watch, .. } = shared();
        // Before anybody's turn: the host takes calls from there on for those of a stream.
        driver::keep_up(&mut Envoy, gateway, &book, &outbox);
        queue.round(Envoy.now(), turn);
        if !watch.is_empty() {
            watch.overdue(Envoy.now()).into_iter().for_each(give_up);
        }
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
                Box::new(PolicyStream { id: context_id, driver, timer: Rc::clone(&self.timer) })
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

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let flow = self.driver.borrow_mut().response_headers(end_of_stream);
        self.timer.watch();
        action(flow)
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        action(self.driver.borrow_mut().response_body(size, end_of_stream))
    }

    fn on_log(&mut self) {
        self.driver.borrow_mut().done();
        PAUSED.with_borrow_mut(|paused| paused.remove(&self.id));
        self.timer.hasten(AT_ONCE);
    }
}

/// An attempt's driver, which its callbacks and the timer share.
type AdapterDriver = RefCell<Driver<Envoy, Adapter>>;

struct AdapterStream {
    id: StreamId,
    driver: Rc<AdapterDriver>,
    timer: Rc<Timer>,
    /// Its answer was held back, and is among the [`HELD`].
    held: bool,
}

impl AdapterStream {
    /// What is held back may have to be given up, and has to be found from the timer then.
    fn answer(&mut self, flow: Flow) -> Action {
        let due = self.driver.borrow().due().filter(|_| !self.held);
        if let Some(due) = due {
            self.held = true;
            HELD.with_borrow_mut(|held| held.insert(self.id, (due, Rc::downgrade(&self.driver))));
            self.timer.set(WATCH);
        }
        action(flow)
    }
}

impl Drop for AdapterStream {
    fn drop(&mut self) {
        if self.held {
            HELD.with_borrow_mut(|held| held.remove(&self.id));
        }
    }
}

/// Gives up the answers that were held back for too long.
fn overdue() {
    let now = Envoy.now();
    let late = HELD.with_borrow_mut(|held| held.extract_if(|_, (due, _)| *due <= now).collect::<Vec<_>>());
    for (stream, (_, driver)) in late {
        let Some(driver) = driver.upgrade() else { continue };
        if hostcalls::set_effective_context(stream).is_ok() {
            driver.borrow_mut().overdue();
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

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let flow = self.driver.borrow_mut().response_headers(end_of_stream);
        self.answer(flow)
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let flow = self.driver.borrow_mut().response_body(size, end_of_stream);
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

fn is_anything_held() -> bool {
    HELD.with_borrow(|held| !held.is_empty())
}

fn is_anybody_waiting() -> bool {
    SHARED.with(|shared| !shared.queue.is_empty())
}

/// The host, for the stream whose callback runs.
struct Envoy;

thread_local! {
    /// Metric ids by series: the host hands out a new id at every definition, so each is defined once.
    static METRICS: RefCell<HashMap<Series, u32>> = RefCell::new(HashMap::new());

    /// The streams that are held back and may have to wait for a place.
    static PAUSED: RefCell<HashMap<StreamId, Weak<PolicyDriver>>> = RefCell::default();

    /// The attempts whose answers were held back, and when that has to be over.
    static HELD: RefCell<HashMap<StreamId, (Timestamp, Weak<AdapterDriver>)>> = RefCell::default();

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

fn log(level: LogLevel, message: &str) {
    // A log that cannot be written has nowhere to be reported.
    let _ = hostcalls::log(level, message);
}

fn refused(call: &'static str) -> impl Fn(Status) -> HostError {
    move |_| HostError { call }
}

const fn header_map(side: Side) -> MapType {
    match side {
        Side::Request => MapType::HttpRequestHeaders,
        Side::Response => MapType::HttpResponseHeaders,
    }
}

const fn body_buffer(side: Side) -> BufferType {
    match side {
        Side::Request => BufferType::HttpRequestBody,
        Side::Response => BufferType::HttpResponseBody,
    }
}

fn property(path: Vec<&str>) -> HostResult<Option<Vec<u8>>> {
    hostcalls::get_property(path).map_err(refused("get_property"))
}

/// A property that is a number, which the host writes as eight bytes.
fn number(path: Vec<&str>) -> HostResult<u64> {
    let bytes = property(path)?.unwrap_or_default();
    Ok(bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)))
}

impl Host for Envoy {
    fn now(&self) -> Timestamp {
        let since_epoch =
            hostcalls::get_current_time().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let nanoseconds = since_epoch.and_then(|since| u64::try_from(since.as_nanos()).ok());
        Timestamp::from_nanoseconds(nanoseconds.unwrap_or(0))
    }

    fn headers(&self, side: Side) -> HostResult<Headers> {
        let bytes = abi::header_map(header_map(side)).map_err(refused("get_map"))?;
        Headers::from_serialized(bytes).ok_or(HostError { call: "get_map" })
    }

    fn request_header(&self, name: &str) -> HostResult<Option<Vec<u8>>> {
        hostcalls::get_map_value_bytes(header_map(Side::Request), name).map_err(refused("get_map_value"))
    }

    fn replace_request_headers(&mut self, headers: &Headers) -> HostResult<()> {
        hostcalls::set_map_bytes(header_map(Side::Request), headers.iter().collect())
            .map_err(refused("set_map"))
    }

    fn set_header(&mut self, side: Side, name: &str, value: &[u8]) -> HostResult<()> {
        hostcalls::set_map_value_bytes(header_map(side), name, Some(value)).map_err(refused("set_map_value"))
    }

    fn remove_header(&mut self, side: Side, name: &str) -> HostResult<()> {
        hostcalls::remove_map_value(header_map(side), name).map_err(refused("remove_map_value"))
    }

    fn body(&self, side: Side, length: usize) -> HostResult<Vec<u8>> {
        let bytes = hostcalls::get_buffer(body_buffer(side), 0, length).map_err(refused("get_buffer"))?;
        Ok(bytes.unwrap_or_default())
    }

    fn replace_body(&mut self, side: Side, drain: usize, with: &[u8]) -> HostResult<()> {
        hostcalls::set_buffer(body_buffer(side), 0, drain, with).map_err(refused("set_buffer"))
    }

    fn reply(&mut self, reply: &Reply) -> HostResult<()> {
        let headers = reply.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        hostcalls::send_http_response(u32::from(reply.status), headers, Some(&reply.body))
            .map_err(refused("send_http_response"))
    }

    fn publish(&mut self, name: &str, value: &[u8]) -> HostResult<()> {
        hostcalls::set_property(vec![name], Some(value)).map_err(refused("set_property"))
    }

    fn published(&self, name: &str) -> HostResult<Option<Vec<u8>>> {
        property(vec![name])
    }

    fn target(&self) -> HostResult<Option<String>> {
        let bytes = property(vec!["xds", "upstream_host_metadata", "filter_metadata", "tollgate", "target"])?;
        Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    fn is_upstream_answer(&self) -> HostResult<bool> {
        Ok(property(vec!["response", "code_details"])?.as_deref() == Some(b"via_upstream"))
    }

    fn is_client_gone(&self) -> HostResult<bool> {
        Ok(number(vec!["response", "flags"])? & DOWNSTREAM_CONNECTION_TERMINATION != 0)
    }

    fn choose_route(&mut self) -> HostResult<()> {
        hostcalls::call_foreign_function("clear_route_cache", None)
            .map(drop)
            .map_err(refused("clear_route_cache"))
    }

    fn resume(&mut self, side: Side) -> HostResult<()> {
        match side {
            Side::Request => hostcalls::resume_http_request(),
            Side::Response => hostcalls::resume_http_response(),
        }
        .map_err(refused("continue_stream"))
    }

    fn shared(&self, key: &str) -> HostResult<Option<(Vec<u8>, u32)>> {
        match hostcalls::get_shared_data(key).map_err(refused("get_shared_data"))? {
            (Some(value), version) => Ok(Some((value, version.unwrap_or(0)))),
            (None, _) => Ok(None),
        }
    }

    fn share(&mut self, key: &str, value: &[u8], version: u32) -> HostResult<bool> {
        match hostcalls::set_shared_data(key, Some(value), Some(version)) {
            Ok(()) => Ok(true),
            Err(Status::CasMismatch) => Ok(false),
            Err(status) => Err(refused("set_shared_data")(status)),
        }
    }

    fn post(&mut self, cluster: &str, to: &Webhook, body: &[u8], timeout: Duration) -> HostResult<u32> {
        let Webhook { scheme, authority, path } = to;
        let scheme = match scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        let headers = vec![
            (":method", "POST"),
            (":scheme", scheme),
            (":authority", authority),
            (":path", path),
            ("content-type", "application/json"),
        ];
        hostcalls::dispatch_http_call(cluster, headers, Some(body), Vec::new(), timeout)
            .map_err(refused("http_call"))
    }

    fn get(&mut self, cluster: &str, path: &str, timeout: Duration) -> HostResult<u32> {
        let headers = vec![(":method", "GET"), (":scheme", "http"), (":authority", cluster), (":path", path)];
        hostcalls::dispatch_http_call(cluster, headers, None, Vec::new(), timeout)
            .map_err(refused("http_call"))
    }

    fn measure(&mut self, measurement: &Measurement) -> HostResult<()> {
        let Measurement { series, value } = measurement;
        let kind = series.metric.kind();
        // The host takes it for a mistake to add nothing.
        if *value == 0 && kind == Kind::Counter {
            return Ok(());
        }
        let id = match METRICS.with_borrow(|ids| ids.get(series).copied()) {
            Some(id) => id,
            None => {
                let metric_type = match kind {
                    Kind::Counter => MetricType::Counter,
                    Kind::Histogram => MetricType::Histogram,
                };
                let id = hostcalls::define_metric(metric_type, &series.name())
                    .map_err(refused("define_metric"))?;
                METRICS.with_borrow_mut(|ids| ids.insert(series.clone(), id));
                id
            }
        };
        match kind {
            Kind::Counter => hostcalls::increment_metric(id, i64::try_from(*value).unwrap_or(i64::MAX)),
            Kind::Histogram => hostcalls::record_metric(id, *value),
        }
        .map_err(refused("record_metric"))
    }

    fn warn(&self, message: &str) {
        log(LogLevel::Warn, &format!("tollgate: {message}"));
    }
}
