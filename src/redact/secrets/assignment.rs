//! Secrets that only their name gives away: `password = "…"`, `api_key: …`, `<token>…</token>`, `--secret …`,
//! "the password is …", in code, configuration, tables and prose.
//!
//! A name is read backwards from the sign that divides it from its value; a value counts only if it looks like what
//! its name promises. Nothing here knows the formats of providers.

use super::Found;
use super::grouped;
use super::names::{
    CLOSED_KEYS, EXAMPLES, KEY_ENDINGS, KEY_QUALIFIERS, KEY_WORDS, KEYS, OPENING, PASSWORD_BEGINNINGS,
    PASSWORD_ENDINGS, PASSWORD_WORDS, TOKEN_QUALIFIERS, TRAILERS, TYPES,
};
use super::structured;
use super::value;

/// What a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// Something a person may have chosen.
    Password,
    /// Something a machine has made.
    Key,
    /// A key whose service is known to hand out UUIDs as keys, among them Heroku and Snyk.
    KeyOrUuid,
    /// What a client shows, behind the name of a scheme.
    Credential,
    /// A key of which nothing says what it opens.
    PerhapsKey,
    /// Digits that open a card or a door.
    Number,
    /// A password, or the verdict of a test.
    Pass,
}

/// Of what a test measures.
const UNITS: &[&str] = &["ms", "us", "ns", "s", "sec", "min", "m", "h", "%", "x", "b", "kb", "mb", "gb"];
/// How far back a name is looked for, and how long a value may be.
const LONGEST_NAME: usize = 64;
pub(super) const LONGEST_VALUE: usize = 512;
/// How far before a sign "key of the API" may begin.
const LONGEST_HEAD: usize = 24;

/// The secret behind the sign at `sign`, if what stands before it names one.
pub(super) fn behind(bytes: &[u8], sign: usize) -> Option<Found> {
    let promise = promise(bytes, sign)?;
    let (start, end, quoted) = value_behind(bytes, sign)?;
    if promise == Promise::Credential {
        structured::credential(bytes, start)
    } else {
        let mut found = judge(bytes, promise, start, end, quoted)?;
        // A key that is longer than what is looked at goes on up to its end. Behind a tag, it is none.
        if !quoted && found.end == start + LONGEST_VALUE && bytes.get(sign) != Some(&b'>') {
            found.end = super::run_end(bytes, found.end, |byte| !ends_value(byte) && !b"\\&".contains(byte));
            let value = bytes.get(start..found.end)?;
            found.end = start + value.iter().rposition(|byte| !closes_value(byte))? + 1;
        }
        Some(found)
    }
}

/// Whether a byte is none of a value without quotes.
fn ends_value(byte: &u8) -> bool {
    byte.is_ascii_whitespace() || b"\"'`,;<|".contains(byte) || *byte >= 0x80
}

/// Whether a byte at the end of a value belongs to the markup, the brackets and the sentence around it.
fn closes_value(byte: &u8) -> bool {
    b".:)]}*".contains(byte)
}

/// What the name of a column promises.
pub(super) fn named(name: &[u8]) -> Option<Promise> {
    promise_of(last_word(name)).or_else(|| is_key_to_api(name).then_some(Promise::Key))
}

/// The secret in the cell of a table behind that of its name, which ends at `end`.
pub(super) fn in_next_cell(bytes: &[u8], end: usize) -> Option<Found> {
    let promise = named(name_before(bytes, end))?;
    let (start, end, _) = value_behind(bytes, end.checked_sub(1)?)?;
    (bytes.get(end) == Some(&b'<')).then(|| judge(bytes, promise, start, end, true)).flatten()
}

/// The secret in the item behind that of its name in a list of Redis' (`HGETALL`): `3) "api_secret"`, and then `4) "…"`.
pub(super) fn in_next_item(bytes: &[u8], end: usize) -> Option<Found> {
    let rest = bytes.get(end..)?.strip_prefix(b"\"\n")?;
    let gap = rest.iter().take(6).take_while(|byte| **byte == b' ').count();
    let digits = rest.get(gap..)?.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let rest = rest.get(gap + digits..)?.strip_prefix(b") \"").filter(|_| digits > 0)?;
    let start = end + 2 + gap + digits + 3;
    let length = rest.iter().take(LONGEST_VALUE).position(|byte| *byte == b'"')?;
    judge(bytes, named(name_before(bytes, end))?, start, start + length, true)
}

/// Whether a name is that of a key that opens something.
pub(super) fn opens(name: &[u8]) -> bool {
    matches!(promise_of(last_word(name)), Some(Promise::Key | Promise::KeyOrUuid))
}

/// The secret behind a sign that is written as `%3D`, as in a connection string within a URL.
pub(super) fn encoded(bytes: &[u8], sign: usize) -> Option<Found> {
    bytes.get(sign..)?.get(..3).filter(|sign| sign.eq_ignore_ascii_case(b"%3d"))?;
    let promise = promise(bytes, sign)?;
    let rest = bytes.get(sign + 3..)?;
    let rest = rest.get(..LONGEST_VALUE).unwrap_or(rest);
    let ends = |at: &usize| {
        rest.get(*at).is_some_and(|byte| !byte.is_ascii_graphic() || b"\"'&<>".contains(byte))
            || rest
                .get(*at..*at + 3)
                .is_some_and(|escape| escape.eq_ignore_ascii_case(b"%3b") || escape == b"%26")
    };
    let length = (0..rest.len()).find(ends).unwrap_or(rest.len());
    judge(bytes, promise, sign + 3, sign + 3 + length, true)
}

/// Where the value behind the sign begins, if a secret is named before it.
pub(super) fn start_behind(bytes: &[u8], sign: usize) -> Option<usize> {
    promise(bytes, sign)?;
    value_behind(bytes, sign).map(|(start, _, _)| start)
}

/// The secret at `start..end`, which may be longer than any is: judged by its beginning, and taken whole.
pub(super) fn judge_cell(bytes: &[u8], promise: Promise, start: usize, end: usize) -> Option<Found> {
    let found = judge(bytes, promise, start, end.min(start + LONGEST_VALUE), true)?;
    Some(Found { end, ..found })
}

/// The secret at `start..end`, if that is what was promised.
pub(super) fn judge(bytes: &[u8], promise: Promise, start: usize, end: usize, quoted: bool) -> Option<Found> {
    let mut end = end;
    let mut value = bytes.get(start..end)?;
    if !matches!(promise, Promise::Password | Promise::Pass)
        && let Some(next) = value.iter().position(|&byte| byte == b'&')
        && !quoted
    {
        // Keys have no such sign: another parameter follows.
        end = start + next;
        value = value.get(..next)?;
    }
    if value.starts_with(b"eyJ") && value.contains(&b'.') {
        return None;
    }
    // A fingerprint, and the name of a secret in a vault.
    let before = bytes.get(start.saturating_sub(LONGEST_NAME)..start).unwrap_or_default();
    if value.starts_with(b"LS0tLS1")
        || value::is_public(value)
        || value.starts_with(b"ENC[")
        || before.rsplit(u8::is_ascii_whitespace).next().is_some_and(|name| value::contains(name, "arn:"))
    {
        return None;
    }
    // Types, calls and paths of code.
    let code = value
        .windows(2)
        .any(|pair| pair == b"::" || matches!(pair, [before, b'[' | b'('] if before.is_ascii_alphanumeric()))
        || matches!(value.first(), Some(b'(' | b'&' | b'^'));
    if !quoted && code {
        return None;
    }
    let value = value.strip_prefix(b"base64:").unwrap_or(value);
    let (kind, score) = match promise {
        Promise::Password => {
            // A field of a connection string is data, with or without quotes.
            let given = quoted || is_field(bytes, start, end);
            let phrase = || {
                let before = bytes.get(start.saturating_sub(LONGEST_NAME)..start).unwrap_or_default();
                value::contains(before, "phrase") && value::is_word_list(value)
            };
            (value::is_password(value, given) || quoted && phrase())
                .then_some((super::PASSWORD, if quoted { 80 } else { 75 }))?
        }
        Promise::Pass => {
            let given = quoted || is_field(bytes, start, end);
            let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let unit = value.get(digits..).filter(|_| digits > 0);
            // In quotes, anything is meant; in the cell of a table, a number with its unit is a measure.
            let closed = bytes.get(end).filter(|quote| b"\"'`".contains(quote));
            let in_quotes = closed.is_some() && start.checked_sub(1).and_then(|at| bytes.get(at)) == closed;
            let measure = match unit {
                Some(b"") => !in_quotes && !is_field(bytes, start, end),
                Some(unit) => !in_quotes && UNITS.iter().any(|own| unit.eq_ignore_ascii_case(own.as_bytes())),
                None => false,
            };
            let test = !given && value::begins(value, "test");
            (!measure && !test && value::is_password(value, given))
                .then_some((super::PASSWORD, if quoted { 80 } else { 75 }))?
        }
        Promise::Number => {
            let digits = (4..=8).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
            (digits && !is_postal(bytes, start)).then_some((super::PASSWORD, 70))?
        }
        Promise::PerhapsKey if value.len() > 128 => return None,
        Promise::PerhapsKey => {
            let before = bytes.get(start.saturating_sub(LONGEST_NAME)..start)?;
            let told = ["user", "api", "crypt"].iter().any(|word| value::contains(before, word));
            let constant = start
                .checked_sub(1)
                .is_some_and(|sign| bytes.get(sign) == Some(&b'=') && is_constant(bytes, sign));
            let hash =
                (quoted && told || constant) && value.len() >= 32 && value.iter().all(u8::is_ascii_hexdigit);
            (is_sure(value, quoted) || hash || quoted && value::is_drawn(value))
                .then_some((super::API_KEY, 65))?
        }
        Promise::Key | Promise::KeyOrUuid if value::is_strong(value) || quoted && value::is_phrase(value) => {
            (super::PASSWORD, 70)
        }
        Promise::KeyOrUuid if value::is_uuid(value) => (super::API_KEY, 60),
        Promise::Credential => return None,
        Promise::Key | Promise::KeyOrUuid => value::is_random(value).then_some((super::API_KEY, 75))?,
    };
    Some(Found { start, end, kind, score })
}

/// Whether a number of six digits is part of an address: India's postal codes are called PIN.
fn is_postal(bytes: &[u8], start: usize) -> bool {
    let before =
        bytes.get(start.saturating_sub(3 * LONGEST_NAME)..start + 3 * LONGEST_NAME.min(bytes.len() - start));
    let around = before.or_else(|| bytes.get(start.saturating_sub(3 * LONGEST_NAME)..)).unwrap_or_default();
    [
        "india", "postal", "district", "road", "nagar", "city", "state", "address", "pincode", "pin code",
        "gpio", "postcode", "dist.",
    ]
    .iter()
    .any(|word| value::contains(around, word))
}

/// Whether a value is a key whatever its name says: 32 bytes in base 64, or what no hash is.
fn is_sure(value: &[u8], quoted: bool) -> bool {
    let binary = value.len() == 44 && value.ends_with(b"=") && quoted;
    let mixed =
        value.len() >= 24 && !value.iter().all(u8::is_ascii_hexdigit) && value::is_machine_made(value);
    (binary || mixed) && value::is_random(value)
}

/// Whether a value stands between semicolons, as the fields of connection strings do, or at the end of a string with such.
fn is_field(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = bytes.get(start.saturating_sub(LONGEST_NAME)..start).unwrap_or_default();
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    line.contains(&b';') && bytes.get(end).is_none_or(|byte| b";\"'".contains(byte))
}

/// Which bytes a name is written with.
static IN_NAMES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        #[expect(clippy::indexing_slicing, reason = "a byte indexes 256 places, at compile time")]
        {
            table[byte as usize] =
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' ' | 0x80..);
        }
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

fn is_name_byte(byte: u8) -> bool {
    IN_NAMES.get(usize::from(byte)).copied().unwrap_or(false)
}

/// The name that ends before `sign`, without the quotes and brackets around it.
fn name_before(bytes: &[u8], sign: usize) -> &[u8] {
    let earliest = sign.saturating_sub(LONGEST_NAME);
    let before = bytes.get(earliest..sign).unwrap_or_default();
    let closes = |byte: u8| {
        matches!(byte, b'"' | b'\'' | b'`' | b']' | b')' | b'*' | b'\\' | b' ' | b'\t' | b':' | b'?' | b'!')
    };
    let closers = before.iter().rev().take_while(|&&byte| closes(byte)).count();
    let before = before.get(..before.len() - closers).unwrap_or_default();
    let start = before.iter().rposition(|&byte| !is_name_byte(byte)).map_or(0, |other| other + 1);
    before.get(start..).unwrap_or_default()
}

fn promise(bytes: &[u8], sign: usize) -> Option<Promise> {
    let mut name = name_before(bytes, sign);
    let before = sign.checked_sub(name.len() + 1).and_then(|at| bytes.get(at));
    // Remote desktop: `/u:nina /p:…`.
    if name == b"p"
        && before == Some(&b'/')
        && bytes.get(sign.saturating_sub(LONGEST_VALUE)..sign)?.windows(3).any(|user| user == b"/u:")
    {
        return Some(Promise::Password);
    }
    // `<Pass encoding="base64">…`: the name is that of the tag.
    if before == Some(&b'"') && bytes.get(sign) == Some(&b'>')
        || name.is_empty() && bytes.get(sign) == Some(&b'>')
    {
        let tag = bytes.get(sign.saturating_sub(LONGEST_NAME)..sign)?;
        if let Some(open) = memchr::memrchr(b'<', tag) {
            let tag = tag.get(open + 1..)?;
            name = tag.get(..tag.iter().position(|byte| *byte == b' ').unwrap_or(tag.len()))?;
        }
    }
    let mut words = last_word(name);
    if TYPES.has(words.0) {
        name = typed(bytes, sign, name, words)?;
        words = last_word(name);
    }
    // `<add key="ApiSecret" value="…" />`, `{"name": "API_SECRET", "value": "…"}`: the name is a value itself.
    if words.0.eq_ignore_ascii_case(b"value") && name.trim_ascii().len() == words.0.len() {
        let earliest = sign.saturating_sub(LONGEST_NAME);
        let before = bytes.get(earliest..sign)?;
        let before = before.get(..memchr::memmem::rfind(before, name)?)?;
        let last = before.iter().rposition(|byte| !b"\"', :<>{\r\n\t".contains(byte))?;
        words = last_word(name_before(bytes, earliest + last + 1));
    }
    // .NET: `<setting name="SmtpPassword" …><value>…`.
    if words.0.eq_ignore_ascii_case(b"value") || words.0.is_empty() && bytes.get(sign) == Some(&b'>') {
        let before = bytes.get(sign.saturating_sub(2 * LONGEST_NAME)..sign)?;
        let named = memchr::memmem::rfind(before, b"<setting name=\"").and_then(|at| before.get(at + 15..));
        if let Some(name) = named.and_then(|named| named.split(|byte| *byte == b'"').next()) {
            words = last_word(name);
        }
    }
    // Terraform: `variable "api_key" { default = "…" }`.
    if words.0.eq_ignore_ascii_case(b"default") {
        let before = bytes.get(sign.saturating_sub(3 * LONGEST_NAME)..sign)?;
        let named = memchr::memmem::rfind(before, b"variable \"").and_then(|at| before.get(at + 10..));
        let name = named.and_then(|named| named.split(|byte| *byte == b'"').next());
        if let Some(name) = name {
            words = last_word(name);
        }
    }
    // Spark's and Hadoop's settings for Azure end with the name of the account.
    if name.len() > LONGEST_HEAD && value::contains(name, "account.key.") {
        return Some(Promise::Key);
    }
    promise_of(words).or_else(|| {
        words.0.eq_ignore_ascii_case(b"api").then_some(())?;
        let before = bytes.get(sign.saturating_sub(LONGEST_HEAD)..sign)?;
        let line = before.rsplit(|byte| *byte == b'\n').next()?;
        is_key_to_api(line).then_some(Promise::Key)
    })
}

/// The name whose type stands between it and the sign: `key: str = "…"`, `key As String = "…"`, and in property lists
/// `<key>Password</key><string>…`.
fn typed<'a>(bytes: &'a [u8], sign: usize, name: &'a [u8], words: (&'a [u8], &'a [u8])) -> Option<&'a [u8]> {
    let before_type = last_word(words.1);
    if before_type.0.eq_ignore_ascii_case(b"as") {
        return Some(before_type.1);
    }
    let start = sign.checked_sub(name.len() + 1)?;
    let before = bytes.get(start.saturating_sub(LONGEST_HEAD)..=start)?;
    if before.ends_with(b"<") {
        let key = before.get(..before.len() - 1)?.trim_ascii_end().strip_suffix(b"</key>")?;
        return Some(name_before(bytes, start - (before.len() - 1 - key.len())));
    }
    let colon = before.iter().rposition(|byte| *byte == b':')?;
    Some(name_before(bytes, start + 1 - before.len() + colon))
}

/// Whether the name before `sign` is that of a variable of the environment: capitals at the beginning of a word.
pub(super) fn is_constant(bytes: &[u8], sign: usize) -> bool {
    let before = bytes.get(sign.saturating_sub(LONGEST_NAME)..sign).unwrap_or_default();
    let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    let start = before.iter().rposition(|byte| !is_part(byte)).map_or(0, |other| other + 1);
    let apart = start == 0
        || before.get(start - 1).is_some_and(|byte| !byte.is_ascii_graphic() || b"\"'(".contains(byte));
    apart && before.get(start..).is_some_and(|name| name.contains(&b'_'))
}

/// The secret behind a name of capitals that ends at `end`, without a sign between: `ENV API_KEY …`, `#define API_KEY "…"`.
pub(super) fn constant(bytes: &[u8], end: usize) -> Option<Found> {
    // `(setenv "NAME" "…")`, `$_ENV['NAME']	…`.
    let closing = bytes.get(end..)?.iter().take(3).take_while(|byte| b"\"']".contains(byte)).count();
    let space = end + closing;
    bytes.get(space).filter(|byte| b" \t;,|".contains(byte))?;
    // In two columns, any name may stand at the beginning of its line.
    let name = name_before(bytes, end);
    let first = end.checked_sub(name.len() + 1).is_none_or(|before| bytes.get(before) == Some(&b'\n'));
    // `aws configure set aws_secret_access_key …`: nothing else is so long.
    let long = || {
        let text = bytes.get(space + 1..).unwrap_or_default();
        let quotes = text.iter().take(1).filter(|byte| b"\"'".contains(byte)).count();
        let text = text.get(quotes..).unwrap_or_default();
        let is_end = |byte: &&u8| byte.is_ascii_graphic() && !b"\"'".contains(*byte);
        let length = text.iter().take(LONGEST_VALUE).take_while(is_end).count();
        let value = text.get(..length).unwrap_or_default();
        value::is_machine_made(value) && length >= if quotes > 0 { 10 } else { 16 }
            || quotes > 0 && value::is_strong(value)
    };
    let column = || {
        first
            && !name.contains(&b' ')
            && (bytes.get(space) == Some(&b'\t') || bytes.get(space + 1) == Some(&b' '))
    };
    (is_constant(bytes, end) || column() || long()).then_some(())?;
    let promise = named(name)?;
    let (start, end, quoted) = value_behind(bytes, space)?;
    let value = bytes.get(start..end)?;
    // In prose, another word follows.
    let plausible =
        quoted || value::is_strong(value) || value::is_random(value) || value::is_machine_made(value);
    plausible.then(|| judge(bytes, promise, start, end, quoted)).flatten()
}

/// Whether a name says "key of the API" in a language in which the key comes first.
fn is_key_to_api(name: &[u8]) -> bool {
    let mut words = name.split(|byte| b" '-_".contains(byte)).filter(|word| !word.is_empty());
    words.any(|word| KEYS.has(word)) && words.any(|word| word.eq_ignore_ascii_case(b"api"))
}

/// The last word of a name, and the name before it. Words are divided by signs and by capitals.
fn last_word(name: &[u8]) -> (&[u8], &[u8]) {
    let is_divider = |byte: u8| matches!(byte, b'_' | b'-' | b'.' | b' ');
    let end = name.iter().rposition(|&byte| !is_divider(byte)).map_or(0, |last| last + 1);
    let name = name.get(..end).unwrap_or_default();
    let (mut after, mut next) = (0_u8, 0_u8);
    let begins = |byte: &u8| {
        let hump = after.is_ascii_uppercase()
            && (byte.is_ascii_lowercase() || byte.is_ascii_uppercase() && next.is_ascii_lowercase());
        (after, next) = (*byte, after);
        hump || is_divider(*byte)
    };
    let (before, last) = name.split_at(name.iter().rposition(begins).map_or(0, |divider| divider + 1));
    (last, before)
}

/// What a name promises, by its last word and what stands before that.
fn promise_of((mut last, mut before): (&[u8], &[u8])) -> Option<Promise> {
    for _ in 0..2 {
        let number = !last.is_empty() && last.iter().all(|byte| byte.is_ascii_digit());
        if !number && !TRAILERS.has(last) {
            break;
        }
        let (previous, earlier) = last_word(before);
        if !PASSWORD_ENDINGS.ends(previous)
            && !KEY_ENDINGS.ends(previous)
            && !KEY_WORDS.has(previous)
            && !previous.eq_ignore_ascii_case(b"key")
        {
            break;
        }
        (last, before) = (previous, earlier);
    }
    let beginning = || {
        let name = before.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
        let first = name.split(|byte| b"_-.".contains(byte)).next().unwrap_or_default();
        PASSWORD_BEGINNINGS.has(first).then_some(Promise::Password)
    };
    let promise = match promise_of_words(last, before) {
        perhaps @ (None | Some(Promise::PerhapsKey)) => beginning().or(perhaps)?,
        Some(promise) => promise,
    };
    // Most names promise nothing, and need not be compared with those of examples.
    let (previous, earlier) = last_word(before);
    let named_example = [last, previous, last_word(earlier).0].iter().any(|word| EXAMPLES.has(word));
    (!named_example).then_some(promise)
}

/// What the last word of a name promises, with what stands before it in the name.
fn promise_of_words(last: &[u8], before: &[u8]) -> Option<Promise> {
    let trimmed = last.strip_suffix(b"1").or_else(|| last.strip_suffix(b"2")).unwrap_or(last);
    // What a test says, too.
    if trimmed.eq_ignore_ascii_case(b"pass") && before.last().is_none_or(|byte| b" -".contains(byte)) {
        return Some(Promise::Pass);
    }
    if PASSWORD_ENDINGS.ends(trimmed) || PASSWORD_WORDS.has(trimmed) {
        return Some(Promise::Password);
    }
    if KEY_ENDINGS.ends(trimmed) {
        return Some(Promise::KeyOrUuid);
    }
    if trimmed.eq_ignore_ascii_case(b"authorization") {
        return Some(Promise::Credential);
    }
    let previous = || last_word(before).0;
    if trimmed.eq_ignore_ascii_case(b"word") && previous().eq_ignore_ascii_case(b"pass") {
        return Some(Promise::Password);
    }
    // RabbitMQ, "Erlang cookie"; Azure DevOps, "Personal access tokens".
    if trimmed.eq_ignore_ascii_case(b"cookie") && previous().eq_ignore_ascii_case(b"erlang") {
        return Some(Promise::Key);
    }
    // SonarQube, "Analysis parameters": `sonar.login`.
    if trimmed.eq_ignore_ascii_case(b"login") && value::ends(previous(), "sonar") {
        return Some(Promise::Key);
    }
    if trimmed.eq_ignore_ascii_case(b"pat") {
        return Some(Promise::PerhapsKey);
    }
    // WordPress calls some of its keys so ("Security keys").
    if trimmed == b"SALT" && !before.is_empty() {
        return Some(Promise::Key);
    }
    // Windows, `netsh wlan show profile key=clear`.
    if trimmed.eq_ignore_ascii_case(b"content") && last_word(before).0.eq_ignore_ascii_case(b"key") {
        return Some(Promise::Password);
    }
    if matches!(trimmed, b"PIN" | b"PUK" | b"PIN2" | b"PUK2") {
        return Some(Promise::Number);
    }
    let key = KEYS.has(trimmed);
    let token = || KEY_WORDS.has(trimmed) || trimmed.len() > 5 && value::ends(trimmed, "token");
    if !key && !token() {
        return None;
    }
    let previous = last_word(before).0;
    if !key
        && previous.eq_ignore_ascii_case(b"key")
        && last_word(last_word(before).1).0.eq_ignore_ascii_case(b"public")
    {
        return None;
    }
    // The key of a wireless network is what people choose.
    let wireless = ["wlan", "wifi", "wpa", "wpa2", "fi"]
        .iter()
        .any(|name| previous.eq_ignore_ascii_case(name.as_bytes()));
    if key && wireless {
        return Some(Promise::Password);
    }
    let opens = if key { KEY_QUALIFIERS.has(previous) } else { !TOKEN_QUALIFIERS.has(previous) };
    if key && !opens && !CLOSED_KEYS.has(previous) {
        return Some(Promise::PerhapsKey);
    }
    opens.then(|| if OPENING.has(previous) { Promise::KeyOrUuid } else { Promise::Key })
}

/// The value behind the sign: its place, and whether it is quoted.
fn value_behind(bytes: &[u8], sign: usize) -> Option<(usize, usize, bool)> {
    // The full-width colon has three bytes.
    let mut at = sign + if bytes.get(sign) == Some(&0xef) { 3 } else { 1 };
    if bytes.get(sign) == Some(&b':') && bytes.get(at) == Some(&b':') {
        return None;
    }
    // Behind `=`, a value stands in the same line.
    let gap: &[u8] = if bytes.get(sign) == Some(&b'=') { b" \t=>*|:" } else { b" \t=>*\r\n|:" };
    let padding = bytes.get(at..)?.iter().take(12).take_while(|byte| gap.contains(byte)).count();
    // The head of a function is no name in a file.
    let crosses = bytes.get(at..at + padding)?.contains(&b'\n');
    (!crosses || sign.checked_sub(1).and_then(|before| bytes.get(before)) != Some(&b')')).then_some(())?;
    at += padding;
    // `<td>Password:</td><td>…`.
    let mut tags = 0;
    while tags < 4 && bytes.get(at..)?.starts_with(b"<") && (tags > 0 || bytes.get(at + 1) == Some(&b'/')) {
        let tag = bytes.get(at..)?.iter().take(LONGEST_NAME).position(|byte| *byte == b'>')?;
        at += tag + 1;
        at += bytes.get(at..)?.iter().take(8).take_while(|byte| byte.is_ascii_whitespace()).count();
        tags += 1;
    }
    // „…“, «…».
    let mark = value::quote_at(bytes.get(at..)?);
    if mark > 0 {
        at += mark + usize::from(bytes.get(at + mark) == Some(&b' '));
        let text = bytes.get(at..)?;
        let length = text.iter().take(LONGEST_VALUE).take_while(|byte| byte.is_ascii_graphic()).count();
        return (length > 0).then_some((at, at + length, true));
    }
    let mut opening = None;
    // String prefixes, wrappers such as `Some(` and escapes before the quote.
    let lead = bytes.get(at..)?.iter().take(16).position(|&byte| b"\"'`".contains(&byte));
    if let Some(lead) = lead
        && bytes
            .get(at..at + lead)?
            .iter()
            .all(|&byte| byte.is_ascii_alphabetic() || b"\\(&@:[]".contains(&byte))
    {
        opening = bytes.get(at + lead).copied();
        at += lead + 1;
    }
    let rest = bytes.get(at..)?;
    let rest = rest.get(..LONGEST_VALUE).unwrap_or(rest);
    if let Some(quote) = opening {
        // `"\"…\""`: a string in a string.
        let escaped = rest.starts_with(b"\\\"") && quote == b'"';
        // Without the stroke, as normalising leaves it.
        let doubled = rest.first() == Some(&quote) && rest.get(1).is_some_and(u8::is_ascii_alphanumeric);
        let inner = if escaped { 2 } else { usize::from(doubled) };
        let (at, rest) = (at + inner, rest.get(inner..)?);
        let length = rest.iter().position(|&byte| byte == quote || byte == b'\n')?;
        let value = rest.get(..length)?;
        let length = length - value.iter().rev().take_while(|&&byte| byte == b'\\').count();
        return (length > 0).then_some((at, at + length, true));
    }
    let before = sign.checked_sub(name_before(bytes, sign).len() + 1).and_then(|before| bytes.get(before));
    let in_url = padding == 0 && before.is_some_and(|before| b"?&#".contains(before));
    if let Some(length) = grouped::length_at(rest) {
        return Some((at, at + length, true));
    }
    let is_end = |byte: &u8| ends_value(byte) || (in_url && *byte == b'&');
    let length = rest.iter().position(is_end).unwrap_or(rest.len());
    let value = rest.get(..length)?;
    // A `\` begins an escaped line break.
    let cut = value.iter().position(|&byte| byte == b'\\').unwrap_or(length);
    let value = value.get(..cut)?;
    let whole = cut < LONGEST_VALUE;
    let trailing = value.iter().rev().take_while(|byte| whole && closes_value(byte)).count();
    // What a variable of the environment or an element is set to is data.
    let data = bytes.get(sign) == Some(&b'>')
        || padding == 0 && bytes.get(sign) == Some(&b'=') && is_constant(bytes, sign);
    (cut > trailing).then_some((at, at + cut - trailing, data))
}
