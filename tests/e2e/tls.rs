//! TLS to a provider: verified against the configured authority and the very host, or not used at all.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::gateway::{Config, Gateway, KEY, prompt, temporary_directory};

/// A TLS provider on a free port, with a certificate for `localhost` by an authority of its own.
struct Provider {
    child: Child,
    port: String,
    directory: std::path::PathBuf,
}

impl Provider {
    fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let directory = temporary_directory("tls");
        let mut child = Command::new(root.join(".venv/bin/python"))
            .arg(root.join("tests/e2e/sdk/tls_provider.py"))
            .arg(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { child, port: port.trim().to_owned(), directory }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

#[test]
fn a_provider_is_called_over_tls_only_when_its_certificate_is_right() {
    let provider = Provider::start();
    let port = &provider.port;
    let mut config = Config::new(&[
        ("right", format!("https://localhost:{port}/v1")),
        // The same server, by a name that its certificate is not for.
        ("misnamed", format!("https://127.0.0.1:{port}/v1")),
        // The same server, with an authority that nobody vouches for.
        ("unknown", format!("https://localhost:{port}/v1")),
    ])
    .model("right", &[("right", "m", 0)])
    .model("misnamed", &[("misnamed", "m", 0)])
    .model("unknown", &[("unknown", "m", 0)]);
    for name in ["right", "misnamed"] {
        config.0["providers"][name]["ca"] = provider.directory.join("ca.pem").display().to_string().into();
    }
    let gateway = Gateway::start(&config);
    let mut answer = gateway.chat(KEY, &prompt("right", false));
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(
        (body["sni"].as_str(), body["host"].as_str()),
        (Some("localhost"), Some(&*format!("localhost:{port}")))
    );
    for model in ["misnamed", "unknown"] {
        let mut refused = gateway.chat(KEY, &prompt(model, false));
        assert_eq!(refused.status, 503, "{model}");
        assert_eq!(refused.json()["error"]["code"], "no_provider_available");
    }
}
