//! Header maps in the host's serialised form: whatever the bytes say, what is read lies within them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::engine::Headers;
use tollgate_fuzz::LONGEST;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > LONGEST {
        return;
    }
    let Some(headers) = Headers::from_serialized(bytes.to_vec()) else { return };
    // Every field takes eight bytes of sizes and two zero bytes beside what it says.
    let said: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 10).sum();
    assert!(said <= bytes.len());
    for (name, _) in headers.iter() {
        assert!(name.is_empty() || headers.get(name).is_some());
    }
    let again: Headers = headers.iter().collect();
    assert_eq!(again.iter().count(), headers.iter().count());
});
