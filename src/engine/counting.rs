//! The tokens of a prompt, for every provider model that may serve it, before it is sent.
//!
//! A chain of targets is counted once for each way of counting that its models need, most often once. Where
//! the vocabulary is the model's own, the count is what the provider will say; where it is not public, it is our
//! count times a ratio that is learnt from what the provider says ([`Calibrator`]), in a cell of the shared data.
//! A worker goes by the ratio that it saw last, so an estimate asks nobody.
//!
//! Deliberately unknown here: limits and prices, and what becomes of a count.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::config::compiled::{self, Counting, ModelTarget, Target, target_cluster};
use crate::dialect::Surface;
use crate::dialect::translate::{Dialect, decode_request};
use crate::observe::record::Counted;
use crate::quota::store::{SetError, Store};
use crate::tokens::calibration::Calibration;
use crate::tokens::chat::{ChatModel, Estimate};
use crate::tokens::conversation::count_conversation;
use crate::tokens::request;

/// Bytes of a body for one token where it cannot be read: the rule of thumb that OpenAI's help centre gives for English.
const BYTES_PER_TOKEN: u64 = 4;

/// How often a worker tries to add what it learnt when others add to it, too. A lost sample is no harm.
const ATTEMPTS: u32 = 4;

/// The ratio of one provider model.
#[derive(Debug)]
pub struct Calibrator {
    cell: String,
    start: Calibration,
    latest: Cell<Calibration>,
}

impl Calibrator {
    /// One that goes by `start_permille` until it is taught or has read what others were taught.
    #[must_use]
    pub fn new(target: &Target, start_permille: u32) -> Self {
        let start = Calibration::starting_at(start_permille);
        Self { cell: format!("calibration/{}", target_cluster(target)), start, latest: Cell::new(start) }
    }

    /// Takes over what all workers have learnt so far.
    pub fn read(&self, store: &mut impl Store) {
        if let Ok(Some((bytes, _))) = store.get(&self.cell) {
            self.latest.set(self.decode(&bytes));
        }
    }

    /// Takes in that the provider reported so many prompt tokens where we counted so many.
    pub fn learn(&self, store: &mut impl Store, counted: u64, reported: u64) {
        for _ in 0..ATTEMPTS {
            let Ok(found) = store.get(&self.cell) else { return };
            let (known, version) = match &found {
                Some((bytes, version)) => (self.decode(bytes), *version),
                None => (self.start, 0),
            };
            let next = known.observe(counted, reported);
            self.latest.set(next);
            if next == known || store.set(&self.cell, &next.to_bytes(), version) != Err(SetError::Conflict) {
                return;
            }
        }
    }

    /// What a cell says; one of another release starts anew.
    fn decode(&self, bytes: &[u8]) -> Calibration {
        bytes.try_into().ok().and_then(Calibration::from_bytes).unwrap_or(self.start)
    }
}

/// The counter of one logical model.
#[derive(Debug)]
pub struct Counter {
    exact_bytes: usize,
    /// The different ways of counting in the chain.
    rules: Vec<ChatModel>,
    targets: Vec<Counts>,
}

/// How a target counts.
#[derive(Debug)]
struct Counts {
    target: Target,
    /// Which of the rules.
    rule: usize,
    calibrator: Option<Rc<Calibrator>>,
}

/// A prompt counted by all the rules of its chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(Vec<Counted>);

/// What there is to learn from a provider's report.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// Whose ratio.
    pub calibrator: Rc<Calibrator>,
    /// Our count, without the ratio.
    pub counted: u64,
    /// The provider's.
    pub reported: u64,
}

impl Counter {
    /// The counter of a chain. `calibrators` are shared by all chains with the same target.
    #[must_use]
    pub fn new(
        model: &compiled::Model,
        counting: Counting,
        calibrators: &mut BTreeMap<Target, Rc<Calibrator>>,
    ) -> Self {
        let mut counter = Self { exact_bytes: counting.exact_bytes, rules: Vec::new(), targets: Vec::new() };
        for ModelTarget { target, vocabulary, ratio_permille, .. } in &model.targets {
            let rule = ChatModel::new(&target.model, *vocabulary);
            let place = counter.rules.iter().position(|other| *other == rule).unwrap_or_else(|| {
                counter.rules.push(rule);
                counter.rules.len() - 1
            });
            let calibrator = ratio_permille.map(|permille| {
                let new = || Rc::new(Calibrator::new(target, permille));
                Rc::clone(calibrators.entry(target.clone()).or_insert_with(new))
            });
            counter.targets.push(Counts { target: target.clone(), rule: place, calibrator });
        }
        counter
    }

    /// Counts the prompt of a request's body. What cannot be read as a request counts nothing: the provider will
    /// refuse it.
    #[must_use]
    pub fn count(&self, surface: Surface, body: &[u8]) -> Tally {
        let conversation = match surface.dialect() {
            None | Some(Dialect::OpenAiChat | Dialect::OpenAiCompletions) => None,
            Some(client) => Some(decode_request(client, body)),
        };
        let whole = |estimate: Estimate| Counted { tokens: estimate.tokens, exact: estimate.exact() };
        let count = |rule: &ChatModel| match &conversation {
            Some(Ok((request, _))) => whole(count_conversation(request, *rule, self.exact_bytes)),
            // A request that builds on what the provider keeps, or is newer than the gateway: it will be served.
            Some(Err(_)) => Counted { tokens: body.len() as u64 / BYTES_PER_TOKEN, exact: false },
            None if surface == Surface::ChatCompletions => {
                request::count_chat_request(body, *rule, self.exact_bytes).map(whole).unwrap_or_default()
            }
            None => request::count_plain_request(body, rule.vocabulary(), self.exact_bytes)
                .map(|count| Counted { tokens: count.tokens as u64, exact: count.exact })
                .unwrap_or_default(),
        };
        Tally(self.rules.iter().map(count).collect())
    }

    /// What each target will presumably count, in the order of the chain.
    pub fn estimates<'a>(&'a self, tally: &'a Tally) -> impl Iterator<Item = Counted> + 'a {
        self.targets.iter().map(|target| target.estimate(tally))
    }

    /// What one target will presumably count.
    #[must_use]
    pub fn estimate(&self, tally: &Tally, provider: &str, model: &str) -> Option<Counted> {
        self.target(provider, model).map(|target| target.estimate(tally))
    }

    /// What there is to learn from the prompt tokens that a target reported.
    #[must_use]
    pub fn lesson(&self, tally: &Tally, provider: &str, model: &str, reported: u64) -> Option<Lesson> {
        let target = self.target(provider, model)?;
        let calibrator = Rc::clone(target.calibrator.as_ref()?);
        Some(Lesson { calibrator, counted: tally.0.get(target.rule)?.tokens, reported })
    }

    fn target(&self, provider: &str, model: &str) -> Option<&Counts> {
        self.targets.iter().find(|own| own.target.provider == provider && own.target.model == model)
    }
}

impl Counts {
    fn estimate(&self, tally: &Tally) -> Counted {
        let counted = tally.0.get(self.rule).copied().unwrap_or_default();
        match &self.calibrator {
            Some(calibrator) => {
                Counted { tokens: calibrator.latest.get().estimate(counted.tokens), exact: false }
            }
            None => counted,
        }
    }
}
