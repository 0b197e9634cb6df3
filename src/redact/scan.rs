//! The one pass over a text: from byte classes to candidates to findings.
//!
//! The pass stops only at digits, `@` and words of capitals; words without them are skipped ([`super::skip`]).
//! Around a digit, candidates are read and compared with the prepared forms; words around are looked up only when
//! a form fits. Every step is bounded by constants, so the work is linear in the text. It expects text that
//! [`super::normal`] has normalised, and reports places in that.

use super::around::{Around, Support};
use super::candidate::{Candidate, Word, separator, word_end, word_start};
use super::context::{Hit, Tag};
use super::detect::{birth, card, crypto, email, iban, network, phone, plate};
use super::finding::{Finding, Kind, THRESHOLD};
use super::format::{Alone, Fit, Form, Format, TABLE, country, is_in};
use super::{skip, things};

/// What is so long behind a stroke is a number of its own, and no part of a date or a fraction.
const SHORT_PART: usize = 5;
/// Groups of digits in lists and tables are seldom longer.
const LONGEST_GROUP: usize = 12;
/// Longer words are hashes, keys or encoded data.
const LONGEST_WORD: usize = 100;

/// What a value hangs together with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glue {
    /// Nothing.
    Free,
    /// A word of letters before it, as in `INV-1234`.
    Label,
    /// A number: it is part of something longer.
    Number,
}

/// What is doubtful about a candidate, whatever it may be.
#[derive(Clone, Copy)]
struct State {
    /// How near a word for things is, when it is the nearest.
    thing: Option<usize>,
    /// How much less sure it is when it stands alone.
    doubt: u8,
    /// More groups of digits stand before or after it.
    amid: bool,
    /// It goes over lines in a list or a table.
    listed: bool,
    /// It says how many there are of something.
    counted: bool,
}

/// A text being searched.
pub(crate) struct Scan<'a> {
    pub(crate) text: &'a str,
    pub(crate) bytes: &'a [u8],
    around: Around<'a>,
    pub(crate) findings: Vec<Finding>,
}

/// All findings in a normalised text, unsettled.
pub(crate) fn scan(text: &str) -> Vec<Finding> {
    let mut scan = Scan { text, bytes: text.as_bytes(), around: Around::new(text), findings: Vec::new() };
    let mut at = 0;
    while let Some(anchor) = skip::next(scan.bytes, at, is_anchor) {
        at = match scan.byte(anchor) {
            Some(b'@') => {
                email::find(&mut scan, anchor);
                anchor + 1
            }
            Some(b'0'..=b'9') => scan.word(anchor),
            _ => scan.capitals(anchor),
        };
    }
    scan.findings
}

/// Whether something may begin at a byte: a number, an address, or a word of capitals.
fn is_anchor(byte: u8, next: u8) -> bool {
    byte.is_ascii_digit() | (byte == b'@') | (byte.is_ascii_uppercase() & next.is_ascii_uppercase())
}

impl<'a> Scan<'a> {
    pub(crate) fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    pub(crate) fn byte_before(&self, at: usize) -> Option<u8> {
        at.checked_sub(1).and_then(|before| self.byte(before))
    }

    pub(crate) fn report(&mut self, start: usize, end: usize, kind: &'static str, score: u8) {
        if score >= THRESHOLD {
            self.findings.push(Finding { start, end, kind: Kind(kind), score });
        }
    }

    /// A word of capitals alone can only be a bank's code.
    fn capitals(&mut self, anchor: usize) -> usize {
        let end = word_end(self.bytes, anchor);
        let word = self.bytes.get(anchor..end).unwrap_or_default();
        if matches!(word.len(), 8 | 11) && word.iter().all(u8::is_ascii_uppercase) {
            let mut candidate = Candidate::new(anchor);
            candidate.push(None, &Word::at(self.bytes, anchor));
            self.compare(&candidate);
        }
        // A digit further on in the word is an anchor of its own.
        anchor + word.iter().take_while(|byte| !byte.is_ascii_digit()).count().max(1)
    }

    /// Everything that may start at, or just before, the word with a digit at `anchor`. Gives its end.
    fn word(&mut self, anchor: usize) -> usize {
        let start = word_start(self.bytes, anchor);
        let end = word_end(self.bytes, anchor);
        if let Some(end) = uuid_end(self.bytes, start) {
            return end;
        }
        if end - start >= 25 && crypto::find(self, start, end) {
            return end;
        }
        if end - start > LONGEST_WORD {
            return end;
        }
        if let Some(end) = network::find(self, start, end) {
            return end;
        }
        if self.is_inside_a_run(start, end) {
            return end;
        }
        phone::find(self, start, end);
        birth::find(self, start, end);
        plate::find(self, start, end);
        let mut first = start;
        for _ in 0..3 {
            self.candidates(first);
            match self.letters_before(first) {
                Some(before) => first = before,
                None => break,
            }
        }
        end
    }

    /// Whether words as short as this one, joined by single characters, come before it: then what it may be part of
    /// has been looked at from the first of them.
    fn is_inside_a_run(&self, start: usize, end: usize) -> bool {
        let length = end - start;
        let same = |at: usize| {
            let from = at.checked_sub(length + 1)?;
            let word = self.bytes.get(from..at.checked_sub(1)?)?;
            let bounded = from == 0 || !self.byte_before(from)?.is_ascii_alphanumeric();
            (bounded && word.iter().all(u8::is_ascii_digit)).then_some(from)
        };
        match length {
            1 => same(start).is_some(),
            2 | 3 => same(start).and_then(same).and_then(same).and_then(same).is_some(),
            _ => false,
        }
    }

    /// The start of a short word of letters that may belong to the number after it, as in `AB 12 34 56 C`.
    fn letters_before(&self, start: usize) -> Option<usize> {
        let separator = self.byte_before(start)?;
        if !matches!(separator, b' ' | b'-' | b'.' | b'/' | b'_') {
            return None;
        }
        let end = start - 1;
        let before = word_start(self.bytes, end);
        let word = self.bytes.get(before..end)?;
        let proper = (1..=6).contains(&word.len()) && word.iter().all(u8::is_ascii_alphabetic);
        (proper && !(separator == b' ' && things::is_preposition(word))).then_some(before)
    }

    fn candidates(&mut self, start: usize) {
        if self.glue_before(start) == Glue::Number {
            return;
        }
        let mut candidate = Candidate::new(start);
        let mut between = None;
        let mut from = start;
        loop {
            let word = Word::at(self.bytes, from);
            let plain = !candidate.small
                && word.is_plain()
                && candidate.digits != 0
                && !word.is_check(between.as_ref());
            if !word.has_digits() && (word.text.len() > 6 || plain)
                || !candidate.push(between.as_ref(), &word)
            {
                return;
            }
            if candidate.digits != 0 {
                self.consider(&candidate);
            }
            let Some(next) = separator(self.bytes, word.end) else { return };
            from = next.next;
            between = Some(next);
        }
    }

    fn consider(&mut self, candidate: &Candidate) {
        if candidate.len() < 5 || self.is_glued_after(candidate.end) {
            return;
        }
        if !iban::find(self, candidate) {
            card::find(self, candidate);
        }
        self.compare(candidate);
    }

    fn compare(&mut self, candidate: &Candidate) {
        // What stands in several cells is several numbers, unless there is a digit in each.
        if candidate.cells && !candidate.is_spelled() {
            return;
        }
        let shelf = TABLE.shelf(candidate);
        // The words around are looked up only for what fits some form; most text has none.
        if !self.around.knows(candidate.start) && !shelf.has(candidate) {
            return;
        }
        self.around.weigh(candidate.start, candidate.end);
        let announced = self.around.announced(shelf);
        let mut state = None;
        // The forms of a format come one after the other, and most numbers are none of its.
        let mut checked = (u16::MAX, false);
        for (form, announced) in shelf.counting(announced, candidate) {
            let Some(fit) = form.fit(candidate) else { continue };
            if !announced && !form.counts_alone(fit) {
                continue;
            }
            if checked.0 != form.index {
                checked = (form.index, (form.format.valid)(candidate.compact()));
            }
            if !checked.1 {
                continue;
            }
            let state = *state.get_or_insert_with(|| self.state(candidate));
            let Some(score) = self.score(form, form.format, fit, candidate, state) else { continue };
            let bracketed = self.byte_before(candidate.end.saturating_sub(1)) == Some(b'(');
            let closed = bracketed && self.byte(candidate.end) == Some(b')');
            self.report(candidate.start, candidate.end + usize::from(closed), form.format.kind, score);
        }
    }

    fn score(
        &mut self,
        form: &Form,
        format: &Format,
        fit: Fit,
        candidate: &Candidate,
        state: State,
    ) -> Option<u8> {
        let tag = Tag::Format(form.index);
        let support = self.support(candidate.start, candidate.end, country(format.kind), |hit| match hit {
            _ if hit == tag => Some(true),
            Tag::Group(group) if is_in(format, group) => Some(false),
            _ => None,
        });
        let alone = match (format.alone, fit) {
            (Alone::Always(score), Fit::Compact | Fit::Written) => score,
            (Alone::Always(score), Fit::Loose)
                if !candidate.lines
                    && (form.breaks_like(candidate) || candidate.even && candidate.is_usual()) =>
            {
                score.saturating_sub(20)
            }
            (Alone::Written(score), Fit::Written) => score,
            (Alone::Written(score) | Alone::Always(score), Fit::Alike) => score.saturating_sub(12),
            _ => 0,
        };
        let thing = state.thing;
        let in_words = match support {
            Some(support) => match fit {
                _ if thing.is_some_and(|distance| distance < support.distance) => 0,
                _ if state.amid && !support.own => 0,
                // Over lines goes what was wrapped where the form has its separators, or between equal parts.
                Fit::Loose
                    if candidate.lines
                        && (state.listed || !(form.breaks_like(candidate) || candidate.even)) =>
                {
                    0
                }
                // What is counted, and dates that are not written as the form is.
                _ if state.counted || fit == Fit::Loose && (candidate.is_dated() || candidate.is_timed()) => {
                    0
                }
                Fit::Compact | Fit::Written | Fit::Alike => support.score,
                Fit::Loose if !support.own => 0,
                Fit::Loose if form.breaks_like(candidate) || candidate.even || candidate.is_usual() => {
                    support.score.saturating_sub(10)
                }
                Fit::Loose => 0,
            },
            None => 0,
        };
        let score = in_words.max(alone.saturating_sub(state.doubt));
        (score >= THRESHOLD).then_some(score)
    }

    /// What is doubtful about a candidate, whatever it may be.
    fn state(&mut self, candidate: &Candidate) -> State {
        let thing = self.thing(candidate.start);
        // Numbers of things are seldom written in groups.
        let mut doubt = match thing {
            Some(_) if candidate.separated() > 0 => 25,
            Some(_) => 35,
            None => 0,
        };
        if candidate.separated() == 0 && is_time(candidate) {
            doubt += 15;
        }
        if self.glue_before(candidate.start) == Glue::Label {
            doubt += 25;
        }
        let amid = candidate.separated() > 0 && self.is_amid_numbers(candidate);
        if amid {
            doubt += 25;
        }
        let after = self.text.get(candidate.end..).unwrap_or_default();
        let listed = candidate.lines && self.is_listed(candidate);
        State { thing, doubt, amid, listed, counted: candidate.is_number() && things::counts(after) }
    }

    /// What the words around a place say, by a judge that tells words of its own (`true`) from those of a group
    /// (`false`).
    pub(crate) fn support(
        &mut self,
        start: usize,
        end: usize,
        of: Option<[u8; 2]>,
        judge: impl Fn(Tag) -> Option<bool>,
    ) -> Option<Support> {
        self.around.support(start, end, of, judge)
    }

    /// How near before a place the word is that names a thing's number there, when it is nearer than all others.
    pub(crate) fn thing(&mut self, start: usize) -> Option<usize> {
        self.around.thing(start)
    }

    /// The phrases around a place.
    pub(crate) fn near(&mut self, start: usize, end: usize) -> &[Hit] {
        self.around.near(start, end)
    }

    /// What stands directly before a place.
    pub(crate) fn glue_before(&self, start: usize) -> Glue {
        let Some(byte) = self.byte_before(start) else { return Glue::Free };
        match byte {
            b'-' | b'.' | b'/' | b'_' | b':' | b'+' => {
                let end = start - 1;
                let from = word_start(self.bytes, end);
                let word = self.bytes.get(from..end).unwrap_or_default();
                match word {
                    [] if byte == b'.' || byte == b'+' => Glue::Number,
                    [] => Glue::Free,
                    word if word.iter().any(u8::is_ascii_digit) => Glue::Number,
                    _ if byte == b':' => Glue::Free,
                    _ => Glue::Label,
                }
            }
            b'$' | b'@' | b'%' => Glue::Number,
            b'#' => Glue::Label,
            0xA3 | 0xAC if self.text.get(..start).is_some_and(|text| text.ends_with(['€', '£'])) => {
                Glue::Number
            }
            _ => Glue::Free,
        }
    }

    /// Whether what ends here goes on.
    pub(crate) fn is_glued_after(&self, end: usize) -> bool {
        let next = self.byte(end + 1);
        let digit = next.is_some_and(|byte| byte.is_ascii_digit());
        match self.byte(end) {
            Some(b'-' | b'_') => next.is_some_and(|byte| byte.is_ascii_alphanumeric()),
            // A number of another register may stand behind a stroke, and is long.
            Some(b'/') => digit && word_end(self.bytes, end + 1) - end <= SHORT_PART,
            Some(b'.' | b':') => digit,
            Some(b'@') => next.is_some_and(|byte| byte.is_ascii_alphanumeric()),
            Some(b'%') => true,
            _ => false,
        }
    }

    /// Whether a number in groups is part of a list or a table: before or behind it stands one more group like its own,
    /// or one more cell or line of digits, or a mark between cells.
    pub(crate) fn is_listed(&self, candidate: &Candidate) -> bool {
        let parted = candidate.cells || candidate.lines;
        let is_mark = |byte: Option<u8>| candidate.lines && matches!(byte, Some(b'\t' | b'|' | b',' | b';'));
        if is_mark(self.byte_before(candidate.start)) {
            return true;
        }
        // A comma at the end of a sentence's part has a space behind it.
        if is_mark(self.byte(candidate.end)) && self.byte(candidate.end + 1) != Some(b' ') {
            return true;
        }
        let behind = separator(self.bytes, candidate.end).is_some_and(|between| {
            let word = Word::at(self.bytes, between.next);
            let is_like = parted
                || word.text.len() == candidate.last_word()
                    && candidate.is_separated_by(between.byte)
                    && !is_expiry(word.text);
            is_digits(word.text) && is_like
        });
        behind || self.is_listed_before(candidate, parted)
    }

    fn is_listed_before(&self, candidate: &Candidate, parted: bool) -> bool {
        let near = self.bytes.get(candidate.start.saturating_sub(3)..candidate.start).unwrap_or_default();
        let between = near.iter().rev().take_while(|byte| !byte.is_ascii_alphanumeric()).count();
        let end = candidate.start - between;
        let Some(joined) = separator(self.bytes, end).filter(|joined| joined.next == candidate.start) else {
            return false;
        };
        let most = candidate.first_word().max(LONGEST_GROUP);
        let before = self.bytes.get(end.saturating_sub(most + 1)..end).unwrap_or_default();
        let length = before.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let word = before.get(before.len() - length..).unwrap_or_default();
        // What begins like an account of a bank, and was none.
        let is_account = length == 2
            && matches!(before, [.., b'A'..=b'Z', b'A'..=b'Z', _, _])
            && candidate.is_separated_by(joined.byte);
        let is_like = parted
            || length == candidate.first_word() && candidate.is_separated_by(joined.byte) && !is_year(word);
        length > 0 && is_like || is_account
    }

    /// Whether a value written in groups of digits goes on, before or after, with another group.
    pub(crate) fn is_amid_numbers(&self, candidate: &Candidate) -> bool {
        let word_after = self.byte(candidate.end) == Some(b' ')
            && self
                .bytes
                .get(candidate.end + 1..word_end(self.bytes, candidate.end + 1))
                .is_some_and(is_digits);
        let word_before = self.byte_before(candidate.start) == Some(b' ')
            && self
                .bytes
                .get(word_start(self.bytes, candidate.start - 1)..candidate.start - 1)
                .is_some_and(is_digits);
        candidate.is_separated_by(b' ') && (word_after || word_before)
    }
}

/// Whether a number may be a time in seconds or milliseconds of this century's first half.
fn is_time(candidate: &Candidate) -> bool {
    let head = candidate.compact().get(..2);
    candidate.is_number() && matches!(candidate.len(), 10 | 13) && matches!(head, Some([b'1', b'4'..=b'9']))
}

/// Whether digits may be the month and the year in which a card expires, which often stand behind its number.
fn is_expiry(word: &[u8]) -> bool {
    matches!(word, [b'0', b'1'..=b'9', b'2' | b'3', _] | [b'1', b'0'..=b'2', b'2' | b'3', _])
}

fn is_year(word: &[u8]) -> bool {
    matches!(word, [b'1', b'9', _, _] | [b'2', b'0', _, _])
}

fn is_digits(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_digit)
}

/// The end of a UUID (RFC 9562) that starts here: nothing in it is a number of anybody.
fn uuid_end(bytes: &[u8], start: usize) -> Option<usize> {
    let text = bytes.get(start..start + 36)?;
    let shaped = text.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    shaped.then_some(start + 36)
}
