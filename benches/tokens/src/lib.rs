//! What the three counters have in common: the texts, the clock, and one line of results per measurement.
//!
//! Runs as a WASI program with the texts in `/corpus`. Prints tab-separated lines that `run.mjs` reads:
//! `load <ms>`, `memory <bytes>`, and `speed <vocabulary> <text> <size> <bytes/s> <tokens>`.

use std::hint::black_box;
use std::time::Instant;

/// Sizes of one counted text, in bytes.
const SIZES: [usize; 5] = [200, 1_000, 10_000, 100_000, 1_000_000];
/// A measurement is the best of this many passes over the whole text.
const PASSES: usize = 3;

/// A way of counting, under the name of its vocabulary.
pub struct Counter<'a> {
    /// `o200k` or `cl100k`.
    pub vocabulary: &'a str,
    /// Counts the tokens of a text.
    pub count: Box<dyn Fn(&str) -> usize + 'a>,
}

/// Times `load`, then every counter it made on every text of `/corpus` cut into chunks of every size.
pub fn run<T>(load: impl FnOnce() -> T, counters: fn(&T) -> Vec<Counter<'_>>) {
    let start = Instant::now();
    let loaded = load();
    let counters = counters(&loaded);
    for counter in &counters {
        black_box((counter.count)("load"));
    }
    println!("load\t{}", start.elapsed().as_secs_f64() * 1e3);
    println!("memory\t{}", memory());
    let mut names: Vec<_> =
        std::fs::read_dir("/corpus").unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    for path in names {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for counter in &counters {
            for size in SIZES {
                measure(counter, &name, size, &chunks(&text, size));
            }
        }
    }
    println!("end\t{}", memory());
}

fn measure(counter: &Counter<'_>, name: &str, size: usize, chunks: &[&str]) {
    let bytes: usize = chunks.iter().map(|chunk| chunk.len()).sum();
    let mut best = f64::INFINITY;
    let mut tokens = 0;
    for _ in 0..PASSES {
        let start = Instant::now();
        tokens = chunks.iter().map(|chunk| (counter.count)(black_box(chunk))).sum();
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("speed\t{}\t{name}\t{size}\t{}\t{tokens}", counter.vocabulary, bytes as f64 / best);
}

fn chunks(text: &str, size: usize) -> Vec<&str> {
    let mut chunks = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.floor_char_boundary(size));
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

#[cfg(target_arch = "wasm32")]
fn memory() -> usize {
    core::arch::wasm32::memory_size(0) * 65_536
}

#[cfg(not(target_arch = "wasm32"))]
fn memory() -> usize {
    0
}
