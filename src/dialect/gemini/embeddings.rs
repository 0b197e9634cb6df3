//! Embeddings of Google's models, on the Gemini API and on Vertex AI.
//!
//! Sources: the Gemini API reference, "Embeddings"; Vertex AI, "Text embeddings API" (`predict`) and
//! `publishers.models.embedContent`, as the official Python SDK calls them (google-genai 3).
//!
//! A text that is too long is an error to OpenAI's clients, so Vertex AI is told not to cut it off.

use crate::chat::{EmbeddingAnswer, EmbeddingRequest, Losses};
use crate::dialect::AnswerFault;
use crate::dialect::embeddings::vector;
use crate::dialect::wire::write::{self, ObjectWriter};
use crate::dialect::wire::{Object, Value};

/// Writes a request to `batchEmbedContents` of the Gemini API.
pub(in crate::dialect) fn encode_batch(
    request: &EmbeddingRequest,
    model: &str,
    losses: &mut Losses,
) -> Vec<u8> {
    note_losses(request, losses);
    let model = format!("models/{model}");
    write::object(|object| {
        object.array("requests", |requests| {
            for text in &request.texts {
                requests.object(|object| {
                    object.string("model", &model);
                    write_content(text, object);
                    object.unsigned_if("outputDimensionality", request.dimensions);
                });
            }
        });
    })
}

/// Writes a request to `predict` of Vertex AI.
pub(in crate::dialect) fn encode_predict(request: &EmbeddingRequest, losses: &mut Losses) -> Vec<u8> {
    note_losses(request, losses);
    write::object(|object| {
        object.array("instances", |instances| {
            for text in &request.texts {
                instances.object(|instance| instance.string("content", text));
            }
        });
        object.object("parameters", |parameters| write_parameters(request, parameters));
    })
}

/// Writes a request to `embedContent` of Vertex AI, or to `batchEmbedContents` where there are several texts.
pub(in crate::dialect) fn encode_content(request: &EmbeddingRequest, losses: &mut Losses) -> Vec<u8> {
    note_losses(request, losses);
    let write = |text: &str, object: &mut ObjectWriter<'_>| {
        write_content(text, object);
        object.object("embedContentConfig", |config| write_parameters(request, config));
    };
    write::object(|object| match request.texts.as_slice() {
        [text] => write(text, object),
        texts => object.array("requests", |requests| {
            texts.iter().for_each(|text| requests.object(|object| write(text, object)));
        }),
    })
}

fn note_losses(request: &EmbeddingRequest, losses: &mut Losses) {
    if request.input_type.is_some() {
        losses.unsupported("input_type");
    }
}

fn write_content(text: &str, object: &mut ObjectWriter<'_>) {
    object.object("content", |content| {
        content.array("parts", |parts| parts.object(|part| part.string("text", text)));
    });
}

fn write_parameters(request: &EmbeddingRequest, object: &mut ObjectWriter<'_>) {
    object.unsigned_if("outputDimensionality", request.dimensions);
    object.boolean("autoTruncate", false);
}

/// Reads an answer of `embedContent` or `batchEmbedContents`: one `embedding`, or `embeddings`.
///
/// # Errors
/// When it is not JSON, or what stands for a vector is none.
pub(in crate::dialect) fn decode_content(body: &[u8]) -> Result<EmbeddingAnswer, AnswerFault> {
    let mut object = Object::parse(body)?;
    let one = object.take("embedding");
    let embeddings = one.into_iter().chain(object.lenient_elements("embeddings"));
    let vectors: Option<Vec<_>> =
        embeddings.map(|embedding| vector(embedding.object()?.take("values"))).collect();
    let usage = object.lenient_object("usageMetadata");
    Ok(EmbeddingAnswer {
        vectors: vectors.ok_or(AnswerFault::Missing("values"))?,
        tokens: usage.and_then(|mut usage| tokens(usage.take("promptTokenCount"))),
    })
}

/// Reads an answer of `predict`, which tells the tokens of each text.
///
/// # Errors
/// When it is not JSON, or what stands for a vector is none.
pub(in crate::dialect) fn decode_predict(body: &[u8]) -> Result<EmbeddingAnswer, AnswerFault> {
    let mut object = Object::parse(body)?;
    let (mut vectors, mut sum) = (Vec::new(), None);
    for prediction in object.lenient_elements("predictions") {
        let mut embeddings = prediction
            .object()
            .and_then(|mut prediction| prediction.lenient_object("embeddings"))
            .ok_or(AnswerFault::Missing("embeddings"))?;
        vectors.push(vector(embeddings.take("values")).ok_or(AnswerFault::Missing("values"))?);
        let statistics = embeddings.lenient_object("statistics");
        if let Some(told) = statistics.and_then(|mut statistics| tokens(statistics.take("token_count"))) {
            sum = Some(told.saturating_add(sum.unwrap_or(0)));
        }
    }
    Ok(EmbeddingAnswer { vectors, tokens: sum })
}

/// A number of tokens, which Vertex AI writes as a floating-point number at times (SDK, `ContentEmbeddingStatistics`).
fn tokens(value: Option<Value<'_>>) -> Option<u64> {
    let value = value?;
    value.unsigned().or_else(|| value.number().filter(|number| *number >= 0.0).map(|number| number as u64))
}
