//! gateway.yaml → Envoy's configuration.
//!
//! [`envoy`] gives the files of one directory. The bootstrap names the others, and Envoy watches them: a file
//! that is replaced (written beside and renamed, as [`write`](Rendered::write) does) takes effect without a
//! restart, and one that Envoy refuses leaves the last good one in force. What changes for different reasons is
//! in different files, so that a revoked key touches neither listeners nor clusters:
//!
//! | file | changes with |
//! | --- | --- |
//! | `bootstrap.json` | admin address, `overload`; Envoy reads it once |
//! | `listeners.json` | listen address, access log, targets with less time than others, credentials of shared adapters |
//! | `routes.json` | the size limit of requests, the longest timeout, models that stand in for others |
//! | `clusters.json` | providers, models, chains |
//! | `policy.json` | keys, models, limits, providers of models that need no adapter, module path: the policy role |
//! | `adapter.json` | providers, module path: the adapter role |
//! | `secrets/NAME.json` | where a credential is found; never the credential |
//!
//! Everything is a pure function of the checked configuration and the place. Deliberately unknown here: the
//! processes that are started with it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::config::Gateway;

mod aggregate;
mod bootstrap;
mod clusters;
mod filters;
mod kept;
mod listener;
mod operators;
mod secrets;
mod webhook;
mod within;

#[cfg(test)]
mod tests;

/// Where things will be when Envoy reads the files; all paths absolute.
#[derive(Clone, Debug)]
pub struct Place {
    /// The directory of the rendered files.
    pub directory: PathBuf,
    /// The WebAssembly module.
    pub module: PathBuf,
}

impl Place {
    /// The path of a rendered file as Envoy sees it.
    fn file(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    /// Envoy's way to say that a resource comes from a watched file.
    fn source(&self, name: &str) -> Value {
        json!({"path_config_source": {"path": self.file(name)}, "resource_api_version": "V3"})
    }
}

/// The name of the bootstrap among the rendered files.
pub const BOOTSTRAP: &str = "bootstrap.json";

const CLUSTERS_FILE: &str = "clusters.json";

/// Rendered files: names relative to the directory, and contents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// In the order in which they are written: what is referred to comes before what refers to it.
    pub files: Vec<(String, Value)>,
}

/// Renders a gateway for a stock Envoy.
#[must_use]
pub fn envoy(gateway: &Gateway, place: &Place) -> Rendered {
    let mut files: Vec<(String, Value)> = secrets::files(gateway);
    files.push((CLUSTERS_FILE.to_owned(), resources(clusters::all(gateway, place))));
    files.push((filters::ADAPTER_FILE.to_owned(), resources(vec![filters::adapter(gateway, place)])));
    files.push((filters::POLICY_FILE.to_owned(), resources(vec![filters::policy(gateway, place)])));
    files.push((listener::ROUTES_FILE.to_owned(), resources(vec![listener::routes(gateway)])));
    let mut listeners = within::listeners(gateway);
    listeners.push(listener::listener(gateway, place));
    files.push(("listeners.json".to_owned(), resources(listeners)));
    files.push((BOOTSTRAP.to_owned(), bootstrap::bootstrap(gateway, place)));
    Rendered { files }
}

fn resources(resources: Vec<Value>) -> Value {
    json!({ "resources": resources })
}

impl Rendered {
    /// Writes every file whose content differs from what `directory` holds, each by a rename, which is what
    /// Envoy watches for. Where an Envoy may be `running` by them, clusters that the policy of that directory leads to stay
    /// until the next time (see [`kept`]). Returns the names of the files written.
    ///
    /// # Errors
    /// When the directory cannot be made or written.
    pub fn write(&self, directory: &Path, running: bool) -> io::Result<Vec<String>> {
        let mut written = Vec::new();
        let present = |name: &str| fs::read_to_string(directory.join(name)).unwrap_or_default();
        let written_as = |value: &Value| format!("{value:#}\n");
        let policy = if running { present(filters::POLICY_FILE) } else { String::new() };
        let secrets = self.files.iter().filter(|(name, _)| name.starts_with(secrets::DIRECTORY));
        let changed: Vec<String> = secrets
            .filter(|(name, value)| present(name) != written_as(value))
            .map(|(name, _)| name.clone())
            .collect();
        for (name, value) in &self.files {
            let path = directory.join(name);
            let kept = (name == CLUSTERS_FILE).then(|| {
                let clusters = serde_json::from_str(&present(name)).unwrap_or_default();
                kept::with_those_in_use(value.clone(), &clusters, &policy, &changed)
            });
            let value = kept.as_ref().unwrap_or(value);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let text = written_as(value);
            if fs::read_to_string(&path).is_ok_and(|present| present == text) {
                continue;
            }
            let beside = path.with_extension("json.new");
            fs::write(&beside, text)?;
            fs::rename(&beside, &path)?;
            written.push(name.clone());
        }
        Ok(written)
    }
}

/// A typed extension: `{"@type": …}` and its fields.
fn typed(message: &str, mut fields: Value) -> Value {
    if let Some(object) = fields.as_object_mut() {
        object.insert("@type".to_owned(), format!("type.googleapis.com/{message}").into());
    }
    fields
}

/// A named typed extension.
fn extension(name: &str, message: &str, fields: Value) -> Value {
    json!({"name": name, "typed_config": typed(message, fields)})
}

/// An address of Envoy's.
fn socket_address(host: &str, port: u16) -> Value {
    json!({"socket_address": {"address": host, "port_value": port}})
}
