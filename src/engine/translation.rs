//! One attempt at a provider that speaks another dialect than the client.
//!
//! The request is translated at once, from what the client sent; the answer as it comes: a stream chunk by chunk, a
//! whole answer or an error when it is complete. Nothing that cannot be read passes: it becomes an error in the
//! client's dialect, with a status that lets Envoy try the next target where nothing has passed yet.
//!
//! Promises: no more is held than one whole answer of [`LONGEST_ANSWER`], or what a stream's translator holds.
//!
//! Deliberately unknown here: hosts, credentials, and why this provider was chosen.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;

use super::effect::{Effect, Flow};
use super::exchange::Original;
use super::headers::Headers;
use super::judge::{VAGUE, status_of, without_end};
use super::refusal::{Refusal, Unsupported};
use crate::chat::{Cause, ChatError, ErrorKind, Losses};
use crate::config::compiled::{LossPolicy, Provider};
use crate::dialect::answer::says_error;
use crate::dialect::embeddings::{self, Embedder, Expected};
use crate::dialect::stream::StreamTranslator;
use crate::dialect::target::{Quirks, Target};
use crate::dialect::translate::{
    Dialect, EncodedRequest, decode_error, decode_request, echo, encode_error, encode_request,
    translate_answer, translate_error,
};
use crate::dialect::{AnswerContext, Api, Surface};
use crate::observe::metrics::{Detail, Measurement, Metric, Scope, Series};

/// The longest answer that is translated as a whole, in bytes: twice the longest event of a stream, because an image
/// may be in it.
pub const LONGEST_ANSWER: usize = 32 << 20;

/// What a provider's answer that cannot be read is to the client (RFC 9110, section 15.6.3), and a reason for Envoy to
/// try the next target.
const BAD_GATEWAY: u16 = 502;

/// The media type of Bedrock's streams (AWS, "Event stream encoding").
const AWS_EVENT_STREAM: &str = "application/vnd.amazon.eventstream";

/// The answer of one attempt, on its way back into the client's dialect.
pub struct Translation {
    /// The provider's name in the configuration.
    name: String,
    provider: Dialect,
    client: Dialect,
    /// What is expected where embeddings were asked for, and not a chat.
    embeddings: Option<Box<Expected>>,
    context: AnswerContext,
    /// What could not be carried, and is not counted yet.
    losses: Losses,
    reading: Reading,
}

enum Reading {
    /// Nothing came yet.
    Awaiting,
    /// A body that is translated when it is complete; with its status when that says that it is an error.
    Whole { body: Vec<u8>, error: Option<u16> },
    /// A stream of events of which none says anything yet, so that the answer is held: with what the client would
    /// have received. It may still turn out to be an error, which then has a status of its own.
    Beginning { stream: Box<StreamTranslator>, out: Vec<u8> },
    /// A stream of events.
    Stream(Box<StreamTranslator>),
    /// The client's answer is complete; what else comes is dropped.
    Ended,
}

/// What it holds are prompts and answers, which no log shows.
impl fmt::Debug for Translation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} for {:?}", self.provider, self.client)
    }
}

/// Translates a request for the `model` of a provider with this API; `betas` are those that its headers name.
///
/// # Errors
/// When the request is not what the client's dialect says, or the provider has nothing like it.
pub fn start(
    surface: Surface,
    (name, provider): (&str, &Provider),
    model: &str,
    original: &Original,
    betas: Vec<String>,
) -> Result<(EncodedRequest, Translation), Refusal> {
    let dialect = provider.api.dialect();
    let body = &original.body.0;
    let target = target(provider, model);
    // Where no chat is asked for, clients speak OpenAI's dialect.
    let client = surface.dialect().unwrap_or(Dialect::OpenAiChat);
    let (mut request, mut losses, embeddings) = if surface == Surface::Embeddings {
        let (request, expected) = embed(body, &target)?;
        (request, Losses::default(), Some(Box::new(expected)))
    } else {
        let (mut request, losses) = decode_request(client, body)?;
        // Gemini says so in the path.
        request.stream = original.streamed;
        request.betas = betas;
        (encode_request(dialect, &request, &target)?, losses, None)
    };
    losses.append(std::mem::take(&mut request.losses));
    if let (LossPolicy::Refuse, Some(loss)) = (provider.losses, losses.iter().next()) {
        return Err(Refusal::Unsupported(match &loss.cause {
            Cause::Unknown(name) => Unsupported::Member(name.clone()),
            Cause::Unsupported | Cause::Approximated => Unsupported::Loss(loss.field),
        }));
    }
    let context = AnswerContext {
        id: format!("{}{}", id_prefix(client), original.id),
        model: model.to_owned(),
        created: original.created,
        // The policy meters by the usage, and hides it from a client that did not ask.
        include_usage: true,
        wrapped: request.wrapped,
        renamed: std::mem::take(&mut request.renamed),
        echo: echo(client, body),
    };
    let translation = Translation {
        name: name.to_owned(),
        provider: dialect,
        client,
        embeddings,
        context,
        losses,
        reading: Reading::Awaiting,
    };
    Ok((request, translation))
}

/// Translates a request for embeddings.
fn embed(body: &[u8], target: &Target) -> Result<(EncodedRequest, Expected), Refusal> {
    let embedder = Embedder::of(target.api, &target.model)
        .ok_or(Refusal::Unsupported(Unsupported::Surface(Surface::Embeddings)))?;
    let request = embeddings::decode_request(body)?;
    let expected =
        Expected { embedder, texts: request.texts.len(), encoding: request.encoding, tokens: None };
    Ok((embeddings::encode_request(embedder, &request, target)?, expected))
}

/// A model of a provider.
#[must_use]
pub fn target(provider: &Provider, model: &str) -> Target {
    let quirks = if provider.api == Api::AzureOpenAi { &Quirks::AZURE } else { provider.flavor.quirks() };
    Target {
        api_version: provider.api_version.clone().unwrap_or_default(),
        unknown: provider.unknown_fields,
        ..Target::of(provider.api, quirks, model)
    }
}

/// How identifiers of answers begin (the examples of the API references).
const fn id_prefix(client: Dialect) -> &'static str {
    match client {
        Dialect::OpenAiChat | Dialect::OpenAiCompletions => "chatcmpl-",
        Dialect::OpenAiResponses => "resp_",
        Dialect::Anthropic => "msg_",
        Dialect::Gemini | Dialect::Bedrock => "",
    }
}

impl Translation {
    /// Counts what could not be carried so far.
    pub fn count_losses(&mut self, effects: &mut Vec<Effect>) {
        if self.losses.is_empty() {
            return;
        }
        let scope = Rc::new(Scope { provider: self.name.clone(), ..Scope::none() });
        let fields: BTreeSet<&str> = std::mem::take(&mut self.losses).iter().map(|loss| loss.field).collect();
        effects.extend(fields.into_iter().map(|field| {
            let detail = Detail::Field(field);
            let series = Series { metric: Metric::TranslationLoss, scope: Rc::clone(&scope), detail };
            Effect::Measure(Measurement { series, value: 1 })
        }));
    }

    /// The answer's headers have come.
    pub fn headers(&mut self, headers: &Headers, end_of_stream: bool, effects: &mut Vec<Effect>) -> Flow {
        effects.push(Effect::RemoveResponseHeader("content-length".to_owned()));
        let status = headers.status().unwrap_or(0);
        let is_error = !(200..300).contains(&status);
        let is_coded = headers.get("content-encoding").is_some_and(|coding| coding != b"identity");
        if is_coded {
            effects.push(Effect::RemoveResponseHeader("content-encoding".to_owned()));
        }
        if is_error {
            self.reading = Reading::Whole { body: Vec::new(), error: Some(status) };
            effects.push(set("content-type", "application/json"));
            // Envoy decides by the status whether to try again, and need not wait for the body, where it tells enough.
            return if status == VAGUE && !end_of_stream { Flow::Pause } else { Flow::Continue };
        }
        if let Some(expected) = &mut self.embeddings {
            let field = expected.embedder.tokens_header().and_then(|name| headers.text(name));
            expected.tokens = field.and_then(|count| count.parse().ok());
        }
        let media_type = headers.media_type();
        let is_stream = matches!(media_type.as_deref(), Some("text/event-stream" | AWS_EVENT_STREAM));
        if is_stream
            && !is_coded
            && !end_of_stream
            && self.embeddings.is_none()
            && let Some(stream) = StreamTranslator::new(self.provider, self.client, self.context.clone())
        {
            self.reading = Reading::Beginning { stream: Box::new(stream), out: Vec::new() };
            effects.push(set("content-type", "text/event-stream"));
            return Flow::Pause;
        }
        effects.push(set("content-type", "application/json"));
        if is_coded || is_stream || end_of_stream {
            effects.push(set(":status", &BAD_GATEWAY.to_string()));
            self.reading = Reading::Whole { body: Vec::new(), error: Some(BAD_GATEWAY) };
            return Flow::Continue;
        }
        self.reading = Reading::Whole { body: Vec::new(), error: None };
        // Whether it can be read is not known yet, and the status must say so.
        Flow::Pause
    }

    /// A piece of the answer's body has come.
    pub fn body(&mut self, chunk: &[u8], end_of_stream: bool, effects: &mut Vec<Effect>) -> Flow {
        if matches!(self.reading, Reading::Beginning { .. }) {
            return self.beginning(chunk, end_of_stream, effects);
        }
        let (with, flow) = match &mut self.reading {
            Reading::Stream(stream) => {
                let mut out = Vec::new();
                stream.push(chunk, &mut out);
                if end_of_stream {
                    stream.finish(&mut out);
                }
                self.losses.append(stream.take_losses());
                (out, Flow::Continue)
            }
            Reading::Whole { body, error } => {
                let fits = body.len().saturating_add(chunk.len()) <= LONGEST_ANSWER;
                if fits {
                    body.extend_from_slice(chunk);
                }
                if fits && !end_of_stream {
                    (Vec::new(), Flow::Pause)
                } else {
                    let (body, error) = (std::mem::take(body), *error);
                    self.reading = Reading::Ended;
                    (self.translated(fits.then_some(&*body), error, effects), Flow::Continue)
                }
            }
            Reading::Awaiting | Reading::Beginning { .. } | Reading::Ended => (Vec::new(), Flow::Continue),
        };
        if end_of_stream {
            self.count_losses(effects);
        }
        effects.push(Effect::ReplaceResponseBody(with));
        flow
    }

    /// A piece of a stream has come that has said nothing yet.
    fn beginning(&mut self, chunk: &[u8], end_of_stream: bool, effects: &mut Vec<Effect>) -> Flow {
        let Reading::Beginning { mut stream, mut out } = std::mem::replace(&mut self.reading, Reading::Ended)
        else {
            return Flow::Continue;
        };
        stream.push(chunk, &mut out);
        if end_of_stream {
            stream.finish(&mut out);
        }
        if let Some(error) = stream.error().filter(|_| !stream.has_begun()) {
            effects.push(set(":status", &status_of(error.kind).to_string()));
            effects.push(set("content-type", "application/json"));
            effects.push(Effect::ReplaceResponseBody(encode_error(self.client, error).1));
            return Flow::Continue;
        }
        if stream.has_begun() || stream.outcome().is_some() {
            self.reading = Reading::Stream(stream);
            effects.push(Effect::ReplaceResponseBody(out));
            return Flow::Continue;
        }
        self.reading = Reading::Beginning { stream, out };
        effects.push(Effect::ReplaceResponseBody(Vec::new()));
        Flow::Pause
    }

    /// A complete body in the client's dialect; `None` is one that was too long.
    fn translated(&mut self, body: Option<&[u8]>, error: Option<u16>, effects: &mut Vec<Effect>) -> Vec<u8> {
        if let Some(status) = error {
            let (told, body) = translate_error(self.provider, self.client, status, body.unwrap_or_default());
            if status == VAGUE && told == status_of(ErrorKind::Authentication) {
                effects.push(set(":status", &told.to_string()));
            }
            return body;
        }
        let translate = |body| match &self.embeddings {
            Some(expected) => embeddings::translate_answer(body, expected, &self.context),
            None => translate_answer(self.provider, self.client, body, &self.context),
        };
        let answer = body.and_then(|body| translate(body).ok());
        match answer {
            Some(answer) => {
                self.losses.append(answer.losses);
                answer.body
            }
            None if body.and_then(says_error) == Some(true) => {
                // Without a status of its own it is the provider's fault, unless it says otherwise.
                let error = decode_error(self.provider, 500, body.unwrap_or_default());
                effects.push(set(":status", &status_of(error.kind).to_string()));
                encode_error(self.client, &error).1
            }
            None => {
                effects.push(set(":status", &BAD_GATEWAY.to_string()));
                effects.extend(body.is_none().then(without_end));
                let refusal = Refusal::UnreadableAnswer;
                let error = ChatError {
                    code: Some(refusal.code().to_owned()),
                    ..ChatError::new(ErrorKind::Server, &refusal.message())
                };
                encode_error(self.client, &error).1
            }
        }
    }
}

fn set(name: &'static str, value: &str) -> Effect {
    Effect::SetResponseHeader(Cow::Borrowed(name), value.as_bytes().to_vec())
}
