//! Where a provider's key comes from, beside the files of the other tests: the environment, and secrets in Envoy's own form.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::gateway::{Config, Gateway, KEY, module, prompt, replace, temporary_directory, tollgate};
use crate::mock::{Mock, header_values};

/// Two providers with these credentials: `direct` needs no adapter, and `chain` comes to the second after the first.
fn config(mock: &Mock, first: Value, second: Value) -> Config {
    let mut config = Config::new(&[("first", mock.url("first")), ("second", mock.url("second"))])
        .model("direct", &[("first", "m", 0)])
        .model("chain", &[("first", "m", 0), ("second", "m", 0)]);
    config.0["credentials"] = json!({"first": first, "second": second});
    config
}

/// Calls that fail at the first provider and are served by the second, and one that the first serves; then each has seen
/// its own key alone.
fn each_sees(mock: &Mock, gateway: &Gateway, keys: [&str; 2]) {
    mock.behave("first", &json!({"status": 503, "times": 1}));
    assert_eq!(gateway.chat(KEY, &prompt("chain", false)).header("x-tollgate-provider"), Some("second"));
    assert_eq!(gateway.chat(KEY, &prompt("direct", false)).status, 200);
    for (name, calls, key, other) in [("first", 2, keys[0], keys[1]), ("second", 1, keys[1], keys[0])] {
        let log = mock.log(name);
        assert_eq!(log.len(), calls, "{name}");
        for entry in log {
            assert_eq!(header_values(&entry, "authorization"), [format!("Bearer {key}")], "{name}");
            assert!(!entry.to_string().contains(other), "{name}");
        }
    }
}

#[test]
fn a_key_from_the_environment_reaches_its_provider_and_no_file() {
    let mock = Mock::start();
    let config = config(&mock, json!({"env": "TOLLGATE_TEST_FIRST"}), json!({"env": "TOLLGATE_TEST_SECOND"}));
    let gateway = Gateway::start_prepared(&config, |command, _| {
        command.env("TOLLGATE_TEST_FIRST", "sk-environment-first");
        command.env("TOLLGATE_TEST_SECOND", "sk-environment-second");
    });
    each_sees(&mock, &gateway, ["sk-environment-first", "sk-environment-second"]);
    let state = gateway.directory.join("state");
    for file in [state.clone(), state.join("secrets"), gateway.directory.clone()]
        .iter()
        .flat_map(|directory| fs::read_dir(directory).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
    {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        assert!(!text.contains("sk-environment"), "{}", file.display());
    }
}

/// A discovery file with one secret.
fn discovery(name: &str, key: &str) -> String {
    format!(
        "resources:\n- \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret\n  \
         name: {name}\n  generic_secret: {{secret: {{inline_string: {key}}}}}\n"
    )
}

#[test]
fn a_key_in_envoys_own_form_reaches_its_provider_and_is_rotated() {
    let mock = Mock::start();
    // A name may be used by both: each file is its own.
    let config = config(
        &mock,
        json!({"sds": {"path": "first.yaml", "name": "key"}}),
        json!({"sds": {"path": "second.yaml", "name": "key"}}),
    );
    let gateway = Gateway::start_prepared(&config, |_, directory| {
        for name in ["first", "second"] {
            let text = discovery("key", &format!("sk-discovered-{name}"));
            fs::write(directory.join(format!("{name}.yaml")), text).unwrap();
        }
    });
    each_sees(&mock, &gateway, ["sk-discovered-first", "sk-discovered-second"]);
    replace(&gateway.directory.join("first.yaml"), &discovery("key", "sk-rotated"));
    gateway.wait_until("the new key is used", |gateway| {
        assert_eq!(gateway.chat(KEY, &prompt("direct", false)).status, 200);
        header_values(mock.log("first").last().unwrap(), "authorization") == ["Bearer sk-rotated"]
    });
}

/// `tollgate run` in a directory of its own, with an Envoy that ends at once.
fn run_without_envoy(directory: &Path, config: &Config, variable: Option<&str>) -> Output {
    fs::write(directory.join("gateway.yaml"), config.0.to_string()).unwrap();
    let mut command = tollgate();
    command.args(["run", "gateway.yaml", "--state", "state", "--envoy", "/bin/true", "--module"]);
    command.arg(module()).current_dir(directory).env_remove("TOLLGATE_TEST_KEY");
    command.envs(variable.map(|value| ("TOLLGATE_TEST_KEY", value)));
    command.output().unwrap()
}

#[test]
fn a_variable_that_is_not_set_is_told_of_before_envoy_starts() {
    let directory = temporary_directory("variable");
    let mut config =
        Config::new(&[("one", "http://127.0.0.1:9/v1".to_owned())]).model("m", &[("one", "m", 0)]);
    config.0["credentials"]["one"] = json!({"env": "TOLLGATE_TEST_KEY"});
    for unset in [None, Some("")] {
        let output = run_without_envoy(&directory, &config, unset);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("TOLLGATE_TEST_KEY is not set") && text.contains("credential one"), "{text}");
        assert!(!directory.join("state").exists(), "{text}");
    }
    let output = run_without_envoy(&directory, &config, Some("sk-set"));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && text.contains("Envoy ended"), "{text}");
    assert!(!text.contains("sk-set"), "{text}");
    fs::remove_dir_all(directory).unwrap();
}

/// A file may be mounted late: it is told of, and used once it is there.
#[test]
fn a_credential_file_that_comes_later_is_told_of_and_used() {
    let mock = Mock::start();
    let config = config(&mock, json!({"file": "first.key"}), json!({"file": "second.key"}));
    let gateway = Gateway::start_prepared(&config, |_, directory| {
        fs::remove_file(directory.join("first.key")).unwrap();
    });
    let log = gateway.run_log();
    assert!(log.contains("first.key does not exist yet") && log.contains("credential first"), "{log}");
    assert!(!log.contains("second.key"), "{log}");
    let mut refused = gateway.chat(KEY, &prompt("direct", false));
    assert_eq!(refused.status, 503);
    assert_eq!(refused.json()["error"]["code"], "no_provider_available");
    assert!(mock.log("first").is_empty());
    replace(&gateway.directory.join("first.key"), "sk-late\n");
    gateway
        .wait_until("the key is used", |gateway| gateway.chat(KEY, &prompt("direct", false)).status == 200);
    assert_eq!(header_values(&mock.log("first")[0], "authorization"), ["Bearer sk-late"]);
}
