//! The subsets of JSON Schema, held against the guides of the providers.

use super::*;

/// OpenAI's guide "Structured model outputs", "Supported schemas", and the errors that it quotes.
#[test]
fn openai_is_strict_about_closed_and_whole_objects_only() {
    for (schema, fit) in [
        (
            r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}"#,
            true,
        ),
        (r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#, false),
        (r#"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#, false),
        (r#"{"type":"array","items":{"type":"string"}}"#, false),
        (r#"{"type":"object","properties":{},"required":[],"additionalProperties":false}"#, true),
        // An object inside is held to the same.
        (
            r#"{"type":"object","properties":{"a":{"type":"object"}},"required":["a"],"additionalProperties":false}"#,
            false,
        ),
        (
            r#"{"type":"object","properties":{"a":{"type":"array","items":{"type":["object","null"],"properties":{"b":{"type":"integer"}},"required":[],"additionalProperties":false}}},"required":["a"],"additionalProperties":false}"#,
            false,
        ),
        // 'oneOf' is not permitted; 'default' is not permitted; a schema must have a 'type' key.
        (
            r#"{"type":"object","properties":{"a":{"oneOf":[{"type":"string"}]}},"required":["a"],"additionalProperties":false}"#,
            false,
        ),
        (
            r#"{"type":"object","properties":{"a":{"type":"string","default":"x"}},"required":["a"],"additionalProperties":false}"#,
            false,
        ),
        (
            r#"{"type":"object","properties":{"a":{"description":"x"}},"required":["a"],"additionalProperties":false}"#,
            false,
        ),
        (
            r#"{"type":"object","properties":{"a":{"type":"string","format":"uri"}},"required":["a"],"additionalProperties":false}"#,
            false,
        ),
        (
            r##"{"type":"object","properties":{"a":{"anyOf":[{"$ref":"#/$defs/B"},{"type":"null"}]}},"required":["a"],"additionalProperties":false,"$defs":{"B":{"type":"number","minimum":1}}}"##,
            true,
        ),
    ] {
        assert_eq!(fits(&Json::object(schema).unwrap(), Subset::OpenAi), fit, "{schema}");
    }
}

/// Anthropic's guide "Structured outputs": optional members are fine, bounds of numbers are not.
#[test]
fn anthropic_is_strict_about_closed_objects_only() {
    for (schema, fit) in [
        (r#"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#, true),
        (r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#, false),
        (
            r#"{"type":"object","properties":{"a":{"type":"number","minimum":1}},"additionalProperties":false}"#,
            false,
        ),
        (
            r#"{"type":"object","properties":{"a":{"type":"string","maxLength":1}},"additionalProperties":false}"#,
            false,
        ),
    ] {
        assert_eq!(fits(&Json::object(schema).unwrap(), Subset::Anthropic), fit, "{schema}");
    }
}

#[test]
fn a_schema_without_bottom_is_given_up() {
    let depth = 200;
    let schema = format!(
        "{}{{\"type\":\"string\"}}{}",
        "{\"type\":\"array\",\"items\":".repeat(depth),
        "}".repeat(depth)
    );
    let root = format!(
        r#"{{"type":"object","properties":{{"a":{schema}}},"required":["a"],"additionalProperties":false}}"#
    );
    if let Some(root) = Json::object(&root) {
        assert!(!fits(&root, Subset::OpenAi));
    }
}

#[test]
fn only_what_cannot_be_an_object_is_wrapped() {
    for (schema, is_object) in [
        (r#"{"type":"object"}"#, true),
        ("{}", true),
        (r#"{"properties":{"a":{"type":"string"}}}"#, true),
        (r#"{"type":"array","items":{"type":"string"}}"#, false),
        (r#"{"enum":["a","b"]}"#, false),
        (r#"{"anyOf":[{"type":"object"},{"type":"string"}]}"#, false),
    ] {
        assert_eq!(is_of_object(&Json::object(schema).unwrap()), is_object, "{schema}");
    }
}
