//! A host that is not Envoy: it keeps one stream's state as Envoy does, and writes down what is done to it.
//!
//! Header edits persist for as long as the stream lives, a body is replaced from its start only, and a metric is
//! a line. Any call can be made to fail.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tollgate::config::compiled::Webhook;
use tollgate::engine::effect::Reply;
use tollgate::engine::event::Breaker;
use tollgate::engine::{Headers, Timestamp};
use tollgate::host::driver::ACCESS_LOG;
use tollgate::host::{Host, HostError, HostResult, Side};
use tollgate::observe::metrics::{Kind, Measurement};

use crate::setting::masked;

/// A message on its way.
#[derive(Default)]
pub(crate) struct Message {
    pub(crate) headers: Headers,
    /// What is buffered of the body, or the present chunk of it.
    pub(crate) body: Vec<u8>,
}

/// Everything that Envoy knows of a stream.
pub(crate) struct World {
    pub(crate) nanoseconds: u64,
    pub(crate) request: Message,
    pub(crate) response: Message,
    pub(crate) filter_state: BTreeMap<String, Vec<u8>>,
    /// Values with their versions.
    pub(crate) shared: BTreeMap<String, (Vec<u8>, u32)>,
    pub(crate) target: Option<String>,
    pub(crate) attempts: u64,
    pub(crate) upstream_answered: bool,
    pub(crate) client_gone: bool,
    pub(crate) provider_gone: bool,
    /// The answer's trailers have come: what has left of its body cannot be replaced.
    pub(crate) trailers: bool,
    /// The host was told to let the paused request go on.
    pub(crate) resumed: bool,
    /// A role has answered in the provider's stead.
    pub(crate) reply: Option<Reply>,
    /// The names of the calls that fail, whoever makes them.
    pub(crate) failing: Vec<&'static str>,
    /// Effects are those of an adapter, which handles providers' keys.
    pub(crate) upstream: bool,
    pub(crate) transcript: String,
}

impl World {
    pub(crate) fn line(&mut self, line: &str) {
        self.transcript.push_str(line);
        self.transcript.push('\n');
    }

    fn effect(&mut self, effect: &str) {
        let line = format!("< {effect}");
        self.line(&if self.upstream { masked(&line) } else { line });
    }

    /// Header fields, each on a line of its own.
    pub(crate) fn fields(&mut self, headers: &Headers, mask: bool) {
        for (name, value) in headers.iter() {
            let line = format!("    {name}: {}", shown(value));
            self.line(&if mask { masked(&line) } else { line });
        }
    }

    fn message(&mut self, side: Side) -> &mut Message {
        match side {
            Side::Request => &mut self.request,
            Side::Response => &mut self.response,
        }
    }
}

/// The fields that have none of these names.
pub(crate) fn without(headers: &Headers, names: &[&str]) -> Headers {
    headers.iter().filter(|(name, _)| !names.contains(name)).collect()
}

/// Bytes on one line: line ends and what is not UTF-8 as escapes.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for piece in bytes.utf8_chunks() {
        text.push_str(&piece.valid().replace('\r', "\\r").replace('\n', "\\n"));
        for byte in piece.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// The same world for every role on the stream.
#[derive(Clone)]
pub(crate) struct FakeHost(pub(crate) Rc<RefCell<World>>);

impl FakeHost {
    fn call(&self, name: &'static str) -> HostResult<()> {
        let mut world = self.0.borrow_mut();
        if world.failing.contains(&name) {
            world.line(&format!("! the host refuses {name}"));
            return Err(HostError { call: name });
        }
        Ok(())
    }
}

const fn of(side: Side) -> &'static str {
    match side {
        Side::Request => "request",
        Side::Response => "response",
    }
}

impl Host for FakeHost {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanoseconds(self.0.borrow().nanoseconds)
    }

    fn headers(&self, side: Side) -> HostResult<Headers> {
        self.call("headers")?;
        Ok(self.0.borrow_mut().message(side).headers.clone())
    }

    fn request_header(&self, name: &str) -> HostResult<Option<Vec<u8>>> {
        self.call("request_header")?;
        Ok(self.0.borrow_mut().message(Side::Request).headers.get(name).map(<[u8]>::to_vec))
    }

    fn replace_request_headers(&mut self, headers: &Headers) -> HostResult<()> {
        self.call("replace_request_headers")?;
        let mut world = self.0.borrow_mut();
        world.effect("replace the request headers");
        world.request.headers = headers.clone();
        Ok(())
    }

    fn set_header(&mut self, side: Side, name: &str, value: &[u8]) -> HostResult<()> {
        self.call("set_header")?;
        let mut world = self.0.borrow_mut();
        world.effect(&format!("set the {} header {name}: {}", of(side), shown(value)));
        let message = world.message(side);
        message.headers = without(&message.headers, &[name]);
        message.headers.push(name, value);
        Ok(())
    }

    fn remove_header(&mut self, side: Side, name: &str) -> HostResult<()> {
        self.call("remove_header")?;
        let mut world = self.0.borrow_mut();
        world.effect(&format!("remove the {} header {name}", of(side)));
        let message = world.message(side);
        message.headers = without(&message.headers, &[name]);
        Ok(())
    }

    fn drop_trailers(&mut self, side: Side) -> HostResult<()> {
        self.call("drop_trailers")?;
        self.0.borrow_mut().effect(&format!("remove the {} trailers", of(side)));
        Ok(())
    }

    fn body(&self, side: Side, length: usize) -> HostResult<Vec<u8>> {
        self.call("body")?;
        let mut world = self.0.borrow_mut();
        let body = &world.message(side).body;
        Ok(body[..length.min(body.len())].to_vec())
    }

    fn replace_body(&mut self, side: Side, drain: usize, with: &[u8]) -> HostResult<()> {
        self.call("replace_body")?;
        let mut world = self.0.borrow_mut();
        let trailers = world.trailers && side == Side::Response;
        let body = &mut world.message(side).body;
        if trailers && body.is_empty() {
            return Err(HostError { call: "set_buffer" });
        }
        let drain = drain.min(body.len());
        body.splice(..drain, with.iter().copied());
        world.effect(&format!("replace {drain} bytes of the {} body by {} bytes", of(side), with.len()));
        Ok(())
    }

    fn reply(&mut self, reply: &Reply) -> HostResult<()> {
        self.call("reply")?;
        let mut world = self.0.borrow_mut();
        assert!(world.reply.is_none(), "a stream is answered once");
        world.effect(&format!("reply {}", reply.status));
        for (name, value) in &reply.headers {
            world.line(&format!("    {name}: {value}"));
        }
        world.line(&format!("    {}", shown(&reply.body)));
        world.reply = Some(reply.clone());
        Ok(())
    }

    fn publish(&mut self, name: &str, value: &[u8]) -> HostResult<()> {
        self.call("publish")?;
        let mut world = self.0.borrow_mut();
        let verb = if name == ACCESS_LOG { "log" } else { "publish" };
        world.effect(&format!("{verb} {name} {}", shown(value)));
        world.filter_state.insert(name.to_owned(), value.to_vec());
        Ok(())
    }

    fn published(&self, name: &str) -> HostResult<Option<Vec<u8>>> {
        self.call("published")?;
        Ok(self.0.borrow().filter_state.get(name).cloned())
    }

    fn target(&self) -> HostResult<Option<String>> {
        self.call("target")?;
        Ok(self.0.borrow().target.clone())
    }

    fn is_upstream_answer(&self) -> HostResult<bool> {
        self.call("is_upstream_answer")?;
        Ok(self.0.borrow().upstream_answered)
    }

    fn broken_by(&self) -> HostResult<Breaker> {
        self.call("broken_by")?;
        let world = self.0.borrow();
        Ok(match (world.client_gone, world.provider_gone) {
            (true, _) => Breaker::Client,
            (false, true) => Breaker::Provider,
            (false, false) => Breaker::Nobody,
        })
    }

    fn break_off(&mut self) -> HostResult<()> {
        self.call("break_off")?;
        self.0.borrow_mut().effect("break the answer off");
        Ok(())
    }

    fn choose_route(&mut self) -> HostResult<()> {
        self.call("choose_route")?;
        self.0.borrow_mut().effect("choose the route");
        Ok(())
    }

    fn resume(&mut self, side: Side) -> HostResult<()> {
        self.call("resume")?;
        let mut world = self.0.borrow_mut();
        let message = if side == Side::Request { "request" } else { "answer" };
        world.effect(&format!("let the {message} go on"));
        world.resumed = true;
        Ok(())
    }

    fn shared(&self, key: &str) -> HostResult<Option<(Vec<u8>, u32)>> {
        self.call("shared")?;
        Ok(self.0.borrow().shared.get(key).cloned())
    }

    fn share(&mut self, key: &str, value: &[u8], version: u32) -> HostResult<bool> {
        self.call("share")?;
        let mut world = self.0.borrow_mut();
        let next = match world.shared.get(key) {
            // As in Envoy, a version of zero is never compared.
            Some((_, held)) if version != 0 && version != *held => return Ok(false),
            Some((_, held)) => held + 1,
            None => 1,
        };
        world.shared.insert(key.to_owned(), (value.to_vec(), next));
        Ok(true)
    }

    fn post(&mut self, _cluster: &str, to: &Webhook, body: &[u8], _timeout: Duration) -> HostResult<u32> {
        self.call("post")?;
        self.0.borrow_mut().effect(&format!("post to {}{}: {}", to.authority, to.path, shown(body)));
        Ok(1)
    }

    fn get(&mut self, cluster: &str, path: &str, _timeout: Duration) -> HostResult<u32> {
        self.call("get")?;
        self.0.borrow_mut().effect(&format!("ask {cluster} for {path}"));
        Ok(1)
    }

    fn measure(&mut self, measurement: &Measurement) -> HostResult<()> {
        self.call("measure")?;
        let verb = match measurement.series.metric.kind() {
            Kind::Counter => format!("add {} to", measurement.value),
            Kind::Histogram => format!("record {} in", measurement.value),
        };
        self.0.borrow_mut().effect(&format!("{verb} {}", measurement.series.name()));
        Ok(())
    }

    fn warn(&self, message: &str) {
        self.0.borrow_mut().effect(&format!("warn {message}"));
    }
}
