//! A request to generate content, written.

use crate::chat::{
    ChatRequest, Content, Format, Losses, Message, Origin, Part, Reasoning, Role, Signature, Source,
    ToolChoice,
};
use crate::dialect::knowledge::{Budget, Off, Thinking};
use crate::dialect::parameters::of_object;
use crate::dialect::target::Target;
use crate::dialect::wire::Object;
use crate::dialect::wire::write::{self, ArrayWriter, ObjectWriter};

/// Stands for a signature where a call comes from elsewhere (guide, "Thought signatures", on moving a
/// conversation from another model): models that sign their calls refuse one without.
pub(in crate::dialect) const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Writes a request.
pub(in crate::dialect) fn encode_request(request: &ChatRequest, target: &Target) -> (Vec<u8>, Losses) {
    let mut losses = Losses::default();
    let body = write::object(|object| {
        write_messages(request, target, object, &mut losses);
        write_tools(request, object, &mut losses);
        object.object("generationConfig", |config| write_config(request, target, config, &mut losses));
    });
    for (is_set, field) in [
        (request.user.is_some(), "user"),
        (!request.metadata.is_empty(), "metadata"),
        (request.messages.iter().any(|message| message.name.is_some()), "messages.name"),
        (
            request.messages.iter().flat_map(|message| &message.parts).any(|part| part.cache.is_some()),
            "messages.cache",
        ),
        (request.tools.iter().any(|tool| tool.cache.is_some()), "tools.cache"),
        (request.tools.iter().any(|tool| tool.strict == Some(true)), "tools.strict"),
        (request.parallel_tools == Some(false) && !request.tools.is_empty(), "parallel_tools"),
    ] {
        if is_set {
            losses.unsupported(field);
        }
    }
    (body, losses)
}

/// Whether anything of a message can be written.
pub(in crate::dialect) fn carries(message: &Message, target: &Target, losses: &mut Losses) -> bool {
    let names = CallNames(Vec::new());
    let mut writer = Parts { names: &names, target, open: None, losses };
    !write::is_empty_array(|out| writer.write(&message.parts, out))
}

fn write_messages(
    request: &ChatRequest,
    target: &Target,
    object: &mut ObjectWriter<'_>,
    losses: &mut Losses,
) {
    let is_system = |message: &&Message| matches!(message.role, Role::System | Role::Developer);
    let (mut system, mut turns): (Vec<&Message>, Vec<&Message>) =
        request.messages.iter().partition(is_system);
    if system.len() > request.messages.iter().take_while(|message| is_system(message)).count() {
        losses.approximated("messages.system.position");
    }
    turns.retain(|message| !message.parts.iter().all(Part::is_blank));
    if turns.is_empty() {
        // The API wants something to answer.
        losses.approximated("messages.system");
        turns.extend(system.pop());
    }
    if !system.is_empty() {
        object.object("systemInstruction", |content| {
            content.array("parts", |parts| {
                for part in system.iter().flat_map(|message| &message.parts) {
                    match &part.content {
                        Content::Text(text) => parts.object(|part| part.string("text", text)),
                        _ => losses.unsupported("messages.system.content"),
                    }
                }
            });
        });
    }
    let names = CallNames::of(&turns);
    let is_model = |message: &Message| message.role == Role::Assistant;
    object.array("contents", |contents| {
        for turn in turns.chunk_by(|first, second| is_model(first) == is_model(second)) {
            let model = turn.first().is_some_and(|message| is_model(message));
            contents.object(|content| {
                content.string("role", if model { "model" } else { "user" });
                content.array("parts", |out| {
                    let mut writer = Parts { names: &names, target, open: None, losses };
                    for message in turn {
                        writer.write(&message.parts, out);
                    }
                });
            });
        }
    });
}

/// The names of the functions that were called, by identifier of the call.
struct CallNames<'a>(Vec<(&'a str, &'a str)>);

impl<'a> CallNames<'a> {
    fn of(messages: &[&'a Message]) -> Self {
        let parts = messages.iter().flat_map(|message| &message.parts);
        Self(
            parts
                .filter_map(|part| match &part.content {
                    Content::ToolCall { id, name, .. } => Some((id.as_str(), name.as_str())),
                    _ => None,
                })
                .collect(),
        )
    }

    /// The function of a call; of two with one identifier, the later.
    fn get(&self, id: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(known, _)| *known == id).map(|(_, name)| *name)
    }
}

/// The parts of one content while they are written.
struct Parts<'a> {
    names: &'a CallNames<'a>,
    target: &'a Target,
    /// A signature that belongs to a part which is not written yet.
    open: Option<&'a Signature>,
    losses: &'a mut Losses,
}

impl<'a> Parts<'a> {
    fn write(&mut self, parts: &'a [Part], out: &mut ArrayWriter<'_>) {
        let mut calls_left = parts.iter().filter(|part| part.is_call()).count();
        let mut signed_calls = false;
        for part in parts {
            match &part.content {
                Content::Text(text) | Content::Refusal(text) => {
                    if matches!(part.content, Content::Refusal(_)) {
                        self.losses.approximated("messages.refusal");
                    }
                    // A call that follows is what the model signs.
                    let signature = if calls_left == 0 { self.open.take() } else { None };
                    if !text.is_empty() || signature.is_some() {
                        out.object(|object| {
                            object.string("text", text);
                            write_signature(signature, object);
                        });
                    }
                }
                Content::Thinking { text, signature } => self.thinking(text, signature.as_ref(), out),
                Content::RedactedThinking(_) => self.losses.unsupported("messages.thinking"),
                Content::ToolCall { id, name, arguments } => {
                    calls_left = calls_left.saturating_sub(1);
                    let signature = self.open.take();
                    let needs_one = self.target.traits.signed_calls && !signed_calls;
                    out.object(|object| {
                        object.object("functionCall", |call| {
                            call.string("id", id);
                            call.string("name", name);
                            call.raw("args", arguments.text());
                        });
                        match signature {
                            None if needs_one => object.string("thoughtSignature", NO_SIGNATURE),
                            signature => write_signature(signature, object),
                        }
                    });
                    signed_calls = true;
                }
                Content::ToolResult { id, name, parts, is_error } => {
                    self.result(id, name.as_deref(), parts, *is_error, out);
                }
                Content::Image { source, detail } => {
                    if detail.as_deref().is_some_and(|detail| detail != "auto") {
                        self.losses.unsupported("messages.image.detail");
                    }
                    self.media(source, out);
                }
                Content::Document { source, title } => {
                    if title.is_some() {
                        self.losses.unsupported("messages.document.title");
                    }
                    self.media(source, out);
                }
                Content::Media(source) => self.media(source, out),
            }
        }
        if let Some(signature) = self.open.take() {
            out.object(|object| {
                object.string("text", "");
                write_signature(Some(signature), object);
            });
        }
    }

    /// Writes what was thought, and keeps the signature for the part that it belongs to: whatever came between,
    /// Gemini signs what follows the thoughts.
    fn thinking(&mut self, text: &str, signature: Option<&'a Signature>, out: &mut ArrayWriter<'_>) {
        let Some(signature) = signature.filter(|signature| signature.origin == Origin::Gemini) else {
            return self.losses.unsupported("messages.thinking");
        };
        if !text.is_empty() {
            out.object(|object| {
                object.string("text", text);
                object.boolean("thought", true);
            });
        }
        self.open = Some(signature);
    }

    fn result(
        &mut self,
        id: &str,
        name: Option<&str>,
        parts: &[Part],
        is_error: bool,
        out: &mut ArrayWriter<'_>,
    ) {
        let name = name.or_else(|| self.names.get(id)).unwrap_or_else(|| {
            self.losses.approximated("messages.tool_result.name");
            id
        });
        let text: String = parts
            .iter()
            .filter_map(|part| match &part.content {
                Content::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        out.object(|object| {
            object.object("functionResponse", |response| {
                response.string("id", id);
                response.string("name", name);
                match plain_object(&text) {
                    Some(object) if !is_error => response.raw("response", object),
                    _ => response.object("response", |object| {
                        object.string(if is_error { "error" } else { "output" }, &text);
                    }),
                }
            });
        });
        for part in parts {
            match &part.content {
                Content::Text(_) => {}
                Content::Image { source, .. } | Content::Document { source, .. } | Content::Media(source) => {
                    self.losses.approximated("messages.tool_result.content");
                    self.media(source, out);
                }
                _ => self.losses.unsupported("messages.tool_result.content"),
            }
        }
    }

    fn media(&mut self, source: &Source, out: &mut ArrayWriter<'_>) {
        match source {
            Source::Base64 { media_type, data } => out.object(|object| {
                object.object("inlineData", |blob| {
                    blob.string("mimeType", media_type);
                    blob.string("data", data);
                });
            }),
            Source::Url { url, media_type } => out.object(|object| {
                object.object("fileData", |file| {
                    file.string_if("mimeType", media_type.as_deref());
                    file.string("fileUri", url);
                });
            }),
            Source::Text(text) => out.object(|object| object.string("text", text)),
            Source::File(_) => self.losses.unsupported("messages.file"),
        }
    }
}

/// The text when it is an object that cannot be taken for a wrapped one.
fn plain_object(text: &str) -> Option<&str> {
    let object = Object::parse(text.as_bytes()).ok()?;
    let members = object.rest().ok()?;
    let is_wrapper =
        matches!(members.as_slice(), [(name, _)] if ["output", "result", "error"].contains(&name.as_str()));
    (!is_wrapper).then(|| text.trim())
}

fn write_signature(signature: Option<&Signature>, object: &mut ObjectWriter<'_>) {
    if let Some(signature) = signature {
        object.string("thoughtSignature", &signature.value);
    }
}

fn write_tools(request: &ChatRequest, object: &mut ObjectWriter<'_>, losses: &mut Losses) {
    if request.tools.is_empty() {
        return;
    }
    object.array("tools", |tools| {
        tools.object(|tool| {
            tool.array("functionDeclarations", |functions| {
                for tool in &request.tools {
                    functions.object(|function| {
                        function.string("name", &tool.name);
                        function.string_if("description", tool.description.as_deref());
                        if let Some(parameters) = &tool.parameters {
                            function.raw("parametersJsonSchema", &of_object(Some(parameters)));
                        }
                    });
                }
            });
        });
    });
    let (mode, names): (_, &[String]) = match &request.tool_choice {
        None => return,
        Some(ToolChoice::Auto) => ("AUTO", &[]),
        Some(ToolChoice::None) => ("NONE", &[]),
        Some(ToolChoice::Required) => ("ANY", &[]),
        Some(ToolChoice::Named(name)) => ("ANY", std::slice::from_ref(name)),
        Some(ToolChoice::Allowed { required: true, names }) => ("ANY", names),
        Some(ToolChoice::Allowed { required: false, names }) => {
            losses.approximated("tool_choice");
            ("VALIDATED", names)
        }
    };
    object.object("toolConfig", |config| {
        config.object("functionCallingConfig", |calling| {
            calling.string("mode", mode);
            calling.strings_if("allowedFunctionNames", names);
        });
    });
}

fn write_config(request: &ChatRequest, target: &Target, config: &mut ObjectWriter<'_>, losses: &mut Losses) {
    let sampling = &request.sampling;
    config.number_if("temperature", sampling.temperature);
    config.number_if("topP", sampling.top_p);
    config.unsigned_if("topK", sampling.top_k);
    config.signed_if("seed", sampling.seed);
    config.number_if("frequencyPenalty", sampling.frequency_penalty);
    config.number_if("presencePenalty", sampling.presence_penalty);
    config.strings_if("stopSequences", &sampling.stop);
    config.unsigned_if("maxOutputTokens", sampling.max_output_tokens);
    config.unsigned_if("candidateCount", sampling.choices.filter(|choices| *choices > 1));
    config.boolean_if("responseLogprobs", sampling.logprobs);
    config.unsigned_if("logprobs", sampling.top_logprobs);
    match &request.format {
        Format::Text => {}
        Format::JsonObject => config.string("responseMimeType", "application/json"),
        Format::JsonSchema { schema, .. } => {
            config.string("responseMimeType", "application/json");
            config.raw("responseJsonSchema", schema.text());
        }
    }
    write_thinking(request, target, config, losses);
}

fn write_thinking(
    request: &ChatRequest,
    target: &Target,
    config: &mut ObjectWriter<'_>,
    losses: &mut Losses,
) {
    let traits = &target.traits;
    if traits.thinking == Thinking::Never {
        if request.reasoning.is_some_and(|reasoning| reasoning != Reasoning::Off) {
            losses.unsupported("reasoning");
        }
        return;
    }
    let Some(reasoning) = request.reasoning else {
        if request.show_thinking == Some(true) {
            config.object("thinkingConfig", |thinking| thinking.boolean("includeThoughts", true));
        }
        return;
    };
    config.object("thinkingConfig", |thinking| {
        let show = request.show_thinking.unwrap_or(reasoning != Reasoning::Off);
        thinking.boolean("includeThoughts", show);
        match traits.thinking {
            Thinking::Never => {}
            Thinking::Budget(budget) => {
                thinking.signed_if("thinkingBudget", Some(budget_of(reasoning, budget, losses)));
            }
            Thinking::Effort(levels) | Thinking::Either(_, levels) => {
                let level = levels.given(reasoning, losses).map(|level| level.name().to_ascii_uppercase());
                thinking.string_if("thinkingLevel", level.as_deref());
            }
        }
    });
}

/// The budget that a model is given; -1 is as it sees fit (guide, "Thinking", on budgets).
fn budget_of(reasoning: Reasoning, budget: Budget, losses: &mut Losses) -> i64 {
    let (tokens, field) = match reasoning {
        Reasoning::Adaptive => return -1,
        Reasoning::Off if budget.off == Off::Said => return 0,
        Reasoning::Off => (0, "reasoning.effort"),
        Reasoning::Effort(effort) => (effort.budget(), "reasoning.effort"),
        Reasoning::Budget(tokens) => (tokens, "reasoning.budget"),
    };
    let (tokens, exact) = budget.nearest(tokens);
    if !exact {
        losses.approximated(field);
    }
    i64::try_from(tokens).unwrap_or(i64::MAX)
}
