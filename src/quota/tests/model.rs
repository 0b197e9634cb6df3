//! Any interleaving of calls, crashes, conflicts and failures, against a model that remembers every call.
//!
//! The model is a list of calls and sums; it knows windows, and nothing of cells, leases' slots or buckets.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::cell::Lapse;
use super::super::ledger::Terms;
use super::super::limit::{Amounts, CounterId, Limit, Measure, Per, Unit};
use super::super::store::{
    Reason, Reservation, Scope, Unsettled, expire, read, renew_all, reserve_all, settle_all,
};
use super::super::window::{Period, containing};
use super::{DAY, HOUR, MINUTE, Mishap, NOON, Shared, call, limit, prepaid, rate, window};

const ATTEMPTS: u32 = 2;

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Reserve(u64),
    /// Of the n-th call under way, so many percent of what was reserved.
    Settle(usize, u64),
    Refund(usize),
    Renew(usize),
    /// Its VM crashes.
    Lose(usize),
    /// Unsettled rests are tried again.
    Tick,
    Expire(usize),
}

/// What the model knows of a call in one of its scopes.
#[derive(Clone, Debug)]
struct Entry {
    made_at: u64,
    reserved: Amounts,
    ends: u64,
    /// What it took in truth, and when that was charged.
    settled: Option<(Amounts, u64)>,
}

struct Model {
    lapse: Lapse,
    now: u64,
    entries: BTreeMap<(usize, String), Entry>,
}

impl Model {
    fn of_scope<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(|((_, key), _)| **key == *scope.key).map(|(_, entry)| entry)
    }

    fn has_lapsed(&self, entry: &Entry) -> bool {
        entry.ends > 0 && self.now >= entry.ends
    }

    /// What the entry counts for: used, and reserved.
    fn counts(&self, entry: &Entry, counter: CounterId) -> (u64, u64) {
        let reserved = entry.reserved.of(counter);
        match (entry.settled, counter.unit()) {
            (None, None) if self.has_lapsed(entry) => (0, 0),
            (None, None) => (0, reserved),
            (Some(_), None) => (0, 0),
            (Some((actual, _)), _) => (actual.of(counter), 0),
            (None, Some(Unit::Requests)) => (reserved, 0),
            (None, _) if !self.has_lapsed(entry) => (0, reserved),
            (None, _) if self.lapse == Lapse::Charge => (reserved, 0),
            (None, _) => (0, 0),
        }
    }

    fn sum(&self, scope: &Scope, limit: &Limit) -> (u64, u64) {
        let counted = self.of_scope(scope).filter(|entry| match &limit.measure {
            Measure::Window { period, zone, .. } => {
                containing(entry.made_at, *period, zone) == containing(self.now, *period, zone)
            }
            _ => true,
        });
        let counts = counted.map(|entry| self.counts(entry, limit.measure.counter()));
        counts.fold((0, 0), |sum, counts| (sum.0 + counts.0, sum.1 + counts.1))
    }

    /// In no stretch of time that ends now, more was taken than the bucket held and what flowed in, what is under
    /// way included.
    fn check_rate(&self, scope: &Scope, limit: &Limit) {
        let Measure::Rate { per, burst, .. } = limit.measure else { return };
        let counter = limit.measure.counter();
        let charges = || {
            self.of_scope(scope).map(|entry| {
                let at = match (entry.settled, counter.unit()) {
                    (_, Some(Unit::Requests)) => entry.made_at,
                    (Some((_, at)), _) => at,
                    (None, _) => entry.ends,
                };
                (at, self.counts(entry, counter).0)
            })
        };
        let reserved: u64 = self.of_scope(scope).map(|entry| self.counts(entry, counter).1).sum();
        for (start, _) in charges().filter(|(start, _)| *start <= self.now) {
            let taken: u64 = charges().filter(|(at, _)| *at >= start).map(|(_, amount)| amount).sum();
            let allowed = burst * per.milliseconds() + limit.amount * (self.now - start);
            assert!((taken + reserved) * per.milliseconds() <= allowed, "{limit:?} since {start}");
        }
    }
}

fn scopes() -> [Scope; 3] {
    let scope = |key: &str, limits: &[Limit]| Scope { key: key.into(), limits: limits.into() };
    [
        scope(
            "key",
            &[
                window(Unit::OutputTokens, Period::Hour, 3000),
                rate(Unit::Requests, Per::Minute, 9),
                rate(Unit::OutputTokens, Per::Minute, 1500),
                limit(Measure::Concurrency, 6),
            ],
        ),
        scope("team", &[window(Unit::Money, Period::Day, 8000), prepaid(Unit::TotalTokens, 12_000)]),
        scope(
            "organisation",
            &[window(Unit::Requests, Period::Day, 30), window(Unit::OutputTokens, Period::Week, 9000)],
        ),
    ]
}

struct World {
    store: Shared,
    scopes: [Scope; 3],
    terms: Terms,
    model: Model,
    running: Vec<(usize, Reservation)>,
    late: Vec<(usize, Unsettled)>,
    calls: usize,
    /// Whether calls may take more than was reserved.
    over: bool,
}

impl World {
    fn new(lapse: Lapse, over: bool) -> Self {
        Self {
            store: Shared::default(),
            scopes: scopes(),
            terms: Terms { lease: 4 * MINUTE, lapse },
            model: Model { lapse, now: NOON, entries: BTreeMap::new() },
            running: Vec::new(),
            late: Vec::new(),
            calls: 0,
            over,
        }
    }

    fn remember(&mut self, id: usize, reservation: &Reservation) {
        for (scope, ticket) in reservation.parts() {
            let now = self.model.now;
            let entry = self.model.entries.entry((id, scope.key.to_string())).or_insert(Entry {
                made_at: now,
                reserved: ticket.amounts(),
                ends: 0,
                settled: None,
            });
            entry.ends = ticket.lapses_at();
        }
    }

    fn reserve(&mut self, tokens: u64) {
        let asked = call(tokens);
        let now = self.model.now;
        self.calls += 1;
        match reserve_all(&mut self.store, &self.scopes, &asked, self.terms, now, ATTEMPTS) {
            Ok(granted) => {
                self.remember(self.calls, &granted.reservation);
                self.running.push((self.calls, granted.reservation));
                for scope in &self.scopes {
                    for limit in scope.limits.iter() {
                        let (used, reserved) = self.model.sum(scope, limit);
                        match limit.measure {
                            Measure::Rate { .. } if self.over || self.model.lapse == Lapse::Return => {}
                            Measure::Rate { .. } => self.model.check_rate(scope, limit),
                            _ if asked.of(limit.measure.counter()) == 0 => {}
                            _ => assert!(used + reserved <= limit.amount, "{limit:?}: {used} + {reserved}"),
                        }
                    }
                }
            }
            Err(denied) => {
                if let Reason::Refused(refusal) = denied.reason {
                    let scope = &self.scopes[denied.scope];
                    let limit = &scope.limits[refusal.limit];
                    let (used, reserved) = self.model.sum(scope, limit);
                    let is_rate = matches!(limit.measure, Measure::Rate { .. });
                    assert!(is_rate || used + reserved + refusal.asked > limit.amount, "{refusal:?}");
                }
                if let Some(unsettled) = denied.unsettled {
                    self.remember(self.calls, &unsettled.reservation);
                    self.late.push((self.calls, unsettled));
                }
            }
        }
    }

    fn settle(&mut self, id: usize, reservation: Reservation, actual: Amounts) {
        let now = self.model.now;
        let keys: Vec<String> = reservation.parts().map(|(scope, _)| scope.key.to_string()).collect();
        let settled = settle_all(&mut self.store, reservation, &actual, now, ATTEMPTS);
        for key in keys {
            let is_left =
                |unsettled: &Unsettled| unsettled.reservation.parts().any(|(scope, _)| *scope.key == *key);
            if settled.unsettled.as_ref().is_some_and(is_left) {
                continue;
            }
            let entry = &self.model.entries[&(id, key.clone())];
            let charged_before = self.model.has_lapsed(entry) && self.model.lapse == Lapse::Charge;
            let at = if charged_before { entry.ends } else { now };
            if let Some(entry) = self.model.entries.get_mut(&(id, key)) {
                entry.settled = Some((actual, at));
            }
        }
        self.late.extend(settled.unsettled.map(|unsettled| (id, unsettled)));
    }

    fn tick(&mut self) {
        for (id, unsettled) in std::mem::take(&mut self.late) {
            self.settle(id, unsettled.reservation, unsettled.actual);
        }
    }

    fn step(&mut self, step: &Step) {
        let picked = |index: &usize| index.checked_rem(self.running.len());
        match step {
            Step::Wait(milliseconds) => self.model.now += milliseconds,
            Step::Reserve(tokens) => self.reserve(*tokens),
            Step::Settle(index, percent) => {
                let Some(place) = picked(index) else { return };
                let (id, reservation) = self.running.swap_remove(place);
                let tokens = reservation.parts().next().unwrap().1.amounts().output_tokens;
                let percent = if self.over { 2 * percent } else { *percent };
                self.settle(id, reservation, call(tokens * percent / 100));
            }
            Step::Refund(index) => {
                let Some(place) = picked(index) else { return };
                let (id, reservation) = self.running.swap_remove(place);
                self.settle(id, reservation, Amounts::default());
            }
            Step::Renew(index) => {
                let Some(place) = picked(index) else { return };
                let (id, mut reservation) = self.running.swap_remove(place);
                let _ = renew_all(&mut self.store, &mut reservation, self.terms, self.model.now, ATTEMPTS);
                self.remember(id, &reservation);
                self.running.push((id, reservation));
            }
            Step::Lose(index) => {
                let Some(place) = picked(index) else { return };
                drop(self.running.swap_remove(place));
            }
            Step::Tick => self.tick(),
            Step::Expire(scope) => {
                let _ = expire(&mut self.store, &self.scopes[scope % 3], self.model.now, ATTEMPTS);
            }
        }
    }

    /// Every counter but those of rates is at every moment what the model says.
    fn check(&mut self) {
        for scope in &self.scopes {
            let cell = read(&mut self.store, scope).unwrap();
            for (limit, standing) in scope.limits.iter().zip(cell.standings(&scope.limits, self.model.now)) {
                if !matches!(limit.measure, Measure::Rate { .. }) {
                    let found = (standing.used, standing.reserved);
                    assert_eq!(found, self.model.sum(scope, limit), "{} {limit:?}", scope.key);
                }
            }
        }
    }

    /// When all is settled and lost leases are over, nothing is reserved, and buckets fill again.
    fn check_rest(&mut self) {
        self.store.mishaps.clear();
        self.tick();
        for (id, reservation) in std::mem::take(&mut self.running) {
            let actual = reservation.parts().next().unwrap().1.amounts();
            self.settle(id, reservation, actual);
        }
        assert!(self.late.is_empty());
        self.check();
        self.model.now += 5 * MINUTE;
        self.check();
        for scope in &self.scopes {
            let cell = read(&mut self.store, scope).unwrap();
            let standings = cell.standings(&scope.limits, self.model.now);
            assert!(standings.iter().all(|standing| standing.reserved == 0), "{standings:?}");
            let later = cell.standings(&scope.limits, self.model.now + 2 * DAY);
            for (limit, standing) in scope.limits.iter().zip(later) {
                if let Measure::Rate { burst, .. } = limit.measure {
                    assert_eq!(standing.remaining, burst);
                }
            }
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<(Step, Vec<Option<Mishap>>)>> {
    let step = prop_oneof![
        3 => (0..20_000_u64).prop_map(Step::Wait),
        1 => (0..5 * MINUTE).prop_map(Step::Wait),
        1 => (0..9 * HOUR).prop_map(Step::Wait),
        10 => (0..900_u64).prop_map(Step::Reserve),
        6 => (any::<usize>(), 0..=100_u64).prop_map(|(index, percent)| Step::Settle(index, percent)),
        2 => any::<usize>().prop_map(Step::Refund),
        3 => any::<usize>().prop_map(Step::Renew),
        1 => any::<usize>().prop_map(Step::Lose),
        1 => Just(Step::Tick),
        1 => any::<usize>().prop_map(Step::Expire),
    ];
    let mishap = prop_oneof![
        4 => Just(None),
        2 => Just(Some(Mishap::Conflict)),
        1 => Just(Some(Mishap::Failure)),
    ];
    let mishaps = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(mishap, 0..10)];
    prop::collection::vec((step, mishaps), 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_interleaving_exceeds_a_limit_or_loses_a_token(
        steps in steps(),
        lapse in prop_oneof![Just(Lapse::Charge), Just(Lapse::Return)],
        over: bool,
    ) {
        let mut world = World::new(lapse, over);
        for (step, mishaps) in steps {
            world.store.mishaps = mishaps.into();
            world.step(&step);
            world.store.mishaps.clear();
            world.check();
        }
        world.check_rest();
    }
}
