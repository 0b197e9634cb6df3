//! Ending a client's stream before its provider does: as if the answer had reached its greatest length.
//!
//! [`Ending`] follows a stream that passes in the client's dialect, event by event, and can write a proper end at
//! any point between two events: what is open is closed, every alternative has the finish reason for length, and
//! what the dialect puts behind that follows.
//!
//! Promises: no panic on any input, and no more is held than identifiers and which parts are open, but where the
//! end repeats the answer. Deliberately unknown here: why a stream is ended, and how events are framed.

use std::collections::BTreeSet;

use crate::chat::{ChatEvent, FinishReason, Usage};
use crate::dialect::stream::AnswerEncoder;
use crate::dialect::translate::Dialect;
use crate::dialect::wire::{Object, Value};
use crate::dialect::{AnswerContext, openai};

/// The most alternatives or blocks that are followed; one of a higher number is left open.
const MOST_OPEN: u32 = 1024;

/// What is known of a stream so far.
#[derive(Debug)]
pub struct Ending(Form);

/// How the client's dialect ends a stream.
#[derive(Debug)]
enum Form {
    /// With a reason.
    Reason(Finish),
    /// With all of the answer once more, as OpenAI's responses do.
    Answer(Box<openai::responses::Ending>),
}

/// What has to be known to end a stream with a reason.
#[derive(Debug)]
struct Finish {
    client: Dialect,
    id: String,
    model: String,
    created: u64,
    /// Alternatives, or Anthropic's blocks, that were begun.
    begun: BTreeSet<u32>,
    /// Those of them that have ended.
    ended: BTreeSet<u32>,
}

impl Ending {
    /// At the start of a stream. `None` for Bedrock's dialect, which no client speaks.
    #[must_use]
    pub fn new(client: Dialect) -> Option<Self> {
        match client {
            Dialect::OpenAiChat | Dialect::OpenAiCompletions | Dialect::Anthropic | Dialect::Gemini => {
                Some(Self(Form::Reason(Finish {
                    client,
                    id: String::new(),
                    model: String::new(),
                    created: 0,
                    begun: BTreeSet::new(),
                    ended: BTreeSet::new(),
                })))
            }
            Dialect::OpenAiResponses => Some(Self(Form::Answer(Box::default()))),
            Dialect::Bedrock => None,
        }
    }

    /// Takes in the data of an event that has passed.
    pub fn follow(&mut self, data: &[u8]) {
        match &mut self.0 {
            Form::Reason(finish) => finish.follow(data),
            Form::Answer(answer) => answer.follow(data),
        }
    }

    /// Writes the end; with the usage where the dialect has a place for it and the client shall see it.
    pub fn write(self, usage: Option<Usage>, out: &mut Vec<u8>) {
        match self.0 {
            Form::Reason(finish) => finish.write(usage, out),
            Form::Answer(answer) => answer.write(usage, out),
        }
    }
}

impl Finish {
    fn follow(&mut self, data: &[u8]) {
        let Ok(object) = Object::parse(data) else { return };
        match self.client {
            Dialect::Anthropic => self.block(object),
            Dialect::Gemini => {
                self.chunk(object, "responseId", "modelVersion", "candidates", "finishReason");
            }
            _ => self.chunk(object, "id", "model", "choices", "finish_reason"),
        }
    }

    /// A chunk with a piece of every alternative that goes on.
    fn chunk(
        &mut self,
        mut object: Object<'_>,
        id: &'static str,
        model: &'static str,
        choices: &'static str,
        finish: &'static str,
    ) {
        if self.id.is_empty() {
            self.id = object.lenient_string(id).unwrap_or_default();
            self.model = object.lenient_string(model).unwrap_or_default();
            self.created = object.count("created");
        }
        for mut choice in object.lenient_elements(choices).into_iter().filter_map(Value::object) {
            let index = choice.count("index");
            self.begin(index);
            if choice.take(finish).is_some() {
                self.end(index);
            }
        }
    }

    /// An event of Anthropic's, of which only those about blocks matter.
    fn block(&mut self, mut object: Object<'_>) {
        match object.lenient_string("type").as_deref() {
            Some("content_block_start") => self.begin(object.count("index")),
            Some("content_block_stop") => self.end(object.count("index")),
            _ => {}
        }
    }

    fn begin(&mut self, index: u64) {
        self.begun.extend(u32::try_from(index).ok().filter(|index| *index < MOST_OPEN));
    }

    fn end(&mut self, index: u64) {
        self.ended.extend(u32::try_from(index).ok().filter(|index| *index < MOST_OPEN));
    }

    fn write(mut self, usage: Option<Usage>, out: &mut Vec<u8>) {
        if self.begun.is_empty() && self.client != Dialect::Anthropic {
            // Nothing has passed yet, and what has no alternative has no finish reason either.
            self.begin(0);
        }
        let context = AnswerContext {
            id: self.id,
            model: self.model,
            created: self.created,
            wrapped: false,
            renamed: Vec::new(),
            include_usage: usage.is_some(),
            echo: Vec::new(),
        };
        let open = self.begun.difference(&self.ended).copied();
        let finish = |choice| ChatEvent::Finish { choice, reason: FinishReason::Length };
        let ends: Vec<ChatEvent> = match self.client {
            Dialect::Anthropic => {
                let stops = open.map(|part| ChatEvent::PartEnd { choice: 0, part });
                stops.chain([finish(0)]).collect()
            }
            _ => open.map(finish).collect(),
        };
        let begun = self.begun.into_iter().collect();
        let Some(mut encoder) = AnswerEncoder::resumed(self.client, context, begun) else { return };
        for event in ends.into_iter().chain(usage.map(ChatEvent::Usage)).chain([ChatEvent::End]) {
            encoder.event(&event, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The data of the events that end a stream in which these have passed.
    fn end(client: Dialect, passed: &[Value], usage: Option<Usage>) -> Vec<String> {
        let mut ending = Ending::new(client).unwrap();
        passed.iter().for_each(|event| ending.follow(event.to_string().as_bytes()));
        let mut out = Vec::new();
        ending.write(usage, &mut out);
        let text = String::from_utf8(out).unwrap();
        text.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect()
    }

    fn parsed(data: &str) -> Value {
        serde_json::from_str(data).unwrap()
    }

    const USAGE: Usage = Usage {
        input: 9,
        output: 12,
        cached_input: 0,
        cache_write_input: 0,
        cache_write_hour_input: 0,
        reasoning_output: 0,
    };

    /// API reference, "The chat completion chunk object": the same id, model and time in all chunks; the usage in one
    /// without choices, before `[DONE]`.
    #[test]
    fn every_open_choice_of_a_chat_is_finished() {
        let chunk = |choices: Value| json!({"id": "chatcmpl-1", "created": 1741570283, "model": "gpt-4o", "choices": choices});
        let passed = [
            chunk(
                json!([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": null}]),
            ),
            chunk(json!([{"index": 1, "delta": {"content": "Hi"}, "finish_reason": null}])),
            chunk(json!([{"index": 0, "delta": {}, "finish_reason": "stop"}])),
        ];
        let events = end(Dialect::OpenAiChat, &passed, Some(USAGE));
        assert_eq!(events.len(), 3);
        let finish = parsed(&events[0]);
        assert_eq!(
            finish["choices"],
            json!([{"index": 1, "delta": {}, "logprobs": null, "finish_reason": "length"}])
        );
        assert_eq!(
            (&finish["id"], &finish["created"], &finish["model"], &finish["object"]),
            (&json!("chatcmpl-1"), &json!(1741570283), &json!("gpt-4o"), &json!("chat.completion.chunk"))
        );
        let last = parsed(&events[1]);
        assert_eq!(
            (&last["choices"], &last["usage"]["completion_tokens"], &last["usage"]["total_tokens"]),
            (&json!([]), &json!(12), &json!(21))
        );
        assert_eq!(events[2], "[DONE]");
        assert_eq!(end(Dialect::OpenAiChat, &passed, None).len(), 2, "nobody asked for the usage");
    }

    /// API reference, "The completion object".
    #[test]
    fn a_legacy_completion_is_finished() {
        let passed = [
            json!({"id": "cmpl-1", "created": 7, "model": "m", "choices": [{"index": 0, "text": "Hi", "finish_reason": null}]}),
        ];
        let events = end(Dialect::OpenAiCompletions, &passed, None);
        let finish = parsed(&events[0]);
        assert_eq!((&finish["id"], &finish["object"]), (&json!("cmpl-1"), &json!("text_completion")));
        assert_eq!(finish["choices"][0]["finish_reason"], "length");
        assert_eq!(events[1..], ["[DONE]"]);
    }

    /// Guide, "Streaming Messages": a block is stopped before the message is.
    #[test]
    fn the_open_block_of_a_message_is_stopped() {
        let passed = [
            json!({"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 9}}}),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
            json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hi"}}),
        ];
        let events: Vec<Value> =
            end(Dialect::Anthropic, &passed, Some(USAGE)).iter().map(|data| parsed(data)).collect();
        assert_eq!(events[0], json!({"type": "content_block_stop", "index": 1}));
        assert_eq!(events[1]["type"], "message_delta");
        assert_eq!(events[1]["delta"], json!({"stop_reason": "max_tokens", "stop_sequence": null}));
        assert_eq!(events[1]["usage"]["output_tokens"], 12);
        assert_eq!(events[2..], [json!({"type": "message_stop"})]);
    }

    /// API reference, "GenerateContentResponse".
    #[test]
    fn every_open_candidate_is_finished() {
        let passed = [json!({"responseId": "r1", "modelVersion": "gemini-2.5-pro",
            "candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}}]})];
        let events = end(Dialect::Gemini, &passed, Some(USAGE));
        let last = parsed(&events[0]);
        assert_eq!(last["candidates"][0]["finishReason"], "MAX_TOKENS");
        assert_eq!((&last["responseId"], &last["modelVersion"]), (&json!("r1"), &json!("gemini-2.5-pro")));
        assert_eq!(last["usageMetadata"]["candidatesTokenCount"], 12);
        assert_eq!(events.len(), 1);
    }

    /// API reference, "Streaming events": a part, its item and the response are each ended by an event that repeats
    /// it; "The response object", `incomplete_details`.
    #[test]
    fn what_is_open_of_a_response_is_ended_and_repeated() {
        let item = |status: &str, content: Value| json!({"id": "msg_1", "type": "message", "status": status, "role": "assistant", "content": content});
        let text =
            |text: &str| json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []});
        let call = json!({"id": "fc_1", "type": "function_call", "status": "completed", "call_id": "call_1",
            "name": "weather", "arguments": "{}"});
        let passed = [
            json!({"type": "response.created", "sequence_number": 0,
                "response": {"id": "resp_1", "object": "response", "status": "in_progress", "model": "gpt-4.1", "output": []}}),
            json!({"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": call}),
            json!({"type": "response.output_item.done", "sequence_number": 2, "output_index": 0, "item": call}),
            json!({"type": "response.output_item.added", "sequence_number": 3, "output_index": 1,
                "item": item("in_progress", json!([]))}),
            json!({"type": "response.content_part.added", "sequence_number": 4, "item_id": "msg_1", "output_index": 1,
                "content_index": 0, "part": text("")}),
            json!({"type": "response.output_text.delta", "sequence_number": 5, "item_id": "msg_1", "output_index": 1,
                "content_index": 0, "delta": "In the ", "logprobs": []}),
            json!({"type": "response.output_text.delta", "sequence_number": 6, "item_id": "msg_1", "output_index": 1,
                "content_index": 0, "delta": "peaceful", "logprobs": []}),
        ];
        let events: Vec<Value> =
            end(Dialect::OpenAiResponses, &passed, Some(USAGE)).iter().map(|data| parsed(data)).collect();
        let whole = item("incomplete", json!([text("In the peaceful")]));
        assert_eq!(
            events[..3],
            [
                json!({"type": "response.output_text.done", "sequence_number": 7, "item_id": "msg_1", "output_index": 1,
                    "content_index": 0, "text": "In the peaceful", "logprobs": []}),
                json!({"type": "response.content_part.done", "sequence_number": 8, "item_id": "msg_1",
                    "output_index": 1, "content_index": 0, "part": text("In the peaceful")}),
                json!({"type": "response.output_item.done", "sequence_number": 9, "output_index": 1, "item": whole}),
            ]
        );
        let last = &events[3];
        assert_eq!((&last["type"], &last["sequence_number"]), (&json!("response.incomplete"), &json!(10)));
        let response = &last["response"];
        assert_eq!((&response["id"], &response["status"]), (&json!("resp_1"), &json!("incomplete")));
        assert_eq!(response["incomplete_details"], json!({"reason": "max_output_tokens"}));
        assert_eq!(response["output"], json!([call, whole]));
        assert_eq!(response["usage"]["total_tokens"], 21);
        assert_eq!(events.len(), 4);
    }

    /// As above, for arguments and for the summary of thinking.
    #[test]
    fn open_arguments_and_summaries_of_a_response_are_repeated() {
        let passed = [
            json!({"type": "response.output_item.added", "output_index": 0,
                "item": {"id": "rs_1", "type": "reasoning", "summary": []}}),
            json!({"type": "response.reasoning_summary_part.added", "item_id": "rs_1", "output_index": 0,
                "summary_index": 0, "part": {"type": "summary_text", "text": ""}}),
            json!({"type": "response.reasoning_summary_text.delta", "item_id": "rs_1", "output_index": 0,
                "summary_index": 0, "delta": "Weighing"}),
            json!({"type": "response.output_item.added", "output_index": 1, "item": {"id": "fc_1",
                "type": "function_call", "status": "in_progress", "call_id": "call_1", "name": "f", "arguments": ""}}),
            json!({"type": "response.function_call_arguments.delta", "item_id": "fc_1", "output_index": 1,
                "delta": "{\"a\":"}),
        ];
        let events: Vec<Value> =
            end(Dialect::OpenAiResponses, &passed, None).iter().map(|data| parsed(data)).collect();
        let kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
        assert_eq!(
            kinds,
            [
                "response.reasoning_summary_text.done",
                "response.reasoning_summary_part.done",
                "response.output_item.done",
                "response.function_call_arguments.done",
                "response.output_item.done",
                "response.incomplete",
            ]
        );
        assert_eq!(events[1]["part"], json!({"type": "summary_text", "text": "Weighing"}));
        assert_eq!(events[3]["arguments"], "{\"a\":");
        assert_eq!(events[4]["item"]["status"], "incomplete");
        assert_eq!(events[5]["response"]["usage"], Value::Null);
    }

    #[test]
    fn a_stream_of_which_nothing_passed_ends_all_the_same() {
        let events = end(Dialect::OpenAiChat, &[], None);
        assert_eq!(parsed(&events[events.len() - 2])["choices"][0]["finish_reason"], "length");
        assert_eq!(events.last().unwrap(), "[DONE]");
    }
}
