//! What a model answers: whole, or as the events of a stream.

use super::{ChatError, Losses, Part, Signature, Usage};

/// A whole answer.
#[derive(Clone, PartialEq)]
pub struct ChatAnswer {
    /// The provider's identifier, empty when it gave none.
    pub id: String,
    /// The model that answered, by the provider's name; empty when it did not say.
    pub model: String,
    /// The alternatives; one, unless the request asked for more.
    pub choices: Vec<Choice>,
    /// What the call took, when the provider said.
    pub usage: Option<Usage>,
    /// What the answer held that this form does not.
    pub losses: Losses,
}

/// One alternative.
#[derive(Clone, PartialEq)]
pub struct Choice {
    /// Text, refusals, thinking and tool calls, in order.
    pub parts: Vec<Part>,
    /// Why the model stopped.
    pub finish: FinishReason,
    /// The log probabilities of the text's tokens, when they were asked for.
    pub logprobs: Option<Vec<TokenLogprob>>,
}

/// One token that the model chose, and what it might have chosen.
#[derive(Clone, PartialEq)]
pub struct TokenLogprob {
    /// The token chosen.
    pub chosen: Logprob,
    /// The likeliest tokens at this place.
    pub top: Vec<Logprob>,
}

/// A token and the logarithm of its probability.
#[derive(Clone, PartialEq)]
pub struct Logprob {
    /// The token's text.
    pub token: String,
    /// The natural logarithm of its probability.
    pub logprob: f64,
}

/// Why a model stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// It was done.
    Stop,
    /// It wrote a stop sequence: which one, when the provider says.
    StopSequence(Option<String>),
    /// It reached the most tokens that the request allows.
    Length,
    /// It reached the end of its context window.
    ContextWindow,
    /// It waits for the results of tools.
    ToolCalls,
    /// A filter of the provider stopped it, or the prompt.
    ContentFilter,
    /// It declined.
    Refusal,
    /// The provider paused a long turn, which is to be sent again to go on.
    Pause,
    /// It wrote a tool call that cannot be read.
    Malformed,
}

impl FinishReason {
    /// The reason, given that the choice has tool calls or not: some providers end a turn of tool calls as
    /// any other, and some clients look for calls only where the reason says so.
    #[must_use]
    pub fn with_calls(self, any: bool) -> Self {
        match self {
            Self::Stop if any => Self::ToolCalls,
            other => other,
        }
    }
}

/// One event of a streamed answer.
///
/// The parts of a choice are numbered in the order they begin; a part begins with its first [`Delta`] and ends
/// with its [`ChatEvent::PartEnd`]. Parts may overlap, as parallel tool calls do in some dialects.
#[derive(Clone, PartialEq)]
pub enum ChatEvent {
    /// The answer begins: the first event, unless the stream begins with an error.
    Start {
        /// The provider's identifier, empty when it gave none.
        id: String,
        /// The model that answers, by the provider's name.
        model: String,
    },
    /// More of a part.
    Delta {
        /// Which alternative.
        choice: u32,
        /// Which part of it.
        part: u32,
        /// What is added.
        delta: Delta,
    },
    /// What is known of the tokens that the alternative has just said in text.
    Logprobs {
        /// Which alternative.
        choice: u32,
        /// Its tokens, in order; not those of earlier events.
        tokens: Vec<TokenLogprob>,
    },
    /// A part is complete.
    PartEnd {
        /// Which alternative.
        choice: u32,
        /// Which part of it.
        part: u32,
    },
    /// An alternative is complete.
    Finish {
        /// Which alternative.
        choice: u32,
        /// Why it ended.
        reason: FinishReason,
    },
    /// What the call took so far; the last one counts.
    Usage(Usage),
    /// The stream is complete. Nothing follows.
    End,
    /// The stream failed. Nothing follows.
    Error(ChatError),
    /// The provider is still there.
    Ping,
}

/// What is added to a part.
#[derive(Clone, PartialEq)]
pub enum Delta {
    /// Text.
    Text(String),
    /// Text of a refusal.
    Refusal(String),
    /// Text of the model's thinking.
    Thinking(String),
    /// The signature of that thinking.
    Signature(Signature),
    /// Thinking that only its provider can read, whole.
    Redacted(Signature),
    /// A tool call begins.
    ToolCall {
        /// Its identifier.
        id: String,
        /// The tool.
        name: String,
    },
    /// More of the text of a tool call's arguments.
    Arguments(String),
}
