//! The policy's note for the adapter: only what was written so is read, and no note can make the adapter fail
//! otherwise than by a refusal.

#![no_main]

use std::collections::BTreeMap;
use std::rc::Rc;

use libfuzzer_sys::fuzz_target;
use tollgate::config::compiled::{Adapter as Config, FORMAT, Provider, Scheme};
use tollgate::dialect::Api;
use tollgate::engine::adapter::Adapter;
use tollgate::engine::event::Attempt;
use tollgate::engine::exchange::Exchange;
use tollgate::engine::{Effect, Event, Headers, Role, Timestamp};
use tollgate_fuzz::LONGEST;

const BODY: &[u8] = br#"{"model":"chat","stream":true}"#;

fuzz_target!(|note: &[u8]| {
    if note.len() > LONGEST {
        return;
    }
    if let Some(exchange) = Exchange::decode(note) {
        assert!(exchange.model.start <= exchange.model.end);
        assert_eq!(exchange.encode(), note);
    }
    let provider = Provider {
        api: Api::OpenAi,
        authority: "provider.test".to_owned(),
        scheme: Scheme::Https,
        base_path: "/v1".to_owned(),
        credential: None,
    };
    let providers = BTreeMap::from([("provider".to_owned(), provider)]);
    let mut adapter = Adapter::new(Rc::new(Config { format: FORMAT, revision: String::new(), providers }));
    let attempt = Attempt { target: Some("provider/model".to_owned()), exchange: Some(note.to_vec()) };
    let now = Timestamp::default();
    let mut effects = Vec::new();
    let headers =
        Event::RequestHeaders { headers: Headers::default(), attempt: Some(attempt), end_of_stream: false };
    adapter.handle(headers, now, &mut effects);
    let wanted = adapter.wanted_request_bytes(BODY.len(), true);
    let bytes = &BODY[..wanted];
    adapter.handle(
        Event::RequestBody { bytes, buffered: BODY.len(), end_of_stream: true },
        now,
        &mut effects,
    );
    for effect in effects {
        match effect {
            Effect::ReplaceRequestHeaders(headers) => assert!(headers.get("content-length").is_some()),
            Effect::ReplaceRequestBody { drain, .. } => assert!(drain <= BODY.len()),
            Effect::Reply(reply) => assert!(reply.status >= 500),
            other => panic!("not the adapter's: {other:?}"),
        }
    }
});
