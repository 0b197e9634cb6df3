//! What the model says, whole and as a stream of messages.
//!
//! Does not know who asked, and how.

#![expect(clippy::indexing_slicing, reason = "of JSON objects by name, which reads null where nothing is")]

use serde_json::{Value, json};

use super::{Prompt, frames, whole};
use crate::answer::{Answer, Body, Events, Usage};
use crate::openai::sample::sample;
use crate::openai::{Context, text};

/// A prompt with this word makes the model call a tool, when there is one.
const TOOL_WORD: &str = "weather";

/// What the model thinks when it is asked to think, and what proves that it did.
const THOUGHT: &str = "Let me think.";
pub(super) const SIGNATURE: &str = "c2lnbmVkIGJ5IHRoZSBtb2Nr";

/// An answer, before it is put into either shape.
pub(super) struct Reply {
    thinks: bool,
    /// The identifier and the name of the tool that is called.
    call: Option<(String, Value)>,
    /// Of the text, or of the tool's input as JSON.
    chunks: Vec<String>,
    stop_reason: &'static str,
    usage: Usage,
}

impl Reply {
    pub(super) fn new(body: &Value, prompt: &Prompt, context: &Context<'_>) -> Self {
        let behaviour = context.behaviour;
        let tool = chosen_tool(body, prompt);
        let format = &body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"];
        let written = match (tool, format.as_str()) {
            (Some(tool), _) => sample(&tool["inputSchema"]["json"]).to_string(),
            (None, Some(schema)) => sample(&serde_json::from_str(schema).unwrap_or_default()).to_string(),
            (None, None) => text::reply(&prompt.last, behaviour),
        };
        let mut chunks: Vec<String> =
            text::exact_chunks(&written, behaviour).into_iter().map(str::to_owned).collect();
        let limit = body["inferenceConfig"]["maxTokens"].as_u64();
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let is_cut = tool.is_none() && chunks.len() > limit;
        if is_cut {
            chunks.truncate(limit);
        }
        Self {
            thinks: body["additionalModelRequestFields"]["thinking"]["type"] == "enabled",
            call: tool.map(|tool| (format!("tooluse_mock{:015}", context.serial), tool["name"].clone())),
            usage: Usage::new(prompt.words + 4, chunks.len() as u64, behaviour),
            chunks,
            stop_reason: match (tool, is_cut) {
                (Some(_), _) => "tool_use",
                (None, true) => "max_tokens",
                (None, false) => "end_turn",
            },
        }
    }

    /// The usage object: cached tokens are not among the input tokens here.
    fn usage(&self) -> Value {
        let Usage { prompt_tokens, completion_tokens, cached_tokens, .. } = self.usage;
        json!({
            "inputTokens": prompt_tokens.saturating_sub(cached_tokens), "outputTokens": completion_tokens,
            "totalTokens": prompt_tokens + completion_tokens, "cacheReadInputTokens": cached_tokens,
            "cacheWriteInputTokens": 0,
        })
    }

    pub(super) fn whole(self) -> Answer {
        let written = self.chunks.concat();
        let said = match &self.call {
            Some((id, name)) => {
                let input: Value = serde_json::from_str(&written).unwrap_or_default();
                json!({"toolUse": {"toolUseId": id, "name": name, "input": input}})
            }
            None => json!({ "text": written }),
        };
        let thought =
            json!({"reasoningContent": {"reasoningText": {"text": THOUGHT, "signature": SIGNATURE}}});
        let content: Vec<Value> = self.thinks.then_some(thought).into_iter().chain([said]).collect();
        let body = json!({
            "output": {"message": {"role": "assistant", "content": content}}, "stopReason": self.stop_reason,
            "usage": self.usage(), "metrics": {"latencyMs": 7},
        });
        whole(200, &body, Some(self.usage))
    }

    pub(super) fn stream(self, context: &Context<'_>) -> Answer {
        let mut events = Events::new(context.behaviour);
        let mut push = |kind: &str, payload: Value| events.push_raw(&frames::message(kind, false, &payload));
        push("messageStart", json!({"role": "assistant"}));
        let index = u64::from(self.thinks);
        if self.thinks {
            for delta in [json!({"text": THOUGHT}), json!({"signature": SIGNATURE})] {
                push(
                    "contentBlockDelta",
                    json!({"contentBlockIndex": 0, "delta": {"reasoningContent": delta}}),
                );
            }
            push("contentBlockStop", json!({"contentBlockIndex": 0}));
        }
        if context.behaviour.error_event {
            let message = json!({"message": "Too many requests, please wait before trying again."});
            events.push_raw(&frames::message("throttlingException", true, &message));
            return self.streamed(events);
        }
        if let Some((id, name)) = &self.call {
            let start = json!({"toolUse": {"toolUseId": id, "name": name}});
            push("contentBlockStart", json!({"contentBlockIndex": index, "start": start}));
        }
        for chunk in &self.chunks {
            let delta = if self.call.is_some() {
                json!({"toolUse": {"input": chunk}})
            } else {
                json!({ "text": chunk })
            };
            push("contentBlockDelta", json!({"contentBlockIndex": index, "delta": delta}));
        }
        push("contentBlockStop", json!({"contentBlockIndex": index}));
        push("messageStop", json!({"stopReason": self.stop_reason}));
        if !context.behaviour.no_usage {
            push("metadata", json!({"usage": self.usage(), "metrics": {"latencyMs": 7}}));
        }
        self.streamed(events)
    }

    fn streamed(&self, events: Events) -> Answer {
        let (body, usage) = (Body::Events(events), Some(self.usage));
        Answer { status: 200, content_type: frames::CONTENT_TYPE.to_owned(), body, usage }
    }
}

/// The tool that the model calls, if it calls one.
fn chosen_tool<'a>(body: &'a Value, prompt: &Prompt) -> Option<&'a Value> {
    let config = &body["toolConfig"];
    let mut tools =
        config["tools"].as_array()?.iter().map(|tool| &tool["toolSpec"]).filter(|tool| !tool.is_null());
    let choice = &config["toolChoice"];
    if !choice["tool"].is_null() {
        return tools.find(|tool| tool["name"] == choice["tool"]["name"]);
    }
    let is_prompted = prompt.last.contains(TOOL_WORD) && !prompt.ends_with_result;
    (!choice["any"].is_null() || is_prompted).then(|| tools.next()).flatten()
}
