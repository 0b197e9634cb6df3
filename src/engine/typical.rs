//! How long the answers of a provider's model are, where a request sets no limit: learnt, to be reserved.
//!
//! What is learnt is the length that nine of ten answers stay below, by a walk: an answer that is longer moves it up
//! by nine parts, one that is not moves it down by one, so it rests where that happens one time in ten. A part is a
//! fraction of the length itself, larger at first. It is kept in a cell of the shared data beside the ratios of
//! [`super::counting`], and as there a worker goes by what it saw last.
//!
//! Promises: whole numbers between [`LEAST`] and [`MOST`], whatever is learnt.

use std::cell::Cell;

use crate::config::compiled::{Target, target_cluster};
use crate::quota::store::{SetError, Store};

/// What is reserved before anything is known, in tokens.
pub const FIRST: u64 = 1024;

/// An estimate is never below this, in tokens: where all answers are shorter, one that is not is soon seen.
pub const LEAST: u64 = 16;

/// And never above this, which no model in use exceeds.
pub const MOST: u64 = 1 << 20;

/// An estimate is kept in parts of a token, so many to one.
const PARTS: u64 = 256;

/// How often a worker tries to add what it learnt when others add to it, too. A lost sample is no harm.
const ATTEMPTS: u32 = 4;

/// The samples after which single answers move the estimate less.
const YOUNG: u32 = 32;

/// The estimate for one provider model.
#[derive(Debug)]
pub struct Learner {
    cell: String,
    latest: Cell<Estimate>,
}

/// The length that nine of ten answers stay below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Estimate {
    /// In parts of a token.
    length: u64,
    samples: u32,
}

impl Learner {
    /// One that goes by [`FIRST`] until it is taught or has read what others were taught.
    #[must_use]
    pub fn new(target: &Target) -> Self {
        Self { cell: format!("typical/{}", target_cluster(target)), latest: Cell::new(Estimate::FIRST) }
    }

    /// The tokens that nine of ten answers stay below.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.latest.get().length.div_ceil(PARTS)
    }

    /// Takes over what all workers have learnt so far.
    pub fn read(&self, store: &mut impl Store) {
        if let Ok(Some((bytes, _))) = store.get(&self.cell) {
            self.latest.set(Estimate::from_bytes(&bytes));
        }
    }

    /// Takes in that an answer had so many tokens.
    pub fn learn(&self, store: &mut impl Store, tokens: u64) {
        for _ in 0..ATTEMPTS {
            let Ok(found) = store.get(&self.cell) else { return };
            let (known, version) = found
                .map_or((Estimate::FIRST, 0), |(bytes, version)| (Estimate::from_bytes(&bytes), version));
            let next = known.observe(tokens);
            self.latest.set(next);
            if store.set(&self.cell, &next.to_bytes(), version) != Err(SetError::Conflict) {
                return;
            }
        }
    }
}

impl Estimate {
    const FIRST: Self = Self { length: FIRST * PARTS, samples: 0 };

    fn observe(self, tokens: u64) -> Self {
        // A part of the length, of which there are nine up and one down.
        let part = self.length / if self.samples < YOUNG { 40 } else { 160 };
        let length = if tokens.saturating_mul(PARTS) > self.length {
            self.length + 9 * part
        } else {
            self.length - part
        };
        Self { length: length.clamp(LEAST * PARTS, MOST * PARTS), samples: self.samples.saturating_add(1) }
    }

    /// The fixed form for a cell: parts of a token and samples, little-endian.
    fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        let (length, samples) = bytes.split_at_mut(8);
        length.copy_from_slice(&self.length.to_le_bytes());
        samples.copy_from_slice(&self.samples.to_le_bytes());
        bytes
    }

    /// What a cell says; one that this release cannot read starts anew.
    fn from_bytes(bytes: &[u8]) -> Self {
        let read = || {
            let (length, samples) = bytes.split_first_chunk()?;
            let estimate = Self {
                length: u64::from_le_bytes(*length),
                samples: u32::from_le_bytes(samples.try_into().ok()?),
            };
            (LEAST * PARTS..=MOST * PARTS).contains(&estimate.length).then_some(estimate)
        };
        read().unwrap_or(Self::FIRST)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::quota::store::StoreFailed;

    /// As Envoy's shared data: versions count up from one.
    #[derive(Default)]
    struct Memory(BTreeMap<String, (Vec<u8>, u32)>);

    impl Store for Memory {
        fn get(&mut self, key: &str) -> Result<Option<(Vec<u8>, u32)>, StoreFailed> {
            Ok(self.0.get(key).cloned())
        }

        fn set(&mut self, key: &str, value: &[u8], version: u32) -> Result<(), SetError> {
            let held = self.0.get(key).map_or(0, |(_, version)| *version);
            if held != version && held != 0 {
                return Err(SetError::Conflict);
            }
            self.0.insert(key.to_owned(), (value.to_vec(), held + 1));
            Ok(())
        }
    }

    fn learner() -> Learner {
        Learner::new(&Target { provider: "openai".to_owned(), model: "gpt-4o".to_owned() })
    }

    #[test]
    fn nine_of_ten_answers_are_shorter_than_what_is_learnt() {
        let (mut store, learner) = (Memory::default(), learner());
        assert_eq!(learner.tokens(), 1024);
        // Lengths from 1 to 4000, evenly: nine of ten are below 3600.
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            1 + (state >> 33) % 4000
        };
        (0..500).for_each(|_| learner.learn(&mut store, next()));
        let shorter = (0..500)
            .filter(|_| {
                let length = next();
                let is_shorter = length <= learner.tokens();
                learner.learn(&mut store, length);
                is_shorter
            })
            .count();
        assert!((430..=470).contains(&shorter), "{shorter} of 500");
        assert!((3300..=3900).contains(&learner.tokens()), "{}", learner.tokens());
    }

    #[test]
    fn short_answers_are_learnt_soon_and_by_all_workers() {
        let (mut store, one, other) = (Memory::default(), learner(), learner());
        (0..300).for_each(|_| one.learn(&mut store, 100));
        assert!((90..=140).contains(&one.tokens()), "{}", one.tokens());
        other.read(&mut store);
        assert_eq!(other.tokens(), one.tokens());
    }

    #[test]
    fn a_cell_of_another_release_starts_anew() {
        for bytes in [&b""[..], b"short", &[0; 12], &[0xff; 12], &[0; 13]] {
            assert_eq!(Estimate::from_bytes(bytes), Estimate::FIRST);
        }
        let learnt = Estimate::FIRST.observe(1);
        assert_eq!(Estimate::from_bytes(&learnt.to_bytes()), learnt);
    }

    proptest! {
        #[test]
        fn whatever_is_learnt_is_bounded(samples in prop::collection::vec(any::<u64>(), 0..200)) {
            let (mut store, learner) = (Memory::default(), learner());
            for sample in samples {
                learner.learn(&mut store, sample);
                prop_assert!((LEAST..=MOST).contains(&learner.tokens()));
            }
        }
    }
}
