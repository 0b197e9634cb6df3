//! Which models need no adapter.

use super::super::parse;
use crate::config::compiled::{Direct, Model};

/// The way of the model `m`, and those of its parts.
fn ways(envoy: &str, model: &str) -> Vec<Option<Direct>> {
    let text = format!(
        "version: 1
{envoy}
credentials: {{k: {{file: k}}, id: {{env: ID}}, secret: {{env: SECRET}}}}
providers:
  p: {{api: openai, url: 'https://p.test:8443/v1', credential: k, region: eu}}
  q: {{api: anthropic, url: 'https://q.test', credential: k}}
  deepseek: {{api: openai, url: 'https://deepseek.test', flavor: deepseek}}
  openrouter: {{api: openai, url: 'https://openrouter.test', flavor: openrouter}}
  s: {{api: bedrock, url: 'https://bedrock-runtime.eu-central-1.amazonaws.com', signing: {{access_key_id: id, secret_access_key: secret}}}}
models:
  other: {{targets: [{{provider: q, model: y}}]}}
  m: {model}
teams: {{t: {{residency: [eu]}}}}
keys:
- {{id: k, hash: 'sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', team: t, models: ['*']}}
"
    );
    let gateway = parse("gateway.yaml", &text).unwrap_or_else(|problems| panic!("{problems:?}"));
    let of = |model: &Model| model.direct.as_deref().cloned();
    let policy = &gateway.policy;
    let parts = policy.restricted.variants.iter().filter(|(name, _)| name.starts_with("m#"));
    policy.models.get("m").into_iter().chain(parts.map(|(_, part)| part)).map(of).collect()
}

const NEEDED: &str = "envoy: {adapter: where_needed}";

#[test]
fn one_target_needs_no_adapter() {
    let one = "{targets: [{provider: p, model: a/b, retries: 0}], total_timeout: 2s}";
    let all = ways(NEEDED, one);
    let direct = all[0].as_ref().unwrap();
    assert!(direct.cluster.starts_with("direct:m:p/a/b:"), "{}", direct.cluster);
    assert_eq!(
        (direct.provider.authority.as_str(), direct.provider.base_path.as_str()),
        ("p.test:8443", "/v1")
    );
    // The policy builds the request, and Envoy attaches what the policy has never heard of.
    assert_eq!(direct.provider.credential, None);
    assert_eq!(ways("", one)[0].as_ref(), Some(direct), "it is the default");
    for envoy in ["envoy: {adapter: chain}", "envoy: {adapter: shared}"] {
        assert_eq!(ways(envoy, one), [None], "{envoy}");
    }
}

/// What a stream says at its beginning, and some providers in any answer, leads to the next attempt only by an adapter.
#[test]
fn streams_of_models_with_another_attempt_take_one() {
    for (retries, streams) in
        [("", false), (", retries: 0", true), (", retries: 1", false), (", retries: 10", false)]
    {
        let direct = ways("", &format!("{{targets: [{{provider: p, model: a{retries}}}]}}"));
        assert_eq!(direct[0].as_ref().map(|direct| direct.streams), Some(streams), "{retries}");
        for compatible in ["deepseek", "openrouter"] {
            let direct = ways("", &format!("{{targets: [{{provider: {compatible}, model: a{retries}}}]}}"));
            assert_eq!(
                direct[0].as_ref().map(|direct| direct.streams),
                streams.then_some(true),
                "{compatible}"
            );
        }
    }
}

#[test]
fn everything_else_takes_one() {
    for model in [
        "{targets: [{provider: p, model: a, retries: 0}], on_content_policy: other}",
        "{targets: [{provider: p, model: a, retries: 0}], total_timeout: 1999ms}",
        "{targets: [{provider: p, model: a, retries: 0}, {provider: p, model: b, retries: 0}]}",
        "{targets: [{provider: s, model: 'anthropic.claude-sonnet-4-5-v1:0', retries: 0}]}",
    ] {
        assert_eq!(ways(NEEDED, model)[0], None, "{model}");
    }
}

/// No request that was built for a provider goes where the clusters of another file lead, in the moment of a reload.
#[test]
fn the_cluster_is_another_one_for_a_provider_that_has_changed() {
    let cluster = |provider: &str| {
        let text = format!(
            "version: 1
credentials: {{k: {{file: k}}, l: {{file: l}}}}
providers: {{p: {{{provider}}}}}
models: {{m: {{targets: [{{provider: p, model: a, retries: 0}}]}}}}
"
        );
        let gateway = parse("gateway.yaml", &text).unwrap_or_else(|problems| panic!("{problems:?}"));
        gateway.policy.models["m"].direct.as_deref().unwrap().cluster.clone()
    };
    let providers = [
        "api: openai, url: 'https://p.test/v1', credential: k",
        "api: openai, url: 'https://p.test/v1', credential: l",
        "api: openai, url: 'https://p.test/v2', credential: k",
        "api: openai, url: 'http://p.test/v1', credential: k",
        "api: openai, url: 'https://p.test:444/v1', credential: k",
        "api: openai, url: 'https://q.test/v1', credential: k",
        "api: anthropic, url: 'https://p.test/v1', credential: k",
    ];
    let names: std::collections::BTreeSet<String> = providers.iter().map(|one| cluster(one)).collect();
    assert_eq!(names.len(), providers.len(), "{names:?}");
    assert_eq!(cluster(providers[0]), cluster(providers[0]));
}

/// What is left of a chain for those who may not use all of it is a chain of its own, and goes its own way.
#[test]
fn a_part_of_a_chain_goes_its_own_way() {
    let all =
        ways(NEEDED, "{targets: [{provider: p, model: a, retries: 0}, {provider: q, model: b, retries: 0}]}");
    // Those who may be served in the region, and what speaks the client's dialect.
    let [None, parts @ ..] = &all[..] else { panic!("{all:?}") };
    assert!(
        parts.iter().all(|part| part
            .as_ref()
            .is_some_and(|part| { part.cluster.starts_with("direct:m#") && part.cluster.contains(":p/a:") }))
    );
    assert_eq!(parts.len(), 2);
}
