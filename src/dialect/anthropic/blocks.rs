//! Content blocks, read and written.

use crate::chat::{CacheMarker, Cause, Content, Json, Losses, Origin, Part, Signature, Source};
use crate::dialect::RequestFault;
use crate::dialect::media;
use crate::dialect::wire::write::{ArrayWriter, ObjectWriter};
use crate::dialect::wire::{Object, Value};

use super::decode::decode_cache;

type Read<T> = Result<T, RequestFault>;

const fn invalid(name: &'static str, expected: &'static str) -> RequestFault {
    RequestFault::InvalidMember { name, expected }
}

/// Reads `content`: a string, or an array of blocks.
pub(super) fn decode(content: Value<'_>, losses: &mut Losses) -> Read<Vec<Part>> {
    if let Some(text) = content.string() {
        return Ok(vec![Part::text(text)]);
    }
    let elements = content.elements().ok_or(invalid("content", "a string, or an array of blocks"))?;
    let mut parts = Vec::with_capacity(elements.len());
    for element in elements {
        let mut block = element.object().ok_or(invalid("content", "an array of objects"))?;
        let kind = block.required_string("type")?;
        let Some(content) = decode_block(&kind, &mut block, losses)? else {
            losses.note("messages.content", Cause::Unknown(kind));
            continue;
        };
        let cache = decode_cache(&mut block)?;
        block.lose_rest("messages.content", losses)?;
        parts.push(Part { content, cache });
    }
    Ok(parts)
}

fn decode_block(kind: &str, block: &mut Object<'_>, losses: &mut Losses) -> Read<Option<Content>> {
    Ok(Some(match kind {
        "text" => Content::Text(block.required_string("text")?),
        "image" => {
            let source = decode_source(block)?;
            let Some(source) = source else { return Ok(None) };
            Content::Image { source, detail: None }
        }
        "document" => {
            let source = decode_source(block)?;
            let Some(source) = source else { return Ok(None) };
            Content::Document { source, title: block.string("title")? }
        }
        "tool_use" => {
            // Who called it: the model itself, which is the only caller elsewhere.
            block.ignore(&["caller"]);
            Content::ToolCall {
                id: block.required_string("id")?,
                name: block.required_string("name")?,
                arguments: block.schema("input")?.unwrap_or_else(Json::empty),
            }
        }
        "tool_result" => Content::ToolResult {
            id: block.required_string("tool_use_id")?,
            name: None,
            parts: match block.take("content") {
                Some(content) => decode(content, losses)?,
                None => Vec::new(),
            },
            is_error: block.boolean("is_error")?.unwrap_or(false),
        },
        "thinking" => {
            let signed = block.string("signature")?.filter(|signature| !signature.is_empty());
            Content::Thinking {
                text: block.required_string("thinking")?,
                signature: signed.map(|signature| Signature::read(&signature, Origin::Anthropic)),
            }
        }
        "redacted_thinking" => {
            Content::RedactedThinking(Signature::read(&block.required_string("data")?, Origin::Anthropic))
        }
        _ => return Ok(None),
    }))
}

fn decode_source(block: &mut Object<'_>) -> Read<Option<Source>> {
    let mut source = block.object("source")?.ok_or(invalid("source", "an object"))?;
    Ok(Some(match source.required_string("type")?.as_str() {
        "base64" => Source::Base64 {
            media_type: media::registered(&source.required_string("media_type")?).to_owned(),
            data: source.required_string("data")?,
        },
        "url" => {
            let url = source.required_string("url")?;
            let media_type = media::type_of_name(&url).map(str::to_owned);
            Source::Url { url, media_type }
        }
        "text" => Source::Text(source.required_string("data")?),
        "file" => Source::File(source.required_string("file_id")?),
        _ => return Ok(None),
    }))
}

/// Writes the blocks for a part: one, or none.
pub(super) fn write(part: &Part, out: &mut ArrayWriter<'_>, losses: &mut Losses) {
    match &part.content {
        _ if part.is_blank() => {}
        Content::Text(text) => block("text", part.cache, out, |block| block.string("text", text)),
        Content::Refusal(text) => {
            losses.approximated("messages.refusal");
            block("text", part.cache, out, |block| block.string("text", text));
        }
        Content::Image { source, detail } => {
            if detail.as_deref().is_some_and(|detail| detail != "auto") {
                losses.unsupported("messages.image.detail");
            }
            write_image(source, part.cache, out, losses);
        }
        Content::Document { source, title } => {
            write_document(source, title.as_deref(), part.cache, out, losses);
        }
        Content::Media(_) => losses.unsupported("messages.media"),
        Content::Thinking { text, signature } => match signature {
            Some(signature) if signature.origin == Origin::Anthropic => {
                // The API refuses a cache mark on thinking.
                block("thinking", None, out, |block| {
                    block.string("thinking", text);
                    block.string("signature", &signature.value);
                });
            }
            _ => losses.unsupported("messages.thinking"),
        },
        Content::RedactedThinking(signature) => {
            if signature.origin == Origin::Anthropic {
                block("redacted_thinking", None, out, |block| block.string("data", &signature.value));
            } else {
                losses.unsupported("messages.thinking");
            }
        }
        Content::ToolCall { id, name, arguments } => block("tool_use", part.cache, out, |block| {
            block.string("id", id);
            block.string("name", name);
            block.raw("input", arguments.text());
        }),
        Content::ToolResult { id, parts, is_error, .. } => block("tool_result", part.cache, out, |block| {
            block.string("tool_use_id", id);
            match parts.as_slice() {
                [] => {}
                [Part { content: Content::Text(text), cache: None }] => block.string("content", text),
                parts => block.array("content", |content| {
                    parts.iter().for_each(|part| write(part, content, losses));
                }),
            }
            if *is_error {
                block.boolean("is_error", true);
            }
        }),
    }
}

fn block(
    kind: &str,
    cache: Option<CacheMarker>,
    out: &mut ArrayWriter<'_>,
    write: impl FnOnce(&mut ObjectWriter<'_>),
) {
    out.object(|block| {
        block.string("type", kind);
        write(block);
        write_cache(cache, block);
    });
}

/// Writes `cache_control`, when it is set.
pub(super) fn write_cache(cache: Option<CacheMarker>, object: &mut ObjectWriter<'_>) {
    if let Some(CacheMarker { hour }) = cache {
        object.object("cache_control", |control| {
            control.string("type", "ephemeral");
            control.string_if("ttl", hour.then_some("1h"));
        });
    }
}

fn write_image(source: &Source, cache: Option<CacheMarker>, out: &mut ArrayWriter<'_>, losses: &mut Losses) {
    let known = ["image/jpeg", "image/png", "image/gif", "image/webp"];
    match source {
        Source::Base64 { media_type, .. } if !known.contains(&media_type.as_str()) => {
            losses.unsupported("messages.image.media_type");
        }
        Source::Url { url, .. } if !url.starts_with("https://") => losses.unsupported("messages.image.url"),
        Source::Base64 { .. } | Source::Url { .. } => {
            block("image", cache, out, |block| write_source(source, block));
        }
        Source::File(_) | Source::Text(_) => losses.unsupported("messages.image.file"),
    }
}

fn write_source(source: &Source, block: &mut ObjectWriter<'_>) {
    block.object("source", |object| match source {
        Source::Base64 { media_type, data } => {
            object.string("type", "base64");
            object.string("media_type", media_type);
            object.string("data", data);
        }
        Source::Url { url, .. } => {
            object.string("type", "url");
            object.string("url", url);
        }
        Source::Text(text) => {
            object.string("type", "text");
            object.string("media_type", "text/plain");
            object.string("data", text);
        }
        Source::File(id) => {
            object.string("type", "file");
            object.string("file_id", id);
        }
    });
}

fn write_document(
    source: &Source,
    title: Option<&str>,
    cache: Option<CacheMarker>,
    out: &mut ArrayWriter<'_>,
    losses: &mut Losses,
) {
    let plain;
    let source = match source {
        Source::Base64 { media_type, data } if media_type.starts_with("text/") => {
            let text = media::decode_base64(data).and_then(|bytes| String::from_utf8(bytes).ok());
            let Some(text) = text else { return losses.unsupported("messages.document") };
            plain = Source::Text(text);
            &plain
        }
        Source::Base64 { media_type, .. } if media_type != "application/pdf" => {
            return losses.unsupported("messages.document.media_type");
        }
        Source::Url { url, .. } if !url.starts_with("https://") => {
            return losses.unsupported("messages.document.url");
        }
        Source::File(_) => return losses.unsupported("messages.document.file"),
        other => other,
    };
    block("document", cache, out, |block| {
        write_source(source, block);
        block.string_if("title", title.filter(|title| !title.is_empty()));
    });
}
