//! External guards: their URLs taken apart, their credentials looked up, one cluster for each place that has one.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::super::compiled::content::{About, External, ExternalForm, ExternalKind, OnError, Streams};
use super::super::compiled::guard_cluster;
use super::super::content::RawGuard;
use super::super::external::RawExternal;
use super::super::gateway::Webhook;
use super::super::problem::Kind;
use super::super::raw;
use super::super::shape::Located;
use super::{Compiler, Names, entries, milliseconds};

const TIMEOUT: Duration = Duration::from_secs(1);
const TIMEOUT_RANGE: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(30);
const MODERATION_MODEL: &str = "omni-moderation-latest";

/// What Envoy and the filter are to know of them.
#[derive(Default)]
pub(super) struct Externals {
    /// How Envoy reaches each, by the name of its cluster.
    pub(super) services: BTreeMap<String, Webhook>,
    /// How the filter asks each, by the team; that of the common guard under no name.
    pub(super) asked: BTreeMap<String, External>,
}

impl Compiler<'_, '_> {
    /// All external guards of the file.
    pub(super) fn externals(&mut self, raw: &raw::Gateway, credentials: &mut Names<'_>) -> Externals {
        let mut externals = Externals::default();
        let common = raw.guard.as_ref().map(|guard| ("", guard));
        let teams = entries(&raw.teams).iter().filter_map(|team| {
            Some((team.name.value.0.as_str(), team.value.as_ref()?.value.guard.as_ref()?))
        });
        for (team, guard) in common.into_iter().chain(teams) {
            if let Some((service, external)) = self.external(team, guard, credentials) {
                externals.services.insert(external.cluster.clone(), service);
                externals.asked.insert(team.to_owned(), external);
            }
        }
        externals
    }

    fn external(
        &mut self,
        team: &str,
        guard: &Located<RawGuard>,
        credentials: &mut Names<'_>,
    ) -> Option<(Webhook, External)> {
        let RawExternal { url, kind, model, credential, ca, timeout, about, streams, on_error } =
            &guard.value.external.as_ref()?.value;
        if let Some(timeout) = timeout.as_ref().filter(|timeout| !TIMEOUT_RANGE.contains(&timeout.value.0)) {
            let found = format!("{}ms", timeout.value.0.as_millis());
            self.out_of_range(&timeout.place, "a duration from 10ms to 30s", &found);
        }
        let form = match (kind.as_ref().map(|kind| kind.value), model) {
            (Some(ExternalKind::Http), Some(model)) => {
                self.errors.add(&model.place, Kind::ModelOfPlainGuard);
                ExternalForm::Http
            }
            (Some(ExternalKind::Http), None) => ExternalForm::Http,
            (Some(ExternalKind::OpenAiModeration) | None, model) => {
                let model = model.as_ref().map_or(MODERATION_MODEL, |model| &model.value.0).to_owned();
                ExternalForm::OpenAiModeration { model }
            }
        };
        let asked_about = |what| {
            about.as_ref().map_or(what == About::Requests, |about| {
                about.value.0.iter().any(|given| given.value == what)
            })
        };
        let answers = asked_about(About::Answers);
        if let Some(streams) = streams.as_ref().filter(|_| !answers) {
            self.errors.add(&streams.place, Kind::StreamsUnasked);
        }
        let (service, address) = self.service(url.as_ref(), credential.as_ref(), ca.as_ref(), credentials)?;
        let external = External {
            cluster: guard_cluster(team),
            address,
            timeout_ms: milliseconds(timeout.as_ref().map_or(TIMEOUT, |timeout| timeout.value.0)),
            form,
            on_error: on_error.as_ref().map_or(OnError::Block, |on_error| on_error.value),
            requests: asked_about(About::Requests),
            answers: answers.then(|| streams.as_ref().map_or(Streams::Pass, |streams| streams.value)),
        };
        Some((service, external))
    }
}
