//! `tollgate status`: how the providers do, as a table or as JSON.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tollgate::observe::status::{CLUSTERS, Clusters, Purpose, STATS, State, Status};

use super::admin::Admin;
use super::{fail, load};

#[derive(Args)]
pub(super) struct Arguments {
    /// The gateway.yaml that says where Envoy's admin interface is. Default: 127.0.0.1:9901 is asked.
    file: Option<PathBuf>,
    /// The address of Envoy's admin interface, whatever the file says.
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<SocketAddr>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

const ADMIN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9901);

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let address = match (arguments.admin, &arguments.file) {
        (Some(address), _) => address,
        (None, None) => ADMIN,
        (None, Some(file)) => match load(file) {
            Ok(gateway) => gateway.admin,
            Err(()) => return ExitCode::FAILURE,
        },
    };
    let admin = Admin::new(address);
    let asked = admin.get(CLUSTERS).zip(admin.get(STATS));
    let Some((clusters, stats)) = asked else {
        return fail(&format!("no Envoy answers at {address}; is the gateway running there?"));
    };
    let Some(clusters) = Clusters::read(clusters.as_bytes()) else {
        return fail(&format!("what answers at {address} is not Envoy's admin interface"));
    };
    let status = clusters.status(&stats);
    if arguments.json {
        println!("{:#}", serde_json::json!(status));
    } else {
        print(&status);
    }
    ExitCode::SUCCESS
}

fn print(status: &Status) {
    let head =
        ["target", "for", "state", "active", "requests", "errors", "timeouts", "no connection", "ejected"];
    let mut rows = vec![head.map(str::to_owned)];
    for target in &status.targets {
        let state = match target.state {
            State::Healthy => "healthy",
            State::Ejected => "EJECTED",
            State::FailsChecks => "FAILS CHECKS",
            State::Unresolved => "NO ADDRESS",
        };
        let purpose = match &target.purpose {
            Purpose::Chains => "chains".to_owned(),
            Purpose::Alone => "alone".to_owned(),
            Purpose::Within(time) => format!("within {time}"),
        };
        let name = format!("{}/{}", target.provider, target.model);
        let numbers = [
            target.active,
            target.requests,
            target.errors,
            target.timeouts,
            target.connect_failures,
            target.ejections,
        ];
        let [active, requests, errors, timeouts, connections, ejections] =
            numbers.map(|number| number.to_string());
        rows.push([
            name,
            purpose,
            state.to_owned(),
            active,
            requests,
            errors,
            timeouts,
            connections,
            ejections,
        ]);
    }
    let mut widths = [0; 9];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        println!("{}", cells.join("  ").trim_end());
    }
    for (provider, counted) in &status.providers {
        let mut said: Vec<String> =
            counted.failed_attempts.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        if counted.credential_rejected > 0 {
            said.push(format!("CREDENTIAL REJECTED {}", counted.credential_rejected));
        }
        println!("{provider}: {}", said.join(", "));
    }
}
