//! Reading and writing JSON by member, as all dialects do.
//!
//! [`Object`] reads: what a decoder does not take is left over, and [`Object::rest`] reports it, so that nothing
//! is dropped in silence. [`write`] writes, member by member, without a tree.

mod read;
pub(super) mod write;

pub(super) use read::{Object, Value};
