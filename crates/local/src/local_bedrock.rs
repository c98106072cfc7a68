//! A running server and its builder.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::auth::keys::{AccessKey, TemporarySession};
use crate::faults::{Fault, PlannedFault};
use crate::http::admin;
use crate::http::connections;
use crate::journal::RecordedRequest;
use crate::local::{Local, Settings};
use crate::model::reply::Reply;
use crate::repliers::conversation::Conversation;
use crate::repliers::playback::Playback;
use crate::repliers::replier::Replier;
use crate::repliers::script::Script;
use crate::world::catalogue::Declaration;
use crate::world::clock::later;
use crate::world::invalid_input;

/// A running local Bedrock. Dropping it stops the server.
pub struct LocalBedrock {
    local: Arc<Local>,
    url: String,
    stop: watch::Sender<bool>,
    serving: Serving,
}

/// Shows the URL. The state has what clients sent: prompts, and credentials in headers.
impl fmt::Debug for LocalBedrock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LocalBedrock").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The server's task. Dropping this ends the task with all its connections.
#[derive(Debug)]
struct Serving(JoinHandle<()>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl LocalBedrock {
    /// Starts a server on a free port of 127.0.0.1, on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Returns a builder, for other settings.
    pub fn builder() -> LocalBedrockBuilder {
        LocalBedrockBuilder::default()
    }

    /// Returns the server's URL, `http://127.0.0.1:PORT`. It is the endpoint URL of both services.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the URL of the admin page, with the [admin token](Self::admin_token) if there is one:
    /// `http://127.0.0.1:PORT/_local/#token=…`. A browser does not send what follows the `#`.
    pub fn admin_url(&self) -> String {
        let page = format!("{}{}/", self.url, admin::ROOT);
        match self.admin_token() {
            Some(token) => format!("{page}#token={}", utf8_percent_encode(token, NON_ALPHANUMERIC)),
            None => page,
        }
    }

    /// Returns the token that the routes under `/_local/` require, as `Authorization: Bearer TOKEN`. `None` if they require
    /// none. See [`LocalBedrockBuilder::admin_token`].
    pub fn admin_token(&self) -> Option<&str> {
        self.local.settings.keys.admin_token()
    }

    /// Returns the last thousand requests, oldest first.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.local.journal.requests()
    }

    /// Removes all requests from the journal.
    pub fn clear_requests(&self) {
        self.local.journal.clear();
    }

    /// Queues the reply to the next request of Converse, ConverseStream, InvokeModel, or
    /// InvokeModelWithResponseStream. Queued replies are used in their order.
    pub fn queue_reply(&self, reply: Reply) {
        self.local.repliers.push(reply);
    }

    /// Adds a fault and returns its ID.
    ///
    /// ```
    /// # use bedrock_orm_local::{Fault, LocalBedrock};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let local = LocalBedrock::start().await?;
    /// local.fault(Fault::throttling().on("Converse").times(3))?;
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # std::io::Result::Ok(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the fault can never apply: its operation does not exist, or the fault has no effect on that operation.
    pub fn fault(&self, fault: Fault) -> io::Result<u64> {
        let ids = self.local.faults.add(vec![fault]).map_err(invalid_input)?;
        Ok(ids.into_iter().next().unwrap_or_default())
    }

    /// Returns the server's faults in their order, and how often each has applied.
    pub fn faults(&self) -> Vec<PlannedFault> {
        self.local.faults.list()
    }

    /// Removes a fault. Returns whether there was one with this ID.
    pub fn remove_fault(&self, id: u64) -> bool {
        self.local.faults.remove(id)
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.local.faults.clear();
    }

    /// Moves the server's clock forward, so that a test does not have to wait for a job. Everything that is due by then has
    /// happened when this returns.
    pub fn advance(&self, by: Duration) {
        self.local.advance(by);
    }

    /// Inserts resources in the default region. The rows have the JSON of the list operation's rows, and can have members
    /// of the Get operation too. `list` is AWS's name of the list operation, or of the resource.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// local.seed("ListImportedModels", (100_000..101_000).map(|number| serde_json::json!({
    ///     "modelArn": format!("arn:aws:bedrock:us-east-1:123456789012:imported-model/model0{number}"),
    ///     "modelName": format!("model-{number}"),
    ///     "creationTime": "2026-01-01T00:00:00Z",
    /// })))?;
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # std::io::Result::Ok(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there is no such list, or a row does not have its shape. Then no resource is inserted.
    pub fn seed(&self, list: &str, rows: impl IntoIterator<Item = Value>) -> io::Result<()> {
        self.seed_in(&self.local.settings.default_region, list, rows)
    }

    /// Inserts resources in a region, as [`seed`](Self::seed) does.
    ///
    /// # Errors
    ///
    /// If there is no such list, or a row does not have its shape. Then no resource is inserted.
    pub fn seed_in(&self, region: &str, list: &str, rows: impl IntoIterator<Item = Value>) -> io::Result<()> {
        self.local.seed(region, list, rows).map_err(invalid_input)
    }

    /// Restores the state of the server's start: resources, journal, queued replies, clock, IDs, and the builder's faults.
    /// The same requests then get the same responses again.
    pub fn reset(&self) {
        self.local.reset();
    }

    /// Stops the server. It accepts no more connections, and active requests have a second to finish. Returns when nothing
    /// is running any more.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.serving.0).await;
    }
}

/// Settings of a [`LocalBedrock`].
#[derive(Clone, Debug)]
#[must_use = "a server runs only after `start`"]
pub struct LocalBedrockBuilder {
    host: IpAddr,
    port: u16,
    open_to_network: bool,
    settings: Settings,
}

impl Default for LocalBedrockBuilder {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            open_to_network: false,
            settings: Settings::default(),
        }
    }
}

impl LocalBedrockBuilder {
    /// Sets the address to listen on. The default is 127.0.0.1. An address that other machines can reach also needs
    /// [`open_to_network`](Self::open_to_network).
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// Allows [`host`](Self::host) to be an address that other machines can reach. Everyone who reaches it can use the
    /// whole server. Nothing is encrypted, and without keys ([`access_key`](Self::access_key),
    /// [`bearer_token`](Self::bearer_token)) senders are not authenticated.
    pub fn open_to_network(mut self) -> Self {
        self.open_to_network = true;
        self
    }

    /// Allows a host name, such as the name of a service in Docker Compose. Can be called several times. IP addresses,
    /// `localhost` and names that end in `.localhost`, and AWS's names of the two services are always allowed. Requests with
    /// any other name get status 403, because a web site could send them by DNS rebinding.
    ///
    /// ```
    /// let builder = bedrock_orm_local::LocalBedrock::builder().allow_host("bedrock-local");
    /// # drop(builder);
    /// ```
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.settings.allowed_hosts.push(name.into());
        self
    }

    /// Sets how many connections can be open at once. The default is 512, the minimum 1. A further connection replaces the
    /// one that has been idle longest, if that has been idle for at least a second. Otherwise it gets a
    /// `ServiceUnavailableException`.
    pub fn max_connections(mut self, most: usize) -> Self {
        self.settings.max_connections = most.max(1);
        self
    }

    /// Sets the port. The default is 0, which selects a free port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the region of requests without one in their signature: unsigned requests and those with a bearer token. The
    /// default is `us-east-1`.
    pub fn default_region(mut self, region: impl Into<String>) -> Self {
        self.settings.default_region = region.into();
        self
    }

    /// Adds an access key whose signatures are accepted. A server with an access key or a bearer token returns AWS's 403
    /// error for requests without a valid one; a server without accepts all requests. Can be called several times.
    pub fn access_key(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.settings.keys.add_access_key(id.into(), AccessKey { secret: secret.into(), session: None });
        self
    }

    /// Adds temporary credentials: an access key with a session token that are valid for a time of the server's clock,
    /// from now on. After that, requests get an `ExpiredTokenException`.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let hour = Duration::from_secs(3600);
    /// let builder = bedrock_orm_local::LocalBedrock::builder().temporary_access_key("ASIA1", "secret", "token", hour);
    /// # drop(builder);
    /// ```
    pub fn temporary_access_key(
        mut self,
        id: impl Into<String>,
        secret: impl Into<String>,
        session_token: impl Into<String>,
        valid_for: Duration,
    ) -> Self {
        let session =
            TemporarySession { token: session_token.into(), until: later(Timestamp::now(), valid_for) };
        let key = AccessKey { secret: secret.into(), session: Some(session) };
        self.settings.keys.add_access_key(id.into(), key);
        self
    }

    /// Adds a bearer token (`AWS_BEARER_TOKEN_BEDROCK`) that is accepted. Short-term API keys need none: they are generated
    /// from an access key and checked with it.
    pub fn bearer_token(mut self, token: impl Into<String>) -> Self {
        self.settings.keys.add_bearer_token(token.into());
        self
    }

    /// Sets the token that the routes and the page under `/_local/` require. Otherwise a server with keys
    /// ([`access_key`](Self::access_key), [`bearer_token`](Self::bearer_token)) generates one when it starts, and a server
    /// without keys requires none.
    ///
    /// ```
    /// # use bedrock_orm_local::LocalBedrock;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let local = LocalBedrock::builder().admin_token("secret").start().await?;
    /// assert_eq!(local.admin_url(), format!("{}/_local/#token=secret", local.url()));
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # std::io::Result::Ok(())
    /// ```
    pub fn admin_token(mut self, token: impl Into<String>) -> Self {
        self.settings.keys.set_admin_token(token.into());
        self
    }

    /// Sets how long jobs, deployments, updates, and stops take, by the server's clock. The default is two seconds.
    pub fn job_duration(mut self, duration: Duration) -> Self {
        self.settings.world.job_duration = duration;
        self
    }

    /// Sets how long an asynchronous invocation stays `InProgress`. The default is the duration of a job.
    pub fn async_invoke_duration(mut self, duration: Duration) -> Self {
        self.settings.world.async_invoke_duration = Some(duration);
        self
    }

    /// Sets a folder that replaces S3, and creates it if it does not exist: `s3://bucket/key` is `folder/bucket/key`.
    /// Asynchronous invocations write their results there. Batch inference jobs read their records and write their results
    /// there. Without a folder, nothing is read or written.
    pub fn bucket_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.settings.world.bucket_folder = Some(folder.into());
        self
    }

    /// Sets the most rows of a list's page, whatever `maxResults` is.
    pub fn page_size(mut self, size: usize) -> Self {
        self.settings.world.page_size = Some(size);
        self
    }

    /// Sets whether an empty page with a page token comes before every page of a list, as can happen on AWS.
    pub fn empty_pages(mut self, empty_pages: bool) -> Self {
        self.settings.world.empty_pages = empty_pages;
        self
    }

    /// Keeps the models that AWS has retired. Otherwise they are as on AWS, by the server's clock: they are not listed, and
    /// calling them returns 404 “has reached the end of its life”.
    pub fn keep_retired_models(mut self) -> Self {
        self.settings.world.keeps_retired_models = true;
        self
    }

    /// Adds a text model that the server does not have. No model rules apply to it.
    pub fn model(self, id: impl Into<String>) -> Self {
        self.declare(id.into(), None)
    }

    /// Adds a model that the server does not have, with the inference profiles, the format, and the rules of another model.
    ///
    /// ```
    /// let builder = bedrock_orm_local::LocalBedrock::builder()
    ///     .model_like("anthropic.claude-tomorrow-v1:0", "anthropic.claude-sonnet-5");
    /// # drop(builder);
    /// ```
    pub fn model_like(self, id: impl Into<String>, like: impl Into<String>) -> Self {
        self.declare(id.into(), Some(like.into()))
    }

    fn declare(mut self, id: String, like: Option<String>) -> Self {
        self.settings.world.models.push(Declaration { id, like });
        self
    }

    /// Adds the faults that the server starts with, in their order.
    pub fn faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.settings.faults.extend(faults);
        self
    }

    /// Sets the pause before each event of a stream. The default is none.
    pub fn stream_pace(mut self, pause: Duration) -> Self {
        self.settings.stream_pace = pause;
        self
    }

    /// Adds a [`Replier`] after the others.
    pub fn replier(mut self, replier: impl Replier + 'static) -> Self {
        self.settings.repliers.push(replier);
        self
    }

    /// Adds a [`Script`], which is a [`Replier`].
    pub fn script(self, script: Script) -> Self {
        self.replier(script)
    }

    /// Sets a [`Playback`]: requests that equal recorded ones get the recorded responses. It comes before all [`Replier`]s.
    pub fn playback(mut self, playback: Playback) -> Self {
        self.settings.playback = Some(Arc::new(playback));
        self
    }

    /// Adds a function, which is a [`Replier`].
    ///
    /// ```
    /// use bedrock_orm_local::{LocalBedrock, Reply};
    ///
    /// let builder = LocalBedrock::builder().reply_with(|conversation| match conversation.text().as_str() {
    ///     "ping" => Reply::text("pong"),
    ///     _ => Reply::default(),
    /// });
    /// ```
    pub fn reply_with(self, reply: impl Fn(&Conversation) -> Reply + Send + Sync + 'static) -> Self {
        self.replier(reply)
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// If the port cannot be bound, the address needs [`open_to_network`](Self::open_to_network), the folder for buckets
    /// cannot be created, a fault can never apply, an allowed host is not a host name, the admin token cannot be sent in a
    /// header, or a declared model already exists or is like one that does not exist.
    pub async fn start(mut self) -> io::Result<LocalBedrock> {
        if !self.host.is_loopback() && !self.open_to_network {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!(
                    "other machines can reach {}, so that anyone there could use this server. To allow that, call \
                     open_to_network() in Rust, or start the program with --open-to-network",
                    self.host
                ),
            ));
        }
        let address = SocketAddr::new(self.host, self.port);
        let listener = TcpListener::bind(address).await.map_err(|error| {
            io::Error::new(error.kind(), format!("could not listen on {address}: {error}"))
        })?;
        let url = format!("http://{}", listener.local_addr()?);
        self.settings.keys.ensure_admin_token()?;
        let local = Arc::new(Local::new(self.settings)?);
        let (stop, stopped) = watch::channel(false);
        let serving = Serving(tokio::spawn(connections::serve(Arc::clone(&local), listener, stopped)));
        tracing::debug!(url, "the local Bedrock is listening");
        Ok(LocalBedrock { local, url, stop, serving })
    }
}
