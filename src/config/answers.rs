//! `redaction.answers`, `guard.markup` and `guard.structured_output` in gateway.yaml: what is done about what models say.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::compiled::content;
use super::content::ActionName;
use super::own::{TypeName, resolve};
use super::problem::Kind;
use super::shape::{
    List, Located, Map, Named, Place, Report, Shape, Text, Whole, enums, read_choice, record,
};
use super::yaml::{Node, Value};
use crate::guard::policy;
use crate::redact::mask::Action;
use crate::redact::own::Definitions;

record! {
    /// What is done with private values and secrets in what models say.
    AnswerKeys {
        /// What is done with values of all types but those in `types`: `replace`, `mask`, `hash`, `remove`, `block` (the
        /// answer is refused, or its stream ended) or `allow`. Default: as for requests.
        optional default: AnswerRule,
        /// What is done with values of these types. What stands under `types` for requests does not hold beside it.
        optional types: Map<TypeName, AnswerRule>,
    }
    AtLeastOne: default, types
}

record! {
    /// What is done with values of a type.
    AnswerRuleKeys {
        /// `replace`, `mask`, `hash`, `remove`, `block` or `allow`.
        required action: ActionName,
        /// How many letters and digits `mask` leaves at the end. Default: 0.
        optional keep: Whole<0, 32>,
    }
}

record! {
    /// What is done about markup in answers that acts.
    Markup {
        /// `observe`, `warn` (in the header `x-tollgate-guard` of answers that are not streamed), `redact` (the image or
        /// script is taken out) or `block` (the answer is refused, or its stream ended).
        required action: policy::Action,
        /// Hosts, with all below them, whose images may carry what they like.
        optional hosts: List<HostName, 1>,
    }
}

/// What is done about an answer that is not what it was asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OutputAction {
    /// It is counted and logged.
    Observe,
    /// It is refused.
    Block,
}

enums! { OutputAction }

impl From<OutputAction> for policy::Action {
    fn from(action: OutputAction) -> Self {
        match action {
            OutputAction::Observe => Self::Observe,
            OutputAction::Block => Self::Block,
        }
    }
}

/// What is done with what models say.
#[derive(Debug)]
pub(super) enum Answers {
    /// The same as with requests, or nothing.
    Alike(bool),
    /// This.
    Own(AnswerKeys),
}

impl Shape for Answers {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        if matches!(node.value, Value::Mapping(_)) {
            return AnswerKeys::read(node, place, report).map(Self::Own);
        }
        bool::read(node, place, report).map(Self::Alike)
    }

    fn schema() -> Json {
        json!({ "anyOf": [bool::schema(), AnswerKeys::schema()] })
    }
}

/// An action by its name, or with particulars.
#[derive(Debug)]
pub(super) struct AnswerRule {
    action: Option<ActionName>,
    keep: Option<Located<Whole<0, 32>>>,
}

impl Shape for AnswerRule {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        if !matches!(node.value, Value::Mapping(_)) {
            return Some(Self { action: Some(read_choice(node, place, report)?), keep: None });
        }
        let AnswerRuleKeys { action, keep } = AnswerRuleKeys::read(node, place, report)?;
        Some(Self { action: action.map(|action| action.value), keep })
    }

    fn schema() -> Json {
        json!({ "anyOf": [ActionName::schema(), AnswerRuleKeys::schema()] })
    }
}

/// The name of a host.
#[derive(Clone, Debug)]
pub(super) struct HostName(String);

impl Text for HostName {
    const EXPECTED: &'static str = "the name of a host, such as cdn.example.com";
    const PATTERN: &'static str = "^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$";

    fn parse(text: &str) -> Result<Self, Kind> {
        let letter = |byte: u8| byte.is_ascii_alphanumeric();
        let edges = text.bytes().next().is_some_and(letter) && text.bytes().next_back().is_some_and(letter);
        if edges && text.bytes().all(|byte| letter(byte) || b".-".contains(&byte)) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(Self::mismatch(text))
    }
}

/// Compiles `redaction.answers`, beside what is done in requests with values of types without an action of their own
/// and with one; `known` are the operator's own types. Nothing of it is given back, for nobody has sent it.
pub(super) fn compile(
    given: &Answers,
    otherwise: Action,
    actions: &BTreeMap<String, Action>,
    known: &Definitions,
    errors: &mut Report<'_>,
) -> Option<content::Answers> {
    let (otherwise, actions) = match given {
        Answers::Alike(false) => return None,
        Answers::Alike(true) => (otherwise, actions.clone()),
        Answers::Own(AnswerKeys { default, types }) => {
            let mut own = BTreeMap::new();
            for Named { name, value } in types.iter().flat_map(|types| &types.value.0) {
                if let (Some(kind), Some(rule)) = (resolve(name, known, errors), value) {
                    own.insert(kind.to_owned(), action(&rule.value, errors));
                }
            }
            (default.as_ref().map_or(otherwise, |rule| action(&rule.value, errors)), own)
        }
    };
    let actions = actions.into_iter().map(|(name, action)| (name, for_good(action))).collect();
    Some(content::Answers { otherwise: for_good(otherwise), actions })
}

const fn for_good(action: Action) -> Action {
    match action {
        Action::Replace { .. } => Action::Replace { restore: false },
        other => other,
    }
}

fn action(rule: &AnswerRule, errors: &mut Report<'_>) -> Action {
    let AnswerRule { action, keep } = rule;
    let action = action.unwrap_or(ActionName::Replace);
    if let Some(keep) = keep.as_ref().filter(|_| action != ActionName::Mask) {
        errors.add(&keep.place, Kind::KeepWithoutMask);
    }
    let keep = keep.as_ref().map_or(0, |keep| usize::try_from(keep.value.0).unwrap_or(0));
    match action {
        ActionName::Replace => Action::Replace { restore: false },
        ActionName::Mask => Action::Mask { keep },
        ActionName::Hash => Action::Hash,
        ActionName::Remove => Action::Remove,
        ActionName::Block => Action::Block,
        ActionName::Allow => Action::Allow,
    }
}

/// Compiles `guard.markup`: the action, and the hosts.
pub(super) fn markup(given: &Markup) -> Option<(policy::Action, Vec<String>)> {
    let hosts = given.hosts.iter().flat_map(|hosts| &hosts.value.0);
    Some((given.action.as_ref()?.value, hosts.map(|host| host.value.0.clone()).collect()))
}
