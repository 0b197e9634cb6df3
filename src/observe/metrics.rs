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

/// The labels in use. A value never contains `|`; the configuration sees to that.
pub const LABELS: [&str; 9] = [
    "key",
    "team",
    "model",
    "provider",
    "outcome",
    "gen_ai_operation_name",
    "gen_ai_provider_name",
    "gen_ai_request_model",
    "gen_ai_token_type",
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
        }
    }

    /// What Envoy makes of its numbers.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Requests | Self::Tokens => Kind::Counter,
            Self::TokenUsage | Self::OperationDuration | Self::TimeToFirstToken | Self::OwnTime => {
                Kind::Histogram
            }
        }
    }
}

/// One number for one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Which metric.
    pub metric: Metric,
    /// The series: the metric's name with its labels, as Envoy is told it.
    pub series: String,
    /// The number to add to a counter or to record in a histogram.
    pub value: u64,
}

impl Measurement {
    /// A measurement of `metric` under `labels`, of which each name is one of [`LABELS`].
    #[must_use]
    pub fn new(metric: Metric, labels: &[(&'static str, &str)], value: u64) -> Self {
        let mut series = String::with_capacity(160);
        series.push_str(metric.name());
        for (label, text) in labels {
            // Writing to a String cannot fail.
            let _ = write!(series, "|{label}={text}");
        }
        Self { metric, series, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_carries_its_labels_in_its_name() {
        let measured = Measurement::new(Metric::Requests, &[("key", "team-a"), ("outcome", "ok")], 1);
        assert_eq!(measured.series, "tollgate.requests|key=team-a|outcome=ok");
    }
}
