//! The character classes that the two published splitting patterns tell apart.
//!
//! One byte per class bit, from a two-level table that `tests/token_tables.rs` generates from the reference's
//! own expression engine, so both always follow the same version of Unicode.

/// `\p{Lu}` and `\p{Lt}`.
pub(super) const UPPER: u8 = 1;
/// `\p{Ll}`.
pub(super) const LOWER: u8 = 1 << 1;
/// `\p{Lm}` and `\p{Lo}`: letters without case.
pub(super) const CASELESS: u8 = 1 << 2;
/// `\p{M}`.
pub(super) const MARK: u8 = 1 << 3;
/// `\p{N}`.
pub(super) const NUMBER: u8 = 1 << 4;
/// `\s` except the two newline characters.
pub(super) const SPACE: u8 = 1 << 5;
/// `[\r\n]`.
pub(super) const NEWLINE: u8 = 1 << 6;
/// Everything else: punctuation, symbols, controls, unassigned.
pub(super) const OTHER: u8 = 1 << 7;
/// `\p{L}`.
pub(super) const LETTER: u8 = UPPER | LOWER | CASELESS;
/// `\s`.
pub(super) const WHITESPACE: u8 = SPACE | NEWLINE;

const BLOCK: usize = 128;
const BLOCKS: usize = 0x11_0000 / BLOCK;

static TABLE: &[u8; 38_144] = include_bytes!("data/classes.bin");

/// The class of the character that starts at `at`, and its length in bytes. At the end the class is empty, so
/// that it belongs to no set. `text` is UTF-8 and `at` a character boundary.
#[inline]
pub(super) fn at(text: &[u8], at: usize) -> (u8, usize) {
    match text.get(at) {
        None => (0, 0),
        Some(&byte) if byte < 128 => (ascii(byte), 1),
        Some(&byte) => wide(text, at, byte),
    }
}

/// The end of the longest run of characters of the classes in `set` that starts at `start`.
#[inline]
pub(super) fn run_end(text: &[u8], start: usize, set: u8) -> usize {
    let mut end = start;
    loop {
        let (class, length) = at(text, end);
        if class & set == 0 {
            return end;
        }
        end += length;
    }
}

#[inline]
fn ascii(byte: u8) -> u8 {
    TABLE.get(BLOCKS + usize::from(byte)).copied().unwrap_or(OTHER)
}

fn wide(text: &[u8], at: usize, lead: u8) -> (u8, usize) {
    let continuation = |offset| usize::from(text.get(at + offset).copied().unwrap_or(0) & 0x3F);
    let lead = usize::from(lead);
    let (code, length) = if lead < 0xE0 {
        ((lead & 0x1F) << 6 | continuation(1), 2)
    } else if lead < 0xF0 {
        ((lead & 0x0F) << 12 | continuation(1) << 6 | continuation(2), 3)
    } else {
        ((lead & 0x07) << 18 | continuation(1) << 12 | continuation(2) << 6 | continuation(3), 4)
    };
    let block = usize::from(TABLE.get(code / BLOCK).copied().unwrap_or(0));
    (TABLE.get(BLOCKS + block * BLOCK + code % BLOCK).copied().unwrap_or(OTHER), length)
}
