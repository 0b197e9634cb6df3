//! Tests of the ledger, of its cells, and of reservations over several scopes in a shared store.

mod ledger;
mod model;
mod store;

use std::collections::{BTreeMap, VecDeque};

use super::limit::{Amounts, Limit, Measure, Mode, Per, Unit};
use super::money::NanoDollars;
use super::store::{SetError, Store, StoreFailed};
use super::window::Period;
use super::zone::Zone;

/// 2026-11-21T12:00:00Z, a Saturday.
const NOON: u64 = 1_795_262_400_000;
const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

fn limit(measure: Measure, amount: u64) -> Limit {
    Limit { measure, amount, mode: Mode::Enforce, alert_at: Vec::new() }
}

fn rate(unit: Unit, per: Per, amount: u64) -> Limit {
    limit(Measure::Rate { unit, per, burst: amount }, amount)
}

fn window(unit: Unit, period: Period, amount: u64) -> Limit {
    limit(Measure::Window { unit, period, zone: Zone::UTC }, amount)
}

fn prepaid(unit: Unit, amount: u64) -> Limit {
    limit(Measure::Prepaid { unit }, amount)
}

/// A request that takes so many tokens of output, and as many nano-dollars.
fn call(tokens: u64) -> Amounts {
    Amounts { requests: 1, input_tokens: 0, output_tokens: tokens, money: NanoDollars::new(tokens), calls: 1 }
}

/// What a swap may meet.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mishap {
    Conflict,
    Failure,
}

/// Envoy's shared data: versions count up over all keys, a swap is checked only where the key is there and a
/// version is given.
#[derive(Debug, Default)]
struct Shared {
    values: BTreeMap<String, (Vec<u8>, u32)>,
    version: u32,
    /// What the next swaps meet.
    mishaps: VecDeque<Option<Mishap>>,
}

impl Store for Shared {
    fn get(&mut self, key: &str) -> Result<Option<(Vec<u8>, u32)>, StoreFailed> {
        Ok(self.values.get(key).cloned())
    }

    fn set(&mut self, key: &str, value: &[u8], version: u32) -> Result<(), SetError> {
        match self.mishaps.pop_front().flatten() {
            Some(Mishap::Conflict) => return Err(SetError::Conflict),
            Some(Mishap::Failure) => return Err(SetError::Failed),
            None => {}
        }
        if self.values.get(key).is_some_and(|(_, present)| version != 0 && version != *present) {
            return Err(SetError::Conflict);
        }
        self.version += 1;
        self.values.insert(key.to_owned(), (value.to_vec(), self.version));
        Ok(())
    }
}
