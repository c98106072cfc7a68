//! How a model is told the form of its reply.

use std::sync::{Mutex, PoisonError};

use bedrock_orm_core::Error;
use bedrock_orm_core::sdk::ByName;
use bedrock_orm_models::{
    ConverseRequest, JsonSchemaDefinition, OutputFormat, OutputFormatStructure, OutputFormatType,
    SystemContentBlock, Tool, ToolChoice, ToolSpecification,
};

use super::schema::TypedSchema;

/// The tool whose input is the reply.
pub(super) const TOOL: &str = "typed_reply";

/// How a model is told the form of a typed reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypedForm {
    /// By the request's `outputConfig`: the model can reply in no other form.
    Native,
    /// By a tool that the model has to call.
    ForcedTool,
    /// By a tool that the system prompt asks the model to call, for models that cannot be forced.
    RequestedTool,
}

impl TypedForm {
    /// Adds the form to a request.
    pub(super) fn apply(self, request: &mut ConverseRequest, schema: &TypedSchema) {
        let tool = |request: &mut ConverseRequest| {
            let specification = ToolSpecification::new(TOOL, schema.of_tool().clone())
                .description("Takes the whole reply. Call it once.");
            request.tool_config.get_or_insert_default().tools.push(Tool::from(specification));
        };
        match self {
            Self::Native => {
                let schema = schema.native().unwrap_or(schema.of_tool()).to_string();
                let structure =
                    OutputFormatStructure::JsonSchema(JsonSchemaDefinition::new(schema).name("reply"));
                request.output_config.get_or_insert_default().text_format =
                    Some(OutputFormat::new(OutputFormatType::JsonSchema, structure));
            }
            Self::ForcedTool => {
                tool(request);
                request.tool_config.get_or_insert_default().tool_choice = Some(ToolChoice::tool(TOOL));
            }
            Self::RequestedTool => {
                tool(request);
                let instruction = format!(
                    "Reply only by calling the tool `{TOOL}`, once, with the whole reply as its input. Write no other text."
                );
                request.system.get_or_insert_default().push(SystemContentBlock::Text(instruction));
            }
        }
    }

    /// Returns the form to try after this refusal, or `None` if the refusal is not about the form.
    ///
    /// Source: AWS's messages, recorded or reported by users: `output_config.format: Extra inputs are not permitted`,
    /// `extraneous key [outputConfig] is not permitted`, `This model doesn't support the toolConfig.toolChoice.tool
    /// field`, `Thinking may not be enabled when tool_choice forces tool use`.
    pub(super) fn after(self, refusal: &Error) -> Option<Self> {
        let (words, next): (&[&str], _) = match self {
            Self::Native => (
                &["outputconfig", "output_config", "textformat", "response_format", "structured output"],
                Self::ForcedTool,
            ),
            Self::ForcedTool => (&["toolchoice", "tool_choice"], Self::RequestedTool),
            Self::RequestedTool => return None,
        };
        let message = refusal.message().to_ascii_lowercase();
        let is_about_form = refusal.is_validation() && words.iter().any(|word| message.contains(word));
        is_about_form.then_some(next)
    }
}

/// Returns whether a refusal is about the model, and not about this schema or the thinking of this request.
pub(super) fn is_about_model(refusal: &Error) -> bool {
    let message = refusal.message().to_ascii_lowercase();
    !message.contains("format.schema") && !message.contains("thinking")
}

/// The form of each model whose first form was refused, by model ID.
#[derive(Debug, Default)]
pub(super) struct FormsByModel(Mutex<ByName<TypedForm>>);

impl FormsByModel {
    pub(super) fn of(&self, model_id: &str) -> Option<TypedForm> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(model_id).copied()
    }

    pub(super) fn keep(&self, model_id: &str, form: TypedForm) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(model_id, form);
    }
}
