//! Targets that have less time for an attempt than others of their chain.
//!
//! Envoy reads once per request how long an attempt may take until its answer's headers, and that is the longest of the
//! model's targets. An attempt at a target with less time goes through a listener inside of Envoy, whose route has that
//! time and leads to the target: when it is over, that route answers in the target's place, and the chain goes on. It
//! takes a second pass through Envoy's connection manager (see ARCHITECTURE.md, "What was measured"), so targets that
//! have the longest time do without.
//!
//! That time ends with the answer's headers. The adapter gives up what has not begun behind them in time
//! ([`crate::engine::Role::due`]).
//!
//! What the inner route says by itself is marked, so that nobody takes it for an answer of the provider.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::clusters::{
    CLUSTER, HTTP_OPTIONS, UNBOUNDED, circuit_breakers, cluster_name, is_sole, metadata, outlier_detection,
    seconds, stat_name,
};
use super::{extension, typed};
use crate::config::compiled::{Scheme, Target};
use crate::config::{ChainTarget, Gateway, Upstream};
use crate::engine::fields::UNANSWERED_HEADER;

/// A cluster that attempts are aimed at.
pub(super) struct Attempted<'a> {
    /// Its name.
    pub(super) name: String,
    /// What it leads to.
    pub(super) target: &'a Target,
    /// Where that is.
    pub(super) upstream: &'a Upstream,
    /// Whether nothing else serves its chain.
    pub(super) sole: bool,
    /// Whether it has less time than others.
    pub(super) limited: Option<Within>,
}

/// The way to a target that has less time than others.
pub(super) struct Within {
    /// The cluster behind the inner listener, which is never ejected: the one before it is.
    pub(super) inner: String,
    /// Whether that one is checked. No check gets through a listener inside of Envoy.
    pub(super) is_checked: bool,
    timeout: Duration,
}

/// How long an attempt takes in a chain at the most.
pub(super) fn longest(gateway: &Gateway, chain: &str) -> Duration {
    let model = gateway.policy.models.get(chain).or_else(|| gateway.policy.restricted.variants.get(chain));
    Duration::from_millis(model.map_or(0, |model| model.attempt_timeout_ms))
}

/// The cluster that an attempt is aimed at, where it takes `longest` by itself. No name of a provider has a colon.
pub(super) fn attempt_cluster(link: &ChainTarget, sole: bool, longest: Duration) -> String {
    let name = cluster_name(&link.target, sole);
    if link.timeout < longest { format!("within:{}ms:{name}", link.timeout.as_millis()) } else { name }
}

/// Every cluster that attempts are aimed at, once.
pub(super) fn attempted(gateway: &Gateway) -> impl Iterator<Item = Attempted<'_>> {
    let mut all = BTreeMap::new();
    for (name, chain) in &gateway.chains {
        let longest = longest(gateway, name);
        let model = gateway.policy.models.get(name).or_else(|| gateway.policy.restricted.variants.get(name));
        let stand_ins = model.and_then(|model| model.elsewhere.as_deref()).into_iter();
        let stand_ins = stand_ins.flat_map(|more| more.models.values());
        let others = stand_ins.filter_map(|stand_in| gateway.chains.get(&stand_in.chain));
        for chain in others.chain([chain]) {
            let sole = is_sole(chain);
            for link in chain {
                let Some(upstream) = gateway.upstreams.get(&link.target.provider) else { continue };
                let name = attempt_cluster(link, sole, longest);
                let limited = (link.timeout < longest).then(|| {
                    let is_checked = upstream.health_check.is_some() && !sole;
                    let inner = cluster_name(&link.target, true);
                    let inner = if is_checked {
                        format!("checked:{}", cluster_name(&link.target, false))
                    } else {
                        inner
                    };
                    Within { inner, is_checked, timeout: link.timeout }
                });
                all.insert(name.clone(), Attempted { name, target: &link.target, upstream, sole, limited });
            }
        }
    }
    all.into_values()
}

/// The cluster that leads to the inner listener of the same name.
pub(super) fn cluster(name: &str, target: &Target, upstream: &Upstream, sole: bool) -> Value {
    let plain = extension(
        "envoy.transport_sockets.raw_buffer",
        "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
        json!({}),
    );
    let mut cluster = json!({
        "name": name,
        "alt_stat_name": stat_name(name),
        "type": "STATIC",
        "connect_timeout": "5s",
        // What it is asked at the same time is bounded behind the listener.
        "circuit_breakers": circuit_breakers(&UNBOUNDED),
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{
                "endpoint": {"address": {"envoy_internal_address": {"server_listener_name": name}}},
                "metadata": metadata(target),
            }]}],
        },
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "transport_socket": extension(
            "envoy.transport_sockets.internal_upstream",
            "envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport",
            json!({"transport_socket": plain}),
        ),
        "typed_extension_protocol_options": {
            HTTP_OPTIONS: typed(HTTP_OPTIONS, json!({"explicit_http_config": {"http_protocol_options": {}}})),
        },
    });
    if let Some(fields) = cluster.as_object_mut().filter(|_| !sole) {
        fields.insert("outlier_detection".to_owned(), outlier_detection(&upstream.ejection));
    }
    typed(CLUSTER, cluster)
}

/// The listeners inside of Envoy.
pub(super) fn listeners(gateway: &Gateway) -> Vec<Value> {
    let limited = attempted(gateway).filter_map(|Attempted { name, upstream, limited, .. }| {
        limited.map(|within| listener(&name, &within, upstream.scheme))
    });
    limited.collect()
}

fn listener(name: &str, within: &Within, scheme: Scheme) -> Value {
    let scheme = match scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    let marked = json!({"header": {"key": UNANSWERED_HEADER, "value": "true"}});
    let every = json!({"status_code_filter": {"comparison": {
        "op": "GE", "value": {"default_value": 100, "runtime_key": "tollgate.unanswered"},
    }}});
    let manager = json!({
        "stat_prefix": "within",
        "codec_type": "HTTP1",
        // What the adapter has built goes on as it is, and so does what the provider answers.
        "generate_request_id": false,
        "skip_xff_append": true,
        "server_header_transformation": "PASS_THROUGH",
        "scheme_header_transformation": {"scheme_to_overwrite": scheme},
        // How long a stream may be silent is the outer listener's to say.
        "stream_idle_timeout": "0s",
        "local_reply_config": {"mappers": [{"filter": every, "headers_to_add": [marked]}]},
        "route_config": {"virtual_hosts": [{
            "name": "within",
            "domains": ["*"],
            "request_headers_to_remove": ["x-forwarded-proto"],
            "routes": [{
                "match": {"prefix": "/"},
                "route": {
                    "cluster": within.inner,
                    "timeout": "0s",
                    "retry_policy": {"num_retries": 0, "per_try_timeout": seconds(within.timeout)},
                },
            }],
        }]},
        "http_filters": [extension(
            "envoy.filters.http.router",
            "envoy.extensions.filters.http.router.v3.Router",
            json!({"suppress_envoy_headers": true}),
        )],
    });
    typed(
        "envoy.config.listener.v3.Listener",
        json!({
            "name": name,
            "internal_listener": {},
            "filter_chains": [{"filters": [extension(
                "envoy.filters.network.http_connection_manager",
                "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                manager,
            )]}],
        }),
    )
}
