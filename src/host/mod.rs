//! The bridge to Envoy: the only code that knows the host.
//!
//! [`Host`] is what the rest asks of it, in its own words; `envoy` says it in proxy-wasm's; `wasm` hands on what Envoy
//! calls; [`driver`] feeds a role with events and carries out its effects, and is compiled and tested natively against a
//! fake host.
//!
//! What Envoy 1.40 does, and this code relies on (each was seen on the real binary, or has an end-to-end test):
//!
//! - With `allow_on_headers_stop_iteration: true`, pausing at the headers still delivers the body, and the
//!   headers can be edited until the body callback continues. Without it a paused request never goes on.
//! - After a pause, the body's size is all that is buffered; after a continue, it is the present chunk.
//! - The body can be replaced from its start only: the first n bytes go and others come in their place.
//! - Header edits of an attempt persist into the next attempt, body edits do not.
//! - A body that ends with trailers has no piece that is its last: the trailers' callback says that it is complete. What is
//!   held back can be edited there; where nothing is, nothing can be added.
//! - A call that is made for a stream (`set_effective_context`) is made for its plugin, and so is a timer that is set then.
//! - A local reply ends the request, is never retried, and passes the response callbacks of the same stream.
//! - `on_log` comes on every way out of a downstream stream, before the access log is written, and never
//!   for an upstream one.
//! - A stream that was paused at the end of its body can be continued from a timer, once the host was told that the
//!   calls mean that stream. Until then its headers can be edited; the host continues it after the callback.
//! - So can an answer that was paused at the end of its body, which can be replaced until then, and so can its headers
//!   where they were paused, too. No answer is continued so before its end: by Envoy's source, the piece that came next
//!   would stay in a buffer.
//! - The trait wrappers of the SDK unwrap, and a panic takes the worker's VM down: only its fallible
//!   functions are used here, and a failed call ends the request, not the VM.

#[cfg(target_arch = "wasm32")]
mod abi;
pub mod driver;
#[cfg(target_arch = "wasm32")]
mod envoy;
#[cfg(target_arch = "wasm32")]
mod wasm;

use std::time::Duration;

use crate::config::compiled::Webhook;
use crate::engine::effect::Reply;
use crate::engine::event::Breaker;
use crate::engine::{Headers, Timestamp};
use crate::observe::metrics::Measurement;

/// A call that the host refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostError {
    /// Which call, for the log.
    pub call: &'static str,
}

/// What a call of the host returns.
pub type HostResult<T> = Result<T, HostError>;

/// Which of a stream's two messages is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client's.
    Request,
    /// The answer.
    Response,
}

/// What a stream can ask of Envoy while one of its callbacks runs.
pub trait Host {
    /// The present time.
    fn now(&self) -> Timestamp;

    /// All header fields of a message.
    ///
    /// # Errors
    /// When the host refuses.
    fn headers(&self, side: Side) -> HostResult<Headers>;

    /// The first header field of the request called `name`.
    ///
    /// # Errors
    /// When the host refuses.
    fn request_header(&self, name: &str) -> HostResult<Option<Vec<u8>>>;

    /// Replaces all header fields of the request.
    ///
    /// # Errors
    /// When the host refuses.
    fn replace_request_headers(&mut self, headers: &Headers) -> HostResult<()>;

    /// Sets a header field to one value.
    ///
    /// # Errors
    /// When the host refuses.
    fn set_header(&mut self, side: Side, name: &str, value: &[u8]) -> HostResult<()>;

    /// Removes a header field; it need not be there.
    ///
    /// # Errors
    /// When the host refuses.
    fn remove_header(&mut self, side: Side, name: &str) -> HostResult<()>;

    /// Removes all fields of a message's trailers, while they are there.
    ///
    /// # Errors
    /// When the host refuses.
    fn drop_trailers(&mut self, side: Side) -> HostResult<()>;

    /// The first `length` bytes of the buffered body.
    ///
    /// # Errors
    /// When the host refuses.
    fn body(&self, side: Side, length: usize) -> HostResult<Vec<u8>>;

    /// Replaces the first `drain` bytes of the buffered body.
    ///
    /// # Errors
    /// When the host refuses.
    fn replace_body(&mut self, side: Side, drain: usize, with: &[u8]) -> HostResult<()>;

    /// Answers the client and ends the request.
    ///
    /// # Errors
    /// When the host refuses.
    fn reply(&mut self, reply: &Reply) -> HostResult<()>;

    /// Keeps a value in the request's filter state.
    ///
    /// # Errors
    /// When the host refuses.
    fn publish(&mut self, name: &str, value: &[u8]) -> HostResult<()>;

    /// A value of the request's filter state.
    ///
    /// # Errors
    /// When the host refuses.
    fn published(&self, name: &str) -> HostResult<Option<Vec<u8>>>;

    /// `provider/model` from the metadata of the endpoint that was picked last.
    ///
    /// # Errors
    /// When the host refuses.
    fn target(&self) -> HostResult<Option<String>>;

    /// Whether the answer is a provider's, and not Envoy's own.
    ///
    /// # Errors
    /// When the host refuses.
    fn is_upstream_answer(&self) -> HostResult<bool>;

    /// Who has broken the stream off that is over.
    ///
    /// # Errors
    /// When the host refuses.
    fn broken_by(&self) -> HostResult<Breaker>;

    /// Breaks the stream off.
    ///
    /// # Errors
    /// When the host refuses.
    fn break_off(&mut self) -> HostResult<()>;

    /// Lets the route be chosen anew.
    ///
    /// # Errors
    /// When the host refuses.
    fn choose_route(&mut self) -> HostResult<()>;

    /// Lets a paused message go on, from another callback than its own.
    ///
    /// # Errors
    /// When the host refuses.
    fn resume(&mut self, side: Side) -> HostResult<()>;

    /// A value that all workers share, and its version.
    ///
    /// # Errors
    /// When the host refuses.
    fn shared(&self, key: &str) -> HostResult<Option<(Vec<u8>, u32)>>;

    /// Replaces a shared value if its version is still `version`, or if there is none; says whether it did.
    ///
    /// # Errors
    /// When the host refuses.
    fn share(&mut self, key: &str, value: &[u8], version: u32) -> HostResult<bool>;

    /// Posts a JSON text to a service; gives the number by which the answer will come, within `timeout`.
    ///
    /// # Errors
    /// When the host refuses.
    fn post(&mut self, cluster: &str, to: &Webhook, body: &[u8], timeout: Duration) -> HostResult<u32>;

    /// Asks a service for what is at `path`; gives the number by which the answer will come, within `timeout`.
    ///
    /// # Errors
    /// When the host refuses.
    fn get(&mut self, cluster: &str, path: &str, timeout: Duration) -> HostResult<u32>;

    /// Adds to a metric.
    ///
    /// # Errors
    /// When the host refuses.
    fn measure(&mut self, measurement: &Measurement) -> HostResult<()>;

    /// Writes a line to Envoy's own log.
    fn warn(&self, message: &str);
}
