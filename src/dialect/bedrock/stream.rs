//! A streamed answer, read: the messages of `ConverseStream`.

use crate::chat::{ChatError, ChatEvent, Delta, ErrorKind, Losses, Origin, Signature};
use crate::dialect::anthropic::ANSWER_TOOL;
use crate::dialect::wire::Object;

use super::answer::{finish_of, read_usage};
use super::error::{kind_of, of_payload};

/// The most blocks that may be open at once; the API opens one.
const MOST: usize = 128;

/// The reader of one stream.
#[derive(Default)]
pub(in crate::dialect) struct StreamDecoder {
    parts: u32,
    open: Vec<Block>,
    any_call: bool,
    finished: bool,
    ended: bool,
    losses: Losses,
}

/// A block that is open.
#[derive(Clone, Copy)]
struct Block {
    /// Its number on the wire.
    index: u64,
    part: u32,
    /// Whether its arguments are the answer itself.
    answer: bool,
}

impl StreamDecoder {
    /// Reads one message: its type and its payload.
    pub(in crate::dialect) fn event(&mut self, kind: &str, payload: &[u8], out: &mut Vec<ChatEvent>) {
        if self.ended {
            return;
        }
        if let Some(kind) = kind_of(kind) {
            return self.fail(of_payload(kind, payload), out);
        }
        let Ok(mut object) = Object::parse(payload) else {
            return self
                .fail(ChatError::broken_stream("a message of the provider's stream is not JSON"), out);
        };
        match kind {
            "messageStart" => out.push(ChatEvent::Start { id: String::new(), model: String::new() }),
            "contentBlockStart" => self.begin(object, out),
            "contentBlockDelta" => self.delta(object, out),
            "contentBlockStop" => {
                let index = object.count("contentBlockIndex");
                let at = self.open.iter().position(|block| block.index == index);
                if let Some(block) = at.map(|at| self.open.remove(at)) {
                    out.push(ChatEvent::PartEnd { choice: 0, part: block.part });
                }
            }
            "messageStop" if !self.finished => {
                self.finished = true;
                let name = object.lenient_string("stopReason");
                let reason = finish_of(name.as_deref(), self.any_call, &mut self.losses);
                out.push(ChatEvent::Finish { choice: 0, reason });
            }
            "metadata" => {
                if let Some(mut usage) = object.lenient_object("usage") {
                    out.push(ChatEvent::Usage(read_usage(&mut usage)));
                }
                if object.take("trace").is_some() {
                    self.losses.unsupported("answer.trace");
                }
            }
            // An error of the transport, by its code; or an event that the reference does not have yet.
            other if other.ends_with("Exception") => self.fail(of_payload(ErrorKind::Server, payload), out),
            _ => {}
        }
    }

    /// Ends the reading. `metadata` comes last, and nothing says that nothing follows.
    pub(in crate::dialect) fn finish(&mut self, out: &mut Vec<ChatEvent>) {
        if self.ended {
            return;
        }
        if !self.finished {
            return self.fail(ChatError::broken_stream("the provider's stream ended early"), out);
        }
        self.ended = true;
        out.push(ChatEvent::End);
    }

    /// What could not be carried so far.
    pub(in crate::dialect) fn take_losses(&mut self) -> Losses {
        std::mem::take(&mut self.losses)
    }

    fn fail(&mut self, error: ChatError, out: &mut Vec<ChatEvent>) {
        self.ended = true;
        out.push(ChatEvent::Error(error));
    }

    /// Opens a block, which text and thinking do with their first piece.
    fn open(&mut self, index: u64, answer: bool, out: &mut Vec<ChatEvent>) -> Option<Block> {
        if let Some(block) = self.open.iter().find(|block| block.index == index) {
            return Some(*block);
        }
        if self.open.len() >= MOST {
            self.fail(ChatError::broken_stream("the provider opens too many blocks"), out);
            return None;
        }
        let block = Block { index, part: self.parts, answer };
        self.parts = self.parts.saturating_add(1);
        self.open.push(block);
        Some(block)
    }

    fn begin(&mut self, mut object: Object<'_>, out: &mut Vec<ChatEvent>) {
        let index = object.count("contentBlockIndex");
        let Some(mut start) = object.lenient_object("start") else { return };
        let Some(mut call) = start.lenient_object("toolUse") else {
            if !start.rest().unwrap_or_default().is_empty() {
                self.losses.unsupported("answer.content");
            }
            return;
        };
        let id = call.lenient_string("toolUseId").unwrap_or_default();
        let name = call.lenient_string("name").unwrap_or_default();
        let answer = name == ANSWER_TOOL;
        let Some(block) = self.open(index, answer, out) else { return };
        if !answer {
            self.any_call = true;
            let delta = Delta::ToolCall { id, name };
            out.push(ChatEvent::Delta { choice: 0, part: block.part, delta });
        }
    }

    fn delta(&mut self, mut object: Object<'_>, out: &mut Vec<ChatEvent>) {
        let index = object.count("contentBlockIndex");
        let Some(mut delta) = object.lenient_object("delta") else { return };
        let mut reasoning = delta.lenient_object("reasoningContent");
        let mut of_reasoning = |name| reasoning.as_mut().and_then(|object| object.lenient_string(name));
        let signature = |value| Signature { origin: Origin::Anthropic, value };
        let read = if let Some(text) = delta.lenient_string("text") {
            Delta::Text(text)
        } else if let Some(mut call) = delta.lenient_object("toolUse") {
            Delta::Arguments(call.lenient_string("input").unwrap_or_default())
        } else if let Some(text) = of_reasoning("text") {
            Delta::Thinking(text)
        } else if let Some(value) = of_reasoning("signature") {
            Delta::Signature(signature(value))
        } else if let Some(data) = of_reasoning("redactedContent") {
            Delta::Redacted(signature(data))
        } else {
            return self.losses.unsupported("answer.content");
        };
        let Some(block) = self.open(index, false, out) else { return };
        let read = match read {
            Delta::Arguments(text) if block.answer => Delta::Text(text),
            Delta::Text(text) | Delta::Thinking(text) | Delta::Arguments(text) if text.is_empty() => return,
            read => read,
        };
        out.push(ChatEvent::Delta { choice: 0, part: block.part, delta: read });
    }
}
