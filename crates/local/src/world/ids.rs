//! IDs that the server creates. They are unique within a run, and each run creates the same ones.

use std::sync::atomic::{AtomicU64, Ordering};

const LOWERCASE: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const MIXED: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

/// A sequence of IDs.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    drawn: AtomicU64,
}

impl Ids {
    /// Restarts the sequence.
    pub(crate) fn reset(&self) {
        self.drawn.store(0, Ordering::Relaxed);
    }

    /// Returns the next number of a SplitMix64 sequence.
    pub(crate) fn number(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        mix(self.drawn.fetch_add(1, Ordering::Relaxed).wrapping_add(1).wrapping_mul(STEP))
    }

    /// Returns twelve lowercase letters and digits: the ID of a guardrail or a job.
    pub(crate) fn resource(&self) -> String {
        self.letters(LOWERCASE, 12)
    }

    /// Returns twelve uppercase letters and digits.
    pub(crate) fn capitals(&self) -> String {
        self.resource().to_uppercase()
    }

    /// Returns `tooluse_` and 22 characters.
    pub(crate) fn tool_use(&self) -> String {
        format!("tooluse_{}", self.letters(MIXED, 22))
    }

    /// Returns 24 letters and digits: the ID of a message in the providers' formats.
    pub(crate) fn message(&self) -> String {
        self.letters(&MIXED[..62], 24)
    }

    /// Returns a UUID of version 4.
    pub(crate) fn uuid(&self) -> String {
        let bits = (u128::from(self.number()) << 64) | u128::from(self.number());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
    }

    /// Returns a number below `bound`.
    pub(crate) fn below(&self, bound: usize) -> usize {
        usize::try_from(self.number() % bound.max(1) as u64).unwrap_or_default()
    }

    fn letters(&self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }
}

/// Hashes a number as SplitMix64 does. It also creates noise that is equal for equal input.
pub(crate) fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_equal_in_every_run() {
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
