//! Header fields as Envoy hands them over: names in lower case, values as bytes, in order, repetitions kept.
//!
//! All fields share one buffer, so that taking them from the host costs two allocations and not two for each.
//!
//! Deliberately unknown here: which fields are private and which may pass; each role has its own rule for that.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use memchr::memchr;

use crate::framing::json::write_unsigned;

/// A list of header fields. Names are lower case: Envoy's codecs see to that.
#[derive(Clone, Default)]
pub struct Headers {
    bytes: Vec<u8>,
    fields: Vec<Field>,
}

/// Where a field's two halves are in the buffer.
#[derive(Clone)]
struct Field {
    name: Range<usize>,
    value: Range<usize>,
}

impl Headers {
    /// A list without fields, with room for so many, and for so many bytes of names and values.
    #[must_use]
    pub fn with_capacity(fields: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), fields: Vec::with_capacity(fields) }
    }

    /// Reads the form in which the host serialises fields (proxy-wasm ABI 0.2.1, "Serialized map"): their
    /// number, the sizes of each name and value, then each name and value with a zero byte behind it; numbers
    /// are 32 bits, little-endian. `None` when the bytes are not of that form.
    #[must_use]
    pub fn from_serialized(bytes: Vec<u8>) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        let count = number(&bytes, 0)?;
        let mut start = 4 + count.checked_mul(8)?;
        // Checked before anything is allocated for that many.
        let sizes = bytes.get(4..start)?;
        let mut fields = Vec::with_capacity(count);
        for pair in sizes.chunks_exact(8) {
            let name = start..start.checked_add(number(pair, 0)?)?;
            let value = name.end + 1..(name.end + 1).checked_add(number(pair, 4)?)?;
            start = value.end + 1;
            fields.push(Field { name, value });
        }
        (start <= bytes.len()).then_some(Self { bytes, fields })
    }

    /// All fields in order. A name that is not UTF-8, which no codec lets through, is empty here.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let text = |name| std::str::from_utf8(name).unwrap_or_default();
        self.fields.iter().map(move |field| (text(self.part(&field.name)), self.part(&field.value)))
    }

    /// The fields with a name that `is_meant`, in order: read as bytes, most names need not be checked to be text.
    pub fn named(&self, is_meant: impl Fn(&[u8]) -> bool) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().filter_map(move |field| {
            let name = self.part(&field.name);
            let name = if is_meant(name) { std::str::from_utf8(name).ok()? } else { return None };
            Some((name, self.part(&field.value)))
        })
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    /// The value of the first field called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let field = self.fields.iter().find(|field| self.part(&field.name) == name.as_bytes())?;
        Some(self.part(&field.value))
    }

    /// As [`Self::get`], when the value is UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The `:status` of an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match *self.get(":status")? {
            // As it is always written.
            [hundreds @ b'1'..=b'9', tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
                let digit = |byte: u8| u16::from(byte - b'0');
                Some(digit(hundreds) * 100 + digit(tens) * 10 + digit(ones))
            }
            ref other => std::str::from_utf8(other).ok()?.parse().ok(),
        }
    }

    /// Appends a field.
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.push_with(name, |out| out.extend_from_slice(value.as_ref()));
    }

    /// Appends a field with a number for its value.
    pub fn push_number(&mut self, name: impl AsRef<[u8]>, value: u64) {
        self.push_with(name, |out| write_unsigned(out, value));
    }

    /// Appends a field whose value `write` puts behind what is there.
    pub fn push_with(&mut self, name: impl AsRef<[u8]>, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name.as_ref());
        let middle = self.bytes.len();
        write(&mut self.bytes);
        self.fields.push(Field { name: start..middle, value: middle..self.bytes.len() });
    }

    /// The media type of the body in lower case, without parameters.
    #[must_use]
    pub fn media_type(&self) -> Option<Cow<'_, str>> {
        let value = self.text("content-type")?;
        let length = memchr(b';', value.as_bytes()).unwrap_or(value.len());
        let media_type = value.get(..length).unwrap_or_default().trim();
        let in_lower_case = media_type.bytes().fold(true, |all, byte| all & !byte.is_ascii_uppercase());
        Some(if in_lower_case { media_type.into() } else { media_type.to_ascii_lowercase().into() })
    }
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..)?.first_chunk()?;
    usize::try_from(u32::from_le_bytes(*four)).ok()
}

/// Two lists are equal when their fields are, wherever these lie.
impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Headers {}

/// The names only: a value may be a credential.
impl fmt::Debug for Headers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let mut headers = Self::default();
        fields.into_iter().for_each(|(name, value)| headers.push(name, value));
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the ABI's description: two fields, `a: b` and an empty `cd`.
    const SERIALIZED: &[u8] = &[
        2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, //
        b'a', 0, b'b', 0, b'c', b'd', 0, 0,
    ];

    #[test]
    fn fields_are_read_as_the_abi_describes_them() {
        let headers = Headers::from_serialized(SERIALIZED.to_vec()).unwrap();
        assert_eq!(headers, [("a", "b"), ("cd", "")].into_iter().collect());
        assert_eq!(Headers::from_serialized(Vec::new()), Some(Headers::default()));
        assert_eq!(Headers::from_serialized(vec![0; 4]), Some(Headers::default()));
    }

    #[test]
    fn what_is_read_of_fields() {
        let status = |text: &str| [(":status", text)].into_iter().collect::<Headers>().status();
        assert_eq!(["200", "529", "99", "0404", "+200"].map(status), [200, 529, 99, 404, 200].map(Some));
        assert_eq!(["", "2x0", "70000", "-20", "\u{1}00"].map(status), [None; 5]);
        let media = |text: &str| {
            let headers: Headers = [("content-type", text)].into_iter().collect();
            headers.media_type().map(Cow::into_owned)
        };
        for (written, read) in [
            ("application/json", "application/json"),
            (" Application/JSON ; charset=UTF-8;x", "application/json"),
            ("\u{a0}text/event-stream;", "text/event-stream"),
            (";", ""),
        ] {
            assert_eq!(media(written).as_deref(), Some(read), "{written}");
        }
        let mut headers = Headers::with_capacity(1, 1);
        let fields: [(&[u8], &[u8]); 4] =
            [(b"x-a", b"\xff"), (b"y", b"1"), (b"x-\xff", b"2"), (b"x-a", b"3")];
        fields.into_iter().for_each(|(name, value)| headers.push(name, value));
        let named: Vec<_> = headers.named(|name| name.starts_with(b"x-")).collect();
        assert_eq!(named, [("x-a", b"\xff".as_slice()), ("x-a", b"3")]);
    }

    #[test]
    fn what_is_cut_short_or_lies_about_its_sizes_is_no_list_of_fields() {
        for end in 1..SERIALIZED.len() {
            assert_eq!(Headers::from_serialized(SERIALIZED[..end].to_vec()), None, "{end}");
        }
        for at in [0, 4, 8, 12, 16] {
            let mut lie = SERIALIZED.to_vec();
            lie[at..at + 4].fill(0xff);
            assert_eq!(Headers::from_serialized(lie), None, "{at}");
        }
    }
}
