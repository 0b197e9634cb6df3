//! A service that is asked about requests before they go on, and what an operator defines himself.

use std::fs;
use std::io::Write as _;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client;
use crate::gateway::{Config, Gateway, KEY, OTHER_KEY, provider_key};
use crate::mock::{Mock, body, header_values};

/// Team a asks a plain service and depends on it; team b asks a moderation and does without where it is silent.
fn start(mock: &Mock) -> Gateway {
    let mut config = Config::new(&[("openai", mock.url("openai"))]).model("chat", &[("openai", "gpt-4o", 0)]);
    config.0["credentials"]["guard"] = json!({"file": "guard.key"});
    config.0["redaction"] = json!({
        "restore": true,
        "patterns": {"EMPLOYEE_ID": {"regex": r"\bE-\d{6}\b", "context": ["employee"]}},
        "words": {"PROJECT_NAME": ["Blue Moon"]},
        "base64": true,
    });
    config.0["guard"] = json!({"external": {"url": format!("{}/check", mock.root("guard")), "kind": "http",
        "timeout": "700ms", "on_error": "block", "credential": "guard"}});
    config.0["teams"]["team-b"]["guard"] = json!({"external": {
        "url": format!("{}/v1/moderations", mock.root("moderation")), "kind": "openai-moderation",
        "timeout": "700ms", "on_error": "pass"}});
    config.0["organisation"] = json!({"limits": {"concurrency": 1}});
    Gateway::start(&config)
}

fn question(text: &str) -> Value {
    json!({"model": "chat", "messages": [
        {"role": "system", "content": "You are kind."}, {"role": "user", "content": text}]})
}

#[test]
fn a_service_decides_what_goes_on_and_sees_no_private_value() {
    let mock = Mock::start();
    let gateway = start(&mock);
    mock.behave("guard", &json!({"status": 200, "body": {"action": "pass"}}));
    mock.behave("openai", &json!({"text": "On [PROJECT_NAME_2]: ask [EMPLOYEE_ID_1]."}));
    let mut answer =
        gateway.chat(KEY, &question("Who is employee E-123456 on blue_moon, mail ann@corp.example?"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["choices"][0]["message"]["content"], "On blue_moon: ask E-123456.");
    let asked = mock.log("guard");
    let text = "Who is employee [EMPLOYEE_ID_1] on [PROJECT_NAME_2], mail [EMAIL_ADDRESS_3]?";
    let expected = json!({"text": text, "key": "team-a-prod", "team": "team-a", "model": "chat"});
    assert_eq!((asked.len(), body(&asked[0])), (1, expected));
    assert_eq!(asked[0]["path"], "/instance/guard/check");
    assert_eq!(header_values(&asked[0], "authorization"), [format!("Bearer {}", provider_key("guard"))]);
    assert_eq!(body(&mock.log("openai")[0])["messages"][1]["content"], text);

    // What is refused was never reserved: the only place is free for the next one.
    mock.behave("guard", &json!({"status": 200, "body": {"action": "block", "rule": "finance.4"}}));
    for _ in 0..2 {
        let mut refused = gateway.chat(KEY, &question("Buy all of it."));
        let error = refused.json()["error"].clone();
        assert_eq!((refused.status, &error["code"]), (400, &json!("content_blocked")));
        assert!(error["message"].as_str().unwrap().contains("external: finance.4"), "{error}");
    }
    let flagged = json!({"results": [{"flagged": true, "categories": {"violence": true}}]});
    mock.behave("moderation", &json!({"status": 200, "body": flagged}));
    let mut refused = gateway.chat(OTHER_KEY, &question("Fight!"));
    assert!(refused.text().contains("external: violence"));
    let expected = json!({"model": "omni-moderation-latest", "input": ["Fight!"]});
    assert_eq!(body(&mock.log("moderation")[0]), expected);
    assert_eq!(mock.log("openai").len(), 1);
    assert_eq!(gateway.access_log(4)[3]["guard"]["external"], 1);
    let counted = gateway.metric("tollgate_guard", &[("rule", "external"), ("action", "block")]);
    assert_eq!(counted, Some(3.0));
}

#[test]
fn a_service_that_fails_is_dealt_with_as_the_operator_says() {
    let mock = Mock::start();
    let gateway = start(&mock);
    let failures = [
        json!({"latency_ms": 5000}),
        json!({"status": 500, "body": {"action": "pass"}}),
        json!({"status": 200, "body": "<html>"}),
        json!({"reset": "before_headers"}),
    ];
    for failure in &failures {
        mock.behave("guard", failure);
        mock.behave("moderation", failure);
        let mut refused = gateway.chat(KEY, &question("hello"));
        let code = refused.json()["error"]["code"].clone();
        assert_eq!((refused.status, code), (503, json!("guard_unavailable")), "{failure}");
        assert_eq!(gateway.chat(OTHER_KEY, &question("hello")).status, 200, "{failure}");
    }
    assert_eq!(mock.log("openai").len(), failures.len());
    let counted = gateway.metric("tollgate_guard", &[("rule", "external"), ("action", "unanswered")]);
    assert_eq!(counted, Some(8.0));
    let policy = fs::read_to_string(gateway.directory.join("state/policy.json")).unwrap();
    assert!(!policy.contains(&provider_key("guard")));
}

#[test]
fn a_client_that_leaves_while_the_service_is_asked_is_forgotten() {
    let mock = Mock::start();
    let gateway = start(&mock);
    mock.behave("guard", &json!({"status": 200, "body": {"action": "pass"}, "latency_ms": 400}));
    let text = question("hello").to_string();
    let bearer = format!("Bearer {KEY}");
    for _ in 0..4 {
        let mut stream = client::connect(gateway.address);
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: {bearer}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(100));
    }
    for line in gateway.access_log(4) {
        assert_eq!(line["outcome"], "abandoned", "{line}");
    }
    thread::sleep(Duration::from_millis(500));
    assert_eq!(mock.log("openai").len(), 0, "nobody waits for an answer");
    assert_eq!(gateway.chat(KEY, &question("hello")).status, 200);
}
