//! Where Envoy finds the providers' keys: its own secret discovery from files. No key is ever read here.

use serde_json::{Value, json};

use super::{Place, extension, typed};
use crate::config::compiled::credential_header;
use crate::config::{Credential, Gateway};

/// One file for each credential that the operator does not manage in Envoy's own form already.
pub(super) fn files(gateway: &Gateway) -> Vec<(String, Value)> {
    let mut files = Vec::new();
    for (name, credential) in &gateway.credentials {
        let source = match credential {
            Credential::File(path) => {
                // A directory is watched, not the file: a mounted secret is replaced by a rename of a link.
                let directory = path.parent().map(|parent| parent.display().to_string()).unwrap_or_default();
                json!({"filename": path.display().to_string(), "watched_directory": {"path": directory}})
            }
            Credential::Env(variable) => json!({"environment_variable": variable}),
            Credential::Sds { .. } => continue,
        };
        let secret = typed(
            "envoy.extensions.transport_sockets.tls.v3.Secret",
            json!({"name": name, "generic_secret": {"secret": source}}),
        );
        files.push((file(name), json!({"resources": [secret]})));
    }
    files
}

/// Where the files are that say where a credential is found.
pub(super) const DIRECTORY: &str = "secrets/";

fn file(credential: &str) -> String {
    format!("{DIRECTORY}{credential}.json")
}

/// The filter that writes the credential `name` into its private header at each attempt.
pub(super) fn injector(gateway: &Gateway, place: &Place, name: &str) -> Value {
    // The adapter refuses an attempt without a credential in words that the client understands.
    injector_into(gateway, place, name, (&credential_header(name), ""), Missing::Passes)
}

/// What becomes of a request for which a credential has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// It goes on without.
    Passes,
    /// Envoy refuses it.
    Refused,
}

/// The filter that writes the credential `name` into a header, behind a prefix.
pub(super) fn injector_into(
    gateway: &Gateway,
    place: &Place,
    name: &str,
    (header, prefix): (&str, &str),
    missing: Missing,
) -> Value {
    let filter = format!("credential.{name}");
    let (secret, source) = match gateway.credentials.get(name) {
        Some(Credential::Sds { path, name }) => (
            name.as_str(),
            json!({"path_config_source": {"path": path.display().to_string()}, "resource_api_version": "V3"}),
        ),
        _ => (name, place.source(&file(name))),
    };
    let mut generic = json!({"credential": {"name": secret, "sds_config": source}, "header": header});
    if let (false, Some(fields)) = (prefix.is_empty(), generic.as_object_mut()) {
        fields.insert("header_value_prefix".to_owned(), prefix.into());
    }
    let credential = extension(
        "envoy.http.injected_credentials.generic",
        "envoy.extensions.http.injected_credentials.generic.v3.Generic",
        generic,
    );
    extension(
        &filter,
        "envoy.extensions.filters.http.credential_injector.v3.CredentialInjector",
        json!({
            "overwrite": true,
            "allow_request_without_credential": missing == Missing::Passes,
            "credential": credential,
        }),
    )
}
