//! What a call costs: prices in whole pico-dollars (10⁻¹² USD) per token, rounded up once, at the end.
//!
//! A pico-dollar per token is a micro-dollar per million tokens, so list prices such as 0.075 USD per million
//! tokens are exact. Every price is resolved: what a provider does not name has the price that it charges instead.
//! Only what is counted in tokens is priced. The table of list prices is in `prices`, and not in the filter.

use serde::{Deserialize, Serialize};

use super::money::{MoneyError, NanoDollars, scaled};
use crate::dialect::Usage;

/// Decimal places of a price per million tokens.
const PLACES: u32 = 6;
/// What a share is counted in.
const PERMILLE: u128 = 1000;
const PICOS_PER_NANO: u128 = 1000;

/// Pico-dollars per token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PicoDollars(pub u64);

impl PicoDollars {
    /// Reads a price in USD per million tokens, such as `2.50` or `0.075`, without rounding.
    ///
    /// # Errors
    /// When the text is no unsigned decimal number, has more than six places, or is too large.
    pub fn from_usd_per_million(text: &str) -> Result<Self, MoneyError> {
        scaled(text, PLACES).map(Self)
    }
}

/// The price of every kind of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Of the prompt.
    pub input: PicoDollars,
    /// Of the answer.
    pub output: PicoDollars,
    /// Of the prompt, read from the provider's cache.
    pub cache_read: PicoDollars,
    /// Of the prompt, written to the provider's cache.
    pub cache_write: PicoDollars,
    /// Of the prompt, written to the provider's cache for an hour.
    pub cache_write_hour: PicoDollars,
    /// Of the answer, spent on reasoning.
    pub reasoning: PicoDollars,
}

impl Rates {
    /// Where nothing but the plain prices is known: cached tokens cost what others do.
    #[must_use]
    pub const fn plain(input: PicoDollars, output: PicoDollars) -> Self {
        Self {
            input,
            output,
            cache_read: input,
            cache_write: input,
            cache_write_hour: input,
            reasoning: output,
        }
    }
}

/// Other prices for long prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// They hold for the whole call if its prompt has more tokens than this, cached ones included.
    pub above: u64,
    /// The prices.
    pub rates: Rates,
}

/// The price of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// For prompts of ordinary length.
    pub base: Rates,
    /// For longer ones, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
    /// What a call costs in a batch, in thousandths of that.
    pub batch_permille: u16,
}

/// How a call is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Service {
    /// At once.
    #[default]
    Standard,
    /// In a provider's batch.
    Batch,
}

impl Price {
    /// What a call cost.
    #[must_use]
    pub fn cost(&self, usage: &Usage, service: Service) -> NanoDollars {
        let rates = self.rates(usage.input);
        let special = [usage.cached_input, usage.cache_write_input, usage.cache_write_hour_input];
        let plain_input = special.iter().fold(usage.input, |rest, part| rest.saturating_sub(*part));
        let plain_output = usage.output.saturating_sub(usage.reasoning_output);
        let parts = [
            (plain_input, rates.input),
            (usage.cached_input, rates.cache_read),
            (usage.cache_write_input, rates.cache_write),
            (usage.cache_write_hour_input, rates.cache_write_hour),
            (plain_output, rates.output),
            (usage.reasoning_output, rates.reasoning),
        ];
        rounded_up(&parts, self.permille(service))
    }

    /// The most that a call of so many tokens can cost, whatever is cached or spent on reasoning.
    #[must_use]
    pub fn most(&self, input: u64, output: u64, service: Service) -> NanoDollars {
        let rates = self.rates(input);
        let dearest_input =
            rates.input.max(rates.cache_read).max(rates.cache_write).max(rates.cache_write_hour);
        let dearest_output = rates.output.max(rates.reasoning);
        rounded_up(&[(input, dearest_input), (output, dearest_output)], self.permille(service))
    }

    fn rates(&self, input: u64) -> &Rates {
        let tiers = self.tiers.iter().filter(|tier| input > tier.above);
        tiers.max_by_key(|tier| tier.above).map_or(&self.base, |tier| &tier.rates)
    }

    fn permille(&self, service: Service) -> u128 {
        match service {
            Service::Standard => PERMILLE,
            Service::Batch => u128::from(self.batch_permille),
        }
    }
}

fn rounded_up(parts: &[(u64, PicoDollars)], permille: u128) -> NanoDollars {
    let picos = parts
        .iter()
        .fold(0_u128, |sum, (tokens, price)| sum.saturating_add(u128::from(*tokens) * u128::from(price.0)));
    let nanos = picos.saturating_mul(permille).div_ceil(PERMILLE * PICOS_PER_NANO);
    NanoDollars::new(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> NanoDollars {
        NanoDollars::from_usd(text).unwrap()
    }

    fn per_million(text: &str) -> PicoDollars {
        PicoDollars::from_usd_per_million(text).unwrap()
    }

    /// One token of each kind, at prices that tell them apart.
    #[test]
    fn every_kind_of_token_has_its_price_and_is_counted_once() {
        let base = Rates {
            input: per_million("1"),
            output: per_million("10"),
            cache_read: per_million("100"),
            cache_write: per_million("1000"),
            cache_write_hour: per_million("10000"),
            reasoning: per_million("100000"),
        };
        let price = Price { base, tiers: Vec::new(), batch_permille: 500 };
        let usage = Usage {
            input: 4,
            output: 2,
            cached_input: 1,
            cache_write_input: 1,
            cache_write_hour_input: 1,
            reasoning_output: 1,
        };
        assert_eq!(price.cost(&usage, Service::Standard), usd("0.111111"));
        assert_eq!(price.cost(&usage, Service::Batch), usd("0.055555500"));
        assert_eq!(price.most(1, 1, Service::Standard), usd("0.11"));
    }

    #[test]
    fn a_cost_is_rounded_up_once() {
        let plain = Rates::plain(PicoDollars(1), PicoDollars(1));
        let price = Price { base: plain, tiers: Vec::new(), batch_permille: 500 };
        let cost = |input, output| {
            price.cost(&Usage { input, output, ..Usage::default() }, Service::Standard).nanos()
        };
        assert_eq!(cost(0, 0), 0);
        assert_eq!(cost(1, 1), 1);
        assert_eq!(cost(500, 500), 1);
        assert_eq!(cost(1000, 1), 2);
        assert_eq!(cost(u64::MAX, u64::MAX), 2 * (u64::MAX / 1000) + 2);
        assert_eq!(price.most(u64::MAX, u64::MAX, Service::Batch).nanos(), u64::MAX / 1000 + 1);
    }

    /// A provider that reports more cached tokens than tokens must not make the rest negative.
    #[test]
    fn parts_larger_than_the_whole_are_charged_as_parts() {
        let plain = Rates::plain(per_million("1"), per_million("1"));
        let price = Price { base: plain, tiers: Vec::new(), batch_permille: 500 };
        let usage = Usage { input: 1, cached_input: 5, output: 1, reasoning_output: 3, ..Usage::default() };
        assert_eq!(price.cost(&usage, Service::Standard), usd("0.000008"));
    }

    #[test]
    fn prices_per_million_are_exact() {
        assert_eq!(per_million("0.075"), PicoDollars(75_000));
        assert_eq!(per_million("0.000001"), PicoDollars(1));
        assert_eq!(PicoDollars::from_usd_per_million("0.0000001"), Err(MoneyError::TooFine));
    }
}
