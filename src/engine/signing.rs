//! Signs an attempt at a provider of AWS.
//!
//! The keys come as the other credentials do: Envoy has put each into a private field of its own. What is signed is
//! what nothing changes behind the adapter: the path, the host, the body, its type, the date and the session token.
//!
//! Deliberately unknown here: how a signature is computed ([`sigv4`]).

use super::event::Timestamp;
use super::headers::Headers;
use crate::config::compiled::{Signing, credential_header};
use crate::dialect::sigv4::{self, AccessKey, Request, Scope};
use crate::quota::window::rfc3339;

/// The service for which requests are signed (the signing name in the service model `bedrock-runtime`).
const SERVICE: &str = "bedrock";

/// What is signed: fields as they are built, with their names on the wire.
const SIGNED: [(&str, &str); 4] = [
    ("content-type", "content-type"),
    (":authority", "host"),
    ("x-amz-date", "x-amz-date"),
    ("x-amz-security-token", "x-amz-security-token"),
];

/// Adds date, session token and signature to the fields of a request with this body. `None` when a credential has no
/// value among the `given` fields.
pub(super) fn sign(
    signing: &Signing,
    given: &Headers,
    built: &mut Headers,
    body: &[u8],
    now: Timestamp,
) -> Option<()> {
    let credential = |name: &str| {
        let value = given.get(&credential_header(name))?.trim_ascii();
        (!value.is_empty()).then_some(value)
    };
    let key = AccessKey {
        id: credential(&signing.access_key_id)?,
        secret: credential(&signing.secret_access_key)?,
    };
    let date = rfc3339(now.unix_milliseconds()).replace(['-', ':'], "");
    built.push("x-amz-date", &date);
    if let Some(name) = &signing.session_token {
        built.push("x-amz-security-token", credential(name)?);
    }
    let signed: Vec<(&str, &[u8])> =
        SIGNED.iter().filter_map(|(field, name)| Some((*name, built.get(field)?))).collect();
    let request =
        Request { method: built.text(":method")?, target: built.text(":path")?, fields: &signed, body };
    let scope = Scope { date: &date, region: &signing.region, service: SERVICE };
    let authorization = sigv4::authorization(&request, &key, &scope);
    built.push("authorization", authorization);
    Some(())
}
