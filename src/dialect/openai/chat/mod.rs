//! Chat completions between the wire and the neutral form.
//!
//! Sources: OpenAI's API reference, "Chat Completions", as typed by its official Python SDK (version 3). For what
//! OpenAI has no member of, the members that compatible servers share: `reasoning_content` (DeepSeek, vLLM) and
//! `reasoning_details` (OpenRouter's "Reasoning Tokens"), which carries the signatures that a provider wants back.

mod answer;
mod decode;
mod encode;
mod stream_decode;
mod stream_encode;
mod thinking;

pub(in crate::dialect::openai) use answer::write_tokens;
pub(in crate::dialect) use answer::{decode_answer, encode_answer, finish_name, usage_of, write_usage};
pub(in crate::dialect) use decode::{decode_metadata, decode_request, decode_stop, read_arguments};
pub(in crate::dialect) use encode::{carries, encode_request};
pub(in crate::dialect) use stream_decode::StreamDecoder;
pub(in crate::dialect) use stream_encode::StreamEncoder;
