//! The listener, its one route, and the access log.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Place, aggregate, clusters, extension, filters, operators, socket_address, typed};
use crate::config::Gateway;
use crate::config::compiled::elsewhere::{Elsewhere, cluster, word};
use crate::dialect::translate::Dialect;
use crate::engine::fields::{CLUSTER_HEADER, PRIVATE_REQUEST_HEADERS, PRIVATE_RESPONSE_HEADERS, SERVED_BY};
use crate::engine::refusal::Refusal;
use crate::host::driver::{ACCESS_LOG, ELSEWHERE};

pub(super) const ROUTES_FILE: &str = "routes.json";
const ROUTES: &str = "gateway";

/// Where it can be asked, without a key, whether the gateway lives, and whether it wants requests.
const LIVENESS: &str = "/healthz";
const READINESS: &str = "/readyz";

/// Envoy refuses a body only after the filter has had its say: the filter sees a body grow in steps of at
/// most one connection buffer.
const CONNECTION_BUFFER: u64 = 1 << 20;

pub(super) fn listener(gateway: &Gateway, place: &Place) -> Value {
    let mut router = json!({"suppress_envoy_headers": true});
    if let (Some(shared), Some(fields)) = (clusters::shared_filters(gateway, place), router.as_object_mut()) {
        fields.insert("upstream_http_filters".to_owned(), shared.into());
    }
    let mut manager = json!({
        "stat_prefix": "gateway",
        "codec_type": "AUTO",
        // Clients are not proxies: the address seen is the address logged.
        "use_remote_address": true,
        "normalize_path": true,
        "merge_slashes": true,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "common_http_protocol_options": {"headers_with_underscores_action": "DROP_HEADER"},
        "http2_protocol_options": {"max_concurrent_streams": 1024},
        "server_name": "tollgate",
        "always_set_request_id_in_response": true,
        "request_headers_timeout": "30s",
        // Where a request goes says the policy, and before it has spoken nobody.
        "early_header_mutation_extensions": [extension(
            "envoy.http.early_header_mutation.header_mutation",
            "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            json!({"mutations": [{"remove": CLUSTER_HEADER}]}),
        )],
        "local_reply_config": local_replies(),
        "rds": {"route_config_name": ROUTES, "config_source": place.source(ROUTES_FILE)},
        "http_filters": [
            readiness(),
            filters::policy_reference(place),
            extension(
                "envoy.filters.http.router",
                "envoy.extensions.filters.http.router.v3.Router",
                router,
            ),
        ],
    });
    if let (Some(path), Some(fields)) = (&gateway.access_log, manager.as_object_mut()) {
        fields.insert("access_log".to_owned(), json!([access_log(path)]));
    }
    typed(
        "envoy.config.listener.v3.Listener",
        json!({
            "name": "gateway",
            "address": socket_address(&gateway.listen.ip().to_string(), gateway.listen.port()),
            "per_connection_buffer_limit_bytes": CONNECTION_BUFFER,
            "filter_chains": [{"filters": [extension(
                "envoy.filters.network.http_connection_manager",
                "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                manager,
            )]}],
        }),
    )
}

/// Some of Envoy's own answers have no body, and the policy can put its words only in the place of others. So
/// every answer that Envoy gives for want of an upstream has one; it is what a client reads where the policy
/// could not speak.
fn local_replies() -> Value {
    let body = |refusal: &Refusal| {
        let text = refusal.body(Dialect::OpenAiChat);
        json!({
            "text_format_source": {"inline_string": String::from_utf8_lossy(&text)},
            "content_type": "application/json",
        })
    };
    let overload = extension(
        "envoy.access_loggers.extension_filters.cel",
        "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
        // There is no flag of its own for it.
        json!({"expression": "response.code_details == 'overload'"}),
    );
    json!({"mappers": [{
        "filter": {"response_flag_filter": {"flags": ["NC", "NR", "UH", "UF", "UO", "UC", "LR", "UR", "UPE", "OM"]}},
        "body_format_override": body(&Refusal::NoProviderAvailable),
    }, {
        "filter": {"extension_filter": overload},
        "body_format_override": body(&Refusal::Overloaded),
    }]})
}

/// A stream may be silent for as long as the slowest target may take to begin its answer, and a little more. It is said by
/// the routes: another listener would drain the connections of the present one.
fn idle_timeout(gateway: &Gateway) -> String {
    let slowest = gateway.chains.values().flatten().map(|link| link.timeout).max().unwrap_or_default();
    format!("{}s", slowest.as_secs() + 60)
}

pub(super) fn routes(gateway: &Gateway) -> Value {
    let mut routes = vec![liveness()];
    routes.extend(
        gateway
            .policy
            .models
            .iter()
            .chain(&gateway.policy.restricted.variants)
            .filter_map(|(name, model)| Some(elsewhere(name, &model.cluster, model.elsewhere.as_deref()?))),
    );
    routes.extend(aggregate::routes(gateway));
    routes.extend(operators::barrier(gateway));
    routes.push(json!({
        "match": {"prefix": "/"},
        "route": {"cluster_header": CLUSTER_HEADER},
    }));
    for forwarding in routes.iter_mut().filter_map(|route| route.get_mut("route")?.as_object_mut()) {
        // How long a request may take is the policy's to say, per model; an answer may stream for hours.
        forwarding.insert("timeout".to_owned(), "0s".into());
        forwarding.insert("idle_timeout".to_owned(), idle_timeout(gateway).into());
    }
    typed(
        "envoy.config.route.v3.RouteConfiguration",
        json!({
            "name": ROUTES,
            "virtual_hosts": [{
                "name": "gateway",
                "domains": ["*"],
                "request_headers_to_remove": PRIVATE_REQUEST_HEADERS,
                "response_headers_to_add": served_by(),
                "response_headers_to_remove": PRIVATE_RESPONSE_HEADERS,
                "request_body_buffer_limit": gateway.policy.max_request_body + 2 * CONNECTION_BUFFER,
                "routes": routes,
            }],
        }),
    )
}

/// The route of a model that others stand in for. Envoy chooses the cluster anew for every attempt, by the word that the
/// adapter has left (see [`crate::engine::elsewhere`]).
fn elsewhere(model: &str, own: &str, elsewhere: &Elsewhere) -> Value {
    const ACTION: &str = "envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction";
    let action = |name: &str| json!({"action": extension("cluster", ACTION, json!({"cluster": name}))});
    let words = elsewhere
        .models
        .keys()
        .flat_map(|objection| (1..=elsewhere.own_attempts).map(|attempt| word(*objection, attempt)));
    let clusters: Map<String, Value> =
        words.map(|word| (word.clone(), action(&cluster(&word, model)))).collect();
    let input = extension(
        "envoy.matching.inputs.filter_state",
        "envoy.extensions.matching.common_inputs.network.v3.FilterStateInput",
        json!({"key": format!("wasm.{ELSEWHERE}")}),
    );
    let matcher = extension(
        "envoy.router.cluster_specifier_plugin.matcher",
        "envoy.extensions.router.cluster_specifiers.matcher.v3.MatcherClusterSpecifier",
        json!({"cluster_matcher": {
            "matcher_tree": {"input": input, "exact_match_map": {"map": clusters}},
            "on_no_match": action(own),
        }}),
    );
    json!({
        "match": {"prefix": "/", "headers": [{"name": CLUSTER_HEADER, "string_match": {"exact": own}}]},
        "route": {"inline_cluster_specifier_plugin": {"extension": matcher}},
    })
}

/// Whether Envoy lives: it answers by itself for as long as it does, without the policy and so without a key. Nothing
/// else can be reached in this way, since the route ends here.
fn liveness() -> Value {
    json!({
        "match": {"path": LIVENESS},
        "direct_response": {"status": 200, "body": {"inline_string": "ok\n"}},
        "typed_per_filter_config": {filters::POLICY: typed(
            "envoy.config.route.v3.FilterConfig",
            json!({"disabled": true}),
        )},
    })
}

/// Whether Envoy wants more requests: 200, and 503 once it is told to drain.
fn readiness() -> Value {
    extension(
        "envoy.filters.http.health_check",
        "envoy.extensions.filters.http.health_check.v3.HealthCheck",
        json!({
            "pass_through_mode": false,
            "headers": [{"name": ":path", "string_match": {"exact": READINESS}}],
        }),
    )
}

/// Who served the client, written by Envoy from what it knows; the policy reads it there, too. A provider's own
/// fields of these names are overwritten.
fn served_by() -> Vec<Value> {
    [
        (SERVED_BY.model, "%CLUSTER_METADATA(tollgate:model)%"),
        (SERVED_BY.provider, "%UPSTREAM_METADATA(tollgate:provider)%"),
        (SERVED_BY.provider_model, "%UPSTREAM_METADATA(tollgate:model)%"),
        (SERVED_BY.attempts, "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"),
    ]
    .map(|(name, value)| {
        json!({"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"})
    })
    .to_vec()
}

/// A line of JSON for each request. The filter's part begins with a comma and is empty for a request that
/// never reached the filter, so the line is JSON in either case. Only operators whose text needs no escaping
/// are used; whatever a client can choose is escaped by the filter.
fn access_log(path: &Path) -> Value {
    let line = [
        r#"{"time":"%START_TIME%""#,
        r#""status":%RESPONSE_CODE%"#,
        r#""flags":"%RESPONSE_FLAGS%""#,
        r#""detail":"%RESPONSE_CODE_DETAILS%""#,
        r#""duration_ms":%DURATION%"#,
        r#""bytes_received":%BYTES_RECEIVED%"#,
        r#""bytes_sent":%BYTES_SENT%"#,
        r#""client":"%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%""#,
        r#""upstream":"%UPSTREAM_HOST%""#,
    ]
    .join(",");
    let line = format!("{line}%FILTER_STATE(wasm.{ACCESS_LOG}:PLAIN)%}}\n");
    extension(
        "envoy.access_loggers.file",
        "envoy.extensions.access_loggers.file.v3.FileAccessLog",
        json!({
            "path": path.display().to_string(),
            "log_format": {"text_format_source": {"inline_string": line}, "omit_empty_values": true},
        }),
    )
}
