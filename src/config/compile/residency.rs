//! Which providers may serve whom: where data may go, and what a provider must have agreed to.
//!
//! A chain's order of attempts is fixed in Envoy, so every part of a chain that some keys may use, and no more, becomes a
//! chain of its own. Only parts that occur are made, and equal ones once: their names say what is in them, so that after a
//! reload a name never means another part.

use std::collections::{BTreeMap, BTreeSet};

use super::super::compiled::{Key, Model, ModelTarget, Provider, Restricted, chain_cluster};
use super::super::gateway::{ChainTarget, Retrying};
use super::super::names::Name;
use super::super::problem::{Echo, Kind, Section, nearest};
use super::super::raw;
use super::super::shape::{List, Located, Report};
use super::chains::note_translations;
use super::entries;
use crate::observe::secret::KeyHash;

/// What becomes of the models for one kind of caller (see [`Restricted::kinds`]).
type Restriction = BTreeMap<String, Option<String>>;

/// What a key requires of the providers that serve it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Requirement<'raw> {
    /// One of these regions; `None` for any, or none.
    residency: Option<BTreeSet<&'raw str>>,
    /// All of these.
    compliance: BTreeSet<&'raw str>,
}

type Names = Option<Located<List<Name, 1>>>;

fn names(given: &Names) -> impl Iterator<Item = &Located<Name>> {
    given.iter().flat_map(|list| &list.value.0)
}

fn set(given: &Names) -> BTreeSet<&str> {
    names(given).map(|name| name.value.0.as_str()).collect()
}

impl<'raw> Requirement<'raw> {
    /// What the team requires, and the key.
    fn of(team: Option<&'raw raw::Team>, key: &'raw raw::Key) -> Self {
        let lists = [team.map(|team| &team.residency), Some(&key.residency)];
        let given = lists.into_iter().flatten().filter(|list| list.is_some()).map(set);
        let compliance = team.map(|team| set(&team.compliance)).unwrap_or_default();
        Self {
            residency: given.reduce(|one, other| one.intersection(&other).copied().collect()),
            compliance: compliance.union(&set(&key.compliance)).copied().collect(),
        }
    }

    fn admits(&self, provider: Option<&raw::Provider>) -> bool {
        let region =
            provider.and_then(|provider| provider.region.as_ref()).map(|region| region.value.0.as_str());
        let held = provider.map(|provider| set(&provider.compliance)).unwrap_or_default();
        self.residency.as_ref().is_none_or(|regions| region.is_some_and(|region| regions.contains(region)))
            && self.compliance.is_subset(&held)
    }
}

/// Makes the chains for keys that require something, and tells the keys which are theirs.
pub(super) fn restrict(
    raw: &raw::Gateway,
    providers: &BTreeMap<String, Provider>,
    models: &BTreeMap<String, Model>,
    chains: &mut BTreeMap<String, Vec<ChainTarget>>,
    retrying: &mut BTreeMap<String, Retrying>,
    keys: &mut BTreeMap<String, Key>,
    errors: &mut Report<'_>,
) -> Restricted {
    check_names(raw, errors);
    let mut all = Restricted::default();
    let mut known: BTreeMap<Requirement<'_>, usize> = BTreeMap::new();
    for Located { value: key, .. } in raw.keys.iter().flat_map(|keys| &keys.value.0) {
        let team = key.team.as_ref().and_then(|team| {
            entries(&raw.teams).iter().find(|entry| entry.name.value.0 == team.value.0)?.value.as_ref()
        });
        let requirement = Requirement::of(team.map(|team| &team.value), key);
        let compiled = key.id.as_ref().and_then(|id| keys.get_mut(&id.value.0));
        let Some(compiled) = compiled.filter(|_| requirement != Requirement::default()) else { continue };
        let place = *known.entry(requirement.clone()).or_insert_with(|| {
            let known = (providers, models);
            let kind = restriction(raw, &requirement, known, chains, retrying, &mut all.variants);
            all.kinds.push(kind);
            all.kinds.len() - 1
        });
        compiled.restriction = Some(place);
    }
    all
}

fn restriction(
    raw: &raw::Gateway,
    requirement: &Requirement<'_>,
    (providers, models): (&BTreeMap<String, Provider>, &BTreeMap<String, Model>),
    chains: &mut BTreeMap<String, Vec<ChainTarget>>,
    retrying: &mut BTreeMap<String, Retrying>,
    variants: &mut BTreeMap<String, Model>,
) -> Restriction {
    let admitted: BTreeSet<&str> = entries(&raw.providers)
        .iter()
        .filter(|entry| requirement.admits(entry.value.as_ref().map(|provider| &provider.value)))
        .map(|entry| entry.name.value.0.as_str())
        .collect();
    let is_admitted = |link: &&ChainTarget| admitted.contains(link.target.provider.as_str());
    let own = chains.clone();
    let part =
        |name: &str| own.get(name).map(|chain| chain.iter().filter(is_admitted).cloned().collect::<Vec<_>>());
    let mut kind = Restriction::new();
    for entry in entries(&raw.models) {
        let name = entry.name.value.0.as_str();
        let (Some(model), Some(whole), Some(chain)) = (models.get(name), own.get(name), part(name)) else {
            continue;
        };
        let given = entry.value.as_ref().map(|model| &model.value);
        let others =
            given.into_iter().flat_map(|model| [&model.on_context_overflow, &model.on_content_policy]);
        let others: Vec<_> = others.flatten().map(|other| other.value.0.as_str()).collect();
        let is_whole = |name: &&str| part(name).as_ref() == own.get(*name);
        if chain.is_empty() {
            kind.insert(name.to_owned(), None);
        } else if chain != *whole || !others.iter().all(is_whole) {
            // Who reaches the same targets in the same ways shares a chain.
            let reached: Vec<_> = others.iter().map(|other| part(other)).collect();
            let digest = KeyHash::of(format!("{chain:?} {reached:?}").as_bytes()).to_string();
            let variant = format!("{name}#{}", digest.get(7..15).unwrap_or_default());
            variants.entry(variant.clone()).or_insert_with(|| {
                let holds = |target: &&ModelTarget| chain.iter().any(|link| link.target == target.target);
                let targets = model.targets.iter().filter(holds).cloned().collect();
                let mut part = Model { cluster: chain_cluster(&variant), targets, ..model.clone() };
                note_translations(&mut part, providers);
                part
            });
            if let Some(own) = retrying.get(name).copied() {
                retrying.insert(variant.clone(), own);
            }
            chains.insert(variant.clone(), chain);
            kind.insert(name.to_owned(), Some(variant));
        }
    }
    kind
}

/// A requirement that no provider meets is more likely misspelt than meant.
fn check_names(raw: &raw::Gateway, errors: &mut Report<'_>) {
    let providers = || entries(&raw.providers).iter().filter_map(|entry| Some(&entry.value.as_ref()?.value));
    let regions: BTreeSet<&str> =
        providers().filter_map(|provider| Some(provider.region.as_ref()?.value.0.as_str())).collect();
    let agreed: BTreeSet<&str> = providers().flat_map(|provider| set(&provider.compliance)).collect();
    let teams = entries(&raw.teams).iter().filter_map(|entry| Some(&entry.value.as_ref()?.value));
    let keys = raw.keys.iter().flat_map(|keys| &keys.value.0).map(|key| &key.value);
    let required = teams.map(|team| (&team.residency, &team.compliance));
    for (residency, compliance) in required.chain(keys.map(|key| (&key.residency, &key.compliance))) {
        let wanted = [(residency, &regions, Section::Region), (compliance, &agreed, Section::Compliance)];
        for (given, known, section) in wanted {
            for name in names(given).filter(|name| !known.contains(name.value.0.as_str())) {
                let nearest = nearest(&name.value.0, known.iter().copied()).map(Echo::of);
                let kind = Kind::UnknownName { section, name: Echo::of(&name.value.0), nearest };
                errors.add(&name.place, kind);
            }
        }
    }
}
