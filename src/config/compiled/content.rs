//! The compiled form of what may stand in prompts: redaction and guard.
//!
//! Types and rules are names here; whoever reads them prepares them for use.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::guard::policy::Settings;
use crate::observe::secret::Secret;
use crate::redact::mask::Action;

/// What is done about the content of requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// What is done about private values.
    #[serde(default)]
    pub redaction: PerTeam<Redaction>,
    /// What is done about hostile text.
    #[serde(default)]
    pub guard: PerTeam<Settings>,
}

/// A setting that teams may replace by their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerTeam<T> {
    /// That of all teams without one of their own.
    pub common: Option<T>,
    /// Teams' own, by their names.
    pub teams: BTreeMap<String, T>,
}

impl<T> Default for PerTeam<T> {
    fn default() -> Self {
        Self { common: None, teams: BTreeMap::new() }
    }
}

impl<T> PerTeam<T> {
    /// What holds for a team.
    #[must_use]
    pub fn of(&self, team: &str) -> Option<&T> {
        self.teams.get(team).or(self.common.as_ref())
    }
}

/// What is done about private values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redaction {
    /// The action of all types without one of their own.
    pub otherwise: Action,
    /// The actions of types, by their names (see [`crate::redact::types`]).
    pub actions: BTreeMap<String, Action>,
    /// Values that are nobody's (see [`crate::redact::Settings::exempt`]).
    pub exempt: Vec<String>,
    /// Names of types that are not looked for.
    pub disabled: Vec<String>,
    /// The key of hashes; empty where no type is hashed.
    pub hash_key: HashKey,
    /// What is done with what models say, where that is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
}

/// What is done with private values in what models say. None of them is ever given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// The action of all types without one of their own.
    pub otherwise: Action,
    /// The actions of types, by their names.
    pub actions: BTreeMap<String, Action>,
}

/// The key of hashes. Whoever knows it can try out which value a hash stands for, so it does not print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashKey(pub Secret<String>);

impl Serialize for HashKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for HashKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|key| Self(Secret::new(key)))
    }
}
