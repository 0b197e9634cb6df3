//! Whole answers that the policy judges itself, because no adapter did: however they are cut, they pass as they are and are
//! metered as what they say.

use std::rc::Rc;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use tollgate::config;
use tollgate::engine::alerts::Outbox;
use tollgate::engine::book::Book;
use tollgate::engine::event::Breaker;
use tollgate::engine::exchange::Desk;
use tollgate::engine::policy::{Gateway, Policy, Shared};
use tollgate::engine::queue::Queue;
use tollgate::engine::stall::Watch;
use tollgate::engine::{Effect, Event, Flow, Role, Timestamp};
use tollgate::observe::secret::KeyHash;

const KEY: &str = "tg-app-0123456789abcdefghijABCDEFGHIJ0123456789abc";

const PROMPT: &[u8] = br#"{"model":"chat","messages":[]}"#;

thread_local! {
    static GATEWAY: Rc<Gateway> = {
        let yaml = format!(
            "version: 1\n\
             envoy: {{adapter: where_needed}}\n\
             providers:\n  local: {{api: openai, url: 'http://127.0.0.1:1/v1'}}\n\
             models:\n  chat: {{targets: [{{provider: local, model: m, retries: 0}}]}}\n\
             teams:\n  t: {{environments: {{dev: {{}}}}}}\n\
             keys:\n- {{id: app, hash: '{}', team: t, environment: dev, models: ['*']}}\n",
            KeyHash::of(KEY.as_bytes())
        );
        Rc::new(Gateway::new(config::parse("gateway.yaml", &yaml).unwrap().policy))
    };
}

/// A request that has left without an adapter.
fn forwarded() -> Policy {
    let shared = Shared {
        desk: Desk::new(0),
        book: Book::default(),
        queue: Queue::default(),
        outbox: Outbox::default(),
        watch: Watch::default(),
    };
    let mut policy = Policy::new(GATEWAY.with(Rc::clone), shared, 1);
    let bearer = format!("Bearer {KEY}");
    let headers = [
        (":method", "POST"),
        (":path", "/v1/chat/completions"),
        ("content-type", "application/json"),
        ("authorization", bearer.as_str()),
    ];
    let arrived =
        Event::RequestHeaders { headers: headers.into_iter().collect(), attempt: None, end_of_stream: false };
    let now = Timestamp::default();
    assert_eq!(policy.handle(arrived, now, &mut Vec::new()), Flow::Pause);
    let mut effects = Vec::new();
    let complete = Event::RequestBody { bytes: PROMPT, buffered: PROMPT.len(), end_of_stream: true };
    assert_eq!(policy.handle(complete, now, &mut effects), Flow::Continue);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ReplaceRequestHeaders(_))), "{effects:?}");
    policy
}

/// What the client receives of an answer in pieces of these lengths, and the line of the access log.
fn answered(body: &[u8], lengths: &[usize], end_apart: bool) -> (Vec<u8>, Value) {
    let mut policy = forwarded();
    let now = Timestamp::default();
    let headers = [
        (":status", "200"),
        ("content-type", "application/json"),
        ("x-tollgate-provider", "local"),
        ("x-tollgate-attempts", "1"),
    ];
    let begun =
        Event::ResponseHeaders { headers: headers.into_iter().collect(), local: false, end_of_stream: false };
    assert_eq!(policy.handle(begun, now, &mut Vec::new()), Flow::Pause);
    let (mut held, mut received, mut effects) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = body;
    let mut lengths = lengths.iter().cycle();
    let mut ended = false;
    while !ended {
        let (piece, after) = rest.split_at((*lengths.next().unwrap()).min(rest.len()));
        ended = after.is_empty() && (!end_apart || rest.is_empty());
        rest = after;
        held.extend_from_slice(piece);
        let came = Event::ResponseBody { chunk: &held, end_of_stream: ended };
        if policy.handle(came, now, &mut effects) == Flow::Continue {
            received.append(&mut held);
        }
    }
    let replaces = |effect: &Effect| matches!(effect, Effect::ReplaceResponseBody(_));
    assert!(held.is_empty() && !effects.iter().any(replaces), "{effects:?}");
    let done = Event::Done { broken_by: Breaker::Nobody, own_time: std::time::Duration::ZERO };
    policy.handle(done, now, &mut effects);
    let members = effects.into_iter().find_map(|effect| match effect {
        Effect::WriteAccessLog(members) => Some(members),
        _ => None,
    });
    let line = format!("{{\"of\":0{}}}", String::from_utf8(members.unwrap()).unwrap());
    (received, serde_json::from_str(&line).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn an_answer_is_metered_as_it_says_however_it_is_cut(
        (input, output, cached) in (0..1_000u64, 0..1_000u64, 0..1_000u64),
        texts in prop::collection::vec("[a-z\"\\\\{}é]{0,40}", 0..4),
        // The longest passes before its end is there.
        repeated in prop_oneof![4 => Just(1usize), 1 => Just(1_000)],
        place in any::<Index>(),
        twice in any::<bool>(),
        mark in prop_oneof![4 => Just(""), 1 => Just("\u{feff}")],
        before in "[ \n\t]{0,2}",
        after in "[ \n]{0,2}",
        lengths in prop_oneof![
            Just(vec![usize::MAX]),
            prop::collection::vec(1..40usize, 1..6),
            prop::collection::vec(1..9_000usize, 1..6),
        ],
        end_apart in any::<bool>(),
    ) {
        let text = texts.concat().repeat(repeated);
        let usage = json!({
            "prompt_tokens": input, "completion_tokens": output, "prompt_tokens_details": {"cached_tokens": cached},
        });
        let decoy = json!([{"index": 0, "message": {"content": text, "usage": {"prompt_tokens": 1}}}]);
        let mut members = vec!["\"error\":null".to_owned(), format!("\"choices\": {decoy}"), "\"id\":\"c\"".to_owned()];
        members.insert(place.index(members.len() + 1), format!("\"usage\" : {usage}"));
        if twice {
            members.insert(0, "\"usage\":{\"prompt_tokens\":7}".to_owned());
        }
        let body = format!("{before}{mark}{{{}}}{after}", members.join(" ,"));
        let (received, line) = answered(body.as_bytes(), &lengths, end_apart);
        prop_assert_eq!(String::from_utf8(received).unwrap(), body);
        prop_assert_eq!(&line["outcome"], "ok");
        // A mark is no JSON.
        prop_assert_eq!(&line["tokens_estimated"], !mark.is_empty());
        if mark.is_empty() {
            let read = ["input_tokens", "output_tokens", "cached_input_tokens"].map(|name| line[name].as_u64());
            prop_assert_eq!(read, [input, output, cached].map(Some));
        }
    }
}
