//! The words around a value that say what it is, in the languages of the families.
//!
//! A [`Lexicon`] holds phrases with what they point to; [`Contexts`] looks them up in a text, each place at most
//! once and only near candidates. Words match without regard to case, accents and separators: `date of birth`
//! is also `date_of_birth`, `dateOfBirth` and `DATE-OF-BIRTH`. A phrase with `*` at its end is a word's beginning.

use std::ops::Range;

use super::fold::fold;
use super::letters::{APART, JOINED, Letter, Letters, WITHIN, folded, is_mark, is_separator};

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
    /// What is done with telephones and with much else: only directly before a number it speaks of a telephone.
    Call,
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

/// Words of so many letters at most are also found in hashes.
const SHORTEST: usize = 3;

/// So many groups there are.
pub(crate) const GROUPS: usize = Group::Thing as usize + 1;

impl Group {
    /// The group in a set of groups.
    pub(crate) const fn bit(self) -> u32 {
        1 << self as u32
    }
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
    /// Where its letters begin among those of all phrases, and how many they are.
    start: usize,
    length: usize,
    stem: bool,
    tag: Tag,
    /// The hash of the letters that it is filed under: few phrases with another one share its bucket.
    hash: u32,
    /// It says the same as the phrase before it in its bucket, and only points to something else.
    again: bool,
    /// One more than the number of the next phrase in the same bucket.
    next: u32,
}

/// Phrases are filed under so many of their first letters: the largest of these numbers that they have. Many begin
/// alike, and few with the same eight letters.
const KEYS: [usize; 4] = [2, 3, 4, 8];
/// Buckets are filtered by so many more bits.
const PART: u32 = 3;
/// The first two letters of words fall into classes of so many bits, and the first three.
const PAIR: u32 = 11;
const THREE: u32 = 13;
/// Longer phrases need a longer [`Lexicon::reach`].
const LONGEST: usize = 48;

/// Phrases, ready to be looked up by their first letters.
pub(crate) struct Lexicon {
    /// Folded, with the loosest links that they may have in a text.
    letters: Vec<u32>,
    phrases: Vec<Phrase>,
    /// For each bucket, one more than the number of its first phrase.
    heads: Vec<u32>,
    /// Of every bucket, which parts have phrases, as bits: most words are in none.
    filled: Vec<u64>,
    /// For the hash of the first two letters, which of [`KEYS`] phrases that begin so are filed under, as bits.
    pairs: Vec<u8>,
    /// The same for the first three, of phrases that have as many.
    threes: Vec<u8>,
    /// The places of buckets have so many bits, and those of their parts [`PART`] more.
    bits: u32,
    /// Digits are parts of words.
    digits: bool,
    /// By so much, in bytes, what is scanned overlaps: the longest phrase, as it may be written.
    reach: usize,
}

fn step(hash: u32, letter: u32) -> u32 {
    (hash.rotate_left(5) ^ letter).wrapping_mul(0x9E37_79B1)
}

/// The number of letters that a phrase of so many is filed under.
fn key_of(length: usize) -> usize {
    KEYS.into_iter().rev().find(|key| *key <= length).unwrap_or(0)
}

impl Lexicon {
    pub(crate) fn new() -> Self {
        Self::with_buckets(14)
    }

    /// One in whose phrases digits count like letters, and which are of any length.
    pub(crate) fn with_digits() -> Self {
        Self { digits: true, ..Self::with_buckets(10) }
    }

    fn with_buckets(bits: u32) -> Self {
        Self {
            letters: Vec::new(),
            phrases: Vec::new(),
            heads: vec![0; 1 << bits],
            filled: vec![0; (1 << (bits + PART)) / 64],
            pairs: vec![0; 1 << PAIR],
            threes: vec![0; 1 << THREE],
            bits,
            digits: false,
            reach: LONGEST,
        }
    }

    /// The bucket for phrases whose first letters have this hash, and its part.
    fn place(&self, hash: u32) -> (usize, usize) {
        let part = (hash >> (u32::BITS - self.bits - PART)) as usize;
        (part >> PART, part)
    }

    pub(crate) fn add(&mut self, words: &[&str], tag: Tag) {
        for word in words {
            let (word, stem) = word.strip_suffix('*').map_or((*word, false), |word| (word, true));
            let start = self.letters.len();
            let mut link = APART;
            for character in word.chars() {
                if is_separator(character) || self.digits && !character.is_alphanumeric() {
                    link = link.max(JOINED);
                    continue;
                }
                if is_mark(character) {
                    continue;
                }
                let (first, second) = fold(character);
                self.letters.push(u32::from(first) | link);
                self.letters.extend(second.map(|second| u32::from(second) | WITHIN));
                link = WITHIN;
            }
            let length = self.letters.len() - start;
            if length < 2 {
                self.letters.truncate(start);
                continue;
            }
            if self.digits {
                self.reach = self.reach.max(2 * word.len());
            }
            let hash_of = |count| {
                let letters = self.letters.iter().skip(start).take(count);
                letters.fold(0, |hash, letter| step(hash, folded(*letter)))
            };
            let (hash, pair, three) = (hash_of(key_of(length)), hash_of(2), hash_of(3));
            let bit = 1 << KEYS.iter().position(|key| *key == key_of(length)).unwrap_or(0);
            if let Some(keys) = self.pairs.get_mut((pair >> (u32::BITS - PAIR)) as usize) {
                *keys |= bit;
            }
            if let Some(keys) = self.threes.get_mut((three >> (u32::BITS - THREE)) as usize) {
                *keys |= bit;
            }
            self.file(Phrase { start, length, stem, tag, hash, again: false, next: 0 });
        }
    }

    /// Puts a phrase at the end of a bucket.
    fn file(&mut self, phrase: Phrase) {
        let (bucket, part) = self.place(phrase.hash);
        self.phrases.push(phrase);
        let number = self.phrases.len() as u32;
        if let Some(word) = self.filled.get_mut(part / 64) {
            *word |= 1 << (part % 64);
        }
        let mut last = self.heads.get(bucket).copied().unwrap_or(0);
        if last == 0 {
            if let Some(head) = self.heads.get_mut(bucket) {
                *head = number;
            }
            return;
        }
        while let Some(before) = self.numbered(last).filter(|before| before.next != 0) {
            last = before.next;
        }
        let again =
            self.numbered(last).zip(self.phrases.last()).is_some_and(|(one, other)| self.is_same(one, other));
        if let Some(phrase) = self.phrases.last_mut() {
            phrase.again = again;
        }
        if let Some(before) = (last as usize).checked_sub(1).and_then(|at| self.phrases.get_mut(at)) {
            before.next = number;
        }
    }

    /// The phrase with a number, from one.
    fn numbered(&self, number: u32) -> Option<&Phrase> {
        self.phrases.get((number as usize).checked_sub(1)?)
    }

    fn letters_of(&self, phrase: &Phrase) -> &[u32] {
        self.letters.get(phrase.start..phrase.start + phrase.length).unwrap_or_default()
    }

    fn is_same(&self, one: &Phrase, other: &Phrase) -> bool {
        one.stem == other.stem && self.letters_of(one) == self.letters_of(other)
    }

    /// Whether as many letters of a text as a phrase has say it.
    fn says(&self, phrase: &Phrase, letters: &[Letter]) -> bool {
        self.letters_of(phrase).iter().zip(letters).all(|(wanted, letter)| letter.is(*wanted))
    }

    /// Which of [`KEYS`] phrases that begin like some letters are filed under, as bits: none for most words.
    fn keys(&self, letters: &[Letter]) -> u8 {
        let [first, second, behind @ ..] = letters else { return 0 };
        let pair = step(step(0, first.folded()), second.folded());
        let keys = self.pairs.get((pair >> (u32::BITS - PAIR)) as usize).copied().unwrap_or(0);
        let Some(third) = behind.first().filter(|_| keys > 1) else { return keys };
        let three = step(pair, third.folded());
        let longer = self.threes.get((three >> (u32::BITS - THREE)) as usize).copied().unwrap_or(0);
        keys & (1 | longer)
    }

    /// The phrases whose first letters have this hash.
    fn with(&self, hash: u32) -> impl Iterator<Item = &Phrase> {
        let (bucket, part) = self.place(hash);
        let is_filled = self.filled.get(part / 64).is_some_and(|word| word >> (part % 64) & 1 == 1);
        let mut number = if is_filled { self.heads.get(bucket).copied().unwrap_or(0) } else { 0 };
        std::iter::from_fn(move || {
            loop {
                let phrase = self.numbered(number)?;
                number = phrase.next;
                if phrase.hash == hash {
                    return Some(phrase);
                }
            }
        })
    }
}

/// The phrases of a text, found as far as they were asked for.
pub(crate) struct Contexts<'a> {
    text: &'a str,
    lexicon: &'a Lexicon,
    hits: Vec<Hit>,
    scanned: usize,
    /// Where the last range of them began.
    from: usize,
    letters: Letters,
}

impl<'a> Contexts<'a> {
    pub(crate) fn new(text: &'a str, lexicon: &'a Lexicon) -> Self {
        Self { text, lexicon, hits: Vec::new(), scanned: 0, from: 0, letters: Letters::default() }
    }

    /// The phrases that lie in a range of bytes, which must not start before that of an earlier call by more than
    /// its length.
    pub(crate) fn within(&mut self, start: usize, end: usize) -> &[Hit] {
        let range = self.range(start, end);
        self.hits(&range)
    }

    /// The same, for [`Contexts::hits`], by their numbers among all that were found.
    pub(crate) fn range(&mut self, start: usize, end: usize) -> Range<usize> {
        if end > self.scanned {
            self.scan(start.max(self.scanned), end);
        }
        // Not far from where the last range began.
        let is_before = |hit: Option<&Hit>| hit.is_some_and(|hit| hit.start < start);
        let mut from = self.from.min(self.hits.len());
        while is_before(self.hits.get(from)) {
            from += 1;
        }
        while from > 0 && !is_before(self.hits.get(from - 1)) {
            from -= 1;
        }
        self.from = from;
        let near = self.hits.get(from..).unwrap_or_default();
        from..from + near.iter().position(|hit| hit.start >= end).unwrap_or(near.len())
    }

    /// The phrases of a range that [`Contexts::range`] gave.
    pub(crate) fn hits(&self, range: &Range<usize>) -> &[Hit] {
        self.hits.get(range.clone()).unwrap_or_default()
    }

    fn scan(&mut self, start: usize, end: usize) {
        let start = self.text.floor_char_boundary(start);
        // Where candidates stand close together, the next will ask for what comes after.
        let ahead = if start == self.scanned && start > 0 { 4 * LONGEST } else { LONGEST };
        let accept = self.text.ceil_char_boundary(end + ahead);
        let limit = self.text.ceil_char_boundary(accept + self.lexicon.reach);
        let mut read = std::mem::take(&mut self.letters);
        read.read(self.text, start, limit, self.lexicon.digits);
        let mut free = 0;
        for &at in &read.firsts {
            let row = read.letters.get(at..).unwrap_or_default();
            let Some(letter) = row.first().filter(|letter| letter.start() < accept) else { break };
            if at >= free && letter.is_first() {
                free = at + self.look_up(row);
            }
        }
        self.letters = read;
        self.scanned = accept;
    }

    /// Takes back the phrases that start at a place.
    fn forget(&mut self, start: usize) {
        while self.hits.last().is_some_and(|hit| hit.start == start) {
            self.hits.pop();
        }
    }

    /// Reports the phrases that start at the first of some letters; gives the length of the longest in letters. The name of
    /// a thing hides the shorter ones; a longer phrase for one type does not hide the word for another in it.
    fn look_up(&mut self, letters: &[Letter]) -> usize {
        let lexicon = self.lexicon;
        let keys = lexicon.keys(letters);
        let Some(first) = letters.first().filter(|_| keys != 0) else { return 0 };
        let start = first.start();
        let (mut longest, mut named) = (0, false);
        let (mut hash, mut hashed) = (0, 0);
        // Where the phrase that was compared last ends, if the text says it.
        let mut found = None;
        for (bit, key) in KEYS.into_iter().enumerate() {
            let Some(head) = letters.get(hashed..key).filter(|_| keys >> bit != 0) else { break };
            hash = head.iter().fold(hash, |hash, letter| step(hash, letter.folded()));
            hashed = key;
            if keys >> bit & 1 == 0 {
                continue;
            }
            for phrase in lexicon.with(hash) {
                let length = phrase.length;
                if !phrase.again {
                    let run = letters.get(..length).filter(|_| key_of(length) == key);
                    let whole = run.filter(|run| lexicon.says(phrase, run));
                    let ended = whole.filter(|_| {
                        phrase.stem || letters.get(length).is_none_or(|letter| letter.is_first())
                    });
                    found = ended.and_then(|run| run.last()).map(|last| last.end());
                }
                let Some(end) = found else { continue };
                // Letters between digits are those of a hash.
                let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
                let before = start.checked_sub(1).and_then(|before| self.text.as_bytes().get(before));
                if end - start <= SHORTEST && digit(before) && digit(self.text.as_bytes().get(end)) {
                    continue;
                }
                if length > longest {
                    if named || is_name(phrase.tag) {
                        self.forget(start);
                    }
                    (longest, named) = (length, is_name(phrase.tag));
                } else if length < longest && (named || is_name(phrase.tag)) {
                    continue;
                }
                self.hits.push(Hit { start, end, tag: phrase.tag });
            }
        }
        longest
    }
}

/// Whether a phrase is a name that says all: of a thing, a country or a month.
fn is_name(tag: Tag) -> bool {
    matches!(tag, Tag::Group(Group::Thing) | Tag::Country(_) | Tag::Month(_))
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

    #[test]
    fn words_match_in_every_script_with_and_without_marks() {
        let mut lexicon = Lexicon::new();
        let words = ["आधार", "पासपोर्ट", "फ़ोन", "هاتف", "জন্ম", "né le", "บัตรประชาชน", "תעודת זהות", "மின்னஞ்சல்"];
        lexicon.add(&words, Tag::Group(Group::Person));
        for word in words.into_iter().chain(["फोन", "هَاتِف", "هـاتف", "ne\u{301} le", "תְּעוּדַת זֶהוּת"])
        {
            let text = format!("1 {word} 2");
            let mut contexts = Contexts::new(&text, &lexicon);
            assert_eq!(contexts.within(0, text.len()).len(), 1, "{word}");
        }
        let mut contexts = Contexts::new("आधारित, जन्मत", &lexicon);
        assert_eq!(contexts.within(0, 40).len(), 0);
    }

    #[test]
    fn initials_with_points_are_a_word() {
        let mut lexicon = Lexicon::new();
        lexicon.add(&["dni", "αμκα", "d o b"], Tag::Group(Group::Person));
        for text in ["su D.N.I. 1", "D.N.I 1", "dni 1", "Α.Μ.Κ.Α.: 1", "d.o.b. 1", "x. D.N.I. 1"] {
            let mut contexts = Contexts::new(text, &lexicon);
            assert_eq!(contexts.within(0, text.len()).len(), 1, "{text}");
        }
        for text in ["A.D.N.I. 1", "d.n.island", "D. N. I.", "xd.n.i."] {
            let mut contexts = Contexts::new(text, &lexicon);
            assert_eq!(contexts.within(0, text.len()).len(), 0, "{text}");
        }
    }
}
