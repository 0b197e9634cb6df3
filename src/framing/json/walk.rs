//! All of a text in one pass: where containers open and close, and every key and plain value in between.

use super::{Kind, Span, words};

/// What a walk meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// A container opens at this offset: [`Kind::Object`] or [`Kind::Array`].
    Open(Kind, usize),
    /// The innermost open container closes; the offset is the one after its bracket.
    Close(usize),
    /// The key of a member, quotes included.
    Key(Span),
    /// A value that is no container.
    Value(Span, Kind),
}

/// Calls `each` for every token of the value at `span`, in order. The text has been found valid before (by
/// [`super::members`] and its like); of any other text the tokens mean nothing, yet there are no more of them than
/// bytes. Linear in the span, without recursion and allocation.
pub fn walk(text: &[u8], span: Span, mut each: impl FnMut(Token)) {
    let bytes = text.get(..span.end.min(text.len())).unwrap_or_default();
    let mut at = span.start;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at = match byte {
            b' ' | b'\n' | b'\r' | b'\t' | b',' | b':' => at + 1,
            b'{' | b'[' => {
                each(Token::Open(if byte == b'{' { Kind::Object } else { Kind::Array }, start));
                at + 1
            }
            b'}' | b']' => {
                each(Token::Close(at + 1));
                at + 1
            }
            b'"' => {
                let end = string_end(bytes, at + 1);
                let span = Span { start, end };
                let after = bytes.get(end..).unwrap_or_default();
                let next = after.iter().find(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
                each(if next == Some(&b':') { Token::Key(span) } else { Token::Value(span, Kind::String) });
                end
            }
            _ => {
                let rest = bytes.get(at..).unwrap_or_default();
                let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t');
                let end = rest.iter().position(ends).map_or(bytes.len(), |length| at + length);
                let kind = match byte {
                    b't' | b'f' => Kind::Boolean,
                    b'n' => Kind::Null,
                    _ => Kind::Number,
                };
                each(Token::Value(Span { start, end }, kind));
                end
            }
        };
    }
}

/// The offset after the closing quote of the string whose content begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(found) = words::find::<words::QuoteOrBackslash>(rest) else { return bytes.len() };
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at + 1;
        }
        at = (at + 2).min(bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meets_everything_in_order() {
        let text = br#" {"a\"" : [1, -2.5e3,"x:y", true] ,"b":{},"c": null} "#;
        let mut met = Vec::new();
        walk(text, Span { start: 0, end: text.len() }, |token| {
            met.push(match token {
                Token::Open(Kind::Object, at) | Token::Open(_, at) => (char::from(text[at])).to_string(),
                Token::Close(end) => char::from(text[end - 1]).to_string(),
                Token::Key(span) => format!("key {}", String::from_utf8_lossy(span.of(text))),
                Token::Value(span, kind) => format!("{kind:?} {}", String::from_utf8_lossy(span.of(text))),
            });
        });
        assert_eq!(
            met,
            [
                "{",
                r#"key "a\"""#,
                "[",
                "Number 1",
                "Number -2.5e3",
                r#"String "x:y""#,
                "Boolean true",
                "]",
                r#"key "b""#,
                "{",
                "}",
                r#"key "c""#,
                "Null null",
                "}",
            ]
        );
    }

    #[test]
    fn ends_on_any_text() {
        for text in ["\"", "\"\\", "{\"a", "nul", "]]]", "\\\\", "\"\\\"", "[\"\\u12"] {
            walk(text.as_bytes(), Span { start: 0, end: text.len() + 9 }, |_| {});
            walk(text.as_bytes(), Span { start: 0, end: text.len() }, |_| {});
        }
    }
}
