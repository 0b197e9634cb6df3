//! `redaction.patterns` and `redaction.words` in gateway.yaml: an operator's own types of values.
//!
//! Those at the top of the file are types like the built-in ones from then on, for every team; a team may have more, or
//! its own of the same name.

use std::collections::BTreeMap;

use super::content::{Phrase, RawRedaction};
use super::problem::{Echo, Kind, Section, nearest};
use super::shape::{List, Located, Named, Report, Text, enums, record};
use crate::redact::own::{self, Check, Definitions};
use crate::redact::types;

enums! { Check }

/// The most types with a pattern in one place, for each is searched for on its own.
const MOST_PATTERNS: usize = 64;
/// The most words and phrases in one place.
const MOST_WORDS: usize = 10_000;

record! {
    /// A type that a pattern describes.
    RawPattern {
        /// A regular expression, without look-around and references back. Values longer than 1KiB may be found in part.
        required regex: Expression,
        /// Words of which one has to stand near by, in any spelling; `*` at the end stands for any ending. Default: the
        /// pattern says enough.
        optional context: List<Word, 1>,
        /// The check digits that a value has: `luhn`, `verhoeff`, `mod97`, `mod11_10` or `mod11_2`, over its digits, and
        /// of `mod97` over its letters, too. Default: none.
        optional check: Check,
    }
}

/// A regular expression that can be used.
#[derive(Clone, Debug)]
pub(super) struct Expression(own::Expression);

impl Text for Expression {
    const EXPECTED: &'static str = "a regular expression of at most 1024 bytes";
    const PATTERN: &'static str = "^.{1,1024}$";

    fn parse(text: &str) -> Result<Self, Kind> {
        if text.is_empty() || text.len() > 1024 {
            return Err(Self::mismatch(text));
        }
        own::Expression::new(text).map(Self).map_err(Kind::Expression)
    }
}

/// A word or phrase that can be found.
#[derive(Clone, Debug)]
pub(super) struct Word(String);

impl Text for Word {
    const EXPECTED: &'static str = "a text of at most 256 characters, with two letters or digits";
    const PATTERN: &'static str = Phrase::PATTERN;

    fn parse(text: &str) -> Result<Self, Kind> {
        let valid = own::is_findable(text) && text.chars().count() <= 256;
        if valid { Ok(Self(text.trim().to_owned())) } else { Err(Self::mismatch(text)) }
    }
}

/// The name of a type of the operator's own.
#[derive(Clone, Debug)]
pub(super) struct OwnName(String);

impl Text for OwnName {
    const EXPECTED: &'static str =
        "a name of at most 40 capital letters and single `_` between them, such as EMPLOYEE_ID";
    const PATTERN: &'static str = "^[A-Z]+(_[A-Z]+)*$";

    fn parse(text: &str) -> Result<Self, Kind> {
        // Without digits, so that no placeholder can be taken for that of another type.
        let part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase());
        if text.len() > 40 || !text.split('_').all(part) {
            return Err(Self::mismatch(text));
        }
        let built_in = types().any(|kind| kind.0 == text);
        if built_in { Err(Kind::BuiltInType) } else { Ok(Self(text.to_owned())) }
    }
}

/// The name of a type, which [`resolve`] looks up.
#[derive(Clone, Debug)]
pub(super) struct TypeName(pub(super) String);

impl Text for TypeName {
    const EXPECTED: &'static str = "the name of a type, such as EMAIL_ADDRESS";
    const PATTERN: &'static str = "^[A-Z][A-Z0-9_]*$";

    fn parse(text: &str) -> Result<Self, Kind> {
        Ok(Self(text.to_owned()))
    }
}

/// The name, where there is such a type.
pub(super) fn resolve<'a>(
    name: &'a Located<TypeName>,
    own: &Definitions,
    errors: &mut Report<'_>,
) -> Option<&'a str> {
    let text = name.value.0.as_str();
    let known = || types().map(|kind| kind.0).chain(own.names());
    if known().any(|known| known == text) {
        return Some(text);
    }
    let nearest = nearest(&text.to_ascii_uppercase(), known()).map(Echo::of);
    errors.add(&name.place, Kind::UnknownName { section: Section::ValueType, name: Echo::of(text), nearest });
    None
}

/// The types that one place of the file defines.
pub(super) fn definitions(given: &RawRedaction, errors: &mut Report<'_>) -> Definitions {
    let mut own = Definitions::default();
    let mut lines = BTreeMap::new();
    let mut is_new = |name: &Located<OwnName>, errors: &mut Report<'_>| {
        let line = name.place.position.line;
        let first = *lines.entry(name.value.0.clone()).or_insert(line);
        // A name twice in the same mapping is no name of two, and told already.
        if first != line {
            errors.add(&name.place, Kind::DuplicateType { first });
        }
    };
    let words = |list: &List<Word, 1>| list.0.iter().map(|word| word.value.0.clone()).collect::<Vec<_>>();
    if let Some(patterns) = &given.patterns {
        for Named { name, value } in &patterns.value.0 {
            is_new(name, errors);
            let Some(RawPattern { regex: Some(regex), context, check }) = value.as_ref().map(|of| &of.value)
            else {
                continue;
            };
            let pattern = own::Pattern {
                regex: regex.value.0.clone(),
                context: context.as_ref().map(|list| words(&list.value)).unwrap_or_default(),
                check: check.as_ref().map(|check| check.value),
            };
            own.patterns.insert(name.value.0.clone(), pattern);
        }
        if patterns.value.0.len() > MOST_PATTERNS {
            errors.add(&patterns.place, Kind::TooMany { most: MOST_PATTERNS });
        }
    }
    if let Some(lists) = &given.words {
        for Named { name, value } in &lists.value.0 {
            is_new(name, errors);
            if let Some(list) = value {
                own.words.insert(name.value.0.clone(), words(&list.value));
            }
        }
        if own.words.values().map(Vec::len).sum::<usize>() > MOST_WORDS {
            errors.add(&lists.place, Kind::TooMany { most: MOST_WORDS });
        }
    }
    own
}

/// All of `common`, but for the names that `own` defines anew, and all of `own`.
pub(super) fn together(common: &Definitions, own: Definitions) -> Definitions {
    let mut all = common.clone();
    for name in own.names() {
        all.patterns.remove(name);
        all.words.remove(name);
    }
    all.patterns.extend(own.patterns);
    all.words.extend(own.words);
    all
}
