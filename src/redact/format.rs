//! Formats as data: how a number is written, what its check digit says, which words announce it.
//!
//! The families in [`super::detect`] are lists of [`Format`]; [`Table`] prepares all of them once, on first use.
//! A format knows neither the text nor where in it a candidate stands.

use std::sync::LazyLock;

use super::candidate::Candidate;
use super::context::{Group, Lexicon, Tag};
use super::detect;

/// Whether a value counts where no word announces it, and how sure that is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Alone {
    /// Only with a context word.
    Never,
    /// Only when written with the separators of its form.
    Written(u8),
    /// However it is written.
    Always(u8),
}

/// A kind of number.
#[derive(Debug)]
pub(crate) struct Format {
    /// The name of the type.
    pub(crate) kind: &'static str,
    /// How it is written: `9` a digit, `A` a letter, `?` either, other digits and small letters themselves;
    /// anything else a separator, which may also be missing.
    pub(crate) forms: &'static [&'static str],
    /// Whether the characters, without separators and in capitals, can be such a number.
    pub(crate) valid: fn(&[u8]) -> bool,
    /// Whether it needs a context word.
    pub(crate) alone: Alone,
    /// Groups whose words announce it too. Only where `valid` rejects most numbers, or the form is particular.
    pub(crate) groups: &'static [Group],
    /// Its own context words.
    pub(crate) words: &'static [&'static str],
}

/// How closely a candidate follows a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// The same separators, at the same places.
    Written,
    /// Other separators, all of one kind, at the same places.
    Alike,
    /// No separators.
    Compact,
    /// Separators at other places, or others.
    Loose,
}

/// A form, prepared for comparison.
#[derive(Clone)]
pub(crate) struct Form {
    pub(crate) format: &'static Format,
    /// The format's place in the table.
    pub(crate) index: u16,
    /// The format's groups, as bits.
    pub(crate) groups: u32,
    literals: Vec<(usize, u8)>,
    digits: u64,
    letters: u64,
    breaks: u64,
    separators: Vec<u8>,
}

/// The longest form, without separators.
pub(crate) const LONGEST: usize = 40;
/// So many formats there may be.
pub(crate) const FORMATS: usize = 320;

impl Form {
    fn new(format: &'static Format, index: u16, text: &str) -> (usize, Self) {
        let mut form = Self {
            format,
            index,
            groups: format.groups.iter().fold(0, |groups, group| groups | group.bit()),
            literals: Vec::new(),
            digits: 0,
            letters: 0,
            breaks: 0,
            separators: Vec::new(),
        };
        let mut length = 0;
        for byte in text.bytes() {
            match byte {
                b'9' => form.digits |= 1 << length,
                b'A' => form.letters |= 1 << length,
                b'?' => {}
                b'0'..=b'8' | b'a'..=b'z' => form.literals.push((length, byte.to_ascii_uppercase())),
                b')' => continue,
                separator => {
                    form.breaks |= 1 << length;
                    form.separators.push(separator);
                    continue;
                }
            }
            length += 1;
        }
        (length, form)
    }

    /// How a candidate of the same length follows this form; `None` when it does not.
    pub(crate) fn fit(&self, candidate: &Candidate) -> Option<Fit> {
        if self.digits & !candidate.digits != 0 || self.letters & candidate.digits != 0 {
            return None;
        }
        if self.digits == 0 {
            // Where letters and digits may stand anywhere, a word with a digit or two is a word, unless its separators
            // are the form's.
            let few = self.letters.count_ones() < 4 && candidate.digits.count_ones() < 3;
            if few && (self.breaks == 0 || candidate.breaks != self.breaks) {
                return None;
            }
            if candidate.breaks != 0 && candidate.breaks != self.breaks {
                return None;
            }
        }
        let compact = candidate.compact();
        if !self.literals.iter().all(|&(at, byte)| compact.get(at) == Some(&byte)) {
            return None;
        }
        Some(match candidate.breaks {
            0 => Fit::Compact,
            breaks if breaks == self.breaks && candidate.is_written_with(&self.separators) => Fit::Written,
            breaks if breaks == self.breaks && candidate.is_written_alike() => Fit::Alike,
            _ => Fit::Loose,
        })
    }

    /// Whether a number that follows it so may count without a word that announces it.
    pub(crate) fn counts_alone(&self, fit: Fit) -> bool {
        match self.format.alone {
            Alone::Never => false,
            Alone::Written(_) => matches!(fit, Fit::Written | Fit::Alike),
            Alone::Always(_) => true,
        }
    }

    /// Whether the separators stand where the form has them.
    pub(crate) fn breaks_like(&self, candidate: &Candidate) -> bool {
        self.breaks == candidate.breaks
    }
}

/// The forms of one length.
#[derive(Clone, Default)]
struct Forms {
    /// Those that a number can have: first those of digits alone, then those where a letter or a digit may stand.
    numbers: Vec<Form>,
    /// How many of those are of digits alone.
    digits: usize,
    /// All but those of digits alone.
    letters: Vec<Form>,
}

/// All formats, by the length of their forms, and the words that announce them.
pub(crate) struct Table {
    forms: Vec<Forms>,
    pub(crate) lexicon: Lexicon,
}

/// Built once per process (or worker), in well under a millisecond, and read-only from then on.
pub(crate) static TABLE: LazyLock<Table> = LazyLock::new(Table::new);

impl Table {
    fn new() -> Self {
        let mut forms = vec![Forms::default(); LONGEST + 1];
        let mut lexicon = Lexicon::new();
        for (format, index) in detect::formats().zip(0_u16..) {
            for text in format.forms {
                let (length, form) = Form::new(format, index, text);
                let Some(forms) = forms.get_mut(length) else { continue };
                let has_letters = text.bytes().any(|byte| byte.is_ascii_alphabetic());
                let has_either = text.contains('?');
                if !has_letters && !has_either {
                    forms.numbers.insert(forms.digits, form);
                    forms.digits += 1;
                    continue;
                }
                if !has_letters {
                    forms.numbers.push(form.clone());
                }
                forms.letters.push(form);
            }
            lexicon.add(format.words, Tag::Format(index));
        }
        detect::words::add(&mut lexicon);
        Self { forms, lexicon }
    }

    /// The forms that a candidate's length and characters allow.
    pub(crate) fn forms(&self, candidate: &Candidate) -> &[Form] {
        match self.forms.get(candidate.len()) {
            Some(forms) if candidate.is_number() => &forms.numbers,
            Some(forms) => &forms.letters,
            None => &[],
        }
    }
}

/// The countries that a type's name starts with, as in `DE_TAX_ID`.
pub(crate) fn country(kind: &str) -> Option<[u8; 2]> {
    match *kind.as_bytes() {
        [first, second, b'_', ..] => Some([first, second]),
        _ => None,
    }
}

/// Whether a format is in a group.
pub(crate) fn is_in(format: &Format, group: Group) -> bool {
    format.groups.contains(&group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_a_bit() {
        assert!(detect::formats().count() <= FORMATS);
    }
}
