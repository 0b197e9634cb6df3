//! What a provider's limits make of a request: expected bodies are written by hand from the references.

use serde_json::{Value, json};
use tollgate::chat::Cause;
use tollgate::dialect::Api;
use tollgate::dialect::target::{Quirks, Target};
use tollgate::dialect::translate::{
    Dialect, EncodedRequest, TranslationFault, translate_answer, translate_request,
};

use crate::corpus::{context, translate_chunks, wire};

fn send(api: Api, model: &str, client: Dialect, body: &Value) -> Result<EncodedRequest, TranslationFault> {
    let target = Target::of(api, &Quirks::OPENAI, model);
    translate_request(client, api.dialect(), &serde_json::to_vec(body).unwrap(), &target)
}

/// The body as it is sent, and what is lost; `~` stands before what is there in another form.
fn sent(api: Api, model: &str, client: Dialect, body: &Value) -> (Value, Vec<String>) {
    let encoded = send(api, model, client, body).unwrap();
    let losses = encoded.losses.iter().map(|loss| match loss.cause {
        Cause::Approximated => format!("~{}", loss.field),
        _ => loss.field.to_owned(),
    });
    (serde_json::from_slice(&encoded.body).unwrap(), losses.collect())
}

fn chat(messages: Value, members: &Value) -> Value {
    let mut body = json!({"model": "m", "messages": messages});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

fn hi() -> Value {
    json!([{"role": "user", "content": "Hi"}])
}

const CLAUDE: &str = "claude-sonnet-4-5";

/// OpenAI: "a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum length of 64"; Gemini allows dots and colons.
#[test]
fn a_tool_keeps_its_name_for_the_client_whatever_the_provider_calls_it() {
    let body = json!({
        "contents": [
            {"role": "user", "parts": [{"text": "Hi"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "weather.get", "args": {}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "weather.get", "response": {"output": "Sunny"}}}]},
        ],
        "tools": [{"functionDeclarations": [{"name": "weather.get"}, {"name": "weather_get"}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather.get"]}},
    });
    let encoded = send(Api::OpenAi, "gpt-4.1", Dialect::Gemini, &body).unwrap();
    assert!(encoded.losses.is_empty());
    let sent: Value = serde_json::from_slice(&encoded.body).unwrap();
    let told = sent["tools"][0]["function"]["name"].as_str().unwrap();
    assert!(
        told.len() <= 64 && told.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
        "{told}"
    );
    // The other tool has the name that comes nearest.
    assert!(told.starts_with("weather_get_"), "{told}");
    assert_eq!(sent["tools"][1]["function"]["name"], "weather_get");
    assert_eq!(sent["messages"][1]["tool_calls"][0]["function"]["name"], told);
    assert_eq!(sent["tool_choice"]["function"]["name"], told);

    let mut context = context(Dialect::Gemini);
    context.renamed = encoded.renamed;
    let call = json!({"id": "call_1", "type": "function", "function": {"name": told, "arguments": "{}"}});
    let answer = json!({"id": "a", "model": "m", "choices": [{"index": 0, "finish_reason": "tool_calls",
        "message": {"role": "assistant", "content": null, "tool_calls": [call]}}]});
    let answer = serde_json::to_vec(&answer).unwrap();
    let answer = translate_answer(Dialect::OpenAiChat, Dialect::Gemini, &answer, &context).unwrap();
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(answer["candidates"][0]["content"]["parts"][0]["functionCall"]["name"], "weather.get");
}

#[test]
fn a_streamed_call_has_the_clients_name_too() {
    let long = "a".repeat(100);
    let body = json!({"model": "m", "max_tokens": 9, "messages": hi(),
        "tools": [{"name": long, "input_schema": {"type": "object"}}]});
    let encoded = send(Api::OpenAi, "gpt-4.1", Dialect::Anthropic, &body).unwrap();
    let (told, own) = encoded.renamed[0].clone();
    assert_eq!((told.len(), own.as_str()), (64, long.as_str()));
    let delta = json!({"tool_calls": [{"index": 0, "id": "c", "type": "function",
        "function": {"name": told, "arguments": "{}"}}]});
    let case = json!({"events": [
        {"id": "a", "choices": [{"index": 0, "delta": delta}]},
        {"id": "a", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
        "[DONE]",
    ]});
    let stream = wire(Dialect::OpenAiChat, &case);
    let (out, _) =
        translate_chunks(Dialect::OpenAiChat, Dialect::Anthropic, std::iter::once(stream.as_slice()));
    assert!(String::from_utf8(out).unwrap().contains(&told), "nobody was told of another name");
    let mut context = context(Dialect::Anthropic);
    context.renamed = encoded.renamed;
    let mut translator =
        tollgate::dialect::stream::StreamTranslator::new(Dialect::OpenAiChat, Dialect::Anthropic, context)
            .unwrap();
    let mut out = Vec::new();
    translator.push(&stream, &mut out);
    translator.finish(&mut out);
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains(&format!("\"name\":\"{long}\"")) && !out.contains(&told), "{out}");
}

/// "Invalid 'messages[1].tool_calls[0].id': string too long. Expected a string with maximum length 40."
#[test]
fn long_identifiers_of_calls_stay_apart() {
    let id = |last: &str| format!("toolu_{}{last}", "0".repeat(60));
    let call = |last: &str| json!({"type": "tool_use", "id": id(last), "name": "f", "input": {}});
    let result = |last: &str| json!({"type": "tool_result", "tool_use_id": id(last), "content": last});
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [call("a"), call("b")]},
        {"role": "user", "content": [result("b"), result("a")]},
    ], "tools": [{"name": "f", "input_schema": {"type": "object"}}]});
    for (api, model, calls, most) in [
        (Api::OpenAi, "gpt-4.1", ["/messages/1/tool_calls/0/id", "/messages/1/tool_calls/1/id"], 40),
        (
            Api::Bedrock,
            "anthropic.claude-sonnet-4-5-v1:0",
            ["/messages/1/content/0/toolUse/toolUseId", "/messages/1/content/1/toolUse/toolUseId"],
            64,
        ),
    ] {
        let (sent, _) = sent(api, model, Dialect::Anthropic, &body);
        let told = calls.map(|pointer| sent.pointer(pointer).unwrap().as_str().unwrap().to_owned());
        assert!(told[0] != told[1] && told.iter().all(|id| id.len() <= most), "{told:?}");
        let of_a = if api == Api::OpenAi {
            &sent["messages"][3]["tool_call_id"]
        } else {
            &sent["messages"][2]["content"][1]["toolResult"]["toolUseId"]
        };
        assert_eq!(of_a, told[0].as_str(), "{sent}");
    }
}

/// "`tool_use` ids must be unique": servers of open models count their calls anew in each turn.
#[test]
fn calls_with_one_identifier_become_two() {
    let turn = json!({"role": "assistant", "content": null, "tool_calls": [
        {"id": "call_0", "type": "function", "function": {"name": "f", "arguments": "{}"}}]});
    let result = json!({"role": "tool", "tool_call_id": "call_0", "content": "x"});
    let body = chat(json!([{"role": "user", "content": "Hi"}, turn, result, turn, result]), &json!({}));
    let (sent, losses) = sent(Api::Anthropic, CLAUDE, Dialect::OpenAiChat, &body);
    let id = |index: usize, name: &str| sent["messages"][index]["content"][0][name].clone();
    assert_eq!(id(1, "id"), "call_0");
    assert_eq!(id(2, "tool_use_id"), "call_0");
    assert_ne!(id(3, "id"), "call_0");
    assert_eq!(id(4, "tool_use_id"), id(3, "id"));
    assert!(losses.is_empty(), "{losses:?}");
}

/// "An assistant message with 'tool_calls' must be followed by tool messages"; the Responses API is not so strict.
#[test]
fn results_come_right_behind_their_calls() {
    let call = |id: &str| json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"});
    let output = |id: &str| json!({"type": "function_call_output", "call_id": id, "output": id});
    let said = |text: &str| json!({"role": "user", "content": text});
    let input =
        json!([said("Hi"), call("a"), call("b"), said("Wait"), output("a"), said("And?"), output("b")]);
    let (sent, losses) =
        sent(Api::OpenAi, "gpt-4.1", Dialect::OpenAiResponses, &json!({"model": "m", "input": input}));
    let order: Vec<&str> = sent["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["content"].as_str().unwrap_or("calls"))
        .collect();
    assert_eq!(order, ["Hi", "calls", "a", "b", "Wait", "And?"]);
    assert_eq!(losses, ["~messages.order"]);
}

/// "Function calling with a response mime type: 'application/json' is unsupported", before Gemini 3.
#[test]
fn gemini_is_asked_for_json_in_words_beside_tools() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let body = chat(
        hi(),
        &json!({
            "tools": [{"type": "function", "function": {"name": "f"}}],
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}},
        }),
    );
    let (older, losses) = sent(Api::Gemini, "gemini-2.5-flash", Dialect::OpenAiChat, &body);
    assert_eq!(older["generationConfig"], json!({}));
    assert!(older["systemInstruction"]["parts"][0]["text"].as_str().unwrap().contains(r#""properties""#));
    assert_eq!(losses, ["~response_format.json_schema"]);
    let (newer, losses) = sent(Api::Gemini, "gemini-3-pro-preview", Dialect::OpenAiChat, &body);
    assert_eq!(newer["generationConfig"]["responseJsonSchema"], schema);
    assert!(losses.is_empty() && newer["systemInstruction"].is_null(), "{losses:?}");
}

/// "input_schema does not support oneOf, allOf, or anyOf at the top level"; Gemini's "must describe an object".
#[test]
fn parameters_are_of_one_object() {
    let city = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let unit = json!({"properties": {"unit": {"type": "string"}}, "required": ["unit"]});
    let tool = |parameters: Value| {
        chat(
            hi(),
            &json!({"tools": [
        {"type": "function", "function": {"name": "f", "parameters": parameters}}]}),
        )
    };
    let both = json!({"city": {"type": "string"}, "unit": {"type": "string"}});
    for (keyword, required) in [("anyOf", Value::Null), ("allOf", json!(["city", "unit"]))] {
        let body = tool(json!({"description": "d", keyword: [city, unit]}));
        let (sent, losses) = sent(Api::Anthropic, CLAUDE, Dialect::OpenAiChat, &body);
        let schema = &sent["tools"][0]["input_schema"];
        assert_eq!((&schema["type"], &schema["properties"]), (&json!("object"), &both), "{keyword}");
        assert_eq!((&schema["required"], &schema["description"]), (&required, &json!("d")), "{keyword}");
        assert_eq!(losses, ["~tools.parameters"], "{keyword}");
    }
    for loose in [json!({}), json!({"properties": {}}), json!({"type": ["object", "null"]})] {
        let body = tool(loose);
        let (gemini, _) = sent(Api::Gemini, "gemini-2.5-pro", Dialect::OpenAiChat, &body);
        let (claude, _) = sent(Api::Anthropic, CLAUDE, Dialect::OpenAiChat, &body);
        let function = &gemini["tools"][0]["functionDeclarations"][0];
        assert_eq!(function["parametersJsonSchema"]["type"], "object");
        assert_eq!(claude["tools"][0]["input_schema"]["type"], "object");
    }
}

/// Gemini's guide, "Structured output": with `text/x.enum` the answer is one of the values, without quotes.
#[test]
fn an_enumeration_is_asked_for_in_words() {
    let body = json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], "generationConfig": {
        "responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["red", "dark blue"]}}});
    let (sent, losses) = sent(Api::OpenAi, "gpt-4.1", Dialect::Gemini, &body);
    let words = sent["messages"][0]["content"].as_str().unwrap();
    assert!(words.contains("red, dark blue"), "{words}");
    assert!(sent["response_format"].is_null());
    assert_eq!(losses, ["~generationConfig.responseMimeType"]);
}

#[test]
fn what_is_beyond_a_limit_is_brought_within_it() {
    let marked =
        |text: &str| json!({"type": "text", "text": text, "prompt_cache_breakpoint": {"mode": "explicit"}});
    let five: Vec<Value> = ["a", "b", "c", "d", "e"].iter().map(|text| marked(text)).collect();
    let (sent_marks, losses) = sent(
        Api::Anthropic,
        CLAUDE,
        Dialect::OpenAiChat,
        &chat(json!([{"role": "user", "content": five}]), &json!({})),
    );
    let marks: Vec<bool> = sent_marks["messages"][0]["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| block["cache_control"].is_object())
        .collect();
    assert_eq!((marks, losses), (vec![false, true, true, true, true], vec!["~messages.cache".to_owned()]));

    let hot = chat(hi(), &json!({"n": 16, "presence_penalty": 2, "frequency_penalty": -2}));
    let (config, losses) = sent(Api::Gemini, "gemini-2.5-pro", Dialect::OpenAiChat, &hot);
    assert_eq!(
        config["generationConfig"],
        json!({"candidateCount": 8, "presencePenalty": 1.99, "frequencyPenalty": -2})
    );
    assert_eq!(losses, ["~n", "~presence_penalty"]);

    let warm = json!({"model": "m", "max_tokens": 0, "messages": hi(), "tool_choice": {"type": "any"},
        "tools": [{"type": "web_search_20250305", "name": "web_search"}]});
    let (warmed, losses) = sent(Api::OpenAi, "gpt-4.1", Dialect::Anthropic, &warm);
    assert_eq!(warmed["max_completion_tokens"], 1);
    assert!(warmed["tool_choice"].is_null() && warmed["tools"].is_null());
    assert!(
        losses.contains(&"~max_tokens".to_owned()) && losses.contains(&"tool_choice".to_owned()),
        "{losses:?}"
    );

    let prefix = chat(
        json!([{"role": "user", "content": "Go on"}, {"role": "assistant", "content": "It is "}]),
        &json!({"user": "u".repeat(257)}),
    );
    let (trimmed, losses) = sent(Api::Anthropic, CLAUDE, Dialect::OpenAiChat, &prefix);
    assert_eq!(trimmed["messages"][1]["content"], "It is");
    assert!(trimmed["metadata"].is_null());
    assert_eq!(losses, ["~messages.assistant.content", "user"]);
}

#[test]
fn nothing_said_is_no_question() {
    let body = json!({"model": "m", "prompt": ""});
    for (api, model) in [(Api::Anthropic, CLAUDE), (Api::Gemini, "gemini-2.5-pro")] {
        let fault = send(api, model, Dialect::OpenAiCompletions, &body).err();
        assert_eq!(fault, Some(TranslationFault::Lost("messages.content")), "{api:?}");
    }
    assert!(send(Api::OpenAi, "gpt-4.1", Dialect::OpenAiCompletions, &body).is_ok());
}

/// The registered name is `image/jpeg`; providers know no other.
#[test]
fn a_jpeg_is_called_by_its_name() {
    let gemini = json!({"contents": [{"role": "user", "parts": [
        {"inlineData": {"mimeType": "image/jpg", "data": "/9j/"}}, {"text": "What?"}]}]});
    let (sent_image, losses) = sent(Api::Anthropic, CLAUDE, Dialect::Gemini, &gemini);
    assert_eq!(sent_image["messages"][0]["content"][0]["source"]["media_type"], "image/jpeg");
    assert!(losses.is_empty(), "{losses:?}");
}
