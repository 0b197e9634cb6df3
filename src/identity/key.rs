//! The format of virtual keys: `tg-<id>-<secret>`.
//!
//! The id is public and says which entry of gateway.yaml to look at; the secret is base62, 43 digits for the
//! 256 random bits of a key made here, so the last `-` always divides the two. Only the hash of the whole key
//! is ever stored.
//!
//! Randomness is the caller's: nothing here knows where it comes from, and nothing here knows which keys
//! exist.

use std::fmt;

use crate::observe::secret::{KeyHash, Secret};

const PREFIX: &str = "tg-";
/// 0-9, A-Z, a-z: the order of ASCII, so that keys of one id sort as their numbers do.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The fewest base62 digits that hold 256 bits: 62^43 > 2^256 > 62^42.
const SECRET_LENGTH: usize = 43;
const LONGEST_SECRET: usize = 128;
const SHORTEST_SECRET: usize = 32;
/// The longest text that can be a key, in bytes.
pub const LONGEST_KEY: usize = 256;
/// The longest id, in bytes.
pub const LONGEST_ID: usize = 64;

/// A new virtual key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualKey(Secret<String>);

/// The id cannot be part of a key: empty, longer than [`LONGEST_ID`], or with other characters than
/// lower-case letters, digits, `.`, `_` and `-`, or with one of the last three at either end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidId;

impl VirtualKey {
    /// Makes the key of this id from 32 bytes that must be random and used once.
    ///
    /// # Errors
    /// [`InvalidId`] when the id breaks the rules for names in gateway.yaml.
    pub fn generate(id: &str, random: &[u8; 32]) -> Result<Self, InvalidId> {
        if !is_id(id) {
            return Err(InvalidId);
        }
        Ok(Self(Secret::new(format!("{PREFIX}{id}-{}", base62(random)))))
    }

    /// The whole key, to be shown once to its owner.
    #[must_use]
    pub const fn text(&self) -> &Secret<String> {
        &self.0
    }

    /// What gateway.yaml holds of it.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(self.0.expose().as_bytes())
    }
}

/// The id in what a client presents, when that has the form of a key. Whether such a key exists, and whether
/// the secret is right, is for the caller to find out.
#[must_use]
pub fn parse_id(presented: &str) -> Option<&str> {
    if presented.len() > LONGEST_KEY {
        return None;
    }
    let (id, secret) = presented.strip_prefix(PREFIX)?.rsplit_once('-')?;
    let valid = is_id(id)
        && (SHORTEST_SECRET..=LONGEST_SECRET).contains(&secret.len())
        // Without an early end, so that the compiler makes SIMD of it.
        && secret.bytes().fold(true, |all, byte| all & byte.is_ascii_alphanumeric());
    valid.then_some(id)
}

/// Whether `id` may name a virtual key: the rule for every name in gateway.yaml.
#[must_use]
pub fn is_id(id: &str) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let inner = |byte: &u8| alphanumeric(byte) || matches!(byte, b'.' | b'_' | b'-');
    let bytes = id.as_bytes();
    bytes.len() <= LONGEST_ID
        && bytes.iter().all(inner)
        && bytes.first().is_some_and(alphanumeric)
        && bytes.last().is_some_and(alphanumeric)
}

/// The big-endian number in base 62, with zeros in front. Every number has its own text, so 32 random bytes
/// lose nothing and no digit is favoured beyond what the range of the number demands.
fn base62(number: &[u8; 32]) -> String {
    let mut number = *number;
    let mut digits: Vec<char> = (0..SECRET_LENGTH)
        .map(|_| {
            let mut remainder = 0;
            for byte in &mut number {
                let value = remainder * 256 + u32::from(*byte);
                // The remainder is below 62, so the quotient is below 256.
                *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
                remainder = value % 62;
            }
            let digit = usize::try_from(remainder).ok().and_then(|index| DIGITS.get(index));
            char::from(digit.copied().unwrap_or(b'0'))
        })
        .collect();
    digits.reverse();
    digits.into_iter().collect()
}

impl fmt::Display for InvalidId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "expected an id of at most {LONGEST_ID} lower-case letters, digits, `.`, `_` and `-` that starts and \
             ends with a letter or digit"
        )
    }
}

impl std::error::Error for InvalidId {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg";

    fn key(id: &str, random: [u8; 32]) -> String {
        VirtualKey::generate(id, &random).expect("a valid id").text().expose().clone()
    }

    /// The numbers 0, 1, 61, 62 and 2^256 - 1 in base 62; the last from Python's big integers:
    /// `n = 2**256-1; while n: n, d = divmod(n, 62); print(DIGITS[d])`, read backwards.
    #[test]
    fn the_secret_is_the_number_in_base_62() {
        let small = |last: u8| {
            let mut bytes = [0; 32];
            bytes[31] = last;
            bytes
        };
        assert_eq!(key("a", [0; 32]), format!("tg-a-{}", "0".repeat(43)));
        assert_eq!(key("a", small(1)), format!("tg-a-{}1", "0".repeat(42)));
        assert_eq!(key("a", small(61)), format!("tg-a-{}z", "0".repeat(42)));
        assert_eq!(key("a", small(62)), format!("tg-a-{}10", "0".repeat(41)));
        assert_eq!(key("a", [255; 32]), "tg-a-yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1");
    }

    #[test]
    fn a_key_does_not_print_itself() {
        let key = VirtualKey::generate("a", &[7; 32]).expect("a valid id");
        assert_eq!(format!("{key:?}"), "VirtualKey(Secret(…))");
    }

    #[test]
    fn an_invalid_id_makes_no_key() {
        for id in ["", "A", "-a", "a-", ".a", "a b", "a/b", "ä", &"a".repeat(65)] {
            assert_eq!(VirtualKey::generate(id, &[0; 32]), Err(InvalidId), "{id}");
        }
    }

    #[test]
    fn the_last_hyphen_ends_the_id() {
        for id in ["a", "team-a-prod", "tg-tg", "a.b_c", &"a".repeat(64)] {
            assert_eq!(parse_id(&format!("tg-{id}-{SECRET}")), Some(id));
        }
    }

    #[test]
    fn the_secret_has_32_to_128_digits() {
        for (length, valid) in [(31, false), (32, true), (128, true), (129, false)] {
            let presented = format!("tg-a-{}", "x".repeat(length));
            assert_eq!(parse_id(&presented).is_some(), valid, "{length}");
        }
    }

    #[test]
    fn what_is_not_a_key_has_no_id() {
        let secret = SECRET;
        for presented in [
            "",
            "tg-",
            "tg--",
            "tg-a",
            "sk-proj-0123456789012345678901234567890123456789",
            &format!("tg-{secret}"),
            &format!("tg--{secret}"),
            &format!("TG-a-{secret}"),
            &format!(" tg-a-{secret}"),
            &format!("tg-a-{secret} "),
            &format!("tg-a-{secret}="),
            &format!("tg-a b-{secret}"),
            &format!("tg-ä-{secret}"),
            &format!("tg-a-{secret}ä"),
            &format!("tg-{}-{secret}", "a".repeat(65)),
            &"tg-a-".repeat(100_000),
        ] {
            assert_eq!(parse_id(presented), None, "{presented:.60}");
        }
    }

    proptest! {
        #[test]
        fn every_generated_key_gives_its_id_back(
            id in "[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?",
            random in any::<[u8; 32]>(),
        ) {
            let text = key(&id, random);
            prop_assert_eq!(text.len(), "tg-".len() + id.len() + "-".len() + 43);
            prop_assert_eq!(parse_id(&text), Some(id.as_str()));
        }

        #[test]
        fn different_random_bytes_make_different_keys(one in any::<[u8; 32]>(), other in any::<[u8; 32]>()) {
            prop_assert_eq!(key("a", one) == key("a", other), one == other);
        }

        #[test]
        fn any_text_may_be_presented(presented in "(tg-)?.{0,80}-?[0-9A-Za-z]{0,140}") {
            if let Some(id) = parse_id(&presented) {
                let prefix = format!("tg-{id}-");
                prop_assert!(presented.starts_with(&prefix));
            }
        }
    }
}
