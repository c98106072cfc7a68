//! Finds what to call to reach a model, and models to replace: `cargo run --example model_ids`.

use bedrock_orm::Routing;
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, PROFILE_MODEL, Result};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let session = bedrock.session();

    for id in [MODEL, PROFILE_MODEL] {
        let model = FoundationModel::with_id(id).using(session).invocable().await?;
        println!("{id} is called as {}", model.invocation_id);
        println!("  {}", model.converse("Say hello.").max_tokens(64).await?.text());
    }

    // Where data may go is stated, not guessed.
    let model = FoundationModel::with_id(PROFILE_MODEL).using(session);
    match model.invocable().routing([Routing::Region]).await {
        Ok(model) => println!("{} stays in {}", model.invocation_id, session.region()),
        Err(error) => println!("{error}"),
    }

    for profile in InferenceProfile::objects().using(session).list().limit(3).await? {
        let resolved = profile.resolve().await?;
        println!("{} leads to {}", profile.inference_profile_id, resolved.model_id().unwrap_or("?"));
    }
    for model in session.models_in_use().ending_within_days(180) {
        println!("replace {}: it ends on {:?}", model.invocation_id, model.end_of_life());
    }
    Ok(())
}
