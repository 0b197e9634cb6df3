//! The text of an answer that policies see: what a service that is asked about answers is told of it, in the client's
//! dialect, on the very way that answers take through the gateway.

use std::rc::Rc;
use std::sync::LazyLock;

use serde_json::Value;
use tollgate::config;
use tollgate::config::compiled::content::{External, ExternalForm};
use tollgate::config::compiled::{ModelAccess, Priority};
use tollgate::dialect::translate::Dialect;
use tollgate::engine::content::answer::Restoring;
use tollgate::engine::content::external::Hearing;
use tollgate::identity::caller::Caller;
use tollgate::redact::mask::Vault;

/// A service that is asked about answers, text by text.
static SERVICE: LazyLock<External> = LazyLock::new(|| {
    let yaml = "{version: 1, providers: {p: {api: openai, url: 'http://127.0.0.1:1'}}, \
                models: {m: {targets: [{provider: p, model: m}]}}, guard: {external: \
                {url: 'http://guard.test/check', kind: http, about: [answers], streams: hold, on_error: block}}}";
    let content = config::parse("gateway.yaml", yaml).unwrap().policy.content;
    let form = ExternalForm::OpenAiModeration { model: String::new() };
    External { form, ..content.external("any").unwrap().clone() }
});

/// The texts of an answer to a client, whole or as a stream of events.
pub(crate) fn seen(client: Dialect, is_stream: bool, body: &[u8]) -> Value {
    let caller = Caller {
        key: String::new(),
        restriction: None,
        team: "any".to_owned(),
        environment: None,
        models: ModelAccess::All,
        priority: Priority::Normal,
        operator: false,
        scopes: Vec::new(),
    };
    let hearing = Hearing { to: Rc::new(SERVICE.clone()), caller: Rc::new(caller), model: String::new() };
    let mut restoring = Restoring::screened(Vault::new(), None, Some(hearing)).unwrap();
    restoring.expect(client, Some(if is_stream { "text/event-stream" } else { "application/json" }));
    restoring.relay(body, true);
    let Some(question) = restoring.take_question() else { return Value::Array(Vec::new()) };
    serde_json::from_slice::<Value>(&question.body.0).unwrap()["input"].take()
}
