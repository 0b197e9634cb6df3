//! Several scopes in a shared store: all or nothing, bounded retries, and real threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::super::cell::{CellError, Lapse};
use super::super::ledger::{Relief, Standing, Terms};
use super::super::limit::{Amounts, Limit, Measure, Per, Unit};
use super::super::store::{
    Denied, Fault, Reason, Reservation, Scope, SetError, Store, StoreFailed, Unsettled, read, renew_all,
    reserve_all, seed, settle_all, user_key,
};
use super::super::window::Period;
use super::{HOUR, MINUTE, Mishap, NOON, SECOND, Shared, call, limit, prepaid, rate, window};

const TERMS: Terms = Terms { lease: 4 * MINUTE, lapse: Lapse::Charge };

fn scope(key: &str, limits: &[Limit]) -> Scope {
    Scope { key: key.into(), limits: limits.into() }
}

fn reserve(store: &mut Shared, scopes: &[Scope], tokens: u64) -> Result<Reservation, Box<Denied>> {
    reserve_all(store, scopes, &call(tokens), TERMS, NOON, 3).map(|granted| granted.reservation)
}

/// Used and reserved of the first limit of every scope.
fn standing(store: &mut impl Store, scopes: &[Scope]) -> Vec<(u64, u64)> {
    let one = |scope: &Scope| read(store, scope).unwrap().standings(&scope.limits, NOON)[0];
    scopes.iter().map(one).map(|standing| (standing.used, standing.reserved)).collect()
}

#[test]
fn a_refusal_by_one_scope_returns_what_the_others_granted() {
    let mut store = Shared::default();
    let scopes = [
        scope("key", &[prepaid(Unit::Requests, 5), rate(Unit::Requests, Per::Minute, 1)]),
        scope("team", &[prepaid(Unit::OutputTokens, 100)]),
        scope("organisation", &[prepaid(Unit::OutputTokens, 50)]),
    ];
    let denied = reserve(&mut store, &scopes, 60).unwrap_err();
    let Reason::Refused(refusal) = denied.reason else { panic!("{denied:?}") };
    assert_eq!((denied.scope, refusal.amount, refusal.relief), (2, 50, Relief::Never));
    assert_eq!(denied.unsettled, None);
    assert_eq!(standing(&mut store, &scopes), [(0, 0), (0, 0), (0, 0)]);
    // The only request of this minute came back, too.
    let reservation = reserve(&mut store, &scopes, 50).unwrap();
    assert_eq!(standing(&mut store, &scopes), [(1, 0), (0, 50), (0, 50)]);
    assert_eq!(settle_all(&mut store, reservation, &call(20), NOON, 3).unsettled, None);
    assert_eq!(standing(&mut store, &scopes), [(1, 0), (20, 0), (20, 0)]);
}

#[test]
fn of_several_refusals_the_one_that_lasts_longest_is_named() {
    let mut store = Shared::default();
    let scopes = [
        scope("key", &[rate(Unit::OutputTokens, Per::Second, 10)]),
        scope("team", &[window(Unit::OutputTokens, Period::Day, 10)]),
        scope("organisation", &[window(Unit::OutputTokens, Period::Hour, 10)]),
    ];
    let _running = reserve(&mut store, &scopes, 10).unwrap();
    let denied = reserve(&mut store, &scopes, 5).unwrap_err();
    let Reason::Refused(refusal) = denied.reason else { panic!("{denied:?}") };
    assert_eq!((denied.scope, refusal.relief), (1, Relief::At(NOON + 12 * HOUR)));
}

#[test]
fn when_retries_run_out_nothing_is_granted_and_nothing_is_lost() {
    let scopes = [scope("key", &[prepaid(Unit::OutputTokens, 9)]), scope("team", &[prepaid(Unit::Money, 9)])];
    let faults = [(Mishap::Conflict, Fault::Contended), (Mishap::Failure, Fault::Failed)];
    for (mishap, fault) in faults {
        let mut store = Shared::default();
        scopes.iter().for_each(|scope| seed(&mut store, &scope.key).unwrap());
        // The first scope grants, the second fails in all three attempts, and so does giving back.
        store.mishaps = [None].into_iter().chain([Some(mishap); 6]).collect();
        let denied = reserve(&mut store, &scopes, 9).unwrap_err();
        assert_eq!((denied.scope, denied.reason), (1, Reason::Fault(fault)));
        store.mishaps.clear();
        assert_eq!(standing(&mut store, &scopes), [(0, 9), (0, 0)]);
        // Later, at a tick.
        let Unsettled { reservation, actual } = denied.unsettled.unwrap();
        assert_eq!(settle_all(&mut store, reservation, &actual, NOON, 3).unsettled, None);
        assert_eq!(standing(&mut store, &scopes), [(0, 0), (0, 0)]);
        // The same for a truth that could not be told.
        let reservation = reserve(&mut store, &scopes, 9).unwrap();
        store.mishaps = [Some(mishap); 3].into();
        let settled = settle_all(&mut store, reservation, &call(4), NOON, 3);
        store.mishaps.clear();
        let Unsettled { reservation, actual } = settled.unsettled.unwrap();
        assert_eq!(settle_all(&mut store, reservation, &actual, NOON, 3).unsettled, None);
        assert_eq!(standing(&mut store, &scopes), [(4, 0), (4, 0)]);
    }
}

#[test]
fn a_renewal_that_fails_can_be_tried_again() {
    let mut store = Shared::default();
    let scopes = [scope("key", &[prepaid(Unit::OutputTokens, 9)]), scope("team", &[prepaid(Unit::Money, 9)])];
    let mut reservation = reserve(&mut store, &scopes, 9).unwrap();
    let ends = reservation.lapses_at().unwrap();
    store.mishaps = [None].into_iter().chain([Some(Mishap::Conflict); 3]).collect();
    let renewed = renew_all(&mut store, &mut reservation, TERMS, NOON + 2 * MINUTE, 3);
    assert_eq!((renewed, reservation.lapses_at()), (Err(Fault::Contended), Some(ends)));
    store.mishaps.clear();
    renew_all(&mut store, &mut reservation, TERMS, NOON + 2 * MINUTE, 3).unwrap();
    assert!(reservation.lapses_at() >= Some(NOON + 6 * MINUTE));
    let _ = settle_all(&mut store, reservation, &call(1), NOON + 5 * MINUTE, 3);
    assert_eq!(standing(&mut store, &scopes), [(1, 0), (1, 0)]);
}

/// A worker that finds no cell may be late: another may have made it, and used it, in between.
#[test]
fn a_late_seed_undoes_nothing() {
    struct Late<'a>(&'a mut Shared, bool);
    impl Store for Late<'_> {
        fn get(&mut self, key: &str) -> Result<Option<(Vec<u8>, u32)>, StoreFailed> {
            if std::mem::take(&mut self.1) { Ok(None) } else { self.0.get(key) }
        }
        fn set(&mut self, key: &str, value: &[u8], version: u32) -> Result<(), SetError> {
            self.0.set(key, value, version)
        }
    }
    let mut store = Shared::default();
    let scopes = [scope("key", &[prepaid(Unit::OutputTokens, 9)])];
    let _running = reserve(&mut store, &scopes, 5).unwrap();
    seed(&mut store, "key").unwrap();
    assert_eq!(standing(&mut store, &scopes), [(0, 5)]);
    let mut late = Late(&mut store, true);
    assert!(reserve_all(&mut late, &scopes, &call(4), TERMS, NOON, 3).is_ok());
    assert_eq!(standing(&mut store, &scopes), [(0, 9)]);
}

#[test]
fn a_cell_that_cannot_be_read_grants_nothing_and_stays() {
    let mut store = Shared::default();
    store.set("key", &[77], 0).unwrap();
    let denied = reserve(&mut store, &[scope("key", &[prepaid(Unit::Money, 9)])], 1).unwrap_err();
    assert_eq!(denied.reason, Reason::Fault(Fault::Unreadable(CellError::UnknownVersion)));
    assert_eq!(store.values["key"].0, [77]);
}

#[test]
fn end_users_have_a_bounded_number_of_cells() {
    let keys: std::collections::BTreeSet<String> =
        (0..1000).map(|user| user_key("team/a", &format!("user-{user}"), 16)).collect();
    assert_eq!(keys.len(), 16);
    assert!(keys.contains("team/a#0") && keys.contains("team/a#15"));
    assert_eq!(user_key("team/a", "x", 16), user_key("team/a", "x", 16));
    assert_eq!(user_key("team/a", "x", 0), "team/a#0");
    // The key's own parts cannot be shifted against each other.
    let many = u32::MAX;
    assert_ne!(
        user_key("a", "bc", many).split('#').next_back(),
        user_key("ab", "c", many).split('#').next_back()
    );
}

/// Between the look at a cell and its swap another worker takes what is left.
#[test]
fn who_is_overtaken_looks_again() {
    struct Overtaken<'a>(&'a mut Shared, &'a [Scope], bool);
    impl Store for Overtaken<'_> {
        fn get(&mut self, key: &str) -> Result<Option<(Vec<u8>, u32)>, StoreFailed> {
            self.0.get(key)
        }
        fn set(&mut self, key: &str, value: &[u8], version: u32) -> Result<(), SetError> {
            if std::mem::take(&mut self.2) {
                assert!(reserve(self.0, self.1, 5).is_ok());
            }
            self.0.set(key, value, version)
        }
    }
    let mut store = Shared::default();
    let scopes = [scope("key", &[prepaid(Unit::OutputTokens, 9)])];
    seed(&mut store, "key").unwrap();
    let mut overtaken = Overtaken(&mut store, &scopes, true);
    let denied = reserve_all(&mut overtaken, &scopes, &call(5), TERMS, NOON, 3).unwrap_err();
    assert!(matches!(denied.reason, Reason::Refused(refusal) if refusal.reserved == 5), "{denied:?}");
    assert_eq!(standing(&mut store, &scopes), [(0, 5)]);
}

/// Four workers on the same three cells, as fast as they can.
#[test]
fn threads_never_grant_more_than_the_limit_and_lose_nothing() {
    #[derive(Clone)]
    struct Locked(Arc<Mutex<Shared>>);
    impl Store for Locked {
        fn get(&mut self, key: &str) -> Result<Option<(Vec<u8>, u32)>, StoreFailed> {
            let found = self.0.lock().unwrap().get(key);
            // Gives the others time to be faster.
            std::thread::yield_now();
            found
        }
        fn set(&mut self, key: &str, value: &[u8], version: u32) -> Result<(), SetError> {
            self.0.lock().unwrap().set(key, value, version)
        }
    }
    const TOKENS: u64 = 100_000;
    let scopes = [
        scope("key", &[window(Unit::OutputTokens, Period::Day, TOKENS), limit(Measure::Concurrency, 3)]),
        scope("team", &[window(Unit::Money, Period::Month, TOKENS + 77)]),
        scope(
            "organisation",
            &[prepaid(Unit::Requests, 2500), rate(Unit::OutputTokens, Per::Second, 1_000_000)],
        ),
    ];
    let mut store = Locked(Arc::default());
    let (spent, requests, running) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let worker = |worker: u64| {
        let mut store = store.clone();
        let mut left: Vec<Unsettled> = Vec::new();
        for turn in 0..2000_u64 {
            let now = NOON + turn / 10 * SECOND;
            let asked = 1 + (turn * 7 + worker * 13) % 300;
            // Few attempts, so that some run out.
            let granted = reserve_all(&mut store, &scopes, &call(asked), TERMS, now, 3);
            let granted = granted.map_err(|denied| left.extend(denied.unsettled));
            if let Ok(granted) = granted {
                assert!(running.fetch_add(1, Ordering::SeqCst) < 3, "three places");
                std::thread::yield_now();
                let refund = turn % 5 == 0;
                let actual = if refund { Amounts::default() } else { call(asked * (turn % 4) / 3) };
                spent.fetch_add(actual.output_tokens, Ordering::SeqCst);
                requests.fetch_add(actual.requests, Ordering::SeqCst);
                running.fetch_sub(1, Ordering::SeqCst);
                left.extend(settle_all(&mut store, granted.reservation, &actual, now, 3).unsettled);
            }
            if turn % 50 == 0 {
                left = left
                    .into_iter()
                    .filter_map(|late| {
                        settle_all(&mut store, late.reservation, &late.actual, now, 3).unsettled
                    })
                    .collect();
            }
        }
        for late in left {
            assert_eq!(
                settle_all(&mut store, late.reservation, &late.actual, NOON, u32::MAX).unsettled,
                None
            );
        }
    };
    std::thread::scope(|threads| {
        for number in 0..4 {
            threads.spawn(move || worker(number));
        }
    });
    let (spent, requests) = (spent.into_inner(), requests.into_inner());
    assert!(0 < spent && spent <= TOKENS, "{spent}");
    let mut standings = |place: usize| {
        read(&mut store, &scopes[place]).unwrap().standings(&scopes[place].limits, NOON + MINUTE)
    };
    let used =
        |of: &[Standing]| of.iter().map(|standing| (standing.used, standing.reserved)).collect::<Vec<_>>();
    assert_eq!(used(&standings(0)), [(spent, 0), (0, 0)]);
    assert_eq!(used(&standings(1)), [(spent, 0)]);
    assert_eq!(used(&standings(2)[..1]), [(requests, 0)]);
}
