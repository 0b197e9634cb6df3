//! The filter's own counter.

use token_bench::{Counter, run};
use tollgate::tokens::Vocabulary;

fn main() {
    run(
        || (),
        |_| {
            vec![
                Counter { vocabulary: "o200k", count: Box::new(|text| Vocabulary::O200k.count(text)) },
                Counter { vocabulary: "cl100k", count: Box::new(|text| Vocabulary::Cl100k.count(text)) },
            ]
        },
    );
}
