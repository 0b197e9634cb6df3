//! How many tokens a call took, whatever dialect said so.

/// Tokens of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt, those read from and written to a cache included.
    pub input: u64,
    /// Tokens of the answer, reasoning included.
    pub output: u64,
    /// The part of `input` that the provider read from its cache.
    pub cached_input: u64,
    /// The part of `input` that the provider wrote to its cache.
    pub cache_write_input: u64,
    /// The part of `output` that the client does not see.
    pub reasoning_output: u64,
}
