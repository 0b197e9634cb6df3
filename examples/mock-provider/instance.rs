//! One played provider: its script of behaviours, its log and its counters behind one lock.
//!
//! Promises: a client that has read the end of an answer finds it settled in the log and in the counters, since
//! settling happens before the last write. Does not know HTTP beyond the request that it logs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::behaviour::{Behaviour, BehaviourError, Script};
use crate::http::Request;
use crate::log::{Ending, Log, Outcome};

/// A named provider.
#[derive(Debug)]
pub(crate) struct Instance {
    keep_log: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    script: Script,
    log: Log,
    counters: Counters,
}

/// What `GET /_mock/stats` shows.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Counters {
    /// API requests received.
    requests: u64,
    /// Requests whose answer has not ended.
    in_flight: u64,
    /// The most requests in flight at once.
    max_in_flight: u64,
    /// Prompt tokens of all completed answers.
    prompt_tokens: u64,
    /// Completion tokens of all completed answers.
    completion_tokens: u64,
}

impl Instance {
    /// An instance that has been told nothing.
    pub(crate) fn new(default: Arc<Behaviour>, keep_log: bool) -> Self {
        let state =
            State { script: Script::new(default), log: Log::default(), counters: Counters::default() };
        Self { keep_log, state: Mutex::new(state) }
    }

    /// Takes in a request: counts it, logs it, and says how to behave.
    pub(crate) fn receive(self: &Arc<Self>, request: &Request<'_>) -> (Arc<Behaviour>, Ticket) {
        let mut state = self.lock();
        state.counters.requests += 1;
        state.counters.in_flight += 1;
        state.counters.max_in_flight = state.counters.max_in_flight.max(state.counters.in_flight);
        let entry = self.keep_log.then(|| state.log.push(request));
        let behaviour = state.script.next();
        drop(state);
        (behaviour, Ticket { instance: Arc::clone(self), entry, settled: None })
    }

    /// Replaces the behaviour, or the queue of them.
    pub(crate) fn set_behaviour(&self, json: &[u8]) -> Result<(), BehaviourError> {
        self.lock().script.replace(json)
    }

    /// Back to the default behaviour, an empty log and counters at zero; requests in flight stay counted.
    pub(crate) fn reset(&self) {
        let mut state = self.lock();
        state.script.clear();
        state.log.clear();
        let in_flight = state.counters.in_flight;
        state.counters = Counters { in_flight, max_in_flight: in_flight, ..Counters::default() };
    }

    /// The log as a JSON array.
    pub(crate) fn log_json(&self) -> Vec<u8> {
        self.lock().log.to_json()
    }

    /// Empties the log.
    pub(crate) fn clear_log(&self) {
        self.lock().log.clear();
    }

    /// The counters now.
    pub(crate) fn counters(&self) -> Counters {
        self.lock().counters
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in flight. It must be settled; settling again corrects what was said before.
#[derive(Debug)]
pub(crate) struct Ticket {
    instance: Arc<Instance>,
    entry: Option<u64>,
    settled: Option<Outcome>,
}

impl Ticket {
    /// Records how the answer ended.
    pub(crate) fn settle(&mut self, outcome: Outcome) {
        let mut state = self.instance.lock();
        match self.settled.replace(outcome) {
            None => state.counters.in_flight -= 1,
            Some(before) => state.counters.count(before, u64::saturating_sub),
        }
        state.counters.count(outcome, u64::saturating_add);
        if let Some(entry) = self.entry {
            state.log.settle(entry, outcome);
        }
    }
}

impl Counters {
    fn count(&mut self, outcome: Outcome, apply: fn(u64, u64) -> u64) {
        if let (Ending::Completed, Some(usage)) = (outcome.ended, outcome.usage) {
            self.prompt_tokens = apply(self.prompt_tokens, usage.prompt_tokens);
            self.completion_tokens = apply(self.completion_tokens, usage.completion_tokens);
        }
    }
}
