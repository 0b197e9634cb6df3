//! OpenAI's API: chat completions, completions, embeddings and models.
//!
//! Where client and provider both speak it, bodies pass as they are but for the edits that `request` finds.

pub mod answer;
pub(super) mod chat;
pub(super) mod completions;
pub(super) mod embeddings;
pub mod error;
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
        Surface::Responses => "/responses",
        Surface::Embeddings => "/embeddings",
        // Answered here, or in another dialect; no provider is asked.
        _ => "",
    }
}

/// The path of a surface on Azure OpenAI, below the resource's URL (REST reference, "Data plane inference"). Responses
/// are no part of a deployment's API but of the one that has no dated versions, and take the deployment as the model.
#[must_use]
pub fn deployment_path(surface: Surface, deployment: &str, api_version: &str) -> String {
    if surface == Surface::Responses {
        return format!("/openai/v1{}", path(surface));
    }
    format!("/openai/deployments/{}{}?api-version={api_version}", encode_segment(deployment), path(surface))
}
