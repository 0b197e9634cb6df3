//! Passwords in the options of commands: `curl -u name:…`, `sshpass -p …`, `mysql -p…`.
//!
//! An option means something only behind its command, which is looked for in the same line. Options with whole names,
//! such as `--password`, are names like others (see [`super::assignment`]).

use super::Found;
use super::assignment::{self, Promise};
use super::grouped;
use super::structured::is_chosen;
use super::value;

/// How far behind the name of a command its option may stand.
const LONGEST_COMMAND: usize = 256;
const LONGEST_VALUE: usize = 256;

/// How a value follows its option.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// At once.
    Glued,
    /// Behind a space.
    Apart,
    Either,
}

/// What a command has in its line, by its manual, and the option behind which a password stands.
const OPTIONS: &[(&str, &str, Follows)] = &[
    ("sshpass ", "-p", Follows::Either),
    // MySQL reference, "Connecting to the server"; MariaDB has the same.
    ("mysql", "-p", Follows::Glued),
    ("mariadb", "-p", Follows::Glued),
    // Docker, Podman, Helm, Azure, OpenShift: `login -u … -p …`.
    ("login ", "-p", Follows::Apart),
    ("mongo", "-p", Follows::Apart),
    ("cqlsh", "-p", Follows::Apart),
    ("redis-cli", "-a", Follows::Apart),
    ("ldap", "-w", Follows::Apart),
    ("sqlcmd", "-P", Follows::Either),
    ("bcp ", "-P", Follows::Either),
    ("zip ", "-P", Follows::Apart),
    ("7z ", "-p", Follows::Glued),
    ("rar ", "-p", Follows::Glued),
    ("plink", "-pw", Follows::Apart),
    ("pscp", "-pw", Follows::Apart),
    ("isql", "-P", Follows::Either),
    ("tsql", "-P", Follows::Either),
    ("osql", "-P", Follows::Either),
    ("mosquitto_", "-P", Follows::Apart),
    ("ssh-keygen", "-N", Follows::Apart),
    ("ssh-keygen", "-P", Follows::Apart),
    ("rdesktop", "-p", Follows::Apart),
    ("psexec", "-p", Follows::Apart),
    ("PsExec", "-p", Follows::Apart),
    ("security ", "-w", Follows::Apart),
    ("security ", "-p", Follows::Apart),
    ("openssl ", "-k", Follows::Apart),
    ("impacket", "-p", Follows::Apart),
    ("smbmap", "-p", Follows::Apart),
    ("crackmapexec", "-p", Follows::Apart),
    ("unzip", "-P", Follows::Either),
];

/// Letters of options that take a password in commands that take a user, too, and the options for that.
const LETTERS: &[&str] = &["-p", "-P", "-pw", "-w", "-A", "-X", "-pass"];
const USERS: &[&str] = &[" -u", " -U", " --user", " -l ", " -D ", " --login"];

/// The secret in the option whose first dash is at `dash`.
pub(super) fn option(bytes: &[u8], dash: usize) -> Option<Found> {
    let rest = bytes.get(dash..)?;
    let letter = rest.get(1)?;
    let apart = dash == 0 || bytes.get(dash - 1).is_some_and(u8::is_ascii_whitespace);
    (apart && (letter.is_ascii_alphabetic() || *letter == b'-')).then_some(())?;
    let before = bytes.get(dash.saturating_sub(LONGEST_COMMAND)..dash)?;
    let line = before.rsplit(|byte| *byte == b'\n').next()?;
    let listed = || {
        let named = OPTIONS.iter().filter(|(_, name, _)| rest.starts_with(name.as_bytes()));
        let mut found = named.filter_map(|(command, name, follows)| {
            // The value is looked at first: the way back to the command is longer.
            let found = password(bytes, dash + name.len(), *follows)?;
            memchr::memmem::find(line, command.as_bytes()).map(|_| found)
        });
        found.next()
    };
    let lettered = || {
        let name = LETTERS.iter().find(|name| {
            rest.starts_with(name.as_bytes()) && rest.get(name.len()).is_some_and(u8::is_ascii_whitespace)
        })?;
        let found = password(bytes, dash + name.len(), Follows::Apart)?;
        let command = line.rsplit(|byte| b"|;&".contains(byte)).next()?;
        let plain = bytes.get(found.start..found.end)?.iter().all(|byte| !b"/:".contains(byte));
        let user = || USERS.iter().any(|user| memchr::memmem::find(command, user.as_bytes()).is_some());
        (plain && user()).then_some(found)
    };
    user(bytes, dash, before).or_else(listed).or_else(lettered).or_else(|| named(bytes, dash))
}

/// The secret behind an option whose name ends with a word for one: `--db-pass …`, `-deststorepass …`, `--api-key …`.
fn named(bytes: &[u8], dash: usize) -> Option<Found> {
    let rest = bytes.get(dash..)?;
    let dashes = rest.iter().take(2).take_while(|byte| **byte == b'-').count();
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let name = rest.get(dashes..dashes + rest.get(dashes..)?.iter().take(40).take_while(is_name).count())?;
    (name.len() >= 4 && rest.get(dashes + name.len()) == Some(&b' ')).then_some(())?;
    if value::ends(name, "auth") {
        // Jenkins, "CLI": `-auth name:token`.
        let (start, end) = argument_at(bytes, dash + dashes + name.len())?;
        let divider = bytes.get(start..end)?.iter().position(|byte| *byte == b':')?;
        let token = bytes.get(start + divider + 1..end)?;
        return value::is_machine_made(token).then_some(Found {
            start: start + divider + 1,
            end,
            kind: super::API_KEY,
            score: 80,
        });
    }
    let promise =
        assignment::named(name).or_else(|| value::ends(name, "pass").then_some(Promise::Password))?;
    let (start, end) = argument_at(bytes, dash + dashes + name.len())?;
    let value = bytes.get(start..end)?;
    let quoted = bytes.get(start - 1).is_some_and(|byte| b"\"'".contains(byte));
    let chosen =
        quoted || value.iter().any(u8::is_ascii_digit) || value::is_strong(value) || value::is_phrase(value);
    (chosen && !value.starts_with(b"-"))
        .then(|| assignment::judge(bytes, promise, start, end, true))
        .flatten()
}

/// The place of the argument behind `at`, without its quotes.
fn argument_at(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = bytes.get(at..)?;
    let spaces = rest.iter().take(4).take_while(|byte| **byte == b' ').count();
    let quote = rest.get(spaces).filter(|byte| b"\"'".contains(byte));
    let start = spaces + usize::from(quote.is_some());
    let is_end = |byte: &u8| {
        quote.map_or(byte.is_ascii_whitespace() || b"\"'`;|".contains(byte), |quote| byte == quote)
    };
    let text = rest.get(start..)?;
    let length = text.iter().take(LONGEST_VALUE).take_while(|byte| !is_end(byte) && **byte != b'\n').count();
    (length > 0).then_some((at + start, at + start + length))
}

/// The last argument that is made like a secret, of the command whose name ends at `end`.
pub(super) fn argument(bytes: &[u8], end: usize) -> Option<Found> {
    let mut at = end;
    let mut found = None;
    for _ in 0..16 {
        let Some((start, end)) = argument_at(bytes, at) else { break };
        let value = bytes.get(start..end)?;
        // `name/password@host`, and `>password` in lists of access.
        let login = value.iter().position(|byte| *byte == b'/').filter(|at| *at > 0 && *at + 1 < value.len());
        let begin = login.map_or(usize::from(value.starts_with(b">")), |slash| slash + 1);
        let tail = value.get(begin..)?;
        let host = tail.iter().rposition(|byte| *byte == b'@').filter(|_| login.is_some());
        let value = tail.get(..host.unwrap_or(tail.len()))?;
        let numbered =
            value.len() >= 8 && value::is_numbered(value) && value.iter().all(u8::is_ascii_alphanumeric);
        let secret = value::is_argument(value) || value::is_machine_made(value) || numbered;
        if secret {
            let start = start + begin;
            found = Some(Found { start, end: start + value.len(), kind: super::PASSWORD, score: 80 });
        }
        at = end + usize::from(bytes.get(end).is_some_and(|byte| b"\"'".contains(byte)));
        if bytes.get(at) != Some(&b' ') {
            break;
        }
    }
    found
}

/// The password in a line `user NAME PASSWORD` of an FTP client's script ("ftp", command `user`), whose first word is at `start`.
pub(super) fn logged_in(bytes: &[u8], start: usize) -> Option<Found> {
    start.checked_sub(1).is_none_or(|before| bytes.get(before) == Some(&b'\n')).then_some(())?;
    let rest = bytes.get(start..)?;
    let rest = rest.get(..LONGEST_COMMAND).unwrap_or(rest);
    let line = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len()))?.trim_ascii_end();
    let mut words = line.split(|byte| *byte == b' ').skip(2);
    let password = words.next().filter(|_| words.next().is_none())?;
    let end = start + line.len();
    let secret =
        line.starts_with(b"user ") && (value::is_strong(password) || value::is_machine_made(password));
    secret.then_some(Found { start: end - password.len(), end, kind: super::PASSWORD, score: 80 })
}

/// The secret that is handed on to what reads one: `echo … | sudo -S`, `echo 'nina:…' | chpasswd`. `end` is the end of `echo `.
pub(super) fn piped(bytes: &[u8], end: usize) -> Option<Found> {
    const READERS: &[&str] = &[
        "sudo -S",
        "chpasswd",
        "password-stdin",
        "passwd",
        "login",
        "passphrase-fd",
        "cryptsetup",
        "kinit",
        "with-token",
    ];
    let mut at = end;
    let (mut start, mut end) = argument_at(bytes, at)?;
    // Options of `echo` and formats of `printf`.
    while bytes.get(start).is_some_and(|byte| b"-%".contains(byte)) {
        at = end + usize::from(bytes.get(end).is_some_and(|byte| b"\"'".contains(byte)));
        (start, end) = argument_at(bytes, at)?;
        (start > at).then_some(())?;
    }
    let rest = bytes.get(end..)?;
    let rest = rest.get(..LONGEST_COMMAND).unwrap_or(rest);
    let line = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len()))?;
    let pipe = memchr::memchr(b'|', line).filter(|pipe| *pipe <= 8)?;
    let reader = line.get(pipe..)?;
    READERS.iter().any(|name| memchr::memmem::find(reader, name.as_bytes()).is_some()).then_some(())?;
    let mut value = bytes.get(start..end)?;
    if memchr::memmem::find(reader, b"chpasswd").is_some() {
        start += value.iter().position(|byte| *byte == b':')? + 1;
        value = bytes.get(start..end)?;
    }
    let value = value.strip_suffix(b"\\n").unwrap_or(value);
    let known = super::has_known_format(bytes, start);
    (!known && value::is_password(value, true)).then_some(Found {
        start,
        end: start + value.len(),
        kind: super::PASSWORD,
        score: 80,
    })
}

fn password(bytes: &[u8], behind: usize, follows: Follows) -> Option<Found> {
    let rest = bytes.get(behind..)?;
    let spaces = rest.iter().take(3).take_while(|byte| **byte == b' ').count();
    match follows {
        Follows::Glued => (spaces == 0).then_some(())?,
        Follows::Apart => (spaces > 0).then_some(())?,
        Follows::Either => {}
    }
    let quote = rest.get(spaces).filter(|byte| b"\"'".contains(byte));
    let start = spaces + usize::from(quote.is_some());
    let is_end =
        |byte: &u8| quote.map_or(byte.is_ascii_whitespace() || b"\"'`".contains(byte), |quote| byte == quote);
    let length = rest.get(start..)?.iter().take(LONGEST_VALUE).take_while(|byte| !is_end(byte)).count();
    let word = rest.get(start..start + length)?;
    // Digits make it a password, and not another option that is written without a space.
    let marked = word.iter().any(u8::is_ascii_digit)
        || value::is_strong(word)
        || value::is_machine_made(word)
        || value::is_phrase(word);
    let plausible = value::is_password(word, true) && (marked || grouped::is_app_password(word));
    let found =
        Found { start: behind + start, end: behind + start + length, kind: super::PASSWORD, score: 80 };
    plausible.then_some(found)
}

/// The password in an option of curl's ("curl.1 the man page", `-u, --user`).
fn user(bytes: &[u8], dash: usize, before: &[u8]) -> Option<Found> {
    let rest = bytes.get(dash..)?;
    let names = [&b"-u"[..], b"--user", b"--proxy-user", b"-U", b"-a", b"--auth"];
    let option = names.into_iter().rev().find(|name| rest.starts_with(name))?;
    let command = if option.ends_with(b"a") || option.ends_with(b"h") { "http" } else { "curl " };
    // curl.exe, xh, smbclient (`name%password`).
    let shared = value::contains(before, "smbclient ") || value::contains(before, "rpcclient ");
    (value::contains(before, command) || value::contains(before, "curl.exe") || shared).then_some(())?;
    let sign = if shared { b'%' } else { b':' };
    let rest = rest.get(option.len()..)?;
    let spaces = rest.iter().take(2).take_while(|byte| b" =\"'".contains(byte)).count();
    let text = rest.get(spaces..)?;
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"\"'".contains(byte);
    let length = text.iter().take(LONGEST_VALUE).take_while(|byte| !is_end(byte)).count();
    let text = text.get(..length)?;
    let divider = text.iter().position(|byte| *byte == sign)?;
    let password = text.get(divider + 1..)?;
    (spaces > 0 && password.len() >= 3 && is_chosen(password)).then_some(())?;
    let start = dash + option.len() + spaces + divider + 1;
    let end = super::run_end(bytes, start + password.len(), |byte| !is_end(byte));
    Some(Found { start, end, kind: super::PASSWORD, score: 85 })
}
