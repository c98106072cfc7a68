//! Tools of an MCP server, which runs in this process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::sync::Arc;
use std::time::Duration;

use bedrock_orm::Toolset;
use bedrock_orm::prelude::*;
use bedrock_orm_local::Reply as Queued;
use bedrock_orm_tests::support::{MODEL, local, model};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock as McpContent, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool as McpTool,
};
use rmcp::service::{RequestContext, RoleClient, RoleServer, RunningService};
use rmcp::{ErrorData, ServerHandler, ServiceExt};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// A server with these pages of tools. A page's cursor is its index.
struct Server {
    pages: Vec<&'static [&'static str]>,
    /// Ends the server.
    end: Arc<Notify>,
}

fn schema() -> Arc<serde_json::Map<String, Value>> {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    Arc::new(schema.as_object().unwrap().clone())
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        page: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let page = page.and_then(|page| page.cursor).map_or(0, |cursor| cursor.parse().unwrap());
        let Some(&names) = self.pages.get(page) else {
            return Err(ErrorData::internal_error("the tools are being replaced", None));
        };
        if names.contains(&"never") {
            std::future::pending::<()>().await;
        }
        let tools = names.iter().map(|name| McpTool::new(*name, "Returns the weather.", schema())).collect();
        let mut result = ListToolsResult::with_all_items(tools);
        result.next_cursor = match names.last() {
            Some(&"again") => Some(page.to_string()),
            Some(&"broken") => Some("99".to_owned()),
            _ => (page + 1 < self.pages.len()).then(|| (page + 1).to_string()),
        };
        Ok(result)
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let city = call.arguments.as_ref().and_then(|input| input["city"].as_str()).unwrap_or_default();
        let result = match (call.name.as_ref(), city) {
            ("weather.in", "Austin") => CallToolResult::success(vec![
                McpContent::text("sunny"),
                McpContent::image("aW1hZ2U=", "image/png"),
                McpContent::image("aW1hZ2U=", "image/tiff"),
            ]),
            ("weather.in", "Queens") => {
                let mut result = CallToolResult::structured(json!({"degrees": 40}));
                result.content.clear();
                result
            }
            ("fail", "Austin") => CallToolResult::error(vec![McpContent::text("no such city")]),
            ("end", _) => {
                self.end.notify_one();
                std::future::pending().await
            }
            _ => return Err(ErrorData::invalid_params("this city is not served", None)),
        };
        Ok(CallToolResponse::Complete(result))
    }
}

/// Starts a server with these pages of tools, and returns the client's connection to it.
async fn connected(
    pages: impl IntoIterator<Item = &'static [&'static str]>,
) -> RunningService<RoleClient, ()> {
    let (ours, theirs) = tokio::io::duplex(4096);
    let end = Arc::new(Notify::new());
    let server = Server { pages: pages.into_iter().collect(), end: end.clone() };
    tokio::spawn(async move {
        let running = server.serve(theirs).await.unwrap();
        end.notified().await;
        running.cancel().await.unwrap();
    });
    ().serve(ours).await.unwrap()
}

#[tokio::test]
async fn a_chat_calls_the_tools_of_a_server() {
    let (local, session) = local().await;
    let server = connected([["weather.in"].as_slice(), &["fail"]]).await;
    let tools = Tool::all_of_mcp_server(&server).await.unwrap();
    assert_eq!(tools.iter().map(Tool::name).collect::<Vec<_>>(), ["weather_in", "fail"]);
    let tools = tools.into_iter().map(|tool| {
        let name = format!("sky_{}", tool.name());
        tool.with_name(name)
    });

    local.queue_reply(Queued::content(json!([
        {"toolUse": {"toolUseId": "a", "name": "sky_weather_in", "input": {"city": "Austin"}}},
        {"toolUse": {"toolUseId": "b", "name": "sky_weather_in", "input": {"city": "Queens"}}},
        {"toolUse": {"toolUseId": "c", "name": "sky_fail", "input": {"city": "Austin"}}},
        {"toolUse": {"toolUseId": "d", "name": "sky_fail", "input": {"city": "Rome"}}},
    ])));
    model(&session, MODEL).chat().tools(tools).send("Weather?").await.unwrap();

    let requests = local.requests();
    let offered = &requests[0].json()["toolConfig"]["tools"][0]["toolSpec"];
    assert_eq!(offered["name"], "sky_weather_in");
    assert_eq!(offered["description"], "Returns the weather.");
    assert_eq!(offered["inputSchema"]["json"], Value::Object(schema().as_ref().clone()));
    let last = requests.last().unwrap().json();
    let results = last["messages"].as_array().unwrap().last().unwrap()["content"].clone();
    let content = |index: usize| results[index]["toolResult"]["content"].clone();
    assert_eq!(
        content(0),
        json!([
            {"text": "sunny"},
            {"image": {"format": "png", "source": {"bytes": "aW1hZ2U="}}},
            {"text": "The tool returned image/tiff, which is left out."},
        ])
    );
    assert_eq!(content(1), json!([{"json": {"degrees": 40}}]));
    assert_eq!(content(2), json!([{"text": "no such city"}]));
    assert_eq!(results[2]["toolResult"]["status"], "error");
    assert!(content(3)[0]["text"].as_str().unwrap().contains("this city is not served"), "{results}");
    assert_eq!(results[3]["toolResult"]["status"], "error");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_gone_is_an_error() {
    let server = connected([["fail", "end"].as_slice()]).await;
    let tools = Toolset::new(Tool::all_of_mcp_server(&server).await.unwrap());
    // The server ends during the first call.
    for name in ["end", "fail"] {
        let call = json!({"toolUseId": "a", "name": name, "input": {"city": "Austin"}});
        let call: ToolUseBlock = serde_json::from_value(call).unwrap();
        let results = serde_json::to_value(tools.run([&call]).await.unwrap()).unwrap();
        assert_eq!(results[0]["content"], json!([{"text": "the connection to the MCP server is closed"}]));
        assert_eq!(results[0]["status"], "error");
    }
    let error = Tool::all_of_mcp_server(&server).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
    assert_eq!(error.hint(), Some("connect to the MCP server again"));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_wrong_or_never_ends_is_an_error() {
    let cases: [(&'static [&'static str], ErrorKind, &str); 4] = [
        (&["again"], ErrorKind::InvalidResponse, "repeats a page"),
        (&["a.b", "a b"], ErrorKind::InvalidResponse, "two tools with the name `a_b`"),
        (&["broken"], ErrorKind::Unmodelled, "the tools are being replaced"),
        (&["never"], ErrorKind::Timeout, "within 60s"),
    ];
    for (names, kind, text) in cases {
        let server = connected([names]).await;
        // Longer than the limit of the list, and not reached.
        let listing = tokio::time::timeout(Duration::from_secs(600), Tool::all_of_mcp_server(&server));
        let error = listing.await.expect("the list never ends").unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(text), "{error}");
    }
}
