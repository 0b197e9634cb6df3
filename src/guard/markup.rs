//! Markup in answers that acts when it is shown: images that carry data to somebody's server, and scripts.
//!
//! An answer that a client renders loads its images at once; an injected order to "add an image" is how a
//! conversation leaves without a click (OWASP Top 10 for LLM applications, LLM02 and LLM05). Code in fences and in
//! backticks is shown as text, and left alone. Nothing here knows who the client is.

pub mod stream;

use std::ops::Range;

/// What markup does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MarkupRule {
    /// An image whose address carries data.
    ImageLink,
    /// A script, a frame, a handler or an address that runs code.
    Script,
}

impl MarkupRule {
    /// The stable name in metrics, logs and refusals.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::ImageLink => "image-exfiltration",
            Self::Script => "active-markup",
        }
    }
}

/// One piece of such markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkupHit {
    /// What it does.
    pub rule: MarkupRule,
    /// Its bytes in the answer.
    pub place: Range<usize>,
}

/// Tags whose content runs or loads, in lower case.
const ACTIVE: &[&str] = &["script", "iframe", "object", "embed", "link", "meta", "base", "form"];
/// The longest address and tag that is looked at.
const LONGEST: usize = 4096;
/// From so many bytes of query, or of one path segment without a dot, an address carries more than a name.
const LEAST_QUERY: usize = 12;
const LEAST_SEGMENT: usize = 40;

/// All such markup in `text`; images from `hosts` may carry what they like.
#[must_use]
pub fn find(text: &str, hosts: &[String]) -> Vec<MarkupHit> {
    let mut hits = Vec::new();
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(['!', '<', '`', ']'])) {
        let start = at + found;
        let Some(rest) = text.get(start..) else { break };
        let hit = match rest.as_bytes().first() {
            Some(b'`') => {
                at = start + code(rest);
                continue;
            }
            Some(b'<') => tag(rest, hosts),
            Some(b'!') => image(rest, hosts),
            _ => script_link(rest),
        };
        at = start + 1;
        if let Some((rule, length)) = hit {
            hits.push(MarkupHit { rule, place: start..start + length });
            at = start + length;
        }
    }
    hits
}

/// The length of code in backticks: up to as many of them as open it, or only those when nothing closes it.
fn code(rest: &str) -> usize {
    let ticks = rest.bytes().take_while(|byte| *byte == b'`').count();
    let (fence, body) = rest.split_at_checked(ticks).unwrap_or((rest, ""));
    match body.find(fence) {
        Some(end) => ticks + end + ticks,
        // A fence that is still open shows all that follows as code.
        None if ticks >= 3 => rest.len(),
        None => ticks,
    }
}

/// `![…](address)`, of CommonMark §6.4.
fn image(rest: &str, hosts: &[String]) -> Option<(MarkupRule, usize)> {
    let label = rest.strip_prefix("![")?;
    let close = head(label).find("](")?;
    let address = label.get(close + 2..)?;
    let end = head(address).find([')', '\n'])?;
    let target = address.get(..end)?.trim_start_matches(['<', ' ']);
    carries(target, hosts).then_some((MarkupRule::ImageLink, 2 + close + 2 + end + 1))
}

/// `](javascript:…)`, the end of a link that runs code.
fn script_link(rest: &str) -> Option<(MarkupRule, usize)> {
    let target = rest.strip_prefix("](")?;
    let end = head(target).find([')', '\n'])?;
    runs(target.get(..end)?).then_some((MarkupRule::Script, 2 + end + 1))
}

fn head(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text)
}

/// What addresses begin with that run code.
const SCHEMES: [&str; 3] = ["javascript:", "vbscript:", "data:text/html"];

fn runs(address: &str) -> bool {
    let address = address.trim_start().to_ascii_lowercase();
    SCHEMES.iter().any(|scheme| address.starts_with(scheme))
}

/// Whether a tag begins here: with a letter (WHATWG HTML, "Tag open state").
fn opens_tag(rest: &str) -> bool {
    rest.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic)
}

/// The name of the tag that begins here.
fn name(rest: &str) -> &str {
    let inner = rest.get(1..).unwrap_or_default();
    inner.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default()
}

/// Whether the content of an element with this name runs or loads.
fn is_active(name: &str) -> bool {
    ACTIVE.iter().any(|active| name.eq_ignore_ascii_case(active))
}

/// A tag of HTML that runs or loads.
fn tag(rest: &str, hosts: &[String]) -> Option<(MarkupRule, usize)> {
    opens_tag(rest).then_some(())?;
    let end = head(rest).find('>')?;
    let inner = rest.get(1..end)?.to_ascii_lowercase();
    let name = &*name(rest).to_ascii_lowercase();
    if is_active(name) {
        let close = format!("</{name}");
        let body = head(rest.get(end + 1..)?).to_ascii_lowercase();
        let length = match body.find(&close) {
            Some(closing) => {
                end + 1
                    + closing
                    + close.len()
                    + usize::from(body.get(closing + close.len()..)?.starts_with('>'))
            }
            None => end + 1,
        };
        return Some((MarkupRule::Script, length));
    }
    let handler = inner.split_ascii_whitespace().skip(1).any(|attribute| {
        attribute
            .strip_prefix("on")
            .and_then(|rest| rest.split_once('='))
            .is_some_and(|(event, _)| event.bytes().all(|byte| byte.is_ascii_lowercase()))
    });
    let original = rest.get(1..end)?;
    let address = |attribute: &str| {
        let at = inner.find(attribute)? + attribute.len();
        let value = original.get(at..)?.trim_start_matches(['"', '\'', ' ']);
        value.split(['"', '\'', ' ']).next()
    };
    if handler || ["href=", "src=", "action="].iter().any(|name| address(name).is_some_and(runs)) {
        return Some((MarkupRule::Script, end + 1));
    }
    let loads = matches!(name, "img" | "image" | "video" | "audio" | "source")
        && address("src=").is_some_and(|target| carries(target, hosts));
    loads.then_some((MarkupRule::ImageLink, end + 1))
}

/// Whether an address of another server carries more than the name of an image.
fn carries(address: &str, hosts: &[String]) -> bool {
    let lower = address.to_ascii_lowercase();
    let Some(rest) = lower
        .strip_prefix("https://")
        .or_else(|| lower.strip_prefix("http://"))
        .or_else(|| lower.strip_prefix("//"))
    else {
        return false;
    };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = host.rsplit('@').next().unwrap_or(host);
    let host = host.split(':').next().unwrap_or(host);
    let own = |allowed: &String| {
        let allowed = allowed.to_ascii_lowercase();
        host == allowed || host.strip_suffix(&allowed).is_some_and(|sub| sub.ends_with('.'))
    };
    if hosts.iter().any(own) {
        return false;
    }
    let (path, query) = path.split_once(['?', '#']).unwrap_or((path, ""));
    // A long label in front of the domain leaves with the look-up of the name already.
    query.len() >= LEAST_QUERY
        || path.split('/').any(|segment| segment.len() >= LEAST_SEGMENT)
        || host.split('.').any(|label| label.len() >= LEAST_SEGMENT)
        || address.contains("{{")
        || address.contains("%7B%7B")
}
