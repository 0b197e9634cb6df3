//! A gateway whose memory is bounded, and clients and providers that would take more.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::json;

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

    // Together they send half as much again as Envoy's whole heap may take.
    let slow: Vec<TcpStream> = thread::scope(|scope| {
        let clients: Vec<_> = (0..40).map(|_| scope.spawn(|| begin_slowly(&gateway))).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    gateway.wait_until("it is under pressure", |gateway| {
        let mut answer = gateway.chat(KEY, &prompt("chat", false));
        let is_shed = answer.status == 503;
        if is_shed {
            assert!(answer.json()["error"]["message"].is_string(), "a client is told in its own dialect");
        }
        is_shed
    });
    let taken = heap(&gateway) / MEBIBYTE;
    println!("{taken} MiB under pressure");
    assert!(taken < LIMIT + LIMIT / 4, "{taken} MiB");

    drop(slow);
    gateway.wait_until("it has recovered", |gateway| gateway.chat(KEY, &prompt("chat", false)).status == 200);
    println!("{} MiB afterwards", heap(&gateway) / MEBIBYTE);
}

/// What has to be translated as a whole is held up to a bound; what passes as it comes, until the time is up.
#[test]
fn an_answer_without_an_end_takes_bounded_memory() {
    let mock = Mock::start();
    let mut config = Config::new(&[("same", mock.url("same")), ("cross", mock.root("cross"))])
        .model("same", &[("same", "gpt-4o", 0)])
        .model("cross", &[("cross", "claude-sonnet-4-5", 0)]);
    config.0["providers"]["cross"]["api"] = json!("anthropic");
    config.0["models"]["same"]["total_timeout"] = json!("2s");
    let text = "0123456789abcdef".repeat(8 << 10);
    mock.behave("cross", &json!({"endless": true, "text": text}));
    mock.behave("same", &json!({"endless": true, "chunks": 20, "chunk_ms": 5}));
    let gateway = Gateway::start(&config);
    let mut refused = gateway.chat(KEY, &prompt("cross", false));
    let code = refused.json()["error"]["code"].clone();
    assert_eq!((refused.status, code), (502, json!("provider_answer_unreadable")));
    for stream in [false, true] {
        let mut endless = gateway.chat(KEY, &prompt("same", stream));
        let (status, complete) = (endless.status, endless.rest().1);
        // Of a plain answer nothing passes before its first 16 KiB are there.
        assert!(!complete || status == 504, "{status}");
    }
    let lines = gateway.access_log(3);
    assert_eq!(
        (&lines[0]["outcome"], &lines[0]["failed_attempts"]),
        (&json!("provider_error"), &json!("cross:server_error"))
    );
    assert_eq!((&lines[2]["outcome"], &lines[2]["flags"]), (&json!("interrupted"), &json!("UT")));
    let taken = heap(&gateway) / MEBIBYTE;
    println!("{taken} MiB");
    assert!(taken < 320, "{taken} MiB");
}
