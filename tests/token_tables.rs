//! The checked-in tables of `src/tokens/data/` are what the reference gives.
//!
//! This test is also their generator: `TOLLGATE_WRITE_TABLES=1 cargo test --test token_tables` writes them.
//! The vocabularies come from the `tiktoken-rs` crate, which carries OpenAI's published `.tiktoken` files; the
//! character classes come from `regex`, the engine behind the reference's own splitting.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test and its helpers")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use regex::Regex;
use tiktoken_rs::CoreBPE;

/// Bytes that one merge takes in a `.merges` file: two ranks of 18 bits each, little-endian.
const MERGE_BYTES: usize = 5;
const RANK_BITS: u32 = 18;
/// Code points that share one entry of the first level of `classes.bin`.
const BLOCK: usize = 128;

#[test]
fn o200k_base_is_the_published_vocabulary() {
    check("o200k_base.merges", &merges(&tiktoken_rs::o200k_base().unwrap(), 199_998));
}

#[test]
fn cl100k_base_is_the_published_vocabulary() {
    check("cl100k_base.merges", &merges(&tiktoken_rs::cl100k_base().unwrap(), 100_256));
}

#[test]
fn classes_are_those_of_the_reference_expression_engine() {
    check("classes.bin", &classes());
}

fn check(name: &str, expected: &[u8]) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tokens/data").join(name);
    if std::env::var_os("TOLLGATE_WRITE_TABLES").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    assert!(std::fs::read(&path).unwrap() == expected, "{} is out of date; see the header", path.display());
}

/// The vocabulary as merges: the 256 single bytes in rank order, then for each further rank the two ranks it is
/// merged from. Every token of both vocabularies is reachable by merging, so nothing else is needed.
fn merges(reference: &CoreBPE, size: u32) -> Vec<u8> {
    let tokens: Vec<Vec<u8>> = (0..size).map(|rank| reference.decode_bytes(&[rank]).unwrap()).collect();
    let ranks: HashMap<&[u8], u32> = tokens.iter().map(Vec::as_slice).zip(0..).collect();
    let mut file: Vec<u8> = tokens.iter().take(256).map(|token| token[0]).collect();
    for (token, rank) in tokens.iter().zip(0..size).skip(256) {
        let (left, right) = last_merge(&ranks, token, rank);
        let merge = u64::from(left) | u64::from(right) << RANK_BITS;
        file.extend_from_slice(&merge.to_le_bytes()[..MERGE_BYTES]);
    }
    file
}

/// The two parts that merging leaves of `token` when only merges below its own rank are allowed.
fn last_merge(ranks: &HashMap<&[u8], u32>, token: &[u8], rank: u32) -> (u32, u32) {
    let mut bounds: Vec<usize> = (0..=token.len()).collect();
    let lowest = |bounds: &[usize]| {
        let merge = |(at, ends): (usize, &[usize])| {
            ranks.get(&token[ends[0]..ends[2]]).filter(|&&merged| merged < rank).map(|&merged| (merged, at))
        };
        bounds.windows(3).enumerate().filter_map(merge).min()
    };
    while let Some((_, at)) = lowest(&bounds) {
        bounds.remove(at + 1);
    }
    assert_eq!(bounds.len(), 3, "rank {rank} cannot be reached by merging");
    (ranks[&token[..bounds[1]]], ranks[&token[bounds[1]..]])
}

/// One class per code point, as `src/tokens/classes.rs` reads it: block numbers, then the distinct blocks.
fn classes() -> Vec<u8> {
    let expressions: Vec<(Regex, u8)> = [
        (r"^[\r\n]$", 1 << 6),
        (r"^\s$", 1 << 5),
        (r"^\p{N}$", 1 << 4),
        (r"^\p{M}$", 1 << 3),
        (r"^[\p{Lm}\p{Lo}]$", 1 << 2),
        (r"^\p{Ll}$", 1 << 1),
        (r"^[\p{Lu}\p{Lt}]$", 1),
        (r"^(?s:.)$", 1 << 7),
    ]
    .map(|(expression, class)| (Regex::new(expression).unwrap(), class))
    .into();
    let class = |code: u32| {
        let Some(character) = char::from_u32(code) else { return 1 << 7 };
        let text = character.to_string();
        expressions.iter().find(|(expression, _)| expression.is_match(&text)).unwrap().1
    };
    let all: Vec<u8> = (0..=u32::from(char::MAX)).map(class).collect();
    let mut blocks: Vec<&[u8]> = Vec::new();
    let mut file: Vec<u8> = Vec::new();
    for block in all.chunks(BLOCK) {
        let number = blocks.iter().position(|known| *known == block).unwrap_or_else(|| {
            blocks.push(block);
            blocks.len() - 1
        });
        file.push(u8::try_from(number).unwrap());
    }
    file.extend(blocks.concat());
    file
}
