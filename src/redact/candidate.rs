//! Candidates: what may be a number, read from the text with the separators taken out.
//!
//! A candidate starts at a word and takes in further words while single separators join them; it says where it was
//! separated and by what. It does not know any format.

use super::check::{is_date, number_at};
use super::format::LONGEST;
use super::list::List;

/// Not more words than this make a candidate, except when each is a single character.
const WORDS: usize = 12;

/// Letters and digits of one or more words, with what stood between them.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) start: usize,
    pub(crate) end: usize,
    characters: [u8; LONGEST],
    length: usize,
    /// Bit n: character n is a digit.
    pub(crate) digits: u64,
    /// Bit n: a separator stands before character n.
    pub(crate) breaks: u64,
    separators: [u8; LONGEST],
    separated: usize,
    /// Characters of the words so far: all single, or all of one length but the last.
    pub(crate) even: bool,
    first_word: usize,
    /// Some separators are not those that numbers are written with.
    pub(crate) odd: bool,
    /// Parts stand on different lines.
    pub(crate) lines: bool,
    /// Parts stand in different cells: between them is a tab, a comma or a bar.
    pub(crate) cells: bool,
    /// A letter is small.
    pub(crate) small: bool,
}

/// A separator that was read.
pub(crate) struct Separator {
    /// Its byte; a line feed for any line break.
    pub(crate) byte: u8,
    /// Not a usual one, or with spaces around.
    odd: bool,
    /// It has a tab, a comma or a bar, as there are between the cells of a table and the members of a list.
    cell: bool,
    /// Where the next word starts.
    pub(crate) next: usize,
}

/// The longest of [`SPELLED`], in bytes.
const LONGEST_SPELLED: usize = 11;
/// Separators that people write out, to get past filters.
static SPELLED: List = List::new(&[
    "dash",
    "hyphen",
    "minus",
    "space",
    "slash",
    "dot",
    "point",
    "period",
    "tiret",
    "trait",
    "guion",
    "guión",
    "strich",
    "bindestrich",
    "punkt",
    "punto",
    "ponto",
    "punt",
    "traço",
    "traco",
    "trattino",
    "streepje",
    "kropka",
    "точка",
    "тире",
    "дефис",
]);

impl Candidate {
    pub(crate) fn new(start: usize) -> Self {
        Self {
            start,
            end: start,
            characters: [0; LONGEST],
            length: 0,
            digits: 0,
            breaks: 0,
            separators: [0; LONGEST],
            separated: 0,
            even: true,
            first_word: 0,
            odd: false,
            lines: false,
            cells: false,
            small: false,
        }
    }

    /// The characters without separators, in capitals.
    pub(crate) fn compact(&self) -> &[u8] {
        self.characters.get(..self.length).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Whether there are only digits.
    pub(crate) fn is_number(&self) -> bool {
        self.length > 0 && self.digits == lowest(self.length)
    }

    /// How many separators there are.
    pub(crate) fn separated(&self) -> usize {
        self.separated
    }

    /// Whether the separators are these.
    pub(crate) fn is_written_with(&self, separators: &[u8]) -> bool {
        !self.odd && self.separators.get(..self.separated) == Some(separators)
    }

    /// Whether the separators are all one and the same of the usual ones.
    pub(crate) fn is_written_alike(&self) -> bool {
        let own = self.separators.get(..self.separated).unwrap_or_default();
        !self.odd && !self.lines && own.iter().all(|byte| Some(byte) == own.first())
    }

    /// Whether all separators are usual ones or line breaks.
    pub(crate) fn is_usual(&self) -> bool {
        !self.odd
    }

    /// Whether it is written as a date of these times: `2024-08-04`, `04.08.2024`.
    pub(crate) fn is_dated(&self) -> bool {
        let digits = self.compact();
        let of = |start: usize, end: usize| number_at(digits, start, end);
        let (year, first, second) = match self.breaks {
            0x50 => (of(0, 4), of(4, 6), of(6, 8)),
            0x14 => (of(4, 8), of(2, 4), of(0, 2)),
            _ => return false,
        };
        self.length == 8
            && self.is_number()
            && (1900..2100).contains(&year)
            && (is_date(year, first, second) || is_date(year, second, first))
    }

    /// Whether a time of the day is in it: two digits, a colon, two digits.
    pub(crate) fn is_timed(&self) -> bool {
        let (digits, mut breaks) = (self.compact(), self.breaks);
        let mut start = 0;
        for separator in self.separators.get(..self.separated).unwrap_or_default() {
            let at = breaks.trailing_zeros() as usize;
            breaks &= breaks.wrapping_sub(1);
            let end = if breaks == 0 { self.length } else { breaks.trailing_zeros() as usize };
            let in_time = |from: usize, to: usize| to - from == 2 && number_at(digits, from, to) < 60;
            if *separator == b':' && self.is_number() && in_time(start, at) && in_time(at, end) {
                return true;
            }
            start = at;
        }
        false
    }

    /// Whether it is written digit by digit.
    pub(crate) fn is_spelled(&self) -> bool {
        self.even && self.first_word == 1
    }

    /// Characters of its first word.
    pub(crate) fn first_word(&self) -> usize {
        self.first_word
    }

    /// Characters of its last word.
    pub(crate) fn last_word(&self) -> usize {
        match self.breaks {
            0 => self.length,
            breaks => self.length - breaks.ilog2() as usize,
        }
    }

    /// Whether all separators are this byte.
    pub(crate) fn is_separated_by(&self, byte: u8) -> bool {
        self.separators.get(..self.separated).unwrap_or_default().iter().all(|&own| own == byte)
    }

    /// Takes in a word, after a separator unless it is the first. Whether it had room.
    pub(crate) fn push(&mut self, separator: Option<&Separator>, word: &Word<'_>) -> bool {
        let Some(room) = self.characters.get_mut(self.length..self.length + word.text.len()) else {
            return false;
        };
        if self.separated >= WORDS && !(self.even && self.first_word == 1) {
            return false;
        }
        if let Some(separator) = separator {
            if let Some(slot) = self.separators.get_mut(self.separated) {
                *slot = separator.byte;
            }
            self.breaks |= 1 << self.length;
            self.odd |= separator.odd;
            self.lines |= separator.byte == b'\n';
            self.cells |= separator.cell;
            // Every word before this one had the length of the first, or the words are uneven.
            self.even &=
                self.length == self.first_word * (self.separated + 1) && word.text.len() <= self.first_word;
            self.separated += 1;
        } else {
            self.first_word = word.text.len();
        }
        for (slot, byte) in room.iter_mut().zip(word.text) {
            *slot = byte.to_ascii_uppercase();
        }
        self.digits |= word.digits() << self.length;
        self.length += word.text.len();
        self.small |= word.kinds & SMALL != 0;
        self.end = word.end;
        true
    }
}

/// So many of the lowest bits.
fn lowest(bits: usize) -> u64 {
    (1 << bits) - 1
}

/// Reads what may separate two parts of a number: one mark, with a few spaces or a line break.
pub(crate) fn separator(text: &[u8], at: usize) -> Option<Separator> {
    // Most are a single mark before digits.
    if let [mark, digit, ..] = *text.get(at..)?
        && digit.is_ascii_digit()
    {
        let byte = match mark {
            b' ' | b'\t' => b' ',
            b'\n' | b'\r' => b'\n',
            mark if is_mark(mark) => mark,
            _ => return None,
        };
        return Some(Separator { byte, odd: !is_usual(byte), cell: is_cell(mark), next: at + 1 });
    }
    let mut next = at;
    let (mut byte, mut spaces, mut lines, mut cell) = (0, 0, false, false);
    while next < at + 5 {
        cell |= text.get(next).copied().is_some_and(is_cell);
        match text.get(next).copied() {
            Some(b' ' | b'\t') => spaces += 1,
            Some(b'\n' | b'\r') => lines = true,
            // The mark of a quoted line.
            Some(b'>') if lines && byte == 0 => {}
            Some(mark) if byte == 0 && is_mark(mark) => byte = mark,
            _ => break,
        }
        next += 1;
    }
    if byte == 0
        && spaces == 1
        && !lines
        && let Some(separator) = spelled(text, next)
    {
        return Some(separator);
    }
    if !text.get(next)?.is_ascii_alphanumeric() || next == at || spaces > 3 {
        return None;
    }
    let odd = if byte == 0 { spaces > 1 && !lines } else { spaces > 0 || !is_usual(byte) };
    let byte = match byte {
        _ if lines => b'\n',
        0 => b' ',
        byte => byte,
    };
    Some(Separator { byte, odd, cell, next })
}

/// Whether a byte stands between the cells of a table or the members of a list.
fn is_cell(byte: u8) -> bool {
    matches!(byte, b'\t' | b',' | b'|')
}

/// Whether a byte may stand between parts of a number, beside spaces and line breaks.
fn is_mark(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'/' | b'_' | b'*' | b':' | b',' | b'|' | b'~' | b'+' | b'(' | b'\\')
}

/// Whether numbers are usually written with a separator.
fn is_usual(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'-' | b'.' | b'/' | b'(')
}

/// The separator that is written out as the word at `at`.
fn spelled(text: &[u8], at: usize) -> Option<Separator> {
    if !SPELLED.may_begin(*text.get(at)?) {
        return None;
    }
    let length = text.get(at..)?.iter().take(LONGEST_SPELLED + 1).position(|byte| *byte == b' ')?;
    let next = at + length + 1;
    let joins = SPELLED.has(text.get(at..at + length)?) && text.get(next)?.is_ascii_alphanumeric();
    joins.then_some(Separator { byte: b'-', odd: true, cell: false, next })
}

/// What kinds of characters a word has, as bits.
const DIGIT: u8 = 1;
const CAPITAL: u8 = 2;
const SMALL: u8 = 4;

/// The kind of each byte that words are made of: ASCII letters and digits. One look-up for each byte of a text costs half
/// as much as comparing it with three ranges.
static KINDS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        #[expect(clippy::indexing_slicing, reason = "a byte indexes 256 places, at compile time")]
        {
            table[byte as usize] = match byte {
                b'0'..=b'9' => DIGIT,
                b'A'..=b'Z' => CAPITAL,
                b'a'..=b'z' => SMALL,
                _ => 0,
            };
        }
        byte += 1;
    }
    table
};

fn kind(byte: u8) -> u8 {
    KINDS.get(usize::from(byte)).copied().unwrap_or(0)
}

/// A word of ASCII letters and digits.
pub(crate) struct Word<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) end: usize,
    kinds: u8,
}

impl<'a> Word<'a> {
    /// The word that starts here.
    pub(crate) fn at(text: &'a [u8], start: usize) -> Self {
        let rest = text.get(start..).unwrap_or_default();
        let mut kinds = 0;
        let stops = |byte: &u8| {
            let kind = kind(*byte);
            kinds |= kind;
            kind == 0
        };
        let length = rest.iter().position(stops).unwrap_or(rest.len());
        Self { text: rest.get(..length).unwrap_or_default(), end: start + length, kinds }
    }

    /// Which of its characters are digits, as bits.
    fn digits(&self) -> u64 {
        match self.kinds {
            DIGIT => lowest(self.text.len()),
            kinds if kinds & DIGIT == 0 => 0,
            _ => {
                self.text.iter().rev().fold(0, |digits, byte| digits << 1 | u64::from(byte.is_ascii_digit()))
            }
        }
    }

    pub(crate) fn has_digits(&self) -> bool {
        self.kinds & DIGIT != 0
    }

    /// Whether it may be the check of a number, written small: a single letter behind a hyphen.
    pub(crate) fn is_check(&self, between: Option<&Separator>) -> bool {
        self.text.len() == 1 && between.is_some_and(|between| between.byte == b'-' && !between.odd)
    }

    /// Whether it has small letters only.
    pub(crate) fn is_plain(&self) -> bool {
        self.kinds == SMALL
    }
}

/// The end of the word of ASCII letters and digits that starts here.
pub(crate) fn word_end(text: &[u8], start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    start + rest.iter().position(|byte| kind(*byte) == 0).unwrap_or(rest.len())
}

/// The start of the word that ends here.
pub(crate) fn word_start(text: &[u8], end: usize) -> usize {
    let before = text.get(..end).unwrap_or_default();
    before.iter().rposition(|byte| kind(*byte) == 0).map_or(0, |last| last + 1)
}
