//! The expected values come from RFC 8259 and from serde_json, which is strict about the same grammar.

use super::*;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::de::IgnoredAny;
use serde_json::Value;

const REQUEST: &str = r#" {"model": "gpt-4o", "messages":[{"role":"user","content":"say \"}\" 你好"}],
    "stream":true, "stream_options" : {"include_usage": false}, "max_tokens":1e2,"user":null} "#;

fn whole(text: &str) -> Span {
    Span { start: 0, end: text.len() }
}

/// Every member as key, value as written and kind.
fn listed(text: &str) -> Result<Vec<(String, String, Kind)>, Error> {
    let mut listed = Vec::new();
    let object = members(text.as_bytes(), |member| {
        let value = text.get(member.value.start..member.value.end).expect("inside");
        let key = string(text.as_bytes(), member.key_span).expect("a string");
        assert_eq!(member.key, &*key);
        listed.push((member.key.into_text().into_owned(), value.to_owned(), member.kind));
    })?;
    assert_eq!(object.of(text.as_bytes()), text.trim().as_bytes());
    Ok(listed)
}

fn problem(text: &[u8]) -> Option<(Problem, usize)> {
    members(text, |_| {}).err().map(|error| (error.problem, error.offset))
}

/// How deep the containers of a text that serde_json accepts nest.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Whether serde_json accepts the text, it is of the wanted kind and within the depth limit. `IgnoredAny`
/// leaves UTF-8 unchecked, so that is asked apart.
fn expected(bytes: &[u8], first: char) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        serde_json::from_str::<IgnoredAny>(text).is_ok()
            && text.trim_start().starts_with(first)
            && depth(text) <= DEPTH_LIMIT as usize
    })
}

/// The readers accept exactly what serde_json accepts.
fn check_accepted(bytes: &[u8]) {
    let shown = String::from_utf8_lossy(bytes);
    let read = members(bytes, |_| {});
    assert_eq!(read.is_ok(), expected(bytes, '{'), "{shown:?}");
    assert_eq!(members_and_theirs(bytes, |_, _| {}), read, "{shown:?}");
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert_eq!(elements_of(bytes, whole(text), |_, _| {}).is_ok(), expected(bytes, '['), "{shown:?}");
    }
}

#[test]
fn members_are_reported_in_order_with_their_exact_text() {
    let listed = listed(REQUEST).expect("valid");
    let expected = [
        ("model", r#""gpt-4o""#, Kind::String),
        ("messages", r#"[{"role":"user","content":"say \"}\" 你好"}]"#, Kind::Array),
        ("stream", "true", Kind::Boolean),
        ("stream_options", r#"{"include_usage": false}"#, Kind::Object),
        ("max_tokens", "1e2", Kind::Number),
        ("user", "null", Kind::Null),
    ];
    assert_eq!(listed, expected.map(|(key, value, kind)| (key.to_owned(), value.to_owned(), kind)));
}

#[test]
fn nested_spans_count_from_the_start_of_the_text() {
    let text = REQUEST.as_bytes();
    let mut contents = Vec::new();
    members(text, |member| {
        if member.key == "messages" {
            elements_of(text, member.value, |element, kind| {
                assert_eq!(kind, Kind::Object);
                members_of(text, element, |field| {
                    contents.push((
                        field.key.into_text().into_owned(),
                        string(text, field.value).map(Cow::into_owned),
                    ));
                })
                .expect("an object");
            })
            .expect("an array");
        }
    })
    .expect("valid");
    let expected = [("role", "user"), ("content", "say \"}\" 你好")];
    assert_eq!(contents, expected.map(|(key, value)| (key.to_owned(), Some(value.to_owned()))));
}

#[test]
fn keys_are_decoded_and_repeated_keys_all_reported() {
    let listed = listed(r#"{"\u006dodel":1,"model":2,"":3}"#).expect("valid");
    let keys: Vec<_> = listed.iter().map(|(key, value, _)| (key.as_str(), value.as_str())).collect();
    assert_eq!(keys, [("model", "1"), ("model", "2"), ("", "3")]);
}

#[test]
fn faults_are_named_with_their_offset() {
    for (text, fault) in [
        ("", (Problem::UnexpectedEnd, 0)),
        ("  ", (Problem::UnexpectedEnd, 2)),
        ("[]", (Problem::NotAnObject, 0)),
        ("\u{feff}{}", (Problem::NotAnObject, 0)),
        ("{}}", (Problem::TrailingBytes, 2)),
        ("{} {}", (Problem::TrailingBytes, 3)),
        (r#"{"a":1"#, (Problem::UnexpectedEnd, 6)),
        (r#"{"a":tr"#, (Problem::UnexpectedEnd, 7)),
        (r#"{"a"#, (Problem::UnexpectedEnd, 3)),
        (r#"{"a":1."#, (Problem::UnexpectedEnd, 7)),
        (r#"{"a":1 "b":2}"#, (Problem::ExpectedCommaOrBrace, 7)),
        (r#"{"a":[1 2]}"#, (Problem::ExpectedCommaOrBracket, 8)),
        (r#"{"a":01}"#, (Problem::ExpectedCommaOrBrace, 6)),
        (r#"{"a":1,}"#, (Problem::ExpectedKey, 7)),
        (r#"{"b":{"a":1,}}"#, (Problem::ExpectedKey, 12)),
        (r#"{a:1}"#, (Problem::ExpectedKey, 1)),
        (r#"{"a" 1}"#, (Problem::ExpectedColon, 5)),
        (r#"{"a":}"#, (Problem::ExpectedValue, 5)),
        (r#"{"a":[1,]}"#, (Problem::ExpectedValue, 8)),
        (r#"{"a":trux}"#, (Problem::ExpectedValue, 5)),
        (r#"{"a":NaN}"#, (Problem::ExpectedValue, 5)),
        (r#"{"a":-}"#, (Problem::InvalidNumber, 6)),
        (r#"{"a":1.e3}"#, (Problem::InvalidNumber, 7)),
        (r#"{"a":1e+}"#, (Problem::InvalidNumber, 8)),
        (r#"{"a":"\x"}"#, (Problem::InvalidEscape, 6)),
        (r#"{"a":"\u12g4"}"#, (Problem::InvalidEscape, 6)),
        ("{\"a\":\"x\ny\"}", (Problem::ControlCharacter, 7)),
    ] {
        assert_eq!(problem(text.as_bytes()), Some(fault), "{text}");
        assert!(!expected(text.as_bytes(), '{'), "{text}");
    }
    assert_eq!(problem(b"{\"a\":\"\xff\"}"), Some((Problem::InvalidUtf8, 6)));
    assert_eq!(problem(b"{\"a\":\"\xed\xa0\x80\"}"), Some((Problem::InvalidUtf8, 6)));
    let text = b"[1] {}";
    let not_an_array =
        elements_of(text, Span { start: 4, end: 6 }, |_, _| {}).map_err(|error| error.to_string());
    assert_eq!(not_an_array, Err("expected an array at byte 4".to_owned()));
}

#[test]
fn messages_say_what_and_where_without_the_input() {
    let message = |text: &str| members(text.as_bytes(), |_| {}).expect_err("invalid").to_string();
    assert_eq!(message(r#"{"key":"secret" "x"}"#), "expected ',' or '}' at byte 16");
    assert_eq!(message("{"), "unexpected end of JSON at byte 1");
}

#[test]
fn containers_nest_to_the_limit_and_no_deeper() {
    let nested = |depth: usize| {
        let (open, close) = (r#"{"a":["#.repeat(depth / 2), "]}".repeat(depth / 2));
        if depth.is_multiple_of(2) { open + &close } else { format!("{open}{{}}{close}") }
    };
    assert_eq!(problem(nested(127).as_bytes()), None);
    assert_eq!(problem(nested(128).as_bytes()), None);
    assert_eq!(problem(nested(129).as_bytes()), Some((Problem::TooDeep, 64 * 6)));
    assert_eq!(problem(format!("{{\"a\":{}", "[".repeat(1 << 20)).as_bytes()), Some((Problem::TooDeep, 132)));
}

#[test]
fn a_span_outside_the_text_reads_as_nothing() {
    for (start, end) in [(0, 9), (7, 9), (2, 1), (usize::MAX, usize::MAX), (2, 2)] {
        let span = Span { start, end };
        assert_eq!(span.of(b"{}"), b"");
        assert_eq!(string(b"\"a\"", span), None);
        assert_eq!(unsigned(b"1", span), None);
        let error = members_of(b"{}", span, |_| {}).expect_err("empty");
        assert_eq!(error.problem, Problem::UnexpectedEnd);
    }
}

#[test]
fn strings_decode_and_borrow_when_they_can() {
    let decoded = |token: &str| string(token.as_bytes(), whole(token)).map(Cow::into_owned);
    assert!(matches!(string(br#""plain""#, Span { start: 0, end: 7 }), Some(Cow::Borrowed("plain"))));
    assert_eq!(decoded(r#""\"\\\/\b\f\n\r\t\u20ac""#).as_deref(), Some("\"\\/\u{8}\u{c}\n\r\t€"));
    // The example of RFC 8259 §7: the G clef, U+1D11E.
    assert_eq!(decoded(r#""\uD834\uDD1E""#).as_deref(), Some("\u{1d11e}"));
    assert_eq!(decoded(r#""a\ud834b""#).as_deref(), Some("a\u{fffd}b"));
    assert_eq!(decoded(r#""\udd1e\ud834""#).as_deref(), Some("\u{fffd}\u{fffd}"));
    assert_eq!(decoded(r#""\udd1e\udd1e""#).as_deref(), Some("\u{fffd}\u{fffd}"));
    assert_eq!(decoded(r#""\ud834\u0041""#).as_deref(), Some("\u{fffd}A"));
    assert_eq!(decoded(r#""\ud834\ud834\udd1e""#).as_deref(), Some("\u{fffd}\u{1d11e}"));
    for token in [r#"a"#, r#""a"#, r#""a" "#, r#" "a""#, r#""a"b""#, r#""\q""#, "1", "", "\""] {
        assert_eq!(decoded(token), None, "{token}");
    }
    for token in [&b"\"\xe4\xbd\""[..], b"\"\xe4\xbd\\n\"", b"\"\\n\xa0\""] {
        assert_eq!(string(token, Span { start: 0, end: token.len() }), None);
    }
}

#[test]
fn whole_numbers_are_read_in_any_notation() {
    for (token, expected) in [
        ("0", Some(0)),
        ("42", Some(42)),
        ("12.0", Some(12)),
        ("1e3", Some(1000)),
        ("1.5E1", Some(15)),
        ("1200e-2", Some(12)),
        ("0.0e99999999999999999999", Some(0)),
        ("0e-99999999999999999999", Some(0)),
        ("18446744073709551615", Some(u64::MAX)),
        ("1844674407370955161500e-2", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("1e20", None),
        ("1e99999999999999999999", None),
        ("1e-99999999999999999999", None),
        ("12.5", None),
        ("15e-1", None),
        ("-1", None),
        ("-0", None),
        ("01", None),
        ("+1", None),
        ("1 ", None),
        ("\"1\"", None),
        ("true", None),
        ("", None),
    ] {
        assert_eq!(unsigned(token.as_bytes(), whole(token)), expected, "{token}");
    }
}

#[test]
fn written_strings_escape_only_what_must_be() {
    let mut out = b"[".to_vec();
    write_string(&mut out, "a\"\\\u{0}\u{8}\t\n\u{c}\r\u{1b}\u{1f}\u{7f}/é\u{2028}🦀");
    let expected = "[\"a\\\"\\\\\\u0000\\u0008\\t\\n\\u000c\\r\\u001b\\u001f\u{7f}/é\u{2028}🦀\"";
    assert_eq!(String::from_utf8(out).as_deref(), Ok(expected));
}

/// What [`members_and_theirs`] tells, as text.
fn nested(text: &str) -> Result<Vec<String>, Problem> {
    let mut told = Vec::new();
    let tell = |of: Option<&Key<'_>>, member: Member<'_>| {
        let of = of.map_or("", |of| &**of);
        let value = String::from_utf8_lossy(member.value.of(text.as_bytes()));
        told.push(format!("{of}/{} {:?} {value}", &*member.key, member.kind));
    };
    members_and_theirs(text.as_bytes(), tell).map(|_| told).map_err(|error| error.problem)
}

#[test]
fn members_of_members_are_told_in_the_same_pass() {
    let text = r#" {"a":1,"b" : { "\u0063":{"d":2}, "e":[{"f":3}] },"g":{},"h":[{"i":4}]} "#;
    let told = [
        "/a Number 1",
        r#"b/c Object {"d":2}"#,
        r#"b/e Array [{"f":3}]"#,
        r#"/b Object { "\u0063":{"d":2}, "e":[{"f":3}] }"#,
        "/g Object {}",
        r#"/h Array [{"i":4}]"#,
    ];
    assert_eq!(nested(text).unwrap(), told);
    for text in [
        r#"{"a":{"b":1,}}"#,
        r#"{"a":{"b":1}"#,
        r#"{"a":{"b" 1}}"#,
        r#"{"a":{b:1}}"#,
        r#"{"a":{}}x"#,
        r#"{"a":{]}"#,
        "[]",
        "",
    ] {
        let problem = members(text.as_bytes(), |_| {}).unwrap_err().problem;
        assert_eq!(nested(text), Err(problem), "{text}");
    }
}

const WANTED: [&str; 3] = ["model", "usage", "id"];

/// What a finder holds after reading `bytes` in the chunks between `cuts` (ascending).
fn found(bytes: &[u8], cuts: &[usize]) -> Vec<Option<Vec<u8>>> {
    let mut finder = Finder::new(WANTED);
    let mut start = 0;
    for end in cuts.iter().copied().chain([bytes.len()]) {
        finder.feed(&bytes[start..end]);
        start = end;
    }
    (0..WANTED.len()).map(|index| finder.value(index).map(<[u8]>::to_vec)).collect()
}

/// Cutting `bytes` at `cuts` changes nothing that is found.
fn check_found(bytes: &[u8], cuts: &[usize]) -> Vec<Option<Vec<u8>>> {
    let found_whole = found(bytes, &[]);
    assert_eq!(found(bytes, cuts), found_whole, "{:?} cut at {cuts:?}", String::from_utf8_lossy(bytes));
    found_whole
}

fn check_every_cut(text: &str, expected: [Option<&str>; 3]) {
    let bytes = text.as_bytes();
    let expected = expected.map(|value| value.map(|value| value.as_bytes().to_vec()));
    for cut in 0..=bytes.len() {
        assert_eq!(check_found(bytes, &[cut]), expected, "{text}");
    }
    check_found(bytes, &(1..bytes.len()).collect::<Vec<_>>());
}

#[test]
fn the_finder_finds_top_level_members_only() {
    check_every_cut(
        r#"{"object":"list","data":[{"id":"no","usage":{},"embedding":[0.1,-2e-3],"model":"}\"no"}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"note":"\\\"}"}, "id" : 12 }"#,
        [Some(r#""text-embedding-3-small""#), Some(r#"{"prompt_tokens":8,"note":"\\\"}"}"#), Some("12")],
    );
    check_every_cut(r#" { "\u006dodel" : null,"us\"age":1,"usage\\":2} "#, [Some("null"), None, None]);
    check_every_cut(r#"{"model":"first","id":[[]],"model":"last"}"#, [Some(r#""last""#), None, Some("[[]]")]);
    check_every_cut(r#"{"text":"\\","id":"\"","model":-1.5E+3}"#, [Some("-1.5E+3"), None, Some(r#""\"""#)]);
}

#[test]
fn the_finder_shows_complete_values_only() {
    check_every_cut(r#"{"id":12"#, [None, None, None]);
    check_every_cut(r#"{"model":"gpt","id":"abc\"#, [Some(r#""gpt""#), None, None]);
    check_every_cut(r#"{"id":1,"usage":{"a":[1]"#, [None, None, Some("1")]);
}

#[test]
fn the_finder_stops_at_what_is_no_object() {
    for text in
        [r#"[{"id":1}]"#, r#"data: {"id":1}"#, r#"{} {"id":1}"#, r#"{"a";1,"id":1}"#, r#"{"a":,"id":1}"#, ""]
    {
        check_every_cut(text, [None, None, None]);
    }
}

#[test]
fn the_finder_gives_up_long_values_and_skips_long_keys() {
    let value = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    let text = format!(r#"{{"model":{},"usage":{},"id":1}}"#, value(16 * 1024), value(16 * 1024 + 1));
    for width in [text.len(), 1000, 1] {
        let cuts: Vec<usize> = (width..text.len()).step_by(width).collect();
        let found = found(text.as_bytes(), &cuts);
        assert_eq!(found[0].as_ref().map(Vec::len), Some(16 * 1024));
        assert_eq!(found[1..], [None, Some(b"1".to_vec())]);
    }
    let escaped: String = "usage".chars().map(|letter| format!("\\u{:04x}", letter as u32)).collect();
    let long = "k".repeat(64);
    check_every_cut(
        &format!(r#"{{"{long}":1,"{long}\"":2,"{long}id":3,"{escaped}":4}}"#),
        [None, Some("4"), None],
    );
}

/// Even when it is one that is wanted: else it would depend on the chunks what is found.
#[test]
fn the_finder_skips_a_long_key_in_one_piece_too() {
    let escaped: String = "usageMetadata".chars().map(|letter| format!("\\u{:04x}", letter as u32)).collect();
    let text = format!(r#"{{"{escaped}":1}}"#);
    for width in [text.len(), 1] {
        let mut finder = Finder::new(["usageMetadata"]);
        text.as_bytes().chunks(width).for_each(|chunk| finder.feed(chunk));
        assert_eq!((finder.value(0), finder.is_open()), (None, false));
    }
}

fn any_string_token() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "a",
        "model",
        "id",
        " ",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "/",
        "\u{7f}",
        "é",
        "世界",
        "🦀",
        r"\n",
        r#"\""#,
        r"\\",
        r"\/",
        r"\u0061",
        r"\u00E9",
        r"\ud83e\udd80",
        r"\u0000",
    ]);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn any_key_token() -> impl Strategy<Value = String> {
    let wanted = select(vec![r#""model""#, r#""usage""#, r#""id""#, r#""\u0069d""#, r#""mode\u006C""#]);
    prop_oneof![wanted.prop_map(str::to_owned), any_string_token()]
}

fn any_space() -> impl Strategy<Value = &'static str> + Clone {
    select(vec!["", "", "", " ", "\n  ", "\t\r\n"])
}

fn any_scalar() -> impl Strategy<Value = String> {
    let fixed = select(vec![
        "true",
        "false",
        "null",
        "0",
        "-0",
        "-1.5",
        "1e3",
        "2E-7",
        "0.25",
        "12345678901234567890",
    ]);
    prop_oneof![fixed.prop_map(str::to_owned), any_string_token()]
}

/// Containers of valid JSON, written in varied ways.
fn any_value() -> impl Strategy<Value = String> {
    any_scalar().prop_recursive(5, 48, 6, |inner| {
        let spaced = (any_space(), inner, any_space())
            .prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        prop_oneof![
            prop::collection::vec(spaced.clone(), 0..6)
                .prop_map(|elements| format!("[{}]", elements.join(","))),
            any_object_of(spaced),
        ]
    })
}

fn any_object_of(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let member = (any_space(), any_key_token(), any_space(), value);
    prop::collection::vec(member, 0..6).prop_map(|members| {
        let members =
            members.into_iter().map(|(before, key, after, value)| format!("{before}{key}{after}:{value}"));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    })
}

fn any_object() -> impl Strategy<Value = String> {
    (any_space(), any_object_of(any_value()), any_space())
        .prop_map(|(before, object, after)| format!("{before}{object}{after}"))
}

proptest! {
    #[test]
    fn any_object_lists_the_members_that_serde_json_reads(text in any_object()) {
        let listed = listed(&text).expect("valid");
        let read: serde_json::Map<String, Value> = serde_json::from_str(&text).expect("valid");
        // A map keeps the last of repeated keys, and so does collecting in order.
        let last: serde_json::Map<String, Value> = listed
            .into_iter()
            .map(|(key, value, _)| (key, serde_json::from_str(&value).expect("a value")))
            .collect();
        prop_assert_eq!(last, read);
    }

    #[test]
    fn any_damage_to_a_valid_text_is_judged_as_serde_json_does(
        text in prop_oneof![any_object(), any_value()],
        places in prop::collection::vec((any::<Index>(), 0..3_u8, any_damage()), 0..3),
    ) {
        let mut bytes = text.into_bytes();
        for (place, edit, byte) in places {
            let at = place.index(bytes.len() + 1);
            match edit {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => bytes[at] = byte,
                _ => bytes.truncate(at),
            }
        }
        check_accepted(&bytes);
    }

    #[test]
    fn any_tokens_are_judged_as_serde_json_does(
        tokens in prop::collection::vec(select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\"a\"", "1", "-", ".", "e", "0", "true", "nul", " ", "\\u00", "\n",
        ]), 0..16),
    ) {
        let tokens = tokens.concat();
        check_accepted(tokens.as_bytes());
        check_accepted(format!("{{\"a\":{tokens}}}").as_bytes());
        check_accepted(format!("[{tokens}]").as_bytes());
    }

    #[test]
    fn any_string_decodes_as_serde_json_does(token in any_string_token()) {
        let decoded = string(token.as_bytes(), whole(&token)).map(Cow::into_owned);
        prop_assert_eq!(decoded, serde_json::from_str::<String>(&token).ok());
    }

    #[test]
    fn any_written_string_reads_back(text in ".*") {
        let mut out = Vec::new();
        write_string(&mut out, &text);
        prop_assert_eq!(serde_json::from_slice::<String>(&out).ok(), Some(text));
    }

    #[test]
    fn any_whole_number_reads_back(number in any::<u64>(), zeros in 0..3_usize) {
        let token = format!("{number}{}e-{zeros}", "0".repeat(zeros));
        prop_assert_eq!(unsigned(token.as_bytes(), whole(&token)), Some(number));
    }

    #[test]
    fn any_cuts_find_what_serde_json_finds(text in any_object(), cuts in any_cuts()) {
        let found = check_found(text.as_bytes(), &ascending(&cuts, text.len()));
        let read: serde_json::Map<String, Value> = serde_json::from_str(&text).expect("valid");
        for (key, value) in WANTED.iter().zip(found) {
            let value = value.map(|value| serde_json::from_slice::<Value>(&value).expect("a value"));
            prop_assert_eq!(value.as_ref(), read.get(*key));
        }
    }

    #[test]
    fn any_bytes_are_found_alike_in_any_cuts(
        bytes in prop::collection::vec(select(b"{}[]\":,\\id1 \xff".to_vec()), 0..60),
        cuts in any_cuts(),
    ) {
        check_found(&bytes, &ascending(&cuts, bytes.len()));
    }
}

fn any_damage() -> impl Strategy<Value = u8> {
    prop_oneof![select(b"{}[]\",:\\ 0e-.tu\n\x00\x1f\x7f\x80\xc3\xff".to_vec()), any::<u8>()]
}

fn any_cuts() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 0..12)
}

fn ascending(cuts: &[Index], length: usize) -> Vec<usize> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(length + 1)).collect();
    cuts.sort_unstable();
    cuts
}
