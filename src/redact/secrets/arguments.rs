//! Secrets that their place gives away: arguments of calls that connect, log in or sign, and values in an `INSERT`.
//!
//! `auth=("nina", "…")` and `getConnection(url, "nina", "…")` have no name for the password, but a name for the call. Only what
//! is quoted and made like a secret counts. Arguments with names are [`super::assignment`]'s.

use super::Found;
use super::assignment::{self, Promise};
use super::value;
use crate::redact::list::List;

/// How far before an argument its call may begin, and how long an argument may be.
const LONGEST_CALL: usize = 240;
const LONGEST_VALUE: usize = 256;
const LONGEST_LIST: usize = 512;
const MOST_ROWS: usize = 64;
const MOST_COLUMNS: usize = 32;

/// Calls whose later arguments are passwords or keys, by how their names end.
static CALLS: List = List::new(&[
    "connect",
    "connection",
    "login",
    "logon",
    "signin",
    "sign_in",
    "auth",
    "authenticate",
    "authentication",
    "basic_auth",
    "basicauth",
    "credential",
    "credentials",
    "pdo",
    "mysqli",
    "bind",
    "bind_s",
    "auth_password",
    "begin",
    "imap_open",
    "sign",
    "verify",
    "hmac",
    "createhmac",
    "algoliasearch",
    "database",
    "client",
    "createuser",
    "create_user",
    "adduser",
    "add_user",
    "new_user",
    "setpassword",
    "set_password",
    "changepassword",
    "change_password",
    "checkpassword",
    "credentialspair",
    "usernamepassword",
    "login_as",
    "signinwithemailandpassword",
    "createuserwithemailandpassword",
]);

/// Those of them that often take other things, when it is the second argument.
static COMMON: List = List::new(&["connect", "bind", "client", "database", "verify", "sign"]);

/// The secret that a call has as its first argument, whose bracket is at `bracket`: `hmac.new(b"…", …)`.
pub(super) fn first(bytes: &[u8], bracket: usize) -> Option<Found> {
    let before = bytes.get(bracket.saturating_sub(16)..bracket)?;
    let takes = ["hmac.new", "fernet"].iter().any(|call| value::ends(before, call));
    let (start, end) = takes.then(|| quoted_behind(bytes, bracket)).flatten()?;
    let machine_made = value::is_machine_made(bytes.get(start..end)?);
    machine_made.then_some(Found { start, end, kind: super::API_KEY, score: 75 })
}

/// The password in the only argument of a call that connects to Oracle ("Connecting to Oracle": `name/password@host`), whose bracket
/// is at `bracket`.
pub(super) fn connected(bytes: &[u8], bracket: usize) -> Option<Found> {
    value::ends(bytes.get(bracket.saturating_sub(16)..bracket)?, "connect").then_some(())?;
    let (start, end) = quoted_behind(bytes, bracket)?;
    let text = bytes.get(start..end)?;
    let divider =
        text.iter().position(|byte| b"/:".contains(byte)).filter(|at| text.get(*at) == Some(&b'/'))?;
    let host = text.iter().rposition(|byte| *byte == b'@').filter(|host| *host > divider)?;
    let password = text.get(divider + 1..host)?;
    value::is_password(password, true).then_some(Found {
        start: start + divider + 1,
        end: start + host,
        kind: super::CONNECTION_STRING,
        score: 90,
    })
}

/// The password that a test types into a field, whose bracket is at `bracket`: `find("password").send_keys("…")`.
pub(super) fn typed(bytes: &[u8], bracket: usize) -> Option<Found> {
    const TYPING: &[&str] = &[
        ".send_keys",
        ".sendkeys",
        ".fill",
        ".type",
        ".setvalue",
        ".set_value",
        ".input_text",
        ".clearandtype",
    ];
    let before = bytes.get(bracket.saturating_sub(80)..bracket)?;
    let line = before.rsplit(|byte| *byte == b'\n').next()?;
    TYPING.iter().any(|call| value::ends(line, call)).then_some(())?;
    ["password", "passwd", "pwd", "#pass"].iter().any(|name| value::contains(line, name)).then_some(())?;
    let (start, end) = quoted_behind(bytes, bracket)?;
    value::is_password(bytes.get(start..end)?, true).then_some(Found {
        start,
        end,
        kind: super::PASSWORD,
        score: 75,
    })
}

/// The secret in the argument at `start..end`, behind the comma at `comma`, if the call that it belongs to takes one there.
pub(super) fn positional(bytes: &[u8], comma: usize, (start, end): (usize, usize)) -> Option<Found> {
    let value = bytes.get(start..end)?;
    // The last argument of a call that logs in may be what a person has chosen.
    let last = bytes.get(end + 1) == Some(&b')') && value.len() >= 8 && value::is_numbered(value);
    let secret = value::is_argument(value) || value::is_machine_made(value);
    (secret || last).then_some(())?;
    // Much connects and is signed with two names.
    let sure = value::is_strong(value) || value::is_machine_made(value) || value::is_jumble(value);
    let called = || {
        call_before(bytes, comma).is_some_and(|name| {
            let second = bytes.get(comma.saturating_sub(LONGEST_CALL)..comma).is_some_and(|before| {
                let open = before.iter().rposition(|byte| *byte == b'(').unwrap_or(0);
                !before.get(open..).unwrap_or_default().contains(&b',')
            });
            let common = second && COMMON.ends(name);
            CALLS.ends(name) && (sure || !common) && (secret || value::ends(name, "login"))
        })
    };
    (called() || is_unpacked(bytes, comma)).then_some(())?;
    let known = super::has_known_format(bytes, start);
    (!known).then_some(Found { start, end, kind: super::PASSWORD, score: 75 })
}

/// Whether the value behind the comma goes to a name for a password: `user, password = "nina", "…"`.
fn is_unpacked(bytes: &[u8], comma: usize) -> bool {
    let before = bytes.get(comma.saturating_sub(LONGEST_CALL)..comma).unwrap_or_default();
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut sides = line.splitn(2, |byte| *byte == b'=');
    let (Some(names), Some(values)) = (sides.next(), sides.next()) else { return false };
    let place = values.iter().filter(|byte| **byte == b',').count() + 1;
    let name = names.split(|byte| *byte == b',').nth(place);
    name.is_some_and(|name| assignment::named(name.trim_ascii()).is_some())
}

/// The place of what is quoted behind the comma.
pub(super) fn quoted_behind(bytes: &[u8], comma: usize) -> Option<(usize, usize)> {
    let rest = bytes.get(comma + 1..)?;
    let space = rest.iter().take(24).take_while(|byte| byte.is_ascii_whitespace()).count();
    // Prefixes of strings, and wrappers: `b"…"`, `Some("…")`, `@"…"`.
    let lead = rest
        .get(space..)?
        .iter()
        .take(8)
        .take_while(|byte| byte.is_ascii_alphabetic() || b"(@&".contains(byte));
    let quote_at = space + lead.count();
    let quote = *rest.get(quote_at).filter(|byte| b"\"'`".contains(byte))?;
    let start = comma + 1 + quote_at + 1;
    // A string in a string, `"\"…\""`, of which normalising leaves the quotes.
    let doubled =
        bytes.get(start) == Some(&quote) && bytes.get(start + 1).is_some_and(u8::is_ascii_alphanumeric);
    let start = start + usize::from(doubled);
    let text = bytes.get(start..)?;
    let text = text.get(..LONGEST_VALUE).unwrap_or(text);
    let length = text.iter().position(|byte| *byte == quote || *byte == b'\n')?;
    (length > 0).then_some((start, start + length))
}

/// The name before the bracket that is open at `at`, without a `=` between them.
fn call_before(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let earliest = at.saturating_sub(LONGEST_CALL);
    let before = bytes.get(earliest..at)?;
    let mut depth = 0_usize;
    let open = before.iter().rposition(|byte| match byte {
        b')' => {
            depth += 1;
            false
        }
        b'(' if depth == 0 => true,
        b'(' => {
            depth -= 1;
            false
        }
        _ => false,
    })?;
    let name = before.get(..open)?;
    let end = name.iter().rposition(|byte| !b" =:".contains(byte))? + 1;
    let name = name.get(..end)?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let start = name.iter().rposition(|byte| !is_name(byte)).map_or(0, |other| other + 1);
    name.get(start..)
}

/// The secrets that an `INSERT` (ISO/IEC 9075-2, "insert statement") puts into the column whose name is at `at`, the last first;
/// and how far was read for that.
pub(super) fn inserted(bytes: &[u8], at: usize) -> (usize, Vec<Found>) {
    values(bytes, at).unwrap_or((at, Vec::new()))
}

fn values(bytes: &[u8], at: usize) -> Option<(usize, Vec<Found>)> {
    let before = bytes.get(at.saturating_sub(LONGEST_LIST)..at)?;
    let open = at - before.iter().rev().position(|byte| b"()\n;".contains(byte))?;
    (bytes.get(open - 1) == Some(&b'(')).then_some(())?;
    let rest = bytes.get(open..)?;
    let rest = rest.get(..LONGEST_LIST).unwrap_or(rest);
    let list = rest.get(..memchr::memchr(b')', rest)?)?;
    let behind = bytes.get(open + list.len() + 1..)?;
    let gap = behind.iter().take(16).take_while(|byte| byte.is_ascii_whitespace()).count();
    let copied = value::begins(behind.get(gap..)?, "from stdin");
    (copied || value::begins(behind.get(gap..)?, "values")).then_some(())?;
    let mut promises: [Option<Promise>; MOST_COLUMNS] = [None; MOST_COLUMNS];
    for (promise, name) in promises.iter_mut().zip(list.split(|byte| *byte == b',')) {
        *promise = assignment::named(name.trim_ascii());
    }
    let mut found = Vec::new();
    if copied {
        // PostgreSQL, "COPY": rows of cells that tabs divide, up to `\\.`; each has as many as there are columns.
        let columns = list.split(|byte| *byte == b',').count();
        let mut at = open + list.len() + 1 + gap;
        let rest = bytes.get(at..)?;
        at += memchr::memchr(b'\n', rest.get(..LONGEST_LIST).unwrap_or(rest))? + 1;
        let rest = bytes.get(at..)?;
        for row in rest.split(|byte| *byte == b'\n').take(MOST_ROWS) {
            let row_at = at;
            at += row.len() + 1;
            let row = row.strip_suffix(b"\r").unwrap_or(row);
            if row == b"\\." {
                break;
            }
            if row.split(|byte| *byte == b'\t').count() != columns {
                continue;
            }
            let mut start = row_at;
            for (cell, promise) in row.split(|byte| *byte == b'\t').zip(promises) {
                let end = start + cell.len();
                found.extend(promise.and_then(|promise| assignment::judge_cell(bytes, promise, start, end)));
                start = end + 1;
            }
        }
        found.reverse();
        return Some((at.min(bytes.len()), found));
    }
    let mut at = open + list.len() + 1 + gap + "values".len();
    for _ in 0..MOST_ROWS {
        let rest = bytes.get(at..)?;
        let gap =
            rest.iter().take(64).take_while(|byte| byte.is_ascii_whitespace() || **byte == b',').count();
        if rest.get(gap) != Some(&b'(') {
            break;
        }
        at += gap;
        let mut column = 0;
        // Each round begins at the bracket or at a comma between two values.
        while matches!(bytes.get(at), Some(b'(' | b',')) {
            let promise = promises.get(column).copied().flatten();
            column += 1;
            let quoted = quoted_behind(bytes, at);
            if let (Some((start, end)), Some(promise)) = (quoted, promise) {
                found.extend(assignment::judge(bytes, promise, start, end, true));
            }
            let from = quoted.map_or(at, |(_, end)| end) + 1;
            let rest = bytes.get(from..)?;
            let rest = rest.get(..LONGEST_VALUE).unwrap_or(rest);
            at = from + rest.iter().position(|byte| b",)".contains(byte))?;
        }
        at += 1;
    }
    found.reverse();
    Some((open, found))
}
