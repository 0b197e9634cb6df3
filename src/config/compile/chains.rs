//! The logical models: their chains of targets, and what the policy is told of them.

use std::collections::BTreeMap;

use super::super::compiled::{Model, Provider, Target, chain_cluster};
use super::super::gateway::{ChainTarget, Upstream};
use super::super::names::ModelName;
use super::super::problem::Kind;
use super::super::raw;
use super::super::shape::{Located, Named, Place};
use super::limits::{Holder, Scopes};
use super::targets::Knowledge;
use super::{Compiler, Names, RETRIES, TIMEOUT, TIMEOUT_RANGE, entries, milliseconds};
use crate::dialect::target::Quirks;
use crate::dialect::translate::Support;
use crate::dialect::{Api, Surface, wording};

impl Compiler<'_, '_> {
    pub(super) fn chains(
        &mut self,
        raw: &[Named<ModelName, raw::Model>],
        providers: &mut Names<'_>,
    ) -> (BTreeMap<String, Vec<ChainTarget>>, BTreeMap<String, Vec<Place>>) {
        let (mut chains, mut places) = (BTreeMap::new(), BTreeMap::new());
        for entry in raw {
            let targets = entry.value.as_ref().and_then(|model| model.value.targets.as_ref());
            let Some(targets) = targets else { continue };
            let mut lines = BTreeMap::new();
            let (mut chain, mut chain_places) = (Vec::new(), Vec::new());
            for target in &targets.value.0 {
                let Some(compiled) = self.target(&target.value, providers) else { continue };
                let line = target.place.position.line;
                let first = *lines.entry(compiled.target.clone()).or_insert(line);
                if chain.iter().any(|earlier: &ChainTarget| earlier.target == compiled.target) {
                    self.errors.add(&target.place, Kind::DuplicateTarget { first });
                }
                chain.push(compiled);
                chain_places.push(target.place.clone());
            }
            chains.insert(entry.name.value.0.clone(), chain);
            places.insert(entry.name.value.0.clone(), chain_places);
        }
        (chains, places)
    }

    /// The policy's view of the chains, without what [`super::resilience`] adds.
    pub(super) fn models(
        &mut self,
        raw: &raw::Gateway,
        chains: &BTreeMap<String, Vec<ChainTarget>>,
        upstreams: &BTreeMap<String, Upstream>,
        providers: &BTreeMap<String, Provider>,
        scopes: &mut Scopes,
        names: &mut Names<'_>,
    ) -> BTreeMap<String, Model> {
        let mut knowledge = Knowledge::of(raw, upstreams, self.errors);
        let mut models = BTreeMap::new();
        for entry in entries(&raw.models) {
            let name = &entry.name.value.0;
            let (Some(chain), Some(Located { value: given, .. })) = (chains.get(name), &entry.value) else {
                continue;
            };
            let (limits, budgets) = (given.limits.as_ref(), given.budgets.as_ref());
            let longest = chain.iter().map(|target| target.timeout).max().unwrap_or(TIMEOUT);
            let typical = given.typical_output_tokens.as_ref();
            let mut model = Model {
                cluster: chain_cluster(name),
                surfaces: Vec::new(),
                parts: Vec::new(),
                direct: None,
                translated: Vec::new(),
                own_call_ids: false,
                own_words: false,
                attempt_timeout_ms: milliseconds(longest),
                patience_ms: 0,
                total_timeout_ms: None,
                stall_timeout_ms: None,
                targets: chain.iter().map(|target| knowledge.model_target(target)).collect(),
                elsewhere: None,
                typical_output: typical.map(|typical| u64::from(typical.value.0)),
                scopes: scopes.add(&Holder::Model(name), limits, budgets, names, self.errors),
            };
            note_translations(&mut model, providers);
            models.insert(name.clone(), model);
        }
        let targets: Vec<_> = chains.values().flatten().map(|target| &target.target).collect();
        knowledge.warn_of_unused(raw, &targets, self.warnings);
        models
    }

    fn target(&mut self, raw: &raw::Target, providers: &mut Names<'_>) -> Option<ChainTarget> {
        if let Some(provider) = &raw.provider {
            providers.refer(&provider.value.0, &provider.place, self.errors);
        }
        let timeout = raw.timeout.as_ref().map_or(TIMEOUT, |timeout| timeout.value.0);
        if let Some(given) = raw.timeout.as_ref().filter(|_| !TIMEOUT_RANGE.contains(&timeout)) {
            let found = format!("{}ms", timeout.as_millis());
            self.out_of_range(&given.place, "a duration from 1ms to 1h", &found);
        }
        Some(ChainTarget {
            target: Target {
                provider: raw.provider.as_ref()?.value.0.clone(),
                model: raw.model.as_ref()?.value.0.clone(),
            },
            retries: raw.retries.as_ref().map_or(RETRIES, |retries| retries.value.0),
            timeout,
        })
    }
}

/// Notes of a model which requests to its targets take more than edits in place.
pub(super) fn note_translations(model: &mut Model, providers: &BTreeMap<String, Provider>) {
    let all: Vec<_> = model
        .targets
        .iter()
        .filter_map(|one| Some((providers.get(&one.target.provider)?, one.target.model.as_str())))
        .collect();
    let is_translated = |surface: &Surface| {
        all.iter().any(|(provider, name)| {
            provider.support(*surface, name) == Support::Translate || provider.api.replaces_members(*surface)
        })
    };
    let has = |what: fn(&Quirks) -> bool| {
        all.iter().any(|(provider, _)| provider.api == Api::OpenAi && what(provider.flavor.quirks()))
    };
    model.translated = Surface::ALL.into_iter().filter(is_translated).collect();
    model.own_call_ids = has(|quirks| quirks.call_ids.is_own_kind());
    model.own_words = has(wording::differs);
}
