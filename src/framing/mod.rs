//! Bytes to frames: server-sent events, AWS event streams and JSON spans.
//!
//! Every reader here gives the same frames however its input is cut into chunks, inside a code point too,
//! and holds a bounded number of bytes. Nothing here knows what a frame means. What holds content has no `Debug`,
//! so that no prompt or answer can end up in a log that way.

pub mod edit;
pub mod eventstream;
pub mod json;
pub mod sse;
