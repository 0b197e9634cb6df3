//! The compiled form of what may stand in prompts: redaction and guard.
//!
//! Types and rules are names here; whoever reads them prepares them for use.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Webhook;
use crate::guard::policy::Settings;
use crate::observe::secret::Secret;
use crate::redact::finding::Kind;
use crate::redact::mask::Action;
use crate::redact::own::{Definitions, Own};
use crate::redact::{Settings as Sought, types};

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
    /// The external guards, by the team whose guard has one; that of the common guard under no name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external: BTreeMap<String, External>,
}

impl Content {
    /// The external guard for a team.
    #[must_use]
    pub fn external(&self, team: &str) -> Option<&External> {
        self.external.get(if self.guard.teams.contains_key(team) { team } else { "" })
    }
}

/// A service that is asked about requests, answers or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// Its cluster in Envoy (see [`super::guard_cluster`]).
    pub cluster: String,
    /// How it is addressed.
    pub address: Webhook,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
    /// How it is asked.
    pub form: ExternalForm,
    /// What becomes of a request, or an answer, about which it says nothing.
    pub on_error: OnError,
    /// Whether it is asked about requests.
    pub requests: bool,
    /// Whether it is asked about answers, and what of a stream waits for that.
    pub answers: Option<Streams>,
}

/// What an external guard is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// Requests, before they go on.
    Requests,
    /// What models say.
    Answers,
}

/// What of a stream waits for an external guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Streams {
    /// The events that tell that it is complete; the others pass as they come.
    Pass,
    /// All of it.
    Hold,
}

/// How an external guard is asked, with what that takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ExternalForm {
    /// As OpenAI's moderation is.
    OpenAiModeration {
        /// Its model.
        model: String,
    },
    /// With the texts, and who asks for what.
    Http,
}

/// How an external guard is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum ExternalKind {
    /// As OpenAI's moderation is.
    #[serde(rename = "openai-moderation")]
    OpenAiModeration,
    /// With the texts, and who asks for what.
    #[serde(rename = "http")]
    Http,
}

/// What becomes of a request or an answer about which an external guard says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// It is refused.
    Block,
    /// It goes on.
    Pass,
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
    /// The operator's own types.
    #[serde(default, skip_serializing_if = "Definitions::is_empty")]
    pub own: Definitions,
    /// Whether runs of base 64 are looked into.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub base64: bool,
}

impl Redaction {
    /// The types that there are, by their names: the built-in ones and the operator's own.
    #[must_use]
    pub fn kinds(&self) -> BTreeMap<&'static str, Kind> {
        types().chain(self.own.names().map(Kind::named)).map(|kind| (kind.0, kind)).collect()
    }

    /// What is looked for, ready for use.
    #[must_use]
    pub fn sought(&self) -> Sought {
        let kinds = self.kinds();
        let is_allowed = |kind: &Kind| *self.actions.get(kind.0).unwrap_or(&self.otherwise) == Action::Allow;
        Sought {
            disabled: self.disabled.iter().filter_map(|name| kinds.get(name.as_str()).copied()).collect(),
            exempt: self.exempt.clone(),
            allowed: kinds.values().copied().filter(is_allowed).collect(),
            own: (!self.own.is_empty()).then(|| Arc::new(Own::new(&self.own))),
            base64: self.base64,
        }
    }
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
