//! `guard.external` in gateway.yaml: a service that is asked about requests and answers.

use super::compiled::content::{About, ExternalKind, OnError, Streams};
use super::names::{FilePath, Name, ProviderModel};
use super::shape::{List, enums, record};
use super::units::Span;
use super::url::BaseUrl;

enums! { About, ExternalKind, OnError, Streams }

record! {
    /// A service that is asked about each request, after its private values were taken out and before anything is reserved
    /// for it; or about each answer, before it is complete for the client; or about both.
    RawExternal {
        /// Its URL, such as `https://api.openai.com/v1/moderations`, without a query.
        required url: BaseUrl,
        /// How it is asked: `openai-moderation` posts `{model, input: [texts]}`, and what is flagged is refused; `http`
        /// posts `{text, key, team, model}`, of an answer with `"about": "answer"`, and is told `{"action": "pass"}` or
        /// `{"action": "block", "rule": NAME}`.
        required kind: ExternalKind,
        /// The model that `openai-moderation` asks. Default: omni-moderation-latest.
        optional model: ProviderModel,
        /// The name of a credential that is sent as `Authorization: Bearer`. Default: none is sent.
        optional credential: Name,
        /// A PEM file of the authorities to trust instead of the system's.
        optional ca: FilePath,
        /// How long it may take, 10ms to 30s. Default: 1s.
        optional timeout: Span,
        /// What it is asked about: `requests`, `answers` or both. Default: [requests].
        optional about: List<About, 1>,
        /// What of a streamed answer waits for it: with `pass` the text passes as it comes and only the end of the stream
        /// waits, so that what is blocked ends in an error; with `hold` nothing passes before the service has seen all
        /// of it. Default: pass.
        optional streams: Streams,
        /// What becomes of requests and answers when it says nothing in time, or nothing that can be read: `block` or `pass`.
        required on_error: OnError,
    }
}
