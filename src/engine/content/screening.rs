//! Screening what a model says: private values are taken out by the answers' own rules, markup that acts by the guard's,
//! and structured output is held against its schema.
//!
//! What stands where is read as in prompts ([`super::body`]), so that only identifiers, structure and media are passed
//! over. A value that was put back from the request's vault is the caller's own, and is not looked at: whoever calls
//! this does so before anything is put back. The probabilities of tokens say the text once more, in pieces; they go.
//!
//! Promises: nothing passes that could not be read; counts know types and rules, never a value.

use std::rc::Rc;

use super::body::{self, Texts};
use super::prompt::{Blocked, Change, Judge, Masker};
use super::structured::Expected;
use super::{Redactor, Screen};
use crate::dialect::translate::Dialect;
use crate::framing::edit::{self, Edit};
use crate::framing::json::{self, Kind, Span, Token};
use crate::guard::markup::MarkupRule;
use crate::guard::markup::stream::Judging;
use crate::guard::policy::{Action as GuardAction, Policy as Guard, STRUCTURED_OUTPUT, UNCHECKED_OUTPUT};
use crate::observe::record::Found;
use crate::redact::finding;
use crate::redact::mask::{Rules, Vault};
use crate::redact::window::Masking;

/// Members that tell the probabilities of tokens, with the tokens.
const PROBABILITIES: [&str; 2] = ["logprobs", "logprobsResult"];

/// Members of a response that repeat its request (OpenAI's reference, "The response object"): what stands there are the
/// caller's own words.
const ECHOES: [&str; 9] = [
    "instructions",
    "metadata",
    "prompt",
    "prompt_cache_key",
    "safety_identifier",
    "text",
    "tool_choice",
    "tools",
    "user",
];

/// Base 64 of so many bytes and more is media; no detector can read it.
const MEDIA: usize = 1024;

/// What screens the answer to one request.
pub struct Screening {
    redactor: Option<Rc<Redactor>>,
    guard: Option<Rc<Guard>>,
    expected: Option<Expected>,
    tally: Found,
}

/// Why an answer does not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It says what may not be said.
    Blocked(Blocked),
    /// It is not what its request's schema asks for.
    Mismatched,
    /// It cannot be read.
    Unreadable,
}

/// What came of holding a text against a schema, where it passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// It is what was asked for.
    Fits,
    /// It is not, or nobody knows, and that was counted.
    Counted,
}

impl Screen {
    /// What screens the answer to this request of a client's dialect, as it goes to a provider, where anything does.
    #[must_use]
    pub fn answers(&self, dialect: Dialect, request: &[u8]) -> Option<Screening> {
        let redactor = self.redaction.as_ref().filter(|redactor| redactor.answers.is_some());
        let guard = self.guard.as_ref();
        let expected = guard
            .filter(|guard| guard.structured_output().is_some())
            .and_then(|_| Expected::of(dialect, request));
        let guard = guard.filter(|guard| guard.markup().is_some() || expected.is_some());
        (redactor.is_some() || guard.is_some()).then(|| Screening {
            redactor: redactor.map(Rc::clone),
            guard: guard.map(Rc::clone),
            expected,
            tally: Found::default(),
        })
    }
}

impl Screening {
    /// A whole answer, which was found valid, without what may not stand in it; `None` when it stays as it is.
    ///
    /// # Errors
    /// When it is not to pass at all.
    pub fn whole(&mut self, vault: &mut Vault, answer: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        if !self.held_against_schema(answer) {
            return Err(Fault::Mismatched);
        }
        if !self.screens_texts() {
            return Ok(None);
        }
        let changes = self.changes(vault, answer, &[], true)?;
        if changes.is_empty() {
            return Ok(None);
        }
        let mut edits: Vec<Edit> = changes.into_iter().map(Edit::from).collect();
        edits.extend(without_probabilities(answer));
        let rest = answer.get(edit::reach(&edits)..).unwrap_or_default();
        let mut screened = edit::apply(&mut edits, answer).ok_or(Fault::Unreadable)?;
        screened.extend_from_slice(rest);
        Ok(Some(screened))
    }

    /// Whether texts are changed, or judged piece by piece.
    pub(super) fn screens_texts(&self) -> bool {
        self.redactor.is_some() || self.guard.as_ref().is_some_and(|guard| guard.markup().is_some())
    }

    /// Whether texts have to be a document of a schema.
    pub(super) const fn expects_output(&self) -> bool {
        self.expected.is_some()
    }

    /// Whether an answer may pass as far as its request's schema goes.
    fn held_against_schema(&mut self, answer: &[u8]) -> bool {
        let broken = self.expected.as_ref().and_then(|expected| expected.broken(answer));
        broken.is_none_or(|rule| self.tolerates(rule))
    }

    /// What the request's schema says of a text that is complete, and whether it may pass.
    ///
    /// # Errors
    /// When it may not.
    pub(super) fn output(&mut self, text: &str) -> Result<Output, Fault> {
        match self.expected.as_ref().and_then(|expected| expected.broken_by(text)) {
            None => Ok(Output::Fits),
            Some(rule) if self.tolerates(rule) => Ok(Output::Counted),
            Some(_) => Err(Fault::Mismatched),
        }
    }

    /// A text has become too long to be held against a schema.
    ///
    /// # Errors
    /// When what was not held against it may not pass.
    pub(super) fn output_too_long(&mut self) -> Result<(), Fault> {
        let action = self.guard.as_ref().and_then(|guard| guard.structured_output());
        self.tally.rule(UNCHECKED_OUTPUT, GuardAction::Observe.name());
        if action == Some(GuardAction::Block) { Err(Fault::Unreadable) } else { Ok(()) }
    }

    /// Counts a rule of structured output that is broken; says whether the answer passes all the same.
    fn tolerates(&mut self, rule: &'static str) -> bool {
        let Self { guard, tally, .. } = self;
        let Some(action) = guard.as_ref().and_then(|guard| guard.structured_output()) else { return true };
        let action = if rule == STRUCTURED_OUTPUT { action } else { GuardAction::Observe };
        tally.rule(rule, action.name());
        action != GuardAction::Block
    }

    /// What of a valid document does not stay as it is, but for the strings at `passed`. What is found counts only where
    /// it is said for the first time.
    ///
    /// # Errors
    /// As for [`Self::whole`].
    pub(super) fn changes(
        &mut self,
        vault: &mut Vault,
        document: &[u8],
        passed: &[Span],
        counts: bool,
    ) -> Result<Vec<Change>, Fault> {
        let document = std::str::from_utf8(document).map_err(|_| Fault::Unreadable)?;
        let Texts { mut all, free } = body::texts(document);
        let mut silent: Vec<Span> =
            probabilities(document.as_bytes()).into_iter().map(|(span, _)| span).collect();
        silent.extend(echoes(document.as_bytes()));
        let inside = |span: Span| silent.iter().any(|of| of.start <= span.start && span.end <= of.end);
        all.retain(|text| !passed.contains(&text.span) && !inside(text.span) && !is_media(&text.says));
        let mut masker = Masker {
            redactor: self.redactor.as_deref(),
            rules: self.rules(),
            judge: self.guard.as_deref().map(Judge::Answer),
            root: document,
            vault: std::mem::take(vault),
            avoided: true,
            tally: Found::default(),
        };
        let changes = masker.changes(document, Texts { all, free }, 0);
        *vault = masker.vault;
        if counts || changes.is_err() {
            self.tally.add(masker.tally);
        }
        changes.map_err(Fault::Blocked)
    }

    fn rules(&self) -> Option<&Rules> {
        self.redactor.as_ref().and_then(|redactor| redactor.answers.as_ref())
    }

    /// What was found so far; it is counted anew from here on.
    pub fn take_tally(&mut self) -> Found {
        std::mem::take(&mut self.tally)
    }

    /// Calls `each` with what masks a text that comes in pieces, where values are looked for.
    pub(super) fn masking<T>(
        &mut self,
        vault: &mut Vault,
        each: impl FnOnce(&mut Masking<'_>) -> Result<T, finding::Kind>,
    ) -> Option<Result<T, Blocked>> {
        let Self { redactor, tally, .. } = self;
        let Redactor { settings, answers, .. } = &**redactor.as_ref()?;
        let rules = answers.as_ref()?;
        let mut found = |kind: finding::Kind| {
            *tally.values.entry((kind.0, rules.action(kind).name())).or_default() += 1;
        };
        let masked = each(&mut Masking { settings, rules, vault, found: &mut found });
        Some(masked.map_err(|kind| Blocked::Value(kind.0)))
    }

    /// Calls `each` with what judges the markup of a text that comes in pieces, where it is judged. A text that breaks the
    /// same rule several times, of which `told` is the latest, counts once.
    pub(super) fn judging<T>(
        &mut self,
        told: &mut Option<MarkupRule>,
        each: impl FnOnce(&mut Judging<'_>) -> Result<T, MarkupRule>,
    ) -> Option<Result<T, Blocked>> {
        let Self { guard, tally, .. } = self;
        let (action, hosts) = guard.as_ref()?.markup()?;
        let mut found = |rule: MarkupRule| {
            if told.replace(rule) != Some(rule) {
                *tally.rules.entry((rule.id().into(), action.name())).or_default() += 1;
            }
            if action == GuardAction::Warn {
                tally.warning.get_or_insert_with(|| rule.id().into());
            }
        };
        let judged = each(&mut Judging { action, hosts, found: &mut found });
        Some(judged.map_err(|rule| Blocked::Rule(rule.id().into())))
    }
}

/// Where a valid document tells the probabilities of tokens, and as what: a list or an object.
pub(super) fn probabilities(document: &[u8]) -> Vec<(Span, Kind)> {
    let mut found = Vec::new();
    if PROBABILITIES.iter().all(|name| memchr::memmem::find(document, name.as_bytes()).is_none()) {
        return found;
    }
    let (mut named, mut depth, mut inside) = (false, 0_usize, None);
    json::walk(document, Span { start: 0, end: document.len() }, |token| match token {
        Token::Key(span) => {
            named = json::string(document, span).is_some_and(|key| PROBABILITIES.contains(&&*key));
        }
        Token::Open(kind, start) => {
            depth += 1;
            if named && inside.is_none() {
                inside = Some((start, kind, depth));
            }
            named = false;
        }
        Token::Close(end) => {
            if let Some((start, kind, _)) = inside.take_if(|(.., at)| *at == depth) {
                found.push((Span { start, end }, kind));
            }
            depth = depth.saturating_sub(1);
        }
        Token::Value(..) => named = false,
    });
    found
}

/// Where a valid document of OpenAI's responses, whole or within an event, repeats its request.
fn echoes(document: &[u8]) -> Vec<Span> {
    let whole = Span { start: 0, end: document.len() };
    let (mut found, mut response, mut is_response) = (Vec::new(), None, false);
    let read = |span: Span, each: &mut dyn FnMut(json::Member<'_>)| {
        // It was found valid, and a list has no members.
        let _ = json::members_of(document, span, each);
    };
    let mut gather = |member: &json::Member<'_>, is_response: &mut bool| {
        *is_response |= member.key == "object" && member.value.of(document) == b"\"response\"";
        if ECHOES.contains(&&*member.key) {
            found.push(member.value);
        }
    };
    read(whole, &mut |member| {
        if member.key == "response" && member.kind == Kind::Object {
            response = Some(member.value);
        }
        gather(&member, &mut is_response);
    });
    if let Some(response) = response.filter(|_| !is_response) {
        read(response, &mut |member| gather(&member, &mut is_response));
    }
    if is_response { found } else { Vec::new() }
}

/// The edits that take the probabilities of tokens out of a valid document.
pub(super) fn without_probabilities(document: &[u8]) -> impl Iterator<Item = Edit> {
    let nothing = |kind| if kind == Kind::Array { b"[]".to_vec() } else { b"null".to_vec() };
    probabilities(document).into_iter().map(move |(span, kind)| Edit { span, text: nothing(kind) })
}

/// Whether a text is nothing but encoded media.
fn is_media(text: &str) -> bool {
    let encoded = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte);
    text.len() >= MEDIA && text.bytes().all(encoded)
}
