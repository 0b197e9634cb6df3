//! Google's limits and rules: contents to generate, on the Gemini API and on Vertex AI.
//!
//! Sources: the Gemini API reference, "Generating content" and "Caching" (`Content`, `Part`, `Schema`, `Tool`); the
//! guides "Function calling", "Thinking", "Structured output" and "Thought signatures"; and what the API answers, as its
//! users report: "Function calling with a response mime type: 'application/json' is unsupported", "should be non-empty
//! for OBJECT type".

#![expect(clippy::indexing_slicing, reason = "of JSON objects by name, which reads null where nothing is")]

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::shape::{self, Fault, Limit, Limits, Shapes};
use super::{breach, items, text};

/// Names of functions (reference, `FunctionDeclaration.name`).
const NAME: Limit = Limit::Pattern("[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}");

const LIMITS: Limits = &[
    ("GenerationConfig.temperature", Limit::Range(0.0, 2.0)),
    ("GenerationConfig.topP", Limit::Range(0.0, 1.0)),
    ("GenerationConfig.topK", Limit::Range(1.0, 1e9)),
    ("GenerationConfig.candidateCount", Limit::Range(1.0, 8.0)),
    ("GenerationConfig.maxOutputTokens", Limit::Range(1.0, 2_147_483_647.0)),
    ("GenerationConfig.seed", Limit::Range(-2_147_483_648.0, 2_147_483_647.0)),
    ("GenerationConfig.stopSequences", Limit::Items(0, 5)),
    ("GenerationConfig.logprobs", Limit::Range(0.0, 20.0)),
    ("GenerationConfig.presencePenalty", Limit::Range(-2.0, 1.999_999)),
    ("GenerationConfig.frequencyPenalty", Limit::Range(-2.0, 1.999_999)),
    ("FunctionDeclaration.name", NAME),
    ("FunctionCall.name", NAME),
    ("FunctionResponse.name", NAME),
    ("ThinkingConfig.thinkingBudget", Limit::Range(-1.0, 32_768.0)),
];

/// What an answer can be (reference, `responseMimeType`).
const MIME_TYPES: [&str; 5] =
    ["text/plain", "application/json", "text/x.enum", "application/xml", "application/yaml"];

/// What a part holds one of (reference, `Part`, "data").
const DATA: [&str; 9] = [
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];

static STRUCTURES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("gemini.json")).unwrap_or_default());

/// The shapes of its requests, with their limits.
pub(super) fn shapes() -> Shapes {
    Shapes { structures: &STRUCTURES, limits: LIMITS, is_protocol_buffer: true }
}

/// The first fault of a request to generate content by a model; on Vertex AI, or on the Gemini API.
pub(crate) fn generate(body: &Value, model: &str, on_vertex: bool) -> Result<(), Fault> {
    let surface = if on_vertex { "Vertex" } else { "Gemini" };
    shapes().check(surface, body)?;
    let body = &camel(body);
    check_contents(items(&body["contents"]))?;
    let system = &body["systemInstruction"];
    if !system.is_null() {
        check_parts(system, "systemInstruction")?;
        if items(&system["parts"]).iter().any(|part| part["text"].is_null()) {
            return Err(breach("systemInstruction", "", "system instruction only supports text"));
        }
    }
    check_calls(items(&body["contents"]), model)?;
    check_tools(body)?;
    check_config(body, model)
}

/// The names of all members as JSON has them: the API reads the names of protocol buffers, too.
pub(crate) fn camel(value: &Value) -> Value {
    // What the caller names itself stays.
    let own = ["args", "response", "properties", "parametersJsonSchema", "responseJsonSchema", "labels"];
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(known, value)| {
                let known = if known.starts_with('_') { known.clone() } else { shape::camel(known) };
                let value = if own.contains(&known.as_str()) { value.clone() } else { camel(value) };
                (known, value)
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(values) => values.iter().map(camel).collect(),
        other => other.clone(),
    }
}

fn check_contents(contents: &[Value]) -> Result<(), Fault> {
    if contents.is_empty() {
        return Err(breach("contents", "", "contents is not specified"));
    }
    for (index, content) in contents.iter().enumerate() {
        if !content["role"].is_null() && !["user", "model"].contains(&text(&content["role"])) {
            return Err(breach("", "", "Please use a valid role: user, model."));
        }
        check_parts(content, &format!("contents.{index}"))?;
    }
    if contents.len() > 1 && contents.iter().any(|content| content["role"].is_null()) {
        return Err(breach("", "", "Please use a valid role: user, model."));
    }
    Ok(())
}

fn check_parts(content: &Value, path: &str) -> Result<(), Fault> {
    let parts = items(&content["parts"]);
    if parts.is_empty() {
        return Err(breach(&format!("{path}.parts"), "", "contents.parts must not be empty."));
    }
    for (index, part) in parts.iter().enumerate() {
        let path = format!("{path}.parts.{index}.data");
        match DATA.iter().filter(|name| !part[name].is_null()).count() {
            0 if part["thoughtSignature"].is_null() => {
                let words = "required oneof field 'data' must have one initialized field";
                return Err(breach(&path, "", words));
            }
            0 | 1 => {}
            _ => return Err(breach(&path, "", "oneof field 'data' is already set. Cannot set another.")),
        }
        for media in ["inlineData", "fileData"] {
            let kind = &part[media]["mimeType"];
            if !part[media].is_null()
                && (media == "inlineData" || kind.is_string())
                && !text(kind).contains('/')
            {
                return Err(breach(&path, "", format!("Unsupported MIME type: {}", text(kind))));
            }
        }
    }
    Ok(())
}

fn count(content: &Value, kind: &str) -> usize {
    items(&content["parts"]).iter().filter(|part| !part[kind].is_null()).count()
}

/// A turn of calls is followed by one with a response to each ("Function calling").
fn check_calls(contents: &[Value], model: &str) -> Result<(), Fault> {
    let mut open = 0;
    for content in contents {
        let (calls, responses) = (count(content, "functionCall"), count(content, "functionResponse"));
        if responses > 0 && open == 0 {
            let words =
                "Please ensure that function response turn comes immediately after a function call turn.";
            return Err(breach("", "", words));
        }
        if responses != open {
            let words = "Please ensure that the number of function response parts is equal to the number of function \
                         call parts of the function call turn.";
            return Err(breach("", "", words));
        }
        if calls > 0 && content["role"] != "model" || responses > 0 && content["role"] == "model" {
            return Err(breach(
                "",
                "",
                "Please ensure that function call turn comes immediately after a user turn.",
            ));
        }
        open = calls;
    }
    // "Thought signatures": of calls in parallel, the first has it, in each step since the user last said something.
    let since = contents
        .iter()
        .rposition(|content| content["role"] == "user" && count(content, "functionResponse") == 0);
    for content in contents.iter().skip(since.unwrap_or_default()) {
        let call = items(&content["parts"]).iter().find(|part| !part["functionCall"].is_null());
        if let Some(call) = call.filter(|call| call["thoughtSignature"].is_null())
            && model.starts_with("gemini-3")
        {
            let words = format!(
                "Function call `{}` is missing a thought_signature in functionCall parts.",
                text(&call["functionCall"]["name"])
            );
            return Err(breach("", "", words));
        }
    }
    Ok(())
}

fn check_tools(body: &Value) -> Result<(), Fault> {
    let mut names: Vec<&str> = Vec::new();
    for (index, tool) in items(&body["tools"]).iter().enumerate() {
        for (place, function) in items(&tool["functionDeclarations"]).iter().enumerate() {
            let path = format!("tools.{index}.functionDeclarations.{place}");
            let name = text(&function["name"]);
            if name.is_empty() {
                return Err(breach(&format!("{path}.name"), "", "[FIELD_INVALID] Invalid function name."));
            }
            if names.contains(&name) {
                return Err(breach(&path, "", format!("Duplicate function declaration found: {name}")));
            }
            names.push(name);
            let (own, json) = (&function["parameters"], &function["parametersJsonSchema"]);
            if !own.is_null() && !json.is_null() {
                let words = "only one of parameters and parameters_json_schema can be set";
                return Err(breach(&path, "", words));
            }
            if !json.is_null() && json["type"] != "object" && json["$ref"].is_null() {
                let words = "functionDeclaration parameters schema should be of type OBJECT";
                return Err(breach(&format!("{path}.parametersJsonSchema"), "", words));
            }
            check_schema(own, &format!("{path}.parameters"))?;
        }
    }
    let calling = &body["toolConfig"]["functionCallingConfig"];
    let (mode, allowed) = (text(&calling["mode"]).to_uppercase(), items(&calling["allowedFunctionNames"]));
    if !allowed.is_empty() && !["ANY", "VALIDATED"].contains(&mode.as_str()) {
        let words = "allowed_function_names should only be set when the mode is ANY or VALIDATED.";
        return Err(breach("toolConfig.functionCallingConfig", "", words));
    }
    if let Some(unknown) = allowed.iter().find(|name| !names.contains(&text(name))) {
        let words = format!("allowed_function_names: {} is not declared", text(unknown));
        return Err(breach("toolConfig.functionCallingConfig", "", words));
    }
    if mode == "ANY" && names.is_empty() {
        return Err(breach("", "", "Function calling config is set without function_declarations."));
    }
    Ok(())
}

/// `Schema`: what its own words leave open, and the API then refuses.
fn check_schema(schema: &Value, path: &str) -> Result<(), Fault> {
    if schema.is_null() {
        return Ok(());
    }
    let kind = text(&schema["type"]).to_uppercase();
    let below = |name: &str| format!("{path}.{name}");
    let properties = schema["properties"].as_object();
    if kind.is_empty() && ["anyOf", "ref"].iter().all(|name| schema[name].is_null()) {
        return Err(breach(path, "", "schema didn't specify the schema type field"));
    }
    if kind == "OBJECT" && properties.is_none_or(Map::is_empty) {
        return Err(breach(&below("properties"), "", "should be non-empty for OBJECT type"));
    }
    if kind == "ARRAY" && schema["items"].is_null() {
        return Err(breach(&below("items"), "", "missing field."));
    }
    let only = [("properties", "OBJECT"), ("required", "OBJECT"), ("items", "ARRAY"), ("enum", "STRING")];
    for (name, of) in only {
        if !schema[name].is_null() && kind != of && !kind.is_empty() {
            return Err(breach(&below(name), "", format!("only allowed for {of} type")));
        }
    }
    if items(&schema["enum"]).iter().any(|value| *value == "") {
        return Err(breach(&below("enum"), "", "cannot be empty"));
    }
    let is_there = |name: &&Value| properties.is_some_and(|known| known.contains_key(text(name)));
    if !items(&schema["required"]).iter().all(|name| is_there(&name)) {
        return Err(breach(&below("required"), "", "property is not defined"));
    }
    for (name, inner) in properties.into_iter().flatten() {
        check_schema(&camel(inner), &below(&format!("properties.{name}")))?;
    }
    check_schema(&schema["items"], &below("items"))?;
    for (index, inner) in items(&schema["anyOf"]).iter().enumerate() {
        check_schema(inner, &below(&format!("anyOf.{index}")))?;
    }
    Ok(())
}

/// The budgets that a model takes ("Thinking"): the least, the most, and whether none is one.
fn budgets(model: &str) -> Option<(i64, i64, bool)> {
    if model.starts_with("gemini-2.5-pro") {
        Some((128, 32_768, false))
    } else if model.starts_with("gemini-2.5-flash-lite") {
        Some((512, 24_576, true))
    } else if model.starts_with("gemini-2.5-flash") {
        Some((1, 24_576, true))
    } else {
        None
    }
}

fn check_config(body: &Value, model: &str) -> Result<(), Fault> {
    let config = &body["generationConfig"];
    let (kind, schema) = (text(&config["responseMimeType"]), &config["responseSchema"]);
    let path = "generationConfig.responseMimeType";
    if !kind.is_empty() && !MIME_TYPES.contains(&kind) {
        let words = "allowed mimetypes are `text/plain`, `application/json`, `application/xml`, `application/yaml` \
                     and `text/x.enum`.";
        return Err(breach(path, "", words));
    }
    let json = &config["responseJsonSchema"];
    let is_formed = ["application/json", "text/x.enum"].contains(&kind);
    if (!schema.is_null() || !json.is_null()) && !is_formed {
        return Err(breach(path, "", "response schema needs a response mime type of application/json"));
    }
    if !schema.is_null() && !json.is_null() {
        return Err(breach(
            "generationConfig",
            "",
            "only one of response_schema and response_json_schema can be set",
        ));
    }
    check_schema(schema, "generationConfig.responseSchema")?;
    let declares = items(&body["tools"]).iter().any(|tool| !items(&tool["functionDeclarations"]).is_empty());
    let is_older = ["gemini-1", "gemini-2"].iter().any(|version| model.starts_with(version));
    if declares && is_older && kind == "application/json" {
        let words = "Function calling with a response mime type: 'application/json' is unsupported";
        return Err(breach("", "", words));
    }
    if !config["logprobs"].is_null() && config["responseLogprobs"] != true {
        return Err(breach("generationConfig.logprobs", "", "logprobs needs response_logprobs to be true"));
    }
    let thinking = &config["thinkingConfig"];
    let (budget, level) = (thinking["thinkingBudget"].as_i64(), &thinking["thinkingLevel"]);
    if budget.is_some() && !level.is_null() {
        let words = "You can only set only one of thinking budget and thinking level.";
        return Err(breach("generationConfig.thinkingConfig", "", words));
    }
    if !level.is_null() && is_older {
        return Err(breach("", "", "Thinking level is not supported for this model."));
    }
    if !thinking.is_null() && ["gemini-1", "gemini-2.0"].iter().any(|version| model.starts_with(version)) {
        return Err(breach(
            "",
            "",
            "Unable to submit request because thinking is not supported by this model.",
        ));
    }
    match (budgets(model), budget) {
        (Some((_, _, false)), Some(0)) => {
            Err(breach("", "", "Budget 0 is invalid. This model only works in thinking mode."))
        }
        (Some((least, most, _)), Some(budget)) if budget > 0 && !(least..=most).contains(&budget) => {
            let words = format!(
                "The thinking budget {budget} is invalid. Please choose a value between {least} and {most}."
            );
            Err(breach("", "", words))
        }
        _ => Ok(()),
    }
}
