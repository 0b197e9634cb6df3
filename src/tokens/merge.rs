//! Byte-pair merging of one piece, in linear time and a quarter of a byte of memory per byte.
//!
//! Merging pairs in rank order is quadratic when done naively. This finds the same tokens from left to right:
//! take the longest token that the rest starts with; if it cannot follow the token before it, a shorter one; if
//! none can, the position is a dead end and the token before it must be shorter. A piece has exactly one
//! sequence of tokens in which each pair of neighbours holds, and that is what merging gives (van Antwerpen and
//! Neubeck, github/rust-gems, crate `bpe`). No position is tried again once it is known to be a dead end, hence
//! the linear bound; hardly any piece has one.

use super::layout::Rank;
use super::table::Table;

/// Pieces shorter than this need no allocation.
const SHORT: usize = 64 * SHORT_WORDS;
const SHORT_WORDS: usize = 4;

/// The number of tokens of the piece from `start` to `end`.
#[inline]
pub(super) fn count(table: &Table, text: &[u8], start: usize, end: usize) -> usize {
    if table.has_frequent(text, start, end) { 1 } else { count_parts(table, rest(text, start, end)) }
}

#[inline(never)]
fn count_parts(table: &Table, piece: &[u8]) -> usize {
    let first = table.longest(piece);
    if first.1 == piece.len() {
        return 1;
    }
    if piece.len() < SHORT {
        let (mut starts, mut dead) = ([0; SHORT_WORDS], [0; SHORT_WORDS]);
        return mark_starts(table, piece, first, Bits(&mut starts), Bits(&mut dead));
    }
    let words = piece.len() / 64 + 1;
    mark_starts(table, piece, first, Bits(&mut vec![0; words]), Bits(&mut vec![0; words]))
}

/// Marks where the tokens of a piece start and returns their number. `first` is its longest first token.
fn mark_starts(
    table: &Table,
    piece: &[u8],
    first: (Rank, usize),
    mut starts: Bits<'_>,
    mut dead: Bits<'_>,
) -> usize {
    let mut count = 0;
    let mut at = 0;
    let mut last: Option<Rank> = None;
    let (mut rank, mut length) = first;
    loop {
        let end = at + length;
        if !dead.contains(end) && last.is_none_or(|last| table.boundary_holds(last, rank)) {
            starts.insert(at);
            count += 1;
            last = Some(rank);
            at = end;
            if at >= piece.len() {
                return count;
            }
            (rank, length) = table.longest(rest(piece, at, piece.len()));
        } else if length > 1 {
            (rank, length) = table.longest(rest(piece, at, end - 1));
        } else {
            let Some(before) = starts.last_below(at) else { return count };
            dead.insert(at);
            starts.remove(before);
            count -= 1;
            length = at - before;
            at = before;
            last = starts.last_below(at).map(|start| table.longest(rest(piece, start, at)).0);
            (rank, _) = table.longest(rest(piece, at, at + length));
        }
    }
}

#[inline]
fn rest(piece: &[u8], start: usize, end: usize) -> &[u8] {
    piece.get(start..end).unwrap_or_default()
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

#[cfg(test)]
pub(super) fn encode(table: &Table, piece: &[u8]) -> Vec<Rank> {
    let words = piece.len() / 64 + 1;
    let mut starts = vec![0; words];
    mark_starts(table, piece, table.longest(piece), Bits(&mut starts), Bits(&mut vec![0; words]));
    let starts: Vec<usize> = (0..piece.len()).filter(|at| starts[at / 64] >> (at % 64) & 1 == 1).collect();
    let ends = starts.iter().skip(1).copied().chain([piece.len()]);
    starts.iter().zip(ends).map(|(&start, end)| table.longest(&piece[start..end]).0).collect()
}
