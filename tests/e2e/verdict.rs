//! A service that is asked about what models say, end to end: whole answers, streams whose end waits, and streams that
//! wait as a whole.

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client;
use crate::gateway::{Config, Gateway, KEY, OTHER_KEY};
use crate::mock::{Mock, body};

const TOLD: &str = "As agreed, [EMAIL_ADDRESS_1] sells all of it on Monday.";

/// Team a asks a plain service about answers and depends on it; team b asks a moderation about requests, too, holds its
/// streams, and does without where it is silent.
fn start(mock: &Mock) -> Gateway {
    let mut config = Config::new(&[("openai", mock.url("openai"))]).model("chat", &[("openai", "gpt-4o", 0)]);
    config.0["redaction"] = json!({"restore": true});
    config.0["guard"] = json!({"external": {"url": format!("{}/check", mock.root("guard")), "kind": "http",
        "timeout": "700ms", "about": ["answers"], "on_error": "block"}});
    config.0["teams"]["team-b"]["guard"] = json!({"external": {
        "url": format!("{}/v1/moderations", mock.root("moderation")), "kind": "openai-moderation",
        "timeout": "700ms", "about": ["requests", "answers"], "streams": "hold", "on_error": "pass"}});
    config.0["organisation"] = json!({"limits": {"concurrency": 1}});
    Gateway::start(&config)
}

const ASKS: &str = "What does ann.lee@corp.example do?";

/// A request of each surface that has a dialect of its own.
fn asked(stream: bool) -> [(&'static str, Value); 3] {
    let messages = json!([{"role": "user", "content": ASKS}]);
    [
        ("/v1/chat/completions", json!({"model": "chat", "stream": stream, "messages": messages})),
        ("/v1/messages", json!({"model": "chat", "stream": stream, "max_tokens": 900, "messages": messages})),
        ("/v1/responses", json!({"model": "chat", "stream": stream, "input": ASKS})),
    ]
}

/// What tells a client of each that a stream is complete.
const ENDS: [&str; 3] = ["[DONE]", "message_stop", "response.completed"];

/// An answer that gives the caller's value back and comes in pieces, each cut again.
fn says() -> Value {
    json!({"text": TOLD, "chunks": 9, "cut_bytes": 41})
}

#[test]
fn what_a_model_says_passes_once_the_service_has_nothing_against_it() {
    let mock = Mock::start();
    let gateway = start(&mock);
    mock.behave("openai", &says());
    mock.behave("guard", &json!({"status": 200, "body": {"action": "pass"}, "latency_ms": 100}));
    mock.behave("moderation", &json!({"status": 200, "body": {"results": [{"flagged": false}]}}));
    for key in [KEY, OTHER_KEY] {
        for stream in [false, true] {
            for ((path, request), end) in asked(stream).into_iter().zip(ENDS) {
                let mut answer = gateway.post(path, key, &request);
                let text = answer.text();
                assert_eq!(answer.status, 200, "{text}");
                assert!(text.contains("ann.lee@corp.example"), "the value is back: {text}");
                assert!(!stream || text.contains(end), "{path}: {text}");
            }
        }
    }
    let told: Vec<Value> = mock.log("guard").iter().map(body).collect();
    let expected =
        json!({"about": "answer", "text": TOLD, "key": "team-a-prod", "team": "team-a", "model": "chat"});
    assert_eq!(told, vec![expected; 6]);
    let told: Vec<Value> = mock.log("moderation").iter().map(|entry| body(entry)["input"].clone()).collect();
    assert_eq!(told.len(), 12);
    assert_eq!(told.iter().filter(|input| **input == json!([TOLD])).count(), 6, "{told:?}");
    let lines = gateway.access_log(12);
    assert!(lines.iter().all(|line| line["outcome"] == "ok"), "{lines:?}");
}

#[test]
fn what_the_service_blocks_is_refused_and_no_stream_looks_complete() {
    let mock = Mock::start();
    let gateway = start(&mock);
    mock.behave("openai", &says());
    mock.behave("guard", &json!({"status": 200, "body": {"action": "block", "rule": "finance.4"}}));
    let flagged = json!({"results": [{"flagged": true, "categories": {"illicit": true}}]});
    let passes = json!({"results": [{"flagged": false}]});
    for (path, request) in asked(false) {
        let mut whole = gateway.post(path, KEY, &request);
        let answer = whole.json();
        assert_eq!(whole.status, 400, "{answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert_eq!(message, "The answer breaks the rule `external: finance.4`.");
    }
    for ((path, request), end) in asked(true).into_iter().zip(ENDS) {
        let stream = gateway.post(path, KEY, &request).text();
        assert!(stream.contains("ann.lee@corp.example"), "the text passes as it comes: {stream}");
        assert!(stream.contains("external: finance.4") && !stream.contains(end), "{stream}");
    }
    for ((path, request), end) in asked(true).into_iter().zip(ENDS) {
        let verdicts = [
            json!({"status": 200, "body": passes, "times": 1}),
            json!({"status": 200, "body": flagged, "times": 1}),
        ];
        mock.behave("moderation", &json!(verdicts));
        let stream = gateway.post(path, OTHER_KEY, &request).text();
        assert!(!stream.contains("onday.") && !stream.contains("delta"), "nothing passes before: {stream}");
        assert!(stream.contains("external: illicit") && !stream.contains(end), "{stream}");
    }
    let lines = gateway.access_log(9);
    for line in &lines {
        assert_eq!((&line["outcome"], &line["guard"]["external"]), (&json!("content_blocked"), &json!(1)));
        assert!(line["output_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "it is charged: {line}");
    }
    let counted = gateway.metric("tollgate_answer_guard", &[("rule", "external"), ("action", "block")]);
    assert_eq!(counted, Some(9.0));
}

#[test]
fn a_service_that_fails_is_dealt_with_as_the_operator_says() {
    let mock = Mock::start();
    let gateway = start(&mock);
    mock.behave("openai", &says());
    let failures =
        [json!({"latency_ms": 5000}), json!({"status": 500, "body": {}}), json!({"reset": "before_headers"})];
    for failure in &failures {
        mock.behave("guard", failure);
        mock.behave("moderation", failure);
        for stream in [false, true] {
            let (path, request) = asked(stream)[0].clone();
            let begun = Instant::now();
            let mut refused = gateway.post(path, KEY, &request);
            let text = refused.text();
            assert_eq!(refused.status, if stream { 200 } else { 503 }, "{failure}: {text}");
            assert!(text.contains("guard_unavailable") && !text.contains("[DONE]"), "{failure}: {text}");
            let mut passes = gateway.post(path, OTHER_KEY, &request);
            let text = passes.text();
            assert!(passes.status == 200 && text.contains("onday."), "{failure}: {text}");
            assert!(!stream || text.contains("[DONE]"), "{failure}: {text}");
            assert!(begun.elapsed() < Duration::from_secs(4), "{failure}");
        }
    }
    let counted = gateway.metric("tollgate_answer_guard", &[("rule", "external"), ("action", "unanswered")]);
    assert_eq!(counted, Some(12.0));
}

#[test]
fn a_client_that_leaves_while_the_service_is_asked_is_forgotten() {
    let mock = Mock::start();
    let gateway = start(&mock);
    mock.behave("openai", &says());
    mock.behave("guard", &json!({"status": 200, "body": {"action": "pass"}, "latency_ms": 500}));
    for stream in [false, true] {
        let text = asked(stream)[0].1.to_string();
        let mut connection = client::connect(gateway.address);
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {KEY}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        );
        connection.write_all(head.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(250));
    }
    let lines = gateway.access_log(2);
    assert!(lines.iter().all(|line| line["outcome"] == "abandoned"), "{lines:?}");
    thread::sleep(Duration::from_millis(600));
    mock.behave("guard", &json!({"status": 200, "body": {"action": "pass"}}));
    assert_eq!(gateway.chat(KEY, &asked(false)[0].1).status, 200, "and its place is free");
}

/// Larger than any buffer of Envoy's that is not told otherwise (1 MiB).
#[test]
fn a_large_answer_waits_as_a_whole() {
    let mock = Mock::start();
    let gateway = start(&mock);
    let says = "a plain word or two. ".repeat(1 << 17);
    mock.behave("openai", &json!({ "text": says, "chunks": 200 }));
    mock.behave("guard", &json!({"status": 200, "body": {"action": "pass"}}));
    mock.behave("moderation", &json!({"status": 200, "body": {"results": [{"flagged": false}]}}));
    let mut whole = gateway.post("/v1/chat/completions", KEY, &asked(false)[0].1);
    assert_eq!(whole.json()["choices"][0]["message"]["content"], says);
    let stream = gateway.post("/v1/chat/completions", OTHER_KEY, &asked(true)[0].1).text();
    assert!(stream.len() > says.len() && stream.ends_with("data: [DONE]\n\n"), "{}", stream.len());
    assert_eq!(body(&mock.log("moderation")[1])["input"][0].as_str().map(str::len), Some(says.len()));
}
