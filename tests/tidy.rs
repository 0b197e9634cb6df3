//! The structure of the code, as a test: headers, lengths, the direction of imports, and words that stay out.
//!
//! Reads the sources as text, and names every offender with its file and line. It knows no Rust beyond
//! comments, `use` trees and paths; what a compiler or a lint can check is left to them.

#![allow(clippy::panic, clippy::string_slice, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Which part of the library may use which other, by path prefix. An import that is not listed fails the
/// test, and so does a line that nothing needs any more.
///
/// The layers are `host`, `engine`, the policies and dialects, `framing`; [`layer`] keeps this table itself from
/// turning the arrows round. Parts of one layer use each other only as listed.
const IMPORTS: &[(&str, &[&str])] = &[
    ("bin", &["config", "guard", "identity::key", "observe::status", "redact", "render", "tokens"]),
    // Native only, and no part of the filter: it may use what the names in Envoy's configuration come from.
    (
        "render",
        &[
            "config",
            "dialect::translate::Dialect",
            "engine::fields",
            "engine::refusal::Refusal",
            "host::driver::ACCESS_LOG",
            "host::driver::ELSEWHERE",
            "observe::metrics",
        ],
    ),
    (
        "host",
        &["config::compiled", "dialect::translate::Dialect", "engine", "observe::metrics", "quota::store"],
    ),
    (
        "engine",
        &[
            "chat",
            "config::compiled",
            "dialect",
            "framing",
            "guard",
            "identity::caller",
            "observe",
            "quota",
            "redact",
            "route",
            "tokens",
        ],
    ),
    (
        "config",
        &[
            "dialect",
            "guard",
            "identity::caller::CREDENTIAL_HEADERS",
            "identity::key",
            "observe::secret",
            "quota",
            "redact",
            "tokens",
        ],
    ),
    ("identity", &["config::compiled", "observe::secret"]),
    // The configuration is for the tests of records: every caller has a model access and a priority.
    ("observe", &["config::compiled", "dialect", "framing::json", "identity::caller", "quota::money"]),
    ("route", &["config::compiled"]),
    ("quota", &["dialect::Usage"]),
    ("chat", &["framing::json"]),
    ("dialect", &["chat", "framing"]),
    ("tokens", &["chat"]),
    ("redact", &[]),
    ("guard", &[]),
    ("framing", &[]),
];

/// Every layer uses only itself and lower ones. What is not listed here does not exist yet.
fn layer(part: &str) -> u8 {
    match part {
        "bin" => 5,
        "render" => 4,
        "host" => 3,
        "engine" => 2,
        "identity" | "quota" | "redact" | "guard" | "route" | "tokens" | "dialect" | "config" | "observe" => {
            1
        }
        "chat" | "framing" => 0,
        other => panic!("tests/tidy.rs knows no layer for {other}"),
    }
}

/// The longest file, in lines.
const LONGEST: usize = 600;

/// The file of the host's callbacks, one of the two that may name the SDK of its ABI.
const HOST_ADAPTER: &str = "src/host/wasm.rs";

/// The other: the calls of the host.
const HOST_CALLS: &str = "src/host/envoy.rs";

/// The file that declares what the SDK does not.
const HOST_ABI: &str = "src/host/abi.rs";

/// A source file: its path from the root, and its lines.
struct Source {
    path: String,
    lines: Vec<String>,
}

impl Source {
    /// The place of a line, counted from zero.
    fn at(&self, line: usize) -> String {
        format!("{}:{}", self.path, line + 1)
    }

    /// Which part of the library it belongs to: the first module of its path.
    fn part(&self) -> Option<&str> {
        let inner = self.path.strip_prefix("src/")?;
        let first = inner.split('/').next()?;
        (first != "lib.rs").then(|| first.trim_end_matches(".rs"))
    }

    /// How many modules deep its own module is: `src/lib.rs` is none.
    fn depth(&self) -> usize {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        inner.split('/').filter(|name| !["lib", "mod"].contains(name)).count()
    }
}

fn collect(directory: &Path, root: &Path, into: &mut Vec<Source>) {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.ends_with("target") {
            // What was built.
            continue;
        }
        if path.is_dir() {
            collect(&path, root, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let lines = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
            let path = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            into.push(Source { path, lines });
        }
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    for directory in ["src", "tests", "examples", "benches"] {
        if root.join(directory).is_dir() {
            collect(&root.join(directory), root, &mut sources);
        }
    }
    assert!(sources.iter().any(|source| source.path == HOST_ADAPTER), "the sources are where they were");
    sources
}

/// Fails with all offenders, when there are any.
fn none(rule: &str, offenders: impl IntoIterator<Item = String>) {
    let mut list = String::new();
    let count = offenders.into_iter().inspect(|offender| writeln!(list, "  {offender}").unwrap()).count();
    assert!(count == 0, "{rule}:\n{list}");
}

/// Every line for which `is_wrong` holds.
fn lines_where(sources: &[Source], is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for (index, line) in source.lines.iter().enumerate().filter(|(_, line)| is_wrong(line)) {
            found.push(format!("{}: {}", source.at(index), line.trim()));
        }
    }
    found
}

/// Whether `line` has `word` with no letter, digit or underscore on either side.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

#[test]
fn every_file_starts_with_a_header() {
    let sources = sources();
    let bare =
        sources.iter().filter(|source| source.lines.first().is_none_or(|line| !line.starts_with("//! ")));
    none("the first line of a file says what it is (//!)", bare.map(|source| source.at(0)));
}

/// What a module of the engine or the host promises, or deliberately does not know, takes more than a title.
#[test]
fn the_engine_and_the_host_state_their_contracts() {
    let sources = sources();
    let inner = sources.iter().filter(|source| matches!(source.part(), Some("engine" | "host")));
    let short =
        inner.filter(|source| source.lines.iter().take_while(|line| line.starts_with("//!")).count() < 2);
    none("a header of at least two lines", short.map(|source| source.at(0)));
}

#[test]
fn no_file_is_long() {
    let sources = sources();
    let long = sources.iter().filter(|source| source.lines.len() > LONGEST);
    none(
        "at most 600 lines",
        long.map(|source| format!("{}: {} lines", source.at(LONGEST), source.lines.len())),
    );
}

#[test]
fn only_the_adapter_knows_the_hosts_abi() {
    let others: Vec<Source> = sources()
        .into_iter()
        .filter(|source| ![HOST_ADAPTER, HOST_CALLS, HOST_ABI].contains(&&*source.path))
        .collect();
    // Written in halves, so that this file passes its own rule.
    let names = [concat!("proxy_", "wasm"), concat!("host", "calls")];
    none(
        "only src/host/wasm.rs, envoy.rs and abi.rs",
        lines_where(&others, |line| names.iter().any(|name| has_word(line, name))),
    );
}

#[test]
fn only_the_abi_opts_out_of_memory_safety() {
    let word = concat!("un", "safe");
    let others: Vec<Source> = sources().into_iter().filter(|source| source.path != HOST_ABI).collect();
    none("no block, function or attribute of that kind", lines_where(&others, |line| has_word(line, word)));
}

#[test]
fn nothing_is_left_for_later() {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let macros = [concat!("to", "do!"), concat!("unimple", "mented!")];
    let found = lines_where(&sources(), |line| {
        words.iter().any(|word| has_word(line, word)) || macros.iter().any(|name| line.contains(name))
    });
    none("finish it, or leave it out", found);
}

/// One import: the part that it is in, the path from the crate's root, and where it stands.
struct Import {
    part: String,
    path: String,
    place: String,
}

/// The paths that a `use` tree, or a path in an expression, names; `text` starts after `crate::`.
fn paths(text: &str) -> Vec<String> {
    let Some(inner) = text.strip_prefix('{') else {
        let end = text
            .find(|letter: char| !(letter.is_alphanumeric() || "_:".contains(letter)))
            .unwrap_or(text.len());
        let path = text[..end].trim_end_matches(':').to_owned();
        // A group further down is the same path, to which its own names are added.
        return match text[..end].strip_suffix("::").filter(|_| text[end..].starts_with('{')) {
            Some(head) => paths(&text[end..]).into_iter().map(|tail| format!("{head}::{tail}")).collect(),
            None => vec![path],
        };
    };
    let mut depth = 0;
    let mut start = 0;
    let mut found = Vec::new();
    for (at, letter) in inner.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                let item = inner[start..at].trim();
                if !item.is_empty() {
                    found.extend(paths(item));
                }
                start = at + 1;
                if letter == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

/// Every import of one part of the library from another.
fn imports(sources: &[Source]) -> Vec<Import> {
    let mut found = Vec::new();
    for source in sources {
        let Some(part) = source.part() else { continue };
        // Comments may link to anything. What they leave is joined, because a `use` tree may take several lines.
        let code: Vec<&str> =
            source.lines.iter().map(|line| line.split("//").next().unwrap_or_default()).collect();
        let text = code.join("\n");
        let roots: Vec<String> = match part {
            "bin" => vec!["tollgate::".to_owned()],
            _ => vec!["crate::".to_owned(), "super::".repeat(source.depth())],
        };
        for root in &roots {
            for (at, _) in text.match_indices(root.as_str()) {
                let before = &text[..at];
                if before.ends_with(|letter: char| letter.is_alphanumeric() || "_:".contains(letter)) {
                    continue;
                }
                let line = before.matches('\n').count();
                for path in paths(&text[at + root.len()..]) {
                    let target = path.split("::").next().unwrap_or_default();
                    let is_part = sources.iter().any(|other| other.part() == Some(target));
                    if is_part && target != part {
                        found.push(Import { part: part.to_owned(), path, place: source.at(line) });
                    }
                }
            }
        }
    }
    found
}

fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn imports_run_one_way() {
    let sources = sources();
    let imports = imports(&sources);
    assert!(imports.len() > 50, "the scan finds imports: {}", imports.len());

    let allowed = |import: &Import| {
        IMPORTS
            .iter()
            .filter(|(part, _)| *part == import.part)
            .flat_map(|(_, paths)| *paths)
            .find(|prefix| is_below(&import.path, prefix))
    };
    let new = imports.iter().filter(|import| allowed(import).is_none());
    none(
        "an import that tests/tidy.rs does not list",
        new.map(|import| format!("{}: {} uses {}", import.place, import.part, import.path)),
    );

    let unused =
        IMPORTS.iter().flat_map(|(part, paths)| paths.iter().map(move |path| (*part, *path))).filter(
            |(part, path)| !imports.iter().any(|import| import.part == *part && is_below(&import.path, path)),
        );
    none("listed in tests/tidy.rs, and not needed", unused.map(|(part, path)| format!("{part} uses {path}")));
}

#[test]
fn the_list_of_imports_keeps_the_layers() {
    let up = IMPORTS.iter().flat_map(|(part, paths)| paths.iter().map(move |path| (*part, *path))).filter(
        |(part, path)| {
            let target = path.split("::").next().unwrap_or_default();
            layer(target) > layer(part)
        },
    );
    none("an arrow that points up", up.map(|(part, path)| format!("{part} uses {path}")));

    let sources = sources();
    let present: BTreeSet<&str> = sources.iter().filter_map(Source::part).collect();
    let listed: BTreeSet<&str> = IMPORTS.iter().map(|(part, _)| *part).collect();
    assert_eq!(present, listed, "every part of the library is listed, and nothing else");
}

/// The scan must see through every way to write an import, or the rule above holds for nothing.
#[test]
fn the_scan_understands_use_trees() {
    for (text, expected) in [
        ("config::compiled::Policy;", vec!["config::compiled::Policy"]),
        (
            "{config::Gateway, framing::{json, edit}};",
            vec!["config::Gateway", "framing::json", "framing::edit"],
        ),
        (
            "dialect::openai::{\n    answer,\n    request::{self, Delivery},\n};",
            vec![
                "dialect::openai::answer",
                "dialect::openai::request::self",
                "dialect::openai::request::Delivery",
            ],
        ),
        ("host::driver::ACCESS_LOG)", vec!["host::driver::ACCESS_LOG"]),
        ("{self, config}", vec!["self", "config"]),
    ] {
        assert_eq!(paths(text), expected, "{text}");
    }
    let source = |path: &str, text: &str| Source {
        path: path.to_owned(),
        lines: text.lines().map(str::to_owned).collect(),
    };
    let written = [
        source("src/engine/adapter.rs", "//! x\nuse super::super::config::Gateway;\nuse super::event;"),
        source(
            "src/config/mod.rs",
            "use super::framing::json; // crate::host\nfn f() { crate::framing::edit() }",
        ),
        source("src/framing/mod.rs", "use crate::framing::json;"),
        source("src/bin/tollgate/main.rs", "use tollgate::config;"),
    ];
    let found: Vec<String> = imports(&written)
        .iter()
        .map(|import| format!("{} {} {}", import.place, import.part, import.path))
        .collect();
    assert_eq!(
        found,
        [
            "src/engine/adapter.rs:2 engine config::Gateway",
            "src/config/mod.rs:2 config framing::edit",
            "src/config/mod.rs:1 config framing::json",
            "src/bin/tollgate/main.rs:1 bin config",
        ]
    );
}
