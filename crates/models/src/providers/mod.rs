//! The providers' bodies of `InvokeModel`, typed.
//!
//! A request type implements [`ModelBody`](crate::ModelBody), [`StreamedBody`](crate::StreamedBody) if its model streams,
//! and [`EmbeddingBody`](crate::EmbeddingBody) if it returns the vectors of texts. All types are plain data, whose JSON is
//! the provider's. What they do not know is kept: a member in `additional`, a value or an object in `Unknown`.
//!
//! The feature `providers` has all of them. Each provider has a feature of its own:
//!
//! | feature | requests |
//! |---|---|
//! | `ai21` | `ChatCompletions` |
//! | `amazon` | `NovaMessages`, `NovaReel`, `SonicInput` and `SonicOutput`, `NovaEmbedding`, `AmazonImages`, `TitanText`, `TitanEmbedding`, `TitanMultimodalEmbedding`, `Rerank` |
//! | `anthropic` | `ClaudeMessages`, `ClaudeCompletion` |
//! | `cohere` | `CohereChat`, `CohereText`, `CohereEmbedding`, `Rerank` |
//! | `deepseek` | `ChatCompletions`, `DeepSeekText` |
//! | `luma` | `LumaRay` |
//! | `meta` | `LlamaText` |
//! | `mistral` | `ChatCompletions`, `MistralText` |
//! | `openai`, `qwen` | `ChatCompletions` |
//! | `stability` | `StabilityImage` |
//! | `twelvelabs` | `Marengo`, `Pegasus` |

#[cfg(feature = "amazon")]
mod amazon_images;
#[cfg(feature = "anthropic")]
mod anthropic;
#[cfg(feature = "anthropic")]
mod anthropic_text;
#[cfg(feature = "chat")]
mod chat;
#[cfg(feature = "cohere")]
mod cohere;
#[cfg(feature = "cohere")]
mod cohere_embeddings;
#[cfg(feature = "cohere")]
mod cohere_text;
#[cfg(feature = "body")]
#[cfg_attr(not(feature = "providers"), allow(dead_code, unused_imports, unused_macros))]
// each provider needs some
mod data;
#[cfg(feature = "deepseek")]
mod deepseek;
#[cfg(feature = "meta")]
mod llama;
#[cfg(feature = "luma")]
mod luma;
#[cfg(feature = "twelvelabs")]
mod marengo;
#[cfg(feature = "mistral")]
mod mistral;
#[cfg(feature = "amazon")]
mod nova;
#[cfg(feature = "amazon")]
mod nova_embeddings;
#[cfg(feature = "amazon")]
mod nova_reel;
#[cfg(feature = "amazon")]
mod nova_sonic;
#[cfg(feature = "amazon")]
mod nova_sonic_conversation;
#[cfg(feature = "twelvelabs")]
mod pegasus;
#[cfg(any(feature = "amazon", feature = "cohere"))]
mod rerank;
#[cfg(feature = "stability")]
mod stability;
#[cfg(feature = "amazon")]
mod titan;
#[cfg(feature = "twelvelabs")]
mod twelvelabs;

#[cfg(feature = "amazon")]
pub use amazon_images::*;
#[cfg(feature = "anthropic")]
pub use anthropic::*;
#[cfg(feature = "anthropic")]
pub use anthropic_text::*;
#[cfg(feature = "chat")]
pub use chat::*;
#[cfg(feature = "cohere")]
pub use cohere::*;
#[cfg(feature = "cohere")]
pub use cohere_embeddings::*;
#[cfg(feature = "cohere")]
pub use cohere_text::*;
#[cfg(feature = "deepseek")]
pub use deepseek::*;
#[cfg(feature = "meta")]
pub use llama::*;
#[cfg(feature = "luma")]
pub use luma::*;
#[cfg(feature = "twelvelabs")]
pub use marengo::*;
#[cfg(feature = "mistral")]
pub use mistral::*;
#[cfg(feature = "amazon")]
pub use nova::*;
#[cfg(feature = "amazon")]
pub use nova_embeddings::*;
#[cfg(feature = "amazon")]
pub use nova_reel::*;
#[cfg(feature = "amazon")]
pub use nova_sonic::*;
#[cfg(feature = "amazon")]
pub use nova_sonic_conversation::*;
#[cfg(feature = "twelvelabs")]
pub use pegasus::*;
#[cfg(any(feature = "amazon", feature = "cohere"))]
pub use rerank::*;
#[cfg(feature = "stability")]
pub use stability::*;
#[cfg(feature = "amazon")]
pub use titan::*;
#[cfg(feature = "twelvelabs")]
pub use twelvelabs::*;
