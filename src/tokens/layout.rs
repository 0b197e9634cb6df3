//! The layout of the token tables: what `build.rs` writes and `table.rs` reads. Both compile this file.

/// A token's number in its vocabulary; a lower rank merges earlier.
pub(super) type Rank = u32;

/// Bits that a rank takes wherever two are packed into one word.
pub(super) const RANK_BITS: u32 = 18;
pub(super) const RANK_MASK: u32 = (1 << RANK_BITS) - 1;
/// The number of single-byte tokens; they have the lowest ranks and are not merged from anything.
pub(super) const BYTES: Rank = 256;

// A cell of the trie: the label in the low nine bits, two flags, and above them a base or a rank.

/// The label of the cell in which a node that is a token keeps its rank.
pub(super) const VALUE_LABEL: usize = 256;
/// What a free cell holds: a label that no lookup has.
pub(super) const EMPTY_CELL: u32 = 511;
/// The node is a token and has no children; the cell holds its rank.
pub(super) const LEAF: u32 = 1 << 9;
/// The node is a token and has children; the cell holds its base.
pub(super) const TOKEN: u32 = 1 << 10;
pub(super) const PAYLOAD_SHIFT: u32 = 11;

/// Binary logarithms of the numbers of bits in the pair filter and of places for short and medium tokens.
pub(super) const FILTER_BITS: u32 = 20;
pub(super) const SHORT_BITS: u32 = 16;
pub(super) const MEDIUM_BITS: u32 = 14;

const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
const SECOND_MULTIPLIER: u64 = 0xD6E8_FEB8_6659_FD93;

/// `key` is the left rank in the low bits and the right one above it.
pub(super) fn pair_hash(key: u64) -> u64 {
    let folded = key.wrapping_mul(MULTIPLIER);
    (folded ^ (folded >> 32)).wrapping_mul(SECOND_MULTIPLIER)
}

pub(super) fn filter_bit(hash: u64) -> usize {
    (hash >> (64 - FILTER_BITS)) as usize
}

/// The bucket of a pair among so many, whose seed completes its place.
pub(super) fn pair_bucket(hash: u64, buckets: usize) -> usize {
    reduce(hash as u32, buckets)
}

/// The place of a pair among so many.
pub(super) fn pair_place(hash: u64, seed: u16, places: usize) -> usize {
    let seeded = (hash >> 32) as u32 ^ u32::from(seed).wrapping_mul(0x85EB_CA6B);
    reduce(seeded.wrapping_mul(0xC2B2_AE35), places)
}

/// What a cell holds for a pair besides the rank, above it: enough of the hash to tell most other pairs.
pub(super) fn pair_tag(hash: u64) -> u32 {
    (hash >> 46) as u32 >> 4 << RANK_BITS
}

/// The place of a token of up to sixteen bytes, given eight and eight, padded with 0xFF.
#[inline]
pub(super) fn front_place(low: u64, high: u64, bits: u32) -> usize {
    let folded = low.wrapping_mul(MULTIPLIER) ^ high.wrapping_add(1);
    (folded.wrapping_mul(SECOND_MULTIPLIER) >> (64 - bits)) as usize
}

fn reduce(hash: u32, count: usize) -> usize {
    ((u64::from(hash) * count as u64) >> 32) as usize
}
