//! `surfaces` of a logical model in gateway.yaml: at which endpoints it is served.
//!
//! What a model is served at, each of its targets must have something for: which of them would serve a request is not
//! known before it comes. A target that has nothing like it is refused here, by the same table as when a request comes
//! ([`Provider::support`]).

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

use super::compiled::{Model, Provider};
use super::names::Name;
use super::problem::{Echo, Kind};
use super::raw;
use super::shape::{Located, Place, Report, enums};
use crate::dialect::translate::Support;
use crate::dialect::{Api, Surface};

/// What clients call a model for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Served {
    /// `/v1/chat/completions`
    ChatCompletions,
    /// `/v1/completions`
    Completions,
    /// `/v1/responses`
    Responses,
    /// `/v1/embeddings`
    Embeddings,
    /// `/v1/messages`
    Messages,
    /// `generateContent` and `streamGenerateContent` below `/v1beta/models/{model}`
    GenerateContent,
}

enums! { Served }

impl Served {
    const fn name(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat_completions",
            Self::Completions => "completions",
            Self::Responses => "responses",
            Self::Embeddings => "embeddings",
            Self::Messages => "messages",
            Self::GenerateContent => "generate_content",
        }
    }

    const fn surfaces(self) -> &'static [Surface] {
        match self {
            Self::ChatCompletions => &[Surface::ChatCompletions],
            Self::Completions => &[Surface::Completions],
            Self::Responses => &[Surface::Responses],
            Self::Embeddings => &[Surface::Embeddings],
            Self::Messages => &[Surface::Messages],
            Self::GenerateContent => &[Surface::GenerateContent, Surface::StreamGenerateContent],
        }
    }
}

/// Something that a model cannot be served at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is there twice.
    Twice,
    /// A target of the model has nothing like it.
    Impossible {
        /// Which, as `surfaces` names it.
        surface: &'static str,
        /// The line that asks for it.
        line: usize,
        /// The provider, and its model.
        target: (Echo, Echo),
        /// The provider's API.
        api: &'static str,
        /// The APIs that have it, as `api` names them.
        able: Vec<&'static str>,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice => formatter.write_str("it is in the list already"),
            Self::Impossible { surface, line, target: (provider, model), api, able } => {
                let able = able.join(", ");
                write!(
                    formatter,
                    "{model} of {provider} has nothing like `{surface}`, which `surfaces` in line {line} asks of every \
                     target: leave it out there, or take another model or a provider with one of the APIs that have \
                     it: {able}; this one has {api}"
                )
            }
        }
    }
}

/// Looks whether every target can be asked what its model is served for, and tells the models.
pub(super) fn compile(
    raw: &raw::Gateway,
    providers: &BTreeMap<String, Provider>,
    models: &mut BTreeMap<String, Model>,
    errors: &mut Report<'_>,
) {
    for entry in raw.models.iter().flat_map(|models| &models.value.0) {
        let Some(Located { value: given, .. }) = &entry.value else { continue };
        let Some(list) = &given.surfaces else { continue };
        let mut served = Vec::new();
        for item in &list.value.0 {
            let surfaces = item.value.surfaces();
            if surfaces.iter().any(|surface| served.contains(surface)) {
                errors.add(&item.place, Kind::Surface(Flaw::Twice));
                continue;
            }
            served.extend(surfaces);
            for target in given.targets.iter().flat_map(|targets| &targets.value.0) {
                check(item.value, &item.place, target, providers, errors);
            }
        }
        if let Some(model) = models.get_mut(&entry.name.value.0) {
            model.surfaces = served;
        }
    }
}

fn check(
    asked: Served,
    place: &Place,
    target: &Located<raw::Target>,
    providers: &BTreeMap<String, Provider>,
    errors: &mut Report<'_>,
) {
    let (Some(Located { value: Name(name), .. }), Some(model)) =
        (&target.value.provider, &target.value.model)
    else {
        return;
    };
    let Some(provider) = providers.get(name) else { return };
    let model = model.value.0.as_str();
    if asked.surfaces().iter().all(|surface| provider.support(*surface, model) != Support::Refuse) {
        return;
    }
    let has = |api: &Api| asked.surfaces().iter().all(|surface| api.support(*surface) != Support::Refuse);
    errors.add(
        &target.place,
        Kind::Surface(Flaw::Impossible {
            surface: asked.name(),
            line: place.position.line,
            target: (Echo::of(name), Echo::of(model)),
            api: provider.api.name(),
            able: Api::ALL.into_iter().filter(has).map(Api::name).collect(),
        }),
    );
}
