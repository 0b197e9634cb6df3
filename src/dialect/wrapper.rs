//! Schemas whose root is no object, for providers that take none but objects: such a schema is put into an object of
//! one member, and the answer is taken out of it again, whole or streamed.
//!
//! Promises that what does not look like the wrapper passes as it is.

use std::collections::BTreeMap;

use crate::chat::{ChatAnswer, ChatEvent, Content, Delta, Json};
use crate::dialect::wire::{Object, write};

/// The wrapper's only member.
const MEMBER: &str = "value";

/// The schema of an object that has what the schema says as its only member. Definitions stay at the root, where
/// references look for them.
pub(super) fn wrap(schema: &Json) -> Json {
    let Ok(object) = Object::parse(schema.text().as_bytes()) else { return schema.clone() };
    let Ok(members) = object.rest() else { return schema.clone() };
    let is_definition = |name: &str| name == "$defs" || name == "definitions";
    let out = write::object(|out| {
        out.string("type", "object");
        out.object("properties", |properties| {
            properties.object(MEMBER, |value| {
                let own = members.iter().filter(|(name, _)| !is_definition(name) && name != "$schema");
                own.for_each(|(name, member)| value.raw(name, member.text()));
            });
        });
        out.strings("required", &[MEMBER.to_owned()]);
        out.boolean("additionalProperties", false);
        let definitions = members.iter().filter(|(name, _)| is_definition(name));
        definitions.for_each(|(name, member)| out.raw(name, member.text()));
    });
    Json::checked(&String::from_utf8_lossy(&out))
}

/// Takes a whole answer out of the wrapper.
pub(super) fn unwrap(answer: &mut ChatAnswer) {
    for choice in &mut answer.choices {
        let mut stage = Stage::default();
        for part in &mut choice.parts {
            if let Content::Text(text) = &mut part.content {
                *text = stage.take(text);
            }
        }
    }
}

/// Takes a streamed answer out of the wrapper.
#[derive(Default)]
pub(super) struct Unwrapper(BTreeMap<u32, Stage>);

impl Unwrapper {
    /// Takes the wrapper from an event; `false` when nothing is left of it.
    pub(super) fn event(&mut self, event: &mut ChatEvent) -> bool {
        let ChatEvent::Delta { choice, delta: Delta::Text(text), .. } = event else { return true };
        *text = self.0.entry(*choice).or_default().take(text);
        !text.is_empty()
    }
}

/// Where in the wrapper an answer is.
enum Stage {
    /// Before the value: what was read, while it may be the wrapper's beginning.
    Before(String),
    /// In the value.
    Inside { depth: usize, in_string: bool, escaped: bool },
    /// Behind the value.
    After,
    /// In an answer without a wrapper.
    Plain,
}

impl Default for Stage {
    fn default() -> Self {
        Self::Before(String::new())
    }
}

impl Stage {
    /// What of the next text belongs to the value.
    fn take(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut held = String::new();
        let text = match self {
            Self::Before(before) => {
                before.push_str(text);
                match opening(before) {
                    Opening::Unfinished => return out,
                    Opening::None => {
                        out = std::mem::take(before);
                        *self = Self::Plain;
                        return out;
                    }
                    Opening::Until(rest) => {
                        held.push_str(rest);
                        *self = Self::Inside { depth: 0, in_string: false, escaped: false };
                        held.as_str()
                    }
                }
            }
            _ => text,
        };
        for letter in text.chars() {
            self.letter(letter, &mut out);
        }
        out
    }

    fn letter(&mut self, letter: char, out: &mut String) {
        match self {
            Self::Plain => out.push(letter),
            Self::Before(_) | Self::After => {}
            Self::Inside { depth: 0, in_string: false, .. } if letter == '}' || letter == ',' => {
                *self = Self::After;
            }
            Self::Inside { depth, in_string, escaped } => {
                match letter {
                    _ if *escaped => *escaped = false,
                    '\\' if *in_string => *escaped = true,
                    '"' => *in_string = !*in_string,
                    '{' | '[' if !*in_string => *depth += 1,
                    '}' | ']' if !*in_string => *depth = depth.saturating_sub(1),
                    _ => {}
                }
                out.push(letter);
            }
        }
    }
}

/// Whether a text begins as the wrapper does.
enum Opening<'a> {
    /// It does, as far as it goes.
    Unfinished,
    /// It does; this is where the value begins.
    Until(&'a str),
    /// It does not.
    None,
}

fn opening(text: &str) -> Opening<'_> {
    let mut rest = text.trim_start();
    for token in ["{", "\"value\"", ":"] {
        match rest.strip_prefix(token) {
            Some(after) => rest = after.trim_start(),
            None if token.starts_with(rest) => return Opening::Unfinished,
            None => return Opening::None,
        }
    }
    if rest.is_empty() { Opening::Unfinished } else { Opening::Until(rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_schema_keeps_its_definitions_at_the_root() {
        let schema = Json::object(
            r##"{"type":"array","items":{"$ref":"#/$defs/City"},"$defs":{"City":{"type":"string"}}}"##,
        );
        let expected = r##"{"type":"object","properties":{"value":{"type":"array","items":{"$ref":"#/$defs/City"}}},"required":["value"],"additionalProperties":false,"$defs":{"City":{"type":"string"}}}"##;
        assert_eq!(wrap(&schema.unwrap()).text(), expected);
    }

    /// However the text is cut, the value comes out, and nothing else.
    #[test]
    fn an_answer_comes_out_of_its_wrapper() {
        for (text, value) in [
            (r#"{"value":["a","b}"]}"#, r#"["a","b}"]"#),
            ("{ \"value\" : [{\"x\":\"\\\"]\"}] }\n", "[{\"x\":\"\\\"]\"}] "),
            (r#"{"value":"ja"}"#, r#""ja""#),
            (r#"["a"]"#, r#"["a"]"#),
            ("I cannot.", "I cannot."),
            (r#"{"values":1}"#, r#"{"values":1}"#),
        ] {
            for size in 1..=text.len() {
                let mut stage = Stage::default();
                let letters: Vec<char> = text.chars().collect();
                let out: String =
                    letters.chunks(size).map(|piece| stage.take(&piece.iter().collect::<String>())).collect();
                assert_eq!(out, value, "{text} by {size}");
            }
        }
    }
}
