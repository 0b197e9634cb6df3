//! Any JSON request, through the policy and the adapter: what reaches the provider says what the client said, but
//! for the model's name and the usage that the gateway asks for.
//!
//! serde_json judges what a text says; how it is spelt (order, whitespace, escapes) is drawn at random.

use std::rc::Rc;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Number, Value};
use tollgate::config;
use tollgate::engine::adapter::Adapter;
use tollgate::engine::alerts::Outbox;
use tollgate::engine::book::Book;
use tollgate::engine::exchange::Desk;
use tollgate::engine::policy::{Gateway, Policy, Shared};
use tollgate::engine::queue::Queue;
use tollgate::engine::stall::Watch;
use tollgate::engine::{Attempt, Effect, Event, Flow, Headers, Role, Timestamp};
use tollgate::observe::secret::KeyHash;

const KEY: &str = "tg-app-0123456789abcdefghijABCDEFGHIJ0123456789abc";

/// The logical model; its name needs an escape in JSON and can be spelt in many ways.
const MODEL: &str = "org/chat-4é";

fn gateway() -> config::Gateway {
    let yaml = format!(
        "version: 1\n\
         envoy: {{adapter: chain}}\n\
         providers:\n  local: {{api: openai, url: 'http://127.0.0.1:1/v1'}}\n\
         models:\n  chat: {{targets: [{{provider: local, model: m}}]}}\n\
         teams:\n  t: {{environments: {{dev: {{}}}}}}\n\
         keys:\n- {{id: app, hash: '{}', team: t, environment: dev, models: ['*']}}\n",
        KeyHash::of(KEY.as_bytes())
    );
    let mut gateway = config::parse("gateway.yaml", &yaml).unwrap();
    let model = gateway.policy.models.remove("chat").unwrap();
    gateway.policy.models.insert(MODEL.to_owned(), model);
    gateway
}

/// Random choices for a writer, used in turn.
struct Choices<'a>(std::iter::Cycle<std::slice::Iter<'a, u8>>);

impl Choices<'_> {
    fn below(&mut self, limit: u8) -> u8 {
        self.0.next().unwrap() % limit
    }
}

fn write_space(out: &mut String, choices: &mut Choices<'_>) {
    out.push_str(["", "", "", " ", "\n  ", "\t", "\r\n", "   "][usize::from(choices.below(8))]);
}

fn write_text(out: &mut String, text: &str, choices: &mut Choices<'_>) {
    out.push('"');
    for letter in text.chars() {
        let short = match letter {
            '"' => Some("\\\""),
            '\\' => Some("\\\\"),
            '/' => Some("\\/"),
            '\n' => Some("\\n"),
            '\t' => Some("\\t"),
            _ => None,
        };
        let must_escape = matches!(letter, '"' | '\\' | '\0'..='\u{1f}');
        match (short, choices.below(6)) {
            (Some(short), 0 | 1) => out.push_str(short),
            (_, 2) => write_units(out, letter),
            (Some(short), _) if must_escape => out.push_str(short),
            _ if must_escape => write_units(out, letter),
            _ => out.push(letter),
        }
    }
    out.push('"');
}

/// A character as `\u` escapes, a surrogate pair where it takes one (RFC 8259, section 7).
fn write_units(out: &mut String, letter: char) {
    for unit in letter.encode_utf16(&mut [0; 2]) {
        out.push_str(&format!("\\u{unit:04X}"));
    }
}

fn write(out: &mut String, value: &Value, choices: &mut Choices<'_>) {
    match value {
        Value::String(text) => write_text(out, text, choices),
        Value::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write_space(out, choices);
                write(out, element, choices);
                write_space(out, choices);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let members: Vec<_> = members.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            write_members(out, &members, choices);
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn write_members(out: &mut String, members: &[(String, Value)], choices: &mut Choices<'_>) {
    out.push('{');
    write_space(out, choices);
    for (index, (key, value)) in members.iter().enumerate() {
        out.push_str(if index > 0 { "," } else { "" });
        write_space(out, choices);
        write_text(out, key, choices);
        write_space(out, choices);
        out.push(':');
        write_space(out, choices);
        write(out, value, choices);
        write_space(out, choices);
    }
    out.push('}');
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof!["model", "stream", "stream_options", "include_usage", "messages", "[a-z\"\\\\é😀]{0,6}"]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|number| Value::Number(number.into())),
        (-1e9..1e9f64).prop_map(|number| Value::Number(Number::from_f64(number).unwrap())),
        "[a-z\"\\\\/\n\t\u{1}é日😀{}:,]{0,12}".prop_map(Value::String),
        Just(Value::String(MODEL.to_owned())),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((key(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// `stream_options`, when there are any: null, or an object that perhaps names `include_usage`.
fn stream_options() -> impl Strategy<Value = Option<Value>> {
    let include = prop_oneof![
        Just(None),
        any::<bool>().prop_map(|include| Some(Value::Bool(include))),
        Just(Some(Value::Null)),
    ];
    let object =
        (prop::collection::vec(("[a-z_é]{1,8}", value()), 0..3), include).prop_map(|(others, include)| {
            let mut object: Map<String, Value> = others.into_iter().collect();
            object.remove("include_usage");
            object.extend(include.map(|include| ("include_usage".to_owned(), include)));
            Some(Value::Object(object))
        });
    prop_oneof![1 => Just(None), 1 => Just(Some(Value::Null)), 3 => object]
}

#[derive(Debug)]
struct Body {
    text: String,
    streamed: bool,
}

fn body() -> impl Strategy<Value = Body> {
    let others = prop::collection::vec((key(), value()), 0..6);
    let stream = prop_oneof![
        1 => Just(None),
        3 => Just(Some(Value::Bool(true))),
        1 => Just(Some(Value::Bool(false))),
        1 => Just(Some(Value::Null)),
    ];
    let places = prop::collection::vec(any::<Index>(), 3);
    let choices = prop::collection::vec(any::<u8>(), 1..64);
    (others, stream, stream_options(), places, choices).prop_map(
        |(others, stream, options, places, choices)| {
            let read = ["model", "stream", "stream_options"];
            // Repeated members keep their meaning when it is the same for every reader; those that are read must not
            // be repeated at all.
            // And those that bound the answer must be numbers.
            let bounds = ["n", "best_of", "user", "max_tokens", "max_completion_tokens"];
            let free = |key: &str| !read.contains(&key) && !bounds.contains(&key);
            let others: Map<String, Value> = others.into_iter().filter(|(key, _)| free(key)).collect();
            let mut members: Vec<(String, Value)> = others.into_iter().collect();
            let streamed = stream == Some(Value::Bool(true));
            let ours = [Some(Value::String(MODEL.to_owned())), stream, options];
            for ((name, value), place) in read.into_iter().zip(ours).zip(places) {
                if let Some(value) = value {
                    members.insert(place.index(members.len() + 1), (name.to_owned(), value));
                }
            }
            let mut choices = Choices(choices.iter().cycle());
            let mut text = String::new();
            write_space(&mut text, &mut choices);
            write_members(&mut text, &members, &mut choices);
            write_space(&mut text, &mut choices);
            Body { text, streamed }
        },
    )
}

/// The ticket for the policy's note about a request of which the body comes in one piece.
fn ticket(policy: &mut Policy, path: &str, body: &[u8]) -> Vec<u8> {
    let bearer = format!("Bearer {KEY}");
    let headers = [
        (":method", "POST"),
        (":path", path),
        ("content-type", "application/json"),
        ("authorization", bearer.as_str()),
    ];
    let headers = headers.into_iter().collect();
    let mut effects = Vec::new();
    let now = Timestamp::default();
    let arrived = Event::RequestHeaders { headers, attempt: None, end_of_stream: false };
    assert_eq!(policy.handle(arrived, now, &mut effects), Flow::Pause);
    let complete = Event::RequestBody { bytes: body, buffered: body.len(), end_of_stream: true };
    let flow = policy.handle(complete, now, &mut effects);
    assert_eq!(flow, Flow::Continue, "{:?}: {effects:?}", String::from_utf8_lossy(body));
    let ticket = effects.into_iter().find_map(|effect| match effect {
        Effect::PublishTicket(ticket) => Some(ticket),
        _ => None,
    });
    ticket.expect("a request that goes on has a ticket")
}

/// The body that the provider gets, and the length that it is told.
fn attempt(adapter: &mut Adapter, ticket: &[u8], target: &str, body: &[u8]) -> (Vec<u8>, usize) {
    let attempt = Attempt { target: Some(target.to_owned()), ticket: Some(ticket.to_vec()) };
    let mut effects = Vec::new();
    let now = Timestamp::default();
    let started =
        Event::RequestHeaders { headers: Headers::default(), attempt: Some(&attempt), end_of_stream: false };
    assert_eq!(adapter.handle(started, now, &mut effects), Flow::Continue);
    let wanted = adapter.wanted_request_bytes(body.len(), true);
    let complete = Event::RequestBody { bytes: &body[..wanted], buffered: body.len(), end_of_stream: true };
    assert_eq!(adapter.handle(complete, now, &mut effects), Flow::Continue);
    match &effects[..] {
        [Effect::ReplaceRequestHeaders(headers), Effect::ReplaceRequestBody { drain, with }] => {
            let length = headers.text("content-length").unwrap().parse().unwrap();
            ([with.as_slice(), &body[*drain..]].concat(), length)
        }
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_provider_reads_what_the_client_wrote(
        body in body(),
        surface in prop_oneof![
            Just("/v1/chat/completions"),
            Just("/v1/completions"),
            Just("/v1/embeddings"),
        ],
        model in "[a-zA-Z0-9\"\\\\/:.é日😀\u{1f}-]{1,30}",
    ) {
        let gateway = gateway();
        let adapter = Rc::new(gateway.adapter);
        let desk = Desk::new(0);
        let shared = Shared { desk: desk.clone(), book: Book::default(), queue: Queue::default(), outbox: Outbox::default(), watch: Watch::default() };
        let mut policy = Policy::new(Rc::new(Gateway::new(gateway.policy)), shared, 1);
        let ticket = ticket(&mut policy, surface, body.text.as_bytes());
        let target = format!("local/{model}");
        let mut expected: Value = serde_json::from_str(&body.text).unwrap();
        expected["model"] = model.into();
        if body.streamed && surface != "/v1/embeddings" {
            expected["stream_options"]["include_usage"] = true.into();
        }
        // A second attempt starts from the client's body again, and so must come out the same.
        for _ in 0..2 {
            let mut adapter = Adapter::new(Rc::clone(&adapter), desk.clone());
            let (edited, length) = attempt(&mut adapter, &ticket, &target, body.text.as_bytes());
            prop_assert_eq!(serde_json::from_slice::<Value>(&edited).unwrap(), expected.clone());
            prop_assert_eq!(edited.len(), length);
        }
    }
}
