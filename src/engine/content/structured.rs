//! Structured output: whether an answer is what the schema of its request asks for.
//!
//! The schema is read from the request as the provider saw it, and the answer as the provider gave it, so that
//! placeholders are the same in both. An answer without text, such as a refusal or a call of a tool, is none that a
//! schema could speak of.

use serde_json::Value;

use crate::dialect::translate::Dialect;
use crate::guard::policy::{STRUCTURED_OUTPUT, UNCHECKED_OUTPUT};
use crate::guard::schema::Schema;

/// What a request asks of its answer.
pub(super) struct Expected {
    dialect: Dialect,
    /// `None` when the schema says more than can be checked.
    schema: Option<Schema>,
}

impl Expected {
    /// What a request in this dialect asks for, when it asks for something.
    pub(super) fn of(dialect: Dialect, request: &[u8]) -> Option<Self> {
        let has = |word: &[u8]| memchr::memmem::find(request, word).is_some();
        // Most requests have none, and need not be read for that.
        if !has(b"chema") {
            return None;
        }
        let request: Value = serde_json::from_slice(request).ok()?;
        let schema = places(dialect).iter().find_map(|place| request.pointer(place))?;
        Some(Self { dialect, schema: Schema::new(schema.clone()) })
    }

    /// The rule that an answer breaks, or that could not be held against it.
    pub(super) fn broken(&self, answer: &[u8]) -> Option<&'static str> {
        if self.schema.is_none() {
            return Some(UNCHECKED_OUTPUT);
        }
        let answer: Value = serde_json::from_slice(answer).ok()?;
        texts(self.dialect, &answer).iter().find_map(|text| self.broken_by(text))
    }

    /// As [`Self::broken`], for one text of an answer.
    pub(super) fn broken_by(&self, text: &str) -> Option<&'static str> {
        let Some(schema) = &self.schema else { return Some(UNCHECKED_OUTPUT) };
        let value: Option<Value> = serde_json::from_str(text).ok();
        match value.map(|value| schema.accepts(&value)) {
            Some(Some(true)) => None,
            Some(None) => Some(UNCHECKED_OUTPUT),
            Some(Some(false)) | None => Some(STRUCTURED_OUTPUT),
        }
    }
}

/// Where a request has its schema (the API references of the four).
const fn places(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::OpenAiChat => &["/response_format/json_schema/schema"],
        Dialect::OpenAiResponses => &["/text/format/schema"],
        Dialect::Anthropic => &["/output_config/format/schema", "/output_format/schema"],
        Dialect::Gemini => &[
            "/generationConfig/responseJsonSchema",
            "/generationConfig/responseSchema",
            "/generation_config/response_schema",
        ],
        Dialect::OpenAiCompletions | Dialect::Bedrock => &[],
    }
}

/// The texts of an answer that each must be a document.
fn texts(dialect: Dialect, answer: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let joined = |parts: Vec<Value>, counts: &dyn Fn(&Value) -> bool| -> String {
        parts.iter().filter(|part| counts(part)).filter_map(|part| part["text"].as_str()).collect()
    };
    let texts: Vec<String> = match dialect {
        Dialect::OpenAiChat => {
            let choices = list(&answer["choices"]);
            choices
                .iter()
                .filter_map(|choice| choice.pointer("/message/content")?.as_str().map(str::to_owned))
                .collect()
        }
        Dialect::OpenAiResponses => {
            let output = list(&answer["output"]);
            output
                .iter()
                .map(|item| joined(list(&item["content"]), &|part| part["type"] == "output_text"))
                .collect()
        }
        Dialect::Anthropic => vec![joined(list(&answer["content"]), &|part| part["type"] == "text")],
        Dialect::Gemini => {
            let candidates = list(&answer["candidates"]);
            let parts =
                candidates.iter().filter_map(|candidate| candidate.pointer("/content/parts").map(list));
            parts.map(|parts| joined(parts, &|part| part["thought"] != true)).collect()
        }
        Dialect::OpenAiCompletions | Dialect::Bedrock => Vec::new(),
    };
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}
