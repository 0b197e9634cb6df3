//! `signing` at a provider of AWS: the names of the credentials, and the region they sign for.

use super::compiled::Signing;
use super::gateway::Host;
use super::names::Name;
use super::problem::Kind;
use super::raw;
use super::shape::{Located, Report, Text, record};
use crate::dialect::Api;

record! {
    /// The credentials by which each request is signed (AWS signature version 4), in place of `credential`.
    RawSigning {
        /// The name of the credential that holds the access key's id.
        required access_key_id: Name,
        /// The name of the credential that holds the secret access key.
        required secret_access_key: Name,
        /// The name of the credential that holds the session token which belongs to a temporary key. Default: none is
        /// sent.
        optional session_token: Name,
        /// The region that is signed for. Default: the one that the host of `url` names, such as `eu-central-1` of
        /// `https://bedrock-runtime.eu-central-1.amazonaws.com`.
        optional region: Region,
    }
}

/// A region of AWS.
#[derive(Clone, Debug)]
pub(super) struct Region(pub(super) String);

impl Text for Region {
    const EXPECTED: &'static str =
        "a region such as eu-central-1: at most 32 lower-case letters, digits and `-`";
    const PATTERN: &'static str = "^[a-z0-9-]{1,32}$";

    fn parse(text: &str) -> Result<Self, Kind> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let valid = (1..=32).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(Self(text.to_owned())) } else { Err(Self::mismatch(text)) }
    }
}

/// How requests to a provider are signed; `refer` looks a credential's name up.
pub(super) fn compile<'file>(
    provider: &raw::Provider,
    errors: &mut Report<'file>,
    mut refer: impl FnMut(&Located<Name>, &mut Report<'file>),
) -> Option<Signing> {
    let Located { value: given, place } = provider.signing.as_ref()?;
    let names = [&given.access_key_id, &given.secret_access_key, &given.session_token];
    names.into_iter().flatten().for_each(|name| refer(name, errors));
    if provider.credential.is_some() {
        errors.add(place, Kind::CredentialAndSigning);
    }
    let stated = given.region.as_ref().map(|region| region.value.0.clone());
    let region = stated.or_else(|| region_of(&provider.url.as_ref()?.value.host));
    match &provider.api {
        Some(api) if api.value != Api::Bedrock => errors.add(place, Kind::SigningOfAnotherApi),
        // Of a URL that is wrong itself, nothing more is said.
        _ if region.is_none() && provider.url.is_some() => errors.add(place, Kind::MissingKey("region")),
        _ => {}
    }
    let name = |given: &Option<Located<Name>>| given.as_ref().map(|name| name.value.0.clone());
    Some(Signing {
        access_key_id: name(&given.access_key_id)?,
        secret_access_key: name(&given.secret_access_key)?,
        session_token: name(&given.session_token),
        region: region?,
    })
}

/// The region that a host of the service names (AWS general reference, "Amazon Bedrock endpoints"): it stands behind
/// the name of the service, which may be `bedrock-runtime` or `bedrock-runtime-fips`, also at interface endpoints.
fn region_of(host: &Host) -> Option<String> {
    let Host::Name(name) = host else { return None };
    let mut labels = name.split('.').skip_while(|label| !label.starts_with("bedrock-runtime"));
    labels.next()?;
    Region::parse(labels.next()?).ok().map(|region| region.0)
}
