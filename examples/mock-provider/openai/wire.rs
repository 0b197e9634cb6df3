//! The JSON shapes of OpenAI's API reference, as they are written.
//!
//! A field of type `Option<Option<T>>` has three states on the wire: absent, `null`, present.

use serde::Serialize;
use serde_json::{Value, json};

use crate::answer::Usage;

/// What `system_fingerprint` says.
const FINGERPRINT: &str = "fp_mock000000";

/// The object around choices: chat and legacy completions, whole and streamed.
#[derive(Serialize)]
pub(crate) struct Completion<'a, C> {
    pub(crate) id: &'a str,
    pub(crate) object: &'static str,
    pub(crate) created: u64,
    pub(crate) model: &'a str,
    pub(crate) choices: &'a [C],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usage: Option<Option<UsageObject>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    system_fingerprint: &'static str,
}

/// What the objects of one answer have in common.
#[derive(Clone, Copy)]
pub(crate) struct Envelope<'a> {
    pub(crate) id: &'a str,
    pub(crate) object: &'static str,
    pub(crate) created: u64,
    pub(crate) model: &'a str,
    /// Chat has it, legacy completions do not.
    pub(crate) service_tier: Option<&'static str>,
}

impl<'a> Envelope<'a> {
    /// Puts choices and usage into the object.
    pub(crate) fn around<C>(self, choices: &'a [C], usage: Option<Option<UsageObject>>) -> Completion<'a, C> {
        let Self { id, object, created, model, service_tier } = self;
        Completion {
            id,
            object,
            created,
            model,
            choices,
            usage,
            service_tier,
            system_fingerprint: FINGERPRINT,
        }
    }
}

/// One choice of a whole chat completion.
#[derive(Serialize)]
pub(crate) struct ChatChoice<'a> {
    pub(crate) index: usize,
    pub(crate) message: Message<'a>,
    pub(crate) logprobs: Option<()>,
    pub(crate) finish_reason: &'static str,
}

/// The assistant's message.
#[derive(Clone, Serialize)]
pub(crate) struct Message<'a> {
    pub(crate) role: &'static str,
    pub(crate) content: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) tool_calls: &'a [ToolCall<'a>],
    pub(crate) refusal: Option<()>,
    pub(crate) annotations: [(); 0],
}

/// A tool call, or the part of one that a delta carries.
#[derive(Serialize)]
pub(crate) struct ToolCall<'a> {
    /// Only in streams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<&'static str>,
    pub(crate) function: Function<'a>,
}

/// The function of a tool call.
#[derive(Serialize)]
pub(crate) struct Function<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    pub(crate) arguments: &'a str,
}

/// One choice of a chat completion chunk.
#[derive(Serialize)]
pub(crate) struct ChunkChoice<'a> {
    pub(crate) index: usize,
    pub(crate) delta: Delta<'a>,
    pub(crate) logprobs: Option<()>,
    pub(crate) finish_reason: Option<&'static str>,
}

/// What a chunk adds to the message.
#[derive(Default, Serialize)]
pub(crate) struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) tool_calls: &'a [ToolCall<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refusal: Option<Option<()>>,
}

/// One choice of a legacy completion, whole or streamed.
#[derive(Serialize)]
pub(crate) struct TextChoice<'a> {
    pub(crate) text: &'a str,
    pub(crate) index: usize,
    pub(crate) logprobs: Option<()>,
    pub(crate) finish_reason: Option<&'static str>,
}

/// The usage object of completions.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct UsageObject {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Clone, Copy, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    audio_tokens: u64,
}

#[derive(Clone, Copy, Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
    audio_tokens: u64,
    accepted_prediction_tokens: u64,
    rejected_prediction_tokens: u64,
}

impl From<Usage> for UsageObject {
    fn from(usage: Usage) -> Self {
        let Usage { prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens } = usage;
        Self {
            prompt_tokens,
            completion_tokens,
            total_tokens: prompt_tokens + completion_tokens,
            prompt_tokens_details: PromptDetails { cached_tokens, audio_tokens: 0 },
            completion_tokens_details: CompletionDetails {
                reasoning_tokens,
                audio_tokens: 0,
                accepted_prediction_tokens: 0,
                rejected_prediction_tokens: 0,
            },
        }
    }
}

/// The list of models.
pub(crate) fn models() -> Value {
    let model = |id: &str, created: u64, owner: &str| json!({ "id": id, "object": "model", "created": created, "owned_by": owner });
    json!({ "object": "list", "data": [
        model("gpt-4o", 1_715_367_049, "system"),
        model("gpt-4o-mini", 1_721_172_741, "system"),
        model("gpt-3.5-turbo-instruct", 1_692_901_427, "system"),
        model("text-embedding-3-small", 1_705_948_997, "system"),
    ] })
}
