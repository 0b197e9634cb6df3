//! Money as whole numbers: one nano-dollar is 10⁻⁹ USD.
//!
//! Promises: no floating point; text is read exactly or refused; sums saturate instead of wrapping, so that an
//! absurd number can only block, never pass. Knows US dollars only, and no prices.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Decimal places of a nano-dollar.
const PLACES: u32 = 9;
const NANOS_PER_DOLLAR: u64 = 1_000_000_000;

/// Decimal places that an amount is written with at least.
const LEAST_PLACES: usize = 2;

/// An amount of money in nano-dollars: up to 18.4 billion USD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NanoDollars(u64);

impl NanoDollars {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// So many nano-dollars.
    #[must_use]
    pub const fn new(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The number of nano-dollars.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Reads an amount in USD, such as `50`, `0.15` or `1.5e-07`, without rounding.
    ///
    /// # Errors
    /// When the text is no unsigned decimal number, is finer than a nano-dollar, or is too large.
    pub fn from_usd(text: &str) -> Result<Self, MoneyError> {
        scaled(text, PLACES).map(Self)
    }

    /// The sum; the largest amount when it is beyond that.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference; nothing when `other` is larger.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// USD, exact, with at least two decimal places: `50.00`, `0.000075`. With a precision (`{:.2}`) it is cut to so
/// many places, so that what is nearly used up never reads as used up.
impl fmt::Display for NanoDollars {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:09}", self.0 % NANOS_PER_DOLLAR);
        let places = formatter
            .precision()
            .unwrap_or_else(|| fraction.trim_end_matches('0').len().max(LEAST_PLACES))
            .min(fraction.len());
        write!(formatter, "{}", self.0 / NANOS_PER_DOLLAR)?;
        match fraction.get(..places) {
            Some(digits) if places > 0 => write!(formatter, ".{digits}"),
            _ => Ok(()),
        }
    }
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyError {
    /// Not an unsigned decimal number.
    NotANumber,
    /// It has more decimal places than can be kept.
    TooFine,
    /// It is larger than can be kept.
    TooLarge,
}

impl fmt::Display for MoneyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotANumber => "not a decimal number",
            Self::TooFine => "has too many decimal places",
            Self::TooLarge => "is too large",
        })
    }
}

/// Reads `digits[.digits][e[+|-]digits]` as a whole number of units of 10 to the power of `-places`.
///
/// # Errors
/// When the text is no unsigned decimal number, has more places than that, or is too large.
pub fn scaled(text: &str, places: u32) -> Result<u64, MoneyError> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            (mantissa, i64::from(exponent_digits(digits)?) * if exponent.starts_with('-') { -1 } else { 1 })
        }
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    if whole.is_empty() || fraction.is_empty() {
        return Err(MoneyError::NotANumber);
    }
    let fraction_places = i64::try_from(fraction.len()).map_err(|_| MoneyError::TooFine)?;
    let mut digits: u128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        if !byte.is_ascii_digit() {
            return Err(MoneyError::NotANumber);
        }
        digits = digits
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(u128::from(byte - b'0')))
            .ok_or(MoneyError::TooLarge)?;
    }
    if digits == 0 {
        return Ok(0);
    }
    let shift = exponent - fraction_places + i64::from(places);
    let factor = u32::try_from(shift.unsigned_abs()).ok().and_then(|power| 10_u128.checked_pow(power));
    let units = match (shift >= 0, factor) {
        (true, factor) => factor.and_then(|factor| digits.checked_mul(factor)).ok_or(MoneyError::TooLarge)?,
        (false, Some(factor)) if digits.is_multiple_of(factor) => digits / factor,
        (false, _) => return Err(MoneyError::TooFine),
    };
    u64::try_from(units).map_err(|_| MoneyError::TooLarge)
}

/// Digits only: `parse` alone would take a second sign.
fn exponent_digits(digits: &str) -> Result<u32, MoneyError> {
    match digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => digits.parse().map_err(|_| MoneyError::NotANumber),
        false => Err(MoneyError::NotANumber),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        for (text, nanos) in [
            ("0", 0),
            ("0.0", 0),
            ("50", 50_000_000_000),
            ("0.15", 150_000_000),
            ("1.5e-07", 150),
            ("1e-9", 1),
            ("2.5E+2", 250_000_000_000),
            ("0.000000001000", 1),
            ("0e-400", 0),
            ("18446744073.709551615", u64::MAX),
        ] {
            assert_eq!(NanoDollars::from_usd(text), Ok(NanoDollars::new(nanos)), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_kept_exactly_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1,5", "0x1", "1e", "1e+-2", "1e2.5", "NaN", "1 ", "１"]
        {
            assert_eq!(NanoDollars::from_usd(text), Err(MoneyError::NotANumber), "{text}");
        }
        for text in ["0.0000000001", "7.5e-11", "1e-4000000000"] {
            assert_eq!(NanoDollars::from_usd(text), Err(MoneyError::TooFine), "{text}");
        }
        for text in
            ["18446744073.709551616", "1e11", "1e4000000000", "9999999999999999999999999999999999999999"]
        {
            assert_eq!(NanoDollars::from_usd(text), Err(MoneyError::TooLarge), "{text}");
        }
    }

    #[test]
    fn amounts_are_written_as_dollars() {
        for (nanos, exact, cents) in [
            (50_000_000_000, "50.00", "50.00"),
            (49_999_999_999, "49.999999999", "49.99"),
            (75_000, "0.000075", "0.00"),
            (1_500_000_000, "1.50", "1.50"),
        ] {
            let amount = NanoDollars::new(nanos);
            assert_eq!(amount.to_string(), exact);
            assert_eq!(format!("{amount:.2}"), cents);
        }
        assert_eq!(format!("{:.0}", NanoDollars::new(1_500_000_000)), "1");
        assert_eq!(format!("{:.20}", NanoDollars::new(1)), "0.000000001");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(nanos: u64) {
            let amount = NanoDollars::new(nanos);
            prop_assert_eq!(NanoDollars::from_usd(&amount.to_string()), Ok(amount));
        }

        #[test]
        fn any_text_is_an_amount_or_an_error(text in "[0-9.eE+-]{0,50}") {
            let _ = NanoDollars::from_usd(&text);
        }
    }
}
