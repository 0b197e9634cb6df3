//! The list prices that come with the gateway; native only.
//!
//! `data/prices.tsv` is the table that the LiteLLM project publishes (MIT licence, version 1.106.2), as of
//! 2026-11-21, made compact by `data/prices.py`. Prices go stale: an operator may state any of them in
//! gateway.yaml. The filter is given the prices of the configured models and knows nothing of this table.
//!
//! Promises: a price found is the seller's own for that name, or for the name without its date; nothing is ever
//! guessed from a similar model or from another seller.

use super::price::{PicoDollars, Price, Rates, Tier};

const TABLE: &str = include_str!("data/prices.tsv");

/// Since when the table holds: year, month, day.
pub const AS_OF: &str = "2026-11-21";

/// What batches cost, in thousandths. The table has no prices of batches, so this is from the sellers' own pages:
/// OpenAI ("Batch API"), Azure OpenAI ("Global batch"), Anthropic ("Batch processing"), Google ("Batch inference" of
/// Gemini and of Vertex AI), Amazon Bedrock ("Batch inference") and Mistral ("Batch inference") each take half. An
/// operator may state another (`prices.NAME.batch`).
const HALF: u16 = 500;
/// No discount for batches.
pub const WHOLE: u16 = 1000;

/// Who sells a model; the same model has other prices elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seller {
    /// OpenAI.
    OpenAi,
    /// Azure OpenAI; regional prices are under names such as `eu/gpt-4o`.
    Azure,
    /// Anthropic.
    Anthropic,
    /// Amazon Bedrock.
    Bedrock,
    /// Google's Gemini API.
    Gemini,
    /// Google's Vertex AI.
    Vertex,
    /// Mistral.
    Mistral,
    /// Groq.
    Groq,
    /// DeepSeek.
    DeepSeek,
    /// xAI.
    Xai,
    /// Cohere.
    Cohere,
    /// Together AI.
    Together,
    /// Fireworks AI.
    Fireworks,
}

/// Hosts by their ends; the first that fits.
const HOSTS: &[(&str, Seller)] = &[
    ("api.openai.com", Seller::OpenAi),
    (".openai.azure.com", Seller::Azure),
    (".cognitiveservices.azure.com", Seller::Azure),
    ("api.anthropic.com", Seller::Anthropic),
    (".amazonaws.com", Seller::Bedrock),
    ("generativelanguage.googleapis.com", Seller::Gemini),
    ("aiplatform.googleapis.com", Seller::Vertex),
    ("api.mistral.ai", Seller::Mistral),
    ("api.groq.com", Seller::Groq),
    ("api.deepseek.com", Seller::DeepSeek),
    ("api.x.ai", Seller::Xai),
    ("api.cohere.com", Seller::Cohere),
    ("api.cohere.ai", Seller::Cohere),
    ("api.together.xyz", Seller::Together),
    ("api.fireworks.ai", Seller::Fireworks),
];

impl Seller {
    /// Who serves a host; nobody known for a server of one's own.
    #[must_use]
    pub fn of_host(host: &str) -> Option<Self> {
        HOSTS.iter().find(|(end, _)| host.ends_with(end)).map(|(_, seller)| *seller)
    }

    /// The providers that the table lists it under, and what stands before a model's name there.
    const fn entries(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::OpenAi => &[("openai", ""), ("text-completion-openai", "")],
            Self::Azure => &[("azure", "azure/")],
            Self::Anthropic => &[("anthropic", "")],
            Self::Bedrock => &[("bedrock_converse", ""), ("bedrock", ""), ("bedrock", "bedrock/")],
            Self::Gemini => &[("gemini", "gemini/"), ("gemini", "")],
            Self::Vertex => &[
                ("vertex_ai-language-models", ""),
                ("vertex_ai-language-models", "vertex_ai/"),
                ("vertex_ai-anthropic_models", "vertex_ai/"),
            ],
            Self::Mistral => &[("mistral", "mistral/")],
            Self::Groq => &[("groq", "groq/")],
            Self::DeepSeek => &[("deepseek", ""), ("deepseek", "deepseek/")],
            Self::Xai => &[("xai", "xai/")],
            Self::Cohere => &[("cohere_chat", "")],
            Self::Together => &[("together_ai", "together_ai/")],
            Self::Fireworks => &[("fireworks_ai", "fireworks_ai/")],
        }
    }

    const fn batch_permille(self) -> u16 {
        match self {
            Self::OpenAi
            | Self::Azure
            | Self::Anthropic
            | Self::Bedrock
            | Self::Gemini
            | Self::Vertex
            | Self::Mistral => HALF,
            Self::Groq | Self::DeepSeek | Self::Xai | Self::Cohere | Self::Together | Self::Fireworks => {
                WHOLE
            }
        }
    }
}

/// The list price of a model by its seller's name for it. The name as it is comes first, then the same without the
/// date at its end. Fine-tuned models have prices of their own, and none here.
#[must_use]
pub fn list_price(seller: Seller, model: &str) -> Option<Price> {
    std::iter::once(model).chain(undated(model)).find_map(|name| {
        let mut entries = seller.entries().iter();
        entries.find_map(|(provider, before)| {
            let mut lines = TABLE.lines().filter_map(|line| line.strip_prefix(provider)?.strip_prefix('\t'));
            let prices =
                lines.find_map(|line| line.strip_prefix(before)?.strip_prefix(name)?.strip_prefix('\t'))?;
            price(prices, seller.batch_permille())
        })
    })
}

/// A name without `-2024-08-06`, `-20250929`, `@20250929` or `@latest` at its end.
fn undated(model: &str) -> Option<&str> {
    let is_date = |text: &str, form: &str| {
        let fits = |(byte, form): (u8, u8)| if form == b'0' { byte.is_ascii_digit() } else { byte == form };
        text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
    };
    ["-0000-00-00", "-00000000", "@00000000", "@latest"].into_iter().find_map(|form| {
        let (name, date) = model.split_at_checked(model.len().checked_sub(form.len())?)?;
        is_date(date, form).then_some(name)
    })
}

/// Reads the prices of a line: those of the base, then the tiers.
fn price(fields: &str, batch_permille: u16) -> Option<Price> {
    let mut fields = fields.split('\t');
    let base = Listed::read(&mut fields)?;
    let tiers = fields.map(|tier| {
        let mut fields = tier.split(',');
        let above = fields.next()?.parse().ok()?;
        Some(Tier { above, rates: Listed::read(&mut fields)?.resolved_above(&base) })
    });
    Some(Price { base: base.resolved(), tiers: tiers.collect::<Option<_>>()?, batch_permille })
}

/// Prices as a list states them, with gaps. What each is for is said in [`Rates`].
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Of the prompt.
    pub input: PicoDollars,
    /// Of the answer.
    pub output: PicoDollars,
    /// Of reading the provider's cache.
    pub cache_read: Option<PicoDollars>,
    /// Of writing it.
    pub cache_write: Option<PicoDollars>,
    /// Of writing it for an hour.
    pub cache_write_hour: Option<PicoDollars>,
    /// Of reasoning.
    pub reasoning: Option<PicoDollars>,
}

impl Listed {
    fn read<'a>(fields: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut next = || fields.next().map(|field| field.parse().ok().map(PicoDollars));
        Some(Self {
            input: next()??,
            output: next()??,
            cache_read: next()?,
            cache_write: next()?,
            cache_write_hour: next()?,
            reasoning: next()?,
        })
    }

    /// With what is charged instead where there is no price.
    #[must_use]
    pub fn resolved(self) -> Rates {
        let cache_write = self.cache_write.unwrap_or(self.input);
        Rates {
            input: self.input,
            output: self.output,
            cache_read: self.cache_read.unwrap_or(self.input),
            cache_write,
            cache_write_hour: self.cache_write_hour.unwrap_or(cache_write),
            reasoning: self.reasoning.unwrap_or(self.output),
        }
    }

    /// The same for a tier over that base. Where it names no price of cache writes, that of the base holds,
    /// unless the tier's own prices are dearer.
    #[must_use]
    pub fn resolved_above(self, base: &Self) -> Rates {
        let cache_write = self.cache_write.or(base.cache_write.max(Some(self.input)));
        let cache_write_hour = self.cache_write_hour.or(base.cache_write_hour.max(self.cache_write));
        Self { cache_write, cache_write_hour, ..self }.resolved()
    }
}

#[cfg(test)]
mod tests {
    use super::super::money::NanoDollars;
    use super::super::price::Service;
    use super::*;
    use crate::dialect::Usage;

    fn cost(seller: Seller, model: &str, usage: Usage) -> String {
        list_price(seller, model).unwrap().cost(&usage, Service::Standard).to_string()
    }

    /// By hand, from the entries of these models in `model-prices.json`, the table that `data/prices.tsv` is made of.
    #[test]
    fn calls_cost_what_the_table_says() {
        // OpenAI, gpt-4o: 2.50 in, 1.25 cached, 10.00 out. 1000 × 2.50 + 1000 × 1.25 + 500 × 10 = 8750 µ$.
        let usage = Usage { input: 2000, cached_input: 1000, output: 500, ..Usage::default() };
        assert_eq!(cost(Seller::OpenAi, "gpt-4o", usage), "0.00875");
        // Anthropic, Claude Sonnet 4.5: 3 in, 15 out, 3.75 and 6 for cache writes, 0.30 for hits.
        let usage = Usage {
            input: 10_000,
            cached_input: 5000,
            cache_write_input: 2000,
            cache_write_hour_input: 1000,
            output: 1000,
            ..Usage::default()
        };
        // 2000 × 3 + 5000 × 0.30 + 2000 × 3.75 + 1000 × 6 + 1000 × 15 = 36000 µ$.
        assert_eq!(cost(Seller::Anthropic, "claude-sonnet-4-5", usage), "0.036");
        // Gemini 2.5 Pro: 1.25 in and 10 out up to 200k, then 2.50 and 15 for the whole call.
        let usage = |input| Usage { input, output: 1000, ..Usage::default() };
        assert_eq!(cost(Seller::Gemini, "gemini-2.5-pro", usage(200_000)), "0.26");
        assert_eq!(cost(Seller::Gemini, "gemini-2.5-pro", usage(200_001)), "0.5150025");
        // text-embedding-3-small: 0.02 per million.
        let usage = Usage { input: 3, ..Usage::default() };
        assert_eq!(cost(Seller::OpenAi, "text-embedding-3-small", usage), "0.00000006");
    }

    #[test]
    fn a_batch_costs_half_with_those_who_say_so() {
        let price = list_price(Seller::OpenAi, "gpt-4o").unwrap();
        let usage = Usage { input: 1_000_000, output: 1_000_000, ..Usage::default() };
        assert_eq!(price.cost(&usage, Service::Batch), NanoDollars::from_usd("6.25").unwrap());
    }

    #[test]
    fn a_name_is_found_as_it_is_then_without_its_date() {
        // The first gpt-4o had other prices than the later ones: 5 in and 15 out in the table.
        let first = list_price(Seller::OpenAi, "gpt-4o-2024-05-13").unwrap();
        assert_eq!(first.base.input, PicoDollars(5_000_000));
        let price = list_price(Seller::OpenAi, "gpt-4o");
        assert!(price.is_some());
        assert_eq!(list_price(Seller::OpenAi, "gpt-4o-2031-01-01"), price);
        assert_eq!(list_price(Seller::Azure, "gpt-4o"), price);
        let sonnet = list_price(Seller::Anthropic, "claude-sonnet-4-5");
        assert!(sonnet.is_some());
        assert_eq!(list_price(Seller::Anthropic, "claude-sonnet-4-5-20310101"), sonnet);
    }

    #[test]
    fn nothing_is_guessed() {
        for model in
            ["", "gpt", "gpt-4o-", "gpt-4o-mine", "ft:gpt-4o:org::id", "gpt-4o\t2500000", "é", "2031-01-01"]
        {
            assert_eq!(list_price(Seller::OpenAi, model), None, "{model}");
        }
        assert_eq!(list_price(Seller::Anthropic, "gpt-4o"), None);
    }

    #[test]
    fn hosts_have_sellers() {
        for (host, seller) in [
            ("api.openai.com", Some(Seller::OpenAi)),
            ("example.openai.azure.com", Some(Seller::Azure)),
            ("bedrock-runtime.eu-central-1.amazonaws.com", Some(Seller::Bedrock)),
            ("europe-west1-aiplatform.googleapis.com", Some(Seller::Vertex)),
            ("llama.internal", None),
        ] {
            assert_eq!(Seller::of_host(host), seller, "{host}");
        }
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        for line in lines.clone() {
            let prices = line.splitn(3, '\t').nth(2).and_then(|fields| price(fields, HALF));
            let price = prices.unwrap_or_else(|| panic!("{line}"));
            assert!(price.tiers.iter().all(|tier| tier.above >= 100_000), "{line}");
        }
        assert!(lines.count() > 1400);
    }
}
