//! Parts of chains for requests that only some of a chain's targets can serve: those to a surface that the others have
//! nothing for, and those that build on what one of the client's own providers keeps, which no other has.
//!
//! A chain's order of attempts is fixed in Envoy, and an attempt that cannot be made ends a request. So what a target
//! cannot serve never comes to it: each such part is a chain of its own. Of what nobody in a chain can serve there is no
//! part; the whole chain refuses it, by name.

use std::collections::BTreeMap;

use super::super::compiled::{Model, ModelTarget, Part, Provider, Restricted, chain_cluster};
use super::super::gateway::{ChainTarget, Retrying};
use super::chains::note_translations;
use crate::dialect::Surface;
use crate::dialect::translate::Support;
use crate::observe::secret::KeyHash;

/// Makes the parts of all models, and of those parts of them that some callers are restricted to.
pub(super) fn divide(
    providers: &BTreeMap<String, Provider>,
    models: &mut BTreeMap<String, Model>,
    restricted: &mut Restricted,
    chains: &mut BTreeMap<String, Vec<ChainTarget>>,
    retrying: &mut BTreeMap<String, Retrying>,
) {
    let mut made = BTreeMap::new();
    for (name, model) in models.iter_mut().chain(&mut restricted.variants) {
        let Some(chain) = chains.get(name).cloned() else { continue };
        for (surface, keeps, part) in parts(&chain, providers, &model.surfaces) {
            let digest = KeyHash::of(format!("{part:?} of {chain:?}").as_bytes()).to_string();
            let own = name.split_once('#').map_or(name.as_str(), |(own, _)| own);
            let variant = format!("{own}#{}", digest.get(7..15).unwrap_or_default());
            model.parts.push(Part { surface, keeps, chain: variant.clone() });
            made.entry(variant.clone()).or_insert_with(|| {
                let holds = |target: &&ModelTarget| part.iter().any(|link| link.target == target.target);
                let targets = model.targets.iter().filter(holds).cloned().collect();
                // What stands in for the model was not asked whether it can.
                let whole = Model { parts: Vec::new(), elsewhere: None, ..model.clone() };
                let mut part = Model { cluster: chain_cluster(&variant), targets, ..whole };
                note_translations(&mut part, providers);
                part
            });
            if let Some(own) = retrying.get(name).copied() {
                retrying.insert(variant.clone(), own);
            }
            chains.insert(variant, part);
        }
    }
    restricted.variants.append(&mut made);
}

/// The parts of a chain: for which surface, whether only for what a provider keeps, and the targets.
fn parts(
    chain: &[ChainTarget],
    providers: &BTreeMap<String, Provider>,
    served: &[Surface],
) -> Vec<(Surface, bool, Vec<ChainTarget>)> {
    let support = |link: &ChainTarget, surface| {
        let provider = providers.get(&link.target.provider);
        provider.map_or(Support::Refuse, |provider| provider.support(surface, &link.target.model))
    };
    let mut all = Vec::new();
    let is_served = |surface: &Surface| served.is_empty() || served.contains(surface);
    for surface in Surface::ALL.into_iter().filter(is_served) {
        let able = |link: &&ChainTarget| support(link, surface) != Support::Refuse;
        let own = |link: &&ChainTarget| support(link, surface) == Support::Pass;
        let able: Vec<_> = chain.iter().filter(able).cloned().collect();
        let own: Vec<_> = chain.iter().filter(own).cloned().collect();
        let is_part = |part: &[ChainTarget], of: usize| !part.is_empty() && part.len() < of;
        if surface.may_build_on_state() && is_part(&own, able.len()) {
            all.push((surface, true, own));
        }
        if is_part(&able, chain.len()) {
            all.push((surface, false, able));
        }
    }
    all
}
