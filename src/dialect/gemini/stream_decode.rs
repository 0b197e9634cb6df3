//! A streamed answer, read: each event is a piece of an answer in the same form as a whole one.

use crate::chat::{ChatError, ChatEvent, Content, Delta, ErrorKind, Losses};
use crate::dialect::wire::{Object, Value};

use super::answer::{blocked, decode_logprobs, decode_part, finish_of, note_extras, read_usage};
use super::error;

/// The most candidates of one stream; the API gives eight.
const MOST: usize = 128;

/// The reader of one stream.
#[derive(Default)]
pub(in crate::dialect) struct StreamDecoder {
    id: Option<String>,
    candidates: Vec<Candidate>,
    ended: bool,
    losses: Losses,
}

#[derive(Default)]
struct Candidate {
    index: u64,
    parts: u32,
    /// The part that the next piece may go on: whether it is thinking, and its number.
    open: Option<(bool, u32)>,
    pieces: usize,
    any_call: bool,
    finished: bool,
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
        if let Some(error) = object.take("error") {
            return self.fail(error::of_value(ErrorKind::Server, error), out);
        }
        if self.id.is_none() {
            let id = object.lenient_string("responseId").unwrap_or_default();
            let model = object.lenient_string("modelVersion").unwrap_or_default();
            self.id = Some(id.clone());
            out.push(ChatEvent::Start { id, model });
        }
        for candidate in object.lenient_elements("candidates") {
            if let Some(candidate) = candidate.object() {
                self.candidate(candidate, out);
            }
        }
        if let Some(feedback) = object.lenient_object("promptFeedback")
            && self.candidates.is_empty()
        {
            let choice = blocked(feedback);
            let mut candidate = Candidate::default();
            for part in choice.parts {
                candidate.piece(0, part.content, out);
            }
            candidate.close(0, out);
            candidate.finished = true;
            self.candidates.push(candidate);
            out.push(ChatEvent::Finish { choice: 0, reason: choice.finish });
        }
        if let Some(mut usage) = object.lenient_object("usageMetadata") {
            out.push(ChatEvent::Usage(read_usage(&mut usage)));
        }
    }

    /// Ends the reading: the stream is over, whether it was complete or not. Nothing marks the end but the
    /// reasons why each candidate ended.
    pub(in crate::dialect) fn finish(&mut self, out: &mut Vec<ChatEvent>) {
        if self.ended {
            return;
        }
        if self.candidates.is_empty() || self.candidates.iter().any(|candidate| !candidate.finished) {
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

    fn candidate(&mut self, mut object: Object<'_>, out: &mut Vec<ChatEvent>) {
        let index = object.count("index");
        let at = self.candidates.iter().position(|candidate| candidate.index == index);
        let at = match at {
            Some(at) => at,
            None if self.candidates.len() < MOST => {
                self.candidates.push(Candidate { index, ..Candidate::default() });
                self.candidates.len() - 1
            }
            None => {
                return self.fail(ChatError::broken_stream("the provider sends too many candidates"), out);
            }
        };
        let Some(state) = self.candidates.get_mut(at) else { return };
        let choice = u32::try_from(at).unwrap_or(0);
        let response = self.id.as_deref().unwrap_or_default();
        let mut content = object.lenient_object("content");
        let parts = content.as_mut().map(|content| content.lenient_elements("parts")).unwrap_or_default();
        for part in parts.into_iter().filter_map(Value::object) {
            let mut read = Vec::new();
            decode_part(part, response, state.pieces, &mut read, &mut self.losses);
            state.pieces = state.pieces.saturating_add(1);
            for content in read {
                state.piece(choice, content, out);
            }
        }
        note_extras(&mut object, &mut self.losses);
        let tokens = object.lenient_object("logprobsResult").map(decode_logprobs).unwrap_or_default();
        if !tokens.is_empty() {
            out.push(ChatEvent::Logprobs { choice, tokens });
        }
        if let Some(reason) = object.lenient_string("finishReason")
            && !state.finished
        {
            state.close(choice, out);
            state.finished = true;
            let reason = finish_of(Some(&reason), &mut self.losses).with_calls(state.any_call);
            out.push(ChatEvent::Finish { choice, reason });
        }
    }
}

impl Candidate {
    fn piece(&mut self, choice: u32, content: Content, out: &mut Vec<ChatEvent>) {
        match content {
            Content::Text(text) => self.add(choice, false, Delta::Text(text), out),
            Content::Refusal(text) => self.add(choice, false, Delta::Refusal(text), out),
            Content::Thinking { text, signature } => {
                if !text.is_empty() {
                    self.add(choice, true, Delta::Thinking(text), out);
                }
                if let Some(signature) = signature {
                    self.add(choice, true, Delta::Signature(signature), out);
                    self.close(choice, out);
                }
            }
            Content::RedactedThinking(signature) => {
                self.close(choice, out);
                self.add(choice, true, Delta::Redacted(signature), out);
                self.close(choice, out);
            }
            Content::ToolCall { id, name, arguments } => {
                self.close(choice, out);
                self.any_call = true;
                let part = self.begin();
                out.push(ChatEvent::Delta { choice, part, delta: Delta::ToolCall { id, name } });
                let delta = Delta::Arguments(arguments.text().to_owned());
                out.push(ChatEvent::Delta { choice, part, delta });
                out.push(ChatEvent::PartEnd { choice, part });
            }
            _ => {}
        }
    }

    fn begin(&mut self) -> u32 {
        let part = self.parts;
        self.parts = self.parts.saturating_add(1);
        part
    }

    fn add(&mut self, choice: u32, thinking: bool, delta: Delta, out: &mut Vec<ChatEvent>) {
        let part = match self.open {
            Some((open, part)) if open == thinking => part,
            _ => {
                self.close(choice, out);
                let part = self.begin();
                self.open = Some((thinking, part));
                part
            }
        };
        out.push(ChatEvent::Delta { choice, part, delta });
    }

    fn close(&mut self, choice: u32, out: &mut Vec<ChatEvent>) {
        if let Some((_, part)) = self.open.take() {
            out.push(ChatEvent::PartEnd { choice, part });
        }
    }
}
