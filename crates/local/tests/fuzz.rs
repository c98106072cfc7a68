//! Fuzzes a running server with mutated requests over raw TCP. The server must not panic or return an internal error,
//! must respond or close the connection, and must still run afterwards.
//!
//! The test runs for three seconds or for `FUZZ_SECONDS`. `FUZZ_SEED` sets the seed.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm_local::LocalBedrock;
use bytes::BufMut as _;
use common::signer::{ID, SECRET};
use common::{BASE, MODEL, NOVA, get, user};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The time after which a client considers the server silent.
const SILENCE: Duration = Duration::from_millis(100);

/// The number of concurrent clients. Most of them wait for a silence to end.
const CLIENTS: u64 = 32;

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// SplitMix64: the same seed generates the same requests.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Encodes a frame with one event, as clients of a bidirectional stream send it.
fn frame(payload: &str) -> Vec<u8> {
    let headers = b"\x0b:event-type\x07\0\x05chunk\x0d:content-type\x07\0\x10application/json\x0d:message-type\x07\0\x05event";
    let mut frame = Vec::new();
    frame.put_u32((headers.len() + payload.len() + 16) as u32);
    frame.put_u32(headers.len() as u32);
    frame.put_u32(crc32fast::hash(&frame));
    frame.put_slice(headers);
    frame.put_slice(payload.as_bytes());
    frame.put_u32(crc32fast::hash(&frame));
    frame
}

/// Valid requests of every kind, to be mutated.
fn corpus() -> Vec<Vec<u8>> {
    let schema =
        json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    let converse = json!({
        "messages": [user("What is the weather in Paris?")], "system": [{ "text": "Be brief." }],
        "inferenceConfig": { "maxTokens": 20, "temperature": 0.5, "stopSequences": ["x"] },
        "toolConfig": { "tools": [{ "toolSpec": { "name": "get_weather", "inputSchema": { "json": schema } } }] },
        "additionalModelRequestFields": { "thinking": { "type": "enabled", "budget_tokens": 1024 } },
    });
    let claude = json!({ "anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [{ "role": "user", "content": "Hi" }] });
    let guardrail = json!({
        "name": "one", "blockedInputMessaging": "in", "blockedOutputsMessaging": "out",
        "wordPolicyConfig": { "wordsConfig": [{ "text": "word" }] },
        "sensitiveInformationPolicyConfig": { "regexesConfig": [{ "name": "r", "pattern": "a+b", "action": "BLOCK" }] },
    });
    let checks = json!({
        "messages": [user("you idiot")], "checks": { "contentFilter": { "categories": [{ "category": "INSULTS" }] } },
    });
    let image = json!({
        "taskType": "TEXT_IMAGE", "textToImageParams": { "text": "x" }, "imageGenerationConfig": { "width": 64, "height": 64 },
    });
    let job = json!({
        "modelId": "luma.ray-v2:0", "modelInput": { "a": 1 },
        "outputDataConfig": { "s3OutputDataConfig": { "s3Uri": "s3://bucket/x" } },
    });
    let event = json!({ "event": { "textInput": { "content": "Hello" } } }).to_string();
    let event = frame(&json!({ "bytes": BASE64.encode(event) }).to_string());
    let authorization = "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/bedrock/aws4_request, \
                         SignedHeaders=host;x-amz-date, Signature=00\r\nX-Amz-Date: 20260102T030405Z\r\n";
    let post = |path: &str, body: &serde_json::Value| {
        request("POST", path, "Content-Type: application/json\r\n", body.to_string().as_bytes())
    };
    vec![
        post(&format!("/model/{MODEL}/converse"), &converse),
        post(&format!("/model/{NOVA}/converse-stream"), &converse),
        post("/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.amazon.nova-lite-v1%3A0/converse", &converse),
        post(&format!("/model/{MODEL}/invoke"), &claude),
        post(&format!("/model/{MODEL}/invoke-with-response-stream"), &claude),
        post("/model/meta.llama3-8b-instruct-v1:0/invoke", &json!({ "prompt": "Hi", "max_gen_len": 5 })),
        post("/model/cohere.embed-english-v3/invoke", &json!({ "texts": ["Hi"], "input_type": "search_query" })),
        post("/model/stability.sd3-5-large-v1:0/invoke", &image),
        post(&format!("/model/{BASE}/count-tokens"), &json!({ "input": { "converse": { "messages": [user("Hi")] } } })),
        post("/guardrails", &guardrail),
        post("/guardrail-checks/invoke", &checks),
        post("/async-invoke", &job),
        request("GET", "/guardrails?maxResults=5&nextToken=x", authorization, b""),
        request("GET", "/foundation-models?byOutputModality=TEXT", "Authorization: Bearer ABSKx\r\n", b""),
        request("GET", "/async-invoke?submitTimeAfter=2026-01-01T00:00:00Z&statusEquals=Completed", "", b""),
        request("DELETE", "/guardrails/abcdefghijkl?guardrailVersion=1", "", b""),
        request("POST", "/model/amazon.nova-2-sonic-v1:0/invoke-with-bidirectional-stream", "", &[&event[..], &event].concat()),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x05\x01\x05\0\0\0\x01\x82\x84\x86\x41\x01x".to_vec(),
    ]
}

const TOKENS: &[&[u8]] = &[
    b"\r\n",
    b"\r\n\r\n",
    b"\0",
    b"\xff",
    b"%",
    b"%00",
    b"%2F",
    b"..",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"null",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"true",
    b"\\u0000",
    b"\\ud800",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 9\r\n",
    b"Expect: 100-continue\r\n",
    b"HTTP/2.0",
    b"HTTP/0.9",
    b"Upgrade: h2c\r\n",
    b"X-Amzn-Bedrock-GuardrailIdentifier: x\r\n",
    b"guardContent",
    b"cachePoint",
    b"toolResult",
    b"document",
];

/// Returns one of the valid requests with some mutations.
fn mutate(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(24)).min(bytes.len());
        match random.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.next() as u8,
            2 => drop(bytes.drain(at..end)),
            3 => drop(bytes.splice(at..at, random.pick(TOKENS).iter().copied())),
            4 => drop(bytes.splice(at..end, random.pick(TOKENS).iter().copied())),
            5 => {
                let other = &corpus[random.below(corpus.len())];
                let from = random.below(other.len());
                drop(bytes.splice(at..end, other[from..].iter().copied()));
            }
            _ => bytes.extend_from_within(at..end),
        }
    }
    if random.below(8) == 0 {
        bytes.truncate(random.below(bytes.len() + 1));
    }
    bytes
}

/// Sends the bytes and returns everything that the server sends until it closes the connection. If the server is
/// silent for a while, the client closes its sending side.
async fn exchange(address: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut received = Vec::new();
    // The server may close the connection before it has read everything.
    let _ = stream.write_all(bytes).await;
    while tokio::time::timeout(SILENCE, stream.read_buf(&mut received))
        .await
        .is_ok_and(|read| read.is_ok_and(|n| n > 0))
    {}
    let _ = stream.shutdown().await;
    let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut received)).await;
    assert!(ended.is_ok(), "no response, and the connection is open");
    received
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutated_bytes_are_answered_or_the_connection_is_closed() {
    let default_hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        default_hook(panic);
    }));
    let open = LocalBedrock::start().await.unwrap();
    let guarded = LocalBedrock::builder().access_key(ID, SECRET).start().await.unwrap();
    let corpus = corpus();
    for bytes in &corpus[..corpus.len() - 1] {
        let received = exchange(open.url().strip_prefix("http://").unwrap(), bytes).await;
        let status = String::from_utf8_lossy(&received[..received.len().min(12)]).into_owned();
        assert!(["HTTP/1.1 2", "HTTP/1.1 4"].iter().any(|good| status.starts_with(good)), "{status}");
    }

    let seed = setting("FUZZ_SEED", 20_260_102);
    let until = Instant::now() + Duration::from_secs(setting("FUZZ_SECONDS", 3));
    let client = |number: u64| {
        let (open, guarded, corpus) = (open.url().to_owned(), guarded.url().to_owned(), corpus.clone());
        tokio::spawn(async move {
            let mut random = Random(seed.wrapping_add(number));
            let (mut sent, mut answered) = (0, 0);
            while Instant::now() < until {
                let bytes = mutate(&mut random, &corpus);
                let url = if random.below(4) == 0 { &guarded } else { &open };
                let received = exchange(url.strip_prefix("http://").unwrap(), &bytes).await;
                sent += 1;
                answered += usize::from(received.starts_with(b"HTTP/1.1 "));
                let what = || {
                    format!(
                        "seed {seed}, client {number}, request {sent}: {:?}",
                        String::from_utf8_lossy(&bytes)
                    )
                };
                assert_eq!(PANICS.load(Ordering::SeqCst), 0, "a panic, here or beside: {}", what());
                assert!(
                    !received.starts_with(b"HTTP/1.1 500"),
                    "{}\n{}",
                    what(),
                    String::from_utf8_lossy(&received)
                );
            }
            (sent, answered)
        })
    };
    let (mut sent, mut answered) = (0, 0);
    for client in (0..CLIENTS).map(client).collect::<Vec<_>>() {
        let (theirs_sent, theirs_answered) = client.await.unwrap();
        (sent, answered) = (sent + theirs_sent, answered + theirs_answered);
    }
    assert!(answered * 4 > sent, "too few of {sent} requests have a response: {answered}");
    assert_eq!(get(&open, "/foundation-models").await.status, 200);
    assert_eq!(get(&guarded, "/foundation-models").await.status, 403);
    println!("{sent} requests, {answered} responses");
}
