//! What one call has reserved, what it came to, and what is told of both.
//!
//! The policy says when: before the call leaves ([`Spending::demand`], [`Spending::grant`]), while its answer
//! passes ([`Spending::headers`]), and once at its end ([`Spending::settle`]).
//!
//! Deliberately unknown here: the call's phases, and how cells are kept.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::book::{Book, Held, settled};
use super::counting::{Calibrator, Counter, Tally};
use super::effect::Effect;
use super::limits::{Applied, Demand, Limits};
use crate::config::compiled::{self, Counting, Target};
use crate::dialect::request::Inspection;
use crate::dialect::{Surface, Usage};
use crate::observe::record::{Counted, Metered, Notice, Record};
use crate::quota::ledger::Alert;
use crate::quota::limit::Amounts;
use crate::quota::money::NanoDollars;
use crate::quota::price::Service;
use crate::quota::store::{Granted, Of, Settled};

/// A logical model, ready for use.
#[derive(Debug)]
pub struct Model {
    /// Its configuration.
    pub config: compiled::Model,
    counter: Counter,
}

impl Model {
    /// Prepares a model; see [`Counter::new`].
    #[must_use]
    pub fn new(
        config: compiled::Model,
        counting: Counting,
        calibrators: &mut BTreeMap<Target, Rc<Calibrator>>,
    ) -> Self {
        let counter = Counter::new(&config, counting, calibrators);
        Self { config, counter }
    }

    /// The tokens of a prompt as the first target presumably counts them.
    #[must_use]
    pub fn prompt_tokens(&self, surface: Surface, body: &[u8]) -> u64 {
        let tally = self.counter.count(surface, body);
        self.counter.estimates(&tally).next().map_or(0, |counted| counted.tokens)
    }
}

/// The spending of one call.
pub struct Spending {
    model: Rc<Model>,
    applied: Applied,
    tally: Option<Tally>,
    held: Option<Held>,
    headers: Vec<(&'static str, String)>,
}

impl Spending {
    /// A call that is about to leave; its prompt is counted where a limit needs that, or where `always` says so.
    #[must_use]
    pub fn new(model: Rc<Model>, applied: Applied, always: bool, surface: Surface, body: &[u8]) -> Self {
        let tally = (always || applied.counts).then(|| model.counter.count(surface, body));
        Self { model, applied, tally, held: None, headers: Vec::new() }
    }

    /// What shall be reserved, when anything limits the call: the most that it can take at the target where it
    /// takes most. Where the request sets no bound to its answer, the model's typical output stands for it.
    #[must_use]
    pub fn demand(&self, limits: &Limits, surface: Surface, request: &Inspection) -> Option<Demand> {
        if self.applied.is_empty() {
            return None;
        }
        let typical = || self.model.config.typical_output.saturating_mul(request.answers);
        let output = match surface {
            Surface::Embeddings => 0,
            _ => request.output_limit.unwrap_or_else(typical),
        };
        let mut amounts = Amounts { requests: 1, calls: 1, output_tokens: output, ..Amounts::default() };
        if let Some(tally) = &self.tally {
            for (target, counted) in self.model.config.targets.iter().zip(self.model.counter.estimates(tally))
            {
                amounts.input_tokens = amounts.input_tokens.max(counted.tokens);
                let price = target.price.as_ref();
                let cost = price.map(|price| price.most(counted.tokens, output, Service::Standard));
                amounts.money = amounts.money.max(cost.unwrap_or_default());
            }
        }
        Some(Demand { scopes: self.applied.scopes(), amounts, terms: limits.terms() })
    }

    /// The model's configuration.
    #[must_use]
    pub fn model(&self) -> &compiled::Model {
        &self.model.config
    }

    /// What limits the call.
    #[must_use]
    pub const fn applied(&self) -> &Applied {
        &self.applied
    }

    /// The reservation was granted.
    pub fn grant(&mut self, granted: Granted, book: &Book, now_ms: u64, record: &mut Record) {
        self.headers = self.applied.headers(&granted, now_ms);
        for Of { scope, .. } in &granted.would_refuse {
            record.notices.push(Notice::WouldRefuse(self.applied.name(scope)));
        }
        record.notices.extend(self.alerts(granted.alerts));
        self.held = Some(book.hold(granted.reservation));
    }

    /// The fields that tell the client how its limits stand; they are told once.
    pub fn headers(&mut self) -> Vec<(&'static str, String)> {
        std::mem::take(&mut self.headers)
    }

    /// Notices about limits whose alerts are due.
    pub fn alerts(&self, alerts: Vec<Of<Alert>>) -> impl Iterator<Item = Notice> {
        alerts.into_iter().map(|Of { scope, what }| Notice::Alert(self.applied.name(&scope), what.permille))
    }

    /// The call is over: what it took and cost goes into the record, and what was reserved is settled.
    pub fn settle(&mut self, record: &mut Record, effects: &mut Vec<Effect>) {
        let served = record.provider.as_deref().zip(record.provider_model.as_deref());
        let tally = self.tally.as_ref();
        record.counted = tally
            .zip(served)
            .and_then(|(tally, (provider, model))| self.model.counter.estimate(tally, provider, model));
        if let (Metered::Estimated(usage), Some(counted)) = (&mut record.metered, record.counted) {
            usage.input = counted.tokens;
        }
        let usage = record.metered.usage().copied().unwrap_or_default();
        if let (Metered::Reported(Usage { input, .. }), Some(tally), Some((provider, model))) =
            (&record.metered, tally, served)
            && let Some(lesson) = self.model.counter.lesson(tally, provider, model, *input)
        {
            record.estimate_error = error(record.counted, *input);
            effects.push(Effect::Learn(lesson));
        }
        if record.metered.usage().is_some() {
            record.cost = served.and_then(|served| self.cost(served, &usage));
        }
        let actual = Amounts {
            requests: 1,
            input_tokens: usage.input,
            output_tokens: usage.output,
            money: record.cost.unwrap_or_default(),
            calls: 1,
        };
        if let Some(unsettled) = self.held.take().and_then(|held| held.settle(actual)) {
            effects.push(Effect::Settle(unsettled));
        }
    }

    /// The settlement is done: alerts about it, and what is left goes into the book.
    pub fn settled(&self, outcome: Settled, book: &Book) -> Vec<Notice> {
        self.alerts(settled(book, outcome)).collect()
    }

    fn cost(&self, (provider, model): (&str, &str), usage: &Usage) -> Option<NanoDollars> {
        let target = self
            .model
            .config
            .targets
            .iter()
            .find(|own| own.target.provider == provider && own.target.model == model)?;
        Some(target.price.as_ref()?.cost(usage, Service::Standard))
    }
}

/// How far an estimate was off, in thousandths of what was reported; positive where it was too high.
fn error(counted: Option<Counted>, reported: u64) -> Option<i64> {
    let difference = i128::from(counted?.tokens) - i128::from(reported);
    i64::try_from((difference * 1000).checked_div(i128::from(reported))?).ok()
}
