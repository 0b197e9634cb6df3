//! Header fields as Envoy hands them over: names in lower case, values as bytes, in order, repetitions kept.
//!
//! Deliberately unknown here: which fields are private and which may pass; each role has its own rule for that.

/// A list of header fields. Names are lower case: Envoy's codecs see to that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    /// Takes the fields as they are.
    #[must_use]
    pub const fn new(fields: Vec<(String, Vec<u8>)>) -> Self {
        Self(fields)
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// The value of the first field called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find_map(|(field, value)| (field == name).then_some(value))
    }

    /// As [`Self::get`], when the value is UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The `:status` of an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.text(":status")?.parse().ok()
    }

    /// Appends a field.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) {
        self.0.push((name.into(), value.into()));
    }

    /// The media type of the body in lower case, without parameters.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.text("content-type")?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(fields: I) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect())
    }
}
