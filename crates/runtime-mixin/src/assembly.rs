//! Assembles a message from its stream events.

use bedrock_orm_core::sdk::{ReplyContent, Report};
use bedrock_orm_models::{
    Blob, Citation, CitationGeneratedContent, CitationSourceContent, CitationsContentBlock, CitationsDelta,
    ContentBlock, ContentBlockDelta, ContentBlockStart, ConversationRole, ConverseOutput, ConverseResponse,
    ConverseStreamMetadataEvent, ConverseStreamOutput, ConverseTrace, ImageBlock, Message, MessageStopEvent,
    ReasoningContentBlock, ReasoningContentBlockDelta, ReasoningTextBlock, Tokens, ToolResultBlock,
    ToolResultBlockDelta, ToolResultContentBlock, ToolUseBlock,
};
use serde_json::Value;

/// The received part of a message.
#[derive(Clone, Default)]
pub(crate) struct Assembly {
    /// Whether reports have the message.
    records_content: bool,
    role: Option<ConversationRole>,
    /// The content blocks with AWS's indexes, in their order.
    blocks: Vec<(i32, Block)>,
    stop: Option<MessageStopEvent>,
    metadata: Option<ConverseStreamMetadataEvent>,
}

impl Assembly {
    /// Creates an empty one. Its reports have the message if content is recorded.
    pub(crate) fn new(records_content: bool) -> Self {
        Self { records_content, ..Self::default() }
    }

    /// Returns whether the message is incomplete.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.stop.is_none()
    }

    /// Adds an event of the stream.
    pub(crate) fn add(&mut self, event: &ConverseStreamOutput) {
        match event {
            ConverseStreamOutput::MessageStart(start) => self.role = Some(start.role.clone()),
            ConverseStreamOutput::ContentBlockStart(start) => {
                *self.block(start.content_block_index) = Block::from_start(&start.start);
            }
            ConverseStreamOutput::ContentBlockDelta(delta) => {
                self.block(delta.content_block_index).add(&delta.delta);
            }
            ConverseStreamOutput::MessageStop(stop) => self.stop = Some(stop.clone()),
            ConverseStreamOutput::Metadata(metadata) => self.metadata = Some(metadata.clone()),
            // The next block implies the end of the one before, and unknown events have no content.
            _ => {}
        }
    }

    /// Returns the block with this index.
    fn block(&mut self, index: i32) -> &mut Block {
        let at = self.blocks.binary_search_by_key(&index, |(index, _)| *index).unwrap_or_else(|at| {
            self.blocks.insert(at, (index, Block::Empty));
            at
        });
        &mut self.blocks[at].1
    }

    /// Returns what was received about the call.
    pub(crate) fn report(&self) -> Report {
        let trace =
            self.metadata.as_ref().and_then(|metadata| metadata.trace.as_ref()?.prompt_router.as_ref());
        Report {
            tokens: self.metadata.as_ref().map(|metadata| Tokens::from(&metadata.usage)),
            finish_reason: self.stop.as_ref().map(|stop| stop.stop_reason.to_string()),
            model_id: trace.and_then(|router| router.invoked_model_id.clone()),
            content: self
                .stop
                .as_ref()
                .filter(|_| self.records_content)
                .map(|stop| ReplyContent::new(&self.clone().into_message(), &stop.stop_reason)),
        }
    }

    /// Returns the message so far.
    pub(crate) fn into_message(self) -> Message {
        let role = self.role.unwrap_or(ConversationRole::Assistant);
        Message::new(role, self.blocks.into_iter().filter_map(|(_, block)| block.finished()))
    }

    /// Returns the reply if it is complete, or else the message so far.
    pub(crate) fn response(mut self) -> Result<ConverseResponse, Message> {
        let (Some(stop), Some(metadata)) = (self.stop.take(), self.metadata.take()) else {
            return Err(self.into_message());
        };
        let mut response = ConverseResponse::default();
        response.output = ConverseOutput::Message(self.into_message());
        response.stop_reason = stop.stop_reason;
        response.additional_model_response_fields = stop.additional_model_response_fields;
        response.usage = metadata.usage;
        response.metrics.latency_ms = metadata.metrics.latency_ms;
        response.trace = metadata.trace.map(|trace| {
            let mut converted = ConverseTrace::default();
            converted.guardrail = trace.guardrail;
            converted.prompt_router = trace.prompt_router;
            converted
        });
        response.performance_config = metadata.performance_config;
        response.service_tier = metadata.service_tier;
        Ok(response)
    }
}

/// The received part of a content block.
#[derive(Clone, Default)]
enum Block {
    #[default]
    Empty,
    Text {
        text: String,
        citations: Vec<Citation>,
    },
    ToolUse {
        block: ToolUseBlock,
        /// The JSON of the input so far.
        input: String,
    },
    ToolResult(ToolResultBlock),
    Reasoning {
        text: String,
        signature: Option<String>,
        redacted: Vec<u8>,
    },
    Image(ImageBlock),
}

impl Block {
    fn from_start(start: &ContentBlockStart) -> Self {
        match start {
            ContentBlockStart::ToolUse(start) => {
                let mut block =
                    ToolUseBlock::new(start.tool_use_id.as_str(), start.name.as_str(), Value::Null);
                block.r#type.clone_from(&start.r#type);
                Self::ToolUse { block, input: String::new() }
            }
            ContentBlockStart::ToolResult(start) => {
                let mut block =
                    ToolResultBlock::new(start.tool_use_id.as_str(), [] as [ToolResultContentBlock; 0]);
                block.r#type.clone_from(&start.r#type);
                block.status.clone_from(&start.status);
                Self::ToolResult(block)
            }
            ContentBlockStart::Image(start) => {
                let mut image = ImageBlock::default();
                image.format = start.format.clone();
                Self::Image(image)
            }
            _ => Self::Empty,
        }
    }

    fn add(&mut self, delta: &ContentBlockDelta) {
        if matches!(self, Self::Empty) {
            *self = Self::from_delta(delta);
        }
        match (self, delta) {
            (Self::Text { text, .. }, ContentBlockDelta::Text(more)) => text.push_str(more),
            (Self::Text { citations, .. }, ContentBlockDelta::Citation(more)) => {
                citations.push(citation(more));
            }
            (Self::ToolUse { input, .. }, ContentBlockDelta::ToolUse(more)) => input.push_str(&more.input),
            (Self::ToolResult(block), ContentBlockDelta::ToolResult(more)) => {
                block.content.extend(more.iter().filter_map(result_content));
            }
            (Self::Reasoning { text, signature, redacted }, ContentBlockDelta::ReasoningContent(more)) => {
                match more {
                    ReasoningContentBlockDelta::Text(more) => text.push_str(more),
                    ReasoningContentBlockDelta::Signature(more) => {
                        signature.get_or_insert_default().push_str(more);
                    }
                    ReasoningContentBlockDelta::RedactedContent(more) => redacted.extend_from_slice(more),
                    _ => {}
                }
            }
            (Self::Image(image), ContentBlockDelta::Image(more)) => {
                if let Some(source) = &more.source {
                    image.source = source.clone();
                }
                if more.error.is_some() {
                    image.error.clone_from(&more.error);
                }
            }
            _ => {}
        }
    }

    /// Creates the block from its first delta, for blocks without a start event.
    fn from_delta(delta: &ContentBlockDelta) -> Self {
        match delta {
            ContentBlockDelta::Text(_) | ContentBlockDelta::Citation(_) => {
                Self::Text { text: String::new(), citations: Vec::new() }
            }
            ContentBlockDelta::ReasoningContent(_) => {
                Self::Reasoning { text: String::new(), signature: None, redacted: Vec::new() }
            }
            _ => Self::Empty,
        }
    }

    /// Returns the complete block. A text block without text is `None`, because AWS would reject it in the next turn.
    fn finished(self) -> Option<ContentBlock> {
        Some(match self {
            Self::Empty => return None,
            Self::Text { text, citations } if citations.is_empty() => {
                if text.is_empty() {
                    return None;
                }
                ContentBlock::Text(text)
            }
            Self::Text { text, citations } => {
                let content = [CitationGeneratedContent::Text(text)];
                ContentBlock::CitationsContent(
                    CitationsContentBlock::default().content(content).citations(citations),
                )
            }
            Self::ToolUse { mut block, input } => {
                block.input = ToolUseBlock::parse_input(input);
                ContentBlock::ToolUse(block)
            }
            Self::ToolResult(block) => ContentBlock::ToolResult(block),
            Self::Reasoning { text, signature: None, redacted }
                if !redacted.is_empty() && text.is_empty() =>
            {
                ContentBlock::ReasoningContent(ReasoningContentBlock::RedactedContent(Blob::from(redacted)))
            }
            Self::Reasoning { text, signature, .. } => {
                let mut reasoning = ReasoningTextBlock::new(text);
                reasoning.signature = signature;
                ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(reasoning))
            }
            Self::Image(image) => ContentBlock::Image(image),
        })
    }
}

fn citation(delta: &CitationsDelta) -> Citation {
    let mut citation = Citation::default();
    citation.title.clone_from(&delta.title);
    citation.source.clone_from(&delta.source);
    citation.location.clone_from(&delta.location);
    citation.source_content = delta.source_content.as_ref().map(|contents| {
        contents.iter().filter_map(|content| content.text.clone()).map(CitationSourceContent::Text).collect()
    });
    citation
}

fn result_content(delta: &ToolResultBlockDelta) -> Option<ToolResultContentBlock> {
    match delta {
        ToolResultBlockDelta::Text(text) => Some(ToolResultContentBlock::Text(text.clone())),
        ToolResultBlockDelta::Json(json) => Some(ToolResultContentBlock::Json(json.clone())),
        _ => None,
    }
}
