//! The schema of a tool's parameters, as providers want it said: an object, and of Anthropic's models no choice between
//! several at its root.
//!
//! Sources: Anthropic's reference, `tools[].input_schema` (`type` is `object`), and its answer "input_schema does not
//! support oneOf, allOf, or anyOf at the top level"; Gemini's, `parametersJsonSchema` ("must describe an object").

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::chat::{Json, Losses};
use crate::dialect::wire::{Object, Value, write};

/// Keywords whose schemas are put together into one where the root may have none of them.
const CHOICES: [&str; 3] = ["anyOf", "oneOf", "allOf"];

/// A schema that says it is of an object.
pub(super) fn of_object(schema: Option<&Json>) -> Cow<'_, str> {
    let text = schema.map_or("{}", Json::text);
    let Ok(mut object) = Object::parse(text.as_bytes()) else { return Cow::Borrowed(text) };
    if object.take("type").is_some_and(|kind| kind.is_string()) {
        return Cow::Borrowed(text);
    }
    let members = Object::parse(text.as_bytes()).ok().and_then(|object| object.rest().ok());
    let Some(members) = members else { return Cow::Borrowed(text) };
    written(|object| {
        object.string("type", "object");
        let others = members.iter().filter(|(name, _)| name != "type");
        others.for_each(|(name, value)| object.raw(name, value.text()));
    })
}

/// The same, with all that a choice at the root allows in one object; what it then says too little of is a loss.
pub(super) fn of_one_object<'a>(schema: Option<&'a Json>, losses: &mut Losses) -> Cow<'a, str> {
    let Some(text) = schema.map(Json::text) else { return of_object(schema) };
    let members = Object::parse(text.as_bytes()).ok().and_then(|object| object.rest().ok());
    let Some(members) = members.filter(|members| members.iter().any(|(name, _)| is_choice(name))) else {
        return of_object(schema);
    };
    losses.approximated("tools.parameters");
    let of_kind = |kind: &'static str| members.iter().filter(move |(name, _)| name == kind);
    let mut branches: Vec<Branch<'_>> = Vec::new();
    branches.extend(Object::parse(text.as_bytes()).ok().map(|root| Branch::of(root, true)));
    for kind in CHOICES {
        for schema in of_kind(kind).filter_map(|(_, value)| value.elements()).flatten() {
            branches.extend(schema.object().map(|object| Branch::of(object, kind == "allOf")));
        }
    }
    let mut known = BTreeSet::new();
    written(|object| {
        object.string("type", "object");
        object.object("properties", |properties| {
            for (name, schema) in branches.iter().flat_map(|branch| &branch.properties) {
                if known.insert(name.as_str()) {
                    properties.raw(name, schema.text());
                }
            }
        });
        let required: Vec<String> = branches.iter().flat_map(|branch| branch.required.clone()).collect();
        object.strings_if("required", &required);
        let is_own = |name: &str| ["type", "properties", "required"].contains(&name) || is_choice(name);
        let others = members.iter().filter(|(name, _)| !is_own(name));
        others.for_each(|(name, value)| object.raw(name, value.text()));
    })
}

fn is_choice(name: &str) -> bool {
    CHOICES.contains(&name)
}

fn written<'a>(write: impl FnOnce(&mut write::ObjectWriter<'_>)) -> Cow<'a, str> {
    Cow::Owned(String::from_utf8_lossy(&write::object(write)).into_owned())
}

/// What one of several schemas says of the parameters.
struct Branch<'a> {
    properties: Vec<(String, Value<'a>)>,
    required: Vec<String>,
}

impl<'a> Branch<'a> {
    /// Reads a schema; `is_binding` when what it requires is required whatever else is chosen.
    fn of(mut schema: Object<'a>, is_binding: bool) -> Self {
        let properties = schema.lenient_object("properties").and_then(|object| object.rest().ok());
        let required = schema.lenient_elements("required").into_iter().filter_map(Value::string);
        Self {
            properties: properties.unwrap_or_default(),
            required: required.filter(|_| is_binding).map(Cow::into_owned).collect(),
        }
    }
}
