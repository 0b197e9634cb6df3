//! `tollgate guard`: judging text as the filter's guard does.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tollgate::guard::{self, Source};

use super::fail;

/// The exit code for a text that would be blocked: neither success nor a fault.
const BLOCKED: u8 = 3;

#[derive(Args)]
pub(super) struct Arguments {
    /// Read a JSON object a line, `{"id": …, "text": …}` with an optional `"source"`, and write one a line.
    #[arg(long)]
    jsonl: bool,
    /// The least score that blocks, from 0 to 1.
    #[arg(long, value_name = "SCORE", default_value_t = guard::THRESHOLD, value_parser = threshold)]
    threshold: f32,
    /// Who brought the text, where a line does not say: tools and documents have no orders to give.
    #[arg(long, value_enum, default_value_t = From::User)]
    source: From,
    /// The text or the lines; `-` or nothing for standard input.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum From {
    User,
    Tool,
    Document,
}

/// One line of the input.
#[derive(Deserialize)]
struct Line {
    id: Value,
    text: String,
    #[serde(alias = "role")]
    source: Option<Role>,
}

/// Where a line's text comes from; the roles of chat messages are understood too.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    System,
    Developer,
    Assistant,
    Tool,
    Function,
    Document,
}

/// One line of the output.
#[derive(Serialize)]
struct Answer<'line> {
    id: &'line Value,
    score: f64,
    rule: Option<&'static str>,
    blocked: bool,
}

fn threshold(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(score) if (0.0..=1.0).contains(&score) => Ok(score),
        _ => Err("expected a number from 0 to 1".to_owned()),
    }
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let (name, input): (String, Box<dyn BufRead>) = match arguments.file.as_deref() {
        Some(path) if path != Path::new("-") => match File::open(path) {
            Ok(file) => (path.display().to_string(), Box::new(BufReader::new(file))),
            Err(error) => return fail(&format!("{}: {error}", path.display())),
        },
        _ => ("standard input".to_owned(), Box::new(io::stdin().lock())),
    };
    if arguments.jsonl { lines(arguments, &name, input) } else { text(arguments, &name, input) }
}

/// Judges the whole input as one text, for a person.
fn text(arguments: &Arguments, name: &str, mut input: Box<dyn BufRead>) -> ExitCode {
    let mut text = String::new();
    if let Err(error) = input.read_to_string(&mut text) {
        return fail(&format!("{name}: {error}"));
    }
    let assessment = guard::assess(&text, source(arguments.source));
    let blocked = assessment.score >= arguments.threshold;
    let verdict = if blocked { "blocked" } else { "passed" };
    let rule = assessment.rule.map_or(String::new(), |rule| format!(", rule {}", rule.id()));
    println!("{verdict}: score {:.2} of {:.2}{rule}", assessment.score, arguments.threshold);
    if blocked { ExitCode::from(BLOCKED) } else { ExitCode::SUCCESS }
}

/// Judges line by line, each answered before the next is read. A broken line is reported, and the others still count.
fn lines(arguments: &Arguments, name: &str, input: Box<dyn BufRead>) -> ExitCode {
    let mut output = io::stdout().lock();
    let mut broken = 0;
    for (number, line) in input.split(b'\n').enumerate() {
        let line = match line {
            Ok(line) => line,
            Err(error) => return fail(&format!("{name}: {error}")),
        };
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let line: Line = match serde_json::from_slice(&line) {
            Ok(line) => line,
            Err(error) => {
                broken += 1;
                eprintln!("{name}, line {}: {error}", number + 1);
                continue;
            }
        };
        let assessment = guard::assess(&line.text, line.source.map_or(source(arguments.source), of_role));
        let answer = Answer {
            id: &line.id,
            score: (f64::from(assessment.score) * 1000.0).round() / 1000.0,
            rule: assessment.rule.map(guard::Rule::id),
            blocked: assessment.score >= arguments.threshold,
        };
        let written = serde_json::to_writer(&mut output, &answer).map_err(io::Error::from);
        if let Err(error) = written.and_then(|()| output.write_all(b"\n")).and_then(|()| output.flush()) {
            // Whoever reads has seen enough.
            let gone = error.kind() == io::ErrorKind::BrokenPipe;
            return if gone { ExitCode::SUCCESS } else { fail(&format!("standard output: {error}")) };
        }
    }
    match broken {
        0 => ExitCode::SUCCESS,
        1 => fail("1 line is broken"),
        count => fail(&format!("{count} lines are broken")),
    }
}

const fn source(from: From) -> Source {
    match from {
        From::User => Source::User,
        From::Tool => Source::Tool,
        From::Document => Source::Document,
    }
}

const fn of_role(role: Role) -> Source {
    match role {
        Role::User | Role::System | Role::Developer | Role::Assistant => Source::User,
        Role::Tool | Role::Function => Source::Tool,
        Role::Document => Source::Document,
    }
}
