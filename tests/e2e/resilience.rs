//! Providers that come and go under load, bounds that hold, and whether the gateway itself is well.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client;
use crate::gateway::{Config, Gateway, KEY, prompt};
use crate::mock::Mock;
use crate::sustained::is_long;

/// Faults that another provider can make good, one after another in an order without a pattern, each for one request.
fn at_random(count: usize) -> Value {
    // Numerical Recipes' linear congruential generator; the upper bits are the better ones.
    let mut state: u32 = 1;
    let script = (0..count).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match state >> 29 {
            0 => json!({"status": 500, "times": 1}),
            1 => json!({"status": 529, "times": 1}),
            2 => json!({"reset": "before_headers", "times": 1}),
            3 => json!({"body": {"error": {"type": "overloaded_error", "message": "busy"}}, "times": 1}),
            _ => json!({"latency_ms": 1, "times": 1}),
        }
    });
    script.collect()
}

/// `TOLLGATE_LONG=1` makes it some minutes.
#[test]
fn nobody_notices_a_provider_that_fails_at_random() {
    const CLIENTS: usize = 8;
    const CALLS: usize = 150;
    let mock = Mock::start();
    let names = ["bad", "good", "other"];
    let providers = names.map(|name| (name, mock.url(name)));
    let mut config = Config::new(&providers)
        .model("chat", &[("bad", "gpt-4o", 1), ("good", "gpt-4o", 0), ("other", "gpt-4o", 0)]);
    // It is never left alone here, so that it goes on to fail.
    config.0["providers"]["bad"]["ejection"] = json!({"failures": 1000});
    for name in ["good", "other"] {
        mock.behave(name, &json!({"latency_ms": 1}));
    }
    let gateway = Gateway::start(&config);
    let (times, failed) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    for _ in 0..if is_long() { 100 } else { 1 } {
        mock.behave("bad", &at_random(CLIENTS * CALLS * 2));
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (gateway, times, failed) = (&gateway, &times, &failed);
                scope.spawn(move || {
                    for call in 0..CALLS {
                        let started = Instant::now();
                        let mut answer = gateway.chat(KEY, &prompt("chat", (client + call) % 2 == 0));
                        let complete = answer.rest().1;
                        let took = started.elapsed();
                        let attempts = answer.header("x-tollgate-attempts").unwrap_or_default().to_owned();
                        if answer.status != 200 || !complete {
                            failed.fetch_add(1, Ordering::Relaxed);
                        }
                        times.lock().unwrap().push((attempts, took));
                    }
                });
            }
        });
    }
    let times = times.into_inner().unwrap();
    let median = |attempts: &str| {
        let mut of: Vec<Duration> =
            times.iter().filter(|(made, _)| made == attempts).map(|(_, took)| *took).collect();
        of.sort();
        (of.len(), of.get(of.len() / 2).copied().unwrap_or_default())
    };
    for attempts in ["1", "2", "3"] {
        let (calls, median) = median(attempts);
        println!("{calls} calls of {attempts} attempts: median {median:?}");
    }
    assert_eq!(failed.into_inner(), 0, "of {} calls", times.len());
    assert!(median("2").0 > CALLS && median("3").0 > CALLS / 2, "many calls were failed over");
    // Goal: 5 ms for each failed attempt, beyond the provider's own millisecond. The bound leaves room for a machine
    // that does other things.
    let added = median("2").1.saturating_sub(median("1").1);
    assert!(added < Duration::from_millis(100), "a second attempt adds {added:?}");
}

/// Errors that hide behind status 200 count, too.
#[test]
fn a_target_is_ejected_as_its_provider_says() {
    let mock = Mock::start();
    let mut config = Config::new(&[("bad", mock.url("bad")), ("good", mock.url("good"))])
        .model("chat", &[("bad", "gpt-4o", 0), ("good", "gpt-4o", 0)]);
    config.0["providers"]["bad"]["ejection"] = json!({"failures": 3, "interval": "200ms", "cooldown": "2s"});
    config.0["workers"] = json!(1);
    mock.behave("bad", &json!({"body": {"error": {"message": "out of order"}}}));
    let gateway = Gateway::start(&config);
    let attempts = |gateway: &Gateway| {
        let answer = gateway.chat(KEY, &prompt("chat", false));
        assert_eq!(answer.status, 200);
        answer.header("x-tollgate-attempts").unwrap().to_owned()
    };
    for _ in 0..3 {
        assert_eq!(attempts(&gateway), "2");
    }
    // A worker tells Envoy's main thread of the third failure, and is told in turn to leave the target alone.
    let bad = [("envoy_cluster_name", "bad/gpt-4o")];
    gateway.wait_until("it is ejected", |gateway| {
        gateway.metric("envoy_cluster_outlier_detection_ejections_active", &bad) == Some(1.0)
    });
    for _ in 0..10 {
        assert_eq!(attempts(&gateway), "1", "an ejected target costs no attempt");
    }
    assert_eq!(mock.log("bad").len(), 3);
    mock.behave("bad", &json!({}));
    gateway.wait_until("it is back", |gateway| {
        gateway.chat(KEY, &prompt("chat", false)).header("x-tollgate-provider") == Some("bad")
    });
}

#[test]
fn a_provider_that_fails_its_health_checks_is_not_asked() {
    let mock = Mock::start();
    let mut config = Config::new(&[("sick", mock.url("sick")), ("good", mock.url("good"))])
        .model("chat", &[("sick", "gpt-4o", 0), ("good", "gpt-4o", 0)]);
    let check = json!({"path": "/instance/sick/v1/models", "interval": "1s", "timeout": "500ms"});
    config.0["providers"]["sick"]["health_check"] = check;
    config.0["providers"]["sick"]["ejection"] = json!({"failure_rate": 0.5});
    mock.behave("sick", &json!({"status": 503}));
    let gateway = Gateway::start(&config);
    let serves = |gateway: &Gateway, provider: &str| {
        let answer = gateway.chat(KEY, &prompt("chat", false));
        assert_eq!(answer.status, 200);
        answer.header("x-tollgate-provider") == Some(provider)
            && answer.header("x-tollgate-attempts") == Some("1")
    };
    gateway.wait_until("it is known to be sick", |gateway| serves(gateway, "good"));
    mock.behave("sick", &json!({}));
    gateway.wait_until("it is known to be well", |gateway| serves(gateway, "sick"));
}

#[test]
fn a_provider_is_asked_no_more_than_its_capacity_at_the_same_time() {
    let mock = Mock::start();
    let mut config = Config::new(&[("narrow", mock.url("narrow"))]).model("chat", &[("narrow", "gpt-4o", 0)]);
    config.0["providers"]["narrow"]["capacity"] = json!({"requests": 2});
    mock.behave("narrow", &json!({"latency_ms": 1500}));
    let gateway = Gateway::start(&config);
    let answers: Vec<(u16, Value)> = thread::scope(|scope| {
        let calls: Vec<_> = (0..5)
            .map(|_| {
                scope.spawn(|| {
                    let mut answer = gateway.chat(KEY, &prompt("chat", false));
                    (answer.status, answer.json()["error"]["code"].clone())
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let served = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(served, 2, "{answers:?}");
    let refused = (503, json!("no_provider_available"));
    assert_eq!(answers.iter().filter(|answer| **answer == refused).count(), 3, "{answers:?}");
    assert_eq!(mock.log("narrow").len(), 2);
}

#[test]
fn a_request_takes_no_longer_than_its_total_timeout() {
    let mock = Mock::start();
    let mut config = Config::new(&[("slow", mock.url("slow"))]).model("chat", &[("slow", "gpt-4o", 5)]);
    config.0["models"]["chat"]["total_timeout"] = json!("1s");
    config.0["models"]["chat"]["targets"][0]["timeout"] = json!("400ms");
    mock.behave("slow", &json!({"latency_ms": 20_000}));
    let gateway = Gateway::start(&config);
    let mut given_up = gateway.chat(KEY, &prompt("chat", false));
    assert_eq!((given_up.status, given_up.json()["error"]["code"].clone()), (504, json!("provider_timeout")));
    // An answer that has begun, and goes on for longer, is broken off.
    mock.behave("slow", &json!({"chunks": 200, "chunk_ms": 50}));
    let mut stream = gateway.chat(KEY, &prompt("chat", true));
    assert_eq!((stream.status, stream.rest().1), (200, false));
    let lines = gateway.access_log(2);
    assert_eq!((&lines[1]["outcome"], &lines[1]["flags"]), (&json!("interrupted"), &json!("UT")));
    assert!(
        lines.iter().all(|line| (900..5_000).contains(&line["duration_ms"].as_u64().unwrap())),
        "{lines:?}"
    );
}

/// A model may think for as long as it likes, and be slow as long as it is not silent.
#[test]
fn silence_before_the_first_word_is_no_stall() {
    let mock = Mock::start();
    let mut config = Config::new(&[("deep", mock.url("deep"))]).model("chat", &[("deep", "gpt-4o", 0)]);
    config.0["models"]["chat"]["stall_timeout"] = json!("500ms");
    mock.behave("deep", &json!({"first_chunk_ms": 1500, "chunks": 10, "chunk_ms": 150}));
    let gateway = Gateway::start(&config);
    let mut stream = gateway.chat(KEY, &prompt("chat", true));
    assert_eq!((stream.status, stream.rest().1), (200, true));
    assert_eq!(gateway.access_log(1)[0]["outcome"], "ok");
}

#[test]
fn a_rejected_credential_is_counted_and_told_of() {
    let mock = Mock::start();
    let config = Config::new(&[("locked", mock.url("locked"))]).model("chat", &[("locked", "gpt-4o", 2)]);
    mock.behave("locked", &json!({"status": 401, "headers": {"www-authenticate": "Bearer"}}));
    let gateway = Gateway::start(&config);
    let refused = gateway.chat(KEY, &prompt("chat", false));
    assert_eq!((refused.status, refused.header("x-should-retry")), (502, Some("false")));
    assert_eq!(refused.header("www-authenticate"), None);
    gateway.wait_until("it is counted", |gateway| {
        gateway.metric("tollgate_credential_rejected", &[("provider", "locked")]) == Some(1.0)
    });
    let told = "the provider locked does not accept its credential: status 401";
    gateway.wait_until("it is in the log", |gateway| gateway.run_log().contains(told));
}

#[test]
fn envoy_says_that_it_lives_and_whether_it_wants_requests() {
    let mock = Mock::start();
    let mut config = Config::new(&[("only", mock.url("only"))]).model("chat", &[("only", "gpt-4o", 0)]);
    config.0["overload"] = json!({"memory": "1GiB", "connections": 1000});
    let gateway = Gateway::start(&config);
    let ask = |path: &str| client::send(gateway.address, "GET", path, &[], None).status;
    assert_eq!((ask("/healthz"), ask("/readyz")), (200, 200));
    // What only looks like them needs a key.
    for path in ["/healthz/", "/healthzz", "/readyz/x", "/v1/models"] {
        assert_eq!(ask(path), 401, "{path}");
    }
    assert_eq!(client::send(gateway.admin, "POST", "/healthcheck/fail", &[], None).status, 200);
    assert_eq!((ask("/healthz"), ask("/readyz")), (200, 503));
    assert_eq!(gateway.chat(KEY, &prompt("chat", false)).status, 200, "who is there already is served");
}
