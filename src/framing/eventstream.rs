//! The binary event stream of AWS: messages with headers and two checksums.
//!
//! Source: "Event stream encoding" in the Amazon Transcribe developer guide, and the smithy specification
//! `application/vnd.amazon.eventstream`. A message is its total length, the length of its headers and the CRC32 of
//! both, each four bytes, big-endian; then the headers, the payload, and the CRC32 of all that.
//!
//! Promises: the same messages however the stream is cut into chunks; at most one message is held, up to the
//! limit given to [`Framer::new`]; a wrong checksum or length ends the reading.
//!
//! Deliberately unknown here: what a message means. Of the headers only the three that name it are read.

/// The bytes before the headers.
const PRELUDE: usize = 12;

/// The bytes around headers and payload: the prelude and the checksum at the end.
const OVERHEAD: usize = PRELUDE + 4;

/// A resumable reader of one stream.
pub struct Framer {
    limit: usize,
    carry: Vec<u8>,
    broken: Option<Fault>,
}

/// A whole message.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// What it is: the value of `:event-type`, `:exception-type` or `:error-code`, whichever is there.
    pub kind: Option<&'a str>,
    /// Whether it is an exception or an error: `:message-type` is not `event`.
    pub is_error: bool,
    /// Its payload.
    pub payload: &'a [u8],
}

/// Why a stream cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A message says that it is longer than the limit.
    TooLong,
    /// The lengths of a message contradict each other.
    Length,
    /// A checksum is wrong.
    Checksum,
    /// The headers of a message cannot be read.
    Headers,
}

impl Framer {
    /// A reader at the start of a stream whose messages have at most `limit` bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit, carry: Vec::new(), broken: None }
    }

    /// Reads the next bytes and calls `each` for every message that they complete.
    ///
    /// # Errors
    /// The first fault; every later call gives the same.
    pub fn push(&mut self, chunk: &[u8], mut each: impl FnMut(Message<'_>)) -> Result<(), Fault> {
        if let Some(fault) = self.broken {
            return Err(fault);
        }
        let mut rest = chunk;
        loop {
            let wanted = match self.wanted() {
                Ok(wanted) => wanted,
                Err(fault) => return self.fail(fault),
            };
            let missing = wanted.saturating_sub(self.carry.len());
            let Some((taken, after)) = rest.split_at_checked(missing) else {
                self.carry.extend_from_slice(rest);
                return Ok(());
            };
            self.carry.extend_from_slice(taken);
            rest = after;
            if wanted > PRELUDE {
                match read(&self.carry) {
                    Ok(message) => each(message),
                    Err(fault) => return self.fail(fault),
                }
                self.carry.clear();
            }
        }
    }

    fn fail(&mut self, fault: Fault) -> Result<(), Fault> {
        self.broken = Some(fault);
        self.carry = Vec::new();
        Err(fault)
    }

    /// How many bytes must be there before the next step: the prelude, then the whole message.
    fn wanted(&self) -> Result<usize, Fault> {
        if self.carry.len() < PRELUDE {
            return Ok(PRELUDE);
        }
        let [total, headers, checksum] = [0, 4, 8].map(|at| number(&self.carry, at));
        if crc32(self.carry.get(..8).unwrap_or_default()) != checksum {
            return Err(Fault::Checksum);
        }
        let (total, headers) = (total as usize, headers as usize);
        if total < OVERHEAD || headers > total - OVERHEAD {
            return Err(Fault::Length);
        }
        if total > self.limit {
            return Err(Fault::TooLong);
        }
        Ok(total)
    }
}

/// The four bytes at an offset, big-endian; zero where there are none.
fn number(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..).and_then(|bytes| bytes.first_chunk()).copied();
    u32::from_be_bytes(four.unwrap_or_default())
}

fn read(message: &[u8]) -> Result<Message<'_>, Fault> {
    let (body, checksum) = message.split_at_checked(message.len().saturating_sub(4)).ok_or(Fault::Length)?;
    if crc32(body) != number(checksum, 0) {
        return Err(Fault::Checksum);
    }
    let headers = number(message, 4) as usize;
    let rest = body.get(PRELUDE..).ok_or(Fault::Length)?;
    let (headers, payload) = rest.split_at_checked(headers).ok_or(Fault::Length)?;
    let mut read = Message { kind: None, is_error: false, payload };
    let mut rest = headers;
    while !rest.is_empty() {
        let (header, after) = header(rest).ok_or(Fault::Headers)?;
        rest = after;
        match header {
            (b":event-type" | b":exception-type" | b":error-code", Some(value)) => {
                read.kind = Some(std::str::from_utf8(value).map_err(|_| Fault::Headers)?);
            }
            (b":message-type", Some(value)) => read.is_error = value != b"event",
            _ => {}
        }
    }
    Ok(read)
}

/// A header: its name, and its value when that is a string.
type Header<'a> = (&'a [u8], Option<&'a [u8]>);

/// The first header, and what follows.
fn header(bytes: &[u8]) -> Option<(Header<'_>, &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(length))?;
    let (&kind, rest) = rest.split_first()?;
    // True, false, byte, short, integer, long, bytes, string, timestamp, UUID.
    let fixed = match kind {
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 => 4,
        5 | 8 => 8,
        9 => 16,
        6 | 7 => {
            let (length, rest) = rest.split_first_chunk()?;
            let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            return Some(((name, (kind == 7).then_some(value)), rest));
        }
        _ => return None,
    };
    let (_, rest) = rest.split_at_checked(fixed)?;
    Some(((name, None), rest))
}

/// The remainder for each byte of the CRC32 of ISO 3309, polynomial 0xEDB88320 (RFC 1952, section 8).
const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { 0xedb8_8320 ^ (value >> 1) } else { value >> 1 };
            bit += 1;
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "the loop stops at the array's length; no iterators in const"
        )]
        {
            table[index] = value;
        }
        index += 1;
    }
    table
}

/// The CRC32 of some bytes.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        let entry = TABLE.get(((sum ^ u32::from(*byte)) & 0xff) as usize).copied().unwrap_or(0);
        entry ^ (sum >> 8)
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Found = (Option<String>, bool, Vec<u8>);

    fn collect(chunks: &[&[u8]]) -> (Vec<Found>, Result<(), Fault>) {
        let mut framer = Framer::new(1 << 16);
        let mut found = Vec::new();
        for chunk in chunks {
            let read = framer.push(chunk, |message| {
                found.push((message.kind.map(str::to_owned), message.is_error, message.payload.to_vec()));
            });
            if read.is_err() {
                return (found, read);
            }
        }
        (found, Ok(()))
    }

    /// `cat` of the check value that catalogues of checksums give for "123456789".
    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    /// "Payload no headers" and "payload one string header" of botocore's test vectors for this encoding.
    #[test]
    fn reads_the_published_vectors() {
        let plain = b"\x00\x00\x00\x1d\x00\x00\x00\x00\xfdR\x8cZ{'foo':'bar'}\xc3e96";
        let (found, read) = collect(&[plain]);
        assert_eq!(read, Ok(()));
        assert_eq!(found, [(None, false, b"{'foo':'bar'}".to_vec())]);
        let header = b"\x00\x00\x00=\x00\x00\x00 \x07\xfd\x83\x96\x0ccontent-type\x07\x00\x10application/json{'foo':'bar'}\x8d\x9c\x08\xb1";
        let twice = [header.as_slice(), plain].concat();
        let (whole, _) = collect(&[&twice]);
        assert_eq!(whole.len(), 2);
        for at in 0..twice.len() {
            assert_eq!(collect(&[&twice[..at], &twice[at..]]).0, whole, "split at {at}");
        }
        let bytes: Vec<&[u8]> = twice.chunks(1).collect();
        assert_eq!(collect(&bytes).0, whole);
    }

    #[test]
    fn refuses_what_is_damaged() {
        let plain = b"\x00\x00\x00\x1d\x00\x00\x00\x00\xfdR\x8cZ{'foo':'bar'}\xc3e96";
        for at in 0..plain.len() {
            let mut damaged = plain.to_vec();
            damaged[at] ^= 1;
            assert_eq!(collect(&[&damaged]).1, Err(Fault::Checksum), "byte {at}");
        }
        let mut framer = Framer::new(20);
        assert_eq!(framer.push(plain, |_| {}), Err(Fault::TooLong));
        assert_eq!(framer.push(plain, |_| {}), Err(Fault::TooLong));
    }
}
