//! Trimming of a history that has become too long.

use bedrock_orm_core::Result;
use bedrock_orm_models::{
    ContentBlock, ConverseRequest, DocumentBlock, DocumentSource, Message, ReasoningContentBlock,
    ToolResultBlock, ToolResultContentBlock,
};
use serde_core::Serialize;

use crate::Target;
use crate::chat::history::begins_turn;
use crate::count_tokens::count_tokens;

/// The default for text whose tokens AWS has not counted: somewhat more than models need for English, so that the history is
/// trimmed too early rather than too late.
const TOKENS_PER_CHARACTER: f64 = 1.0 / 3.0;

/// What an image or a video counts, in characters: about 1,600 tokens, the most that Claude needs for an image.
const MEDIA_CHARACTERS: usize = 4800;

/// When a chat drops the oldest turns of its history, and how many. Only whole turns are dropped, so that tool calls keep
/// their results. The turn that is about to be sent is always kept, however long it is, and so are the system prompts and the
/// tools.
///
/// A cache point among the dropped messages is moved to the first message that is kept, if no other cache point is left
/// there. A trimmed history begins differently, so its cache is written again. To trim less often, set [`down_to`](Self::down_to).
///
/// ```
/// use bedrock_orm::TrimPolicy;
///
/// let policy = TrimPolicy::tokens(100_000).down_to(60_000);
/// # let _ = policy;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a policy does nothing until a chat has it"]
pub struct TrimPolicy {
    limit: usize,
    down_to: usize,
    measure: Measure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    Turns,
    EstimatedTokens,
    CountedTokens,
}

impl TrimPolicy {
    /// Keeps the request within this many tokens, system prompts and tools included. The tokens are estimated by the number
    /// of characters and the tokens that AWS counted for the reply before.
    #[inline]
    pub fn tokens(limit: usize) -> Self {
        Self { limit, down_to: limit, measure: Measure::EstimatedTokens }
    }

    /// Keeps the last turns, at most this many with the one that is about to be sent.
    #[inline]
    pub fn turns(limit: usize) -> Self {
        Self { limit, down_to: limit, measure: Measure::Turns }
    }

    /// Counts the tokens with `CountTokens` instead of estimating them: one request for each turn, and a few more when the
    /// history is trimmed. AWS counts the tokens of some models only.
    #[inline]
    pub fn counted(mut self) -> Self {
        if self.measure == Measure::EstimatedTokens {
            self.measure = Measure::CountedTokens;
        }
        self
    }

    /// Sets how much remains when the history is trimmed. The default is the limit.
    #[inline]
    pub fn down_to(mut self, remaining: usize) -> Self {
        self.down_to = remaining.min(self.limit);
        self
    }

    /// Drops the oldest turns of a request, if it exceeds the limit. Returns how many messages were dropped.
    #[inline]
    pub(crate) async fn trim(
        self,
        target: &Target,
        request: &mut ConverseRequest,
        tokens_per_character: Option<f64>,
    ) -> Result<usize> {
        let messages = request.messages.as_deref().unwrap_or_default();
        let starts = turn_starts(messages);
        let dropped = match self.measure {
            Measure::Turns if starts.len() > self.limit => {
                starts.get(starts.len() - self.down_to.clamp(1, starts.len())).copied()
            }
            Measure::Turns => None,
            Measure::EstimatedTokens => {
                let rate = tokens_per_character.unwrap_or(TOKENS_PER_CHARACTER);
                self.first_kept_by_estimate(request, &starts, rate)
            }
            Measure::CountedTokens => self.first_kept_by_count(target, request, &starts).await?,
        };
        let dropped = dropped.unwrap_or_default();
        drop_front(request, dropped);
        Ok(dropped)
    }

    #[inline]
    fn first_kept_by_estimate(
        self,
        request: &ConverseRequest,
        starts: &[usize],
        tokens_per_character: f64,
    ) -> Option<usize> {
        let messages = request.messages.as_deref().unwrap_or_default();
        #[allow(clippy::cast_precision_loss)] // an estimate
        let tokens = |characters: usize| characters as f64 * tokens_per_character;
        #[allow(clippy::cast_precision_loss)] // an estimate
        let (limit, down_to) = (self.limit as f64, self.down_to as f64);
        let mut left = characters(request);
        if tokens(left) <= limit {
            return None;
        }
        let mut kept = 0;
        for &start in starts.iter().filter(|start| **start > 0) {
            left -=
                messages.get(kept..start).unwrap_or_default().iter().map(message_characters).sum::<usize>();
            kept = start;
            if tokens(left) <= down_to {
                break;
            }
        }
        Some(kept)
    }

    #[inline]
    async fn first_kept_by_count(
        self,
        target: &Target,
        request: &ConverseRequest,
        starts: &[usize],
    ) -> Result<Option<usize>> {
        let count = |dropped: usize| {
            let mut request = request.clone();
            drop_front(&mut request, dropped);
            let counting = count_tokens(target.clone(), request.into());
            async { counting.await.map(|count| usize::try_from(count.input_tokens).unwrap_or_default()) }
        };
        if count(0).await? <= self.limit {
            return Ok(None);
        }
        // The first of the starts, after which the rest fits, is within `low..=high`. The last turn is kept in any case.
        let starts: Vec<usize> = starts.iter().copied().filter(|start| *start > 0).collect();
        let (mut low, mut high) = (0, starts.len().saturating_sub(1));
        while low < high {
            let middle = usize::midpoint(low, high);
            let Some(&start) = starts.get(middle) else { break };
            if count(start).await? <= self.down_to {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(starts.get(low).copied())
    }
}

/// Returns where each turn begins.
#[inline]
fn turn_starts(messages: &[Message]) -> Vec<usize> {
    messages.iter().enumerate().filter(|(_, message)| begins_turn(message)).map(|(index, _)| index).collect()
}

/// Drops messages. The last cache point among them moves behind the first that is kept, if there is none left.
#[inline]
fn drop_front(request: &mut ConverseRequest, count: usize) {
    let Some(messages) = &mut request.messages else { return };
    let is_cache_point = |block: &ContentBlock| matches!(block, ContentBlock::CachePoint(_));
    let dropped = messages.drain(..count.min(messages.len()));
    let cache_point = dropped.flat_map(|message| message.content).rfind(is_cache_point);
    let has_cache_point = messages.iter().flat_map(|message| &message.content).any(is_cache_point);
    if let (Some(cache_point), Some(first), false) = (cache_point, messages.first_mut(), has_cache_point) {
        first.content.push(cache_point);
    }
}

/// Returns the length of a request.
#[inline]
pub(crate) fn characters(request: &ConverseRequest) -> usize {
    let messages = request.messages.as_deref().unwrap_or_default();
    let tools = request.tool_config.as_ref().map(json_characters).unwrap_or_default();
    let system = request.system.as_ref().map(json_characters).unwrap_or_default();
    tools + system + messages.iter().map(message_characters).sum::<usize>()
}

#[inline]
pub(crate) fn message_characters(message: &Message) -> usize {
    message.content.iter().map(block_characters).sum()
}

#[inline]
fn block_characters(block: &ContentBlock) -> usize {
    match block {
        ContentBlock::Text(text) => text.chars().count(),
        ContentBlock::Image(_) | ContentBlock::Video(_) | ContentBlock::Audio(_) => MEDIA_CHARACTERS,
        ContentBlock::Document(document) => document_characters(document),
        ContentBlock::ToolResult(result) => result_characters(result),
        ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(reasoning)) => {
            reasoning.text.chars().count()
        }
        ContentBlock::CachePoint(_) => 0,
        block => json_characters(block),
    }
}

#[inline]
fn result_characters(result: &ToolResultBlock) -> usize {
    let of_block = |block: &ToolResultContentBlock| match block {
        ToolResultContentBlock::Text(text) => text.chars().count(),
        ToolResultContentBlock::Image(_) | ToolResultContentBlock::Video(_) => MEDIA_CHARACTERS,
        ToolResultContentBlock::Document(document) => document_characters(document),
        block => json_characters(block),
    };
    result.content.iter().map(of_block).sum()
}

#[inline]
fn document_characters(document: &DocumentBlock) -> usize {
    match &document.source {
        DocumentSource::Bytes(bytes) => bytes.len(),
        DocumentSource::Text(text) => text.chars().count(),
        _ => MEDIA_CHARACTERS,
    }
}

fn json_characters(value: &impl Serialize) -> usize {
    serde_json::to_string(value).map(|json| json.chars().count()).unwrap_or_default()
}
