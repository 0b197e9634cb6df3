//! A cell: all that is counted for one scope, and its bytes.
//!
//! Bytes, version 1, all numbers in unsigned LEB128 (as in DWARF 5, section 7.6): the version, the latest moment,
//! the number of leases and of each its end and what becomes of it, the number of counters and of each, in rising
//! order, its number, its state by its form (below) and what it holds in each lease.
//!
//! Promises: any bytes are a cell or an error; what was written reads back as it was; the size is bounded,
//! however many calls are under way. Knows how a cell looks, and not what may be done with it: that is `ledger`.

use serde::{Deserialize, Serialize};

use super::limit::{CounterId, Form};

const VERSION: u128 = 1;

/// How many ends of leases a cell knows at once. A lease length in use takes six at most (see `ledger`); the
/// others are for the time after a change of that length.
pub(super) const LEASES: usize = 8;

/// What becomes of a reservation whose call was lost with the VM that served it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Lapse {
    /// It is charged in full: the call had probably left, and what may have been spent is not forgotten.
    #[default]
    Charge,
    /// It is returned: a limit may then be exceeded by what crashed VMs have spent.
    Return,
}

/// When reservations end by themselves. All of a cell that end at the same time share one lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lease {
    /// In milliseconds since the Unix epoch; zero when this place is free.
    pub(super) ends: u64,
    pub(super) lapse: Lapse,
}

/// What is counted by one counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counter {
    pub(super) id: CounterId,
    pub(super) state: State,
    /// What is reserved, by lease.
    pub(super) held: [u64; LEASES],
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// What was taken and has not flowed back, in units times milliseconds of the period, so that nothing is
    /// ever rounded; and how many units flow back every period.
    Rate { debt: u128, rate: u64, per: u64 },
    /// The window that counts at present, what was used in it, and the highest use that an alert was raised for.
    Window { start: u64, end: u64, used: u64, alerted: u64 },
    /// The same without a window.
    Prepaid { used: u64, alerted: u64 },
    /// Calls are only ever held.
    Concurrency,
}

impl Counter {
    pub(super) fn new(id: CounterId) -> Self {
        let state = match id.form() {
            Form::Rate(per) => State::Rate { debt: 0, rate: 0, per: per.milliseconds() },
            Form::Window(_) => State::Window { start: 0, end: 0, used: 0, alerted: 0 },
            Form::Prepaid => State::Prepaid { used: 0, alerted: 0 },
            Form::Concurrency => State::Concurrency,
        };
        Self { id, state, held: [0; LEASES] }
    }

    /// What is reserved in all leases.
    pub(super) fn reserved(&self) -> u64 {
        self.held.iter().fold(0, |sum, held| sum.saturating_add(*held))
    }
}

/// What is counted for one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The latest moment it was told of; for a cell time never goes back.
    pub(super) latest: u64,
    pub(super) leases: [Lease; LEASES],
    /// By rising number. A counter whose limit is gone stays, for its limit may come back and its tickets will.
    pub(super) counters: Vec<Counter>,
}

/// Why bytes are no cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellError {
    /// Written by a release whose encoding this one does not know.
    UnknownVersion,
    /// They end too early.
    Truncated,
    /// A number is larger than its place allows, or unknown there.
    Invalid,
    /// Something follows the end.
    TrailingBytes,
}

impl Cell {
    /// The cell's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 + 32 * self.counters.len());
        let mut put = |number: u128| write(&mut bytes, number);
        let alive = || self.leases.iter().enumerate().filter(|(_, lease)| lease.ends > 0);
        put(VERSION);
        put(u128::from(self.latest));
        put(alive().count() as u128);
        for (_, lease) in alive() {
            put(u128::from(lease.ends));
            put(match lease.lapse {
                Lapse::Charge => 0,
                Lapse::Return => 1,
            });
        }
        put(self.counters.len() as u128);
        for counter in &self.counters {
            put(u128::from(counter.id.number()));
            match counter.state {
                State::Rate { debt, rate, per: _ } => {
                    put(debt);
                    put(u128::from(rate));
                }
                State::Window { start, end, used, alerted } => {
                    [start, end, used, alerted].into_iter().for_each(|number| put(u128::from(number)));
                }
                State::Prepaid { used, alerted } => {
                    [used, alerted].into_iter().for_each(|number| put(u128::from(number)));
                }
                State::Concurrency => {}
            }
            for (at, _) in alive() {
                put(counter.held.get(at).map_or(0, |held| u128::from(*held)));
            }
        }
        bytes
    }

    /// Reads a cell.
    ///
    /// # Errors
    /// When the bytes are none, or of a version that is not known.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CellError> {
        let mut rest = bytes;
        if read(&mut rest)? != VERSION {
            return Err(CellError::UnknownVersion);
        }
        let mut cell = Self { latest: read_u64(&mut rest)?, ..Self::default() };
        let leases = read_count(&mut rest, LEASES)?;
        for lease in cell.leases.iter_mut().take(leases) {
            lease.ends = read_u64(&mut rest)?;
            lease.lapse = match read(&mut rest)? {
                0 => Lapse::Charge,
                1 => Lapse::Return,
                _ => return Err(CellError::Invalid),
            };
            if lease.ends == 0 {
                return Err(CellError::Invalid);
            }
        }
        let counters = read_count(&mut rest, usize::from(CounterId::COUNT))?;
        cell.counters.reserve(counters);
        for _ in 0..counters {
            let number = u8::try_from(read(&mut rest)?).map_err(|_| CellError::Invalid)?;
            let id = CounterId::from_number(number).ok_or(CellError::Invalid)?;
            if cell.counters.last().is_some_and(|last| last.id >= id) {
                return Err(CellError::Invalid);
            }
            let mut counter = Counter::new(id);
            match &mut counter.state {
                State::Rate { debt, rate, per: _ } => {
                    *debt = read(&mut rest)?;
                    *rate = read_u64(&mut rest)?;
                }
                State::Window { start, end, used, alerted } => {
                    for place in [start, end, used, alerted] {
                        *place = read_u64(&mut rest)?;
                    }
                }
                State::Prepaid { used, alerted } => {
                    for place in [used, alerted] {
                        *place = read_u64(&mut rest)?;
                    }
                }
                State::Concurrency => {}
            }
            for held in counter.held.iter_mut().take(leases) {
                *held = read_u64(&mut rest)?;
            }
            cell.counters.push(counter);
        }
        if rest.is_empty() { Ok(cell) } else { Err(CellError::TrailingBytes) }
    }
}

fn write(bytes: &mut Vec<u8>, mut number: u128) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read(rest: &mut &[u8]) -> Result<u128, CellError> {
    let mut number = 0_u128;
    for shift in (0..u128::BITS).step_by(7) {
        let (byte, left) = rest.split_first().ok_or(CellError::Truncated)?;
        *rest = left;
        let bits = u128::from(byte & 0x7f);
        if bits.leading_zeros() < shift {
            return Err(CellError::Invalid);
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(CellError::Invalid)
}

fn read_u64(rest: &mut &[u8]) -> Result<u64, CellError> {
    u64::try_from(read(rest)?).map_err(|_| CellError::Invalid)
}

fn read_count(rest: &mut &[u8], most: usize) -> Result<usize, CellError> {
    usize::try_from(read(rest)?).ok().filter(|count| *count <= most).ok_or(CellError::Invalid)
}
