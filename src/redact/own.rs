//! Types of values that an operator defines: patterns, and lists of words.
//!
//! [`Definitions`] say what they are; [`Own`] finds them in a text that [`super::normal`] has normalised. Words match
//! as context words do ([`super::context`]): whole, without regard to case, accents and separators. Patterns are
//! automata without backtracking, tried on pieces of the text, so that the work is linear in it whatever they are.
//! It does not know how configuration is written, nor what becomes of a finding.

use std::collections::BTreeMap;
use std::fmt;

use regex::{Regex, RegexBuilder};
use regex_syntax::Parser;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::around::{AFTER, BEFORE};
use super::check::{luhn, mod_11_2, mod_11_10, remainder_97, verhoeff};
use super::context::{Contexts, Hit, Lexicon, Tag};
use super::finding::{Finding, Kind};
use super::fold::is_unspaced;
use super::normal::normalise;

/// The memory that one pattern may take when compiled, and again while it runs.
const LARGEST_PATTERN: usize = 1 << 20;
/// Patterns are tried on so many bytes at a time.
const PIECE: usize = 4 << 10;
/// A value of a pattern is found whole up to this length, in bytes.
const LONGEST_VALUE: usize = 1 << 10;
/// In a stream a value is awaited whole up to this length, in bytes.
pub const LONGEST_HELD: usize = 256;
/// The longest ending that belongs to a word, in characters.
const LONGEST_ENDING: usize = 32;
/// An operator's own types are sure; they give way only to what they are a part of.
const SCORE: u8 = 100;

/// The types of an operator's own, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definitions {
    /// Those that a pattern describes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub patterns: BTreeMap<String, Pattern>,
    /// Those that are lists of words and phrases; a `*` at the end of one stands for any ending.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, Vec<String>>,
}

impl Definitions {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty() && self.words.is_empty()
    }

    /// The names of the types.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.patterns.keys().chain(self.words.keys()).map(String::as_str)
    }
}

impl Definitions {
    /// See [`Own::reach`].
    fn reach(&self) -> usize {
        let pattern = |pattern: &Pattern| {
            let after = if pattern.context.is_empty() { 0 } else { AFTER };
            pattern.regex.longest().unwrap_or(LONGEST_HELD).min(LONGEST_HELD) + after
        };
        let word = |word: &String| {
            let ending = if word.ends_with('*') { LONGEST_ENDING } else { 0 };
            // As much again for what joins the parts of a phrase, and for accents.
            (2 * (word.len() + ending)).min(LONGEST_HELD)
        };
        let words = self.words.values().flatten().map(word);
        self.patterns.values().map(pattern).chain(words).max().unwrap_or(0)
    }
}

/// A type that a pattern describes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// The pattern.
    pub regex: Expression,
    /// Words of which one has to stand near by; none when the pattern says enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<String>,
    /// The check that a value has to pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
}

/// The check digit of a value, over its letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Check {
    /// ISO/IEC 7812-1, annex B, over the digits.
    #[serde(rename = "luhn")]
    Luhn,
    /// Verhoeff's, over the digits.
    #[serde(rename = "verhoeff")]
    Verhoeff,
    /// ISO/IEC 7064, MOD 97-10, over letters and digits: the remainder is 1.
    #[serde(rename = "mod97")]
    Mod97,
    /// ISO/IEC 7064, MOD 11,10, over the digits.
    #[serde(rename = "mod11_10")]
    Mod11And10,
    /// ISO/IEC 7064, MOD 11-2, over the digits and an `X` at the end.
    #[serde(rename = "mod11_2")]
    Mod11And2,
}

impl Check {
    fn passes(self, value: &str) -> bool {
        let upper = value.bytes().map(|byte| byte.to_ascii_uppercase());
        let kept: Vec<u8> = match self {
            Self::Mod97 => upper.filter(u8::is_ascii_alphanumeric).collect(),
            Self::Mod11And2 => upper.filter(|byte| byte.is_ascii_digit() || *byte == b'X').collect(),
            Self::Luhn | Self::Verhoeff | Self::Mod11And10 => upper.filter(u8::is_ascii_digit).collect(),
        };
        kept.len() > 1
            && match self {
                Self::Luhn => luhn(&kept),
                Self::Verhoeff => verhoeff(&kept),
                Self::Mod97 => remainder_97(kept.into_iter()) == 1,
                Self::Mod11And10 => mod_11_10(&kept),
                Self::Mod11And2 => mod_11_2(&kept),
            }
    }
}

/// A regular expression that is valid, of bounded size, and matches no empty text.
#[derive(Clone, Debug)]
pub struct Expression(Regex);

/// Why a text is no [`Expression`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not valid, or too large, in the words of the `regex` crate.
    Invalid(String),
    /// It matches an empty text, which is everywhere.
    MatchesNothing,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(reason) => write!(formatter, "not a regular expression: {reason}"),
            Self::MatchesNothing => formatter.write_str("the expression matches an empty text"),
        }
    }
}

impl Expression {
    /// Compiles a pattern in the syntax of the `regex` crate.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(pattern: &str) -> Result<Self, Fault> {
        let mut builder = RegexBuilder::new(pattern);
        builder.size_limit(LARGEST_PATTERN).dfa_size_limit(LARGEST_PATTERN);
        let regex = builder.build().map_err(|error| {
            // The lines before repeat the pattern and point into it.
            let told = error.to_string();
            let last = told.lines().next_back().unwrap_or_default();
            Fault::Invalid(last.trim_start_matches("error: ").to_owned())
        })?;
        // The second has every kind of edge.
        let matches_nothing =
            ["", "a 1-\n"].iter().any(|text| regex.find_iter(text).any(|found| found.range().is_empty()));
        if matches_nothing { Err(Fault::MatchesNothing) } else { Ok(Self(regex)) }
    }

    /// The length of its longest match, in bytes; none where matches may have any length.
    fn longest(&self) -> Option<usize> {
        Parser::new().parse(self.0.as_str()).ok()?.properties().maximum_len()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Expression {}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pattern = String::deserialize(deserializer)?;
        Self::new(&pattern).map_err(serde::de::Error::custom)
    }
}

/// Whether a word or phrase can be found: it needs two letters or digits.
#[must_use]
pub fn is_findable(word: &str) -> bool {
    normalise(word).text.chars().filter(|character| character.is_alphanumeric()).nth(1).is_some()
}

/// Types of an operator's own, ready to be found.
pub struct Own {
    patterns: Vec<Ready>,
    /// The type of each list of words.
    lists: Vec<Kind>,
    words: Lexicon,
    contexts: Lexicon,
    reach: usize,
}

struct Ready {
    kind: Kind,
    regex: Regex,
    in_context: bool,
    check: Option<Check>,
}

impl fmt::Debug for Own {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.kinds()).finish()
    }
}

impl Own {
    /// Prepares definitions.
    #[must_use]
    pub fn new(definitions: &Definitions) -> Self {
        let mut own = Self {
            patterns: Vec::new(),
            lists: Vec::new(),
            words: Lexicon::with_digits(),
            contexts: Lexicon::with_digits(),
            reach: definitions.reach(),
        };
        let add = |lexicon: &mut Lexicon, words: &[String], tag: Tag| {
            for word in words {
                lexicon.add(&[&*normalise(word).text], tag);
            }
        };
        for ((name, pattern), index) in definitions.patterns.iter().zip(0..) {
            let Pattern { regex, context, check } = pattern;
            let (regex, in_context) = (regex.0.clone(), !context.is_empty());
            own.patterns.push(Ready { kind: Kind::named(name), regex, in_context, check: *check });
            add(&mut own.contexts, context, Tag::Format(index));
        }
        for ((name, words), index) in definitions.words.iter().zip(0..) {
            own.lists.push(Kind::named(name));
            add(&mut own.words, words, Tag::Format(index));
        }
        own
    }

    /// The types.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.patterns.iter().map(|ready| ready.kind).chain(self.lists.iter().copied())
    }

    /// How much text after its beginning decides about a value, in bytes: its own length, as far as its definition bounds
    /// that, [`LONGEST_HELD`] at the most, and the words after it that may say what it is.
    #[must_use]
    pub const fn reach(&self) -> usize {
        self.reach
    }

    fn has(&self, kind: Kind) -> bool {
        self.kinds().any(|own| own == kind)
    }

    /// Adds the values in a normalised text.
    pub(super) fn find(&self, text: &str, findings: &mut Vec<Finding>) {
        if !self.lists.is_empty() {
            self.find_words(text, findings);
        }
        let mut awaiting = Vec::new();
        for (ready, index) in self.patterns.iter().zip(0..) {
            each_match(&ready.regex, text, |start, end| {
                let value = text.get(start..end).unwrap_or_default();
                if ready.check.is_some_and(|check| !check.passes(value)) {
                    return;
                }
                match ready.in_context {
                    true => awaiting.push((start, end, index)),
                    false => findings.push(Finding { start, end, kind: ready.kind, score: SCORE }),
                }
            });
        }
        awaiting.sort_unstable();
        let mut contexts = Contexts::new(text, &self.contexts);
        for (start, end, index) in awaiting {
            let near = |hit: &Hit| {
                let apart = if hit.end <= start { start - hit.end <= BEFORE } else { hit.start >= end };
                apart && hit.tag == Tag::Format(index)
            };
            let is_announced =
                contexts.within(start.saturating_sub(2 * BEFORE), end + AFTER).iter().any(near);
            if let Some(ready) = self.patterns.get(usize::from(index)).filter(|_| is_announced) {
                findings.push(Finding { start, end, kind: ready.kind, score: SCORE });
            }
        }
    }

    fn find_words(&self, text: &str, findings: &mut Vec<Finding>) {
        let mut contexts = Contexts::new(text, &self.words);
        let mut at = 0;
        while at < text.len() {
            // What is read at a time is held in memory as letters.
            let next = at + PIECE;
            for hit in contexts.within(at, next) {
                let Tag::Format(index) = hit.tag else { continue };
                if let Some(kind) = self.lists.get(usize::from(index)) {
                    let end = hit.end + rest_of_word(text, hit.end);
                    findings.push(Finding { start: hit.start, end, kind: *kind, score: SCORE });
                }
            }
            at = next;
        }
    }

    /// Takes out the operator's own values that are only a part of another, which goes as a whole. A value whose type
    /// is one of `allowed` stays, and so does not stand for what is in it.
    pub(super) fn give_way(&self, findings: &mut Vec<Finding>, allowed: &[Kind]) {
        let others = findings.iter().filter(|other| !self.has(other.kind) && !allowed.contains(&other.kind));
        let mut others: Vec<Finding> = others.copied().collect();
        super::finding::settle(&mut others);
        findings.retain(|own| {
            let around = others.get(others.partition_point(|other| other.end < own.end));
            let is_part =
                |other: &Finding| other.start <= own.start && other.end - other.start > own.end - own.start;
            !(self.has(own.kind) && around.is_some_and(is_part))
        });
    }
}

/// The length of what a word goes on with, behind a beginning that any ending may follow. Behind a whole word there is
/// nothing, or another one.
fn rest_of_word(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let before = text.get(..from).and_then(|text| text.chars().next_back());
    let mut small = before.is_some_and(char::is_lowercase);
    let goes_on = |character: &char| {
        let hump = small && character.is_uppercase();
        small = character.is_lowercase();
        character.is_alphanumeric() && !hump && !is_unspaced(*character)
    };
    rest.chars().take(LONGEST_ENDING).take_while(goes_on).map(char::len_utf8).sum()
}

/// Calls `found` with every match that is not empty. The search for one may have to read on to the end before it takes what
/// is near; so it ends with a piece of the text, and no byte is read more often than a piece has bytes.
fn each_match(regex: &Regex, text: &str, mut found: impl FnMut(usize, usize)) {
    let mut at = 0;
    while at < text.len() {
        let end = text.ceil_char_boundary(at + PIECE);
        let piece = text.get(..end).unwrap_or_default();
        // What begins further on may go on in the next piece.
        let last = if end == text.len() { end } else { text.floor_char_boundary(end - LONGEST_VALUE) };
        while let Some(next) = regex.find_at(piece, at).filter(|next| next.start() < last) {
            at = next.end();
            if next.range().is_empty() {
                at = text.ceil_char_boundary(at + 1);
            } else {
                found(next.start(), next.end());
            }
            if at >= last {
                break;
            }
        }
        at = at.max(last);
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;

    use super::super::{Settings, find_all};
    use super::*;

    fn settings(patterns: &[(&str, &str, &[&str], Option<Check>)], words: &[(&str, &[&str])]) -> Settings {
        let texts = |of: &[&str]| of.iter().map(ToString::to_string).collect::<Vec<_>>();
        let pattern = |(name, regex, context, check): &(&str, &str, &[&str], Option<Check>)| {
            let regex = Expression::new(regex).unwrap();
            (name.to_string(), Pattern { regex, context: texts(context), check: *check })
        };
        let definitions = Definitions {
            patterns: patterns.iter().map(pattern).collect(),
            words: words.iter().map(|(name, words)| (name.to_string(), texts(words))).collect(),
        };
        Settings { own: Some(Arc::new(Own::new(&definitions))), ..Settings::default() }
    }

    fn found<'a>(text: &'a str, settings: &Settings) -> Vec<(&'a str, &'static str)> {
        let found = find_all(text, settings);
        found.iter().map(|finding| (&text[finding.start..finding.end], finding.kind.0)).collect()
    }

    #[test]
    fn a_pattern_is_found_through_disguises_and_as_it_stands() {
        let own = settings(&[("EMPLOYEE_ID", r"\bE-\d{6}\b", &[], None)], &[]);
        for text in ["E-123456", "Ｅ－１２３４５６", "E-12\u{200b}3456", "E\u{2010}123456"] {
            let around = format!("of {text}, née Müller");
            assert_eq!(found(&around, &own), [(text, "EMPLOYEE_ID")]);
        }
        assert_eq!(found("E-1234567 or XE-123456", &own), []);
    }

    #[test]
    fn a_context_word_has_to_stand_near() {
        let own = settings(&[("BADGE", r"\b\d{4}\b", &["badge", "Ausweis*"], None)], &[]);
        for near in ["badge 1234", "1234 (badge)", "badge_no: 1234", "badgeNo=1234", "AUSWEISNUMMER 1234"] {
            assert_eq!(found(near, &own), [("1234", "BADGE")], "{near}");
        }
        let far = format!("badge {} 1234", "and so on ".repeat(10));
        for not in ["in 1234", "badges 1234", &far] {
            assert_eq!(found(not, &own), [], "{not}");
        }
    }

    /// The examples of the standards, GLEIF's own LEI (ISO 17442), and a changed digit of each.
    #[test]
    fn a_check_digit_decides() {
        for (check, regex, valid, invalid) in [
            (Check::Luhn, r"C\d{11}", "C79927398713", "C79927398710"),
            (Check::Verhoeff, r"V-\d{4}", "V-2363", "V-2364"),
            (Check::Mod97, r"\b[0-9A-Z]{18}\d\d\b", "506700GE1G29325QX363", "506700GE1G29325QX364"),
            (Check::Mod11And10, r"T\d{5}", "T07945", "T07946"),
            (Check::Mod11And2, r"N\d{3}[\dX]", "N079X", "N0791"),
        ] {
            let own = settings(&[("NUMBER", regex, &[], Some(check))], &[]);
            assert_eq!(found(&format!("a {valid} b"), &own), [(valid, "NUMBER")]);
            assert_eq!(found(&format!("a {invalid} b"), &own), []);
        }
    }

    #[test]
    fn words_are_found_whole_in_every_spelling() {
        let own = settings(
            &[],
            &[("PROJECT_NAME", &["Falcon", "Blue Moon", "F-35", "Straße", "R&D lab", "Kestrel*"])],
        );
        for text in [
            "falcon",
            "FALCON",
            "Fálcon",
            "f\u{200b}alcon",
            "Ｆａｌｃｏｎ",
            "blue moon",
            "BlueMoon",
            "blue_moon",
            "Blue\nMoon",
            "F35",
            "f-35",
            "STRASSE",
            "R&D Lab",
            "Kestrels",
        ] {
            assert_eq!(found(&format!("the \"{text}\" one"), &own), [(text, "PROJECT_NAME")], "{text}");
        }
        for text in ["falcons", "falconry", "F-350", "blue", "moon", "af35"] {
            assert_eq!(found(text, &own), [], "{text}");
        }
    }

    #[test]
    fn a_word_is_found_wherever_it_stands_in_a_long_text() {
        let own = settings(&[("PATTERN", "Q{3}", &[], None)], &[("WORD", &["Blue Moon"])]);
        for before in (0..40).chain(PIECE - 40..PIECE + 40).chain(2 * PIECE - 20..2 * PIECE + 4) {
            let text = format!("{} blue moon QQQ", "é ".repeat(before / 3));
            assert_eq!(found(&text, &own), [("blue moon", "WORD"), ("QQQ", "PATTERN")], "{before}");
        }
    }

    /// A value goes as a whole: what is left of it would give it away.
    #[test]
    fn a_part_of_a_value_gives_way_and_a_larger_one_does_not() {
        let mut own = settings(&[("TICKET", r"T<[^>]*>", &[], None)], &[("WORD", &["falcon", "example"])]);
        assert_eq!(found("falcon@corp.example", &own), [("falcon@corp.example", "EMAIL_ADDRESS")]);
        assert_eq!(found("T<a@corp.test>", &own), [("T<a@corp.test>", "TICKET")]);
        own.allowed = vec![Kind("EMAIL_ADDRESS")];
        assert_eq!(found("falcon@corp.test", &own), [("falcon", "WORD")]);
        own.exempt = vec!["FALCON".to_owned()];
        assert_eq!(found("falcon flies", &own), []);
    }

    #[test]
    fn what_matches_nothing_or_cannot_be_compiled_is_no_expression() {
        for empty in ["", "a*", r"\b", "(?m)^", "x|"] {
            assert_eq!(Expression::new(empty).unwrap_err(), Fault::MatchesNothing, "{empty}");
        }
        assert_eq!(Expression::new("a(").unwrap_err(), Fault::Invalid("unclosed group".to_owned()));
        assert!(matches!(Expression::new(r"\w{5000}").unwrap_err(), Fault::Invalid(_)));
        assert!(is_findable("X7") && !is_findable("C++") && !is_findable("…"));
    }
}
