//! A masked stream is the masked text.

#![expect(clippy::string_slice, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::redact::mask::Action;
use crate::redact::own::{Definitions, Expression, Own, Pattern};

fn rules(otherwise: Action) -> Rules {
    Rules { actions: HashMap::new(), otherwise, hash_key: Vec::new() }
}

const REPLACED: Action = Action::Replace { restore: false };

/// The text in pieces that end at these places, masked on its way.
fn streamed(text: &str, cuts: &[usize], action: Action) -> Result<String, Kind> {
    let (settings, rules, mut vault) = (Settings::default(), rules(action), Vault::new());
    let mut masking = Masking { settings: &settings, rules: &rules, vault: &mut vault, found: &mut |_| {} };
    let mut cuts: Vec<usize> =
        cuts.iter().map(|cut| text.floor_char_boundary(cut % (text.len() + 1))).collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    let (mut window, mut out) = (Window::default(), String::new());
    for pair in cuts.windows(2) {
        window.push(&text[pair[0]..pair[1]], &mut masking, &mut out)?;
    }
    window.finish(&mut masking, &mut out)?;
    assert!(window.is_empty());
    Ok(out)
}

fn by_letters(text: &str) -> String {
    streamed(text, &(0..text.len()).collect::<Vec<_>>(), REPLACED).unwrap()
}

fn whole(text: &str) -> String {
    Vault::new().mask(text, &find_all(text, &Settings::default()), &rules(REPLACED)).unwrap()
}

/// The rows of the corpus on which the detectors were developed: text, and whether there is anything to find.
fn corpus() -> Vec<(String, String)> {
    let rows = include_str!("../../../tests/redact/corpus.jsonl").lines();
    rows.map(|row| {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        (row["group"].as_str().unwrap().to_owned(), row["text"].as_str().unwrap().to_owned())
    })
    .collect()
}

const PROSE: &str = "The meeting went well, and everybody who came was pleased with what had been said about the plans \
                     for the coming spring. Nobody asked for more than that, so we went home early and slept. ";

/// Every row of the corpus between sentences: letter by letter, the stream says what the whole text says.
#[test]
fn a_stream_is_masked_as_the_whole_text_is() {
    let rows = corpus();
    let (mut different, mut total) = (Vec::new(), 0);
    for (group, row) in rows.iter().step_by(4) {
        let text = format!("{PROSE}\n\n{row}\n\n{PROSE}");
        let (stream, whole) = (by_letters(&text), whole(&text));
        total += 1;
        if stream != whole {
            different.push((group, row, stream, whole));
        }
    }
    for (group, row, stream, whole) in different.iter().take(20) {
        let edge = PROSE.len();
        println!(
            "{group}: {row}\n  stream {}\n  whole  {}",
            &stream[edge..stream.len() - edge],
            &whole[edge..whole.len() - edge]
        );
    }
    assert!(different.len() * 200 <= total, "{} of {total} rows differ", different.len());
}

/// An operator's own words are plain, and so are the words around them.
#[test]
fn words_of_an_operator_never_pass() {
    let names = ["Falcon".to_owned(), "Blue Moon".to_owned()];
    let definitions =
        Definitions { words: [("PROJECT_NAME".to_owned(), names.to_vec())].into(), ..Definitions::default() };
    let own = Some(Arc::new(Own::new(&definitions)));
    let (settings, rules) = (Settings { own, ..Settings::default() }, rules(REPLACED));
    let mut vault = Vault::new();
    let mut masking = Masking { settings: &settings, rules: &rules, vault: &mut vault, found: &mut |_| {} };
    let (mut window, mut out) = (Window::default(), String::new());
    let text = format!("{PROSE}The falcon and the blue moon. {PROSE}").repeat(8);
    for letter in text.chars() {
        window.push(letter.encode_utf8(&mut [0; 4]), &mut masking, &mut out).unwrap();
        assert!(window.waits() <= HELD, "{} bytes wait", window.waits());
    }
    window.finish(&mut masking, &mut out).unwrap();
    let masked = "The [PROJECT_NAME_1] and the [PROJECT_NAME_2]. ";
    assert_eq!(out, format!("{PROSE}{masked}{PROSE}").repeat(8));
}

/// A text of an operator's own types as it passes in pieces of `size` letters, and the most that waits of it.
fn passed(own: &Arc<Own>, text: &str, size: usize) -> (String, usize) {
    let own = Some(Arc::clone(own));
    let (settings, rules) = (Settings { own, ..Settings::default() }, rules(REPLACED));
    let mut vault = Vault::new();
    let mut masking = Masking { settings: &settings, rules: &rules, vault: &mut vault, found: &mut |_| {} };
    let (mut window, mut out, mut most) = (Window::default(), String::new(), 0);
    let letters: Vec<char> = text.chars().collect();
    for piece in letters.chunks(size) {
        window.push(&piece.iter().collect::<String>(), &mut masking, &mut out).unwrap();
        most = most.max(window.waits());
    }
    window.finish(&mut masking, &mut out).unwrap();
    (out, most)
}

fn pattern(regex: &str, context: &[&str]) -> Arc<Own> {
    let context = context.iter().map(|word| (*word).to_owned()).collect();
    let pattern = Pattern { regex: Expression::new(regex).unwrap(), context, check: None };
    let patterns = [("FILE_MARK".to_owned(), pattern)].into();
    Arc::new(Own::new(&Definitions { patterns, ..Definitions::default() }))
}

/// As long as the pattern allows, wherever it stands in a stretch and however it comes.
#[test]
fn long_values_of_an_operator_never_begin_to_pass() {
    let bounded = pattern(r"File (?:[a-z]{5,12} ){4,12}closed", &[]);
    let announced = pattern(r"(?:[a-z]{5,12} ){4,12}closed", &["dossier"]);
    let unbounded = pattern(r"File (?:[a-z]+ )+closed", &[]);
    for (own, value, after) in [
        (&bounded, format!("File {}closed", "secret matters ".repeat(6)), ""),
        (&bounded, format!("File {}closed", "proceedings ".repeat(12)), ""),
        (&announced, format!("{}closed", "matters ".repeat(12)), " (a dossier)"),
        (&unbounded, format!("File {}closed", "secret matters ".repeat(16)), ""),
    ] {
        assert!((64..=LONGEST_HELD).contains(&value.len()), "{}", value.len());
        for lead in 0..24 {
            let before = "A. B, ".repeat(lead * 3);
            let text = format!("{before}{PROSE}\n{value}{after}. {PROSE}");
            let expected = format!("{before}{PROSE}\n[FILE_MARK_1]{after}. {PROSE}");
            let (out, most) = passed(own, &text, 1);
            assert_eq!(out, expected, "{lead}");
            assert!(most <= HELD_OWN, "{most} bytes wait");
            for size in [2, 7, 64, 301, 1 << 20] {
                assert_eq!(passed(own, &text, size).0, expected, "{lead} {size}");
            }
        }
    }
}

/// Who looks for short values only waits no longer for the sake of long ones.
#[test]
fn short_values_of_an_operator_wait_as_before() {
    let text = format!("{PROSE}It is E-123456, as they say. {PROSE}").repeat(4);
    let (out, most) = passed(&pattern(r"\bE-\d{6}\b", &[]), &text, 1);
    assert!(out.contains("It is [FILE_MARK_1], as"), "{out}");
    assert!(most <= HELD, "{most} bytes wait");
}

#[test]
fn plain_words_do_not_wait() {
    let (settings, rules, mut vault) = (Settings::default(), rules(REPLACED), Vault::new());
    let mut masking = Masking { settings: &settings, rules: &rules, vault: &mut vault, found: &mut |_| {} };
    let (mut window, mut out) = (Window::default(), String::new());
    let mut longest = 0;
    for (at, letter) in PROSE.char_indices() {
        window.push(letter.encode_utf8(&mut [0; 4]), &mut masking, &mut out).unwrap();
        longest = longest.max(at + 1 - out.len());
    }
    assert!(longest <= 40, "{longest} bytes wait");
}

#[test]
fn no_more_waits_than_is_said() {
    let (settings, rules, mut vault) = (Settings::default(), rules(REPLACED), Vault::new());
    let mut masking = Masking { settings: &settings, rules: &rules, vault: &mut vault, found: &mut |_| {} };
    let code = "if (a[1] == 0x2F) { return b[2] + c.d(\"e\", 3); } // 4 of 5\n".repeat(40);
    let (mut window, mut out) = (Window::default(), String::new());
    for letter in code.chars() {
        window.push(letter.encode_utf8(&mut [0; 4]), &mut masking, &mut out).unwrap();
        assert!(window.waits() <= HELD, "{} bytes wait", window.waits());
    }
    let blob = "x1Yz".repeat(20_000);
    for letter in blob.chars() {
        window.push(letter.encode_utf8(&mut [0; 4]), &mut masking, &mut out).unwrap();
        assert!(window.waits() <= LONGEST, "{} bytes wait", window.waits());
    }
    window.finish(&mut masking, &mut out).unwrap();
    assert_eq!(out, code + &blob);
}

/// RFC 7468, section 10: a key of several lines is one value, longer than anything else that waits.
#[test]
fn a_private_key_goes_as_a_whole() {
    let line = "MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgVcB8UZvJsZPyEDkcnQmDkE9S\n";
    let key = format!("-----BEGIN PRIVATE KEY-----\n{}-----END PRIVATE KEY-----", line.repeat(40));
    let text = format!("{PROSE}Here it is:\n{key}\nDone. {PROSE}");
    assert_eq!(by_letters(&text), format!("{PROSE}Here it is:\n[PRIVATE_KEY_1]\nDone. {PROSE}"));
}

#[test]
fn what_blocks_has_not_passed() {
    let text = format!("{PROSE}Write to ann.lee@corp.example, please. {PROSE}");
    assert_eq!(streamed(&text, &[], Action::Block), Err(Kind("EMAIL_ADDRESS")));
}

fn parts() -> impl Strategy<Value = Vec<String>> {
    let rows = corpus().into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    let part = prop_oneof![
        3 => prop::sample::select(rows),
        2 => Just(PROSE.to_owned()),
        1 => "[a-zé @.0-9\\-]{0,40}",
        1 => "(word |at |dot |\\. |\n){0,12}",
        1 => "[A-Za-z0-9+/=]{100,700}",
    ];
    prop::collection::vec(part, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// The same text however it comes.
    #[test]
    fn any_pieces_give_the_same_text(parts in parts(), cuts in prop::collection::vec(any::<usize>(), 0..40)) {
        let text = parts.join(" ");
        prop_assert_eq!(streamed(&text, &cuts, REPLACED).unwrap(), by_letters(&text));
    }
}
