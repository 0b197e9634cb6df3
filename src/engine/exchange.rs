//! What the policy tells the adapter about a request.
//!
//! The two roles meet only here. The policy reads the headers and the body once and notes what an attempt needs
//! of them; the adapter builds its request from the note and reads neither again. The note travels in Envoy's
//! filter state, which lives exactly as long as the request and which no client and no provider can read or
//! write. Written and read by the same module, so the encoding is private and has no version.

use crate::dialect::Surface;
use crate::framing::edit::Edit;
use crate::framing::json::Span;

/// Fields of the client that a provider may see.
pub const PASSED_ON: [&str; 4] = ["accept", "user-agent", "idempotency-key", "openai-beta"];

/// The longest head of a body that a note carries, in bytes.
const LONGEST_HEAD: usize = 1024;

/// The note about one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What the client called.
    pub surface: Surface,
    /// The length of the request body, in bytes.
    pub body_length: u64,
    /// Where the model's name is, quotes included.
    pub model: Span,
    /// The edit that makes a stream end with its usage, when the client did not ask for that.
    pub usage: Option<Edit>,
    /// The client's fields that are [`PASSED_ON`].
    pub passed_on: Vec<(String, Vec<u8>)>,
    /// The body's first bytes, as far as edits reach, where that is not far: it spares each attempt a look at
    /// the body.
    pub head: Option<Vec<u8>>,
}

impl Exchange {
    /// The head to note of a body in which edits reach as far as `reach`.
    #[must_use]
    pub fn head_of(body: &[u8], reach: usize) -> Option<Vec<u8>> {
        if reach > LONGEST_HEAD { None } else { body.get(..reach).map(<[u8]>::to_vec) }
    }

    /// Writes the note.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        out.push(self.surface.code());
        write_number(&mut out, self.body_length);
        write_span(&mut out, self.model);
        out.push(u8::from(self.usage.is_some()));
        if let Some(edit) = &self.usage {
            write_span(&mut out, edit.span);
            write_bytes(&mut out, &edit.text);
        }
        out.push(u8::from(self.head.is_some()));
        if let Some(head) = &self.head {
            write_bytes(&mut out, head);
        }
        for (name, value) in &self.passed_on {
            write_bytes(&mut out, name.as_bytes());
            write_bytes(&mut out, value);
        }
        out
    }

    /// Reads what [`Self::encode`] wrote; `None` for anything else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let surface = Surface::from_code(reader.byte()?)?;
        let body_length = reader.number()?;
        let model = reader.span()?;
        let usage = if reader.flag()? {
            Some(Edit { span: reader.span()?, text: reader.bytes()?.to_vec() })
        } else {
            None
        };
        let head = if reader.flag()? { Some(reader.bytes()?.to_vec()) } else { None };
        let mut passed_on = Vec::new();
        while !reader.0.is_empty() {
            let name = std::str::from_utf8(reader.bytes()?).ok()?.to_owned();
            passed_on.push((name, reader.bytes()?.to_vec()));
        }
        Some(Self { surface, body_length, model, usage, passed_on, head })
    }
}

fn write_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn write_span(out: &mut Vec<u8>, span: Span) {
    write_number(out, span.start as u64);
    write_number(out, span.end as u64);
}

fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn span(&mut self) -> Option<Span> {
        let (start, end) = (self.length()?, self.length()?);
        (start <= end).then_some(Span { start, end })
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_survives_the_way_to_the_adapter() {
        let plain = Exchange {
            surface: Surface::ChatCompletions,
            body_length: 1 << 33,
            model: Span { start: 9, end: 17 },
            usage: None,
            passed_on: Vec::new(),
            head: None,
        };
        let streamed = Exchange {
            usage: Some(Edit { span: Span { start: 1, end: 1 }, text: b"\"a\":1,".to_vec() }),
            passed_on: vec![("accept".to_owned(), b"*/*".to_vec()), ("openai-beta".to_owned(), Vec::new())],
            head: Some(b"{\"model\":\"a\"".to_vec()),
            ..plain.clone()
        };
        for note in [plain, streamed] {
            let bytes = note.encode();
            assert_eq!(Exchange::decode(&bytes), Some(note));
            assert_eq!(Exchange::decode(&bytes[..10]), None);
        }
        assert_eq!(Exchange::decode(b""), None);
    }
}
