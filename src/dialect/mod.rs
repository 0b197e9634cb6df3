//! The wire formats of language-model APIs, one folder each.
//!
//! A dialect knows its own requests, responses, streams and errors, as bytes and spans of bytes. It knows
//! nothing of callers, policies, or Envoy.

use serde::{Deserialize, Serialize};

pub mod openai;

/// The API that a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// OpenAI's API, or any server compatible with it (vLLM, Ollama, Mistral, Groq …).
    #[serde(rename = "openai")]
    OpenAi,
}
