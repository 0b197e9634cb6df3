//! Providers that only some keys may be served by.

use std::collections::BTreeMap;

use super::super::{Gateway, parse as parsed};

const HASH: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";

fn parse(keys: &[(&str, &str)], team: &str) -> Result<Gateway, String> {
    let keys: String = keys
        .iter()
        .zip(0..)
        .map(|((id, more), digit)| {
            format!("- {{id: {id}, hash: '{HASH}{digit}', team: t, models: ['*']{more}}}\n")
        })
        .collect();
    let text = format!(
        "version: 1
providers:
  us: {{api: openai, url: https://us, region: us, compliance: [baa, dpa]}}
  eu: {{api: openai, url: https://eu, region: eu, compliance: [dpa]}}
  any: {{api: openai, url: https://any}}
models:
  all: {{on_context_overflow: large, targets: [{{provider: us, model: m}}, {{provider: eu, model: m}}, {{provider: any, model: m}}]}}
  large: {{targets: [{{provider: us, model: l}}, {{provider: eu, model: l}}]}}
  home: {{targets: [{{provider: eu, model: m}}]}}
  abroad: {{targets: [{{provider: us, model: m}}, {{provider: any, model: m}}]}}
teams: {{t: {{{team}}}}}
keys:
{keys}"
    );
    parsed("gateway.yaml", &text)
        .map_err(|problems| problems.iter().map(|problem| format!("{problem}\n")).collect())
}

/// Which providers serve the models for a key, in order; those that its overflow goes to are behind a `>`.
fn served(gateway: &Gateway, key: &str) -> BTreeMap<String, String> {
    let restriction = gateway.policy.keys[key].restriction;
    let of = |name: &String| {
        let own = Some(name.clone());
        let chain = restriction
            .map_or(&own, |place| gateway.policy.restricted.kinds[place].get(name).unwrap_or(&own));
        let Some(chain) = chain else { return "nobody".to_owned() };
        let providers = |chain: &str| {
            gateway.chains[chain]
                .iter()
                .map(|link| link.target.provider.clone())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let model = gateway
            .policy
            .models
            .get(chain)
            .or_else(|| gateway.policy.restricted.variants.get(chain))
            .unwrap();
        assert_eq!(model.cluster, format!("model/{chain}"));
        let own = providers(chain);
        let more = model.elsewhere.iter().flat_map(|elsewhere| elsewhere.models.values());
        let more: String = more.map(|other| format!(" > {}", providers(&other.chain))).collect();
        // What is reserved, learnt and paid for is that, and nothing else.
        let targets: Vec<&str> = model.targets.iter().map(|target| target.target.provider.as_str()).collect();
        assert_eq!(targets.join(" "), format!("{own}{more}").replace(" >", ""));
        format!("{own}{more}")
    };
    gateway.policy.models.keys().map(|name| (name.clone(), of(name))).collect()
}

fn expected(list: [&str; 4]) -> BTreeMap<String, String> {
    ["all", "large", "home", "abroad"].map(str::to_owned).into_iter().zip(list.map(str::to_owned)).collect()
}

#[test]
fn a_key_is_served_by_those_who_may() {
    let keys = [
        ("free", ""),
        ("at-home", ", residency: [eu]"),
        ("health", ", compliance: [baa]"),
        ("either", ", residency: [eu, us], compliance: [dpa]"),
        ("again", ", residency: [eu]"),
    ];
    let gateway = parse(&keys, "").unwrap();
    assert_eq!(served(&gateway, "free"), expected(["us eu any > us eu", "us eu", "eu", "us any"]));
    assert_eq!(served(&gateway, "at-home"), expected(["eu > eu", "eu", "eu", "nobody"]));
    assert_eq!(served(&gateway, "health"), expected(["us > us", "us", "nobody", "us"]));
    assert_eq!(served(&gateway, "either"), expected(["us eu > us eu", "us eu", "eu", "us"]));
    // Equal requirements are one, and equal parts are one chain: `abroad` is `us` for two of them.
    assert_eq!(gateway.policy.restricted.kinds.len(), 3);
    let parts: Vec<&str> =
        gateway.policy.restricted.variants.keys().map(|name| name.split('#').next().unwrap()).collect();
    assert_eq!(parts, ["abroad", "all", "all", "all", "large", "large"]);
    assert_eq!(gateway.policy.keys["at-home"].restriction, gateway.policy.keys["again"].restriction);
}

#[test]
fn what_the_team_requires_holds_for_its_keys() {
    let keys = [("plain", ""), ("strict", ", compliance: [dpa]"), ("torn", ", residency: [eu]")];
    let gateway = parse(&keys, "residency: [us], compliance: [baa]").unwrap();
    for key in ["plain", "strict"] {
        assert_eq!(served(&gateway, key), expected(["us > us", "us", "nobody", "us"]), "{key}");
    }
    assert_eq!(served(&gateway, "torn"), expected(["nobody"; 4]));
}

#[test]
fn a_requirement_that_nobody_can_meet_is_told() {
    let problems =
        parse(&[("k", ", residency: [ue], compliance: [hipaa]")], "residency: [eu, uss]").unwrap_err();
    let lines: Vec<&str> = problems.lines().map(|line| line.split_once(": ").unwrap().1).collect();
    assert_eq!(
        lines,
        [
            "teams.t.residency[1]: no region of a provider is named `uss`; did you mean `us`?",
            "keys[0].residency[0]: no region of a provider is named `ue`; did you mean `eu`?",
            "keys[0].compliance[0]: no compliance of a provider is named `hipaa`",
        ]
    );
}
