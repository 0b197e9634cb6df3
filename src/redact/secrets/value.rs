//! Whether a value looks like a secret: random rather than written by a person, and no placeholder.
//!
//! Looks at one value alone; what stands before it is the caller's. Every test is linear in the value.

use super::grouped;
use super::written::{NAMES, NO_PASSWORDS, TECHNICAL, names_a_placeholder};

/// How many bytes of a value are looked at for what people write: more than any placeholder has.
const LOOKED_AT: usize = 256;

/// The bytes of a quotation mark beyond ASCII that a text begins with: `„`, `“`, `«`, `「` and their like.
pub(super) fn quote_at(text: &[u8]) -> usize {
    match text {
        [0xc2, 0xab | 0xbb, ..] => 2,
        [0xe2, 0x80, 0x98..=0x9f | 0xb9 | 0xba, ..] | [0xe3, 0x80, 0x8a..=0x8f, ..] => 3,
        _ => 0,
    }
}

/// Whether `text` has `word` somewhere, in any case of ASCII letters; `word` is in lower case.
pub(super) fn contains(text: &[u8], word: &str) -> bool {
    let word = word.as_bytes();
    text.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}

/// Whether `text` begins with `word` in any case.
pub(super) fn begins(text: &[u8], word: &str) -> bool {
    text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether `text` ends with `word` in any case.
pub(super) fn ends(text: &[u8], word: &str) -> bool {
    let tail = text.len().checked_sub(word.len()).and_then(|start| text.get(start..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether the value stands for one: a word like "your-key", a reference to a variable, a row of the same sign.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let head = value.get(..LOOKED_AT).unwrap_or(value);
    is_reference(head) || names_a_placeholder(head) || longest_repeat(head) >= 8
}

/// Whether it names where the value is instead of giving it: `${VAR}`, `$VAR`, `%VAR%`, `{{ x }}`, `<token>`,
/// `os.environ[…]`, a call.
pub(super) fn is_reference(value: &[u8]) -> bool {
    const SOURCES: &[&str] = &[
        "environ",
        "getenv",
        "process.env",
        "env.",
        "env[",
        "env(",
        "secrets.",
        "secretmanager",
        "keyvault",
        "vault:",
        "config.",
        "settings.",
        "ssm:",
        "arn:",
        "op://",
        "file:",
        "self.",
        "this.",
        "args.",
        "request.",
        "req.",
        "params.",
        "options.",
        "var.",
        "data.",
        "system.",
        "credentials.",
        "import.meta",
        "props.",
    ];
    let is_name = |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'0'..=b'9');
    let variable = value.strip_prefix(b"$").or_else(|| value.strip_prefix(b"%"));
    // `$env:NAME`, `$this->name`, `$config.name`.
    let path = value.strip_prefix(b"$").is_some_and(|name| {
        name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_:->.".contains(byte))
            && name.iter().filter(|byte| byte.is_ascii_digit()).count() < 2
    });
    let closer = match value.first() {
        Some(b'<') => b'>',
        Some(b'{') => b'}',
        Some(b'[') => b']',
        Some(b'(') => b')',
        Some(b'*') => b'*',
        Some(_) => 0,
        None => return true,
    };
    // A tag of YAML.
    let tag = value
        .strip_prefix(b"!")
        .is_some_and(|name| name.iter().all(|byte| byte.is_ascii_lowercase() || b"_/".contains(byte)));
    tag || value.len() < 40 && value.get(1..).is_some_and(|rest| rest.contains(&closer))
        || path
        || value.starts_with(b"${")
        || value.starts_with(b"$(")
        || variable.is_some_and(|name| name.strip_suffix(b"%").unwrap_or(name).iter().all(is_name))
        || value.windows(2).any(|pair| [&b"{{"[..], b"${", b"#{", b"<%", b"()"].contains(&pair))
        || value.ends_with(b"(")
        || SOURCES.iter().any(|source| begins(value, source) || contains(value, "environ["))
        // A constant's name, as in `token: API_TOKEN`.
        || (value.contains(&b'_')
            && value.iter().all(is_name)
            && value.iter().any(u8::is_ascii_uppercase)
            && 4 * value.iter().filter(|byte| byte.is_ascii_digit()).count() <= value.len())
}

/// The longest row of one byte.
fn longest_repeat(value: &[u8]) -> usize {
    longest(value, |one, next| one == next)
}

/// The longest row in which each byte is the next or the previous one of the alphabet.
fn longest_sequence(value: &[u8]) -> usize {
    let up = longest(value, |one, next| one.checked_add(1) == Some(next));
    up.max(longest(value, |one, next| one.checked_sub(1) == Some(next)))
}

fn longest(value: &[u8], continues: impl Fn(u8, u8) -> bool) -> usize {
    let (mut longest, mut current) = (1, 1);
    for pair in value.windows(2) {
        if let [one, next] = *pair {
            current = if continues(one, next) { current + 1 } else { 1 };
            longest = longest.max(current);
        }
    }
    longest
}

/// What a value is made of.
struct Makeup {
    digits: usize,
    letters: usize,
    /// Changes between lower and upper case.
    flips: usize,
    symbols: usize,
    distinct: usize,
}

fn makeup(value: &[u8]) -> Makeup {
    let mut seen = 0u128;
    let mut makeup = Makeup { digits: 0, letters: 0, flips: 0, symbols: 0, distinct: 0 };
    let mut last_upper = None;
    for &byte in value {
        seen |= 1 << (byte & 127);
        match byte {
            b'0'..=b'9' => makeup.digits += 1,
            b'a'..=b'z' | b'A'..=b'Z' => {
                makeup.letters += 1;
                let upper = byte.is_ascii_uppercase();
                makeup.flips += usize::from(last_upper.is_some_and(|last: bool| last != upper));
                last_upper = Some(upper);
            }
            b'_' | b'-' | b'.' | b'/' | b',' | b':' | b' ' => {}
            _ => makeup.symbols += 1,
        }
    }
    makeup.distinct = seen.count_ones() as usize;
    makeup
}

/// Whether every part between separators is a word or a number, as in `my-project-2024`.
fn is_slug(value: &[u8]) -> bool {
    let parts = value.split(|byte| b"-_./+=:~ ".contains(byte));
    parts.filter(|part| !part.is_empty()).all(|part| {
        let letters = part.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let digits = part.get(letters..).unwrap_or_default();
        let is_word = |letters: &[u8]| {
            letters.iter().all(u8::is_ascii_uppercase) || letters.len() < 8 || is_camel_case(letters)
        };
        digits.len() <= 4 && digits.iter().all(u8::is_ascii_digit) && part.get(..letters).is_some_and(is_word)
    })
}

/// Eight, four, four, four and twelve hexadecimal digits (RFC 9562 §4).
pub(super) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether the body of a token with a published prefix is random rather than written.
pub(super) fn is_token_body(body: &[u8]) -> bool {
    let makeup = makeup(body);
    let (repeat, sequence) = if body.len() > 64 { (12, 10) } else { (6, 6) };
    // One AWS access key id in twenty has no digit.
    let capitals = body.len() == 16 && body.iter().all(u8::is_ascii_uppercase) && makeup.distinct >= 9;
    (capitals || ((makeup.digits > 0 || makeup.flips >= 4) && !is_slug(body)))
        && makeup.distinct >= (body.len() / 4).clamp(4, 8)
        && !is_placeholder(body)
        && longest_repeat(body) < repeat
        && longest_sequence(body) < sequence
}

/// Whether a value is random enough to be a key, where its name says that it is one.
pub(super) fn is_random(value: &[u8]) -> bool {
    let makeup = makeup(value);
    value.len() >= 12
        && ((makeup.digits >= 2 && makeup.letters >= 2)
            || makeup.flips >= 6
            || makeup.digits >= 20
            || makeup.digits == 1 && value.len() >= 16 && has_runs_of_capitals(value))
        && makeup.distinct >= 7
        && value.iter().all(u8::is_ascii_graphic)
        && !is_slug(value)
        && (makeup.digits > 0 || !is_name_of_humps(value))
        && !value.starts_with(b"=")
        && !is_placeholder(value)
        && !is_location(value)
        && longest_repeat(value) < 8
        && longest_sequence(value) < 7
}

/// Whether capitals stand together twice or more behind small letters, as they seldom do in names of code.
fn has_runs_of_capitals(value: &[u8]) -> bool {
    let run = |three: &[u8]| matches!(three, [one, two, three] if one.is_ascii_lowercase() && two.is_ascii_uppercase() && three.is_ascii_uppercase());
    value.windows(3).filter(|three| run(three)).count() >= 2
        && value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte))
}

/// A path, an address, a version or a time: made of digits and letters, and public.
fn is_location(value: &[u8]) -> bool {
    value.starts_with(b"./")
        || value.starts_with(b"~/")
        || value.windows(3).any(|window| window == b"://")
        || value.iter().all(|byte| byte.is_ascii_digit() || b".:-/TZ+".contains(byte))
        || (value.contains(&b'(') && value.ends_with(b")"))
        || (value.contains(&b'[') && value.ends_with(b"]"))
}

/// Whether a value can be a password that a person chose, where its name says that it is one. `quoted` values are
/// data; others may be code.
pub(super) fn is_password(value: &[u8], quoted: bool) -> bool {
    let makeup = makeup(value);
    let is_value = |word: &&str| value.eq_ignore_ascii_case(word.as_bytes());
    if value.len() < 6 || value.len() > 128 || is_placeholder(value) || NO_PASSWORDS.iter().any(is_value) {
        return false;
    }
    if grouped::is_app_password(value) {
        return true;
    }
    if value.iter().any(|byte| byte.is_ascii_control() || *byte == b' ') {
        return false;
    }
    let path = value.starts_with(b"/")
        || value.starts_with(b"*.")
        || (!quoted && value.windows(2).any(|pair| pair == b"/*"))
        || value.windows(3).any(|window| window == b"://");
    // `user.password1`, `password2`: names of things.
    let numbered =
        value.split(|byte| *byte == b'.').any(|part| part.len() > 1 && part.iter().all(u8::is_ascii_digit));
    let capital = value.first().is_some_and(u8::is_ascii_uppercase) && makeup.digits > 1;
    let dotted = !quoted
        && value.contains(&b'.')
        && is_slug(value)
        && makeup.symbols == 0
        && !numbered
        && !capital
        && !is_dotted_phrase(value);
    let calls = value.windows(2).any(|pair| matches!(pair, [before, b'('] if before.is_ascii_alphanumeric()));
    // `required=True`, `password=`: another name, and perhaps its value.
    let assigns = makeup.digits == 0 && value.contains(&b'=');
    // Numbers of Windows and its registry.
    let number = value.strip_prefix(b"0x").or_else(|| value.strip_prefix(b"dword:"));
    if number.is_some_and(|digits| digits.len() < 32 && digits.iter().all(u8::is_ascii_hexdigit)) {
        return false;
    }
    // Rules of a form, `required|min:12`, and the rest of a call, `None).status`.
    let rules = value.split(|byte| *byte == b'|').next().is_some_and(|rule| {
        rule.len() < value.len() && NO_PASSWORDS.iter().any(|word| rule.eq_ignore_ascii_case(word.as_bytes()))
    });
    let closes = !quoted && value.windows(2).any(|pair| matches!(pair, b")." | b")," | b");"));
    if path || dotted || assigns || rules || closes || (calls && !quoted) || value.ends_with(b"]") {
        return false;
    }
    let named = ["password", "passwd", "pwd"].iter().any(|word| contains(value, word));
    if makeup.digits > 0 && makeup.letters > 0 {
        // `password1` is a variable at least as often as a password.
        return !(named && (makeup.digits < 2 || !quoted) && makeup.symbols == 0 && is_slug(value));
    }
    if makeup.letters == 0 {
        return makeup.digits >= 6 && makeup.symbols + makeup.digits == value.len();
    }
    is_phrase(value)
        || (makeup.symbols > 0 && value.len() >= 8 && !value.ends_with(b"?") && value.is_ascii())
        || (makeup.flips >= 3
            && value.len() >= 8
            && value.iter().all(u8::is_ascii_alphabetic)
            && !is_camel_case(value)
            && (makeup.flips >= 4 || !is_name_of_humps(value)))
}

/// Whether a password may stand behind "the password is": as [`is_password`], and nothing that prose says there.
pub(super) fn is_spoken_password(value: &[u8]) -> bool {
    let makeup = makeup(value);
    is_password(value, true)
        && value.is_ascii()
        && makeup.letters > 0
        && (makeup.digits > 0 || makeup.symbols > 0 || is_phrase(value))
        && !(value.contains(&b'@') && value.contains(&b'.') && makeup.symbols == 1)
        && !value.iter().any(|byte| b"()[]{}<>'\"=\\".contains(byte))
        && !TECHNICAL.iter().any(|word| begins(value, word))
        && !is_host(value)
}

/// Whether a word is one that a person may choose as a password, where the sentence says that one follows: letters and a
/// number, not all in capitals.
pub(super) fn is_chosen_word(word: &[u8]) -> bool {
    let closing = word.iter().rev().take_while(|byte| b"\"'`*),.;:!?".contains(byte)).count();
    let Some(body) = word.get(..word.len() - closing) else { return false };
    let makeup = makeup(body);
    let named = body.iter().any(|byte| byte.is_ascii_uppercase() || b"._-".contains(byte));
    named
        && makeup.letters >= 4
        && makeup.digits >= 2
        && body.iter().any(u8::is_ascii_lowercase)
        && is_spoken_password(body)
        && !body.iter().any(|byte| b":/@#".contains(byte))
}

/// Whether a value is public by its form: a fingerprint (OpenSSH), an address on Ethereum (EIP-55).
pub(super) fn is_public(value: &[u8]) -> bool {
    let address = value
        .strip_prefix(b"0x")
        .is_some_and(|digits| digits.iter().take_while(|byte| byte.is_ascii_hexdigit()).count() == 40);
    ["sha256:", "md5:", "pk_live_", "pk_test_"].iter().any(|head| begins(value, head)) || address
}

/// Whether a value is the name of a host: small letters, digits and dots, and a last part of letters.
fn is_host(value: &[u8]) -> bool {
    let in_host = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_:".contains(byte);
    let last = value.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    value.iter().all(in_host)
        && last.len() < value.len()
        && last.iter().all(u8::is_ascii_lowercase)
        && !is_dotted_phrase(value)
}

/// Whether a word is a key by its length and its changes alone, wherever it stands: 32 characters and more, no hash.
pub(super) fn is_long_key(word: &[u8]) -> bool {
    let padded = word.len().is_multiple_of(4) && word.ends_with(b"=");
    let plain = word.iter().all(|byte| {
        byte.is_ascii_alphanumeric() || b"_-".contains(byte) || (padded && b"+/=".contains(byte))
    });
    (32..=128).contains(&word.len())
        && plain
        && !is_hex(word)
        && makeup(word).flips >= 6
        && is_machine_made(word)
}

/// Whether a value is a phrase of four words or more, joined as names of code are.
pub(super) fn is_underscored(value: &[u8]) -> bool {
    let words = || value.split(|byte| *byte == b'_');
    words().count() >= 4 && words().all(|word| word.len() >= 5 && word.iter().all(u8::is_ascii_lowercase))
}

/// Whether a value has so many signs of so many kinds that only a machine makes it, and no sentence or code does.
pub(super) fn is_jumble(value: &[u8]) -> bool {
    let makeup = makeup(value);
    let has = |wanted: fn(&u8) -> bool| value.iter().any(wanted);
    (10..=64).contains(&value.len())
        && makeup.symbols >= 2
        && makeup.digits >= 1
        && makeup.letters >= 4
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && !value.iter().any(|byte| b"(<\\\"".contains(byte))
        && !value.windows(2).any(|pair| pair == b"->" || pair == b"::" || pair == b"=>" || pair == b"</")
        && !is_placeholder(value)
}

/// Whether a value is as long as a key, and has the signs of one that is drawn from all that a keyboard has.
pub(super) fn is_drawn(value: &[u8]) -> bool {
    let makeup = makeup(value);
    (40..=128).contains(&value.len())
        && makeup.symbols >= 6
        && makeup.digits >= 2
        && makeup.flips >= 6
        && makeup.distinct >= 24
}

/// Whether a value is a phrase of small words with spaces between them, none of which says what it is for.
pub(super) fn is_word_list(value: &[u8]) -> bool {
    let words = || value.split(|byte| *byte == b' ');
    let own = |word: &&[u8]| NAMES.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
    (4..=24).contains(&words().count())
        && words().all(|word| (3..=10).contains(&word.len()) && word.iter().all(u8::is_ascii_lowercase))
        && !words().any(|word| own(&word))
}

/// Whether a word has hexadecimal digits only, but for what closes it.
pub(super) fn is_hex(word: &[u8]) -> bool {
    word.iter().all(|byte| byte.is_ascii_hexdigit() || b"\"'`*),.;:!?".contains(byte))
}

/// Whether a value is a word and a number behind it.
pub(super) fn is_numbered(value: &[u8]) -> bool {
    let closing = value.iter().rev().take_while(|byte| b"!?.".contains(byte)).count();
    let value = value.get(..value.len() - closing).unwrap_or(value);
    let digits = value.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let capital = value.iter().any(u8::is_ascii_uppercase);
    (digits >= 2 || digits == 1 && capital && value.len() >= 8)
        && value.len() >= digits + 4
        && value.iter().take(4).all(u8::is_ascii_alphabetic)
}

/// Whether a value with dots is a phrase of four words or more, and not the name of a host.
fn is_dotted_phrase(value: &[u8]) -> bool {
    let last = value.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let domain = [
        "local", "internal", "cloud", "domain", "example", "online", "store", "systems", "services",
        "software", "digital", "network",
    ];
    is_phrase(value)
        && value.iter().filter(|byte| **byte == b'.').count() >= 3
        && value.split(|byte| *byte == b'.').all(|word| word.len() >= 4)
        && !domain.iter().any(|name| last == name.as_bytes())
}

/// Whether a value is a name of code in small letters, `reset_token_v2`.
pub(super) fn is_identifier(value: &[u8]) -> bool {
    let in_name = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    value.contains(&b'_') && value.iter().all(in_name) && digits <= 2
}

/// Whether a value has a digit or a sign, as words have not.
pub(super) fn has_mark(value: &[u8]) -> bool {
    let makeup = makeup(value);
    makeup.digits > 0 || makeup.symbols > 0
}

/// Whether a value is no mere word: one with a mark, or a phrase.
pub(super) fn is_marked(value: &[u8]) -> bool {
    has_mark(value) || is_phrase(value)
}

/// Whether a quoted argument of a call that takes a password may be one: no name of a host or a person, no address.
pub(super) fn is_argument(value: &[u8]) -> bool {
    if grouped::is_app_password(value) {
        return true;
    }
    let name = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_:".contains(byte);
    if value.iter().all(name) || value.iter().any(|byte| b" /\\:;<>{}".contains(byte)) {
        return false;
    }
    let makeup = makeup(value);
    makeup.letters > 0
        && (makeup.digits > 0 || makeup.symbols > 0)
        && is_password(value, true)
        && !is_host(value)
        && !(value.contains(&b'@') && value.contains(&b'.') && makeup.symbols == 1)
        && (!value.contains(&b'=') || makeup.symbols > 1 || makeup.flips > 2)
        && !value.starts_with(b"-")
        && !TECHNICAL.iter().any(|word| begins(value, word))
}

/// Whether a value is a phrase of four words or more, joined by signs, as password managers make them.
pub(super) fn is_phrase(value: &[u8]) -> bool {
    let joint = value.iter().find(|byte| b"-. ".contains(byte)).copied().unwrap_or(0);
    let digits = value.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let value = value.get(..value.len() - digits.min(4)).unwrap_or(value);
    let words = value.split(|byte| *byte == joint);
    let long = |count: usize| words.clone().filter(|word| word.len() >= count).count();
    let uncased = |word: &[u8]| word.iter().skip(1).all(u8::is_ascii_lowercase);
    value.len() >= 15
        && words.clone().count() >= 3
        && (long(4) == words.clone().count()
            || value.len() >= 18 && long(6) >= 2 && long(2) == words.clone().count())
        && words.clone().all(|word| word.iter().all(u8::is_ascii_alphabetic) && uncased(word))
        && !is_placeholder(value)
        && 3 * words
            .clone()
            .filter(|word| NAMES.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes())))
            .count()
            < words.clone().count()
}

/// Whether a word is what only a machine makes: long, with digits, changing between capitals and small letters.
pub(super) fn is_machine_made(word: &[u8]) -> bool {
    let closing = word.iter().rev().take_while(|byte| b"\"'`*),.;:!?".contains(byte)).count();
    let Some(body) = word.get(..word.len() - closing) else { return false };
    if body.len() < 10
        || body.len() > LOOKED_AT
        || !body.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-+/=".contains(byte))
    {
        return false;
    }
    let makeup = makeup(body);
    let hex = body.len() >= 32 && body.iter().all(u8::is_ascii_hexdigit) && makeup.digits >= 4;
    let digit = |pair: &&[u8]| {
        matches!(pair, [one, next] if one.is_ascii_alphanumeric() && next.is_ascii_alphanumeric()
            && one.is_ascii_digit() != next.is_ascii_digit())
    };
    let mixed = body.windows(2).filter(digit).count() >= 4 && body.iter().all(u8::is_ascii_alphanumeric);
    // Changes so often that no words are in it.
    let letters =
        makeup.flips >= 5 && 5 * body.len() <= 12 * (makeup.flips + 1) && makeup.letters == body.len();
    let base64 = body.len() >= 24 && makeup.flips >= 6 && !body.starts_with(b"/");
    (makeup.digits >= 1 || letters)
        && (hex || makeup.flips >= 4 || mixed || is_scrambled(body))
        && (base64 || !body.iter().any(|byte| b"+/=".contains(byte)))
        && makeup.letters >= 4
        && !is_slug(body)
        && !is_placeholder(body)
        && !TECHNICAL.iter().any(|word| begins(body, word))
}

/// Whether a word is made like a password and like nothing else that people write: of letters, digits and other signs,
/// which are neither those of an address, a number of something, an escape nor a formula.
pub(super) fn is_strong(word: &[u8]) -> bool {
    let closing = word.iter().rev().take_while(|byte| b"\"'`*),.;:".contains(byte)).count();
    let Some(body) = word.get(..word.len() - closing).filter(|body| (8..=64).contains(&body.len())) else {
        return false;
    };
    let (Some(first), Some(last)) = (body.first(), body.last()) else { return false };
    let is_sign = |byte: &u8| b"!#$%&*?@^~+".contains(byte);
    let Some(signs) = body.iter().position(is_sign) else { return false };
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || is_sign(byte) || b"_-.".contains(byte);
    let makeup = makeup(body);
    let plausible = makeup.letters >= 3 && makeup.digits >= 1;
    plausible
        && body.iter().all(is_plain)
        && !is_placeholder(body)
        && (first.is_ascii_alphanumeric() || makeup.symbols > 1)
        && !(*last == b'?' && makeup.symbols == 1)
        && !(makeup.symbols == 1 && is_ordinary(body, signs))
}

/// Whether a word whose only sign is at `at` may be something else: `root@db03`, `PR#1234`, `C++11`, `v2*3`.
fn is_ordinary(word: &[u8], at: usize) -> bool {
    let (before, behind) = (word.get(..at).unwrap_or_default(), word.get(at + 1..).unwrap_or_default());
    let numeric = |part: &[u8]| part.iter().all(|byte| byte.is_ascii_digit() || b"._-".contains(byte));
    let cased = word.iter().any(u8::is_ascii_uppercase) && word.iter().any(u8::is_ascii_lowercase);
    match word.get(at) {
        Some(b'@') => !cased || behind.contains(&b'.') || numeric(behind) && !behind.is_empty(),
        // `PR#1234`, `US$2024`; `Sommer2024!` is none of them.
        Some(b'#' | b'$') => numeric(behind) && !behind.is_empty(),
        Some(b'%') => behind.get(..2).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit)),
        Some(b'+' | b'~' | b'^') => makeup(word).flips < 4,
        Some(b'!') => !cased && makeup(word).digits < 2 || before.is_empty(),
        _ => !cased,
    }
}

/// Whether a word changes between capitals, small letters and digits as often as only machines make it do.
pub(super) fn is_scrambled(word: &[u8]) -> bool {
    let class = |byte: &u8| match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    };
    let changes =
        word.windows(2).filter(|pair| matches!(pair, [one, next] if class(one) != class(next))).count();
    let has = |wanted: u8| word.iter().any(|byte| class(byte) == wanted);
    (8..=128).contains(&word.len())
        && word.iter().all(u8::is_ascii_alphanumeric)
        && changes * if word.len() < 32 { 2 } else { 3 } >= word.len()
        && has(0)
        && has(1)
        && has(2)
        && !word.starts_with(b"0x")
        && !is_placeholder(word)
}

/// `SpSomeIdentifierFn`: capitals are apart, and few.
fn is_name_of_humps(value: &[u8]) -> bool {
    let capitals = value.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let adjacent = |pair: &[u8]| pair.iter().all(u8::is_ascii_uppercase);
    value.iter().all(u8::is_ascii_alphabetic)
        && capitals * 3 <= value.len()
        && !value.windows(2).any(adjacent)
}

/// `someIdentifier`: every capital is followed by a small letter.
fn is_camel_case(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_alphabetic)
        && !value
            .windows(2)
            .any(|pair| matches!(pair, [one, next] if one.is_ascii_uppercase() && next.is_ascii_uppercase()))
        && value.split(u8::is_ascii_uppercase).skip(1).all(|hump| hump.len() >= 2)
}
