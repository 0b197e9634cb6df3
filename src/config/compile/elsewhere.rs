//! The models that stand in for others, where these object to a request.

use std::collections::BTreeMap;

use super::super::compiled::elsewhere::{Alternative, Elsewhere};
use super::super::compiled::{Model, ModelTarget};
use super::super::names::ModelName;
use super::super::problem::Kind;
use super::super::raw;
use super::super::shape::{Located, Place};
use super::{Compiler, Names, entries};
use crate::dialect::objection::Objection;

/// What a model of the file says about it.
type Named<'raw> = BTreeMap<Objection, &'raw Located<ModelName>>;

impl Compiler<'_, '_> {
    /// Adds to each model what stands in for it, and to `places` where the targets stand that it gains by that.
    pub(super) fn elsewhere(
        &mut self,
        raw: &raw::Gateway,
        names: &mut Names<'_>,
        models: &mut BTreeMap<String, Model>,
        places: &mut BTreeMap<String, Vec<Place>>,
    ) {
        let mut all: BTreeMap<&str, Named<'_>> = BTreeMap::new();
        for entry in entries(&raw.models) {
            let Some(Located { value: model, .. }) = &entry.value else { continue };
            let (context, content) = (&model.on_context_overflow, &model.on_content_policy);
            let given = [(Objection::Context, context), (Objection::Content, content)];
            let named: Named<'_> = given
                .into_iter()
                .filter_map(|(objection, given)| Some((objection, given.as_ref()?)))
                .collect();
            for given in named.values() {
                names.refer(&given.value.0, &given.place, self.errors);
            }
            if let Some(window) = model.context_window.as_ref().filter(|_| context.is_none()) {
                self.errors.add(&window.place, Kind::WindowWithoutOverflow);
            }
            all.insert(&entry.name.value.0, named);
        }
        for (name, named) in &all {
            for (objection, given) in named {
                if leads_back(name, *objection, &all) {
                    self.errors.add(&given.place, Kind::LeadsBack);
                }
            }
        }
        self.apply(raw, &all, models, places);
    }

    fn apply(
        &self,
        raw: &raw::Gateway,
        all: &BTreeMap<&str, Named<'_>>,
        models: &mut BTreeMap<String, Model>,
        places: &mut BTreeMap<String, Vec<Place>>,
    ) {
        let (alone, at): (BTreeMap<_, _>, BTreeMap<_, _>) = (models.clone(), places.clone());
        for entry in entries(&raw.models) {
            let name = &entry.name.value.0;
            let (Some(named), Some(model), Some(own)) =
                (all.get(name.as_str()), models.get_mut(name), places.get_mut(name))
            else {
                continue;
            };
            let own_attempts = attempts(&model.targets);
            let mut stand_ins = BTreeMap::new();
            for (objection, given) in named {
                let (Some(other), Some(other_places)) = (alone.get(&given.value.0), at.get(&given.value.0))
                else {
                    continue;
                };
                let attempts = attempts(&other.targets);
                stand_ins.insert(*objection, Alternative { model: given.value.0.clone(), attempts });
                for (target, place) in other.targets.iter().zip(other_places) {
                    if model.targets.iter().all(|own| own.target != target.target) {
                        model.targets.push(target.clone());
                        own.push(place.clone());
                    }
                }
                model.attempt_timeout_ms = model.attempt_timeout_ms.max(other.attempt_timeout_ms);
                let new = other.translated.iter().filter(|surface| !model.translated.contains(surface));
                let new: Vec<_> = new.copied().collect();
                model.translated.extend(new);
            }
            let window = entry.value.as_ref().and_then(|model| model.value.context_window.as_ref());
            let window = window.map(|window| u64::from(window.value.0));
            if !stand_ins.is_empty() {
                model.elsewhere = Some(Box::new(Elsewhere { own_attempts, window, models: stand_ins }));
            }
        }
    }
}

fn attempts(targets: &[ModelTarget]) -> u32 {
    targets.iter().map(|target| target.retries.saturating_add(1)).fold(0, u32::saturating_add)
}

/// Whether a model stands in for itself. Overflow leads on from model to model, and must come to an end.
fn leads_back(name: &str, objection: Objection, all: &BTreeMap<&str, Named<'_>>) -> bool {
    let next = |name: &str| Some(all.get(name)?.get(&objection)?.value.0.as_str());
    let mut at = next(name);
    let steps = if objection == Objection::Context { all.len() } else { 1 };
    for _ in 0..steps {
        if at == Some(name) {
            return true;
        }
        at = at.and_then(next);
    }
    false
}
