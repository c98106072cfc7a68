//! Constructors and accessors of messages and content blocks.

use serde_json::Value;

use crate::{
    Blob, CachePointBlock, CachePointType, ContentBlock, ConversationRole, DocumentBlock, DocumentFormat,
    DocumentSource, GuardrailConverseContentBlock, GuardrailConverseTextBlock, ImageBlock, ImageFormat,
    ImageSource, Message, ReasoningContentBlock, SystemContentBlock, ToolResultBlock, ToolUseBlock,
};

/// A message of the user.
impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::user(text)
    }
}

/// A message of the user.
impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::user(text)
    }
}

impl Message {
    /// Creates a message of the user: a string, a block, or several blocks.
    ///
    /// ```
    /// use bedrock_orm_models::{ContentBlock, ImageFormat, Message};
    ///
    /// let plain = Message::user("Describe this.");
    /// let rich = Message::user([
    ///     ContentBlock::text("Describe this."),
    ///     ContentBlock::image(ImageFormat::Png, b"\x89PNG..."),
    /// ]);
    /// assert_eq!(plain.content[0], rich.content[0]);
    /// ```
    pub fn user(content: impl Into<Content>) -> Self {
        Self { role: ConversationRole::User, content: content.into().0 }
    }

    /// Creates a message of the model.
    pub fn assistant(content: impl Into<Content>) -> Self {
        Self { role: ConversationRole::Assistant, content: content.into().0 }
    }

    /// Returns the text of the message, joined. Empty if it has none.
    pub fn text(&self) -> String {
        self.content.iter().filter_map(ContentBlock::as_text).collect()
    }

    /// Iterates over the tool calls, in order.
    pub fn tool_uses(&self) -> impl Iterator<Item = &ToolUseBlock> {
        self.content.iter().filter_map(ContentBlock::as_tool_use)
    }

    /// Converts the message to one that AWS accepts in a history: without blank text blocks. Returns `None` if no content
    /// remains, as after a guardrail that emptied a reply: AWS rejects an empty message, and every later turn with it.
    /// Then leave out the reply, and remove its prompt or continue it, because AWS expects the roles to alternate.
    ///
    /// ```
    /// use bedrock_orm_models::{ContentBlock, Message};
    ///
    /// let reply = Message::assistant([ContentBlock::text(" \n"), ContentBlock::text("Paris.")]);
    /// assert_eq!(reply.sendable(), Some(Message::assistant("Paris.")));
    /// assert_eq!(Message::assistant("").sendable(), None);
    /// ```
    pub fn sendable(mut self) -> Option<Self> {
        self.content.retain(|block| block.as_text().is_none_or(|text| !text.trim().is_empty()));
        (!self.content.is_empty()).then_some(self)
    }
}

/// The content of a message: one or more blocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content(Vec<ContentBlock>);

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self(vec![text.into()])
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self(vec![text.into()])
    }
}

impl From<ContentBlock> for Content {
    fn from(block: ContentBlock) -> Self {
        Self(vec![block])
    }
}

impl From<Vec<ContentBlock>> for Content {
    fn from(blocks: Vec<ContentBlock>) -> Self {
        Self(blocks)
    }
}

impl<const COUNT: usize> From<[ContentBlock; COUNT]> for Content {
    fn from(blocks: [ContentBlock; COUNT]) -> Self {
        Self(blocks.into())
    }
}

impl From<ToolResultBlock> for Content {
    fn from(result: ToolResultBlock) -> Self {
        Self(vec![result.into()])
    }
}

/// Tool results. Those of parallel calls belong in one message.
impl From<Vec<ToolResultBlock>> for Content {
    fn from(results: Vec<ToolResultBlock>) -> Self {
        Self(results.into_iter().map(Into::into).collect())
    }
}

impl ContentBlock {
    /// Creates a text block.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Creates an image block from the image's bytes.
    pub fn image(format: ImageFormat, bytes: impl Into<Blob>) -> Self {
        Self::Image(ImageBlock::new(format, ImageSource::Bytes(bytes.into())))
    }

    /// Creates a document block from the document's bytes. The model sees its name. AWS requires a text block in the
    /// same message.
    pub fn document(format: DocumentFormat, name: impl Into<String>, bytes: impl Into<Blob>) -> Self {
        Self::Document(DocumentBlock::new(name, DocumentSource::Bytes(bytes.into())).format(format))
    }

    /// Creates a tool call.
    pub fn tool_use(
        tool_use_id: impl Into<String>,
        name: impl Into<String>,
        input: impl Into<Value>,
    ) -> Self {
        Self::ToolUse(ToolUseBlock::new(tool_use_id, name, input))
    }

    /// Creates a cache point: the prompt is cached up to it.
    pub fn cache_point() -> Self {
        Self::CachePoint(CachePointBlock::new(CachePointType::Default))
    }

    /// Creates a text that the guardrail checks. If a request has guarded content, the guardrail checks nothing else of
    /// its messages.
    ///
    /// ```
    /// use bedrock_orm_models::{ContentBlock, Message};
    ///
    /// let handbook = ContentBlock::text("A long text that we wrote ourselves.");
    /// let message = Message::user([handbook, ContentBlock::guarded("What the user typed.")]);
    /// assert_eq!(serde_json::to_value(&message)?["content"][1]["guardContent"]["text"]["text"], "What the user typed.");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [guardrails in Converse](https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-converse-api.html).
    pub fn guarded(content: impl Into<GuardrailConverseContentBlock>) -> Self {
        Self::GuardContent(content.into())
    }

    /// Returns the text of a text block.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the tool call of a tool call block.
    pub fn as_tool_use(&self) -> Option<&ToolUseBlock> {
        match self {
            Self::ToolUse(tool_use) => Some(tool_use),
            _ => None,
        }
    }

    /// Returns the tool result of a tool result block.
    pub fn as_tool_result(&self) -> Option<&ToolResultBlock> {
        match self {
            Self::ToolResult(result) => Some(result),
            _ => None,
        }
    }

    /// Returns the reasoning of a reasoning block.
    pub fn as_reasoning(&self) -> Option<&ReasoningContentBlock> {
        match self {
            Self::ReasoningContent(reasoning) => Some(reasoning),
            _ => None,
        }
    }
}

impl From<&str> for ContentBlock {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for ContentBlock {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<ToolUseBlock> for ContentBlock {
    fn from(tool_use: ToolUseBlock) -> Self {
        Self::ToolUse(tool_use)
    }
}

impl From<ToolResultBlock> for ContentBlock {
    fn from(result: ToolResultBlock) -> Self {
        Self::ToolResult(result)
    }
}

impl SystemContentBlock {
    /// Creates a text that the guardrail checks. A guardrail checks nothing else of a system prompt.
    pub fn guarded(content: impl Into<GuardrailConverseContentBlock>) -> Self {
        Self::GuardContent(content.into())
    }

    /// Creates a text block.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Creates a cache point: the prompt is cached up to it.
    pub fn cache_point() -> Self {
        Self::CachePoint(CachePointBlock::new(CachePointType::Default))
    }
}

impl From<&str> for GuardrailConverseContentBlock {
    fn from(text: &str) -> Self {
        Self::Text(GuardrailConverseTextBlock::new(text))
    }
}

impl From<String> for GuardrailConverseContentBlock {
    fn from(text: String) -> Self {
        Self::Text(GuardrailConverseTextBlock::new(text))
    }
}

/// A text with qualifiers, such as a source that replies are checked against.
impl From<GuardrailConverseTextBlock> for GuardrailConverseContentBlock {
    fn from(text: GuardrailConverseTextBlock) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for SystemContentBlock {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for SystemContentBlock {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
