//! What can be limited, and how: plain data that the compiled configuration holds and the ledger reads.
//!
//! Knows no use, no time and no scope. A [`Limit`] is one line of the configuration; its [`Measure`] also says
//! which counter it is counted by (see [`Measure::counter`]), so a limit whose amount, mode or place in the list
//! changes goes on with what was counted before.

use serde::{Deserialize, Serialize};

use super::money::NanoDollars;
use super::window::Period;
use super::zone::Zone;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Requests.
    Requests,
    /// Tokens of prompts.
    InputTokens,
    /// Tokens of answers.
    OutputTokens,
    /// Both.
    TotalTokens,
    /// Nano-dollars.
    Money,
}

/// How fast a bucket is refilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// The amount of the limit every second.
    Second,
    /// The amount of the limit every minute.
    Minute,
}

impl Per {
    /// Milliseconds.
    #[must_use]
    pub const fn milliseconds(self) -> u64 {
        match self {
            Self::Second => 1000,
            Self::Minute => 60_000,
        }
    }
}

/// What a limit's amount is an amount of, and when it comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case", deny_unknown_fields)]
pub enum Measure {
    /// A token bucket: the amount flows in evenly over every period, and at most `burst` is there at once.
    Rate {
        /// What is counted.
        unit: Unit,
        /// The period of the amount.
        per: Per,
        /// The size of the bucket, usually the amount itself.
        burst: u64,
    },
    /// So much in every calendar window.
    Window {
        /// What is counted.
        unit: Unit,
        /// The length of the windows.
        period: Period,
        /// Whose calendar.
        zone: Zone,
    },
    /// So much, once; it never comes back.
    Prepaid {
        /// What is counted.
        unit: Unit,
    },
    /// So many calls at the same time.
    Concurrency,
}

/// Whether a limit refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It refuses what would exceed it.
    Enforce,
    /// It counts, and reports what it would have refused.
    Observe,
}

/// One limit of a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// What is limited.
    pub measure: Measure,
    /// How much of it; nano-dollars for money. For a concurrency shared by priorities, give callers of low
    /// priority a smaller amount: they are counted by the same counter, and leave the rest free.
    pub amount: u64,
    /// Whether it refuses.
    pub mode: Mode,
    /// At which parts of the amount an alert is raised, in thousandths; for windows and prepaid amounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alert_at: Vec<u16>,
}

/// Which counter of a cell: the unit and the form of a limit, as a number below [`CounterId::COUNT`] that never
/// changes its meaning, because cells are kept over releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterId(u8);

/// The forms of a limit as a counter knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Rate(Per),
    Window(Period),
    Prepaid,
    Concurrency,
}

const UNITS: [Unit; 5] =
    [Unit::Requests, Unit::InputTokens, Unit::OutputTokens, Unit::TotalTokens, Unit::Money];
const FORMS: [Form; 7] = [
    Form::Rate(Per::Second),
    Form::Rate(Per::Minute),
    Form::Window(Period::Hour),
    Form::Window(Period::Day),
    Form::Window(Period::Week),
    Form::Window(Period::Month),
    Form::Prepaid,
];

impl CounterId {
    /// How many counters there can be.
    pub const COUNT: u8 = 36;
    const CONCURRENCY: u8 = Self::COUNT - 1;

    /// The counter of that number.
    pub(super) const fn from_number(number: u8) -> Option<Self> {
        if number < Self::COUNT { Some(Self(number)) } else { None }
    }

    pub(super) const fn number(self) -> u8 {
        self.0
    }

    /// A set with this counter alone.
    pub(super) const fn bit(self) -> u64 {
        1 << self.0
    }

    /// What it counts; nothing of a request but its being there for concurrency.
    #[must_use]
    pub fn unit(self) -> Option<Unit> {
        UNITS.get(usize::from(self.0) / FORMS.len()).copied()
    }

    /// What it counts and for how long, by the names that reports and alerts give them.
    #[must_use]
    pub fn names(self) -> (&'static str, &'static str) {
        let unit = match self.unit() {
            Some(Unit::Requests) => "requests",
            Some(Unit::InputTokens) => "input_tokens",
            Some(Unit::OutputTokens) => "output_tokens",
            Some(Unit::TotalTokens) => "tokens",
            Some(Unit::Money) => "usd",
            None => "concurrency",
        };
        let per = match self.form() {
            Form::Rate(Per::Second) => "second",
            Form::Rate(Per::Minute) => "minute",
            Form::Window(Period::Hour) => "hour",
            Form::Window(Period::Day) => "day",
            Form::Window(Period::Week) => "week",
            Form::Window(Period::Month) => "month",
            Form::Prepaid => "total",
            Form::Concurrency => "now",
        };
        (unit, per)
    }

    pub(super) fn form(self) -> Form {
        match self.0 {
            Self::CONCURRENCY => Form::Concurrency,
            number => FORMS.get(usize::from(number) % FORMS.len()).copied().unwrap_or(Form::Concurrency),
        }
    }
}

impl Measure {
    /// The counter that it is counted by: limits of one scope with the same unit and form share one.
    #[must_use]
    pub const fn counter(&self) -> CounterId {
        let (unit, form) = match self {
            Self::Rate { unit, per: Per::Second, .. } => (*unit, 0),
            Self::Rate { unit, per: Per::Minute, .. } => (*unit, 1),
            Self::Window { unit, period: Period::Hour, .. } => (*unit, 2),
            Self::Window { unit, period: Period::Day, .. } => (*unit, 3),
            Self::Window { unit, period: Period::Week, .. } => (*unit, 4),
            Self::Window { unit, period: Period::Month, .. } => (*unit, 5),
            Self::Prepaid { unit } => (*unit, 6),
            Self::Concurrency => return CounterId(CounterId::CONCURRENCY),
        };
        let unit = match unit {
            Unit::Requests => 0,
            Unit::InputTokens => 1,
            Unit::OutputTokens => 2,
            Unit::TotalTokens => 3,
            Unit::Money => 4,
        };
        CounterId(unit * 7 + form)
    }
}

/// What a call takes, or may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Requests: 1, or 0 when more is reserved for a call that was counted.
    pub requests: u64,
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// What it costs.
    pub money: NanoDollars,
    /// Calls that run at the same time: 1, or 0 when more is reserved for a call that has its place.
    pub calls: u64,
}

impl Amounts {
    /// What a counter counts of it.
    #[must_use]
    pub fn of(&self, counter: CounterId) -> u64 {
        match counter.unit() {
            Some(Unit::Requests) => self.requests,
            Some(Unit::InputTokens) => self.input_tokens,
            Some(Unit::OutputTokens) => self.output_tokens,
            Some(Unit::TotalTokens) => self.input_tokens.saturating_add(self.output_tokens),
            Some(Unit::Money) => self.money.nanos(),
            None => self.calls,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_limit_is_plain_data() {
        let written = r#"{"measure":{"form":"window","unit":"money","period":"day","zone":{"offset":7200}},"amount":5,"mode":"enforce","alert_at":[800]}"#;
        let zone = Zone::fixed("+02:00").unwrap();
        let measure = Measure::Window { unit: Unit::Money, period: Period::Day, zone };
        let limit = Limit { measure, amount: 5, mode: Mode::Enforce, alert_at: vec![800] };
        assert_eq!(serde_json::to_string(&limit).unwrap(), written);
        assert_eq!(serde_json::from_str::<Limit>(written).unwrap(), limit);
        let concurrency =
            r#"{"measure":{"form":"concurrency"},"amount":18446744073709551615,"mode":"observe"}"#;
        let limit: Limit = serde_json::from_str(concurrency).unwrap();
        assert_eq!((limit.measure, limit.amount), (Measure::Concurrency, u64::MAX));
    }

    /// The numbers are in the cells of running proxies: a change of one is a new version of the encoding.
    #[test]
    fn every_measure_has_a_counter_of_its_own_and_keeps_it() {
        let mut numbers = BTreeSet::new();
        for unit in UNITS {
            for form in FORMS {
                let measure = match form {
                    Form::Rate(per) => Measure::Rate { unit, per, burst: 1 },
                    Form::Window(period) => Measure::Window { unit, period, zone: Zone::UTC },
                    Form::Prepaid | Form::Concurrency => Measure::Prepaid { unit },
                };
                let counter = measure.counter();
                assert_eq!((counter.unit(), counter.form()), (Some(unit), form));
                assert_eq!(CounterId::from_number(counter.number()), Some(counter));
                numbers.insert(counter.number());
            }
        }
        let concurrency = Measure::Concurrency.counter();
        assert_eq!((concurrency.unit(), concurrency.form()), (None, Form::Concurrency));
        numbers.insert(concurrency.number());
        assert_eq!(numbers.into_iter().collect::<Vec<_>>(), (0..CounterId::COUNT).collect::<Vec<_>>());
        assert_eq!(CounterId::from_number(CounterId::COUNT), None);
        let day_of_money = Measure::Window { unit: Unit::Money, period: Period::Day, zone: Zone::UTC };
        assert_eq!(day_of_money.counter().number(), 31);
    }
}
