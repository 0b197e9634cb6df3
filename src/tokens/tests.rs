//! The counters equal the reference.

use super::*;

fn check(text: &str) {
    assert_eq!(
        Vocabulary::O200k.encode(text),
        tiktoken_rs::o200k_base_singleton().encode_ordinary(text),
        "{text:?}"
    );
    assert_eq!(
        Vocabulary::Cl100k.encode(text),
        tiktoken_rs::cl100k_base_singleton().encode_ordinary(text),
        "{text:?}"
    );
}

#[test]
fn smoke() {
    for text in [
        "",
        "hello world",
        "I'll don't IT'S 'ſ x'ſ",
        "   \n  x",
        "HTTPServer über 中文字符测试 1234567",
        "\u{300}ABC \u{300}",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        check(text);
    }
    check(include_str!("../../build.rs"));
}

#[test]
#[ignore]
fn stats() {
    for name in ["prose", "code", "cjk", "mixed"] {
        let text = std::fs::read_to_string(format!("benches/tokens/target/corpus/{name}.txt")).unwrap();
        let text = text.as_bytes();
        let t = &table::O200K_BASE;
        let (mut pieces, mut front, mut whole, mut tokens, mut missbytes) = (0, 0, 0, 0, 0);
        let mut lens = [0; 4];
        let mut start = 0;
        while start < text.len() {
            let end = split::o200k_end(text, start);
            pieces += 1;
            if t.has_frequent(text, start, end) {
                front += 1
            } else if t.longest(&text[start..end]).1 == end - start {
                whole += 1;
                lens[((end - start - 1) / 8).min(3)] += 1;
            } else {
                tokens += merge::encode(t, &text[start..end]).len();
                missbytes += end - start;
            }
            start = end;
        }
        println!(
            "{name}: pieces {pieces} front {front} whole {whole} {lens:?} missed {} tokens of missed {tokens} bytes {missbytes}",
            pieces - front - whole
        );
    }
}
