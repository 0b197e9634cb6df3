//! Chains for an Envoy before 1.37, which has no composite cluster: an aggregate cluster, whose targets are priorities.
//!
//! A retry plugin goes on to the next priority after as many attempts as the first target has; that is why targets have
//! equal `retries` (see [`crate::config::Chains::Aggregate`]). It sits in a route, of which each chain has one of its own:
//! such an Envoy knows no retry policy of a cluster. A target that is ejected has no health and gets no attempt; those
//! that it leaves are made at the others.

use std::time::Duration;

use serde_json::{Value, json};

use super::clusters::{Asking, attempts, is_sole, retry_policy};
use super::extension;
use super::within::{attempt_cluster, longest};
use crate::config::compiled::chain_cluster;
use crate::config::{ChainTarget, Chains, Gateway};
use crate::engine::fields::CLUSTER_HEADER;

/// A priority for each target, in order.
pub(super) fn cluster_type(chain: &[ChainTarget], longest: Duration) -> Value {
    let sole = is_sole(chain);
    let names: Vec<String> = chain.iter().map(|link| attempt_cluster(link, sole, longest)).collect();
    extension(
        "envoy.clusters.aggregate",
        "envoy.extensions.clusters.aggregate.v3.ClusterConfig",
        json!({ "clusters": names }),
    )
}

/// The routes of the chains, where they need one each.
pub(super) fn routes(gateway: &Gateway) -> Vec<Value> {
    match gateway.envoy.chains {
        Chains::Composite => Vec::new(),
        Chains::Aggregate => {
            gateway.chains.iter().flat_map(|(name, chain)| routes_of(gateway, name, chain)).collect()
        }
    }
}

/// The routes to the clusters of a chain: that with adapters, and that without, if there is one.
fn routes_of(gateway: &Gateway, name: &str, chain: &[ChainTarget]) -> Vec<Value> {
    let retries = attempts(chain, longest(gateway, name)).len().saturating_sub(1);
    let policy = |asking| retry_policy(gateway.retrying.get(name), retries, asking);
    let mut routes = vec![route(&chain_cluster(name), chain, policy(Asking::Adapter))];
    let model = gateway.policy.models.get(name).or_else(|| gateway.policy.restricted.variants.get(name));
    if let Some(direct) = model.and_then(|model| model.direct.as_deref()) {
        routes.push(route(&direct.cluster, chain, policy(Asking::Provider)));
    }
    routes
}

fn route(cluster: &str, chain: &[ChainTarget], mut policy: Value) -> Value {
    let priority = extension(
        "envoy.retry_priorities.previous_priorities",
        "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
        json!({"update_frequency": chain.first().map_or(1, |link| link.retries.saturating_add(1))}),
    );
    if let Some(fields) = policy.as_object_mut() {
        fields.insert("retry_priority".to_owned(), priority);
    }
    json!({
        "match": {"prefix": "/", "headers": [{"name": CLUSTER_HEADER, "string_match": {"exact": cluster}}]},
        "route": {"cluster": cluster, "retry_policy": policy},
    })
}
