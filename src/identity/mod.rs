//! Who calls: virtual keys → callers.
//!
//! Pure functions over what a client presents. Nothing here knows policies or Envoy.

pub mod caller;
pub mod key;
