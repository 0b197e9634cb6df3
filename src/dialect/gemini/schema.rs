//! Gemini's `Schema`, a subset of OpenAPI's, as JSON Schema.
//!
//! Source: the Gemini API reference, "Schema": types are in upper case, `nullable` stands beside them, and whole
//! numbers of 64 bits are strings.

use crate::chat::Json;
use crate::dialect::wire::Value;
use crate::dialect::wire::write::{self, ObjectWriter};

/// The JSON Schema that says the same.
pub(super) fn to_json_schema(schema: Value<'_>) -> Json {
    let mut out = Vec::new();
    write::object_into(&mut out, |object| write_schema(schema, object));
    Json::checked(&String::from_utf8_lossy(&out))
}

fn write_schema(schema: Value<'_>, out: &mut ObjectWriter<'_>) {
    let Some(mut object) = schema.camel_object() else { return };
    let nullable = object.take("nullable").and_then(Value::boolean) == Some(true);
    // The order of an object's members says the same.
    object.ignore(&["propertyOrdering"]);
    for (name, value) in object.rest().unwrap_or_default() {
        match (name.as_str(), value) {
            ("type", value) if value.is_string() => {
                let kind = value.string().unwrap_or_default().to_ascii_lowercase();
                if nullable {
                    out.array("type", |kinds| {
                        [kind.as_str(), "null"].into_iter().for_each(|kind| kinds.string(kind))
                    });
                } else {
                    out.string("type", &kind);
                }
            }
            ("properties" | "defs" | "$defs", value) if value.is_object() => {
                let key = if name == "defs" { "$defs" } else { name.as_str() };
                out.object(key, |map| {
                    let members = value.object().and_then(|object| object.rest().ok()).unwrap_or_default();
                    for (name, schema) in members {
                        map.object(&name, |object| write_schema(schema, object));
                    }
                });
            }
            ("items" | "additionalProperties", value) if value.is_object() => {
                out.object(&name, |object| write_schema(value, object));
            }
            ("anyOf", value) if value.is_array() => out.array("anyOf", |schemas| {
                for schema in value.elements().unwrap_or_default() {
                    schemas.object(|object| write_schema(schema, object));
                }
            }),
            (
                "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties" | "maxProperties",
                value,
            ) if value.is_string() => {
                out.unsigned_if(&name, value.string().and_then(|digits| digits.parse().ok()));
            }
            ("ref", value) => out.raw("$ref", value.text()),
            (_, value) => out.raw(&name, value.text()),
        }
    }
}
