//! Bedrock, Azure OpenAI and Vertex AI: who may call, what is refused, and that the answers have the published shapes.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use tollgate::dialect::sigv4::{self, AccessKey, Scope};
use tollgate::framing::eventstream::Framer;

use super::*;
use crate::bedrock::schema::check;

const CONVERSE: &str = "/model/anthropic.claude-sonnet-4-5-v1%3A0/converse";
const BEARER: [(&str, &str); 1] = [("authorization", "Bearer key")];

pub(super) fn call_with(address: SocketAddr, path: &str, fields: &[(&str, &str)], body: &str) -> Reply {
    let mut socket = connect(address);
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: mock\r\n{fields}content-length: {}\r\n\r\n", body.len());
    socket.write_all((head + body).as_bytes()).unwrap();
    receive(&mut socket).unwrap()
}

fn converse(text: &str) -> Value {
    json!({"messages": [{"role": "user", "content": [{"text": text}]}]})
}

fn with_tool(text: &str) -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let mut body = converse(text);
    body["toolConfig"] =
        json!({"tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": schema}}}]});
    body
}

fn thinking(text: &str) -> Value {
    let mut body = converse(text);
    body["inferenceConfig"] = json!({"maxTokens": 3000});
    body["additionalModelRequestFields"] = json!({"thinking": {"type": "enabled", "budget_tokens": 2000}});
    body
}

#[test]
fn what_bedrock_answers_fits_its_service_model() {
    let address = start(None);
    for body in [converse("hello there"), with_tool("the weather in Paris"), thinking("hello there")] {
        let whole = call_with(address, CONVERSE, &BEARER, &body.to_string()).json();
        check("ConverseResponse", &whole).unwrap();
        let stream = call_with(address, &format!("{CONVERSE}-stream"), &BEARER, &body.to_string());
        assert!(stream.head.contains("content-type: application/vnd.amazon.eventstream\r\n"));
        let mut kinds = Vec::new();
        let mut framer = Framer::new(1 << 20);
        let read = framer.push(&stream.body, |message| {
            let kind = message.kind.unwrap().to_owned();
            let payload: Value = serde_json::from_slice(message.payload).unwrap();
            let mut event = json!({});
            event[&kind] = payload;
            check("ConverseStreamOutput", &event).unwrap();
            kinds.push(kind);
        });
        assert_eq!(read, Ok(()));
        assert_eq!(kinds.first().map(String::as_str), Some("messageStart"));
        assert_eq!(&kinds[kinds.len() - 2..], ["messageStop", "metadata"]);
    }
    let call = call_with(address, CONVERSE, &BEARER, &with_tool("the weather in Paris").to_string()).json();
    assert_eq!(call["stopReason"], "tool_use");
    assert_eq!(call["output"]["message"]["content"][0]["toolUse"]["input"], json!({"city": "mock"}));
}

#[test]
fn bedrock_refuses_what_its_reference_does_not_allow() {
    let address = start(None);
    for (pointer, value, words) in [
        ("/messages", json!([]), "messages is empty"),
        ("/messages/0/role", json!("assistant"), "must start with a user message"),
        ("/messages/0/role", json!("tool"), "enum value set"),
        ("/messages/0/content/0", json!({"text": " "}), "blank"),
        ("/messages/0/content/0", json!({"text": "a", "cachePoint": {"type": "default"}}), "exactly one"),
        ("/messages/0/content/0", json!({"type": "text", "text": "a"}), "exactly one"),
        ("/messages/0/content/0", json!({"input_text": "a"}), "not known"),
        ("/messages/0/content/0", json!({"image": {"format": "png"}}), "source"),
        (
            "/messages/0/content/0",
            json!({"image": {"format": "png", "source": {"bytes": "no base64"}}}),
            "blob",
        ),
        ("/model", json!("m"), "not known"),
        ("/inferenceConfig", json!({"temperature": 1.5}), "less than or equal to 1"),
        ("/inferenceConfig", json!({"maxTokens": "5"}), "integer"),
        ("/toolConfig", json!({"tools": []}), "greater than or equal to 1"),
        (
            "/toolConfig",
            json!({"tools": [{"toolSpec": {"name": "a b", "inputSchema": {"json": {}}}}]}),
            "pattern",
        ),
        ("/additionalModelRequestFields", json!({"max_tokens": 5}), "Extra inputs"),
    ] {
        let mut body = converse("hi");
        match body.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => body[pointer.trim_start_matches('/')] = value,
        }
        let reply = call_with(address, CONVERSE, &BEARER, &body.to_string());
        assert_eq!(reply.status, 400, "{body}");
        let message = reply.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(words), "{body}: {message}");
    }
    let result = json!({"toolResult": {"toolUseId": "t", "content": [{"text": "Sunny"}]}});
    let mut unasked = with_tool("hi");
    unasked["messages"][0]["content"][0] = result;
    assert_eq!(call_with(address, CONVERSE, &BEARER, &unasked.to_string()).status, 400);
    let unescaped = call_with(address, "/model/a:0/converse", &BEARER, &converse("hi").to_string());
    assert_eq!(unescaped.status, 400);
}

/// The examples of the references, and what they do not allow.
#[test]
fn what_is_embedded_is_asked_as_the_references_say() {
    let address = start(None);
    let google = [("x-goog-api-key", "key")];
    let content = json!({"parts": [{"text": "hello there"}]});
    let gemini = "/v1beta/models/gemini-embedding-001:batchEmbedContents";
    let vertex = "/v1/projects/p/locations/eu/publishers/google/models";
    let (predict, embed) =
        (format!("{vertex}/text-embedding-005:predict"), format!("{vertex}/gemini-embedding-2:embedContent"));
    let (titan, cohere) =
        ("/model/amazon.titan-embed-text-v2%3A0/invoke", "/model/cohere.embed-english-v3/invoke");
    for (path, fields, body, vector) in [
        (
            gemini,
            &google,
            json!({"requests": [{"model": "models/gemini-embedding-001", "content": content, "outputDimensionality": 8}]}),
            "/embeddings/0/values",
        ),
        (
            &predict,
            &BEARER,
            json!({"instances": [{"content": "hello"}], "parameters": {"outputDimensionality": 8}}),
            "/predictions/0/embeddings/values",
        ),
        (
            &embed,
            &BEARER,
            json!({"content": content, "embedContentConfig": {"outputDimensionality": 8}}),
            "/embedding/values",
        ),
        (titan, &BEARER, json!({"inputText": "hello", "dimensions": 256}), "/embedding"),
        (cohere, &BEARER, json!({"texts": ["hello"], "input_type": "search_query"}), "/embeddings/0"),
    ] {
        let reply = call_with(address, path, fields, &body.to_string());
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        assert!(reply.json().pointer(vector).unwrap().as_array().unwrap().len() >= 8, "{path}");
        let mut odd = body.clone();
        odd["model"] = "m".into();
        assert_eq!(call_with(address, path, fields, &odd.to_string()).status, 400, "{path}");
        assert_eq!(call_with(address, path, fields, "{}").status, 400, "{path}");
    }
    for (path, body) in [
        (titan, json!({"inputText": ["hello"]})),
        (titan, json!({"inputText": "hello", "dimensions": 300})),
        (cohere, json!({"texts": ["hello"]})),
        (cohere, json!({"texts": ["hello"], "input_type": "search_query", "output_dimension": 256})),
        ("/model/anthropic.claude-sonnet-4-5-v1%3A0/invoke", json!({"inputText": "hello"})),
    ] {
        assert_eq!(call_with(address, path, &BEARER, &body.to_string()).status, 400, "{path} {body}");
    }
}

/// A request that is signed now, or so many seconds ago.
fn signed(address: SocketAddr, secret: &str, ago: i64, signed_body: &str, sent_body: &str) -> u16 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let moment = Timestamp::from_second(i64::try_from(now).unwrap() - ago).unwrap();
    let date = moment.strftime("%Y%m%dT%H%M%SZ").to_string();
    let fields: [(&str, &[u8]); 2] = [("host", b"mock"), ("x-amz-date", date.as_bytes())];
    let request =
        sigv4::Request { method: "POST", target: CONVERSE, fields: &fields, body: signed_body.as_bytes() };
    let key = AccessKey { id: b"AKID", secret: secret.as_bytes() };
    let scope = Scope { date: &date, region: "us-east-1", service: "bedrock" };
    let authorization = String::from_utf8(sigv4::authorization(&request, &key, &scope)).unwrap();
    let fields = [("x-amz-date", date.as_str()), ("authorization", authorization.as_str())];
    call_with(address, CONVERSE, &fields, sent_body).status
}

#[test]
fn a_signature_must_be_of_this_request_this_secret_and_this_hour() {
    let address = start(Some("secret"));
    let (body, other) = (converse("hi").to_string(), converse("ho").to_string());
    assert_eq!(signed(address, "secret", 0, &body, &body), 200);
    assert_eq!(signed(address, "secret", 0, &body, &other), 403, "another body");
    assert_eq!(signed(address, "terces", 0, &body, &body), 403, "another secret");
    assert_eq!(signed(address, "secret", 1000, &body, &body), 403, "long ago");
    assert_eq!(call_with(address, CONVERSE, &[], &body).status, 403, "none");
    assert_eq!(call_with(address, CONVERSE, &[("authorization", "Bearer secret")], &body).status, 200);
    assert_eq!(call_with(address, CONVERSE, &[("authorization", "Bearer other")], &body).status, 403);
    // One that asks for less is as strict about the form.
    let open = start(None);
    assert_eq!(signed(open, "terces", 0, &body, &other), 200);
    let form = [("authorization", "AWS4-HMAC-SHA256 Credential=a/20260101/r/s3/aws4_request")];
    assert_eq!(call_with(open, CONVERSE, &form, &body).status, 403);
}

#[test]
fn azure_wants_a_version_and_its_own_header() {
    let address = start(Some("key"));
    let path = "/openai/deployments/gpt-4o-eu/chat/completions";
    let responses = json!({"model": "gpt-4o-eu", "input": "hello"}).to_string();
    for (path, status) in
        [("/instance/azure/openai/v1/responses", 200), ("/instance/openai/v1/responses", 401)]
    {
        assert_eq!(call_with(address, path, &[("api-key", "key")], &responses).status, status, "{path}");
    }
    let versioned = format!("{path}?api-version=2024-10-21");
    let body = prompt("hello").to_string();
    for (path, fields, status) in [
        (versioned.as_str(), &[("api-key", "key")][..], 200),
        (&versioned, &[("api-key", "other")], 401),
        (&versioned, &[("authorization", "Bearer key")], 401),
        (&versioned, &[("api-key", "key"), ("authorization", "Bearer key")], 401),
        (path, &[("api-key", "key")], 404),
        ("/openai/deployments/gpt-4o-eu/responses?api-version=2024-10-21", &[("api-key", "key")], 404),
    ] {
        assert_eq!(call_with(address, path, fields, &body).status, status, "{path} {fields:?}");
    }
}

#[test]
fn vertex_has_the_model_in_the_path_and_a_version_in_the_body() {
    let address = start(Some("token"));
    let place = "/v1/projects/p/locations/eu/publishers";
    let bearer = [("authorization", "Bearer token")];
    let gemini = json!({"contents": [{"role": "user", "parts": [{"text": "hello"}]}]});
    let path = format!("{place}/google/models/gemini-2.5-pro:generateContent");
    let reply = call_with(address, &path, &bearer, &gemini.to_string());
    assert_eq!(reply.json()["candidates"][0]["content"]["parts"][0]["text"], "You said: hello");
    let denied = call_with(address, &path, &[("x-goog-api-key", "token")], &gemini.to_string());
    assert_eq!(denied.json()["error"]["status"], "UNAUTHENTICATED");

    let claude = json!({
        "anthropic_version": "vertex-2023-10-16", "max_tokens": 99,
        "messages": [{"role": "user", "content": "hello"}],
    });
    let path = format!("{place}/anthropic/models/claude-sonnet-4-5@20250929:rawPredict");
    let reply = call_with(address, &path, &bearer, &claude.to_string());
    assert_eq!(reply.json()["content"][0]["text"], "You said: hello");
    for (member, value) in [("model", json!("claude")), ("anthropic_version", json!("2023-06-01"))] {
        let mut body = claude.clone();
        body[member] = value;
        assert_eq!(call_with(address, &path, &bearer, &body.to_string()).status, 400, "{body}");
    }
    let elsewhere = path.replace("/locations/eu", "");
    assert_eq!(call_with(address, &elsewhere, &bearer, &claude.to_string()).status, 404);
}
