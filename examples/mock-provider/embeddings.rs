//! Embeddings of Google's models and of those on Bedrock.
//!
//! Sources: the Gemini API reference, "Embeddings"; Vertex AI, "Text embeddings API" and `embedContent`, as the official
//! SDK calls it; the Amazon Bedrock user guide, "Amazon Titan Embeddings Text", "Cohere Embed v3" and "v4". A member that
//! they do not have is refused. Vectors and tokens are the same fake as those of OpenAI's endpoint. Does not know who may
//! call, nor paths beyond the model.

#![expect(clippy::indexing_slicing, reason = "of JSON objects by name, which reads null where nothing is")]

use serde_json::{Map, Value, json};

use crate::answer::Usage;
use crate::behaviour::Behaviour;
use crate::openai::{text, vector};

/// What `gemini-embedding-001` takes in one call (Gemini API, "Embeddings").
const MOST_REQUESTS: usize = 100;
/// What Vertex AI takes in one call of `predict` ("Text embeddings API").
const MOST_INSTANCES: usize = 250;
/// What Cohere's models take in one call.
const MOST_TEXTS: usize = 96;

const TASKS: [&str; 8] = [
    "RETRIEVAL_QUERY",
    "RETRIEVAL_DOCUMENT",
    "SEMANTIC_SIMILARITY",
    "CLASSIFICATION",
    "CLUSTERING",
    "QUESTION_ANSWERING",
    "FACT_VERIFICATION",
    "CODE_RETRIEVAL_QUERY",
];

/// A body with what it took, or what is wrong with the request.
pub(crate) type Made = Result<(Value, Usage), String>;

/// The names of an object's members must be among these.
fn known<'a>(value: &'a Value, names: &[&str], place: &str) -> Result<&'a Map<String, Value>, String> {
    let object = value.as_object().ok_or_else(|| format!("{place}: an object is expected"))?;
    match object.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(format!("Unknown name \"{name}\" at '{place}': Cannot find field.")),
        None => Ok(object),
    }
}

/// A number of dimensions, when there is one.
fn dimensions(value: &Value, most: u64) -> Result<Option<usize>, String> {
    match (value, value.as_u64()) {
        (Value::Null, _) => Ok(None),
        (_, Some(number)) if (1..=most).contains(&number) => Ok(usize::try_from(number).ok()),
        _ => Err(format!("unsupported output dimensionality {value}")),
    }
}

fn content_text(content: &Value) -> Result<&str, String> {
    known(content, &["parts", "role"], "content")?;
    let [part] = content["parts"].as_array().map(Vec::as_slice).unwrap_or_default() else {
        return Err("content.parts: one part is expected".to_owned());
    };
    known(part, &["text"], "content.parts")?;
    part["text"].as_str().filter(|text| !text.is_empty()).ok_or_else(|| "empty Part".to_owned())
}

fn task(value: &Value) -> Result<(), String> {
    match value.as_str() {
        None if value.is_null() => Ok(()),
        Some(name) if TASKS.contains(&name) => Ok(()),
        _ => Err(format!("unknown task type {value}")),
    }
}

fn usage<'a>(texts: impl Iterator<Item = &'a str>, behaviour: &Behaviour) -> Usage {
    Usage { completion_tokens: 0, ..Usage::new(texts.map(text::words).sum(), 0, behaviour) }
}

/// `batchEmbedContents` of the Gemini API.
pub(crate) fn gemini(model: &str, body: &Value, behaviour: &Behaviour) -> Made {
    known(body, &["requests"], "request")?;
    let requests =
        body["requests"].as_array().filter(|requests| (1..=MOST_REQUESTS).contains(&requests.len()));
    let (mut texts, mut embeddings) = (Vec::new(), Vec::new());
    for request in requests.ok_or("at most 100 requests can be in one batch, and at least one")? {
        known(request, &["model", "content", "taskType", "title", "outputDimensionality"], "requests")?;
        if request["model"] != format!("models/{model}") {
            return Err("requests.model must be that of the batch".to_owned());
        }
        task(&request["taskType"])?;
        let text = content_text(&request["content"])?;
        let size = dimensions(&request["outputDimensionality"], 3072)?.unwrap_or(3072);
        embeddings.push(json!({"values": vector(&json!(text), size)}));
        texts.push(text);
    }
    let usage = usage(texts.into_iter(), behaviour);
    let mut answer = json!({"embeddings": embeddings});
    if !behaviour.no_usage {
        answer["usageMetadata"] = json!({"promptTokenCount": usage.prompt_tokens});
    }
    Ok((answer, usage))
}

/// `predict` of Vertex AI.
pub(crate) fn predict(body: &Value, behaviour: &Behaviour) -> Made {
    known(body, &["instances", "parameters"], "request")?;
    let parameters = &body["parameters"];
    if !parameters.is_null() {
        known(parameters, &["autoTruncate", "outputDimensionality"], "parameters")?;
    }
    let size = dimensions(&parameters["outputDimensionality"], 768)?.unwrap_or(768);
    let instances = body["instances"].as_array();
    let instances = instances.filter(|instances| (1..=MOST_INSTANCES).contains(&instances.len()));
    let (mut predictions, mut sum) = (Vec::new(), Usage::new(0, 0, behaviour));
    for instance in instances.ok_or("between 1 and 250 instances are expected")? {
        known(instance, &["content", "task_type", "title"], "instances")?;
        task(&instance["task_type"])?;
        let text = instance["content"].as_str().filter(|text| !text.is_empty());
        let text = text.ok_or("The text content is empty.")?;
        let told = usage([text].into_iter(), behaviour);
        sum.prompt_tokens += if behaviour.prompt_tokens.is_some() { 0 } else { told.prompt_tokens };
        let mut embeddings = json!({"values": vector(&json!(text), size)});
        if !behaviour.no_usage {
            embeddings["statistics"] = json!({"truncated": false, "token_count": told.prompt_tokens});
        }
        predictions.push(json!({"embeddings": embeddings}));
    }
    sum.completion_tokens = 0;
    Ok((json!({"predictions": predictions, "metadata": {"billableCharacterCount": 1}}), sum))
}

/// `embedContent` of Vertex AI, and `batchEmbedContents` where `batch` says so.
pub(crate) fn vertex_content(body: &Value, batch: bool, behaviour: &Behaviour) -> Made {
    let (mut texts, mut embeddings) = (Vec::new(), Vec::new());
    let one = std::slice::from_ref(body);
    let requests = if batch {
        known(body, &["requests"], "request")?;
        body["requests"].as_array().map(Vec::as_slice).unwrap_or_default()
    } else {
        one
    };
    for request in requests {
        known(request, &["content", "embedContentConfig"], "request")?;
        let config = &request["embedContentConfig"];
        if !config.is_null() {
            let names = ["taskType", "title", "outputDimensionality", "autoTruncate"];
            known(config, &names, "embed_content_config")?;
        }
        task(&config["taskType"])?;
        let text = content_text(&request["content"])?;
        let size = dimensions(&config["outputDimensionality"], 3072)?.unwrap_or(3072);
        embeddings.push(json!({"values": vector(&json!(text), size)}));
        texts.push(text);
    }
    let usage = usage(texts.into_iter(), behaviour);
    let mut answer = match embeddings.as_slice() {
        [] => return Err("requests is empty".to_owned()),
        [one] if !batch => json!({"embedding": one, "truncated": false}),
        several => json!({ "embeddings": several }),
    };
    if !behaviour.no_usage {
        answer["usageMetadata"] = json!({"promptTokenCount": usage.prompt_tokens});
    }
    Ok((answer, usage))
}

/// `InvokeModel` of an embedding model on Bedrock, by its name.
pub(crate) fn bedrock(model: &str, body: &Value, behaviour: &Behaviour) -> Made {
    if model.contains("amazon.titan-embed-text") {
        titan(model.contains("-v2"), body, behaviour)
    } else if model.contains("cohere.embed-") {
        cohere(model.contains("embed-v4"), body, behaviour)
    } else {
        Err("The provided model identifier is invalid.".to_owned())
    }
}

fn titan(is_second: bool, body: &Value, behaviour: &Behaviour) -> Made {
    let names = ["inputText", "dimensions", "normalize", "embeddingTypes"];
    let names = if is_second { &names[..] } else { &names[..1] };
    known(body, names, "#")
        .map_err(|_| "Malformed input request: extraneous key is not permitted".to_owned())?;
    let text = body["inputText"].as_str().filter(|text| !text.is_empty());
    let text = text.ok_or("Malformed input request: #/inputText: expected minLength: 1, actual: 0")?;
    let size = match (is_second, body["dimensions"].as_u64()) {
        (false, _) => 1536,
        (true, None) => 1024,
        (true, Some(size @ (256 | 512 | 1024))) => usize::try_from(size).unwrap_or_default(),
        (true, Some(_)) => {
            return Err("Malformed input request: #/dimensions is not one of 256, 512, 1024".to_owned());
        }
    };
    let usage = usage([text].into_iter(), behaviour);
    let vector = vector(&json!(text), size);
    let mut answer = json!({ "embedding": vector });
    if is_second {
        answer["embeddingsByType"] = json!({ "float": vector });
    }
    if !behaviour.no_usage {
        answer["inputTextTokenCount"] = usage.prompt_tokens.into();
    }
    Ok((answer, usage))
}

fn cohere(is_fourth: bool, body: &Value, behaviour: &Behaviour) -> Made {
    let names = [
        "texts",
        "images",
        "input_type",
        "truncate",
        "embedding_types",
        "inputs",
        "output_dimension",
        "max_tokens",
    ];
    let names = if is_fourth { &names[..] } else { &names[..5] };
    known(body, names, "#")
        .map_err(|_| "Malformed input request: extraneous key is not permitted".to_owned())?;
    let purposes = ["search_document", "search_query", "classification", "clustering"];
    if !body["input_type"].as_str().is_some_and(|purpose| purposes.contains(&purpose)) {
        return Err("valid input_type must be provided with the provided model".to_owned());
    }
    let truncations = if is_fourth { ["NONE", "LEFT", "RIGHT"] } else { ["NONE", "START", "END"] };
    if !body["truncate"].is_null() && !truncations.iter().any(|truncation| body["truncate"] == *truncation) {
        return Err("invalid value for truncate".to_owned());
    }
    let texts: Vec<&str> = body["texts"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if texts.len() != body["texts"].as_array().map_or(0, Vec::len) || !(1..=MOST_TEXTS).contains(&texts.len())
    {
        return Err("texts must be between 1 and 96 strings".to_owned());
    }
    let size = match body["output_dimension"].as_u64() {
        None => 1024 + if is_fourth { 512 } else { 0 },
        Some(size @ (256 | 512 | 1024 | 1536)) => usize::try_from(size).unwrap_or_default(),
        Some(_) => return Err("invalid output_dimension".to_owned()),
    };
    let vectors: Vec<Vec<f32>> = texts.iter().map(|text| vector(&json!(text), size)).collect();
    let by_type = !body["embedding_types"].is_null();
    if by_type && body["embedding_types"] != json!(["float"]) {
        return Err("this mock gives floats only".to_owned());
    }
    let usage = usage(texts.iter().copied(), behaviour);
    let answer = if by_type {
        json!({"id": "mock", "texts": texts, "response_type": "embeddings_by_type", "embeddings": {"float": vectors}})
    } else {
        json!({"id": "mock", "texts": texts, "response_type": "embeddings_floats", "embeddings": vectors})
    };
    Ok((answer, usage))
}
