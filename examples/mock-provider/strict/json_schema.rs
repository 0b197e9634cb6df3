//! Which JSON Schemas a model can be held to, at OpenAI and at Anthropic.
//!
//! Sources: OpenAI's guide "Structured model outputs", "Supported schemas"; Anthropic's guide "Structured outputs",
//! "JSON Schema limitations". Does not know documents that a schema is held against.

use serde_json::{Map, Value};

use super::{items, text};

/// Keywords that OpenAI takes where it promises to keep to a schema.
const OPENAI: [&str; 23] = [
    "$schema",
    "$defs",
    "definitions",
    "$ref",
    "type",
    "title",
    "description",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "pattern",
    "format",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "minItems",
    "maxItems",
];

/// Keywords that Anthropic refuses there.
const NOT_ANTHROPIC: [&str; 17] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "not",
    "if",
    "oneOf",
    "contains",
    "prefixItems",
];

/// Each schema inside a schema, with the words on the way to it; itself first.
fn all(schema: &Value) -> Vec<(Vec<String>, &Value)> {
    let mut found = vec![(Vec::new(), schema)];
    let mut next = 0;
    while let Some((path, schema)) = found.get(next).cloned() {
        next += 1;
        let below =
            |keyword: &str, name: &str| [path.clone(), vec![keyword.to_owned(), name.to_owned()]].concat();
        for keyword in ["properties", "$defs", "definitions"] {
            let members = schema[keyword].as_object().into_iter().flatten();
            found.extend(members.map(|(name, inner)| (below(keyword, name), inner)));
        }
        for keyword in ["anyOf", "allOf", "oneOf"] {
            let choices = items(&schema[keyword]).iter().enumerate();
            found.extend(choices.map(|(index, inner)| (below(keyword, &index.to_string()), inner)));
        }
        if schema["items"].is_object() {
            found.push(([path.clone(), vec!["items".to_owned()]].concat(), &schema["items"]));
        }
    }
    found
}

fn is_object(schema: &Value) -> bool {
    schema["type"] == "object" || items(&schema["type"]).iter().any(|kind| kind == "object")
}

/// What OpenAI says of a schema that it shall keep to, as in `In context=('properties', 'a'), …`.
pub(super) fn openai(schema: &Value) -> Result<(), String> {
    for (path, schema) in all(schema) {
        let names: Vec<String> = path.iter().map(|step| format!("'{step}'")).collect();
        let fault = |words: String| Err(format!("In context=({}), {words}", names.join(", ")));
        let keywords = schema.as_object().into_iter().flat_map(Map::keys);
        if let Some(keyword) = keywords.into_iter().find(|keyword| !OPENAI.contains(&keyword.as_str())) {
            return fault(format!("'{keyword}' is not permitted."));
        }
        if ["type", "$ref", "anyOf", "enum", "const"].iter().all(|keyword| schema[keyword].is_null()) {
            return fault("schema must have a 'type' key.".to_owned());
        }
        if !is_object(schema) {
            continue;
        }
        if schema["additionalProperties"] != false {
            return fault("'additionalProperties' is required to be supplied and to be false.".to_owned());
        }
        let mut names = schema["properties"].as_object().into_iter().flat_map(Map::keys);
        let is_required = |name: &str| items(&schema["required"]).iter().any(|required| required == name);
        if let Some(missing) = names.find(|name| !is_required(name)) {
            return fault(format!(
                "'required' is required to be supplied and to be an array including every key in properties. \
                 Missing '{missing}'."
            ));
        }
    }
    Ok(())
}

/// What Anthropic says of such a schema.
pub(super) fn anthropic(schema: &Value) -> Result<(), String> {
    for (_, schema) in all(schema) {
        let kind = text(&schema["type"]);
        if is_object(schema) && schema["additionalProperties"] != false {
            return Err(
                "For 'object' type, 'additionalProperties' must be explicitly set to false".to_owned()
            );
        }
        if let Some(keyword) = NOT_ANTHROPIC.into_iter().find(|keyword| !schema[keyword].is_null()) {
            return Err(format!("For '{kind}' type, property '{keyword}' is not supported"));
        }
        if schema["minItems"].as_u64().is_some_and(|least| least > 1) {
            return Err("For 'array' type, 'minItems' values other than 0 or 1 are not supported".to_owned());
        }
        if text(&schema["$ref"]).starts_with("http") {
            return Err("external references are not supported".to_owned());
        }
    }
    Ok(())
}
