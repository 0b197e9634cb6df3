//! Secrets in tables: what stands under a head such as "password" or "API key", in Markdown, in the output of databases,
//! and in values that are divided by commas, semicolons or tabs.
//!
//! A line is taken for a head if it has cells, none of which looks like a sentence, and the lines below have as many. A
//! cell counts only if it looks like what its head promises.

use super::Found;
use super::assignment::{self, Promise};

/// The longest line of a table, and the most rows that are looked at.
const LONGEST_LINE: usize = 1024;
const MOST_ROWS: usize = 256;
const LONGEST_HEAD: usize = 40;
const FAR: usize = 256;
const MOST_COLUMNS: usize = 64;

/// What may divide cells; a line that has several is divided by the first. Columns may also be as wide as their longest cell
/// ([`SPACES`]).
const DIVIDERS: [u8; 4] = [b'|', b'\t', b';', b','];
/// Stands for two spaces and more.
const SPACES: u8 = b' ';

/// The secrets under the head that the line around `at` is, the last first; and up to where the text was looked at.
pub(super) fn below(bytes: &[u8], at: usize) -> (usize, Vec<Found>) {
    let earliest = at.saturating_sub(LONGEST_LINE);
    let before = bytes.get(earliest..at).unwrap_or_default();
    let start = memchr::memrchr(b'\n', before).map_or(earliest, |newline| earliest + newline + 1);
    let head = line(bytes, start);
    // What is too long for a line of a table is looked at again further on.
    let rest = bytes.get(at..).unwrap_or_default();
    let rest = rest.get(..FAR).unwrap_or(rest);
    let near = at + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let end = if head.is_empty() { near } else { start + head.len() };
    let cut = start == earliest && earliest > 0;
    let found = if cut { None } else { rows(bytes, start, head).or_else(|| marked_up(bytes, at)) };
    found.map_or((end.max(at + 1), Vec::new()), |(until, mut found)| {
        found.reverse();
        (until, found)
    })
}

fn rows(bytes: &[u8], start: usize, head: &[u8]) -> Option<(usize, Vec<Found>)> {
    if head.starts_with(b"!") && memchr::memmem::find(head, b"!!").is_some() {
        return wiki(bytes, start, head);
    }
    let spaces = || memchr::memmem::find(head.trim_ascii(), b"  ").map(|_| SPACES);
    let divider =
        DIVIDERS.into_iter().find(|divider| memchr::memchr(*divider, head).is_some()).or_else(spaces)?;
    let mut promises: [Option<Promise>; MOST_COLUMNS] = [None; MOST_COLUMNS];
    let (mut columns, mut named) = (0, 0);
    for (promise, cell) in promises.iter_mut().zip(cells(head, 0, divider)) {
        let name = trimmed(head, cell);
        let name = head.get(name.0..name.1)?;
        // What stands in a head is short, and neither a number nor a sentence.
        let is_name =
            name.len() <= LONGEST_HEAD && !name.iter().any(|byte| b"=:\"'(){}[]<>?!.".contains(byte));
        let is_number = !name.is_empty() && name.iter().all(u8::is_ascii_digit);
        (is_name && !is_number).then_some(())?;
        *promise = assignment::named(name);
        columns += 1;
        named += usize::from(!name.is_empty());
    }
    (promises.iter().any(Option::is_some) && (named > 1 || divider == b'|')).then_some(())?;
    let mut found = Vec::new();
    let mut next = start + head.len() + 1;
    for _ in 0..MOST_ROWS {
        let row = line(bytes, next);
        if row.is_empty() || next >= bytes.len() {
            break;
        }
        let rule = row.iter().all(|byte| b"|-:+= \t\r".contains(byte));
        if !rule {
            if cells(row, 0, divider).count() != columns {
                break;
            }
            for (promise, cell) in promises.iter().zip(cells(row, next, divider)) {
                let (start, end) = trimmed(bytes, cell);
                found.extend(promise.and_then(|promise| assignment::judge(bytes, promise, start, end, true)));
            }
        }
        next += row.len() + 1;
    }
    Some((next.min(bytes.len()), found))
}

/// The line that begins at `start`, without its end; empty where it is too long.
fn line(bytes: &[u8], start: usize) -> &[u8] {
    let rest = bytes.get(start..).unwrap_or_default();
    let rest = rest.get(..LONGEST_LINE).unwrap_or(rest);
    let length = memchr::memchr(b'\n', rest);
    let length = length.or((rest.len() < LONGEST_LINE).then_some(rest.len()));
    rest.get(..length.unwrap_or(0)).unwrap_or_default()
}

/// Where the cells of a line are that begins at `offset`.
fn cells(line: &[u8], offset: usize, divider: u8) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut start = Some(0);
    std::iter::from_fn(move || {
        let begin = start?;
        let rest = line.get(begin..)?;
        let (length, gap) = if divider == SPACES {
            let length = memchr::memmem::find(rest, b"  ").unwrap_or(rest.len());
            (length, rest.iter().skip(length).take_while(|byte| **byte == b' ').count())
        } else {
            let length = memchr::memchr(divider, rest).unwrap_or(rest.len());
            // The heads of some wikis have two strokes.
            (length, if divider == b'|' && rest.get(length..)?.starts_with(b"||") { 2 } else { 1 })
        };
        start = (begin + length < line.len()).then_some(begin + length + gap);
        Some((offset + begin, offset + begin + length))
    })
}

/// The same in a table of MediaWiki's ("Help:Tables"): `! Host !! Password`, then `|-` and `| db03 || …`.
fn wiki(bytes: &[u8], start: usize, head: &[u8]) -> Option<(usize, Vec<Found>)> {
    let mut promises: [Option<Promise>; MOST_COLUMNS] = [None; MOST_COLUMNS];
    for (promise, name) in promises.iter_mut().zip(head.get(1..)?.split(|byte| *byte == b'!').step_by(2)) {
        *promise = assignment::named(name.trim_ascii());
    }
    let mut found = Vec::new();
    let mut next = start + head.len() + 1;
    for _ in 0..MOST_ROWS {
        let row = line(bytes, next);
        if !row.starts_with(b"|") || row.starts_with(b"|}") {
            break;
        }
        if !row.starts_with(b"|-") {
            for (promise, cell) in promises.iter().zip(cells(row.get(1..)?, next + 1, b'|')) {
                let (start, end) = trimmed(bytes, cell);
                found.extend(promise.and_then(|promise| assignment::judge(bytes, promise, start, end, true)));
            }
        }
        next += row.len() + 1;
    }
    Some((next.min(bytes.len()), found))
}

/// The secrets in a table of HTML's under the head cell that `at` is in.
fn marked_up(bytes: &[u8], at: usize) -> Option<(usize, Vec<Found>)> {
    let before = bytes.get(at.saturating_sub(LONGEST_LINE)..at)?;
    memchr::memmem::find(before.get(before.len().saturating_sub(64)..)?, b"<th").map(|_| ())?;
    let row = memchr::memmem::rfind(before, b"<tr")?;
    let column = memchr::memmem::find_iter(before.get(row..)?, b"<th").count();
    let name = bytes.get(at..)?.iter().take(LONGEST_HEAD).take_while(|byte| **byte != b'<').count();
    let opening = memchr::memrchr(b'>', before).map_or(0, |tag| tag + 1);
    let start = at - (before.len() - opening);
    let promise = assignment::named(bytes.get(start..at + name)?.trim_ascii())?;
    let mut found = Vec::new();
    let mut end = at;
    for _ in 0..MOST_ROWS {
        let rest = bytes.get(end..)?;
        let rest = rest.get(..LONGEST_LINE).unwrap_or(rest);
        let Some(row) = memchr::memmem::find(rest, b"<tr") else { break };
        let rest = rest.get(row + 3..)?;
        let length = memchr::memmem::find(rest, b"</tr").or_else(|| memchr::memmem::find(rest, b"<tr"));
        let length = length.unwrap_or(rest.len());
        let cells = rest.get(..length)?;
        let begin = end + row + 3;
        end = begin + length;
        if let Some(cell) = memchr::memmem::find_iter(cells, b"<td").nth(column.checked_sub(1)?) {
            // A cell that begins in what is looked at is taken to its end.
            let text = bytes.get(begin + cell..)?;
            let Some(tag) = memchr::memchr(b'>', text.get(..LONGEST_LINE).unwrap_or(text)) else { break };
            let text = text.get(tag + 1..)?;
            let start = begin + cell + tag + 1;
            let head = text.get(..assignment::LONGEST_VALUE).unwrap_or(text);
            let close = memchr::memchr(b'<', head);
            let mut until = start + close.unwrap_or(head.len());
            let (from, to) = trimmed(bytes, (start, until));
            if let Some(mut secret) = assignment::judge(bytes, promise, from, to, true) {
                // Where it ends is looked for only where there is one, and the scan goes on behind.
                if close.is_none() {
                    until = start + memchr::memchr(b'<', text).unwrap_or(text.len());
                    secret.end = trimmed(bytes, (start, until)).1;
                }
                found.push(secret);
            }
            end = end.max(until);
        }
    }
    (!found.is_empty()).then_some((end, found))
}

/// Codes of an account that stand in the lines below, or one behind the other, the last first. `at` is the end of the word for them.
pub(super) fn codes(bytes: &[u8], at: usize) -> Vec<Found> {
    let rest = bytes.get(at..).unwrap_or_default();
    let rest = rest.get(..LONGEST_LINE).unwrap_or(rest);
    let head = rest.get(..80).unwrap_or(rest);
    let announced = head
        .iter()
        .position(|byte| b":\n".contains(byte))
        .or_else(|| memchr::memmem::find(head, b" are ").map(|at| at + 4));
    let begin = announced.unwrap_or(rest.len());
    let mut found = Vec::new();
    let mut at = at + begin;
    let in_code = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    for word in
        rest.get(begin..).unwrap_or_default().split(|byte| !byte.is_ascii_graphic() || b",;:".contains(byte))
    {
        let start = at;
        // The last word may go on behind what is looked at.
        let ahead = bytes.get(at + word.len()..).unwrap_or_default();
        let more = ahead.iter().take(LONGEST_HEAD).take_while(|byte| in_code(byte)).count();
        let word = bytes.get(at..at + word.len() + more).unwrap_or(word);
        at += word.len() + 1;
        let code =
            (8..=24).contains(&word.len()) && word.iter().all(in_code) && word.iter().any(u8::is_ascii_digit);
        if code {
            found.push(Found { start, end: start + word.len(), kind: super::PASSWORD, score: 75 });
        } else if !word.is_empty() && word != b"-" && word != b"*" && word != b"and" {
            break;
        }
    }
    found.reverse();
    found
}

/// A cell without what stands around its text.
fn trimmed(bytes: &[u8], (start, end): (usize, usize)) -> (usize, usize) {
    let is_around = |byte: &&u8| byte.is_ascii_whitespace() || b"\"'`*".contains(byte);
    let cell = bytes.get(start..end).unwrap_or_default();
    let leading = cell.iter().take_while(is_around).count();
    // A star at the end is markup only where one stands at the beginning.
    let starred = cell.get(..leading).is_some_and(|marks| marks.contains(&b'*'));
    let trailing =
        cell.iter().rev().take_while(|byte| is_around(byte) && (starred || **byte != b'*')).count();
    (start + leading, (end - trailing.min(end - start)).max(start + leading))
}
