//! `tollgate run`: Envoy as a child, gateway.yaml as its only input.
//!
//! Renders, starts Envoy, and then looks at the file a few times a second: by content and not by notification,
//! so that an editor's rename, a mounted ConfigMap's link and a plain write are all seen. Envoy does the
//! reload itself when the rendered files are replaced.

#![expect(clippy::disallowed_methods, reason = "a supervisor waits, and so reads the clock")]

use std::fs;
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ExitCode, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Args;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tollgate::config::{self, Gateway};
use tollgate::render::{self, Place};

use super::admin::{Admin, Updates};
use super::credentials::{self, CredentialFiles};
use super::{fail, load, locate, report, summary};

const POLL: Duration = Duration::from_millis(100);

/// How long Envoy may take to serve: it compiles the module first.
const START_LIMIT: Duration = Duration::from_secs(120);

/// How long Envoy may take to take up a new configuration.
const RELOAD_LIMIT: Duration = Duration::from_secs(10);

/// A line that fits a terminal: time, level, component, message.
const LOG_FORMAT: &str = "%Y-%m-%d %T.%e envoy %l [%n] %v";

#[derive(Args)]
pub(super) struct Arguments {
    /// The gateway.yaml to run.
    file: PathBuf,
    /// The Envoy binary. Default: the one installed or built with this command, or `envoy` on the path.
    #[arg(long, value_name = "FILE", env = "TOLLGATE_ENVOY")]
    envoy: Option<PathBuf>,
    /// The WebAssembly module. Default: the one installed or built with this command.
    #[arg(long, value_name = "FILE", env = "TOLLGATE_MODULE")]
    module: Option<PathBuf>,
    /// Where to keep the rendered files. Default: a temporary directory, removed at the end.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// How many seconds requests in flight may take to finish when the gateway is stopped.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    drain: u64,
    /// Further arguments for Envoy.
    #[arg(last = true)]
    envoy_arguments: Vec<String>,
}

/// The directory of the rendered files.
struct State {
    path: PathBuf,
    temporary: bool,
}

impl State {
    fn open(asked: Option<&Path>) -> Result<Self, String> {
        let (path, temporary) = match asked {
            Some(path) => (locate::absolute(path)?, false),
            None => (std::env::temp_dir().join(format!("tollgate-{}", process::id())), true),
        };
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { path, temporary })
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if self.temporary {
            // What is left behind is small and named after the process.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

pub(super) fn run(arguments: Arguments) -> ExitCode {
    match supervise(&arguments) {
        Ok(status) => exit_code(status),
        Err(problem) if problem.is_empty() => ExitCode::FAILURE,
        Err(problem) => fail(&problem),
    }
}

/// Runs Envoy to its end. An empty error was reported already.
fn supervise(arguments: &Arguments) -> Result<ExitStatus, String> {
    let gateway = load(&arguments.file).map_err(|()| String::new())?;
    let envoy = locate::envoy(arguments.envoy.as_deref())?;
    let module = locate::module(arguments.module.as_deref())?;
    if !module.is_file() {
        return Err(format!("no module at {}; build it with `make wasm`", module.display()));
    }
    credentials::check(&gateway)?;
    let state = State::open(arguments.state.as_deref())?;
    let place = Place { directory: state.path.clone(), module };
    write(&gateway, &place, false)?;
    let signals =
        Signals::new([SIGTERM, SIGINT]).map_err(|error| format!("signals cannot be handled: {error}"))?;
    let child = start(&envoy, &gateway, &place, &arguments.envoy_arguments)
        .map_err(|error| format!("{} cannot be started: {error}", envoy.display()))?;
    let mut supervisor = Supervisor {
        child,
        admin: Admin::new(gateway.admin),
        file: arguments.file.clone(),
        place,
        last_seen: fs::read(&arguments.file).ok(),
        credentials: CredentialFiles::of(&gateway),
        gateway,
        signals,
        drain: Duration::from_secs(arguments.drain),
    };
    let status = supervisor.serve();
    if status.is_err() {
        // Whatever went wrong here, no Envoy is left behind.
        let _ = supervisor.child.kill();
        let _ = supervisor.child.wait();
    }
    status.map_err(|error| format!("Envoy cannot be waited for: {error}"))
}

/// Writes the files for an Envoy, which may be `running` by those that are there.
fn write(gateway: &Gateway, place: &Place, running: bool) -> Result<Vec<String>, String> {
    render::envoy(gateway, place)
        .write(&place.directory, running)
        .map_err(|error| format!("{} cannot be written: {error}", place.directory.display()))
}

fn start(envoy: &Path, gateway: &Gateway, place: &Place, further: &[String]) -> io::Result<Child> {
    let mut command = process::Command::new(envoy);
    command.arg("-c").arg(place.directory.join(render::BOOTSTRAP));
    command.args(["--disable-hot-restart", "--log-level", "warning", "--log-format", LOG_FORMAT]);
    if let Some(workers) = gateway.workers {
        command.args(["--concurrency", &workers.to_string()]);
    }
    // In a group of its own, so that Ctrl-C reaches this process alone and Envoy is stopped in good order.
    command.args(further).process_group(0).spawn()
}

struct Supervisor {
    child: Child,
    admin: Admin,
    file: PathBuf,
    place: Place,
    gateway: Gateway,
    credentials: CredentialFiles,
    /// The file's content when it was last looked at; `None` when it could not be read.
    last_seen: Option<Vec<u8>>,
    signals: Signals,
    drain: Duration,
}

impl Supervisor {
    fn serve(&mut self) -> io::Result<ExitStatus> {
        let started = Instant::now();
        let mut ready = false;
        loop {
            if let Some(status) = self.child.try_wait()? {
                eprintln!("tollgate: Envoy ended ({status})");
                return Ok(status);
            }
            if self.is_asked_to_stop() {
                return self.stop();
            }
            if ready {
                self.look();
                self.credentials.look();
            } else if self.admin.is_ready() {
                ready = true;
                eprintln!(
                    "tollgate: serving on http://{} ({}), admin on http://{}",
                    self.gateway.listen,
                    summary(&self.gateway),
                    self.gateway.admin
                );
            } else if started.elapsed() > START_LIMIT {
                eprintln!("tollgate: Envoy does not serve after {} s; stopping it", START_LIMIT.as_secs());
                self.child.kill()?;
                return self.child.wait();
            }
            sleep(POLL);
        }
    }

    /// Whether a signal has come since the last call.
    fn is_asked_to_stop(&mut self) -> bool {
        self.signals.pending().next().is_some()
    }

    /// Applies the file when it has changed.
    fn look(&mut self) {
        let content = fs::read(&self.file).ok();
        if content == self.last_seen {
            return;
        }
        self.last_seen = content;
        if self.last_seen.is_none() {
            // In the middle of a replacement, or gone: there is nothing to apply.
            return;
        }
        let kept = self.gateway.policy.revision.clone();
        let gateway = match config::load(&self.file) {
            Ok(gateway) => gateway,
            Err(problems) => {
                report(&problems);
                eprintln!("tollgate: the change is not applied; revision {kept} stays in force");
                return;
            }
        };
        for warning in &gateway.warnings {
            eprintln!("{warning}");
        }
        let at_start = |gateway: &Gateway| (gateway.admin, gateway.workers, gateway.overload);
        if at_start(&gateway) != at_start(&self.gateway) {
            eprintln!(
                "tollgate: a change of `admin`, `workers` or `overload` takes effect at the next start"
            );
        }
        let before = self.admin.updates();
        match write(&gateway, &self.place, true) {
            Ok(written) => {
                let reloads = written.iter().any(|name| name != render::BOOTSTRAP);
                self.credentials = CredentialFiles::of(&gateway);
                self.gateway = gateway;
                if reloads {
                    self.confirm(before, &kept);
                }
            }
            Err(problem) => eprintln!("tollgate: {problem}; revision {kept} stays in force"),
        }
    }

    /// Waits until Envoy has taken or refused what was written, and says which.
    fn confirm(&self, before: Updates, kept: &str) {
        let written = Instant::now();
        let mut last = before;
        while written.elapsed() < RELOAD_LIMIT {
            let now = self.admin.updates();
            let settled = now == last;
            last = now;
            if now.refused > before.refused {
                eprintln!(
                    "tollgate: Envoy refused a part of revision {}, for which its log has the reason; \
                     that part of revision {kept} stays in force",
                    self.gateway.policy.revision
                );
                return;
            }
            // The files are taken up one after the other.
            if settled && now.taken > before.taken {
                eprintln!("tollgate: applied {}", summary(&self.gateway));
                return;
            }
            sleep(POLL);
        }
        eprintln!("tollgate: Envoy has not taken up revision {} yet", self.gateway.policy.revision);
    }

    /// Lets requests in flight finish, then ends Envoy.
    fn stop(&mut self) -> io::Result<ExitStatus> {
        eprintln!("tollgate: stopping; requests in flight have {} s to finish", self.drain.as_secs());
        self.admin.drain();
        let asked = Instant::now();
        while asked.elapsed() < self.drain && !self.is_asked_to_stop() {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if self.admin.active_requests().unwrap_or(0) == 0 {
                break;
            }
            sleep(POLL);
        }
        terminate(&self.child)?;
        self.child.wait()
    }
}

/// Sends SIGTERM, which Envoy takes as the wish to exit with 0.
fn terminate(child: &Child) -> io::Result<()> {
    // The shell's own: the command of that name is missing in small images.
    let status = process::Command::new("sh").args(["-c", &format!("kill {}", child.id())]).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other("kill failed")) }
}

/// Envoy's exit code, or 128 and the signal that ended it, as a shell would say it.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
}
