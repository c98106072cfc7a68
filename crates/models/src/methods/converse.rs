//! Constructors and accessors of conversation requests and replies.

use crate::{
    ContentBlock, ConverseOutput, ConverseRequest, ConverseResponse, ConverseStreamRequest,
    ConverseTokensRequest, GuardrailConfiguration, GuardrailStreamConfiguration,
    GuardrailStreamProcessingMode, InferenceConfiguration, Message, OutputConfig, PerformanceConfigLatency,
    PerformanceConfiguration, PromptVariableValues, ServiceTier, ServiceTierType, ToolConfiguration,
    ToolUseBlock,
};

impl InferenceConfiguration {
    /// Merges a later configuration: its numbers replace these, and its stop sequences are added.
    pub fn merge(&mut self, later: Self) {
        let Self { max_tokens, temperature, top_p, stop_sequences } = later;
        self.max_tokens = max_tokens.or(self.max_tokens);
        self.temperature = temperature.or(self.temperature);
        self.top_p = top_p.or(self.top_p);
        if let Some(stop_sequences) = stop_sequences {
            self.stop_sequences.get_or_insert_default().extend(stop_sequences);
        }
    }
}

impl ToolConfiguration {
    /// Merges a later configuration: its tools are added, and its tool choice replaces this one.
    pub fn merge(&mut self, later: Self) {
        let Self { tools, tool_choice } = later;
        self.tools.extend(tools);
        self.tool_choice = tool_choice.or(self.tool_choice.take());
    }
}

impl OutputConfig {
    /// Merges a later configuration: its members replace these.
    pub fn merge(&mut self, later: Self) {
        let Self { text_format, effort } = later;
        self.text_format = text_format.or(self.text_format.take());
        self.effort = effort.or(self.effort.take());
    }
}

impl GuardrailConfiguration {
    /// Merges a later configuration: its members replace these.
    pub fn merge(&mut self, later: Self) {
        let Self { guardrail_identifier, guardrail_version, trace } = later;
        self.guardrail_identifier = guardrail_identifier.or(self.guardrail_identifier.take());
        self.guardrail_version = guardrail_version.or(self.guardrail_version.take());
        self.trace = trace.or(self.trace.take());
    }
}

impl From<&str> for ConverseRequest {
    fn from(text: &str) -> Self {
        Message::user(text).into()
    }
}

impl From<String> for ConverseRequest {
    fn from(text: String) -> Self {
        Message::user(text).into()
    }
}

impl From<&String> for ConverseRequest {
    fn from(text: &String) -> Self {
        Message::user(text.as_str()).into()
    }
}

impl From<Message> for ConverseRequest {
    fn from(message: Message) -> Self {
        vec![message].into()
    }
}

impl From<Vec<Message>> for ConverseRequest {
    fn from(messages: Vec<Message>) -> Self {
        Self { messages: Some(messages), ..Self::default() }
    }
}

impl From<&[Message]> for ConverseRequest {
    fn from(messages: &[Message]) -> Self {
        messages.to_vec().into()
    }
}

impl From<&Vec<Message>> for ConverseRequest {
    fn from(messages: &Vec<Message>) -> Self {
        messages.clone().into()
    }
}

impl<const COUNT: usize> From<[Message; COUNT]> for ConverseRequest {
    fn from(messages: [Message; COUNT]) -> Self {
        Vec::from(messages).into()
    }
}

impl ConverseRequest {
    /// Converts the request to one for a stream. The guardrail can check the text before it is streamed, or while it is
    /// streamed.
    pub fn streamed(self, guardrail_mode: Option<GuardrailStreamProcessingMode>) -> ConverseStreamRequest {
        let guardrail = self.guardrail_config.map(
            |GuardrailConfiguration { guardrail_identifier, guardrail_version, trace }| {
                GuardrailStreamConfiguration {
                    guardrail_identifier,
                    guardrail_version,
                    trace,
                    stream_processing_mode: guardrail_mode,
                }
            },
        );
        ConverseStreamRequest {
            messages: self.messages,
            system: self.system,
            inference_config: self.inference_config,
            tool_config: self.tool_config,
            guardrail_config: guardrail,
            additional_model_request_fields: self.additional_model_request_fields,
            prompt_variables: self.prompt_variables,
            additional_model_response_field_paths: self.additional_model_response_field_paths,
            request_metadata: self.request_metadata,
            performance_config: self.performance_config,
            service_tier: self.service_tier,
            output_config: self.output_config,
        }
    }
}

impl From<&str> for PromptVariableValues {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for PromptVariableValues {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<PerformanceConfigLatency> for PerformanceConfiguration {
    fn from(latency: PerformanceConfigLatency) -> Self {
        Self::default().latency(latency)
    }
}

impl From<ServiceTierType> for ServiceTier {
    fn from(service_tier: ServiceTierType) -> Self {
        Self::new(service_tier)
    }
}

/// The parts of a request whose tokens are counted.
impl From<ConverseRequest> for ConverseTokensRequest {
    fn from(request: ConverseRequest) -> Self {
        Self {
            messages: request.messages,
            system: request.system,
            tool_config: request.tool_config,
            additional_model_request_fields: request.additional_model_request_fields,
        }
    }
}

impl ConverseResponse {
    /// Returns the text of the reply, joined. Empty if it has none.
    pub fn text(&self) -> String {
        self.message().map(Message::text).unwrap_or_default()
    }

    /// Iterates over the tool calls, in order.
    pub fn tool_uses(&self) -> impl Iterator<Item = &ToolUseBlock> {
        self.content().iter().filter_map(ContentBlock::as_tool_use)
    }

    /// Returns the content blocks of the reply.
    pub fn content(&self) -> &[ContentBlock] {
        self.message().map(|message| message.content.as_slice()).unwrap_or_default()
    }

    /// Returns the message of the reply, as AWS sent it. To continue the conversation, use
    /// [`sendable_message`](Self::sendable_message).
    pub fn message(&self) -> Option<&Message> {
        match &self.output {
            ConverseOutput::Message(message) => Some(message),
            ConverseOutput::Unknown(_) => None,
        }
    }

    /// Returns the message to add to the history of the conversation, without what AWS would reject in the next turn; see
    /// [`Message::sendable`]. `None` if the reply is empty.
    ///
    /// ```
    /// use bedrock_orm_models::{ConverseOutput, ConverseResponse, Message};
    ///
    /// let mut history = vec![Message::user("Hello")];
    /// let mut reply = ConverseResponse::default();
    /// reply.output = ConverseOutput::Message(Message::assistant(""));
    /// match reply.sendable_message() {
    ///     Some(message) => history.push(message),
    ///     None => drop(history.pop()), // the turn did not happen
    /// }
    /// assert!(history.is_empty());
    /// ```
    pub fn sendable_message(&self) -> Option<Message> {
        self.message().cloned().and_then(Message::sendable)
    }

    /// Converts the reply to its message.
    pub fn into_message(self) -> Option<Message> {
        match self.output {
            ConverseOutput::Message(message) => Some(message),
            ConverseOutput::Unknown(_) => None,
        }
    }
}
