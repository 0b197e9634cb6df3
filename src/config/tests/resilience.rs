//! What bounds the dealings with providers, and the gateway itself: what it compiles to, and what is wrong.

use std::time::Duration;

use super::super::{Capacity, Chains, Ejection, HealthCheck, Overload, parse};
use super::lines;

/// A file whose only provider and only model have these keys besides those that they must have.
fn file(provider: &str, model: &str, rest: &str) -> String {
    format!(
        "version: 1\nproviders: {{p: {{api: openai, url: http://h{provider}}}}}\n\
         models: {{m: {{targets: [{{provider: p, model: x, retries: 3}}]{model}}}}}\n{rest}"
    )
}

#[test]
fn times_of_a_model_reach_the_policy() {
    let keys = ", patience: 500ms, back_off: 20ms, total_timeout: 5m, stall_timeout: 30s";
    let gateway = parse("gateway.yaml", &file("", keys, "")).unwrap();
    let model = &gateway.policy.models["m"];
    assert_eq!(model.patience_ms, 500);
    assert_eq!(model.total_timeout_ms, Some(300_000));
    assert_eq!(model.stall_timeout_ms, Some(30_000));
    assert_eq!(model.targets[0].retries, 3);
    assert_eq!(gateway.retrying["m"].back_off, Duration::from_millis(20));
}

#[test]
fn bounds_of_a_provider_hold_for_its_targets() {
    let keys = ", connect_timeout: 250ms, capacity: {requests: 8}, \
                ejection: {failures: 2, failure_rate: 0.25, cooldown: 10m}, health_check: {path: /up, timeout: 1s}";
    let gateway = parse("gateway.yaml", &file(keys, "", "")).unwrap();
    let upstream = &gateway.upstreams["p"];
    assert_eq!(upstream.connect_timeout, Duration::from_millis(250));
    assert_eq!(upstream.capacity, Capacity { connections: 65_536, pending: 65_536, requests: 8 });
    let expected = Ejection {
        failures: 2,
        failure_permille: Some(250),
        interval: Duration::from_secs(5),
        cooldown: Duration::from_secs(600),
        // No shorter than the first.
        longest_cooldown: Duration::from_secs(600),
    };
    assert_eq!(upstream.ejection, expected);
    let check = HealthCheck {
        path: "/up".to_owned(),
        interval: Duration::from_secs(10),
        timeout: Duration::from_secs(1),
    };
    assert_eq!(upstream.health_check, Some(check));
}

/// Issue: a model that thinks for four minutes is not killed by a default.
#[test]
fn a_model_may_think_for_four_minutes() {
    let gateway = parse("gateway.yaml", &file("", "", "")).unwrap();
    let model = &gateway.policy.models["m"];
    assert!(model.attempt_timeout_ms > 4 * 60_000);
    assert_eq!((model.total_timeout_ms, model.stall_timeout_ms), (None, None));
}

#[test]
fn what_the_gateway_takes_on_can_be_bounded() {
    let gateway = parse("gateway.yaml", &file("", "", "overload: {memory: 512MiB}\n")).unwrap();
    assert_eq!(gateway.overload, Overload { memory: Some(512 << 20), connections: 50_000 });
}

#[test]
fn what_is_out_of_range_is_told() {
    for (provider, model, rest, expected) in [
        ("", ", patience: 2m", "", "models.m.patience: expected a duration from 0s to 60s, found `120000ms`"),
        ("", ", back_off: 0s", "", "models.m.back_off: expected a duration from 1ms to 10s, found `0ms`"),
        ("", ", stall_timeout: 1ms", "", "models.m.stall_timeout: expected a duration from 100ms to 1h"),
        ("", ", total_timeout: 48h", "", "models.m.total_timeout: expected a duration from 1ms to 24h"),
        (", connect_timeout: 2m", "", "", "providers.p.connect_timeout: expected a duration from 1ms to 60s"),
        (", capacity: {}", "", "", "providers.p.capacity:"),
        (", capacity: {requests: 0}", "", "", "expected a whole number from 1 to 1000000"),
        (", ejection: {interval: 1ms}", "", "", "expected a duration from 100ms to 5m"),
        (", ejection: {failure_rate: 1.5}", "", "", "providers.p.ejection.failure_rate:"),
        (", health_check: {}", "", "", "providers.p.health_check: missing key `path`"),
        (", health_check: {path: up}", "", "", "expected a path such as /health"),
        (", health_check: {path: '/a b'}", "", "", "expected a path such as /health"),
        ("", "", "overload: {memory: 1MiB}\n", "overload.memory: expected a size from 64MiB to 1024GiB"),
        ("", "", "overload: {}\n", "overload:"),
    ] {
        let problems = parse("gateway.yaml", &file(provider, model, rest)).expect_err(expected);
        let told = lines(&problems).join("\n");
        assert!(told.contains(expected), "{told}\nnot\n{expected}");
    }
}

/// An aggregate cluster counts attempts, and not what each target may have of them.
#[test]
fn what_an_aggregate_cluster_cannot_do_is_told() {
    let file = |model: &str| {
        format!(
            "version: 1\nenvoy: {{chains: aggregate}}\nproviders: {{p: {{api: openai, url: http://h}}}}\nmodels:\n  \
             n: {{targets: [{{provider: p, model: x, retries: 3}}]}}\n  m: {model}\n"
        )
    };
    let target = |name: &str, retries: &str| format!("{{provider: p, model: {name}{retries}}}");
    let chain = |retries: [&str; 3]| {
        let [a, b, c] = retries;
        format!("{{targets: [{}, {}, {}]}}", target("a", a), target("b", b), target("c", c))
    };
    for good in [["", "", ""], [", retries: 2", ", retries: 2", ""], [", retries: 1", "", ", retries: 0"]] {
        let gateway = parse("gateway.yaml", &file(&chain(good))).unwrap();
        assert_eq!(gateway.envoy.chains, Chains::Aggregate);
    }
    let told = |model: &str| {
        let problems = parse("gateway.yaml", &file(model)).unwrap_err();
        problems.iter().map(|problem| format!("{}: {}", problem.path, problem.kind)).collect::<Vec<_>>()
    };
    let with = "with `envoy: {chains: aggregate}`";
    assert_eq!(
        told(&chain([", retries: 2", "", ", retries: 3"])),
        [
            format!(
                "models.m.targets[1]: {with} every target is tried equally often; `retries` must be 2, as of the first"
            ),
            format!(
                "models.m.targets[2].retries: {with} no target is tried more often than the first; `retries` must be 2 \
                 or less"
            ),
        ]
    );
    let elsewhere =
        format!("{{on_context_overflow: n, on_content_policy: n, targets: [{}]}}", target("a", ""));
    let remove =
        |key: &str| format!("models.m.{key}: {with} Envoy cannot go on at another model; remove this key");
    assert_eq!(told(&elsewhere), [remove("on_context_overflow"), remove("on_content_policy")]);
}
