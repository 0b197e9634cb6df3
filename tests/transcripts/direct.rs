//! Models that need no adapter: the policy builds the attempts, and judges the answer of the last.

use crate::setting::{KEY, PROMPT};
use crate::stories::{STREAM, post};
use crate::story::Story;

pub(crate) fn stories() -> Vec<(String, String)> {
    [
        ("direct", direct as fn() -> String),
        ("direct_stream", stream),
        ("direct_hidden_error", hidden_error),
        ("direct_page", page),
        ("direct_page_without_end", page_without_end),
        ("direct_late", late),
        ("direct_without_a_credential", without_a_credential),
        ("direct_unavailable", unavailable),
        ("direct_broken_off", broken_off),
        ("direct_abandoned", abandoned),
        ("direct_not_in_another_dialect", not_in_another_dialect),
        ("direct_after_a_retry", after_a_retry),
        ("direct_limited_after_a_retry", limited_after_a_retry),
        ("direct_late_after_a_retry", late_after_a_retry),
        ("direct_unavailable_after_a_retry", unavailable_after_a_retry),
    ]
    .into_iter()
    .map(|(name, tell)| (name.to_owned(), tell()))
    .collect()
}

const JSON: &[(&str, &str)] = &[(":status", "200"), ("content-type", "application/json")];

/// A chat request that Envoy sends to the only target.
fn sent(title: &str, members: &str) -> Story {
    sent_for("lone", title, members)
}

fn sent_for(model: &str, title: &str, members: &str) -> Story {
    let mut story = Story::direct(title);
    let body =
        format!(r#"{{"model":"{model}",{members}"messages":[{{"role":"user","content":"{PROMPT}"}}]}}"#);
    let (length, bearer) = (body.len().to_string(), format!("Bearer {KEY}"));
    story.request(&post("/v1/chat/completions", &length, &bearer), &[&body]);
    assert!(story.is_forwarded());
    story.attempt_directly("first/model-1", "first");
    story
}

fn direct() -> String {
    let mut story = sent("No adapter: the policy builds what the provider sees, and Envoy adds the key.", "");
    let answer = br#"{"id":"c1","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3}}"#;
    let (head, tail) = answer.split_at(40);
    story.answer(JSON, &[head, tail], true);
    story.done()
}

fn stream() -> String {
    let mut story = sent("A stream whose usage is asked for and hidden.", "\"stream\":true,");
    let usage = b"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}\n\n";
    let text = b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n";
    story.answer(STREAM, &[b": processing\n\n", text, usage, b"data: [DONE]\n\n"], true);
    story.done()
}

fn hidden_error() -> String {
    let mut story = sent("An error behind a success gets its status.", "\"stream\":true,");
    let error = br#"data: {"error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    story.answer(STREAM, &[error, b"\n\n", b"data: [DONE]\n\n"], true);
    story.done()
}

fn page() -> String {
    let mut story = sent("A page is no answer.", "");
    story.answer(&[(":status", "200"), ("content-type", "text/html")], &[b"<html>", b"</html>"], true);
    story.done()
}

fn page_without_end() -> String {
    let mut story = sent("Nor is one without an end, whose end is not awaited.", "");
    story.answer(&[(":status", "200"), ("content-type", "text/html")], &[b"<html>"], false);
    story.done()
}

fn late() -> String {
    let mut story = sent("An answer that has not begun in time is given up.", "");
    story.wait(1_000);
    story.answer(JSON, &[b"{\"choices\":["], false);
    story.wait(29_000);
    assert_eq!(story.policy.due(), Some(story.now()));
    story.line("> the timer");
    story.policy.overdue();
    story.deliver_past_the_filters();
    story.done()
}

fn without_a_credential() -> String {
    let mut story = sent("Envoy has no value for the credential, and refuses the request.", "");
    story.envoy_answers("401", "Failed to inject credential.");
    story.done()
}

fn unavailable() -> String {
    let mut story = sent("Nobody can be reached.", "");
    story.envoy_answers("503", "upstream connect error");
    story.done()
}

fn broken_off() -> String {
    let mut story = sent(
        "The provider breaks off before the answer is known to be one: Envoy tells the client past the filters.",
        "",
    );
    story.answer(JSON, &[b"{\"choices\":["], false);
    story.break_off();
    story.done()
}

/// Who hangs up pays for what the provider has begun.
fn abandoned() -> String {
    let mut story = sent("The client goes away before the answer is known to be one.", "");
    story.answer(JSON, &[b"{\"choices\":["], false);
    story.hang_up();
    let told = story.done();
    assert!(told.contains("outcome=abandoned") && told.contains("gen_ai_token_type=input"), "{told}");
    told
}

fn not_in_another_dialect() -> String {
    let mut story = Story::direct("What has to be translated goes to an adapter.");
    let body = r#"{"model":"lone","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}"#;
    let (length, bearer) = (body.len().to_string(), format!("Bearer {KEY}"));
    story.request(&post("/v1/messages", &length, &bearer), &[body]);
    assert!(story.attempt("first/model-1"));
    story.done()
}

/// Envoy has tried again by itself.
fn tried_again(title: &str) -> Story {
    let mut story = sent_for("again", title, "");
    story.wait(1_000);
    story.line("= Envoy tries again");
    story.attempt_directly("first/model-1", "first");
    story
}

fn after_a_retry() -> String {
    let mut story = tried_again("An attempt has failed, the next one has not.");
    let answer = br#"{"id":"c1","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3}}"#;
    story.answer(JSON, &[answer], true);
    story.done()
}

fn limited_after_a_retry() -> String {
    let mut story = tried_again("Both attempts have failed; nobody waits any more.");
    let headers = [(":status", "429"), ("content-type", "application/json"), ("retry-after", "1")];
    story.answer(&headers, &[br#"{"error":{"message":"Slow down.","type":"rate_limit_error"}}"#], true);
    story.done()
}

/// The second attempt has its own time, as far as the whole has.
fn late_after_a_retry() -> String {
    let mut story = tried_again("The answer to the second attempt has not begun in time.");
    story.wait(24_000);
    story.answer(JSON, &[b"{\"choices\":["], false);
    let (policy, now) = (&story.policy, story.now());
    // Within 30 s of its headers, and a second before the 50 s are over.
    let due = now.after(std::time::Duration::from_secs(24));
    assert_eq!(policy.due(), Some(due));
    story.wait(24_000);
    story.line("> the timer");
    story.policy.overdue();
    story.deliver_past_the_filters();
    story.done()
}

fn unavailable_after_a_retry() -> String {
    let mut story = tried_again("Nobody can be reached, twice.");
    story.envoy_answers("503", "upstream connect error");
    story.done()
}

/// An error at the beginning of a stream leads to the next attempt only by an adapter.
#[test]
fn a_stream_of_a_model_with_a_retry_goes_by_an_adapter() {
    for (members, adapter) in [("", false), ("\"stream\":false,", false), ("\"stream\":true,", true)] {
        let mut story = Story::direct("");
        let body = format!(r#"{{"model":"again",{members}"messages":[]}}"#);
        let (length, bearer) = (body.len().to_string(), format!("Bearer {KEY}"));
        story.request(&post("/v1/chat/completions", &length, &bearer), &[&body]);
        assert!(story.is_forwarded());
        assert_eq!(story.done().contains("tollgate.ticket"), adapter, "{members}");
    }
}

/// What the policy has built is what an adapter would have.
#[test]
fn the_provider_sees_the_same_as_by_an_adapter() {
    let received = |told: &str| {
        let (_, rest) = told.split_once(" receives\n").unwrap();
        let (message, _) = rest.split_once("\n> ").unwrap();
        let mut lines: Vec<String> = message.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    for members in ["", "\"stream\":true,", "\"stream\":true,\"stream_options\":{},"] {
        let direct = sent("", members).done();
        let mut story = Story::new("");
        crate::stories::forward(&mut story, members);
        assert!(story.attempt("first/model-1"));
        assert_eq!(received(&direct), received(&story.done()), "{members}");
    }
}

/// The host's calls on the way in: nothing goes on where one fails.
#[test]
fn a_failure_of_the_host_refuses_the_request() {
    for call in ["headers", "body", "replace_request_headers", "replace_body", "choose_route"] {
        let mut story = Story::direct("");
        story.refuse(&[call]);
        let body = r#"{"model":"lone","messages":[]}"#;
        let (length, bearer) = (body.len().to_string(), format!("Bearer {KEY}"));
        story.request(&post("/v1/chat/completions", &length, &bearer), &[body]);
        assert!(!story.is_forwarded(), "{call}");
        story.refuse(&[]);
        assert!(story.done().contains("< reply 500\n"), "{call}");
    }
}
