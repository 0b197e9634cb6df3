//! What holds for any text.

use proptest::prelude::*;

use super::super::{Kind, parse};
use super::GOOD;

/// Limits, prices and all that belongs to them, after [`GOOD`].
const LIMITS: &str =
    "  limits: [{requests: 5/second, burst: 9}, {tokens: 7/day, models: [chat], mode: observe}]
  budgets: [{usd: 12.50, per: day, alert_at: [0.8, 1.0], zone: Europe/Berlin}, {tokens: 9, per: total}]
zone: +02:00
tokens: {count: always, exact_up_to: 1MiB, vocabularies: {gpt-4o: cl100k_base}, ratios: {gpt: 1.15}}
reservations: {lease: 30s, on_crash: return}
organisation: {name: acme, limits: {concurrency: 20}}
users: {header: x-user-id, cells: 64, budgets: [{requests: 9, per: week}]}
prices: {gpt-4o: {input: 2.5, output: 10, batch: 0.5, tiers: [{above: 9, input: 5, output: 20}]}}
unknown_price: {input: 1, output: 2}
";

/// Fails when `text` does, and never without saying where.
fn is_checked(text: &str) -> Result<(), TestCaseError> {
    if let Err(problems) = parse("gateway.yaml", text) {
        prop_assert!(!problems.is_empty());
        for problem in problems {
            let lines = text.split(['\n', '\r']).count();
            match problem.position {
                Some(position) => prop_assert!((1..=lines + 1).contains(&position.line), "{}", problem),
                None => prop_assert_eq!(problem.kind, Kind::EmptyFile),
            }
        }
    }
    Ok(())
}

/// `text` with the characters from `from` on replaced.
fn edited(text: &str, from: usize, length: usize, insertion: &str) -> String {
    let (before, rest) = text.split_at(from.min(text.len()));
    let after = rest.split_at(length.min(rest.len())).1;
    format!("{before}{insertion}{after}")
}

/// The good file with `text` where a secret could be pasted, each still one scalar.
fn planted(text: &str) -> Vec<String> {
    let hash = "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let credential = "{file: secrets/openai}";
    [
        (hash, text.to_owned()),
        (hash, format!("[{text}]")),
        (hash, format!("{{{text}: 1}}")),
        (hash, format!("sha256:{text}")),
        (hash, format!("\"{text}")),
        (credential, text.to_owned()),
        (credential, format!("[{text}]")),
        (credential, format!("{{{text}}}")),
        (credential, format!("{{file: [{text}]}}")),
        (credential, format!("{{file: {text}, env: {text}}}")),
        (credential, format!("{{env: {text}-}}")),
        (credential, format!("{{value: {text}, value: {text}}}")),
        (credential, format!("{{sds: {text}}}")),
        (credential, format!("{{sds: {{path: {text}}}}}")),
        (credential, format!("{{sds: {{path: p, name: \"{text} \"}}}}")),
        ("credential: openai", format!("credential: {text}")),
        ("credential: openai", format!("credentail: {text}")),
        ("https://api.openai.com/v1", format!("https://user:{text}@api.openai.com/v1")),
        ("https://api.openai.com/v1", format!("https://api.openai.com/v1?key={text}")),
        ("workers: 2", format!("workers: {text}")),
        ("8MiB", text.to_owned()),
        ("credentials:\n", format!("credentials: {text}\nold:\n")),
    ]
    .iter()
    .map(|(passage, replacement)| GOOD.replace(passage, replacement))
    .collect()
}

#[test]
fn the_limits_to_edit_are_good() {
    let good = parse("gateway.yaml", &format!("{GOOD}{LIMITS}"));
    assert!(good.is_ok_and(|good| good.warnings.is_empty()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text(text in any::<String>()) {
        is_checked(&text)?;
    }

    #[test]
    fn any_text_of_yaml_characters(text in "[-a{}\\[\\]:,?&*!|>'\"%@`#\t\n 1~<.]{0,60}") {
        is_checked(&text)?;
    }

    #[test]
    fn any_edit_of_a_good_file(
        from in 0..GOOD.len(),
        length in 0..40usize,
        insertion in "[-a{}\\[\\]:,?&*!|>'\"%#\t\r\n 1\u{e9}]{0,6}",
    ) {
        is_checked(&edited(GOOD, from, length, &insertion))?;
    }

    #[test]
    fn any_edit_of_limits(
        from in 0..LIMITS.len(),
        length in 0..20usize,
        insertion in "[-a{}\\[\\]:,./\n 019e]{0,4}",
    ) {
        is_checked(&format!("{GOOD}{}", edited(LIMITS, from, length, &insertion)))?;
    }

    /// Keys of the usual providers and of our own, and random text as it has no prefix.
    #[test]
    fn no_planted_secret_is_repeated(
        prefix in prop::sample::select(vec!["sk-proj-", "tg-team-a-", "gsk_", "AIza", ""]),
        secret in "[0-9][a-z][A-Z][0-9A-Za-z]{29}",
    ) {
        for text in planted(&format!("{prefix}{secret}")) {
            let problems = parse("gateway.yaml", &text).map_or_else(|problems| problems, |good| good.warnings);
            for problem in problems {
                let shown = format!("{problem} {problem:?}");
                prop_assert!(!shown.contains(&secret), "{}", shown);
            }
        }
    }
}
