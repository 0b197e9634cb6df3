//! Exact token counts for the two public vocabularies.

pub mod calibration;
mod classes;
mod layout;
mod merge;
mod models;
mod split;
mod table;

#[cfg(test)]
mod tests;

pub use models::{Vocabularies, vocabulary_of};
use table::Table;

/// A public vocabulary of byte pairs together with its splitting pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vocabulary {
    /// `o200k_base`: GPT-4o and later.
    O200k,
    /// `cl100k_base`: GPT-4, GPT-3.5 and the third-generation embeddings.
    Cl100k,
}

impl Vocabulary {
    /// The number of tokens of `text`. The spellings of special tokens count as ordinary text.
    #[must_use]
    pub fn count(self, text: &str) -> usize {
        match self {
            Self::O200k => count(&table::O200K_BASE, split::o200k_end, text),
            Self::Cl100k => count(&table::CL100K_BASE, split::cl100k_end, text),
        }
    }

    #[cfg(test)]
    fn encode(self, text: &str) -> Vec<u32> {
        let text = text.as_bytes();
        let table = match self {
            Self::O200k => &table::O200K_BASE,
            Self::Cl100k => &table::CL100K_BASE,
        };
        let mut ranks = Vec::new();
        let mut start = 0;
        while start < text.len() {
            let end = match self {
                Self::O200k => split::o200k_end(text, start),
                Self::Cl100k => split::cl100k_end(text, start),
            };
            ranks.extend(merge::encode(table, &text[start..end]));
            start = end;
        }
        ranks
    }
}

#[inline]
fn count(table: &Table, piece_end: impl Fn(&[u8], usize) -> usize, text: &str) -> usize {
    let text = text.as_bytes();
    let mut tokens = 0;
    let mut start = 0;
    while start < text.len() {
        let end = piece_end(text, start);
        tokens += merge::count(table, text, start, end);
        start = end;
    }
    tokens
}
