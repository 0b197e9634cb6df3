//! Reading an answer in OpenAI's dialect: the usage it reports, whole or streamed.
//!
//! Sources: OpenAI's API reference, "The chat completion object", "The chat completion chunk object",
//! "The completion object" and "Create embeddings"; servers that are compatible with it may leave any part
//! out, so nothing here is required to be there.

use crate::dialect::Usage;
use crate::dialect::answer::StreamEvent;
use crate::framing::json::{self, Key, Kind, Span};

/// Reads the data of one event of a stream.
#[must_use]
pub fn stream_event(data: &[u8]) -> StreamEvent {
    let mut event = StreamEvent::default();
    if data == b"[DONE]" {
        event.last = true;
        return event;
    }
    let mut choices: Option<Span> = None;
    let read = json::members(data, |member| match (member.key.as_ref(), member.kind) {
        ("choices", Kind::Array) => choices = Some(member.value),
        ("usage", Kind::Object) => event.usage = usage(member.value.of(data)),
        ("error", Kind::Object | Kind::String) => event.error = true,
        _ => {}
    });
    if read.is_err() {
        return StreamEvent::default();
    }
    let mut empty = true;
    if let Some(choices) = choices {
        // What was read once cannot fail now; if it did, there would be nothing to count.
        let _ = json::elements_of(data, choices, |choice, kind| {
            empty = false;
            if kind == Kind::Object {
                choice_text(data, choice, &mut event);
            }
        });
    }
    event.only_usage = event.usage.is_some() && choices.is_some() && empty;
    event
}

/// Notes whether a streamed choice is complete, and its bytes of generated text: `text` of a completion, all strings of a chat `delta` but
/// its role and the identity of tool calls.
fn choice_text(data: &[u8], choice: Span, event: &mut StreamEvent) {
    let _ = json::members_of(data, choice, |member| match (member.key.as_ref(), member.kind) {
        ("text", Kind::String) => event.text_bytes += text_length(member.value),
        ("delta", Kind::Object) => event.text_bytes += delta_text(data, member.value),
        ("finish_reason", Kind::String) => event.finished = true,
        _ => {}
    });
}

fn delta_text(data: &[u8], delta: Span) -> usize {
    let mut bytes = 0;
    let _ = json::members_of(data, delta, |member| match (member.key.as_ref(), member.kind) {
        ("role", _) => {}
        (_, Kind::String) => bytes += text_length(member.value),
        ("tool_calls", Kind::Array) => {
            let _ = json::elements_of(data, member.value, |call, kind| {
                if kind == Kind::Object {
                    bytes += function_text(data, call);
                }
            });
        }
        ("function_call", Kind::Object) => bytes += named_strings(data, member.value),
        _ => {}
    });
    bytes
}

fn function_text(data: &[u8], call: Span) -> usize {
    let mut bytes = 0;
    let _ = json::members_of(data, call, |member| {
        if member.key == "function" && member.kind == Kind::Object {
            bytes += named_strings(data, member.value);
        }
    });
    bytes
}

fn named_strings(data: &[u8], object: Span) -> usize {
    let mut bytes = 0;
    let _ = json::members_of(data, object, |member| {
        if member.kind == Kind::String {
            bytes += text_length(member.value);
        }
    });
    bytes
}

/// The length of a string without its quotes.
const fn text_length(value: Span) -> usize {
    (value.end - value.start).saturating_sub(2)
}

/// Reads a `usage` object. `None` when it counts no tokens at all.
#[must_use]
pub fn usage(object: &[u8]) -> Option<Usage> {
    let (mut input, mut output, mut total) = (None, None, None);
    let mut usage = Usage::default();
    json::members_and_theirs(object, |of, member| {
        let number = || json::unsigned(object, member.value);
        match (of.map(Key::as_bytes), member.key.as_bytes()) {
            (None, b"prompt_tokens") => input = number(),
            (None, b"completion_tokens") => output = number(),
            (None, b"total_tokens") => total = number(),
            (Some(b"prompt_tokens_details"), b"cached_tokens") => {
                usage.cached_input = number().unwrap_or(0);
            }
            (Some(b"prompt_tokens_details"), b"cache_write_tokens") => {
                usage.cache_write_input = number().unwrap_or(0);
            }
            (Some(b"completion_tokens_details"), b"reasoning_tokens") => {
                usage.reasoning_output = number().unwrap_or(0);
            }
            _ => {}
        }
    })
    .ok()?;
    usage.input = match (input, output, total) {
        (Some(input), _, _) => input,
        (None, output, Some(total)) => total.saturating_sub(output.unwrap_or(0)),
        (None, Some(_), None) => 0,
        (None, None, None) => return None,
    };
    usage.output = output.or_else(|| total.map(|total| total.saturating_sub(usage.input))).unwrap_or(0);
    Some(usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example answer of "Create chat completion" in the API reference.
    #[test]
    fn reads_the_usage_of_the_references_example() {
        let object = br#"{"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29,
            "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 3, "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}}"#;
        let expected =
            Usage { input: 19, output: 10, cached_input: 4, reasoning_output: 3, ..Usage::default() };
        assert_eq!(usage(object), Some(expected));
    }

    #[test]
    fn makes_the_best_of_an_incomplete_usage() {
        let of = |input, output| Some(Usage { input, output, ..Usage::default() });
        assert_eq!(usage(br#"{"prompt_tokens":8,"total_tokens":8}"#), of(8, 0));
        assert_eq!(usage(br#"{"completion_tokens":3,"total_tokens":8}"#), of(5, 3));
        assert_eq!(usage(br#"{"prompt_tokens":5,"total_tokens":8,"prompt_tokens_details":null}"#), of(5, 3));
        assert_eq!(usage(b"{}"), None);
        assert_eq!(usage(b"null"), None);
    }

    /// Chunks as in "The chat completion chunk object".
    #[test]
    fn tells_text_from_usage_in_a_stream() {
        let role =
            br#"{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":null}"#;
        assert_eq!(stream_event(role), StreamEvent::default());
        let text =
            br#"{"choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}],"usage":null}"#;
        assert_eq!(stream_event(text), StreamEvent { text_bytes: 5, ..StreamEvent::default() });
        let tool = br#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function",
            "function":{"name":"f","arguments":"{\"a\""}}]}}]}"#;
        assert_eq!(stream_event(tool).text_bytes, 1 + 6);
        let last = br#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;
        let counted = Usage { input: 9, output: 2, ..Usage::default() };
        let expected = StreamEvent { usage: Some(counted), only_usage: true, ..StreamEvent::default() };
        assert_eq!(stream_event(last), expected);
        assert!(stream_event(b"[DONE]").last);
        assert!(stream_event(br#"{"error":{"message":"overloaded"}}"#).error);
        assert_eq!(stream_event(b"not json"), StreamEvent::default());
    }
}
