//! How the providers do, by what Envoy's admin interface says of the clusters that were rendered.
//!
//! Two answers are needed: that to [`CLUSTERS`], which [`Clusters::read`] turns back into what the file calls them, providers
//! and their models; and that to [`STATS`], with which [`Clusters::status`] is complete. Nothing in it is secret: names,
//! states and numbers. `tollgate status --json` and `GET /v1/status` say the same.
//!
//! Promises that what it does not understand is left out, whatever another release of Envoy adds, and that of an answer
//! nothing is kept but what is told.
//!
//! Deliberately unknown here: how Envoy is asked, and by whom.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::metrics::Metric;

/// What Envoy is asked for its clusters.
pub const CLUSTERS: &str = "/clusters?format=json";

/// What Envoy is asked for numbers.
pub const STATS: &str =
    "/stats?filter=(ejections_enforced_total$%7Ctollgate.attempt_failures%7Ctollgate.credential_rejected)";

/// How the providers do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Every provider's models, each as often as there are clusters for it.
    pub targets: Vec<TargetStatus>,
    /// What the gateway has counted since Envoy's start, by provider; those without failures are not here.
    pub providers: BTreeMap<String, ProviderStatus>,
}

/// One cluster of a provider's model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetStatus {
    /// The provider.
    pub provider: String,
    /// The provider's name of the model.
    pub model: String,
    /// Which chains use it.
    #[serde(rename = "for")]
    pub purpose: Purpose,
    /// Whether it gets requests.
    pub state: State,
    /// The requests under way.
    pub active: u64,
    /// The requests since Envoy's start.
    pub requests: u64,
    /// Those of them that were answered with 5xx, or not at all.
    pub errors: u64,
    /// Those of them that took too long.
    pub timeouts: u64,
    /// The connections that could not be made since then.
    pub connect_failures: u64,
    /// How often it was left alone since then.
    pub ejections: u64,
}

/// Which chains use a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Chains that have another target, so that it may be left alone.
    Chains,
    /// Chains of nothing else, and what has a time of its own; it is never left alone.
    Alone,
    /// Chains in which it has less time than others: so long, as `300ms`.
    Within(String),
}

/// Whether a target gets requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It does.
    Healthy,
    /// It has failed too often in a row, and is left alone for a while.
    Ejected,
    /// It does not pass its health checks.
    FailsChecks,
    /// Its host is not found.
    Unresolved,
}

/// What the gateway has counted of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProviderStatus {
    /// The attempts that failed, by the reason.
    pub failed_attempts: BTreeMap<String, u64>,
    /// How often it did not accept its credential.
    pub credential_rejected: u64,
}

/// The clusters that lead to providers' models, each with the name that its statistics have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clusters(Vec<(TargetStatus, String)>);

/// What is read of Envoy's answer to [`CLUSTERS`] (Envoy's API, `envoy.admin.v3.Clusters`).
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    cluster_statuses: Vec<ClusterTold<'a>>,
}

#[derive(Deserialize)]
struct ClusterTold<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    observability_name: Cow<'a, str>,
    #[serde(borrow, default)]
    host_statuses: Vec<HostTold<'a>>,
}

#[derive(Deserialize)]
struct HostTold<'a> {
    #[serde(default)]
    health_status: Health,
    #[serde(borrow, default)]
    stats: Vec<NumberTold<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Health {
    failed_active_health_check: bool,
    failed_outlier_check: bool,
}

/// Envoy writes numbers of 64 bits as text, and leaves zeros out.
#[derive(Deserialize)]
struct NumberTold<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    value: Option<Cow<'a, str>>,
}

impl Clusters {
    /// Reads Envoy's answer to [`CLUSTERS`]; `None` where it is none.
    #[must_use]
    pub fn read(answer: &[u8]) -> Option<Self> {
        let told: Told<'_> = serde_json::from_slice(answer).ok()?;
        let mut clusters: Vec<_> = told.cluster_statuses.iter().filter_map(TargetStatus::read).collect();
        clusters.sort_by(|(one, _), (other, _)| {
            (&one.provider, &one.model).cmp(&(&other.provider, &other.model))
        });
        Some(Self(clusters))
    }

    /// Completes it by Envoy's answer to [`STATS`].
    #[must_use]
    pub fn status(self, stats: &str) -> Status {
        let stats: BTreeMap<&str, u64> = stats
            .lines()
            .filter_map(|line| line.rsplit_once(": "))
            .filter_map(|(name, value)| Some((name, value.trim().parse().ok()?)))
            .collect();
        let complete = |(mut target, name): (TargetStatus, String)| {
            let ejections = format!("cluster.{name}.outlier_detection.ejections_enforced_total");
            target.ejections = stats.get(&*ejections).copied().unwrap_or(0);
            target
        };
        let targets = self.0.into_iter().map(complete).collect();
        let mut providers = BTreeMap::<String, ProviderStatus>::new();
        for (name, value) in stats.iter().filter(|(_, value)| **value > 0) {
            let Some(provider) = label(name, "provider") else { continue };
            let of = |metric: Metric| name.contains(metric.name());
            if let (true, Some(reason)) = (of(Metric::AttemptFailures), label(name, "reason")) {
                let failed = &mut providers.entry(provider.to_owned()).or_default().failed_attempts;
                *failed.entry(reason.to_owned()).or_default() += value;
            } else if of(Metric::CredentialRejected) {
                providers.entry(provider.to_owned()).or_default().credential_rejected += value;
            }
        }
        Status { targets, providers }
    }
}

/// The value of a label in a metric's name (see [`crate::observe::metrics`]).
fn label<'a>(name: &'a str, label: &str) -> Option<&'a str> {
    name.split('|').find_map(|part| part.strip_prefix(label)?.strip_prefix('='))
}

impl TargetStatus {
    /// What a cluster says of itself, and the name that its statistics have.
    fn read(cluster: &ClusterTold<'_>) -> Option<(Self, String)> {
        let (purpose, provider, model) = names(&cluster.name)?;
        let host = cluster.host_statuses.first();
        let state = match host.map(|host| &host.health_status) {
            None => State::Unresolved,
            Some(health) if health.failed_active_health_check => State::FailsChecks,
            Some(health) if health.failed_outlier_check => State::Ejected,
            Some(_) => State::Healthy,
        };
        let counted = |name: &str| {
            let one = host.and_then(|host| host.stats.iter().find(|one| one.name == name));
            one.and_then(|one| one.value.as_ref()?.parse().ok()).unwrap_or(0)
        };
        let target = Self {
            provider: provider.to_owned(),
            model: model.to_owned(),
            purpose,
            state,
            active: counted("rq_active"),
            requests: counted("rq_total"),
            errors: counted("rq_error"),
            timeouts: counted("rq_timeout"),
            connect_failures: counted("cx_connect_fail"),
            ejections: 0,
        };
        // A statistic's name has no colon.
        Some((target, cluster.observability_name.replace(':', "_")))
    }
}

/// What a cluster is of, where that is a provider's model. Other clusters are called `model/…`, or have a colon in what
/// would be the provider's name.
fn names(cluster: &str) -> Option<(Purpose, &str, &str)> {
    let alone =
        |name: &str| name.strip_prefix("sole:").or_else(|| name.strip_prefix("checked:")).map(str::len);
    let (purpose, name) = match cluster.strip_prefix("within:").and_then(|rest| rest.split_once(':')) {
        Some((time, name)) => (Purpose::Within(time.to_owned()), name.strip_prefix("sole:").unwrap_or(name)),
        None => match alone(cluster) {
            Some(length) => (Purpose::Alone, cluster.get(cluster.len() - length..)?),
            None => (Purpose::Chains, cluster),
        },
    };
    let (provider, model) = name.split_once('/')?;
    (provider != "model" && !provider.contains(':')).then_some((purpose, provider, model))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// As Envoy 1.40 answers, cut down to what is read and a little more.
    fn clusters() -> Value {
        let host = |health: Value, numbers: &[(&str, &str)]| {
            let stats: Vec<Value> = numbers
                .iter()
                .map(|(name, value)| json!({"value": value, "name": name}))
                .chain([json!({"name": "rq_error"}), json!({"type": "GAUGE", "name": "rq_pending_active"})])
                .collect();
            json!([{"stats": stats, "health_status": health, "weight": 1}])
        };
        let well = || json!({"eds_health_status": "HEALTHY"});
        json!({"cluster_statuses": [
            {"name": "model/chat", "observability_name": "model/chat"},
            {"name": "context:1/chat", "observability_name": "context_1/chat"},
            {"name": "alerts:webhook", "host_statuses": host(well(), &[])},
            {"name": "sole:b/m", "observability_name": "sole:b/m", "host_statuses": host(well(), &[("rq_total", "7")])},
            {"name": "a/gpt-4.1", "observability_name": "a/gpt-4_1", "host_statuses":
                host(json!({"failed_outlier_check": true}), &[("rq_timeout", "2"), ("rq_total", "12"), ("cx_connect_fail", "3")])},
            {"name": "within:300ms:b/m", "observability_name": "within:300ms:b/m", "host_statuses":
                host(json!({"failed_active_health_check": true}), &[("rq_active", "4")])},
            {"name": "c/m", "observability_name": "c/m"},
        ]})
    }

    const STATS_TEXT: &str = "cluster.a/gpt-4_1.outlier_detection.ejections_enforced_total: 2
cluster.within_300ms_b/m.outlier_detection.ejections_enforced_total: 5
wasmcustom.tollgate.attempt_failures|provider=a|reason=server_error: 9
wasmcustom.tollgate.attempt_failures|provider=a|reason=no_answer: 0
wasmcustom.tollgate.credential_rejected|provider=b: 1
";

    #[test]
    fn clusters_are_told_by_the_names_of_the_file() {
        let status = Clusters::read(clusters().to_string().as_bytes()).unwrap().status(STATS_TEXT);
        let seen: Vec<_> = status
            .targets
            .iter()
            .map(|one| (one.provider.as_str(), one.model.as_str(), &one.purpose, one.state, one.ejections))
            .collect();
        let within = Purpose::Within("300ms".to_owned());
        assert_eq!(
            seen,
            [
                ("a", "gpt-4.1", &Purpose::Chains, State::Ejected, 2),
                ("b", "m", &Purpose::Alone, State::Healthy, 0),
                ("b", "m", &within, State::FailsChecks, 5),
                ("c", "m", &Purpose::Chains, State::Unresolved, 0),
            ]
        );
        let [a, b, ..] = status.targets.as_slice() else { panic!("{seen:?}") };
        assert_eq!((a.requests, a.timeouts, a.connect_failures, a.errors), (12, 2, 3, 0));
        assert_eq!(b.requests, 7);
        let failed = |reason: &str, count| [(reason.to_owned(), count)].into();
        let expected = [
            (
                "a".to_owned(),
                ProviderStatus { failed_attempts: failed("server_error", 9), credential_rejected: 0 },
            ),
            ("b".to_owned(), ProviderStatus { failed_attempts: BTreeMap::new(), credential_rejected: 1 }),
        ];
        assert_eq!(status.providers, expected.into());
    }

    #[test]
    fn what_is_not_said_by_envoy_is_not_told() {
        for answer in ["", "{}", "<html>", r#"{"cluster_statuses":[{"name":"a/m""#] {
            assert_eq!(Clusters::read(answer.as_bytes()), None, "{answer}");
        }
        let nothing = Clusters::read(br#"{"cluster_statuses":[]}"#).unwrap().status("");
        assert_eq!(json!(nothing), json!({"targets": [], "providers": {}}));
    }
}
