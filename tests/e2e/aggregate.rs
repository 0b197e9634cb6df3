//! Chains by aggregate clusters, as an Envoy before 1.37 has them, and one adapter for all, on the Envoy at hand.

use serde_json::{Value, json};

use crate::gateway::{Config, Gateway, KEY, prompt, provider_key};
use crate::mock::{Mock, header_values};

const NAMES: [&str; 3] = ["first", "second", "third"];

/// Two targets with a retry, and a last one without.
fn configuration(mock: &Mock) -> Config {
    let mut config = Config::new(&NAMES.map(|name| (name, mock.url(name))))
        .model("chat", &[("first", "gpt-4o", 1), ("second", "gpt-4o", 1), ("third", "gpt-4o", 0)])
        .model("alone", &[("first", "gpt-4o", 2)]);
    config.0["envoy"] = json!({"chains": "aggregate"});
    config
}

/// The calls that each provider has received since the last time; each with the credential of that provider, and of no
/// other.
fn calls(mock: &Mock, before: &mut [usize; 3]) -> [usize; 3] {
    let mut new = [0; 3];
    for (place, name) in NAMES.into_iter().enumerate() {
        let log = mock.log(name);
        for entry in &log {
            assert_eq!(header_values(entry, "authorization"), [format!("Bearer {}", provider_key(name))]);
            let text = entry.to_string();
            assert!(
                !NAMES.iter().any(|other| *other != name && text.contains(&provider_key(other))),
                "{text}"
            );
        }
        new[place] = log.len() - before[place];
        before[place] = log.len();
    }
    new
}

#[test]
fn attempts_go_from_one_priority_to_the_next() {
    let mock = Mock::start();
    let mut config = configuration(&mock);
    for name in NAMES {
        // Nobody is left alone here.
        config.0["providers"][name]["ejection"] = json!({"failures": 1000});
    }
    let gateway = Gateway::start(&config);
    let mut before = [0; 3];
    for stream in [false, true] {
        mock.behave("first", &json!({"status": 503}));
        // As much as that it may be asked for is not waited for: the default patience is 2 s.
        mock.behave("second", &json!({"status": 429, "headers": {"retry-after": "60"}}));
        let mut answer = gateway.chat(KEY, &prompt("chat", stream));
        let header = |name| answer.header(name).unwrap_or_default().to_owned();
        assert_eq!((answer.status, header("x-tollgate-attempts")), (200, "5".to_owned()));
        assert_eq!(
            (header("x-tollgate-model"), header("x-tollgate-provider")),
            ("chat".into(), "third".into())
        );
        assert!(answer.rest().1);
        assert_eq!(calls(&mock, &mut before), [2, 2, 1]);
    }
    // An error that hides behind a success sends Envoy on, one that is the client's own does not.
    mock.behave("first", &json!({"body": {"error": {"message": "out of order"}}, "times": 1}));
    mock.behave("second", &json!({}));
    let answer = gateway.chat(KEY, &prompt("chat", false));
    assert_eq!((answer.status, answer.header("x-tollgate-attempts")), (200, Some("2")));
    mock.behave("first", &json!({"status": 400}));
    let answer = gateway.chat(KEY, &prompt("chat", false));
    assert_eq!((answer.status, answer.header("x-tollgate-attempts")), (400, Some("1")));
    calls(&mock, &mut before);
    // Nobody is left: the client has the last error.
    for name in NAMES {
        mock.behave(name, &json!({"status": 500}));
    }
    assert_eq!(gateway.chat(KEY, &prompt("chat", false)).status, 500);
    assert_eq!(calls(&mock, &mut before), [2, 2, 1]);
    assert_eq!(gateway.chat(KEY, &prompt("alone", false)).status, 500);
    assert_eq!(calls(&mock, &mut before), [3, 0, 0]);
    let lines = gateway.access_log(6);
    assert_eq!(
        lines[0]["failed_attempts"],
        "first:overloaded,first:overloaded,second:rate_limit,second:rate_limit"
    );
}

#[test]
fn an_ejected_priority_costs_no_attempt() {
    let mock = Mock::start();
    let mut config = configuration(&mock);
    config.0["providers"]["first"]["ejection"] =
        json!({"failures": 3, "interval": "200ms", "cooldown": "60s"});
    mock.behave("first", &json!({"reset": "before_headers"}));
    let gateway = Gateway::start(&config);
    for _ in 0..3 {
        assert_eq!(gateway.chat(KEY, &prompt("chat", false)).status, 200);
    }
    let first: [(&str, &str); 1] = [("envoy_cluster_name", "first/gpt-4o")];
    gateway.wait_until("it is ejected", |gateway| {
        gateway.metric("envoy_cluster_outlier_detection_ejections_active", &first) == Some(1.0)
    });
    let mut before = [0; 3];
    calls(&mock, &mut before);
    for _ in 0..10 {
        let answer = gateway.chat(KEY, &prompt("chat", false));
        assert_eq!((answer.status, answer.header("x-tollgate-attempts")), (200, Some("1")));
    }
    assert_eq!(calls(&mock, &mut before), [0, 10, 0]);
    // A chain of one target uses it all the same.
    mock.behave("first", &json!({}));
    assert_eq!(gateway.chat(KEY, &prompt("alone", false)).status, 200);
}

/// Attempts in another dialect, and a timeout.
#[test]
fn a_silent_provider_of_another_dialect_is_passed_over() {
    let mock = Mock::start();
    let mut config = configuration(&mock);
    config.0["providers"]["second"]["api"] = json!("anthropic");
    config.0["providers"]["second"]["url"] = Value::from(mock.root("second"));
    for target in config.0["models"]["chat"]["targets"].as_array_mut().unwrap() {
        target["timeout"] = json!("400ms");
    }
    mock.behave("first", &json!({"latency_ms": 20_000}));
    let gateway = Gateway::start(&config);
    let mut answer = gateway.chat(KEY, &prompt("chat", false));
    assert_eq!((answer.status, answer.header("x-tollgate-attempts")), (200, Some("3")));
    assert_eq!(answer.json()["object"], "chat.completion");
}

/// One adapter for all chains: each attempt still has the credential of its own provider, and no other.
#[test]
fn one_adapter_serves_all_chains() {
    let mock = Mock::start();
    let mut config = configuration(&mock);
    config.0["envoy"] = json!({"adapter": "shared"});
    config.0["models"]["chat"]["on_context_overflow"] = json!("alone");
    config.0["models"]["chat"]["targets"][1]["timeout"] = json!("1s");
    mock.behave("first", &json!({"status": 503}));
    mock.behave("second", &json!({"latency_ms": 20_000}));
    let gateway = Gateway::start(&config);
    let mut before = [0; 3];
    let answer = gateway.chat(KEY, &prompt("chat", false));
    assert_eq!((answer.status, answer.header("x-tollgate-attempts")), (200, Some("5")));
    assert_eq!(calls(&mock, &mut before), [2, 2, 1]);
    mock.behave("first", &json!({}));
    assert_eq!(gateway.chat(KEY, &prompt("alone", false)).status, 200);
    assert_eq!(calls(&mock, &mut before), [1, 0, 0]);
}
