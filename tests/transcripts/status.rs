//! Who asks how the providers do, and what becomes of that.

use crate::setting::{KEY, OPERATOR_KEY};
use crate::story::Story;

pub(crate) fn stories() -> Vec<(String, String)> {
    [
        ("status", told as fn() -> String),
        ("status_hidden", hidden),
        ("status_wrong_method_hidden", wrong_method_hidden),
        ("status_wrong_method", wrong_method),
        ("status_with_a_body", with_a_body),
        ("status_silent", silent),
        ("status_unreadable", unreadable),
        ("status_cannot_be_asked", cannot_be_asked),
        ("status_client_gone", client_gone),
    ]
    .into_iter()
    .map(|(name, tell)| (name.to_owned(), tell()))
    .collect()
}

/// As Envoy 1.40 answers, cut down to a cluster of each kind.
const CLUSTERS: &str = r#"{"cluster_statuses": [
 {"name": "model/chat", "observability_name": "model/chat"},
 {"name": "envoy:admin", "host_statuses": [{"stats": [{"value": "7", "name": "rq_total"}]}]},
 {"name": "first/model-1", "observability_name": "first/model-1", "host_statuses": [
  {"address": {"socket_address": {"address": "192.0.2.7", "port_value": 443}},
   "stats": [{"value": "12", "name": "rq_total"}, {"type": "GAUGE", "value": "2", "name": "rq_active"}, {"name": "rq_error"}],
   "health_status": {"eds_health_status": "HEALTHY", "failed_outlier_check": true}, "hostname": "first.test"}]}]}"#;

const STATS: &str = "cluster.first/model-1.outlier_detection.ejections_enforced_total: 1
wasmcustom.tollgate.attempt_failures|provider=first|reason=no_answer: 5
wasmcustom.tollgate.credential_rejected|provider=second: 3
";

/// A call with fields by which it would like to get further than it should.
fn ask(title: &str, key: &str, method: &str, pieces: &[&str]) -> Story {
    let mut story = Story::new(title);
    let bearer = format!("Bearer {key}");
    let fields = [
        (":method", method),
        (":scheme", "http"),
        (":authority", "gateway.test:10000"),
        (":path", "/v1/status?filter=.*"),
        ("authorization", bearer.as_str()),
        ("x-tollgate-cluster", "envoy:admin"),
        ("x-request-id", "5f0c7a52"),
    ];
    story.request(&fields, pieces);
    assert!(!story.is_forwarded());
    story
}

fn told() -> String {
    let mut story = ask("An operator is told how the providers do.", OPERATOR_KEY, "GET", &[]);
    story.wait(3);
    story.service_answers(Some(200), CLUSTERS);
    story.wait(2);
    story.service_answers(Some(200), STATS);
    assert!(!story.is_forwarded());
    story.done()
}

fn hidden() -> String {
    ask("Another key asks, and there is nothing.", KEY, "GET", &[]).done()
}

fn wrong_method_hidden() -> String {
    ask("Another key asks otherwise, and there is nothing.", KEY, "POST", &[]).done()
}

fn wrong_method() -> String {
    ask("An operator asks otherwise.", OPERATOR_KEY, "POST", &[]).done()
}

fn with_a_body() -> String {
    let mut story =
        ask("What a client sends with its question goes nowhere.", OPERATOR_KEY, "GET", &["POST ", "/quit"]);
    story.service_answers(Some(200), CLUSTERS);
    story.service_answers(Some(200), STATS);
    assert!(!story.is_forwarded());
    story.done()
}

fn silent() -> String {
    let mut story = ask("Envoy's admin interface does not answer.", OPERATOR_KEY, "GET", &[]);
    story.service_answers(None, "");
    assert!(!story.is_forwarded());
    story.done()
}

fn unreadable() -> String {
    let mut story = ask("What answers is not Envoy's admin interface.", OPERATOR_KEY, "GET", &[]);
    story.service_answers(Some(200), "<html>");
    story.done()
}

fn cannot_be_asked() -> String {
    let mut story = Story::new("The host refuses the call to Envoy's admin interface.");
    story.refuse(&["get"]);
    let bearer = format!("Bearer {OPERATOR_KEY}");
    let fields = [(":method", "GET"), (":path", "/v1/status"), ("authorization", bearer.as_str())];
    story.request(&fields, &[]);
    story.done()
}

fn client_gone() -> String {
    let mut story = ask("The client goes away while Envoy is asked.", OPERATOR_KEY, "GET", &[]);
    story.hang_up();
    story.service_answers_after_the_end();
    story.so_far()
}
