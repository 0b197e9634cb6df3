//! Whole conversations across two dialects: what an SDK user would notice.

use serde_json::{Value, json};
use tollgate::chat::ErrorKind;
use tollgate::dialect::stream::StreamOutcome;
use tollgate::dialect::translate::{Dialect, Support, support, translate_answer, translate_request};

use crate::corpus::{context, target, translate_chunks, wire};

const TOOLS: &str = r#"[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"#;

/// What Anthropic answers first in a loop of tool calls.
fn anthropic_turn() -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [
        {"type": "thinking", "thinking": "Why", "signature": "EqQBCgIYAhIM"},
        {"type": "redacted_thinking", "data": "EmwKAhgBEgy3"},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"b": 1, "a": 2}},
    ], "stop_reason": "tool_use", "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 2}})
}

/// What Gemini answers: the signature is on the call, the thought before it is not signed.
fn gemini_turn() -> Value {
    json!({"candidates": [{"content": {"role": "model", "parts": [
        {"text": "Why", "thought": true},
        {"functionCall": {"name": "f", "args": {"b": 1, "a": 2}}, "thoughtSignature": "CiQB4/H/Xg=="},
    ]}, "finishReason": "STOP"}], "responseId": "r1"})
}

/// The next request of a client that sends back what it got, as the SDKs do, and the result of the call.
fn next_request(client: Dialect, answer: &Value) -> Value {
    match client {
        Dialect::OpenAiChat => {
            let message = &answer["choices"][0]["message"];
            let id = &message["tool_calls"][0]["id"];
            json!({"model": "m", "reasoning_effort": "medium", "tools": serde_json::from_str::<Value>(TOOLS).unwrap(),
                "messages": [{"role": "user", "content": "?"}, message,
                    {"role": "tool", "tool_call_id": id, "content": "42"}]})
        }
        Dialect::OpenAiResponses => {
            let mut input = vec![json!({"role": "user", "content": "?"})];
            input.extend(answer["output"].as_array().unwrap().iter().cloned());
            let id = input.last().unwrap()["call_id"].clone();
            input.push(json!({"type": "function_call_output", "call_id": id, "output": "42"}));
            json!({"model": "m", "reasoning": {"effort": "medium"}, "input": input,
                "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": false}]})
        }
        Dialect::Anthropic => {
            let content = answer["content"].as_array().unwrap();
            let id = &content.last().unwrap()["id"];
            json!({"model": "m", "max_tokens": 9000, "thinking": {"type": "enabled", "budget_tokens": 2000},
                "tools": [{"name": "f", "input_schema": {"type": "object"}}],
                "messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": content},
                    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": "42"}]}]})
        }
        _ => {
            let content = &answer["candidates"][0]["content"];
            json!({"contents": [{"role": "user", "parts": [{"text": "?"}]}, content, {"role": "user", "parts": [
                    {"functionResponse": {"name": "f", "response": {"output": "42"}}}]}],
                "tools": [{"functionDeclarations": [{"name": "f"}]}],
                "generationConfig": {"thinkingConfig": {"thinkingBudget": 2000}}})
        }
    }
}

/// Sends a provider's turn to a client, lets the client go on, and gives what the provider then sees.
fn second_turn(provider: Dialect, client: Dialect, turn: &Value) -> Value {
    let body = serde_json::to_vec(turn).unwrap();
    let answer = translate_answer(provider, client, &body, &context(client)).unwrap();
    let next = next_request(client, &serde_json::from_slice(&answer.body).unwrap());
    let body = serde_json::to_vec(&next).unwrap();
    let encoded = translate_request(client, provider, &body, &target(provider, &Value::Null)).unwrap();
    serde_json::from_slice(&encoded.body).unwrap()
}

#[test]
fn anthropics_thinking_returns_as_it_was_through_every_client() {
    for client in [Dialect::OpenAiChat, Dialect::OpenAiResponses, Dialect::Gemini] {
        let request = second_turn(Dialect::Anthropic, client, &anthropic_turn());
        let content = &request["messages"][1]["content"];
        assert_eq!(content[0]["thinking"], "Why", "{client:?}");
        assert_eq!(content[0]["signature"], "EqQBCgIYAhIM", "{client:?}");
        assert_eq!(content[1], json!({"type": "redacted_thinking", "data": "EmwKAhgBEgy3"}), "{client:?}");
        assert_eq!(content[2]["input"], json!({"b": 1, "a": 2}), "{client:?}");
        assert_eq!(content[2]["id"], request["messages"][2]["content"][0]["tool_use_id"], "{client:?}");
        assert_eq!(request["thinking"]["type"], "enabled", "{client:?}");
    }
}

#[test]
fn geminis_signature_returns_to_its_call_through_every_client() {
    for client in [Dialect::OpenAiChat, Dialect::OpenAiResponses, Dialect::Anthropic] {
        let request = second_turn(Dialect::Gemini, client, &gemini_turn());
        let parts = request["contents"][1]["parts"].as_array().unwrap();
        let call = parts.iter().find(|part| part.get("functionCall").is_some()).unwrap();
        assert_eq!(call["thoughtSignature"], "CiQB4/H/Xg==", "{client:?}");
        let id = &call["functionCall"]["id"];
        let response = &request["contents"][2]["parts"][0]["functionResponse"];
        assert_eq!((&response["id"], &response["name"]), (id, &json!("f")), "{client:?}");
    }
}

/// The same after a stream, as a client that adds up the pieces sends it back.
#[test]
fn a_streamed_signature_is_one_that_returns() {
    let case = json!({"events": [
        {"type": "message_start", "message": {"id": "m", "model": "claude", "usage": {"input_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Wh"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "y"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "EqQB"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ]});
    let bytes = wire(Dialect::Anthropic, &case);
    let (out, translator) =
        translate_chunks(Dialect::Anthropic, Dialect::OpenAiChat, std::iter::once(bytes.as_slice()));
    assert_eq!(translator.outcome(), Some(StreamOutcome::Complete));
    let text = String::from_utf8(out).unwrap();
    let details: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok())
        .filter_map(|chunk| chunk["choices"][0]["delta"].get("reasoning_details").cloned())
        .collect();
    // One piece holds all: nothing that adds up pieces can get it wrong.
    let expected = json!([{"type": "reasoning.text", "text": "Why", "signature": "EqQB",
        "format": "anthropic-claude-v1", "index": 0}]);
    assert_eq!(details, [expected]);
}

/// The members of a schema keep their order: models answer in it.
#[test]
fn a_schema_keeps_its_order_and_its_numbers() {
    let schema = r#"{"type":"object","properties":{"z":{"type":"number","maximum":1.0},"a":{"maximum":12345678901234567890123}}}"#;
    let body = format!(
        r#"{{"model":"m","messages":[{{"role":"user","content":"x"}}],"response_format":{{"type":"json_schema","json_schema":{{"name":"n","schema":{schema}}}}}}}"#
    );
    for provider in [Dialect::Anthropic, Dialect::Gemini] {
        let target = target(provider, &Value::Null);
        let encoded = translate_request(Dialect::OpenAiChat, provider, body.as_bytes(), &target).unwrap();
        assert!(String::from_utf8(encoded.body).unwrap().contains(schema), "{provider:?}");
    }
}

/// Every pair is passed, translated or refused, and no provider is refused to every client.
#[test]
fn the_matrix_is_whole() {
    for client in Dialect::ALL {
        for provider in Dialect::ALL {
            let expected = match (client, provider) {
                (Dialect::Bedrock, _) => Support::Refuse,
                (client, provider) if client == provider => Support::Pass,
                (_, Dialect::OpenAiCompletions | Dialect::OpenAiResponses) => Support::Refuse,
                _ => Support::Translate,
            };
            assert_eq!(support(client, provider), expected, "{client:?} {provider:?}");
        }
    }
}

/// An error of the transport has neither an event's type nor an exception's.
#[test]
fn an_error_of_bedrocks_transport_is_said() {
    let case = json!({"events": [{"messageStart": {"role": "assistant"}}, {"InternalError": {"message": "Broken."}}]});
    let bytes = wire(Dialect::Bedrock, &case);
    let (out, translator) =
        translate_chunks(Dialect::Bedrock, Dialect::Anthropic, std::iter::once(bytes.as_slice()));
    assert_eq!(translator.outcome(), Some(StreamOutcome::Failed(ErrorKind::Server)));
    assert!(String::from_utf8(out).unwrap().contains("Broken."));
}

#[test]
fn a_stream_of_endless_parts_is_ended() {
    let mut events = vec![json!({"type": "message_start", "message": {}})];
    for index in 0..5000 {
        let block = json!({"type": "tool_use", "id": "t", "name": "f", "input": {}});
        events.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    let bytes = wire(Dialect::Anthropic, &json!({ "events": events }));
    for client in [Dialect::OpenAiChat, Dialect::OpenAiResponses, Dialect::Gemini] {
        let (_, translator) = translate_chunks(Dialect::Anthropic, client, std::iter::once(bytes.as_slice()));
        assert_eq!(translator.outcome(), Some(StreamOutcome::Failed(ErrorKind::Server)), "{client:?}");
    }
}
