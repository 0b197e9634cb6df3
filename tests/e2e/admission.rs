//! Who is let in: every refusal is a clear error in OpenAI's shape, and nothing of it reaches a provider.

use serde_json::{Value, json};

use crate::client::{self, Answer};
use crate::gateway::{Config, EXPIRED_KEY, Gateway, KEY, OTHER_KEY, REVOKED_KEY, prompt};
use crate::mock::Mock;

const JSON: (&str, &str) = ("content-type", "application/json");

fn refused(mut answer: Answer, status: u16, code: &str) -> Value {
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let refused_status = answer.status;
    let body = answer.json();
    assert_eq!((refused_status, body["error"]["code"].as_str()), (status, Some(code)), "{body}");
    let error = body["error"].as_object().unwrap();
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert!(error["type"].is_string() && error.contains_key("param"));
    body
}

#[test]
fn every_bad_request_is_refused_and_nothing_is_forwarded() {
    let mock = Mock::start();
    let config = Config::new(&[("mock", mock.url("a"))])
        .model("large", &[("mock", "mock-large", 1)])
        .model("small", &[("mock", "mock-small", 1)]);
    let mut config = config;
    config.0["max_request_body"] = "64KiB".into();
    let gateway = Gateway::start(&config);
    let chat = "/v1/chat/completions";
    let good = prompt("small", false).to_string();
    let post = |headers: &[(&str, &str)], body: &str| {
        client::send(gateway.address, "POST", chat, headers, Some(body.as_bytes()))
    };
    let bearer = format!("Bearer {KEY}");
    let authorized = ("authorization", bearer.as_str());

    // Keys.
    refused(post(&[JSON], &good), 401, "invalid_api_key");
    let wrong = KEY.replace('A', "E");
    refused(gateway.chat(&wrong, &prompt("small", false)), 401, "invalid_api_key");
    refused(post(&[JSON, ("authorization", "Basic dXNlcjpwYXNz")], &good), 401, "invalid_api_key");
    refused(gateway.chat(EXPIRED_KEY, &prompt("small", false)), 401, "key_expired");
    refused(gateway.chat(REVOKED_KEY, &prompt("small", false)), 401, "key_revoked");
    refused(post(&[JSON, authorized, authorized], &good), 400, "duplicate_credentials");
    refused(post(&[JSON, authorized, ("x-api-key", OTHER_KEY)], &good), 400, "duplicate_credentials");

    // Models.
    refused(gateway.chat(OTHER_KEY, &prompt("large", false)), 403, "model_not_allowed");
    let unknown = refused(gateway.chat(KEY, &prompt("gpt-99", false)), 404, "model_not_found");
    assert_eq!(unknown["error"]["param"], "model");

    // Bodies.
    for broken in ["{", "", "[]", r#"{"model":"small","messages":[}"#, r#"{"model":"small"} x"#] {
        refused(post(&[JSON, authorized], broken), 400, "invalid_json");
    }
    let twice = r#"{"model":"small","model":"large","messages":[]}"#;
    refused(post(&[JSON, authorized], twice), 400, "invalid_request");
    refused(post(&[JSON, authorized], r#"{"messages":[]}"#), 400, "invalid_request");
    refused(post(&[authorized], &good), 415, "unsupported_media_type");
    refused(post(&[("content-type", "text/plain"), authorized], &good), 415, "unsupported_media_type");
    refused(post(&[JSON, authorized, ("content-encoding", "gzip")], &good), 415, "unsupported_media_type");
    let large = json!({"model": "small", "messages": [{"role": "user", "content": "x".repeat(65 * 1024)}]});
    refused(gateway.chat(KEY, &large), 413, "request_too_large");

    // Endpoints.
    refused(gateway.get(chat, KEY), 405, "method_not_allowed");
    refused(gateway.post("/v1/nothing", KEY, &json!({})), 404, "unknown_endpoint");
    refused(gateway.get("/v1/models/gpt-99", KEY), 404, "model_not_found");
    refused(gateway.get("/v1/models/large", OTHER_KEY), 403, "model_not_allowed");

    assert_eq!(mock.log("a"), Vec::<Value>::new());
    let counted = gateway.metric("tollgate_requests", &[("key", "none"), ("outcome", "invalid_api_key")]);
    assert_eq!(counted, Some(3.0));
}

/// A body whose length is not announced is measured while it comes.
#[test]
fn a_chunked_body_over_the_limit_is_refused() {
    let mock = Mock::start();
    let mut config = Config::new(&[("mock", mock.url("a"))]).model("small", &[("mock", "mock-small", 1)]);
    config.0["max_request_body"] = "64KiB".into();
    let gateway = Gateway::start(&config);
    let bearer = format!("Bearer {KEY}");
    let mut stream = client::connect(gateway.address);
    let headers = [JSON, ("authorization", bearer.as_str()), ("transfer-encoding", "chunked")];
    client::write_request(&mut stream, "POST", "/v1/chat/completions", &headers, None);
    for _ in 0..5 {
        let piece = format!("{:x}\r\n{}\r\n", 16 * 1024, " ".repeat(16 * 1024));
        std::io::Write::write_all(&mut stream, piece.as_bytes()).unwrap();
    }
    refused(Answer::read(stream), 413, "request_too_large");
    assert_eq!(mock.log("a"), Vec::<Value>::new());
}

#[test]
fn a_large_body_below_the_limit_arrives_whole() {
    let mock = Mock::start();
    let config = Config::new(&[("mock", mock.url("a"))]).model("small", &[("mock", "mock-small", 1)]);
    let gateway = Gateway::start(&config);
    let content = "0123456789abcdef".repeat(7 * 64 * 1024);
    let answer =
        gateway.chat(KEY, &json!({"messages": [{"role": "user", "content": content}], "model": "small"}));
    assert_eq!(answer.status, 200);
    let log = mock.log("a");
    let received = crate::mock::body(&log[0]);
    assert_eq!(received["messages"][0]["content"].as_str().map(str::len), Some(content.len()));
    assert_eq!(received["model"], "mock-small");
}

#[test]
fn the_list_of_models_is_what_the_key_may_call() {
    let mock = Mock::start();
    let config = Config::new(&[("mock", mock.url("a"))])
        .model("large", &[("mock", "mock-large", 1)])
        .model("small", &[("mock", "mock-small", 1)]);
    let gateway = Gateway::start(&config);
    let names = |key| {
        let list = gateway.get("/v1/models", key).json();
        let data = list["data"].as_array().unwrap().clone();
        data.iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(KEY), ["large", "small"]);
    assert_eq!(names(OTHER_KEY), ["small"]);
    assert_eq!(gateway.get("/v1/models/small", OTHER_KEY).json()["id"], "small");
    assert_eq!(mock.log("a"), Vec::<Value>::new());
}
