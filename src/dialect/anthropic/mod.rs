//! Anthropic's Messages API between the wire and the neutral form.
//!
//! Sources: Anthropic's API reference, "Messages" and "Errors", and the guides on streaming, extended thinking,
//! tool use, prompt caching and structured outputs, as typed by the official Python SDK (version 2).

mod answer;
mod blocks;
mod decode;
mod encode;
mod error;
mod meter;
mod request;
mod stream_decode;
mod stream_encode;

pub(super) use answer::{decode_answer, encode_answer, usage_of};
pub(super) use decode::decode_request;
pub(super) use encode::{
    Thinks, allowed_tools, carries, check_sampling, check_thinking, encode_request, is_strict,
    needs_answer_tool,
};
pub(super) use error::{decode_error, encode_error, write_refusal};
pub(super) use meter::{UsageReader, read_usage};
pub(super) use request::inspect;
pub(super) use stream_decode::StreamDecoder;
pub(super) use stream_encode::StreamEncoder;

/// The tool by which a model without structured output is held to a schema. A call of it is the answer itself,
/// so decoders give its arguments as text.
pub(super) const ANSWER_TOOL: &str = "tollgate_answer";

/// The same in the body on Vertex AI (guide, "Claude on Vertex AI").
pub(super) const VERTEX_VERSION: &str = "vertex-2023-10-16";
