//! What an operator forbids besides attacks, and what happens at a hit.
//!
//! [`Settings`] are compiled once into a [`Policy`], with everything that is wrong with them reported; a policy checks
//! texts in linear time, whatever the patterns are, for they are automata without backtracking. A [`Verdict`] says
//! which rule was hit and where, and never holds the text. Nothing here knows how configuration is written, nor
//! how a refusal looks.

use std::fmt;
use std::ops::Range;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::{Source, assess, fold, markup};

/// What happens at a hit, from the mildest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The hit is counted and logged.
    Observe,
    /// The client is told in a header of the answer.
    Warn,
    /// What was hit is taken out of the text.
    Redact,
    /// The request or the answer is refused.
    Block,
}

impl Action {
    /// The stable name in configuration, metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Warn => "warn",
            Self::Redact => "redact",
            Self::Block => "block",
        }
    }
}

/// Words that are not to be said, or that make up a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordList {
    /// The rule's name in metrics, logs and refusals.
    pub id: String,
    /// Words or phrases, in any case.
    pub words: Vec<String>,
    /// How many different words a text must have: 1 for denied words, more for a topic.
    pub at_least: usize,
    /// What happens at a hit.
    pub action: Action,
}

/// A pattern of the operator's own, in the syntax of the `regex` crate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// The rule's name in metrics, logs and refusals.
    pub id: String,
    /// The pattern.
    pub pattern: String,
    /// What happens at a hit.
    pub action: Action,
}

/// A guard as an operator writes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The least score of an attack, from 0 to 1, and what happens then.
    pub injection: Option<(f32, Action)>,
    /// Denied words and topics.
    pub words: Vec<WordList>,
    /// Patterns.
    pub patterns: Vec<Pattern>,
    /// Words and phrases that no rule looks at.
    pub allow: Vec<String>,
    /// The most bytes of a text, and what happens beyond.
    pub largest: Option<(usize, Action)>,
    /// What happens at an image that carries data away, or a script, in an answer; and the hosts that images may
    /// come from.
    pub markup: Option<(Action, Vec<String>)>,
    /// What happens at an answer that is not what its request's schema asks for: `Observe` or `Block`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structured_output: Option<Action>,
}

/// What is wrong with settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The pattern of this rule is not valid, or too large.
    InvalidPattern {
        /// The rule.
        id: String,
        /// What the `regex` crate says.
        reason: String,
    },
    /// The list of this rule has no word, or one of them is empty.
    EmptyWord {
        /// The rule, or `allow`.
        id: String,
    },
    /// The list of this rule has fewer different words than a text must have.
    Unreachable {
        /// The rule.
        id: String,
    },
    /// The threshold is no number from 0 to 1.
    InvalidThreshold,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidPattern { id, reason } => {
                write!(formatter, "the pattern of `{id}` is not valid: {reason}")
            }
            Self::EmptyWord { id } => write!(formatter, "`{id}` has an empty word, or none"),
            Self::Unreachable { id } => write!(formatter, "`{id}` asks for more words than it has"),
            Self::InvalidThreshold => formatter.write_str("the threshold is no number from 0 to 1"),
        }
    }
}

impl std::error::Error for Problem {}

/// The rule for texts that are too long, in verdicts.
pub const SIZE: &str = "size";

/// The rule for answers that are not what the schema of their request asks for.
pub const STRUCTURED_OUTPUT: &str = "structured-output";

/// The rule for those that could not be held against it.
pub const UNCHECKED_OUTPUT: &str = "structured-output-unchecked";

/// What takes the place of text that a rule takes out.
pub const TAKEN_OUT: &str = "[removed]";

/// The memory that one pattern may take when compiled, and again while it runs.
const LARGEST_PATTERN: usize = 1 << 20;
/// Places reported for a rule that takes out what it hits.
const MOST_PLACES: usize = 10_000;

/// What a policy says of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict<'policy> {
    /// From 0 to 1: the chance of an attack, and 1 for what was forbidden in so many words.
    pub score: f32,
    /// The rule with the gravest action, if any was hit.
    pub rule: Option<&'policy str>,
    /// That action.
    pub action: Option<Action>,
    /// Where rules hit that take out what they hit: byte ranges of the text, in order, none overlapping.
    pub redact: Vec<Range<usize>>,
}

impl Verdict<'_> {
    /// Whether the text is refused.
    #[must_use]
    pub fn blocked(&self) -> bool {
        self.action == Some(Action::Block)
    }
}

/// One rule of the operator's, compiled.
#[derive(Clone, Debug)]
struct Compiled {
    id: String,
    regex: Regex,
    at_least: usize,
    action: Action,
}

/// A guard, ready to check.
#[derive(Clone, Debug)]
pub struct Policy {
    injection: Option<(f32, Action)>,
    rules: Vec<Compiled>,
    allow: Option<Regex>,
    largest: Option<(usize, Action)>,
    markup: Option<(Action, Vec<String>)>,
    structured_output: Option<Action>,
}

impl Policy {
    /// Compiles settings.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn compile(settings: &Settings) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut rules = Vec::new();
        for list in &settings.words {
            match words(&list.id, &list.words) {
                Ok(_) if list.at_least > list.words.len() => {
                    problems.push(Problem::Unreachable { id: list.id.clone() });
                }
                Ok(regex) => rules.push(Compiled {
                    id: list.id.clone(),
                    regex,
                    at_least: list.at_least.max(1),
                    action: list.action,
                }),
                Err(problem) => problems.push(problem),
            }
        }
        for Pattern { id, pattern, action } in &settings.patterns {
            match compiled(id, pattern) {
                Ok(regex) => rules.push(Compiled { id: id.clone(), regex, at_least: 1, action: *action }),
                Err(problem) => problems.push(problem),
            }
        }
        let allow = match settings.allow.as_slice() {
            [] => None,
            phrases => words("allow", phrases).map_err(|problem| problems.push(problem)).ok(),
        };
        if settings.injection.is_some_and(|(threshold, _)| !(0.0..=1.0).contains(&threshold)) {
            problems.push(Problem::InvalidThreshold);
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            injection: settings.injection,
            rules,
            allow,
            largest: settings.largest,
            markup: settings.markup.clone(),
            structured_output: settings.structured_output,
        })
    }

    /// Checks a text on its way to a model.
    #[must_use]
    pub fn check(&self, text: &str, source: Source) -> Verdict<'_> {
        let mut verdict = self.forbidden(text);
        if let Some((threshold, action)) = self.injection {
            let blanked = self.allow.as_ref().map(|allow| blanked(text, allow));
            let assessment = assess(blanked.as_deref().unwrap_or(text), source);
            let rule = assessment.rule.filter(|_| assessment.score >= threshold);
            verdict.score = verdict.score.max(assessment.score);
            if let Some(rule) = rule {
                verdict.hit(rule.id(), action, assessment.score);
                if action == Action::Redact {
                    // An attack has no edges: the text goes as a whole.
                    verdict.redact.clear();
                    verdict.redact.push(0..text.len());
                }
            }
        }
        verdict
    }

    /// What happens at markup in answers that acts, where anything does; and the hosts that images may come from.
    #[must_use]
    pub fn markup(&self) -> Option<(Action, &[String])> {
        self.markup.as_ref().map(|(action, hosts)| (*action, hosts.as_slice()))
    }

    /// What happens at an answer that is not what its request's schema asks for, where that is looked at.
    #[must_use]
    pub const fn structured_output(&self) -> Option<Action> {
        self.structured_output
    }

    /// Checks a text that a model answered for markup that acts.
    #[must_use]
    pub fn check_answer(&self, text: &str) -> Verdict<'_> {
        let mut verdict = Verdict { score: 0.0, rule: None, action: None, redact: Vec::new() };
        if let Some((action, hosts)) = &self.markup {
            for hit in markup::find(text, hosts) {
                verdict.hit(hit.rule.id(), *action, 1.0);
                if *action == Action::Redact {
                    verdict.redact.push(hit.place);
                }
            }
            verdict.settle();
        }
        verdict
    }

    /// What the operator's own rules say.
    fn forbidden(&self, text: &str) -> Verdict<'_> {
        let mut verdict = Verdict { score: 0.0, rule: None, action: None, redact: Vec::new() };
        if let Some((largest, action)) = self.largest
            && text.len() > largest
        {
            verdict.hit(SIZE, action, 1.0);
            if action == Action::Block {
                // Nothing can be graver, and the text may be huge.
                return verdict;
            }
            if action == Action::Redact {
                verdict.redact.push(text.floor_char_boundary(largest)..text.len());
            }
        }
        let allowed: Vec<Range<usize>> =
            self.allow.iter().flat_map(|allow| allow.find_iter(text)).map(|found| found.range()).collect();
        let is_allowed = |found: &Range<usize>| {
            allowed.iter().any(|place| place.start <= found.start && found.end <= place.end)
        };
        for rule in &self.rules {
            let places =
                rule.regex.find_iter(text).map(|found| found.range()).filter(|found| !found.is_empty());
            let places: Vec<_> = places.filter(|found| !is_allowed(found)).take(MOST_PLACES).collect();
            let mut different: Vec<String> =
                places.iter().filter_map(|place| text.get(place.clone())).map(fold::word).collect();
            different.sort_unstable();
            different.dedup();
            if different.len() >= rule.at_least {
                verdict.hit(&rule.id, rule.action, 1.0);
                if rule.action == Action::Redact {
                    verdict.redact.extend(places);
                }
            }
        }
        verdict.settle();
        verdict
    }
}

impl<'policy> Verdict<'policy> {
    fn hit(&mut self, rule: &'policy str, action: Action, score: f32) {
        self.score = self.score.max(score);
        if self.action.is_none_or(|gravest| gravest < action) {
            (self.rule, self.action) = (Some(rule), Some(action));
        }
    }

    /// Puts the places in order and joins those that overlap.
    fn settle(&mut self) {
        self.redact.sort_by_key(|place| (place.start, place.end));
        let mut settled: Vec<Range<usize>> = Vec::with_capacity(self.redact.len());
        for place in self.redact.drain(..) {
            match settled.last_mut() {
                Some(last) if place.start < last.end => last.end = last.end.max(place.end),
                _ => settled.push(place),
            }
        }
        self.redact = settled;
    }
}

/// One automaton for all words of a list.
fn words(id: &str, words: &[String]) -> Result<Regex, Problem> {
    let empty = Problem::EmptyWord { id: id.to_owned() };
    if words.is_empty() || words.iter().any(|word| word.trim().is_empty()) {
        return Err(empty);
    }
    // Words of writing with spaces count whole only; others have no edges to see. The longest come first, so that a
    // phrase is not taken for the word that it begins with.
    let mut sorted: Vec<&str> = words.iter().map(|word| word.trim()).collect();
    sorted.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let edge = |letter: Option<char>| match letter {
        Some(letter) if letter.is_alphanumeric() && !fold::is_unspaced(letter) => r"\b",
        _ => "",
    };
    let alternatives = sorted.iter().map(|word| {
        let (first, last) = (edge(word.chars().next()), edge(word.chars().next_back()));
        let parts: Vec<String> = word.split_whitespace().map(regex::escape).collect();
        format!("{first}{}{last}", parts.join(r"\s+"))
    });
    compiled(id, &format!("(?i:{})", alternatives.collect::<Vec<_>>().join("|")))
}

fn compiled(id: &str, pattern: &str) -> Result<Regex, Problem> {
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(LARGEST_PATTERN).dfa_size_limit(LARGEST_PATTERN);
    builder.build().map_err(|error| Problem::InvalidPattern { id: id.to_owned(), reason: error.to_string() })
}

/// The text with spaces in the place of what is allowed.
fn blanked(text: &str, allow: &Regex) -> String {
    allow
        .replace_all(text, |found: &regex::Captures<'_>| {
            found.get(0).map_or(String::new(), |found| " ".repeat(found.len()))
        })
        .into_owned()
}
