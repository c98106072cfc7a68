//! Prices of tokens, which the caller sets.

use std::collections::{BTreeMap, BTreeSet};

use bedrock_orm_models::{CacheTtl, Tokens};

use crate::pattern::matches;
use crate::{Error, ErrorKind, Result};

use super::Money;
use super::money::{PRICE_PLACES, units};

/// The prices of one model for a million tokens each, as decimal numbers with at most nine decimal places.
///
/// AWS has its prices [on a page](https://aws.amazon.com/bedrock/pricing/), by region, model, service tier and kind of
/// inference. The library has none of them: a price that is old is worse than no price.
///
/// ```
/// use bedrock_orm::Price;
/// use bedrock_orm::models::CacheTtl;
///
/// # fn main() -> bedrock_orm::Result<()> {
/// let price = Price::new("3", "15")?
///     .cache_read("0.30")?
///     .cache_write(CacheTtl::FiveMinutes, "3.75")?
///     .cache_write(CacheTtl::OneHour, "6")?;
/// assert!(Price::new("three", "15").is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    input: u128,
    output: u128,
    cache_read: Option<u128>,
    cache_writes: BTreeMap<CacheTtl, u128>,
}

impl Price {
    /// Creates prices for tokens of prompts, and for tokens of replies.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if a price is not a decimal number, or has more than nine
    /// decimal places.
    #[inline]
    pub fn new(input: &str, output: &str) -> Result<Self> {
        Ok(Self {
            input: price(input)?,
            output: price(output)?,
            cache_read: None,
            cache_writes: BTreeMap::new(),
        })
    }

    /// Sets the price for tokens that are read from the cache.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn cache_read(mut self, cache_read: &str) -> Result<Self> {
        self.cache_read = Some(price(cache_read)?);
        Ok(self)
    }

    /// Sets the price for tokens that are written to the cache for this time.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    #[inline]
    pub fn cache_write(mut self, ttl: CacheTtl, cache_write: &str) -> Result<Self> {
        self.cache_writes.insert(ttl, price(cache_write)?);
        Ok(self)
    }

    /// Returns what these tokens cost. Adds to `missing` what has no price.
    #[inline]
    fn cost(&self, usage: &Tokens, missing: &mut BTreeSet<String>) -> u128 {
        let mut sum = 0_u128;
        let mut add = |tokens: u64, price: Option<u128>, what: &dyn Fn() -> String| match price {
            Some(price) => sum = sum.saturating_add(u128::from(tokens).saturating_mul(price)),
            None if tokens > 0 => {
                missing.insert(what());
            }
            None => {}
        };
        add(usage.uncached_input_tokens, Some(self.input), &String::new);
        add(usage.output_tokens, Some(self.output), &String::new);
        add(usage.cache_read_tokens, self.cache_read, &|| "cache reads".to_owned());
        for (ttl, tokens) in &usage.cache_writes {
            let price = self.cache_writes.get(ttl).copied();
            add(*tokens, price, &|| format!("cache writes for {ttl}"));
        }
        sum
    }
}

fn price(decimal: &str) -> Result<u128> {
    units(decimal).ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, format!("`{decimal}` is not a price"))
            .with_hint(format!("write a decimal number with at most {PRICE_PLACES} places, such as \"0.06\""))
    })
}

/// The prices of models in one currency.
///
/// ```
/// use bedrock_orm::{Price, Prices};
///
/// # fn main() -> bedrock_orm::Result<()> {
/// let prices = Prices::new("USD")
///     .model("amazon.nova-lite-v1:0", Price::new("0.06", "0.24")?)
///     .model("*claude-sonnet-4-5*", Price::new("3", "15")?.cache_read("0.30")?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    currency: String,
    models: Vec<(String, Price)>,
}

impl Prices {
    /// Creates an empty list of prices in this currency, such as `USD`.
    pub fn new(currency: impl Into<String>) -> Self {
        Self { currency: currency.into(), models: Vec::new() }
    }

    /// Adds the price of a model. The ID or ARN is that of the calls; `*` in it stands for any text. The first that
    /// matches applies.
    #[must_use]
    pub fn model(mut self, model_id: impl Into<String>, price: Price) -> Self {
        self.models.push((model_id.into(), price));
        self
    }

    /// Returns what these tokens of a model cost.
    ///
    /// # Errors
    ///
    /// As [`LedgerSnapshot::cost`](super::LedgerSnapshot::cost).
    #[inline]
    pub fn cost_of(&self, model_id: &str, usage: &Tokens) -> Result<Money> {
        self.cost([(model_id, usage)].into_iter())
    }

    #[inline]
    pub(super) fn cost<'a>(&self, used: impl Iterator<Item = (&'a str, &'a Tokens)>) -> Result<Money> {
        let mut sum = 0_u128;
        let mut missing: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (model_id, usage) in used.filter(|(_, usage)| !usage.is_zero()) {
            let mut of_model = BTreeSet::new();
            match self.models.iter().find(|(pattern, _)| matches(pattern, model_id)) {
                Some((_, price)) => sum = sum.saturating_add(price.cost(usage, &mut of_model)),
                None => drop(of_model.insert("any tokens".to_owned())),
            }
            if !of_model.is_empty() {
                missing.entry(model_id).or_default().append(&mut of_model);
            }
        }
        if missing.is_empty() {
            return Ok(Money::new(sum, &self.currency));
        }
        let list: Vec<String> = missing
            .into_iter()
            .map(|(model_id, what)| {
                format!("{model_id} ({})", what.into_iter().collect::<Vec<_>>().join(", "))
            })
            .collect();
        Err(Error::new(ErrorKind::InvalidInput, format!("no price is set for {}", list.join(", ")))
            .with_hint("`Prices::model` adds the price of a model; `\"0\"` is a price, too"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage() -> Tokens {
        Tokens::default()
            .uncached_input_tokens(1_000)
            .output_tokens(100)
            .cache_read_tokens(10_000)
            .cache_write(CacheTtl::OneHour, 7)
    }

    #[test]
    fn every_kind_of_token_has_its_price() {
        let price = Price::new("3", "15").unwrap().cache_read("0.3").unwrap();
        let price = price.cache_write(CacheTtl::OneHour, "6").unwrap();
        let prices = Prices::new("USD").model("*x", price);
        // 1000·3 + 100·15 + 10000·0.3 + 7·6 millionths
        assert_eq!(prices.cost_of("us.x", &usage()).unwrap().to_string(), "0.007542 USD");
        assert_eq!(prices.cost_of("none", &Tokens::default()).unwrap().to_string(), "0 USD");
    }

    #[test]
    fn a_missing_price_is_an_error_that_names_it() {
        let prices = Prices::new("USD").model("x", Price::new("3", "15").unwrap());
        let used = [("x", usage()), ("y", usage())];
        let error = prices.cost(used.iter().map(|(id, usage)| (*id, usage))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(
            error.message(),
            "no price is set for x (cache reads, cache writes for 1h), y (any tokens)"
        );
        assert_eq!(Price::new("x", "1").unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
