//! The reservations that are under way in one virtual machine, and what could not be settled yet.
//!
//! A reservation lapses unless it is renewed, so that one whose machine died blocks nothing for ever. Calls may
//! last for many leases, and between two events of a call nothing of it runs; so all of them are written here, and
//! the book is kept up from a timer ([`Book::keep_up`]). A reservation leaves the book when its call settles it.
//!
//! Deliberately unknown here: calls, limits, and whose timer it is.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::quota::ledger::{Alert, Terms};
use crate::quota::limit::Amounts;
use crate::quota::store::{Of, Reservation, Settled, Store, Unsettled, renew_all, settle_all};

/// How often a cell is tried when others change it, too; a worker that loses so many races in a row is one of
/// hundreds.
pub const ATTEMPTS: u32 = 64;

/// The reservations of one virtual machine.
#[derive(Clone, Debug, Default)]
pub struct Book(Rc<RefCell<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    count: u64,
    live: BTreeMap<u64, Reservation>,
    unsettled: Vec<Unsettled>,
}

/// A reservation in the book. When it is dropped, what was reserved is charged: nobody knows better.
#[derive(Debug)]
pub struct Held {
    book: Book,
    number: u64,
}

impl Book {
    /// Writes a reservation down.
    #[must_use]
    pub fn hold(&self, reservation: Reservation) -> Held {
        let mut entries = self.0.borrow_mut();
        let number = entries.count;
        entries.count = number.wrapping_add(1);
        entries.live.insert(number, reservation);
        Held { book: self.clone(), number }
    }

    /// Writes down what shall be settled later.
    pub fn owe(&self, unsettled: Unsettled) {
        self.0.borrow_mut().unsettled.push(unsettled);
    }

    /// Renews what would lapse soon, and settles what is owed. To be called several times in a lease.
    #[must_use]
    pub fn keep_up(&self, store: &mut impl Store, terms: Terms, now: u64) -> Vec<Of<Alert>> {
        let mut entries = self.0.borrow_mut();
        for reservation in entries.live.values_mut() {
            if reservation.lapses_at().is_some_and(|end| end < now + terms.lease / 2) {
                // What fails is tried again at the next turn.
                let _ = renew_all(store, reservation, terms, now, ATTEMPTS);
            }
        }
        let mut alerts = Vec::new();
        for Unsettled { reservation, actual } in std::mem::take(&mut entries.unsettled) {
            let settled = settle_all(store, reservation, &actual, now, ATTEMPTS);
            alerts.extend(settled.alerts);
            entries.unsettled.extend(settled.unsettled);
        }
        alerts
    }
}

impl Held {
    /// What was reserved, which is the same in all scopes.
    #[must_use]
    pub fn reserved(&self) -> Amounts {
        self.book.0.borrow().live.get(&self.number).map(amounts).unwrap_or_default()
    }

    /// Takes the reservation out of the book, to be settled for what the call took in truth.
    #[must_use]
    pub fn settle(self, actual: Amounts) -> Option<Unsettled> {
        let reservation = self.book.0.borrow_mut().live.remove(&self.number)?;
        Some(Unsettled { reservation, actual })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut entries = self.book.0.borrow_mut();
        if let Some(reservation) = entries.live.remove(&self.number) {
            let actual = amounts(&reservation);
            entries.unsettled.push(Unsettled { reservation, actual });
        }
    }
}

fn amounts(reservation: &Reservation) -> Amounts {
    reservation.parts().next().map(|(_, ticket)| ticket.amounts()).unwrap_or_default()
}

/// Settles, and writes down what could not be.
#[must_use]
pub fn settled(book: &Book, outcome: Settled) -> Vec<Of<Alert>> {
    if let Some(unsettled) = outcome.unsettled {
        book.owe(unsettled);
    }
    outcome.alerts
}
