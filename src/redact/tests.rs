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
    // A word for telephones says nothing about a card.
    assert_eq!(found("call 4111 1111 1111 1111"), [("4111 1111 1111 1111", "CREDIT_CARD")]);
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

/// What begins the line behind base 64 of any length, or behind an assignment of nothing, is not joined with it.
#[test]
fn lines_behind_padding_and_empty_assignments_begin_anew() {
    for bytes in [11, 56, 383, 386, 3071, 30_002] {
        let text: String = ('a'..='z').cycle().take(bytes).collect();
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
        assert!(encoded.ends_with('=') && !encoded.ends_with("=="), "{bytes}");
        let text = format!("data:\n{encoded}\n4111 1111 1111 1111");
        assert_eq!(found(&text), [("4111 1111 1111 1111", "CREDIT_CARD")], "{bytes}");
        let text = format!("data: {encoded}\n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");
        assert_eq!(found(&text), [("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", "API_KEY")], "{bytes}");
    }
    let text = "AWS_ACCESS_KEY_ID=\nAKIAQ3EGRTXW5PLMBN7K\n";
    assert_eq!(found(text), [("AKIAQ3EGRTXW5PLMBN7K", "API_KEY")]);
    let text = "export card=\r\n4111 1111 1111 1111\r\n";
    assert_eq!(found(text), [("4111 1111 1111 1111", "CREDIT_CARD")]);
    // As Python's `quopri` writes it.
    let text = "Meine Karte, die ich gestern bekommen habe, tr=C3=A4gt die Nummer 4111 1111=\n 1111 1111.";
    assert_eq!(found(text), [("4111 1111=\n 1111 1111", "CREDIT_CARD")]);
}

/// Values of python-stdnum's documentation (`pl.regon`, `id.npwp`, `id.nik`), and of Brazilian guides to the check digit.
#[test]
fn registers_of_businesses_taxpayers_and_persons() {
    for (before, value, kind) in [
        ("REGON: ", "192598184", "PL_REGON"),
        ("REGON ", "12345678512347", "PL_REGON"),
        ("regon nr ", "123456785-12347", "PL_REGON"),
        ("NPWP ", "01.312.166.0-091.000", "ID_NPWP"),
        ("NPWP: ", "016090524017000", "ID_NPWP"),
        ("NPWP: ", "0013121660091000", "ID_NPWP"),
        ("Nomor Pokok Wajib Pajak ", "3171011708450001", "ID_NPWP"),
        ("NIK: ", "3171011708450001", "ID_NIK"),
        ("NITKU ", "0013121660091000000001", "ID_NPWP"),
        ("NITKU: ", "3171011708450001000000", "ID_NPWP"),
        ("RG ", "29.465.327-2", "BR_RG"),
        ("RG: ", "123456782", "BR_RG"),
        ("RG ", "12.345.007-X", "BR_RG"),
        ("RG ", "4.567.891", "BR_RG"),
        ("Carteira de identidade ", "8.765.432-1", "BR_RG"),
        ("RG ", "MG-12.345.678", "BR_RG"),
        ("RG nº ", "1098765432", "BR_RG"),
    ] {
        let text = format!("{before}{value}, ok");
        assert_eq!(found(&text), [(value, kind)], "{text}");
    }
}

/// With its host it looks like an e-mail address, which would be given back in an answer; a secret never is.
#[test]
fn a_password_in_a_url_is_a_secret() {
    assert_eq!(
        found("postgresql://app:eVzUDNgn9p2VFL@db.internal:5432/prod"),
        [("eVzUDNgn9p2VFL", "CONNECTION_STRING_PASSWORD")]
    );
    assert_eq!(
        found("amqps://u:S3cr3t!x9@mq.corp.example/vh"),
        [("S3cr3t!x9", "CONNECTION_STRING_PASSWORD")]
    );
    assert_eq!(found("postgres://user:password@db.example.com:5432/app"), []);
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

/// A word for things counts only for the number it names.
#[test]
fn a_value_near_a_thing_is_found() {
    for (text, value, kind) in [
        ("fatal error while dialling 198.51.100.23: timed out", "198.51.100.23", "IP_ADDRESS"),
        ("line 88, upstream 203.0.113.61 refused", "203.0.113.61", "IP_ADDRESS"),
        ("the invoice was settled from 4111111111111111 yesterday", "4111111111111111", "CREDIT_CARD"),
        ("item 7 - 111.444.777-35", "111.444.777-35", "BR_CPF"),
        ("pedido feito por 12345678Z", "12345678Z", "ES_NIF"),
    ] {
        assert_eq!(found(text), [(value, kind)], "{text}");
    }
    for text in [
        "order no. 4111111111111111",
        "firmware 10.4.0.17 replaces firmware 10.4.0.16",
        "version: 12.0.3.44",
        "the account has 23456789 followers",
        "the account was opened on 2021-06-30",
        "call centre: 2021 2022 2023 2024",
        "SWIFT BUSINESS RESEARCH, IN A DOCUMENT",
        "SHA1 Fingerprint=12:91:0C:5E:77:B2:41:DD:08:9F:6B:2A:C4:E1:50:97:3D:88:AF:16",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

/// Numbers made up in the forms of their countries.
#[test]
fn words_of_every_script_and_initials_announce() {
    assert_eq!(found("पासपोर्ट नंबर K4821936"), [("K4821936", "IN_PASSPORT")]);
    assert_eq!(found("मेरा जन्म 17/08/1979 को हुआ"), [("17/08/1979", "DATE_OF_BIRTH")]);
    assert_eq!(found("el D.N.I. 24.816.305 del titular"), [("24.816.305", "AR_DNI")]);
    assert_eq!(found("BIC DEUTDEFF"), [("DEUTDEFF", "BIC")]);
}

#[test]
fn what_the_head_of_a_table_says_holds_in_every_row() {
    let rows: Vec<String> =
        (0..9).map(|row| format!("{row},somebody's longer name {row},21 234 54{row}\n")).collect();
    let table = format!("nr,name,phone\n{}", rows.concat());
    assert_eq!(found(&table).len(), 9);
    let other = format!("nr,name,stock\n{}", rows.concat());
    assert_eq!(found(&other), []);
}

#[test]
fn a_value_split_over_parts_is_found_in_each() {
    let parts = ["pay with 4111 1111", " 1111 1111 please", "ann@corp", ".example"];
    let found = find_across(&parts, &Settings::default());
    let values: Vec<Vec<&str>> = parts
        .iter()
        .zip(&found)
        .map(|(part, findings)| findings.iter().map(|finding| &part[finding.start..finding.end]).collect())
        .collect();
    assert_eq!(values, [vec!["4111 1111"], vec![" 1111 1111"], vec!["ann@corp"], vec![".example"]]);
}

#[test]
fn exempt_values_and_disabled_types_stay() {
    let text = "ann@example.com, bob@corp.example, 203.0.113.7";
    let settings = Settings {
        disabled: vec![Kind("IP_ADDRESS")],
        exempt: vec!["@example.com".to_owned()],
        ..Settings::default()
    };
    let found = find_all(text, &settings);
    assert_eq!(
        found.iter().map(|finding| &text[finding.start..finding.end]).collect::<Vec<_>>(),
        ["bob@corp.example"]
    );
}

/// What is left out of a look-alike makes it one: each of these differs from a valid value in one digit or rule.
#[test]
fn invalid_values_are_not_found_even_in_context() {
    for text in [
        "card 4111 1111 1111 1112",
        "IBAN GB29 NWBK 6016 1331 9268 18",
        "NHS number 943 476 5918",
        "SSN 666-12-3456",
        "SSN 000-12-3456",
        "PESEL 44051401358",
        "REGON 192598183",
        "REGON 12345678612342",
        "REGON 12345678512348",
        "NPWP 01.312.166.1-091.000",
        "NPWP 0013121661091000",
        "NPWP 1013121660091000",
        "NITKU 0013121661091000000001",
        "3 registros: 4.567.891",
        "Steuer-ID 86 095 742 718",
        "DNI 12345678A",
        "Aadhaar 2345 6789 0123",
        "NRIC S1234567A",
        "IMEI 490154203237519",
        "routing number 021000022",
        "IP 256.1.2.3",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

/// The work is bounded for any text: each of these would be slow in an engine that backtracks or looks back without
/// end. A hundred kilobytes of each take milliseconds; the limit is far above.
#[test]
fn hostile_texts_take_no_longer_than_others() {
    for unit in [
        "1 ",
        "11 ",
        "1-",
        "a@",
        "a@a.",
        "1:",
        "1.",
        "+1 ",
        "(1",
        "AB12 ",
        "%41",
        "&#65;",
        " dot ",
        "а1",
        "tax id 1 ",
        "\\u0041",
    ] {
        let text = unit.repeat(100_000 / unit.len());
        let found = find_all(&text, &Settings::default());
        assert!(found.len() < text.len(), "{unit}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_gives_findings_in_order_on_character_boundaries(text in "[0-9a-zA-Zé４ @.:/()+\\-\u{200b}&#;%]{0,120}") {
        let findings = find_all(&text, &Settings::default());
        for finding in &findings {
            proptest::prop_assert!(text.get(finding.start..finding.end).is_some_and(|value| !value.is_empty()));
        }
        proptest::prop_assert!(findings.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }
}

/// The table at the head of the module is what operators are shown; a name that is not on it could not be found.
#[test]
fn the_types_are_those_of_the_table() {
    let header = include_str!("mod.rs");
    let rows = header.lines().filter(|line| line.starts_with("//! | "));
    let mut told: Vec<&str> = rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect();
    told.extend(secrets::TYPES.map(|kind| kind.0));
    told.sort_unstable();
    told.dedup();
    let known: Vec<&str> = types().map(|kind| kind.0).collect();
    assert_eq!(known, told);
}

/// In scripts that put no space between words, the sentence goes on right behind an address, and stops right before it.
#[test]
fn an_address_ends_where_a_sentence_without_spaces_goes_on() {
    for text in
        ["请写信给ADR创建账户。然后等待", "メールはADRまで", "문의는 ADR으로 보내", "ส่งไปที่ADRนะ", "(ADR)。"]
    {
        let text = text.replace("ADR", "jane.doe@corp.example.org");
        assert_eq!(found(&text), [("jane.doe@corp.example.org", "EMAIL_ADDRESS")], "{text}");
    }
    assert_eq!(found("用户@例子.广告"), [("用户@例子.广告", "EMAIL_ADDRESS")]);
}

#[test]
fn sections_and_versions_are_no_addresses() {
    for text in
        ["11.7.3.3. Securing the host", "See 4.2.13.1 below", "Upgrade V8 to 3.9.24.7", "OID 1.3.6.11"]
    {
        assert_eq!(found(text), [], "{text}");
    }
    for text in ["8.8.4.4 answers", "10.0.0.5 is up", "ip 4.2.13.1"] {
        let address = text.split(' ').find(|word| word.contains('.')).unwrap();
        assert_eq!(found(text), [(address, "IP_ADDRESS")], "{text}");
    }
}
