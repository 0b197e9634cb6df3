//! The compiled form: what the filter reads as its plugin configuration.
//!
//! `tollgate render` turns gateway.yaml into one document per role, and each role is given only what it
//! needs: the adapter sees no key hashes and no teams, the policy sees no credentials, and no provider hosts but those that it
//! builds requests for itself ([`Direct`]).
//! Both are plain data with every reference resolved and every default applied, so that configuring the
//! filter is one pass of deserialisation and cannot fail for a reason an operator could have been told
//! earlier.
//!
//! Deliberately unknown here: YAML, units, defaults and validation (they are `raw` and `compile`), and
//! anything of Envoy.

pub mod content;
pub mod elsewhere;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::dialect::embeddings::Embedder;
use crate::dialect::target::{Flavor, UnknownFields};
use crate::dialect::translate::Support;
use crate::dialect::{Api, Surface};
use crate::observe::secret::KeyHash;
use crate::quota::cell::Lapse;
use crate::quota::limit::Limit;
use crate::quota::price::Price;
use crate::tokens::Vocabulary;

/// The format of these documents. A module refuses a document of another format, so that a command and a
/// module of different releases are never mixed by accident.
pub const FORMAT: u32 = 1;

/// The plugin configuration of either role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Plugin {
    /// Runs once per request, downstream.
    Policy(Policy),
    /// Runs once per attempt, upstream.
    Adapter(Adapter),
}

/// What the policy role needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Must equal [`FORMAT`].
    pub format: u32,
    /// Identifies the gateway.yaml this was compiled from: the first 12 hex digits of its SHA-256.
    pub revision: String,
    /// The largest request body accepted, in bytes.
    pub max_request_body: u64,
    /// How prompts are counted.
    pub counting: Counting,
    /// What is limited, and how; each cell once.
    pub scopes: Vec<Scope>,
    /// How reservations are made.
    pub reserving: Reserving,
    /// How calls wait for a place in a concurrency that is full.
    #[serde(default)]
    pub queue: Queue,
    /// Where alerts are posted.
    #[serde(default)]
    pub webhook: Option<Webhook>,
    /// Logical models by name.
    pub models: BTreeMap<String, Model>,
    /// What of them may serve callers that require something of providers.
    #[serde(default)]
    pub restricted: Box<Restricted>,
    /// Virtual keys by public id.
    pub keys: BTreeMap<String, Key>,
    /// What is done about the content of requests.
    #[serde(default)]
    pub content: Box<content::Content>,
}

/// What of the logical models may serve callers that require something of providers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restricted {
    /// Parts of models, by the names of their chains (see [`logical_name`]); those of [`Model::parts`], too.
    pub variants: BTreeMap<String, Model>,
    /// For each kind of caller: the part of a model that serves it, or `None` where nothing of the model may. What is not
    /// named serves it whole.
    pub kinds: Vec<BTreeMap<String, Option<String>>>,
}

/// A logical model: the name that applications ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The Envoy cluster that holds the chain of targets (see [`chain_cluster`]).
    pub cluster: String,
    /// How long one attempt may take until its response headers, in milliseconds.
    pub attempt_timeout_ms: u64,
    /// The longest wait that a target may ask for before the next attempt at it, in milliseconds.
    #[serde(default)]
    pub patience_ms: u64,
    /// How long a request may take, all attempts and the whole answer, in milliseconds; `None` for as long as it takes.
    #[serde(default)]
    pub total_timeout_ms: Option<u64>,
    /// How long an answer that has begun may be silent, in milliseconds; `None` for as long as Envoy lets it.
    #[serde(default)]
    pub stall_timeout_ms: Option<u64>,
    /// The targets in the order of the configuration, and behind them those of the models in [`Self::elsewhere`].
    pub targets: Vec<ModelTarget>,
    /// Where requests go that its providers object to.
    #[serde(default)]
    pub elsewhere: Option<Box<elsewhere::Elsewhere>>,
    /// The surfaces that it is served at, where the operator says so; empty for all that its targets have.
    #[serde(default)]
    pub surfaces: Vec<Surface>,
    /// The surfaces that a target does not have itself, so that its attempts need the client's whole body.
    pub translated: Vec<Surface>,
    /// Whether a target takes identifiers of tool calls of its own kind only, so that attempts at a chat with calls need
    /// the client's whole body as well.
    #[serde(default)]
    pub own_call_ids: bool,
    /// Whether a target has other words for something than OpenAI, so that attempts at a chat with these need it, too.
    #[serde(default)]
    pub own_words: bool,
    /// How its requests go to their only target without an adapter, where they may.
    #[serde(default)]
    pub direct: Option<Box<Direct>>,
    /// The parts of it that serve what the other targets cannot; of those that fit a request, the first serves it.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// The tokens of output that are reserved where the request itself sets no limit; `None` where that is learnt.
    pub typical_output: Option<u64>,
    /// The places in [`Policy::scopes`] of what limits this model, whoever calls it.
    pub scopes: Vec<usize>,
}

/// The only target of a model, as the policy itself addresses it: no adapter runs at its attempts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Direct {
    /// The Envoy cluster that leads there and attaches the credential. Its name says how the provider is addressed, so that
    /// in the moment of a reload no request that was built for one address gets another's credential.
    pub cluster: String,
    /// Which it is.
    pub target: Target,
    /// Whether calls with streamed answers go there, too.
    pub streams: bool,
    /// How it is addressed. Of its credential the policy knows nothing, so that is left out.
    pub provider: Provider,
}

/// A part of a model for requests that its other targets can do nothing with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What is called.
    pub surface: Surface,
    /// Whether it is for requests only that build on what a provider keeps.
    pub keeps: bool,
    /// The name of its chain, by which it is among [`Restricted::variants`].
    pub chain: String,
}

/// A target, and what its calls take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelTarget {
    /// Which.
    pub target: Target,
    /// How many attempts there are after the first.
    #[serde(default)]
    pub retries: u32,
    /// How long one attempt may take until its answer has begun, in milliseconds.
    #[serde(default)]
    pub timeout_ms: u64,
    /// The vocabulary that counts its prompts.
    pub vocabulary: Vocabulary,
    /// Where that is not the model's own, the provider's tokens per thousand of ours until they are learnt.
    pub ratio_permille: Option<u32>,
    /// What its tokens cost; `None` when nobody knows.
    pub price: Option<Price>,
}

/// How prompts are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counting {
    /// Whether every prompt is counted, or only those of callers that have a limit on tokens or money.
    pub always: bool,
    /// How many bytes of a prompt are counted exactly; the rest is estimated from samples.
    pub exact_bytes: usize,
}

/// Whose use is counted together, and what limits it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// What a person calls it, such as `key team-a-prod` or `team data-science in environment dev`.
    pub name: String,
    /// The key of its cell in the shared data.
    pub cell: String,
    /// Its limits.
    pub limits: Vec<Limit>,
    /// The logical models whose calls count, sorted; `None` for all.
    pub models: Option<Vec<String>>,
    /// For limits that hold for each end user: how many cells their use is spread over.
    pub per_user: Option<u32>,
    /// How many places of its concurrency only keys of [`Priority::High`] may take.
    #[serde(default)]
    pub reserved_for_high: u64,
}

/// How reservations are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reserving {
    /// How long a reservation lasts unless it is renewed, in milliseconds.
    pub lease_ms: u64,
    /// What becomes of the reservation of a call that was lost.
    pub lapse: Lapse,
    /// Which request header names the end user; `None` for the member `user` of the body.
    pub user_header: Option<String>,
    /// What becomes of a stream that goes on when what was reserved for it is used up and there is no more.
    #[serde(default)]
    pub at_exhaustion: AtExhaustion,
}

/// What becomes of a stream that goes on when what was reserved for it is used up and there is no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AtExhaustion {
    /// It goes on, and what it takes beyond the limit is charged.
    #[default]
    Finish,
    /// It ends there, with the finish reason for length.
    Cut,
}

/// A service that the filter itself calls, as it is addressed: the webhook for alerts, whose cluster in Envoy is
/// [`WEBHOOK_CLUSTER`], or an external guard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// `http` or `https`, the value of `:scheme`.
    pub scheme: Scheme,
    /// The value of `:authority`.
    pub authority: String,
    /// The path.
    pub path: String,
}

/// How calls wait for a place in a concurrency that is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// How long at most, in milliseconds; zero refuses them at once.
    pub wait_ms: u64,
    /// How many at most, in each worker.
    pub length: usize,
}

/// Whose calls go first, the first of all first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Before all others, and with places of its own where some are reserved.
    High,
    /// In between.
    #[default]
    Normal,
    /// After all others.
    Low,
}

/// One provider model of a chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// A name of [`Adapter::providers`].
    pub provider: String,
    /// The model's name at that provider.
    pub model: String,
}

/// A virtual key, known by its hash only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// SHA-256 of the whole key as the client sends it.
    pub hash: KeyHash,
    /// The team that owns the key.
    pub team: String,
    /// The environment within the team, when the key names one.
    pub environment: Option<String>,
    /// What the key may call.
    pub models: ModelAccess,
    /// When its calls go, of those that wait.
    #[serde(default)]
    pub priority: Priority,
    /// When the key stops working: seconds since the Unix epoch.
    pub expires: Option<u64>,
    /// A revoked key stays in the file so that its owner reads a better message than "unknown key".
    pub revoked: bool,
    /// The place in [`Restricted::kinds`] of what may serve it; `None` where everything may.
    #[serde(default)]
    pub restriction: Option<usize>,
    /// Whether the key may ask how the providers do.
    #[serde(default)]
    pub operator: bool,
    /// The places in [`Policy::scopes`] of all that limits this key, the narrowest first: itself, its
    /// environment, its team, the organisation.
    pub scopes: Vec<usize>,
}

/// The logical models a key may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelAccess {
    /// Every logical model, now and after the next reload.
    All,
    /// These logical models, sorted by name.
    Only(Vec<String>),
}

impl ModelAccess {
    /// Whether the logical model `name` may be called.
    #[must_use]
    pub fn allows(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.binary_search_by(|held| held.as_str().cmp(name)).is_ok(),
        }
    }
}

/// What the adapter role needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// Must equal [`FORMAT`].
    pub format: u32,
    /// As in [`Policy::revision`].
    pub revision: String,
    /// Providers by name.
    pub providers: BTreeMap<String, Provider>,
}

/// A provider as the adapter addresses it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The API it speaks.
    pub api: Api,
    /// The version of that API; `None` where it has none to choose from.
    pub api_version: Option<String>,
    /// What kind of server it is, of those that are compatible with OpenAI's.
    #[serde(default)]
    pub flavor: Flavor,
    /// What becomes of members that the gateway does not know, where a request is translated.
    #[serde(default)]
    pub unknown_fields: UnknownFields,
    /// What becomes of a request that cannot be translated whole.
    #[serde(default)]
    pub losses: LossPolicy,
    /// The value of `:authority`: host, with the port when it is not the scheme's own.
    pub authority: String,
    /// `http` or `https`, the value of `:scheme`.
    pub scheme: Scheme,
    /// The path of the configured URL without a trailing slash, for example `/v1`; empty at the root.
    pub base_path: String,
    /// The credential's name, when the provider wants one; Envoy puts its value into
    /// [`credential_header`] of that name.
    pub credential: Option<String>,
    /// How each request is signed, where that takes the place of a credential.
    #[serde(default)]
    pub signing: Option<Signing>,
}

/// The credentials by which requests to AWS are signed; Envoy puts the value of each into its [`credential_header`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// The credential that holds the access key's id.
    pub access_key_id: String,
    /// The credential that holds the secret access key.
    pub secret_access_key: String,
    /// The credential that holds the session token of a temporary key.
    pub session_token: Option<String>,
    /// The region that is signed for.
    pub region: String,
}

impl Provider {
    /// The names of all credentials that an attempt needs.
    pub fn credentials(&self) -> impl Iterator<Item = &str> {
        let signing = self.signing.iter().flat_map(|signing| {
            let Signing { access_key_id, secret_access_key, session_token, region: _ } = signing;
            [Some(access_key_id), Some(secret_access_key), session_token.as_ref()]
        });
        self.credential.iter().chain(signing.flatten()).map(String::as_str)
    }

    /// The header field in which it expects its credential, and what stands before that.
    #[must_use]
    pub const fn credential_field(&self) -> (&'static str, &'static str) {
        match self.api {
            Api::OpenAi | Api::VertexGemini | Api::VertexAnthropic | Api::Bedrock => {
                ("authorization", "Bearer ")
            }
            Api::AzureOpenAi => ("api-key", ""),
            Api::Anthropic => ("x-api-key", ""),
            Api::Gemini => ("x-goog-api-key", ""),
        }
    }

    /// Whether requests to a surface reach it as they are.
    #[must_use]
    pub fn serves(&self, surface: Surface) -> bool {
        let quirks = self.flavor.quirks();
        self.api.serves(surface)
            && match surface {
                Surface::Responses => quirks.responses,
                Surface::Embeddings => quirks.embeddings,
                _ => true,
            }
    }

    /// What happens between clients of a surface and one of its models.
    #[must_use]
    pub fn support(&self, surface: Surface, model: &str) -> Support {
        // The models of Bedrock that embed do nothing else, and the others do not.
        let fits = self.api != Api::Bedrock
            || (surface == Surface::Embeddings) == Embedder::of(self.api, model).is_some();
        match self.api.support(surface) {
            Support::Pass if self.serves(surface) => Support::Pass,
            // A compatible server that has no responses has chat completions; nothing stands for embeddings.
            Support::Pass if surface == Surface::Embeddings => Support::Refuse,
            Support::Pass | Support::Translate if fits => Support::Translate,
            _ => Support::Refuse,
        }
    }
}

/// What becomes of a request that cannot be translated whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LossPolicy {
    /// It goes on without what is lost, which is counted.
    #[default]
    Count,
    /// It is refused.
    Refuse,
}

/// The scheme of a provider's URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Cleartext.
    Http,
    /// TLS, always verified.
    Https,
}

/// The private request header into which Envoy's credential injector writes the credential `name`.
#[must_use]
pub fn credential_header(name: &str) -> String {
    format!("{CREDENTIAL_HEADER_PREFIX}{name}")
}

/// Every header that starts so is private to the gateway and never leaves it.
pub const CREDENTIAL_HEADER_PREFIX: &str = "x-tollgate-credential-";

/// The Envoy cluster that holds the chain of the logical model `name`.
#[must_use]
pub fn chain_cluster(name: &str) -> String {
    format!("model/{name}")
}

/// The logical model that a chain is of: the name of a part has behind it a `#`, which no model's name has, and what tells
/// it from other parts.
#[must_use]
pub fn logical_name(chain: &str) -> &str {
    chain.split_once('#').map_or(chain, |(name, _)| name)
}

/// The Envoy cluster of the webhook for alerts. No name of a provider has a colon, so no target has this cluster.
pub const WEBHOOK_CLUSTER: &str = "alerts:webhook";

/// The Envoy cluster of Envoy's own admin interface, which is there where a key is an operator's.
pub const ADMIN_CLUSTER: &str = "envoy:admin";

/// The Envoy cluster of the external guard of a team; of that of all teams without a guard of their own, under no name.
#[must_use]
pub fn guard_cluster(team: &str) -> String {
    format!("guard:{team}")
}

/// The Envoy cluster of one target; also the value of `target` in its endpoints' metadata
/// (`filter_metadata.tollgate.target`). A provider's name has no slash, so the first slash divides it.
#[must_use]
pub fn target_cluster(target: &Target) -> String {
    [&*target.provider, "/", &*target.model].concat()
}
