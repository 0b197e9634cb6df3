//! Embeddings between a client of OpenAI's API and a provider of another.
//!
//! A chat is asked for in one way per API; embeddings are not, so the model's name decides as well: [`Embedder`] is the
//! table. What a model is not known to embed by is refused, not guessed.
//!
//! Promises no panic on any input, and a vector for each text or an error.

use super::target::{Target, UnknownFields};
use super::translate::{EncodedRequest, TranslatedAnswer, TranslationFault, carry_unknown, encode_segment};
use super::wire::Value;
use super::{AnswerContext, AnswerFault, Api, bedrock, gemini, openai};
use crate::chat::{EmbeddingAnswer, EmbeddingRequest, Json, Losses, Usage, VectorEncoding};

/// How a model is asked for embeddings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embedder {
    /// `batchEmbedContents` of the Gemini API.
    Gemini,
    /// `predict` of Vertex AI.
    VertexPredict,
    /// `embedContent` and `batchEmbedContents` of Vertex AI.
    VertexContent,
    /// Titan Embeddings G1 on Bedrock, one text at a time.
    TitanG1,
    /// Titan Text Embeddings V2 on Bedrock, one text at a time.
    Titan,
    /// Cohere Embed v3 on Bedrock.
    Cohere3,
    /// Cohere Embed v4 on Bedrock.
    Cohere4,
}

/// The models of Bedrock by a part of their names, in front of which a region and behind which a version may stand
/// (user guide, "Supported foundation models", and the pages of the models' parameters).
const BEDROCK: [(&str, Embedder); 6] = [
    ("amazon.titan-embed-text-v1", Embedder::TitanG1),
    ("amazon.titan-embed-g1-text", Embedder::TitanG1),
    ("amazon.titan-embed-text-v2", Embedder::Titan),
    ("cohere.embed-english-v3", Embedder::Cohere3),
    ("cohere.embed-multilingual-v3", Embedder::Cohere3),
    ("cohere.embed-v4", Embedder::Cohere4),
];

impl Embedder {
    /// How `model` is asked at an API; `None` where that is not known.
    #[must_use]
    pub fn of(api: Api, model: &str) -> Option<Self> {
        match api {
            Api::Gemini => Some(Self::Gemini),
            // As the official SDK tells them apart (google-genai 3, `t_is_vertex_embed_content_model`).
            Api::VertexGemini if model.contains("gemini") => Some(Self::VertexContent),
            Api::VertexGemini => Some(Self::VertexPredict),
            Api::Bedrock => {
                BEDROCK.into_iter().find(|(name, _)| model.contains(name)).map(|(_, embedder)| embedder)
            }
            // These two have the client's own API, or none.
            Api::OpenAi | Api::AzureOpenAi | Api::Anthropic | Api::VertexAnthropic => None,
        }
    }

    /// The header field of an answer that tells how many tokens were read, where the body does not.
    #[must_use]
    pub const fn tokens_header(self) -> Option<&'static str> {
        match self {
            Self::TitanG1 | Self::Titan | Self::Cohere3 | Self::Cohere4 => Some(bedrock::INPUT_TOKENS_HEADER),
            Self::Gemini | Self::VertexPredict | Self::VertexContent => None,
        }
    }
}

/// What an answer is read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// How the model was asked.
    pub embedder: Embedder,
    /// How many vectors there must be.
    pub texts: usize,
    /// How the client wants them.
    pub encoding: VectorEncoding,
    /// The tokens that the answer's header told, see [`Embedder::tokens_header`].
    pub tokens: Option<u64>,
}

/// Reads a client's request.
///
/// # Errors
/// When it is not what OpenAI's API reference says, or gives token numbers in place of text.
pub fn decode_request(body: &[u8]) -> Result<EmbeddingRequest, TranslationFault> {
    openai::embeddings::decode_request(body)
}

/// Writes a request for a model that is asked by `embedder`.
///
/// # Errors
/// When it has an unknown member that is to be refused, or more texts than the model takes.
pub fn encode_request(
    embedder: Embedder,
    request: &EmbeddingRequest,
    target: &Target,
) -> Result<EncodedRequest, TranslationFault> {
    if let (UnknownFields::Refuse, Some(field)) = (target.unknown, request.unknown.first()) {
        return Err(TranslationFault::UnknownField(field.name.clone()));
    }
    let mut losses = Losses::default();
    let mut body = match embedder {
        Embedder::Gemini => gemini::embeddings::encode_batch(request, &target.model, &mut losses),
        Embedder::VertexPredict => gemini::embeddings::encode_predict(request, &mut losses),
        Embedder::VertexContent => gemini::embeddings::encode_content(request, &mut losses),
        Embedder::TitanG1 | Embedder::Titan => {
            bedrock::embeddings::encode_titan(request, embedder == Embedder::Titan, &mut losses)?
        }
        Embedder::Cohere3 | Embedder::Cohere4 => {
            bedrock::embeddings::encode_cohere(request, embedder == Embedder::Cohere4, &mut losses)
        }
    };
    if request.user.is_some() {
        losses.unsupported("user");
    }
    carry_unknown(&request.unknown, target, &mut body, &mut losses);
    Ok(EncodedRequest {
        path: path(embedder, &target.model, request.texts.len()),
        body,
        losses,
        wrapped: false,
        renamed: Vec::new(),
    })
}

/// The path of a request below the provider's base URL; see [`super::translate::path`].
fn path(embedder: Embedder, model: &str, texts: usize) -> String {
    let model = encode_segment(model);
    match embedder {
        Embedder::Gemini => format!("/v1beta/models/{model}:batchEmbedContents"),
        Embedder::VertexPredict => format!("/publishers/google/models/{model}:predict"),
        Embedder::VertexContent if texts == 1 => format!("/publishers/google/models/{model}:embedContent"),
        Embedder::VertexContent => format!("/publishers/google/models/{model}:batchEmbedContents"),
        Embedder::TitanG1 | Embedder::Titan | Embedder::Cohere3 | Embedder::Cohere4 => {
            format!("/model/{model}/invoke")
        }
    }
}

/// Reads an answer.
///
/// # Errors
/// When it is not what the provider's API says, or has not a vector for each text.
pub fn decode_answer(body: &[u8], expected: &Expected) -> Result<EmbeddingAnswer, AnswerFault> {
    let mut answer = match expected.embedder {
        Embedder::Gemini | Embedder::VertexContent => gemini::embeddings::decode_content(body)?,
        Embedder::VertexPredict => gemini::embeddings::decode_predict(body)?,
        Embedder::TitanG1 | Embedder::Titan => bedrock::embeddings::decode_titan(body)?,
        Embedder::Cohere3 | Embedder::Cohere4 => bedrock::embeddings::decode_cohere(body)?,
    };
    answer.tokens = answer.tokens.or(expected.tokens);
    if answer.vectors.len() == expected.texts { Ok(answer) } else { Err(AnswerFault::Missing("embedding")) }
}

/// Translates a whole answer.
///
/// # Errors
/// As for [`decode_answer`].
pub fn translate_answer(
    body: &[u8],
    expected: &Expected,
    context: &AnswerContext,
) -> Result<TranslatedAnswer, AnswerFault> {
    let answer = decode_answer(body, expected)?;
    let mut losses = Losses::default();
    if answer.tokens.is_none() {
        losses.approximated("usage");
    }
    Ok(TranslatedAnswer {
        body: openai::embeddings::encode_answer(&answer, expected.encoding, context),
        usage: answer.tokens.map(|input| Usage { input, ..Usage::default() }),
        losses,
    })
}

/// A vector: an array of numbers, each of which fits into 32 bits.
pub(super) fn vector(value: Option<Value<'_>>) -> Option<Json> {
    let value = value?;
    let elements = value.elements()?;
    let fits = |element: &Value<'_>| element.number().is_some_and(|number| (number as f32).is_finite());
    (!elements.is_empty() && elements.iter().all(fits)).then(|| value.json())
}
