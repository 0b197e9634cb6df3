//! Single cases of each family; recall and false alarms over many are measured in tests/secrets.

use super::*;

fn found(text: &str) -> Vec<(&str, &'static str)> {
    let mut findings = Vec::new();
    find(text, &mut findings);
    findings.iter().map(|finding| (&text[finding.start..finding.end], finding.kind.0)).collect()
}

#[test]
fn at_least_eighty_services_are_known() {
    let services: std::collections::BTreeSet<&str> = services().collect();
    assert!(services.len() >= 80, "{}", services.len());
}
