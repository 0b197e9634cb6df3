//! Where others serve the APIs of OpenAI, Anthropic and Gemini: Azure OpenAI and Vertex AI.
//!
//! They differ in their paths, their credentials and a few members only (Azure OpenAI REST reference, "Authentication",
//! "API versions"; Vertex AI, "Claude models", "Inference"). Does not know what the APIs themselves answer.

use serde_json::{Value, json};

use crate::answer::{Answer, Body, JSON};
use crate::http::Request;
use crate::openai::{self, Context};
use crate::{anthropic, gemini};

/// Where Azure's deployments are, and the responses, which are at none.
const DEPLOYMENTS: &str = "/openai/deployments/";
const AZURE_RESPONSES: &str = "/openai/v1/responses";

/// Where models are on Vertex AI, behind the project and the location.
const PUBLISHERS: &str = "/publishers/";

/// The versions of the data plane that have no preview in them (REST reference, "Data plane inference").
const VERSIONS: [&str; 5] = ["2022-12-01", "2023-05-15", "2024-02-01", "2024-06-01", "2024-10-21"];

/// The endpoints of a deployment.
const ENDPOINTS: [&str; 3] = ["chat/completions", "completions", "embeddings"];

/// The answer to a request at one of these paths; `None` for any other.
pub(crate) fn answer(request: &Request<'_>, context: &Context<'_>) -> Option<Answer> {
    let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    if path.contains(DEPLOYMENTS) || below_instance(path) == AZURE_RESPONSES {
        return Some(azure(request, path, query, context));
    }
    let (place, called) = path.split_once(PUBLISHERS)?;
    Some(vertex(request, place, called, context))
}

fn azure(request: &Request<'_>, path: &str, query: &str, context: &Context<'_>) -> Answer {
    let refuse = |status: u16, message: &str| {
        error(status, &json!({"error": {"code": status.to_string(), "message": message}}))
    };
    let key = credential(request, "api-key");
    if key.is_none() || context.required_key.is_some_and(|required| key != Some(required.as_bytes())) {
        let message = "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a \
                       valid key for an active subscription and use a correct regional API endpoint for your \
                       resource.";
        return refuse(401, message);
    }
    if let Some((_, called)) = path.split_once(DEPLOYMENTS) {
        let version = query.strip_prefix("api-version=");
        let known = called
            .split_once('/')
            .is_some_and(|(deployment, endpoint)| !deployment.is_empty() && ENDPOINTS.contains(&endpoint));
        if !known || !version.is_some_and(|version| VERSIONS.contains(&version)) {
            return refuse(404, "Resource not found");
        }
    }
    openai::answer(request, &Context { required_key: None, ..*context })
}

fn vertex(request: &Request<'_>, place: &str, called: &str, context: &Context<'_>) -> Answer {
    let refuse = |status: u16, name: &str, message: &str| {
        error(status, &json!({"error": {"code": status, "message": message, "status": name}}))
    };
    let token = credential(request, "authorization").and_then(|value| value.strip_prefix(b"Bearer "));
    if token.is_none() || context.required_key.is_some_and(|required| token != Some(required.as_bytes())) {
        let message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
                       other valid authentication credential.";
        return refuse(401, "UNAUTHENTICATED", message);
    }
    // …/v1/projects/PROJECT/locations/LOCATION
    let mut segments = place.rsplit('/');
    let names = [segments.next(), segments.next(), segments.next(), segments.next(), segments.next()];
    let is_place = matches!(names, [Some(location), Some("locations"), Some(project), Some("projects"), Some("v1" | "v1beta1")]
        if !location.is_empty() && !project.is_empty());
    match called.split_once("/models/").and_then(|(who, model)| Some((who, model.rsplit_once(':')?))) {
        Some(("google", (model, method))) if is_place => gemini::served(request, model, method, context),
        Some(("anthropic", (model, method @ ("rawPredict" | "streamRawPredict")))) if is_place => {
            anthropic::on_vertex(request, model, method == "streamRawPredict", context)
        }
        _ => refuse(404, "NOT_FOUND", "no such method"),
    }
}

/// A path without the instance, whose name may look like a part of an API's path.
fn below_instance(path: &str) -> &str {
    let named = path.strip_prefix("/instance/").and_then(|rest| rest.get(rest.find('/')?..));
    named.unwrap_or(path)
}

/// The one credential, when it is where it belongs and nowhere else.
fn credential<'a>(request: &Request<'a>, name: &str) -> Option<&'a [u8]> {
    let names = ["authorization", "api-key", "x-api-key", "x-goog-api-key"];
    let mut values =
        names.iter().flat_map(|name| request.header_values(name).map(move |value| (*name, value)));
    match (values.next(), values.next()) {
        (Some((found, value)), None) if found == name => Some(value),
        _ => None,
    }
}

fn error(status: u16, body: &Value) -> Answer {
    let body = Body::Whole(body.to_string().into_bytes());
    Answer { status, content_type: JSON.to_owned(), body, usage: None }
}
