//! Searches for a few sorts of byte, eight bytes at a time, and more at once in long texts.
//!
//! Plain 64-bit arithmetic, because the WebAssembly target has 64-bit registers but a 32-bit `usize`, on which
//! general search routines fall back to four bytes at a time. Knows bytes, not JSON grammar.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// How far to look in single words, in bytes.
const NEAR: usize = 32;

/// Some bytes that are looked for. A space is in none.
pub(super) trait Set {
    /// Whether a byte is one of them.
    fn has(byte: u8) -> bool;

    /// Sets the high bit of each byte of a little-endian word that is one of them. May also mark bytes after (above) the
    /// first one.
    fn marks(word: u64) -> u64;
}

/// What ends or interrupts the plain part of a string in valid JSON: `"`, `\` and bytes below 0x20.
pub(super) struct QuoteBackslashOrControl;

/// What ends or interrupts a string when control characters do not matter: `"` and `\`.
pub(super) struct QuoteOrBackslash;

/// What changes the nesting or begins a string: `{`, `}`, `[`, `]` and `"`.
pub(super) struct BracketOrQuote;

/// The offset of the first byte that is in the set.
#[inline(always)]
pub(super) fn find<S: Set>(bytes: &[u8]) -> Option<usize> {
    // Most strings end here; those that do not are mostly much longer.
    let (words, _) = bytes.get(..NEAR).unwrap_or(bytes).as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let marks = S::marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return Some(index * 8 + first(marks));
        }
    }
    let near = words.len() * 8;
    find_far::<S>(bytes.get(near..)?).map(|at| near + at)
}

/// The same, for what is far off. Not to be inlined, so that every reader runs the same instructions.
#[inline(never)]
fn find_far<S: Set>(bytes: &[u8]) -> Option<usize> {
    // Of this, and not of a search for one of them, the compiler makes SIMD.
    let is_plain = |block: &&[u8; 32]| block.iter().fold(0, |any, byte| any | u8::from(S::has(*byte))) == 0;
    let (blocks, _) = bytes.as_chunks::<32>();
    let skipped = blocks.iter().take_while(is_plain).count() * 32;
    let (words, tail) = bytes.get(skipped..)?.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let marks = S::marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return Some(skipped + index * 8 + first(marks));
        }
    }
    let mut last = [b' '; 8];
    for (slot, byte) in last.iter_mut().zip(tail) {
        *slot = *byte;
    }
    let marks = S::marks(u64::from_le_bytes(last));
    (marks != 0).then(|| skipped + words.len() * 8 + first(marks))
}

/// Whether all bytes are ASCII, and so UTF-8. Without an early end, so that the compiler makes SIMD of it.
pub(super) fn is_ascii(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |all, byte| all | byte).is_ascii()
}

impl Set for QuoteBackslashOrControl {
    #[inline(always)]
    fn has(byte: u8) -> bool {
        // Without a way around a comparison.
        QuoteOrBackslash::has(byte) | (byte < 0x20)
    }

    #[inline(always)]
    fn marks(word: u64) -> u64 {
        QuoteOrBackslash::marks(word) | (word.wrapping_sub(ONES * 0x20) & !word & HIGHS)
    }
}

impl Set for QuoteOrBackslash {
    #[inline(always)]
    fn has(byte: u8) -> bool {
        (byte == b'"') | (byte == b'\\')
    }

    #[inline(always)]
    fn marks(word: u64) -> u64 {
        equal(word, b'"') | equal(word, b'\\')
    }
}

impl Set for BracketOrQuote {
    #[inline(always)]
    fn has(byte: u8) -> bool {
        let folded = byte | 0x20;
        (folded == b'{') | (folded == b'}') | (byte == b'"')
    }

    #[inline(always)]
    fn marks(word: u64) -> u64 {
        // A brace is a bracket with bit 5 set, and no other byte but these four becomes a brace by setting it.
        let folded = word | (ONES * 0x20);
        equal(folded, b'{') | equal(folded, b'}') | equal(word, b'"')
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte, at every place in texts that end in a word, in a block or behind them.
    fn finds_what_it_has<S: Set>(bytes: &[u8]) {
        for byte in 0..=u8::MAX {
            assert_eq!(S::has(byte), bytes.contains(&byte), "{byte}");
            for length in [1, 7, 8, 9, 31, 33, 40, 71, 100] {
                for at in 0..length {
                    let mut text = vec![b' '; length];
                    text[at] = byte;
                    assert_eq!(find::<S>(&text), S::has(byte).then_some(at), "{byte} at {at} of {length}");
                    text[at..].fill(byte);
                    assert_eq!(find::<S>(&text), S::has(byte).then_some(at), "{byte} from {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn the_first_of_a_set_is_found_wherever_it_is() {
        let controls = 0..b' ';
        finds_what_it_has::<QuoteBackslashOrControl>(&controls.chain(*b"\"\\").collect::<Vec<_>>());
        finds_what_it_has::<QuoteOrBackslash>(b"\"\\");
        finds_what_it_has::<BracketOrQuote>(b"{}[]\"");
    }

    #[test]
    fn one_byte_beyond_ascii_is_enough() {
        for at in 0..100 {
            let mut text = [b'~'; 100];
            assert!(is_ascii(&text) && is_ascii(&text[..at]));
            text[at] = 0x80;
            assert!(!is_ascii(&text));
        }
    }
}
