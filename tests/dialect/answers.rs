//! What a model says comes back from every dialect as it was, whole and streamed.

use proptest::prelude::*;
use tollgate::chat::{
    ChatAnswer, ChatEvent, Choice, Content, Delta, FinishReason, Json, Losses, Part, Usage,
};
use tollgate::dialect::stream::{AnswerDecoder, AnswerEncoder};
use tollgate::dialect::translate::{Dialect, decode_answer, encode_answer};

use crate::corpus::context;
use crate::property::{name, object, word};

/// The dialects that are written for clients and read from providers.
const BOTH_WAYS: [Dialect; 3] = [Dialect::OpenAiChat, Dialect::Anthropic, Dialect::Gemini];

/// What is said: pieces of text, calls with their arguments, whether it was cut off, and what it took.
#[derive(Clone, Debug)]
struct Said {
    text: Vec<String>,
    calls: Vec<(String, String)>,
    cut: bool,
    usage: Usage,
}

fn said() -> impl Strategy<Value = Said> {
    let calls = proptest::collection::vec((name(), object()), 0..3);
    let tokens = (1..9999_u64, 1..9999_u64, 0..=100_u64);
    (proptest::collection::vec(word(), 1..4), calls, any::<bool>(), tokens).prop_map(
        |(text, calls, cut, (input, output, cached))| Said {
            text,
            cut: cut && calls.is_empty(),
            calls,
            usage: Usage { input: input + cached, output, cached_input: cached, ..Usage::default() },
        },
    )
}

impl Said {
    fn finish(&self) -> FinishReason {
        let finish = if self.cut { FinishReason::Length } else { FinishReason::Stop };
        finish.with_calls(!self.calls.is_empty())
    }

    fn answer(&self) -> ChatAnswer {
        let calls = self.calls.iter().enumerate().map(|(index, (name, arguments))| {
            let arguments = Json::object(arguments).unwrap();
            Part::new(Content::ToolCall { id: format!("call_{index}"), name: name.clone(), arguments })
        });
        let parts = std::iter::once(Part::text(self.text.concat())).chain(calls).collect();
        ChatAnswer {
            id: "answer-1".to_owned(),
            model: "model-1".to_owned(),
            choices: vec![Choice { parts, finish: self.finish(), logprobs: None }],
            usage: Some(self.usage),
            losses: Losses::default(),
        }
    }

    /// The same as a stream, the arguments in pieces of a few letters.
    fn events(&self) -> Vec<ChatEvent> {
        let mut events = vec![ChatEvent::Start { id: "answer-1".to_owned(), model: "model-1".to_owned() }];
        let delta = |part, delta| ChatEvent::Delta { choice: 0, part, delta };
        events.extend(self.text.iter().map(|text| delta(0, Delta::Text(text.clone()))));
        events.push(ChatEvent::PartEnd { choice: 0, part: 0 });
        for (part, (name, arguments)) in (1..).zip(&self.calls) {
            let id = format!("call_{}", part - 1);
            events.push(delta(part, Delta::ToolCall { id, name: name.clone() }));
            let letters: Vec<char> = arguments.chars().collect();
            for piece in letters.chunks(5) {
                events.push(delta(part, Delta::Arguments(piece.iter().collect())));
            }
            events.push(ChatEvent::PartEnd { choice: 0, part });
        }
        let finish = ChatEvent::Finish { choice: 0, reason: self.finish() };
        events.extend([finish, ChatEvent::Usage(self.usage), ChatEvent::End]);
        events
    }
}

/// What the events of a stream come to: the text, the calls, the reason and the usage; `None` when it failed.
type Heard = (String, Vec<(String, String)>, Option<FinishReason>, Option<Usage>);

fn heard(events: &[ChatEvent]) -> Option<Heard> {
    let (mut text, mut calls, mut finish, mut usage) = (String::new(), Vec::new(), None, None);
    for event in events {
        match event {
            ChatEvent::Delta { delta: Delta::Text(more), .. } => text += more,
            ChatEvent::Delta { part, delta: Delta::ToolCall { name, .. }, .. } => {
                calls.push((*part, name.clone(), String::new()));
            }
            ChatEvent::Delta { part, delta: Delta::Arguments(more), .. } => {
                calls.iter_mut().find(|(of, ..)| of == part)?.2 += more;
            }
            ChatEvent::Finish { reason, .. } => finish = Some(reason.clone()),
            ChatEvent::Usage(latest) => usage = Some(*latest),
            ChatEvent::Error(_) => return None,
            _ => {}
        }
    }
    Some((text, calls.into_iter().map(|(_, name, arguments)| (name, arguments)).collect(), finish, usage))
}

/// Reads a stream of events that was written for a client.
fn read(dialect: Dialect, stream: &str) -> Vec<ChatEvent> {
    let mut decoder = AnswerDecoder::new(dialect).unwrap();
    let mut events = Vec::new();
    for data in stream.lines().filter_map(|line| line.strip_prefix("data: ")) {
        decoder.event("", data.as_bytes(), &mut events);
    }
    decoder.finish(&mut events);
    events
}

proptest! {
    #[test]
    fn an_answer_survives_every_dialect(said in said()) {
        let answer = said.answer();
        for dialect in BOTH_WAYS {
            let (body, losses) = encode_answer(dialect, &answer, &context(dialect));
            prop_assert!(losses.is_empty(), "{dialect:?} loses {losses:?}");
            let text = String::from_utf8_lossy(&body).into_owned();
            let decoded = decode_answer(dialect, &body).map_err(|fault| TestCaseError::fail(format!("{fault:?}")))?;
            prop_assert!(decoded == answer, "{dialect:?} changes {text}");
        }
    }

    #[test]
    fn a_stream_survives_every_dialect(said in said()) {
        let events = said.events();
        let expected = heard(&events);
        for dialect in BOTH_WAYS {
            let mut encoder = AnswerEncoder::new(dialect, context(dialect)).unwrap();
            let mut bytes = Vec::new();
            events.iter().for_each(|event| encoder.event(event, &mut bytes));
            prop_assert!(encoder.take_losses().is_empty());
            let stream = String::from_utf8(bytes).unwrap();
            prop_assert_eq!(heard(&read(dialect, &stream)), expected.clone(), "{:?}: {}", dialect, stream);
        }
    }
}
