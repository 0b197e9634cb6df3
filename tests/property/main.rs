//! What must hold for any input, not only for examples: the meter under any cutting, and the adapter's edit of
//! any body. Drives the public state machines; knows nothing of their insides.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod answers;
mod content;
mod cut;
mod direct;
mod edit;
mod judged;
mod meter;
mod surfaces;
