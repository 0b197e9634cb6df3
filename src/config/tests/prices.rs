//! What the calls of targets take: prices, vocabularies and ratios.

use super::super::compiled::ModelTarget;
use super::super::{Gateway, Problem, parse};
use super::lines;
use crate::dialect::Usage;
use crate::quota::price::{Price, Service};
use crate::tokens::Vocabulary;

/// A file with these providers' models under one logical model, and further text.
fn with(targets: &[(&str, &str)], more: &str) -> Result<Gateway, Vec<Problem>> {
    let targets: String = targets
        .iter()
        .map(|(provider, model)| format!("    - {{provider: {provider}, model: {model}}}\n"))
        .collect();
    let text = format!(
        "version: 1\nproviders:\n  openai: {{api: openai, url: https://api.openai.com/v1}}\n  \
         own: {{api: openai, url: http://llama:8000/v1}}\nmodels:\n  chat:\n    targets:\n{targets}{more}"
    );
    parse("gateway.yaml", &text)
}

fn targets(models: &[(&str, &str)], more: &str) -> Vec<ModelTarget> {
    let gateway = with(models, more).unwrap_or_else(|problems| panic!("{:#?}", lines(&problems)));
    gateway.policy.models["chat"].targets.clone()
}

fn price(provider: &str, model: &str, more: &str) -> Option<Price> {
    targets(&[(provider, model)], more).remove(0).price
}

/// What a million plain tokens each way cost.
fn cost(price: &Price) -> String {
    let usage = Usage { input: 1_000_000, output: 1_000_000, ..Usage::default() };
    price.cost(&usage, Service::Standard).to_string()
}

/// gpt-4o costs 2.50 and 10 USD per million tokens with OpenAI.
#[test]
fn a_price_is_the_stated_one_or_that_of_the_list_or_the_one_for_the_unknown() {
    let cost_of = |provider: &str, model: &str, more: &str| price(provider, model, more).as_ref().map(cost);
    assert_eq!(cost_of("openai", "gpt-4o", "").as_deref(), Some("12.50"));
    assert_eq!(cost_of("own", "gpt-4o", ""), None);
    assert_eq!(cost_of("openai", "gpt-unheard-of", ""), None);
    assert_eq!(cost_of("own", "gpt-4o", "unknown_price: refuse\n"), None);
    let unknown = "unknown_price: {input: 1, output: 2}\n";
    assert_eq!(cost_of("own", "gpt-4o", unknown).as_deref(), Some("3.00"));
    assert_eq!(cost_of("openai", "gpt-4o", unknown).as_deref(), Some("12.50"));
    let stated = "prices: {gpt-4o: {input: 0.5, output: \"1.25\"}}\n";
    assert_eq!(cost_of("own", "gpt-4o", stated).as_deref(), Some("1.75"));
    assert_eq!(cost_of("openai", "gpt-4o", stated).as_deref(), Some("1.75"));
    let both = "prices: {gpt-4o: {input: 1, output: 1}, own/gpt-4o: {input: 0, output: 0.000001}}\n";
    let both: Vec<_> = targets(&[("openai", "gpt-4o"), ("own", "gpt-4o")], both)
        .into_iter()
        .map(|target| cost(&target.price.expect("a price")))
        .collect();
    assert_eq!(both, ["2.00", "0.000001"]);
}

#[test]
fn every_part_of_a_price_can_be_stated() {
    let text = "prices:\n  m: {input: 1, output: 10, cache_read: 2, cache_write: 3, cache_write_hour: 4, \
                reasoning: 20, batch: 0.5, tiers: [{above: 1000000, input: 5, output: 50}]}\n";
    let price = price("own", "m", text).expect("a price");
    let cost = |usage: &Usage, service| price.cost(usage, service).to_string();
    let million = 1_000_000;
    let usage = Usage {
        input: million,
        cached_input: 100_000,
        cache_write_input: 100_000,
        cache_write_hour_input: 100_000,
        output: million,
        reasoning_output: 100_000,
    };
    // 0.7 × 1 + 0.1 × (2 + 3 + 4) + 0.9 × 10 + 0.1 × 20.
    assert_eq!(cost(&usage, Service::Standard), "12.60");
    assert_eq!(cost(&usage, Service::Batch), "6.30");
    let long = Usage { input: 2 * million, output: million, ..Usage::default() };
    assert_eq!(cost(&long, Service::Standard), "60.00");
    // The tier names no price of its own for what is cached, so it is that of its input.
    let cached = Usage { input: 2 * million, cached_input: 2 * million, ..Usage::default() };
    assert_eq!(cost(&cached, Service::Standard), "10.00");
}

/// What is not named costs what is charged instead, and a batch is not cheaper than anything else.
#[test]
fn a_short_price_holds_for_everything() {
    let price = price("own", "m", "prices: {m: {input: 1, output: 10}}\n").expect("a price");
    let million = 1_000_000;
    let usage = Usage {
        input: million,
        cached_input: 500_000,
        cache_write_input: 100_000,
        output: million,
        reasoning_output: 500_000,
        ..Usage::default()
    };
    assert_eq!(price.cost(&usage, Service::Standard).to_string(), "11.00");
    assert_eq!(price.cost(&usage, Service::Batch).to_string(), "11.00");
}

const KEYS: &str = "teams: {t: {}}\nkeys:\n- {id: k, hash: \"sha256:00112233445566778899aabbccddeeff0011\
                    2233445566778899aabbccddeeff\", team: t, models: [chat]";

#[test]
fn a_budget_in_money_needs_the_price_of_every_target() {
    let missing = |line: usize, budget: usize, model: &str| {
        format!(
            "gateway.yaml:{line}:7: models.chat.targets[{}]: the budget in line {budget} is in USD and no price is known \
             for `own/{model}`; state it under `prices` as {{input: …, output: …}} in USD per million tokens, or one for \
             all that are unknown as `unknown_price`",
            line - 8
        )
    };
    let models = [("openai", "gpt-4o"), ("own", "llama-3"), ("own", "llama-4")];
    let check = |more: &str, expected: &[String]| {
        let problems = with(&models, more).map_or_else(|problems| lines(&problems), |_| Vec::new());
        assert_eq!(problems, expected, "{more}");
    };
    let both = |budget| [missing(9, budget, "llama-3"), missing(10, budget, "llama-4")];
    check(&format!("{KEYS}, budgets: [{{usd: 5, per: day}}]}}\n"), &both(13));
    check(&format!("{KEYS}, budgets: [{{usd: 5, per: day, mode: observe, models: [chat]}}]}}\n"), &both(13));
    check("    budgets: [{usd: 5, per: day}]\n", &both(11));
    check(&format!("organisation:\n  budgets:\n  - {{usd: 5, per: total}}\n{KEYS}}}\n"), &both(13));
    check(&format!("users: {{budgets: [{{usd: 5, per: day}}]}}\n{KEYS}}}\n"), &both(11));
    let teams = KEYS.replace("{t: {}}", "{t: {budgets: [{usd: 5, per: day}]}}");
    check(&format!("{teams}}}\n"), &both(11));
    let environments = KEYS.replace("{t: {}}", "{t: {environments: {e: {budgets: [{usd: 5, per: day}]}}}}");
    check(&format!("{environments}, environment: e}}\n"), &both(11));
    let stated = "prices: {own/llama-3: {input: 1, output: 1}}\n";
    check(&format!("{stated}{KEYS}, budgets: [{{usd: 5, per: day}}]}}\n"), &[missing(10, 14, "llama-4")]);
    check(
        &format!("unknown_price: {{input: 1, output: 1}}\n{KEYS}, budgets: [{{usd: 5, per: day}}]}}\n"),
        &[],
    );
    // None of these can be met by a call of the model.
    check(&format!("{environments}}}\n"), &[]);
    check(&format!("{KEYS}, budgets: [{{tokens: 5, per: day}}]}}\n"), &[]);
    check("organisation: {budgets: [{usd: 5, per: day}]}\n", &[]);
    let other = "  other: {targets: [{provider: openai, model: gpt-4o}]}\n";
    check(&format!("{other}{KEYS}, budgets: [{{usd: 5, per: day, models: [other]}}]}}\n"), &[]);
    let keys = KEYS.replace("models: [chat]", "models: [other], budgets: [{usd: 5, per: day}]");
    check(&format!("{other}{keys}}}\n"), &[]);
}

#[test]
fn vocabularies_and_ratios_go_by_the_longest_prefix() {
    let text = "tokens:\n  vocabularies: {claude: cl100k_base, gpt-4o-mine: cl100k_base}\n  \
                ratios: {llama: 1.15, llama-3: 0.25, gpt-5-mine: 4}\n";
    let models =
        ["gpt-4o", "gpt-4o-mine", "claude-4", "llama-2", "meta/llama-3-70b", "mistral", "gpt-5-mine"];
    let compiled: Vec<_> = targets(&models.map(|model| ("own", model)), text)
        .into_iter()
        .map(|target| (target.vocabulary, target.ratio_permille))
        .collect();
    let (o200k, cl100k) = (Vocabulary::O200k, Vocabulary::Cl100k);
    assert_eq!(
        compiled,
        [
            (o200k, None),
            (cl100k, None),
            (cl100k, None),
            (o200k, Some(1150)),
            (o200k, Some(250)),
            (o200k, Some(1200)),
            (o200k, Some(4000)),
        ]
    );
}

#[test]
fn wrong_prices_and_prefixes() {
    let check = |more: &str, expected: &[&str]| {
        let problems = with(&[("own", "m")], more).expect_err(more);
        let expected: Vec<_> = expected.iter().map(|line| format!("gateway.yaml:{line}")).collect();
        assert_eq!(lines(&problems), expected, "{more}");
    };
    let number =
        "expected a price in USD per million tokens, such as 2.50, with at most 6 decimal places, found";
    check(
        "prices: {m: {input: -1, output: 0.0000001}}\n",
        &[
            &format!("9:21: prices.m.input: {number} `-1`"),
            &format!("9:33: prices.m.output: {number} `0.0000001`"),
        ],
    );
    check("prices: {m: {input: 1}}\n", &["9:13: prices.m: missing key `output`"]);
    check(
        "prices: {m: {input: 1, output: 1, cached: 1}}\n",
        &[
            "9:35: prices.m.cached: unknown key `cached` (expected one of: input, output, cache_read, cache_write, \
             cache_write_hour, reasoning, batch, tiers)",
        ],
    );
    check(
        "prices:\n  m:\n    input: 1\n    output: 1\n    batch: 2\n    tiers:\n    - {above: 9, input: 1, output: 1}\n    \
         - {above: 9, input: 2, output: 2}\n",
        &[
            "13:12: prices.m.batch: expected a number from 0.001 to 1 with at most 3 decimal places, found `2`",
            "16:15: prices.m.tiers[1].above: another tier is above the same number; the first is in line 15",
        ],
    );
    let unknown = "expected `refuse`, or a price such as {input: 2.50, output: 10}, found";
    check("unknown_price: free\n", &[&format!("9:16: unknown_price: {unknown} text")]);
    check("unknown_price: 1\n", &[&format!("9:16: unknown_price: {unknown} a number")]);
    check("unknown_price: {input: 1}\n", &["9:16: unknown_price: missing key `output`"]);
    check(
        "tokens: {vocabularies: {m: p50k_base}, ratios: {m: 5}}\n",
        &[
            "9:28: tokens.vocabularies.m: expected one of: o200k_base, cl100k_base, found `p50k_base`",
            "9:52: tokens.ratios.m: expected a number from 0.25 to 4 with at most 3 decimal places, found `5`",
        ],
    );
}

/// A name with a mistake in it would otherwise leave the list's price in force.
#[test]
fn what_fits_no_target_is_warned_of() {
    let text = "prices: {gpt4o: {input: 1, output: 1}, own/gpt-4o: {input: 1, output: 1}}\n\
                tokens: {vocabularies: {lama: cl100k_base, llama: cl100k_base}, ratios: {mistral: 1}}\n";
    let models = [("openai", "gpt-4o"), ("own", "llama-3")];
    let gateway = with(&models, text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(
        lines(&gateway.warnings),
        [
            "gateway.yaml:10:10: prices.gpt4o: warning: nothing refers to this price",
            "gateway.yaml:10:40: prices.\"own/gpt-4o\": warning: nothing refers to this price",
            "gateway.yaml:11:25: tokens.vocabularies.lama: warning: nothing refers to this prefix of a model's name",
            "gateway.yaml:11:74: tokens.ratios.mistral: warning: nothing refers to this prefix of a model's name",
        ]
    );
}
