//! What is put in the place of a value, and the way back from an answer.
//!
//! A [`Vault`] lives as long as one request. Masking a text with it replaces what was found: by a placeholder such
//! as `[EMAIL_ADDRESS_1]` that is the same wherever the same value stands, by its last characters, by a keyed hash,
//! or by nothing. [`Vault::restore`] puts the values of restorable placeholders back; [`Restorer`] does so on a
//! stream, however it is cut, and holds back at most [`LONGEST_PLACEHOLDER`] bytes.
//!
//! Promises: restoring a masked text gives the original; a placeholder never has a number that the prompt already
//! uses ([`Vault::avoid`]); a model may change a placeholder's case and spacing. Square brackets, because JSON and
//! HTML leave them as they are. It does not know what a message is, and holds values in memory only.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::finding::{Finding, Kind};

/// No placeholder is longer, with what a model may add to it, in bytes; and no more is held back of a stream.
pub const LONGEST_PLACEHOLDER: usize = 80;

/// What happens to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A numbered placeholder takes its place; with `restore`, answers get the value back.
    Replace {
        /// Whether answers get the value back. Never for secrets.
        restore: bool,
    },
    /// Letters and digits become `*`, but for so many at the end.
    Mask {
        /// How many letters and digits stay.
        keep: usize,
    },
    /// A keyed hash takes its place: HMAC-SHA-256, its first eight bytes in hexadecimal.
    Hash,
    /// Nothing takes its place.
    Remove,
    /// The request is refused.
    Block,
    /// It stays.
    Allow,
}

impl Action {
    /// The stable name in configuration, metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replace { .. } => "replace",
            Self::Mask { .. } => "mask",
            Self::Hash => "hash",
            Self::Remove => "remove",
            Self::Block => "block",
            Self::Allow => "allow",
        }
    }
}

/// Which action each type gets.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The actions of types that have their own.
    pub actions: HashMap<Kind, Action>,
    /// The action of all others.
    pub otherwise: Action,
    /// The key of the hashes.
    pub hash_key: Vec<u8>,
}

impl Rules {
    /// The action of a type.
    #[must_use]
    pub fn action(&self, kind: Kind) -> Action {
        self.actions.get(&kind).copied().unwrap_or(self.otherwise)
    }
}

/// How the text is written that values are put back into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// As it is.
    Plain,
    /// Inside the strings of a JSON document, such as the arguments of a tool call.
    Json,
}

/// The values of one request, by their placeholders.
#[derive(Default)]
pub struct Vault {
    numbers: HashMap<(Kind, String), u32>,
    /// By the placeholder's letters and digits.
    values: BTreeMap<String, String>,
    last: u32,
}

impl Vault {
    /// A vault without values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note of what looks like a placeholder in a text of the prompt, so that none of ours has its number.
    /// Every text of the request comes here before the first is masked.
    pub fn avoid(&mut self, text: &str) {
        for (at, _) in text.match_indices('[') {
            let Reading::Complete { letters, .. } = read(text.get(at..).unwrap_or_default()) else {
                continue;
            };
            let digits = letters.trim_start_matches(|character: char| !character.is_ascii_digit());
            // A longer number is none that this vault will ever reach.
            if let Some(number) = digits.parse().ok().filter(|number| *number < 1_000_000_u32) {
                self.last = self.last.max(number);
            }
        }
    }

    /// The text with every finding dealt with as the rules say; the type of the first value that blocks as an error.
    /// The findings are in order and do not overlap, as [`super::find_all`] gives them.
    ///
    /// # Errors
    /// The type of the first finding whose action is [`Action::Block`].
    pub fn mask(&mut self, text: &str, findings: &[Finding], rules: &Rules) -> Result<String, Kind> {
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for finding in findings {
            let Some(value) = text.get(finding.start..finding.end) else { continue };
            out.push_str(text.get(copied..finding.start).unwrap_or_default());
            copied = finding.end;
            match rules.action(finding.kind) {
                Action::Replace { restore } => out.push_str(&self.placeholder(finding.kind, value, restore)),
                Action::Mask { keep } => out.push_str(&masked(value, keep)),
                Action::Hash => {
                    let code = hmac_sha256(&rules.hash_key, value.as_bytes());
                    let code: String = code.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                    out.push_str(&format!("[{}:{code}]", finding.kind));
                }
                Action::Remove => {}
                Action::Block => return Err(finding.kind),
                Action::Allow => out.push_str(value),
            }
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        Ok(out)
    }

    fn placeholder(&mut self, kind: Kind, value: &str, restore: bool) -> String {
        let number = *self.numbers.entry((kind, value.to_owned())).or_insert_with(|| {
            self.last += 1;
            self.last
        });
        let placeholder = format!("[{kind}_{number}]");
        if restore && let Reading::Complete { letters, .. } = read(&placeholder) {
            self.values.entry(letters).or_insert_with(|| value.to_owned());
        }
        placeholder
    }

    /// Whether there is anything to restore.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The text with the values in the places of their placeholders.
    #[must_use]
    pub fn restore(&self, text: &str, quoting: Quoting) -> String {
        let mut restorer = Restorer::default();
        let mut out = restorer.push(self, text, quoting);
        out.push_str(&restorer.finish());
        out
    }
}

/// Restores a stream of text, piece by piece.
#[derive(Default)]
pub struct Restorer {
    held: String,
}

impl Restorer {
    /// What can be passed on now that the next piece of the stream is here. The rest, which may be the beginning of
    /// a placeholder, waits; it is at most [`LONGEST_PLACEHOLDER`] bytes long.
    pub fn push(&mut self, vault: &Vault, piece: &str, quoting: Quoting) -> String {
        self.held.push_str(piece);
        let text = std::mem::take(&mut self.held);
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|rest| rest.find('[')).map(|at| from + at) {
            from = at + 1;
            match read(text.get(at..).unwrap_or_default()) {
                Reading::Complete { letters, length } => {
                    let Some(value) = vault.values.get(&letters) else { continue };
                    out.push_str(text.get(copied..at).unwrap_or_default());
                    match quoting {
                        Quoting::Plain => out.push_str(value),
                        Quoting::Json => out.push_str(&escaped(value)),
                    }
                    copied = at + length;
                    from = copied;
                }
                Reading::Partial { letters } if vault.has_beginning(&letters) => {
                    out.push_str(text.get(copied..at).unwrap_or_default());
                    self.held = text.get(at..).unwrap_or_default().to_owned();
                    return out;
                }
                Reading::Partial { .. } | Reading::Other => {}
            }
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        out
    }

    /// Whether nothing is held back.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// What was held back when the stream ends: the beginning of a placeholder that never came.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

impl Vault {
    fn has_beginning(&self, letters: &str) -> bool {
        let next = self.values.range(letters.to_owned()..).next();
        next.is_some_and(|(own, _)| own.starts_with(letters))
    }
}

/// What an opening bracket is the beginning of.
enum Reading {
    /// A placeholder's form, with its letters and digits in capitals, and how many bytes it takes.
    Complete { letters: String, length: usize },
    /// The text ends before the closing bracket.
    Partial { letters: String },
    /// Something else.
    Other,
}

/// Reads a placeholder in any case and spacing, also with the backslashes of Markdown; `text` starts at its bracket.
fn read(text: &str) -> Reading {
    let mut letters = String::new();
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b']' => return Reading::Complete { letters, length: at + 1 },
            _ if at >= LONGEST_PLACEHOLDER => return Reading::Other,
            b' ' | b'_' | b'-' | b'\\' => {}
            _ if byte.is_ascii_alphanumeric() => letters.push(char::from(byte.to_ascii_uppercase())),
            _ => return Reading::Other,
        }
    }
    Reading::Partial { letters }
}

/// The value as it stands between the quotes of a JSON string.
fn escaped(value: &str) -> String {
    let quoted = serde_json::to_string(value).unwrap_or_default();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

fn masked(value: &str, keep: usize) -> String {
    let total = value.chars().filter(|character| character.is_alphanumeric()).count();
    let mut seen = 0;
    let mask = |character: char| {
        seen += usize::from(character.is_alphanumeric());
        if character.is_alphanumeric() && seen + keep <= total { '*' } else { character }
    };
    value.chars().map(mask).collect()
}

/// HMAC (RFC 2104) with SHA-256.
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    let hashed = Sha256::digest(key);
    let key = if key.len() > block.len() { hashed.as_slice() } else { key };
    for (slot, byte) in block.iter_mut().zip(key) {
        *slot = *byte;
    }
    let keyed = |pad: u8| Sha256::new().chain_update(block.map(|byte| byte ^ pad));
    let inner = keyed(0x36).chain_update(message).finalize();
    keyed(0x5c).chain_update(inner).finalize().into()
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::redact::{Settings, find_all};

    fn rules(otherwise: Action) -> Rules {
        Rules { actions: HashMap::new(), otherwise, hash_key: b"key".to_vec() }
    }

    fn masked_by(vault: &mut Vault, text: &str, action: Action) -> Result<String, Kind> {
        vault.avoid(text);
        vault.mask(text, &find_all(text, &Settings::default()), &rules(action))
    }

    const RESTORED: Action = Action::Replace { restore: true };

    #[test]
    fn each_action_does_what_it_says() {
        let text = "mail ann@corp.example, card 4111 1111 1111 1111";
        let mut vault = Vault::new();
        let with = |action| masked_by(&mut Vault::new(), text, action);
        let replaced = masked_by(&mut vault, text, RESTORED).unwrap();
        assert_eq!(replaced, "mail [EMAIL_ADDRESS_1], card [CREDIT_CARD_2]");
        assert_eq!(
            with(Action::Mask { keep: 4 }).unwrap(),
            "mail ***@****.***mple, card **** **** **** 1111"
        );
        assert_eq!(with(Action::Remove).unwrap(), "mail , card ");
        assert_eq!(with(Action::Allow).unwrap(), text);
        assert_eq!(with(Action::Block), Err(Kind("EMAIL_ADDRESS")));
        let hashed = with(Action::Hash).unwrap();
        assert!(hashed.starts_with("mail [EMAIL_ADDRESS:") && !hashed.contains("corp"));
    }

    /// RFC 4231, test cases 2 and 6.
    #[test]
    fn the_hash_is_hmac() {
        let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(
            hex(hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn a_value_keeps_its_placeholder_and_a_prompts_own_stays() {
        let mut vault = Vault::new();
        let text = "[EMAIL_ADDRESS_1] is not a@b.example but a@b.example";
        let masked = masked_by(&mut vault, text, RESTORED).unwrap();
        assert_eq!(masked, "[EMAIL_ADDRESS_1] is not [EMAIL_ADDRESS_2] but [EMAIL_ADDRESS_2]");
        assert_eq!(vault.restore(&masked, Quoting::Plain), text);
    }

    #[test]
    fn a_model_may_change_case_and_spacing() {
        let mut vault = Vault::new();
        masked_by(&mut vault, "to a@b.example", RESTORED).unwrap();
        for text in ["[email_address_1]", "[Email Address 1]", "[ EMAIL-ADDRESS-1 ]", "[EMAIL\\_ADDRESS\\_1]"]
        {
            assert_eq!(vault.restore(text, Quoting::Plain), "a@b.example", "{text}");
        }
        for text in ["[EMAIL_ADDRESS_11]", "[1, 2]", "EMAIL_ADDRESS_1", "[EMAIL_ADDRESS_1"] {
            assert_eq!(vault.restore(text, Quoting::Plain), text);
        }
    }

    #[test]
    fn what_is_not_to_be_restored_stays_hidden() {
        let mut vault = Vault::new();
        let masked = masked_by(&mut vault, "to a@b.example", Action::Replace { restore: false }).unwrap();
        assert_eq!(vault.restore(&masked, Quoting::Plain), masked);
    }

    #[test]
    fn json_stays_json() {
        let mut vault = Vault::new();
        let finding = Finding { start: 0, end: 5, kind: Kind("CUSTOM"), score: 90 };
        vault.mask("a\"b\\c", &[finding], &rules(RESTORED)).unwrap();
        assert_eq!(vault.restore("{\"x\":\"[CUSTOM_1]\"}", Quoting::Json), r#"{"x":"a\"b\\c"}"#);
    }

    proptest! {
        #[test]
        fn restoring_what_was_masked_gives_the_original(
            parts in prop::collection::vec(prop_oneof![
                Just("a.b@corp.example".to_owned()), Just("4111 1111 1111 1111".to_owned()), Just("[".to_owned()),
                Just("[EMAIL_ADDRESS_1]".to_owned()), Just("[CREDIT_CARD_".to_owned()), "[a-zé ]{0,9}", "[0-9\\[\\]_]{0,6}",
            ], 0..12),
            cuts in prop::collection::vec(0_usize..200, 0..12),
        ) {
            let text = parts.join(" ");
            let mut vault = Vault::new();
            let masked = masked_by(&mut vault, &text, RESTORED).unwrap();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| masked.floor_char_boundary((*cut).min(masked.len()))).collect();
            cuts.extend([0, masked.len()]);
            cuts.sort_unstable();
            let mut restorer = Restorer::default();
            let mut restored = String::new();
            for pair in cuts.windows(2) {
                restored.push_str(&restorer.push(&vault, &masked[pair[0]..pair[1]], Quoting::Plain));
                prop_assert!(restorer.held.len() <= LONGEST_PLACEHOLDER);
            }
            restored.push_str(&restorer.finish());
            prop_assert_eq!(restored, text);
        }
    }
}
