//! A streamed chat completion, read: `chat.completion.chunk` events to the neutral ones.

use crate::chat::{
    ChatError, ChatEvent, Content, Delta, ErrorKind, FinishReason, Losses, is_complete_object,
};
use crate::dialect::openai::answer::usage;
use crate::dialect::openai::error;
use crate::dialect::wire::{Object, Value};

use super::answer::{finish_of, read_logprobs};
use super::thinking;

/// The most alternatives and the most open tool calls of one stream; the API itself allows 128 of each.
const MOST: usize = 128;

/// The reader of one stream.
#[derive(Default)]
pub(in crate::dialect) struct StreamDecoder {
    started: bool,
    ended: bool,
    choices: Vec<ChoiceState>,
    losses: Losses,
}

/// What is known of one alternative.
struct ChoiceState {
    index: u64,
    parts: u32,
    /// The part of text or thinking that is open, if any.
    open: Option<(Said, u32)>,
    calls: Vec<Call>,
    finished: bool,
}

/// A part that is written in pieces without an identity of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Text,
    Refusal,
    Thinking,
}

/// A tool call. Its arguments are kept while it is open, to see when they are complete.
struct Call {
    index: u64,
    part: u32,
    arguments: String,
    open: bool,
}

impl StreamDecoder {
    /// Reads the data of one event.
    pub(in crate::dialect) fn event(&mut self, data: &[u8], out: &mut Vec<ChatEvent>) {
        if self.ended {
            return;
        }
        if data.trim_ascii() == b"[DONE]" {
            return self.end(out);
        }
        let Ok(mut object) = Object::parse(data) else {
            return self.fail(ChatError::broken_stream("an event of the provider's stream is not JSON"), out);
        };
        if let Some(error) = object.take("error") {
            return self.fail(error::of_value(ErrorKind::Server, error), out);
        }
        if !self.started {
            self.started = true;
            out.push(ChatEvent::Start {
                id: object.lenient_string("id").unwrap_or_default(),
                model: object.lenient_string("model").unwrap_or_default(),
            });
        }
        for choice in object.lenient_elements("choices") {
            if let Some(choice) = choice.object() {
                self.choice(choice, out);
            }
        }
        if let Some(usage) = object.take("usage").and_then(|value| usage(value.text().as_bytes())) {
            out.push(ChatEvent::Usage(usage));
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
        if self.choices.is_empty() || self.choices.iter().any(|choice| !choice.finished) {
            return self.fail(ChatError::broken_stream("the provider's stream ended early"), out);
        }
        self.ended = true;
        out.push(ChatEvent::End);
    }

    fn fail(&mut self, error: ChatError, out: &mut Vec<ChatEvent>) {
        self.ended = true;
        out.push(ChatEvent::Error(error));
    }

    fn choice(&mut self, mut object: Object<'_>, out: &mut Vec<ChatEvent>) {
        let index = object.count("index");
        let at = self.choices.iter().position(|choice| choice.index == index);
        let at = match at {
            Some(at) => at,
            None if self.choices.len() < MOST => {
                let calls = Vec::new();
                self.choices.push(ChoiceState { index, parts: 0, open: None, calls, finished: false });
                self.choices.len() - 1
            }
            None => return self.fail(ChatError::broken_stream("the provider sends too many choices"), out),
        };
        let Some(state) = self.choices.get_mut(at) else { return };
        let choice = u32::try_from(at).unwrap_or(0);
        if let Some(delta) = object.lenient_object("delta")
            && let Err(error) = state.delta(choice, delta, &mut self.losses, out)
        {
            return self.fail(error, out);
        }
        let tokens = object.lenient_object("logprobs").map(read_logprobs).unwrap_or_default();
        if !tokens.is_empty() {
            out.push(ChatEvent::Logprobs { choice, tokens });
        }
        if let Some(reason) = object.lenient_string("finish_reason")
            && !state.finished
        {
            let reason = finish_of(Some(&reason), &mut self.losses);
            state.finish(choice, reason, out);
        }
    }
}

impl ChoiceState {
    fn delta(
        &mut self,
        choice: u32,
        mut delta: Object<'_>,
        losses: &mut Losses,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), ChatError> {
        for content in thinking::read(&mut delta, losses).into_iter().map(|part| part.content) {
            self.thinking(choice, content, out);
        }
        if let Some(text) = delta.lenient_string("content").filter(|text| !text.is_empty()) {
            self.say(choice, Said::Text, Delta::Text(text), out);
        }
        if let Some(text) = delta.lenient_string("refusal").filter(|text| !text.is_empty()) {
            self.say(choice, Said::Refusal, Delta::Refusal(text), out);
        }
        for call in delta.lenient_elements("tool_calls") {
            self.call(choice, call, out)?;
        }
        for (name, field) in [("audio", "answer.audio"), ("function_call", "answer.function_call")] {
            if delta.take(name).is_some() {
                losses.unsupported(field);
            }
        }
        Ok(())
    }

    fn thinking(&mut self, choice: u32, content: Content, out: &mut Vec<ChatEvent>) {
        match content {
            Content::Thinking { text, signature } => {
                if !text.is_empty() {
                    self.say(choice, Said::Thinking, Delta::Thinking(text), out);
                }
                if let Some(signature) = signature {
                    self.say(choice, Said::Thinking, Delta::Signature(signature), out);
                    self.close(choice, out);
                }
            }
            Content::RedactedThinking(signature) => {
                self.close(choice, out);
                self.say(choice, Said::Thinking, Delta::Redacted(signature), out);
                self.close(choice, out);
            }
            _ => {}
        }
    }

    fn begin(&mut self) -> u32 {
        let part = self.parts;
        self.parts = self.parts.saturating_add(1);
        part
    }

    fn say(&mut self, choice: u32, said: Said, delta: Delta, out: &mut Vec<ChatEvent>) {
        let part = match self.open {
            Some((open, part)) if open == said => part,
            _ => {
                self.close(choice, out);
                let part = self.begin();
                self.open = Some((said, part));
                part
            }
        };
        out.push(ChatEvent::Delta { choice, part, delta });
    }

    /// Ends the part of text or thinking that is open.
    fn close(&mut self, choice: u32, out: &mut Vec<ChatEvent>) {
        if let Some((_, part)) = self.open.take() {
            out.push(ChatEvent::PartEnd { choice, part });
        }
    }

    fn call(&mut self, choice: u32, call: Value<'_>, out: &mut Vec<ChatEvent>) -> Result<(), ChatError> {
        let Some(mut call) = call.object() else { return Ok(()) };
        let id = call.lenient_string("id");
        let mut function = call.lenient_object("function");
        let name = function.as_mut().and_then(|function| function.lenient_string("name"));
        // Servers that send whole calls leave the index out, or repeat it with another identifier.
        let index = match call.take("index").and_then(Value::unsigned) {
            Some(index) => index,
            None if name.is_some() => self.calls.len() as u64,
            None => self.calls.len().saturating_sub(1) as u64,
        };
        let arguments = function.and_then(|mut function| match function.take("arguments")? {
            value if value.is_object() => Some(value.text().to_owned()),
            value => value.string().map(std::borrow::Cow::into_owned),
        });
        let known = self.calls.iter().position(|known| known.index == index && known.open);
        let at = match known {
            Some(at) => at,
            None if self.calls.len() < MOST => {
                self.close(choice, out);
                self.close_complete_calls(choice, out);
                let part = self.begin();
                let id = id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("call_{choice}_{part}"));
                let delta = Delta::ToolCall { id, name: name.unwrap_or_default() };
                out.push(ChatEvent::Delta { choice, part, delta });
                self.calls.push(Call { index, part, arguments: String::new(), open: true });
                self.calls.len() - 1
            }
            None => return Err(ChatError::broken_stream("the provider sends too many tool calls")),
        };
        if let (Some(call), Some(more)) = (self.calls.get_mut(at), arguments.filter(|more| !more.is_empty()))
        {
            if call.arguments.len() + more.len() > crate::dialect::LONGEST_PART {
                return Err(ChatError::broken_stream("a tool call of the provider is too long"));
            }
            call.arguments.push_str(&more);
            let delta = Delta::Arguments(more);
            out.push(ChatEvent::Delta { choice, part: call.part, delta });
        }
        Ok(())
    }

    /// Ends the calls whose arguments cannot go on. Providers send one call after the other, though the index
    /// would allow them to mix: so a new call ends those before it, unless they are not complete.
    fn close_complete_calls(&mut self, choice: u32, out: &mut Vec<ChatEvent>) {
        for call in self.calls.iter_mut().filter(|call| call.open && is_complete_object(&call.arguments)) {
            call.open = false;
            call.arguments = String::new();
            out.push(ChatEvent::PartEnd { choice, part: call.part });
        }
    }

    fn finish(&mut self, choice: u32, reason: FinishReason, out: &mut Vec<ChatEvent>) {
        self.close(choice, out);
        for call in self.calls.iter_mut().filter(|call| call.open) {
            call.open = false;
            call.arguments = String::new();
            out.push(ChatEvent::PartEnd { choice, part: call.part });
        }
        self.finished = true;
        let reason = reason.with_calls(!self.calls.is_empty());
        out.push(ChatEvent::Finish { choice, reason });
    }
}
