//! Time zones as plain tables: an offset from UTC, and the moments at which it changes.
//!
//! Names of the IANA database are resolved when gateway.yaml is compiled, natively, from the copy of the
//! database that the `jiff` crate carries; the filter is given the table alone. A table covers the changes of
//! [`COVERED_FROM`] to [`COVERED_UNTIL`]; outside, the offset nearest in time holds. Knows no clock.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 2025-01-01T00:00:00Z, in seconds since the Unix epoch.
pub const COVERED_FROM: i64 = 1_735_689_600;
/// 2045-01-01T00:00:00Z, in seconds since the Unix epoch.
pub const COVERED_UNTIL: i64 = 2_366_841_600;

/// A change of a zone's offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When, in seconds since the Unix epoch.
    pub at: i64,
    /// The new offset, in seconds to add to UTC.
    pub offset: i32,
}

/// A time zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// In force until the first change, in seconds to add to UTC.
    offset: i32,
    /// In the order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Change>,
}

/// A stretch of time with one offset; all in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Its first second since the Unix epoch.
    pub(super) from: i64,
    /// The first second after it.
    pub(super) until: i64,
    /// What is added to UTC.
    pub(super) offset: i64,
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self { offset: 0, changes: Vec::new() };

    /// Reads `UTC`, `Z`, or a fixed offset such as `+02:00` or `-03:30`.
    ///
    /// # Errors
    /// When the text is none of these.
    pub fn fixed(text: &str) -> Result<Self, UnknownZone> {
        if matches!(text, "UTC" | "Z") {
            return Ok(Self::UTC);
        }
        let unknown = || UnknownZone(text.to_owned());
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            _ => return Err(unknown()),
        };
        let two_digits = |part: &str, below: i32| -> Option<i32> {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|number| digits && *number < below)
        };
        let (hours, minutes) = rest.split_once(':').ok_or_else(unknown)?;
        match (two_digits(hours, 24), two_digits(minutes, 60)) {
            (Some(hours), Some(minutes)) => {
                Ok(Self { offset: sign * (hours * 3600 + minutes * 60), changes: Vec::new() })
            }
            _ => Err(unknown()),
        }
    }

    /// Reads what [`Self::fixed`] reads, and names of the IANA database such as `Europe/Berlin`.
    ///
    /// # Errors
    /// When the text is none of these.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn parse(text: &str) -> Result<Self, UnknownZone> {
        Self::fixed(text).or_else(|unknown| named(text).ok_or(unknown))
    }

    /// The stretches of constant offset, in the order of time, without a gap, covering all of it.
    pub(super) fn stretches(&self) -> impl Iterator<Item = Stretch> {
        let starts = std::iter::once((i64::MIN, self.offset))
            .chain(self.changes.iter().map(|change| (change.at, change.offset)));
        let ends = self.changes.iter().map(|change| change.at).chain(std::iter::once(i64::MAX));
        starts.zip(ends).map(|((from, offset), until)| Stretch { from, until, offset: i64::from(offset) })
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn named(name: &str) -> Option<Zone> {
    let zone = jiff::tz::TimeZone::get(name).ok()?;
    let from = jiff::Timestamp::from_second(COVERED_FROM).ok()?;
    let offset = zone.to_offset(from).seconds();
    let mut changes = Vec::new();
    let mut present = offset;
    for change in zone.following(from).take_while(|change| change.timestamp().as_second() < COVERED_UNTIL) {
        // Some entries of the database change a zone's name only.
        if change.offset().seconds() != present {
            present = change.offset().seconds();
            changes.push(Change { at: change.timestamp().as_second(), offset: present });
        }
    }
    Some(Zone { offset, changes })
}

/// Neither an offset nor a known name; holds what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownZone(pub String);

impl fmt::Display for UnknownZone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no time zone is called {:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_names_are_read() {
        assert_eq!(Zone::parse("UTC"), Ok(Zone::UTC));
        assert_eq!(Zone::parse("+00:00"), Ok(Zone::UTC));
        assert_eq!(Zone::parse("+02:00"), Ok(Zone { offset: 7200, changes: Vec::new() }));
        assert_eq!(Zone::parse("-03:30"), Ok(Zone { offset: -12_600, changes: Vec::new() }));
        assert_eq!(Zone::parse("Asia/Kolkata"), Ok(Zone { offset: 19_800, changes: Vec::new() }));
        // The European Union changes at 01:00 UTC on the last Sundays of March and October (2000/84/EC).
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        assert_eq!(berlin.offset, 3600);
        assert_eq!(berlin.changes[0], Change { at: 1_743_296_400, offset: 7200 });
        assert_eq!(berlin.changes[1], Change { at: 1_761_440_400, offset: 3600 });
        assert_eq!(berlin.changes.len(), 40);
        assert!(berlin.changes.is_sorted_by(|one, next| one.at < next.at));
    }

    #[test]
    fn anything_else_is_refused_with_its_name() {
        for text in ["", "+2", "+2:00", "+24:00", "+02:60", "02:00", "+02:0x", "++2:00", "Mars/Olympus", "é"]
        {
            assert_eq!(Zone::parse(text), Err(UnknownZone(text.to_owned())), "{text}");
        }
    }
}
