//! The ledger: what a cell becomes when something is reserved, settled, renewed, or lapses.
//!
//! A pure fold over [`Cell`]; the caller brings the limits, the amounts and `now` (milliseconds since the Unix
//! epoch), and stores what came out. The rules:
//!
//! - A limit grants nothing beyond its amount: used, reserved and asked together stay within it. A settlement
//!   charges the truth, even where that is more than was reserved; then nothing is granted until there is room.
//! - What is uncertain (tokens, money) is reserved first and counted as used when it settles. Requests are
//!   certain, so they are counted when they are admitted. Until it settles, a reservation holds its part of a
//!   bucket; the bucket's refill pays for what was settled only. So a rate holds for any stretch of time, and
//!   never more than the bucket is under way.
//! - A reservation counts in the window in which it was made, and so does its settlement; what settles after its
//!   window is over touches no other window.
//! - A reservation has a lease. If it is neither settled nor renewed until that ends, it lapses, as [`Lapse`]
//!   says; a place in a concurrency always becomes free. A settlement after that corrects the charge to the
//!   truth, except in a bucket, which has flowed back meanwhile: there only more than was charged still counts.
//! - Reservations with the same end are one sum, so a cell knows no single call and stays small. A [`Ticket`]
//!   says which sum is meant: it cannot be copied, and whoever settles it gives it up.
//! - Time never goes back for a cell: a clock that is behind is taken to be at the latest moment it was told.
//! - What a ticket counts in is what was limited when it was made; a limit that came later does not see it.

use super::cell::{Cell, Counter, LEASES, Lapse, Lease, State};
use super::limit::{Amounts, CounterId, Limit, Measure, Mode, Unit};
use super::window;

/// The ends of leases are multiples of this part of their length, so that many share one.
const LEASE_STEPS: u64 = 4;

/// The thousandths that `alert_at` counts in.
const PERMILLE: u128 = 1000;

/// How long a reservation lasts by itself, and what becomes of it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// At least so long, and at most a quarter longer, in milliseconds.
    pub lease: u64,
    /// What becomes of it.
    pub lapse: Lapse,
}

/// What a reservation leaves to settle it by.
#[derive(Debug, PartialEq, Eq)]
pub struct Ticket {
    amounts: Amounts,
    made_at: u64,
    /// The end and the fate of the lease; an end of zero when nothing had to be held.
    lease: Lease,
    /// The set of counters that it counts in.
    counters: u64,
}

impl Ticket {
    /// What was reserved.
    #[must_use]
    pub const fn amounts(&self) -> Amounts {
        self.amounts
    }

    /// When it lapses, in milliseconds since the Unix epoch; it has to be renewed or settled before.
    #[must_use]
    pub const fn lapses_at(&self) -> u64 {
        self.lease.ends
    }

    /// Whether it counts in this counter, at present.
    fn counts_in(&self, counter: &Counter) -> bool {
        let same_window = match counter.state {
            State::Window { start, .. } => self.made_at >= start,
            _ => true,
        };
        self.counters & counter.id.bit() != 0 && same_window
    }
}

/// When what was refused may be granted, the soonest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relief {
    /// When a call that is under way ends.
    Release,
    /// At this moment, in milliseconds since the Unix epoch, if nobody else takes it: the end of the window, or
    /// when the bucket has so much, provided that what is under way settles now.
    At(u64),
    /// When the amount is raised: it is prepaid and used up.
    Raise,
    /// Never: it is more than the limit ever grants at once.
    Never,
}

/// Why nothing was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which of the limits, by its place in the list.
    pub limit: usize,
    /// Its amount; for a rate, the size of its bucket.
    pub amount: u64,
    /// What is used of it, without what is reserved.
    pub used: u64,
    /// What is reserved.
    pub reserved: u64,
    /// What was asked for.
    pub asked: u64,
    /// When to ask again.
    pub relief: Relief,
}

/// A limit's use has reached one of its `alert_at`; each is told once in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Which of the limits, by its place in the list.
    pub limit: usize,
    /// Which part of the amount, in thousandths.
    pub permille: u16,
    /// What is used.
    pub used: u64,
    /// The amount.
    pub amount: u64,
    /// Which counter it is counted by.
    pub counter: CounterId,
}

/// What was granted.
#[derive(Debug, PartialEq, Eq)]
pub struct Grant {
    /// To settle it by.
    pub ticket: Ticket,
    /// What limits that only observe would have refused.
    pub would_refuse: Vec<Refusal>,
    /// Alerts to raise.
    pub alerts: Vec<Alert>,
    /// How the limits stand now, in their order.
    pub standings: Vec<Standing>,
}

/// How a limit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its amount; for a rate, the size of its bucket.
    pub amount: u64,
    /// What is used of it.
    pub used: u64,
    /// What is reserved of it.
    pub reserved: u64,
    /// What is left of it.
    pub remaining: u64,
    /// When it is whole again, in milliseconds since the Unix epoch: the end of the window, or when the bucket is
    /// full provided that what is under way settles now. Prepaid amounts and concurrencies do not reset.
    pub resets_at: Option<u64>,
}

impl Cell {
    /// Reserves `amounts` under all `limits`, or under none.
    ///
    /// # Errors
    /// The refusal with the latest relief, when limits that are enforced refuse. The cell need not be stored then.
    pub fn reserve(
        &mut self,
        limits: &[Limit],
        amounts: &Amounts,
        terms: Terms,
        now: u64,
    ) -> Result<Grant, Refusal> {
        self.advance(now);
        self.prepare(limits);
        let mut would_refuse = Vec::new();
        let mut refused: Option<Refusal> = None;
        let mut counters = 0;
        for (place, limit) in limits.iter().enumerate() {
            let counter = limit.measure.counter();
            counters |= counter.bit();
            let standing = self.standing(limit);
            let asked = amounts.of(counter);
            if asked == 0 || asked <= standing.remaining {
                continue;
            }
            let refusal = Refusal {
                limit: place,
                amount: standing.amount,
                used: standing.used,
                reserved: standing.reserved,
                asked,
                relief: self.relief(limit, asked),
            };
            match limit.mode {
                Mode::Observe => would_refuse.push(refusal),
                Mode::Enforce => {
                    refused = Some(refused.filter(|other| other.relief >= refusal.relief).unwrap_or(refusal));
                }
            }
        }
        if let Some(refusal) = refused {
            return Err(refusal);
        }
        let is_held = |counter: &Counter| {
            counters & counter.id.bit() != 0 && is_settled_later(counter.id) && amounts.of(counter.id) > 0
        };
        let lease = if self.counters.iter().any(is_held) { self.lease(terms) } else { None };
        for counter in self.counters.iter_mut().filter(|counter| counters & counter.id.bit() != 0) {
            let amount = amounts.of(counter.id);
            match lease.and_then(|(place, _)| counter.held.get_mut(place)) {
                Some(held) if is_settled_later(counter.id) => *held = held.saturating_add(amount),
                _ => counter.charge(amount),
            }
        }
        let lease = lease.map(|(_, lease)| lease).unwrap_or_default();
        let ticket = Ticket { amounts: *amounts, made_at: self.latest, lease, counters };
        let standings = limits.iter().map(|limit| self.standing(limit)).collect();
        Ok(Grant { ticket, would_refuse, alerts: self.alerts(limits), standings })
    }

    /// Charges what a call took in truth instead of what was reserved for it; nothing at all refunds it. The
    /// ticket must not be used again once the cell is stored.
    pub fn settle(&mut self, limits: &[Limit], ticket: &Ticket, actual: &Amounts, now: u64) -> Vec<Alert> {
        self.advance(now);
        let place = self.place(ticket.lease);
        let latest = self.latest;
        for counter in self.counters.iter_mut().filter(|counter| ticket.counts_in(counter)) {
            let (reserved, truth) = (ticket.amounts.of(counter.id), actual.of(counter.id));
            if !is_settled_later(counter.id) {
                counter.correct(reserved, truth, latest.saturating_sub(ticket.made_at));
            } else if let Some(held) = place.and_then(|place| counter.held.get_mut(place)) {
                *held = held.saturating_sub(reserved);
                counter.charge(truth);
            } else {
                match ticket.lease.lapse {
                    Lapse::Charge => counter.correct(reserved, truth, u64::MAX),
                    Lapse::Return => counter.charge(truth),
                }
            }
        }
        self.alerts(limits)
    }

    /// Puts off the end of a reservation, also of one that has lapsed; the ticket that comes back replaces the
    /// given one once the cell is stored. A reservation that lapsed is held again even where that exceeds a limit:
    /// its call is under way. In a bucket it then counts beside what was charged when it lapsed.
    #[must_use]
    pub fn renew(&mut self, ticket: &Ticket, terms: Terms, now: u64) -> Ticket {
        self.advance(now);
        let kept = |lease| Ticket { lease, ..*ticket };
        let old = self.place(ticket.lease);
        if ticket.lease.ends == 0 {
            return kept(ticket.lease);
        }
        let Some((new, lease)) = self.lease(terms) else { return kept(ticket.lease) };
        if old.is_some() && lease.ends <= ticket.lease.ends {
            return kept(ticket.lease);
        }
        for counter in self.counters.iter_mut().filter(|counter| ticket.counts_in(counter)) {
            if !is_settled_later(counter.id) {
                continue;
            }
            let amount = ticket.amounts.of(counter.id);
            match (old.and_then(|old| counter.held.get_mut(old)), ticket.lease.lapse) {
                (Some(held), _) => *held = held.saturating_sub(amount),
                (None, Lapse::Charge) => counter.correct(amount, 0, u64::MAX),
                (None, Lapse::Return) => {}
            }
            if let Some(held) = counter.held.get_mut(new) {
                *held = held.saturating_add(amount);
            }
        }
        kept(lease)
    }

    /// Ends windows and leases that are over. Every other operation does so by itself; alone it is for a scope
    /// that nobody calls.
    pub fn expire(&mut self, limits: &[Limit], now: u64) -> Vec<Alert> {
        self.advance(now);
        self.alerts(limits)
    }

    /// How every limit stands at `now`, in their order.
    #[must_use]
    pub fn standings(&self, limits: &[Limit], now: u64) -> Vec<Standing> {
        let mut cell = self.clone();
        cell.advance(now);
        cell.prepare(limits);
        limits.iter().map(|limit| cell.standing(limit)).collect()
    }

    /// Ends what is over at `now`, in the order of time.
    fn advance(&mut self, now: u64) {
        let ended = |cell: &Self| {
            let leases =
                cell.leases.iter().enumerate().filter(|(_, lease)| lease.ends > 0 && lease.ends <= now);
            leases.min_by_key(|(_, lease)| lease.ends).map(|(place, lease)| (place, *lease))
        };
        while let Some((place, lease)) = ended(self) {
            self.pass(lease.ends);
            if let Some(free) = self.leases.get_mut(place) {
                *free = Lease::default();
            }
            for counter in &mut self.counters {
                let held = counter.held.get_mut(place).map(std::mem::take).unwrap_or_default();
                if lease.lapse == Lapse::Charge {
                    counter.charge(held);
                }
            }
        }
        self.pass(now);
    }

    /// Lets time pass for buckets and windows. What is held in a window goes with it.
    fn pass(&mut self, now: u64) {
        let elapsed = now.saturating_sub(self.latest);
        self.latest = self.latest.max(now);
        for counter in &mut self.counters {
            match &mut counter.state {
                State::Rate { debt, rate, per: _ } => {
                    *debt = debt.saturating_sub(u128::from(*rate) * u128::from(elapsed));
                }
                // The next window is known only with the limit's calendar; until then it is an empty one.
                State::Window { start, end, used, alerted } if *end <= self.latest => {
                    (*start, *used, *alerted) = (*end, 0, 0);
                    counter.held = [0; LEASES];
                }
                _ => {}
            }
        }
    }

    /// Makes the counters of `limits`, and gives them what only the limits know.
    fn prepare(&mut self, limits: &[Limit]) {
        let latest = self.latest;
        for limit in limits {
            let id = limit.measure.counter();
            let place = match self.counters.binary_search_by_key(&id, |counter| counter.id) {
                Ok(place) => place,
                Err(place) => {
                    self.counters.insert(place, Counter::new(id));
                    place
                }
            };
            let Some(counter) = self.counters.get_mut(place) else { continue };
            match (&mut counter.state, &limit.measure) {
                (State::Rate { rate, .. }, _) => {
                    // The least of several limits on one counter, or the others would be exceeded.
                    let same = limits.iter().filter(|other| other.measure.counter() == id);
                    *rate = same.map(|other| other.amount).min().unwrap_or_default();
                }
                (State::Window { start, end, .. }, Measure::Window { period, zone, .. })
                    if *end <= latest =>
                {
                    let window = window::containing(latest, *period, zone);
                    // After a change of the zone windows may overlap; what belongs to the old one stays there.
                    (*start, *end) = (window.start.max(*end), window.end);
                }
                _ => {}
            }
        }
    }

    fn counter(&self, id: CounterId) -> Option<&Counter> {
        let place = self.counters.binary_search_by_key(&id, |counter| counter.id).ok()?;
        self.counters.get(place)
    }

    /// How a limit stands whose counter is prepared and up to date.
    fn standing(&self, limit: &Limit) -> Standing {
        let fresh = Counter::new(limit.measure.counter());
        let counter = self.counter(fresh.id).unwrap_or(&fresh);
        let reserved = counter.reserved();
        let (amount, used, resets_at) = match (&counter.state, &limit.measure) {
            (State::Rate { debt, rate, per }, Measure::Rate { burst, .. }) => {
                let missing = debt.saturating_add(u128::from(reserved) * u128::from(*per));
                let wait = missing.div_ceil(u128::from((*rate).max(1)));
                (*burst, narrow(debt.div_ceil(u128::from(*per))), Some(self.after(wait)))
            }
            (State::Window { end, used, .. }, _) => (limit.amount, *used, Some(*end)),
            (State::Prepaid { used, .. }, _) => (limit.amount, *used, None),
            _ => (limit.amount, 0, None),
        };
        let remaining = amount.saturating_sub(used).saturating_sub(reserved);
        Standing { amount, used, reserved, remaining, resets_at }
    }

    /// When a limit that refuses `asked` may grant it.
    fn relief(&self, limit: &Limit, asked: u64) -> Relief {
        let Some(counter) = self.counter(limit.measure.counter()) else { return Relief::Never };
        match (&counter.state, &limit.measure) {
            (State::Rate { debt, rate, per }, Measure::Rate { burst, .. }) => {
                if asked > *burst || *rate == 0 {
                    return Relief::Never;
                }
                let units = u128::from(counter.reserved()) + u128::from(asked);
                let wanted = debt.saturating_add(units * u128::from(*per));
                let missing = wanted.saturating_sub(u128::from(*burst) * u128::from(*per));
                Relief::At(self.after(missing.div_ceil(u128::from(*rate))))
            }
            _ if asked > limit.amount => Relief::Never,
            (State::Window { end, .. }, _) => Relief::At(*end),
            (State::Prepaid { .. }, _) => Relief::Raise,
            _ => Relief::Release,
        }
    }

    fn after(&self, milliseconds: u128) -> u64 {
        self.latest.saturating_add(narrow(milliseconds))
    }

    /// A lease of these terms: where one with the same end is, a new one, or at worst the last of all.
    fn lease(&mut self, terms: Terms) -> Option<(usize, Lease)> {
        let step = (terms.lease / LEASE_STEPS).max(1);
        let ends = self.latest.saturating_add(terms.lease).checked_next_multiple_of(step).unwrap_or(u64::MAX);
        let wanted = Lease { ends, lapse: terms.lapse };
        let same = self.place(wanted);
        let free = || self.leases.iter().position(|lease| lease.ends == 0);
        let last = || (0..LEASES).max_by_key(|place| self.leases.get(*place).map(|lease| lease.ends));
        let place = same.or_else(free).or_else(last)?;
        let lease = self.leases.get_mut(place)?;
        if lease.ends == 0 {
            *lease = wanted;
        }
        Some((place, *lease))
    }

    fn place(&self, wanted: Lease) -> Option<usize> {
        self.leases.iter().position(|lease| lease.ends > 0 && *lease == wanted)
    }

    /// The alerts that are due, each once.
    fn alerts(&mut self, limits: &[Limit]) -> Vec<Alert> {
        let mut alerts = Vec::new();
        for counter in &mut self.counters {
            let (used, alerted) = match &mut counter.state {
                State::Window { used, alerted, .. } | State::Prepaid { used, alerted } => (*used, alerted),
                State::Rate { .. } | State::Concurrency => continue,
            };
            // A threshold is known by its height, so that it is told once even if the list changes.
            let before = *alerted;
            let own = limits.iter().enumerate().filter(|(_, limit)| limit.measure.counter() == counter.id);
            for (place, limit) in own {
                for &permille in &limit.alert_at {
                    let height = narrow((u128::from(limit.amount) * u128::from(permille)).div_ceil(PERMILLE));
                    if before < height && height <= used {
                        let (amount, counter) = (limit.amount, counter.id);
                        alerts.push(Alert { limit: place, permille, used, amount, counter });
                        *alerted = (*alerted).max(height);
                    }
                }
            }
        }
        alerts
    }
}

impl Counter {
    /// Counts `amount` as used.
    fn charge(&mut self, amount: u64) {
        match &mut self.state {
            State::Rate { debt, per, .. } => {
                *debt = debt.saturating_add(u128::from(amount) * u128::from(*per));
            }
            State::Window { used, .. } | State::Prepaid { used, .. } => *used = used.saturating_add(amount),
            State::Concurrency => {}
        }
    }

    /// Replaces `charged` by `truth`. Of a bucket only that comes back which cannot have flowed back already in
    /// the milliseconds since it was charged, at the present rate.
    fn correct(&mut self, charged: u64, truth: u64, since: u64) {
        match &mut self.state {
            State::Rate { debt, rate, per } => {
                let more = u128::from(truth.saturating_sub(charged)) * u128::from(*per);
                let less = u128::from(charged.saturating_sub(truth)) * u128::from(*per);
                let back = less.saturating_sub(u128::from(*rate) * u128::from(since));
                *debt = debt.saturating_add(more).saturating_sub(back);
            }
            State::Window { used, .. } | State::Prepaid { used, .. } => {
                *used = used.saturating_add(truth).saturating_sub(charged);
            }
            State::Concurrency => {}
        }
    }
}

/// Whether a counter's amounts are held until the truth is known. Requests are certain from the start.
fn is_settled_later(id: CounterId) -> bool {
    id.unit() != Some(Unit::Requests)
}

fn narrow(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
