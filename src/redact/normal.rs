//! Text as it is meant: hidden characters gone, look-alike digits, letters and marks as ASCII, escapes resolved.
//!
//! A text that needs none of that is not copied. Else every place of the new text leads back to the old one. Only
//! what hides values is changed; this is not one of Unicode's normalisation forms.

use std::borrow::Cow;

use super::skip;
use super::soft_break;
use super::spelled;
use super::way::Way;

/// A text to be searched, and the way back to where it came from.
pub(crate) struct Normal<'a> {
    /// The text without disguises.
    pub(crate) text: Cow<'a, str>,
    /// For each change: the place in the new text, and in the old one, from which on both run together.
    steps: Vec<(usize, usize)>,
}

impl Normal<'_> {
    /// The way back to the original.
    pub(crate) fn way(&self) -> Way<'_> {
        Way::new(&self.steps)
    }
}

/// What stands for one or more characters of the original.
enum Change {
    /// The characters, and the bytes they replace.
    Text(char, usize),
    /// The same, and the spaces before go too.
    Joint(char, usize),
    /// Nothing stands for so many bytes.
    Gone(usize),
}

/// Removes what hides values.
pub(crate) fn normalise(text: &str) -> Normal<'_> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut steps = Vec::new();
    let (mut at, mut copied) = (0, 0);
    let spelled = memchr::memmem::find(bytes, b" dot ").is_some()
        || memchr::memmem::find(bytes, b" DOT ").is_some()
        || spelled::is_in(bytes);
    let suspect = if spelled { next_suspect_or_space } else { next_suspect };
    while let Some(found) = suspect(bytes, at) {
        let Some(change) = change(text, found) else {
            at = text.ceil_char_boundary(found + 1);
            continue;
        };
        if out.capacity() == 0 {
            out.reserve(text.len());
        }
        let before = text.get(copied..found).unwrap_or_default();
        let joint = matches!(change, Change::Joint(..));
        let before = if joint { before.trim_end_matches(' ') } else { before };
        out.push_str(before);
        let length = match change {
            Change::Text(character, length) | Change::Joint(character, length) => {
                // The place of the new character is that of the old ones, and after it both go on.
                steps.push((out.len(), copied + before.len()));
                out.push(character);
                length
            }
            Change::Gone(length) => {
                steps.push((out.len(), found));
                length
            }
        };
        at = found + length;
        copied = at;
        steps.push((out.len(), at));
    }
    if steps.is_empty() {
        return Normal { text: Cow::Borrowed(text), steps };
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Normal { text: Cow::Owned(out), steps }
}

/// The first bytes of what may be changed: the marks of escapes and brackets, and the leads of code points that hide
/// or imitate.
static SUSPECTS: [bool; 256] = {
    let mut suspects = [false; 256];
    let mut byte = 0_u8;
    loop {
        #[expect(clippy::indexing_slicing, reason = "a byte indexes 256 places, at compile time")]
        {
            suspects[byte as usize] = is_mark(byte)
                || matches!(byte, 0xC2 | 0xCC..=0xD2 | 0xD8..=0xDB | 0xDF..=0xE3 | 0xEA | 0xEF..=0xF4);
        }
        if byte == u8::MAX {
            break suspects;
        }
        byte += 1;
    }
};

/// Without a branch, for [`skip::next`].
const fn is_mark(byte: u8) -> bool {
    let escape = (byte == b'&') | (byte == b'%') | (byte == b'=') | (byte == b'\\');
    let bracket = (byte == b'[') | (byte == b'(') | (byte == b'{') | (byte == b'<');
    escape | bracket | (byte == b'*')
}

fn is_suspect(byte: u8) -> bool {
    SUSPECTS.get(usize::from(byte)).copied().unwrap_or(false)
}

fn next_suspect(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = skip::next(bytes, at, |byte, _| is_mark(byte) | !byte.is_ascii())?;
        // The other bytes of a character are none, and those of some scripts not either.
        let rest = bytes.get(at..)?;
        let plain = rest.iter().take_while(|byte| !byte.is_ascii() && !is_suspect(**byte)).count();
        if plain == 0 {
            return Some(at);
        }
        at += plain;
    }
}

/// The same in a text that spells its full stops, where words between spaces may stand for marks.
fn next_suspect_or_space(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?.iter();
        at += rest.into_iter().position(|byte| *byte == b' ' || is_suspect(*byte))?;
        let Some([b' ', first, second, ..]) = bytes.get(at..) else { return Some(at) };
        if spelled::may_begin(*first, *second) {
            return Some(at);
        }
        at += 1;
    }
}

fn change(text: &str, at: usize) -> Option<Change> {
    let rest = text.get(at..)?;
    let bytes = rest.as_bytes();
    match *bytes.first()? {
        b'&' => entity(rest),
        b'%' => {
            // What is escaped twice is escaped.
            let twice = bytes.starts_with(b"%25")
                && rest.get(3..5).is_some_and(|digits| hexadecimal(digits).is_some());
            let from = if twice { 3 } else { 1 };
            let value = hexadecimal(rest.get(from..from + 2)?)?;
            let character = char::from_u32(value).filter(|character| matches!(character, ' '..='~'))?;
            Some(Change::Text(character, from + 2))
        }
        // A line that goes on (RFC 2045 §6.7).
        b'=' => {
            let length = if bytes.starts_with(b"=\r\n") { 3 } else { 2 };
            let breaks = bytes.starts_with(b"=\r\n") || bytes.starts_with(b"=\n");
            (breaks && soft_break::is_at(text, at, bytes.get(length..)?)).then_some(Change::Gone(length))
        }
        // Emphasis beside a digit.
        b'*' => {
            let length = bytes.iter().take_while(|byte| **byte == b'*').count();
            let inside = |character: Option<char>| {
                character.is_some_and(|character| character.is_ascii_alphanumeric())
            };
            let digit =
                |character: Option<char>| character.is_some_and(|character| character.is_ascii_digit());
            let (before, after) = (text.get(..at)?.chars().next_back(), rest.get(length..)?.chars().next());
            let beside = inside(before) != inside(after) && (digit(before) || digit(after));
            (length == 2 && beside).then_some(Change::Gone(length))
        }
        b'<' => inline_tag(text, at, rest).or_else(|| bracketed(text, at, rest)),
        b'\\' if is_path(text.as_bytes(), at) => None,
        b'\\' => escape(rest),
        b' ' => spelled::mark(text, at, rest).map(|(mark, length)| Change::Text(mark, length)),
        b'[' | b'(' | b'{' => bracketed(text, at, rest),
        _ => {
            let character = rest.chars().next()?;
            let length = character.len_utf8();
            // Marks over digits and what stands between them, as in struck-out numbers, hide them.
            if matches!(character, '\u{300}'..='\u{36f}') {
                let before =
                    text.get(at.saturating_sub(16)..at).unwrap_or_else(|| text.get(..at).unwrap_or_default());
                let base = before.trim_end_matches(|mark| matches!(mark, '\u{300}'..='\u{36f}'));
                return base
                    .ends_with(|base: char| base.is_ascii() && !base.is_ascii_lowercase())
                    .then_some(Change::Gone(length));
            }
            match plain(character)? {
                '\0' => Some(Change::Gone(length)),
                letter if letter.is_ascii_alphabetic() && is_look_alike(character) => {
                    is_among_ascii(text, at, length).then_some(Change::Text(letter, length))
                }
                other => Some(Change::Text(other, length)),
            }
        }
    }
}

/// Whether the stroke at `at` divides names of Windows: in `\\\\host` at the beginning of a word, and in `CORP\\reports`, where a
/// carriage return would be, which without a line feed is rare.
fn is_path(bytes: &[u8], at: usize) -> bool {
    let byte = |at: Option<usize>| at.and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
    let begins = |at: usize| matches!(byte(at.checked_sub(1)), b' ' | b'\n' | b'\t' | b'"' | b'\'' | b'`');
    let second = byte(at.checked_sub(1)) == b'\\' && at.checked_sub(1).is_some_and(begins);
    let share = second && byte(Some(at + 1)) != b'u';
    share || byte(Some(at + 1)) == b'r' && byte(Some(at + 2)).is_ascii_alphabetic()
}

/// A tag of HTML beside a digit that only changes how text looks, as in `<b>4111</b> 1111`.
fn inline_tag(text: &str, at: usize, rest: &str) -> Option<Change> {
    const TAGS: [&str; 14] =
        ["b", "i", "u", "s", "em", "strong", "span", "font", "mark", "small", "code", "wbr", "sub", "sup"];
    let end = rest.bytes().take(80).position(|byte| byte == b'>')?;
    let inner = rest.get(1..end)?.trim_start_matches('/');
    let length = inner.bytes().take_while(u8::is_ascii_alphabetic).count();
    let name = inner.get(..length)?;
    TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(name)).then_some(())?;
    let digit = |character: Option<char>| character.is_some_and(|character| character.is_ascii_digit());
    let before = text.get(..at)?.chars().next_back();
    let beside = digit(before) || before == Some('>') || digit(rest.get(end + 1..)?.chars().next());
    beside.then_some(Change::Gone(end + 1))
}

fn hexadecimal(digits: &str) -> Option<u32> {
    let proper = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    proper.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

/// A character for a code point: itself when it is printable ASCII, what it stands for when it hides or imitates.
fn stand_in(value: u32, length: usize) -> Option<Change> {
    let character = char::from_u32(value)?;
    match plain(character) {
        Some('\0') => Some(Change::Gone(length)),
        Some(other) => Some(Change::Text(other, length)),
        None if character.is_ascii_graphic() || character == ' ' => Some(Change::Text(character, length)),
        None if character.is_ascii_control() => Some(Change::Text(' ', length)),
        None => Some(Change::Text(character, length)),
    }
}

/// HTML character references: numbers, and the names of marks in addresses and numbers.
fn entity(rest: &str) -> Option<Change> {
    // `&amp;#52;` is a reference that was escaped itself.
    let skipped = if rest.starts_with("&amp;#") { "&amp".len() } else { 0 };
    let end = skipped + 1 + rest.bytes().skip(skipped + 1).take(12).position(|byte| byte == b';')?;
    let name = rest.get(skipped + 1..end)?;
    if let Some(number) = name.strip_prefix('#') {
        let value = match number.strip_prefix(['x', 'X']) {
            Some(digits) => hexadecimal(digits)?,
            None => number.parse().ok()?,
        };
        return stand_in(value, end + 1);
    }
    let character = match name {
        "commat" => '@',
        "period" => '.',
        "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
        "hyphen" | "dash" | "ndash" | "mdash" => '-',
        "plus" => '+',
        "lpar" => '(',
        "rpar" => ')',
        "sol" => '/',
        "colon" => ':',
        "lowbar" => '_',
        "amp" => '&',
        "quot" | "apos" => '"',
        "lt" => '<',
        "gt" => '>',
        "shy" | "zwnj" | "zwj" | "lrm" | "rlm" => return Some(Change::Gone(end + 1)),
        _ => return None,
    };
    Some(Change::Text(character, end + 1))
}

/// Escapes of JSON and programming languages: `\u0040`, `\x40`, `\n`.
fn escape(rest: &str) -> Option<Change> {
    let bytes = rest.as_bytes();
    match *bytes.get(1)? {
        b'u' if bytes.get(2) == Some(&b'{') => {
            let end = rest.bytes().take(10).position(|byte| byte == b'}')?;
            stand_in(hexadecimal(rest.get(3..end)?)?, end + 1)
        }
        b'u' => stand_in(hexadecimal(rest.get(2..6)?)?, 6),
        // Escaped once more, as a string in a string is.
        b'\\' if bytes.get(2) == Some(&b'u') => stand_in(hexadecimal(rest.get(3..7)?)?, 7),
        b'x' => stand_in(hexadecimal(rest.get(2..4)?)?, 4),
        b'n' | b'r' => Some(Change::Text('\n', 2)),
        b't' => Some(Change::Text(' ', 2)),
        b'"' | b'\'' => Some(Change::Text('"', 2)),
        b'/' => Some(Change::Text('/', 2)),
        _ => None,
    }
}

/// `[at]`, `(dot)` and the like, with the spaces around.
fn bracketed(text: &str, at: usize, rest: &str) -> Option<Change> {
    let end = rest.bytes().take(12).position(|byte| b"])}>".contains(&byte))?;
    let name = rest.get(1..end)?.trim();
    const AT: [&str; 7] = ["at", "@", "arobase", "arroba", "chiocciola", "bei", "ät"];
    const DOT: [&str; 8] = ["dot", ".", "punkt", "punto", "point", "ponto", "punt", "kropka"];
    const DASH: [&str; 4] = ["dash", "-", "hyphen", "minus"];
    let is = |names: &[&str]| names.iter().any(|own| name.eq_ignore_ascii_case(own));
    let character = if is(&AT) {
        '@'
    } else if is(&DOT) {
        '.'
    } else if is(&DASH) {
        '-'
    } else {
        return None;
    };
    let before = text.get(..at)?;
    let after = rest.get(end + 1..)?;
    let joins = before.trim_end_matches(' ').ends_with(char::is_alphanumeric)
        && after.trim_start_matches(' ').starts_with(char::is_alphanumeric);
    let spaces = after.len() - after.trim_start_matches(' ').len();
    (joins && spaces <= 2).then_some(Change::Joint(character, end + 1 + spaces))
}

/// What a character stands for: NUL for nothing, `None` for itself.
fn plain(character: char) -> Option<char> {
    let code = character as u32;
    let digit = |first: u32| char::from_digit(code - first, 10);
    Some(match character {
        // Soft hyphen, zero-width characters and joiners, bidi controls, variation selectors, tags.
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0000}'..='\u{e007f}'
        | '\u{20e3}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{3164}'
        | '\u{ffa0}' => '\0',
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{30fc}' if code != 0x30fc => '-',
        '\u{2024}' | '\u{ff61}' => '.',
        '\u{fe6b}' => '@',
        '\u{2044}' | '\u{2215}' => '/',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(code - 0xfee0)?,
        '\u{b9}' => '1',
        '\u{b2}' | '\u{b3}' => char::from_digit(code - 0xb0, 10)?,
        '\u{2070}' | '\u{2074}'..='\u{2079}' => digit(0x2070)?,
        '\u{2080}'..='\u{2089}' => digit(0x2080)?,
        '\u{2460}'..='\u{2468}' => digit(0x245f)?,
        '\u{24ea}' => '0',
        '\u{2776}'..='\u{277e}' => digit(0x2775)?,
        '\u{660}'..='\u{669}' => digit(0x660)?,
        '\u{6f0}'..='\u{6f9}' => digit(0x6f0)?,
        '\u{7c0}'..='\u{7c9}' => digit(0x7c0)?,
        '\u{966}'..='\u{96f}' => digit(0x966)?,
        '\u{9e6}'..='\u{9ef}' => digit(0x9e6)?,
        '\u{a66}'..='\u{a6f}' => digit(0xa66)?,
        '\u{ae6}'..='\u{aef}' => digit(0xae6)?,
        '\u{b66}'..='\u{b6f}' => digit(0xb66)?,
        '\u{be6}'..='\u{bef}' => digit(0xbe6)?,
        '\u{c66}'..='\u{c6f}' => digit(0xc66)?,
        '\u{ce6}'..='\u{cef}' => digit(0xce6)?,
        '\u{d66}'..='\u{d6f}' => digit(0xd66)?,
        '\u{e50}'..='\u{e59}' => digit(0xe50)?,
        '\u{ed0}'..='\u{ed9}' => digit(0xed0)?,
        '\u{f20}'..='\u{f29}' => digit(0xf20)?,
        '\u{1040}'..='\u{1049}' => digit(0x1040)?,
        '\u{17e0}'..='\u{17e9}' => digit(0x17e0)?,
        '\u{1d7ce}'..='\u{1d7ff}' => char::from_digit((code - 0x1d7ce) % 10, 10)?,
        '\u{1fbf0}'..='\u{1fbf9}' => digit(0x1fbf0)?,
        '\u{1d400}'..='\u{1d6a3}' => {
            let place = (code - 0x1d400) % 52;
            char::from_u32(if place < 26 { 0x41 + place } else { 0x61 + place - 26 })?
        }
        '\u{24b6}'..='\u{24cf}' => char::from_u32(code - 0x24b6 + 0x41)?,
        '\u{24d0}'..='\u{24e9}' => char::from_u32(code - 0x24d0 + 0x61)?,
        _ => return look_alike(character),
    })
}

fn is_look_alike(character: char) -> bool {
    look_alike(character).is_some()
}

/// Letters of other scripts that look like Latin ones (Unicode's confusables, those in common use).
fn look_alike(character: char) -> Option<char> {
    Some(match character {
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'С' => 'C',
        'Е' | 'Ε' => 'E',
        'Н' | 'Η' => 'H',
        'І' | 'Ι' => 'I',
        'Ј' => 'J',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'О' | 'Ο' => 'O',
        'Р' | 'Ρ' => 'P',
        'Ԛ' => 'Q',
        'Ѕ' => 'S',
        'Т' | 'Τ' => 'T',
        'Ԝ' => 'W',
        'Х' | 'Χ' => 'X',
        'У' | 'Υ' | 'Ү' => 'Y',
        'Ζ' => 'Z',
        'а' | 'α' | 'ɑ' => 'a',
        'с' => 'c',
        'ԁ' => 'd',
        'е' => 'e',
        'ɡ' => 'g',
        'һ' => 'h',
        'і' => 'i',
        'ј' => 'j',
        'ӏ' | 'լ' => 'l',
        'ո' => 'n',
        'о' | 'ο' | 'օ' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' => 's',
        'υ' | 'ս' => 'u',
        'ν' => 'v',
        'ԝ' => 'w',
        'х' => 'x',
        'у' => 'y',
        _ => return None,
    })
}

/// Whether the word around a character is otherwise made of ASCII letters and digits: then a letter of another
/// script in it is a disguise.
fn is_among_ascii(text: &str, at: usize, length: usize) -> bool {
    let word = |character: &char| match *character {
        '\u{400}'..='\u{481}' | '@' | '.' | '-' => true,
        other => other.is_alphanumeric(),
    };
    let before = text.get(..at).unwrap_or_default().chars().rev().take(24).take_while(word);
    let after = text.get(at + length..).unwrap_or_default().chars().take(24).take_while(word);
    let mut ascii = false;
    for character in before.chain(after) {
        if character.is_ascii_alphanumeric() {
            ascii = true;
        } else if !character.is_ascii() && !is_look_alike(character) {
            return false;
        }
    }
    ascii
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn disguises_go() {
        for (disguised, meant) in [
            ("4111\u{200b}1111", "41111111"),
            ("４１１１－１１", "4111-11"),
            ("j\u{43e}hn＠ex.com", "john@ex.com"),
            ("john&#64;ex&period;com", "john@ex.com"),
            ("john%40ex.com", "john@ex.com"),
            (r"john\u0040ex.com\n", "john@ex.com\n"),
            ("john [at] ex (dot) com", "john@ex.com"),
            ("john at ex dot com", "john@ex.com"),
            ("hans punkt k klammeraffe post punkt de", "hans.k@post.de"),
            ("luisa arroba correo punto es", "luisa@correo.es"),
            ("4%2531", "41"),
            ("4&amp;#49;1", "411"),
            (r"4\\u00311", "411"),
            ("41=\n11", "4111"),
            ("41=\r\n11", "4111"),
            ("card **4111** 11", "card 4111 11"),
            ("<b>41</b>11 <span class=\"x\">2</span>", "4111 2"),
            ("4\u{336}1\u{336} \u{336}2", "41 2"),
            ("41<b></b> 2", "41 2"),
            ("١٢٣ ๔๕", "123 45"),
            ("𝟏𝟐𝟑", "123"),
        ] {
            assert_eq!(normalise(disguised).text, meant, "{disguised}");
        }
        for same in [
            "Привет, мир",
            "f(a) [b] 100% &amp",
            "身份证 ok",
            "naïve café",
            "C:\\dir",
            "2**10",
            "**b** x",
            "<td>4</td>",
            "x=1",
            // Padding behind more than a line of quoted-printable has, and assignments of nothing.
            "AWS_ACCESS_KEY_ID=\nAKIAQ3EGRTXW5PLMBN7K",
            "card_number=\r\n4111 1111 1111 1111",
            "  export token=\nsk-1",
            "curl --token=\nsk-1",
            "https://x.example/?token=\nsk-1",
            "set API_KEY=\nsk-1",
            "the variable DB_PASSWORD=\n4111",
            "$env:token=\n4111",
            "x=\n\n4111",
            "token = x=\n\"4111\"",
            "un punto de vista",
            "ne\u{301}e",
        ] {
            assert_eq!(normalise(same).text, same);
        }
    }

    #[test]
    fn places_lead_back() {
        let text = "tel ４１\u{200b}１ x";
        let normal = normalise(text);
        let start = normal.text.find("411").unwrap();
        let (from, to) = normal.way().original(start, start + 3);
        assert_eq!(&text[from..to], "４１\u{200b}１");
    }
}
