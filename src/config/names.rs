//! The formats of names, addresses and paths in gateway.yaml.
//!
//! Names become labels of metrics, names of Envoy clusters and parts of header names, so their characters
//! are few. A virtual key's hash and a path are never repeated in a message: what was pasted there may be
//! the key itself.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::problem::{Found, Kind, begins_like_a_key};
use super::shape::Text;
use crate::identity::caller::CREDENTIAL_HEADERS;
use crate::identity::key::is_id;
use crate::observe::secret::KeyHash;

/// The name of a provider, credential, team or environment, or the id of a virtual key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(pub(super) String);

impl Text for Name {
    const EXPECTED: &'static str = "a name of at most 64 lower-case letters, digits, `.`, `_` and `-` that starts \
                                    and ends with a letter or digit";
    const PATTERN: &'static str = "^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$";

    fn parse(text: &str) -> Result<Self, Kind> {
        if is_id(text) { Ok(Self(text.to_owned())) } else { Err(Self::mismatch(text)) }
    }
}

/// The name of a logical model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModelName(pub(super) String);

impl Text for ModelName {
    const EXPECTED: &'static str =
        "a model's name of at most 128 letters, digits, `.`, `_`, `:`, `/` and `-`";
    const PATTERN: &'static str = "^[A-Za-z0-9._:/-]{1,128}$";

    fn parse(text: &str) -> Result<Self, Kind> {
        let allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'/' | b'-');
        let valid = (1..=128).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(Self(text.to_owned())) } else { Err(Self::mismatch(text)) }
    }
}

/// What a virtual key may call: a logical model, or all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AllowedModel {
    /// `*`.
    All,
    /// One logical model.
    One(ModelName),
}

impl Text for AllowedModel {
    const EXPECTED: &'static str = "a logical model's name, or `*` for all";
    const PATTERN: &'static str = r"^(\*|[A-Za-z0-9._:/-]{1,128})$";

    fn parse(text: &str) -> Result<Self, Kind> {
        if text == "*" {
            return Ok(Self::All);
        }
        ModelName::parse(text).map(Self::One).map_err(|_| Self::mismatch(text))
    }
}

/// The name of a model at its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProviderModel(pub(super) String);

impl Text for ProviderModel {
    const EXPECTED: &'static str =
        "the model's name at the provider: at most 256 printable ASCII characters without spaces and `|`";
    const PATTERN: &'static str = "^[!-{}~]{1,256}$";

    fn parse(text: &str) -> Result<Self, Kind> {
        let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'|';
        let valid = (1..=256).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(Self(text.to_owned())) } else { Err(Self::mismatch(text)) }
    }
}

/// The version of a provider's API.
#[derive(Clone, Debug)]
pub(super) struct ApiVersion(pub(super) String);

impl Text for ApiVersion {
    const EXPECTED: &'static str = "a version such as 2024-10-21: at most 32 letters, digits and `-`";
    const PATTERN: &'static str = "^[A-Za-z0-9-]{1,32}$";

    fn parse(text: &str) -> Result<Self, Kind> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let valid = (1..=32).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(Self(text.to_owned())) } else { Err(Self::mismatch(text)) }
    }
}

/// A path on a provider's host.
#[derive(Clone, Debug)]
pub(super) struct UrlPath(pub(super) String);

impl Text for UrlPath {
    const EXPECTED: &'static str = "a path such as /health: at most 256 visible ASCII characters";
    const PATTERN: &'static str = "^/[!-~]{0,255}$";

    fn parse(text: &str) -> Result<Self, Kind> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        let valid = text.starts_with('/') && text.len() <= 256 && visible;
        if valid { Ok(Self(text.to_owned())) } else { Err(Self::mismatch(text)) }
    }
}

/// The name of an environment variable.
#[derive(Clone, Debug)]
pub(super) struct EnvName(pub(super) String);

impl Text for EnvName {
    const EXPECTED: &'static str = "the name of an environment variable, such as OPENAI_API_KEY";
    const PATTERN: &'static str = "^[A-Za-z_][A-Za-z0-9_]*$";

    fn parse(text: &str) -> Result<Self, Kind> {
        let valid = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        not_a_key(text)?;
        if valid { Ok(Self(text.to_owned())) } else { Err(withheld(Self::EXPECTED)) }
    }
}

/// The name of a secret in a file of Envoy's secret discovery service.
#[derive(Clone, Debug)]
pub(super) struct SecretName(pub(super) String);

impl Text for SecretName {
    const EXPECTED: &'static str = "the secret's name: at most 256 printable ASCII characters without spaces";
    const PATTERN: &'static str = "^[!-~]{1,256}$";

    fn parse(text: &str) -> Result<Self, Kind> {
        let valid = (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        not_a_key(text)?;
        if valid { Ok(Self(text.to_owned())) } else { Err(withheld(Self::EXPECTED)) }
    }
}

/// The path of a file, as written.
#[derive(Clone, Debug)]
pub(super) struct FilePath(pub(super) PathBuf);

impl Text for FilePath {
    const EXPECTED: &'static str = "the path of a file";
    const PATTERN: &'static str = r"^[^\x00-\x1f\x7f]+$";

    fn parse(text: &str) -> Result<Self, Kind> {
        let valid = !text.is_empty() && !text.chars().any(char::is_control);
        not_a_key(text)?;
        if valid { Ok(Self(PathBuf::from(text))) } else { Err(withheld(Self::EXPECTED)) }
    }
}

/// Refuses what someone pasted where the *place* of a key belongs.
fn not_a_key(text: &str) -> Result<(), Kind> {
    if begins_like_a_key(text) { Err(Kind::PastedCredential) } else { Ok(()) }
}

/// The answer to wrong text that must not be repeated.
fn withheld(expected: &str) -> Kind {
    Kind::Mismatch { expected: expected.to_owned(), found: Found::Withheld }
}

/// The name of a request header, in lower case as in HTTP/2.
#[derive(Clone, Debug)]
pub(super) struct HeaderName(pub(super) String);

impl Text for HeaderName {
    const EXPECTED: &'static str =
        "the name of a request header, such as x-user-id: at most 64 letters, digits and `-`";
    const PATTERN: &'static str = "^[A-Za-z0-9-]{1,64}$";

    fn parse(text: &str) -> Result<Self, Kind> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
        let name = text.to_ascii_lowercase();
        if CREDENTIAL_HEADERS.contains(&name.as_str()) {
            return Err(Kind::CredentialHeader);
        }
        if valid { Ok(Self(name)) } else { Err(Self::mismatch(text)) }
    }
}

/// Where the access log goes.
#[derive(Clone, Debug)]
pub(super) enum AccessLog {
    /// Nowhere.
    Off,
    /// Into this file.
    File(FilePath),
}

impl Text for AccessLog {
    const EXPECTED: &'static str = "the path of a file, such as /dev/stdout, or `off`";
    const PATTERN: &'static str = FilePath::PATTERN;

    fn parse(text: &str) -> Result<Self, Kind> {
        if text == "off" { Ok(Self::Off) } else { FilePath::parse(text).map(Self::File) }
    }
}

/// The address of a socket: no name, because Envoy binds before it resolves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address(pub(super) SocketAddr);

impl Text for Address {
    const EXPECTED: &'static str = "an IP address and a port, such as 127.0.0.1:10000 or [::1]:10000";
    const PATTERN: &'static str = r"^([0-9.]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$";

    fn parse(text: &str) -> Result<Self, Kind> {
        text.parse().map(Self).map_err(|_| Self::mismatch(text))
    }
}

/// The hash of a virtual key.
#[derive(Clone, Debug)]
pub(super) struct Hash(pub(super) KeyHash);

impl Text for Hash {
    const EXPECTED: &'static str = "`sha256:` and 64 hex digits";
    const PATTERN: &'static str = "^sha256:[0-9A-Fa-f]{64}$";

    fn parse(text: &str) -> Result<Self, Kind> {
        KeyHash::parse(text).map(Self).ok_or_else(|| {
            let hash = text.starts_with("sha256:");
            if !hash && begins_like_a_key(text) { Kind::PastedKey } else { Kind::MalformedHash }
        })
    }
}
