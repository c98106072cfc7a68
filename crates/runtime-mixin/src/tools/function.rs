//! The functions of tools.

use std::marker::PhantomData;
use std::pin::Pin;

use bedrock_orm_models::ToolSpecification;
use serde_core::de::DeserializeOwned;
use serde_json::Value;

use crate::tools::ToolError;
use crate::tools::output::{IntoToolOutput, ToolOutput};

/// A tool as a type, for tools with state, such as a client of a database. [`Tool::from_function`](crate::Tool::from_function)
/// makes it a tool.
///
/// ```
/// use bedrock_orm::ToolFunction;
/// use bedrock_orm::prelude::*;
/// use serde_json::{Value, json};
///
/// struct Stock {
///     shelves: std::collections::HashMap<String, u32>,
/// }
///
/// impl ToolFunction for Stock {
///     type Input = Value;
///     type Output = Result<Value, String>;
///
///     fn specification(&self) -> ToolSpecification {
///         let schema = json!({"type": "object", "properties": {"article": {"type": "string"}}, "required": ["article"]});
///         ToolSpecification::new("get_stock", schema).description("Returns how many pieces of an article there are.")
///     }
///
///     async fn call(&self, input: Value) -> Result<Value, String> {
///         let article = input["article"].as_str().unwrap_or_default();
///         let count = self.shelves.get(article).ok_or("there is no such article")?;
///         Ok(json!({"pieces": count}))
///     }
/// }
///
/// let stock = Tool::from_function(Stock { shelves: [("Lamp".to_owned(), 3)].into() });
/// assert_eq!(stock.name(), "get_stock");
/// ```
pub trait ToolFunction: Send + Sync + 'static {
    /// The input of a call, which is read from the model's JSON.
    type Input: DeserializeOwned + Send;

    /// What a call returns.
    type Output: IntoToolOutput;

    /// Returns the name, the description and the schema of the input, which the model reads.
    fn specification(&self) -> ToolSpecification;

    /// Runs a call.
    fn call(&self, input: Self::Input) -> impl Future<Output = Self::Output> + Send;
}

pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Result<ToolOutput, ToolError>> + Send + 'a>>;

/// A function of any input and output.
pub(crate) trait AnyFunction: Send + Sync {
    fn run(&self, input: Value) -> Running<'_>;
}

/// A [`ToolFunction`].
pub(crate) struct Stateful<F>(pub(crate) F);

impl<F: ToolFunction> AnyFunction for Stateful<F> {
    fn run(&self, input: Value) -> Running<'_> {
        Box::pin(async move { self.0.call(read(input)?).await.into_tool_output() })
    }
}

/// A closure.
pub(crate) struct Closure<F, I> {
    function: F,
    input: PhantomData<fn(I)>,
}

impl<F, I> Closure<F, I> {
    pub(crate) fn new(function: F) -> Self {
        Self { function, input: PhantomData }
    }
}

impl<F, I, R> AnyFunction for Closure<F, I>
where
    F: Fn(I) -> R + Send + Sync,
    I: DeserializeOwned + 'static,
    R: Future<Output: IntoToolOutput> + Send + 'static,
{
    fn run(&self, input: Value) -> Running<'_> {
        // The input is read here, so that it need not be `Send`.
        let called = read(input).map(&self.function);
        Box::pin(async move { called?.await.into_tool_output() })
    }
}

/// Reads the input of a call. The error says to the model what does not fit.
fn read<I: DeserializeOwned>(input: Value) -> Result<I, ToolError> {
    serde_json::from_value(input)
        .map_err(|error| format!("the input does not fit the schema of the tool: {error}").into())
}
