//! One guardrail of a model's turn, with its assessments.

use serde_json::Value;

use crate::guardrails::assessment::{Assessment, Subject, assess};
use crate::guardrails::direction::Direction;
use crate::guardrails::grounding::Grounding;
use crate::guardrails::guarded_texts::Scope;

/// The origin of a guardrail that the request names.
const REQUEST: &str = "REQUEST";
/// The origin of a guardrail that the account enforces.
const ACCOUNT_ENFORCED: &str = "ACCOUNT_ENFORCED";

/// A guardrail, with its assessments of a turn.
#[derive(Debug)]
pub(crate) struct Guard {
    /// The guardrail as GetGuardrail returns it.
    guardrail: Value,
    origins: Vec<&'static str>,
    pub(super) scope: Scope,
    pub(super) input: Option<Assessment>,
    pub(super) output: Option<Assessment>,
}

impl Guard {
    pub(crate) fn requested(guardrail: Value) -> Self {
        Self::new(guardrail, REQUEST, Scope::default())
    }

    pub(crate) fn enforced(guardrail: Value, scope: Scope) -> Self {
        Self::new(guardrail, ACCOUNT_ENFORCED, scope)
    }

    fn new(guardrail: Value, origin: &'static str, scope: Scope) -> Self {
        Self { guardrail, origins: vec![origin], scope, input: None, output: None }
    }

    /// Marks an enforced guardrail as requested too.
    pub(crate) fn also_requested(&mut self) {
        self.origins.insert(0, REQUEST);
    }

    /// Whether this is the same version of the same guardrail.
    pub(crate) fn is(&self, guardrail: &Value) -> bool {
        ["guardrailId", "version"].iter().all(|member| self.guardrail[member] == guardrail[member])
    }

    pub(super) fn id(&self) -> String {
        self.guardrail["guardrailId"].as_str().unwrap_or_default().to_owned()
    }

    /// The message in place of a blocked text: `blockedInputMessaging` or `blockedOutputsMessaging`.
    pub(super) fn blocked_message(&self, member: &str) -> &str {
        self.guardrail[member].as_str().unwrap_or_default()
    }

    pub(super) fn assess(
        &self,
        direction: Direction,
        texts: &[String],
        total: usize,
        grounding: &Grounding,
        full: bool,
    ) -> Assessment {
        let subject = Subject { direction, texts, total, grounding, origins: &self.origins, full };
        assess(&self.guardrail, subject)
    }
}
