//! Ending a streamed response before the provider does, as if it had reached its greatest length.
//!
//! The events that end a part, an item and the response repeat what they end, so the output is held while it
//! passes. An item that is open is closed as incomplete, and `response.incomplete` follows (API reference,
//! "Streaming events"; "The response object", `incomplete_details`).
//!
//! Promises: no panic on any input, and no more than [`LONGEST_ANSWER`] is held: of a longer output what is open
//! is left out of the end. Deliberately unknown here: why a stream is ended.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::items::write_usage;
use super::stream::LONGEST_ANSWER;
use crate::chat::Usage;
use crate::dialect::sse;
use crate::dialect::wire::write;

/// What is known of a stream so far.
#[derive(Debug, Default)]
pub(in crate::dialect) struct Ending {
    /// The response as the first event gave it.
    response: Value,
    /// By `output_index`.
    items: BTreeMap<u64, Entry>,
    /// The bytes of output that are held.
    held: usize,
    next_sequence: u64,
}

/// An item, with all of its output that has passed.
#[derive(Debug)]
struct Entry {
    item: Value,
    is_done: bool,
    /// The text that goes on.
    open: Option<(&'static Text, u64)>,
}

/// A text that comes in pieces.
#[derive(Debug)]
struct Text {
    /// The event of a piece.
    delta: &'static str,
    /// The event that repeats it whole, and in which member.
    done: (&'static str, &'static str),
    /// Where the item has it.
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// In a member of its own.
    Member(&'static str),
    /// In a list of parts: the item's member, what an event calls the index in it, what events about a part begin
    /// with, and the part's member.
    Part { list: &'static str, index: &'static str, events: &'static str, member: &'static str },
}

const CONTENT: (&str, &str, &str) = ("content", "content_index", "response.content_part");
const SUMMARY: (&str, &str, &str) = ("summary", "summary_index", "response.reasoning_summary_part");

const fn part(
    delta: &'static str,
    done: &'static str,
    (list, index, events): (&'static str, &'static str, &'static str),
    member: &'static str,
) -> Text {
    Text { delta, done: (done, member), place: Place::Part { list, index, events, member } }
}

const fn member(delta: &'static str, done: &'static str, name: &'static str) -> Text {
    Text { delta, done: (done, name), place: Place::Member(name) }
}

/// Every text that comes in pieces (API reference, "Streaming events").
static TEXTS: [Text; 8] = [
    part("response.output_text.delta", "response.output_text.done", CONTENT, "text"),
    part("response.refusal.delta", "response.refusal.done", CONTENT, "refusal"),
    part("response.reasoning_text.delta", "response.reasoning_text.done", CONTENT, "text"),
    part("response.reasoning_summary_text.delta", "response.reasoning_summary_text.done", SUMMARY, "text"),
    member("response.function_call_arguments.delta", "response.function_call_arguments.done", "arguments"),
    member("response.mcp_call_arguments.delta", "response.mcp_call_arguments.done", "arguments"),
    member("response.custom_tool_call_input.delta", "response.custom_tool_call_input.done", "input"),
    member("response.code_interpreter_call_code.delta", "response.code_interpreter_call_code.done", "code"),
];

impl Text {
    /// The text in an item, which is made where it is missing.
    fn of<'a>(&self, item: &'a mut Value, at: u64) -> Option<&'a mut String> {
        let holder = match self.place {
            Place::Member(name) => entry(item, name)?,
            Place::Part { list, member, .. } => entry(nth(item, list, at)?, member)?,
        };
        if holder.is_null() {
            *holder = Value::String(String::new());
        }
        match holder {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

/// A member of an object.
fn entry<'a>(object: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    Some(object.as_object_mut()?.entry(name).or_insert(Value::Null))
}

/// An element of a list in an object; `None` where there are fewer.
fn nth<'a>(object: &'a mut Value, list: &str, at: u64) -> Option<&'a mut Value> {
    object.get_mut(list)?.get_mut(usize::try_from(at).ok()?)
}

impl Ending {
    /// Takes in the data of an event that has passed.
    pub(in crate::dialect) fn follow(&mut self, data: &[u8]) {
        self.held = self.held.saturating_add(data.len());
        if self.held > LONGEST_ANSWER {
            return self.items.retain(|_, entry| entry.is_done);
        }
        let Ok(mut event) = serde_json::from_slice::<Value>(data) else { return };
        if let Some(sequence) = event.get("sequence_number").and_then(Value::as_u64) {
            self.next_sequence = sequence.saturating_add(1);
        }
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        match kind.as_str() {
            "response.created" | "response.in_progress" => {
                self.response = event.get_mut("response").map(Value::take).unwrap_or_default();
            }
            "response.output_item.added" | "response.output_item.done" => {
                let (Some(at), Some(item)) = (index(&event, "output_index"), event.get_mut("item")) else {
                    return;
                };
                let is_done = kind.ends_with("done");
                self.items.insert(at, Entry { item: item.take(), is_done, open: None });
            }
            _ => self.follow_part(&kind, event),
        }
    }

    /// An event about a part of an item.
    fn follow_part(&mut self, kind: &str, mut event: Value) {
        let at = index(&event, "output_index");
        let Some(entry) = at.and_then(|at| self.items.get_mut(&at)) else { return };
        if let Some(text) = TEXTS.iter().find(|text| text.delta == kind) {
            let at = text.index(&event);
            let piece = event.get("delta").and_then(Value::as_str).unwrap_or_default();
            if let Some(held) = text.of(&mut entry.item, at) {
                held.push_str(piece);
                entry.open = Some((text, at));
            }
            return;
        }
        for (list, index_name, events) in [CONTENT, SUMMARY] {
            let Some("added" | "done") = kind.strip_prefix(events).and_then(|rest| rest.strip_prefix('.'))
            else {
                continue;
            };
            let at = index(&event, index_name).unwrap_or(0);
            let Some(part) = event.get_mut("part").map(Value::take) else { return };
            match nth(&mut entry.item, list, at) {
                Some(place) => *place = part,
                None => {
                    if let Some(parts) = self::entry(&mut entry.item, list) {
                        match parts {
                            Value::Array(parts) => parts.push(part),
                            other => *other = Value::Array(vec![part]),
                        }
                    }
                }
            }
            if kind.ends_with("done") {
                entry.open = None;
            }
        }
    }

    /// Writes the end.
    pub(in crate::dialect) fn write(mut self, usage: Option<Usage>, out: &mut Vec<u8>) {
        let mut sequence = self.next_sequence;
        let mut say: Say<'_> = &mut |name, members| {
            let told = [("type", json!(name)), ("sequence_number", json!(sequence))];
            let members = told.into_iter().chain(members).map(|(name, value)| (name.to_owned(), value));
            sequence += 1;
            sse::event(out, name, Value::Object(members.collect()).to_string().as_bytes());
        };
        for (at, entry) in self.items.iter_mut().filter(|(_, entry)| !entry.is_done) {
            entry.close(*at, &mut say);
        }
        let usage = usage.map_or(Value::Null, |usage| {
            let written = write::object(|object| write_usage(&usage, object));
            serde_json::from_slice(&written).unwrap_or_default()
        });
        let output = self.items.into_values().map(|entry| entry.item).collect();
        let mut response = match self.response {
            Value::Object(response) => response,
            _ => serde_json::Map::new(),
        };
        response.extend([
            ("status".to_owned(), json!("incomplete")),
            ("incomplete_details".to_owned(), json!({"reason": "max_output_tokens"})),
            ("output".to_owned(), Value::Array(output)),
            ("usage".to_owned(), usage),
        ]);
        say("response.incomplete", vec![("response", Value::Object(response))]);
    }
}

/// Writes an event: its name, and the members that it has besides.
type Say<'a> = &'a mut dyn FnMut(&str, Vec<(&'static str, Value)>);

impl Entry {
    /// Ends what is open, and the item with it.
    fn close(&mut self, output_index: u64, say: Say<'_>) {
        if let Some((text, at)) = self.open.take() {
            self.close_text(output_index, text, at, say);
        }
        if let Some(status) = self.item.get_mut("status") {
            *status = json!("incomplete");
        }
        let item = self.item.clone();
        say("response.output_item.done", vec![("output_index", json!(output_index)), ("item", item)]);
    }

    fn close_text(&mut self, output_index: u64, text: &Text, at: u64, say: Say<'_>) {
        let id = self.item.get("id").cloned().unwrap_or_default();
        let about = || vec![("item_id", id.clone()), ("output_index", json!(output_index))];
        let (name, whole) = text.done;
        let mut event = about();
        event.push((whole, json!(text.of(&mut self.item, at))));
        let Place::Part { list, index, events, .. } = text.place else { return say(name, event) };
        event.push((index, json!(at)));
        if name == "response.output_text.done" {
            event.push(("logprobs", json!([])));
        }
        say(name, event);
        let mut event = about();
        let part = nth(&mut self.item, list, at).cloned().unwrap_or_default();
        event.extend([(index, json!(at)), ("part", part)]);
        say(&format!("{events}.done"), event);
    }
}

impl Text {
    /// Where in its list the text stands that an event is about.
    fn index(&self, event: &Value) -> u64 {
        match self.place {
            Place::Member(_) => 0,
            Place::Part { index: name, .. } => index(event, name).unwrap_or(0),
        }
    }
}

fn index(event: &Value, name: &str) -> Option<u64> {
    event.get(name)?.as_u64()
}
