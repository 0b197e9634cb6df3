//! How many tokens a call took, whatever dialect said so.

/// Tokens of one call. A dialect whose counts lie beside each other (Anthropic's `input_tokens`,
/// `cache_read_input_tokens` and `cache_creation_input_tokens`) adds them up first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt, those read from and written to a cache included.
    pub input: u64,
    /// Tokens of the answer, reasoning included.
    pub output: u64,
    /// The part of `input` that the provider read from its cache.
    pub cached_input: u64,
    /// The part of `input` that the provider wrote to its cache for the usual time, five minutes or so.
    pub cache_write_input: u64,
    /// The part of `input` that the provider wrote to its cache for an hour.
    pub cache_write_hour_input: u64,
    /// The part of `output` that the client does not see.
    pub reasoning_output: u64,
}
