//! Reading an answer in any dialect while it passes: the usage it reports, whole or streamed, and whether it is an error by
//! its own words.
//!
//! Nothing is required to be there, because servers that are compatible with a dialect may leave any part out; what
//! cannot be read says nothing.

use std::fmt;

use super::anthropic::UsageReader as AnthropicUsage;
use super::gemini::UsageReader as GeminiUsage;
use super::translate::Dialect;
use super::wire::write;
use super::{Surface, Usage, anthropic, gemini, openai};
use crate::framing::json::{self, Finder, Kind, Member};

/// What one event of a stream says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamEvent {
    /// The usage of the whole answer, when the event tells it.
    pub usage: Option<Usage>,
    /// The usage so far, when the event tells it before the answer is complete.
    pub begun: Option<Usage>,
    /// Bytes of generated text in the event: content, refusals, reasoning and tool arguments.
    pub text_bytes: usize,
    /// Whether the event carries the usage and nothing that a client did ask for.
    pub only_usage: bool,
    /// Whether this is the end of the stream.
    pub last: bool,
    /// Whether an alternative of the answer is complete with it, where a dialect says so before the end.
    pub finished: bool,
    /// Whether the event is an error.
    pub error: bool,
}

/// The member of a whole answer that [`usage`] is read from.
const fn wanted(dialect: Dialect) -> [&'static str; 1] {
    match dialect {
        Dialect::OpenAiChat
        | Dialect::OpenAiCompletions
        | Dialect::OpenAiResponses
        | Dialect::Anthropic
        | Dialect::Bedrock => ["usage"],
        Dialect::Gemini => ["usageMetadata"],
    }
}

/// Reads the member of a whole answer that tells the usage. `None` when it counts nothing.
fn usage(dialect: Dialect, object: &[u8]) -> Option<Usage> {
    match dialect {
        Dialect::OpenAiChat | Dialect::OpenAiCompletions => openai::answer::usage(object),
        Dialect::OpenAiResponses => openai::responses::read_usage(object),
        Dialect::Anthropic => anthropic::read_usage(object),
        Dialect::Gemini => gemini::read_usage(object),
        // No client speaks it, and every answer in it is translated.
        Dialect::Bedrock => None,
    }
}

/// The answer to a count of tokens (Anthropic's reference, "Count tokens in a Message"; Gemini's, "models.countTokens").
#[must_use]
pub fn encode_count(surface: Surface, tokens: u64) -> Vec<u8> {
    let member = if surface == Surface::CountContents { "totalTokens" } else { "input_tokens" };
    write::object(|object| object.unsigned(member, tokens))
}

/// A reader of a whole answer: one object, in as many pieces as it comes in.
pub struct ObjectReader {
    dialect: Dialect,
    finder: Finder<1>,
}

impl ObjectReader {
    /// A reader at the start of an answer.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, finder: Finder::new(wanted(dialect)) }
    }

    /// Reads an answer that has come in one piece: as a reader has read it then, and whether it is an error by its own words.
    /// `None` when it is not one JSON object.
    #[must_use]
    pub fn of_whole(dialect: Dialect, text: &[u8]) -> Option<(Self, bool)> {
        let mut failed = false;
        let finder = Finder::in_whole(wanted(dialect), text, |member| failed |= tells_error(member))?;
        Some((Self { dialect, finder }, failed))
    }

    /// Reads the next piece.
    pub fn read(&mut self, piece: &[u8]) {
        self.finder.feed(piece);
    }

    /// Whether the object goes on, or has not begun.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.finder.is_open()
    }

    /// The usage, where the answer has told it.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        usage(self.dialect, self.finder.value(0)?)
    }
}

/// Nothing of the answer.
impl fmt::Debug for ObjectReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ObjectReader").finish_non_exhaustive()
    }
}

/// Whether a whole answer is an error by its own words; `None` when it is not one JSON object.
#[must_use]
pub fn says_error(text: &[u8]) -> Option<bool> {
    let mut failed = false;
    json::members(text, |member| failed |= tells_error(&member)).ok()?;
    Some(failed)
}

fn tells_error(member: &Member<'_>) -> bool {
    member.key == "error" && matches!(member.kind, Kind::Object | Kind::String)
}

/// A reader of the events of one stream.
pub struct EventReader(Reader);

enum Reader {
    Chat,
    Responses,
    Anthropic(AnthropicUsage),
    Gemini(GeminiUsage),
}

impl EventReader {
    /// A reader at the start of a stream.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self(match dialect {
            Dialect::OpenAiChat | Dialect::OpenAiCompletions | Dialect::Bedrock => Reader::Chat,
            Dialect::OpenAiResponses => Reader::Responses,
            Dialect::Anthropic => Reader::Anthropic(AnthropicUsage::default()),
            Dialect::Gemini => Reader::Gemini(GeminiUsage::default()),
        })
    }

    /// Reads the data of one event.
    pub fn read(&mut self, data: &[u8]) -> StreamEvent {
        match &mut self.0 {
            Reader::Chat => openai::answer::stream_event(data),
            Reader::Responses => openai::responses::stream_event(data),
            Reader::Anthropic(reader) => reader.event(data),
            Reader::Gemini(reader) => reader.event(data),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dialect: Dialect, events: &[&str]) -> Vec<StreamEvent> {
        let mut reader = EventReader::new(dialect);
        events.iter().map(|event| reader.read(event.as_bytes())).collect()
    }

    const NOTHING: StreamEvent = StreamEvent {
        usage: None,
        begun: None,
        text_bytes: 0,
        only_usage: false,
        last: false,
        finished: false,
        error: false,
    };

    fn counts(input: u64, cached: u64, output: u64) -> Option<Usage> {
        Some(Usage { input, cached_input: cached, output, ..Usage::default() })
    }

    /// The guide "Streaming Messages": usage in two parts, and input tokens that leave out the cached ones.
    #[test]
    fn a_stream_of_anthropic_tells_its_usage_in_two_parts() {
        let events = read(
            Dialect::Anthropic,
            &[
                r#"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":25,"cache_read_input_tokens":10,"output_tokens":1}}}"#,
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
                r#"{"type":"ping"}"#,
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}"#,
                r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
                r#"{"type":"content_block_delta","index":2,"delta":{"type":"signature_delta","signature":"EqQBCgIYAhIM"}}"#,
                r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}"#,
                r#"{"type":"message_stop"}"#,
            ],
        );
        let expected = [
            StreamEvent { begun: counts(35, 10, 1), ..NOTHING },
            NOTHING,
            NOTHING,
            StreamEvent { text_bytes: 5, ..NOTHING },
            StreamEvent { text_bytes: 2, ..NOTHING },
            NOTHING,
            StreamEvent { usage: counts(35, 10, 15), ..NOTHING },
            StreamEvent { last: true, ..NOTHING },
        ];
        assert_eq!(events, expected);
        let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        assert_eq!(read(Dialect::Anthropic, &[error]), [StreamEvent { error: true, ..NOTHING }]);
    }

    /// The reference "Streaming events".
    #[test]
    fn a_stream_of_responses_tells_its_usage_at_its_end() {
        let end = |name: &str| {
            format!(
                r#"{{"type":"response.{name}","sequence_number":9,"response":{{"id":"r","usage":{{"input_tokens":37,"input_tokens_details":{{"cached_tokens":4}},"output_tokens":11,"total_tokens":48}}}}}}"#
            )
        };
        let events = read(
            Dialect::OpenAiResponses,
            &[
                r#"{"type":"response.created","response":{"id":"r","usage":null}}"#,
                r#"{"type":"response.output_text.delta","item_id":"m","output_index":0,"delta":"Hi!"}"#,
                r#"{"type":"response.function_call_arguments.delta","delta":"{\"a\""}"#,
                r#"{"type":"response.output_text.done","text":"Hi!"}"#,
                &end("completed"),
            ],
        );
        let expected = [
            NOTHING,
            StreamEvent { text_bytes: 3, ..NOTHING },
            StreamEvent { text_bytes: 6, ..NOTHING },
            NOTHING,
            StreamEvent { usage: counts(37, 4, 11), last: true, ..NOTHING },
        ];
        assert_eq!(events, expected);
        let failed = StreamEvent { usage: counts(37, 4, 11), last: true, error: true, ..NOTHING };
        assert_eq!(read(Dialect::OpenAiResponses, &[&end("failed")]), [failed]);
        let error = r#"{"type":"error","code":"server_error","message":"x","sequence_number":1}"#;
        assert_eq!(read(Dialect::OpenAiResponses, &[error]), [StreamEvent { error: true, ..NOTHING }]);
    }

    /// The reference `GenerateContentResponse`: every piece tells the usage so far, that of the end is the whole.
    #[test]
    fn a_stream_of_gemini_tells_its_usage_so_far() {
        let events = read(
            Dialect::Gemini,
            &[
                r#"{"candidates":[{"content":{"parts":[{"text":"Ber"}],"role":"model"}}],"usageMetadata":{"promptTokenCount":8,"totalTokenCount":8}}"#,
                r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":2,"cachedContentTokenCount":3,"totalTokenCount":10}}"#,
            ],
        );
        let expected = [
            StreamEvent { begun: counts(8, 0, 0), text_bytes: 3, ..NOTHING },
            StreamEvent { usage: counts(8, 3, 2), text_bytes: 22, last: true, ..NOTHING },
        ];
        assert_eq!(events, expected);
        let blocked = r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":8}}"#;
        let expected = StreamEvent { usage: counts(8, 0, 0), last: true, ..NOTHING };
        assert_eq!(read(Dialect::Gemini, &[blocked]), [expected]);
        let error = r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#;
        assert_eq!(read(Dialect::Gemini, &[error]), [StreamEvent { error: true, ..NOTHING }]);
    }

    #[test]
    fn a_whole_answer_tells_its_usage_in_one_member() {
        for (dialect, member) in [
            (
                Dialect::OpenAiChat,
                r#"{"prompt_tokens":12,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":2}}"#,
            ),
            (
                Dialect::OpenAiResponses,
                r#"{"input_tokens":12,"output_tokens":3,"input_tokens_details":{"cached_tokens":2}}"#,
            ),
            (Dialect::Anthropic, r#"{"input_tokens":10,"cache_read_input_tokens":2,"output_tokens":3}"#),
            (
                Dialect::Gemini,
                r#"{"promptTokenCount":12,"cachedContentTokenCount":2,"candidatesTokenCount":3}"#,
            ),
        ] {
            assert_eq!(usage(dialect, member.as_bytes()), counts(12, 2, 3), "{dialect:?}");
            assert_eq!(usage(dialect, b"null"), None, "{dialect:?}");
        }
    }

    #[test]
    fn what_is_not_json_says_nothing() {
        for dialect in Dialect::ALL {
            assert_eq!(read(dialect, &["not json", "[]", "{\"type\":"]), [NOTHING; 3], "{dialect:?}");
        }
    }
}
