//! The tools of a server of the Model Context Protocol, through the client `rmcp`.

use std::collections::HashSet;
use std::time::Duration;

use bedrock_orm_core::{Error, ErrorKind, Result};
use bedrock_orm_models::{Blob, ImageBlock, ImageFormat, ImageSource, ToolResultContentBlock};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, JsonObject,
    PaginatedRequestParams, ResourceContents, Tool as McpTool,
};
use rmcp::service::{Peer, RoleClient, ServiceError};
use serde_json::Value;
use tokio::time::timeout;

use crate::tools::ToolError;
use crate::tools::output::ToolOutput;
use crate::tools::tool::{LONGEST_NAME, Tool, is_allowed_in_name};

/// The time limit of the list of tools.
const LIST_TIMEOUT: Duration = Duration::from_secs(60);

impl Tool {
    /// Returns the tools of an MCP server. Each call of a model becomes a call of the server. The connection is yours: a
    /// client of the crate [`rmcp`](https://docs.rs/rmcp) over any transport. Keep it for as long as the tools.
    ///
    /// A name with characters that AWS does not accept gets `_` in their place. Texts and images of a result reach the model;
    /// for anything else, the model gets a text that says what was left out. An error of the server, and a lost connection,
    /// is an error result. What the server says about the effects of a tool is not used: set
    /// [`requires_approval`](Self::requires_approval) where a call needs it. If two servers have tools of the same name,
    /// [`with_name`](Self::with_name) tells them apart.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    /// # use bedrock_orm::rmcp::{ErrorData, ServerHandler, ServiceExt, model as mcp, service::{RequestContext, RoleServer}};
    /// # use bedrock_orm_local::LocalBedrock;
    /// # use serde_json::json;
    ///
    /// # struct Issues;
    /// # impl ServerHandler for Issues {
    /// #     async fn list_tools(
    /// #         &self, _: Option<mcp::PaginatedRequestParams>, _: RequestContext<RoleServer>,
    /// #     ) -> Result<mcp::ListToolsResult, ErrorData> {
    /// #         let schema = json!({"type": "object"}).as_object().cloned().unwrap_or_default();
    /// #         Ok(mcp::ListToolsResult::with_all_items(vec![mcp::Tool::new("list_issues", "Lists open issues.", schema)]))
    /// #     }
    /// #
    /// #     async fn call_tool(
    /// #         &self, _: mcp::CallToolRequestParams, _: RequestContext<RoleServer>,
    /// #     ) -> Result<mcp::CallToolResponse, ErrorData> {
    /// #         Ok(mcp::CallToolResult::success(vec![mcp::ContentBlock::text("none")]).into())
    /// #     }
    /// # }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// # let model = FoundationModel::with_id("amazon.nova-pro-v1:0").using(&session);
    /// # let (transport, other_end) = tokio::io::duplex(4096);
    /// # tokio::spawn(async move { Issues.serve(other_end).await?.waiting().await.map_err(Box::<dyn std::error::Error + Send + Sync>::from) });
    /// let server = ().serve(transport).await?; // of `rmcp`
    /// let mut chat = model.chat().tools(Tool::all_of_mcp_server(&server).await?);
    /// println!("{}", chat.send("Please list the issues.").await?.text());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Transport` if the connection is lost, `Timeout` if the list takes more than a minute, `InvalidResponse` if the list
    /// repeats a page or two of its names become the same, and `Unmodelled` for an error of the server.
    ///
    /// # Requests
    ///
    /// None to AWS. `tools/list` to the server, for each page of its list.
    pub async fn all_of_mcp_server(server: &Peer<RoleClient>) -> Result<Vec<Self>> {
        let listed = timeout(LIST_TIMEOUT, list(server)).await.unwrap_or_else(|_| {
            let message = format!("the MCP server did not list its tools within {LIST_TIMEOUT:?}");
            Err(Error::new(ErrorKind::Timeout, message))
        })?;
        let mut names = HashSet::new();
        let mut tools = Vec::with_capacity(listed.len());
        for tool in listed {
            let name = allowed_name(&tool.name);
            if !names.insert(name.clone()) {
                let message =
                    format!("the MCP server has two tools with the name `{name}`, as AWS accepts it");
                return Err(Error::new(ErrorKind::InvalidResponse, message));
            }
            tools.push(of_server(server.clone(), tool, name));
        }
        Ok(tools)
    }
}

/// Returns the tools of all pages.
async fn list(server: &Peer<RoleClient>) -> Result<Vec<McpTool>> {
    let (mut tools, mut cursors, mut cursor) = (Vec::new(), HashSet::new(), None);
    loop {
        let page = PaginatedRequestParams::default().with_cursor(cursor);
        let listed = server.list_tools(Some(page)).await.map_err(|error| list_error(&error))?;
        tools.extend(listed.tools);
        let Some(next) = listed.next_cursor else { return Ok(tools) };
        if !cursors.insert(next.clone()) {
            let message = "the MCP server repeats a page of its list of tools, which would never end";
            return Err(Error::new(ErrorKind::InvalidResponse, message));
        }
        cursor = Some(next);
    }
}

fn list_error(error: &ServiceError) -> Error {
    match error {
        ServiceError::TransportClosed | ServiceError::TransportSend(_) => {
            Error::new(ErrorKind::Transport, message(error)).with_hint("connect to the MCP server again")
        }
        _ => Error::new(ErrorKind::Unmodelled, message(error)),
    }
}

/// Returns what went wrong, for the caller or the model.
fn message(error: &ServiceError) -> String {
    match error {
        ServiceError::McpError(error) => format!("the MCP server returned an error: {error}"),
        ServiceError::TransportClosed => "the connection to the MCP server is closed".to_owned(),
        ServiceError::TransportSend(error) => format!("the connection to the MCP server is broken: {error}"),
        error => format!("the MCP server did not answer the request: {error}"),
    }
}

fn of_server(server: Peer<RoleClient>, tool: McpTool, name: String) -> Tool {
    let schema = Value::Object(tool.input_schema.as_ref().clone());
    let description = tool.description.as_deref().or(tool.title.as_deref());
    // AWS accepts no empty description.
    let description = description.filter(|text| !text.trim().is_empty()).unwrap_or(&tool.name).to_owned();
    let mcp_name = tool.name;
    Tool::with_schema(name, description, schema, move |input: Option<JsonObject>| {
        let (server, mut call) = (server.clone(), CallToolRequestParams::new(mcp_name.clone()));
        call.arguments = input;
        async move {
            match server.call_tool_once(call).await {
                Ok(CallToolResponse::Complete(result)) => output(result),
                Ok(_) => Err("the MCP server asks for more input or for time, which is not supported".into()),
                Err(error) => Err(message(&error).into()),
            }
        }
    })
}

/// Returns the name with `_` in place of what AWS does not accept.
fn allowed_name(name: &str) -> String {
    let allowed = |character| if is_allowed_in_name(character) { character } else { '_' };
    name.chars().take(LONGEST_NAME).map(allowed).collect()
}

fn output(result: CallToolResult) -> Result<ToolOutput, ToolError> {
    let has_failed = result.is_error == Some(true);
    let mut content: Vec<_> = result.content.into_iter().map(block).collect();
    if let (true, Some(structured)) = (content.is_empty(), result.structured_content) {
        content.push(structured.into());
    }
    if !has_failed {
        return Ok(ToolOutput::new(content));
    }
    let texts = content.into_iter().filter_map(|block| match block {
        ToolResultContentBlock::Text(text) => Some(text),
        ToolResultContentBlock::Json(json) => Some(json.to_string()),
        _ => None,
    });
    Err(texts.collect::<Vec<_>>().join("\n").into())
}

fn block(content: ContentBlock) -> ToolResultContentBlock {
    match content {
        ContentBlock::Text(text) => text.text.into(),
        ContentBlock::Image(image) => {
            let bytes = serde_json::from_value::<Blob>(Value::String(image.data)).ok();
            match (image_format(&image.mime_type), bytes) {
                (Some(format), Some(bytes)) => {
                    ToolResultContentBlock::Image(ImageBlock::new(format, ImageSource::Bytes(bytes)))
                }
                _ => left_out(&image.mime_type),
            }
        }
        ContentBlock::Resource(resource) => match resource.resource {
            ResourceContents::TextResourceContents { text, .. } => text.into(),
            ResourceContents::BlobResourceContents { uri, .. } => left_out(&uri),
            _ => left_out("a resource of an unknown kind"),
        },
        ContentBlock::ResourceLink(resource) => format!("A resource: {}", resource.uri).into(),
        ContentBlock::Audio(audio) => left_out(&audio.mime_type),
        _ => left_out("content of an unknown kind"),
    }
}

fn left_out(what: &str) -> ToolResultContentBlock {
    format!("The tool returned {what}, which is left out.").into()
}

fn image_format(mime_type: &str) -> Option<ImageFormat> {
    match mime_type {
        "image/gif" => Some(ImageFormat::Gif),
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/png" => Some(ImageFormat::Png),
        "image/webp" => Some(ImageFormat::Webp),
        _ => None,
    }
}
