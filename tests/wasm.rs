//! The built module as Envoy meets it: what it asks of the host, what it offers, and how large it is.
//!
//! Reads `target/wasm32-wasip1/release/tollgate.wasm`, which `make wasm` builds, by the binary format of the
//! WebAssembly core specification (chapter 5). Does not run it: the end-to-end tests do.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and says why it is skipped"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The most code. Every worker thread of Envoy compiles all of it at start and keeps the machine code, which is
/// several times as large: a parser or a formatter that comes in by accident shows, ordinary growth does not.
const MOST_CODE: usize = 13 << 18;

/// The most data, nearly all of which are the tables of the two vocabularies.
const MOST_DATA: usize = 9 << 20;

/// Functions of the host that the module may import: of proxy-wasm's ABI 0.2.1, and of WASI what Envoy's
/// proxy-wasm host implements.
///
/// The Rust SDK declares its whole ABI and exports a dispatcher for it, so the linker keeps functions that the
/// filter never calls; the streams of gRPC and the queues are such. What must never be here is a way to the
/// file system, to sockets, to a clock or to threads: a module that imports one fails to load, or would read
/// the time past the engine.
const MAY_IMPORT: [(&str, &[&str]); 2] = [
    (
        "env",
        &[
            "proxy_add_header_map_value",
            "proxy_call_foreign_function",
            "proxy_close_stream",
            "proxy_continue_stream",
            "proxy_define_metric",
            "proxy_dequeue_shared_queue",
            "proxy_done",
            "proxy_enqueue_shared_queue",
            "proxy_get_buffer_bytes",
            "proxy_get_current_time_nanoseconds",
            "proxy_get_header_map_pairs",
            "proxy_get_header_map_value",
            "proxy_get_property",
            "proxy_get_shared_data",
            "proxy_get_status",
            "proxy_grpc_call",
            "proxy_grpc_cancel",
            "proxy_grpc_close",
            "proxy_grpc_send",
            "proxy_grpc_stream",
            "proxy_http_call",
            "proxy_increment_metric",
            "proxy_log",
            "proxy_record_metric",
            "proxy_register_shared_queue",
            "proxy_remove_header_map_value",
            "proxy_replace_header_map_value",
            "proxy_resolve_shared_queue",
            "proxy_send_local_response",
            "proxy_set_buffer_bytes",
            "proxy_set_effective_context",
            "proxy_set_header_map_pairs",
            "proxy_set_property",
            "proxy_set_shared_data",
            "proxy_set_tick_period_milliseconds",
        ],
    ),
    // What Rust's standard library needs to start, to seed its hash maps and to die.
    ("wasi_snapshot_preview1", &["environ_get", "environ_sizes_get", "fd_write", "proc_exit", "random_get"]),
];

/// The module, or `None` where it was not built and need not be: only a continuous build must have it.
fn module() -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/wasm32-wasip1/release/tollgate.wasm");
    match fs::read(&path) {
        Ok(module) => Some(module),
        Err(error) if std::env::var_os("CI").is_some() => panic!("{}: {error}", path.display()),
        Err(error) => {
            eprintln!("skipped: {}: {error}; `make wasm` builds it", path.display());
            None
        }
    }
}

/// A reader of the binary format.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes
    }

    fn byte(&mut self) -> u8 {
        self.bytes(1)[0]
    }

    /// An unsigned integer in LEB128 (section 5.2.2).
    fn number(&mut self) -> usize {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = self.byte();
            value |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }

    fn name(&mut self) -> &'a str {
        let length = self.number();
        std::str::from_utf8(self.bytes(length)).unwrap()
    }
}

/// The content of the section with this number (section 5.5.2).
fn section(module: &[u8], wanted: u8) -> Reader<'_> {
    let mut reader =
        Reader(module.strip_prefix(b"\0asm\x01\0\0\0").expect("a WebAssembly module, version 1"));
    while !reader.0.is_empty() {
        let (id, length) = (reader.byte(), reader.number());
        let content = reader.bytes(length);
        if id == wanted {
            return Reader(content);
        }
    }
    panic!("the module has no section {wanted}");
}

#[test]
fn imports_only_what_the_host_may_be_asked() {
    let Some(module) = module() else { return };
    let mut imports = section(&module, 2);
    let mut others = Vec::new();
    let mut seen = 0;
    for _ in 0..imports.number() {
        let (from, name) = (imports.name(), imports.name());
        assert_eq!(imports.byte(), 0, "{from} {name} is a function");
        imports.number();
        seen += 1;
        if !MAY_IMPORT.iter().any(|(module, names)| *module == from && names.contains(&name)) {
            others.push(format!("{from} {name}"));
        }
    }
    assert!(seen > 0 && imports.0.is_empty(), "the whole section was read");
    assert!(others.is_empty(), "imports beyond the list in tests/wasm.rs: {others:?}");
}

#[test]
fn offers_what_envoy_looks_for() {
    let Some(module) = module() else { return };
    let mut section = section(&module, 7);
    let mut exports = BTreeSet::new();
    for _ in 0..section.number() {
        exports.insert(section.name());
        section.byte();
        section.number();
    }
    for wanted in [
        "memory",
        // Envoy runs it once, before anything else: a reactor, not a command.
        "_initialize",
        "proxy_abi_version_0_2_1",
        "proxy_on_memory_allocate",
        "proxy_on_context_create",
        "proxy_on_configure",
        "proxy_on_request_headers",
        "proxy_on_request_body",
        "proxy_on_request_trailers",
        "proxy_on_response_headers",
        "proxy_on_response_body",
        "proxy_on_response_trailers",
        "proxy_on_log",
    ] {
        assert!(exports.contains(wanted), "{wanted} is missing from {exports:?}");
    }
    let versions = exports.iter().filter(|name| name.starts_with("proxy_abi_version_")).count();
    assert_eq!(versions, 1, "one version of the ABI only");
    assert!(!exports.contains("_start"), "a module that has run to its end serves nothing");
}

#[test]
fn is_small() {
    let Some(module) = module() else { return };
    // Section ids of the WebAssembly specification, section 5.5.2.
    for (name, id, most) in [("code", 10, MOST_CODE), ("data", 11, MOST_DATA)] {
        let length = section(&module, id).0.len();
        assert!(length <= most, "{length} bytes of {name}, and the budget is {most}");
    }
}
