//! Amounts of money, exact.

use std::fmt;

/// The decimal places that a price can have.
pub(super) const PRICE_PLACES: u32 = 9;

/// The decimal places of an amount: those of a price for a million tokens, and six more for one token.
const PLACES: u32 = PRICE_PLACES + 6;

/// An exact amount of money in the currency of its [`Prices`](super::Prices).
///
/// It displays all of its digits; [`rounded`](Self::rounded) rounds for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// In units of the last decimal place.
    units: u128,
    currency: String,
}

impl Money {
    pub(super) fn new(units: u128, currency: &str) -> Self {
        Self { units, currency: currency.to_owned() }
    }

    /// Returns the currency.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// Returns whether the amount is zero.
    pub fn is_zero(&self) -> bool {
        self.units == 0
    }

    /// Returns the exact amount as a decimal number, without the currency, such as `0.00000204`.
    pub fn amount(&self) -> String {
        let text = decimal(self.units, PLACES);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// Returns the amount with this number of decimal places, half of the last one rounded up, and the currency, such as
    /// `0.0021 USD`.
    pub fn rounded(&self, places: u32) -> String {
        let places = places.min(PLACES);
        let unit = 10_u128.pow(PLACES - places);
        let rounded = self.units.saturating_add(unit / 2) / unit;
        format!("{} {}", decimal(rounded, places), self.currency)
    }
}

/// Writes a number of units of a decimal place.
fn decimal(units: u128, places: u32) -> String {
    let one = 10_u128.pow(places);
    match places {
        0 => units.to_string(),
        _ => format!("{}.{:0width$}", units / one, units % one, width = places as usize),
    }
}

/// Reads a decimal number as units of the last of this many places. `None` if it is not one, has more places, or is too
/// large.
pub(super) fn units(decimal: &str) -> Option<u128> {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    let places = PRICE_PLACES as usize;
    if whole.is_empty()
        || whole.len() > 12
        || fraction.len() > places
        || !is_number(whole)
        || !is_number(fraction)
    {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

/// Shows the exact amount and the currency: `0.00000204 USD`.
impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.amount(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        assert_eq!(units("0.06"), Some(60_000_000));
        assert_eq!(units("15"), Some(15_000_000_000));
        assert_eq!(units("0.000000001"), Some(1));
        assert_eq!(units("999999999999"), Some(999_999_999_999_000_000_000));
        for invalid in
            ["", ".5", "-1", "+1", "1e3", "0.0000000001", "1.2.3", " 1", "1234567890123", "1,5", "NaN"]
        {
            assert_eq!(units(invalid), None, "{invalid}");
        }
        let money = |units| Money::new(units, "USD");
        assert_eq!(money(2_040_000_000).to_string(), "0.00000204 USD");
        assert_eq!(money(0).to_string(), "0 USD");
        assert_eq!((money(0).is_zero(), money(1).is_zero()), (true, false));
        assert_eq!(money(0).currency(), "USD");
        assert_eq!(money(3_000_000_000_000_000).to_string(), "3 USD");
        assert_eq!(money(2_500_000_000_000_000).rounded(0), "3 USD");
        assert_eq!(money(1_234_500_000_000_000).rounded(3), "1.235 USD");
        assert_eq!(money(1_234_499_999_999_999).rounded(3), "1.234 USD");
        assert_eq!(money(1).rounded(99), "0.000000000000001 USD");
    }
}
