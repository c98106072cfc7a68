//! A bidirectional stream: responds to the client's events while its stream is still open.

use std::collections::VecDeque;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use serde_json::{Value, json};

use crate::http::client_stream::ClientStream;
use crate::local::Local;
use crate::wire::error::AwsError;
use crate::wire::event_stream::{self, DecodeError, Decoder, Received};
use crate::wire::output;

/// The most bytes that a client may send in one event.
const LONGEST_CHUNK: usize = 1_000_000;

/// The frames with which a session responds to the client's stream.
pub(crate) fn response_frames(
    local: Arc<Local>,
    client: ClientStream,
    decoder: Decoder,
    session: Box<dyn output::Duplex>,
) -> impl Stream<Item = Bytes> + Send {
    let stream = DuplexStream { local, client, session, decoder, ready: VecDeque::new(), is_over: false };
    stream::unfold(stream, |mut stream| async move { stream.next().await.map(|frame| (frame, stream)) })
}

/// A bidirectional stream, with the frames that are still to be sent.
struct DuplexStream {
    local: Arc<Local>,
    client: ClientStream,
    decoder: Decoder,
    session: Box<dyn output::Duplex>,
    /// Frames that are still to be sent.
    ready: VecDeque<Bytes>,
    is_over: bool,
}

impl DuplexStream {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Some(frame);
            }
            if self.is_over {
                return None;
            }
            match self.client.next().await {
                Some(Ok(bytes)) => self.decode(&bytes),
                // A client that disconnects gets no more frames.
                Some(Err(_)) => return None,
                None => self.end(),
            }
        }
    }

    fn decode(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
        while !self.is_over {
            match self.decoder.next() {
                Ok(Some(Received::Event { name, payload })) => self.respond_to(&name, &payload),
                Ok(Some(Received::End)) => self.end(),
                Ok(None) => return,
                Err(DecodeError::Frame(wrong)) => self.reject(wrong.to_owned()),
                Err(DecodeError::Signature(wrong)) => {
                    self.ready.push_back(event_stream::error("InvalidSignatureException", wrong));
                    self.is_over = true;
                }
            }
        }
    }

    fn respond_to(&mut self, name: &str, payload: &[u8]) {
        let payload: Value = serde_json::from_slice(payload).unwrap_or_default();
        let bytes = payload["bytes"].as_str().and_then(|bytes| BASE64.decode(bytes).ok());
        let response = match bytes {
            Some(bytes) if name == "chunk" && bytes.len() <= LONGEST_CHUNK => {
                self.session.respond(&serde_json::from_slice(&bytes).unwrap_or_default())
            }
            Some(_) if name == "chunk" => Err(format!("A chunk can have at most {LONGEST_CHUNK} bytes.")),
            _ => Err("Unable to parse input chunk.".to_owned()),
        };
        match response {
            Ok(event) => self.push_event(&event),
            Err(wrong) => self.reject(wrong),
        }
    }

    fn push_event(&mut self, event: &Value) {
        let payload = json!({ "bytes": BASE64.encode(event.to_string()) });
        self.ready.push_back(event_stream::event("chunk", &payload, 2 + self.local.world.ids.below(60)));
    }

    fn reject(&mut self, wrong: String) {
        let error = AwsError::validation(wrong);
        self.ready.push_back(event_stream::exception("validationException", &error.body()));
        self.is_over = true;
    }

    fn end(&mut self) {
        if self.decoder.has_partial_frame() {
            return self.reject("the stream ended in the middle of a frame".to_owned());
        }
        if let Some(event) = self.session.close() {
            self.push_event(&event);
        }
        self.is_over = true;
    }
}
