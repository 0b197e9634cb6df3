//! Embeddings by providers of other dialects: clients of OpenAI's API must not notice.

use serde_json::{Value, json};

use crate::gateway::{Config, Gateway, KEY, provider_key};
use crate::mock::{Mock, body};
use crate::sdk::python_with;

/// Provider, its API, its model, and a length of vectors that the model can be asked for; the models have the providers'
/// names.
const EMBEDDERS: [(&str, &str, &str, Option<u64>); 7] = [
    ("gemini", "gemini", "gemini-embedding-001", Some(768)),
    ("vertex", "vertex-gemini", "text-embedding-005", Some(256)),
    ("vertex-content", "vertex-gemini", "gemini-embedding-2", Some(1024)),
    ("titan", "bedrock", "amazon.titan-embed-text-v2:0", Some(512)),
    ("cohere", "bedrock", "cohere.embed-multilingual-v3", None),
    ("cohere-4", "bedrock", "eu.cohere.embed-v4:0", Some(256)),
    ("azure", "azure-openai", "text-embedding-3-small", Some(300)),
];

fn start(mock: &Mock) -> Gateway {
    let urls = EMBEDDERS.map(|(name, api, ..)| {
        let root = mock.root(name);
        (name, if api.starts_with("vertex") { root + "/v1/projects/p/locations/eu" } else { root })
    });
    let mut config = Config::new(&urls);
    for (name, api, model, _) in EMBEDDERS {
        config = config.model(name, &[(name, model, 0)]);
        config.0["providers"][name]["api"] = api.into();
        mock.behave(name, &json!({"require_key": provider_key(name)}));
    }
    config = config.model("chain", &[("gemini", EMBEDDERS[0].2, 0), ("vertex", EMBEDDERS[1].2, 0)]);
    config.0["models"]["chain"]["surfaces"] = json!(["embeddings"]);
    config.0["redaction"] = json!({"default": "mask"});
    Gateway::start(&config)
}

fn embed(gateway: &Gateway, model: &str, more: Value) -> (u16, Value) {
    let mut request = json!({"model": model, "input": "hello there"});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut answer = gateway.post("/v1/embeddings", KEY, &request);
    (answer.status, answer.json())
}

#[test]
fn the_openai_sdk_is_served_embeddings_by_every_provider() {
    let mock = Mock::start();
    let gateway = start(&mock);
    for (name, api, model, dimensions) in EMBEDDERS {
        if api == "azure-openai" {
            continue;
        }
        let dimensions = dimensions.map(|number| number.to_string()).unwrap_or_default();
        let takes_one = if model.contains("titan") { "1" } else { "0" };
        let printed = python_with(
            "tests/e2e/sdk/openai_embeddings.py",
            &gateway,
            &[
                ("TOLLGATE_MODEL", name),
                ("TOLLGATE_DIMENSIONS", &dimensions),
                ("TOLLGATE_TAKES_ONE", takes_one),
            ],
        );
        // What Cohere's models take is told in a header, which this mock sends on command only.
        let counted = if model.contains("cohere") { "ok one 0" } else { "ok one 2" };
        assert!(printed.contains(counted) && printed.contains("ok refusals"), "{name}: {printed}");
        for entry in mock.log(name) {
            assert!(!entry.to_string().contains(KEY), "{entry}");
        }
    }
    // The same API: the bytes pass.
    assert_eq!(embed(&gateway, "azure", json!({"dimensions": 300})).0, 200);
    let paths = |name: &str| mock.log(name)[0]["path"].as_str().unwrap().to_owned();
    assert!(paths("gemini").ends_with("/v1beta/models/gemini-embedding-001:batchEmbedContents"));
    assert!(paths("vertex").ends_with("/publishers/google/models/text-embedding-005:predict"));
    assert!(paths("vertex-content").ends_with("/publishers/google/models/gemini-embedding-2:embedContent"));
    assert!(paths("titan").ends_with("/model/amazon.titan-embed-text-v2%3A0/invoke"));
    assert!(paths("azure").contains("/openai/deployments/text-embedding-3-small/embeddings?api-version="));
}

#[test]
fn what_is_embedded_is_metered_and_screened_and_its_errors_are_in_the_clients_words() {
    let mock = Mock::start();
    let gateway = start(&mock);
    let mut count = 0;
    for (name, more) in [
        ("gemini", json!({"prompt_tokens": 40})),
        ("vertex", json!({"prompt_tokens": 40})),
        ("titan", json!({"prompt_tokens": 40})),
        ("cohere", json!({"headers": {"x-amzn-bedrock-input-token-count": "40"}})),
    ] {
        mock.behave(name, &more);
        let (status, answer) = embed(&gateway, name, json!({"input": "I am ada@example.com", "user": "u-1"}));
        assert_eq!(status, 200, "{name}: {answer}");
        assert_eq!(answer["usage"], json!({"prompt_tokens": 40, "total_tokens": 40}), "{name}");
        let sent = body(mock.log(name).last().unwrap()).to_string();
        assert!(!sent.contains("ada@example.com") && !sent.contains("u-1"), "{name}: {sent}");
        count += 1;
        let line = gateway.access_log(count).pop().unwrap();
        assert_eq!((&line["input_tokens"], &line["output_tokens"]), (&json!(40), &json!(0)), "{line}");
        assert_eq!((&line["tokens_estimated"], &line["operation"]), (&json!(false), &json!("embeddings")));
    }
    assert!(gateway.metrics().contains("translation_loss"), "`user` is lost");
    mock.behave("gemini", &json!({"no_usage": true}));
    let (status, answer) = embed(&gateway, "gemini", json!({"input": "twelve bytes"}));
    assert_eq!((status, &answer["usage"]["prompt_tokens"]), (200, &json!(0)));
    let line = gateway.access_log(count + 1).pop().unwrap();
    assert_eq!(line["tokens_estimated"], true, "what is not told is estimated: {line}");
    assert!(line["input_tokens"].as_u64().unwrap() > 0, "{line}");

    for name in ["gemini", "vertex", "titan", "cohere-4"] {
        mock.behave(name, &json!({"status": 400}));
        let (status, answer) = embed(&gateway, name, json!({}));
        assert_eq!((status, &answer["error"]["type"]), (400, &json!("invalid_request_error")), "{answer}");
    }
    mock.behave("gemini", &json!({"status": 503}));
    mock.behave("vertex", &json!({}));
    let (status, answer) = embed(&gateway, "chain", json!({}));
    assert_eq!((status, answer["data"][0]["embedding"].as_array().map(Vec::len)), (200, Some(768)));
    let mut chat = gateway.chat(KEY, &crate::gateway::prompt("chain", false));
    assert_eq!(chat.status, 400);
    assert_eq!(chat.json()["error"]["code"], "endpoint_not_served");
}
