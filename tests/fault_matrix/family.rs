//! The families of operations.

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use bedrock_orm::models::CreateGuardrailRequest;
use bedrock_orm::object_store::local::LocalFileSystem;
use bedrock_orm::prelude::*;
use bedrock_orm::{Batch, BatchQuotas, BatchRun, Result};
use bedrock_orm_local::{LocalBedrock, RecordedEvent, Reply};
use bedrock_orm_tests::behaviours::raw_invocations::nova;
use bedrock_orm_tests::support::{MODEL, VIDEO_MODEL, model, seed_imported_models};
use serde_json::{Value, json};

const SPEECH_MODEL: &str = "amazon.nova-2-sonic-v1:0";
const PROMPT: &str = "one two three four five six seven eight nine ten";
const ROLE: &str = "arn:aws:iam::123456789012:role/bedrock-batch";
/// The time between two polls of a batch.
const POLL: Duration = Duration::from_millis(10);
/// The limit of a wait for a batch.
const WAIT: Duration = Duration::from_secs(5);
/// The rows of the list. The server's pages have two of them.
const ROWS: usize = 6;
/// The records of the batch.
const RECORDS: usize = 4;

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    Get,
    List,
    Create,
    Converse,
    ConverseStream,
    Invoke,
    InvokeStream,
    Bidirectional,
    Async,
    Batch,
}

/// What a call needs that exists before the fault.
pub(crate) struct Prepared {
    guardrail_id: String,
    batch: Option<BatchRun>,
}

/// What a call has received so far.
#[derive(Debug, Default)]
pub(crate) struct Received(Mutex<Vec<String>>);

impl Received {
    fn push(&self, piece: impl Into<String>) {
        self.0.lock().unwrap().push(piece.into());
    }

    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().concat()
    }
}

impl Family {
    pub(crate) const ALL: [Self; 10] = [
        Self::Get,
        Self::List,
        Self::Create,
        Self::Converse,
        Self::ConverseStream,
        Self::Invoke,
        Self::InvokeStream,
        Self::Bidirectional,
        Self::Async,
        Self::Batch,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Create => "create",
            Self::Converse => "converse",
            Self::ConverseStream => "converse stream",
            Self::Invoke => "invoke",
            Self::InvokeStream => "invoke stream",
            Self::Bidirectional => "bidirectional",
            Self::Async => "async",
            Self::Batch => "batch",
        }
    }

    /// The operation that meets the fault.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::Get => "GetGuardrail",
            Self::List => "ListImportedModels",
            Self::Create => "CreateGuardrail",
            Self::Converse => "Converse",
            Self::ConverseStream => "ConverseStream",
            Self::Invoke => "InvokeModel",
            Self::InvokeStream => "InvokeModelWithResponseStream",
            Self::Bidirectional => "InvokeModelWithBidirectionalStream",
            Self::Async => "StartAsyncInvoke",
            Self::Batch => "GetModelInvocationJob",
        }
    }

    /// Whether AWS charges the operation.
    pub(crate) fn is_charged(self) -> bool {
        use Family::{Bidirectional, Converse, ConverseStream, Invoke, InvokeStream};
        matches!(self, Converse | ConverseStream | Invoke | InvokeStream | Bidirectional)
    }

    /// How many requests come before the fault: the list has received a page.
    pub(crate) fn requests_before(self) -> u64 {
        u64::from(self == Self::List)
    }

    /// Creates what the call needs, without faults.
    pub(crate) async fn prepare(
        self,
        local: &LocalBedrock,
        session: &Session,
        folder: &Path,
    ) -> Result<Prepared> {
        let mut prepared = Prepared { guardrail_id: String::new(), batch: None };
        match self {
            Self::Get => {
                let created = Guardrail::objects().using(session).create(guardrail()).await?;
                prepared.guardrail_id = created.guardrail_id.clone();
            }
            Self::List => seed_imported_models(local, ROWS),
            Self::Batch => prepared.batch = Some(start_batch(session, folder).await?),
            _ => {}
        }
        Ok(prepared)
    }

    /// What the server replies to the prompt of a call or a record.
    pub(crate) fn reply(text: &str) -> Reply {
        Reply::text(format!("[{text}]"))
    }

    /// What the call returns without a fault.
    pub(crate) fn answer(self) -> String {
        match self {
            Self::Get => "words".to_owned(),
            Self::List => (0..ROWS).rev().map(|number| format!("model-{number} ")).collect(),
            Self::Create => "created".to_owned(),
            Self::Converse | Self::ConverseStream | Self::Invoke | Self::InvokeStream => {
                format!("[{PROMPT}]")
            }
            Self::Bidirectional => format!("You said: “{PROMPT}”"),
            Self::Async => "started".to_owned(),
            Self::Batch => (0..RECORDS).map(|number| format!("{number} [prompt {number}]\n")).collect(),
        }
    }

    /// Makes the call and reads it to its end. Returns the answer, in a form that can be compared.
    pub(crate) async fn call(
        self,
        session: &Session,
        prepared: &Prepared,
        folder: &Path,
        received: &Received,
    ) -> Result<String> {
        let talk = model(session, MODEL);
        match self {
            Self::Get => {
                let found = Guardrail::objects().using(session).get(prepared.guardrail_id.as_str()).await?;
                Ok(found.name.clone())
            }
            Self::List => {
                let mut rows = ImportedModel::objects().using(session).list().stream();
                while let Some(row) = rows.next().await {
                    received.push(format!("{} ", row?.model_name));
                }
                Ok(received.text())
            }
            Self::Create => {
                let created = Guardrail::objects().using(session).create(guardrail()).await?;
                Ok(if created.guardrail_id.is_empty() { String::new() } else { "created".to_owned() })
            }
            Self::Converse => Ok(talk.converse(PROMPT).await?.text()),
            Self::ConverseStream => {
                let mut text = talk.converse_stream(PROMPT).await?.text();
                while let Some(piece) = text.next().await {
                    received.push(piece?);
                }
                Ok(received.text())
            }
            Self::Invoke => {
                // The body is the provider's, and its reader is the caller.
                let unreadable = |error: serde_json::Error| {
                    Error::new(ErrorKind::InvalidResponse, error.to_string()).with_operation("InvokeModel")
                };
                let response = talk.invoke_model(nova(PROMPT)).await?;
                let body: Value = response.body.json().map_err(unreadable)?;
                Ok(body["output"]["message"]["content"][0]["text"].as_str().unwrap_or_default().to_owned())
            }
            Self::InvokeStream => {
                let mut chunks = talk.invoke_model_with_response_stream(nova(PROMPT)).await?;
                while let Some(chunk) = chunks.next().await {
                    received.push(String::from_utf8_lossy(&chunk?).into_owned());
                }
                Ok(texts(&received.text(), "contentBlockDelta"))
            }
            Self::Bidirectional => {
                let mut stream =
                    model(session, SPEECH_MODEL).invoke_model_with_bidirectional_stream().await?;
                let sending = async {
                    for event in speech() {
                        stream.send(event).await?;
                    }
                    Ok::<_, Error>(())
                };
                // If sending fails, reading has the reason.
                let _ = sending.await;
                stream.finish();
                while let Some(chunk) = stream.next().await {
                    received.push(String::from_utf8_lossy(&chunk?).into_owned());
                }
                Ok(texts(&received.text(), "textOutput"))
            }
            Self::Async => {
                let input = json!({"taskType": "TEXT_VIDEO", "textToVideoParams": {"text": PROMPT}});
                let place = "s3://my-bucket/videos/";
                let job = model(session, VIDEO_MODEL).start_async_invoke(input, place).await?;
                Ok(if job.invocation_arn.is_empty() { String::new() } else { "started".to_owned() })
            }
            Self::Batch => {
                let run = prepared.batch.as_ref().unwrap();
                let run = Batch::resume(session, store(folder), run.uri()).await?;
                run.wait().interval(POLL).deadline(WAIT).await?;
                results(&run).await
            }
        }
    }

    /// Checks, after the faults are gone, that nothing was lost or made twice. Returns what is wrong.
    pub(crate) async fn aftermath(
        self,
        session: &Session,
        prepared: &Prepared,
        folder: &Path,
    ) -> Result<Option<String>> {
        let (made, what) = match self {
            Self::Create => (Guardrail::objects().using(session).list().count().await?, "guardrails"),
            Self::Async => (
                model(session, VIDEO_MODEL).list_async_invokes().await?.items.len(),
                "asynchronous invocations",
            ),
            Self::Batch => {
                let run = prepared.batch.as_ref().unwrap();
                let run = Batch::resume(session, store(folder), run.uri()).await?;
                run.wait().interval(POLL).deadline(WAIT).await?;
                let replies = results(&run).await?;
                let wrong =
                    (replies != self.answer()).then(|| format!("the batch continues with {replies:?}"));
                return Ok(wrong);
            }
            _ => return Ok(None),
        };
        Ok((made > 1).then(|| format!("one call made {made} {what}")))
    }

    /// Returns the text that the server sent in whole, valid frames. `None` if the family has no stream.
    pub(crate) fn sent(self, local: &LocalBedrock) -> Option<String> {
        let name = match self {
            Self::ConverseStream | Self::InvokeStream => "contentBlockDelta",
            Self::Bidirectional => "textOutput",
            _ => return None,
        };
        let requests = local.requests();
        let request = requests.iter().rev().find(|it| it.operation.as_deref() == Some(self.operation()))?;
        let mut sent = String::new();
        for event in request.response.events() {
            let RecordedEvent::Event { name: event, payload } = event else { break };
            match (event == name, self) {
                (true, Self::ConverseStream) => sent += payload["delta"]["text"].as_str().unwrap_or_default(),
                (_, Self::InvokeStream | Self::Bidirectional) => sent += &texts(&payload.to_string(), name),
                _ => {}
            }
        }
        Some(sent)
    }

    /// Returns the text of what was received.
    pub(crate) fn received_text(self, received: &Received) -> String {
        match self {
            Self::InvokeStream => texts(&received.text(), "contentBlockDelta"),
            Self::Bidirectional => texts(&received.text(), "textOutput"),
            _ => received.text(),
        }
    }
}

fn guardrail() -> CreateGuardrailRequest {
    let words = json!({"wordsConfig": [{"text": "secret"}]});
    CreateGuardrailRequest::new("words", "No.", "No.").word_policy_config(
        serde_json::from_value::<bedrock_orm::models::GuardrailWordPolicyConfig>(words).unwrap(),
    )
}

/// The events of a short conversation with a speech model.
fn speech() -> Vec<Value> {
    let content = json!({"promptName": "p", "contentName": "c", "type": "TEXT", "role": "USER"});
    [
        json!({"sessionStart": {"inferenceConfiguration": {"maxTokens": 9}}}),
        json!({"promptStart": {"promptName": "p"}}),
        json!({"contentStart": content}),
        json!({"textInput": {"promptName": "p", "contentName": "c", "content": PROMPT}}),
        json!({"contentEnd": {"promptName": "p", "contentName": "c"}}),
        json!({"promptEnd": {"promptName": "p"}}),
        json!({"sessionEnd": {}}),
    ]
    .map(|event| json!({"event": event}))
    .into()
}

/// The texts of the JSON values, one after the other, that have an event with this name.
fn texts(values: &str, name: &str) -> String {
    let values = serde_json::Deserializer::from_str(values).into_iter::<Value>();
    let text = |value: Value| {
        let event = if value["event"].is_object() { &value["event"][name] } else { &value[name] };
        event["content"].as_str().or_else(|| event["delta"]["text"].as_str()).unwrap_or_default().to_owned()
    };
    values.map_while(std::result::Result::ok).map(text).collect()
}

fn store(folder: &Path) -> Arc<LocalFileSystem> {
    Arc::new(LocalFileSystem::new_with_prefix(folder.join("my-bucket")).unwrap())
}

/// Starts a batch with one job.
async fn start_batch(session: &Session, folder: &Path) -> Result<BatchRun> {
    Batch::of(&model(session, MODEL))
        .in_store(store(folder), "s3://my-bucket/batch")
        .role(ROLE)
        .quotas(BatchQuotas::default().min_records_per_job(1))
        .map((0..RECORDS).map(|number| format!("prompt {number}")))
        .await
}

/// The replies of a batch, in the order of their inputs.
async fn results(run: &BatchRun) -> Result<String> {
    let mut replies = Vec::new();
    let mut results = run.results();
    while let Some(record) = results.next().await {
        let record = record?;
        replies.push((record.index, record.reply()?.text()));
    }
    replies.sort();
    Ok(replies.into_iter().map(|(index, text)| format!("{index} {text}\n")).collect())
}
