//! Requests over HTTP/2 that end with trailers, so that no piece of their body is the last: they are read as all others, and what
//! the trailers say goes nowhere.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

use crate::client;
use crate::gateway::{Config, Gateway, KEY, PATIENCE, prompt};
use crate::mock::{Mock, body, header_values};

/// Frame types and flags of RFC 9113, section 6.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const END_STREAM: u8 = 1;
const ACKNOWLEDGED: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A block of fields, each as a literal without indexing and with a new name (RFC 7541, section 6.2.2).
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            // A length of seven bits.
            assert!(text.len() < 127, "{text}");
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// A connection on which the fields of a request were sent, as stream 1.
fn begun(address: SocketAddr, more: &[(&str, &str)]) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let bearer = format!("Bearer {KEY}");
    let mut fields = vec![
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/v1/chat/completions"),
        (":authority", "gateway"),
        ("content-type", "application/json"),
        ("authorization", &bearer),
    ];
    fields.extend_from_slice(more);
    let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    sent.extend(frame(SETTINGS, 0, 0, b""));
    sent.extend(frame(HEADERS, END_HEADERS, 1, &block(&fields)));
    stream.write_all(&sent).unwrap();
    stream
}

/// Sends a request whose body comes in pieces and is followed by trailers; what there is of an answer's body.
fn ask(address: SocketAddr, more: &[(&str, &str)], pieces: &[&[u8]], trailers: &[(&str, &str)]) -> String {
    let mut stream = begun(address, more);
    let mut sent = Vec::new();
    for piece in pieces {
        sent.extend(frame(DATA, 0, 1, piece));
    }
    sent.extend(frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(trailers)));
    stream.write_all(&sent).unwrap();
    let mut answer = Vec::new();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).expect("the answer ends its stream");
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let (kind, flags) = (head[3], head[4]);
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).unwrap();
        match kind {
            DATA => answer.extend(payload),
            SETTINGS if flags & ACKNOWLEDGED == 0 => {
                stream.write_all(&frame(SETTINGS, ACKNOWLEDGED, 0, b"")).unwrap();
            }
            _ => {}
        }
        if matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
            return String::from_utf8(answer).unwrap();
        }
    }
}

const TRAILERS: &[(&str, &str)] = &[
    ("x-checksum", "ann@corp.example"),
    ("authorization", "Bearer of-the-trailers"),
    ("x-tollgate-cluster", "sole:one/m"),
];

/// With an adapter and without, in the client's dialect and another, in one piece and in several.
#[test]
fn a_request_with_trailers_is_served_as_any_other() {
    let mock = Mock::start();
    let mut config = Config::new(&[("one", mock.url("one"))])
        .model("direct", &[("one", "m", 0)])
        .model("chain", &[("one", "m", 1)]);
    config.0["credentials"]["other"] = json!({"file": "other.key"});
    config.0["providers"]["other"] =
        json!({"api": "anthropic", "url": mock.root("other"), "credential": "other"});
    config.0["models"]["translated"] = json!({"targets": [{"provider": "other", "model": "m"}]});
    let gateway = Gateway::start(&config);
    for (model, provider) in [("direct", "one"), ("chain", "one"), ("translated", "other")] {
        let sent = prompt(model, false);
        let text = sent.to_string();
        let (head, tail) = text.as_bytes().split_at(text.len() / 2);
        for pieces in [&[text.as_bytes()][..], &[head, tail], &[head, b"", tail]] {
            let before = mock.log(provider).len();
            // A client that names a cluster is not served by it.
            let answer = ask(gateway.address, &[("x-tollgate-cluster", "sole:one/m")], pieces, TRAILERS);
            let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{model}: {answer}"));
            assert!(answer["choices"][0]["message"]["content"].is_string(), "{model}: {answer}");
            let log = mock.log(provider);
            assert_eq!(log.len(), before + 1, "{model}");
            let seen = log.last().unwrap();
            for planted in ["ann@corp.example", "of-the-trailers", "x-tollgate", KEY] {
                assert!(!seen.to_string().contains(planted), "{model}: {planted} in {seen}");
            }
            assert_eq!(body(seen)["model"], "m");
            assert_eq!(body(seen)["messages"][0]["role"], "user", "{seen}");
            let credential = if provider == "one" { "authorization" } else { "x-api-key" };
            assert_eq!(header_values(seen, credential).len(), 1, "{seen}");
        }
    }
    let lines = gateway.access_log(9);
    assert!(lines.iter().all(|line| line["outcome"] == "ok" && line["key"] == "team-a-prod"), "{lines:?}");
    // What follows on other connections is served, too.
    assert_eq!(gateway.chat(KEY, &prompt("direct", false)).status, 200);
}

/// Nothing is let through that would have been refused without trailers.
#[test]
fn a_request_with_trailers_is_refused_as_any_other() {
    let mock = Mock::start();
    let mut config = Config::new(&[("one", mock.url("one"))]).model("direct", &[("one", "m", 0)]);
    config.0["max_request_body"] = json!("1KiB");
    let gateway = Gateway::start(&config);
    let broken = &br#"{"model":"direct","messages":["#[..];
    let unknown = &br#"{"model":"unknown","messages":[]}"#[..];
    let long = prompt("direct", false).to_string().replace("hello", &"x".repeat(2000)).into_bytes();
    let long = [long, vec![b' '; 2000]].concat();
    for (pieces, code) in [
        (&[broken][..], "invalid_json"),
        (&[unknown], "model_not_found"),
        (&[], "invalid_json"),
        (&[&long[..]], "request_too_large"),
    ] {
        let answer = ask(gateway.address, &[], pieces, TRAILERS);
        assert!(answer.contains(code), "{code}: {answer}");
    }
    assert!(mock.log("one").is_empty());
    let stats = client::send(gateway.admin, "GET", "/stats?filter=wasm", &[], None).text();
    assert!(!stats.contains("vm_reload_success: 1"), "{stats}");
}

/// Who takes a request back while its answer is awaited has begun it all the same.
#[test]
fn a_request_that_is_taken_back_is_paid_for() {
    let mock = Mock::start();
    let config = Config::new(&[("one", mock.url("one"))])
        .model("direct", &[("one", "gpt-4o", 0)])
        .model("chain", &[("one", "gpt-4o", 1)]);
    let gateway = Gateway::start(&config);
    mock.behave("one", &json!({"stall": "after_headers"}));
    for (model, calls) in [("direct", 1), ("chain", 2)] {
        let mut stream = begun(gateway.address, &[]);
        stream.write_all(&frame(DATA, END_STREAM, 1, prompt(model, false).to_string().as_bytes())).unwrap();
        // The headers of an answer have come by then, or come at once.
        gateway.wait_until("the provider answers", |_| mock.log("one").len() == calls);
        std::thread::sleep(std::time::Duration::from_millis(300));
        const CANCEL: [u8; 4] = [0, 0, 0, 8];
        stream.write_all(&frame(RST_STREAM, 0, 1, &CANCEL)).unwrap();
        let lines = gateway.access_log(calls);
        let line = &lines[calls - 1];
        assert_eq!((&line["outcome"], &line["model"]), (&json!("abandoned"), &json!(model)), "{line}");
        assert!(line["input_tokens"].as_u64().unwrap() > 0, "{line}");
        assert!(line["failed_attempts"].is_null(), "{line}");
    }
}
