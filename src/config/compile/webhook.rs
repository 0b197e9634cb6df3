//! Services that the filter itself calls, such as the webhook for alerts: the URL taken apart, the credential looked up.

use super::super::compiled::{self, Scheme};
use super::super::gateway::{Upstream, Webhook};
use super::super::names::{FilePath, Name};
use super::super::problem::Kind;
use super::super::raw;
use super::super::shape::Located;
use super::super::url::BaseUrl;
use super::{Compiler, Names};

impl Compiler<'_, '_> {
    /// How Envoy reaches the webhook, and how the filter addresses it.
    pub(super) fn webhook(
        &mut self,
        raw: &raw::Gateway,
        credentials: &mut Names<'_>,
    ) -> Option<(Webhook, compiled::Webhook)> {
        let raw::Webhook { url, credential, ca } = &raw.alerts.as_ref()?.value.webhook.as_ref()?.value;
        self.service(url.as_ref(), credential.as_ref(), ca.as_ref(), credentials)
    }

    /// How Envoy reaches a service, and how the filter addresses it.
    pub(super) fn service(
        &mut self,
        url: Option<&Located<BaseUrl>>,
        credential: Option<&Located<Name>>,
        ca: Option<&Located<FilePath>>,
        credentials: &mut Names<'_>,
    ) -> Option<(Webhook, compiled::Webhook)> {
        if let Some(Located { value: Name(name), place }) = credential {
            credentials.refer(name, place, self.errors);
        }
        let file = ca.map(|ca| self.file(ca));
        let url = &url?.value;
        if url.scheme == Scheme::Http {
            if let Some(ca) = ca {
                self.errors.add(&ca.place, Kind::CaWithoutTls);
            }
            if let Some(credential) = credential.filter(|_| !url.host.is_loopback()) {
                self.warnings.add(&credential.place, Kind::CleartextCredential);
            }
        }
        let path = if url.path.is_empty() { "/".to_owned() } else { url.path.clone() };
        let addressed = compiled::Webhook { scheme: url.scheme, authority: url.authority(), path };
        let upstream = Upstream::new(url.scheme, url.host.clone(), url.port, file);
        let credential = credential.map(|credential| credential.value.0.clone());
        Some((Webhook { upstream, credential }, addressed))
    }
}
