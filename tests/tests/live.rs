//! Runs the behaviours on AWS: `BEDROCK_ORM_LIVE=1 cargo test --test live`. The environment provides the account,
//! region, and permissions. A run costs some cents. Without the variable, no request is sent.
#![allow(clippy::unwrap_used)] // tests

use bedrock_orm::Session;
use bedrock_orm_tests::for_each_behaviour;
use bedrock_orm_tests::support::report_skipped;

async fn session() -> Option<Session> {
    if std::env::var("BEDROCK_ORM_LIVE").as_deref() == Ok("1") {
        return Some(Session::from_env().await.unwrap());
    }
    report_skipped("these tests run on AWS, when BEDROCK_ORM_LIVE=1 is set");
    None
}

macro_rules! on_aws {
    ($($topic:ident { $($behaviour:ident,)* })*) => {
        $(mod $topic {
            $(#[tokio::test]
            async fn $behaviour() {
                if let Some(session) = crate::session().await {
                    bedrock_orm_tests::behaviours::$topic::$behaviour(&session).await;
                }
            })*
        })*
    };
}

for_each_behaviour!(on_aws);
