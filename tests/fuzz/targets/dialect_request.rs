//! Requests of every client dialect: what is read can be written for every provider, as JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::dialect::Api;
use tollgate::dialect::translate::{Dialect, TranslationFault, decode_request, encode_request};
use tollgate::framing::json;
use tollgate_fuzz::{dialect, target};

fuzz_target!(|input: &[u8]| {
    let Some((client, body)) = dialect(input) else { return };
    let Ok((request, _)) = decode_request(client, body) else { return };
    for (provider, service) in [
        (Dialect::OpenAiChat, Api::OpenAi),
        (Dialect::Anthropic, Api::VertexAnthropic),
        (Dialect::Gemini, Api::Gemini),
        (Dialect::Bedrock, Api::Bedrock),
    ] {
        let encoded = match encode_request(provider, &request, &target(service)) {
            // Nothing is left to ask.
            Err(TranslationFault::Lost(_)) => continue,
            encoded => encoded.unwrap(),
        };
        json::members(&encoded.body, |_| {}).unwrap();
    }
});
