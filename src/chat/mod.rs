//! A conversation with a model in no provider's words: the form between two dialects that differ.
//!
//! A request is decoded from the client's dialect into a [`ChatRequest`] and encoded in the provider's; the
//! answer comes back as a [`ChatAnswer`], or as [`ChatEvent`]s while it is written. Where both sides speak the
//! same dialect, none of this is used: the bytes pass. Embeddings have forms of their own, [`EmbeddingRequest`] and
//! [`EmbeddingAnswer`].
//!
//! Promises: what cannot be carried is a [`Loss`], never silence. What holds content has no `Debug`, so that no
//! prompt or answer can end up in a log that way.
//!
//! Deliberately unknown here: any wire format. The form is close to what most dialects share, so that the
//! translation of what they share is the identity; what only one of them has stays out.

mod answer;
mod embedding;
mod error;
mod json;
mod loss;
mod request;
mod usage;

pub use answer::{ChatAnswer, ChatEvent, Choice, Delta, FinishReason, Logprob, TokenLogprob};
pub use embedding::{EmbeddingAnswer, EmbeddingRequest, VectorEncoding};
pub use error::{ChatError, ErrorKind};
pub use json::{Json, is_complete_object};
pub use loss::{Cause, Loss, Losses};
pub use request::{
    CacheMarker, ChatRequest, Content, Effort, Format, Message, Origin, Part, Reasoning, Role, Sampling,
    Signature, Source, Tool, ToolChoice, UnknownField,
};
pub use usage::Usage;
