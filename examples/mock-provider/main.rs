//! A mock provider: plays the APIs of OpenAI, Anthropic, Gemini and Bedrock, those of the first three also at the
//! paths of Azure OpenAI and Vertex AI, over plain HTTP/1.1 for tests, benchmarks and `make run`, and fails on
//! command.
//!
//! Promises: answers have the shapes of the API references and are the same for the same request (`id`,
//! `created` and `x-request-id` aside); everything received can be read back at `/_mock/log`; the first line on
//! standard output is `listening on ADDRESS:PORT`.
//!
//! Deliberately does not know: the gateway, TLS, HTTP/2, real tokenisation (its token counts are a documented
//! fake). One thread serves one connection; there is no async runtime.
//!
//! | module | holds |
//! | --- | --- |
//! | `http` | requests off a socket, response heads |
//! | `behaviour` | what can be asked of an instance, and the queue of it |
//! | `instance`, `log` | one played provider: its script, log and counters |
//! | `answer`, `deliver` | an answer before, and while, a behaviour bends it |
//! | `openai`, `anthropic`, `gemini`, `bedrock` | the API surfaces |
//! | `strict` | what a provider refuses: the shapes of its requests, limits and rules |
//! | `cloud` | those of the first three where others serve them |
//! | `embeddings` | what the last two embed, wherever they are served |
//! | `control` | the `/_mock` endpoints |
//! | `server` | listening, connections, dispatch |

mod answer;
mod anthropic;
mod base64;
mod bedrock;
mod behaviour;
mod cloud;
mod control;
mod deliver;
mod embeddings;
mod gemini;
mod http;
mod instance;
mod log;
mod openai;
mod server;
mod strict;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::process::{ExitCode, exit};
use std::sync::Arc;
use std::thread;

use clap::Parser;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::behaviour::{Behaviour, BehaviourError};
use crate::server::{Options, Server};

/// Plays providers' APIs for tests and benchmarks, and fails on command.
#[derive(Debug, Parser)]
#[command(name = "mock-provider")]
struct Flags {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:9100")]
    listen: SocketAddr,
    /// Refuse API requests that do not carry exactly this key where their API has it, or are not signed with it.
    #[arg(long, value_name = "VALUE")]
    require_key: Option<String>,
    /// What every instance does unless told otherwise, as the JSON object that `POST /_mock/behaviour` takes.
    #[arg(long, value_name = "JSON", value_parser = default_behaviour)]
    behaviour: Option<Behaviour>,
    /// Keep no log of requests (for benchmarks); counters stay.
    #[arg(long)]
    no_log: bool,
    /// End when standard input reaches end of file, so that a killed test leaves nothing behind.
    #[arg(long)]
    exit_with_stdin: bool,
}

fn default_behaviour(json: &str) -> Result<Behaviour, BehaviourError> {
    Behaviour::default_from_json(json.as_bytes())
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    match run(flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to report to when standard error is closed too.
            let _ = writeln!(io::stderr(), "mock-provider: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(flags: Flags) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            exit(0);
        }
    });
    if flags.exit_with_stdin {
        thread::spawn(|| {
            let mut sink = [0; 1024];
            while matches!(io::stdin().read(&mut sink), Ok(length) if length > 0) {}
            exit(0);
        });
    }
    let options = Options {
        required_key: flags.require_key,
        default_behaviour: flags.behaviour.unwrap_or_default(),
        keep_log: !flags.no_log,
    };
    let server = Server::bind(flags.listen, options)?;
    let mut output = io::stdout();
    writeln!(output, "listening on {}", server.address()?)?;
    output.flush()?;
    Arc::new(server).run()
}
