//! Anthropic's limits and rules: messages.
//!
//! Sources: its API reference, "Create a Message", of which the SDK's types hold the words; the guides "Extended
//! thinking", "Adaptive thinking", "Tool use", "Structured outputs" and "Prompt caching"; the migration guides, for
//! what a model no longer takes; and what the API answers, as its users report.

#![expect(clippy::indexing_slicing, reason = "of JSON objects by name, which reads null where nothing is")]

use std::sync::LazyLock;

use serde_json::Value;

use super::shape::{ANY, Fault, Limit, Limits, Shapes};
use super::{Wrong, at, breach, items, json_schema, text};

/// Identifiers of calls ("String should match pattern '^[a-zA-Z0-9_-]+$'").
const ID: Limit = Limit::Pattern("[a-zA-Z0-9_-]+");

const LIMITS: Limits = &[
    ("Messages.max_tokens", Limit::Range(0.0, 1e9)),
    ("Messages.messages", Limit::Items(1, 100_000)),
    ("Messages.temperature", Limit::Range(0.0, 1.0)),
    ("Messages.top_p", Limit::Range(0.0, 1.0)),
    ("Messages.top_k", Limit::Range(0.0, 1e9)),
    ("NewerMessages.max_tokens", Limit::Range(0.0, 1e9)),
    ("NewerMessages.messages", Limit::Items(1, 100_000)),
    ("ThinkingConfigEnabledParam.budget_tokens", Limit::Range(1024.0, 1e9)),
    ("ToolParam.name", Limit::Pattern("[a-zA-Z0-9_-]{1,128}")),
    ("ToolUseBlockParam.id", ID),
    ("ToolUseBlockParam.name", Limit::Length(1, 200)),
    ("ToolResultBlockParam.tool_use_id", ID),
    ("DocumentBlockParam.title", Limit::Length(1, 500)),
    ("MetadataParam.user_id", Limit::Length(0, 256)),
    ("URLImageSourceParam.url", Limit::Pattern("https://.*")),
    ("URLPDFSourceParam.url", Limit::Pattern("https://.*")),
    ("ThinkingBlockParam.signature", Limit::Length(1, ANY)),
];

/// Members that only a beta has, so that `anthropic-beta` must be there ("Beta headers").
const BETA: [&str; 2] = ["context_management", "mcp_servers"];

static STRUCTURES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("anthropic.json")).unwrap_or_default());

/// The shapes of its requests, with their limits.
pub(super) fn shapes() -> Shapes {
    Shapes { structures: &STRUCTURES, limits: LIMITS, is_protocol_buffer: false }
}

/// Which API a request is for.
#[derive(Clone, Copy)]
pub(crate) struct Version {
    /// Of 2026-10-21, which has no sampling any more.
    pub(crate) newer: bool,
    /// Whether the request names betas.
    pub(crate) beta: bool,
}

/// The first fault of a request for a message.
pub(crate) fn messages(body: &Value, version: Version) -> Result<(), Fault> {
    let mut known = body.clone();
    if let Some(members) = known.as_object_mut().filter(|_| version.beta) {
        BETA.iter().for_each(|name| drop(members.remove(*name)));
    }
    let structure = if version.newer { "NewerMessages" } else { "Messages" };
    shapes().check(structure, &known)?;
    check_turns(items(&body["messages"]))?;
    check_texts(body)?;
    check_calls(items(&body["messages"]))?;
    check_tools(body)?;
    check_thinking(body)?;
    check_sampling(body)?;
    check_cache(body)?;
    let schema = &body["output_config"]["format"]["schema"];
    if !schema.is_null() {
        json_schema::anthropic(schema).map_err(|words| breach("output_config.format.schema", "", words))?;
    }
    Ok(())
}

fn content(message: &Value) -> &[Value] {
    items(&message["content"])
}

fn of_kind<'a>(blocks: &'a [Value], kind: &'a str) -> impl Iterator<Item = (usize, &'a Value)> {
    blocks.iter().enumerate().filter(move |(_, block)| block["type"] == kind)
}

fn check_turns(messages: &[Value]) -> Result<(), Fault> {
    if messages.first().is_some_and(|first| first["role"] != "user") {
        return Err(breach("messages", "", "first message must use the \"user\" role"));
    }
    let last = messages.len().saturating_sub(1);
    for (index, message) in messages.iter().enumerate() {
        let is_empty = message["content"] == "" || message["content"].as_array().is_some_and(Vec::is_empty);
        if is_empty && (index < last || message["role"] != "assistant") {
            let words =
                "all messages must have non-empty content except for the optional final assistant message";
            return Err(breach(&format!("messages.{index}"), "", words));
        }
    }
    let end = messages.last().filter(|last| last["role"] == "assistant");
    let said = end.and_then(|last| {
        content(last).last().map_or(last["content"].as_str(), |block| block["text"].as_str())
    });
    if said.is_some_and(|said| said.ends_with(char::is_whitespace)) {
        return Err(breach("messages", "", "final assistant content cannot end with trailing whitespace"));
    }
    Ok(())
}

/// No text is empty, nor of white space alone.
fn check_texts(body: &Value) -> Result<(), Fault> {
    let mut texts: Vec<(String, &Value)> = vec![("system".to_owned(), &body["system"])];
    for message in items(&body["messages"]) {
        texts.push(("messages".to_owned(), &message["content"]));
        for (_, result) in of_kind(content(message), "tool_result") {
            if items(&result["content"]).iter().any(|block| block["text"] == "") {
                return Err(breach("messages", "", "text content blocks must be non-empty"));
            }
        }
    }
    for (place, value) in texts {
        if place == "messages" && value.as_str().is_some_and(|said| said.trim().is_empty()) {
            return Err(breach(&place, "", "text content blocks must contain non-whitespace text"));
        }
        for (_, block) in of_kind(items(value), "text") {
            let said = text(&block["text"]);
            if said.is_empty() {
                return Err(breach(&place, "", "text content blocks must be non-empty"));
            }
            if said.trim().is_empty() && place == "messages" {
                return Err(breach(&place, "", "text content blocks must contain non-whitespace text"));
            }
        }
    }
    let stops = items(&body["stop_sequences"]);
    if stops.iter().any(|stop| text(stop).trim().is_empty()) {
        return Err(breach("stop_sequences", "", "each stop sequence must contain non-whitespace"));
    }
    Ok(())
}

/// Each call is answered in the next message, before anything else is said there.
fn check_calls(messages: &[Value]) -> Result<(), Fault> {
    let mut open: Vec<&Value> = Vec::new();
    let mut known: Vec<&Value> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let blocks = content(message);
        let results: Vec<(usize, &Value)> = of_kind(blocks, "tool_result").collect();
        for (place, result) in &results {
            let path = format!("messages.{index}.content.{place}");
            if !open.contains(&&result["tool_use_id"]) {
                let words = format!(
                    "unexpected `tool_use_id` found in `tool_result` blocks: {}. Each `tool_result` block must have a \
                     corresponding `tool_use` block in the previous message.",
                    text(&result["tool_use_id"])
                );
                return Err(breach(&path, "", words));
            }
            if results.iter().filter(|(_, other)| other["tool_use_id"] == result["tool_use_id"]).count() > 1 {
                return Err(breach(&path, "", "each tool_use must have a single result"));
            }
            let is_text = |block: &Value| block["type"] == "text";
            if result["is_error"] == true && !content(result).iter().all(is_text) {
                return Err(breach(&path, "", "all content must be type \"text\" if `is_error` is true"));
            }
        }
        let answered = |id: &&&Value| results.iter().any(|(_, result)| result["tool_use_id"] == ***id);
        let missing: Vec<&str> = open.iter().filter(|id| !answered(id)).map(|id| text(id)).collect();
        let out_of_order = results.iter().enumerate().any(|(order, (place, _))| order != *place);
        if !missing.is_empty() || out_of_order {
            let before = index.saturating_sub(1);
            let words = format!(
                "`tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block \
                 must have a corresponding `tool_result` block in the next message.",
                missing.join(", ")
            );
            return Err(breach(&format!("messages.{before}"), "", words));
        }
        open = of_kind(blocks, "tool_use").map(|(_, call)| &call["id"]).collect();
        if open
            .iter()
            .enumerate()
            .any(|(place, id)| known.contains(id) || open.iter().take(place).any(|other| other == id))
        {
            return Err(breach("messages", "", "`tool_use` ids must be unique"));
        }
        known.extend(&open);
    }
    if open.is_empty() {
        return Ok(());
    }
    let words = "`tool_use` ids were found without `tool_result` blocks immediately after";
    Err(breach(&format!("messages.{}", messages.len().saturating_sub(1)), "", words))
}

fn check_tools(body: &Value) -> Result<(), Fault> {
    let tools = items(&body["tools"]);
    for (index, tool) in tools.iter().enumerate() {
        let path = format!("tools.{index}.custom.input_schema");
        if tools.iter().take(index).any(|other| other["name"] == tool["name"]) {
            return Err(breach("tools", "", "Tool names must be unique."));
        }
        let schema = &tool["input_schema"];
        if schema.is_null() {
            continue;
        }
        if schema["type"] != "object" {
            let path = at(&format!("{path}.type"));
            let wrong = if schema["type"].is_null() {
                Wrong::Missing
            } else {
                Wrong::Choice(vec!["object".to_owned()])
            };
            return Err(Fault { path, wrong });
        }
        if ["oneOf", "allOf", "anyOf"].iter().any(|keyword| !schema[keyword].is_null()) {
            let words = "input_schema does not support oneOf, allOf, or anyOf at the top level";
            return Err(breach(&path, "", words));
        }
        if tool["strict"] == true {
            json_schema::anthropic(schema).map_err(|words| breach(&path, "", words))?;
        }
    }
    let choice = &body["tool_choice"];
    if !choice.is_null() && tools.is_empty() {
        return Err(breach("tool_choice", "", "may only be specified while providing tools"));
    }
    if choice["type"] == "tool" && !tools.iter().any(|tool| tool["name"] == choice["name"]) {
        let words = format!("Tool '{}' not found in provided tools", text(&choice["name"]));
        return Err(breach("tool_choice", "", words));
    }
    Ok(())
}

/// The family and the version of a model, `("opus", 4, 7)`; zeros where its name tells none.
fn model(name: &str) -> (&str, u32, u32) {
    let parts: Vec<&str> = name.split(['-', '@', '.']).skip_while(|part| *part != "claude").skip(1).collect();
    let family = parts.iter().find(|part| part.bytes().all(|byte| byte.is_ascii_lowercase()));
    let mut numbers = parts.iter().filter(|part| part.len() <= 2).filter_map(|part| part.parse().ok());
    (
        family.copied().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    )
}

/// Whether a model is of a version of its family, or of a later one.
fn is_since(name: &str, versions: &[(&str, u32, u32)]) -> bool {
    let (family, major, minor) = model(name);
    versions.iter().any(|since| since.0 == family && (major, minor) >= (since.1, since.2))
}

/// "Adaptive thinking": budgets answer 400 from these on, and so does sampling (migration guides).
const ADAPTIVE_ONLY: [(&str, u32, u32); 4] =
    [("opus", 4, 7), ("sonnet", 5, 0), ("haiku", 5, 5), ("fable", 5, 0)];
/// `temperature` and `top_p` together answer 400 from these on (migration guides).
const EITHER_SAMPLING: [(&str, u32, u32); 3] = [("opus", 4, 1), ("sonnet", 4, 5), ("haiku", 4, 5)];
/// A request that ends with the assistant answers 400 from these on ("Prefill not supported").
const NO_PREFILL: [(&str, u32, u32); 4] =
    [("opus", 4, 6), ("sonnet", 4, 6), ("haiku", 5, 5), ("fable", 5, 0)];
/// Adaptive thinking, which older models refuse, is from these on.
const ADAPTIVE: [(&str, u32, u32); 4] = [("opus", 4, 6), ("sonnet", 4, 6), ("haiku", 5, 5), ("fable", 5, 0)];

fn check_thinking(body: &Value) -> Result<(), Fault> {
    let (name, thinking, kind) = (text(&body["model"]), &body["thinking"], text(&body["thinking"]["type"]));
    let messages = items(&body["messages"]);
    let ends_with_assistant = messages.last().is_some_and(|last| last["role"] == "assistant");
    if ends_with_assistant && is_since(name, &NO_PREFILL) {
        let words = "This model does not support assistant message prefill. The conversation must end with a user message.";
        return Err(breach("", "", words));
    }
    let (_, major, minor) = model(name);
    let is_known = major > 0 && name.starts_with("claude");
    if kind == "enabled" && is_since(name, &ADAPTIVE_ONLY) {
        let words = "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \
                     \"output_config.effort\" to control thinking behavior.";
        return Err(breach("", "", words));
    }
    if kind == "adaptive" && is_known && !is_since(name, &ADAPTIVE) {
        return Err(breach("", "", "adaptive thinking is not supported on this model"));
    }
    if ["enabled", "adaptive"].contains(&kind) && is_known && (major, minor) < (3, 7) {
        return Err(breach("thinking", "", "this model does not support thinking"));
    }
    if kind == "enabled" && thinking["budget_tokens"].as_u64() >= body["max_tokens"].as_u64() {
        return Err(breach("", "", "`max_tokens` must be greater than `thinking.budget_tokens`"));
    }
    if !["enabled", "adaptive"].contains(&kind) {
        return Ok(());
    }
    if ["any", "tool"].contains(&text(&body["tool_choice"]["type"])) {
        return Err(breach("", "", "Thinking may not be enabled when tool_choice forces tool use."));
    }
    if body["temperature"].as_f64().is_some_and(|value| value < 1.0) {
        let words = "`temperature` may only be set to 1 when thinking is enabled.";
        return Err(breach("", "", words));
    }
    if !body["top_k"].is_null() {
        return Err(breach("", "", "`top_k` must be unset when thinking is enabled."));
    }
    if body["top_p"].as_f64().is_some_and(|value| value < 0.95) {
        let words = "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.";
        return Err(breach("", "", words));
    }
    if kind == "enabled" { check_thoughts(messages) } else { Ok(()) }
}

/// "Extended thinking", "Preserving thinking blocks": the turn whose calls were just answered begins with thinking.
fn check_thoughts(messages: &[Value]) -> Result<(), Fault> {
    let ends_with_results =
        messages.last().is_some_and(|last| of_kind(content(last), "tool_result").next().is_some());
    let turn = messages.iter().enumerate().rev().find(|(_, message)| message["role"] == "assistant");
    let Some((index, turn)) = turn.filter(|_| ends_with_results) else { return Ok(()) };
    let first = content(turn).first().map_or("text", |block| text(&block["type"]));
    if ["thinking", "redacted_thinking"].contains(&first) {
        return Ok(());
    }
    let words = format!(
        "Expected `thinking` or `redacted_thinking`, but found `{first}`. When `thinking` is enabled, a final \
         `assistant` message must start with a thinking block."
    );
    Err(breach(&format!("messages.{index}.content.0.type"), "", words))
}

fn check_sampling(body: &Value) -> Result<(), Fault> {
    let name = text(&body["model"]);
    let both = !body["temperature"].is_null() && !body["top_p"].is_null();
    if both && is_since(name, &EITHER_SAMPLING) {
        let words = "`temperature` and `top_p` cannot both be specified for this model. Please use only one.";
        return Err(breach("", "", words));
    }
    for name in ["temperature", "top_p", "top_k"] {
        if !body[name].is_null() && is_since(text(&body["model"]), &ADAPTIVE_ONLY) {
            return Err(breach("", "", format!("`{name}` is deprecated for this model.")));
        }
    }
    Ok(())
}

/// Every cache mark of a request, in the order of the prompt: tools, system, messages.
fn marks(value: &Value, found: &mut Vec<bool>) {
    for inner in ["tools", "system", "messages", "content"] {
        for item in items(&value[inner]) {
            marks(item, found);
        }
    }
    if value["cache_control"].is_object() {
        found.push(value["cache_control"]["ttl"] == "1h");
    }
}

/// "Prompt caching": at most four marks, the longer-lived first.
fn check_cache(body: &Value) -> Result<(), Fault> {
    let mut found = Vec::new();
    marks(body, &mut found);
    if found.len() > 4 {
        let words =
            format!("A maximum of 4 blocks with cache_control may be provided. Found {}.", found.len());
        return Err(breach("", "", words));
    }
    if !found.is_sorted_by(|first, second| first >= second) {
        let words = "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block";
        return Err(breach("", "", words));
    }
    Ok(())
}
