//! What one call has reserved, what it came to, and what is told of both.
//!
//! The policy says when: before the call leaves ([`Spending::demand`], [`Spending::grant`]), while its answer
//! passes ([`Spending::headers`]), and once at its end ([`Spending::settle`]).
//!
//! Deliberately unknown here: the call's phases, and how cells are kept.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::book::{Book, Held, settled};
use super::counting::{Calibrator, Counter, Tally};
use super::effect::Effect;
use super::event::Timestamp;
use super::limits::{Applied, Demand, Limits};
use super::patience::Patience;
use super::ratelimit::Form;
use super::refusal::Exceeded;
use super::typical::{FIRST, Learner};
use crate::config::compiled::{self, Counting, Target};
use crate::dialect::request::Inspection;
use crate::dialect::{Surface, Usage};
use crate::observe::record::{Counted, Metered, Notice, Outcome, Reached, Record};
use crate::quota::ledger::{Alert, Refusal, Terms};
use crate::quota::limit::Amounts;
use crate::quota::money::NanoDollars;
use crate::quota::price::Service;
use crate::quota::store::{Denied, Granted, Of, Settled, Unsettled};

/// The fewest tokens of output that are reserved when the answer goes on: each time costs a round of the cells.
const LEAST_EXTENSION: u64 = 64;

/// A logical model, ready for use.
#[derive(Debug)]
pub struct Model {
    /// Its configuration.
    pub config: compiled::Model,
    /// How long its targets may be waited for.
    pub patience: Rc<Patience>,
    counter: Counter,
    /// What is learnt of each target's answers, unless the configuration says what is typical.
    learners: Vec<Rc<Learner>>,
}

impl Model {
    /// Prepares a model; see [`Counter::new`]. `learners` are shared by all models with the same target, too.
    #[must_use]
    pub fn new(
        config: compiled::Model,
        counting: Counting,
        calibrators: &mut BTreeMap<Target, Rc<Calibrator>>,
        learners: &mut BTreeMap<Target, Rc<Learner>>,
    ) -> Self {
        let counter = Counter::new(&config, counting, calibrators);
        let learner = |target: &compiled::ModelTarget| {
            let new = || Rc::new(Learner::new(&target.target));
            Rc::clone(learners.entry(target.target.clone()).or_insert_with(new))
        };
        let learners = match config.typical_output {
            Some(_) => Vec::new(),
            None => config.targets.iter().map(learner).collect(),
        };
        Self { patience: Rc::new(Patience::new(&config)), config, counter, learners }
    }

    /// How many tokens of output an answer typically has, at the target where it has most.
    fn typical_output(&self) -> u64 {
        let learnt = || self.learners.iter().map(|learner| learner.tokens()).max();
        self.config.typical_output.or_else(learnt).unwrap_or(FIRST)
    }

    /// Who learns from an answer of a target.
    fn learner(&self, (provider, model): (&str, &str)) -> Option<&Rc<Learner>> {
        let is_it = |target: &compiled::ModelTarget| {
            target.target.provider == provider && target.target.model == model
        };
        let place = self.config.targets.iter().position(is_it)?;
        self.learners.get(place)
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
    /// What was reserved when that turned out to be too little.
    extensions: Vec<Held>,
    /// How many answers were asked for without a limit to them, where what is typical of them is reserved.
    unbounded: Option<u64>,
    /// What remains to be settled.
    settlements: Vec<Unsettled>,
    headers: Vec<(&'static str, String)>,
}

impl Spending {
    /// A call that is about to leave; its prompt is counted where a limit needs that, or where `always` says so.
    #[must_use]
    pub fn new(model: Rc<Model>, mut applied: Applied, always: bool, surface: Surface, body: &[u8]) -> Self {
        applied.form = Form::of(surface);
        let tally = (always || applied.counts).then(|| model.counter.count(surface, body));
        Self {
            model,
            applied,
            tally,
            held: None,
            extensions: Vec::new(),
            unbounded: None,
            settlements: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// What shall be reserved, when anything limits the call: the most that it can take at the target where it
    /// takes most. Where the request sets no bound to its answer, the model's typical output stands for it.
    #[must_use]
    pub fn demand(&mut self, limits: &Limits, surface: Surface, request: &Inspection) -> Option<Demand> {
        if self.applied.is_empty() {
            return None;
        }
        let output = match (surface, request.output_limit) {
            (Surface::Embeddings, _) => 0,
            (_, Some(limit)) => limit,
            (_, None) => {
                self.unbounded = Some(request.answers.max(1)).filter(|_| self.applied.counts);
                self.model.typical_output().saturating_mul(request.answers)
            }
        };
        let amounts = Amounts { requests: 1, calls: 1, ..self.most(output) };
        Some(Demand { scopes: self.applied.scopes(), amounts, terms: limits.terms() })
    }

    /// The most that a call with so many tokens of output takes.
    fn most(&self, output: u64) -> Amounts {
        let mut amounts = Amounts { output_tokens: output, ..Amounts::default() };
        if let Some(tally) = &self.tally {
            for (target, counted) in self.model.config.targets.iter().zip(self.model.counter.estimates(tally))
            {
                amounts.input_tokens = amounts.input_tokens.max(counted.tokens);
                let price = target.price.as_ref();
                let cost = price.map(|price| price.most(counted.tokens, output, Service::Standard));
                amounts.money = amounts.money.max(cost.unwrap_or_default());
            }
        }
        amounts
    }

    /// What shall be reserved when the answer goes on beyond what is reserved for it: as much output again as at
    /// first, in all scopes.
    #[must_use]
    pub fn extension(&self, terms: Terms) -> Demand {
        let reserved: Vec<Amounts> = self.held.iter().chain(&self.extensions).map(Held::reserved).collect();
        let sum = |of: fn(&Amounts) -> u64| reserved.iter().map(of).fold(0, u64::saturating_add);
        let first = reserved.first().map_or(0, |first| first.output_tokens);
        let output = first.max(LEAST_EXTENSION);
        let money = self.most(sum(|part| part.output_tokens).saturating_add(output)).money;
        let money = money.nanos().saturating_sub(sum(|part| part.money.nanos()));
        let amounts = Amounts { output_tokens: output, money: NanoDollars::new(money), ..Amounts::default() };
        Demand { scopes: self.applied.scopes(), amounts, terms }
    }

    /// More was reserved: how many tokens of output.
    pub fn extend(&mut self, granted: Granted, book: &Book, record: &mut Record) -> u64 {
        self.told(granted.would_refuse, granted.alerts, record);
        let held = book.hold(granted.reservation);
        let more = held.reserved().output_tokens;
        self.extensions.push(held);
        more
    }

    /// Notes what is to be told of a reservation; that a limit would have refused the call, once.
    fn told(&self, would_refuse: Vec<Of<Refusal>>, alerts: Vec<Of<Alert>>, record: &mut Record) {
        for Of { scope, .. } in &would_refuse {
            let notice = Notice::WouldRefuse(self.applied.name(scope));
            if !record.notices.contains(&notice) {
                record.notices.push(notice);
            }
        }
        record.notices.extend(self.alerts(alerts));
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
        self.told(granted.would_refuse, granted.alerts, record);
        self.held = Some(book.hold(granted.reservation));
    }

    /// The fields that tell the client how its limits stand; they are told once.
    pub fn headers(&mut self) -> Vec<(&'static str, String)> {
        std::mem::take(&mut self.headers)
    }

    /// There was no room for the call, or for more of it. Says which limit has none, and sees to what the attempt left.
    pub fn denied(
        &self,
        denied: &mut Denied,
        book: &Book,
        now: Timestamp,
        record: &mut Record,
    ) -> Option<Exceeded> {
        if let Some(unsettled) = denied.unsettled.take() {
            book.owe(unsettled);
        }
        record.notices.extend(self.alerts(std::mem::take(&mut denied.alerts)));
        self.applied.exceeded(denied, now.unix_milliseconds())
    }

    /// Notices about limits whose alerts are due.
    fn alerts(&self, alerts: Vec<Of<Alert>>) -> impl Iterator<Item = Notice> {
        alerts.into_iter().map(|Of { scope, what }| Notice::Alert(reached(self.applied.name(&scope), what)))
    }

    /// The call is over: what it took and cost goes into the record, and what was reserved is settled.
    pub fn settle(&mut self, record: &mut Record, effects: &mut Vec<Effect>) {
        record.counted = self.counted(record);
        let served = record.provider.as_deref().zip(record.provider_model.as_deref());
        let tally = self.tally.as_ref();
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
        if let (Metered::Reported(Usage { output, .. }), Some(answers), Some(served)) =
            (&record.metered, self.unbounded, served)
            && record.outcome == Outcome::Ok
            && let Some(learner) = self.model.learner(served)
        {
            effects.push(Effect::LearnLength(Rc::clone(learner), output.div_ceil(answers)));
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
        let Some(held) = self.held.take() else { return };
        let (mut held, mut rest) = (held, actual);
        for next in std::mem::take(&mut self.extensions) {
            let part = part_of(&rest, &held.reserved());
            rest = without(&rest, &part);
            self.settlements.extend(std::mem::replace(&mut held, next).settle(part));
        }
        effects.extend(held.settle(rest).map(Effect::Settle));
    }

    /// What is to be settled next; one after the other, because each is answered.
    pub fn next_settlement(&mut self) -> Option<Unsettled> {
        self.settlements.pop()
    }

    /// The prompt's tokens as the target counts them that has served the call.
    #[must_use]
    pub fn counted(&self, record: &Record) -> Option<Counted> {
        let (provider, model) = record.provider.as_deref().zip(record.provider_model.as_deref())?;
        self.model.counter.estimate(self.tally.as_ref()?, provider, model)
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

/// What is told of an alert.
#[must_use]
pub fn reached(scope: Arc<str>, alert: Alert) -> Reached {
    let Alert { permille, used, amount, counter, limit: _ } = alert;
    let (unit, per) = counter.names();
    Reached { scope, permille, unit, per, used, limit: amount }
}

/// What of the truth a reservation that others follow is charged: all that is certain, and of the answer as much as was
/// reserved.
fn part_of(actual: &Amounts, reserved: &Amounts) -> Amounts {
    Amounts {
        output_tokens: actual.output_tokens.min(reserved.output_tokens),
        money: actual.money.min(reserved.money),
        ..*actual
    }
}

fn without(all: &Amounts, part: &Amounts) -> Amounts {
    Amounts {
        requests: all.requests.saturating_sub(part.requests),
        input_tokens: all.input_tokens.saturating_sub(part.input_tokens),
        output_tokens: all.output_tokens.saturating_sub(part.output_tokens),
        money: NanoDollars::new(all.money.nanos().saturating_sub(part.money.nanos())),
        calls: all.calls.saturating_sub(part.calls),
    }
}

/// How far an estimate was off, in thousandths of what was reported; positive where it was too high.
fn error(counted: Option<Counted>, reported: u64) -> Option<i64> {
    let difference = i128::from(counted?.tokens) - i128::from(reported);
    i64::try_from((difference * 1000).checked_div(i128::from(reported))?).ok()
}
