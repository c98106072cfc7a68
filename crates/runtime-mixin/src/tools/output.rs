//! What a tool returns.

use bedrock_orm_models::ToolResultContentBlock;
use serde_json::{Value, json};

/// What a tool returns to the model: one or more blocks of text, JSON, images or documents.
///
/// AWS accepts only objects as JSON, and no result without content. A JSON string is therefore sent as text, any other JSON
/// as `{"result": …}`, and an empty result as a text that says so.
///
/// ```
/// use bedrock_orm::models::ToolResultContentBlock;
/// use bedrock_orm::{IntoToolOutput, ToolOutput};
/// use serde_json::json;
///
/// let output = ToolOutput::from(json!([18, 22]));
/// assert_eq!(output.content(), [ToolResultContentBlock::Json(json!({"result": [18, 22]}))]);
/// ```
#[derive(Clone, PartialEq)]
pub struct ToolOutput {
    content: Vec<ToolResultContentBlock>,
}

impl ToolOutput {
    /// Creates an output of several blocks. Blank texts are left out.
    pub fn new(content: impl IntoIterator<Item = impl Into<ToolResultContentBlock>>) -> Self {
        let mut blocks = Vec::new();
        for block in content {
            blocks.push(block.into());
        }
        Self::of(blocks)
    }

    fn of(blocks: Vec<ToolResultContentBlock>) -> Self {
        let mut content = Vec::with_capacity(blocks.len());
        for block in blocks {
            match sendable(block) {
                ToolResultContentBlock::Text(text) if text.trim().is_empty() => {}
                block => content.push(block),
            }
        }
        if content.is_empty() {
            content.push("The tool returned nothing.".into());
        }
        Self { content }
    }

    /// Returns the blocks.
    pub fn content(&self) -> &[ToolResultContentBlock] {
        &self.content
    }

    pub(crate) fn into_content(self) -> Vec<ToolResultContentBlock> {
        self.content
    }
}

/// Shows how many blocks there are, but not their content.
impl std::fmt::Debug for ToolOutput {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ToolOutput({} content blocks)", self.content.len())
    }
}

fn sendable(block: ToolResultContentBlock) -> ToolResultContentBlock {
    match block {
        ToolResultContentBlock::Json(Value::String(text)) => ToolResultContentBlock::Text(text),
        ToolResultContentBlock::Json(json) if !json.is_object() => {
            ToolResultContentBlock::Json(json!({ "result": json }))
        }
        block => block,
    }
}

impl<T: Into<ToolResultContentBlock>> From<T> for ToolOutput {
    fn from(block: T) -> Self {
        Self::of(vec![block.into()])
    }
}

/// What the function of a tool can return: text, JSON, blocks, nothing, and a `Result` of these. An error, which can be any
/// error or a text, becomes an error result: the model reads its text.
pub trait IntoToolOutput {
    /// Converts the value to an output.
    ///
    /// # Errors
    ///
    /// The error of a `Result`.
    fn into_tool_output(self) -> Result<ToolOutput, Box<dyn std::error::Error + Send + Sync>>;
}

impl IntoToolOutput for ToolOutput {
    fn into_tool_output(self) -> Result<ToolOutput, super::ToolError> {
        Ok(self)
    }
}

impl IntoToolOutput for () {
    fn into_tool_output(self) -> Result<ToolOutput, super::ToolError> {
        Ok(ToolOutput::of(Vec::new()))
    }
}

impl IntoToolOutput for Vec<ToolResultContentBlock> {
    fn into_tool_output(self) -> Result<ToolOutput, super::ToolError> {
        Ok(ToolOutput::of(self))
    }
}

impl<T: IntoToolOutput, E: Into<super::ToolError>> IntoToolOutput for Result<T, E> {
    fn into_tool_output(self) -> Result<ToolOutput, super::ToolError> {
        self.map_err(Into::into)?.into_tool_output()
    }
}

macro_rules! into_output_of_one_block {
    ($($type:ty),*) => {
        $(impl IntoToolOutput for $type {
            fn into_tool_output(self) -> Result<ToolOutput, super::ToolError> {
                Ok(self.into())
            }
        })*
    };
}

into_output_of_one_block!(&str, String, Value, ToolResultContentBlock);

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    fn content(output: impl IntoToolOutput) -> Vec<Value> {
        let content = output.into_tool_output().unwrap().into_content();
        content.into_iter().map(|block| serde_json::to_value(block).unwrap()).collect()
    }

    #[test]
    fn json_is_sent_as_an_object() {
        assert_eq!(content(json!({"a": 1})), [json!({"json": {"a": 1}})]);
        assert_eq!(content(json!([1, 2])), [json!({"json": {"result": [1, 2]}})]);
        assert_eq!(content(json!("sunny")), [json!({"text": "sunny"})]);
    }

    #[test]
    fn a_result_is_never_empty() {
        let nothing = [json!({"text": "The tool returned nothing."})];
        assert_eq!(content(()), nothing);
        assert_eq!(content(" \n"), nothing);
        assert_eq!(content(json!("")), nothing);
        assert_eq!(content(Vec::<ToolResultContentBlock>::new()), nothing);
    }

    #[test]
    fn an_error_can_be_a_text() {
        let failed: Result<String, &str> = Err("no such city");
        assert_eq!(failed.into_tool_output().unwrap_err().to_string(), "no such city");
    }
}
