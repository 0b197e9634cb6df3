//! Header fields that mean something to the gateway, and those that do not pass it.
//!
//! Deliberately unknown here: what is done about them; the roles do that, and the route that `render` writes.

use crate::identity::caller::CREDENTIAL_HEADERS;

/// The request header by which Envoy's route picks the cluster. Private to the gateway.
pub const CLUSTER_HEADER: &str = "x-tollgate-cluster";

/// By which Envoy's connection manager says how the client came. It finds no route for a request without.
pub const CLIENT_SCHEME_HEADER: &str = "x-forwarded-proto";

/// Envoy's limit on one attempt until its response headers (router filter, "HTTP request headers consumed").
pub const ATTEMPT_TIMEOUT_HEADER: &str = "x-envoy-upstream-rq-per-try-timeout-ms";

/// The response header that tells Envoy how many seconds to wait before the next attempt. Written by the adapter,
/// private to the gateway.
pub const WAIT_HEADER: &str = "x-tollgate-wait";

/// The response header by which an attempt is known that no provider answered: Envoy did, from within (rendered for
/// targets with a time of their own), or it is one of those below.
pub const UNANSWERED_HEADER: &str = "x-tollgate-unanswered";

/// What that field says where the provider has sent its headers, and nothing after them until its time was over: it has no
/// end of its own then.
pub const LATE: &[u8] = b"late";

/// What that field says where what the provider has sent is no answer, and has not come to its end: it may have none.
pub const UNREADABLE: &[u8] = b"unreadable";

/// Envoy's limit on a request with all its attempts, until the end of the answer (router filter, "HTTP request
/// headers consumed").
pub const REQUEST_TIMEOUT_HEADER: &str = "x-envoy-upstream-rq-timeout-ms";

/// What a provider calls a request, by which its support finds it: OpenAI and most others, Anthropic, Bedrock.
pub const REQUEST_ID_HEADERS: [&str; 3] = ["x-request-id", "request-id", "x-amzn-requestid"];

/// The response headers that tell the client who served it. Envoy writes them (rendered into the route), over
/// whatever a provider has put there, before the policy sees the answer.
pub const SERVED_BY: ServedBy = ServedBy {
    model: "x-tollgate-model",
    provider: "x-tollgate-provider",
    provider_model: "x-tollgate-provider-model",
    attempts: "x-tollgate-attempts",
};

/// See [`SERVED_BY`].
#[derive(Clone, Copy, Debug)]
pub struct ServedBy {
    /// The logical model.
    pub model: &'static str,
    /// The provider that was tried last.
    pub provider: &'static str,
    /// The provider's own name of the model.
    pub provider_model: &'static str,
    /// How many attempts there were.
    pub attempts: &'static str,
}

impl ServedBy {
    /// Whether a field is one of them.
    #[must_use]
    pub fn names(&self, name: &[u8]) -> bool {
        is_one_of(name, &[self.model, self.provider, self.provider_model, self.attempts])
    }
}

/// Header fields that only the gateway and Envoy may set. A client's are dropped before anything reads them;
/// a provider's before the client does.
const RESERVED_PREFIXES: [&str; 2] = ["x-tollgate-", "x-envoy-"];

/// What a provider says to its own customer, which is the operator and not the client: accounts, sessions,
/// and limits that are not the client's.
///
/// Envoy's route takes them out, which costs less than asking the host for each. Of [`PRIVATE_RESPONSE_PREFIXES`]
/// there may be others, which the policy takes out.
pub const PRIVATE_RESPONSE_HEADERS: [&str; 11] = [
    "set-cookie",
    "openai-organization",
    "openai-project",
    "alt-svc",
    "strict-transport-security",
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
];
const PRIVATE_RESPONSE_PREFIXES: [&str; 4] = ["x-ratelimit-", "access-control-", "anthropic-", "x-ms-"];

/// Whether a field's name is one of `names`.
#[must_use]
pub fn is_one_of(name: &[u8], names: &[&str]) -> bool {
    names.iter().any(|other| name == other.as_bytes())
}

fn begins_with_one_of(name: &[u8], prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| name.starts_with(prefix.as_bytes()))
}

fn is_reserved(name: &[u8]) -> bool {
    begins_with_one_of(name, &RESERVED_PREFIXES)
}

/// What of a client's request no provider sees, and neither does anything behind the policy. Envoy's route takes them
/// out, which costs less than asking the host for each.
pub const PRIVATE_REQUEST_HEADERS: [&str; 6] = {
    let [one, two, three, four] = CREDENTIAL_HEADERS;
    [one, two, three, four, CLUSTER_HEADER, CLIENT_SCHEME_HEADER]
};

/// What Envoy itself says about where a request came from (connection manager, "HTTP header manipulation"). Nothing
/// acts on it, and no provider sees it.
const ORIGIN_HEADERS: [&str; 2] = ["x-envoy-internal", "x-envoy-external-address"];

/// Whether a client's field would steer the gateway or Envoy: the policy takes it out before anything reads it.
#[must_use]
pub fn is_steering_header(name: &[u8]) -> bool {
    is_reserved(name) && !is_one_of(name, &ORIGIN_HEADERS)
}

/// Whether a provider's field stays at the gateway.
#[must_use]
pub fn is_private_response_header(name: &[u8]) -> bool {
    (is_reserved(name) && !SERVED_BY.names(name))
        || is_one_of(name, &PRIVATE_RESPONSE_HEADERS)
        || begins_with_one_of(name, &PRIVATE_RESPONSE_PREFIXES)
}
