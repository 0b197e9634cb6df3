//! What the gateway tells about itself: metrics, the access log, and the types that keep secrets out of both.

pub mod secret;
