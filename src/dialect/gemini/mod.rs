//! Gemini's `generateContent` and `streamGenerateContent` between the wire and the neutral form.
//!
//! Sources: the Gemini API reference, "Generating content", and the guides on function calling, thinking, thought
//! signatures and structured output, as typed by the official Python SDK (google-genai 3). Requests are read in
//! camel case and in snake case, as JSON of protocol buffers is.
//!
//! Gemini signs parts, not thoughts: the signature of a part that is not a thought becomes a thought without
//! text in front of it, and goes back to where it was. What other providers signed is wrapped in base64, because
//! the SDKs hold signatures as bytes.

mod answer;
mod decode;
pub(super) mod embeddings;
mod encode;
mod error;
mod meter;
mod request;
mod schema;
mod signature;
mod stream_decode;
mod stream_encode;

pub(super) use answer::{decode_answer, encode_answer, usage_of};
pub(super) use decode::decode_request;
pub(super) use encode::{NO_SIGNATURE, carries, encode_request};
pub(super) use error::{decode_error, encode_error, write_refusal};
pub(super) use meter::{UsageReader, read_usage};
pub(super) use request::{counted, inspect};
pub(super) use signature::is_foreign as is_foreign_signature;
pub(super) use stream_decode::StreamDecoder;
pub(super) use stream_encode::StreamEncoder;
