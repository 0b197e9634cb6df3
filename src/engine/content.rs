//! What may stand in prompts and answers: private values are taken out before anything else sees them, hostile text is
//! judged, and answers get back what they may.
//!
//! [`Contents`] is the configuration, ready for use; [`prompt`] screens a request's body, [`screening`] what a model
//! says; [`answer`] passes whole answers on and [`stream`] streams. A value that was taken out lives in the request's own vault and nowhere else, and
//! goes with it.
//!
//! Promises: without a setting for the caller's team nothing is read and nothing is allocated; what counts and logs
//! knows types, rules and numbers, never a value. Deliberately unknown here: routes, limits, providers.

pub mod answer;
mod body;
pub mod external;
mod held;
pub mod prompt;
pub mod screening;
mod speech;
pub mod stream;
mod structured;

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::config::compiled::content::{Content, External, PerTeam, Redaction};
use crate::guard;
use crate::guard::policy::{Policy as Guard, Settings as GuardSettings};
use crate::redact::finding::Kind;
use crate::redact::mask::{Action, Rules};
use crate::redact::{self, secrets};

/// What is done about the content of requests, by team.
#[derive(Debug)]
pub struct Contents {
    common: Option<Rc<Screen>>,
    teams: BTreeMap<String, Rc<Screen>>,
}

/// What is done about the content of one team's requests.
#[derive(Debug)]
pub struct Screen {
    redaction: Option<Rc<Redactor>>,
    guard: Option<Rc<Guard>>,
    /// Who is asked about them, once they were screened.
    pub(super) external: Option<Rc<External>>,
}

/// How private values are found and dealt with.
#[derive(Debug)]
struct Redactor {
    settings: redact::Settings,
    rules: Rules,
    /// What is done with what models say, where that is looked at.
    answers: Option<Rules>,
}

impl Contents {
    /// Prepares a configuration. The command has compiled its rules before; where that fails here, nothing passes.
    #[must_use]
    pub fn new(content: Content) -> Self {
        let external = |team: &str| content.external(team).cloned().map(Rc::new);
        let common = external("");
        let externals: BTreeMap<String, Option<Rc<External>>> =
            content.guard.teams.keys().map(|team| (team.clone(), external(team))).collect();
        let Content { redaction, guard, external: _ } = content;
        let redaction = prepared(redaction, |given| Some(Redactor::new(given)));
        let guard =
            prepared(guard, |given: GuardSettings| Guard::compile(&given).or_else(|_| nothing_passes()).ok());
        let screen = |redaction: Option<&Rc<Redactor>>, guard: Option<&Rc<Guard>>, external| {
            let screen =
                Screen { redaction: redaction.map(Rc::clone), guard: guard.map(Rc::clone), external };
            (screen.redaction.is_some() || screen.guard.is_some()).then(|| Rc::new(screen))
        };
        let teams = redaction.teams.keys().chain(guard.teams.keys());
        let of_team = |team: &String| {
            let external = externals.get(team).unwrap_or(&common).clone();
            Some((team.clone(), screen(redaction.of(team), guard.of(team), external)?))
        };
        Self {
            teams: teams.filter_map(of_team).collect(),
            common: screen(redaction.common.as_ref(), guard.common.as_ref(), common.clone()),
        }
    }

    /// What is done about a team's requests, if anything.
    #[must_use]
    pub fn of(&self, team: &str) -> Option<Rc<Screen>> {
        self.teams.get(team).or(self.common.as_ref()).map(Rc::clone)
    }
}

/// A guard that refuses every text: what cannot be checked does not pass.
fn nothing_passes() -> Result<Guard, Vec<guard::policy::Problem>> {
    let largest = Some((0, guard::policy::Action::Block));
    Guard::compile(&GuardSettings { largest, ..GuardSettings::default() })
}

fn prepared<T, U>(given: PerTeam<T>, prepare: impl Fn(T) -> Option<U>) -> PerTeam<Rc<U>> {
    let one = |value| prepare(value).map(Rc::new);
    PerTeam {
        common: given.common.and_then(one),
        teams: given.teams.into_iter().filter_map(|(team, value)| Some((team, one(value)?))).collect(),
    }
}

impl Redactor {
    fn new(given: Redaction) -> Self {
        let (settings, known) = (given.sought(), given.kinds());
        let Redaction { otherwise, actions, hash_key, answers, .. } = given;
        let kind = |name: &String| known.get(name.as_str()).copied();
        let named = |actions: &BTreeMap<String, Action>| -> HashMap<Kind, Action> {
            actions.iter().filter_map(|(name, action)| Some((kind(name)?, *action))).collect()
        };
        let mut actions = named(&actions);
        for secret in secrets::TYPES {
            let action = actions.entry(secret).or_insert(otherwise);
            if let Action::Replace { restore } = action {
                *restore = false;
            }
        }
        let hash_key = hash_key.0.expose().clone().into_bytes();
        let answers = answers.map(|answers| Rules {
            actions: named(&answers.actions),
            otherwise: answers.otherwise,
            hash_key: hash_key.clone(),
        });
        Self { settings, rules: Rules { actions, otherwise, hash_key }, answers }
    }
}
