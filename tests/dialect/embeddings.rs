//! The corpus of embeddings: every request at every way of asking for them, every answer back, and what holds of any.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tollgate::chat::VectorEncoding;
use tollgate::dialect::Api;
use tollgate::dialect::embeddings::{
    Embedder, Expected, decode_answer, decode_request, encode_request, translate_answer,
};
use tollgate::dialect::target::{Quirks, Target, UnknownFields};
use tollgate::dialect::translate::{Dialect, TranslationFault};

use crate::corpus::{self, context, losses, usage};

/// Every way of asking, with the names of its golden files and of the models' own answers.
const ALL: [(Embedder, &str, &str, Api, &str); 7] = [
    (Embedder::Gemini, "gemini-embeddings", "gemini-embeddings", Api::Gemini, "gemini-embedding-001"),
    (Embedder::VertexPredict, "vertex-predict", "vertex-predict", Api::VertexGemini, "text-embedding-005"),
    (Embedder::VertexContent, "vertex-content", "vertex-content", Api::VertexGemini, "gemini-embedding-2"),
    (Embedder::TitanG1, "titan-g1", "titan", Api::Bedrock, "amazon.titan-embed-text-v1"),
    (Embedder::Titan, "titan", "titan", Api::Bedrock, "amazon.titan-embed-text-v2:0"),
    (Embedder::Cohere3, "cohere-3", "cohere", Api::Bedrock, "cohere.embed-multilingual-v3"),
    (Embedder::Cohere4, "cohere-4", "cohere", Api::Bedrock, "us.cohere.embed-v4:0"),
];

const CLIENT: &str = "openai-embeddings";

#[test]
fn requests_are_as_in_the_golden_files() {
    let cases = corpus::read(CLIENT, "requests");
    assert!(cases.len() >= 30, "the corpus is there");
    let mut wrong = String::new();
    for (embedder, name, _, api, model) in ALL {
        let made = cases.iter().map(|(case, given)| (case.clone(), request(embedder, api, model, given)));
        let file = format!("{CLIENT}.requests.to-{name}.json");
        corpus::compare_file(&file, &made.collect(), &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn answers_are_as_in_the_golden_files() {
    let (mut wrong, mut count) = (String::new(), 0);
    for (embedder, _, name, ..) in ALL {
        // Both generations of a family answer alike.
        if matches!(embedder, Embedder::TitanG1 | Embedder::Cohere3) {
            continue;
        }
        let cases = corpus::read(name, "answers");
        count += cases.len();
        let made: Map<String, Value> =
            cases.iter().map(|(case, given)| (case.clone(), answer(embedder, given))).collect();
        corpus::compare_file(&format!("{name}.answers.to-{CLIENT}.json"), &made, &mut wrong);
    }
    assert!(count >= 30, "the corpus is there: {count}");
    assert!(wrong.is_empty(), "{wrong}");
}

fn request(embedder: Embedder, api: Api, model: &str, case: &Value) -> Value {
    assert_eq!(Embedder::of(api, model), Some(embedder), "{model}");
    let body = serde_json::to_vec(&case["body"]).unwrap();
    let target = Target {
        model: model.to_owned(),
        api,
        unknown: match case["unknown"].as_str() {
            Some("pass") => UnknownFields::Pass,
            Some("refuse") => UnknownFields::Refuse,
            _ => UnknownFields::Drop,
        },
        ..corpus::target(Dialect::OpenAiChat, &Value::Null)
    };
    let made = decode_request(&body).and_then(|request| {
        let texts = request.texts.clone();
        Ok((encode_request(embedder, &request, &target)?, texts))
    });
    match made {
        Ok((encoded, texts)) => json!({
            "path": encoded.path,
            "body": serde_json::from_slice::<Value>(&encoded.body).unwrap(),
            "losses": losses(&encoded.losses),
            "text": texts,
        }),
        Err(fault) => json!({ "fault": format!("{fault:?}") }),
    }
}

fn answer(embedder: Embedder, case: &Value) -> Value {
    let expected = Expected {
        embedder,
        texts: usize::try_from(case["texts"].as_u64().unwrap()).unwrap(),
        encoding: match case["encoding"].as_str() {
            Some("base64") => VectorEncoding::Base64,
            _ => VectorEncoding::Numbers,
        },
        tokens: case["tokens"].as_u64(),
    };
    let body = serde_json::to_vec(&case["body"]).unwrap();
    match translate_answer(&body, &expected, &context(Dialect::OpenAiChat)) {
        Ok(answer) => json!({
            "body": serde_json::from_slice::<Value>(&answer.body).unwrap(),
            "usage": usage(answer.usage),
            "losses": losses(&answer.losses),
        }),
        Err(fault) => json!({ "fault": format!("{fault:?}") }),
    }
}

/// Which models are asked how is known from their names only; of others nothing is guessed.
#[test]
fn a_model_that_is_not_known_to_embed_is_not_asked_to() {
    for (api, model) in [
        (Api::Bedrock, "anthropic.claude-sonnet-4-5-v1:0"),
        (Api::Bedrock, "amazon.titan-embed-image-v1"),
        (Api::Bedrock, "arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2"),
        (Api::Anthropic, "claude-sonnet-4-5"),
        (Api::VertexAnthropic, "claude-sonnet-4-5"),
    ] {
        assert_eq!(Embedder::of(api, model), None, "{model}");
    }
    let arn = "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0";
    assert_eq!(Embedder::of(Api::Bedrock, arn), Some(Embedder::Titan));
}

/// The floats of an answer, each in the shortest form that gives the same 32 bits again.
fn answer_of(embedder: Embedder, vectors: &[Vec<f32>]) -> Value {
    match embedder {
        Embedder::Gemini | Embedder::VertexContent => {
            json!({"embeddings": vectors.iter().map(|vector| json!({"values": vector})).collect::<Vec<_>>()})
        }
        Embedder::VertexPredict => json!({"predictions": vectors.iter()
            .map(|vector| json!({"embeddings": {"values": vector}})).collect::<Vec<_>>()}),
        Embedder::TitanG1 | Embedder::Titan => json!({"embedding": vectors[0]}),
        Embedder::Cohere3 => json!({ "embeddings": vectors }),
        Embedder::Cohere4 => json!({"embeddings": {"float": vectors}}),
    }
}

proptest! {
    /// Every number reaches the client, bit by bit, in either form.
    #[test]
    fn no_number_is_changed(
        vectors in proptest::collection::vec(
            proptest::collection::vec(any::<f32>().prop_filter("a number", |number| number.is_finite()), 1..6), 1..4),
    ) {
        for (embedder, ..) in ALL {
            let vectors = match embedder {
                Embedder::TitanG1 | Embedder::Titan => &vectors[..1],
                _ => vectors.as_slice(),
            };
            let body = serde_json::to_vec(&answer_of(embedder, vectors)).unwrap();
            for encoding in [VectorEncoding::Numbers, VectorEncoding::Base64] {
                let expected = Expected { embedder, texts: vectors.len(), encoding, tokens: Some(3) };
                let answer = translate_answer(&body, &expected, &context(Dialect::OpenAiChat)).unwrap();
                let list: Value = serde_json::from_slice(&answer.body).unwrap();
                for (index, vector) in vectors.iter().enumerate() {
                    let told = &list["data"][index];
                    prop_assert_eq!(told["index"].as_u64(), Some(index as u64));
                    let bits: Vec<u32> = match told["embedding"].as_str() {
                        // What the official SDK does: an array of little-endian 32-bit floats.
                        Some(text) => STANDARD.decode(text).unwrap().chunks(4)
                            .map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap())).collect(),
                        None => told["embedding"].as_array().unwrap().iter()
                            .map(|number| (number.as_f64().unwrap() as f32).to_bits()).collect(),
                    };
                    prop_assert_eq!(bits, vector.iter().map(|number| number.to_bits()).collect::<Vec<_>>());
                }
            }
        }
    }

    /// A text is what it was, wherever it goes.
    #[test]
    fn no_text_is_changed(texts in proptest::collection::vec("\\PC{0,12}|[\n\"\\\\]{1,3}", 1..4)) {
        let body = serde_json::to_vec(&json!({"model": "m", "input": texts})).unwrap();
        let request = decode_request(&body).unwrap();
        for (embedder, _, _, api, model) in ALL {
            let target = Target::of(api, &Quirks::OPENAI, model);
            let encoded = match encode_request(embedder, &request, &target) {
                Err(TranslationFault::Input(_)) if texts.len() > 1 => continue,
                encoded => encoded.unwrap(),
            };
            let body: Value = serde_json::from_slice(&encoded.body).unwrap();
            let sent: Vec<&Value> = match embedder {
                Embedder::Gemini => body["requests"].as_array().unwrap().iter()
                    .map(|request| &request["content"]["parts"][0]["text"]).collect(),
                Embedder::VertexContent if texts.len() == 1 => vec![&body["content"]["parts"][0]["text"]],
                Embedder::VertexContent => body["requests"].as_array().unwrap().iter()
                    .map(|request| &request["content"]["parts"][0]["text"]).collect(),
                Embedder::VertexPredict => body["instances"].as_array().unwrap().iter()
                    .map(|instance| &instance["content"]).collect(),
                Embedder::TitanG1 | Embedder::Titan => vec![&body["inputText"]],
                Embedder::Cohere3 | Embedder::Cohere4 => body["texts"].as_array().unwrap().iter().collect(),
            };
            let sent: Vec<Option<&str>> = sent.into_iter().map(Value::as_str).collect();
            prop_assert_eq!(sent, texts.iter().map(|text| Some(text.as_str())).collect::<Vec<_>>());
        }
    }

    /// No bytes, whatever they are, do more than fail.
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_request(&bytes);
        for (embedder, ..) in ALL {
            let expected = Expected { embedder, texts: 1, encoding: VectorEncoding::Base64, tokens: None };
            let _ = decode_answer(&bytes, &expected);
        }
    }
}
