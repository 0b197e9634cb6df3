//! `reasoning_details`: thinking with its signatures, in OpenRouter's form.

use crate::chat::{Content, Losses, Origin, Part, Signature};
use crate::dialect::wire::{Object, Value, write::ArrayWriter, write::ObjectWriter};

const FORMATS: [(Origin, &str); 3] = [
    (Origin::Anthropic, "anthropic-claude-v1"),
    (Origin::Gemini, "google-gemini-v1"),
    (Origin::OpenAi, "openai-responses-v1"),
];

fn format_of(origin: Origin) -> &'static str {
    FORMATS.into_iter().find(|(known, _)| *known == origin).map_or("unknown", |(_, format)| format)
}

fn signature(value: String, format: Option<&str>) -> Option<Signature> {
    let (origin, _) = FORMATS.into_iter().find(|(_, known)| Some(*known) == format)?;
    Some(Signature { origin, value })
}

/// Reads the thinking of a message: `reasoning_details` when it is there, else the plain text.
pub(super) fn read(message: &mut Object<'_>, losses: &mut Losses) -> Vec<Part> {
    let details = message.lenient_elements("reasoning_details");
    let content = message.lenient_string("reasoning_content");
    let reasoning = message.lenient_string("reasoning");
    if !details.is_empty() {
        return details.into_iter().filter_map(|detail| read_detail(detail, losses)).map(Part::new).collect();
    }
    let text = content.or(reasoning).filter(|text| !text.is_empty());
    text.map(|text| Part::new(Content::Thinking { text, signature: None })).into_iter().collect()
}

fn read_detail(detail: Value<'_>, losses: &mut Losses) -> Option<Content> {
    let mut detail = detail.object()?;
    let kind = detail.lenient_string("type")?;
    let format = detail.lenient_string("format");
    match kind.as_str() {
        "reasoning.text" => {
            let text = detail.lenient_string("text").unwrap_or_default();
            let signed = detail.lenient_string("signature");
            Some(Content::Thinking {
                text,
                signature: signed.and_then(|value| signature(value, format.as_deref())),
            })
        }
        "reasoning.summary" => {
            Some(Content::Thinking { text: detail.lenient_string("summary")?, signature: None })
        }
        "reasoning.encrypted" => {
            let signature = signature(detail.lenient_string("data")?, format.as_deref());
            if signature.is_none() {
                losses.unsupported("messages.reasoning_details");
            }
            match signature? {
                // Gemini signs without showing what; see `crate::dialect::gemini`.
                signed if signed.origin == Origin::Gemini => {
                    Some(Content::Thinking { text: String::new(), signature: Some(signed) })
                }
                redacted => Some(Content::RedactedThinking(redacted)),
            }
        }
        _ => {
            losses.unsupported("messages.reasoning_details");
            None
        }
    }
}

/// Writes the members for some thinking; none for a message without.
pub(super) fn write<'a>(parts: impl Iterator<Item = &'a Content> + Clone, message: &mut ObjectWriter<'_>) {
    let text: String = parts
        .clone()
        .filter_map(|content| match content {
            Content::Thinking { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    if !text.is_empty() {
        message.string("reasoning_content", &text);
    }
    write_details(parts, message);
}

/// Writes `reasoning_details`, when there is anything that is signed.
pub(super) fn write_details<'a>(
    parts: impl Iterator<Item = &'a Content> + Clone,
    message: &mut ObjectWriter<'_>,
) {
    let is_signed = |content: &Content| {
        matches!(content, Content::Thinking { signature: Some(_), .. } | Content::RedactedThinking(_))
    };
    if parts.clone().any(is_signed) {
        message.array("reasoning_details", |details| {
            for (index, content) in parts.enumerate() {
                write_detail(index as u64, content, details);
            }
        });
    }
}

/// Writes one element of `reasoning_details`.
pub(super) fn write_detail(index: u64, content: &Content, details: &mut ArrayWriter<'_>) {
    let encrypted = |details: &mut ArrayWriter<'_>, signature: &Signature| {
        details.object(|detail| {
            detail.string("type", "reasoning.encrypted");
            detail.string("data", &signature.value);
            detail.string("format", format_of(signature.origin));
            detail.unsigned("index", index);
        });
    };
    match content {
        Content::Thinking { text, signature: Some(signature) }
            if text.is_empty() && signature.origin == Origin::Gemini =>
        {
            encrypted(details, signature);
        }
        Content::RedactedThinking(signature) => encrypted(details, signature),
        Content::Thinking { text, signature } => details.object(|detail| {
            detail.string("type", "reasoning.text");
            detail.string("text", text);
            if let Some(signature) = signature {
                detail.string("signature", &signature.value);
            }
            let format = signature.as_ref().map_or("unknown", |signature| format_of(signature.origin));
            detail.string("format", format);
            detail.unsigned("index", index);
        }),
        _ => {}
    }
}
