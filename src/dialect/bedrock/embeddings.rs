//! Embeddings by `InvokeModel`, whose bodies are those of each model.
//!
//! Source: the Amazon Bedrock user guide, "Amazon Titan Embeddings Text", "Cohere Embed v3" and "Cohere Embed v4".

use crate::chat::{EmbeddingAnswer, EmbeddingRequest, Losses};
use crate::dialect::AnswerFault;
use crate::dialect::embeddings::vector;
use crate::dialect::translate::TranslationFault;
use crate::dialect::wire::{Object, Value, write};

/// Where Bedrock tells the tokens of a call of `InvokeModel`, for the models that do not tell them in the body.
pub(in crate::dialect) const INPUT_TOKENS_HEADER: &str = "x-amzn-bedrock-input-token-count";

/// What the texts are for, which Cohere must be told and OpenAI's clients do not say: documents are what most are.
const INPUT_TYPE: &str = "search_document";

/// Writes a request to a Titan model; only the second version gives vectors of a length of one's choice.
///
/// # Errors
/// When there is more than one text.
pub(in crate::dialect) fn encode_titan(
    request: &EmbeddingRequest,
    is_second: bool,
    losses: &mut Losses,
) -> Result<Vec<u8>, TranslationFault> {
    let [text] = request.texts.as_slice() else {
        return Err(TranslationFault::Input("only one text at a time"));
    };
    if request.input_type.is_some() {
        losses.unsupported("input_type");
    }
    if request.dimensions.is_some() && !is_second {
        losses.unsupported("dimensions");
    }
    Ok(write::object(|object| {
        object.string("inputText", text);
        object.unsigned_if("dimensions", request.dimensions.filter(|_| is_second));
    }))
}

/// Writes a request to a model of Cohere's; only the fourth version gives vectors of a length of one's choice. A text
/// that is too long is an error to OpenAI's clients, so nothing is cut off.
pub(in crate::dialect) fn encode_cohere(
    request: &EmbeddingRequest,
    is_fourth: bool,
    losses: &mut Losses,
) -> Vec<u8> {
    if request.dimensions.is_some() && !is_fourth {
        losses.unsupported("dimensions");
    }
    write::object(|object| {
        object.strings("texts", &request.texts);
        object.string("input_type", request.input_type.as_deref().unwrap_or(INPUT_TYPE));
        object.string("truncate", "NONE");
        if is_fourth {
            object.array("embedding_types", |types| types.string("float"));
            object.unsigned_if("output_dimension", request.dimensions);
        }
    })
}

/// Reads an answer of a Titan model.
///
/// # Errors
/// When it is not JSON, or has no vector.
pub(in crate::dialect) fn decode_titan(body: &[u8]) -> Result<EmbeddingAnswer, AnswerFault> {
    let mut object = Object::parse(body)?;
    let vector = vector(object.take("embedding")).ok_or(AnswerFault::Missing("embedding"))?;
    Ok(EmbeddingAnswer {
        vectors: vec![vector],
        tokens: object.take("inputTextTokenCount").and_then(Value::unsigned),
    })
}

/// Reads an answer of a model of Cohere's: its vectors alone, or by their types.
///
/// # Errors
/// When it is not JSON, or what stands for a vector is none.
pub(in crate::dialect) fn decode_cohere(body: &[u8]) -> Result<EmbeddingAnswer, AnswerFault> {
    let mut object = Object::parse(body)?;
    let embeddings = object.take("embeddings").ok_or(AnswerFault::Missing("embeddings"))?;
    let floats = match embeddings.object() {
        Some(mut types) => types.take("float"),
        None => Some(embeddings),
    };
    let vectors = floats.and_then(Value::elements).ok_or(AnswerFault::Missing("embeddings"))?;
    let vectors: Option<Vec<_>> = vectors.into_iter().map(|each| vector(Some(each))).collect();
    let mut billed = object.lenient_object("meta").and_then(|mut meta| meta.lenient_object("billed_units"));
    Ok(EmbeddingAnswer {
        vectors: vectors.ok_or(AnswerFault::Missing("embeddings"))?,
        tokens: billed.as_mut().and_then(|units| units.take("input_tokens")).and_then(Value::unsigned),
    })
}
