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
//! assert!(local.last("Converse").is_err());
//! # std::io::Result::Ok(())
//! # })?;
//! # std::io::Result::Ok(())
//! ```
//!
//! Each server has a port, a journal and resources of its own, so tests can run side by side. Dropping it stops it.
//! [`LocalBedrock::queue_reply`] chooses what the model says next, errors and broken streams included, and
//! [`LocalBedrockBuilder::reply_with`] what it says at all; [`LocalBedrock::fault`] plans a failure;
//! [`LocalBedrock::last`] finds what a client has sent, for expectations of one line;
//! [`LocalBedrock::advance`] moves the server's clock, so that no test need sleep; [`LocalBedrock::seed`] fills a list
//! with a thousand rows at once; [`LocalBedrock::builder`] has the settings. Leave the `cli` feature out of a test
//! dependency: it is for the program, and for scripts in TOML.
//!
//! # As a program
//!
//! `cargo install bedrock-orm-local`, then `bedrock-local --port 8080`. Its first line on standard output is
//! `listening on http://127.0.0.1:8080`; what it does is logged on standard error (`RUST_LOG` chooses how much).
//! Ctrl-C stops it. Its replies can come from elsewhere:
//!
//! ```sh
//! bedrock-local --script replies.toml
//! bedrock-local --playback exchanges.jsonl --playback-only
//! bedrock-local --upstream http://127.0.0.1:11434/v1 --upstream-model "anthropic.*=llama3.2"
//! ```
//!
//! # Clients
//!
//! Both services, the control plane and the runtime, share one address. Any credentials will do, none included, unless
//! the server was given keys of its own ([`LocalBedrockBuilder::access_key`], `--access-key`, `--bearer-token`); the
//! region is the one that a request is signed for, and each region has resources of its own.
//!
//! | Client | How |
//! |---|---|
//! | All of AWS's, by environment | `AWS_ENDPOINT_URL=http://127.0.0.1:8080`, or `AWS_ENDPOINT_URL_BEDROCK` and `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` |
//! | boto3 | `boto3.client("bedrock-runtime", endpoint_url="http://127.0.0.1:8080")` |
//! | AWS CLI | `aws bedrock list-foundation-models --endpoint-url http://127.0.0.1:8080` |
//! | Rust SDK | `aws_config::from_env().endpoint_url("http://127.0.0.1:8080")` |
//!
//! # Failure on demand
//!
//! A [`Fault`] is planned in Rust, by an admin route or on the page. It strikes the requests that fit it: of an operation,
//! for a model, so many times, after so many others, or a part of them by a seed. The first that fits a request strikes;
//! pauses ([`Fault::latency`]) and quotas that are not used up leave it to the others, too. Every fault counts every
//! request that fits it, struck or not. Replayed in the same order, the same requests are struck.
//!
//! What refuses a request ([`Fault::error`], quotas) keeps it from being performed. All others spoil the answer of an
//! operation that has been performed. Refused connections are accepted and reset at once. A reset over HTTP/2 is that of
//! its stream.
//!
//! # For tests in other languages: `/_local/`
//!
//! In a browser, `/_local/` is a page that shows what comes in and goes out, streams event by event, and switches faults on
//! and off. Behind it are routes for whoever speaks HTTP; they answer in JSON, `{"error": "…"}` when something is wrong.
//! What comes from another site's page is refused, and so is a public host name.
//!
//! | Route | Takes | Gives |
//! |---|---|---|
//! | `GET /_local/health` | | `status`, `version`, `now`, and how many `requests` and `faults` there are |
//! | `GET /_local/requests` | `?operation=`, `?after=` an id, `?limit=` | `requests`: the journal, oldest first |
//! | `GET /_local/requests/ID` | | one of them |
//! | `DELETE /_local/requests` | | |
//! | `GET /_local/faults` | | `faults`: those planned, with their `id`, and of how many `seen` requests they `struck` |
//! | `POST /_local/faults` | a [`Fault`] or a list: `{"fault": "error", "code": "ThrottlingException", "operation": "Converse", "times": 3}` | `faults`: those just planned |
//! | `DELETE /_local/faults`, `…/ID` | | |
//! | `POST /_local/replies` | a [`Reply`] or a list: `{"text": "Paris."}`, `{"content": […]}`, `{"error": {"code", "message"}}`, `{"stream_error": {"code", "message", "after_events"}}`, with `stop_reason`, `cut_after` or `stall_after` | how many were `queued` |
//! | `GET /_local/clock` | | `now` |
//! | `POST /_local/clock` | `{"advance_ms": 60000}` | `now` |
//! | `POST /_local/seed` | `{"list": "ListImportedModels", "rows": […]}`, with a `region` or without | how many were `seeded` |
//! | `POST /_local/reset` | | everything is as it was at the start: resources, journal, replies, clock, ids, faults |
//!
//! A request of the journal has `id`, `received`, `operation`, `method`, `path`, `query`, `headers`, `body`, `status` (0 where
//! a fault kept back the answer), `faults` and `answer`: its `headers`, `bytes_sent`, and `body` or, of a stream, `events`:
//! `{"event": "messageStart", "payload": {…}}`, `{"error": "throttlingException", "message": "…"}`, `{"broken": "why"}`. The
//! last thousand are kept, 64 MiB in all and 1 MiB of an answer. Signatures and tokens are not shown.
//!
//! What each fault takes beside `operation`, `model`, `after`, `times`, `probability` and `seed`:
//!
//! | `fault` | Takes |
//! |---|---|
//! | `error` | `code`, and `message`, `status`, `retry_after_ms` |
//! | `requests_per_second`, `tokens_per_minute` | `limit` |
//! | `latency` | `ms` |
//! | `drip` | `bytes`, `every_ms` |
//! | `refuse_connections` | `times` must be told here |
//! | `reset`, `stall`, `truncate` | `at`: `"before_headers"`, `{"after_bytes": 10}`, `{"after_events": 2}`, `{"in_event": 2}` |
//! | `wrong_checksum` | `of`: `prelude` or `message`; `after_events` |
//! | `exception`, `error_frame` | `code`, and `message`, `after_events` |
//! | `unknown_event` | `after_events` |
//! | `unknown_fields`, `unknown_enum_values`, `unknown_union_members` | |
//! | `empty_page`, `repeated_token` | |
//! | `content_type` | `value` |
//! | `broken_json` | |
//! | `oversized` | `bytes` |
//!
//! # What is served
//!
//! All operations of both services: 108 of the control plane, 11 of the runtime. `InvokeModel` speaks each maker's own
//! format for models of text, embeddings and images; models of video are invoked asynchronously, and those that rerank
//! answer 501 `NotImplementedException`. Facts for
//! which the description has no value (`VIDEO`, `INFERENCE_PROFILE`) are left out of the models' answers.
//!
//! Nothing is read from or written to SageMaker, KMS or IAM: what a request names there is taken for granted. A folder
//! can stand for S3 ([`LocalBedrockBuilder::bucket_folder`], `--buckets`).
//!
//! # The rules
//!
//! Nothing is left to chance: the same requests in the same order get the same answers, but for times.
//!
//! **Keys.** Once there are any, a call needs a signature (SigV4, in the header or presigned) of a key that is known,
//! not more than five minutes off the machine's clock, or a bearer token that is known, or a short-term API key made of
//! a known key; all else is answered 403 as AWS answers it. (boto3 bears its token over HTTPS alone.) The events of a signed bidirectional stream are held to
//! their signatures. What no operation has as its path is unknown before anyone asks for keys.
//!
//! **Limits.** A body may have 36 MiB and a minute to arrive, headers 64 KiB, and 512 connections be open, or as many as the
//! builder or `--max-connections` say; one more is told `ServiceUnavailableException`. It listens on loopback alone,
//! unless it is told in so many words to be open to the network.
//!
//! **Models.** A runtime operation takes a model's id or ARN, a system-defined inference profile (`us.`, `eu.`,
//! `global.` … and a model's id, or its ARN), and the ARN of whatever was created here: application profiles (by their
//! id, too), prompt routers, custom models and their deployments, provisioned throughputs, imported models and
//! marketplace endpoints. For the last two, and for stored prompts, another model speaks. What is not there is not
//! found, what is not ready yet is refused. A model that only profiles reach refuses its plain id, and unknown ones are
//! invalid, as on AWS.
//!
//! **Who replies.** Of these the first that knows a reply: queued [`Reply`]s, then recorded exchanges ([`Playback`]), then
//! the [`Replier`]s in the order in which they were given to the builder: functions, a [`Script`] of rules, a model behind
//! an OpenAI-compatible server ([`Upstream`]), types of your own. All of them serve Converse, InvokeModel in every
//! maker's format, and both as streams. What is played back is neither validated nor changed; all else is held to the
//! description, and guardrails look at it whole before any of it leaves. Batch jobs and bidirectional streams ask no
//! replier.
//!
//! **The echo.** Where nobody knows a reply the model says back the last user turn, its attachments and its first
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
//! Grounding is the share of the answer's words of four letters or more that are in the grounding source, relevance the
//! share of the query's that are in the answer; both want a source and a query that are marked (`qualifiers`). A stream
//! is held back until its guardrails have seen all of it; asynchronously it runs ahead, unmasked, and breaks off at the
//! word that blocks, the message in its place. The account's enforced guardrail applies to every call of its models
//! beside the request's own, and looks at all texts unless it is told to be selective. Automated reasoning is kept, and
//! finds nothing yet.
//!
//! **Embeddings.** Vectors have the asked size and length one. Texts that share words are nearer to each other.
//!
//! **Images.** A real PNG of the asked size, two colours in a pattern, the same for the same text and seed; where another
//! format is asked for, a PNG all the same.
//!
//! **Time.** Whatever takes its time is under way for two seconds of the server's clock, or as long as the builder was
//! told, and passes through its statuses at equal steps: a batch inference job is `Submitted`, `Validating`, `Scheduled`,
//! `InProgress`, `Completed`; a deployment `Creating`, `Active`; a stopped job `Stopping`, `Stopped`; a deleted one
//! `Deleting` until it is gone. What a job makes is there when the job is done: an import job's imported model, a
//! customization or copy job's custom model.
//!
//! **Files**, where a folder stands for S3. An asynchronous invocation that is done has written what its model writes into
//! the folder of its output URI: `output.mp4` (a container without a picture), `video-generation-status.json` and
//! shots for Nova Reel, `embedding-text.jsonl` and `segmented-embedding-result.json` for Nova's embeddings, `output.json`
//! for Marengo, `manifest.json` for all. A batch inference job answers each line of its input (a `.jsonl`, or all
//! of a folder) in a `.jsonl.out` and counts in `manifest.json.out`, both in a folder named by the job's id; the model
//! echoes there, queued replies are kept. Where there is no input, it is as if there had been a hundred good records.
//! Paths with `..` and links are refused.
//!
//! **Failure.** A job or model that has `fail` in its name, in whatever case, ends as `Failed`, with its reason. An
//! asynchronous invocation fails by its token, a build workflow by its document's name, and a test of an automated
//! reasoning policy finds the contrary of what is expected where the case's content has `fail` in it.
//!
//! **Names.** Where two things of a name could not be told apart, or `Create…` knows a `ConflictException`, names are
//! unique within a region. A thing is found by its id, its name or its ARN as far as the pattern of the key allows.
//!
//! **Tokens of idempotency.** The same one with the same request gets the first answer again; with another request it
//! is a conflict. An operation answers with no exception that its description does not list: a conflict where there is
//! no `ConflictException` is a `ValidationException`.
//!
//! **Lists.** Every filter of the description works; `Contains` minds the case. They come newest first where they can
//! be sorted, but for evaluation jobs; otherwise oldest first. A page has a hundred rows, or as many as `maxResults`
//! or the builder say, and never more than its shape allows: five evaluation jobs, one enforced guardrail.
//!
//! **There from the beginning**: the system-defined inference profiles of the region's geography and the global ones,
//! and two default prompt routers.
//!
//! **Agreements.** Amazon's models need none. Of the others there is one offer each; until it is agreed to,
//! `GetFoundationModelAvailability` says `NOT_AVAILABLE`. The models can be called all the same.
//!
//! **Speech.** A bidirectional stream answers each event of Nova Sonic's with one: `sessionStart` and `sessionEnd` with
//! `usageEvent`, `promptStart` with `completionStart`, `contentStart`, `textInput`, `audioInput` and `contentEnd` with
//! `contentStart`, `textOutput`, `audioOutput` and `contentEnd`, `promptEnd` with `completionEnd`. A queued [`Reply`] is
//! said to the first text; its errors and breaks work as in other streams.
//!
//! **Streams** are framed and padded as AWS's: texts word by word, tool input in fragments, usage at the end. An
//! upstream's are passed on piece by piece as they arrive; where it breaks off, a `modelStreamErrorException` ends the
//! stream, and who hangs up here hangs up there.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod activity;
mod admin;
mod answer;
mod auth;
mod buckets;
mod catalogue;
mod clock;
mod connection;
mod connections;
mod constraints;
mod description;
mod duplex;
mod error;
mod event_stream;
mod expectations;
mod faults;
#[cfg(test)]
mod fuzz;
mod guardrails;
mod hosts;
mod ids;
mod journal;
mod local;
mod local_bedrock;
mod makers;
mod model;
mod nouns;
mod operations;
mod outgoing;
mod repliers;
mod reply;
mod reply_form;
mod request;
mod routing;
mod server;
mod socket;
mod state;
mod store;

/// The attribute that implementations of [`Replier`] wear.
pub use async_trait::async_trait;
pub use expectations::Unmet;
pub use faults::{At, Checksum, Fault, PlannedFault};
pub use journal::{RecordedAnswer, RecordedEvent, RecordedRequest};
pub use local_bedrock::{LocalBedrock, LocalBedrockBuilder};
pub use repliers::Replier;
pub use repliers::conversation::{Conversation, Embedding};
pub use repliers::playback::Playback;
pub use repliers::script::{Condition, Script, When};
pub use repliers::upstream::Upstream;
pub use reply::Reply;
