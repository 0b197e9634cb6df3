//! Texts as vectors: what a client asks an embedding model, and what that answers.

use super::{Json, UnknownField};

/// A request for the vectors of some texts.
#[derive(Clone, PartialEq, Eq)]
pub struct EmbeddingRequest {
    /// The texts; one at least.
    pub texts: Vec<String>,
    /// How many numbers a vector shall have.
    pub dimensions: Option<u64>,
    /// How the client wants to read the vectors.
    pub encoding: VectorEncoding,
    /// What the texts are for, in the words of Cohere's API (`search_query`, `clustering` …), which other servers of
    /// embeddings share.
    pub input_type: Option<String>,
    /// Who the end user is, as an opaque identifier.
    pub user: Option<String>,
    /// Members that this form does not have.
    pub unknown: Vec<UnknownField>,
}

/// How a vector is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VectorEncoding {
    /// As an array of numbers.
    #[default]
    Numbers,
    /// As base64 of 32-bit numbers, the least significant byte first.
    Base64,
}

/// The vectors of some texts.
#[derive(Clone, PartialEq, Eq)]
pub struct EmbeddingAnswer {
    /// One array of numbers for each text, in the order of the request.
    pub vectors: Vec<Json>,
    /// The tokens of all texts, when the provider said.
    pub tokens: Option<u64>,
}
