//! What holds of every case, and of any request.

use proptest::prelude::*;
use serde_json::{Value, json};
use tollgate::chat::{
    CacheMarker, ChatRequest, Content, Format, Json, Message, Part, Role, Sampling, Source, Tool, ToolChoice,
};
use tollgate::dialect::stream::StreamOutcome;
use tollgate::dialect::translate::{Dialect, Support, decode_request, encode_request, support};

use crate::corpus::{Kind, cases, target, translate_chunks, wire};

/// However a stream is cut, in two anywhere or into its bytes, the client gets the same.
#[test]
fn every_split_of_every_stream_gives_the_same() {
    let mut count = 0;
    for provider in Dialect::ALL {
        let clients: Vec<Dialect> = Dialect::ALL
            .into_iter()
            .filter(|client| support(*client, provider) == Support::Translate)
            .collect();
        for (index, case) in cases(provider, Kind::Streams).values().enumerate() {
            let bytes = wire(provider, case);
            for client in clients.iter().copied() {
                let (whole, _) = translate_chunks(provider, client, std::iter::once(bytes.as_slice()));
                for at in 0..=bytes.len() {
                    let (first, second) = bytes.split_at(at);
                    let (cut, _) = translate_chunks(provider, client, [first, second].into_iter());
                    assert!(cut == whole, "{provider:?} to {client:?}, case {index}, cut at {at}");
                }
                let (bytewise, _) = translate_chunks(provider, client, bytes.chunks(1));
                assert!(bytewise == whole, "{provider:?} to {client:?}, case {index}, byte by byte");
            }
            count += 1;
        }
    }
    assert!(count >= 80, "the corpus is there: {count}");
}

/// The events before the first that says that the answer, or one of several, is at its end.
fn before_the_end(case: &Value) -> Value {
    let says_so = |event: &Value| {
        let text = event.to_string();
        let ends = [
            "\"finish_reason\":\"",
            "\"stop_reason\":\"",
            "\"finishReason\":\"",
            "\"blockReason\":",
            "\"messageStop\":",
        ];
        event == "[DONE]" || event["type"] == "message_stop" || ends.iter().any(|end| text.contains(end))
    };
    let events = case["events"].as_array().unwrap();
    json!({ "events": events.iter().take_while(|event| !says_so(event)).collect::<Vec<_>>() })
}

/// A stream that breaks off anywhere never ends in silence, and is complete only after its provider said so.
#[test]
fn a_broken_stream_is_said_to_be_broken() {
    for provider in Dialect::ALL {
        for case in cases(provider, Kind::Streams).values() {
            let bytes = wire(provider, case);
            let end = wire(provider, &before_the_end(case)).len();
            let client =
                if provider == Dialect::Anthropic { Dialect::OpenAiChat } else { Dialect::Anthropic };
            for at in (0..bytes.len()).step_by(7) {
                let (_, translator) = translate_chunks(provider, client, std::iter::once(&bytes[..at]));
                let outcome = translator.outcome();
                assert!(outcome.is_some(), "{provider:?} cut at {at}");
                let is_failed = matches!(outcome, Some(StreamOutcome::Failed(_)));
                assert!(is_failed || at > end, "{provider:?} cut at {at}: {outcome:?}");
            }
        }
    }
}

pub(crate) fn word() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-z \"\\\\\n]{1,12}", 1 => "[日本語é]{1,4}", 1 => "\\PC{1,8}"]
        .prop_filter("text that is not empty", |text| !text.is_empty())
}

/// A text of a turn, or one that ends an answer: some providers take none of blanks alone.
fn words() -> impl Strategy<Value = String> {
    word().prop_filter("more than blanks", |text| !text.trim().is_empty())
}

pub(crate) fn name() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9_]{0,10}"
}

/// An object as JSON text.
pub(crate) fn object() -> impl Strategy<Value = String> {
    proptest::collection::btree_map(name(), word(), 1..4)
        // A member of that name alone is how some dialects wrap a text.
        .prop_filter("no wrapper", |map| {
            !["output", "error", "result"].iter().any(|key| map.contains_key(*key))
        })
        .prop_map(|map| serde_json::to_string(&map).unwrap())
}

/// What a request is made of. The request itself has no `Debug`, on purpose.
#[derive(Clone, Debug)]
struct Recipe {
    system: String,
    /// Text, or the data of an image.
    said: Vec<Result<String, String>>,
    answered: String,
    /// Name, arguments and result.
    calls: Vec<(String, String, String)>,
    /// Name, description and the inside of the schema.
    tools: Vec<(String, Option<String>, String)>,
    /// Whether the first tool must be called, or any.
    choice: Option<bool>,
    heat: u32,
    limit: u64,
    stop: Vec<String>,
    stream: bool,
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let said = prop_oneof![3 => words().prop_map(Ok), 1 => "[A-Za-z0-9+/]{4}".prop_map(Err)];
    let turns = (
        word(),
        proptest::collection::vec(said, 1..3),
        words(),
        proptest::collection::vec((name(), object(), word()), 1..3),
    );
    let tools = proptest::collection::vec((name(), proptest::option::of(word()), object()), 1..3);
    let choice = proptest::option::of(any::<bool>());
    let sampling = (0..=100_u32, 1..9999_u64, proptest::collection::vec(words(), 0..3), any::<bool>());
    (turns, tools, choice, sampling).prop_map(
        |((system, said, answered, calls), tools, choice, (heat, limit, stop, stream))| Recipe {
            system,
            said,
            answered,
            calls,
            tools,
            choice,
            heat,
            limit,
            stop,
            stream,
        },
    )
}

/// A request that every dialect can carry whole: a turn of the user, one of the model with calls, their results.
fn request(recipe: Recipe) -> ChatRequest {
    let image = |data| {
        let source = Source::Base64 { media_type: "image/png".to_owned(), data };
        Part::new(Content::Image { source, detail: None })
    };
    let said = recipe.said.into_iter().map(|part| part.map_or_else(image, Part::text)).collect();
    let mut answered = vec![Part::text(recipe.answered)];
    let mut results = Vec::new();
    for (index, (name, arguments, result)) in recipe.calls.into_iter().enumerate() {
        let id = format!("call_{index}");
        let arguments = Json::object(&arguments).unwrap();
        answered.push(Part::new(Content::ToolCall { id: id.clone(), name, arguments }));
        let parts = vec![Part::text(result)];
        results.push(Part::new(Content::ToolResult { id, name: None, parts, is_error: false }));
    }
    let tool = |(name, description, schema): (String, Option<String>, String)| {
        let parameters = Json::object(&schema.replacen('{', "{\"type\":\"object\",", 1));
        Tool { name, description, parameters, strict: None, cache: None }
    };
    let message = |role, parts| Message { role, parts, name: None };
    let first = recipe.tools.first().map(|(name, ..)| name.clone());
    let tool_choice = recipe.choice.and_then(|is_named| {
        if is_named { first.map(ToolChoice::Named) } else { Some(ToolChoice::Required) }
    });
    ChatRequest {
        messages: vec![
            message(Role::System, vec![Part::text(recipe.system)]),
            message(Role::User, said),
            message(Role::Assistant, answered),
            message(Role::Tool, results),
        ],
        tools: recipe.tools.into_iter().map(tool).collect(),
        tool_choice,
        format: Format::Text,
        sampling: Sampling {
            temperature: Some(f64::from(recipe.heat) / 100.0),
            stop: recipe.stop,
            max_output_tokens: Some(recipe.limit),
            ..Sampling::default()
        },
        stream: recipe.stream,
        ..ChatRequest::default()
    }
}

/// The request as it must come back, whatever the dialect: the model and the streaming are beside it in some,
/// tool results may be one message or several, and only one dialect names the tool with its result.
fn normal(mut request: ChatRequest) -> ChatRequest {
    request.model.clear();
    request.stream = false;
    request.include_usage = false;
    let mut messages: Vec<Message> = Vec::new();
    for mut message in request.messages {
        for part in &mut message.parts {
            if let Content::ToolResult { name, .. } = &mut part.content {
                *name = None;
            }
        }
        match messages.last_mut() {
            Some(last) if last.role == Role::Tool && message.role == Role::Tool => {
                last.parts.extend(message.parts)
            }
            _ => messages.push(message),
        }
    }
    request.messages = messages;
    request
}

proptest! {
    /// What every dialect can carry comes back from each as it was.
    #[test]
    fn a_request_survives_every_dialect(recipe in recipe()) {
        let request = request(recipe);
        for dialect in [Dialect::OpenAiChat, Dialect::Anthropic, Dialect::Gemini] {
            let encoded = encode_request(dialect, &request, &target(dialect, &Value::Null)).unwrap();
            prop_assert!(encoded.losses.is_empty(), "{dialect:?} loses {:?}", encoded.losses);
            let (decoded, losses) = decode_request(dialect, &encoded.body).unwrap();
            prop_assert!(losses.is_empty(), "{dialect:?} reads with losses {losses:?}");
            let body = String::from_utf8_lossy(&encoded.body).into_owned();
            prop_assert!(normal(decoded) == normal(request.clone()), "{dialect:?} changes {body}");
        }
    }

    /// Cache marks survive where both sides have them.
    #[test]
    fn cache_marks_survive(text in words(), hour in any::<bool>()) {
        let part = Part { cache: Some(CacheMarker { hour }), ..Part::text(text) };
        let message = Message { role: Role::User, parts: vec![part], name: None };
        let request = ChatRequest { messages: vec![message], ..ChatRequest::default() };
        let dialect = Dialect::Anthropic;
        let encoded = encode_request(dialect, &request, &target(dialect, &Value::Null)).unwrap();
        let (decoded, _) = decode_request(dialect, &encoded.body).unwrap();
        prop_assert!(decoded.messages == request.messages);
    }

    /// No bytes, whatever they are, do more than fail.
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for dialect in Dialect::ALL {
            let _ = decode_request(dialect, &bytes);
            let _ = tollgate::dialect::translate::decode_answer(dialect, &bytes);
            let _ = tollgate::dialect::translate::decode_error(dialect, 500, &bytes);
            if support(Dialect::Anthropic, dialect) == Support::Translate {
                let _ = translate_chunks(dialect, Dialect::Anthropic, std::iter::once(bytes.as_slice()));
            }
        }
    }
}
