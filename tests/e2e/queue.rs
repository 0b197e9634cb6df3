//! Calls that wait on the real Envoy for a place where a concurrency is full.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{self, Answer};
use crate::gateway::{Config, Gateway, KEY, OTHER_KEY, prompt};
use crate::mock::Mock;

/// A gateway where the two keys together have `places` places, in front of a provider that takes so many
/// milliseconds for each answer.
fn config(mock: &Mock, limits: &Value, queue: &Value, latency_ms: u64) -> Config {
    mock.behave("a", &json!({"latency_ms": latency_ms}));
    let mut config = Config::new(&[("mock", mock.url("a"))]).model("chat", &[("mock", "gpt-4o", 0)]);
    config.0["organisation"] = json!({ "limits": limits });
    config.0["queue"] = queue.clone();
    // One worker, so that one queue has all who wait.
    config.0["workers"] = json!(1);
    config
}

/// Sends a call and does not wait for the answer.
fn begin(gateway: &Gateway, key: &str) -> TcpStream {
    let mut stream = client::connect(gateway.address);
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = prompt("chat", false).to_string();
    client::write_request(&mut stream, "POST", "/v1/chat/completions", &headers, Some(body.as_bytes()));
    stream
}

/// The places that are taken.
fn taken(gateway: &Gateway) -> Value {
    let report = gateway.get("/v1/usage", KEY).json();
    report["scopes"][0]["limits"][0]["reserved"].clone()
}

/// Sends so many calls of one key at the same time; the answers with the time that each took.
fn together(gateway: &Gateway, count: usize) -> Vec<(Answer, Duration)> {
    let start = Instant::now();
    thread::scope(|scope| {
        let calls: Vec<_> = (0..count)
            .map(|_| scope.spawn(|| (Answer::read(begin(gateway, KEY)), start.elapsed())))
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    })
}

#[test]
fn calls_wait_for_each_other_and_all_are_served() {
    for workers in [1, 2] {
        let mock = Mock::start();
        let mut config = config(&mock, &json!({"concurrency": 2}), &json!({"wait": "20s"}), 300);
        config.0["workers"] = json!(workers);
        let gateway = Gateway::start(&config);
        let mut times = Vec::new();
        for (answer, time) in together(&gateway, 6) {
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("x-tollgate-provider"), Some("mock"));
            times.push(time);
        }
        times.sort();
        // Two at a time: the last two are the third pair, each pair after the one before it.
        for (place, time) in times.iter().enumerate() {
            assert!(*time >= Duration::from_millis(300) * (place as u32 / 2 + 1), "{times:?}");
        }
        assert!(times[5] < Duration::from_secs(10), "{times:?}");
        assert_eq!(mock.log("a").len(), 6);
        let queued: Vec<Value> = gateway.access_log(6).iter().map(|line| line["queued_ms"].clone()).collect();
        assert_eq!(queued.iter().filter(|queued| queued.is_null()).count(), 2, "{queued:?}");
        assert!(queued.iter().filter_map(Value::as_u64).all(|queued| queued >= 250), "{queued:?}");
        gateway.wait_until("all places are free", |gateway| taken(gateway) == 0);
    }
}

#[test]
fn who_waits_for_too_long_or_finds_the_queue_full_is_refused() {
    let mock = Mock::start();
    let mut config = config(&mock, &json!({"concurrency": 1}), &json!({"wait": "200ms"}), 1500);
    let gateway = Gateway::start(&config);
    let refused = |gateway: &Gateway| {
        let answers = together(gateway, 3);
        let mut refused: Vec<_> = answers.into_iter().filter(|(answer, _)| answer.status != 200).collect();
        assert_eq!(refused.len(), 2);
        for (answer, _) in &mut refused {
            assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
            assert_eq!(answer.json()["error"]["code"], "concurrency_limit_exceeded");
        }
        gateway.wait_until("the place is free", |gateway| taken(gateway) == 0);
        refused.into_iter().map(|(_, time)| time).max().unwrap()
    };
    let waited = refused(&gateway);
    assert!((Duration::from_millis(200)..Duration::from_millis(1400)).contains(&waited), "{waited:?}");
    // Room for one that waits, and time enough; the other is refused while the first is still under way.
    config.0["queue"] = json!({"wait": "20s", "length": 1});
    config.0["max_request_body"] = json!("1MiB");
    gateway.configure(&config);
    let large = "x".repeat(2 << 20);
    let large = json!({"model": "chat", "messages": [{"role": "user", "content": large}]});
    gateway.wait_until("the reload", |gateway| gateway.chat(OTHER_KEY, &large).status == 413);
    let mut statuses: Vec<_> = together(&gateway, 3).iter().map(|(answer, _)| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 503]);
}

#[test]
fn a_call_of_high_priority_overtakes() {
    let mock = Mock::start();
    let mut config = config(&mock, &json!({"concurrency": 1}), &json!({"wait": "20s"}), 400);
    config.0["keys"][1]["priority"] = json!("high");
    let gateway = Gateway::start(&config);
    let first = begin(&gateway, KEY);
    gateway.wait_until("the first has the place", |gateway| taken(gateway) == 1);
    let normal = [begin(&gateway, KEY), begin(&gateway, KEY)];
    thread::sleep(Duration::from_millis(100));
    let high = begin(&gateway, OTHER_KEY);
    for stream in [first, high].into_iter().chain(normal) {
        assert_eq!(Answer::read(stream).status, 200);
    }
    let keys: Vec<Value> = gateway
        .access_log(4)
        .iter()
        .filter(|line| line["operation"] == "chat")
        .map(|line| line["key"].clone())
        .collect();
    assert_eq!(keys, ["team-a-prod", "team-b-dev", "team-a-prod", "team-a-prod"]);
}

#[test]
fn places_reserved_for_high_priority_stay_free_for_it() {
    let mock = Mock::start();
    let limits = json!({"concurrency": 2, "reserved_for_high": 1});
    let mut config = config(&mock, &limits, &json!({"wait": "0s"}), 60_000);
    config.0["keys"][1]["priority"] = json!("high");
    let gateway = Gateway::start(&config);
    let _normal = begin(&gateway, KEY);
    gateway.wait_until("one is under way", |gateway| taken(gateway) == 1);
    assert_eq!(gateway.chat(KEY, &prompt("chat", false)).status, 503);
    let _high = begin(&gateway, OTHER_KEY);
    gateway.wait_until("two are under way", |gateway| taken(gateway) == 2);
    assert_eq!(gateway.chat(OTHER_KEY, &prompt("chat", false)).status, 503);
}

#[test]
fn who_hangs_up_while_waiting_frees_its_place() {
    let mock = Mock::start();
    let queue = json!({"wait": "20s", "length": 1});
    let gateway = Gateway::start(&config(&mock, &json!({"concurrency": 1}), &queue, 2_000));
    let first = begin(&gateway, KEY);
    gateway.wait_until("the first has the place", |gateway| taken(gateway) == 1);
    let impatient = begin(&gateway, KEY);
    thread::sleep(Duration::from_millis(100));
    assert_eq!(gateway.chat(KEY, &prompt("chat", false)).status, 503, "one waits already");
    drop(impatient);
    gateway.wait_until("it is noticed", |gateway| {
        gateway
            .access_log(0)
            .iter()
            .any(|line| line["outcome"] == "abandoned" && line["queued_ms"] != json!(null))
    });
    let patient = begin(&gateway, KEY);
    assert_eq!(Answer::read(first).status, 200);
    assert_eq!(Answer::read(patient).status, 200);
    gateway.wait_until("the place is free", |gateway| taken(gateway) == 0);
    assert_eq!(mock.log("a").len(), 2, "who hung up reached no provider");
}

/// What waits when the configuration is loaded anew is served all the same.
#[test]
fn a_reload_forgets_nobody_who_waits() {
    let mock = Mock::start();
    let mut config = config(&mock, &json!({"concurrency": 1}), &json!({"wait": "20s"}), 1_500);
    let gateway = Gateway::start(&config);
    let first = begin(&gateway, KEY);
    gateway.wait_until("the first has the place", |gateway| taken(gateway) == 1);
    let waiting = begin(&gateway, KEY);
    thread::sleep(Duration::from_millis(100));
    config.0["max_request_body"] = json!("1MiB");
    gateway.configure(&config);
    assert_eq!(Answer::read(first).status, 200);
    assert_eq!(Answer::read(waiting).status, 200);
    gateway.wait_until("the place is free", |gateway| taken(gateway) == 0);
}
