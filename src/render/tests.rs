//! Properties of what is rendered that need no Envoy; the end-to-end tests start one.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Place, Rendered, envoy};
use crate::config::{self, Gateway};

fn example() -> Gateway {
    config::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/gateway.yaml")).unwrap()
}

fn rendered() -> Rendered {
    let place =
        Place { directory: PathBuf::from("/etc/tollgate"), module: PathBuf::from("/etc/tollgate.wasm") };
    envoy(&example(), &place)
}

fn file(name: &str) -> Value {
    let found = rendered().files.into_iter().find(|(file, _)| file == name);
    found.unwrap_or_else(|| panic!("no {name}")).1
}

#[test]
fn each_role_is_told_only_what_it_needs() {
    let (policy, adapter) = (file("policy.json").to_string(), file("adapter.json").to_string());
    for (id, key) in &example().policy.keys {
        for known in [key.hash.to_string(), id.clone(), key.team.clone()] {
            assert!(policy.contains(&known), "the policy does not know {known}");
            assert!(!adapter.contains(&known), "the adapter knows {known}");
        }
    }
    // The policy knows the address of whom it addresses itself, and of no one's credential.
    let example = example();
    let direct = example.policy.models.values().filter_map(|model| model.direct.as_deref());
    let addressed: Vec<&str> = direct.map(|direct| direct.provider.authority.as_str()).collect();
    for provider in example.adapter.providers.values() {
        let (authority, credential) = (&provider.authority, provider.credential.as_deref());
        assert!(adapter.contains(authority.as_str()));
        assert_eq!(
            policy.contains(authority.as_str()),
            addressed.contains(&authority.as_str()),
            "{authority}"
        );
        let named = credential.map(|name| format!(r#"\"credential\":\"{name}\""#));
        assert!(named.is_none_or(|named| adapter.contains(&named) && !policy.contains(&named)));
    }
}

#[test]
fn no_rendered_file_holds_a_credential() {
    for (name, content) in rendered().files {
        assert!(!content.to_string().contains("sk-mock-not-a-secret"), "{name} holds a provider's key");
    }
}

/// `retries` are attempts after a target's first, and the chain's retry policy reaches its last entry.
#[test]
fn a_chain_lists_its_attempts_in_order() {
    let clusters = file("clusters.json");
    let chain =
        clusters["resources"].as_array().unwrap().iter().find(|one| one["name"] == "model/chat").unwrap();
    let entries = chain["cluster_type"]["typed_config"]["clusters"].as_array().unwrap();
    let names: Vec<&str> = entries.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    let expected: Vec<String> = example().chains["chat"]
        .iter()
        .flat_map(|link| {
            let name = format!("{}/{}", link.target.provider, link.target.model);
            std::iter::repeat_n(name, link.retries as usize + 1)
        })
        .collect();
    assert_eq!(names, expected);
    let options = &chain["typed_extension_protocol_options"];
    let retries =
        &options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]["retry_policy"]["num_retries"];
    assert_eq!(retries.as_u64(), Some(names.len() as u64 - 1));
}

fn gateway(keys: &str) -> Gateway {
    let text = format!("version: 1\n{keys}");
    config::parse("gateway.yaml", &text).unwrap()
}

fn clusters(gateway: &Gateway) -> Vec<Value> {
    let place =
        Place { directory: PathBuf::from("/etc/tollgate"), module: PathBuf::from("/etc/tollgate.wasm") };
    let files = envoy(gateway, &place).files;
    let (_, clusters) = files.into_iter().find(|(name, _)| name == "clusters.json").unwrap();
    clusters["resources"].as_array().unwrap().clone()
}

/// No request goes to a target that is known to be down, and the rest of a chain is spared it: no panic threshold.
#[test]
fn a_target_is_left_alone_as_its_provider_says() {
    let gateway = gateway(
        "providers:
  a: {api: openai, url: http://a, connect_timeout: 1500ms, capacity: {requests: 7}, ejection: {failures: 2, failure_rate: 0.5}}
  b: {api: openai, url: http://b, health_check: {path: /up, interval: 3s}}
models:
  m: {targets: [{provider: a, model: x}, {provider: b, model: x}], back_off: 2s}
  alone: {targets: [{provider: a, model: x}]}
",
    );
    let all = clusters(&gateway);
    let cluster = |name: &str| all.iter().find(|one| one["name"] == name).unwrap();
    let (a, b) = (cluster("a/x"), cluster("b/x"));
    assert_eq!(a["connect_timeout"], "1.500000000s");
    assert_eq!(a["circuit_breakers"]["thresholds"][0]["max_requests"], 7);
    assert_eq!(a["outlier_detection"]["consecutive_5xx"], 2);
    assert_eq!(a["outlier_detection"]["failure_percentage_threshold"], 50);
    assert_eq!(a["common_lb_config"]["healthy_panic_threshold"]["value"], 0);
    assert_eq!(b["outlier_detection"]["failure_percentage_threshold"], Value::Null);
    assert_eq!(b["health_checks"][0]["http_health_check"]["path"], "/up");
    assert_eq!(cluster("sole:a/x")["outlier_detection"], Value::Null);
    let options = &cluster("model/m")["typed_extension_protocol_options"];
    let retry = &options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]["retry_policy"];
    assert_eq!(retry["retry_back_off"]["base_interval"], "2.000000000s");
    // Envoy refuses a longest that is shorter than the first.
    assert_eq!(retry["retry_back_off"]["max_interval"], "2.000000000s");
}

/// An aggregate cluster has each target once; the retry plugin counts the attempts at each, and an old Envoy takes a retry
/// policy from a route only.
#[test]
fn an_older_envoy_goes_from_priority_to_priority() {
    let gateway = gateway(
        "envoy: {chains: aggregate}
providers: {a: {api: openai, url: http://a}, b: {api: openai, url: http://b}}
models:
  m: {targets: [{provider: a, model: x, retries: 2}, {provider: b, model: x, retries: 2}, {provider: a, model: y, retries: 0}]}
",
    );
    let all = clusters(&gateway);
    let chain = all.iter().find(|one| one["name"] == "model/m").unwrap();
    assert_eq!(chain["cluster_type"]["name"], "envoy.clusters.aggregate");
    let names = chain["cluster_type"]["typed_config"]["clusters"].as_array().unwrap();
    assert_eq!(names, &["a/x", "b/x", "a/y"]);
    let options = &chain["typed_extension_protocol_options"];
    let options = &options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"];
    assert_eq!(options["retry_policy"], Value::Null);
    let routes = super::listener::routes(&gateway);
    let routes = routes["virtual_hosts"][0]["routes"].as_array().unwrap();
    let route = routes.iter().find(|route| route["route"]["cluster"] == "model/m").unwrap();
    assert_eq!(route["match"]["headers"][0]["string_match"]["exact"], "model/m");
    let policy = &route["route"]["retry_policy"];
    assert_eq!(policy["num_retries"], 6);
    assert_eq!(policy["retry_priority"]["typed_config"]["update_frequency"], 3);
}

/// Envoy has one time for all attempts of a request; who has less goes through a listener of its own.
#[test]
fn a_target_with_less_time_is_behind_a_listener_of_its_own() {
    let gateway = gateway(
        "providers:
  a: {api: openai, url: https://a, health_check: {path: /up}}
  b: {api: openai, url: http://b}
models:
  m: {targets: [{provider: a, model: x, timeout: 300ms}, {provider: b, model: x, timeout: 5s}]}
  n: {targets: [{provider: a, model: x, timeout: 7s}, {provider: b, model: x, timeout: 7s}]}
  alone: {targets: [{provider: b, model: x, timeout: 1s}], on_content_policy: n}
",
    );
    let all = clusters(&gateway);
    let cluster =
        |name: &str| all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name}"));
    let attempts = |model: &str| -> Vec<String> {
        let attempts = cluster(model)["cluster_type"]["typed_config"]["clusters"].as_array().unwrap();
        attempts.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let quick = "within:300ms:a/x";
    assert_eq!(attempts("model/m"), [quick, quick, "b/x", "b/x"]);
    assert_eq!(attempts("model/n"), ["a/x", "a/x", "b/x", "b/x"]);
    // It has another to go on at, which has more time; and it is not left alone all the same.
    assert_eq!(attempts("model/alone"), ["within:1000ms:sole:b/x"; 2]);
    assert_eq!(cluster("within:1000ms:sole:b/x")["outlier_detection"], Value::Null);
    // It is left alone before the listener, and checked behind it.
    let (before, behind) = (cluster(quick), cluster("checked:a/x"));
    assert_eq!(before["outlier_detection"]["consecutive_5xx"], 5);
    assert_eq!((&before["health_checks"], &behind["outlier_detection"]), (&Value::Null, &Value::Null));
    assert_eq!(behind["health_checks"][0]["http_health_check"]["path"], "/up");
    let inner: Vec<Value> = super::within::listeners(&gateway);
    let names: Vec<&str> = inner.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["within:1000ms:sole:b/x", quick]);
    let manager = &inner[1]["filter_chains"][0]["filters"][0]["typed_config"];
    assert_eq!(manager["scheme_header_transformation"]["scheme_to_overwrite"], "https");
    let route = &manager["route_config"]["virtual_hosts"][0]["routes"][0]["route"];
    assert_eq!(
        (&route["cluster"], &route["retry_policy"]["per_try_timeout"]),
        (&"checked:a/x".into(), &"0.300000000s".into())
    );
}

/// What needs no adapter has the provider's credential put where the provider expects it, by Envoy, and no other; and has the
/// connections and bounds of the target's one cluster.
#[test]
fn the_direct_way_to_a_target_has_its_credential_and_nothing_of_ours() {
    let gateway = gateway(
        "envoy: {adapter: where_needed}
credentials: {k: {file: k}, l: {file: l}}
providers:
  a: {api: anthropic, url: https://a, credential: k}
  b: {api: openai, url: http://b, credential: l}
  c: {api: openai, url: http://c}
models:
  m: {targets: [{provider: a, model: x, retries: 0}]}
  n: {targets: [{provider: b, model: x, retries: 0}]}
  o: {targets: [{provider: c, model: x, retries: 0}]}
  p: {targets: [{provider: b, model: x, retries: 2}], patience: 3s, back_off: 5ms}
  q: {targets: [{provider: b, model: x}], patience: 0s}
",
    );
    let all = clusters(&gateway);
    let filters = |name: &str| -> Vec<Value> {
        let is_it = |one: &&Value| one["name"].as_str().unwrap().starts_with(name);
        let cluster = all.iter().find(is_it).unwrap_or_else(|| panic!("no {name}"));
        let options = &cluster["typed_extension_protocol_options"];
        let options = &options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"];
        options["http_filters"].as_array().unwrap().clone()
    };
    let names = |name: &str| -> Vec<String> {
        filters(name).iter().map(|filter| filter["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("direct:m:a/x:"), ["credential.k", "envoy.filters.http.upstream_codec"]);
    assert_eq!(names("direct:o:c/x:"), ["envoy.filters.http.upstream_codec"]);
    assert_eq!(names("model/m"), ["credential.k", "tollgate.adapter", "envoy.filters.http.upstream_codec"]);
    for (name, header, prefix) in
        [("direct:m:a/x:", "x-api-key", Value::Null), ("direct:n:b/x:", "authorization", "Bearer ".into())]
    {
        let injector = &filters(name)[0]["typed_config"];
        assert_eq!(injector["allow_request_without_credential"], false);
        assert_eq!(injector["overwrite"], true);
        let credential = &injector["credential"]["typed_config"];
        assert_eq!((&credential["header"], &credential["header_value_prefix"]), (&header.into(), &prefix));
        let cluster = all.iter().find(|one| one["name"].as_str().unwrap().starts_with(name)).unwrap();
        let leads_to = &cluster["cluster_type"]["typed_config"]["clusters"];
        let target = name.split(':').nth(2).unwrap();
        assert_eq!(leads_to, &serde_json::json!([{"name": format!("sole:{target}")}]));
    }
    // What asks for a wait, where nobody of ours is there to hear it.
    let cluster = |name: &str| {
        let is_it = |one: &&Value| one["name"].as_str().unwrap().starts_with(name);
        let cluster = all.iter().find(is_it).unwrap();
        let options = &cluster["typed_extension_protocol_options"];
        let policy = &options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]["retry_policy"];
        (cluster["cluster_type"]["typed_config"]["clusters"].as_array().unwrap().len(), policy.clone())
    };
    let (attempts, policy) = cluster("direct:p:b/x:");
    assert_eq!((attempts, &policy["num_retries"]), (3, &2.into()));
    assert_eq!(policy["retry_back_off"]["base_interval"], "0.005000000s");
    assert_eq!(
        policy["rate_limited_retry_back_off"],
        serde_json::json!({"reset_headers": [{"name": "retry-after", "format": "SECONDS"}],
            "max_interval": "3.000000000s"})
    );
    let (attempts, policy) = cluster("direct:q:b/x:");
    assert_eq!((attempts, &policy["rate_limited_retry_back_off"]), (2, &Value::Null));
    let (attempts, policy) = cluster("direct:m:a/x:");
    assert_eq!((attempts, &policy["num_retries"]), (1, &0.into()));
}
