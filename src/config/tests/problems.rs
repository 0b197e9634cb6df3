//! Wrong files and the exact lines that an operator reads.

use super::super::{load, parse};
use super::{GOOD, good_with, lines, parse_with};

/// Checks the problems of [`GOOD`] with one passage replaced; each is expected without the file's name.
fn check(passage: &str, replacement: &str, expected: &[&str]) {
    let problems = parse_with(passage, replacement).expect_err(replacement);
    let expected: Vec<_> = expected.iter().map(|line| format!("gateway.yaml:{line}")).collect();
    assert_eq!(lines(&problems), expected, "{replacement}");
}

/// Checks the problems of a whole file.
fn check_file(text: &str, expected: &[&str]) {
    let problems = parse("gateway.yaml", text).expect_err(text);
    let expected: Vec<_> = expected.iter().map(|line| format!("gateway.yaml:{line}")).collect();
    assert_eq!(lines(&problems), expected, "{text}");
}

const NAME: &str = "expected a name of at most 64 lower-case letters, digits, `.`, `_` and `-` that starts and \
                    ends with a letter or digit";
const PASTED: &str = "keys never go into this file; say where Envoy finds the key: {file: PATH}, {env: NAME} or \
                      {sds: {path: PATH, name: NAME}}";

const INDENTATION: &str = "not valid YAML: no key can stand here; check the indentation and the brackets before, and put text that holds `: ` \
                           in quotes";

#[test]
fn syntax() {
    check_file("", &[" the file is empty; expected a mapping with `version: 1`"]);
    check_file("# only a comment\n", &[" the file is empty; expected a mapping with `version: 1`"]);
    check_file("---\n", &[" the file is empty; expected a mapping with `version: 1`"]);
    check_file("[1]", &["1:1: expected a mapping, found a list"]);
    check_file("gateway", &["1:1: expected a mapping, found text"]);
    check("workers: 2", "\tworkers: 2", &["4:1: not valid YAML: a tab; indent with spaces"]);
    check("  openai: {file", "\topenai: {file", &["8:1: not valid YAML: a tab; indent with spaces"]);
    check("    url: https", "  url: https", &[&format!("13:15: {INDENTATION}")]);
    check("workers: 2", "\u{0}", &["4:1: not valid YAML: found unprintable character"]);
    check(
        "workers: 2",
        "workers 2",
        &[
            "5:1: not valid YAML: expected `key: value` here or just before; a colon or a quote may be missing",
        ],
    );
    check("workers: 2", "workers: 2: 3", &[&format!("4:11: {INDENTATION}")]);
    check("[chat]", "[chat", &[&format!("28:10: {INDENTATION}")]);
    check(
        "[chat]",
        "[*]",
        &[
            "27:12: anchors and aliases are not supported; write the value out, or put text that starts with `*` or \
           `&` in quotes",
        ],
    );
    check(
        "{dev: {}, prod: {}}",
        "{dev: &empty {}, prod: *empty}",
        &[
            "21:25: teams.science.environments.dev: anchors and aliases are not supported; write the value out, \
             or put text that starts with `*` or `&` in quotes",
            "21:42: teams.science.environments.prod: anchors and aliases are not supported; write the value \
             out, or put text that starts with `*` or `&` in quotes",
        ],
    );
    check(
        "{dev: {}, prod: {}}",
        "{<<: {dev: {}}, prod: {}}",
        &[
            "21:20: teams.science.environments.\"<<\": merge keys (`<<`) are not supported; write the keys out",
        ],
    );
    check(
        "workers: 2",
        "workers: !!int 2",
        &["4:10: workers: tags are not supported; put text in quotes if it starts with an exclamation mark"],
    );
    check(
        "revoked: false\n",
        "revoked: false\n---\nversion: 1\n",
        &["30:1: a second YAML document; the file must hold exactly one"],
    );
    check(
        "workers: 2",
        "workers: 2\nworkers: 3",
        &["5:1: workers: the key is here twice; the first is in line 4"],
    );
    check(
        "    credential: openai\n",
        "    credential: openai\n    api: openai\n",
        &["14:5: providers.openai.api: the key is here twice; the first is in line 11"],
    );
    check(
        "dev: {}",
        "[dev]: {}",
        &["21:20: teams.science.environments: expected a key, found a mapping or a list in its place"],
    );
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let problems = parse("gateway.yaml", &deep).expect_err("too deep");
    assert!(lines(&problems)[0].ends_with("nested too deeply"), "{problems:?}");
}

#[test]
fn unknown_and_missing_keys() {
    check(
        "    url: https",
        "    urll: https",
        &[
            "10:3: providers.openai: missing key `url`",
            "12:5: providers.openai.urll: unknown key `urll`; did you mean `url`? (expected one of: api, api_version, flavor, unknown_fields, losses, url, \
             credential, signing, region, compliance, ca, connect_timeout, capacity, ejection, health_check)",
        ],
    );
    check(
        "workers: 2",
        "worker: 2",
        &[
            "4:1: worker: unknown key `worker`; did you mean `workers`? (expected one of: version, listen, admin, \
           workers, access_log, max_request_body, zone, tokens, reservations, queue, alerts, overload, envoy, credentials, providers, prices, \
           unknown_price, models, organisation, users, teams, keys, redaction, guard)",
        ],
    );
    // Known to later versions; to accept it today would be to not enforce it.
    check(
        "  revoked: false",
        "  guard: {}",
        &["29:3: keys[0].guard: unknown key `guard` (expected one of: id, hash, team, environment, models, \
           priority, residency, compliance, expires, revoked, limits, budgets, operator)"],
    );
    check(
        "    credential: openai\n",
        "    credential: openai\n    location: us\n",
        &[
            "14:5: providers.openai.location: unknown key `location` (expected one of: api, api_version, flavor, unknown_fields, losses, url, credential, signing, region, compliance, ca, connect_timeout, capacity, ejection, health_check)",
        ],
    );
    check(
        "  science:\n",
        "  science:\n    budget: []\n",
        &["21:5: teams.science.budget: unknown key `budget`; did you mean `budgets`? (expected one of: \
           environments, limits, budgets, residency, compliance, redaction, guard)"],
    );
    check("version: 1\n", "", &["1:1: missing key `version`"]);
    check("    api: openai\n", "", &["10:3: providers.openai: missing key `api`"]);
    check_file("version: 1\n", &["1:1: missing key `providers`", "1:1: missing key `models`"]);
    check("- id: team-a-prod\n  hash", "- hash", &["23:3: keys[0]: missing key `id`"]);
    check(", model: gpt-4o-mini", "", &["18:7: models.chat.targets[1]: missing key `model`"]);
}

#[test]
fn wrong_types() {
    check("version: 1", "version: 2", &["1:10: version: expected the number 1, found `2`"]);
    check("version: 1", "version: \"1\"", &["1:10: version: expected the number 1, found text"]);
    check("workers: 2", "workers: 0", &["4:10: workers: expected a whole number from 1 to 1024, found `0`"]);
    check(
        "workers: 2",
        "workers: 1.5",
        &["4:10: workers: expected a whole number from 1 to 1024, found `1.5`"],
    );
    check(
        "workers: 2",
        "workers: many",
        &["4:10: workers: expected a whole number from 1 to 1024, found text"],
    );
    check("workers: 2", "workers:", &["4:1: workers: expected a whole number from 1 to 1024, found nothing"]);
    check(
        "retries: 2",
        "retries: 11",
        &["17:50: models.chat.targets[0].retries: expected a whole number from 0 to 10, found `11`"],
    );
    check(
        "retries: 2",
        "retries: -1",
        &["17:50: models.chat.targets[0].retries: expected a whole number from 0 to 10, found `-1`"],
    );
    check("revoked: false", "revoked: no", &["29:12: keys[0].revoked: expected true or false, found text"]);
    check("[chat]", "chat", &["27:11: keys[0].models: expected a list, found text"]);
    check("[chat]", "[]", &["27:11: keys[0].models: expected at least one item, found an empty list"]);
    check(
        "{dev: {}, prod: {}}",
        "[dev, prod]",
        &[
            "21:19: teams.science.environments: expected a mapping (`{}` when it is empty), found a list",
            "26:16: keys[0].environment: team `science` has no environment `prod`",
        ],
    );
    check(
        "dev: {}",
        "dev:",
        &["21:20: teams.science.environments.dev: expected a mapping (`{}` when it is empty), found nothing"],
    );
    check(
        "model: gpt-4o-mini",
        "model: 4",
        &[
            "18:33: models.chat.targets[1].model: expected the model's name at the provider: at most 256 printable \
         ASCII characters without spaces and `|`, found a number",
        ],
    );
    check(
        "api: openai",
        "api: anthropc",
        &[
            "11:10: providers.openai.api: expected one of: openai, azure-openai, anthropic, gemini, vertex-gemini, vertex-anthropic, bedrock, found `anthropc`",
        ],
    );
    check(
        "api: openai",
        "api: [openai]",
        &[
            "11:10: providers.openai.api: expected one of: openai, azure-openai, anthropic, gemini, vertex-gemini, vertex-anthropic, bedrock, found a list",
        ],
    );
    check_file(
        "version: 1\nproviders: {}\nmodels: [chat]\n",
        &["3:9: models: expected a mapping (`{}` when it is empty), found a list"],
    );
    check_file(
        "version: 1\nproviders: {}\nmodels: {chat: {targets: {}}, x: {targets: [mock/gpt-4o]}}\n",
        &[
            "3:26: models.chat.targets: expected a list, found a mapping",
            "3:45: models.x.targets[0]: expected a mapping, found text",
        ],
    );
}

#[test]
fn wrong_formats() {
    let size = "6:19: max_request_body: expected a size such as 8MiB (units: B, KiB, MiB, GiB), found";
    check("8MiB", "8 megs", &[&format!("{size} `8 megs`")]);
    check("8MiB", "8388608", &[&format!("{size} a number")]);
    check("8MiB", "8mib", &[&format!("{size} `8mib`")]);
    check("8MiB", "MiB", &[&format!("{size} `MiB`")]);
    check("8MiB", "99999999999GiB", &[&format!("{size} `99999999999GiB`")]);
    let range = "6:19: max_request_body: expected a size from 1KiB to 256MiB, found";
    check("8MiB", "1023B", &[&format!("{range} `1023B`")]);
    check("8MiB", "1GiB", &[&format!("{range} `1073741824B`")]);
    let timeout = "17:62: models.chat.targets[0].timeout: expected a duration";
    check(
        "30s",
        "half a minute",
        &[&format!("{timeout} such as 30s (units: ms, s, m, h), found `half a minute`")],
    );
    check("30s", "30", &[&format!("{timeout} such as 30s (units: ms, s, m, h), found a number")]);
    check("30s", "0s", &[&format!("{timeout} from 1ms to 1h, found `0ms`")]);
    check("30s", "2h", &[&format!("{timeout} from 1ms to 1h, found `7200000ms`")]);
    let expires = "28:12: keys[0].expires: expected an RFC 3339 time such as 2027-01-01T00:00:00Z, found";
    check("2027-01-01T00:00:00Z", "tomorrow", &[&format!("{expires} `tomorrow`")]);
    check("2027-01-01T00:00:00Z", "2027-01-01", &[&format!("{expires} `2027-01-01`")]);
    check("2027-01-01T00:00:00Z", "2027-02-29T00:00:00Z", &[&format!("{expires} `2027-02-29T00:00:00Z`")]);
    let address = "expected an IP address and a port, such as 127.0.0.1:10000 or [::1]:10000, found";
    check("127.0.0.1:10000", "localhost:10000", &[&format!("2:9: listen: {address} `localhost:10000`")]);
    check("127.0.0.1:10000", "10000", &[&format!("2:9: listen: {address} a number")]);
    check("127.0.0.1:9901", "127.0.0.1", &[&format!("3:8: admin: {address} `127.0.0.1`")]);
    check(
        "127.0.0.1:9901",
        "127.0.0.1:10000",
        &["3:8: admin: `listen` and `admin` must be different addresses"],
    );
    check(
        "access_log: off",
        "access_log: false",
        &["5:13: access_log: expected the path of a file, such as /dev/stdout, or `off`, found a boolean"],
    );
}

#[test]
fn wrong_names() {
    check("id: team-a-prod", "id: Team-A", &[&format!("23:7: keys[0].id: {NAME}, found `Team-A`")]);
    check("id: team-a-prod", "id: team-", &[&format!("23:7: keys[0].id: {NAME}, found `team-`")]);
    check("id: team-a-prod", "id: ''", &[&format!("23:7: keys[0].id: {NAME}, found nothing")]);
    check("id: team-a-prod", "id: 7", &[&format!("23:7: keys[0].id: {NAME}, found a number")]);
    let long = "a".repeat(65);
    check("id: team-a-prod", &format!("id: {long}"), &[&format!("23:7: keys[0].id: {NAME}, found `{long}`")]);
    check(
        "{dev: {}",
        "{d v: {}",
        &[&format!("21:20: teams.science.environments.\"d v\": {NAME}, found `d v`")],
    );
    check(
        "model: gpt-4o-mini",
        "model: gpt|4o",
        &[
            "18:33: models.chat.targets[1].model: expected the model's name at the provider: at most 256 printable \
         ASCII characters without spaces and `|`, found `gpt|4o`",
        ],
    );
    check(
        "  chat:\n",
        "  chat=1:\n",
        &[
            "15:3: models.\"chat=1\": expected a model's name of at most 128 letters, digits, `.`, `_`, `:`, `/` and \
         `-`, found `chat=1`",
            "27:12: keys[0].models[0]: no model is named `chat`",
        ],
    );
    check(
        "[chat]",
        "[c|t]",
        &["27:12: keys[0].models[0]: expected a logical model's name, or `*` for all, found `c|t`"],
    );
    check_file(
        "version: 1\nproviders: {model: {api: openai, url: http://h}}\nmodels: {}\n",
        &["2:13: providers.model: this name is reserved; choose another"],
    );
}

#[test]
fn wrong_references() {
    check(
        "[chat]",
        "[chart]",
        &["27:12: keys[0].models[0]: no model is named `chart`; did you mean `chat`?"],
    );
    check(
        "- {provider: openai, model: gpt-4o-mini}",
        "- {provider: opnai, model: gpt-4o-mini}",
        &["18:18: models.chat.targets[1].provider: no provider is named `opnai`; did you mean `openai`?"],
    );
    check(
        "credential: openai",
        "credential: mistral",
        &["13:17: providers.openai.credential: no credential is named `mistral`"],
    );
    check(
        "team: science",
        "team: sience",
        &["25:9: keys[0].team: no team is named `sience`; did you mean `science`?"],
    );
    check(
        "environment: prod",
        "environment: prd",
        &["26:16: keys[0].environment: team `science` has no environment `prd`; did you mean `prod`?"],
    );
    check("[chat]", "[chat, chat]", &["27:18: keys[0].models[1]: the model is in the list twice"]);
    check(
        "[chat]",
        "[chat, \"*\"]",
        &["27:18: keys[0].models[1]: `*` means every model and must be alone in the list"],
    );
    check(
        "model: gpt-4o-mini",
        "model: gpt-4o",
        &[
            "18:7: models.chat.targets[1]: the same provider and model as in line 17; to try it more often, raise its \
         `retries`",
        ],
    );
    let key = "- id: team-a-prod\n  hash: sha256:00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\n  \
               team: science\n  models: [chat]\n";
    check(
        "  revoked: false\n",
        key,
        &[
            "29:7: keys[1].id: another key has the same id; the first is in line 23",
            "30:9: keys[1].hash: another key has the same hash; the first is in line 24",
        ],
    );
}

#[test]
fn only_a_similar_name_is_suggested() {
    let text = |name: &str| {
        format!("version: 1\nproviders: {{}}\nmodels: {{m: {{targets: [{{provider: {name}, model: x}}]}}}}\n")
            .replace("{}", "{p: {api: openai, url: http://h}, mistral: {api: openai, url: http://h}}")
    };
    let line = "3:35: models.m.targets[0].provider: no provider is named";
    check_file(&text("n"), &[&format!("{line} `n`")]);
    check_file(&text("openai"), &[&format!("{line} `openai`")]);
    check_file(&text("mitsral"), &[&format!("{line} `mitsral`; did you mean `mistral`?")]);
    check_file(&text("mstrl"), &[&format!("{line} `mstrl`")]);
}

#[test]
fn wrong_urls() {
    let check_url = |url: &str, flaw: &str| {
        let line = "12:10: providers.openai.url: expected a URL such as https://api.openai.com/v1; this one";
        check("https://api.openai.com/v1", url, &[&format!("{line}{flaw}")]);
    };
    check_url("api.openai.com/v1", " starts with neither http:// nor https://");
    check_url("ftp://api.openai.com", " starts with neither http:// nor https://");
    let user = " has a user name or password, and keys never go into this file";
    check_url("https://user:password@api.openai.com", user);
    check_url("https://api.openai.com/v1?api-version=1", " has a query or a fragment");
    check_url("\"https://api.openai.com/v1#top\"", " has a query or a fragment");
    let host = "'s host is not a DNS name, an IPv4 address or an IPv6 address in brackets";
    for url in
        ["https://", "https:///v1", "https://a_b..c", "https://-a", "https://1.2.3.256", "\"https://[::1\""]
    {
        check_url(url, host);
    }
    check_url("https://h:0/", "'s port is not a number from 1 to 65535");
    check_url("https://h:65536", "'s port is not a number from 1 to 65535");
    check_url("\"https://h:\"", "'s port is not a number from 1 to 65535");
    let path = "'s path has an empty or dotted segment or a character that must be escaped";
    for url in ["https://h/a//b", "https://h/../v1", "https://h/a b", "https://h/%zz", "https://h/%2"] {
        check_url(url, path);
    }
}

#[test]
fn pasted_secrets() {
    let pasted = "8:11: credentials.openai";
    check("{file: secrets/openai}", "sk-proj-planted", &[&format!("{pasted}: {PASTED}")]);
    check(
        "{file: secrets/openai}",
        "{file: sk-proj-planted}",
        &[&format!("8:18: credentials.openai.file: {PASTED}")],
    );
    check(
        "{file: secrets/openai}",
        "{env: sk-proj-planted}",
        &[&format!("8:17: credentials.openai.env: {PASTED}")],
    );
    check(
        "{file: secrets/openai}",
        "{value: planted}",
        &[
            &format!("{pasted}: expected exactly one of: file, env, sds"),
            "8:12: credentials.openai.value: unknown key `value` (expected one of: file, env, sds)",
        ],
    );
    check(
        "{file: secrets/openai}",
        "{sk-proj-planted}",
        &[
            &format!("{pasted}: expected exactly one of: file, env, sds"),
            "8:12: credentials.openai.(withheld): unknown key something that looks like a key (expected one of: file, \
         env, sds)",
        ],
    );
    check(
        "{file: secrets/openai}",
        "{file: a, env: B}",
        &[&format!("{pasted}: expected exactly one of: file, env, sds")],
    );
    check("{file: secrets/openai}", "{}", &[&format!("{pasted}: expected exactly one of: file, env, sds")]);
    check(
        "{file: secrets/openai}",
        "{env: MY-KEY}",
        &[
            "8:17: credentials.openai.env: expected the name of an environment variable, such as OPENAI_API_KEY, found \
         something else",
        ],
    );
    check(
        "{file: secrets/openai}",
        "{sds: {path: sds.yaml}}",
        &["8:17: credentials.openai.sds: missing key `name`"],
    );
    check(
        "credential: openai",
        "credential: sk-proj-planted",
        &["13:17: providers.openai.credential: no credential is named something that looks like a key"],
    );
    let hash = "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let key = "24:9: keys[0].hash: this is a key, and keys never go into this file; paste its hash, the line \
               `sha256:…` that `tollgate keys new` prints";
    check(hash, "tg-team-a-prod-0123456789012345678901234567890123456789012", &[key]);
    check(hash, "sk-proj-planted", &[key]);
    let malformed = "24:9: keys[0].hash: expected `sha256:` and 64 hex digits";
    check(hash, "sha256:0011", &[malformed]);
    check(hash, "planted", &[malformed]);
    check(hash, "0x00", &["24:9: keys[0].hash: expected `sha256:` and 64 hex digits, found a number"]);
}

#[test]
fn every_problem_is_reported_in_the_order_of_the_file() {
    let text = GOOD
        .replace("8MiB", "8 megs")
        .replace("    url: https", "    urll: https")
        .replace("provider: openai, model: gpt-4o-mini", "provider: opnai, model: gpt-4o-mini, timeout: 1")
        .replace("2027-01-01T00:00:00Z", "tomorrow");
    check_file(
        &text,
        &[
            "6:19: max_request_body: expected a size such as 8MiB (units: B, KiB, MiB, GiB), found `8 megs`",
            "10:3: providers.openai: missing key `url`",
            "12:5: providers.openai.urll: unknown key `urll`; did you mean `url`? (expected one of: api, api_version, flavor, unknown_fields, losses, url, \
         credential, signing, region, compliance, ca, connect_timeout, capacity, ejection, health_check)",
            "18:18: models.chat.targets[1].provider: no provider is named `opnai`; did you mean `openai`?",
            "18:54: models.chat.targets[1].timeout: expected a duration such as 30s (units: ms, s, m, h), found a \
         number",
            "28:12: keys[0].expires: expected an RFC 3339 time such as 2027-01-01T00:00:00Z, found `tomorrow`",
        ],
    );
}

#[test]
fn only_some_apis_have_versions() {
    check(
        "api: openai\n",
        "api: openai\n    api_version: 2024-10-21\n",
        &[
            "12:18: providers.openai.api_version: `api_version` is for the APIs azure-openai and anthropic; the others \
           have it in their paths",
        ],
    );
    let version = |replacement: &str| {
        good_with("api: openai\n", replacement).adapter.providers["openai"].api_version.clone()
    };
    assert_eq!(version("api: openai\n"), None);
    assert_eq!(version("api: anthropic\n").as_deref(), Some("2023-06-01"));
    assert_eq!(version("api: azure-openai\n    api_version: v9\n").as_deref(), Some("v9"));
}

#[test]
fn a_private_ca_needs_tls() {
    check(
        "    url: https://api.openai.com/v1\n",
        "    url: http://127.0.0.1/v1\n    ca: ca.pem\n",
        &["13:9: providers.openai.ca: `ca` needs a URL that starts with https://"],
    );
}

#[test]
fn warnings() {
    let warnings = |passage: &str, replacement: &str| lines(&good_with(passage, replacement).warnings);
    assert_eq!(warnings("version: 1", "version: 1"), [] as [&str; 0]);
    assert_eq!(
        warnings("    credential: openai\n", ""),
        ["gateway.yaml:8:3: credentials.openai: warning: nothing refers to this credential"]
    );
    assert_eq!(
        warnings("models:\n  chat", "  spare: {api: openai, url: \"http://[::1]:8000\"}\nmodels:\n  chat"),
        ["gateway.yaml:14:3: providers.spare: warning: nothing refers to this provider"]
    );
    assert_eq!(
        warnings("teams:\n", "teams:\n  other: {}\n"),
        ["gateway.yaml:20:3: teams.other: warning: nothing refers to this team"]
    );
    assert_eq!(
        warnings("https://api.openai.com", "http://llama.internal:8000"),
        ["gateway.yaml:13:17: providers.openai.credential: warning: the credential crosses the network in \
         cleartext; use https unless the way is private"]
    );
    for loopback in ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:1"] {
        assert_eq!(warnings("https://api.openai.com", loopback), [] as [&str; 0]);
    }
}

#[test]
fn unreadable_files() {
    let directory = std::env::temp_dir().join(format!("tollgate-config-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let write = |name: &str, content: &[u8]| {
        let path = directory.join(name);
        std::fs::write(&path, content).expect("a file");
        path
    };
    let binary = load(&write("binary.yaml", b"version: \xff")).expect_err("not UTF-8");
    let missing = load(&directory.join("missing.yaml")).expect_err("no such file");
    let large = load(&write("large.yaml", &vec![b'#'; (16 << 20) + 1])).expect_err("too large");
    let good = load(&write("good.yaml", GOOD.as_bytes())).expect("a good file");
    std::fs::remove_dir_all(&directory).expect("the directory");
    let shown = directory.display();
    assert_eq!(lines(&binary), [format!("{shown}/binary.yaml: the file is not UTF-8 text")]);
    assert_eq!(lines(&missing), [format!("{shown}/missing.yaml: cannot read the file: entity not found")]);
    assert_eq!(lines(&large), [format!("{shown}/large.yaml: the file is larger than 16MiB")]);
    assert_eq!(
        lines(&good.warnings),
        [format!(
            "{shown}/good.yaml:8:18: credentials.openai.file: warning: the file is not there yet; relative paths start \
         at this file's directory"
        )]
    );
}
