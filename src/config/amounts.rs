//! Amounts as gateway.yaml writes them: counts, rates, money, prices and ratios.
//!
//! All are read from their digits into whole numbers, exactly or not at all. Nothing here knows which key takes
//! which.

use serde_json::{Value as Json, json};

use super::problem::Kind;
use super::shape::{Place, Report, Shape, Text, read_digits};
use super::yaml::Node;
use crate::quota::NanoDollars;
use crate::quota::limit::Per;
use crate::quota::money::scaled;
use crate::quota::price::PicoDollars;
use crate::quota::window::Period;

/// The largest count: sums of thousands of them still fit.
const MOST: u64 = 999_999_999_999_999;

fn count(digits: &str) -> Option<u64> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|count| plain && (1..=MOST).contains(count))
}

/// A number of requests or tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count(pub(super) u64);

impl Shape for Count {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        let expected = format!("a whole number from 1 to {MOST}");
        read_digits(node, place, report, &expected, count).map(Self)
    }

    fn schema() -> Json {
        json!({ "type": ["integer", "string"], "minimum": 1, "maximum": MOST, "pattern": "^[0-9]+$" })
    }
}

/// When the amount of a rate comes back.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refill {
    /// Evenly, into a bucket.
    Bucket(Per),
    /// All at once, when the next calendar window begins.
    Window(Period),
}

/// So many in every period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// How many.
    pub(super) amount: u64,
    /// The period.
    pub(super) refill: Refill,
}

impl Text for Rate {
    const EXPECTED: &'static str = "a rate such as 1000/min (periods: second, min, hour, day, week, month)";
    const PATTERN: &'static str = "^[1-9][0-9]{0,14}/(second|min|hour|day|week|month)$";

    fn parse(text: &str) -> Result<Self, Kind> {
        let read = || {
            let (digits, period) = text.split_once('/')?;
            let refill = match period {
                "second" => Refill::Bucket(Per::Second),
                "min" => Refill::Bucket(Per::Minute),
                "hour" => Refill::Window(Period::Hour),
                "day" => Refill::Window(Period::Day),
                "week" => Refill::Window(Period::Week),
                "month" => Refill::Window(Period::Month),
                _ => return None,
            };
            Some(Self { amount: count(digits)?, refill })
        };
        read().ok_or_else(|| Self::mismatch(text))
    }
}

/// The schema of a decimal number: a number, or the same in quotes.
fn decimal_schema(mut limits: Json) -> Json {
    if let Json::Object(object) = &mut limits {
        object.insert("type".to_owned(), json!(["number", "string"]));
        object.insert("pattern".to_owned(), json!(r"^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"));
    }
    limits
}

/// An amount of money that is not nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usd(pub(super) NanoDollars);

impl Shape for Usd {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        let expected = "an amount in USD above 0, such as 50 or 12.50, with at most 9 decimal places";
        let some = |amount: &NanoDollars| *amount > NanoDollars::ZERO;
        read_digits(node, place, report, expected, |digits| {
            NanoDollars::from_usd(digits).ok().filter(some).map(Self)
        })
    }

    fn schema() -> Json {
        decimal_schema(json!({ "exclusiveMinimum": 0 }))
    }
}

/// A price in USD per million tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct PerMillion(pub(super) PicoDollars);

impl Shape for PerMillion {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        let expected = "a price in USD per million tokens, such as 2.50, with at most 6 decimal places";
        read_digits(node, place, report, expected, |digits| {
            PicoDollars::from_usd_per_million(digits).ok().map(Self)
        })
    }

    fn schema() -> Json {
        decimal_schema(json!({ "minimum": 0 }))
    }
}

/// A decimal number from `LEAST` to `MOST` thousandths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thousandths<const LEAST: u16, const MOST: u16>(pub(super) u16);

impl<const LEAST: u16, const MOST: u16> Thousandths<LEAST, MOST> {
    fn bounds() -> (f64, f64) {
        (f64::from(LEAST) / 1000.0, f64::from(MOST) / 1000.0)
    }
}

impl<const LEAST: u16, const MOST: u16> Shape for Thousandths<LEAST, MOST> {
    fn read(node: &Node, place: &Place, report: &mut Report<'_>) -> Option<Self> {
        let (least, most) = Self::bounds();
        let expected = format!("a number from {least} to {most} with at most 3 decimal places");
        read_digits(node, place, report, &expected, |digits| {
            let number = u16::try_from(scaled(digits, 3).ok()?).ok()?;
            (LEAST..=MOST).contains(&number).then_some(Self(number))
        })
    }

    fn schema() -> Json {
        let (least, most) = Self::bounds();
        decimal_schema(json!({ "minimum": least, "maximum": most }))
    }
}
