//! Typed bodies of `InvokeModel`.

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::Usage;

/// A request body of `InvokeModel`, and the type of its response.
///
/// The types in [`providers`](crate::providers) implement it for the providers' formats. Implement it for a type of your
/// own if a model has another format:
///
/// ```
/// use bedrock_orm_models::ModelBody;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize)]
/// struct Question {
///     question: String,
/// }
///
/// #[derive(Deserialize)]
/// struct Reply {
///     text: String,
/// }
///
/// impl ModelBody for Question {
///     type Response = Reply;
/// }
/// ```
pub trait ModelBody: Serialize + 'static {
    /// The body of the response.
    type Response: DeserializeOwned + Send + 'static;

    /// Returns the tokens that the response's body has. They count where AWS's headers have none.
    fn usage(_response: &Self::Response) -> Usage {
        Usage::default()
    }
}

/// An input of asynchronous invocations, such as `NovaReel`. Its JSON is the provider's.
pub trait AsyncModelBody: Serialize {}

/// A request body whose response can be streamed.
///
/// ```
/// use bedrock_orm_models::{ModelBody, StreamedBody};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize)]
/// struct Question {
///     question: String,
/// }
///
/// #[derive(Default, Deserialize)]
/// struct Reply {
///     text: String,
///     finish_reason: Option<String>,
/// }
///
/// impl ModelBody for Question {
///     type Response = Reply;
/// }
///
/// impl StreamedBody for Question {
///     /// The events have the members of the response.
///     type Event = Reply;
///
///     fn add(response: &mut Reply, event: &Reply) {
///         response.text.push_str(&event.text);
///         response.finish_reason.clone_from(&event.finish_reason);
///     }
///
///     fn is_last(event: &Reply) -> bool {
///         event.finish_reason.is_some()
///     }
/// }
/// ```
pub trait StreamedBody: ModelBody<Response: Default> {
    /// An event of the stream: the JSON of a chunk.
    type Event: DeserializeOwned + Send + 'static;

    /// Adds an event to the response so far. The sum of all events is the response of a whole call.
    fn add(response: &mut Self::Response, event: &Self::Event);

    /// Returns whether the event completes the response. A stream without such an event was interrupted.
    fn is_last(event: &Self::Event) -> bool;

    /// Returns the text that the event adds to the reply.
    fn text(_event: &Self::Event) -> Option<&str> {
        None
    }
}
