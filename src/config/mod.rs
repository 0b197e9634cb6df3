//! gateway.yaml: strict raw form → compiled form, with errors that name the line and the key.
//!
//! [`load()`] and [`parse`] give a [`Gateway`] in which every default is applied and every reference is
//! resolved, or *all* the problems of the file, each with its line, its key and what was expected. A key
//! that is not known today is an error: a setting that is read and not enforced would be the worst bug.
//!
//! The way of a file (`load`): text → located tree (`yaml`) → records whose every value keeps its
//! place (`raw`, built from `shape`, `names`, `units`, `amounts` and `url`) → references and rules (`compile`) →
//! [`Gateway`] (`gateway`). [`schema`] describes the same records as a JSON Schema. Only [`compiled`], what
//! the filter itself reads, exists inside Envoy; all the rest is native.
//!
//! Deliberately unknown here: Envoy's own configuration (`render`), and the content of any secret: a
//! credential's file is looked for, never opened.

pub mod compiled;

#[cfg(not(target_arch = "wasm32"))]
mod amounts;
#[cfg(not(target_arch = "wasm32"))]
mod answers;
#[cfg(not(target_arch = "wasm32"))]
mod compile;
#[cfg(not(target_arch = "wasm32"))]
mod content;
#[cfg(not(target_arch = "wasm32"))]
mod envoy;
#[cfg(not(target_arch = "wasm32"))]
mod external;
#[cfg(not(target_arch = "wasm32"))]
mod gateway;
#[cfg(not(target_arch = "wasm32"))]
mod load;
#[cfg(not(target_arch = "wasm32"))]
mod names;
#[cfg(not(target_arch = "wasm32"))]
mod own;
#[cfg(not(target_arch = "wasm32"))]
mod problem;
#[cfg(not(target_arch = "wasm32"))]
mod raw;
#[cfg(not(target_arch = "wasm32"))]
mod served;
#[cfg(not(target_arch = "wasm32"))]
mod shape;
#[cfg(not(target_arch = "wasm32"))]
mod signing;
#[cfg(not(target_arch = "wasm32"))]
mod units;
#[cfg(not(target_arch = "wasm32"))]
mod url;
#[cfg(not(target_arch = "wasm32"))]
mod yaml;

#[cfg(not(target_arch = "wasm32"))]
pub use {
    envoy::{AdapterIn, Chains, Conflict, Envoy},
    gateway::{
        Capacity, ChainTarget, Credential, Ejection, Gateway, HealthCheck, Host, Overload, Retrying,
        Upstream, Webhook,
    },
    load::{load, parse, schema},
    problem::{Echo, Found, Kind, Position, Problem, Section, UrlFlaw},
    served::Flaw as SurfaceFlaw,
};

#[cfg(test)]
mod tests;
