//! `thoughtSignature`: a provider's bytes in base64.

use crate::chat::{Content, Origin, Signature};
use crate::dialect::media;

/// In front of thinking that only its provider can read.
const REDACTED: &str = "redacted:";

/// Standard base64 for the URL-safe kind, which the SDKs write and the JSON of protocol buffers allows.
pub(super) fn standard_base64(text: &str) -> String {
    text.replace('-', "+").replace('_', "/")
}

/// Writes a signature, or redacted thinking when `redacted`.
pub(super) fn write(signature: &Signature, redacted: bool) -> String {
    if signature.origin == Origin::Gemini && !redacted {
        return signature.value.clone();
    }
    let mark = if redacted { REDACTED } else { "" };
    media::encode_base64(format!("{mark}{}", signature.written(Origin::Gemini)).as_bytes())
}

/// Reads the thinking that a signature and its text stand for.
pub(super) fn read(signature: &str, text: String) -> Content {
    let own = || Signature { origin: Origin::Gemini, value: signature.to_owned() };
    let bytes = media::decode_base64(&standard_base64(signature));
    let Some(inner) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return Content::Thinking { text, signature: Some(own()) };
    };
    if let Some(redacted) = inner.strip_prefix(REDACTED) {
        return Content::RedactedThinking(Signature::read(redacted, Origin::Gemini));
    }
    let foreign = Signature::read(&inner, Origin::Gemini);
    let signature = if foreign.origin == Origin::Gemini { own() } else { foreign };
    Content::Thinking { text, signature: Some(signature) }
}

/// Whether a signature was not made by Gemini.
pub(in crate::dialect) fn is_foreign(signature: &str) -> bool {
    match read(signature, String::new()) {
        Content::Thinking { signature: Some(signature), .. } => signature.origin != Origin::Gemini,
        content => matches!(content, Content::RedactedThinking(_)),
    }
}
