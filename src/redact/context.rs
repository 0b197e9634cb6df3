//! The words around a value that say what it is, in the languages of the families.
//!
//! A [`Lexicon`] holds phrases with what they point to; [`Contexts`] looks them up in a text, each place at most
//! once and only near candidates. Words match without regard to case, accents and separators: `date of birth`
//! is also `date_of_birth`, `dateOfBirth` and `DATE-OF-BIRTH`. A phrase with `*` at its end is a word's beginning.

use super::fold::{fold, is_unspaced};

/// What a context word points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// One format of the table, by its place in it.
    Format(u16),
    /// Every format of a group.
    Group(Group),
    /// A country, by the prefix of its types.
    Country([u8; 2]),
    /// The month of the year, from 1.
    Month(u8),
}

/// What several formats are, in the words that people use for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// A number of a person: national, personal, identity.
    Person,
    /// Taxpayers' numbers.
    Tax,
    /// VAT numbers.
    Vat,
    /// Social security and insurance.
    Social,
    /// Health care and its insurance.
    Health,
    /// Passports.
    Passport,
    /// Driving licences.
    Licence,
    /// Identity cards, by the number of the document.
    Document,
    /// Plates of vehicles.
    Plate,
    /// Bank accounts.
    Account,
    /// Telephones.
    Phone,
    /// Payment cards.
    Card,
    /// Internet addresses.
    Network,
    /// E-mail.
    Email,
    /// Birth.
    Birth,
    /// Numbers of things and not of people: orders, versions, times, parts.
    Thing,
}

/// A phrase found in the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    /// Its first byte.
    pub(crate) start: usize,
    /// The byte after its last.
    pub(crate) end: usize,
    /// What it points to.
    pub(crate) tag: Tag,
}

struct Phrase {
    letters: Vec<char>,
    /// Bit n: a word starts at letter n.
    gaps: u64,
    stem: bool,
    tag: Tag,
}

const BUCKETS: usize = 4096;
/// Phrases are filed under so many of their first letters, or all of them.
const KEY: usize = 4;
/// Longer phrases need a longer [`Lexicon::reach`].
const LONGEST: usize = 48;

/// Phrases, ready to be looked up by their first letters.
pub(crate) struct Lexicon {
    buckets: Vec<Vec<Phrase>>,
    /// Bit n: bucket n has phrases.
    filled: Vec<u64>,
    /// Digits are parts of words.
    digits: bool,
    /// By so much, in bytes, what is scanned overlaps: the longest phrase, as it may be written.
    reach: usize,
}

/// The place for phrases with these first letters.
fn bucket(letters: impl Iterator<Item = char>) -> usize {
    letters.fold(0, step) as usize >> 20
}

fn step(hash: u32, letter: char) -> u32 {
    (hash.rotate_left(5) ^ letter as u32).wrapping_mul(0x9E37_79B1)
}

impl Lexicon {
    pub(crate) fn new() -> Self {
        let buckets = (0..BUCKETS).map(|_| Vec::new()).collect();
        Self { buckets, filled: vec![0; BUCKETS / 64], digits: false, reach: LONGEST }
    }

    /// One in whose phrases digits count like letters, and which are of any length.
    pub(crate) fn with_digits() -> Self {
        Self { digits: true, ..Self::new() }
    }

    pub(crate) fn add(&mut self, words: &[&str], tag: Tag) {
        for word in words {
            let (word, stem) = word.strip_suffix('*').map_or((*word, false), |word| (word, true));
            let (mut letters, mut gaps) = (Vec::new(), 0_u64);
            for character in word.chars() {
                if is_separator(character) || self.digits && !character.is_alphanumeric() {
                    gaps |= 1 << letters.len().min(63);
                    continue;
                }
                let (first, second) = fold(character);
                letters.push(first);
                letters.extend(second);
            }
            if letters.len() < 2 {
                continue;
            }
            if self.digits {
                self.reach = self.reach.max(2 * word.len());
            }
            let place = bucket(letters.iter().copied().take(KEY));
            if let Some(word) = self.filled.get_mut(place / 64) {
                *word |= 1 << (place % 64);
            }
            if let Some(bucket) = self.buckets.get_mut(place) {
                bucket.push(Phrase { letters, gaps, stem, tag });
            }
        }
    }
}

/// What may stand between the words of a phrase.
fn is_separator(character: char) -> bool {
    matches!(character, ' ' | '_' | '-' | '.' | '\'' | '’' | '/' | '\t' | '\u{a0}' | '·')
}

#[derive(Clone, Copy)]
struct Letter {
    folded: char,
    start: u32,
    end: u32,
    /// A separator or other characters stand before it.
    apart: bool,
    /// Only separators stand between it and the letter before.
    joined: bool,
    /// A word may start here.
    first: bool,
}

/// The phrases of a text, found as far as they were asked for.
pub(crate) struct Contexts<'a> {
    text: &'a str,
    lexicon: &'a Lexicon,
    hits: Vec<Hit>,
    scanned: usize,
    letters: Vec<Letter>,
}

impl<'a> Contexts<'a> {
    pub(crate) fn new(text: &'a str, lexicon: &'a Lexicon) -> Self {
        Self { text, lexicon, hits: Vec::new(), scanned: 0, letters: Vec::new() }
    }

    /// The phrases that lie in a range of bytes, which must not start before that of an earlier call by more than
    /// its length.
    pub(crate) fn within(&mut self, start: usize, end: usize) -> &[Hit] {
        if end > self.scanned {
            self.scan(start.max(self.scanned), end);
        }
        let from = self.hits.partition_point(|hit| hit.start < start);
        let to = self.hits.partition_point(|hit| hit.start < end);
        self.hits.get(from..to).unwrap_or_default()
    }

    fn scan(&mut self, start: usize, end: usize) {
        let start = self.text.floor_char_boundary(start);
        // Where candidates stand close together, the next will ask for what comes after.
        let ahead = if start == self.scanned && start > 0 { 4 * LONGEST } else { LONGEST };
        let accept = self.text.ceil_char_boundary(end + ahead);
        let limit = self.text.ceil_char_boundary(accept + self.lexicon.reach);
        self.read(start, limit);
        let letters = std::mem::take(&mut self.letters);
        let mut at = 0;
        while let Some(letter) = letters.get(at) {
            if letter.start as usize >= accept {
                break;
            }
            at += match letter.first {
                true => self.look_up(&letters, at).max(1),
                false => 1,
            };
        }
        self.letters = letters;
        self.scanned = accept;
    }

    /// Reports the longest phrases that start at a letter; gives their length in letters.
    fn look_up(&mut self, letters: &[Letter], at: usize) -> usize {
        let Some(first) = letters.get(at) else { return 0 };
        let mut longest = 0;
        let mut hash = step(0, first.folded);
        for key in 2..=KEY {
            let Some(last) = letters.get(at + key - 1) else { break };
            hash = step(hash, last.folded);
            let place = hash as usize >> 20;
            if self.lexicon.filled.get(place / 64).is_none_or(|word| word >> (place % 64) & 1 == 0) {
                continue;
            }
            for phrase in self.lexicon.buckets.get(place).map_or(&[][..], Vec::as_slice) {
                let length = phrase.letters.len();
                let Some(run) = letters.get(at..at + length) else { continue };
                if length < longest
                    || length.min(KEY) != key
                    || !matches(phrase, run)
                    || !ends(phrase, letters.get(at + length))
                {
                    continue;
                }
                if length > longest {
                    while self.hits.last().is_some_and(|hit| hit.start == first.start as usize) {
                        self.hits.pop();
                    }
                    longest = length;
                }
                let end = run.last().map_or(first.end, |last| last.end) as usize;
                self.hits.push(Hit { start: first.start as usize, end, tag: phrase.tag });
            }
        }
        longest
    }

    fn read(&mut self, start: usize, limit: usize) {
        self.letters.clear();
        let before = self.text.get(..start).and_then(|text| text.chars().next_back());
        let mut previous = before.unwrap_or(' ');
        let digits = self.lexicon.digits;
        let (mut apart, mut joined) =
            (!(previous.is_alphabetic() || digits && previous.is_ascii_digit()), false);
        let part = self.text.get(start..limit).unwrap_or_default();
        self.letters.reserve(part.len());
        for (offset, character) in part.char_indices() {
            if character.is_ascii_alphabetic() || digits && character.is_ascii_digit() {
                let camel = previous.is_ascii_lowercase() && character.is_ascii_uppercase();
                let first = apart || camel || !previous.is_ascii() && is_unspaced(previous);
                let at = (start + offset) as u32;
                let folded = character.to_ascii_lowercase();
                self.letters.push(Letter {
                    folded,
                    start: at,
                    end: at + 1,
                    apart,
                    joined: joined || !apart,
                    first,
                });
                (apart, joined) = (false, false);
                previous = character;
                continue;
            }
            if character.is_ascii() {
                let joins = is_separator(character) || digits && b"\n\r&+".contains(&(character as u8));
                joined = (joined || !apart) && joins;
                apart = true;
                previous = character;
                continue;
            }
            if !character.is_alphabetic() && !is_mark(character) {
                joined = (joined || !apart) && is_separator(character);
                apart = true;
                previous = character;
                continue;
            }
            if is_mark(character) && !is_unspaced(character) {
                continue;
            }
            let camel = previous.is_lowercase() && character.is_uppercase();
            let first = apart || camel || is_unspaced(character) || is_unspaced(previous);
            let at = start + offset;
            let (folded, second) = fold(character);
            let (start, end) = (at as u32, (at + character.len_utf8()) as u32);
            self.letters.push(Letter { folded, start, end, apart, joined: joined || !apart, first });
            if let Some(folded) = second {
                self.letters.push(Letter { folded, start, end, apart: false, joined: true, first: false });
            }
            (apart, joined) = (false, false);
            previous = character;
        }
    }
}

fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{963}' | '\u{e31}'..='\u{e4e}')
}

fn matches(phrase: &Phrase, run: &[Letter]) -> bool {
    phrase.letters.iter().zip(run).enumerate().all(|(at, (wanted, letter))| {
        *wanted == letter.folded
            && (at == 0 || if phrase.gaps >> at.min(63) & 1 == 1 { letter.joined } else { !letter.apart })
    })
}

fn ends(phrase: &Phrase, next: Option<&Letter>) -> bool {
    phrase.stem || next.is_none_or(|letter| letter.first)
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let mut lexicon = Lexicon::new();
        lexicon.add(&["date of birth", "né le", "身份证", "steuer*", "card"], Tag::Group(Group::Birth));
        let mut contexts = Contexts::new(text, &lexicon);
        let hits = contexts.within(0, text.len()).to_vec();
        hits.iter().map(|hit| &text[hit.start..hit.end]).collect()
    }

    #[test]
    fn words_match_in_every_spelling() {
        for text in ["Date of birth", "date_of_birth", "dateOfBirth", "DATE-OF-BIRTH", "dateofbirth"] {
            assert_eq!(found(text), [text]);
        }
        assert_eq!(found("elle est NÉE, né le 3"), ["né le"]);
        assert_eq!(found("我的身份证号是"), ["身份证"]);
        assert_eq!(found("die Steuernummer"), ["Steuer"]);
        assert_eq!(found("idCard: cardboard discard"), ["Card"]);
        assert_eq!(found("date, of birth"), [""; 0]);
    }
}
