//! Anthropic's Messages.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::data::{data, tagged, tokens, values};
use crate::{Blob, ModelBody, StreamedBody, ToolUseBlock, Usage};

/// The version of the format on Bedrock.
const ANTHROPIC_VERSION: &str = "bedrock-2023-05-31";

data! {
    /// A request in the format of Anthropic's Messages, for Claude.
    ///
    /// ```
    /// use bedrock_orm_models::providers::{ClaudeMessage, ClaudeMessages};
    /// use serde_json::json;
    ///
    /// let request = ClaudeMessages::new(["What is machine learning?"], 1024).system("Be brief.").temperature(0.2);
    /// assert_eq!(
    ///     serde_json::to_value(&request)?,
    ///     json!({
    ///         "anthropic_version": "bedrock-2023-05-31",
    ///         "max_tokens": 1024,
    ///         "messages": [{"role": "user", "content": "What is machine learning?"}],
    ///         "system": "Be brief.",
    ///         "temperature": 0.2,
    ///     })
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Sources: [the format on Bedrock](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html),
    /// [Anthropic's reference](https://docs.anthropic.com/en/api/messages).
    pub struct ClaudeMessages {
        /// The version of the format: `bedrock-2023-05-31`.
        anthropic_version: String,
        /// The most tokens that the reply may have.
        max_tokens: u32,
        /// The conversation so far.
        messages: Vec<ClaudeMessage>,
    }
    floats {
        /// The randomness of the reply, from 0 to 1.
        temperature,
        /// The probability mass of the most likely tokens to sample from, from 0 to 1.
        top_p,
    }
    values {
        /// The number of the most likely tokens to sample from.
        top_k: u32,
    }
    optional {
        /// The system prompt.
        system: ClaudeContent,
        /// Whether the model has to call a tool, and which.
        tool_choice: ClaudeToolChoice,
        /// Whether the model thinks before it replies.
        thinking: ClaudeThinking,
        /// The effort, and the format of the reply.
        output_config: Value,
        /// What the model forgets of a long conversation.
        context_management: Value,
    }
    lists {
        /// Texts that end the reply.
        stop_sequences: String,
        /// The tools that the model can call.
        tools: ClaudeTool,
        /// The beta features to enable.
        anthropic_beta: String,
    }
}

impl ClaudeMessages {
    /// Creates a request. A string is a message of the user.
    pub fn new(messages: impl IntoIterator<Item = impl Into<ClaudeMessage>>, max_tokens: u32) -> Self {
        Self {
            anthropic_version: ANTHROPIC_VERSION.to_owned(),
            max_tokens,
            messages: messages.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

values! {
    /// Who wrote a message.
    pub enum ClaudeRole {
        "user" => User,
        "assistant" => Assistant,
        "system" => System,
    }
}

data! {
    /// A message of a conversation with Claude.
    pub struct ClaudeMessage {
        /// Who wrote it.
        role: ClaudeRole,
        /// What it says.
        content: ClaudeContent,
    }
}

impl ClaudeMessage {
    /// Creates a message of the user: a text, a block, or several blocks.
    pub fn user(content: impl Into<ClaudeContent>) -> Self {
        Self { role: ClaudeRole::User, content: content.into(), ..Self::default() }
    }

    /// Creates a message of the model.
    pub fn assistant(content: impl Into<ClaudeContent>) -> Self {
        Self { role: ClaudeRole::Assistant, content: content.into(), ..Self::default() }
    }
}

impl From<&str> for ClaudeMessage {
    fn from(text: &str) -> Self {
        Self::user(text)
    }
}

impl From<String> for ClaudeMessage {
    fn from(text: String) -> Self {
        Self::user(text)
    }
}

/// A reply as the next message of the conversation.
impl From<ClaudeResponse> for ClaudeMessage {
    fn from(response: ClaudeResponse) -> Self {
        Self { role: response.role, content: ClaudeContent::Blocks(response.content), ..Self::default() }
    }
}

/// The content of a message, of a system prompt, or of a tool result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ClaudeContent {
    /// A text.
    Text(String),
    /// Blocks.
    Blocks(Vec<ClaudeContentBlock>),
}

impl Default for ClaudeContent {
    fn default() -> Self {
        Self::Blocks(Vec::new())
    }
}

impl From<&str> for ClaudeContent {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for ClaudeContent {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<B: Into<ClaudeContentBlock>> From<Vec<B>> for ClaudeContent {
    fn from(blocks: Vec<B>) -> Self {
        Self::Blocks(blocks.into_iter().map(Into::into).collect())
    }
}

impl<B: Into<ClaudeContentBlock>, const COUNT: usize> From<[B; COUNT]> for ClaudeContent {
    fn from(blocks: [B; COUNT]) -> Self {
        Vec::from(blocks).into()
    }
}

tagged! {
    /// A block of content. The member `type` says which it is.
    pub enum ClaudeContentBlock {
        /// A text.
        Text(ClaudeText),
        /// An image.
        Image(ClaudeImage),
        /// A document.
        Document(ClaudeDocument),
        /// A result of a search, which the model can cite.
        SearchResult(ClaudeSearchResult),
        /// A tool call.
        ToolUse(ClaudeToolUse),
        /// The result of a tool call.
        ToolResult(ClaudeToolResult),
        /// What the model thought. It goes back to the model unchanged, with its signature.
        Thinking(ClaudeThinkingBlock),
        /// What the model thought, encrypted.
        RedactedThinking(ClaudeRedactedThinking),
    }
}

impl ClaudeContentBlock {
    /// Creates a text block.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(ClaudeText { text: text.into(), ..ClaudeText::default() })
    }

    /// Creates an image block from bytes of a media type such as `image/png`.
    pub fn image(media_type: impl Into<String>, data: impl Into<Blob>) -> Self {
        Self::Image(ClaudeImage { source: ClaudeSource::base64(media_type, data), ..ClaudeImage::default() })
    }

    /// Creates a document block from bytes of a media type such as `application/pdf`.
    pub fn document(media_type: impl Into<String>, data: impl Into<Blob>) -> Self {
        let source = ClaudeSource::base64(media_type, data);
        Self::Document(ClaudeDocument { source, ..ClaudeDocument::default() })
    }
}

impl From<&str> for ClaudeContentBlock {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for ClaudeContentBlock {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

data! {
    /// A text.
    pub struct ClaudeText {
        /// The text.
        text: String,
    }
    optional {
        /// Ends the part of the prompt that is cached.
        cache_control: ClaudeCacheControl,
    }
    lists {
        /// The sources that the text cites.
        citations: Value,
    }
}

data! {
    /// An image.
    pub struct ClaudeImage {
        /// Where it is.
        source: ClaudeSource,
    }
    optional {
        /// Ends the part of the prompt that is cached.
        cache_control: ClaudeCacheControl,
    }
}

data! {
    /// A document.
    pub struct ClaudeDocument {
        /// Where it is.
        source: ClaudeSource,
    }
    optional {
        /// Its title.
        title: String,
        /// What the model should know about it.
        context: String,
        /// Whether the model cites it: `{"enabled": true}`.
        citations: Value,
        /// Ends the part of the prompt that is cached.
        cache_control: ClaudeCacheControl,
    }
}

data! {
    /// A result of a search.
    pub struct ClaudeSearchResult {
        /// Where it is from.
        source: String,
        /// Its title.
        title: String,
        /// Its text.
        content: Vec<ClaudeContentBlock>,
    }
    optional {
        /// Whether the model cites it: `{"enabled": true}`.
        citations: Value,
        /// Ends the part of the prompt that is cached.
        cache_control: ClaudeCacheControl,
    }
}

tagged! {
    /// The data of an image or a document.
    pub enum ClaudeSource {
        /// Bytes.
        Base64(ClaudeBytes),
        /// A text.
        Text(ClaudePlainText),
        /// Blocks.
        Content(ClaudeBlocks),
    }
}

impl ClaudeSource {
    /// Creates a source from bytes of a media type.
    pub fn base64(media_type: impl Into<String>, data: impl Into<Blob>) -> Self {
        Self::Base64(ClaudeBytes {
            media_type: media_type.into(),
            data: data.into(),
            ..ClaudeBytes::default()
        })
    }
}

impl Default for ClaudeSource {
    fn default() -> Self {
        Self::Unknown(Value::Null)
    }
}

data! {
    /// Bytes of a media type.
    pub struct ClaudeBytes {
        /// Their media type, such as `image/png`.
        media_type: String,
        /// The bytes.
        data: Blob,
    }
}

data! {
    /// A text as a document.
    pub struct ClaudePlainText {
        /// Its media type: `text/plain`.
        media_type: String,
        /// The text.
        data: String,
    }
}

data! {
    /// Blocks as a document.
    pub struct ClaudeBlocks {
        /// The blocks.
        content: ClaudeContent,
    }
}

data! {
    /// A tool call.
    pub struct ClaudeToolUse {
        /// Its ID, which the result repeats.
        id: String,
        /// The name of the tool.
        name: String,
        /// The arguments.
        input: Value,
    }
    optional {
        /// Ends the part of the prompt that is cached.
        cache_control: ClaudeCacheControl,
    }
}

impl ClaudeToolUse {
    /// Creates the result of this call.
    pub fn result(&self, content: impl Into<ClaudeContent>) -> ClaudeToolResult {
        ClaudeToolResult { tool_use_id: self.id.clone(), ..ClaudeToolResult::default() }.content(content)
    }

    /// Creates an error result of this call, with a message for the model.
    pub fn error(&self, message: impl Into<ClaudeContent>) -> ClaudeToolResult {
        self.result(message).is_error(true)
    }
}

data! {
    /// The result of a tool call.
    pub struct ClaudeToolResult {
        /// The ID of the call.
        tool_use_id: String,
    }
    values {
        /// Whether the tool failed.
        is_error: bool,
    }
    optional {
        /// What the tool returned.
        content: ClaudeContent,
        /// Ends the part of the prompt that is cached.
        cache_control: ClaudeCacheControl,
    }
}

data! {
    /// What the model thought.
    pub struct ClaudeThinkingBlock {
        /// The thoughts.
        thinking: String,
        /// Proves that the model wrote them.
        signature: String,
    }
}

data! {
    /// What the model thought, encrypted.
    pub struct ClaudeRedactedThinking {
        /// The encrypted thoughts.
        data: String,
    }
}

data! {
    /// Ends a part of the prompt that is cached.
    pub struct ClaudeCacheControl {
        /// `ephemeral`
        r#type: String,
    }
    optional {
        /// How long it is cached: `5m` or `1h`.
        ttl: String,
    }
}

impl ClaudeCacheControl {
    /// Caches the prompt up to here.
    pub fn ephemeral() -> Self {
        Self { r#type: "ephemeral".to_owned(), ..Self::default() }
    }
}

data! {
    /// A tool: one of yours, or one that Anthropic defines, which has a `type`.
    pub struct ClaudeTool {
        /// Its name.
        name: String,
    }
    optional {
        /// What it does.
        description: String,
        /// The JSON schema of its arguments.
        input_schema: Value,
        /// The type of a tool that Anthropic defines, such as `bash_20250124`.
        r#type: String,
        /// Ends the part of the prompt that is cached.
        cache_control: ClaudeCacheControl,
    }
}

impl ClaudeTool {
    /// Creates a tool with the JSON schema of its arguments.
    pub fn new(name: impl Into<String>, input_schema: impl Into<Value>) -> Self {
        Self { name: name.into(), ..Self::default() }.input_schema(input_schema)
    }
}

values! {
    /// How the model chooses tools.
    pub enum ClaudeToolChoiceType {
        "auto" => Auto,
        "any" => Any,
        "tool" => Tool,
        "none" => None,
    }
}

data! {
    /// Whether the model has to call a tool, and which.
    pub struct ClaudeToolChoice {
        /// How the model chooses.
        r#type: ClaudeToolChoiceType,
    }
    values {
        /// Whether the model calls at most one tool at once.
        disable_parallel_tool_use: bool,
    }
    optional {
        /// The tool that it has to call.
        name: String,
    }
}

impl ClaudeToolChoice {
    /// The model decides whether to call a tool.
    pub fn auto() -> Self {
        ClaudeToolChoiceType::Auto.into()
    }

    /// The model calls at least one tool.
    pub fn any() -> Self {
        ClaudeToolChoiceType::Any.into()
    }

    /// The model calls this tool.
    pub fn tool(name: impl Into<String>) -> Self {
        Self::from(ClaudeToolChoiceType::Tool).name(name)
    }
}

impl From<ClaudeToolChoiceType> for ClaudeToolChoice {
    fn from(r#type: ClaudeToolChoiceType) -> Self {
        Self { r#type, ..Self::default() }
    }
}

data! {
    /// Whether the model thinks before it replies.
    pub struct ClaudeThinking {
        /// `enabled`, `adaptive` or `disabled`.
        r#type: String,
    }
    values {
        /// The most tokens that it may think, at least 1,024. They count as tokens of the reply.
        budget_tokens: u32,
    }
}

impl ClaudeThinking {
    /// The model thinks, with at most this many tokens.
    pub fn enabled(budget_tokens: u32) -> Self {
        Self { r#type: "enabled".to_owned(), ..Self::default() }.budget_tokens(budget_tokens)
    }

    /// The model decides how much it thinks. Newer models accept it.
    pub fn adaptive() -> Self {
        Self { r#type: "adaptive".to_owned(), ..Self::default() }
    }

    /// The model does not think.
    pub fn disabled() -> Self {
        Self { r#type: "disabled".to_owned(), ..Self::default() }
    }
}

values! {
    /// Why a reply of Claude ended.
    pub enum ClaudeStopReason {
        "end_turn" => EndTurn,
        "max_tokens" => MaxTokens,
        "stop_sequence" => StopSequence,
        "tool_use" => ToolUse,
        "pause_turn" => PauseTurn,
        "refusal" => Refusal,
        "model_context_window_exceeded" => ModelContextWindowExceeded,
    }
}

data! {
    /// A reply of Claude.
    pub struct ClaudeResponse {
        /// Its ID.
        id: String,
        /// `message`
        r#type: String,
        /// The role of the message: the model's.
        role: ClaudeRole,
        /// The name of the model.
        model: String,
        /// What it says.
        content: Vec<ClaudeContentBlock>,
        /// The tokens.
        usage: ClaudeUsage,
    }
    optional {
        /// Why it ended.
        stop_reason: ClaudeStopReason,
        /// The stop sequence that ended it.
        stop_sequence: String,
    }
}

impl ClaudeResponse {
    /// Returns the text of all text blocks.
    pub fn text(&self) -> String {
        let text = |block: &ClaudeContentBlock| match block {
            ClaudeContentBlock::Text(text) => Some(text.text.clone()),
            _ => None,
        };
        self.content.iter().filter_map(text).collect()
    }

    /// Returns the tool calls.
    pub fn tool_uses(&self) -> impl Iterator<Item = &ClaudeToolUse> {
        self.content.iter().filter_map(|block| match block {
            ClaudeContentBlock::ToolUse(tool_use) => Some(tool_use),
            _ => None,
        })
    }
}

data! {
    /// The tokens of a reply of Claude.
    pub struct ClaudeUsage {
    }
    values {
        /// The tokens of the prompt that were neither read from the cache nor written to it.
        input_tokens: u64,
        /// The tokens of the reply.
        output_tokens: u64,
        /// The tokens of the prompt that were written to the cache.
        cache_creation_input_tokens: u64,
        /// The tokens of the prompt that were read from the cache.
        cache_read_input_tokens: u64,
    }
    optional {
        /// The tokens that were written to the cache, by how long it keeps them.
        cache_creation: ClaudeCacheCreation,
    }
}

data! {
    /// The tokens that were written to the cache, by how long it keeps them.
    pub struct ClaudeCacheCreation {
    }
    values {
        /// For five minutes.
        ephemeral_5m_input_tokens: u64,
        /// For an hour.
        ephemeral_1h_input_tokens: u64,
    }
}

tagged! {
    /// An event of a streamed reply. The member `type` says which it is.
    pub enum ClaudeEvent {
        /// The reply starts.
        MessageStart(ClaudeMessageStart),
        /// A block starts.
        ContentBlockStart(ClaudeContentBlockStart),
        /// A block continues.
        ContentBlockDelta(ClaudeContentBlockDelta),
        /// A block ends.
        ContentBlockStop(ClaudeContentBlockStop),
        /// The reply ended, and why.
        MessageDelta(ClaudeMessageDelta),
        /// The last event.
        MessageStop(ClaudeMessageStop),
    }
}

data! {
    /// The start of a reply.
    pub struct ClaudeMessageStart {
        /// The reply, still without content.
        message: ClaudeResponse,
    }
}

data! {
    /// The start of a block.
    pub struct ClaudeContentBlockStart {
        /// The position of the block.
        index: usize,
        /// The block, still empty.
        content_block: ClaudeContentBlock,
    }
}

impl Default for ClaudeContentBlock {
    fn default() -> Self {
        Self::Unknown(Value::Null)
    }
}

data! {
    /// More of a block.
    pub struct ClaudeContentBlockDelta {
        /// The position of the block.
        index: usize,
        /// What is added.
        delta: ClaudeDelta,
    }
}

tagged! {
    /// What is added to a block.
    pub enum ClaudeDelta {
        /// Text.
        TextDelta(ClaudeTextDelta),
        /// A fragment of the JSON of a tool's arguments.
        InputJsonDelta(ClaudeInputJsonDelta),
        /// Thoughts.
        ThinkingDelta(ClaudeThinkingDelta),
        /// The signature of the thoughts.
        SignatureDelta(ClaudeSignatureDelta),
        /// A citation.
        CitationsDelta(ClaudeCitationsDelta),
    }
}

impl Default for ClaudeDelta {
    fn default() -> Self {
        Self::Unknown(Value::Null)
    }
}

data! {
    /// More text.
    pub struct ClaudeTextDelta {
        /// The text.
        text: String,
    }
}

data! {
    /// More of a tool's arguments.
    pub struct ClaudeInputJsonDelta {
        /// A fragment of the JSON.
        partial_json: String,
    }
}

data! {
    /// More thoughts.
    pub struct ClaudeThinkingDelta {
        /// The thoughts.
        thinking: String,
    }
}

data! {
    /// The signature of the thoughts.
    pub struct ClaudeSignatureDelta {
        /// The signature.
        signature: String,
    }
}

data! {
    /// A citation.
    pub struct ClaudeCitationsDelta {
        /// The citation.
        citation: Value,
    }
}

data! {
    /// The end of a block.
    pub struct ClaudeContentBlockStop {
        /// The position of the block.
        index: usize,
    }
}

data! {
    /// Why the reply ended, and its tokens.
    pub struct ClaudeMessageDelta {
        /// Why it ended.
        delta: ClaudeStop,
        /// The tokens.
        usage: ClaudeUsage,
    }
}

data! {
    /// Why a reply ended.
    pub struct ClaudeStop {
    }
    optional {
        /// Why it ended.
        stop_reason: ClaudeStopReason,
        /// The stop sequence that ended it.
        stop_sequence: String,
    }
}

data! {
    /// The last event.
    pub struct ClaudeMessageStop {
    }
}

impl ModelBody for ClaudeMessages {
    type Response = ClaudeResponse;

    fn usage(response: &ClaudeResponse) -> Usage {
        let usage = &response.usage;
        Usage {
            input_tokens: tokens(usage.input_tokens),
            output_tokens: tokens(usage.output_tokens),
            cache_read_input_tokens: tokens(usage.cache_read_input_tokens),
            cache_write_input_tokens: tokens(usage.cache_creation_input_tokens),
        }
    }
}

impl StreamedBody for ClaudeMessages {
    type Event = ClaudeEvent;

    fn add(response: &mut ClaudeResponse, event: &ClaudeEvent) {
        match event {
            ClaudeEvent::MessageStart(start) => *response = start.message.clone(),
            ClaudeEvent::ContentBlockStart(start) => response.content.push(start.content_block.clone()),
            ClaudeEvent::ContentBlockDelta(delta) => {
                if let Some(block) = response.content.get_mut(delta.index) {
                    add_delta(block, &delta.delta);
                }
            }
            ClaudeEvent::ContentBlockStop(stop) => {
                if let Some(ClaudeContentBlock::ToolUse(tool_use)) = response.content.get_mut(stop.index)
                    && let Value::String(json) = &mut tool_use.input
                {
                    tool_use.input = ToolUseBlock::parse_input(std::mem::take(json));
                }
            }
            ClaudeEvent::MessageDelta(delta) => {
                response.stop_reason.clone_from(&delta.delta.stop_reason);
                response.stop_sequence.clone_from(&delta.delta.stop_sequence);
                add_usage(&mut response.usage, &delta.usage);
            }
            ClaudeEvent::MessageStop(_) | ClaudeEvent::Unknown(_) => {}
        }
    }

    fn is_last(event: &ClaudeEvent) -> bool {
        matches!(event, ClaudeEvent::MessageStop(_))
    }

    fn text(event: &ClaudeEvent) -> Option<&str> {
        match event {
            ClaudeEvent::ContentBlockDelta(ClaudeContentBlockDelta {
                delta: ClaudeDelta::TextDelta(delta),
                ..
            }) => Some(&delta.text),
            _ => None,
        }
    }
}

fn add_delta(block: &mut ClaudeContentBlock, delta: &ClaudeDelta) {
    match (block, delta) {
        (ClaudeContentBlock::Text(block), ClaudeDelta::TextDelta(delta)) => block.text.push_str(&delta.text),
        (ClaudeContentBlock::Text(block), ClaudeDelta::CitationsDelta(delta)) => {
            block.citations.get_or_insert_default().push(delta.citation.clone());
        }
        (ClaudeContentBlock::ToolUse(block), ClaudeDelta::InputJsonDelta(delta)) => match &mut block.input {
            Value::String(json) => json.push_str(&delta.partial_json),
            input => *input = Value::String(delta.partial_json.clone()),
        },
        (ClaudeContentBlock::Thinking(block), ClaudeDelta::ThinkingDelta(delta)) => {
            block.thinking.push_str(&delta.thinking);
        }
        (ClaudeContentBlock::Thinking(block), ClaudeDelta::SignatureDelta(delta)) => {
            block.signature.push_str(&delta.signature);
        }
        _ => {}
    }
}

/// The last counts replace the earlier ones.
fn add_usage(usage: &mut ClaudeUsage, last: &ClaudeUsage) {
    let earlier = std::mem::replace(usage, last.clone());
    usage.input_tokens = last.input_tokens.or(earlier.input_tokens);
    usage.output_tokens = last.output_tokens.or(earlier.output_tokens);
    usage.cache_creation_input_tokens =
        last.cache_creation_input_tokens.or(earlier.cache_creation_input_tokens);
    usage.cache_read_input_tokens = last.cache_read_input_tokens.or(earlier.cache_read_input_tokens);
    usage.cache_creation = last.cache_creation.clone().or(earlier.cache_creation);
    for (name, value) in earlier.additional {
        usage.additional.entry(name).or_insert(value);
    }
}
