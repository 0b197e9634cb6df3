//! `tollgate redact`: what the filter would hide in a text, tried on a file or a pipe.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use tollgate::redact::finding::Finding;
use tollgate::redact::{Settings, find_all};

use super::{fail, load};

#[derive(Args)]
pub(super) struct Arguments {
    /// Read one JSON object per line, `{"id":…,"text":…}`, and write one for each:
    /// `{"id":…,"redacted":…,"spans":[[start,end,"TYPE"],…]}`, with places counted in characters.
    #[arg(long)]
    jsonl: bool,
    /// Leave this value alone, for example an address of documentation; `@example.com` or `.example.com` stands
    /// for all that end so. May be given several times.
    #[arg(long, value_name = "VALUE")]
    exempt: Vec<String>,
    /// Look for what this gateway.yaml says: its own types, and without those that are disabled or exempt there. Which
    /// action a type has makes no difference here.
    #[arg(long, value_name = "GATEWAY")]
    config: Option<PathBuf>,
    /// The team whose rules hold, where it has its own.
    #[arg(long, value_name = "NAME", requires = "config")]
    team: Option<String>,
    /// The text; `-` or nothing for standard input.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let mut settings = match &arguments.config {
        None => Settings::default(),
        Some(file) => {
            let Ok(gateway) = load(file) else { return ExitCode::FAILURE };
            match gateway.policy.content.redaction.of(arguments.team.as_deref().unwrap_or_default()) {
                Some(redaction) => redaction.sought(),
                None => return fail(&format!("{}: no `redaction` holds", file.display())),
            }
        }
    };
    settings.exempt.extend_from_slice(&arguments.exempt);
    let mut input: Box<dyn BufRead> = match arguments.file.as_deref() {
        Some(path) if path != Path::new("-") => match File::open(path) {
            Ok(file) => Box::new(BufReader::new(file)),
            Err(error) => return fail(&format!("{}: {error}", path.display())),
        },
        _ => Box::new(BufReader::new(io::stdin())),
    };
    let outcome = match arguments.jsonl {
        true => lines(&mut input, &settings),
        false => whole(&mut input, &settings),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => fail(&problem),
    }
}

fn whole(input: &mut dyn BufRead, settings: &Settings) -> Result<(), String> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(|error| format!("the text cannot be read: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "the text is not UTF-8".to_owned())?;
    let redacted = replaced(&text, &find_all(&text, settings));
    write(&mut io::stdout().lock(), redacted.as_bytes())
}

fn lines(input: &mut dyn BufRead, settings: &Settings) -> Result<(), String> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut line = Vec::new();
    for number in 1_usize.. {
        line.clear();
        let length = input.read_until(b'\n', &mut line).map_err(|error| format!("line {number}: {error}"))?;
        if length == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let row: Value =
            serde_json::from_slice(&line).map_err(|error| format!("line {number}: no JSON: {error}"))?;
        let Some(text) = row.get("text").and_then(Value::as_str) else {
            return Err(format!("line {number}: no string \"text\"; a line is {{\"id\":…,\"text\":…}}"));
        };
        let findings = find_all(text, settings);
        let row = json!({
            "id": row.get("id").cloned().unwrap_or(Value::Null),
            "redacted": replaced(text, &findings),
            "spans": spans(text, &findings),
        });
        write(&mut output, format!("{row}\n").as_bytes())?;
    }
    output.flush().map_err(|error| format!("standard output: {error}"))
}

/// The text with the name of the type in the place of every value.
fn replaced(text: &str, findings: &[Finding]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for finding in findings {
        out.push_str(text.get(copied..finding.start).unwrap_or_default());
        out.push_str(&format!("<{}>", finding.kind));
        copied = finding.end;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

/// Start, end and type of every finding, in characters.
fn spans(text: &str, findings: &[Finding]) -> Vec<Value> {
    let (mut counted, mut characters) = (0, 0);
    let mut upto = |place: usize| {
        characters += text.get(counted..place).map_or(0, |part| part.chars().count());
        counted = place;
        characters
    };
    findings.iter().map(|finding| json!([upto(finding.start), upto(finding.end), finding.kind.0])).collect()
}

fn write(output: &mut dyn io::Write, bytes: &[u8]) -> Result<(), String> {
    output.write_all(bytes).map_err(|error| format!("standard output: {error}"))
}
