//! What Amazon Bedrock's things *are*: models, guardrails, jobs, messages … as plain data.
//!
//! Every type is `Clone + Debug + PartialEq + Serialize + Deserialize`, and its JSON is AWS's own wire JSON: what
//! `aws bedrock …` prints, what boto3 returns and what invocation logs hold can be read into it, and what it writes AWS
//! accepts. Times are ISO-8601, blobs base64, documents [`serde_json::Value`]. An enum keeps a value that it does not
//! know, a union a member that it does not know.
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
//! Any serde format that describes itself and writes the names of members carries these types without loss: JSON, CBOR,
//! YAML, MessagePack with named members (`rmp_serde::to_vec_named`). Formats that write members by position (bincode,
//! postcard, MessagePack's compact form) do not: members that AWS leaves out are not written, so positions shift. TOML
//! has no null, which a document may contain.
//!
//! # Modules
//!
//! The types are generated, one noun a module, from AWS's API description; what is written by hand beside them are the
//! constructors that people reach for. Nearly all are found at the crate's root as well; the few whose name AWS gives
//! to two things are found in their modules only.
//!
//! # Features
//!
//! Without features this crate needs no AWS SDK. `sdk-bedrock` and `sdk-bedrockruntime` add `From` the types of
//! `aws-sdk-bedrock` and `aws-sdk-bedrockruntime` for every type, and `From` or `TryFrom` to theirs for the types that
//! requests hold.

#[cfg(test)]
mod arbitrary;
mod blob;
mod field;
#[allow(clippy::large_enum_variant)] // unions are as large as AWS makes their members
mod generated;
mod methods;
#[cfg(any(feature = "sdk-bedrock", feature = "sdk-bedrockruntime"))]
pub mod sdk;
mod text_value;
mod wire;

pub use blob::Blob;
pub use field::{EachField, Field};
pub use generated::*;
/// The crate that times are of: `jiff::Timestamp`, `jiff::civil::date`.
pub use jiff;
pub use methods::guardrail::GuardrailContent;
pub use methods::message::Content;
pub use text_value::TextValue;
