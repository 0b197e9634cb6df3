//! Requests that do not go where their model's targets are: those that providers object to, and those that some providers may
//! not see.

use crate::setting::{HOME_KEY, PROMPT, WIDE_KEY};
use crate::stories::post;
use crate::story::Story;

const TOO_LONG: &[u8] = br#"{"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#;
const REFUSED: &[(&str, &str)] = &[(":status", "400"), ("content-type", "application/json")];
const BUSY: &[u8] = br#"{"error":{"message":"busy","type":"server_error","param":null,"code":null}}"#;

pub(crate) fn stories() -> Vec<(String, String)> {
    vec![
        ("elsewhere_at_once".to_owned(), at_once()),
        ("elsewhere_after_an_objection".to_owned(), after_an_objection()),
        ("elsewhere_not_followed".to_owned(), not_followed()),
        ("elsewhere_not_allowed".to_owned(), not_allowed()),
        ("elsewhere_of_gemini".to_owned(), of_gemini()),
        ("elsewhere_silent".to_owned(), silent()),
        ("elsewhere_unreachable".to_owned(), unreachable()),
        ("residency".to_owned(), residency()),
        ("residency_after_a_reload".to_owned(), after_a_reload()),
        ("refused_residency".to_owned(), refused_residency()),
    ]
}

fn asked(title: &str, model: &str, prompt: &str) -> Story {
    asked_by(WIDE_KEY, title, model, prompt)
}

fn asked_by(key: &str, title: &str, model: &str, prompt: &str) -> Story {
    let mut story = Story::new(title);
    let body = format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"{prompt}"}}]}}"#);
    let (length, bearer) = (body.len().to_string(), format!("Bearer {key}"));
    story.request(&post("/v1/chat/completions", &length, &bearer), &[&body]);
    story
}

fn at_once() -> String {
    let prompt = [PROMPT; 8].join(" ");
    asked(
        "A prompt that does not fit into its model's window goes to the other model at once.",
        "narrow",
        &prompt,
    )
    .done()
}

fn silent() -> String {
    let mut story = asked(
        "The last target is silent for as long as Envoy lets it, which then finds no other.",
        "narrow",
        PROMPT,
    );
    assert!(story.attempt("first/model-0"));
    story.wait(600_000);
    story.envoy_answers("503", "no healthy upstream");
    story.done()
}

fn unreachable() -> String {
    let mut story = asked("The last target cannot be reached, and Envoy finds no other.", "narrow", PROMPT);
    assert!(story.attempt("first/model-0"));
    story.wait(5_000);
    story.envoy_answers("503", "no healthy upstream");
    story.done()
}

fn after_an_objection() -> String {
    let mut story =
        asked("A provider finds a prompt too long: the next attempt is the other model's.", "narrow", PROMPT);
    assert!(story.attempt("first/model-0"));
    let (head, tail) = TOO_LONG.split_at(60);
    story.retried(REFUSED, &[head, tail]);
    // What that one has against it is the client's to know.
    assert!(story.attempt("first/model-1"));
    story.answer(REFUSED, &[TOO_LONG], true);
    story.done()
}

fn not_followed() -> String {
    let mut story = asked(
        "No attempt follows, for whatever reason: the client gets the provider's words.",
        "narrow",
        PROMPT,
    );
    assert!(story.attempt("first/model-0"));
    story.cut_short();
    story.answer(REFUSED, &[TOO_LONG], true);
    story.done()
}

fn not_allowed() -> String {
    let title =
        "Its caller may not call the other model; and a failure of the last target is the last attempt.";
    let mut story = asked(title, "picky", PROMPT);
    assert!(story.attempt("first/model-0"));
    story.cut_short();
    story.retried(&[(":status", "503"), ("content-type", "application/json")], &[BUSY]);
    assert!(story.attempt("gemini/gemini-2.5-pro"));
    story.cut_short();
    let blocked = br#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4}}"#;
    story.answer(&[(":status", "200"), ("content-type", "application/json")], &[blocked], true);
    story.done()
}

fn of_gemini() -> String {
    let mut story =
        asked("Gemini blocks a prompt behind status 200: that is an objection, too.", "open-minded", PROMPT);
    assert!(story.attempt("gemini/gemini-2.5-pro"));
    story.cut_short();
    let blocked = br#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4}}"#;
    story.retried(&[(":status", "200"), ("content-type", "application/json")], &[blocked]);
    assert!(story.attempt("first/model-1"));
    story.cut_short();
    story.answer(&[(":status", "503"), ("content-type", "application/json")], &[BUSY], true);
    story.done()
}

fn residency() -> String {
    let mut story = asked_by(
        HOME_KEY,
        "Only one provider may serve the key: it gets that part of the chain.",
        "chat",
        PROMPT,
    );
    assert!(story.attempt("second/org/a-longer-model"));
    story.done()
}

fn after_a_reload() -> String {
    let title = "A chain that was reloaded in between leads to a provider that may not serve the key: it is not asked.";
    let mut story = asked_by(HOME_KEY, title, "chat", PROMPT);
    assert!(!story.attempt("first/model-1"));
    story.done()
}

fn refused_residency() -> String {
    asked_by(HOME_KEY, "No provider of the model may serve the key.", "private", PROMPT).done()
}
