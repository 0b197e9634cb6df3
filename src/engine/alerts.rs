//! Alerts on their way to the operator's webhook.
//!
//! An alert is one letter: JSON with the scope, the limit and its use, and nothing of any call. Letters of one virtual
//! machine wait in its outbox, which is bounded; each is posted from a timer until the webhook takes it, at most
//! [`ATTEMPTS`] times, with growing pauses. That an alert is raised once, whichever worker sees it, the ledger sees
//! to; a letter whose answer got lost is posted again, unchanged, so a receiver can tell by its text.
//!
//! Deliberately unknown here: where the webhook is, and how a letter is posted.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use super::event::Timestamp;
use crate::observe::record::{Notice, Reached};
use crate::quota::money::NanoDollars;
use crate::quota::window::rfc3339;

/// How often a letter is posted at most.
pub const ATTEMPTS: u32 = 5;

/// How long a webhook may take to answer.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// An answer that has not come by then never will: whoever waited for it is gone.
const LOST: Duration = Duration::from_secs(10);

/// The pause after the first attempt; each further one is four times as long.
const PAUSE: Duration = Duration::from_secs(1);

/// How many letters wait at most.
const LONGEST: usize = 64;

/// A letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    body: Vec<u8>,
    attempts: u32,
    /// When it shall be posted.
    due: Timestamp,
}

impl Letter {
    /// Its text.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The webhook has it.
    Taken,
    /// It is tried again later.
    Later,
    /// It was tried often enough.
    GivenUp,
}

/// The letters of one virtual machine.
#[derive(Clone, Debug, Default)]
pub struct Outbox(Rc<RefCell<Letters>>);

#[derive(Debug, Default)]
struct Letters {
    waiting: VecDeque<Letter>,
    /// Those that were posted, by the number of the call, and when its answer is overdue.
    posted: BTreeMap<u32, (Letter, Timestamp)>,
}

impl Outbox {
    /// Puts an alert into the outbox; says whether there was room for it.
    #[must_use]
    pub fn put(&self, reached: &Reached, now: Timestamp) -> bool {
        let mut letters = self.0.borrow_mut();
        if letters.waiting.len() + letters.posted.len() >= LONGEST {
            return false;
        }
        letters.waiting.push_back(Letter { body: body(reached, now), attempts: 0, due: now });
        true
    }

    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let letters = self.0.borrow();
        letters.waiting.is_empty() && letters.posted.is_empty()
    }

    /// Whether there is a letter that was never posted.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.0.borrow().waiting.back().is_some_and(|letter| letter.attempts == 0)
    }

    /// Forgets all letters: nobody wants them any more.
    pub fn clear(&self) {
        *self.0.borrow_mut() = Letters::default();
    }

    /// Takes the letters out that are to be posted now.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Vec<Letter> {
        let Letters { waiting, posted } = &mut *self.0.borrow_mut();
        let mut due = Vec::new();
        posted.retain(|_, (letter, overdue)| {
            let lost = *overdue <= now;
            if lost {
                due.push(letter.clone());
            }
            !lost
        });
        for letter in std::mem::take(waiting) {
            if letter.due <= now { due.push(letter) } else { waiting.push_back(letter) }
        }
        due
    }

    /// A letter was posted by this call.
    pub fn posted(&self, call: u32, mut letter: Letter, now: Timestamp) {
        letter.attempts += 1;
        self.0.borrow_mut().posted.insert(call, (letter, now.after(LOST)));
    }

    /// A letter could not be posted at all.
    #[must_use]
    pub fn failed(&self, mut letter: Letter, now: Timestamp) -> Delivery {
        letter.attempts += 1;
        self.again(letter, now)
    }

    /// The webhook has answered a call, with a status if it got so far. `None` where nobody waits for it.
    #[must_use]
    pub fn answered(&self, call: u32, status: Option<u16>, now: Timestamp) -> Option<Delivery> {
        let (letter, _) = self.0.borrow_mut().posted.remove(&call)?;
        match status {
            Some(200..300) => Some(Delivery::Taken),
            _ => Some(self.again(letter, now)),
        }
    }

    fn again(&self, mut letter: Letter, now: Timestamp) -> Delivery {
        if letter.attempts >= ATTEMPTS {
            return Delivery::GivenUp;
        }
        letter.due = now.after(PAUSE * 4_u32.saturating_pow(letter.attempts.saturating_sub(1)));
        // In front, so that a new letter stays the last.
        self.0.borrow_mut().waiting.push_front(letter);
        Delivery::Later
    }
}

/// What Envoy's log is told of a notice: a sentence, and of an alert the event behind it, which is the letter's text.
#[must_use]
pub fn line(notice: &Notice, now: Timestamp) -> Option<String> {
    let sentence = notice.warning()?;
    match notice {
        Notice::Alert(reached) => {
            Some(format!("{sentence}: {}", String::from_utf8_lossy(&body(reached, now))))
        }
        Notice::WouldRefuse(_) => Some(sentence),
    }
}

/// The text of a letter.
fn body(reached: &Reached, now: Timestamp) -> Vec<u8> {
    let Reached { scope, permille, unit, per, used, limit } = reached;
    let number = |amount| match *unit {
        // Text, for no reader of JSON then takes money for a binary fraction.
        "usd" => serde_json::Value::from(NanoDollars::new(amount).to_string()),
        _ => serde_json::Value::from(amount),
    };
    let letter = serde_json::json!({
        "event": "limit_alert",
        "scope": &**scope,
        "unit": unit,
        "per": per,
        "fraction": f64::from(*permille) / 1000.0,
        "used": number(*used),
        "limit": number(*limit),
        "at": rfc3339(now.unix_milliseconds()),
    });
    letter.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many seconds after 2026-01-01T00:00:00Z.
    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanoseconds((1_767_225_600 + seconds) * 1_000_000_000)
    }

    fn reached() -> Reached {
        Reached {
            scope: "team data".into(),
            permille: 800,
            unit: "usd",
            per: "day",
            used: 40_500_000_000,
            limit: 50_000_000_000,
        }
    }

    #[test]
    fn a_letter_says_what_was_reached_and_nothing_else() {
        let outbox = Outbox::default();
        assert!(outbox.put(&reached(), at(0)));
        let letter: serde_json::Value = serde_json::from_slice(outbox.due(at(0))[0].body()).unwrap();
        let expected = serde_json::json!({"event": "limit_alert", "scope": "team data", "unit": "usd", "per": "day",
            "fraction": 0.8, "used": "40.50", "limit": "50.00", "at": "2026-01-01T00:00:00Z"});
        assert_eq!(letter, expected);
    }

    #[test]
    fn a_letter_is_posted_until_it_is_taken_with_growing_pauses() {
        let outbox = Outbox::default();
        assert!(outbox.put(&reached(), at(0)) && outbox.has_news());
        let mut now = 0;
        for (call, pause) in [(1, 1), (2, 4), (3, 16)] {
            let letter = outbox.due(at(now)).pop().expect("it is due");
            outbox.posted(call, letter, at(now));
            assert_eq!(outbox.due(at(now)), [], "it is under way");
            assert_eq!(outbox.answered(call, Some(503), at(now)), Some(Delivery::Later));
            assert_eq!(outbox.due(at(now + pause - 1)), []);
            assert!(!outbox.has_news());
            now += pause;
        }
        let letter = outbox.due(at(now)).pop().unwrap();
        outbox.posted(4, letter, at(now));
        assert_eq!(outbox.answered(4, Some(204), at(now)), Some(Delivery::Taken));
        assert!(outbox.is_empty());
        assert_eq!(outbox.answered(4, Some(204), at(now)), None);
    }

    #[test]
    fn a_letter_is_given_up_in_the_end() {
        let outbox = Outbox::default();
        assert!(outbox.put(&reached(), at(0)));
        let mut deliveries = Vec::new();
        for attempt in 0..ATTEMPTS {
            let letter = outbox.due(at(1000 * u64::from(attempt))).pop().unwrap();
            deliveries.push(outbox.failed(letter, at(1000 * u64::from(attempt))));
        }
        assert_eq!(deliveries.last(), Some(&Delivery::GivenUp));
        assert!(deliveries[..4].iter().all(|delivery| *delivery == Delivery::Later));
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_letter_whose_answer_got_lost_is_posted_again() {
        let outbox = Outbox::default();
        assert!(outbox.put(&reached(), at(0)));
        let letter = outbox.due(at(0)).pop().unwrap();
        let text = letter.body().to_vec();
        outbox.posted(1, letter, at(0));
        assert_eq!(outbox.due(at(9)), []);
        assert_eq!(outbox.due(at(10)).pop().unwrap().body(), text);
    }

    #[test]
    fn the_outbox_is_bounded() {
        let outbox = Outbox::default();
        let taken = (0..100).filter(|_| outbox.put(&reached(), at(0))).count();
        assert_eq!(taken, LONGEST);
        outbox.clear();
        assert!(outbox.is_empty());
    }
}
