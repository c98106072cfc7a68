//! Finds foundation models: `cargo run --example find_models`.

use bedrock_orm::models::{InferenceType, ModelModality};
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, MODEL, Result};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let models = FoundationModel::objects().using(bedrock.session());

    let model = models.get(MODEL).await?;
    println!(
        "{} by {}",
        model.model_name.as_deref().unwrap_or("?"),
        model.provider_name.as_deref().unwrap_or("?")
    );

    if models.get_opt("acme.oracle-v9:0").await?.is_none() {
        println!("acme.oracle-v9:0 does not exist");
    }

    // A queryset is a value: nothing is sent until you await it or call a method such as `count`.
    let images = models.list().by_output_modality(ModelModality::Image);
    println!("{} models generate images", images.count().await?);
    println!("the first is {:?}", images.first().await?.map(|model| model.model_id.clone()));

    for model in
        models.list().by_provider("amazon").by_inference_type(InferenceType::OnDemand).limit(5).await?
    {
        println!("  {}", model.model_id);
    }

    let availability = models.availability(MODEL).await?;
    println!("authorization status of {MODEL}: {}", availability.authorization_status);
    Ok(())
}
