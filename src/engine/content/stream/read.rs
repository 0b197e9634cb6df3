//! Which members of an event carry generated text, and when that ends, in each dialect of clients.
//!
//! Sources: OpenAI's API reference ("The chat completion chunk object", "The completion object", "Streaming events" of
//! responses), Anthropic's "Streaming messages", Gemini's `GenerateContentResponse`.

use crate::dialect::translate::Dialect;
use crate::framing::json::{self, Kind, Span, Token};
use crate::redact::mask::Quoting;

/// One text that is being generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// Which of several answers, blocks or items.
    pub(super) choice: u64,
    pub(super) member: Member,
}

/// Which text of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    /// `text` of a completion.
    Text,
    /// A member of `delta`, such as `content`, `text` or `partial_json`.
    Delta(String),
    /// The arguments of the tool call with this index.
    Arguments(u64),
    /// The arguments of a function call (deprecated by OpenAI, and still sent by some servers).
    FunctionCall,
    /// `delta` of an event of this type, about this part of its item.
    Part(String, u64),
    /// The text of Gemini's parts; its thoughts are a text of their own.
    GeminiText { thought: bool },
}

impl Member {
    /// How the text is written, where it is always written so.
    pub(super) fn quoting(&self) -> Option<Quoting> {
        let is_json = match self {
            Self::Arguments(_) | Self::FunctionCall => true,
            Self::Delta(name) => name == "partial_json",
            Self::Part(kind, _) => kind.contains("arguments"),
            Self::Text | Self::GeminiText { .. } => false,
        };
        is_json.then_some(Quoting::Json)
    }
}

/// What an event says.
#[derive(Default)]
pub(super) struct Event {
    /// Pieces of texts.
    pub(super) texts: Vec<(Name, Span)>,
    /// Strings that are complete.
    pub(super) complete: Vec<Span>,
    /// The choices that end with it.
    pub(super) ended: Vec<u64>,
    /// Whether all do.
    pub(super) last: bool,
    /// Whether it tells a client that an answer is complete.
    pub(super) closes: bool,
    /// The list of choices or candidates, which an event with one text has with nothing else in it.
    pub(super) choices: Option<Span>,
    /// Whether it was understood.
    pub(super) is_read: bool,
    /// Whether it is only the mark that nothing follows.
    pub(super) is_mark: bool,
    /// Whether it says again what pieces have said before.
    pub(super) repeats: bool,
}

/// Reads the data of an event.
pub(super) fn read(dialect: Dialect, data: &[u8]) -> Event {
    let mut event = Event::default();
    if data == b"[DONE]" {
        (event.last, event.closes, event.is_read, event.is_mark) = (true, true, true, true);
        return event;
    }
    if json::members(data, |_| {}).is_err() {
        return event;
    }
    event.is_read = true;
    match dialect {
        Dialect::OpenAiChat | Dialect::OpenAiCompletions => openai(data, &mut event),
        Dialect::OpenAiResponses => responses(data, &mut event),
        Dialect::Anthropic => anthropic(data, &mut event),
        Dialect::Gemini => gemini(data, &mut event),
        // No client speaks it.
        Dialect::Bedrock => {}
    }
    // What ends in a response is a part of it, and is said again at its end.
    event.closes |= event.last || !event.ended.is_empty() && has_choices(dialect);
    event
}

/// Whether the texts of this dialect are parts of one answer, or each is one.
pub(super) const fn has_choices(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::OpenAiChat | Dialect::OpenAiCompletions | Dialect::Gemini)
}

fn whole(data: &[u8]) -> Span {
    Span { start: 0, end: data.len() }
}

/// Calls `each` for the members of an object that was found valid, and so cannot fail.
fn members<'a>(data: &'a [u8], object: Span, each: impl FnMut(json::Member<'a>)) {
    let _ = json::members_of(data, object, each);
}

/// Calls `each` for the objects in a list that was found valid.
fn objects(data: &[u8], list: Span, mut each: impl FnMut(Span)) {
    let _ = json::elements_of(data, list, |span, kind| {
        if kind == Kind::Object {
            each(span);
        }
    });
}

fn every_string(data: &[u8], value: Span, into: &mut Vec<Span>) {
    json::walk(data, value, |token| {
        if let Token::Value(span, Kind::String) = token {
            into.push(span);
        }
    });
}

fn openai(data: &[u8], event: &mut Event) {
    members(data, whole(data), |member| {
        if member.key == "choices" && member.kind == Kind::Array {
            event.choices = Some(member.value);
        }
    });
    if let Some(choices) = event.choices {
        objects(data, choices, |choice| openai_choice(data, choice, event));
    }
}

fn openai_choice(data: &[u8], choice: Span, event: &mut Event) {
    let (mut index, mut ended) = (0, false);
    let mut texts = Vec::new();
    members(data, choice, |member| match (&*member.key, member.kind) {
        ("index", Kind::Number) => index = json::unsigned(data, member.value).unwrap_or(0),
        ("finish_reason", Kind::String) => ended = true,
        ("text", Kind::String) => texts.push((Member::Text, member.value)),
        ("delta", Kind::Object) => openai_delta(data, member.value, &mut texts),
        _ => {}
    });
    event.texts.extend(texts.into_iter().map(|(member, span)| (Name { choice: index, member }, span)));
    if ended {
        event.ended.push(index);
    }
}

fn openai_delta(data: &[u8], delta: Span, texts: &mut Vec<(Member, Span)>) {
    members(data, delta, |member| match (&*member.key, member.kind) {
        ("role", _) => {}
        (name, Kind::String) => texts.push((Member::Delta(name.to_owned()), member.value)),
        ("tool_calls", Kind::Array) => {
            let mut position = 0;
            objects(data, member.value, |call| {
                openai_call(data, call, position, texts);
                position += 1;
            });
        }
        ("function_call", Kind::Object) => {
            texts.extend(arguments(data, member.value).map(|span| (Member::FunctionCall, span)));
        }
        _ => {}
    });
}

fn openai_call(data: &[u8], call: Span, position: u64, texts: &mut Vec<(Member, Span)>) {
    let (mut index, mut span) = (position, None);
    members(data, call, |member| match (&*member.key, member.kind) {
        ("index", Kind::Number) => index = json::unsigned(data, member.value).unwrap_or(position),
        ("function", Kind::Object) => span = arguments(data, member.value),
        _ => {}
    });
    texts.extend(span.map(|span| (Member::Arguments(index), span)));
}

fn arguments(data: &[u8], function: Span) -> Option<Span> {
    let mut found = None;
    members(data, function, |member| {
        if member.key == "arguments" && member.kind == Kind::String {
            found = Some(member.value);
        }
    });
    found
}

/// Events named `….delta` carry a piece; all others, such as `….done`, carry texts that are complete.
fn responses(data: &[u8], event: &mut Event) {
    let (mut kind, mut item, mut part, mut delta) = (String::new(), 0, 0, None);
    members(data, whole(data), |member| match (&*member.key, member.kind) {
        ("type", Kind::String) => {
            kind = json::string(data, member.value).unwrap_or_default().into_owned();
        }
        ("output_index", Kind::Number) => item = json::unsigned(data, member.value).unwrap_or(0),
        ("content_index" | "summary_index", Kind::Number) => {
            part = json::unsigned(data, member.value).unwrap_or(0);
        }
        ("delta", Kind::String) => delta = Some(member.value),
        _ => {}
    });
    match delta {
        Some(delta) if kind.ends_with(".delta") => {
            event.texts.push((Name { choice: item, member: Member::Part(kind, part) }, delta));
        }
        _ => {
            every_string(data, whole(data), &mut event.complete);
            event.last = matches!(&*kind, "response.completed" | "response.incomplete" | "response.failed");
            event.repeats = event.last || kind.ends_with(".done");
            if kind.ends_with(".done") {
                event.ended.push(item);
            }
        }
    }
}

fn anthropic(data: &[u8], event: &mut Event) {
    let (mut kind, mut block, mut delta) = (None, 0, None);
    members(data, whole(data), |member| match (&*member.key, member.kind) {
        ("type", Kind::String) => kind = json::string(data, member.value),
        ("index", Kind::Number) => block = json::unsigned(data, member.value).unwrap_or(0),
        ("delta", Kind::Object) => delta = Some(member.value),
        ("content_block" | "message", Kind::Object) => every_string(data, member.value, &mut event.complete),
        _ => {}
    });
    match (kind.as_deref(), delta) {
        (Some("content_block_delta"), Some(delta)) => members(data, delta, |member| {
            if matches!(&*member.key, "text" | "partial_json" | "thinking") && member.kind == Kind::String {
                let member_name = Member::Delta(member.key.into_text().into_owned());
                event.texts.push((Name { choice: block, member: member_name }, member.value));
            }
        }),
        (Some("content_block_stop"), _) => event.ended.push(block),
        (Some("message_delta"), _) => event.closes = true,
        (Some("message_stop"), _) => event.last = true,
        _ => {}
    }
}

fn gemini(data: &[u8], event: &mut Event) {
    members(data, whole(data), |member| {
        if member.key == "candidates" && member.kind == Kind::Array {
            event.choices = Some(member.value);
        }
    });
    if let Some(candidates) = event.choices {
        objects(data, candidates, |candidate| gemini_candidate(data, candidate, event));
    }
}

fn gemini_candidate(data: &[u8], candidate: Span, event: &mut Event) {
    let (mut index, mut ended, mut content) = (0, false, None);
    members(data, candidate, |member| match (&*member.key, member.kind) {
        ("index", Kind::Number) => index = json::unsigned(data, member.value).unwrap_or(0),
        ("finishReason", Kind::String) => ended = true,
        ("content", Kind::Object) => content = Some(member.value),
        _ => {}
    });
    let mut parts = None;
    if let Some(content) = content {
        members(data, content, |member| {
            if member.key == "parts" && member.kind == Kind::Array {
                parts = Some(member.value);
            }
        });
    }
    if let Some(parts) = parts {
        objects(data, parts, |part| {
            let (mut text, mut thought) = (None, false);
            members(data, part, |member| match (&*member.key, member.kind) {
                ("text", Kind::String) => text = Some(member.value),
                ("thought", Kind::Boolean) => thought = member.value.of(data) == b"true",
                ("thoughtSignature", _) => {}
                _ => every_string(data, member.value, &mut event.complete),
            });
            let member = Member::GeminiText { thought };
            event.texts.extend(text.map(|span| (Name { choice: index, member }, span)));
        });
    }
    if ended {
        event.ended.push(index);
    }
}
