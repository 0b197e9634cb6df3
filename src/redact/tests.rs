//! What the whole finds and leaves alone.

use super::*;

fn found(text: &str) -> Vec<(&str, &'static str)> {
    find_all(text, &Settings::default())
        .iter()
        .map(|finding| (&text[finding.start..finding.end], finding.kind.0))
        .collect()
}

#[test]
fn examples_of_the_standards_are_found() {
    assert_eq!(
        found("Write to jane.doe+x@example.co.uk, please."),
        [("jane.doe+x@example.co.uk", "EMAIL_ADDRESS")]
    );
    assert_eq!(found("card 4111 1111 1111 1111 exp"), [("4111 1111 1111 1111", "CREDIT_CARD")]);
    assert_eq!(found("IBAN: GB29 NWBK 6016 1331 9268 19"), [("GB29 NWBK 6016 1331 9268 19", "IBAN_CODE")]);
    assert_eq!(found("from 203.0.113.7 port 22"), [("203.0.113.7", "IP_ADDRESS")]);
    assert_eq!(found("NHS number 943 476 5919"), [("943 476 5919", "UK_NHS")]);
    assert_eq!(found("call +49 30 901820"), [("+49 30 901820", "PHONE_NUMBER")]);
    assert_eq!(
        found("BTC 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        [("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "CRYPTO")]
    );
    assert_eq!(found("born on 12 March 1985"), [("12 March 1985", "DATE_OF_BIRTH")]);
}

#[test]
fn numbers_of_things_are_left_alone() {
    for text in [
        "order 1234567890123 at 1700000000 took 0.123456789 s",
        "id 550e8400-e29b-41d4-a716-446655440000",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "version 1.2.3.4, react@18.2.0, logo@2x.png",
        "listening on 127.0.0.1:8080",
        "git@github.com:owner/repository.git",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}
