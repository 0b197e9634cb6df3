//! Limits on the real Envoy: never overshot, whoever calls at the same time, and told in words that help.

use std::io::Read as _;
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client;
use crate::gateway::{Config, Gateway, KEY, OTHER_KEY, PATIENCE};
use crate::mock::Mock;

/// The prompt that every call here sends, and its tokens by OpenAI's rules: 3 for the message, 1 for its role,
/// 1 for `hello`, and 3 for the answer's beginning.
const PROMPT_TOKENS: u64 = 8;
const ANSWER_TOKENS: u64 = 5;

fn call(model: &str) -> Value {
    json!({"model": model, "max_tokens": ANSWER_TOKENS, "messages": [{"role": "user", "content": "hello"}]})
}

fn config(mock: &Mock) -> Config {
    mock.behave("a", &json!({"prompt_tokens": PROMPT_TOKENS, "completion_tokens": ANSWER_TOKENS}));
    let mut config = Config::new(&[("mock", mock.url("a"))]).model("chat", &[("mock", "gpt-4o", 0)]);
    // Two dollars for a million tokens of the prompt, eight for one of the answer.
    config.0["prices"] = json!({"gpt-4o": {"input": 2, "output": 8}});
    config
}

/// Sends a call and does not wait for the answer.
fn begin(stream: &mut TcpStream, body: &str) {
    let bearer = format!("Bearer {KEY}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    client::write_request(stream, "POST", "/v1/chat/completions", &headers, Some(body.as_bytes()));
}

/// What one call costs: 8 × 2 + 5 × 8 millionths of a dollar.
const CALL_NANO_USD: u64 = 56_000;

/// The caller's own report: of the first limit of `scope` in `unit`, its use, what is reserved, and what is left.
fn standing(gateway: &Gateway, key: &str, scope: &str, unit: &str) -> (Value, Value, Value) {
    let report = gateway.get("/v1/usage", key).json();
    let scopes = report["scopes"].as_array().unwrap();
    let found = scopes.iter().find(|own| own["scope"] == scope).unwrap_or_else(|| panic!("{report}"));
    let limits = found["limits"].as_array().unwrap();
    let limit = limits.iter().find(|limit| limit["unit"] == unit).unwrap_or_else(|| panic!("{report}"));
    (limit["used"].clone(), limit["reserved"].clone(), limit["remaining"].clone())
}

#[test]
fn an_exhausted_budget_names_team_and_environment_and_the_reset() {
    let mock = Mock::start();
    let mut config = config(&mock);
    config.0["teams"]["team-a"]["environments"]["prod"] =
        json!({"budgets": [{"usd": "0.000112", "per": "day", "alert_at": [0.5, 1.0]}]});
    let gateway = Gateway::start(&config);
    for _ in 0..2 {
        assert_eq!(gateway.chat(KEY, &call("chat")).status, 200);
    }
    let mut refused = gateway.chat(KEY, &call("chat"));
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&wait), "{wait}");
    assert_eq!(refused.header("x-should-retry"), if wait > 60 { Some("false") } else { None });
    let error = refused.json()["error"].clone();
    assert_eq!(error["code"], "budget_exceeded");
    let message = error["message"].as_str().unwrap();
    let expected = "Budget exceeded for team team-a in environment prod: 0.000112 of 0.000112 USD used this day, \
                    resets 20";
    assert!(message.starts_with(expected) && message.ends_with("T00:00:00Z"), "{message}");
    // Who is not of that environment is not limited by it.
    assert_eq!(gateway.chat(OTHER_KEY, &call("chat")).status, 200);
    assert_eq!(mock.log("a").len(), 3, "a refused call reaches no provider");

    let lines = gateway.access_log(4);
    assert_eq!(lines[0]["cost_usd"], "0.000056");
    assert_eq!(lines[0]["counted_input_tokens"], PROMPT_TOKENS);
    assert_eq!(lines[0]["counted_exactly"], true);
    assert_eq!(lines[2]["limit"], "team team-a in environment prod");
    assert_eq!(lines[2]["outcome"], "budget_exceeded");
    let labels = [("key", "team-a-prod"), ("model", "chat"), ("provider", "mock")];
    assert_eq!(gateway.metric("tollgate_cost_nano_usd", &labels), Some(2.0 * CALL_NANO_USD as f64));
    for threshold in ["50.0%", "100.0%"] {
        let labels = [("scope", "team team-a in environment prod"), ("threshold", threshold)];
        assert_eq!(gateway.metric("tollgate_limit_alerts", &labels), Some(1.0), "{threshold}");
    }
}

#[test]
fn rates_are_told_on_every_answer_and_refuse_what_is_beyond() {
    let mock = Mock::start();
    let mut config = config(&mock);
    config.0["keys"][0]["limits"] = json!({"requests": "3/hour", "tokens": "1000/min"});
    let gateway = Gateway::start(&config);
    let first = gateway.chat(KEY, &call("chat"));
    assert_eq!(first.header("x-ratelimit-limit-requests"), Some("3"));
    assert_eq!(first.header("x-ratelimit-remaining-requests"), Some("2"));
    assert!(first.header("x-ratelimit-reset-requests").is_some());
    assert_eq!(first.header("x-ratelimit-limit-tokens"), Some("1000"));
    // The prompt, and all that the answer may have, is reserved.
    assert_eq!(first.header("x-ratelimit-remaining-tokens"), Some("987"));
    for _ in 0..2 {
        assert_eq!(gateway.chat(KEY, &call("chat")).status, 200);
    }
    let mut refused = gateway.chat(KEY, &call("chat"));
    assert_eq!((refused.status, refused.header("x-ratelimit-remaining-requests")), (429, Some("0")));
    let error = refused.json()["error"].clone();
    assert_eq!(error["code"], "rate_limit_exceeded");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("Rate limit exceeded for key team-a-prod: 3 of 3 requests used this hour"),
        "{message}"
    );
    // More than the limit ever holds: waiting does not help, and that is said.
    config.0["keys"][0]["limits"] = json!({"tokens": "100/min"});
    gateway.configure(&config);
    let large =
        json!({"model": "chat", "max_tokens": 1000, "messages": [{"role": "user", "content": "hello"}]});
    gateway.wait_until("the reload", |gateway| gateway.chat(KEY, &large).status == 429);
    let never = gateway.chat(KEY, &large);
    assert_eq!((never.header("retry-after"), never.header("x-should-retry")), (None, Some("false")));
}

/// Many clients on several workers, some of which hang up, while the configuration is loaded anew: no unit more than
/// the limit is granted, and in the end the cells say what the provider says.
#[test]
fn no_limit_is_overshot_under_concurrency() {
    const CLIENTS: u64 = 64;
    const LIMIT: u64 = 13 * 700;
    let mock = Mock::start();
    let mut config = config(&mock);
    config.0["workers"] = json!(4);
    config.0["teams"]["team-a"]["budgets"] = json!([{"tokens": LIMIT, "per": "month"}]);
    config.0["organisation"] = json!({"budgets": [{"usd": "1", "per": "total"}]});
    config.0["keys"][0]["limits"] = json!({"requests": "100000/day"});
    mock.behave(
        "a",
        &json!({"prompt_tokens": PROMPT_TOKENS, "completion_tokens": ANSWER_TOKENS, "latency_ms": 3}),
    );
    let gateway = Gateway::start(&config);
    let (accepted, refused, abandoned) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (gateway, accepted, refused, abandoned) = (&gateway, &accepted, &refused, &abandoned);
            scope.spawn(move || {
                for turn in 0..24 {
                    if (number + turn) % 16 == 0 {
                        // Hangs up while the provider thinks.
                        let body = call("chat").to_string();
                        let mut stream = client::connect(gateway.address);
                        begin(&mut stream, &body);
                        thread::sleep(Duration::from_millis(2));
                        abandoned.fetch_add(1, Ordering::Relaxed);
                        continue;
                    }
                    match gateway.chat(KEY, &call("chat")).status {
                        200 => accepted.fetch_add(1, Ordering::Relaxed),
                        429 => refused.fetch_add(1, Ordering::Relaxed),
                        status => panic!("{status}"),
                    };
                }
            });
        }
        for round in 0..6 {
            thread::sleep(Duration::from_millis(150));
            let mut changed = Config(config.0.clone());
            changed.0["max_request_body"] = json!(format!("{}MiB", 2 + round));
            gateway.configure(&changed);
        }
    });
    let (accepted, refused) = (accepted.into_inner(), refused.into_inner());
    assert!(refused > 0, "the limit was reached: {accepted} accepted");
    assert!(accepted * 13 <= LIMIT, "{accepted} calls were accepted");
    // Those who hung up are settled when Envoy notices.
    let settled = |gateway: &Gateway| standing(gateway, KEY, "team team-a", "tokens").1 == 0;
    gateway.wait_until("everything is settled", settled);
    let lines = gateway.access_log((accepted + refused) as usize);
    let told = |line: &Value, field: &str| line[field].as_u64().unwrap_or(0);
    gateway.wait_until("every call is logged", |gateway| {
        let lines = gateway.access_log(lines.len());
        let used = standing(gateway, KEY, "team team-a", "tokens").0.as_u64().unwrap();
        lines.iter().map(|line| told(line, "input_tokens") + told(line, "output_tokens")).sum::<u64>() == used
    });
    let (used, _, _) = standing(&gateway, KEY, "team team-a", "tokens");
    assert!(used.as_u64().unwrap() <= LIMIT, "{used} of {LIMIT}");
}

#[test]
fn places_of_a_concurrency_are_freed_on_every_way_out() {
    let mock = Mock::start();
    let mut config = config(&mock);
    config.0["keys"][0]["limits"] = json!({"concurrency": 2});
    let gateway = Gateway::start(&config);
    mock.behave("a", &json!({"latency_ms": 60_000}));
    let hold = || {
        let mut stream = client::connect(gateway.address);
        begin(&mut stream, &call("chat").to_string());
        stream
    };
    let held = [hold(), hold()];
    gateway.wait_until("both are under way", |gateway| {
        standing(gateway, KEY, "key team-a-prod", "concurrency").1 == 2
    });
    let mut refused = gateway.chat(KEY, &call("chat"));
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(refused.json()["error"]["code"], "concurrency_limit_exceeded");
    drop(held);
    mock.behave("a", &json!({"status": 500}));
    // A provider's error, and a refusal by another scope, give their places back, too.
    gateway.wait_until("a place is free", |gateway| gateway.chat(KEY, &call("chat")).status == 500);
    gateway.wait_until("all are free", |gateway| {
        standing(gateway, KEY, "key team-a-prod", "concurrency").1 == 0
    });
}

#[test]
fn a_limit_that_only_observes_lets_pass_and_says_so() {
    let mock = Mock::start();
    let mut config = config(&mock);
    config.0["keys"][0]["limits"] = json!({"requests": "1/day", "mode": "observe"});
    let gateway = Gateway::start(&config);
    for _ in 0..3 {
        assert_eq!(gateway.chat(KEY, &call("chat")).status, 200);
    }
    let lines = gateway.access_log(3);
    assert_eq!(
        (&lines[0]["would_refuse"], &lines[2]["would_refuse"]),
        (&Value::Null, &json!("key team-a-prod"))
    );
    assert_eq!(gateway.metric("tollgate_would_refuse", &[("scope", "key team-a-prod")]), Some(2.0));
}

/// A call that lasts longer than its lease keeps what it has reserved.
#[test]
fn a_long_call_is_renewed() {
    let mock = Mock::start();
    let mut config = config(&mock);
    config.0["reservations"] = json!({"lease": "5s"});
    config.0["keys"][0]["budgets"] = json!([{"tokens": 20, "per": "day"}]);
    mock.behave("a", &json!({"latency_ms": 9_000, "prompt_tokens": 8, "completion_tokens": 1}));
    let gateway = Gateway::start(&config);
    let started = Instant::now();
    thread::scope(|scope| {
        let long = scope.spawn(|| gateway.chat(KEY, &call("chat")).status);
        while started.elapsed() < Duration::from_millis(8_000) {
            thread::sleep(Duration::from_millis(400));
            let (used, reserved, _) = standing(&gateway, KEY, "key team-a-prod", "tokens");
            assert_eq!((used, reserved), (json!(0), json!(13)), "after {:?}", started.elapsed());
        }
        assert_eq!(long.join().unwrap(), 200);
    });
    gateway.wait_until("it is settled", |gateway| {
        standing(gateway, KEY, "key team-a-prod", "tokens") == (json!(9), json!(0), json!(11))
    });
    assert!(started.elapsed() < PATIENCE);
}

/// A machine that dies takes the knowledge of its calls with it, but nothing stays blocked, and no limit is
/// overshot: what they had reserved is charged when its lease is over, and their places become free.
#[test]
fn a_crashed_machine_blocks_nothing_for_ever_and_grants_nothing_twice() {
    // One call of 13 tokens is answered, six are lost, and then there is room for three.
    const LIMIT: u64 = 13 * 10;
    let mock = Mock::start();
    let mut config = config(&mock);
    config.0["workers"] = json!(4);
    config.0["reservations"] = json!({"lease": "5s"});
    config.0["teams"]["team-a"]["budgets"] = json!([{"tokens": LIMIT, "per": "day"}]);
    config.0["keys"][0]["limits"] = json!({"concurrency": 6});
    let module =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("target/trap/wasm32-wasip1/release/tollgate.wasm");
    let gateway = Gateway::start_with(&module, &config);
    assert_eq!(gateway.chat(KEY, &call("chat")).status, 200);
    mock.behave("a", &json!({"latency_ms": 60_000}));
    let held: Vec<TcpStream> = (0..6)
        .map(|_| {
            let mut stream = client::connect(gateway.address);
            begin(&mut stream, &call("chat").to_string());
            stream
        })
        .collect();
    gateway.wait_until("all are under way", |gateway| {
        standing(gateway, KEY, "key team-a-prod", "concurrency").1 == 6
    });
    assert_eq!(gateway.chat(KEY, &call("chat")).status, 503);
    // Every worker has a machine of its own; connections are spread over them.
    for _ in 0..64 {
        let mut stream = client::connect(gateway.address);
        let headers = [("x-trap", "now"), ("content-type", "application/json")];
        client::write_request(&mut stream, "POST", "/v1/chat/completions", &headers, Some(b"{}"));
        let _ = stream.read(&mut [0; 64]);
    }
    drop(held);
    mock.behave("a", &json!({"prompt_tokens": PROMPT_TOKENS, "completion_tokens": ANSWER_TOKENS}));
    gateway.wait_until("the machines are back, and the leases over", |gateway| {
        let mut answer = gateway.get("/v1/usage", KEY);
        answer.status == 200
            && answer.text().contains("\"reserved\":0,\"resets_at\":null")
            && standing(gateway, KEY, "team team-a", "tokens").1 == 0
    });
    let used = standing(&gateway, KEY, "team team-a", "tokens").0.as_u64().unwrap();
    assert!((13..=13 * 7).contains(&used), "{used}");
    let mut answered = 0;
    while gateway.chat(KEY, &call("chat")).status == 200 {
        answered += 1;
    }
    assert_eq!(answered, (LIMIT - used) / 13, "what is left is granted, and no more");
}

/// The counts that OpenAI publishes for its own examples: its cookbook, "How to count tokens with tiktoken", sections
/// 6 and 7, prints what the API itself reported.
#[test]
fn prompts_count_as_openai_publishes() {
    let mock = Mock::start();
    let mut config = config(&mock).model("older", &[("mock", "gpt-4-0613", 0)]);
    config.0["tokens"] = json!({"count": "always"});
    let gateway = Gateway::start(&config);
    let named = |name: &str, content: &str| json!({"role": "system", "name": name, "content": content});
    let messages = json!([
        {"role": "system", "content": "You are a helpful, pattern-following assistant that translates corporate jargon into plain English."},
        named("example_user", "New synergies will help drive top-line growth."),
        named("example_assistant", "Things working well together will increase revenue."),
        named("example_user", "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage."),
        named("example_assistant", "Let's talk later when we're less busy about how to do better."),
        {"role": "user", "content": "This late pivot means we don't have time to boil the ocean for the client deliverable."},
    ]);
    let weather = json!([{"type": "function", "function": {
        "name": "get_current_weather",
        "description": "Get the current weather in a given location",
        "parameters": {"type": "object", "properties": {
            "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
            "unit": {"type": "string", "description": "The unit of temperature to return", "enum": ["celsius", "fahrenheit"]},
        }, "required": ["location"]},
    }}]);
    let question = json!([
        {"role": "system", "content": "You are a helpful assistant that can answer to questions about the weather."},
        {"role": "user", "content": "What's the weather like in San Francisco?"},
    ]);
    let cases = [
        (json!({"model": "chat", "messages": messages}), 124),
        (json!({"model": "older", "messages": messages}), 129),
        (json!({"model": "chat", "messages": question, "tools": weather}), 101),
        (json!({"model": "older", "messages": question, "tools": weather}), 105),
    ];
    for (request, _) in &cases {
        assert_eq!(gateway.chat(KEY, request).status, 200);
    }
    for (line, (request, tokens)) in gateway.access_log(cases.len()).iter().zip(&cases) {
        assert_eq!(line["counted_input_tokens"], *tokens, "{request}");
        assert_eq!(line["counted_exactly"], true, "{request}");
    }
}

/// A vocabulary that is not public: the count follows what the provider reports.
#[test]
fn counts_for_other_vocabularies_are_learnt_from_the_provider() {
    let mock = Mock::start();
    let mut config = config(&mock).model("other", &[("mock", "llama-3.1-70b", 0)]);
    config.0["tokens"] = json!({"count": "always", "ratios": {"llama": 1.0}});
    let gateway = Gateway::start(&config);
    let content = "The gateway counts what it sends before it sends it. ".repeat(8);
    let request = json!({"model": "other", "messages": [{"role": "user", "content": content}]});
    mock.behave("a", &json!({"prompt_tokens": 144, "completion_tokens": 1}));
    let calls = 120;
    for _ in 0..calls {
        assert_eq!(gateway.chat(KEY, &request).status, 200);
    }
    let lines = gateway.access_log(calls);
    let first = lines[0]["counted_input_tokens"].as_i64().unwrap();
    let last = lines[calls - 1]["counted_input_tokens"].as_i64().unwrap();
    assert!((first - 144).abs() > 20, "it did not know at first: {first}");
    assert!((last - 144).abs() <= 3, "it has learnt: {last}");
    assert_eq!(lines[0]["counted_exactly"], false);
    let text = gateway.metrics();
    assert!(text.contains("tollgate_token_estimate_error"), "the error is visible");
}
