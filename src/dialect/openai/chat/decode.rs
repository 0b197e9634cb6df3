//! A request for a chat completion, read.

use crate::chat::{
    CacheMarker, Cause, ChatRequest, Content, Effort, Format, Json, Losses, Message, Part, Reasoning, Role,
    Sampling, Source, Tool, ToolChoice, UnknownField,
};
use crate::dialect::RequestFault;
use crate::dialect::media;
use crate::dialect::wire::{Object, Value};

use super::thinking;

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
    let mut request = ChatRequest { model: object.required_string("model")?, ..ChatRequest::default() };
    for message in object.elements("messages")? {
        request.messages.extend(decode_message(message, &mut losses)?);
    }
    for tool in object.elements("tools")? {
        request.tools.extend(decode_tool(tool, &mut losses)?);
    }
    request.tool_choice =
        object.take("tool_choice").map(|choice| decode_choice(choice, &mut losses)).transpose()?;
    request.parallel_tools = object.boolean("parallel_tool_calls")?;
    if let Some(format) = object.object("response_format")? {
        request.format = decode_format(format, &mut losses)?;
    }
    request.sampling = decode_sampling(&mut object)?;
    decode_reasoning(&mut object, &mut request, &mut losses)?;
    request.stream = object.boolean("stream")?.unwrap_or(false);
    if let Some(mut options) = object.object("stream_options")? {
        request.include_usage = options.boolean("include_usage")?.unwrap_or(false);
        // Padding against readers of packet lengths; a stream that is written anew has other lengths anyway.
        options.ignore(&["include_obfuscation"]);
        options.lose_rest("stream_options", &mut losses)?;
    }
    let safety_identifier = object.string("safety_identifier")?;
    request.user = object.string("user")?.or(safety_identifier);
    request.metadata = decode_metadata(&mut object)?;
    for (name, value) in object.rest()? {
        request.unknown.push(UnknownField { name, value: value.json() });
    }
    Ok((request, losses))
}

/// A map of strings.
pub(in crate::dialect) fn decode_metadata(object: &mut Object<'_>) -> Read<Vec<(String, String)>> {
    let Some(metadata) = object.object("metadata")? else { return Ok(Vec::new()) };
    let text = |(name, value): (String, Value<'_>)| match value.string() {
        Some(value) => Ok((name, value.into_owned())),
        None => Err(invalid("metadata", "an object of strings")),
    };
    metadata.rest()?.into_iter().map(text).collect()
}

fn decode_sampling(object: &mut Object<'_>) -> Read<Sampling> {
    let old_limit = object.unsigned("max_tokens")?;
    let random_seed = object.signed("random_seed")?;
    Ok(Sampling {
        temperature: object.number("temperature")?,
        top_p: object.number("top_p")?,
        top_k: object.unsigned("top_k")?,
        seed: object.signed("seed")?.or(random_seed),
        frequency_penalty: object.number("frequency_penalty")?,
        presence_penalty: object.number("presence_penalty")?,
        stop: decode_stop(object)?,
        max_output_tokens: object.unsigned("max_completion_tokens")?.or(old_limit),
        choices: object.unsigned("n")?,
        logprobs: object.boolean("logprobs")?,
        top_logprobs: object.unsigned("top_logprobs")?,
    })
}

/// `stop`: one string, or several.
pub(in crate::dialect) fn decode_stop(object: &mut Object<'_>) -> Read<Vec<String>> {
    let Some(stop) = object.take("stop") else { return Ok(Vec::new()) };
    let text = |value: Value<'_>| value.string().map(std::borrow::Cow::into_owned);
    match stop.elements() {
        Some(several) => several.into_iter().map(text).collect::<Option<_>>(),
        None => text(stop).map(|one| vec![one]),
    }
    .ok_or(invalid("stop", "a string, or an array of strings"))
}

fn decode_reasoning(object: &mut Object<'_>, request: &mut ChatRequest, losses: &mut Losses) -> Read<()> {
    let effort = |name: &str| match name {
        "none" => Ok(Reasoning::Off),
        name => {
            Effort::of_name(name).map(Reasoning::Effort).ok_or(invalid("reasoning_effort", "a known effort"))
        }
    };
    if let Some(name) = object.string("reasoning_effort")? {
        request.reasoning = Some(effort(&name)?);
    }
    if let Some(mut reasoning) = object.object("reasoning")? {
        if let Some(name) = reasoning.string("effort")? {
            request.reasoning = Some(effort(&name)?);
        }
        if let Some(tokens) = reasoning.unsigned("max_tokens")? {
            request.reasoning = Some(Reasoning::Budget(tokens));
        }
        match reasoning.boolean("enabled")? {
            Some(true) => request.reasoning = request.reasoning.or(Some(Reasoning::Adaptive)),
            Some(false) => request.reasoning = Some(Reasoning::Off),
            None => {}
        }
        request.show_thinking = reasoning.boolean("exclude")?.map(|exclude| !exclude);
        reasoning.lose_rest("reasoning", losses)?;
    }
    Ok(())
}

fn decode_message(message: Value<'_>, losses: &mut Losses) -> Read<Option<Message>> {
    let mut object = message.object().ok_or(invalid("messages", "an array of objects"))?;
    let role = match object.required_string("role")?.as_str() {
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" => Role::Tool,
        "function" => {
            losses.unsupported("messages.function");
            return Ok(None);
        }
        _ => return Err(invalid("role", "a role of the API reference")),
    };
    let name = object.string("name")?;
    let mut parts = Vec::new();
    if role == Role::Assistant {
        parts = thinking::read(&mut object, losses);
    }
    if let Some(content) = object.take("content") {
        decode_content(content, &mut parts, losses)?;
    }
    match role {
        Role::Assistant => {
            if let Some(refusal) = object.string("refusal")? {
                parts.push(Part::new(Content::Refusal(refusal)));
            }
            for call in object.elements("tool_calls")? {
                parts.extend(decode_call(call, losses)?.map(Part::new));
            }
            // What an answer has and a request has not: SDK users send whole messages back.
            object.ignore(&["annotations"]);
        }
        Role::Tool => {
            let id = object.required_string("tool_call_id")?;
            let result = Content::ToolResult { id, name: name.clone(), parts, is_error: false };
            parts = vec![Part::new(result)];
        }
        Role::System | Role::Developer | Role::User => {}
    }
    object.lose_rest("messages", losses)?;
    Ok(Some(Message { role, parts, name: name.filter(|_| role != Role::Tool) }))
}

/// Reads `content`: a string, or an array of parts.
fn decode_content(content: Value<'_>, parts: &mut Vec<Part>, losses: &mut Losses) -> Read<()> {
    if let Some(text) = content.string() {
        parts.push(Part::text(text));
        return Ok(());
    }
    let elements = content.elements().ok_or(invalid("content", "a string, or an array of parts"))?;
    for element in elements {
        let mut object = element.object().ok_or(invalid("content", "an array of objects"))?;
        let kind = object.required_string("type")?;
        let Some(content) = decode_part(&kind, &mut object, losses)? else {
            losses.note("messages.content", Cause::Unknown(kind));
            continue;
        };
        let cache = decode_cache(&mut object, losses)?;
        object.lose_rest("messages.content", losses)?;
        parts.push(Part { content, cache });
    }
    Ok(())
}

fn decode_cache(object: &mut Object<'_>, losses: &mut Losses) -> Read<Option<CacheMarker>> {
    let breakpoint = object.object("prompt_cache_breakpoint")?;
    let control = object.object("cache_control")?;
    let Some(mut marker) = breakpoint.or(control) else { return Ok(None) };
    let hour = match marker.string("ttl")?.as_deref() {
        Some("1h") => true,
        Some("5m") | None => false,
        Some(_) => {
            losses.approximated("cache.ttl");
            false
        }
    };
    Ok(Some(CacheMarker { hour }))
}

fn decode_part(kind: &str, object: &mut Object<'_>, losses: &mut Losses) -> Read<Option<Content>> {
    Ok(Some(match kind {
        "text" => Content::Text(object.required_string("text")?),
        "refusal" => Content::Refusal(object.required_string("refusal")?),
        "image_url" => {
            let mut image = object.object("image_url")?.ok_or(invalid("image_url", "an object"))?;
            let source = media::source_of_url(image.required_string("url")?);
            let detail = image.string("detail")?;
            image.lose_rest("messages.content.image_url", losses)?;
            Content::Image { source, detail }
        }
        "input_audio" => {
            let mut audio = object.object("input_audio")?.ok_or(invalid("input_audio", "an object"))?;
            let media_type = format!("audio/{}", audio.required_string("format")?);
            let data = audio.required_string("data")?;
            audio.lose_rest("messages.content.input_audio", losses)?;
            Content::Media(Source::Base64 { media_type, data })
        }
        "video_url" => {
            let mut video = object.object("video_url")?.ok_or(invalid("video_url", "an object"))?;
            Content::Media(media::source_of_url(video.required_string("url")?))
        }
        "file" => {
            let mut file = object.object("file")?.ok_or(invalid("file", "an object"))?;
            let title = file.string("filename")?;
            let (id, data) = (file.string("file_id")?, file.string("file_data")?);
            file.lose_rest("messages.content.file", losses)?;
            let source = match (id, data) {
                (_, Some(data)) => media::source_of_file_data(data, title.as_deref()),
                (Some(id), None) => Source::File(id),
                (None, None) => return Err(invalid("file", "an object with file_data or file_id")),
            };
            Content::Document { source, title }
        }
        _ => return Ok(None),
    }))
}

fn decode_call(call: Value<'_>, losses: &mut Losses) -> Read<Option<Content>> {
    let mut call = call.object().ok_or(invalid("tool_calls", "an array of objects"))?;
    let id = call.required_string("id")?;
    let kind = call.string("type")?;
    if kind.is_some_and(|kind| kind != "function") {
        losses.unsupported("messages.tool_calls.custom");
        return Ok(None);
    }
    let mut function = call.object("function")?.ok_or(invalid("function", "an object"))?;
    let name = function.required_string("name")?;
    let arguments = function.string("arguments")?.unwrap_or_default();
    call.ignore(&["index"]);
    call.lose_rest("messages.tool_calls", losses)?;
    Ok(Some(Content::ToolCall { id, name, arguments: read_arguments(&arguments, losses) }))
}

/// The arguments of a call, which the model may have written badly: other dialects can carry an object only.
pub(in crate::dialect) fn read_arguments(text: &str, losses: &mut Losses) -> Json {
    if text.trim().is_empty() {
        return Json::empty();
    }
    Json::object(text).unwrap_or_else(|| {
        losses.approximated("messages.tool_calls.arguments");
        let wrapped = crate::dialect::wire::write::object(|object| object.string("arguments", text));
        Json::checked(&String::from_utf8_lossy(&wrapped))
    })
}

fn decode_tool(tool: Value<'_>, losses: &mut Losses) -> Read<Option<Tool>> {
    let mut tool = tool.object().ok_or(invalid("tools", "an array of objects"))?;
    let kind = tool.required_string("type")?;
    if kind != "function" {
        losses.note("tools", Cause::Unknown(kind));
        return Ok(None);
    }
    let cache = decode_cache(&mut tool, losses)?;
    let mut function = tool.object("function")?.ok_or(invalid("function", "an object"))?;
    let read = Tool {
        name: function.required_string("name")?,
        description: function.string("description")?,
        parameters: function.schema("parameters")?,
        strict: function.boolean("strict")?,
        cache,
    };
    function.lose_rest("tools.function", losses)?;
    tool.lose_rest("tools", losses)?;
    Ok(Some(read))
}

fn decode_choice(choice: Value<'_>, losses: &mut Losses) -> Read<ToolChoice> {
    if let Some(word) = choice.string() {
        return match word.as_ref() {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" | "any" => Ok(ToolChoice::Required),
            _ => Err(invalid("tool_choice", "none, auto, required or an object")),
        };
    }
    let mut choice = choice.object().ok_or(invalid("tool_choice", "a string or an object"))?;
    match choice.required_string("type")?.as_str() {
        "function" => {
            let mut function = choice.object("function")?.ok_or(invalid("function", "an object"))?;
            Ok(ToolChoice::Named(function.required_string("name")?))
        }
        "allowed_tools" => {
            let mut allowed = choice.object("allowed_tools")?.ok_or(invalid("allowed_tools", "an object"))?;
            let required = allowed.required_string("mode")? == "required";
            let names = allowed
                .elements("tools")?
                .into_iter()
                .filter_map(|tool| tool.object()?.lenient_object("function")?.lenient_string("name"));
            Ok(ToolChoice::Allowed { required, names: names.collect() })
        }
        _ => {
            losses.unsupported("tool_choice");
            Ok(ToolChoice::Auto)
        }
    }
}

fn decode_format(mut format: Object<'_>, losses: &mut Losses) -> Read<Format> {
    match format.required_string("type")?.as_str() {
        "text" => Ok(Format::Text),
        "json_object" => Ok(Format::JsonObject),
        "json_schema" => {
            let mut schema = format.object("json_schema")?.ok_or(invalid("json_schema", "an object"))?;
            let read = Format::JsonSchema {
                name: schema.string("name")?,
                description: schema.string("description")?,
                schema: schema.schema("schema")?.unwrap_or_else(Json::empty),
                strict: schema.boolean("strict")?,
            };
            schema.lose_rest("response_format.json_schema", losses)?;
            Ok(read)
        }
        _ => Err(invalid("response_format", "of type text, json_object or json_schema")),
    }
}
