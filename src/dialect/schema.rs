//! JSON Schemas on their way to a provider: whether they are of the subset that it can hold a model to.
//!
//! Knows no more of a schema than its keywords, and nothing of documents that are held against it.

use crate::chat::Json;
use crate::dialect::wire::{Object, Value};

/// The subset of JSON Schema that a provider takes where it promises to keep to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subset {
    /// OpenAI's (guide, "Structured model outputs", "Supported schemas"): every member is required.
    OpenAi,
    /// Anthropic's (guide, "Structured outputs", "JSON Schema limitations").
    Anthropic,
}

/// Keywords that both know.
const SHARED: [&str; 12] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "$ref",
    "$defs",
    "title",
    "description",
];

/// The formats of strings that both know.
const FORMATS: [&str; 8] = ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6"];

/// The deepest schema that is looked into; a deeper one fits no provider's limits.
const DEEPEST: usize = 32;

impl Subset {
    fn knows(self, keyword: &str) -> bool {
        let own: &[&str] = match self {
            Self::OpenAi => &[
                "$schema",
                "definitions",
                "pattern",
                "format",
                "multipleOf",
                "minimum",
                "maximum",
                "exclusiveMinimum",
                "exclusiveMaximum",
                "minItems",
                "maxItems",
            ],
            Self::Anthropic => &["definitions", "format", "default"],
        };
        SHARED.contains(&keyword) || own.contains(&keyword)
    }
}

/// Whether the schema is of an object and within the subset, everywhere inside too.
pub(super) fn fits(schema: &Json, subset: Subset) -> bool {
    let Ok(mut root) = Object::parse(schema.text().as_bytes()) else { return false };
    let is_object = root.lenient_string("type").as_deref() == Some("object");
    is_object && Object::parse(schema.text().as_bytes()).is_ok_and(|root| fits_object(root, subset, DEEPEST))
}

/// Whether the schema can only be met by an object, as far as it says.
pub(super) fn is_of_object(schema: &Json) -> bool {
    let Ok(mut root) = Object::parse(schema.text().as_bytes()) else { return true };
    match root.take("type") {
        Some(kind) => kind.string().as_deref() == Some("object"),
        None => ["enum", "const", "anyOf", "items"].into_iter().all(|keyword| root.take(keyword).is_none()),
    }
}

fn fits_value(schema: Value<'_>, subset: Subset, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    schema.object().is_some_and(|object| fits_object(object, subset, depth))
}

fn fits_object(schema: Object<'_>, subset: Subset, depth: usize) -> bool {
    let Ok(members) = schema.rest() else { return false };
    let member = |name: &str| members.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
    let says_what = ["type", "enum", "const", "anyOf", "$ref"].into_iter().any(|name| member(name).is_some());
    let is_object = member("type").is_some_and(|kind| {
        kind.string().as_deref() == Some("object")
            || kind
                .elements()
                .is_some_and(|kinds| kinds.iter().any(|kind| kind.string().as_deref() == Some("object")))
    });
    let is_closed = member("additionalProperties").and_then(Value::boolean) == Some(false);
    let names = || {
        member("properties").and_then(Value::object).and_then(|object| object.rest().ok()).unwrap_or_default()
    };
    let required = || {
        let required = member("required").and_then(Value::elements).unwrap_or_default();
        required.iter().filter_map(|name| name.string().map(std::borrow::Cow::into_owned)).collect::<Vec<_>>()
    };
    let is_whole = subset != Subset::OpenAi || {
        let required = required();
        names().iter().all(|(name, _)| required.contains(name))
    };
    says_what
        && (!is_object || (is_closed && is_whole))
        && members.iter().all(|(name, value)| match name.as_str() {
            "properties" | "$defs" | "definitions" => value
                .object()
                .and_then(|object| object.rest().ok())
                .is_some_and(|schemas| schemas.iter().all(|(_, schema)| fits_value(*schema, subset, depth))),
            "items" => fits_value(*value, subset, depth),
            "anyOf" => value
                .elements()
                .is_some_and(|schemas| schemas.iter().all(|schema| fits_value(*schema, subset, depth))),
            "format" => value.string().is_some_and(|format| FORMATS.contains(&&*format) || format == "uuid"),
            name => subset.knows(name),
        })
}

#[cfg(test)]
mod tests;
