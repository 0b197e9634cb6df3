//! A streamed answer, written: each event is a piece of an answer in the same form as a whole one.

use std::collections::BTreeMap;

use crate::chat::{ChatError, ChatEvent, Content, Delta, FinishReason, Losses, TokenLogprob, Usage};
use crate::dialect::wire::write::{self, ObjectWriter};
use crate::dialect::{AnswerContext, LONGEST_PART, sse};

use super::answer::{finish_name, write_logprobs, write_part, write_usage};
use super::error::encode_error;

/// The writer of one stream.
pub(in crate::dialect) struct StreamEncoder {
    context: AnswerContext,
    id: String,
    model: String,
    usage: Option<Usage>,
    finishes: Vec<(u32, FinishReason)>,
    /// Calls whose arguments are still coming, by alternative and part: here they go out whole.
    calls: BTreeMap<(u32, u32), Call>,
    failed: bool,
    losses: Losses,
}

struct Call {
    id: String,
    name: String,
    arguments: String,
}

impl StreamEncoder {
    pub(in crate::dialect) fn new(context: AnswerContext) -> Self {
        Self {
            id: context.id.clone(),
            model: context.model.clone(),
            context,
            usage: None,
            finishes: Vec::new(),
            calls: BTreeMap::new(),
            failed: false,
            losses: Losses::default(),
        }
    }

    /// What could not be carried so far.
    pub(in crate::dialect) fn take_losses(&mut self) -> Losses {
        std::mem::take(&mut self.losses)
    }

    /// Writes one event.
    pub(in crate::dialect) fn event(&mut self, event: &ChatEvent, out: &mut Vec<u8>) {
        if self.failed {
            return;
        }
        match event {
            ChatEvent::Start { id, model } => {
                self.id = self.context.id_or(id).to_owned();
                self.model = self.context.model_or(model).to_owned();
            }
            ChatEvent::Delta { choice, part, delta } => self.delta(*choice, *part, delta, out),
            ChatEvent::Logprobs { choice, tokens } => {
                self.candidate(*choice, &Content::Text(String::new()), Some(tokens), out);
            }
            ChatEvent::PartEnd { choice, part } => {
                if let Some(Call { id, name, arguments }) = self.calls.remove(&(*choice, *part)) {
                    let arguments = super::super::openai::chat::read_arguments(&arguments, &mut self.losses);
                    self.piece(*choice, &Content::ToolCall { id, name, arguments }, out);
                }
            }
            ChatEvent::Finish { choice, reason } => self.finishes.push((*choice, reason.clone())),
            ChatEvent::Usage(usage) => self.usage = Some(*usage),
            ChatEvent::End => self.end(out),
            ChatEvent::Error(error) => self.fail(error, out),
            // Nothing in this dialect says only that the stream goes on.
            ChatEvent::Ping => {}
        }
    }

    fn fail(&mut self, error: &ChatError, out: &mut Vec<u8>) {
        self.failed = true;
        sse::data(out, &encode_error(error));
    }

    fn delta(&mut self, choice: u32, part: u32, delta: &Delta, out: &mut Vec<u8>) {
        let content = match delta {
            Delta::Text(text) => Content::Text(text.clone()),
            Delta::Refusal(text) => Content::Refusal(text.clone()),
            Delta::Thinking(text) => Content::Thinking { text: text.clone(), signature: None },
            Delta::Signature(signature) => {
                Content::Thinking { text: String::new(), signature: Some(signature.clone()) }
            }
            Delta::Redacted(signature) => Content::RedactedThinking(signature.clone()),
            Delta::ToolCall { id, name } => {
                let call = Call { id: id.clone(), name: name.clone(), arguments: String::new() };
                self.calls.insert((choice, part), call);
                return;
            }
            Delta::Arguments(text) => {
                let Some(call) = self.calls.get_mut(&(choice, part)) else { return };
                call.arguments.push_str(text);
                if call.arguments.len() > LONGEST_PART {
                    let error = ChatError::broken_stream("a tool call of the provider is too long");
                    self.fail(&error, out);
                }
                return;
            }
        };
        self.piece(choice, &content, out);
    }

    fn piece(&mut self, choice: u32, content: &Content, out: &mut Vec<u8>) {
        self.candidate(choice, content, None, out);
    }

    fn candidate(
        &mut self,
        choice: u32,
        content: &Content,
        tokens: Option<&[TokenLogprob]>,
        out: &mut Vec<u8>,
    ) {
        let mut losses = std::mem::take(&mut self.losses);
        let data = write::object(|object| {
            object.array("candidates", |candidates| {
                candidates.object(|candidate| {
                    candidate.object("content", |object| {
                        object.array("parts", |parts| write_part(content, parts, &mut losses));
                        object.string("role", "model");
                    });
                    candidate.unsigned("index", u64::from(choice));
                    if let Some(tokens) = tokens {
                        candidate.object("logprobsResult", |result| write_logprobs(tokens, result));
                    }
                });
            });
            self.tail(object);
        });
        self.losses = losses;
        sse::data(out, &data);
    }

    fn tail(&self, object: &mut ObjectWriter<'_>) {
        object.string("modelVersion", &self.model);
        object.string("responseId", &self.id);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        let mut losses = std::mem::take(&mut self.losses);
        let data = write::object(|object| {
            object.array("candidates", |candidates| {
                for (choice, reason) in &self.finishes {
                    candidates.object(|candidate| {
                        candidate.object("content", |content| {
                            content.array("parts", |parts| parts.object(|part| part.string("text", "")));
                            content.string("role", "model");
                        });
                        candidate.string("finishReason", finish_name(reason, &mut losses));
                        candidate.unsigned("index", u64::from(*choice));
                    });
                }
            });
            if let Some(usage) = &self.usage {
                object.object("usageMetadata", |object| write_usage(usage, object));
            }
            self.tail(object);
        });
        self.losses = losses;
        sse::data(out, &data);
    }
}
