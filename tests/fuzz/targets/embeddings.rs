//! Embeddings: requests of clients and answers of every kind of model. What is read can be written, as JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::chat::VectorEncoding;
use tollgate::dialect::Api;
use tollgate::dialect::embeddings::{Embedder, Expected, decode_request, encode_request, translate_answer};
use tollgate::framing::json;
use tollgate_fuzz::{context, target};

const ALL: [(Embedder, Api); 7] = [
    (Embedder::Gemini, Api::Gemini),
    (Embedder::VertexPredict, Api::VertexGemini),
    (Embedder::VertexContent, Api::VertexGemini),
    (Embedder::TitanG1, Api::Bedrock),
    (Embedder::Titan, Api::Bedrock),
    (Embedder::Cohere3, Api::Bedrock),
    (Embedder::Cohere4, Api::Bedrock),
];

fuzz_target!(|input: &[u8]| {
    let Some((texts, body)) = input.split_first() else { return };
    let request = decode_request(body).ok();
    for (embedder, api) in ALL {
        let encoded =
            request.as_ref().and_then(|request| encode_request(embedder, request, &target(api)).ok());
        if let Some(encoded) = encoded {
            json::members(&encoded.body, |_| {}).unwrap();
        }
        for encoding in [VectorEncoding::Numbers, VectorEncoding::Base64] {
            let expected = Expected { embedder, texts: usize::from(texts % 4), encoding, tokens: None };
            if let Ok(answer) = translate_answer(body, &expected, &context()) {
                json::members(&answer.body, |_| {}).unwrap();
            }
        }
    }
});
