//! Reads the fields of a request body that an answer depends on, once the whole is known to be what OpenAI takes.

use serde_json::{Map, Value};

use super::error::Refusal;
use crate::strict::Fault;

/// A request body.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Parses a body that passes a check.
    pub(crate) fn parse(body: &[u8], check: fn(&Value) -> Result<(), Fault>) -> Result<Self, Refusal> {
        let body: Value = serde_json::from_slice(body).map_err(|_| Refusal::NotJson)?;
        if !body.is_object() {
            return Err(Refusal::NotJson);
        }
        if matches!(body.get("model"), None | Some(Value::Null))
            || body.get("model") == Some(&Value::from(""))
        {
            return Err(Refusal::NoModel);
        }
        check(&body)?;
        match body {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(Refusal::NotJson),
        }
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
            _ => Err(Refusal::BadValue {
                param: name.to_owned(),
                expected: "an integer of at least 1".to_owned(),
            }),
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
        match self.flag("stream")? {
            false => Ok(Streaming::Off),
            true => {
                let include_usage = options.and_then(|options| options.get("include_usage"));
                Ok(Streaming::On { include_usage: include_usage == Some(&Value::Bool(true)) })
            }
        }
    }

    /// How many choices are asked for.
    pub(crate) fn choices(&self) -> Result<usize, Refusal> {
        Ok(self.count("n")?.unwrap_or(1))
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
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    Refusal::WrongType { param: param.to_owned(), expected: expected.to_owned(), found }
}
