//! What the gateway tells about itself: metrics, the access log, and the types that keep secrets out of both.

pub mod metrics;
pub mod record;
pub mod secret;
pub mod status;
