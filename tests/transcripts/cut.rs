//! Streams that go on when what was reserved for them is used up.

use crate::setting::BRIEF_KEY;
use crate::stories::{STREAM, post};
use crate::story::Story;

/// Of the model's typical output of 4 tokens, and 64 more at a time, the key of `brief` has room for 4 and 64.
const ROOM: usize = 68;

fn asked(title: &str, options: &str) -> Story {
    let mut story = Story::new(title);
    let body = format!(
        r#"{{"model":"brief","stream":true,{options}"messages":[{{"role":"user","content":"Go on."}}]}}"#
    );
    let (length, bearer) = (body.len().to_string(), format!("Bearer {BRIEF_KEY}"));
    story.request(&post("/v1/chat/completions", &length, &bearer), &[&body]);
    assert!(story.attempt("first/model-1"));
    story.cut_short();
    story
}

/// An event of so many tokens, by the rule of four bytes for one.
fn event(tokens: usize) -> String {
    let text = "abc ".repeat(tokens);
    format!(
        "data: {{\"id\":\"c1\",\"created\":7,\"model\":\"model-1\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n"
    )
}

pub(crate) fn cut() -> String {
    let mut story = asked(
        "A stream goes on beyond all that can be reserved for it: it is cut, and charged for what passed.",
        "\"stream_options\":{\"include_usage\":true},",
    );
    let (begin, middle, beyond) = (event(4), event(ROOM - 4), event(1));
    story.answer(
        STREAM,
        &[
            begin.as_bytes(),
            &[middle.as_bytes(), beyond.as_bytes()].concat(),
            beyond.as_bytes(),
            b"data: [DONE]\n\n",
        ],
        true,
    );
    let received = String::from_utf8_lossy(story.received()).into_owned();
    assert_eq!(received.matches("abc ").count(), ROOM);
    assert!(received.ends_with("data: [DONE]\n\n") && received.contains("\"finish_reason\":\"length\""));
    story.done()
}

pub(crate) fn extended() -> String {
    let mut story =
        asked("A stream takes more than was reserved at first; the rest is reserved while it passes.", "");
    story.answer(STREAM, &[&event(5).into_bytes(), b"data: [DONE]\n\n"], true);
    story.done()
}

pub(crate) fn unchecked() -> String {
    let mut story = asked("The cells cannot be read when more is to be reserved: the stream is cut.", "");
    story.refuse(&["shared"]);
    story.answer(STREAM, &[&event(5).into_bytes(), b"data: [DONE]\n\n"], true);
    story.refuse(&[]);
    story.done()
}

/// What the provider is told to keep to is all reserved.
pub(crate) fn own_limit() -> String {
    let mut story = asked("A request with a limit of its own is never cut.", "\"max_tokens\":8,");
    story.answer(STREAM, &[&event(9).into_bytes(), b"data: [DONE]\n\n"], true);
    story.done()
}
