//! Where a logical model's requests go that its providers object to.
//!
//! The order of attempts in a cluster is fixed, so an alternative has a cluster for each attempt after which it may come
//! in: one that has that many places before its own attempts. The filter names the one that Envoy takes next.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::dialect::objection::Objection;

/// What a model has beside its own targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    /// How many attempts there are at the model's own targets.
    pub own_attempts: u32,
    /// The most tokens of prompt and answer that the model takes together; a request that has more goes to the
    /// alternative for [`Objection::Context`] at once.
    pub window: Option<u64>,
    /// The model for each objection.
    pub models: BTreeMap<Objection, Alternative>,
}

/// A logical model that stands in for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// Its name.
    pub model: String,
    /// Its chain, which is a part of it where the caller may not use all of it.
    pub chain: String,
    /// How many attempts there are at its targets.
    pub attempts: u32,
}

impl Elsewhere {
    /// The most attempts that a request can come to.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        let most = self.models.values().map(|alternative| alternative.attempts).max();
        self.own_attempts.saturating_add(most.unwrap_or(0))
    }
}

/// The word in Envoy's filter state by which the next attempt goes elsewhere, when the last was the `attempt`th.
#[must_use]
pub fn word(objection: Objection, attempt: u32) -> String {
    let name = match objection {
        Objection::Context => "context",
        Objection::Content => "content",
    };
    format!("{name}:{attempt}")
}

/// The Envoy cluster that `word` leads to from the logical model `name`. No name of a provider has a colon.
#[must_use]
pub fn cluster(word: &str, name: &str) -> String {
    format!("{word}/{name}")
}
