//! The models whose requests need no adapter: all attempts are at one target, so nothing of what it does per attempt differs
//! between them.
//!
//! Where another attempt may follow, the answer has to tell by its status that it should: what hides behind a good one is
//! seen by the policy, when there is no way back. Streams often fail so, some providers do in any answer, and plain answers of
//! the others hardly do.
//!
//! What a target speaks another dialect for, or what has to be signed, takes an adapter still; the policy knows that when a
//! request comes.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::super::compiled::{Direct, Model, Provider, Restricted, Target, target_cluster};
use super::super::gateway::ChainTarget;

/// The policy's timer, which ticks ten times a second, is too coarse for a request that may take less, in milliseconds: it is to
/// speak a tenth of that before Envoy ends the request without a word.
const LEAST_TIME: u64 = 2000;

/// Tells the models that have one target.
pub(super) fn apply(
    providers: &BTreeMap<String, Provider>,
    chains: &BTreeMap<String, Vec<ChainTarget>>,
    models: &mut BTreeMap<String, Model>,
    restricted: &mut Restricted,
) {
    for (name, model) in models.iter_mut().chain(&mut restricted.variants) {
        let Some([ChainTarget { target, retries, .. }]) = chains.get(name).map(Vec::as_slice) else {
            continue;
        };
        let is_last = *retries == 0;
        let tells = |provider: &&Provider| is_last || !provider.flavor.quirks().early_success;
        let provider = providers.get(&target.provider).filter(|provider| provider.signing.is_none());
        let Some(provider) = provider.filter(tells) else { continue };
        let has_time = model.total_timeout_ms.is_none_or(|total| total >= LEAST_TIME);
        if model.elsewhere.is_none() && has_time {
            model.direct = Some(Box::new(Direct {
                cluster: cluster(name, target, provider),
                target: target.clone(),
                streams: is_last,
                provider: Provider { credential: None, ..provider.clone() },
            }));
        }
    }
}

/// The name of the cluster by which the chain `name` is reached without an adapter. Envoy takes up the policy's configuration
/// and the clusters one after the other: the name tells how the provider is addressed, so that a request that was built for
/// another address or credential finds no cluster. The target's own cluster behind it is called the same as before, and leads to
/// its old address until Envoy is ready for the new one. No name of a provider has a colon, so no other cluster is called so.
fn cluster(name: &str, target: &Target, provider: &Provider) -> String {
    let Provider { api, api_version, authority, scheme, base_path, credential, .. } = provider;
    let addressed = (name, target, api, api_version, authority, scheme, base_path, credential);
    let digest = Sha256::digest(serde_json::to_vec(&addressed).unwrap_or_default());
    let digest: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("direct:{name}:{}:{digest}", target_cluster(target))
}
