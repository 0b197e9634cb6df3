//! Streams in OpenAI's dialect, cut anywhere: the same bytes reach the client, the same usage is metered, and no
//! more than one event is held back.
//!
//! The events have the shapes of OpenAI's API reference ("The chat completion chunk object", `stream_options`,
//! "Error codes") and of servers compatible with it; the framing is that of the WHATWG HTML standard, 9.2.5.
//! What is expected is computed from the events before they are written, never from the stream.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use tollgate::dialect::{Surface, Usage};
use tollgate::engine::meter::Meter;
use tollgate::observe::record::Metered;

const PROMPT_BYTES: usize = 1_001;

/// The rule of thumb for tokens that nobody reports: four bytes each, and 1001 / 4 rounded up is 251.
const PROMPT_TOKENS: u64 = 251;

#[derive(Clone, Debug)]
enum Said {
    Role,
    Text(String),
    Completion(String),
    ToolCall {
        name: String,
        arguments: String,
    },
    Finish,
    Usage(Usage),
    TextWithUsage(String, Usage),
    Error,
    Done,
    KeepAlive,
    /// Not JSON: passes, and says nothing.
    Garbage,
}

#[derive(Clone, Debug)]
struct Written {
    said: Said,
    line_end: &'static str,
    several_lines: bool,
    space_after_colon: bool,
}

/// One event as it is sent, and what it means for the meter.
struct Sent {
    bytes: Vec<u8>,
    hideable: bool,
}

impl Said {
    fn data(&self) -> Option<Value> {
        let chunk = |choices: Value| json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": choices});
        let delta = |delta: Value| chunk(json!([{"index": 0, "delta": delta, "finish_reason": null}]));
        Some(match self {
            Self::Role => delta(json!({"role": "assistant", "content": ""})),
            Self::Text(text) => delta(json!({ "content": text })),
            Self::Completion(text) => chunk(json!([{"index": 0, "text": text, "logprobs": null}])),
            Self::ToolCall { name, arguments } => delta(json!({"tool_calls": [{"index": 0, "id": "call_1",
                "type": "function", "function": {"name": name, "arguments": arguments}}]})),
            Self::Finish => chunk(json!([{"index": 0, "delta": {}, "finish_reason": "stop"}])),
            Self::Usage(usage) => with_usage(chunk(json!([])), usage),
            Self::TextWithUsage(text, usage) => with_usage(delta(json!({ "content": text })), usage),
            Self::Error => json!({"error": {"message": "overloaded", "type": "server_error", "code": null}}),
            Self::Done | Self::KeepAlive | Self::Garbage => return None,
        })
    }

    /// The generated text in it, as bytes of the JSON strings.
    fn text_bytes(&self) -> u64 {
        let written = |text: &str| serde_json::to_string(text).unwrap().len() as u64 - 2;
        match self {
            Self::Text(text) | Self::Completion(text) | Self::TextWithUsage(text, _) => written(text),
            Self::ToolCall { name, arguments } => written(name) + written(arguments),
            _ => 0,
        }
    }

    fn usage(&self) -> Option<Usage> {
        match self {
            Self::Usage(usage) | Self::TextWithUsage(_, usage) => Some(*usage),
            _ => None,
        }
    }
}

fn with_usage(mut chunk: Value, usage: &Usage) -> Value {
    chunk["usage"] = json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_output},
    });
    chunk
}

impl Written {
    fn send(&self) -> Sent {
        let data = match (&self.said, self.said.data()) {
            (_, Some(data)) if self.several_lines => format!("{data:#}"),
            (_, Some(data)) => data.to_string(),
            (Said::Done, None) => "[DONE]".to_owned(),
            (_, None) => "{\"choices\":[],\"usage\":{\"prompt_tokens\":1}".to_owned(),
        };
        let end = self.line_end;
        let mut text = String::new();
        match self.said {
            Said::KeepAlive => text.push_str(&format!(": keep-alive 日本{end}")),
            _ => {
                let colon = if self.space_after_colon { ": " } else { ":" };
                for line in data.lines() {
                    text.push_str(&format!("data{colon}{line}{end}"));
                }
            }
        }
        text.push_str(end);
        Sent { bytes: text.into_bytes(), hideable: matches!(self.said, Said::Usage(_)) }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z \"\\\\\n]{1,12}",
        2 => "[日本語русский é]{1,8}",
        2 => Just("👩‍👩‍👧 🇩🇪".to_owned()),
        1 => "\\PC{1,20}",
    ]
}

fn usage() -> impl Strategy<Value = Usage> {
    (0..1u64 << 40, 0..1u64 << 40, 0..1000u64, 0..1000u64).prop_map(
        |(input, output, cached_input, reasoning_output)| Usage {
            input,
            output,
            cached_input,
            reasoning_output,
            ..Usage::default()
        },
    )
}

fn event() -> impl Strategy<Value = Written> {
    let said = prop_oneof![
        1 => Just(Said::Role),
        6 => text().prop_map(Said::Text),
        1 => text().prop_map(Said::Completion),
        2 => (text(), text()).prop_map(|(name, arguments)| Said::ToolCall { name, arguments }),
        1 => Just(Said::Finish),
        3 => usage().prop_map(Said::Usage),
        1 => (text(), usage()).prop_map(|(text, usage)| Said::TextWithUsage(text, usage)),
        1 => Just(Said::Error),
        1 => Just(Said::Done),
        1 => Just(Said::KeepAlive),
        1 => Just(Said::Garbage),
    ];
    let line_end = prop_oneof![4 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r")];
    (said, line_end, any::<bool>(), any::<bool>()).prop_map(
        |(said, line_end, several_lines, space_after_colon)| Written {
            said,
            line_end,
            several_lines,
            space_after_colon,
        },
    )
}

/// A whole stream and how it comes.
#[derive(Clone, Debug)]
struct Story {
    events: Vec<Written>,
    byte_order_mark: bool,
    /// The last event lacks its blank line, as some servers leave it out.
    unterminated: bool,
    /// The lengths of the chunks, used in turn.
    lengths: Vec<usize>,
    /// The end of the stream comes by itself, after all bytes.
    end_apart: bool,
}

fn story() -> impl Strategy<Value = Story> {
    let lengths = prop_oneof![
        Just(vec![1]),
        prop::collection::vec(0..9usize, 1..8)
            .prop_filter("some bytes", |lengths| lengths.iter().any(|length| *length > 0)),
        prop::collection::vec(1..400usize, 1..8),
        Just(vec![usize::MAX]),
    ];
    (prop::collection::vec(event(), 1..8), any::<bool>(), any::<bool>(), lengths, any::<bool>()).prop_map(
        |(events, byte_order_mark, unterminated, lengths, end_apart)| Story {
            events,
            byte_order_mark,
            unterminated,
            lengths,
            end_apart,
        },
    )
}

impl Story {
    fn send(&self) -> Vec<Sent> {
        let mut sent: Vec<Sent> = self.events.iter().map(Written::send).collect();
        if let (true, Some(last)) = (self.unterminated, self.events.last()) {
            let bytes = &mut sent.last_mut().unwrap().bytes;
            bytes.truncate(bytes.len() - last.line_end.len());
        }
        if self.byte_order_mark {
            sent[0].bytes.splice(0..0, *b"\xef\xbb\xbf");
        }
        sent
    }

    /// What the meter has to say in the end.
    fn metered(&self) -> Metered {
        let reported = self.events.iter().rev().find_map(|event| event.said.usage());
        reported.map_or_else(
            || {
                let texts: Vec<u64> = self
                    .events
                    .iter()
                    .map(|event| event.said.text_bytes())
                    .filter(|bytes| *bytes > 0)
                    .collect();
                let output = (texts.len() as u64).max(texts.iter().sum::<u64>().div_ceil(4));
                Metered::Estimated(Usage { input: PROMPT_TOKENS, output, ..Usage::default() })
            },
            Metered::Reported,
        )
    }
}

fn is_checked(story: &Story, hide: bool) -> Result<(), TestCaseError> {
    let sent = story.send();
    let stream: Vec<u8> = sent.iter().flat_map(|event| event.bytes.iter().copied()).collect();
    let shown = |event: &&Sent| !(hide && event.hideable);
    let expected: Vec<u8> = sent.iter().filter(shown).flat_map(|event| event.bytes.iter().copied()).collect();

    let mut meter = Meter::new(Surface::ChatCompletions, PROMPT_BYTES, hide);
    prop_assert!(meter.expect(Some("text/event-stream")));
    let mut received = Vec::new();
    let mut first_texts = 0;
    let mut fed = 0;
    let mut lengths = story.lengths.iter().cycle();
    loop {
        let length = (*lengths.next().unwrap()).min(stream.len() - fed);
        let chunk = &stream[fed..fed + length];
        fed += length;
        let last = fed == stream.len();
        let relayed = meter.relay(chunk, last && !story.end_apart);
        first_texts += u32::from(relayed.first_text);
        received.extend(relayed.replacement.unwrap_or_else(|| chunk.to_vec()));
        if last {
            break;
        }
        // What is complete has passed, and nothing beyond it; a carriage return may yet get its line feed.
        let mut end = 0;
        let mut complete = 0;
        let mut undecided = 0;
        for event in &sent {
            end += event.bytes.len();
            if end > fed {
                break;
            }
            let length = if shown(&event) { event.bytes.len() } else { 0 };
            complete += length;
            undecided = if end == fed && event.bytes.ends_with(b"\r") { length } else { 0 };
        }
        if hide {
            let passed = received.len();
            prop_assert!(passed == complete || passed == complete - undecided, "{} of {}", passed, complete);
        } else {
            prop_assert_eq!(received.len(), fed, "nothing is held back without a reason");
        }
    }
    if story.end_apart {
        let relayed = meter.relay(b"", true);
        first_texts += u32::from(relayed.first_text);
        received.extend(relayed.replacement.unwrap_or_default());
    }
    prop_assert_eq!(String::from_utf8_lossy(&received), String::from_utf8_lossy(&expected));
    prop_assert_eq!(meter.metered(), story.metered());
    let has = |wanted: fn(&Said) -> bool| story.events.iter().any(|event| wanted(&event.said));
    prop_assert_eq!(meter.saw_end(), has(|said| matches!(said, Said::Done)));
    prop_assert_eq!(meter.saw_error(), has(|said| matches!(said, Said::Error)));
    prop_assert_eq!(first_texts, u32::from(story.events.iter().any(|event| event.said.text_bytes() > 0)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn hiding_the_usage_takes_nothing_else(story in story()) {
        is_checked(&story, true)?;
    }

    #[test]
    fn what_the_client_asked_for_passes_untouched(story in story()) {
        is_checked(&story, false)?;
    }

    /// A whole answer ("The chat completion object"), its usage anywhere among the members.
    #[test]
    fn an_unstreamed_answer_is_metered_however_it_is_cut(
        usage in usage(),
        text in text(),
        place in any::<Index>(),
        lengths in prop::collection::vec(1..50usize, 1..6),
    ) {
        let object = with_usage(json!({}), &usage)["usage"].to_string();
        let decoy = json!([{"index": 0, "message": {"role": "assistant", "content": text, "usage": {"prompt_tokens": 1}}}]);
        let mut members = vec!["\"id\":\"chatcmpl-1\"".to_owned(), format!("\"choices\": {decoy}"), "\"created\":1".to_owned()];
        members.insert(place.index(members.len() + 1), format!("\"usage\" : {object}"));
        let body = format!("{{{}}}", members.join(" ,\n"));
        let mut meter = Meter::new(Surface::ChatCompletions, PROMPT_BYTES, true);
        prop_assert!(!meter.expect(Some("application/json")));
        let mut rest = body.as_bytes();
        for length in lengths.iter().cycle() {
            let (chunk, after) = rest.split_at((*length).min(rest.len()));
            prop_assert_eq!(meter.relay(chunk, after.is_empty()).replacement, None);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(meter.metered(), Metered::Reported(usage));
    }
}
