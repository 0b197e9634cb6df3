//! What a provider's dialect means to its chains.

use super::{good_with, lines, parse_with};
use crate::config::compiled::LossPolicy;
use crate::dialect::Surface;
use crate::dialect::target::{Flavor, UnknownFields};

#[test]
fn what_a_provider_is_told_of_translations_reaches_the_adapter() {
    let provider = |replacement: &str| {
        let gateway = good_with("api: openai\n", replacement);
        let provider = &gateway.adapter.providers["openai"];
        (provider.flavor, provider.unknown_fields, provider.losses)
    };
    assert_eq!(provider("api: openai\n"), (Flavor::OpenAi, UnknownFields::Drop, LossPolicy::Count));
    let told = "api: openai\n    flavor: deepseek\n    unknown_fields: pass\n    losses: refuse\n";
    assert_eq!(provider(told), (Flavor::DeepSeek, UnknownFields::Pass, LossPolicy::Refuse));
}

#[test]
fn only_compatible_servers_have_a_flavor() {
    let problems = parse_with("api: openai\n", "api: anthropic\n    flavor: vllm\n").expect_err("a bad file");
    assert_eq!(
        lines(&problems),
        ["gateway.yaml:12:13: providers.openai.flavor: `flavor` is for the API openai"]
    );
}

/// Only where an attempt may need it is the client's body kept beside Envoy's own buffer.
#[test]
fn a_model_with_a_target_of_another_dialect_is_translated() {
    for (api, own) in [
        ("openai", &[Surface::ChatCompletions, Surface::Completions, Surface::Responses][..]),
        ("azure-openai", &[Surface::ChatCompletions, Surface::Completions, Surface::Responses]),
        ("anthropic", &[Surface::Messages]),
        ("gemini", &[Surface::GenerateContent, Surface::StreamGenerateContent]),
        ("openai\n    flavor: vllm", &[Surface::ChatCompletions, Surface::Completions, Surface::Responses]),
        ("openai\n    flavor: mistral", &[Surface::ChatCompletions, Surface::Completions]),
        ("vertex-gemini", &[Surface::GenerateContent, Surface::StreamGenerateContent]),
        ("vertex-anthropic", &[]),
        ("bedrock", &[]),
    ] {
        let gateway = good_with("api: openai\n", &format!("api: {api}\n"));
        let translated = &gateway.policy.models["chat"].translated;
        for surface in Surface::ALL {
            let forwarded = surface.dialect().is_some() && surface != Surface::CountTokens;
            let expected = forwarded && !own.contains(&surface);
            assert_eq!(translated.contains(&surface), expected, "{api}: {surface:?}");
        }
    }
}
