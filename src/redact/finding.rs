//! What a detector reports: where a private value stands, of which type, and how sure that is.
//!
//! [`settle`] makes of all reports those that are acted on: in order, and none over another. It does not know how
//! a value was found, and a finding never holds the value itself.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// The type of a value, by the name that Presidio gives it where it has one (`EMAIL_ADDRESS`, `US_SSN`), else
/// `<country>_<name>` in the same manner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(pub &'static str);

/// The names that operators chose.
static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

impl Kind {
    /// The type of this name, which an operator chose. A name is kept as long as the process lives, so this is for
    /// names of a configuration and not of a text.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(name) {
            return Self(known);
        }
        let kept: &'static str = Box::leak(Box::from(name));
        names.insert(kept);
        Self(kept)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// A private value in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The first byte of the value in the text.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
    /// How sure that is, from 0 to 100.
    pub score: u8,
}

/// The least score that counts as found.
pub const THRESHOLD: u8 = 50;

/// Keeps the findings that are sure enough, sorts them by place, and of those that overlap keeps the surest, and
/// of equally sure ones the longest.
pub fn settle(findings: &mut Vec<Finding>) {
    findings.retain(|finding| finding.score >= THRESHOLD && finding.start < finding.end);
    findings.sort_by(|one, other| one.start.cmp(&other.start).then(other.end.cmp(&one.end)));
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings.drain(..) {
        let rank = |of: &Finding| (of.score, of.end - of.start);
        let overlapping =
            kept.iter().rposition(|earlier| earlier.end <= finding.start).map_or(0, |at| at + 1);
        let beaten = kept.get(overlapping..).unwrap_or_default();
        if beaten.iter().all(|earlier| rank(earlier) < rank(&finding)) {
            kept.truncate(overlapping);
            kept.push(finding);
        }
    }
    *findings = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(start: usize, end: usize, kind: &'static str, score: u8) -> Finding {
        Finding { start, end, kind: Kind(kind), score }
    }

    #[test]
    fn the_surer_wins_then_the_longer() {
        let mut findings = vec![
            finding(20, 25, "LAST", 60),
            finding(0, 10, "LONG", 80),
            finding(0, 4, "SURE", 90),
            finding(5, 9, "SHORT", 80),
            finding(30, 40, "UNSURE", 49),
        ];
        settle(&mut findings);
        let kinds: Vec<&str> = findings.iter().map(|finding| finding.kind.0).collect();
        assert_eq!(kinds, ["SURE", "SHORT", "LAST"]);

        let mut findings = vec![finding(0, 4, "SHORT", 80), finding(0, 10, "LONG", 80)];
        settle(&mut findings);
        assert_eq!(findings, [finding(0, 10, "LONG", 80)]);
    }
}
