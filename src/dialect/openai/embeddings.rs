//! "Create embeddings": a request read, and its answer written.
//!
//! Source: OpenAI's API reference, "Embeddings", and the types of its SDKs, which ask for base64 unless told otherwise.

use crate::chat::{EmbeddingAnswer, EmbeddingRequest, Json, UnknownField, VectorEncoding};
use crate::dialect::translate::TranslationFault;
use crate::dialect::wire::{Object, Value, write};
use crate::dialect::{AnswerContext, RequestFault, media};
use crate::framing::json::{self, Span};

/// Reads a request.
///
/// # Errors
/// When a member has not the type that the reference gives it, or the texts are given as token numbers, which mean
/// something to one family of models only.
pub(in crate::dialect) fn decode_request(body: &[u8]) -> Result<EmbeddingRequest, TranslationFault> {
    let mut object = Object::parse(body).map_err(RequestFault::from)?;
    object.required_string("model")?;
    let texts = decode_input(object.take("input"))?;
    let encoding = match object.string("encoding_format")?.as_deref() {
        None | Some("float") => VectorEncoding::Numbers,
        Some("base64") => VectorEncoding::Base64,
        Some(_) => {
            let expected = "`float` or `base64`";
            return Err(RequestFault::InvalidMember { name: "encoding_format", expected }.into());
        }
    };
    let mut request = EmbeddingRequest {
        texts,
        dimensions: object.unsigned("dimensions")?,
        encoding,
        input_type: object.string("input_type")?,
        user: object.string("user")?,
        unknown: Vec::new(),
    };
    for (name, value) in object.rest()? {
        request.unknown.push(UnknownField { name, value: value.json() });
    }
    Ok(request)
}

fn decode_input(input: Option<Value<'_>>) -> Result<Vec<String>, TranslationFault> {
    let invalid =
        || RequestFault::InvalidMember { name: "input", expected: "a string or an array of strings" };
    let input = input.ok_or_else(invalid)?;
    let Some(elements) = input.elements() else {
        let text = input.string().ok_or_else(invalid)?;
        return Ok(vec![text.into_owned()]);
    };
    if elements.iter().any(|element| element.is_array() || element.number().is_some()) {
        return Err(TranslationFault::Input("only texts"));
    }
    let texts: Option<Vec<String>> =
        elements.iter().map(|element| element.string().map(std::borrow::Cow::into_owned)).collect();
    Ok(texts.filter(|texts| !texts.is_empty()).ok_or_else(invalid)?)
}

/// Writes an answer. The reference requires a usage; where the provider tells none, it is of no tokens.
pub(in crate::dialect) fn encode_answer(
    answer: &EmbeddingAnswer,
    encoding: VectorEncoding,
    context: &AnswerContext,
) -> Vec<u8> {
    write::object(|object| {
        object.string("object", "list");
        object.array("data", |data| {
            for (index, vector) in (0..).zip(&answer.vectors) {
                data.object(|embedding| {
                    embedding.string("object", "embedding");
                    embedding.unsigned("index", index);
                    match encoding {
                        VectorEncoding::Numbers => embedding.raw("embedding", vector.text()),
                        VectorEncoding::Base64 => {
                            embedding.string("embedding", &media::encode_base64(&bytes(vector)));
                        }
                    }
                });
            }
        });
        object.string("model", &context.model);
        object.object("usage", |usage| {
            usage.unsigned("prompt_tokens", answer.tokens.unwrap_or(0));
            usage.unsigned("total_tokens", answer.tokens.unwrap_or(0));
        });
    })
}

/// The numbers of a vector as the SDKs read them: 32 bits each, the least significant byte first.
fn bytes(vector: &Json) -> Vec<u8> {
    let text = vector.text().as_bytes();
    let mut bytes = Vec::new();
    // It was read before, so it is an array of numbers.
    let _ = json::elements_of(text, Span { start: 0, end: text.len() }, |span, _| {
        let number = std::str::from_utf8(span.of(text)).ok().and_then(|number| number.parse::<f32>().ok());
        bytes.extend(number.unwrap_or_default().to_le_bytes());
    });
    bytes
}
