//! Answers that have begun and must not fall silent for too long.
//!
//! Envoy's own idle timeouts cannot tell a model that thinks before its first word from one that stops in the middle of
//! a sentence. So whoever relays an answer says here when it has heard something, and a timer asks who is overdue.
//!
//! Deliberately unknown here: how a stream is ended, and the time between two looks of the timer.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::event::Timestamp;
use super::queue::StreamId;

/// Who is watched in one virtual machine.
#[derive(Clone, Debug, Default)]
pub struct Watch(Rc<RefCell<BTreeMap<StreamId, Rc<Due>>>>);

#[derive(Debug)]
struct Due {
    at: Cell<Timestamp>,
    missed: Cell<bool>,
}

/// An answer that is watched, for as long as this lives.
#[derive(Debug)]
pub struct Watched {
    watch: Watch,
    stream: StreamId,
    patience: Duration,
    due: Rc<Due>,
}

impl Watch {
    /// Watches the answer on `stream`, which must not be silent for longer than `patience`.
    #[must_use]
    pub fn begin(&self, stream: StreamId, patience: Duration, now: Timestamp) -> Watched {
        let due = Rc::new(Due { at: Cell::new(now.after(patience)), missed: Cell::new(false) });
        self.0.borrow_mut().insert(stream, Rc::clone(&due));
        Watched { watch: self.clone(), stream, patience, due }
    }

    /// Whether nobody is watched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// The streams that have been silent for too long; each is named once.
    #[must_use]
    pub fn overdue(&self, now: Timestamp) -> Vec<StreamId> {
        let mut overdue = Vec::new();
        self.0.borrow_mut().retain(|stream, due| {
            let missed = due.at.get() < now;
            if missed {
                due.missed.set(true);
                overdue.push(*stream);
            }
            !missed
        });
        overdue
    }
}

impl Watched {
    /// Something has come.
    pub fn heard(&self, now: Timestamp) {
        self.due.at.set(now.after(self.patience));
    }

    /// Whether it has been given up.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        self.due.missed.get()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.watch.0.borrow_mut().remove(&self.stream);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanoseconds(seconds * 1_000_000_000)
    }

    #[test]
    fn who_falls_silent_is_named_once() {
        let watch = Watch::default();
        let (one, other) =
            (watch.begin(1, Duration::from_secs(5), at(0)), watch.begin(2, Duration::from_secs(9), at(0)));
        assert!(watch.overdue(at(5)).is_empty());
        one.heard(at(4));
        assert!(watch.overdue(at(9)).is_empty());
        assert_eq!(watch.overdue(at(10)), [1, 2]);
        assert!(watch.overdue(at(11)).is_empty());
        assert!(one.is_given_up() && other.is_given_up());
    }

    #[test]
    fn an_answer_that_is_over_is_not_watched() {
        let watch = Watch::default();
        let watched = watch.begin(1, Duration::from_secs(5), at(0));
        assert!(!watch.is_empty());
        drop(watched);
        assert!(watch.is_empty());
        assert!(watch.overdue(at(100)).is_empty());
    }
}
