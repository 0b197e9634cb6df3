//! A gateway whose memory is bounded, and clients and providers that would take more.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client;
use crate::gateway::{Config, Gateway, KEY, prompt};
use crate::mock::Mock;

const MEBIBYTE: usize = 1 << 20;

/// What Envoy's heap takes of the machine.
fn heap(gateway: &Gateway) -> usize {
    let memory = client::send(gateway.admin, "GET", "/memory", &[], None).json();
    let number = |name: &str| memory[name].as_str().unwrap().parse::<usize>().unwrap();
    number("heap_size") - number("pageheap_unmapped")
}

/// A client that announces a body and keeps back the end of it.
fn begin_slowly(gateway: &Gateway) -> TcpStream {
    let mut stream = client::connect(gateway.address);
    stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {KEY}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        12 * MEBIBYTE
    );
    // Under pressure Envoy takes no more, or ends it.
    let piece = vec![b' '; MEBIBYTE];
    let _ = stream.write_all(head.as_bytes());
    for _ in 0..10 {
        if stream.write_all(&piece).is_err() {
            break;
        }
    }
    stream
}

#[test]
fn large_requests_of_slow_clients_take_no_more_memory_than_allowed() {
    const LIMIT: usize = 256;
    let mock = Mock::start();
    let mut config = Config::new(&[("only", mock.url("only"))]).model("chat", &[("only", "gpt-4o", 0)]);
    config.0["max_request_body"] = json!("16MiB");
    config.0["overload"] = json!({"memory": format!("{LIMIT}MiB")});
    let gateway = Gateway::start(&config);
    assert_eq!(gateway.chat(KEY, &prompt("chat", false)).status, 200);

    // One after the other, until there is no room for more.
    let mut slow: Vec<TcpStream> = Vec::new();
    let is_shed = |gateway: &Gateway| {
        let mut answer = gateway.chat(KEY, &prompt("chat", false));
        if answer.status == 503 {
            assert_eq!(answer.json()["error"]["code"], "gateway_overloaded");
        }
        answer.status == 503
    };
    while !is_shed(&gateway) {
        assert!(slow.len() < 40, "{} MiB are held, and requests still taken", slow.len() * 10);
        slow.push(begin_slowly(&gateway));
        // Envoy looks at its memory four times a second.
        thread::sleep(Duration::from_millis(400));
    }
    let holding = slow.len();
    // Who comes then is refused before its body is taken.
    slow.extend((0..10).map(|_| begin_slowly(&gateway)));
    let taken = heap(&gateway) / MEBIBYTE;
    println!("{taken} MiB with {holding} slow clients");
    assert!(taken <= LIMIT, "{taken} MiB");

    drop(slow);
    gateway.wait_until("it has recovered", |gateway| gateway.chat(KEY, &prompt("chat", false)).status == 200);
    println!("{} MiB afterwards", heap(&gateway) / MEBIBYTE);
}

/// What has to be translated as a whole is held up to a bound, and what passes goes on until the time is up.
#[test]
fn an_answer_without_an_end_takes_bounded_memory() {
    let mock = Mock::start();
    let mut config = Config::new(&[("same", mock.url("same")), ("cross", mock.root("cross"))])
        .model("same", &[("same", "gpt-4o", 0)])
        .model("cross", &[("cross", "claude-sonnet-4-5", 0)]);
    config.0["providers"]["cross"]["api"] = json!("anthropic");
    for model in ["same", "cross"] {
        config.0["models"][model]["total_timeout"] = json!("3s");
    }
    let text = "0123456789abcdef".repeat(8 << 10);
    mock.behave("cross", &json!({"endless": true, "text": text}));
    mock.behave("same", &json!({"endless": true, "chunks": 20, "chunk_ms": 5}));
    let gateway = Gateway::start(&config);
    for (model, stream) in [("same", false), ("same", true), ("cross", false), ("cross", true)] {
        let mut endless = gateway.chat(KEY, &prompt(model, stream));
        let status = endless.status;
        let (bytes, complete) = endless.rest();
        println!("{model} {stream}: {status}, {} KiB", bytes.len() >> 10);
        // What is held up to its bound is refused; of what passes the client sees that it is broken off.
        let is_held = (model, stream) == ("cross", false);
        assert_eq!((status, complete), if is_held { (502, true) } else { (200, false) }, "{model} {stream}");
    }
    let page =
        json!({"endless": true, "status": 200, "body": "<html>".repeat(1000), "content_type": "text/html"});
    for model in ["same", "cross"] {
        mock.behave(model, &page);
        let mut refused = gateway.chat(KEY, &prompt(model, false));
        let (status, (bytes, complete)) = (refused.status, refused.rest());
        let told: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((status, complete), (502, true), "{model}");
        assert_eq!(told["error"]["code"], "provider_answer_unreadable");
        assert_eq!(
            (refused.header("x-tollgate-provider"), refused.header("x-tollgate-attempts")),
            (Some(model), Some("1"))
        );
    }
    let lines = gateway.access_log(6);
    for line in lines.iter().take(2) {
        assert_eq!((&line["outcome"], &line["flags"]), (&json!("interrupted"), &json!("UT")));
    }
    assert!(lines.iter().all(|line| line["duration_ms"].as_u64().unwrap() < 10_000), "{lines:?}");
    let taken = heap(&gateway) / MEBIBYTE;
    println!("{taken} MiB");
    assert!(taken < 320, "{taken} MiB");
}
