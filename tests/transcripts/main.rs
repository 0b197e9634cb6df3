//! Whole requests through the real driver and the real roles, on a host that is not Envoy.
//!
//! Each story is a file beside this one: what happened (`>`), what was done about it (`<`), what the host refused
//! (`!`) and what came out at either end (`=`). Only effects are written down, never in which order the host was
//! asked. `UPDATE_GOLDEN=1 cargo test --test transcripts` writes the files anew; read what changed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod content;
mod cut;
mod direct;
mod elsewhere;
mod embedding;
mod external;
mod failures;
mod host;
mod late;
mod queue;
mod refusals;
mod setting;
mod status;
mod stories;
mod story;
mod surfaces;
mod trailers;
mod translated;
mod verdict;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::setting::{ACCESS_KEY, CLIENT_KEYS, PROMPT, PROVIDER_KEYS};

/// Every story by the name of its file.
fn told() -> Vec<(String, String)> {
    let stories = stories::ALL.iter().map(|(name, tell)| ((*name).to_owned(), tell()));
    stories
        .chain(translated::stories())
        .chain(surfaces::stories())
        .chain(trailers::stories())
        .chain(content::stories())
        .chain(direct::stories())
        .chain(elsewhere::stories())
        .chain(embedding::stories())
        .chain(external::stories())
        .chain(status::stories())
        .chain(late::stories())
        .chain(verdict::stories())
        .chain(refusals::all())
        .chain(failures::stories())
        .collect()
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

/// The first line in which two texts differ.
fn difference(expected: &str, told: &str) -> String {
    let (mut before, mut now) = (expected.lines(), told.lines());
    let mut line = 1;
    loop {
        match (before.next(), now.next()) {
            (None, None) => return "only the end of the file differs".to_owned(),
            (one, other) if one == other => line += 1,
            (one, other) => {
                return format!(
                    "line {line}\n  recorded: {}\n  now:      {}",
                    one.unwrap_or("(the end)"),
                    other.unwrap_or("(the end)")
                );
            }
        }
    }
}

#[test]
fn stories_go_as_recorded() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut different = String::new();
    let mut names = BTreeSet::new();
    for (name, told) in told() {
        let path = directory().join(format!("{name}.txt"));
        assert!(names.insert(format!("{name}.txt")), "two stories are called {name}");
        if update {
            fs::write(&path, &told).unwrap();
        }
        let recorded = fs::read_to_string(&path).unwrap_or_default();
        if recorded != told {
            different.push_str(&format!("{name}.txt, {}\n", difference(&recorded, &told)));
        }
    }
    assert!(different.is_empty(), "\n{different}if that is meant, run the test with UPDATE_GOLDEN=1");
    for entry in fs::read_dir(directory()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.ends_with(".txt") || names.contains(&name), "nobody tells {name} any more");
    }
}

/// What the policy does is written down as it is; what comes in, and what the adapter sends on, has names in
/// place of the keys. So a key in a file is a key that the policy let out.
#[test]
fn no_story_shows_a_key() {
    let mut seen = 0;
    for (name, told) in told() {
        for (owner, key) in CLIENT_KEYS.iter().chain(PROVIDER_KEYS).chain(ACCESS_KEY) {
            assert!(!told.contains(key), "{name}.txt shows the key of {owner}");
            // The half that is random, in any other dress.
            let secret = key.rsplit('-').next().unwrap();
            assert!(!told.contains(secret), "{name}.txt shows a part of the key of {owner}");
            seen += usize::from(told.contains(&format!("{{key of {owner}}}")));
        }
    }
    assert!(seen > 10, "the stories are about keys: {seen}");
}

/// Metrics, the access log and Envoy's own log are kept for long and read by many.
#[test]
fn no_story_logs_a_prompt() {
    let mut logged = 0;
    for (name, told) in told() {
        for line in told
            .lines()
            .filter(|line| ["< log", "< add", "< record", "< warn"].iter().any(|kind| line.starts_with(kind)))
        {
            assert!(!line.contains(PROMPT), "{name}.txt: {line}");
            logged += 1;
        }
    }
    assert!(logged > 50, "the stories are logged: {logged}");
}

/// The codes that docs/refusals.md lists, each in a story of its own.
#[test]
fn every_code_is_told() {
    let told: String = told().into_iter().map(|(_, told)| told).collect();
    for code in [
        "invalid_api_key",
        "duplicate_credentials",
        "key_revoked",
        "key_expired",
        "unknown_endpoint",
        "method_not_allowed",
        "unsupported_media_type",
        "request_too_large",
        "request_timeout",
        "invalid_json",
        "invalid_request",
        "model_not_found",
        "model_not_allowed",
        "no_permitted_provider",
        "concurrency_limit_exceeded",
        "no_provider_available",
        "provider_timeout",
        "provider_answer_unreadable",
        "unsupported_by_provider",
        "endpoint_not_served",
        "internal_error",
    ] {
        assert!(told.contains(&format!("\"code\":\"{code}\"")), "no client is told {code}");
        // What a provider has answered counts as its error, whatever was wrong with it.
        let outcome = if code == "provider_answer_unreadable" { "provider_error" } else { code };
        assert!(told.contains(&format!("|outcome={outcome}\n")), "no metric counts {code}");
    }
}
