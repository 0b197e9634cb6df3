//! The metrics of the gateway: their names, their labels, and how both travel through Envoy.
//!
//! A metric that the OpenTelemetry semantic conventions for generative AI name has that name and those
//! attributes; the rest is `tollgate.*`. Envoy's metrics have no labels: a label is written into the name,
//! as `|label=value`, and the bootstrap's `stats_tags` (rendered from [`LABELS`]) take it out again. A label's
//! value is always one that the configuration names, or one of a closed set, so the number of series is
//! bounded and no client can add one.
//!
//! Envoy's histograms hold whole numbers: tokens are tokens, and times are milliseconds.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

/// The labels in use. A value never contains `|`; the configuration sees to that.
pub const LABELS: [&str; 17] = [
    "key",
    "team",
    "model",
    "provider",
    "outcome",
    "gen_ai_operation_name",
    "gen_ai_provider_name",
    "gen_ai_request_model",
    "gen_ai_token_type",
    "scope",
    "threshold",
    "direction",
    "field",
    "type",
    "action",
    "rule",
    "reason",
];

/// The value of a label that does not apply: nobody was identified, nothing was routed.
pub const NONE: &str = "none";

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Requests, by what became of them.
    Requests,
    /// Tokens, input and output apart. A counter beside [`Self::TokenUsage`], because Envoy's histograms
    /// round their sums.
    Tokens,
    /// Tokens of a call, input and output apart.
    TokenUsage,
    /// From the request's arrival to the end of the answer, in milliseconds.
    OperationDuration,
    /// From the request's arrival to the first text of a streamed answer, in milliseconds.
    TimeToFirstToken,
    /// The time the filter itself took for a request, in microseconds.
    OwnTime,
    /// What calls cost, in nano-dollars.
    Cost,
    /// Calls whose cost nobody knows, for want of a price.
    UnknownPrice,
    /// Calls that a limit in `mode: observe` would have refused, by its scope.
    WouldRefuse,
    /// Limits whose use has reached one of their `alert_at`.
    LimitAlerts,
    /// Calls that a provider refused because of the gateway's credential.
    CredentialRejected,
    /// Attempts that failed, by why.
    AttemptFailures,
    /// How far the count of a prompt was off where the vocabulary is not public, in thousandths of what the provider
    /// reported.
    TokenEstimateError,
    /// What translations between dialects could not carry, by the member.
    TranslationLoss,
    /// Private values that were found in requests, by their type and what was done.
    Redactions,
    /// Texts that break a rule of the guard, by the rule and what was done.
    Guard,
    /// Private values that were found in what models say, by their type and what was done.
    AnswerRedactions,
    /// Texts of models that break a rule of the guard, by the rule and what was done.
    AnswerGuard,
}

/// What Envoy makes of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// A distribution.
    Histogram,
}

impl Metric {
    /// Its name, without labels.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "tollgate.requests",
            Self::Tokens => "tollgate.tokens",
            Self::TokenUsage => "gen_ai.client.token.usage",
            Self::OperationDuration => "gen_ai.client.operation.duration",
            Self::TimeToFirstToken => "gen_ai.server.time_to_first_token",
            Self::OwnTime => "tollgate.own_time",
            Self::Cost => "tollgate.cost_nano_usd",
            Self::UnknownPrice => "tollgate.unknown_price",
            Self::WouldRefuse => "tollgate.would_refuse",
            Self::LimitAlerts => "tollgate.limit_alerts",
            Self::CredentialRejected => "tollgate.credential_rejected",
            Self::AttemptFailures => "tollgate.attempt_failures",
            Self::TokenEstimateError => "tollgate.token_estimate_error",
            Self::TranslationLoss => "tollgate.translation_loss",
            Self::Redactions => "tollgate.redactions",
            Self::Guard => "tollgate.guard",
            Self::AnswerRedactions => "tollgate.answer_redactions",
            Self::AnswerGuard => "tollgate.answer_guard",
        }
    }

    /// What Envoy makes of its numbers.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Requests
            | Self::Tokens
            | Self::Cost
            | Self::UnknownPrice
            | Self::WouldRefuse
            | Self::LimitAlerts
            | Self::CredentialRejected
            | Self::AttemptFailures
            | Self::TranslationLoss
            | Self::Redactions
            | Self::Guard
            | Self::AnswerRedactions
            | Self::AnswerGuard => Kind::Counter,
            Self::TokenUsage
            | Self::OperationDuration
            | Self::TimeToFirstToken
            | Self::OwnTime
            | Self::TokenEstimateError => Kind::Histogram,
        }
    }
}

/// What the series of one request have in common. [`NONE`] stands where nothing applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    labels: ScopeLabels,
    hash: u64,
}

/// The labels of a [`Scope`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScopeLabels {
    /// The key's public id.
    pub key: String,
    /// The team that owns the key.
    pub team: String,
    /// The logical model.
    pub model: String,
    /// The provider that was tried last.
    pub provider: String,
    /// The operation, by OpenTelemetry's names.
    pub operation: &'static str,
}

impl ScopeLabels {
    /// Where nothing applies.
    #[must_use]
    pub fn none() -> Self {
        let none = || NONE.to_owned();
        Self { key: none(), team: none(), model: none(), provider: none(), operation: NONE }
    }
}

impl Scope {
    /// Hashes the labels once for all series of the request.
    #[must_use]
    pub fn new(labels: ScopeLabels) -> Self {
        let mut hasher = DefaultHasher::new();
        labels.hash(&mut hasher);
        Self { labels, hash: hasher.finish() }
    }
}

impl Hash for Scope {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// What tells the series of one metric and scope apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Detail {
    /// There is only one.
    Only,
    /// What became of the request.
    Outcome(&'static str),
    /// Tokens of the prompt.
    Input,
    /// Tokens of the answer.
    Output,
    /// A scope of limits, by its name.
    Scope(Arc<str>),
    /// A scope of limits, and which part of a limit was reached, in thousandths.
    Threshold(Arc<str>, u16),
    /// Values of a type, and what was done with them.
    Value {
        /// The type.
        kind: &'static str,
        /// What was done.
        action: &'static str,
    },
    /// A rule of the guard, and what was done.
    Rule {
        /// The rule.
        rule: Arc<str>,
        /// What was done.
        action: &'static str,
    },
    /// The estimate was too high.
    Over,
    /// The estimate was too low.
    Under,
    /// A member of a request or an answer, from a closed set.
    Field(&'static str),
    /// Why something failed, from a closed set.
    Reason(&'static str),
}

/// One series. Cheap to make and to look up, so that its name is written once per worker and not per request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Series {
    /// Which metric.
    pub metric: Metric,
    /// Of which requests.
    pub scope: Rc<Scope>,
    /// Which part.
    pub detail: Detail,
}

impl Series {
    /// The metric's name with its labels, as Envoy is told it.
    #[must_use]
    pub fn name(&self) -> String {
        let ScopeLabels { key, team, model, provider, operation } = &self.scope.labels;
        let mut name = self.metric.name().to_owned();
        // Writing to a String cannot fail.
        let _ = match self.metric {
            Metric::Requests | Metric::Tokens | Metric::Cost => {
                write!(name, "|key={key}|team={team}|model={model}|provider={provider}")
            }
            Metric::TokenUsage | Metric::OperationDuration | Metric::TimeToFirstToken => write!(
                name,
                "|key={key}|team={team}|gen_ai_request_model={model}|gen_ai_provider_name={provider}\
                 |gen_ai_operation_name={operation}"
            ),
            Metric::OwnTime => write!(name, "|model={model}"),
            Metric::CredentialRejected => write!(name, "|provider={provider}"),
            Metric::UnknownPrice | Metric::TokenEstimateError => {
                write!(name, "|model={model}|provider={provider}")
            }
            Metric::TranslationLoss | Metric::AttemptFailures => write!(name, "|provider={provider}"),
            Metric::WouldRefuse
            | Metric::LimitAlerts
            | Metric::Redactions
            | Metric::Guard
            | Metric::AnswerRedactions
            | Metric::AnswerGuard => Ok(()),
        };
        let _ = match &self.detail {
            Detail::Only => Ok(()),
            Detail::Outcome(outcome) => write!(name, "|outcome={outcome}"),
            Detail::Input => write!(name, "|gen_ai_token_type=input"),
            Detail::Output => write!(name, "|gen_ai_token_type=output"),
            Detail::Scope(scope) => write!(name, "|scope={scope}"),
            Detail::Threshold(scope, permille) => {
                write!(name, "|scope={scope}|threshold={}.{}%", permille / 10, permille % 10)
            }
            Detail::Value { kind, action } => write!(name, "|type={kind}|action={action}"),
            Detail::Rule { rule, action } => write!(name, "|rule={rule}|action={action}"),
            Detail::Over => write!(name, "|direction=over"),
            Detail::Under => write!(name, "|direction=under"),
            Detail::Field(field) => write!(name, "|field={field}"),
            Detail::Reason(reason) => write!(name, "|reason={reason}"),
        };
        name
    }
}

/// One number for one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Which series.
    pub series: Series,
    /// The number to add to a counter or to record in a histogram.
    pub value: u64,
}
