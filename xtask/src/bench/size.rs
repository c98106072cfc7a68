//! The time of a clean debug build, and the size of a small program.

use std::fs;

use super::sides::Bench;
use super::standalone::{Standalone, Written};
use super::table::Reach::AtMost;
use super::table::Row;
use crate::result::Result;

const OURS: Standalone<'static> = Standalone {
    name: "with-orm",
    dependencies: "bedrock-orm = { path = \"ROOT/crates/bedrock-orm\" }\n",
    main: r#"use bedrock_orm::prelude::*;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let session = Session::from_env().await?;
    for model in FoundationModel::objects().using(&session).list().await? {
        println!("{}", model.model_id);
    }
    let model = FoundationModel::with_id("amazon.nova-lite-v1:0").using(&session);
    println!("{}", model.converse("Hello").await?.text());
    Ok(())
}
"#,
};

const THEIRS: Standalone<'static> = Standalone {
    name: "with-sdk",
    dependencies: "aws-sdk-bedrock = { version = \"1\", default-features = false, features = [\"default-https-client\", \"rt-tokio\"] }\n\
                   aws-sdk-bedrockruntime = { version = \"1\", default-features = false, features = [\"default-https-client\", \"rt-tokio\"] }\n\
                   aws-config = { version = \"1\", default-features = false, features = [\"default-https-client\", \"rt-tokio\", \"sso\", \"credentials-process\"] }\n",
    main: r#"use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, Message};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let listed = aws_sdk_bedrock::Client::new(&config).list_foundation_models().send().await?;
    for model in listed.model_summaries() {
        println!("{}", model.model_id());
    }
    let message =
        Message::builder().role(ConversationRole::User).content(ContentBlock::Text("Hello".into())).build()?;
    let client = aws_sdk_bedrockruntime::Client::new(&config);
    let reply = client.converse().model_id("amazon.nova-lite-v1:0").messages(message).send().await?;
    println!("{:?}", reply.output().and_then(|output| output.as_message().ok()));
    Ok(())
}
"#,
};

pub(super) fn measure(bench: &mut Bench<'_>) -> Result {
    let folder = bench.target.join("bench-size");
    let ours = OURS.write(bench.root, &folder)?;
    let theirs = THEIRS.write(bench.root, &folder)?;
    let (our_build, their_build) = ours.debug_build()?.beside(&theirs.debug_build()?);
    let (our_size, their_size) = (size(&ours)?, size(&theirs)?);
    let against = "the SDK's crates";
    bench.table.add(Row {
        what: "a clean debug build: CPU",
        against,
        unit: "s",
        ours: our_build,
        theirs: their_build,
        result: our_build / their_build,
        reach: AtMost(1.15),
        spread: None,
    });
    bench.table.add(Row {
        what: "a small program in release: size",
        against,
        unit: "MiB",
        ours: our_size,
        theirs: their_size,
        result: our_size / their_size,
        reach: AtMost(1.15),
        spread: None,
    });
    Ok(())
}

/// Returns the size of a program in MiB.
fn size(program: &Written) -> Result<f64> {
    Ok(fs::metadata(program.release()?)?.len() as f64 / f64::from(1 << 20))
}
