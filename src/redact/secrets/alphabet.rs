//! The sets of bytes that tokens are made of, as masks over one table, so that a set is a number and a test is a look-up.

/// A set of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alphabet(u16);

const DIGIT: u16 = 1;
const LOWER_HEX: u16 = 1 << 1;
const UPPER_HEX: u16 = 1 << 2;
const LOWER: u16 = 1 << 3;
const UPPER: u16 = 1 << 4;
const UNDERSCORE: u16 = 1 << 5;
const DASH: u16 = 1 << 6;
const DOT: u16 = 1 << 7;
const PLUS: u16 = 1 << 8;
const SLASH_BIT: u16 = 1 << 9;
const EQUALS: u16 = 1 << 10;
const COLON_BIT: u16 = 1 << 11;
const DOLLAR_BIT: u16 = 1 << 12;
const PERCENT_BIT: u16 = 1 << 13;
const BANG_BIT: u16 = 1 << 14;

pub(super) const DIGITS: Alphabet = Alphabet(DIGIT);
pub(super) const HEX: Alphabet = Alphabet(DIGIT | LOWER_HEX | UPPER_HEX);
pub(super) const UPPER_ALNUM: Alphabet = Alphabet(DIGIT | UPPER_HEX | UPPER);
pub(super) const LOWER_ALNUM: Alphabet = Alphabet(DIGIT | LOWER_HEX | LOWER);
pub(super) const UPPER_DASHED: Alphabet = Alphabet(UPPER_ALNUM.0 | DASH | UNDERSCORE);
pub(super) const ALNUM: Alphabet = Alphabet(UPPER_ALNUM.0 | LOWER_ALNUM.0);
pub(super) const WORD: Alphabet = Alphabet(ALNUM.0 | UNDERSCORE);
/// The URL-safe base 64 alphabet of RFC 4648 §5, with its padding.
pub(super) const DASHED: Alphabet = Alphabet(WORD.0 | DASH | EQUALS);
pub(super) const DOTTED: Alphabet = Alphabet(DASHED.0 | DOT);
/// Both base 64 alphabets of RFC 4648, with padding.
pub(super) const BASE64: Alphabet = Alphabet(DASHED.0 | PLUS | SLASH_BIT);
pub(super) const DASHED_SLASH: Alphabet = Alphabet(DASHED.0 | SLASH_BIT);
pub(super) const COLON: Alphabet = Alphabet(DASHED_SLASH.0 | COLON_BIT);
pub(super) const DOLLAR: Alphabet = Alphabet(DASHED.0 | DOLLAR_BIT);
pub(super) const PERCENT: Alphabet = Alphabet(BASE64.0 | PERCENT_BIT);
pub(super) const BANG: Alphabet = Alphabet(DOTTED.0 | BANG_BIT);
/// What a credential behind `Bearer` is made of: the `token68` of RFC 9110 §11.2, and the separators of some makers.
pub(super) const TOKEN68: Alphabet = Alphabet(BASE64.0 | DOT | COLON_BIT | PERCENT_BIT | TILDE);
const TILDE: u16 = 1 << 15;

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which reports an index out of range")]
static SETS: [u16; 256] = {
    let mut sets = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        sets[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'f' => LOWER_HEX,
            b'A'..=b'F' => UPPER_HEX,
            b'g'..=b'z' => LOWER,
            b'G'..=b'Z' => UPPER,
            b'_' => UNDERSCORE,
            b'-' => DASH,
            b'.' => DOT,
            b'+' => PLUS,
            b'/' => SLASH_BIT,
            b'=' => EQUALS,
            b':' => COLON_BIT,
            b'$' => DOLLAR_BIT,
            b'%' => PERCENT_BIT,
            b'!' => BANG_BIT,
            b'~' => TILDE,
            _ => 0,
        };
        byte += 1;
    }
    sets
};

impl Alphabet {
    /// Whether the set has `byte`.
    pub(super) fn has(self, byte: u8) -> bool {
        SETS.get(usize::from(byte)).is_some_and(|&sets| sets & self.0 != 0)
    }

    /// Where the run of this set's bytes that begins at `start` ends, at most `most` bytes further on.
    pub(super) fn end(self, bytes: &[u8], start: usize, most: usize) -> usize {
        let rest = bytes.get(start..).unwrap_or_default();
        let run = rest.get(..most).unwrap_or(rest);
        start + run.iter().position(|&byte| !self.has(byte)).unwrap_or(run.len())
    }

    /// Where the run of this set's bytes that ends at `end` begins, at most `most` bytes further back.
    pub(super) fn start(self, bytes: &[u8], end: usize, most: usize) -> usize {
        let run = bytes.get(..end).unwrap_or_default().iter().rev().take(most);
        end - run.take_while(|&&byte| self.has(byte)).count()
    }
}
