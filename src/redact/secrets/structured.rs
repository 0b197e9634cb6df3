//! Secrets that are known by their structure: private keys, signed tokens, credentials in URLs and headers, and keys
//! whose mark stands in the middle.
//!
//! Every function is given where its mark was seen, and looks at a bounded piece of text around it.

use super::Found;
use super::alphabet::{ALNUM, BASE64, DASHED, DIGITS, HEX, TOKEN68};
use super::value;

/// The longest private key that is looked for the end of: RSA with 16,384 bits has 12 KiB.
const LONGEST_KEY: usize = 16 * 1024;
const LONGEST_TOKEN: usize = 16 * 1024;
const LONGEST_FIELDS: usize = 512;
const LONGEST_URL: usize = 512;
const LONGEST_AUTHORITY: usize = 128;
/// How far behind the name of a command its option may stand.
const LONGEST_COMMAND: usize = 256;
/// Surer than that the password and the host are an e-mail address, as which they could be read.
const SURE: u8 = 97;

/// A private key in textual form (RFC 7468 §10 and §11, RFC 4880 §6.2, OpenSSH's PROTOCOL.key), at the dashes of
/// its `BEGIN`. Public keys and certificates are none.
pub(super) fn private_key(bytes: &[u8], start: usize) -> Option<Found> {
    let text = bytes.get(start..)?;
    let text = text.get(..LONGEST_KEY).unwrap_or(text);
    let label = text.strip_prefix(b"-----BEGIN ")?;
    let label = label.get(..label.windows(5).take(64).position(|dashes| dashes == b"-----")?)?;
    value::contains(label, "private key").then_some(())?;
    let body = "-----BEGIN ".len() + label.len() + "-----".len();
    let rest = text.get(body..)?;
    // Who only names the mark, in code, has no line of base 64 behind it. So much can stand before the first: the fields of
    // an encrypted key (RFC 1421, section 4.6).
    (last_line_end(rest.get(..LONGEST_FIELDS).unwrap_or(rest)) > 0).then_some(())?;
    // Escaped line breaks belong to a key in JSON or in an environment variable.
    let in_key =
        |byte: &&u8| BASE64.has(**byte) || byte.is_ascii_whitespace() || b"\\:,()\"'.;".contains(byte);
    let (length, closed) = match rest.windows(9).position(|window| window == b"-----END ") {
        Some(end) => {
            let tail = rest.get(end + 9..)?;
            let close = tail.windows(5).take(64).position(|dashes| dashes == b"-----");
            (end, 9 + close.map_or(0, |close| close + 5))
        }
        None => {
            let open = rest.get(..rest.iter().take_while(in_key).count())?;
            (last_line_end(open), 0)
        }
    };
    let key = rest.get(..length)?;
    let digits = key.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    let written = digits < 40 || value::contains(key, "your") || value::contains(key, "....");
    (!written).then_some(Found {
        start,
        end: start + body + length + closed,
        kind: super::PRIVATE_KEY,
        score: 100,
    })
}

/// Where the last run of base 64 ends that is long enough for a line of a key, or its last; 0 where there is none.
fn last_line_end(text: &[u8]) -> usize {
    const LINE: usize = 24;
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let (mut at, mut last) = (0, 0);
    for run in text.split(|byte| !is_digit(byte)) {
        at += run.len();
        if run.len() >= if last == 0 { LINE } else { 4 } {
            last = at;
        }
        at += 1;
    }
    last
}

/// A JSON Web Token (RFC 7515 §3.1, RFC 7516 §3.1), at its `eyJ`, which is `{"` in base 64.
pub(super) fn web_token(bytes: &[u8], start: usize) -> Option<Found> {
    let first = DASHED.end(bytes, start, 4096);
    (bytes.get(first) == Some(&b'.')).then_some(())?;
    let second = DASHED.end(bytes, first + 1, LONGEST_TOKEN);
    let payload = bytes.get(first + 1..second)?;
    let header: Vec<u8> = decoded(bytes.get(start..first)?).collect();
    let known = value::contains(&header, "\"alg\"") || payload.starts_with(b"eyJ");
    (known && first - start >= 12 && payload.len() >= 8).then_some(())?;
    let mut end = second;
    // Three parts when signed, five when encrypted.
    for _ in 0..3 {
        let part = DASHED.end(bytes, end + 1, LONGEST_TOKEN);
        if bytes.get(end) != Some(&b'.') || part - end < 8 {
            break;
        }
        end = part;
    }
    Some(Found { start, end, kind: super::JWT, score: 100 })
}

/// What base 64 says; ends at the first byte that is none.
fn decoded(text: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let mut pending = (0u32, 0u32);
    text.iter()
        .map_while(|byte| match byte {
            b'A'..=b'Z' => Some(byte - b'A'),
            b'a'..=b'z' => Some(byte - b'a' + 26),
            b'0'..=b'9' => Some(byte - b'0' + 52),
            b'+' | b'-' => Some(62),
            b'/' | b'_' => Some(63),
            _ => None,
        })
        .filter_map(move |digit| {
            let (value, bits) = ((pending.0 << 6 | u32::from(digit)) & 0xffff, pending.1 + 6);
            if bits < 8 {
                pending = (value, bits);
                return None;
            }
            pending = (value, bits - 8);
            u8::try_from(value >> (bits - 8) & 0xff).ok()
        })
}

/// The credential behind the word `Bearer` (RFC 6750 §2.1), whose end is `start`.
pub(super) fn bearer(bytes: &[u8], start: usize) -> Option<Found> {
    let start = start + usize::from(bytes.get(start) == Some(&b' '));
    // `"Bearer " + "…"`, `'Bearer ' . '…'`, `Bearer *…*`.
    let joint = bytes.get(start..)?.iter().take(6).take_while(|byte| b"\"' +.*`".contains(byte)).count();
    let start = start + joint;
    let end = TOKEN68.end(bytes, start, LONGEST_TOKEN);
    let token = trimmed(bytes.get(start..end)?);
    let end = start + token.len();
    (token.len() >= 16 && (value::is_random(token) || value::is_uuid(token))).then_some(())?;
    Some(Found { start, end, kind: super::AUTHORIZATION, score: 85 })
}

/// The credential behind the word `Basic` (RFC 7617 §2): a name, a colon and a password in base 64.
pub(super) fn basic(bytes: &[u8], start: usize) -> Option<Found> {
    let start = start + usize::from(bytes.get(start) == Some(&b' '));
    let end = BASE64.end(bytes, start, 1024);
    let token = bytes.get(start..end)?;
    (token.len() >= 8).then_some(())?;
    let text: Vec<u8> = decoded(token).collect();
    let printable = text.iter().all(|byte| *byte >= b' ' && *byte != 127);
    let colon = text.iter().position(|byte| *byte == b':')?;
    let password = text.get(colon + 1..)?;
    (printable && !password.is_empty() && std::str::from_utf8(&text).is_ok()).then_some(())?;
    (!value::is_placeholder(password) && !password.eq_ignore_ascii_case(b"password")).then_some(())?;
    let end = super::run_end(bytes, end, |byte| BASE64.has(*byte));
    Some(Found { start, end, kind: super::AUTHORIZATION, score: 90 })
}

/// The credential behind the name of its scheme as an argument: `("Basic", "…")`, whose comma is at `comma`.
pub(super) fn header_value(bytes: &[u8], comma: usize, start: usize) -> Option<Found> {
    let before = bytes.get(comma.saturating_sub(8)..comma)?;
    if value::ends(before, "\"basic\"") {
        return basic(bytes, start);
    }
    value::ends(before, "bearer\"").then(|| bearer(bytes, start)).flatten()
}

/// The credential of a request (RFC 9110, section 11.4), whose scheme is at `start`, or which has none. `Bearer` and `Basic`
/// are known by themselves, and parameters are none.
pub(super) fn credential(bytes: &[u8], start: usize) -> Option<Found> {
    let text = bytes.get(start..)?;
    let text = text.get(..LONGEST_URL).unwrap_or(text);
    let scheme = text.iter().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'-').count();
    let known = ["bearer", "basic", "digest"].iter().any(|name| value::begins(text, name));
    let gap = text.get(scheme..)?.iter().take_while(|byte| **byte == b' ').count();
    let start = if scheme > 0 && gap > 0 { start + scheme + gap } else { start };
    let in_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=:".contains(byte);
    let length = bytes.get(start..)?.iter().take(LONGEST_URL).take_while(|byte| in_token(byte));
    let end = start + length.count();
    let token = bytes.get(start..end)?;
    let parameter = token
        .trim_ascii_end()
        .iter()
        .rposition(|byte| *byte != b'=')
        .is_some_and(|last| token.get(..last).is_some_and(|body| body.contains(&b'=')));
    let plausible = !known && !parameter && (value::is_random(token) || value::is_uuid(token));
    (plausible && !super::has_known_format(bytes, start)).then(|| {
        let end = super::run_end(bytes, end, in_token);
        Found { start, end, kind: super::AUTHORIZATION, score: 85 }
    })
}

/// The credential of a registry in Docker's `config.json` ("docker login": `"auth": "…"`, a name, a colon and a
/// password in base 64) or in npm's `.npmrc` (`_auth=…`), whose sign behind `auth` is at `colon`.
pub(super) fn registry_auth(bytes: &[u8], colon: usize) -> Option<Found> {
    let before = bytes.get(..colon)?;
    (before.ends_with(b"\"auth\"") || before.trim_ascii_end().ends_with(b"_auth")).then_some(())?;
    let padding = bytes.get(colon + 1..)?.iter().take(4).take_while(|byte| b" \t\"".contains(byte)).count();
    basic(bytes, colon + 1 + padding)
}

/// The password in a `.netrc` (curl and ftp: `machine … login … password …`), whose word `password` is at `start..end`.
pub(super) fn netrc(bytes: &[u8], start: usize, end: usize) -> Option<Found> {
    let before = bytes.get(start.saturating_sub(LONGEST_COMMAND)..start)?;
    let apart = before.last().is_some_and(u8::is_ascii_whitespace);
    (bytes.get(end) == Some(&b' ') && apart).then_some(())?;
    let words: Vec<&[u8]> = before.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let login = words.len().checked_sub(2).and_then(|at| words.get(at))?;
    let machine = words.iter().rev().skip(2).take(3).any(|word| *word == b"machine" || *word == b"default");
    (*login == b"login" && machine).then_some(())?;
    let length =
        bytes.get(end + 1..)?.iter().take(LONGEST_URL).take_while(|byte| byte.is_ascii_graphic()).count();
    let password = bytes.get(end + 1..end + 1 + length)?;
    (length >= 3 && is_chosen(password)).then(|| Found {
        start: end + 1,
        end: super::run_end(bytes, end + 1 + length, u8::is_ascii_graphic),
        kind: super::PASSWORD,
        score: 85,
    })
}

fn trimmed(token: &[u8]) -> &[u8] {
    let end = token.iter().rposition(|byte| !b".:%".contains(byte)).map_or(0, |last| last + 1);
    token.get(..end).unwrap_or_default()
}

/// The password in a URL (RFC 3986 §3.2.1), whose colon after the scheme is at `colon`.
pub(super) fn url_password(bytes: &[u8], colon: usize) -> Option<Found> {
    let start = colon + 3;
    let rest = bytes.get(start..)?;
    let rest = rest.get(..LONGEST_URL).unwrap_or(rest);
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`<>\\".contains(byte);
    let rest = rest.get(..rest.iter().position(is_end).unwrap_or(rest.len()))?;
    // A password may have the delimiters of a path when it was not escaped: then the last `@` before a host counts.
    let authority = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
    // Shadowsocks, "SIP002 URI scheme": method and password in base 64.
    if bytes.get(..colon)?.ends_with(b"ss")
        && let Some(end) = rest.get(..authority)?.iter().position(|byte| *byte == b'@')
        && rest.get(..end)?.iter().all(|byte| BASE64.has(*byte))
        && end >= 16
    {
        return Some(Found { start, end: start + end, kind: super::CONNECTION_STRING, score: SURE });
    }
    let at = match rest.get(..authority)?.iter().rposition(|byte| *byte == b'@') {
        Some(at) => at,
        None => {
            let first = rest.iter().position(|byte| *byte == b':')?;
            let port = rest.get(first + 1..authority)?.iter().all(u8::is_ascii_digit);
            (first < authority && !port).then_some(())?;
            host_sign(rest)?
        }
    };
    let divider = rest.get(..at)?.iter().position(|byte| *byte == b':')?;
    let password = rest.get(divider + 1..at)?;
    // `…:1433;user=…;password=…@…` has its own name for it.
    let fields = password.contains(&b';') && value::contains(password, "password=");
    (password.len() >= 3 && is_chosen(password) && !fields).then_some(())?;
    Some(Found { start: start + divider + 1, end: start + at, kind: super::CONNECTION_STRING, score: SURE })
}

/// The `@` before the host of a URL whose password has the delimiters of a path: the last one that a host stands behind.
fn host_sign(rest: &[u8]) -> Option<usize> {
    let in_host = |byte: &&u8| byte.is_ascii_alphanumeric() || b".-_".contains(*byte);
    let is_sign = |at: &usize| {
        let host = rest.get(at + 1..).unwrap_or_default();
        let length = host.iter().take_while(in_host).count();
        rest.get(*at) == Some(&b'@')
            && length > 0
            && host.get(length).is_none_or(|byte| b":/?#,".contains(byte))
    };
    (0..rest.len()).rev().find(is_sign)
}

/// The password in an authority without a scheme, `name:password@host:port`, whose first colon is at `colon`.
pub(super) fn authority_password(bytes: &[u8], colon: usize) -> Option<Found> {
    let before = colon.checked_sub(1).and_then(|at| bytes.get(at))?;
    let rest = bytes.get(colon + 1..)?;
    let first = rest.first().filter(|byte| byte.is_ascii_graphic() && !b"\"'`/:,{[(<".contains(byte));
    (before.is_ascii_alphanumeric() && first.is_some()).then_some(())?;
    let rest = rest.get(..LONGEST_AUTHORITY).unwrap_or(rest);
    let rest = rest.get(
        ..rest
            .iter()
            .position(|byte| !byte.is_ascii_graphic() || b"\"'`<>,".contains(byte))
            .unwrap_or(rest.len()),
    )?;
    let sign = memchr::memrchr(b'@', rest)?;
    let password = rest.get(..sign)?;
    let host = rest.get(sign + 1..)?;
    let name = host.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b".-".contains(byte)).count();
    let port = host.get(name) == Some(&b':') && host.get(name + 1).is_some_and(u8::is_ascii_digit);
    let plausible = port
        && host.get(..name)?.contains(&b'.')
        && password.len() >= 6
        && value::is_password(password, true);
    plausible.then_some(Found {
        start: colon + 1,
        end: colon + 1 + sign,
        kind: super::CONNECTION_STRING,
        score: SURE,
    })
}

/// The private key in a file of PuTTY's ("PPK file format", with or without encryption), at its first word.
pub(super) fn putty_key(bytes: &[u8], start: usize) -> Option<Found> {
    let text = bytes.get(start..)?;
    let text = text.get(..LONGEST_KEY).unwrap_or(text);
    let key = memchr::memmem::find(text, b"Private-Lines:")? + "Private-Lines:".len();
    let rest = text.get(key..)?;
    let length = match memchr::memmem::find(rest, b"Private-MAC: ") {
        Some(mac) => HEX.end(rest, mac + "Private-MAC: ".len(), 64),
        None => rest.iter().take_while(|byte| BASE64.has(**byte) || byte.is_ascii_whitespace()).count(),
    };
    let digits = rest.get(..length)?.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    let found = Found { start, end: start + key + length, kind: super::PRIVATE_KEY, score: 100 };
    (digits >= 40).then_some(found)
}

/// The password in a URL of Oracle's driver ("JDBC Developer's Guide", `jdbc:oracle:thin:name/password@…`), whose
/// beginning ends at `start`.
pub(super) fn oracle_password(bytes: &[u8], start: usize) -> Option<Found> {
    let rest = bytes.get(start..)?;
    let rest = rest.get(..LONGEST_URL).unwrap_or(rest);
    let rest = rest.get(..rest.iter().position(|byte| !byte.is_ascii_graphic()).unwrap_or(rest.len()))?;
    let at = rest.iter().rposition(|byte| *byte == b'@')?;
    let name = rest.get(..at)?.iter().position(|byte| *byte == b':')? + 1;
    let divider = name + rest.get(name..at)?.iter().position(|byte| *byte == b'/')?;
    let password = rest.get(divider + 1..at)?;
    let found =
        Found { start: start + divider + 1, end: start + at, kind: super::CONNECTION_STRING, score: SURE };
    (divider > name && password.len() >= 3 && is_chosen(password)).then_some(found)
}

/// The password in the code of a wireless network (ZXing, "Barcode contents": `WIFI:T:WPA;S:…;P:…;;`), whose `WIFI:` ends at
/// `start`.
pub(super) fn wireless(bytes: &[u8], start: usize) -> Option<Found> {
    let rest = bytes.get(start..)?;
    let rest = rest.get(..LONGEST_FIELDS).unwrap_or(rest);
    let rest = rest.get(..rest.iter().position(u8::is_ascii_control).unwrap_or(rest.len()))?;
    let begin = if rest.starts_with(b"P:") { 2 } else { memchr::memmem::find(rest, b";P:")? + 3 };
    let mut escaped = false;
    let is_end = |byte: &u8| {
        let ends = *byte == b';' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    };
    let length = rest.get(begin..)?.iter().position(is_end)?;
    let password = rest.get(begin..begin + length)?;
    (length >= 8 && is_chosen(password)).then_some(Found {
        start: start + begin,
        end: start + begin + length,
        kind: super::PASSWORD,
        score: 90,
    })
}

/// The password in a data source name of Go's MySQL driver ("DSN": `name:password@tcp(host)/database`), whose bracket is at
/// `bracket`.
pub(super) fn data_source(bytes: &[u8], bracket: usize) -> Option<Found> {
    let before = bytes.get(bracket.saturating_sub(LONGEST_COMMAND)..bracket)?;
    let before = before.strip_suffix(b"@tcp").or_else(|| before.strip_suffix(b"@unix"))?;
    let start = before.iter().rposition(|byte| byte.is_ascii_whitespace() || b"\"'`=".contains(byte))? + 1;
    let divider = start + before.get(start..)?.iter().position(|byte| *byte == b':')?;
    let password = before.get(divider + 1..)?;
    let end = bracket - "@tcp".len() - usize::from(bytes.get(bracket - 1) == Some(&b'x'));
    (password.len() >= 3 && is_chosen(password)).then_some(Found {
        start: end - password.len(),
        end,
        kind: super::CONNECTION_STRING,
        score: SURE,
    })
}

/// A key of Ghost's ("Admin API: token authentication"): 24 hexadecimal digits, the colon at `colon`, and 64.
pub(super) fn ghost(bytes: &[u8], colon: usize) -> Option<Found> {
    let (start, end) = (HEX.start(bytes, colon, 25), HEX.end(bytes, colon + 1, 65));
    let fits = colon - start == 24 && end - colon == 65;
    fits.then_some(Found { start, end, kind: super::API_KEY, score: 95 })
}

/// The value of a cookie that stands for a session (RFC 6265, section 4.2.1), whose `=` is at `sign`.
pub(super) fn cookie(bytes: &[u8], sign: usize) -> Option<Found> {
    (bytes.get(sign) == Some(&b'=')).then_some(())?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let before = bytes.get(sign.saturating_sub(LONGEST_FIELDS)..sign)?;
    let start = before.iter().rposition(|byte| !is_name(byte))? + 1;
    let name = before.get(start..)?;
    let session = ["session", "sessionid", "sessid", "sid", "auth", "jwt", "remember_me"];
    session.iter().any(|word| value::ends(name, word)).then_some(())?;
    let line = before.get(memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1)..)?;
    value::contains(line, "cookie").then_some(())?;
    let in_token = |byte: &u8| byte.is_ascii_graphic() && !b";,\"'`\\".contains(byte);
    let start = sign + 1;
    let length = bytes.get(start..)?.iter().take(LONGEST_FIELDS).take_while(|byte| in_token(byte)).count();
    let known = super::has_known_format(bytes, start);
    (!known && value::is_random(bytes.get(start..start + length)?)).then(|| {
        // Judged by its head, taken to its end.
        let end = super::run_end(bytes, start + length, in_token);
        Found { start, end, kind: super::AUTHORIZATION, score: 80 }
    })
}

/// A private key in base 64 once more, as Kubernetes keeps it, at its `-----BEGI` in base 64.
pub(super) fn encoded_key(bytes: &[u8], start: usize) -> Option<Found> {
    let end = BASE64.end(bytes, start, 2 * LONGEST_KEY);
    let head: Vec<u8> = decoded(bytes.get(start..end.min(start + 64))?).collect();
    let found = Found { start, end, kind: super::PRIVATE_KEY, score: 100 };
    (value::contains(&head, "private key") && end - start >= 100).then_some(found)
}

/// The password in a field of a form (RFC 7578, section 4.2), whose word is at `start..end`, as in `name="password"`.
pub(super) fn form_field(bytes: &[u8], start: usize, end: usize) -> Option<Found> {
    let before = bytes.get(..start)?;
    let rest = bytes.get(end + 1..)?;
    // Expect, `expect "password:"` and then `send "…\r"`.
    let near = rest.get(..40).unwrap_or(rest);
    if let Some(send) = memchr::memmem::find(near, b"send \"") {
        let begin = end + 1 + send + "send \"".len();
        let length =
            bytes.get(begin..)?.iter().take(LONGEST_URL).position(|byte| b"\"\\\n".contains(byte))?;
        let chosen = length >= 4 && is_chosen(bytes.get(begin..begin + length)?);
        return chosen.then_some(Found {
            start: begin,
            end: begin + length,
            kind: super::PASSWORD,
            score: 80,
        });
    }
    (before.ends_with(b"name=\"") && bytes.get(end) == Some(&b'"')).then_some(())?;
    let gap = rest.iter().take(8).take_while(|byte| b"\r\n".contains(byte)).count();
    let length =
        rest.get(gap..)?.iter().take(LONGEST_URL).take_while(|byte| !byte.is_ascii_control()).count();
    let password = rest.get(gap..gap + length)?;
    (gap >= 2 && length >= 3 && is_chosen(password)).then(|| Found {
        start: end + 1 + gap,
        end: super::run_end(bytes, end + 1 + gap + length, |byte| !byte.is_ascii_control()),
        kind: super::PASSWORD,
        score: 85,
    })
}

/// The password in a line of PostgreSQL's password file ("The Password File": `host:port:database:name:password`), whose colon
/// before the port is at `colon`.
pub(super) fn password_file(bytes: &[u8], colon: usize) -> Option<Found> {
    let rest = bytes.get(colon + 1..)?;
    let rest = rest.get(..LONGEST_URL).unwrap_or(rest);
    let line = rest.get(..rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len()))?;
    ["5432:", "5433:", "5434:", "5439:", "6432:", "6543:"]
        .iter()
        .any(|port| value::begins(line, port))
        .then_some(())?;
    let mut fields = line.splitn(4, |byte| *byte == b':').skip(1);
    let (database, name, password) = (fields.next()?, fields.next()?, fields.next()?);
    let named =
        |field: &[u8]| !field.is_empty() && field.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'/');
    let end = colon + 1 + line.len();
    (named(database) && named(name) && password.len() >= 3 && is_chosen(password)).then(|| Found {
        start: end - password.len(),
        end: super::run_end(bytes, end, |byte| !byte.is_ascii_whitespace()),
        kind: super::PASSWORD,
        score: 85,
    })
}

/// Whether a password is none of those that documents write.
pub(super) fn is_chosen(password: &[u8]) -> bool {
    let plain = ["password", "pass", "passwd", "pwd", "secret", "user", "port", "token", "test"];
    !plain.iter().any(|word| password.eq_ignore_ascii_case(word.as_bytes()))
        && !value::is_placeholder(password)
}

/// A bot's token of Telegram ("Bot API: authorizing your bot"): its number, the colon at `colon`, 35 characters.
pub(super) fn telegram(bytes: &[u8], colon: usize) -> Option<Found> {
    let start = DIGITS.start(bytes, colon, 12);
    let end = DASHED.end(bytes, colon + 1, 64);
    let secret = bytes.get(colon + 1..end)?;
    let fits = (8..=10).contains(&(colon - start)) && (34..=36).contains(&secret.len());
    (fits && secret.starts_with(b"A") && value::is_token_body(secret)).then_some(())?;
    Some(Found { start, end, kind: super::API_KEY, score: 100 })
}

/// A client secret of Microsoft Entra ("Application credentials"), whose mark `Q~` has its tilde at `tilde`.
pub(super) fn entra(bytes: &[u8], tilde: usize) -> Option<Found> {
    let in_secret = |byte: &u8| ALNUM.has(*byte) || b"_~.-".contains(byte);
    let start = tilde.checked_sub(5)?;
    (bytes.get(start..tilde)?.iter().all(in_secret) && bytes.get(tilde - 1) == Some(&b'Q')).then_some(())?;
    bytes.get(tilde - 2)?.is_ascii_digit().then_some(())?;
    let rest = bytes.get(tilde + 1..)?;
    let length = rest.iter().take(40).take_while(|byte| in_secret(byte)).count();
    ((31..=35).contains(&length)).then_some(Found {
        start,
        end: tilde + 1 + length,
        kind: super::API_KEY,
        score: 95,
    })
}

/// A key of HCP Terraform ("API tokens"), whose `atlasv1` is at `mark`.
pub(super) fn terraform(bytes: &[u8], mark: usize) -> Option<Found> {
    let dot = mark.checked_sub(1)?;
    let start = ALNUM.start(bytes, dot, 20);
    let body = mark + "atlasv1.".len();
    let end = DASHED.end(bytes, body, 80);
    let fits = bytes.get(dot) == Some(&b'.') && dot - start == 14 && end - body >= 50;
    fits.then_some(Found { start, end, kind: super::API_KEY, score: 95 })
}

/// Keys that a long run of letters and digits at `start..end` is, or is the beginning of. `after_key` says that an
/// AWS access key id stands closely before.
pub(super) fn marked(bytes: &[u8], start: usize, end: usize, after_key: bool) -> Option<Found> {
    let run = bytes.get(start..end)?;
    let found = |end: usize, score: u8| Some(Found { start, end, kind: super::API_KEY, score });
    // OpenAI's mark is "OpenAI" in base 64. Azure, "Common annotated security key" (52 characters, then `JQQJ99`) and
    // "Identifiable secrets" (storage, Cosmos DB, Service Bus, Functions …).
    let marks: [&[u8]; 6] = [b"T3BlbkFJ", b"JQQJ99", b"+ASt", b"+ACDb", b"APIM", b"AzSe"];
    let marked = |mark: &&[u8]| run.windows(mark.len()).any(|window| window == *mark);
    if (40..=200).contains(&run.len()) {
        if marks.iter().take(2).any(marked) {
            return found(end, 95);
        }
        if run.ends_with(b"==") && run.len() == 88 && marks.iter().skip(2).any(marked) {
            return found(end, 95);
        }
    }
    // MaxMind, "License key format".
    if run.len() == 40 && run.ends_with(b"_mmk") {
        return found(end, 95);
    }
    // New Relic, "License key": 36 hexadecimal digits and `NRAL`.
    if run.len() == 40 && run.ends_with(b"NRAL") && HEX.end(bytes, start, 36) == start + 36 {
        return found(end, 95);
    }
    // Mailchimp, "API keys": 32 hexadecimal digits and the data centre.
    let hex = HEX.end(bytes, start, 33);
    if hex - start == 32 && bytes.get(hex..hex + 3) == Some(b"-us") {
        return found(DIGITS.end(bytes, hex + 3, 3), 95);
    }
    // Mailgun, "Domain sending keys": 32, 8 and 8 hexadecimal digits.
    let parts = |at: usize| HEX.end(bytes, at + 1, 9) == at + 9 && bytes.get(at) == Some(&b'-');
    if hex - start == 32 && parts(hex) && parts(hex + 9) {
        return found(hex + 18, 95);
    }
    // AWS, "Manage access keys": the secret key has 40 characters of base 64 and no mark of its own.
    if after_key && run.len() == 40 && value::is_random(run) {
        return found(end, 85);
    }
    // Discord, "Reference: authentication": a bot's id in base 64, a time, a signature.
    if bytes.get(end) == Some(&b'.') && (23..=28).contains(&run.len()) && b"MNO".contains(run.first()?) {
        let time = DASHED.end(bytes, end + 1, 8);
        let signature = DASHED.end(bytes, time + 1, 48);
        if time - end == 7 && bytes.get(time) == Some(&b'.') && signature - time >= 28 {
            return found(signature, 95);
        }
    }
    None
}
