//! Values in base 64: a run of it that says text with a value in it is taken for the value.
//!
//! Bounded: of a run only so much is decoded, and what was decoded is not looked into for more base 64. Runs that say
//! no text (images, keys, hashes) are left alone, and so are paths and long words, which say none either. It does not
//! know what a value is.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::finding::Finding;

/// The shortest run that is decoded, in characters.
const SHORTEST: usize = 24;
/// So much of a run is decoded.
const LONGEST: usize = 64 << 10;
/// The shortest line after which a run goes on in the next (RFC 2045 has 76 characters, RFC 7468 has 64).
const LINE: usize = 60;
/// One character of so many may be unreadable.
const UNREADABLE: usize = 10;

/// RFC 4648 §4, with or without padding.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Adds the runs of base 64 in `text` that hold a value, as `find` finds the first in decoded text.
pub(super) fn find(text: &str, find: impl Fn(&str) -> Option<Finding>, findings: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(start) = bytes.iter().skip(at).position(|byte| is_digit(*byte)).map(|offset| at + offset) {
        let end = end(bytes, start);
        at = end;
        let run = bytes.get(start..end).unwrap_or_default();
        if run.len() < SHORTEST {
            continue;
        }
        if let Some(value) = text_of(run).and_then(|decoded| find(&decoded)) {
            let padding = bytes.iter().skip(end).take(2).take_while(|byte| **byte == b'=').count();
            findings.push(Finding { start, end: end + padding, ..value });
        }
    }
}

/// Whether a byte is one of the two alphabets of RFC 4648.
fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

/// The end of a run, which goes on after full lines.
fn end(bytes: &[u8], start: usize) -> usize {
    let mut line = start;
    loop {
        let length = bytes.iter().skip(line).take_while(|byte| is_digit(**byte)).count();
        let end = line + length;
        let rest = bytes.get(end..).unwrap_or_default();
        let next = match rest {
            [b'\r', b'\n', next, ..] if is_digit(*next) => end + 2,
            [b'\n', next, ..] if is_digit(*next) => end + 1,
            _ => return end,
        };
        if length < LINE || !length.is_multiple_of(4) {
            return end;
        }
        line = next;
    }
}

/// What a run says, when that is text. What stands before it without a mark between, such as a path, may have shifted it.
fn text_of(run: &[u8]) -> Option<String> {
    let digits: Vec<u8> = run
        .iter()
        .filter(|byte| is_digit(**byte))
        .take(LONGEST)
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    (0..4).find_map(|shift| {
        let digits = digits.get(shift..)?;
        // A single digit at the end is no whole byte.
        let whole = digits.get(..digits.len() - usize::from(digits.len() % 4 == 1))?;
        let bytes = ENGINE.decode(whole).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let unreadable = |character: &char| {
            *character == char::REPLACEMENT_CHARACTER || character.is_control() && !character.is_whitespace()
        };
        let (all, bad) = (text.chars().count(), text.chars().filter(unreadable).count());
        (bad * UNREADABLE <= all).then(|| text.into_owned())
    })
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test fails by panicking")]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::super::{Settings, find_all};
    use super::*;

    fn found(text: &str) -> Vec<(&str, &'static str)> {
        let settings = Settings { base64: true, ..Settings::default() };
        find_all(text, &settings).iter().map(|one| (&text[one.start..one.end], one.kind.0)).collect()
    }

    const LETTER: &str = "Dear bank, my IBAN is GB29 NWBK 6016 1331 9268 19 — thanks";

    #[test]
    fn a_value_is_found_in_both_alphabets_with_and_without_padding() {
        for run in [STANDARD.encode(LETTER), URL_SAFE_NO_PAD.encode(LETTER)] {
            assert_eq!(found(&format!("see {run}, please")), [(&*run, "IBAN_CODE")]);
        }
    }

    #[test]
    fn a_value_is_found_behind_a_path_and_over_lines() {
        let path = format!("v1/{}", URL_SAFE_NO_PAD.encode(LETTER));
        assert_eq!(found(&path), [(&*path, "IBAN_CODE")]);
        let mut lines = STANDARD.encode(format!("{}{LETTER}", "All is well with us. ".repeat(2)));
        lines.insert(76, '\n');
        assert_eq!(found(&format!("> \n{lines}\n> ")), [(&*lines, "IBAN_CODE")]);
    }

    #[test]
    fn what_is_not_text_or_holds_nothing_stays() {
        let twice = STANDARD.encode(STANDARD.encode(LETTER));
        for clean in [
            STANDARD.encode("Nothing but a long and harmless sentence"),
            STANDARD.encode((0..=255).collect::<Vec<u8>>()),
            "src/engine/content/answer/stream".to_owned(),
            "9fceb02d0ae598e95dc970b74767f19372d61af8".to_owned(),
            twice,
        ] {
            assert_eq!(found(&clean), [], "{clean}");
        }
        let off = Settings::default();
        assert_eq!(find_all(&STANDARD.encode(LETTER), &off), []);
    }
}
