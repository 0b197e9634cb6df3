//! Editing gateway.yaml: applied while traffic flows, or refused with the last good one in force.

use std::fs;
use std::iter;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{self, Answer, events};
use crate::gateway::{Config, Gateway, KEY, OTHER_KEY, PATIENCE, prompt, replace};
use crate::mock::Mock;

fn config(mock: &Mock) -> Config {
    Config::new(&[("mock", mock.url("a"))]).model("small", &[("mock", "mock-small", 1)])
}

fn without_key(mut config: Config, id: &str) -> Config {
    config.0["keys"].as_array_mut().unwrap().retain(|key| key["id"] != id);
    config
}

/// What README promises.
const PROMISED: Duration = Duration::from_secs(1);

/// A connection that is used for one call after the other: of them, those that have no body leave it open in any case.
struct Kept(Option<TcpStream>);

impl Kept {
    fn open(gateway: &Gateway) -> Self {
        Self(Some(client::connect(gateway.address)))
    }

    /// Lists the models by a key.
    fn ask(&mut self, key: &str) -> u16 {
        let mut stream = self.0.take().unwrap();
        let headers = [("authorization", &*format!("Bearer {key}"))];
        client::write_request(&mut stream, "GET", "/v1/models", &headers, None);
        let mut answer = Answer::read(stream);
        assert_eq!(answer.header("connection"), None, "the connection is being closed");
        let status = answer.status;
        answer.bytes();
        self.0 = Some(answer.into_stream());
        status
    }
}

/// How many connections the worker has at present.
fn connections(gateway: &Gateway, worker: usize) -> u64 {
    let name = format!("listener.127.0.0.1_{}.worker_{worker}.downstream_cx_active", gateway.address.port());
    let stats = client::send(gateway.admin, "GET", &format!("/stats?filter={name}"), &[], None).text();
    stats
        .trim()
        .strip_prefix(&format!("{name}: "))
        .unwrap_or_else(|| panic!("{name}: {stats}"))
        .parse()
        .unwrap()
}

/// Removes the other key and calls by it, on new connections and on these, until ten rounds of calls, none of which began
/// within the time that was promised, were all refused. When the last call began that was accepted.
fn removal(gateway: &Gateway, mock: &Mock, kept: &mut [Kept]) -> Duration {
    gateway.configure(&without_key(config(mock), "team-b-dev"));
    let edited = Instant::now();
    let (mut accepted, mut rounds) = (Duration::ZERO, 0);
    while rounds < 10 {
        assert!(edited.elapsed() < PATIENCE, "{}", gateway.run_log());
        let begun = edited.elapsed();
        let mut statuses = Vec::new();
        for connection in &mut *kept {
            statuses.push((edited.elapsed(), connection.ask(OTHER_KEY)));
        }
        for _ in 0..4 {
            statuses.push((edited.elapsed(), gateway.chat(OTHER_KEY, &prompt("small", false)).status));
        }
        assert!(statuses.iter().all(|(_, status)| [200, 401].contains(status)), "{statuses:?}");
        match statuses.iter().rfind(|(_, status)| *status == 200) {
            Some((sent, _)) => (accepted, rounds) = (*sent, 0),
            None => rounds += u32::from(begun >= PROMISED),
        }
    }
    accepted
}

/// Everywhere: on connections that are new and on such as were there, and so on each worker. A machine that is busy with
/// other things than Envoy may take longer now and then, not each time.
#[test]
fn a_removed_key_is_refused_within_a_second_and_its_stream_finishes() {
    let mock = Mock::start();
    mock.behave("a", &json!({"chunks": 100, "chunk_ms": 100, "times": 1}));
    let gateway = Gateway::start(&config(&mock));
    let mut stream = gateway.chat(OTHER_KEY, &prompt("small", true));
    assert!(stream.chunk().is_some());
    let reader = thread::spawn(move || -> Vec<(Instant, Vec<u8>)> {
        iter::from_fn(|| stream.chunk()).map(|piece| (Instant::now(), piece)).collect()
    });
    let mut kept = Vec::new();
    // One connection of them is the stream's.
    while (0..2).any(|worker| connections(&gateway, worker) < 4) {
        kept.push(Kept::open(&gateway));
        assert_eq!(kept.last_mut().unwrap().ask(OTHER_KEY), 200);
    }
    assert_eq!(gateway.chat(OTHER_KEY, &prompt("small", false)).status, 200);

    let mut took = vec![removal(&gateway, &mock, &mut kept)];
    let ended = Instant::now();
    assert_eq!(mock.log("a")[0]["ended"], "in_progress", "the stream is over before the calls are");
    while took.last().is_some_and(|took| *took >= PROMISED) {
        assert!(took.len() < 5, "the key is accepted for longer than {PROMISED:?}: {took:?}");
        gateway.configure(&config(&mock));
        let back = Instant::now();
        while !kept.iter_mut().all(|one| one.ask(OTHER_KEY) == 200) {
            assert!(back.elapsed() < PATIENCE, "{}", gateway.run_log());
        }
        took.push(removal(&gateway, &mock, &mut kept));
    }
    assert_eq!(kept[0].ask(KEY), 200);

    let pieces = reader.join().unwrap();
    assert!(pieces.iter().any(|(at, _)| *at > ended));
    let text = String::from_utf8(pieces.into_iter().flat_map(|(_, piece)| piece).collect()).unwrap();
    assert_eq!(events(&text).last(), Some(&"[DONE]"));
    let contents = events(&text).iter().filter(|data| data.contains("\"content\"")).count();
    assert!(contents >= 99, "{text}");
    assert_eq!(gateway.chat(KEY, &prompt("small", false)).status, 200);
    gateway.wait_until("the stream is metered", |gateway| {
        let lines = gateway.access_log(4);
        lines
            .iter()
            .any(|line| line["stream"] == true && line["outcome"] == "ok" && line["key"] == "team-b-dev")
    });
    gateway.wait_until("the change is confirmed", |gateway| gateway.run_log().contains("tollgate: applied"));
}

#[test]
fn a_bad_file_changes_nothing() {
    let mock = Mock::start();
    let gateway = Gateway::start(&config(&mock));
    let mut wrong = config(&mock);
    wrong.0["models"]["small"]["targets"][0]["provider"] = "mok".into();
    gateway.configure(&wrong);
    gateway.wait_until("the problem is reported", |gateway| gateway.run_log().contains("stays in force"));
    let log = gateway.run_log();
    assert!(log.contains("mok") && log.contains("did you mean `mock`?"), "{log}");
    gateway.write("version: 1\n\tlisten: x");
    assert_eq!(gateway.chat(KEY, &prompt("small", false)).status, 200);
    gateway.configure(&config(&mock).model("new", &[("mock", "mock-new", 0)]));
    gateway.wait_until("the next good file is applied", |gateway| {
        gateway.chat(KEY, &prompt("new", false)).status == 200
    });
}

/// A new model, a new provider and a new limit change clusters and routes; connections and streams stay.
#[test]
fn models_come_and_go_on_connections_that_stay() {
    let mock = Mock::start();
    mock.behave("a", &json!({"chunks": 40, "chunk_ms": 100, "times": 1}));
    let gateway = Gateway::start(&config(&mock));
    let mut stream = gateway.chat(KEY, &prompt("small", true));
    let mut text = String::from_utf8(stream.chunk().unwrap()).unwrap();
    let bearer = format!("Bearer {KEY}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let mut connection = client::connect(gateway.address);
    let call = |connection: &mut Option<TcpStream>, model: &str| {
        let mut stream = connection.take().unwrap();
        let body = prompt(model, false).to_string();
        client::write_request(&mut stream, "POST", "/v1/chat/completions", &headers, Some(body.as_bytes()));
        let mut answer = Answer::read(stream);
        assert_eq!(answer.header("connection"), None, "the connection is being closed");
        let status = answer.status;
        answer.bytes();
        *connection = Some(answer.into_stream());
        status
    };
    let mut kept = Some(std::mem::replace(&mut connection, client::connect(gateway.address)));
    assert_eq!(call(&mut kept, "small"), 200);
    assert_eq!(call(&mut kept, "new"), 404);

    let mut changed = Config::new(&[("other", mock.url("b"))]).model("new", &[("other", "mock-new", 1)]);
    changed.0["max_request_body"] = "1MiB".into();
    fs::write(gateway.directory.join("other.key"), "sk-other").unwrap();
    gateway.configure(&changed);
    let edited = Instant::now();
    while call(&mut kept, "new") != 200 {
        assert!(edited.elapsed() < Duration::from_secs(10), "{}", gateway.run_log());
    }
    assert_eq!(call(&mut kept, "small"), 404);
    text.push_str(&stream.text());
    assert_eq!(events(&text).last(), Some(&"[DONE]"), "the stream on the removed model finishes");
}

/// Files are taken up one after the other; a request that falls between them is told so in its own dialect.
#[test]
fn a_model_whose_cluster_is_gone_is_a_clear_error() {
    let mock = Mock::start();
    let gateway = Gateway::start(&config(&mock));
    assert_eq!(gateway.chat(KEY, &prompt("small", false)).status, 200);
    replace(&gateway.directory.join("state/clusters.json"), r#"{"resources": []}"#);
    gateway.wait_until("the cluster is gone", |gateway| {
        let mut answer = gateway.chat(KEY, &prompt("small", false));
        answer.status == 503 && answer.json()["error"]["code"] == "no_provider_available"
    });
}

/// What only Envoy finds wrong is told of, what was there stays, and the next good file is taken.
#[test]
fn what_envoy_refuses_changes_nothing() {
    let mock = Mock::start();
    let gateway = Gateway::start(&config(&mock));
    let file = gateway.directory.join("gateway.yaml");
    let mut refused: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    refused["access_log"] = json!(gateway.directory.join("missing").join("access.log"));
    gateway.write(&refused.to_string());
    gateway.wait_until("it is told of", |gateway| {
        gateway.run_log().contains("Envoy refused a part of revision")
    });
    assert_eq!(gateway.chat(OTHER_KEY, &prompt("small", false)).status, 200);
    gateway.configure(&without_key(config(&mock), "team-b-dev"));
    gateway.wait_until("the next file is taken", |gateway| {
        gateway.chat(OTHER_KEY, &prompt("small", false)).status == 401
    });
    assert_eq!(gateway.chat(KEY, &prompt("small", false)).status, 200);
}

/// A listener that is another closes the connections of its clients in time; how long a model may take is no matter of it.
#[test]
fn a_change_of_a_timeout_leaves_the_listener_alone() {
    let mock = Mock::start();
    let mut config = config(&mock);
    let gateway = Gateway::start(&config);
    let mut kept = Kept::open(&gateway);
    assert_eq!(kept.ask(KEY), 200);
    config.0["models"]["small"]["targets"][0]["timeout"] = json!("300s");
    gateway.configure(&config);
    gateway.wait_until("it is applied", |gateway| gateway.run_log().contains("tollgate: applied"));
    assert_eq!(kept.ask(KEY), 200);
    let path = "/stats?filter=listener_manager.listener_(modified%7Cin_place_updated)";
    let stats = client::send(gateway.admin, "GET", path, &[], None).text();
    let counts: Vec<&str> =
        stats.lines().filter_map(|line| line.split_once(": ")).map(|(_, count)| count).collect();
    assert_eq!(counts, ["0", "0"], "{stats}");
}
