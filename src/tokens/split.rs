//! Cutting text into pieces, the way the published patterns of the two vocabularies do.
//!
//! Byte pairs merge inside a piece only, so this decides the count as much as the vocabulary does. Each function
//! is one pattern by hand: the first alternative that matches wins, and where the pattern would backtrack the
//! comment says what comes out. Both look at every character a bounded number of times.

use super::classes::{self, CASELESS, LETTER, LOWER, MARK, NEWLINE, NUMBER, OTHER, SPACE, UPPER, WHITESPACE};
use super::table::eight;

/// The end of the piece that starts at `start` under `o200k_base`:
///
/// ```text
/// [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
/// [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
/// \p{N}{1,3}
///  ?[^\s\p{L}\p{N}]+[\r\n/]*
/// \s*[\r\n]+
/// \s+(?!\S)
/// \s+
/// ```
#[inline]
pub(super) fn o200k_end(text: &[u8], start: usize) -> usize {
    let (class, length) = classes::at(text, start);
    let after = start + length;
    if class & (NUMBER | NEWLINE | MARK) == 0
        && let Some(end) = plain_word(text, if class & LETTER == 0 { after } else { start }, true)
    {
        return end;
    }
    if class & LETTER != 0 {
        let (Word::Lower(end) | Word::Upper(end)) = word(text, start);
        return end + contraction(text, end);
    }
    if class & (NUMBER | NEWLINE) == 0 {
        match word(text, after) {
            Word::Lower(end) => return end + contraction(text, end),
            // The first alternative also tries without its optional first character, and a mark can start it.
            Word::Upper(end) if end > after && class != MARK => return end + contraction(text, end),
            Word::Upper(_) => {}
        }
        if class == MARK {
            let (Word::Lower(end) | Word::Upper(end)) = word(text, start);
            return end + contraction(text, end);
        }
    }
    if class == NUMBER {
        return number_end(text, after);
    }
    if class == OTHER || starts_symbols(text, start) {
        let mut end = classes::run_end(text, after, OTHER | MARK);
        while matches!(text.get(end), Some(b'\r' | b'\n' | b'/')) {
            end += 1;
        }
        return end;
    }
    let run = whitespace(text, start);
    run.after_newline.unwrap_or_else(|| run.end_before_text(text, after))
}

/// The end of the piece that starts at `start` under `cl100k_base`:
///
/// ```text
/// '(?i:[sdmt]|ll|ve|re)
/// [^\r\n\p{L}\p{N}]?+\p{L}++
/// \p{N}{1,3}+
///  ?[^\s\p{L}\p{N}]++[\r\n]*+
/// \s++$
/// \s*[\r\n]
/// \s+(?!\S)
/// \s
/// ```
#[inline]
pub(super) fn cl100k_end(text: &[u8], start: usize) -> usize {
    let contracted = contraction(text, start);
    if contracted > 0 {
        return start + contracted;
    }
    let (class, length) = classes::at(text, start);
    let after = start + length;
    if class & (NUMBER | NEWLINE) == 0 {
        if let Some(end) = plain_word(text, if class & LETTER == 0 { after } else { start }, false) {
            return end;
        }
        let end = classes::run_end(text, after, LETTER);
        if class & LETTER != 0 || end > after {
            return end;
        }
    }
    if class == NUMBER {
        return number_end(text, after);
    }
    if class & (OTHER | MARK) != 0 || starts_symbols(text, start) {
        let end = classes::run_end(text, after, OTHER | MARK);
        return classes::run_end(text, end, NEWLINE);
    }
    let run = whitespace(text, start);
    if run.end == text.len() {
        return run.end;
    }
    run.after_newline.unwrap_or_else(|| run.end_before_text(text, after))
}

/// The end of an ASCII word that starts at `start` and that other ASCII, no apostrophe, follows: most words of
/// most texts, eight bytes at a time. With `cased`, capitals may only come first. None says nothing.
#[inline]
fn plain_word(text: &[u8], start: usize, cased: bool) -> Option<usize> {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut at = start;
    let mut capital = 0x80;
    loop {
        let bytes = eight(text, at);
        // Per byte, the high bit of the sum tells whether the lower-cased byte reaches 'a', or passes 'z'.
        let folded = (bytes | 0x2020_2020_2020_2020) & !HIGH;
        let reaches_a = folded + 0x1F1F_1F1F_1F1F_1F1F;
        let passes_z = folded + 0x0505_0505_0505_0505;
        let others = (!reaches_a | passes_z | bytes) & HIGH;
        let length = others.trailing_zeros() / 8;
        let letters = others.wrapping_sub(1) & !others & HIGH;
        let capitals = letters & !(bytes << 2);
        if cased && capitals & !capital != 0 {
            return None;
        }
        at += length as usize;
        if length < 8 {
            let next = (bytes >> (8 * length)) as u8;
            return (at > start && next.is_ascii() && next != b'\'').then_some(at);
        }
        capital = 0;
    }
}

/// What the letters of the first two alternatives of `o200k_base` match, and where it ends.
enum Word {
    /// The first: it ends in a character that may be lower-case.
    Lower(usize),
    /// The second: capitals only, perhaps none.
    Upper(usize),
}

#[inline]
fn word(text: &[u8], start: usize) -> Word {
    let mut end = start;
    let mut after_caseless = None;
    loop {
        let (class, length) = classes::at(text, end);
        if class & (UPPER | CASELESS | MARK) == 0 {
            return if class == LOWER {
                Word::Lower(classes::run_end(text, end + length, LOWER | CASELESS | MARK))
            } else {
                // Nothing lower follows: the capitals' run gives back up to its last caseless character.
                after_caseless.map_or(Word::Upper(end), Word::Lower)
            };
        }
        end += length;
        if class != UPPER {
            after_caseless = Some(end);
        }
    }
}

/// The length of `(?i:'s|'t|'re|'ve|'m|'ll|'d)` at `at`, or zero. The long s (U+017F) folds to s.
#[inline]
fn contraction(text: &[u8], at: usize) -> usize {
    if text.get(at) != Some(&b'\'') {
        return 0;
    }
    let lower = |offset| text.get(at + offset).map(u8::to_ascii_lowercase);
    match (lower(1), lower(2)) {
        (Some(b's' | b't' | b'm' | b'd'), _) => 2,
        (Some(b'r' | b'v'), Some(b'e')) | (Some(b'l'), Some(b'l')) | (Some(0xC5), Some(0xBF)) => 3,
        _ => 0,
    }
}

/// The end of a number whose first digit ends at `after`: three digits at most.
fn number_end(text: &[u8], after: usize) -> usize {
    let mut end = after;
    for _ in 0..2 {
        let (class, length) = classes::at(text, end);
        if class != NUMBER {
            break;
        }
        end += length;
    }
    end
}

/// Whether a plain space stands here before a symbol.
fn starts_symbols(text: &[u8], start: usize) -> bool {
    text.get(start) == Some(&b' ') && classes::at(text, start + 1).0 & (OTHER | MARK) != 0
}

/// A run of whitespace.
struct Whitespace {
    end: usize,
    /// Where its last character starts.
    last: usize,
    after_newline: Option<usize>,
}

impl Whitespace {
    /// `\s+(?!\S)` leaves the last character to the text that follows, if that leaves anything; `first` is the
    /// end of the run's first character, which the last alternative takes.
    fn end_before_text(&self, text: &[u8], first: usize) -> usize {
        if self.end == text.len() { self.end } else { self.last.max(first) }
    }
}

fn whitespace(text: &[u8], start: usize) -> Whitespace {
    let mut run = Whitespace { end: start, last: start, after_newline: None };
    loop {
        let (class, length) = classes::at(text, run.end);
        if class & WHITESPACE == 0 {
            return run;
        }
        run.last = run.end;
        run.end += length;
        if class != SPACE {
            run.after_newline = Some(run.end);
        }
    }
}
