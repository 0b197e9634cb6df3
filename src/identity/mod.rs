//! Who is calling: virtual keys.
//!
//! Pure functions over what a client presents. Nothing here knows requests, policies or Envoy.

pub mod key;
