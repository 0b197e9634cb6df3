//! A streamed message of the model, written: `message_start` to `message_stop` (guide, "Streaming Messages").

use crate::chat::{ChatEvent, Delta, FinishReason, Losses, Origin, Usage};
use crate::dialect::wire::write::{self, ObjectWriter};
use crate::dialect::{AnswerContext, sse};

use super::answer::{stop_reason, write_usage};
use super::error::encode_error;

/// The writer of one stream.
pub(in crate::dialect) struct StreamEncoder {
    context: AnswerContext,
    usage: Usage,
    finish: FinishReason,
    /// The parts whose blocks were begun; the place of a part is the number of its block.
    begun: Vec<u32>,
    losses: Losses,
}

impl StreamEncoder {
    pub(in crate::dialect) fn new(context: AnswerContext) -> Self {
        Self {
            context,
            usage: Usage::default(),
            finish: FinishReason::Stop,
            begun: Vec::new(),
            losses: Losses::default(),
        }
    }

    /// A writer where these blocks were begun by somebody else; they are numbered from zero, without a gap.
    pub(in crate::dialect) fn resumed(context: AnswerContext, begun: Vec<u32>) -> Self {
        Self { begun, ..Self::new(context) }
    }

    /// What could not be carried so far.
    pub(in crate::dialect) fn take_losses(&mut self) -> Losses {
        std::mem::take(&mut self.losses)
    }

    /// Writes one event.
    pub(in crate::dialect) fn event(&mut self, event: &ChatEvent, out: &mut Vec<u8>) {
        match event {
            ChatEvent::Start { id, model } => self.start(id, model, out),
            ChatEvent::Delta { choice: 0, part, delta } => self.delta(*part, delta, out),
            ChatEvent::PartEnd { choice: 0, part } => {
                if let Some(index) = self.index(*part) {
                    emit(out, "content_block_stop", |event| event.unsigned("index", index));
                }
            }
            ChatEvent::Finish { choice: 0, reason } => self.finish = reason.clone(),
            ChatEvent::Delta { .. } | ChatEvent::PartEnd { .. } | ChatEvent::Finish { .. } => {
                self.losses.unsupported("n");
            }
            ChatEvent::Logprobs { .. } => self.losses.unsupported("answer.logprobs"),
            ChatEvent::Usage(usage) => self.usage = *usage,
            ChatEvent::End => self.end(out),
            ChatEvent::Error(error) => sse::event(out, "error", &encode_error(error)),
            ChatEvent::Ping => emit(out, "ping", |_| {}),
        }
    }

    fn start(&self, id: &str, model: &str, out: &mut Vec<u8>) {
        emit(out, "message_start", |event| {
            event.object("message", |message| {
                message.string("id", self.context.id_or(id));
                message.string("type", "message");
                message.string("role", "assistant");
                message.string("model", self.context.model_or(model));
                message.array("content", |_| {});
                message.null("stop_reason");
                message.null("stop_sequence");
                message.object("usage", |usage| write_usage(&self.usage, usage));
            });
        });
    }

    fn index(&self, part: u32) -> Option<u64> {
        self.begun.iter().position(|begun| *begun == part).map(|index| index as u64)
    }

    /// The number of a part's block, which is begun unless it is already.
    fn begin(&mut self, part: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>)) -> u64 {
        if let Some(index) = self.index(part) {
            return index;
        }
        let index = self.begun.len() as u64;
        self.begun.push(part);
        emit(out, "content_block_start", |event| {
            event.unsigned("index", index);
            event.object("content_block", write);
        });
        index
    }

    fn delta(&mut self, part: u32, delta: &Delta, out: &mut Vec<u8>) {
        let (index, kind, name, text) = match delta {
            Delta::Text(text) | Delta::Refusal(text) => {
                let index = self.begin(part, out, |block| {
                    block.string("type", "text");
                    block.string("text", "");
                });
                (index, "text_delta", "text", text.clone())
            }
            Delta::Thinking(text) => {
                (self.begin(part, out, write_thinking), "thinking_delta", "thinking", text.clone())
            }
            Delta::Signature(signature) => {
                let written = signature.written(Origin::Anthropic);
                (self.begin(part, out, write_thinking), "signature_delta", "signature", written)
            }
            Delta::Redacted(signature) => {
                self.begin(part, out, |block| {
                    block.string("type", "redacted_thinking");
                    block.string("data", &signature.written(Origin::Anthropic));
                });
                return;
            }
            Delta::ToolCall { id, name } => {
                self.begin(part, out, |block| {
                    block.string("type", "tool_use");
                    block.string("id", id);
                    block.string("name", name);
                    block.object("input", |_| {});
                });
                return;
            }
            Delta::Arguments(text) => {
                let Some(index) = self.index(part) else { return };
                (index, "input_json_delta", "partial_json", text.clone())
            }
        };
        emit(out, "content_block_delta", |event| {
            event.unsigned("index", index);
            event.object("delta", |delta| {
                delta.string("type", kind);
                delta.string(name, &text);
            });
        });
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        let (reason, sequence) = stop_reason(&self.finish, &mut self.losses);
        emit(out, "message_delta", |event| {
            event.object("delta", |delta| {
                delta.string("stop_reason", reason);
                delta.string_or_null("stop_sequence", sequence);
            });
            event.object("usage", |usage| write_usage(&self.usage, usage));
        });
        emit(out, "message_stop", |_| {});
    }
}

fn write_thinking(block: &mut ObjectWriter<'_>) {
    block.string("type", "thinking");
    block.string("thinking", "");
    block.string("signature", "");
}

/// Writes an event whose data repeat its name, as all of this API do.
fn emit(out: &mut Vec<u8>, name: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
    let data = write::object(|event| {
        event.string("type", name);
        write(event);
    });
    sse::event(out, name, &data);
}
