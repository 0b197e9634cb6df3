//! Errors of a provider, and of a stream that broke.

/// What went wrong at the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatError {
    /// The class.
    pub kind: ErrorKind,
    /// What a person reads, in the provider's words.
    pub message: String,
    /// The provider's own code, when it gave one.
    pub code: Option<String>,
    /// The member of the request that the provider blames.
    pub member: Option<String>,
}

/// The classes that the dialects tell apart between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request cannot be served as it is.
    InvalidRequest,
    /// The credential is missing or wrong.
    Authentication,
    /// The credential may not do this.
    Permission,
    /// The model, or what the request refers to, does not exist.
    NotFound,
    /// The request is too large.
    TooLarge,
    /// Too many requests, or tokens, in too little time.
    RateLimit,
    /// Nothing is left to pay with.
    Billing,
    /// The provider took too long.
    Timeout,
    /// The provider has no capacity now.
    Overloaded,
    /// The provider failed.
    Server,
}

impl ErrorKind {
    /// Every class.
    pub const ALL: [Self; 10] = [
        Self::InvalidRequest,
        Self::Authentication,
        Self::Permission,
        Self::NotFound,
        Self::TooLarge,
        Self::RateLimit,
        Self::Billing,
        Self::Timeout,
        Self::Overloaded,
        Self::Server,
    ];

    /// The class that an HTTP status stands for where the body says nothing better. 529 is Anthropic's "overloaded", 424
    /// Bedrock's "the model failed" (`ModelErrorException`).
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            402 => Self::Billing,
            403 => Self::Permission,
            404 => Self::NotFound,
            408 | 504 => Self::Timeout,
            413 => Self::TooLarge,
            429 => Self::RateLimit,
            503 | 529 => Self::Overloaded,
            400..=423 | 425..=499 => Self::InvalidRequest,
            _ => Self::Server,
        }
    }
}

impl ChatError {
    /// An error of which only the class and a message are known.
    #[must_use]
    pub fn new(kind: ErrorKind, message: &str) -> Self {
        Self { kind, message: message.to_owned(), code: None, member: None }
    }

    /// A stream that does not go on as its dialect says it must.
    #[must_use]
    pub fn broken_stream(message: &str) -> Self {
        Self::new(ErrorKind::Server, message)
    }
}
