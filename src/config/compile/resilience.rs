//! What bounds the dealings with providers, and the gateway itself: times, attempts, connections, memory.
//!
//! The defaults are chosen so that nothing breaks that works: a model may think for minutes, and no bound is met before
//! the machine's own.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::super::compiled::{Model, Scheme};
use super::super::gateway::{Capacity, Ejection, HealthCheck, Host, Overload, Retrying, Upstream};
use super::super::raw;
use super::super::shape::{Located, Whole};
use super::super::units::Span;
use super::{Compiler, entries, milliseconds};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(2);
/// The least that Envoy takes: a failed attempt is mostly followed by one at another target, which need not be spared.
const BACK_OFF: Duration = Duration::from_millis(1);
const MEMORY_RANGE: RangeInclusive<u64> = 64 << 20..=1 << 40;

/// Bounds that are not met before the machine's own.
const CAPACITY: Capacity = Capacity { connections: 65_536, pending: 65_536, requests: 65_536 };
const EJECTION: Ejection = Ejection {
    failures: 5,
    failure_permille: None,
    interval: Duration::from_secs(5),
    cooldown: Duration::from_secs(30),
    longest_cooldown: Duration::from_secs(300),
};
const HEALTH_INTERVAL: Duration = Duration::from_secs(10);
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);
const CONNECTIONS: u32 = 50_000;

/// The range of a duration, and how that reads.
type Range = (RangeInclusive<Duration>, &'static str);

const fn range(from: u64, to: u64, words: &'static str) -> Range {
    (Duration::from_millis(from)..=Duration::from_millis(to), words)
}

const CONNECT_TIMEOUT_RANGE: Range = range(1, 60_000, "a duration from 1ms to 60s");
const PATIENCE_RANGE: Range = range(0, 60_000, "a duration from 0s to 60s");
const BACK_OFF_RANGE: Range = range(1, 10_000, "a duration from 1ms to 10s");
const TOTAL_TIMEOUT_RANGE: Range = range(1, 86_400_000, "a duration from 1ms to 24h");
const STALL_TIMEOUT_RANGE: Range = range(100, 3_600_000, "a duration from 100ms to 1h");
const INTERVAL_RANGE: Range = range(100, 300_000, "a duration from 100ms to 5m");
const COOLDOWN_RANGE: Range = range(100, 3_600_000, "a duration from 100ms to 1h");
const LONGEST_COOLDOWN_RANGE: Range = range(100, 86_400_000, "a duration from 100ms to 24h");
const HEALTH_INTERVAL_RANGE: Range = range(1000, 600_000, "a duration from 1s to 10m");
const HEALTH_TIMEOUT_RANGE: Range = range(10, 60_000, "a duration from 10ms to 60s");

impl Upstream {
    /// A provider that nothing else is said about.
    pub(in crate::config) const fn new(scheme: Scheme, host: Host, port: u16, ca: Option<PathBuf>) -> Self {
        let (connect_timeout, capacity, ejection) = (CONNECT_TIMEOUT, CAPACITY, EJECTION);
        Self { scheme, host, port, ca, connect_timeout, capacity, ejection, health_check: None }
    }
}

impl Compiler<'_, '_> {
    /// Adds to an upstream what its provider says of its bounds.
    pub(super) fn upstream(&mut self, raw: &raw::Provider, upstream: Upstream) -> Upstream {
        let ejection = raw.ejection.as_ref().map_or(EJECTION, |given| self.ejection(&given.value));
        Upstream {
            connect_timeout: self
                .span(raw.connect_timeout.as_ref(), &CONNECT_TIMEOUT_RANGE)
                .unwrap_or(CONNECT_TIMEOUT),
            capacity: raw.capacity.as_ref().map_or(CAPACITY, |given| capacity(&given.value)),
            ejection,
            health_check: raw.health_check.as_ref().and_then(|given| self.health_check(&given.value)),
            ..upstream
        }
    }

    fn ejection(&mut self, raw: &raw::Ejection) -> Ejection {
        let cooldown = self.span(raw.cooldown.as_ref(), &COOLDOWN_RANGE).unwrap_or(EJECTION.cooldown);
        let longest = self.span(raw.longest_cooldown.as_ref(), &LONGEST_COOLDOWN_RANGE);
        Ejection {
            failures: whole(raw.failures.as_ref(), EJECTION.failures),
            failure_permille: raw.failure_rate.as_ref().map(|rate| rate.value.0),
            interval: self.span(raw.interval.as_ref(), &INTERVAL_RANGE).unwrap_or(EJECTION.interval),
            cooldown,
            longest_cooldown: longest.unwrap_or(EJECTION.longest_cooldown).max(cooldown),
        }
    }

    fn health_check(&mut self, raw: &raw::HealthCheck) -> Option<HealthCheck> {
        let interval = self.span(raw.interval.as_ref(), &HEALTH_INTERVAL_RANGE).unwrap_or(HEALTH_INTERVAL);
        let timeout = self.span(raw.timeout.as_ref(), &HEALTH_TIMEOUT_RANGE).unwrap_or(HEALTH_TIMEOUT);
        Some(HealthCheck { path: raw.path.as_ref()?.value.0.clone(), interval, timeout })
    }

    /// How each logical model deals with failures.
    pub(super) fn retrying(&mut self, raw: &raw::Gateway) -> BTreeMap<String, Retrying> {
        let mut all = BTreeMap::new();
        for entry in entries(&raw.models) {
            let Some(Located { value: model, .. }) = &entry.value else { continue };
            let retrying = Retrying {
                patience: self.span(model.patience.as_ref(), &PATIENCE_RANGE).unwrap_or(PATIENCE),
                back_off: self.span(model.back_off.as_ref(), &BACK_OFF_RANGE).unwrap_or(BACK_OFF),
                total_timeout: self.span(model.total_timeout.as_ref(), &TOTAL_TIMEOUT_RANGE),
                stall_timeout: self.span(model.stall_timeout.as_ref(), &STALL_TIMEOUT_RANGE),
            };
            all.insert(entry.name.value.0.clone(), retrying);
        }
        all
    }

    /// What the gateway takes on.
    pub(super) fn overload(&mut self, raw: &raw::Gateway) -> Overload {
        let given = raw.overload.as_ref().map(|overload| &overload.value);
        let memory = given.and_then(|given| given.memory.as_ref());
        if let Some(memory) = memory.filter(|memory| !MEMORY_RANGE.contains(&memory.value.0)) {
            self.out_of_range(&memory.place, "a size from 64MiB to 1024GiB", &format!("{}B", memory.value.0));
        }
        Overload {
            memory: memory.map(|memory| memory.value.0),
            connections: whole(given.and_then(|given| given.connections.as_ref()), CONNECTIONS),
        }
    }

    /// A duration, when one is given; one out of range is reported.
    fn span(&mut self, given: Option<&Located<Span>>, (range, words): &Range) -> Option<Duration> {
        let span = given?;
        if !range.contains(&span.value.0) {
            self.out_of_range(&span.place, words, &format!("{}ms", span.value.0.as_millis()));
        }
        Some(span.value.0)
    }
}

/// Tells the policy what of it is the policy's to do.
pub(super) fn apply(retrying: &BTreeMap<String, Retrying>, models: &mut BTreeMap<String, Model>) {
    for (name, model) in models {
        let Some(retrying) = retrying.get(name) else { continue };
        model.patience_ms = milliseconds(retrying.patience);
        model.total_timeout_ms = retrying.total_timeout.map(milliseconds);
        model.stall_timeout_ms = retrying.stall_timeout.map(milliseconds);
    }
}

fn capacity(raw: &raw::Capacity) -> Capacity {
    Capacity {
        connections: whole(raw.connections.as_ref(), CAPACITY.connections),
        pending: whole(raw.pending.as_ref(), CAPACITY.pending),
        requests: whole(raw.requests.as_ref(), CAPACITY.requests),
    }
}

fn whole<const LEAST: u32, const MOST: u32>(
    given: Option<&Located<Whole<LEAST, MOST>>>,
    default: u32,
) -> u32 {
    given.map_or(default, |given| given.value.0)
}
