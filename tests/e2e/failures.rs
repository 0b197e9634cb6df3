//! Every way in which a provider fails, against what `docs/failures.md` says becomes of it.
//!
//! The table of that page is the test's table. All rows are played at once on one gateway; each case has a model of its
//! own, and a prompt by which the provider's log is searched.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::events;
use crate::gateway::{Config, Gateway, KEY};
use crate::mock::Mock;

const PAGE: &str = "<!doctype html><html><body>Something went wrong</body></html>";

/// How the page says of an error at the end of a stream that its connection does not end well.
pub(crate) const BROKEN_OFF_AFTER: &str = ", then broken off";

/// What is only bounded by the time that its model gives it.
pub(crate) const ENDLESS: &str = "endless";

/// How the mock provider fails, by the name of the fault in the page.
pub(crate) fn behaviours() -> Vec<(&'static str, Value)> {
    let page = |status: u16| json!({"status": status, "body": PAGE, "content_type": "text/html"});
    // The forms of OpenAI's guide, "Error codes", and of Anthropic's reference, "Errors": both have `error.type`.
    let error =
        |kind: &str| json!({"body": {"type": "error", "error": {"type": kind, "message": "as told"}}});
    let limited = |seconds: &str| json!({"status": 429, "headers": {"retry-after": seconds}});
    let status = |status: u16| json!({ "status": status });
    let long = "0123456789abcdef".repeat(40 << 6);
    vec![
        ("connection refused", json!({})),
        ("TLS failure", json!({})),
        ("reset before the headers", json!({"reset": "before_headers"})),
        ("reset in the middle", json!({"reset": "mid_stream", "chunks": 20})),
        ("stall before the headers", json!({"stall": "before_headers"})),
        ("stall before the first token", json!({"stall": "after_headers"})),
        ("stall in the middle", json!({"stall": "mid_stream", "chunks": 20})),
        ("slow drip", json!({"chunks": 20, "chunk_ms": 20, "cut_bytes": 50})),
        ("400", status(400)),
        ("401", status(401)),
        ("403", status(403)),
        ("404", status(404)),
        ("408", status(408)),
        ("413", status(413)),
        ("429", status(429)),
        ("429 with retry-after 1", limited("1")),
        ("429 with retry-after 60", limited("60")),
        ("500", status(500)),
        ("502", status(502)),
        ("503", status(503)),
        ("529", status(529)),
        ("502 with a page", page(502)),
        ("200 with an overload error", error("overloaded_error")),
        ("200 with a rate limit error", error("rate_limit_error")),
        ("200 with an invalid request error", error("invalid_request_error")),
        ("200 with a page", page(200)),
        ("an error as the first event", json!({"error_event": true})),
        ("truncated", json!({"truncate": true, "chunks": 20})),
        ("40 KiB truncated", json!({"truncate": true, "chunks": 20, "text": long})),
        ("reset in the middle of 40 KiB", json!({"reset": "mid_stream", "chunks": 20, "text": long})),
        (ENDLESS, json!({"endless": true, "chunks": 20, "chunk_ms": 20, "text": long})),
    ]
}

/// A row of the page's table.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) fault: String,
    pub(crate) answer: String,
    pub(crate) dialect: String,
    pub(crate) status: u16,
    pub(crate) error: String,
    attempts: usize,
    pub(crate) outcome: String,
    pub(crate) metered: String,
    served_by_chain: bool,
}

pub(crate) fn rows() -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/failures.md");
    let text = fs::read_to_string(path).unwrap();
    let table = text.lines().filter(|line| line.starts_with("| `") && line.matches(" | ").count() == 8);
    table
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [fault, answer, dialect, status, error, attempts, outcome, metered, chain] = cells[..] else {
                panic!("not a row: {line}");
            };
            let plain = |cell: &str| cell.trim_matches('`').to_owned();
            assert!(["served", "same"].contains(&chain), "{line}");
            Row {
                fault: plain(fault),
                answer: plain(answer),
                dialect: plain(dialect),
                status: status.parse().unwrap(),
                error: error.to_owned(),
                attempts: attempts.parse().unwrap(),
                outcome: plain(outcome),
                metered: plain(metered),
                served_by_chain: chain == "served",
            }
        })
        .collect()
}

/// One call of the matrix.
struct Case {
    row: Row,
    stream: bool,
    cross: bool,
    chain: bool,
    /// The name of its provider, and of the mock's instance.
    provider: String,
}

impl Case {
    fn model(&self) -> String {
        format!("{}-{}", self.provider, if self.chain { "chain" } else { "alone" })
    }

    /// The prompt, which no other case has.
    fn prompt(&self) -> String {
        format!("case {} {}", self.model(), if self.stream { "stream" } else { "plain" })
    }

    fn attempts(&self) -> usize {
        match (self.chain, self.row.served_by_chain) {
            (true, true) => 2,
            (true, false) => 1,
            (false, _) => self.row.attempts,
        }
    }

    /// Those of its attempts that are at the provider that fails.
    fn calls(&self) -> usize {
        let unreachable = ["connection refused", "TLS failure"].contains(&self.row.fault.as_str());
        if unreachable { 0 } else { self.attempts() - usize::from(self.is_served()) }
    }

    fn is_served(&self) -> bool {
        self.chain && self.row.served_by_chain
    }
}

/// All cases of all rows; each fault has every case once, but for those that cannot be.
fn cases() -> Vec<Case> {
    let behaviours = behaviours();
    let mut cases = Vec::new();
    let mut seen = BTreeSet::new();
    for row in rows() {
        let number = behaviours.iter().position(|(fault, _)| *fault == row.fault);
        let number = number.unwrap_or_else(|| panic!("no behaviour for {}", row.fault));
        for (stream, cross, chain) in (0..8).map(|bits| (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0)) {
            let answer = if stream { "stream" } else { "plain" };
            let dialect = if cross { "cross" } else { "same" };
            if ["any", answer].contains(&&*row.answer) && ["any", dialect].contains(&&*row.dialect) {
                assert!(
                    seen.insert((row.fault.clone(), stream, cross, chain)),
                    "{} {answer} twice",
                    row.fault
                );
                let provider = format!("f{number}-{dialect}");
                cases.push(Case { row: row.clone(), stream, cross, chain, provider });
            }
        }
    }
    // A plain answer has no events.
    let expected = behaviours.len() * 8 - 4;
    assert_eq!(cases.len(), expected, "the table has every case");
    cases
}

fn configuration(mock: &Mock, cases: &[Case]) -> Config {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut config = Config::new(&[("good", mock.url("good"))]);
    let all = &mut config.0;
    for case in cases {
        let Case { provider, cross, .. } = case;
        let url = match case.row.fault.as_str() {
            "connection refused" => format!("http://{nobody}"),
            "TLS failure" => format!("https://{}", mock.address),
            _ if *cross => mock.root(provider),
            _ => mock.url(provider),
        };
        let api = if *cross { "anthropic" } else { "openai" };
        all["providers"][provider] = json!({"api": api, "url": url, "credential": "good"});
        // A target that fails stays in its chain for as long as the matrix is played.
        all["providers"][provider]["ejection"] = json!({"failures": 1000});
        let takes_time = case.row.fault.starts_with("stall") || case.row.fault == ENDLESS;
        let timeout = if takes_time { "1s" } else { "20s" };
        let model = if *cross { "claude-sonnet-4-5" } else { "gpt-4o" };
        let target = |retries: u32| json!({"provider": provider, "model": model, "retries": retries, "timeout": timeout});
        let good = json!({"provider": "good", "model": "gpt-4o", "retries": 0, "timeout": timeout});
        let targets = if case.chain { json!([target(0), good]) } else { json!([target(1)]) };
        all["models"][case.model()] = json!({ "targets": targets });
        match case.row.fault.as_str() {
            "stall in the middle" => all["models"][case.model()]["stall_timeout"] = json!("1s"),
            ENDLESS => all["models"][case.model()]["total_timeout"] = json!("4s"),
            _ => {}
        }
    }
    all["organisation"] = json!({
        "limits": {"concurrency": 10_000, "tokens": "1000000000/day"},
    });
    config
}

/// What is wrong with a case, if anything is.
fn play(gateway: &Gateway, mock: &Mock, case: &Case) -> Result<(), String> {
    let prompt = case.prompt();
    let body = json!({
        "model": case.model(), "stream": case.stream, "max_tokens": 100,
        "messages": [{"role": "user", "content": prompt}],
    });
    let started = Instant::now();
    let mut answer = gateway.chat(KEY, &body);
    let (bytes, complete) = answer.rest();
    let took = started.elapsed();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let row = &case.row;
    let mut wrong = Vec::new();
    let mut check = |what: &str, found: String, expected: String| {
        if found != expected {
            wrong.push(format!("{what} is {found}, not {expected}"));
        }
    };
    let status = if case.is_served() { 200 } else { row.status };
    check("the status", answer.status.to_string(), status.to_string());
    let attempts = answer.header("x-tollgate-attempts").unwrap_or_default().to_owned();
    check("the number of attempts", attempts, case.attempts().to_string());
    let error = if case.is_served() { "none" } else { &row.error };
    let word = error.strip_suffix(BROKEN_OFF_AFTER).unwrap_or(error);
    check("the end", complete.to_string(), (!error.ends_with("broken off")).to_string());
    check("the error", said(&text, word, case.stream && answer.status == 200, case.cross), word.to_owned());
    let log = mock.log(&case.provider);
    let calls = log.iter().filter(|entry| entry["body"].to_string().contains(&prompt)).count();
    check("the number of calls", calls.to_string(), case.calls().to_string());
    // It waits for the provider only where that may help, and asks a second one at once.
    if row.fault == "429 with retry-after 1" && !case.chain {
        check("it has waited", (took >= Duration::from_secs(1)).to_string(), "true".to_owned());
    }
    told(case, &wrong, &text)
}

/// What a line of the access log says of the tokens, in the words of the table.
pub(crate) fn metered(line: &Value) -> &'static str {
    match (&line["input_tokens"], &line["tokens_estimated"]) {
        (Value::Null, _) => "nothing",
        (_, Value::Bool(true)) => "estimated",
        _ => "reported",
    }
}

/// What is wrong with the line of a case in the access log, if anything is.
fn look_up(lines: &[Value], case: &Case) -> Result<(), String> {
    let row = &case.row;
    let is_its = |line: &&Value| line["model"] == case.model() && line["stream"] == case.stream;
    let found: Vec<&Value> = lines.iter().filter(is_its).collect();
    let [line] = found[..] else { return told(case, &[format!("{} lines", found.len())], "") };
    let (outcome, expected) =
        if case.is_served() { ("ok", "reported") } else { (&*row.outcome, &*row.metered) };
    let metered = metered(line);
    let mut wrong = Vec::new();
    for (what, found, expected) in
        [("the outcome", &line["outcome"], outcome), ("what is metered", &json!(metered), expected)]
    {
        if found != expected {
            wrong.push(format!("{what} is {found}, not {expected}"));
        }
    }
    told(case, &wrong, &line.to_string())
}

fn told(case: &Case, wrong: &[String], seen: &str) -> Result<(), String> {
    let problem = || format!("{}: {}: {}\n    {seen}", case.row.fault, case.prompt(), wrong.join("; "));
    if wrong.is_empty() { Ok(()) } else { Err(problem()) }
}

/// The error that the client was told, in the words of the table.
pub(crate) fn said(text: &str, expected: &str, is_stream: bool, is_translated: bool) -> String {
    if expected == "broken off" {
        return expected.to_owned();
    }
    let told: Value = if is_stream {
        let all = events(text);
        let last = all.iter().rev().find(|data| **data != "[DONE]").copied().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_default()
    } else {
        serde_json::from_str(text).unwrap_or_else(|_| json!("not JSON"))
    };
    match &told["error"] {
        Value::Null if told == "not JSON" => "not JSON".to_owned(),
        Value::Null => "none".to_owned(),
        error if !error["message"].is_string() => format!("without a message: {error}"),
        // The client speaks OpenAI's dialect in every row.
        error
            if is_translated
                && (told.get("type").is_some()
                    || ["type", "param", "code"].iter().any(|name| error.get(name).is_none())) =>
        {
            format!("in another dialect: {told}")
        }
        error => match error["code"]
            .as_str()
            .filter(|code| code.starts_with("provider_") || code.starts_with("no_"))
        {
            Some(code) => format!("`{code}`"),
            None => "the provider's".to_owned(),
        },
    }
}

#[test]
fn what_becomes_of_every_fault_is_what_the_page_says() {
    let cases = cases();
    let mock = Mock::start();
    for (number, (_, behaviour)) in behaviours().iter().enumerate() {
        for dialect in ["same", "cross"] {
            mock.behave(&format!("f{number}-{dialect}"), behaviour);
        }
    }
    let started = Instant::now();
    let gateway = Gateway::start(&configuration(&mock, &cases));
    let ready = started.elapsed();
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(problem) = play(&gateway, &mock, case) {
                        failed.lock().unwrap().push(problem);
                    }
                }
            });
        }
    });
    println!("{} cases in {:?}, after {ready:?} to start", cases.len(), started.elapsed() - ready);
    let mut failed = failed.into_inner().unwrap();
    let lines = gateway.access_log(cases.len());
    failed.extend(cases.iter().filter_map(|case| look_up(&lines, case).err()));
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), cases.len(), failed.join("\n"));
    gateway.wait_until("nothing is reserved", |gateway| {
        let report = gateway.get("/v1/usage", KEY).json();
        let limits = report["scopes"].as_array().unwrap().iter();
        limits.flat_map(|scope| scope["limits"].as_array().unwrap()).all(|limit| limit["reserved"] == 0)
    });
}
