//! What is known of a request when it is over, and how it is told: metrics and the access log.
//!
//! A record holds public facts only: ids, names from the configuration, numbers. No credential, no text of
//! a prompt or an answer, no query string.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::dialect::{Surface, Usage};
use crate::framing::json::{write_string, write_unsigned};
use crate::identity::caller::Caller;
use crate::quota::money::NanoDollars;

use super::metrics::{Detail, Measurement, Metric, NONE, Scope, Series};

/// What became of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// A provider answered, and the answer reached the client whole.
    Ok,
    /// The gateway refused it, with this code.
    Refused(&'static str),
    /// A provider answered with an error, which was passed on.
    ProviderError,
    /// The client went away before the answer had ended; what a request comes to when nothing else happens.
    #[default]
    Abandoned,
    /// The provider broke off in the middle of the answer.
    Interrupted,
    /// The gateway ended the answer, because a limit was used up.
    Cut,
}

impl Outcome {
    /// A provider does not accept the gateway's credential.
    pub const CREDENTIAL_REJECTED: Self = Self::Refused("provider_credential_rejected");

    /// The label's value.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused(code) => code,
            Self::ProviderError => "provider_error",
            Self::Abandoned => "abandoned",
            Self::Interrupted => "interrupted",
            Self::Cut => "cut",
        }
    }
}

/// How many tokens a call took, and how that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metered {
    /// Nothing was generated.
    #[default]
    Nothing,
    /// The provider said so.
    Reported(Usage),
    /// The provider did not come to say so; counted from what passed.
    Estimated(Usage),
}

impl Metered {
    /// The tokens, when there are any.
    #[must_use]
    pub const fn usage(&self) -> Option<&Usage> {
        match self {
            Self::Nothing => None,
            Self::Reported(usage) | Self::Estimated(usage) => Some(usage),
        }
    }
}

/// A prompt's tokens as one provider model counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Tokens.
    pub tokens: u64,
    /// Whether the provider must say the same.
    pub exact: bool,
}

/// Something about limits that operators are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A limit of this scope would have refused the call, if it were enforced.
    WouldRefuse(Arc<str>),
    /// The use of a limit has reached a part of it.
    Alert(Reached),
}

/// A limit whose use has reached one of its `alert_at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Whose limit.
    pub scope: Arc<str>,
    /// Which part of it, in thousandths.
    pub permille: u16,
    /// What it counts; `usd` is counted in nano-dollars here.
    pub unit: &'static str,
    /// For how long.
    pub per: &'static str,
    /// What is used.
    pub used: u64,
    /// The amount.
    pub limit: u64,
}

impl Notice {
    /// What it adds to the metrics.
    #[must_use]
    pub fn measurement(&self) -> Measurement {
        let (metric, detail) = match self {
            Self::WouldRefuse(scope) => (Metric::WouldRefuse, Detail::Scope(Arc::clone(scope))),
            Self::Alert(Reached { scope, permille, .. }) => {
                (Metric::LimitAlerts, Detail::Threshold(Arc::clone(scope), *permille))
            }
        };
        let scope = Rc::new(Scope::none());
        Measurement { series: Series { metric, scope, detail }, value: 1 }
    }

    /// What a person reads in Envoy's log; nothing where the access log says enough.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        match self {
            Self::WouldRefuse(_) => None,
            Self::Alert(Reached { scope, permille, .. }) => {
                Some(format!("{}.{} % of a limit of {scope} are used", permille / 10, permille % 10))
            }
        }
    }
}

/// What was found in a request or an answer, without a word of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// How many values, by their type and what was done.
    pub values: BTreeMap<(&'static str, &'static str), u64>,
    /// How many texts, by the rule that they break and what was done.
    pub rules: BTreeMap<(Arc<str>, &'static str), u64>,
    /// The first rule that the client is told of.
    pub warning: Option<Arc<str>>,
}

impl Found {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.rules.is_empty()
    }

    /// Counts a text that breaks a rule.
    pub fn rule(&mut self, rule: impl Into<Arc<str>>, action: &'static str) {
        *self.rules.entry((rule.into(), action)).or_default() += 1;
    }

    /// Adds what was found elsewhere.
    pub fn add(&mut self, other: Self) {
        for (value, count) in other.values {
            *self.values.entry(value).or_default() += count;
        }
        for (rule, count) in other.rules {
            *self.rules.entry(rule).or_default() += count;
        }
        self.warning = self.warning.take().or(other.warning);
    }

    fn measurements(&self, (redactions, guard): (Metric, Metric)) -> Vec<Measurement> {
        let scope = Rc::new(Scope::none());
        let one = |metric, detail, value| {
            let series = Series { metric, scope: Rc::clone(&scope), detail };
            Measurement { series, value }
        };
        let values = self
            .values
            .iter()
            .map(|((kind, action), count)| one(redactions, Detail::Value { kind, action }, *count));
        let rules = self.rules.iter().map(|((rule, action), count)| {
            one(guard, Detail::Rule { rule: Arc::clone(rule), action }, *count)
        });
        values.chain(rules).collect()
    }
}

/// A request that is over. The default is one of which nothing is known.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Envoy's id of the request.
    pub request_id: Option<String>,
    /// The provider's own id of the request.
    pub provider_request_id: Option<String>,
    /// The endpoint, when one was found.
    pub surface: Option<Surface>,
    /// Who called, when that was found out.
    pub caller: Option<Rc<Caller>>,
    /// The logical model, when one was resolved.
    pub model: Option<String>,
    /// The provider that was tried last.
    pub provider: Option<String>,
    /// Its own name of the model.
    pub provider_model: Option<String>,
    /// How many attempts there were.
    pub attempts: u64,
    /// Those of them that failed, in order: the provider, and why.
    pub failed_attempts: Vec<(String, &'static str)>,
    /// Whether the answer was a stream.
    pub streamed: bool,
    /// What became of it.
    pub outcome: Outcome,
    /// What it took.
    pub metered: Metered,
    /// What the prompt was counted to have, for the target that served it.
    pub counted: Option<Counted>,
    /// Where that is an estimate, how far it was off, in thousandths of what the provider reported.
    pub estimate_error: Option<i64>,
    /// What it cost, when the price is known.
    pub cost: Option<NanoDollars>,
    /// Whose limit refused it.
    pub limit: Option<Arc<str>>,
    /// How long it waited for a place where a concurrency was full, when it did.
    pub queued: Option<Duration>,
    /// What was found in it, when anything was.
    pub found: Option<Rc<Found>>,
    /// What was found in its answer, when anything was.
    pub found_in_answer: Option<Rc<Found>>,
    /// What is to be told about limits.
    pub notices: Vec<Notice>,
    /// From the request's arrival to the end of the answer.
    pub duration: Duration,
    /// From the request's arrival to the first text of a streamed answer.
    pub first_token: Option<Duration>,
    /// The time the policy itself took.
    pub own_time: Duration,
}

impl Record {
    /// What the request adds to the metrics. A request that no model was resolved for only counts.
    #[must_use]
    pub fn measurements(&self) -> Vec<Measurement> {
        let caller = self.caller.as_deref();
        let scope = Rc::new(Scope {
            key: caller.map_or(NONE, |caller| &caller.key).to_owned(),
            team: caller.map_or(NONE, |caller| &caller.team).to_owned(),
            model: self.model.as_deref().unwrap_or(NONE).to_owned(),
            provider: self.provider.as_deref().unwrap_or(NONE).to_owned(),
            operation: self.surface.map_or(NONE, Surface::operation),
        });
        let mut out = Vec::with_capacity(8);
        let mut add = |metric, detail, value| {
            let series = Series { metric, scope: Rc::clone(&scope), detail };
            out.push(Measurement { series, value });
        };
        add(Metric::Requests, Detail::Outcome(self.outcome.label()), 1);
        if self.model.is_some() {
            if let Some(usage) = self.metered.usage() {
                for (detail, tokens) in [(Detail::Input, usage.input), (Detail::Output, usage.output)] {
                    add(Metric::Tokens, detail.clone(), tokens);
                    add(Metric::TokenUsage, detail, tokens);
                }
                match self.cost {
                    Some(cost) => add(Metric::Cost, Detail::Only, cost.nanos()),
                    None if self.provider.is_some() => add(Metric::UnknownPrice, Detail::Only, 1),
                    // Nobody was asked yet, so no price is missing.
                    None => {}
                }
            }
            if let Some(error) = self.estimate_error {
                let detail = if error < 0 { Detail::Under } else { Detail::Over };
                add(Metric::TokenEstimateError, detail, error.unsigned_abs());
            }
            if self.outcome == Outcome::CREDENTIAL_REJECTED {
                add(Metric::CredentialRejected, Detail::Only, 1);
            }
            add(Metric::OperationDuration, Detail::Only, milliseconds(self.duration));
            if let Some(first) = self.first_token {
                add(Metric::TimeToFirstToken, Detail::Only, milliseconds(first));
            }
            add(Metric::OwnTime, Detail::Only, microseconds(self.own_time));
        }
        out.extend(self.failed_attempts.iter().map(|(provider, reason)| {
            let scope = Scope { provider: provider.clone(), ..Scope::none() };
            let (metric, detail) = (Metric::AttemptFailures, Detail::Reason(reason));
            Measurement { series: Series { metric, scope: Rc::new(scope), detail }, value: 1 }
        }));
        out.extend(self.notices.iter().map(Notice::measurement));
        let requests = (Metric::Redactions, Metric::Guard);
        out.extend(self.found.iter().flat_map(|found| found.measurements(requests)));
        let answers = (Metric::AnswerRedactions, Metric::AnswerGuard);
        out.extend(self.found_in_answer.iter().flat_map(|found| found.measurements(answers)));
        out
    }

    /// The request's members of its line in the access log, each with a comma before it. The fields are
    /// always all there, in this order, so that a line is read by position as well as by name; only the failed attempts
    /// come last, and where there were any.
    #[must_use]
    pub fn access_log(&self) -> Vec<u8> {
        let mut line = Line(Vec::with_capacity(1024));
        line.text(member!("request_id"), self.request_id.as_deref());
        line.text(member!("operation"), self.surface.map(Surface::operation));
        line.text(member!("key"), self.caller.as_ref().map(|caller| caller.key.as_str()));
        line.text(member!("team"), self.caller.as_ref().map(|caller| caller.team.as_str()));
        line.text(
            member!("environment"),
            self.caller.as_ref().and_then(|caller| caller.environment.as_deref()),
        );
        line.text(member!("model"), self.model.as_deref());
        line.text(member!("provider"), self.provider.as_deref());
        line.text(member!("provider_model"), self.provider_model.as_deref());
        line.text(member!("provider_request_id"), self.provider_request_id.as_deref());
        line.number(member!("attempts"), Some(self.attempts));
        line.literal(member!("stream"), if self.streamed { "true" } else { "false" });
        line.text(member!("outcome"), Some(self.outcome.label()));
        let usage = self.metered.usage();
        line.number(member!("input_tokens"), usage.map(|usage| usage.input));
        line.number(member!("output_tokens"), usage.map(|usage| usage.output));
        line.number(member!("cached_input_tokens"), usage.map(|usage| usage.cached_input));
        line.number(member!("reasoning_output_tokens"), usage.map(|usage| usage.reasoning_output));
        let estimated = matches!(self.metered, Metered::Estimated(_));
        line.literal(member!("tokens_estimated"), if estimated { "true" } else { "false" });
        line.number(member!("counted_input_tokens"), self.counted.map(|counted| counted.tokens));
        line.literal(
            member!("counted_exactly"),
            match self.counted {
                Some(Counted { exact: true, .. }) => "true",
                Some(Counted { exact: false, .. }) => "false",
                None => "null",
            },
        );
        line.text(member!("cost_usd"), self.cost.map(|cost| cost.to_string()).as_deref());
        line.text(member!("limit"), self.limit.as_deref());
        let would_refuse = self.notices.iter().find_map(|notice| match notice {
            Notice::WouldRefuse(scope) => Some(&**scope),
            Notice::Alert(..) => None,
        });
        line.text(member!("would_refuse"), would_refuse);
        let found = || self.found.iter().chain(&self.found_in_answer);
        let values = found().flat_map(|found| &found.values);
        line.counts(member!("redacted"), values.map(|((kind, _), count)| (*kind, *count)));
        let rules = found().flat_map(|found| &found.rules);
        line.counts(member!("guard"), rules.map(|((rule, _), count)| (&**rule, *count)));
        line.number(member!("queued_ms"), self.queued.map(milliseconds));
        line.number(member!("first_token_ms"), self.first_token.map(milliseconds));
        line.number(member!("own_time_us"), Some(microseconds(self.own_time)));
        if !self.failed_attempts.is_empty() {
            let failed = self.failed_attempts.iter().map(|(provider, reason)| format!("{provider}:{reason}"));
            line.text(member!("failed_attempts"), Some(&failed.collect::<Vec<_>>().join(",")));
        }
        line.0
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A member's name with what is written around it.
macro_rules! member {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}
use member;

/// Names are those of [`member!`].
struct Line(Vec<u8>);

impl Line {
    fn literal(&mut self, name: &str, value: &str) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(value.as_bytes());
    }

    fn number(&mut self, name: &str, value: Option<u64>) {
        match value {
            Some(value) => {
                self.0.extend_from_slice(name.as_bytes());
                write_unsigned(&mut self.0, value);
            }
            None => self.literal(name, "null"),
        }
    }

    /// An object of counts, those of the same name added up; `null` when there is none.
    fn counts<'a>(&mut self, name: &str, counts: impl Iterator<Item = (&'a str, u64)>) {
        let mut sums = BTreeMap::new();
        counts.for_each(|(of, count)| *sums.entry(of).or_insert(0) += count);
        if sums.is_empty() {
            return self.literal(name, "null");
        }
        self.0.extend_from_slice(name.as_bytes());
        for (index, (of, count)) in sums.into_iter().enumerate() {
            self.0.push(if index == 0 { b'{' } else { b',' });
            write_string(&mut self.0, of);
            self.0.push(b':');
            write_unsigned(&mut self.0, count);
        }
        self.0.push(b'}');
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        self.0.extend_from_slice(name.as_bytes());
        match value {
            Some(value) => write_string(&mut self.0, value),
            None => self.0.extend_from_slice(b"null"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::compiled::{ModelAccess, Priority};
    use crate::observe::metrics::LABELS;

    fn record() -> Record {
        Record {
            request_id: Some("a\"b".to_owned()),
            provider_request_id: None,
            surface: Some(Surface::ChatCompletions),
            caller: Some(Rc::new(Caller {
                key: "team-a-prod".to_owned(),
                team: "data".to_owned(),
                environment: None,
                models: ModelAccess::All,
                priority: Priority::Normal,
                restriction: None,
                operator: false,
                scopes: Vec::new(),
            })),
            model: Some("chat".to_owned()),
            provider: Some("openai".to_owned()),
            provider_model: Some("org/gpt-4o".to_owned()),
            attempts: 2,
            failed_attempts: Vec::new(),
            streamed: true,
            outcome: Outcome::Ok,
            metered: Metered::Reported(Usage { input: 19, output: 10, ..Usage::default() }),
            duration: Duration::from_millis(1_500),
            counted: Some(Counted { tokens: 20, exact: false }),
            estimate_error: Some(52),
            cost: Some(NanoDollars::new(147_500)),
            limit: None,
            found: None,
            found_in_answer: None,
            queued: Some(Duration::from_millis(40)),
            notices: vec![
                Notice::WouldRefuse("team data".into()),
                Notice::Alert(Reached {
                    scope: "organisation".into(),
                    permille: 800,
                    unit: "tokens",
                    per: "day",
                    used: 8,
                    limit: 10,
                }),
            ],
            first_token: Some(Duration::from_millis(200)),
            own_time: Duration::from_micros(30),
        }
    }

    fn told(record: &Record) -> Vec<(String, u64)> {
        record.measurements().iter().map(|one| (one.series.name(), one.value)).collect()
    }

    #[test]
    fn tokens_are_counted_under_key_team_model_and_provider() {
        let ours = "|key=team-a-prod|team=data|model=chat|provider=openai";
        let standard = "|key=team-a-prod|team=data|gen_ai_request_model=chat|gen_ai_provider_name=openai\
                        |gen_ai_operation_name=chat";
        let expected = [
            (format!("tollgate.requests{ours}|outcome=ok"), 1),
            (format!("tollgate.tokens{ours}|gen_ai_token_type=input"), 19),
            (format!("gen_ai.client.token.usage{standard}|gen_ai_token_type=input"), 19),
            (format!("tollgate.tokens{ours}|gen_ai_token_type=output"), 10),
            (format!("gen_ai.client.token.usage{standard}|gen_ai_token_type=output"), 10),
            (format!("tollgate.cost_nano_usd{ours}"), 147_500),
            ("tollgate.token_estimate_error|model=chat|provider=openai|direction=over".to_owned(), 52),
            (format!("gen_ai.client.operation.duration{standard}"), 1_500),
            (format!("gen_ai.server.time_to_first_token{standard}"), 200),
            ("tollgate.own_time|model=chat".to_owned(), 30),
            ("tollgate.would_refuse|scope=team data".to_owned(), 1),
            ("tollgate.limit_alerts|scope=organisation|threshold=80.0%".to_owned(), 1),
        ];
        assert_eq!(told(&record()), expected);
    }

    #[test]
    fn every_label_is_one_that_envoy_takes_out_again() {
        for (name, _) in told(&record()) {
            for label in name.split('|').skip(1) {
                let (label, _) = label.split_once('=').unwrap();
                assert!(LABELS.contains(&label), "{label} in {name}");
            }
        }
    }

    #[test]
    fn a_stranger_adds_to_one_series_only() {
        let stranger = Record {
            caller: None,
            model: None,
            provider: None,
            provider_model: None,
            outcome: Outcome::Refused("invalid_api_key"),
            notices: Vec::new(),
            ..record()
        };
        let series = "tollgate.requests|key=none|team=none|model=none|provider=none|outcome=invalid_api_key";
        assert_eq!(told(&stranger), [(series.to_owned(), 1)]);
    }

    #[test]
    fn the_access_log_is_json_with_numbers_as_numbers() {
        let line: serde_json::Value =
            serde_json::from_slice(&[b"{\"status\":200", &*record().access_log(), b"}"].concat()).unwrap();
        assert_eq!(line["request_id"], "a\"b");
        assert_eq!(line["provider"], "openai");
        assert_eq!(line["provider_model"], "org/gpt-4o");
        assert_eq!(line["input_tokens"], 19);
        assert_eq!(line["environment"], serde_json::Value::Null);
        assert_eq!(line["tokens_estimated"], false);
        assert_eq!(line["counted_input_tokens"], 20);
        assert_eq!(line["counted_exactly"], false);
        assert_eq!(line["cost_usd"], "0.0001475");
        assert_eq!(line["limit"], serde_json::Value::Null);
        assert_eq!(line["would_refuse"], "team data");
        assert_eq!(line["queued_ms"], 40);
    }
}
