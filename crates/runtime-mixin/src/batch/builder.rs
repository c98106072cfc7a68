//! The builder of a batch.

use std::fmt;
use std::sync::Arc;

use bedrock_orm_core::{Error, ErrorKind, Result, Session};
use bedrock_orm_managers::Objects;
use bedrock_orm_models::{ModelInvocationJob, ModelInvocationJobInputDataConfig, Tag, VpcConfig};
use futures_core::Stream;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use object_store::ObjectStore;

use crate::batch::input::BatchInput;
use crate::batch::line::{InputLine, record_id, to_line};
use crate::batch::manifest::{Attempt, Manifest, Settings};
use crate::batch::quotas::BatchQuotas;
use crate::batch::run::BatchRun;
use crate::batch::state::BatchState;
use crate::batch::writer;
use crate::store::folder::StoreFolder;
use crate::{BoundModel, Target};

/// How many requests are sent at once for records that are run directly, by default.
const CONCURRENCY: usize = 8;

/// The longest name, which leaves space in a job's name for the numbers.
const LONGEST_NAME: usize = 32;

/// A map over many prompts, on AWS's batch inference.
///
/// [`map`](Self::map) writes the prompts as JSONL files into a folder of a bucket, within AWS's quotas, while it reads them.
/// It starts a [`ModelInvocationJob`] for each file. [`BatchRun::wait`] waits for the jobs, and [`BatchRun::results`]
/// streams the records, joined to their inputs. All state is in the folder: if the process ends, another one continues with
/// [`resume`](Self::resume), or with `map` and the same inputs if they were not all written.
///
/// A set that is smaller than a job may be is run directly, by the same code.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use bedrock_orm::Batch;
/// use bedrock_orm::object_store::local::LocalFileSystem;
/// use bedrock_orm::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("bedrock-orm-batch-{}", std::process::id()));
/// # std::fs::create_dir_all(folder.join("my-bucket"))?;
/// # let local = bedrock_orm_local::LocalBedrock::builder()
/// #     .bucket_folder(&folder).job_duration(Duration::from_millis(50)).start().await?;
/// # let session = Session::local(local.url())?;
/// // On AWS: `AmazonS3Builder::from_env().with_bucket_name("my-bucket").build()?`
/// let store = Arc::new(LocalFileSystem::new_with_prefix(folder.join("my-bucket"))?);
/// let model = FoundationModel::objects().using(&session).get("amazon.nova-lite-v1:0").await?;
///
/// let run = Batch::of(&model)
///     .in_store(store, "s3://my-bucket/summaries")
///     .role("arn:aws:iam::123456789012:role/bedrock-batch")
///     .map((0..250).map(|number| format!("Summarize note {number}.")))
///     .await?;
/// run.wait().interval(Duration::from_millis(20)).await?;
///
/// let mut results = run.results();
/// while let Some(record) = results.next().await {
///     let record = record?;
///     println!("{}: {}", record.index, record.reply()?.text());
/// }
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference.html>
#[derive(Clone)]
#[must_use = "a batch starts with `map`"]
pub struct Batch {
    target: Target,
    folder: Option<(Arc<dyn ObjectStore>, String)>,
    settings: Settings,
}

impl Batch {
    /// Creates a batch for a model.
    pub fn of(model: &(impl BoundModel + ?Sized)) -> Self {
        let settings = Settings {
            name: "batch".to_owned(),
            role_arn: None,
            timeout_duration_in_hours: None,
            tags: Vec::new(),
            vpc_config: None,
            s3_encryption_key_id: None,
            quotas: BatchQuotas::default(),
            directly: false,
            concurrency: CONCURRENCY,
        };
        Self { target: model.target(), folder: None, settings }
    }

    /// Sets the folder of the batch, `s3://bucket/prefix`, and the store of the bucket. A folder has one batch.
    pub fn in_store(mut self, store: Arc<dyn ObjectStore>, uri: impl Into<String>) -> Self {
        self.folder = Some((store, uri.into()));
        self
    }

    /// Sets the IAM role of the jobs, by its ARN: Bedrock assumes it, and it must have access to the folder.
    ///
    /// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/batch-iam-sr.html>
    pub fn role(mut self, arn: impl Into<String>) -> Self {
        self.settings.role_arn = Some(arn.into());
        self
    }

    /// Sets the beginning of the jobs' names: up to 32 letters, digits and hyphens. The default is `batch`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = name.into();
        self
    }

    /// Sets after how many hours a job expires: 24 to 168. The default is AWS's, 24.
    pub fn timeout_duration_in_hours(mut self, hours: i32) -> Self {
        self.settings.timeout_duration_in_hours = Some(hours);
        self
    }

    /// Adds tags to the jobs, as pairs of key and value.
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<Tag>>) -> Self {
        self.settings.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// Sets the VPC of the jobs.
    pub fn vpc_config(mut self, vpc_config: VpcConfig) -> Self {
        self.settings.vpc_config = Some(vpc_config);
        self
    }

    /// Sets the KMS key that encrypts the jobs' output, by its ID or ARN.
    pub fn s3_encryption_key_id(mut self, key: impl Into<String>) -> Self {
        self.settings.s3_encryption_key_id = Some(key.into());
        self
    }

    /// Sets AWS's quotas, if they differ from the defaults.
    pub fn quotas(mut self, quotas: BatchQuotas) -> Self {
        self.settings.quotas = quotas;
        self
    }

    /// Runs all records directly, without jobs, for example to try a batch with a part of its inputs. It costs the
    /// on-demand price.
    pub fn directly(mut self) -> Self {
        self.settings.directly = true;
        self
    }

    /// Sets how many requests are sent at once for records that are run directly. The default is 8.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.settings.concurrency = requests;
        self
    }

    /// Writes the inputs and starts the jobs: prompts, messages or [`ConverseRequest`](bedrock_orm_models::ConverseRequest)s
    /// for Converse, or JSON bodies for InvokeModel. It returns when all inputs are written. Jobs that are more than the
    /// quota allows wait for [`BatchRun::wait`].
    ///
    /// If the folder has this batch already, because the process ended before, it continues: files that are written and jobs
    /// that are started are kept, after a check that the inputs are the same.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there is no input, no store or no role, a record is larger than a file may be, or the folder has a
    /// batch of another model or of other inputs; errors of the store; `Validation`, `AccessDenied`, `ServiceQuotaExceeded`
    /// …, as AWS returns them.
    ///
    /// # Requests
    ///
    /// One `CreateModelInvocationJob` per file (`bedrock:CreateModelInvocationJob`, `iam:PassRole` on the role). The store
    /// needs `s3:PutObject`, `s3:GetObject` and `s3:ListBucket`.
    pub fn map<I>(self, inputs: I) -> impl Future<Output = Result<BatchRun>> + Send + 'static
    where
        I: IntoIterator<Item: Into<BatchInput>, IntoIter: Send + 'static>,
    {
        start(self, stream::iter(inputs.into_iter().map(|input| Ok(input.into()))).boxed())
    }

    /// As [`map`](Self::map), with inputs from a stream that can fail, such as the lines of a file. An error of the stream
    /// ends the call; the files that are written remain.
    ///
    /// # Errors
    ///
    /// As [`map`](Self::map), and `InvalidInput` with the stream's error.
    ///
    /// # Requests
    ///
    /// As [`map`](Self::map).
    pub fn map_stream(
        self,
        inputs: impl Stream<Item = Result<impl Into<BatchInput>, impl fmt::Display>> + Send + 'static,
    ) -> impl Future<Output = Result<BatchRun>> + Send + 'static {
        let inputs = inputs.enumerate().map(|(index, input)| match input {
            Ok(input) => Ok(input.into()),
            Err(error) => {
                let message = format!("input {index} of the batch cannot be read: {error}");
                Err(Error::new(ErrorKind::InvalidInput, message))
            }
        });
        start(self, inputs.boxed())
    }

    /// Returns to a batch, from its folder or the ARN of one of its jobs. The store is that of the bucket.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use bedrock_orm::Batch;
    /// # use bedrock_orm::object_store::memory::InMemory;
    /// # use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let store = Arc::new(InMemory::new());
    /// # let model = FoundationModel::with_id("amazon.nova-lite-v1:0").using(&session);
    /// # Batch::of(&model).in_store(store.clone(), "s3://my-bucket/summaries").map(["Hello."]).await?;
    /// let run = Batch::resume(&session, store, "s3://my-bucket/summaries").await?;
    /// run.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `DoesNotExist` if there is no such job, or the folder has no batch; errors of the store.
    ///
    /// # Requests
    ///
    /// One `GetModelInvocationJob` for an ARN (`bedrock:GetModelInvocationJob`), else none.
    pub fn resume(
        session: &Session,
        store: Arc<dyn ObjectStore>,
        uri_or_arn: impl Into<String>,
    ) -> impl Future<Output = Result<BatchRun>> + Send + 'static {
        let (session, uri_or_arn) = (session.clone(), uri_or_arn.into());
        async move {
            let uri = match uri_or_arn.starts_with("arn:") {
                true => folder_of_job(&session, uri_or_arn).await?,
                false => uri_or_arn,
            };
            let folder = StoreFolder::new(store, &uri)?;
            let state = BatchState::load(session, folder).await?.ok_or_else(|| {
                Error::new(ErrorKind::DoesNotExist, format!("{uri} has no batch"))
                    .with_hint("a batch begins with `Batch::map`")
            })?;
            Ok(BatchRun::new(Arc::new(state)))
        }
    }
}

/// Returns the folder of the batch that a job belongs to.
async fn folder_of_job(session: &Session, arn: String) -> Result<String> {
    let job = ModelInvocationJob::objects().using(session).get(arn).await?;
    let input = match &job.input_data_config {
        ModelInvocationJobInputDataConfig::S3InputDataConfig(input) => input.s3_uri.as_str(),
        _ => "",
    };
    input.rsplit_once("/in/").map(|(folder, _)| folder.to_owned()).ok_or_else(|| {
        let message = format!("the job {} reads {input}, which is not a file of a batch", job.job_arn);
        Error::new(ErrorKind::InvalidInput, message)
            .with_hint("`ModelInvocationJob::objects()` gets and waits for the jobs of other programs")
    })
}

async fn start(batch: Batch, inputs: BoxStream<'static, Result<BatchInput>>) -> Result<BatchRun> {
    let state = Arc::new(batch.open().await?);
    {
        let _driver = state.driver.lock().await;
        let state = &state;
        let lines = inputs.enumerate().map(|(index, input)| line(state, index as u64, &input?));
        writer::write_attempt(state, 0, lines.boxed()).await?;
        if state.read(|manifest| manifest.attempts[0].parts.is_empty()) {
            return Err(Error::new(ErrorKind::InvalidInput, "the batch has no input"));
        }
    }
    Ok(BatchRun::new(state))
}

/// Returns the line of an input. All inputs are of the type of the first one.
fn line(state: &BatchState, index: u64, input: &BatchInput) -> Result<Vec<u8>> {
    let own = input.invocation_type();
    let expected =
        state.change(|manifest| manifest.invocation_type.get_or_insert_with(|| own.clone()).clone());
    if own != expected {
        let message = format!("input {index} of the batch is for {own}, and those before it for {expected}");
        return Err(Error::new(ErrorKind::InvalidInput, message).with_hint(
            "make two batches: one of prompts or requests of Converse, one of bodies of InvokeModel",
        ));
    }
    to_line(&InputLine { record_id: record_id(index), model_input: input })
}

impl Batch {
    /// Opens the batch in the folder, or creates it. The settings are the new ones.
    async fn open(self) -> Result<BatchState> {
        let Self { target, folder, settings } = self;
        let invalid = |message: String| Error::new(ErrorKind::InvalidInput, message);
        let (store, uri) = folder.ok_or_else(|| {
            invalid("the batch has no folder".to_owned()).with_hint("set it with `in_store`")
        })?;
        let is_plain =
            |name: &str| name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
        let begins_well = settings.name.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        if !begins_well || settings.name.len() > LONGEST_NAME || !is_plain(&settings.name) {
            let message = format!("`{}` is not a name for the jobs of a batch", settings.name);
            return Err(invalid(message).with_hint("a name has up to 32 letters, digits and hyphens"));
        }
        target.call("CreateModelInvocationJob").check()?;
        let Target { session, model_id, .. } = target;
        let folder = StoreFolder::new(store, &uri)?;
        if let Some(state) = BatchState::load(session.clone(), folder.clone()).await? {
            let known = state.read(|manifest| manifest.model_id.clone());
            if known != model_id {
                return Err(invalid(format!("{uri} has a batch of the model {known}, not of {model_id}"))
                    .with_hint("use another folder for another batch"));
            }
            state.change(|manifest| manifest.settings = settings);
            return Ok(state);
        }
        let manifest = Manifest {
            id: format!("{:08x}", fastrand::u32(..)),
            model_id,
            invocation_type: None,
            settings,
            attempts: vec![Attempt::default()],
        };
        let state = BatchState::new(session, folder, manifest);
        state.save().await?;
        Ok(state)
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Batch")
            .field("model_id", &self.target.model_id)
            .field("uri", &self.folder.as_ref().map(|(_, uri)| uri))
            .finish_non_exhaustive()
    }
}
