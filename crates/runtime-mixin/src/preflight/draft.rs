//! A request while rules work on it: each part knows where it was.

use bedrock_orm_models::{
    ContentBlock, ConversationRole, ConverseRequest, Message, SystemContentBlock, Tool, ToolResultBlock,
    ToolUseBlock, ToolUseType,
};

use super::finding::Place;

/// A text in place of a missing one: AWS refuses an empty message.
pub(super) const NO_TEXT: &str = "(empty)";

/// A request in parts.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) turns: Vec<Turn>,
    pub(super) system: Vec<(Place, SystemContentBlock)>,
    /// The rest of the request.
    pub(super) request: ConverseRequest,
}

/// A message.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) place: Place,
    pub(super) role: ConversationRole,
    pub(super) blocks: Vec<Block>,
}

/// A content block.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) place: Place,
    pub(super) content: ContentBlock,
}

/// Returns the tools of a request.
pub(super) fn tools(request: &mut ConverseRequest) -> &mut [Tool] {
    request.tool_config.as_mut().map_or(Default::default(), |config| &mut config.tools)
}

impl Draft {
    /// Takes the request apart.
    pub(super) fn of(mut request: ConverseRequest) -> Self {
        let messages = request.messages.as_mut().map(std::mem::take).unwrap_or_default();
        let turns =
            messages.into_iter().enumerate().map(|(index, message)| Turn::of(index, message)).collect();
        let system = request.system.as_mut().map(std::mem::take).unwrap_or_default();
        let system =
            system.into_iter().enumerate().map(|(index, block)| (Place::System(index), block)).collect();
        Self { turns, system, request }
    }

    /// Puts the request together.
    pub(super) fn into_request(mut self) -> ConverseRequest {
        let turns = self.turns.into_iter().map(Turn::into_message);
        if let Some(messages) = &mut self.request.messages {
            messages.extend(turns);
        }
        if let Some(system) = &mut self.request.system {
            system.extend(self.system.into_iter().map(|(_, block)| block));
        }
        self.request
    }
}

impl Turn {
    fn of(message: usize, Message { role, content, .. }: Message) -> Self {
        let blocks = content.into_iter().enumerate();
        let blocks = blocks
            .map(|(block, content)| Block { place: Place::Block { message, block }, content })
            .collect();
        Self { place: Place::Message(message), role, blocks }
    }

    /// Creates a turn of one text.
    pub(super) fn added(role: ConversationRole, text: &str) -> Self {
        Self { place: Place::Added, role, blocks: vec![Block::added(text)] }
    }

    fn into_message(self) -> Message {
        let content: Vec<_> = self.blocks.into_iter().map(|block| block.content).collect();
        match self.role {
            ConversationRole::Assistant => Message::assistant(content),
            role => {
                let mut message = Message::user(content);
                message.role = role;
                message
            }
        }
    }

    pub(super) fn is_from_user(&self) -> bool {
        self.role == ConversationRole::User
    }

    pub(super) fn is_from_assistant(&self) -> bool {
        self.role == ConversationRole::Assistant
    }

    /// Returns the tool uses that the client has to reply to.
    pub(super) fn tool_uses(&self) -> impl Iterator<Item = (Place, &ToolUseBlock)> {
        self.blocks.iter().filter_map(|block| Some((block.place, block.tool_use()?)))
    }

    /// Returns whether a block is a tool result of the client.
    pub(super) fn has_tool_result(&self) -> bool {
        self.blocks.iter().any(|block| block.tool_result().is_some())
    }
}

impl Block {
    /// Creates a block that the request does not have.
    pub(super) fn added(content: impl Into<ContentBlock>) -> Self {
        Self { place: Place::Added, content: content.into() }
    }

    /// Returns the tool use, unless it is AWS's own tool's.
    pub(super) fn tool_use(&self) -> Option<&ToolUseBlock> {
        self.content
            .as_tool_use()
            .filter(|tool_use| is_of_client(tool_use.r#type.as_ref().map(ToolUseType::as_str)))
    }

    /// Returns the tool result, unless it is AWS's own tool's.
    pub(super) fn tool_result(&self) -> Option<&ToolResultBlock> {
        self.content.as_tool_result().filter(|result| is_of_client(result.r#type.as_deref()))
    }

    /// Returns whether the block is a text with nothing but whitespace.
    pub(super) fn is_blank(&self) -> bool {
        self.content.as_text().is_some_and(|text| text.trim().is_empty())
    }

    pub(super) fn is_reasoning(&self) -> bool {
        self.content.as_reasoning().is_some()
    }

    pub(super) fn is_cache_point(&self) -> bool {
        matches!(self.content, ContentBlock::CachePoint(_))
    }
}

/// Returns whether a tool block of this type is the client's. Claude sends `tool_use` with the client's tools.
fn is_of_client(r#type: Option<&str>) -> bool {
    r#type.is_none_or(|r#type| r#type == "tool_use")
}
