//! What an operator sees of the configuration: the compiled form of a good file, and the exact problems of a
//! bad one.

mod alerts;
mod content;
mod dialects;
mod direct;
mod elsewhere;
mod external;
mod good;
mod limits;
mod prices;
mod problems;
mod property;
mod residency;
mod resilience;
mod schema;

use super::{Gateway, parse};

/// A valid file with one of everything.
const GOOD: &str = "\
version: 1
listen: 127.0.0.1:10000
admin: 127.0.0.1:9901
workers: 2
access_log: off
max_request_body: 8MiB
credentials:
  openai: {file: secrets/openai}
providers:
  openai:
    api: openai
    url: https://api.openai.com/v1
    credential: openai
models:
  chat:
    targets:
    - {provider: openai, model: gpt-4o, retries: 2, timeout: 30s}
    - {provider: openai, model: gpt-4o-mini}
teams:
  science:
    environments: {dev: {}, prod: {}}
keys:
- id: team-a-prod
  hash: sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
  team: science
  environment: prod
  models: [chat]
  expires: 2027-01-01T00:00:00Z
  revoked: false
";

/// Parses [`GOOD`] with one passage replaced.
fn parse_with(passage: &str, replacement: &str) -> Result<Gateway, Vec<super::Problem>> {
    assert_eq!(GOOD.matches(passage).count(), 1, "{passage} must be in the file once");
    parse("gateway.yaml", &GOOD.replace(passage, replacement))
}

/// Parses [`GOOD`] with one passage replaced, which must still be valid.
fn good_with(passage: &str, replacement: &str) -> Gateway {
    parse_with(passage, replacement).unwrap_or_else(|problems| panic!("{replacement}: {problems:#?}"))
}

/// One line per problem.
fn lines(problems: &[super::Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}
