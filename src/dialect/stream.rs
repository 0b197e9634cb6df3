//! Streams between a client and a provider that speak different dialects.
//!
//! [`StreamTranslator`] takes the provider's bytes and gives the client's; [`AnswerDecoder`] and [`AnswerEncoder`]
//! are its two halves, with the neutral events of [`crate::chat`] between them.
//!
//! Promises: no panic on any input; the same bytes however the stream is cut into chunks; no more is held than
//! one event and the parts that the client's dialect needs whole; a stream that breaks off, or that cannot be
//! read, ends as the client's dialect ends a failed stream, never in silence, and nothing follows the end.

use crate::chat::{ChatError, ChatEvent, ErrorKind, Losses, Usage};
use crate::dialect::names::{self, Renamed};
use crate::dialect::translate::Dialect;
use crate::dialect::wrapper::Unwrapper;
use crate::dialect::{AnswerContext, anthropic, bedrock, gemini, openai};
use crate::framing::eventstream;
use crate::framing::sse::{Extent, Framer};

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
            Dialect::OpenAiCompletions | Dialect::OpenAiResponses => return None,
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
    OpenAiCompletions(openai::completions::StreamEncoder),
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
            Dialect::OpenAiCompletions => {
                Encoder::OpenAiCompletions(openai::completions::StreamEncoder::new(context))
            }
            Dialect::OpenAiResponses => {
                Encoder::OpenAiResponses(openai::responses::StreamEncoder::new(context))
            }
            Dialect::Anthropic => Encoder::Anthropic(anthropic::StreamEncoder::new(context)),
            Dialect::Gemini => Encoder::Gemini(gemini::StreamEncoder::new(context)),
            Dialect::Bedrock => return None,
        }))
    }

    /// A writer in the middle of a stream, to write its end: `begun` are the alternatives that were begun, or
    /// Anthropic's blocks. `None` also for OpenAI's responses, whose end repeats all of the answer (see [`super::ending`]).
    #[must_use]
    pub(super) fn resumed(client: Dialect, context: AnswerContext, begun: Vec<u32>) -> Option<Self> {
        Some(Self(match client {
            Dialect::OpenAiChat => Encoder::OpenAiChat(openai::chat::StreamEncoder::resumed(context, begun)),
            Dialect::Anthropic => Encoder::Anthropic(anthropic::StreamEncoder::resumed(context, begun)),
            Dialect::OpenAiCompletions | Dialect::Gemini => return Self::new(client, context),
            Dialect::OpenAiResponses | Dialect::Bedrock => return None,
        }))
    }

    /// Writes one event.
    pub fn event(&mut self, event: &ChatEvent, out: &mut Vec<u8>) {
        match &mut self.0 {
            Encoder::OpenAiChat(encoder) => encoder.event(event, out),
            Encoder::OpenAiCompletions(encoder) => encoder.event(event, out),
            Encoder::OpenAiResponses(encoder) => encoder.event(event, out),
            Encoder::Anthropic(encoder) => encoder.event(event, out),
            Encoder::Gemini(encoder) => encoder.event(event, out),
        }
    }

    /// What could not be carried since the last call.
    pub fn take_losses(&mut self) -> Losses {
        match &mut self.0 {
            Encoder::OpenAiChat(encoder) => encoder.take_losses(),
            Encoder::OpenAiCompletions(encoder) => encoder.take_losses(),
            Encoder::OpenAiResponses(encoder) => encoder.take_losses(),
            Encoder::Anthropic(encoder) => encoder.take_losses(),
            Encoder::Gemini(encoder) => encoder.take_losses(),
        }
    }
}

/// The longest event of a provider's stream, in bytes: an image in one is larger than any text.
const LONGEST_EVENT: usize = 16 << 20;

/// The most parts of one alternative: what is noted of each is small, and must not add up.
const MOST_PARTS: u32 = 4096;

/// A provider's stream on its way to a client: bytes in, bytes out.
pub struct StreamTranslator {
    frames: Frames,
    decoder: AnswerDecoder,
    encoder: AnswerEncoder,
    usage: Option<Usage>,
    outcome: Option<StreamOutcome>,
    begun: bool,
    error: Option<ChatError>,
    events: Vec<ChatEvent>,
    unwrapper: Option<Unwrapper>,
    renamed: Vec<Renamed>,
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
        let unwrapper = context.wrapped.then(Unwrapper::default);
        let renamed = context.renamed.clone();
        Some(Self {
            frames,
            decoder: AnswerDecoder::new(provider)?,
            encoder: AnswerEncoder::new(client, context)?,
            usage: None,
            outcome: None,
            begun: false,
            error: None,
            events: Vec::new(),
            unwrapper,
            renamed,
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
                    let kind = message.kind.unwrap_or_default();
                    // An error of the transport has a code of its own, which no list of exceptions has.
                    let is_named = !message.is_error || kind.ends_with("Exception");
                    let kind = if is_named { kind } else { "internalServerException" };
                    decoder.event(kind, message.payload, events);
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
        for mut event in std::mem::take(&mut self.events) {
            if self.outcome.is_some() {
                return;
            }
            if matches!(event, ChatEvent::Delta { part: MOST_PARTS.., .. }) {
                event =
                    ChatEvent::Error(ChatError::broken_stream("the provider's answer has too many parts"));
            }
            if let Some(unwrapper) = &mut self.unwrapper
                && !unwrapper.event(&mut event)
            {
                continue;
            }
            names::restore_event(&mut event, &self.renamed);
            match &event {
                ChatEvent::Usage(usage) => self.usage = Some(*usage),
                ChatEvent::End => self.outcome = Some(StreamOutcome::Complete),
                ChatEvent::Error(error) => {
                    self.outcome = Some(StreamOutcome::Failed(error.kind));
                    self.error = Some(error.clone());
                }
                ChatEvent::Start { .. } | ChatEvent::Ping => {}
                ChatEvent::Delta { .. }
                | ChatEvent::Logprobs { .. }
                | ChatEvent::PartEnd { .. }
                | ChatEvent::Finish { .. } => {
                    self.begun = true;
                }
            }
            self.encoder.event(&event, out);
        }
    }

    /// What the call took, as far as the provider has said.
    #[must_use]
    pub const fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// Whether something of the answer itself was written, and not only that there will be one.
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        self.begun
    }

    /// The error with which the stream ended, if it did.
    #[must_use]
    pub const fn error(&self) -> Option<&ChatError> {
        self.error.as_ref()
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
