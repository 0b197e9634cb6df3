//! `POST …/responses` (API reference, "Create a model response" and "Streaming events").
//!
//! Nothing is stored. Tokens are the same fake as those of chat completions.

#![expect(clippy::indexing_slicing, reason = "of JSON objects by name, which reads null where nothing is")]

use serde_json::{Value, json};

use super::error::Refusal;
use super::fields::Fields;
use super::sample::sample;
use super::{Context, error_stream, json_answer, stream_answer, text};
use crate::answer::{Answer, Events, Usage};
use crate::strict::openai as strict;

/// A prompt with this word makes the model call a tool, when there is one.
const TOOL_WORD: &str = "weather";

/// Answers a request for a response.
pub(crate) fn answer(body: &[u8], context: &Context<'_>) -> Result<Answer, Refusal> {
    let fields = Fields::parse(body, strict::responses)?;
    let model = fields.model()?;
    let prompt = Prompt::read(&fields);
    let limit = fields.count("max_output_tokens")?.unwrap_or(usize::MAX);
    let tool = chosen_tool(&fields, &prompt)?;
    let behaviour = context.behaviour;
    let written = match tool {
        Some(tool) => sample(&tool["parameters"]).to_string(),
        None => match fields.object("text")?.map(|text| &text["format"]) {
            Some(format) if format["type"] == "json_schema" => sample(&format["schema"]).to_string(),
            _ => text::reply(&prompt.last, behaviour),
        },
    };
    let mut chunks = text::exact_chunks(&written, behaviour);
    let is_cut = tool.is_none() && chunks.len() > limit;
    if is_cut {
        chunks.truncate(limit);
    }
    let usage = Usage::new(prompt.words + 4, chunks.len() as u64, behaviour);
    let id = context.serial;
    let reply = Reply {
        response: json!({
            "id": format!("resp_mock{id:020}"), "object": "response", "created_at": context.created,
            "status": "in_progress", "error": null, "incomplete_details": null, "instructions": null,
            "max_output_tokens": null, "model": model, "output": [], "parallel_tool_calls": true,
            "previous_response_id": null, "reasoning": {"effort": null, "summary": null}, "store": false,
            "temperature": 1.0, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [],
            "top_p": 1.0, "truncation": "disabled", "usage": null, "user": null, "metadata": {},
        }),
        item: match tool {
            Some(tool) => json!({
                "id": format!("fc_mock{id:020}"), "type": "function_call", "status": "in_progress",
                "call_id": format!("call_mock{id:020}"), "name": tool["name"], "arguments": "",
            }),
            None => json!({
                "id": format!("msg_mock{id:020}"), "type": "message", "status": "in_progress",
                "role": "assistant", "content": [],
            }),
        },
        chunks,
        is_cut,
        usage,
    };
    let answer = match fields.flag("stream")? {
        true if behaviour.error_event => return Ok(error_stream(behaviour)),
        true => reply.stream(context),
        false => json_answer(200, &reply.finished()),
    };
    Ok(Answer { usage: Some(usage), ..answer })
}

/// What of the conversation decides the answer.
#[derive(Default)]
struct Prompt {
    last: String,
    words: u64,
    ends_with_result: bool,
}

impl Prompt {
    fn read(fields: &Fields) -> Self {
        let mut prompt = Self::default();
        match fields.field("input") {
            Some(Value::String(text)) => prompt.say(text),
            input => input.and_then(Value::as_array).into_iter().flatten().for_each(|item| prompt.item(item)),
        }
        prompt
    }

    fn item(&mut self, item: &Value) {
        let kind = item["type"].as_str().unwrap_or("message");
        self.ends_with_result = kind == "function_call_output";
        if kind == "message" && item["role"] == "user" {
            match &item["content"] {
                Value::String(text) => self.say(text),
                parts => {
                    let parts = parts.as_array().into_iter().flatten();
                    parts.filter_map(|part| part["text"].as_str()).for_each(|text| self.say(text));
                }
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.words += text::words(text);
        text.clone_into(&mut self.last);
    }
}

/// The function that the model calls, if it calls one.
fn chosen_tool<'a>(fields: &'a Fields, prompt: &Prompt) -> Result<Option<&'a Value>, Refusal> {
    let tools = fields.array("tools")?.unwrap_or_default();
    let choice = fields.field("tool_choice").unwrap_or(&Value::Null);
    let is_forced = choice == "required" || choice.is_object();
    let is_prompted = choice != "none"
        && prompt.last.contains(TOOL_WORD)
        && !prompt.ends_with_result
        && !choice.is_object();
    Ok(tools
        .iter()
        .find(|tool| choice["name"].is_null() || tool["name"] == choice["name"])
        .filter(|_| is_forced || is_prompted))
}

/// What the model says, before it is put into either shape.
struct Reply<'a> {
    /// The response before anything is said.
    response: Value,
    /// The item before anything is in it.
    item: Value,
    /// Of the text, or of the arguments.
    chunks: Vec<&'a str>,
    is_cut: bool,
    usage: Usage,
}

impl Reply<'_> {
    fn is_call(&self) -> bool {
        self.item["type"] == "function_call"
    }

    fn part(text: &str) -> Value {
        json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
    }

    /// The item when all is said.
    fn finished_item(&self) -> Value {
        let mut item = self.item.clone();
        let written = self.chunks.concat();
        item["status"] = if self.is_cut { "incomplete" } else { "completed" }.into();
        if self.is_call() {
            item["arguments"] = written.into();
        } else {
            item["content"] = json!([Self::part(&written)]);
        }
        item
    }

    /// The response when all is said.
    fn finished(&self) -> Value {
        let mut response = self.response.clone();
        response["output"] = json!([self.finished_item()]);
        response["status"] = if self.is_cut { "incomplete" } else { "completed" }.into();
        if self.is_cut {
            response["incomplete_details"] = json!({"reason": "max_output_tokens"});
        }
        let Usage { prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens } = self.usage;
        response["usage"] = json!({
            "input_tokens": prompt_tokens, "input_tokens_details": {"cached_tokens": cached_tokens},
            "output_tokens": completion_tokens,
            "output_tokens_details": {"reasoning_tokens": reasoning_tokens},
            "total_tokens": prompt_tokens + completion_tokens,
        });
        response
    }

    fn stream(&self, context: &Context<'_>) -> Answer {
        let mut events = Events::new(context.behaviour);
        let mut sequence = 0;
        let mut push = |name: &str, mut data: Value| {
            data["type"] = name.into();
            data["sequence_number"] = sequence.into();
            sequence += 1;
            events.push_raw(format!("event: {name}\ndata: {data}\n\n").as_bytes());
        };
        push("response.created", json!({"response": self.response}));
        push("response.in_progress", json!({"response": self.response}));
        push("response.output_item.added", json!({"output_index": 0, "item": self.item}));
        let id = &self.item["id"];
        let written = self.chunks.concat();
        if self.is_call() {
            for chunk in &self.chunks {
                let delta = json!({"item_id": id, "output_index": 0, "delta": chunk});
                push("response.function_call_arguments.delta", delta);
            }
            let done =
                json!({"item_id": id, "output_index": 0, "name": self.item["name"], "arguments": written});
            push("response.function_call_arguments.done", done);
        } else {
            let part =
                |part: Value| json!({"item_id": id, "output_index": 0, "content_index": 0, "part": part});
            push("response.content_part.added", part(Self::part("")));
            for chunk in &self.chunks {
                push(
                    "response.output_text.delta",
                    json!({"item_id": id, "output_index": 0, "content_index": 0, "delta": chunk, "logprobs": []}),
                );
            }
            push(
                "response.output_text.done",
                json!({"item_id": id, "output_index": 0, "content_index": 0, "text": written, "logprobs": []}),
            );
            push("response.content_part.done", part(Self::part(&written)));
        }
        push("response.output_item.done", json!({"output_index": 0, "item": self.finished_item()}));
        let end = if self.is_cut { "response.incomplete" } else { "response.completed" };
        push(end, json!({"response": self.finished()}));
        stream_answer(events)
    }
}
