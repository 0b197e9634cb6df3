//! `redaction` and `guard` in gateway.yaml: the records, and what they compile to.
//!
//! The same records stand at the top of the file and in a team, where they take the place of the common ones as a
//! whole: what a team says is all that holds for it, and nobody has to add up two lists in his head.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::amounts::Thousandths;
use super::answers;
use super::compiled::content::{Content, HashKey, PerTeam, Redaction};
use super::external::RawExternal;
use super::names::Name;
use super::own::{self, OwnName, RawPattern, TypeName, Word};
use super::problem::{Found, Kind};
use super::raw;
use super::shape::{
    List, Located, Map, Named, Place, Report, Shape, Text, Whole, enums, read_choice, record,
};
use super::units::Size;
use super::yaml::{Node, Value};
use crate::guard::THRESHOLD;
use crate::guard::policy::{self, Policy, Settings};
use crate::observe::secret::Secret;
use crate::redact::mask::Action;
use crate::redact::own::Definitions;
use crate::redact::secrets;

enums! { ActionName, policy::Action }

record! {
    /// What is done about private values and secrets in requests, before anything else sees them.
    RawRedaction {
        /// What is done with values of all types but those in `types`: `replace` (a numbered placeholder such as
        /// `[EMAIL_ADDRESS_1]`), `mask` (`*` for letters and digits), `hash` (a keyed hash), `remove`, `block` (the
        /// request is refused) or `allow`. With particulars: `{action: mask, keep: 4}`. Default: replace.
        optional default: Rule,
        /// Whether answers get back the values that `replace` took out of the same request; secrets are never given
        /// back. Default: false.
        optional restore: bool,
        /// What is done with values of these types, such as `CREDIT_CARD: block`.
        optional types: Map<TypeName, Rule>,
        /// Types of your own that patterns describe, by names such as `EMPLOYEE_ID`. Those at the top of the file hold for
        /// every team.
        optional patterns: Map<OwnName, RawPattern>,
        /// Types of your own that are lists of words and phrases: found whole, without regard to case, accents and what
        /// joins them (`Blue Moon` is also `blue_moon`); `*` at the end stands for any ending. Those at the top of the file
        /// hold for every team.
        optional words: Map<OwnName, List<Word, 1>>,
        /// Whether runs of base64 of 24 characters or more are looked into: one that says text with a value in it is dealt
        /// with as that value. Of a run, 64KiB are looked into. Default: false.
        optional base64: bool,
        /// Types that are not looked for.
        optional disabled: List<TypeName, 1>,
        /// Values that are nobody's, in any case; one that starts with `@` or `.`, such as `@example.com`, exempts all
        /// that end so.
        optional exempt: List<Phrase, 1>,
        /// The key of `hash`, at least 16 characters: the same value has the same hash under the same key, and who knows
        /// the key can try out values. Required where `hash` is used.
        optional hash_key: HashText,
        /// Whether what models say is looked at as well: `true` does with it as with requests; or what is done with it
        /// instead, such as `{default: mask, types: {CREDIT_CARD: block}}`. Values that `restore` put back are the caller's
        /// own, and stay. Default: false.
        optional answers: answers::Answers,
    }
}

record! {
    /// What is done with values of a type.
    RuleKeys {
        /// `replace`, `mask`, `hash`, `remove`, `block` or `allow`.
        required action: ActionName,
        /// How many letters and digits `mask` leaves at the end. Default: 0.
        optional keep: Whole<0, 32>,
        /// Whether answers get back what `replace` took out. Default: as `restore` beside `default`.
        optional restore: bool,
    }
}

record! {
    /// What is done about hostile text in requests.
    RawGuard {
        /// Prompt injection and jailbreaks, in messages of users and in results of tools.
        optional injection: Injection,
        /// Words and phrases that are not to be said, or that make up a topic.
        optional denied_words: List<DeniedWords, 1>,
        /// Patterns of your own.
        optional patterns: List<DeniedPattern, 1>,
        /// Words and phrases that no rule looks at.
        optional allow: List<Phrase, 1>,
        /// The longest text of a message.
        optional max_text: LongestText,
        /// Markup in answers that acts when a client shows it: images whose address carries data to another server, and
        /// scripts.
        optional markup: answers::Markup,
        /// What is done about an answer that is not what the JSON Schema of its request asks for: `observe` (counted and
        /// logged) or `block` (refused; a stream ends in an error before it is complete).
        optional structured_output: answers::OutputAction,
        /// A service that is asked, too.
        optional external: RawExternal,
    }
    AtLeastOne: injection, denied_words, patterns, max_text, markup, structured_output, external
}

record! {
    /// What is done about attacks.
    Injection {
        /// `observe` (counted and logged), `warn` (told in the header `x-tollgate-guard` of the answer), `redact` (the
        /// text is taken out) or `block` (the request is refused).
        required action: policy::Action,
        /// From which score on a text is an attack. Default: 0.5.
        optional threshold: Thousandths<1, 1000>,
    }
}

record! {
    /// Words and phrases, as one rule.
    DeniedWords {
        /// The rule's name in metrics, logs and refusals.
        required id: Name,
        /// The words and phrases, in any case.
        required words: List<Phrase, 1>,
        /// How many different ones a text must have. Default: 1.
        optional at_least: Whole<1, 1000>,
        /// `observe`, `warn`, `redact` or `block`.
        required action: policy::Action,
    }
}

record! {
    /// A pattern, as one rule.
    DeniedPattern {
        /// The rule's name in metrics, logs and refusals.
        required id: Name,
        /// A regular expression, without look-around and references back.
        required pattern: Expression,
        /// `observe`, `warn`, `redact` or `block`.
        required action: policy::Action,
    }
}

record! {
    /// The longest text of a message, and what is done beyond.
    LongestText {
        /// How long, such as 64KiB.
        required size: Size,
        /// `observe`, `warn`, `redact` (what is too much is cut off) or `block`.
        required action: policy::Action,
    }
}

/// What can be done with a private value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ActionName {
    /// A numbered placeholder takes its place.
    Replace,
    /// Letters and digits become `*`.
    Mask,
    /// A keyed hash takes its place.
    Hash,
    /// Nothing takes its place.
    Remove,
    /// The request is refused.
    Block,
    /// It stays.
    Allow,
}

/// An action by its name, or with particulars.
#[derive(Debug)]
pub(super) struct Rule {
    action: Option<ActionName>,
    keep: Option<Located<Whole<0, 32>>>,
    restore: Option<Located<bool>>,
}

impl Shape for Rule {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        if !matches!(node.value, Value::Mapping(_)) {
            let action = Some(read_choice(node, place, report)?);
            return Some(Self { action, keep: None, restore: None });
        }
        let RuleKeys { action, keep, restore } = RuleKeys::read(node, place, report)?;
        Some(Self { action: action.map(|action| action.value), keep, restore })
    }

    fn schema() -> Json {
        json!({ "anyOf": [ActionName::schema(), RuleKeys::schema()] })
    }
}

/// A word, phrase or value.
#[derive(Clone, Debug)]
pub(super) struct Phrase(String);

impl Text for Phrase {
    const EXPECTED: &'static str = "a text of at most 256 characters that is not empty";
    const PATTERN: &'static str = r"^.*\S.*$";

    fn parse(text: &str) -> Result<Self, Kind> {
        let valid = !text.trim().is_empty() && text.chars().count() <= 256;
        if valid { Ok(Self(text.trim().to_owned())) } else { Err(Self::mismatch(text)) }
    }
}

/// A regular expression.
#[derive(Clone, Debug)]
pub(super) struct Expression(String);

impl Text for Expression {
    const EXPECTED: &'static str = "a regular expression";
    const PATTERN: &'static str = ".";

    fn parse(text: &str) -> Result<Self, Kind> {
        if text.is_empty() { Err(Self::mismatch(text)) } else { Ok(Self(text.to_owned())) }
    }
}

/// The key of hashes, which no message repeats.
#[derive(Clone, Debug)]
pub(super) struct HashText(Secret<String>);

impl Text for HashText {
    const EXPECTED: &'static str = "a text of 16 to 256 characters";
    const PATTERN: &'static str = "^.{16,256}$";

    fn parse(text: &str) -> Result<Self, Kind> {
        if (16..=256).contains(&text.chars().count()) {
            return Ok(Self(Secret::new(text.to_owned())));
        }
        Err(Kind::Mismatch { expected: Self::EXPECTED.to_owned(), found: Found::Withheld })
    }
}

/// Compiles the records at the top of the file and in its teams.
pub(super) fn compile(raw: &raw::Gateway, errors: &mut Report<'_>) -> Content {
    let shared = raw.redaction.as_ref().map(|given| own::definitions(&given.value, errors));
    let shared = shared.unwrap_or_default();
    Content {
        redaction: PerTeam {
            common: raw.redaction.as_ref().map(|given| redaction(given, shared.clone(), errors)),
            teams: by_team(
                raw,
                |team| team.redaction.as_ref(),
                |given| {
                    let own = own::definitions(&given.value, errors);
                    redaction(given, own::together(&shared, own), errors)
                },
            ),
        },
        guard: PerTeam {
            common: raw.guard.as_ref().map(|given| guard(given, errors)),
            teams: by_team(raw, |team| team.guard.as_ref(), |given| guard(given, errors)),
        },
        external: BTreeMap::new(),
    }
}

fn by_team<T, U>(
    raw: &raw::Gateway,
    own: impl Fn(&raw::Team) -> Option<&Located<T>>,
    mut compile: impl FnMut(&Located<T>) -> U,
) -> BTreeMap<String, U> {
    let mut teams = BTreeMap::new();
    for Named { name, value } in raw.teams.iter().flat_map(|teams| &teams.value.0) {
        if let Some(given) = value.as_ref().and_then(|team| own(&team.value)) {
            teams.insert(name.value.0.clone(), compile(given));
        }
    }
    teams
}

fn redaction(given: &Located<RawRedaction>, own: Definitions, errors: &mut Report<'_>) -> Redaction {
    // `own` has what the two in the middle say.
    let RawRedaction {
        default,
        restore,
        types,
        patterns: _,
        words: _,
        base64,
        disabled,
        exempt,
        hash_key,
        answers,
    } = &given.value;
    let restores = restore.as_ref().is_some_and(|restore| restore.value);
    let otherwise =
        default.as_ref().map_or(Action::Replace { restore: restores }, |rule| action(rule, restores, errors));
    let mut actions = BTreeMap::new();
    for Named { name, value } in types.iter().flat_map(|types| &types.value.0) {
        if let (Some(kind), Some(rule)) = (own::resolve(name, &own, errors), value) {
            let action = action(rule, restores, errors);
            let is_secret = secrets::TYPES.iter().any(|secret| secret.0 == kind);
            if is_secret && let Some(restore) = rule.value.restore.as_ref().filter(|restore| restore.value) {
                errors.add(&restore.place, Kind::RestoredSecret);
            }
            actions.insert(kind.to_owned(), action);
        }
    }
    let answers =
        answers.as_ref().and_then(|given| answers::compile(&given.value, otherwise, &actions, &own, errors));
    let of_answers = answers.iter().flat_map(|of| of.actions.values().chain([&of.otherwise]));
    let hashes = actions.values().chain([&otherwise]).chain(of_answers).any(|action| *action == Action::Hash);
    if hash_key.is_none() && hashes {
        errors.add(&given.place, Kind::HashWithoutKey);
    }
    let mut seen = BTreeSet::new();
    for name in disabled.iter().flat_map(|disabled| &disabled.value.0) {
        let Some(kind) = own::resolve(name, &own, errors) else { continue };
        // A type that is not looked for has no action.
        let in_answers = answers.as_ref().is_some_and(|of| of.actions.contains_key(kind));
        if actions.contains_key(kind) || in_answers || !seen.insert(kind) {
            errors.add(&name.place, Kind::TypeNamedTwice);
        }
    }
    let key = hash_key.as_ref().map(|key| key.value.0.clone());
    Redaction {
        otherwise,
        actions,
        exempt: phrases(exempt.as_ref()),
        disabled: seen.into_iter().map(str::to_owned).collect(),
        hash_key: HashKey(key.unwrap_or_else(|| Secret::new(String::new()))),
        answers,
        own,
        base64: base64.as_ref().is_some_and(|base64| base64.value),
    }
}

fn action(rule: &Located<Rule>, restores: bool, errors: &mut Report<'_>) -> Action {
    let Rule { action, keep, restore } = &rule.value;
    let name = action.unwrap_or(ActionName::Replace);
    if let Some(keep) = keep.as_ref().filter(|_| name != ActionName::Mask) {
        errors.add(&keep.place, Kind::KeepWithoutMask);
    }
    if let Some(restore) = restore.as_ref().filter(|_| name != ActionName::Replace) {
        errors.add(&restore.place, Kind::RestoreWithoutReplace);
    }
    match name {
        ActionName::Replace => {
            Action::Replace { restore: restore.as_ref().map_or(restores, |restore| restore.value) }
        }
        ActionName::Mask => {
            let keep = keep.as_ref().map_or(0, |keep| keep.value.0);
            Action::Mask { keep: usize::try_from(keep).unwrap_or(0) }
        }
        ActionName::Hash => Action::Hash,
        ActionName::Remove => Action::Remove,
        ActionName::Block => Action::Block,
        ActionName::Allow => Action::Allow,
    }
}

fn guard(given: &Located<RawGuard>, errors: &mut Report<'_>) -> Settings {
    // Where a service is asked is Envoy's matter, too, and compiled elsewhere.
    let RawGuard {
        injection,
        denied_words,
        patterns,
        allow,
        max_text,
        markup,
        structured_output,
        external: _,
    } = &given.value;
    let injection = injection.as_ref().and_then(|injection| {
        let threshold = injection.value.threshold.as_ref();
        let threshold = threshold.map_or(THRESHOLD, |threshold| f32::from(threshold.value.0) / 1000.0);
        Some((threshold, injection.value.action.as_ref()?.value))
    });
    let words = denied_words.iter().flat_map(|lists| &lists.value.0).filter_map(|list| {
        let DeniedWords { id, words, at_least, action } = &list.value;
        Some(policy::WordList {
            id: id.as_ref()?.value.0.clone(),
            words: phrases(words.as_ref()),
            at_least: at_least.as_ref().map_or(1, |least| usize::try_from(least.value.0).unwrap_or(1)),
            action: action.as_ref()?.value,
        })
    });
    let patterns = patterns.iter().flat_map(|patterns| &patterns.value.0).filter_map(|pattern| {
        let DeniedPattern { id, pattern, action } = &pattern.value;
        Some(policy::Pattern {
            id: id.as_ref()?.value.0.clone(),
            pattern: pattern.as_ref()?.value.0.clone(),
            action: action.as_ref()?.value,
        })
    });
    let largest = max_text.as_ref().and_then(|longest| {
        let size = longest.value.size.as_ref()?.value.0;
        Some((usize::try_from(size).unwrap_or(usize::MAX), longest.value.action.as_ref()?.value))
    });
    let settings = Settings {
        injection,
        words: words.collect(),
        patterns: patterns.collect(),
        allow: phrases(allow.as_ref()),
        largest,
        markup: markup.as_ref().and_then(|markup| answers::markup(&markup.value)),
        structured_output: structured_output.as_ref().map(|action| action.value.into()),
    };
    if let Err(problems) = Policy::compile(&settings) {
        for problem in problems {
            errors.add(&given.place, Kind::Guard(problem));
        }
    }
    settings
}

fn phrases<const LEAST: usize>(list: Option<&Located<List<Phrase, LEAST>>>) -> Vec<String> {
    list.iter().flat_map(|list| &list.value.0).map(|phrase| phrase.value.0.clone()).collect()
}
