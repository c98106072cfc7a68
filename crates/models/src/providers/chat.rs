//! Chat completions: OpenAI's format, which many providers use.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::data::{data, keep, replace, tagged, tokens, values};
use crate::{ModelBody, StreamedBody, Usage};

/// The tags around what OpenAI's gpt-oss thought.
const REASONING: (&str, &str) = ("<reasoning>", "</reasoning>");

data! {
    /// A request in the format of chat completions: OpenAI's gpt-oss, Qwen, DeepSeek V3, Mistral's chat models, AI21's
    /// Jamba, and others.
    ///
    /// ```
    /// use bedrock_orm_models::providers::{ChatCompletions, ChatMessage};
    /// use serde_json::json;
    ///
    /// let request = ChatCompletions::new([ChatMessage::system("Be brief."), ChatMessage::user("Say hello.")])
    ///     .max_tokens(100)
    ///     .temperature(0.9);
    /// assert_eq!(
    ///     serde_json::to_value(&request)?,
    ///     json!({
    ///         "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello."}],
    ///         "max_tokens": 100,
    ///         "temperature": 0.9,
    ///     })
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Sources: [OpenAI](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html),
    /// [Mistral](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-mistral-chat-completion.html),
    /// [Jamba](https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-jamba.html).
    pub struct ChatCompletions {
        /// The conversation so far.
        messages: Vec<ChatMessage>,
    }
    floats {
        /// The randomness of the reply.
        temperature,
        /// The probability mass of the most likely tokens to sample from, from 0 to 1.
        top_p,
        /// Makes repeated tokens less likely, by how often they occurred.
        frequency_penalty,
        /// Makes repeated tokens less likely.
        presence_penalty,
    }
    values {
        /// The most tokens that the reply may have.
        max_tokens: u32,
        /// The same, by OpenAI's newer name.
        max_completion_tokens: u32,
        /// Makes the reply repeatable.
        seed: i64,
        /// How many replies are generated. Jamba has it.
        n: u32,
    }
    optional {
        /// The model's ID. AWS takes it from the address.
        model: String,
        /// Whether the model has to call a tool, and which: `"auto"`, `"none"`, `"required"`, or an object.
        tool_choice: Value,
        /// How much the model reasons: `low`, `medium` or `high`.
        reasoning_effort: String,
        /// The format of the reply.
        response_format: Value,
    }
    lists {
        /// The tools that the model can call.
        tools: ChatTool,
        /// Texts that end the reply.
        stop: String,
    }
}

impl ChatCompletions {
    /// Creates a request. A string is a message of the user.
    pub fn new(messages: impl IntoIterator<Item = impl Into<ChatMessage>>) -> Self {
        Self { messages: messages.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}

values! {
    /// Who wrote a message of a chat.
    pub enum ChatRole {
        "system" => System,
        "developer" => Developer,
        "user" => User,
        "assistant" => Assistant,
        "tool" => Tool,
    }
}

data! {
    /// A message of a chat.
    pub struct ChatMessage {
        /// Who wrote it.
        role: ChatRole,
    }
    optional {
        /// What it says.
        content: ChatContent,
        /// What the model thought, for models that return it apart from the content.
        reasoning_content: String,
        /// Why the model refuses to reply.
        refusal: String,
        /// The name of the writer.
        name: String,
        /// The ID of the tool call that this is the result of.
        tool_call_id: String,
    }
    lists {
        /// The tool calls of the model.
        tool_calls: ChatToolCall,
    }
}

impl ChatMessage {
    fn new(role: ChatRole, content: impl Into<ChatContent>) -> Self {
        Self { role, ..Self::default() }.content(content)
    }

    /// Creates a system prompt.
    pub fn system(content: impl Into<ChatContent>) -> Self {
        Self::new(ChatRole::System, content)
    }

    /// Creates a message of the user.
    pub fn user(content: impl Into<ChatContent>) -> Self {
        Self::new(ChatRole::User, content)
    }

    /// Creates a message of the model.
    pub fn assistant(content: impl Into<ChatContent>) -> Self {
        Self::new(ChatRole::Assistant, content)
    }

    /// Returns the text, without what gpt-oss thought.
    pub fn text(&self) -> String {
        self.parts().1
    }

    /// Returns what the model thought. `None` if it returned no thoughts.
    pub fn reasoning(&self) -> Option<String> {
        let (reasoning, _) = self.parts();
        self.reasoning_content.clone().or(Some(reasoning)).filter(|reasoning| !reasoning.is_empty())
    }

    /// Returns what is in tags of reasoning, and the other text.
    fn parts(&self) -> (String, String) {
        let content = self.content.as_ref().map(ChatContent::text).unwrap_or_default();
        let (mut reasoning, mut rest) = (String::new(), content.as_str());
        while let Some((thought, text)) =
            rest.strip_prefix(REASONING.0).and_then(|inner| inner.split_once(REASONING.1))
        {
            reasoning.push_str(thought);
            rest = text;
        }
        (reasoning, rest.to_owned())
    }
}

impl From<&str> for ChatMessage {
    fn from(text: &str) -> Self {
        Self::user(text)
    }
}

impl From<String> for ChatMessage {
    fn from(text: String) -> Self {
        Self::user(text)
    }
}

/// The content of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ChatContent {
    /// A text.
    Text(String),
    /// Parts.
    Parts(Vec<ChatPart>),
    /// Content that this version does not know.
    Unknown(Value),
}

impl ChatContent {
    /// Returns the text.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => parts.iter().filter_map(ChatPart::as_text).collect(),
            Self::Unknown(_) => String::new(),
        }
    }
}

impl From<&str> for ChatContent {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for ChatContent {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<ChatPart>> for ChatContent {
    fn from(parts: Vec<ChatPart>) -> Self {
        Self::Parts(parts)
    }
}

impl<const COUNT: usize> From<[ChatPart; COUNT]> for ChatContent {
    fn from(parts: [ChatPart; COUNT]) -> Self {
        Self::Parts(parts.into())
    }
}

tagged! {
    /// A part of a message. The member `type` says which it is.
    pub enum ChatPart {
        /// A text.
        Text(ChatText),
        /// An image.
        ImageUrl(ChatImage),
    }
}

impl ChatPart {
    /// Creates a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(ChatText { text: text.into(), ..ChatText::default() })
    }

    /// Creates an image from a data URI: `data:image/png;base64,…`.
    pub fn image(url: impl Into<String>) -> Self {
        let image_url = ChatImageUrl { url: url.into(), ..ChatImageUrl::default() };
        Self::ImageUrl(ChatImage { image_url, ..ChatImage::default() })
    }

    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(&text.text),
            _ => None,
        }
    }
}

data! {
    /// A text.
    pub struct ChatText {
        /// The text.
        text: String,
    }
}

data! {
    /// An image.
    pub struct ChatImage {
        /// Where it is.
        image_url: ChatImageUrl,
    }
}

data! {
    /// Where an image is.
    pub struct ChatImageUrl {
        /// A data URI.
        url: String,
    }
    optional {
        /// How closely the model looks: `low`, `high` or `auto`.
        detail: String,
    }
}

data! {
    /// A tool.
    pub struct ChatTool {
        /// `function`
        r#type: String,
        /// The function.
        function: ChatFunction,
    }
}

impl ChatTool {
    /// Creates a tool with the JSON schema of its arguments.
    pub fn new(name: impl Into<String>, parameters: impl Into<Value>) -> Self {
        let function = ChatFunction { name: name.into(), ..ChatFunction::default() }.parameters(parameters);
        Self { r#type: "function".to_owned(), function, ..Self::default() }
    }

    /// Sets what the tool does.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.function = self.function.description(description);
        self
    }
}

data! {
    /// The function of a tool.
    pub struct ChatFunction {
        /// Its name.
        name: String,
    }
    optional {
        /// What it does.
        description: String,
        /// The JSON schema of its arguments.
        parameters: Value,
    }
}

data! {
    /// A tool call, or a part of a streamed one.
    pub struct ChatToolCall {
        /// The function to call.
        function: ChatFunctionCall,
    }
    values {
        /// Its position, in a stream.
        index: usize,
    }
    optional {
        /// Its ID, which the result repeats.
        id: String,
        /// `function`
        r#type: String,
    }
}

impl ChatToolCall {
    /// Returns the arguments.
    ///
    /// # Errors
    ///
    /// If the model wrote invalid JSON.
    pub fn arguments(&self) -> serde_json::Result<Value> {
        match self.function.arguments.as_deref().map(str::trim) {
            None | Some("") => Ok(Value::Object(serde_json::Map::new())),
            Some(json) => serde_json::from_str(json),
        }
    }

    /// Creates the message with the result of this call.
    pub fn result(&self, content: impl Into<ChatContent>) -> ChatMessage {
        ChatMessage::new(ChatRole::Tool, content).tool_call_id(self.id.clone().unwrap_or_default())
    }
}

data! {
    /// The function of a tool call.
    pub struct ChatFunctionCall {
    }
    optional {
        /// Its name.
        name: String,
        /// Its arguments as JSON. They can be invalid, since the model writes them.
        arguments: String,
    }
}

values! {
    /// Why a reply of a chat ended.
    pub enum ChatFinishReason {
        "stop" => Stop,
        "length" => Length,
        "tool_calls" => ToolCalls,
        "content_filter" => ContentFilter,
    }
}

data! {
    /// A reply of a chat.
    pub struct ChatResponse {
        /// The replies: one, unless more were asked for.
        choices: Vec<ChatChoice>,
    }
    values {
        /// When it was created, in seconds since 1970.
        created: i64,
    }
    optional {
        /// Its ID.
        id: String,
        /// `chat.completion`
        object: String,
        /// The name of the model.
        model: String,
        /// The tokens.
        usage: ChatUsage,
        /// The service tier that was used.
        service_tier: String,
    }
}

impl ChatResponse {
    /// Returns the first reply's message.
    pub fn message(&self) -> Option<&ChatMessage> {
        self.choices.first().map(|choice| &choice.message)
    }

    /// Returns the text of the first reply, without what gpt-oss thought.
    pub fn text(&self) -> String {
        self.message().map(ChatMessage::text).unwrap_or_default()
    }

    /// Returns the tool calls of the first reply.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ChatToolCall> {
        self.message().and_then(|message| message.tool_calls.as_deref()).unwrap_or_default().iter()
    }
}

data! {
    /// A reply of a chat.
    pub struct ChatChoice {
        /// Its position.
        index: usize,
        /// The message.
        message: ChatMessage,
    }
    optional {
        /// Why it ended.
        finish_reason: ChatFinishReason,
        /// The same, by the name that Mistral's first chat models use.
        stop_reason: ChatFinishReason,
        /// The likelihoods of tokens.
        logprobs: Value,
    }
}

data! {
    /// The tokens of a chat.
    pub struct ChatUsage {
    }
    values {
        /// The tokens of the prompt.
        prompt_tokens: u64,
        /// The tokens of the reply.
        completion_tokens: u64,
        /// Both.
        total_tokens: u64,
    }
}

data! {
    /// A part of a streamed reply of a chat.
    pub struct ChatEvent {
        /// The parts of the replies.
        choices: Vec<ChatChoiceDelta>,
    }
    values {
        /// When the reply was created, in seconds since 1970.
        created: i64,
    }
    optional {
        /// The ID of the reply.
        id: String,
        /// `chat.completion.chunk`
        object: String,
        /// The name of the model.
        model: String,
        /// The tokens so far.
        usage: ChatUsage,
        /// The service tier that is used.
        service_tier: String,
    }
}

data! {
    /// A part of a reply.
    pub struct ChatChoiceDelta {
        /// The position of the reply.
        index: usize,
        /// What is added.
        delta: ChatDelta,
    }
    optional {
        /// Why the reply ended, in its last part.
        finish_reason: ChatFinishReason,
        /// The same, by the name that Mistral's first chat models use.
        stop_reason: ChatFinishReason,
        /// The likelihoods of tokens.
        logprobs: Value,
    }
}

data! {
    /// What is added to a message.
    pub struct ChatDelta {
    }
    optional {
        /// Who writes it.
        role: ChatRole,
        /// More text.
        content: String,
        /// More of what the model thought.
        reasoning_content: String,
        /// Why the model refuses to reply.
        refusal: String,
    }
    lists {
        /// Parts of tool calls.
        tool_calls: ChatToolCall,
    }
}

impl ModelBody for ChatCompletions {
    type Response = ChatResponse;

    fn usage(response: &ChatResponse) -> Usage {
        let Some(usage) = &response.usage else { return Usage::default() };
        Usage {
            input_tokens: tokens(usage.prompt_tokens),
            output_tokens: tokens(usage.completion_tokens),
            ..Usage::default()
        }
    }
}

impl StreamedBody for ChatCompletions {
    type Event = ChatEvent;

    fn add(response: &mut ChatResponse, event: &ChatEvent) {
        for part in &event.choices {
            let position = response.choices.iter().position(|choice| choice.index == part.index);
            let position = position.unwrap_or_else(|| {
                response.choices.push(ChatChoice { index: part.index, ..ChatChoice::default() });
                response.choices.len() - 1
            });
            add_part(&mut response.choices[position], part);
        }
        replace(&mut response.created, event.created.as_ref());
        replace(&mut response.id, event.id.as_ref());
        replace(&mut response.model, event.model.as_ref());
        replace(&mut response.usage, event.usage.as_ref());
        replace(&mut response.service_tier, event.service_tier.as_ref());
        let object = event.object.as_ref().map(|object| object.trim_end_matches(".chunk").to_owned());
        replace(&mut response.object, object.as_ref());
        keep(&mut response.additional, &event.additional);
    }

    fn is_last(event: &ChatEvent) -> bool {
        event.choices.iter().any(|choice| choice.finish_reason.is_some() || choice.stop_reason.is_some())
    }

    /// What gpt-oss thinks is no text. Each part of it has its own tags.
    fn text(event: &ChatEvent) -> Option<&str> {
        let text = event.choices.first()?.delta.content.as_deref()?;
        (!text.starts_with(REASONING.0)).then_some(text)
    }
}

fn add_part(choice: &mut ChatChoice, part: &ChatChoiceDelta) {
    let (message, delta) = (&mut choice.message, &part.delta);
    if let Some(role) = &delta.role {
        message.role = role.clone();
    }
    if let Some(more) = &delta.content {
        match &mut message.content {
            Some(ChatContent::Text(text)) => text.push_str(more),
            content => *content = Some(more.as_str().into()),
        }
    }
    for (text, more) in
        [(&mut message.reasoning_content, &delta.reasoning_content), (&mut message.refusal, &delta.refusal)]
    {
        if let Some(more) = more {
            text.get_or_insert_default().push_str(more);
        }
    }
    for call in delta.tool_calls.iter().flatten() {
        add_call(message.tool_calls.get_or_insert_default(), call);
    }
    keep(&mut message.additional, &delta.additional);
    replace(&mut choice.finish_reason, part.finish_reason.as_ref());
    replace(&mut choice.stop_reason, part.stop_reason.as_ref());
    replace(&mut choice.logprobs, part.logprobs.as_ref());
    keep(&mut choice.additional, &part.additional);
}

/// Adds a part of a tool call to the call with the same position.
fn add_call(calls: &mut Vec<ChatToolCall>, part: &ChatToolCall) {
    let position = part.index.unwrap_or(calls.len());
    match calls.get_mut(position) {
        Some(call) => {
            replace(&mut call.id, part.id.as_ref());
            replace(&mut call.r#type, part.r#type.as_ref());
            replace(&mut call.function.name, part.function.name.as_ref());
            if let Some(more) = &part.function.arguments {
                call.function.arguments.get_or_insert_default().push_str(more);
            }
        }
        // A whole reply has no positions.
        None => calls.push(ChatToolCall { index: None, ..part.clone() }),
    }
}
