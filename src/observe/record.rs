//! What is known of a request when it is over, and how it is told: metrics and the access log.
//!
//! A record holds public facts only: ids, names from the configuration, numbers. No credential, no text of
//! a prompt or an answer, no query string.

use std::rc::Rc;
use std::time::Duration;

use crate::dialect::{Surface, Usage};
use crate::framing::json::write_string;
use crate::identity::caller::Caller;

use super::metrics::{Measurement, Metric, NONE};

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A provider answered, and the answer reached the client whole.
    Ok,
    /// The gateway refused it, with this code.
    Refused(&'static str),
    /// A provider answered with an error, which was passed on.
    ProviderError,
    /// The client went away before the answer had ended.
    Abandoned,
    /// The provider broke off in the middle of the answer.
    Interrupted,
}

impl Outcome {
    /// The label's value.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused(code) => code,
            Self::ProviderError => "provider_error",
            Self::Abandoned => "abandoned",
            Self::Interrupted => "interrupted",
        }
    }
}

/// How many tokens a call took, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metered {
    /// Nothing was generated.
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

/// A request that is over.
#[derive(Clone, Debug)]
pub struct Record {
    /// Envoy's id of the request.
    pub request_id: Option<String>,
    /// The endpoint, when one was found.
    pub surface: Option<Surface>,
    /// Who called, when that was found out.
    pub caller: Option<Rc<Caller>>,
    /// The logical model, when one was resolved.
    pub model: Option<String>,
    /// `provider/model` of the last attempt.
    pub target: Option<String>,
    /// How many attempts there were.
    pub attempts: u64,
    /// Whether the answer was a stream.
    pub streamed: bool,
    /// What became of it.
    pub outcome: Outcome,
    /// What it took.
    pub metered: Metered,
    /// From the request's arrival to the end of the answer.
    pub duration: Duration,
    /// From the request's arrival to the first text of a streamed answer.
    pub first_token: Option<Duration>,
    /// The time the policy itself took.
    pub own_time: Duration,
}

impl Record {
    /// The target's two halves: provider and provider model.
    fn provider(&self) -> Option<(&str, &str)> {
        self.target.as_deref()?.split_once('/')
    }

    /// What the request adds to the metrics.
    #[must_use]
    pub fn measurements(&self) -> Vec<Measurement> {
        let key = self.caller.as_ref().map_or(NONE, |caller| caller.key.as_str());
        let team = self.caller.as_ref().map_or(NONE, |caller| caller.team.as_str());
        let model = self.model.as_deref().unwrap_or(NONE);
        let provider = self.provider().map_or(NONE, |(provider, _)| provider);
        let served = [("key", key), ("team", team), ("model", model), ("provider", provider)];
        let [of_key, of_team, ..] = served;
        let counted = |label, value| [&served[..], &[(label, value)]].concat();
        let mut out = vec![Measurement::new(Metric::Requests, &counted("outcome", self.outcome.label()), 1)];
        let (Some(surface), Some(_)) = (self.surface, &self.model) else {
            return out;
        };
        let common = [
            of_key,
            of_team,
            ("gen_ai_request_model", model),
            ("gen_ai_provider_name", provider),
            ("gen_ai_operation_name", surface.operation()),
        ];
        if let Some(usage) = self.metered.usage() {
            for (token_type, tokens) in [("input", usage.input), ("output", usage.output)] {
                let of_type = ("gen_ai_token_type", token_type);
                out.push(Measurement::new(Metric::Tokens, &counted(of_type.0, of_type.1), tokens));
                out.push(Measurement::new(Metric::TokenUsage, &[&common[..], &[of_type]].concat(), tokens));
            }
        }
        out.push(Measurement::new(Metric::OperationDuration, &common, milliseconds(self.duration)));
        if let Some(first) = self.first_token {
            out.push(Measurement::new(Metric::TimeToFirstToken, &common, milliseconds(first)));
        }
        let own = u64::try_from(self.own_time.as_micros()).unwrap_or(u64::MAX);
        out.push(Measurement::new(Metric::OwnTime, &[("model", model)], own));
        out
    }

    /// The request's members of its line in the access log, each with a comma before it. The fields are
    /// always all there, in this order, so that a line is read by position as well as by name.
    #[must_use]
    pub fn access_log(&self) -> String {
        let mut line = Line(Vec::with_capacity(512));
        line.text("request_id", self.request_id.as_deref());
        line.text("operation", self.surface.map(Surface::operation));
        line.text("key", self.caller.as_ref().map(|caller| caller.key.as_str()));
        line.text("team", self.caller.as_ref().map(|caller| caller.team.as_str()));
        line.text("environment", self.caller.as_ref().and_then(|caller| caller.environment.as_deref()));
        line.text("model", self.model.as_deref());
        line.text("provider", self.provider().map(|(provider, _)| provider));
        line.text("provider_model", self.provider().map(|(_, model)| model));
        line.number("attempts", Some(self.attempts));
        line.literal("stream", if self.streamed { "true" } else { "false" });
        line.text("outcome", Some(self.outcome.label()));
        let usage = self.metered.usage();
        line.number("input_tokens", usage.map(|usage| usage.input));
        line.number("output_tokens", usage.map(|usage| usage.output));
        line.number("cached_input_tokens", usage.map(|usage| usage.cached_input));
        line.number("reasoning_output_tokens", usage.map(|usage| usage.reasoning_output));
        let estimated = matches!(self.metered, Metered::Estimated(_));
        line.literal("tokens_estimated", if estimated { "true" } else { "false" });
        line.number("first_token_ms", self.first_token.map(milliseconds));
        line.number("own_time_us", u64::try_from(self.own_time.as_micros()).ok());
        // Everything that was written came from text or is ASCII.
        String::from_utf8(line.0).unwrap_or_default()
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

struct Line(Vec<u8>);

impl Line {
    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn literal(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.extend_from_slice(value.as_bytes());
    }

    fn number(&mut self, name: &str, value: Option<u64>) {
        match value {
            Some(value) => self.literal(name, &value.to_string()),
            None => self.literal(name, "null"),
        }
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        self.name(name);
        match value {
            Some(value) => write_string(&mut self.0, value),
            None => self.0.extend_from_slice(b"null"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::compiled::ModelAccess;

    fn record() -> Record {
        Record {
            request_id: Some("a\"b".to_owned()),
            surface: Some(Surface::ChatCompletions),
            caller: Some(Rc::new(Caller {
                key: "team-a-prod".to_owned(),
                team: "data".to_owned(),
                environment: None,
                models: ModelAccess::All,
            })),
            model: Some("chat".to_owned()),
            target: Some("openai/org/gpt-4o".to_owned()),
            attempts: 2,
            streamed: true,
            outcome: Outcome::Ok,
            metered: Metered::Reported(Usage { input: 19, output: 10, ..Usage::default() }),
            duration: Duration::from_millis(1_500),
            first_token: Some(Duration::from_millis(200)),
            own_time: Duration::from_micros(30),
        }
    }

    #[test]
    fn tokens_are_counted_under_key_team_model_and_provider() {
        let measured = record().measurements();
        let input = measured.iter().find(|one| one.metric == Metric::TokenUsage).unwrap();
        assert_eq!(
            input.series,
            "gen_ai.client.token.usage|key=team-a-prod|team=data|gen_ai_request_model=chat\
             |gen_ai_provider_name=openai|gen_ai_operation_name=chat|gen_ai_token_type=input"
        );
        assert_eq!(input.value, 19);
        let tokens = measured.iter().filter(|one| one.metric == Metric::Tokens).map(|one| one.value);
        assert_eq!(tokens.collect::<Vec<_>>(), [19, 10]);
        let requests = measured.iter().find(|one| one.metric == Metric::Requests).unwrap();
        let expected = "tollgate.requests|key=team-a-prod|team=data|model=chat|provider=openai|outcome=ok";
        assert_eq!((requests.series.as_str(), requests.value), (expected, 1));
    }

    #[test]
    fn a_stranger_adds_to_one_series_only() {
        let stranger = Record {
            caller: None,
            model: None,
            target: None,
            outcome: Outcome::Refused("invalid_api_key"),
            ..record()
        };
        let measured = stranger.measurements();
        let series = "tollgate.requests|key=none|team=none|model=none|provider=none|outcome=invalid_api_key";
        assert_eq!(measured.iter().map(|one| one.series.as_str()).collect::<Vec<_>>(), [series]);
    }

    #[test]
    fn the_access_log_is_json_with_numbers_as_numbers() {
        let line: serde_json::Value =
            serde_json::from_str(&format!("{{\"status\":200{}}}", record().access_log())).unwrap();
        assert_eq!(line["request_id"], "a\"b");
        assert_eq!(line["provider"], "openai");
        assert_eq!(line["provider_model"], "org/gpt-4o");
        assert_eq!(line["input_tokens"], 19);
        assert_eq!(line["environment"], serde_json::Value::Null);
        assert_eq!(line["tokens_estimated"], false);
    }
}
