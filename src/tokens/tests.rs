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
