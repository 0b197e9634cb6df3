//! Limits over a sustained run on the real Envoy: four workers and 64 clients, some of whom hang up at any moment, while
//! the configuration is loaded anew and a worker's machine dies. `TOLLGATE_LONG=1` makes it a minute.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client;
use crate::gateway::{Config, Gateway, KEY, OTHER_KEY};
use crate::mock::Mock;

/// What every call takes, and what is reserved for it: 8 tokens of the prompt by OpenAI's rules, and 5 of the answer.
const CALL_TOKENS: u64 = 13;
/// 8 × 2 + 5 × 8 millionths of a dollar.
const CALL_NANO_USD: u64 = 56_000;

const STEADY: u64 = 48;
const FICKLE: u64 = 16;

/// How many calls a team may make: more than it comes to, until the limit is lowered.
const PLENTY: u64 = 1_000_000;
/// How many calls are left when it is.
const ROOM: u64 = 200;

pub(crate) fn is_long() -> bool {
    std::env::var_os("TOLLGATE_LONG").is_some()
}

/// Budgets of so many calls, in tokens and in money.
fn budgets(calls: u64) -> Value {
    let nano_dollars = calls * CALL_NANO_USD;
    let dollars = format!("{}.{:09}", nano_dollars / 1_000_000_000, nano_dollars % 1_000_000_000);
    json!([{"tokens": calls * CALL_TOKENS, "per": "month"}, {"usd": dollars, "per": "total"}])
}

fn body(model: &str) -> String {
    json!({"model": model, "max_tokens": 5, "messages": [{"role": "user", "content": "hello"}]}).to_string()
}

/// The request as it goes over the wire.
fn written(key: &str, model: &str) -> Vec<u8> {
    let body = body(model);
    let length = body.len();
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The status of a call, if it came to one.
fn status(address: SocketAddr, request: &[u8]) -> Option<u16> {
    let mut stream = client::connect(address);
    stream.write_all(request).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    String::from_utf8(answer).ok()?.split(' ').nth(1)?.parse().ok()
}

/// What became of the calls of those who wait for their answers.
#[derive(Default)]
struct Fates {
    answered: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

impl Fates {
    /// Counts a call; says whether there may be room for another.
    fn count(&self, status: Option<u16>) -> bool {
        let fate = match status {
            Some(200) => &self.answered,
            Some(429) => &self.refused,
            _ => &self.failed,
        };
        fate.fetch_add(1, Ordering::Relaxed);
        status != Some(429)
    }
}

/// All clients call for so long; in the middle of it something happens.
fn run(gateway: &Gateway, fates: &Fates, time: Duration, happens: impl FnOnce()) {
    let end = Instant::now() + time;
    thread::scope(|scope| {
        for _ in 0..STEADY {
            scope.spawn(|| {
                let request = written(KEY, "chat");
                while Instant::now() < end {
                    let _ = fates.count(status(gateway.address, &request));
                }
            });
        }
        for number in 0..FICKLE {
            scope.spawn(move || {
                let (request, mut state) = (written(OTHER_KEY, "fickle"), number);
                while Instant::now() < end {
                    let mut stream = client::connect(gateway.address);
                    let _ = stream.write_all(&request);
                    // Numerical Recipes' generator: somewhere in the ten milliseconds that an answer takes.
                    state = (state * 1_664_525 + 1_013_904_223) % (1 << 32);
                    thread::sleep(Duration::from_micros(state % 10_000));
                }
            });
        }
        thread::sleep(time / 2);
        happens();
    });
}

/// What is used and reserved of a team's budget in `unit`.
fn standing(gateway: &Gateway, key: &str, unit: &str) -> (Value, Value) {
    let report = gateway.get("/v1/usage", key).json();
    let scopes = report["scopes"].as_array().unwrap().iter();
    let mut limits = scopes
        .filter(|scope| scope["scope"].as_str().unwrap().starts_with("team "))
        .flat_map(|scope| scope["limits"].as_array().unwrap());
    let limit = limits.find(|limit| limit["unit"] == unit).unwrap_or_else(|| panic!("{report}"));
    (limit["used"].clone(), limit["reserved"].clone())
}

/// How many calls a team has used up, when all are settled: by its tokens and by its money, which must agree.
fn calls(gateway: &Gateway, key: &str) -> u64 {
    gateway.wait_until("everything is settled", |gateway| standing(gateway, key, "tokens").1 == 0);
    let tokens = standing(gateway, key, "tokens").0.as_u64().unwrap();
    assert_eq!(tokens % CALL_TOKENS, 0, "{tokens}");
    let calls = tokens / CALL_TOKENS;
    let dollars: f64 = standing(gateway, key, "usd").0.as_str().unwrap().parse().unwrap();
    let nano_dollars = (dollars * 1e9).round() as u64;
    assert_eq!(nano_dollars, calls * CALL_NANO_USD, "the money is that of {calls} calls");
    calls
}

#[test]
fn no_limit_is_overshot_in_a_sustained_run() {
    let time = if is_long() { Duration::from_secs(30) } else { Duration::from_secs(2) };
    let mock = Mock::start();
    let answer = json!({"prompt_tokens": 8, "completion_tokens": 5, "latency_ms": 5});
    let mut config = Config::new(&[("mock", mock.url("steady")), ("other", mock.url("fickle"))])
        .model("chat", &[("mock", "gpt-4o", 0)])
        .model("fickle", &[("other", "gpt-4o", 0)]);
    for instance in ["steady", "fickle"] {
        mock.behave(instance, &answer);
    }
    config.0["workers"] = json!(4);
    config.0["prices"] = json!({"gpt-4o": {"input": 2, "output": 8}});
    config.0["reservations"] = json!({"lease": "5s"});
    config.0["organisation"] = json!({"budgets": [{"tokens": 100_000_000, "per": "day"}]});
    config.0["keys"][0]["limits"] = json!({"requests": "1000000/day", "concurrency": 1000});
    for team in ["team-a", "team-b"] {
        config.0["teams"][team]["budgets"] = budgets(PLENTY);
    }
    let module =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("target/trap/wasm32-wasip1/release/tollgate.wasm");
    let gateway = Gateway::start_with(&module, &config);
    let received = |instance: &str| mock.stats(instance)["requests"].as_u64().unwrap();

    // With a reload in the middle, which resets nothing. Those who wait for their answers are charged to the token.
    let fates = Fates::default();
    run(&gateway, &fates, time, || {
        config.0["max_request_body"] = json!("2MiB");
        gateway.configure(&config);
    });
    assert_eq!(fates.failed.load(Ordering::Relaxed), 0, "a reload fails no call");
    let answered = fates.answered.load(Ordering::Relaxed);
    assert_eq!((calls(&gateway, KEY), received("steady")), (answered, answered));
    assert!(answered > 0);

    // With a machine that dies in the middle. What it had reserved is charged; some of that never left.
    run(&gateway, &fates, time / 2, || {
        let mut stream: TcpStream = client::connect(gateway.address);
        let headers = [("x-trap", "now"), ("content-type", "application/json")];
        client::write_request(&mut stream, "POST", "/v1/chat/completions", &headers, Some(b"{}"));
        let _ = stream.read(&mut [0; 64]);
    });
    // Until the machine is back, it refuses everything; then the lease of what it had reserved is over.
    gateway.wait_until("every machine is back", |gateway| {
        (0..32).all(|_| gateway.get("/v1/usage", KEY).status == 200)
    });
    let (answered, failed) = (fates.answered.load(Ordering::Relaxed), fates.failed.load(Ordering::Relaxed));
    let used = calls(&gateway, KEY);
    let sent = received("steady");
    assert!(answered <= sent && sent <= used, "{answered} answered, {sent} sent, {used} charged");
    assert!(used <= answered + failed, "{used} charged, {answered} answered, {failed} failed");

    // Whoever hung up is charged for what was reserved at the most, and for the prompt at least.
    gateway.wait_until("the fickle are settled", |gateway| standing(gateway, OTHER_KEY, "tokens").1 == 0);
    let tokens = standing(&gateway, OTHER_KEY, "tokens").0.as_u64().unwrap();
    assert!(tokens >= received("fickle") * 8, "{tokens} for {} calls", received("fickle"));

    // With little left all call at once, until everybody is refused: not a call more than there is room for, nor less.
    config.0["teams"]["team-a"]["budgets"] = budgets(used + ROOM);
    gateway.configure(&config);
    let limited = format!("\"limit\":{}", (used + ROOM) * CALL_TOKENS);
    gateway.wait_until("the limit is lowered in every machine", |gateway| {
        (0..32).all(|_| gateway.get("/v1/usage", KEY).text().contains(&limited))
    });
    let last = Fates::default();
    thread::scope(|scope| {
        for _ in 0..STEADY + FICKLE {
            scope.spawn(|| {
                let request = written(KEY, "chat");
                while last.count(status(gateway.address, &request)) {}
            });
        }
    });
    assert_eq!((last.answered.into_inner(), last.failed.into_inner()), (ROOM, 0));
    assert_eq!((calls(&gateway, KEY), received("steady")), (used + ROOM, sent + ROOM));
}
