//! What the policy tells the adapter about a request.
//!
//! The two roles meet only here. The policy reads the body once and notes where the bytes are that an
//! attempt may have to change; the adapter edits them without reading the body again. The note travels in
//! Envoy's filter state, which lives exactly as long as the request and which no client and no provider can
//! read or write. Written and read by the same module, so the encoding is private and has no version.

use crate::dialect::Surface;
use crate::framing::edit::Edit;
use crate::framing::json::Span;

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
}

impl Exchange {
    /// Writes the note.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        out.push(self.surface.code());
        out.extend_from_slice(&self.body_length.to_le_bytes());
        write_span(&mut out, self.model);
        if let Some(edit) = &self.usage {
            write_span(&mut out, edit.span);
            out.extend_from_slice(&edit.text);
        }
        out
    }

    /// Reads what [`Self::encode`] wrote; `None` for anything else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&code, rest) = bytes.split_first()?;
        let (body_length, rest) = rest.split_first_chunk()?;
        let (model, rest) = read_span(rest)?;
        let usage = match read_span(rest) {
            Some((span, text)) => Some(Edit { span, text: text.to_vec() }),
            None if rest.is_empty() => None,
            None => return None,
        };
        Some(Self {
            surface: Surface::from_code(code)?,
            body_length: u64::from_le_bytes(*body_length),
            model,
            usage,
        })
    }
}

fn write_span(out: &mut Vec<u8>, span: Span) {
    out.extend_from_slice(&(span.start as u64).to_le_bytes());
    out.extend_from_slice(&(span.end as u64).to_le_bytes());
}

fn read_span(bytes: &[u8]) -> Option<(Span, &[u8])> {
    let (start, rest) = bytes.split_first_chunk()?;
    let (end, rest) = rest.split_first_chunk()?;
    let start = usize::try_from(u64::from_le_bytes(*start)).ok()?;
    let end = usize::try_from(u64::from_le_bytes(*end)).ok()?;
    (start <= end).then_some((Span { start, end }, rest))
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
        };
        let streamed = Exchange {
            usage: Some(Edit { span: Span { start: 1, end: 1 }, text: b"\"a\":1,".to_vec() }),
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
