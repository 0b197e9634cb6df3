//! How long it pays to wait for a provider that asks to be left alone for a while.
//!
//! Envoy waits before the next attempt for as long as [`WAIT_HEADER`] says, and else for a random moment only. The
//! adapter writes that field where waiting helps: when the next attempt is at the same target, and the wait is within
//! the model's patience. Otherwise the next attempt, which may be at another target, comes at once.
//!
//! Deliberately unknown here: times of day, which a field may also give (RFC 9110, section 10.2.3); providers of
//! language models give seconds.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::effect::Effect;
use super::fields::WAIT_HEADER;
use super::headers::Headers;
use crate::config::compiled::{self, target_cluster};

/// The attempts that a chain has at each target, and how long each may be waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patience {
    longest: Duration,
    /// Targets by the names of their clusters, with the attempts after the first.
    retries: Vec<(String, u32)>,
}

impl Patience {
    /// The patience of a model.
    #[must_use]
    pub fn new(model: &compiled::Model) -> Self {
        let retries = model.targets.iter().map(|one| (target_cluster(&one.target), one.retries));
        Self { longest: Duration::from_millis(model.patience_ms), retries: retries.collect() }
    }
}

/// Whose turn it is, of one request's attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    patience: Rc<Patience>,
    /// The place of the latest attempt's target, and the attempts there so far.
    latest: Cell<(usize, u32)>,
}

impl Turns {
    /// Before the first attempt.
    #[must_use]
    pub const fn new(patience: Rc<Patience>) -> Self {
        Self { patience, latest: Cell::new((0, 0)) }
    }

    /// An attempt at `target` begins.
    pub fn begin(&self, target: &str) {
        let Some(place) = self.patience.retries.iter().position(|(name, _)| name == target) else { return };
        let (before, count) = self.latest.get();
        self.latest.set((place, if place == before { count.saturating_add(1) } else { 1 }));
    }

    /// The attempt was answered. Where that was a refusal for the time being, Envoy is told how long to wait.
    pub fn answered(&self, headers: &Headers, effects: &mut Vec<Effect>) {
        if !matches!(headers.status(), Some(429 | 503 | 529)) {
            return;
        }
        let (place, count) = self.latest.get();
        let has_retry = self.patience.retries.get(place).is_some_and(|(_, retries)| count <= *retries);
        let wait = wait(headers).filter(|wait| !wait.is_zero() && *wait <= self.patience.longest);
        if let Some(wait) = wait.filter(|_| has_retry) {
            // Envoy reads whole seconds.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let value = seconds.to_string().into_bytes();
            effects.push(Effect::SetResponseHeader(Cow::Borrowed(WAIT_HEADER), value));
        }
    }
}

/// How long a provider wants to be left alone: `retry-after-ms` (Azure and OpenAI), `retry-after` in seconds
/// (RFC 9110, section 10.2.3), or the reset of the limit that has nothing left (OpenAI's guide, "Rate limits").
fn wait(headers: &Headers) -> Option<Duration> {
    let number = |name| headers.text(name)?.trim().parse::<f64>().ok();
    let milliseconds = || number("retry-after-ms").map(|milliseconds| milliseconds / 1000.0);
    if let Some(seconds) = milliseconds().or_else(|| number("retry-after")) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let resets = [
        ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
        ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ];
    let reset = |(remaining, reset)| {
        let exhausted = headers.text(remaining) == Some("0");
        headers.text(reset).filter(|_| exhausted).and_then(span)
    };
    resets.into_iter().filter_map(reset).max()
}

/// A duration as OpenAI writes the resets of its limits, such as `1s`, `6m0s` or `1h2m3.5s` or `20ms`.
fn span(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let units = [("ms", 0.001), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];
        let (scale, tail) = units.iter().find_map(|(unit, scale)| Some((scale, tail.strip_prefix(unit)?)))?;
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * scale).ok()?;
        total = total.checked_add(part)?;
        rest = tail;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The target `a/m` has one retry, and `b/m` none.
    fn turns() -> Turns {
        let retries = vec![("a/m".to_owned(), 1), ("b/m".to_owned(), 0)];
        Turns::new(Rc::new(Patience { longest: Duration::from_secs(2), retries }))
    }

    fn told(turns: &Turns, fields: &[(&str, &str)]) -> Option<String> {
        let mut effects = Vec::new();
        turns.answered(&fields.iter().copied().collect(), &mut effects);
        effects.into_iter().find_map(|effect| match effect {
            Effect::SetResponseHeader(name, value) if name == WAIT_HEADER => String::from_utf8(value).ok(),
            _ => None,
        })
    }

    #[test]
    fn envoy_waits_for_the_same_target_within_the_patience() {
        let told_first = |fields: &[(&str, &str)]| {
            let turns = turns();
            turns.begin("a/m");
            told(&turns, fields)
        };
        let limited = (":status", "429");
        for (field, value, expected) in [
            ("retry-after", "1", Some("1")),
            ("retry-after", "2", Some("2")),
            ("retry-after", "3", None),
            ("retry-after", "0", None),
            ("retry-after", "-1", None),
            ("retry-after", "NaN", None),
            ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("retry-after-ms", "1500", Some("2")),
            ("retry-after-ms", "250", Some("1")),
            ("x-request-id", "1", None),
        ] {
            assert_eq!(told_first(&[limited, (field, value)]).as_deref(), expected, "{field}: {value}");
        }
        assert_eq!(told_first(&[(":status", "500"), ("retry-after", "1")]), None);
        assert_eq!(told_first(&[(":status", "529"), ("retry-after", "1")]).as_deref(), Some("1"));
        // The more precise of two.
        let both = [limited, ("retry-after", "2"), ("retry-after-ms", "900")];
        assert_eq!(told_first(&both).as_deref(), Some("1"));
    }

    /// The fields and their form are those of OpenAI's guide, "Rate limits".
    #[test]
    fn the_reset_of_the_exhausted_limit_counts() {
        let turns = turns();
        turns.begin("a/m");
        let fields = |remaining, reset| {
            [
                (":status", "429"),
                ("x-ratelimit-remaining-requests", "59"),
                ("x-ratelimit-reset-requests", "6m0s"),
                ("x-ratelimit-remaining-tokens", remaining),
                ("x-ratelimit-reset-tokens", reset),
            ]
        };
        assert_eq!(told(&turns, &fields("0", "1s")).as_deref(), Some("1"));
        assert_eq!(told(&turns, &fields("0", "20ms")).as_deref(), Some("1"));
        assert_eq!(told(&turns, &fields("0", "1m2s")), None);
        assert_eq!(told(&turns, &fields("0", "soon")), None);
        assert_eq!(told(&turns, &fields("1000", "1s")), None);
    }

    #[test]
    fn nobody_waits_for_a_target_whose_turns_are_over() {
        let turns = turns();
        let limited = [(":status", "429"), ("retry-after", "1")];
        for (target, expected) in [("a/m", Some("1")), ("a/m", None), ("b/m", None)] {
            turns.begin(target);
            assert_eq!(told(&turns, &limited).as_deref(), expected, "{target}");
        }
    }
}
