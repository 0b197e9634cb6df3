//! JSON objects as spans, against serde_json: the same texts are valid, and the members lie where it finds them.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use tollgate::framing::json::{self, Member, Problem};
use tollgate_fuzz::LONGEST;

fuzz_target!(|text: &[u8]| {
    if text.len() > LONGEST {
        return;
    }
    let mut found: BTreeMap<String, Member<'_>> = BTreeMap::new();
    let read = json::members(text, |member| {
        assert_eq!(json::string(text, member.key_span).as_deref(), Some(member.key.as_ref()));
        found.insert(member.key.clone().into_text().into_owned(), member);
    });
    let reference = serde_json::from_slice::<BTreeMap<String, &RawValue>>(text);
    match (read, reference) {
        (Ok(object), Ok(members)) => {
            assert_eq!(object.of(text), text.trim_ascii(), "the object is all of the text");
            assert_eq!(found.len(), members.len());
            for (key, value) in members {
                let member = &found[&key];
                assert_eq!(member.value.of(text), value.get().as_bytes(), "{key:?}");
                json::members_of(text, member.value, |inner| assert!(inner.value.end <= member.value.end))
                    .ok();
                json::elements_of(text, member.value, |inner, _| assert!(inner.end <= member.value.end)).ok();
            }
        }
        // Both limit the depth, not at the same; an escaped half of a surrogate pair is refused by one only.
        (Ok(_), Err(error)) => {
            let error = error.to_string();
            assert!(
                error.contains("recursion limit")
                    || error.contains("surrogate")
                    || error.contains("hex escape"),
                "{error}"
            );
        }
        (Err(error), Ok(_)) => assert_eq!(error.problem, Problem::TooDeep),
        (Err(error), Err(_)) => assert!(error.offset <= text.len()),
    }
});
