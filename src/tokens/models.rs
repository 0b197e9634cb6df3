//! Which vocabulary a model counts with.
//!
//! The longest prefix of the model's name decides. Models of other makers have no public vocabulary here; their
//! counts are estimates, see `calibration`.

use super::Vocabulary;

/// The assignment of tiktoken's `model.py`, as prefixes, with the models that came after it.
const DEFAULTS: &[(&str, Vocabulary)] = &[
    ("babbage-002", Vocabulary::Cl100k),
    ("chatgpt-4o", Vocabulary::O200k),
    ("codex-mini", Vocabulary::O200k),
    ("davinci-002", Vocabulary::Cl100k),
    ("gpt-3.5", Vocabulary::Cl100k),
    // Azure's spelling.
    ("gpt-35", Vocabulary::Cl100k),
    ("gpt-4", Vocabulary::Cl100k),
    ("gpt-4.1", Vocabulary::O200k),
    ("gpt-4.5", Vocabulary::O200k),
    ("gpt-4o", Vocabulary::O200k),
    ("gpt-5", Vocabulary::O200k),
    // Its own vocabulary, o200k_harmony, differs in special tokens only.
    ("gpt-oss", Vocabulary::O200k),
    ("o1", Vocabulary::O200k),
    ("o3", Vocabulary::O200k),
    ("o4", Vocabulary::O200k),
    ("text-embedding-3", Vocabulary::Cl100k),
    ("text-embedding-ada-002", Vocabulary::Cl100k),
];

/// The vocabulary of a model by its provider's name for it, for example `gpt-4o-2024-08-06`,
/// `ft:gpt-4o-mini:team::id` or `openai/gpt-4o`.
#[must_use]
pub fn vocabulary_of(model: &str) -> Option<Vocabulary> {
    longest(DEFAULTS.iter().copied(), base(model))
}

/// The defaults with an operator's own assignments before them.
#[derive(Clone, Debug, Default)]
pub struct Vocabularies {
    configured: Vec<(String, Vocabulary)>,
}

impl Vocabularies {
    /// Takes prefixes of model names. A configured prefix wins over every default, the longest over the others.
    #[must_use]
    pub fn new(configured: Vec<(String, Vocabulary)>) -> Self {
        Self { configured }
    }

    /// The vocabulary of a model by its provider's name for it.
    #[must_use]
    pub fn of(&self, model: &str) -> Option<Vocabulary> {
        assigned(&self.configured, model).or_else(|| vocabulary_of(model))
    }
}

/// What is assigned to a model: to the longest prefix of its provider's name for it, else of that name without a
/// vendor's path and without the marks of a fine-tuned model.
#[must_use]
pub fn assigned<T: Copy>(assignments: &[(String, T)], model: &str) -> Option<T> {
    let assignments = || assignments.iter().map(|(prefix, what)| (prefix.as_str(), *what));
    longest(assignments(), model).or_else(|| longest(assignments(), base(model)))
}

/// The name without a vendor's path and without the marks of a fine-tuned model.
pub(super) fn base(model: &str) -> &str {
    let name = model.rsplit_once('/').map_or(model, |(_, name)| name);
    name.strip_prefix("ft:").unwrap_or(name)
}

fn longest<'a, T>(prefixes: impl Iterator<Item = (&'a str, T)>, model: &str) -> Option<T> {
    prefixes
        .filter(|(prefix, _)| model.starts_with(prefix))
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, what)| what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: Option<Vocabulary>, models: &[&str]) {
        for model in models {
            assert_eq!(vocabulary_of(model), expected, "{model}");
        }
    }

    #[test]
    fn the_longest_prefix_wins() {
        let newer =
            ["gpt-4o", "gpt-4o-mini-2024-07-18", "gpt-4.1-nano", "gpt-4.5-preview", "gpt-5", "gpt-5.1-codex"];
        check(Some(Vocabulary::O200k), &newer);
        check(
            Some(Vocabulary::O200k),
            &["o1", "o1-pro", "o3-mini", "o4-mini", "chatgpt-4o-latest", "gpt-oss-120b"],
        );
        check(
            Some(Vocabulary::Cl100k),
            &["gpt-4", "gpt-4-turbo-2024-04-09", "gpt-4-32k", "gpt-3.5-turbo", "gpt-35-turbo"],
        );
        check(
            Some(Vocabulary::Cl100k),
            &["text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002"],
        );
    }

    #[test]
    fn fine_tuned_and_qualified_names_count_like_their_base() {
        check(Some(Vocabulary::O200k), &["ft:gpt-4o-mini-2024-07-18:team::a1", "openai/gpt-4o"]);
        check(Some(Vocabulary::Cl100k), &["ft:gpt-3.5-turbo-0125:team::a1"]);
    }

    #[test]
    fn other_makers_have_no_public_vocabulary() {
        check(
            None,
            &[
                "claude-sonnet-4-5",
                "gemini-2.5-pro",
                "llama-3.1-70b",
                "mistral-large",
                "text-davinci-003",
                "",
            ],
        );
    }

    #[test]
    fn every_model_the_reference_knows_gets_the_vocabulary_it_says() {
        use tiktoken_rs::tokenizer::{Tokenizer, get_tokenizer};
        let models = [
            "gpt-5",
            "gpt-4.1",
            "gpt-4o-2024-05-13",
            "gpt-4",
            "gpt-4-0314",
            "gpt-3.5-turbo-16k",
            "o1-mini",
            "o3",
            "o4-mini",
            "davinci-002",
            "babbage-002",
            "gpt-oss-20b",
            "codex-mini-latest",
            "text-embedding-3-large",
        ];
        for model in models {
            let expected = match get_tokenizer(model) {
                Some(Tokenizer::O200kBase | Tokenizer::O200kHarmony) => Some(Vocabulary::O200k),
                Some(Tokenizer::Cl100kBase) => Some(Vocabulary::Cl100k),
                _ => None,
            };
            check(expected, &[model]);
        }
    }

    #[test]
    fn configured_prefixes_win_over_defaults() {
        let configured =
            [("gpt-", Vocabulary::Cl100k), ("team/gpt-4o", Vocabulary::O200k), ("llama", Vocabulary::Cl100k)];
        let vocabularies = Vocabularies::new(configured.map(|(prefix, of)| (prefix.to_owned(), of)).into());
        assert_eq!(vocabularies.of("gpt-4o"), Some(Vocabulary::Cl100k));
        assert_eq!(vocabularies.of("team/gpt-4o"), Some(Vocabulary::O200k));
        assert_eq!(vocabularies.of("meta/llama-3"), Some(Vocabulary::Cl100k));
        assert_eq!(vocabularies.of("o3"), Some(Vocabulary::O200k));
    }
}
