//! Bedrock's `Converse` and `ConverseStream`, and `InvokeModel` for embeddings, as a provider only.
//!
//! Source: the Amazon Bedrock API reference, and the service model `bedrock-runtime` that its SDKs are made from.
//! What Converse itself has no member for goes into `additionalModelRequestFields`, which the model's own API
//! defines; only what Anthropic's models take is put there.

mod answer;
pub(super) mod embeddings;
mod encode;
mod error;
mod stream;

pub(super) use answer::{decode_answer, usage_of};
pub(super) use embeddings::INPUT_TOKENS_HEADER;
pub(super) use encode::{carries, encode_request};
pub(super) use error::decode_error;
pub(super) use stream::StreamDecoder;
