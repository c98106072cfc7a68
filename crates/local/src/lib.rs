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
//! Both services, the control plane and the runtime, share one address. Over HTTP/1.1 and HTTP/2 alike, any credentials are
//! accepted, and none as well, unless the server has keys of its own ("Keys" below). The region of a request is the one that
//! its signature names. Each region has resources of its own.
//!
//! | Client | How |
//! |---|---|
//! | All clients of AWS, by environment | `AWS_ENDPOINT_URL=http://127.0.0.1:8080`, or `AWS_ENDPOINT_URL_BEDROCK` and `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` |
//! | boto3 | `boto3.client("bedrock-runtime", endpoint_url="http://127.0.0.1:8080")` |
//! | AWS CLI | `aws bedrock list-foundation-models --endpoint-url http://127.0.0.1:8080` |
//! | SDK for JavaScript | `new BedrockRuntimeClient({ endpoint: "http://127.0.0.1:8080", region: "us-east-1" })` |
//! | SDK for Rust | `aws_config::from_env().endpoint_url("http://127.0.0.1:8080")` |
//!
//! The server answers to IP addresses, to `localhost` and names below it, and to AWS's own host names of the two services (for
//! clients that use it as a proxy). Any other name, such as a service's name in Docker Compose, has to be allowed
//! ([`LocalBedrockBuilder::allow_host`], `--allow-host NAME`). Requests under another name, and requests that a browser sends
//! for a web page of another site (`Origin`, `Sec-Fetch-Site`), get a 403 `AccessDeniedException`. So no web site can use the
//! server through the browser of whoever runs it, and no DNS rebinding can read its answers.
//!
//! # Failure on demand
//!
//! A [`Fault`] is a planned failure. It is planned in Rust ([`LocalBedrock::fault`]), over HTTP (`POST /_local/faults`) or on the
//! page. It strikes the requests that fit it: all, those of an operation, those for a model, a number of them, those after a
//! number of others, or a part of them that a seed chooses. The same requests in the same order are always struck alike.
//!
//! If several faults fit a request, the one that was planned first strikes. Pauses ([`Fault::latency`]) and quotas that are not
//! used up let the next fault strike, too. Each fault counts every request that fits it, struck or not.
//!
//! An error ([`Fault::error`], and the two quotas) replaces the operation: it is not performed. All other faults change the
//! answer of an operation that has been performed. A refused connection is accepted and reset at once. Over HTTP/2, a reset
//! ends the stream, not the connection.
//!
//! | What fails | JSON | Rust |
//! |---|---|---|
//! | An error in place of the answer. `message`, `status` and `retry_after_ms` are optional | `{"fault": "error", "code": "ThrottlingException", "message": "Slow down.", "status": 429, "retry_after_ms": 2000}` | [`Fault::error`] |
//! | `ThrottlingException` above so many requests a second | `{"fault": "requests_per_second", "limit": 5}` | [`Fault::requests_per_second`] |
//! | `ThrottlingException` above so many tokens a minute | `{"fault": "tokens_per_minute", "limit": 10000}` | [`Fault::tokens_per_minute`] |
//! | A pause before the answer | `{"fault": "latency", "ms": 2000}` | [`Fault::latency`] |
//! | The body in small pieces, with a pause before each | `{"fault": "drip", "bytes": 16, "every_ms": 100}` | [`Fault::drip`] |
//! | New connections are reset. Over HTTP, `times` is required | `{"fault": "refuse_connections", "times": 3}` | [`Fault::refuse_connections`] |
//! | The connection is reset | `{"fault": "reset", "at": {"in_event": 3}}` | [`Fault::reset`] |
//! | The answer falls silent | `{"fault": "stall", "at": {"after_events": 3}}` | [`Fault::stall`] |
//! | The answer ends early | `{"fault": "truncate", "at": {"after_bytes": 100}}` | [`Fault::truncate`] |
//! | A frame with a wrong checksum, of the `prelude` or the `message` | `{"fault": "wrong_checksum", "of": "message", "after_events": 2}` | [`Fault::wrong_checksum`] |
//! | A stream ends with an exception | `{"fault": "exception", "code": "throttlingException", "message": "Slow down.", "after_events": 2}` | [`Fault::exception`] |
//! | A stream ends with a frame of type `error` | `{"fault": "error_frame", "code": "InternalError", "message": "Broken.", "after_events": 2}` | [`Fault::error_frame`] |
//! | An event of a type that no client knows | `{"fault": "unknown_event", "after_events": 2}` | [`Fault::unknown_event`] |
//! | A field that no client knows, in every structure | `{"fault": "unknown_fields"}` | [`Fault::unknown_fields`] |
//! | A value that no client knows, in every enum | `{"fault": "unknown_enum_values"}` | [`Fault::unknown_enum_values`] |
//! | A member that no client knows, in every union | `{"fault": "unknown_union_members"}` | [`Fault::unknown_union_members`] |
//! | A list answers with no rows and a token | `{"fault": "empty_page"}` | [`Fault::empty_page`] |
//! | A list gives back the token that it was called with | `{"fault": "repeated_token"}` | [`Fault::repeated_token`] |
//! | Another content type | `{"fault": "content_type", "value": "text/html"}` | [`Fault::content_type`] |
//! | JSON that ends in its middle | `{"fault": "broken_json"}` | [`Fault::broken_json`] |
//! | A body of at least so many bytes | `{"fault": "oversized", "bytes": 20000000}` | [`Fault::oversized`] |
//!
//! `at` is one of `"before_headers"`, `{"after_bytes": 10}`, `{"after_events": 2}` and `{"in_event": 2}`; without it, the
//! fault strikes before the headers. Every fault also takes `operation`, `model`, `after`, `times`, `probability` and `seed`:
//! `{"fault": "error", "code": "ModelTimeoutException", "operation": "Converse", "model": "amazon.nova-lite-v1:0", "after": 1,
//! "times": 5, "probability": 0.5, "seed": 7}`.
//!
//! # `/_local/`: control over HTTP
//!
//! In a browser, `/_local/` is a page that shows requests and answers, streams event by event, and switches faults on and off.
//! [`LocalBedrock::admin_url`] is its address. Tests in any language can use the routes behind it. They take and give JSON; an
//! error is `{"error": "why"}` with status 400, 401, 403 or 404.
//!
//! A server that checks keys asks for its admin token here: `Authorization: Bearer TOKEN`, else the answer is 401.
//!
//! | Route | Body | Answer |
//! |---|---|---|
//! | `GET /_local/health` | | `{"status": "ok", "version": "0.1.0", "now": "2026-11-21T12:00:00Z", "requests": 1, "oldest_request": 1, "faults": 1}` |
//! | `GET /_local/requests` | `?operation=Converse`, `?after=ID` and `?limit=N` choose | `{"requests": []}`: the journal, oldest first |
//! | `GET /_local/requests/ID` | | one request |
//! | `DELETE /_local/requests` | | 204 |
//! | `GET /_local/faults` | | `{"faults": [{"id": 1, "fault": "error", "code": "ThrottlingException", "operation": "Converse", "times": 3, "seen": 1, "struck": 1}]}`: `struck` of the `seen` requests that fit it |
//! | `POST /_local/faults` | a fault or a list: `{"fault": "error", "code": "ThrottlingException", "operation": "Converse", "times": 3}` | 201, `{"faults": [{"id": 2, "fault": "error", "code": "ThrottlingException", "operation": "Converse", "times": 3, "seen": 0, "struck": 0}]}`: the new ones |
//! | `DELETE /_local/faults` | | 204 |
//! | `DELETE /_local/faults/ID` | | 204 |
//! | `POST /_local/replies` | a reply or a list: `{"text": "Paris."}` | 201, `{"queued": 1}` |
//! | `GET /_local/clock` | | `{"now": "2026-11-21T12:00:00Z"}` |
//! | `POST /_local/clock` | `{"advance_ms": 60000}` | `{"now": "2026-11-21T12:01:00Z"}` |
//! | `POST /_local/models` | `{"id": "anthropic.claude-tomorrow", "like": "anthropic.claude-sonnet-5"}`, or a list; without `like` it is a model of plain text | 201, `{"declared": 1}` |
//! | `POST /_local/seed` | `{"list": "ListImportedModels", "region": "us-east-1", "rows": [{"modelArn": "arn:aws:bedrock:us-east-1:123456789012:imported-model/model0000001", "modelName": "mine", "creationTime": "2026-01-01T00:00:00Z"}]}`; the default region without `region` | 201, `{"seeded": 1}` |
//! | `POST /_local/reset` | | 204; resources, journal, replies, clock, ids and faults are as they were at the start |
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
//!   "answer": {
//!     "headers": {"content-type": "application/vnd.amazon.eventstream"}, "bytes_sent": 2048,
//!     "events": [{"event": "messageStart", "payload": {"role": "assistant"}}]
//!   },
//!   "faults": []
//! }
//! ```
//!
//! An answer that is no stream has a `body` in place of `events`. A body is JSON where it is JSON, else a text, else
//! `{"base64": "/w=="}`. An event of a stream can also be `{"error": "throttlingException", "message": "Slow down."}` or
//! `{"broken": "why"}`. The `status` is 0 where a fault kept back the answer. The server keeps the last thousand requests, 64
//! MiB of them, and 1 MiB of each answer. Signatures and tokens are not shown.
//!
//! A reply has one of `text`, `content`, `error` and `stream_error`, or none of them: then the model says what it would say
//! anyway.
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
//! | `cut_after`, `stall_after` | `{"text": "One two three", "cut_after": 3}`: how many events a stream sends before it ends or falls silent |
//!
//! # What is served
//!
//! All operations of both services: 108 of the control plane, 11 of the runtime. `InvokeModel` speaks each provider's own
//! format for models of text, embeddings, images and rerank. Models of video are invoked asynchronously: `InvokeModel`
//! answers 501 `NotImplementedException` for them. Facts for which the description has no value (`VIDEO`,
//! `INFERENCE_PROFILE`) are left out of the models' answers.
//!
//! | Provider's format of `InvokeModel` | Models |
//! |---|---|
//! | Messages, and older text completions | Anthropic |
//! | Nova's messages, Titan's text | Amazon |
//! | OpenAI's chat completions: `tools`, `tool_choice`, `reasoning_effort` | gpt-oss, Qwen, DeepSeek V3, Kimi, MiniMax, Mistral's chat models, Writer and others; Jamba with `meta` |
//! | Text completions | Meta, Mistral, DeepSeek R1, imported models |
//! | Command R with tools, the older Command | Cohere |
//! | Questions about a video | Pegasus |
//! | Embeddings | Titan, Nova, Cohere, Marengo |
//! | Rerank | Amazon, Cohere |
//! | Images | Titan, Nova Canvas, Stability |
//!
//! Reasoning stands in `<reasoning>` tags before the text of a chat completion, and each chunk of it in tags of its own.
//! gpt-oss, MiniMax M2 and Kimi K2 Thinking reason unasked, the others when `reasoning_effort` asks them to. DeepSeek R1
//! reasons when its prompt ends with `<think>`.
//!
//! Nothing is read from or written to SageMaker, KMS or IAM: what a request names there is taken for granted. A folder
//! can stand for S3 ([`LocalBedrockBuilder::bucket_folder`], `--buckets`).
//!
//! # The rules
//!
//! Nothing is left to chance: the same requests in the same order get the same answers, but for times.
//!
//! **Keys.** A server with keys ([`LocalBedrockBuilder::access_key`], [`LocalBedrockBuilder::bearer_token`], `--access-key`,
//! `--bearer-token`) answers a call only if it proves that its sender has one of them. All other calls get the 403 that AWS gives.
//! A call proves it by one of these:
//!
//! - A SigV4 signature in the header, not more than five minutes off the machine's clock. It covers `host` or, over HTTP/2,
//!   `:authority`. The events of a signed bidirectional stream are checked as well.
//! - A presigned URL, until its `X-Amz-Expires` is over.
//! - A bearer token that the server was given. (boto3 sends bearer tokens over HTTPS alone.)
//! - A short-term API key that one of the access keys has signed for `CallWithBearerToken` of Bedrock, for at most twelve hours
//!   of the server's clock.
//!
//! Temporary access keys ([`LocalBedrockBuilder::temporary_access_key`]) need their session token, too. A path that belongs to no
//! operation is unknown whoever calls it.
//!
//! The routes under `/_local/` have a token of their own ([`LocalBedrock::admin_token`]), since they show what others have sent.
//! A server with keys makes up a random one when it starts; [`LocalBedrockBuilder::admin_token`] and `--admin-token` set it, with
//! or without keys. The program prints the page's address with the random token as its second line, `admin page: http://…`.
//!
//! **Limits.** A body has at most 36 MiB and arrives within a minute; headers have at most 64 KiB. By default, 512 connections
//! are open at once ([`LocalBedrockBuilder::max_connections`], `--max-connections`). If one more comes, the connection that has
//! waited longest for a request is closed, provided that it has waited for a second; if none has, the new one gets a 503
//! `ServiceUnavailableException`. A connection that sends no complete request within ten seconds is closed, and one that waits
//! two minutes for its next request: longer than the SDKs keep a connection in their pools. The server listens on loopback
//! alone unless it is told to be open to the network ([`LocalBedrockBuilder::open_to_network`], `--open-to-network`).
//!
//! **Models.** Facts and dates of models are those that AWS's catalogue gave, and so are the inference profiles of each
//! region. What a model takes is a list of rules, each with its source; what is not known of a model is accepted. A model
//! that AWS has retired, by the server's clock, is not listed and answers 404 when it is called, unless the server keeps
//! such models ([`LocalBedrockBuilder::keep_retired_models`], `--keep-retired-models`). A model that this crate does not
//! know can be declared ([`LocalBedrockBuilder::model_like`], [`LocalBedrockBuilder::model`], `--model`,
//! `POST /_local/models`).
//!
//! A runtime operation takes a model's id or ARN, a system-defined inference profile of the region (`us.`, `eu.`,
//! `global.` … and a model's id, or its ARN), and the ARN of whatever was created here: application profiles (by their
//! id, too), prompt routers, custom models and their deployments, provisioned throughputs, imported models and
//! marketplace endpoints. For the last two, and for stored prompts, another model speaks. What is not there is not
//! found, what is not ready yet is refused. A model that only profiles reach refuses its plain id, and unknown ones, with
//! the ARNs and profiles of other regions, are invalid, as on AWS.
//!
//! **Who replies.** Of these the first that knows a reply: queued [`Reply`]s, then recorded exchanges ([`Playback`]), then
//! the [`Replier`]s in the order in which they were given to the builder: functions, a [`Script`] of rules, a model behind
//! an OpenAI-compatible server ([`Upstream`]), types of your own. All of them serve Converse, InvokeModel in every
//! maker's format, and both as streams. What is played back is neither validated nor changed; all else is held to the
//! description, and guardrails look at it whole before any of it leaves. Batch jobs and bidirectional streams ask no
//! replier.
//!
//! **The echo.** Without any other reply the model says back the last user turn and names its attachments. `maxTokens` and
//! stop sequences cut the answer. The system prompt is not said back. If the last message is the assistant's, the answer
//! goes on from there: what stands there already is not said again.
//!
//! - *Schemas.* With a JSON schema the answer is a value of that schema. The schema comes in Converse's `outputConfig`, in
//!   Anthropic's `output_config.format` or `output_format`, or in `response_format`; the last three may stand in
//!   `additionalModelRequestFields`.
//! - *Reasoning.* A reasoning block comes where a request asks for one (`thinking`, `reasoning_config`, `reasoningConfig`,
//!   `reasoning_effort`; as an object or as a word), and unasked from the models that do so. Only Claude signs it.
//! - *Citations.* Where a request enables citations of a document or a search result, Claude cites its first sentence.
//!
//! **By model.** Models differ in the form of their answers: whether tool uses are marked, where reasoning stands, what
//! usage tells, how a stream tells the input of a tool. `data/model_styles.json` has these facts, each with its source.
//!
//! **Tools.** A tool choice of `any` or of a named tool always calls a tool. Otherwise a tool is called when the last turn
//! holds no tool result and its text mentions a word of the tool's name: "weather" calls `get_weather`. The input is always
//! an object, made from the tool's schema: its constants, defaults and enums, and names and numbers of the text, or of an
//! earlier one of the user's where the last has none. A tool that requires one string is called once for each name, one
//! that requires two once for each pair, up to four times: two cities are two parallel calls. Tool results, in whatever
//! order, are told back.
//!
//! - *Names* are the texts in quotation marks. Without quotation marks they are words with a capital: those after a
//!   preposition (`in Rome and Paris`), or else those within a sentence. Without capitals a name is the word after a
//!   preposition of place, and in scripts without capitals the first word. `San Francisco, CA` is one name.
//! - *Tools that Anthropic defines* (`bash_…`, `text_editor_…`, `computer_…`, `memory_…`) need no schema. They are called
//!   with a fixed input: `{"command": "ls"}` for `bash`.
//! - *Nova's system tools* (`nova_grounding`, `nova_code_interpreter`) are called once for each turn of the user's. The
//!   answer holds the call, its result and, for `nova_grounding`, a citation. Nothing is searched and no code is run.
//! - An upstream or a replier that gives an input which is no object gets AWS's error for that: `ModelErrorException`, or
//!   `modelStreamErrorException` at the end of a stream. An input that the token limit cut short is `{}` in a whole answer.
//!
//! **Tokens.** A run of letters or digits is a token for every six characters begun; every other visible character
//! is one. An image is 1,000, a video 5,000, other bytes one for every four. `CountTokens` and `usage` agree.
//!
//! **Prompt caching.** What stands before a cache point is written into the cache if it has the model's minimum of tokens
//! (1,000 for Nova, 1,024, 2,048 or 4,096 for Claude). Later requests read the longest prefix that is in the cache; Claude
//! finds a prefix that ended up to twenty blocks before the point. A prefix is kept for five minutes or an hour after its
//! last use, as its point says, by the server's clock.
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
//! finds nothing yet. Lists in which nothing was found are left out of traces, and are `null` in ApplyGuardrail's answer.
//!
//! **Embeddings.** Vectors have length one and the asked size, of those that the model knows. Texts that share words are
//! nearer to each other; an image counts as its bytes. Cohere's `embedding_types` and Titan's `embeddingTypes` are
//! quantized from the same vector. Titan takes 50,000 characters and 8,192 tokens, Cohere 96 texts, of version 3 with 2,048
//! characters each; the refusals are AWS's own where those are known.
//!
//! **Rerank.** A document's score goes from 0 to 1: the number of words that it shares with the query, divided by the
//! geometric mean of the numbers of words in both.
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
//! and the default prompt routers.
//!
//! **Agreements.** Amazon's models need none. Of the others there is one offer each; until it is agreed to,
//! `GetFoundationModelAvailability` says `NOT_AVAILABLE`. The models can be called all the same.
//!
//! **Speech.** A bidirectional stream answers each event of Nova Sonic's with one: `sessionStart` and `sessionEnd` with
//! `usageEvent`, `promptStart` with `completionStart`, `contentStart`, `textInput`, `audioInput` and `contentEnd` with
//! `contentStart`, `textOutput`, `audioOutput` and `contentEnd`, `promptEnd` with `completionEnd`. A queued [`Reply`] is
//! said to the first text; its errors and breaks work as in other streams.
//!
//! **Streams** are framed and padded as AWS's: texts word by word, tool input in fragments (Nova's whole), usage at the end. An
//! upstream's are passed on piece by piece as they arrive; where it breaks off, a `modelStreamErrorException` ends the
//! stream, and who hangs up here hangs up there.
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

/// The attribute that implementations of [`Replier`] wear.
pub use async_trait::async_trait;
pub use expectations::Unmet;
pub use faults::{At, Fault, PlannedFault};
pub use journal::{RecordedAnswer, RecordedEvent, RecordedRequest};
pub use local_bedrock::{LocalBedrock, LocalBedrockBuilder};
pub use model::reply::Reply;
pub use repliers::Replier;
pub use repliers::conversation::{Conversation, Embedding};
pub use repliers::playback::Playback;
pub use repliers::script::{Condition, Script, When};
pub use repliers::upstream::Upstream;
pub use wire::event_stream::Checksum;
