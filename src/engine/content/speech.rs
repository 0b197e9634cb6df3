//! One text that a model says piece by piece, screened on its way.
//!
//! A text that is a JSON document, as the arguments of a tool call and structured output are, is screened string by
//! string, each with the name of its member before it, and stays one: what stands in a string is quoted anew, and a
//! number that is a value becomes a string. What only begins like a document is a plain text from there on where it
//! cannot be one any more.

use super::prompt::Blocked;
use super::screening::Screening;
use crate::framing::json;
use crate::guard::markup::MarkupRule;
use crate::guard::markup::stream::Passage;
use crate::redact::find_all;
use crate::redact::mask::Vault;
use crate::redact::window::Window;

/// Documents that go deeper are plain texts.
const DEEPEST: usize = 128;

/// A text on its way.
pub(super) enum Speech {
    /// Nothing was said yet but spaces.
    Silent,
    /// A plain text.
    Plain(Said),
    /// A document.
    Document(Box<Document>),
}

/// What screens a text, and all that it may hold on to: the request's vault.
pub(super) struct Ear<'a> {
    pub(super) screening: &'a mut Screening,
    pub(super) vault: &'a mut Vault,
}

impl Speech {
    /// A text of which nothing was said yet.
    pub(super) const fn new() -> Self {
        Self::Silent
    }

    /// Takes the next piece, and appends what passes to `out`.
    pub(super) fn push(&mut self, ear: &mut Ear<'_>, piece: &str, out: &mut String) -> Result<(), Blocked> {
        match self {
            Self::Silent => {
                let says = piece.trim_start();
                out.push_str(piece.strip_suffix(says).unwrap_or_default());
                *self = match says.as_bytes().first() {
                    None => return Ok(()),
                    Some(b'{' | b'[') => Self::Document(Box::default()),
                    Some(_) => Self::Plain(Said::default()),
                };
                self.push(ear, says, out)
            }
            Self::Plain(said) => said.push(ear, piece, out),
            Self::Document(document) => {
                let Some(rest) = document.push(ear, piece, out)? else { return Ok(()) };
                let mut said = Said::default();
                said.push(ear, &rest, out)?;
                *self = Self::Plain(said);
                Ok(())
            }
        }
    }

    /// Appends what waited to `out`, for the text is complete.
    pub(super) fn finish(&mut self, ear: &mut Ear<'_>, out: &mut String) -> Result<(), Blocked> {
        match self {
            Self::Silent => Ok(()),
            Self::Plain(said) => said.finish(ear, out),
            Self::Document(document) => document.finish(ear, out),
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Silent => true,
            Self::Plain(said) => said.is_empty(),
            Self::Document(document) => document.is_empty(),
        }
    }
}

/// A plain text on its way.
#[derive(Default)]
pub(super) struct Said {
    window: Window,
    passage: Passage,
    told: Option<MarkupRule>,
}

impl Said {
    /// A text that is the value of a member with this name.
    fn named(name: &str) -> Self {
        Self { window: Window::after(&context(name)), ..Self::default() }
    }

    fn push(&mut self, ear: &mut Ear<'_>, piece: &str, out: &mut String) -> Result<(), Blocked> {
        let mut masked = String::new();
        let window = &mut self.window;
        let masking = ear.screening.masking(ear.vault, |masking| window.push(piece, masking, &mut masked));
        let (passes, outcome) = match masking {
            Some(outcome) => (masked.as_str(), outcome),
            None => (piece, Ok(())),
        };
        self.judge(ear, passes, false, out)?;
        outcome
    }

    fn finish(&mut self, ear: &mut Ear<'_>, out: &mut String) -> Result<(), Blocked> {
        let mut masked = String::new();
        let window = &mut self.window;
        let masking = ear.screening.masking(ear.vault, |masking| window.finish(masking, &mut masked));
        self.judge(ear, &masked, true, out)?;
        masking.unwrap_or(Ok(()))
    }

    fn judge(
        &mut self,
        ear: &mut Ear<'_>,
        text: &str,
        complete: bool,
        out: &mut String,
    ) -> Result<(), Blocked> {
        let passage = &mut self.passage;
        let judged = ear.screening.judging(&mut self.told, |judging| {
            passage.push(text, judging, out)?;
            if complete { passage.finish(judging, out) } else { Ok(()) }
        });
        judged.unwrap_or_else(|| {
            out.push_str(text);
            Ok(())
        })
    }

    const fn is_empty(&self) -> bool {
        self.window.is_empty() && self.passage.is_empty()
    }
}

/// What stands before a member's value for whoever searches it.
fn context(name: &str) -> String {
    format!("{}: ", name.replace(['_', '-'], " "))
}

/// A JSON document on its way.
#[derive(Default)]
pub(super) struct Document {
    place: Place,
    /// The containers around, each with whether it is an object.
    around: Vec<bool>,
    /// The name of the member whose value comes.
    name: String,
    /// Whether the next string is the name of a member.
    naming: bool,
    /// Whether the outermost value is complete.
    ended: bool,
}

#[derive(Default)]
enum Place {
    /// Between values.
    #[default]
    Between,
    /// In a number or a word.
    Token(String),
    /// In a string: what it says, and a part of an escape.
    Text { said: Said, says: String, escape: String },
}

/// An escape that is being read.
enum Escape {
    Open,
    Complete(String),
    Invalid,
}

impl Document {
    /// Takes the next piece, and appends what passes to `out`; gives back the rest where it is no document any more.
    fn push(&mut self, ear: &mut Ear<'_>, piece: &str, out: &mut String) -> Result<Option<String>, Blocked> {
        let mut rest = piece;
        while let Some(next) = rest.chars().next() {
            if let Place::Text { said, says, escape } = &mut self.place {
                if escape.is_empty() {
                    let plain = rest.find(['"', '\\']).unwrap_or(rest.len());
                    let (text, after) = rest.split_at_checked(plain).unwrap_or((rest, ""));
                    if !text.is_empty() {
                        if self.naming {
                            says.push_str(text);
                        }
                        quoted(|passes| said.push(ear, text, passes), out)?;
                        rest = after;
                        continue;
                    }
                }
                rest = rest.get(next.len_utf8()..).unwrap_or_default();
                if escape.is_empty() && next == '"' {
                    quoted(|passes| said.finish(ear, passes), out)?;
                    out.push('"');
                    if self.naming {
                        self.name = std::mem::take(says);
                    }
                    self.place = Place::Between;
                    self.ended = self.around.is_empty();
                    continue;
                }
                escape.push(next);
                match read(escape) {
                    Escape::Open => {}
                    Escape::Complete(text) => {
                        escape.clear();
                        if self.naming {
                            says.push_str(&text);
                        }
                        quoted(|passes| said.push(ear, &text, passes), out)?;
                    }
                    Escape::Invalid => {
                        quoted(|passes| said.finish(ear, passes), out)?;
                        return Ok(Some(std::mem::take(escape) + rest));
                    }
                }
                continue;
            }
            if let Place::Token(token) = &mut self.place {
                if next.is_ascii_alphanumeric() || "+-.".contains(next) {
                    token.push(next);
                    if token.len() > DEEPEST {
                        return Ok(Some(std::mem::take(token) + rest.get(1..).unwrap_or_default()));
                    }
                    rest = rest.get(1..).unwrap_or_default();
                    continue;
                }
                let token = std::mem::take(token);
                self.place = Place::Between;
                if !self.token(ear, &token, out)? {
                    return Ok(Some(token + rest));
                }
                continue;
            }
            if !self.between(next, out) {
                return Ok(Some(rest.to_owned()));
            }
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
        Ok(None)
    }

    /// Takes a character between values; says whether it may stand there.
    fn between(&mut self, next: char, out: &mut String) -> bool {
        let is_object = self.around.last().copied();
        match next {
            ' ' | '\t' | '\r' | '\n' => {}
            _ if self.ended => return false,
            '{' | '[' if self.around.len() < DEEPEST => {
                self.around.push(next == '{');
                self.naming = next == '{';
            }
            '}' | ']' if is_object == Some(next == '}') => {
                self.around.pop();
                self.ended = self.around.is_empty();
            }
            ',' if is_object.is_some() => self.naming = is_object == Some(true),
            ':' if is_object == Some(true) && self.naming => self.naming = false,
            '"' => {
                let said = if self.naming { Said::default() } else { Said::named(&self.name) };
                self.place = Place::Text { said, says: String::new(), escape: String::new() };
            }
            '-' | '0'..='9' | 'a'..='z' if !self.naming => {
                self.place = Place::Token(next.to_string());
                return true;
            }
            _ => return false,
        }
        out.push(next);
        true
    }

    /// Appends a number or word that is complete; says whether it is one.
    fn token(&mut self, ear: &mut Ear<'_>, token: &str, out: &mut String) -> Result<bool, Blocked> {
        if matches!(token, "true" | "false" | "null") {
            out.push_str(token);
            return Ok(true);
        }
        if token.parse::<f64>().is_err() {
            return Ok(false);
        }
        let named = context(&self.name) + token;
        let masked = ear.screening.masking(ear.vault, |masking| {
            let findings = find_all(&named, masking.settings);
            let own = findings.into_iter().find(|finding| finding.end > named.len() - token.len());
            // A number goes as a whole: what is left of it would be another one.
            let Some(own) =
                own.map(|own| crate::redact::finding::Finding { start: 0, end: token.len(), ..own })
            else {
                return Ok(None);
            };
            (masking.found)(own.kind);
            let masked = masking.vault.mask(token, &[own], masking.rules)?;
            Ok((masked != token).then_some(masked))
        });
        match masked.transpose()?.flatten() {
            Some(masked) => {
                let mut written = Vec::with_capacity(masked.len() + 2);
                json::write_string(&mut written, &masked);
                out.push_str(&String::from_utf8_lossy(&written));
            }
            None => out.push_str(token),
        }
        Ok(true)
    }

    /// Appends what waited to `out`: a document that ends early may be one that was cut off.
    fn finish(&mut self, ear: &mut Ear<'_>, out: &mut String) -> Result<(), Blocked> {
        match std::mem::take(&mut self.place) {
            Place::Between => Ok(()),
            Place::Token(token) => {
                if !self.token(ear, &token, out)? {
                    let mut said = Said::default();
                    said.push(ear, &token, out)?;
                    said.finish(ear, out)?;
                }
                Ok(())
            }
            Place::Text { mut said, .. } => quoted(|passes| said.finish(ear, passes), out),
        }
    }

    fn is_empty(&self) -> bool {
        match &self.place {
            Place::Between => true,
            Place::Token(_) => false,
            Place::Text { said, escape, .. } => said.is_empty() && escape.is_empty(),
        }
    }
}

/// Appends what passes as it stands between the quotes of a string, also where nothing more does.
fn quoted(pass: impl FnOnce(&mut String) -> Result<(), Blocked>, out: &mut String) -> Result<(), Blocked> {
    let mut passes = String::new();
    let outcome = pass(&mut passes);
    let mut written = Vec::with_capacity(passes.len() + 2);
    json::write_string(&mut written, &passes);
    let inside = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
    out.push_str(&String::from_utf8_lossy(inside));
    outcome
}

/// Reads an escape (RFC 8259 §7), with its other half where it is one of a pair.
fn read(escape: &str) -> Escape {
    let unit = |at: usize| escape.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let bytes = escape.as_bytes();
    let complete = match bytes.get(1) {
        None => return Escape::Open,
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => true,
        Some(b'u') => match (bytes.len(), unit(2)) {
            (..6, _) if bytes.iter().skip(2).all(u8::is_ascii_hexdigit) => false,
            (..6, _) | (_, None) => return Escape::Invalid,
            (6, Some(0xd800..=0xdbff)) => false,
            (6, _) => true,
            (7, _) if bytes.get(6) == Some(&b'\\') => false,
            (8, _) if bytes.get(7) == Some(&b'u') => false,
            (9..12, _) if bytes.iter().skip(8).all(u8::is_ascii_hexdigit) => false,
            (12, _) => true,
            _ => return Escape::Invalid,
        },
        Some(_) => return Escape::Invalid,
    };
    if !complete {
        return Escape::Open;
    }
    let string = format!("\"{escape}\"");
    let span = json::Span { start: 0, end: string.len() };
    match json::string(string.as_bytes(), span) {
        Some(text) => Escape::Complete(text.into_owned()),
        None => Escape::Invalid,
    }
}
