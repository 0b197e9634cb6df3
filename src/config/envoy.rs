//! `envoy`: what is rendered for which Envoy, and what an older one cannot do.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

use super::compile::RETRIES;
use super::problem::Kind;
use super::raw;
use super::shape::{Located, Place, Report, enums, record};

enums! { AdapterIn, Chains }

record! {
    /// What is rendered for which Envoy.
    RawEnvoy {
        /// By which clusters Envoy goes from one target of a model to the next: `composite` needs Envoy 1.37 or later;
        /// `aggregate` is for older ones, and for models whose targets have the same `retries` (the last one may have
        /// fewer) and neither `on_context_overflow` nor `on_content_policy`. Default: composite.
        optional chains: Chains,
        /// Where the filter is that speaks to providers: `chain` puts one into each chain of targets, beside the
        /// credentials of that chain alone; `shared` has one for all, beside all credentials, and starts much faster
        /// where there are many models. `where_needed` is as `chain`, but a model with one target does without for calls
        /// in the provider's own dialect, which costs a third less: for plain answers, and with `retries: 0` for streams,
        /// too (see docs/failures.md for what is then not tried again). Default: where_needed.
        optional adapter: AdapterIn,
    }
}

/// Where the adapter is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdapterIn {
    /// In the filter chain of each chain's cluster; Envoy reads and hashes the module for each.
    Chain,
    /// In the filter chain of the router.
    Shared,
    /// In each chain's cluster, but for requests that the policy itself can build.
    #[default]
    WhereNeeded,
}

/// By which clusters Envoy goes from one target of a model to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Chains {
    /// One entry for each attempt.
    #[default]
    Composite,
    /// One priority for each target; a retry plugin counts the attempts at each.
    Aggregate,
}

/// What is rendered for which Envoy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Envoy {
    /// By which clusters Envoy goes from target to target.
    pub chains: Chains,
    /// Where the adapter is.
    pub adapter: AdapterIn,
}

/// What chains of [`Chains::Aggregate`] cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Go on at another model.
    Elsewhere,
    /// Try a target another number of times than the first of its chain, which has so many retries.
    Retries {
        /// The retries of the first target.
        first: u32,
        /// Whether the target is the last, which may have fewer.
        is_last: bool,
    },
}

impl fmt::Display for Conflict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("with `envoy: {chains: aggregate}` ")?;
        match self {
            Self::Elsewhere => formatter.write_str("Envoy cannot go on at another model; remove this key"),
            Self::Retries { first, is_last: false } => {
                write!(
                    formatter,
                    "every target is tried equally often; `retries` must be {first}, as of the first"
                )
            }
            Self::Retries { first, is_last: true } => {
                write!(
                    formatter,
                    "no target is tried more often than the first; `retries` must be {first} or less"
                )
            }
        }
    }
}

/// What the file says; where that is [`Chains::Aggregate`], what stands against it is reported.
pub(super) fn compile(raw: &raw::Gateway, errors: &mut Report<'_>) -> Envoy {
    let given = raw.envoy.as_ref().map(|envoy| &envoy.value);
    let chains = given.and_then(|given| Some(given.chains.as_ref()?.value)).unwrap_or_default();
    let adapter = given.and_then(|given| Some(given.adapter.as_ref()?.value)).unwrap_or_default();
    let models = raw.models.iter().flat_map(|models| &models.value.0);
    for model in models.filter(|_| chains == Chains::Aggregate).filter_map(|entry| entry.value.as_ref()) {
        for elsewhere in
            [&model.value.on_context_overflow, &model.value.on_content_policy].into_iter().flatten()
        {
            errors.add(&elsewhere.place, Kind::Aggregate(Conflict::Elsewhere));
        }
        let targets = model.value.targets.as_ref().map_or(&[][..], |targets| &targets.value.0);
        check_retries(targets, errors);
    }
    Envoy { chains, adapter }
}

/// Any part of a chain that passes, which some callers may be restricted to, would pass as well.
fn check_retries(targets: &[Located<raw::Target>], errors: &mut Report<'_>) {
    let retries = |target: &Located<raw::Target>| -> (u32, Place) {
        let given = target.value.retries.as_ref();
        given.map_or_else(|| (RETRIES, target.place.clone()), |given| (given.value.0, given.place.clone()))
    };
    let Some((first, others)) = targets.split_first() else { return };
    let (first, _) = retries(first);
    for (index, (own, place)) in others.iter().map(retries).enumerate() {
        let is_last = index + 1 == others.len();
        if own > first || (own < first && !is_last) {
            errors.add(&place, Kind::Aggregate(Conflict::Retries { first, is_last }));
        }
    }
}
