//! The cluster of the webhook for alerts, which the filter calls by itself.
//!
//! It has no filter of ours: a call into the machine that makes the call is not possible.

use serde_json::{Value, json};

use super::clusters::{CLUSTER, HTTP_OPTIONS, discovery, protocol, tls};
use super::{Place, extension, secrets, socket_address, typed};
use crate::config::Gateway;
use crate::config::compiled::{Scheme, WEBHOOK_CLUSTER};

/// The cluster, when there is a webhook.
pub(super) fn cluster(gateway: &Gateway, place: &Place) -> Option<Value> {
    let webhook = gateway.webhook.as_ref()?;
    let upstream = &webhook.upstream;
    let mut options = protocol(upstream);
    if let (Some(name), Some(fields)) = (&webhook.credential, options.as_object_mut()) {
        let codec = extension(
            "envoy.filters.http.upstream_codec",
            "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec",
            json!({}),
        );
        let injector = secrets::injector_into(gateway, place, name, "authorization", "Bearer ");
        fields.insert("http_filters".to_owned(), json!([injector, codec]));
    }
    let (discovery, host) = discovery(upstream);
    let mut cluster = json!({
        "name": WEBHOOK_CLUSTER,
        "type": discovery,
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": WEBHOOK_CLUSTER,
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
    Some(typed(CLUSTER, cluster))
}
