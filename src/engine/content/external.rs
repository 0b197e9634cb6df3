//! What a service of the operator's says about a request before it goes on, and about its answer.
//!
//! Of a request it is told what is said by users, tools and documents, as the provider would read it: without the values
//! that were taken out; of an answer, what the model says. Two forms are known, that of OpenAI's moderation and a plain
//! one; what is neither counts as no answer.
//! Deliberately unknown here: how the service is called, and how a request or an answer waits for it.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::body::{self, Form};
use crate::config::compiled::content::{External, ExternalForm};
use crate::engine::exchange::Prompt;
use crate::identity::caller::Caller;

/// The rule's name in metrics and logs, and how it begins in refusals.
pub const RULE: &str = "external";

/// So much of an answer is read, in bytes.
pub const LONGEST_ANSWER: usize = 256 << 10;

/// A question.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// Who is asked.
    pub to: Rc<External>,
    /// The body of the call: JSON.
    pub body: Prompt,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The request may go on.
    Passes,
    /// It breaks the rule of this name.
    Breaks(Arc<str>),
    /// Nothing came that is an answer.
    Unanswered,
}

/// Who is to be asked about the answer to a request, and in whose name.
#[derive(Clone, Debug)]
pub struct Hearing {
    /// Who is asked.
    pub to: Rc<External>,
    /// Who called.
    pub caller: Rc<Caller>,
    /// The logical model.
    pub model: String,
}

impl Hearing {
    /// The question about an answer that says this; none where it says nothing.
    #[must_use]
    pub fn inquire<'a>(&self, said: impl Iterator<Item = &'a str>) -> Option<Inquiry> {
        question(&self.to, &self.caller, &self.model, Some("answer"), said)
    }
}

/// The question about a request of `caller` to `model`; none where nobody says anything in it.
#[must_use]
pub fn inquire(to: &Rc<External>, caller: &Caller, model: &str, body: &[u8]) -> Option<Inquiry> {
    let texts = body::texts(std::str::from_utf8(body).ok()?);
    let said = texts.all.iter().filter(|text| text.source.is_some() && text.form == Form::Text);
    question(to, caller, model, None, said.map(|text| &*text.says))
}

/// The question about texts, and about what they are where that is not a request.
fn question<'a>(
    to: &Rc<External>,
    caller: &Caller,
    model: &str,
    about: Option<&str>,
    said: impl Iterator<Item = &'a str>,
) -> Option<Inquiry> {
    let said: Vec<&str> = said.filter(|says| !says.trim().is_empty()).collect();
    if said.is_empty() {
        return None;
    }
    let mut body = match &to.form {
        ExternalForm::OpenAiModeration { model } => json!({"model": model, "input": said}),
        ExternalForm::Http => {
            json!({"text": said.join("\n\n"), "key": caller.key, "team": caller.team, "model": model})
        }
    };
    if let (Some(about), ExternalForm::Http, Some(members)) = (about, &to.form, body.as_object_mut()) {
        members.insert("about".to_owned(), about.into());
    }
    Some(Inquiry { to: Rc::clone(to), body: Prompt(body.to_string().into_bytes()) })
}

/// What an answer says, by its status, if there is one, and its body.
#[must_use]
pub fn judge(form: &ExternalForm, status: Option<u16>, answer: &[u8]) -> Judgement {
    let verdict = match (form, status) {
        (ExternalForm::OpenAiModeration { .. }, Some(200..300)) => moderation(answer),
        (ExternalForm::Http, Some(200..300)) => plain(answer),
        _ => None,
    };
    verdict.unwrap_or(Judgement::Unanswered)
}

/// OpenAI's API reference, "The moderation object".
#[derive(Deserialize)]
struct Moderation {
    results: Vec<Moderated>,
}

#[derive(Deserialize)]
struct Moderated {
    flagged: bool,
    #[serde(default)]
    categories: BTreeMap<String, Option<bool>>,
}

fn moderation(answer: &[u8]) -> Option<Judgement> {
    let Moderation { results } = serde_json::from_slice(answer).ok()?;
    if results.is_empty() {
        return None;
    }
    let Some(flagged) = results.iter().find(|result| result.flagged) else { return Some(Judgement::Passes) };
    let category = flagged.categories.iter().find(|(_, holds)| **holds == Some(true));
    Some(Judgement::Breaks(named(category.map(|(name, _)| name.as_str()))))
}

#[derive(Deserialize)]
struct Plain {
    action: PlainAction,
    rule: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum PlainAction {
    Pass,
    Block,
}

fn plain(answer: &[u8]) -> Option<Judgement> {
    let Plain { action, rule } = serde_json::from_slice(answer).ok()?;
    Some(match action {
        PlainAction::Pass => Judgement::Passes,
        PlainAction::Block => Judgement::Breaks(named(rule.as_deref())),
    })
}

/// The rule as a client is told of it. What is no name of a rule might be a text, and is not told.
fn named(rule: Option<&str>) -> Arc<str> {
    let is_name = |rule: &&str| {
        (1..=64).contains(&rule.len())
            && rule.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte))
    };
    rule.filter(is_name).map_or_else(|| RULE.into(), |rule| format!("{RULE}: {rule}").into())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::config::compiled::content::OnError;
    use crate::config::compiled::{ModelAccess, Priority, Scheme, Webhook};

    fn external(form: ExternalForm) -> Rc<External> {
        let address =
            Webhook { scheme: Scheme::Http, authority: "guard.test".to_owned(), path: "/".to_owned() };
        let cluster = "guard:".to_owned();
        let (requests, answers, on_error) = (true, None, OnError::Block);
        Rc::new(External { cluster, address, timeout_ms: 1000, form, on_error, requests, answers })
    }

    fn asked(form: ExternalForm, body: &str) -> Option<Value> {
        let caller = Caller {
            key: "app".to_owned(),
            restriction: None,
            operator: false,
            team: "science".to_owned(),
            environment: None,
            models: ModelAccess::All,
            priority: Priority::Normal,
            scopes: Vec::new(),
        };
        let inquiry = inquire(&external(form), &caller, "chat", body.as_bytes())?;
        serde_json::from_slice(&inquiry.body.0).ok()
    }

    fn moderated() -> ExternalForm {
        ExternalForm::OpenAiModeration { model: "omni-moderation-latest".to_owned() }
    }

    const CHAT: &str = r#"{"model":"chat","messages":[{"role":"system","content":"Be kind."},
        {"role":"user","content":"one \"two\""},{"role":"assistant","content":"no"},
        {"role":"tool","tool_call_id":"call_1","content":"three"}]}"#;

    #[test]
    fn it_is_told_what_others_than_the_application_say() {
        let expected = json!({"model": "omni-moderation-latest", "input": ["one \"two\"", "three"]});
        assert_eq!(asked(moderated(), CHAT), Some(expected));
        let expected =
            json!({"text": "one \"two\"\n\nthree", "key": "app", "team": "science", "model": "chat"});
        assert_eq!(asked(ExternalForm::Http, CHAT), Some(expected));
        assert_eq!(asked(moderated(), r#"{"messages":[{"role":"system","content":"x"}]}"#), None);
    }

    /// The object of OpenAI's reference, shortened.
    #[test]
    fn a_moderation_is_read() {
        let judged = |answer: &str| judge(&moderated(), Some(200), answer.as_bytes());
        let flagged = r#"{"id":"modr-1","model":"omni-moderation-latest","results":[
            {"flagged":false,"categories":{"violence":false}},
            {"flagged":true,"categories":{"sexual":false,"illicit":null,"harassment/threatening":true,"violence":true},
             "category_scores":{"sexual":0.1}}]}"#;
        assert_eq!(judged(flagged), Judgement::Breaks("external: harassment/threatening".into()));
        assert_eq!(judged(r#"{"results":[{"flagged":false}]}"#), Judgement::Passes);
        assert_eq!(judged(r#"{"results":[{"flagged":true}]}"#), Judgement::Breaks("external".into()));
        for garbage in
            ["", "{}", r#"{"results":[]}"#, r#"{"results":[{}]}"#, "<html>", r#"{"action":"pass"}"#]
        {
            assert_eq!(judged(garbage), Judgement::Unanswered, "{garbage}");
        }
        assert_eq!(judge(&moderated(), Some(500), flagged.as_bytes()), Judgement::Unanswered);
        assert_eq!(judge(&moderated(), None, b""), Judgement::Unanswered);
    }

    #[test]
    fn a_plain_answer_is_read() {
        let judged = |answer: &str| judge(&ExternalForm::Http, Some(200), answer.as_bytes());
        assert_eq!(judged(r#"{"action":"pass","note":1}"#), Judgement::Passes);
        assert_eq!(
            judged(r#"{"action":"block","rule":"PII.v2"}"#),
            Judgement::Breaks("external: PII.v2".into())
        );
        let text = r#"{"action":"block","rule":"he said \"one\""}"#;
        assert_eq!(judged(text), Judgement::Breaks("external".into()), "a text is not repeated");
        for garbage in [r#"{"action":"maybe"}"#, r#"{"rule":"x"}"#, "pass", "[]"] {
            assert_eq!(judged(garbage), Judgement::Unanswered, "{garbage}");
        }
    }
}
