//! Recorded traffic between clients and AWS, if it is available.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use super::fake_server::FakeResponse;
use super::report_skipped;

/// A request to AWS and its response.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The index in the file and the source of the recording.
    pub name: String,
    pub operation: String,
    pub model: String,
    /// Whether headers and error codes are recorded from AWS.
    pub is_wire: bool,
    pub request: Vec<u8>,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub is_stream: bool,
}

impl Exchange {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn request_json(&self) -> Value {
        serde_json::from_slice(&self.request).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// Returns AWS's response, for a fake server.
    pub fn response(&self) -> FakeResponse {
        let is_kept = |name: &str| {
            ["content-type", "x-amzn-requestid", "x-amzn-errortype"].contains(&name)
                || name.starts_with("x-amzn-bedrock-")
        };
        let mut response = FakeResponse::new(self.status, Vec::new());
        for (name, value) in self.headers.iter().filter(|(name, _)| is_kept(name)) {
            response = response.header(name, value);
        }
        // The body is sent in two parts, so that clients also receive frames in parts.
        let (start, end) = self.body.split_at(self.body.len() / 2);
        response.then(start).then(end)
    }
}

/// Returns all recorded exchanges, or `None` if there are no recordings.
pub fn exchanges() -> Option<Vec<Exchange>> {
    Some(lines("exchanges.jsonl")?.iter().enumerate().map(|(index, line)| exchange(index, line)).collect())
}

/// Returns all recorded responses of the control plane, as parsed by boto3: operation and data.
pub fn control_plane_responses() -> Option<Vec<(String, Value)>> {
    let answers = lines("control_plane_parsed.jsonl")?;
    Some(answers.into_iter().map(|line| (text(&line["operation"]), line["data"].clone())).collect())
}

fn lines(file: &str) -> Option<Vec<Value>> {
    let folder = std::env::var_os("BEDROCK_ORM_RECORDED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/recorded"),
        PathBuf::from,
    );
    let path = folder.join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        report_skipped(&format!("no recorded traffic at {}", path.display()));
        return None;
    };
    let lines: Vec<_> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!lines.is_empty(), "{} is empty", path.display());
    Some(lines)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn exchange(index: usize, recorded: &Value) -> Exchange {
    let decode = |value: &Value| BASE64.decode(text(value)).unwrap();
    let response = &recorded["response"];
    let headers = response["headers"].as_object().into_iter().flatten();
    Exchange {
        name: format!("{index} {} {}", text(&recorded["operation"]), text(&recorded["file"])),
        operation: text(&recorded["operation"]),
        model: text(&recorded["model"]),
        is_wire: recorded["trust"] == "A",
        request: decode(&recorded["request"]["body_b64"]),
        status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
        headers: headers.map(|(name, value)| (name.to_lowercase(), text(value))).collect(),
        body: decode(&response["body_b64"]),
        is_stream: !recorded["stream"].is_null(),
    }
}
