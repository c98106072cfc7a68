//! Amazon's Nova Sonic: the events of a conversation in speech, over the bidirectional stream.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::data::{data, values};
use crate::Blob;

/// Declares a union of events, each `{"event": {name: members}}`. `Unknown` keeps any other JSON.
macro_rules! events {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$variant_meta:meta])* $wire:literal => $variant:ident($type:ty),)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant($type),)*
            /// JSON that this version does not know.
            Unknown(Value),
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use ::serde::ser::Error as _;
                let members = match self {
                    $(Self::$variant(event) => serde_json::to_value(event).map(|event| ($wire, event)),)*
                    Self::Unknown(json) => return json.serialize(serializer),
                };
                let (name, event) = members.map_err(S::Error::custom)?;
                serde_json::json!({ "event": { name: event } }).serialize(serializer)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let json = Value::deserialize(deserializer)?;
                let known = match only_member(&json, "event").and_then(only) {
                    $(Some(($wire, event)) => <$type as ::serde::Deserialize>::deserialize(event).map(Self::$variant).ok(),)*
                    _ => None,
                };
                Ok(known.unwrap_or(Self::Unknown(json)))
            }
        }
    };
}

/// Returns the member of an object that has no other.
fn only(json: &Value) -> Option<(&str, &Value)> {
    let object = json.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().map(|(name, value)| (name.as_str(), value))
}

/// Returns the member with this name of an object that has no other.
fn only_member<'a>(json: &'a Value, name: &str) -> Option<&'a Value> {
    only(json).filter(|(own, _)| *own == name).map(|(_, value)| value)
}

events! {
    /// An event that is sent to Nova Sonic. [`SonicConversation`](super::SonicConversation) writes them in AWS's order.
    ///
    /// ```
    /// use bedrock_orm_models::providers::{SonicInput, SonicPromptEnd};
    /// use serde_json::json;
    ///
    /// let event = SonicInput::PromptEnd(SonicPromptEnd::new("prompt-1"));
    /// assert_eq!(serde_json::to_value(&event)?, json!({"event": {"promptEnd": {"promptName": "prompt-1"}}}));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [input events](https://docs.aws.amazon.com/nova/latest/nova2-userguide/sonic-input-events.html).
    pub enum SonicInput {
        /// The session starts.
        "sessionStart" => SessionStart(SonicSessionStart),
        /// A prompt starts: the form of the reply, and the tools.
        "promptStart" => PromptStart(SonicPromptStart),
        /// A content starts: what it is, and whose.
        "contentStart" => ContentStart(SonicInputStart),
        /// A text.
        "textInput" => TextInput(SonicTextInput),
        /// A piece of speech.
        "audioInput" => AudioInput(SonicAudioInput),
        /// The result of a tool call, which is JSON as a text.
        "toolResult" => ToolResult(SonicTextInput),
        /// A content ends.
        "contentEnd" => ContentEnd(SonicInputEnd),
        /// The prompt ends.
        "promptEnd" => PromptEnd(SonicPromptEnd),
        /// The session ends.
        "sessionEnd" => SessionEnd(SonicSessionEnd),
    }
}

events! {
    /// An event that Nova Sonic sends.
    ///
    /// ```
    /// use bedrock_orm_models::providers::SonicOutput;
    /// use serde_json::json;
    ///
    /// let event: SonicOutput = serde_json::from_value(json!({"event": {"textOutput": {
    ///     "sessionId": "s", "promptName": "p", "completionId": "c", "contentId": "t", "content": "Hello.",
    /// }}}))?;
    /// let SonicOutput::TextOutput(text) = event else { panic!("another event") };
    /// assert_eq!(text.content, "Hello.");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: [output events](https://docs.aws.amazon.com/nova/latest/nova2-userguide/sonic-output-events.html).
    pub enum SonicOutput {
        /// The tokens so far.
        "usageEvent" => UsageEvent(SonicUsageEvent),
        /// A completion starts.
        "completionStart" => CompletionStart(SonicCompletionStart),
        /// A content starts: what it is, and whose.
        "contentStart" => ContentStart(SonicOutputStart),
        /// A text: what the user said, or what the model says.
        "textOutput" => TextOutput(SonicTextOutput),
        /// A piece of speech.
        "audioOutput" => AudioOutput(SonicAudioOutput),
        /// A tool call.
        "toolUse" => ToolUse(SonicToolUse),
        /// A content ends, and why.
        "contentEnd" => ContentEnd(SonicOutputEnd),
        /// The completion ends, and why.
        "completionEnd" => CompletionEnd(SonicCompletionEnd),
    }
}

values! {
    /// What a content is.
    pub enum SonicContentType {
        "TEXT" => Text,
        "AUDIO" => Audio,
        "TOOL" => Tool,
    }
}

values! {
    /// Whose a content is.
    pub enum SonicRole {
        "SYSTEM" => System,
        "USER" => User,
        "ASSISTANT" => Assistant,
        "TOOL" => Tool,
        "SYSTEM_SPEECH" => SystemSpeech,
    }
}

values! {
    /// How soon the model takes a pause for the end of what the user says.
    pub enum SonicEndpointingSensitivity {
        "HIGH" => High,
        "MEDIUM" => Medium,
        "LOW" => Low,
    }
}

values! {
    /// Why a content ended. `INTERRUPTED`: the user spoke while the model did.
    pub enum SonicStopReason {
        "PARTIAL_TURN" => PartialTurn,
        "END_TURN" => EndTurn,
        "INTERRUPTED" => Interrupted,
        "TOOL_USE" => ToolUse,
    }
}

values! {
    /// Whether a text is what the model plans to say, or what was said.
    pub enum SonicGenerationStage {
        "SPECULATIVE" => Speculative,
        "FINAL" => Final,
    }
}

data! {
    /// The start of a session.
    #[serde(rename_all = "camelCase")]
    pub struct SonicSessionStart {
    }
    optional {
        /// The settings of the replies.
        inference_configuration: SonicInferenceConfiguration,
        /// When the model replies. Nova 2 Sonic has it.
        turn_detection_configuration: SonicTurnDetection,
    }
}

data! {
    /// The settings of Nova Sonic's replies.
    #[serde(rename_all = "camelCase")]
    pub struct SonicInferenceConfiguration {
    }
    floats {
        /// The probability mass of the most likely tokens to sample from, from 0 to 1.
        top_p,
        /// The randomness of the reply, from 0 to 1.
        temperature,
    }
    values {
        /// The most tokens that a reply may have.
        max_tokens: u32,
    }
}

data! {
    /// When the model replies.
    #[serde(rename_all = "camelCase")]
    pub struct SonicTurnDetection {
        /// How soon the model takes a pause for the end of what the user says.
        endpointing_sensitivity: SonicEndpointingSensitivity,
    }
}

impl SonicTurnDetection {
    /// Creates the setting.
    pub fn new(endpointing_sensitivity: SonicEndpointingSensitivity) -> Self {
        Self { endpointing_sensitivity, ..Self::default() }
    }
}

data! {
    /// The start of a prompt.
    #[serde(rename_all = "camelCase")]
    pub struct SonicPromptStart {
        /// Its name, which all later events of the prompt have.
        prompt_name: String,
    }
    optional {
        /// The form of the texts.
        text_output_configuration: SonicMediaType,
        /// The form of the speech.
        audio_output_configuration: SonicAudioConfiguration,
        /// The form of the tool calls.
        tool_use_output_configuration: SonicMediaType,
        /// The tools that the model can call.
        tool_configuration: SonicToolConfiguration,
    }
}

impl SonicPromptStart {
    /// Creates a prompt, whose reply is spoken with this voice, such as `matthew` or `tiffany`, at 24,000 hertz.
    pub fn new(prompt_name: impl Into<String>, voice_id: impl Into<String>) -> Self {
        Self { prompt_name: prompt_name.into(), ..Self::default() }
            .text_output_configuration(SonicMediaType::new("text/plain"))
            .audio_output_configuration(SonicAudioConfiguration::new(24_000).voice_id(voice_id))
    }

    /// Sets the tools that the model can call.
    #[must_use]
    pub fn tools(self, tools: impl IntoIterator<Item = SonicTool>) -> Self {
        let tools = SonicToolConfiguration { tools: tools.into_iter().collect(), ..Default::default() };
        self.tool_use_output_configuration(SonicMediaType::new("application/json")).tool_configuration(tools)
    }
}

data! {
    /// The form of a text.
    #[serde(rename_all = "camelCase")]
    pub struct SonicMediaType {
        /// The media type.
        media_type: String,
    }
}

impl SonicMediaType {
    /// Creates it.
    pub fn new(media_type: impl Into<String>) -> Self {
        Self { media_type: media_type.into(), ..Self::default() }
    }
}

data! {
    /// The form of speech.
    #[serde(rename_all = "camelCase")]
    pub struct SonicAudioConfiguration {
        /// The media type.
        media_type: String,
    }
    values {
        /// The samples of a second: 8,000, 16,000 or 24,000.
        sample_rate_hertz: u32,
        /// The bits of a sample: 16.
        sample_size_bits: u32,
        /// The channels: 1.
        channel_count: u32,
    }
    optional {
        /// The voice of a reply.
        voice_id: String,
        /// How the bytes are written: `base64`.
        encoding: String,
        /// What the audio is: `SPEECH`.
        audio_type: String,
    }
}

impl SonicAudioConfiguration {
    /// Creates the form that AWS requires: 16 bits a sample in little-endian order, one channel, and this many samples
    /// in a second.
    pub fn new(sample_rate_hertz: u32) -> Self {
        Self { media_type: "audio/lpcm".to_owned(), ..Self::default() }
            .sample_rate_hertz(sample_rate_hertz)
            .sample_size_bits(16)
            .channel_count(1)
            .encoding("base64")
            .audio_type("SPEECH")
    }
}

data! {
    /// The tools that the model can call.
    pub struct SonicToolConfiguration {
        /// The tools.
        tools: Vec<SonicTool>,
    }
}

data! {
    /// A tool.
    #[serde(rename_all = "camelCase")]
    pub struct SonicTool {
        /// What it is.
        tool_spec: SonicToolSpec,
    }
}

impl SonicTool {
    /// Creates a tool with a name, a description, and the JSON schema of its input.
    #[allow(clippy::needless_pass_by_value)] // `json!({…})` is given by value everywhere
    pub fn new(name: impl Into<String>, description: impl Into<String>, input_schema: Value) -> Self {
        let input_schema = SonicInputSchema { json: input_schema.to_string(), ..Default::default() };
        let tool_spec = SonicToolSpec { name: name.into(), input_schema, ..SonicToolSpec::default() };
        Self { tool_spec: tool_spec.description(description), ..Self::default() }
    }
}

data! {
    /// What a tool is.
    #[serde(rename_all = "camelCase")]
    pub struct SonicToolSpec {
        /// Its name.
        name: String,
        /// The schema of its input.
        input_schema: SonicInputSchema,
    }
    optional {
        /// What it does.
        description: String,
    }
}

data! {
    /// The schema of a tool's input.
    pub struct SonicInputSchema {
        /// The JSON schema, as a text.
        json: String,
    }
}

data! {
    /// The start of a content that is sent.
    #[serde(rename_all = "camelCase")]
    pub struct SonicInputStart {
        /// The prompt.
        prompt_name: String,
        /// Its name, which all later events of the content have.
        content_name: String,
        /// What it is.
        r#type: SonicContentType,
        /// Whose it is.
        role: SonicRole,
        /// Whether the model replies to it: speech, and texts during the conversation. System prompts, earlier
        /// messages and results of tools are not interactive.
        interactive: bool,
    }
    optional {
        /// The form of a text.
        text_input_configuration: SonicMediaType,
        /// The form of speech.
        audio_input_configuration: SonicAudioConfiguration,
        /// The tool call, and the form of its result.
        tool_result_input_configuration: SonicToolResultConfiguration,
    }
}

data! {
    /// The tool call of a result, and the result's form.
    #[serde(rename_all = "camelCase")]
    pub struct SonicToolResultConfiguration {
        /// The ID of the call.
        tool_use_id: String,
        /// What the result is.
        r#type: SonicContentType,
    }
    optional {
        /// The form of the text.
        text_input_configuration: SonicMediaType,
    }
}

data! {
    /// A text that is sent.
    #[serde(rename_all = "camelCase")]
    pub struct SonicTextInput {
        /// The prompt.
        prompt_name: String,
        /// The content.
        content_name: String,
        /// The text.
        content: String,
    }
}

data! {
    /// A piece of speech that is sent.
    #[serde(rename_all = "camelCase")]
    pub struct SonicAudioInput {
        /// The prompt.
        prompt_name: String,
        /// The content.
        content_name: String,
        /// The samples.
        content: Blob,
    }
}

data! {
    /// The end of a content that is sent.
    #[serde(rename_all = "camelCase")]
    pub struct SonicInputEnd {
        /// The prompt.
        prompt_name: String,
        /// The content.
        content_name: String,
    }
}

data! {
    /// The end of a prompt.
    #[serde(rename_all = "camelCase")]
    pub struct SonicPromptEnd {
        /// The prompt.
        prompt_name: String,
    }
}

impl SonicPromptEnd {
    /// Creates it.
    pub fn new(prompt_name: impl Into<String>) -> Self {
        Self { prompt_name: prompt_name.into(), ..Self::default() }
    }
}

data! {
    /// The end of a session.
    pub struct SonicSessionEnd {
    }
}

data! {
    /// The start of a completion.
    #[serde(rename_all = "camelCase")]
    pub struct SonicCompletionStart {
        /// The session.
        session_id: String,
        /// The prompt.
        prompt_name: String,
        /// The completion.
        completion_id: String,
    }
}

data! {
    /// The start of a content that is received.
    #[serde(rename_all = "camelCase")]
    pub struct SonicOutputStart {
        /// The session.
        session_id: String,
        /// The prompt.
        prompt_name: String,
        /// The completion.
        completion_id: String,
        /// The content.
        content_id: String,
        /// What it is.
        r#type: SonicContentType,
        /// Whose it is: a text of the user is what the model heard.
        role: SonicRole,
    }
    optional {
        /// More members, as JSON in a text. [`generation_stage`](Self::generation_stage) reads it.
        additional_model_fields: String,
        /// The form of a text.
        text_output_configuration: SonicMediaType,
        /// The form of speech.
        audio_output_configuration: SonicAudioConfiguration,
        /// The form of a tool call.
        tool_use_output_configuration: SonicMediaType,
    }
}

impl SonicOutputStart {
    /// Returns whether a text is what the model plans to say, or what was said.
    pub fn generation_stage(&self) -> Option<SonicGenerationStage> {
        let fields: Value = serde_json::from_str(self.additional_model_fields.as_deref()?).ok()?;
        fields["generationStage"].as_str().map(SonicGenerationStage::from)
    }
}

data! {
    /// A text that is received.
    #[serde(rename_all = "camelCase")]
    pub struct SonicTextOutput {
        /// The session.
        session_id: String,
        /// The prompt.
        prompt_name: String,
        /// The completion.
        completion_id: String,
        /// The content.
        content_id: String,
        /// The text.
        content: String,
    }
}

data! {
    /// A piece of speech that is received.
    #[serde(rename_all = "camelCase")]
    pub struct SonicAudioOutput {
        /// The session.
        session_id: String,
        /// The prompt.
        prompt_name: String,
        /// The completion.
        completion_id: String,
        /// The content.
        content_id: String,
        /// The samples.
        content: Blob,
    }
}

data! {
    /// A tool call.
    #[serde(rename_all = "camelCase")]
    pub struct SonicToolUse {
        /// The session.
        session_id: String,
        /// The prompt.
        prompt_name: String,
        /// The completion.
        completion_id: String,
        /// The content.
        content_id: String,
        /// The input of the tool, as JSON in a text. [`input`](Self::input) reads it.
        content: String,
        /// The tool.
        tool_name: String,
        /// The ID of the call, which its result has.
        tool_use_id: String,
    }
}

impl SonicToolUse {
    /// Reads the input of the tool.
    ///
    /// # Errors
    ///
    /// If it is not JSON, or not of this type.
    pub fn input<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(&self.content)
    }
}

data! {
    /// The end of a content that is received.
    #[serde(rename_all = "camelCase")]
    pub struct SonicOutputEnd {
        /// The session.
        session_id: String,
        /// The prompt.
        prompt_name: String,
        /// The completion.
        completion_id: String,
        /// The content.
        content_id: String,
        /// Why it ended.
        stop_reason: SonicStopReason,
        /// What it is.
        r#type: SonicContentType,
    }
}

data! {
    /// The end of a completion.
    #[serde(rename_all = "camelCase")]
    pub struct SonicCompletionEnd {
        /// The session.
        session_id: String,
        /// The prompt.
        prompt_name: String,
        /// The completion.
        completion_id: String,
        /// Why it ended.
        stop_reason: SonicStopReason,
    }
}

data! {
    /// The tokens so far.
    #[serde(rename_all = "camelCase")]
    pub struct SonicUsageEvent {
        /// The session.
        session_id: String,
        /// The prompt.
        prompt_name: String,
        /// The completion.
        completion_id: String,
        /// The tokens that were sent.
        total_input_tokens: u64,
        /// The tokens that were received.
        total_output_tokens: u64,
        /// Both.
        total_tokens: u64,
    }
    optional {
        /// The tokens of speech and of texts.
        details: SonicUsageDetails,
    }
}

data! {
    /// The tokens of speech and of texts.
    pub struct SonicUsageDetails {
        /// The tokens since the last event.
        delta: SonicTokens,
        /// The tokens so far.
        total: SonicTokens,
    }
}

data! {
    /// The tokens in both directions.
    pub struct SonicTokens {
        /// The tokens that were sent.
        input: SonicTokenCounts,
        /// The tokens that were received.
        output: SonicTokenCounts,
    }
}

data! {
    /// The tokens of one direction.
    #[serde(rename_all = "camelCase")]
    pub struct SonicTokenCounts {
        /// The tokens of speech.
        speech_tokens: u64,
        /// The tokens of texts.
        text_tokens: u64,
    }
}
