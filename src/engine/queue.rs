//! Who waits for a place in a concurrency that is full, in one virtual machine.
//!
//! Bounded, and in order: by priority, then by arrival. Requests that wait for different cells do not hold each
//! other up; of those that wait for the same cell the first is tried, and as long as that one finds no room, those
//! behind it are not ([`Queue::round`]). A newcomer does not go past who waits already ([`Queue::ahead`]). A place
//! is given up by dropping it, whatever becomes of its request.
//!
//! Knows no clock and does not wait. Deliberately unknown here: what requests are, and how a turn is taken. Others
//! that wait in other virtual machines are not seen; among those, who tries first goes first.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::event::Timestamp;
use crate::config::compiled::Priority;

/// What the host calls a stream.
pub type StreamId = u32;

/// Those who wait in one virtual machine.
#[derive(Clone, Debug, Default)]
pub struct Queue(Rc<RefCell<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    arrivals: u64,
    waiting: BTreeMap<Rank, Entry>,
}

/// The order of turns: by priority, then by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    priority: Priority,
    arrival: u64,
}

#[derive(Debug)]
struct Entry {
    stream: StreamId,
    cell: Arc<str>,
    deadline: Timestamp,
}

/// A place in the queue. When it is dropped, it is free.
#[derive(Debug)]
pub struct Place {
    queue: Queue,
    rank: Rank,
    since: Timestamp,
    deadline: Timestamp,
}

impl Queue {
    /// Lets a stream wait for room in `cell` from `now` on for `longest`; `None` when `length` wait already, or when
    /// waiting would be over at once.
    #[must_use]
    pub fn enter(
        &self,
        stream: StreamId,
        priority: Priority,
        cell: Arc<str>,
        now: Timestamp,
        longest: Duration,
        length: usize,
    ) -> Option<Place> {
        let mut entries = self.0.borrow_mut();
        if longest.is_zero() || entries.waiting.len() >= length {
            return None;
        }
        let rank = Rank { priority, arrival: entries.arrivals };
        entries.arrivals = entries.arrivals.wrapping_add(1);
        let deadline = now.after(longest);
        entries.waiting.insert(rank, Entry { stream, cell, deadline });
        Some(Place { queue: self.clone(), rank, since: now, deadline })
    }

    /// The first of `cells` that somebody waits for whose turn comes before a newcomer's of this priority.
    #[must_use]
    pub fn ahead<'a>(
        &self,
        mut cells: impl Iterator<Item = &'a Arc<str>>,
        priority: Priority,
    ) -> Option<Arc<str>> {
        let entries = self.0.borrow();
        if entries.waiting.is_empty() {
            return None;
        }
        let before = entries.waiting.iter().take_while(|(rank, _)| rank.priority <= priority);
        cells.find(|cell| before.clone().any(|(_, entry)| entry.cell == **cell)).map(Arc::clone)
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.borrow().waiting.is_empty()
    }

    /// Calls `turn` for every stream that shall try now, in order. One that still has its place afterwards has found
    /// no room, and so has nobody behind it who waits for the same cell; only those whose time is up get their turn
    /// in any case.
    pub fn round(&self, now: Timestamp, mut turn: impl FnMut(StreamId)) {
        let ranks: Vec<Rank> = self.0.borrow().waiting.keys().copied().collect();
        let mut full = BTreeSet::new();
        for rank in ranks {
            let waiting = |entries: &Entries| {
                let entry = entries.waiting.get(&rank)?;
                Some((entry.stream, Arc::clone(&entry.cell), entry.deadline))
            };
            let Some((stream, cell, deadline)) = waiting(&self.0.borrow()) else { continue };
            if !full.contains(&cell) || deadline <= now {
                turn(stream);
            }
            if let Some((_, cell, _)) = waiting(&self.0.borrow()) {
                full.insert(cell);
            }
        }
    }
}

impl Place {
    /// From now on it is this cell that has no room.
    pub fn wait_for(&self, cell: Arc<str>) {
        if let Some(entry) = self.queue.0.borrow_mut().waiting.get_mut(&self.rank) {
            entry.cell = cell;
        }
    }

    /// Whether the time is up.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.deadline
    }

    /// How long it was waited so far.
    #[must_use]
    pub const fn waited(&self, now: Timestamp) -> Duration {
        now.since(self.since)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.queue.0.borrow_mut().waiting.remove(&self.rank);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_millis(500);

    fn at(milliseconds: u64) -> Timestamp {
        Timestamp::from_nanoseconds(milliseconds * 1_000_000)
    }

    fn enter(queue: &Queue, stream: StreamId, priority: Priority, cell: &str) -> Option<Place> {
        queue.enter(stream, priority, cell.into(), at(0), WAIT, 4)
    }

    /// Who gets a turn, when those in `places` keep their places.
    fn round(queue: &Queue, now: u64) -> Vec<StreamId> {
        let mut turns = Vec::new();
        queue.round(at(now), |stream| turns.push(stream));
        turns
    }

    #[test]
    fn turns_go_by_priority_and_then_by_arrival() {
        let queue = Queue::default();
        let mut places: BTreeMap<StreamId, Place> =
            [(1, Priority::Low), (2, Priority::Normal), (3, Priority::High), (4, Priority::Normal)]
                .into_iter()
                .filter_map(|(stream, priority)| Some((stream, enter(&queue, stream, priority, "cell")?)))
                .collect();
        let mut turns = Vec::new();
        queue.round(at(1), |stream| {
            turns.push(stream);
            places.remove(&stream);
        });
        assert_eq!(turns, [3, 2, 4, 1]);
        assert!(queue.is_empty());
    }

    #[test]
    fn whoever_finds_no_room_stops_those_behind_it_at_the_same_cell_only() {
        let queue = Queue::default();
        let _first = enter(&queue, 1, Priority::Normal, "full");
        let _second = enter(&queue, 2, Priority::Normal, "full");
        let other = enter(&queue, 3, Priority::Low, "other");
        assert_eq!(round(&queue, 1), [1, 3]);
        // The other finds that it is the full cell that it has to wait for.
        other.as_ref().expect("a place").wait_for("full".into());
        assert_eq!(round(&queue, 2), [1]);
        // When their time is up, all are heard.
        assert_eq!(round(&queue, 499), [1]);
        assert_eq!(round(&queue, 500), [1, 2, 3]);
        let place = other.expect("a place");
        assert!(!place.is_over(at(499)) && place.is_over(at(500)));
        assert_eq!(place.waited(at(20)), Duration::from_millis(20));
    }

    #[test]
    fn a_dropped_place_is_free_and_gets_no_turn_even_within_a_round() {
        let queue = Queue::default();
        let mut places: Vec<Place> =
            (0..4).filter_map(|stream| enter(&queue, stream, Priority::Normal, "cell")).collect();
        assert_eq!(places.len(), 4);
        assert!(enter(&queue, 4, Priority::High, "cell").is_none(), "it is bounded");
        places.remove(1);
        places.push(enter(&queue, 5, Priority::Normal, "elsewhere").expect("room again"));
        let mut turns = Vec::new();
        queue.round(at(1), |stream| {
            turns.push(stream);
            places.clear();
        });
        assert_eq!(turns, [0]);
        assert!(queue.is_empty());
    }

    #[test]
    fn who_may_not_wait_does_not() {
        let queue = Queue::default();
        assert!(queue.enter(1, Priority::High, "cell".into(), at(0), Duration::ZERO, 4).is_none());
        assert!(queue.enter(1, Priority::High, "cell".into(), at(0), WAIT, 0).is_none());
        assert!(queue.is_empty());
    }

    #[test]
    fn newcomers_go_behind_their_equals_and_betters_only() {
        let queue = Queue::default();
        let cells: [Arc<str>; 2] = ["free".into(), "cell".into()];
        let ahead = |priority| queue.ahead(cells.iter(), priority).as_deref().map(str::to_owned);
        assert_eq!(ahead(Priority::Low), None);
        let _place = enter(&queue, 1, Priority::Normal, "cell");
        assert_eq!(ahead(Priority::High), None);
        assert_eq!(ahead(Priority::Normal).as_deref(), Some("cell"));
        assert_eq!(ahead(Priority::Low).as_deref(), Some("cell"));
        assert_eq!(queue.ahead(cells.iter().take(1), Priority::Low), None);
    }
}
