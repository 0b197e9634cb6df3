//! Tollgate: an AI gateway that lives inside Envoy.

pub mod config;
pub mod dialect;
pub mod framing;
pub mod identity;
pub mod observe;
