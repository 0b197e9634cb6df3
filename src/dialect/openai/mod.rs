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
use super::translate::encode_segment;

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

/// The path of a surface on Azure OpenAI, below the resource's URL (REST reference, "Data plane inference").
#[must_use]
pub fn deployment_path(surface: Surface, deployment: &str, api_version: &str) -> String {
    format!("/openai/deployments/{}{}?api-version={api_version}", encode_segment(deployment), path(surface))
}
