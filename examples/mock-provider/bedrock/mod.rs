//! Bedrock's Converse API, `POST …/model/{modelId}/converse` and `…/converse-stream` (API reference, "Converse",
//! "ConverseStream"), and `…/invoke` for models that embed ("InvokeModel").
//!
//! A request is held against the service model of the SDKs, and against the rules beyond it. Tokens
//! are the same fake as those of OpenAI's endpoints. Does not know connections or delivery.

#![expect(clippy::indexing_slicing, reason = "of JSON objects by name, which reads null where nothing is")]

mod credential;
mod frames;
mod reply;
mod rules;
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
    rules::check(&body).map_err(invalid)?;
    if made_elsewhere(&body) {
        return Err(invalid("messages.content: Invalid `signature` in `thinking` block"));
    }
    let prompt = Prompt::read(&body);
    let reply = Reply::new(&body, &prompt, context);
    Ok(if stream { reply.stream(context) } else { reply.whole() })
}

/// Whether a thought is not one of this mock's.
fn made_elsewhere(body: &Value) -> bool {
    let messages = body["messages"].as_array().into_iter().flatten();
    let blocks = messages.filter_map(|message| message["content"].as_array()).flatten();
    let mut thoughts = blocks.map(|block| &block["reasoningContent"]["reasoningText"]);
    thoughts.any(|thought| !thought.is_null() && thought["signature"] != reply::SIGNATURE)
}

/// What of the conversation decides the answer.
#[derive(Default)]
struct Prompt {
    last: String,
    words: u64,
    ends_with_result: bool,
}

impl Prompt {
    /// Reads a conversation that the service takes.
    fn read(body: &Value) -> Self {
        let mut prompt = Self::default();
        let texts = |content: &Value| -> Vec<String> {
            let blocks = content.as_array().into_iter().flatten();
            blocks.filter_map(|block| block["text"].as_str()).map(str::to_owned).collect()
        };
        for message in body["messages"].as_array().into_iter().flatten() {
            for said in texts(&message["content"]) {
                prompt.words += text::words(&said);
                if message["role"] == "user" {
                    prompt.last = said;
                }
            }
            let blocks = message["content"].as_array();
            prompt.ends_with_result =
                blocks.is_some_and(|blocks| blocks.iter().any(|block| !block["toolResult"].is_null()));
        }
        for said in texts(&body["system"]) {
            prompt.words += text::words(&said);
        }
        prompt
    }
}
