//! Check digits that several families share, over ASCII digits and capital letters.
//!
//! Nothing here knows a format: the callers have checked length and alphabet. Any other byte counts as zero.

/// The value of an ASCII digit.
pub(crate) fn digit(byte: u8) -> u32 {
    u32::from(byte.wrapping_sub(b'0').min(9))
}

/// The digit at a place; zero beyond the end.
pub(crate) fn digit_at(text: &[u8], at: usize) -> u32 {
    text.get(at).copied().map_or(0, digit)
}

/// The number that digits spell, for at most 18 of them.
pub(crate) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |sum, &byte| sum * 10 + u64::from(digit(byte)))
}

/// The number that the digits of a range spell; zero when the range is not there.
pub(crate) fn number_at(text: &[u8], start: usize, end: usize) -> u64 {
    number(text.get(start..end).unwrap_or_default())
}

/// The sum of the digits, each times its weight; digits without a weight do not count.
pub(crate) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(&byte, weight)| digit(byte) * weight).sum()
}

/// ISO/IEC 7812-1, annex B: every second digit from the right doubled, its digits summed.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &byte)| match digit(byte) << (at & 1) {
            double @ 10.. => double - 9,
            single => single,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Verhoeff's dihedral check (Mathematical Centre Tracts 29, 1969).
pub(crate) fn verhoeff(digits: &[u8]) -> bool {
    const PERMUTATION: [usize; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let mut state = 0;
    for (at, &byte) in digits.iter().rev().enumerate() {
        let mut value = digit(byte) as usize;
        for _ in 0..at % 8 {
            value = PERMUTATION.get(value).copied().unwrap_or(0);
        }
        state = dihedral(state, value);
    }
    state == 0
}

/// Multiplication in the dihedral group of order 10.
fn dihedral(one: usize, other: usize) -> usize {
    match (one < 5, other < 5) {
        (true, true) => (one + other) % 5,
        (true, false) => 5 + (one + other) % 5,
        (false, true) => 5 + (one + 5 - other) % 5,
        (false, false) => (one + 5 - other) % 5,
    }
}

/// The remainder by 97 of the number that digits and letters (A = 10 … Z = 35) spell (ISO/IEC 7064, MOD 97-10).
pub(crate) fn remainder_97(text: impl Iterator<Item = u8>) -> u32 {
    text.fold(0, |rest, byte| match byte {
        b'A'..=b'Z' => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
        _ => (rest * 10 + digit(byte)) % 97,
    })
}

/// ISO/IEC 7064, MOD 11,10: the last digit is the check.
pub(crate) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((&check, payload)) = digits.split_last() else { return false };
    let product = payload.iter().fold(10, |product, &byte| {
        let sum = (product + digit(byte)) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (digit(check) + product) % 10 == 1
}

/// ISO/IEC 7064, MOD 11-2: the last character is the check, `X` for ten.
pub(crate) fn mod_11_2(text: &[u8]) -> bool {
    let Some((&check, payload)) = text.split_last() else { return false };
    let sum = payload.iter().fold(0, |sum, &byte| (sum + digit(byte)) * 2 % 11);
    let check = if check == b'X' { 10 } else { digit(check) };
    (sum + check) % 11 == 1
}

/// Whether all bytes are one and the same.
pub(crate) fn uniform(text: &[u8]) -> bool {
    text.first().is_some_and(|first| text.iter().all(|byte| byte == first))
}

/// Whether year, month and day (year within the century when below 100) can be a date.
pub(crate) fn is_date(year: u64, month: u64, day: u64) -> bool {
    let longest = match month {
        2 if !year.is_multiple_of(4) => 28,
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return false,
    };
    (1..=longest).contains(&day)
}

/// Whether six digits are a date as year, month, day.
pub(crate) fn is_yymmdd(digits: &[u8]) -> bool {
    is_date(number_at(digits, 0, 2), number_at(digits, 2, 4), number_at(digits, 4, 6))
}

/// Whether six digits are a date as day, month, year.
pub(crate) fn is_ddmmyy(digits: &[u8]) -> bool {
    is_date(number_at(digits, 4, 6), number_at(digits, 2, 4), number_at(digits, 0, 2))
}

/// Any characters of the right form.
pub(crate) fn any(_: &[u8]) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the standards, and of the issuers where the standard has none.
    #[test]
    fn the_standards_own_examples_pass_and_a_changed_digit_fails() {
        assert!(luhn(b"79927398713") && !luhn(b"79927398710"));
        assert!(verhoeff(b"2363") && !verhoeff(b"2364"));
        assert!(mod_11_2(b"079X") && !mod_11_2(b"0791"));
        assert!(mod_11_10(b"07945") && !mod_11_10(b"07946"));
        assert_eq!(remainder_97(b"79444".iter().copied()), 1);
    }

    #[test]
    fn the_calendar_is_kept() {
        assert!(
            is_date(1984, 2, 29) && !is_date(1985, 2, 29) && !is_date(1985, 13, 1) && !is_date(1985, 4, 31)
        );
        assert!(
            is_yymmdd(b"850312") && is_ddmmyy(b"120385") && !is_yymmdd(b"120385") && !is_ddmmyy(b"850312")
        );
    }
}
