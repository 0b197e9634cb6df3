//! What of a request is settled before it is written: what the provider, or the model named, would refuse is taken out
//! or put into a form that it takes, each a loss by name.
//!
//! Sources: OpenAI's guide "Structured model outputs" (the root is an object; `strict`; the word JSON) and reference,
//! `stop` (up to four); Anthropic's reference, "Messages" (roles, `stop_sequences`); Amazon Bedrock's, "Converse" (a
//! conversation starts with a user message, content is never empty); Gemini's, `GenerationConfig` (`seed` is an
//! `int32`, up to five `stopSequences`).

use std::borrow::Cow;

use crate::chat::{ChatRequest, Content, Format, Json, Losses, Message, Part, Role};
use crate::dialect::names::{self, Renamed};
use crate::dialect::schema::{Subset, fits, is_of_object};
use crate::dialect::target::{Models, Target};
use crate::dialect::translate::{Dialect, TranslationFault};
use crate::dialect::{anthropic, bedrock, gemini, limits, openai, wrapper};

/// What the user says where a conversation begins with the assistant, and the provider wants a user to begin.
const BEGINNING: &str = "Begin.";

/// What the user says where a request ends with the assistant, and the model goes on with no turn of its own.
const GOING_ON: &str = "Continue.";

/// A request as it is to be written.
pub(super) struct Prepared<'a> {
    /// The request.
    pub(super) request: Cow<'a, ChatRequest>,
    /// Whether its schema was put into an object, and the answer must be taken out of it.
    pub(super) wrapped: bool,
    /// Names of tools that were changed, and are put back in the answer.
    pub(super) renamed: Vec<Renamed>,
}

/// Settles what can be settled before a request is written.
///
/// # Errors
/// When nothing of the question itself can be carried.
pub(super) fn prepare<'a>(
    request: &'a ChatRequest,
    provider: Dialect,
    target: &Target,
    losses: &mut Losses,
) -> Result<Prepared<'a>, TranslationFault> {
    let mut request = Cow::Borrowed(request);
    limits::settle_order(&mut request, losses);
    limits::settle_white_space(&mut request, provider, target, losses);
    drop_empty_turns(&mut request, provider, target, losses)?;
    if matches!(provider, Dialect::Anthropic | Dialect::Bedrock) {
        settle_roles(&mut request, target, losses);
    }
    limits::settle_choice(&mut request, losses);
    limits::settle_marks(&mut request, provider, losses);
    limits::settle_numbers(&mut request, provider, losses);
    let wrapped = wrap_schema(&mut request, provider, losses);
    settle_format(&mut request, provider, target, losses);
    if provider == Dialect::OpenAiChat {
        settle_strictness(&mut request, losses);
    }
    settle_stops(&mut request, provider, target, losses);
    if provider == Dialect::Gemini && request.sampling.seed.is_some_and(|seed| i32::try_from(seed).is_err()) {
        request.to_mut().sampling.seed = None;
        losses.unsupported("seed");
    }
    let renamed = names::settle(&mut request, provider, target);
    limits::check_question(&request, provider)?;
    Ok(Prepared { request, wrapped, renamed })
}

/// Drops turns of which the provider's dialect has nothing.
fn drop_empty_turns(
    request: &mut Cow<'_, ChatRequest>,
    provider: Dialect,
    target: &Target,
    losses: &mut Losses,
) -> Result<(), TranslationFault> {
    let mut dropped = Vec::new();
    for (index, message) in request.messages.iter().enumerate() {
        if !matches!(message.role, Role::User | Role::Assistant) || message.parts.iter().any(is_said) {
            continue;
        }
        // What says nothing is the encoders' business, and no loss.
        if message.parts.iter().all(Part::is_blank) {
            continue;
        }
        let mut lost = Losses::default();
        let is_carried = match provider {
            Dialect::OpenAiChat => openai::chat::carries(message, target, &mut lost),
            Dialect::Anthropic => anthropic::carries(message, &mut lost),
            Dialect::Gemini => gemini::carries(message, target, &mut lost),
            Dialect::Bedrock => bedrock::carries(message, &mut lost),
            Dialect::OpenAiCompletions | Dialect::OpenAiResponses => true,
        };
        if is_carried {
            continue;
        }
        let is_question = message.role == Role::User
            && !request.messages.iter().skip(index + 1).any(|later| later.role == Role::User);
        if is_question {
            let field = lost.iter().next().map_or("messages.content", |loss| loss.field);
            return Err(TranslationFault::Lost(field));
        }
        losses.append(lost);
        dropped.push(index);
    }
    if !dropped.is_empty() {
        let mut index = 0;
        request.to_mut().messages.retain(|_| {
            index += 1;
            !dropped.contains(&(index - 1))
        });
    }
    Ok(())
}

/// Whether every dialect carries the part.
const fn is_said(part: &Part) -> bool {
    match &part.content {
        Content::Text(text) | Content::Refusal(text) => !text.is_empty(),
        Content::ToolCall { .. } | Content::ToolResult { .. } => true,
        _ => false,
    }
}

fn settle_roles(request: &mut Cow<'_, ChatRequest>, target: &Target, losses: &mut Losses) {
    let said = |message: &Message| {
        !matches!(message.role, Role::System | Role::Developer) && !message.parts.iter().all(Part::is_blank)
    };
    let user = |text: &str| Message { role: Role::User, parts: vec![Part::text(text)], name: None };
    let first = request.messages.iter().position(said);
    let begins = |at: usize| request.messages.get(at).is_some_and(|message| message.role == Role::Assistant);
    if let Some(at) = first.filter(|at| begins(*at)) {
        request.to_mut().messages.insert(at, user(BEGINNING));
        losses.approximated("messages.order");
    }
    let last = request.messages.iter().rfind(|message| said(message));
    if !target.traits.prefill && last.is_some_and(|message| message.role == Role::Assistant) {
        request.to_mut().messages.push(user(GOING_ON));
        losses.approximated("messages.order");
    }
}

/// Puts a schema that is of no object into one; only Gemini takes such.
fn wrap_schema(request: &mut Cow<'_, ChatRequest>, provider: Dialect, losses: &mut Losses) -> bool {
    let Format::JsonSchema { schema, .. } = &request.format else { return false };
    if provider == Dialect::Gemini || is_of_object(schema) {
        return false;
    }
    if let Format::JsonSchema { schema, .. } = &mut request.to_mut().format {
        *schema = wrapper::wrap(schema);
        losses.approximated("response_format.schema");
    }
    true
}

/// Asks for the form of the answer in words, where the provider has no other way or wants the words too.
fn settle_format(
    request: &mut Cow<'_, ChatRequest>,
    provider: Dialect,
    target: &Target,
    losses: &mut Losses,
) {
    let format = match (provider, &request.format) {
        (Dialect::Anthropic | Dialect::Bedrock, format)
            if !target.traits.forced_tools && anthropic::needs_answer_tool(format, target) =>
        {
            Format::Text
        }
        (Dialect::Gemini, Format::JsonObject | Format::JsonSchema { .. })
            if !target.traits.formats_with_tools && !request.tools.is_empty() =>
        {
            Format::Text
        }
        (Dialect::OpenAiChat, Format::JsonSchema { .. }) if !target.quirks.json_schema => Format::JsonObject,
        (Dialect::OpenAiChat, Format::JsonObject) if !mentions_json(request) => Format::JsonObject,
        _ => return,
    };
    let words = match &request.format {
        Format::JsonSchema { schema, .. } => {
            losses.approximated("response_format.json_schema");
            in_words(Some(schema))
        }
        _ => {
            losses.approximated("response_format");
            in_words(None)
        }
    };
    let is_system = |message: &&Message| matches!(message.role, Role::System | Role::Developer);
    let at = request.messages.iter().take_while(is_system).count();
    let request = request.to_mut();
    request.messages.insert(at, Message { role: Role::System, parts: vec![Part::text(words)], name: None });
    request.format = format;
}

fn in_words(schema: Option<&Json>) -> String {
    let mut words = "Answer with one JSON object and nothing else, without a code fence.".to_owned();
    if let Some(schema) = schema {
        words.push_str(" It must be valid against this JSON Schema: ");
        words.push_str(schema.text());
    }
    words
}

fn mentions_json(request: &ChatRequest) -> bool {
    let is_json = |text: &str| text.as_bytes().windows(4).any(|word| word.eq_ignore_ascii_case(b"json"));
    request.messages.iter().flat_map(|message| &message.parts).any(|part| match &part.content {
        Content::Text(text) => is_json(text),
        _ => false,
    })
}

/// Asks for no more strictness than a schema allows.
fn settle_strictness(request: &mut Cow<'_, ChatRequest>, losses: &mut Losses) {
    if let Format::JsonSchema { schema, strict: Some(true), .. } = &request.format
        && !fits(schema, Subset::OpenAi)
    {
        losses.unsupported("response_format.strict");
        if let Format::JsonSchema { strict, .. } = &mut request.to_mut().format {
            *strict = Some(false);
        }
    }
    let is_lax = |parameters: Option<&Json>| parameters.is_some_and(|schema| !fits(schema, Subset::OpenAi));
    if request.tools.iter().any(|tool| tool.strict == Some(true) && is_lax(tool.parameters.as_ref())) {
        losses.unsupported("tools.strict");
        for tool in &mut request.to_mut().tools {
            if tool.strict == Some(true) && is_lax(tool.parameters.as_ref()) {
                tool.strict = Some(false);
            }
        }
    }
}

fn settle_stops(request: &mut Cow<'_, ChatRequest>, provider: Dialect, target: &Target, losses: &mut Losses) {
    let takes_space = !matches!(provider, Dialect::Anthropic | Dialect::Bedrock);
    let most = match provider {
        _ if !target.traits.stop => 0,
        Dialect::OpenAiChat if target.quirks.models == Models::OpenAi => 4,
        Dialect::Gemini => 5,
        _ => usize::MAX,
    };
    let stop = &request.sampling.stop;
    let is_taken = |text: &&String| takes_space || !text.trim().is_empty();
    let taken: Vec<String> = stop.iter().filter(is_taken).take(most).cloned().collect();
    if taken.len() < stop.len() {
        request.to_mut().sampling.stop = taken;
        losses.unsupported("stop");
    }
}
