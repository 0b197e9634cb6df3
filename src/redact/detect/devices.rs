//! Devices and vehicles: IMEI (3GPP TS 23.003, Luhn), IMSI and ICCID (ITU-T E.118, Luhn), VIN (ISO 3779 with the
//! check digit of 49 CFR 565).

use super::format;
use crate::redact::check::{luhn, uniform};
use crate::redact::format::Alone::{Always, Never, Written};
use crate::redact::format::Format;

fn imei(digits: &[u8]) -> bool {
    luhn(digits) && !uniform(digits)
}

/// Letters count as 1 to 9 without I, O and Q; weights by place; the remainder by eleven is the ninth character.
fn vin_checked(text: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    const VALUES: &[u8; 26] = b"12345678012345070923456789";
    let value = |byte: &u8| match byte {
        b'A'..=b'Z' => VALUES.get(usize::from(byte - b'A')).map_or(0, |value| u32::from(value - b'0')),
        _ => u32::from(byte.saturating_sub(b'0')),
    };
    let sum: u32 = text.iter().zip(WEIGHTS).map(|(byte, weight)| value(byte) * weight).sum();
    vin(text) && b"0123456789X".get((sum % 11) as usize) == text.get(8)
}

fn vin(text: &[u8]) -> bool {
    let letters = text.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    !text.iter().any(|byte| b"IOQ".contains(byte))
        && letters >= 3
        && text.get(13..).is_some_and(|tail| tail.iter().all(u8::is_ascii_digit))
}

/// The form of Cisco's systems: three groups of four hexadecimal digits.
fn mac(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_hexdigit) && text.iter().any(u8::is_ascii_uppercase) && !uniform(text)
}

const VIN: &[&str] = &[
    "vin",
    "vin number",
    "vehicle identification",
    "vehicle identification number",
    "chassis",
    "chassis number",
    "fahrgestellnummer",
    "fin",
    "fahrzeug identifizierungsnummer",
    "numero de chassis",
    "bastidor",
    "telaio",
    "numero di telaio",
    "chassi",
    "车架号",
    "車台番号",
    "vin code",
    "numero de serie",
    "nadwozia",
];

pub(super) static FORMATS: &[Format] = &[
    format(
        "MAC_ADDRESS",
        &["????.????.????"],
        mac,
        Written(58),
        &[],
        &["mac", "mac address", "hardware address"],
    ),
    format(
        "IMEI",
        &["99-999999-999999-9", "999999999999999", "999999 99 999999 9"],
        imei,
        Never,
        &[],
        &["imei", "imei1", "imei number", "imei no", "device id", "handset", "imei2", "serial imei"],
    ),
    format(
        "IMSI",
        &["999999999999999"],
        |digits| !uniform(digits),
        Never,
        &[],
        &["imsi", "subscriber identity"],
    ),
    format(
        "ICCID",
        &["8999999999999999999", "89999999999999999999"],
        luhn,
        Never,
        &[],
        &["iccid", "sim", "sim card", "sim number"],
    ),
    format("VIN", &["?????????????????"], vin_checked, Always(70), &[], VIN),
    format("VIN", &["?????????????????"], vin, Never, &[], VIN),
];
