//! Answers that are judged as a whole while they stream: against the schema of their request, and by a service that is
//! asked. However they are cut, nothing that tells a client that the answer is complete leaves before the verdict.

use std::rc::Rc;

use serde_json::{Value, json};
use tollgate::config;
use tollgate::config::compiled::{ModelAccess, Priority};
use tollgate::dialect::translate::Dialect;
use tollgate::engine::content::answer::{LONGEST_SAID, Restoring};
use tollgate::engine::content::external::{Hearing, Judgement};
use tollgate::engine::content::prompt::screen;
use tollgate::engine::refusal::Refusal;
use tollgate::identity::caller::Caller;
use tollgate::redact::mask::Vault;

use crate::content::contents;

const EVENTS: Option<&str> = Some("text/event-stream");

/// The providers' own form of a stream that says `texts`, one after the other where the dialect has several answers, as
/// parts of one where it has not; its last part is what tells that it is complete.
fn stream_of(dialect: Dialect, texts: &[&str]) -> (String, String) {
    let (mut out, mut end) = (String::new(), String::new());
    let event = |into: &mut String, data: Value| {
        if let Some(name) = data["type"].as_str() {
            *into += &format!("event: {name}\n");
        }
        *into += &format!("data: {data}\n\n");
    };
    let pieces = |text: &str| -> Vec<String> {
        text.chars().collect::<Vec<_>>().chunks(4).map(|piece| piece.iter().collect()).collect()
    };
    for (index, text) in texts.iter().enumerate() {
        for piece in pieces(text) {
            event(
                &mut out,
                match dialect {
                    Dialect::OpenAiChat => json!({"choices": [{"index": index, "delta": {"content": piece},
                        "finish_reason": null}]}),
                    Dialect::OpenAiResponses => {
                        json!({"type": "response.output_text.delta", "output_index": index,
                        "content_index": 0, "delta": piece})
                    }
                    Dialect::Anthropic => json!({"type": "content_block_delta", "index": index,
                        "delta": {"type": "text_delta", "text": piece}}),
                    _ => json!({"candidates": [{"index": index, "content": {"role": "model",
                        "parts": [{"text": piece}]}}]}),
                },
            );
        }
        match dialect {
            Dialect::OpenAiResponses => event(
                &mut out,
                json!({"type": "response.output_text.done", "output_index": index, "content_index": 0, "text": text}),
            ),
            Dialect::Anthropic => event(&mut out, json!({"type": "content_block_stop", "index": index})),
            _ => {}
        }
    }
    match dialect {
        Dialect::OpenAiChat => {
            for index in 0..texts.len() {
                let choice = json!({"index": index, "delta": {}, "finish_reason": "stop"});
                event(&mut end, json!({ "choices": [choice] }));
            }
            event(&mut end, json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 9}}));
            end += "data: [DONE]\n\n";
        }
        Dialect::OpenAiResponses => {
            event(&mut end, json!({"type": "response.completed", "response": {"object": "response"}}));
        }
        Dialect::Anthropic => {
            event(&mut end, json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}));
            event(&mut end, json!({"type": "message_stop"}));
        }
        _ => {
            for index in 0..texts.len() {
                event(&mut end, json!({"candidates": [{"index": index, "finishReason": "STOP"}]}));
            }
        }
    }
    (out, end)
}

const DIALECTS: [Dialect; 4] =
    [Dialect::OpenAiChat, Dialect::OpenAiResponses, Dialect::Anthropic, Dialect::Gemini];

/// A stream that says so many bytes, in few events.
fn long_stream(length: usize) -> String {
    let event = |text: &str| {
        let choice = json!({"index": 0, "delta": {"content": text}, "finish_reason": null});
        format!("data: {}\n\n", json!({ "choices": [choice] }))
    };
    "word "
        .repeat(length / 5 + 1)
        .as_bytes()
        .chunks(500_000)
        .map(|part| event(str::from_utf8(part).unwrap()))
        .collect()
}

/// A request that asks for an object with a whole number `age`, in each dialect.
fn asking(dialect: Dialect) -> Value {
    let schema = json!({"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]});
    match dialect {
        Dialect::OpenAiChat => {
            json!({"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}})
        }
        Dialect::OpenAiResponses => json!({"text": {"format": {"type": "json_schema", "schema": schema}}}),
        Dialect::Anthropic => json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}}),
        _ => json!({"generationConfig": {"responseJsonSchema": schema}}),
    }
}

/// What passes of a stream that comes in pieces of `size`, why it ends, and the rules that were counted.
fn passed(restoring: &mut Restoring, stream: &str, size: usize) -> (String, Option<Refusal>, Vec<String>) {
    let mut out = Vec::new();
    let mut refusal = None;
    for chunk in stream.as_bytes().chunks(size).map(Some).chain([None]) {
        out.extend(restoring.relay(chunk.unwrap_or_default(), chunk.is_none()));
        refusal = refusal.or(restoring.take_refusal());
    }
    let rules = restoring.take_tally().rules.into_iter();
    let rules = rules.map(|((rule, action), count)| format!("{rule} {action} {count}")).collect();
    (String::from_utf8(out).unwrap(), refusal, rules)
}

fn structured(
    members: &str,
    dialect: Dialect,
    stream: &str,
    size: usize,
) -> (String, Option<Refusal>, Vec<String>) {
    let screen_of = contents(members).of("any").unwrap();
    let screening = screen_of.answers(dialect, asking(dialect).to_string().as_bytes());
    let mut restoring = Restoring::screened(Vault::new(), screening, None).unwrap();
    assert!(restoring.expect(dialect, EVENTS));
    passed(&mut restoring, stream, size)
}

#[test]
fn a_stream_is_held_against_the_schema_before_it_is_complete() {
    for dialect in DIALECTS {
        let block = "guard: {structured_output: block}";
        let (good, end) = stream_of(dialect, &[r#"{"age": 36}"#]);
        let (bad, _) = stream_of(dialect, &[r#"{"age": "36"}"#]);
        for size in [1, 7, 1 << 20] {
            let stream = format!("{good}{end}");
            assert_eq!(structured(block, dialect, &stream, size), (stream, None, vec![]), "{dialect:?}");
            let broken = structured(block, dialect, &format!("{bad}{end}"), size);
            let counted = vec!["structured-output block 1".to_owned()];
            assert_eq!(broken, (bad.clone(), Some(Refusal::MismatchedAnswer), counted), "{dialect:?} {size}");
            let observe = "guard: {structured_output: observe}";
            let counted = vec!["structured-output observe 1".to_owned()];
            let stream = format!("{bad}{end}");
            assert_eq!(structured(observe, dialect, &stream, size), (stream, None, counted), "{dialect:?}");
        }
    }
}

/// The same as for whole answers: each of several is a document, parts of one are one document.
#[test]
fn what_belongs_together_is_one_document() {
    let block = "guard: {structured_output: block}";
    let judged = |dialect, texts: &[&str]| {
        let (said, end) = stream_of(dialect, texts);
        structured(block, dialect, &format!("{said}{end}"), 30).1
    };
    let parts = [r#"{"age""#, ": 36}"];
    assert_eq!(judged(Dialect::Anthropic, &parts), None);
    for dialect in [Dialect::OpenAiChat, Dialect::OpenAiResponses, Dialect::Gemini] {
        assert_eq!(judged(dialect, &parts), Some(Refusal::MismatchedAnswer), "{dialect:?}");
        assert_eq!(judged(dialect, &[r#"{"age": 1}"#, r#"{"age": 2}"#]), None, "{dialect:?}");
        let last = [r#"{"age": 1}"#, r#"{"age": true}"#];
        assert_eq!(judged(dialect, &last), Some(Refusal::MismatchedAnswer), "{dialect:?}");
    }
    // A call of a tool is none that a schema could speak of.
    let call = "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"no\"}}]}}]}\n\n\
                data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";
    let expected = (call.to_owned(), None, vec![]);
    assert_eq!(structured(block, Dialect::OpenAiChat, call, 9), expected);
}

/// The schema is for what the model said; what is taken out of it is taken out all the same.
#[test]
fn a_stream_is_masked_and_held_against_its_schema() {
    let members = "redaction: {answers: true}, guard: {structured_output: block}";
    let text = r#"{"age": 36, "to": "ann.lee@corp.example"}"#;
    for dialect in DIALECTS {
        let (said, end) = stream_of(dialect, &[text]);
        let (out, refusal, _) = structured(members, dialect, &format!("{said}{end}"), 11);
        assert!(refusal.is_none() && out.ends_with(&end), "{dialect:?} {out}");
        assert!(!out.contains("ann"), "{dialect:?} {out}");
    }
}

#[test]
fn a_text_that_is_too_long_for_a_schema_does_not_pass_where_it_must_fit() {
    let stream = long_stream(LONGEST_SAID + 1);
    let judged = |action: &str| {
        let members = format!("guard: {{structured_output: {action}}}");
        let (_, refusal, rules) = structured(&members, Dialect::OpenAiChat, &stream, 1 << 16);
        (refusal, rules)
    };
    let unchecked = vec!["structured-output-unchecked observe 1".to_owned()];
    assert_eq!(judged("block"), (Some(Refusal::UnreadableAnswer), unchecked.clone()));
    assert_eq!(judged("observe"), (None, unchecked));
}

/// What has somebody asked about the answer to a request that says `prompt`.
fn heard(members: &str, streams: &str, prompt: &str) -> Restoring {
    let yaml = format!(
        "{{version: 1, providers: {{p: {{api: openai, url: 'http://127.0.0.1:1'}}}}, \
         models: {{m: {{targets: [{{provider: p, model: m}}]}}}}, {members} guard: {{external: \
         {{url: 'http://guard.test/check', kind: http, about: [answers], streams: {streams}, on_error: block}}}}}}"
    );
    let content = config::parse("gateway.yaml", &yaml).unwrap().policy.content;
    let to = Rc::new(content.external("any").unwrap().clone());
    let caller = Rc::new(Caller {
        key: "app".to_owned(),
        restriction: None,
        operator: false,
        team: "any".to_owned(),
        environment: None,
        models: ModelAccess::All,
        priority: Priority::Normal,
        scopes: Vec::new(),
    });
    let screen_of = tollgate::engine::content::Contents::new(content.as_ref().clone()).of("any").unwrap();
    let body = json!({"messages": [{"role": "user", "content": prompt}]}).to_string();
    let vault = screen(&screen_of, body.as_bytes()).vault;
    let screening = screen_of.answers(Dialect::OpenAiChat, b"{}");
    let hearing = Hearing { to, caller, model: "chat".to_owned() };
    Restoring::screened(vault, screening, Some(hearing)).unwrap()
}

fn told(restoring: &mut Restoring) -> Option<Value> {
    let inquiry = restoring.take_question()?;
    let question: Value = serde_json::from_slice(&inquiry.body.0).unwrap();
    assert_eq!((&question["about"], &question["key"]), (&json!("answer"), &json!("app")));
    Some(question["text"].clone())
}

/// Relays a stream up to its end; what passed before a verdict, and what the service is told.
fn relayed(restoring: &mut Restoring, stream: &str, size: usize) -> (String, Option<Value>) {
    let (mut out, mut question) = (Vec::new(), None);
    for chunk in stream.as_bytes().chunks(size).map(Some).chain([None]) {
        out.extend(restoring.relay(chunk.unwrap_or_default(), chunk.is_none()));
        question = question.or(told(restoring));
    }
    (String::from_utf8(out).unwrap(), question)
}

#[test]
fn the_end_of_a_stream_waits_for_the_service() {
    for dialect in DIALECTS {
        let (said, end) = stream_of(dialect, &["She sells ", "all of it."]);
        let stream = format!("{said}{end}");
        for size in [1, 13, 1 << 20] {
            for (streams, before) in [("pass", &*said), ("hold", "")] {
                let judged = |judgement| {
                    let mut restoring = heard("", streams, "Hi");
                    assert!(restoring.expect(dialect, EVENTS));
                    let (out, question) = relayed(&mut restoring, &stream, size);
                    assert_eq!(out, before, "{dialect:?} {streams} {size}");
                    assert_eq!(question, Some(json!("She sells \n\nall of it.")), "{dialect:?} {streams}");
                    assert!(restoring.stop(true));
                    restoring.judged(judgement);
                    (out, restoring.verdict().unwrap())
                };
                let (out, rest) = judged(Judgement::Passes);
                assert_eq!(out + &String::from_utf8(rest.unwrap()).unwrap(), stream, "{dialect:?} {streams}");
                let (_, rest) = judged(Judgement::Breaks("external: x".into()));
                assert_eq!(rest.unwrap_err().code(), "content_blocked");
                let (_, rest) = judged(Judgement::Unanswered);
                assert_eq!(rest.unwrap_err(), Refusal::AnswerUnchecked);
            }
        }
    }
}

/// The question is asked when the last event has come; the host may see the end of the body only later.
#[test]
fn a_verdict_before_the_end_of_the_body_is_kept_until_then() {
    let (said, end) = stream_of(Dialect::OpenAiChat, &["All of it."]);
    let begun = || {
        let mut restoring = heard("", "pass", "Hi");
        restoring.expect(Dialect::OpenAiChat, EVENTS);
        assert_eq!(restoring.relay(format!("{said}{end}").as_bytes(), false), said.as_bytes());
        assert_eq!(told(&mut restoring), Some(json!("All of it.")));
        restoring
    };
    let mut passes = begun();
    passes.judged(Judgement::Passes);
    assert_eq!(String::from_utf8(passes.relay(b"", true)).unwrap(), end);
    assert!(!passes.stop(true), "nothing waits any more");
    let mut blocked = begun();
    blocked.judged(Judgement::Breaks("external: x".into()));
    assert_eq!(blocked.relay(b": more\n\n", false), b"");
    assert_eq!(blocked.take_refusal().unwrap().code(), "content_blocked");
}

/// It is told what the model said and no private value, neither the model's nor the caller's.
#[test]
fn the_service_sees_no_private_value() {
    let says = "To [EMAIL_ADDRESS_1], not to bob@corp.example.";
    let members = "redaction: {restore: true, answers: true},";
    let expected = Some(json!("To [EMAIL_ADDRESS_1], not to [EMAIL_ADDRESS_2]."));
    for dialect in DIALECTS {
        let (said, end) = stream_of(dialect, &[says]);
        let mut restoring = heard(members, "pass", "Write to ann.lee@corp.example");
        restoring.expect(dialect, EVENTS);
        let (_, question) = relayed(&mut restoring, &format!("{said}{end}"), 17);
        assert_eq!(question, expected, "{dialect:?}");
    }
    let wholes = [
        (
            Dialect::OpenAiChat,
            json!({"id": "c", "choices": [{"message": {"role": "assistant", "content": says},
            "logprobs": {"content": [{"token": "bob"}]}}]}),
        ),
        (
            Dialect::OpenAiResponses,
            json!({"object": "response", "instructions": "Be kind.", "output": [
            {"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": says}]}]}),
        ),
        (Dialect::Anthropic, json!({"type": "message", "content": [{"type": "text", "text": says}]})),
        (Dialect::Gemini, json!([{"candidates": [{"content": {"parts": [{"text": says}]}}]}])),
    ];
    for (dialect, answer) in wholes {
        let mut restoring = heard(members, "pass", "Write to ann.lee@corp.example");
        assert!(restoring.expect(dialect, Some("application/json")) && restoring.withholds());
        let (out, question) = relayed(&mut restoring, &answer.to_string(), 40);
        assert_eq!((&*out, question), ("", expected.clone()), "{dialect:?}");
        restoring.judged(Judgement::Passes);
        let passes = String::from_utf8(restoring.verdict().unwrap().unwrap()).unwrap();
        assert!(passes.contains("To ann.lee@corp.example, not to [EMAIL_ADDRESS_2]."), "{passes}");
    }
}

#[test]
fn an_answer_that_says_nothing_is_nobodys_question() {
    let (_, end) = stream_of(Dialect::OpenAiChat, &[""]);
    let mut restoring = heard("", "hold", "Hi");
    restoring.expect(Dialect::OpenAiChat, EVENTS);
    assert_eq!(relayed(&mut restoring, &end, 20), (end, None));
}

#[test]
fn the_arguments_of_tools_are_told() {
    let call = r#"{"name":"sell","args":{"what":"all of it"}}"#;
    let stream = format!(
        "data: {{\"candidates\":[{{\"content\":{{\"parts\":[{{\"functionCall\":{call}}}]}},\"finishReason\":\"STOP\"}}]}}\n\n"
    );
    let mut restoring = heard("", "pass", "Hi");
    restoring.expect(Dialect::Gemini, EVENTS);
    assert_eq!(relayed(&mut restoring, &stream, 9), (String::new(), Some(json!("sell\n\nall of it"))));
    let stream = "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"what\\\": 1}\"}}]}}]}\n\ndata: [DONE]\n\n";
    let mut restoring = heard("", "hold", "Hi");
    restoring.expect(Dialect::OpenAiChat, EVENTS);
    assert_eq!(relayed(&mut restoring, stream, 9).1, Some(json!("{\"what\": 1}")));
}

#[test]
fn what_cannot_be_told_does_not_pass() {
    for (media_type, answer) in [
        (Some("application/json"), "<p>".to_owned()),
        (None, "hello".to_owned()),
        (EVENTS, "data: hello\n\n".to_owned()),
        (EVENTS, long_stream(LONGEST_SAID + 1)),
    ] {
        let mut restoring = heard("", "hold", "Hi");
        assert!(restoring.expect(Dialect::OpenAiChat, media_type));
        let (out, refusal, _) = passed(&mut restoring, &answer, 1 << 20);
        assert_eq!((&*out, refusal), ("", Some(Refusal::UnreadableAnswer)), "{media_type:?}");
        assert!(restoring.take_question().is_none());
    }
}
