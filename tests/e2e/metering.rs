//! What a call took is known on every way out of it, and told under the right names.

use serde_json::{Value, json};

use crate::client::events;
use crate::gateway::{Config, Gateway, KEY, prompt};
use crate::mock::Mock;

const LABELS: [(&str, &str); 4] = [
    ("key", "team-a-prod"),
    ("team", "team-a"),
    ("gen_ai_request_model", "small"),
    ("gen_ai_provider_name", "mock"),
];

fn start(mock: &Mock) -> Gateway {
    Gateway::start(&Config::new(&[("mock", mock.url("a"))]).model("small", &[("mock", "mock-small", 1)]))
}

/// The exact count; Envoy's histograms round their sums.
fn tokens(gateway: &Gateway, token_type: &str) -> Option<f64> {
    let labels = [("key", "team-a-prod"), ("team", "team-a"), ("model", "small"), ("provider", "mock")];
    gateway.metric("tollgate_tokens", &[&labels[..], &[("gen_ai_token_type", token_type)]].concat())
}

#[test]
fn usage_of_answers_and_streams_reaches_metrics_and_access_log() {
    let mock = Mock::start();
    mock.behave(
        "a",
        &json!({"prompt_tokens": 19, "completion_tokens": 10, "cached_tokens": 4, "reasoning_tokens": 3}),
    );
    let gateway = start(&mock);

    let mut plain = gateway.chat(KEY, &prompt("small", false));
    assert_eq!(plain.status, 200);
    assert_eq!(plain.header("x-tollgate-model"), Some("small"));
    assert_eq!(plain.header("x-tollgate-provider"), Some("mock"));
    assert_eq!(plain.header("x-tollgate-attempts"), Some("1"));
    assert_eq!(plain.json()["usage"]["prompt_tokens"], 19);

    // The client did not ask for the usage: it is asked for upstream, and hidden.
    let mut stream = gateway.chat(KEY, &prompt("small", true));
    assert_eq!(stream.header("x-tollgate-provider"), Some("mock"));
    let text = stream.text();
    assert_eq!(events(&text).last(), Some(&"[DONE]"));
    let chunks: Vec<Value> =
        events(&text).iter().filter_map(|data| serde_json::from_str(data).ok()).collect();
    assert!(chunks.iter().all(|chunk| !chunk["choices"].as_array().unwrap().is_empty()), "{text}");
    let forwarded = crate::mock::body(&mock.log("a")[1]);
    assert_eq!(forwarded["stream_options"]["include_usage"], true);

    // The client asked for it, and sees it.
    let mut asked = prompt("small", true);
    asked["stream_options"] = json!({"include_usage": true});
    let text = gateway.chat(KEY, &asked).text();
    let last: Value = serde_json::from_str(events(&text)[events(&text).len() - 2]).unwrap();
    assert_eq!(last["usage"]["completion_tokens"], 10);

    for (index, line) in gateway.access_log(3).iter().enumerate() {
        assert_eq!(line["status"], 200, "{line}");
        assert_eq!(line["key"], "team-a-prod");
        assert_eq!(line["team"], "team-a");
        assert_eq!(line["environment"], "prod");
        assert_eq!(line["model"], "small");
        assert_eq!(line["provider"], "mock");
        assert_eq!(line["provider_model"], "mock-small");
        assert_eq!(line["attempts"], 1);
        assert_eq!(line["stream"], index > 0);
        assert_eq!(line["outcome"], "ok");
        assert_eq!(line["input_tokens"], 19);
        assert_eq!(line["output_tokens"], 10);
        assert_eq!(line["cached_input_tokens"], 4);
        assert_eq!(line["reasoning_output_tokens"], 3);
        assert_eq!(line["tokens_estimated"], false);
        assert!(line["own_time_us"].is_u64());
        assert_eq!(line["first_token_ms"].is_u64(), index > 0);
    }
    assert_eq!((tokens(&gateway, "input"), tokens(&gateway, "output")), (Some(57.0), Some(30.0)));
    // Envoy merges its histograms a little after the fact.
    gateway.wait_until("the histograms are merged", |gateway| {
        gateway.metric("gen_ai_client_operation_duration_count", &LABELS) == Some(3.0)
    });
    let input = [&LABELS[..], &[("gen_ai_token_type", "input")]].concat();
    assert_eq!(gateway.metric("gen_ai_client_token_usage_count", &input), Some(3.0));
    assert_eq!(gateway.metric("gen_ai_server_time_to_first_token_count", &LABELS), Some(2.0));
    let ok = [
        ("key", "team-a-prod"),
        ("team", "team-a"),
        ("model", "small"),
        ("provider", "mock"),
        ("outcome", "ok"),
    ];
    assert_eq!(gateway.metric("tollgate_requests", &ok), Some(3.0));
}

#[test]
fn a_stream_cut_anywhere_reads_the_same() {
    let mock = Mock::start();
    let gateway = start(&mock);
    let answer = |behaviour: Value| {
        mock.behave("a", &behaviour);
        gateway.chat(KEY, &prompt("small", true)).text()
    };
    let contents = |text: &str| -> String {
        let chunks = events(text).into_iter().filter_map(|data| serde_json::from_str::<Value>(data).ok());
        chunks
            .filter_map(|chunk| Some(chunk["choices"][0]["delta"]["content"].as_str()?.to_owned()))
            .collect()
    };
    let text = "naïve 日本語 👩‍👩‍👧 text";
    for extra in
        [json!({}), json!({"cut_bytes": 1}), json!({"cut_bytes": 7, "crlf": true, "comment_every": 2})]
    {
        let mut behaviour = json!({"text": text, "chunks": 4, "prompt_tokens": 7, "completion_tokens": 5});
        behaviour.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let received = answer(behaviour);
        assert_eq!(contents(&received), text, "{extra}");
        assert!(!received.contains("\"prompt_tokens\":7"), "the usage is hidden: {received}");
        assert_eq!(events(&received).last(), Some(&"[DONE]"), "{extra}");
    }
    for line in gateway.access_log(3) {
        assert_eq!((&line["input_tokens"], &line["output_tokens"]), (&json!(7), &json!(5)), "{line}");
    }
}

#[test]
fn a_stream_that_the_client_abandons_is_metered() {
    let mock = Mock::start();
    mock.behave("a", &json!({"chunks": 200, "chunk_ms": 50}));
    let gateway = start(&mock);
    let mut stream = gateway.chat(KEY, &prompt("small", true));
    let mut seen = String::new();
    while events(&seen).len() < 6 {
        seen.push_str(&String::from_utf8(stream.chunk().unwrap()).unwrap());
    }
    drop(stream);
    let line = gateway.access_log(1).remove(0);
    assert_eq!(line["outcome"], "abandoned", "{line}");
    assert_eq!(line["tokens_estimated"], true);
    let output = line["output_tokens"].as_u64().unwrap();
    // At least what was seen, at most what the provider had begun to send.
    assert!((4..60).contains(&output), "{line}");
    assert!(line["input_tokens"].as_u64().unwrap() > 0);
    assert_eq!(tokens(&gateway, "output"), Some(output as f64));
    gateway.wait_until("the provider is told", |_| mock.log("a")[0]["ended"] == "client_closed");
}

#[test]
fn a_stream_that_the_provider_breaks_off_is_metered() {
    let mock = Mock::start();
    mock.behave("a", &json!({"chunks": 20, "reset": "mid_stream"}));
    let gateway = start(&mock);
    let stream = gateway.chat(KEY, &prompt("small", true));
    assert_eq!(stream.status, 200);
    let line = gateway.access_log(1).remove(0);
    assert_eq!(line["outcome"], "interrupted", "{line}");
    assert_eq!(line["tokens_estimated"], true);
    assert!(line["output_tokens"].as_u64().unwrap() > 0);
}

#[test]
fn other_surfaces_are_metered_too() {
    let mock = Mock::start();
    let gateway = start(&mock);
    let mut embedding =
        gateway.post("/v1/embeddings", KEY, &json!({"model": "small", "input": "hello world"}));
    assert_eq!(embedding.status, 200);
    let reported = embedding.json()["usage"]["prompt_tokens"].clone();
    let mut completion =
        gateway.post("/v1/completions", KEY, &json!({"model": "small", "prompt": "hello", "stream": true}));
    assert_eq!(completion.status, 200);
    assert_eq!(events(&completion.text()).last(), Some(&"[DONE]"));
    let lines = gateway.access_log(2);
    assert_eq!(lines[0]["operation"], "embeddings");
    assert_eq!(lines[0]["input_tokens"], reported);
    assert_eq!(lines[0]["output_tokens"], 0);
    assert_eq!(lines[1]["operation"], "text_completion");
    assert_eq!(lines[1]["tokens_estimated"], false);
    assert!(lines[1]["output_tokens"].as_u64().unwrap() > 0);
}
