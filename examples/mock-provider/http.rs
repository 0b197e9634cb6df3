//! HTTP/1.1 as far as a provider behind a gateway needs it: whole requests off a socket, and response heads.
//!
//! Promises: bodies by `content-length` or chunked, `Expect: 100-continue`, keep-alive and pipelining; a message
//! whose length is ambiguous (RFC 9112 §6.3) is refused, because a gateway that sends one has a bug. Buffers are
//! reused from one request to the next. Does not know any API.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use httparse::{EMPTY_HEADER, Status};

/// Larger heads are refused.
const MAX_HEAD_BYTES: usize = 256 * 1024;
/// More headers are refused.
const MAX_HEADERS: usize = 128;
/// Larger bodies are refused.
const MAX_BODY_BYTES: usize = 256 * 1024 * 1024;
/// The least and the most that one read asks for.
const READ_BYTES: std::ops::RangeInclusive<usize> = 4096..=1024 * 1024;

/// One whole request.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Path and query as sent.
    pub(crate) target: &'a str,
    /// Names and values as sent, in order, duplicates kept.
    pub(crate) headers: Vec<(&'a str, &'a [u8])>,
    /// The body without its transfer coding.
    pub(crate) body: &'a [u8],
    /// Whether the client wants the connection to stay.
    pub(crate) keep_alive: bool,
}

impl<'a> Request<'a> {
    /// The values of a header, by its lower-case or mixed-case name.
    pub(crate) fn header_values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }
}

/// Why no request could be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The connection broke, or ended inside a request.
    Gone,
    /// The head is not HTTP/1.1.
    Malformed,
    /// The length of the body is ambiguous or not a number.
    Framing,
    /// The head or the body is beyond the limits.
    TooLarge,
    /// HTTP/1.0, which lacks the chunked coding that streams need.
    Version,
}

impl ReadError {
    /// The status to refuse with, unless there is nobody to refuse.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Gone => None,
            Self::Malformed | Self::Framing => Some(400),
            Self::TooLarge => Some(413),
            Self::Version => Some(505),
        }
    }
}

/// Reads the requests of one connection, one after another.
#[derive(Default)]
pub(crate) struct Reader {
    input: Vec<u8>,
    /// How much of `input` the request before has taken.
    consumed: usize,
    /// The body of a chunked request.
    decoded: Vec<u8>,
}

enum Framing {
    Length(usize),
    Chunked,
}

struct Head {
    length: usize,
    framing: Framing,
    expects_continue: bool,
    keep_alive: bool,
}

impl Reader {
    /// The next request; `None` when the client closed between requests.
    pub(crate) fn read(&mut self, socket: &TcpStream) -> Result<Option<Request<'_>>, ReadError> {
        self.input.drain(..self.consumed);
        self.consumed = 0;
        let head = loop {
            if let Some(head) = scan_head(&self.input)? {
                break head;
            }
            if self.input.len() > MAX_HEAD_BYTES {
                return Err(ReadError::TooLarge);
            }
            if !self.fill(socket, 0)? {
                return if self.input.is_empty() { Ok(None) } else { Err(ReadError::Gone) };
            }
        };
        if head.expects_continue && self.input.len() == head.length {
            let mut writer = socket;
            writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").map_err(|_| ReadError::Gone)?;
        }
        match head.framing {
            Framing::Length(length) => self.read_length(socket, head.length, length)?,
            Framing::Chunked => self.read_chunked(socket, head.length)?,
        }
        self.request(&head).map(Some)
    }

    fn request(&self, head: &Head) -> Result<Request<'_>, ReadError> {
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        parsed.parse(&self.input).map_err(|_| ReadError::Malformed)?;
        let body = match head.framing {
            Framing::Length(_) => self.input.get(head.length..self.consumed).unwrap_or_default(),
            Framing::Chunked => &self.decoded,
        };
        Ok(Request {
            method: parsed.method.unwrap_or_default(),
            target: parsed.path.unwrap_or_default(),
            headers: parsed.headers.iter().map(|header| (header.name, header.value)).collect(),
            body,
            keep_alive: head.keep_alive,
        })
    }

    fn read_length(&mut self, socket: &TcpStream, start: usize, length: usize) -> Result<(), ReadError> {
        let end = start + length;
        self.need(socket, end)?;
        self.consumed = end;
        Ok(())
    }

    /// RFC 9112 §7.1: sizes in hexadecimal, a chunk of size zero, trailers, an empty line.
    fn read_chunked(&mut self, socket: &TcpStream, start: usize) -> Result<(), ReadError> {
        self.decoded.clear();
        let mut at = start;
        loop {
            let rest = self.input.get(at..).unwrap_or_default();
            let Status::Complete((line, size)) =
                httparse::parse_chunk_size(rest).map_err(|_| ReadError::Framing)?
            else {
                self.need(socket, self.input.len() + 1)?;
                continue;
            };
            let size = usize::try_from(size).map_err(|_| ReadError::TooLarge)?;
            if size > MAX_BODY_BYTES - self.decoded.len() {
                return Err(ReadError::TooLarge);
            }
            let data = at + line;
            if size == 0 {
                self.consumed = self.read_trailers(socket, data)?;
                return Ok(());
            }
            self.need(socket, data + size + 2)?;
            self.decoded.extend_from_slice(self.input.get(data..data + size).unwrap_or_default());
            at = data + size + 2;
            if self.input.get(data + size..at) != Some(b"\r\n") {
                return Err(ReadError::Framing);
            }
        }
    }

    /// Skips the trailers and returns where the message ends.
    fn read_trailers(&mut self, socket: &TcpStream, start: usize) -> Result<usize, ReadError> {
        loop {
            let mut trailers = [EMPTY_HEADER; MAX_HEADERS];
            let rest = self.input.get(start..).unwrap_or_default();
            match httparse::parse_headers(rest, &mut trailers).map_err(|_| ReadError::Framing)? {
                Status::Complete((length, _)) => return Ok(start + length),
                Status::Partial if rest.len() > MAX_HEAD_BYTES => return Err(ReadError::TooLarge),
                Status::Partial => self.need(socket, self.input.len() + 1)?,
            }
        }
    }

    fn need(&mut self, socket: &TcpStream, length: usize) -> Result<(), ReadError> {
        while self.input.len() < length {
            if !self.fill(socket, length - self.input.len())? {
                return Err(ReadError::Gone);
            }
        }
        Ok(())
    }

    /// Reads once; false at the end of the connection.
    fn fill(&mut self, mut socket: &TcpStream, missing: usize) -> Result<bool, ReadError> {
        let filled = self.input.len();
        self.input.resize(filled + missing.clamp(*READ_BYTES.start(), *READ_BYTES.end()), 0);
        let outcome = loop {
            match socket.read(self.input.get_mut(filled..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => break outcome,
            }
        };
        self.input.truncate(filled + outcome.as_ref().copied().unwrap_or(0));
        outcome.map(|length| length > 0).map_err(|_| ReadError::Gone)
    }
}

fn scan_head(input: &[u8]) -> Result<Option<Head>, ReadError> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let length = match parsed.parse(input).map_err(|_| ReadError::Malformed)? {
        Status::Complete(length) => length,
        Status::Partial => return Ok(None),
    };
    if parsed.version != Some(1) {
        return Err(ReadError::Version);
    }
    let mut content_length = None;
    let mut chunked = false;
    let mut expects_continue = false;
    let mut keep_alive = true;
    for header in parsed.headers.iter() {
        let value = header.value.trim_ascii();
        if header.name.eq_ignore_ascii_case("content-length") {
            let number = decimal(value).ok_or(ReadError::Framing)?;
            if content_length.replace(number).is_some() {
                return Err(ReadError::Framing);
            }
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            if chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(ReadError::Framing);
            }
            chunked = true;
        } else if header.name.eq_ignore_ascii_case("expect") {
            expects_continue = value.eq_ignore_ascii_case(b"100-continue");
        } else if header.name.eq_ignore_ascii_case("connection") {
            keep_alive = !value.eq_ignore_ascii_case(b"close");
        }
    }
    let framing = match (chunked, content_length) {
        (true, Some(_)) => return Err(ReadError::Framing),
        (true, None) => Framing::Chunked,
        (false, length) => Framing::Length(length.unwrap_or(0)),
    };
    if matches!(framing, Framing::Length(length) if length > MAX_BODY_BYTES) {
        return Err(ReadError::TooLarge);
    }
    Ok(Some(Head { length, framing, expects_continue, keep_alive }))
}

/// RFC 9110 §8.6: digits only, whereas Rust's parser takes a sign too.
fn decimal(value: &[u8]) -> Option<usize> {
    let digits =
        std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok())
}

/// Appends the status line.
pub(crate) fn push_status_line(out: &mut Vec<u8>, status: u16) {
    out.extend_from_slice(b"HTTP/1.1 ");
    push_number(out, u64::from(status));
    out.push(b' ');
    out.extend_from_slice(reason(status).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends one header line.
pub(crate) fn push_header(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends a number in decimal.
pub(crate) fn push_number(out: &mut Vec<u8>, number: u64) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{number}");
}

/// Appends one HTTP chunk (RFC 9112 §7.1); `data` must not be empty, for an empty chunk ends the body.
pub(crate) fn push_chunk(out: &mut Vec<u8>, data: &[u8]) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{:x}\r\n", data.len());
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// What ends a chunked body.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// RFC 9110 §15. A client ignores it; people who read a trace do not.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "Mock",
    }
}
