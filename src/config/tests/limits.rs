//! Limits and budgets: the scopes they compile to, and what is wrong with wrong ones.

use super::super::compiled::{Counting, Priority, Queue, Reserving, Scope};
use super::super::{Gateway, parse};
use super::{GOOD, good_with, lines, parse_with};
use crate::quota::NanoDollars;
use crate::quota::cell::Lapse;
use crate::quota::limit::{Limit, Measure, Mode, Per, Unit};
use crate::quota::window::Period;
use crate::quota::zone::Zone;

/// [`GOOD`] with keys added to the virtual key in its last line.
fn with_key(added: &str) -> Gateway {
    good_with("  revoked: false\n", &format!("  {added}\n"))
}

/// Checks the problems of [`GOOD`] with a passage replaced.
fn check(passage: &str, replacement: &str, expected: &[&str]) {
    let problems = parse_with(passage, replacement).expect_err(replacement);
    let expected: Vec<_> = expected.iter().map(|line| format!("gateway.yaml:{line}")).collect();
    assert_eq!(lines(&problems), expected, "{replacement}");
}

/// Checks the problems of keys added to the virtual key, from line 29 on.
fn check_key(added: &str, expected: &[&str]) {
    check("  revoked: false\n", &format!("  {added}\n"), expected);
}

fn limit(measure: Measure, amount: u64) -> Limit {
    Limit { measure, amount, mode: Mode::Enforce, alert_at: Vec::new() }
}

fn window(unit: Unit, period: Period) -> Measure {
    Measure::Window { unit, period, zone: Zone::UTC }
}

/// The only limit of the only scope.
fn only(gateway: &Gateway) -> &Limit {
    let [Scope { limits, .. }] = &*gateway.policy.scopes else { panic!("{:#?}", gateway.policy.scopes) };
    let [limit] = limits.as_slice() else { panic!("{limits:#?}") };
    limit
}

fn names(gateway: &Gateway, places: &[usize]) -> Vec<String> {
    places.iter().map(|place| gateway.policy.scopes[*place].name.clone()).collect()
}

#[test]
fn the_limits_of_a_key_are_one_scope() {
    let gateway = with_key("limits: {requests: 1000/min, tokens: 100000/min, concurrency: 20}");
    let bucket = |unit, amount| limit(Measure::Rate { unit, per: Per::Minute, burst: amount }, amount);
    let expected = Scope {
        name: "key team-a-prod".to_owned(),
        cell: "quota/key/team-a-prod".to_owned(),
        limits: vec![
            bucket(Unit::Requests, 1000),
            bucket(Unit::TotalTokens, 100_000),
            limit(Measure::Concurrency, 20),
        ],
        models: None,
        per_user: None,
        reserved_for_high: 0,
    };
    assert_eq!(gateway.policy.scopes, [expected]);
    assert_eq!(gateway.policy.keys["team-a-prod"].scopes, [0]);
}

#[test]
fn rates() {
    let bucket = |per, burst| Measure::Rate { unit: Unit::Requests, per, burst };
    let calendar = |period| window(Unit::Requests, period);
    for (rate, expected) in [
        ("7/second", bucket(Per::Second, 7)),
        ("7/min", bucket(Per::Minute, 7)),
        ("7/hour", calendar(Period::Hour)),
        ("7/day", calendar(Period::Day)),
        ("7/week", calendar(Period::Week)),
        ("7/month", calendar(Period::Month)),
    ] {
        let gateway = with_key(&format!("limits: {{requests: {rate}}}"));
        assert_eq!(only(&gateway), &limit(expected, 7), "{rate}");
    }
    let largest = with_key("limits: {requests: 999999999999999/day}");
    assert_eq!(only(&largest).amount, 999_999_999_999_999);
    let burst = with_key("limits: {requests: 7/second, burst: 100}");
    assert_eq!(only(&burst), &limit(bucket(Per::Second, 100), 7));
    let observed = with_key("limits: {requests: 7/min, mode: observe}");
    assert_eq!(only(&observed).mode, Mode::Observe);
    for (key, unit) in [("input_tokens", Unit::InputTokens), ("output_tokens", Unit::OutputTokens)] {
        let gateway = with_key(&format!("limits: {{{key}: 7/day}}"));
        assert_eq!(only(&gateway), &limit(window(unit, Period::Day), 7), "{key}");
    }
}

#[test]
fn several_rates_for_one_unit_are_a_list() {
    let gateway = with_key("limits: [{requests: 5/second}, {requests: 100/min, mode: observe}]");
    let [scope] = &*gateway.policy.scopes else { panic!("{:#?}", gateway.policy.scopes) };
    let bucket = |per, burst| Measure::Rate { unit: Unit::Requests, per, burst };
    let observed = Limit { mode: Mode::Observe, ..limit(bucket(Per::Minute, 100), 100) };
    assert_eq!(scope.limits, [limit(bucket(Per::Second, 5), 5), observed]);
}

#[test]
fn budgets() {
    let budget = |text: &str| only(&with_key(&format!("budgets: [{{{text}}}]"))).clone();
    for (text, nanos) in [("50", 50_000_000_000), ("12.50", 12_500_000_000), ("\"0.000000001\"", 1)] {
        let expected = limit(window(Unit::Money, Period::Day), nanos);
        assert_eq!(budget(&format!("usd: {text}, per: day")), expected, "{text}");
    }
    for (key, unit) in [
        ("tokens", Unit::TotalTokens),
        ("input_tokens", Unit::InputTokens),
        ("output_tokens", Unit::OutputTokens),
        ("requests", Unit::Requests),
    ] {
        assert_eq!(budget(&format!("{key}: 9, per: week")), limit(window(unit, Period::Week), 9), "{key}");
    }
    assert_eq!(budget("tokens: 9, per: hour").measure, window(Unit::TotalTokens, Period::Hour));
    assert_eq!(budget("tokens: 9, per: month").measure, window(Unit::TotalTokens, Period::Month));
    let total = NanoDollars::from_usd("100").expect("an amount");
    assert_eq!(budget("usd: 100, per: total"), limit(Measure::Prepaid { unit: Unit::Money }, total.nanos()));
    assert_eq!(budget("usd: 1, per: day, alert_at: 0.8").alert_at, [800]);
    assert_eq!(budget("usd: 1, per: day, alert_at: [1.0, 0.8, 0.005, 1]").alert_at, [5, 800, 1000]);
    assert_eq!(budget("usd: 1, per: day, mode: observe").mode, Mode::Observe);
}

#[test]
fn a_calendar_is_that_of_the_budget_or_of_the_file() {
    let zone = |text: &str| Zone::parse(text).expect("a zone");
    let text = GOOD.replace("workers: 2\n", "workers: 2\nzone: Europe/Berlin\n").replace(
        "  revoked: false\n",
        "  limits: {requests: 9/day}\n  budgets: [{usd: 1, per: day}, {usd: 5, per: week, zone: \"-03:30\"}]\n",
    );
    let gateway = parse("gateway.yaml", &text).expect("a good file");
    let zones: Vec<_> = gateway.policy.scopes[0]
        .limits
        .iter()
        .map(|limit| match &limit.measure {
            Measure::Window { zone, .. } => zone.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(zones, [zone("Europe/Berlin"), zone("Europe/Berlin"), zone("-03:30")]);
}

/// A file in which everything that can have limits has them.
fn full() -> Gateway {
    let text = GOOD
        .replace(
            "teams:\n",
            "organisation: {name: acme, budgets: [{usd: 900, per: month}]}\n\
             users: {header: X-User-Id, cells: 64, limits: {requests: 5/min}}\nteams:\n",
        )
        .replace(
            "  science:\n    environments: {dev: {}, prod: {}}\n",
            "  science:\n    budgets: [{usd: 500, per: month}]\n    environments:\n      \
             dev: {budgets: [{usd: 50, per: day}]}\n      prod: {limits: {requests: 9/second}}\n",
        )
        .replace("  chat:\n", "  chat:\n    limits: {concurrency: 3}\n    typical_output_tokens: 77\n")
        .replace("  revoked: false\n", "  limits: [{requests: 1/second}, {tokens: 4/day, models: [chat]}]\n");
    parse("gateway.yaml", &text).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

#[test]
fn a_key_is_limited_by_all_that_it_belongs_to_the_narrowest_first() {
    let gateway = full();
    assert_eq!(
        names(&gateway, &gateway.policy.keys["team-a-prod"].scopes),
        [
            "key team-a-prod",
            "key team-a-prod for chat",
            "team science in environment prod",
            "team science",
            "organisation acme",
            "each user",
        ]
    );
    assert_eq!(names(&gateway, &gateway.policy.models["chat"].scopes), ["model chat"]);
    assert_eq!(gateway.policy.models["chat"].typical_output, 77);
    let mut cells: Vec<_> =
        gateway.policy.scopes.iter().map(|scope| (scope.cell.as_str(), scope.per_user)).collect();
    cells.sort_unstable();
    assert_eq!(
        cells,
        [
            ("quota/key/team-a-prod", None),
            ("quota/key/team-a-prod?models=chat", None),
            ("quota/model/chat", None),
            ("quota/organisation", None),
            ("quota/team/science", None),
            ("quota/team/science/env/dev", None),
            ("quota/team/science/env/prod", None),
            ("quota/user", Some(64)),
        ]
    );
    assert_eq!(gateway.policy.reserving.user_header.as_deref(), Some("x-user-id"));
}

#[test]
fn a_key_without_an_environment_is_not_limited_by_any() {
    let text =
        "  science:\n    limits: {requests: 2/min}\n    environments: {prod: {limits: {requests: 1/min}}}\n";
    let text = GOOD
        .replace("  science:\n    environments: {dev: {}, prod: {}}\n", text)
        .replace("  environment: prod\n", "");
    let gateway = parse("gateway.yaml", &text).expect("a good file");
    assert_eq!(names(&gateway, &gateway.policy.keys["team-a-prod"].scopes), ["team science"]);
}

/// Groups of models count for themselves, in whatever order they are written.
#[test]
fn limits_for_some_models_have_a_cell_of_their_own() {
    let text = GOOD
        .replace("  chat:\n", "  b:\n    targets: [{provider: openai, model: gpt-4o}]\n  chat:\n")
        .replace(
            "  revoked: false\n",
            "  limits:\n  - {requests: 1/min, models: [chat, b]}\n  - {tokens: 2/min, models: [b, chat]}\n  \
         - {requests: 3/min}\n  - {requests: 4/min, models: [b]}\n",
        );
    let gateway = parse("gateway.yaml", &text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let scopes: Vec<_> = gateway
        .policy
        .scopes
        .iter()
        .map(|scope| (scope.name.as_str(), scope.cell.as_str(), scope.limits.len(), scope.models.clone()))
        .collect();
    let models = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(
        scopes,
        [
            ("key team-a-prod", "quota/key/team-a-prod", 1, None),
            ("key team-a-prod for b", "quota/key/team-a-prod?models=b", 1, models(&["b"])),
            ("key team-a-prod for b, chat", "quota/key/team-a-prod?models=b,chat", 2, models(&["b", "chat"])),
        ]
    );
}

#[test]
fn counting_and_reserving() {
    let counting =
        |text: &str| good_with("workers: 2\n", &format!("workers: 2\ntokens: {{{text}}}\n")).policy.counting;
    assert_eq!(counting("count: always"), Counting { always: true, exact_bytes: 256 * 1024 });
    assert_eq!(
        counting("count: when_limited, exact_up_to: 16MiB"),
        Counting { always: false, exact_bytes: 16 << 20 }
    );
    let text = "workers: 2\nreservations: {lease: 5s, on_crash: return}\n";
    let expected = Reserving { lease_ms: 5000, lapse: Lapse::Return, user_header: None };
    assert_eq!(good_with("workers: 2\n", text).policy.reserving, expected);
    let text = "workers: 2\nreservations: {lease: 1h, on_crash: charge}\n";
    let expected = Reserving { lease_ms: 3_600_000, lapse: Lapse::Charge, user_header: None };
    assert_eq!(good_with("workers: 2\n", text).policy.reserving, expected);
    let users = good_with("teams:\n", "users: {limits: {requests: 5/min}}\nteams:\n");
    assert_eq!(users.policy.scopes[0].per_user, Some(1024));
}

const RATE: &str = "expected a rate such as 1000/min (periods: second, min, hour, day, week, month), found";
const UNITS: &str = "requests, tokens, input_tokens, output_tokens, concurrency";

#[test]
fn wrong_limits() {
    let requests = "29:22: keys[0].limits.requests";
    for rate in ["10", "10/minute", "0/min", "-1/min", "1.5/min", "/min", "1 / min", "1000000000000000/day"] {
        let found = if rate == "10" { "a number".to_owned() } else { format!("`{rate}`") };
        let expected = format!("{requests}: {RATE} {found}");
        check_key(&format!("limits: {{requests: {rate}}}"), &[&expected]);
    }
    check_key("limits: {}", &[&format!("29:11: keys[0].limits: expected at least one of: {UNITS}")]);
    check_key(
        "limits: [{requests: 1/min}, {mode: observe}]",
        &[&format!("29:31: keys[0].limits[1]: expected at least one of: {UNITS}")],
    );
    check_key("limits: []", &["29:11: keys[0].limits: expected at least one item, found an empty list"]);
    check_key(
        "limits: {requests: 1/min, requets: 2/min}",
        &[&format!(
            "29:29: keys[0].limits.requets: unknown key `requets`; did you mean `requests`? (expected one of: \
             {UNITS}, reserved_for_high, burst, mode, models)"
        )],
    );
    check_key(
        "limits: {concurrency: 0}",
        &["29:25: keys[0].limits.concurrency: expected a whole number from 1 to 1000000, found `0`"],
    );
    check_key(
        "limits: {concurrency: 2, mode: report}",
        &["29:34: keys[0].limits.mode: expected one of: enforce, observe, found `report`"],
    );
    let burst = "`burst` needs exactly one rate per second or minute beside it; put other rates into a mapping of \
                 their own";
    check_key(
        "limits: {requests: 1/min, tokens: 2/min, burst: 3}",
        &[&format!("29:51: keys[0].limits.burst: {burst}")],
    );
    check_key("limits: {requests: 1/day, burst: 3}", &[&format!("29:36: keys[0].limits.burst: {burst}")]);
    check_key(
        "limits: {requests: 1/min, models: [chart, chat, chat]}",
        &[
            "29:38: keys[0].limits.models[0]: no model is named `chart`; did you mean `chat`?",
            "29:51: keys[0].limits.models[2]: the model is in the list twice",
        ],
    );
    check(
        "  chat:\n",
        "  chat:\n    limits: {requests: 1/min, models: [chat]}\n",
        &[
            "16:39: models.chat.limits.models: the limits of a model hold for that model alone; leave `models` out",
        ],
    );
}

#[test]
fn wrong_budgets() {
    let units = "usd, tokens, input_tokens, output_tokens, requests";
    let usd = "expected an amount in USD above 0, such as 50 or 12.50, with at most 9 decimal places, found";
    for amount in ["0", "-1", "0.0000000001", "fifty", "$50"] {
        check_key(
            &format!("budgets: [{{usd: {amount}, per: day}}]"),
            &[&format!("29:19: keys[0].budgets[0].usd: {usd} `{amount}`")],
        );
    }
    check_key("budgets: {usd: 50, per: day}", &["29:12: keys[0].budgets: expected a list, found a mapping"]);
    check_key("budgets: [{usd: 50}]", &["29:13: keys[0].budgets[0]: missing key `per`"]);
    check_key(
        "budgets: [{per: day}]",
        &[&format!("29:13: keys[0].budgets[0]: expected exactly one of: {units}")],
    );
    check_key(
        "budgets: [{usd: 50, tokens: 9, per: day}]",
        &[&format!("29:13: keys[0].budgets[0]: expected exactly one of: {units}")],
    );
    check_key(
        "budgets: [{usd: 50, per: year}]",
        &["29:28: keys[0].budgets[0].per: expected one of: hour, day, week, month, total, found `year`"],
    );
    check_key(
        "budgets: [{tokens: 0, per: day}]",
        &["29:22: keys[0].budgets[0].tokens: expected a whole number from 1 to 999999999999999, found `0`"],
    );
    for alert in ["80", "0", "1.001", "0.8001"] {
        check_key(
            &format!("budgets: [{{usd: 50, per: day, alert_at: {alert}}}]"),
            &[&format!(
                "29:43: keys[0].budgets[0].alert_at: expected a number from 0.001 to 1 with at most 3 decimal \
                 places, found `{alert}`"
            )],
        );
    }
    check_key(
        "budgets: [{usd: 50, per: day, zone: Europe/Berln}]",
        &[
            "29:39: keys[0].budgets[0].zone: expected a time zone such as UTC, Europe/Berlin or +02:00, found \
             `Europe/Berln`",
        ],
    );
    check_key(
        "budgets: [{usd: 50, per: total, zone: UTC}]",
        &["29:41: keys[0].budgets[0].zone: `zone` says when a period begins, and `per: total` has no period"],
    );
}

/// Two amounts for one counter could not both be counted.
#[test]
fn the_same_is_limited_once_in_each_scope() {
    let already = |line| {
        format!(
            "the same unit and period is limited here already, in line {line}; there can be one amount for each"
        )
    };
    check_key(
        "limits:\n  - {requests: 5/min}\n  - {requests: 6/min, mode: observe}",
        &[&format!("31:16: keys[0].limits[1].requests: {}", already(30))],
    );
    check_key(
        "limits: {requests: 5/day}\n  budgets:\n  - {requests: 9, per: day}",
        &[&format!("31:16: keys[0].budgets[0].requests: {}", already(29))],
    );
    check_key(
        "budgets:\n  - {usd: 9, per: day, models: [chat]}\n  - {usd: 8, per: day, zone: Asia/Kolkata, models: [chat]}",
        &[&format!("31:11: keys[0].budgets[1].usd: {}", already(30))],
    );
    with_key("budgets: [{usd: 9, per: day}, {usd: 99, per: month}, {usd: 5, per: day, models: [chat]}]");
}

#[test]
fn wrong_settings() {
    check(
        "workers: 2\n",
        "workers: 2\ntokens: {exact_up_to: 1023B, count: never}\n",
        &[
            "5:23: tokens.exact_up_to: expected a size from 1KiB to 16MiB, found `1023B`",
            "5:37: tokens.count: expected one of: when_limited, always, found `never`",
        ],
    );
    check(
        "workers: 2\n",
        "workers: 2\nreservations: {lease: 4s, on_crash: forget}\n",
        &[
            "5:23: reservations.lease: expected a duration from 5s to 1h, found `4000ms`",
            "5:37: reservations.on_crash: expected one of: charge, return, found `forget`",
        ],
    );
    check(
        "teams:\n",
        "users: {header: \"x user\", cells: 0}\nteams:\n",
        &[
            "19:17: users.header: expected the name of a request header, such as x-user-id: at most 64 letters, \
             digits and `-`, found `x user`",
            "19:34: users.cells: expected a whole number from 1 to 65536, found `0`",
        ],
    );
    check(
        "workers: 2\n",
        "workers: 2\nzone: 2\n",
        &["5:7: zone: expected a time zone such as UTC, Europe/Berlin or +02:00, found a number"],
    );
}

#[test]
fn waiting_and_priorities() {
    let queue =
        |text: &str| good_with("workers: 2\n", &format!("workers: 2\nqueue: {{{text}}}\n")).policy.queue;
    assert_eq!(queue("wait: 5s"), Queue { wait_ms: 5000, length: 100 });
    assert_eq!(queue("wait: 60s, length: 7"), Queue { wait_ms: 60_000, length: 7 });
    assert_eq!(queue("length: 7"), Queue { wait_ms: 0, length: 7 });
    for (word, priority) in [("high", Priority::High), ("normal", Priority::Normal), ("low", Priority::Low)] {
        let gateway = with_key(&format!("priority: {word}"));
        assert_eq!(gateway.policy.keys["team-a-prod"].priority, priority);
    }
    let shares =
        good_with("teams:\n", "organisation: {limits: {concurrency: 20, reserved_for_high: 5}}\nteams:\n");
    assert_eq!(shares.policy.scopes[0].limits, [limit(Measure::Concurrency, 20)]);
    assert_eq!(shares.policy.scopes[0].reserved_for_high, 5);
}

#[test]
fn waiting_and_priorities_in_vain() {
    check(
        "workers: 2\n",
        "workers: 2\nqueue: {wait: 61s}\n",
        &["5:15: queue.wait: expected a duration from 0s to 60s, found `61000ms`"],
    );
    let reserved = "`reserved_for_high` keeps places of a larger `concurrency` beside it, which several keys share: \
                    not in the limits of one key";
    for limits in ["{concurrency: 5, reserved_for_high: 5}", "{requests: 1/min, reserved_for_high: 1}"] {
        let text = format!("organisation: {{limits: {limits}}}\nteams:\n");
        let column = text.find("reserved").expect("there") + "reserved_for_high: ".len() + 1;
        let expected = format!("19:{column}: organisation.limits.reserved_for_high: {reserved}");
        check("teams:\n", &text, &[&expected]);
    }
    check_key(
        "limits: {concurrency: 5, reserved_for_high: 2}",
        &[&format!("29:47: keys[0].limits.reserved_for_high: {reserved}")],
    );
}
