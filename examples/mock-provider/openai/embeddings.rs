//! `POST …/embeddings`.
//!
//! A vector is the same for the same input and has length 1, as OpenAI's have; it means nothing. Prompt tokens
//! are a documented fake: the words of the inputs, or the length of token arrays.

use serde::Serialize;
use serde_json::Value;

use super::error::Refusal;
use super::fields::Fields;
use super::input::inputs;
use super::{Context, json_answer};
use crate::answer::{Answer, Usage};
use crate::base64;
use crate::strict::openai as strict;

/// What `text-embedding-3-small` gives.
const DEFAULT_DIMENSIONS: usize = 1536;

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Embedding>,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<InputUsage>,
}

#[derive(Serialize)]
struct Embedding {
    object: &'static str,
    index: usize,
    embedding: Vector,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Vector {
    Float(Vec<f32>),
    Base64(String),
}

#[derive(Serialize)]
struct InputUsage {
    prompt_tokens: u64,
    total_tokens: u64,
}

/// Answers an embeddings request.
pub(crate) fn answer(body: &[u8], context: &Context<'_>) -> Result<Answer, Refusal> {
    let fields = Fields::parse(body, strict::embeddings)?;
    let model = fields.model()?;
    let inputs = inputs(&fields, "input")?;
    let dimensions = fields.count("dimensions")?.unwrap_or(DEFAULT_DIMENSIONS);
    let as_base64 = fields.field("encoding_format").is_some_and(|encoding| encoding == "base64");
    let data = inputs
        .iter()
        .enumerate()
        .map(|(index, input)| {
            let floats = vector(input.text, dimensions);
            let embedding = if as_base64 {
                // 32-bit floats in little-endian order, which is what the official clients decode.
                let bytes: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
                Vector::Base64(base64::encode(&bytes))
            } else {
                Vector::Float(floats)
            };
            Embedding { object: "embedding", index, embedding }
        })
        .collect();
    let behaviour = context.behaviour;
    let mut usage = Usage::new(inputs.iter().map(|input| input.tokens).sum(), 0, behaviour);
    usage.completion_tokens = 0;
    let shown = InputUsage { prompt_tokens: usage.prompt_tokens, total_tokens: usage.prompt_tokens };
    let list = List { object: "list", data, model, usage: (!behaviour.no_usage).then_some(shown) };
    Ok(Answer { usage: Some(usage), ..json_answer(200, &list) })
}

/// A pseudo-random vector of length 1: FNV-1a seeds a xorshift generator (Marsaglia 2003).
pub(crate) fn vector(text: &Value, dimensions: usize) -> Vec<f32> {
    let seed = text.to_string().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mut state = seed | 1;
    let mut floats: Vec<f32> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
    })
    .take(dimensions)
    .collect();
    let length = floats.iter().map(|float| float * float).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    for float in &mut floats {
        *float /= length;
    }
    floats
}
