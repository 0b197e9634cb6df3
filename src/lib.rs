//! Tollgate: an AI gateway that lives inside Envoy.

pub mod config;
pub mod dialect;
pub mod engine;
pub mod framing;
pub mod host;
pub mod identity;
pub mod observe;
#[cfg(not(target_arch = "wasm32"))]
pub mod render;
pub mod route;
pub mod tokens;
