//! A streamed chat completion, written: neutral events to `chat.completion.chunk` ones.

use std::collections::BTreeMap;

use crate::chat::{ChatEvent, Content, Delta, Losses, Signature, TokenLogprob, Usage};
use crate::dialect::openai::error;
use crate::dialect::wire::write::{self, ObjectWriter};
use crate::dialect::{AnswerContext, LONGEST_PART, sse};

use super::answer::{finish_name, write_logprobs, write_usage};
use super::thinking::write_detail;

/// The writer of one stream.
pub(in crate::dialect) struct StreamEncoder {
    context: AnswerContext,
    id: String,
    model: String,
    usage: Option<Usage>,
    /// The alternatives whose role was written.
    begun: Vec<u32>,
    /// A call's index is its place among those of its alternative.
    calls: Vec<Call>,
    /// By alternative and part.
    thoughts: BTreeMap<(u32, u32), Thought>,
    losses: Losses,
}

/// A tool call that was begun.
struct Call {
    choice: u32,
    part: u32,
    /// Whether any of its arguments were written.
    written: bool,
}

/// Thinking that is open: its signature is worth something only with the text that it signs.
#[derive(Default)]
struct Thought {
    text: String,
    signature: Option<Signature>,
}

impl StreamEncoder {
    pub(in crate::dialect) fn new(context: AnswerContext) -> Self {
        Self {
            id: context.id.clone(),
            model: context.model.clone(),
            context,
            usage: None,
            begun: Vec::new(),
            calls: Vec::new(),
            thoughts: BTreeMap::new(),
            losses: Losses::default(),
        }
    }

    /// A writer where these alternatives were begun by somebody else.
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
            ChatEvent::Start { id, model } => {
                self.id = self.context.id_or(id).to_owned();
                self.model = self.context.model_or(model).to_owned();
                self.begin(0, out);
            }
            ChatEvent::Delta { choice, part, delta } => self.delta(*choice, *part, delta, out),
            ChatEvent::Logprobs { choice, tokens } => {
                self.begin(*choice, out);
                self.chunk_with(out, *choice, None, Some(tokens), |_| {});
            }
            ChatEvent::PartEnd { choice, part } => self.end_part(*choice, *part, out),
            ChatEvent::Finish { choice, reason } => {
                self.begin(*choice, out);
                let name = finish_name(reason, &mut self.losses);
                self.chunk(out, *choice, Some(name), |_| {});
            }
            ChatEvent::Usage(usage) => self.usage = Some(*usage),
            ChatEvent::End => self.end(out),
            ChatEvent::Error(error) => sse::data(out, &error::encode(error)),
            ChatEvent::Ping => sse::comment(out),
        }
    }

    /// Writes the role of an alternative, once.
    fn begin(&mut self, choice: u32, out: &mut Vec<u8>) {
        if !self.begun.contains(&choice) {
            self.begun.push(choice);
            self.chunk(out, choice, None, |delta| {
                delta.string("role", "assistant");
                delta.string("content", "");
            });
        }
    }

    fn delta(&mut self, choice: u32, part: u32, delta: &Delta, out: &mut Vec<u8>) {
        self.begin(choice, out);
        match delta {
            Delta::Text(text) => self.chunk(out, choice, None, |delta| delta.string("content", text)),
            Delta::Refusal(text) => self.chunk(out, choice, None, |delta| delta.string("refusal", text)),
            Delta::Thinking(text) => {
                self.chunk(out, choice, None, |delta| delta.string("reasoning_content", text));
                let thought = self.thoughts.entry((choice, part)).or_default();
                if thought.text.len() + text.len() <= LONGEST_PART {
                    thought.text.push_str(text);
                } else {
                    self.losses.unsupported("answer.thinking.signature");
                }
            }
            Delta::Signature(signature) => {
                self.thoughts.entry((choice, part)).or_default().signature = Some(signature.clone());
            }
            Delta::Redacted(signature) => {
                let content = Content::RedactedThinking(signature.clone());
                self.detail(choice, part, &content, out);
            }
            Delta::ToolCall { id, name } => {
                let index = self.calls.iter().filter(|known| known.choice == choice).count() as u64;
                self.calls.push(Call { choice, part, written: false });
                self.call(choice, index, out, |call| {
                    call.string("id", id);
                    call.string("type", "function");
                    call.object("function", |function| {
                        function.string("name", name);
                        function.string("arguments", "");
                    });
                });
            }
            Delta::Arguments(text) => self.arguments(choice, part, text, out),
        }
    }

    fn arguments(&mut self, choice: u32, part: u32, text: &str, out: &mut Vec<u8>) {
        let mut calls = self.calls.iter_mut().filter(|known| known.choice == choice).enumerate();
        let Some((index, call)) = calls.find(|(_, known)| known.part == part) else { return };
        call.written = true;
        self.call(choice, index as u64, out, |call| {
            call.object("function", |function| function.string("arguments", text));
        });
    }

    fn end_part(&mut self, choice: u32, part: u32, out: &mut Vec<u8>) {
        self.end_thought(choice, part, out);
        let is_empty = |call: &Call| call.choice == choice && call.part == part && !call.written;
        if self.calls.iter().any(is_empty) {
            // Clients parse the arguments, and nothing is no JSON.
            self.arguments(choice, part, "{}", out);
        }
    }

    fn end_thought(&mut self, choice: u32, part: u32, out: &mut Vec<u8>) {
        let Some(Thought { text, signature }) = self.thoughts.remove(&(choice, part)) else { return };
        if signature.is_some() {
            self.detail(choice, part, &Content::Thinking { text, signature }, out);
        }
    }

    fn detail(&self, choice: u32, part: u32, content: &Content, out: &mut Vec<u8>) {
        self.chunk(out, choice, None, |delta| {
            delta.array("reasoning_details", |details| write_detail(u64::from(part), content, details));
        });
    }

    fn call(&self, choice: u32, index: u64, out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.chunk(out, choice, None, |delta| {
            delta.array("tool_calls", |calls| {
                calls.object(|call| {
                    call.unsigned("index", index);
                    write(call);
                });
            });
        });
    }

    fn head(&self, object: &mut ObjectWriter<'_>) {
        object.string("id", &self.id);
        object.string("object", "chat.completion.chunk");
        object.unsigned("created", self.context.created);
        object.string("model", &self.model);
    }

    fn chunk(
        &self,
        out: &mut Vec<u8>,
        choice: u32,
        finish: Option<&str>,
        write: impl FnOnce(&mut ObjectWriter<'_>),
    ) {
        self.chunk_with(out, choice, finish, None, write);
    }

    fn chunk_with(
        &self,
        out: &mut Vec<u8>,
        choice: u32,
        finish: Option<&str>,
        tokens: Option<&[TokenLogprob]>,
        write: impl FnOnce(&mut ObjectWriter<'_>),
    ) {
        let data = write::object(|object| {
            self.head(object);
            object.array("choices", |choices| {
                choices.object(|object| {
                    object.unsigned("index", u64::from(choice));
                    object.object("delta", write);
                    write_logprobs(tokens, object);
                    object.string_or_null("finish_reason", finish);
                });
            });
            if self.context.include_usage {
                object.null("usage");
            }
        });
        sse::data(out, &data);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if let Some(usage) = self.usage.filter(|_| self.context.include_usage) {
            let data = write::object(|object| {
                self.head(object);
                object.array("choices", |_| {});
                object.object("usage", |object| write_usage(&usage, object));
            });
            sse::data(out, &data);
        }
        sse::data(out, b"[DONE]");
    }
}
