//! A request to the Messages API, read.

use crate::chat::{
    CacheMarker, Cause, ChatRequest, Content, Effort, Format, Losses, Message, Reasoning, Role, Sampling,
    Tool, ToolChoice, UnknownField,
};
use crate::dialect::RequestFault;
use crate::dialect::wire::{Object, Value};

use super::blocks;

type Read<T> = Result<T, RequestFault>;

const fn invalid(name: &'static str, expected: &'static str) -> RequestFault {
    RequestFault::InvalidMember { name, expected }
}

/// Reads a request.
///
/// # Errors
/// When it is not JSON, or a member has not the type that the API reference gives it.
pub(in crate::dialect) fn decode_request(body: &[u8]) -> Read<(ChatRequest, Losses)> {
    let mut losses = Losses::default();
    let mut object = Object::parse(body)?;
    let mut request = ChatRequest {
        model: object.required_string("model")?,
        // The usage is part of every stream here.
        include_usage: true,
        ..ChatRequest::default()
    };
    if let Some(system) = object.take("system") {
        let parts = blocks::decode(system, &mut losses)?;
        request.messages.push(Message { role: Role::System, parts, name: None });
    }
    for message in object.elements("messages")? {
        decode_message(message, &mut request.messages, &mut losses)?;
    }
    if let Some(control) = object.object("cache_control")? {
        let marker = decode_marker(control)?;
        let last = request.messages.last_mut().and_then(|message| message.parts.last_mut());
        last.into_iter().for_each(|part| part.cache = Some(marker));
    }
    for tool in object.elements("tools")? {
        request.tools.extend(decode_tool(tool, &mut losses)?);
    }
    if let Some(mut choice) = object.object("tool_choice")? {
        request.tool_choice = Some(match choice.required_string("type")?.as_str() {
            "auto" => ToolChoice::Auto,
            "any" => ToolChoice::Required,
            "tool" => ToolChoice::Named(choice.required_string("name")?),
            "none" => ToolChoice::None,
            _ => return Err(invalid("tool_choice", "of type auto, any, tool or none")),
        });
        request.parallel_tools = choice.boolean("disable_parallel_tool_use")?.map(|disable| !disable);
        choice.lose_rest("tool_choice", &mut losses)?;
    }
    request.sampling = Sampling {
        temperature: object.number("temperature")?,
        top_p: object.number("top_p")?,
        top_k: object.unsigned("top_k")?,
        stop: object.strings("stop_sequences")?,
        max_output_tokens: object.unsigned("max_tokens")?,
        ..Sampling::default()
    };
    decode_thinking(&mut object, &mut request, &mut losses)?;
    request.stream = object.boolean("stream")?.unwrap_or(false);
    if let Some(mut metadata) = object.object("metadata")? {
        request.user = metadata.string("user_id")?;
        metadata.lose_rest("metadata", &mut losses)?;
    }
    for (name, value) in object.rest()? {
        request.unknown.push(UnknownField { name, value: value.json() });
    }
    Ok((request, losses))
}

fn decode_thinking(object: &mut Object<'_>, request: &mut ChatRequest, losses: &mut Losses) -> Read<()> {
    if let Some(mut thinking) = object.object("thinking")? {
        request.reasoning = Some(match thinking.required_string("type")?.as_str() {
            "enabled" => Reasoning::Budget(
                thinking.unsigned("budget_tokens")?.ok_or(invalid("budget_tokens", "a whole number"))?,
            ),
            "disabled" => Reasoning::Off,
            "adaptive" => Reasoning::Adaptive,
            "between_tools" => {
                losses.approximated("thinking.type");
                Reasoning::Adaptive
            }
            _ => return Err(invalid("thinking", "of type enabled, adaptive or disabled")),
        });
        request.show_thinking = thinking.string("display")?.map(|display| display != "omitted");
        thinking.lose_rest("thinking", losses)?;
    }
    let mut format = object.object("output_format")?;
    if let Some(mut config) = object.object("output_config")? {
        if let Some(name) = config.string("effort")? {
            let effort = Effort::of_name(&name).ok_or(invalid("effort", "a known effort"))?;
            match request.reasoning {
                None | Some(Reasoning::Adaptive) => request.reasoning = Some(Reasoning::Effort(effort)),
                Some(_) => losses.unsupported("output_config.effort"),
            }
        }
        format = config.object("format")?.or(format);
        config.lose_rest("output_config", losses)?;
    }
    if let Some(mut format) = format {
        format.ignore(&["type"]);
        let schema = format.schema("schema")?.ok_or(invalid("schema", "an object"))?;
        format.lose_rest("output_config.format", losses)?;
        request.format = Format::JsonSchema { name: None, description: None, schema, strict: Some(true) };
    }
    Ok(())
}

/// Reads a message, which becomes several where tool results and what the user says are in one.
fn decode_message(message: Value<'_>, messages: &mut Vec<Message>, losses: &mut Losses) -> Read<()> {
    let mut object = message.object().ok_or(invalid("messages", "an array of objects"))?;
    let role = match object.required_string("role")?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => return Err(invalid("role", "user or assistant")),
    };
    let content = object.take("content").ok_or(invalid("content", "a string, or an array of blocks"))?;
    object.lose_rest("messages", losses)?;
    let parts = blocks::decode(content, losses)?;
    let mut last: Option<Message> = None;
    for part in parts {
        let role = match part.content {
            Content::ToolResult { .. } => Role::Tool,
            _ => role,
        };
        match &mut last {
            Some(message) if message.role == role => message.parts.push(part),
            _ => messages.extend(last.replace(Message { role, parts: vec![part], name: None })),
        }
    }
    messages.extend(last);
    Ok(())
}

fn decode_tool(tool: Value<'_>, losses: &mut Losses) -> Read<Option<Tool>> {
    let mut tool = tool.object().ok_or(invalid("tools", "an array of objects"))?;
    if let Some(kind) = tool.string("type")?.filter(|kind| kind != "custom") {
        losses.note("tools", Cause::Unknown(kind));
        return Ok(None);
    }
    let read = Tool {
        name: tool.required_string("name")?,
        description: tool.string("description")?,
        parameters: tool.schema("input_schema")?,
        strict: tool.boolean("strict")?,
        cache: decode_cache(&mut tool)?,
    };
    tool.lose_rest("tools", losses)?;
    Ok(Some(read))
}

/// `cache_control` of a block or a tool.
pub(super) fn decode_cache(object: &mut Object<'_>) -> Read<Option<CacheMarker>> {
    object.object("cache_control")?.map(decode_marker).transpose()
}

fn decode_marker(mut control: Object<'_>) -> Read<CacheMarker> {
    Ok(CacheMarker { hour: control.string("ttl")?.is_some_and(|ttl| ttl == "1h") })
}
