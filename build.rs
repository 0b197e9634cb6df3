//! Turns the checked-in vocabularies into the tables that the filter reads in place.
//!
//! In: `src/tokens/data/<vocabulary>.merges` (256 single bytes, then five bytes per further rank; written and
//! verified by `tests/token_tables.rs`). Out, in `OUT_DIR`, per vocabulary:
//!
//! - `<vocabulary>.trie`: a double array over the bytes of all tokens. A node's child for byte `b` is the cell
//!   at `base + b`; a node that is itself a token keeps its rank in the cell at `base + 256`.
//! - `<vocabulary>.pairs` and `<vocabulary>.seeds`: a perfect hash from a pair of ranks to the rank they merge
//!   into. A bucket's seed sends each of its pairs to a cell of its own, so a lookup reads one seed, one cell.
//! - `<vocabulary>.filter`: one bit per hash of a pair; most pairs that are asked for do not merge, and a clear
//!   bit says so at once.
//! - `<vocabulary>.short` and `<vocabulary>.medium`: the tokens of up to 8 and of 9 to 16 bytes, each at the
//!   place its hash names or the one beside it, padded with 0xFF. Where both are taken, the lower ranks, which
//!   are the more frequent tokens, stay; the trie knows them all.
//!
//! `src/tokens/layout.rs` has the details that the reader of the tables must know too.

#![allow(clippy::indexing_slicing, clippy::expect_used, reason = "runs while building, on checked-in input")]

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "src/tokens/layout.rs"]
mod layout;

use layout::{BYTES, EMPTY_CELL, LEAF, PAYLOAD_SHIFT, RANK_BITS, RANK_MASK, Rank, TOKEN, VALUE_LABEL};
use layout::{FILTER_BITS, MEDIUM_BITS, SHORT_BITS};

const MERGE_BYTES: usize = 5;
/// Nodes at this depth or above are laid out level by level.
const SHARED_LEVELS: usize = 2;
/// Search positions for the places of nodes: one for nodes with one or two children, one for each larger number.
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
        let (bytes, merges) = file.split_at(BYTES as usize);
        let merges: Vec<u64> = merges.chunks_exact(MERGE_BYTES).map(little_endian).collect();
        let tokens = tokens(bytes, &merges);
        write(&out, name, "trie", &trie(&tokens))?;
        fs::write(out.join(name).with_extension("short"), front::<8>(&tokens, 1..=8, SHORT_BITS))?;
        fs::write(out.join(name).with_extension("medium"), front::<16>(&tokens, 9..=16, MEDIUM_BITS))?;
        fs::write(out.join(name).with_extension("filter"), filter(&merges))?;
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

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| (number << 8) | u64::from(byte))
}

/// The bytes of every token, by rank.
fn tokens(bytes: &[u8], merges: &[u64]) -> Vec<Vec<u8>> {
    let mut tokens: Vec<Vec<u8>> = bytes.iter().map(|&byte| vec![byte]).collect();
    for key in merges {
        let left = &tokens[(key & u64::from(RANK_MASK)) as usize];
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

/// Lays the trie out: the levels near the root, which every lookup crosses, one after the other; below them each
/// subtree in one go, so that the end of a long token mostly lies in one cache line.
fn trie(tokens: &[Vec<u8>]) -> Vec<u32> {
    let mut sorted: Vec<(&[u8], Rank)> = tokens.iter().map(Vec::as_slice).zip(0..).collect();
    sorted.sort_unstable();
    let mut cells = Cells::default();
    let mut pending = VecDeque::from([Subtree { depth: 0, first: 0, end: sorted.len(), cell: None }]);
    while let Some(node) = pending.pop_front() {
        let mut children = lay_out(&sorted, &mut cells, &node);
        // Low ranks are frequent tokens: what is used together lies together.
        children.sort_by_key(|child| sorted[child.first..child.end].iter().map(|(_, rank)| *rank).min());
        if node.depth < SHARED_LEVELS {
            pending.extend(children);
        } else {
            children.into_iter().rev().for_each(|child| pending.push_front(child));
        }
    }
    cells.words
}

/// Completes the node's own cell, places its children's, and returns them.
fn lay_out(sorted: &[(&[u8], Rank)], cells: &mut Cells, node: &Subtree) -> Vec<Subtree> {
    let depth = node.depth;
    let own =
        sorted.get(node.first).filter(|(token, _)| depth > 0 && token.len() == depth).map(|(_, rank)| rank);
    let longer = node.first + usize::from(own.is_some());
    if let (Some(rank), Some(cell)) = (own, node.cell)
        && longer == node.end
    {
        cells.words[cell] |= LEAF | rank << PAYLOAD_SHIFT;
        return Vec::new();
    }
    let groups = sorted[longer..node.end].chunk_by(|one, other| one.0[depth] == other.0[depth]);
    let mut labels: Vec<u32> = groups.clone().map(|group| u32::from(group[0].0[depth])).collect();
    labels.extend(own.map(|_| VALUE_LABEL as u32));
    let base = if node.cell.is_none() { cells.take(0, &labels) } else { cells.place(&labels) };
    if let Some(cell) = node.cell {
        cells.words[cell] |= (base as u32) << PAYLOAD_SHIFT;
        if let Some(rank) = own {
            cells.words[cell] |= TOKEN;
            cells.words[base + VALUE_LABEL] |= rank << PAYLOAD_SHIFT;
        }
    }
    let mut first = longer;
    groups
        .zip(labels)
        .map(|(group, label)| {
            let child = Subtree {
                depth: depth + 1,
                first,
                end: first + group.len(),
                cell: Some(base + label as usize),
            };
            first = child.end;
            child
        })
        .collect()
}

/// The double array while it grows.
#[derive(Default)]
struct Cells {
    words: Vec<u32>,
    /// A base belongs to one node only: then a cell's label alone proves whose child it is.
    based: Vec<bool>,
    /// Where the search for a node with so many children goes on; it never goes back, so the whole layout takes
    /// linear time.
    cursors: [usize; CURSORS],
}

impl Cells {
    /// Finds a base at which all labels fall on free cells.
    fn place(&mut self, labels: &[u32]) -> usize {
        let lowest = labels.iter().min().map_or(0, |&label| label as usize);
        let class = labels.len().saturating_sub(2).min(CURSORS - 1);
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
        let end = base + VALUE_LABEL + 1;
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

fn filter(merges: &[u64]) -> Vec<u8> {
    let mut filter = vec![0; 1 << (FILTER_BITS - 3)];
    for &key in merges {
        let bit = layout::filter_bit(layout::pair_hash(key));
        filter[bit / 8] |= 1 << (bit % 8);
    }
    filter
}

/// Seeds and cells of a perfect hash; a cell holds the rank and above it what is left of the pair's hash.
fn perfect_hash(merges: &[u64]) -> (Vec<u8>, Vec<u32>) {
    let cells_count = merges.len() * CELLS_PER_HUNDRED / 100;
    let buckets_count = merges.len().div_ceil(BUCKET_PAIRS);
    let mut buckets: Vec<(usize, Vec<(u64, Rank)>)> = (0..buckets_count).map(|at| (at, Vec::new())).collect();
    for (&key, rank) in merges.iter().zip(BYTES..) {
        let hash = layout::pair_hash(key);
        buckets[layout::pair_bucket(hash, buckets_count)].1.push((hash, rank));
    }
    buckets.sort_by_key(|(_, pairs)| std::cmp::Reverse(pairs.len()));
    let mut seeds = vec![0_u8; 2 * buckets_count];
    let mut cells = vec![0_u32; cells_count];
    for (bucket, pairs) in buckets {
        let place = |seed: u16| -> Vec<usize> {
            pairs.iter().map(|(hash, _)| layout::pair_place(*hash, seed, cells_count)).collect()
        };
        let fits = |places: &[usize]| {
            places.iter().enumerate().all(|(n, &at)| cells[at] == 0 && !places[..n].contains(&at))
        };
        let seed = (0..=u16::MAX).find(|&seed| fits(&place(seed))).expect("a seed for every bucket");
        for (at, (hash, rank)) in place(seed).into_iter().zip(&pairs) {
            cells[at] = rank | layout::pair_tag(*hash);
        }
        seeds[2 * bucket..2 * bucket + 2].copy_from_slice(&seed.to_le_bytes());
    }
    (seeds, cells)
}

/// The tokens of these lengths that can be a whole piece of text, at the places of their hashes. No text holds
/// the byte 0xFF, so it marks what is free.
fn front<const LENGTH: usize>(tokens: &[Vec<u8>], lengths: RangeInclusive<usize>, bits: u32) -> Vec<u8> {
    let mut places = vec![0xFF; LENGTH << bits];
    for token in tokens.iter().filter(|token| lengths.contains(&token.len())) {
        let mut key = [0xFF; 16];
        key[..token.len()].copy_from_slice(token);
        let halves = u128::from_le_bytes(key);
        let at = layout::front_place(halves as u64, (halves >> 64) as u64, bits);
        if std::str::from_utf8(token).is_err() {
            continue;
        }
        if let Some(free) = [at, at ^ 1].into_iter().find(|at| places[at * LENGTH] == 0xFF) {
            places[free * LENGTH..][..LENGTH].copy_from_slice(&key[..LENGTH]);
        }
    }
    places
}
