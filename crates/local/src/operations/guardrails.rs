#[derive(Debug, Default)]
pub(crate) struct Guardrails;
