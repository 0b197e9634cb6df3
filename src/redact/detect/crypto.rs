//! Addresses of cryptocurrencies: base58check (Bitcoin, Litecoin, Dogecoin, Tron …), bech32 (BIP 173) and bech32m
//! (BIP 350), and Ethereum's hexadecimal addresses.
//!
//! The checks of base58check and bech32 make an address certain. An Ethereum address counts by its form: `0x` and
//! forty digits; the letters' case (EIP-55) is not checked, because most programs write small letters.

use sha2::{Digest as _, Sha256};

use crate::redact::scan::Scan;

const KIND: &str = "CRYPTO";
const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Reports the word when it is an address; whether it was one.
pub(crate) fn find(scan: &mut Scan<'_>, start: usize, end: usize) -> bool {
    let Some(word) = scan.bytes.get(start..end) else { return false };
    let known = is_ethereum(word) || is_base58check(word) || is_bech32(word);
    if known {
        scan.report(start, end, KIND, 95);
    }
    known
}

fn is_ethereum(word: &[u8]) -> bool {
    let Some(digits) = word.strip_prefix(b"0x") else { return false };
    let zeros = digits.iter().filter(|byte| **byte == b'0').count();
    digits.len() == 40 && digits.iter().all(u8::is_ascii_hexdigit) && zeros < 30
}

/// A version, twenty bytes, and the first four bytes of their double SHA-256.
fn is_base58check(word: &[u8]) -> bool {
    if !(26..=35).contains(&word.len()) {
        return false;
    }
    let mut bytes = [0_u8; 25];
    for character in word {
        let Some(value) = BASE58.iter().position(|own| own == character) else { return false };
        let mut carry = value as u32;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = (carry & 0xFF) as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let (payload, check) = bytes.split_at(21);
    Sha256::digest(Sha256::digest(payload)).get(..4) == Some(check)
}

/// A prefix, `1`, and data whose last six characters are a checksum of both.
fn is_bech32(word: &[u8]) -> bool {
    let mixed = word.iter().any(u8::is_ascii_uppercase) && word.iter().any(u8::is_ascii_lowercase);
    let Some(mark) = word.iter().rposition(|byte| *byte == b'1') else { return false };
    if mixed || !(1..=10).contains(&mark) || word.len() < mark + 30 || word.len() > 90 {
        return false;
    }
    let (prefix, data) = word.split_at(mark);
    let prefix: Vec<u32> = prefix.iter().map(|byte| u32::from(byte.to_ascii_lowercase())).collect();
    let mut state = 1;
    for value in prefix.iter().map(|value| value >> 5).chain([0]).chain(prefix.iter().map(|value| value & 31))
    {
        state = polymod(state, value);
    }
    for byte in data.iter().skip(1) {
        let byte = byte.to_ascii_lowercase();
        let Some(value) = BECH32.iter().position(|own| *own == byte) else { return false };
        state = polymod(state, value as u32);
    }
    // The constants of BIP 173 and BIP 350.
    state == 1 || state == 0x2bc8_30a3
}

fn polymod(state: u32, value: u32) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let top = state >> 25;
    let shifted = (state & 0x01ff_ffff) << 5 ^ value;
    GENERATOR
        .iter()
        .enumerate()
        .fold(shifted, |state, (bit, term)| if top >> bit & 1 == 1 { state ^ term } else { state })
}
