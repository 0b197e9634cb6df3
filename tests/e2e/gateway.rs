//! A gateway as an operator runs it: `tollgate run` on a file in a directory of its own.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tollgate::observe::secret::KeyHash;

use crate::client::{self, Answer};

/// The keys of every test gateway, by public id.
pub(crate) const KEY: &str = "tg-team-a-prod-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
pub(crate) const OTHER_KEY: &str = "tg-team-b-dev-BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
pub(crate) const EXPIRED_KEY: &str = "tg-expired-CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";
pub(crate) const REVOKED_KEY: &str = "tg-revoked-DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD";

/// Long enough for a slow machine; reached only when something is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// A running gateway.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) directory: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
}

/// gateway.yaml as data; JSON is accepted wherever YAML is.
pub(crate) struct Config(pub(crate) Value);

impl Config {
    /// Providers by name and base URL, each with a credential of its own, and the keys of above.
    pub(crate) fn new(providers: &[(&str, String)]) -> Self {
        let mut config = json!({
            "version": 1,
            "workers": 2,
            "access_log": "access.log",
            "credentials": {},
            "providers": {},
            "models": {},
            "teams": {
                "team-a": {"environments": {"prod": {}}},
                "team-b": {},
            },
            "keys": [
                {"id": "team-a-prod", "hash": hash(KEY), "team": "team-a", "environment": "prod", "models": ["*"]},
                {"id": "team-b-dev", "hash": hash(OTHER_KEY), "team": "team-b", "models": ["*"]},
                {"id": "expired", "hash": hash(EXPIRED_KEY), "team": "team-b", "models": ["*"],
                 "expires": "2020-01-01T00:00:00Z"},
                {"id": "revoked", "hash": hash(REVOKED_KEY), "team": "team-b", "models": ["*"], "revoked": true},
            ],
        });
        for (name, url) in providers {
            config["credentials"][name] = json!({"file": format!("{name}.key")});
            config["providers"][name] = json!({"api": "openai", "url": url, "credential": name});
        }
        Self(config)
    }

    /// A logical model with these targets: provider, model, retries. Once there is one called `small`, the
    /// other key may call nothing else.
    pub(crate) fn model(mut self, name: &str, targets: &[(&str, &str, u32)]) -> Self {
        let targets: Vec<Value> = targets
            .iter()
            .map(|(provider, model, retries)| {
                json!({"provider": provider, "model": model, "retries": retries, "timeout": "20s"})
            })
            .collect();
        self.0["models"][name] = json!({ "targets": targets });
        if name == "small" {
            self.0["keys"][1]["models"] = json!(["small"]);
        }
        self
    }
}

fn hash(key: &str) -> String {
    KeyHash::of(key.as_bytes()).to_string()
}

/// The provider's key that a test gateway holds for the provider `name`.
pub(crate) fn provider_key(name: &str) -> String {
    format!("sk-planted-provider-secret-of-{name}")
}

/// A directory that is removed at the end.
pub(crate) fn temporary_directory(purpose: &str) -> PathBuf {
    let unique = format!("tollgate-test-{purpose}-{}-{:?}", std::process::id(), std::thread::current().id());
    let path = std::env::temp_dir().join(unique.replace(['(', ')'], ""));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

pub(crate) fn module() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/wasm32-wasip1/release/tollgate.wasm")
}

/// The Envoy that the environment names, or the one that `make envoy` installed.
pub(crate) fn envoy() -> PathBuf {
    std::env::var_os("TOLLGATE_ENVOY")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/envoy"), PathBuf::from)
}

pub(crate) fn tollgate() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tollgate"))
}

/// A port that was free a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn write_config(directory: &Path, address: SocketAddr, admin: SocketAddr, config: &Config) {
    let mut config = config.0.clone();
    config["listen"] = address.to_string().into();
    config["admin"] = admin.to_string().into();
    config["access_log"] = directory.join("access.log").display().to_string().into();
    replace(&directory.join("gateway.yaml"), &config.to_string());
}

/// Replaces a file by a rename, as editors and orchestrators do.
pub(crate) fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

impl Gateway {
    /// Starts a gateway and waits until it serves.
    pub(crate) fn start(config: &Config) -> Self {
        Self::start_with(&module(), config)
    }

    /// As [`Self::start`], with another module.
    pub(crate) fn start_with(module: &Path, config: &Config) -> Self {
        Self::launch(module, config, |_, _| {})
    }

    /// As [`Self::start`], where `prepare` has the last word on the command and on the files beside gateway.yaml.
    pub(crate) fn start_prepared(config: &Config, prepare: impl FnOnce(&mut Command, &Path)) -> Self {
        Self::launch(&module(), config, prepare)
    }

    fn launch(module: &Path, config: &Config, prepare: impl FnOnce(&mut Command, &Path)) -> Self {
        let directory = temporary_directory("gateway");
        for name in config.0["credentials"].as_object().unwrap().keys() {
            fs::write(directory.join(format!("{name}.key")), provider_key(name)).unwrap();
        }
        let (address, admin) = (free_address(), free_address());
        let log = fs::File::create(directory.join("run.log")).unwrap();
        write_config(&directory, address, admin, config);
        let mut command = Self::command(module, &directory, log);
        prepare(&mut command, &directory);
        let child = command.spawn().unwrap();
        let gateway = Self { child, directory, address, admin };
        gateway.wait_until("the gateway serves", |gateway| gateway.run_log().contains("tollgate: serving"));
        gateway
    }

    fn command(module: &Path, directory: &Path, log: fs::File) -> Command {
        let mut command = tollgate();
        command
            .args(["run", "gateway.yaml", "--state", "state", "--drain", "20"])
            .arg("--module")
            .arg(module)
            .arg("--envoy")
            .arg(envoy())
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        command
    }

    /// Replaces gateway.yaml.
    pub(crate) fn configure(&self, config: &Config) {
        write_config(&self.directory, self.address, self.admin, config);
    }

    /// Replaces gateway.yaml by any text.
    pub(crate) fn write(&self, text: &str) {
        replace(&self.directory.join("gateway.yaml"), text);
    }

    pub(crate) fn chat(&self, key: &str, body: &Value) -> Answer {
        self.post("/v1/chat/completions", key, body)
    }

    pub(crate) fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        let authorization = format!("Bearer {key}");
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        client::send(self.address, "POST", path, &headers, Some(body.to_string().as_bytes()))
    }

    pub(crate) fn get(&self, path: &str, key: &str) -> Answer {
        let authorization = format!("Bearer {key}");
        client::send(self.address, "GET", path, &[("authorization", authorization.as_str())], None)
    }

    pub(crate) fn metrics(&self) -> String {
        client::send(self.admin, "GET", "/stats/prometheus", &[], None).text()
    }

    /// The value of the series of `metric` that has all these labels.
    pub(crate) fn metric(&self, metric: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let wanted: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let metrics = self.metrics();
        let line = metrics.lines().find(|line| {
            line.split_once('{').is_some_and(|(name, rest)| {
                name == metric && wanted.iter().all(|label| rest.split([',', '}']).any(|held| held == label))
            })
        })?;
        line.rsplit(' ').next()?.parse().ok()
    }

    /// What `tollgate run` and Envoy have printed.
    pub(crate) fn run_log(&self) -> String {
        fs::read_to_string(self.directory.join("run.log")).unwrap_or_default()
    }

    /// The access log's lines, parsed; waits until there are `count`. Envoy writes in blocks, of which the last may end
    /// within a line: only what has its end is one.
    pub(crate) fn access_log(&self, count: usize) -> Vec<Value> {
        let path = self.directory.join("access.log");
        let written = || fs::read_to_string(&path).unwrap_or_default();
        self.wait_until("the access log is written", |_| written().matches('\n').count() >= count);
        let written = written();
        let whole = written.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }

    pub(crate) fn wait_until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}\n{}", self.run_log());
            sleep(Duration::from_millis(20));
        }
    }

    /// Sends SIGTERM to `tollgate run`.
    pub(crate) fn terminate(&self) {
        self.kill(&[&self.child.id().to_string()]);
    }

    /// Presses Ctrl-C in the terminal of `tollgate run`, which reaches all of its process group. It must have one of its own.
    pub(crate) fn interrupt(&self) {
        self.kill(&["-INT", "--", &format!("-{}", self.child.id())]);
    }

    fn kill(&self, arguments: &[&str]) {
        assert!(Command::new("kill").args(arguments).status().unwrap().success(), "{arguments:?}");
    }

    /// Waits for `tollgate run` to end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "the gateway does not end\n{}", self.run_log());
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            // Two signals: a test that failed in the middle of a stream does not wait for it.
            for _ in 0..2 {
                let _ = Command::new("kill").arg(self.child.id().to_string()).status();
                sleep(Duration::from_millis(300));
            }
            let _ = self.wait();
        }
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

/// A chat request.
pub(crate) fn prompt(model: &str, stream: bool) -> Value {
    json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hello"}]})
}
