//! Replacing spans of a text without touching the rest.

use super::json::Span;

/// A replacement of some bytes of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go; empty for an insertion.
    pub span: Span,
    /// What comes in their place.
    pub text: Vec<u8>,
}

/// How far into the text the edits reach: everything from there on stays as it is.
#[must_use]
pub fn reach(edits: &[Edit]) -> usize {
    edits.iter().map(|edit| edit.span.end).max().unwrap_or(0)
}

/// By how many bytes the edits make a text longer (or shorter).
#[must_use]
pub fn growth(edits: &[Edit]) -> i64 {
    edits.iter().map(|edit| edit.text.len() as i64 - (edit.span.end - edit.span.start) as i64).sum()
}

/// The first [`reach`] bytes of a text with the edits made. The edits may come in any order and must not
/// overlap; `None` when they do, or when `text` is too short.
#[must_use]
pub fn apply(edits: &mut [Edit], text: &[u8]) -> Option<Vec<u8>> {
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = Vec::with_capacity(text.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut copied = 0;
    for edit in edits.iter() {
        out.extend_from_slice(text.get(copied..edit.span.start)?);
        out.extend_from_slice(&edit.text);
        copied = edit.span.end;
    }
    (copied <= text.len()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { span: Span { start, end }, text: text.as_bytes().to_vec() }
    }

    #[test]
    fn makes_the_edits_and_leaves_the_rest() {
        let mut edits = [edit(10, 13, "\"long name\""), edit(1, 1, "\"a\":1,")];
        let text = br#"{"model": "m","x":1}"#;
        assert_eq!(reach(&edits), 13);
        assert_eq!(growth(&edits), 14);
        let head = apply(&mut edits, &text[..13]).unwrap();
        assert_eq!(head, br#"{"a":1,"model": "long name""#);
    }

    #[test]
    fn refuses_edits_that_overlap_or_reach_too_far() {
        assert_eq!(apply(&mut [edit(0, 3, "x"), edit(2, 4, "y")], b"abcdef"), None);
        assert_eq!(apply(&mut [edit(0, 7, "x")], b"abcdef"), None);
    }
}
