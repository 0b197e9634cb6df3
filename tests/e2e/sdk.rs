//! The official SDKs as clients.

use std::path::Path;
use std::process::Command;

use crate::gateway::{Config, Gateway, KEY};
use crate::mock::Mock;

#[test]
fn the_openai_sdk_works_unchanged() {
    let mock = Mock::start();
    let config = Config::new(&[("mock", mock.url("a"))])
        .model("chat", &[("mock", "mock-large", 1)])
        .model("embeddings", &[("mock", "mock-embedding", 1)]);
    let gateway = Gateway::start(&config);
    python("tests/e2e/sdk/openai_client.py", &gateway);
    let printed = python("examples/clients/chat.py", &gateway);
    assert!(printed.contains("x-tollgate-provider: mock"), "{printed}");
}

/// Runs a script of the project against a gateway; what it printed.
pub(crate) fn python(script: &str, gateway: &Gateway) -> String {
    python_with(script, gateway, &[])
}

/// The same with more in its environment.
pub(crate) fn python_with(script: &str, gateway: &Gateway, environment: &[(&str, &str)]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let url = format!("http://{}/v1", gateway.address);
    let output = Command::new(root.join(".venv/bin/python"))
        .arg(root.join(script))
        .envs([("OPENAI_BASE_URL", url.as_str()), ("OPENAI_API_KEY", KEY)])
        .envs([("TOLLGATE_URL", url.as_str()), ("TOLLGATE_KEY", KEY)])
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    printed
}
