//! Requests that a service is asked about before they go on.

use crate::setting::{ASKED_KEY, LENIENT_KEY};
use crate::stories::post;
use crate::story::Story;

pub(crate) fn stories() -> Vec<(String, String)> {
    [
        ("external_passes", passes as fn() -> String),
        ("external_blocks", blocks),
        ("external_silent", silent),
        ("external_silent_passes", silent_passes),
        ("external_cannot_be_called", cannot_be_called),
        ("external_client_gone", client_gone),
        ("external_not_asked", not_asked),
    ]
    .into_iter()
    .map(|(name, tell)| (name.to_owned(), tell()))
    .collect()
}

/// A request that waits for the service's answer.
fn asked(title: &str, key: &str) -> Story {
    let mut story = Story::new(title);
    ask(&mut story, key, "chat");
    assert!(!story.is_forwarded());
    story
}

fn ask(story: &mut Story, key: &str, model: &str) {
    let messages =
        r#"[{"role":"system","content":"Be kind."},{"role":"user","content":"Write to ann@corp.example."}]"#;
    let body = &*format!(r#"{{"model":"{model}","messages":{messages}}}"#);
    let (bearer, length) = (format!("Bearer {key}"), body.len().to_string());
    story.request(&post("/v1/chat/completions", &length, &bearer), &[body]);
}

fn answered(mut story: Story) -> String {
    assert!(story.is_forwarded());
    assert!(story.attempt("first/model-1"));
    let answer = br#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}"#;
    story.answer(&[(":status", "200"), ("content-type", "application/json")], &[answer], true);
    story.done()
}

fn passes() -> String {
    let mut story =
        asked("A service is asked, without the private value, and has nothing against it.", ASKED_KEY);
    story.wait(40);
    story.service_answers(Some(200), r#"{"action":"pass"}"#);
    answered(story)
}

fn blocks() -> String {
    let mut story = asked("A service is asked, and its rule is broken: nothing was reserved.", ASKED_KEY);
    story.service_answers(Some(200), r#"{"action":"block","rule":"finance.4"}"#);
    assert!(!story.is_forwarded());
    story.done()
}

fn not_asked() -> String {
    let mut story = Story::new("The key may not call the model, and no service is told what it says.");
    ask(&mut story, ASKED_KEY, "mixed");
    story.done()
}

fn silent() -> String {
    let mut story =
        asked("A service does not answer in time: what nobody has seen does not go on.", ASKED_KEY);
    story.wait(1000);
    story.service_answers(None, "");
    assert!(!story.is_forwarded());
    story.done()
}

fn silent_passes() -> String {
    let mut story = asked("A service answers with a page, and requests may go on without it.", LENIENT_KEY);
    story.service_answers(Some(502), "<html>");
    answered(story)
}

fn cannot_be_called() -> String {
    let mut story = Story::new("The host cannot call the service, and requests may go on without it.");
    story.refuse(&["post"]);
    ask(&mut story, LENIENT_KEY, "chat");
    story.refuse(&[]);
    answered(story)
}

fn client_gone() -> String {
    let mut story =
        asked("The client hangs up while the service is asked; a late answer changes nothing.", ASKED_KEY);
    story.wait(20);
    story.hang_up();
    story.service_answers_after_the_end();
    story.so_far()
}

#[test]
fn an_answer_that_nobody_waits_for_moves_nothing() {
    let mut story = asked("", ASKED_KEY);
    story.service_answers(Some(200), r#"{"action":"pass"}"#);
    assert!(story.is_forwarded());
    let before = story.so_far();
    story.service_answers(Some(200), r#"{"action":"block"}"#);
    assert!(!story.so_far().strip_prefix(&before).unwrap().contains("go on"));
    assert!(story.done().contains("\"guard\":null"));
}
