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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join(".venv/bin/python"))
        .arg(root.join("tests/e2e/sdk/openai_client.py"))
        .env("OPENAI_BASE_URL", format!("http://{}/v1", gateway.address))
        .env("OPENAI_API_KEY", KEY)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
