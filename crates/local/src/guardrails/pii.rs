//! Patterns of personal data. Kinds without a pattern, such as names, are never found.

use std::sync::LazyLock;

use fancy_regex::Regex;

type Compiled = LazyLock<Option<Regex>>;

macro_rules! patterns {
    ($($kind:literal => $pattern:literal),* $(,)?) => {
        /// The pattern of a kind of personal data.
        pub(crate) fn pattern(kind: &str) -> Option<&'static Regex> {
            match kind {
                $($kind => {
                    static COMPILED: Compiled = LazyLock::new(|| Regex::new($pattern).ok());
                    COMPILED.as_ref()
                })*
                _ => None,
            }
        }

        #[cfg(test)]
        const KINDS: &[&str] = &[$($kind),*];
    };
}

patterns! {
    "AWS_ACCESS_KEY" => r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "CREDIT_DEBIT_CARD_NUMBER" => r"\b(?:\d[ -]?){12,18}\d\b",
    "EMAIL" => r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b",
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER" => r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b",
    "IP_ADDRESS" => r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b",
    "MAC_ADDRESS" => r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b",
    "PHONE" => r"(?<![\w.-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)|\d{2,4})[ .-]\d{3,4}[ .-]?\d{3,4}(?![\w-])",
    "URL" => r#"\bhttps?://[^\s<>"]+"#,
    "US_SOCIAL_SECURITY_NUMBER" => r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b",
    "VEHICLE_IDENTIFICATION_NUMBER" => r"\b(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-HJ-NPR-Z0-9]{17}\b",
}

/// Whether a match of the pattern is valid: card numbers have a check digit.
pub(crate) fn is_valid(kind: &str, found: &str) -> bool {
    kind != "CREDIT_DEBIT_CARD_NUMBER" || luhn(found)
}

/// Whether the check digit of a card number is correct.
fn luhn(number: &str) -> bool {
    let digits = number.chars().rev().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits
        .enumerate()
        .map(|(index, digit)| match digit * if index % 2 == 1 { 2 } else { 1 } {
            doubled if doubled > 9 => doubled - 9,
            single => single,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for kind in KINDS {
            assert!(pattern(kind).is_some(), "{kind}");
        }
        assert!(pattern("NAME").is_none());
    }

    #[test]
    fn each_kind_is_found() {
        let found = |kind, text| {
            pattern(kind)?
                .find(text)
                .ok()?
                .map(|found| found.as_str().to_owned())
                .filter(|found| is_valid(kind, found))
        };
        for (kind, text, expected) in [
            ("EMAIL", "write to jane.doe@example.co.uk!", Some("jane.doe@example.co.uk")),
            ("PHONE", "call +1 (555) 123-4567 now", Some("+1 (555) 123-4567")),
            ("PHONE", "call 555-123-4567.", Some("555-123-4567")),
            ("PHONE", "in 2025 there were 12", None),
            ("US_SOCIAL_SECURITY_NUMBER", "it is 123-45-6789", Some("123-45-6789")),
            ("US_SOCIAL_SECURITY_NUMBER", "it is 000-45-6789", None),
            ("CREDIT_DEBIT_CARD_NUMBER", "pay 4111 1111 1111 1111", Some("4111 1111 1111 1111")),
            ("CREDIT_DEBIT_CARD_NUMBER", "pay 4111 1111 1111 1112", None),
            ("IP_ADDRESS", "at 192.168.0.1", Some("192.168.0.1")),
            ("IP_ADDRESS", "at 300.168.0.1", None),
        ] {
            assert_eq!(found(kind, text).as_deref(), expected, "{kind}: {text}");
        }
    }
}
