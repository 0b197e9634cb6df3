//! Messages that end with trailers, which is when their bodies are known to be complete.

use crate::setting::{KEY, PROMPT};
use crate::stories::{STREAM, post};
use crate::story::Story;

pub(crate) fn stories() -> Vec<(String, String)> {
    [
        ("trailers", trailers as fn() -> String),
        ("trailers_without_a_body", without_a_body),
        ("trailers_of_half_an_answer", half_an_answer),
        ("trailers_with_more_to_say", more_to_say),
        ("trailers_instead_of_an_answer", instead_of_an_answer),
    ]
    .into_iter()
    .map(|(name, tell)| (name.to_owned(), tell()))
    .collect()
}

const JSON: &[(&str, &str)] = &[(":status", "200"), ("content-type", "application/json")];

fn body() -> String {
    format!(r#"{{"model":"lone","messages":[{{"role":"user","content":"{PROMPT}"}}]}}"#)
}

fn sent(title: &str, pieces: &[&str]) -> Story {
    let mut story = Story::direct(title);
    let (length, bearer) = (body().len().to_string(), format!("Bearer {KEY}"));
    story.request_with_trailers(&post("/v1/chat/completions", &length, &bearer), pieces);
    story
}

fn sent_streaming(title: &str) -> Story {
    let mut story = Story::direct(title);
    let body = body().replacen('{', "{\"stream\":true,", 1);
    let (length, bearer) = (body.len().to_string(), format!("Bearer {KEY}"));
    story.request_with_trailers(&post("/v1/chat/completions", &length, &bearer), &[&body]);
    story
}

fn trailers() -> String {
    let body = body();
    let (head, tail) = body.split_at(20);
    let mut story = sent("Trailers say that the body is complete, and go nowhere.", &[head, tail]);
    assert!(story.is_forwarded());
    story.attempt_directly("first/model-1", "first");
    let answer = br#"{"id":"c1","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3}}"#;
    story.answer_with_trailers(JSON, &[answer]);
    assert_eq!(story.received(), answer);
    story.done()
}

fn without_a_body() -> String {
    let story = sent("Only trailers are no request.", &[]);
    assert!(!story.is_forwarded());
    story.done()
}

fn half_an_answer() -> String {
    let mut story =
        sent("What is held back when the trailers come is judged as the whole answer.", &[&body()]);
    story.attempt_directly("first/model-1", "first");
    story.answer_with_trailers(JSON, &[b"{\"choices\":["]);
    assert!(!String::from_utf8_lossy(story.received()).contains("\"choices\""));
    story.done()
}

fn more_to_say() -> String {
    let mut story = sent_streaming("A stream that stops in the middle, whose end nothing can be added to.");
    story.attempt_directly("first/model-1", "first");
    let text = b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: {\"cho";
    story.answer_with_trailers(STREAM, &[text]);
    story.done()
}

fn instead_of_an_answer() -> String {
    let mut story = sent("An answer without a body gets its status while its headers are held.", &[&body()]);
    story.attempt_directly("first/model-1", "first");
    story.answer_with_trailers(JSON, &[]);
    let told = story.done();
    assert!(told.contains("set the response header :status: 502") && !told.contains("break"), "{told}");
    told
}

/// What nobody has read does not leave, even where the host fails.
#[test]
fn trailers_that_cannot_be_removed_are_refused() {
    let mut story = Story::direct("");
    story.refuse(&["drop_trailers"]);
    let (length, bearer) = (body().len().to_string(), format!("Bearer {KEY}"));
    story.request_with_trailers(&post("/v1/chat/completions", &length, &bearer), &[&body()]);
    assert!(!story.is_forwarded());
    story.refuse(&[]);
    assert!(story.done().contains("< reply 500\n"));
}
