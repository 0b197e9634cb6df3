//! Hostile text: a score between nothing and certainty for any text, with a rule wherever it may lead to something.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::guard::{Source, THRESHOLD, assess, markup};
use tollgate_fuzz::LONGEST;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if text.len() > LONGEST {
        return;
    }
    for source in [Source::User, Source::Tool, Source::Document] {
        let assessment = assess(text, source);
        assert!((0.0..=1.0).contains(&assessment.score));
        assert!(assessment.rule.is_some() || assessment.score < THRESHOLD);
        assert!(assessment.rule.is_none() || assessment.score > 0.0);
    }
    for hit in markup::find(text, &["example.com".to_owned()]) {
        assert!(text.get(hit.place).is_some(), "on character boundaries");
    }
});
