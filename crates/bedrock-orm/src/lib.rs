//! An ORM for Amazon Bedrock. Bedrock's resources are models with managers and lazy querysets, and foundation models
//! can be invoked.
//!
//! ```
//! use bedrock_orm::prelude::*;
//!
//! # async fn tour(session: &Session, guardrail_id: &str) -> bedrock_orm::Result<()> {
//! let model = FoundationModel::objects().using(session).get("amazon.nova-pro-v1:0").await?;
//! let guardrail = Guardrail::objects().using(session).get((guardrail_id, "1")).await?;
//!
//! let reply = model
//!     .converse("Give me three short deployment safety checks.")
//!     .system("Answer with concise bullet points.")
//!     .guardrail(&guardrail)
//!     .await?;
//! println!("{}", reply.text());
//!
//! let mut text = model.converse_stream("Stream a one sentence release note.").await?.text();
//! while let Some(piece) = text.next().await {
//!     print!("{}", piece?);
//! }
//! # Ok(())
//! # }
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let local = bedrock_orm_local::LocalBedrock::start().await?;
//! # let session = Session::local(local.url())?;
//! # let guardrails = Guardrail::objects().using(&session);
//! # let created = guardrails
//! #     .create(bedrock_orm::models::CreateGuardrailRequest::new("g", "no", "no").word_policy_config(
//! #         bedrock_orm::models::GuardrailWordPolicyConfig::default()
//! #             .words_config([bedrock_orm::models::GuardrailWordConfig::new("zebra")]),
//! #     ))
//! #     .await?;
//! # guardrails.create_version(created.guardrail_id.as_str(), Default::default()).await?;
//! # tour(&session, &created.guardrail_id).await?;
//! # Ok(())
//! # }
//! ```
//!
//! - **Querying** starts with `objects()`. Its [`Manager`] gets a resource, or lists resources as a lazy [`QuerySet`].
//!   [`using`](Manager::using) takes a [`Session`] or the name of a registered one. Without it, the default session is
//!   used, which is loaded from the environment.
//! - **Invoking** uses the methods of bound models. Managers return [`Bound`] models, which know their session.
//!   The methods are `converse`, `converse_stream`, `count_tokens`, `invoke_model`, `invoke_model_with_response_stream`,
//!   `start_async_invoke`, `get_async_invoke`, `list_async_invokes`, `apply_guardrail` and `close`.
//!   [`ConversationManager`] has the same methods, with a model's ID in each call.
//! - **Models** are plain data, whose JSON is AWS's own. See [`models`].
//! - **Errors** are one type, [`Error`], with AWS's message and request ID, and a hint if the message does not say what
//!   to do.
//! - **Futures** own their data, so you can spawn them. Only the methods of streams, such as `next`, borrow.
//!
//! To run and test without AWS, create a session for a local Bedrock (the crate `bedrock-orm-local`):
//! `Session::local(local.url())`.
//!
//! # Features
//!
//! - `control-plane` (on by default): foundation models, guardrails and the other resources. Without it,
//!   `aws-sdk-bedrock`, which takes most of the compile time, is not needed. You can still invoke models with
//!   `FoundationModel::with_id("…").using(&session)` and [`ConversationManager`].
//! - `providers`: typed bodies for `invoke`, of all providers. A feature for each provider has only its own, see
//!   [`models::providers`].
//! - `otel`: metrics of calls by OpenTelemetry's conventions, through the global meter provider. Spans need no feature.
//! - `schema`: [`Tool::new`] and `converse_as`, whose inputs and replies are Rust types. It needs `schemars`, in your
//!   crate too.
//! - `mcp`: `Tool::all_of_mcp_server`, the tools of a server of the Model Context Protocol. It adds the crate `rmcp`, which is
//!   re-exported, without a transport: you choose it.
//! - `object-store`: `Batch`, and the output files of asynchronous invocations. It adds the crate `object_store`, which is
//!   re-exported, without an HTTP client: you choose the store.

pub use bedrock_orm_core::{
    Bound, Error, ErrorKind, Ledger, LedgerRow, LedgerSnapshot, Limiter, Money, Partial, Price, Prices,
    Resource, Result, RetryPolicy, Session, SessionBuilder, SessionChoice, TokenQuota,
};
#[cfg(feature = "control-plane")]
pub use bedrock_orm_managers::relations;
pub use bedrock_orm_managers::{
    BulkItem, BulkReport, FullSet, GroupBy, Groups, Manager, Objects, Page, Pages, Plan, Pushed, QuerySet,
    Relation, Rows, Values, Wait, Watch, aggregates, lookups, resources,
};
pub use bedrock_orm_models as models;
pub use bedrock_orm_models::jiff;
pub use bedrock_orm_runtime_mixin::{
    ApplyGuardrail, Approval, BidirectionalReceiver, BidirectionalSender, BidirectionalStream, BoundModel,
    Chat, ChatEvent, ChatStream, ChatTextStream, ConversationManager, Converse, ConverseStream, Embed,
    Embeddings, FailedAttempt, IntoModelInput, IntoToolOutput, Invokable, InvokeModel, InvokeModelResponse,
    InvokeModelStream, ModelAsyncInvokes, Reply, ResponseStream, StartAsyncInvoke, Target, TextStream,
    TimedCall, Tool, ToolFunction, ToolOutput, Toolset, TrimPolicy, TypedResponse, TypedStream,
    TypedTextStream, preflight,
};

#[cfg(feature = "object-store")]
pub use bedrock_orm_runtime_mixin::OutputFile;
#[cfg(all(feature = "object-store", feature = "control-plane"))]
pub use bedrock_orm_runtime_mixin::{
    Batch, BatchInput, BatchProgress, BatchQuotas, BatchRecord, BatchResults, BatchRun, BatchWait,
    BatchWatch, RecordError,
};
pub use bedrock_orm_runtime_mixin::{CacheLocation, CacheMiss, CachePoint, CachePolicy, CacheReport};
#[cfg(feature = "object-store")]
pub use object_store;
#[cfg(feature = "mcp")]
pub use rmcp;

#[cfg(feature = "control-plane")]
pub use bedrock_orm_runtime_mixin::{InvocableModel, ModelsInUse, ResolvedModel, Routing};

#[cfg(feature = "schema")]
pub use bedrock_orm_runtime_mixin::{Typed, TypedForm, schema_of};

/// The extension traits of bound models, by name. The [`prelude`] has their methods.
pub mod extensions {
    pub use bedrock_orm_core::UsingExt;
    #[cfg(feature = "control-plane")]
    pub use bedrock_orm_managers::TagsExt;
    #[cfg(feature = "control-plane")]
    pub use bedrock_orm_managers::extensions::*;
    pub use bedrock_orm_managers::{DeleteExt, FullExt, RefreshExt, StopExt, UpdateExt, WaitExt};
    #[cfg(feature = "object-store")]
    pub use bedrock_orm_runtime_mixin::AsyncInvokeOutputExt;
    #[cfg(feature = "schema")]
    pub use bedrock_orm_runtime_mixin::ConverseAsExt;
    #[cfg(feature = "control-plane")]
    pub use bedrock_orm_runtime_mixin::{ApplyExt, ModelsInUseExt, ResolveExt};
    pub use bedrock_orm_runtime_mixin::{
        ApplyGuardrailExt, AsyncInvokeExt, BidirectionalStreamExt, ChatExt, CloseExt, ConverseExt,
        CountTokensExt, EmbedExt, GuardrailChecksExt, InvokeExt, InvokeModelExt,
    };
}

/// The types and traits that most programs need: `use bedrock_orm::prelude::*;`.
///
/// The prelude exports the types that programs name, and the extension traits as `_`: their methods are available, but
/// their names cannot clash with yours. To name a trait, import it from [`extensions`].
pub mod prelude {
    #[cfg(feature = "control-plane")]
    pub use bedrock_orm_managers::resources::AnyModel;
    #[cfg(feature = "control-plane")]
    pub use bedrock_orm_models::GuardrailSummary;
    pub use bedrock_orm_models::{
        AsyncInvokeSummary, ContentBlock, ConverseRequest, ConverseResponse, ConverseStreamOutput,
        CountTokensInput, GuardrailConfiguration, InferenceConfiguration, Message, StopReason,
        SystemContentBlock, ToolChoice, ToolConfiguration, ToolResultBlock, ToolSpecification, ToolUseBlock,
    };

    pub use bedrock_orm_core::{Bound, Error, ErrorKind, Session};
    pub use bedrock_orm_managers::lookups::Q;
    pub use bedrock_orm_managers::resource_types::*;
    pub use bedrock_orm_runtime_mixin::{Chat, ConversationManager, Reply, Tool};

    pub use bedrock_orm_core::UsingExt as _;
    #[cfg(feature = "control-plane")]
    pub use bedrock_orm_managers::TagsExt as _;
    #[cfg(feature = "control-plane")]
    #[doc(hidden)]
    pub use bedrock_orm_managers::extensions_prelude::*;
    pub use bedrock_orm_managers::lookups::{
        CollectionLookups as _, CompareLookups as _, Expression as _, ListLookups as _, MapLookups as _,
        Single as _, TextLookups as _, TimeLookups as _,
    };
    pub use bedrock_orm_managers::resources::{HasStatus as _, Progress as _};
    pub use bedrock_orm_managers::{
        DeleteExt as _, FullExt as _, Objects as _, RefreshExt as _, StopExt as _, UpdateExt as _,
        WaitExt as _,
    };
    #[cfg(feature = "object-store")]
    pub use bedrock_orm_runtime_mixin::AsyncInvokeOutputExt as _;
    #[cfg(feature = "schema")]
    pub use bedrock_orm_runtime_mixin::ConverseAsExt as _;
    #[cfg(feature = "control-plane")]
    pub use bedrock_orm_runtime_mixin::{ApplyExt as _, ModelsInUseExt as _, ResolveExt as _};
    pub use bedrock_orm_runtime_mixin::{
        ApplyGuardrailExt as _, AsyncInvokeExt as _, BidirectionalStreamExt as _, ChatExt as _,
        CloseExt as _, ConverseExt as _, CountTokensExt as _, EmbedExt as _, GuardrailChecksExt as _,
        InvokeExt as _, InvokeModelExt as _,
    };
}
