//! Between a client and a provider that speak different dialects.
//!
//! A request goes through [`translate_request`], a whole answer through [`translate_answer`], an error through
//! [`translate_error`], and a stream through a [`StreamTranslator`]. [`support`] is the matrix of what is
//! possible; everything else is refused by name.
//!
//! Promises: no panic on any input; a stream gives the same bytes however it is cut into chunks, and holds no
//! more than one event and the parts that the client's dialect needs whole; a stream that breaks off, or that
//! cannot be read, ends as the client's dialect ends a failed stream, never in silence.

use crate::chat::{Cause, ChatAnswer, ChatError, ChatEvent, ChatRequest, ErrorKind, Losses, Usage};
use crate::dialect::target::{Service, Target, UnknownFields};
use crate::dialect::{AnswerContext, AnswerFault, RequestFault, anthropic, bedrock, gemini, openai};
use crate::framing::eventstream;
use crate::framing::sse::{Extent, Framer};

/// A dialect of requests for a chat and their answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's chat completions.
    OpenAiChat,
    /// OpenAI's responses.
    OpenAiResponses,
    /// Anthropic's messages.
    Anthropic,
    /// Gemini's `generateContent` and `streamGenerateContent`.
    Gemini,
    /// Bedrock's `Converse` and `ConverseStream`.
    Bedrock,
}

/// What happens between a client and a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// The bytes pass; nothing here is needed.
    Pass,
    /// Requests, answers, streams and errors are translated.
    Translate,
    /// Not possible.
    Refuse,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 5] =
        [Self::OpenAiChat, Self::OpenAiResponses, Self::Anthropic, Self::Gemini, Self::Bedrock];
}

/// The matrix of client dialect and provider dialect.
#[must_use]
pub const fn support(client: Dialect, provider: Dialect) -> Support {
    use Dialect::{Anthropic, Bedrock, Gemini, OpenAiChat, OpenAiResponses};
    match (client, provider) {
        (OpenAiChat, OpenAiChat)
        | (OpenAiResponses, OpenAiResponses)
        | (Anthropic, Anthropic)
        | (Gemini, Gemini) => Support::Pass,
        // No provider is asked in the words of the responses API but by a client that uses them, and no client
        // of Bedrock's own comes here: its requests are signed for another host.
        (_, OpenAiResponses) | (Bedrock, _) => Support::Refuse,
        (OpenAiChat | OpenAiResponses | Anthropic | Gemini, OpenAiChat | Anthropic | Gemini | Bedrock) => {
            Support::Translate
        }
    }
}

/// A request in a provider's dialect.
#[derive(Clone)]
pub struct EncodedRequest {
    /// The path below the provider's base URL, with a query where the provider wants one.
    pub path: String,
    /// The body.
    pub body: Vec<u8>,
    /// What could not be carried.
    pub losses: Losses,
}

/// Why a request cannot be translated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TranslationFault {
    /// It is not what the client's dialect says it is.
    Request(RequestFault),
    /// It has a member that the gateway does not know, and such are to be refused.
    UnknownField(String),
    /// It builds on something that only the client's own provider has, such as a stored conversation.
    NeedsState(&'static str),
    /// The pair of dialects is not supported.
    Pair,
}

impl From<RequestFault> for TranslationFault {
    fn from(fault: RequestFault) -> Self {
        Self::Request(fault)
    }
}

/// Reads a request. Gemini has the model, and whether the answer is streamed, in the path: the caller sets both.
///
/// # Errors
/// When the body is not what the dialect says, or needs state that is elsewhere.
pub fn decode_request(client: Dialect, body: &[u8]) -> Result<(ChatRequest, Losses), TranslationFault> {
    match client {
        Dialect::OpenAiChat => Ok(openai::chat::decode_request(body)?),
        Dialect::OpenAiResponses => openai::responses::decode_request(body),
        Dialect::Anthropic => Ok(anthropic::decode_request(body)?),
        Dialect::Gemini => Ok(gemini::decode_request(body)?),
        Dialect::Bedrock => Err(TranslationFault::Pair),
    }
}

/// Writes a request.
///
/// # Errors
/// When it has an unknown member that is to be refused, or the provider's dialect cannot be written.
pub fn encode_request(
    provider: Dialect,
    request: &ChatRequest,
    target: &Target,
) -> Result<EncodedRequest, TranslationFault> {
    if let (UnknownFields::Refuse, Some(field)) = (target.unknown, request.unknown.first()) {
        return Err(TranslationFault::UnknownField(field.name.clone()));
    }
    let (mut body, mut losses) = match provider {
        Dialect::OpenAiChat => openai::chat::encode_request(request, target),
        Dialect::Anthropic => anthropic::encode_request(request, target),
        Dialect::Gemini => gemini::encode_request(request, target),
        Dialect::Bedrock => bedrock::encode_request(request, target),
        Dialect::OpenAiResponses => return Err(TranslationFault::Pair),
    };
    for field in &request.unknown {
        if target.unknown == UnknownFields::Pass && body.pop() == Some(b'}') {
            // The object is never empty: every dialect writes the messages.
            body.push(b',');
            crate::framing::json::write_string(&mut body, &field.name);
            body.push(b':');
            body.extend_from_slice(field.value.text().as_bytes());
            body.push(b'}');
        } else {
            losses.note("request", Cause::Unknown(field.name.clone()));
        }
    }
    Ok(EncodedRequest { path: path(target, request.stream), body, losses })
}

/// The path of a request below the provider's base URL. On Vertex AI, the base URL ends in the location:
/// `…/v1/projects/{project}/locations/{location}`.
#[must_use]
pub fn path(target: &Target, stream: bool) -> String {
    let model = encode_segment(&target.model);
    let verb = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
    match target.service {
        Service::OpenAi => "/chat/completions".to_owned(),
        Service::AzureOpenAi => {
            format!("/openai/deployments/{model}/chat/completions?api-version={}", target.api_version)
        }
        Service::Anthropic => "/v1/messages".to_owned(),
        Service::Gemini => format!("/v1beta/models/{model}:{verb}"),
        Service::VertexGemini => format!("/publishers/google/models/{model}:{verb}"),
        Service::VertexAnthropic => {
            let verb = if stream { "streamRawPredict" } else { "rawPredict" };
            format!("/publishers/anthropic/models/{model}:{verb}")
        }
        Service::Bedrock => {
            let verb = if stream { "converse-stream" } else { "converse" };
            format!("/model/{model}/{verb}")
        }
    }
}

/// A name as one segment of a path (RFC 3986, section 3.3); a Bedrock ARN has slashes, a model's version colons.
fn encode_segment(name: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The version of Anthropic's API that is spoken, for the header `anthropic-version` (reference, "Versioning").
pub const ANTHROPIC_VERSION: &str = "2023-06-01";

/// What an answer in the client's dialect repeats of the request in `body`: for [`AnswerContext::echo`].
#[must_use]
pub fn echo(client: Dialect, body: &[u8]) -> Vec<(&'static str, String)> {
    match client {
        Dialect::OpenAiResponses => openai::responses::echo(body),
        _ => Vec::new(),
    }
}

/// Reads a whole answer.
///
/// # Errors
/// When it is not what the provider's dialect says.
pub fn decode_answer(provider: Dialect, body: &[u8]) -> Result<ChatAnswer, AnswerFault> {
    match provider {
        Dialect::OpenAiChat => openai::chat::decode_answer(body),
        Dialect::Anthropic => anthropic::decode_answer(body),
        Dialect::Gemini => gemini::decode_answer(body),
        Dialect::Bedrock => bedrock::decode_answer(body),
        Dialect::OpenAiResponses => Err(AnswerFault::Missing("choices")),
    }
}

/// Writes a whole answer; what it cannot carry is in the second place, beside the losses of the answer itself.
#[must_use]
pub fn encode_answer(client: Dialect, answer: &ChatAnswer, context: &AnswerContext) -> (Vec<u8>, Losses) {
    match client {
        Dialect::OpenAiChat => openai::chat::encode_answer(answer, context),
        Dialect::OpenAiResponses => openai::responses::encode_answer(answer, context),
        Dialect::Anthropic => anthropic::encode_answer(answer, context),
        // No client speaks Bedrock's.
        Dialect::Gemini | Dialect::Bedrock => gemini::encode_answer(answer, context),
    }
}

/// Reads a provider's error body.
#[must_use]
pub fn decode_error(provider: Dialect, status: u16, body: &[u8]) -> ChatError {
    match provider {
        Dialect::OpenAiChat | Dialect::OpenAiResponses => openai::error::decode(status, body),
        Dialect::Anthropic => anthropic::decode_error(status, body),
        Dialect::Gemini => gemini::decode_error(status, body),
        Dialect::Bedrock => bedrock::decode_error(status, body),
    }
}

/// Writes an error body with the status that goes with it.
#[must_use]
pub fn encode_error(client: Dialect, error: &ChatError) -> (u16, Vec<u8>) {
    let body = match client {
        Dialect::OpenAiChat | Dialect::OpenAiResponses => openai::error::encode(error),
        Dialect::Anthropic => anthropic::encode_error(error),
        Dialect::Gemini | Dialect::Bedrock => gemini::encode_error(error),
    };
    (error_status(client, error.kind), body)
}

/// The status that a client's SDK turns into the right exception.
const fn error_status(client: Dialect, kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::InvalidRequest => 400,
        ErrorKind::Authentication => 401,
        ErrorKind::Permission => 403,
        ErrorKind::NotFound => 404,
        ErrorKind::TooLarge => 413,
        ErrorKind::RateLimit => 429,
        ErrorKind::Billing => match client {
            Dialect::Anthropic => 402,
            _ => 429,
        },
        ErrorKind::Timeout => 504,
        ErrorKind::Overloaded => match client {
            Dialect::Anthropic => 529,
            _ => 503,
        },
        ErrorKind::Server => 500,
    }
}

/// A whole answer in the client's dialect.
#[derive(Clone)]
pub struct TranslatedAnswer {
    /// The body.
    pub body: Vec<u8>,
    /// What the call took, when the provider said.
    pub usage: Option<Usage>,
    /// What could not be carried.
    pub losses: Losses,
}

/// Translates a whole answer.
///
/// # Errors
/// When it is not what the provider's dialect says.
pub fn translate_answer(
    provider: Dialect,
    client: Dialect,
    body: &[u8],
    context: &AnswerContext,
) -> Result<TranslatedAnswer, AnswerFault> {
    let mut answer = decode_answer(provider, body)?;
    let (body, more) = encode_answer(client, &answer, context);
    let mut losses = std::mem::take(&mut answer.losses);
    losses.append(more);
    Ok(TranslatedAnswer { body, usage: answer.usage, losses })
}

/// Translates a request; the losses are those of reading and of writing.
///
/// # Errors
/// As for [`decode_request`] and [`encode_request`].
pub fn translate_request(
    client: Dialect,
    provider: Dialect,
    body: &[u8],
    target: &Target,
) -> Result<EncodedRequest, TranslationFault> {
    let (request, mut losses) = decode_request(client, body)?;
    let mut encoded = encode_request(provider, &request, target)?;
    losses.append(std::mem::take(&mut encoded.losses));
    Ok(EncodedRequest { losses, ..encoded })
}

/// Translates an error body.
#[must_use]
pub fn translate_error(provider: Dialect, client: Dialect, status: u16, body: &[u8]) -> (u16, Vec<u8>) {
    encode_error(client, &decode_error(provider, status, body))
}

/// The events of a provider's stream, read one by one.
pub struct AnswerDecoder(Decoder);

enum Decoder {
    OpenAiChat(openai::chat::StreamDecoder),
    Anthropic(anthropic::StreamDecoder),
    Gemini(gemini::StreamDecoder),
    Bedrock(bedrock::StreamDecoder),
}

impl AnswerDecoder {
    /// A reader at the start of a stream; `None` for a dialect that is never read.
    #[must_use]
    pub fn new(provider: Dialect) -> Option<Self> {
        Some(Self(match provider {
            Dialect::OpenAiChat => Decoder::OpenAiChat(openai::chat::StreamDecoder::default()),
            Dialect::Anthropic => Decoder::Anthropic(anthropic::StreamDecoder::default()),
            Dialect::Gemini => Decoder::Gemini(gemini::StreamDecoder::default()),
            Dialect::Bedrock => Decoder::Bedrock(bedrock::StreamDecoder::default()),
            Dialect::OpenAiResponses => return None,
        }))
    }

    /// Reads one event: its data, and of Bedrock's the type, which elsewhere is in the data.
    pub fn event(&mut self, kind: &str, data: &[u8], out: &mut Vec<ChatEvent>) {
        match &mut self.0 {
            Decoder::OpenAiChat(decoder) => decoder.event(data, out),
            Decoder::Anthropic(decoder) => decoder.event(data, out),
            Decoder::Gemini(decoder) => decoder.event(data, out),
            Decoder::Bedrock(decoder) => decoder.event(kind, data, out),
        }
    }

    /// Ends the reading, with an error unless the stream was complete.
    pub fn finish(&mut self, out: &mut Vec<ChatEvent>) {
        match &mut self.0 {
            Decoder::OpenAiChat(decoder) => decoder.finish(out),
            Decoder::Anthropic(decoder) => decoder.finish(out),
            Decoder::Gemini(decoder) => decoder.finish(out),
            Decoder::Bedrock(decoder) => decoder.finish(out),
        }
    }

    /// What could not be carried since the last call.
    pub fn take_losses(&mut self) -> Losses {
        match &mut self.0 {
            Decoder::OpenAiChat(decoder) => decoder.take_losses(),
            Decoder::Anthropic(decoder) => decoder.take_losses(),
            Decoder::Gemini(decoder) => decoder.take_losses(),
            Decoder::Bedrock(decoder) => decoder.take_losses(),
        }
    }
}

/// A stream for a client, written event by event.
pub struct AnswerEncoder(Encoder);

enum Encoder {
    OpenAiChat(openai::chat::StreamEncoder),
    OpenAiResponses(openai::responses::StreamEncoder),
    Anthropic(anthropic::StreamEncoder),
    Gemini(gemini::StreamEncoder),
}

impl AnswerEncoder {
    /// A writer at the start of a stream; `None` for a dialect that no client speaks.
    #[must_use]
    pub fn new(client: Dialect, context: AnswerContext) -> Option<Self> {
        Some(Self(match client {
            Dialect::OpenAiChat => Encoder::OpenAiChat(openai::chat::StreamEncoder::new(context)),
            Dialect::OpenAiResponses => {
                Encoder::OpenAiResponses(openai::responses::StreamEncoder::new(context))
            }
            Dialect::Anthropic => Encoder::Anthropic(anthropic::StreamEncoder::new(context)),
            Dialect::Gemini => Encoder::Gemini(gemini::StreamEncoder::new(context)),
            Dialect::Bedrock => return None,
        }))
    }

    /// Writes one event.
    pub fn event(&mut self, event: &ChatEvent, out: &mut Vec<u8>) {
        match &mut self.0 {
            Encoder::OpenAiChat(encoder) => encoder.event(event, out),
            Encoder::OpenAiResponses(encoder) => encoder.event(event, out),
            Encoder::Anthropic(encoder) => encoder.event(event, out),
            Encoder::Gemini(encoder) => encoder.event(event, out),
        }
    }

    /// What could not be carried since the last call.
    pub fn take_losses(&mut self) -> Losses {
        match &mut self.0 {
            Encoder::OpenAiChat(encoder) => encoder.take_losses(),
            Encoder::OpenAiResponses(encoder) => encoder.take_losses(),
            Encoder::Anthropic(encoder) => encoder.take_losses(),
            Encoder::Gemini(encoder) => encoder.take_losses(),
        }
    }
}

/// The longest event of a provider's stream, in bytes: an image in one is larger than any text.
const LONGEST_EVENT: usize = 16 << 20;

/// A provider's stream on its way to a client: bytes in, bytes out.
pub struct StreamTranslator {
    frames: Frames,
    decoder: AnswerDecoder,
    encoder: AnswerEncoder,
    usage: Option<Usage>,
    outcome: Option<StreamOutcome>,
    events: Vec<ChatEvent>,
}

enum Frames {
    Events(Framer),
    Messages(eventstream::Framer),
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamOutcome {
    /// It was complete.
    Complete,
    /// It failed, and the client was told.
    Failed(ErrorKind),
}

impl StreamTranslator {
    /// A translator at the start of a stream; `None` unless the pair is translated.
    #[must_use]
    pub fn new(provider: Dialect, client: Dialect, context: AnswerContext) -> Option<Self> {
        let frames = match provider {
            Dialect::Bedrock => Frames::Messages(eventstream::Framer::new(LONGEST_EVENT)),
            _ => Frames::Events(Framer::new(LONGEST_EVENT)),
        };
        Some(Self {
            frames,
            decoder: AnswerDecoder::new(provider)?,
            encoder: AnswerEncoder::new(client, context)?,
            usage: None,
            outcome: None,
            events: Vec::new(),
        })
    }

    /// Translates the next bytes and appends the client's to `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let Self { frames, decoder, events, .. } = self;
        match frames {
            Frames::Events(framer) => framer.push(chunk, |frame| {
                if frame.extent == Extent::Oversized {
                    events.push(oversized());
                } else if let Some(data) = frame.data() {
                    decoder.event(frame.event.unwrap_or_default(), &data, events);
                }
            }),
            Frames::Messages(framer) => {
                let read = framer.push(chunk, |message| {
                    decoder.event(message.kind.unwrap_or_default(), message.payload, events);
                });
                if read.is_err() {
                    let error = ChatError::broken_stream("the provider's stream is not an event stream");
                    events.push(ChatEvent::Error(error));
                }
            }
        }
        self.write(out);
    }

    /// Ends the stream and appends what is left for the client to `out`.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let Self { frames, decoder, events, .. } = self;
        if let Frames::Events(framer) = frames {
            framer.finish(|frame| {
                if let Some(data) = frame.data() {
                    decoder.event(frame.event.unwrap_or_default(), &data, events);
                }
            });
        }
        decoder.finish(events);
        self.write(out);
    }

    /// Passes the events on; after the last one that a client may see, nothing.
    fn write(&mut self, out: &mut Vec<u8>) {
        for event in std::mem::take(&mut self.events) {
            if self.outcome.is_some() {
                return;
            }
            match &event {
                ChatEvent::Usage(usage) => self.usage = Some(*usage),
                ChatEvent::End => self.outcome = Some(StreamOutcome::Complete),
                ChatEvent::Error(error) => self.outcome = Some(StreamOutcome::Failed(error.kind)),
                _ => {}
            }
            self.encoder.event(&event, out);
        }
    }

    /// What the call took, as far as the provider has said.
    #[must_use]
    pub const fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// How the stream ended; `None` while it goes on.
    #[must_use]
    pub const fn outcome(&self) -> Option<StreamOutcome> {
        self.outcome
    }

    /// What could not be carried since the last call.
    pub fn take_losses(&mut self) -> Losses {
        let mut losses = self.decoder.take_losses();
        losses.append(self.encoder.take_losses());
        losses
    }
}

fn oversized() -> ChatEvent {
    ChatEvent::Error(ChatError::broken_stream("an event of the provider's stream is too long"))
}
