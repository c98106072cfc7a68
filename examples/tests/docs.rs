//! Compiles every Rust snippet in the README and in `docs/`, and runs it against a local Bedrock.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bedrock_orm::object_store::ObjectStore;
use bedrock_orm::object_store::local::LocalFileSystem;
#[allow(unused_imports)] // some snippets import it themselves
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{MODEL, Result, create_guardrail};
use bedrock_orm_local::LocalBedrock;
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ErrorData, ServerHandler, ServiceExt, model as mcp};
use serde_json::{Value, json};
use tokio::io::DuplexStream;

include!(concat!(env!("OUT_DIR"), "/snippets.rs"));

/// Long enough for the snippets to watch or stop a running job.
const JOB_DURATION: Duration = Duration::from_millis(200);

#[tokio::test]
async fn every_snippet_runs() -> Result {
    std::fs::create_dir_all(buckets().join(BUCKET))?;
    let local = LocalBedrock::builder().job_duration(JOB_DURATION).bucket_folder(buckets()).start().await?;
    local.seed("ModelInvocationJob", invocation_jobs())?;
    local.seed("ModelCopyJob", copy_jobs())?;
    let session = Session::local(local.url())?;
    session.clone().set_default()?;
    Session::register("virginia", session.clone());
    Session::register("oregon", session.in_region("us-west-2")?);
    let (guardrail_id, _version) = create_guardrail(&session).await?;
    let model = FoundationModel::objects().get(MODEL).await?;
    let result = run_all(&session, &model, &guardrail_id).await;
    std::fs::remove_dir_all(buckets())?;
    result
}

/// The bucket of `docs/batches.md`.
const BUCKET: &str = "my-bucket";

/// The folder that replaces S3.
fn buckets() -> PathBuf {
    std::env::temp_dir().join(format!("bedrock-orm-docs-{}", std::process::id()))
}

/// The store of the bucket, with which the snippets of `docs/batches.md` begin.
fn bucket() -> Result<Arc<dyn ObjectStore>> {
    Ok(Arc::new(LocalFileSystem::new_with_prefix(buckets().join(BUCKET))?))
}

/// The MCP server of `docs/conversations.md`.
struct McpServer;

impl ServerHandler for McpServer {
    async fn list_tools(
        &self,
        _: Option<mcp::PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<mcp::ListToolsResult, ErrorData> {
        let schema = json!({"type": "object"}).as_object().cloned().unwrap_or_default();
        let tools = ["list_issues", "close_issue"].map(|name| mcp::Tool::new(name, name, schema.clone()));
        Ok(mcp::ListToolsResult::with_all_items(tools.into()))
    }

    async fn call_tool(
        &self,
        _: mcp::CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<mcp::CallToolResponse, ErrorData> {
        Ok(mcp::CallToolResult::success(vec![mcp::ContentBlock::text("none")]).into())
    }
}

/// Starts the MCP server. Returns the transport to it, with which the snippets of `docs/conversations.md` begin.
fn mcp_server() -> DuplexStream {
    let (transport, other_end) = tokio::io::duplex(4096);
    tokio::spawn(async move {
        if let Ok(server) = McpServer.serve(other_end).await {
            let _ = server.waiting().await;
        }
    });
    transport
}

/// The batch jobs that `docs/django.md` queries.
fn invocation_jobs() -> impl Iterator<Item = Value> {
    [
        ("web-1", "Completed", "2025-11-03T09:30:00Z", Some(1200)),
        ("web-2", "Failed", "2026-02-14T12:00:00Z", Some(40)),
        ("web-10", "Completed", "2026-05-20T08:15:00Z", Some(7000)),
        ("db-nightly", "Completed", "2026-06-01T01:00:00Z", Some(300)),
        ("Report", "Stopped", "2026-06-01T15:45:00Z", None),
    ]
    .into_iter()
    .zip(1..)
    .map(|((name, status, submitted, records), number)| {
        let mut job = json!({
            "jobArn": format!("arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/seeded00000{number}"),
            "jobName": name,
            "modelId": "amazon.nova-lite-v1:0",
            "roleArn": "arn:aws:iam::123456789012:role/bedrock",
            "status": status,
            "submitTime": submitted,
            "inputDataConfig": {"s3InputDataConfig": {"s3Uri": "s3://my-bedrock-input/prompts.jsonl"}},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "s3://my-bedrock-output/"}},
        });
        if let Some(records) = records {
            job["totalRecordCount"] = json!(records);
        }
        job
    })
}

/// The copy jobs that `docs/django.md` queries by their tags.
fn copy_jobs() -> impl Iterator<Item = Value> {
    [("tuned-1", "Production", "search"), ("tuned-2", "Production", "ads"), ("tuned-3", "Test", "search")]
        .into_iter()
        .zip(1..)
        .map(|((name, environment, owner), number)| {
            let model = format!("arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-lite-v1:0:300k/seeded00000{number}");
            json!({
                "jobArn": format!("arn:aws:bedrock:us-east-1:123456789012:model-copy-job/seeded00000{number}"),
                "status": "Completed",
                "creationTime": format!("2026-03-0{number}T00:00:00Z"),
                "targetModelArn": model,
                "targetModelName": name,
                "sourceAccountId": "123456789012",
                "sourceModelArn": model.replace("us-east-1", "us-west-2"),
                "targetModelTags": [
                    {"key": "Environment", "value": environment},
                    {"key": "Owner", "value": owner},
                ],
            })
        })
}
