//! Calendar windows: the hour, day, week or month that a moment falls into, in a time zone.
//!
//! Moments are milliseconds since the Unix epoch, without leap seconds, as POSIX counts. Promises: a window
//! contains the moment it was asked for, the next one begins where it ends, and no time is read here. The dates
//! are Howard Hinnant's `days_from_civil` and `civil_from_days` ("chrono-Compatible Low-Level Date Algorithms",
//! 2014), for the proleptic Gregorian calendar.
//!
//! A day begins with the first moment at which its date is on the clock: where the hours after midnight are
//! skipped, that is the change itself; where they come twice, it is the first of the two.

use serde::{Deserialize, Serialize};

use super::zone::{Stretch, Zone};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A later moment is taken for this one, so that no sum overflows: the year 36812.
const LATEST: u64 = 1 << 50;

/// How long a calendar window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// From a full hour to the next.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday, as in ISO 8601.
    Week,
    /// From the first of a month to the first of the next.
    Month,
}

/// A stretch of time, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub start: u64,
    /// The first moment after it.
    pub end: u64,
}

/// The window of that length which contains `now`.
#[must_use]
pub fn containing(now: u64, period: Period, zone: &Zone) -> Window {
    let second = i64::try_from(now.min(LATEST) / 1000).unwrap_or_default();
    let stretch = zone.stretches().find(|stretch| second < stretch.until);
    let stretch = stretch.unwrap_or(Stretch { from: i64::MIN, until: i64::MAX, offset: 0 });
    let local = second + stretch.offset;
    if period == Period::Hour {
        // A change of the offset ends the hour, so that none is ever longer than an hour.
        let start = (second - local.rem_euclid(HOUR)).max(stretch.from);
        let end = (second - local.rem_euclid(HOUR) + HOUR).min(stretch.until);
        return Window { start: milliseconds(start), end: milliseconds(end) };
    }
    let mut first = first_day(local.div_euclid(DAY), period);
    loop {
        let next = day_after(first, period);
        let end = first_moment(next, zone);
        // Not where the clock goes back over midnight: the new day has begun already.
        if second < end {
            return Window { start: milliseconds(first_moment(first, zone)), end: milliseconds(end) };
        }
        first = next;
    }
}

/// The moment in UTC as RFC 3339 writes it, to the second: `2026-11-22T00:00:00Z`.
#[must_use]
pub fn rfc3339(moment: u64) -> String {
    let second = i64::try_from(moment.min(LATEST) / 1000).unwrap_or_default();
    let (year, month, day) = civil_from_days(second.div_euclid(DAY));
    let time = second.rem_euclid(DAY);
    let (hour, minute, second) = (time / HOUR, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn milliseconds(second: i64) -> u64 {
    u64::try_from(second).unwrap_or_default().saturating_mul(1000)
}

/// The first day, counted from 1970-01-01, of the period that contains `day`.
fn first_day(day: i64, period: Period) -> i64 {
    match period {
        Period::Hour | Period::Day => day,
        // 1970-01-01 was a Thursday.
        Period::Week => day - (day + 3).rem_euclid(7),
        Period::Month => {
            let (year, month, _) = civil_from_days(day);
            days_from_civil(year, month, 1)
        }
    }
}

/// The first day after the period that begins with `first`.
fn day_after(first: i64, period: Period) -> i64 {
    match period {
        Period::Hour | Period::Day => first + 1,
        Period::Week => first + 7,
        // No month is longer than 31 days, and none is shorter than 28.
        Period::Month => first_day(first + 31, period),
    }
}

/// The first second at which clocks in the zone show `day` or later.
fn first_moment(day: i64, zone: &Zone) -> i64 {
    let midnight = day * DAY;
    zone.stretches()
        .map(|stretch| (stretch.from.max(midnight - stretch.offset), stretch.until))
        .find(|(moment, until)| moment < until)
        .map_or(midnight, |(moment, _)| moment)
}

/// Days from 1970-01-01 to a date.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that a leap day is the last day of one.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of the date so many days after 1970-01-01.
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Zone, period, moment, start, end (seconds), as Python's `zoneinfo` has them; `data/windows.py` wrote it.
    const REFERENCE: &str = include_str!("data/windows.tsv");

    fn period(name: &str) -> Period {
        match name {
            "hour" => Period::Hour,
            "day" => Period::Day,
            "week" => Period::Week,
            "month" => Period::Month,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn windows_are_those_of_the_reference() {
        let mut lines = 0;
        for line in REFERENCE.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            let number = |at: usize| fields[at].parse::<u64>().unwrap() * 1000;
            let found = containing(number(2) + 999, period(fields[1]), &Zone::parse(fields[0]).unwrap());
            assert_eq!(found, Window { start: number(3), end: number(4) }, "{line}");
            lines += 1;
        }
        assert!(lines > 1000, "{lines}");
    }

    /// Dates whose weekday or leap day is well known, without the reference.
    #[test]
    fn dates_are_written_as_rfc_3339() {
        for (moment, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_000_000_000_999, "2001-09-09T01:46:40Z"),
            (1_795_305_600_000, "2026-11-22T00:00:00Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(moment), text);
        }
    }

    proptest! {
        #[test]
        fn windows_join_without_gap_or_overlap(
            now in prop_oneof![0..=u64::MAX, 1_600_000_000_000..2_500_000_000_000_u64],
            zone in prop_oneof![
                Just("UTC"), Just("-23:59"), Just("Europe/Berlin"), Just("Australia/Lord_Howe"),
                Just("America/Santiago"), Just("Africa/Cairo"), Just("Pacific/Apia"), Just("Asia/Kathmandu"),
            ],
            name in prop_oneof![Just("hour"), Just("day"), Just("week"), Just("month")],
        ) {
            let (zone, period) = (Zone::parse(zone).unwrap(), period(name));
            let window = containing(now, period, &zone);
            prop_assert!(window.start <= now.min(LATEST) && now.min(LATEST) < window.end);
            if now < LATEST {
                prop_assert_eq!(containing(window.end - 1, period, &zone), window);
                prop_assert_eq!(containing(window.end, period, &zone).start, window.end);
            }
        }
    }
}
