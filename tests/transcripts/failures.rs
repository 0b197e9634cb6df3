//! Calls that the host refuses. On the way in nothing goes on unchecked; on the way out the answer goes on.

use crate::stories::{STREAM, chatting, forward};
use crate::story::Story;

const TEXT: &[u8] = b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n";
const USAGE: &[u8] = b"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n";

/// One story for each side; the tests below try every call.
pub(crate) fn stories() -> Vec<(String, String)> {
    vec![
        ("host_fails_before_the_route".to_owned(), {
            let mut story =
                Story::new("The host cannot choose the route: the request must not take the default one.");
            story.refuse(&["choose_route"]);
            forward(&mut story, "");
            story.done()
        }),
        ("host_fails_in_the_adapter".to_owned(), {
            let mut story =
                Story::new("The host cannot replace the headers: the provider must not see the client's.");
            forward(&mut story, "");
            story.refuse(&["replace_request_headers"]);
            assert!(!story.attempt("first/model-1"));
            story.refuse(&[]);
            story.done()
        }),
        ("host_fails_on_the_way_out".to_owned(), {
            let mut story = chatting("The host cannot remove a response header: the answer goes on.", "");
            story.refuse(&["remove_header"]);
            let answer = br#"{"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2}}"#;
            let fields =
                [(":status", "200"), ("content-type", "application/json"), ("x-ratelimit-limit-images", "9")];
            story.answer(&fields, &[answer], true);
            story.refuse(&[]);
            story.done()
        }),
    ]
}

/// The gateway's own words for it, and nothing for the provider.
fn is_internal_error(told: &str, call: &str) {
    assert!(told.contains(&format!("! the host refuses {call}\n")), "{call} is not used there:\n{told}");
    assert!(told.contains("< reply 500\n"), "{call}:\n{told}");
    assert!(told.contains("\"code\":\"internal_error\""), "{call}:\n{told}");
    assert!(!told.contains("receives\n    :method"), "{call}: a provider was called:\n{told}");
}

#[test]
fn a_failure_before_the_route_refuses_the_request() {
    for call in ["headers", "body", "set_header", "remove_header", "publish", "choose_route"] {
        let mut story = Story::new("");
        story.refuse(&[call]);
        forward(&mut story, "\"stream\":true,");
        assert!(!story.is_forwarded(), "{call}");
        story.refuse(&[]);
        is_internal_error(&story.done(), call);
    }
}

#[test]
fn a_failure_in_an_attempt_refuses_the_request() {
    for call in ["target", "published", "request_header", "replace_request_headers", "replace_body"] {
        let mut story = Story::new("");
        forward(&mut story, "\"stream\":true,");
        story.refuse(&[call]);
        assert!(!story.attempt("first/model-1"), "{call}");
        story.refuse(&[]);
        is_internal_error(&story.done(), call);
    }
}

/// Not even the reply can be given, and Envoy goes on calling: the request still does not go on.
#[test]
fn a_request_that_cannot_be_refused_does_not_go_on() {
    let mut story = Story::new("");
    story.refuse(&["reply"]);
    story.request(&[(":method", "POST"), (":path", "/v1/chat/completions")], &["{", "}"]);
    assert!(!story.is_forwarded());
    assert!(story.so_far().contains("< warn the host refused the reply, too\n"));

    // With the headers as they were, it would take every credential along.
    for call in ["target", "replace_request_headers", "replace_body"] {
        let mut story = Story::new("");
        forward(&mut story, "");
        story.refuse(&[call, "reply"]);
        assert!(!story.attempt("first/model-1"), "{call}");
        assert!(story.so_far().contains("< warn the host refused the reply, too\n"), "{call}");
    }
}

/// The client gets what the provider sent, and the request is settled, whatever fails in between.
#[test]
fn a_failure_on_the_way_out_does_not_stop_the_answer() {
    for call in ["headers", "remove_header", "body", "replace_body"] {
        let mut story = chatting("", "\"stream\":true,");
        story.refuse(&[call]);
        story.answer(
            &[STREAM, &[("content-length", "300")]].concat(),
            &[TEXT, USAGE, b"data: [DONE]\n\n"],
            true,
        );
        let received = String::from_utf8_lossy(story.received()).into_owned();
        assert!(received.starts_with(&*String::from_utf8_lossy(TEXT)), "{call}: {received}");
        assert!(received.ends_with("data: [DONE]\n\n"), "{call}: {received}");
        story.refuse(&[]);
        let told = story.done();
        assert!(told.contains(&format!("! the host refuses {call}\n")), "{call} is not used there:\n{told}");
        assert_eq!(told.matches("to tollgate.requests|").count(), 1, "{call}: settled once:\n{told}");
        assert_eq!(told.matches("< log tollgate.log").count(), 1, "{call}: logged once:\n{told}");
    }
}

/// What is asked of the host for an error only.
#[test]
fn a_failure_to_tell_whose_error_it_is_passes_it_on() {
    let mut story = chatting("", "");
    story.refuse(&["is_upstream_answer"]);
    story.answer(&[(":status", "429"), ("content-type", "application/json")], &[b"{}"], true);
    assert_eq!(story.received(), b"{}");
    assert!(story.so_far().contains("! the host refuses is_upstream_answer\n"));
}

/// A lost number is no reason to lose the others.
#[test]
fn a_failure_to_settle_loses_no_more_than_that() {
    for (call, kept) in [
        ("measure", "< log tollgate.log"),
        ("publish", "< add 1 to tollgate.requests|"),
        ("broken_by", "< log tollgate.log"),
    ] {
        let mut story = chatting("", "\"stream\":true,");
        story.answer(STREAM, &[TEXT], false);
        story.refuse(&[call]);
        let told = story.done();
        assert!(told.contains(&format!("! the host refuses {call}\n")), "{call} is not used there:\n{told}");
        assert!(told.contains(kept), "{call}:\n{told}");
    }
}

/// A target with a time of its own is answered for by Envoy, from within, when that is over: no provider has spoken.
#[test]
fn what_envoy_says_in_a_targets_place_is_told_as_its_own() {
    for (status, code) in [("504", "provider_timeout"), ("503", "no_provider_available")] {
        let mut story = chatting("", "");
        let fields = [(":status", status), ("content-type", "text/plain"), ("x-tollgate-unanswered", "true")];
        story.answer(&fields, &[b"upstream request timeout"], true);
        let received = String::from_utf8_lossy(story.received()).into_owned();
        assert!(received.contains(&format!("\"code\":\"{code}\"")), "{received}");
        let told = story.done();
        assert!(told.contains("\"failed_attempts\":\"first:no_answer\""), "{told}");
        assert!(told.contains("< remove the response header x-tollgate-unanswered\n"), "{told}");
    }
}
