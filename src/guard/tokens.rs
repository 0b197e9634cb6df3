//! Folded words as tokens with classes, and questions about which classes stand near each other.

use super::fold::{self, Disguise, Word};
use super::lexicon::{self, Classes};
use super::likeness;

/// One word, or the part of a row of characters that the lexicon knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) classes: Classes,
    /// What tells the word from others, for [`super::likeness`].
    pub(super) hash: u32,
    /// The same of its first letters, where it is longer.
    pub(super) stem: Option<u32>,
    /// Whether a sentence or clause begins here.
    pub(super) opens: bool,
    /// Whether a sentence begins here.
    pub(super) starts: bool,
    /// Whether it stands in quotation marks.
    pub(super) quoted: bool,
}

impl Token {
    /// A word or a part of one, in the middle of a sentence.
    fn of(text: &str, classes: Classes) -> Self {
        let (hash, stem) = likeness::hashes(text);
        Self { classes, hash, stem, opens: false, starts: false, quoted: false }
    }
}

/// A text as tokens.
pub(super) struct Tokens {
    tokens: Vec<Token>,
    pub(super) disguise: Disguise,
}

/// The shortest row of spelled letters that is cut, and the longest word in one.
const SHORTEST_SPELLED: usize = 7;
const LONGEST_WORD: usize = 16;
/// So far, in tokens, a quotation's marks are looked for.
const LONGEST_QUOTATION: usize = 40;

impl Tokens {
    pub(super) fn of(text: &str) -> Self {
        let (words, disguise) = fold::words(text);
        let mut tokens = Vec::with_capacity(words.len());
        for (at, word) in words.iter().enumerate() {
            if !word.text.is_ascii() && word.text.chars().any(fold::is_unspaced) {
                unspaced(word, &mut tokens);
                continue;
            }
            let following = |next: usize| words.get(at + next).map(|word| word.text.as_ref());
            let mut classes = lexicon::classes_of(&word.text, following);
            if classes == 0
                && let Some(meant) = unscrambled(&word.text)
            {
                classes = lexicon::classes_of(meant, following);
            }
            if classes == 0 && disguise.spelled > 0 && word.text.len() >= SHORTEST_SPELLED {
                segments(word, &mut tokens);
            } else {
                let Word { opens, starts, quoted, .. } = *word;
                tokens.push(Token { opens, starts, quoted, ..Token::of(&word.text, classes) });
            }
        }
        Self { tokens, disguise }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Token)> {
        self.tokens.iter().enumerate()
    }

    pub(super) fn at(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    /// All classes of the tokens in `from..to`, as far as there are any.
    pub(super) fn classes(&self, from: usize, to: usize) -> Classes {
        let to = to.min(self.tokens.len());
        self.tokens.get(from.min(to)..to).unwrap_or_default().iter().fold(0, |all, token| all | token.classes)
    }

    /// All classes of the `back` tokens before `at` and the `on` tokens after it.
    pub(super) fn around(&self, at: usize, back: usize, on: usize) -> Classes {
        self.classes(at.saturating_sub(back), at) | self.classes(at + 1, at + 1 + on)
    }

    /// All classes of the tokens out of quotation marks before and after the quotation of `at`, `most` of each.
    pub(super) fn outside(&self, at: usize, most: usize) -> Classes {
        let quoted = |at: &usize| self.at(*at).is_some_and(|token| token.quoted);
        let start = (0..=at).rev().take_while(quoted).take(LONGEST_QUOTATION).last().unwrap_or(at);
        let end = (at..self.tokens.len()).take_while(quoted).take(LONGEST_QUOTATION).last().unwrap_or(at);
        self.classes(start.saturating_sub(most), start) | self.classes(end + 1, end + 1 + most)
    }

    /// How many tokens the sentence of `at` has before it, and how many after it, at most `most` each.
    pub(super) fn sentence(&self, at: usize, most: usize) -> (usize, usize) {
        let starts = |at: usize| self.at(at).is_none_or(|token| token.starts);
        let back = (0..most).take_while(|back| at > *back && !starts(at - back)).count();
        let on = (1..=most).take_while(|on| !starts(at + on)).count();
        (back, on)
    }

    /// Where the first token of `classes` after `at` is, within `on` tokens.
    pub(super) fn next(&self, at: usize, on: usize, classes: Classes) -> Option<usize> {
        (at + 1..=at + on).find(|&next| self.at(next).is_some_and(|token| token.classes & classes != 0))
    }
}

/// Words of orders that are read all the same when their inner letters change places, as in `ignroe`.
const SCRAMBLED: [&str; 14] = [
    "ignore",
    "disregard",
    "forget",
    "bypass",
    "override",
    "previous",
    "instructions",
    "instruction",
    "guidelines",
    "system",
    "prompt",
    "reveal",
    "restrictions",
    "everything",
];

/// The word of orders that a misspelt one is: the same letters, with the first and the last in place.
fn unscrambled(word: &str) -> Option<&'static str> {
    // As long as the shortest of them.
    (word.len() >= 6).then_some(())?;
    let (first, last) = (word.bytes().next()?, word.bytes().next_back()?);
    let of = |word: &str| -> Vec<u8> {
        let mut letters: Vec<u8> = word.bytes().collect();
        letters.sort_unstable();
        letters
    };
    let alike = |meant: &&&str| {
        let ends = meant.bytes().next() == Some(first) && meant.bytes().next_back() == Some(last);
        meant.len() == word.len() && ends && of(meant) == of(word)
    };
    SCRAMBLED.iter().find(alike).copied()
}

/// Cuts a word in writing without spaces where the lexicon knows a part of it.
fn unspaced(word: &Word<'_>, tokens: &mut Vec<Token>) {
    let (mut opens, mut starts) = (word.opens, word.starts);
    let mut rest = word.text.as_ref();
    while let Some(first) = rest.chars().next() {
        let (classes, length) = if fold::is_unspaced(first) {
            lexicon::unspaced(rest).unwrap_or((0, first.len_utf8()))
        } else {
            let length = rest.find(fold::is_unspaced).unwrap_or(rest.len());
            (lexicon::classes_of(rest.get(..length).unwrap_or_default(), |_| None), length)
        };
        let piece = Token::of(rest.get(..length).unwrap_or_default(), classes);
        let (opens, starts) = (std::mem::take(&mut opens), std::mem::take(&mut starts));
        tokens.push(Token { opens, starts, quoted: word.quoted, ..piece });
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// Cuts a word whose spaces were lost into the words of the lexicon that it is made of, the longest first.
fn segments(word: &Word<'_>, tokens: &mut Vec<Token>) {
    let mut rest = word.text.as_ref();
    while let Some(first) = rest.chars().next() {
        let known = (3..=LONGEST_WORD.min(rest.len())).rev().find_map(|length| {
            let classes = lexicon::classes_of(rest.get(..length)?, |_| None);
            (classes != 0).then_some((classes, length))
        });
        if let Some((classes, length)) = known {
            let piece = Token::of(rest.get(..length).unwrap_or_default(), classes);
            tokens.push(Token { quoted: word.quoted, ..piece });
        }
        rest = rest.get(known.map_or(first.len_utf8(), |(_, length)| length)..).unwrap_or_default();
    }
}
