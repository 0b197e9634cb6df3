//! The operator's command: `tollgate check`, `render`, `run`, `status`, `tokens`, `redact`, `guard` and `keys`.
//!
//! Reads arguments, prints, and sets the exit code; everything that decides anything is in the library.
//!
//! Exit codes: 0 for success, 1 when the configuration or the environment is at fault, 2 for wrong usage;
//! `run` passes on Envoy's own, and `guard` says with 3 that a text would be blocked.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what a command does")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tollgate::config::{self, Gateway, Problem};
use tollgate::render::{self, Place};

mod admin;
mod credentials;
mod guard;
mod keys;
mod locate;
mod redact;
mod run;
mod status;
mod tokens;

/// An AI gateway that lives inside Envoy: one file, gateway.yaml, says who may call which models.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check a gateway.yaml: every problem with its line, key and what was expected.
    ///
    /// Prints nothing but warnings and a summary when the file is good, and exits with 0.
    #[command(after_help = "Example:\n  tollgate check gateway.yaml")]
    Check {
        /// The file to check.
        file: PathBuf,
    },
    /// Turn a gateway.yaml into the configuration of a stock Envoy.
    ///
    /// Writes a directory of files whose bootstrap.json is what Envoy is started with. Envoy watches the
    /// others: rendering again into the same directory is a reload without a dropped connection.
    #[command(after_help = "Example:\n  tollgate render gateway.yaml --out /etc/tollgate \\\n    \
                            && envoy -c /etc/tollgate/bootstrap.json")]
    Render(RenderArguments),
    /// Run Envoy on a gateway.yaml, and apply every change of the file while it runs.
    ///
    /// A change that is not valid is reported and the last good configuration stays in force. SIGTERM or
    /// SIGINT lets requests in flight finish, then ends Envoy; a second signal ends it at once.
    #[command(after_help = "Examples:\n  tollgate run gateway.yaml\n  \
                            tollgate run gateway.yaml -- --log-level debug")]
    Run(run::Arguments),
    /// Show how the providers do: who is asked, who is left alone, and why.
    ///
    /// Asks Envoy's admin interface. `errors` are answers of 5xx and none at all, `ejected` says how often a target was
    /// left alone; below stand the failed attempts by provider and reason. Numbers are since Envoy's start.
    #[command(after_help = "Examples:\n  tollgate status gateway.yaml\n  \
                            tollgate status --admin 127.0.0.1:9901 --json")]
    Status(status::Arguments),
    /// Print the JSON Schema of gateway.yaml, for editors that complete and check it.
    Schema,
    /// Count the tokens of a text, or of a chat request, by a model's public vocabulary.
    ///
    /// Prints the number alone; a chat request is counted with its framing, and what in it is a guess is named
    /// on standard error.
    #[command(after_help = "Examples:\n  tollgate tokens --model gpt-4o prompt.txt\n  \
                            tollgate tokens --model gpt-4 - < request.json")]
    Tokens(tokens::Arguments),
    /// Judge text as the guard does: prompt injection, jailbreaks, requests for the system prompt.
    ///
    /// Prints a verdict with a score from 0 to 1 and the rule behind it, never the text, and exits with 3 when
    /// the text would be blocked. With --jsonl, each line in gives one line out at once:
    /// {"id": …, "score": …, "rule": … or null, "blocked": true or false}, and the exit code is 0 whatever the
    /// scores are. A line's "source" (or "role") says who brought its text: user, tool or document. A broken
    /// line is reported with its number, the others are still judged, and the exit code is 1.
    #[command(after_help = "Examples:\n  echo 'Ignore all previous instructions' | tollgate guard\n  \
                            tollgate guard --jsonl prompts.jsonl > scores.jsonl\n  \
                            curl -s https://example.com | tollgate guard --source document")]
    Guard(guard::Arguments),
    /// Show what the filter would hide in a text: private values, by type.
    ///
    /// Plain text comes out with `<EMAIL_ADDRESS>` and the like in the places of the values. A line of JSON that is
    /// broken ends the run with its number; the lines before it have been written.
    #[command(after_help = "Examples:\n  tollgate redact letter.txt\n  \
                            echo 'mail jane@corp.example' | tollgate redact\n  \
                            tollgate redact --jsonl --exempt @example.com rows.jsonl")]
    Redact(redact::Arguments),
    /// Make virtual keys.
    Keys {
        #[command(subcommand)]
        command: keys::Command,
    },
}

#[derive(Args)]
struct RenderArguments {
    /// The file to render.
    file: PathBuf,
    /// What to render for.
    #[arg(long, value_enum, default_value_t = Target::Envoy)]
    target: Target,
    /// The directory to write; made when missing.
    #[arg(long, value_name = "DIR", default_value = "tollgate-envoy")]
    out: PathBuf,
    /// The directory as Envoy will see it, when that is another place (a container's mount).
    #[arg(long, value_name = "DIR")]
    seen_as: Option<PathBuf>,
    /// The WebAssembly module as Envoy will see it. Default: the one installed or built with this command.
    #[arg(long, value_name = "FILE", env = "TOLLGATE_MODULE")]
    module: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Target {
    /// A stock Envoy, 1.40 or later.
    Envoy,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Check { file } => check(&file),
        Command::Render(arguments) => render(&arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Schema => {
            println!("{:#}", config::schema());
            ExitCode::SUCCESS
        }
        Command::Tokens(arguments) => tokens::run(&arguments),
        Command::Guard(arguments) => guard::run(&arguments),
        Command::Redact(arguments) => redact::run(&arguments),
        Command::Keys { command } => keys::run(&command),
    }
}

fn check(file: &Path) -> ExitCode {
    match load(file) {
        Ok(gateway) => {
            println!("{}: valid; {}", file.display(), summary(&gateway));
            ExitCode::SUCCESS
        }
        Err(()) => ExitCode::FAILURE,
    }
}

fn render(arguments: &RenderArguments) -> ExitCode {
    let Target::Envoy = arguments.target;
    let Ok(gateway) = load(&arguments.file) else { return ExitCode::FAILURE };
    let module = match locate::module(arguments.module.as_deref()) {
        Ok(module) => module,
        Err(problem) => return fail(&problem),
    };
    if arguments.seen_as.is_none() && !module.is_file() {
        eprintln!("tollgate: there is no {} on this machine; Envoy needs it where it runs", module.display());
    }
    let directory = match locate::absolute(arguments.seen_as.as_ref().unwrap_or(&arguments.out)) {
        Ok(directory) => directory,
        Err(problem) => return fail(&problem),
    };
    let bootstrap = directory.join(render::BOOTSTRAP);
    match render::envoy(&gateway, &Place { directory, module }).write(&arguments.out, true) {
        Ok(written) => {
            for name in &written {
                println!("wrote {}", arguments.out.join(name).display());
            }
            if written.is_empty() {
                println!("{} is up to date", arguments.out.display());
            }
            println!("start: envoy -c {}", bootstrap.display());
            ExitCode::SUCCESS
        }
        Err(error) => fail(&format!("{} cannot be written: {error}", arguments.out.display())),
    }
}

/// Reads a gateway.yaml and prints what is wrong or doubtful about it.
fn load(file: &Path) -> Result<Gateway, ()> {
    match config::load(file) {
        Ok(gateway) => {
            for warning in &gateway.warnings {
                eprintln!("{warning}");
            }
            Ok(gateway)
        }
        Err(problems) => {
            report(&problems);
            Err(())
        }
    }
}

fn report(problems: &[Problem]) {
    for problem in problems {
        eprintln!("{problem}");
    }
    match problems.len() {
        1 => eprintln!("1 problem"),
        count => eprintln!("{count} problems"),
    }
}

fn summary(gateway: &Gateway) -> String {
    let count = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    };
    format!(
        "{}, {}, {}, revision {}",
        count(gateway.upstreams.len(), "provider"),
        count(gateway.chains.len(), "model"),
        count(gateway.policy.keys.len(), "key"),
        gateway.policy.revision
    )
}

fn fail(problem: &str) -> ExitCode {
    eprintln!("tollgate: {problem}");
    ExitCode::FAILURE
}
