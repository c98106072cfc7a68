//! What a rule is.

use super::draft::Draft;
use super::facts::ModelFacts;
use super::finding::Report;

/// A rule: it mends what it finds, and reports it.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) mend: fn(&mut Draft, &ModelFacts, &mut Report),
}
