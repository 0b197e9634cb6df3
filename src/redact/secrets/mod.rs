//! Secrets in text: keys and tokens of 200 services, signed tokens, private keys, passwords in URLs, headers and
//! assignments.
//!
//! [`find`] reads a text once. A filter over pairs of bytes says at which words a published prefix may begin
//! ([`rules`]); signs such as `:` and `=` lead to names that promise a secret ([`assignment`]), and so do the heads of
//! tables ([`columns`]), calls ([`arguments`]), the options and arguments of commands ([`commands`]) and what is said
//! ([`spoken`]); the rest is known by its structure ([`structured`], [`grouped`]). What looks like a secret and is none
//! (placeholders, references to variables, UUIDs, hashes, public keys, images in base 64) is left alone ([`value`]).
//!
//! Promises: linear time, for every look around a place is bounded; no allocation on text without secrets;
//! findings come in the order of their start and do not overlap each other. It knows no other class of private data,
//! and not what becomes of a finding.

mod alphabet;
mod arguments;
mod assignment;
mod columns;
mod commands;
mod grouped;
mod index;
mod names;
mod phrases;
mod rules;
mod spoken;
mod structured;
mod value;
mod written;

#[cfg(test)]
mod tests;

use super::finding::{Finding, Kind};
use alphabet::{ALNUM, BASE64, COLON, HEX};
use index::{CLASSES, Class, Lead, leads_from, may_begin, rules_from};
use rules::{Check, Length, RULES};
use spoken::Cue;

/// A key or token of a service.
pub const API_KEY: Kind = Kind("API_KEY");
/// A JSON Web Token.
pub const JWT: Kind = Kind("JWT");
/// A private key in textual form.
pub const PRIVATE_KEY: Kind = Kind("PRIVATE_KEY");
/// The password in a URL or connection string.
pub const CONNECTION_STRING: Kind = Kind("CONNECTION_STRING_PASSWORD");
/// What stands behind `Bearer` or `Basic`.
pub const AUTHORIZATION: Kind = Kind("AUTHORIZATION");
/// A password that its name gives away.
pub const PASSWORD: Kind = Kind("PASSWORD");

/// The types of secrets, which no answer gets back.
pub const TYPES: [Kind; 6] = [API_KEY, JWT, PRIVATE_KEY, CONNECTION_STRING, AUTHORIZATION, PASSWORD];

type Found = Finding;

/// The fewest bytes of a body whose length is not the usual one.
const SHORTEST_BODY: usize = 16;
/// A run of so many letters and digits is looked into for a mark in its middle.
const LONG_RUN: usize = 20;
const LONGEST_RUN: usize = 256;
/// How far behind an AWS access key id its secret key may stand.
const NEAR: usize = 200;
/// How far before a filter its template may begin.
const NEAR_BRACES: usize = 96;

/// The services whose published formats are known, in no order, some more than once.
pub fn services() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.service)
}

/// Adds the secrets in `text` to `findings`, in the order of their start, none overlapping another of them.
pub fn find(text: &str, findings: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let mut scan = Scan { bytes, marked_until: 0, key_until: 0, line_until: 0, tabled: Vec::new() };
    let (mut at, mut free) = (0, 0);
    while let Some((place, class)) = scan.next(at) {
        while let Some(found) = scan.tabled.pop_if(|found| found.start <= place) {
            if found.start >= free {
                free = push(text, found, findings);
            }
        }
        if free > place {
            at = free;
            continue;
        }
        let (found, next) = match class {
            Class::Nothing => (None, place + 1),
            Class::Word => scan.word(place),
            Class::Sign => (scan.sign(place), place + 1),
            Class::Dash => {
                let key = structured::private_key(bytes, place);
                (key.or_else(|| commands::option(bytes, place)), place + 1)
            }
            Class::Tilde => (structured::entra(bytes, place), place + 1),
            // The letter of an escape begins no word, and the two digits of another one neither.
            Class::Escape => {
                let letter = bytes.get(place + 1).is_some_and(|next| b"nrt".contains(next));
                (None, place + 1 + usize::from(letter))
            }
            Class::Percent => {
                let escape = HEX.end(bytes, place + 1, 2) == place + 3;
                (assignment::encoded(bytes, place), place + if escape { 3 } else { 1 })
            }
        };
        at = next;
        // A mark in the middle of a value may lead back into what was found before it.
        if let Some(found) = found.filter(|found| found.start >= free) {
            free = push(text, found, findings);
            at = at.max(free);
        }
    }
    for found in scan.tabled.into_iter().rev() {
        if found.start >= free {
            free = push(text, found, findings);
        }
    }
}

/// Adds a finding, to the end of its last character; says where it ends.
fn push(text: &str, mut found: Found, findings: &mut Vec<Finding>) -> usize {
    while !text.is_char_boundary(found.end) {
        found.end += 1;
    }
    let end = found.end;
    findings.push(found);
    end
}

fn class_of(byte: u8) -> Class {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(Class::Nothing)
}

struct Scan<'text> {
    bytes: &'text [u8],
    /// Up to where long runs were looked into.
    marked_until: usize,
    /// Up to where the secret key of an AWS key id is expected.
    key_until: usize,
    /// Up to where lines were looked at for being the head of a table.
    line_until: usize,
    /// What was found ahead, by the heads of tables and by words, the last first. A table is looked for behind the last one
    /// only, and what words lead to is near: no more wait than one table has, and few have to make room.
    tabled: Vec<Found>,
}

impl Scan<'_> {
    /// The next place from `at` on where something may begin, and what. Words that begin nothing, which are most of a
    /// text, are passed over here.
    fn next(&self, at: usize) -> Option<(usize, Class)> {
        let mut rest = self.bytes.get(at..)?;
        loop {
            let (byte, behind) = rest.split_first()?;
            let class = class_of(*byte);
            if class == Class::Nothing {
                rest = behind;
                continue;
            }
            let mut word = behind.iter();
            if class == Class::Word && !may_begin(rest) {
                while word.as_slice().first().is_some_and(|byte| ALNUM.has(*byte)) {
                    word.next();
                }
                if rest.len() - word.len() < LONG_RUN {
                    rest = word.as_slice();
                    continue;
                }
            }
            return Some((self.bytes.len() - rest.len(), class));
        }
    }

    /// What begins with the word at `at`, and where the next one may begin.
    fn word(&mut self, at: usize) -> (Option<Found>, usize) {
        let bytes = self.bytes;
        if bytes.get(at..).is_some_and(may_begin)
            && let Some(found) = self.prefixed(at).or_else(|| self.led(at))
        {
            if bytes.get(at..).is_some_and(|rest| rest.starts_with(b"AKIA") || rest.starts_with(b"ASIA")) {
                self.key_until = found.end + NEAR;
            }
            // A word may tell of what stands before it, too.
            return (Some(found), found.end.max(at + 1));
        }
        let end = ALNUM.end(bytes, at, usize::MAX).max(at + 1);
        if end - at < LONG_RUN || at < self.marked_until {
            return (None, end);
        }
        let start = BASE64.start(bytes, at, LONGEST_RUN);
        // Padding is at an end; before the run it is the sign of an assignment.
        let sign = bytes.get(start..at).and_then(|before| before.iter().rposition(|byte| *byte == b'='));
        let start = start + sign.map_or(0, |sign| sign + 1);
        let long = BASE64.end(bytes, at, LONGEST_RUN);
        self.marked_until = long;
        (structured::marked(bytes, start, long, start < self.key_until), end)
    }

    fn prefixed(&self, at: usize) -> Option<Found> {
        let rest = self.bytes.get(at..)?;
        if rest.starts_with(b"eyJ")
            && let Some(token) = structured::web_token(self.bytes, at)
        {
            return Some(token);
        }
        provider_key(self.bytes, at)
    }

    fn led(&mut self, at: usize) -> Option<Found> {
        let bytes = self.bytes;
        let rest = bytes.get(at..)?;
        let [first, second] = *rest.first_chunk()?;
        let (word, lead) = leads_from(first, second).find(|(word, _)| value::begins(rest, word))?;
        let end = at + word.trim_end().len();
        match lead {
            Lead::Bearer => structured::bearer(bytes, end + 1),
            Lead::Basic => structured::basic(bytes, end + 1),
            Lead::Terraform => structured::terraform(bytes, at),
            Lead::Putty => structured::putty_key(bytes, at),
            Lead::Oracle => structured::oracle_password(bytes, end),
            Lead::Wireless => structured::wireless(bytes, end),
            Lead::Directive => {
                // Much is identified by a number; a user is by a password.
                let quoted = bytes.get(end + 1).is_some_and(|byte| b"\"'`".contains(byte));
                let before = bytes.get(at.saturating_sub(LONG_RUN * 4)..at).unwrap_or_default();
                let meant = quoted || !value::begins(rest, "identified") || value::contains(before, "user");
                meant.then(|| spoken::directed(bytes, at, end)).flatten()
            }
            Lead::Command => commands::argument(bytes, end),
            Lead::Echo => commands::piped(bytes, end),
            Lead::Words => spoken::mnemonic(bytes, end),
            Lead::User => commands::logged_in(bytes, at),
            Lead::Encoded => structured::encoded_key(bytes, at),
            Lead::Codes => {
                for found in columns::codes(bytes, end) {
                    self.kept(at, Some(found));
                }
                None
            }
            Lead::Account => {
                let found = spoken::around(bytes, (at, whole_word(bytes, end)), Cue::Account, false);
                self.kept(at, found)
            }
            Lead::Password | Lead::Key => self.named(at, end, lead == Lead::Password),
        }
    }

    /// What stands further on waits for its turn, for other secrets may stand before it.
    fn kept(&mut self, at: usize, found: Option<Found>) -> Option<Found> {
        let found = found?;
        if found.start <= at {
            return Some(found);
        }
        let later = self.tabled.partition_point(|tabled| tabled.start > found.start);
        if self.tabled.get(later).is_none_or(|tabled| tabled.start != found.start) {
            self.tabled.insert(later, found);
        }
        None
    }

    /// What the word for a secret at `at..end` names: a column, an option, or something in the sentence.
    fn named(&mut self, at: usize, end: usize, password: bool) -> Option<Found> {
        let bytes = self.bytes;
        if at >= self.line_until {
            let (line_end, mut found) = columns::below(bytes, at);
            self.line_until = line_end;
            if found.is_empty() {
                let (read, inserted) = arguments::inserted(bytes, at);
                self.line_until = self.line_until.max(read);
                found = inserted;
            }
            if found.is_empty() {
                found = spoken::listed(bytes, end);
            }
            // What an earlier table has is at an end mostly: this is its last line, or one behind it.
            for found in found {
                self.line_until = self.line_until.max(found.end);
                self.kept(at, Some(found));
            }
        }
        // "Pass" is the beginning of many words.
        let verb = bytes.get(at..end).is_some_and(|word| word.eq_ignore_ascii_case(b"pass"));
        // Speech, in French.
        (!bytes.get(at..whole_word(bytes, end)).is_some_and(|word| word.eq_ignore_ascii_case(b"parole")))
            .then_some(())?;
        // A pin has nothing to hide, a PIN has.
        let pin = bytes.get(at..end).is_some_and(|word| word == b"pin" || word == b"Pin" || word == b"puk");
        (!pin && !verb || verb && !bytes.get(end).is_some_and(u8::is_ascii_alphabetic)).then_some(())?;
        let end = if password { whole_word(bytes, end) } else { end };
        let flag = bytes.get(at.saturating_sub(24)..at).is_some_and(|before| {
            let start = before.iter().rposition(|byte| byte.is_ascii_whitespace()).map_or(0, |at| at + 1);
            before.get(start..).is_some_and(|word| word.starts_with(b"-") && !word.contains(&b'='))
        });
        let before = |distance: usize| at.checked_sub(distance).and_then(|at| bytes.get(at).copied());
        // `WLAN-Kennwort` is a word, `_password` and `.password` are parts of a name.
        let compound = before(1) == Some(b'-') && before(2).is_some_and(|byte| byte.is_ascii_alphabetic());
        if let Some(found) = assignment::in_next_item(bytes, end) {
            return self.kept(at, Some(found));
        }
        let joined = before(1).is_some_and(|byte| b"_-.".contains(&byte));
        if joined && !flag && !compound {
            let spoken = || {
                let value = assignment::is_constant(bytes, end)
                    .then(|| spoken::around(bytes, (at, end), Cue::Key, false));
                value.flatten()
            };
            let found = assignment::constant(bytes, end).or_else(spoken);
            return self.kept(at, found);
        }
        let before = bytes.get(at.saturating_sub(7)..at).unwrap_or_default();
        (!value::contains(before, "public")).then_some(())?;
        let filed = password
            .then(|| structured::netrc(bytes, at, end).or_else(|| structured::form_field(bytes, at, end)));
        let cue = if password || spoken::is_wireless(bytes, at) { Cue::Password } else { Cue::Key };
        // `<td>Password</td><td>…`.
        let cell = (bytes.get(end) == Some(&b'<')).then(|| assignment::in_next_cell(bytes, end)).flatten();
        let found = cell.or(filed.flatten()).or_else(|| spoken::around(bytes, (at, end), cue, flag));
        self.kept(at, found)
    }

    /// What stands behind the comma at `at`: the value of a name before it, as in `define("NAME", "…")`, or an argument.
    fn comma(&self, at: usize) -> Option<Found> {
        let bytes = self.bytes;
        let (start, end) = arguments::quoted_behind(bytes, at)?;
        // What has neither digit nor sign is no secret here, and what a colon follows is a name again.
        let behind = bytes.get(end + 1..)?.iter().find(|byte| **byte != b' ');
        (behind != Some(&b':') && bytes.get(start..end)?.iter().any(|byte| !byte.is_ascii_alphabetic()))
            .then_some(())?;
        let named = || {
            b"\"'`".contains(bytes.get(at.checked_sub(1)?)?).then_some(())?;
            if let Some(found) = structured::header_value(bytes, at, start) {
                return Some(found);
            }
            let start = assignment::start_behind(bytes, at)?;
            let found = provider_key(bytes, start).or_else(|| assignment::behind(bytes, at))?;
            // What is no string, and what is a name again, is no value.
            let value = bytes.get(found.start..found.end)?;
            let quote = bytes.get(found.end).is_some_and(|byte| b"\"'`\\".contains(byte));
            (quote && value::has_mark(value) && !value::is_identifier(value)).then_some(found)
        };
        named().or_else(|| arguments::positional(bytes, at, (start, end)))
    }

    fn sign(&self, at: usize) -> Option<Found> {
        let bytes = self.bytes;
        let sign = *bytes.get(at)?;
        let next = bytes.get(at + 1).copied().unwrap_or_default();
        match sign {
            0xef if !bytes.get(at..)?.starts_with("\u{ff1a}".as_bytes()) => return None,
            b'{' => {
                let before = at.checked_sub(1).and_then(|at| bytes.get(at));
                let initial = matches!(next, b'"' | b'\'') && before.is_some_and(u8::is_ascii_alphanumeric);
                return initial.then(|| self.assigned(at)).flatten();
            }
            b'(' if !matches!(next, b'"' | b'\'') => {
                return structured::data_source(bytes, at).or_else(|| arguments::first(bytes, at));
            }
            b'(' if let Some(found) =
                arguments::typed(bytes, at).or_else(|| arguments::connected(bytes, at)) =>
            {
                return Some(found);
            }
            b',' => return self.comma(at),
            b':' if next == b'/' && bytes.get(at + 2) == Some(&b'/') => {
                return structured::url_password(bytes, at);
            }
            b':' if bytes.get(at.saturating_sub(1)) == Some(&b'"') => {
                if let Some(found) = structured::registry_auth(bytes, at) {
                    return Some(found);
                }
            }
            b':' if next.is_ascii_hexdigit() && HEX.start(bytes, at, 25) + 24 == at => {
                return structured::ghost(bytes, at).or_else(|| self.assigned(at));
            }
            b':' if next.is_ascii_digit()
                && let Some(found) = structured::password_file(bytes, at) =>
            {
                return Some(found);
            }
            b':' if let Some(found) = structured::authority_password(bytes, at) => return Some(found),
            b':' if next == b'A' => {
                if let Some(found) = structured::telegram(bytes, at) {
                    return Some(found);
                }
            }
            _ => {}
        }
        self.assigned(at)
    }

    fn assigned(&self, at: usize) -> Option<Found> {
        let bytes = self.bytes;
        // A filter in a template: `{{ .password | quote }}`.
        let filter = || {
            let before = bytes.get(at.saturating_sub(NEAR_BRACES)..at).unwrap_or_default();
            memchr::memrchr(b'{', before)
                .filter(|open| open.checked_sub(1).is_some_and(|open| before.get(open) == Some(&b'{')))
                .is_some_and(|open| !before.get(open..).unwrap_or_default().contains(&b'}'))
        };
        (bytes.get(at) != Some(&b'|') || !filter()).then_some(())?;
        let Some(start) = assignment::start_behind(bytes, at) else {
            return structured::cookie(bytes, at).or_else(|| structured::registry_auth(bytes, at));
        };
        // A known format says more than a name does.
        if let Some(found) = provider_key(bytes, start) {
            return Some(found);
        }
        let found = assignment::behind(bytes, at)?;
        // Behind a tag, a value is an element's whole text.
        (bytes.get(at) != Some(&b'>') || bytes.get(found.end) == Some(&b'<')).then_some(found)
    }
}

/// Where the word ends whose beginning ends at `end`: words for "password" have endings in most languages.
fn whole_word(bytes: &[u8], end: usize) -> usize {
    const LONGEST_ENDING: usize = 6;
    let rest = bytes.get(end..).unwrap_or_default();
    end + rest.iter().take(LONGEST_ENDING).take_while(|byte| byte.is_ascii_alphabetic()).count()
}

/// Where the run at `at` ends, however long it is. Whoever asks has judged what comes before it, and takes all of it: the scan
/// goes on behind, so that no run is read twice.
fn run_end(bytes: &[u8], at: usize, in_run: impl Fn(&u8) -> bool) -> usize {
    at + bytes.get(at..).unwrap_or_default().iter().take_while(|byte| in_run(byte)).count()
}

/// Whether something at `at` is known by its own format, so that no name is needed to tell.
fn has_known_format(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(b"eyJ")) || best_key(bytes, at).is_some()
}

/// The key with a published prefix at `at`, to its end.
fn provider_key(bytes: &[u8], at: usize) -> Option<Found> {
    let (rule, mut found) = best_key(bytes, at)?;
    // One that is longer than any was judged by its head.
    if found.end == at + rule.prefix.len() + longest_body(rule) {
        found.end = run_end(bytes, found.end, |byte| rule.alphabet.has(*byte));
        let body = bytes.get(found.start..found.end)?;
        found.end = found.start + body.iter().rposition(|byte| !is_trailing(*byte))? + 1;
    }
    Some(found)
}

fn best_key(bytes: &[u8], at: usize) -> Option<(&'static rules::Rule, Found)> {
    let rest = bytes.get(at..)?;
    let [first, second] = *rest.first_chunk()?;
    let fits = rules_from(first, second).filter(|rule| rest.starts_with(rule.prefix.as_bytes()));
    let found = fits.filter_map(|rule| key_of(rule, bytes, at).map(|found| (rule, found)));
    found.max_by_key(|(_, found)| (found.score, found.end))
}

/// How much of a body is looked at.
fn longest_body(rule: &rules::Rule) -> usize {
    let (Length::Usual(_, most) | Length::Exact(_, most)) = rule.length;
    most + LONGEST_RUN
}

/// Whether a byte at the end of a body belongs to what stands around it.
fn is_trailing(byte: u8) -> bool {
    b".:%!-".contains(&byte)
}

fn key_of(rule: &rules::Rule, bytes: &[u8], at: usize) -> Option<Found> {
    let start = at + rule.prefix.len();
    let (Length::Usual(least, most) | Length::Exact(least, most)) = rule.length;
    let run = rule.alphabet.end(bytes, start, longest_body(rule));
    let body = bytes.get(start..run)?;
    let whole = body.len() == longest_body(rule);
    let kept = body.iter().rposition(|byte| whole || !is_trailing(*byte)).map_or(0, |last| last + 1);
    let body = body.get(..kept)?;
    // What may have a colon has one.
    (rule.alphabet != COLON || body.contains(&b':')).then_some(())?;
    let usual = (least..=most).contains(&body.len());
    let tolerated = matches!(rule.length, Length::Usual(..)) && body.len() >= SHORTEST_BODY.min(least);
    ((usual || tolerated) && value::is_token_body(body)).then_some(())?;
    let score = match rule.check {
        Check::Crc32Base62 if has_checksum(body) => 100,
        _ if usual => 95,
        _ => 70,
    };
    // Of a connector of Teams the whole address is secret.
    let before = if rule.prefix.starts_with("IncomingWebhook") {
        bytes.get(at.saturating_sub(LONGEST_RUN)..at)?
    } else {
        &[]
    };
    let address =
        before.iter().rev().take_while(|byte| byte.is_ascii_graphic() && !b"\"'`<>()".contains(byte)).count();
    Some(Found { start: at - address, end: start + kept, kind: API_KEY, score })
}

/// Whether the last six of the body's characters are the CRC-32 of the others in base 62, as GitHub wrote when it
/// introduced its formats.
fn has_checksum(body: &[u8]) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some((random, checksum)) = body.split_last_chunk::<6>() else { return false };
    let mut crc = !0u32;
    for byte in random {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let mut rest = !crc;
    checksum.iter().rev().all(|digit| {
        let expected = DIGITS.get((rest % 62) as usize);
        rest /= 62;
        expected == Some(digit)
    })
}
