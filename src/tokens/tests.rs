//! The counters equal the reference, rank by rank, and take linear work on any text.
//!
//! `TOLLGATE_LONG=1 cargo test --release tokens` checks 100,000 random strings of each kind instead of a few.

use std::ops::Range;
use std::path::Path;

use proptest::prelude::*;
use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};

use super::*;

const BOTH: [Vocabulary; 2] = [Vocabulary::O200k, Vocabulary::Cl100k];

fn reference(vocabulary: Vocabulary) -> &'static CoreBPE {
    match vocabulary {
        Vocabulary::O200k => o200k_base_singleton(),
        Vocabulary::Cl100k => cl100k_base_singleton(),
    }
}

#[track_caller]
fn check(text: &str) {
    for vocabulary in BOTH {
        let expected = reference(vocabulary).encode_ordinary(text);
        assert_eq!(vocabulary.encode(text), expected, "{vocabulary:?}: {text:?}");
        assert_eq!(vocabulary.count(text), expected.len(), "{vocabulary:?}: {text:?}");
    }
}

/// How many strings of a kind to check: few in every run, very many on demand.
fn rounds(few: usize) -> usize {
    if long() { 100_000 } else { few }
}

fn long() -> bool {
    std::env::var_os("TOLLGATE_LONG").is_some()
}

/// A small generator of reproducible random numbers (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn string(&mut self, length: Range<usize>, mut next: impl FnMut(&mut Self) -> String) -> String {
        let length = length.start + self.below(length.end - length.start);
        (0..length).map(|_| next(self)).collect()
    }
}

#[test]
fn nothing_has_no_tokens() {
    check("");
}

#[test]
fn random_strings_over_all_of_unicode() {
    let mut random = Random(1);
    for _ in 0..rounds(2_000) {
        check(&random.string(0..40, |random| {
            let code = u32::try_from(random.below(0x11_0000)).unwrap();
            char::from_u32(code).unwrap_or('\u{D7FF}').to_string()
        }));
    }
}

/// Characters of every class next to each other, since the patterns are about their order.
#[test]
fn random_strings_of_every_class() {
    let characters: Vec<char> = "aZéÉǅʰªא的ー\u{300}\u{903}\u{20DD}\u{FE0F}09²Ⅷ٣ \t\u{A0}\u{3000}\u{85}\u{2028}\n\r'’sStTmMdDrReEvVlLſKİı!/.-_(€😀\u{200D}\u{200B}\0\u{E000}\u{378}".chars().collect();
    let mut random = Random(2);
    for _ in 0..rounds(10_000) {
        check(&random.string(0..16, |random| random.pick(&characters).to_string()));
    }
}

/// Pieces of tokens joined at random: nearly every boundary that merging can have, right or wrong.
#[test]
fn random_strings_of_tokens() {
    let mut random = Random(3);
    for vocabulary in BOTH {
        let size = if vocabulary == Vocabulary::O200k { 199_998 } else { 100_256 };
        for _ in 0..rounds(2_000) {
            check(&random.string(1..12, |random| {
                let rank = u32::try_from(random.below(size)).unwrap();
                let token = reference(vocabulary).decode_bytes(&[rank]).unwrap();
                let token = String::from_utf8_lossy(&token).replace(' ', random.pick(&["", " "]));
                token.chars().take(1 + random.below(12)).collect()
            }));
        }
    }
}

#[test]
fn random_words_without_vowels_or_sense() {
    let letters: Vec<char> = "bcdfghjklmnpqrstvwxzäßçñøł".chars().collect();
    let mut random = Random(4);
    for _ in 0..rounds(2_000) {
        check(&random.string(1..60, |random| random.pick(&letters).to_string()));
    }
}

proptest! {
    #[test]
    fn any_string(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_ascii(text in "[ -~\n\t]{0,200}") {
        check(&text);
    }

    /// Whatever is counted in part stays near the whole, and what fits is exact.
    #[test]
    fn counting_in_part_is_exact_where_it_fits(text in "(\\PC|[a-z ]){0,400}", exact_bytes in 0_usize..2000) {
        for vocabulary in BOTH {
            let count = vocabulary.count_within(&text, exact_bytes);
            prop_assert_eq!(count.exact, text.len() <= exact_bytes);
            if count.exact {
                prop_assert_eq!(count.tokens, vocabulary.count(&text));
            }
        }
    }
}

#[test]
fn every_code_point_in_context() {
    // Beyond them nothing is assigned but private use and tags; the class table is compared in full elsewhere.
    let last = if long() { u32::from(char::MAX) } else { 0x1_FFFF };
    let all: Vec<char> = (0..=last).filter_map(char::from_u32).collect();
    for characters in all.chunks(512) {
        check(&characters.iter().flat_map(|&character| [character, 'b', 'C']).collect::<String>());
    }
}

#[test]
fn every_run_of_whitespace_before_everything() {
    let spaces = [" ", "\n", "\r", "\t", "\u{A0}", "\u{3000}"];
    let mut runs = vec![String::new()];
    for _ in 0..4 {
        runs = runs
            .iter()
            .flat_map(|run| spaces.map(|space| format!("{run}{space}")))
            .chain(runs.clone())
            .collect();
        runs.sort_unstable();
        runs.dedup();
    }
    for after in ["", "a", "A", "1", "!", "的", "\u{300}", "'s"] {
        runs.iter().for_each(|run| check(&format!("x{run}{after}")));
    }
    for length in [63, 64, 65, 127, 128, 129, 1000] {
        for space in [" ", "\n", "\t", "\r\n", " \n", "\n "] {
            check(&space.repeat(length));
            check(&format!("{}x", space.repeat(length)));
        }
    }
}

#[test]
fn contractions_in_every_case() {
    for before in ["", "I", "it", "IT", "It", " It", "1", ".", "的", "\u{300}"] {
        for contraction in [
            "'s", "'S", "'ſ", "'t", "'re", "'RE", "'Re", "'ve", "'m", "'ll", "'lL", "'d", "'", "''s", "'x",
            "'r", "'K",
        ] {
            for after in ["", " ", "x", "X", "'s", "1"] {
                check(&format!("{before}{contraction}{after}"));
            }
        }
    }
}

#[test]
fn numbers() {
    for text in [
        "1",
        "12",
        "123",
        "1234",
        "3.14159",
        "1,000,000",
        "٠١٢٣٤٥",
        "一二三",
        "²³¹",
        "½⅓",
        "Ⅷ",
        "1e-10",
        "0x7fff",
        "2026-11-21T08:00:00Z",
        "+49 (30) 1234567",
    ] {
        check(text);
        check(&format!(" {text}a"));
    }
}

#[test]
fn emoji_sequences() {
    for text in ["😀", "👩‍👩‍👧‍👦", "🏳️‍🌈🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👍🏽👍🏿", "🇩🇪🇫🇷🇯🇵", "❤️", "1️⃣", "🧑🏻‍🚀 to the 🌕!", "(╯°□°)╯︵ ┻━┻"]
    {
        check(text);
        check(&text.repeat(20));
    }
}

#[test]
fn special_tokens_are_ordinary_text() {
    for name in [
        "endoftext",
        "fim_prefix",
        "fim_middle",
        "fim_suffix",
        "endofprompt",
        "startoftext",
        "start",
        "end",
        "message",
        "channel",
        "call",
        "return",
        "constrain",
        "im_start",
        "im_end",
        "im_sep",
        "reserved_200000",
    ] {
        check(&format!("<|{name}|>"));
        check(&format!("a <|{name}|><|{name}|>\n"));
    }
}

#[test]
fn prose_in_every_script() {
    let text = include_str!("../../tests/data/scripts.txt");
    assert!(text.lines().count() >= 20);
    check(text);
    text.lines().for_each(check);
}

#[test]
fn source_code_in_many_languages() {
    let text = include_str!("../../tests/data/snippets.txt");
    assert!(text.split("\n--\n").count() >= 10);
    check(text);
    text.split("\n--\n").for_each(check);
}

#[test]
fn the_projects_own_files() {
    fn walk(directory: &Path) {
        for entry in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                if entry.file_name().is_some_and(|name| name != "target") {
                    walk(&entry);
                }
            } else if let Ok(text) = std::fs::read_to_string(&entry) {
                check(&text);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["src", "tests", "benches"].iter().for_each(|directory| walk(&root.join(directory)));
    for file in ["Cargo.toml", "Cargo.lock", "LICENSE", "build.rs"] {
        check(&std::fs::read_to_string(root.join(file)).unwrap());
    }
}

/// What a hostile prompt repeats.
const REPEATED: [&str; 24] = [
    "a",
    "A",
    "aA",
    "ab",
    "abc",
    "the",
    " the",
    "\n",
    " ",
    "\t",
    " \n",
    "\u{A0}",
    "-",
    "=-",
    "'",
    "'s",
    "0",
    "1a",
    "的",
    "é",
    "\u{300}",
    "a\u{300}",
    "😀",
    "<|endoftext|>",
];

#[test]
fn adversarial_repeats() {
    for unit in REPEATED {
        for times in (1..40).chain([63, 64, 65, 127, 128, 129, 255, 256, 257, 1000]) {
            check(&unit.repeat(times));
        }
        check(&format!("{}zq", unit.repeat(500)));
    }
}

fn work(vocabulary: Vocabulary, text: &str) -> usize {
    table::WORK.set(0);
    let _ = vocabulary.count(text);
    table::WORK.get()
}

#[test]
fn hostile_text_costs_no_more_than_a_small_factor_of_ordinary_text() {
    let ordinary = include_str!("../../tests/data/scripts.txt");
    for vocabulary in BOTH {
        let usual = work(vocabulary, ordinary) as f64 / ordinary.len() as f64;
        for unit in REPEATED {
            let text = unit.repeat(200_000 / unit.len());
            let cost = work(vocabulary, &text) as f64 / text.len() as f64;
            assert!(cost < 10.0 * usual, "{vocabulary:?}, {unit:?}: {cost} steps a byte, usual {usual}");
        }
    }
}

/// Twice the text takes twice the work, whatever it is; one piece of it above all.
#[test]
fn work_is_linear() {
    let mut random = Random(5);
    let jumble =
        random.string(20_000..20_001, |random| random.pick(&["a", "b", "ab", "e", "r", "st"]).to_owned());
    for vocabulary in BOTH {
        for text in REPEATED.map(|unit| unit.repeat(10_000)).iter().chain([&jumble]) {
            let ratio = work(vocabulary, &text.repeat(2)) as f64 / work(vocabulary, text).max(1) as f64;
            assert!(
                (..2.1).contains(&ratio),
                "{vocabulary:?}, {:?}…: {ratio}",
                text.chars().take(9).collect::<String>()
            );
        }
    }
}

#[test]
fn a_long_text_is_counted_in_bounded_work_and_nearly_right() {
    let prose = include_str!("../../LICENSE").repeat(40);
    let scripts = include_str!("../../tests/data/scripts.txt").repeat(40);
    // A harmless beginning does not hide what follows.
    let two_faced = format!("{prose}{scripts}");
    for vocabulary in BOTH {
        for text in [&prose, &scripts, &two_faced] {
            let whole = vocabulary.count(text) as f64;
            let allowed = 50_000;
            table::WORK.set(0);
            let part = vocabulary.count_within(text, allowed);
            assert!(!part.exact);
            assert!((part.tokens as f64 / whole - 1.0).abs() < 0.1, "{} of {whole}", part.tokens);
            assert!(table::WORK.get() < work(vocabulary, &scripts) * allowed * 2 / scripts.len());
        }
    }
}

/// What only a piece without patience comes to gives the same: many windows, and boundaries of every kind.
#[test]
fn merging_by_rank_gives_the_same_tokens() {
    let mut random = Random(6);
    let words = ["the", "ation", "e", "x", "bb", "ing", "ß", "的", "中文", "ー", "ก", "ния", "q"];
    for round in 0..20 {
        let text = random.string(1..400 * (1 + round % 4), |random| random.pick(&words).to_owned());
        let ranks = merge::encode_by_rank(&table::O200K_BASE, text.as_bytes());
        // Letters without case or in lower case are one piece.
        assert_eq!(ranks, reference(Vocabulary::O200k).encode_ordinary(&text), "{text}");
    }
}

/// The costliest texts known: single tokens, repeated.
#[test]
fn no_token_repeated_costs_more_than_a_small_factor_of_ordinary_text() {
    let ordinary = include_str!("../../tests/data/scripts.txt");
    let usual = work(Vocabulary::O200k, ordinary) as f64 / ordinary.len() as f64;
    let every = if long() { 1 } else { 37 };
    for rank in (0..199_998).step_by(every) {
        let token = reference(Vocabulary::O200k).decode_bytes(&[rank]).unwrap();
        let Ok(token) = String::from_utf8(token) else { continue };
        let text = token.repeat(2_000 / token.len());
        let cost = work(Vocabulary::O200k, &text) as f64 / text.len() as f64;
        assert!(cost < 10.0 * usual, "{token:?}: {cost} steps a byte, usual {usual}");
    }
}
