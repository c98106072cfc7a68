//! Code shared by the examples: a session on a local Bedrock or, with `--aws`, on a real account.

use bedrock_orm::models::{
    CreateGuardrailRequest, GuardrailPiiEntityConfig, GuardrailPiiEntityType,
    GuardrailSensitiveInformationAction, GuardrailSensitiveInformationPolicyConfig, GuardrailWordConfig,
    GuardrailWordPolicyConfig,
};
use std::path::PathBuf;
use std::sync::Arc;

use bedrock_orm::object_store::ObjectStore;
use bedrock_orm::object_store::local::LocalFileSystem;
use bedrock_orm::prelude::*;
use bedrock_orm_local::{LocalBedrock, LocalBedrockBuilder};

/// The result type of the examples' `main` functions.
pub type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// The model that most examples invoke.
pub const MODEL: &str = "amazon.nova-pro-v1:0";

/// A model that supports `CountTokens`.
pub const COUNTING_MODEL: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/// A model that needs an inference profile.
pub const PROFILE_MODEL: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/// A model that supports asynchronous invocations.
pub const VIDEO_MODEL: &str = "luma.ray-v2:0";

/// The Bedrock that an example uses: a local Bedrock or AWS.
pub struct Bedrock {
    session: Session,
    /// The local server. It stops when this value is dropped.
    local: Option<LocalBedrock>,
    /// The local server's folder in place of S3. It is deleted when this value is dropped.
    buckets: PathBuf,
}

/// The bucket of a local Bedrock.
const BUCKET: &str = "my-bucket";

impl Bedrock {
    /// Starts a local Bedrock or, if the program was started with `--aws`, connects to AWS as the environment configures it.
    pub async fn connect() -> Result<Self> {
        Self::connect_to(LocalBedrock::builder()).await
    }

    /// As [`connect`](Self::connect). The local Bedrock has the models that AWS has retired, too.
    pub async fn connect_with_retired_models() -> Result<Self> {
        Self::connect_to(LocalBedrock::builder().keep_retired_models()).await
    }

    async fn connect_to(local: LocalBedrockBuilder) -> Result<Self> {
        let buckets = std::env::temp_dir().join(format!("bedrock-orm-examples-{}", std::process::id()));
        if std::env::args().any(|argument| argument == "--aws") {
            return Ok(Self { session: Session::from_env().await?, local: None, buckets });
        }
        std::fs::create_dir_all(buckets.join(BUCKET))?;
        let local = local.bucket_folder(&buckets).start().await?;
        let session = Session::local(local.url())?;
        Ok(Self { session, local: Some(local), buckets })
    }

    /// Returns whether this is a local Bedrock.
    pub fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// Returns the bucket for files. On AWS, set `BEDROCK_BUCKET` to one of yours.
    pub fn bucket(&self) -> Result<String> {
        match &self.local {
            Some(_) => Ok(BUCKET.to_owned()),
            None => {
                Ok(std::env::var("BEDROCK_BUCKET")
                    .map_err(|_| "set BEDROCK_BUCKET to one of your buckets")?)
            }
        }
    }

    /// Returns the store of the bucket: a folder.
    ///
    /// For S3, add the feature `aws` to `object_store` in `examples/Cargo.toml`, and return an `AmazonS3Builder` here. The
    /// examples do without it: it has an HTTP client of its own, which all of them would compile.
    pub fn store(&self) -> Result<Arc<dyn ObjectStore>> {
        match &self.local {
            Some(_) => Ok(Arc::new(LocalFileSystem::new_with_prefix(self.buckets.join(BUCKET))?)),
            None => Err("the examples have no store for S3. Add `aws` to the features of `object_store` in \
                         examples/Cargo.toml, and in `store` of examples/lib.rs return \
                         `Arc::new(AmazonS3Builder::from_env().with_bucket_name(self.bucket()?).build()?)`"
                .into()),
        }
    }

    /// Returns the IAM role of batch jobs. On AWS, set `BEDROCK_ROLE` to the ARN of one of yours.
    pub fn batch_role(&self) -> Result<String> {
        match &self.local {
            Some(_) => Ok("arn:aws:iam::123456789012:role/bedrock-batch".to_owned()),
            None => Ok(std::env::var("BEDROCK_ROLE").map_err(|_| "set BEDROCK_ROLE to the ARN of a role")?),
        }
    }

    /// Returns the session to pass to `using`.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Describes this Bedrock for the user.
    pub fn description(&self) -> String {
        match &self.local {
            Some(local) => format!("a local Bedrock at {}", local.url()),
            None => format!("AWS, {}", self.session.region()),
        }
    }

    /// Returns the ID and the version of a guardrail that blocks the phrase "launch codes" and masks e-mail addresses.
    ///
    /// On a local Bedrock, this creates the guardrail. On AWS, set `BEDROCK_GUARDRAIL=id:version` to one of yours.
    pub async fn guardrail(&self) -> Result<(String, String)> {
        if self.local.is_none() {
            let given = std::env::var("BEDROCK_GUARDRAIL")
                .map_err(|_| "set BEDROCK_GUARDRAIL=id:version to one of your guardrails")?;
            let (id, version) = given.split_once(':').unwrap_or((&given, "DRAFT"));
            return Ok((id.to_owned(), version.to_owned()));
        }
        create_guardrail(&self.session).await
    }

    /// Returns the S3 URI that jobs write to. On AWS, set `BEDROCK_OUTPUT=s3://bucket/prefix/`.
    pub fn output_uri(&self) -> Result<String> {
        match &self.local {
            Some(_) => Ok("s3://my-bedrock-output/video-jobs/".to_owned()),
            None => Ok(std::env::var("BEDROCK_OUTPUT")
                .map_err(|_| "set BEDROCK_OUTPUT=s3://bucket/prefix/ to an S3 URI that jobs can write to")?),
        }
    }
}

impl Drop for Bedrock {
    fn drop(&mut self) {
        if self.local.is_some() {
            let _ = std::fs::remove_dir_all(&self.buckets);
        }
    }
}

/// Draws a progress bar for a share, 0 to 1.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
pub fn bar(share: f64) -> String {
    const WIDTH: usize = 30;
    let filled = ((share * WIDTH as f64).round() as usize).min(WIDTH);
    format!("[{}{}]", "#".repeat(filled), ".".repeat(WIDTH - filled))
}

/// Creates the examples' guardrail and its first version.
pub async fn create_guardrail(session: &Session) -> Result<(String, String)> {
    let guardrails = Guardrail::objects().using(session);
    let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("launch codes")]);
    let email = GuardrailPiiEntityConfig::new(
        GuardrailPiiEntityType::Email,
        GuardrailSensitiveInformationAction::Anonymize,
    );
    let guardrail = guardrails
        .create(
            CreateGuardrailRequest::new("no-secrets", "I may not talk about that.", "I may not say that.")
                .description("Blocks launch codes and masks e-mail addresses")
                .word_policy_config(words)
                .sensitive_information_policy_config(
                    GuardrailSensitiveInformationPolicyConfig::default().pii_entities_config([email]),
                ),
        )
        .await?;
    let version = guardrails.create_version(guardrail.guardrail_id.as_str(), Default::default()).await?;
    Ok((version.guardrail_id.clone(), version.version.clone()))
}
