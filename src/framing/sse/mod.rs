//! Server-sent events as frames: each event with the exact bytes that carried it.
//!
//! Follows the event stream format of the WHATWG HTML standard, §9.2.5 and §9.2.6, as a proxy needs it: all raw
//! frames in order are the input, so the caller can forward an event, drop it or put another in its place.
//!
//! Promises: however the stream is cut into chunks, inside a code point or a line end too, the frames are the
//! same (only an oversized event comes in as many pieces as chunks). A frame that lies in one chunk is not
//! copied. At most one event is held, up to the limit given to [`Framer::new`]. Time is linear in the stream,
//! one byte per chunk included.
//!
//! Deliberate limits: `id` and `retry` stay in the raw bytes and are not interpreted, and nothing here knows
//! what an event means. A blank line that ends in a carriage return at the end of a chunk is not reported
//! until the next byte shows whether a line feed belongs to it.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

/// The capacity that is kept for the next cut event; a larger one is given back, as streams are many.
const KEPT_CAPACITY: usize = 16 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A resumable reader of one event stream.
pub struct Framer {
    /// The longest event that is framed, in bytes.
    limit: usize,
    /// The bytes of an event that earlier chunks have begun.
    carry: Vec<u8>,
    position: Position,
    /// An event over the limit is passing through.
    oversized: bool,
    /// Nothing has been reported yet, so a byte order mark may come first.
    at_start: bool,
}

/// A piece of the stream, at most one event.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The exact bytes, from the end of the frame before, the blank line that ends the event included.
    pub raw: &'a [u8],
    /// What the raw bytes are.
    pub extent: Extent,
    /// The value of the last `event` field; `None` also when it is empty, which means the same to a client, or
    /// is not UTF-8.
    pub event: Option<&'a str>,
    data: Data<'a>,
}

/// What the bytes of a frame are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All lines up to a blank line. Without data it is a comment, a keep-alive or another event that a client
    /// ignores.
    Complete,
    /// What was left at the end of the stream, without a blank line. A client that follows the standard ignores
    /// it, yet some servers end their last event so.
    Unterminated,
    /// A piece of an event over the limit. Its fields are not read.
    Oversized,
}

#[derive(Clone, Copy)]
enum Data<'a> {
    Absent,
    OneLine(&'a [u8]),
    /// The lines of the event, of which several are `data` fields.
    Lines(&'a [u8]),
}

impl<'a> Frame<'a> {
    /// The event's data, its lines joined by line feeds; `None` when it has no `data` field, or is oversized.
    /// Borrowed when it is one line.
    pub fn data(&self) -> Option<Cow<'a, [u8]>> {
        match self.data {
            Data::Absent => None,
            Data::OneLine(data) => Some(Cow::Borrowed(data)),
            Data::Lines(lines) => {
                let values: Vec<&[u8]> =
                    fields(lines).filter(|(name, _)| *name == b"data").map(|(_, value)| value).collect();
                Some(Cow::Owned(values.join(&b'\n')))
            }
        }
    }

    fn read(raw: &'a [u8], extent: Extent, at_start: bool) -> Self {
        let mark = if at_start { BYTE_ORDER_MARK } else { b"" };
        let lines = raw.strip_prefix(mark).unwrap_or(raw);
        let mut event = None;
        let mut data = Data::Absent;
        for (name, value) in fields(lines) {
            match name {
                b"event" => event = std::str::from_utf8(value).ok().filter(|event| !event.is_empty()),
                b"data" => {
                    data = match data {
                        Data::Absent => Data::OneLine(value),
                        Data::OneLine(_) | Data::Lines(_) => Data::Lines(lines),
                    }
                }
                _ => {}
            }
        }
        Self { raw, extent, event, data }
    }

    fn oversized(raw: &'a [u8]) -> Self {
        Self { raw, extent: Extent::Oversized, event: None, data: Data::Absent }
    }
}

impl Framer {
    /// A reader at the start of a stream. An event of more than `limit` bytes, its blank line included, is
    /// passed through in pieces instead of being held.
    pub fn new(limit: usize) -> Self {
        Self { limit, carry: Vec::new(), position: Position::LineStart, oversized: false, at_start: true }
    }

    /// Reads the next bytes of the stream and calls `each` for every frame that they complete.
    pub fn push(&mut self, chunk: &[u8], mut each: impl FnMut(Frame<'_>)) {
        let mut rest = chunk;
        while !rest.is_empty() {
            let end = self.position.find_end(rest);
            let (bytes, after) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, &[]));
            self.take(bytes, end.is_some(), &mut each);
            rest = after;
        }
    }

    /// Ends the stream: calls `each` with what is left, when anything is. The framer is then as new.
    pub fn finish(&mut self, mut each: impl FnMut(Frame<'_>)) {
        if !self.carry.is_empty() {
            let extent = match self.position {
                Position::AfterBlankReturn => Extent::Complete,
                _ => Extent::Unterminated,
            };
            each(Frame::read(&self.carry, extent, self.at_start));
        }
        *self = Self::new(self.limit);
    }

    /// Takes the next bytes of one event, the last ones when `ended`.
    fn take(&mut self, bytes: &[u8], ended: bool, each: &mut impl FnMut(Frame<'_>)) {
        if self.oversized || self.carry.len() + bytes.len() > self.limit {
            self.oversized = !ended;
            for piece in [&self.carry, bytes] {
                if !piece.is_empty() {
                    each(Frame::oversized(piece));
                }
            }
        } else if !ended {
            self.carry.extend_from_slice(bytes);
            return;
        } else if self.carry.is_empty() {
            each(Frame::read(bytes, Extent::Complete, self.at_start));
        } else {
            self.carry.extend_from_slice(bytes);
            each(Frame::read(&self.carry, Extent::Complete, self.at_start));
        }
        self.at_start = false;
        self.carry.clear();
        self.carry.shrink_to(KEPT_CAPACITY);
    }
}

/// Where in the line structure of the stream the next byte stands.
#[derive(Clone, Copy)]
enum Position {
    LineStart,
    InLine,
    /// After a carriage return that ended a line; a line feed would belong to it.
    AfterReturn,
    /// After a carriage return that ended a blank line, and so an event; a line feed would belong to it.
    AfterBlankReturn,
}

impl Position {
    /// Moves over `bytes` up to the end of the event, and returns the offset after it; `None` when the event
    /// goes on after `bytes`.
    fn find_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match self {
                Self::LineStart => {
                    at += 1;
                    match byte {
                        b'\n' => return Some(at),
                        b'\r' => *self = Self::AfterBlankReturn,
                        _ => *self = Self::InLine,
                    }
                }
                Self::InLine => {
                    at += memchr::memchr2(b'\n', b'\r', bytes.get(at..)?)?;
                    *self = if bytes.get(at) == Some(&b'\r') { Self::AfterReturn } else { Self::LineStart };
                    at += 1;
                }
                Self::AfterReturn => {
                    at += usize::from(*byte == b'\n');
                    *self = Self::LineStart;
                }
                Self::AfterBlankReturn => {
                    *self = Self::LineStart;
                    return Some(at + usize::from(*byte == b'\n'));
                }
            }
        }
        None
    }
}

/// The fields of some lines: name and value. Comments and blank lines are left out.
fn fields(lines: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = lines;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            // Between the two bytes of a CRLF this sees an empty line, which is skipped below.
            let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            let (line, after) = rest.split_at_checked(end)?;
            rest = after.get(1..).unwrap_or_default();
            let colon = memchr::memchr(b':', line).unwrap_or(line.len());
            let (name, value) = line.split_at_checked(colon)?;
            if !name.is_empty() {
                let value = value.strip_prefix(b":").unwrap_or_default();
                return Some((name, value.strip_prefix(b" ").unwrap_or(value)));
            }
        }
    })
}
