//! The clusters of what the filter calls by itself: the webhook for alerts, and external guards.
//!
//! They have no filter of ours: a call into the machine that makes the call is not possible.

use serde_json::{Value, json};

use super::clusters::{CLUSTER, HTTP_OPTIONS, UNBOUNDED, circuit_breakers, discovery, protocol, tls};
use super::{Place, extension, secrets, socket_address, typed};
use crate::config::compiled::{Scheme, WEBHOOK_CLUSTER};
use crate::config::{Gateway, Webhook};

/// A cluster for each service that there is.
pub(super) fn clusters(gateway: &Gateway, place: &Place) -> Vec<Value> {
    let webhook = gateway.webhook.iter().map(|webhook| cluster(gateway, place, WEBHOOK_CLUSTER, webhook));
    let guards = gateway.external_guards.iter().map(|(name, guard)| {
        let mut cluster = cluster(gateway, place, name, guard);
        if let Some(fields) = cluster.as_object_mut() {
            // It is asked as often as models are, which have no bound of their own either.
            fields.insert("circuit_breakers".to_owned(), circuit_breakers(&UNBOUNDED));
        }
        cluster
    });
    webhook.chain(guards).collect()
}

fn cluster(gateway: &Gateway, place: &Place, name: &str, webhook: &Webhook) -> Value {
    let upstream = &webhook.upstream;
    let mut options = protocol(upstream);
    if let (Some(name), Some(fields)) = (&webhook.credential, options.as_object_mut()) {
        let codec = extension(
            "envoy.filters.http.upstream_codec",
            "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec",
            json!({}),
        );
        let injector = secrets::injector_into(
            gateway,
            place,
            name,
            ("authorization", "Bearer "),
            secrets::Missing::Passes,
        );
        fields.insert("http_filters".to_owned(), json!([injector, codec]));
    }
    let (discovery, host) = discovery(upstream);
    let mut cluster = json!({
        "name": name,
        "type": discovery,
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": socket_address(&host, upstream.port)}}]}],
        },
        "typed_extension_protocol_options": {HTTP_OPTIONS: typed(HTTP_OPTIONS, options)},
    });
    if let Some(fields) = cluster.as_object_mut() {
        if discovery == "LOGICAL_DNS" {
            fields.insert("dns_lookup_family".to_owned(), "ALL".into());
        }
        if upstream.scheme == Scheme::Https {
            fields.insert("transport_socket".to_owned(), tls(upstream));
        }
    }
    typed(CLUSTER, cluster)
}
