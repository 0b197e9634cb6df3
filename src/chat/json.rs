//! Opaque JSON values, kept as they were written: the order of a schema's members tells a model in which order
//! to answer, and a number may have more digits than any type here holds.

use crate::framing::json::{self, Span};

/// One JSON value, as text.
#[derive(Clone, PartialEq, Eq)]
pub struct Json(String);

impl Json {
    /// Takes `text` when it is one JSON object and nothing else.
    #[must_use]
    pub fn object(text: &str) -> Option<Self> {
        let Span { start, end } = json::members(text.as_bytes(), |_| {}).ok()?;
        text.get(start..end).map(|object| Self(object.to_owned()))
    }

    /// Takes a value that a reader of the whole text around it has checked already.
    #[must_use]
    pub(crate) fn checked(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The object without members.
    #[must_use]
    pub fn empty() -> Self {
        Self("{}".to_owned())
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Whether `text` is one whole JSON object.
#[must_use]
pub fn is_complete_object(text: &str) -> bool {
    json::members(text.as_bytes(), |_| {}).is_ok()
}
