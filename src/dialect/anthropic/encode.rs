//! A request to the Messages API, written.

use crate::chat::{
    ChatRequest, Content, Effort, Format, Losses, Message, Origin, Part, Reasoning, Role, Sampling, Tool,
    ToolChoice,
};
use crate::dialect::Api;
use crate::dialect::knowledge::{self, Off, StructuredOutput, Thinking};
use crate::dialect::parameters::of_one_object;
use crate::dialect::schema::{self, Subset};
use crate::dialect::target::Target;
use crate::dialect::wire::write::{self, ArrayWriter, ObjectWriter};

use super::{ANSWER_TOOL, VERTEX_VERSION, blocks};

/// The least budget of thinking that the API takes (reference, `thinking.budget_tokens`).
const LEAST_BUDGET: u64 = 1024;

/// Efforts for models that take budgets too, where "as the model sees fit" has no form.
const FITTING: Effort = Effort::Medium;

/// What is left for the answer beside a budget for thinking, at the least, where the client named no number.
const LEAST_ANSWER: u64 = 4096;

/// Whether and how the model thinks, given everything else that the request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dialect) enum Thinks {
    /// Nothing is said about it.
    Unsaid,
    /// Not at all.
    Off,
    /// Not ahead of the answer: between calls of tools only.
    BetweenTools,
    /// At most so many tokens, of so many for the whole answer.
    Budget { tokens: u64, max_tokens: u64 },
    /// As the model sees fit, with so much effort.
    Adaptive(Option<&'static str>),
}

/// Writes a request.
pub(in crate::dialect) fn encode_request(request: &ChatRequest, target: &Target) -> (Vec<u8>, Losses) {
    let mut losses = Losses::default();
    let thinks = check_thinking(request, target, &mut losses);
    let body = write::object(|object| {
        if target.api == Api::VertexAnthropic {
            object.string("anthropic_version", VERTEX_VERSION);
        } else {
            object.string("model", &target.model);
        }
        object.unsigned(
            "max_tokens",
            match thinks {
                Thinks::Budget { max_tokens, .. } => max_tokens,
                _ => request.sampling.max_output_tokens.unwrap_or(target.default_max_tokens),
            },
        );
        write_messages(request, object, &mut losses);
        write_tools(request, target, object, &mut losses);
        write_thinking(request, target, thinks, object);
        let sampling = check_sampling(request, target, thinks, &mut losses);
        object.number_if("temperature", sampling.temperature);
        object.number_if("top_p", sampling.top_p);
        object.unsigned_if("top_k", sampling.top_k);
        object.strings_if("stop_sequences", &sampling.stop);
        if request.user.is_some() {
            object.object("metadata", |metadata| metadata.string_if("user_id", request.user.as_deref()));
        }
        if !request.metadata.is_empty() {
            losses.unsupported("metadata");
        }
        if request.stream {
            object.boolean("stream", true);
        }
    });
    (body, losses)
}

/// Decides whether the model thinks. The API has rules that it refuses to bend (guide, "Extended thinking"): no
/// tool is forced; and a budget fits into `max_tokens`, and a turn that waits for tool results begins with the
/// thinking that led to the calls.
pub(in crate::dialect) fn check_thinking(
    request: &ChatRequest,
    target: &Target,
    losses: &mut Losses,
) -> Thinks {
    let Some(reasoning) = request.reasoning else { return Thinks::Unsaid };
    let thinking = target.traits.thinking;
    if reasoning == Reasoning::Off {
        return check_silence(request, thinking, losses);
    }
    if thinking == Thinking::Never || forces_tool(request, target) {
        losses.unsupported("reasoning");
        return Thinks::Unsaid;
    }
    let tokens = match (reasoning, thinking) {
        (Reasoning::Budget(tokens), Thinking::Budget(_) | Thinking::Either(..)) => tokens,
        (_, Thinking::Effort(levels) | Thinking::Either(_, levels)) => {
            let effort = match reasoning {
                Reasoning::Effort(effort) => effort,
                Reasoning::Budget(tokens) => {
                    losses.approximated("reasoning.budget");
                    Effort::of_budget(tokens)
                }
                Reasoning::Adaptive | Reasoning::Off => return Thinks::Adaptive(None),
            };
            let (level, exact) = levels.nearest(effort);
            if !exact {
                losses.approximated("reasoning.effort");
            }
            return Thinks::Adaptive(Some(level.name()));
        }
        (Reasoning::Effort(effort), _) => effort.budget(),
        (Reasoning::Adaptive | Reasoning::Off | Reasoning::Budget(_), _) => {
            losses.approximated("reasoning");
            FITTING.budget()
        }
    };
    if lacks_thinking(request) {
        losses.unsupported("reasoning");
        return Thinks::Unsaid;
    }
    let tokens = tokens.max(LEAST_BUDGET);
    let room = tokens.saturating_add(LEAST_ANSWER).max(target.default_max_tokens);
    let max_tokens = request.sampling.max_output_tokens.unwrap_or(room);
    if max_tokens <= LEAST_BUDGET {
        losses.unsupported("reasoning");
        return Thinks::Unsaid;
    }
    if tokens >= max_tokens {
        losses.approximated("reasoning.budget");
    }
    Thinks::Budget { tokens: tokens.min(max_tokens - 1), max_tokens }
}

/// How the model is told not to think, as far as it can be.
fn check_silence(request: &ChatRequest, thinking: Thinking, losses: &mut Losses) -> Thinks {
    match thinking {
        Thinking::Never => Thinks::Unsaid,
        Thinking::Effort(knowledge::Levels { off: Off::Never, levels }) => {
            losses.approximated("reasoning.effort");
            Thinks::Adaptive(levels.first().map(|least| least.name()))
        }
        Thinking::Effort(knowledge::Levels { off: Off::BetweenTools, .. }) => {
            if !request.tools.is_empty() {
                losses.approximated("reasoning.effort");
            }
            Thinks::BetweenTools
        }
        Thinking::Effort(_) | Thinking::Budget(_) | Thinking::Either(..) => Thinks::Off,
    }
}

fn forces_tool(request: &ChatRequest, target: &Target) -> bool {
    if !target.traits.forced_tools {
        return false;
    }
    let chosen = matches!(
        request.tool_choice,
        Some(ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::Allowed { required: true, .. })
    );
    (chosen && !request.tools.is_empty()) || needs_answer_tool(&request.format, target)
}

/// Whether the conversation waits for the model after tool results, and the turn that called the tools does not
/// begin with signed thinking: many clients cannot give it back.
fn lacks_thinking(request: &ChatRequest) -> bool {
    let mut from_the_end = request.messages.iter().rev();
    if from_the_end.next().is_none_or(|message| message.role != Role::Tool) {
        return false;
    }
    let Some(turn) = from_the_end.find(|message| message.role != Role::Tool) else { return false };
    let is_signed = |part: &Part| match &part.content {
        Content::Thinking { signature: Some(signature), .. } | Content::RedactedThinking(signature) => {
            signature.origin == Origin::Anthropic
        }
        _ => false,
    };
    turn.role == Role::Assistant && !turn.parts.first().is_some_and(is_signed)
}

/// Whether anything of a message can be written.
pub(in crate::dialect) fn carries(message: &Message, losses: &mut Losses) -> bool {
    !write::is_empty_array(|out| message.parts.iter().for_each(|part| blocks::write(part, out, losses)))
}

fn write_messages(request: &ChatRequest, object: &mut ObjectWriter<'_>, losses: &mut Losses) {
    let is_system = |message: &&Message| matches!(message.role, Role::System | Role::Developer);
    let (system, mut turns): (Vec<&Message>, Vec<&Message>) = request.messages.iter().partition(is_system);
    let leading = request.messages.iter().take_while(|message| is_system(message)).count();
    if system.len() > leading {
        losses.approximated("messages.system.position");
    }
    if request.messages.iter().any(|message| message.name.is_some()) {
        losses.unsupported("messages.name");
    }
    let mut system = system;
    turns.retain(|message| !message.parts.iter().all(Part::is_blank));
    if turns.is_empty() {
        // The API wants something to answer.
        losses.approximated("messages.system");
        turns.extend(system.pop());
    }
    let texts: Vec<&Part> = system.iter().flat_map(|message| &message.parts).collect();
    if texts.iter().any(|part| !matches!(part.content, Content::Text(_))) {
        losses.unsupported("messages.system.content");
    }
    match texts.as_slice() {
        [] => {}
        [Part { content: Content::Text(text), cache: None }] => object.string("system", text),
        several => object.array("system", |out| {
            let is_text = |part: &&&Part| matches!(part.content, Content::Text(_));
            several.iter().filter(is_text).for_each(|part| blocks::write(part, out, losses));
        }),
    }
    object.array("messages", |out| {
        for turn in turns.chunk_by(|first, second| is_assistant(first) == is_assistant(second)) {
            write_turn(turn, out, losses);
        }
    });
}

const fn is_assistant(message: &Message) -> bool {
    matches!(message.role, Role::Assistant)
}

/// Writes messages of one side as one: the roles alternate here.
fn write_turn(turn: &[&Message], out: &mut ArrayWriter<'_>, losses: &mut Losses) {
    let is_model = turn.first().is_some_and(|message| is_assistant(message));
    let parts: Vec<&Part> = turn.iter().flat_map(|message| &message.parts).collect();
    out.object(|object| {
        object.string("role", if is_model { "assistant" } else { "user" });
        match parts.as_slice() {
            [Part { content: Content::Text(text), cache: None }] => object.string("content", text),
            parts => object.array("content", |content| {
                parts.iter().for_each(|part| blocks::write(part, content, losses));
            }),
        }
    });
}

/// Whether the form of the answer takes a tool to be had: there is no parameter for JSON without a schema, and the one
/// for a schema takes a subset.
pub(in crate::dialect) fn needs_answer_tool(format: &Format, target: &Target) -> bool {
    match format {
        Format::Text => false,
        Format::JsonObject => true,
        Format::JsonSchema { schema, .. } => {
            target.traits.structured_output == StructuredOutput::Tool
                || !schema::fits(schema, Subset::Anthropic)
        }
    }
}

fn write_tools(request: &ChatRequest, target: &Target, object: &mut ObjectWriter<'_>, losses: &mut Losses) {
    let tools = allowed_tools(request, target);
    let answer = needs_answer_tool(&request.format, target);
    if tools.is_empty() && !answer {
        return;
    }
    object.array("tools", |out| {
        tools.iter().for_each(|tool| write_tool(tool, target, out, losses));
        if answer {
            write_answer_tool(&request.format, out, losses);
        }
    });
    let (kind, name) = match &request.tool_choice {
        // What the client wants to call, or the answer: something must come.
        _ if answer && tools.is_empty() => ("tool", Some(ANSWER_TOOL)),
        Some(ToolChoice::None) if answer => ("tool", Some(ANSWER_TOOL)),
        None | Some(ToolChoice::Auto) if answer => ("any", None),
        None if request.parallel_tools == Some(false) => ("auto", None),
        None => return,
        Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. }) => ("auto", None),
        Some(ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::Allowed { .. })
            if !target.traits.forced_tools =>
        {
            losses.approximated("tool_choice");
            ("auto", None)
        }
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => ("any", None),
        Some(ToolChoice::Named(name)) => ("tool", Some(name.as_str())),
        Some(ToolChoice::None) => ("none", None),
    };
    if answer {
        losses.approximated("response_format");
    }
    object.object("tool_choice", |choice| {
        choice.string("type", kind);
        choice.string_if("name", name);
        if kind != "none" {
            choice.boolean_if("disable_parallel_tool_use", request.parallel_tools.map(|parallel| !parallel));
        }
    });
}

/// The tools that the request allows; of a model that cannot be made to call the one that is named, only that one.
pub(in crate::dialect) fn allowed_tools<'a>(request: &'a ChatRequest, target: &Target) -> Vec<&'a Tool> {
    let is_allowed = |tool: &&Tool| match &request.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) => names.contains(&tool.name),
        Some(ToolChoice::Named(name)) if !target.traits.forced_tools => *name == tool.name,
        _ => true,
    };
    request.tools.iter().filter(is_allowed).collect()
}

/// Whether a tool's calls are to follow its schema exactly, and can be made to.
pub(in crate::dialect) fn is_strict(tool: &Tool, target: &Target, losses: &mut Losses) -> bool {
    let asked = tool.strict == Some(true);
    let fits = tool.parameters.as_ref().is_none_or(|schema| schema::fits(schema, Subset::Anthropic));
    let is_strict = asked && target.traits.strict_tools && fits;
    if asked && !is_strict {
        losses.unsupported("tools.strict");
    }
    is_strict
}

fn write_tool(tool: &Tool, target: &Target, out: &mut ArrayWriter<'_>, losses: &mut Losses) {
    let is_strict = is_strict(tool, target, losses);
    out.object(|object| {
        object.string("name", &tool.name);
        object.string_if("description", tool.description.as_deref());
        object.raw("input_schema", &of_one_object(tool.parameters.as_ref(), losses));
        object.boolean_if("strict", is_strict.then_some(true));
        blocks::write_cache(tool.cache, object);
    });
}

fn write_answer_tool(format: &Format, out: &mut ArrayWriter<'_>, losses: &mut Losses) {
    let (description, schema) = match format {
        Format::JsonSchema { description, schema, .. } => (description.as_deref(), Some(schema)),
        Format::Text | Format::JsonObject => (None, None),
    };
    out.object(|object| {
        object.string("name", ANSWER_TOOL);
        object.string("description", description.unwrap_or("Give the final answer to the user."));
        object.raw("input_schema", &of_one_object(schema, losses));
    });
}

fn write_thinking(request: &ChatRequest, target: &Target, thinks: Thinks, object: &mut ObjectWriter<'_>) {
    let display = request.show_thinking.map(|show| if show { "summarized" } else { "omitted" });
    match thinks {
        Thinks::Unsaid => {}
        Thinks::Off => object.object("thinking", |thinking| thinking.string("type", "disabled")),
        Thinks::BetweenTools => {
            object.object("thinking", |thinking| thinking.string("type", "between_tools"));
        }
        Thinks::Budget { tokens, .. } => object.object("thinking", |thinking| {
            thinking.string("type", "enabled");
            thinking.unsigned("budget_tokens", tokens);
            thinking.string_if("display", display);
        }),
        Thinks::Adaptive(_) => object.object("thinking", |thinking| {
            thinking.string("type", "adaptive");
            thinking.string_if("display", display);
        }),
    }
    let effort = if let Thinks::Adaptive(effort) = thinks { effort } else { None };
    let schema = match &request.format {
        Format::JsonSchema { schema, .. } if !needs_answer_tool(&request.format, target) => Some(schema),
        _ => None,
    };
    if effort.is_some() || schema.is_some() {
        object.object("output_config", |config| {
            config.string_if("effort", effort);
            if let Some(schema) = schema {
                config.object("format", |format| {
                    format.string("type", "json_schema");
                    format.raw("schema", schema.text());
                });
            }
        });
    }
}

/// The sampling that the model takes, given that it thinks or does not; the rest are losses. While it thinks, it
/// takes no other temperature than 1, no `top_k`, and `top_p` from 0.95 (guide, "Extended thinking", on
/// compatible features).
pub(in crate::dialect) fn check_sampling(
    request: &ChatRequest,
    target: &Target,
    thinks: Thinks,
    losses: &mut Losses,
) -> Sampling {
    let mut sampling = request.sampling.clone();
    let is_thinking = matches!(thinks, Thinks::Budget { .. } | Thinks::Adaptive(_));
    let is_fixed = target.traits.sampling == knowledge::Sampling::Fixed;
    let refused = |is_fine: bool| is_fixed || (is_thinking && !is_fine);
    if sampling.temperature.is_some_and(|_| refused(false)) {
        // 1 is what the model does anyway.
        if sampling.temperature.take().is_some_and(|temperature| (temperature - 1.0).abs() > f64::EPSILON) {
            losses.unsupported("temperature");
        }
    } else if sampling.temperature.is_some_and(|temperature| temperature > 1.0) {
        losses.approximated("temperature");
        sampling.temperature = Some(1.0);
    }
    if sampling.top_p.is_some_and(|top_p| refused(top_p >= 0.95)) {
        drop_top_p(&mut sampling, losses);
    }
    let is_one_of = target.traits.sampling == knowledge::Sampling::OneOf;
    if is_one_of && sampling.temperature.is_some() {
        drop_top_p(&mut sampling, losses);
    }
    if sampling.top_k.is_some_and(|_| refused(false)) {
        sampling.top_k = None;
        losses.unsupported("top_k");
    }
    for (is_set, field) in [
        (sampling.seed.is_some(), "seed"),
        (sampling.frequency_penalty.is_some_and(|penalty| penalty != 0.0), "frequency_penalty"),
        (sampling.presence_penalty.is_some_and(|penalty| penalty != 0.0), "presence_penalty"),
        (sampling.choices.is_some_and(|choices| choices > 1), "n"),
        (sampling.logprobs == Some(true), "logprobs"),
    ] {
        if is_set {
            losses.unsupported(field);
        }
    }
    sampling
}

/// Leaves `top_p` out; 1 is what the model does anyway.
fn drop_top_p(sampling: &mut Sampling, losses: &mut Losses) {
    if sampling.top_p.take().is_some_and(|top_p| top_p < 1.0) {
        losses.unsupported("top_p");
    }
}
