//! Searches for a few sorts of byte, eight bytes at a time.
//!
//! Plain 64-bit arithmetic, because the WebAssembly target has 64-bit registers but a 32-bit `usize`, on which
//! general search routines fall back to four bytes at a time. Knows bytes, not JSON grammar.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The offset of the first byte that `set` marks.
///
/// `set` gets eight bytes as a little-endian word and sets the high bit of each byte that it looks for. It may
/// also mark bytes after (above) the first one it looks for, but must not mark a space.
#[inline(always)]
pub(super) fn find(bytes: &[u8], set: impl Fn(u64) -> u64) -> Option<usize> {
    let (words, tail) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let marks = set(u64::from_le_bytes(*word));
        if marks != 0 {
            return Some(index * 8 + first(marks));
        }
    }
    let mut last = [b' '; 8];
    for (slot, byte) in last.iter_mut().zip(tail) {
        *slot = *byte;
    }
    let marks = set(u64::from_le_bytes(last));
    (marks != 0).then(|| words.len() * 8 + first(marks))
}

/// What ends or interrupts the plain part of a string in valid JSON: `"`, `\` and bytes below 0x20.
#[inline(always)]
pub(super) fn quote_backslash_or_control(word: u64) -> u64 {
    equal(word, b'"') | equal(word, b'\\') | (word.wrapping_sub(ONES * 0x20) & !word & HIGHS)
}

/// What ends or interrupts a string when control characters do not matter: `"` and `\`.
#[inline(always)]
pub(super) fn quote_or_backslash(word: u64) -> u64 {
    equal(word, b'"') | equal(word, b'\\')
}

/// What changes the nesting or begins a string: `{`, `}`, `[`, `]` and `"`.
#[inline(always)]
pub(super) fn bracket_or_quote(word: u64) -> u64 {
    // A brace is a bracket with bit 5 set, and no other byte but these four becomes a brace by setting it.
    let folded = word | (ONES * 0x20);
    equal(folded, b'{') | equal(folded, b'}') | equal(word, b'"')
}

/// Marks the bytes equal to `byte`; a mark above the first one may be false, by the borrow of the subtraction.
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    let differences = word ^ (ONES * byte as u64);
    differences.wrapping_sub(ONES) & !differences & HIGHS
}

fn first(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}
