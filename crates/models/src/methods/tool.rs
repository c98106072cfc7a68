//! Constructors of tools and tool results.

use serde_json::Value;

use crate::{
    AnyToolChoice, AutoToolChoice, SpecificToolChoice, Tool, ToolChoice, ToolInputSchema, ToolResultBlock,
    ToolResultContentBlock, ToolResultStatus, ToolSpecification, ToolUseBlock,
};

impl From<ToolSpecification> for Tool {
    fn from(specification: ToolSpecification) -> Self {
        Self::ToolSpec(specification)
    }
}

/// A JSON schema.
impl From<Value> for ToolInputSchema {
    fn from(schema: Value) -> Self {
        Self::Json(schema)
    }
}

impl ToolChoice {
    /// The model decides whether to call a tool.
    pub fn auto() -> Self {
        Self::Auto(AutoToolChoice::default())
    }

    /// The model calls at least one tool.
    pub fn any() -> Self {
        Self::Any(AnyToolChoice::default())
    }

    /// The model calls this tool.
    pub fn tool(name: impl Into<String>) -> Self {
        Self::Tool(SpecificToolChoice::new(name))
    }
}

impl ToolUseBlock {
    /// Parses the JSON of a tool's input, which was received in fragments. AWS sends no input for a tool without arguments.
    /// JSON that was cut short is kept as a string.
    pub fn parse_input(json: String) -> Value {
        if json.trim().is_empty() {
            return Value::Object(serde_json::Map::new());
        }
        serde_json::from_str(&json).unwrap_or(Value::String(json))
    }

    /// Creates the result of this call: text, JSON, or several blocks.
    ///
    /// ```
    /// use bedrock_orm_models::{Message, ToolUseBlock};
    /// use serde_json::json;
    ///
    /// let call = ToolUseBlock::new("1", "get_weather", json!({"city": "Queens"}));
    /// let message = Message::user(call.result(json!({"weather": "40"})));
    /// assert_eq!(message.content[0].as_tool_result().map(|result| result.tool_use_id.as_str()), Some("1"));
    /// ```
    pub fn result(&self, content: impl Into<ToolResultContentBlock>) -> ToolResultBlock {
        ToolResultBlock::new(self.tool_use_id.as_str(), [content.into()])
    }

    /// Creates an error result of this call, with a message for the model.
    pub fn error(&self, message: impl Into<String>) -> ToolResultBlock {
        self.result(message.into()).status(ToolResultStatus::Error)
    }
}

impl From<&str> for ToolResultContentBlock {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for ToolResultContentBlock {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// JSON. AWS requires an object.
impl From<Value> for ToolResultContentBlock {
    fn from(json: Value) -> Self {
        Self::Json(json)
    }
}
