//! Masking a text while it comes, as a model's answer does.
//!
//! What cannot be part of a value passes at once, and so does everything before it. Words of letters wait only for the
//! next one to four words, because `at` may follow, or a number that they belong to. A word with a digit or a sign
//! opens a stretch that is searched as a whole, with [`BEFORE`] bytes before it, as soon as [`AFTER`] bytes without
//! another such word have come, or [`HELD`] in all; only where that much has no place to cut, as a private key has
//! none, it waits longer, up to [`LONGEST`]. Where an operator has types of its own, any word may be a value, and all
//! text is searched in such stretches; they are as much longer as those values may be ([`Own::reach`]).
//!
//! Promises: the same text however it comes in pieces, because every stretch and every cut is decided by the text
//! alone; a value is never cut in two, unless it is longer than [`LONGEST`], or is of an operator's own and longer than
//! [`super::own::LONGEST_HELD`]; nothing of what waits is ever given out
//! unsearched. Compared with [`super::find_all`] on the whole text, a weak format is missed whose word stands further
//! away than the window reaches, which hardly happens, because the detectors look no further themselves.

use super::finding::{Finding, Kind};
use super::mask::{Rules, Vault};
use super::own::{LONGEST_HELD, Own};
use super::{Settings, find_all};

/// How much of the text that has passed is still looked at, for the words that say what a number is, in bytes.
const BEFORE: usize = 256;

/// How much plain text after a value is awaited, in bytes: words speak for a value at most 48 bytes before them.
const AFTER: usize = 64;

/// The most that waits where there is a place to cut, in bytes.
pub const HELD: usize = 256;

/// The most that waits where there is a place to cut and an operator has types of its own, in bytes.
pub const HELD_OWN: usize = HELD + LONGEST_HELD;

/// The most that waits in any case, in bytes: the longest private keys and tokens that are known.
pub const LONGEST: usize = 16 << 10;

/// A longer word is taken for more than a word, in bytes.
const LONGEST_WORD: usize = 24;

/// Short words may belong to the number behind them, as in `AB 12 34 56 C`, in bytes.
const SHORT: usize = 6;

/// What masking does with what it finds.
pub struct Masking<'a> {
    /// What is looked for.
    pub settings: &'a Settings,
    /// What is done with it.
    pub rules: &'a Rules,
    /// Which placeholders there are.
    pub vault: &'a mut Vault,
    /// Is told of each value.
    pub found: &'a mut dyn FnMut(Kind),
}

/// A text on its way.
#[derive(Default)]
pub struct Window {
    /// What has passed of late, and then what waits; both as they came.
    text: String,
    /// Where begins what waits.
    from: usize,
    /// How much may wait at present: more than [`HELD`] where that much could not be cut.
    reach: usize,
}

/// How far the text is decided.
enum Step {
    /// What comes before this place passes without a search.
    Plain(usize),
    /// The stretch up to this place is searched.
    Searched(usize),
    /// More text must come.
    Undecided,
}

/// A word with what belongs to it, up to the next space.
struct Word {
    start: usize,
    end: usize,
    /// It may be a value, or part of one.
    active: bool,
}

impl Window {
    /// A window on a text that `context`, such as the name of a member, goes before without being part of it.
    #[must_use]
    pub fn after(context: &str) -> Self {
        Self { text: context.to_owned(), from: context.len(), reach: 0 }
    }

    /// Takes the next piece of the text, and appends what can pass to `out`.
    ///
    /// # Errors
    /// The type of a value that blocks. Nothing of the stretch that it stands in has passed.
    pub fn push(&mut self, piece: &str, masking: &mut Masking<'_>, out: &mut String) -> Result<(), Kind> {
        self.text.push_str(piece);
        // Without the edge of a word in it, a piece decides nothing.
        let edge = |letter: char| letter.is_whitespace() || is_unspaced(letter);
        if self.waits() < self.reach && !piece.contains(edge) {
            return Ok(());
        }
        self.advance(masking, out)
    }

    /// Appends what waited to `out`, for the text is complete.
    ///
    /// # Errors
    /// As for [`Self::push`].
    pub fn finish(&mut self, masking: &mut Masking<'_>, out: &mut String) -> Result<(), Kind> {
        if self.is_empty() {
            return Ok(());
        }
        let end = self.text.len();
        let findings = self.search(end, masking.settings);
        self.pass(end, &findings, masking, out)
    }

    /// Whether nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.from == self.text.len()
    }

    const fn waits(&self) -> usize {
        self.text.len() - self.from
    }

    fn advance(&mut self, masking: &mut Masking<'_>, out: &mut String) -> Result<(), Kind> {
        loop {
            // How much after its beginning an operator's own value may need, and any word may begin one.
            let own = masking.settings.own.as_deref().map(|own| Own::reach(own).max(AFTER));
            let reach = self.reach.max(HELD - AFTER + own.unwrap_or(AFTER));
            let limit = self.text.floor_char_boundary(self.from + reach);
            match decide(&self.text, self.from, limit, own) {
                Step::Plain(end) => self.pass(end, &[], masking, out)?,
                Step::Searched(end) => {
                    let findings = self.search(end, masking.settings);
                    self.pass(end, &findings, masking, out)?;
                }
                Step::Undecided if self.waits() < reach => return Ok(()),
                Step::Undecided => {
                    let findings = self.search(limit, masking.settings);
                    let place = cut(&self.text, self.from, limit, own, &findings);
                    match place.or((reach >= LONGEST).then_some(limit)) {
                        Some(end) => self.pass(end, &findings, masking, out)?,
                        None => self.reach = reach * 2,
                    }
                }
            }
        }
    }

    /// The values up to `end`; those that passed already are among them.
    fn search(&self, end: usize, settings: &Settings) -> Vec<Finding> {
        let start = self.context();
        let Some(window) = self.text.get(start..end) else { return Vec::new() };
        let mut findings = find_all(window, settings);
        for finding in &mut findings {
            finding.start += start;
            finding.end += start;
        }
        findings
    }

    /// Where the text begins that is searched: not within a word, half of which would be another.
    fn context(&self) -> usize {
        let Some(earliest) = self.from.checked_sub(BEFORE).filter(|earliest| *earliest > 0) else { return 0 };
        let earliest = self.text.ceil_char_boundary(earliest);
        let passed = self.text.get(earliest..self.from).unwrap_or_default();
        let space = passed.find(|letter: char| letter.is_ascii_whitespace() || is_unspaced(letter));
        space.map_or(self.from, |space| earliest + space)
    }

    /// Lets the text up to `end` pass, with the values in it masked.
    fn pass(
        &mut self,
        end: usize,
        findings: &[Finding],
        masking: &mut Masking<'_>,
        out: &mut String,
    ) -> Result<(), Kind> {
        let from = self.from;
        let own = findings.iter().filter(|finding| finding.start < end && finding.end > from);
        // What has begun before is masked as far as it can be.
        let own = own.map(|finding| Finding {
            start: finding.start.saturating_sub(from),
            end: finding.end.min(end) - from,
            ..*finding
        });
        let own: Vec<Finding> = own.collect();
        let text = self.text.get(from..end).unwrap_or_default();
        if own.is_empty() {
            out.push_str(text);
        } else {
            own.iter().for_each(|finding| (masking.found)(finding.kind));
            out.push_str(&masking.vault.mask(text, &own, masking.rules)?);
        }
        (self.from, self.reach) = (end, 0);
        if self.from > 4 * BEFORE {
            let kept = self.text.floor_char_boundary(self.from - 2 * BEFORE);
            self.text.drain(..kept);
            self.from -= kept;
        }
        Ok(())
    }
}

/// What the text from `from` to `limit` decides; where `own` says how much, any word may begin a value that needs so much.
fn decide(text: &str, from: usize, limit: usize, own: Option<usize>) -> Step {
    let words = words(text, from, limit, own.is_some());
    let awaited = own.unwrap_or(AFTER);
    let first = words.iter().position(|word| word.active).unwrap_or(words.len());
    let start = |at: usize| words.get(at).map_or(limit, |word| word.start);
    // The last word may go on, or its successor be a number.
    let open = words.len().saturating_sub(1);
    let free = start(reaching_back(&words, first.min(open)));
    if free > from {
        return Step::Plain(free);
    }
    if first >= open {
        return Step::Undecided;
    }
    let mut last = first;
    loop {
        let end = words.get(last).map_or(limit, |word| word.end);
        let Some(after) = words.iter().position(|word| word.start >= end + awaited) else {
            // Another such word before that may lengthen the stretch, and is looked for.
            match next_active(&words, last) {
                Some(next) => last = next,
                None => return Step::Undecided,
            }
            continue;
        };
        match next_active(&words, last) {
            Some(next) if reaching_back(&words, next) < after => last = next,
            Some(_) => return Step::Searched(start(after)),
            None if after <= reaching_back(&words, open) => return Step::Searched(start(after)),
            None => return Step::Undecided,
        }
    }
}

fn next_active(words: &[Word], after: usize) -> Option<usize> {
    words.iter().skip(after + 1).position(|word| word.active).map(|next| after + 1 + next)
}

/// The first of the words that may belong to the value with the word at `at`: always the one before, and short ones.
fn reaching_back(words: &[Word], at: usize) -> usize {
    let short = |at: usize| words.get(at).is_some_and(|word| word.end - word.start <= SHORT);
    let mut first = at.saturating_sub(1);
    for _ in 0..2 {
        if short(first) {
            first = first.saturating_sub(1);
        }
    }
    first
}

/// Where a stretch may be cut that has no end yet: before the last word, far enough from its end, that is not inside
/// of a value and continues no number; rather before a plain word.
fn cut(text: &str, from: usize, limit: usize, own: Option<usize>, findings: &[Finding]) -> Option<usize> {
    let words = words(text, from, limit, own.is_some());
    let latest = limit.saturating_sub(own.unwrap_or(AFTER));
    let digit = |word: &Word| {
        let says = text.get(word.start..word.end).unwrap_or_default();
        says.bytes().any(|byte| byte.is_ascii_digit()) || !says.is_ascii()
    };
    let mut fallback = None;
    for pair in words.windows(2).rev() {
        let [before, word] = pair else { continue };
        let inside = findings.iter().any(|finding| finding.start < word.start && finding.end > word.start);
        if word.start > latest || inside || (digit(before) && digit(word)) {
            continue;
        }
        if !word.active {
            return Some(word.start);
        }
        fallback = fallback.or(Some(word.start));
    }
    fallback
}

/// The words that begin from `from` on; what stands before `limit` is known, and `own` says that all are active.
fn words(text: &str, from: usize, limit: usize, own: bool) -> Vec<Word> {
    let known = text.get(from..limit).unwrap_or_default();
    let mut words: Vec<Word> = Vec::new();
    let mut inside = false;
    for (at, letter) in known.char_indices() {
        let (at, end) = (from + at, from + at + letter.len_utf8());
        if letter.is_whitespace() {
            inside = false;
            continue;
        }
        let alone = is_unspaced(letter);
        match words.last_mut() {
            Some(word) if inside && !alone => word.end = end,
            _ => words.push(Word { start: at, end, active: false }),
        }
        inside = !alone;
    }
    // Spaces at the beginning belong to nothing, and pass with the first word.
    if let Some(first) = words.first_mut() {
        first.start = from;
    }
    for word in &mut words {
        word.active = own || text.get(word.start..word.end).is_some_and(|says| is_active(says.trim_start()));
    }
    words
}

/// Whether a word may be a value or a part of one, or announce one.
fn is_active(word: &str) -> bool {
    /// Words that stand for signs in disguised values.
    const SPELLED: [&str; 13] = [
        "at", "bearer", "basic", "dash", "dot", "guion", "hyphen", "minus", "point", "slash", "space",
        "strich", "tiret",
    ];
    let plain = |letter: char| letter.is_alphabetic() || ".,;?'’\"“”–—-…*#。、，".contains(letter);
    let (mut capitals, mut flips, mut upper) = (0, 0, None);
    for letter in word.chars() {
        if !plain(letter) {
            return true;
        }
        let is_upper = letter.is_ascii_uppercase();
        capitals = if is_upper { capitals + 1 } else { 0 };
        flips += usize::from(upper.is_some_and(|before: bool| before != is_upper));
        upper = Some(is_upper);
        if capitals >= 4 || flips >= 4 {
            return true;
        }
    }
    // Dashes between letters join words; at the beginning they may be those of an option or of a key.
    let dashed = word.contains("--") || (word.starts_with('-') && word.len() > 1);
    dashed || word.len() > LONGEST_WORD || SPELLED.iter().any(|spelled| word.eq_ignore_ascii_case(spelled))
}

/// Whether a letter belongs to writing without spaces, in which words have no edges to see.
const fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3001}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{2ffff}')
}

#[cfg(test)]
mod tests;
