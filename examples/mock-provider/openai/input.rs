//! Inputs that may be text or tokens: the `input` of embeddings and the `prompt` of legacy completions.
//!
//! The number of tokens is a documented fake for text (its words) and exact for tokens.

use serde_json::Value;

use super::error::Refusal;
use super::fields::{Fields, wrong_type};
use super::text;

/// The reference's limit on the number of inputs.
const MAX_INPUTS: usize = 2048;

/// One text, in words or in tokens.
pub(crate) struct Input<'a> {
    /// A string, or an array of token numbers.
    pub(crate) text: &'a Value,
    pub(crate) tokens: u64,
}

/// The inputs of a field that holds a string, an array of strings, an array of tokens, or an array of those.
pub(crate) fn inputs<'a>(fields: &'a Fields, name: &str) -> Result<Vec<Input<'a>>, Refusal> {
    let expected = "a string or an array of strings or tokens";
    let value = fields.field(name).ok_or_else(|| Refusal::Missing { param: name.to_owned() })?;
    let Value::Array(elements) = value else {
        return input(value).map(|one| vec![one]).ok_or_else(|| wrong_type(name, expected, value));
    };
    if elements.is_empty() {
        return Err(Refusal::Empty { param: name.to_owned() });
    }
    if elements.len() > MAX_INPUTS && !elements.iter().all(Value::is_u64) {
        return Err(Refusal::BadValue { param: name.to_owned(), expected: "at most 2048 inputs".to_owned() });
    }
    if let Some(tokens) = input(value) {
        return Ok(vec![tokens]);
    }
    let each =
        elements.iter().map(|element| input(element).ok_or_else(|| wrong_type(name, expected, element)));
    each.collect()
}

fn input(value: &Value) -> Option<Input<'_>> {
    let tokens = match value {
        Value::String(text) => text::words(text),
        Value::Array(tokens) if tokens.iter().all(Value::is_u64) => tokens.len() as u64,
        _ => return None,
    };
    Some(Input { text: value, tokens })
}
