//! The linear counter that ours takes its test of neighbours from.

use token_bench::{Counter, run};

fn main() {
    let load = || (bpe_openai::o200k_base(), bpe_openai::cl100k_base());
    run(load, |(o200k, cl100k)| {
        vec![
            Counter { vocabulary: "o200k", count: Box::new(|text| o200k.count(text)) },
            Counter { vocabulary: "cl100k", count: Box::new(|text| cl100k.count(text)) },
        ]
    });
}
