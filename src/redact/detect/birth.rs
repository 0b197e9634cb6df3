//! Dates of birth: dates of the Gregorian calendar near a word for birth.
//!
//! Knows `1985-03-12`, `12.03.1985`, `03/12/85`, `12 March 1985`, `March 12, 1985`, `1985年3月12日` and `19850312`.
//! Dates without such a word are nobody's.

use crate::redact::check::is_date;
use crate::redact::context::{Group, Tag};
use crate::redact::scan::{Glue, Scan};

const KIND: &str = "DATE_OF_BIRTH";

/// Reports the date that starts with this word of digits, or with the month before it.
pub(crate) fn find(scan: &mut Scan<'_>, start: usize, end: usize) {
    let word = scan.bytes.get(start..end).unwrap_or_default();
    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    // `3rd`, `1er`, `1985T00`: a day's ending, or the time after a date.
    let ending = word.len() - digits;
    if digits == 0 || digits > 8 || ending > 3 || scan.glue_before(start) == Glue::Number {
        return;
    }
    let Some((from, to)) = numeric(scan, start).or_else(|| worded(scan, start)) else { return };
    let support = scan.support(from, to, None, |tag| (tag == Tag::Group(Group::Birth)).then_some(true));
    if let Some(support) = support
        && !is_another(scan, from)
    {
        scan.report(from, to, KIND, support.score);
    }
}

/// Whether the word for birth before a date, on its line, has a number of its own: `born 1985-03-12, signed …`.
fn is_another(scan: &mut Scan<'_>, from: usize) -> bool {
    let near = scan.near(from, from);
    let birth = near.iter().filter(|hit| hit.tag == Tag::Group(Group::Birth) && hit.end <= from);
    let Some(last) = birth.map(|hit| hit.end).max() else { return false };
    let between = scan.bytes.get(last..from).unwrap_or_default();
    !between.contains(&b'\n') && between.iter().filter(|byte| byte.is_ascii_digit()).count() > 3
}

/// A number of at most `most` digits, and its end.
fn number(scan: &Scan<'_>, at: usize, most: usize) -> Option<(u64, usize, usize)> {
    let digits = scan.bytes.get(at..)?.iter().take(most + 1).take_while(|byte| byte.is_ascii_digit());
    let (value, length) =
        digits.fold((0, 0), |(value, length), byte| (value * 10 + u64::from(byte - b'0'), length + 1));
    ((1..=most).contains(&length)).then_some((value, length, at + length))
}

fn is_year(year: u64) -> bool {
    (1900..=2030).contains(&year)
}

fn fits(year: u64, month: u64, day: u64) -> bool {
    is_date(year, month, day) || is_date(year, day, month)
}

/// What stands between the numbers of a date: a mark with at most a space after it, or a character for a unit.
fn mark(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let rest = scan.text.get(at..)?;
    let first = rest.chars().next()?;
    let length = match first {
        '-' | '.' | '/' | '–' | '‐' => first.len_utf8(),
        '年' | '月' | '년' | '월' => first.len_utf8(),
        ' ' if rest.get(1..).is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit())) => 1,
        ' ' if rest.starts_with(" / ") || rest.starts_with(" - ") || rest.starts_with(" . ") => 3,
        _ => return None,
    };
    let spaced = rest.get(length..).is_some_and(|rest| rest.starts_with(' ')) && length < 4 && first != ' ';
    Some(at + length + usize::from(spaced))
}

fn numeric(scan: &Scan<'_>, start: usize) -> Option<(usize, usize)> {
    let (first, length, at) = number(scan, start, 8)?;
    if length == 8 {
        let (year, month, day) = (first / 10_000, first / 100 % 100, first % 100);
        let turned = (first % 10_000, first / 10_000 % 100, first / 1_000_000);
        let dated = is_year(year) && is_date(year, month, day)
            || is_year(turned.0) && fits(turned.0, turned.1, turned.2);
        return (dated && !scan.is_glued_after(at)).then_some((start, at));
    }
    let (second, _, at) = number(scan, mark(scan, at)?, 2)?;
    let (third, years, mut at) = number(scan, mark(scan, at)?, 4)?;
    let dated = match (length, years) {
        (4, 1 | 2) => is_year(first) && fits(first, second, third),
        (1 | 2, 4) => is_year(third) && fits(third, second, first),
        (1 | 2, 2) => fits(third, second, first) || is_date(first, second, third),
        _ => false,
    };
    let goes_on = scan.byte(at).is_some_and(|byte| byte.is_ascii_alphanumeric() && byte != b'T');
    if !dated || goes_on {
        return None;
    }
    for unit in ['日', '일'] {
        if scan.text.get(at..).is_some_and(|rest| rest.starts_with(unit)) {
            at += unit.len_utf8();
        }
    }
    Some((start, at))
}

/// A day and a year around, or after, the name of a month.
fn worded(scan: &mut Scan<'_>, start: usize) -> Option<(usize, usize)> {
    let (day, length, mut end) = number(scan, start, 2)?;
    if length > 2 || !(1..=31).contains(&day) {
        return None;
    }
    let suffix = scan.text.get(end..).and_then(|rest| {
        ["st", "nd", "rd", "th", "er", "º", "ª", "."].into_iter().find(|suffix| rest.starts_with(suffix))
    });
    end += suffix.map_or(0, str::len);
    // The year: no month's name, with what may stand around it, is longer.
    let after = scan.bytes.get(end..).unwrap_or_default().iter().take(36);
    let beyond = after.skip(1).skip_while(|byte| !byte.is_ascii_digit() && **byte != b'\n');
    if beyond.take_while(|byte| byte.is_ascii_digit()).count() < 2 {
        return None;
    }
    let months: Vec<_> =
        scan.near(start, end).iter().filter(|hit| matches!(hit.tag, Tag::Month(_))).copied().collect();
    for month in months {
        let (from, after) = if month.start >= end {
            if !is_filler(scan, end, month.start) {
                continue;
            }
            (start, month.end)
        } else if month.end <= start && is_filler(scan, month.end, start) {
            (month.start, end)
        } else {
            continue;
        };
        // Between the month and the year: a comma, a point, `de`.
        let rest = scan.text.get(after..).unwrap_or_default();
        let skipped = rest.find(|character: char| character.is_ascii_digit()).filter(|at| *at <= 8)?;
        if !is_filler(scan, after, after + skipped) {
            continue;
        }
        if let Some((year, digits, to)) = number(scan, after + skipped, 4)
            && (digits == 4 && is_year(year) || digits == 2)
        {
            return Some((from, to));
        }
    }
    None
}

fn is_filler(scan: &Scan<'_>, start: usize, end: usize) -> bool {
    let Some(between) = scan.text.get(start..end) else { return false };
    let between = between.trim_matches([' ', ',', '.', '-', '/', '\'']);
    matches!(between, "" | "de" | "of" | "del" | "th" | "st" | "nd" | "rd" | "г")
}
