//! The reference.

use tiktoken_rs::{cl100k_base, o200k_base};
use token_bench::{Counter, run};

fn main() {
    let load = || [o200k_base(), cl100k_base()].map(|loaded| loaded.expect("a packaged vocabulary"));
    run(load, |[o200k, cl100k]| {
        vec![
            Counter { vocabulary: "o200k", count: Box::new(|text| o200k.encode_ordinary(text).len()) },
            Counter { vocabulary: "cl100k", count: Box::new(|text| cl100k.encode_ordinary(text).len()) },
        ]
    });
}
