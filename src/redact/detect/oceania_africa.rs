//! Australia, New Zealand, South Africa, Nigeria, Kenya, Egypt: numbers of persons, taxpayers and health insurance, by
//! the rules of each state's registry.

use super::format;
use crate::redact::check::{digit_at, is_date, is_yymmdd, luhn, number_at, uniform, weighted};
use crate::redact::context::Group::{Health, Person, Social, Tax};
use crate::redact::format::Alone::{Always, Never, Written};
use crate::redact::format::Format;

/// One less in the first digit; weights 10 1 3 5 7 9 11 13 15 17 19; divisible by 89.
fn au_abn(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    digit_at(digits, 0) != 0 && (sum - 10).is_multiple_of(89)
}

fn au_acn(digits: &[u8]) -> bool {
    (10 - weighted(digits, &[8, 7, 6, 5, 4, 3, 2, 1]) % 10) % 10 == digit_at(digits, 8) && !uniform(digits)
}

fn au_tfn(digits: &[u8]) -> bool {
    let weights: &[u32] =
        if digits.len() == 8 { &[10, 7, 8, 4, 6, 3, 5, 1] } else { &[1, 4, 3, 7, 5, 8, 6, 9, 10] };
    weighted(digits, weights).is_multiple_of(11) && !uniform(digits)
}

/// Starts with 2 to 6; weights 1 3 7 9; the tenth digit is the card's issue.
fn au_medicare(digits: &[u8]) -> bool {
    (2..=6).contains(&digit_at(digits, 0))
        && weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == digit_at(digits, 8)
        && digit_at(digits, 9) != 0
}

/// Two sets of weights, modulo eleven.
fn nz_ird(digits: &[u8]) -> bool {
    let (head, last) = digits.split_at(digits.len().saturating_sub(1));
    let mut padded = vec![b'0'; 8_usize.saturating_sub(head.len())];
    padded.extend_from_slice(head);
    let check = |weights: &[u32]| (11 - weighted(&padded, weights) % 11) % 11;
    let first = check(&[3, 2, 7, 6, 5, 4, 3, 2]);
    let value = if first == 10 { check(&[7, 4, 3, 2, 5, 2, 7, 6]) } else { first };
    value == digit_at(last, 0) && (10_000_000..150_000_000).contains(&number_at(digits, 0, digits.len()))
}

/// Letters without I and O count from 1; weights 7 to 2; modulo eleven, or 24 in the new form.
fn nz_nhi(text: &[u8]) -> bool {
    const LETTERS: &[u8; 24] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
    let value = |byte: &u8| {
        if byte.is_ascii_digit() {
            Some(u32::from(byte - b'0'))
        } else {
            LETTERS.iter().position(|own| own == byte).map(|place| place as u32 + 1)
        }
    };
    let Some(values) = text.iter().map(value).collect::<Option<Vec<u32>>>() else { return false };
    let sum: u32 = values.iter().zip([7, 6, 5, 4, 3, 2]).map(|(value, weight)| value * weight).sum();
    let last = values.get(6).copied().unwrap_or(0);
    match text.last() {
        Some(byte) if byte.is_ascii_digit() => !sum.is_multiple_of(11) && (11 - sum % 11) % 10 == last,
        _ => 24 - sum % 24 == last,
    }
}

/// A date, citizenship, Luhn.
fn za_id(digits: &[u8]) -> bool {
    is_yymmdd(digits) && digit_at(digits, 10) <= 2 && luhn(digits)
}

/// A century, a date, a governorate.
fn eg_id(digits: &[u8]) -> bool {
    matches!(digit_at(digits, 0), 2 | 3)
        && is_date(number_at(digits, 1, 3), number_at(digits, 3, 5), number_at(digits, 5, 7))
        && matches!(number_at(digits, 7, 9), 1..=35 | 88)
}

fn not_uniform(text: &[u8]) -> bool {
    !uniform(text)
}

pub(super) static FORMATS: &[Format] = &[
    format(
        "AU_ABN",
        &["99 999 999 999"],
        au_abn,
        Written(74),
        &[Tax],
        &["abn", "australian business number", "business number"],
    ),
    format(
        "AU_ACN",
        &["999 999 999"],
        au_acn,
        Never,
        &[],
        &["acn", "a c n", "australian company number", "company number"],
    ),
    format(
        "AU_TFN",
        &["999 999 999", "99 999 999"],
        au_tfn,
        Never,
        &[Tax],
        &["tfn", "tax file number", "tax file no", "tax file"],
    ),
    format(
        "AU_MEDICARE",
        &["9999 99999 9", "9999 99999 9/9", "9999 99999 9 9"],
        au_medicare,
        Written(66),
        &[Health],
        &["medicare", "medicare number", "medicare card", "medicare no"],
    ),
    format(
        "NZ_IRD",
        &["99-999-999", "999-999-999"],
        nz_ird,
        Never,
        &[Tax],
        &["ird", "ird number", "inland revenue", "ird no"],
    ),
    format(
        "NZ_NHI",
        &["AAA9999", "AAA99A?"],
        nz_nhi,
        Never,
        &[Health],
        &["nhi", "national health index", "nhi number"],
    ),
    format(
        "ZA_ID_NUMBER",
        &["999999 9999 99 9", "999999 9999 999"],
        za_id,
        Always(66),
        &[Person],
        &[
            "south african id",
            "sa id",
            "rsa id",
            "id number",
            "id no",
            "identity number",
            "said",
            "id nommer",
            "identiteitsnommer",
            "sa id number",
        ],
    ),
    format(
        "NG_NIN",
        &["99999999999", "9999 999 9999"],
        not_uniform,
        Never,
        &[],
        &["nin", "national identification number", "nimc", "national identity number"],
    ),
    format(
        "NG_BVN",
        &["99999999999"],
        not_uniform,
        Never,
        &[],
        &["bvn", "bank verification", "bank verification number"],
    ),
    format(
        "KE_NATIONAL_ID",
        &["99999999"],
        not_uniform,
        Never,
        &[],
        &["kenyan id", "kenya national id", "huduma"],
    ),
    format(
        "KE_KRA_PIN",
        &["A999999999A"],
        |text| matches!(text.first(), Some(b'A' | b'P')),
        Never,
        &[Tax],
        &["kra", "kra pin"],
    ),
    format(
        "EG_NATIONAL_ID",
        &["99999999999999"],
        eg_id,
        Never,
        &[Person, Social],
        &["الرقم القومي", "egyptian id", "egypt national id"],
    ),
    format(
        "MA_CIN",
        &["A999999", "AA999999", "AA99999"],
        not_uniform,
        Never,
        &[],
        &["cin", "cnie", "carte d identite nationale"],
    ),
];
