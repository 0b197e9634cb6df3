//! How fast the filter's detectors are: a WASI program that reads the texts in `/corpus` and prints MB/s.
//!
//! Prints the time of the first call, which builds the tables, and for every text the best of ten passes.

use std::hint::black_box;
use std::time::Instant;

use tollgate::redact::{Settings, find_all};

fn main() {
    let settings = Settings::default();
    let start = Instant::now();
    black_box(find_all("card 4111 1111 1111 1111", &settings));
    println!("first call: {:.2} ms", start.elapsed().as_secs_f64() * 1e3);
    for name in ["prose", "dense"] {
        let text = std::fs::read_to_string(format!("/corpus/{name}.txt")).unwrap();
        let mut best = f64::INFINITY;
        let mut findings = 0;
        for _ in 0..10 {
            let start = Instant::now();
            findings = find_all(black_box(&text), &settings).len();
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{name}: {:.1} MB/s, {findings} findings in {} bytes", text.len() as f64 / best / 1e6, text.len());
    }
}
