//! The webhook for alerts.

use super::super::compiled::{self, Scheme};
use super::super::gateway::{Host, Upstream, Webhook};
use super::{good_with, lines, parse_with};

#[test]
fn a_webhook_is_addressed_by_its_url() {
    let gateway = good_with(
        "teams:\n",
        "alerts: {webhook: {url: 'https://hooks.example.com:8443/services/a/', credential: openai}}\nteams:\n",
    );
    let addressed = compiled::Webhook {
        scheme: Scheme::Https,
        authority: "hooks.example.com:8443".to_owned(),
        path: "/services/a".to_owned(),
    };
    assert_eq!(gateway.policy.webhook, Some(addressed));
    let host = Host::Name("hooks.example.com".to_owned());
    let upstream = Upstream::new(Scheme::Https, host, 8443, None);
    assert_eq!(gateway.webhook, Some(Webhook { upstream, credential: Some("openai".to_owned()) }));
    let root = good_with("teams:\n", "alerts: {webhook: {url: 'http://127.0.0.1'}}\nteams:\n");
    assert_eq!(root.policy.webhook.map(|webhook| webhook.path), Some("/".to_owned()));
    assert_eq!(good_with("teams:\n", "alerts: {}\nteams:\n").webhook, None);
}

#[test]
fn a_webhook_that_cannot_be_called_is_refused() {
    let problems = parse_with(
        "teams:\n",
        "alerts: {webhook: {url: 'ftp://hooks.example.com', credential: opnai, ca: x.pem}}\nteams:\n",
    )
    .expect_err("a wrong URL and an unknown credential");
    let problems = lines(&problems);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("alerts.webhook.url"), "{problems:?}");
    assert!(
        problems[1].contains("alerts.webhook.credential") && problems[1].contains("`openai`"),
        "{problems:?}"
    );
}
