//! The JSON Schema: checked in, and no stricter than the reader.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::string::string_regex;
use serde_json::Value;

use super::super::amounts::Rate;
use super::super::names::{AllowedModel, Hash, HeaderName, ModelName, Name, ProviderModel};
use super::super::schema;
use super::super::shape::Text;

#[test]
fn the_checked_in_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/gateway.schema.json");
    let current = format!("{:#}\n", schema());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &current).expect("the schema");
    }
    let held = fs::read_to_string(&path).unwrap_or_default();
    assert!(held == current, "examples/gateway.schema.json is old; run the tests with UPDATE_GOLDEN=1");
}

/// A mapping without a closed set of keys would let a typing mistake pass in an editor.
#[test]
fn every_mapping_of_the_schema_is_closed_or_named() {
    fn walk(schema: &Value) -> usize {
        let Some(object) = schema.as_object() else {
            return schema.as_array().into_iter().flatten().map(walk).sum();
        };
        let mapping = object.get("type").is_some_and(|kind| kind == "object");
        if mapping {
            let closed = object.get("additionalProperties") == Some(&Value::Bool(false));
            assert!(closed || object.contains_key("propertyNames"), "{schema:#}");
        }
        usize::from(mapping) + object.values().map(walk).sum::<usize>()
    }
    assert!(walk(&schema()) > 10);
}

/// Every text that the pattern describes is accepted.
fn accepts_its_pattern<T: Text>() -> impl Strategy<Value = (String, bool)> {
    string_regex(T::PATTERN.trim_start_matches('^').trim_end_matches('$'))
        .expect("a regular expression")
        .prop_map(|text| {
            let accepted = T::parse(&text).is_ok();
            (text, accepted)
        })
}

proptest! {
    #[test]
    fn patterns_and_readers_agree(
        name in accepts_its_pattern::<Name>(),
        model in accepts_its_pattern::<ModelName>(),
        allowed in accepts_its_pattern::<AllowedModel>(),
        provider_model in accepts_its_pattern::<ProviderModel>(),
        hash in accepts_its_pattern::<Hash>(),
        header in accepts_its_pattern::<HeaderName>(),
        rate in accepts_its_pattern::<Rate>(),
    ) {
        for (text, accepted) in [name, model, allowed, provider_model, hash, header, rate] {
            prop_assert!(accepted, "{}", text);
        }
    }
}
