//! Every reason for which the gateway itself says no, and how each reads.
//!
//! The codes are part of the product: applications branch on them and operators alert on them, so they stay.
//! Only this module chooses status, code and words; only the dialect chooses the shape of the body. No
//! message repeats a credential or the text of a prompt.

use std::sync::Arc;

use crate::dialect::translate::{Dialect, TranslationFault};
use crate::dialect::{ErrorBody, RequestFault, Surface};

use super::content::prompt::Blocked;
use super::effect::Reply;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No header carries a key.
    MissingKey,
    /// More than one header field carries a key, so that two readers could see two callers.
    DuplicateCredentials,
    /// The key is not one of ours. Whether its public id exists is not told.
    InvalidKey,
    /// The key was revoked by the operator.
    KeyRevoked,
    /// The key's time is over.
    KeyExpired,
    /// Nothing is served at this path, which looks like one of this dialect's API.
    UnknownEndpoint(Dialect),
    /// The path is served, but not with this method.
    MethodNotAllowed {
        /// The one it is served with.
        allowed: &'static str,
    },
    /// The body is not `application/json`.
    UnsupportedMediaType,
    /// The body is compressed.
    UnsupportedEncoding,
    /// The body is larger than the operator allows.
    RequestTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The client stopped sending before its request was complete.
    RequestTimeout,
    /// The body cannot be read, or not in one way only.
    InvalidRequest(RequestFault),
    /// The provider whose turn it is has nothing like what the request asks for.
    Unsupported(Unsupported),
    /// No logical model has this name.
    ModelNotFound(String),
    /// The key may not call this logical model.
    ModelNotAllowed(String),
    /// No provider of the model may serve this key.
    NotPermitted(String),
    /// The logical model is not served at this endpoint.
    NotServed {
        /// Its name.
        model: String,
        /// Where it is served.
        served: Vec<Surface>,
    },
    /// What it says may not go to a provider.
    ContentBlocked(Blocked),
    /// What the model said may not go to the client.
    AnswerBlocked(Blocked),
    /// The answer is not what the request's schema asks for.
    MismatchedAnswer,
    /// The service that is asked about requests gives no answer, and nothing goes on unseen.
    GuardUnavailable,
    /// The service that is asked about answers says nothing of this one, and nothing passes unseen.
    AnswerUnchecked,
    /// A limit has no room for the call.
    Exceeded(Exceeded),
    /// The limits could not be asked, and nothing goes on unlimited.
    LimitsUnavailable,
    /// Envoy does not say how the providers do.
    StatusUnavailable,
    /// No provider of the chain could be reached.
    NoProviderAvailable,
    /// The provider's credential has no value (yet).
    CredentialUnavailable,
    /// The provider does not accept the gateway's credential.
    CredentialRejected,
    /// What the provider sent is no answer.
    UnreadableAnswer,
    /// The provider's stream stopped before it was complete.
    AnswerInterrupted,
    /// No provider of the chain answered in time.
    ProviderTimeout,
    /// The gateway's memory is used up. Envoy says it by itself, before anything is known of the request.
    Overloaded,
    /// The gateway failed. Its log says why.
    Internal,
}

/// What a provider of another dialect has nothing like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// The whole surface.
    Surface(Surface),
    /// A member that the gateway does not know.
    Member(String),
    /// A member that it would be given otherwise than the client sent it, or not at all.
    Loss(&'static str),
    /// Something that is kept at the client's own provider, such as a stored conversation.
    State(&'static str),
    /// What is to be embedded is not this, which is all that the model takes.
    Input(&'static str),
}

impl From<TranslationFault> for Refusal {
    fn from(fault: TranslationFault) -> Self {
        match fault {
            TranslationFault::Request(fault) => Self::InvalidRequest(fault),
            TranslationFault::UnknownField(name) => Self::Unsupported(Unsupported::Member(name)),
            TranslationFault::NeedsState(what) => Self::Unsupported(Unsupported::State(what)),
            TranslationFault::Input(taken) => Self::Unsupported(Unsupported::Input(taken)),
            TranslationFault::Lost(field) => Self::Unsupported(Unsupported::Loss(field)),
            // The adapter asks for no pair that is not supported.
            TranslationFault::Pair => Self::Internal,
        }
    }
}

/// What kind of limit has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// A rate, or a number of requests.
    Rate,
    /// Money, or tokens of a calendar window or prepaid.
    Budget,
    /// Calls at the same time.
    Concurrency,
}

/// A limit that has no room for a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// What kind of limit.
    pub excess: Excess,
    /// What a person reads: the scope, the use, and the reset.
    pub message: String,
    /// Whose limit.
    pub scope: Arc<str>,
    /// When to try again, in seconds; `None` when waiting does not help.
    pub retry_after: Option<u64>,
    /// The limit in the dialect's `x-ratelimit-*` fields.
    pub headers: Vec<(&'static str, String)>,
}

/// Official SDKs wait for `retry-after` when it is not longer than this many seconds, and else retry after a short
/// while of their own; they obey `x-should-retry`.
const LONGEST_RETRY: u64 = 60;

impl Refusal {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::DuplicateCredentials
            | Self::InvalidRequest(_)
            | Self::Unsupported(_)
            | Self::NotServed { .. }
            | Self::ContentBlocked(_)
            | Self::AnswerBlocked(_) => 400,
            Self::MissingKey | Self::InvalidKey | Self::KeyRevoked | Self::KeyExpired => 401,
            Self::ModelNotAllowed(_) | Self::NotPermitted(_) => 403,
            Self::UnknownEndpoint(_) | Self::ModelNotFound(_) => 404,
            Self::MethodNotAllowed { .. } => 405,
            Self::RequestTimeout => 408,
            Self::RequestTooLarge { .. } => 413,
            Self::UnsupportedMediaType | Self::UnsupportedEncoding => 415,
            Self::Exceeded(Exceeded { excess: Excess::Rate | Excess::Budget, .. }) => 429,
            Self::Internal => 500,
            Self::CredentialRejected
            | Self::UnreadableAnswer
            | Self::MismatchedAnswer
            | Self::AnswerInterrupted => 502,
            Self::Exceeded(Exceeded { excess: Excess::Concurrency, .. })
            | Self::LimitsUnavailable
            | Self::StatusUnavailable
            | Self::GuardUnavailable
            | Self::AnswerUnchecked
            | Self::NoProviderAvailable
            | Self::Overloaded
            | Self::CredentialUnavailable => 503,
            Self::ProviderTimeout => 504,
        }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MissingKey | Self::InvalidKey => "invalid_api_key",
            Self::DuplicateCredentials => "duplicate_credentials",
            Self::KeyRevoked => "key_revoked",
            Self::KeyExpired => "key_expired",
            Self::UnknownEndpoint(_) => "unknown_endpoint",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::UnsupportedMediaType | Self::UnsupportedEncoding => "unsupported_media_type",
            Self::RequestTooLarge { .. } => "request_too_large",
            Self::RequestTimeout => "request_timeout",
            Self::InvalidRequest(RequestFault::Json(_)) => "invalid_json",
            Self::InvalidRequest(_) => "invalid_request",
            Self::Unsupported(_) => "unsupported_by_provider",
            Self::ModelNotFound(_) => "model_not_found",
            Self::ModelNotAllowed(_) => "model_not_allowed",
            Self::NotPermitted(_) => "no_permitted_provider",
            Self::NotServed { .. } => "endpoint_not_served",
            Self::ContentBlocked(_) | Self::AnswerBlocked(_) => "content_blocked",
            Self::Exceeded(Exceeded { excess: Excess::Rate, .. }) => "rate_limit_exceeded",
            Self::Exceeded(Exceeded { excess: Excess::Budget, .. }) => "budget_exceeded",
            Self::Exceeded(Exceeded { excess: Excess::Concurrency, .. }) => "concurrency_limit_exceeded",
            Self::LimitsUnavailable => "limits_unavailable",
            Self::StatusUnavailable => "status_unavailable",
            Self::GuardUnavailable | Self::AnswerUnchecked => "guard_unavailable",
            Self::NoProviderAvailable | Self::CredentialUnavailable => "no_provider_available",
            Self::CredentialRejected => "provider_credential_rejected",
            Self::UnreadableAnswer => "provider_answer_unreadable",
            Self::MismatchedAnswer => "structured_output_invalid",
            Self::AnswerInterrupted => "provider_answer_interrupted",
            Self::ProviderTimeout => "provider_timeout",
            Self::Overloaded => "gateway_overloaded",
            Self::Internal => "internal_error",
        }
    }

    /// What a person reads.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::MissingKey => "No API key was sent. Send it as `Authorization: Bearer tg-…` \
                                 (or as `x-api-key`, `api-key` or `x-goog-api-key`)."
                .to_owned(),
            Self::DuplicateCredentials => {
                "More than one API key was sent. Send exactly one, in one header.".to_owned()
            }
            Self::InvalidKey => "The API key is not valid.".to_owned(),
            Self::KeyRevoked => "The API key has been revoked.".to_owned(),
            Self::KeyExpired => "The API key has expired.".to_owned(),
            Self::UnknownEndpoint(_) => {
                format!("This gateway serves {}.", Surface::served().collect::<Vec<_>>().join(", "))
            }
            Self::MethodNotAllowed { allowed } => format!("This endpoint is called with {allowed}."),
            Self::UnsupportedMediaType => {
                "The body must be sent as `Content-Type: application/json`.".to_owned()
            }
            Self::UnsupportedEncoding => "The body must be sent without `Content-Encoding`.".to_owned(),
            Self::RequestTooLarge { limit } => format!("The body is larger than the limit of {limit} bytes."),
            Self::RequestTimeout => "The request did not arrive in time.".to_owned(),
            Self::InvalidRequest(RequestFault::Json(error)) => {
                format!("The body is not valid JSON: {error}.")
            }
            Self::InvalidRequest(RequestFault::DuplicateMember(name)) => {
                format!("The member `{name}` appears more than once in the body.")
            }
            Self::InvalidRequest(RequestFault::InvalidMember { name, expected }) => {
                format!("The member `{name}` must be {expected}.")
            }
            Self::InvalidRequest(RequestFault::InvalidParameter { name, expected }) => {
                format!("The parameter `{name}` of the query must be {expected}.")
            }
            Self::Unsupported(Unsupported::Surface(surface)) => {
                format!("The provider of this model serves nothing like {}.", surface.path())
            }
            Self::Unsupported(Unsupported::Member(name)) => {
                format!("The provider of this model has nothing like the member `{}`.", shortened(name))
            }
            Self::Unsupported(Unsupported::Loss(field)) => {
                format!("The provider of this model cannot be given `{field}` as it was sent.")
            }
            Self::Unsupported(Unsupported::State(what)) => {
                format!("The provider of this model does not keep what `{what}` refers to.")
            }
            Self::Unsupported(Unsupported::Input(taken)) => {
                format!("The provider of this model takes {taken} as `input`.")
            }
            Self::ModelNotFound(model) => format!(
                "The model `{}` does not exist. `GET /v1/models` lists what this key may call.",
                shortened(model)
            ),
            Self::ModelNotAllowed(model) => format!(
                "This key may not call the model `{}`. `GET /v1/models` lists what it may call.",
                shortened(model)
            ),
            Self::NotPermitted(model) => format!(
                "No provider of the model `{}` has the residency and compliance that this key requires.",
                shortened(model)
            ),
            Self::NotServed { model, served } => {
                let paths: Vec<&str> = served.iter().map(|surface| surface.path()).collect();
                format!(
                    "The model `{}` is not served at this endpoint, but at {}.",
                    shortened(model),
                    paths.join(", ")
                )
            }
            Self::ContentBlocked(Blocked::Value(kind)) => {
                format!("The request holds a value of the type {kind}, which may not be sent.")
            }
            Self::ContentBlocked(Blocked::Rule(rule)) => format!("The request breaks the rule `{rule}`."),
            Self::AnswerBlocked(Blocked::Value(kind)) => {
                format!("The answer holds a value of the type {kind}, which may not be passed on.")
            }
            Self::AnswerBlocked(Blocked::Rule(rule)) => format!("The answer breaks the rule `{rule}`."),
            Self::Exceeded(exceeded) => exceeded.message.clone(),
            Self::LimitsUnavailable => "The limits of this key cannot be checked at present.".to_owned(),
            Self::StatusUnavailable => "Envoy does not say at present how the providers do.".to_owned(),
            Self::GuardUnavailable => "What the request says cannot be checked at present.".to_owned(),
            Self::AnswerUnchecked => "What the model answered cannot be checked at present.".to_owned(),
            Self::NoProviderAvailable => "No provider of this model can be reached at present.".to_owned(),
            Self::CredentialUnavailable => {
                "The gateway has no credential for the provider of this model.".to_owned()
            }
            Self::CredentialRejected => {
                "The provider of this model does not accept the gateway's credential; the gateway's operator \
                 has to see to it."
                    .to_owned()
            }
            Self::UnreadableAnswer => "What the provider of this model sent cannot be read.".to_owned(),
            Self::MismatchedAnswer => {
                "What the model answered is not what the schema of the request asks for.".to_owned()
            }
            Self::AnswerInterrupted => {
                "The provider of this model stopped before its answer was complete.".to_owned()
            }
            Self::Overloaded => "The gateway has no room for the request at present.".to_owned(),
            Self::ProviderTimeout => "No provider of this model answered in time.".to_owned(),
            Self::Internal => "The gateway failed to handle the request.".to_owned(),
        }
    }

    /// The member of the request that is at fault, when it is one.
    const fn member(&self) -> Option<&'static str> {
        match self {
            Self::InvalidRequest(
                RequestFault::DuplicateMember(name) | RequestFault::InvalidMember { name, .. },
            ) => Some(name),
            Self::ModelNotFound(_)
            | Self::ModelNotAllowed(_)
            | Self::NotPermitted(_)
            | Self::NotServed { .. } => Some("model"),
            Self::Unsupported(Unsupported::Input(_)) => Some("input"),
            _ => None,
        }
    }

    /// The body in the client's dialect.
    #[must_use]
    pub fn body(&self, client: Dialect) -> Vec<u8> {
        // Where nothing is served, nothing but the path says whose client it is.
        let client = if let Self::UnknownEndpoint(dialect) = self { *dialect } else { client };
        self.worded(|body| body.written(client))
    }

    /// The event in the client's dialect that ends a stream with it.
    #[must_use]
    pub fn stream_event(&self, client: Dialect) -> Vec<u8> {
        self.worded(|body| body.stream_event(client))
    }

    fn worded(&self, write: impl FnOnce(&ErrorBody<'_>) -> Vec<u8>) -> Vec<u8> {
        let (message, status) = (self.message(), self.status());
        write(&ErrorBody { message: &message, status, member: self.member(), code: self.code() })
    }

    /// The whole answer in the client's dialect.
    #[must_use]
    pub fn reply(&self, client: Dialect) -> Reply {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        match self {
            Self::MissingKey | Self::InvalidKey | Self::KeyRevoked | Self::KeyExpired => {
                // RFC 9110, section 11.6.1: a 401 names the scheme that would be accepted.
                headers.push(("www-authenticate", "Bearer".to_owned()));
            }
            Self::MethodNotAllowed { allowed } => headers.push(("allow", (*allowed).to_owned())),
            Self::Exceeded(exceeded) => {
                headers.extend(exceeded.headers.iter().cloned());
                if let Some(seconds) = exceeded.retry_after {
                    headers.push(("retry-after", seconds.to_string()));
                }
                if exceeded.retry_after.is_none_or(|seconds| seconds > LONGEST_RETRY) {
                    headers.push(("x-should-retry", "false".to_owned()));
                }
            }
            _ => {}
        }
        Reply { status: self.status(), headers, body: self.body(client) }
    }

    /// The refusal that says in the client's dialect what Envoy's own answer of this status means.
    #[must_use]
    pub const fn of_envoy(status: u16, request_limit: u64) -> Self {
        match status {
            413 => Self::RequestTooLarge { limit: request_limit },
            // Envoy's word for a client that keeps it waiting; a provider that does is a 504.
            408 => Self::RequestTimeout,
            504 => Self::ProviderTimeout,
            502 | 503 => Self::NoProviderAvailable,
            _ => Self::Internal,
        }
    }
}

/// A client's own words, short enough to repeat to it.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 128;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}
