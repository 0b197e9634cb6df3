//! Who calls: virtual keys → callers.

pub mod caller;
pub mod key;
