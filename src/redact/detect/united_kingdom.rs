//! United Kingdom: NHS number (NHS Data Dictionary), national insurance number (HMRC NIM39110), UTR, sort code and
//! account, VAT, driving licence (DVLA). Ireland: PPS number.

use super::format;
use crate::redact::check::{digit_at, number_at, uniform, weighted};
use crate::redact::context::Group::{Account, Health, Licence, Person, Social, Tax, Vat};
use crate::redact::format::Alone::{Always, Never, Written};
use crate::redact::format::Format;

/// Weights 10 to 2; eleven less the remainder by eleven is the last digit.
fn nhs(digits: &[u8]) -> bool {
    let check = (11 - weighted(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    check == digit_at(digits, 9) && !uniform(digits)
}

/// Prefixes that are not allocated; the suffix is A to D.
fn nino(text: &[u8]) -> bool {
    let [first, second, ..] = *text else { return false };
    !b"DFIQUV".contains(&first)
        && !b"DFIOQUV".contains(&second)
        && ![*b"BG", *b"GB", *b"KN", *b"NK", *b"NT", *b"TN", *b"ZZ"].contains(&[first, second])
        && text.get(8).is_none_or(|suffix| b"ABCDFMP".contains(suffix))
}

/// The first digit is a check over the others (weights 6 7 8 9 10 5 4 3 2).
fn utr(digits: &[u8]) -> bool {
    let rest = weighted(digits.get(1..).unwrap_or_default(), &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
    b"21987654321".get(rest as usize) == digits.first()
}

fn sort_code(digits: &[u8]) -> bool {
    !uniform(digits) && number_at(digits, 0, 2) != 0
}

/// Weights 8 to 2 and the last two digits add to a multiple of 97, or do with 55 more.
fn vat(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"GB").unwrap_or(text);
    let sum = weighted(digits, &[8, 7, 6, 5, 4, 3, 2, 10, 1]);
    sum.is_multiple_of(97) || (sum + 55).is_multiple_of(97)
}

/// Five letters of the surname, decade, month (plus 50 for women), day and year, initials.
fn licence(text: &[u8]) -> bool {
    let month = number_at(text, 6, 8) % 50;
    let day = number_at(text, 8, 10);
    (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && text.get(..5).is_some_and(|name| {
            let letters = name.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
            letters > 0 && name.iter().skip(letters).all(|byte| *byte == b'9')
        })
}

/// Weights 8 to 2, and 9 for a second letter; the remainder by 23 is the letter.
fn pps(text: &[u8]) -> bool {
    let second = text.get(8).map_or(0, |byte| u32::from(byte.saturating_sub(b'@')) * 9);
    let second = if text.get(8) == Some(&b'W') { 0 } else { second };
    let rest = (weighted(text, &[8, 7, 6, 5, 4, 3, 2]) + second) % 23;
    b"WABCDEFGHIJKLMNOPQRSTUV".get(rest as usize) == text.get(7)
}

pub(super) static FORMATS: &[Format] = &[
    format(
        "UK_NHS",
        &["999 999 9999"],
        nhs,
        Written(68),
        &[Health],
        &[
            "nhs",
            "nhs number",
            "nhs no",
            "nhs id",
            "national health service",
            "chi number",
            "health and care number",
        ],
    ),
    format(
        "UK_NINO",
        &["AA 99 99 99 A", "AA 999999 A"],
        nino,
        Always(78),
        &[Social],
        &["nino", "ni number", "national insurance", "national insurance number", "ni no", "nat ins"],
    ),
    format("UK_NINO", &["AA 99 99 99"], nino, Never, &[], &["nino", "national insurance number"]),
    format(
        "UK_UTR",
        &["99999 99999"],
        utr,
        Never,
        &[Tax],
        &[
            "utr",
            "unique taxpayer reference",
            "unique tax reference",
            "self assessment",
            "utr number",
            "hmrc",
            "tax reference",
        ],
    ),
    format(
        "UK_SORT_CODE",
        &["99-99-99"],
        sort_code,
        Never,
        &[],
        &["sort code", "sortcode", "sort codes", "bank sort code", "s/c"],
    ),
    format(
        "UK_BANK_NUMBER",
        &["9999 9999"],
        sort_code,
        Never,
        &[],
        &["uk account", "uk bank account", "sort code and account"],
    ),
    format("UK_VAT_NUMBER", &["gb 999 9999 99", "gb 999 999 999"], vat, Always(75), &[Vat, Tax], &["uk vat"]),
    format("UK_VAT_NUMBER", &["999 9999 99"], vat, Never, &[Vat], &["uk vat"]),
    format(
        "UK_DRIVING_LICENCE",
        &["????? 999999 ??9AA", "?????999999???AA", "?????-999999-?????"],
        licence,
        Always(66),
        &[Licence],
        &["dvla", "uk driving licence", "driver number"],
    ),
    format(
        "IE_PPSN",
        &["9999999A", "9999999AA", "9999999 A"],
        pps,
        Always(62),
        &[Social, Person, Tax],
        &["pps", "ppsn", "pps number", "pps no", "personal public service", "uimhir psp", "rsi"],
    ),
    format(
        "IE_VAT_NUMBER",
        &["ie 9999999A", "ie9999999AA"],
        |text| pps(text.get(2..).unwrap_or_default()),
        Always(75),
        &[Vat, Tax],
        &[],
    ),
    format("UK_BANK_NUMBER", &["99999999"], sort_code, Never, &[Account], &[]),
];
