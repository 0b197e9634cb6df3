//! OpenAI's limits and rules: chat completions, legacy completions, responses and embeddings.
//!
//! Sources: its API reference, of which the SDK's types hold the words; the guides "Function calling", "Structured
//! model outputs", "Reasoning" and "Images and vision"; and what the API answers, as its users report: "string too
//! long. Expected a string with maximum length 40" of a call's `id`, "'parallel_tool_calls' is only allowed when
//! 'tools' are specified", "Unsupported parameter: 'max_tokens' is not supported with this model".

#![expect(clippy::indexing_slicing, reason = "of JSON objects by name, which reads null where nothing is")]

use std::sync::LazyLock;

use serde_json::Value;

use super::shape::{ANY, Fault, Limit, Limits, Shapes, keeps};
use super::{at, breach, items, json_schema, text};

/// Names of functions and of formats (reference, `name`: "a-z, A-Z, 0-9, or contain underscores and dashes, with a
/// maximum length of 64").
const NAME: Limit = Limit::Pattern("[a-zA-Z0-9_-]{1,64}");

const LIMITS: Limits = &[
    ("Chat.messages", Limit::Items(1, 2048)),
    ("Chat.temperature", Limit::Range(0.0, 2.0)),
    ("Chat.top_p", Limit::Range(0.0, 1.0)),
    ("Chat.frequency_penalty", Limit::Range(-2.0, 2.0)),
    ("Chat.presence_penalty", Limit::Range(-2.0, 2.0)),
    ("Chat.n", Limit::Range(1.0, 128.0)),
    ("Chat.top_logprobs", Limit::Range(0.0, 20.0)),
    ("Chat.max_tokens", Limit::Range(1.0, 1e9)),
    ("Chat.max_completion_tokens", Limit::Range(1.0, 1e9)),
    ("Chat.stop", Limit::Items(1, 4)),
    ("Chat.tools", Limit::Items(1, 128)),
    ("Chat.metadata", Limit::Items(0, 16)),
    ("Chat.safety_identifier", Limit::Length(0, 128)),
    ("FunctionDefinition.name", NAME),
    ("Function.name", NAME),
    ("JSONSchema.name", NAME),
    ("ChatCompletionMessageFunctionToolCallParam.id", Limit::Length(1, 40)),
    ("ChatCompletionToolMessageParam.tool_call_id", Limit::Length(1, 40)),
    ("ChatCompletionAssistantMessageParam.tool_calls", Limit::Items(1, 128)),
    ("ChatCompletionUserMessageParam.content", Limit::Items(1, ANY)),
    ("Completions.temperature", Limit::Range(0.0, 2.0)),
    ("Completions.top_p", Limit::Range(0.0, 1.0)),
    ("Completions.frequency_penalty", Limit::Range(-2.0, 2.0)),
    ("Completions.presence_penalty", Limit::Range(-2.0, 2.0)),
    ("Completions.n", Limit::Range(1.0, 128.0)),
    ("Completions.best_of", Limit::Range(0.0, 20.0)),
    ("Completions.logprobs", Limit::Range(0.0, 5.0)),
    ("Completions.max_tokens", Limit::Range(1.0, 1e9)),
    ("Completions.stop", Limit::Items(1, 4)),
    ("Responses.temperature", Limit::Range(0.0, 2.0)),
    ("Responses.top_p", Limit::Range(0.0, 1.0)),
    ("Responses.top_logprobs", Limit::Range(0.0, 20.0)),
    ("Responses.max_output_tokens", Limit::Range(1.0, 1e9)),
    ("Responses.metadata", Limit::Items(0, 16)),
    ("FunctionToolParam.name", NAME),
    ("ResponseFunctionToolCallParam.call_id", Limit::Length(1, 64)),
    ("FunctionCallOutput.call_id", Limit::Length(1, 64)),
    ("Embeddings.input", Limit::Items(1, 2048)),
    ("Embeddings.dimensions", Limit::Range(1.0, 3072.0)),
];

static STRUCTURES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("openai.json")).unwrap_or_default());

/// The shapes of its requests, with their limits.
pub(super) fn shapes() -> Shapes {
    Shapes { structures: &STRUCTURES, limits: LIMITS, is_protocol_buffer: false }
}

fn check(structure: &str, body: &Value) -> Result<(), Fault> {
    shapes().check(structure, body)
}

/// The first fault of a request for a chat completion.
pub(crate) fn chat(body: &Value) -> Result<(), Fault> {
    check("Chat", body)?;
    let messages = items(&body["messages"]);
    for (index, message) in messages.iter().enumerate() {
        check_message(index, message)?;
    }
    check_calls(messages)?;
    check_stream("stream_options", body)?;
    let functions: Vec<&Value> = items(&body["tools"]).iter().map(|tool| &tool["function"]).collect();
    check_tools(body, &functions, "tools.INDEX.function", |choice| &choice["function"]["name"])?;
    check_chat_format(&body["response_format"], messages)?;
    if !body["top_logprobs"].is_null() && body["logprobs"] != true {
        return Err(breach(
            "top_logprobs",
            "invalid_value",
            "'logprobs' must be true if 'top_logprobs' is set.",
        ));
    }
    for (token, bias) in body["logit_bias"].as_object().into_iter().flatten() {
        let limit = Limit::Range(-100.0, 100.0);
        if !keeps(bias, limit) {
            return Err(Fault {
                path: at(&format!("logit_bias.{token}")),
                wrong: super::Wrong::Limit(limit),
            });
        }
    }
    check_model(body)
}

fn check_message(index: usize, message: &Value) -> Result<(), Fault> {
    let path = format!("messages.{index}.content");
    let is_assistant = message["role"] == "assistant";
    let says =
        ["tool_calls", "function_call", "refusal", "audio"].iter().any(|name| !message[name].is_null());
    if is_assistant && message["content"].is_null() && !says {
        return Err(breach(
            &path,
            "invalid_type",
            "Invalid value for 'content': expected a string, got null.",
        ));
    }
    for (part, content) in items(&message["content"]).iter().enumerate() {
        let url = text(&content["image_url"]["url"]);
        // "Images and vision": PNG, JPEG, WEBP and GIF; by URL, or in it.
        let kinds = ["png", "jpeg", "jpg", "webp", "gif"].map(|kind| format!("data:image/{kind};base64,"));
        let is_good = url.starts_with("http") || kinds.iter().any(|kind| url.starts_with(kind.as_str()));
        if content["type"] == "image_url" && !is_good {
            let path = format!("{path}.{part}.image_url.url");
            return Err(breach(&path, "invalid_image_format", "You uploaded an unsupported image."));
        }
    }
    Ok(())
}

/// Each call is answered once, right after the message that made it.
fn check_calls(messages: &[Value]) -> Result<(), Fault> {
    let mut open: Vec<&Value> = Vec::new();
    let unanswered = |open: &[&Value]| {
        let names: Vec<&str> = open.iter().map(|id| text(id)).collect();
        format!(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each \
             'tool_call_id'. The following tool_call_ids did not have response messages: {}",
            names.join(", ")
        )
    };
    for (index, message) in messages.iter().enumerate() {
        let path = format!("messages.{index}.role");
        if message["role"] == "tool" {
            let known = open.iter().position(|id| **id == message["tool_call_id"]);
            let orphan = "Invalid parameter: messages with role 'tool' must be a response to a preceding message \
                          with 'tool_calls'.";
            open.remove(known.ok_or_else(|| breach(&path, "", orphan))?);
            continue;
        }
        if !open.is_empty() {
            return Err(breach(&path, "", unanswered(&open)));
        }
        open = items(&message["tool_calls"]).iter().map(|call| &call["id"]).collect();
        let name = |call: &Value| call["function"]["name"].clone();
        if let Some(call) = items(&message["tool_calls"]).iter().position(|call| !keeps(&name(call), NAME)) {
            let path = format!("messages.{index}.tool_calls.{call}.function.name");
            return Err(Fault { path: at(&path), wrong: super::Wrong::Limit(NAME) });
        }
    }
    if open.is_empty() { Ok(()) } else { Err(breach("messages", "", unanswered(&open))) }
}

fn check_stream(name: &str, body: &Value) -> Result<(), Fault> {
    if !body[name].is_null() && body["stream"] != true {
        let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(breach(name, "", message));
    }
    Ok(())
}

/// What is asked of tools that are there, and of schemas that calls shall keep to. `place` is where a function is.
fn check_tools<'a>(
    body: &'a Value,
    functions: &[&'a Value],
    place: &str,
    chosen: impl Fn(&'a Value) -> &'a Value,
) -> Result<(), Fault> {
    for name in ["tool_choice", "parallel_tool_calls"] {
        if items(&body["tools"]).is_empty() && !body[name].is_null() && body[name] != "none" {
            let message =
                format!("Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.");
            return Err(breach(name, "", message));
        }
    }
    let wanted = chosen(&body["tool_choice"]);
    if wanted.is_string() && !functions.iter().any(|function| function["name"] == *wanted) {
        let message = format!("Tool choice '{}' not found in 'tools' parameter.", text(wanted));
        return Err(breach("tool_choice", "", message));
    }
    for (index, function) in functions.iter().enumerate() {
        let (parameters, name) = (&function["parameters"], text(&function["name"]));
        let path = format!("{}.parameters", place.replace("INDEX", &index.to_string()));
        let refuse = |words: String| {
            let message = format!("Invalid schema for function '{name}': {words}");
            Err(breach(&path, "invalid_function_parameters", message))
        };
        if !parameters.is_null() && !parameters["type"].is_null() && parameters["type"] != "object" {
            return refuse(format!(
                "schema must be a JSON Schema of 'type: \"object\"', got 'type: {}'.",
                parameters["type"]
            ));
        }
        if function["strict"] == true
            && let Err(words) = json_schema::openai(parameters)
        {
            return refuse(words);
        }
    }
    Ok(())
}

fn check_chat_format(format: &Value, messages: &[Value]) -> Result<(), Fault> {
    let says_json = || Value::from(messages).to_string().to_lowercase().contains("json");
    if format["type"] == "json_object" && !says_json() {
        let message = "'messages' must contain the word 'json' in some form, to use 'response_format' of type \
                       'json_object'.";
        return Err(breach("messages", "", message));
    }
    check_schema(&format["json_schema"], "response_format")
}

/// A schema for the answer, with its name and whether it shall be kept to.
fn check_schema(named: &Value, path: &str) -> Result<(), Fault> {
    let schema = &named["schema"];
    if schema.is_null() {
        return Ok(());
    }
    let refuse = |words: String| {
        let message = format!("Invalid schema for response_format '{}': {words}", text(&named["name"]));
        Err(breach(path, "", message))
    };
    if schema["type"] != "object" {
        return refuse(format!(
            "schema must be a JSON Schema of 'type: \"object\"', got 'type: {}'.",
            schema["type"]
        ));
    }
    match json_schema::openai(schema) {
        Err(words) if named["strict"] == true => refuse(words),
        _ => Ok(()),
    }
}

/// What a model takes beyond the API, by what its name tells.
struct Model {
    /// Whether it can reason.
    reasons: bool,
    /// Whether it reasons when nothing is said of it.
    reasons_unasked: bool,
    /// Whether it refuses tools while it reasons.
    tools_or_reasons: bool,
}

/// "Reasoning", and the pages of the models. `None` for what OpenAI does not serve.
fn model(name: &str) -> Option<Model> {
    let plain = Model { reasons: false, reasons_unasked: false, tools_or_reasons: false };
    let always = Model { reasons: true, reasons_unasked: true, tools_or_reasons: false };
    let begins = |names: &[&str]| names.iter().any(|known| name.starts_with(known));
    if begins(&["gpt-3.5", "gpt-4", "chatgpt-4o", "gpt-5-chat"]) {
        return Some(plain);
    }
    if begins(&["o1", "o3", "o4-", "gpt-5-"]) || name == "gpt-5" {
        return Some(always);
    }
    if begins(&["gpt-5.1", "gpt-5.2", "gpt-5.3"]) && !name.contains("pro") && !name.contains("codex") {
        return Some(Model { reasons: true, reasons_unasked: false, tools_or_reasons: false });
    }
    if begins(&["gpt-5.4", "gpt-5.5"]) && !name.contains("pro") {
        return Some(Model { reasons: true, reasons_unasked: false, tools_or_reasons: true });
    }
    None
}

fn check_model(body: &Value) -> Result<(), Fault> {
    let Some(model) = model(text(&body["model"])) else { return Ok(()) };
    let effort = &body["reasoning_effort"];
    if !model.reasons {
        if effort.is_null() {
            return Ok(());
        }
        return Err(breach(
            "reasoning_effort",
            "",
            "Unrecognized request argument supplied: reasoning_effort",
        ));
    }
    for (name, instead) in [("max_tokens", " Use 'max_completion_tokens' instead."), ("stop", "")] {
        if !body[name].is_null() {
            let message =
                format!("Unsupported parameter: '{name}' is not supported with this model.{instead}");
            return Err(breach(name, "unsupported_parameter", message));
        }
    }
    if effort.is_null() && !model.reasons_unasked || effort == "none" {
        return Ok(());
    }
    if model.tools_or_reasons && !items(&body["tools"]).is_empty() {
        let message = "Function tools with reasoning_effort are not supported for this model in \
                       /v1/chat/completions. Please use /v1/responses instead.";
        return Err(breach("reasoning_effort", "", message));
    }
    let defaults =
        [("temperature", 1.0), ("top_p", 1.0), ("presence_penalty", 0.0), ("frequency_penalty", 0.0)];
    for (name, default) in defaults {
        if body[name].as_f64().is_some_and(|value| (value - default).abs() > f64::EPSILON) {
            let message = format!(
                "Unsupported value: '{name}' does not support {} with this model. Only the default ({default}) value \
                 is supported.",
                body[name]
            );
            return Err(breach(name, "unsupported_value", message));
        }
    }
    for name in ["logprobs", "logit_bias"] {
        if !body[name].is_null() && body[name] != false {
            let message = format!("Unsupported parameter: '{name}' is not supported with this model.");
            return Err(breach(name, "unsupported_parameter", message));
        }
    }
    Ok(())
}

/// The first fault of a request for a legacy completion.
pub(crate) fn completions(body: &Value) -> Result<(), Fault> {
    check("Completions", body)?;
    check_stream("stream_options", body)?;
    let (best, choices) = (body["best_of"].as_u64(), body["n"].as_u64().unwrap_or(1));
    if best.is_some_and(|best| best < choices) {
        return Err(breach("best_of", "", "best_of must be greater than n"));
    }
    Ok(())
}

/// The first fault of a request for a response.
pub(crate) fn responses(body: &Value) -> Result<(), Fault> {
    check("Responses", body)?;
    check_stream("stream_options", body)?;
    let functions: Vec<&Value> =
        items(&body["tools"]).iter().filter(|tool| tool["type"] == "function").collect();
    check_tools(body, &functions, "tools.INDEX", |choice| {
        if choice["type"] == "function" { &choice["name"] } else { &Value::Null }
    })?;
    let mut calls: Vec<&Value> = Vec::new();
    for (index, item) in items(&body["input"]).iter().enumerate() {
        match text(&item["type"]) {
            "function_call" => calls.push(&item["call_id"]),
            // What was called before may be stored.
            "function_call_output"
                if body["previous_response_id"].is_null() && body["conversation"].is_null() =>
            {
                let call = calls.iter().position(|id| **id == item["call_id"]);
                let orphan = || {
                    let id = text(&item["call_id"]);
                    let message = format!("No tool call found for function call output with call_id {id}.");
                    breach(&format!("input.{index}"), "", message)
                };
                calls.remove(call.ok_or_else(orphan)?);
            }
            _ => {}
        }
    }
    if let Some(id) = calls.first() {
        return Err(breach("input", "", format!("No tool output found for function call {}.", text(id))));
    }
    let format = &body["text"]["format"];
    check_schema(format, "text.format.schema")?;
    let says_json = || body["input"].to_string().to_lowercase().contains("json");
    if format["type"] == "json_object" && !says_json() {
        let message = "Response input messages must contain the word 'json' in some form to use 'text.format' of \
                       type 'json_object'.";
        return Err(breach("input", "", message));
    }
    Ok(())
}

/// The first fault of a request for embeddings.
pub(crate) fn embeddings(body: &Value) -> Result<(), Fault> {
    check("Embeddings", body)?;
    if body["input"] == "" || items(&body["input"]).iter().any(|input| *input == "") {
        return Err(breach("input", "invalid_value", "Invalid 'input': input cannot be an empty string."));
    }
    Ok(())
}
