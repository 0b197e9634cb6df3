//! The bootstrap: what Envoy reads once. Everything else it names, and Envoy watches.

use serde_json::{Value, json};

use super::{Place, extension, socket_address};
use crate::config::{Gateway, Overload};
use crate::observe::metrics::{LABELS, Metric};

/// The monitor of the memory that Envoy's heap takes.
const HEAP: &str = "envoy.resource_monitors.fixed_heap";

pub(super) fn bootstrap(gateway: &Gateway, place: &Place) -> Value {
    json!({
        "node": {"id": "tollgate", "cluster": "tollgate"},
        "admin": {"address": socket_address(&gateway.admin.ip().to_string(), gateway.admin.port())},
        "dynamic_resources": {
            "lds_config": place.source("listeners.json"),
            "cds_config": place.source("clusters.json"),
        },
        // What is inside of it may come with any change of the file (see [`super::within`]).
        "bootstrap_extensions": [extension(
            "envoy.bootstrap.internal_listener",
            "envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
            json!({}),
        )],
        // Histograms are merged at a flush, and a page that lags by five seconds looks broken.
        "stats_flush_interval": "1s",
        "stats_config": {"stats_tags": stats_tags(), "histogram_bucket_settings": buckets()},
        "overload_manager": overload_manager(&gateway.overload),
    })
}

/// More connections than allowed are not accepted, so that a flood ends at the door and not in memory. Where the heap is
/// bounded, Envoy gives back what it can first, then refuses requests with 503, then ends the streams that hold most,
/// and accepts no connections at last.
fn overload_manager(overload: &Overload) -> Value {
    let connections = extension(
        "envoy.resource_monitors.global_downstream_max_connections",
        "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        json!({"max_active_downstream_connections": overload.connections}),
    );
    let Some(memory) = overload.memory else { return json!({ "resource_monitors": [connections] }) };
    let heap = extension(
        HEAP,
        "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
        json!({"max_heap_size_bytes": memory}),
    );
    let action = |name: &str, trigger: Value| json!({"name": format!("envoy.overload_actions.{name}"), "triggers": [trigger]});
    let above = |value: f64| json!({"name": HEAP, "threshold": {"value": value}});
    json!({
        "refresh_interval": "0.25s",
        "resource_monitors": [connections, heap],
        "actions": [
            action("shrink_heap", above(0.85)),
            action("disable_http_keepalive", above(0.9)),
            action("stop_accepting_requests", above(0.92)),
            action("reset_high_memory_stream", json!({
                "name": HEAP, "scaled": {"scaling_threshold": 0.94, "saturation_threshold": 0.98},
            })),
            action("stop_accepting_connections", above(0.98)),
        ],
        // Which streams hold most is known of those above a megabyte.
        "buffer_factory_config": {"minimum_account_to_track_power_of_two": 20},
    })
}

/// Takes the labels out of the names of the filter's metrics (see [`crate::observe::metrics`]). The first
/// group is what leaves the name, the second is the label's value.
fn stats_tags() -> Value {
    LABELS
        .iter()
        .map(|label| json!({"tag_name": label, "regex": format!(r"^wasmcustom\..*?(\|{label}=([^|]*))")}))
        .collect()
}

/// Histogram buckets as the OpenTelemetry semantic conventions for generative AI advise them; times, which
/// they give in seconds, in milliseconds.
fn buckets() -> Value {
    let tokens = (0..14).map(|power| 4_f64.powi(power)).collect::<Vec<_>>();
    let duration = (0..14).map(|power| 10.0 * 2_f64.powi(power)).collect::<Vec<_>>();
    let first_token = [
        1.0, 5.0, 10.0, 20.0, 40.0, 60.0, 80.0, 100.0, 250.0, 500.0, 750.0, 1_000.0, 2_500.0, 5_000.0,
        7_500.0, 10_000.0,
    ];
    let own_time = [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 100_000.0];
    let of = |metric: Metric, buckets: &[f64]| json!({"match": {"prefix": format!("wasmcustom.{}", metric.name())}, "buckets": buckets});
    json!([
        of(Metric::TokenUsage, &tokens),
        of(Metric::OperationDuration, &duration),
        of(Metric::TimeToFirstToken, &first_token),
        of(Metric::OwnTime, &own_time),
    ])
}
