//! Requests that a provider finds too long, or against its rules, on the real Envoy.

use serde_json::{Value, json};

use crate::client::Answer;
use crate::gateway::{Config, Gateway, KEY, OTHER_KEY, prompt};
use crate::mock::Mock;

/// As OpenAI's API says it.
fn too_long() -> Value {
    json!({"status": 400, "body": {"error": {
        "message": "This model's maximum context length is 8192 tokens.",
        "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded",
    }}})
}

/// As Anthropic's API says it.
fn prompt_too_long() -> Value {
    json!({"status": 400, "body": {"type": "error", "error": {
        "type": "invalid_request_error", "message": "prompt is too long: 209988 tokens > 200000 maximum",
    }}})
}

/// As Azure's API says it.
fn filtered() -> Value {
    json!({"status": 400, "body": {"error": {
        "message": "The response was filtered", "type": null, "param": "prompt", "code": "content_filter",
        "status": 400, "innererror": {"code": "ResponsibleAIPolicyViolation"},
    }}})
}

/// `narrow` has two targets, a first with a retry; its overflow goes to `wide`, which has two others. The other key may
/// call `narrow` only.
fn configuration(mock: &Mock) -> Config {
    let names = ["first", "second", "third", "fourth"];
    let mut config = Config::new(&names.map(|name| (name, mock.url(name))))
        .model("narrow", &[("first", "gpt-4o", 1), ("second", "gpt-4o", 0)])
        .model("wide", &[("third", "gpt-4.1", 0), ("fourth", "gpt-4.1", 0)])
        .model("lenient", &[("fourth", "gpt-4.1", 0)]);
    config.0["models"]["narrow"]["on_context_overflow"] = json!("wide");
    config.0["models"]["narrow"]["on_content_policy"] = json!("lenient");
    config.0["keys"][1]["models"] = json!(["narrow"]);
    config.0["organisation"] = json!({"limits": {"tokens": "1000000000/day"}});
    config
}

/// The calls that each provider has received.
fn calls(mock: &Mock) -> [usize; 4] {
    ["first", "second", "third", "fourth"].map(|name| mock.log(name).len())
}

/// Who served, at which attempt.
fn served(answer: &Answer) -> (u16, &str, &str, &str) {
    let header = |name| answer.header(name).unwrap_or_default();
    (answer.status, header("x-tollgate-model"), header("x-tollgate-provider"), header("x-tollgate-attempts"))
}

#[test]
fn what_is_too_long_for_one_model_goes_to_another() {
    let mock = Mock::start();
    let mut config = configuration(&mock);
    config.0["providers"]["first"]["ejection"] = json!({"failures": 2});
    mock.behave("first", &too_long());
    mock.behave("third", &json!({"status": 503}));
    let gateway = Gateway::start(&config);
    for stream in [false, true] {
        let mut answer = gateway.chat(KEY, &prompt("narrow", stream));
        assert_eq!(served(&answer), (200, "wide", "fourth", "3"));
        assert!(answer.rest().1);
    }
    // Neither the first target's retry nor the second target is asked: they would say the same.
    assert_eq!(calls(&mock), [2, 0, 2, 2]);
    let lines = gateway.access_log(2);
    assert_eq!((&lines[0]["outcome"], &lines[0]["provider_model"]), (&json!("ok"), &json!("gpt-4.1")));
    assert_eq!(lines[0]["failed_attempts"], "first:objection,third:overloaded");
    gateway.wait_until("they are counted", |gateway| {
        let labels = [("provider", "first"), ("reason", "objection")];
        gateway.metric("tollgate_attempt_failures", &labels) == Some(2.0)
    });
    // It is the request that is wrong, and not the target.
    for _ in 0..3 {
        assert_eq!(gateway.chat(KEY, &prompt("narrow", false)).status, 200);
    }
    mock.behave("first", &json!({}));
    assert_eq!(served(&gateway.chat(KEY, &prompt("narrow", false))), (200, "narrow", "first", "1"));
    gateway.wait_until("nothing is reserved", |gateway| {
        let report = gateway.get("/v1/usage", KEY).json();
        let limits = report["scopes"].as_array().unwrap().iter();
        limits.flat_map(|scope| scope["limits"].as_array().unwrap()).all(|limit| limit["reserved"] == 0)
    });
}

/// The other model comes in after whichever attempt finds the request too long.
#[test]
fn a_later_target_may_find_it_too_long() {
    let mock = Mock::start();
    mock.behave("first", &json!({"status": 503}));
    mock.behave("second", &too_long());
    let mut config = configuration(&mock);
    // It stays in its chain, whatever it does.
    config.0["providers"]["first"]["ejection"] = json!({"failures": 1000});
    let gateway = Gateway::start(&config);
    assert_eq!(served(&gateway.chat(KEY, &prompt("narrow", false))), (200, "wide", "third", "4"));
    assert_eq!(calls(&mock), [2, 1, 1, 0]);
    // What the other model's provider has against it is told to the client, and so is what the caller may not avoid.
    mock.behave("third", &too_long());
    let mut refused = gateway.chat(KEY, &prompt("narrow", false));
    assert_eq!(served(&refused), (400, "wide", "third", "4"));
    assert_eq!(refused.json()["error"]["code"], "context_length_exceeded");
    let mut refused = gateway.chat(OTHER_KEY, &prompt("narrow", false));
    assert_eq!(served(&refused), (400, "narrow", "second", "3"));
    assert_eq!(refused.json()["error"]["code"], "context_length_exceeded");
}

/// The attempts of the other models are not for failures of any other kind.
#[test]
fn a_failure_is_no_objection() {
    let mock = Mock::start();
    for name in ["first", "second"] {
        mock.behave(name, &json!({"status": 503, "body": {"error": {"message": "as told"}}}));
    }
    let mut config = configuration(&mock);
    for name in ["first", "second"] {
        config.0["providers"][name]["ejection"] = json!({"failures": 1000});
    }
    let gateway = Gateway::start(&config);
    for stream in [false, true] {
        let mut failed = gateway.chat(KEY, &prompt("narrow", stream));
        assert_eq!(served(&failed), (503, "narrow", "second", "3"));
        assert_eq!(failed.json()["error"]["message"], "as told");
        assert_eq!(failed.header("x-envoy-ratelimited"), None);
    }
    assert_eq!(calls(&mock), [4, 2, 0, 0]);
    mock.behave("second", &json!({"body": {"error": {"message": "hidden", "type": "overloaded_error"}}}));
    let mut failed = gateway.chat(KEY, &prompt("narrow", false));
    assert_eq!(served(&failed), (503, "narrow", "second", "3"));
    assert_eq!(failed.json()["error"]["message"], "hidden");
    mock.behave("second", &json!({"reset": "before_headers"}));
    let mut failed = gateway.chat(KEY, &prompt("narrow", false));
    assert_eq!(
        (failed.status, failed.json()["error"]["code"].clone()),
        (503, json!("no_provider_available"))
    );
    let told = &gateway.access_log(4)[3]["failed_attempts"];
    assert_eq!(told, "first:overloaded,first:overloaded,second:no_answer");
}

#[test]
fn what_one_model_filters_goes_to_another() {
    let mock = Mock::start();
    let mut config = configuration(&mock);
    config.0["providers"]["first"] =
        json!({"api": "anthropic", "url": mock.root("first"), "credential": "first"});
    mock.behave("first", &prompt_too_long());
    let gateway = Gateway::start(&config);
    // Translated, both ways.
    for stream in [false, true] {
        let mut answer = gateway.chat(KEY, &prompt("narrow", stream));
        assert_eq!(served(&answer), (200, "wide", "third", "2"));
        assert!(answer.rest().1);
    }
    mock.behave("first", &json!({"status": 529}));
    mock.behave("second", &filtered());
    assert_eq!(served(&gateway.chat(KEY, &prompt("narrow", false))), (200, "lenient", "fourth", "4"));
}

/// The gateway counts tokens itself, so it needs no provider to know what does not fit.
#[test]
fn what_is_known_not_to_fit_is_not_tried() {
    let mock = Mock::start();
    let mut config = configuration(&mock);
    config.0["models"]["narrow"]["context_window"] = json!(1000);
    let gateway = Gateway::start(&config);
    let long = json!({"model": "narrow", "messages": [{"role": "user", "content": "hello ".repeat(2000)}]});
    assert_eq!(served(&gateway.chat(KEY, &long)), (200, "wide", "third", "1"));
    let mut greedy = prompt("narrow", false);
    greedy["max_tokens"] = json!(995);
    assert_eq!(served(&gateway.chat(KEY, &greedy)), (200, "wide", "third", "1"));
    greedy["max_tokens"] = json!(900);
    assert_eq!(served(&gateway.chat(KEY, &greedy)), (200, "narrow", "first", "1"));
    // Who may not call the other model is left to the provider's judgement.
    assert_eq!(served(&gateway.chat(OTHER_KEY, &long)), (200, "narrow", "first", "1"));
    assert_eq!(calls(&mock), [2, 0, 2, 0]);
}

/// Envoy has one attempt more for such a model than it has targets, and finds nobody for it.
#[test]
fn a_silent_last_target_reads_as_one() {
    let mock = Mock::start();
    let mut config = configuration(&mock);
    for (model, targets) in [("narrow", 2), ("wide", 2), ("lenient", 1)] {
        for target in 0..targets {
            config.0["models"][model]["targets"][target]["timeout"] = json!("1s");
        }
    }
    let gateway = Gateway::start(&config);
    mock.behave("first", &json!({"status": 500}));
    for (behaviour, status, code) in [
        (json!({"stall": "before_headers"}), 504, "provider_timeout"),
        (json!({"stall": "after_headers"}), 504, "provider_timeout"),
        (json!({"reset": "before_headers"}), 503, "no_provider_available"),
    ] {
        mock.behave("second", &behaviour);
        let mut answer = gateway.chat(KEY, &prompt("narrow", false));
        assert_eq!(served(&answer), (status, "narrow", "second", "3"), "{behaviour}");
        assert_eq!(answer.json()["error"]["code"], code, "{behaviour}");
    }
}
