//! What a chat request costs besides its text: the framing of messages, tools, images and audio.
//!
//! A [`ChatCounter`] is told the parts of a request one after another, whoever parses it and however, and adds
//! up. It keeps apart what the provider publishes, which is exact, and what it does not, which is an estimate
//! and says so: an [`Estimate`] names every part that was guessed.
//!
//! Source of the exact rules: OpenAI's cookbook, "How to count tokens with tiktoken", sections 6 and 7, which
//! compares its counts with the API's; of the images: see `images`.

use super::images::{self, Detail, ImageRule, Size};
use super::{Vocabulary, models};

/// Framing of a message, and of the answer that the request asks for.
const MESSAGE: u64 = 3;
const NAME: u64 = 1;
const ANSWER: u64 = 3;
/// Framing of tools.
const TOOLS_END: u64 = 12;
const PROPERTIES: u64 = 3;
const PROPERTY: u64 = 3;
const ENUMERATION: u64 = 3;
const ENUMERATED: u64 = 3;
/// Audio is one token for each 100 ms (OpenAI's guide "Managing conversations", section on audio input).
const AUDIO_MILLISECONDS: u64 = 100;
/// What a tool call or the choice of a tool is framed with; not published.
const CALL: u64 = 4;

/// A part of a request whose cost is not known exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// The text was longer than what is counted exactly.
    LongText,
    /// The model's framing is not published, or its vocabulary is not.
    Model,
    /// Content in several parts: how they are joined is not published.
    Parts,
    /// A tool beyond flat properties with descriptions.
    Tool,
    /// Calls of tools, their results, or the choice of a tool.
    ToolCall,
    /// The schema of structured output.
    Schema,
    /// An image of unknown size or undecided detail.
    Image,
    /// Audio, whose length is taken from its size.
    Audio,
    /// Something that is not counted at all, such as a file the provider holds.
    Uncounted,
}

impl Guess {
    /// All of them, in the order in which [`Estimate::guesses`] gives them.
    const ALL: [Self; 9] = [
        Self::LongText,
        Self::Model,
        Self::Parts,
        Self::Tool,
        Self::ToolCall,
        Self::Schema,
        Self::Image,
        Self::Audio,
        Self::Uncounted,
    ];
}

/// A number of tokens and what about it is a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Prompt tokens, framing included.
    pub tokens: u64,
    guessed: u16,
}

impl Estimate {
    /// Whether the provider's own count must be the same.
    #[must_use]
    pub fn exact(&self) -> bool {
        self.guessed == 0
    }

    /// What was estimated.
    pub fn guesses(&self) -> impl Iterator<Item = Guess> {
        let guessed = self.guessed;
        Guess::ALL.into_iter().filter(move |guess| guessed >> *guess as u16 & 1 == 1)
    }
}

/// What the counting of chat requests depends on, for one model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChatModel {
    vocabulary: Vocabulary,
    framing_published: bool,
    /// Tokens before each tool's definition.
    tool: u64,
    images: ImageRule,
}

impl ChatModel {
    /// The vocabulary that counts.
    #[must_use]
    pub const fn vocabulary(&self) -> Vocabulary {
        self.vocabulary
    }

    /// The rules for a model by its provider's name for it, counted with `vocabulary`.
    #[must_use]
    pub fn new(model: &str, vocabulary: Vocabulary) -> Self {
        let name = models::base(model);
        let usual = models::vocabulary_of(name) == Some(vocabulary);
        Self {
            vocabulary,
            framing_published: usual
                && ["gpt-4o", "gpt-4", "gpt-3.5-turbo", "gpt-35-turbo"].iter().any(|published| {
                    // Versions of these models, but not gpt-4.1 and gpt-4.5.
                    name.strip_prefix(published)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', ':']))
                }),
            tool: if vocabulary == Vocabulary::Cl100k { 10 } else { 7 },
            images: ImageRule::of(name),
        }
    }
}

/// Adds up the tokens of one chat request, told part by part.
#[derive(Clone, Debug)]
pub struct ChatCounter {
    model: ChatModel,
    tokens: u64,
    guessed: u16,
    /// How many bytes may still be counted exactly.
    exact_bytes: usize,
    tools: bool,
}

impl ChatCounter {
    /// Starts a request. At most `exact_bytes` of its text are counted exactly, the rest by samples.
    #[must_use]
    pub fn new(model: ChatModel, exact_bytes: usize) -> Self {
        let mut counter = Self { model, tokens: ANSWER, guessed: 0, exact_bytes, tools: false };
        if !model.framing_published {
            counter.guess(Guess::Model);
        }
        counter
    }

    /// A message begins; its content follows.
    pub fn message(&mut self, role: &str, name: Option<&str>) {
        self.tokens += MESSAGE;
        self.text(role);
        if let Some(name) = name {
            self.tokens += NAME;
            self.text(name);
        }
    }

    /// Text, whole: the same text in two calls may count differently.
    pub fn text(&mut self, text: &str) {
        let count = self.model.vocabulary.count_within(text, self.exact_bytes);
        self.exact_bytes = self.exact_bytes.saturating_sub(text.len());
        self.tokens += count.tokens as u64;
        if !count.exact {
            self.guess(Guess::LongText);
        }
    }

    /// An image. Without a size, [`images::ASSUMED`] is taken.
    pub fn image(&mut self, size: Option<Size>, detail: Detail) {
        let undecided = detail == Detail::Auto && self.model.images.heeds_detail();
        let free_of_size = detail == Detail::Low && self.model.images.heeds_detail();
        if undecided || (size.is_none() && !free_of_size) {
            self.guess(Guess::Image);
        }
        self.tokens += self.model.images.tokens(size.unwrap_or(images::ASSUMED), detail);
    }

    /// Audio of so many milliseconds.
    pub fn audio(&mut self, milliseconds: u64) {
        self.guess(Guess::Audio);
        self.tokens += milliseconds.div_ceil(AUDIO_MILLISECONDS);
    }

    /// A call of a tool in an assistant's message, or the choice of a tool (without arguments).
    pub fn call(&mut self, name: &str, arguments: &str) {
        self.guess(Guess::ToolCall);
        self.tokens += CALL;
        self.text(name);
        self.text(arguments);
    }

    /// The definition of a tool begins; its properties follow.
    pub fn tool(&mut self, name: &str, description: &str) {
        self.tools = true;
        self.tokens += self.model.tool;
        self.text(&format!("{name}:{}", unpointed(description)));
    }

    /// An object with properties begins, inside a tool.
    pub fn properties(&mut self) {
        self.tokens += PROPERTIES;
    }

    /// One property: its name, its JSON type, and its description.
    pub fn property(&mut self, name: &str, kind: &str, description: &str) {
        self.tokens += PROPERTY;
        self.text(&format!("{name}:{kind}:{}", unpointed(description)));
    }

    /// The values that a property is limited to.
    pub fn enumeration<'a>(&mut self, values: impl IntoIterator<Item = &'a str>) {
        for value in values {
            self.tokens += ENUMERATED;
            self.text(value);
        }
        // The provider's framing of the property is shorter when it has a list; the property itself cost more.
        self.tokens = self.tokens.saturating_sub(ENUMERATION);
    }

    /// The schema of structured output, as JSON text.
    pub fn schema(&mut self, json: &str) {
        self.guess(Guess::Schema);
        self.text(json);
    }

    /// Notes that a part of the request is not, or not exactly, what was counted.
    pub fn guess(&mut self, guess: Guess) {
        self.guessed |= 1 << guess as u16;
    }

    /// The sum.
    #[must_use]
    pub fn finish(self) -> Estimate {
        let tokens = self.tokens + if self.tools { TOOLS_END } else { 0 };
        Estimate { tokens, guessed: self.guessed }
    }
}

/// The provider leaves the full stop of a description out.
fn unpointed(description: &str) -> &str {
    description.strip_suffix('.').unwrap_or(description)
}
