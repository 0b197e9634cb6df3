//! Nothing private crosses: each provider sees its own key and no other, and no key is ever printed.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::client;
use crate::gateway::{
    Config, EXPIRED_KEY, Gateway, KEY, OTHER_KEY, REVOKED_KEY, prompt, provider_key, replace,
};
use crate::mock::{Mock, header_values};

fn chain(mock: &Mock) -> Config {
    Config::new(&[("first", mock.url("first")), ("second", mock.url("second")), ("third", mock.url("third"))])
        .model("chain", &[("first", "model-1", 1), ("second", "model-2", 1), ("third", "model-3", 0)])
        .model("small", &[("first", "model-1", 0)])
}

#[test]
fn no_attempt_carries_anothers_credential_or_the_clients_key() {
    let mock = Mock::start();
    mock.behave("first", &json!({"status": 503}));
    mock.behave("second", &json!({"status": 429}));
    let gateway = Gateway::start(&chain(&mock));
    let bearer = format!("Bearer {KEY}");
    let spoofed = [
        ("content-type", "application/json"),
        ("authorization", bearer.as_str()),
        ("x-tollgate-cluster", "model/small"),
        ("x-tollgate-credential-third", "spoofed"),
        ("x-envoy-max-retries", "0"),
        ("x-envoy-upstream-rq-timeout-ms", "1"),
        ("x-envoy-upstream-rq-per-try-timeout-ms", "1"),
        ("cookie", "session=private"),
        ("x-forwarded-for", "10.1.2.3"),
        ("x-internal-user", "somebody"),
        ("accept-encoding", "gzip"),
        ("openai-organization", "org-of-the-client"),
        ("idempotency-key", "once"),
    ];
    let body = prompt("chain", false).to_string();
    let mut answer =
        client::send(gateway.address, "POST", "/v1/chat/completions", &spoofed, Some(body.as_bytes()));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-tollgate-provider"), Some("third"));
    assert_eq!(answer.header("x-tollgate-attempts"), Some("5"));
    assert_eq!(answer.json()["model"], "model-3");

    for (name, model, attempts) in
        [("first", "model-1", 2), ("second", "model-2", 2), ("third", "model-3", 1)]
    {
        let log = mock.log(name);
        assert_eq!(log.len(), attempts, "{name}");
        for entry in log {
            assert_eq!(header_values(&entry, "authorization"), [format!("Bearer {}", provider_key(name))]);
            assert_eq!(header_values(&entry, "host"), [mock.address.to_string()]);
            assert_eq!(entry["path"], format!("/instance/{name}/v1/chat/completions"));
            assert_eq!(crate::mock::body(&entry), prompt(model, false));
            let text = entry.to_string();
            for other in ["first", "second", "third"].iter().filter(|other| **other != name) {
                assert!(!text.contains(&provider_key(other)), "{name} sees the key of {other}: {text}");
            }
            for private in [
                KEY,
                "spoofed",
                "session=",
                "10.1.2.3",
                "somebody",
                "org-of",
                "gzip",
                "x-tollgate",
                "x-envoy",
            ] {
                assert!(!text.contains(private), "{name} sees {private}: {text}");
            }
            assert_eq!(header_values(&entry, "idempotency-key"), ["once"]);
        }
    }
}

#[test]
fn what_a_provider_tells_its_customer_stays_here() {
    let mock = Mock::start();
    mock.behave("first", &json!({"echo_headers": true, "headers": {"x-tollgate-provider": "forged"}}));
    let gateway = Gateway::start(&chain(&mock));
    let answer = gateway.chat(KEY, &prompt("small", false));
    assert_eq!(answer.header("x-tollgate-provider"), Some("first"));
    for (name, _) in &answer.headers {
        let private = ["set-cookie", "openai-organization", "openai-project"].contains(&name.as_str())
            || name.starts_with("x-ratelimit-")
            || name.starts_with("x-envoy-");
        assert!(!private, "{name} reached the client");
    }
}

/// Keys of clients and of providers, in good calls, refused calls and failed calls, and then in every file and
/// every page that the gateway shows.
#[test]
fn no_key_is_ever_printed() {
    let mock = Mock::start();
    mock.behave("second", &json!({"status": 500}));
    let gateway = Gateway::start(&chain(&mock).model("failing", &[("second", "model-2", 1)]));
    for key in [KEY, OTHER_KEY, EXPIRED_KEY, REVOKED_KEY, "sk-somebody-elses-secret"] {
        for model in ["small", "failing", "none"] {
            gateway.chat(key, &prompt(model, false)).bytes();
        }
    }
    gateway.post(&format!("/v1/nothing?key={KEY}"), KEY, &json!({})).bytes();
    gateway.access_log(16);
    let mut shown = gateway.metrics();
    for page in ["/config_dump", "/stats", "/clusters", "/logging"] {
        let text = client::send(gateway.admin, "GET", page, &[], None).text();
        // Envoy blanks out what it knows to be secret.
        shown.push_str(&text);
    }
    collect(&gateway.directory, &mut shown);
    let clients = [KEY, OTHER_KEY, EXPIRED_KEY, REVOKED_KEY, "sk-somebody-elses-secret"].map(str::to_owned);
    for secret in clients.into_iter().chain(["first", "second", "third"].map(provider_key)) {
        if let Some(at) = shown.find(&secret) {
            panic!("{secret} is shown: …{}…", shown.get(at.saturating_sub(200)..at + 60).unwrap_or_default());
        }
    }
}

/// Every file but the planted ones.
fn collect(directory: &Path, into: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_none_or(|extension| extension != "key") {
            into.push_str(&String::from_utf8_lossy(&fs::read(&path).unwrap()));
        }
    }
}

#[test]
fn a_rotated_provider_key_is_used_without_a_reload() {
    let mock = Mock::start();
    let gateway = Gateway::start(&chain(&mock));
    assert_eq!(gateway.chat(KEY, &prompt("small", false)).status, 200);
    let is_used = |key: &str| {
        gateway.wait_until("the new key is used", |gateway| {
            assert_eq!(gateway.chat(KEY, &prompt("small", false)).status, 200);
            header_values(mock.log("first").last().unwrap(), "authorization") == [format!("Bearer {key}")]
        });
    };
    replace(&gateway.directory.join("first.key"), "sk-rotated\n");
    is_used("sk-rotated");
    // As a person does it: written over in place, which Envoy alone does not notice.
    fs::write(gateway.directory.join("first.key"), "sk-written-over\n").unwrap();
    is_used("sk-written-over");
}

#[test]
fn a_provider_without_a_credential_is_not_called() {
    let mock = Mock::start();
    let gateway = Gateway::start(&chain(&mock));
    replace(&gateway.directory.join("first.key"), "");
    gateway.wait_until("the call is refused", |gateway| {
        let mut answer = gateway.chat(KEY, &prompt("small", false));
        answer.status == 503 && answer.json()["error"]["code"] == "no_provider_available"
    });
}
