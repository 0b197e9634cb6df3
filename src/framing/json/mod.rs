//! JSON text as spans: where the members of an object lie, without building a tree.
//!
//! [`members`], [`members_of`] and [`elements_of`] check a whole text against RFC 8259 and report each member
//! or element as a [`Span`], so that a caller can read three fields of a request, replace one of them in place
//! and leave every other byte as the client wrote it. [`Finder`] picks a few members out of a text that
//! arrives in chunks.
//!
//! Promises: time is linear in the text, whatever the text; nothing recurses; nothing is allocated per member
//! unless its key contains an escape; an [`Error`] never repeats the input.
//!
//! Deliberate limits: containers nest at most [`DEPTH_LIMIT`] deep, and a byte order mark is refused
//! (RFC 8259 §8.1 lets a parser do either). Repeated keys are all reported, because only the caller knows
//! whether to refuse them. Nothing here knows what a member means.

mod finder;
mod key;
mod scan;
mod walk;
mod words;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

pub use finder::Finder;
pub use key::Key;
use scan::Scanner;
pub use walk::{Token, walk};

/// How deep containers may nest, the outermost one included.
///
/// RFC 8259 §9 lets a parser choose. No chat request comes near it, and what reads the values afterwards may
/// recurse on a WebAssembly stack.
pub const DEPTH_LIMIT: u32 = 128;

/// A range of bytes in a text: `start` is the first, `end` is one past the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The offset of the first byte.
    pub start: usize,
    /// The offset after the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes of `text` at this span; empty when the span does not lie inside `text`.
    pub fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// What sort of value a span holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`
    Null,
}

/// One member of an object.
#[derive(Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// The key with its escapes decoded.
    pub key: Key<'a>,
    /// The key as written, quotes included.
    pub key_span: Span,
    /// The value as written, without the whitespace around it.
    pub value: Span,
    /// What sort of value it is.
    pub kind: Kind,
}

/// Why a text was refused, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// The offset in the text, in bytes.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The text ends inside a value, or holds none.
    UnexpectedEnd,
    /// A value must begin here.
    ExpectedValue,
    /// A key must begin here.
    ExpectedKey,
    /// A colon must follow a key.
    ExpectedColon,
    /// A comma or the closing brace must follow a member.
    ExpectedCommaOrBrace,
    /// A comma or the closing bracket must follow an element.
    ExpectedCommaOrBracket,
    /// The text is not UTF-8.
    InvalidUtf8,
    /// A string holds a control character that is not escaped.
    ControlCharacter,
    /// A backslash begins no escape of RFC 8259 §7.
    InvalidEscape,
    /// A number is not of the form of RFC 8259 §6.
    InvalidNumber,
    /// Containers nest deeper than [`DEPTH_LIMIT`].
    TooDeep,
    /// The value is not an object.
    NotAnObject,
    /// The value is not an array.
    NotAnArray,
    /// Something follows the value.
    TrailingBytes,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::UnexpectedEnd => "unexpected end of JSON",
            Self::ExpectedValue => "expected a value",
            Self::ExpectedKey => "expected a member name in double quotes",
            Self::ExpectedColon => "expected ':'",
            Self::ExpectedCommaOrBrace => "expected ',' or '}'",
            Self::ExpectedCommaOrBracket => "expected ',' or ']'",
            Self::InvalidUtf8 => "invalid UTF-8",
            Self::ControlCharacter => "unescaped control character in a string",
            Self::InvalidEscape => "invalid escape in a string",
            Self::InvalidNumber => "invalid number",
            Self::TooDeep => return write!(formatter, "more than {DEPTH_LIMIT} nested containers"),
            Self::NotAnObject => "expected an object",
            Self::NotAnArray => "expected an array",
            Self::TrailingBytes => "unexpected text after the JSON value",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at byte {}", self.problem, self.offset)
    }
}

impl std::error::Error for Error {}

/// Reads `text`, which must be one object with nothing but whitespace around it, and calls `each` for each of
/// its members in order. Returns the span of the object, braces included.
///
/// # Errors
///
/// The first fault anywhere in the text, nested values included. `each` may have been called for the members
/// before it.
pub fn members<'a>(text: &'a [u8], each: impl FnMut(Member<'a>)) -> Result<Span, Error> {
    read_members(scanner_of(text)?, each)
}

/// Reads `text` as [`members`] does, and calls `each` also for the members of those members that are objects: before the
/// object itself, with its key. One pass, where an object of objects would take one for each. [`DEPTH_LIMIT`] counts from
/// the object that a member is in.
///
/// # Errors
///
/// As for [`members`].
pub fn members_and_theirs<'a>(
    text: &'a [u8],
    mut each: impl FnMut(Option<&Key<'a>>, Member<'a>),
) -> Result<Span, Error> {
    let mut scanner = scanner_of(text)?;
    let span = read_object(&mut scanner, |scanner, key_span, key| {
        let (value, kind) = if scanner.is_at(b'{') {
            let span = read_object(scanner, |scanner, key_span, inner| {
                let (value, kind) = scanner.value()?;
                each(Some(&key), Member { key: inner, key_span, value, kind });
                Ok(())
            })?;
            (span, Kind::Object)
        } else {
            scanner.value()?
        };
        each(None, Member { key, key_span, value, kind });
        Ok(())
    })?;
    scanner.finish()?;
    Ok(span)
}

/// A scanner at the start of a text, which is checked to be UTF-8.
fn scanner_of(text: &[u8]) -> Result<Scanner<'_>, Error> {
    if !words::is_ascii(text)
        && let Err(error) = std::str::from_utf8(text)
    {
        return Err(Error { offset: error.valid_up_to(), problem: Problem::InvalidUtf8 });
    }
    let mut scanner = Scanner::of_utf8(text);
    scanner.skip_whitespace();
    Ok(scanner)
}

/// Reads the object at `span` as [`members`] reads a whole text, which it is a part of: UTF-8 is checked again
/// only where it is decoded. All spans and offsets count from the start of `text`; [`DEPTH_LIMIT`] counts from
/// `span`. Costs time for the bytes of the span only.
///
/// # Errors
///
/// As for [`members`].
pub fn members_of<'a>(text: &'a [u8], span: Span, each: impl FnMut(Member<'a>)) -> Result<Span, Error> {
    let mut scanner = Scanner::new(text, span);
    scanner.skip_whitespace();
    read_members(scanner, each)
}

fn read_members<'a>(mut scanner: Scanner<'a>, mut each: impl FnMut(Member<'a>)) -> Result<Span, Error> {
    let span = read_object(&mut scanner, |scanner, key_span, key| {
        let (value, kind) = scanner.value()?;
        each(Member { key, key_span, value, kind });
        Ok(())
    })?;
    scanner.finish()?;
    Ok(span)
}

/// Takes an object, whose values `value` takes.
#[inline(always)]
fn read_object<'a>(
    scanner: &mut Scanner<'a>,
    mut value: impl FnMut(&mut Scanner<'a>, Span, Key<'a>) -> Result<(), Error>,
) -> Result<Span, Error> {
    let start = scanner.offset();
    scanner.open(b'{', Problem::NotAnObject)?;
    if !scanner.close_empty(b'}') {
        loop {
            let (key_span, key) = scanner.key()?;
            value(scanner, key_span, key)?;
            if !scanner.comma_or_close(b'}', Problem::ExpectedCommaOrBrace)? {
                break;
            }
        }
    }
    Ok(Span { start, end: scanner.offset() })
}

/// Reads the array at `span` and calls `each` with the span and kind of each element in order. Returns the
/// span of the array, brackets included. Offsets and limits are those of [`members_of`].
///
/// # Errors
///
/// The first fault anywhere in the span, nested values included.
pub fn elements_of(text: &[u8], span: Span, mut each: impl FnMut(Span, Kind)) -> Result<Span, Error> {
    let mut scanner = Scanner::new(text, span);
    scanner.skip_whitespace();
    let start = scanner.offset();
    scanner.open(b'[', Problem::NotAnArray)?;
    if !scanner.close_empty(b']') {
        loop {
            let (value, kind) = scanner.value()?;
            each(value, kind);
            if !scanner.comma_or_close(b']', Problem::ExpectedCommaOrBracket)? {
                break;
            }
        }
    }
    let end = scanner.offset();
    scanner.finish()?;
    Ok(Span { start, end })
}

/// The decoded string at `span`, or `None` when no valid string token lies exactly there.
///
/// Borrowed when it has no escapes. An escaped surrogate without its other half becomes U+FFFD
/// (RFC 8259 §8.2 leaves it open).
pub fn string(text: &[u8], span: Span) -> Option<Cow<'_, str>> {
    let mut scanner = Scanner::new(text, span);
    let decoded = scanner.string().ok()?;
    scanner.at_end().then_some(decoded)
}

/// The whole number at `span`, or `None` when no number token lies exactly there or it is negative, above
/// `u64::MAX` or not whole. `12.0` and `1e3` are whole, as they are in JSON Schema.
pub fn unsigned(text: &[u8], span: Span) -> Option<u64> {
    match span.of(text) {
        // As almost all are written; so many digits always fit.
        digits @ ([b'0'..=b'9'] | [b'1'..=b'9', ..]) if digits.len() < 20 && is_digits(digits) => {
            Some(digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
        }
        _ => unusual_unsigned(text, span),
    }
}

fn is_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

fn unusual_unsigned(text: &[u8], span: Span) -> Option<u64> {
    let mut scanner = Scanner::new(text, span);
    scanner.number().ok()?;
    if !scanner.at_end() {
        return None;
    }
    let (mantissa, exponent) = split_once(span.of(text), |byte| matches!(byte, b'e' | b'E'));
    let (whole, fraction) = split_once(mantissa, |byte| byte == b'.');
    if whole.starts_with(b"-") {
        return None;
    }
    // The value is all digits, read as one whole number, times ten to this power.
    let power = exponent_value(exponent).saturating_sub_unsigned(fraction.len() as u64);
    let dropped = usize::try_from(power.min(0).unsigned_abs()).unwrap_or(usize::MAX);
    let kept = (whole.len() + fraction.len()).saturating_sub(dropped);
    let mut digits = whole.iter().chain(fraction);
    let mut value = 0_u64;
    for digit in digits.by_ref().take(kept) {
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    if digits.any(|digit| *digit != b'0') {
        return None;
    }
    if value == 0 {
        return Some(0);
    }
    value.checked_mul(10_u64.checked_pow(u32::try_from(power.max(0)).ok()?)?)
}

/// The value of the digits after `e`, as far as it fits: beyond that only zero is a whole number that fits.
fn exponent_value(exponent: &[u8]) -> i64 {
    let (sign, digits) = match exponent {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        digits => (1, digits),
    };
    let add = |sum: i64, digit: &u8| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
    sign * digits.iter().fold(0, add)
}

/// The bytes before and after the first one that `is_separator` accepts; all and none without one.
fn split_once(bytes: &[u8], is_separator: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let at = bytes.iter().position(|byte| is_separator(*byte));
    match at.and_then(|at| split_around(bytes, at)) {
        Some((before, _, after)) => (before, after),
        None => (bytes, &[]),
    }
}

/// Appends a number to `out`, without the ways through a formatter, which knows widths and signs.
pub fn write_unsigned(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0; 20];
    let (mut rest, mut length) = (value, 0);
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        length += 1;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - length..).unwrap_or_default());
}

/// Appends `text` to `out` as a JSON string, quotes included. Escapes only what RFC 8259 §7 requires.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    out.push(b'"');
    while let Some((plain, special, after)) =
        words::find::<words::QuoteBackslashOrControl>(rest).and_then(|at| split_around(rest, at))
    {
        out.extend_from_slice(plain);
        match special {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', special]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                // Below 0x20, so the first digit is 0 or 1.
                let low = control & 0x0f;
                let digit = if low < 10 { b'0' + low } else { b'a' + low - 10 };
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' + (control >> 4), digit]);
            }
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn split_around(bytes: &[u8], at: usize) -> Option<(&[u8], u8, &[u8])> {
    let (before, from) = bytes.split_at_checked(at)?;
    let (&byte, after) = from.split_first()?;
    Some((before, byte, after))
}
