//! The wire formats of language-model APIs, one folder each.
//!
//! A dialect knows its own requests, responses, streams and errors, as bytes and spans of bytes. It knows
//! nothing of callers, policies, or Envoy.

use serde::{Deserialize, Serialize};

use crate::framing::json;

pub mod openai;
pub mod surface;
pub mod usage;

pub use surface::Surface;
pub use usage::Usage;

/// The API that a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// OpenAI's API, or any server compatible with it (vLLM, Ollama, Mistral, Groq …).
    #[serde(rename = "openai")]
    OpenAi,
}

/// What is wrong with a request that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestFault {
    /// It is not one JSON object.
    Json(json::Error),
    /// A member that decides where the request goes appears twice.
    DuplicateMember(&'static str),
    /// A member is missing or of the wrong type.
    InvalidMember {
        /// Its name.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}

impl From<json::Error> for RequestFault {
    fn from(error: json::Error) -> Self {
        Self::Json(error)
    }
}

/// What an error says, before a dialect gives it a shape.
#[derive(Clone, Copy, Debug)]
pub struct ErrorBody<'a> {
    /// What a person reads.
    pub message: &'a str,
    /// The class of the error.
    pub kind: &'static str,
    /// The member of the request that is at fault.
    pub member: Option<&'static str>,
    /// The stable code.
    pub code: &'static str,
}
