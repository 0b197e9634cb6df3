//! Single cases of each family; recall and false alarms over many are measured in tests/secrets.

use super::*;

fn found(text: &str) -> Vec<(&str, &'static str)> {
    let mut findings = Vec::new();
    find(text, &mut findings);
    findings.iter().map(|finding| (text.get(finding.start..finding.end).unwrap(), finding.kind.0)).collect()
}

#[test]
fn at_least_eighty_services_are_known() {
    let services: std::collections::BTreeSet<&str> = services().collect();
    assert!(services.len() >= 80, "{}", services.len());
}

#[test]
fn only_the_secret_is_taken() {
    assert_eq!(
        found("postgres://app:S3cr%21t@db.example:5432/shop"),
        [("S3cr%21t", "CONNECTION_STRING_PASSWORD")]
    );
    assert_eq!(found("curl -u admin:GJo4LP631meh https://x.example"), [("GJo4LP631meh", "PASSWORD")]);
    assert_eq!(found("password = \"Falcon!2024\"; x = 1"), [("Falcon!2024", "PASSWORD")]);
    assert_eq!(found("(AKIAQ3EGRTXW5PLMBN7K)."), [("AKIAQ3EGRTXW5PLMBN7K", "API_KEY")]);
    // RFC 7617 §2 has this credential as its example.
    assert_eq!(
        found("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        [("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "AUTHORIZATION")]
    );
}

/// Forms of files that hold credentials, with values made up.
#[test]
fn what_files_of_credentials_hold_is_taken() {
    let auth = r#"{"auths":{"r.example":{"auth":"bmluYTpXaW50ZXIhMTk4NA=="}}}"#;
    assert_eq!(found(auth), [("bmluYTpXaW50ZXIhMTk4NA==", "AUTHORIZATION")]);
    assert_eq!(found(r#"{"auth":"required","x":1}"#), []);
    let setting = r#"<add key="ApiSecret" value="k8Vw3nQz7LmT1xRb9CfYp2Hs" />"#;
    assert_eq!(found(setting), [("k8Vw3nQz7LmT1xRb9CfYp2Hs", "API_KEY")]);
    let variable = r#"{"name": "API_SECRET", "value": "k8Vw3nQz7LmT1xRb9CfYp2Hs"}"#;
    assert_eq!(found(variable), [("k8Vw3nQz7LmT1xRb9CfYp2Hs", "API_KEY")]);
    assert_eq!(found(r#"<add key="Colour" value="k8Vw3nQz7LmT1xRb9CfYp2Hs" />"#), []);
    assert_eq!(
        found("machine ftp.example.org login nina password tR4ckS-uNd3r"),
        [("tR4ckS-uNd3r", "PASSWORD")]
    );
    let licence = "8f3c2ad190be47651c0fd2e83b7a964e50d1NRAL";
    assert_eq!(found(&format!("licence {licence}.")), [(licence, "API_KEY")]);
    let secret = "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";
    assert_eq!(found(&format!("export X={secret}")), [(secret, "API_KEY")]);
    let hook = "IncomingWebhook/3f6a1c2b9d804e57a6c1f0e29b84d735/0b7c41d2-5e8f-4a36-9c10-d2e4f6a8b013";
    let url = format!("https://x.webhook.office.com/webhookb2/a@b/{hook}");
    assert_eq!(found(&url), [(hook, "API_KEY")]);
}

/// The example of RFC 7519 §3.1, without its line breaks.
#[test]
fn a_web_token_is_taken_with_its_signature() {
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(found(&format!("token={token}&x=1")), [(token, "JWT")]);
}

#[test]
fn a_checksum_makes_sure() {
    let score = |text: &str| {
        let mut findings = Vec::new();
        find(text, &mut findings);
        findings.first().map(|finding| finding.score)
    };
    // 30 characters, and the six that Python's `zlib.crc32` and base 62 make of them; then with another last one.
    assert_eq!(score("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"), Some(100));
    assert_eq!(score("ghp_Zx81kQmP0aVbT72LwRyN5cDfGhJ3sE3GGWSa"), Some(95));
}

#[test]
fn escapes_before_a_token_are_no_part_of_it() {
    let key = "ghp_Zx81kQmP0aVbT72LwRyN5cDfGhJ3sE4uI6oB";
    assert_eq!(found(&format!("{{\"log\": \"a\\n{key}\\n\"}}")), [(key, "API_KEY")]);
    assert_eq!(found(&format!("?q=%20{key}%20")), [(key, "API_KEY")]);
}

#[test]
fn names_that_promise_nothing_are_passed_over() {
    for text in [
        "max_tokens: 4096",
        "tokenizer = \"o200k_base_2024\"",
        "primary_key = \"a8f5f167f44f4964e6c998dee827110c\"",
        "password = os.environ[\"DB_PASSWORD_2\"]",
        "password: ${{ secrets.DB_PASSWORD_2 }}",
        "The password is case-sensitive and has 12 signs.",
        "example_api_key = \"q8Zr4TnW2xLm7PvK1sYd\"",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

proptest::proptest! {
    /// Offsets are those of characters, in order, whatever the text.
    #[test]
    fn findings_are_in_order_and_inside(text in "(sk-|eyJ|password[:=] ?|://|Bearer |-----BEGIN |[a-zA-Z0-9]{1,40}|[ -~]|\\PC|密码|：|@|\n){0,40}") {
        let mut findings = Vec::new();
        find(&text, &mut findings);
        let mut at = 0;
        for finding in findings {
            proptest::prop_assert!(at <= finding.start && finding.start < finding.end);
            proptest::prop_assert!(text.get(finding.start..finding.end).is_some());
            at = finding.end;
        }
    }
}
