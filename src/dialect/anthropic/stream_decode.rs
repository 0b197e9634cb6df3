//! A streamed message of the model, read: `message_start` to `message_stop`.

use crate::chat::{Cause, ChatError, ChatEvent, Delta, ErrorKind, Losses, Origin, Signature};
use crate::dialect::wire::{Object, Value};

use super::answer::{Counts, decode_finish, explanation};
use super::{ANSWER_TOOL, error};

/// The most blocks that may be open at once; the API opens one.
const MOST: usize = 128;

/// The reader of one stream.
#[derive(Default)]
pub(in crate::dialect) struct StreamDecoder {
    counts: Counts,
    parts: u32,
    open: Vec<Block>,
    any_call: bool,
    finished: bool,
    ended: bool,
    losses: Losses,
}

/// A block that is open.
struct Block {
    /// Its number on the wire.
    index: u64,
    part: u32,
    kind: Kind,
}

enum Kind {
    Text,
    Thinking,
    /// Arguments that came with the start of the block, which count unless others follow.
    Call(Option<String>),
    /// Arguments that are the answer itself.
    Answer,
}

impl StreamDecoder {
    /// Reads the data of one event.
    pub(in crate::dialect) fn event(&mut self, data: &[u8], out: &mut Vec<ChatEvent>) {
        if self.ended {
            return;
        }
        let Ok(mut object) = Object::parse(data) else {
            return self.fail(ChatError::broken_stream("an event of the provider's stream is not JSON"), out);
        };
        match object.lenient_string("type").as_deref() {
            Some("message_start") => self.start(object.lenient_object("message"), out),
            Some("content_block_start") => self.begin(object, out),
            Some("content_block_delta") => self.delta(object, out),
            Some("content_block_stop") => self.stop(object.count("index"), out),
            Some("message_delta") => self.message_delta(object, out),
            Some("message_stop") => self.end(out),
            Some("ping") => out.push(ChatEvent::Ping),
            Some("error") => {
                let error = object.take("error").map(|error| error::of_value(ErrorKind::Server, error));
                let unnamed = || ChatError::broken_stream(crate::dialect::NO_MESSAGE);
                self.fail(error.unwrap_or_else(unnamed), out);
            }
            // The reference asks clients to bear with events that they do not know.
            _ => {}
        }
    }

    /// Ends the reading: the stream is over, whether it was complete or not.
    pub(in crate::dialect) fn finish(&mut self, out: &mut Vec<ChatEvent>) {
        if !self.ended {
            self.end(out);
        }
    }

    /// What could not be carried so far.
    pub(in crate::dialect) fn take_losses(&mut self) -> Losses {
        std::mem::take(&mut self.losses)
    }

    fn end(&mut self, out: &mut Vec<ChatEvent>) {
        if !self.finished {
            return self.fail(ChatError::broken_stream("the provider's stream ended early"), out);
        }
        self.ended = true;
        out.push(ChatEvent::End);
    }

    fn fail(&mut self, error: ChatError, out: &mut Vec<ChatEvent>) {
        self.ended = true;
        out.push(ChatEvent::Error(error));
    }

    fn start(&mut self, message: Option<Object<'_>>, out: &mut Vec<ChatEvent>) {
        let Some(mut message) = message else { return };
        out.push(ChatEvent::Start {
            id: message.lenient_string("id").unwrap_or_default(),
            model: message.lenient_string("model").unwrap_or_default(),
        });
        self.usage(&mut message, out);
    }

    fn usage(&mut self, object: &mut Object<'_>, out: &mut Vec<ChatEvent>) {
        if let Some(mut usage) = object.lenient_object("usage") {
            self.counts.read(&mut usage);
            out.push(ChatEvent::Usage(self.counts.usage()));
        }
    }

    fn begin(&mut self, mut object: Object<'_>, out: &mut Vec<ChatEvent>) {
        let index = object.count("index");
        let Some(mut block) = object.lenient_object("content_block") else { return };
        let kind = block.lenient_string("type").unwrap_or_default();
        let part = self.parts;
        let mut first = None;
        let kind = match kind.as_str() {
            "text" => {
                first = block.lenient_string("text").filter(|text| !text.is_empty()).map(Delta::Text);
                Kind::Text
            }
            "thinking" => {
                first = block.lenient_string("thinking").filter(|text| !text.is_empty()).map(Delta::Thinking);
                Kind::Thinking
            }
            "redacted_thinking" => {
                let data = block.lenient_string("data").unwrap_or_default();
                first = Some(Delta::Redacted(Signature::read(&data, Origin::Anthropic)));
                Kind::Thinking
            }
            "tool_use" => {
                let name = block.lenient_string("name").unwrap_or_default();
                if name == ANSWER_TOOL {
                    Kind::Answer
                } else {
                    self.any_call = true;
                    let id = block.lenient_string("id").unwrap_or_default();
                    first = Some(Delta::ToolCall { id, name });
                    let input = block.take("input").map(Value::text).filter(|text| *text != "{}");
                    Kind::Call(input.map(str::to_owned))
                }
            }
            _ => return self.losses.note("answer.content", Cause::Unknown(kind)),
        };
        if self.open.len() >= MOST {
            return self.fail(ChatError::broken_stream("the provider opens too many blocks"), out);
        }
        self.parts = self.parts.saturating_add(1);
        self.open.push(Block { index, part, kind });
        out.extend(first.map(|delta| ChatEvent::Delta { choice: 0, part, delta }));
    }

    fn delta(&mut self, mut object: Object<'_>, out: &mut Vec<ChatEvent>) {
        let index = object.count("index");
        // Not open: a block that is not carried, which was noted when it began.
        let Some(block) = self.open.iter_mut().find(|block| block.index == index) else { return };
        let Some(mut delta) = object.lenient_object("delta") else { return };
        let delta = match delta.lenient_string("type").as_deref() {
            Some("text_delta") => delta.lenient_string("text").map(Delta::Text),
            Some("thinking_delta") => delta.lenient_string("thinking").map(Delta::Thinking),
            Some("signature_delta") => delta
                .lenient_string("signature")
                .map(|signature| Delta::Signature(Signature::read(&signature, Origin::Anthropic))),
            Some("input_json_delta") => {
                let json = delta.lenient_string("partial_json").filter(|json| !json.is_empty());
                match (&mut block.kind, json) {
                    (Kind::Answer, json) => json.map(Delta::Text),
                    (kind, Some(json)) => {
                        *kind = Kind::Call(None);
                        Some(Delta::Arguments(json))
                    }
                    (_, None) => None,
                }
            }
            Some("citations_delta") => {
                self.losses.unsupported("answer.citations");
                None
            }
            _ => None,
        };
        let part = block.part;
        out.extend(delta.map(|delta| ChatEvent::Delta { choice: 0, part, delta }));
    }

    fn stop(&mut self, index: u64, out: &mut Vec<ChatEvent>) {
        let Some(at) = self.open.iter().position(|block| block.index == index) else { return };
        let block = self.open.remove(at);
        let part = block.part;
        if let Kind::Call(Some(input)) = block.kind {
            out.push(ChatEvent::Delta { choice: 0, part, delta: Delta::Arguments(input) });
        }
        out.push(ChatEvent::PartEnd { choice: 0, part });
    }

    fn message_delta(&mut self, mut object: Object<'_>, out: &mut Vec<ChatEvent>) {
        if let Some(mut delta) = object.lenient_object("delta")
            && !self.finished
        {
            let reason = decode_finish(&mut delta, self.any_call, &mut self.losses);
            if let Some(text) = explanation(&mut delta) {
                let part = self.parts;
                self.parts = self.parts.saturating_add(1);
                out.push(ChatEvent::Delta { choice: 0, part, delta: Delta::Refusal(text) });
                out.push(ChatEvent::PartEnd { choice: 0, part });
            }
            self.finished = true;
            out.push(ChatEvent::Finish { choice: 0, reason });
        }
        self.usage(&mut object, out);
    }
}
