//! The metrics of the gateway: their names, their labels, and how both travel through Envoy.
//!
//! A metric that the OpenTelemetry semantic conventions for generative AI name has that name and those
//! attributes; the rest is `tollgate.*`. Envoy's metrics have no labels: a label is written into the name,
//! as `|label=value`, and the bootstrap's `stats_tags` (rendered from [`LABELS`]) take it out again. A label's
//! value is always one that the configuration names, or one of a closed set, so the number of series is
//! bounded and no client can add one.
//!
//! Envoy's histograms hold whole numbers: tokens are tokens, and times are milliseconds.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{BuildHasherDefault, Hasher};
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
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

impl Scope {
    /// Where nothing applies.
    #[must_use]
    pub fn none() -> Self {
        let none = || NONE.to_owned();
        Self { key: none(), team: none(), model: none(), provider: none(), operation: NONE }
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
        let Scope { key, team, model, provider, operation } = &*self.scope;
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

/// The numbers by which the host knows series: it hands out a new one at every definition, so each is defined once.
#[derive(Debug, Default)]
pub struct Defined {
    scopes: HashMap<Rc<Scope>, usize, BuildHasherDefault<QuickHasher>>,
    /// By the place of the scope.
    series: HashMap<(usize, Metric, Detail), u32, BuildHasherDefault<QuickHasher>>,
    /// The scope that was asked for last: the series of one request come in a row.
    latest: Option<(Rc<Scope>, usize)>,
}

impl Defined {
    /// The host's number of a series, which is defined now if it has none.
    ///
    /// # Errors
    /// That of `define`.
    pub fn number<E>(&mut self, series: &Series, define: impl FnOnce() -> Result<u32, E>) -> Result<u32, E> {
        let key = (self.place(&series.scope), series.metric, series.detail.clone());
        if let Some(number) = self.series.get(&key) {
            return Ok(*number);
        }
        let number = define()?;
        self.series.insert(key, number);
        Ok(number)
    }

    fn place(&mut self, scope: &Rc<Scope>) -> usize {
        match &self.latest {
            Some((latest, place)) if Rc::ptr_eq(latest, scope) => *place,
            _ => {
                let next = self.scopes.len();
                let place = *self.scopes.entry(Rc::clone(scope)).or_insert(next);
                self.latest = Some((Rc::clone(scope), place));
                place
            }
        }
    }
}

/// A hash that takes a few instructions for each word. Nobody can make its keys collide: labels are the configuration's
/// words or of a closed set.
#[derive(Debug, Default)]
struct QuickHasher(u64);

impl QuickHasher {
    /// Takes in a word. The product's upper half depends on all of its bits, and is where the next one goes.
    const fn take(&mut self, word: u64) {
        // An odd number without a pattern: the golden ratio's fraction.
        self.0 = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }
}

impl Hasher for QuickHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    /// Not to be inlined: a scope has five texts, and the code would be there as often.
    #[inline(never)]
    fn write(&mut self, bytes: &[u8]) {
        let (words, tail) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.take(u64::from_le_bytes(*word)));
        self.take(tail.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)));
    }

    fn write_u8(&mut self, number: u8) {
        self.take(u64::from(number));
    }

    fn write_u16(&mut self, number: u16) {
        self.take(u64::from(number));
    }

    fn write_usize(&mut self, number: usize) {
        self.take(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.take(number as u64);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Scopes are compared by what they say, the host's refusal of one series leaves it to be defined, and every series that
    /// has a name of its own has a number of its own.
    #[test]
    fn each_series_is_defined_once() {
        let mut defined = Defined::default();
        let mut names = Vec::new();
        for _ in 0..2 {
            for key in ["a", "b"] {
                let scope = Rc::new(Scope { key: key.to_owned(), ..Scope::none() });
                for (metric, detail) in [
                    (Metric::Requests, Detail::Outcome("ok")),
                    (Metric::Tokens, Detail::Input),
                    (Metric::Tokens, Detail::Output),
                    (Metric::Cost, Detail::Only),
                ] {
                    let series = Series { metric, scope: Rc::clone(&scope), detail };
                    if !names.contains(&series.name()) {
                        assert_eq!(defined.number(&series, || Err("refused")), Err("refused"));
                    }
                    let number = defined.number(&series, || {
                        names.push(series.name());
                        u32::try_from(names.len()).map_err(|_| "too many")
                    });
                    let place = names.iter().position(|name| *name == series.name()).unwrap() + 1;
                    assert_eq!(number, Ok(u32::try_from(place).unwrap()));
                }
            }
        }
        assert_eq!(names.len(), 8);
    }
}
