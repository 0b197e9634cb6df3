//! Who may call: an API key of Bedrock as a bearer token, or a signature of version 4.
//!
//! Of a signature the form is checked always, and the value when the secret is known. Does not know what is asked.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tollgate::dialect::sigv4::{self, ALGORITHM, AccessKey, Scope};

use super::Refusal;
use crate::http::Request;

/// How far the clocks may be apart, in seconds (IAM user guide, "Troubleshooting Signature Version 4 signing").
const MOST_SKEW: u64 = 300;

/// Refuses who does not show exactly one credential, and the `required` one if there is such.
pub(super) fn check(request: &Request<'_>, required: Option<&str>, now: u64) -> Result<(), Refusal> {
    let mut values = request.header_values("authorization");
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(denied("Missing Authentication Token"));
    };
    for other in ["x-api-key", "api-key", "x-goog-api-key"] {
        if request.header_values(other).next().is_some() {
            return Err(denied(&format!("a credential of another provider in {other}")));
        }
    }
    let value = std::str::from_utf8(value).unwrap_or_default();
    match value.strip_prefix("Bearer ") {
        Some(key) if required.is_none_or(|required| key == required) => Ok(()),
        Some(_) => Err(denied("Authentication failed: Please make sure your API Key is valid.")),
        None => signed(request, value, required, now),
    }
}

fn signed(request: &Request<'_>, authorization: &str, secret: Option<&str>, now: u64) -> Result<(), Refusal> {
    let incomplete = || denied("The request signature is incomplete.");
    let parts = authorization.strip_prefix(ALGORITHM).ok_or_else(incomplete)?;
    let part = |name: &str| {
        let mut parts = parts.trim_start().split(", ");
        parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).ok_or_else(incomplete)
    };
    let (credential, names, signature) = (part("Credential")?, part("SignedHeaders")?, part("Signature")?);
    let [id, day, region, "bedrock", "aws4_request"] = *credential.split('/').collect::<Vec<_>>() else {
        return Err(denied("Credential should be scoped to correct service: 'bedrock'."));
    };
    if signature.len() != 64 || id.is_empty() {
        return Err(incomplete());
    }
    let date = request.header_values("x-amz-date").next().unwrap_or_default();
    let date = std::str::from_utf8(date).unwrap_or_default();
    let then = seconds(date).filter(|_| date.starts_with(day)).ok_or_else(incomplete)?;
    if now.abs_diff(then) > MOST_SKEW {
        return Err(denied(&format!("Signature expired: {date}")));
    }
    let names: Vec<&str> = names.split(';').collect();
    let must_be_signed =
        |name: &str| name.eq_ignore_ascii_case("host") || name.to_lowercase().starts_with("x-amz-");
    let unsigned = request.headers.iter().find(|(name, _)| {
        must_be_signed(name) && !names.iter().any(|signed| signed.eq_ignore_ascii_case(name))
    });
    if let Some((name, _)) = unsigned {
        return Err(denied(&format!("'{name}' must be a 'SignedHeader' in the AWS Authorization header.")));
    }
    let Some(secret) = secret else { return Ok(()) };
    let fields: Vec<(&str, &[u8])> =
        names.iter().flat_map(|name| request.header_values(name).map(|value| (*name, value))).collect();
    let received = sigv4::Request {
        method: request.method,
        target: request.target,
        fields: &fields,
        body: request.body,
    };
    let key = AccessKey { id: id.as_bytes(), secret: secret.as_bytes() };
    let expected = sigv4::authorization(&received, &key, &Scope { date, region, service: "bedrock" });
    if expected == authorization.as_bytes() {
        return Ok(());
    }
    Err(denied(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
         Access Key and signing method.",
    ))
}

/// The second that `x-amz-date` names.
fn seconds(date: &str) -> Option<u64> {
    let moment = DateTime::strptime("%Y%m%dT%H%M%SZ", date).ok()?.to_zoned(TimeZone::UTC).ok()?;
    u64::try_from(moment.timestamp().as_second()).ok()
}

fn denied(message: &str) -> Refusal {
    Refusal(403, message.to_owned())
}
