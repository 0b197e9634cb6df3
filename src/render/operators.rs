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

#[cfg(test)]
mod tests {
    use super::super::listener::routes;
    use super::*;
    use crate::config;

    fn gateway(admin: &str, key: &str) -> Gateway {
        let hash = "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        let text = format!(
            "version: 1
admin: '{admin}'
providers: {{a: {{api: openai, url: 'http://a.test'}}}}
models: {{m: {{targets: [{{provider: a, model: x}}]}}}}
teams: {{t: {{}}}}
keys: [{{id: k, hash: '{hash}', team: t, models: [m]{key}}}]
"
        );
        config::parse("gateway.yaml", &text).unwrap()
    }

    #[test]
    fn there_is_no_way_to_the_admin_interface_where_nobody_may_use_it() {
        for key in ["", ", operator: false", ", operator: true, revoked: true"] {
            let gateway = gateway("127.0.0.1:9901", key);
            assert_eq!((cluster(&gateway), barrier(&gateway)), (None, None), "{key}");
        }
    }

    #[test]
    fn where_an_operator_may_ask_no_other_request_gets_there() {
        for (admin, host) in
            [("127.0.0.1:9901", "127.0.0.1"), ("0.0.0.0:9901", "127.0.0.1"), ("'[::]:9901'", "::1")]
        {
            let gateway = gateway(admin.trim_matches('\''), ", operator: true");
            let endpoint = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address";
            let cluster = cluster(&gateway).unwrap();
            assert_eq!(cluster.pointer(endpoint), Some(&json!({"address": host, "port_value": 9901})));
            let routes = routes(&gateway);
            let all = routes["virtual_hosts"][0]["routes"].as_array().unwrap();
            let at = |found: &dyn Fn(&Value) -> bool| all.iter().position(found).unwrap();
            let barrier = at(&|route| route["match"]["headers"][0]["string_match"]["exact"] == ADMIN_CLUSTER);
            assert!(barrier < at(&|route| route["route"]["cluster_header"] == CLUSTER_HEADER));
            assert_eq!(all[barrier]["direct_response"]["status"], 404);
            assert_eq!(all[barrier]["typed_per_filter_config"], Value::Null, "the policy sees it first");
        }
    }
}
