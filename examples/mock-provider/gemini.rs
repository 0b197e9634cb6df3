//! The Gemini API, `POST …/v1beta/models/{model}:generateContent` and `:streamGenerateContent?alt=sse` (API reference,
//! "Generating content").
//!
//! What the API refuses is refused in its words. Tokens are the same fake as those of OpenAI's endpoints. Does not know connections or delivery.

#![expect(clippy::indexing_slicing, reason = "of JSON objects by name, which reads null where nothing is")]

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Body, EVENT_STREAM, Events, JSON, Usage};
use crate::embeddings;
use crate::http::Request;
use crate::openai::sample::sample;
use crate::openai::{Context, text};
use crate::strict::gemini as strict;
use crate::strict::{Fault, Step, Wrong};

/// Where the models are.
pub(crate) const MODELS: &str = "/v1beta/models/";

/// A prompt with this word makes the model call a tool, when there is one.
const TOOL_WORD: &str = "weather";

/// An error: status, its name, and a message.
struct Refusal(u16, &'static str, String);

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal(400, "INVALID_ARGUMENT", message.into())
}

/// Answers a request to the API.
pub(crate) fn answer(request: &Request<'_>, context: &Context<'_>) -> Answer {
    bent(context).unwrap_or_else(|| checked(request, context).unwrap_or_else(refuse))
}

/// Answers a request for a method of a model, whose credential was checked.
pub(crate) fn served(request: &Request<'_>, model: &str, method: &str, context: &Context<'_>) -> Answer {
    bent(context).unwrap_or_else(|| said(request, model, method, context).unwrap_or_else(refuse))
}

/// The answer that a behaviour prescribes, if it does.
fn bent(context: &Context<'_>) -> Option<Answer> {
    let status = context.behaviour.status?;
    let name = match status {
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };
    Some(refuse(Refusal(status, name, "as the behaviour says".to_owned())))
}

fn refuse(Refusal(status, name, message): Refusal) -> Answer {
    whole(status, &json!({"error": {"code": status, "message": message, "status": name}}), None)
}

fn whole(status: u16, body: &Value, usage: Option<Usage>) -> Answer {
    let body = Body::Whole(body.to_string().into_bytes());
    Answer { status, content_type: JSON.to_owned(), body, usage }
}

fn checked(request: &Request<'_>, context: &Context<'_>) -> Result<Answer, Refusal> {
    let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    let called = path.rsplit_once(MODELS).and_then(|(_, called)| called.rsplit_once(':'));
    let (model, method) = called.ok_or_else(no_such_method)?;
    let mut keys = request.header_values("x-goog-api-key");
    let key = keys.next();
    if key.is_none() || context.required_key.is_some_and(|required| key != Some(required.as_bytes())) {
        return Err(invalid("API key not valid. Please pass a valid API key."));
    }
    if keys.next().is_some()
        || query.contains("key=")
        || request.header_values("authorization").next().is_some()
    {
        return Err(invalid("more than one credential"));
    }
    said(request, model, method, context)
}

fn no_such_method() -> Refusal {
    Refusal(404, "NOT_FOUND", "no such method".to_owned())
}

/// What the model embeds; `None` for another method.
fn embedded(
    request: &Request<'_>,
    model: &str,
    method: &str,
    context: &Context<'_>,
) -> Option<Result<Answer, Refusal>> {
    let on_vertex = request.target.contains("/publishers/");
    let behaviour = context.behaviour;
    let body: Value = serde_json::from_slice(request.body).unwrap_or_default();
    let made = match (method, on_vertex) {
        ("batchEmbedContents", false) => embeddings::gemini(model, &body, behaviour),
        ("predict", true) => embeddings::predict(&body, behaviour),
        ("embedContent", true) => embeddings::vertex_content(&body, false, behaviour),
        ("batchEmbedContents", true) => embeddings::vertex_content(&body, true, behaviour),
        _ => return None,
    };
    Some(made.map(|(body, usage)| whole(200, &body, Some(usage))).map_err(invalid))
}

/// What the model says.
fn said(request: &Request<'_>, model: &str, method: &str, context: &Context<'_>) -> Result<Answer, Refusal> {
    if let Some(answer) = embedded(request, model, method, context) {
        return answer;
    }
    let stream = match method {
        "generateContent" => false,
        "streamGenerateContent" => true,
        _ => return Err(no_such_method()),
    };
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let body: Value =
        serde_json::from_slice(request.body).map_err(|_| invalid("the body is not a JSON object"))?;
    let on_vertex = request.target.contains("/publishers/");
    strict::generate(&body, model, on_vertex).map_err(|fault| invalid(in_words(&fault)))?;
    let Value::Object(body) = strict::camel(&body) else {
        return Err(invalid("the body is not a JSON object"));
    };
    let config = body.get("generationConfig").and_then(Value::as_object).cloned().unwrap_or_default();
    let prompt = Prompt::read(&body);
    let reply = Reply::new(&body, &config, &prompt, model, context);
    Ok(match (stream, query) {
        (false, _) => reply.whole(),
        (true, "alt=sse") => reply.stream(context),
        (true, _) => whole(200, &json!([reply.chunk(&json!([]), Some("STOP"), 0)]), None),
    })
}

/// A fault as the API words it, with the names of protocol buffers.
fn in_words(Fault { path, wrong }: &Fault) -> String {
    let steps = |path: &[Step]| {
        path.iter().fold(String::new(), |path, step| match step {
            Step::Member(name) if path.is_empty() => snake(name),
            Step::Member(name) => format!("{path}.{}", snake(name)),
            Step::Item(index) => format!("{path}[{index}]"),
            Step::Form(_) => path,
        })
    };
    let place = steps(path);
    match wrong {
        Wrong::Unknown => {
            let (name, above) = match path.split_last() {
                Some((Step::Member(name), above)) => (name.as_str(), steps(above)),
                _ => ("", String::new()),
            };
            let at = if above.is_empty() { String::new() } else { format!(" at '{above}'") };
            format!("Invalid JSON payload received. Unknown name \"{name}\"{at}: Cannot find field.")
        }
        Wrong::Missing => format!("* GenerateContentRequest.{place}: {place} is not specified"),
        Wrong::Type(kind, found) => {
            format!("Invalid value at '{place}' (TYPE_{}), {found}", kind.to_uppercase())
        }
        Wrong::Choice(values) => format!("Invalid value at '{place}' (one of {})", values.join(", ")),
        Wrong::Limit(limit) => format!("Unable to submit request because {place} must be {limit}."),
        Wrong::Rule(_, words) if place.is_empty() => words.clone(),
        Wrong::Rule(_, words) => format!("* GenerateContentRequest.{place}: {words}"),
    }
}

/// A name as protocol buffers have it.
fn snake(name: &str) -> String {
    name.chars().fold(String::new(), |name, letter| {
        if letter.is_ascii_uppercase() {
            format!("{name}_{}", letter.to_ascii_lowercase())
        } else {
            format!("{name}{letter}")
        }
    })
}

/// What of the conversation decides the answer.
#[derive(Default)]
struct Prompt {
    last: String,
    words: u64,
    ends_with_result: bool,
}

impl Prompt {
    fn read(body: &Map<String, Value>) -> Self {
        let mut prompt = Self::default();
        for content in body.get("contents").and_then(Value::as_array).into_iter().flatten() {
            for part in content["parts"].as_array().into_iter().flatten() {
                let text = part["text"].as_str().unwrap_or_default();
                prompt.words += text::words(text);
                prompt.ends_with_result = !part["functionResponse"].is_null();
                if content["role"] != "model" && !part["text"].is_null() {
                    text.clone_into(&mut prompt.last);
                }
            }
        }
        prompt
    }
}

/// What the model says, before it is put into either shape.
struct Reply {
    model: String,
    id: String,
    thought: bool,
    /// The call of a function, when the model makes one; else it says the chunks.
    call: Option<Value>,
    chunks: Vec<String>,
    is_cut: bool,
    usage: Usage,
}

impl Reply {
    fn new(
        body: &Map<String, Value>,
        config: &Map<String, Value>,
        prompt: &Prompt,
        model: &str,
        context: &Context<'_>,
    ) -> Self {
        let call = chosen_function(body, prompt).map(|function| {
            let schema = function.get("parametersJsonSchema").unwrap_or(&function["parameters"]);
            json!({"name": function["name"], "args": sample(&lower_types(schema))})
        });
        let schema = config.get("responseJsonSchema").or_else(|| config.get("responseSchema"));
        let written = match schema {
            Some(schema) => sample(&lower_types(schema)).to_string(),
            None => text::reply(&prompt.last, context.behaviour),
        };
        let mut chunks: Vec<String> =
            text::exact_chunks(&written, context.behaviour).into_iter().map(str::to_owned).collect();
        let limit = config.get("maxOutputTokens").and_then(Value::as_u64);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let is_cut = call.is_none() && chunks.len() > limit;
        chunks.truncate(limit);
        Self {
            model: model.to_owned(),
            id: format!("mock{}", context.serial),
            thought: config.get("thinkingConfig").is_some_and(|thinking| thinking["includeThoughts"] == true),
            usage: Usage::new(prompt.words + 4, chunks.len() as u64, context.behaviour),
            call,
            chunks,
            is_cut,
        }
    }

    fn parts(&self, text: &str) -> Vec<Value> {
        let part =
            self.call.as_ref().map_or_else(|| json!({"text": text}), |call| json!({"functionCall": call}));
        let thought = self.thought.then(|| json!({"text": "Let me think.", "thought": true}));
        thought.into_iter().chain([part]).collect()
    }

    fn finish(&self) -> &'static str {
        if self.is_cut { "MAX_TOKENS" } else { "STOP" }
    }

    /// An answer, or a piece of one: its parts, why it ended, and the tokens so far.
    fn chunk(&self, parts: &Value, finish: Option<&str>, output: u64) -> Value {
        let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": 0});
        if let Some(finish) = finish {
            candidate["finishReason"] = finish.into();
        }
        let Usage { prompt_tokens, reasoning_tokens, cached_tokens, .. } = self.usage;
        json!({
            "candidates": [candidate],
            "usageMetadata": {
                "promptTokenCount": prompt_tokens,
                "candidatesTokenCount": output.saturating_sub(reasoning_tokens),
                "thoughtsTokenCount": reasoning_tokens.min(output),
                "cachedContentTokenCount": cached_tokens,
                "totalTokenCount": prompt_tokens + output,
            },
            "modelVersion": self.model,
            "responseId": self.id,
        })
    }

    fn whole(self) -> Answer {
        let parts = self.parts(&self.chunks.concat());
        let body = self.chunk(&json!(parts), Some(self.finish()), self.usage.completion_tokens);
        whole(200, &body, Some(self.usage))
    }

    fn stream(self, context: &Context<'_>) -> Answer {
        let mut events = Events::new(context.behaviour);
        if context.behaviour.error_event {
            events.push_json(
                &json!({"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}),
            );
        } else if self.call.is_some() {
            let parts = self.parts("");
            events.push_json(&self.chunk(&json!(parts), Some("STOP"), self.usage.completion_tokens));
        } else {
            if self.thought {
                let part = json!([{"text": "Let me think.", "thought": true}]);
                events.push_json(&self.chunk(&part, None, 0));
            }
            for chunk in &self.chunks {
                events.push_json(&self.chunk(&json!([{"text": chunk}]), None, 0));
            }
            let end = self.chunk(&json!([{"text": ""}]), Some(self.finish()), self.usage.completion_tokens);
            events.push_json(&end);
        }
        let usage = Some(self.usage);
        Answer { status: 200, content_type: EVENT_STREAM.to_owned(), body: Body::Events(events), usage }
    }
}

/// The names of types in lower case: in `Schema` they are in upper case.
fn lower_types(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let is_type = name == "type" && value.is_string();
                let lower = || value.as_str().unwrap_or_default().to_lowercase().into();
                (name.clone(), if is_type { lower() } else { lower_types(value) })
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(values) => values.iter().map(lower_types).collect(),
        other => other.clone(),
    }
}

/// The function that the model calls, if it calls one.
fn chosen_function<'a>(body: &'a Map<String, Value>, prompt: &Prompt) -> Option<&'a Value> {
    let tools = body.get("tools").and_then(Value::as_array).into_iter().flatten();
    let mut functions = tools.filter_map(|tool| tool["functionDeclarations"].as_array()).flatten();
    let choice = body.get("toolConfig").map_or(&Value::Null, |config| &config["functionCallingConfig"]);
    match choice["mode"].as_str() {
        Some("ANY") => {
            let allowed = choice["allowedFunctionNames"].as_array();
            functions.find(|function| allowed.is_none_or(|names| names.contains(&function["name"])))
        }
        Some("NONE") => None,
        _ if prompt.last.contains(TOOL_WORD) && !prompt.ends_with_result => functions.next(),
        _ => None,
    }
}
