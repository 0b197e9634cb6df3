//! `redaction` and `guard`: what they compile to, and what an operator reads when they are wrong.

use std::collections::BTreeMap;

use super::{good_with, lines, parse_with};
use crate::redact::mask::Action;

const KEYS: &str = "keys:\n";
const TEAM: &str = "    environments: {dev: {}, prod: {}}\n";

fn check(section: &str, expected: &[&str]) {
    let problems = parse_with(KEYS, &format!("{section}\n{KEYS}")).expect_err(section);
    let expected: Vec<_> = expected.iter().map(|line| format!("gateway.yaml:{line}")).collect();
    assert_eq!(lines(&problems), expected, "{section}");
}

#[test]
fn a_team_replaces_the_common_rules_as_a_whole() {
    let gateway = good_with(
        TEAM,
        &format!(
            "{TEAM}    redaction: {{default: block}}\n    guard: {{max_text: {{size: 1KiB, action: warn}}}}\n\
             redaction:\n  restore: true\n  hash_key: a key of sixteen\n  \
             types: {{CREDIT_CARD: hash, US_SSN: {{action: mask, keep: 4}}, IBAN_CODE: {{action: replace, restore: false}}}}\n  \
             disabled: [IP_ADDRESS]\n  exempt: ['@example.com']\n"
        ),
    );
    let content = gateway.policy.content;
    let common = content.redaction.of("another").unwrap();
    assert_eq!(common.otherwise, Action::Replace { restore: true });
    let expected = [
        ("CREDIT_CARD", Action::Hash),
        ("IBAN_CODE", Action::Replace { restore: false }),
        ("US_SSN", Action::Mask { keep: 4 }),
    ];
    assert_eq!(common.actions, BTreeMap::from(expected.map(|(name, action)| (name.to_owned(), action))));
    assert_eq!(
        (&*common.disabled, &*common.exempt),
        (&["IP_ADDRESS".to_owned()][..], &["@example.com".to_owned()][..])
    );
    let own = content.redaction.of("science").unwrap();
    assert_eq!((own.otherwise, own.actions.len()), (Action::Block, 0));
    assert!(content.guard.of("science").is_some() && content.guard.of("another").is_none());
    assert!(!format!("{common:?}").contains("sixteen"), "the key does not print");
}

#[test]
fn answers_are_dealt_with_as_requests_or_by_rules_of_their_own() {
    let compiled = |members: &str| {
        let section = format!("redaction: {{restore: true, types: {{US_SSN: block}}, {members}}}\n{KEYS}");
        let content = good_with(KEYS, &section).policy.content;
        let answers = content.redaction.of("any").unwrap().answers.clone();
        answers.map(|answers| (answers.otherwise, answers.actions.into_iter().collect::<Vec<_>>()))
    };
    let replaced = Action::Replace { restore: false };
    assert_eq!(compiled("answers: false"), None);
    assert_eq!(compiled("answers: true"), Some((replaced, vec![("US_SSN".to_owned(), Action::Block)])));
    assert_eq!(compiled("answers: {default: remove}"), Some((Action::Remove, Vec::new())));
    let own = compiled("answers: {types: {CREDIT_CARD: {action: mask, keep: 4}}}");
    assert_eq!(own, Some((replaced, vec![("CREDIT_CARD".to_owned(), Action::Mask { keep: 4 })])));
}

#[test]
fn mistakes_are_named_with_what_was_meant() {
    check(
        "redaction: {types: {CREDITCARD: block}}",
        &[
            "22:21: redaction.types.CREDITCARD: no type of private values is named `CREDITCARD`; did you mean `CREDIT_CARD`?",
        ],
    );
    check(
        "redaction: {default: hide}",
        &[
            "22:22: redaction.default: expected one of: replace, mask, hash, remove, block, allow, found `hide`",
        ],
    );
    check("redaction: {default: hash}", &["22:12: redaction: `hash` needs a `hash_key`"]);
    check(
        "redaction: {default: {action: block, keep: 4}}",
        &["22:44: redaction.default.keep: only `mask` keeps something"],
    );
    check(
        "redaction: {default: {action: remove, restore: true}}",
        &["22:48: redaction.default.restore: only what `replace` took out can be given back"],
    );
    check(
        "redaction: {types: {API_KEY: {action: replace, restore: true}}}",
        &["22:57: redaction.types.API_KEY.restore: secrets are never given back"],
    );
    check(
        "redaction: {types: {US_SSN: block}, disabled: [US_SSN]}",
        &["22:48: redaction.disabled[0]: this type is named before; what is not looked for needs no action"],
    );
    check(
        "redaction: {types: {US_SSN: block}, answers: {default: {action: block, keep: 4}, types: {US_SSN: hash}}}",
        &[
            "22:12: redaction: `hash` needs a `hash_key`",
            "22:78: redaction.answers.default.keep: only `mask` keeps something",
        ],
    );
    check(
        "redaction: {answers: {}}",
        &["22:22: redaction.answers: expected at least one of: default, types"],
    );
    check(
        "redaction: {answers: {default: {action: replace, restore: true}}}",
        &["22:50: redaction.answers.default.restore: unknown key `restore` (expected one of: action, keep)"],
    );
    check(
        "guard: {markup: {action: redact, hosts: ['https://cdn.example']}}",
        &[
            "22:42: guard.markup.hosts[0]: expected the name of a host, such as cdn.example.com, found `https://cdn.example`",
        ],
    );
    check(
        "redaction: {disabled: [CREDIT_CARD], answers: {types: {CREDIT_CARD: mask}}}",
        &["22:24: redaction.disabled[0]: this type is named before; what is not looked for needs no action"],
    );
    check(
        "guard: {structured_output: warn}",
        &["22:28: guard.structured_output: expected one of: observe, block, found `warn`"],
    );
    check(
        "redaction: {hash_key: hunter2}",
        &["22:23: redaction.hash_key: expected a text of 16 to 256 characters, found something else"],
    );
    check(
        "guard: {allow: [x]}",
        &[
            "22:8: guard: expected at least one of: injection, denied_words, patterns, max_text, markup, structured_output",
        ],
    );
    check(
        "guard: {denied_words: [{id: x, words: [a], at_least: 2, action: block}]}",
        &["22:8: guard: `x` asks for more words than it has"],
    );
}
