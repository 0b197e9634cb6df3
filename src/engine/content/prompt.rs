//! Screening a request's body: what is found is taken out of it in place, or refuses it.
//!
//! A text that is itself a JSON document, as the arguments of a tool call are, is screened from within, so that it
//! stays one. Everything that nothing was found in keeps its bytes.

use std::borrow::Cow;
use std::sync::Arc;

use super::body::{self, Form, Text, Texts};
use super::{Redactor, Screen};
use crate::framing::edit::{self, Edit};
use crate::framing::json::{self, Span};
use crate::guard::policy::{Action as GuardAction, Policy as Guard, TAKEN_OUT};
use crate::observe::record::Found;
use crate::redact::finding::{Finding, Kind, settle};
use crate::redact::mask::{Rules, Vault};
use crate::redact::{find_across, find_all};

/// How deep documents within documents are looked into; a deeper one is a text.
const DEEPEST: usize = 8;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// It holds a value of this type.
    Value(&'static str),
    /// It breaks this rule.
    Rule(Arc<str>),
}

/// What screening came to.
#[derive(Default)]
pub struct Screened {
    /// The body that goes on, when it is not the client's own.
    pub body: Option<Vec<u8>>,
    /// The values that answers get back.
    pub vault: Vault,
    /// Why nothing goes on.
    pub blocked: Option<Blocked>,
    /// What was found.
    pub tally: Found,
}

/// Screens a body that has been found to be valid JSON.
#[must_use]
pub fn screen(screen: &Screen, body: &[u8]) -> Screened {
    let mut screened = Screened::default();
    let Ok(body) = std::str::from_utf8(body) else { return screened };
    let redactor = screen.redaction.as_deref();
    let mut masker = Masker {
        redactor,
        rules: redactor.map(|redactor| &redactor.rules),
        judge: screen.guard.as_deref().map(Judge::Prompt),
        root: body,
        vault: Vault::new(),
        avoided: false,
        tally: Found::default(),
    };
    if redactor.is_some_and(|redactor| redactor.answers.is_some()) {
        masker.avoid();
    }
    let texts = body::texts(body);
    match masker.document(body, texts, 0) {
        Ok(changed) => screened.body = changed.map(String::into_bytes),
        Err(blocked) => screened.blocked = Some(blocked),
    }
    screened.vault = masker.vault;
    screened.tally = masker.tally;
    screened
}

/// What a guard judges.
#[derive(Clone, Copy)]
pub(super) enum Judge<'a> {
    /// What goes to a model.
    Prompt(&'a Guard),
    /// What a model says.
    Answer(&'a Guard),
}

/// Takes out of texts what may not stand in them.
pub(super) struct Masker<'a> {
    pub(super) redactor: Option<&'a Redactor>,
    pub(super) rules: Option<&'a Rules>,
    pub(super) judge: Option<Judge<'a>>,
    pub(super) root: &'a str,
    pub(super) vault: Vault,
    /// Whether the vault knows which placeholders the prompt has of its own.
    pub(super) avoided: bool,
    pub(super) tally: Found,
}

/// A text that does not stay as it is.
pub(super) struct Change {
    /// The token.
    pub(super) span: Span,
    /// What takes its place, before it is quoted.
    pub(super) says: String,
}

impl Masker<'_> {
    /// The document with everything taken out; `None` when nothing was.
    fn document(
        &mut self,
        document: &str,
        texts: Texts<'_>,
        depth: usize,
    ) -> Result<Option<String>, Blocked> {
        let changes = self.changes(document, texts, depth)?;
        if changes.is_empty() {
            return Ok(None);
        }
        let mut edits: Vec<Edit> = changes.into_iter().map(Edit::from).collect();
        let rest = document.get(edit::reach(&edits)..).unwrap_or_default();
        let changed =
            edit::apply(&mut edits, document.as_bytes()).and_then(|head| String::from_utf8(head).ok());
        Ok(changed.map(|head| head + rest))
    }

    /// What of the document does not stay as it is.
    pub(super) fn changes(
        &mut self,
        document: &str,
        texts: Texts<'_>,
        depth: usize,
    ) -> Result<Vec<Change>, Blocked> {
        let Texts { mut all, free } = texts;
        let mut changes = Vec::new();
        let mut judged = vec![false; all.len()];
        if let Some(judge) = self.judge {
            for (text, judged) in all.iter_mut().zip(&mut judged) {
                *judged = self.judge(judge, text, depth)?;
            }
        }
        let mut findings = match self.redactor {
            Some(redactor) => found(redactor, document, &all, &free),
            None => vec![Vec::new(); all.len()],
        };
        for ((text, findings), judged) in all.iter().zip(&mut findings).zip(judged) {
            let inner = match inner(text, depth) {
                true => self.document(&text.says, body::free_texts(&text.says), depth + 1)?,
                false => self.masked(text, findings)?,
            };
            let says = match inner {
                Some(says) => says,
                None if judged => text.says.to_string(),
                None => continue,
            };
            changes.push(Change { span: text.span, says });
        }
        Ok(changes)
    }

    /// Judges a text; says whether something was taken out of it.
    fn judge(&mut self, judge: Judge<'_>, text: &mut Text<'_>, depth: usize) -> Result<bool, Blocked> {
        let verdict = match (judge, text.source) {
            (Judge::Prompt(guard), Some(source)) => guard.check(&text.says, source),
            // The texts of a document within are judged each.
            (Judge::Answer(guard), _) if !inner(text, depth) => guard.check_answer(&text.says),
            _ => return Ok(false),
        };
        let (Some(rule), Some(action)) = (verdict.rule, verdict.action) else { return Ok(false) };
        let rule: Arc<str> = rule.into();
        *self.tally.rules.entry((Arc::clone(&rule), action.name())).or_default() += 1;
        if action == GuardAction::Warn {
            self.tally.warning.get_or_insert_with(|| Arc::clone(&rule));
        }
        if action == GuardAction::Block {
            return Err(Blocked::Rule(rule));
        }
        if verdict.redact.is_empty() {
            return Ok(false);
        }
        let mut says = String::with_capacity(text.says.len());
        let mut copied = 0;
        for place in &verdict.redact {
            says.push_str(text.says.get(copied..place.start).unwrap_or_default());
            says.push_str(TAKEN_OUT);
            copied = place.end;
        }
        says.push_str(text.says.get(copied..).unwrap_or_default());
        text.says = Cow::Owned(says);
        Ok(true)
    }

    /// The text with the values taken out; `None` when it stays as it is.
    fn masked(&mut self, text: &Text<'_>, findings: &mut [Finding]) -> Result<Option<String>, Blocked> {
        let Some(rules) = self.rules.filter(|_| !findings.is_empty()) else { return Ok(None) };
        if !self.avoided {
            self.avoid();
        }
        for finding in findings.iter() {
            let action = rules.action(finding.kind);
            *self.tally.values.entry((finding.kind.0, action.name())).or_default() += 1;
        }
        let blocked = |kind: Kind| Blocked::Value(kind.0);
        let masked = self.vault.mask(&text.says, findings, rules).map_err(blocked)?;
        Ok((masked != text.says).then_some(masked))
    }

    fn avoid(&mut self) {
        self.avoided = true;
        avoid(&mut self.vault, &body::texts(self.root), 0);
    }
}

impl From<Change> for Edit {
    fn from(change: Change) -> Self {
        let mut text = Vec::with_capacity(change.says.len() + 2);
        json::write_string(&mut text, &change.says);
        Self { span: change.span, text }
    }
}

/// Tells the vault of everything in the prompt that looks like a placeholder.
fn avoid(vault: &mut Vault, texts: &Texts<'_>, depth: usize) {
    for text in &texts.all {
        vault.avoid(&text.says);
        if inner(text, depth) {
            avoid(vault, &body::free_texts(&text.says), depth + 1);
        }
    }
}

/// Whether a text is a document of its own.
fn inner(text: &Text<'_>, depth: usize) -> bool {
    let says = text.says.as_bytes();
    let whole = Span { start: 0, end: says.len() };
    text.form == Form::Text
        && depth < DEEPEST
        && match says.trim_ascii_start().first() {
            Some(b'{') => json::members_of(says, whole, |_| {}).is_ok(),
            Some(b'[') => json::elements_of(says, whole, |_, _| {}).is_ok(),
            _ => false,
        }
}

/// The values in each text.
fn found(redactor: &Redactor, document: &str, texts: &[Text<'_>], free: &[Span]) -> Vec<Vec<Finding>> {
    let settings = &redactor.settings;
    let mut all: Vec<Vec<Finding>> = Vec::with_capacity(texts.len());
    let mut rest = texts;
    while let Some((first, after)) = rest.split_first() {
        let alike = after.iter().take_while(|text| text.group == first.group).count();
        let (group, after) = match first.group {
            Some(_) => rest.split_at_checked(alike + 1).unwrap_or((rest, &[])),
            None => (std::slice::from_ref(first), after),
        };
        match group {
            [one] => all.push(within(one, settings)),
            several => {
                let parts: Vec<&str> = several.iter().map(|text| &*text.says).collect();
                all.extend(find_across(&parts, settings));
            }
        }
        rest = after;
    }
    for span in free {
        let Some(raw) = document.get(span.start..span.end) else { continue };
        // What stands in a neighbouring member may be what tells a number from another.
        for finding in find_all(raw, settings) {
            let (start, end) = (finding.start + span.start, finding.end + span.start);
            let at = texts.partition_point(|text| text.span.end <= start);
            let (Some(text), Some(own)) = (texts.get(at), all.get_mut(at)) else { continue };
            let quote = usize::from(text.form != Form::Number);
            let inside = text.span.start + quote <= start && end + quote <= text.span.end;
            let is_plain = text.says.len() + 2 * quote == text.span.end - text.span.start;
            if inside && is_plain {
                let from = text.span.start + quote;
                add(own, Finding { start: start - from, end: end - from, ..finding });
            }
        }
    }
    for (text, findings) in texts.iter().zip(&mut all) {
        settle(findings);
        if text.form == Form::Number && !findings.is_empty() {
            // A number goes as a whole: what is left of it would be another one.
            for finding in findings.iter_mut() {
                (finding.start, finding.end) = (0, text.says.len());
            }
            findings.truncate(1);
        }
    }
    all
}

/// The values in one text, of which the name of its member may say what they are.
fn within(text: &Text<'_>, settings: &crate::redact::Settings) -> Vec<Finding> {
    let mut findings = find_all(&text.says, settings);
    let Some(name) = &text.name else { return findings };
    let named = format!("{}: {}", name.replace(['_', '-'], " "), text.says);
    let from = named.len() - text.says.len();
    let shifted = find_all(&named, settings).into_iter().filter(|finding| finding.start >= from);
    for finding in shifted {
        add(&mut findings, Finding { start: finding.start - from, end: finding.end - from, ..finding });
    }
    settle(&mut findings);
    findings
}

/// Adds what only its surroundings say: never a part of what is known without them.
fn add(findings: &mut Vec<Finding>, finding: Finding) {
    let is_known = |known: &Finding| {
        let overlaps = known.start < finding.end && finding.start < known.end;
        overlaps && !(finding.start <= known.start && known.end <= finding.end)
    };
    if !findings.iter().any(is_known) {
        findings.push(finding);
    }
}
