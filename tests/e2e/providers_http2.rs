//! Providers that speak HTTP/2 behind TLS, as the real ones do: a second Envoy is one, in front of the mock provider.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{self, Answer, events};
use crate::envoy::Envoy;
use crate::gateway::{Config, Gateway, KEY, prompt, provider_key, temporary_directory};
use crate::mock::{Mock, body, header_values};

/// Offers HTTP/2 and HTTP/1.1 on a free port, with a certificate for `localhost` by an authority of its own.
struct Front {
    envoy: Envoy,
    directory: PathBuf,
    port: u64,
}

impl Front {
    fn start(mock: &Mock) -> Self {
        let directory = temporary_directory("front");
        let made = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python"))
            .args(["-m", "trustme", "--quiet", "--identities", "localhost", "--dir"])
            .arg(&directory)
            .status();
        assert!(made.unwrap().success());
        let bootstrap = directory.join("front.json");
        fs::write(&bootstrap, configuration(mock, &directory).to_string()).unwrap();
        let envoy = Envoy::start(&bootstrap, &[]);
        envoy.wait_until_it_serves();
        let listeners = envoy.page("/listeners?format=json");
        let address = &listeners["listener_statuses"][0]["local_address"]["socket_address"];
        let port = address["port_value"].as_u64().unwrap();
        Self { envoy, directory, port }
    }

    /// A configuration whose providers of OpenAI's API are here, each an instance of the mock provider.
    fn config(&self, providers: &[&str]) -> Config {
        let url = |name: &str| format!("https://localhost:{}/instance/{name}/v1", self.port);
        let mut config = Config::new(&providers.iter().map(|name| (*name, url(name))).collect::<Vec<_>>());
        for name in providers {
            config.0["providers"][name]["ca"] = self.authority();
        }
        config
    }

    fn authority(&self) -> Value {
        self.directory.join("client.pem").display().to_string().into()
    }

    /// Connections of HTTP/2 and of HTTP/1.1, and requests of HTTP/2.
    fn spoken(&self) -> [u64; 3] {
        let stats = self.envoy.stats("^http.front.");
        ["cx_http2_total", "cx_http1_total", "rq_http2_total"].map(|wanted| {
            let name = format!("http.front.downstream_{wanted}");
            stats.iter().find(|(found, _)| *found == name).unwrap_or_else(|| panic!("{name}")).1
        })
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// What the mock provider receives is what came over HTTP/2, but for `x-forwarded-proto`.
fn configuration(mock: &Mock, directory: &Path) -> Value {
    let file = |name: &str| json!({"filename": directory.join(name).display().to_string()});
    let address = |port: u16| json!({"socket_address": {"address": "127.0.0.1", "port_value": port}});
    let typed = |name: &str, kind: &str, mut fields: Value| {
        fields["@type"] = format!("type.googleapis.com/envoy.extensions.{kind}").into();
        json!({"name": name, "typed_config": fields})
    };
    let tls = json!({"common_tls_context": {
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_certificates": [{"certificate_chain": file("server.pem"), "private_key": file("server.key")}],
    }});
    let router = typed(
        "router",
        "filters.http.router.v3.Router",
        // What is without a length shows: it arrives in chunks.
        json!({"suppress_envoy_headers": true}),
    );
    let manager = json!({
        "stat_prefix": "front",
        "generate_request_id": false,
        "route_config": {"virtual_hosts": [{
            "name": "all",
            "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "mock", "timeout": "0s"}}],
        }]},
        "http_filters": [router],
    });
    json!({
        "admin": {"address": address(0)},
        "static_resources": {
            "listeners": [{"name": "front", "address": address(0), "filter_chains": [{
                "transport_socket": typed("tls", "transport_sockets.tls.v3.DownstreamTlsContext", tls),
                "filters": [typed(
                    "manager",
                    "filters.network.http_connection_manager.v3.HttpConnectionManager",
                    manager,
                )],
            }]}],
            "clusters": [{"name": "mock", "load_assignment": {
                "cluster_name": "mock",
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(mock.address.port())}}]}],
            }}],
        },
    })
}

/// A call with fields that are nobody's but the client's and the gateway's.
fn ask(gateway: &Gateway, body: &Value) -> Answer {
    let bearer = format!("Bearer {KEY}");
    let headers = [
        ("content-type", "application/json"),
        ("authorization", bearer.as_str()),
        ("cookie", "session=private"),
        ("x-forwarded-for", "10.1.2.3"),
        ("x-internal-user", "somebody"),
        ("x-tollgate-cluster", "spoofed"),
        ("x-envoy-max-retries", "0"),
    ];
    client::send(gateway.address, "POST", "/v1/chat/completions", &headers, Some(body.to_string().as_bytes()))
}

/// What the provider `name` has received: each time its own credential alone, nothing private, and as much as was announced.
fn received(mock: &Mock, front: &Front, name: &str) -> Vec<Value> {
    let log = mock.log(name);
    for entry in &log {
        let credentials = [header_values(entry, "authorization"), header_values(entry, "x-api-key")].concat();
        let own = provider_key(name);
        assert!(credentials == [format!("Bearer {own}")] || credentials == [own], "{name}: {credentials:?}");
        assert_eq!(header_values(entry, "host"), [format!("localhost:{}", front.port)]);
        let length = entry["body"].as_str().unwrap().len();
        assert_eq!(header_values(entry, "content-length"), [length.to_string()], "{name}");
        assert_eq!(header_values(entry, "transfer-encoding"), Vec::<String>::new(), "{name}");
        let text = entry.to_string();
        for private in [KEY, "session=", "10.1.2.3", "somebody", "spoofed", "x-tollgate", "x-envoy"] {
            assert!(!text.contains(private), "{name} sees {private}");
        }
        assert_eq!(text.matches("sk-planted").count(), 1, "{name} sees the key of another");
    }
    log
}

/// Without an adapter, with one, and in another dialect; plain, streamed, and with a prompt of 100 KiB.
#[test]
fn calls_and_streams_go_over_http2() {
    let mock = Mock::start();
    let front = Front::start(&mock);
    let mut config = front
        .config(&["one", "other"])
        .model("direct", &[("one", "m", 0)])
        .model("chain", &[("one", "m", 1)]);
    let url = format!("https://localhost:{}/instance/other", front.port);
    config.0["providers"]["other"] =
        json!({"api": "anthropic", "url": url, "credential": "other", "ca": front.authority()});
    let config = config.model("translated", &[("other", "m", 0)]);
    for name in ["one", "other"] {
        mock.behave(name, &json!({"text": "over HTTP/2", "prompt_tokens": 19, "completion_tokens": 10}));
    }
    let gateway = Gateway::start(&config);
    let mut calls = 0;
    for model in ["direct", "chain", "translated"] {
        for stream in [false, true] {
            for content in ["hello", &"0123456789abcdef".repeat(100 << 6)] {
                let mut asked = prompt(model, stream);
                asked["messages"][0]["content"] = content.into();
                let mut answer = ask(&gateway, &asked);
                assert_eq!(answer.status, 200, "{model}");
                let said = if stream {
                    let text = answer.text();
                    assert_eq!(events(&text).last(), Some(&"[DONE]"), "{model}");
                    let chunks = events(&text).into_iter().filter_map(|data| serde_json::from_str(data).ok());
                    chunks
                        .filter_map(|chunk: Value| {
                            Some(chunk["choices"][0]["delta"]["content"].as_str()?.to_owned())
                        })
                        .collect()
                } else {
                    answer.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
                };
                assert_eq!(said, "over HTTP/2", "{model}");
                calls += 1;
                let log = received(&mock, &front, if model == "translated" { "other" } else { "one" });
                let sent = body(log.last().unwrap());
                let messages = &sent["messages"];
                assert_eq!((&sent["model"], messages.as_array().unwrap().len()), (&json!("m"), 1), "{model}");
                assert!(messages.to_string().contains(&format!("\"{content}\"")), "{model}");
            }
        }
    }
    for line in gateway.access_log(12) {
        assert_eq!((&line["outcome"], &line["attempts"]), (&json!("ok"), &json!(1)), "{line}");
        assert_eq!((&line["input_tokens"], &line["output_tokens"]), (&json!(19), &json!(10)), "{line}");
        assert_eq!(line["tokens_estimated"], false, "{line}");
    }
    let [http2, http1, requests] = front.spoken();
    assert!(http2 >= 1);
    assert_eq!((http1, requests), (0, calls));
}

/// At the same provider, and at the next.
#[test]
fn an_attempt_that_fails_over_http2_is_followed_by_another() {
    let mock = Mock::start();
    let front = Front::start(&mock);
    let config = front
        .config(&["first", "second"])
        .model("again", &[("first", "m", 1)])
        .model("chain", &[("first", "m", 0), ("second", "n", 0)])
        .model("direct", &[("first", "m", 0)]);
    let gateway = Gateway::start(&config);
    for (model, provider) in [("again", "first"), ("chain", "second")] {
        for stream in [false, true] {
            mock.behave("first", &json!({"status": 503, "times": 1}));
            let mut answer = ask(&gateway, &prompt(model, stream));
            let header = |name| answer.header(name).unwrap_or_default().to_owned();
            assert_eq!((answer.status, header("x-tollgate-attempts")), (200, "2".to_owned()), "{model}");
            assert_eq!(header("x-tollgate-provider"), provider, "{model}");
            assert!(answer.rest().1, "{model}");
        }
    }
    // An error that nothing follows is the client's.
    mock.behave("first", &json!({"status": 503, "times": 1}));
    let mut answer = ask(&gateway, &prompt("direct", false));
    assert_eq!(answer.status, 503);
    assert!(answer.json()["error"]["message"].is_string());
    let counts = ["first", "second"].map(|name| received(&mock, &front, name).len());
    assert_eq!(counts, [7, 2]);
    let lines = gateway.access_log(5);
    let outcomes: Vec<_> = lines.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["ok", "ok", "ok", "ok", "provider_error"]);
    let [_, http1, requests] = front.spoken();
    assert_eq!((http1, requests), (0, 9));
}

/// Only what is broken off ends: another stream on the very connection goes on to its end.
#[test]
fn a_stream_that_breaks_off_over_http2_leaves_the_others_whole() {
    let mock = Mock::start();
    let front = Front::start(&mock);
    let mut config =
        front.config(&["one", "two"]).model("direct", &[("one", "m", 0)]).model("chain", &[("two", "m", 1)]);
    // One connection to each provider.
    config.0["workers"] = json!(1);
    let gateway = Gateway::start(&config);
    for (at, (model, provider)) in [("direct", "one"), ("chain", "two")].into_iter().enumerate() {
        mock.behave(
            provider,
            &json!([
                {"chunks": 40, "chunk_ms": 100, "times": 1},
                {"chunks": 20, "chunk_ms": 20, "reset": "mid_stream", "times": 1},
            ]),
        );
        let mut whole = ask(&gateway, &prompt(model, true));
        let mut text = String::from_utf8(whole.chunk().unwrap()).unwrap();
        let mut broken = ask(&gateway, &prompt(model, true));
        assert_eq!(broken.status, 200);
        let (seen, complete) = broken.rest();
        let seen = String::from_utf8(seen).unwrap();
        assert!(!complete && !seen.contains("[DONE]"), "{model}: {seen}");
        assert!(seen.contains("\"content\""), "{model}: {seen}");
        assert_eq!(mock.log(provider)[0]["ended"], "in_progress", "{model}");
        text.push_str(&whole.text());
        assert_eq!(events(&text).last(), Some(&"[DONE]"), "{model}");
        assert!(events(&text).iter().filter(|data| data.contains("\"content\"")).count() >= 40, "{text}");
        assert_eq!(received(&mock, &front, provider).len(), 2);

        let lines = gateway.access_log(2 * at + 2);
        let (broken, whole) = (&lines[2 * at], &lines[2 * at + 1]);
        assert_eq!((&broken["outcome"], &whole["outcome"]), (&json!("interrupted"), &json!("ok")), "{model}");
        assert_eq!(broken["tokens_estimated"], true, "{broken}");
        assert!(broken["output_tokens"].as_u64().unwrap() > 0, "{broken}");
    }
    assert_eq!(front.spoken(), [2, 0, 4]);
}
