//! Where cache points go.

use bedrock_orm_models::{
    CachePointBlock, CachePointType, CacheTtl, ContentBlock, ConversationRole, ConverseRequest, Message,
    SystemContentBlock, Tool,
};

use super::accepted::Accepted;
use super::point::{CacheLocation, CachePoint, seconds};
use super::policy::CachePolicy;

/// AWS's limit for a request.
const MOST_POINTS: usize = 4;

/// Adds cache points to a request, and returns all that it has then, in order.
pub(crate) fn place(
    request: &mut ConverseRequest,
    policy: &CachePolicy,
    accepted: Accepted,
) -> Vec<CachePoint> {
    let mut points = existing(request);
    for location in candidates(request, accepted) {
        if points.len() >= MOST_POINTS {
            break;
        }
        let wanted = match location {
            _ if !accepted.ttl => &CacheTtl::FiveMinutes,
            CacheLocation::Message(_) => policy.messages_ttl.as_ref().unwrap_or(&policy.ttl),
            _ => &policy.ttl,
        };
        let Some(ttl) = fitting(wanted, location, &points) else { continue };
        insert(request, location, &ttl);
        // A new point is the last one of its part.
        let index = points.partition_point(|point| point.location <= location);
        points.insert(index, CachePoint { location, ttl, is_placed: true });
    }
    points
}

fn tools(request: &ConverseRequest) -> &[Tool] {
    request.tool_config.as_ref().map(|config| config.tools.as_slice()).unwrap_or_default()
}

/// Returns the points that the request has, in order.
fn existing(request: &ConverseRequest) -> Vec<CachePoint> {
    let mut points = Vec::new();
    for tool in tools(request) {
        if let Tool::CachePoint(block) = tool {
            points.push(CachePoint::given(CacheLocation::Tools, block));
        }
    }
    for block in request.system.as_deref().unwrap_or_default() {
        if let SystemContentBlock::CachePoint(block) = block {
            points.push(CachePoint::given(CacheLocation::System, block));
        }
    }
    for (index, message) in request.messages.as_deref().unwrap_or_default().iter().enumerate() {
        for block in &message.content {
            if let ContentBlock::CachePoint(block) = block {
                points.push(CachePoint::given(CacheLocation::Message(index), block));
            }
        }
    }
    points
}

/// Returns where points can go, the most useful place first. A part in which the caller placed a point gets none.
fn candidates(request: &ConverseRequest, accepted: Accepted) -> Vec<CacheLocation> {
    let tools = tools(request);
    let has_tool_point = tools.iter().any(|tool| matches!(tool, Tool::CachePoint(_)));
    let system = request.system.as_deref().unwrap_or_default();
    let has_system_point = system.iter().any(|block| matches!(block, SystemContentBlock::CachePoint(_)));

    let mut turns = turn_ends(request.messages.as_deref().unwrap_or_default(), accepted);
    let mut candidates = Vec::with_capacity(MOST_POINTS);
    candidates.extend(turns.next());
    if accepted.in_system && !system.is_empty() && !has_system_point {
        candidates.push(CacheLocation::System);
    }
    candidates.extend(turns.next());
    if accepted.in_tools && !tools.is_empty() && !has_tool_point {
        candidates.push(CacheLocation::Tools);
    }
    candidates
}

/// Returns the user messages at which this and earlier turns ended, the last one first. A turn ends at the last message
/// before a reply of the model.
fn turn_ends(messages: &[Message], accepted: Accepted) -> impl Iterator<Item = CacheLocation> {
    let has_reasoning = messages.iter().any(has_reasoning);
    let is_allowed = accepted.in_messages && (accepted.with_reasoning || !has_reasoning);
    let is_user = |message: &Message| message.role == ConversationRole::User;
    messages.iter().enumerate().rev().filter_map(move |(index, message)| {
        let ends_turn = is_user(message) && !messages.get(index + 1).is_some_and(is_user);
        (is_allowed && ends_turn && takes_point(message, accepted)).then_some(CacheLocation::Message(index))
    })
}

fn takes_point(message: &Message, accepted: Accepted) -> bool {
    let has = |wanted: fn(&ContentBlock) -> bool| message.content.iter().any(wanted);
    !message.content.is_empty()
        && !has(|block| matches!(block, ContentBlock::CachePoint(_)))
        && !has_reasoning(message)
        && (accepted.with_tool_results || !has(|block| matches!(block, ContentBlock::ToolResult(_))))
}

fn has_reasoning(message: &Message) -> bool {
    message.content.iter().any(|block| matches!(block, ContentBlock::ReasoningContent(_)))
}

/// Returns the TTL closest to the wanted one that keeps the order: TTLs do not grow along the request. `None` if there is
/// none.
fn fitting(wanted: &CacheTtl, location: CacheLocation, points: &[CachePoint]) -> Option<CacheTtl> {
    let (mut ttl, mut length) = (wanted, seconds(wanted)?);
    let (mut shortest, mut longest) = (0, u64::MAX);
    for point in points {
        let other = seconds(&point.ttl)?;
        if point.location <= location {
            longest = longest.min(other);
            if other < length {
                (ttl, length) = (&point.ttl, other);
            }
        } else {
            shortest = shortest.max(other);
        }
    }
    for point in points.iter().filter(|point| point.location > location) {
        let other = seconds(&point.ttl)?;
        if other > length {
            (ttl, length) = (&point.ttl, other);
        }
    }
    (shortest <= length && length <= longest).then(|| ttl.clone())
}

fn insert(request: &mut ConverseRequest, location: CacheLocation, ttl: &CacheTtl) {
    let block = match ttl {
        // The default, which every model that caches takes.
        CacheTtl::FiveMinutes => CachePointBlock::new(CachePointType::Default),
        ttl => CachePointBlock::kept_for(ttl.clone()),
    };
    match location {
        CacheLocation::Tools => {
            if let Some(config) = &mut request.tool_config {
                config.tools.push(block.into());
            }
        }
        CacheLocation::System => request.system.get_or_insert_default().push(block.into()),
        CacheLocation::Message(index) => {
            let message = request.messages.as_mut().and_then(|messages| messages.get_mut(index));
            if let Some(message) = message {
                message.content.push(block.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bedrock_orm_models::{
        ReasoningContentBlock, ReasoningTextBlock, ToolConfiguration, ToolSpecification,
    };
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// A cache point with an index into these times.
    fn ttl() -> impl Strategy<Value = CacheTtl> {
        prop_oneof![
            Just(CacheTtl::FiveMinutes),
            Just(CacheTtl::OneHour),
            Just(CacheTtl::Unknown("10m".into()))
        ]
    }

    /// A block, or a cache point in about one of eight places.
    fn block(text: bool) -> impl Strategy<Value = ContentBlock> {
        let reasoning = ReasoningContentBlock::ReasoningText(ReasoningTextBlock::new("Hm."));
        prop_oneof![
            5 => Just(ContentBlock::text("text")),
            1 => ttl().prop_map(|ttl| CachePointBlock::kept_for(ttl).into()),
            u32::from(!text) => Just(ContentBlock::ReasoningContent(reasoning)),
        ]
    }

    fn request() -> impl Strategy<Value = ConverseRequest> {
        let role = prop_oneof![Just(ConversationRole::User), Just(ConversationRole::Assistant)];
        let messages = vec((role, vec(block(false), 0..4)), 0..6);
        let system = prop::option::of(vec(block(true), 0..3));
        let tools = prop::option::of(vec(block(true), 0..3));
        (messages, system, tools).prop_map(|(messages, system, tools)| {
            let mut request = ConverseRequest::default();
            request.messages =
                Some(messages.into_iter().map(|(role, content)| Message::new(role, content)).collect());
            request.system = system.map(|blocks| {
                let blocks = blocks.into_iter().map(|block| match block {
                    ContentBlock::CachePoint(point) => point.into(),
                    _ => SystemContentBlock::text("Be brief."),
                });
                blocks.collect()
            });
            request.tool_config = tools.map(|blocks| {
                let tools = blocks.into_iter().map(|block| match block {
                    ContentBlock::CachePoint(point) => point.into(),
                    _ => Tool::from(ToolSpecification::new("look_up", json!({"type": "object"}))),
                });
                ToolConfiguration::new(tools)
            });
            request
        })
    }

    fn policy() -> impl Strategy<Value = CachePolicy> {
        (ttl(), prop::option::of(ttl())).prop_map(|(ttl, messages_ttl)| CachePolicy { ttl, messages_ttl })
    }

    fn accepted() -> impl Strategy<Value = Accepted> {
        any::<[bool; 6]>().prop_map(
            |[in_tools, in_system, in_messages, with_reasoning, with_tool_results, ttl]| Accepted {
                in_tools,
                in_system,
                in_messages,
                with_reasoning,
                with_tool_results,
                ttl,
            },
        )
    }

    fn grows(points: &[CachePoint]) -> bool {
        points.windows(2).any(|pair| seconds(&pair[0].ttl) < seconds(&pair[1].ttl))
    }

    proptest! {
        #[test]
        fn points_follow_the_rules(request in request(), policy in policy(), accepted in accepted()) {
            let before = existing(&request);
            let mut marked = request.clone();
            let points = place(&mut marked, &policy, accepted);
            prop_assert_eq!(points.len(), existing(&marked).len());
            for (reported, sent) in points.iter().zip(existing(&marked)) {
                prop_assert_eq!((&reported.location, &reported.ttl), (&sent.location, &sent.ttl));
            }
            prop_assert!(points.len() <= MOST_POINTS.max(before.len()));
            prop_assert!(grows(&before) || !grows(&points), "{:?}", points);

            // Without the placed points, which are each the last of their part, the request is as it was.
            for point in points.iter().filter(|point| point.is_placed) {
                let removed = match point.location {
                    CacheLocation::Tools => marked.tool_config.as_mut().unwrap().tools.pop().is_some(),
                    CacheLocation::System => marked.system.as_mut().unwrap().pop().is_some(),
                    CacheLocation::Message(index) => {
                        let message = &mut marked.messages.as_mut().unwrap()[index];
                        prop_assert!(!has_reasoning(message));
                        prop_assert_eq!(&message.role, &ConversationRole::User);
                        message.content.pop().is_some()
                    }
                };
                prop_assert!(removed);
            }
            prop_assert_eq!(marked, request);
        }
    }
}
