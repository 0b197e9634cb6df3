//! Bedrock's Converse API, `POST …/model/{modelId}/converse` and `…/converse-stream` (API reference, "Converse",
//! "ConverseStream"), and `…/invoke` for models that embed ("InvokeModel").
//!
//! A request is held against the service model of the SDKs, and against what the reference says beyond it. Tokens
//! are the same fake as those of OpenAI's endpoints. Does not know connections or delivery.

#![expect(clippy::indexing_slicing, reason = "of JSON objects by name, which reads null where nothing is")]

mod credential;
mod frames;
mod reply;
pub(crate) mod schema;

use serde_json::{Value, json};

use self::reply::Reply;
use crate::answer::{Answer, Body, JSON, Usage};
use crate::embeddings;
use crate::http::Request;
use crate::openai::{Context, canned, text};

/// Where the models are.
const MODELS: &str = "/model/";

/// An error: status and message.
struct Refusal(u16, String);

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal(400, message.into())
}

/// What a model is called for.
#[derive(Clone, Copy)]
enum Operation {
    Converse,
    ConverseStream,
    InvokeModel,
}

/// The model and what it is called for, of a path of this API.
fn called(path: &str) -> Option<(&str, Operation)> {
    let (model, operation) = path.rsplit_once(MODELS)?.1.split_once('/')?;
    match operation {
        "converse" => Some((model, Operation::Converse)),
        "converse-stream" => Some((model, Operation::ConverseStream)),
        "invoke" => Some((model, Operation::InvokeModel)),
        _ => None,
    }
}

/// Whether a path is one of this API's.
pub(crate) fn serves(path: &str) -> bool {
    called(path).is_some()
}

/// Answers a request to the API.
pub(crate) fn answer(request: &Request<'_>, context: &Context<'_>) -> Answer {
    let behaviour = context.behaviour;
    if behaviour.body.is_some() && !behaviour.error_event {
        return canned(behaviour);
    }
    if let Some(status) = behaviour.status {
        return refuse(Refusal(status, "as the behaviour says".to_owned()));
    }
    checked(request, context).unwrap_or_else(refuse)
}

fn refuse(Refusal(status, message): Refusal) -> Answer {
    whole(status, &json!({ "message": message }), None)
}

fn whole(status: u16, body: &Value, usage: Option<Usage>) -> Answer {
    let body = Body::Whole(body.to_string().into_bytes());
    Answer { status, content_type: JSON.to_owned(), body, usage }
}

fn checked(request: &Request<'_>, context: &Context<'_>) -> Result<Answer, Refusal> {
    let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    let unknown = || Refusal(404, "Unable to determine service/operation name to be authorized".to_owned());
    let (model, operation) = called(path).ok_or_else(unknown)?;
    if request.method != "POST" || !query.is_empty() {
        return Err(unknown());
    }
    credential::check(request, context.required_key, context.created)?;
    // A colon in a path must be escaped where the path is signed.
    if model.is_empty() || !model.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte))
    {
        return Err(invalid("The provided model identifier is invalid."));
    }
    let body: Value =
        serde_json::from_slice(request.body).map_err(|_| invalid("The request body is not valid JSON."))?;
    let stream = match operation {
        Operation::Converse => false,
        Operation::ConverseStream => true,
        Operation::InvokeModel => {
            let made = embeddings::bedrock(&model.replace("%3A", ":"), &body, context.behaviour);
            return made.map(|(body, usage)| whole(200, &body, Some(usage))).map_err(invalid);
        }
    };
    schema::check(if stream { "ConverseStreamRequest" } else { "ConverseRequest" }, &body)
        .map_err(invalid)?;
    let prompt = Prompt::read(&body)?;
    check_thinking(&body)?;
    let reply = Reply::new(&body, &prompt, context);
    Ok(if stream { reply.stream(context) } else { reply.whole() })
}

/// What of the conversation decides the answer.
#[derive(Default)]
struct Prompt {
    last: String,
    words: u64,
    ends_with_result: bool,
}

impl Prompt {
    /// Reads a conversation that fits the service model, and refuses what the models refuse beyond that.
    fn read(body: &Value) -> Result<Self, Refusal> {
        let mut prompt = Self::default();
        let (mut before, mut asked): (&Value, Vec<&Value>) = (&Value::Null, Vec::new());
        let messages = body["messages"].as_array().filter(|messages| !messages.is_empty());
        for (index, message) in messages.ok_or_else(|| invalid("messages is empty"))?.iter().enumerate() {
            let role = &message["role"];
            if index == 0 && role != "user" {
                return Err(invalid("A conversation must start with a user message."));
            }
            if role == before {
                return Err(invalid("roles must alternate between \"user\" and \"assistant\""));
            }
            before = role;
            let content = message["content"].as_array().map(Vec::as_slice).unwrap_or_default();
            if content.is_empty() {
                return Err(invalid(format!(
                    "The content field in the Message at messages.{index} is empty."
                )));
            }
            let results: Vec<&Value> = ids(content, "toolResult");
            if results.iter().any(|id| !asked.contains(id)) || asked.iter().any(|id| !results.contains(id)) {
                return Err(invalid(format!(
                    "Expected toolResult blocks at messages.{index}.content for the toolUse blocks of the previous turn."
                )));
            }
            asked = ids(content, "toolUse");
            if (!asked.is_empty() || !results.is_empty()) && body["toolConfig"].is_null() {
                return Err(invalid(
                    "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
                ));
            }
            prompt.ends_with_result = !results.is_empty();
            for block in content {
                prompt.read_block(block, role)?;
            }
        }
        for system in body["system"].as_array().into_iter().flatten() {
            prompt.words += text::words(system["text"].as_str().unwrap_or_default());
        }
        Ok(prompt)
    }

    fn read_block(&mut self, block: &Value, role: &Value) -> Result<(), Refusal> {
        let thought = &block["reasoningContent"]["reasoningText"];
        if !thought.is_null() && thought["signature"] != reply::SIGNATURE {
            return Err(invalid("messages.content: Invalid `signature` in `thinking` block"));
        }
        let Some(said) = block["text"].as_str() else { return Ok(()) };
        if said.trim().is_empty() {
            return Err(invalid("The text field in the ContentBlock object is blank."));
        }
        self.words += text::words(said);
        if role == "user" {
            said.clone_into(&mut self.last);
        }
        Ok(())
    }
}

/// The identifiers of the blocks of a kind.
fn ids<'a>(content: &'a [Value], kind: &str) -> Vec<&'a Value> {
    content.iter().map(|block| &block[kind]["toolUseId"]).filter(|id| !id.is_null()).collect()
}

/// The rules of Anthropic's models about thinking, which Converse passes on in a document of theirs.
fn check_thinking(body: &Value) -> Result<(), Refusal> {
    const OWN: [&str; 5] = ["thinking", "top_k", "output_config", "anthropic_beta", "reasoning_config"];
    let more = &body["additionalModelRequestFields"];
    if let Some(name) = more
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
        .find(|name| !OWN.contains(&name.as_str()))
    {
        return Err(invalid(format!("{name}: Extra inputs are not permitted")));
    }
    if more["thinking"]["type"] != "enabled" {
        return Ok(());
    }
    let config = &body["inferenceConfig"];
    let limit = config["maxTokens"].as_u64().unwrap_or(4096);
    if !more["thinking"]["budget_tokens"].as_u64().is_some_and(|budget| (1024..limit).contains(&budget)) {
        return Err(invalid("thinking.budget_tokens: from 1024 up to maxTokens"));
    }
    let choice = &body["toolConfig"]["toolChoice"];
    if !choice["any"].is_null() || !choice["tool"].is_null() {
        return Err(invalid("Thinking may not be enabled when tool_choice forces tool use."));
    }
    if config["temperature"].as_f64().is_some_and(|temperature| temperature < 1.0) || !more["top_k"].is_null()
    {
        return Err(invalid("`temperature` may only be set to 1 when thinking is enabled."));
    }
    Ok(())
}
