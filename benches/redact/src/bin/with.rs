//! All of redaction and as little as possible besides: the detectors, an operator's own types with their regular
//! expressions, the actions, restoring, whole and streamed. It is never run; what it has more than `without.rs` in its
//! sections of code and data is what redaction adds to a module.

#![allow(dead_code, unreachable_pub, reason = "of the library's module only this is used")]

#[path = "../../../../src/redact/mod.rs"]
mod redact;

use std::collections::HashMap;
use std::sync::Arc;

use redact::Settings;
use redact::mask::{Action, Quoting, Restorer, Rules, Vault};
use redact::own::{Definitions, Own};
use redact::window::{Masking, Window};

fn main() {
    let text = std::fs::read_to_string("/corpus/dense.txt").unwrap();
    let definitions: Definitions = serde_json::from_str(&text).unwrap_or_default();
    let own = Some(Arc::new(Own::new(&definitions)));
    let settings = Settings { own, base64: text.len() > 1, ..Settings::default() };
    let otherwise = Action::Replace { restore: true };
    let rules = Rules { actions: HashMap::new(), otherwise, hash_key: text.as_bytes().to_vec() };
    let mut vault = Vault::new();
    let findings = redact::find_across(&[&text, &text], &settings);
    let masked = vault.mask(&text, findings.first().unwrap(), &rules).unwrap_or_default();
    let mut streamed = String::new();
    let mut masking = Masking { settings: &settings, rules: &rules, vault: &mut vault, found: &mut |_| {} };
    let mut window = Window::after(&text);
    let _ = window.push(&text, &mut masking, &mut streamed);
    let _ = window.finish(&mut masking, &mut streamed);
    let mut restorer = Restorer::default();
    let restored = restorer.push(&vault, &masked, Quoting::Json) + &restorer.finish();
    println!("{}", vault.restore(&streamed, Quoting::Plain) + &restored);
}
