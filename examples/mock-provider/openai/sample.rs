//! Makes a value that fits a JSON Schema, as a model does for `response_format` and for tool arguments.
//!
//! Knows the part of JSON Schema that OpenAI's structured outputs use, without references: a `$ref` gives null.

use serde_json::{Map, Value, json};

/// The same value for the same schema.
pub(crate) fn sample(schema: &Value) -> Value {
    if let Some(value) = schema.get("const").or_else(|| schema.get("enum").and_then(|values| values.get(0))) {
        return value.clone();
    }
    if let Some(first) = schema.get("anyOf").and_then(|schemas| schemas.get(0)) {
        return sample(first);
    }
    let kind = schema.get("type").map(|kind| kind.get(0).unwrap_or(kind));
    match kind.and_then(Value::as_str) {
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let members: Map<String, Value> = properties
                .into_iter()
                .flatten()
                .map(|(name, property)| (name.clone(), sample(property)))
                .collect();
            Value::Object(members)
        }
        Some("array") => Value::Array(schema.get("items").map(sample).into_iter().collect()),
        Some("string") => json!("mock"),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        _ => Value::Null,
    }
}
