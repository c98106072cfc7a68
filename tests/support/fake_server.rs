//! A server that returns prepared responses byte for byte, to test responses that a correct Bedrock does not return.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::frames::Frame;

/// The response to one request.
#[derive(Clone, Debug)]
pub struct FakeResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<Vec<u8>>,
    ending: Ending,
}

/// What follows the last byte of a response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    /// The body ends, and the connection can be reused.
    Whole,
    /// The body does not end, and the connection stays open.
    Stalled,
    /// The connection is reset.
    Reset,
}

impl FakeResponse {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: vec![body.into()], ending: Ending::Whole }
            .header("x-amzn-RequestId", "11111111-2222-3333-4444-555555555555")
    }

    pub fn json(body: &Value) -> Self {
        Self::new(200, body.to_string()).header("content-type", "application/json")
    }

    /// Returns an error in AWS's form.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::new(status, serde_json::json!({ "message": message }).to_string())
            .header("content-type", "application/json")
            .header(
                "x-amzn-ErrorType",
                &format!("{code}:http://internal.amazon.com/coral/com.amazon.bedrock/"),
            )
    }

    /// Returns an event stream. Each frame is one chunk of the body.
    pub fn stream(frames: impl IntoIterator<Item = Frame>) -> Self {
        let body = frames.into_iter().map(|frame| frame.bytes()).collect();
        Self { body, ..Self::new(200, Vec::new()) }
            .header("content-type", "application/vnd.amazon.eventstream")
            .header("x-amzn-bedrock-content-type", "application/json")
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(header, _)| !header.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }

    /// Sends each byte of the body in a chunk of its own.
    #[must_use]
    pub fn byte_by_byte(mut self) -> Self {
        self.body = self.body.concat().into_iter().map(|byte| vec![byte]).collect();
        self
    }

    /// Appends bytes to the body.
    #[must_use]
    pub fn then(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body.push(bytes.into());
        self
    }
}

/// A request that the server received.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    pub method: String,
    /// The path and the query, as sent.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl ReceivedRequest {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The server. Dropping it stops it.
#[derive(Debug)]
pub struct FakeServer {
    url: String,
    state: Arc<State>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    responses: Mutex<VecDeque<FakeResponse>>,
    requests: Mutex<Vec<ReceivedRequest>>,
    opened: watch::Sender<usize>,
    closed: watch::Sender<usize>,
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl FakeServer {
    /// Starts a server that returns these responses in order. It repeats the last response.
    pub async fn start(responses: impl IntoIterator<Item = FakeResponse>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            responses: Mutex::new(responses.into_iter().collect()),
            requests: Mutex::default(),
            opened: watch::channel(0).0,
            closed: watch::channel(0).0,
        });
        let serving = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { url, state, serving }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.state.requests.lock().unwrap().clone()
    }

    /// Returns the number of connections that clients have opened.
    pub fn connections_opened(&self) -> usize {
        *self.state.opened.borrow()
    }

    /// Waits until clients have closed this number of connections.
    pub async fn wait_until_closed(&self, connections: usize) {
        let mut closed = self.state.closed.subscribe();
        closed.wait_for(|closed| *closed >= connections).await.unwrap();
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    // The tasks of the connections end with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        state.opened.send_modify(|opened| *opened += 1);
        let state = Arc::clone(&state);
        connections.spawn(async move {
            serve_connection(stream, &state).await;
            state.closed.send_modify(|closed| *closed += 1);
        });
    }
}

/// Responds to the requests of a connection until one side closes it.
async fn serve_connection(mut stream: TcpStream, state: &State) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    loop {
        let request = read_request(&mut stream).await?;
        state.requests.lock().unwrap().push(request);
        let response = {
            let mut responses = state.responses.lock().unwrap();
            let next = responses.pop_front().expect("a response");
            if responses.is_empty() {
                responses.push_back(next.clone());
            }
            next
        };
        write_response(&mut stream, &response).await?;
        match response.ending {
            Ending::Whole => {}
            Ending::Stalled => {
                let _ = stream.read(&mut [0; 64]).await;
                return None;
            }
            Ending::Reset => {
                stream.set_zero_linger().ok()?;
                return None;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<ReceivedRequest> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(ReceivedRequest { method, target, headers, body })
}

async fn write_response(stream: &mut TcpStream, response: &FakeResponse) -> Option<()> {
    let mut head = format!("HTTP/1.1 {} Fake\r\n", response.status);
    for (name, value) in &response.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += "transfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.ok()?;
    for chunk in response.body.iter().filter(|chunk| !chunk.is_empty()) {
        let mut bytes = format!("{:x}\r\n", chunk.len()).into_bytes();
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
        stream.write_all(&bytes).await.ok()?;
        // The client reads this chunk before the next one is sent.
        tokio::task::yield_now().await;
    }
    if response.ending == Ending::Whole {
        stream.write_all(b"0\r\n\r\n").await.ok()?;
    }
    stream.flush().await.ok()
}
