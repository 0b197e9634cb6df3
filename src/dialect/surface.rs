//! What a client can call: method and path → surface.
//!
//! The one table of the paths that the gateway serves. A surface fixes the dialect the client speaks.

use serde::{Deserialize, Serialize};

use super::translate::{Dialect, gemini_model};

/// An endpoint of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// `POST /v1/chat/completions`
    ChatCompletions,
    /// `POST /v1/completions`
    Completions,
    /// `POST /v1/responses`
    Responses,
    /// `POST /v1/embeddings`
    Embeddings,
    /// `POST /v1/messages`
    Messages,
    /// `POST /v1/messages/count_tokens`
    CountTokens,
    /// `POST /v1beta/models/{model}:generateContent`
    GenerateContent,
    /// `POST /v1beta/models/{model}:streamGenerateContent`
    StreamGenerateContent,
    /// `POST /v1beta/models/{model}:countTokens`
    CountContents,
    /// `GET /v1/models`
    Models,
    /// `GET /v1/models` of a client that says `anthropic-version`
    AnthropicModels,
    /// `GET /v1beta/models`, or `GET /v1/models` of a client that says `x-goog-api-key`
    GeminiModels,
    /// `GET /v1/usage`
    Usage,
    /// `GET /v1/status`, for operators only
    Status,
}

/// What a path and a method select.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection<'a> {
    /// A surface.
    Surface(Surface),
    /// A surface whose path names the model, the name as it stands there.
    Addressed(Surface, &'a str),
    /// One model of a list: `GET /v1/models/{model}`, the name as it stands in the path.
    Model(Surface, &'a str),
    /// A surface that is served with another method.
    WrongMethod(Surface),
    /// Nothing.
    Nothing,
}

impl Selection<'_> {
    /// The surface, when there is one.
    #[must_use]
    pub const fn surface(self) -> Option<Surface> {
        match self {
            Self::Surface(surface)
            | Self::Addressed(surface, _)
            | Self::Model(surface, _)
            | Self::WrongMethod(surface) => Some(surface),
            Self::Nothing => None,
        }
    }

    /// The same for a client that reads the list of models as `list`, where the path does not say which list it is.
    #[must_use]
    pub const fn listing(self, list: Surface) -> Self {
        match self {
            Self::Surface(Surface::Models) => Self::Surface(list),
            Self::Model(Surface::Models, name) => Self::Model(list, name),
            Self::WrongMethod(Surface::Models) => Self::WrongMethod(list),
            other => other,
        }
    }
}

/// Where the models of Gemini's API are (reference, "API versions"): SDKs call either version.
const GEMINI_MODELS: [&str; 2] = ["/v1beta/models/", "/v1/models/"];

impl Surface {
    /// Every surface.
    pub const ALL: [Self; 14] = [
        Self::ChatCompletions,
        Self::Completions,
        Self::Responses,
        Self::Embeddings,
        Self::Messages,
        Self::CountTokens,
        Self::GenerateContent,
        Self::StreamGenerateContent,
        Self::CountContents,
        Self::Models,
        Self::AnthropicModels,
        Self::GeminiModels,
        Self::Usage,
        Self::Status,
    ];

    /// The path a client calls.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::ChatCompletions => "/v1/chat/completions",
            Self::Completions => "/v1/completions",
            Self::Responses => "/v1/responses",
            Self::Embeddings => "/v1/embeddings",
            Self::Messages => "/v1/messages",
            Self::CountTokens => "/v1/messages/count_tokens",
            Self::GenerateContent => "/v1beta/models/{model}:generateContent",
            Self::StreamGenerateContent => "/v1beta/models/{model}:streamGenerateContent",
            Self::CountContents => "/v1beta/models/{model}:countTokens",
            Self::Models | Self::AnthropicModels => "/v1/models",
            Self::GeminiModels => "/v1beta/models",
            Self::Usage => "/v1/usage",
            Self::Status => "/v1/status",
        }
    }

    /// The method a client calls it with.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Models | Self::AnthropicModels | Self::GeminiModels | Self::Usage | Self::Status => "GET",
            _ => "POST",
        }
    }

    /// The dialect that its clients speak; `None` where no chat is asked for, which is OpenAI's at all such surfaces.
    #[must_use]
    pub const fn dialect(self) -> Option<Dialect> {
        match self {
            Self::ChatCompletions => Some(Dialect::OpenAiChat),
            Self::Completions => Some(Dialect::OpenAiCompletions),
            Self::Responses => Some(Dialect::OpenAiResponses),
            Self::Messages | Self::CountTokens | Self::AnthropicModels => Some(Dialect::Anthropic),
            Self::GenerateContent
            | Self::StreamGenerateContent
            | Self::CountContents
            | Self::GeminiModels => Some(Dialect::Gemini),
            Self::Embeddings | Self::Models | Self::Usage | Self::Status => None,
        }
    }

    /// What the surface does, by the OpenTelemetry semantic conventions for generative AI
    /// (`gen_ai.operation.name`), where these have a name for it.
    #[must_use]
    pub const fn operation(self) -> &'static str {
        match self {
            Self::ChatCompletions | Self::Responses | Self::Messages => "chat",
            Self::Completions => "text_completion",
            Self::Embeddings => "embeddings",
            Self::GenerateContent | Self::StreamGenerateContent => "generate_content",
            Self::CountTokens | Self::CountContents => "count_tokens",
            Self::Models | Self::AnthropicModels | Self::GeminiModels => "list_models",
            Self::Usage => "usage",
            Self::Status => "status",
        }
    }

    /// Whether the list of models is asked for.
    #[must_use]
    pub const fn lists_models(self) -> bool {
        matches!(self, Self::Models | Self::AnthropicModels | Self::GeminiModels)
    }

    /// Whether only the tokens of a prompt are asked for.
    #[must_use]
    pub const fn counts_tokens(self) -> bool {
        matches!(self, Self::CountTokens | Self::CountContents)
    }

    /// Whether a provider is asked, and not the gateway alone.
    #[must_use]
    pub const fn is_forwarded(self) -> bool {
        !self.lists_models() && !self.counts_tokens() && !matches!(self, Self::Usage | Self::Status)
    }

    /// Every surface as `METHOD path`, but for what is only there for operators.
    pub fn served() -> impl Iterator<Item = String> {
        // The path of `AnthropicModels` is that of `Models`.
        let untold = |surface: &Self| matches!(surface, Self::AnthropicModels | Self::Status);
        let surfaces = Self::ALL.into_iter().filter(move |surface| !untold(surface));
        surfaces.map(|surface| format!("{} {}", surface.method(), surface.path()))
    }

    /// Finds what `method` and `target` (a path, perhaps with a query) select.
    #[must_use]
    pub fn select<'a>(method: &str, target: &'a str) -> Selection<'a> {
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        if let Some(surface) = Self::ALL.into_iter().find(|surface| surface.path() == path) {
            return surface.called_with(method, Selection::Surface(surface));
        }
        let called = GEMINI_MODELS.into_iter().find_map(|models| path.strip_prefix(models));
        if let Some((model, stream)) = called.and_then(gemini_model) {
            let surface = if stream { Self::StreamGenerateContent } else { Self::GenerateContent };
            return surface.called_with(method, Selection::Addressed(surface, model));
        }
        let counted = called.and_then(|called| called.strip_suffix(":countTokens"));
        if let Some(model) = counted.filter(|model| !model.is_empty()) {
            return Self::CountContents.called_with(method, Selection::Addressed(Self::CountContents, model));
        }
        let below = |list: Self| {
            let model = path.strip_prefix(list.path())?.strip_prefix('/');
            model.filter(|model| !model.is_empty()).map(|model| (list, model))
        };
        match below(Self::Models) {
            Some((list, model)) => list.called_with(method, Selection::Model(list, model)),
            // What else is below Gemini's models are methods that are not served.
            None if method == Self::GeminiModels.method() => below(Self::GeminiModels)
                .map_or(Selection::Nothing, |(list, model)| Selection::Model(list, model)),
            None => Selection::Nothing,
        }
    }

    fn called_with<'a>(self, method: &str, selection: Selection<'a>) -> Selection<'a> {
        if self.method() == method { selection } else { Selection::WrongMethod(self) }
    }
}

/// The parameters of a target's query: names and values as they stand there.
pub fn parameters(target: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// A target without the parameters of this name.
#[must_use]
pub fn without_parameter(target: &str, name: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| pair.split_once('=').map_or(*pair, |(name, _)| name) != name)
        .collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
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
        assert_eq!(
            Surface::select("GET", "/v1/chat/completions"),
            Selection::WrongMethod(Surface::ChatCompletions)
        );
        assert_eq!(
            Surface::select("GET", "/v1/models/meta/llama"),
            Selection::Model(Surface::Models, "meta/llama")
        );
        assert_eq!(Surface::select("DELETE", "/v1/models/x"), Selection::WrongMethod(Surface::Models));
        assert_eq!(
            Surface::select("POST", "/v1beta/models/meta/llama:8b:streamGenerateContent?alt=sse"),
            Selection::Addressed(Surface::StreamGenerateContent, "meta/llama:8b")
        );
        assert_eq!(
            Surface::select("POST", "/v1/models/m:generateContent"),
            Selection::Addressed(Surface::GenerateContent, "m")
        );
        assert_eq!(
            Surface::select("GET", "/v1/models/llama:8b"),
            Selection::Model(Surface::Models, "llama:8b")
        );
        assert_eq!(
            Surface::select("GET", "/v1beta/models/m:generateContent"),
            Selection::WrongMethod(Surface::GenerateContent)
        );
        assert_eq!(
            Surface::select("POST", "/v1beta/models/m:countTokens?x"),
            Selection::Addressed(Surface::CountContents, "m")
        );
        assert_eq!(Surface::select("GET", "/v1beta/models"), Selection::Surface(Surface::GeminiModels));
        assert_eq!(
            Surface::select("GET", "/v1beta/models/llama:8b"),
            Selection::Model(Surface::GeminiModels, "llama:8b")
        );
        for (path, chosen) in [
            ("/v1/models", Selection::Surface(Surface::AnthropicModels)),
            ("/v1/models/m", Selection::Model(Surface::AnthropicModels, "m")),
            ("/v1beta/models", Selection::Surface(Surface::GeminiModels)),
            ("/v1/usage", Selection::Surface(Surface::Usage)),
        ] {
            assert_eq!(Surface::select("GET", path).listing(Surface::AnthropicModels), chosen, "{path}");
        }
        for path in ["/v1beta/models/:generateContent", "/v1beta/models/m", "/v1beta/models/m:embedContent"] {
            assert_eq!(Surface::select("POST", path), Selection::Nothing, "{path}");
        }
        for path in ["/", "/v1", "/v1/models/", "/v1/chat/completions/", "/V1/models", "/v1/files"] {
            assert_eq!(Surface::select("GET", path), Selection::Nothing, "{path}");
        }
    }

    #[test]
    fn a_parameter_is_taken_out_of_the_query_and_nothing_else_is() {
        for (target, left) in [
            ("/p", "/p"),
            ("/p?key=k", "/p"),
            ("/p?alt=sse&key=k", "/p?alt=sse"),
            ("/p?key=k&alt=sse&key", "/p?alt=sse"),
            ("/p?monkey=1", "/p?monkey=1"),
        ] {
            assert_eq!(without_parameter(target, "key"), left, "{target}");
            assert!(parameters(left).all(|(name, _)| name != "key"), "{left}");
        }
        assert_eq!(parameters("/p?alt=sse&key").collect::<Vec<_>>(), [("alt", "sse"), ("key", "")]);
    }
}
