//! Whether a JSON value is what a JSON Schema asks for, as far as providers promise to keep to one.
//!
//! Knows the keywords that the strict modes of OpenAI, Anthropic and Gemini document, as JSON Schema 2020-12 means them:
//! `type`, `properties`, `required`, `additionalProperties`, `items`, `enum`, `const`, `anyOf`, `allOf`, `$ref` within
//! the document, `$defs`, bounds of numbers, lengths and counts; and `nullable` and capital names of types, as Gemini has
//! them. `pattern` and `format` are not checked, as annotations are not. A schema with any other keyword is not used at
//! all, because what it says would only be checked in part.
//!
//! Promises: an answer in bounded time; no panic from any schema.

use serde_json::{Map, Value};

/// Keywords that are checked.
const CHECKED: [&str; 19] = [
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "nullable",
    "properties",
    "required",
    "type",
    "$ref",
];

/// Keywords that say nothing about whether a value is valid, or that are not checked.
const PASSED_OVER: [&str; 15] = [
    "$comment",
    "$defs",
    "$schema",
    "default",
    "definitions",
    "deprecated",
    "description",
    "example",
    "examples",
    "format",
    "pattern",
    "propertyOrdering",
    "readOnly",
    "title",
    "writeOnly",
];

/// The most comparisons of a value with a schema for one answer.
const MOST_STEPS: usize = 100_000;

/// References that lead to each other without an end say nothing.
const MOST_REFERENCES: usize = 64;

/// A schema that can be checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema(Value);

impl Schema {
    /// The schema, when all that it says can be checked.
    #[must_use]
    pub fn new(schema: Value) -> Option<Self> {
        is_known(&schema, &schema, 0).then_some(Self(schema))
    }

    /// Whether a value is valid; `None` when that takes too long to say.
    #[must_use]
    pub fn accepts(&self, value: &Value) -> Option<bool> {
        Check { root: &self.0, steps: 0 }.valid(&self.0, value, 0).ok()
    }
}

/// Whether a schema has only keywords that are known, in forms that are.
fn is_known(root: &Value, schema: &Value, depth: usize) -> bool {
    let Value::Object(keywords) = schema else { return schema.is_boolean() };
    if depth > MOST_REFERENCES {
        return false;
    }
    let known = |schema: &Value| is_known(root, schema, depth + 1);
    keywords.iter().all(|(keyword, given)| match keyword.as_str() {
        "properties" | "$defs" | "definitions" => {
            given.as_object().is_some_and(|all| all.values().all(known))
        }
        "additionalProperties" | "items" => known(given),
        "anyOf" | "allOf" => given.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(known)),
        "$ref" => given.as_str().is_some_and(|path| target(root, path).is_some()),
        "type" => match given {
            Value::String(name) => is_type(name),
            Value::Array(names) => names.iter().all(|name| name.as_str().is_some_and(is_type)),
            _ => false,
        },
        "required" => given.as_array().is_some_and(|names| names.iter().all(Value::is_string)),
        "enum" => given.is_array(),
        keyword => CHECKED.contains(&keyword) || PASSED_OVER.contains(&keyword),
    })
}

fn is_type(name: &str) -> bool {
    let names = ["array", "boolean", "integer", "null", "number", "object", "string"];
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// What a reference within the document leads to (RFC 6901, section 6).
fn target<'a>(root: &'a Value, path: &str) -> Option<&'a Value> {
    let path = path.strip_prefix('#')?;
    if path.contains('%') {
        return None;
    }
    root.pointer(path).filter(|target| target.is_object() || target.is_boolean())
}

/// The check cannot be finished.
struct TooMuch;

struct Check<'a> {
    root: &'a Value,
    steps: usize,
}

impl<'a> Check<'a> {
    fn valid(&mut self, schema: &'a Value, value: &Value, references: usize) -> Result<bool, TooMuch> {
        self.steps += 1;
        if self.steps > MOST_STEPS || references > MOST_REFERENCES {
            return Err(TooMuch);
        }
        let Value::Object(keywords) = schema else { return Ok(schema.as_bool() != Some(false)) };
        let null = value.is_null() && keywords.get("nullable").and_then(Value::as_bool) == Some(true);
        if null {
            return Ok(true);
        }
        if !simple(keywords, value) {
            return Ok(false);
        }
        if let Some(target) =
            keywords.get("$ref").and_then(Value::as_str).and_then(|path| target(self.root, path))
            && !self.valid(target, value, references + 1)?
        {
            return Ok(false);
        }
        for one in keywords.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            if !self.valid(one, value, references + 1)? {
                return Ok(false);
            }
        }
        if let Some(all) = keywords.get("anyOf").and_then(Value::as_array) {
            let mut any = false;
            for one in all {
                any = any || self.valid(one, value, references + 1)?;
            }
            if !any {
                return Ok(false);
            }
        }
        match value {
            Value::Object(members) => self.members(keywords, members),
            Value::Array(elements) => {
                let Some(items) = keywords.get("items") else { return Ok(true) };
                for element in elements {
                    if !self.valid(items, element, 0)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ => Ok(true),
        }
    }

    fn members(
        &mut self,
        keywords: &'a Map<String, Value>,
        members: &Map<String, Value>,
    ) -> Result<bool, TooMuch> {
        let properties = keywords.get("properties").and_then(Value::as_object);
        let others = keywords.get("additionalProperties");
        for (name, value) in members {
            let schema = properties.and_then(|properties| properties.get(name)).or(others);
            if let Some(schema) = schema
                && !self.valid(schema, value, 0)?
            {
                return Ok(false);
            }
        }
        let mut required = keywords.get("required").and_then(Value::as_array).into_iter().flatten();
        Ok(required.all(|name| name.as_str().is_some_and(|name| members.contains_key(name))))
    }
}

/// What a schema says of a value without looking into it.
fn simple(keywords: &Map<String, Value>, value: &Value) -> bool {
    keywords.iter().all(|(keyword, given)| match keyword.as_str() {
        "type" => match given {
            Value::Array(names) => {
                names.iter().any(|name| name.as_str().is_some_and(|name| is_of(name, value)))
            }
            name => name.as_str().is_some_and(|name| is_of(name, value)),
        },
        "enum" => given.as_array().is_some_and(|all| all.iter().any(|one| equal(one, value))),
        "const" => equal(given, value),
        "minimum" => compared(value, given, |value, bound| value >= bound),
        "maximum" => compared(value, given, |value, bound| value <= bound),
        "exclusiveMinimum" => compared(value, given, |value, bound| value > bound),
        "exclusiveMaximum" => compared(value, given, |value, bound| value < bound),
        "minLength" => {
            counted(value.as_str().map(|text| text.chars().count()), given, |count, bound| count >= bound)
        }
        "maxLength" => {
            counted(value.as_str().map(|text| text.chars().count()), given, |count, bound| count <= bound)
        }
        "minItems" => counted(value.as_array().map(Vec::len), given, |count, bound| count >= bound),
        "maxItems" => counted(value.as_array().map(Vec::len), given, |count, bound| count <= bound),
        _ => true,
    })
}

fn is_of(name: &str, value: &Value) -> bool {
    match &*name.to_ascii_lowercase() {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        _ => value.is_string(),
    }
}

/// Bounds hold for numbers only.
fn compared(value: &Value, bound: &Value, holds: impl Fn(f64, f64) -> bool) -> bool {
    match (value.as_f64().filter(|_| value.is_number()), bound.as_f64()) {
        (Some(value), Some(bound)) => holds(value, bound),
        _ => true,
    }
}

/// Bounds of lengths hold for values that have one; they may be written as `2.0`.
fn counted(count: Option<usize>, bound: &Value, holds: impl Fn(f64, f64) -> bool) -> bool {
    match (count.and_then(|count| u32::try_from(count).ok()), bound.as_f64()) {
        (Some(count), Some(bound)) => holds(f64::from(count), bound),
        _ => true,
    }
}

/// Whether two values are the same (JSON Schema 2020-12, section 4.2.2): `1` is `1.0`.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let whole = |number: &serde_json::Number| !number.is_f64();
            one == other || (!(whole(one) && whole(other)) && one.as_f64() == other.as_f64())
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same =
                |(name, value): (&String, &Value)| other.get(name).is_some_and(|other| equal(value, other));
            one.len() == other.len() && one.iter().all(same)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The official test suite, for the keywords that are known. What has others is not used.
    #[test]
    fn the_official_suite_is_agreed_with() {
        let suite: Value =
            serde_json::from_str(include_str!("../../tests/data/json_schema_suite.json")).unwrap();
        let (mut checked, mut left_out) = (0, 0);
        for group in suite["groups"].as_array().unwrap() {
            let Some(schema) = Schema::new(group["schema"].clone()) else {
                left_out += 1;
                continue;
            };
            for case in group["tests"].as_array().unwrap() {
                checked += 1;
                let expected = case[1].as_bool();
                assert_eq!(schema.accepts(&case[0]), expected, "{}: {}", group["description"], case[2]);
            }
        }
        assert!(checked >= 250 && left_out <= 40, "{checked} cases, {left_out} schemas left out");
    }

    #[test]
    fn what_would_be_checked_in_part_is_not_used() {
        for schema in [
            r#"{"not": {}}"#,
            r#"{"properties": {"a": {"oneOf": [{}]}}}"#,
            r##"{"$ref": "#/$defs/none"}"##,
            "3",
        ] {
            assert_eq!(Schema::new(serde_json::from_str(schema).unwrap()), None, "{schema}");
        }
    }

    /// Gemini's `Schema` object writes types in capitals and has `nullable`.
    #[test]
    fn the_words_of_gemini_are_known() {
        let schema = serde_json::json!({"type": "OBJECT", "required": ["a"],
            "properties": {"a": {"type": "STRING", "nullable": true}}});
        let schema = Schema::new(schema).unwrap();
        for (value, valid) in
            [(r#"{"a": null}"#, true), (r#"{"a": "x"}"#, true), (r#"{"a": 1}"#, false), ("{}", false)]
        {
            assert_eq!(schema.accepts(&serde_json::from_str(value).unwrap()), Some(valid), "{value}");
        }
    }

    #[test]
    fn references_without_an_end_are_given_up() {
        let schema = Schema::new(serde_json::json!({"$ref": "#"})).unwrap();
        assert_eq!(schema.accepts(&Value::Null), None);
    }
}
