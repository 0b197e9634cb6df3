//! Targets that have less time than others of their chain, and what an operator is shown of it all.

use serde_json::{Value, json};

use crate::gateway::{Config, Gateway, KEY, prompt, tollgate};
use crate::mock::Mock;

/// A chain whose first target has 400 ms for an attempt, and whose second has 20 s.
fn configuration(mock: &Mock) -> Config {
    let mut config = Config::new(&["quick", "patient"].map(|name| (name, mock.url(name))))
        .model("chat", &[("quick", "gpt-4o", 0), ("patient", "gpt-4o", 0)])
        .model("direct", &[("quick", "gpt-4o", 0), ("patient", "gpt-4o", 0)])
        .model("reverse", &[("patient", "gpt-4o", 0), ("quick", "gpt-4o", 0)]);
    for (model, quick) in [("chat", 0), ("reverse", 1)] {
        config.0["models"][model]["targets"][quick]["timeout"] = json!("400ms");
    }
    for name in ["quick", "patient"] {
        config.0["providers"][name]["ejection"] = json!({"failures": 1000});
    }
    config
}

#[test]
fn each_target_has_its_own_time() {
    let mock = Mock::start();
    let gateway = Gateway::start(&configuration(&mock));
    mock.behave("quick", &json!({"latency_ms": 20_000}));
    mock.behave("patient", &json!({"latency_ms": 1500}));
    for stream in [false, true] {
        let mut answer = gateway.chat(KEY, &prompt("chat", stream));
        assert_eq!((answer.status, answer.header("x-tollgate-provider")), (200, Some("patient")));
        assert_eq!(answer.header("x-tollgate-attempts"), Some("2"));
        assert!(answer.rest().1);
    }
    // The last one's time is over: the client is told so, and not in Envoy's words.
    mock.behave("patient", &json!({"status": 500}));
    let mut late = gateway.chat(KEY, &prompt("reverse", false));
    assert_eq!((late.status, late.json()["error"]["code"].clone()), (504, json!("provider_timeout")));
    assert_eq!(late.header("x-tollgate-unanswered"), None);
    let lines = gateway.access_log(3);
    assert_eq!(
        (&lines[0]["failed_attempts"], &lines[2]["failed_attempts"], &lines[2]["outcome"]),
        (
            &json!("quick:no_answer"),
            &json!("patient:server_error,quick:no_answer"),
            &json!("provider_timeout")
        )
    );
    let took = lines[0]["duration_ms"].as_u64().unwrap();
    assert!((1_900..6_000).contains(&took), "{took} ms");
    // No connection at all.
    mock.behave("quick", &json!({"reset": "before_headers"}));
    let mut refused = gateway.chat(KEY, &prompt("reverse", false));
    assert_eq!(
        (refused.status, refused.json()["error"]["code"].clone()),
        (503, json!("no_provider_available"))
    );
    // What the provider itself says is passed on.
    mock.behave("quick", &json!({"status": 529, "body": {"error": {"message": "come back later"}}}));
    let mut busy = gateway.chat(KEY, &prompt("reverse", false));
    assert_eq!((busy.status, busy.json()["error"]["message"].clone()), (529, json!("come back later")));
    // An answer that has begun in time may take as long as it likes.
    mock.behave("quick", &json!({"chunks": 12, "chunk_ms": 100}));
    let mut stream = gateway.chat(KEY, &prompt("chat", true));
    assert_eq!((stream.status, stream.header("x-tollgate-provider")), (200, Some("quick")));
    assert!(stream.rest().1);
}

/// A provider that sends its headers at once, and then nothing, has no more time than it is given.
#[test]
fn a_targets_own_time_reaches_to_the_first_bytes() {
    let mock = Mock::start();
    let mut config = configuration(&mock);
    config.0["models"]["overflowing"] = config.0["models"]["reverse"].clone();
    config.0["models"]["overflowing"]["on_context_overflow"] = json!("direct");
    let gateway = Gateway::start(&config);
    for stall in ["after_headers", "mid_stream"] {
        mock.behave("quick", &json!({ "stall": stall }));
        mock.behave("patient", &json!({"latency_ms": 500}));
        let mut answer = gateway.chat(KEY, &prompt("chat", false));
        assert_eq!((answer.status, answer.header("x-tollgate-provider")), (200, Some("patient")));
        assert_eq!(answer.header("x-tollgate-attempts"), Some("2"));
        assert!(answer.rest().1);
        // The last one is given up, too, and the client is told so at once.
        mock.behave("patient", &json!({"status": 500}));
        for model in ["reverse", "overflowing"] {
            let mut late = gateway.chat(KEY, &prompt(model, false));
            assert_eq!((late.status, late.json()["error"]["code"].clone()), (504, json!("provider_timeout")));
            assert_eq!(
                (late.header("x-tollgate-provider"), late.header("x-tollgate-attempts")),
                (Some("quick"), Some("2"))
            );
            assert_eq!(late.header("x-tollgate-unanswered"), None);
        }
    }
    mock.behave("quick", &json!({"stall": "after_headers"}));
    mock.behave("patient", &json!({}));
    let mut stream = gateway.chat(KEY, &prompt("chat", true));
    assert_eq!((stream.status, stream.header("x-tollgate-provider")), (200, Some("patient")));
    assert!(stream.rest().1);
    // What has begun in time goes on, and is not given up.
    mock.behave("quick", &json!({"chunks": 12, "chunk_ms": 100, "first_chunk_ms": 100}));
    let mut stream = gateway.chat(KEY, &prompt("chat", true));
    assert_eq!((stream.status, stream.header("x-tollgate-provider")), (200, Some("quick")));
    assert!(stream.rest().1);
    let lines = gateway.access_log(8);
    let told: Vec<_> = lines
        .iter()
        .map(|line| (&line["failed_attempts"], &line["outcome"], line["duration_ms"].as_u64()))
        .collect();
    for (place, failed, outcome) in [
        (0, json!("quick:timeout"), "ok"),
        (1, json!("patient:server_error,quick:timeout"), "provider_timeout"),
        (2, json!("patient:server_error,quick:timeout"), "provider_timeout"),
        (6, json!("quick:timeout"), "ok"),
        (7, Value::Null, "ok"),
    ] {
        assert_eq!((told[place].0, told[place].1), (&failed, &json!(outcome)), "{place}: {told:?}");
    }
    // The longest time of a target is 20 s.
    assert!(
        told.iter().all(|(_, _, took)| took.is_some_and(|took| (400..6_000).contains(&took))),
        "{told:?}"
    );
}

/// The way through the inner listener changes nothing that the provider sees.
#[test]
fn the_provider_sees_the_same_request() {
    let mock = Mock::start();
    let gateway = Gateway::start(&configuration(&mock));
    for model in ["direct", "chat"] {
        assert_eq!(gateway.chat(KEY, &prompt(model, false)).status, 200);
    }
    let log = mock.log("quick");
    let [direct, within] = log.as_slice() else { panic!("{log:?}") };
    for what in ["method", "path", "body"] {
        assert_eq!(direct[what], within[what]);
    }
    let sorted = |entry: &Value| {
        let mut fields: Vec<String> =
            entry["headers"].as_array().unwrap().iter().map(ToString::to_string).collect();
        fields.sort();
        fields
    };
    assert_eq!(sorted(direct), sorted(within));
}

#[test]
fn the_operator_is_shown_who_is_left_alone() {
    let mock = Mock::start();
    let mut config = configuration(&mock);
    config.0["providers"]["quick"]["ejection"] =
        json!({"failures": 3, "interval": "200ms", "cooldown": "60s"});
    mock.behave("quick", &json!({"latency_ms": 20_000}));
    let gateway = Gateway::start(&config);
    let status = |arguments: &[&str]| {
        let output =
            tollgate().arg("status").args(arguments).current_dir(&gateway.directory).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let states = |purpose: &Value| {
        let told: Value = serde_json::from_str(&status(&["gateway.yaml", "--json"])).unwrap();
        let target = told["targets"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["provider"] == "quick" && one["model"] == "gpt-4o" && one["for"] == *purpose);
        let target = target.unwrap_or_else(|| panic!("{told}"));
        (target["state"].clone(), target["ejections"].clone(), told["providers"]["quick"].clone())
    };
    let (within, chains) = (json!({"within": "400ms"}), json!("chains"));
    assert_eq!(states(&within).0, "healthy");
    for _ in 0..3 {
        assert_eq!(gateway.chat(KEY, &prompt("chat", false)).header("x-tollgate-attempts"), Some("2"));
    }
    gateway.wait_until("it is shown as ejected", |_| states(&within).0 == "ejected");
    let answer = gateway.chat(KEY, &prompt("chat", false));
    assert_eq!((answer.status, answer.header("x-tollgate-attempts")), (200, Some("1")));
    gateway.wait_until("the reasons are shown", |_| {
        states(&within).2["failed_attempts"] == json!({"no_answer": 3}) && states(&within).1 == 1
    });
    // Each time that a target is given has a state of its own.
    assert_eq!(states(&chains).0, "healthy");
    let table = status(&["--admin", &gateway.admin.to_string()]);
    let row = table.lines().find(|line| line.contains("within 400ms")).unwrap();
    assert!(row.starts_with("quick/gpt-4o") && row.contains("EJECTED"), "{table}");
    assert!(table.contains("quick: no_answer 3"), "{table}");
    let nobody = tollgate().args(["status", "--admin", "127.0.0.1:1"]).output().unwrap();
    assert_eq!(nobody.status.code(), Some(1));
}
