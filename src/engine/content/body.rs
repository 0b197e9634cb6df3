//! The texts of a request's body, in every dialect that clients speak.
//!
//! Nothing is listed that is examined, only what is not: a member that a dialect adds tomorrow is examined too.
//! Passed over are
//!
//! - the top member `model`, which decides the route;
//! - members of structure ([`STRUCTURE`]) where the value is a mere identifier;
//! - opaque and encoded data ([`OPAQUE`], and `data:` URLs) where the value is nothing but base64.
//!
//! Where members have names of the application's choice (arguments and results of tools, metadata), nothing is
//! structure, and keys and numbers are examined like texts; the name of a member is context for its value there.

use std::borrow::Cow;

use crate::framing::json::{self, Kind, Span, Token};
use crate::guard::Source;

/// Members whose values name things of the protocol. A value that is no identifier is examined all the same.
const STRUCTURE: [&str; 33] = [
    "$ref",
    "call_id",
    "detail",
    "effort",
    "encoding_format",
    "file_id",
    "finish_reason",
    "format",
    "id",
    "include",
    "item_id",
    "media_type",
    "mimeType",
    "mime_type",
    "modalities",
    "mode",
    "object",
    "previous_response_id",
    "reasoning_effort",
    "responseMimeType",
    "responseModalities",
    "response_format",
    "role",
    "server_label",
    "service_tier",
    "status",
    "stop_reason",
    "tool_call_id",
    "tool_choice",
    "tool_use_id",
    "truncation",
    "type",
    "verbosity",
];

/// Members whose values are encoded or sealed, where they are base64.
const OPAQUE: [&str; 7] = [
    "b64_json",
    "data",
    "encrypted_content",
    "file_data",
    "signature",
    "thoughtSignature",
    "thought_signature",
];

/// Members that hold an object of the application's own.
const FREE: [&str; 5] = ["args", "arguments", "input", "metadata", "response"];

/// Arrays whose texts a model reads as one.
const PARTS: [&str; 3] = ["content", "parts", "system"];

/// Members of the body that hold the conversation.
const CONVERSATION: [&str; 4] = ["contents", "input", "messages", "prompt"];

/// Numbers with fewer digits are no private value on their own.
const SHORTEST_NUMBER: usize = 7;

/// What a text stands in the body as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A string.
    Text,
    /// The key of a member.
    Key,
    /// A number, as its digits.
    Number,
}

/// One text.
#[derive(Debug)]
pub(super) struct Text<'a> {
    /// The token, with its quotes when it has some.
    pub(super) span: Span,
    pub(super) form: Form,
    /// What it says.
    pub(super) says: Cow<'a, str>,
    /// The name of the member, where it is the application's own.
    pub(super) name: Option<Cow<'a, str>>,
    /// The texts of one content have the same number.
    pub(super) group: Option<usize>,
    /// Whose words they are, when they are not the application's.
    pub(super) source: Option<Source>,
}

/// What is in a body.
#[derive(Debug, Default)]
pub(super) struct Texts<'a> {
    pub(super) all: Vec<Text<'a>>,
    /// The outermost values with members of the application's own.
    pub(super) free: Vec<Span>,
}

/// Who speaks, as far as a container says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    Unsaid,
    Application,
    Other(Source),
}

struct Frame<'a> {
    kind: Kind,
    start: usize,
    /// The name of the member that it is, or is an element of.
    name: Option<Cow<'a, str>>,
    /// The latest key in it.
    key: Option<Cow<'a, str>>,
    free: bool,
    parts: bool,
    conversation: bool,
    /// How many texts there were when it began.
    first: usize,
    speaker: Speaker,
}

/// The texts of a request's body, which has been found valid.
pub(super) fn texts(body: &str) -> Texts<'_> {
    read(body, false)
}

/// The texts of a JSON document of the application's own, which has been found valid.
pub(super) fn free_texts(document: &str) -> Texts<'_> {
    read(document, true)
}

fn read(body: &str, free: bool) -> Texts<'_> {
    let mut reader =
        Reader { text: body.as_bytes(), free, frames: Vec::new(), texts: Texts::default(), said: Vec::new() };
    let whole = Span { start: 0, end: body.len() };
    json::walk(body.as_bytes(), whole, |token| reader.token(token));
    for (text, speaker) in reader.texts.all.iter_mut().zip(reader.said) {
        if let Speaker::Other(source) = speaker {
            text.source = Some(source);
        }
    }
    reader.texts
}

struct Reader<'a> {
    text: &'a [u8],
    free: bool,
    frames: Vec<Frame<'a>>,
    texts: Texts<'a>,
    /// Who speaks, for each text.
    said: Vec<Speaker>,
}

impl<'a> Reader<'a> {
    fn token(&mut self, token: Token) {
        match token {
            Token::Open(kind, start) => self.open(kind, start),
            Token::Close(end) => self.close(end),
            Token::Key(span) => {
                let Some(key) = json::string(self.text, span) else { return };
                let Some(frame) = self.frames.last_mut() else { return };
                frame.key = Some(key.clone());
                if frame.free {
                    self.add(span, Form::Key, key, None);
                }
            }
            Token::Value(span, Kind::String) => self.string(span),
            Token::Value(span, Kind::Number) => {
                let free = self.frames.last().map_or(self.free, |frame| frame.free);
                let digits = span.of(self.text);
                if free && digits.iter().filter(|byte| byte.is_ascii_digit()).count() >= SHORTEST_NUMBER {
                    let says = String::from_utf8_lossy(digits);
                    let name = self.name();
                    self.add(span, Form::Number, says, name);
                }
            }
            Token::Value(..) => {}
        }
    }

    /// The name of the member whose value comes next, or is being read.
    fn name(&self) -> Option<Cow<'a, str>> {
        let frame = self.frames.last()?;
        if frame.kind == Kind::Object { frame.key.clone() } else { frame.name.clone() }
    }

    fn open(&mut self, kind: Kind, start: usize) {
        let name = self.name();
        let parent = self.frames.last();
        let named = |list: &[&str]| name.as_deref().is_some_and(|name| list.contains(&name));
        let was_free = parent.map_or(self.free, |frame| frame.free);
        // An element is not its array, and a schema's property may have any name.
        let is_member = parent
            .is_some_and(|frame| frame.kind == Kind::Object && frame.name.as_deref() != Some("properties"));
        let free = was_free || kind == Kind::Object && is_member && named(&FREE);
        let conversation = match parent {
            Some(frame) => frame.conversation || (self.frames.len() == 1 && named(&CONVERSATION)),
            None => false,
        };
        let parts = kind == Kind::Array && !free && named(&PARTS);
        let first = self.texts.all.len();
        let speaker = if named(&["functionResponse", "function_response"]) {
            Speaker::Other(Source::Tool)
        } else {
            Speaker::Unsaid
        };
        self.frames.push(Frame { kind, start, name, key: None, free, parts, conversation, first, speaker });
    }

    fn close(&mut self, end: usize) {
        let Some(frame) = self.frames.pop() else { return };
        if frame.free && !self.frames.last().is_some_and(|parent| parent.free) {
            self.texts.free.push(Span { start: frame.start, end });
        }
        let speaker = match frame.speaker {
            // The whole conversation is read, and nobody else said to speak here.
            Speaker::Unsaid if self.frames.len() == 1 && frame.conversation => Speaker::Other(Source::User),
            speaker => speaker,
        };
        self.speak(frame.first, speaker);
    }

    /// Notes who speaks in the texts from `first` on of which nothing was said yet.
    fn speak(&mut self, first: usize, speaker: Speaker) {
        for said in self.said.iter_mut().skip(first).filter(|said| **said == Speaker::Unsaid) {
            *said = speaker;
        }
    }

    fn string(&mut self, span: Span) {
        let Some(says) = json::string(self.text, span) else { return };
        let name = self.name();
        let top = self.frames.len() == 1;
        let Some(frame) = self.frames.last_mut() else {
            return self.add(span, Form::Text, says, None);
        };
        if frame.free {
            return self.add(span, Form::Text, says, name);
        }
        let name = name.as_deref().unwrap_or_default();
        if top && name == "model" {
            return;
        }
        if frame.kind == Kind::Object
            && let Some(speaker) = speaker(name, &says)
        {
            frame.speaker = speaker;
        }
        if is_structure(name, &says) || is_opaque(name, &says) {
            return;
        }
        let first = self.texts.all.len();
        let spoken = top && CONVERSATION.contains(&name);
        self.add(span, Form::Text, says, None);
        if spoken {
            self.speak(first, Speaker::Other(Source::User));
        }
    }

    fn add(&mut self, span: Span, form: Form, says: Cow<'a, str>, name: Option<Cow<'a, str>>) {
        if says.is_empty() {
            return;
        }
        let group = self.group();
        self.texts.all.push(Text { span, form, says, name, group, source: None });
        self.said.push(Speaker::Unsaid);
    }

    /// The content that a text being read now is a part of.
    fn group(&self) -> Option<usize> {
        let mut frames = self.frames.iter().rev();
        let own = frames.next()?;
        if own.parts {
            return Some(own.start);
        }
        let array = frames.next()?;
        let is_text = own.key.as_deref() == Some("text") && own.kind == Kind::Object;
        (is_text && array.parts).then_some(array.start)
    }
}

/// Whose words an object holds, by its role or type.
fn speaker(name: &str, value: &str) -> Option<Speaker> {
    match (name, value) {
        ("role", "user") => Some(Speaker::Other(Source::User)),
        ("role", "tool" | "function") | ("type", "tool_result" | "function_call_output") => {
            Some(Speaker::Other(Source::Tool))
        }
        ("type", "document" | "search_result") => Some(Speaker::Other(Source::Document)),
        ("role", _) => Some(Speaker::Application),
        _ => None,
    }
}

/// Whether the value of a member of structure is a mere identifier.
fn is_structure(name: &str, value: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:/#$".contains(&byte);
    STRUCTURE.binary_search(&name).is_ok()
        && value.len() <= 256
        && value.bytes().all(allowed)
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether a value is encoded data, of which no detector can say anything.
fn is_opaque(name: &str, value: &str) -> bool {
    if let Some((head, data)) = value.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
        return head.len() <= 128 && is_identifier(head) && is_base64(data);
    }
    OPAQUE.contains(&name) && is_base64(value) && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_identifier(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/+.-;=".contains(&byte))
}

fn is_base64(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_\r\n".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> Vec<(String, Option<Source>)> {
        json::members(body.as_bytes(), |_| {}).unwrap();
        texts(body).all.iter().map(|text| (text.says.to_string(), text.source)).collect()
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(STRUCTURE.is_sorted());
    }

    #[test]
    fn identifiers_and_media_are_passed_over_and_nothing_else() {
        let body = r#"{"model":"chat","messages":[
            {"role":"user","content":[{"type":"text","text":"one"},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}},
                {"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}]},
            {"role":"assistant","tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"two"}}]},
            {"role":"tool","tool_call_id":"four @","content":"three"}],
            "tools":[{"type":"function","function":{"description":"five","parameters":{"properties":{"input":{"type":"string"}}}}}],
            "metadata":{"id":"six"},"user":"seven"}"#;
        let words: Vec<String> = said(body).into_iter().map(|(says, _)| says).collect();
        assert_eq!(words, ["one", "f", "two", "four @", "three", "five", "id", "six", "seven"]);
    }

    #[test]
    fn it_is_known_who_speaks_in_every_dialect() {
        use Source::{Document, Tool, User};
        let anthropic = r#"{"system":"s","messages":[{"content":[{"type":"text","text":"u"},
            {"content":[{"type":"text","text":"r"}],"type":"tool_result"},
            {"type":"document","title":"d"}],"role":"user"},{"role":"assistant","content":"a"}]}"#;
        let expected =
            [("s", None), ("u", Some(User)), ("r", Some(Tool)), ("d", Some(Document)), ("a", None)];
        assert_eq!(said(anthropic), expected.map(|(says, source)| (says.to_owned(), source)));
        let responses = r#"{"instructions":"i","input":[{"type":"message","role":"user","content":"u"},
            {"type":"function_call_output","call_id":"c","output":"o"}]}"#;
        let expected = [("i", None), ("u", Some(User)), ("o", Some(Tool))];
        assert_eq!(said(responses), expected.map(|(says, source)| (says.to_owned(), source)));
        assert_eq!(said(r#"{"input":"u"}"#), [("u".to_owned(), Some(User))]);
        let gemini = r#"{"contents":[{"parts":[{"text":"u"},{"functionResponse":{"name":"f","response":{"k":"o"}}}]}]}"#;
        let expected = [("u", Some(User)), ("f", Some(Tool)), ("k", Some(Tool)), ("o", Some(Tool))];
        assert_eq!(said(gemini), expected.map(|(says, source)| (says.to_owned(), source)));
    }
}
