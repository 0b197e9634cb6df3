//! What the calls of a target take: the vocabulary that counts them, and their price.
//!
//! A price is looked for where the operator states it for the provider and model, then for the model, then on the
//! list of the seller whose host the provider is; then the price of everything unknown holds, if there is one.

use std::collections::BTreeMap;

use super::super::amounts::PerMillion;
use super::super::compiled::{ModelTarget, Target};
use super::super::gateway::{ChainTarget, Host, Upstream};
use super::super::names::ProviderModel;
use super::super::problem::{Kind, Section};
use super::super::raw;
use super::super::shape::{Located, Map, Report};
use super::{Names, entries, milliseconds, seen};
use crate::quota::price::{Price, Rates, Tier};
use crate::quota::prices::{Listed, Seller, WHOLE, list_price};
use crate::tokens::{Vocabularies, Vocabulary, assigned};

/// No provider says how its tokens compare; until that is learnt, an estimate errs on the high side.
const RATIO_PERMILLE: u32 = 1200;

/// What is known of provider models.
pub(super) struct Knowledge<'a> {
    vocabularies: Vocabularies,
    ratios: Vec<(String, u32)>,
    stated: BTreeMap<&'a str, Price>,
    names: Names<'a>,
    sellers: BTreeMap<&'a str, Seller>,
    unknown: Option<Price>,
}

impl<'a> Knowledge<'a> {
    /// Compiles all prices that the file states.
    pub(super) fn of(
        raw: &'a raw::Gateway,
        upstreams: &'a BTreeMap<String, Upstream>,
        errors: &mut Report<'_>,
    ) -> Self {
        let tokens = raw.tokens.as_ref().map(|tokens| &tokens.value);
        let vocabularies = assignments(tokens.and_then(|tokens| tokens.vocabularies.as_ref()), |of| *of);
        let ratios = assignments(tokens.and_then(|tokens| tokens.ratios.as_ref()), |of| u32::from(of.0));
        let prices = entries(&raw.prices);
        let stated = prices.iter().filter_map(|entry| {
            Some((entry.name.value.0.as_str(), price(&entry.value.as_ref()?.value, errors)?))
        });
        let sellers = upstreams.iter().filter_map(|(provider, upstream)| match &upstream.host {
            Host::Name(name) => Some((provider.as_str(), Seller::of_host(name)?)),
            Host::Ip(_) => None,
        });
        let unknown = match raw.unknown_price.as_ref().map(|unknown| &unknown.value) {
            Some(raw::UnknownPrice::Plain(raw::PlainPrice { input: Some(input), output: Some(output) })) => {
                let base = Rates::plain(input.value.0, output.value.0);
                Some(Price { base, tiers: Vec::new(), batch_permille: WHOLE })
            }
            _ => None,
        };
        Self {
            vocabularies: Vocabularies::new(vocabularies),
            ratios,
            stated: stated.collect(),
            names: Names::of(Section::Price, prices, |name: &ProviderModel| &name.0),
            sellers: sellers.collect(),
            unknown,
        }
    }

    /// What the calls of `target` take.
    pub(super) fn model_target(&mut self, chain: &ChainTarget) -> ModelTarget {
        let ChainTarget { target, retries, timeout } = chain;
        let vocabulary = self.vocabularies.of(&target.model);
        let ratio = assigned(&self.ratios, &target.model);
        ModelTarget {
            target: target.clone(),
            retries: *retries,
            timeout_ms: milliseconds(*timeout),
            vocabulary: vocabulary.unwrap_or(Vocabulary::O200k),
            ratio_permille: ratio.or(vocabulary.is_none().then_some(RATIO_PERMILLE)),
            price: self.price(target),
        }
    }

    fn price(&mut self, target: &Target) -> Option<Price> {
        let full = format!("{}/{}", target.provider, target.model);
        for name in [full.as_str(), target.model.as_str()] {
            if self.names.uses(name) {
                return self.stated.get(name).cloned();
            }
        }
        let listed =
            self.sellers.get(&*target.provider).and_then(|seller| list_price(*seller, &target.model));
        listed.or_else(|| self.unknown.clone())
    }

    /// Warns of every price and every prefix that fits no target.
    pub(super) fn warn_of_unused(&self, raw: &raw::Gateway, targets: &[&Target], warnings: &mut Report<'_>) {
        self.names.warn_of_unused(warnings);
        let tokens = raw.tokens.as_ref().map(|tokens| &tokens.value);
        let vocabularies = tokens.map_or(&[][..], |tokens| entries(&tokens.vocabularies));
        let ratios = tokens.map_or(&[][..], |tokens| entries(&tokens.ratios));
        let prefixes =
            vocabularies.iter().map(|entry| &entry.name).chain(ratios.iter().map(|entry| &entry.name));
        for Located { value: ProviderModel(prefix), place } in prefixes {
            let assignment = [(prefix.clone(), ())];
            if targets.iter().all(|target| assigned(&assignment, &target.model).is_none()) {
                warnings.add(place, Kind::Unused(Section::Prefix));
            }
        }
    }
}

/// The entries of which something could be made.
fn assignments<T, U>(
    section: Option<&Located<Map<ProviderModel, T>>>,
    value: impl Fn(&T) -> U,
) -> Vec<(String, U)> {
    let entries = section.map_or(&[][..], |section| section.value.0.as_slice());
    let assigned = entries
        .iter()
        .filter_map(|entry| Some((entry.name.value.0.clone(), value(&entry.value.as_ref()?.value))));
    assigned.collect()
}

/// The price as stated; what it leaves out costs what is charged instead.
fn price(raw: &raw::Price, errors: &mut Report<'_>) -> Option<Price> {
    let amount = |price: &Option<Located<PerMillion>>| price.as_ref().map(|price| price.value.0);
    let tiers = || raw.tiers.iter().flat_map(|tiers| &tiers.value.0).map(|tier| &tier.value);
    let mut lines = BTreeMap::new();
    for above in tiers().filter_map(|tier| tier.above.as_ref()) {
        if let Some(first) = seen(&mut lines, above.value.0, &above.place) {
            errors.add(&above.place, Kind::DuplicateTier { first });
        }
    }
    let base = Listed {
        input: amount(&raw.input)?,
        output: amount(&raw.output)?,
        cache_read: amount(&raw.cache_read),
        cache_write: amount(&raw.cache_write),
        cache_write_hour: amount(&raw.cache_write_hour),
        reasoning: amount(&raw.reasoning),
    };
    let tiers = tiers().filter_map(|tier| {
        let own = Listed {
            input: amount(&tier.input)?,
            output: amount(&tier.output)?,
            cache_read: amount(&tier.cache_read),
            cache_write: amount(&tier.cache_write),
            cache_write_hour: amount(&tier.cache_write_hour),
            reasoning: amount(&tier.reasoning),
        };
        Some(Tier { above: tier.above.as_ref()?.value.0, rates: own.resolved_above(&base) })
    });
    let batch_permille = raw.batch.as_ref().map_or(WHOLE, |batch| batch.value.0);
    Some(Price { base: base.resolved(), tiers: tiers.collect(), batch_permille })
}
