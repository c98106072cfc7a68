//! Tools: functions that a model can call.

pub(crate) mod approval;
pub(crate) mod function;
#[cfg(feature = "mcp")]
mod mcp;
pub(crate) mod output;
pub(crate) mod tool;
pub(crate) mod toolset;

/// An error of a tool: any error, or a text.
pub(crate) type ToolError = Box<dyn std::error::Error + Send + Sync>;
