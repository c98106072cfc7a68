//! A tool.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bedrock_orm_models::{Tool as ToolSetting, ToolInputSchema, ToolSpecification};
use serde_core::de::DeserializeOwned;
use serde_json::Value;

use crate::tools::ToolError;
use crate::tools::function::{AnyFunction, Closure, Stateful, ToolFunction};
use crate::tools::output::{IntoToolOutput, ToolOutput};

/// The most characters of a tool's name that AWS accepts.
pub(crate) const LONGEST_NAME: usize = 64;

/// A function that a model can call, with what the model reads about it: a name, a description and the JSON schema of the
/// input. [`Chat::tools`](crate::Chat::tools) adds it to a chat, which runs the calls;
/// [`Toolset`](crate::Toolset) runs the calls of a single reply.
///
/// The function is async. It returns text, JSON or blocks, or a `Result` of these; see
/// [`IntoToolOutput`](crate::IntoToolOutput). The model reads an error as the result of the call, and so should the text of
/// an error be: what went wrong, and what to do.
///
/// AWS's setting of a request has the same name, [`models::Tool`](bedrock_orm_models::Tool). A tool converts into it.
///
/// ```
/// use bedrock_orm::prelude::*;
/// use serde_json::{Value, json};
///
/// let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
/// let weather = Tool::with_schema("get_weather", "Returns the weather in a city.", schema, async |input: Value| {
///     json!({"city": input["city"], "sky": "clear"})
/// });
/// assert_eq!(weather.name(), "get_weather");
/// ```
#[derive(Clone)]
pub struct Tool {
    specification: ToolSpecification,
    function: Arc<dyn AnyFunction>,
    requires_approval: bool,
    timeout: Option<Option<Duration>>,
}

impl Tool {
    /// Creates a tool whose input is a Rust type. Its schema is derived with [`schemars`](https://docs.rs/schemars/1), which
    /// your crate needs too. Documentation comments on the type's fields become descriptions, which the model reads.
    ///
    /// The function is an async closure that captures nothing, an `async fn`, or a closure that returns a future. A tool with
    /// state clones what it needs for each call, or is a [`ToolFunction`].
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct City {
    ///     /// The name of the city, such as "Queens".
    ///     name: String,
    /// }
    ///
    /// let weather = Tool::new("get_weather", "Returns the weather in a city.", async |city: City| {
    ///     match city.name.as_str() {
    ///         "Atlantis" => Err("there is no such city"),
    ///         name => Ok(format!("40 degrees and rain in {name}")),
    ///     }
    /// });
    /// assert_eq!(weather.name(), "get_weather");
    /// ```
    #[cfg(feature = "schema")]
    pub fn new<I, R>(
        name: impl Into<String>,
        description: impl Into<String>,
        function: impl Fn(I) -> R + Send + Sync + 'static,
    ) -> Self
    where
        I: DeserializeOwned + schemars::JsonSchema + 'static,
        R: Future<Output: IntoToolOutput> + Send + 'static,
    {
        Self::with_schema(name, description, crate::schema::schema_of::<I>(), function)
    }

    /// Creates a tool whose input has this JSON schema. The input can be a [`Value`], or a type that fits the schema.
    pub fn with_schema<I, R>(
        name: impl Into<String>,
        description: impl Into<String>,
        schema: impl Into<Value>,
        function: impl Fn(I) -> R + Send + Sync + 'static,
    ) -> Self
    where
        I: DeserializeOwned + 'static,
        R: Future<Output: IntoToolOutput> + Send + 'static,
    {
        let specification = ToolSpecification::new(name, schema.into()).description(description);
        Self::of(specification, Closure::new(function))
    }

    /// Creates a tool from a type with state.
    pub fn from_function(function: impl ToolFunction) -> Self {
        Self::of(function.specification(), Stateful(function))
    }

    fn of(specification: ToolSpecification, function: impl AnyFunction + 'static) -> Self {
        Self { specification, function: Arc::new(function), requires_approval: false, timeout: None }
    }

    /// Replaces the name. In a chat, a tool replaces an earlier one with the same name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.specification.name = name.into();
        self
    }

    /// Requires approval: each call runs only if [`approve_with`](crate::Chat::approve_with) approves it.
    #[must_use]
    pub fn requires_approval(mut self) -> Self {
        self.requires_approval = true;
        self
    }

    /// Sets the time limit of a call. The default is that of the chat. `None` means no limit.
    #[must_use]
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = Some(timeout.into());
        self
    }

    /// Sets whether the model's input must fit the schema. Not every model supports it, and it restricts the schema.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.specification.strict = Some(strict);
        self
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.specification.name
    }

    /// Returns what the model reads about the tool.
    pub fn specification(&self) -> &ToolSpecification {
        &self.specification
    }

    pub(crate) fn needs_approval(&self) -> bool {
        self.requires_approval
    }

    /// Runs a call, no longer than the tool's time limit, or else the given one.
    pub(crate) async fn run(
        &self,
        input: Value,
        default_timeout: Option<Duration>,
    ) -> Result<ToolOutput, ToolError> {
        let running = self.function.run(input);
        let Some(timeout) = self.timeout.unwrap_or(default_timeout) else { return running.await };
        match tokio::time::timeout(timeout, running).await {
            Ok(output) => output,
            Err(_) => Err(format!("the tool returned nothing within {timeout:?}").into()),
        }
    }

    /// Returns why AWS would reject the tool.
    pub(crate) fn flaw(&self) -> Option<String> {
        let name = self.name();
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_allowed_in_name) {
            return Some(format!(
                "the tool's name `{name}` is not allowed: AWS accepts 1 to {LONGEST_NAME} of the characters a-z, A-Z, 0-9, _ and -"
            ));
        }
        match &self.specification.input_schema {
            ToolInputSchema::Json(schema) if schema["type"] != "object" => Some(format!(
                "the input of the tool `{name}` is not an object: the schema must have \"type\": \"object\", as a struct's \
                 has"
            )),
            _ => None,
        }
    }
}

/// Returns whether AWS accepts the character in a tool's name.
pub(crate) fn is_allowed_in_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-".contains(character)
}

/// Shows the name and the settings.
impl fmt::Debug for Tool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tool")
            .field("name", &self.name())
            .field("requires_approval", &self.requires_approval)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl From<Tool> for ToolSetting {
    fn from(tool: Tool) -> Self {
        tool.specification.into()
    }
}

impl From<&Tool> for ToolSetting {
    fn from(tool: &Tool) -> Self {
        tool.specification.clone().into()
    }
}
