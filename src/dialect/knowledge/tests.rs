//! What names of models tell, held against the pages of their makers and platforms.

use super::*;

fn claude(api: Api, model: &str) -> Traits {
    Traits::of(api, &Quirks::OPENAI, model)
}

/// Names of the platforms' own lists: Amazon Bedrock, "Inference profiles" and "Supported foundation models"; Vertex
/// AI, "Claude models"; OpenRouter, "Models".
#[test]
fn a_model_is_the_same_on_every_platform() {
    for (written, bare) in [
        ("claude-opus-4-7", "claude-opus-4-7"),
        ("anthropic.claude-opus-4-7", "claude-opus-4-7"),
        ("us.anthropic.claude-opus-4-7-v1:0", "claude-opus-4-7"),
        ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929"),
        ("apac.anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022"),
        ("us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929"),
        (
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/global.anthropic.claude-opus-4-6-v1",
            "claude-opus-4-6",
        ),
        ("arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-opus-5", "claude-opus-5"),
        ("claude-opus-4@20250514", "claude-opus-4-20250514"),
        ("claude-sonnet-4-5@default", "claude-sonnet-4-5"),
        ("publishers/anthropic/models/claude-opus-4-7", "claude-opus-4-7"),
        ("anthropic/claude-opus-4.7:beta", "claude-opus-4.7"),
        ("gemini-2.5-pro", "gemini-2.5-pro"),
        ("models/gemini-3-pro-preview", "gemini-3-pro-preview"),
        ("GPT-5.1", "gpt-5.1"),
        ("openai/gpt-5.4-mini", "gpt-5.4-mini"),
        ("mistral-small-latest", "mistral-small"),
    ] {
        assert_eq!(name::bare(written), bare);
    }
}

/// The migration guides of Opus 4.7, 5 and 5.5, Sonnet 5 and 5.5, Haiku 5.5, Fable 5 and 5.1, and AWS, "Adaptive
/// thinking".
#[test]
fn claude_models_take_what_their_migration_guides_say() {
    let budget = "budget";
    let levels = "levels";
    // Thinking, how it is stopped, sampling, forced tools, native schema, prefill.
    for (model, thinking, off, sampling, forced, native, prefill) in [
        ("claude-3-5-haiku-20241022", "never", None, Sampling::Free, true, false, true),
        ("claude-3-7-sonnet-20250219", budget, Some(Off::Said), Sampling::Free, true, false, true),
        ("claude-opus-4-20250514", budget, Some(Off::Said), Sampling::Free, true, false, true),
        ("claude-opus-4-1-20250805", budget, Some(Off::Said), Sampling::OneOf, true, false, true),
        ("claude-sonnet-4-5", budget, Some(Off::Said), Sampling::OneOf, true, true, true),
        ("claude-haiku-4-5-20251001", budget, Some(Off::Said), Sampling::OneOf, true, true, true),
        ("claude-sonnet-4-6", "either", Some(Off::Said), Sampling::OneOf, true, true, false),
        ("claude-opus-4-7", levels, Some(Off::Said), Sampling::Fixed, true, true, false),
        ("claude-opus-4-8", levels, Some(Off::Said), Sampling::Fixed, true, true, false),
        ("claude-sonnet-5", levels, Some(Off::Said), Sampling::Fixed, true, true, false),
        ("claude-sonnet-5-5", levels, Some(Off::BetweenTools), Sampling::Fixed, false, true, false),
        ("claude-opus-5", levels, Some(Off::Said), Sampling::Fixed, true, true, false),
        ("claude-opus-5-5", levels, Some(Off::Never), Sampling::Fixed, false, true, false),
        ("claude-haiku-5-5", levels, Some(Off::Said), Sampling::Fixed, true, true, false),
        ("claude-fable-5", levels, Some(Off::Never), Sampling::Fixed, true, true, false),
        ("claude-fable-5-1", levels, Some(Off::Never), Sampling::Fixed, false, true, false),
        ("claude-mythos-preview", levels, Some(Off::Never), Sampling::Fixed, true, true, false),
        // What came after the table is as the newest of its family.
        ("claude-opus-6-20270101", levels, Some(Off::Never), Sampling::Fixed, false, true, false),
        ("claude-sonnet", levels, Some(Off::BetweenTools), Sampling::Fixed, false, true, false),
        ("claude-saga-7", levels, Some(Off::Never), Sampling::Fixed, false, true, false),
        ("somebody-elses", budget, Some(Off::Said), Sampling::Free, true, false, true),
    ] {
        let traits = claude(Api::Anthropic, model);
        let (form, how) = match traits.thinking {
            Thinking::Never => ("never", None),
            Thinking::Budget(Budget { off, .. }) => ("budget", Some(off)),
            Thinking::Either(Budget { off, .. }, _) => ("either", Some(off)),
            Thinking::Effort(Levels { off, .. }) => ("levels", Some(off)),
        };
        assert_eq!((form, how), (thinking, off), "{model}");
        assert_eq!(traits.sampling, sampling, "{model}");
        assert_eq!(traits.forced_tools, forced, "{model}");
        assert_eq!(traits.structured_output == StructuredOutput::Native, native, "{model}");
        assert_eq!(traits.prefill, prefill, "{model}");
    }
}

/// Vertex AI has structured outputs switched off until an organisation allows them; Bedrock's list of models leaves
/// some out.
#[test]
fn a_platform_may_lack_what_the_model_has() {
    let native = |api, model| claude(api, model).structured_output == StructuredOutput::Native;
    assert!(!native(Api::VertexAnthropic, "claude-opus-4-7"));
    assert!(native(Api::VertexAnthropic, "claude-opus-5-5"), "no tool can be forced there");
    assert!(native(Api::Bedrock, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"));
    assert!(!native(Api::Bedrock, "us.anthropic.claude-opus-4-7"));
    assert!(native(Api::Bedrock, "global.anthropic.claude-opus-5"));
    assert!(!claude(Api::VertexAnthropic, "claude-opus-4-7").strict_tools);
    assert!(claude(Api::Bedrock, "anthropic.claude-opus-4-7").strict_tools);
}

/// Gemini API and Vertex AI, "Thinking".
#[test]
fn gemini_models_think_as_their_pages_say() {
    let budget = |least, most, off| Thinking::Budget(Budget { least, most, off });
    let levels = |levels| Thinking::Effort(Levels { levels, off: Off::Never });
    use Effort::{High, Low, Medium, Minimal};
    for api in [Api::Gemini, Api::VertexGemini] {
        for (model, thinking, signs) in [
            ("gemini-2.0-flash-001", Thinking::Never, false),
            ("gemini-2.5-pro", budget(128, 32_768, Off::Never), false),
            ("gemini-2.5-flash", budget(0, 24_576, Off::Said), false),
            ("gemini-2.5-flash-lite", budget(512, 24_576, Off::Said), false),
            ("gemini-3-pro-preview", levels(&[Low, High]), true),
            ("gemini-3-flash-preview", levels(&[Minimal, Low, Medium, High]), true),
            ("gemini-3.1-pro-preview", levels(&[Low, Medium, High]), true),
            ("gemini-3.5-flash-lite", levels(&[Minimal, Low, Medium, High]), true),
            ("gemini-3.8-flash", levels(&[Low, Medium, High]), true),
            ("gemini-flash-latest", Traits::UNKNOWN.thinking, false),
            ("my-tuned-model", Traits::UNKNOWN.thinking, false),
        ] {
            let traits = Traits::of(api, &Quirks::OPENAI, model);
            assert_eq!((traits.thinking, traits.signed_calls), (thinking, signs), "{model}");
        }
    }
}

/// API reference, `reasoning_effort`; guides "Reasoning" and "Deployment checklist".
#[test]
fn openais_models_reason_as_their_pages_say() {
    use Effort::{ExtraHigh, High, Low, Max, Medium, Minimal};
    let some = |levels, off| Some(Thinking::Effort(Levels { levels, off }));
    for (model, thinking, with_tools) in [
        ("gpt-4o", Some(Thinking::Never), true),
        ("gpt-4o-2024-08-06", Some(Thinking::Never), true),
        ("gpt-4.1-mini", Some(Thinking::Never), true),
        ("gpt-5-chat-latest", Some(Thinking::Never), true),
        ("o3", some(&[Low, Medium, High], Off::Never), true),
        ("o4-mini-2025-04-16", some(&[Low, Medium, High], Off::Never), true),
        ("gpt-5", some(&[Minimal, Low, Medium, High], Off::Never), true),
        ("gpt-5-mini-2025-08-07", some(&[Minimal, Low, Medium, High], Off::Never), true),
        ("gpt-5-pro", some(&[High], Off::Never), true),
        ("gpt-5.1", some(&[Low, Medium, High], Off::Said), true),
        ("gpt-5.2", some(&[Low, Medium, High, ExtraHigh], Off::Said), true),
        ("gpt-5.4-mini", some(&[Low, Medium, High, ExtraHigh], Off::Said), false),
        ("gpt-5.6-terra", some(&[Low, Medium, High, ExtraHigh, Max], Off::Said), false),
        ("gpt-6-luna", some(&[Low, Medium, High, ExtraHigh, Max], Off::Said), false),
        ("gpt-6-astra", some(&[Low, Medium, High, ExtraHigh, Max], Off::Never), true),
        ("gpt-6.1-sol", some(&[Low, Medium, High, ExtraHigh, Max], Off::Never), true),
        ("gpt-oss-120b", None, true),
        ("my-deployment", None, true),
        ("llama-3.1-70b", None, true),
    ] {
        for (api, quirks) in [(Api::OpenAi, &Quirks::OPENAI), (Api::AzureOpenAi, &Quirks::AZURE)] {
            let traits = Traits::of(api, quirks, model);
            let expected = thinking.unwrap_or(Traits::UNKNOWN_BEHIND_OPENAI.thinking);
            assert_eq!((traits.thinking, traits.thinks_with_tools), (expected, with_tools), "{model}");
        }
    }
    let elsewhere = Traits::of(Api::OpenAi, &Quirks::OPENROUTER, "openai/gpt-4o");
    assert_eq!(elsewhere, Traits::UNKNOWN_BEHIND_OPENAI, "OpenRouter settles it itself");
    assert_eq!(Traits::of(Api::OpenAi, &Quirks::MISTRAL, "mistral-large-latest").thinking, Thinking::Never);
}
