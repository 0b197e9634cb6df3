//! Reading a request in any dialect: one pass, no copy of the body.
//!
//! Finds what decides where the request goes and how it will be answered, and where in the body those bytes are, so
//! that they can be edited in place. Everything else passes unread; whether it is what the provider wants is the
//! provider's to say.
//!
//! A member that is read here must not appear twice: JSON leaves open which one counts (RFC 8259, section 4), and a
//! provider that picks the other would serve something that was not checked.

use std::borrow::Cow;

use crate::framing::edit::Edit;
use crate::framing::json::{self, Kind, Span};

use super::{RequestFault, Surface, anthropic, gemini, openai};

/// What the gateway needs to know of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The name of the model that was asked for.
    pub model: String,
    /// Where in the body that name is, quotes included; `None` where the path has it.
    pub model_span: Option<Span>,
    /// How the answer comes.
    pub delivery: Delivery,
    /// The bytes of the members that make up the prompt.
    pub prompt_bytes: usize,
    /// The most tokens that the answer may have in all its choices; `None` when the request does not say.
    pub output_limit: Option<u64>,
    /// How many answers are generated (`n`, or `best_of` of which `n` are returned).
    pub answers: u64,
    /// The end user, in the caller's own terms.
    pub user: Option<String>,
}

/// How the answer comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// As one JSON text.
    Whole,
    /// As a stream that tells the usage, because the client asked for it or the dialect always does.
    StreamWithUsage,
    /// As a stream of which the client did not ask the usage; the edit asks for it.
    Stream(Edit),
}

/// Reads the body of a request to `surface`; `addressed` is the model that its path names, where it names one.
///
/// # Errors
/// When the body is not one JSON object, or a member that decides the request's way is missing, repeated or of the
/// wrong type.
pub fn inspect(surface: Surface, addressed: Option<&str>, body: &[u8]) -> Result<Inspection, RequestFault> {
    match surface {
        Surface::Messages | Surface::CountTokens | Surface::AnthropicModels => anthropic::inspect(body),
        Surface::Responses => openai::responses::inspect(body),
        Surface::GenerateContent | Surface::CountContents | Surface::GeminiModels => {
            gemini::inspect(addressed.unwrap_or_default(), false, body)
        }
        Surface::StreamGenerateContent => gemini::inspect(addressed.unwrap_or_default(), true, body),
        Surface::ChatCompletions
        | Surface::Completions
        | Surface::Embeddings
        | Surface::Models
        | Surface::Usage
        | Surface::Status => openai::request::inspect(surface, body),
    }
}

/// The request whose tokens are counted, where it is not the body itself: what `countTokens` of Gemini's API has in
/// `generateContentRequest` (reference, "models.countTokens").
#[must_use]
pub fn counted(surface: Surface, body: &[u8]) -> &[u8] {
    if surface == Surface::CountContents { gemini::counted(body) } else { body }
}

/// What a member of a request is to the gateway.
pub(super) enum Member {
    /// It decides something, under this name.
    Decides(&'static str),
    /// It is a part of the prompt.
    Prompt,
    /// It passes unread.
    Passes,
}

/// The members of an object that decide something.
pub(super) struct Members<'a> {
    text: &'a [u8],
    found: Vec<(&'static str, Span, Kind)>,
    /// The bytes of the prompt.
    pub(super) prompt_bytes: usize,
}

impl<'a> Members<'a> {
    /// Reads a text that is one object.
    pub(super) fn of_text(text: &'a [u8], member: impl Fn(&str) -> Member) -> Result<Self, RequestFault> {
        let mut members = Self { text, found: Vec::new(), prompt_bytes: 0 };
        let mut repeated = None;
        json::members(text, |each| members.note(&member, each, &mut repeated))?;
        repeated.map_or(Ok(members), |name| Err(RequestFault::DuplicateMember(name)))
    }

    /// Reads an object inside the same text.
    pub(super) fn of_object(
        &self,
        span: Span,
        member: impl Fn(&str) -> Member,
    ) -> Result<Self, RequestFault> {
        let mut members = Self { text: self.text, found: Vec::new(), prompt_bytes: 0 };
        let mut repeated = None;
        json::members_of(self.text, span, |each| members.note(&member, each, &mut repeated))?;
        repeated.map_or(Ok(members), |name| Err(RequestFault::DuplicateMember(name)))
    }

    fn note(
        &mut self,
        member: impl Fn(&str) -> Member,
        each: json::Member<'_>,
        repeated: &mut Option<&'static str>,
    ) {
        match member(&each.key) {
            Member::Decides(name) => {
                if self.found.iter().any(|(earlier, ..)| *earlier == name) {
                    *repeated = Some(name);
                }
                self.found.push((name, each.value, each.kind));
            }
            Member::Prompt => self.prompt_bytes += each.value.end - each.value.start,
            Member::Passes => {}
        }
    }

    /// The value of a member, unless it is null.
    fn value(&self, name: &str) -> Option<(Span, Kind)> {
        let (_, span, kind) = self.found.iter().find(|(found, ..)| *found == name)?;
        (*kind != Kind::Null).then_some((*span, *kind))
    }

    /// The model and where its name is.
    pub(super) fn model(&self) -> Result<(String, Span), RequestFault> {
        let fault =
            RequestFault::InvalidMember { name: "model", expected: "the name of a model, as a string" };
        let (span, _) = self.value("model").ok_or_else(|| fault.clone())?;
        let name = json::string(self.text, span).filter(|name| !name.is_empty()).ok_or(fault)?;
        Ok((name.into_owned(), span))
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<bool, RequestFault> {
        match self.value(name) {
            None => Ok(false),
            Some((span, Kind::Boolean)) => Ok(span.of(self.text) == b"true"),
            Some(_) => Err(RequestFault::InvalidMember { name, expected: "true or false" }),
        }
    }

    pub(super) fn unsigned(&self, name: &'static str) -> Result<Option<u64>, RequestFault> {
        let fault = RequestFault::InvalidMember { name, expected: "a whole number" };
        let number = |(span, _)| json::unsigned(self.text, span).ok_or(fault);
        self.value(name).map(number).transpose()
    }

    pub(super) fn string(&self, name: &'static str) -> Result<Option<String>, RequestFault> {
        let fault = RequestFault::InvalidMember { name, expected: "a string" };
        let text = |(span, _)| json::string(self.text, span).map(Cow::into_owned).ok_or(fault);
        self.value(name).map(text).transpose()
    }

    pub(super) fn object(
        &self,
        name: &'static str,
        member: impl Fn(&str) -> Member,
    ) -> Result<Option<Self>, RequestFault> {
        match self.value(name) {
            None => Ok(None),
            Some((span, Kind::Object)) => self.of_object(span, member).map(Some),
            Some(_) => Err(RequestFault::InvalidMember { name, expected: "an object" }),
        }
    }
}

/// How an answer comes in a dialect whose streams always tell the usage.
pub(super) const fn delivery(stream: bool) -> Delivery {
    if stream { Delivery::StreamWithUsage } else { Delivery::Whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests of the API references: Anthropic's "Create a Message" and "Count tokens in a Message", OpenAI's "Create
    /// a model response", Gemini's "GenerateContentRequest" in both spellings of its JSON.
    #[test]
    fn every_dialect_is_read() {
        let span = |body: &str| {
            let start = body.find("\"m-1\"").unwrap();
            Some(Span { start, end: start + 5 })
        };
        let messages = r#"{"max_tokens":100,"model":"m-1","system":"s","stream":true,"messages":[],"metadata":{"user_id":"ada"}}"#;
        let read = inspect(Surface::Messages, None, messages.as_bytes()).unwrap();
        let expected = Inspection {
            model: "m-1".to_owned(),
            model_span: span(messages),
            delivery: Delivery::StreamWithUsage,
            prompt_bytes: 3 + 2,
            output_limit: Some(100),
            answers: 1,
            user: Some("ada".to_owned()),
        };
        assert_eq!(read, expected);
        let responses = r#"{"model":"m-1","input":"Hi","instructions":"s","max_output_tokens":7,"safety_identifier":"eve","user":null}"#;
        let read = inspect(Surface::Responses, None, responses.as_bytes()).unwrap();
        let expected = Inspection {
            model_span: span(responses),
            delivery: Delivery::Whole,
            prompt_bytes: 4 + 3,
            output_limit: Some(7),
            user: Some("eve".to_owned()),
            ..expected
        };
        assert_eq!(read, expected);
        for (config, system, limit, count) in [
            ("generationConfig", "systemInstruction", "maxOutputTokens", "candidateCount"),
            ("generation_config", "system_instruction", "max_output_tokens", "candidate_count"),
        ] {
            let body = format!(r#"{{"contents":[],"{system}":{{}},"{config}":{{"{limit}":5,"{count}":3}}}}"#);
            let read = inspect(Surface::StreamGenerateContent, Some("m-1"), body.as_bytes()).unwrap();
            let expected = Inspection {
                model: "m-1".to_owned(),
                model_span: None,
                delivery: Delivery::StreamWithUsage,
                prompt_bytes: 2 + 2,
                output_limit: Some(15),
                answers: 3,
                user: None,
            };
            assert_eq!(read, expected, "{body}");
        }
    }

    #[test]
    fn what_two_readers_could_understand_differently_is_refused() {
        for (surface, body, name) in [
            (Surface::Messages, r#"{"model":"a","\u006dodel":"b"}"#, "model"),
            (Surface::Messages, r#"{"model":"a","stream":true,"stream":false}"#, "stream"),
            (Surface::Messages, r#"{"model":"a","metadata":{"user_id":"a","user_id":"b"}}"#, "user_id"),
            (
                Surface::Responses,
                r#"{"model":"a","max_output_tokens":1,"max_output_tokens":2}"#,
                "max_output_tokens",
            ),
            (
                Surface::GenerateContent,
                r#"{"generationConfig":{},"generation_config":{}}"#,
                "generationConfig",
            ),
            (
                Surface::GenerateContent,
                r#"{"generationConfig":{"maxOutputTokens":1,"max_output_tokens":9}}"#,
                "maxOutputTokens",
            ),
        ] {
            let read = inspect(surface, Some("m"), body.as_bytes());
            assert_eq!(read, Err(RequestFault::DuplicateMember(name)), "{body}");
        }
    }

    #[test]
    fn a_member_of_the_wrong_type_is_named() {
        for (surface, body, wrong) in [
            (Surface::Messages, "{}", "model"),
            (Surface::Messages, r#"{"model":"m","stream":1}"#, "stream"),
            (Surface::Messages, r#"{"model":"m","max_tokens":-1}"#, "max_tokens"),
            (Surface::Messages, r#"{"model":"m","metadata":"ada"}"#, "metadata"),
            (Surface::Responses, r#"{"model":""}"#, "model"),
            (Surface::Responses, r#"{"model":"m","user":1}"#, "user"),
            (Surface::GenerateContent, r#"{"generationConfig":[]}"#, "generationConfig"),
        ] {
            let read = inspect(surface, Some("m"), body.as_bytes());
            assert!(
                matches!(read, Err(RequestFault::InvalidMember { name, .. }) if name == wrong),
                "{body}: {read:?}"
            );
        }
        assert!(matches!(inspect(Surface::Messages, None, b"[]"), Err(RequestFault::Json(_))));
    }
}
