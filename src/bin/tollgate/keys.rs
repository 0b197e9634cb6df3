//! `tollgate keys`: making virtual keys.

use std::process::ExitCode;

use clap::Subcommand;
use tollgate::identity::key::VirtualKey;

use super::fail;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a new key: prints it once, and the entry for gateway.yaml with its hash.
    ///
    /// The key goes to standard output, the entry to standard error when the output is not a terminal, so
    /// that `tollgate keys new --id x > key.txt` holds the key alone.
    #[command(
        after_help = "Example:\n  tollgate keys new --id team-a-prod --team data-science --environment prod"
    )]
    New {
        /// The key's public id: it appears in metrics and logs.
        #[arg(long)]
        id: String,
        /// The team for the entry.
        #[arg(long, default_value = "TEAM")]
        team: String,
        /// The environment for the entry.
        #[arg(long)]
        environment: Option<String>,
    },
}

pub(super) fn run(command: &Command) -> ExitCode {
    let Command::New { id, team, environment } = command;
    let mut random = [0; 32];
    if let Err(error) = getrandom::fill(&mut random) {
        return fail(&format!("the system gives no random bytes: {error}"));
    }
    let key = match VirtualKey::generate(id, &random) {
        Ok(key) => key,
        Err(invalid) => return fail(&format!("`--id {id}`: {invalid}")),
    };
    let environment = environment.as_ref().map(|name| format!("  environment: {name}\n")).unwrap_or_default();
    eprintln!("The key, shown this once; hand it to its owner:\n");
    println!("{}", key.text().expose());
    eprintln!(
        "\nThe entry for gateway.yaml, under `keys:`:\n\n\
         - id: {id}\n  hash: {}\n  team: {team}\n{environment}  models: [\"*\"]",
        key.hash()
    );
    ExitCode::SUCCESS
}
