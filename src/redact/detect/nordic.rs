//! Sweden, Norway, Denmark, Finland, Iceland, Estonia, Latvia, Lithuania: personal numbers, by the rules of each
//! state's population registry.

use super::format;
use crate::redact::check::{any, digit_at, is_date, is_ddmmyy, is_yymmdd, luhn, number, number_at, weighted};
use crate::redact::context::Group::{Person, Social, Tax, Vat};
use crate::redact::format::Alone::{Always, Never, Written};
use crate::redact::format::Format;

/// A date (days plus 60 for coordination numbers) and Luhn over ten digits.
fn se_personal(digits: &[u8]) -> bool {
    let ten = digits.get(digits.len().saturating_sub(10)..).unwrap_or_default();
    let century = digits.len() == 10 || matches!(number_at(digits, 0, 2), 18..=20);
    let day = number_at(ten, 4, 6);
    century
        && is_date(number_at(ten, 0, 2), number_at(ten, 2, 4), if day > 60 { day - 60 } else { day })
        && luhn(ten)
}

/// Luhn, and the third digit is at least two, which no month is.
fn se_organisation(digits: &[u8]) -> bool {
    luhn(digits) && digit_at(digits, 2) >= 2 && digit_at(digits, 0) != 0
}

/// Two check digits: weights 3 7 6 1 8 9 4 5 2 and 5 4 3 2 7 6 5 4 3 2. Days plus 40 for D-numbers.
fn no_birth_number(digits: &[u8]) -> bool {
    let first = 11 - weighted(digits, &[3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11;
    let second = 11 - weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let date = is_date(number_at(digits, 4, 6), number_at(digits, 2, 4) % 40, number_at(digits, 0, 2) % 40);
    date && first % 11 == digit_at(digits, 9) && second % 11 == digit_at(digits, 10)
}

fn no_organisation(digits: &[u8]) -> bool {
    matches!(digit_at(digits, 0), 8 | 9)
        && (11 - weighted(digits, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 == digit_at(digits, 8)
}

/// A date; the eleven test no longer holds for all numbers since 2007.
fn dk_cpr(digits: &[u8]) -> bool {
    is_ddmmyy(digits) && number_at(digits, 6, 10) != 0
}

fn dk_vat(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"DK").unwrap_or(text);
    digit_at(digits, 0) != 0 && weighted(digits, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// The remainder by 31 of date and serial picks the last character.
fn fi_personal(text: &[u8]) -> bool {
    let century = text.len() == 10 || text.get(6).is_some_and(|sign| b"ABCDEFYXWVU".contains(sign));
    let serial = text.len() - 4;
    let rest = (number_at(text, 0, 6) * 1000 + number_at(text, serial, serial + 3)) % 31;
    century && is_ddmmyy(text) && b"0123456789ABCDEFHJKLMNPRSTUVWXY".get(rest as usize) == text.last()
}

fn fi_vat(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"FI").unwrap_or(text);
    let check = (11 - weighted(digits, &[7, 9, 10, 5, 8, 4, 2]) % 11) % 11;
    check == digit_at(digits, 7)
}

/// Weights 3 2 7 6 5 4 3 2; the tenth digit is the century. Companies have days plus 40.
fn is_kennitala(digits: &[u8]) -> bool {
    let date = is_date(number_at(digits, 4, 6), number_at(digits, 2, 4), number_at(digits, 0, 2) % 40);
    date && matches!(digit_at(digits, 9), 0 | 8 | 9)
        && (11 - weighted(digits, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 == digit_at(digits, 8)
}

/// Estonia and Lithuania: weights 1 to 9 and 1, and where the remainder is ten, 3 to 9 and 1 to 3.
fn baltic(digits: &[u8]) -> bool {
    let first = weighted(digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let second = weighted(digits, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10;
    let check = if first < 10 { first } else { second };
    (1..=8).contains(&digit_at(digits, 0))
        && is_yymmdd(digits.get(1..7).unwrap_or_default())
        && check == digit_at(digits, 10)
}

/// Weights 1 6 3 7 9 10 5 8 4 2 from the left; numbers since 2017 start with 32 and have no check.
fn lv_personal(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9]);
    number_at(digits, 0, 2) == 32 || is_ddmmyy(digits) && (1 + sum) % 11 % 10 == digit_at(digits, 10)
}

pub(super) static FORMATS: &[Format] = &[
    format(
        "SE_PERSONNUMMER",
        &["999999-9999", "99999999-9999"],
        se_personal,
        Written(76),
        &[Person, Social],
        &["personnummer", "personnr", "pnr", "samordningsnummer", "swedish personal number", "pers nr"],
    ),
    format(
        "SE_ORGANISATIONSNUMMER",
        &["999999-9999"],
        se_organisation,
        Never,
        &[],
        &["organisationsnummer", "orgnr", "org nr", "organisationsnr"],
    ),
    format(
        "SE_VAT_NUMBER",
        &["se 999999999901"],
        |text| luhn(text.get(2..12).unwrap_or_default()),
        Always(76),
        &[Vat],
        &["momsnummer", "moms", "momsregistreringsnummer"],
    ),
    format(
        "NO_FODSELSNUMMER",
        &["999999 99999"],
        no_birth_number,
        Always(70),
        &[Person],
        &["fodselsnummer", "fodselsnr", "personnummer", "fnr", "d nummer", "f.nr"],
    ),
    format(
        "NO_ORGANISASJONSNUMMER",
        &["999 999 999"],
        no_organisation,
        Never,
        &[],
        &["organisasjonsnummer", "orgnr", "org nr"],
    ),
    format(
        "DK_CPR",
        &["999999-9999"],
        dk_cpr,
        Written(62),
        &[Person],
        &["cpr", "cpr nummer", "cpr nr", "personnummer", "cprnr"],
    ),
    format(
        "DK_CVR",
        &["99999999", "99 99 99 99"],
        dk_vat,
        Never,
        &[],
        &["cvr", "cvr nr", "cvr nummer", "se nr"],
    ),
    format("DK_VAT_NUMBER", &["dk 99999999", "dk99 99 99 99"], dk_vat, Always(74), &[Vat], &[]),
    format(
        "FI_PERSONAL_IDENTITY_CODE",
        &["999999-999?"],
        fi_personal,
        Written(80),
        &[Person, Social],
        &[
            "henkilotunnus",
            "hetu",
            "henkilotunnukse*",
            "personbeteckning",
            "sosiaaliturvatunnus",
            "finnish personal",
        ],
    ),
    format(
        "FI_PERSONAL_IDENTITY_CODE",
        &["999999A999?"],
        fi_personal,
        Always(80),
        &[Person, Social],
        &[
            "henkilotunnus",
            "hetu",
            "henkilotunnukse*",
            "personbeteckning",
            "sosiaaliturvatunnus",
            "finnish personal",
        ],
    ),
    format(
        "FI_BUSINESS_ID",
        &["9999999-9"],
        fi_vat,
        Written(60),
        &[],
        &["y tunnus", "fo nummer", "business id"],
    ),
    format("FI_VAT_NUMBER", &["fi 99999999"], fi_vat, Always(74), &[Vat], &["alv", "alv numero"]),
    format(
        "IS_KENNITALA",
        &["999999-9999"],
        is_kennitala,
        Written(72),
        &[Person],
        &["kennital*", "kennitol*", "kt", "icelandic id"],
    ),
    format(
        "EE_PERSONAL_CODE",
        &["99999999999"],
        baltic,
        Always(58),
        &[Person],
        &["isikukood", "isikukoodi*", "estonian personal", "estonian id", "personal identification code"],
    ),
    format(
        "LT_PERSONAL_CODE",
        &["99999999999"],
        baltic,
        Always(57),
        &[Person],
        &["asmens kodas", "asmens kodo", "asmens kodą", "lithuanian personal", "a k"],
    ),
    format(
        "LV_PERSONAL_CODE",
        &["999999-99999"],
        lv_personal,
        Written(74),
        &[Person],
        &["personas kods", "personas kodu", "personas koda", "latvian personal", "p k"],
    ),
    format(
        "LV_PERSONAL_CODE",
        &["99999999999"],
        |digits| lv_personal(digits) && number(digits) != 0,
        Never,
        &[],
        &["personas kods", "personas kodu"],
    ),
    format(
        "LI_TAX_ID",
        &["999999999999"],
        any,
        Never,
        &[],
        &["peid", "pid nummer liechtenstein", "steuernummer liechtenstein"],
    ),
    format(
        "NO_VAT_NUMBER",
        &["999 999 999 mva", "no 999999999"],
        |text| no_organisation(text.strip_prefix(b"NO").unwrap_or(text).get(..9).unwrap_or_default()),
        Always(74),
        &[Vat, Tax],
        &["mva"],
    ),
];
