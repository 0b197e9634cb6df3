//! Speaks raw HTTP over TCP to an in-process server.
//!
//! Expected shapes come from OpenAI's API reference; expected floats of embeddings from decoding as its official
//! clients do.

#![expect(clippy::disallowed_methods, reason = "a test waits")]

mod clouds;
mod strict;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::{Options, Server};

fn start(required_key: Option<&str>) -> SocketAddr {
    let options =
        Options { required_key: required_key.map(str::to_owned), keep_log: true, ..Options::default() };
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), options).unwrap();
    let address = server.address().unwrap();
    thread::spawn(move || Arc::new(server).run());
    address
}

fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket
}

/// What came back: the head, the body without its transfer coding, and the chunks that it came in.
struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
    chunks: Vec<Vec<u8>>,
}

impl Reply {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The data of the events of a stream whose lines end in LF.
    fn events(&self) -> Vec<&str> {
        let events = self.text().strip_suffix("\n\n").unwrap().split("\n\n");
        events.map(|event| event.strip_prefix("data: ").unwrap()).collect()
    }

    /// The events that are JSON, which are all but `[DONE]`.
    fn json_events(&self) -> Vec<Value> {
        self.events().iter().filter_map(|event| serde_json::from_str(event).ok()).collect()
    }

    fn streamed_text(&self) -> String {
        self.json_events()
            .iter()
            .filter_map(|event| event["choices"][0]["delta"]["content"].as_str())
            .collect()
    }
}

fn send(socket: &mut TcpStream, method: &str, path: &str, body: &str) {
    let head = format!("{method} {path} HTTP/1.1\r\nhost: mock\r\ncontent-length: {}\r\n\r\n", body.len());
    socket.write_all((head + body).as_bytes()).unwrap();
}

fn line(socket: &mut TcpStream) -> std::io::Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut byte = [0];
        if socket.read(&mut byte)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        line.push(byte[0]);
    }
    Ok(String::from_utf8(line).unwrap())
}

fn receive(socket: &mut TcpStream) -> std::io::Result<Reply> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        head += &line(socket)?;
    }
    let mut exactly = |length: usize| {
        let mut bytes = vec![0; length];
        socket.read_exact(&mut bytes).map(|()| bytes)
    };
    let length =
        head.split("content-length: ").nth(1).map(|rest| rest.lines().next().unwrap().parse().unwrap());
    let mut chunks = Vec::new();
    let body = if let Some(length) = length {
        exactly(length)?
    } else {
        loop {
            let size = usize::from_str_radix(line(socket)?.trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            socket.read_exact(&mut chunk)?;
            assert_eq!(chunk.split_off(size), b"\r\n");
            if size == 0 {
                break chunks.concat();
            }
            chunks.push(chunk);
        }
    };
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Ok(Reply { status, head, body, chunks })
}

fn call(address: SocketAddr, method: &str, path: &str, body: &Value) -> Reply {
    let mut socket = connect(address);
    send(&mut socket, method, path, &body.to_string());
    receive(&mut socket).unwrap()
}

fn chat(address: SocketAddr, body: &Value) -> Reply {
    call(address, "POST", "/v1/chat/completions", body)
}

fn behave(address: SocketAddr, behaviour: &Value) {
    assert_eq!(call(address, "POST", "/_mock/behaviour", behaviour).status, 200);
}

fn log(address: SocketAddr) -> Value {
    call(address, "GET", "/_mock/log", &Value::Null).json()
}

fn prompt(text: &str) -> Value {
    json!({ "model": "gpt-4o", "messages": [{ "role": "user", "content": text }] })
}

fn streaming(text: &str) -> Value {
    let mut body = prompt(text);
    body["stream"] = json!(true);
    body
}

fn with_usage(text: &str) -> Value {
    let mut body = streaming(text);
    body["stream_options"] = json!({ "include_usage": true });
    body
}

/// Takes out what differs from one answer to the next, after looking at it.
fn without_identity(mut object: Value, prefix: &str) -> Value {
    let members = object.as_object_mut().unwrap();
    assert!(members.remove("id").unwrap().as_str().unwrap().starts_with(prefix));
    assert!(members.remove("created").unwrap().as_u64().unwrap() > 1_700_000_000);
    assert!(members.remove("system_fingerprint").unwrap().as_str().unwrap().starts_with("fp_"));
    object
}

fn usage(prompt_tokens: u64, completion_tokens: u64) -> Value {
    json!({
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0
        }
    })
}

#[test]
fn a_plain_chat_completion_has_the_shape_of_the_reference() {
    let reply = chat(start(None), &prompt("hello there"));
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("content-type: application/json\r\n"));
    let expected = json!({
        "object": "chat.completion",
        "model": "gpt-4o",
        "choices": [{
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "You said: hello there",
                "refusal": null,
                "annotations": []
            },
            "logprobs": null,
            "finish_reason": "stop"
        }],
        "usage": usage(6, 4),
        "service_tier": "default"
    });
    assert_eq!(without_identity(reply.json(), "chatcmpl-"), expected);
}

#[test]
fn a_stream_has_the_chunks_of_the_reference_and_usage_only_when_asked() {
    let address = start(None);
    let chunk = |choices: Value| {
        json!({
            "object": "chat.completion.chunk",
            "model": "gpt-4o",
            "choices": choices,
            "service_tier": "default"
        })
    };
    let delta = |delta: Value, finish: Value| {
        chunk(json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }]))
    };
    let mut expected = vec![
        delta(json!({ "role": "assistant", "content": "", "refusal": null }), Value::Null),
        delta(json!({ "content": "You" }), Value::Null),
        delta(json!({ "content": " said:" }), Value::Null),
        delta(json!({ "content": " hi" }), Value::Null),
        delta(json!({}), json!("stop")),
    ];
    let chunks_of = |reply: &Reply| -> Vec<Value> {
        assert_eq!(reply.events().last(), Some(&"[DONE]"));
        reply.json_events().into_iter().map(|event| without_identity(event, "chatcmpl-")).collect()
    };

    let reply = chat(address, &streaming("hi"));
    assert!(reply.head.contains("content-type: text/event-stream"));
    assert_eq!(chunks_of(&reply), expected);

    for chunk in &mut expected {
        chunk["usage"] = Value::Null;
    }
    let mut last = chunk(json!([]));
    last["usage"] = usage(5, 3);
    expected.push(last);
    assert_eq!(chunks_of(&chat(address, &with_usage("hi"))), expected);
}

#[test]
fn a_cut_stream_is_the_same_stream() {
    let address = start(None);
    let text = "Grüße, 日本 and 🦀";
    let whole = chat(address, &streaming(text));
    for cut in [1, 2, 3, 7, 1000] {
        behave(address, &json!({ "cut_bytes": cut, "times": 1 }));
        let reply = chat(address, &streaming(text));
        assert!(reply.chunks.iter().all(|chunk| chunk.len() <= cut), "each piece is a chunk of its own");
        assert_eq!(reply.streamed_text(), whole.streamed_text());
        assert_eq!(reply.body.len(), whole.body.len());
    }
    assert_eq!(whole.streamed_text(), format!("You said: {text}"));
}

#[test]
fn lines_end_as_asked_with_comments_and_without_done() {
    let address = start(None);
    behave(address, &json!({ "crlf": true, "comment_every": 2, "no_done": true, "no_usage": true }));
    let reply = chat(address, &with_usage("hi"));
    assert!(!reply.text().replace("\r\n", "").contains('\n'));
    let (comments, events): (Vec<&str>, Vec<&str>) =
        reply.text().split_terminator("\r\n\r\n").partition(|event| event.starts_with(':'));
    assert_eq!(comments, [": ping"; 2]);
    assert_eq!(events.len(), 5, "role, three words, finish");
    assert!(!reply.text().contains("usage"));
}

#[test]
fn a_tool_is_called_when_the_prompt_is_about_the_weather() {
    let address = start(None);
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    let tools =
        json!([{ "type": "function", "function": { "name": "get_weather", "parameters": parameters } }]);
    let mut body = prompt("what is the weather like");
    body["tools"] = tools.clone();
    let choice = chat(address, &body).json()["choices"][0].take();
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(choice["message"]["content"], Value::Null);
    let function = &choice["message"]["tool_calls"][0]["function"];
    assert_eq!(function["name"], "get_weather");
    let arguments = function["arguments"].as_str().unwrap();
    assert!(serde_json::from_str::<Value>(arguments).unwrap()["city"].is_string());

    let mut body = streaming("what is the weather like");
    body["tools"] = tools;
    let reply = chat(address, &body);
    let events = reply.json_events();
    let parts: Vec<&str> = events
        .iter()
        .filter_map(|event| event["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"].as_str())
        .collect();
    assert!(parts.len() > 2, "arguments come in several deltas: {parts:?}");
    assert_eq!(parts.concat(), arguments);
    assert_eq!(events.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
}

#[test]
fn a_length_limit_cuts_the_text_of_every_choice() {
    let mut body = prompt("one two three");
    body["max_tokens"] = json!(2);
    body["n"] = json!(3);
    let reply = chat(start(None), &body).json();
    let choices = reply["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 3);
    for choice in choices {
        assert_eq!(choice["message"]["content"], "You said:");
        assert_eq!(choice["finish_reason"], "length");
    }
    assert_eq!(reply["usage"]["completion_tokens"], 6);
}

/// Names of `param` and `code` as the API itself reports them.
#[test]
fn bad_requests_are_refused_as_openai_refuses_them() {
    let address = start(None);
    let user = json!([{ "role": "user", "content": "hi" }]);
    for (body, param, code) in [
        (json!({ "messages": user }), Value::Null, Value::Null),
        (json!({ "model": "m" }), json!("messages"), json!("missing_required_parameter")),
        (json!({ "model": "m", "messages": [] }), json!("messages"), json!("empty_array")),
        (json!({ "model": "m", "messages": "hi" }), json!("messages"), json!("invalid_type")),
        (
            json!({ "model": "m", "messages": [{ "content": "hi" }] }),
            json!("messages[0].role"),
            json!("missing_required_parameter"),
        ),
        (
            json!({ "model": "m", "messages": user, "temperature": "hot" }),
            json!("temperature"),
            json!("invalid_type"),
        ),
        (
            json!({ "model": "m", "messages": user, "x_tollgate_team": "a" }),
            json!("x_tollgate_team"),
            json!("unknown_parameter"),
        ),
        (
            json!({ "model": "m", "messages": user, "stream_options": { "include_usage": true } }),
            json!("stream_options"),
            Value::Null,
        ),
    ] {
        let reply = chat(address, &body);
        assert_eq!(reply.status, 400, "{body}");
        let error = &reply.json()["error"];
        assert_eq!(error["type"], "invalid_request_error", "{body}");
        assert_eq!((&error["param"], &error["code"]), (&param, &code), "{body}");
        assert!(error["message"].is_string());
    }
}

#[test]
fn only_the_exact_key_is_accepted_and_only_once() {
    let address = start(Some("sk-right"));
    let status = |authorization: &str| {
        let mut socket = connect(address);
        let request = format!("GET /v1/models HTTP/1.1\r\nhost: mock\r\n{authorization}\r\n");
        socket.write_all(request.as_bytes()).unwrap();
        let reply = receive(&mut socket).unwrap();
        (reply.status, reply.json()["error"]["code"].clone())
    };
    assert_eq!(status("authorization: Bearer sk-right\r\n"), (200, Value::Null));
    let wrong = (401, json!("invalid_api_key"));
    assert_eq!(status("authorization: Bearer sk-wrong\r\n"), wrong);
    assert_eq!(status("authorization: Bearer sk-right2\r\n"), wrong);
    assert_eq!(status("authorization: Bearer sk-right\r\nauthorization: Bearer sk-right\r\n"), wrong);
    assert_eq!(status(""), (401, Value::Null));
}

#[test]
fn failures_come_as_often_as_asked_and_each_instance_has_its_own() {
    let address = start(None);
    behave(
        address,
        &json!([{ "status": 503, "times": 2 }, { "status": 429, "headers": { "retry-after": "2" }, "times": 1 }]),
    );
    let other = call(address, "POST", "/instance/b/openai/v1/chat/completions", &prompt("hi"));
    assert_eq!(other.status, 200);
    let replies: Vec<Reply> = (0..4).map(|_| chat(address, &prompt("hi"))).collect();
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [503, 503, 429, 200]);
    assert_eq!(replies[0].json()["error"]["type"], "server_error");
    assert_eq!(replies[2].json()["error"]["code"], "rate_limit_exceeded");
    assert!(replies[2].head.contains("retry-after: 2\r\n"));
    let stats = call(address, "GET", "/_mock/stats", &Value::Null).json();
    assert_eq!((&stats["requests"], &stats["in_flight"]), (&json!(4), &json!(0)));
    let stats = call(address, "GET", "/_mock/stats?instance=b", &Value::Null).json();
    assert_eq!((&stats["requests"], &stats["prompt_tokens"]), (&json!(1), &json!(5)));
    assert_eq!(call(address, "POST", "/_mock/behaviour", &json!({ "statsu": 503 })).status, 400);
}

#[test]
fn a_reset_comes_where_asked() {
    let address = start(None);
    let reset = |point: &str, body: &Value| {
        behave(address, &json!({ "reset": point, "times": 1 }));
        let mut socket = connect(address);
        send(&mut socket, "POST", "/v1/chat/completions", &body.to_string());
        let mut seen = Vec::new();
        let error = socket.read_to_end(&mut seen).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        String::from_utf8(seen).unwrap()
    };
    assert_eq!(reset("before_headers", &prompt("hi")), "");
    let seen = reset("after_headers", &prompt("hi"));
    assert!(seen.starts_with("HTTP/1.1 200 OK\r\n") && seen.ends_with("\r\n\r\n"), "{seen}");
    let seen = reset("mid_stream", &streaming("hi"));
    assert!(seen.contains(r#""role":"assistant""#) && !seen.contains("[DONE]"), "{seen}");
    let seen = reset("mid_stream", &prompt("hi"));
    assert!(seen.contains("chat.completion") && !seen.contains("system_fingerprint"), "{seen}");
    let log = log(address);
    assert!(log.as_array().unwrap().iter().all(|entry| entry["ended"] == "reset"), "{log}");
}

#[test]
fn a_client_that_leaves_a_stall_is_logged() {
    let address = start(None);
    behave(address, &json!({ "stall": "mid_stream", "times": 1 }));
    let mut socket = connect(address);
    send(&mut socket, "POST", "/v1/chat/completions", &streaming("hi").to_string());
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(" said:") {
        let mut buffer = [0; 1024];
        let length = socket.read(&mut buffer).unwrap();
        assert_ne!(length, 0, "the connection stays open");
        seen.extend_from_slice(&buffer[..length]);
    }
    assert_eq!(log(address)[0]["ended"], "in_progress");
    drop(socket);
    let patience = Instant::now();
    while log(address)[0]["ended"] == "in_progress" && patience.elapsed() < Duration::from_secs(5) {
        thread::sleep(Duration::from_millis(5));
    }
    let entry = log(address)[0].take();
    assert_eq!(entry["ended"], "client_closed");
    assert_eq!(entry["chunks_written"], 3, "half of role, three words, finish and done");
    assert_eq!(entry["usage"]["completion_tokens"], 3, "what would have been reported");
}

#[test]
fn the_log_keeps_requests_as_they_came() {
    let address = start(None);
    let mut socket = connect(address);
    let head = "POST /v1/chat/completions?a=b HTTP/1.1\r\nHost: mock\r\nX-Twice: 1\r\nx-twice: 2\r\n\
                Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n";
    socket.write_all(head.as_bytes()).unwrap();
    assert_eq!(line(&mut socket).unwrap(), "HTTP/1.1 100 Continue\r\n");
    assert_eq!(line(&mut socket).unwrap(), "\r\n");
    let body = prompt("hi").to_string();
    let (first, second) = body.split_at(10);
    let chunked = format!("a\r\n{first}\r\n{:x};x=y\r\n{second}\r\n0\r\nTrailer: 1\r\n\r\n", second.len());
    socket.write_all(chunked.as_bytes()).unwrap();
    assert_eq!(receive(&mut socket).unwrap().status, 200);
    send(&mut socket, "POST", "/v1/embeddings", "second on the same connection");
    assert_eq!(receive(&mut socket).unwrap().status, 400);

    let log = log(address);
    let entry = &log[0];
    assert_eq!((&entry["method"], &entry["path"]), (&json!("POST"), &json!("/v1/chat/completions?a=b")));
    assert_eq!(entry["headers"][1], json!(["X-Twice", "1"]));
    assert_eq!(entry["headers"][2], json!(["x-twice", "2"]));
    assert_eq!(entry["body"], json!(body));
    assert_eq!(entry["ended"], "completed");
    assert_eq!(log[1]["body"], "second on the same connection");
    call(address, "DELETE", "/_mock/log", &Value::Null);
    assert_eq!(call(address, "GET", "/_mock/log", &Value::Null).json(), json!([]));
}

#[test]
fn a_body_of_ambiguous_length_is_refused() {
    let address = start(None);
    for headers in [
        "content-length: 2\r\ncontent-length: 2\r\n",
        "content-length: 2\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: gzip\r\n",
        "content-length: two\r\n",
        "content-length: +2\r\n",
    ] {
        let mut socket = connect(address);
        let request = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: mock\r\n{headers}\r\n{{}}");
        socket.write_all(request.as_bytes()).unwrap();
        assert_eq!(receive(&mut socket).unwrap().status, 400, "{headers}");
    }
}

#[test]
fn embeddings_are_the_same_floats_in_both_encodings() {
    let address = start(None);
    let embed = |format: &str| {
        let body = json!({ "model": "e", "input": ["a b", "c"], "dimensions": 5, "encoding_format": format });
        call(address, "POST", "/v1/embeddings", &body).json()
    };
    let floats = embed("float");
    assert_eq!(floats["object"], "list");
    assert_eq!(floats["usage"], json!({ "prompt_tokens": 3, "total_tokens": 3 }));
    let encoded = embed("base64");
    for index in 0..2 {
        let expected: Vec<f32> = serde_json::from_value(floats["data"][index]["embedding"].clone()).unwrap();
        assert_eq!(expected.len(), 5);
        let length: f32 = expected.iter().map(|float| float * float).sum();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
        let bytes = decode(encoded["data"][index]["embedding"].as_str().unwrap());
        let decoded: Vec<f32> =
            bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
        assert_eq!(decoded, expected);
    }
}

/// RFC 4648 §4, the other way round than the code under test.
fn decode(text: &str) -> Vec<u8> {
    let value = |symbol: char| match symbol {
        'A'..='Z' => symbol as u32 - 'A' as u32,
        'a'..='z' => symbol as u32 - 'a' as u32 + 26,
        '0'..='9' => symbol as u32 - '0' as u32 + 52,
        '+' => 62,
        '/' => 63,
        _ => panic!("not in the alphabet: {symbol}"),
    };
    let bits: Vec<u32> = text
        .trim_end_matches('=')
        .chars()
        .flat_map(|symbol| (0..6).rev().map(move |bit| (value(symbol) >> bit) & 1))
        .collect();
    bits.chunks_exact(8).map(|octet| octet.iter().fold(0, |byte, bit| byte << 1 | *bit as u8)).collect()
}
