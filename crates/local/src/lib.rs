//! A local Amazon Bedrock: a server on loopback that speaks AWS's wire, so that code which talks to Bedrock can be
//! run and tested without an AWS account, a network or a bill.
//!
//! It is built from AWS's API description (operations, shapes, constraints, HTTP bindings) and held to recorded
//! traffic, and it depends on no AWS SDK: what it answers is what any client of Bedrock sees. No request that the
//! description forbids is accepted, and no answer that it forbids leaves.
//!
//! # In a test
//!
//! ```
//! use bedrock_orm_local::{LocalBedrock, Reply};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let local = LocalBedrock::start().await?;
//! local.queue_reply(Reply::text("Paris."));
//! println!("point your client at {}", local.url());
//! // … let it converse, and look at what it sent:
//! assert!(local.requests().is_empty());
//! # std::io::Result::Ok(())
//! # })?;
//! # std::io::Result::Ok(())
//! ```
//!
//! Each server has a port, a journal and resources of its own, so tests can run side by side. Dropping it stops it.
//! [`LocalBedrock::queue_reply`] chooses what the model says next, errors and broken streams included;
//! [`LocalBedrock::advance`] moves the server's clock, so that no test need sleep; [`LocalBedrock::builder`] has the
//! settings. Leave the `cli` feature out of a test dependency: it is for the program alone.
//!
//! # As a program
//!
//! `cargo install bedrock-orm-local`, then `bedrock-local --port 8080`. Its first line on standard output is
//! `listening on http://127.0.0.1:8080`; what it does is logged on standard error (`RUST_LOG` chooses how much).
//! Ctrl-C stops it.
//!
//! # Clients
//!
//! Both services, the control plane and the runtime, share one address. Any credentials will do, none included; the
//! region is the one that a request is signed for, and each region has resources of its own.
//!
//! | Client | How |
//! |---|---|
//! | All of AWS's, by environment | `AWS_ENDPOINT_URL=http://127.0.0.1:8080`, or `AWS_ENDPOINT_URL_BEDROCK` and `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` |
//! | boto3 | `boto3.client("bedrock-runtime", endpoint_url="http://127.0.0.1:8080")` |
//! | AWS CLI | `aws bedrock list-foundation-models --endpoint-url http://127.0.0.1:8080` |
//! | Rust SDK | `aws_config::from_env().endpoint_url("http://127.0.0.1:8080")` |
//!
//! # What is served
//!
//! - Models: `ListFoundationModels`, `GetFoundationModel`, `GetFoundationModelAvailability`, over a catalogue of real
//!   models. Facts for which the description has no value (`VIDEO`, `INFERENCE_PROFILE`) are left out of answers.
//! - Guardrails: `CreateGuardrail`, `CreateGuardrailVersion`, `GetGuardrail`, `ListGuardrails`, `UpdateGuardrail`,
//!   `DeleteGuardrail`, `ApplyGuardrail`; `ListTagsForResource`, `TagResource`, `UntagResource`.
//! - Conversations: `Converse`, `ConverseStream`, `CountTokens`.
//! - Raw invocations: `InvokeModel`, `InvokeModelWithResponseStream`, each maker's text and embedding models in the
//!   maker's own format.
//! - Asynchronous invocations: `StartAsyncInvoke`, `GetAsyncInvoke`, `ListAsyncInvokes`.
//!
//! Every other operation of the two services answers 501 `NotImplementedException`, and says which it is.
//!
//! # The rules
//!
//! Nothing is left to chance: the same requests in the same order get the same answers, but for times.
//!
//! **Models.** A runtime operation takes a model's id or ARN, an inference profile (`us.`, `eu.`, `global.` … and a
//! model's id, or its ARN), and ARNs of custom models. Where an ARN does not tell the model behind it, another
//! speaks for it. A model that only profiles reach refuses its plain id, and unknown ones are invalid, as on AWS.
//!
//! **Replies.** Without a queued [`Reply`] the model says back the last user turn, its attachments and its first
//! instruction, cut by `maxTokens` and stop sequences. With a JSON schema for the output it answers a value of that
//! schema. Where reasoning is switched on, a signed thought comes first.
//!
//! **Tools.** A tool choice of `any` or of a named tool always calls. Otherwise a tool is called when the last turn
//! holds no tool result and its text mentions a telling word of the tool's name: `get_weather` by "weather". The
//! input is made from the tool's schema: its constants, defaults and enums, and names (words with a capital) and
//! numbers from the text. A tool that requires one string is called once for each name, one that requires two once for
//! each pair, up to four times: two cities are two parallel calls. Tool results, in whatever order, are told back.
//!
//! **Tokens.** A run of letters or digits is a token for every six characters begun; every other visible character
//! is one. An image is 1,000, a video 5,000, other bytes one for every four. `CountTokens` and `usage` agree.
//! Cache points: what stands before the last one is written once, then read for five minutes (or the hour asked for)
//! by the server's clock.
//!
//! **Guardrails.** Words are found as whole words, whatever their case; `PROFANITY` is a short list. A denied topic is
//! found when all telling words of its name are in the text, or one of its examples is. A content filter knows a
//! short list of words: one found is MEDIUM confidence, two are HIGH. E-mail addresses, telephone, social security
//! and card numbers, IP and MAC addresses, URLs and some others are found by pattern; names and the like are not.
//! Contextual grounding and automated reasoning are kept, and find nothing yet.
//!
//! **Embeddings.** Vectors have the asked size and length one. Texts that share words are nearer to each other.
//!
//! **Asynchronous invocations** are `InProgress` for two seconds, or as long as the builder was told, then `Completed`.
//! Nothing is written to the bucket.
//!
//! **Streams** are framed and padded as AWS's: texts word by word, tool input in fragments, usage at the end.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod answer;
mod catalogue;
mod clock;
mod constraints;
mod description;
mod duplex;
mod error;
mod event_stream;
mod guardrails;
mod ids;
mod journal;
mod local;
mod local_bedrock;
mod makers;
mod model;
mod nouns;
mod operations;
mod reply;
mod request;
mod routing;
mod server;
mod state;
mod store;

pub use journal::RecordedRequest;
pub use local_bedrock::{LocalBedrock, LocalBedrockBuilder};
pub use reply::Reply;
