//! Cells in a store that many workers share: reservations over several scopes, all or nothing.
//!
//! [`Store`] is what the host has to offer: a value by its key, and compare-and-swap. The rules of Envoy's shared
//! data shape what is done with it (proxy-wasm-cpp-host, `shared_data.cc`): a swap is not checked while the key
//! is absent, nor where the expected version is zero; there is no deletion and no listing; all is lost with the
//! process. So a cell is made by a swap that expects a version that none has ([`seed`]): it succeeds only where
//! there is no cell, and can never undo what another worker counted.
//!
//! Promises: retries are bounded, and when they run out, or the store fails, nothing is granted; what could not
//! be settled or returned comes back to the caller as [`Unsettled`], to be tried again later. Knows no clock and
//! does not wait.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::cell::{Cell, CellError};
use super::ledger::{Alert, Grant, Refusal, Standing, Terms, Ticket};
use super::limit::{Amounts, Limit};

/// The version that no cell has: versions count up from one, and reach this after four billion swaps at the
/// soonest. Even then it only matters at that one version, and to a worker that has just found no cell.
const NO_VERSION: u32 = u32::MAX;

/// A place for bytes by key, which other workers may change at any time.
pub trait Store {
    /// The value of `key` and its version, if there is one.
    ///
    /// # Errors
    /// When the store fails.
    fn get(&mut self, key: &str) -> Result<Option<(Vec<u8>, u32)>, StoreFailed>;

    /// Replaces the value of `key`, if its version is still `version` or it has none.
    ///
    /// # Errors
    /// When another worker was faster, or the store fails; nothing was changed then.
    fn set(&mut self, key: &str, value: &[u8], version: u32) -> Result<(), SetError>;
}

/// The store could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreFailed;

/// Why a value was not replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetError {
    /// Its version is another by now.
    Conflict,
    /// The store could not be asked.
    Failed,
}

/// Why a cell could not be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Other workers were faster in all attempts.
    Contended,
    /// The store could not be asked.
    Failed,
    /// The cell is not one that this release can read.
    Unreadable(CellError),
}

/// A scope: whose use is counted together, and what limits it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The key of its cell.
    pub key: Arc<str>,
    /// Its limits.
    pub limits: Arc<[Limit]>,
}

/// What was reserved for a call, over all its scopes.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use = "what is reserved has to be settled"]
pub struct Reservation {
    entries: Vec<(Scope, Ticket)>,
}

impl Reservation {
    /// What was reserved in which scope.
    pub fn parts(&self) -> impl Iterator<Item = (&Scope, &Ticket)> {
        self.entries.iter().map(|(scope, ticket)| (scope, ticket))
    }

    /// When the first part of it lapses, in milliseconds since the Unix epoch, unless it is renewed.
    #[must_use]
    pub fn lapses_at(&self) -> Option<u64> {
        self.entries.iter().map(|(_, ticket)| ticket.lapses_at()).filter(|ends| *ends > 0).min()
    }
}

/// A reservation of which some cells could not be reached, and the truth that they have to be told.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "what is not settled stays reserved until it lapses"]
pub struct Unsettled {
    /// The cells that do not know yet.
    pub reservation: Reservation,
    /// What the call took.
    pub actual: Amounts,
}

/// Something about one of the scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Of<T> {
    /// The scope's key.
    pub scope: Arc<str>,
    /// What.
    pub what: T,
}

/// A call that may go on.
#[derive(Debug, PartialEq, Eq)]
pub struct Granted {
    /// To be settled.
    pub reservation: Reservation,
    /// What limits that only observe would have refused.
    pub would_refuse: Vec<Of<Refusal>>,
    /// Alerts to raise.
    pub alerts: Vec<Of<Alert>>,
    /// How the limits of each scope stand now.
    pub standings: Vec<Of<Vec<Standing>>>,
}

/// A call that may not.
#[derive(Debug, PartialEq, Eq)]
pub struct Denied {
    /// Which of the scopes, by its place in the list.
    pub scope: usize,
    /// Why.
    pub reason: Reason,
    /// Alerts to raise all the same: reservations that lapsed may have been counted on the way.
    pub alerts: Vec<Of<Alert>>,
    /// What other scopes had granted and could not be given back yet.
    pub unsettled: Option<Unsettled>,
}

/// Why a call may not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A limit of the scope refuses; of several scopes that refuse, the one with the latest relief is named.
    Refused(Refusal),
    /// The scope's cell could not be changed.
    Fault(Fault),
}

/// What became of a settlement.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Alerts to raise.
    pub alerts: Vec<Of<Alert>>,
    /// What is left to do.
    pub unsettled: Option<Unsettled>,
}

/// Makes the cell of `key` unless there is one. To be called when the filter is configured; an absent cell is also
/// made when it is first needed.
///
/// # Errors
/// When the store fails.
pub fn seed(store: &mut impl Store, key: &str) -> Result<(), StoreFailed> {
    match store.set(key, &Cell::default().to_bytes(), NO_VERSION) {
        Ok(()) | Err(SetError::Conflict) => Ok(()),
        Err(SetError::Failed) => Err(StoreFailed),
    }
}

/// Reserves `amounts` in all `scopes`, or in none. A scope named twice counts twice. Every cell is tried at most
/// `attempts` times.
///
/// # Errors
/// When a limit refuses, or a cell cannot be changed.
pub fn reserve_all(
    store: &mut impl Store,
    scopes: &[Scope],
    amounts: &Amounts,
    terms: Terms,
    now: u64,
    attempts: u32,
) -> Result<Granted, Box<Denied>> {
    let mut granted = Granted {
        reservation: Reservation::default(),
        would_refuse: Vec::new(),
        alerts: Vec::new(),
        standings: Vec::new(),
    };
    for (place, scope) in scopes.iter().enumerate() {
        let reserve = |cell: &mut Cell| cell.reserve(&scope.limits, amounts, terms, now);
        let (place, reason) = match update(store, &scope.key, attempts, reserve) {
            Ok(Ok(Grant { ticket, would_refuse, alerts, standings })) => {
                granted.reservation.entries.push((scope.clone(), ticket));
                granted.would_refuse.extend(of(scope, would_refuse));
                granted.alerts.extend(of(scope, alerts));
                granted.standings.extend(of(scope, [standings]));
                continue;
            }
            Ok(Err(refusal)) => {
                let (place, refusal) = latest_relief(store, scopes, amounts, terms, now, (place, refusal));
                (place, Reason::Refused(refusal))
            }
            Err(fault) => (place, Reason::Fault(fault)),
        };
        let returned = settle_all(store, granted.reservation, &Amounts::default(), now, attempts);
        granted.alerts.extend(returned.alerts);
        return Err(Box::new(Denied {
            scope: place,
            reason,
            alerts: granted.alerts,
            unsettled: returned.unsettled,
        }));
    }
    Ok(granted)
}

/// Charges what a call took in truth, in every scope of its reservation; nothing at all returns it. What could not
/// be settled in `attempts` tries per cell comes back.
#[must_use]
pub fn settle_all(
    store: &mut impl Store,
    reservation: Reservation,
    actual: &Amounts,
    now: u64,
    attempts: u32,
) -> Settled {
    let mut settled = Settled::default();
    let mut left = Vec::new();
    for (scope, ticket) in reservation.entries {
        let settle = |cell: &mut Cell| Ok::<_, Never>(cell.settle(&scope.limits, &ticket, actual, now));
        match update(store, &scope.key, attempts, settle) {
            Ok(Ok(alerts)) => settled.alerts.extend(of(&scope, alerts)),
            Ok(Err(never)) => match never {},
            Err(_) => left.push((scope, ticket)),
        }
    }
    if !left.is_empty() {
        let reservation = Reservation { entries: left };
        settled.unsettled = Some(Unsettled { reservation, actual: *actual });
    }
    settled
}

/// Puts off the end of a reservation whose call is still under way.
///
/// # Errors
/// The first fault; the scopes that had none are renewed all the same, and a later attempt renews the others.
pub fn renew_all(
    store: &mut impl Store,
    reservation: &mut Reservation,
    terms: Terms,
    now: u64,
    attempts: u32,
) -> Result<(), Fault> {
    let mut result = Ok(());
    for (scope, ticket) in &mut reservation.entries {
        let renew = |cell: &mut Cell| Ok::<_, Never>(cell.renew(ticket, terms, now));
        match update(store, &scope.key, attempts, renew) {
            Ok(Ok(renewed)) => *ticket = renewed,
            Ok(Err(never)) => match never {},
            Err(fault) => result = result.and(Err(fault)),
        }
    }
    result
}

/// Ends what is over in the cell of `scope`, which every other operation does by itself: for alerts about a scope
/// that nobody calls any more.
///
/// # Errors
/// When the cell cannot be changed.
pub fn expire(
    store: &mut impl Store,
    scope: &Scope,
    now: u64,
    attempts: u32,
) -> Result<Vec<Of<Alert>>, Fault> {
    let expire = |cell: &mut Cell| Ok::<_, Never>(cell.expire(&scope.limits, now));
    match update(store, &scope.key, attempts, expire)? {
        Ok(alerts) => Ok(of(scope, alerts).collect()),
        Err(never) => match never {},
    }
}

/// The cell of `scope`, to see how its limits stand.
///
/// # Errors
/// When it cannot be read. A cell that is not there is an empty one.
pub fn read(store: &mut impl Store, scope: &Scope) -> Result<Cell, Fault> {
    match store.get(&scope.key) {
        Ok(Some((bytes, _))) => Cell::from_bytes(&bytes).map_err(Fault::Unreadable),
        Ok(None) => Ok(Cell::default()),
        Err(StoreFailed) => Err(Fault::Failed),
    }
}

/// The key of the cell in which an end user is counted: one of `cells`, which are all there ever are. Users that
/// fall on the same cell share its limits, so none of them, nor all together, exceeds what one may use; of n users
/// about n / `cells` share one with another. No cell is ever given to somebody else, because what was counted in
/// it would be forgotten.
#[must_use]
pub fn user_key(scope: &str, user: &str, cells: u32) -> String {
    let digest = Sha256::new().chain_update(scope).chain_update([0]).chain_update(user).finalize();
    let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{scope}#{}", number % u64::from(cells.max(1)))
}

/// What cannot happen.
enum Never {}

/// Changes a cell by compare-and-swap. An error of `change` leaves the cell as it is.
fn update<T, E>(
    store: &mut impl Store,
    key: &str,
    attempts: u32,
    mut change: impl FnMut(&mut Cell) -> Result<T, E>,
) -> Result<Result<T, E>, Fault> {
    for _ in 0..attempts {
        let Some((bytes, version)) = store.get(key).map_err(|StoreFailed| Fault::Failed)? else {
            seed(store, key).map_err(|StoreFailed| Fault::Failed)?;
            continue;
        };
        let mut cell = Cell::from_bytes(&bytes).map_err(Fault::Unreadable)?;
        let changed = match change(&mut cell) {
            Ok(changed) => changed,
            Err(error) => return Ok(Err(error)),
        };
        match store.set(key, &cell.to_bytes(), version) {
            Ok(()) => return Ok(Ok(changed)),
            Err(SetError::Conflict) => {}
            Err(SetError::Failed) => return Err(Fault::Failed),
        }
    }
    Err(Fault::Contended)
}

/// The refusal with the latest relief among `refused` and the scopes after it, so that a client which comes back
/// then is not refused by the next one. A cell that cannot be read is passed over: the call is refused anyway.
fn latest_relief(
    store: &mut impl Store,
    scopes: &[Scope],
    amounts: &Amounts,
    terms: Terms,
    now: u64,
    refused: (usize, Refusal),
) -> (usize, Refusal) {
    let mut latest = refused;
    for (place, scope) in scopes.iter().enumerate().skip(refused.0 + 1) {
        if let Ok(mut cell) = read(store, scope)
            && let Err(refusal) = cell.reserve(&scope.limits, amounts, terms, now)
            && refusal.relief > latest.1.relief
        {
            latest = (place, refusal);
        }
    }
    latest
}

fn of<T>(scope: &Scope, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = Of<T>> {
    all.into_iter().map(|what| Of { scope: Arc::clone(&scope.key), what })
}
