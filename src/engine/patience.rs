//! How long it pays to wait for a provider that asks to be left alone for a while.
//!
//! Envoy waits before the next attempt for as long as [`WAIT_HEADER`] says, and else for a random moment only. The
//! adapter writes that field where waiting helps: when the next attempt is at the same target, and the wait is within
//! the model's patience. Otherwise the next attempt, which may be at another target, comes at once.
//!
//! A time of day (RFC 9110, section 10.2.3) is taken by the provider's own clock, as its `date` says, so that no other needs
//! to agree with it.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use super::effect::Effect;
use super::elsewhere::status_in;
use super::event::Timestamp;
use super::fields::WAIT_HEADER;
use super::headers::Headers;
use crate::config::compiled::{self, target_cluster};

/// The attempts that a chain has at each target, how long each may take, and how long each may be waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patience {
    longest: Duration,
    /// What Envoy itself gives an attempt.
    attempt: Duration,
    chances: Vec<Chance>,
}

/// What one target gets.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Chance {
    /// The name of its cluster.
    target: String,
    /// The attempts after the first.
    retries: u32,
    /// How long an attempt may take until its answer has begun.
    time: Duration,
}

impl Patience {
    /// The patience of a model.
    #[must_use]
    pub fn new(model: &compiled::Model) -> Self {
        let chances = model.targets.iter().map(|one| Chance {
            target: target_cluster(&one.target),
            retries: one.retries,
            time: Duration::from_millis(one.timeout_ms),
        });
        Self {
            longest: Duration::from_millis(model.patience_ms),
            attempt: Duration::from_millis(model.attempt_timeout_ms),
            chances: chances.collect(),
        }
    }
}

/// Whose turn it is, of one request's attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    patience: Rc<Patience>,
    /// The place of the latest attempt's target, and the attempts there so far.
    latest: Cell<(usize, u32)>,
    /// When the latest attempt began, where that was looked up.
    begun: Cell<Timestamp>,
    /// What is known of the latest attempt.
    state: Cell<State>,
    /// The attempts that failed: the places of their targets, and why.
    failed: RefCell<Vec<(usize, &'static str)>>,
}

/// What is known of an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing, and nothing will be: its answer is not looked at.
    #[default]
    Unseen,
    /// It is under way.
    Open,
    /// It was answered.
    Answered,
    /// It failed, which is noted.
    Failed,
}

/// Why an attempt failed that nobody answered: no connection, a reset, a timeout.
const NO_ANSWER: &str = "no_answer";

/// Why an attempt failed whose answer had begun well.
const BROKEN_OFF: &str = "broken_off";

/// Why an attempt failed that nobody but Envoy has seen, and that was worth another one.
const RETRIED: &str = "retried";

/// Why an attempt failed whose request another model may take (see [`super::elsewhere`]).
const OBJECTION: &str = "objection";

/// Why an attempt failed that was answered with this status: one of a closed set, since it becomes a label.
const fn reason(status: u16) -> &'static str {
    match status {
        401 | 403 => "credential",
        408 | 504 => "timeout",
        429 => "rate_limit",
        503 | 529 => "overloaded",
        400..500 => "request",
        _ => "server_error",
    }
}

impl Turns {
    /// Before the first attempt.
    #[must_use]
    pub fn new(patience: Rc<Patience>) -> Self {
        Self { patience, ..Self::default() }
    }

    /// Whether a target is one of the request's own.
    #[must_use]
    pub fn knows(&self, target: &str) -> bool {
        self.patience.chances.iter().any(|chance| chance.target == target)
    }

    /// How long an attempt at `target` may take until its answer has begun, where that is less than Envoy gives it. Of a
    /// target that is the model's own, and one of the models that stand in for it, too, once these are asked the longest.
    #[must_use]
    pub fn time(&self, target: &str, stands_in: bool) -> Option<Duration> {
        let chances = self.patience.chances.iter().filter(|chance| chance.target == target);
        let mut times = chances.map(|chance| chance.time);
        let time = if stands_in { times.max() } else { times.next() };
        time.filter(|time| *time < self.patience.attempt)
    }

    /// Whether the latest attempt has had all the time that Envoy gives it.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        /// Envoy's timers and its clock are not the same.
        const GRAIN: Duration = Duration::from_millis(2);
        let begun = self.begun.get();
        begun > Timestamp::default() && now.since(begun) + GRAIN >= self.patience.attempt
    }

    /// An attempt at `target` begins.
    pub fn begin(&self, target: &str, now: Timestamp) {
        self.close();
        self.state.set(State::Open);
        self.begun.set(now);
        let place = self.patience.chances.iter().position(|chance| chance.target == target);
        let Some(place) = place else { return };
        let (before, count) = self.latest.get();
        self.latest.set((place, if place == before { count.saturating_add(1) } else { 1 }));
    }

    /// Envoy alone has made `count` attempts at `target`. Of all but the last it is known that they failed, and no more.
    pub fn made(&self, target: &str, count: u32) {
        self.begin(target, Timestamp::default());
        let (place, _) = self.latest.get();
        let most = self.patience.chances.get(place).map_or(0, |chance| chance.retries);
        for _ in 0..count.saturating_sub(1).min(most) {
            self.note(RETRIED);
        }
    }

    /// Another attempt follows, or Envoy answers by itself: so the latest has failed, whatever it looked like.
    fn close(&self) {
        match self.state.replace(State::Unseen) {
            State::Open => self.note(NO_ANSWER),
            State::Answered => self.note(BROKEN_OFF),
            State::Unseen | State::Failed => {}
        }
    }

    fn note(&self, reason: &'static str) {
        self.failed.borrow_mut().push((self.latest.get().0, reason));
    }

    /// Notes what the reader of the attempt's answer has made of it.
    pub fn judged(&self, effects: &[Effect]) {
        let leaves = effects.iter().any(|effect| matches!(effect, Effect::GoElsewhere(_)));
        let reason = if leaves { Some(OBJECTION) } else { status_in(effects).map(reason) };
        let Some(reason) = reason else { return };
        if self.state.replace(State::Failed) == State::Failed {
            self.failed.borrow_mut().pop();
        }
        self.note(reason);
    }

    /// The attempts that failed, in order: the providers, and why; `unanswered` says that nobody answered the last.
    #[must_use]
    pub fn failed(&self, unanswered: bool) -> Vec<(String, &'static str)> {
        if unanswered {
            self.close();
        }
        let failed = std::mem::take(&mut *self.failed.borrow_mut());
        let provider =
            |place: usize| Some(self.patience.chances.get(place)?.target.split_once('/')?.0.to_owned());
        failed.into_iter().filter_map(|(place, reason)| Some((provider(place)?, reason))).collect()
    }

    /// The attempt was answered.
    pub fn answered(&self, headers: &Headers) {
        self.state.set(State::Answered);
        let status = headers.status().unwrap_or(0);
        if !(200..300).contains(&status) {
            self.state.set(State::Failed);
            self.note(reason(status));
        }
    }

    /// Where the attempt was refused for the time being, Envoy is told how long to wait.
    #[must_use]
    pub fn wait(&self, headers: &Headers) -> Option<Effect> {
        if !matches!(headers.status(), Some(429 | 503 | 529)) {
            return None;
        }
        let (place, count) = self.latest.get();
        let has_retry = self.patience.chances.get(place).is_some_and(|chance| count <= chance.retries);
        let wait = wait(headers).filter(|wait| !wait.is_zero() && *wait <= self.patience.longest);
        let wait = wait.filter(|_| has_retry)?;
        // Envoy reads whole seconds.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Some(Effect::SetResponseHeader(Cow::Borrowed(WAIT_HEADER), seconds.to_string().into_bytes()))
    }
}

/// How long a provider wants to be left alone: `retry-after-ms` (Azure and OpenAI), `retry-after` in seconds or as a time
/// of day (RFC 9110, section 10.2.3), or the reset of the limit that has nothing left (OpenAI's guide "Rate limits",
/// Anthropic's reference "Rate limits", "Response headers").
fn wait(headers: &Headers) -> Option<Duration> {
    let number = |name| headers.text(name)?.trim().parse::<f64>().ok();
    let milliseconds = || number("retry-after-ms").map(|milliseconds| milliseconds / 1000.0);
    if let Some(seconds) = milliseconds().or_else(|| number("retry-after")) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    if let Some(until) = headers.text("retry-after").and_then(date) {
        let now = headers.text("date").and_then(date)?;
        return Some(Duration::from_secs(until.saturating_sub(now)));
    }
    let resets = [
        ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
        ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ];
    let reset = |(remaining, reset)| {
        let exhausted = headers.text(remaining) == Some("0");
        headers.text(reset).filter(|_| exhausted).and_then(span)
    };
    let at = |limit: &&str| {
        let named = |part| headers.text(&format!("anthropic-ratelimit-{limit}-{part}"));
        let until = named("reset").filter(|_| named("remaining") == Some("0")).and_then(moment)?;
        Some(Duration::from_secs(until.saturating_sub(headers.text("date").and_then(date)?)))
    };
    let moments = ["requests", "tokens", "input-tokens", "output-tokens"];
    resets.into_iter().filter_map(reset).chain(moments.iter().filter_map(at)).max()
}

/// The seconds since 1970 of a time such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7). Its two obsolete
/// forms are not read: what was sent in the last decades is this one.
fn date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.split_once(", ")?;
    let mut words = rest.strip_suffix(" GMT")?.split(' ');
    let day = words.next()?;
    let name = words.next()?;
    let month = MONTHS.iter().zip(1_u64..).find_map(|(month, number)| (*month == name).then_some(number))?;
    since_epoch(words.next()?, month, day, words.next()?)
}

/// The same of a time such as `2024-11-05T12:00:30Z` (RFC 3339, section 5.6, in UTC, fractions dropped).
fn moment(text: &str) -> Option<u64> {
    let (day, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let mut parts = day.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    since_epoch(year, month, day, clock.split('.').next()?)
}

/// The seconds since 1970 of a day and a time of day such as `08:49:37`.
fn since_epoch(year: &str, month: u64, day: &str, clock: &str) -> Option<u64> {
    let year: u64 = year.parse().ok().filter(|year| (1970..10_000).contains(year))?;
    let month = Some(month).filter(|month| (1..=12).contains(month))?;
    let day: u64 = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    let mut clock = clock.split(':').map(|part| part.parse::<u64>().ok().filter(|part| *part <= 60));
    let seconds = (0..3).try_fold(0, |sum, _| Some(sum * 60 + clock.next()??))?;
    // Years from March on, so that the leap day is the last: Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day;
    Some(days.checked_sub(719_469)? * 86_400 + seconds)
}

/// A duration as OpenAI writes the resets of its limits, such as `1s`, `6m0s` or `1h2m3.5s` or `20ms`.
fn span(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let units = [("ms", 0.001), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];
        let (scale, tail) = units.iter().find_map(|(unit, scale)| Some((scale, tail.strip_prefix(unit)?)))?;
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * scale).ok()?;
        total = total.checked_add(part)?;
        rest = tail;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The target `a/m` has one retry, and `b/m` none.
    fn turns() -> Turns {
        let chance = |target: &str, retries, seconds| Chance {
            target: target.to_owned(),
            retries,
            time: Duration::from_secs(seconds),
        };
        let chances = vec![chance("a/m", 1, 10), chance("b/m", 0, 20), chance("b/m", 0, 30)];
        let (longest, attempt) = (Duration::from_secs(2), Duration::from_secs(30));
        Turns::new(Rc::new(Patience { longest, attempt, chances }))
    }

    const AT: Timestamp = Timestamp::from_nanoseconds(1);

    fn told(turns: &Turns, fields: &[(&str, &str)]) -> Option<String> {
        match turns.wait(&fields.iter().copied().collect())? {
            Effect::SetResponseHeader(name, value) if name == WAIT_HEADER => String::from_utf8(value).ok(),
            _ => None,
        }
    }

    #[test]
    fn envoy_waits_for_the_same_target_within_the_patience() {
        let told_first = |fields: &[(&str, &str)]| {
            let turns = turns();
            turns.begin("a/m", AT);
            told(&turns, fields)
        };
        let limited = (":status", "429");
        for (field, value, expected) in [
            ("retry-after", "1", Some("1")),
            ("retry-after", "2", Some("2")),
            ("retry-after", "3", None),
            ("retry-after", "0", None),
            ("retry-after", "-1", None),
            ("retry-after", "NaN", None),
            ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("retry-after-ms", "1500", Some("2")),
            ("retry-after-ms", "250", Some("1")),
            ("x-request-id", "1", None),
        ] {
            assert_eq!(told_first(&[limited, (field, value)]).as_deref(), expected, "{field}: {value}");
        }
        assert_eq!(told_first(&[(":status", "500"), ("retry-after", "1")]), None);
        assert_eq!(told_first(&[(":status", "529"), ("retry-after", "1")]).as_deref(), Some("1"));
        // By the provider's own clock.
        let at = |date, until| told_first(&[limited, ("date", date), ("retry-after", until)]);
        let (now, soon) = ("Wed, 21 Oct 2026 07:27:59 GMT", "Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(at(now, soon).as_deref(), Some("1"));
        assert_eq!(at(soon, soon), None);
        assert_eq!(at(soon, now), None);
        assert_eq!(at("Wed, 21 Oct 2026 07:00:00 GMT", soon), None);
        assert_eq!(at("today", soon), None);
        // The more precise of two.
        let both = [limited, ("retry-after", "2"), ("retry-after-ms", "900")];
        assert_eq!(told_first(&both).as_deref(), Some("1"));
    }

    /// The first is the example of RFC 9110, section 5.6.7; the others are by GNU date.
    #[test]
    fn times_of_day_are_read() {
        assert_eq!(date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(date("Thu, 29 Feb 2024 23:59:59 GMT"), Some(1_709_251_199));
        assert_eq!(date("Fri, 01 Mar 2024 00:00:00 GMT"), Some(1_709_251_200));
        for text in [
            "",
            "soon",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    /// The fields and their form are those of OpenAI's guide, "Rate limits".
    #[test]
    fn the_reset_of_the_exhausted_limit_counts() {
        let turns = turns();
        turns.begin("a/m", AT);
        let fields = |remaining, reset| {
            [
                (":status", "429"),
                ("x-ratelimit-remaining-requests", "59"),
                ("x-ratelimit-reset-requests", "6m0s"),
                ("x-ratelimit-remaining-tokens", remaining),
                ("x-ratelimit-reset-tokens", reset),
            ]
        };
        assert_eq!(told(&turns, &fields("0", "1s")).as_deref(), Some("1"));
        assert_eq!(told(&turns, &fields("0", "20ms")).as_deref(), Some("1"));
        assert_eq!(told(&turns, &fields("0", "1m2s")), None);
        assert_eq!(told(&turns, &fields("0", "soon")), None);
        assert_eq!(told(&turns, &fields("1000", "1s")), None);
    }

    #[test]
    fn failed_attempts_are_known_with_their_reasons() {
        let turns = turns();
        let answer = |status| turns.answered(&[(":status", status)].into_iter().collect());
        turns.begin("a/m", AT);
        turns.begin("a/m", AT);
        answer("529");
        turns.begin("b/m", AT);
        answer("200");
        let status = |status: &[u8]| Effect::SetResponseHeader(Cow::Borrowed(":status"), status.to_vec());
        turns.judged(&[status(b"502")]);
        turns.begin("b/m", AT);
        answer("400");
        turns.judged(&[Effect::GoElsewhere(Vec::new()), status(b"429")]);
        turns.begin("a/m", AT);
        answer("200");
        turns.begin("a/m", AT);
        let told = |failed: Vec<(String, &'static str)>| {
            failed.into_iter().map(|(provider, reason)| format!("{provider}:{reason}")).collect::<Vec<_>>()
        };
        assert_eq!(
            told(turns.failed(true)),
            ["a:no_answer", "a:overloaded", "b:server_error", "b:objection", "a:broken_off", "a:no_answer"]
        );
        // What serves in the end has not failed.
        turns.begin("a/m", AT);
        answer("200");
        assert!(turns.failed(false).is_empty());
        // Attempts that Envoy has made alone, no more of them than there can be.
        for (count, answered, unanswered) in [
            (0, &["a:overloaded"][..], &["a:no_answer"][..]),
            (1, &["a:overloaded"], &["a:no_answer"]),
            (2, &["a:retried", "a:overloaded"], &["a:retried", "a:no_answer"]),
            (u32::MAX, &["a:retried", "a:overloaded"], &["a:retried", "a:no_answer"]),
        ] {
            let turns = self::turns();
            turns.made("a/m", count);
            assert_eq!(told(turns.failed(true)), unanswered, "{count}");
            turns.made("a/m", count);
            turns.answered(&[(":status", "503")].into_iter().collect());
            assert_eq!(told(turns.failed(false)), answered, "{count}");
        }
    }

    /// The fields of Anthropic's reference, "Rate limits", "Response headers".
    #[test]
    fn a_limit_with_nothing_left_says_when_there_is_more() {
        let told_first = |remaining: &str, reset: &str| {
            let turns = turns();
            turns.begin("a/m", AT);
            let fields = [
                (":status", "429"),
                ("date", "Tue, 05 Nov 2024 11:59:59 GMT"),
                ("anthropic-ratelimit-requests-remaining", "41"),
                ("anthropic-ratelimit-requests-reset", "2024-11-05T12:00:00Z"),
                ("anthropic-ratelimit-input-tokens-remaining", remaining),
                ("anthropic-ratelimit-input-tokens-reset", reset),
            ];
            told(&turns, &fields)
        };
        assert_eq!(told_first("0", "2024-11-05T12:00:01Z").as_deref(), Some("2"));
        for (remaining, reset) in [
            ("1000", "2024-11-05T12:00:01Z"),
            ("0", "2024-11-05T12:01:00Z"),
            ("0", "soon"),
            ("0", "2024-13-05T12:00:01Z"),
        ] {
            assert_eq!(told_first(remaining, reset), None, "{remaining} {reset}");
        }
    }

    #[test]
    fn it_is_known_whose_time_is_over() {
        let turns = turns();
        assert_eq!(turns.time("a/m", false), Some(Duration::from_secs(10)));
        assert_eq!(turns.time("b/m", false), Some(Duration::from_secs(20)));
        // Envoy sees to that.
        assert_eq!((turns.time("b/m", true), turns.time("c/m", false)), (None, None));
        let at = |seconds: u64| Timestamp::from_nanoseconds(seconds * 1_000_000_000);
        turns.begin("b/m", at(5));
        assert!(!turns.is_overdue(at(34)) && turns.is_overdue(at(35)));
        // Nobody has looked at the clock.
        turns.begin("b/m", Timestamp::default());
        assert!(!turns.is_overdue(at(1000)));
    }

    #[test]
    fn nobody_waits_for_a_target_whose_turns_are_over() {
        let turns = turns();
        let limited = [(":status", "429"), ("retry-after", "1")];
        for (target, expected) in [("a/m", Some("1")), ("a/m", None), ("b/m", None)] {
            turns.begin(target, AT);
            assert_eq!(told(&turns, &limited).as_deref(), expected, "{target}");
        }
    }
}
