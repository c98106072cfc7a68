//! The events that a conversation with Nova Sonic sends, in AWS's order.

use serde_json::Value;

use super::nova_sonic::{
    SonicAudioConfiguration, SonicAudioInput, SonicContentType, SonicInput, SonicInputEnd, SonicInputStart,
    SonicMediaType, SonicPromptEnd, SonicPromptStart, SonicRole, SonicSessionEnd, SonicSessionStart,
    SonicTextInput, SonicToolResultConfiguration,
};
use crate::Blob;

/// Writes the events that a conversation with Nova Sonic sends: names its contents, opens and closes them, and ends all in
/// AWS's order. It sends nothing itself.
///
/// The order is: the start, the system prompt, the earlier messages, then speech, texts and results of tools, and the end.
///
/// ```
/// use bedrock_orm_models::providers::{SonicConversation, SonicInput, SonicPromptStart, SonicSessionStart};
/// use serde_json::json;
///
/// let prompt = SonicPromptStart::new("prompt-1", "matthew");
/// let (mut conversation, mut events) = SonicConversation::start(SonicSessionStart::default(), prompt);
/// events.extend(conversation.system_prompt("Be brief."));
/// events.extend(conversation.audio(&[0; 1024]));
/// events.extend(conversation.audio(&[0; 1024]));
/// events.extend(conversation.end());
///
/// let json = serde_json::to_value(&events)?;
/// let names: Vec<_> = json.as_array().unwrap().iter().map(|event| event["event"].as_object().unwrap().keys().next().unwrap()).collect();
/// assert_eq!(names, [
///     "sessionStart", "promptStart",
///     "contentStart", "textInput", "contentEnd",
///     "contentStart", "audioInput", "audioInput", "contentEnd",
///     "promptEnd", "sessionEnd",
/// ]);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Source: [input events](https://docs.aws.amazon.com/nova/latest/nova2-userguide/sonic-input-events.html).
#[derive(Clone, Debug)]
pub struct SonicConversation {
    prompt_name: String,
    /// The number of contents so far, from which their names come.
    contents: u64,
    audio_input: SonicAudioConfiguration,
    /// The name of the open content of speech.
    open_audio: Option<String>,
}

impl SonicConversation {
    /// Starts a session and its prompt. Returns the conversation, and the events to send.
    pub fn start(session: SonicSessionStart, prompt: SonicPromptStart) -> (Self, Vec<SonicInput>) {
        let conversation = Self {
            prompt_name: prompt.prompt_name.clone(),
            contents: 0,
            audio_input: SonicAudioConfiguration::new(16_000),
            open_audio: None,
        };
        (conversation, vec![SonicInput::SessionStart(session), SonicInput::PromptStart(prompt)])
    }

    /// Sets the form of the user's speech. The default has 16,000 samples in a second.
    #[must_use]
    pub fn audio_input(mut self, configuration: SonicAudioConfiguration) -> Self {
        self.audio_input = configuration;
        self
    }

    /// Writes the system prompt.
    pub fn system_prompt(&mut self, text: impl Into<String>) -> Vec<SonicInput> {
        self.text_content(SonicRole::System, false, text.into())
    }

    /// Writes an earlier message of the user or the assistant. AWS takes them after the system prompt and before any speech.
    pub fn history(&mut self, role: SonicRole, text: impl Into<String>) -> Vec<SonicInput> {
        self.text_content(role, false, text.into())
    }

    /// Writes a text of the user, to which the model replies. Nova 2 Sonic takes it.
    pub fn text(&mut self, text: impl Into<String>) -> Vec<SonicInput> {
        self.text_content(SonicRole::User, true, text.into())
    }

    /// Writes a piece of the user's speech. The first piece opens its content, which remains open for the next pieces.
    pub fn audio(&mut self, samples: impl Into<Blob>) -> Vec<SonicInput> {
        let mut events = Vec::new();
        let content_name = match &self.open_audio {
            Some(open) => open.clone(),
            None => {
                let mut start = self.content(SonicContentType::Audio, SonicRole::User, true);
                start.audio_input_configuration = Some(self.audio_input.clone());
                let name = start.content_name.clone();
                self.open_audio = Some(name.clone());
                events.push(SonicInput::ContentStart(start));
                name
            }
        };
        let prompt_name = self.prompt_name.clone();
        events.push(SonicInput::AudioInput(SonicAudioInput {
            prompt_name,
            content_name,
            content: samples.into(),
            ..SonicAudioInput::default()
        }));
        events
    }

    /// Writes the end of the user's speech, if it is open.
    pub fn end_audio(&mut self) -> Option<SonicInput> {
        let content_name = self.open_audio.take()?;
        Some(self.content_end(content_name))
    }

    /// Writes the result of a tool call, as JSON.
    #[allow(clippy::needless_pass_by_value)] // `json!({…})` is given by value everywhere
    pub fn tool_result(&mut self, tool_use_id: impl Into<String>, result: Value) -> Vec<SonicInput> {
        let mut start = self.content(SonicContentType::Tool, SonicRole::Tool, false);
        let call = SonicToolResultConfiguration {
            tool_use_id: tool_use_id.into(),
            r#type: SonicContentType::Text,
            ..SonicToolResultConfiguration::default()
        };
        start.tool_result_input_configuration = Some(call.text_input_configuration(text_plain()));
        let content = self.text_input(&start, result.to_string());
        self.whole(start, SonicInput::ToolResult(content))
    }

    /// Writes the end: of the open speech, of the prompt, and of the session.
    pub fn end(mut self) -> Vec<SonicInput> {
        let mut events: Vec<_> = self.end_audio().into_iter().collect();
        events.push(SonicInput::PromptEnd(SonicPromptEnd::new(self.prompt_name)));
        events.push(SonicInput::SessionEnd(SonicSessionEnd::default()));
        events
    }

    fn text_content(&mut self, role: SonicRole, interactive: bool, text: String) -> Vec<SonicInput> {
        let start = self.content(SonicContentType::Text, role, interactive);
        let content = self.text_input(&start, text);
        self.whole(start.text_input_configuration(text_plain()), SonicInput::TextInput(content))
    }

    /// Creates the start of a content with a name of its own.
    fn content(&mut self, r#type: SonicContentType, role: SonicRole, interactive: bool) -> SonicInputStart {
        self.contents += 1;
        SonicInputStart {
            prompt_name: self.prompt_name.clone(),
            content_name: format!("{}-{}", self.prompt_name, self.contents),
            r#type,
            role,
            interactive,
            ..SonicInputStart::default()
        }
    }

    fn text_input(&self, start: &SonicInputStart, content: String) -> SonicTextInput {
        SonicTextInput {
            prompt_name: self.prompt_name.clone(),
            content_name: start.content_name.clone(),
            content,
            ..SonicTextInput::default()
        }
    }

    fn content_end(&self, content_name: String) -> SonicInput {
        let prompt_name = self.prompt_name.clone();
        SonicInput::ContentEnd(SonicInputEnd { prompt_name, content_name, ..SonicInputEnd::default() })
    }

    fn whole(&self, start: SonicInputStart, content: SonicInput) -> Vec<SonicInput> {
        let end = self.content_end(start.content_name.clone());
        vec![SonicInput::ContentStart(start), content, end]
    }
}

fn text_plain() -> SonicMediaType {
    SonicMediaType::new("text/plain")
}
