//! The vocabularies as tables in read-only data, read in place: nothing is built, copied or hashed at start.
//!
//! `build.rs` writes the tables and documents their layout; here they are only read. Every read is checked, and
//! a table that did not hold what it should would give a wrong count, never a panic.

use super::layout::{self, BYTES, EMPTY_CELL, LEAF, PAYLOAD_SHIFT, RANK_BITS, RANK_MASK, Rank, TOKEN};
use super::layout::{MEDIUM_BITS, SHORT_BITS, VALUE_LABEL};

const LABEL_MASK: u32 = 511;

/// One vocabulary.
pub(super) struct Table {
    trie: &'static [[u8; 4]],
    pairs: &'static [[u8; 4]],
    seeds: &'static [[u8; 2]],
    merges: &'static [[u8; 5]],
    short: &'static [[u8; 8]],
    filter: &'static [u8],
    medium: &'static [[u8; 16]],
}

macro_rules! table {
    ($name:literal) => {
        Table {
            trie: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".trie")).as_chunks().0,
            pairs: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".pairs")).as_chunks().0,
            seeds: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".seeds")).as_chunks().0,
            filter: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".filter")),
            short: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".short")).as_chunks().0,
            medium: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".medium")).as_chunks().0,
            merges: include_bytes!(concat!("data/", $name, ".merges"))
                .split_at(BYTES as usize)
                .1
                .as_chunks()
                .0,
        }
    };
}

pub(super) static O200K_BASE: Table = table!("o200k_base");
pub(super) static CL100K_BASE: Table = table!("cl100k_base");

impl Table {
    /// Whether the piece is one of the frequent tokens that have a place of their own: a quick yes, no sure no.
    #[inline]
    pub(super) fn has_frequent(&self, text: &[u8], start: usize, end: usize) -> bool {
        let length = end - start;
        if length <= 8 {
            let key = padded(eight(text, start), length);
            let place = layout::front_place(key, u64::MAX, SHORT_BITS);
            let at =
                |place: usize| self.short.get(place).is_some_and(|token| u64::from_le_bytes(*token) == key);
            at(place) || at(place ^ 1)
        } else if length <= 16 {
            let (low, high) = (eight(text, start), padded(eight(text, start + 8), length - 8));
            let place = layout::front_place(low, high, MEDIUM_BITS);
            let key = u128::from(low) | u128::from(high) << 64;
            let at =
                |place: usize| self.medium.get(place).is_some_and(|token| u128::from_le_bytes(*token) == key);
            at(place) || at(place ^ 1)
        } else {
            false
        }
    }

    /// The longest token that `text` starts with, and its length; zero only when `text` is empty.
    #[inline]
    pub(super) fn longest(&self, text: &[u8]) -> (Rank, usize) {
        let mut base = 0;
        let mut found = (0, 0);
        for (&byte, length) in text.iter().zip(1..) {
            let cell = self.cell(base + usize::from(byte));
            if cell & LABEL_MASK != u32::from(byte) {
                break;
            }
            if cell & LEAF != 0 {
                return (cell >> PAYLOAD_SHIFT, length);
            }
            base = (cell >> PAYLOAD_SHIFT) as usize;
            if cell & TOKEN != 0 {
                found = (base, length);
            }
        }
        let (base, length) = found;
        (self.cell(base + VALUE_LABEL) >> PAYLOAD_SHIFT, length)
    }

    /// Whether two tokens can stand next to each other, that is, whether merging their bytes gives just them.
    ///
    /// Takes back the merge that was made last, on either side, until a pair would have merged across the
    /// boundary before it (the boundary falls) or only bytes are left (it holds). The compatibility test of
    /// van Antwerpen and Neubeck's linear byte-pair encoding (github/rust-gems, crate `bpe`).
    pub(super) fn boundary_holds(&self, mut left: Rank, mut right: Rank) -> bool {
        let mut limit = Rank::MAX;
        loop {
            if self.merged(left, right).is_some_and(|rank| rank < limit) {
                return false;
            }
            // Of equal merges the leftmost is made first, hence the one on the right counts as later.
            if left > right {
                let Some((_, part)) = self.parts(left) else { return true };
                limit = left;
                left = part;
            } else {
                let Some((part, _)) = self.parts(right) else { return true };
                limit = right + 1;
                right = part;
            }
        }
    }

    #[inline]
    fn cell(&self, at: usize) -> u32 {
        work(1);
        self.trie.get(at).map_or(EMPTY_CELL, |cell| u32::from_le_bytes(*cell))
    }

    /// What two adjacent tokens merge into.
    #[inline]
    pub(super) fn merged(&self, left: Rank, right: Rank) -> Option<Rank> {
        work(1);
        let hash = layout::pair_hash(u64::from(left) | u64::from(right) << RANK_BITS);
        let bit = layout::filter_bit(hash);
        if self.filter.get(bit / 8)? >> (bit % 8) & 1 == 0 {
            return None;
        }
        let seed = u16::from_le_bytes(*self.seeds.get(layout::pair_bucket(hash, self.seeds.len()))?);
        let cell = u32::from_le_bytes(*self.pairs.get(layout::pair_place(hash, seed, self.pairs.len()))?);
        let rank = cell & RANK_MASK;
        let same = cell & !RANK_MASK == layout::pair_tag(hash) && self.parts(rank) == Some((left, right));
        same.then_some(rank)
    }

    /// The two tokens that this one is merged from; none for a single byte.
    #[inline]
    fn parts(&self, rank: Rank) -> Option<(Rank, Rank)> {
        let [low @ .., high] = *self.merges.get(rank.checked_sub(BYTES)? as usize)?;
        let low = u32::from_le_bytes(low);
        Some((low & RANK_MASK, low >> RANK_BITS | u32::from(high) << (32 - RANK_BITS)))
    }
}

/// Eight bytes from `at`, the first lowest; what lies past the end of the text is zero.
#[inline]
pub(super) fn eight(text: &[u8], at: usize) -> u64 {
    if let Some(bytes) = text.get(at..).and_then(<[u8]>::first_chunk) {
        return u64::from_le_bytes(*bytes);
    }
    text.get(at..).unwrap_or_default().iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// The first `length` bytes, of which there is at least one, and 0xFF after them.
#[inline]
fn padded(bytes: u64, length: usize) -> u64 {
    bytes | (u64::MAX << 1) << (8 * length - 1)
}

#[cfg(test)]
thread_local! {
    /// Reads of the trie, questions about pairs, visits of parts: the work of merging, for the tests of its bound.
    pub(super) static WORK: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Notes so much work in tests; nothing otherwise.
#[inline]
pub(super) fn work(_amount: usize) {
    #[cfg(test)]
    WORK.set(WORK.get() + _amount);
}
