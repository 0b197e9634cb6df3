//! Secrets that prose names: "the password is …", "log in as nina with …", "… is the new password".
//!
//! Begins at a word that says what follows or went before, and looks at the words around it within their line. The nearer
//! and the plainer the word says it, the less a value has to look like a secret by itself: behind "is", or in quotes, it
//! may be what a person has chosen; words further away count only if nothing else that people write is made like them.
//! Signs next to the word are [`super::assignment`]'s.

use super::Found;
use super::assignment;
use super::grouped;
use super::names::KEY_QUALIFIERS;
use super::phrases::{
    ADJECTIVES, ADVERBS, CONNECTORS, COPULAS, INTRODUCERS, LITERALLY, NAMED_AS, OWNERS, SAID,
};
use super::value::{self, begins};

const LONGEST_VALUE: usize = 512;
/// The longest particle between a word and its value, in languages without spaces, in bytes.
const LONGEST_PARTICLE: usize = 12;
/// How far a value may stand behind the word for it, in bytes and in words, and how far before it.
const FAR_BEHIND: usize = 112;
const MOST_WORDS: usize = 14;
const FAR_BEFORE: usize = 72;
const LONGEST_NAME: usize = 20;

/// What the word promises that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cue {
    /// Something a person may have chosen.
    Password,
    /// Something a machine has made.
    Key,
    /// A name and what proves it, as behind "login".
    Account,
}

/// The secret that prose, or a command line, gives around the word at `start..end`. `flag` says that dashes stand before
/// the word.
pub(super) fn around(bytes: &[u8], (start, end): (usize, usize), cue: Cue, flag: bool) -> Option<Found> {
    // Part of a longer name.
    bytes.get(end).is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"_-".contains(byte)).then_some(())?;
    // "(Secret) is …", `**password** is …`.
    let closers = bytes.get(end..)?.iter().take(3).take_while(|byte| b")*\"'`]".contains(byte)).count();
    let end = if bytes.get(end + closers) == Some(&b' ') { end + closers } else { end };
    let behind = match cue {
        Cue::Password | Cue::Key => spoken(bytes, start, end, cue, flag),
        Cue::Account => None,
    };
    behind.or_else(|| far_behind(bytes, end, cue)).or_else(|| far_before(bytes, start, cue))
}

/// The secrets in the lines behind one that asks for them or announces them, the last first: alone in a line, or behind a name and
/// a sign. `end` is the end of the word for them.
pub(super) fn listed(bytes: &[u8], end: usize) -> Vec<Found> {
    let rest = bytes.get(end..).unwrap_or_default();
    let rest = rest.get(..8 * FAR_BEHIND).unwrap_or(rest);
    let mut lines = rest.split(|byte| *byte == b'\n');
    let Some(first) = lines.next().filter(|first| first.len() <= FAR_BEHIND) else { return Vec::new() };
    let asked = first.contains(&b'?');
    // In code, a line ends so, too.
    let code = first.starts_with(b"):")
        || first.iter().any(|byte| b"(=[{".contains(byte))
        || memchr::memmem::find(first, b"->").is_some();
    if code || !asked && !first.trim_ascii_end().last().is_some_and(|byte| b":)".contains(byte)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = end + first.len() + 1;
    for (number, line) in lines.take(if asked { 4 } else { 24 }).enumerate() {
        let start = at;
        at += line.len() + 1;
        // A line that goes on behind what is looked at.
        let whole = bytes.get(at - 1).is_none_or(|byte| *byte == b'\n');
        match whole.then(|| alone(bytes, start, line)).flatten() {
            Some(secret) => found.push(secret),
            None if found.is_empty() && (asked || number == 0) => {}
            None => break,
        }
        if asked && !found.is_empty() {
            break;
        }
    }
    found.reverse();
    found
}

/// The secret that is all of a line but for a mark, a name and a sign before it.
fn alone(bytes: &[u8], start: usize, line: &[u8]) -> Option<Found> {
    let line = line.trim_ascii_end();
    let marks = line.iter().take_while(|byte| b" \t-*`\"'".contains(byte)).count();
    let text = line.get(marks..)?;
    let head = text.get(..2 * LONGEST_NAME).unwrap_or(text);
    let spaced = memchr::memmem::find(head, b": ").map(|sign| sign + 1);
    let named = spaced
        .or_else(|| head.iter().position(|byte| b":\t|=".contains(byte)).map(|sign| sign + 1))
        .unwrap_or(0);
    let name = text.get(..named)?;
    let words = name
        .split(|byte| *byte == b' ')
        .filter(|word| word.first().is_some_and(u8::is_ascii_alphabetic))
        .count();
    let behind = text.get(named..)?;
    let gap = behind.iter().take_while(|byte| b" \t`\"'*".contains(byte)).count();
    let said = behind.get(gap..)?;
    // "Since Monday it's …".
    let last = said.iter().rposition(|byte| *byte == b' ').map_or(0, |space| space + 1);
    let before = said.get(..last)?.trim_ascii_end().rsplit(|byte| *byte == b' ').next()?;
    let word = said.get(last..)?;
    let word =
        word.get(..word.len() - word.iter().rev().take_while(|byte| b"`\"'.*".contains(byte)).count())?;
    let plain = last == 0 || CONNECTORS.has(before);
    let secret = value::is_machine_made(word)
        || last == 0
            && (value::is_strong(word)
                || value::is_chosen_word(word)
                || (value::is_argument(word) || value::is_numbered(word)) && named > 0);
    let code = name.ends_with(b"=") || word.iter().any(|byte| b"()[]{}<>=,;".contains(byte));
    (plain && secret && !code && words <= 2 && word.iter().all(u8::is_ascii_graphic)).then_some(())?;
    found(bytes, start + marks + named + gap + last, word, super::PASSWORD)
}

/// What stands behind a word of commands and settings that nothing else follows.
pub(super) fn directed(bytes: &[u8], start: usize, end: usize) -> Option<Found> {
    spoken(bytes, start, end, Cue::Password, true)
}

fn spoken(bytes: &[u8], begin: usize, end: usize, cue: Cue, flag: bool) -> Option<Found> {
    // A sign next to the word is not prose, and is looked at in its turn.
    bytes.get(end).filter(|&&next| next == b' ' || next >= 0x80)?;
    let rest = bytes.get(end..)?;
    let near = rest.get(..FAR_BEHIND).unwrap_or(rest);
    // The last word is looked at as a whole, where words have edges to see.
    let goes_on = rest.get(near.len().saturating_sub(1)..)?.iter().take(LONGEST_VALUE);
    let more = goes_on.take_while(|byte| byte.is_ascii_graphic()).count().saturating_sub(1);
    let rest = rest.get(..near.len() + more)?;
    let mut password = cue == Cue::Password;
    let mut at = end;
    let mut connected = flag;
    let mut literal = false;
    // Some services hand out UUIDs as tokens; a key may be one of a table.
    let uuid = bytes.get(begin..).is_some_and(|word| begins(word, "token") || begins(word, "clé"));
    // A key without a word for what it opens may be told by a hash.
    let hash = bytes.get(begin..).is_some_and(|word| begins(word, "key"))
        && !assignment::opens(bytes.get(begin.saturating_sub(LONGEST_NAME)..end)?);
    // "Pass" is a verb, too.
    let verb = bytes.get(begin..end).is_some_and(|word| word.eq_ignore_ascii_case(b"pass"));
    // Languages without spaces: a particle, then the value.
    let glued = rest.iter().take_while(|&&byte| byte >= 0x80).count();
    if glued > 0 {
        let start = end + glued + usize::from(rest.get(glued) == Some(&b' '));
        if glued <= LONGEST_PARTICLE
            && let Some(found) = spoken_value(bytes, start, password, uuid)
        {
            return Some(found);
        }
        at += glued;
        connected = true;
    }
    let mut number = 0;
    for word in bytes.get(at..end + rest.len())?.split(|byte| *byte == b' ').take(12) {
        let start = at;
        at += word.len() + 1;
        let Some(line) = word.split(|byte| *byte == b'\n').next() else { break };
        let (last, word) = (line.len() < word.len(), line);
        if word.is_empty() && !last {
            continue;
        }
        // "Contraseña provisional …".
        if ADJECTIVES.has(word) {
            continue;
        }
        number += 1;
        let bare =
            word.get(word.iter().take_while(|byte| b"\"'`(".contains(byte)).count()..).unwrap_or_default();
        let opaque = hash && value::is_hex(bare) && !(bare.len() == 32 && is_of_service(bytes, begin));
        let alone = value::is_strong(bare)
            || password && value::is_jumble(bare)
            || value::is_machine_made(bare) && (password || !opaque);
        // In some languages "is" comes last.
        let rest = bytes.get(at..).unwrap_or_default();
        let concluded =
            COPULAS.iter().any(|copula| rest.starts_with(copula.as_bytes())) && value::is_chosen_word(word);
        let direct =
            concluded || number <= 1 && (alone || !verb && password && is_direct(bytes, begin, word));
        if (connected || direct)
            && let Some(found) =
                spoken_value(bytes, start, password, uuid).or_else(|| phrase(bytes, begin, start))
        {
            return Some(found);
        }
        // "My password is fluffybunny", "the passcode is 938534".
        if connected
            && password
            && number <= 8
            && let Some(found) = ordinary(bytes, begin, start, word, number)
        {
            return Some(found);
        }
        // "Is the word cactus", "is literally cactus".
        let plain = word.strip_suffix(b",").unwrap_or(word);
        if literal && password && !LITERALLY.has(plain) && plain.len() > 3 {
            let length = word.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            let found = Found { start, end: start + length, kind: super::PASSWORD, score: 65 };
            return (length > 3 && ends_clause(bytes, found.end)).then_some(found);
        }
        // Dots that lead to the value in a list.
        if word.len() > 1 && word.iter().all(|byte| *byte == b'.') {
            connected = true;
            continue;
        }
        if last || word.ends_with(b".") {
            return None;
        }
        literal = LITERALLY.has(plain) || literal && plain.len() == 3;
        // Routers say first how the value is written: `password 0 …`, `secret 9 …`.
        let digit = number == 1 && matches!(word, [b'0'..=b'9']);
        // "La clave de API": no password.
        password &= !word.rsplit(|byte| *byte == b'\'').next()?.eq_ignore_ascii_case(b"api");
        password |= digit;
        // A sign next to the word is looked at in its turn.
        let sign = word == b"=" && number < 2;
        let connects = if verb {
            word.eq_ignore_ascii_case(b"is")
        } else {
            CONNECTORS.has(word.strip_prefix(b"(").unwrap_or(word)) && !sign
        };
        // Options, and lengths of keys.
        let option = word.starts_with(b"-")
            || ADVERBS.has(word)
            || word.len() <= 3 && word.iter().all(u8::is_ascii_digit);
        connected = digit || word.ends_with(b":") || connects || (connected && option);
    }
    None
}

/// Whether a value right behind a word for "password" is told without another word: by its quotes, or since the word is
/// introduced, as in "with password …".
fn is_direct(bytes: &[u8], begin: usize, word: &[u8]) -> bool {
    let quoted = word.first().is_some_and(|byte| b"\"'`(".contains(byte)) || value::quote_at(word) > 0;
    let introduced = || {
        let before = bytes.get(begin.saturating_sub(LONGEST_NAME)..begin).unwrap_or_default();
        let mut words = before.rsplit(|byte| b" ,(\n\t".contains(byte)).filter(|word| !word.is_empty());
        let said = |word: &[u8]| INTRODUCERS.has(word) || value::ends(word, "password");
        before.ends_with(b"(")
            || before.ends_with(b", ")
            || before.ends_with(b" ") && words.by_ref().take(2).any(said)
    };
    // In English, what stands behind "password" may be the name of something.
    let english = bytes.get(begin..).is_some_and(|word| begins(word, "pass") && !begins(word, "passwor"))
        || bytes.get(begin..).is_some_and(|word| begins(word, "password"));
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    let mixed =
        || word.iter().any(u8::is_ascii_uppercase) && word.iter().any(u8::is_ascii_lowercase) && digits > 0;
    let chosen = |word: &[u8]| {
        let closing = word.iter().rev().take_while(|byte| b"\"'`*),.;:!?".contains(byte)).count();
        let word = word.get(..word.len() - closing).unwrap_or(word);
        value::is_spoken_password(word) && (digits >= 2 || mixed() || value::is_phrase(word))
    };
    let phrase = bytes.get(begin..).is_some_and(|word| begins(word, "passphrase")) && value::is_phrase(word);
    let numbered = |word: &[u8]| value::is_numbered(word) && value::is_spoken_password(word);
    quoted
        || phrase
        || !english && numbered(word.strip_suffix(b",").unwrap_or(word))
        || value::is_chosen_word(word) && !english
        || chosen(word) && introduced()
        || !english && mixed() && chosen(word)
}

/// Whether a service that hands out keys is named closely before `begin`.
fn is_of_service(bytes: &[u8], begin: usize) -> bool {
    let before = bytes.get(begin.saturating_sub(2 * LONGEST_NAME)..begin).unwrap_or_default();
    before.split(|byte| !byte.is_ascii_alphanumeric()).any(|word| KEY_QUALIFIERS.has(word))
}

/// Whether the word at `begin` is about a wireless network, whose key is what people choose and pass on.
pub(super) fn is_wireless(bytes: &[u8], begin: usize) -> bool {
    let before = bytes.get(begin.saturating_sub(8)..begin).unwrap_or_default();
    ["wlan", "wpa", "wifi", "wi-fi"].iter().any(|name| value::contains(before, name))
}

/// The value at `start`, if it is one that prose gives behind a word for it; `uuid` says that it may be one.
fn spoken_value(bytes: &[u8], start: usize, password: bool, uuid: bool) -> Option<Found> {
    let mark = bytes.get(start..).map_or(0, value::quote_at);
    // A space that does not break has two bytes.
    let gap = match bytes.get(start + mark) {
        Some(b' ') if mark > 0 => 1,
        Some(0xc2) if mark > 0 && bytes.get(start + mark + 1) == Some(&0xa0) => 2,
        _ => 0,
    };
    let start = start + mark + gap;
    let value = bytes.get(start..)?;
    if let Some(length) = grouped::length_at(value).filter(|_| password) {
        return Some(Found { start, end: start + length, kind: super::PASSWORD, score: 70 });
    }
    let length = value.iter().take(LONGEST_VALUE).take_while(|byte| byte.is_ascii_graphic()).count();
    let value = value.get(..length)?;
    // Another option is no value.
    if super::has_known_format(bytes, start) || value.starts_with(b"--") || value::is_public(value) {
        return None;
    }
    let leading = value.iter().take_while(|&&byte| b"\"'`*(".contains(&byte)).count();
    let value = value.get(leading..)?;
    let quoted = leading > 0 || mark > 0;
    // A star at the end is markup only where one stands at the beginning.
    let starred = bytes.get(start..start + leading).is_some_and(|marks| marks.contains(&b'*'));
    // What is closed by the quote that opened it is taken as it is.
    let quote =
        leading.checked_sub(1).and_then(|last| bytes.get(start + last)).filter(|byte| b"\"'`".contains(byte));
    if let Some(length) = quote.and_then(|quote| value.iter().rposition(|byte| byte == quote))
        && password
        && value.get(..length).is_some_and(|value| value::is_password(value, true) && value::is_marked(value))
    {
        let start = start + leading;
        return Some(Found { start, end: start + length, kind: super::PASSWORD, score: 70 });
    }
    // One question mark is that of the sentence.
    let asked = !quoted && !value.ends_with(b"??");
    if mark > 0 && password && value::is_password(value, true) && value::is_marked(value) {
        return Some(Found {
            start: start + leading,
            end: start + leading + value.len(),
            kind: super::PASSWORD,
            score: 70,
        });
    }
    let closing =
        |byte: &u8| b"\"'`),.;:".contains(byte) || (*byte == b'*' && starred) || (asked && *byte == b'?');
    let whole = leading + value.len() < LONGEST_VALUE;
    let length = value.len() - value.iter().rev().take_while(|byte| whole && closing(byte)).count();
    let value = value.get(..length)?;
    let start = start + leading;
    let found = |kind, score| {
        let end = start + length;
        if whole {
            return Some(Found { start, end, kind, score });
        }
        let end = super::run_end(bytes, end, u8::is_ascii_graphic);
        let last = bytes.get(start..end)?.iter().rposition(|byte| !closing(byte))?;
        Some(Found { start, end: start + last + 1, kind, score })
    };
    match password {
        true if (value::is_spoken_password(value)
            || value::is_machine_made(value)
            || value::is_jumble(value)
            || value::is_underscored(value))
            && !begins(value, "http") =>
        {
            found(super::PASSWORD, 65)
        }
        false if value.iter().any(|byte| b"<>(".contains(byte)) => None,
        false if value::is_random(value) && (!value::is_uuid(value) || uuid) => found(super::API_KEY, 65),
        false if value::is_strong(value) => found(super::PASSWORD, 65),
        _ => None,
    }
}

/// Whether a sentence or a part of it ends at `at`.
fn ends_clause(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b' ')
}

/// A word or a number that is a password since nothing else can be meant.
fn ordinary(bytes: &[u8], begin: usize, start: usize, word: &[u8], number: usize) -> Option<Found> {
    let closing = word.iter().rev().take_while(|byte| b"\"'`*),.;:!?\n".contains(byte)).count();
    let word = word.get(..word.len() - closing)?;
    let before = bytes.get(begin.saturating_sub(LONGEST_NAME)..begin)?.trim_ascii_end();
    let before = before.rsplit(|byte| *byte == b' ').next()?;
    let text = bytes.get(begin..)?;
    let own = number == 2
        && OWNERS.has(before)
        && word.len() >= 6
        && word.iter().all(u8::is_ascii_lowercase)
        && !SAID.has(word);
    let said = !value::ends(word, "ed") && !value::ends(word, "ing") && !value::ends(word, "ly");
    let digits = (4..=10).contains(&word.len()) && word.iter().all(u8::is_ascii_digit);
    let code = begins(text, "passcode") || begins(text, "pin ") || begins(text, "puk ");
    let length = word.len();
    let wireless = is_wireless(bytes, begin) && length >= 8;
    let numbered = digits && (code || wireless || number <= 3 && length >= 6 && begins(text, "password"));
    let conjoined = bytes
        .get(start + word.len()..)
        .is_some_and(|rest| rest.starts_with(b" and ") || rest.starts_with(b" but "));
    let ends = ends_clause(bytes, start + word.len());
    (own && said && !ADVERBS.has(word) && (ends || conjoined) || numbered && (ends || code || wireless))
        .then_some(Found { start, end: start + word.len(), kind: super::PASSWORD, score: 65 })
}

/// The words that a wallet is restored from (BIP 39, "Mnemonic code": twelve to twenty-four), behind the word for them that ends at
/// `end`.
pub(super) fn mnemonic(bytes: &[u8], end: usize) -> Option<Found> {
    let rest = bytes.get(end..)?;
    let rest = rest.get(..4 * FAR_BEHIND).unwrap_or(rest);
    let head = rest.get(..48).unwrap_or(rest);
    let colon = head
        .iter()
        .position(|byte| b":=\n".contains(byte))
        .or_else(|| memchr::memmem::find(head, b" is "))?;
    let begin = colon + rest.get(colon..)?.iter().take_while(|byte| !byte.is_ascii_lowercase()).count();
    let begin = begin + if rest.get(begin..)?.starts_with(b"is ") { 3 } else { 0 };
    let mut length = 0;
    let mut count = 0;
    for word in rest.get(begin..)?.split(|byte| byte.is_ascii_whitespace()) {
        let letters = word.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
        if !(3..=8).contains(&letters) {
            break;
        }
        count += 1;
        if letters < word.len() || count == 24 {
            length += letters;
            break;
        }
        length += letters + 1;
    }
    let words = bytes.get(end + begin..)?;
    let length = length.min(rest.len() - begin);
    // The last word may go on behind what is looked at.
    let more = words.get(length..)?.iter().take(8).take_while(|byte| byte.is_ascii_lowercase()).count();
    let more = if begin + length == rest.len() { more } else { 0 };
    let text = words.get(..length + more)?.trim_ascii_end();
    // Words that sentences have, and those lists have not.
    let sentence =
        text.split(|byte| *byte == b' ').any(|word| [&b"the"[..], b"for", b"are", b"and"].contains(&word));
    (count >= 12 && !sentence).then_some(Found {
        start: end + begin,
        end: end + begin + text.len(),
        kind: super::PASSWORD,
        score: 75,
    })
}

/// A passphrase of several words in quotes, behind the word for one at `begin`.
fn phrase(bytes: &[u8], begin: usize, start: usize) -> Option<Found> {
    ["passphrase", "frase", "phrase"]
        .iter()
        .any(|word| bytes.get(begin..).is_some_and(|text| begins(text, word)))
        .then_some(())?;
    let rest = bytes.get(start..)?;
    let mark =
        value::quote_at(rest).max(usize::from(rest.first().is_some_and(|byte| b"\"'`".contains(byte))));
    let text = rest.get(mark..)?.get(..FAR_BEHIND).or_else(|| rest.get(mark..))?;
    let in_phrase = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b' ' || **byte == b'-';
    let length = text.iter().take_while(in_phrase).count();
    let words = text.get(..length)?.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).count();
    let list = text.get(..length)?;
    // "The passphrase is: …", up to the end of the sentence.
    let behind = rest.get(mark + length);
    let open = mark == 0 && value::is_word_list(list) && behind.is_none_or(|byte| b".,;\n".contains(byte));
    let closed = open
        || text.get(length..).is_some_and(|rest| {
            value::quote_at(rest) > 0 || rest.first().is_some_and(|byte| b"\"'`".contains(byte))
        });
    ((mark > 0 || open) && closed && words >= 3 && length >= 16).then_some(Found {
        start: start + mark,
        end: start + mark + length,
        kind: super::PASSWORD,
        score: 65,
    })
}

/// Whether a byte divides words of prose.
fn is_divider(byte: u8) -> bool {
    !byte.is_ascii_graphic() || b"\"'`,;()<>[]{}|\\".contains(&byte)
}

/// A value somewhere behind the word, within its line.
fn far_behind(bytes: &[u8], end: usize, cue: Cue) -> Option<Found> {
    let rest = bytes.get(end..)?;
    // Prose goes on behind a space, or a colon and a space.
    let prose = rest.starts_with(b" ")
        || cue == Cue::Account && rest.starts_with(b": ")
        || rest.first().is_some_and(|byte| *byte >= 0x80);
    prose.then_some(())?;
    let line = rest.get(..FAR_BEHIND).unwrap_or(rest);
    let until = end + memchr::memchr(b'\n', line).unwrap_or(line.len());
    let mut at = end;
    let mut before: &[u8] = &[];
    for number in 0..MOST_WORDS {
        at += bytes.get(at..until)?.iter().take_while(|byte| is_divider(**byte)).count();
        let rest = bytes.get(at..).filter(|_| at < until)?;
        let length = rest.iter().take(LONGEST_VALUE).take_while(|byte| !is_divider(**byte)).count();
        let word = rest.get(..length)?;
        // "login: nina / …".
        let paired = cue == Cue::Account && number <= 6 && before == b"/" && value::is_chosen_word(word);
        let glued = word
            .iter()
            .position(|byte| b":/".contains(byte))
            .filter(|at| cue == Cue::Account && *at > 0 && number <= 3);
        let second = glued.and_then(|divider| Some((at + divider + 1, word.get(divider + 1..)?)));
        let secret = match second {
            Some((start, word)) if value::is_chosen_word(word) => found(bytes, start, word, super::PASSWORD),
            _ if paired => found(bytes, at, word, super::PASSWORD),
            // `wandb login …`.
            _ if cue == Cue::Account && number == 0 && word.len() >= 20 && value::is_machine_made(word) => {
                found(bytes, at, word, super::API_KEY)
            }
            _ => plain(bytes, at, word, cue),
        };
        if secret.is_some() {
            return secret;
        }
        before = word;
        at += length;
    }
    None
}

/// A value closely before the word: "… is the password".
fn far_before(bytes: &[u8], start: usize, cue: Cue) -> Option<Found> {
    (cue != Cue::Account).then_some(())?;
    let earliest = start.saturating_sub(FAR_BEFORE);
    let before = bytes.get(earliest..start)?;
    let line = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let mut at = start;
    for word in before.get(line..)?.rsplit(|byte| is_divider(*byte)) {
        let begin = at - word.len();
        at = begin.saturating_sub(1);
        // The first one may have begun earlier.
        if begin == earliest && begin > 0 {
            break;
        }
        if let Some(found) = plain(bytes, begin, word, cue) {
            return Some(found);
        }
        // `nina / … (user and password)`.
        let paired = begin.checked_sub(2).and_then(|at| bytes.get(at..begin)) == Some(b"/ ");
        if paired && cue == Cue::Password && value::is_chosen_word(word) {
            return found(bytes, begin, word, super::PASSWORD);
        }
        // `Is "…" a good password?`.
        let quote = begin.checked_sub(1).and_then(|at| bytes.get(at)).filter(|byte| b"\"'`".contains(byte));
        let quoted = quote.is_some() && bytes.get(begin + word.len()) == quote
            || bytes.get(begin.saturating_sub(4)..begin).is_some_and(|before| {
                (0..3).any(|at| value::quote_at(before.get(at..).unwrap_or_default()) > 0)
            });
        let said = bytes.get(begin + word.len()..start)?;
        let named =
            said.len() <= 2 * LONGEST_NAME && said.split(|byte| *byte == b' ').any(|word| NAMED_AS.has(word));
        if quoted
            && named
            && cue == Cue::Password
            && value::is_spoken_password(word)
            && (value::is_numbered(word) || value::is_chosen_word(word))
        {
            return found(bytes, begin, word, super::PASSWORD);
        }
    }
    None
}

/// The word at `start`, if it is a secret by its own looks; of `nina:…` and `nina/…` only the second part.
fn plain(bytes: &[u8], start: usize, word: &[u8], cue: Cue) -> Option<Found> {
    let divider = word.iter().position(|byte| b":/".contains(byte));
    let named = divider.filter(|at| (1..=LONGEST_NAME).contains(at) && *at + 1 < word.len());
    let (start, word) = match named {
        Some(at) => (start + at + 1, word.get(at + 1..)?),
        None => (start, word),
    };
    let opens = word.iter().take_while(|byte| b"*_".contains(byte)).count();
    let (start, word) = (start + opens, word.get(opens..)?);
    match cue {
        Cue::Password | Cue::Account if value::is_strong(word) || value::is_scrambled(word) => {
            found(bytes, start, word, super::PASSWORD)
        }
        Cue::Key if word.len() >= 20 && value::is_scrambled(word) || value::is_long_key(word) => {
            found(bytes, start, word, super::API_KEY)
        }
        _ => None,
    }
}

fn found(bytes: &[u8], start: usize, word: &[u8], kind: crate::redact::finding::Kind) -> Option<Found> {
    let closing = word.iter().rev().take_while(|byte| b"*),.;:?".contains(byte)).count();
    let known = super::has_known_format(bytes, start) || value::is_public(word);
    let sealed =
        bytes.get(start.saturating_sub(32)..start).is_some_and(|before| value::contains(before, "enc["));
    (!known && !sealed).then_some(Found { start, end: start + word.len() - closing, kind, score: 65 })
}
