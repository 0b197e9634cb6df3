//! OpenAI's API: chat completions, completions, embeddings and models.
//!
//! Where client and provider both speak it, bodies pass as they are but for the edits that `request` finds.

pub mod answer;
pub(super) mod chat;
pub(super) mod completions;
pub mod error;
pub mod models;
pub mod request;
pub(super) mod responses;

use super::Surface;

/// The path of a surface below a provider's base URL, which ends in `/v1` or its like.
#[must_use]
pub const fn path(surface: Surface) -> &'static str {
    match surface {
        Surface::ChatCompletions => "/chat/completions",
        Surface::Completions => "/completions",
        Surface::Embeddings => "/embeddings",
        Surface::Models => "/models",
        // Answered here; no provider is asked.
        Surface::Usage => "/usage",
    }
}
