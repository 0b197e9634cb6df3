//! What the fuzz targets share: the limit on inputs, and cutting an input into chunks.
//!
//! Every target reads outside bytes with one of the gateway's parsers and checks a promise of that parser, not
//! only that it returns. `make fuzz` runs them all, `tests/fuzz/run.sh 600 sse` one of them for ten minutes; each starts
//! from the examples in `seeds` and collects what reaches new code below `target/fuzz`.

use tollgate::dialect::AnswerContext;
use tollgate::dialect::Api;
use tollgate::dialect::knowledge::Traits;
use tollgate::dialect::target::{Quirks, Target, UnknownFields};
use tollgate::dialect::translate::Dialect;

/// The longest input, in bytes: what is slow on more is the benchmark's to find.
pub const LONGEST: usize = 64 << 10;

/// Splits an input into a text and that text in chunks.
///
/// The first byte says how many lengths follow, at most fifteen; they are used in turn, and no length is zero.
/// `None` for an input that is too short for that, or longer than [`LONGEST`].
pub fn chunked(input: &[u8]) -> Option<(&[u8], Vec<&[u8]>)> {
    if input.len() > LONGEST {
        return None;
    }
    let (count, rest) = input.split_first()?;
    let (lengths, text) = rest.split_at_checked(usize::from(count % 16))?;
    let mut chunks = Vec::new();
    let mut left = text;
    for length in lengths.iter().cycle() {
        let Some((chunk, after)) = left.split_at_checked(usize::from(*length).max(1)) else { break };
        chunks.push(chunk);
        left = after;
    }
    chunks.push(left);
    Some((text, chunks))
}

/// A dialect by the first byte of an input, and the rest of the input.
pub fn dialect(input: &[u8]) -> Option<(Dialect, &[u8])> {
    let (choice, rest) = input.split_first()?;
    let dialect = Dialect::ALL.into_iter().cycle().nth(usize::from(*choice))?;
    (input.len() <= LONGEST).then_some((dialect, rest))
}

/// Where a translated request goes.
pub fn target(api: Api) -> Target {
    Target {
        api,
        model: "anthropic.model".to_owned(),
        api_version: String::new(),
        unknown: UnknownFields::Pass,
        default_max_tokens: 4096,
        traits: Traits::UNKNOWN,
        quirks: &Quirks::OPENROUTER,
    }
}

/// What a translated answer needs beside the provider's.
pub fn context() -> AnswerContext {
    AnswerContext {
        id: "id".to_owned(),
        model: "model".to_owned(),
        created: 1,
        include_usage: true,
        wrapped: false,
        renamed: Vec::new(),
        echo: Vec::new(),
    }
}
