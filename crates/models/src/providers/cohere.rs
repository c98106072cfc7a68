//! Cohere's Command R: chats.

use std::collections::BTreeMap;

use serde_json::Value;

use super::data::{data, keep, values};
use crate::{ModelBody, StreamedBody, Usage};

data! {
    /// A request in the format of Cohere's Command R.
    ///
    /// ```
    /// use bedrock_orm_models::providers::CohereChat;
    /// use serde_json::json;
    ///
    /// let request = CohereChat::new("Say this is a test").max_tokens(10).temperature(0.8).p(0.9);
    /// assert_eq!(
    ///     serde_json::to_value(&request)?,
    ///     json!({"message": "Say this is a test", "max_tokens": 10, "temperature": 0.8, "p": 0.9})
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [the format](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-cohere-command-r-plus.html).
    pub struct CohereChat {
        /// The user's message.
        message: String,
    }
    floats {
        /// The randomness of the reply, from 0 to 1.
        temperature,
        /// The probability mass of the most likely tokens to sample from, from 0.01 to 0.99.
        p,
        /// Makes repeated tokens less likely, by how often they occurred.
        frequency_penalty,
        /// Makes repeated tokens less likely.
        presence_penalty,
    }
    values {
        /// The most tokens that the reply may have.
        max_tokens: u32,
        /// The number of the most likely tokens to sample from.
        k: u32,
        /// Makes the reply repeatable.
        seed: u64,
    }
    optional {
        /// The system prompt.
        preamble: String,
        /// What is cut if the prompt is too long: `OFF` or `AUTO_PRESERVE_ORDER`.
        prompt_truncation: String,
    }
    lists {
        /// The conversation before the message.
        chat_history: CohereTurn,
        /// Documents that the model can cite, each an object with texts.
        documents: Value,
        /// The tools that the model can call.
        tools: CohereTool,
        /// The results of tool calls.
        tool_results: CohereToolResult,
        /// Texts that end the reply.
        stop_sequences: String,
    }
}

impl CohereChat {
    /// Creates a request.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }
}

values! {
    /// Who wrote a turn of a chat with Command R.
    pub enum CohereRole {
        "USER" => User,
        "CHATBOT" => Chatbot,
        "SYSTEM" => System,
        "TOOL" => Tool,
    }
}

data! {
    /// A turn of a chat with Command R.
    pub struct CohereTurn {
        /// Who wrote it.
        role: CohereRole,
    }
    optional {
        /// What it says.
        message: String,
    }
    lists {
        /// The tool calls of the model.
        tool_calls: CohereToolCall,
        /// The results of a tool.
        tool_results: CohereToolResult,
    }
}

impl CohereTurn {
    /// Creates a turn of the user.
    pub fn user(message: impl Into<String>) -> Self {
        Self { role: CohereRole::User, ..Self::default() }.message(message)
    }

    /// Creates a turn of the model.
    pub fn chatbot(message: impl Into<String>) -> Self {
        Self { role: CohereRole::Chatbot, ..Self::default() }.message(message)
    }
}

data! {
    /// A tool of Command R.
    pub struct CohereTool {
        /// Its name.
        name: String,
        /// What it does.
        description: String,
        /// Its parameters, by their names.
        parameter_definitions: BTreeMap<String, CohereParameter>,
    }
}

impl CohereTool {
    /// Creates a tool.
    pub fn new(
        name: impl Into<String>,
        description: impl Into<String>,
        parameters: impl IntoIterator<Item = (impl Into<String>, CohereParameter)>,
    ) -> Self {
        let parameters = parameters.into_iter().map(|(name, parameter)| (name.into(), parameter));
        Self {
            name: name.into(),
            description: description.into(),
            parameter_definitions: parameters.collect(),
            ..Self::default()
        }
    }
}

data! {
    /// A parameter of a tool.
    pub struct CohereParameter {
        /// Its type in Python: `str`, `int`, `float`, `bool` …
        r#type: String,
    }
    values {
        /// Whether the model has to set it.
        required: bool,
    }
    optional {
        /// What it means.
        description: String,
    }
}

impl CohereParameter {
    /// Creates a parameter of this type.
    pub fn new(r#type: impl Into<String>) -> Self {
        Self { r#type: r#type.into(), ..Self::default() }
    }
}

data! {
    /// A tool call of Command R.
    pub struct CohereToolCall {
        /// The name of the tool.
        name: String,
        /// The arguments.
        parameters: Value,
    }
}

data! {
    /// The result of a tool call.
    pub struct CohereToolResult {
        /// The call.
        call: CohereToolCall,
        /// What the tool returned: objects.
        outputs: Vec<Value>,
    }
}

impl CohereToolCall {
    /// Creates the result of this call.
    pub fn result(&self, outputs: impl IntoIterator<Item = impl Into<Value>>) -> CohereToolResult {
        let outputs = outputs.into_iter().map(Into::into).collect();
        CohereToolResult { call: self.clone(), outputs, ..CohereToolResult::default() }
    }
}

values! {
    /// Why a reply of Cohere ended.
    pub enum CohereFinishReason {
        "COMPLETE" => Complete,
        "MAX_TOKENS" => MaxTokens,
        "STOP_SEQUENCE" => StopSequence,
        "ERROR" => Error,
        "ERROR_TOXIC" => ErrorToxic,
        "ERROR_LIMIT" => ErrorLimit,
        "USER_CANCEL" => UserCancel,
    }
}

data! {
    /// A reply of Command R.
    pub struct CohereChatResponse {
        /// The text.
        text: String,
    }
    optional {
        /// Its ID.
        response_id: String,
        /// The ID of its text.
        generation_id: String,
        /// Why it ended.
        finish_reason: CohereFinishReason,
        /// The tokens, of a streamed reply.
        meta: CohereMeta,
    }
    lists {
        /// The conversation with this reply.
        chat_history: CohereTurn,
        /// The tool calls.
        tool_calls: CohereToolCall,
        /// The documents that the text cites.
        citations: Value,
        /// These documents.
        documents: Value,
    }
}

impl CohereChatResponse {
    /// Returns the text.
    pub fn text(&self) -> String {
        self.text.clone()
    }
}

data! {
    /// The tokens of a reply of Command R.
    pub struct CohereMeta {
    }
    optional {
        /// The tokens.
        tokens: CohereTokens,
        /// The tokens that are charged.
        billed_units: CohereTokens,
        /// The version of the format.
        api_version: Value,
    }
}

data! {
    /// Tokens of a prompt and its reply.
    pub struct CohereTokens {
    }
    values {
        /// The tokens of the prompt.
        input_tokens: i64,
        /// The tokens of the reply.
        output_tokens: i64,
    }
}

data! {
    /// An event of a streamed reply of Command R.
    pub struct CohereChatEvent {
        /// What it is: `text-generation`, `tool-calls-generation`, `stream-end` …
        event_type: String,
        /// Whether it is the last.
        is_finished: bool,
    }
    optional {
        /// More text.
        text: String,
        /// Why the reply ended.
        finish_reason: CohereFinishReason,
        /// The whole reply, in the last event.
        response: CohereChatResponse,
    }
    lists {
        /// The tool calls.
        tool_calls: CohereToolCall,
        /// Citations of the text.
        citations: Value,
    }
}

impl ModelBody for CohereChat {
    type Response = CohereChatResponse;

    fn usage(response: &CohereChatResponse) -> Usage {
        let tokens = response.meta.as_ref().and_then(|meta| meta.tokens.as_ref());
        Usage {
            input_tokens: tokens.and_then(|tokens| tokens.input_tokens),
            output_tokens: tokens.and_then(|tokens| tokens.output_tokens),
            ..Usage::default()
        }
    }
}

impl StreamedBody for CohereChat {
    type Event = CohereChatEvent;

    fn add(response: &mut CohereChatResponse, event: &CohereChatEvent) {
        if let Some(whole) = &event.response {
            *response = whole.clone();
            return;
        }
        response.text.push_str(event.text.as_deref().unwrap_or_default());
        if let Some(calls) = &event.tool_calls {
            response.tool_calls.get_or_insert_default().extend_from_slice(calls);
        }
        if let Some(citations) = &event.citations {
            response.citations.get_or_insert_default().extend_from_slice(citations);
        }
        keep(&mut response.additional, &event.additional);
    }

    fn is_last(event: &CohereChatEvent) -> bool {
        event.is_finished
    }

    fn text(event: &CohereChatEvent) -> Option<&str> {
        event.text.as_deref()
    }
}
