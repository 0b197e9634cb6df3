//! What people write where no secret is: placeholders, and words of names, rules and sentences.
//!
//! What a value is compared with is [`super::value`]'s; the words of placeholders, which any value is searched for, are ready
//! to be looked up here.

use super::value::begins;

/// Words of placeholders, in lower case. A random value of a hundred characters has one of them once in ten thousand.
const PLACEHOLDERS: &[&str] = &[
    "your",
    "example",
    "xxxx",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "changeit",
    "redacted",
    "dummy",
    "sample",
    "insert",
    "replace",
    "foobar",
    "not-real",
    "notreal",
    "_here",
    "-here",
    "****",
    "....",
    "masked",
    "removed",
    "test_key",
    "testkey",
    "test-key",
    "my_secret",
    "mysecret",
    "my-secret",
    "my_key",
    "my-key",
    "my_token",
    "my-token",
    "deadbeef",
    "goes_here",
    "goeshere",
    "undefined",
    "fakekey",
    "fake-",
    "fake_",
    "lorem",
    "passwordhere",
    "secrethere",
    "tokenhere",
    "keyhere",
    "\u{2022}\u{2022}",
    "todo",
];

/// For each byte, in small letters, which words of placeholders begin with it, as bits.
static PLACEHOLDERS_FROM: [u64; 256] = {
    let mut rows = [0; 256];
    let mut row = 0;
    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated by the compiler, which reports an index out of range"
    )]
    while row < PLACEHOLDERS.len() {
        rows[PLACEHOLDERS[row].as_bytes()[0] as usize] |= 1 << row;
        row += 1;
    }
    rows
};

/// Whether a word of placeholders is in a text.
pub(super) fn names_a_placeholder(text: &[u8]) -> bool {
    text.iter().enumerate().any(|(at, byte)| {
        let mut rows = PLACEHOLDERS_FROM.get(usize::from(byte.to_ascii_lowercase())).copied().unwrap_or(0);
        while rows != 0 {
            let word = PLACEHOLDERS.get(rows.trailing_zeros() as usize);
            if word.is_some_and(|word| text.get(at..).is_some_and(|rest| begins(rest, word))) {
                return true;
            }
            rows &= rows - 1;
        }
        false
    })
}

/// What passwords are called where none is meant.
pub(super) const NO_PASSWORDS: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "passphrase",
    "passwort",
    "string",
    "required",
    "optional",
    "hidden",
    "none",
    "null",
    "true",
    "false",
    "user",
    "username",
    "text",
    "plaintext",
    "token",
    "admin_password",
    "userpassword",
    "contraseña",
    "senha",
    "test",
    "testing",
    "invalid",
    "incorrect",
    "empty",
];

/// Words in the names of things that hold a secret, and in what is said about one.
pub(super) const NAMES: &[&str] = &[
    "password",
    "secret",
    "secrets",
    "token",
    "key",
    "name",
    "user",
    "admin",
    "database",
    "service",
    "config",
    "credentials",
    "credential",
    "creds",
    "existing",
    "release",
    "cluster",
    "registry",
    "server",
    "client",
    "field",
    "form",
    "input",
    "label",
    "button",
    "reset",
    "change",
    "current",
    "confirm",
    "enter",
    "forgot",
    "required",
    "invalid",
    "wrong",
    "policy",
    "default",
    "value",
    "file",
    "the",
    "and",
    "for",
    "not",
    "must",
    "auth",
    "login",
    "test",
    "ref",
    "app",
];

/// Words of four letters that sentences are made of, and app passwords not.
pub(super) const WORDS: &[&str] = &[
    "with", "that", "this", "from", "your", "have", "will", "been", "them", "they", "must", "when", "into",
    "only", "user", "name", "then", "than", "what", "here", "there", "also", "more", "some", "does", "used",
    "text", "code", "data", "type", "file",
];

/// Names of algorithms and encodings that stand behind "the password is".
pub(super) const TECHNICAL: &[&str] = &[
    "es256", "es384", "rs256", "hs256", "ps256", "sha", "md5", "base64", "base32", "utf", "oauth", "bcrypt",
    "scrypt", "argon", "pbkdf", "aes", "http", "rfc", "ntlm", "hex", "scram", "hmac", "x509", "pkcs",
    "ed25519", "crc", "p256",
];
