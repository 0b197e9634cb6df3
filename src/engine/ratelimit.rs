//! The header fields that tell a client how its limits stand, in the form of its dialect.
//!
//! Sources: OpenAI's API reference, "Rate limits in headers"; Anthropic's API reference, "Rate limits", "Response
//! headers". Of the limits that one group of fields stands for, the tightest is told: the one of which the smallest
//! part is left.
//!
//! Deliberately unknown here: scopes, and where standings come from.

use crate::dialect::Surface;
use crate::dialect::translate::Dialect;
use crate::quota::ledger::Standing;
use crate::quota::limit::{Limit, Unit};
use crate::quota::window::rfc3339;

/// Whose fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, the reset as a span of time.
    #[default]
    OpenAi,
    /// `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}`, the reset as a moment.
    Anthropic,
}

/// The limit, what remains, and the reset.
type Names = [&'static str; 3];

const OPENAI: [Names; 2] = [
    ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"],
    ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"],
];

const ANTHROPIC: [Names; 4] = [
    [
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-reset",
    ],
    [
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
    ],
    [
        "anthropic-ratelimit-input-tokens-limit",
        "anthropic-ratelimit-input-tokens-remaining",
        "anthropic-ratelimit-input-tokens-reset",
    ],
    [
        "anthropic-ratelimit-output-tokens-limit",
        "anthropic-ratelimit-output-tokens-remaining",
        "anthropic-ratelimit-output-tokens-reset",
    ],
];

impl Form {
    /// What the client of a surface reads.
    #[must_use]
    pub fn of(surface: Surface) -> Self {
        match surface.dialect() {
            Some(Dialect::Anthropic) => Self::Anthropic,
            _ => Self::OpenAi,
        }
    }

    const fn groups(self) -> &'static [Names] {
        match self {
            Self::OpenAi => &OPENAI,
            Self::Anthropic => &ANTHROPIC,
        }
    }

    /// The place of the group that a limit belongs to; `None` for money and concurrency, which no form knows.
    fn group(self, limit: &Limit) -> Option<usize> {
        match (limit.measure.counter().unit()?, self) {
            (Unit::Requests, _) => Some(0),
            (Unit::TotalTokens, _) | (Unit::InputTokens | Unit::OutputTokens, Self::OpenAi) => Some(1),
            (Unit::InputTokens, Self::Anthropic) => Some(2),
            (Unit::OutputTokens, Self::Anthropic) => Some(3),
            (Unit::Money, _) => None,
        }
    }

    /// The fields for these limits, as they stand.
    #[must_use]
    pub fn headers<'a>(
        self,
        limits: impl Iterator<Item = (&'a Limit, Standing)>,
        now_ms: u64,
    ) -> Vec<(&'static str, String)> {
        let mut tightest: [Option<Standing>; ANTHROPIC.len()] = [None; ANTHROPIC.len()];
        for (limit, standing) in limits {
            let Some(held) = self.group(limit).and_then(|place| tightest.get_mut(place)) else { continue };
            if held.is_none_or(|other| part_left(&standing) < part_left(&other)) {
                *held = Some(standing);
            }
        }
        let mut headers = Vec::new();
        for ([limit, left, reset], standing) in self.groups().iter().zip(tightest) {
            let Some(Standing { amount, remaining, resets_at, .. }) = standing else { continue };
            headers.extend([(*limit, amount.to_string()), (*left, remaining.to_string())]);
            headers.extend(resets_at.map(|moment| {
                let when = match self {
                    Self::OpenAi => duration(moment.saturating_sub(now_ms)),
                    Self::Anthropic => rfc3339(moment),
                };
                (*reset, when)
            }));
        }
        headers
    }
}

/// A span of milliseconds as OpenAI writes it: `120ms`, `1s`, `6m0s`, `2h0m5s`.
fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds.div_ceil(1000);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        _ if milliseconds < 1000 => format!("{milliseconds}ms"),
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// How much of a limit is left, in units of 2⁻³².
fn part_left(standing: &Standing) -> u128 {
    (u128::from(standing.remaining) << 32) / u128::from(standing.amount.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::limit::{Measure, Mode};

    /// 2026-01-01T00:00:00Z
    const NOW: u64 = 1_767_225_600_000;

    fn told(form: Form, limits: &[(Unit, u64, u64, Option<u64>)]) -> Vec<String> {
        let limits: Vec<(Limit, Standing)> = limits
            .iter()
            .map(|&(unit, amount, remaining, after)| {
                let measure = Measure::Prepaid { unit };
                let standing = Standing {
                    amount,
                    used: amount - remaining,
                    reserved: 0,
                    remaining,
                    resets_at: after.map(|after| NOW + after),
                };
                (Limit { measure, amount, mode: Mode::Enforce, alert_at: Vec::new() }, standing)
            })
            .collect();
        let headers = form.headers(limits.iter().map(|(limit, standing)| (limit, *standing)), NOW);
        headers.into_iter().map(|(name, value)| format!("{name}: {value}")).collect()
    }

    const LIMITS: [(Unit, u64, u64, Option<u64>); 5] = [
        (Unit::Requests, 60, 59, Some(1_000)),
        (Unit::TotalTokens, 150_000, 149_984, Some(360_000)),
        (Unit::InputTokens, 100, 10, Some(120)),
        (Unit::OutputTokens, 100, 50, None),
        (Unit::Money, 5, 1, Some(1)),
    ];

    /// The spans of time are those of the examples in the reference.
    #[test]
    fn openai_clients_are_told_the_tightest_of_requests_and_of_tokens() {
        assert_eq!(
            told(Form::OpenAi, &LIMITS[..2]),
            [
                "x-ratelimit-limit-requests: 60",
                "x-ratelimit-remaining-requests: 59",
                "x-ratelimit-reset-requests: 1s",
                "x-ratelimit-limit-tokens: 150000",
                "x-ratelimit-remaining-tokens: 149984",
                "x-ratelimit-reset-tokens: 6m0s",
            ]
        );
        assert_eq!(
            told(Form::OpenAi, &LIMITS[1..]),
            [
                "x-ratelimit-limit-tokens: 100",
                "x-ratelimit-remaining-tokens: 10",
                "x-ratelimit-reset-tokens: 120ms"
            ]
        );
    }

    /// Anthropic's resets are moments "in RFC 3339 format", and input and output have fields of their own.
    #[test]
    fn anthropic_clients_are_told_moments_and_every_kind_of_token() {
        assert_eq!(
            told(Form::Anthropic, &LIMITS),
            [
                "anthropic-ratelimit-requests-limit: 60",
                "anthropic-ratelimit-requests-remaining: 59",
                "anthropic-ratelimit-requests-reset: 2026-01-01T00:00:01Z",
                "anthropic-ratelimit-tokens-limit: 150000",
                "anthropic-ratelimit-tokens-remaining: 149984",
                "anthropic-ratelimit-tokens-reset: 2026-01-01T00:06:00Z",
                "anthropic-ratelimit-input-tokens-limit: 100",
                "anthropic-ratelimit-input-tokens-remaining: 10",
                "anthropic-ratelimit-input-tokens-reset: 2026-01-01T00:00:00Z",
                "anthropic-ratelimit-output-tokens-limit: 100",
                "anthropic-ratelimit-output-tokens-remaining: 50",
            ]
        );
    }

    #[test]
    fn money_and_concurrency_are_nobodys_fields() {
        assert_eq!(told(Form::OpenAi, &LIMITS[4..]), [""; 0]);
        assert_eq!(told(Form::Anthropic, &LIMITS[4..]), [""; 0]);
        assert_eq!(Form::of(Surface::ChatCompletions), Form::OpenAi);
        assert_eq!(Form::of(Surface::Embeddings), Form::OpenAi);
    }
}
