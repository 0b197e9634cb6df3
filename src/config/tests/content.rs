//! `redaction` and `guard`: what they compile to, and what an operator reads when they are wrong.

use std::collections::BTreeMap;

use super::{good_with, lines, parse_with};
use crate::config::compiled::content::Redaction;
use crate::redact::mask::Action;
use crate::redact::own::Check;

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
            "22:8: guard: expected at least one of: injection, denied_words, patterns, max_text, markup, structured_output, external",
        ],
    );
    check(
        "guard: {denied_words: [{id: x, words: [a], at_least: 2, action: block}]}",
        &["22:8: guard: `x` asks for more words than it has"],
    );
}

#[test]
fn own_types_hold_for_every_team_and_a_team_may_have_its_own() {
    let gateway = good_with(
        TEAM,
        &format!(
            "{TEAM}    redaction: {{types: {{EMPLOYEE_ID: block}}, words: {{PROJECT_NAME: [Kestrel]}}}}\n\
             redaction:\n  types: {{PROJECT_NAME: remove}}\n  base64: true\n  \
             patterns: {{EMPLOYEE_ID: {{regex: 'E-\\d{{6}}', context: [employee, Mitarbeiter*], check: luhn}}}}\n  \
             words: {{PROJECT_NAME: [Falcon, Blue Moon], CLIENT: [Acme Inc]}}\n"
        ),
    );
    let content = gateway.policy.content.redaction;
    let (common, own) = (content.of("another").unwrap(), content.of("science").unwrap());
    let words = |of: &Redaction, name: &str| of.own.words.get(name).cloned().unwrap_or_default();
    assert_eq!(words(common, "PROJECT_NAME"), ["Falcon", "Blue Moon"]);
    assert_eq!(words(own, "PROJECT_NAME"), ["Kestrel"]);
    assert_eq!(words(own, "CLIENT"), ["Acme Inc"]);
    assert_eq!(own.actions, BTreeMap::from([("EMPLOYEE_ID".to_owned(), Action::Block)]));
    let pattern = &own.own.patterns["EMPLOYEE_ID"];
    assert_eq!((pattern.context.len(), pattern.check), (2, Some(Check::Luhn)));
    assert!(common.base64 && !own.base64);
    // What the filter reads says the same.
    let read: Redaction = serde_json::from_str(&serde_json::to_string(common).unwrap()).unwrap();
    assert_eq!(&read, common);
    let bad = serde_json::to_string(common).unwrap().replace(r"E-\\d{6}", "(");
    assert!(serde_json::from_str::<Redaction>(&bad).is_err(), "what cannot be looked for is refused");
}

#[test]
fn own_types_that_cannot_work_are_named() {
    check(
        "redaction: {patterns: {CREDIT_CARD: {regex: x}}}",
        &["22:24: redaction.patterns.CREDIT_CARD: this is the name of a built-in type; choose another"],
    );
    check(
        "redaction: {words: {Name2: [ab]}}",
        &[
            "22:21: redaction.words.Name2: expected a name of at most 40 capital letters and single `_` between them, such as EMPLOYEE_ID, found `Name2`",
        ],
    );
    check(
        "redaction: {patterns: {TICKET: {regex: 'T-(\\d+'}}}",
        &["22:40: redaction.patterns.TICKET.regex: not a regular expression: unclosed group"],
    );
    check(
        "redaction: {patterns: {TICKET: {regex: 'T*'}}}",
        &["22:40: redaction.patterns.TICKET.regex: the expression matches an empty text"],
    );
    check(
        "redaction: {patterns: {TICKET: {regex: '\\w{9999}'}}}",
        &[
            "22:40: redaction.patterns.TICKET.regex: not a regular expression: Compiled regex exceeds size limit of 1048576 bytes.",
        ],
    );
    check(
        "redaction: {patterns: {TICKET: {regex: x, check: crc}}}",
        &[
            "22:50: redaction.patterns.TICKET.check: expected one of: luhn, verhoeff, mod97, mod11_10, mod11_2, found `crc`",
        ],
    );
    check(
        "redaction: {patterns: {TICKET: {context: [a-b]}}}",
        &["22:32: redaction.patterns.TICKET: missing key `regex`"],
    );
    check(
        "redaction:\n  patterns: {TICKET: {regex: x}}\n  words: {TICKET: [ab, 'C++'], NONE: []}\n",
        &[
            "24:11: redaction.words.TICKET: another type has the same name; the first is in line 23",
            "24:24: redaction.words.TICKET[1]: expected a text of at most 256 characters, with two letters or digits, found `C++`",
            "24:38: redaction.words.NONE: expected at least one item, found an empty list",
        ],
    );
    check(
        "redaction: {words: {PROJECT: [ab]}, types: {PROJEKT: block}, disabled: [PROJECT, TEAM]}",
        &[
            "22:45: redaction.types.PROJEKT: no type of private values is named `PROJEKT`; did you mean `PROJECT`?",
            "22:82: redaction.disabled[1]: no type of private values is named `TEAM`",
        ],
    );
}
