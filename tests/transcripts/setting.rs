//! What the stories play with: the keys, and the gateway that all of them are told of.

use tollgate::config;
use tollgate::observe::secret::KeyHash;

pub(crate) const KEY: &str = "tg-team-a-prod-PHdrJdTB9MBQKhYItCS9oFXx4mTA6amTUc6T7tPg2cJ";
pub(crate) const BUSY_KEY: &str = "tg-busy-Qx7LmN2vRt9KpW4sYd6HcJ8fGb3ZaE5uTo1iXrVwMkC";
pub(crate) const BRIEF_KEY: &str = "tg-brief-Lw7RtM2vQx9KpN4sYd6HcJ8fGb3ZaE5uTo1iXrVwSkB";
pub(crate) const CAREFUL_KEY: &str = "tg-careful-Lk4PzW8qXn2VbT6mRs9YcH3jFd7GaE5uKo1iQyZtMwB";
pub(crate) const WIDE_KEY: &str = "tg-wide-Hs3KtN8vRx2LpW7sYd4JcM9fGb6ZaE1uTo5iQrVwXkD";
pub(crate) const HOME_KEY: &str = "tg-home-Vb5RtM2vQx9KpN4sYd6HcJ8fGz3ZaE5uTo1iXrLwSkE";
pub(crate) const ASKED_KEY: &str = "tg-asked-Mv3TzW8qXn2VbT6mRs9YcH3jFd7GaE5uKo1iQyZtLpD";
pub(crate) const LENIENT_KEY: &str = "tg-lenient-Rk6BzW8qXn2VbT6mRs9YcH3jFd7GaE5uKo1iQyZtHsF";
pub(crate) const HEARD_KEY: &str = "tg-heard-Wd7CzN8qXn2VbT6mRs9YcH3jFd7GaE5uKo1iQyZtJsG";
pub(crate) const OPERATOR_KEY: &str = "tg-operator-Qf4DzW8qXn2VbT6mRs9YcH3jFd7GaE5uKo1iQyZtNsH";
pub(crate) const EXPIRED_KEY: &str = "tg-old-8yD248mFZSiou5cSWDKlUnyZKO4nGn94V99lwo28RYm";
pub(crate) const REVOKED_KEY: &str = "tg-stolen-3kQ9vWm2Lx7TzR5nYb8HcJ4fGd6SaP1eUo0iXyVwZtE";
pub(crate) const UNKNOWN_KEY: &str = "tg-team-a-prod-0000000000000000000000000000000000000000001";

/// Keys of clients, by owner.
pub(crate) const CLIENT_KEYS: &[(&str, &str)] = &[
    ("team-a-prod", KEY),
    ("busy", BUSY_KEY),
    ("brief", BRIEF_KEY),
    ("careful", CAREFUL_KEY),
    ("wide", WIDE_KEY),
    ("home", HOME_KEY),
    ("asked", ASKED_KEY),
    ("lenient", LENIENT_KEY),
    ("heard", HEARD_KEY),
    ("operator", OPERATOR_KEY),
    ("old", EXPIRED_KEY),
    ("stolen", REVOKED_KEY),
    ("nobody", UNKNOWN_KEY),
];

/// Keys of providers, by the credential's name.
pub(crate) const PROVIDER_KEYS: &[(&str, &str)] = &[
    ("first", "sk-first-Zm9vYmFyYmF6cXV4"),
    ("second", "sk-second-c3VyZWx5bm90cmVhbA"),
    ("anthropic", "sk-ant-YW50aHJvcGljc2VjcmV0"),
    ("azure", "azure-bWljcm9zb2Z0c2VjcmV0"),
    ("gemini", "AIza-Z2VtaW5pc2VjcmV0"),
    ("bedrock", "ABSK-YmVkcm9ja3NlY3JldA"),
];

/// The parts of an access key of AWS, by the credential's name.
pub(crate) const ACCESS_KEY: &[(&str, &str)] = &[
    ("aws-id", "AKIDEXAMPLE"),
    ("aws-secret", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    ("aws-token", "TOKENEXAMPLE/+="),
];

/// What must never be logged.
pub(crate) const PROMPT: &str = "Wie heißt die Hauptstadt?";

/// A text with names in place of the keys.
pub(crate) fn masked(text: &str) -> String {
    CLIENT_KEYS
        .iter()
        .chain(PROVIDER_KEYS)
        .chain(ACCESS_KEY)
        .fold(text.to_owned(), |text, (owner, key)| text.replace(key, &format!("{{key of {owner}}}")))
}

/// The gateway, with an adapter for everything.
pub(crate) fn gateway() -> config::Gateway {
    gateway_with("envoy: {adapter: chain}", "")
}

/// The same with adapters only where they are needed, and models that need none: one for nothing, and one with a retry for
/// plain answers.
pub(crate) fn direct_gateway() -> config::Gateway {
    gateway_with(
        "envoy: {adapter: where_needed}",
        "lone: {targets: [{provider: first, model: model-1, retries: 0, timeout: 30s}]}
  again: {targets: [{provider: first, model: model-1, retries: 1, timeout: 30s}], total_timeout: 50s}",
    )
}

fn gateway_with(envoy: &str, model: &str) -> config::Gateway {
    let hash = |key: &str| KeyHash::of(key.as_bytes());
    let more = if model.is_empty() { "" } else { ", lone, again" };
    let yaml = format!(
        "version: 1
{envoy}
max_request_body: 1KiB
queue: {{wait: 5s}}
reservations: {{at_exhaustion: cut}}
credentials:
  first: {{file: first.key}}
  second: {{file: second.key}}
  anthropic: {{file: anthropic.key}}
  azure: {{file: azure.key}}
  gemini: {{file: gemini.key}}
  bedrock: {{file: bedrock.key}}
  aws-id: {{env: AWS_ACCESS_KEY_ID}}
  aws-secret: {{env: AWS_SECRET_ACCESS_KEY}}
  aws-token: {{env: AWS_SESSION_TOKEN}}
providers:
  first: {{api: openai, url: 'https://first.test/v1', credential: first}}
  second: {{api: openai, url: 'http://second.test:8000/api/openai/v1', credential: second, region: eu}}
  open: {{api: openai, flavor: deepseek, url: 'http://127.0.0.1:8001'}}
  anthropic: {{api: anthropic, url: 'https://anthropic.test', credential: anthropic}}
  azure: {{api: azure-openai, url: 'https://azure.test', credential: azure}}
  gemini: {{api: gemini, unknown_fields: refuse, url: 'https://gemini.test/base', credential: gemini}}
  bedrock: {{api: bedrock, losses: refuse, url: 'https://bedrock.test', credential: bedrock}}
  mistral: {{api: openai, flavor: mistral, url: 'https://mistral.test/v1'}}
  aws:
    api: bedrock
    url: https://bedrock-runtime.eu-central-1.amazonaws.com
    signing: {{access_key_id: aws-id, secret_access_key: aws-secret, session_token: aws-token}}
models:
  {model}
  chat:
    targets:
    - {{provider: first, model: model-1, retries: 1, timeout: 30s}}
    - {{provider: second, model: org/a-longer-model, timeout: 30s}}
    - {{provider: open, model: m}}
  mixed:
    targets:
    - {{provider: first, model: model-1, timeout: 30s}}
    - {{provider: anthropic, model: claude-sonnet-4-5, timeout: 30s}}
    - {{provider: azure, model: gpt-4o-eu, timeout: 30s}}
    - {{provider: gemini, model: gemini-2.5-pro, timeout: 30s}}
    - {{provider: bedrock, model: 'anthropic.claude-sonnet-4-5-v1:0', timeout: 30s}}
    - {{provider: aws, model: 'eu.anthropic.claude-sonnet-4-5-v1:0', timeout: 30s}}
  brief: {{typical_output_tokens: 4, targets: [{{provider: first, model: model-1}}]}}
  narrow:
    on_context_overflow: chat
    context_window: 40
    targets: [{{provider: first, model: model-0, retries: 0}}]
  picky:
    on_content_policy: private
    targets: [{{provider: first, model: model-0, retries: 0}}, {{provider: gemini, model: gemini-2.5-pro, retries: 0}}]
  open-minded:
    on_content_policy: brief
    targets: [{{provider: gemini, model: gemini-2.5-pro, retries: 0}}]
  brisk: {{total_timeout: 10s, targets: [{{provider: first, model: model-1}}]}}
  private: {{targets: [{{provider: first, model: model-1}}]}}
  agents: {{targets: [{{provider: first, model: model-1, retries: 0}}, {{provider: mistral, model: mistral-large-latest}}]}}
  single: {{targets: [{{provider: anthropic, model: claude-sonnet-4-5}}]}}
  vectors:
    surfaces: [embeddings]
    targets:
    - {{provider: gemini, model: gemini-embedding-001}}
    - {{provider: aws, model: 'amazon.titan-embed-text-v2:0'}}
teams:
  team-a: {{environments: {{prod: {{}}}}}}
  careful:
    redaction: {{restore: true, types: {{CREDIT_CARD: block}}}}
    guard: {{injection: {{action: warn}}}}
  asked:
    redaction: {{}}
    guard: {{external: {{url: 'http://guard.test/check', kind: http, on_error: block}}}}
  lenient:
    guard: {{external: {{url: 'https://moderation.test/v1/moderations', kind: openai-moderation, on_error: pass}}}}
  heard:
    guard:
      structured_output: block
      external: {{url: 'http://guard.test/check', kind: http, about: [answers], on_error: block}}
keys:
- {{id: team-a-prod, hash: '{}', team: team-a, environment: prod, models: [chat, mixed{more}]}}
- {{id: busy, hash: '{}', team: team-a, models: [chat], limits: {{concurrency: 1}}}}
- {{id: brief, hash: '{}', team: team-a, models: [brief], budgets: [{{output_tokens: 70, per: day}}]}}
- {{id: careful, hash: '{}', team: careful, models: [chat, mixed], limits: {{concurrency: 1}}}}
- {{id: wide, hash: '{}', team: team-a, models: [agents, brief, chat, narrow, open-minded, picky, single, vectors]}}
- {{id: home, hash: '{}', team: team-a, models: [chat, private], residency: [eu]}}
- {{id: asked, hash: '{}', team: asked, models: [chat], limits: {{concurrency: 1}}}}
- {{id: lenient, hash: '{}', team: lenient, models: [chat]}}
- {{id: heard, hash: '{}', team: heard, models: [chat], limits: {{concurrency: 1}}}}
- {{id: operator, hash: '{}', team: team-a, models: [brisk], operator: true}}
- {{id: old, hash: '{}', team: team-a, models: [chat], expires: 2025-06-01T00:00:00Z}}
- {{id: stolen, hash: '{}', team: team-a, models: [chat], revoked: true}}
",
        hash(KEY),
        hash(BUSY_KEY),
        hash(BRIEF_KEY),
        hash(CAREFUL_KEY),
        hash(WIDE_KEY),
        hash(HOME_KEY),
        hash(ASKED_KEY),
        hash(LENIENT_KEY),
        hash(HEARD_KEY),
        hash(OPERATOR_KEY),
        hash(EXPIRED_KEY),
        hash(REVOKED_KEY)
    );
    config::parse("gateway.yaml", &yaml).unwrap()
}
