//! Members picked out of a JSON text in chunks: the same however it is cut, and the same as in the whole text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::framing::json::{self, Finder};
use tollgate_fuzz::chunked;

const WANTED: [&str; 2] = ["usage", "model"];

/// The longest value that a finder keeps, by its documentation.
const LONGEST_VALUE: usize = 16 << 10;

fuzz_target!(|input: &[u8]| {
    let Some((text, chunks)) = chunked(input) else { return };
    let mut whole = Finder::new(WANTED);
    whole.feed(text);
    let mut cut = Finder::new(WANTED);
    chunks.iter().for_each(|chunk| cut.feed(chunk));
    let mut expected = [None; WANTED.len()];
    let read = json::members(text, |member| {
        if let Some(index) = WANTED.iter().position(|wanted| member.key == *wanted) {
            expected[index] = Some(member.value.of(text));
        }
    });
    for (index, expected) in expected.into_iter().enumerate() {
        assert_eq!(whole.value(index), cut.value(index));
        if read.is_ok() {
            assert_eq!(whole.value(index), expected.filter(|value| value.len() <= LONGEST_VALUE));
        }
    }
});
