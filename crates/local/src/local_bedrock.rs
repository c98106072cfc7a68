//! The server as its users hold it.

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
use crate::repliers::Replier;
use crate::repliers::conversation::Conversation;
use crate::repliers::playback::Playback;
use crate::repliers::script::Script;
use crate::world::catalogue::Declaration;
use crate::world::clock::later;
use crate::world::invalid_input;

/// A running local Bedrock. Dropping it stops it.
#[derive(Debug)]
pub struct LocalBedrock {
    local: Arc<Local>,
    url: String,
    stop: watch::Sender<bool>,
    serving: Serving,
}

/// Ends the server's task when it is dropped, and with it every connection.
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
    /// When no port can be bound.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// A server with other settings.
    pub fn builder() -> LocalBedrockBuilder {
        LocalBedrockBuilder::default()
    }

    /// Where it listens: `http://127.0.0.1:PORT`, the endpoint URL of both services.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where its page is, with the [admin token](Self::admin_token) where there is one:
    /// `http://127.0.0.1:PORT/_local/#token=…`. A browser keeps what stands behind the `#` to itself.
    pub fn admin_url(&self) -> String {
        let page = format!("{}{}/", self.url, admin::ROOT);
        match self.admin_token() {
            Some(token) => format!("{page}#token={}", utf8_percent_encode(token, NON_ALPHANUMERIC)),
            None => page,
        }
    }

    /// What the routes under `/_local/` ask for, as `Authorization: Bearer TOKEN`; `None` where they ask for nothing.
    /// [`LocalBedrockBuilder::admin_token`] says when there is one.
    pub fn admin_token(&self) -> Option<&str> {
        self.local.settings.keys.admin_token()
    }

    /// The requests so far, oldest first; the last thousand of them.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.local.journal.requests()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.local.journal.clear();
    }

    /// Queues the next answer of a model: of Converse, ConverseStream, InvokeModel or
    /// InvokeModelWithResponseStream, whichever is called first. Queued replies are said in their order.
    pub fn queue_reply(&self, reply: Reply) {
        self.local.repliers.push(reply);
    }

    /// Plans a failure, and tells its number.
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
    /// When the fault could never strike: there is no such operation, or it has nothing that the fault could spoil.
    pub fn fault(&self, fault: Fault) -> io::Result<u64> {
        let ids = self.local.faults.add(vec![fault]).map_err(invalid_input)?;
        Ok(ids.into_iter().next().unwrap_or_default())
    }

    /// The faults that are planned, in their order, and what each has done so far.
    pub fn faults(&self) -> Vec<PlannedFault> {
        self.local.faults.list()
    }

    /// Takes a fault out of the plan. Whether it was there.
    pub fn remove_fault(&self, id: u64) -> bool {
        self.local.faults.remove(id)
    }

    /// Takes all faults out of the plan.
    pub fn clear_faults(&self) {
        self.local.faults.clear();
    }

    /// Moves the server's clock forward, so that no test need sleep until a job is done. What is due by then has
    /// happened when it returns.
    pub fn advance(&self, by: Duration) {
        self.local.advance(by);
    }

    /// Puts things where a list finds them, in the default region: rows in the list's own JSON, which may hold more of
    /// what the Get operation tells. `noun` is AWS's name of the noun, or of its list operation.
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
    /// When there is no such list, or a row is not of its shape. Nothing is put there then.
    pub fn seed(&self, noun: &str, rows: impl IntoIterator<Item = Value>) -> io::Result<()> {
        self.seed_in(&self.local.settings.default_region, noun, rows)
    }

    /// [`seed`](Self::seed) in a region.
    ///
    /// # Errors
    ///
    /// When there is no such list, or a row is not of its shape. Nothing is put there then.
    pub fn seed_in(&self, region: &str, noun: &str, rows: impl IntoIterator<Item = Value>) -> io::Result<()> {
        self.local.seed(region, noun, rows).map_err(invalid_input)
    }

    /// Makes everything as it was when the server started: resources, journal, queued replies, clock, ids and the
    /// builder's faults. The same requests get the same answers again.
    pub fn reset(&self) {
        self.local.reset();
    }

    /// Stops accepting, gives answers under way a second to finish, and returns when nothing is left running.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.serving.0).await;
    }
}

/// Settings of a [`LocalBedrock`].
#[derive(Clone, Debug)]
#[must_use = "nothing runs before `start`"]
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
    /// The address to listen on: 127.0.0.1 unless told otherwise. One that other machines can reach wants
    /// [`open_to_network`](Self::open_to_network), too.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// Lets [`host`](Self::host) be an address that other machines can reach. Whoever reaches it can use all of the
    /// server; without keys ([`access_key`](Self::access_key), [`bearer_token`](Self::bearer_token)) nobody is
    /// asked who they are, and nothing is encrypted.
    pub fn open_to_network(mut self) -> Self {
        self.open_to_network = true;
        self
    }

    /// Answers to a host name, such as a service's name in Docker Compose. May be called for any number of names. Without
    /// it, the server answers to addresses, to `localhost` and names that end in `.localhost`, and to AWS's own names of
    /// the two services. Under any other name a web site could reach the server by DNS rebinding, so such a request is
    /// answered 403.
    ///
    /// ```
    /// let builder = bedrock_orm_local::LocalBedrock::builder().allow_host("bedrock-local");
    /// # drop(builder);
    /// ```
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.settings.allowed_hosts.push(name.into());
        self
    }

    /// How many connections may be open at once: 512 by default, and at least one. When they all are, the one that has
    /// waited longest for a request makes room for a new one, if it has waited for a second. If none has, the new one is
    /// answered `ServiceUnavailableException`.
    pub fn max_connections(mut self, most: usize) -> Self {
        self.settings.max_connections = most.max(1);
        self
    }

    /// The port; 0, the default, is any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The region of requests that carry none in a signature: unsigned ones, and those with a bearer token.
    /// `us-east-1` unless told otherwise.
    pub fn default_region(mut self, region: impl Into<String>) -> Self {
        self.settings.default_region = region.into();
        self
    }

    /// An access key whose signatures are accepted. Once there is a key or a token, calls without a good one are
    /// answered 403 as AWS answers them; before, anything is accepted. May be called for any number of keys.
    pub fn access_key(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.settings.keys.add_access_key(id.into(), AccessKey { secret: secret.into(), session: None });
        self
    }

    /// Temporary credentials: an access key that wants its session token beside it and that is good for some time of
    /// the server's clock from now on. Then it is answered `ExpiredTokenException`.
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

    /// A bearer token (`AWS_BEARER_TOKEN_BEDROCK`) that is accepted. Short-term API keys need none: they are made from
    /// an access key, and held to that.
    pub fn bearer_token(mut self, token: impl Into<String>) -> Self {
        self.settings.keys.add_bearer_token(token.into());
        self
    }

    /// A token that the routes and the page under `/_local/` ask for. Without it, a server with keys
    /// ([`access_key`](Self::access_key), [`bearer_token`](Self::bearer_token)) makes one up when it starts, and one
    /// without keys asks for none.
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

    /// How long whatever takes its time is under way by the server's clock: jobs, deployments, updates, stops. Two
    /// seconds unless told otherwise.
    pub fn job_duration(mut self, duration: Duration) -> Self {
        self.settings.world.job_duration = duration;
        self
    }

    /// How long an asynchronous invocation stays `InProgress`: as long as a job unless told otherwise.
    pub fn async_invoke_duration(mut self, duration: Duration) -> Self {
        self.settings.world.async_invoke_duration = Some(duration);
        self
    }

    /// The folder that stands for S3, made where it is not there: `s3://bucket/key` is `folder/bucket/key`.
    /// Asynchronous invocations write their results there, batch inference jobs read their records there and write
    /// their answers. Without one, nothing is read or written.
    pub fn bucket_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.settings.world.bucket_folder = Some(folder.into());
        self
    }

    /// The most that a page of a list holds, whatever `maxResults` asks for.
    pub fn page_size(mut self, size: usize) -> Self {
        self.settings.world.page_size = Some(size);
        self
    }

    /// Whether every page of a list is preceded by an empty one that has nothing but a token, as AWS's may be.
    pub fn empty_pages(mut self, empty_pages: bool) -> Self {
        self.settings.world.empty_pages = empty_pages;
        self
    }

    /// Serves the models that AWS has retired, too. Otherwise they are as on AWS, by the server's clock: no longer
    /// listed, and answered 404 “has reached the end of its life” when they are called.
    pub fn keep_retired_models(mut self) -> Self {
        self.settings.world.keeps_retired_models = true;
        self
    }

    /// Adds a model that the server does not know, which reads and writes text. It takes what nothing is known to
    /// refuse.
    pub fn model(self, id: impl Into<String>) -> Self {
        self.declared(id.into(), None)
    }

    /// Adds a model that the server does not know, as another one that it knows: called as that is, by the same
    /// inference profiles, in the same format, held to the same rules.
    ///
    /// ```
    /// let builder = bedrock_orm_local::LocalBedrock::builder()
    ///     .model_like("anthropic.claude-tomorrow-v1:0", "anthropic.claude-sonnet-5");
    /// # drop(builder);
    /// ```
    pub fn model_like(self, id: impl Into<String>, like: impl Into<String>) -> Self {
        self.declared(id.into(), Some(like.into()))
    }

    fn declared(mut self, id: String, like: Option<String>) -> Self {
        self.settings.world.models.push(Declaration { id, like });
        self
    }

    /// The faults that are planned from the beginning, in their order.
    pub fn faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.settings.faults.extend(faults);
        self
    }

    /// The pause before each event of a stream: none unless told otherwise.
    pub fn stream_pace(mut self, pause: Duration) -> Self {
        self.settings.stream_pace = pause;
        self
    }

    /// Asks a [`Replier`] what models reply, after those given before it.
    pub fn replier(mut self, replier: impl Replier + 'static) -> Self {
        self.settings.repliers.push(replier);
        self
    }

    /// Follows a [`Script`].
    pub fn script(self, script: Script) -> Self {
        self.replier(script)
    }

    /// Answers requests that are like recorded ones as they were answered, before any [`Replier`] is asked.
    pub fn playback(mut self, playback: Playback) -> Self {
        self.settings.playback = Some(Arc::new(playback));
        self
    }

    /// Asks a function what models reply.
    ///
    /// ```
    /// use bedrock_orm_local::{LocalBedrock, Reply};
    ///
    /// let builder = LocalBedrock::builder().reply_with(|asked| match asked.text().as_str() {
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
    /// When the port cannot be bound, the address may not be listened on, the folder for buckets cannot be made, a fault
    /// could never strike, an allowed host is no host name, the admin token cannot be sent in a header, or a declared
    /// model is there already or like one that is not known.
    pub async fn start(mut self) -> io::Result<LocalBedrock> {
        if !self.host.is_loopback() && !self.open_to_network {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!(
                    "{} can be reached from other machines, where anyone could use this server. If that is what you \
                     want, allow it: open_to_network() in Rust, --open-to-network for the program",
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
