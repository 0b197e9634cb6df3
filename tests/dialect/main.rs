//! The golden corpus of the dialects: what each provider's API reference shows, and what the gateway makes of it.
//!
//! `cases/<dialect>.<kind>.json` holds what goes in, written from the references; `golden/` holds what comes out
//! for every pair that the matrix allows, with the usage, the losses and the text that policies see. A change of
//! a golden file is looked at by a person, and by `validate.py`, which holds each against the types of the
//! dialect's official SDK. `TOLLGATE_BLESS=1` writes them anew.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod answers;
mod corpus;
mod embeddings;
mod limits;
mod models;
mod property;
#[allow(dead_code, reason = "the mock provider uses the rest")]
#[path = "../../examples/mock-provider/strict/mod.rs"]
mod provider;
#[path = "../../examples/mock-provider/bedrock/rules.rs"]
mod rules;
mod seen;
mod semantics;
#[path = "../../examples/mock-provider/bedrock/schema.rs"]
mod shapes;
mod strict;

use corpus::{Kind, answers, requests, streams};

#[test]
fn requests_are_as_in_the_golden_files() {
    corpus::compare(Kind::Requests, requests);
}

#[test]
fn answers_are_as_in_the_golden_files() {
    corpus::compare(Kind::Answers, answers);
}

#[test]
fn streams_are_as_in_the_golden_files() {
    corpus::compare(Kind::Streams, streams);
}
