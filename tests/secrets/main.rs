//! How many planted secrets are found, and how many look-alikes are taken for one: tests/secrets/generate.py wrote
//! both, drawn at random from the published formats, and eight authors ([`authors`]) wrote others. Prints every miss, and holds
//! the bars of the files. What was not tuned on stands in docs/redaction.md, too.

#![allow(
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test prints, panics and reads the clock"
)]

mod authors;
#[path = "../measured/mod.rs"]
mod measured;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tollgate::redact::secrets::find;

#[derive(Deserialize)]
struct Row {
    kind: String,
    text: String,
    secret: Option<String>,
}

/// Which part of `text` is left when what was found is taken out.
fn rest(text: &str) -> String {
    let mut findings = Vec::new();
    find(text, &mut findings);
    let mut rest = String::new();
    let mut at = 0;
    for finding in findings {
        rest.push_str(&text[at..finding.start]);
        rest.push('\u{0}');
        at = finding.end;
    }
    rest + &text[at..]
}

/// A secret is found when no twelve bytes of it in a row, and no half of it, are left.
fn is_found(text: &str, secret: &str) -> bool {
    let rest = rest(text);
    let window = secret.len().div_ceil(2).min(12);
    !secret.as_bytes().windows(window).any(|part| rest.as_bytes().windows(window).any(|left| left == part))
}

fn check(name: &str, rows: &str) -> String {
    let (mut found, mut planted, mut alarms, mut clean) = (0, 0, 0, 0);
    let mut missed: BTreeMap<String, usize> = BTreeMap::new();
    for line in rows.lines() {
        let row: Row = serde_json::from_str(line).unwrap();
        match row.secret {
            Some(secret) => {
                planted += 1;
                if is_found(&row.text, &secret) {
                    found += 1;
                } else {
                    *missed.entry(row.kind).or_default() += 1;
                    println!("missed: {}", row.text);
                }
            }
            None => {
                clean += 1;
                if rest(&row.text) != row.text {
                    alarms += 1;
                    println!("false alarm: {}", row.text);
                }
            }
        }
    }
    let (recall, rate) = (f64::from(found) / f64::from(planted), f64::from(alarms) / f64::from(clean));
    println!("{name}: recall {recall:.4} of {planted}, false alarms {rate:.4} of {clean}; missed {missed:?}");
    assert!(recall >= 0.97, "{name}: recall {recall}");
    assert!(rate <= 0.01, "{name}: false alarms {rate}");
    format!("| {planted} | {recall:.3} | {alarms} of {clean} |\n")
}

#[test]
fn what_detection_was_tuned_on() {
    check("tuning", include_str!("tuning.jsonl"));
}

#[test]
fn what_detection_was_not_tuned_on() {
    let row = check("held out", include_str!("held_out.jsonl"));
    let head = "| secrets | recall | false alarms on look-alikes |\n| --- | --- | --- |\n";
    measured::compare("redaction.md", "secrets", &[head, &row].concat());
}

#[test]
fn what_eight_authors_have_shown_is_found() {
    let measured = authors::measure(include_str!("authors.jsonl"));
    println!("recall {:.4}, false alarms {:.4}", measured.recall(), measured.rate());
    assert!(measured.recall() >= 0.985, "{} of {}", measured.found, measured.planted);
    assert!(measured.rate() <= 0.002, "{} of {}", measured.flagged, measured.clean);
}

/// Text that keeps every part of the scanner busy takes no more time per byte when it is longer.
#[test]
fn hostile_text_takes_linear_time() {
    for unit in [
        "a:",
        "password is ",
        "eyJ",
        "-----BEGIN PRIVATE KEY-----",
        "sk-a1",
        "://a:b",
        "Bearer ",
        "a0_b1-c2",
        "key=",
        "M0a.",
        " -p a1b2c3d4",
        "password\n",
        "password,token\n",
        "| password | a1b2c3d4 |\n",
        "clave de API: ",
        "jdbc:oracle:",
        "-pass ",
        "PIN ",
        "login: a/b1 ",
        "token Aa0Bb1Cc2 ",
        "password?\na1b2c3d4\n",
        "(password) VALUES (",
        "f(\"a1!Bc2\", \"a1!Bc2\", ",
        "<tr><th>password</th><tr><td>a1b2c3",
        "  password  a1b2  ",
        "recovery code:\nab12cd34ef\n",
        "seed phrase: abc def ",
        "echo a1b2c3 | login ",
        "schtasks /a ",
        "cookie: session=",
        "PWD%3D",
        "sessionid=c7Rk2vQm9TzL4xWn8HyB3dFs=",
        "cookie: sessionid=c7Rk2vQm9TzL4xWn8HyB3dFs",
        "api_key=c7Rk2vQm9TzL4xWn8HyB3dFs=",
        "(password) from stdin\na1b2c3!Dd\n",
        "x:5432:a:b:c7Rk2vQm9",
        "name=\"password\"\r\n\r\na1b2c3",
    ] {
        let text = |count: usize| unit.repeat(count / unit.len());
        let once = |text: &str| {
            let start = Instant::now();
            find(text, &mut Vec::new());
            start.elapsed()
        };
        let (short_text, long_text) = (text(20_000), text(160_000));
        let (mut short, mut long) = (Duration::MAX, Duration::MAX);
        // The others that share the machine only ever add; where they are many, it takes more tries to see less of them.
        for _ in 0..100 {
            short = short.min(once(&short_text));
            long = long.min(once(&long_text));
            if long.as_micros() < 16 * short.as_micros().max(100) {
                break;
            }
        }
        println!("{unit:?}: {short:?} {long:?}");
        assert!(long.as_micros() < 30 * short.as_micros().max(100), "{unit:?}: {short:?}, then {long:?}");
    }
}

/// What many heads of tables lead to is read once, however long it is.
#[test]
fn a_long_cell_is_read_once_for_all_heads() {
    let once = |text: &str| {
        let start = Instant::now();
        find(text, &mut Vec::new());
        start.elapsed()
    };
    for (head, cell) in [("<tr><th>password\n", "<tr><td>"), ("COPY t (password) FROM stdin;\n", "")] {
        let text = |heads: usize| [&*head.repeat(heads), cell, &"a".repeat(1_000_000)].concat();
        let (one, many) = (text(1), text(60));
        let (mut of_one, mut of_many) = (Duration::MAX, Duration::MAX);
        for _ in 0..100 {
            of_one = of_one.min(once(&one));
            of_many = of_many.min(once(&many));
            if of_many < of_one.max(Duration::from_millis(1)) * 8 {
                break;
            }
        }
        assert!(of_many < of_one.max(Duration::from_millis(1)) * 8, "{head:?}: {of_one:?} and {of_many:?}");
    }
}
