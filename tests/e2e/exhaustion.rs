//! What happens when limits are nearly or wholly used up: alerts at the webhook, and streams that are cut.

use serde_json::{Value, json};

use crate::client::events;
use crate::gateway::{Config, Gateway, KEY, prompt, provider_key};
use crate::mock::{Mock, body, header_values};

/// An answer of so many tokens, one to a chunk, which the provider reports at the end.
fn streamed(tokens: usize) -> Value {
    json!({"text": "abc ".repeat(tokens), "chunks": tokens, "chunk_ms": 1, "prompt_tokens": 8, "completion_tokens": tokens})
}

/// A gateway that cuts streams, whose key may take 200 tokens of the 400 that the mock answers with.
fn cutting(mock: &Mock) -> Gateway {
    let mut config = Config::new(&[("mock", mock.url("a"))]).model("chat", &[("mock", "gpt-4o", 0)]);
    config.0["models"]["chat"]["typical_output_tokens"] = json!(64);
    config.0["keys"][0]["budgets"] = json!([{"output_tokens": 200, "per": "day"}]);
    config.0["reservations"] = json!({"at_exhaustion": "cut"});
    mock.behave("a", &streamed(400));
    Gateway::start(&config)
}

#[test]
fn a_stream_is_cut_where_nothing_is_left_of_the_limit() {
    let mock = Mock::start();
    let gateway = cutting(&mock);
    let mut request = prompt("chat", true);
    request["stream_options"] = json!({"include_usage": true});
    let mut answer = gateway.chat(KEY, &request);
    assert_eq!(answer.status, 200);
    let text = answer.text();
    assert!(text.contains(": tollgate: cut, limit of key team-a-prod is used up\n"), "{text}");
    let events = events(&text);
    assert_eq!(events.last(), Some(&"[DONE]"));
    let chunk = |from_end: usize| serde_json::from_str::<Value>(events[events.len() - from_end]).unwrap();
    let (usage, finish) = (chunk(2), chunk(3));
    assert_eq!(finish["choices"][0]["finish_reason"], "length");
    // Three times 64 fit into 200, a fourth does not.
    assert_eq!(usage["usage"]["completion_tokens"], 192);
    let told = |event: &&&str| event.contains("\"content\":\"") && !event.contains("\"content\":\"\"");
    assert_eq!(events.iter().filter(told).count(), 192);
    let line = &gateway.access_log(1)[0];
    assert_eq!((&line["outcome"], &line["limit"]), (&json!("cut"), &json!("key team-a-prod")));
    assert_eq!((&line["output_tokens"], &line["tokens_estimated"]), (&json!(192), &json!(true)));
    // What was cut off is not charged: there is room for one small answer.
    mock.behave("a", &streamed(8));
    request["max_tokens"] = json!(8);
    assert!(gateway.chat(KEY, &request).text().ends_with("data: [DONE]\n\n"));
    assert_eq!(gateway.access_log(2)[1]["output_tokens"], 8);
    request["max_tokens"] = json!(1);
    assert_eq!(gateway.chat(KEY, &request).status, 429);
}

#[test]
fn a_response_that_is_cut_repeats_what_has_passed() {
    let mock = Mock::start();
    let gateway = cutting(&mock);
    let request = json!({"model": "chat", "stream": true, "input": "hello"});
    let text = gateway.post("/v1/responses", KEY, &request).text();
    assert!(text.contains(": tollgate: cut, limit of key team-a-prod is used up\n"), "{text}");
    let events: Vec<Value> = events(&text).iter().map(|data| serde_json::from_str(data).unwrap()).collect();
    let told: String = events.iter().filter_map(|event| event["delta"].as_str()).collect();
    assert_eq!(told, "abc ".repeat(192).trim_end().to_owned() + " ");
    let kinds: Vec<&str> =
        events.iter().rev().take(4).rev().filter_map(|event| event["type"].as_str()).collect();
    let ends = ["output_text.done", "content_part.done", "output_item.done", "incomplete"];
    assert_eq!(kinds, ends.map(|end| format!("response.{end}")));
    let response = &events.last().unwrap()["response"];
    assert_eq!(response["incomplete_details"]["reason"], "max_output_tokens");
    assert_eq!(response["output"][0]["content"][0]["text"], told);
    assert_eq!(response["usage"]["output_tokens"], 192);
    let numbers: Vec<Option<u64>> = events.iter().map(|event| event["sequence_number"].as_u64()).collect();
    assert_eq!(numbers, (0..events.len() as u64).map(Some).collect::<Vec<_>>());
    assert_eq!(gateway.access_log(1)[0]["outcome"], "cut");
}

#[test]
fn without_being_told_to_a_stream_is_never_cut() {
    let mock = Mock::start();
    let mut config = Config::new(&[("mock", mock.url("a"))]).model("chat", &[("mock", "gpt-4o", 0)]);
    config.0["models"]["chat"]["typical_output_tokens"] = json!(64);
    config.0["keys"][0]["budgets"] = json!([{"output_tokens": 100, "per": "day"}]);
    mock.behave("a", &streamed(300));
    let gateway = Gateway::start(&config);
    let text = gateway.chat(KEY, &prompt("chat", true)).text();
    assert!(text.contains("\"finish_reason\":\"stop\"") && !text.contains("tollgate: cut"), "{text}");
    assert_eq!(gateway.access_log(1)[0]["output_tokens"], 300);
    assert_eq!(gateway.chat(KEY, &prompt("chat", true)).status, 429, "it is charged, and nothing is left");
}

#[test]
fn every_alert_is_posted_to_the_webhook_until_it_is_taken() {
    let mock = Mock::start();
    let mut config = Config::new(&[("mock", mock.url("a"))]).model("chat", &[("mock", "gpt-4o", 0)]);
    mock.behave("a", &json!({"prompt_tokens": 8, "completion_tokens": 2}));
    // Twice the webhook is in trouble.
    mock.behave(
        "hook",
        &json!([{"status": 503, "body": "not now", "times": 2}, {"status": 204, "body": ""}]),
    );
    config.0["workers"] = json!(4);
    config.0["credentials"]["hook"] = json!({"file": "hook.key"});
    config.0["alerts"] =
        json!({"webhook": {"url": format!("{}/alerts", mock.root("hook")), "credential": "hook"}});
    config.0["teams"]["team-a"]["budgets"] = json!([{"tokens": 100, "per": "day", "alert_at": [0.5]}]);
    let gateway = Gateway::start(&config);
    let request =
        json!({"model": "chat", "max_tokens": 2, "messages": [{"role": "user", "content": "hello"}]});
    for _ in 0..9 {
        assert_eq!(gateway.chat(KEY, &request).status, 200);
    }
    gateway.wait_until("the webhook has taken it", |_| mock.log("hook").len() >= 3);
    let posts = mock.log("hook");
    assert_eq!(posts.len(), 3, "one alert, which was taken at the third time: {posts:?}");
    for post in &posts {
        assert_eq!(post["path"], "/instance/hook/alerts");
        assert_eq!(header_values(post, "authorization"), [format!("Bearer {}", provider_key("hook"))]);
        let letter = body(post);
        let expected = json!({"event": "limit_alert", "scope": "team team-a", "unit": "tokens", "per": "day",
            "fraction": 0.5, "used": 50, "limit": 100, "at": letter["at"]});
        assert_eq!(letter, expected);
    }
    assert_eq!(body(&posts[0]), body(&posts[2]), "every attempt has the same text");
    let policy = std::fs::read_to_string(gateway.directory.join("state/policy.json")).unwrap();
    assert!(!policy.contains(&provider_key("hook")));
}
