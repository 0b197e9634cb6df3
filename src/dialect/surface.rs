//! What a client can call: method and path → surface.
//!
//! The one table of the paths that the gateway serves. A surface fixes the dialect the client speaks.

use super::translate::Dialect;

/// An endpoint of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// `POST /v1/chat/completions`
    ChatCompletions,
    /// `POST /v1/completions`
    Completions,
    /// `POST /v1/embeddings`
    Embeddings,
    /// `GET /v1/models`
    Models,
    /// `GET /v1/usage`
    Usage,
}

/// What a path and a method select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection<'a> {
    /// A surface.
    Surface(Surface),
    /// One model of the list: `GET /v1/models/{model}`, the name as it stands in the path.
    Model(&'a str),
    /// A path that is served with another method, which is named.
    WrongMethod(&'static str),
    /// Nothing.
    Nothing,
}

impl Surface {
    const ALL: [Self; 5] =
        [Self::ChatCompletions, Self::Completions, Self::Embeddings, Self::Models, Self::Usage];

    /// The path a client calls.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::ChatCompletions => "/v1/chat/completions",
            Self::Completions => "/v1/completions",
            Self::Embeddings => "/v1/embeddings",
            Self::Models => "/v1/models",
            Self::Usage => "/v1/usage",
        }
    }

    /// The method a client calls it with.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Models | Self::Usage => "GET",
            Self::ChatCompletions | Self::Completions | Self::Embeddings => "POST",
        }
    }

    /// The dialect of the chat that the surface is for; `None` where it is for something else.
    #[must_use]
    pub const fn dialect(self) -> Option<Dialect> {
        match self {
            Self::ChatCompletions => Some(Dialect::OpenAiChat),
            Self::Completions => Some(Dialect::OpenAiCompletions),
            Self::Embeddings | Self::Models | Self::Usage => None,
        }
    }

    /// What the surface does, by the OpenTelemetry semantic conventions for generative AI
    /// (`gen_ai.operation.name`).
    #[must_use]
    pub const fn operation(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat",
            Self::Completions => "text_completion",
            Self::Embeddings => "embeddings",
            Self::Models => "list_models",
            Self::Usage => "usage",
        }
    }

    /// Every surface as `METHOD path`.
    pub fn served() -> impl Iterator<Item = String> {
        Self::ALL.into_iter().map(|surface| format!("{} {}", surface.method(), surface.path()))
    }

    /// Finds what `method` and `target` (a path, perhaps with a query) select.
    #[must_use]
    pub fn select<'a>(method: &str, target: &'a str) -> Selection<'a> {
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        if let Some(surface) = Self::ALL.into_iter().find(|surface| surface.path() == path) {
            return match surface.method() {
                right if right == method => Selection::Surface(surface),
                right => Selection::WrongMethod(right),
            };
        }
        match path.strip_prefix("/v1/models/") {
            Some(model) if !model.is_empty() && method == "GET" => Selection::Model(model),
            Some(model) if !model.is_empty() => Selection::WrongMethod("GET"),
            _ => Selection::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selects_by_path_and_method() {
        assert_eq!(
            Surface::select("POST", "/v1/chat/completions"),
            Selection::Surface(Surface::ChatCompletions)
        );
        assert_eq!(Surface::select("POST", "/v1/embeddings?x=1"), Selection::Surface(Surface::Embeddings));
        assert_eq!(Surface::select("GET", "/v1/chat/completions"), Selection::WrongMethod("POST"));
        assert_eq!(Surface::select("GET", "/v1/models/meta/llama"), Selection::Model("meta/llama"));
        assert_eq!(Surface::select("DELETE", "/v1/models/x"), Selection::WrongMethod("GET"));
        for path in ["/", "/v1", "/v1/models/", "/v1/chat/completions/", "/V1/models", "/v1/files"] {
            assert_eq!(Surface::select("GET", path), Selection::Nothing, "{path}");
        }
    }
}
