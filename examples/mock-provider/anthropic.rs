//! Anthropic's Messages API, `POST …/v1/messages`, whole and streamed (API reference, "Messages", "Streaming").
//!
//! What the API refuses is refused in its words. Tokens are the same fake as those of OpenAI's endpoints. Does not know connections or delivery.

#![expect(clippy::indexing_slicing, reason = "of JSON objects by name, which reads null where nothing is")]

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Body, EVENT_STREAM, Events, JSON, Usage};
use crate::http::Request;
use crate::openai::sample::sample;
use crate::openai::{Context, canned, text};
use crate::strict::anthropic::{self as strict, Version};
use crate::strict::{Fault, Limit, Step, Wrong};

/// The end of the only path.
pub(crate) const PATH: &str = "/v1/messages";

/// A prompt with this word makes the model call a tool, when there is one.
const TOOL_WORD: &str = "weather";

/// What the model thinks when it is asked to think, and what proves that it did.
const THOUGHT: &str = "Let me think.";
const SIGNATURE: &str = "c2lnbmVkIGJ5IHRoZSBtb2Nr";

/// An error: status, type and message.
struct Refusal(u16, &'static str, String);

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal(400, "invalid_request_error", message.into())
}

/// Answers a request to the API.
pub(crate) fn answer(request: &Request<'_>, context: &Context<'_>) -> Answer {
    bent(context).unwrap_or_else(|| checked(request, context).unwrap_or_else(refuse))
}

/// Answers a request on Vertex AI, whose credential was checked: the model is in the path, the version in the body.
pub(crate) fn on_vertex(request: &Request<'_>, model: &str, stream: bool, context: &Context<'_>) -> Answer {
    let checked = || {
        let mut body: Map<String, Value> =
            serde_json::from_slice(request.body).map_err(|_| invalid("the body is not a JSON object"))?;
        if body.remove("anthropic_version") != Some(json!("vertex-2023-10-16")) {
            return Err(invalid("anthropic_version: Field required"));
        }
        if body.contains_key("model") {
            return Err(invalid("model: Extra inputs are not permitted"));
        }
        if body.get("stream").is_some_and(|own| *own != json!(stream)) {
            return Err(invalid("stream: as the method says"));
        }
        body.insert("model".to_owned(), model.into());
        body.insert("stream".to_owned(), stream.into());
        said(body.into(), version(request, false), context)
    };
    bent(context).unwrap_or_else(|| checked().unwrap_or_else(refuse))
}

/// The answer that a behaviour prescribes, if it does.
fn bent(context: &Context<'_>) -> Option<Answer> {
    if context.behaviour.body.is_some() && !context.behaviour.error_event {
        return Some(canned(context.behaviour));
    }
    let status = context.behaviour.status?;
    let kind = match status {
        429 => "rate_limit_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    Some(refuse(Refusal(status, kind, "as the behaviour says".to_owned())))
}

fn refuse(Refusal(status, kind, message): Refusal) -> Answer {
    let body =
        json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_mock"});
    whole(status, &body, None)
}

fn whole(status: u16, body: &Value, usage: Option<Usage>) -> Answer {
    let body = Body::Whole(body.to_string().into_bytes());
    Answer { status, content_type: JSON.to_owned(), body, usage }
}

fn checked(request: &Request<'_>, context: &Context<'_>) -> Result<Answer, Refusal> {
    let key = request.header_values("x-api-key").next();
    if key.is_none() || context.required_key.is_some_and(|required| key != Some(required.as_bytes())) {
        return Err(Refusal(401, "authentication_error", "invalid x-api-key".to_owned()));
    }
    if request.header_values("authorization").next().is_some() {
        return Err(Refusal(401, "authentication_error", "two credentials".to_owned()));
    }
    let newer = match request.header_values("anthropic-version").next() {
        Some(b"2023-06-01") => false,
        Some(b"2026-10-21") => true,
        _ => return Err(invalid("anthropic-version: header is required")),
    };
    let body: Value =
        serde_json::from_slice(request.body).map_err(|_| invalid("the body is not a JSON object"))?;
    said(body, version(request, newer), context)
}

fn version(request: &Request<'_>, newer: bool) -> Version {
    Version { newer, beta: request.header_values("anthropic-beta").next().is_some() }
}

/// What the model says to a body that the API takes.
fn said(body: Value, version: Version, context: &Context<'_>) -> Result<Answer, Refusal> {
    strict::messages(&body, version).map_err(|fault| invalid(in_words(fault)))?;
    let Value::Object(body) = body else { return Err(invalid("the body is not a JSON object")) };
    let model = body.get("model").and_then(Value::as_str).unwrap_or_default();
    let limit = body.get("max_tokens").and_then(Value::as_u64).unwrap_or_default();
    let prompt = Prompt::read(&body)?;
    let reply = Reply::new(&body, &prompt, model, usize::try_from(limit).unwrap_or(usize::MAX), context);
    Ok(if body.get("stream") == Some(&Value::Bool(true)) { reply.stream(context) } else { reply.whole() })
}

/// A fault as the API words it: `messages.0.content.0.text.text: Field required`.
fn in_words(Fault { path, wrong }: Fault) -> String {
    let steps: Vec<String> = path
        .into_iter()
        .map(|step| match step {
            Step::Member(name) | Step::Form(name) => name,
            Step::Item(index) => index.to_string(),
        })
        .collect();
    let words = match wrong {
        Wrong::Unknown => "Extra inputs are not permitted".to_owned(),
        Wrong::Missing => "Field required".to_owned(),
        Wrong::Type(kind, _) => format!("Input should be a valid {kind}"),
        Wrong::Choice(values) => format!("Input should be '{}'", values.join("', '")),
        Wrong::Limit(Limit::Pattern(pattern)) => format!("String should match pattern '^{pattern}$'"),
        Wrong::Limit(Limit::Range(least, most)) => {
            format!("Input should be greater than or equal to {least} and less than or equal to {most}")
        }
        Wrong::Limit(limit) => format!("Input should be {limit}"),
        Wrong::Rule(_, words) => words,
    };
    if steps.is_empty() { words } else { format!("{}: {words}", steps.join(".")) }
}

/// What of the conversation decides the answer.
#[derive(Default)]
struct Prompt {
    last: String,
    words: u64,
    ends_with_result: bool,
}

impl Prompt {
    /// Reads a conversation, of which every thought is this mock's own.
    fn read(body: &Map<String, Value>) -> Result<Self, Refusal> {
        let mut prompt = Self::default();
        for message in body.get("messages").and_then(Value::as_array).into_iter().flatten() {
            let blocks = match &message["content"] {
                Value::String(text) => vec![json!({"type": "text", "text": text})],
                blocks => blocks.as_array().cloned().unwrap_or_default(),
            };
            for block in &blocks {
                let kind = block["type"].as_str().unwrap_or_default();
                if kind == "thinking" && block["signature"] != SIGNATURE {
                    return Err(invalid("messages.content: Invalid `signature` in `thinking` block"));
                }
                let text = block["text"].as_str().unwrap_or_default();
                prompt.words += text::words(text);
                prompt.ends_with_result = kind == "tool_result";
                if message["role"] == "user" && kind == "text" {
                    text.clone_into(&mut prompt.last);
                }
            }
        }
        Ok(prompt)
    }
}

/// What the model says, before it is put into either shape.
struct Reply {
    message: Value,
    thinks: bool,
    block: Value,
    /// Of the text, or of the tool's input as JSON.
    chunks: Vec<String>,
    stop_reason: &'static str,
    usage: Usage,
}

impl Reply {
    fn new(
        body: &Map<String, Value>,
        prompt: &Prompt,
        model: &str,
        limit: usize,
        context: &Context<'_>,
    ) -> Self {
        let behaviour = context.behaviour;
        let tool = chosen_tool(body, prompt);
        let input = tool.map(|tool| sample(&tool["input_schema"]));
        let format = body.get("output_config").map(|output| &output["format"]["schema"]);
        let written = match (&input, format.filter(|schema| schema.is_object())) {
            (Some(input), _) => input.to_string(),
            (None, Some(schema)) => sample(schema).to_string(),
            (None, None) => text::reply(&prompt.last, behaviour),
        };
        let mut chunks: Vec<String> =
            text::exact_chunks(&written, behaviour).into_iter().map(str::to_owned).collect();
        let is_cut = tool.is_none() && chunks.len() > limit;
        if is_cut {
            chunks.truncate(limit);
        }
        let usage = Usage::new(prompt.words + 4, chunks.len() as u64, behaviour);
        let id = context.serial;
        Self {
            message: json!({
                "id": format!("msg_mock{id:020}"), "type": "message", "role": "assistant", "model": model,
                "content": [], "stop_reason": null, "stop_sequence": null,
            }),
            thinks: body.get("thinking").is_some_and(|thinking| thinking["type"] == "enabled"),
            block: match tool {
                Some(tool) => {
                    json!({"type": "tool_use", "id": format!("toolu_mock{id:018}"), "name": tool["name"], "input": {}})
                }
                None => json!({"type": "text", "text": ""}),
            },
            chunks,
            stop_reason: match (tool, is_cut) {
                (Some(_), _) => "tool_use",
                (None, true) => "max_tokens",
                (None, false) => "end_turn",
            },
            usage,
        }
    }

    /// The usage object: cached tokens are not among the input tokens here.
    fn usage(&self, output: u64) -> Value {
        let cached = self.usage.cached_tokens;
        json!({
            "input_tokens": self.usage.prompt_tokens.saturating_sub(cached), "cache_read_input_tokens": cached,
            "cache_creation_input_tokens": 0, "output_tokens": output,
        })
    }

    fn whole(mut self) -> Answer {
        let written = self.chunks.concat();
        if self.block["type"] == "text" {
            self.block["text"] = written.into();
        } else {
            self.block["input"] = serde_json::from_str(&written).unwrap_or_default();
        }
        let usage = self.usage(self.usage.completion_tokens);
        let thought =
            self.thinks.then(|| json!({"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE}));
        self.message["content"] = thought.into_iter().chain([self.block]).collect();
        self.message["stop_reason"] = self.stop_reason.into();
        self.message["usage"] = usage;
        whole(200, &self.message, Some(self.usage))
    }

    fn stream(mut self, context: &Context<'_>) -> Answer {
        self.message["usage"] = self.usage(1);
        let mut events = Events::new(context.behaviour);
        let mut push = |data: &Value| {
            let name = data["type"].as_str().unwrap_or_default();
            events.push_raw(format!("event: {name}\ndata: {data}\n\n").as_bytes());
        };
        push(&json!({"type": "message_start", "message": self.message}));
        let index = u64::from(self.thinks);
        if self.thinks {
            let block = json!({"type": "thinking", "thinking": "", "signature": ""});
            push(&json!({"type": "content_block_start", "index": 0, "content_block": block}));
            for delta in [
                json!({"type": "thinking_delta", "thinking": THOUGHT}),
                json!({"type": "signature_delta", "signature": SIGNATURE}),
            ] {
                push(&json!({"type": "content_block_delta", "index": 0, "delta": delta}));
            }
            push(&json!({"type": "content_block_stop", "index": 0}));
        }
        push(&json!({"type": "content_block_start", "index": index, "content_block": self.block}));
        push(&json!({"type": "ping"}));
        if context.behaviour.error_event {
            push(&json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}));
        } else {
            for chunk in &self.chunks {
                let delta = if self.block["type"] == "text" {
                    json!({"type": "text_delta", "text": chunk})
                } else {
                    json!({"type": "input_json_delta", "partial_json": chunk})
                };
                push(&json!({"type": "content_block_delta", "index": index, "delta": delta}));
            }
            push(&json!({"type": "content_block_stop", "index": index}));
            push(&json!({
                "type": "message_delta", "delta": {"stop_reason": self.stop_reason, "stop_sequence": null},
                "usage": {"output_tokens": self.usage.completion_tokens},
            }));
            push(&json!({"type": "message_stop"}));
        }
        let usage = Some(self.usage);
        Answer { status: 200, content_type: EVENT_STREAM.to_owned(), body: Body::Events(events), usage }
    }
}

/// The tool that the model calls, if it calls one.
fn chosen_tool<'a>(body: &'a Map<String, Value>, prompt: &Prompt) -> Option<&'a Value> {
    let tools = body.get("tools")?.as_array()?;
    let choice = body.get("tool_choice").cloned().unwrap_or_default();
    match choice["type"].as_str() {
        Some("tool") => tools.iter().find(|tool| tool["name"] == choice["name"]),
        Some("any") => tools.first(),
        Some("none") => None,
        _ if prompt.last.contains(TOOL_WORD) && !prompt.ends_with_result => tools.first(),
        _ => None,
    }
}
