//! Holds values against the shapes of requests that `shapes.py` writes of the official SDKs' types, and against limits
//! that the references state and the types do not.
//!
//! Promises: every member that a shape does not have is a fault, at any depth. Does not know how a provider words it,
//! nor what the members mean.

#![expect(clippy::indexing_slicing, reason = "of JSON objects by name, which reads null where nothing is")]

use std::fmt;

use regex::Regex;
use serde_json::{Map, Value};

/// A step from a value to one inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Member(String),
    Item(usize),
    /// Which of several forms the value has, by its `type`.
    Form(String),
}

/// Where something is.
pub(crate) type Path = Vec<Step>;

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// There is no member of this name.
    Unknown,
    /// It has to be there.
    Missing,
    /// It is of another type; as the type is called, and what was found.
    Type(String, &'static str),
    /// It is none of these values.
    Choice(Vec<String>),
    /// It is beyond a limit.
    Limit(Limit),
    /// It breaks a rule, which is put in the provider's words, with the provider's code for it.
    Rule(&'static str, String),
}

/// The first fault of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) path: Path,
    pub(crate) wrong: Wrong,
}

/// What a reference says of a value beyond its type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Limit {
    /// A number between two, which may be either.
    Range(f64, f64),
    /// At least and at most so many characters.
    Length(usize, usize),
    /// At least and at most so many items, or members of a map.
    Items(usize, usize),
    /// A regular expression for the whole of a text.
    Pattern(&'static str),
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(least, most) => write!(formatter, "a number from {least} to {most}"),
            Self::Length(least, most) => write!(formatter, "a string of {least} to {most} characters"),
            Self::Items(least, most) => write!(formatter, "{least} to {most} items"),
            Self::Pattern(pattern) => write!(formatter, "a string that matches '^{pattern}$'"),
        }
    }
}

// Limits are constants of the references, none of which is no number.
impl Eq for Limit {}

/// No upper limit.
pub(crate) const ANY: usize = usize::MAX;

/// A limit, by `Structure.member`.
pub(crate) type Limits = &'static [(&'static str, Limit)];

/// The shapes of one provider, and how it reads JSON.
pub(crate) struct Shapes {
    pub(crate) structures: &'static Value,
    pub(crate) limits: Limits,
    /// As the JSON form of protocol buffers is read: names in either case, values of enumerations in any, and `null`
    /// as good as nothing.
    pub(crate) is_protocol_buffer: bool,
}

impl Shapes {
    /// The first fault of a value that shall be of a structure.
    pub(crate) fn check(&self, structure: &str, value: &Value) -> Result<(), Fault> {
        let without = self.structures[structure]["without"].as_array().map(Vec::as_slice).unwrap_or_default();
        Check { shapes: self, without, path: Path::new() }.structure(structure, value)
    }
}

struct Check<'a> {
    shapes: &'a Shapes,
    /// Members that this surface does not have, as `Structure.member`.
    without: &'a [Value],
    path: Path,
}

impl Check<'_> {
    fn fault(&self, wrong: Wrong) -> Fault {
        Fault { path: self.path.clone(), wrong }
    }

    fn below(&mut self, step: Step, check: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        self.path.push(step);
        let checked = check(self);
        self.path.pop();
        checked
    }

    fn value(&mut self, shape: &Value, value: &Value) -> Result<(), Fault> {
        if let Some(name) = shape.as_str() {
            return match name.strip_prefix('#') {
                Some(structure) => self.structure(structure, value),
                None => self.simple(name, value),
            };
        }
        let arguments = shape.as_array().and_then(|shape| shape.get(1..)).unwrap_or_default();
        match (shape[0].as_str(), value) {
            (Some("list"), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.below(Step::Item(index), |check| check.value(&shape[1], item))?;
                }
                Ok(())
            }
            (Some("map"), Value::Object(members)) => {
                for (name, member) in members {
                    self.below(Step::Member(name.clone()), |check| check.value(&shape[1], member))?;
                }
                Ok(())
            }
            (Some("enum"), value) if self.is_among(arguments, value) => Ok(()),
            (Some("enum"), _) => {
                let name = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                Err(self.fault(Wrong::Choice(arguments.iter().map(name).collect())))
            }
            (Some("or"), value) => self.one_of(arguments, value),
            _ => Err(self.fault(Wrong::Type(called(shape), kind(value)))),
        }
    }

    fn is_among(&self, values: &[Value], value: &Value) -> bool {
        let is_same = |known: &Value| match (known, value) {
            (Value::String(known), Value::String(value)) if self.shapes.is_protocol_buffer => {
                known.eq_ignore_ascii_case(value)
            }
            (known, value) => known == value,
        };
        values.iter().any(is_same)
    }

    fn simple(&self, name: &str, value: &Value) -> Result<(), Fault> {
        let fits = match name {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            "base64" => value.as_str().is_some_and(is_base64),
            _ => true,
        };
        if fits { Ok(()) } else { Err(self.fault(Wrong::Type(name.to_owned(), kind(value)))) }
    }

    fn structure(&mut self, structure: &str, value: &Value) -> Result<(), Fault> {
        let Value::Object(members) = value else {
            return Err(self.fault(Wrong::Type("object".to_owned(), kind(value))));
        };
        let shape = &self.shapes.structures[structure];
        for (name, value) in members {
            let known = self.known(structure, shape, name);
            let Some((name, member)) = known else {
                if shape["open"] == true {
                    continue;
                }
                self.path.push(Step::Member(name.clone()));
                return Err(self.fault(Wrong::Unknown));
            };
            if self.shapes.is_protocol_buffer && value.is_null() {
                continue;
            }
            self.below(Step::Member(name.clone()), |check| {
                check.value(member, value)?;
                check.limits(&format!("{structure}.{name}"), value)
            })?;
        }
        let is_there = |name: &str| members.keys().any(|known| known == name || self.camel(known) == name);
        let required = shape["required"].as_object().into_iter().flat_map(Map::keys);
        if let Some(missing) = required.into_iter().find(|name| !is_there(name)) {
            self.path.push(Step::Member(missing.clone()));
            return Err(self.fault(Wrong::Missing));
        }
        Ok(())
    }

    /// The name and the shape of a member.
    fn known<'s>(&self, structure: &str, shape: &'s Value, name: &str) -> Option<(String, &'s Value)> {
        let find = |name: String| {
            let member = [&shape["required"][&name], &shape["optional"][&name]];
            let member = member.into_iter().find(|member| !member.is_null())?;
            let is_missing = self.without.iter().any(|absent| *absent == format!("{structure}.{name}"));
            (!is_missing).then_some((name, member))
        };
        find(name.to_owned()).or_else(|| find(self.camel(name)))
    }

    /// The name as protocol buffers have it in JSON, or itself elsewhere.
    fn camel(&self, name: &str) -> String {
        if self.shapes.is_protocol_buffer { camel(name) } else { name.to_owned() }
    }

    /// A value that fits any of the shapes; otherwise the fault of the one that it was most likely meant for.
    fn one_of(&mut self, shapes: &[Value], value: &Value) -> Result<(), Fault> {
        let mut best: Option<(bool, bool, usize, Fault)> = None;
        let mut forms: Vec<String> = Vec::new();
        for shape in shapes {
            let form = self.form(shape, value);
            let step = form.clone().ok().flatten().map(Step::Form);
            let before = self.path.len();
            self.path.extend(step);
            let checked = self.value(shape, value);
            self.path.truncate(before);
            let Err(fault) = checked else { return Ok(()) };
            if let Err(own) = &form {
                forms.extend(own.iter().cloned());
            }
            let is_right_kind = !matches!(&fault.wrong, Wrong::Type(..) if fault.path.len() <= before + 1);
            let rank = (form.is_ok(), is_right_kind, fault.path.len(), fault);
            if best.as_ref().is_none_or(|best| (rank.0, rank.1, rank.2) > (best.0, best.1, best.2)) {
                best = Some(rank);
            }
        }
        match best {
            // None of the forms, so that only the `type` itself can be said to be wrong.
            Some((false, ..)) if value["type"].is_string() && !forms.is_empty() => {
                self.path.push(Step::Member("type".to_owned()));
                let fault = self.fault(Wrong::Choice(forms));
                self.path.pop();
                Err(fault)
            }
            Some((.., fault)) => Err(fault),
            None => Ok(()),
        }
    }

    /// Which `type` a structure has that the value has, too; the ones that it could have otherwise.
    fn form(&self, shape: &Value, value: &Value) -> Result<Option<String>, Vec<String>> {
        let Some(structure) = shape.as_str().and_then(|name| name.strip_prefix('#')) else { return Ok(None) };
        let shape = &self.shapes.structures[structure];
        for name in ["type", "role"] {
            let member = [&shape["required"][name], &shape["optional"][name]];
            let Some(member) = member.into_iter().find(|member| member[0] == "enum") else { continue };
            let own = member.as_array().and_then(|member| member.get(1..)).unwrap_or_default();
            let said = &value[name];
            if said.is_null() && shape["required"][name].is_null() {
                continue;
            }
            if !own.contains(said) {
                return Err(own.iter().filter_map(Value::as_str).map(str::to_owned).collect());
            }
            if name == "type" {
                return Ok(said.as_str().map(str::to_owned));
            }
        }
        Ok(None)
    }

    fn limits(&self, member: &str, value: &Value) -> Result<(), Fault> {
        let limits = self.shapes.limits.iter().filter(|(known, _)| *known == member);
        match limits.map(|(_, limit)| *limit).find(|limit| !keeps(value, *limit)) {
            Some(limit) => Err(self.fault(Wrong::Limit(limit))),
            None => Ok(()),
        }
    }
}

/// Whether a value is within a limit; one of another type is, for another option of its shape allows it.
pub(crate) fn keeps(value: &Value, limit: Limit) -> bool {
    match (limit, value) {
        (Limit::Range(least, most), Value::Number(number)) => {
            number.as_f64().is_some_and(|number| (least..=most).contains(&number))
        }
        (Limit::Length(least, most), Value::String(text)) => (least..=most).contains(&text.chars().count()),
        (Limit::Items(least, most), Value::Array(items)) => (least..=most).contains(&items.len()),
        (Limit::Items(least, most), Value::Object(members)) => (least..=most).contains(&members.len()),
        (Limit::Pattern(pattern), Value::String(text)) => {
            Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|pattern| pattern.is_match(text))
        }
        _ => true,
    }
}

/// A name of protocol buffers as JSON has it: `maxOutputTokens` for `max_output_tokens`.
pub(super) fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| {
        let mut letters = part.chars();
        let initial = letters.next().map(|letter| letter.to_ascii_uppercase());
        name + &initial.map(String::from).unwrap_or_default() + letters.as_str()
    })
}

/// What a value is called.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// What a shape is called.
fn called(shape: &Value) -> String {
    match shape[0].as_str() {
        Some("list") => "array".to_owned(),
        _ => "object".to_owned(),
    }
}

/// RFC 4648 §4 or §5, padded or not: the JSON form of protocol buffers takes both.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    digits.len() % 4 != 1
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte))
}
