//! Models with one target, which need no adapter: everything that a client, a provider and an operator see is as with one.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{self, events};
use crate::failures::{BROKEN_OFF_AFTER, ENDLESS, Row, behaviours, metered, rows, said};
use crate::gateway::{Config, Gateway, KEY, prompt, provider_key, replace};
use crate::mock::{Mock, body, header_values};

/// Providers of every API that a client's dialect passes to, each with a model of its own, with adapters for all.
fn configuration(mock: &Mock) -> Config {
    let mut config = Config::new(&[("openai", mock.url("openai")), ("open", mock.url("open"))])
        .model("chat", &[("openai", "gpt-4o", 0)])
        .model("free", &[("open", "m", 0)]);
    config.0["providers"]["open"].as_object_mut().unwrap().remove("credential");
    for (name, api) in [("anthropic", "anthropic"), ("gemini", "gemini"), ("azure", "azure-openai")] {
        config.0["credentials"][name] = json!({"file": format!("{name}.key")});
        config.0["providers"][name] = json!({"api": api, "url": mock.root(name), "credential": name});
        config.0["models"][name] =
            json!({"targets": [{"provider": name, "model": "m-1", "retries": 0, "timeout": "20s"}]});
    }
    config.0["envoy"] = json!({"adapter": "chain"});
    config
}

/// As it is without a word in the file.
fn direct(mut config: Config) -> Config {
    config.0.as_object_mut().unwrap().remove("envoy");
    config
}

/// The same for an Envoy before 1.37.
fn by_aggregates(mut config: Config) -> Config {
    config.0["envoy"] = json!({"chains": "aggregate"});
    config
}

/// How many attempts a composite cluster makes, of those that a dump of Envoy's has.
fn clusters_of(dump: &Value, name: &str) -> usize {
    let all = dump["configs"].as_array().unwrap();
    let found = all.iter().find(|one| one["cluster"]["name"] == name);
    found.map_or(0, |one| {
        one["cluster"]["cluster_type"]["typed_config"]["clusters"].as_array().map_or(0, Vec::len)
    })
}

/// How many requests have gone past the adapters.
fn without_adapter(gateway: &Gateway, model: &str) -> u64 {
    let stats = client::send(gateway.admin, "GET", "/clusters?format=json", &[], None).json();
    // A chain's cluster has no host of its own, so what it counts is asked for.
    let names: Vec<&str> = stats["cluster_statuses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    let found = names.iter().find(|name| name.starts_with(&format!("direct:{model}:")));
    let Some(name) = found else { return 0 };
    let stats = client::send(gateway.admin, "GET", "/stats?filter=upstream_rq_completed", &[], None).text();
    let prefix = format!("cluster.{}.upstream_rq_completed: ", name.replace([':', '.'], "_"));
    stats.lines().find_map(|line| line.strip_prefix(&prefix)).map_or(0, |count| count.trim().parse().unwrap())
}

/// One call of every API in its own dialect: path, body.
fn calls() -> Vec<(&'static str, &'static str, Value)> {
    let mut calls = Vec::new();
    for stream in [false, true] {
        calls.push(("openai", "/v1/chat/completions", prompt("chat", stream)));
        calls.push(("open", "/v1/chat/completions", prompt("free", stream)));
        calls.push(("openai", "/v1/responses", json!({"model": "chat", "stream": stream, "input": "hello"})));
        calls.push(("azure", "/v1/chat/completions", prompt("azure", stream)));
        calls.push((
            "anthropic",
            "/v1/messages",
            // As its SDK sends it: the model behind a prompt that is longer than the head of a note.
            json!({"max_tokens": 9, "messages": [{"role": "user", "content": "x".repeat(3000)}], "model": "anthropic", "stream": stream}),
        ));
        let path = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
        let path: &'static str = Box::leak(format!("/v1beta/models/gemini:{path}").into_boxed_str());
        calls.push(("gemini", path, json!({"contents": [{"role": "user", "parts": [{"text": "hello"}]}]})));
    }
    calls.push(("openai", "/v1/embeddings", json!({"model": "chat", "input": "hello"})));
    calls
}

/// What a provider has received, in an order that does not matter.
fn received(entry: &Value) -> (Value, Vec<String>, Value) {
    let fields = entry["headers"].as_array().unwrap().iter();
    let mut fields: Vec<String> = fields
        .filter(|field| field[0] != "host")
        .map(|field| format!("{}: {}", field[0].as_str().unwrap(), field[1].as_str().unwrap()))
        .collect();
    fields.sort();
    (entry["path"].clone(), fields, body(entry))
}

/// The client, the provider, the access log and the metrics see the same as with an adapter.
#[test]
fn nobody_sees_a_difference() {
    let mock = Mock::start();
    let mut sides = Vec::new();
    let all = [configuration(&mock), direct(configuration(&mock)), by_aggregates(configuration(&mock))];
    for config in all {
        let is_direct = config.0["envoy"]["adapter"] != "chain";
        let gateway = Gateway::start(&config);
        let before: Vec<(&str, usize)> = ["openai", "open", "azure", "anthropic", "gemini"]
            .map(|name| (name, mock.log(name).len()))
            .to_vec();
        let mut answers = Vec::new();
        for (_, path, body) in calls() {
            let mut answer = gateway.post(path, KEY, &body);
            let status = answer.status;
            let told =
                ["content-type", "x-tollgate-model", "x-tollgate-provider", "x-tollgate-provider-model"]
                    .map(|name| answer.header(name).unwrap_or_default().to_owned());
            let attempts = answer.header("x-tollgate-attempts").unwrap_or_default().to_owned();
            let leaked: Vec<&str> =
                ["x-tollgate-unanswered", "x-tollgate-cluster", "x-envoy-upstream-service-time"]
                    .into_iter()
                    .filter(|name| answer.header(name).is_some())
                    .collect();
            assert!(leaked.is_empty(), "{path}: {leaked:?}");
            let (text, complete) = answer.rest();
            assert_eq!(
                (status, complete, attempts.as_str()),
                (200, true, "1"),
                "{path}: {}",
                String::from_utf8_lossy(&text)
            );
            answers.push((path, told));
        }
        let calls = calls().len();
        let lines: Vec<Value> = gateway
            .access_log(calls)
            .into_iter()
            .map(|line| {
                let names = [
                    "status",
                    "flags",
                    "detail",
                    "operation",
                    "model",
                    "provider",
                    "provider_model",
                    "attempts",
                    "stream",
                    "outcome",
                    "input_tokens",
                    "output_tokens",
                    "tokens_estimated",
                ];
                names.iter().map(|name| (name.to_string(), line[name].clone())).collect()
            })
            .collect();
        let mut sent = Vec::new();
        for (name, count) in before {
            for entry in &mock.log(name)[count..] {
                let text = entry.to_string();
                assert!(!text.contains("tg-team-a-prod-"), "{name} has seen the client's key: {text}");
                let keys =
                    ["openai", "anthropic", "gemini", "azure"].into_iter().filter(|other| *other != name);
                for other in keys {
                    assert!(
                        !text.contains(&provider_key(other)),
                        "{name} has seen the key of {other}: {text}"
                    );
                }
                let private = entry["headers"].as_array().unwrap().iter().filter(|field| {
                    let name = field[0].as_str().unwrap().to_ascii_lowercase();
                    name.starts_with("x-tollgate")
                        || name.starts_with("x-envoy")
                        || name.starts_with("x-forwarded")
                        || name == "x-request-id"
                });
                assert_eq!(private.count(), 0, "{text}");
                let fields = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];
                let held: Vec<String> = fields.iter().flat_map(|field| header_values(entry, field)).collect();
                assert_eq!(held.len(), usize::from(name != "open"), "{name}: {text}");
                sent.push((name, received(entry)));
            }
        }
        let count =
            ["chat", "free", "azure", "anthropic", "gemini"].map(|model| without_adapter(&gateway, model));
        assert_eq!(count.iter().sum::<u64>(), if is_direct { calls as u64 } else { 0 }, "{count:?}");
        let metrics: Vec<String> = gateway
            .metrics()
            .lines()
            .filter(|line| line.starts_with("tollgate_requests{") || line.starts_with("tollgate_tokens{"))
            .map(str::to_owned)
            .collect();
        assert!(!metrics.is_empty());
        sides.push((answers, lines, sent, metrics));
    }
    let [adapted, direct, aggregates] = &sides[..] else { panic!("three sides") };
    for direct in [direct, aggregates] {
        assert_eq!(adapted.0, direct.0);
        assert_eq!(adapted.1, direct.1);
        assert_eq!(adapted.2, direct.2);
        assert_eq!(adapted.3, direct.3);
    }
}

/// What a client says to steer the gateway reaches neither the route nor the provider.
#[test]
fn a_client_steers_nothing() {
    let mock = Mock::start();
    let gateway = Gateway::start(&direct(configuration(&mock)));
    let bearer = format!("Bearer {KEY}");
    let fields = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("x-tollgate-cluster", "direct:anthropic:anthropic/m-1"),
        ("x-tollgate-credential-openai", "sk-forged"),
        ("x-envoy-upstream-rq-per-try-timeout-ms", "1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-for", "192.0.2.1"),
        ("cookie", "session=1"),
    ];
    let text = prompt("chat", false).to_string();
    let answer =
        client::send(gateway.address, "POST", "/v1/chat/completions", &fields, Some(text.as_bytes()));
    assert_eq!((answer.status, answer.header("x-tollgate-provider")), (200, Some("openai")));
    let log = mock.log("openai");
    let text = log[0].to_string();
    for private in ["sk-forged", "direct:", "192.0.2.1", "session=1", KEY] {
        assert!(!text.contains(private), "{text}");
    }
}

#[test]
fn what_is_translated_goes_by_an_adapter() {
    let mock = Mock::start();
    let gateway = Gateway::start(&direct(configuration(&mock)));
    for stream in [false, true] {
        let answer = gateway.chat(KEY, &prompt("anthropic", stream));
        assert_eq!((answer.status, answer.header("x-tollgate-provider")), (200, Some("anthropic")));
    }
    assert_eq!(without_adapter(&gateway, "anthropic"), 0);
    assert_eq!(mock.log("anthropic").len(), 2);
    assert_eq!(header_values(&mock.log("anthropic")[0], "x-api-key"), [provider_key("anthropic")]);
}

/// A provider's credential that has no value is refused as ever, and one that is there again is used.
#[test]
fn a_missing_credential_is_refused() {
    let mock = Mock::start();
    let (mut sides, mut logged) = (Vec::new(), Vec::new());
    for config in [configuration(&mock), direct(configuration(&mock))] {
        let before = mock.log("openai").len();
        let gateway = Gateway::start(&config);
        let file = gateway.directory.join("openai.key");
        replace(&file, "\n");
        gateway.wait_until("the credential is gone", |gateway| {
            gateway.chat(KEY, &prompt("chat", false)).status != 200
        });
        let calls = mock.log("openai").len();
        let mut seen = Vec::new();
        for stream in [false, true] {
            let mut refused = gateway.chat(KEY, &prompt("chat", stream));
            let told = ["content-type", "x-tollgate-provider", "x-tollgate-attempts", "www-authenticate"]
                .map(|name| refused.header(name).unwrap_or_default().to_owned());
            assert!(refused.header("x-request-id").is_some());
            seen.push((refused.status, told, refused.json()));
        }
        assert_eq!(mock.log("openai").len(), calls, "nothing goes out without a key");
        replace(&file, &format!("{}\n", provider_key("openai")));
        gateway.wait_until("the credential is back", |gateway| {
            gateway.chat(KEY, &prompt("chat", false)).status == 200
        });
        let log = mock.log("openai");
        for entry in &log[before..] {
            assert_eq!(header_values(entry, "authorization"), [format!("Bearer {}", provider_key("openai"))]);
        }

        let path = gateway.directory.join("access.log");
        let refused = || -> Vec<String> {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            lines
                .filter(|line| line["status"] != 200)
                .map(|line| ["outcome", "provider", "attempts"].map(|name| line[name].to_string()).join(" "))
                .collect()
        };
        gateway.wait_until("the refusals are logged", |_| refused().len() >= 3);
        let refused: BTreeSet<String> = refused().into_iter().collect();
        assert_eq!(refused.len(), 1, "{refused:?}");
        logged.push(refused);
        sides.push(seen);
    }
    assert_eq!(sides[0], sides[1]);
    assert_eq!(logged[0], logged[1]);
}

/// Every fault of `docs/failures.md`, for a target that has one attempt and no adapter.
#[test]
fn every_fault_has_the_same_end() {
    let (mock, rows) = (Mock::start(), rows());
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut config = direct(Config::new(&[("good", mock.url("good"))]));
    let faults = behaviours();
    for (number, (fault, behaviour)) in faults.iter().enumerate() {
        let provider = format!("d{number}");
        mock.behave(&provider, behaviour);
        let url = match *fault {
            "connection refused" => format!("http://{nobody}"),
            "TLS failure" => format!("https://{}", mock.address),
            _ => mock.url(&provider),
        };
        let takes_time = fault.starts_with("stall") || *fault == ENDLESS;
        let timeout = if takes_time { "1s" } else { "20s" };
        config.0["providers"][&provider] = json!({"api": "openai", "url": url, "credential": "good"});
        let model = &mut config.0["models"][&provider];
        *model = json!({"targets": [{"provider": provider, "model": "m", "retries": 0, "timeout": timeout}]});
        match *fault {
            "stall in the middle" => model["stall_timeout"] = json!("1s"),
            ENDLESS => model["total_timeout"] = json!("4s"),
            _ => {}
        }
    }
    let gateway = Gateway::start(&config);
    let row = |fault: &str, stream: bool| -> Option<&Row> {
        let answer = if stream { "stream" } else { "plain" };
        rows.iter().find(|row| {
            row.fault == fault
                && ["any", answer].contains(&&*row.answer)
                && ["any", "same"].contains(&&*row.dialect)
        })
    };
    let played: Vec<(usize, bool)> =
        (0..faults.len()).flat_map(|number| [(number, false), (number, true)]).collect();
    let wrong: Vec<String> = thread::scope(|scope| {
        let (gateway, faults, row) = (&gateway, &faults, &row);
        let all: Vec<_> = played
            .iter()
            .map(|&(number, stream)| {
                scope.spawn(move || {
                    let fault = faults[number].0;
                    let (row, model) = (row(fault, stream)?, format!("d{number}"));
                    let request = json!({"model": model, "stream": stream, "max_tokens": 100,
                        "messages": [{"role": "user", "content": "hello"}]});
                    let mut answer = gateway.chat(KEY, &request);
                    let attempts = answer.header("x-tollgate-attempts").unwrap_or_default().to_owned();
                    let (bytes, complete) = answer.rest();
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let word = row.error.strip_suffix(BROKEN_OFF_AFTER).unwrap_or(&row.error);
                    let found = said(&text, word, stream && answer.status == 200, false);
                    let seen = (answer.status, attempts.as_str(), complete, found.as_str());
                    let expected = (row.status, "1", !row.error.ends_with("broken off"), word);
                    (seen != expected)
                        .then(|| format!("{fault}, {stream}: {seen:?}, not {expected:?}: {text}"))
                })
            })
            .collect();
        all.into_iter().filter_map(|one| one.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let calls = played.iter().filter(|(number, stream)| row(faults[*number].0, *stream).is_some()).count();
    let lines = gateway.access_log(calls);
    for (number, stream) in played {
        let fault = faults[number].0;
        let Some(row) = row(fault, stream) else { continue };
        let model = format!("d{number}");
        let line = lines.iter().find(|line| line["model"] == model.as_str() && line["stream"] == stream);
        let line = line.unwrap_or_else(|| panic!("no line for {fault}, {stream}"));
        assert_eq!(
            (line["outcome"].as_str(), metered(line)),
            (Some(&*row.outcome), &*row.metered),
            "{fault}, {stream}: {line}"
        );
    }
}

/// Envoy tries again by itself: the provider sees the same request, and the operator that there were two. A stream whose
/// failure shows only at its beginning goes by an adapter.
#[test]
fn a_plain_call_is_tried_again() {
    let mock = Mock::start();
    let models = |mut config: Config| {
        for (_, model) in config.0["models"].as_object_mut().unwrap() {
            model["targets"][0].as_object_mut().unwrap().remove("retries");
        }
        config
    };
    for config in [direct(configuration(&mock)), by_aggregates(configuration(&mock))] {
        let gateway = Gateway::start(&models(config));
        let (before, once) = (mock.log("azure").len(), json!({"status": 503, "times": 1}));
        mock.behave("azure", &once);
        let answer = gateway.chat(KEY, &prompt("azure", false));
        assert_eq!((answer.status, answer.header("x-tollgate-attempts")), (200, Some("2")));
        let log = &mock.log("azure")[before..];
        let [failed, served] = log else { panic!("{} calls", log.len()) };
        assert_eq!(received(failed), received(served));
        assert_eq!(header_values(served, "api-key"), [provider_key("azure")]);
        assert!(!served.to_string().contains("x-envoy-") && !served.to_string().contains("tg-team-a-prod-"));
        assert_eq!(without_adapter(&gateway, "azure"), 1);

        mock.behave("azure", &json!({"error_event": true, "times": 1}));
        let mut answer = gateway.chat(KEY, &prompt("azure", true));
        assert_eq!((answer.status, answer.header("x-tollgate-attempts")), (200, Some("2")));
        assert!(answer.rest().1);
        assert_eq!(without_adapter(&gateway, "azure"), 1);

        let lines = gateway.access_log(2);
        let told: Vec<_> = lines.iter().map(|line| (&line["attempts"], &line["failed_attempts"])).collect();
        assert_eq!(told, [(&json!(2), &json!("azure:retried")), (&json!(2), &json!("azure:server_error"))]);
        let failures = |reason| {
            gateway.metric("tollgate_attempt_failures", &[("provider", "azure"), ("reason", reason)])
        };
        gateway.wait_until("both are counted", |_| failures("retried") == Some(1.0));
        assert_eq!(failures("server_error"), Some(1.0));
    }
}

/// Envoy waits as long as the provider asks, if that is within the model's patience.
#[test]
fn a_provider_is_waited_for_without_an_adapter() {
    let mock = Mock::start();
    let mut config = direct(configuration(&mock));
    config.0["models"]["chat"]["targets"][0]["retries"] = json!(1);
    config.0["models"]["chat"]["patience"] = json!("2s");
    let gateway = Gateway::start(&config);
    for (seconds, waits) in [("1", true), ("60", false)] {
        mock.behave("openai", &json!({"status": 429, "headers": {"retry-after": seconds}, "times": 1}));
        let started = Instant::now();
        let answer = gateway.chat(KEY, &prompt("chat", false));
        assert_eq!((answer.status, answer.header("x-tollgate-attempts")), (200, Some("2")), "{seconds}");
        let took = started.elapsed();
        assert_eq!(took >= Duration::from_secs(1), waits, "{seconds}: {took:?}");
        assert!(took < Duration::from_secs(50), "{seconds}: {took:?}");
    }
    assert_eq!(without_adapter(&gateway, "chat"), 2);
}

/// The configuration changes under a stream, from one way to the other and to another provider.
#[test]
fn a_reload_changes_the_way() {
    let mock = Mock::start();
    mock.behave("openai", &json!({"chunks": 40, "chunk_ms": 100, "times": 1}));
    let gateway = Gateway::start(&direct(configuration(&mock)));
    let mut stream = gateway.chat(KEY, &prompt("chat", true));
    let mut text = String::from_utf8(stream.chunk().unwrap()).unwrap();
    assert_eq!(without_adapter(&gateway, "chat"), 1);

    let served_by = |gateway: &Gateway, provider: &str| {
        let answer = gateway.chat(KEY, &prompt("chat", false));
        // Files are taken up one after the other; no request goes astray in between.
        assert!([200, 503].contains(&answer.status), "{}", answer.status);
        answer.status == 200 && answer.header("x-tollgate-provider") == Some(provider)
    };
    let mut moved = direct(configuration(&mock));
    moved.0["models"]["chat"]["targets"][0]["provider"] = json!("azure");
    gateway.configure(&moved);
    gateway.wait_until("another provider serves it", |gateway| served_by(gateway, "azure"));
    for entry in mock.log("azure") {
        assert_eq!(header_values(&entry, "api-key"), [provider_key("azure")]);
        assert!(header_values(&entry, "authorization").is_empty());
    }
    gateway.configure(&configuration(&mock));
    gateway.wait_until("adapters are back", |gateway| served_by(gateway, "openai"));
    gateway.configure(&direct(configuration(&mock)));
    // What the policy of the moment led to stays once, and no longer.
    let clusters = || client::send(gateway.admin, "GET", "/clusters?format=json", &[], None).text();
    assert!(clusters().contains("direct:chat:azure/"));
    gateway.wait_until("and gone", |gateway| {
        served_by(gateway, "openai")
            && !clusters().contains("direct:chat:azure/")
            && without_adapter(gateway, "chat") > 0
    });

    text.push_str(&stream.text());
    assert_eq!(events(&text).last(), Some(&"[DONE]"));
    for entry in mock.log("openai") {
        assert_eq!(header_values(&entry, "authorization"), [format!("Bearer {}", provider_key("openai"))]);
        assert_eq!(body(&entry)["model"], "gpt-4o");
    }
}

/// A request that waits for a place, or for a service that is asked, leaves from another callback than that of its body; and
/// what was masked stays so.
#[test]
fn a_request_that_waited_is_whole() {
    let mock = Mock::start();
    let mut config = direct(configuration(&mock));
    config.0["credentials"]["guard"] = json!({"file": "guard.key"});
    config.0["redaction"] = json!({"restore": true});
    config.0["guard"] = json!({"external": {"url": format!("{}/check", mock.root("guard")), "kind": "http",
        "timeout": "5s", "on_error": "block", "credential": "guard"}});
    config.0["queue"] = json!({"wait": "10s"});
    config.0["organisation"] = json!({"limits": {"concurrency": 1}});
    mock.behave("guard", &json!({"status": 200, "body": {"action": "pass"}}));
    mock.behave("openai", &json!({"chunks": 5, "chunk_ms": 50}));
    let gateway = Gateway::start(&config);
    let ask = |stream: bool| {
        let asked = json!({"model": "chat", "stream": stream,
            "messages": [{"role": "user", "content": "Mail ann@corp.example, please."}]});
        let mut answer = gateway.chat(KEY, &asked);
        let (_, complete) = answer.rest();
        (answer.status, complete)
    };
    let answers: Vec<_> = thread::scope(|scope| {
        let ask = &ask;
        let all: Vec<_> = (0..6).map(|number| scope.spawn(move || ask(number % 2 == 0))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(answers, [(200, true); 6]);
    let log = mock.log("openai");
    assert_eq!(log.len(), 6);
    for entry in log {
        let sent = body(&entry);
        assert_eq!(
            (&sent["model"], &sent["messages"][0]["content"]),
            (&json!("gpt-4o"), &json!("Mail [EMAIL_ADDRESS_1], please."))
        );
        assert_eq!(
            header_values(&entry, "content-length"),
            [entry["body"].as_str().unwrap().len().to_string()]
        );
    }
    assert!(without_adapter(&gateway, "chat") == 6);
}

/// Both roles give up answers that have begun and say nothing, each by its own timer: also when both do at once, and each alone
/// after that.
#[test]
fn held_answers_of_both_roles_are_given_up() {
    let mock = Mock::start();
    let mut config = Config::new(&["quick", "patient"].map(|name| (name, mock.url(name))))
        .model("lone", &[("quick", "gpt-4o", 0)])
        .model("chain", &[("quick", "gpt-4o", 0), ("patient", "gpt-4o", 0)]);
    config.0["models"]["lone"]["targets"][0]["timeout"] = json!("1s");
    config.0["models"]["chain"]["targets"][0]["timeout"] = json!("400ms");
    config.0["providers"]["quick"]["ejection"] = json!({"failures": 1000});
    let gateway = Gateway::start(&config);
    mock.behave("quick", &json!({"stall": "after_headers"}));
    for round in [&["lone", "chain"][..], &["chain"], &["lone"], &["chain", "lone"], &["lone"], &["chain"]] {
        thread::scope(|scope| {
            // More than there are workers, so that each has some of each.
            for model in round.iter().copied().cycle().take(8) {
                let gateway = &gateway;
                scope.spawn(move || {
                    let mut answer = gateway.chat(KEY, &prompt(model, false));
                    let served = answer.header("x-tollgate-provider").unwrap_or_default().to_owned();
                    let expected = if model == "lone" { (504, "quick") } else { (200, "patient") };
                    assert_eq!((answer.status, served.as_str()), expected, "{model} in {round:?}");
                    assert!(answer.rest().1);
                });
            }
        });
    }
    assert_eq!(without_adapter(&gateway, "lone"), 16 + 8);
}

/// A model is given a retry, then another target, and loses both again: no call notices.
#[test]
fn no_call_is_lost_when_a_model_needs_an_adapter_from_now_on() {
    let mock = Mock::start();
    let base = || Config::new(&["one", "other"].map(|name| (name, mock.url(name))));
    let gateway = Gateway::start(&base().model("chat", &[("one", "gpt-4o", 0)]));
    let (is_over, calls) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let mut answer = gateway.chat(KEY, &prompt("chat", false));
                    let text = answer.text();
                    assert_eq!(answer.status, 200, "{text}");
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let chains: [&[(&str, &str, u32)]; 4] = [
            &[("one", "gpt-4o", 1)],
            &[("one", "gpt-4o", 0)],
            &[("one", "gpt-4o", 0), ("other", "gpt-4o", 0)],
            &[("one", "gpt-4o", 0)],
        ];
        for chain in chains {
            gateway.configure(&base().model("chat", chain));
            let before = calls.load(Ordering::Relaxed);
            gateway.wait_until("Envoy has the file, and calls go on", |gateway| {
                let path = "/config_dump?resource=dynamic_active_clusters";
                let clusters = client::send(gateway.admin, "GET", path, &[], None).json();
                let is_direct = chain.len() == 1;
                let attempts = clusters_of(&clusters, "model/chat");
                let expected = chain.iter().map(|link| 1 + link.2 as usize).sum::<usize>();
                attempts == expected
                    && (!is_direct || without_adapter(gateway, "chat") > 0)
                    && calls.load(Ordering::Relaxed) > before + 400
            });
        }
        is_over.store(true, Ordering::Relaxed);
    });
}
