//! Holds values against the service model of Bedrock's SDKs, of which `shapes.json` has what the Converse API needs.
//!
//! Promises: a member that the model does not have is a fault, as for the SDKs, which refuse it before they send
//! anything. Does not know what the members mean.

#![expect(clippy::indexing_slicing, reason = "of JSON objects by name, which reads null where nothing is")]

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

static SHAPES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("shapes.json")).unwrap_or_default());

/// The first fault of a value that shall be of the shape `name`, in the words of the service.
pub(crate) fn check(name: &str, value: &Value) -> Result<(), String> {
    checked(name, value, "")
}

fn checked(name: &str, value: &Value, path: &str) -> Result<(), String> {
    let shape = &SHAPES[name];
    let fits = match shape["type"].as_str() {
        Some("structure" | "map") => value.is_object(),
        Some("list") => value.is_array(),
        Some("string") => value.is_string(),
        Some("blob") => value.as_str().is_some_and(is_base64),
        Some("boolean") => value.is_boolean(),
        Some("integer" | "long") => value.is_i64() || value.is_u64(),
        Some("float" | "double") => value.is_number(),
        _ => return Err(fault(value, path, &format!("Member is of the unknown shape {name}"))),
    };
    if shape["document"] == true {
        return Ok(());
    }
    if !fits {
        return Err(fault(value, path, &format!("Member must be of type {}", shape["type"])));
    }
    bounds(shape, value, path)?;
    match value {
        Value::Object(members) if shape["type"] == "map" => {
            for (key, value) in members {
                checked(text(&shape["key"]), &Value::String(key.clone()), path)?;
                checked(text(&shape["value"]), value, &below(path, key))?;
            }
        }
        Value::Object(members) => {
            let required = shape["required"].as_array().into_iter().flatten().map(text);
            if let Some(missing) = required.into_iter().find(|name| !members.contains_key(*name)) {
                return Err(fault(&Value::Null, &below(path, missing), "Member must not be null"));
            }
            if shape["union"] == true && members.len() != 1 {
                return Err(fault(value, path, "Member must have exactly one member set"));
            }
            for (key, value) in members {
                let member = &shape["members"][key];
                if member.is_null() {
                    return Err(fault(value, &below(path, key), "Member is not known"));
                }
                checked(text(member), value, &below(path, key))?;
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                // The service counts from one, and calls each of them a member.
                checked(text(&shape["member"]), item, &below(path, &format!("{}.member", index + 1)))?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// What the model says of lengths, numbers and letters.
fn bounds(shape: &Value, value: &Value, path: &str) -> Result<(), String> {
    let size = match value {
        Value::String(text) => Some(text.chars().count() as f64),
        Value::Array(items) => Some(items.len() as f64),
        Value::Object(members) => Some(members.len() as f64),
        number => number.as_f64(),
    };
    let kind = if value.is_number() { "value" } else { "length" };
    if let (Some(size), Some(least)) = (size, shape["min"].as_f64())
        && size < least
    {
        return Err(fault(value, path, &format!("Member must have {kind} greater than or equal to {least}")));
    }
    if let (Some(size), Some(most)) = (size, shape["max"].as_f64())
        && size > most
    {
        return Err(fault(value, path, &format!("Member must have {kind} less than or equal to {most}")));
    }
    if let Some(allowed) = shape["enum"].as_array()
        && !allowed.contains(value)
    {
        return Err(fault(value, path, &format!("Member must satisfy enum value set: {}", shape["enum"])));
    }
    if let Some(pattern) = shape["pattern"].as_str()
        && !Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|pattern| pattern.is_match(text(value)))
    {
        let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
        return Err(fault(value, path, &constraint));
    }
    Ok(())
}

fn fault(value: &Value, path: &str, constraint: &str) -> String {
    format!(
        "1 validation error detected: Value {value} at '{path}' failed to satisfy constraint: {constraint}"
    )
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// RFC 4648 §4, padded.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    text.len().is_multiple_of(4)
        && padding <= 2
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}
