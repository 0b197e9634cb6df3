//! The shapes of values: how each is read from the tree, and how each is described in the JSON Schema.
//!
//! One type gives both, so that the reader and the schema cannot drift apart: a record declared with
//! [`record!`] lists its keys once. Readers report every problem they meet and go on: whatever is missing
//! or wrong is `None` in the record *and* in the report, so that rules over several keys can still be
//! checked on the rest.
//!
//! Nothing here knows the keys of a gateway.yaml (`raw`) or the formats of its texts (`names`, `units`).

use serde_json::{Value as Json, json};

use super::problem::{Echo, Found, Kind, Position, Problem, nearest, push_index, push_key};
use super::yaml::{Node, Value};

/// Where a value is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its line and column.
    pub(super) position: Position,
    /// Its key.
    pub(super) path: String,
}

impl Place {
    fn key(&self, key: &str, position: Position) -> Self {
        let mut path = self.path.clone();
        push_key(&mut path, key);
        Self { position, path }
    }

    fn index(&self, index: usize, position: Position) -> Self {
        let mut path = self.path.clone();
        push_index(&mut path, index);
        Self { position, path }
    }
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Located<T> {
    /// The value.
    pub(super) value: T,
    /// Where it is.
    pub(super) place: Place,
}

/// The problems found so far.
pub(super) struct Report<'a> {
    file: &'a str,
    problems: Vec<Problem>,
}

impl<'a> Report<'a> {
    /// No problems yet in the file of this name.
    pub(super) const fn new(file: &'a str) -> Self {
        Self { file, problems: Vec::new() }
    }

    /// Adds a problem at `place`.
    pub(super) fn add(&mut self, place: &Place, kind: Kind) {
        let (file, path) = (self.file.to_owned(), place.path.clone());
        self.problems.push(Problem { file, position: Some(place.position), path, kind });
    }

    /// Adds a problem of the file as a whole.
    pub(super) fn add_to_file(&mut self, kind: Kind) {
        let (file, path) = (self.file.to_owned(), String::new());
        self.problems.push(Problem { file, position: None, path, kind });
    }

    /// Whether nothing was found.
    pub(super) const fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// The problems in the order of the file.
    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.position);
        self.problems
    }
}

/// Something a node can be read as.
pub(super) trait Shape: Sized {
    /// Reads `node`. Whatever is wrong is reported; `None` means that nothing can be made of it.
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self>;

    /// The JSON Schema of what [`Shape::read`] accepts, except for rules over several keys.
    fn schema() -> Json;
}

/// Reads `node` and keeps its place.
fn locate<T: Shape>(node: &Node, place: Place, report: &mut Report<'_>) -> Option<Located<T>> {
    if matches!(node.value, Value::Refused) {
        return None;
    }
    let value = T::read(node, &place, report)?;
    Some(Located { value, place })
}

/// Reads the whole tree.
pub(super) fn read_root<T: Shape>(root: &Node, report: &mut Report<'_>) -> Option<T> {
    let place = Place { position: root.position, path: String::new() };
    locate(root, place, report).map(|located| located.value)
}

/// Reports that `node` is not `expected`, without repeating its content.
fn mismatch<T>(node: &Node, place: &Place, expected: &str, report: &mut Report<'_>) -> Option<T> {
    report.add(place, Kind::Mismatch { expected: expected.to_owned(), found: node.found() });
    None
}

/// Text of a certain format.
pub(super) trait Text: Sized {
    /// Completes "expected …".
    const EXPECTED: &'static str;
    /// A regular expression for the JSON Schema. It may accept more than [`Text::parse`] where a regular
    /// expression would be unreadable.
    const PATTERN: &'static str;

    /// Reads the text, or says what is wrong with it.
    fn parse(text: &str) -> Result<Self, Kind>;

    /// The plainest answer to wrong text.
    fn mismatch(text: &str) -> Kind {
        let found = if text.is_empty() { Found::Nothing } else { Found::Value(Echo::of(text)) };
        Kind::Mismatch { expected: Self::EXPECTED.to_owned(), found }
    }
}

impl<T: Text> Shape for T {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        let Value::Text(text) = &node.value else {
            return mismatch(node, place, T::EXPECTED, report);
        };
        T::parse(text).map_err(|kind| report.add(place, kind)).ok()
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": T::PATTERN })
    }
}

impl Shape for bool {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        match node.value {
            Value::Boolean(value) => Some(value),
            _ => mismatch(node, place, "true or false", report),
        }
    }

    fn schema() -> Json {
        json!({ "type": "boolean" })
    }
}

/// A whole number from `LEAST` to `MOST`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole<const LEAST: u32, const MOST: u32>(pub(super) u32);

impl<const LEAST: u32, const MOST: u32> Shape for Whole<LEAST, MOST> {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        let expected = if LEAST == MOST {
            format!("the number {LEAST}")
        } else {
            format!("a whole number from {LEAST} to {MOST}")
        };
        let Value::Number(digits) = &node.value else {
            return mismatch(node, place, &expected, report);
        };
        let number = digits.parse().ok().filter(|number| (LEAST..=MOST).contains(number));
        if number.is_none() {
            report.add(place, Kind::Mismatch { expected, found: Found::Value(Echo::of(digits)) });
        }
        number.map(Self)
    }

    fn schema() -> Json {
        json!({ "type": "integer", "minimum": LEAST, "maximum": MOST })
    }
}

/// Texts that name the variants of an enum with serde's and schemars' derives; see [`enums!`].
pub(super) fn read_choice<T>(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<T>
where
    T: serde::de::DeserializeOwned + schemars::JsonSchema,
{
    let names = choices(&choice_schema::<T>());
    let expected = match names.as_slice() {
        [only] => format!("`{only}`"),
        several => format!("one of: {}", several.join(", ")),
    };
    let Value::Text(text) = &node.value else {
        return mismatch(node, place, &expected, report);
    };
    let choice = serde_json::from_value(Json::String(text.clone())).ok();
    if choice.is_none() {
        report.add(place, Kind::Mismatch { expected, found: Found::Value(Echo::of(text)) });
    }
    choice
}

/// The JSON Schema of an enum for [`read_choice`], as part of a larger one.
pub(super) fn choice_schema<T: schemars::JsonSchema>() -> Json {
    let mut schema = schemars::SchemaGenerator::default().into_root_schema_for::<T>();
    // These belong to a schema's root only.
    schema.remove("$schema");
    schema.remove("title");
    schema.to_value()
}

/// The texts that a schema of an enum accepts: `enum`, or one `const` for each variant with a description.
fn choices(schema: &Json) -> Vec<String> {
    let variants = schema.get("oneOf").and_then(Json::as_array).into_iter().flatten().chain([schema]);
    variants
        .flat_map(|variant| {
            let several = variant.get("enum").and_then(Json::as_array).into_iter().flatten();
            several.chain(variant.get("const"))
        })
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

/// Makes shapes of enums with serde's and schemars' derives.
macro_rules! enums {
    ($($name:ty),+ $(,)?) => {$(
        impl $crate::config::shape::Shape for $name {
            fn read(
                node: &$crate::config::yaml::Node,
                place: &$crate::config::shape::Place,
                report: &mut $crate::config::shape::Report<'_>,
            ) -> Option<Self> {
                $crate::config::shape::read_choice(node, place, report)
            }

            fn schema() -> serde_json::Value {
                $crate::config::shape::choice_schema::<Self>()
            }
        }
    )+};
}
pub(super) use enums;

/// Reads a number by its digits, so that nothing is rounded; one in quotes is read as well.
pub(super) fn read_digits<T>(
    node: &Node,
    place: &Place,
    report: &mut Report<'_>,
    expected: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let (Value::Number(digits) | Value::Text(digits)) = &node.value else {
        return mismatch(node, place, expected, report);
    };
    let number = parse(digits);
    if number.is_none() {
        let found = Found::Value(Echo::of(digits));
        report.add(place, Kind::Mismatch { expected: expected.to_owned(), found });
    }
    number
}

/// A value by itself, or a list of such values.
#[derive(Debug)]
pub(super) struct OneOrMore<T>(pub(super) Vec<Located<T>>);

impl<T: Shape> Shape for OneOrMore<T> {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        if matches!(node.value, Value::List(_)) {
            return List::<T, 1>::read(node, place, report).map(|list| Self(list.0));
        }
        locate(node, place.clone(), report).map(|one| Self(vec![one]))
    }

    fn schema() -> Json {
        json!({ "anyOf": [T::schema(), List::<T, 1>::schema()] })
    }
}

/// A list of at least `LEAST` items. Items of which nothing can be made are left out.
#[derive(Debug)]
pub(super) struct List<T, const LEAST: usize>(pub(super) Vec<Located<T>>);

impl<T: Shape, const LEAST: usize> Shape for List<T, LEAST> {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        let Value::List(items) = &node.value else {
            return mismatch(node, place, "a list", report);
        };
        if items.len() < LEAST {
            report.add(place, Kind::EmptyList);
        }
        let read = |(index, item): (usize, &Node)| locate(item, place.index(index, item.position), report);
        Some(Self(items.iter().enumerate().filter_map(read).collect()))
    }

    fn schema() -> Json {
        json!({ "type": "array", "items": T::schema(), "minItems": LEAST })
    }
}

/// A mapping from names of the operator's choice.
#[derive(Debug)]
pub(super) struct Map<K, V>(pub(super) Vec<Named<K, V>>);

/// One entry of a [`Map`].
#[derive(Debug)]
pub(super) struct Named<K, V> {
    /// The name and its place.
    pub(super) name: Located<K>,
    /// The value; `None` when nothing could be made of it, which is reported.
    pub(super) value: Option<Located<V>>,
}

impl<K: Text, V: Shape> Shape for Map<K, V> {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            return mismatch(node, place, "a mapping (`{}` when it is empty)", report);
        };
        let read = |entry: &super::yaml::Entry| {
            let place = place.key(&entry.key, entry.position);
            let name = K::parse(&entry.key).map_err(|kind| report.add(&place, kind)).ok();
            let value =
                locate(&entry.value, Place { position: entry.value.position, ..place.clone() }, report);
            Some(Named { name: Located { value: name?, place }, value })
        };
        Some(Self(entries.iter().filter_map(read).collect()))
    }

    fn schema() -> Json {
        json!({
            "type": "object",
            "propertyNames": { "pattern": K::PATTERN },
            "additionalProperties": V::schema(),
        })
    }
}

/// A key of a record.
#[derive(Clone, Copy)]
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// Its description.
    pub(super) about: &'static str,
    /// Whether it must be there.
    pub(super) required: bool,
    /// The schema of its value.
    pub(super) schema: fn() -> Json,
}

/// A rule over the keys of a record.
#[derive(Clone, Copy)]
pub(super) enum Rule {
    /// None but that the required ones are there.
    Free,
    /// Exactly one of these is there.
    ExactlyOne(&'static [&'static str]),
    /// At least one of these is there.
    AtLeastOne(&'static [&'static str]),
}

/// The entries of a mapping that is read as a record.
pub(super) struct Fields<'a> {
    entries: &'a [super::yaml::Entry],
    place: &'a Place,
}

impl<'a> Fields<'a> {
    /// Reads `node` as a mapping with these keys; unknown and missing ones are reported, and a broken rule.
    pub(super) fn of(
        node: &'a Node,
        place: &'a Place,
        keys: &[Key],
        rule: Rule,
        report: &mut Report<'_>,
    ) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            let optional = keys.iter().all(|key| !key.required);
            let expected = if optional { "a mapping (`{}` when it is empty)" } else { "a mapping" };
            return mismatch(node, place, expected, report);
        };
        for entry in entries.iter().filter(|entry| keys.iter().all(|key| key.name != entry.key)) {
            let expected: Vec<_> = keys.iter().map(|key| key.name).collect();
            let nearest = nearest(&entry.key, expected.iter().copied());
            let kind = Kind::UnknownKey { key: Echo::of(&entry.key), nearest, expected };
            report.add(&place.key(&entry.key, entry.position), kind);
        }
        for key in keys.iter().filter(|key| key.required) {
            if entries.iter().all(|entry| entry.key != key.name) {
                report.add(place, Kind::MissingKey(key.name));
            }
        }
        let present = |names: &[&str]| entries.iter().filter(|entry| names.contains(&&*entry.key)).count();
        match rule {
            Rule::ExactlyOne(names) if present(names) != 1 => report.add(place, Kind::NotExactlyOne(names)),
            Rule::AtLeastOne(names) if present(names) == 0 => report.add(place, Kind::NoneOf(names)),
            Rule::Free | Rule::ExactlyOne(_) | Rule::AtLeastOne(_) => {}
        }
        Some(Self { entries, place })
    }

    /// Reads the value of the key `name`.
    pub(super) fn read<T: Shape>(&self, name: &str, report: &mut Report<'_>) -> Option<Located<T>> {
        let entry = self.entries.iter().find(|entry| entry.key == name)?;
        locate(&entry.value, self.place.key(name, entry.value.position), report)
    }
}

/// The JSON Schema of a record.
pub(super) fn record_schema(about: &str, keys: &[Key], rule: Rule) -> Json {
    let properties: serde_json::Map<String, Json> = keys
        .iter()
        .map(|key| {
            let mut schema = (key.schema)();
            if let Json::Object(object) = &mut schema {
                object.insert("description".to_owned(), key.about.trim().into());
            }
            (key.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<_> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = json!({
        "type": "object",
        "description": about.trim(),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    let each = |names: &[&str]| names.iter().map(|name| json!({ "required": [name] })).collect::<Json>();
    let rule = match rule {
        Rule::Free => None,
        Rule::ExactlyOne(names) => Some(("oneOf", each(names))),
        Rule::AtLeastOne(names) => Some(("anyOf", each(names))),
    };
    if let (Json::Object(object), Some((name, each))) = (&mut schema, rule) {
        object.insert(name.to_owned(), each);
    }
    schema
}

/// Declares a record: its keys in the order in which messages list them, each `required` or `optional`, with
/// a description that is both the field's documentation and the schema's; after them, at most one [`Rule`].
macro_rules! record {
    (
        $(#[doc = $about:literal])+
        $name:ident {
            $( $(#[doc = $key_about:literal])+ $need:ident $key:ident: $shape:ty, )*
        }
        $( $rule:ident: $($of:ident),+ )?
    ) => {
        $(#[doc = $about])+
        #[derive(Debug)]
        pub(super) struct $name {
            $( $(#[doc = $key_about])+ pub(super) $key: Option<$crate::config::shape::Located<$shape>>, )*
        }

        impl $name {
            const KEYS: &[$crate::config::shape::Key] = &[$(
                $crate::config::shape::Key {
                    name: stringify!($key),
                    about: concat!($($key_about),+),
                    required: $crate::config::shape::record!(@ $need),
                    schema: <$shape as $crate::config::shape::Shape>::schema,
                },
            )*];
            const RULE: $crate::config::shape::Rule = $crate::config::shape::record!(@ $($rule $($of)+)?);
        }

        impl $crate::config::shape::Shape for $name {
            fn read(
                node: &$crate::config::yaml::Node,
                place: &$crate::config::shape::Place,
                report: &mut $crate::config::shape::Report<'_>,
            ) -> Option<Self> {
                let fields =
                    $crate::config::shape::Fields::of(node, place, Self::KEYS, Self::RULE, report)?;
                Some(Self { $( $key: fields.read(stringify!($key), report), )* })
            }

            fn schema() -> serde_json::Value {
                $crate::config::shape::record_schema(concat!($($about),+), Self::KEYS, Self::RULE)
            }
        }
    };
    (@ required) => { true };
    (@ optional) => { false };
    (@) => { $crate::config::shape::Rule::Free };
    (@ $rule:ident $($of:ident)+) => { $crate::config::shape::Rule::$rule(&[$(stringify!($of)),+]) };
}
pub(super) use record;
