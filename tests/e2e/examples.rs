//! Every example, started: what is rendered from it is taken up by a running Envoy, part by part.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::client;
use crate::command::examples;
use crate::envoy::Envoy;
use crate::gateway::{free_address, module, temporary_directory, tollgate};

/// An example at ports of its own, rendered.
struct Example {
    /// Which one, and with what beside it.
    name: String,
    directory: PathBuf,
    listen: SocketAddr,
    envoy: Envoy,
}

impl Example {
    /// Renders the example, with a line more, and starts Envoy on it as the help of `tollgate render` says.
    fn start(path: &Path, line: &str) -> Self {
        let file = path.file_name().unwrap().to_str().unwrap();
        let name = format!("{file} {line}");
        let directory = temporary_directory(&format!("example-{}", name.replace([' ', ':', '{', '}'], "")));
        let (listen, admin) = (free_address(), free_address());
        let text = fs::read_to_string(path).unwrap();
        let kept = text.lines().filter(|line| !line.starts_with("listen:") && !line.starts_with("admin:"));
        let kept = kept.collect::<Vec<_>>().join("\n");
        let text = format!("{kept}\nlisten: {listen}\nadmin: {admin}\n{line}\n");
        fs::write(directory.join(file), &text).unwrap();
        // Wherever a credential comes from, there is one.
        let named = |key: &str| -> BTreeSet<String> {
            let start = format!("{{{key}: ");
            let rests = text.split(&start).skip(1);
            rests.map(|rest| rest.split('}').next().unwrap().to_owned()).collect()
        };
        let variables: Vec<_> = named("env").into_iter().map(|name| (name, "sk-test".to_owned())).collect();
        for secret in named("file") {
            let secret = directory.join(secret);
            fs::create_dir_all(secret.parent().unwrap()).unwrap();
            fs::write(secret, "sk-test").unwrap();
        }
        let rendered = tollgate()
            .args(["render", file, "--out", "rendered", "--module"])
            .arg(module())
            .current_dir(&directory)
            .output()
            .unwrap();
        assert!(rendered.status.success(), "{name}: {}", String::from_utf8_lossy(&rendered.stderr));
        let envoy = Envoy::start(&directory.join("rendered/bootstrap.json"), &variables);
        assert_eq!(envoy.admin, admin);
        Self { name, directory, listen, envoy }
    }

    /// The names of the resources of a rendered file.
    fn rendered(&self, file: &str) -> BTreeSet<String> {
        let text = fs::read_to_string(self.directory.join("rendered").join(file)).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        names(&file["resources"], |resource| resource)
    }

    /// The parts of a dump of Envoy's configuration that are in force.
    fn in_force(&self, list: &str, resource: impl Fn(&Value) -> &Value) -> BTreeSet<String> {
        let dump = self.envoy.page("/config_dump");
        let configs = dump["configs"].as_array().unwrap();
        let lists = configs.iter().map(|config| &config[list]).filter(|list| !list.is_null());
        lists.flat_map(|list| names(list, &resource)).collect()
    }
}

fn names(list: &Value, resource: impl Fn(&Value) -> &Value) -> BTreeSet<String> {
    let resources = list.as_array().unwrap().iter();
    resources
        .map(|one| resource(one)["name"].as_str().unwrap_or_else(|| panic!("{one}")).to_owned())
        .collect()
}

/// Whatever adapters and chains there are. All start at once, because an Envoy waits for names that nobody resolves.
#[test]
fn envoy_takes_up_every_part_of_every_example() {
    let mut running: Vec<Example> = examples().iter().map(|path| Example::start(path, "")).collect();
    let most = examples().into_iter().find(|path| path.ends_with("organisation.yaml")).unwrap();
    for line in ["envoy: {adapter: chain}", "envoy: {adapter: shared}", "envoy: {chains: aggregate}"] {
        running.push(Example::start(&most, line));
    }
    for example in &running {
        example.envoy.wait_until_it_serves();
    }
    for example in running {
        let name = &example.name;
        let stats = example
            .envoy
            .stats("(update_rejected|config_fail|config_reload|update_success|_unknown_fields)$");
        // A field that Envoy does not know it passes over, and tells of.
        let flaws = ["update_rejected", "config_fail", "static_unknown_fields", "dynamic_unknown_fields"];
        for flaw in flaws {
            let mut counted = stats.iter().filter(|(name, _)| name.ends_with(flaw)).peekable();
            assert!(counted.peek().is_some(), "{flaw} in {stats:?}");
            let found: Vec<_> = counted.filter(|(_, count)| *count > 0).collect();
            assert!(found.is_empty(), "{name}: {found:?}");
        }
        for taken in [
            "listener_manager.lds.update_success",
            "cluster_manager.cds.update_success",
            "http.gateway.rds.gateway.update_success",
            "extension_config_discovery.http_filter.tollgate.policy.config_reload",
            "extension_config_discovery.upstream_http_filter.tollgate.adapter.config_reload",
        ] {
            assert!(stats.contains(&(taken.to_owned(), 1)), "{name}: {taken} in {stats:?}");
        }

        let clusters = example.in_force("dynamic_active_clusters", |one| &one["cluster"]);
        assert_eq!(clusters, example.rendered("clusters.json"), "{name}");
        assert!(clusters.len() >= 2, "{name}");
        let listeners = example.in_force("dynamic_listeners", |one| &one["active_state"]["listener"]);
        assert_eq!(listeners, example.rendered("listeners.json"), "{name}");
        let routes = example.in_force("dynamic_route_configs", |one| &one["route_config"]);
        assert_eq!(routes, example.rendered("routes.json"), "{name}");
        let filters = example.in_force("ecds_filters", |one| &one["ecds_filter"]);
        let both = example.rendered("policy.json").into_iter().chain(example.rendered("adapter.json"));
        assert_eq!(filters, both.collect(), "{name}");

        let body = br#"{"model": "chat", "messages": []}"#;
        let headers = [("content-type", "application/json")];
        let mut refused = client::send(example.listen, "POST", "/v1/chat/completions", &headers, Some(body));
        assert_eq!(refused.status, 401, "{name}");
        assert_eq!(refused.json()["error"]["code"], "invalid_api_key", "{name}");
        fs::remove_dir_all(&example.directory).unwrap();
    }
}
