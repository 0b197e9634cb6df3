//! What a provider's limits leave of a request: numbers within their ranges, tools that a choice can be of, results
//! where they belong, and texts that say something. Each loss is noted by name.
//!
//! Sources: OpenAI's reference, `tool_choice` and `parallel_tool_calls` (only with `tools`); Anthropic's, "Messages"
//! (`max_tokens`, `metadata.user_id`), its guides "Prompt caching" (at most four breakpoints) and "Tool use" (results
//! come right after their calls), and its answers "text content blocks must contain non-whitespace text" and "final
//! assistant content cannot end with trailing whitespace"; Gemini's, `GenerationConfig` (`candidateCount` up to 8,
//! penalties below 2, `topK` from 1).

use std::borrow::Cow;

use crate::chat::{CacheMarker, ChatRequest, Content, Losses, Message, Part, Role, Tool, ToolChoice};
use crate::dialect::target::Target;
use crate::dialect::translate::{Dialect, TranslationFault};

/// The most answers of Gemini at once.
const MOST_CANDIDATES: u64 = 8;

/// The largest penalty of Gemini: 2 itself is none.
const LARGEST_PENALTY: f64 = 1.99;

/// The longest `user_id` of Anthropic, in characters.
const LONGEST_USER: usize = 256;

/// The most cache marks of Anthropic's models.
const MOST_MARKS: usize = 4;

const fn is_claudes(provider: Dialect) -> bool {
    matches!(provider, Dialect::Anthropic | Dialect::Bedrock)
}

/// Puts tool results right behind the turn that called for them: only the Responses API lets others come between.
pub(super) fn settle_order(request: &mut Cow<'_, ChatRequest>, losses: &mut Losses) {
    let is_result = |message: &Message| message.role == Role::Tool;
    let is_astray = |pair: &[Message]| match pair {
        [before, after] => is_result(after) && !matches!(before.role, Role::Tool | Role::Assistant),
        _ => false,
    };
    if !request.messages.windows(2).any(is_astray) {
        return;
    }
    let mut sorted: Vec<Message> = Vec::with_capacity(request.messages.len());
    let mut moved = false;
    for message in std::mem::take(&mut request.to_mut().messages) {
        let called = |turn: &Message, id: &str| {
            turn.parts
                .iter()
                .any(|part| matches!(&part.content, Content::ToolCall { id: known, .. } if known == id))
        };
        let turn = message.parts.iter().find_map(|part| match &part.content {
            Content::ToolResult { id, .. } => sorted.iter().rposition(|turn| called(turn, id)),
            _ => None,
        });
        let Some(turn) = turn.filter(|_| is_result(&message)) else {
            sorted.push(message);
            continue;
        };
        let behind = sorted.iter().skip(turn + 1).take_while(|message| is_result(message)).count();
        moved |= turn + 1 + behind < sorted.len();
        sorted.insert(turn + 1 + behind, message);
    }
    request.to_mut().messages = sorted;
    if moved {
        losses.approximated("messages.order");
    }
}

/// Takes out texts of white space alone, and the white space at the end of a turn that the model goes on with.
pub(super) fn settle_white_space(
    request: &mut Cow<'_, ChatRequest>,
    provider: Dialect,
    target: &Target,
    losses: &mut Losses,
) {
    if !is_claudes(provider) {
        return;
    }
    let is_white = |part: &Part| match &part.content {
        Content::Text(text) => !text.is_empty() && text.trim().is_empty(),
        _ => false,
    };
    let is_turn = |message: &Message| matches!(message.role, Role::User | Role::Assistant);
    if request.messages.iter().any(|message| is_turn(message) && message.parts.iter().any(is_white)) {
        losses.approximated("messages.content");
        for message in request.to_mut().messages.iter_mut().filter(|message| is_turn(message)) {
            message.parts.retain(|part| !is_white(part));
        }
    }
    let last = request.messages.iter().rposition(|message| !message.parts.iter().all(Part::is_blank));
    let Some(last) = last.filter(|_| target.traits.prefill) else { return };
    let ends_white = |message: &Message| {
        message.role == Role::Assistant
            && message.parts.last().is_some_and(
                |part| matches!(&part.content, Content::Text(text) if text.ends_with(char::is_whitespace)),
            )
    };
    if request.messages.get(last).is_some_and(ends_white) {
        losses.approximated("messages.assistant.content");
        let part = request.to_mut().messages.get_mut(last).and_then(|message| message.parts.last_mut());
        if let Some(Content::Text(text)) = part.map(|part| &mut part.content) {
            text.truncate(text.trim_end().len());
        }
    }
}

/// Keeps the later cache marks: what is before them is in the prefixes that they mark.
pub(super) fn settle_marks(request: &mut Cow<'_, ChatRequest>, provider: Dialect, losses: &mut Losses) {
    if !is_claudes(provider) {
        return;
    }
    let of_part = |part: &Part| match &part.content {
        Content::ToolResult { parts, .. } => parts.iter().filter(|part| part.cache.is_some()).count(),
        _ => 0,
    } + usize::from(part.cache.is_some());
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    let tools = request.tools.iter().filter(|tool| tool.cache.is_some()).count();
    let count = tools + parts.map(of_part).sum::<usize>();
    let Some(mut excess) = count.checked_sub(MOST_MARKS).filter(|excess| *excess > 0) else { return };
    losses.approximated("messages.cache");
    let mut drop = |mark: &mut Option<CacheMarker>| {
        if excess > 0 && mark.take().is_some() {
            excess -= 1;
        }
    };
    let request = request.to_mut();
    request.tools.iter_mut().for_each(|tool: &mut Tool| drop(&mut tool.cache));
    // Instructions are before all turns, wherever they stood.
    let is_system = |message: &Message| matches!(message.role, Role::System | Role::Developer);
    for of_system in [true, false] {
        for message in request.messages.iter_mut().filter(|message| is_system(message) == of_system) {
            for part in &mut message.parts {
                if let Content::ToolResult { parts, .. } = &mut part.content {
                    parts.iter_mut().for_each(|part| drop(&mut part.cache));
                }
                drop(&mut part.cache);
            }
        }
    }
}

/// Leaves out what is asked of tools that are not there.
pub(super) fn settle_choice(request: &mut Cow<'_, ChatRequest>, losses: &mut Losses) {
    let is_there = |name: &String| request.tools.iter().any(|tool| tool.name == *name);
    let choice = match &request.tool_choice {
        _ if request.tools.is_empty() => None,
        Some(ToolChoice::Named(name)) if !is_there(name) => None,
        Some(ToolChoice::Allowed { names, .. }) if !names.iter().any(is_there) => None,
        Some(ToolChoice::Allowed { required, names }) if !names.iter().all(is_there) => {
            let names = names.iter().filter(|name| is_there(name)).cloned().collect();
            Some(ToolChoice::Allowed { required: *required, names })
        }
        kept => kept.clone(),
    };
    if choice != request.tool_choice {
        let is_default = matches!(request.tool_choice, Some(ToolChoice::Auto | ToolChoice::None));
        if !is_default {
            losses.unsupported("tool_choice");
        }
        request.to_mut().tool_choice = choice;
    }
    if request.tools.is_empty() && request.parallel_tools.is_some() {
        request.to_mut().parallel_tools = None;
    }
}

/// Brings numbers, and the name of the user, into what the provider takes.
pub(super) fn settle_numbers(request: &mut Cow<'_, ChatRequest>, provider: Dialect, losses: &mut Losses) {
    // Anthropic answers nothing then, and fills its cache.
    if request.sampling.max_output_tokens == Some(0) && provider != Dialect::Anthropic {
        request.to_mut().sampling.max_output_tokens = Some(1);
        losses.approximated("max_tokens");
    }
    if provider == Dialect::Anthropic
        && request.user.as_ref().is_some_and(|user| user.chars().count() > LONGEST_USER)
    {
        request.to_mut().user = None;
        losses.unsupported("user");
    }
    if provider != Dialect::Gemini {
        return;
    }
    if request.sampling.top_k == Some(0) {
        request.to_mut().sampling.top_k = None;
        losses.unsupported("top_k");
    }
    if request.sampling.choices.is_some_and(|choices| choices > MOST_CANDIDATES) {
        request.to_mut().sampling.choices = Some(MOST_CANDIDATES);
        losses.approximated("n");
    }
    if request.sampling.presence_penalty.is_some_and(|penalty| penalty > LARGEST_PENALTY) {
        request.to_mut().sampling.presence_penalty = Some(LARGEST_PENALTY);
        losses.approximated("presence_penalty");
    }
    if request.sampling.frequency_penalty.is_some_and(|penalty| penalty > LARGEST_PENALTY) {
        request.to_mut().sampling.frequency_penalty = Some(LARGEST_PENALTY);
        losses.approximated("frequency_penalty");
    }
}

/// Refuses a request that says nothing: OpenAI answers one, the others want something to answer.
///
/// # Errors
/// When nothing is said.
pub(super) fn check_question(request: &ChatRequest, provider: Dialect) -> Result<(), TranslationFault> {
    let is_silent = || request.messages.iter().flat_map(|message| &message.parts).all(Part::is_blank);
    if provider != Dialect::OpenAiChat && is_silent() {
        return Err(TranslationFault::Lost("messages.content"));
    }
    Ok(())
}
