//! End to end: the real Envoy with two workers, the mock provider, and clients as applications have them.
//!
//! Every test starts its own gateway on free ports through `tollgate run`, exactly as an operator does, and
//! ends it by its process id. Needs what `make test` prepares: the module, Envoy, and the virtual environment
//! with the SDKs.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and waits"
)]

mod admission;
mod aggregate;
mod answers;
mod client;
mod clouds;
mod command;
mod credentials;
mod dialects;
mod direct;
mod elsewhere;
mod embeddings;
mod envoy;
mod examples;
mod exhaustion;
mod external;
mod failures;
mod gateway;
mod http2;
mod limits;
mod metering;
mod mock;
mod pressure;
mod providers_http2;
mod queue;
mod redaction;
mod reload;
mod residency;
mod resilience;
mod sdk;
mod secrecy;
mod status;
mod surfaces;
mod sustained;
mod tls;
mod upstream;
mod verdict;
mod within;
