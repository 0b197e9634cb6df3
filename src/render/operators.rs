//! The way by which the policy asks Envoy's admin interface how the providers do, for operators.
//!
//! It is rendered only where a key is an operator's. Promises that no request of a client gets there: it is in no chain, the
//! policy takes out every field by which a client could name a cluster, and if one were left, the route ends here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

use super::clusters::{CLUSTER, circuit_breakers};
use super::{socket_address, typed};
use crate::config::compiled::ADMIN_CLUSTER;
use crate::config::{Capacity, Gateway};
use crate::engine::fields::CLUSTER_HEADER;

/// Envoy's main thread answers, and has other things to do.
const CAPACITY: Capacity = Capacity { connections: 4, pending: 16, requests: 16 };

fn has_operators(gateway: &Gateway) -> bool {
    gateway.policy.keys.values().any(|key| key.operator && !key.revoked)
}

/// The cluster of Envoy's own admin interface.
pub(super) fn cluster(gateway: &Gateway) -> Option<Value> {
    let host = match gateway.admin.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        given => given,
    };
    let address = socket_address(&host.to_string(), gateway.admin.port());
    let cluster = json!({
        "name": ADMIN_CLUSTER,
        "type": "STATIC",
        "connect_timeout": "1s",
        "circuit_breakers": circuit_breakers(&CAPACITY),
        "load_assignment": {
            "cluster_name": ADMIN_CLUSTER,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    });
    has_operators(gateway).then(|| typed(CLUSTER, cluster))
}

/// The route at which a request ends that names this cluster.
pub(super) fn barrier(gateway: &Gateway) -> Option<Value> {
    let named = json!({"name": CLUSTER_HEADER, "string_match": {"exact": ADMIN_CLUSTER}});
    let barrier = json!({"match": {"prefix": "/", "headers": [named]}, "direct_response": {"status": 404}});
    has_operators(gateway).then_some(barrier)
}
