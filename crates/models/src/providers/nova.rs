//! Amazon's Nova: text.

use serde_json::Value;

use super::data::{data, tokens};
use crate::{
    ContentBlock, ContentBlockDelta, ContentBlockDeltaEvent, ContentBlockStart, ContentBlockStartEvent,
    ContentBlockStopEvent, ConversationRole, Message, MessageStartEvent, MessageStopEvent, ModelBody,
    ReasoningContentBlock, ReasoningContentBlockDelta, ReasoningTextBlock, StopReason, StreamedBody,
    SystemContentBlock, ToolConfiguration, ToolUseBlock, Usage,
};

data! {
    /// A request in the format of Amazon's Nova models of text. Its messages and tools are those of Converse.
    ///
    /// ```
    /// use bedrock_orm_models::providers::{NovaInferenceConfig, NovaMessages};
    /// use serde_json::json;
    ///
    /// let request = NovaMessages::new(["A camping trip"])
    ///     .system(["Tell a story of two sentences."])
    ///     .inference_config(NovaInferenceConfig::default().max_tokens(500).temperature(0.7));
    /// assert_eq!(
    ///     serde_json::to_value(&request)?,
    ///     json!({
    ///         "messages": [{"role": "user", "content": [{"text": "A camping trip"}]}],
    ///         "system": [{"text": "Tell a story of two sentences."}],
    ///         "inferenceConfig": {"maxTokens": 500, "temperature": 0.7},
    ///     })
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [the schema](https://docs.aws.amazon.com/nova/latest/nova2-userguide/request-response-schema.html).
    #[serde(rename_all = "camelCase")]
    pub struct NovaMessages {
        /// The conversation so far.
        messages: Vec<Message>,
    }
    optional {
        /// The version of the format: `messages-v1`.
        schema_version: String,
        /// The settings of the reply.
        inference_config: NovaInferenceConfig,
        /// The tools that the model can call.
        tool_config: ToolConfiguration,
    }
    lists {
        /// The system prompt.
        system: SystemContentBlock,
    }
}

impl NovaMessages {
    /// Creates a request. A string is a message of the user.
    pub fn new(messages: impl IntoIterator<Item = impl Into<Message>>) -> Self {
        Self { messages: messages.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}

data! {
    /// The settings of a reply of Nova.
    #[serde(rename_all = "camelCase")]
    pub struct NovaInferenceConfig {
    }
    floats {
        /// The randomness of the reply, from 0 to 1.
        temperature,
        /// The probability mass of the most likely tokens to sample from, from 0 to 1.
        top_p,
    }
    values {
        /// The most tokens that the reply may have.
        max_tokens: u32,
        /// The number of the most likely tokens to sample from.
        top_k: u32,
    }
    optional {
        /// Whether the model reasons: `{"type": "enabled", "maxReasoningEffort": "low"}`. Nova 2 has it.
        reasoning_config: Value,
    }
    lists {
        /// Texts that end the reply.
        stop_sequences: String,
    }
}

data! {
    /// A reply of Nova.
    #[serde(rename_all = "camelCase")]
    pub struct NovaResponse {
        /// The message.
        output: NovaOutput,
        /// The tokens.
        usage: NovaUsage,
    }
    optional {
        /// Why it ended.
        stop_reason: StopReason,
    }
}

impl NovaResponse {
    /// Returns the text of all text blocks.
    pub fn text(&self) -> String {
        self.output.message.content.iter().filter_map(ContentBlock::as_text).collect()
    }

    /// Returns the tool calls.
    pub fn tool_uses(&self) -> impl Iterator<Item = &ToolUseBlock> {
        self.output.message.content.iter().filter_map(ContentBlock::as_tool_use)
    }
}

data! {
    /// The message of a reply of Nova.
    pub struct NovaOutput {
        /// The message.
        message: Message,
    }
}

data! {
    /// The tokens of a reply of Nova.
    #[serde(rename_all = "camelCase")]
    pub struct NovaUsage {
    }
    values {
        /// The tokens of the prompt.
        input_tokens: u64,
        /// The tokens of the reply.
        output_tokens: u64,
        /// Both.
        total_tokens: u64,
        /// The tokens of the prompt that were read from the cache.
        cache_read_input_token_count: u64,
        /// The tokens of the prompt that were written to the cache.
        cache_write_input_token_count: u64,
    }
}

data! {
    /// An event of a streamed reply of Nova. One of the members is set.
    #[serde(rename_all = "camelCase")]
    pub struct NovaEvent {
    }
    optional {
        /// The reply starts.
        message_start: MessageStartEvent,
        /// A block starts. Blocks of text have no start.
        content_block_start: ContentBlockStartEvent,
        /// A block continues.
        content_block_delta: ContentBlockDeltaEvent,
        /// A block ends. Nova ends a block after each piece of text.
        content_block_stop: ContentBlockStopEvent,
        /// The reply ended, and why.
        message_stop: MessageStopEvent,
        /// The last event.
        metadata: NovaMetadata,
    }
}

data! {
    /// The tokens of a streamed reply of Nova.
    pub struct NovaMetadata {
        /// The tokens.
        usage: NovaUsage,
    }
}

impl ModelBody for NovaMessages {
    type Response = NovaResponse;

    fn usage(response: &NovaResponse) -> Usage {
        let usage = &response.usage;
        Usage {
            input_tokens: tokens(usage.input_tokens),
            output_tokens: tokens(usage.output_tokens),
            cache_read_input_tokens: tokens(usage.cache_read_input_token_count),
            cache_write_input_tokens: tokens(usage.cache_write_input_token_count),
        }
    }
}

impl StreamedBody for NovaMessages {
    type Event = NovaEvent;

    fn add(response: &mut NovaResponse, event: &NovaEvent) {
        let message = &mut response.output.message;
        if let Some(start) = &event.message_start {
            message.role = start.role.clone();
        }
        if let Some(ContentBlockStart::ToolUse(start)) =
            event.content_block_start.as_ref().map(|start| &start.start)
        {
            let mut block = ToolUseBlock::new(
                start.tool_use_id.as_str(),
                start.name.as_str(),
                Value::String(String::new()),
            );
            block.r#type.clone_from(&start.r#type);
            message.content.push(ContentBlock::ToolUse(block));
        }
        if let Some(delta) = &event.content_block_delta {
            add_delta(&mut message.content, &delta.delta);
        }
        if event.content_block_stop.is_some()
            && let Some(ContentBlock::ToolUse(block)) = message.content.last_mut()
            && let Value::String(json) = &mut block.input
        {
            block.input = ToolUseBlock::parse_input(std::mem::take(json));
        }
        if let Some(stop) = &event.message_stop {
            response.stop_reason = Some(stop.stop_reason.clone());
        }
        if let Some(metadata) = &event.metadata {
            response.usage = metadata.usage.clone();
        }
    }

    fn is_last(event: &NovaEvent) -> bool {
        event.metadata.is_some()
    }

    fn text(event: &NovaEvent) -> Option<&str> {
        match &event.content_block_delta.as_ref()?.delta {
            ContentBlockDelta::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Adds a piece. Text continues the text before it, since Nova sends each piece as a block of its own.
fn add_delta(content: &mut Vec<ContentBlock>, delta: &ContentBlockDelta) {
    match (content.last_mut(), delta) {
        (Some(ContentBlock::Text(text)), ContentBlockDelta::Text(more)) => text.push_str(more),
        (_, ContentBlockDelta::Text(text)) if !text.is_empty() => {
            content.push(ContentBlock::Text(text.clone()));
        }
        (Some(ContentBlock::ToolUse(block)), ContentBlockDelta::ToolUse(more)) => {
            if let Value::String(json) = &mut block.input {
                json.push_str(&more.input);
            }
        }
        (
            Some(ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(reasoning))),
            ContentBlockDelta::ReasoningContent(more),
        ) => add_reasoning(reasoning, more),
        (_, ContentBlockDelta::ReasoningContent(more)) => {
            let mut reasoning = ReasoningTextBlock::new("");
            add_reasoning(&mut reasoning, more);
            content.push(ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(reasoning)));
        }
        _ => {}
    }
}

fn add_reasoning(reasoning: &mut ReasoningTextBlock, more: &ReasoningContentBlockDelta) {
    match more {
        ReasoningContentBlockDelta::Text(text) => reasoning.text.push_str(text),
        ReasoningContentBlockDelta::Signature(signature) => {
            reasoning.signature.get_or_insert_default().push_str(signature);
        }
        _ => {}
    }
}

/// A reply as the next message of the conversation.
impl From<NovaResponse> for Message {
    fn from(response: NovaResponse) -> Self {
        let message = response.output.message;
        Self { role: ConversationRole::Assistant, content: message.content }
    }
}
