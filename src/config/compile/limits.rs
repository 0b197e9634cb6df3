//! Limits and budgets → scopes: whose use is counted together, under which name and in which cell.
//!
//! Each holder of limits has one cell for what counts every call, and another for each set of models that its
//! limits are restricted to. In one cell there is one limit for each unit and period, because that is what a cell
//! has a counter for. The keys of cells are kept over releases: a change of one forgets what was used.

use std::collections::{BTreeMap, BTreeSet};

use super::super::amounts::{Rate, Refill};
use super::super::compiled::{Model, Policy, Scope};
use super::super::names::ModelName;
use super::super::problem::{Echo, Kind};
use super::super::raw;
use super::super::shape::{List, Located, OneOrMore, Place, Report};
use super::Names;
use crate::quota::limit::{CounterId, Limit, Measure, Mode, Unit};
use crate::quota::window::Period;
use crate::quota::zone::Zone;

const USER_CELLS: u32 = 1024;

/// Whom limits hold for.
pub(super) enum Holder<'a> {
    /// A virtual key.
    Key(&'a str),
    /// A team.
    Team(&'a str),
    /// An environment of a team.
    Environment {
        /// The team.
        team: &'a str,
        /// The environment.
        name: &'a str,
    },
    /// All keys, with what refusals call them.
    Organisation(Option<&'a str>),
    /// A logical model.
    Model(&'a str),
    /// Each end user.
    User {
        /// Over how many cells they are spread.
        cells: Option<u32>,
    },
}

impl Holder<'_> {
    fn name(&self) -> String {
        match self {
            Self::Key(id) => format!("key {id}"),
            Self::Team(name) => format!("team {name}"),
            Self::Environment { team, name } => format!("team {team} in environment {name}"),
            Self::Organisation(None) => "organisation".to_owned(),
            Self::Organisation(Some(name)) => format!("organisation {name}"),
            Self::Model(name) => format!("model {name}"),
            Self::User { .. } => "each user".to_owned(),
        }
    }

    /// No name of a key, team or environment holds a slash, and no name of a model a question mark.
    fn cell(&self) -> String {
        match self {
            Self::Key(id) => format!("quota/key/{id}"),
            Self::Team(name) => format!("quota/team/{name}"),
            Self::Environment { team, name } => format!("quota/team/{team}/env/{name}"),
            Self::Organisation(_) => "quota/organisation".to_owned(),
            Self::Model(name) => format!("quota/model/{name}"),
            Self::User { .. } => "quota/user".to_owned(),
        }
    }
}

/// The logical models that a limit is restricted to, sorted; `None` for all.
type Restriction = Option<Vec<String>>;

/// The limits of one cell.
#[derive(Default)]
struct Cell {
    limits: Vec<Limit>,
    /// The line of each counter's limit.
    lines: BTreeMap<CounterId, usize>,
    /// How many places of its concurrency only some keys may take.
    reserved_for_high: u64,
}

impl Cell {
    fn add(&mut self, limit: Limit, place: &Place, errors: &mut Report<'_>) {
        let counter = limit.measure.counter();
        if let Some(&first) = self.lines.get(&counter) {
            errors.add(place, Kind::DuplicateLimit { first });
        } else {
            self.lines.insert(counter, place.position.line);
            self.limits.push(limit);
        }
    }

    fn line_of_money(&self) -> Option<usize> {
        self.lines.iter().find(|(counter, _)| counter.unit() == Some(Unit::Money)).map(|(_, line)| *line)
    }
}

/// All scopes of the file.
pub(super) struct Scopes {
    zone: Zone,
    compiled: Vec<Scope>,
    /// The line of a budget in money, by the scope's place.
    money: BTreeMap<usize, usize>,
}

impl Scopes {
    /// None yet. Calendars are in `zone` unless they say otherwise.
    pub(super) const fn new(zone: Zone) -> Self {
        Self { zone, compiled: Vec::new(), money: BTreeMap::new() }
    }

    /// The scopes, in the order of their places.
    pub(super) fn into_compiled(self) -> Vec<Scope> {
        self.compiled
    }

    /// Compiles what limits `holder`, and returns the places of its scopes.
    pub(super) fn add(
        &mut self,
        holder: &Holder<'_>,
        limits: Option<&Located<OneOrMore<raw::Limits>>>,
        budgets: Option<&Located<List<raw::Budget, 0>>>,
        models: &mut Names<'_>,
        errors: &mut Report<'_>,
    ) -> Vec<usize> {
        let mut cells: BTreeMap<Restriction, Cell> = BTreeMap::new();
        for Located { value: set, .. } in limits.iter().flat_map(|limits| &limits.value.0) {
            let restriction = restriction(holder, set.models.as_ref(), models, errors);
            self.limits(holder, set, cells.entry(restriction).or_default(), errors);
        }
        for Located { value: budget, .. } in budgets.iter().flat_map(|budgets| &budgets.value.0) {
            let restriction = restriction(holder, budget.models.as_ref(), models, errors);
            self.budget(budget, cells.entry(restriction).or_default(), errors);
        }
        let limited = cells.into_iter().filter(|(_, cell)| !cell.limits.is_empty());
        limited.map(|(restriction, cell)| self.push(holder, restriction, cell)).collect()
    }

    fn push(&mut self, holder: &Holder<'_>, models: Restriction, cell: Cell) -> usize {
        let place = self.compiled.len();
        if let Some(line) = cell.line_of_money() {
            self.money.insert(place, line);
        }
        let (mut name, mut key) = (holder.name(), holder.cell());
        if let Some(models) = &models {
            name = format!("{name} for {}", models.join(", "));
            key = format!("{key}?models={}", models.join(","));
        }
        let per_user = match holder {
            Holder::User { cells } => Some(cells.unwrap_or(USER_CELLS)),
            _ => None,
        };
        let Cell { limits, reserved_for_high, .. } = cell;
        self.compiled.push(Scope { name, cell: key, limits, models, per_user, reserved_for_high });
        place
    }

    fn limits(&self, holder: &Holder<'_>, set: &raw::Limits, cell: &mut Cell, errors: &mut Report<'_>) {
        let rates = [
            (Unit::Requests, &set.requests),
            (Unit::TotalTokens, &set.tokens),
            (Unit::InputTokens, &set.input_tokens),
            (Unit::OutputTokens, &set.output_tokens),
        ];
        let rates = rates.into_iter().filter_map(|(unit, rate)| Some((unit, rate.as_ref()?)));
        let buckets = rates.clone().filter(|(_, rate)| matches!(rate.value.refill, Refill::Bucket(_)));
        if let Some(burst) = set.burst.as_ref().filter(|_| buckets.count() != 1) {
            errors.add(&burst.place, Kind::BurstOfNoRate);
        }
        let burst = set.burst.as_ref().map(|burst| burst.value.0);
        let mode = mode(set.mode.as_ref());
        for (unit, Located { value: Rate { amount, refill }, place }) in rates {
            let measure = match *refill {
                Refill::Bucket(per) => Measure::Rate { unit, per, burst: burst.unwrap_or(*amount) },
                Refill::Window(period) => Measure::Window { unit, period, zone: self.zone.clone() },
            };
            cell.add(Limit { measure, amount: *amount, mode, alert_at: Vec::new() }, place, errors);
        }
        if let Some(concurrency) = &set.concurrency {
            let amount = u64::from(concurrency.value.0);
            let limit = Limit { measure: Measure::Concurrency, amount, mode, alert_at: Vec::new() };
            cell.add(limit, &concurrency.place, errors);
        }
        if let Some(reserved) = &set.reserved_for_high {
            let concurrency = set.concurrency.as_ref().map_or(0, |concurrency| concurrency.value.0);
            if reserved.value.0 >= concurrency || matches!(holder, Holder::Key(_)) {
                errors.add(&reserved.place, Kind::ReservedOfNothing);
            }
            cell.reserved_for_high = u64::from(reserved.value.0);
        }
    }

    fn budget(&self, budget: &raw::Budget, cell: &mut Cell, errors: &mut Report<'_>) {
        let counts = [
            (Unit::Requests, &budget.requests),
            (Unit::TotalTokens, &budget.tokens),
            (Unit::InputTokens, &budget.input_tokens),
            (Unit::OutputTokens, &budget.output_tokens),
        ];
        let count = counts
            .into_iter()
            .find_map(|(unit, count)| count.as_ref().map(|count| (unit, count.value.0, &count.place)));
        let money = budget.usd.as_ref().map(|usd| (Unit::Money, usd.value.0.nanos(), &usd.place));
        let Some(per) = budget.per.as_ref().map(|per| per.value) else { return };
        if let (raw::BudgetPeriod::Total, Some(zone)) = (per, &budget.zone) {
            errors.add(&zone.place, Kind::ZoneOfTotal);
        }
        let Some((unit, amount, place)) = money.or(count) else { return };
        let zone = budget.zone.as_ref().map_or(&self.zone, |zone| &zone.value.0);
        let window = |period| Measure::Window { unit, period, zone: zone.clone() };
        let measure = match per {
            raw::BudgetPeriod::Hour => window(Period::Hour),
            raw::BudgetPeriod::Day => window(Period::Day),
            raw::BudgetPeriod::Week => window(Period::Week),
            raw::BudgetPeriod::Month => window(Period::Month),
            raw::BudgetPeriod::Total => Measure::Prepaid { unit },
        };
        let alerts = budget.alert_at.iter().flat_map(|alerts| &alerts.value.0).map(|alert| alert.value.0);
        let alert_at = alerts.collect::<BTreeSet<_>>().into_iter().collect();
        cell.add(Limit { measure, amount, mode: mode(budget.mode.as_ref()), alert_at }, place, errors);
    }

    /// Reports every target without a price that a budget in money applies to. `places` has the targets' places by
    /// logical model.
    pub(super) fn check_prices(
        &self,
        policy: &Policy,
        places: &BTreeMap<String, Vec<Place>>,
        errors: &mut Report<'_>,
    ) {
        for (name, model) in &policy.models {
            let Some(budget) = self.money_budget(name, model, policy) else { continue };
            for (target, place) in model.targets.iter().zip(places.get(name).into_iter().flatten()) {
                if target.price.is_none() {
                    let target = Echo::of(&format!("{}/{}", target.target.provider, target.target.model));
                    errors.add(place, Kind::NoPrice { target, budget });
                }
            }
        }
    }

    /// The line of the first budget in money that a call of the model can meet.
    fn money_budget(&self, name: &str, model: &Model, policy: &Policy) -> Option<usize> {
        let callers = policy.keys.values().filter(|key| key.models.allows(name));
        let reached = callers.flat_map(|key| &key.scopes).chain(&model.scopes);
        let counts = |place: &&usize| {
            let restriction = self.compiled.get(**place).and_then(|scope| scope.models.as_ref());
            restriction.is_none_or(|models| models.iter().any(|model| model == name))
        };
        reached.filter(counts).filter_map(|place| self.money.get(place).copied()).min()
    }
}

fn mode(given: Option<&Located<Mode>>) -> Mode {
    given.map_or(Mode::Enforce, |mode| mode.value)
}

fn restriction(
    holder: &Holder<'_>,
    given: Option<&Located<List<ModelName, 1>>>,
    models: &mut Names<'_>,
    errors: &mut Report<'_>,
) -> Restriction {
    let given = given?;
    if matches!(holder, Holder::Model(_)) {
        errors.add(&given.place, Kind::ModelsOfModel);
    }
    Some(models.refer_all(given.value.0.iter().map(|item| (&item.value, &item.place)), errors))
}
