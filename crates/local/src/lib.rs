//! A local Amazon Bedrock for tests: an HTTP server on the loopback interface that implements AWS's API. Code that uses
//! Bedrock can run against it without an AWS account, a network, or costs.
//!
//! The server is built from AWS's API description (operations, shapes, constraints, HTTP bindings) and tested against
//! recorded traffic. Every client of Bedrock can use it; it does not depend on an AWS SDK itself. It rejects every
//! request that the description does not allow, and never sends a response that the description does not allow.
//!
//! # In tests
//!
//! ```
//! use bedrock_orm_local::{LocalBedrock, Reply};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let local = LocalBedrock::start().await?;
//! local.queue_reply(Reply::text("Paris."));
//! println!("point your client at {}", local.url());
//! // … let the client send a request, then check what it sent:
//! assert!(local.requests().is_empty());
//! assert!(local.last("Converse").is_err());
//! # std::io::Result::Ok(())
//! # })?;
//! # std::io::Result::Ok(())
//! ```
//!
//! Each server has its own port, journal, and resources, so tests can run in parallel. Dropping a server stops it.
//!
//! - [`LocalBedrock::queue_reply`] sets the next reply of a model, which can be an error or a broken stream.
//! - [`LocalBedrockBuilder::reply_with`] sets all replies.
//! - [`LocalBedrock::fault`] simulates a failure.
//! - [`LocalBedrock::last`] returns the last request of an operation, for expectations in one line.
//! - [`LocalBedrock::advance`] moves the server's clock, so that no test has to sleep.
//! - [`LocalBedrock::seed`] inserts many resources at once.
//! - [`LocalBedrock::builder`] has the settings.
//!
//! A test dependency does not need the `cli` feature. That feature is for the program and for scripts in TOML.
//!
//! # As a program
//!
//! Install it with `cargo install bedrock-orm-local`, and start it with `bedrock-local --port 8080`. The first line on
//! standard output is `listening on http://127.0.0.1:8080`. The log goes to standard error; `RUST_LOG` sets its level.
//! Ctrl-C stops the server. Options set where replies come from:
//!
//! ```sh
//! bedrock-local --script replies.toml
//! bedrock-local --playback exchanges.jsonl --playback-only
//! bedrock-local --upstream http://127.0.0.1:11434/v1 --upstream-model "anthropic.*=llama3.2"
//! ```
//!
//! # Clients
//!
//! The control plane and the runtime have the same address, over HTTP/1.1 and HTTP/2. Requests may have any
//! credentials, or none, unless the server has [keys](#keys). The region of a request is the one in its signature. Each
//! region has its own resources.
//!
//! | Client | Setting |
//! |---|---|
//! | All clients of AWS, by environment | `AWS_ENDPOINT_URL=http://127.0.0.1:8080`, or `AWS_ENDPOINT_URL_BEDROCK` and `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` |
//! | boto3 | `boto3.client("bedrock-runtime", endpoint_url="http://127.0.0.1:8080")` |
//! | AWS CLI | `aws bedrock list-foundation-models --endpoint-url http://127.0.0.1:8080` |
//! | SDK for JavaScript | `new BedrockRuntimeClient({ endpoint: "http://127.0.0.1:8080", region: "us-east-1" })` |
//! | SDK for Rust | `aws_config::from_env().endpoint_url("http://127.0.0.1:8080")` |
//!
//! The server accepts these host names: IP addresses, `localhost` and names below it, and AWS's host names of the two
//! services, for clients that use the server as a proxy. Other names, such as the name of a service in Docker Compose,
//! must be allowed ([`LocalBedrockBuilder::allow_host`], `--allow-host NAME`). A request with any other host name gets
//! a 403 `AccessDeniedException`. So does a request that a browser sends for a page of another site (`Origin`,
//! `Sec-Fetch-Site`). Therefore no web site can use the server through a browser on the same machine, and DNS rebinding
//! cannot read its responses.
//!
//! # Replies
//!
//! The same requests in the same order get the same responses, except for times.
//!
//! ## Sources of replies
//!
//! A reply comes from the first of these sources that has one:
//!
//! 1. Queued [`Reply`]s.
//! 2. Recorded exchanges ([`Playback`]).
//! 3. The [`Replier`]s, in the order in which they were added: functions, a [`Script`] of rules, a model behind an
//!    OpenAI-compatible server ([`Upstream`]), and your own types.
//! 4. The echo.
//!
//! All sources serve Converse, InvokeModel in every provider's format, and their streams. Recorded responses are
//! neither validated nor changed. All other replies are validated against the description. Guardrails assess a whole
//! reply before any of it is sent. Batch jobs use the repliers and the echo, but no queued replies. Bidirectional streams
//! use no repliers.
//!
//! ## The echo
//!
//! Without another reply, the model repeats the last user turn and names its attachments. `maxTokens` and stop
//! sequences limit the text. The system prompt is not repeated. If the last message is from the assistant, the reply
//! continues it: what that message already says is not repeated.
//!
//! - *Schemas.* If the request has a JSON schema, the reply is a value of that schema. The schema can be in Converse's
//!   `outputConfig`, in Anthropic's `output_config.format` or `output_format`, or in `response_format`. The last three
//!   can also be in `additionalModelRequestFields`.
//! - *Reasoning.* The reply has a reasoning block if the request asks for one (`thinking`, `reasoning_config`,
//!   `reasoningConfig`, or `reasoning_effort`, each as an object or a string), or if the model always reasons. Only
//!   Claude signs the block.
//! - *Citations.* If the request enables citations of a document or a search result, Claude cites its first sentence.
//!
//! Models differ in how they format a reply: whether tool uses are marked, where the reasoning is, what the usage
//! contains, and how a stream sends the input of a tool. `data/model_styles.json` has these facts with their sources.
//!
//! ## Tool calls
//!
//! A tool choice of `any` or of a named tool always calls a tool. Otherwise the model calls a tool if the last turn has
//! no tool result and its text has a word of the tool's name: "weather" calls `get_weather`. The input is always an
//! object. It is generated from the tool's schema: constants, defaults, enums, and the names and numbers in the text.
//! If the last text of the user has none of these, an earlier text is used. A tool that requires one string is called
//! once for each name in the text, and a tool that requires two strings once for each pair, up to four times: two
//! cities give two parallel calls. After tool results, in any order, the reply repeats them.
//!
//! - *Names* are the texts in quotation marks. Without quotation marks, they are words with a capital letter: those
//!   after a preposition (`in Rome and Paris`), or else those within a sentence. Without capital letters, a name is the
//!   word after a preposition of place. In scripts without capital letters, it is the first word. `San Francisco, CA`
//!   is one name.
//! - *Tools that Anthropic defines* (`bash_…`, `text_editor_…`, `computer_…`, `memory_…`) need no schema. Their input
//!   is fixed: `{"command": "ls"}` for `bash`.
//! - *Nova's system tools* (`nova_grounding`, `nova_code_interpreter`) are called once for each turn of the user. The
//!   reply has the call, its result, and for `nova_grounding` a citation. The server does not search and does not run
//!   code.
//! - If an upstream or a replier gives an input that is not an object, the response is AWS's error for it:
//!   `ModelErrorException`, or `modelStreamErrorException` at the end of a stream. An input that the token limit cut
//!   off is `{}` in a whole response.
//!
//! ## Tokens
//!
//! A run of letters or digits has one token for every six characters or part of six. Every other visible character is
//! one token. An image has 1,000 tokens, a video 5,000, and other bytes one for every four. `CountTokens` and `usage`
//! use the same count.
//!
//! ## Prompt caching
//!
//! The content before a cache point is written to the cache if it has the model's minimum of tokens (1,000 for Nova;
//! 1,024, 2,048, or 4,096 for Claude). Later requests read the longest prefix that is in the cache. Claude finds a
//! prefix that ended up to twenty blocks before the cache point. A prefix is kept for five minutes or an hour after its
//! last use, as its cache point says, by the server's clock.
//!
//! # Operations
//!
//! The server has all operations of both services: 108 of the control plane and 11 of the runtime. `InvokeModel` uses
//! each provider's format for models of text, embeddings, images, and rerank. Models of video are invoked
//! asynchronously; `InvokeModel` returns 501 `NotImplementedException` for them. Facts of models for which the
//! description has no value (`VIDEO`, `INFERENCE_PROFILE`) are omitted from responses.
//!
//! | Provider's format of `InvokeModel` | Models |
//! |---|---|
//! | Messages, and older text completions | Anthropic |
//! | Nova's messages, Titan's text | Amazon |
//! | OpenAI's chat completions: `tools`, `tool_choice`, `reasoning_effort` | gpt-oss, Qwen, DeepSeek V3, Kimi, MiniMax, Mistral's chat models, Writer, and others; Jamba with `meta` |
//! | Text completions | Meta, Mistral, DeepSeek R1, imported models |
//! | Command R with tools, the older Command | Cohere |
//! | Questions about a video | Pegasus |
//! | Embeddings | Titan, Nova, Cohere, Marengo |
//! | Rerank | Amazon, Cohere |
//! | Images | Titan, Nova Canvas, Stability |
//!
//! In a chat completion, the reasoning is in `<reasoning>` tags before the text. In a stream, each chunk of reasoning
//! has its own tags. gpt-oss, MiniMax M2, and Kimi K2 Thinking always reason; the others reason if `reasoning_effort`
//! asks for it. DeepSeek R1 reasons if its prompt ends with `<think>`.
//!
//! The server does not use SageMaker, KMS, or IAM. It assumes that their resources exist if a request names them. A
//! folder can replace S3 ([Files](#files)).
//!
//! ## Embeddings, rerank, and images
//!
//! *Embeddings.* Vectors have length one and the requested size, if the model has that size. Texts with common words
//! have similar vectors. An image counts as its bytes. The values of Cohere's `embedding_types` and Titan's
//! `embeddingTypes` are quantized from the same vector. Titan accepts 50,000 characters and 8,192 tokens. Cohere
//! accepts 96 texts; in version 3, each has at most 2,048 characters. The errors are AWS's where those are known.
//!
//! *Rerank.* The score of a document is from 0 to 1: the number of words that it shares with the query, divided by the
//! geometric mean of the numbers of words in both.
//!
//! *Images* are PNGs of the requested size with a pattern of two colours. The same text and seed give the same image.
//! They are PNGs even if the request asks for another format.
//!
//! # Models
//!
//! The facts and dates of models are those of AWS's catalogue, and so are the inference profiles of each region. What a
//! model accepts is a list of rules with their sources. If nothing is known about a model, everything is accepted. By
//! the server's clock, a model that AWS has retired is not listed, and calling it returns 404, unless the server keeps
//! retired models ([`LocalBedrockBuilder::keep_retired_models`], `--keep-retired-models`). A model that this crate does
//! not have can be declared ([`LocalBedrockBuilder::model_like`], [`LocalBedrockBuilder::model`], `--model`,
//! `POST /_local/models`).
//!
//! A runtime operation accepts these model IDs:
//!
//! - the ID or ARN of a model;
//! - the ID or ARN of a system-defined inference profile of the region: `us.`, `eu.`, `global.`, … and a model's ID;
//! - the ARN of a resource that was created here: an application inference profile (or its ID), a prompt router, a
//!   custom model, a custom model deployment, a provisioned throughput, an imported model, or a marketplace endpoint.
//!   For imported models, marketplace endpoints, and stored prompts, another model replies.
//!
//! A resource that does not exist is not found, and one that is not ready is refused. A model that can be called only
//! through inference profiles refuses its own ID. As on AWS, unknown models, and the ARNs and profiles of other
//! regions, are invalid.
//!
//! # Streams
//!
//! Frames and padding are the same as AWS's. Texts are sent word by word, and the input of a tool in fragments (for
//! Nova, in one piece). The usage comes last. The pieces of an upstream's stream are passed on as they arrive. If the
//! upstream interrupts its stream, the stream ends with a `modelStreamErrorException`. If the client disconnects, the
//! server disconnects from the upstream.
//!
//! *Bidirectional streams.* The server responds to each event of Nova Sonic with one event: to `sessionStart` and
//! `sessionEnd` with `usageEvent`; to `promptStart` with `completionStart`; to `contentStart`, `textInput`,
//! `audioInput`, and `contentEnd` with `contentStart`, `textOutput`, `audioOutput`, and `contentEnd`; to `promptEnd`
//! with `completionEnd`. A queued [`Reply`] is the response to the first text. Its errors and interruptions work as in
//! other streams.
//!
//! # Guardrails
//!
//! - *Words* match whole words, whatever their case. `PROFANITY` is a short list.
//! - A *denied topic* is found if the text has all significant words of its name, or one of its examples.
//! - A *content filter* has a short list of words for each category. One of them is MEDIUM confidence, two are HIGH.
//! - *Sensitive information* is found by pattern: email addresses, phone numbers, social security numbers, card
//!   numbers, IP and MAC addresses, URLs, and some others. Names and similar kinds are not found.
//! - *Contextual grounding*: the grounding score is the share of the reply's words of four letters or more that are in
//!   the grounding source. The relevance score is the share of the query's that are in the reply. Both need a source
//!   and a query that are marked with `qualifiers`.
//! - *Automated reasoning* policies are stored. They have no findings yet.
//!
//! A stream is held back until its guardrails have assessed all of it. In asynchronous mode the stream is sent without
//! waiting and without masks, and ends at the word that is blocked, with the guardrail's message in its place. The
//! account's enforced guardrail applies to every call of its models, in addition to the request's guardrail. It checks
//! all texts, unless it is configured to be selective. Traces omit the lists without findings; ApplyGuardrail returns
//! them as `null`.
//!
//! # Resources
//!
//! *Names.* Names are unique within a region if equal names would be ambiguous, or if the `Create…` operation has a
//! `ConflictException`. A resource is found by its ID, its name, or its ARN, as far as the pattern of the key allows.
//!
//! *Idempotency tokens.* A request with the token of an earlier request gets that request's response again. If the
//! requests differ, it is a conflict. Each region keeps the responses of its last 1,000 tokens. An operation never returns an exception that its description does not list: a
//! conflict of an operation without `ConflictException` is a `ValidationException`.
//!
//! *Built-in resources.* Each region has the system-defined inference profiles of its geography, the global ones, and
//! the default prompt routers.
//!
//! *Agreements.* Amazon's models need none. Each other model has one offer. Before its agreement is created,
//! `GetFoundationModelAvailability` returns `NOT_AVAILABLE`. The model can be called anyway.
//!
//! # Lists
//!
//! Every filter of the description works. `Contains` is case-sensitive. Rows that can be sorted are newest first,
//! except for evaluation jobs; other rows are oldest first. A page has a hundred rows, or as many as `maxResults` or
//! the builder says, and never more than its shape allows: five evaluation jobs, one enforced guardrail.
//!
//! # Time
//!
//! Jobs, deployments, updates, and stops take two seconds of the server's clock, or
//! [another time](LocalBedrockBuilder::job_duration). Their statuses change at equal steps: a batch inference job is
//! `Submitted`, `Validating`, `Scheduled`, `InProgress`, `Completed`; a deployment `Creating`, `Active`; a stopped job
//! `Stopping`, `Stopped`; a deleted resource `Deleting` until it no longer exists. The result of a job exists when the
//! job is completed: the imported model of an import job, the custom model of a customization or copy job.
//!
//! *Failed jobs.* A job or model with `fail` in its name, in any case, ends as `Failed` with a reason. An asynchronous
//! invocation fails if its idempotency token has `fail`, and a build workflow if its document's name does. A test of an
//! automated reasoning policy finds the opposite of what is expected if the content of its test case has `fail`.
//!
//! # Files
//!
//! A folder can replace S3 ([`LocalBedrockBuilder::bucket_folder`], `--buckets`). A completed asynchronous invocation
//! has written its results to the folder of its output URI:
//!
//! - Nova Reel: `output.mp4` (a container without a picture), `video-generation-status.json`, and the shots;
//! - Nova's embeddings: `embedding-text.jsonl` and `segmented-embedding-result.json`;
//! - Marengo: `output.json`;
//! - all of them: `manifest.json`.
//!
//! A batch inference job responds to each line of its input (a `.jsonl` file, or all those in a folder) in a
//! `.jsonl.out` file, and writes its counts to `manifest.json.out`. Both are in a folder that has the job's ID as its
//! name. The responses are not in the order of the records, since AWS promises no order. They come from the repliers and
//! the echo; queued replies are not used. Each Get or List of batch jobs replies to up to 2,000 records of the jobs that
//! are due; until all are done, a job is in progress and counts them. Without an input, the job behaves as if it had a hundred valid
//! records. Paths with `..` and links are refused.
//!
//! # Keys
//!
//! A server with keys ([`LocalBedrockBuilder::access_key`], [`LocalBedrockBuilder::bearer_token`], `--access-key`,
//! `--bearer-token`) checks that the sender of each request has one of them. All other requests get AWS's 403 error. A
//! request can have one of these:
//!
//! - A SigV4 signature in the header, at most five minutes away from the machine's clock. It covers `host` or, over
//!   HTTP/2, `:authority`. The events of a signed bidirectional stream are checked too.
//! - A presigned URL, until its `X-Amz-Expires` is over.
//! - One of the server's bearer tokens. (boto3 sends bearer tokens over HTTPS only.)
//! - A short-term API key that one of the access keys has signed for Bedrock's `CallWithBearerToken`, valid for at most
//!   twelve hours of the server's clock.
//!
//! Temporary access keys ([`LocalBedrockBuilder::temporary_access_key`]) also need their session token. A path that
//! belongs to no operation is unknown for every sender.
//!
//! The routes under `/_local/` have a separate token ([`LocalBedrock::admin_token`]), because they show what all
//! clients sent. A server with keys generates a random token when it starts. [`LocalBedrockBuilder::admin_token`] and
//! `--admin-token` set the token, with or without keys. The program prints the page's address with the random token as
//! its second line, `admin page: http://…`.
//!
//! # Limits
//!
//! - A body has at most 36 MiB and must arrive within a minute. Headers have at most 64 KiB.
//! - By default, 512 connections can be open at once ([`LocalBedrockBuilder::max_connections`], `--max-connections`). A
//!   further connection replaces the one that has been idle longest, if that has been idle for at least a second.
//!   Otherwise it gets a 503 `ServiceUnavailableException`.
//! - A connection is closed if it sends no complete request within ten seconds, or if it is idle for two minutes. That
//!   is longer than the SDKs keep a connection in their pools.
//! - The server listens on the loopback interface only, unless it is opened to the network
//!   ([`LocalBedrockBuilder::open_to_network`], `--open-to-network`).
//!
//! # Faults
//!
//! A [`Fault`] simulates a failure. It is added in Rust ([`LocalBedrock::fault`]), over HTTP (`POST /_local/faults`),
//! or on the admin page. It applies to the requests that match it: all requests, those of an operation, those for a
//! model, a number of them, those after a number of others, or a share of them that a seed selects. It always applies
//! to the same requests if they arrive in the same order.
//!
//! If several faults match a request, the one that was added first applies. Pauses ([`Fault::latency`]), and quotas
//! that are not used up, let the next fault apply too. Each fault counts every request that matches it, whether it
//! applies or not.
//!
//! An error ([`Fault::error`] and the two quotas) replaces the operation, which is not performed. All other faults
//! change the response of an operation that has been performed. A refused connection is accepted and reset at once.
//! Over HTTP/2, a reset ends the stream, not the connection.
//!
//! | Fault | JSON | Rust |
//! |---|---|---|
//! | An error response. `message`, `status`, and `retry_after_ms` are optional | `{"fault": "error", "code": "ThrottlingException", "message": "Slow down.", "status": 429, "retry_after_ms": 2000}` | [`Fault::error`] |
//! | `ThrottlingException` above this number of requests per second | `{"fault": "requests_per_second", "limit": 5}` | [`Fault::requests_per_second`] |
//! | `ThrottlingException` above this number of tokens per minute, counted as AWS does. `burndown` is optional | `{"fault": "tokens_per_minute", "limit": 10000, "burndown": 5}` | [`Fault::tokens_per_minute`] |
//! | A pause before the response | `{"fault": "latency", "ms": 2000}` | [`Fault::latency`] |
//! | The body in small pieces, with a pause before each | `{"fault": "drip", "bytes": 16, "every_ms": 100}` | [`Fault::drip`] |
//! | New connections are reset. Over HTTP, `times` is required | `{"fault": "refuse_connections", "times": 3}` | [`Fault::refuse_connections`] |
//! | The connection is reset | `{"fault": "reset", "at": {"in_event": 3}}` | [`Fault::reset`] |
//! | The response stalls | `{"fault": "stall", "at": {"after_events": 3}}` | [`Fault::stall`] |
//! | The response ends early | `{"fault": "truncate", "at": {"after_bytes": 100}}` | [`Fault::truncate`] |
//! | A frame with a wrong checksum of the `prelude` or the `message` | `{"fault": "wrong_checksum", "of": "message", "after_events": 2}` | [`Fault::wrong_checksum`] |
//! | A stream ends with an exception | `{"fault": "exception", "code": "throttlingException", "message": "Slow down.", "after_events": 2}` | [`Fault::exception`] |
//! | A stream ends with a frame of type `error` | `{"fault": "error_frame", "code": "InternalError", "message": "Broken.", "after_events": 2}` | [`Fault::error_frame`] |
//! | An event of an unknown type | `{"fault": "unknown_event", "after_events": 2}` | [`Fault::unknown_event`] |
//! | An unknown member in every structure | `{"fault": "unknown_fields"}` | [`Fault::unknown_fields`] |
//! | An unknown value in every enum | `{"fault": "unknown_enum_values"}` | [`Fault::unknown_enum_values`] |
//! | An unknown member in every union | `{"fault": "unknown_union_members"}` | [`Fault::unknown_union_members`] |
//! | A list response with no rows and a page token | `{"fault": "empty_page"}` | [`Fault::empty_page`] |
//! | A list response that repeats the page token of its request | `{"fault": "repeated_token"}` | [`Fault::repeated_token`] |
//! | Another content type | `{"fault": "content_type", "value": "text/html"}` | [`Fault::content_type`] |
//! | Truncated JSON | `{"fault": "broken_json"}` | [`Fault::broken_json`] |
//! | A body of at least this size | `{"fault": "oversized", "bytes": 20000000}` | [`Fault::oversized`] |
//!
//! `at` is one of `"before_headers"` (the default), `{"after_bytes": 10}`, `{"after_events": 2}`, and `{"in_event":
//! 2}`. Every fault also accepts `operation`, `model`, `after`, `times`, `probability`, and `seed`: `{"fault": "error",
//! "code": "ModelTimeoutException", "operation": "Converse", "model": "amazon.nova-lite-v1:0", "after": 1, "times": 5,
//! "probability": 0.5, "seed": 7}`.
//!
//! # Admin routes
//!
//! In a browser, `/_local/` is a page that shows requests and responses, streams event by event, and adds and removes
//! faults. Its address is [`LocalBedrock::admin_url`]. Tests in any language can use the routes behind it. Their bodies
//! are JSON. An error is `{"error": "why"}` with status 400, 401, 403, or 404.
//!
//! A server with [keys](#keys) requires its admin token for these routes: `Authorization: Bearer TOKEN`. Otherwise the
//! status is 401.
//!
//! | Route | Body | Response |
//! |---|---|---|
//! | `GET /_local/health` | | `{"status": "ok", "version": "0.1.0", "now": "2026-11-21T12:00:00Z", "requests": 1, "oldest_request": 1, "faults": 1}` |
//! | `GET /_local/requests` | filters: `?operation=Converse`, `?after=ID`, and `?limit=N` | `{"requests": []}`: the journal, oldest first |
//! | `GET /_local/requests/ID` | | one request |
//! | `DELETE /_local/requests` | | 204 |
//! | `GET /_local/faults` | | `{"faults": [{"id": 1, "fault": "error", "code": "ThrottlingException", "operation": "Converse", "times": 3, "seen": 1, "applied": 1}]}`: `seen` counts the requests that matched, `applied` those that the fault applied to |
//! | `POST /_local/faults` | a fault or an array: `{"fault": "error", "code": "ThrottlingException", "operation": "Converse", "times": 3}` | 201, `{"faults": [{"id": 2, "fault": "error", "code": "ThrottlingException", "operation": "Converse", "times": 3, "seen": 0, "applied": 0}]}`: the new faults |
//! | `DELETE /_local/faults` | | 204 |
//! | `DELETE /_local/faults/ID` | | 204 |
//! | `POST /_local/replies` | a reply or an array: `{"text": "Paris."}` | 201, `{"queued": 1}` |
//! | `GET /_local/clock` | | `{"now": "2026-11-21T12:00:00Z"}` |
//! | `POST /_local/clock` | `{"advance_ms": 60000}` | `{"now": "2026-11-21T12:01:00Z"}` |
//! | `POST /_local/models` | `{"id": "anthropic.claude-tomorrow", "like": "anthropic.claude-sonnet-5"}`, or an array; without `like`, a text model | 201, `{"declared": 1}` |
//! | `POST /_local/seed` | `{"list": "ListImportedModels", "region": "us-east-1", "rows": [{"modelArn": "arn:aws:bedrock:us-east-1:123456789012:imported-model/model0000001", "modelName": "mine", "creationTime": "2026-01-01T00:00:00Z"}]}`; without `region`, the default region | 201, `{"seeded": 1}` |
//! | `POST /_local/reset` | | 204; resources, journal, replies, clock, IDs, and faults are as they were at the start |
//!
//! A request of the journal:
//!
//! ```json
//! {
//!   "id": 1, "received": "2026-11-21T12:00:00Z", "operation": "ConverseStream", "method": "POST",
//!   "path": "/model/amazon.nova-lite-v1:0/converse-stream", "query": "",
//!   "headers": {"content-type": "application/json"},
//!   "body": {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]},
//!   "status": 200,
//!   "response": {
//!     "headers": {"content-type": "application/vnd.amazon.eventstream"}, "bytes_sent": 2048,
//!     "events": [{"event": "messageStart", "payload": {"role": "assistant"}}]
//!   },
//!   "faults": []
//! }
//! ```
//!
//! A response that is not a stream has `body` in place of `events`. A body is JSON if it is JSON, otherwise a string if
//! it is text, and otherwise `{"base64": "/w=="}`. An event of a stream can also be `{"error": "throttlingException",
//! "message": "Slow down."}` or `{"broken": "why"}`. The `status` is 0 if a fault withheld the response. The server
//! keeps the last 1,000 requests, at most 64 MiB in total, and 1 MiB of each response. Signatures and tokens are not
//! shown.
//!
//! A reply has at most one of `text`, `content`, `error`, and `stream_error`. Without any of them, the model replies as
//! it would without a queued reply.
//!
//! | Member | JSON |
//! |---|---|
//! | `text` | `{"text": "Paris."}` |
//! | `content` | `{"content": [{"text": "Paris."}]}`: content blocks of Converse |
//! | `tools` | `{"tools": [{"name": "get_weather", "input": {"city": "Paris"}}]}`, after a text or without one |
//! | `reasoning` | `{"reasoning": "France is a country.", "text": "Paris."}` |
//! | `stop_reason`, `usage`, `additional_fields` | `{"text": "Par", "stop_reason": "max_tokens", "usage": {"input": 9, "output": 1}, "additional_fields": {"seen": true}}` |
//! | `error` | `{"error": {"code": "ModelTimeoutException", "message": "Too late."}}` |
//! | `stream_error` | `{"stream_error": {"code": "modelStreamErrorException", "message": "Broken.", "after_events": 2}}` |
//! | `cut_after`, `stall_after` | `{"text": "One two three", "cut_after": 3}`: the number of events before a stream ends or stalls |
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod auth;
mod expectations;
mod faults;
mod formats;
#[cfg(test)]
mod fuzz;
mod glob;
mod guardrails;
mod http;
mod journal;
mod json;
mod local;
mod local_bedrock;
mod model;
mod operations;
mod repliers;
mod resources;
mod rules;
mod store;
mod wire;
mod world;

/// The attribute for implementations of [`Replier`].
pub use async_trait::async_trait;
pub use expectations::Unmet;
pub use faults::{At, Fault, PlannedFault};
pub use journal::{RecordedEvent, RecordedRequest, RecordedResponse};
pub use local_bedrock::{LocalBedrock, LocalBedrockBuilder};
pub use model::reply::Reply;
pub use repliers::conversation::{Conversation, Embedding};
pub use repliers::playback::Playback;
pub use repliers::replier::Replier;
pub use repliers::script::{RuleBuilder, Script, When};
pub use repliers::upstream::Upstream;
pub use wire::event_stream::Checksum;
