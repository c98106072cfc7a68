//! What the examples share: a session on a local Bedrock, or, with `--aws`, on a real account.

use bedrock_orm::models::{
    CreateGuardrailRequest, GuardrailPiiEntityConfig, GuardrailPiiEntityType,
    GuardrailSensitiveInformationAction, GuardrailSensitiveInformationPolicyConfig, GuardrailWordConfig,
    GuardrailWordPolicyConfig,
};
use bedrock_orm::prelude::*;
use bedrock_orm_local::LocalBedrock;

/// What `main` gives.
pub type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// The model that the examples talk to.
pub const MODEL: &str = "amazon.nova-pro-v1:0";

/// A model whose tokens AWS counts.
pub const COUNTING_MODEL: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/// The model that the examples start long-running jobs of.
pub const VIDEO_MODEL: &str = "luma.ray-v2:0";

/// A Bedrock to talk to.
pub struct Bedrock {
    session: Session,
    /// Runs as long as this value lives.
    local: Option<LocalBedrock>,
}

impl Bedrock {
    /// A local Bedrock of its own, or AWS as the environment gives it where the program was started with `--aws`.
    pub async fn connect() -> Result<Self> {
        if std::env::args().any(|argument| argument == "--aws") {
            return Ok(Self { session: Session::from_env().await?, local: None });
        }
        let local = LocalBedrock::start().await?;
        let session = Session::builder()
            .region("us-east-1")
            .endpoint_url(local.url())
            .access_key("any", "any") // a local Bedrock takes any
            .build()
            .await?;
        Ok(Self { session, local: Some(local) })
    }

    /// The session to give to `using`.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Where it is, for people to read.
    pub fn place(&self) -> String {
        match &self.local {
            Some(local) => format!("a local Bedrock at {}", local.url()),
            None => format!("AWS, {}", self.session.region()),
        }
    }

    /// A guardrail's ID and version: one made for the purpose on a local Bedrock; on AWS one of yours, as
    /// `BEDROCK_GUARDRAIL=id:version`. It blocks the word "launch codes" and hides e-mail addresses.
    pub async fn guardrail(&self) -> Result<(String, String)> {
        if self.local.is_none() {
            let given = std::env::var("BEDROCK_GUARDRAIL")
                .map_err(|_| "name a guardrail of yours: BEDROCK_GUARDRAIL=id:version")?;
            let (id, version) = given.split_once(':').unwrap_or((&given, "DRAFT"));
            return Ok((id.to_owned(), version.to_owned()));
        }
        make_guardrail(&self.session).await
    }

    /// Where jobs write: on AWS a place of yours, as `BEDROCK_OUTPUT=s3://bucket/prefix/`.
    pub fn output(&self) -> Result<String> {
        match &self.local {
            Some(_) => Ok("s3://my-bedrock-output/video-jobs/".to_owned()),
            None => Ok(std::env::var("BEDROCK_OUTPUT")
                .map_err(|_| "name a place in S3 to write to: BEDROCK_OUTPUT=s3://bucket/prefix/")?),
        }
    }
}

/// Makes that guardrail, with a first version.
pub async fn make_guardrail(session: &Session) -> Result<(String, String)> {
    let guardrails = Guardrail::objects().using(session);
    let words = GuardrailWordPolicyConfig::default().words_config([GuardrailWordConfig::new("launch codes")]);
    let email = GuardrailPiiEntityConfig::new(
        GuardrailPiiEntityType::Email,
        GuardrailSensitiveInformationAction::Anonymize,
    );
    let made = guardrails
        .create(
            CreateGuardrailRequest::new("no-secrets", "I may not talk about that.", "I may not say that.")
                .description("Blocks launch codes, hides e-mail addresses")
                .word_policy_config(words)
                .sensitive_information_policy_config(
                    GuardrailSensitiveInformationPolicyConfig::default().pii_entities_config([email]),
                ),
        )
        .await?;
    let version = guardrails.create_version(made.guardrail_id.as_str(), Default::default()).await?;
    Ok((version.guardrail_id.clone(), version.version.clone()))
}
