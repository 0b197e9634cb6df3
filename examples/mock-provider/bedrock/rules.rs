//! What the Converse API refuses beyond its service model, and what Anthropic's models on it refuse (API reference,
//! "Converse"; user guide, "Tool use", "Extended thinking").
//!
//! Does not know the shapes of a request, nor what is answered.

#![expect(clippy::indexing_slicing, reason = "of JSON objects by name, which reads null where nothing is")]

use serde_json::Value;

/// The first breach of a rule by a request that fits the service model, in the words of the service.
pub(crate) fn check(body: &Value) -> Result<(), String> {
    check_turns(body)?;
    check_thinking(body)
}

fn check_turns(body: &Value) -> Result<(), String> {
    let (mut before, mut asked): (&Value, Vec<&Value>) = (&Value::Null, Vec::new());
    let messages = body["messages"].as_array().filter(|messages| !messages.is_empty());
    for (index, message) in messages.ok_or("messages is empty")?.iter().enumerate() {
        let role = &message["role"];
        if index == 0 && role != "user" {
            return Err("A conversation must start with a user message.".to_owned());
        }
        if role == before {
            return Err("roles must alternate between \"user\" and \"assistant\"".to_owned());
        }
        before = role;
        let content = message["content"].as_array().map(Vec::as_slice).unwrap_or_default();
        if content.is_empty() {
            return Err(format!("The content field in the Message at messages.{index} is empty."));
        }
        let results: Vec<&Value> = ids(content, "toolResult");
        if results.iter().any(|id| !asked.contains(id)) || asked.iter().any(|id| !results.contains(id)) {
            return Err(format!(
                "Expected toolResult blocks at messages.{index}.content for the toolUse blocks of the previous turn."
            ));
        }
        asked = ids(content, "toolUse");
        if (!asked.is_empty() || !results.is_empty()) && body["toolConfig"].is_null() {
            return Err(
                "The toolConfig field must be defined when using toolUse and toolResult content blocks."
                    .to_owned(),
            );
        }
        if content.iter().any(|block| block["text"].as_str().is_some_and(|said| said.trim().is_empty())) {
            return Err("The text field in the ContentBlock object is blank.".to_owned());
        }
    }
    let tools = body["toolConfig"]["tools"].as_array().into_iter().flatten();
    let mut schemas =
        tools.map(|tool| &tool["toolSpec"]["inputSchema"]["json"]).filter(|schema| !schema.is_null());
    if schemas.any(|schema| schema["type"] != "object") {
        return Err("toolConfig.tools.toolSpec.inputSchema.json.type must be one of the following: object."
            .to_owned());
    }
    Ok(())
}

/// The identifiers of the blocks of a kind.
fn ids<'a>(content: &'a [Value], kind: &str) -> Vec<&'a Value> {
    content.iter().map(|block| &block[kind]["toolUseId"]).filter(|id| !id.is_null()).collect()
}

/// The rules of Anthropic's models about thinking, which Converse passes on in a document of theirs.
fn check_thinking(body: &Value) -> Result<(), String> {
    const OWN: [&str; 5] = ["thinking", "top_k", "output_config", "anthropic_beta", "reasoning_config"];
    let more = &body["additionalModelRequestFields"];
    if let Some(name) = more
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
        .find(|name| !OWN.contains(&name.as_str()))
    {
        return Err(format!("{name}: Extra inputs are not permitted"));
    }
    if more["thinking"]["type"] != "enabled" {
        return Ok(());
    }
    let config = &body["inferenceConfig"];
    let limit = config["maxTokens"].as_u64().unwrap_or(4096);
    if !more["thinking"]["budget_tokens"].as_u64().is_some_and(|budget| (1024..limit).contains(&budget)) {
        return Err("thinking.budget_tokens: from 1024 up to maxTokens".to_owned());
    }
    let choice = &body["toolConfig"]["toolChoice"];
    if !choice["any"].is_null() || !choice["tool"].is_null() {
        return Err("Thinking may not be enabled when tool_choice forces tool use.".to_owned());
    }
    if config["temperature"].as_f64().is_some_and(|temperature| temperature < 1.0) || !more["top_k"].is_null()
    {
        return Err("`temperature` may only be set to 1 when thinking is enabled.".to_owned());
    }
    Ok(())
}
