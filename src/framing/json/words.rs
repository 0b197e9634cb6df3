//! Searches for a few sorts of byte, eight bytes at a time, and more at once in long texts.
//!
//! Plain 64-bit arithmetic, because the WebAssembly target has 64-bit registers but a 32-bit `usize`, on which
//! general search routines fall back to four bytes at a time. Knows bytes, not JSON grammar.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// How far to look in single words, in bytes.
const NEAR: usize = 32;

/// The offset of the first byte that `set` marks.
///
/// `set` gets eight bytes as a little-endian word and sets the high bit of each byte that it looks for. It may
/// also mark bytes after (above) the first one it looks for, but must not mark a space.
#[inline(always)]
pub(super) fn find(bytes: &[u8], set: impl Fn(u64) -> u64 + Copy) -> Option<usize> {
    // Most strings end here; those that do not are mostly much longer.
    let near = bytes.get(..NEAR).unwrap_or_default();
    let (words, _) = near.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let marks = set(u64::from_le_bytes(*word));
        if marks != 0 {
            return Some(index * 8 + first(marks));
        }
    }
    find_far(bytes.get(near.len()..)?, set).map(|at| near.len() + at)
}

/// The same, for what is far off. Not to be inlined, so that every reader runs the same instructions.
#[inline(never)]
fn find_far(bytes: &[u8], set: impl Fn(u64) -> u64) -> Option<usize> {
    // The four words of a block are independent of each other, which the compiler makes SIMD of.
    let (blocks, _) = bytes.as_chunks::<32>();
    let is_plain = |block: &&[u8; 32]| {
        let (words, _) = block.as_chunks::<8>();
        words.iter().fold(0, |marks, word| marks | set(u64::from_le_bytes(*word))) == 0
    };
    let skipped = blocks.iter().take_while(is_plain).count() * 32;
    let (words, tail) = bytes.get(skipped..)?.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let marks = set(u64::from_le_bytes(*word));
        if marks != 0 {
            return Some(skipped + index * 8 + first(marks));
        }
    }
    let mut last = [b' '; 8];
    for (slot, byte) in last.iter_mut().zip(tail) {
        *slot = *byte;
    }
    let marks = set(u64::from_le_bytes(last));
    (marks != 0).then(|| skipped + words.len() * 8 + first(marks))
}

/// Whether all bytes are ASCII, and so UTF-8. Without an early end, so that the compiler makes SIMD of it.
pub(super) fn is_ascii(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |all, byte| all | byte).is_ascii()
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
