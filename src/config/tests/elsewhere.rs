//! Models that stand in for others.

use super::super::compiled::elsewhere::{Alternative, Elsewhere};
use super::super::{Gateway, parse as parsed};
use crate::dialect::objection::Objection;

fn parse(models: &str) -> Result<Gateway, String> {
    let text = format!(
        "version: 1
providers:
  a: {{api: openai, url: https://api.openai.com/v1}}
  b: {{api: anthropic, url: https://api.anthropic.com}}
models:
{models}"
    );
    parsed("gateway.yaml", &text)
        .map_err(|problems| problems.iter().map(|problem| format!("{problem}\n")).collect())
}

#[test]
fn a_model_knows_what_stands_in_for_it() {
    let gateway = parse(
        "  small: {context_window: 8192, on_context_overflow: large, on_content_policy: small-too,
    targets: [{provider: a, model: gpt-4o, retries: 2, timeout: 20s}]}
  small-too: {on_content_policy: small, targets: [{provider: a, model: gpt-4o, timeout: 20s}]}
  large: {targets: [{provider: b, model: claude-sonnet-4-5, retries: 0, timeout: 90s},
    {provider: a, model: gpt-4o, timeout: 20s}]}
",
    )
    .unwrap();
    let small = &gateway.policy.models["small"];
    let stand_in =
        |model: &str, attempts| Alternative { model: model.to_owned(), chain: model.to_owned(), attempts };
    let expected = Elsewhere {
        own_attempts: 3,
        window: Some(8192),
        models: [(Objection::Context, stand_in("large", 3)), (Objection::Content, stand_in("small-too", 2))]
            .into(),
    };
    assert_eq!(small.elsewhere.as_deref(), Some(&expected));
    assert_eq!(expected.attempts(), 6);
    // What is reserved, and how long an attempt may take, is for all that the request may come to.
    let targets: Vec<&str> = small.targets.iter().map(|target| target.target.model.as_str()).collect();
    assert_eq!(targets, ["gpt-4o", "claude-sonnet-4-5", "gpt-4o", "gpt-4o"]);
    assert_eq!(small.attempt_timeout_ms, 90_000);
    let large = &gateway.policy.models["large"];
    assert!(
        large.translated.iter().all(|surface| small.translated.contains(surface)),
        "{:?}",
        small.translated
    );
    assert_eq!(gateway.policy.models["large"].elsewhere, None);
}

#[test]
fn what_cannot_be_is_told() {
    let targets = "targets: [{provider: a, model: gpt-4o}]";
    for (models, expected) in [
        (
            format!("  m: {{on_context_overflow: n, {targets}}}\n"),
            "gateway.yaml:6:28: models.m.on_context_overflow: no model is named `n`\n",
        ),
        (
            format!("  m: {{on_content_policy: m, {targets}}}\n"),
            "gateway.yaml:6:26: models.m.on_content_policy: the model stands in for itself, or one that stands in for \
             it does\n",
        ),
        (
            format!(
                "  m: {{on_context_overflow: n, {targets}}}\n  n: {{on_context_overflow: m, {targets}}}\n"
            ),
            "gateway.yaml:6:28: models.m.on_context_overflow: the model stands in for itself, or one that stands in for \
             it does\n\
             gateway.yaml:7:28: models.n.on_context_overflow: the model stands in for itself, or one that stands in for \
             it does\n",
        ),
        (
            format!("  m: {{context_window: 8192, {targets}}}\n"),
            "gateway.yaml:6:23: models.m.context_window: `context_window` needs `on_context_overflow`\n",
        ),
    ] {
        assert_eq!(parse(&models).unwrap_err(), expected, "{models}");
    }
}

/// A budget in money must know the price of all that a request may come to.
#[test]
fn the_stand_in_needs_a_price_where_the_model_does() {
    let models = "  m: {on_context_overflow: n, budgets: [{usd: 1, per: day}], targets: [{provider: a, model: gpt-4o}]}
  n: {targets: [{provider: a, model: of-no-price}]}
";
    let problems = parse(models).unwrap_err();
    assert!(
        problems.starts_with("gateway.yaml:7:17: models.n.targets[0]: the budget in line 6 is in USD"),
        "{problems}"
    );
}
