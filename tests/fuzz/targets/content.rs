//! Screening and restoring: what goes on is JSON whenever what came was, its values come back, and an answer is restored
//! and screened to the same bytes however it is cut.

#![no_main]

use std::collections::BTreeMap;
use std::rc::Rc;

use libfuzzer_sys::fuzz_target;
use tollgate::config::compiled::content::{Answers, Content, HashKey, PerTeam, Redaction};
use tollgate::dialect::translate::Dialect;
use tollgate::engine::content::answer::Restoring;
use tollgate::engine::content::prompt::screen;
use tollgate::engine::content::{Contents, Screen};
use tollgate::framing::json;
use tollgate::observe::secret::Secret;
use tollgate::redact::mask::{Action, Vault};
use tollgate::redact::own::Definitions;
use tollgate_fuzz::chunked;

thread_local! {
    static SCREEN: Rc<Screen> = {
        let redaction = Redaction {
            otherwise: Action::Replace { restore: true },
            actions: BTreeMap::new(),
            exempt: Vec::new(),
            disabled: Vec::new(),
            hash_key: HashKey(Secret::new(String::new())),
            own: Definitions::default(),
            base64: true,
            answers: Some(Answers { otherwise: Action::Remove, actions: BTreeMap::new() }),
        };
        let redaction = PerTeam { common: Some(redaction), teams: BTreeMap::new() };
        Contents::new(Content { redaction, ..Content::default() }).of("any").unwrap()
    };
}

/// A vault with one value, whose placeholder is `[EMAIL_ADDRESS_1]`.
fn vault() -> Vault {
    let body = br#"{"messages":[{"content":"ann@corp.example"}]}"#;
    SCREEN.with(|own| screen(own, body)).vault
}

fuzz_target!(|input: &[u8]| {
    if json::members(input, |_| {}).is_ok() {
        let screened = SCREEN.with(|own| screen(own, input));
        if let Some(body) = &screened.body {
            json::members(body, |_| {}).unwrap();
        }
    }
    let Some((text, chunks)) = chunked(input) else { return };
    for dialect in [Dialect::OpenAiChat, Dialect::OpenAiResponses, Dialect::Anthropic, Dialect::Gemini] {
        for media_type in ["text/event-stream", "application/json"] {
            let restored = |chunks: &[&[u8]], screened: bool| {
                let screening = if screened { SCREEN.with(|own| own.answers(dialect, b"{}")) } else { None };
                let mut restoring = Restoring::screened(vault(), screening, None).unwrap();
                restoring.expect(dialect, Some(media_type));
                let mut out: Vec<u8> =
                    chunks.iter().flat_map(|chunk| restoring.relay(chunk, false)).collect();
                out.extend(restoring.relay(b"", true));
                out
            };
            assert!(restored(&chunks, false) == restored(&[text], false));
            assert!(restored(&chunks, true) == restored(&[text], true));
        }
    }
});
