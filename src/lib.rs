//! Tollgate: an AI gateway that lives inside Envoy.
//!
//! One WebAssembly module, loaded by a stock Envoy, in two roles: the policy once per request, the adapter once
//! per attempt. The way through the code is the way of a request:
//!
//! | module | what it is |
//! | --- | --- |
//! | [`host`] | the bridge to Envoy: callbacks to events, effects to calls |
//! | [`engine`] | the two roles as state machines |
//! | [`identity`] | from headers to the caller |
//! | [`dialect`] | what a request asks and what an answer took, as wire formats |
//! | [`chat`] | the form between two dialects that differ |
//! | [`route`] | from a model's name to the chain that serves it |
//! | [`redact`] | from text to the private values in it, and back |
//! | [`tokens`] | how many tokens a text has |
//! | [`quota`] | limits, what is used of them, and what it costs |
//! | [`guard`] | hostile text |
//! | [`observe`] | metrics, the access log, types that do not print |
//! | [`framing`] | bytes to frames: JSON spans, server-sent events |
//! | [`config`] | gateway.yaml to its compiled form |
//! | `render` | gateway.yaml to Envoy's configuration; native only |
//!
//! Imports run one way: host → engine → {identity, dialect, route, tokens, quota, redact, guard, config, observe} →
//! {chat, framing}. Everything
//! but `host::wasm` compiles and is tested natively. No panic is reachable from input, and no time is read outside
//! the host. What must stay true is in ARCHITECTURE.md; `tests/tidy.rs` holds what a test can hold.

pub mod chat;
pub mod config;
pub mod dialect;
pub mod engine;
pub mod framing;
pub mod guard;
pub mod host;
pub mod identity;
pub mod observe;
pub mod quota;
pub mod redact;
#[cfg(not(target_arch = "wasm32"))]
pub mod render;
pub mod route;
pub mod tokens;
