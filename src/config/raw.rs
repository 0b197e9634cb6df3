//! The records of gateway.yaml, key by key, exactly as the file has them.
//!
//! This is the one place that says which keys exist. Every value keeps its place and nothing is defaulted
//! or resolved yet (`compile` does that); no key is here that nothing enforces.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::amounts::{Count, PerMillion, Rate, Thousandths, Usd};
use super::compiled::{AtExhaustion, LossPolicy, Priority};
use super::content::{RawGuard, RawRedaction};
use super::envoy::RawEnvoy;
use super::names::{
    AccessLog, Address, AllowedModel, ApiVersion, EnvName, FilePath, Hash, HeaderName, ModelName, Name,
    ProviderModel, SecretName, UrlPath,
};
use super::problem::Kind;
use super::served::Served;
use super::shape::{List, Located, Map, OneOrMore, Place, Report, Shape, Whole, enums, record};
use super::signing::RawSigning;
use super::units::{Instant, Size, Span, TimeZone};
use super::url::BaseUrl;
use super::yaml::{Node, Value};
use crate::dialect::Api;
use crate::dialect::target::{Flavor, UnknownFields};
use crate::quota::cell::Lapse;
use crate::quota::limit::Mode;
use crate::tokens::Vocabulary;

enums! { Api, AtExhaustion, BudgetPeriod, CountWhen, Flavor, Lapse, LossPolicy, Mode, Priority, UnknownFields, Vocabulary }

record! {
    /// The configuration of a Tollgate gateway.
    Gateway {
        /// The version of this format.
        required version: Whole<1, 1>,
        /// Where the gateway listens. Default: 127.0.0.1:10000.
        optional listen: Address,
        /// Where Envoy's admin interface listens. Default: 127.0.0.1:9901.
        optional admin: Address,
        /// Envoy's worker threads. Default: one for each core.
        optional workers: Whole<1, 1024>,
        /// The file of the access log, or `off`. Default: /dev/stdout.
        optional access_log: AccessLog,
        /// The largest request body accepted, 1KiB to 256MiB. Default: 8MiB.
        optional max_request_body: Size,
        /// In which time zone days, weeks and months begin: a name such as `Europe/Berlin`, or an offset such as
        /// `+02:00`. Default: UTC.
        optional zone: TimeZone,
        /// How the tokens of prompts are counted before they are sent.
        optional tokens: Tokens,
        /// How amounts are set aside for calls under way.
        optional reservations: Reservations,
        /// How calls wait for a place where a limit on concurrency is full.
        optional queue: Queue,
        /// Who is told when the use of a limit reaches one of its `alert_at`, beside the metrics and Envoy's log.
        optional alerts: Alerts,
        /// What the gateway takes on at the most.
        optional overload: Overload,
        /// What is rendered for which Envoy.
        optional envoy: RawEnvoy,
        /// Where Envoy finds the providers' keys; never the keys themselves.
        optional credentials: Map<Name, Credential>,
        /// The upstream APIs.
        required providers: Map<Name, Provider>,
        /// Prices that are not on the built-in list, or differ from it, by `PROVIDER/MODEL` or else by the
        /// provider's name for the model.
        optional prices: Map<ProviderModel, Price>,
        /// What is done about a model without a price: `refuse`, which lets no budget in USD apply to it, or a price
        /// `{input: …, output: …}` for all of them. Default: refuse.
        optional unknown_price: UnknownPrice,
        /// The logical models: the names that applications ask for.
        required models: Map<ModelName, Model>,
        /// What limits all virtual keys together.
        optional organisation: Organisation,
        /// What limits each end user of the applications.
        optional users: Users,
        /// The teams that own virtual keys.
        optional teams: Map<Name, Team>,
        /// The virtual keys.
        optional keys: List<Key, 0>,
        /// What is done about private values in requests. Default: nothing.
        optional redaction: RawRedaction,
        /// What is done about hostile text in requests. Default: nothing.
        optional guard: RawGuard,
    }
}

/// Where Envoy finds one provider key.
#[derive(Debug)]
pub(super) enum Credential {
    /// In a file with nothing else in it.
    File(Located<FilePath>),
    /// In an environment variable of Envoy.
    Env(EnvName),
    /// In a file of Envoy's secret discovery service.
    Sds(Sds),
}

record! {
    /// Where Envoy finds the key: exactly one of these.
    CredentialKeys {
        /// A file that holds the key and nothing else; Envoy watches it.
        optional file: FilePath,
        /// An environment variable of the Envoy process.
        optional env: EnvName,
        /// A secret in a discovery file that the operator manages.
        optional sds: Sds,
    }
    ExactlyOne: file, env, sds
}

impl Shape for Credential {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        if !matches!(node.value, Value::Mapping(_)) {
            report.add(place, Kind::PastedCredential);
            return None;
        }
        let keys = CredentialKeys::read(node, place, report)?;
        let file = keys.file.map(Self::File);
        let env = keys.env.map(|env| Self::Env(env.value));
        file.or(env).or(keys.sds.map(|sds| Self::Sds(sds.value)))
    }

    fn schema() -> Json {
        CredentialKeys::schema()
    }
}

record! {
    /// A secret in a file of Envoy's secret discovery service.
    Sds {
        /// The file.
        required path: FilePath,
        /// The secret's name in it.
        required name: SecretName,
    }
}

record! {
    /// An upstream API.
    Provider {
        /// The API it speaks.
        required api: Api,
        /// The version of the API: of `azure-openai` (default: 2024-10-21) or `anthropic` (default: 2023-06-01).
        optional api_version: ApiVersion,
        /// What kind of server it is where `api: openai` only says that it is compatible: it is asked in its own words
        /// when a client of another dialect is served. Default: openai.
        optional flavor: Flavor,
        /// What becomes of members that the gateway does not know, where a request is translated: `drop` leaves them out
        /// and counts them, `pass` sends them on, `refuse` refuses the request. Default: drop.
        optional unknown_fields: UnknownFields,
        /// What becomes of a request that cannot be translated whole: `count` sends it without what is lost, and counts
        /// that; `refuse` refuses it. Default: count.
        optional losses: LossPolicy,
        /// Its base URL: up to and with `/v1` for `openai`, such as `https://api.openai.com/v1`; up to and with the
        /// location for Vertex AI, `https://…/v1/projects/PROJECT/locations/LOCATION`; without a path for the others,
        /// such as `https://api.anthropic.com`.
        required url: BaseUrl,
        /// The name of its credential. Default: none is sent.
        optional credential: Name,
        /// For `bedrock`: the credentials by which each request is signed, in place of `credential`.
        optional signing: RawSigning,
        /// The region where it processes what it is sent, such as `eu`. Default: none that is known.
        optional region: Name,
        /// What it has agreed to, such as `baa`. Default: nothing.
        optional compliance: List<Name, 1>,
        /// A PEM file of the authorities to trust instead of the system's.
        optional ca: FilePath,
        /// How long a connection may take to be made, TLS included, 1ms to 60s. Default: 5s.
        optional connect_timeout: Span,
        /// The most that each of its models is asked at the same time, by every worker together. What is beyond it is
        /// refused with 503, and not tried elsewhere.
        optional capacity: Capacity,
        /// When one of its models is left alone by the chains that have another target.
        optional ejection: Ejection,
        /// Requests by which Envoy finds out by itself whether it is up, for the chains that have another target. Default:
        /// none.
        optional health_check: HealthCheck,
    }
}

record! {
    /// The most that each model of a provider is asked at the same time.
    Capacity {
        /// Connections over HTTP/1.1. Default: 65536.
        optional connections: Whole<1, 1_000_000>,
        /// Requests that wait for a connection. Default: 65536.
        optional pending: Whole<1, 1_000_000>,
        /// Requests. Default: 65536.
        optional requests: Whole<1, 1_000_000>,
    }
    AtLeastOne: connections, pending, requests
}

record! {
    /// When a target is left alone.
    Ejection {
        /// After how many failures in a row: answers of 5xx, resets, timeouts. Default: 5.
        optional failures: Whole<1, 1000>,
        /// After which part of failures within `interval`, such as 0.5, once there were 20 requests. Default: never.
        optional failure_rate: Thousandths<10, 1000>,
        /// How often Envoy looks at that, and at who may come back, 100ms to 5m. Default: 5s.
        optional interval: Span,
        /// How long for the first time, 100ms to 1h; each further time as much longer. Default: 30s.
        optional cooldown: Span,
        /// How long at most, 100ms to 24h. Default: 5m.
        optional longest_cooldown: Span,
    }
}

record! {
    /// Requests by which Envoy finds out whether a provider is up. They carry no credential.
    HealthCheck {
        /// What is asked for, from the root: any answer of 2xx will do.
        required path: UrlPath,
        /// How often, 1s to 10m. Default: 10s.
        optional interval: Span,
        /// How long it may take, 10ms to 60s. Default: 2s.
        optional timeout: Span,
    }
}

record! {
    /// What the gateway itself takes on.
    Overload {
        /// The memory that Envoy's heap may take. Near it, requests are refused with 503, and beyond it connections are.
        /// Default: no limit.
        optional memory: Size,
        /// The connections of clients. Default: 50000.
        optional connections: Whole<1, 1_000_000>,
    }
    AtLeastOne: memory, connections
}

record! {
    /// A logical model.
    Model {
        /// The provider models that serve it, tried in this order.
        required targets: List<Target, 1>,
        /// What it is served for: `chat_completions`, `completions`, `responses`, `embeddings`, `messages`,
        /// `generate_content`. Every target must have each of them. Default: what the targets have.
        optional surfaces: List<Served, 1>,
        /// The logical model that takes what is too long for this one: a request that does not fit into `context_window`
        /// at once, and one that a provider refuses for its length after that. For callers that may call it.
        optional on_context_overflow: ModelName,
        /// The logical model that is tried when a provider refuses a request for what it says. For callers that may call it.
        optional on_content_policy: ModelName,
        /// The most tokens of prompt and answer that its targets take together, when `on_context_overflow` says where
        /// longer requests go. Default: not known, so that the providers have to say so.
        optional context_window: Whole<1, 1_000_000_000>,
        /// How long the next attempt at the same target may be put off where the provider asks for it (`retry-after` and
        /// the like), 0s to 60s. A longer wait is not waited for. Default: 2s.
        optional patience: Span,
        /// The longest that the first retry is put off by chance, 1ms to 10s; it doubles with every further one, up to
        /// 1s or this. Default: 1ms.
        optional back_off: Span,
        /// How long a request may take, all attempts and the whole answer, 1ms to 24h; streams that last longer end with
        /// an error. Default: as long as it takes.
        optional total_timeout: Span,
        /// How long an answer that has begun may be silent until it is broken off, 100ms to 1h. Default: a minute longer than
        /// the longest `timeout` of all targets.
        optional stall_timeout: Span,
        /// The tokens of output that are reserved for a request that sets no limit itself. Default: what nine of ten
        /// answers of the provider's model stay below, which is learnt, and 1024 at first.
        optional typical_output_tokens: Whole<1, 10_000_000>,
        /// What limits its use by all keys together, without `models`: a mapping, or a list of several.
        optional limits: OneOrMore<Limits>,
        /// What may be spent on it by all keys together, without `models`.
        optional budgets: List<Budget, 0>,
    }
}

record! {
    /// One provider model of a chain.
    Target {
        /// The name of the provider.
        required provider: Name,
        /// The model's name at that provider.
        required model: ProviderModel,
        /// How often it is tried again before the next target's turn. Default: 1.
        optional retries: Whole<0, 10>,
        /// How long one attempt may take until its answer begins, at most 1h. A target with less time than another of its
        /// model costs a little more (see docs/failures.md). Default: 600s.
        optional timeout: Span,
    }
}

record! {
    /// A team.
    Team {
        /// The team's environments, such as dev and prod.
        optional environments: Map<Name, Environment>,
        /// What limits its keys together: a mapping, or a list of several.
        optional limits: OneOrMore<Limits>,
        /// What its keys may spend together.
        optional budgets: List<Budget, 0>,
        /// The regions whose providers may serve its keys. Default: any provider may.
        optional residency: List<Name, 1>,
        /// What providers must have agreed to that serve its keys. Default: nothing.
        optional compliance: List<Name, 1>,
        /// What is done about private values in its requests, in place of the file's own `redaction`.
        optional redaction: RawRedaction,
        /// What is done about hostile text in its requests, in place of the file's own `guard`.
        optional guard: RawGuard,
    }
}

record! {
    /// An environment of a team.
    Environment {
        /// What limits its keys together: a mapping, or a list of several.
        optional limits: OneOrMore<Limits>,
        /// What its keys may spend together.
        optional budgets: List<Budget, 0>,
    }
}

record! {
    /// A virtual key: what applications present instead of a provider's key.
    Key {
        /// The public id, as in metrics and logs.
        required id: Name,
        /// The SHA-256 of the whole key, as `tollgate keys new` prints it.
        required hash: Hash,
        /// The name of the team that owns it.
        required team: Name,
        /// One of the team's environments. Default: none.
        optional environment: Name,
        /// The logical models it may call, or only `*` for all.
        required models: List<AllowedModel, 1>,
        /// Which calls go first when several wait for a place in a concurrency: `high`, `normal` or `low`; of the same
        /// priority, those that came first. Default: normal.
        optional priority: Priority,
        /// The regions whose providers may serve it, of those that may serve its team. Default: all of these.
        optional residency: List<Name, 1>,
        /// What providers must have agreed to that serve it, beside what its team requires. Default: nothing more.
        optional compliance: List<Name, 1>,
        /// When it stops working (RFC 3339). Default: never.
        optional expires: Instant,
        /// Whether it is out of use; its owner is then told so. Default: false.
        optional revoked: bool,
        /// What limits it: a mapping, or a list of several.
        optional limits: OneOrMore<Limits>,
        /// What it may spend.
        optional budgets: List<Budget, 0>,
        /// Whether it may ask `GET /v1/status` how the providers do. Default: false.
        optional operator: bool,
    }
}

record! {
    /// All virtual keys together.
    Organisation {
        /// What refusals call it. Default: only `organisation`.
        optional name: Name,
        /// What limits all keys together: a mapping, or a list of several.
        optional limits: OneOrMore<Limits>,
        /// What all keys may spend together.
        optional budgets: List<Budget, 0>,
    }
}

record! {
    /// Each end user, over all keys.
    Users {
        /// The request header that names the end user. Default: none, but the request's member `user`.
        optional header: HeaderName,
        /// Over how many cells their use is spread; users that share a cell share its limits. Default: 1024.
        optional cells: Whole<1, 65_536>,
        /// What limits each of them: a mapping, or a list of several.
        optional limits: OneOrMore<Limits>,
        /// What each of them may spend.
        optional budgets: List<Budget, 0>,
    }
}

record! {
    /// Limits, each with its own amount. A rate is `N/second`, `N/min`, `N/hour`, `N/day`, `N/week` or `N/month`;
    /// those per second and minute are refilled evenly, the others begin anew with the calendar.
    Limits {
        /// How many requests: `N/second`, `N/min`, `N/hour`, `N/day`, `N/week` or `N/month`.
        optional requests: Rate,
        /// How many tokens of prompts and answers together, written in the same way.
        optional tokens: Rate,
        /// How many tokens of prompts, written in the same way.
        optional input_tokens: Rate,
        /// How many tokens of answers, written in the same way.
        optional output_tokens: Rate,
        /// How many calls at the same time.
        optional concurrency: Whole<1, 1_000_000>,
        /// How many places of that concurrency only keys of `priority: high` may take; the other keys together have the
        /// rest. Keys of high priority may take all places; nobody else borrows those reserved. Not for a key's own
        /// limits. Default: 0.
        optional reserved_for_high: Whole<1, 1_000_000>,
        /// How much of the only rate per second or minute beside it may be used at once. Default: the rate's amount.
        optional burst: Count,
        /// Whether these limits refuse (`enforce`), or only count and report (`observe`). Default: enforce.
        optional mode: Mode,
        /// The logical models whose calls count, with counts of their own. Default: all.
        optional models: List<ModelName, 1>,
    }
    AtLeastOne: requests, tokens, input_tokens, output_tokens, concurrency
}

record! {
    /// An amount that may be used in a period.
    Budget {
        /// US dollars, such as 50 or 12.50.
        optional usd: Usd,
        /// Tokens of prompts and answers together.
        optional tokens: Count,
        /// Tokens of prompts.
        optional input_tokens: Count,
        /// Tokens of answers.
        optional output_tokens: Count,
        /// Requests.
        optional requests: Count,
        /// How long it lasts: the calendar's hour, day, week or month, or `total` for an amount that never comes back.
        required per: BudgetPeriod,
        /// At which parts of it an alert is raised, such as 0.8 or [0.8, 1.0]. Default: none.
        optional alert_at: OneOrMore<Thousandths<1, 1000>>,
        /// Whether it refuses (`enforce`), or only counts and reports (`observe`). Default: enforce.
        optional mode: Mode,
        /// The logical models whose calls count, with a count of their own. Default: all.
        optional models: List<ModelName, 1>,
        /// In which time zone its periods begin. Default: that of the file.
        optional zone: TimeZone,
    }
    ExactlyOne: usd, tokens, input_tokens, output_tokens, requests
}

/// How long a budget lasts.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum BudgetPeriod {
    /// From a full hour to the next.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first of a month to the first of the next.
    Month,
    /// For ever.
    Total,
}

record! {
    /// How the tokens of prompts are counted before they are sent.
    Tokens {
        /// Whether every prompt is counted (`always`), or only where a limit on tokens or money applies
        /// (`when_limited`). Default: when_limited.
        optional count: CountWhen,
        /// How much of a prompt is counted exactly, 1KiB to 16MiB; the rest is estimated. Default: 256KiB.
        optional exact_up_to: Size,
        /// The vocabularies, `o200k_base` or `cl100k_base`, of models that the gateway does not know, by
        /// the beginning of the provider's name for them.
        optional vocabularies: Map<ProviderModel, Vocabulary>,
        /// How many tokens the provider counts for one of ours, before that is learnt, by the beginning of the
        /// provider's name for the model. Default: 1.2 for models without a public vocabulary.
        optional ratios: Map<ProviderModel, Thousandths<250, 4000>>,
    }
}

/// Which prompts are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CountWhen {
    /// Those of callers with a limit on tokens or money.
    WhenLimited,
    /// All.
    Always,
}

record! {
    /// How amounts are set aside for calls under way.
    Reservations {
        /// How long one lasts when its worker is lost, 5s to 1h. Default: 60s.
        optional lease: Span,
        /// Whether it is then charged in full (`charge`) or given back (`return`). Default: charge.
        optional on_crash: Lapse,
        /// What becomes of a stream of a request without a limit of its own that produces more than was reserved for it,
        /// where no more can be reserved: `finish` lets it go on, `cut` ends it with the finish reason for length.
        /// Default: finish.
        optional at_exhaustion: AtExhaustion,
    }
}

record! {
    /// Who is told when the use of a limit reaches one of its `alert_at`.
    Alerts {
        /// Where each alert is posted, as JSON. Default: nowhere.
        optional webhook: Webhook,
    }
}

record! {
    /// Where each alert is posted.
    Webhook {
        /// Its URL, without a query.
        required url: BaseUrl,
        /// The name of a credential that is sent as `Authorization: Bearer`. Default: none is sent.
        optional credential: Name,
        /// A PEM file of the authorities to trust instead of the system's.
        optional ca: FilePath,
    }
}

record! {
    /// How calls wait for a place where a limit on concurrency is full.
    Queue {
        /// How long at most, 0s to 60s; then the call is refused. Default: 0s, which refuses it at once.
        optional wait: Span,
        /// How many calls may wait at the same time in each worker; more are refused at once. Default: 100.
        optional length: Whole<1, 10_000>,
    }
}

record! {
    /// The price of a model, in USD per million tokens.
    Price {
        /// Tokens of the prompt.
        required input: PerMillion,
        /// Tokens of the answer.
        required output: PerMillion,
        /// Tokens read from the provider's cache. Default: as input.
        optional cache_read: PerMillion,
        /// Tokens written to the provider's cache. Default: as input.
        optional cache_write: PerMillion,
        /// Tokens written to the provider's cache for an hour. Default: as cache_write.
        optional cache_write_hour: PerMillion,
        /// Tokens spent on reasoning. Default: as output.
        optional reasoning: PerMillion,
        /// What a call costs in a batch, as a part of that. Default: 1.
        optional batch: Thousandths<1, 1000>,
        /// Other prices for long prompts.
        optional tiers: List<Tier, 0>,
    }
}

record! {
    /// Prices of calls with long prompts, in USD per million tokens.
    Tier {
        /// They hold for calls whose prompt has more tokens than this.
        required above: Count,
        /// Tokens of the prompt.
        required input: PerMillion,
        /// Tokens of the answer.
        required output: PerMillion,
        /// Tokens read from the provider's cache. Default: as input.
        optional cache_read: PerMillion,
        /// Tokens written to the provider's cache. Default: as input, or as below the tier if that is dearer.
        optional cache_write: PerMillion,
        /// Tokens written to the provider's cache for an hour. Default: as cache_write, or as below the tier if that is
        /// dearer.
        optional cache_write_hour: PerMillion,
        /// Tokens spent on reasoning. Default: as output.
        optional reasoning: PerMillion,
    }
}

/// What is done about a model without a price.
#[derive(Debug)]
pub(super) enum UnknownPrice {
    /// No budget in money may apply to it.
    Refuse,
    /// It has this price.
    Plain(PlainPrice),
}

record! {
    /// A price without particulars, in USD per million tokens.
    PlainPrice {
        /// Tokens of the prompt.
        required input: PerMillion,
        /// Tokens of the answer.
        required output: PerMillion,
    }
}

impl Shape for UnknownPrice {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text == "refuse" => Some(Self::Refuse),
            Value::Mapping(_) => PlainPrice::read(node, place, report).map(Self::Plain),
            _ => {
                let expected = "`refuse`, or a price such as {input: 2.50, output: 10}".to_owned();
                report.add(place, Kind::Mismatch { expected, found: node.found() });
                None
            }
        }
    }

    fn schema() -> Json {
        json!({ "anyOf": [{ "const": "refuse" }, PlainPrice::schema()] })
    }
}
