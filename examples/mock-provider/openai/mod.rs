//! OpenAI's API: which endpoint a request is for, and the answers that do not depend on the endpoint.
//!
//! Paths are matched by their end, so any prefix works. Shapes follow OpenAI's API reference. Does not know
//! connections or the delivery of answers.

mod chat;
mod completions;
mod embeddings;
mod error;
mod fields;
mod input;
mod responses;
pub(crate) mod sample;
pub(crate) mod text;
mod wire;

use serde_json::Value;

pub(crate) use self::embeddings::vector;
use self::error::Refusal;
use crate::answer::{Answer, Body, EVENT_STREAM, Events, JSON};
use crate::behaviour::Behaviour;
use crate::http::Request;

/// What an answer depends on besides the request.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) behaviour: &'a Behaviour,
    /// The only key that is accepted; `None` accepts all.
    pub(crate) required_key: Option<&'a str>,
    /// Distinguishes the `id`s of answers.
    pub(crate) serial: u64,
    /// Seconds since 1970.
    pub(crate) created: u64,
}

/// Answers any request to the API.
pub(crate) fn answer(request: &Request<'_>, context: &Context<'_>) -> Answer {
    let behaviour = context.behaviour;
    if behaviour.status.is_some() || (behaviour.body.is_some() && !behaviour.error_event) {
        return canned(behaviour);
    }
    let answer = check_key(request, context.required_key).and_then(|()| dispatch(request, context));
    answer.unwrap_or_else(|refusal| json_answer(refusal.status(), &refusal.body()))
}

/// What an endpoint does with a body.
type Endpoint = fn(&[u8], &Context<'_>) -> Result<Answer, Refusal>;

/// Endpoints by the end of their path; the first that fits is taken.
const ENDPOINTS: &[(&str, &str, Endpoint)] = &[
    ("/chat/completions", "POST", chat::answer),
    ("/completions", "POST", completions::answer),
    ("/embeddings", "POST", embeddings::answer),
    ("/responses", "POST", responses::answer),
    ("/models", "GET", |_, _| Ok(json_answer(200, &wire::models()))),
];

fn dispatch(request: &Request<'_>, context: &Context<'_>) -> Result<Answer, Refusal> {
    let (path, _) = request.target.split_once('?').unwrap_or((request.target, ""));
    match ENDPOINTS.iter().find(|(suffix, ..)| path.ends_with(suffix)) {
        Some((_, method, endpoint)) if request.method == *method => endpoint(request.body, context),
        Some(_) => Err(Refusal::WrongMethod { method: request.method.to_owned(), path: path.to_owned() }),
        None => Err(Refusal::UnknownUrl { method: request.method.to_owned(), path: path.to_owned() }),
    }
}

fn check_key(request: &Request<'_>, required: Option<&str>) -> Result<(), Refusal> {
    let Some(required) = required else { return Ok(()) };
    let mut values = request.header_values("authorization");
    match (values.next(), values.next()) {
        (None, _) => Err(Refusal::NoKey),
        (Some(value), None) if value.strip_prefix(b"Bearer ") == Some(required.as_bytes()) => Ok(()),
        _ => Err(Refusal::WrongKey),
    }
}

/// The answer that a behaviour prescribes word for word.
pub(crate) fn canned(behaviour: &Behaviour) -> Answer {
    let status = behaviour.status.unwrap_or(200);
    let bytes = match &behaviour.body {
        Some(Value::String(text)) => text.clone().into_bytes(),
        Some(value) => value.to_string().into_bytes(),
        None => Refusal::Status(status).body().to_string().into_bytes(),
    };
    let is_stream = behaviour.content_type.as_ref().is_some_and(|kind| kind.starts_with("text/event-stream"));
    let body = if is_stream {
        let mut events = Events::new(behaviour);
        events.push_raw(&bytes);
        Body::Events(events)
    } else {
        Body::Whole(bytes)
    };
    Answer { status, content_type: JSON.to_owned(), body, usage: None }
}

fn json_answer(status: u16, body: &impl serde::Serialize) -> Answer {
    // Our own shapes have string keys only.
    let bytes = serde_json::to_vec(body).unwrap_or_default();
    Answer { status, content_type: JSON.to_owned(), body: Body::Whole(bytes), usage: None }
}

fn stream_answer(events: Events) -> Answer {
    Answer { status: 200, content_type: EVENT_STREAM.to_owned(), body: Body::Events(events), usage: None }
}

/// The stream that is one error, behind a status of 200.
fn error_stream(behaviour: &Behaviour) -> Answer {
    let mut events = Events::new(behaviour);
    match &behaviour.body {
        Some(body) => events.push_json(body),
        None => events.push_json(&Refusal::Status(500).body()),
    }
    stream_answer(events)
}
