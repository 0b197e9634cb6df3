//! Finding private values in text, and what is put in their place.
//!
//! [`find_all`] reports what stands where. The way of a text: [`normal`] takes off disguises and remembers the way
//! back; [`scan`] passes over it once and lets the families of [`detect`] judge what it meets; [`finding`] settles
//! overlaps. Whether a weak format counts depends on the words around it ([`context`]).
//!
//! Promises: nothing is built per request (the tables once per worker, on first use); the work is linear in the
//! text, whatever it says; no panic from any text. It does not know messages, dialects or streams: whoever has
//! those hands over texts. Names of persons, streets and places are out of scope: they take a model.

mod candidate;
mod check;
mod context;
mod detect;
pub mod finding;
mod fold;
mod format;
pub mod mask;
mod normal;
mod scan;

#[cfg(test)]
mod tests;

use finding::{Finding, Kind, settle};

/// What an operator exempts.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Types that are not looked for.
    pub disabled: Vec<Kind>,
    /// Values that are nobody's, such as addresses of documentation, compared without regard to ASCII case; one
    /// that starts with `@` or `.` exempts every value that ends so.
    pub exempt: Vec<String>,
}

impl Settings {
    fn exempts(&self, value: &str) -> bool {
        let ends_with = |end: &str| {
            let tail = value.len().checked_sub(end.len()).and_then(|at| value.get(at..));
            tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
        };
        self.exempt.iter().any(|own| match own.starts_with(['@', '.']) {
            true => ends_with(own),
            false => value.eq_ignore_ascii_case(own),
        })
    }
}

/// The private values in a text, in order and without overlap; places are in bytes and on character boundaries.
#[must_use]
pub fn find_all(text: &str, settings: &Settings) -> Vec<Finding> {
    let normal = normal::normalise(text);
    let mut findings = scan::scan(&normal.text);
    for finding in &mut findings {
        let (start, end) = normal.original(finding.start, finding.end);
        finding.start = text.floor_char_boundary(start);
        finding.end = text.ceil_char_boundary(end);
    }
    if !settings.disabled.is_empty() || !settings.exempt.is_empty() {
        findings.retain(|finding| {
            let value = text.get(finding.start..finding.end).unwrap_or_default();
            !settings.disabled.contains(&finding.kind) && !settings.exempts(value)
        });
    }
    settle(&mut findings);
    findings
}
