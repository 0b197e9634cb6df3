//! Providers that fail: the chain goes on, and what cannot be served ends in a clear error.

use std::net::TcpListener;

use serde_json::json;

use crate::gateway::{Config, Gateway, KEY, prompt};
use crate::mock::Mock;

#[test]
fn a_dead_provider_is_passed_over() {
    let mock = Mock::start();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Config::new(&[("dead", format!("http://{nobody}/v1")), ("alive", mock.url("alive"))])
        .model("chain", &[("dead", "m", 0), ("alive", "mock-small", 0)])
        .model("alone", &[("dead", "m", 1)]);
    let gateway = Gateway::start(&config);

    let answer = gateway.chat(KEY, &prompt("chain", false));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-tollgate-provider"), Some("alive"));
    assert_eq!(answer.header("x-tollgate-attempts"), Some("2"));

    for stream in [false, true] {
        let mut alone = gateway.chat(KEY, &prompt("alone", stream));
        assert_eq!(alone.status, 503);
        assert_eq!(alone.header("content-type"), Some("application/json"));
        assert_eq!(alone.header("x-tollgate-attempts"), Some("2"));
        assert_eq!(alone.json()["error"]["code"], "no_provider_available");
    }
    let lines = gateway.access_log(3);
    assert_eq!(lines[1]["outcome"], "no_provider_available");
    assert_eq!(lines[1]["input_tokens"], serde_json::Value::Null);
}

/// After five failures in a row Envoy leaves a target alone, and no request spends an attempt on it.
#[test]
fn an_ejected_provider_costs_no_attempt() {
    let mock = Mock::start();
    mock.behave("bad", &json!({"status": 500}));
    let config = Config::new(&[("bad", mock.url("bad")), ("good", mock.url("good"))])
        .model("chain", &[("bad", "m", 1), ("good", "mock-small", 0)]);
    let gateway = Gateway::start(&config);
    gateway.wait_until("the target is ejected", |gateway| {
        let answer = gateway.chat(KEY, &prompt("chain", false));
        assert_eq!(answer.status, 200);
        answer.header("x-tollgate-attempts") == Some("1")
    });
}

/// The only target of a chain is never ejected: there would be nothing in its place.
#[test]
fn the_only_target_is_tried_again_however_often_it_failed() {
    let mock = Mock::start();
    let gateway = Gateway::start(
        &Config::new(&[("only", mock.url("only"))]).model("alone", &[("only", "mock-small", 0)]),
    );
    mock.behave("only", &json!({"status": 500, "times": 12}));
    for _ in 0..12 {
        let mut failed = gateway.chat(KEY, &prompt("alone", false));
        assert_eq!(failed.status, 500);
        assert!(failed.json()["error"]["message"].is_string());
    }
    assert_eq!(gateway.chat(KEY, &prompt("alone", false)).status, 200);
    assert_eq!(gateway.access_log(13)[0]["outcome"], "provider_error");
}

#[test]
fn a_provider_that_never_answers_is_given_up() {
    let mock = Mock::start();
    mock.behave("slow", &json!({"stall": "before_headers"}));
    let mut config = Config::new(&[("slow", mock.url("slow")), ("good", mock.url("good"))])
        .model("chain", &[("slow", "m", 0), ("good", "mock-small", 0)])
        .model("alone", &[("slow", "m", 0)]);
    for model in ["chain", "alone"] {
        for target in config.0["models"][model]["targets"].as_array_mut().unwrap() {
            target["timeout"] = "500ms".into();
        }
    }
    let gateway = Gateway::start(&config);
    let answer = gateway.chat(KEY, &prompt("chain", true));
    assert_eq!((answer.status, answer.header("x-tollgate-provider")), (200, Some("good")));
    let mut alone = gateway.chat(KEY, &prompt("alone", false));
    assert_eq!(alone.status, 504);
    assert_eq!(alone.json()["error"]["code"], "provider_timeout");
}

/// An error that only the client can mend is passed on as it is, and not tried elsewhere.
#[test]
fn a_clients_mistake_is_not_retried() {
    let mock = Mock::start();
    let config = Config::new(&[("first", mock.url("first")), ("second", mock.url("second"))])
        .model("chain", &[("first", "m", 2), ("second", "m", 0)]);
    let gateway = Gateway::start(&config);
    let mut answer = gateway.chat(KEY, &json!({"model": "chain", "messages": "not a list"}));
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
    assert_eq!((mock.log("first").len(), mock.log("second").len()), (1, 0));
}
