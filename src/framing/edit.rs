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

/// By how many bytes the edits make a text longer (or shorter). Beyond what the result can hold, which only
/// edits of a text that cannot exist come to, it stays at the limit.
#[must_use]
pub fn growth(edits: &[Edit]) -> i64 {
    edits.iter().fold(0_i64, |growth, edit| {
        let removed = edit.span.end.saturating_sub(edit.span.start);
        growth.saturating_add_unsigned(edit.text.len() as u64).saturating_sub_unsigned(removed as u64)
    })
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

    /// Found by fuzzing the note that a role decodes: it may name any offsets.
    #[test]
    fn measures_edits_of_any_size() {
        let most = i64::MAX as usize;
        assert_eq!(growth(&[edit(0, most, ""), edit(0, most, "")]), i64::MIN);
        assert_eq!(growth(&[edit(1, usize::MAX, "abc")]), i64::MIN);
    }

    #[test]
    fn refuses_edits_that_overlap_or_reach_too_far() {
        assert_eq!(apply(&mut [edit(0, 3, "x"), edit(2, 4, "y")], b"abcdef"), None);
        assert_eq!(apply(&mut [edit(0, 7, "x")], b"abcdef"), None);
    }
}
