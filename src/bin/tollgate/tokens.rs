//! `tollgate tokens`: counting text, or a chat request, as the filter's counter does.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use tollgate::tokens::chat::ChatModel;
use tollgate::tokens::{request, vocabulary_of};

use super::fail;

/// From this many bytes on, counting takes long enough to be watched.
const LONG: usize = 16 << 20;

#[derive(Args)]
pub(super) struct Arguments {
    /// The model whose vocabulary counts.
    #[arg(long, value_name = "MODEL", default_value = "gpt-4o")]
    model: String,
    /// The text, or a chat request as JSON; `-` or nothing for standard input.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let Some(vocabulary) = vocabulary_of(&arguments.model) else {
        return fail(&format!(
            "no public vocabulary counts for `{}`; OpenAI's models since gpt-3.5 have one",
            arguments.model
        ));
    };
    let bytes = match read(arguments.file.as_deref()) {
        Ok(bytes) => bytes,
        Err(problem) => return fail(&problem),
    };
    let model = ChatModel::new(&arguments.model, vocabulary);
    if let Ok(estimate) = request::count_chat_request(&bytes, model, usize::MAX) {
        println!("{}", estimate.tokens);
        if !estimate.exact() {
            let guesses: Vec<String> = estimate.guesses().map(|guess| format!("{guess:?}")).collect();
            eprintln!("an estimate, for want of published rules: {}", guesses.join(", "));
        }
        return ExitCode::SUCCESS;
    }
    let Ok(text) = String::from_utf8(bytes) else { return fail("the text is not UTF-8") };
    println!("{}", vocabulary.count_telling(&text, progress(text.len())));
    ExitCode::SUCCESS
}

/// Shows how far the counting of a long text is, where somebody watches.
fn progress(length: usize) -> impl FnMut(usize) {
    let watched = length >= LONG && io::stderr().is_terminal();
    move |counted| {
        if watched {
            let end = if counted == length { "\r\x1b[K" } else { "" };
            eprint!("\rcounted {} of {} MiB{end}", counted >> 20, length >> 20);
        }
    }
}

fn read(file: Option<&Path>) -> Result<Vec<u8>, String> {
    match file {
        Some(path) if path != Path::new("-") => {
            fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
        }
        _ => {
            let mut bytes = Vec::new();
            io::stdin().read_to_end(&mut bytes).map_err(|error| format!("standard input: {error}"))?;
            Ok(bytes)
        }
    }
}
