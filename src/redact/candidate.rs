//! Candidates: what may be a number, read from the text with the separators taken out.
//!
//! A candidate starts at a word and takes in further words while single separators join them; it says where it was
//! separated and by what. It does not know any format.

use super::format::LONGEST;

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
    /// A letter is small.
    pub(crate) small: bool,
}

/// A separator that was read.
pub(crate) struct Separator {
    /// Its byte; a line feed for any line break.
    byte: u8,
    /// Not a usual one, or with spaces around.
    odd: bool,
    /// Where the next word starts.
    pub(crate) next: usize,
}

/// Separators that people write out, to get past filters.
const SPELLED: [&str; 10] =
    ["dash", "hyphen", "minus", "space", "slash", "dot", "point", "tiret", "guion", "strich"];

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
        self.length > 0 && self.digits.count_ones() as usize == self.length
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

    /// Whether all separators are this byte.
    pub(crate) fn is_separated_by(&self, byte: u8) -> bool {
        self.separators.get(..self.separated).unwrap_or_default().iter().all(|&own| own == byte)
    }

    /// Takes in a word, after a separator unless it is the first. Whether it had room.
    pub(crate) fn push(&mut self, separator: Option<&Separator>, word: &[u8], end: usize) -> bool {
        if self.length + word.len() > LONGEST
            || (self.separated >= WORDS && !(self.even && self.first_word == 1))
        {
            return false;
        }
        if let Some(separator) = separator {
            if let Some(slot) = self.separators.get_mut(self.separated) {
                *slot = separator.byte;
            }
            self.breaks |= 1 << self.length;
            self.odd |= separator.odd;
            self.lines |= separator.byte == b'\n';
            // Every word before this one had the length of the first, or the words are uneven.
            self.even &=
                self.length == self.first_word * (self.separated + 1) && word.len() <= self.first_word;
            self.separated += 1;
        } else {
            self.first_word = word.len();
        }
        for byte in word {
            if let Some(slot) = self.characters.get_mut(self.length) {
                *slot = byte.to_ascii_uppercase();
            }
            self.digits |= u64::from(byte.is_ascii_digit()) << self.length;
            self.small |= byte.is_ascii_lowercase();
            self.length += 1;
        }
        self.end = end;
        // `A123456(3)`: the bracket belongs to the value.
        true
    }
}

/// Reads what may separate two parts of a number: one mark, with a few spaces or a line break.
pub(crate) fn separator(text: &[u8], at: usize) -> Option<Separator> {
    let mut next = at;
    let (mut byte, mut spaces, mut lines) = (0, 0, false);
    while next < at + 5 {
        match text.get(next).copied() {
            Some(b' ' | b'\t') => spaces += 1,
            Some(b'\n' | b'\r') => lines = true,
            Some(
                mark @ (b'-' | b'.' | b'/' | b'_' | b'*' | b':' | b',' | b'|' | b'~' | b'+' | b'(' | b'\\'),
            ) if byte == 0 => {
                byte = mark;
            }
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
    let usual = matches!(byte, 0 | b'-' | b'.' | b'/' | b'(');
    let odd = !usual || (byte != 0 && spaces > 0) || (byte == 0 && spaces > 1 && !lines);
    let byte = match byte {
        _ if lines => b'\n',
        0 => b' ',
        byte => byte,
    };
    Some(Separator { byte, odd, next })
}

fn spelled(text: &[u8], at: usize) -> Option<Separator> {
    let word = text.get(at..)?;
    if !b"dhmsptgDHMSPTG".contains(word.first()?) {
        return None;
    }
    SPELLED.iter().find_map(|name| {
        let matches = word.get(..name.len())?.eq_ignore_ascii_case(name.as_bytes());
        let next = at + name.len() + 1;
        (matches && word.get(name.len()) == Some(&b' ') && text.get(next)?.is_ascii_alphanumeric())
            .then_some(Separator { byte: b'-', odd: true, next })
    })
}

/// The bytes that words are made of: ASCII letters and digits. One look-up for each byte of a text costs half as much as
/// comparing it with three ranges.
static IN_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        #[expect(clippy::indexing_slicing, reason = "a byte indexes 256 places, at compile time")]
        {
            table[byte as usize] = byte.is_ascii_alphanumeric();
        }
        byte += 1;
    }
    table
};

fn is_in_word(byte: u8) -> bool {
    IN_WORD.get(usize::from(byte)).copied().unwrap_or(false)
}

/// The end of the word of ASCII letters and digits that starts here.
pub(crate) fn word_end(text: &[u8], start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    start + rest.iter().position(|byte| !is_in_word(*byte)).unwrap_or(rest.len())
}

/// The start of the word that ends here.
pub(crate) fn word_start(text: &[u8], end: usize) -> usize {
    let before = text.get(..end).unwrap_or_default();
    before.iter().rposition(|byte| !is_in_word(*byte)).map_or(0, |last| last + 1)
}
