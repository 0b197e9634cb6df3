//! Byte-pair merging of one piece, in time that grows with its length whatever it says.
//!
//! A piece has exactly one sequence of tokens in which each pair of neighbours holds, and that is what merging
//! pairs in the order of their ranks gives (van Antwerpen and Neubeck, github/rust-gems, crate `bpe`). So it is
//! looked for from left to right: take the longest token that the rest starts with; if it cannot follow the
//! token before it, a shorter one; if none can, the position is a dead end, never tried again, and the token
//! before it must be shorter. Ordinary text has hardly any dead end. Runs of one character have many, since the
//! vocabularies know them in dozens of lengths; after a fixed number of fruitless steps per byte such a piece is
//! merged in the order of ranks after all, which for text that repeats itself takes few passes.

use super::layout::Rank;
use super::table::{Table, work};

/// Pieces shorter than this need no allocation.
const SHORT: usize = 64 * SHORT_WORDS;
const SHORT_WORDS: usize = 4;

/// Fruitless steps that the search may take: at once, and for each byte that it has got on.
const PATIENCE: usize = 256;
const PATIENCE_PER_BYTE: usize = 4;
/// What a fruitless step costs besides walking to the end of the token.
const CHECK: usize = 8;

/// Bytes that are merged by rank at once. Much longer than the longest token, which has 128.
const WINDOW: usize = 512;

/// The number of tokens of the piece from `start` to `end`.
#[inline]
pub(super) fn count(table: &Table, text: &[u8], start: usize, end: usize) -> usize {
    if table.has_frequent(text, start, end) { 1 } else { count_parts(table, slice(text, start, end)) }
}

#[inline(never)]
fn count_parts(table: &Table, piece: &[u8]) -> usize {
    let first = table.longest(piece);
    if first.1 == piece.len() {
        return 1;
    }
    let found = if piece.len() < SHORT {
        let (mut starts, mut dead) = ([0; SHORT_WORDS], [0; SHORT_WORDS]);
        mark_starts(table, piece, first, Bits(&mut starts), Bits(&mut dead))
    } else {
        let words = piece.len() / 64 + 1;
        mark_starts(table, piece, first, Bits(&mut vec![0; words]), Bits(&mut vec![0; words]))
    };
    found.unwrap_or_else(|| count_by_rank(table, piece))
}

/// Marks where the tokens of a piece start and returns their number; none if patience runs out. `first` is its
/// longest first token.
fn mark_starts(
    table: &Table,
    piece: &[u8],
    first: (Rank, usize),
    mut starts: Bits<'_>,
    mut dead: Bits<'_>,
) -> Option<usize> {
    let mut count = 0;
    let mut at = 0;
    let mut last: Option<Rank> = None;
    let mut fruitless = 0;
    let (mut rank, mut length) = first;
    loop {
        let end = at + length;
        if !dead.contains(end) && last.is_none_or(|last| table.boundary_holds(last, rank)) {
            starts.insert(at);
            count += 1;
            last = Some(rank);
            at = end;
            if at >= piece.len() {
                return Some(count);
            }
            (rank, length) = table.longest(slice(piece, at, piece.len()));
            continue;
        }
        fruitless += CHECK + length;
        if fruitless > PATIENCE + PATIENCE_PER_BYTE * at {
            return None;
        }
        if length > 1 {
            (rank, length) = table.longest(slice(piece, at, end - 1));
        } else {
            let before = starts.last_below(at)?;
            dead.insert(at);
            starts.remove(before);
            count -= 1;
            length = at - before;
            at = before;
            last = starts.last_below(at).map(|start| table.longest(slice(piece, start, at)).0);
            (rank, _) = table.longest(slice(piece, at, at + length));
        }
    }
}

/// A token on the way to its final length.
#[derive(Clone, Copy)]
struct Part {
    rank: Rank,
    end: usize,
    /// What it merges into with the part after it, if anything.
    next: Option<Rank>,
}

fn count_by_rank(table: &Table, piece: &[u8]) -> usize {
    let mut count = 0;
    let joined = by_rank_in_windows(table, piece, |parts| count += parts.len());
    if joined.is_some() { count } else { by_rank(table, piece).len() }
}

/// Merges a piece by rank, some hundred bytes at a time, and hands the tokens on.
///
/// Two windows join where the last token kept of one and the first of the other hold as neighbours: then the
/// whole is the one sequence that does. Nearly every place will do; none if none does, and then the piece must
/// be merged as a whole, more slowly.
fn by_rank_in_windows(table: &Table, piece: &[u8], mut found: impl FnMut(&[Part])) -> Option<()> {
    let window = |start: usize| by_rank(table, slice(piece, start, piece.len().min(start + WINDOW)));
    let mut start = 0;
    let mut parts = window(0);
    while start + WINDOW < piece.len() {
        let most = parts.iter().take_while(|part| part.end <= WINDOW * 3 / 4).count();
        let (kept, next) = (1..=most).rev().find_map(|kept| {
            let last = parts.get(kept - 1)?;
            let next = window(start + last.end);
            table.boundary_holds(last.rank, next.first()?.rank).then_some((kept, next))
        })?;
        let kept = parts.get(..kept)?;
        found(kept);
        start += kept.last()?.end;
        parts = next;
    }
    found(&parts);
    Some(())
}

/// Merges pairs in the order of ranks. Each pass makes every merge of the lowest rank, from left to right: what
/// it makes can only merge at a higher rank.
fn by_rank(table: &Table, text: &[u8]) -> Vec<Part> {
    let single =
        |(at, byte)| Part { rank: table.longest(std::slice::from_ref(byte)).0, end: at + 1, next: None };
    let mut parts: Vec<Part> = text.iter().enumerate().map(single).collect();
    let ranks: Vec<Rank> = parts.iter().skip(1).map(|part| part.rank).collect();
    for (part, right) in parts.iter_mut().zip(ranks) {
        part.next = table.merged(part.rank, right);
    }
    let mut merged = Vec::with_capacity(parts.len());
    while let Some(lowest) = parts.iter().filter_map(|part| part.next).min() {
        work(parts.len());
        let mut rest = parts.iter();
        let mut before_is_new = false;
        while let Some(part) = rest.next() {
            let right = if part.next == Some(lowest) { rest.next() } else { None };
            let is_new = right.is_some();
            let part = right.map_or(*part, |right| Part { rank: lowest, end: right.end, next: None });
            if let Some(before) = merged.last_mut().filter(|_| is_new || before_is_new) {
                let before: &mut Part = before;
                before.next = table.merged(before.rank, part.rank);
            }
            merged.push(part);
            before_is_new = is_new;
        }
        std::mem::swap(&mut parts, &mut merged);
        merged.clear();
    }
    parts
}

#[inline]
fn slice(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.get(start..end).unwrap_or_default()
}

/// A set of positions.
struct Bits<'a>(&'a mut [u64]);

impl Bits<'_> {
    fn contains(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    fn insert(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    fn remove(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word &= !(1 << (at % 64));
        }
    }

    fn last_below(&self, end: usize) -> Option<usize> {
        let mut at = end / 64;
        let mut word = self.0.get(at)? & ((1 << (end % 64)) - 1);
        while word == 0 {
            at = at.checked_sub(1)?;
            word = *self.0.get(at)?;
        }
        Some(at * 64 + 63 - word.leading_zeros() as usize)
    }
}

/// The ranks of the tokens of a piece, for comparison with the reference.
#[cfg(test)]
pub(super) fn encode(table: &Table, piece: &[u8]) -> Vec<Rank> {
    let words = piece.len() / 64 + 1;
    let mut starts = vec![0; words];
    if mark_starts(table, piece, table.longest(piece), Bits(&mut starts), Bits(&mut vec![0; words])).is_none()
    {
        return encode_by_rank(table, piece);
    }
    let starts: Vec<usize> = (0..piece.len()).filter(|at| starts[at / 64] >> (at % 64) & 1 == 1).collect();
    let ends = starts.iter().skip(1).copied().chain([piece.len()]);
    starts.iter().zip(ends).map(|(&start, end)| table.longest(&piece[start..end]).0).collect()
}

#[cfg(test)]
pub(super) fn encode_by_rank(table: &Table, piece: &[u8]) -> Vec<Rank> {
    let mut ranks = Vec::new();
    by_rank_in_windows(table, piece, |parts| ranks.extend(parts.iter().map(|part| part.rank))).unwrap();
    ranks
}
