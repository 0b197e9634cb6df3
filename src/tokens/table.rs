//! The vocabularies as tables in read-only data, read in place: nothing is built, copied or hashed at start.
//!
//! `build.rs` writes the tables and documents their layout; here they are only read. Every read is checked, and
//! a table that did not hold what it should would give a wrong count, never a panic.

/// A token's number in its vocabulary; a lower rank merges earlier.
pub(super) type Rank = u32;

const RANK_MASK: u32 = (1 << 18) - 1;
const LABEL_MASK: u32 = 511;
const VALUE_LABEL: usize = 256;
const LEAF: u32 = 1 << 9;
const TOKEN: u32 = 1 << 10;
const PAYLOAD_SHIFT: u32 = 11;

/// The number of single-byte tokens; they have the lowest ranks and are not merged from anything.
const BYTES: u32 = 256;

pub(super) struct Table {
    trie: &'static [[u8; 4]],
    pairs: &'static [[u8; 4]],
    seeds: &'static [[u8; 2]],
    merges: &'static [[u8; 5]],
}

macro_rules! table {
    ($name:literal) => {
        Table {
            trie: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".trie")).as_chunks().0,
            pairs: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".pairs")).as_chunks().0,
            seeds: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".seeds")).as_chunks().0,
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
        self.trie.get(at).map_or(LABEL_MASK, |cell| u32::from_le_bytes(*cell))
    }

    /// What two adjacent tokens merge into.
    #[inline]
    fn merged(&self, left: Rank, right: Rank) -> Option<Rank> {
        let hash = mix(u64::from(left) | u64::from(right) << 18);
        let seed = self.seeds.get(reduce(hash as u32, self.seeds.len()))?;
        let cell = self.pairs.get(reduce(seeded(hash, u16::from_le_bytes(*seed)), self.pairs.len()))?;
        let cell = u32::from_le_bytes(*cell);
        let rank = cell & RANK_MASK;
        let same = cell >> 18 == (hash >> 46) as u32 & 0x3FFF && self.parts(rank) == Some((left, right));
        same.then_some(rank)
    }

    /// The two tokens that this one is merged from; none for a single byte.
    #[inline]
    fn parts(&self, rank: Rank) -> Option<(Rank, Rank)> {
        let [low @ .., high] = *self.merges.get(rank.checked_sub(BYTES)? as usize)?;
        let low = u32::from_le_bytes(low);
        Some((low & RANK_MASK, low >> 18 | u32::from(high) << 14))
    }
}

fn mix(key: u64) -> u64 {
    let folded = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (folded ^ folded >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

fn seeded(hash: u64, seed: u16) -> u32 {
    ((hash >> 32) as u32 ^ u32::from(seed).wrapping_mul(0x85EB_CA6B)).wrapping_mul(0xC2B2_AE35)
}

fn reduce(hash: u32, count: usize) -> usize {
    (u64::from(hash) * count as u64 >> 32) as usize
}
