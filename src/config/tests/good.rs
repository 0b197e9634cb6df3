//! Good files and what they compile to.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::compiled::{
    Adapter, AtExhaustion, Counting, FORMAT, Key, LossPolicy, Model, ModelAccess, ModelTarget, Plugin,
    Policy, Priority, Provider, Queue, Reserving, Scheme, Target,
};
use super::super::{
    Capacity, ChainTarget, Credential, Ejection, Envoy, Gateway, Host, Overload, Retrying, Upstream, load,
    parse,
};
use super::{GOOD, good_with};
use crate::dialect::target::{Flavor, UnknownFields};
use crate::dialect::{Api, Surface};
use crate::identity::key::parse_id;
use crate::observe::secret::KeyHash;
use crate::quota::cell::Lapse;
use crate::quota::prices::{Seller, list_price};
use crate::tokens::Vocabulary;

fn good() -> Gateway {
    parse("/etc/tollgate/gateway.yaml", GOOD).expect("a good file")
}

fn one<T>(name: &str, value: T) -> BTreeMap<String, T> {
    BTreeMap::from([(name.to_owned(), value)])
}

fn target(provider: &str, model: &str) -> Target {
    Target { provider: provider.to_owned(), model: model.to_owned() }
}

/// What the calls of a model of OpenAI's take when the file says nothing about it.
fn listed(target: Target, retries: u32, timeout_ms: u64) -> ModelTarget {
    let price = list_price(Seller::OpenAi, &target.model);
    assert!(price.is_some(), "{target:?}");
    let vocabulary = Vocabulary::O200k;
    ModelTarget { target, retries, timeout_ms, vocabulary, ratio_permille: None, price }
}

#[test]
fn a_good_file_compiles_to_all_its_parts() {
    let gateway = good();
    // `sha256sum` of the file.
    let revision = "3b1102755c63".to_owned();
    let hash = "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let (chat, mini) = (target("openai", "gpt-4o"), target("openai", "gpt-4o-mini"));
    let expected = Gateway {
        listen: SocketAddr::from(([127, 0, 0, 1], 10_000)),
        admin: SocketAddr::from(([127, 0, 0, 1], 9901)),
        workers: Some(2),
        access_log: None,
        credentials: one("openai", Credential::File(PathBuf::from("/etc/tollgate/secrets/openai"))),
        upstreams: one(
            "openai",
            Upstream {
                scheme: Scheme::Https,
                host: Host::Name("api.openai.com".to_owned()),
                port: 443,
                ca: None,
                connect_timeout: Duration::from_secs(5),
                capacity: Capacity { connections: 65_536, pending: 65_536, requests: 65_536 },
                ejection: Ejection {
                    failures: 5,
                    failure_permille: None,
                    interval: Duration::from_secs(5),
                    cooldown: Duration::from_secs(30),
                    longest_cooldown: Duration::from_secs(300),
                },
                health_check: None,
            },
        ),
        chains: one(
            "chat",
            vec![
                ChainTarget { target: chat.clone(), retries: 2, timeout: Duration::from_secs(30) },
                ChainTarget { target: mini.clone(), retries: 1, timeout: Duration::from_secs(600) },
            ],
        ),
        webhook: None,
        external_guards: BTreeMap::new(),
        retrying: one(
            "chat",
            Retrying {
                patience: Duration::from_secs(2),
                back_off: Duration::from_millis(1),
                total_timeout: None,
                stall_timeout: None,
            },
        ),
        overload: Overload { memory: None, connections: 50_000 },
        envoy: Envoy::default(),
        policy: Policy {
            format: FORMAT,
            revision: revision.clone(),
            max_request_body: 8 * 1024 * 1024,
            counting: Counting { always: false, exact_bytes: 256 * 1024 },
            scopes: Vec::new(),
            reserving: Reserving {
                lease_ms: 60_000,
                lapse: Lapse::Charge,
                user_header: None,
                at_exhaustion: AtExhaustion::Finish,
            },
            queue: Queue { wait_ms: 0, length: 100 },
            webhook: None,
            models: one(
                "chat",
                Model {
                    cluster: "model/chat".to_owned(),
                    attempt_timeout_ms: 600_000,
                    patience_ms: 2000,
                    total_timeout_ms: None,
                    stall_timeout_ms: None,
                    elsewhere: None,
                    targets: vec![listed(chat, 2, 30_000), listed(mini, 1, 600_000)],
                    surfaces: Vec::new(),
                    translated: vec![
                        Surface::Messages,
                        Surface::GenerateContent,
                        Surface::StreamGenerateContent,
                    ],
                    own_call_ids: false,
                    own_words: false,
                    direct: None,
                    parts: Vec::new(),
                    typical_output: None,
                    scopes: Vec::new(),
                },
            ),
            restricted: Box::default(),
            keys: one(
                "team-a-prod",
                Key {
                    hash: KeyHash::parse(hash).expect("a hash"),
                    team: "science".to_owned(),
                    environment: Some("prod".to_owned()),
                    models: ModelAccess::Only(vec!["chat".to_owned()]),
                    priority: Priority::Normal,
                    expires: Some(1_798_761_600),
                    revoked: false,
                    restriction: None,
                    operator: false,
                    scopes: Vec::new(),
                },
            ),
            content: Box::default(),
        },
        adapter: Adapter {
            format: FORMAT,
            revision,
            providers: one(
                "openai",
                Provider {
                    api: Api::OpenAi,
                    api_version: None,
                    flavor: Flavor::OpenAi,
                    unknown_fields: UnknownFields::Drop,
                    losses: LossPolicy::Count,
                    authority: "api.openai.com".to_owned(),
                    scheme: Scheme::Https,
                    base_path: "/v1".to_owned(),
                    credential: Some("openai".to_owned()),
                    signing: None,
                },
            ),
        },
        warnings: Vec::new(),
    };
    assert_eq!(gateway, expected);
}

#[test]
fn what_is_left_out_has_its_default() {
    let text = "version: 1\nproviders: {p: {api: openai, url: http://h}}\n\
                models: {m: {targets: [{provider: p, model: x}]}}\n";
    let gateway = parse("gateway.yaml", text).expect("a good file");
    assert_eq!(gateway.listen, SocketAddr::from(([127, 0, 0, 1], 10_000)));
    assert_eq!(gateway.admin, SocketAddr::from(([127, 0, 0, 1], 9901)));
    assert_eq!(gateway.workers, None);
    assert_eq!(gateway.access_log, Some(PathBuf::from("/dev/stdout")));
    assert_eq!(gateway.policy.max_request_body, 8 * 1024 * 1024);
    assert_eq!(gateway.policy.keys, BTreeMap::new());
    assert_eq!(gateway.chains["m"][0].retries, 1);
    assert_eq!(gateway.chains["m"][0].timeout, Duration::from_secs(600));
    assert_eq!(gateway.adapter.providers["p"].credential, None);
}

#[test]
fn what_the_filter_reads_survives_its_json() {
    let Gateway { policy, adapter, .. } = good();
    for plugin in [Plugin::Policy(policy), Plugin::Adapter(adapter)] {
        let json = serde_json::to_string(&plugin).expect("JSON");
        assert_eq!(serde_json::from_str::<Plugin>(&json).expect("the same"), plugin);
    }
}

#[test]
fn json_is_accepted() {
    let json = "{\n\t\"version\": 1,\n\t\"workers\": 3,\n\t\"providers\": {\"p\": {\"api\": \"openai\", \
                \"url\": \"http:\\/\\/h\"}},\n\t\"models\": {\"m\": {\"targets\": [{\"provider\": \"p\", \
                \"model\": \"x\"}]}}\n}\n";
    let gateway = parse("gateway.json", json).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(gateway.workers, Some(3));
}

#[test]
fn line_endings_and_a_byte_order_mark_do_not_matter() {
    let text = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
    let gateway =
        parse("/etc/tollgate/gateway.yaml", &text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(gateway.chains, good().chains);
}

#[test]
fn credentials() {
    let credential = |text: &str| good_with("{file: secrets/openai}", text).credentials["openai"].clone();
    assert_eq!(credential("{file: /run/key}"), Credential::File(PathBuf::from("/run/key")));
    assert_eq!(credential("{env: OPENAI_API_KEY}"), Credential::Env("OPENAI_API_KEY".to_owned()));
    let (path, name) = (PathBuf::from("/etc/envoy/sds/openai.yaml"), "openai".to_owned());
    assert_eq!(
        credential("{sds: {path: /etc/envoy/sds/openai.yaml, name: openai}}"),
        Credential::Sds { path, name }
    );
}

#[test]
fn access_logs() {
    let log = |text: &str| good_with("access_log: off", text).access_log;
    assert_eq!(log("access_log: \"off\""), None);
    assert_eq!(log("access_log: /var/log/tollgate.log"), Some(PathBuf::from("/var/log/tollgate.log")));
}

#[test]
fn addresses() {
    let listen = |text: &str| good_with("127.0.0.1:10000", text).listen;
    assert_eq!(listen("0.0.0.0:80"), SocketAddr::from(([0, 0, 0, 0], 80)));
    assert_eq!(listen("\"[::1]:8080\""), SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 8080)));
}

#[test]
fn sizes_and_durations() {
    for (text, bytes) in [
        ("1KiB", 1024),
        ("1024B", 1024),
        ("64KiB", 65_536),
        ("1MiB", 1_048_576),
        ("256MiB", 268_435_456),
        ("0008MiB", 8_388_608),
    ] {
        assert_eq!(good_with("8MiB", text).policy.max_request_body, bytes, "{text}");
    }
    for (text, milliseconds) in
        [("1ms", 1), ("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000)]
    {
        let timeout = good_with("30s", text).chains["chat"][0].timeout;
        assert_eq!(timeout, Duration::from_millis(milliseconds), "{text}");
    }
}

/// The policy may wait as long as its most patient target.
#[test]
fn a_chain_waits_as_long_as_its_slowest_target() {
    let gateway = good_with("model: gpt-4o-mini", "model: gpt-4o-mini, timeout: 90s");
    assert_eq!(gateway.policy.models["chat"].attempt_timeout_ms, 90_000);
}

/// The first four are the examples of RFC 3339, section 5.8; the seconds are those of GNU `date -u -d … +%s`,
/// which knows no leap seconds, so the third is that of 1991-01-01T00:00:00Z.
#[test]
fn times() {
    for (text, seconds) in [
        ("1985-04-12T23:20:50.52Z", 482_196_050),
        ("1996-12-19T16:39:57-08:00", 851_042_397),
        ("1990-12-31T23:59:60Z", 662_688_000),
        ("1990-12-31T15:59:60-08:00", 662_688_000),
        ("2027-01-01T00:00:00Z", 1_798_761_600),
        ("2026-07-01t05:30:00+05:30", 1_782_864_000),
        ("2000-02-29T12:00:00z", 951_825_600),
        ("2100-03-01T00:00:00Z", 4_107_542_400),
        ("1970-01-01T00:00:00Z", 0),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
    ] {
        let gateway = good_with("2027-01-01T00:00:00Z", text);
        assert_eq!(gateway.policy.keys["team-a-prod"].expires, Some(seconds), "{text}");
    }
    for text in [
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "2100-02-29T00:00:00Z",
        "2027-00-01T00:00:00Z",
        "2027-13-01T00:00:00Z",
        "2027-01-00T00:00:00Z",
        "2027-04-31T00:00:00Z",
        "2027-01-01T24:00:00Z",
        "2027-01-01T00:60:00Z",
        "2027-01-01T00:00:61Z",
        "2027-01-01T00:00:00",
        "2027-01-01T00:00:00.Z",
        "2027-01-01T00:00:00+24:00",
        "2027-01-01T00:00:00+0100",
        "2027-01-01 00:00:00Z",
        "27-01-01T00:00:00Z",
        "2027-01-01T00:00:00Zulu",
    ] {
        assert!(super::parse_with("2027-01-01T00:00:00Z", text).is_err(), "{text}");
    }
}

#[test]
fn urls() {
    use Scheme::{Http, Https};
    for (url, scheme, port, authority, base_path) in [
        ("https://api.openai.com/v1/", Https, 443, "api.openai.com", "/v1"),
        ("https://api.openai.com", Https, 443, "api.openai.com", ""),
        ("https://api.openai.com/", Https, 443, "api.openai.com", ""),
        ("HTTPS://API.OpenAI.com:443/V1", Https, 443, "api.openai.com", "/V1"),
        ("https://h:8443/a/b", Https, 8443, "h:8443", "/a/b"),
        ("http://llama:80/v1", Http, 80, "llama", "/v1"),
        ("http://10.0.0.1:443/v1", Http, 443, "10.0.0.1:443", "/v1"),
        ("http://[2001:DB8::1]/v1", Http, 80, "[2001:db8::1]", "/v1"),
        ("http://[::1]:8000", Http, 8000, "[::1]:8000", ""),
        ("http://my_service.internal/a%20b/~c", Http, 80, "my_service.internal", "/a%20b/~c"),
    ] {
        let gateway = good_with("https://api.openai.com/v1", url);
        let provider = &gateway.adapter.providers["openai"];
        assert_eq!(provider.scheme, scheme, "{url}");
        assert_eq!(provider.authority, authority, "{url}");
        assert_eq!(provider.base_path, base_path, "{url}");
        assert_eq!(gateway.upstreams["openai"].port, port, "{url}");
    }
}

#[test]
fn a_private_ca_is_found_beside_the_file() {
    let text = GOOD.replace("    api: openai\n", "    api: openai\n    ca: tls/ca.pem\n");
    let gateway = parse("/etc/tollgate/gateway.yaml", &text).expect("a good file");
    assert_eq!(gateway.upstreams["openai"].ca, Some(PathBuf::from("/etc/tollgate/tls/ca.pem")));
}

#[test]
fn a_star_means_every_model() {
    let gateway = good_with("[chat]", "[\"*\"]");
    assert_eq!(gateway.policy.keys["team-a-prod"].models, ModelAccess::All);
}

#[test]
fn every_example_loads_without_a_warning() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut loaded = 0;
    for entry in fs::read_dir(examples).expect("examples") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let gateway = load(&path).unwrap_or_else(|problems| panic!("{problems:#?}"));
            assert_eq!(gateway.warnings, [], "{}", path.display());
            loaded += 1;
        }
    }
    assert!(loaded >= 2);
}

/// The comment in the example is how a reader tries it, so its keys must be the ones that are configured.
#[test]
fn the_documented_example_keys_are_the_configured_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/gateway.yaml");
    let text = fs::read_to_string(&path).expect("the example");
    let gateway = load(&path).expect("the example");
    let documented: Vec<_> = text.split_whitespace().filter(|word| word.starts_with("tg-")).collect();
    assert_eq!(documented.len(), 2);
    for key in documented {
        let id = parse_id(key).expect("a key");
        assert!(gateway.policy.keys[id].hash.matches(&KeyHash::of(key.as_bytes())), "{id}");
    }
}

#[test]
fn a_key_is_an_operators_only_where_the_file_says_so() {
    let is_operator = |gateway: Gateway| gateway.policy.keys["team-a-prod"].operator;
    assert!(!is_operator(good()));
    assert!(is_operator(good_with("  revoked: false\n", "  operator: true\n")));
    let (found, place) = ("text", "29:13");
    let problems = super::parse_with("  revoked: false\n", "  operator: 'yes'\n").unwrap_err();
    let expected = format!("gateway.yaml:{place}: keys[0].operator: expected true or false, found {found}");
    assert_eq!(super::lines(&problems), [expected]);
}
