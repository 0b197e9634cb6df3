//! The operator's command: `check`, `render`, `keys`, and how `run` ends.

use std::fs;
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use tollgate::config::parse;
use tollgate::identity::key::parse_id;
use tollgate::observe::secret::KeyHash;

use crate::client::events;
use crate::gateway::{Config, Gateway, KEY, envoy, module, prompt, temporary_directory, tollgate};
use crate::mock::Mock;

pub(crate) fn examples() -> Vec<std::path::PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let yaml: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect();
    assert!(yaml.len() >= 2);
    yaml
}

#[test]
fn envoy_accepts_what_is_rendered_from_every_example() {
    for example in examples() {
        let directory = temporary_directory("render");
        let render = || {
            let mut command = tollgate();
            command.arg("render").arg(&example).arg("--out").arg(&directory).arg("--module").arg(module());
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        render();
        let validated = Command::new(envoy())
            .args(["--mode", "validate", "-c"])
            .arg(directory.join("bootstrap.json"))
            .env("OPENAI_API_KEY", "sk-test")
            .output()
            .unwrap();
        assert!(validated.status.success(), "{}", String::from_utf8_lossy(&validated.stderr));
        // A second rendering of the same file changes nothing that Envoy watches.
        assert!(render().contains("up to date"));
        fs::remove_dir_all(directory).unwrap();
    }
}

/// `--mode validate` reads the bootstrap; what is behind its watched files shows when Envoy has loaded them.
#[test]
fn envoy_refuses_no_part_of_the_configuration() {
    let mock = Mock::start();
    let config = Config::new(&[("mock", mock.url("a")), ("tls", "https://provider.invalid/v1".to_owned())])
        .model("small", &[("mock", "mock-small", 1), ("tls", "m/o:d.1", 3)])
        .model("alone", &[("tls", "m", 0)]);
    let gateway = Gateway::start(&config);
    let stats =
        crate::client::send(gateway.admin, "GET", "/stats?filter=(update_rejected|config_fail)", &[], None);
    let mut stats = stats;
    let text = stats.text();
    assert!(text.lines().count() >= 4, "{text}");
    for line in text.lines() {
        assert!(line.ends_with(": 0"), "{line}");
    }
    let log = gateway.run_log();
    assert!(!log.contains(" warning ") && !log.contains(" error "), "Envoy's log is not quiet:\n{log}");
}

#[test]
fn check_says_where_what_and_what_instead() {
    let directory = temporary_directory("check");
    let file = directory.join("gateway.yaml");
    fs::write(&file, "version: 1\nproviders:\n  openai: {api: openai, urll: https://api.openai.com/v1}\n")
        .unwrap();
    let output = tollgate().arg("check").arg("gateway.yaml").current_dir(&directory).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("gateway.yaml:3:"), "{text}");
    assert!(text.contains("providers.openai.urll") && text.contains("did you mean `url`?"), "{text}");
    fs::remove_dir_all(directory).unwrap();
    for example in examples() {
        assert!(tollgate().arg("check").arg(example).status().unwrap().success());
    }
}

#[test]
fn a_new_key_is_printed_once_with_its_hash() {
    let make = || {
        let output = tollgate().args(["keys", "new", "--id", "team-a-prod", "--team", "t"]).output().unwrap();
        assert!(output.status.success());
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (key, entry) = make();
    let key = key.trim();
    assert_eq!(parse_id(key), Some("team-a-prod"));
    assert!(entry.contains(&KeyHash::of(key.as_bytes()).to_string()), "{entry}");
    assert!(!entry.contains(key));
    assert_ne!(make().0.trim(), key);
    let invalid = tollgate().args(["keys", "new", "--id", "Team A"]).output().unwrap();
    assert_eq!(invalid.status.code(), Some(1));
}

#[test]
fn the_entry_of_a_new_key_can_be_pasted() {
    const START: &str = "version: 1\nproviders: {p: {api: openai, url: 'http://127.0.0.1'}}\n\
                         models: {m: {targets: [{provider: p, model: x}]}}\n\
                         teams: {data-science: {environments: {prod: {}}}}\n";
    for environment in [None, Some("prod")] {
        let mut command = tollgate();
        command.args(["keys", "new", "--id", "team-a-prod", "--team", "data-science"]);
        command.args(environment.iter().flat_map(|name| ["--environment", name]));
        let output = command.output().unwrap();
        let key = String::from_utf8(output.stdout).unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let (_, entry) = told.split_once("under `keys:`:\n\n").unwrap();
        let gateway = parse("gateway.yaml", &format!("{START}keys:\n{entry}")).unwrap();
        assert_eq!(gateway.warnings.len(), 0, "{entry}");
        assert_eq!(gateway.policy.keys.len(), 1);
        let pasted = &gateway.policy.keys["team-a-prod"];
        assert_eq!(pasted.hash, KeyHash::of(key.trim().as_bytes()));
        assert_eq!((&*pasted.team, pasted.environment.as_deref()), ("data-science", environment));
        assert_eq!((pasted.expires, pasted.revoked), (None, false));
    }
}

#[test]
fn sigterm_lets_a_stream_finish_and_exits_with_success() {
    let mock = Mock::start();
    mock.behave("a", &json!({"chunks": 20, "chunk_ms": 100}));
    let config = Config::new(&[("mock", mock.url("a"))]).model("small", &[("mock", "mock-small", 1)]);
    let mut gateway = Gateway::start(&config);
    let mut stream = gateway.chat(KEY, &prompt("small", true));
    let mut text = String::from_utf8(stream.chunk().unwrap()).unwrap();
    gateway.terminate();
    text.push_str(&stream.text());
    assert_eq!(events(&text).last(), Some(&"[DONE]"));
    assert_eq!(gateway.wait().code(), Some(0));
}

/// As in a terminal, where Ctrl-C reaches all that `tollgate run` has started, unless that has a group of its own.
#[test]
fn ctrl_c_lets_a_stream_finish_and_exits_with_success() {
    let mock = Mock::start();
    mock.behave("a", &json!({"chunks": 20, "chunk_ms": 100}));
    let config = Config::new(&[("mock", mock.url("a"))]).model("small", &[("mock", "mock-small", 1)]);
    let mut gateway = Gateway::start_prepared(&config, |command, _| {
        command.process_group(0);
    });
    let mut stream = gateway.chat(KEY, &prompt("small", true));
    let mut text = String::from_utf8(stream.chunk().unwrap()).unwrap();
    gateway.interrupt();
    text.push_str(&stream.text());
    assert_eq!(events(&text).last(), Some(&"[DONE]"));
    assert_eq!(gateway.wait().code(), Some(0));
    assert!(TcpStream::connect(gateway.admin).is_err(), "no Envoy is left behind");
}

/// The first signal lets the stream go on; the second does not, although there are 20 s for it and it would take 100.
#[test]
fn a_second_signal_ends_a_stream_at_once() {
    let mock = Mock::start();
    mock.behave("a", &json!({"chunks": 1000, "chunk_ms": 100}));
    let config = Config::new(&[("mock", mock.url("a"))]).model("small", &[("mock", "mock-small", 1)]);
    let mut gateway = Gateway::start_prepared(&config, |command, _| {
        command.process_group(0);
    });
    let mut stream = gateway.chat(KEY, &prompt("small", true));
    assert!(stream.chunk().is_some());
    gateway.interrupt();
    let asked = Instant::now();
    gateway.wait_until("the first is heard", |gateway| gateway.run_log().contains("tollgate: stopping"));
    for _ in 0..5 {
        assert!(stream.chunk().is_some(), "the stream goes on");
    }
    gateway.terminate();
    assert_eq!(gateway.wait().code(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
    assert!(!stream.rest().1, "the stream is broken off");
    assert!(TcpStream::connect(gateway.admin).is_err(), "no Envoy is left behind");
}

#[test]
fn envoys_exit_code_is_passed_on() {
    let mock = Mock::start();
    let config = Config::new(&[("mock", mock.url("a"))]).model("small", &[("mock", "mock-small", 1)]);
    let mut gateway = Gateway::start(&config);
    let mut killed = Command::new("pkill");
    // The one Envoy whose command line names this gateway's directory.
    killed.args(["-KILL", "-f", &format!("{}/state/bootstrap.json", gateway.directory.display())]);
    assert!(killed.status().unwrap().success());
    assert_eq!(gateway.wait().code(), Some(128 + 9));
}

/// The numbers of OpenAI's cookbook, "How to count tokens with tiktoken".
#[test]
fn tokens_are_counted_as_the_reference_does() {
    let count = |model: &str, text: &str| {
        let directory = temporary_directory("tokens");
        let file = directory.join("text");
        fs::write(&file, text).unwrap();
        let output = tollgate().args(["tokens", "--model", model]).arg(&file).output().unwrap();
        fs::remove_dir_all(directory).unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(count("gpt-4", "tiktoken is great!"), "6");
    assert_eq!(count("gpt-4", "お誕生日おめでとう"), "9");
    assert_eq!(count("gpt-4o", "お誕生日おめでとう"), "8");
    let unknown = tollgate().args(["tokens", "--model", "claude-sonnet-4-5", "/dev/null"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1));
}

/// What a gateway's own types and exemptions find is tried without starting it.
#[test]
fn redact_looks_for_what_a_gateway_file_says() {
    let directory = temporary_directory("redact");
    let (file, text) = (directory.join("gateway.yaml"), directory.join("text.txt"));
    let yaml = "version: 1\nproviders: {p: {api: openai, url: 'http://127.0.0.1'}}\n\
                models: {m: {targets: [{provider: p, model: x}]}}\n\
                teams: {legal: {redaction: {disabled: [PROJECT_NAME]}}}\n\
                redaction: {words: {PROJECT_NAME: [Blue Moon]}, patterns: {EMPLOYEE_ID: {regex: 'E-\\d{6}'}}, exempt: ['@corp.example']}\n";
    fs::write(&file, yaml).unwrap();
    fs::write(&text, "E-123456 of blue-moon, ann@corp.example, 203.0.113.77").unwrap();
    let redacted = |arguments: &[&str]| {
        let output =
            tollgate().arg("redact").arg("--config").arg(&file).args(arguments).arg(&text).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(redacted(&[]), "<EMPLOYEE_ID> of <PROJECT_NAME>, ann@corp.example, <IP_ADDRESS>");
    let legal = redacted(&["--team", "legal"]);
    assert_eq!(legal, "<EMPLOYEE_ID> of blue-moon, <EMAIL_ADDRESS>, <IP_ADDRESS>");
    fs::remove_dir_all(directory).unwrap();
}
