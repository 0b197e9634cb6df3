//! What the target of a request says beside its path, where clients of Gemini's API say it: a key, and the form of a
//! stream.
//!
//! A key in a query would be kept by whatever keeps URLs, so it goes no further than this role.

use crate::dialect::RequestFault;
use crate::dialect::surface::{Selection, Surface, parameters, without_parameter};
use crate::dialect::translate::Dialect;
use crate::engine::Headers;
use crate::engine::effect::Effect;
use crate::engine::refusal::Refusal;
use crate::identity::caller::Unidentified;

/// The parameter that carries a key (Google, "System parameters").
const KEY: &str = "key";

/// The header field that says the same.
const KEY_HEADER: &str = "x-goog-api-key";

fn is_gemini(selection: Selection<'_>) -> bool {
    selection.surface().and_then(Surface::dialect) == Some(Dialect::Gemini)
}

/// What a request is for. Of the list of models, which three dialects have at one path, the client's own fields say
/// whose it is: Anthropic's SDKs name the version, Google's have a field of their own for the key.
pub(super) fn selection<'a>(headers: &Headers, target: &'a str) -> Selection<'a> {
    let selection = Surface::select(headers.text(":method").unwrap_or_default(), target);
    if headers.get("anthropic-version").is_some() {
        selection.listing(Surface::AnthropicModels)
    } else if headers.get(KEY_HEADER).is_some() {
        selection.listing(Surface::GeminiModels)
    } else {
        selection
    }
}

/// The dialect of the API that a path at which nothing is served looks like.
pub(super) fn dialect_of(target: &str) -> Dialect {
    if target.starts_with("/v1beta/") { Dialect::Gemini } else { Dialect::OpenAiChat }
}

/// The keys in the query, as header fields.
pub(super) fn keys<'a>(
    selection: Selection<'_>,
    target: &'a str,
) -> impl Iterator<Item = (&'a str, &'a [u8])> {
    let parameters = is_gemini(selection).then(|| parameters(target)).into_iter().flatten();
    parameters.filter(|(name, _)| *name == KEY).map(|(_, value)| (KEY_HEADER, value.as_bytes()))
}

/// Takes the keys out of the target.
pub(super) fn hide_keys(selection: Selection<'_>, target: &str, effects: &mut Vec<Effect>) {
    if keys(selection, target).next().is_some() {
        let rest = without_parameter(target, KEY).into_bytes();
        effects.push(Effect::SetRequestHeader(":path".into(), rest));
    }
}

/// Refuses the form of a stream that is no stream of events: a JSON array, which Gemini's API sends unless told
/// otherwise, and its SDKs never ask for.
pub(super) fn check_form(surface: Surface, target: &str) -> Result<(), Refusal> {
    if surface != Surface::StreamGenerateContent {
        return Ok(());
    }
    let mut forms = parameters(target).filter(|(name, _)| *name == "alt").map(|(_, value)| value);
    if forms.next() == Some("sse") && forms.next().is_none() {
        return Ok(());
    }
    let fault =
        RequestFault::InvalidParameter { name: "alt", expected: "`sse`: streams are sent as events only" };
    Err(Refusal::InvalidRequest(fault))
}

impl From<Unidentified> for Refusal {
    fn from(reason: Unidentified) -> Self {
        match reason {
            Unidentified::Missing => Self::MissingKey,
            Unidentified::Duplicate => Self::DuplicateCredentials,
            Unidentified::Invalid => Self::InvalidKey,
            Unidentified::Revoked => Self::KeyRevoked,
            Unidentified::Expired => Self::KeyExpired,
        }
    }
}
