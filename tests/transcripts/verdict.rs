//! Answers that a service is asked about, or that are held against a schema, before they are complete.

use crate::setting::HEARD_KEY;
use crate::stories::{STREAM, post};
use crate::story::Story;

pub(crate) fn stories() -> Vec<(String, String)> {
    [
        ("verdict_passes", passes as fn() -> String),
        ("verdict_blocks", blocks),
        ("verdict_passes_stream", passes_stream),
        ("verdict_blocks_stream", blocks_stream),
        ("verdict_early", early),
        ("verdict_silent_stream", silent_stream),
        ("verdict_cannot_be_called", cannot_be_called),
        ("verdict_client_gone", client_gone),
        ("verdict_after_trailers", after_trailers),
        ("structured_stream", structured_stream),
    ]
    .into_iter()
    .map(|(name, tell)| (name.to_owned(), tell()))
    .collect()
}

/// A request that is on its way to a provider.
fn sent(title: &str, members: &str) -> Story {
    let mut story = Story::new(title);
    let body = &*format!(r#"{{"model":"chat",{members}"messages":[{{"role":"user","content":"Hi"}}]}}"#);
    let (bearer, length) = (format!("Bearer {HEARD_KEY}"), body.len().to_string());
    story.request(&post("/v1/chat/completions", &length, &bearer), &[body]);
    assert!(story.attempt("first/model-1"));
    story.cut_short();
    story
}

const WHOLE: &[(&str, &str)] =
    &[(":status", "200"), ("content-type", "application/json"), ("content-length", "999")];

fn whole(story: &mut Story) {
    let answer = br#"{"id":"c1","choices":[{"message":{"role":"assistant","content":"Sell all of it."}}],"usage":{"prompt_tokens":9,"completion_tokens":4}}"#;
    let (head, tail) = answer.split_at(50);
    story.answer(WHOLE, &[head, tail], true);
}

const SAID: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Sell all of it.\"},\"finish_reason\":null}]}\n\n";
const END: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
                   data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4}}\n\n";
const DONE: &str = "data: [DONE]\n\n";
const ASKS_STREAM: &str = r#""stream":true,"stream_options":{"include_usage":true},"#;

/// A stream whose last event is in its last chunk.
fn stream(story: &mut Story) {
    let last = format!("{END}{DONE}");
    story.answer(STREAM, &[SAID.as_bytes(), last.as_bytes()], true);
}

fn passes() -> String {
    let mut story = sent("An answer waits as a whole; the service has nothing against it.", "");
    whole(&mut story);
    assert!(story.received().is_empty());
    story.wait(80);
    story.service_answers(Some(200), r#"{"action":"pass"}"#);
    assert!(!story.received().is_empty());
    story.done()
}

fn blocks() -> String {
    let mut story =
        sent("An answer waits as a whole, and breaks the service's rule: the client gets none of it.", "");
    whole(&mut story);
    story.service_answers(Some(200), r#"{"action":"block","rule":"finance.4"}"#);
    story.done()
}

fn passes_stream() -> String {
    let mut story =
        sent("The text of a stream passes as it comes; its end waits for the service.", ASKS_STREAM);
    stream(&mut story);
    assert_eq!(story.received(), SAID.as_bytes());
    story.service_answers(Some(200), r#"{"action":"pass"}"#);
    assert!(story.received().ends_with(DONE.as_bytes()));
    story.done()
}

fn blocks_stream() -> String {
    let mut story = sent(
        "A stream breaks the service's rule: it ends in an error, and never looks complete.",
        ASKS_STREAM,
    );
    stream(&mut story);
    story.service_answers(Some(200), r#"{"action":"block","rule":"finance.4"}"#);
    assert!(!story.received().ends_with(DONE.as_bytes()));
    story.done()
}

fn early() -> String {
    let mut story = sent(
        "The service cannot be called, and the stream's last event comes before the end of its body.",
        ASKS_STREAM,
    );
    story.refuse(&["post"]);
    let first = format!("{SAID}{END}{DONE}");
    story.answer(STREAM, &[first.as_bytes(), b""], true);
    assert!(!story.received().ends_with(DONE.as_bytes()));
    story.refuse(&[]);
    story.done()
}

fn silent_stream() -> String {
    let mut story = sent(
        "The service does not answer in time: a stream that nobody has seen does not end well.",
        ASKS_STREAM,
    );
    stream(&mut story);
    story.wait(1000);
    story.service_answers(None, "");
    story.done()
}

fn cannot_be_called() -> String {
    let mut story =
        sent("The host cannot call the service: an answer that nobody has seen does not pass.", "");
    story.refuse(&["post"]);
    whole(&mut story);
    story.refuse(&[]);
    story.done()
}

/// What waits for the verdict cannot be added any more when the trailers have come.
fn after_trailers() -> String {
    let mut story = sent(
        "Trailers come before the verdict: what waits is lost, and the client is not told that it is all.",
        ASKS_STREAM,
    );
    let last = format!("{END}{DONE}");
    story.answer_with_trailers(STREAM, &[SAID.as_bytes(), last.as_bytes()]);
    story.service_answers(Some(200), r#"{"action":"pass"}"#);
    let told = story.done();
    assert!(told.contains("< break the answer off") && !told.contains("let the answer go on"), "{told}");
    told
}

fn client_gone() -> String {
    let mut story = sent("The client hangs up while the service is asked about the answer.", "");
    whole(&mut story);
    story.wait(20);
    story.hang_up();
    story.service_answers_after_the_end();
    story.so_far()
}

fn structured_stream() -> String {
    let schema = r#""stream":true,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}},"#;
    let mut story =
        sent("A stream is not what its request's schema asks for: it ends before it is complete.", schema);
    stream(&mut story);
    story.done()
}
