//! Tests of the library against local servers: the behaviours, and tests that need access to the server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

/// Runs each behaviour on its own local Bedrock.
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
mod aws_members;
mod caching;
mod chats;
mod conversation_manager;
mod converse;
mod converse_stream;
mod deadlines;
mod embeddings;
mod errors;
mod fallbacks;
mod generic;
mod guardrails;
mod invoke_model;
mod ledger;
mod limiters;
mod model_ids;
mod pages;
mod plans;
mod preflight;
mod provider_bodies;
mod queries;
mod relations;
mod resources;
mod sessions;
mod spawned_futures;
mod speech;
mod stream_faults;
mod traps;
mod typed;
mod waits;
mod wire_json;
