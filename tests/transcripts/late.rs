//! Answers that do not begin in time, and streams that are not over in time.

use crate::setting::{BRIEF_KEY, OPERATOR_KEY};
use crate::stories::{STREAM, chatting, post};
use crate::story::Story;

pub(crate) fn stories() -> Vec<(String, String)> {
    [
        ("late", late as fn() -> String),
        ("late_at_last", late_at_last),
        ("late_in_time", late_in_time),
        ("unreadable_of_a_limited_key", unreadable_of_a_limited_key),
        ("total_timeout_of_a_stream", total_timeout_of_a_stream),
        ("total_timeout_of_an_answer", total_timeout_of_an_answer),
        ("total_timeout_after_the_last_word", total_timeout_after_the_last_word),
    ]
    .into_iter()
    .map(|(name, tell)| (name.to_owned(), tell()))
    .collect()
}

const JSON: &[(&str, &str)] = &[(":status", "200"), ("content-type", "application/json")];
const ANSWER: &[u8] = br#"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3}}"#;

/// The first target has 30 s, and another of the chain more, which is what Envoy gives an attempt.
fn late() -> String {
    let mut story =
        chatting("A target says nothing behind its headers for all its time.", "\"stream\":true,");
    story.overdue(STREAM, &[b": processing\n\n"], 30_000);
    assert!(story.attempt("second/org/a-longer-model"));
    story.answer(JSON, &[ANSWER], true);
    story.done()
}

fn late_at_last() -> String {
    let mut story = chatting("So does the last: the gateway answers in its place.", "");
    story.overdue_at_last(JSON, &[b"{\"choices\":["], 30_000);
    story.done()
}

/// What goes with the gateway's answer is what would have gone with the provider's.
fn unreadable_of_a_limited_key() -> String {
    let mut story =
        Story::new("A page without an end, and a key with a budget: the client is told of both at once.");
    let body = r#"{"model":"brief","messages":[{"role":"user","content":"Go on."}]}"#;
    let (length, bearer) = (body.len().to_string(), format!("Bearer {BRIEF_KEY}"));
    story.request(&post("/v1/chat/completions", &length, &bearer), &[body]);
    assert!(story.attempt("first/model-1"));
    story.cut_short();
    story.answer(&[(":status", "200"), ("content-type", "text/html")], &[b"<html>", b"<html>"], false);
    let told = story.done();
    let (_, client) = told.split_once("= the client receives").unwrap();
    assert!(client.contains("x-ratelimit-remaining-tokens: ") && !client.contains("unanswered"), "{told}");
    told
}

fn late_in_time() -> String {
    let mut story = chatting("An answer has begun: it may take as long as it likes.", "\"stream\":true,");
    story.pace = 40_000;
    story.answer(STREAM, &[event("Hi").as_bytes(), event(" you").as_bytes(), b"data: [DONE]\n\n"], true);
    story.done()
}

fn event(text: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
}

/// A call of a model that has 10 s for all of it.
fn brisk(title: &str, members: &str) -> Story {
    let mut story = Story::new(title);
    let body = format!(r#"{{"model":"brisk",{members}"messages":[{{"role":"user","content":"Go on."}}]}}"#);
    let (length, bearer) = (body.len().to_string(), format!("Bearer {OPERATOR_KEY}"));
    story.request(&post("/v1/chat/completions", &length, &bearer), &[&body]);
    assert!(story.attempt("first/model-1"));
    story.cut_short();
    story.pace = 4_500;
    story
}

fn total_timeout_of_a_stream() -> String {
    let mut story =
        brisk("A stream goes on until its time is nearly up: it ends with an error.", "\"stream\":true,");
    let (whole, half) = (event("so much"), event("and so on"));
    let (head, tail) = half.split_at(40);
    // A piece of an event that has not passed yet is left out, and so is what comes after.
    let second = [whole.as_bytes(), head.as_bytes()].concat();
    story.answer(STREAM, &[whole.as_bytes(), &second, tail.as_bytes(), whole.as_bytes()], false);
    let received = String::from_utf8_lossy(story.received()).into_owned();
    assert_eq!(received.matches("so much").count(), 2, "{received}");
    assert!(!received.contains("and so on") && received.ends_with("\n\n"), "{received}");
    assert_eq!(received.matches("\"provider_timeout\"").count(), 1, "{received}");
    story.done()
}

fn total_timeout_of_an_answer() -> String {
    let mut story = brisk("What is no stream has no place for an error.", "");
    let (head, tail) = ANSWER.split_at(20);
    story.answer(JSON, &[head, &tail[..10], &tail[10..]], true);
    story.done()
}

fn total_timeout_after_the_last_word() -> String {
    let mut story = brisk("A stream that has said that it is over is let to its end.", "\"stream\":true,");
    let last = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    story.answer(STREAM, &[event("Hi").as_bytes(), last.as_bytes(), b"data: [DONE]\n\n"], true);
    assert!(story.received().ends_with(b"data: [DONE]\n\n"));
    story.done()
}
