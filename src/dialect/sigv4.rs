//! Signatures of AWS, version 4: the `authorization` of a request to a service that checks who signed it.
//!
//! Source: "Signature Version 4 signing process" in the AWS IAM user guide; keyed hashes after RFC 2104.
//!
//! Promises: the same signature for the same request, keys and date, whatever the order of the fields; nothing here
//! has a `Debug` that could print a key.
//!
//! Deliberately unknown here: the clock, where the keys come from, and S3, whose paths are encoded once only.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The name of the algorithm, also the scheme of the `authorization`.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A request as it goes over the wire.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// Path and query as they are sent, percent-encoded.
    pub target: &'a str,
    /// The header fields that are signed, with names in lower case; `host` must be among them.
    pub fields: &'a [(&'a str, &'a [u8])],
    /// The body.
    pub body: &'a [u8],
}

/// An access key.
#[derive(Clone, Copy)]
pub struct AccessKey<'a> {
    /// Its id, which is no secret.
    pub id: &'a [u8],
    /// Its secret part.
    pub secret: &'a [u8],
}

/// What a signature holds for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The moment as `x-amz-date` has it, such as `20150830T123600Z`.
    pub date: &'a str,
    /// The region, such as `us-east-1`.
    pub region: &'a str,
    /// The name by which the service is signed for, such as `bedrock`.
    pub service: &'a str,
}

/// The value of `authorization`.
#[must_use]
pub fn authorization(request: &Request<'_>, key: &AccessKey<'_>, scope: &Scope<'_>) -> Vec<u8> {
    let Scope { date, region, service } = *scope;
    let day = date.get(..8).unwrap_or_default();
    let place = format!("{day}/{region}/{service}/aws4_request");
    let (names, canonical) = canonical(request);
    let to_sign = format!("{ALGORITHM}\n{date}\n{place}\n{}", hex(&Sha256::digest(&canonical)));
    let key_of_day = keyed_hash(&[b"AWS4", key.secret].concat(), day.as_bytes());
    let signing_key = [region, service, "aws4_request"]
        .iter()
        .fold(key_of_day, |key, part| keyed_hash(&key, part.as_bytes()));
    let signature = hex(&keyed_hash(&signing_key, to_sign.as_bytes()));
    let rest = format!("/{place}, SignedHeaders={names}, Signature={signature}");
    [ALGORITHM.as_bytes(), b" Credential=", key.id, rest.as_bytes()].concat()
}

/// The names of the signed fields, and the canonical request ("Create a canonical request").
fn canonical(request: &Request<'_>) -> (String, Vec<u8>) {
    let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    let mut parameters: Vec<(&str, &str)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    parameters.sort_unstable();
    let parameters: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut fields: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    for (name, value) in request.fields {
        let joined = fields.entry(name).or_default();
        if !joined.is_empty() {
            joined.push(b',');
        }
        push_trimmed(joined, value);
    }
    let names = fields.keys().copied().collect::<Vec<_>>().join(";");
    let head = format!("{}\n{}\n{}\n", request.method, encoded(path), parameters.join("&"));
    let mut out = head.into_bytes();
    for (name, value) in &fields {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        out.extend_from_slice(value);
        out.push(b'\n');
    }
    out.push(b'\n');
    out.extend_from_slice(names.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(hex(&Sha256::digest(request.body)).as_bytes());
    (names, out)
}

/// A path that is encoded once more, because every service but S3 signs what it was sent as if it were plain.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 8);
    for byte in if path.is_empty() { "/" } else { path }.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A value without blanks around it, and with one where several were.
fn push_trimmed(out: &mut Vec<u8>, value: &[u8]) {
    let mut blank = false;
    for byte in value.trim_ascii() {
        let again = blank && *byte == b' ';
        blank = *byte == b' ';
        if !again {
            out.push(*byte);
        }
    }
}

/// HMAC with SHA-256 (RFC 2104, FIPS 180-4).
fn keyed_hash(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0u8; 64];
    let hashed;
    let key = if key.len() > block.len() {
        hashed = Sha256::digest(key);
        hashed.as_slice()
    } else {
        key
    };
    block.iter_mut().zip(key).for_each(|(byte, own)| *byte = *own);
    let padded = |pad: u8| Sha256::new().chain_update(block.map(|byte| byte ^ pad));
    let inner = padded(0x36).chain_update(message).finalize();
    padded(0x5c).chain_update(inner).finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: AccessKey<'_> =
        AccessKey { id: b"AKIDEXAMPLE", secret: b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

    /// RFC 4231, test cases 2 and 6: a short key, and one longer than a block.
    #[test]
    fn hashes_the_vectors_of_the_rfc() {
        assert_eq!(
            hex(&keyed_hash(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(&keyed_hash(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    /// AWS's own test suite for this version, by the names of its cases.
    #[test]
    fn signs_the_published_test_suite() {
        type Case<'a> = (&'a str, &'a str, &'a str, &'a [(&'a str, &'a [u8])], &'a [u8], &'a str, &'a str);
        let cases: [Case<'_>; 9] = [
            (
                "get-vanilla",
                "GET",
                "/",
                &[],
                b"",
                "host;x-amz-date",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "post-vanilla",
                "POST",
                "/",
                &[],
                b"",
                "host;x-amz-date",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "post-vanilla-query",
                "POST",
                "/?Param1=value1",
                &[],
                b"",
                "host;x-amz-date",
                "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
            ),
            (
                "get-vanilla-query-order-key-case",
                "GET",
                "/?Param2=value2&Param1=value1",
                &[],
                b"",
                "host;x-amz-date",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "get-utf8",
                "GET",
                "/\u{1234}",
                &[],
                b"",
                "host;x-amz-date",
                "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
            ),
            (
                "get-header-value-trim",
                "GET",
                "/",
                &[("my-header1", b" value1"), ("my-header2", b" \"a   b   c\"")],
                b"",
                "host;my-header1;my-header2;x-amz-date",
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            ),
            (
                "get-header-key-duplicate",
                "GET",
                "/",
                &[("my-header1", b"value2"), ("my-header1", b"value2"), ("my-header1", b"value1")],
                b"",
                "host;my-header1;x-amz-date",
                "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
            ),
            (
                "post-header-key-sort",
                "POST",
                "/",
                &[("my-header1", b"value1")],
                b"",
                "host;my-header1;x-amz-date",
                "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            ),
            (
                "post-x-www-form-urlencoded",
                "POST",
                "/",
                &[("content-type", b"application/x-www-form-urlencoded")],
                b"Param1=value1",
                "content-type;host;x-amz-date",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ];
        let date = "20150830T123600Z";
        let scope = Scope { date, region: "us-east-1", service: "service" };
        for (name, method, target, more, body, names, signature) in cases {
            let own: [(&str, &[u8]); 2] =
                [("x-amz-date", date.as_bytes()), ("host", b"example.amazonaws.com")];
            let fields = [&own, more].concat();
            let request = Request { method, target, fields: &fields, body };
            assert_eq!(
                String::from_utf8(authorization(&request, &KEY, &scope)).unwrap(),
                format!(
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                     SignedHeaders={names}, Signature={signature}"
                ),
                "{name}"
            );
        }
    }

    /// What botocore 1.44.5 sends for `create_client("bedrock-runtime", "eu-central-1").converse(…)`, caught at its
    /// event `before-send`, with `botocore.auth.get_current_datetime` set to 2026-01-01: without a session token
    /// (`botocore.auth.SigV4Auth` over the same request) and with one.
    #[test]
    fn signs_a_request_to_bedrock_as_botocore_does() {
        let body =
            br#"{"messages": [{"role": "user", "content": [{"text": "Wie hei\u00dft die Hauptstadt?"}]}]}"#;
        let scope = Scope { date: "20260101T000000Z", region: "eu-central-1", service: "bedrock" };
        let fields: [(&str, &[u8]); 4] = [
            ("content-type", b"application/json"),
            ("host", b"bedrock-runtime.eu-central-1.amazonaws.com"),
            ("x-amz-date", b"20260101T000000Z"),
            ("x-amz-security-token", b"TOKENEXAMPLE/+="),
        ];
        for (count, signature) in [
            (3, "91997af04d14e4aaa1adb218e4afca5b4aebed49095922366cc402304845b3ce"),
            (4, "a833657361289e6481dcea62a7cc6ab71e85e97892378109a55310a402f876e3"),
        ] {
            let request = Request {
                method: "POST",
                target: "/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
                fields: &fields[..count],
                body,
            };
            let signed = String::from_utf8(authorization(&request, &KEY, &scope)).unwrap();
            assert!(signed.ends_with(&format!("Signature={signature}")), "{signed}");
        }
    }
}
