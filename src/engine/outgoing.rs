//! A client's request as a provider is to see it that speaks the client's own dialect: its headers from nothing, so that no
//! field of the client, of another attempt or of the gateway itself can slip through, and its body with a few edits.
//!
//! Both roles send such requests: the adapter at each attempt, and the policy where no adapter runs at its
//! attempts. Deliberately unknown here: the credential.

use std::borrow::Cow;

use super::exchange::Exchange;
use super::headers::Headers;
use super::translation;
use crate::config::compiled::{Provider, Scheme};
use crate::dialect::translate::Dialect;
use crate::dialect::{Api, Surface, foreign, openai, translate, wording};
use crate::framing::edit::Edit;
use crate::framing::json::write_string;

/// Whether a client's field means something to an API; `passes` where the client speaks it, too.
fn may_pass(api: Api, passes: bool, name: &str) -> bool {
    let own = match name {
        "openai-beta" => matches!(api, Api::OpenAi | Api::AzureOpenAi),
        // On Vertex AI the version is in the body, and the betas are not.
        "anthropic-beta" => matches!(api, Api::Anthropic | Api::VertexAnthropic),
        "anthropic-version" => api == Api::Anthropic,
        _ => true,
    };
    (passes && own) || name == "user-agent"
}

/// The value of `:scheme`.
pub(super) const fn scheme(provider: &Provider) -> &'static str {
    match provider.scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    }
}

/// All header fields but the credential, for a body of this length; `passes` where the client speaks the provider's dialect.
pub(super) fn fields(
    provider: &Provider,
    passes: bool,
    exchange: &Exchange,
    path: &str,
    length: u64,
) -> Headers {
    // Of an ordinary request that is room enough.
    let mut built = Headers::with_capacity(16, 512);
    built.push(":method", exchange.surface.method());
    built.push(":scheme", scheme(provider));
    built.push(":authority", provider.authority.as_str());
    built.push_with(":path", |out| {
        out.extend_from_slice(provider.base_path.as_bytes());
        out.extend_from_slice(path.as_bytes());
    });
    built.push("content-type", "application/json");
    built.push_number("content-length", length);
    for (name, value) in exchange.passed_on.iter().filter(|(name, _)| may_pass(provider.api, passes, name)) {
        built.push(name, value);
    }
    if let (Api::Anthropic, Some(version)) = (provider.api, &provider.api_version)
        && built.get("anthropic-version").is_none()
    {
        built.push("anthropic-version", version);
    }
    built
}

/// What is edited in the client's own body: the model's name, or what stands for it, and words that the provider has others
/// for. `None` where the note has not what that takes.
pub(super) fn edits(provider: &Provider, model: &str, exchange: &Exchange) -> Option<Vec<Edit>> {
    let mut edits = Vec::with_capacity(2);
    if provider.api.replaces_members(exchange.surface) {
        edits.push(translate::version_for_model(&exchange.original.as_ref()?.body.0)?);
    } else if let Some(span) = exchange.model {
        let mut text = Vec::with_capacity(model.len() + 2);
        write_string(&mut text, model);
        edits.push(Edit { span, text });
    }
    // Where others have had their turn, too.
    if let (Some(dialect), Some(original)) = (exchange.surface.dialect(), &exchange.original) {
        if dialect == Dialect::OpenAiChat {
            edits.extend(wording::edits(provider.flavor.quirks(), &original.body.0));
        }
        edits.extend(foreign::edits(dialect, provider.flavor.quirks(), &original.body.0));
    }
    edits.extend(exchange.usage.clone().filter(|_| provider.flavor.quirks().stream_usage));
    Some(edits)
}

/// Where a provider serves a surface that it has itself.
pub(super) fn path(provider: &Provider, model: &str, exchange: &Exchange) -> Cow<'static, str> {
    let surface = exchange.surface;
    match (provider.api, &provider.api_version) {
        (Api::OpenAi, _) => openai::path(surface).into(),
        (Api::AzureOpenAi, version) => {
            openai::deployment_path(surface, model, version.as_deref().unwrap_or_default()).into()
        }
        _ => {
            let streamed = surface == Surface::StreamGenerateContent
                || exchange.original.as_ref().is_some_and(|original| original.streamed);
            translate::path(&translation::target(provider, model), streamed).into()
        }
    }
}
