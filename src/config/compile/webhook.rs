//! The webhook for alerts: its URL taken apart, its credential looked up.

use super::super::compiled::{self, Scheme};
use super::super::gateway::{Upstream, Webhook};
use super::super::names::Name;
use super::super::problem::Kind;
use super::super::raw;
use super::super::shape::Located;
use super::{Compiler, Names};

impl Compiler<'_, '_> {
    /// How Envoy reaches the webhook, and how the filter addresses it.
    pub(super) fn webhook(
        &mut self,
        raw: &raw::Gateway,
        credentials: &mut Names<'_>,
    ) -> Option<(Webhook, compiled::Webhook)> {
        let given = &raw.alerts.as_ref()?.value.webhook.as_ref()?.value;
        if let Some(Located { value: Name(name), place }) = &given.credential {
            credentials.refer(name, place, self.errors);
        }
        let ca = given.ca.as_ref().map(|ca| self.file(ca));
        let url = &given.url.as_ref()?.value;
        if url.scheme == Scheme::Http {
            if let Some(ca) = &given.ca {
                self.errors.add(&ca.place, Kind::CaWithoutTls);
            }
            if let Some(credential) = given.credential.as_ref().filter(|_| !url.host.is_loopback()) {
                self.warnings.add(&credential.place, Kind::CleartextCredential);
            }
        }
        let path = if url.path.is_empty() { "/".to_owned() } else { url.path.clone() };
        let addressed = compiled::Webhook { scheme: url.scheme, authority: url.authority(), path };
        let upstream = Upstream::new(url.scheme, url.host.clone(), url.port, ca);
        let credential = given.credential.as_ref().map(|credential| credential.value.0.clone());
        Some((Webhook { upstream, credential }, addressed))
    }
}
