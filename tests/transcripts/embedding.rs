//! Embeddings by providers of other dialects, and where a model is not served at all.
//!
//! Requests and answers are those of the providers' API references.

use crate::setting::{ACCESS_KEY, PROMPT, WIDE_KEY};
use crate::stories::post;
use crate::story::Story;

pub(crate) fn stories() -> Vec<(String, String)> {
    [
        ("embeddings_of_another", of_another as fn() -> String),
        ("embeddings_without_usage", without_usage),
        ("embeddings_unreadable", unreadable),
        ("refused_embeddings_of_tokens", tokens),
        ("refused_embeddings_of_several", several),
        ("refused_endpoint_of_model", chat),
        ("refused_endpoint_of_gemini", of_gemini),
    ]
    .into_iter()
    .map(|(name, tell)| (name.to_owned(), tell()))
    .collect()
}

const GEMINI: &str = "gemini/gemini-embedding-001";
const TITAN: &str = "aws/amazon.titan-embed-text-v2:0";

const JSON: &[(&str, &str)] =
    &[(":status", "200"), ("content-type", "application/json"), ("content-length", "999")];

fn asked(title: &str, path: &str, body: &str) -> Story {
    let mut story = Story::new(title);
    story.credentials.extend(ACCESS_KEY.iter().map(|(name, key)| ((*name).to_owned(), (*key).to_owned())));
    let (length, bearer) = (body.len().to_string(), format!("Bearer {WIDE_KEY}"));
    story.request(&post(path, &length, &bearer), &[body]);
    story
}

fn embed(title: &str, members: &str) -> Story {
    asked(title, "/v1/embeddings", &format!(r#"{{"model":"vectors",{members}}}"#))
}

fn of_another() -> String {
    let members = format!(r#""input":["{PROMPT}"],"encoding_format":"base64","dimensions":256,"user":"u-1""#);
    let mut story =
        embed("Embeddings of two providers, none of which speaks the client's dialect.", &members);
    assert!(story.attempt(GEMINI));
    let body = br#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#;
    story.retried(&[(":status", "503"), ("content-type", "application/json")], &[body]);
    assert!(story.attempt(TITAN));
    let body: [&[u8]; 2] = [
        br#"{"embedding":[1.0,-0.5],"inputText"#,
        br#"TokenCount":7,"embeddingsByType":{"float":[1.0,-0.5]}}"#,
    ];
    story.answer(JSON, &body, true);
    story.done()
}

fn without_usage() -> String {
    let mut story =
        embed("A provider that does not say how much it read: it is estimated.", r#""input":"Hallo Welt""#);
    assert!(story.attempt(GEMINI));
    story.answer(JSON, &[br#"{"embeddings":[{"values":[0.25]}]}"#], true);
    story.done()
}

fn unreadable() -> String {
    let mut story = embed("Fewer vectors than texts are no answer.", r#""input":["Hallo","Welt"]"#);
    assert!(story.attempt(GEMINI));
    story.answer(JSON, &[br#"{"embeddings":[{"values":[0.25]}]}"#], true);
    story.done()
}

fn tokens() -> String {
    let mut story =
        embed("Token numbers mean nothing to another family of models.", r#""input":[[1212,318]]"#);
    assert!(!story.attempt(GEMINI));
    story.done()
}

fn several() -> String {
    let mut story = embed("A model that takes one text at a time.", r#""input":["Hallo","Welt"]"#);
    assert!(!story.attempt(TITAN));
    story.done()
}

fn chat() -> String {
    let body = r#"{"model":"vectors","messages":[]}"#;
    asked("A model that is served elsewhere only.", "/v1/chat/completions", body).done()
}

fn of_gemini() -> String {
    let body = r#"{"content":{"parts":[{"text":"Hallo"}]}}"#;
    asked(
        "A method of Gemini's API that is not served, in the words of that API.",
        "/v1beta/models/vectors:embedContent",
        body,
    )
    .done()
}
