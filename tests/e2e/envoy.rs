//! An Envoy that a test starts itself, without `tollgate run`, and ends by its process id.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{self, Answer};
use crate::gateway::{PATIENCE, envoy};

pub(crate) struct Envoy {
    child: Child,
    pub(crate) admin: SocketAddr,
}

impl Envoy {
    /// Starts one on a bootstrap, with these environment variables; it may not serve yet. Its log goes beside the bootstrap.
    pub(crate) fn start(bootstrap: &Path, variables: &[(String, String)]) -> Self {
        let (address, log) = (bootstrap.with_extension("admin"), bootstrap.with_extension("log"));
        let output = fs::File::create(&log).unwrap();
        let mut child = Command::new(envoy())
            .arg("-c")
            .arg(bootstrap)
            .args(["--disable-hot-restart", "--concurrency", "2", "--log-level", "warning"])
            .arg("--admin-address-path")
            .arg(&address)
            .envs(variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let start = Instant::now();
        loop {
            if let Some(admin) = fs::read_to_string(&address).ok().and_then(|text| text.trim().parse().ok()) {
                return Self { child, admin };
            }
            let ended = child.try_wait().unwrap();
            let told = || fs::read_to_string(&log).unwrap_or_default();
            assert!(ended.is_none() && start.elapsed() < PATIENCE, "Envoy does not start: {}", told());
            sleep(Duration::from_millis(20));
        }
    }

    /// It answers nothing while it compiles the module.
    pub(crate) fn wait_until_it_serves(&self) {
        let start = Instant::now();
        let is_ready = || {
            let mut stream = client::connect(self.admin);
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            client::write_request(&mut stream, "GET", "/ready", &[], None);
            Answer::read(stream).status == 200
        };
        while !is_ready() {
            assert!(start.elapsed() < PATIENCE, "Envoy does not serve within {PATIENCE:?}");
            sleep(Duration::from_millis(50));
        }
    }

    /// A page of the admin interface.
    pub(crate) fn page(&self, path: &str) -> Value {
        client::send(self.admin, "GET", path, &[], None).json()
    }

    /// The counters and gauges whose names match, as they are now.
    pub(crate) fn stats(&self, filter: &str) -> Vec<(String, u64)> {
        let page = self.page(&format!("/stats?format=json&filter={filter}"));
        let all = page["stats"].as_array().unwrap().iter();
        all.filter_map(|one| Some((one["name"].as_str()?.to_owned(), one["value"].as_u64()?))).collect()
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
