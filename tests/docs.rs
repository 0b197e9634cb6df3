//! The reference pages say what the code says.
//!
//! `docs/configuration.md` is written from the types (`UPDATE_GOLDEN=1` writes it anew); the tables of the others
//! are written by people, and compared here.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and waits"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tollgate::config;
use tollgate::dialect::translate::{Dialect, Support};
use tollgate::dialect::{Api, RequestFault, Surface};
use tollgate::engine::content::answer::LONGEST_SAID;
use tollgate::engine::content::prompt::Blocked;
use tollgate::engine::refusal::{Exceeded, Excess, Refusal, Unsupported};
use tollgate::framing::json;
use tollgate::observe::metrics::{LABELS, Metric};
use tollgate::observe::record::{Outcome, Record};
use tollgate::redact::own::LONGEST_HELD;
use tollgate::redact::window::{HELD, HELD_OWN, LONGEST};

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

/// The first cells of the rows of a page's tables, with the second cell: code words without their back-quotes.
fn rows(name: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(page(name)).unwrap();
    let cells = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        Some((cells.next()?.trim_end_matches('`').to_owned(), cells.next()?.to_owned()))
    };
    text.lines().filter_map(cells).collect()
}

#[test]
fn the_configuration_reference_is_written_from_the_types() {
    let mut text = "# gateway.yaml\n\n\
                    Every key, written from the types by `UPDATE_GOLDEN=1 cargo test --test docs`. Unknown keys are \
                    errors. JSON is accepted wherever YAML is. `NAME` stands for a name of your choice, `[]` for each \
                    entry of a list.\n\n| key | | meaning |\n| --- | --- | --- |\n"
        .to_owned();
    describe(&config::schema(), "", &mut BTreeMap::new(), &mut text);
    let path = page("configuration.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap() == text, "docs/configuration.md is not up to date");
}

/// Where a record was described first, by its schema.
type Described = BTreeMap<String, String>;

/// A row for every key below `schema`, depth first. Of a record that is known from another key, `described` has that
/// key, and only that is said.
fn describe(schema: &Value, path: &str, described: &mut Described, out: &mut String) {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, below) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let need = if required.contains(&name.as_str()) { "required" } else { "" };
        let meaning = below["description"].as_str().unwrap_or_default();
        writeln!(out, "| `{path}` | {need} | {meaning} |").unwrap();
        describe_value(below, &path, described, out);
    }
}

fn describe_value(schema: &Value, path: &str, described: &mut Described, out: &mut String) {
    if schema["properties"].is_object() {
        let first = described.entry(schema["properties"].to_string()).or_insert_with(|| path.to_owned());
        if first == path {
            describe(schema, path, described, out);
        } else {
            writeln!(out, "| `{path}.…` |  | As below `{first}`. |").unwrap();
        }
    }
    if schema["additionalProperties"].is_object() {
        describe_value(&schema["additionalProperties"], &format!("{path}.NAME"), described, out);
    }
    if schema["items"].is_object() {
        describe_value(&schema["items"], &format!("{path}[]"), described, out);
    }
    // A list of what may also stand alone has the same keys.
    let alternatives = schema["anyOf"].as_array().into_iter().flatten();
    for alternative in alternatives.filter(|alternative| alternative["type"] != "array") {
        describe_value(alternative, path, described, out);
    }
}

#[test]
fn every_refusal_is_listed_with_its_status() {
    let json_error = json::members(b"{", |_| {}).unwrap_err();
    let exceeded = |excess| {
        let (message, scope) = (String::new(), "key app".into());
        Refusal::Exceeded(Exceeded { excess, message, scope, retry_after: None, headers: Vec::new() })
    };
    let all = [
        exceeded(Excess::Rate),
        exceeded(Excess::Budget),
        exceeded(Excess::Concurrency),
        Refusal::LimitsUnavailable,
        Refusal::StatusUnavailable,
        Refusal::GuardUnavailable,
        Refusal::AnswerUnchecked,
        Refusal::MissingKey,
        Refusal::DuplicateCredentials,
        Refusal::InvalidKey,
        Refusal::KeyRevoked,
        Refusal::KeyExpired,
        Refusal::UnknownEndpoint(Dialect::OpenAiChat),
        Refusal::MethodNotAllowed { allowed: "POST" },
        Refusal::UnsupportedMediaType,
        Refusal::UnsupportedEncoding,
        Refusal::RequestTooLarge { limit: 1 },
        Refusal::RequestTimeout,
        Refusal::InvalidRequest(RequestFault::Json(json_error)),
        Refusal::InvalidRequest(RequestFault::DuplicateMember("model")),
        Refusal::Unsupported(Unsupported::State("previous_response_id")),
        Refusal::ContentBlocked(Blocked::Value("CREDIT_CARD")),
        Refusal::ModelNotFound("m".to_owned()),
        Refusal::ModelNotAllowed("m".to_owned()),
        Refusal::NotPermitted("m".to_owned()),
        Refusal::NotServed { model: "m".to_owned(), served: Vec::new() },
        Refusal::Overloaded,
        Refusal::NoProviderAvailable,
        Refusal::CredentialUnavailable,
        Refusal::CredentialRejected,
        Refusal::UnreadableAnswer,
        Refusal::MismatchedAnswer,
        Refusal::AnswerInterrupted,
        Refusal::ProviderTimeout,
        Refusal::Internal,
    ];
    let told: BTreeSet<(String, String)> =
        all.iter().map(|refusal| (refusal.code().to_owned(), refusal.status().to_string())).collect();
    assert_eq!(rows("refusals.md").into_iter().collect::<BTreeSet<_>>(), told);
}

#[test]
fn every_metric_and_every_field_of_the_access_log_is_listed() {
    let listed: BTreeSet<String> = rows("observability.md").into_iter().map(|(name, _)| name).collect();
    for metric in [
        Metric::Requests,
        Metric::Tokens,
        Metric::TokenUsage,
        Metric::OperationDuration,
        Metric::TimeToFirstToken,
        Metric::OwnTime,
        Metric::Cost,
        Metric::UnknownPrice,
        Metric::WouldRefuse,
        Metric::LimitAlerts,
        Metric::TokenEstimateError,
        Metric::CredentialRejected,
        Metric::AttemptFailures,
        Metric::TranslationLoss,
        Metric::Redactions,
        Metric::AnswerRedactions,
        Metric::AnswerGuard,
        Metric::Guard,
    ] {
        assert!(listed.contains(metric.name()), "{metric:?} is not listed");
    }
    for outcome in [Outcome::Ok, Outcome::ProviderError, Outcome::Abandoned, Outcome::Interrupted] {
        assert!(listed.contains(outcome.label()), "{outcome:?} is not listed");
    }
    let text = fs::read_to_string(page("observability.md")).unwrap();
    for label in LABELS {
        assert!(text.contains(&format!("`{label}`")), "the label {label} is not listed");
    }
    let record = Record::default();
    let line: Value =
        serde_json::from_slice(&[b"{\"status\":200", &*record.access_log(), b"}"].concat()).unwrap();
    for field in line.as_object().unwrap().keys().filter(|field| *field != "status") {
        assert!(listed.contains(field), "the field {field} is not listed");
    }
}

#[test]
fn the_matrix_of_dialects_is_what_the_gateway_does() {
    let mut matrix = String::from("| endpoint |");
    Api::ALL.iter().for_each(|api| write!(matrix, " `{}` |", api.name()).unwrap());
    matrix.push_str("\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for surface in Surface::ALL.into_iter().filter(|surface| surface.is_forwarded()) {
        write!(matrix, "| `{}` |", surface.path()).unwrap();
        for api in Api::ALL {
            let word = match api.support(surface) {
                Support::Pass => "passes",
                Support::Translate => "translated",
                Support::Refuse => "refused",
            };
            write!(matrix, " {word} |").unwrap();
        }
        matrix.push('\n');
    }
    let text = fs::read_to_string(page("dialects.md")).unwrap();
    assert!(text.contains(&matrix), "docs/dialects.md does not hold\n{matrix}");
}

/// How much of a stream waits is a promise.
#[test]
fn what_waits_in_a_screened_stream_is_told() {
    let text = fs::read_to_string(page("redaction.md")).unwrap();
    let bounds = [
        format!("{HELD} bytes at the most"),
        format!("{} KiB at the most", LONGEST / 1024),
        format!("{HELD_OWN} bytes at the most"),
        format!("of a value of more than {LONGEST_HELD} bytes"),
        format!("{} MiB", LONGEST_SAID >> 20),
    ];
    for bound in bounds {
        assert!(text.contains(&bound), "{bound}");
    }
}
