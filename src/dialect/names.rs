//! The words of a client's own that a provider limits in letters and in length: identifiers of tool calls, and names of
//! tools.
//!
//! Sources: OpenAI's reference, `function.name` ("a maximum length of 64"), and its answer to a call whose `id` is
//! longer than 40; Anthropic's, `tools[].name` and `tool_use.id` (`^[a-zA-Z0-9_-]+$`), and that an `id` is unique in a
//! request; Amazon Bedrock's, `ToolUseBlock`; Gemini's, `FunctionDeclaration.name`.
//!
//! Promises: different words stay different, the same word stays the same throughout a request, and a name of a tool is
//! put back in the answer. Nothing is lost so.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::chat::{ChatAnswer, ChatEvent, ChatRequest, Content, Delta, ToolChoice};
use crate::dialect::target::{Models, Target};
use crate::dialect::translate::Dialect;

/// A name as the provider is told it, and the client's own.
pub type Renamed = (String, String);

/// What a provider takes as a word.
#[derive(Clone, Copy)]
struct Rule {
    /// Marks beside letters and digits; `None` where everything may be in it.
    marks: Option<&'static str>,
    /// Whether a digit or a mark may come first.
    any_first: bool,
    /// The most characters.
    most: usize,
}

const PLAIN: Rule = Rule { marks: Some("_-"), any_first: true, most: usize::MAX };

/// What stands for a word that is too long, or taken: an underscore and so many hexadecimal digits.
const TAIL: usize = 17;

impl Rule {
    const fn of_names(provider: Dialect, target: &Target) -> Option<Self> {
        Some(match provider {
            Dialect::OpenAiChat if matches!(target.quirks.models, Models::OpenAi) => {
                Self { most: 64, ..PLAIN }
            }
            Dialect::Anthropic => Self { most: 128, ..PLAIN },
            Dialect::Bedrock => Self { most: 64, ..PLAIN },
            Dialect::Gemini => Self { marks: Some("_-.:"), any_first: false, most: 128 },
            _ => return None,
        })
    }

    const fn of_identifiers(provider: Dialect, target: &Target) -> Option<Self> {
        Some(match provider {
            Dialect::OpenAiChat if matches!(target.quirks.models, Models::OpenAi) => {
                Self { marks: None, any_first: true, most: 40 }
            }
            Dialect::Anthropic => PLAIN,
            Dialect::Bedrock => Self { most: 64, ..PLAIN },
            _ => return None,
        })
    }

    /// The word, or the one nearest to it that fits.
    fn fit(self, word: &str) -> Cow<'_, str> {
        let is_good = |letter: char| {
            self.marks.is_none_or(|marks| letter.is_ascii_alphanumeric() || marks.contains(letter))
        };
        let is_first = |letter: char| self.any_first || letter.is_ascii_alphabetic() || letter == '_';
        let begins = word.starts_with(is_first);
        if begins && word.chars().all(is_good) && word.chars().count() <= self.most {
            return Cow::Borrowed(word);
        }
        let first = if begins || word.is_empty() { "" } else { "_" };
        let good = word.chars().map(|letter| if is_good(letter) { letter } else { '_' });
        let fitting: String = first.chars().chain(good).collect();
        if fitting.is_empty() || fitting.chars().count() > self.most {
            return Cow::Owned(self.marked(word));
        }
        Cow::Owned(fitting)
    }

    /// The word's beginning, as far as it fits, with a mark of the whole behind it.
    fn marked(self, word: &str) -> String {
        let room = Self { most: usize::MAX, ..self };
        let beginning: String = if word.is_empty() { "_".to_owned() } else { room.fit(word).into_owned() };
        let beginning: String = beginning.chars().take(self.most.saturating_sub(TAIL)).collect();
        format!("{beginning}_{:016x}", hash(word))
    }
}

/// FNV-1a in 64 bits (draft-eastlake-fnv, section 2): enough to tell the words of one request apart.
fn hash(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Fits every identifier and every name to the provider; the names that were changed.
pub(super) fn settle(request: &mut Cow<'_, ChatRequest>, provider: Dialect, target: &Target) -> Vec<Renamed> {
    if let Some(rule) = Rule::of_identifiers(provider, target) {
        // OpenAI looks for a result right behind its call only.
        settle_identifiers(request, rule, provider != Dialect::OpenAiChat);
    }
    Rule::of_names(provider, target).map_or_else(Vec::new, |rule| settle_names(request, rule))
}

fn settle_identifiers(request: &mut Cow<'_, ChatRequest>, rule: Rule, must_be_unique: bool) {
    // The client's identifier with what it is now, which a later call with the same may change.
    let mut told: BTreeMap<&str, String> = BTreeMap::new();
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut changes: Vec<(usize, usize, String)> = Vec::new();
    for (index, message) in request.messages.iter().enumerate() {
        for (place, part) in message.parts.iter().enumerate() {
            let (id, fitting) = match &part.content {
                Content::ToolCall { id, .. } => {
                    let known = told.get(id.as_str()).filter(|_| !must_be_unique).cloned();
                    let fitting = known.unwrap_or_else(|| {
                        let fitting = rule.fit(id).into_owned();
                        if used.contains(&fitting) {
                            rule.marked(&format!("{id}_{}", used.len()))
                        } else {
                            fitting
                        }
                    });
                    told.insert(id, fitting.clone());
                    used.insert(fitting.clone());
                    (id, fitting)
                }
                Content::ToolResult { id, .. } => {
                    (id, told.get(id.as_str()).cloned().unwrap_or_else(|| rule.fit(id).into_owned()))
                }
                _ => continue,
            };
            if *id != fitting {
                changes.push((index, place, fitting));
            }
        }
    }
    if changes.is_empty() {
        return;
    }
    let request = request.to_mut();
    for (index, place, fitting) in changes {
        let part = request.messages.get_mut(index).and_then(|message| message.parts.get_mut(place));
        if let Some(Content::ToolCall { id, .. } | Content::ToolResult { id, .. }) =
            part.map(|part| &mut part.content)
        {
            *id = fitting;
        }
    }
}

fn settle_names(request: &mut Cow<'_, ChatRequest>, rule: Rule) -> Vec<Renamed> {
    let is_bad = |name: &&str| matches!(rule.fit(name), Cow::Owned(_));
    if names(request).find(is_bad).is_none() {
        return Vec::new();
    }
    let known: BTreeSet<String> = names(request).map(str::to_owned).collect();
    let mut renamed: Vec<Renamed> = Vec::new();
    for own in known.iter().filter(|name| is_bad(&name.as_str())) {
        let fitting = rule.fit(own).into_owned();
        let is_taken = known.contains(&fitting) || renamed.iter().any(|(told, _)| *told == fitting);
        renamed.push((if is_taken { rule.marked(own) } else { fitting }, own.clone()));
    }
    let rename = |name: &mut String| {
        if let Some((told, _)) = renamed.iter().find(|(_, own)| own == name) {
            name.clone_from(told);
        }
    };
    let request = request.to_mut();
    request.tools.iter_mut().for_each(|tool| rename(&mut tool.name));
    match &mut request.tool_choice {
        Some(ToolChoice::Named(name)) => rename(name),
        Some(ToolChoice::Allowed { names, .. }) => names.iter_mut().for_each(rename),
        _ => {}
    }
    for part in request.messages.iter_mut().flat_map(|message| &mut message.parts) {
        match &mut part.content {
            Content::ToolCall { name, .. } | Content::ToolResult { name: Some(name), .. } => rename(name),
            _ => {}
        }
    }
    renamed
}

/// Every name of a tool that is declared, or that was called.
fn names(request: &ChatRequest) -> impl Iterator<Item = &str> {
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    let called = parts.filter_map(|part| match &part.content {
        Content::ToolCall { name, .. } | Content::ToolResult { name: Some(name), .. } => Some(name.as_str()),
        _ => None,
    });
    request.tools.iter().map(|tool| tool.name.as_str()).chain(called)
}

fn put_back(name: &mut String, renamed: &[Renamed]) {
    if let Some((_, own)) = renamed.iter().find(|(told, _)| told == name) {
        name.clone_from(own);
    }
}

/// Puts the client's names into a whole answer.
pub(super) fn restore(answer: &mut ChatAnswer, renamed: &[Renamed]) {
    for part in answer.choices.iter_mut().flat_map(|choice| &mut choice.parts) {
        if let Content::ToolCall { name, .. } = &mut part.content {
            put_back(name, renamed);
        }
    }
}

/// Puts the client's name into an event of a streamed answer.
pub(super) fn restore_event(event: &mut ChatEvent, renamed: &[Renamed]) {
    if let ChatEvent::Delta { delta: Delta::ToolCall { name, .. }, .. } = event {
        put_back(name, renamed);
    }
}
