//! The responses API, as a client's dialect: requests are read, answers and streams written.
//!
//! Source: OpenAI's API reference, "Responses" and "Streaming events", as typed by its official Python SDK
//! (version 3). The gateway stores nothing: a request that builds on a stored response is refused by name.

mod answer;
mod decode;
mod ending;
mod items;
mod meter;
mod request;
mod stream;

pub(in crate::dialect) use answer::encode_answer;
pub(in crate::dialect) use decode::{decode_request, echo};
pub(in crate::dialect) use ending::Ending;
pub(in crate::dialect) use items::usage_of;
pub(in crate::dialect) use meter::{read_usage, stream_event};
pub(in crate::dialect) use request::inspect;
pub(in crate::dialect) use stream::{StreamEncoder, error_event};
