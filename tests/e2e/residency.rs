//! Providers that not every key may be served by, on the real Envoy.

use serde_json::json;

use crate::gateway::{Config, Gateway, KEY, OTHER_KEY, prompt};
use crate::mock::Mock;

/// The other key's requests stay in the EU: whatever happens there, nobody else is asked.
#[test]
fn a_request_stays_where_it_must() {
    let mock = Mock::start();
    let mut config = Config::new(&["us", "eu"].map(|name| (name, mock.url(name))))
        .model("chat", &[("us", "gpt-4o", 0), ("eu", "gpt-4o", 0)])
        .model("large", &[("us", "gpt-4.1", 0), ("eu", "gpt-4.1", 0)])
        .model("abroad", &[("us", "gpt-4o", 0)]);
    for name in ["us", "eu"] {
        config.0["providers"][name]["region"] = json!(name);
    }
    config.0["models"]["chat"]["on_context_overflow"] = json!("large");
    config.0["keys"][1]["residency"] = json!(["eu"]);
    let gateway = Gateway::start(&config);
    let served = |key: &str, model: &str| {
        let mut answer = gateway.chat(key, &prompt(model, false));
        let header = |name| answer.header(name).unwrap_or_default().to_owned();
        let (provider, attempts) = (header("x-tollgate-provider"), header("x-tollgate-attempts"));
        let model = header("x-tollgate-model");
        (answer.status, model, provider, attempts, answer.json()["error"]["code"].clone())
    };
    let by = |status: u16, model: &str, provider: &str, attempts: &str| {
        (status, model.to_owned(), provider.to_owned(), attempts.to_owned(), json!(null))
    };
    assert_eq!(served(KEY, "chat"), by(200, "chat", "us", "1"));
    assert_eq!(served(OTHER_KEY, "chat"), by(200, "chat", "eu", "1"));
    let refused = gateway.chat(OTHER_KEY, &prompt("abroad", false)).json();
    assert_eq!(refused["error"]["code"], "no_permitted_provider");
    let listed = gateway.get("/v1/models", OTHER_KEY).json();
    let names: Vec<&str> =
        listed["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["chat", "large"]);

    let asked = mock.log("us").len();
    mock.behave("eu", &json!({"status": 503, "body": {"error": {"message": "down"}}}));
    assert_eq!(served(OTHER_KEY, "chat"), by(503, "chat", "eu", "1"));
    let too_long = json!({"error": {
        "message": "too long", "type": "invalid_request_error", "code": "context_length_exceeded",
    }});
    mock.behave("eu", &json!({"status": 400, "body": too_long, "times": 1}));
    assert_eq!(served(OTHER_KEY, "chat"), by(200, "large", "eu", "2"));
    assert_eq!(mock.log("us").len(), asked, "nobody abroad was asked");
}
