//! Clusters: one for each logical model, and one for each target of a chain.
//!
//! A logical model is a composite cluster whose entries are the attempts in order; its retry policy moves
//! from one to the next, and its filter chain runs at each. (For an older Envoy it is something else, see
//! [`super::aggregate`].) A target's cluster knows the provider's host, its TLS, and when to leave it alone.
//!
//! A target that is ejected is skipped, at no cost, by every chain that has another. In a chain of its own
//! that would turn a stumble into an outage, so such a chain uses a cluster that is never ejected.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::secrets::{self, Missing};
use super::within::{self, Attempted, attempted};
use super::{Place, aggregate, extension, filters, operators, socket_address, typed, webhook};
use crate::config::compiled::elsewhere::{Elsewhere, cluster as elsewhere_cluster, word};
use crate::config::compiled::{
    Direct, Provider, Scheme, Target, chain_cluster, logical_name, target_cluster,
};
use crate::config::{
    AdapterIn, Capacity, ChainTarget, Chains, Ejection, Gateway, HealthCheck, Host, Retrying, Upstream,
};
use crate::engine::fields::WAIT_HEADER;

/// The authorities that the system trusts, where Debian, Ubuntu, Alpine and Envoy's own images keep them.
/// Envoy has no notion of its own of where they are.
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

pub(super) const CLUSTER: &str = "envoy.config.cluster.v3.Cluster";
pub(super) const HTTP_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// What sends a request to the next attempt: an answer of 5xx, 408 or 429, or no answer at all.
const RETRY_ON: &str = "5xx,reset,connect-failure,refused-stream,retriable-status-codes";
/// Beside these, what only the client can mend; it would fail everywhere. 424 is Bedrock's `ModelErrorException`.
const RETRIABLE_STATUS: [u16; 3] = [408, 424, 429];

/// How many requests a rate of failures is of, at the least.
const FAILURE_RATE_REQUESTS: u64 = 20;

/// The longest back-off that doubling comes to.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(1);

/// Connections, pending requests and requests that Envoy is to set no bound to.
pub(super) const UNBOUNDED: Capacity = Capacity { connections: 1 << 20, pending: 1 << 20, requests: 1 << 20 };

pub(super) fn all(gateway: &Gateway, place: &Place) -> Vec<Value> {
    let mut targets: BTreeMap<String, Value> = BTreeMap::new();
    let mut chains = Vec::new();
    for Attempted { name: cluster, target: model, upstream, sole, limited } in attempted(gateway) {
        match limited {
            None => {
                let care = if sole { Care::None } else { Care::Ejected };
                targets.entry(cluster.clone()).or_insert_with(|| target(&cluster, model, upstream, care));
            }
            Some(within) => {
                let inner = within.inner;
                let care = if within.is_checked { Care::Checked } else { Care::None };
                targets.entry(inner.clone()).or_insert_with(|| target(&inner, model, upstream, care));
                targets.insert(cluster.clone(), within::cluster(&cluster, model, upstream, sole));
            }
        }
    }
    for (name, chain) in &gateway.chains {
        let model = gateway.policy.models.get(name).or_else(|| gateway.policy.restricted.variants.get(name));
        let more = model.and_then(|model| model.elsewhere.as_deref());
        let serving = Serving { name, chain };
        let longest = within::longest(gateway, name);
        let way = match gateway.envoy.chains {
            Chains::Composite => {
                let own = attempts(chain, longest);
                let retries = own.len().saturating_sub(1) + more.map_or(0, stand_in_attempts);
                let mut policy = retry_policy(gateway.retrying.get(name), retries, Asking::Adapter);
                if let Some(fields) = policy.as_object_mut().filter(|_| more.is_some()) {
                    fields.insert("refresh_cluster_on_retry".to_owned(), true.into());
                }
                Way { cluster_type: composite(&own), retry_policy: Some(policy) }
            }
            Chains::Aggregate => {
                Way { cluster_type: aggregate::cluster_type(chain, longest), retry_policy: None }
            }
        };
        chains.push(serving_cluster(gateway, place, &chain_cluster(name), &serving, way));
        let direct = model.and_then(|model| model.direct.as_deref());
        chains.extend(direct.map(|direct| direct_cluster(gateway, place, &serving, direct, longest)));
        chains.extend(more.iter().flat_map(|more| elsewhere(gateway, place, name, more)));
    }
    // A chain refers to its targets, so they come first.
    let services = webhook::clusters(gateway, place).into_iter().chain(operators::cluster(gateway));
    targets.into_values().chain(chains).chain(services).collect()
}

pub(super) fn is_sole(chain: &[ChainTarget]) -> bool {
    chain.iter().map(|link| &link.target).collect::<BTreeSet<_>>().len() == 1
}

/// No name of a provider has a colon, so the two kinds of cluster cannot be confused.
pub(super) fn cluster_name(target: &Target, sole: bool) -> String {
    let name = target_cluster(target);
    if sole { format!("sole:{name}") } else { name }
}

/// A name without dots, which would cut it in two where Envoy's statistics take it for a path.
pub(super) fn stat_name(name: &str) -> String {
    name.replace('.', "_")
}

/// The clusters of a chain's attempts, in order, where an attempt takes `longest` by itself.
pub(super) fn attempts(chain: &[ChainTarget], longest: Duration) -> Vec<String> {
    let sole = is_sole(chain);
    let of = |link: &ChainTarget| {
        let name = within::attempt_cluster(link, sole, longest);
        (0..=link.retries).map(move |_| name.clone())
    };
    chain.iter().flat_map(of).collect()
}

fn stand_in_attempts(more: &Elsewhere) -> usize {
    usize::try_from(more.attempts().saturating_sub(more.own_attempts)).unwrap_or(usize::MAX)
}

/// The clusters by which the attempts of a model go on at the models that stand in for it: one for each attempt after
/// which they may come in, because Envoy picks by the number of the attempt. The places before are never reached.
fn elsewhere(gateway: &Gateway, place: &Place, model: &str, more: &Elsewhere) -> Vec<Value> {
    let mut clusters = Vec::new();
    for (objection, stand_in) in &more.models {
        let Some(chain) = gateway.chains.get(&stand_in.chain) else { continue };
        let own = attempts(chain, within::longest(gateway, model));
        let Some(first) = own.first() else { continue };
        for (attempt, passed) in (1..=more.own_attempts).zip(1_usize..) {
            let all: Vec<String> = std::iter::repeat_n(first, passed).chain(&own).cloned().collect();
            let name = elsewhere_cluster(&word(*objection, attempt), model);
            let serving = Serving { name: &stand_in.chain, chain };
            // The retry policy is that of the cluster of the first attempt.
            let way = Way { cluster_type: composite(&all), retry_policy: None };
            clusters.push(serving_cluster(gateway, place, &name, &serving, way));
        }
    }
    clusters
}

/// Which chain a cluster is of.
struct Serving<'a> {
    name: &'a str,
    chain: &'a [ChainTarget],
}

/// How a chain's cluster leads to its targets.
struct Way {
    cluster_type: Value,
    /// What moves from one attempt to the next, where that is said by the cluster.
    retry_policy: Option<Value>,
}

fn composite(attempts: &[String]) -> Value {
    let attempts: Vec<Value> = attempts.iter().map(|name| json!({ "name": name })).collect();
    extension(
        "envoy.clusters.composite",
        "envoy.extensions.clusters.composite.v3.ClusterConfig",
        json!({"clusters": attempts}),
    )
}

/// Who asks for a wait before another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// The adapter, only where waiting helps.
    Adapter,
    /// The provider itself.
    Provider,
}

/// What is tried again, how often, and after how long.
pub(super) fn retry_policy(retrying: Option<&Retrying>, retries: usize, asking: Asking) -> Value {
    let patience = retrying.map_or(Duration::ZERO, |retrying| retrying.patience);
    let waits = match asking {
        Asking::Adapter => Some(json!({"reset_headers": [{"name": WAIT_HEADER, "format": "SECONDS"}]})),
        // Whoever asks for more is not listened to.
        Asking::Provider => (!patience.is_zero()).then(|| {
            json!({
                "reset_headers": [{"name": "retry-after", "format": "SECONDS"}],
                "max_interval": seconds(patience),
            })
        }),
    };
    let mut policy = json!({
        "retry_on": RETRY_ON,
        "retriable_status_codes": RETRIABLE_STATUS,
        "num_retries": retries,
        "retry_back_off": back_off(retrying),
    });
    if let (Some(waits), Some(fields)) = (waits, policy.as_object_mut()) {
        fields.insert("rate_limited_retry_back_off".to_owned(), waits);
    }
    policy
}

/// The filters of an attempt at one of these providers.
fn adapting<'a>(gateway: &Gateway, place: &Place, providers: impl Iterator<Item = &'a str>) -> Vec<Value> {
    let credentials: BTreeSet<&str> = providers
        .filter_map(|name| gateway.adapter.providers.get(name))
        .flat_map(Provider::credentials)
        .collect();
    let mut all: Vec<Value> =
        credentials.into_iter().map(|name| secrets::injector(gateway, place, name)).collect();
    all.push(filters::adapter_reference(place));
    all.push(upstream_codec());
    all
}

fn upstream_codec() -> Value {
    extension(
        "envoy.filters.http.upstream_codec",
        "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec",
        json!({}),
    )
}

/// The way to the only target of a chain for requests that the policy has built: Envoy itself attaches the credential, and
/// refuses a request for which there is none. It leads to the very cluster of the target, with its connections and its bounds.
fn direct_cluster(
    gateway: &Gateway,
    place: &Place,
    serving: &Serving<'_>,
    direct: &Direct,
    longest: Duration,
) -> Value {
    let provider = gateway.adapter.providers.get(&direct.target.provider);
    let credential = provider.and_then(|provider| Some((provider.credential.as_deref()?, provider)));
    let injector = credential.map(|(name, provider)| {
        secrets::injector_into(gateway, place, name, provider.credential_field(), Missing::Refused)
    });
    let way = match gateway.envoy.chains {
        Chains::Composite => {
            let attempts = attempts(serving.chain, longest);
            let retries = attempts.len().saturating_sub(1);
            let policy = retry_policy(gateway.retrying.get(serving.name), retries, Asking::Provider);
            Way { cluster_type: composite(&attempts), retry_policy: Some(policy) }
        }
        Chains::Aggregate => {
            Way { cluster_type: aggregate::cluster_type(serving.chain, longest), retry_policy: None }
        }
    };
    let filters = injector.into_iter().chain([upstream_codec()]).collect();
    filtering_cluster(&direct.cluster, serving, way, Some(filters))
}

/// The filters of any attempt, where all chains share them: Envoy's router runs them for clusters without filters of their
/// own.
pub(super) fn shared_filters(gateway: &Gateway, place: &Place) -> Option<Vec<Value>> {
    let all = gateway.adapter.providers.keys().map(String::as_str);
    (gateway.envoy.adapter == AdapterIn::Shared).then(|| adapting(gateway, place, all))
}

/// The cluster of a chain, at whose every attempt an adapter runs.
fn serving_cluster(gateway: &Gateway, place: &Place, name: &str, serving: &Serving<'_>, way: Way) -> Value {
    let providers = serving.chain.iter().map(|link| link.target.provider.as_str());
    let has_own = gateway.envoy.adapter != AdapterIn::Shared;
    filtering_cluster(name, serving, way, has_own.then(|| adapting(gateway, place, providers)))
}

/// The cluster of a chain, whose filters run at every attempt; without filters of its own, those of the router do.
fn filtering_cluster(
    name: &str,
    serving: &Serving<'_>,
    Way { cluster_type, retry_policy }: Way,
    filters: Option<Vec<Value>>,
) -> Value {
    let mut options = json!({"explicit_http_config": {"http_protocol_options": {}}});
    if let (Some(filters), Some(fields)) = (filters, options.as_object_mut()) {
        fields.insert("http_filters".to_owned(), filters.into());
    }
    if let (Some(policy), Some(fields)) = (retry_policy, options.as_object_mut()) {
        fields.insert("retry_policy".to_owned(), policy);
    }
    typed(
        CLUSTER,
        json!({
            "name": name,
            "alt_stat_name": stat_name(name),
            "connect_timeout": "5s",
            "lb_policy": "CLUSTER_PROVIDED",
            "metadata": {"filter_metadata": {"tollgate": {"model": logical_name(serving.name)}}},
            "cluster_type": cluster_type,
            "circuit_breakers": circuit_breakers(&UNBOUNDED),
            "typed_extension_protocol_options": {HTTP_OPTIONS: typed(HTTP_OPTIONS, options)},
        }),
    )
}

/// How a target's cluster looks after its host.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// It is asked, come what may.
    None,
    /// It is checked, if its provider is.
    Checked,
    /// It is left alone after failures, too.
    Ejected,
}

fn target(name: &str, target: &Target, upstream: &Upstream, care: Care) -> Value {
    let (discovery, host) = discovery(upstream);
    let mut endpoint = json!({"address": socket_address(&host, upstream.port)});
    if let (Host::Name(host), Some(fields)) = (&upstream.host, endpoint.as_object_mut()) {
        fields.insert("hostname".to_owned(), host.clone().into());
    }
    let mut cluster = json!({
        "name": name,
        "alt_stat_name": stat_name(name),
        "type": discovery,
        "connect_timeout": seconds(upstream.connect_timeout),
        "circuit_breakers": circuit_breakers(&upstream.capacity),
        "upstream_connection_options": {"tcp_keepalive": {"keepalive_time": 60}},
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{
                "endpoint": endpoint,
                // By this the adapter knows which provider and model the attempt is aimed at,
                // and the route tells the client.
                "metadata": metadata(target),
            }]}],
        },
        // No request is sent to a host that is known to be down.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "typed_extension_protocol_options": {
            HTTP_OPTIONS: typed(HTTP_OPTIONS, protocol(upstream)),
        },
    });
    if let Some(fields) = cluster.as_object_mut() {
        if discovery == "LOGICAL_DNS" {
            fields.insert("dns_lookup_family".to_owned(), "ALL".into());
        }
        if care == Care::Ejected {
            fields.insert("outlier_detection".to_owned(), outlier_detection(&upstream.ejection));
        }
        if let Some(check) = upstream.health_check.as_ref().filter(|_| care != Care::None) {
            fields.insert("health_checks".to_owned(), json!([health_check(check, &upstream.host)]));
        }
        if upstream.scheme == Scheme::Https {
            fields.insert("transport_socket".to_owned(), tls(upstream));
        }
    }
    typed(CLUSTER, cluster)
}

/// What is known of a target where an attempt is aimed at it.
pub(super) fn metadata(target: &Target) -> Value {
    json!({"filter_metadata": {"tollgate": {
        "target": target_cluster(target),
        "provider": target.provider,
        "model": target.model,
    }}})
}

/// How Envoy finds the address of a host, and the host.
pub(super) fn discovery(upstream: &Upstream) -> (&'static str, String) {
    match &upstream.host {
        Host::Ip(address) => ("STATIC", address.to_string()),
        Host::Name(host) => ("LOGICAL_DNS", host.clone()),
    }
}

/// HTTP/2 where TLS can agree on it, HTTP/1.1 else.
pub(super) fn protocol(upstream: &Upstream) -> Value {
    // Providers close idle connections after a minute or more; who closes first does not run into a reset.
    let common = json!({"idle_timeout": "55s"});
    match upstream.scheme {
        Scheme::Http => json!({
            "common_http_protocol_options": common,
            "explicit_http_config": {"http_protocol_options": {}},
        }),
        Scheme::Https => json!({
            "common_http_protocol_options": common,
            "auto_config": {"http_protocol_options": {}, "http2_protocol_options": {}},
        }),
    }
}

/// TLS whose certificate is always verified, and for the very host that is addressed.
pub(super) fn tls(upstream: &Upstream) -> Value {
    let (kind, name) = match &upstream.host {
        Host::Name(name) => ("DNS", name.clone()),
        Host::Ip(address) => ("IP_ADDRESS", address.to_string()),
    };
    let authorities = upstream.ca.as_deref().unwrap_or(Path::new(SYSTEM_AUTHORITIES));
    let mut socket = json!({"common_tls_context": {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
        "validation_context": {
            "trusted_ca": {"filename": authorities.display().to_string()},
            "match_typed_subject_alt_names": [{"san_type": kind, "matcher": {"exact": name}}],
        },
    }});
    if let (Host::Name(name), Some(fields)) = (&upstream.host, socket.as_object_mut()) {
        fields.insert("sni".to_owned(), name.clone().into());
    }
    extension(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        socket,
    )
}

/// Beside the capacity: never more retries than there are requests.
pub(super) fn circuit_breakers(capacity: &Capacity) -> Value {
    json!({"thresholds": [{
        "max_connections": capacity.connections,
        "max_pending_requests": capacity.pending,
        "max_requests": capacity.requests,
        "retry_budget": {"budget_percent": {"value": 100.0}, "min_retry_concurrency": 64},
    }]})
}

/// The first retry comes at a random moment within the back-off, each further one within twice as long.
fn back_off(retrying: Option<&Retrying>) -> Value {
    let base = retrying.map_or(LONGEST_BACK_OFF, |retrying| retrying.back_off);
    json!({"base_interval": seconds(base), "max_interval": seconds(base.max(LONGEST_BACK_OFF))})
}

/// A target's cluster has one host, so its ejection empties the cluster, and that is meant: the chain skips it. What
/// compares hosts with each other (Envoy's success rate) has nothing to compare here; a rate of failures has.
pub(super) fn outlier_detection(ejection: &Ejection) -> Value {
    let mut detection = json!({
        "consecutive_5xx": ejection.failures,
        "interval": seconds(ejection.interval),
        "base_ejection_time": seconds(ejection.cooldown),
        "max_ejection_time": seconds(ejection.longest_cooldown),
        "max_ejection_percent": 100,
    });
    if let (Some(permille), Some(fields)) = (ejection.failure_permille, detection.as_object_mut()) {
        let rate = [
            // Envoy knows whole percents only.
            ("failure_percentage_threshold", u64::from(permille / 10)),
            ("failure_percentage_minimum_hosts", 1),
            ("failure_percentage_request_volume", FAILURE_RATE_REQUESTS),
            ("enforcing_failure_percentage", 100),
        ];
        fields.extend(rate.map(|(name, value)| (name.to_owned(), value.into())));
    }
    detection
}

fn health_check(check: &HealthCheck, host: &Host) -> Value {
    json!({
        "timeout": seconds(check.timeout),
        "interval": seconds(check.interval),
        // A target that nobody has called yet is checked as often as any other.
        "no_traffic_interval": seconds(check.interval),
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {"host": host.to_string(), "path": check.path},
    })
}

/// A duration as Envoy writes it.
pub(super) fn seconds(duration: Duration) -> String {
    format!("{}.{:09}s", duration.as_secs(), duration.subsec_nanos())
}
