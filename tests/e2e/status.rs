//! How the providers do, as an operator asks the gateway itself.

use serde_json::{Value, json};

use crate::client::{self, Answer};
use crate::gateway::{Config, Gateway, KEY, OTHER_KEY, prompt, tollgate};
use crate::mock::Mock;

fn configuration(mock: &Mock) -> Config {
    let providers = ["bad", "good"].map(|name| (name, mock.url(name)));
    let mut config = Config::new(&providers).model("chat", &[("bad", "gpt-4o", 0), ("good", "gpt-4o", 0)]);
    config.0["providers"]["bad"]["ejection"] = json!({"failures": 3, "interval": "200ms", "cooldown": "60s"});
    // The other key is the operator's.
    config.0["keys"][1]["operator"] = json!(true);
    config
}

fn of(status: &Value, provider: &str) -> Value {
    let targets = status["targets"].as_array().unwrap_or_else(|| panic!("{status}"));
    targets.iter().find(|one| one["provider"] == provider).cloned().unwrap_or_else(|| panic!("{status}"))
}

#[test]
fn an_operator_sees_a_killed_provider_through_the_gateway() {
    let mock = Mock::start();
    let gateway = Gateway::start(&configuration(&mock));
    let ask = || {
        let mut answer = gateway.get("/v1/status", OTHER_KEY);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        answer.json()
    };
    assert_eq!(
        (of(&ask(), "bad")["state"].clone(), of(&ask(), "good")["requests"].clone()),
        (json!("healthy"), json!(0))
    );
    mock.behave("bad", &json!({"reset": "before_headers"}));
    for _ in 0..3 {
        assert_eq!(gateway.chat(KEY, &prompt("chat", false)).header("x-tollgate-attempts"), Some("2"));
    }
    gateway.wait_until("it is ejected", |_| of(&ask(), "bad")["state"] == "ejected");
    mock.behave("good", &json!({"status": 401}));
    assert_eq!(gateway.chat(KEY, &prompt("chat", false)).status, 502);
    gateway.wait_until("all is counted", |_| {
        let told = ask();
        let providers = json!({
            "bad": {"failed_attempts": {"no_answer": 3}, "credential_rejected": 0},
            "good": {"failed_attempts": {"credential": 1}, "credential_rejected": 1},
        });
        told["providers"] == providers
            && of(&told, "bad")["ejections"] == 1
            && of(&told, "good")["requests"] == 4
    });
    // The operator's command says the same.
    let output = tollgate()
        .args(["status", "gateway.yaml", "--json"])
        .current_dir(&gateway.directory)
        .output()
        .unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), ask());
    let line = gateway.access_log(1).into_iter().find(|line| line["key"] == "team-b-dev");
    assert!(line.is_some_and(|line| line["status"] == 200 && line["outcome"] == "ok"));
}

/// To everybody else it is a path at which nothing is served, and Envoy's admin interface is out of reach for all.
#[test]
fn nobody_else_is_told_and_nobody_gets_to_the_admin_interface() {
    let mock = Mock::start();
    let mut config = configuration(&mock);
    config.0["models"]["envoy:admin"] = json!({"targets": [{"provider": "good", "model": "gpt-4o"}]});
    let gateway = Gateway::start(&config);
    let send = |method: &str, path: &str, key: &str, body: Option<&str>| -> Answer {
        let bearer = format!("Bearer {key}");
        let fields = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("x-tollgate-cluster", "envoy:admin"),
            ("x-envoy-original-path", "/quitquitquit"),
        ];
        client::send(gateway.address, method, path, &fields, body.map(str::as_bytes))
    };
    let code = |mut answer: Answer| (answer.status, answer.json()["error"]["code"].clone());
    let nothing = (404, json!("unknown_endpoint"));
    for method in ["GET", "POST"] {
        assert_eq!(code(send(method, "/v1/status", KEY, None)), nothing);
        assert_eq!(code(send(method, "/quitquitquit", OTHER_KEY, None)), nothing);
        assert_eq!(code(send(method, "/stats", KEY, Some("{}"))), nothing);
    }
    assert_eq!(code(send("GET", "/v1/status", "tg-nobody-x", None)), (401, json!("invalid_api_key")));
    assert_eq!(code(send("POST", "/v1/status", OTHER_KEY, Some("{}"))), (405, json!("method_not_allowed")));
    // A body neither gets further nor holds up the answer.
    let long = "x".repeat(300_000);
    for body in ["{}", long.as_str()] {
        let mut answer = send("GET", "/v1/status?filter=.*", OTHER_KEY, Some(body));
        let told = answer.json();
        assert_eq!((answer.status, told.as_object().map(|told| told.len())), (200, Some(2)), "{told}");
    }
    let chat = send("POST", "/v1/chat/completions", KEY, Some(&prompt("chat", false).to_string()));
    assert_eq!((chat.status, chat.header("x-tollgate-provider")), (200, Some("bad")));
    assert_eq!(gateway.chat(KEY, &prompt("envoy:admin", false)).header("x-tollgate-provider"), Some("good"));
}

#[test]
fn an_operator_is_told_when_envoy_says_nothing() {
    let mock = Mock::start();
    let gateway = Gateway::start(&configuration(&mock));
    // Nobody listens there any more.
    let clusters = gateway.directory.join("state/clusters.json");
    let text = std::fs::read_to_string(&clusters).unwrap();
    let port = format!("\"port_value\": {}", gateway.admin.port());
    assert!(text.contains(&port), "{text}");
    let beside = clusters.with_extension("new");
    std::fs::write(&beside, text.replace(&port, "\"port_value\": 1")).unwrap();
    std::fs::rename(beside, clusters).unwrap();
    gateway.wait_until("it is refused", |gateway| {
        let mut answer = gateway.get("/v1/status", OTHER_KEY);
        answer.status == 503 && answer.json()["error"]["code"] == "status_unavailable"
    });
}
