//! What a translated request says is what the named model takes: every expected body is written by hand from the
//! provider's reference.

use serde_json::{Value, json};
use tollgate::chat::Cause;
use tollgate::dialect::Api;
use tollgate::dialect::target::{Flavor, Quirks, Target};
use tollgate::dialect::translate::{
    Dialect, EncodedRequest, TranslationFault, translate_answer, translate_request,
};

use crate::corpus::{context, translate_chunks, wire};

fn send_to(api: Api, quirks: &'static Quirks, model: &str, client: Dialect, body: &Value) -> EncodedRequest {
    let target = Target::of(api, quirks, model);
    translate_request(client, api.dialect(), &serde_json::to_vec(body).unwrap(), &target).unwrap()
}

/// What reaches a model of a chat completion with these members, and what is lost.
fn sent(api: Api, model: &str, members: &Value) -> (Value, Vec<String>) {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "Hello"}]});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    read(&send_to(api, &Quirks::OPENAI, model, Dialect::OpenAiChat, &body))
}

/// The same of a request to Gemini with this configuration.
fn sent_by_gemini(api: Api, model: &str, config: &Value) -> (Value, Vec<String>) {
    let body =
        json!({"contents": [{"role": "user", "parts": [{"text": "Hello"}]}], "generationConfig": config});
    read(&send_to(api, &Quirks::OPENAI, model, Dialect::Gemini, &body))
}

fn read(encoded: &EncodedRequest) -> (Value, Vec<String>) {
    let losses = encoded.losses.iter().map(|loss| match loss.cause {
        Cause::Approximated => format!("~{}", loss.field),
        _ => loss.field.to_owned(),
    });
    (serde_json::from_slice(&encoded.body).unwrap(), losses.collect())
}

fn schema() -> Value {
    json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false})
}

fn asked_for(schema: &Value) -> Value {
    json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": schema}}})
}

/// AWS, "Adaptive thinking": budgets answer 400 on Opus 4.7, adaptive thinking on models before 4.6.
#[test]
fn claude_thinks_in_the_form_that_its_version_takes() {
    let high = json!({"reasoning_effort": "high"});
    for (api, model) in
        [(Api::Anthropic, "claude-opus-4-7"), (Api::VertexAnthropic, "claude-opus-4-7@20260416")]
    {
        let (body, losses) = sent(api, model, &high);
        assert_eq!(body["thinking"]["type"], "adaptive", "{model}");
        assert_eq!(body["output_config"], json!({"effort": "high"}), "{model}");
        assert!(losses.is_empty(), "{losses:?}");
    }
    let (body, _) = sent(Api::Bedrock, "us.anthropic.claude-opus-4-7", &high);
    let expected = json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}});
    assert_eq!(body["additionalModelRequestFields"], expected);
    // "Manual extended thinking is not supported on these models and will return a 400 error."
    let budget = json!({"model": "m", "max_tokens": 9000, "thinking": {"type": "enabled", "budget_tokens": 8192},
        "messages": [{"role": "user", "content": "Hello"}]});
    for (model, thinking) in [
        ("us.anthropic.claude-opus-4-7", json!({"type": "adaptive"})),
        ("us.anthropic.claude-opus-4-6-v1", json!({"type": "enabled", "budget_tokens": 8192})),
    ] {
        let (body, _) = read(&send_to(Api::Bedrock, &Quirks::OPENAI, model, Dialect::Anthropic, &budget));
        assert_eq!(body["additionalModelRequestFields"]["thinking"], thinking, "{model}");
    }
    for model in ["eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-opus-4-5-20251101-v1:0"] {
        let (body, _) = sent(Api::Bedrock, model, &high);
        let thinking = &body["additionalModelRequestFields"]["thinking"];
        assert_eq!(thinking, &json!({"type": "enabled", "budget_tokens": 24_576}), "{model}");
    }
    let (body, losses) = sent(Api::Anthropic, "claude-3-5-haiku-20241022", &high);
    assert_eq!((body.get("thinking"), losses), (None, vec!["reasoning".to_owned()]));
    // xhigh came with the models that take no budgets.
    let (body, losses) = sent(Api::Anthropic, "claude-opus-4-6", &json!({"reasoning_effort": "xhigh"}));
    assert_eq!(
        (&body["output_config"]["effort"], losses),
        (&json!("high"), vec!["~reasoning.effort".to_owned()])
    );
    // Gemini's -1 is dynamic thinking, which models before 4.6 do not have.
    let dynamic = json!({"thinkingConfig": {"thinkingBudget": -1}});
    let (body, losses) = sent_by_gemini(Api::Anthropic, "claude-sonnet-4-5", &dynamic);
    assert_eq!((&body["thinking"]["type"], losses), (&json!("enabled"), vec!["~reasoning".to_owned()]));
    let (body, losses) = sent_by_gemini(Api::Anthropic, "claude-sonnet-4-6", &dynamic);
    assert_eq!((&body["thinking"]["type"], losses.is_empty()), (&json!("adaptive"), true));
}

/// Migration guides of Opus 5.5 and Sonnet 5.5: `disabled` answers 400.
#[test]
fn claude_is_told_not_to_think_as_it_can_be_told() {
    let none = json!({"reasoning_effort": "none"});
    for (model, thinking, effort, lost) in [
        ("claude-3-5-haiku-20241022", None, None, 0),
        ("claude-opus-5", Some("disabled"), None, 0),
        ("claude-sonnet-5-5", Some("between_tools"), None, 0),
        ("claude-opus-5-5", Some("adaptive"), Some("low"), 1),
    ] {
        let (body, losses) = sent(Api::Anthropic, model, &none);
        assert_eq!(body["thinking"]["type"].as_str(), thinking, "{model}");
        assert_eq!(body["output_config"]["effort"].as_str(), effort, "{model}");
        assert_eq!(losses.len(), lost, "{model}: {losses:?}");
    }
    let (body, _) = sent(Api::Bedrock, "global.anthropic.claude-opus-5", &none);
    assert_eq!(body["additionalModelRequestFields"], json!({"thinking": {"type": "disabled"}}));
    let (body, _) = sent(Api::Bedrock, "anthropic.claude-sonnet-4-5-20250929-v1:0", &none);
    assert_eq!(body.get("additionalModelRequestFields"), None, "it does not think unless it is told to");
}

/// "`temperature` and `top_p` cannot both be specified for this model."
#[test]
fn claude_gets_one_kind_of_sampling() {
    let both = json!({"temperature": 0.5, "top_p": 0.9});
    let (body, losses) = sent(Api::Anthropic, "claude-sonnet-4-5", &both);
    assert_eq!((&body["temperature"], body.get("top_p")), (&json!(0.5), None));
    assert_eq!(losses, ["top_p"]);
    let (body, losses) = sent(Api::Bedrock, "us.anthropic.claude-haiku-4-5-20251001-v1:0", &both);
    assert_eq!((body["inferenceConfig"].get("topP"), losses), (None, vec!["top_p".to_owned()]));
    let (_, losses) = sent(Api::Anthropic, "claude-sonnet-4-5", &json!({"temperature": 0.5, "top_p": 1.0}));
    assert!(losses.is_empty(), "{losses:?}");
    let (body, _) = sent(Api::Anthropic, "claude-sonnet-4-5", &json!({"top_p": 0.9}));
    assert_eq!(body["top_p"], 0.9);
    let (body, _) = sent(Api::Anthropic, "claude-opus-4-20250514", &both);
    assert_eq!((&body["temperature"], &body["top_p"]), (&json!(0.5), &json!(0.9)));
    let (body, losses) = sent(Api::VertexAnthropic, "claude-sonnet-5", &both);
    assert_eq!((body.get("temperature"), body.get("top_p")), (None, None));
    assert_eq!(losses, ["temperature", "top_p"]);
}

/// Migration guide of Opus 5.5: a tool that is forced answers 400.
#[test]
fn no_tool_is_forced_where_none_can_be() {
    let tools = json!([{"type": "function", "function": {"name": "f"}}, {"type": "function", "function": {"name": "g"}}]);
    let named = json!({"type": "function", "function": {"name": "g"}});
    let request = json!({"tools": tools, "tool_choice": named});
    let (body, losses) = sent(Api::Anthropic, "claude-opus-5-5", &request);
    assert_eq!(body["tool_choice"], json!({"type": "auto"}));
    assert_eq!(body["tools"].as_array().unwrap().len(), 1);
    assert_eq!(losses, ["~tool_choice"]);
    let (body, losses) = sent(Api::Bedrock, "us.anthropic.claude-sonnet-5-5", &request);
    assert_eq!(
        (&body["toolConfig"]["toolChoice"], losses),
        (&json!({"auto": {}}), vec!["~tool_choice".to_owned()])
    );
    let (body, losses) = sent(Api::Anthropic, "claude-opus-5", &request);
    assert_eq!((&body["tool_choice"], losses.is_empty()), (&json!({"type": "tool", "name": "g"}), true));
}

/// Guide "Structured outputs": `output_config.format` from Claude 4.5 on, of closed objects; a tool elsewhere.
#[test]
fn claude_is_held_to_a_schema_by_what_it_has() {
    let (body, losses) = sent(Api::Anthropic, "claude-sonnet-4-5", &asked_for(&schema()));
    assert_eq!(body["output_config"], json!({"format": {"type": "json_schema", "schema": schema()}}));
    assert_eq!((body.get("tools"), losses.is_empty()), (None, true));
    let open = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    for (model, schema) in [("claude-3-5-haiku-20241022", &schema()), ("claude-sonnet-4-5", &open)] {
        let (body, losses) = sent(Api::Anthropic, model, &asked_for(schema));
        assert_eq!(body["tools"][0]["input_schema"], *schema, "{model}");
        assert_eq!(
            (body["tool_choice"]["type"].as_str(), losses),
            (Some("tool"), vec!["~response_format".to_owned()])
        );
    }
    // No tool can be forced: what is left are words.
    let (body, losses) = sent(Api::Anthropic, "claude-opus-5-5", &asked_for(&open));
    assert_eq!((body.get("tools"), losses), (None, vec!["~response_format.json_schema".to_owned()]));
    assert!(body["system"].as_str().unwrap().contains(&open.to_string()));
    let strict = json!({"tools": [{"type": "function", "function": {"name": "f", "strict": true, "parameters": schema()}}]});
    let (body, losses) = sent(Api::Anthropic, "claude-3-5-haiku-20241022", &strict);
    assert_eq!((body["tools"][0].get("strict"), losses), (None, vec!["tools.strict".to_owned()]));
    let (body, _) = sent(Api::Anthropic, "claude-haiku-4-5", &strict);
    assert_eq!(body["tools"][0]["strict"], true);
    let (body, _) = sent(Api::Bedrock, "anthropic.claude-haiku-4-5-20251001-v1:0", &strict);
    assert_eq!(body["toolConfig"]["tools"][0]["toolSpec"]["strict"], true);
}

/// OpenAI's reference, `reasoning_effort`, and its errors "Unsupported value" and "Unsupported parameter".
#[test]
fn openais_models_are_asked_for_no_reasoning_that_they_lack() {
    let thinking = |thinking: Value| {
        json!({"model": "m", "max_tokens": 40_000, "temperature": 0.5, "top_p": 0.9, "stop_sequences": ["X"],
            "thinking": thinking, "messages": [{"role": "user", "content": "Hello"}]})
    };
    let some = thinking(json!({"type": "enabled", "budget_tokens": 30_000}));
    let none = thinking(json!({"type": "disabled"}));
    let plain = |losses: &[&str]| losses.iter().map(ToString::to_string).collect::<Vec<_>>();
    let no_sampling = ["stop", "temperature", "top_p"];
    for (model, request, effort, has_sampling, lost) in [
        ("gpt-4o", &some, None, true, plain(&["reasoning"])),
        ("gpt-4o", &none, None, true, plain(&[])),
        ("gpt-5", &some, Some("high"), false, plain(&["stop", "~reasoning.budget", "temperature", "top_p"])),
        (
            "gpt-5",
            &none,
            Some("minimal"),
            false,
            plain(&["stop", "~reasoning.effort", "temperature", "top_p"]),
        ),
        ("gpt-5.1", &none, Some("none"), true, plain(&["stop"])),
        (
            "gpt-5.2",
            &some,
            Some("xhigh"),
            false,
            plain(&["stop", "~reasoning.budget", "temperature", "top_p"]),
        ),
        ("o3", &none, Some("low"), false, plain(&["stop", "~reasoning.effort", "temperature", "top_p"])),
        ("my-own-model", &none, Some("none"), true, plain(&[])),
    ] {
        let (body, losses) = read(&send_to(Api::OpenAi, &Quirks::OPENAI, model, Dialect::Anthropic, request));
        assert_eq!(body["reasoning_effort"].as_str(), effort, "{model}");
        assert_eq!(body.get("temperature").is_some(), has_sampling, "{model}");
        assert_eq!(losses, lost, "{model}");
    }
    let silent = json!({"model": "m", "max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop_sequences": ["X"],
        "messages": [{"role": "user", "content": "Hello"}]});
    let (_, losses) = read(&send_to(Api::OpenAi, &Quirks::OPENAI, "gpt-5-mini", Dialect::Anthropic, &silent));
    assert_eq!(losses, no_sampling);
    let (_, losses) = read(&send_to(Api::OpenAi, &Quirks::OPENAI, "gpt-5.1", Dialect::Anthropic, &silent));
    assert_eq!(losses, ["stop"], "it does not reason unless it is told to");
    let mistral = Flavor::Mistral.quirks();
    let (body, losses) =
        read(&send_to(Api::OpenAi, mistral, "mistral-large-latest", Dialect::Anthropic, &none));
    assert_eq!((body.get("reasoning_effort"), losses.is_empty()), (None, true));
}

/// "Function tools with reasoning_effort are not supported for gpt-5.6-terra in /v1/chat/completions. To use function
/// tools, use /v1/responses or set reasoning_effort to 'none'."
#[test]
fn tools_are_called_without_reasoning_where_both_are_refused() {
    let request = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}],
        "tools": [{"name": "f", "input_schema": {"type": "object"}}]});
    let (body, losses) =
        read(&send_to(Api::OpenAi, &Quirks::OPENAI, "gpt-5.6-terra", Dialect::Anthropic, &request));
    assert_eq!((&body["reasoning_effort"], losses.is_empty()), (&json!("none"), true));
    let (body, _) = read(&send_to(Api::OpenAi, &Quirks::OPENAI, "gpt-5.2", Dialect::Anthropic, &request));
    assert_eq!(body.get("reasoning_effort"), None);
}

/// Gemini API, "Thinking": ranges of budgets, and levels.
#[test]
fn gemini_thinks_within_the_limits_of_its_version() {
    for (api, model, effort, expected, lost) in [
        (Api::Gemini, "gemini-2.5-pro", "none", json!({"includeThoughts": false, "thinkingBudget": 128}), 1),
        (Api::Gemini, "gemini-2.5-flash", "none", json!({"includeThoughts": false, "thinkingBudget": 0}), 0),
        (
            Api::Gemini,
            "gemini-2.5-flash",
            "xhigh",
            json!({"includeThoughts": true, "thinkingBudget": 24_576}),
            1,
        ),
        (
            Api::VertexGemini,
            "gemini-3-pro-preview",
            "medium",
            json!({"includeThoughts": true, "thinkingLevel": "LOW"}),
            1,
        ),
        (
            Api::VertexGemini,
            "gemini-3-pro-preview",
            "none",
            json!({"includeThoughts": false, "thinkingLevel": "LOW"}),
            1,
        ),
        (
            Api::VertexGemini,
            "gemini-3-flash-preview",
            "medium",
            json!({"includeThoughts": true, "thinkingLevel": "MEDIUM"}),
            0,
        ),
        (Api::Gemini, "gemini-2.0-flash", "none", Value::Null, 0),
        (Api::Gemini, "gemini-2.0-flash", "high", Value::Null, 1),
    ] {
        let (body, losses) = sent(api, model, &json!({"reasoning_effort": effort}));
        assert_eq!(body["generationConfig"]["thinkingConfig"], expected, "{model} {effort}");
        assert_eq!(losses.len(), lost, "{model} {effort}: {losses:?}");
    }
    let call = json!({"messages": [
        {"role": "user", "content": "w"},
        {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c", "content": "r"},
    ]});
    let (body, _) = sent(Api::VertexGemini, "gemini-3-pro-preview", &call);
    assert!(body["contents"][1]["parts"][0]["thoughtSignature"].is_string());
    let (body, losses) = sent(Api::Gemini, "gemini-2.5-pro", &json!({"seed": 9_007_199_254_740_991_i64}));
    assert_eq!((body["generationConfig"].get("seed"), losses), (None, vec!["seed".to_owned()]));
}

/// OpenAI's guide "Structured model outputs".
#[test]
fn openai_is_asked_to_be_strict_only_about_what_it_can() {
    let format = |schema: Value| {
        sent_by_gemini(
            Api::OpenAi,
            "gpt-4o",
            &json!({"responseMimeType": "application/json", "responseJsonSchema": schema}),
        )
    };
    let (body, losses) = format(schema());
    assert_eq!(body["response_format"]["json_schema"]["strict"], true);
    assert!(losses.is_empty(), "{losses:?}");
    let (body, losses) = format(json!({"type": "object", "properties": {"a": {"type": "string"}}}));
    assert_eq!(body["response_format"]["json_schema"]["strict"], false);
    assert_eq!(losses, ["response_format.strict"]);
    // "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
    let (body, losses) =
        sent_by_gemini(Api::OpenAi, "gpt-4o", &json!({"responseMimeType": "application/json"}));
    assert_eq!(body["response_format"], json!({"type": "json_object"}));
    assert!(body["messages"][0]["content"].as_str().unwrap().contains("JSON"));
    assert_eq!(losses, ["~response_format"]);
    // DeepSeek knows no schemas: it must read it.
    let deepseek = Flavor::DeepSeek.quirks();
    let request = json!({"contents": [{"parts": [{"text": "Hello"}]}],
        "generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": schema()}});
    let (body, losses) = read(&send_to(Api::OpenAi, deepseek, "deepseek-chat", Dialect::Gemini, &request));
    assert!(body["messages"][0]["content"].as_str().unwrap().contains(&schema().to_string()));
    assert_eq!(losses, ["~response_format.json_schema"]);
}

/// A list is wrapped on its way out, and comes out of its wrapper on the way back, whole or streamed.
#[test]
fn a_list_can_be_asked_for_everywhere() {
    let list = json!({"type": "array", "items": {"type": "string"}});
    let request = json!({"contents": [{"parts": [{"text": "Hello"}]}],
        "generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": list}});
    let encoded = send_to(Api::OpenAi, &Quirks::OPENAI, "gpt-4o", Dialect::Gemini, &request);
    assert!(encoded.wrapped);
    let (body, losses) = read(&encoded);
    let wrapped = json!({"type": "object", "properties": {"value": list}, "required": ["value"], "additionalProperties": false});
    assert_eq!(body["response_format"]["json_schema"]["schema"], wrapped);
    assert_eq!(losses, ["~response_format.schema"]);
    let (body, _) = read(&send_to(
        Api::Anthropic,
        &Quirks::OPENAI,
        "claude-3-5-haiku-20241022",
        Dialect::Gemini,
        &request,
    ));
    assert_eq!(body["tools"][0]["input_schema"], wrapped);
    let (body, _) =
        read(&send_to(Api::Bedrock, &Quirks::OPENAI, "amazon.nova-pro-v1:0", Dialect::Gemini, &request));
    assert_eq!(body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"], wrapped);

    let mut context = context(Dialect::Gemini);
    context.wrapped = true;
    let answer = json!({"id": "c", "model": "gpt-4o", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "{\"value\":[\"a\"]}"}}]});
    let answer =
        translate_answer(Dialect::OpenAiChat, Dialect::Gemini, answer.to_string().as_bytes(), &context)
            .unwrap();
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(answer["candidates"][0]["content"]["parts"][0]["text"], r#"["a"]"#);
}

/// A turn of which nothing can be carried goes, unless it is the question; roles are as the provider wants them.
#[test]
fn no_turn_is_empty_and_the_user_begins() {
    let messages = |messages: Value| json!({ "messages": messages });
    let thought = json!([{"role": "user", "content": "a"},
        {"role": "assistant", "content": "", "reasoning_content": "hm"}, {"role": "user", "content": "b"}]);
    for (api, model) in [(Api::Anthropic, "claude-sonnet-4-5"), (Api::Bedrock, "amazon.nova-pro-v1:0")] {
        let (body, losses) = sent(api, model, &messages(thought.clone()));
        assert_eq!(body["messages"].as_array().unwrap().len(), 1, "{body}");
        assert_eq!(losses, ["messages.thinking"]);
        let begun =
            json!([{"role": "assistant", "content": "How can I help?"}, {"role": "user", "content": "b"}]);
        let (body, losses) = sent(api, model, &messages(begun));
        assert_eq!(body["messages"][0]["role"], "user");
        assert_eq!(losses, ["~messages.order"]);
        let (body, losses) = sent(api, model, &json!({"stop": ["\n", "END"]}));
        let stop = body.get("stop_sequences").or_else(|| body["inferenceConfig"].get("stopSequences"));
        assert_eq!((stop, losses), (Some(&json!(["END"])), vec!["stop".to_owned()]));
    }
    let prefilled = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "{"}]);
    let (body, losses) = sent(Api::Anthropic, "claude-opus-4-6", &messages(prefilled.clone()));
    assert_eq!((&body["messages"][2]["role"], losses), (&json!("user"), vec!["~messages.order".to_owned()]));
    let (body, _) = sent(Api::Anthropic, "claude-sonnet-4-5", &messages(prefilled));
    assert_eq!(body["messages"].as_array().unwrap().len(), 2);
    for (api, model, part, field) in [
        (
            Api::Anthropic,
            "claude-sonnet-4-5",
            json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}),
            "messages.media",
        ),
        (
            Api::Bedrock,
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            json!({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}),
            "messages.image.url",
        ),
    ] {
        let body = json!({"model": "m", "messages": [{"role": "user", "content": [part]}]});
        let target = Target::of(api, &Quirks::OPENAI, model);
        let body = serde_json::to_vec(&body).unwrap();
        let fault = translate_request(Dialect::OpenAiChat, api.dialect(), &body, &target).err();
        assert_eq!(fault, Some(TranslationFault::Lost(field)));
    }
}

/// Five stop sequences are one more than OpenAI takes; `none` has no word on Bedrock.
#[test]
fn what_is_too_much_is_left_out() {
    let request = json!({"model": "m", "max_tokens": 9, "stop_sequences": ["a", "b", "c", "d", "e"],
        "messages": [{"role": "user", "content": "Hello"}]});
    let (body, losses) = read(&send_to(Api::OpenAi, &Quirks::OPENAI, "gpt-4o", Dialect::Anthropic, &request));
    assert_eq!((&body["stop"], losses), (&json!(["a", "b", "c", "d"]), vec!["stop".to_owned()]));
    let tools = json!({"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "none"});
    let (body, losses) = sent(Api::Bedrock, "amazon.nova-pro-v1:0", &tools);
    assert_eq!((body.get("toolConfig"), losses.is_empty()), (None, true));
    let image = json!({"messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/jpg;base64,AAAA"}}]}]});
    let (body, _) = sent(Api::Anthropic, "claude-sonnet-4-5", &image);
    assert_eq!(body["messages"][0]["content"][0]["source"]["media_type"], "image/jpeg");
}

/// API reference, "TokenUsage" and "CacheDetail": what is written for an hour has a price of its own.
#[test]
fn bedrock_tells_for_how_long_it_caches() {
    let answer = json!({"output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}}, "stopReason": "end_turn",
        "usage": {"inputTokens": 5, "outputTokens": 2, "totalTokens": 107, "cacheReadInputTokens": 0,
            "cacheWriteInputTokens": 100, "cacheDetails": [{"ttl": "1h", "inputTokens": 60}, {"ttl": "5m", "inputTokens": 40}]}});
    let context = context(Dialect::Anthropic);
    let answer =
        translate_answer(Dialect::Bedrock, Dialect::Anthropic, answer.to_string().as_bytes(), &context);
    let usage = answer.unwrap().usage.unwrap();
    assert_eq!((usage.input, usage.cache_write_input, usage.cache_write_hour_input), (105, 40, 60));
}

/// A wrapped stream.
#[test]
fn a_streamed_list_comes_out_of_its_wrapper() {
    let piece = |text: &str| json!({"id": "c", "choices": [{"index": 0, "delta": {"content": text}}]});
    let case = json!({"events": [piece("{\"va"), piece("lue\": [\"a\","), piece(" \"b\"]"), piece("}"),
        {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, "[DONE]"]});
    let bytes = wire(Dialect::OpenAiChat, &case);
    let mut context = context(Dialect::Gemini);
    context.wrapped = true;
    let mut translator =
        tollgate::dialect::stream::StreamTranslator::new(Dialect::OpenAiChat, Dialect::Gemini, context)
            .unwrap();
    let mut out = Vec::new();
    translator.push(&bytes, &mut out);
    translator.finish(&mut out);
    let text: String = String::from_utf8(out)
        .unwrap()
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok())
        .filter_map(|event| Some(event["candidates"][0]["content"]["parts"][0]["text"].as_str()?.to_owned()))
        .collect();
    assert_eq!(text, r#"["a", "b"]"#);
    let (plain, _) =
        translate_chunks(Dialect::OpenAiChat, Dialect::Gemini, std::iter::once(bytes.as_slice()));
    assert!(String::from_utf8(plain).unwrap().contains("lue"), "only what was wrapped is unwrapped");
}
