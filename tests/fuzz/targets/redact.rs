//! Private values in any text: findings are places in it, and what is masked comes back, however the stream is cut.

#![no_main]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use tollgate::redact::mask::{Action, LONGEST_PLACEHOLDER, Quoting, Restorer, Rules, Vault};
use tollgate::redact::{Settings, find_all};
use tollgate_fuzz::chunked;

fuzz_target!(|input: &[u8]| {
    let Some((text, chunks)) = chunked(input) else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let findings = find_all(text, &Settings::default());
    let mut end = 0;
    for finding in &findings {
        assert!(finding.start >= end && finding.start < finding.end, "in order, without overlap");
        assert!(text.get(finding.start..finding.end).is_some(), "on character boundaries");
        end = finding.end;
    }
    let rules =
        Rules { actions: HashMap::new(), otherwise: Action::Replace { restore: true }, hash_key: Vec::new() };
    let mut vault = Vault::new();
    vault.avoid(text);
    let masked = vault.mask(text, &findings, &rules).expect("nothing blocks");
    assert_eq!(vault.restore(&masked, Quoting::Plain), text);
    let mut restorer = Restorer::default();
    let mut restored = String::new();
    let mut rest = masked.as_str();
    for chunk in chunks {
        let (piece, after) = rest.split_at(rest.ceil_char_boundary(chunk.len()));
        let passed = restorer.push(&vault, piece, Quoting::Plain);
        assert!(!passed.is_empty() || piece.len() <= LONGEST_PLACEHOLDER, "little is held back");
        restored.push_str(&passed);
        rest = after;
    }
    restored.push_str(&restorer.push(&vault, rest, Quoting::Plain));
    restored.push_str(&restorer.finish());
    assert_eq!(restored, text);
});
