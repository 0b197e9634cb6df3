//! Reading a request in OpenAI's dialect: one pass, no copy of the body.
//!
//! Finds what decides where the request goes and how it will be answered, and where in the body those bytes
//! are, so that they can be edited in place. Everything else passes unread; whether it is what the provider
//! wants is the provider's to say.
//!
//! A member that is read here must not appear twice: JSON leaves open which one counts (RFC 8259, section 4),
//! and a provider that picks the other would serve something that was not checked.

use crate::dialect::request::{Delivery, Inspection};
use crate::dialect::{RequestFault, Surface};
use crate::framing::edit::Edit;
use crate::framing::json::{self, Kind, Span};

/// A member's value: where it is and what it is.
type Value = (Span, Kind);

#[derive(Default)]
struct Members {
    model: Option<Value>,
    stream: Option<Value>,
    stream_options: Option<Value>,
    max_tokens: Option<Value>,
    max_completion_tokens: Option<Value>,
    n: Option<Value>,
    best_of: Option<Value>,
    user: Option<Value>,
    prompt_bytes: usize,
    duplicate: Option<&'static str>,
}

impl Members {
    fn note(&mut self, key: &[u8], span: Span, kind: Kind) {
        let (name, place) = match key {
            b"model" => ("model", &mut self.model),
            b"stream" => ("stream", &mut self.stream),
            b"stream_options" => ("stream_options", &mut self.stream_options),
            b"max_tokens" => ("max_tokens", &mut self.max_tokens),
            b"max_completion_tokens" => ("max_completion_tokens", &mut self.max_completion_tokens),
            b"n" => ("n", &mut self.n),
            b"best_of" => ("best_of", &mut self.best_of),
            b"user" => ("user", &mut self.user),
            b"messages" | b"prompt" | b"input" | b"tools" => {
                self.prompt_bytes += span.end - span.start;
                return;
            }
            _ => return,
        };
        if place.replace((span, kind)).is_some() {
            self.duplicate = Some(name);
        }
    }
}

/// Reads the body of a request to `surface`.
///
/// # Errors
/// When the body is not one JSON object, or a member that decides the request's way is missing, repeated or
/// of the wrong type.
pub fn inspect(surface: Surface, body: &[u8]) -> Result<Inspection, RequestFault> {
    let mut found = Members::default();
    let object = json::members(body, |member| found.note(member.key.as_bytes(), member.value, member.kind))?;
    if let Some(name) = found.duplicate {
        return Err(RequestFault::DuplicateMember(name));
    }
    let invalid = |name, expected| RequestFault::InvalidMember { name, expected };
    let (model_span, model) = found
        .model
        .and_then(|(span, _)| Some((span, json::string(body, span)?)))
        .filter(|(_, model)| !model.is_empty())
        .ok_or_else(|| invalid("model", "the name of a model, as a string"))?;
    let streamed = match found.stream {
        None | Some((_, Kind::Null)) => false,
        Some((span, Kind::Boolean)) => span.of(body) == b"true",
        Some(_) => return Err(invalid("stream", "true or false")),
    };
    let delivery = if streamed && surface != Surface::Embeddings {
        stream_delivery(body, object, found.stream_options)?
    } else {
        Delivery::Whole
    };
    let number = |name, value: Option<Value>| match value {
        None | Some((_, Kind::Null)) => Ok(None),
        Some((span, _)) => {
            json::unsigned(body, span).map(Some).ok_or_else(|| invalid(name, "a whole number"))
        }
    };
    // Two limits on the same thing: the provider may heed either.
    let output_limit = number("max_tokens", found.max_tokens)?
        .max(number("max_completion_tokens", found.max_completion_tokens)?);
    let answers = number("n", found.n)?.max(number("best_of", found.best_of)?).unwrap_or(1).max(1);
    let user = match found.user {
        None | Some((_, Kind::Null)) => None,
        Some((span, _)) => {
            Some(json::string(body, span).ok_or_else(|| invalid("user", "a string"))?.into_owned())
        }
    };
    Ok(Inspection {
        model: model.into_owned(),
        model_span: Some(model_span),
        delivery,
        prompt_bytes: found.prompt_bytes,
        output_limit: output_limit.map(|limit| limit.saturating_mul(answers)),
        answers,
        user,
    })
}

/// How a stream can be made to end with its usage (API reference, `stream_options.include_usage`).
fn stream_delivery(body: &[u8], object: Span, options: Option<Value>) -> Result<Delivery, RequestFault> {
    let after_brace = |span: Span| Span { start: span.start + 1, end: span.start + 1 };
    let ask = |span, text: &str| Ok(Delivery::Stream(Edit { span, text: text.as_bytes().to_vec() }));
    let (span, kind) = match options {
        // The object is not empty (it names a model), so a comma always follows.
        None => return ask(after_brace(object), r#""stream_options":{"include_usage":true},"#),
        Some(value) => value,
    };
    match kind {
        Kind::Null => return ask(span, r#"{"include_usage":true}"#),
        Kind::Object => {}
        _ => {
            return Err(RequestFault::InvalidMember { name: "stream_options", expected: "an object" });
        }
    }
    let mut include: Option<Value> = None;
    let (mut repeated, mut empty) = (false, true);
    json::members_of(body, span, |member| {
        empty = false;
        if member.key == "include_usage" {
            repeated |= include.replace((member.value, member.kind)).is_some();
        }
    })?;
    match include {
        _ if repeated => Err(RequestFault::DuplicateMember("stream_options.include_usage")),
        None if empty => ask(after_brace(span), r#""include_usage":true"#),
        None => ask(after_brace(span), r#""include_usage":true,"#),
        Some((value, Kind::Boolean)) if value.of(body) == b"true" => Ok(Delivery::StreamWithUsage),
        Some((value, Kind::Boolean | Kind::Null)) => ask(value, "true"),
        Some(_) => Err(RequestFault::InvalidMember {
            name: "stream_options.include_usage",
            expected: "true or false",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::edit;

    fn read(body: &str) -> Result<Inspection, RequestFault> {
        inspect(Surface::ChatCompletions, body.as_bytes())
    }

    #[test]
    fn finds_the_model_whatever_the_order_and_the_spelling() {
        for (body, spelled) in [
            (r#"{"model":"gpt-4o","messages":[]}"#, r#""gpt-4o""#),
            (r#" {"messages":[{"model":"no"}], "model" : "gpt-4o" } "#, r#""gpt-4o""#),
            (r#"{"\u006dodel":"gpt\u002d4o"}"#, r#""gpt\u002d4o""#),
        ] {
            let found = read(body).unwrap();
            assert_eq!(found.model, "gpt-4o");
            assert_eq!(found.model_span.unwrap().of(body.as_bytes()), spelled.as_bytes());
            assert_eq!(found.delivery, Delivery::Whole);
        }
    }

    /// The edited body must ask for the usage, and otherwise say what it said before.
    #[test]
    fn asks_for_the_usage_of_a_stream() {
        for options in [
            "",
            r#","stream_options":null"#,
            r#","stream_options":{}"#,
            r#","stream_options":{ "include_obfuscation" : false }"#,
            r#","stream_options":{"include_usage":false,"include_obfuscation":false}"#,
            r#","stream_options":{"include_obfuscation":false,"include_usage":null}"#,
        ] {
            let body = format!(r#"{{"model":"m","stream":true{options},"messages":[]}}"#);
            let Delivery::Stream(change) = read(&body).unwrap().delivery else {
                panic!("{body}: not a stream without usage");
            };
            let reach = change.span.end;
            let mut edited = edit::apply(&mut [change], &body.as_bytes()[..reach]).unwrap();
            edited.extend_from_slice(&body.as_bytes()[reach..]);
            let mut expected: serde_json::Value = serde_json::from_str(&body).unwrap();
            expected["stream_options"]["include_usage"] = true.into();
            assert_eq!(serde_json::from_slice::<serde_json::Value>(&edited).unwrap(), expected, "{body}");
        }
    }

    #[test]
    fn leaves_a_client_that_asked_alone() {
        let body = r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#;
        assert_eq!(read(body).unwrap().delivery, Delivery::StreamWithUsage);
        assert_eq!(read(r#"{"model":"m","stream":false}"#).unwrap().delivery, Delivery::Whole);
        let embeddings = inspect(Surface::Embeddings, br#"{"model":"m","stream":true}"#).unwrap();
        assert_eq!(embeddings.delivery, Delivery::Whole);
    }

    #[test]
    fn refuses_what_two_readers_could_understand_differently() {
        for (body, name) in [
            (r#"{"model":"a","model":"b"}"#, "model"),
            (r#"{"model":"a","\u006dodel":"b"}"#, "model"),
            (r#"{"model":"a","stream":true,"stream":false}"#, "stream"),
            (r#"{"model":"a","stream":true,"stream_options":{},"stream_options":{}}"#, "stream_options"),
        ] {
            assert_eq!(read(body), Err(RequestFault::DuplicateMember(name)), "{body}");
        }
    }

    /// What may be generated: the API reference's `max_completion_tokens` (an upper bound for one choice), the
    /// older `max_tokens`, `n`, and `best_of` of the legacy completions.
    #[test]
    fn knows_how_much_may_be_generated() {
        for (members, limit, answers) in [
            ("", None, 1),
            (r#","max_tokens":100"#, Some(100), 1),
            (r#","max_completion_tokens":200,"max_tokens":100"#, Some(200), 1),
            (r#","max_tokens":100,"n":3"#, Some(300), 3),
            (r#","max_tokens":100,"n":2,"best_of":5"#, Some(500), 5),
            (r#","n":4"#, None, 4),
            (r#","max_tokens":null,"n":null"#, None, 1),
            (r#","max_tokens":18446744073709551615,"n":2"#, Some(u64::MAX), 2),
        ] {
            let found = read(&format!(r#"{{"model":"m"{members}}}"#)).unwrap();
            assert_eq!((found.output_limit, found.answers), (limit, answers), "{members}");
        }
        assert_eq!(read(r#"{"model":"m","user":"ada"}"#).unwrap().user.as_deref(), Some("ada"));
    }

    #[test]
    fn says_which_member_is_wrong() {
        for (body, wrong) in [
            ("{}", "model"),
            (r#"{"model":7}"#, "model"),
            (r#"{"model":""}"#, "model"),
            (r#"{"model":"m","stream":"yes"}"#, "stream"),
            (r#"{"model":"m","stream":true,"stream_options":[]}"#, "stream_options"),
            (r#"{"model":"m","max_tokens":-1}"#, "max_tokens"),
            (r#"{"model":"m","n":"2"}"#, "n"),
            (r#"{"model":"m","user":7}"#, "user"),
        ] {
            assert!(
                matches!(read(body), Err(RequestFault::InvalidMember { name, .. }) if name == wrong),
                "{body}"
            );
        }
        for body in ["", "[]", "{", r#"{"model":"m"} x"#, "{'model':1}"] {
            assert!(matches!(read(body), Err(RequestFault::Json(_))), "{body}");
        }
    }
}
