//! Where a translated request goes, and what that place is like: data, not code of its own.

use serde::{Deserialize, Serialize};

use crate::dialect::Api;
use crate::dialect::knowledge::{Traits, longest_answer};

/// What an encoder needs to know of the place that a request goes to.
#[derive(Clone, Debug)]
pub struct Target {
    /// The API that it is asked by.
    pub api: Api,
    /// The model's name there; on Azure OpenAI, the name of the deployment.
    pub model: String,
    /// The `api-version` of Azure OpenAI; unused elsewhere.
    pub api_version: String,
    /// What happens to members of the request that the gateway does not know.
    pub unknown: UnknownFields,
    /// The most tokens of an answer where the provider wants a number and the client gave none: as many as the model
    /// can, because that is what silence means to every other provider.
    pub default_max_tokens: u64,
    /// What the model takes.
    pub traits: Traits,
    /// How a server compatible with OpenAI differs from it; unused elsewhere.
    pub quirks: &'static Quirks,
}

impl Target {
    /// The target `model` of a provider, by what is known of the model from its name.
    #[must_use]
    pub fn of(api: Api, quirks: &'static Quirks, model: &str) -> Self {
        Self {
            api,
            model: model.to_owned(),
            api_version: String::new(),
            unknown: UnknownFields::Drop,
            default_max_tokens: longest_answer(model),
            traits: Traits::of(api, quirks, model),
            quirks,
        }
    }
}

/// What happens to members of a request that the gateway does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownFields {
    /// They go to the provider as they are.
    Pass,
    /// They are left out, and counted as losses.
    #[default]
    Drop,
    /// The request is refused.
    Refuse,
}

/// A server that is compatible with OpenAI's API, in a manner of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Flavor {
    /// OpenAI itself.
    #[default]
    OpenAi,
    /// vLLM.
    Vllm,
    /// Ollama.
    Ollama,
    /// Mistral.
    Mistral,
    /// Groq.
    Groq,
    /// DeepSeek.
    DeepSeek,
    /// xAI.
    Xai,
    /// Together.
    Together,
    /// OpenRouter.
    OpenRouter,
}

impl Flavor {
    /// How it differs.
    #[must_use]
    pub const fn quirks(self) -> &'static Quirks {
        match self {
            Self::OpenAi => &Quirks::OPENAI,
            Self::Vllm => &Quirks::VLLM,
            Self::Ollama => &Quirks::OLLAMA,
            Self::Mistral => &Quirks::MISTRAL,
            Self::Groq => &Quirks::GROQ,
            Self::DeepSeek => &Quirks::DEEPSEEK,
            Self::Xai => &Quirks::XAI,
            Self::Together => &Quirks::TOGETHER,
            Self::OpenRouter => &Quirks::OPENROUTER,
        }
    }
}

/// How a server that is compatible with OpenAI's chat completions differs.
#[derive(Debug, PartialEq, Eq)]
pub struct Quirks {
    /// Whether it serves the responses API as well.
    pub responses: bool,
    /// Whether it serves embeddings as well.
    pub embeddings: bool,
    /// The member that limits the answer.
    pub max_tokens: &'static str,
    /// The member that seeds the sampling.
    pub seed: &'static str,
    /// Whether the role `developer` is known.
    pub developer_role: bool,
    /// Whether `response_format` knows `json_schema`.
    pub json_schema: bool,
    /// Whether `parallel_tool_calls` is known.
    pub parallel_tools: bool,
    /// Whether `top_k` is known.
    pub top_k: bool,
    /// Whether `stream_options.include_usage` is known; where it is not, the usage comes anyway.
    pub stream_usage: bool,
    /// Whether content parts of type `file` are known.
    pub files: bool,
    /// Whether `metadata` is known.
    pub metadata: bool,
    /// How the effort of reasoning is asked for.
    pub effort: EffortField,
    /// How the model's earlier thinking is given back.
    pub thinking: ThinkingField,
    /// How the end of a prefix worth caching is marked.
    pub cache: CacheField,
    /// What it takes as the identifier of a tool call.
    pub call_ids: CallIds,
    /// Whose models' names tell what they take.
    pub models: Models,
    /// Whether it says that a call has succeeded before it knows: by headers, behind which the answer is awaited, or an error.
    pub early_success: bool,
}

/// What a server takes as the identifier of a tool call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallIds {
    /// Anything.
    Any,
    /// Anything of at most so many characters.
    UpTo(usize),
    /// Exactly so many letters and digits of ASCII.
    Alphanumeric(usize),
}

impl CallIds {
    /// Whether it takes none of the kind that most others make.
    #[must_use]
    pub const fn is_own_kind(self) -> bool {
        matches!(self, Self::Alphanumeric(_))
    }
}

/// Whose models a server has, as far as their names tell what they take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Models {
    /// OpenAI's.
    OpenAi,
    /// Mistral's.
    Mistral,
    /// Anybody's: the server takes what they have in common, or leaves out what a model lacks.
    Any,
}

/// How the effort of reasoning is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffortField {
    /// Not at all.
    Absent,
    /// `reasoning_effort`.
    ReasoningEffort,
    /// `reasoning: {effort, max_tokens, enabled}`.
    Reasoning,
}

/// How the model's earlier thinking is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThinkingField {
    /// Not at all.
    Absent,
    /// `reasoning_content`, text only.
    ReasoningContent,
    /// `reasoning_details`, signatures included.
    ReasoningDetails,
}

/// How the end of a prefix worth caching is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheField {
    /// Not at all: what is cached is the server's business.
    Absent,
    /// `prompt_cache_breakpoint` on a content part.
    Breakpoint,
    /// `cache_control` on a content part, in Anthropic's form.
    CacheControl,
}

impl Quirks {
    /// OpenAI itself (API reference, "Create chat completion").
    pub const OPENAI: Self = Self {
        responses: true,
        embeddings: true,
        max_tokens: "max_completion_tokens",
        seed: "seed",
        developer_role: true,
        json_schema: true,
        parallel_tools: true,
        top_k: false,
        stream_usage: true,
        files: true,
        metadata: true,
        effort: EffortField::ReasoningEffort,
        thinking: ThinkingField::Absent,
        cache: CacheField::Breakpoint,
        call_ids: CallIds::UpTo(40),
        models: Models::OpenAi,
        early_success: false,
    };

    /// Azure OpenAI (REST reference, version 2024-10-21).
    pub const AZURE: Self = Self { files: false, cache: CacheField::Absent, ..Self::OPENAI };

    /// What most servers have in common.
    const COMPATIBLE: Self = Self {
        responses: false,
        max_tokens: "max_tokens",
        developer_role: false,
        files: false,
        metadata: false,
        cache: CacheField::Absent,
        call_ids: CallIds::Any,
        models: Models::Any,
        ..Self::OPENAI
    };

    /// vLLM ("OpenAI-Compatible Server", extra parameters; "Reasoning Outputs").
    pub const VLLM: Self =
        Self { responses: true, top_k: true, thinking: ThinkingField::ReasoningContent, ..Self::COMPATIBLE };

    /// Ollama ("OpenAI compatibility": the fields that are listed as supported).
    pub const OLLAMA: Self = Self { responses: true, parallel_tools: false, ..Self::COMPATIBLE };

    /// Mistral (API reference, "Chat Completion"; for `call_ids`, see [`super::names`]).
    pub const MISTRAL: Self = Self {
        seed: "random_seed",
        stream_usage: false,
        metadata: true,
        effort: EffortField::ReasoningEffort,
        call_ids: CallIds::Alphanumeric(9),
        models: Models::Mistral,
        ..Self::COMPATIBLE
    };

    /// Groq (API reference, "Create chat completion"; it lists no embeddings).
    pub const GROQ: Self =
        Self { responses: true, embeddings: false, max_tokens: "max_completion_tokens", ..Self::COMPATIBLE };

    /// DeepSeek (API reference, "Create Chat Completion": no schema for `response_format`; it lists no embeddings. "Rate Limit":
    /// empty lines come before an answer).
    pub const DEEPSEEK: Self = Self {
        embeddings: false,
        json_schema: false,
        parallel_tools: false,
        effort: EffortField::Absent,
        thinking: ThinkingField::ReasoningContent,
        early_success: true,
        ..Self::COMPATIBLE
    };

    /// xAI (REST reference, "Chat completions").
    pub const XAI: Self = Self { responses: true, max_tokens: "max_completion_tokens", ..Self::COMPATIBLE };

    /// Together ("Create chat completion").
    pub const TOGETHER: Self = Self { top_k: true, parallel_tools: false, ..Self::COMPATIBLE };

    /// OpenRouter (API reference, "Parameters", "Reasoning Tokens", "Prompt Caching", and "Errors and Debugging": once a model
    /// was asked, the status is 200).
    pub const OPENROUTER: Self = Self {
        responses: true,
        top_k: true,
        developer_role: true,
        files: true,
        effort: EffortField::Reasoning,
        thinking: ThinkingField::ReasoningDetails,
        cache: CacheField::CacheControl,
        early_success: true,
        ..Self::COMPATIBLE
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Max output" of the models overview, and of the model cards of earlier ones.
    #[test]
    fn the_name_of_a_model_tells_how_much_it_can_say() {
        for (model, tokens) in [
            ("claude-3-haiku-20240307", 4096),
            ("claude-3-5-sonnet-20240620", 4096),
            ("claude-3-5-sonnet-20241022", 8192),
            ("claude-3-5-haiku-20241022", 8192),
            ("claude-opus-4-20250514", 32_000),
            ("claude-opus-4-1-20250805", 32_000),
            ("claude-sonnet-4-5", 64_000),
            ("claude-haiku-4-5-20251001", 64_000),
            ("somebody-elses", 4096),
        ] {
            assert_eq!(
                Target::of(Api::Anthropic, &Quirks::OPENAI, model).default_max_tokens,
                tokens,
                "{model}"
            );
        }
    }
}
