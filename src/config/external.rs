//! `guard.external` in gateway.yaml: a service that is asked about requests.

use super::compiled::content::{ExternalKind, OnError};
use super::names::{FilePath, Name, ProviderModel};
use super::shape::{enums, record};
use super::units::Span;
use super::url::BaseUrl;

enums! { ExternalKind, OnError }

record! {
    /// A service that is asked about each request, after its private values were taken out and before anything is reserved
    /// for it.
    RawExternal {
        /// Its URL, such as `https://api.openai.com/v1/moderations`, without a query.
        required url: BaseUrl,
        /// How it is asked: `openai-moderation` posts `{model, input: [texts]}`, and what is flagged is refused; `http`
        /// posts `{text, key, team, model}` and is told `{"action": "pass"}` or `{"action": "block", "rule": NAME}`.
        required kind: ExternalKind,
        /// The model that `openai-moderation` asks. Default: omni-moderation-latest.
        optional model: ProviderModel,
        /// The name of a credential that is sent as `Authorization: Bearer`. Default: none is sent.
        optional credential: Name,
        /// A PEM file of the authorities to trust instead of the system's.
        optional ca: FilePath,
        /// How long it may take, 10ms to 30s. Default: 1s.
        optional timeout: Span,
        /// What becomes of requests when it gives no answer in time, or none that can be read: `block` or `pass`.
        required on_error: OnError,
    }
}
