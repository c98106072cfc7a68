//! Every Rust snippet of the README and of `docs/` compiles and runs, on a local Bedrock.

#[allow(unused_imports)] // some snippets import it themselves
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, Result};
use serde_json::json;

include!(concat!(env!("OUT_DIR"), "/snippets.rs"));

#[tokio::test]
async fn every_snippet_runs() -> Result {
    let bedrock = Bedrock::connect().await?;
    let session = bedrock.session();
    session.clone().set_default()?;
    let (guardrail_id, _version) = bedrock.guardrail().await?;
    let model = FoundationModel::objects().get(MODEL).await?;
    run_all(session, &model, &guardrail_id).await
}
