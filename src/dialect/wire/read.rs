//! A JSON object whose members are taken one by one.

use std::borrow::Cow;

use crate::chat::{Cause, Json, Losses};
use crate::dialect::RequestFault;
use crate::framing::json::{self, Kind, Span};

/// A value in a text that was checked as a whole.
#[derive(Clone, Copy)]
pub(in crate::dialect) struct Value<'a> {
    text: &'a [u8],
    span: Span,
    kind: Kind,
}

/// An object in a text that was checked as a whole.
pub(in crate::dialect) struct Object<'a> {
    /// Members that were not taken yet; those of value null are never in it.
    members: Vec<(Cow<'a, str>, Value<'a>)>,
    /// A member that was taken and stands there again.
    repeated: Option<&'static str>,
}

type Read<T> = Result<T, RequestFault>;

impl<'a> Value<'a> {
    pub(in crate::dialect) const fn is_string(self) -> bool {
        matches!(self.kind, Kind::String)
    }

    pub(in crate::dialect) const fn is_object(self) -> bool {
        matches!(self.kind, Kind::Object)
    }

    pub(in crate::dialect) const fn is_array(self) -> bool {
        matches!(self.kind, Kind::Array)
    }

    /// The value as it is written.
    pub(in crate::dialect) fn text(self) -> &'a str {
        std::str::from_utf8(self.span.of(self.text)).unwrap_or_default()
    }

    pub(in crate::dialect) fn json(self) -> Json {
        Json::checked(self.text())
    }

    pub(in crate::dialect) fn string(self) -> Option<Cow<'a, str>> {
        self.is_string().then(|| json::string(self.text, self.span)).flatten()
    }

    pub(in crate::dialect) fn unsigned(self) -> Option<u64> {
        json::unsigned(self.text, self.span)
    }

    pub(in crate::dialect) fn signed(self) -> Option<i64> {
        self.text().parse().ok()
    }

    /// A number that is not too large to be written again.
    pub(in crate::dialect) fn number(self) -> Option<f64> {
        (self.kind == Kind::Number)
            .then(|| self.text().parse().ok())
            .flatten()
            .filter(|n: &f64| n.is_finite())
    }

    pub(in crate::dialect) fn boolean(self) -> Option<bool> {
        (self.kind == Kind::Boolean).then(|| self.text() == "true")
    }

    pub(in crate::dialect) fn object(self) -> Option<Object<'a>> {
        self.is_object().then(|| Object::read(self.text, self.span, |key| key).ok()).flatten()
    }

    /// The object with the names of its members in camel case: the JSON form of protocol buffers accepts both
    /// that and the snake case of the definition (protobuf.dev, "ProtoJSON format").
    pub(in crate::dialect) fn camel_object(self) -> Option<Object<'a>> {
        self.is_object().then(|| Object::read(self.text, self.span, camel).ok()).flatten()
    }

    /// The elements; `None` unless it is an array.
    pub(in crate::dialect) fn elements(self) -> Option<Vec<Self>> {
        let mut elements = Vec::new();
        let each = |span, kind| elements.push(Self { text: self.text, span, kind });
        self.is_array().then(|| json::elements_of(self.text, self.span, each).ok()).flatten()?;
        Some(elements)
    }
}

fn camel(key: Cow<'_, str>) -> Cow<'_, str> {
    if !key.contains('_') {
        return key;
    }
    let mut words = key.split('_');
    let mut joined = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        joined.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        joined.push_str(letters.as_str());
    }
    Cow::Owned(joined)
}

impl<'a> Object<'a> {
    /// Reads a text that is one object.
    pub(in crate::dialect) fn parse(text: &'a [u8]) -> Result<Self, json::Error> {
        Self::read_whole(text, |key| key)
    }

    /// As [`Self::parse`], with names in camel case; see [`Value::camel_object`].
    pub(in crate::dialect) fn parse_camel(text: &'a [u8]) -> Result<Self, json::Error> {
        Self::read_whole(text, camel)
    }

    fn read_whole(text: &'a [u8], name: fn(Cow<'a, str>) -> Cow<'a, str>) -> Result<Self, json::Error> {
        // Checks all of the text, UTF-8 included; the second reading only notes what is where.
        let span = json::members(text, |_| {})?;
        Self::read(text, span, name)
    }

    fn read(text: &'a [u8], span: Span, name: fn(Cow<'a, str>) -> Cow<'a, str>) -> Result<Self, json::Error> {
        let mut members = Vec::new();
        json::members_of(text, span, |member| {
            if member.kind != Kind::Null {
                let value = Value { text, span: member.value, kind: member.kind };
                members.push((name(member.key.into_text()), value));
            }
        })?;
        Ok(Self { members, repeated: None })
    }

    /// Takes a member out; `None` also when it is null.
    pub(in crate::dialect) fn take(&mut self, key: &'static str) -> Option<Value<'a>> {
        let at = self.members.iter().position(|(name, _)| name == key)?;
        let (_, value) = self.members.remove(at);
        if self.members.iter().any(|(name, _)| name == key) {
            self.repeated = Some(key);
        }
        Some(value)
    }

    fn take_as<T>(
        &mut self,
        key: &'static str,
        expected: &'static str,
        read: impl FnOnce(Value<'a>) -> Option<T>,
    ) -> Read<Option<T>> {
        let Some(value) = self.take(key) else { return Ok(None) };
        read(value).map(Some).ok_or(RequestFault::InvalidMember { name: key, expected })
    }

    pub(in crate::dialect) fn string(&mut self, key: &'static str) -> Read<Option<String>> {
        self.take_as(key, "a string", |value| value.string().map(Cow::into_owned))
    }

    pub(in crate::dialect) fn unsigned(&mut self, key: &'static str) -> Read<Option<u64>> {
        self.take_as(key, "a whole number, not below zero", Value::unsigned)
    }

    pub(in crate::dialect) fn signed(&mut self, key: &'static str) -> Read<Option<i64>> {
        self.take_as(key, "a whole number", Value::signed)
    }

    pub(in crate::dialect) fn number(&mut self, key: &'static str) -> Read<Option<f64>> {
        self.take_as(key, "a number", Value::number)
    }

    pub(in crate::dialect) fn boolean(&mut self, key: &'static str) -> Read<Option<bool>> {
        self.take_as(key, "true or false", Value::boolean)
    }

    pub(in crate::dialect) fn object(&mut self, key: &'static str) -> Read<Option<Self>> {
        self.take_as(key, "an object", Value::object)
    }

    pub(in crate::dialect) fn camel_object(&mut self, key: &'static str) -> Read<Option<Self>> {
        self.take_as(key, "an object", Value::camel_object)
    }

    /// An object that is carried as it is written.
    pub(in crate::dialect) fn schema(&mut self, key: &'static str) -> Read<Option<Json>> {
        self.take_as(key, "an object", |value| value.is_object().then(|| value.json()))
    }

    /// The elements of an array; none when it is absent.
    pub(in crate::dialect) fn elements(&mut self, key: &'static str) -> Read<Vec<Value<'a>>> {
        Ok(self.take_as(key, "an array", Value::elements)?.unwrap_or_default())
    }

    /// The elements of an array of strings; none when it is absent.
    pub(in crate::dialect) fn strings(&mut self, key: &'static str) -> Read<Vec<String>> {
        let read = |value: Value<'a>| {
            value.elements()?.into_iter().map(|text| text.string().map(Cow::into_owned)).collect()
        };
        Ok(self.take_as(key, "an array of strings", read)?.unwrap_or_default())
    }

    /// A member that must be there.
    pub(in crate::dialect) fn required_string(&mut self, key: &'static str) -> Read<String> {
        self.string(key)?.ok_or(RequestFault::InvalidMember { name: key, expected: "a string" })
    }

    /// The string at `key`, or nothing: for answers, of which the gateway makes the best.
    pub(in crate::dialect) fn lenient_string(&mut self, key: &'static str) -> Option<String> {
        self.take(key).and_then(Value::string).map(Cow::into_owned)
    }

    /// The whole number at `key`, or zero.
    pub(in crate::dialect) fn count(&mut self, key: &'static str) -> u64 {
        self.take(key).and_then(Value::unsigned).unwrap_or(0)
    }

    /// The object at `key`, or nothing.
    pub(in crate::dialect) fn lenient_object(&mut self, key: &'static str) -> Option<Self> {
        self.take(key).and_then(Value::object)
    }

    /// The elements at `key`, or none.
    pub(in crate::dialect) fn lenient_elements(&mut self, key: &'static str) -> Vec<Value<'a>> {
        self.take(key).and_then(Value::elements).unwrap_or_default()
    }

    /// Forgets a member that carries nothing a client would miss.
    pub(in crate::dialect) fn ignore(&mut self, keys: &[&'static str]) {
        self.members.retain(|(name, _)| !keys.contains(&name.as_ref()));
    }

    /// The members that nobody took.
    ///
    /// # Errors
    /// When a member that was taken stands there twice: JSON leaves open which one counts (RFC 8259, section
    /// 4), so a policy may have read the other.
    pub(in crate::dialect) fn rest(self) -> Read<Vec<(String, Value<'a>)>> {
        match self.repeated {
            Some(name) => Err(RequestFault::DuplicateMember(name)),
            None => Ok(self.members.into_iter().map(|(name, value)| (name.into_owned(), value)).collect()),
        }
    }

    /// Ends the reading of a part of a request: what nobody took is lost, and noted as of `field`.
    ///
    /// # Errors
    /// As for [`Self::rest`].
    pub(in crate::dialect) fn lose_rest(self, field: &'static str, losses: &mut Losses) -> Read<()> {
        for (name, _) in self.rest()? {
            losses.note(field, Cause::Unknown(name));
        }
        Ok(())
    }
}
