//! The mock provider as a child process.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

pub(crate) struct Mock {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Mock {
    pub(crate) fn start() -> Self {
        // Built before the tests by `make test`: cargo itself builds an example that has tests only as those.
        let directory = Path::new(env!("CARGO_BIN_EXE_tollgate")).parent().unwrap();
        let mut child = Command::new(directory.join("examples/mock-provider"))
            .args(["--listen", "127.0.0.1:0", "--exit-with-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the mock provider is not built; run the tests by `make test`");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().parse().unwrap();
        Self { child, address }
    }

    /// The base URL of one of the providers that the process plays.
    pub(crate) fn url(&self, instance: &str) -> String {
        format!("http://{}/instance/{instance}/v1", self.address)
    }

    /// The base URL of one that is called at the paths of its own API.
    pub(crate) fn root(&self, instance: &str) -> String {
        format!("http://{}/instance/{instance}", self.address)
    }

    /// Asks a provider to behave so from now on.
    pub(crate) fn behave(&self, instance: &str, behaviour: &Value) {
        let url = format!("http://{}/_mock/behaviour?instance={instance}", self.address);
        ureq::post(url).send(behaviour.to_string()).unwrap();
    }

    /// What a provider has counted.
    pub(crate) fn stats(&self, instance: &str) -> Value {
        let url = format!("http://{}/_mock/stats?instance={instance}", self.address);
        serde_json::from_str(&ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap()).unwrap()
    }

    /// What a provider has received.
    pub(crate) fn log(&self, instance: &str) -> Vec<Value> {
        let url = format!("http://{}/_mock/log?instance={instance}", self.address);
        let text = ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap();
        match serde_json::from_str(&text).unwrap() {
            Value::Array(entries) => entries,
            other => panic!("not a log: {other}"),
        }
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The values of a header field of a logged request.
pub(crate) fn header_values(entry: &Value, wanted: &str) -> Vec<String> {
    let pairs = entry["headers"].as_array().unwrap();
    pairs
        .iter()
        .filter(|pair| pair[0].as_str().unwrap().eq_ignore_ascii_case(wanted))
        .map(|pair| pair[1].as_str().unwrap().to_owned())
        .collect()
}

/// The body of a logged request.
pub(crate) fn body(entry: &Value) -> Value {
    serde_json::from_str(entry["body"].as_str().unwrap()).unwrap()
}
