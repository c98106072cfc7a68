//! AWS's API description of Amazon Bedrock's two services, as JSON text.
//!
//! Each text is an object with the sections `metadata`, `operations`, `shapes`, `pagination`, and `waiters`, in the form of
//! botocore's files. Prose and endpoint rules are left out.
//!
//! Source: the `service-2.json`, `paginators-1.json` and `waiters-2.json` of <https://github.com/boto/botocore>.

/// The control plane: foundation models, guardrails, jobs, and the other resources.
pub const BEDROCK: &str = include_str!("../bedrock.json");

/// The runtime: Converse, InvokeModel, ApplyGuardrail, and the other calls to models.
pub const BEDROCK_RUNTIME: &str = include_str!("../bedrock-runtime.json");
