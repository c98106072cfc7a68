//! The models of Amazon Bedrock's resources and messages, as plain data.
//!
//! Every type is `Clone + Debug + PartialEq + Serialize + Deserialize`, and its JSON is AWS's wire JSON: it parses the
//! output of `aws bedrock …`, the responses of boto3 and the contents of invocation logs, and AWS accepts what it
//! writes. Times are ISO 8601, blobs base64, documents [`serde_json::Value`]. An enum keeps an unknown value, a union
//! an unknown member.
//!
//! ```
//! use bedrock_orm_models::{ContentBlock, Message};
//!
//! let message = Message::user("What's the weather in Queens, NY and Austin, TX?");
//! let json = serde_json::to_value(&message)?;
//! assert_eq!(json["content"][0]["text"], "What's the weather in Queens, NY and Austin, TX?");
//! let back: Message = serde_json::from_value(json)?;
//! assert_eq!(back.content, [ContentBlock::text("What's the weather in Queens, NY and Austin, TX?")]);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # Formats
//!
//! Any self-describing serde format that writes member names represents these types without loss: JSON, CBOR, YAML,
//! MessagePack with named members (`rmp_serde::to_vec_named`). Formats that write members by position (bincode,
//! postcard, MessagePack's compact form) do not: members that AWS omits are not written, so positions shift. TOML has
//! no null, which a document can contain.
//!
//! # Modules
//!
//! The types are generated from AWS's API description, one module per resource. Constructors and accessors are written
//! by hand. Nearly all types are also at the crate's root, except the few whose name AWS uses twice.
//!
//! # Features
//!
//! Without features, this crate needs no AWS SDK. `sdk-bedrock` and `sdk-bedrockruntime` add `From` the types of
//! `aws-sdk-bedrock` and `aws-sdk-bedrockruntime` for every type, and `From` or `TryFrom` to them for the types of
//! requests. The features of the [`providers`] add the typed bodies of `InvokeModel`.

#[cfg(test)]
mod arbitrary;
mod blob;
mod embedding;
mod field;
#[cfg(test)]
mod fuzz;
#[allow(clippy::large_enum_variant)] // unions are as large as AWS makes their members
mod generated;
mod methods;
mod model_body;
pub mod providers;
#[cfg(any(feature = "sdk-bedrock", feature = "sdk-bedrockruntime"))]
pub mod sdk;
mod text_value;
mod tokens;
mod usage;
#[doc(hidden)]
pub mod wire;

pub use blob::Blob;
pub use embedding::{Embedding, EmbeddingBody};
pub use field::{EachField, Field};
pub use generated::*;
/// The crate of the time types: `jiff::Timestamp`, `jiff::civil::date`.
pub use jiff;
pub use methods::caching::CacheUsage;
pub use methods::guardrail::GuardrailContent;
pub use methods::guardrail_report::{
    GuardrailFinding, GuardrailFindingAction, GuardrailPolicyKind, GuardrailReport,
};
pub use methods::message::Content;
pub use model_body::{AsyncModelBody, ModelBody, StreamedBody};
pub use text_value::TextValue;
pub use tokens::Tokens;
pub use usage::Usage;
