//! A streamed response, written: `response.created` to `response.completed`.
//!
//! Every event that ends a part repeats it whole, and the last one repeats the whole answer, so the answer is
//! held; one that is too long fails.

use crate::chat::{ChatError, ChatEvent, Delta, FinishReason, Losses, TokenLogprob, Usage};
use crate::dialect::openai::chat::write_tokens;
use crate::dialect::wire::write::{self, ArrayWriter, ObjectWriter};
use crate::dialect::{AnswerContext, ErrorBody, LONGEST_PART, sse};

use super::items::{Item, Kind, Response, Status, encrypted, is_cut, response_id};

/// The longest answer, in bytes of its text.
pub(super) const LONGEST_ANSWER: usize = 2 * LONGEST_PART;

/// The writer of one stream.
pub(in crate::dialect) struct StreamEncoder {
    context: AnswerContext,
    id: String,
    model: String,
    usage: Option<Usage>,
    finish: FinishReason,
    /// In the order in which they began; the place of one is its `output_index`.
    items: Vec<Entry>,
    /// The part that ended last, while its item is open.
    part_ended: Option<u32>,
    length: usize,
    sequence: u64,
    ended: bool,
    losses: Losses,
}

/// An item with the part that it is.
struct Entry {
    part: u32,
    open: bool,
    item: Item,
}

impl StreamEncoder {
    pub(in crate::dialect) fn new(context: AnswerContext) -> Self {
        Self {
            id: response_id(&context, ""),
            model: context.model.clone(),
            context,
            usage: None,
            finish: FinishReason::Stop,
            items: Vec::new(),
            part_ended: None,
            length: 0,
            sequence: 0,
            ended: false,
            losses: Losses::default(),
        }
    }

    /// What could not be carried so far.
    pub(in crate::dialect) fn take_losses(&mut self) -> Losses {
        std::mem::take(&mut self.losses)
    }

    /// Writes one event.
    pub(in crate::dialect) fn event(&mut self, event: &ChatEvent, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            ChatEvent::Start { id, model } => {
                self.id = response_id(&self.context, id);
                self.model = self.context.model_or(model).to_owned();
                self.response("response.created", None, out);
                self.response("response.in_progress", None, out);
            }
            ChatEvent::Delta { choice: 0, part, delta } => {
                self.close_ended(false, out);
                self.delta(*part, delta, out);
            }
            ChatEvent::PartEnd { choice: 0, part } => {
                self.close_ended(false, out);
                self.part_ended = Some(*part);
            }
            ChatEvent::Finish { choice: 0, reason } => self.finish = reason.clone(),
            ChatEvent::Delta { .. } | ChatEvent::PartEnd { .. } | ChatEvent::Finish { .. } => {
                self.losses.unsupported("n");
            }
            ChatEvent::Logprobs { choice: 0, tokens } => self.tokens(tokens, out),
            ChatEvent::Logprobs { .. } => self.losses.unsupported("n"),
            ChatEvent::Usage(usage) => self.usage = Some(*usage),
            ChatEvent::End => {
                self.ended = true;
                let finish = self.finish.clone();
                self.close_ended(is_cut(&finish), out);
                let name = if is_cut(&finish) { "response.incomplete" } else { "response.completed" };
                self.response(name, Some(Status::Ended(&finish)), out);
            }
            ChatEvent::Error(error) => self.fail(error, out),
            ChatEvent::Ping => sse::comment(out),
        }
    }

    fn fail(&mut self, error: &ChatError, out: &mut Vec<u8>) {
        self.ended = true;
        self.close_ended(false, out);
        let data = write::object(|event| {
            event.string("type", "error");
            event.unsigned("sequence_number", self.sequence);
            event.string_or_null("code", error.code.as_deref());
            event.string("message", &error.message);
            event.string_or_null("param", error.member.as_deref());
        });
        self.sequence += 1;
        sse::event(out, "error", &data);
        self.response("response.failed", Some(Status::Failed(error)), out);
    }

    /// Writes an event with the response in it; with its output when it has ended.
    fn response(&mut self, name: &str, status: Option<Status<'_>>, out: &mut Vec<u8>) {
        let mut losses = std::mem::take(&mut self.losses);
        let response = Response {
            context: &self.context,
            id: &self.id,
            model: &self.model,
            status: status.unwrap_or(Status::InProgress),
            usage: self.usage.as_ref().filter(|_| status.is_some()),
        };
        let output = |out: &mut ArrayWriter<'_>| {
            for entry in self.items.iter().filter(|entry| !entry.open) {
                out.object(|object| entry.item.write(true, object));
            }
        };
        let data = write::object(|event| {
            event.string("type", name);
            event.unsigned("sequence_number", self.sequence);
            event.object("response", |object| response.write(output, &mut losses, object));
        });
        self.losses = losses;
        self.sequence += 1;
        sse::event(out, name, &data);
    }

    /// Writes an event about a part of an item.
    fn emit_part(
        &mut self,
        name: &str,
        at: usize,
        out: &mut Vec<u8>,
        write: impl FnOnce(&Item, &mut ObjectWriter<'_>),
    ) {
        let Some(Entry { item, .. }) = self.items.get(at) else { return };
        let data = write::object(|event| {
            event.string("type", name);
            event.unsigned("sequence_number", self.sequence);
            event.string("item_id", &item.id);
            event.unsigned("output_index", at as u64);
            match item.kind {
                Kind::Text | Kind::Refusal => event.unsigned("content_index", 0),
                Kind::Reasoning(_) => event.unsigned("summary_index", 0),
                Kind::Call { .. } => {}
            }
            write(item, event);
        });
        self.sequence += 1;
        sse::event(out, name, &data);
    }

    /// Writes an event about a whole item.
    fn emit_item(&mut self, name: &str, at: usize, complete: bool, out: &mut Vec<u8>) {
        let Some(Entry { item, .. }) = self.items.get(at) else { return };
        let data = write::object(|event| {
            event.string("type", name);
            event.unsigned("sequence_number", self.sequence);
            event.unsigned("output_index", at as u64);
            event.object("item", |object| item.write(complete, object));
        });
        self.sequence += 1;
        sse::event(out, name, &data);
    }

    /// The place of a part's item, which is begun unless it is already.
    fn begin(&mut self, part: u32, kind: Kind, out: &mut Vec<u8>) -> usize {
        if let Some(at) = self.items.iter().position(|entry| entry.part == part) {
            return at;
        }
        let at = self.items.len();
        let item = Item::new(format!("{}_{}_{at}", kind.prefix(), self.id), kind);
        let has_part = matches!(item.kind, Kind::Text | Kind::Refusal);
        self.items.push(Entry { part, open: true, item });
        self.emit_item("response.output_item.added", at, false, out);
        if has_part {
            self.emit_part("response.content_part.added", at, out, |item, event| {
                event.object("part", |part| item.write_part("", part));
            });
        }
        at
    }

    fn delta(&mut self, part: u32, delta: &Delta, out: &mut Vec<u8>) {
        let (at, name, text) = match delta {
            Delta::Text(text) => (self.begin(part, Kind::Text, out), "response.output_text.delta", text),
            Delta::Refusal(text) => (self.begin(part, Kind::Refusal, out), "response.refusal.delta", text),
            Delta::Thinking(text) => {
                let at = self.begin(part, Kind::Reasoning(None), out);
                if self.items.get(at).is_some_and(|entry| entry.item.text.is_empty()) {
                    self.emit_part("response.reasoning_summary_part.added", at, out, |item, event| {
                        event.object("part", |part| item.write_part("", part));
                    });
                }
                (at, "response.reasoning_summary_text.delta", text)
            }
            Delta::Signature(signature) => {
                let encrypted = encrypted(signature, false);
                return self.sign(part, encrypted, out);
            }
            Delta::Redacted(signature) => {
                let encrypted = encrypted(signature, true);
                return self.sign(part, encrypted, out);
            }
            Delta::ToolCall { id, name } => {
                self.begin(part, Kind::Call { id: id.clone(), name: name.clone() }, out);
                return;
            }
            Delta::Arguments(text) => {
                let Some(at) = self.items.iter().position(|entry| entry.part == part) else { return };
                (at, "response.function_call_arguments.delta", text)
            }
        };
        self.length += text.len();
        if self.length > LONGEST_ANSWER {
            return self.fail(&ChatError::broken_stream("the provider's answer is too long"), out);
        }
        self.emit_part(name, at, out, |item, event| {
            event.string("delta", text);
            if matches!(item.kind, Kind::Text) {
                event.array("logprobs", |_| {});
            }
        });
        if let Some(entry) = self.items.get_mut(at) {
            entry.item.text.push_str(text);
        }
    }

    /// Says what is known of the tokens of the text that was said last.
    fn tokens(&mut self, tokens: &[TokenLogprob], out: &mut Vec<u8>) {
        let is_text = |entry: &Entry| entry.open && matches!(entry.item.kind, Kind::Text);
        let Some(at) = self.items.iter().rposition(is_text) else {
            return self.losses.unsupported("answer.logprobs");
        };
        let size: usize = tokens.iter().map(|token| token.chosen.token.len() * (1 + token.top.len())).sum();
        self.length += size;
        if self.length > LONGEST_ANSWER {
            return self.fail(&ChatError::broken_stream("the provider's answer is too long"), out);
        }
        self.emit_part("response.output_text.delta", at, out, |_, event| {
            event.string("delta", "");
            event.array("logprobs", |array| write_tokens(tokens, false, array));
        });
        if let Some(entry) = self.items.get_mut(at) {
            entry.item.tokens.extend_from_slice(tokens);
        }
    }

    fn sign(&mut self, part: u32, encrypted: String, out: &mut Vec<u8>) {
        let at = self.begin(part, Kind::Reasoning(None), out);
        if let Some(entry) = self.items.get_mut(at) {
            entry.item.kind = Kind::Reasoning(Some(encrypted));
        }
    }

    /// Closes the part that has ended: of the last one it shows only at the end whether the answer broke off in it.
    fn close_ended(&mut self, cut: bool, out: &mut Vec<u8>) {
        if let Some(part) = self.part_ended.take() {
            self.close(part, cut, out);
        }
    }

    fn close(&mut self, part: u32, cut: bool, out: &mut Vec<u8>) {
        let Some(at) = self.items.iter().position(|entry| entry.part == part && entry.open) else { return };
        let Some(entry) = self.items.get_mut(at) else { return };
        entry.open = false;
        entry.item.cut = cut;
        if matches!(entry.item.kind, Kind::Call { .. }) && entry.item.text.is_empty() {
            // A call without arguments: an empty object, for those who parse it.
            entry.item.text.push_str("{}");
        }
        let (done, name) = match entry.item.kind {
            Kind::Text => ("response.output_text.done", "text"),
            Kind::Refusal => ("response.refusal.done", "refusal"),
            Kind::Reasoning(_) => ("response.reasoning_summary_text.done", "text"),
            Kind::Call { .. } => ("response.function_call_arguments.done", "arguments"),
        };
        let kind = entry.item.kind.clone();
        if !(matches!(kind, Kind::Reasoning(_)) && entry.item.text.is_empty()) {
            self.emit_part(done, at, out, |item, event| {
                event.string(name, &item.text);
                if matches!(item.kind, Kind::Text) {
                    event.array("logprobs", |array| write_tokens(&item.tokens, false, array));
                }
            });
            let part_done = match kind {
                Kind::Text | Kind::Refusal => Some("response.content_part.done"),
                Kind::Reasoning(_) => Some("response.reasoning_summary_part.done"),
                Kind::Call { .. } => None,
            };
            if let Some(name) = part_done {
                self.emit_part(name, at, out, |item, event| {
                    event.object("part", |part| item.write_part(&item.text, part));
                });
            }
        }
        self.emit_item("response.output_item.done", at, true, out);
    }
}
/// The event that ends a stream with an error of the gateway's (API reference, "Streaming events", `error`). Where the
/// sequence of a provider's events stands is not known here.
pub(in crate::dialect) fn error_event(error: &ErrorBody<'_>) -> Vec<u8> {
    write::object(|event| {
        event.string("type", "error");
        event.string("code", error.code);
        event.string("message", error.message);
        event.string_or_null("param", error.member);
    })
}
