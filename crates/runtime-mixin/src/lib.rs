//! Invokes models: extension traits on [`Bound`](bedrock_orm_core::Bound) models, streams, and [`ConversationManager`],
//! which takes a model's ID.
//!
//! Use this crate through `bedrock-orm`, whose prelude has the traits.

mod apply_guardrail;
mod assembly;
mod async_invoke;
#[cfg(feature = "object-store")]
mod async_invoke_output;
#[cfg(all(feature = "object-store", feature = "control-plane"))]
mod batch;
mod bidirectional_stream;
mod caching;
mod chat;
mod close;
mod conversation_manager;
mod converse;
#[cfg(feature = "schema")]
mod converse_as;
mod converse_stream;
mod count_tokens;
mod demand;
mod fallback;
#[cfg(test)]
mod fuzz;
mod generated;
mod guardrail_checks;
mod guardrail_config;
mod invokable;
mod invoke;
mod invoke_model;
mod invoke_model_stream;
mod model_id;
pub mod preflight;
mod reasoning;
mod reply;
#[cfg(feature = "schema")]
mod schema;
#[cfg(feature = "object-store")]
mod store;
mod stream;
mod timed_call;
mod tools;
#[cfg(feature = "schema")]
mod typed;

#[cfg(feature = "control-plane")]
pub use apply_guardrail::ApplyExt;
pub use apply_guardrail::{ApplyGuardrail, ApplyGuardrailExt};
pub use async_invoke::{AsyncInvokeExt, IntoModelInput, ModelAsyncInvokes, StartAsyncInvoke};
#[cfg(feature = "object-store")]
pub use async_invoke_output::{AsyncInvokeOutputExt, OutputFile};
#[cfg(all(feature = "object-store", feature = "control-plane"))]
pub use batch::{
    Batch, BatchInput, BatchProgress, BatchQuotas, BatchRecord, BatchResults, BatchRun, BatchWait,
    BatchWatch, RecordError,
};
pub use bidirectional_stream::{
    BidirectionalReceiver, BidirectionalSender, BidirectionalStream, BidirectionalStreamExt,
};
pub use caching::point::{CacheLocation, CachePoint};
pub use caching::policy::CachePolicy;
pub use caching::report::{CacheMiss, CacheReport};
pub use chat::chat_stream::{ChatStream, ChatTextStream};
pub use chat::event::ChatEvent;
pub use chat::trim::TrimPolicy;
pub use chat::{Chat, ChatExt};
pub use close::CloseExt;
pub use conversation_manager::ConversationManager;
pub use converse::{Converse, ConverseExt};
#[cfg(feature = "schema")]
pub use converse_as::ConverseAsExt;
pub use converse_stream::{ConverseStream, TextStream};
pub use count_tokens::CountTokensExt;
pub use fallback::FailedAttempt;
pub use guardrail_checks::GuardrailChecksExt;
pub use invokable::{BoundModel, Invokable, Target};
pub use invoke::{Embed, EmbedExt, Embeddings, InvokeExt, TypedResponse, TypedStream, TypedTextStream};
pub use invoke_model::{InvokeModel, InvokeModelExt, InvokeModelResponse, ResponseStream};
pub use invoke_model_stream::InvokeModelStream;
#[cfg(feature = "control-plane")]
pub use model_id::in_use::{ModelsInUse, ModelsInUseExt};
#[cfg(feature = "control-plane")]
pub use model_id::invocable::{InvocableModel, ResolveExt};
#[cfg(feature = "control-plane")]
pub use model_id::resolved::{ResolvedModel, Routing};
pub use reply::Reply;
#[cfg(feature = "schema")]
pub use schema::schema_of;
pub use timed_call::TimedCall;
pub use tools::approval::Approval;
pub use tools::function::ToolFunction;
pub use tools::output::{IntoToolOutput, ToolOutput};
pub use tools::tool::Tool;
pub use tools::toolset::Toolset;
#[cfg(feature = "schema")]
pub use typed::{form::TypedForm, reply::Typed};
