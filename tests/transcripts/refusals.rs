//! Requests that the policy refuses, one story for each reason. No provider hears of any.

use crate::setting::{EXPIRED_KEY, KEY, REVOKED_KEY, UNKNOWN_KEY};
use crate::stories::post;
use crate::story::Story;

const CHAT: &str = "/v1/chat/completions";

/// A request with this key, body and change of its headers, which must be refused.
fn refused(title: &str, key: &str, body: &str, change: &[(&str, Option<&str>)]) -> String {
    let mut story = Story::new(title);
    let (bearer, length) = (format!("Bearer {key}"), body.len().to_string());
    let mut fields = post(CHAT, &length, &bearer);
    for (name, value) in change {
        fields.retain(|(field, _)| field != name);
        fields.extend(value.map(|value| (*name, value)));
    }
    story.request(&fields, &[body]);
    assert!(!story.is_forwarded());
    story.done()
}

pub(crate) fn all() -> Vec<(String, String)> {
    let good = r#"{"model":"chat","messages":[]}"#;
    let large = format!("{{\"model\":\"chat\",\"prompt\":\"{}\"}}", "x".repeat(1 << 10));
    let headers = |title, change: &[(&str, Option<&str>)]| refused(title, KEY, good, change);
    let body = |title, body| refused(title, KEY, body, &[]);
    let stories = [
        ("no_key", headers("No key at all.", &[("authorization", None)])),
        (
            "unknown_key",
            refused("A key with the wrong secret; the id is not confirmed.", UNKNOWN_KEY, good, &[]),
        ),
        (
            "two_keys",
            headers(
                "Two keys: the gateway and the provider could each read another.",
                &[("x-api-key", Some(KEY))],
            ),
        ),
        ("revoked_key", refused("A revoked key.", REVOKED_KEY, good, &[])),
        ("expired_key", refused("An expired key.", EXPIRED_KEY, good, &[])),
        (
            "unknown_endpoint",
            headers(
                "A path that is not served; its query may hold anything.",
                &[(":path", Some("/v1/files?key=1"))],
            ),
        ),
        ("wrong_method", headers("A path that is served with another method.", &[(":method", Some("PUT"))])),
        (
            "media_type",
            headers("Not JSON by its own account.", &[("content-type", Some("multipart/form-data"))]),
        ),
        ("encoding", headers("A compressed body.", &[("content-encoding", Some("gzip"))])),
        (
            "announced_too_large",
            headers(
                "Too large by its own account: refused before the body.",
                &[("content-length", Some("1025"))],
            ),
        ),
        ("too_large", refused("Too large, and not announced.", KEY, &large, &[("content-length", None)])),
        ("invalid_json", body("Not JSON.", "{\"model\":\"chat\",}")),
        ("empty_body", body("An empty body.", "")),
        (
            "repeated_member",
            body(
                "Two models: the gateway and the provider could each read another.",
                r#"{"model":"chat","\u006dodel":"private"}"#,
            ),
        ),
        ("invalid_member", body("A member of the wrong type.", r#"{"model":["chat"]}"#)),
        ("unknown_model", body("A model that does not exist.", r#"{"model":"gpt-4o","messages":[]}"#)),
        ("forbidden_model", body("A model that is not this key's.", r#"{"model":"private","messages":[]}"#)),
    ];
    stories.into_iter().map(|(name, told)| (format!("refused_{name}"), told)).collect()
}
