//! What a guardrail found, read from its trace.

use std::fmt;

use crate::{
    ApplyGuardrailResponse, ConverseResponse, ConverseStreamMetadataEvent, GuardrailAction,
    GuardrailAssessment, GuardrailAutomatedReasoningFinding, GuardrailContentSource,
    GuardrailTraceAssessment, StopReason,
};

/// What a guardrail found in a prompt and its reply. `Display` shows it in one line, without content.
///
/// AWS returns findings only if the trace is enabled (`GuardrailTrace::Enabled`). Without it, the report still says
/// whether the guardrail intervened, and whether it blocked the prompt.
///
/// ```
/// use bedrock_orm_models::ConverseResponse;
/// use serde_json::{from_value, json};
///
/// let reply: ConverseResponse = from_value(json!({
///     "output": {"message": {"role": "assistant", "content": [{"text": "I may not talk about that."}]}},
///     "stopReason": "guardrail_intervened",
///     "usage": {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0},
///     "metrics": {"latencyMs": 7},
///     "trace": {"guardrail": {"inputAssessment": {"gr1": {"topicPolicy": {"topics": [
///         {"name": "Investments", "type": "DENY", "action": "BLOCKED"}
///     ]}}}}}
/// }))?;
/// let guardrail = reply.guardrail();
/// assert!(guardrail.is_input_blocked());
/// assert_eq!(guardrail.blocked_by()[0].name, "Investments");
/// assert_eq!(guardrail.to_string(), "intervened: topic `Investments` blocked in the input");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Source: [`GuardrailAssessment`](https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailAssessment.html).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct GuardrailReport {
    /// Whether the guardrail blocked or masked something.
    pub intervened: bool,
    /// Everything that the guardrail found, also what it let through: of the input first, then of the output.
    pub findings: Vec<GuardrailFinding>,
    /// Whether the prompt never reached the model, as far as the usage of the reply shows.
    is_unused: bool,
}

/// One finding of a guardrail. `Display` shows it without the text that matched.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GuardrailFinding {
    /// The kind of the policy.
    pub policy: GuardrailPolicyKind,
    /// What was found: the name of a topic or a regular expression, or AWS's type of a filter, a word list or an entity.
    /// A word of the guardrail itself is `WORD`.
    pub name: String,
    /// The text that matched, if AWS returns it.
    pub matched: Option<String>,
    /// What the guardrail did.
    pub action: GuardrailFindingAction,
    /// Where it was found. `None` for `ApplyGuardrail`, whose request says it.
    pub source: Option<GuardrailContentSource>,
    /// The ID of the guardrail, if the trace names it.
    pub guardrail_id: Option<String>,
}

/// The kind of a guardrail's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GuardrailPolicyKind {
    /// A denied topic.
    Topic,
    /// A filter of harmful content.
    Content,
    /// A word or a list of words.
    Word,
    /// Personal data, or a regular expression.
    SensitiveInformation,
    /// A check against the sources and the query.
    ContextualGrounding,
    /// A check by automated reasoning.
    AutomatedReasoning,
}

/// What a guardrail did about a finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GuardrailFindingAction {
    /// It blocked the prompt or the reply.
    Blocked,
    /// It masked the text that matched.
    Masked,
    /// It did nothing.
    None,
    /// An action that this version does not know.
    Unknown(String),
}

impl GuardrailFindingAction {
    #[inline]
    fn from_name(name: &str) -> Self {
        match name {
            "BLOCKED" => Self::Blocked,
            "ANONYMIZED" => Self::Masked,
            "NONE" => Self::None,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

impl GuardrailReport {
    /// Returns what blocked the prompt or the reply.
    #[inline]
    pub fn blocked_by(&self) -> Vec<GuardrailFinding> {
        self.with_action(&GuardrailFindingAction::Blocked)
    }

    /// Returns what was masked.
    #[inline]
    pub fn masked(&self) -> Vec<GuardrailFinding> {
        self.with_action(&GuardrailFindingAction::Masked)
    }

    /// Returns whether the prompt was blocked, so that the model did not see it.
    #[inline]
    pub fn is_input_blocked(&self) -> bool {
        self.intervened && (self.is_unused || self.is_blocked_in(&GuardrailContentSource::Input))
    }

    /// Returns whether the reply was blocked, as the trace says.
    #[inline]
    pub fn is_output_blocked(&self) -> bool {
        self.is_blocked_in(&GuardrailContentSource::Output)
    }

    #[inline]
    fn with_action(&self, action: &GuardrailFindingAction) -> Vec<GuardrailFinding> {
        self.findings.iter().filter(|finding| finding.action == *action).cloned().collect()
    }

    #[inline]
    fn is_blocked_in(&self, source: &GuardrailContentSource) -> bool {
        let is_blocked = |finding: &GuardrailFinding| {
            finding.action == GuardrailFindingAction::Blocked && finding.source.as_ref() == Some(source)
        };
        self.findings.iter().any(is_blocked)
    }

    #[inline]
    fn of_findings(findings: Vec<GuardrailFinding>) -> Self {
        let acts = |finding: &GuardrailFinding| finding.action != GuardrailFindingAction::None;
        Self { intervened: findings.iter().any(acts), findings, is_unused: false }
    }
}

impl GuardrailTraceAssessment {
    /// Returns what the guardrail found, in one list.
    #[inline]
    pub fn report(&self) -> GuardrailReport {
        let input = self.input_assessment.iter().flatten();
        let input = input.flat_map(|(id, assessment)| {
            findings(assessment, Some(&GuardrailContentSource::Input), Some(id))
        });
        let output = self.output_assessments.iter().flatten().flat_map(|(id, assessments)| {
            assessments.iter().flat_map(move |assessment| {
                findings(assessment, Some(&GuardrailContentSource::Output), Some(id))
            })
        });
        GuardrailReport::of_findings(input.chain(output).collect())
    }
}

impl ConverseResponse {
    /// Returns what the guardrail found and did. Its findings need `GuardrailTrace::Enabled`.
    #[inline]
    pub fn guardrail(&self) -> GuardrailReport {
        let trace = self.trace.as_ref().and_then(|trace| trace.guardrail.as_ref());
        let mut report = trace.map(GuardrailTraceAssessment::report).unwrap_or_default();
        report.intervened |= self.stop_reason == StopReason::GuardrailIntervened;
        report.is_unused = self.usage.output_tokens == 0 && self.usage.cache().input() == 0;
        report
    }
}

impl ConverseStreamMetadataEvent {
    /// Returns what the guardrail found. Its findings need `GuardrailTrace::Enabled`.
    #[inline]
    pub fn guardrail(&self) -> GuardrailReport {
        let trace = self.trace.as_ref().and_then(|trace| trace.guardrail.as_ref());
        let mut report = trace.map(GuardrailTraceAssessment::report).unwrap_or_default();
        report.is_unused = self.usage.output_tokens == 0 && self.usage.cache().input() == 0;
        report
    }
}

impl ApplyGuardrailResponse {
    /// Returns what the guardrail found and did.
    #[inline]
    pub fn guardrail(&self) -> GuardrailReport {
        let found = self.assessments.iter().flat_map(|assessment| findings(assessment, None, None));
        let mut report = GuardrailReport::of_findings(found.collect());
        report.intervened |= self.action == GuardrailAction::GuardrailIntervened;
        report
    }
}

/// Returns the findings of one assessment. What was looked for and not found is left out.
#[inline]
fn findings(
    assessment: &GuardrailAssessment,
    source: Option<&GuardrailContentSource>,
    guardrail_id: Option<&String>,
) -> Vec<GuardrailFinding> {
    use GuardrailPolicyKind as Kind;
    let mut findings = Vec::new();
    let mut add = |policy, name: &str, matched: Option<&str>, action: &str, detected: Option<bool>| {
        if detected == Some(false) {
            return;
        }
        findings.push(GuardrailFinding {
            policy,
            name: name.to_owned(),
            matched: matched.map(str::to_owned),
            action: GuardrailFindingAction::from_name(action),
            source: source.cloned(),
            guardrail_id: guardrail_id.cloned(),
        });
    };
    for topic in assessment.topic_policy.iter().flat_map(|policy| &policy.topics) {
        add(Kind::Topic, &topic.name, None, topic.action.as_str(), topic.detected);
    }
    for filter in assessment.content_policy.iter().flat_map(|policy| &policy.filters) {
        add(Kind::Content, filter.r#type.as_str(), None, filter.action.as_str(), filter.detected);
    }
    if let Some(policy) = &assessment.word_policy {
        for word in &policy.custom_words {
            add(Kind::Word, "WORD", Some(&word.r#match), word.action.as_str(), word.detected);
        }
        for word in &policy.managed_word_lists {
            add(Kind::Word, word.r#type.as_str(), Some(&word.r#match), word.action.as_str(), word.detected);
        }
    }
    if let Some(policy) = &assessment.sensitive_information_policy {
        for entity in &policy.pii_entities {
            let (name, matched) = (entity.r#type.as_str(), Some(entity.r#match.as_str()));
            add(Kind::SensitiveInformation, name, matched, entity.action.as_str(), entity.detected);
        }
        for regex in &policy.regexes {
            let name = regex.name.as_deref().unwrap_or("REGEX");
            let matched = regex.r#match.as_deref();
            add(Kind::SensitiveInformation, name, matched, regex.action.as_str(), regex.detected);
        }
    }
    let grounding =
        assessment.contextual_grounding_policy.iter().flat_map(|policy| &policy.filters).flatten();
    for filter in grounding {
        let name = filter.r#type.as_str();
        add(Kind::ContextualGrounding, name, None, filter.action.as_str(), filter.detected);
    }
    let reasoning =
        assessment.automated_reasoning_policy.iter().flat_map(|policy| &policy.findings).flatten();
    for finding in reasoning {
        // AWS reports these, and leaves it to the caller to act.
        add(Kind::AutomatedReasoning, reasoning_name(finding), None, "NONE", None);
    }
    findings
}

#[inline]
fn reasoning_name(finding: &GuardrailAutomatedReasoningFinding) -> &'static str {
    use GuardrailAutomatedReasoningFinding as Finding;
    match finding {
        Finding::Valid(_) => "VALID",
        Finding::Invalid(_) => "INVALID",
        Finding::Satisfiable(_) => "SATISFIABLE",
        Finding::Impossible(_) => "IMPOSSIBLE",
        Finding::TranslationAmbiguous(_) => "TRANSLATION_AMBIGUOUS",
        Finding::TooComplex(_) => "TOO_COMPLEX",
        Finding::NoTranslations(_) => "NO_TRANSLATIONS",
        Finding::Unknown(_) => "UNKNOWN",
    }
}

impl fmt::Display for GuardrailReport {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.intervened { "intervened" } else { "did not intervene" })?;
        for (index, finding) in self.findings.iter().enumerate() {
            formatter.write_str(if index == 0 { ": " } else { ", " })?;
            finding.fmt(formatter)?;
        }
        Ok(())
    }
}

impl fmt::Display for GuardrailFinding {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match &self.action {
            GuardrailFindingAction::Blocked => "blocked",
            GuardrailFindingAction::Masked => "masked",
            GuardrailFindingAction::None => "found",
            GuardrailFindingAction::Unknown(action) => action,
        };
        write!(formatter, "{} `{}` {action}", self.policy, self.name)?;
        match &self.source {
            Some(GuardrailContentSource::Input) => formatter.write_str(" in the input"),
            Some(GuardrailContentSource::Output) => formatter.write_str(" in the output"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for GuardrailPolicyKind {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Topic => "topic",
            Self::Content => "content filter",
            Self::Word => "word",
            Self::SensitiveInformation => "sensitive information",
            Self::ContextualGrounding => "contextual grounding",
            Self::AutomatedReasoning => "automated reasoning",
        })
    }
}
