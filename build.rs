//! Turns the checked-in vocabularies into the tables that the filter reads in place.
//!
//! In: `src/tokens/data/<vocabulary>.merges` (256 single bytes, then five bytes per further rank; written and
//! verified by `tests/token_tables.rs`). Out, in `OUT_DIR`, per vocabulary:
//!
//! - `<vocabulary>.trie`: a double array over the bytes of all tokens. A node's child for byte `b` is the cell
//!   at `base + b`; a node that is itself a token keeps its rank in the cell at `base + 256`.
//! - `<vocabulary>.pairs` and `<vocabulary>.seeds`: a perfect hash from a pair of ranks to the rank they merge
//!   into. A bucket's seed sends each of its pairs to a cell of its own, so a lookup reads one seed, one cell.
//!
//! The cell layouts and the hash are read back by `src/tokens/table.rs`; the two change together.

#![allow(clippy::indexing_slicing, clippy::expect_used, reason = "runs while building, on checked-in input")]

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const MERGE_BYTES: usize = 5;
const RANK_BITS: u32 = 18;

/// Trie cell: bits 0–8 the label, bit 9 "has no children", bit 10 "is a token", bits 11–31 base or rank.
const VALUE_LABEL: u32 = 256;
const EMPTY_CELL: u32 = 511;
const LEAF: u32 = 1 << 9;
const TOKEN: u32 = 1 << 10;
const PAYLOAD_SHIFT: u32 = 11;

/// Nodes with this many children or more share one search position.
const CURSORS: usize = 24;

/// Pairs per bucket of the perfect hash, on average.
const BUCKET_PAIRS: usize = 4;
/// Cells of the perfect hash per hundred pairs.
const CELLS_PER_HUNDRED: usize = 104;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    for name in ["o200k_base", "cl100k_base"] {
        let source = Path::new("src/tokens/data").join(name).with_extension("merges");
        println!("cargo::rerun-if-changed={}", source.display());
        let file = fs::read(source)?;
        let (bytes, merges) = file.split_at(256);
        let merges: Vec<u64> = merges.chunks_exact(MERGE_BYTES).map(pair_key).collect();
        write(&out, name, "trie", &trie(&tokens(bytes, &merges)))?;
        let (seeds, cells) = perfect_hash(&merges);
        write(&out, name, "pairs", &cells)?;
        fs::write(out.join(name).with_extension("seeds"), seeds)?;
    }
    Ok(())
}

fn write(out: &Path, name: &str, extension: &str, words: &[u32]) -> io::Result<()> {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    fs::write(out.join(name).with_extension(extension), bytes)
}

fn pair_key(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |key, &byte| key << 8 | u64::from(byte))
}

/// The bytes of every token, by rank.
fn tokens(bytes: &[u8], merges: &[u64]) -> Vec<Vec<u8>> {
    let mut tokens: Vec<Vec<u8>> = bytes.iter().map(|&byte| vec![byte]).collect();
    for key in merges {
        let left = &tokens[(key & ((1 << RANK_BITS) - 1)) as usize];
        let right = &tokens[(key >> RANK_BITS) as usize];
        tokens.push([left.as_slice(), right].concat());
    }
    tokens
}

/// Tokens with a common prefix, in byte order: the subtree of one node `depth` bytes down.
struct Subtree {
    depth: usize,
    first: usize,
    end: usize,
    /// The cell that must point to this node's children; the root has none.
    cell: Option<usize>,
}

/// Lays the trie out level by level. The nodes near the root, which every lookup crosses, share cache lines.
fn trie(tokens: &[Vec<u8>]) -> Vec<u32> {
    let mut sorted: Vec<(&[u8], u32)> = tokens.iter().map(Vec::as_slice).zip(0..).collect();
    sorted.sort_unstable();
    let mut cells = Cells::default();
    let mut level = vec![Subtree { depth: 0, first: 0, end: sorted.len(), cell: None }];
    while !level.is_empty() {
        let mut next: Vec<(u32, Subtree)> = Vec::new();
        for node in level {
            let mut first = node.first;
            let rank = sorted.get(first).filter(|(token, _)| node.depth > 0 && token.len() == node.depth);
            if let (Some((_, rank)), Some(cell), 1) = (rank, node.cell, node.end - first) {
                cells.words[cell] |= LEAF | rank << PAYLOAD_SHIFT;
                continue;
            }
            let mut labels: Vec<u32> = rank.map(|_| VALUE_LABEL).into_iter().collect();
            first += labels.len();
            let mut children = Vec::new();
            while first < node.end {
                let label = sorted[first].0[node.depth];
                let length =
                    sorted[first..node.end].iter().take_while(|(token, _)| token[node.depth] == label);
                let end = first + length.count();
                children.push((label, first, end));
                first = end;
            }
            labels.extend(children.iter().map(|(label, ..)| u32::from(*label)));
            let base = if node.cell.is_none() { cells.take(0, &labels) } else { cells.place(&labels) };
            if let Some(cell) = node.cell {
                cells.words[cell] |= (base as u32) << PAYLOAD_SHIFT;
            }
            if let (Some((_, rank)), Some(cell)) = (rank, node.cell) {
                cells.words[cell] |= TOKEN;
                cells.words[base + VALUE_LABEL as usize] |= rank << PAYLOAD_SHIFT;
            }
            next.extend(children.into_iter().map(|(label, first, end)| {
                let lowest = sorted[first..end].iter().map(|(_, rank)| *rank).min().unwrap_or(0);
                let cell = Some(base + usize::from(label));
                (lowest, Subtree { depth: node.depth + 1, first, end, cell })
            }));
        }
        // Low ranks are frequent tokens: what is used together lies together.
        next.sort_unstable_by_key(|(lowest, _)| *lowest);
        level = next.into_iter().map(|(_, node)| node).collect();
    }
    cells.words
}

/// The double array while it grows.
#[derive(Default)]
struct Cells {
    words: Vec<u32>,
    /// A base belongs to one node only: then a cell's label alone proves whose child it is.
    based: Vec<bool>,
    /// Where the search for a node with so many children goes on; it never goes back, so the whole layout takes
    /// linear time, and nodes with few children fill what the large ones left.
    cursors: [usize; CURSORS],
}

impl Cells {
    /// Finds a base at which all labels fall on free cells.
    fn place(&mut self, labels: &[u32]) -> usize {
        let lowest = labels.iter().min().map_or(0, |&label| label as usize);
        let class = labels.len().min(CURSORS) - 1;
        let mut at = self.cursors[class].max(lowest);
        loop {
            let base = at - lowest;
            let free = |label: &u32| self.words.get(base + *label as usize).is_none_or(|&w| w == EMPTY_CELL);
            if !self.based.get(base).is_some_and(|&based| based) && labels.iter().all(free) {
                self.cursors[class] = at;
                return self.take(base, labels);
            }
            at += 1;
        }
    }

    fn take(&mut self, base: usize, labels: &[u32]) -> usize {
        let end = base + VALUE_LABEL as usize + 1;
        if self.words.len() < end {
            self.words.resize(end, EMPTY_CELL);
            self.based.resize(end, false);
        }
        self.based[base] = true;
        for &label in labels {
            self.words[base + label as usize] = label;
        }
        base
    }
}

/// Seeds and cells of a perfect hash; a cell holds the rank and above it what is left of the pair's hash.
fn perfect_hash(merges: &[u64]) -> (Vec<u8>, Vec<u32>) {
    let cells_count = merges.len() * CELLS_PER_HUNDRED / 100;
    let buckets_count = merges.len().div_ceil(BUCKET_PAIRS);
    let mut buckets: Vec<(usize, Vec<(u64, u32)>)> = (0..buckets_count).map(|at| (at, Vec::new())).collect();
    for (&key, rank) in merges.iter().zip(256..) {
        let hash = mix(key);
        buckets[reduce(hash as u32, buckets_count)].1.push((hash, rank));
    }
    buckets.sort_by_key(|(_, pairs)| std::cmp::Reverse(pairs.len()));
    let mut seeds = vec![0_u8; 2 * buckets_count];
    let mut cells = vec![0_u32; cells_count];
    for (bucket, pairs) in buckets {
        let place = |seed: u16| -> Vec<usize> {
            pairs.iter().map(|(hash, _)| reduce(seeded(*hash, seed), cells_count)).collect()
        };
        let fits = |places: &[usize]| {
            places.iter().enumerate().all(|(n, &at)| cells[at] == 0 && !places[..n].contains(&at))
        };
        let seed = (0..=u16::MAX).find(|&seed| fits(&place(seed))).expect("a seed for every bucket");
        for (at, (hash, rank)) in place(seed).into_iter().zip(&pairs) {
            cells[at] = rank | ((hash >> 46) as u32) << RANK_BITS;
        }
        seeds[2 * bucket..2 * bucket + 2].copy_from_slice(&seed.to_le_bytes());
    }
    (seeds, cells)
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
