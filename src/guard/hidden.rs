//! What hides in a text: forged turns of a chat, characters that do not show, and text in base 64 or ROT13.
//!
//! Finds and decodes; what decoded text says is judged by the caller. Everything is bounded: decoded text is looked
//! at once, and only so much of it.

use super::{Rule, Source};

/// Marks of a turn in a chat's template, in lower case, with what each makes likely in a user's text.
const TURNS: &[(&str, f32)] = &[
    // ChatML, Llama 2 and 3, Mistral, Phi, Gemma, Claude's text completions.
    ("<|im_start|>", 0.5),
    ("<|im_end|>", 0.4),
    ("<|im_sep|>", 0.4),
    ("<|system|>", 0.5),
    ("<|user|>", 0.3),
    ("<|assistant|>", 0.4),
    ("<|endoftext|>", 0.4),
    ("<|end_of_text|>", 0.4),
    ("<|eot_id|>", 0.4),
    ("<|start_header_id|>", 0.5),
    ("<start_of_turn>", 0.4),
    ("<<sys>>", 0.5),
    ("[inst]", 0.4),
    ("[/inst]", 0.4),
    ("</user>", 0.3),
    ("</user_input>", 0.4),
    ("<system>", 0.3),
    ("</system>", 0.35),
    ("</s>[", 0.4),
    ("### system:", 0.35),
    ("### system prompt", 0.35),
    ("### system message", 0.35),
    ("###system", 0.35),
    ("### instruction:", 0.25),
    ("### instructions:", 0.2),
    ("###instruction", 0.25),
    ("[system](#", 0.5),
    ("[system]", 0.3),
    ("[system note", 0.35),
    ("[system message", 0.35),
    ("system note:", 0.25),
    ("system override", 0.35),
    ("begin system", 0.3),
    ("end of system prompt", 0.4),
    ("end of prompt", 0.35),
    ("\n\nhuman:", 0.25),
    ("\n\nassistant:", 0.25),
    ("\nsystem:", 0.3),
    ("\"role\": \"system\"", 0.25),
    ("\"role\":\"system\"", 0.25),
    ("<tool_result>", 0.3),
    ("</tool_result>", 0.4),
    ("</tool_response>", 0.4),
    ("<function_results>", 0.4),
    ("</document>", 0.2),
    ("</context>", 0.2),
    ("\": \"system: ", 0.3),
];

// Which marks were seen is kept in one word.
const _: () = assert!(TURNS.len() <= u64::BITS as usize);

/// The strongest mark of a forged turn in `text`, which is in lower case.
pub(super) fn forged_turn(lower: &str, source: Source) -> f32 {
    let (mut clear, mut most) = (1.0, if lower.trim_start().starts_with("system:") { 0.3 } else { 0.0 });
    // Of each mark only the first occurrence counts.
    let mut seen = 0u64;
    for (at, byte) in lower.bytes().enumerate() {
        let may_begin = matches!(byte, b'<' | b'[' | b'#' | b'"' | b'\n' | b'b' | b'e' | b's');
        if !may_begin || (byte.is_ascii_alphabetic() && !begins_word(lower, at)) {
            continue;
        }
        let rest = lower.as_bytes().get(at..).unwrap_or_default();
        for (row, (mark, weight)) in TURNS.iter().enumerate() {
            if seen >> row & 1 == 0 && rest.starts_with(mark.as_bytes()) {
                seen |= 1 << row;
                clear *= 1.0 - weight * 0.5;
                most = f32::max(most, *weight);
            }
        }
    }
    let score = f32::max(most, 1.0 - clear);
    if source == Source::User { score } else { (score * 1.3).min(0.9) }
}

/// Whether a phrase may begin at `at`; those among the marks begin with `begin`, `end` and `system`.
fn begins_word(lower: &str, at: usize) -> bool {
    let bytes = lower.as_bytes();
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    let rest = bytes.get(at..).unwrap_or_default();
    !before.is_some_and(u8::is_ascii_alphanumeric)
        && [&b"begin "[..], b"end of ", b"system "].iter().any(|word| rest.starts_with(word))
}

/// Text in the tag characters U+E0000 to U+E007F, which repeat ASCII and never show. Those in flags are left out
/// (Unicode Technical Standard 51, annex C).
pub(super) fn tagged(text: &str) -> Option<String> {
    memchr::memchr(0xf3, text.as_bytes())?;
    let mut hidden = String::new();
    let mut in_flag = false;
    for letter in text.chars() {
        match letter {
            '\u{1f3f4}' => in_flag = true,
            '\u{e007f}' => in_flag = false,
            '\u{e0020}'..='\u{e007e}' if !in_flag => {
                hidden.extend(char::from_u32(u32::from(letter) - 0xe0000))
            }
            '\u{e0020}'..='\u{e007e}' => {}
            _ => in_flag = false,
        }
    }
    (!hidden.is_empty()).then_some(hidden)
}

/// The shortest row that is tried as base 64, how much of a row is decoded, and how many rows.
const SHORTEST_ROW: usize = 24;
const LONGEST_ROW: usize = 8 * 1024;
const MOST_ROWS: usize = 8;

/// What rows of base 64 in `text` say, where they say text.
pub(super) fn decoded(text: &str) -> Vec<String> {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    let rows = text.as_bytes().split(|byte| !is_digit(*byte)).filter(|row| row.len() >= SHORTEST_ROW);
    let texts = rows.take(MOST_ROWS).filter_map(|row| readable(row.get(..LONGEST_ROW).unwrap_or(row)));
    texts.collect()
}

fn readable(row: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(row.len() * 3 / 4);
    let (mut pending, mut bits) = (0u32, 0);
    for &byte in row {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            _ => 63,
        };
        pending = (pending << 6 | u32::from(digit)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(pending >> bits & 0xff).ok()?);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    text.chars().all(|letter| !letter.is_control() || letter.is_whitespace()).then_some(text)
}

/// So many quoted parts are put together.
const MOST_PARTS: usize = 12;

/// The quoted parts of a text that speaks of putting parts together, two or more.
pub(super) fn quoted_parts<'text>(text: &'text str, lower: &str) -> Vec<&'text str> {
    const JOINING: &[&str] =
        &["combine", "concat", "join", "together", "execute", "perform", "carry out", "+", "append"];
    let text = text.get(..text.floor_char_boundary(LONGEST_ROW)).unwrap_or_default();
    let quotes = text.bytes().filter(|byte| matches!(byte, b'"' | b'\'')).take(4).count();
    if quotes < 4 || !JOINING.iter().any(|word| lower.contains(word)) {
        return Vec::new();
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['"', '\'']) {
        let quote = if rest.as_bytes().get(open) == Some(&b'"') { '"' } else { '\'' };
        // An apostrophe stands in a word.
        let in_word = rest.get(..open).is_some_and(|before| before.ends_with(char::is_alphanumeric));
        rest = rest.get(open + 1..).unwrap_or_default();
        if in_word {
            continue;
        }
        let Some(close) = rest.find(quote) else { break };
        parts.extend(rest.get(..close));
        rest = rest.get(close + 1..).unwrap_or_default();
        if parts.len() == MOST_PARTS {
            break;
        }
    }
    if parts.len() < 2 { Vec::new() } else { parts }
}

/// The fewest escapes that make a text an encoded one.
const FEWEST_ESCAPES: usize = 3;

/// What `text` says with its escapes undone, if it has some: percent (RFC 3986 §2.1), `\\u` and `\\x` of programming
/// languages, and numeric references of HTML.
pub(super) fn unescaped(text: &str) -> Option<String> {
    memchr::memchr3(b'%', b'\\', b'&', text.as_bytes())?;
    let mut plain = String::new();
    let mut escapes = 0;
    let mut rest = text.get(..text.floor_char_boundary(LONGEST_ROW))?;
    while let Some(at) = memchr::memchr3(b'%', b'\\', b'&', rest.as_bytes()) {
        plain.push_str(rest.get(..at)?);
        rest = rest.get(at..)?;
        let (letter, length) = match escape(rest) {
            Some((letter, length)) => {
                escapes += 1;
                (letter, length)
            }
            None => (rest.chars().next()?, 1),
        };
        plain.push(letter);
        rest = rest.get(length..)?;
    }
    plain.push_str(rest);
    (escapes >= FEWEST_ESCAPES).then_some(plain)
}

/// The printable ASCII character that an escape stands for, and the escape's length.
fn escape(rest: &str) -> Option<(char, usize)> {
    let (digits, radix, length) = match rest.as_bytes() {
        [b'%', ..] => (rest.get(1..3)?, 16, 3),
        [b'\\', b'u', ..] => (rest.get(2..6)?, 16, 6),
        [b'\\', b'x', ..] => (rest.get(2..4)?, 16, 4),
        [b'&', b'#', ..] => {
            let end = rest.bytes().take(8).position(|byte| byte == b';')?;
            match rest.get(2..end)? {
                digits if digits.starts_with(['x', 'X']) => (digits.get(1..)?, 16, end + 1),
                digits => (digits, 10, end + 1),
            }
        }
        _ => return None,
    };
    let letter = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
    matches!(letter, ' '..='~').then_some((letter, length))
}

/// `text` with each letter thirteen further on, if it speaks of such ciphers.
pub(super) fn rotated(text: &str, lower: &str) -> Option<String> {
    const NAMES: &[&str] = &["rot13", "rot-13", "rot 13", "caesar", "cipher"];
    let bytes = lower.as_bytes();
    let speaks = |at: usize| {
        bytes.get(at..).is_some_and(|rest| NAMES.iter().any(|name| rest.starts_with(name.as_bytes())))
    };
    memchr::memchr2_iter(b'r', b'c', bytes).any(speaks).then_some(())?;
    let turn = |letter: char| match letter {
        'a'..='m' | 'A'..='M' => char::from_u32(u32::from(letter) + 13).unwrap_or(letter),
        'n'..='z' | 'N'..='Z' => char::from_u32(u32::from(letter) - 13).unwrap_or(letter),
        _ => letter,
    };
    Some(text.chars().take(LONGEST_ROW).map(turn).collect())
}

/// Orders that only a machine would read: in comments of markup, and in elements that are not shown.
pub(super) fn unseen_markup(lower: &str) -> Option<Rule> {
    const MARKS: &[&str] = &[
        "<!--",
        "display:none",
        "display: none",
        "font-size:0",
        "font-size: 0",
        "visibility:hidden",
        "color:white",
        "color:#fff",
        "white text",
        "opacity:0",
    ];
    MARKS.iter().any(|mark| lower.contains(mark)).then_some(Rule::HiddenText)
}
