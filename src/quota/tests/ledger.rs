//! One cell: what its limits grant, and when; what crashes, reloads and clocks do to it.

use proptest::prelude::*;

use super::super::cell::{Cell, CellError, Lapse};
use super::super::ledger::{Relief, Standing, Terms, Ticket};
use super::super::limit::{Amounts, Limit, Measure, Mode, Per, Unit};
use super::super::window::Period;
use super::super::zone::Zone;
use super::{DAY, HOUR, MINUTE, NOON, SECOND, call, limit, prepaid, rate, window};

const TERMS: Terms = Terms { lease: 4 * MINUTE, lapse: Lapse::Charge };
const RETURNED: Terms = Terms { lapse: Lapse::Return, ..TERMS };
const NOTHING: Amounts =
    Amounts { requests: 0, input_tokens: 0, output_tokens: 0, money: super::NanoDollars::ZERO, calls: 0 };

fn granted(cell: &mut Cell, limits: &[Limit], amounts: &Amounts, now: u64) -> Ticket {
    cell.reserve(limits, amounts, TERMS, now).unwrap().ticket
}

fn relief(cell: &mut Cell, limits: &[Limit], amounts: &Amounts, now: u64) -> Relief {
    cell.clone().reserve(limits, amounts, TERMS, now).unwrap_err().relief
}

fn used_and_reserved(cell: &Cell, limits: &[Limit], now: u64) -> Vec<(u64, u64)> {
    cell.standings(limits, now).iter().map(|standing| (standing.used, standing.reserved)).collect()
}

#[test]
fn a_window_grants_its_amount_and_not_one_more() {
    let limits = [window(Unit::OutputTokens, Period::Day, 100)];
    let mut cell = Cell::default();
    let first = granted(&mut cell, &limits, &call(60), NOON);
    let refusal = cell.reserve(&limits, &call(41), TERMS, NOON).unwrap_err();
    assert_eq!((refusal.used, refusal.reserved, refusal.asked, refusal.amount), (0, 60, 41, 100));
    assert_eq!(refusal.relief, Relief::At(NOON + 12 * HOUR));
    let second = granted(&mut cell, &limits, &call(40), NOON);
    cell.settle(&limits, &first, &call(7), NOON);
    cell.settle(&limits, &second, &call(40), NOON);
    assert_eq!(used_and_reserved(&cell, &limits, NOON), [(47, 0)]);
    granted(&mut cell, &limits, &call(53), NOON);
    assert_eq!(relief(&mut cell, &limits, &call(1), NOON), Relief::At(NOON + 12 * HOUR));
    assert_eq!(relief(&mut cell, &limits, &call(101), NOON), Relief::Never);
    granted(&mut cell, &limits, &call(100), NOON + 12 * HOUR);
}

#[test]
fn a_refusal_by_one_limit_takes_nothing_from_the_others() {
    let limits = [window(Unit::Requests, Period::Hour, 5), prepaid(Unit::OutputTokens, 10)];
    let mut cell = Cell::default();
    let refusal = cell.reserve(&limits, &call(11), TERMS, NOON).unwrap_err();
    assert_eq!((refusal.limit, refusal.relief), (1, Relief::Never));
    assert_eq!(used_and_reserved(&cell, &limits, NOON), [(0, 0), (0, 0)]);
    granted(&mut cell, &limits, &call(10), NOON);
    assert_eq!(relief(&mut cell, &limits, &call(1), NOON + 1000 * DAY), Relief::Raise);
}

#[test]
fn the_truth_is_charged_even_beyond_the_limit_and_then_nothing_is_granted() {
    let limits = [window(Unit::OutputTokens, Period::Day, 100)];
    let mut cell = Cell::default();
    let ticket = granted(&mut cell, &limits, &call(90), NOON);
    cell.settle(&limits, &ticket, &call(130), NOON);
    assert_eq!(used_and_reserved(&cell, &limits, NOON), [(130, 0)]);
    relief(&mut cell, &limits, &call(1), NOON);
    // What takes nothing of it is not its business.
    granted(&mut cell, &limits, &call(0), NOON);
}

#[test]
fn a_bucket_says_exactly_when_there_is_enough() {
    let limits = [rate(Unit::Requests, Per::Minute, 7)];
    let mut cell = Cell::default();
    for _ in 0..7 {
        granted(&mut cell, &limits, &call(0), NOON);
    }
    // A seventh of a minute is 8571.43 ms.
    assert_eq!(relief(&mut cell, &limits, &call(0), NOON), Relief::At(NOON + 8572));
    assert_eq!(relief(&mut cell, &limits, &call(0), NOON + 8571), Relief::At(NOON + 8572));
    granted(&mut cell, &limits, &call(0), NOON + 8572);
    let two = Amounts { requests: 8, ..NOTHING };
    assert_eq!(relief(&mut cell, &limits, &two, NOON), Relief::Never);
}

#[test]
fn a_burst_is_the_size_of_the_bucket() {
    let limits = [limit(Measure::Rate { unit: Unit::Requests, per: Per::Second, burst: 3 }, 10)];
    let mut cell = Cell::default();
    for _ in 0..3 {
        granted(&mut cell, &limits, &call(0), NOON);
    }
    assert_eq!(relief(&mut cell, &limits, &call(0), NOON), Relief::At(NOON + 100));
    let [standing] = cell.standings(&limits, NOON)[..] else { panic!() };
    let resets_at = Some(NOON + 300);
    assert_eq!(standing, Standing { amount: 3, used: 3, reserved: 0, remaining: 0, resets_at });
}

#[test]
fn what_is_under_way_holds_its_part_of_a_bucket() {
    let limits = [rate(Unit::OutputTokens, Per::Minute, 60)];
    let mut cell = Cell::default();
    let first = granted(&mut cell, &limits, &call(60), NOON);
    // After a minute the bucket would be full again, but nobody knows yet what the first call takes.
    assert_eq!(relief(&mut cell, &limits, &call(1), NOON + MINUTE), Relief::At(NOON + MINUTE + SECOND));
    cell.settle(&limits, &first, &call(20), NOON + MINUTE);
    granted(&mut cell, &limits, &call(40), NOON + MINUTE);
    assert_eq!(relief(&mut cell, &limits, &call(1), NOON + MINUTE), Relief::At(NOON + MINUTE + SECOND));
}

#[test]
fn a_refund_does_not_fill_a_bucket_twice() {
    let limits = [rate(Unit::Requests, Per::Minute, 60)];
    let many = Amounts { requests: 60, ..NOTHING };
    let mut cell = Cell::default();
    let first = granted(&mut cell, &limits, &many, NOON);
    let at_once = granted(&mut cell.clone(), &limits, &many, NOON + MINUTE);
    assert_eq!(at_once.amounts(), many);
    granted(&mut cell, &limits, &many, NOON + MINUTE);
    // The first has flowed back in this minute already; the bucket stays empty.
    cell.settle(&limits, &first, &NOTHING, NOON + MINUTE);
    relief(&mut cell, &limits, &call(0), NOON + MINUTE);
    // Returned in the same moment, all of it comes back.
    let mut cell = Cell::default();
    let first = granted(&mut cell, &limits, &many, NOON);
    cell.settle(&limits, &first, &NOTHING, NOON);
    granted(&mut cell, &limits, &many, NOON);
}

#[test]
fn a_call_counts_in_the_window_in_which_it_began() {
    let limits = [window(Unit::OutputTokens, Period::Hour, 100), window(Unit::Requests, Period::Hour, 9)];
    for (actual, lapse) in [(call(100), TERMS), (call(3), TERMS), (NOTHING, TERMS), (call(3), RETURNED)] {
        let mut cell = Cell::default();
        let old = cell.reserve(&limits, &call(100), lapse, NOON + HOUR - 1).unwrap().ticket;
        let new = granted(&mut cell, &limits, &call(100), NOON + HOUR);
        let old = cell.renew(&old, lapse, NOON + HOUR + MINUTE);
        cell.settle(&limits, &old, &actual, NOON + HOUR + MINUTE);
        assert_eq!(used_and_reserved(&cell, &limits, NOON + HOUR + MINUTE), [(0, 100), (1, 0)]);
        cell.settle(&limits, &new, &call(30), NOON + HOUR + MINUTE);
        assert_eq!(used_and_reserved(&cell, &limits, NOON + HOUR + MINUTE), [(30, 0), (1, 0)]);
    }
}

#[test]
fn what_a_crash_lost_is_charged_or_returned_and_blocks_no_place() {
    let limits = [prepaid(Unit::OutputTokens, 100), limit(Measure::Concurrency, 1)];
    for (terms, used) in [(TERMS, 70), (RETURNED, 0)] {
        let mut cell = Cell::default();
        let lost = cell.reserve(&limits, &call(70), terms, NOON).unwrap().ticket;
        assert!((NOON + 4 * MINUTE..=NOON + 5 * MINUTE).contains(&lost.lapses_at()));
        assert_eq!(used_and_reserved(&cell, &limits, lost.lapses_at() - 1), [(0, 70), (0, 1)]);
        assert_eq!(relief(&mut cell, &limits, &call(1), lost.lapses_at() - 1), Relief::Release);
        assert_eq!(used_and_reserved(&cell, &limits, lost.lapses_at()), [(used, 0), (0, 0)]);
        // It was not lost after all: the truth replaces what was assumed, once.
        cell.expire(&limits, lost.lapses_at());
        cell.settle(&limits, &lost, &call(25), lost.lapses_at() + HOUR);
        assert_eq!(used_and_reserved(&cell, &limits, NOON + DAY), [(25, 0), (0, 0)]);
    }
}

#[test]
fn a_renewed_reservation_outlives_its_lease() {
    let limits = [prepaid(Unit::OutputTokens, 100), limit(Measure::Concurrency, 1)];
    let mut cell = Cell::default();
    let mut ticket = granted(&mut cell, &limits, &call(70), NOON);
    for minute in 1..60 {
        ticket = cell.renew(&ticket, TERMS, NOON + minute * MINUTE);
        assert_eq!(used_and_reserved(&cell, &limits, NOON + minute * MINUTE), [(0, 70), (0, 1)]);
    }
    // Late: it had lapsed, and is held again.
    for terms in [TERMS, RETURNED] {
        ticket = cell.renew(&ticket, terms, ticket.lapses_at() + HOUR);
        assert_eq!(used_and_reserved(&cell, &limits, ticket.lapses_at() - 1), [(0, 70), (0, 1)]);
    }
    cell.settle(&limits, &ticket, &call(1), ticket.lapses_at() - 1);
    assert_eq!(used_and_reserved(&cell, &limits, NOON + DAY), [(1, 0), (0, 0)]);
}

#[test]
fn places_are_taken_and_given_back() {
    let limits = [limit(Measure::Concurrency, 2)];
    let mut cell = Cell::default();
    let first = granted(&mut cell, &limits, &call(5), NOON);
    granted(&mut cell, &limits, &call(5), NOON);
    assert_eq!(relief(&mut cell, &limits, &call(5), NOON), Relief::Release);
    cell.settle(&limits, &first, &call(5), NOON);
    granted(&mut cell, &limits, &call(5), NOON);
    // A caller of low priority is given a smaller amount of the same counter.
    let low = [limit(Measure::Concurrency, 1)];
    let mut cell = Cell::default();
    granted(&mut cell, &low, &call(5), NOON);
    assert_eq!(relief(&mut cell, &low, &call(5), NOON), Relief::Release);
    granted(&mut cell, &limits, &call(5), NOON);
}

#[test]
fn a_reload_resets_nothing() {
    let before = [window(Unit::OutputTokens, Period::Day, 100), rate(Unit::Requests, Per::Minute, 2)];
    let mut cell = Cell::default();
    let ticket = granted(&mut cell, &before, &call(60), NOON);
    let new = window(Unit::TotalTokens, Period::Month, 1000);
    let after = [rate(Unit::Requests, Per::Minute, 4), new, window(Unit::OutputTokens, Period::Day, 200)];
    assert_eq!(used_and_reserved(&cell, &after, NOON), [(1, 0), (0, 0), (0, 60)]);
    cell.settle(&after, &ticket, &call(50), NOON);
    // A limit that is new counts from the next call on.
    assert_eq!(used_and_reserved(&cell, &after, NOON), [(1, 0), (0, 0), (50, 0)]);
    granted(&mut cell, &after[..1], &call(60), NOON);
    assert_eq!(used_and_reserved(&cell, &before, NOON), [(50, 0), (2, 0)]);
    let observed = [Limit { mode: Mode::Observe, ..before[0].clone() }];
    assert_eq!(used_and_reserved(&cell, &observed, NOON), [(50, 0)]);
}

#[test]
fn a_change_of_the_zone_waits_for_the_end_of_the_window() {
    let zoned = |zone| {
        let zone = Zone::fixed(zone).unwrap();
        [limit(Measure::Window { unit: Unit::OutputTokens, period: Period::Day, zone }, 100)]
    };
    let mut cell = Cell::default();
    let ticket = granted(&mut cell, &zoned("UTC"), &call(100), NOON);
    // In the new zone midnight is at 20:00 UTC.
    let east = zoned("+04:00");
    assert_eq!(relief(&mut cell, &east, &call(1), NOON + 9 * HOUR), Relief::At(NOON + 12 * HOUR));
    cell.settle(&east, &ticket, &NOTHING, NOON + 13 * HOUR);
    granted(&mut cell, &east, &call(100), NOON + 13 * HOUR);
    assert_eq!(relief(&mut cell, &east, &call(1), NOON + 13 * HOUR), Relief::At(NOON + 32 * HOUR));
}

#[test]
fn an_observed_limit_counts_and_never_refuses() {
    let limits = [Limit { mode: Mode::Observe, ..window(Unit::OutputTokens, Period::Day, 10) }];
    let mut cell = Cell::default();
    let grant = cell.reserve(&limits, &call(11), TERMS, NOON).unwrap();
    assert_eq!(grant.would_refuse.iter().map(|refusal| refusal.asked).collect::<Vec<_>>(), [11]);
    assert_eq!(used_and_reserved(&cell, &limits, NOON), [(0, 11)]);
    assert_eq!(cell.reserve(&limits, &call(0), TERMS, NOON).unwrap().would_refuse, []);
}

#[test]
fn an_alert_is_raised_once_in_a_window() {
    let mut limits = [window(Unit::OutputTokens, Period::Day, 100)];
    limits[0].alert_at = vec![800, 1000];
    let mut cell = Cell::default();
    let mut raised = |limits: &[Limit], tokens, now| {
        let ticket = granted(&mut cell, limits, &call(1), now);
        let alerts = cell.settle(limits, &ticket, &call(tokens), now);
        alerts.iter().map(|alert| (alert.permille, alert.used)).collect::<Vec<_>>()
    };
    assert_eq!(raised(&limits, 79, NOON), []);
    assert_eq!(raised(&limits, 1, NOON), [(800, 80)]);
    assert_eq!(raised(&limits, 5, NOON), []);
    // A smaller budget is reached at once; the larger one had only been told of its 0.8.
    limits[0].amount = 90;
    assert_eq!(raised(&limits, 4, NOON), []);
    limits[0].amount = 91;
    assert_eq!(raised(&limits, 2, NOON), [(1000, 91)]);
    assert_eq!(raised(&limits, 100, NOON + DAY), [(800, 100), (1000, 100)]);
}

#[test]
fn a_clock_that_goes_back_gives_nothing_back() {
    let limits = [window(Unit::OutputTokens, Period::Hour, 10), rate(Unit::Requests, Per::Minute, 1)];
    let mut cell = Cell::default();
    let ticket = granted(&mut cell, &limits, &call(10), NOON);
    relief(&mut cell, &limits, &call(1), NOON - HOUR);
    cell.settle(&limits, &ticket, &call(10), NOON - HOUR);
    assert_eq!(used_and_reserved(&cell, &limits, NOON - DAY), [(10, 0), (1, 0)]);
}

#[test]
fn a_cell_stays_small_however_many_calls_are_under_way() {
    let limits = [
        rate(Unit::TotalTokens, Per::Minute, u64::MAX),
        window(Unit::Money, Period::Month, u64::MAX),
        limit(Measure::Concurrency, u64::MAX),
    ];
    let mut cell = Cell::default();
    for now in (NOON..NOON + HOUR).step_by(500) {
        granted(&mut cell, &limits, &call(4096), now);
        // The lease is made shorter and longer in between, as by a reload.
        let other = Terms { lease: now % (10 * MINUTE) + 1, lapse: Lapse::Return };
        cell.reserve(&limits, &call(4096), other, now).unwrap();
    }
    let size = cell.to_bytes().len();
    assert!(size < 300, "{size}");
}

#[test]
fn bytes_that_are_no_cell_are_told_apart() {
    assert_eq!(Cell::from_bytes(&[]), Err(CellError::Truncated));
    assert_eq!(Cell::from_bytes(&[2, 0, 0, 0]), Err(CellError::UnknownVersion));
    assert_eq!(Cell::from_bytes(&[1, 0, 0, 0, 0]), Err(CellError::TrailingBytes));
    assert_eq!(Cell::from_bytes(&[1, 0, 9]), Err(CellError::Invalid));
    assert_eq!(Cell::from_bytes(&[1, 0, 0, 1, 36]), Err(CellError::Invalid));
    assert_eq!(Cell::from_bytes(&[1, 0, 0, 0]), Ok(Cell::default()));
}

proptest! {
    #[test]
    fn any_bytes_are_a_cell_or_an_error(mut bytes in prop::collection::vec(any::<u8>(), 0..200), version: bool) {
        if version && let Some(first) = bytes.first_mut() {
            *first = 1;
        }
        if let Ok(mut cell) = Cell::from_bytes(&bytes) {
            let again = Cell::from_bytes(&cell.to_bytes());
            prop_assert_eq!(again.as_ref(), Ok(&cell));
            // Nor does anything that is then done with it fail.
            let limits = [rate(Unit::Money, Per::Second, u64::MAX), window(Unit::OutputTokens, Period::Week, 9)];
            if let Ok(grant) = cell.reserve(&limits, &call(1), TERMS, NOON) {
                let ticket = cell.renew(&grant.ticket, TERMS, u64::MAX - 1);
                cell.settle(&limits, &ticket, &call(u64::MAX), u64::MAX);
            }
        }
    }
}
