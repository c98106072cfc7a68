//! The library on local servers: the behaviours on a local Bedrock, and what needs a server's own means.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

/// The behaviours that hold on AWS too, each on a local Bedrock of its own.
mod behaviours {
    macro_rules! on_local_bedrock {
        ($($topic:ident { $($behaviour:ident,)* })*) => {
            $(mod $topic {
                use bedrock_orm_tests::support;

                $(#[tokio::test]
                async fn $behaviour() {
                    let (_local, session) = support::local().await;
                    bedrock_orm_tests::behaviours::$topic::$behaviour(&session).await;
                })*
            })*
        };
    }

    bedrock_orm_tests::for_each_behaviour!(on_local_bedrock);
}

mod any_model;
mod async_invokes;
mod conversation_manager;
mod converse;
mod converse_stream;
mod errors;
mod generic;
mod guardrails;
mod invoke_model;
mod nouns;
mod pages;
mod queries;
mod relations;
mod sessions;
mod stream_faults;
mod waits;
mod wire_json;
