//! Passwords that services make for applications, in groups, with spaces or hyphens between them.
//!
//! Known by their form alone; where one may stand is the caller's.

use super::written::WORDS;

/// How long the password is that `text` begins with, and behind which its word ends: of Google or Apple ("Sign in with app passwords",
/// "App-specific passwords": four times four small letters), of WordPress ("Application Passwords": six times four letters and
/// digits), of BitLocker ("Recovery password": eight times six digits).
pub(super) fn length_at(text: &[u8]) -> Option<usize> {
    [19, 29, 55].into_iter().find(|length| {
        text.get(..*length).is_some_and(is_app_password)
            && text.get(*length).is_none_or(|byte| !byte.is_ascii_alphanumeric())
    })
}

/// Whether a value is such a password.
pub(super) fn is_app_password(value: &[u8]) -> bool {
    let grouped = |size: usize, signs: &[u8], in_group: fn(&u8) -> bool| {
        let sign = value.get(size).filter(|sign| signs.contains(sign));
        sign.is_some()
            && value
                .iter()
                .enumerate()
                .all(|(at, byte)| if at % (size + 1) == size { Some(byte) == sign } else { in_group(byte) })
    };
    let word = |word: &[u8]| WORDS.iter().any(|own| word == own.as_bytes());
    let has = |wanted: fn(&u8) -> bool| value.iter().any(wanted);
    match value.len() {
        19 => {
            let mut seen = 0_u32;
            value.iter().filter(|byte| byte.is_ascii_lowercase()).for_each(|byte| seen |= 1 << (byte - b'a'));
            grouped(4, b" -", u8::is_ascii_lowercase)
                && seen.count_ones() >= 7
                && !value.split(|byte| b" -".contains(byte)).any(word)
        }
        29 => {
            grouped(4, b" ", u8::is_ascii_alphanumeric)
                && has(u8::is_ascii_digit)
                && has(u8::is_ascii_uppercase)
                && has(u8::is_ascii_lowercase)
        }
        55 => grouped(6, b"-", u8::is_ascii_digit),
        _ => false,
    }
}
