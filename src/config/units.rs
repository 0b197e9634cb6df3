//! Durations, sizes, points in time and time zones as gateway.yaml writes them.

use std::time::Duration;

use super::problem::Kind;
use super::shape::Text;
use crate::quota::zone::Zone;

/// A span of time: a whole number and `ms`, `s`, `m` or `h`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span(pub(super) Duration);

impl Text for Span {
    const EXPECTED: &'static str = "a duration such as 30s (units: ms, s, m, h)";
    const PATTERN: &'static str = "^[0-9]+(ms|s|m|h)$";

    fn parse(text: &str) -> Result<Self, Kind> {
        let milliseconds = scaled(text, &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]);
        milliseconds.map(|count| Self(Duration::from_millis(count))).ok_or_else(|| Self::mismatch(text))
    }
}

/// A number of bytes: a whole number and `B`, `KiB`, `MiB` or `GiB` (IEC 80000-13).
#[derive(Clone, Copy, Debug)]
pub(super) struct Size(pub(super) u64);

impl Text for Size {
    const EXPECTED: &'static str = "a size such as 8MiB (units: B, KiB, MiB, GiB)";
    const PATTERN: &'static str = "^[0-9]+(B|KiB|MiB|GiB)$";

    fn parse(text: &str) -> Result<Self, Kind> {
        let bytes = scaled(text, &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]);
        bytes.map(Self).ok_or_else(|| Self::mismatch(text))
    }
}

/// Reads a whole number and one of the units; `None` when it is not that or too large.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (digits, unit) = text.split_at_checked(text.bytes().take_while(u8::is_ascii_digit).count())?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    digits.parse::<u64>().ok()?.checked_mul(*factor)
}

/// A time zone: whose midnight it is that a day begins with.
#[derive(Clone, Debug)]
pub(super) struct TimeZone(pub(super) Zone);

impl Text for TimeZone {
    const EXPECTED: &'static str = "a time zone such as UTC, Europe/Berlin or +02:00";
    const PATTERN: &'static str = "^[A-Za-z0-9._:+/-]{1,64}$";

    fn parse(text: &str) -> Result<Self, Kind> {
        Zone::parse(text).map(Self).map_err(|_| Self::mismatch(text))
    }
}

/// A point in time: seconds since the Unix epoch, written as in RFC 3339. Fractions of a second are dropped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instant(pub(super) u64);

impl Text for Instant {
    const EXPECTED: &'static str = "an RFC 3339 time such as 2027-01-01T00:00:00Z";
    const PATTERN: &'static str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]\
                                   ([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\.[0-9]+)?\
                                   ([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";

    fn parse(text: &str) -> Result<Self, Kind> {
        seconds_since_epoch(text).map(Self).ok_or_else(|| Self::mismatch(text))
    }
}

/// RFC 3339, section 5.6. `None` also for times before 1970.
fn seconds_since_epoch(text: &str) -> Option<u64> {
    let mut rest = text.as_bytes();
    let year = number(&mut rest, 4)?;
    one_of(&mut rest, b"-")?;
    let month = number(&mut rest, 2)?;
    one_of(&mut rest, b"-")?;
    let day = number(&mut rest, 2)?;
    one_of(&mut rest, b"Tt")?;
    let hour = number(&mut rest, 2)?;
    one_of(&mut rest, b":")?;
    let minute = number(&mut rest, 2)?;
    one_of(&mut rest, b":")?;
    let second = number(&mut rest, 2)?;
    if one_of(&mut rest, b".").is_some() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = rest.get(digits..).filter(|_| digits > 0)?;
    }
    let offset = match one_of(&mut rest, b"Zz+-")? {
        sign @ (b'+' | b'-') => {
            let hours = number(&mut rest, 2).filter(|hours| *hours < 24)?;
            one_of(&mut rest, b":")?;
            let minutes = number(&mut rest, 2).filter(|minutes| *minutes < 60)?;
            (hours * 3600 + minutes * 60) * if sign == b'+' { 1 } else { -1 }
        }
        _ => 0,
    };
    // A leap second counts as the first second of the next minute, as in POSIX.
    let valid = rest.is_empty() && hour < 24 && minute < 60 && second <= 60;
    let days = days_since_epoch(year, month, day).filter(|_| valid)?;
    u64::try_from(days * 86_400 + hour * 3600 + minute * 60 + second - offset).ok()
}

/// Days from 1970-01-01 in the Gregorian calendar; `None` when there is no such day.
fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month).ok()?.checked_sub(1)?;
    if !(1..=*lengths.get(before)?).contains(&day) {
        return None;
    }
    // Leap days of all the years before this one, counted from year 0 on.
    let leap_days = |year: i64| year / 4 - year / 100 + year / 400;
    let year_days = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969);
    Some(year_days + lengths.iter().take(before).sum::<i64>() + day - 1)
}

/// Takes a number of exactly `digits` digits.
fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (taken, left) = rest.split_at_checked(digits)?;
    *rest = left;
    taken.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

/// Takes one of these bytes.
fn one_of(rest: &mut &[u8], allowed: &[u8]) -> Option<u8> {
    let (first, left) = rest.split_first()?;
    allowed.contains(first).then(|| {
        *rest = left;
        *first
    })
}
