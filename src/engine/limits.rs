//! What limits a call: which scopes it counts in, what is reserved for it, and how a limit is named.
//!
//! Deliberately unknown here: how cells are kept (`quota`), and where the numbers of a call come from.

use std::sync::Arc;

use crate::config::compiled::{self, AtExhaustion, Priority, Reserving};
use crate::identity::caller::Caller;
use crate::quota::ledger::{Relief, Standing, Terms};
use crate::quota::limit::{Amounts, Limit, Measure, Per, Unit};
use crate::quota::money::NanoDollars;
use crate::quota::store::{Denied, Granted, Of, Reason, Scope, user_key};
use crate::quota::window::{Period, rfc3339};

use super::ratelimit::Form;
use super::refusal::{Exceeded, Excess};

/// All limits of the configuration.
#[derive(Debug)]
pub struct Limits {
    scopes: Vec<Limited>,
    terms: Terms,
    /// Which request header names the end user, when it is not the body.
    pub user_header: Option<String>,
    /// Whether a stream is ended when what was reserved for it is used up and there is no more.
    pub cuts: bool,
}

#[derive(Debug)]
struct Limited {
    name: Arc<str>,
    scope: Scope,
    /// The limits of keys without high priority, where places of the concurrency are reserved: all are counted
    /// together, but these may take less, and so leave the rest free.
    others: Option<Arc<[Limit]>>,
    models: Option<Vec<String>>,
    per_user: Option<u32>,
    counts: bool,
}

/// What shall be reserved before a call goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Where.
    pub scopes: Vec<Scope>,
    /// What.
    pub amounts: Amounts,
    /// For how long.
    pub terms: Terms,
}

/// The scopes of one call, by their names.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    scopes: Vec<(Arc<str>, Scope)>,
    /// Whether one of them limits tokens or money, so that the prompt has to be counted.
    pub counts: bool,
    /// In which header fields the client is told.
    pub form: Form,
}

impl Limits {
    /// Prepares the limits of a configuration.
    #[must_use]
    pub fn new(scopes: Vec<compiled::Scope>, reserving: Reserving) -> Self {
        let Reserving { lease_ms, lapse, user_header, at_exhaustion } = reserving;
        let limited = |scope: compiled::Scope| {
            let compiled::Scope { name, cell, limits, models, per_user, reserved_for_high } = scope;
            let others = (reserved_for_high > 0).then(|| without_reserved(&limits, reserved_for_high));
            let counts =
                limits.iter().any(|limit| !matches!(unit(&limit.measure), None | Some(Unit::Requests)));
            Limited {
                name: name.into(),
                scope: Scope { key: cell.into(), limits: limits.into() },
                others,
                models,
                per_user,
                counts,
            }
        };
        let terms = Terms { lease: lease_ms, lapse };
        Self {
            scopes: scopes.into_iter().map(limited).collect(),
            terms,
            user_header,
            cuts: at_exhaustion == AtExhaustion::Cut,
        }
    }

    /// Whether nothing is limited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    /// How reservations are made.
    #[must_use]
    pub const fn terms(&self) -> Terms {
        self.terms
    }

    /// The name of a scope by the key of its cell, or of one of its users' cells.
    #[must_use]
    pub fn name(&self, cell: &str) -> Arc<str> {
        let own = |limited: &&Limited| {
            let rest = cell.strip_prefix(&*limited.scope.key);
            rest.is_some_and(|rest| rest.is_empty() || limited.per_user.is_some() && rest.starts_with('#'))
        };
        self.scopes.iter().find(own).map_or_else(|| cell.into(), |limited| Arc::clone(&limited.name))
    }

    /// Every scope that has one cell, to be made before the first call.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().filter(|limited| limited.per_user.is_none()).map(|limited| &*limited.scope.key)
    }

    /// What limits a call of `caller` to the logical model `name` for `user`; calls that name nobody are all
    /// one user's.
    #[must_use]
    pub fn applied(&self, caller: &Caller, name: &str, model: &compiled::Model, user: &str) -> Applied {
        let mut applied = Applied::default();
        for limited in caller.scopes.iter().chain(&model.scopes).filter_map(|place| self.scopes.get(*place)) {
            let counts_here = |names: &Vec<String>| names.iter().any(|other| other == name);
            if !limited.models.as_ref().is_none_or(counts_here) {
                continue;
            }
            applied.counts |= limited.counts;
            applied.scopes.push((Arc::clone(&limited.name), limited.of(user, caller.priority)));
        }
        applied
    }

    /// Everything that limits `caller`, whatever it calls: for its own report.
    #[must_use]
    pub fn of_caller(&self, caller: &Caller) -> Applied {
        let own = caller.scopes.iter().filter_map(|place| self.scopes.get(*place));
        let own = own.filter(|limited| limited.per_user.is_none());
        Applied {
            scopes: own.map(|limited| (Arc::clone(&limited.name), limited.of("", caller.priority))).collect(),
            counts: false,
            form: Form::default(),
        }
    }
}

/// Limits of which `places` of the concurrency are left out.
fn without_reserved(limits: &[Limit], places: u64) -> Arc<[Limit]> {
    let others = limits.iter().cloned().map(|limit| match limit.measure {
        Measure::Concurrency => Limit { amount: limit.amount.saturating_sub(places), ..limit },
        _ => limit,
    });
    others.collect()
}

impl Limited {
    fn of(&self, user: &str, priority: Priority) -> Scope {
        let Scope { key, limits } = &self.scope;
        let key = match self.per_user {
            Some(cells) => user_key(key, user, cells).into(),
            None => Arc::clone(key),
        };
        let others = self.others.as_ref().filter(|_| priority != Priority::High);
        Scope { key, limits: Arc::clone(others.unwrap_or(limits)) }
    }
}

impl Applied {
    /// Whether nothing limits the call.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    /// The scopes, to be reserved in.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        self.scopes.iter().map(|(_, scope)| scope.clone()).collect()
    }

    /// The name of a scope by the key of its cell.
    #[must_use]
    pub fn name(&self, cell: &str) -> Arc<str> {
        let found = self.scopes.iter().find(|(_, scope)| *scope.key == *cell);
        found.map_or_else(|| cell.into(), |(name, _)| Arc::clone(name))
    }

    /// The cell whose concurrency has no room for a call, when that is all that is in its way.
    #[must_use]
    pub fn full(&self, denied: &Denied) -> Option<Arc<str>> {
        let Reason::Refused(refusal) = denied.reason else { return None };
        let (_, scope) = self.scopes.get(denied.scope)?;
        let measure = &scope.limits.get(refusal.limit)?.measure;
        (*measure == Measure::Concurrency && refusal.relief == Relief::Release)
            .then(|| Arc::clone(&scope.key))
    }

    /// Why a call may not go on, in words; `None` when the cells could not be asked.
    #[must_use]
    pub fn exceeded(&self, denied: &Denied, now_ms: u64) -> Option<Exceeded> {
        let Reason::Refused(refusal) = denied.reason else { return None };
        let (name, scope) = self.scopes.get(denied.scope)?;
        let limit = scope.limits.get(refusal.limit)?;
        let retry_after = match refusal.relief {
            Relief::At(moment) => Some(moment.saturating_sub(now_ms).div_ceil(1000).max(1)),
            Relief::Release => Some(1),
            Relief::Raise | Relief::Never => None,
        };
        let quantity = |amount| quantity(limit, amount);
        let (amount, asked) = (quantity(refusal.amount), quantity(refusal.asked));
        let what = match (&limit.measure, refusal.relief) {
            (Measure::Concurrency, _) => {
                return Some(Exceeded {
                    excess: Excess::Concurrency,
                    message: format!(
                        "{name} has {} calls under way, and its limit for this key is {}.",
                        refusal.reserved, refusal.amount
                    ),
                    scope: Arc::clone(name),
                    retry_after,
                    headers: Vec::new(),
                });
            }
            (_, Relief::Never) => {
                format!("this call may take {asked}, which is more than the limit of {amount}")
            }
            (Measure::Rate { per, .. }, _) => {
                let per = match per {
                    Per::Second => "second",
                    Per::Minute => "minute",
                };
                format!("{} per {per}, try again in {} s", quantity(limit.amount), retry_after.unwrap_or(1))
            }
            (Measure::Window { .. } | Measure::Prepaid { .. }, relief) => {
                let used = bare(limit, refusal.used);
                let mut text = format!("{used} of {amount} used");
                if let Measure::Window { period, .. } = &limit.measure {
                    text.push_str(match period {
                        Period::Hour => " this hour",
                        Period::Day => " this day",
                        Period::Week => " this week",
                        Period::Month => " this month",
                    });
                }
                if refusal.reserved > 0 {
                    text.push_str(&format!(" and {} reserved", bare(limit, refusal.reserved)));
                }
                if refusal.used < refusal.amount {
                    text.push_str(&format!(", this call may take {asked}"));
                }
                match relief {
                    Relief::At(moment) => text.push_str(&format!(", resets {}", rfc3339(moment))),
                    _ => text.push_str(", does not reset"),
                }
                text
            }
        };
        let (excess, title) = match (&limit.measure, unit(&limit.measure)) {
            (Measure::Rate { .. }, _) | (_, Some(Unit::Requests)) => (Excess::Rate, "Rate limit"),
            _ => (Excess::Budget, "Budget"),
        };
        let message = format!("{title} exceeded for {name}: {what}");
        let remaining = refusal.amount.saturating_sub(refusal.used).saturating_sub(refusal.reserved);
        let resets_at = match refusal.relief {
            Relief::At(moment) => Some(moment),
            _ => None,
        };
        let standing = Standing {
            amount: refusal.amount,
            used: refusal.used,
            reserved: refusal.reserved,
            remaining,
            resets_at,
        };
        let headers = self.form.headers([(limit, standing)].into_iter(), now_ms);
        Some(Exceeded { excess, message, scope: Arc::clone(name), retry_after, headers })
    }

    /// The fields that tell how the limits stand after what was granted.
    #[must_use]
    pub fn headers(&self, granted: &Granted, now_ms: u64) -> Vec<(&'static str, String)> {
        let limits = granted.standings.iter().flat_map(|Of { scope, what: standings }| {
            let found = self.scopes.iter().find(|(_, own)| own.key == *scope);
            let limits = found.map_or(&[][..], |(_, own)| &own.limits);
            limits.iter().zip(standings.iter().copied())
        });
        self.form.headers(limits, now_ms)
    }

    /// The caller's own limits and how they stand, as JSON. `cells` are the scopes' in their order, as far as they
    /// could be read.
    #[must_use]
    pub fn report(&self, standings: &[Option<Vec<Standing>>]) -> Vec<u8> {
        let scopes = self.scopes.iter().zip(standings).filter_map(|((name, scope), standings)| {
            let limits =
                scope.limits.iter().zip(standings.as_ref()?).map(|(limit, standing)| entry(limit, standing));
            Some(serde_json::json!({"scope": &**name, "limits": limits.collect::<Vec<_>>()}))
        });
        let report = serde_json::json!({"object": "usage", "scopes": scopes.collect::<Vec<_>>()});
        report.to_string().into_bytes()
    }
}

fn entry(limit: &Limit, standing: &Standing) -> serde_json::Value {
    let (unit, per) = limit.measure.counter().names();
    let number = |amount| match unit {
        // Text, for no reader of JSON then takes money for a binary fraction.
        "usd" => serde_json::Value::from(NanoDollars::new(amount).to_string()),
        _ => serde_json::Value::from(amount),
    };
    serde_json::json!({
        "unit": unit,
        "per": per,
        "limit": number(standing.amount),
        "used": number(standing.used),
        "reserved": number(standing.reserved),
        "remaining": number(standing.remaining),
        "resets_at": standing.resets_at.map(rfc3339),
    })
}

const fn unit(measure: &Measure) -> Option<Unit> {
    match measure {
        Measure::Rate { unit, .. } | Measure::Window { unit, .. } | Measure::Prepaid { unit } => Some(*unit),
        Measure::Concurrency => None,
    }
}

/// An amount without its unit.
fn bare(limit: &Limit, amount: u64) -> String {
    match unit(&limit.measure) {
        Some(Unit::Money) => NanoDollars::new(amount).to_string(),
        _ => amount.to_string(),
    }
}

/// An amount with its unit.
fn quantity(limit: &Limit, amount: u64) -> String {
    let unit = match unit(&limit.measure) {
        Some(Unit::Requests) => "requests",
        Some(Unit::InputTokens) => "input tokens",
        Some(Unit::OutputTokens) => "output tokens",
        Some(Unit::TotalTokens) => "tokens",
        Some(Unit::Money) => "USD",
        None => "calls",
    };
    format!("{} {unit}", bare(limit, amount))
}
