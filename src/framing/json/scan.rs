//! The tokens of one JSON text, and whole values as spans.
//!
//! Checks the grammar of RFC 8259 without recursion. Knows nothing of the caller's choice of members.

use std::borrow::Cow;

use super::{DEPTH_LIMIT, Error, Key, Kind, Problem, Span, words};

/// A reader over the bytes of one span.
///
/// The work is in [`Scanner::after_container`], which owns its copy and has every step inlined, so that the
/// position stays in a register: through a reference, arrays of numbers took a third longer in WebAssembly.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where `bytes` begins in the whole text.
    base: usize,
    /// Whether `bytes` are known to be UTF-8.
    is_utf8: bool,
}

impl<'a> Scanner<'a> {
    /// Begins at the start of `span`.
    pub(super) fn new(text: &'a [u8], span: Span) -> Self {
        Self { bytes: span.of(text), at: 0, base: span.start, is_utf8: false }
    }

    /// Begins at the start of a text that is known to be UTF-8.
    pub(super) const fn of_utf8(text: &'a [u8]) -> Self {
        Self { bytes: text, at: 0, base: 0, is_utf8: true }
    }

    /// Where the scanner stands in the whole text.
    #[inline(always)]
    pub(super) fn offset(&self) -> usize {
        self.base + self.at
    }

    #[inline(always)]
    pub(super) fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    #[inline(always)]
    pub(super) fn skip_whitespace(&mut self) {
        let mut at = self.at;
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(at) {
            at += 1;
        }
        self.at = at;
    }

    /// Takes the opening byte of a container and the whitespace after it.
    pub(super) fn open(&mut self, bracket: u8, otherwise: Problem) -> Result<(), Error> {
        if self.peek() != Some(bracket) {
            return Err(self.expected(otherwise));
        }
        self.at += 1;
        self.skip_whitespace();
        Ok(())
    }

    /// Whether a byte is next.
    pub(super) fn is_at(&self, byte: u8) -> bool {
        self.peek() == Some(byte)
    }

    /// Takes the closing byte of a container without content, when it is next.
    #[inline(always)]
    pub(super) fn close_empty(&mut self, bracket: u8) -> bool {
        let closes = self.peek() == Some(bracket);
        self.at += usize::from(closes);
        closes
    }

    /// Takes what follows a member or element: true for a comma and the whitespace after it, false for the
    /// closing byte.
    #[inline(always)]
    pub(super) fn comma_or_close(&mut self, bracket: u8, otherwise: Problem) -> Result<bool, Error> {
        self.skip_whitespace();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.skip_whitespace();
                Ok(true)
            }
            Some(byte) if byte == bracket => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.expected(otherwise)),
        }
    }

    /// Takes the whitespace after the value, which must be all that is left.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        self.skip_whitespace();
        if self.at_end() { Ok(()) } else { Err(self.error(Problem::TrailingBytes)) }
    }

    /// Takes a key, its colon and the whitespace after it. Returns the key as written and decoded.
    pub(super) fn key(&mut self) -> Result<(Span, Key<'a>), Error> {
        let start = self.offset();
        let invalid_utf8 = self.error(Problem::InvalidUtf8);
        if self.peek() != Some(b'"') {
            return Err(self.expected(Problem::ExpectedKey));
        }
        let key = self.decoded()?;
        if !self.is_utf8 && std::str::from_utf8(&key).is_err() {
            return Err(invalid_utf8);
        }
        let end = self.offset();
        self.colon()?;
        Ok((Span { start, end }, Key::of_utf8(key)))
    }

    /// Takes a string token and decodes it.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        let invalid_utf8 = self.error(Problem::InvalidUtf8);
        if self.peek() != Some(b'"') {
            return Err(self.expected(Problem::ExpectedValue));
        }
        match self.decoded()? {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| invalid_utf8),
            Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| invalid_utf8),
        }
    }

    /// Takes a string token, whose quote is next, and decodes its escapes.
    #[inline(always)]
    fn decoded(&mut self) -> Result<Cow<'a, [u8]>, Error> {
        let mut decoded = None;
        let last = self.string_token(|plain, character| {
            let decoded = decoded.get_or_insert_with(Vec::new);
            decoded.extend_from_slice(plain);
            decoded.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        })?;
        Ok(match decoded {
            None => Cow::Borrowed(last),
            Some(mut decoded) => {
                decoded.extend_from_slice(last);
                Cow::Owned(decoded)
            }
        })
    }

    /// Takes a whole value, however deep, inside one container.
    pub(super) fn value(&mut self) -> Result<(Span, Kind), Error> {
        let start = self.offset();
        let kind = match self.peek() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            _ => {
                let kind = self.scalar()?;
                return Ok((Span { start, end: self.offset() }, kind));
            }
        };
        *self = self.after_container()?;
        Ok((Span { start, end: self.offset() }, kind))
    }

    /// Takes a number token.
    #[inline(always)]
    pub(super) fn number(&mut self) -> Result<(), Error> {
        self.at += usize::from(self.peek() == Some(b'-'));
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        match self.peek() {
            Some(b'.' | b'e' | b'E') => self.fraction_and_exponent(),
            _ => Ok(()),
        }
    }

    #[inline(always)]
    fn fraction_and_exponent(&mut self) -> Result<(), Error> {
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(())
    }

    #[inline(always)]
    fn colon(&mut self) -> Result<(), Error> {
        self.skip_whitespace();
        if self.peek() != Some(b':') {
            return Err(self.expected(Problem::ExpectedColon));
        }
        self.at += 1;
        self.skip_whitespace();
        Ok(())
    }

    #[inline(always)]
    fn scalar(&mut self) -> Result<Kind, Error> {
        match self.peek() {
            Some(b'"') => self.skip_string().map(|()| Kind::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Kind::Number),
            Some(b't') => self.literal(b"true").map(|()| Kind::Boolean),
            Some(b'f') => self.literal(b"false").map(|()| Kind::Boolean),
            Some(b'n') => self.literal(b"null").map(|()| Kind::Null),
            _ => Err(self.expected(Problem::ExpectedValue)),
        }
    }

    /// Takes a container and all that it holds, and returns the scanner after it.
    fn after_container(mut self) -> Result<Self, Error> {
        let mut open = Open::default();
        loop {
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    let is_object = bracket == b'{';
                    if !open.push(is_object) {
                        return Err(self.error(Problem::TooDeep));
                    }
                    self.at += 1;
                    self.skip_whitespace();
                    if self.close_empty(if is_object { b'}' } else { b']' }) {
                        open.pop();
                    } else {
                        if is_object {
                            self.skip_key()?;
                        }
                        continue;
                    }
                }
                _ => {
                    self.scalar()?;
                }
            }
            loop {
                if open.depth == 0 {
                    return Ok(self);
                }
                if open.innermost_is_object() {
                    if self.comma_or_close(b'}', Problem::ExpectedCommaOrBrace)? {
                        self.skip_key()?;
                        break;
                    }
                } else if self.comma_or_close(b']', Problem::ExpectedCommaOrBracket)? {
                    break;
                }
                open.pop();
            }
        }
    }

    #[inline(always)]
    fn skip_key(&mut self) -> Result<(), Error> {
        if self.peek() != Some(b'"') {
            return Err(self.expected(Problem::ExpectedKey));
        }
        self.skip_string()?;
        self.colon()
    }

    /// Takes a string token, whose quote is next. Calls `escape` for each escape with the bytes before it, back
    /// to the one before, and what it stands for; returns the bytes after the last.
    #[inline(always)]
    fn string_token(&mut self, mut escape: impl FnMut(&'a [u8], char)) -> Result<&'a [u8], Error> {
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            // Escapes often come in rows, where a search would find its first byte.
            let length = match rest.first() {
                Some(b'\\') => Some(0),
                _ => words::find::<words::QuoteBackslashOrControl>(rest),
            };
            let Some((plain, special)) = length.and_then(|length| rest.split_at_checked(length)) else {
                self.at = self.bytes.len();
                return Err(self.error(Problem::UnexpectedEnd));
            };
            self.at += plain.len();
            match special.first() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(plain);
                }
                Some(b'\\') => {
                    let Some((character, length)) = decode_escape(special) else {
                        return Err(self.error(Problem::InvalidEscape));
                    };
                    escape(plain, character);
                    self.at += length;
                }
                _ => return Err(self.error(Problem::ControlCharacter)),
            }
        }
    }

    #[inline(always)]
    fn skip_string(&mut self) -> Result<(), Error> {
        self.string_token(|_, _| {}).map(|_| ())
    }

    #[inline(always)]
    fn literal(&mut self, literal: &[u8]) -> Result<(), Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.starts_with(literal) {
            self.at += literal.len();
            Ok(())
        } else if literal.starts_with(rest) {
            self.at = self.bytes.len();
            Err(self.error(Problem::UnexpectedEnd))
        } else {
            Err(self.error(Problem::ExpectedValue))
        }
    }

    /// Takes at least one digit.
    #[inline(always)]
    fn digits(&mut self) -> Result<(), Error> {
        let mut at = self.at;
        while let Some(b'0'..=b'9') = self.bytes.get(at) {
            at += 1;
        }
        if at == self.at {
            return Err(self.expected(Problem::InvalidNumber));
        }
        self.at = at;
        Ok(())
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The text ends here, or it goes on with something else than was expected.
    #[inline(always)]
    fn expected(&self, problem: Problem) -> Error {
        self.error(if self.at_end() { Problem::UnexpectedEnd } else { problem })
    }

    #[inline(always)]
    fn error(&self, problem: Problem) -> Error {
        Error { offset: self.offset(), problem }
    }
}

/// The containers that are open inside a member or element: one bit each, set for an object, the innermost in
/// the lowest bit.
#[derive(Default)]
struct Open {
    objects: u128,
    depth: u32,
}

impl Open {
    /// False when that would be too deep; the container around the value counts too.
    fn push(&mut self, is_object: bool) -> bool {
        if self.depth + 1 >= DEPTH_LIMIT {
            return false;
        }
        self.objects = (self.objects << 1) | u128::from(is_object);
        self.depth += 1;
        true
    }

    fn pop(&mut self) {
        self.objects >>= 1;
        self.depth = self.depth.saturating_sub(1);
    }

    fn innermost_is_object(&self) -> bool {
        self.objects & 1 == 1
    }
}

/// Decodes the escape at the start of `bytes`: the character and the number of bytes it took, both halves of
/// an escaped surrogate pair included. A half alone becomes U+FFFD.
fn decode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let character = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return decode_unicode_escape(bytes),
        _ => return None,
    };
    Some((character, 2))
}

fn decode_unicode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let first = hexadecimal(bytes.get(2..6)?)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 6));
    }
    if first < 0xdc00
        && let Some(second) = second_half(bytes)
    {
        let code_point = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return Some((char::from_u32(code_point)?, 12));
    }
    Some((char::REPLACEMENT_CHARACTER, 6))
}

/// The low surrogate whose escape follows the six bytes of another.
fn second_half(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.get(6..12)?.strip_prefix(b"\\u")?;
    hexadecimal(digits).filter(|second| (0xdc00..0xe000).contains(second))
}

/// Reads four digits, all of them before it looks whether one was wrong: text with many escapes has no pattern
/// that a branch per digit could follow.
fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let (mut value, mut wrong) = (0, false);
    for digit in digits.first_chunk::<4>()? {
        let decimal = digit.wrapping_sub(b'0');
        let letter = (digit | 0x20).wrapping_sub(b'a');
        wrong |= decimal > 9 && letter > 5;
        value = value * 16 + u32::from(if decimal > 9 { letter.wrapping_add(10) } else { decimal });
    }
    (!wrong).then_some(value)
}
