//! Clients of every dialect at providers of every dialect: the official SDKs must not notice who serves them.

use serde_json::{Value, json};

use crate::gateway::{Config, Gateway, KEY, provider_key};
use crate::mock::{Mock, header_values};
use crate::sdk::python_with;

/// The providers; the model of each has its name.
const PROVIDERS: [(&str, &str); 4] = [
    ("openai", "gpt-4o"),
    ("anthropic", "claude-sonnet-4-5"),
    ("gemini", "gemini-2.5-pro"),
    ("bedrock", "anthropic.claude-sonnet-4-5-v1:0"),
];

fn start(mock: &Mock) -> Gateway {
    let urls = PROVIDERS.map(|(api, _)| (api, if api == "openai" { mock.url(api) } else { mock.root(api) }));
    let mut config = Config::new(&urls);
    for (api, model) in PROVIDERS {
        config = config.model(api, &[(api, model, 0)]);
        config.0["providers"][api]["api"] = api.into();
    }
    Gateway::start(&config)
}

/// Runs a client on every provider, and looks at what the providers saw.
fn served(script: &str) -> (Mock, Gateway) {
    let mock = Mock::start();
    let gateway = start(&mock);
    let models = PROVIDERS.map(|(api, _)| api).join(",");
    let printed = python_with(script, &gateway, &[("TOLLGATE_MODELS", &models)]);
    for (api, _) in PROVIDERS {
        assert!(printed.contains(&format!("ok tools {api}")), "{printed}");
        let received = mock.log(api);
        assert!(received.len() >= 5, "{api}: {received:?}");
        for entry in &received {
            let all = entry.to_string();
            assert!(!all.contains(KEY), "{all}");
            assert!(all.contains(&provider_key(api)), "{all}");
            let others = PROVIDERS.iter().filter(|(other, _)| *other != api);
            assert!(others.into_iter().all(|(other, _)| !all.contains(&provider_key(other))), "{all}");
        }
    }
    (mock, gateway)
}

#[test]
fn the_anthropic_sdk_is_served_by_every_provider() {
    let (mock, gateway) = served("tests/e2e/sdk/anthropic_client.py");
    for entry in mock.log("anthropic") {
        assert_eq!(header_values(&entry, "anthropic-version"), ["2026-10-21"], "what the SDK says passes");
    }
    for entry in mock.log("openai").iter().chain(&mock.log("gemini")) {
        assert_eq!(header_values(entry, "anthropic-version"), [] as [&str; 0]);
    }
    // A count of tokens asks no provider and costs nothing.
    let counts: Vec<Value> =
        gateway.access_log(50).into_iter().filter(|line| line["operation"] == "count_tokens").collect();
    assert_eq!(counts.len(), 2 * PROVIDERS.len());
    assert!(counts.iter().all(|line| line["provider"].is_null() && line["outcome"] == "ok"), "{counts:?}");
}

#[test]
fn the_openai_sdk_gets_responses_from_every_provider() {
    let (mock, _gateway) = served("tests/e2e/sdk/responses_client.py");
    assert!(
        mock.log("openai").iter().all(|entry| entry["path"].as_str().unwrap().ends_with("/v1/responses"))
    );
}

#[test]
fn the_gen_ai_sdk_is_served_by_every_provider() {
    let (_mock, gateway) = served("tests/e2e/sdk/gemini_client.py");
    let log = gateway.access_log(20);
    let shown = format!("{log:?}{}{}", gateway.run_log(), gateway.metrics());
    assert!(!shown.contains(KEY), "a key in a query is kept nowhere");
}

/// What every provider reports is metered in each dialect, whole and streamed.
#[test]
fn every_pair_is_metered() {
    let mock = Mock::start();
    let gateway = start(&mock);
    for (api, _) in PROVIDERS {
        mock.behave(api, &json!({"prompt_tokens": 40, "cached_tokens": 15, "completion_tokens": 6}));
    }
    let mut calls = 0;
    for (model, _) in PROVIDERS {
        for stream in [false, true] {
            let user = json!([{"role": "user", "content": "hello"}]);
            let verb = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
            let gemini = format!("/v1beta/models/{model}:{verb}");
            for (path, body) in [
                (
                    "/v1/messages",
                    json!({"model": model, "stream": stream, "max_tokens": 99, "messages": user}),
                ),
                ("/v1/responses", json!({"model": model, "stream": stream, "input": user})),
                (gemini.as_str(), json!({"contents": [{"role": "user", "parts": [{"text": "hello"}]}]})),
            ] {
                let mut answer = gateway.post(path, KEY, &body);
                let text = answer.text();
                assert_eq!(answer.status, 200, "{path} at {model}: {text}");
                calls += 1;
            }
        }
    }
    for line in &gateway.access_log(calls) {
        assert_eq!(line["outcome"], "ok", "{line}");
        for (field, tokens) in [("input_tokens", 40), ("cached_input_tokens", 15), ("output_tokens", 6)] {
            assert_eq!(line[field], Value::from(tokens), "{field} of {line}");
        }
    }
}

/// A provider that compresses unasked would pass unmetered.
#[test]
fn a_compressed_answer_does_not_pass() {
    let mock = Mock::start();
    let gateway = start(&mock);
    for (api, _) in PROVIDERS {
        mock.behave(api, &json!({"headers": {"content-encoding": "gzip"}}));
    }
    let body =
        json!({"model": "anthropic", "max_tokens": 99, "messages": [{"role": "user", "content": "hi"}]});
    let mut answer = gateway.post("/v1/messages", KEY, &body);
    assert_eq!(answer.status, 502);
    assert_eq!(answer.header("content-encoding"), None);
    assert_eq!(answer.json()["error"]["code"], "provider_answer_unreadable");
    let mut translated = gateway.post("/v1/responses", KEY, &json!({"model": "anthropic", "input": "hi"}));
    assert_eq!(translated.status, 502);
    assert_eq!(translated.json()["error"]["type"], "server_error");
}
