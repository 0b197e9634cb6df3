//! A whole chat request of OpenAI's dialect, as JSON, told to a [`ChatCounter`].
//!
//! Reads what counts and passes over what it does not know; whether the request is valid is the provider's to
//! say. Numbers, texts and lists in unexpected places cost nothing rather than fail.

use serde_json::{Map, Value};

use super::chat::{ChatCounter, ChatModel, Estimate, Guess};
use super::data_url::image_size;
use super::images::Detail;
use super::{Count, Vocabulary};

/// Uncompressed audio as the API takes it: 24 kHz, 16 bits, one channel.
const WAV_BYTES_PER_SECOND: u64 = 48_000;
/// Compressed speech at 128 kbit/s.
const MP3_BYTES_PER_SECOND: u64 = 16_000;
/// Schemas nest; what is deeper than this is not counted.
const DEEPEST: usize = 16;

/// Why a request could not be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// The bytes are not JSON, from this line and column on, both counted from one.
    NotJson {
        /// Line.
        line: usize,
        /// Column in bytes.
        column: usize,
    },
    /// The JSON is not an object with a list of messages.
    NoMessages,
}

impl std::fmt::Display for RequestError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotJson { line, column } => write!(formatter, "not JSON at line {line}, column {column}"),
            Self::NoMessages => formatter.write_str("no list of messages"),
        }
    }
}

impl std::error::Error for RequestError {}

/// The prompt tokens of a request to `/v1/chat/completions`. At most `exact_bytes` of its text are counted
/// exactly, the rest by samples.
///
/// # Errors
///
/// If the bytes are not a chat request.
pub fn count_chat_request(
    json: &[u8],
    model: ChatModel,
    exact_bytes: usize,
) -> Result<Estimate, RequestError> {
    let request: Value = serde_json::from_slice(json)
        .map_err(|error| RequestError::NotJson { line: error.line(), column: error.column() })?;
    let messages = request.get("messages").and_then(Value::as_array).ok_or(RequestError::NoMessages)?;
    let mut counter = ChatCounter::new(model, exact_bytes);
    for message in messages {
        count_message(&mut counter, message);
    }
    let functions = list(&request, "functions").iter();
    for tool in
        list(&request, "tools").iter().map(|tool| tool.get("function").unwrap_or(tool)).chain(functions)
    {
        count_tool(&mut counter, tool);
    }
    if let Some(choice) = request.get("tool_choice").and_then(|choice| choice.get("function")) {
        counter.call(text(choice, "name"), "");
    }
    if let Some(schema) = request.get("response_format").and_then(|format| format.get("json_schema")) {
        counter.schema(&schema.to_string());
    }
    Ok(counter.finish())
}

/// The prompt tokens of a request to `/v1/completions` or `/v1/embeddings`: of `prompt` or `input`, which is a
/// text, a list of texts, or the same as token numbers. At most `exact_bytes` of its text are counted exactly.
///
/// # Errors
///
/// If the bytes are not JSON.
pub fn count_plain_request(
    json: &[u8],
    vocabulary: Vocabulary,
    exact_bytes: usize,
) -> Result<Count, RequestError> {
    let request: Value = serde_json::from_slice(json)
        .map_err(|error| RequestError::NotJson { line: error.line(), column: error.column() })?;
    let mut total = Count { tokens: 0, exact: true };
    let mut left = exact_bytes;
    let prompts = [request.get("prompt"), request.get("input")];
    let mut waiting: Vec<&Value> = prompts.into_iter().flatten().collect();
    while let Some(prompt) = waiting.pop() {
        match prompt {
            Value::String(text) => {
                let count = vocabulary.count_within(text, left);
                left = left.saturating_sub(text.len());
                total.tokens += count.tokens;
                total.exact &= count.exact;
            }
            Value::Array(prompts) => waiting.extend(prompts),
            Value::Number(_) => total.tokens += 1,
            Value::Null | Value::Bool(_) | Value::Object(_) => {}
        }
    }
    Ok(total)
}

fn count_message(counter: &mut ChatCounter, message: &Value) {
    counter.message(text(message, "role"), message.get("name").and_then(Value::as_str));
    match message.get("content") {
        Some(Value::String(content)) => counter.text(content),
        Some(Value::Array(parts)) => {
            if parts.len() > 1 {
                counter.guess(Guess::Parts);
            }
            parts.iter().for_each(|part| count_part(counter, part));
        }
        _ => {}
    }
    if let Some(refusal) = message.get("refusal").and_then(Value::as_str) {
        counter.guess(Guess::Parts);
        counter.text(refusal);
    }
    if message.get("tool_call_id").is_some() {
        counter.guess(Guess::ToolCall);
    }
    for call in list(message, "tool_calls").iter().filter_map(|call| call.get("function")) {
        counter.call(text(call, "name"), text(call, "arguments"));
    }
    if let Some(call) = message.get("function_call") {
        counter.call(text(call, "name"), text(call, "arguments"));
    }
}

fn count_part(counter: &mut ChatCounter, part: &Value) {
    match text(part, "type") {
        "text" => counter.text(text(part, "text")),
        "refusal" => counter.text(text(part, "refusal")),
        "image_url" => {
            let detail = match part.get("image_url").map(|image| text(image, "detail")) {
                Some("low") => Detail::Low,
                Some("high") => Detail::High,
                _ => Detail::Auto,
            };
            let size = part.get("image_url").and_then(|image| image_size(text(image, "url")));
            counter.image(size, detail);
        }
        "input_audio" => {
            let audio = part.get("input_audio").unwrap_or(&Value::Null);
            // Four characters of base64 are three bytes.
            let bytes = text(audio, "data").len() as u64 / 4 * 3;
            let rate =
                if text(audio, "format") == "wav" { WAV_BYTES_PER_SECOND } else { MP3_BYTES_PER_SECOND };
            counter.audio(bytes * 1000 / rate);
        }
        _ => counter.guess(Guess::Uncounted),
    }
}

fn count_tool(counter: &mut ChatCounter, tool: &Value) {
    if tool.get("description").is_none() {
        counter.guess(Guess::Tool);
    }
    counter.tool(text(tool, "name"), text(tool, "description"));
    if let Some(parameters) = tool.get("parameters") {
        count_properties(counter, parameters, 0);
    }
}

pub(super) fn count_properties(counter: &mut ChatCounter, schema: &Value, depth: usize) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object).filter(|all| !all.is_empty())
    else {
        return;
    };
    if depth > DEEPEST {
        return counter.guess(Guess::Uncounted);
    }
    counter.properties();
    for (name, property) in properties {
        if depth > 0 || !property.as_object().is_some_and(is_plain) {
            counter.guess(Guess::Tool);
        }
        counter.property(name, text(property, "type"), text(property, "description"));
        let values = list(property, "enum");
        if !values.is_empty() {
            counter.enumeration(values.iter().filter_map(Value::as_str));
        }
        count_properties(counter, property, depth + 1);
        if let Some(items) = property.get("items") {
            count_properties(counter, items, depth + 1);
        }
    }
}

/// Whether the published rules cover a property: one type, a description, perhaps a list of texts.
fn is_plain(property: &Map<String, Value>) -> bool {
    let known = property.iter().all(|(key, value)| match key.as_str() {
        "type" | "description" => value.is_string(),
        "enum" => value.as_array().is_some_and(|values| values.iter().all(Value::is_string)),
        _ => false,
    });
    known && property.contains_key("type") && property.contains_key("description")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tokens::{Vocabulary, vocabulary_of};

    fn count(model: &str, request: &Value) -> Estimate {
        let vocabulary = vocabulary_of(model).unwrap_or(Vocabulary::O200k);
        count_chat_request(request.to_string().as_bytes(), ChatModel::new(model, vocabulary), usize::MAX)
            .unwrap()
    }

    /// A prompt is a text, several, or their tokens (API reference, `prompt` and `input`).
    #[test]
    fn plain_prompts_count_in_every_form() {
        let count = |request: &Value| {
            count_plain_request(request.to_string().as_bytes(), Vocabulary::Cl100k, usize::MAX).unwrap()
        };
        // "tiktoken is great!" are six tokens, by the cookbook.
        for (request, tokens) in [
            (json!({"input": "tiktoken is great!"}), 6),
            (json!({"prompt": ["tiktoken is great!", "tiktoken is great!"]}), 12),
            (json!({"input": [[83, 1609, 5963], [374]]}), 4),
            (json!({"input": []}), 0),
            (json!({}), 0),
        ] {
            assert_eq!(count(&request), Count { tokens, exact: true }, "{request}");
        }
        let long = json!({"input": ["tiktoken is great! ".repeat(1000)]}).to_string();
        assert!(!count_plain_request(long.as_bytes(), Vocabulary::Cl100k, 1000).unwrap().exact);
        assert!(count_plain_request(b"{", Vocabulary::Cl100k, 1).is_err());
    }

    /// The cookbook's example of section 6 and the API's own counts that it prints.
    #[test]
    fn messages_count_like_the_published_example() {
        let request = json!({"messages": [
            {"role": "system", "content": "You are a helpful, pattern-following assistant that translates corporate jargon into plain English."},
            {"role": "system", "name": "example_user", "content": "New synergies will help drive top-line growth."},
            {"role": "system", "name": "example_assistant", "content": "Things working well together will increase revenue."},
            {"role": "system", "name": "example_user", "content": "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage."},
            {"role": "system", "name": "example_assistant", "content": "Let's talk later when we're less busy about how to do better."},
            {"role": "user", "content": "This late pivot means we don't have time to boil the ocean for the client deliverable."},
        ]});
        for (model, expected) in [
            ("gpt-3.5-turbo", 129),
            ("gpt-4-0613", 129),
            ("gpt-4", 129),
            ("gpt-4o", 124),
            ("gpt-4o-mini", 124),
        ] {
            let estimate = count(model, &request);
            assert_eq!((estimate.tokens, estimate.exact()), (expected, true), "{model}");
        }
    }

    fn weather() -> Value {
        json!({"type": "function", "function": {
            "name": "get_current_weather",
            "description": "Get the current weather in a given location",
            "parameters": {
                "type": "object",
                "properties": {
                    "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
                    "unit": {"type": "string", "description": "The unit of temperature to return", "enum": ["celsius", "fahrenheit"]},
                },
                "required": ["location"],
            },
        }})
    }

    /// The cookbook's example of section 7 and the API's own counts that it prints.
    #[test]
    fn tools_count_like_the_published_example() {
        let request = json!({"tools": [weather()], "messages": [
            {"role": "system", "content": "You are a helpful assistant that can answer to questions about the weather."},
            {"role": "user", "content": "What's the weather like in San Francisco?"},
        ]});
        for (model, expected) in
            [("gpt-3.5-turbo", 105), ("gpt-4", 105), ("gpt-4o", 101), ("gpt-4o-mini", 101)]
        {
            let estimate = count(model, &request);
            assert_eq!((estimate.tokens, estimate.exact()), (expected, true), "{model}");
        }
    }

    fn guesses(model: &str, request: &Value) -> Vec<Guess> {
        let estimate = count(model, request);
        assert_eq!(estimate.exact(), estimate.guesses().next().is_none());
        estimate.guesses().collect()
    }

    #[test]
    fn what_is_not_published_says_so() {
        let plain = json!({"messages": [{"role": "user", "content": "Hello"}]});
        assert_eq!(guesses("gpt-4o", &plain), []);
        assert_eq!(guesses("gpt-5", &plain), [Guess::Model]);
        assert_eq!(guesses("gpt-4.1", &plain), [Guess::Model]);
        assert_eq!(guesses("llama-3.1-70b", &plain), [Guess::Model]);
        let other = ChatModel::new("gpt-4o", Vocabulary::Cl100k);
        assert!(!count_chat_request(plain.to_string().as_bytes(), other, 1000).unwrap().exact());
        let with = |key: &str, value: Value| {
            let mut request = plain.clone();
            request[key] = value;
            guesses("gpt-4o", &request)
        };
        let content = |content: Value| with("messages", json!([{"role": "user", "content": content}]));
        assert_eq!(content(json!([{"type": "text", "text": "Hello"}])), []);
        assert_eq!(
            content(json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])),
            [Guess::Parts]
        );
        assert_eq!(content(json!([{"type": "file", "file": {"file_id": "f"}}])), [Guess::Uncounted]);
        let url = "https://example.com/a.png";
        assert_eq!(content(json!([{"type": "image_url", "image_url": {"url": url}}])), [Guess::Image]);
        assert_eq!(content(json!([{"type": "image_url", "image_url": {"url": url, "detail": "low"}}])), []);
        let mut nested = weather();
        nested["function"]["parameters"]["properties"]["place"] = json!({"type": "object", "description": "Where", "properties": {"x": {"type": "number", "description": "East"}}});
        assert_eq!(with("tools", json!([nested])), [Guess::Tool]);
        assert_eq!(
            with("tool_choice", json!({"type": "function", "function": {"name": "f"}})),
            [Guess::ToolCall]
        );
        let schema =
            json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}});
        assert_eq!(with("response_format", schema), [Guess::Schema]);
    }

    #[test]
    fn parts_add_up() {
        let message = |content: Value| {
            count("gpt-4o", &json!({"messages": [{"role": "user", "content": content}]})).tokens
        };
        // Framing 3, role 1, answer 3.
        assert_eq!(message(json!("Hello")), 8);
        assert_eq!(
            message(json!([{"type": "image_url", "image_url": {"url": "u", "detail": "low"}}])),
            7 + 85
        );
        // Three seconds of uncompressed audio at one token per tenth of a second.
        let data = "A".repeat(3 * 48_000 / 3 * 4);
        assert_eq!(
            message(json!([{"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}])),
            7 + 30
        );
    }

    #[test]
    fn a_call_costs_its_name_and_arguments() {
        let with = |arguments: &str| {
            let call =
                json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}});
            count(
                "gpt-4o",
                &json!({"messages": [{"role": "assistant", "content": null, "tool_calls": [call]}]}),
            )
            .tokens
        };
        assert_eq!(
            with("{\"city\":\"Paris\"}") - with(""),
            Vocabulary::O200k.count("{\"city\":\"Paris\"}") as u64
        );
    }

    #[test]
    fn a_long_request_is_counted_in_part_and_says_so() {
        let request = json!({"messages": [{"role": "user", "content": "word ".repeat(100_000)}]}).to_string();
        let model = ChatModel::new("gpt-4o", Vocabulary::O200k);
        let estimate = count_chat_request(request.as_bytes(), model, 10_000).unwrap();
        assert_eq!(estimate.guesses().collect::<Vec<_>>(), [Guess::LongText]);
        assert!((99_000..=101_000).contains(&estimate.tokens), "{}", estimate.tokens);
    }

    #[test]
    fn other_bytes_are_refused() {
        let model = ChatModel::new("gpt-4o", Vocabulary::O200k);
        let refused = |json: &str| count_chat_request(json.as_bytes(), model, 1000).unwrap_err();
        assert_eq!(refused("{\n  nonsense"), RequestError::NotJson { line: 2, column: 3 });
        for json in ["{}", "[]", "null", "{\"messages\": 1}"] {
            assert_eq!(refused(json), RequestError::NoMessages, "{json}");
        }
        let broken = "{\"messages\": [{\"role\": \"user\", \"content\": \"\\ud800\"}]}";
        assert!(matches!(refused(broken), RequestError::NotJson { .. }));
    }

    #[test]
    fn nesting_is_bounded() {
        let mut schema = json!({"type": "object", "properties": {}});
        for _ in 0..40 {
            schema = json!({"type": "object", "properties": {"inner": schema}});
        }
        let request = json!({"messages": [], "tools": [{"function": {"name": "f", "parameters": schema}}]});
        assert!(guesses("gpt-4o", &request).contains(&Guess::Uncounted));
    }
}
