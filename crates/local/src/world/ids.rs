//! Names that the server gives: the same in every run, different within one.

use std::sync::atomic::{AtomicU64, Ordering};

const LOWERCASE: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const MIXED: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

#[derive(Debug, Default)]
pub(crate) struct Ids {
    drawn: AtomicU64,
}

impl Ids {
    /// Starts the sequence again.
    pub(crate) fn reset(&self) {
        self.drawn.store(0, Ordering::Relaxed);
    }

    /// The next number of a SplitMix64 sequence.
    pub(crate) fn number(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        mix(self.drawn.fetch_add(1, Ordering::Relaxed).wrapping_add(1).wrapping_mul(STEP))
    }

    /// Twelve lowercase letters and digits, as guardrails and jobs are named.
    pub(crate) fn resource(&self) -> String {
        self.letters(LOWERCASE, 12)
    }

    /// Twelve capitals and digits.
    pub(crate) fn capitals(&self) -> String {
        self.resource().to_uppercase()
    }

    /// `tooluse_` and 22 characters.
    pub(crate) fn tool_use(&self) -> String {
        format!("tooluse_{}", self.letters(MIXED, 22))
    }

    /// 24 characters without a dash, as makers name their messages.
    pub(crate) fn message(&self) -> String {
        self.letters(&MIXED[..62], 24)
    }

    /// A UUID of version 4.
    pub(crate) fn uuid(&self) -> String {
        let bits = (u128::from(self.number()) << 64) | u128::from(self.number());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
    }

    /// A number below `bound`.
    pub(crate) fn below(&self, bound: usize) -> usize {
        usize::try_from(self.number() % bound.max(1) as u64).unwrap_or_default()
    }

    fn letters(&self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }
}

/// SplitMix64's scrambling of a number, also used where equal input must give equal noise.
pub(crate) fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_agree_and_names_differ() {
        let (one, other) = (Ids::default(), Ids::default());
        let names: Vec<_> = (0..100).map(|_| one.tool_use()).collect();
        assert_eq!(names, (0..100).map(|_| other.tool_use()).collect::<Vec<_>>());
        let mut unique = names.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), names.len());
        assert!(names.iter().all(|name| name.len() == "tooluse_".len() + 22));
    }

    #[test]
    fn request_ids_are_version_four() {
        let id = Ids::default().uuid();
        assert_eq!((id.len(), &id[14..15]), (36, "4"));
    }
}
