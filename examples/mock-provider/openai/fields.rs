//! Reads the fields of a request body and refuses what OpenAI refuses.
//!
//! Only fields that an answer depends on and plain numbers are checked, plus the rule that nothing of the gateway
//! may leak in.

use serde_json::{Map, Value};

use super::error::Refusal;

/// Fields with this prefix belong to the gateway; one that arrives here is a leak.
const GATEWAY_PREFIX: &str = "x_tollgate";

/// Fields that are numbers wherever they occur, and that an answer does not depend on.
const NUMBERS: [&str; 5] = ["temperature", "top_p", "presence_penalty", "frequency_penalty", "seed"];

/// A request body.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Parses a body and checks what all endpoints check.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let fields: Map<String, Value> = serde_json::from_slice(body).map_err(|_| Refusal::NotJson)?;
        if let Some(name) = fields.keys().find(|name| name.starts_with(GATEWAY_PREFIX)) {
            return Err(Refusal::Unknown { param: name.clone() });
        }
        let fields = Self(fields);
        for name in NUMBERS {
            if let Some(value) = fields.field(name).filter(|value| !value.is_number()) {
                return Err(wrong_type(name, "a number", value));
            }
        }
        Ok(fields)
    }

    /// The field, unless it is absent or null.
    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// The `model`, which every endpoint needs.
    pub(crate) fn model(&self) -> Result<&str, Refusal> {
        let value = self.field("model").ok_or(Refusal::NoModel)?;
        let model = value.as_str().ok_or_else(|| wrong_type("model", "a string", value))?;
        if model.is_empty() { Err(Refusal::NoModel) } else { Ok(model) }
    }

    /// A flag that is false when absent.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        let Some(value) = self.field(name) else { return Ok(false) };
        value.as_bool().ok_or_else(|| wrong_type(name, "a boolean", value))
    }

    /// A number of at least one.
    pub(crate) fn count(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let Some(value) = self.field(name) else { return Ok(None) };
        let number = value.as_i64().ok_or_else(|| wrong_type(name, "an integer", value))?;
        match usize::try_from(number) {
            Ok(count) if count >= 1 => Ok(Some(count)),
            _ => Err(Refusal::BadValue { param: name.to_owned(), expected: "an integer of at least 1" }),
        }
    }

    /// An array, if the field is there.
    pub(crate) fn array(&self, name: &str) -> Result<Option<&[Value]>, Refusal> {
        let Some(value) = self.field(name) else { return Ok(None) };
        value
            .as_array()
            .map(|array| Some(array.as_slice()))
            .ok_or_else(|| wrong_type(name, "an array", value))
    }

    /// An object, if the field is there.
    pub(crate) fn object(&self, name: &str) -> Result<Option<&Map<String, Value>>, Refusal> {
        let Some(value) = self.field(name) else { return Ok(None) };
        value.as_object().map(Some).ok_or_else(|| wrong_type(name, "an object", value))
    }

    /// How the answer is to be sent.
    pub(crate) fn streaming(&self) -> Result<Streaming, Refusal> {
        let options = self.object("stream_options")?;
        match (self.flag("stream")?, options) {
            (false, Some(_)) => Err(Refusal::StreamOptionsWithoutStream),
            (false, None) => Ok(Streaming::Off),
            (true, options) => {
                let include_usage = options.and_then(|options| options.get("include_usage"));
                Ok(Streaming::On { include_usage: include_usage == Some(&Value::Bool(true)) })
            }
        }
    }

    /// How many choices are asked for. The reference allows 1 to 128.
    pub(crate) fn choices(&self) -> Result<usize, Refusal> {
        let choices = self.count("n")?.unwrap_or(1);
        if choices > 128 {
            return Err(Refusal::BadValue { param: "n".to_owned(), expected: "at most 128" });
        }
        Ok(choices)
    }
}

/// How an answer is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streaming {
    Off,
    On { include_usage: bool },
}

/// The refusal of a field of the wrong type.
pub(crate) fn wrong_type(param: &str, expected: &'static str, found: &Value) -> Refusal {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Refusal::WrongType { param: param.to_owned(), expected, found }
}
