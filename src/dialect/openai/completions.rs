//! Legacy completions, as a client's dialect: a prompt is what one user says, and the answer is its text.
//!
//! Source: OpenAI's API reference, "Completions". What only continues a text (`suffix`, `echo`, `best_of`) has no
//! counterpart in a chat, and is left among the unknown members.

use crate::chat::{
    ChatAnswer, ChatEvent, ChatRequest, Content, Delta, FinishReason, Losses, Message, Part, Role, Sampling,
    UnknownField, Usage,
};
use crate::dialect::wire::Object;
use crate::dialect::wire::write::{self, ObjectWriter};
use crate::dialect::{AnswerContext, RequestFault, sse};

use super::chat::{decode_stop, finish_name, write_usage};
use super::error;

/// Reads a request.
///
/// # Errors
/// When it is not JSON, a member has not the type that the API reference gives it, or there are several prompts.
pub(in crate::dialect) fn decode_request(body: &[u8]) -> Result<(ChatRequest, Losses), RequestFault> {
    let mut losses = Losses::default();
    let mut object = Object::parse(body)?;
    let invalid = RequestFault::InvalidMember { name: "prompt", expected: "one text" };
    let prompt = object.take("prompt").ok_or(invalid.clone())?;
    let text = match prompt.elements().as_deref() {
        Some([one]) => one.string(),
        Some(_) => None,
        None => prompt.string(),
    };
    let parts = vec![Part::text(text.ok_or(invalid)?)];
    let mut request = ChatRequest {
        model: object.required_string("model")?,
        messages: vec![Message { role: Role::User, parts, name: None }],
        sampling: Sampling {
            temperature: object.number("temperature")?,
            top_p: object.number("top_p")?,
            seed: object.signed("seed")?,
            frequency_penalty: object.number("frequency_penalty")?,
            presence_penalty: object.number("presence_penalty")?,
            stop: decode_stop(&mut object)?,
            max_output_tokens: object.unsigned("max_tokens")?,
            choices: object.unsigned("n")?,
            ..Sampling::default()
        },
        stream: object.boolean("stream")?.unwrap_or(false),
        user: object.string("user")?,
        ..ChatRequest::default()
    };
    if let Some(mut options) = object.object("stream_options")? {
        request.include_usage = options.boolean("include_usage")?.unwrap_or(false);
        options.ignore(&["include_obfuscation"]);
        options.lose_rest("stream_options", &mut losses)?;
    }
    for (name, value) in object.rest()? {
        request.unknown.push(UnknownField { name, value: value.json() });
    }
    Ok((request, losses))
}

/// Writes a completion.
pub(in crate::dialect) fn encode_answer(answer: &ChatAnswer, context: &AnswerContext) -> (Vec<u8>, Losses) {
    let mut losses = Losses::default();
    let body = write::object(|object| {
        write_head(context.id_or(&answer.id), context.model_or(&answer.model), context, object);
        object.array("choices", |choices| {
            for (index, choice) in answer.choices.iter().enumerate() {
                let mut text = String::new();
                for part in &choice.parts {
                    match &part.content {
                        Content::Text(more) | Content::Refusal(more) => text.push_str(more),
                        Content::Thinking { .. } | Content::RedactedThinking(_) => {
                            losses.unsupported("answer.thinking");
                        }
                        _ => losses.unsupported("answer.content"),
                    }
                }
                if choice.logprobs.is_some() {
                    losses.unsupported("answer.logprobs");
                }
                let finish = finish(&choice.finish, &mut losses);
                choices.object(|object| write_choice(index as u64, &text, Some(finish), object));
            }
        });
        if let Some(usage) = &answer.usage {
            object.object("usage", |object| write_usage(usage, object));
        }
    });
    (body, losses)
}

/// The reason of an end, of which there are three here.
fn finish(reason: &FinishReason, losses: &mut Losses) -> &'static str {
    if *reason == FinishReason::ToolCalls {
        losses.approximated("finish_reason");
        return "stop";
    }
    finish_name(reason, losses)
}

fn write_head(id: &str, model: &str, context: &AnswerContext, object: &mut ObjectWriter<'_>) {
    object.string("id", id);
    object.string("object", "text_completion");
    object.unsigned("created", context.created);
    object.string("model", model);
}

fn write_choice(index: u64, text: &str, finish: Option<&str>, object: &mut ObjectWriter<'_>) {
    object.string("text", text);
    object.unsigned("index", index);
    object.null("logprobs");
    object.string_or_null("finish_reason", finish);
}

/// The writer of one stream.
pub(in crate::dialect) struct StreamEncoder {
    context: AnswerContext,
    id: String,
    model: String,
    usage: Option<Usage>,
    losses: Losses,
}

impl StreamEncoder {
    pub(in crate::dialect) fn new(context: AnswerContext) -> Self {
        let (id, model) = (context.id.clone(), context.model.clone());
        Self { context, id, model, usage: None, losses: Losses::default() }
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
            }
            ChatEvent::Delta { choice, delta: Delta::Text(text) | Delta::Refusal(text), .. } => {
                self.chunk(*choice, text, None, out);
            }
            ChatEvent::Delta { delta: Delta::ToolCall { .. } | Delta::Arguments(_), .. } => {
                self.losses.unsupported("answer.content");
            }
            ChatEvent::Delta { .. } => self.losses.unsupported("answer.thinking"),
            ChatEvent::PartEnd { .. } => {}
            ChatEvent::Finish { choice, reason } => {
                let name = finish(reason, &mut self.losses);
                self.chunk(*choice, "", Some(name), out);
            }
            ChatEvent::Logprobs { .. } => self.losses.unsupported("answer.logprobs"),
            ChatEvent::Usage(usage) => self.usage = Some(*usage),
            ChatEvent::End => self.end(out),
            ChatEvent::Error(error) => sse::data(out, &error::encode(error)),
            ChatEvent::Ping => sse::comment(out),
        }
    }

    fn chunk(&self, choice: u32, text: &str, finish: Option<&str>, out: &mut Vec<u8>) {
        let data = write::object(|object| {
            write_head(&self.id, &self.model, &self.context, object);
            object.array("choices", |choices| {
                choices.object(|object| write_choice(u64::from(choice), text, finish, object));
            });
            if self.context.include_usage {
                object.null("usage");
            }
        });
        sse::data(out, &data);
    }

    fn end(&self, out: &mut Vec<u8>) {
        if let Some(usage) = self.usage.filter(|_| self.context.include_usage) {
            let data = write::object(|object| {
                write_head(&self.id, &self.model, &self.context, object);
                object.array("choices", |_| {});
                object.object("usage", |object| write_usage(&usage, object));
            });
            sse::data(out, &data);
        }
        sse::data(out, b"[DONE]");
    }
}
