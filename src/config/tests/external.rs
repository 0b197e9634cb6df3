//! `guard.external`: a service that is asked about requests.

use super::super::compiled::content::{External, ExternalForm, OnError, Streams};
use super::super::compiled::{self, Scheme};
use super::super::gateway::{Host, Upstream, Webhook};
use super::{good_with, lines, parse_with};

const TEAM: &str = "    environments: {dev: {}, prod: {}}\n";

#[test]
fn each_guard_that_asks_has_a_cluster_of_its_own_and_a_team_asks_only_its_own() {
    let gateway = good_with(
        TEAM,
        &format!(
            "{TEAM}    guard: {{external: {{url: 'http://127.0.0.1:9000/check', kind: http, timeout: 250ms, on_error: block}}}}\n  \
             silent: {{guard: {{max_text: {{size: 1KiB, action: warn}}}}}}\n\
             guard: {{external: {{url: 'https://api.openai.com/v1/moderations', kind: openai-moderation, credential: openai, on_error: pass}}}}\n"
        ),
    );
    let content = &gateway.policy.content;
    let common = External {
        cluster: "guard:".to_owned(),
        address: compiled::Webhook {
            scheme: Scheme::Https,
            authority: "api.openai.com".to_owned(),
            path: "/v1/moderations".to_owned(),
        },
        timeout_ms: 1000,
        form: ExternalForm::OpenAiModeration { model: "omni-moderation-latest".to_owned() },
        on_error: OnError::Pass,
        requests: true,
        answers: None,
    };
    assert_eq!(content.external("another"), Some(&common));
    let own = content.external("science").unwrap();
    assert_eq!((&*own.cluster, &own.form, own.timeout_ms), ("guard:science", &ExternalForm::Http, 250));
    assert_eq!(content.external("silent"), None, "its guard is all that holds for it");
    let upstream = Upstream::new(Scheme::Https, Host::Name("api.openai.com".to_owned()), 443, None);
    let service = Webhook { upstream, credential: Some("openai".to_owned()) };
    assert_eq!(gateway.external_guards.get("guard:"), Some(&service));
    assert_eq!(gateway.external_guards.len(), 2);
    let read: compiled::content::Content =
        serde_json::from_str(&serde_json::to_string(content).unwrap()).unwrap();
    assert_eq!(read, **content, "what the filter reads says the same");
}

#[test]
fn it_is_asked_about_requests_unless_the_file_says_otherwise() {
    let asked_about = |members: &str| {
        let guard =
            format!("{TEAM}guard: {{external: {{url: 'http://x', kind: http, on_error: pass{members}}}}}\n");
        let gateway = good_with(TEAM, &guard);
        let external = gateway.policy.content.external("science").unwrap().clone();
        (external.requests, external.answers)
    };
    assert_eq!(asked_about(""), (true, None));
    assert_eq!(asked_about(", about: [requests]"), (true, None));
    assert_eq!(asked_about(", about: [answers]"), (false, Some(Streams::Pass)));
    assert_eq!(asked_about(", about: [answers, requests], streams: hold"), (true, Some(Streams::Hold)));
}

#[test]
fn a_service_that_cannot_be_asked_is_refused() {
    for (external, expected) in [
        ("url: 'ftp://x', kind: http, on_error: block", "guard.external.url: expected a URL"),
        (
            "url: 'http://x', kind: icap, on_error: block",
            "guard.external.kind: expected one of: openai-moderation, http",
        ),
        ("url: 'http://x', kind: http", "guard.external: missing key `on_error`"),
        (
            "url: 'http://x', kind: http, on_error: retry",
            "guard.external.on_error: expected one of: block, pass",
        ),
        (
            "url: 'http://x', kind: http, on_error: pass, timeout: 31s",
            "guard.external.timeout: expected a duration from 10ms to 30s",
        ),
        (
            "url: 'http://x', kind: http, on_error: pass, credential: opnai",
            "guard.external.credential: no credential is named `opnai`",
        ),
        ("url: 'http://x', kind: http, on_error: pass, ca: x.pem", "guard.external.ca: `ca` needs a URL"),
        (
            "url: 'http://x', kind: http, on_error: pass, model: m",
            "guard.external.model: `model` is for the kind openai-moderation",
        ),
        (
            "url: 'http://x', kind: http, on_error: pass, streams: hold",
            "guard.external.streams: `streams` needs `answers` among `about`",
        ),
        (
            "url: 'http://x', kind: http, on_error: pass, about: [prompts]",
            "guard.external.about[0]: expected one of: requests, answers",
        ),
    ] {
        let problems =
            parse_with(TEAM, &format!("{TEAM}guard: {{external: {{{external}}}}}\n")).expect_err(external);
        let problems = lines(&problems);
        assert!(problems.len() == 1 && problems[0].contains(expected), "{external}: {problems:?}");
    }
}
