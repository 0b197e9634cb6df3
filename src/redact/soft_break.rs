//! Lines that quoted-printable breaks in the middle of a word, with a `=` at their end (RFC 2045 §6.7).
//!
//! Tells those from padding of base 64 and from assignments of nothing, which have the next line for themselves. Looks at the line
//! before the sign, as far as quoted-printable may have one, and at one byte behind the break. It does not know escapes.

/// The longest line that quoted-printable has before the `=` that breaks it, in characters (RFC 2045 §6.7, rule 5).
const LONGEST_QUOTED: usize = 75;
/// From so many on, a line is broken since it is full.
const FULL: usize = 70;
/// From so many digits on, a run is taken for base 64.
const SHORTEST_RUN: usize = 15;

/// Whether the `=` at `at`, at the end of its line, breaks a word that goes on in the next one, which is `next` and what follows.
/// Else it pads base 64, or assigns nothing to a name.
pub(super) fn is_at(text: &str, at: usize, next: &[u8]) -> bool {
    let before = text.get(..at).unwrap_or_default();
    // A line that is longer has never been quoted-printable.
    let mut characters = before.char_indices().rev().take(LONGEST_QUOTED + 1);
    let newline = characters.find(|(_, character)| *character == '\n').map(|(newline, _)| newline + 1);
    let whole = || (before.chars().rev().take(LONGEST_QUOTED + 1).count() <= LONGEST_QUOTED).then_some(0);
    let Some(line) = newline.or_else(whole).and_then(|start| before.get(start..)) else { return false };
    let joins = line.bytes().next_back().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let goes_on = next.first().is_some_and(|byte| !byte.is_ascii_control() && !b"\"'`".contains(byte));
    joins && goes_on && !is_padded(line.as_bytes()) && !is_assignment(line)
}

/// Whether a line ends with base 64, which comes in fours, but for one sign.
fn is_padded(line: &[u8]) -> bool {
    let in_run = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let run = line.iter().rev().take_while(in_run).count();
    let small = line.iter().rev().take(run).any(u8::is_ascii_lowercase);
    run >= SHORTEST_RUN && (run + 1).is_multiple_of(4) && small
}

/// Whether a line ends with a name to which something may be assigned: one that stands alone or behind a word of
/// assignments, an option, a parameter of a URL, a constant. What is broken since it is full ends in the middle of a word,
/// which may be one of those by chance.
fn is_assignment(line: &str) -> bool {
    const WORDS: [&str; 12] =
        ["export", "set", "setx", "env", "local", "declare", "let", "const", "var", "arg", "-e", "--env"];
    let in_name = |byte: char| byte.is_ascii_alphanumeric() || matches!(byte, '_' | '-' | '.');
    let lead = line.trim_end_matches(in_name);
    let word = line.get(lead.len()..).unwrap_or_default();
    let name = word.trim_start_matches(['-', '.']);
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && 2 * digits <= name.len()
        && line.len() < FULL;
    let option = name.len() < word.len() && word.starts_with('-') && !lead.ends_with(char::is_alphanumeric);
    let parameter = lead.ends_with(['?', '&']);
    let constant = name.contains('_') && !name.bytes().any(|byte| byte.is_ascii_lowercase());
    let last = lead.split_ascii_whitespace().next_back().unwrap_or_default();
    let announced =
        lead.ends_with(char::is_whitespace) && WORDS.iter().any(|own| last.eq_ignore_ascii_case(own));
    let shell = lead.len().checked_sub("$env:".len()).and_then(|start| lead.get(start..));
    let variable = shell.is_some_and(|shell| shell.eq_ignore_ascii_case("$env:"));
    let alone = !lead.contains(char::is_alphanumeric);
    is_name && (alone || option || parameter || constant || announced || variable)
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test fails by panicking")]
mod tests {
    use crate::redact::normal::normalise;

    /// RFC 2045 §6.7, rule 5: lines of quoted-printable have 76 characters at most, with the `=`.
    #[test]
    fn only_lines_of_quoted_printable_go_on() {
        let filled = |length: usize, end: &str| {
            format!("x\n{}{end}", " a".repeat(length).split_at(length - end.len()).0)
        };
        for length in [3, 40, 75] {
            let line = filled(length, "41");
            assert_eq!(normalise(&format!("{line}=\n11")).text, format!("{line}11"), "{length}");
        }
        for length in [76, 77, 300, 5000] {
            let text = format!("{}=\n11", filled(length, "41"));
            assert_eq!(normalise(&text).text, text, "{length}");
        }
        // Base 64 of any length, which is padded when one more sign makes it come in fours.
        for length in [15, 75, 79, 511, 515, 4095] {
            let run = "QmFzZTY0c2l4dHlmb3Vy".repeat(300);
            let text = format!("{}=\n4111 1111 1111 1111", &run[..length]);
            assert_eq!(normalise(&text).text, text, "{length}");
        }
        for (broken, meant) in [
            (
                "Meine Karte hat die Nummer 4111 11=\n11 1111 1111",
                "Meine Karte hat die Nummer 4111 1111 1111 1111",
            ),
            ("Die Karte 4111=\n 1111 1111 1111", "Die Karte 4111 1111 1111 1111"),
            ("write to nina.kowal=\nski@example.com", "write to nina.kowalski@example.com"),
            ("write to nina=\n@example.com", "write to nina@example.com"),
            ("Nummer der Karte, die gestern gesperrt worden ist und die nun ersetzt =\nwird", ""),
            ("IBAN DE8937040044=\n0532013000", "IBAN DE89370400440532013000"),
            ("DE8937040044=\n0532013000", "DE89370400440532013000"),
            (
                "key ghp_Zx81kQmP0=\naVbT72LwRyN5cDfGhJ3sE4uI6oB",
                "key ghp_Zx81kQmP0aVbT72LwRyN5cDfGhJ3sE4uI6oB",
            ),
            (
                "Und die lange Zeile, die dem Programm zu voll ist, endet mit MAIL_PASS=\nWORD",
                "Und die lange Zeile, die dem Programm zu voll ist, endet mit MAIL_PASSWORD",
            ),
        ] {
            let meant = if meant.is_empty() { broken } else { meant };
            assert_eq!(normalise(broken).text, meant);
        }
    }
}
