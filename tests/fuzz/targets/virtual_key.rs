//! What a client presents as its key: an id is read only from what has a key's form, and no stranger is let in.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use tollgate::config::compiled::{Key, ModelAccess, Priority};
use tollgate::identity::caller::{CREDENTIAL_HEADERS, Directory, Unidentified};
use tollgate::identity::key::{LONGEST_KEY, VirtualKey, is_id, parse_id};
use tollgate::observe::secret::KeyHash;
use tollgate_fuzz::LONGEST;

fuzz_target!(|input: &[u8]| {
    if input.len() > LONGEST {
        return;
    }
    let id = std::str::from_utf8(input).ok().and_then(parse_id);
    if let Some(id) = id {
        assert!(is_id(id) && input.len() <= LONGEST_KEY);
        assert!(input.starts_with(format!("tg-{id}-").as_bytes()));
        let made = VirtualKey::generate(id, &[7; 32]).expect("an id that is read can be given out");
        assert_eq!(parse_id(made.text().expose()), Some(id));
    }
    // A directory that knows the id, but another secret.
    let known = Key {
        hash: KeyHash::of(b"another secret"),
        team: "team".to_owned(),
        environment: None,
        models: ModelAccess::All,
        priority: Priority::Normal,
        operator: false,
        expires: None,
        revoked: true,
        restriction: None,
        scopes: Vec::new(),
    };
    let directory =
        Directory::new(id.into_iter().map(|id| (id.to_owned(), known.clone())).collect::<BTreeMap<_, _>>());
    for name in CREDENTIAL_HEADERS {
        let identified = directory.identify([(name, input)].into_iter(), 0);
        assert!(
            matches!(
                identified,
                Err(Unidentified::Missing | Unidentified::Invalid | Unidentified::Duplicate)
            ),
            "not even that the id is known, or revoked, is told"
        );
    }
});
