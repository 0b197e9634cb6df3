//! A request for a chat in the neutral form, told to a [`ChatCounter`]: how requests of dialects other than OpenAI's chat
//! completions are counted.
//!
//! What the neutral form does not have is not counted; a document or a film that is not text counts as a guess says.

use serde_json::Value;

use super::chat::{ChatCounter, ChatModel, Estimate, Guess};
use super::data_url::{base64_size, image_size};
use super::images::Detail;
use super::request::count_properties;
use crate::chat::{ChatRequest, Content, Format, Message, Part, Role, Source, Tool, ToolChoice};

/// The prompt tokens of a request. At most `exact_bytes` of its text are counted exactly, the rest by samples.
#[must_use]
pub fn count_conversation(request: &ChatRequest, model: ChatModel, exact_bytes: usize) -> Estimate {
    let mut counter = ChatCounter::new(model, exact_bytes);
    request.messages.iter().for_each(|message| count_message(&mut counter, message));
    request.tools.iter().for_each(|tool| count_tool(&mut counter, tool));
    if let Some(ToolChoice::Named(name)) = &request.tool_choice {
        counter.call(name, "");
    }
    if let Format::JsonSchema { schema, .. } = &request.format {
        counter.schema(schema.text());
    }
    counter.finish()
}

fn count_message(counter: &mut ChatCounter, message: &Message) {
    let role = match message.role {
        Role::System => "system",
        Role::Developer => "developer",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    counter.message(role, message.name.as_deref());
    if message.parts.len() > 1 {
        counter.guess(Guess::Parts);
    }
    message.parts.iter().for_each(|part| count_part(counter, part));
}

fn count_part(counter: &mut ChatCounter, part: &Part) {
    match &part.content {
        Content::Text(text) | Content::Refusal(text) | Content::Thinking { text, .. } => counter.text(text),
        Content::Image { source, detail } => {
            let detail = match detail.as_deref() {
                Some("low") => Detail::Low,
                Some("high") => Detail::High,
                _ => Detail::Auto,
            };
            let size = match source {
                Source::Url { url, .. } => image_size(url),
                Source::Base64 { data, .. } => base64_size(data),
                Source::File(_) | Source::Text(_) => None,
            };
            counter.image(size, detail);
        }
        Content::Document { source: Source::Text(text), .. } => counter.text(text),
        Content::Document { .. } | Content::Media(_) | Content::RedactedThinking(_) => {
            counter.guess(Guess::Uncounted);
        }
        Content::ToolCall { name, arguments, .. } => counter.call(name, arguments.text()),
        Content::ToolResult { parts, .. } => {
            counter.guess(Guess::ToolCall);
            parts.iter().for_each(|part| count_flat(counter, part));
        }
    }
}

/// A part of a tool's result, which has no results in it.
fn count_flat(counter: &mut ChatCounter, part: &Part) {
    if !matches!(part.content, Content::ToolResult { .. }) {
        count_part(counter, part);
    }
}

fn count_tool(counter: &mut ChatCounter, tool: &Tool) {
    if tool.description.is_none() {
        counter.guess(Guess::Tool);
    }
    counter.tool(&tool.name, tool.description.as_deref().unwrap_or_default());
    let schema =
        tool.parameters.as_ref().and_then(|schema| serde_json::from_str::<Value>(schema.text()).ok());
    if let Some(schema) = schema {
        count_properties(counter, &schema, 0);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::chat::Json;
    use crate::tokens::Vocabulary;
    use crate::tokens::request::count_chat_request;

    /// The same request in OpenAI's words counts the same, whose rules are held against the cookbook's examples.
    #[test]
    fn a_conversation_counts_as_the_same_request_of_openai_does() {
        let schema = json!({"type": "object", "properties": {
            "city": {"type": "string", "description": "The city and state"},
            "unit": {"type": "string", "description": "The unit", "enum": ["celsius", "fahrenheit"]},
        }});
        let openai = json!({
            "messages": [
                {"role": "system", "content": "You are a helpful assistant."},
                {"role": "user", "content": "What's the weather like in San Francisco?"},
            ],
            "tools": [{"type": "function", "function": {
                "name": "weather", "description": "Get the current weather", "parameters": schema,
            }}],
        });
        let message =
            |role, text: &str| Message { role, parts: vec![Part::text(text.to_owned())], name: None };
        let neutral = ChatRequest {
            messages: vec![
                message(Role::System, "You are a helpful assistant."),
                message(Role::User, "What's the weather like in San Francisco?"),
            ],
            tools: vec![Tool {
                name: "weather".to_owned(),
                description: Some("Get the current weather".to_owned()),
                parameters: Json::object(&schema.to_string()),
                strict: None,
                cache: None,
            }],
            ..ChatRequest::default()
        };
        let model = ChatModel::new("gpt-4o", Vocabulary::O200k);
        let expected = count_chat_request(openai.to_string().as_bytes(), model, usize::MAX).unwrap();
        assert_eq!(count_conversation(&neutral, model, usize::MAX), expected);
        assert!(expected.exact() && expected.tokens > 40);
    }

    #[test]
    fn what_is_not_text_counts_or_says_that_it_does_not() {
        let model = ChatModel::new("gpt-4o", Vocabulary::O200k);
        let count = |content: Content| {
            let message = Message { role: Role::User, parts: vec![Part::new(content)], name: None };
            let request = ChatRequest { messages: vec![message], ..ChatRequest::default() };
            count_conversation(&request, model, usize::MAX)
        };
        let source = || Source::Url { url: "https://example.com/a".to_owned(), media_type: None };
        // Framing 3, role 1, answer 3; a low image is 85 tokens.
        let image = Content::Image { source: source(), detail: Some("low".to_owned()) };
        assert_eq!(count(image).tokens, 7 + 85);
        let guesses = |content| count(content).guesses().collect::<Vec<_>>();
        assert_eq!(guesses(Content::Document { source: source(), title: None }), [Guess::Uncounted]);
        let text = Content::Document { source: Source::Text("Hello".to_owned()), title: None };
        assert_eq!(count(text).tokens, 8);
        let result = Content::ToolResult {
            id: "c".to_owned(),
            name: None,
            parts: vec![Part::text("Hello".to_owned())],
            is_error: false,
        };
        assert_eq!(count(result).tokens, 8);
    }
}
