//! Encodes and decodes event-stream frames without an SDK.

use serde_json::Value;

/// A frame: its headers in order, and its payload.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub headers: Vec<(String, String)>,
    pub payload: Vec<u8>,
}

impl Frame {
    /// Returns an event.
    pub fn event(name: &str, payload: &Value) -> Self {
        Self::new(
            [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")],
            payload.to_string().into_bytes(),
        )
    }

    /// Returns an exception. Streams write its name in camel case: `throttlingException`.
    pub fn exception(name: &str, payload: &Value) -> Self {
        let kind = [
            (":exception-type", name),
            (":content-type", "application/json"),
            (":message-type", "exception"),
        ];
        Self::new(kind, payload.to_string().into_bytes())
    }

    /// Returns an error frame, which has no payload.
    pub fn error(code: &str, message: &str) -> Self {
        Self::new(
            [(":error-code", code), (":error-message", message), (":message-type", "error")],
            Vec::new(),
        )
    }

    fn new(headers: [(&str, &str); 3], payload: Vec<u8>) -> Self {
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { headers: headers.into(), payload }
    }

    /// Returns the name of the event or the exception.
    pub fn name(&self) -> &str {
        self.header(":event-type").or_else(|| self.header(":exception-type")).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.payload).unwrap()
    }

    /// Encodes the frame.
    pub fn bytes(&self) -> Vec<u8> {
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            headers.push(u8::try_from(name.len()).unwrap());
            headers.extend(name.as_bytes());
            headers.push(7); // the type of a string
            headers.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            headers.extend(value.as_bytes());
        }
        let total = 16 + headers.len() + self.payload.len();
        let mut bytes = Vec::with_capacity(total);
        bytes.extend(u32::try_from(total).unwrap().to_be_bytes());
        bytes.extend(u32::try_from(headers.len()).unwrap().to_be_bytes());
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        bytes.extend(headers);
        bytes.extend(&self.payload);
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        bytes
    }

    /// Decodes all frames of a stream.
    pub fn decode_all(mut bytes: &[u8]) -> Vec<Self> {
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
        let mut frames = Vec::new();
        while !bytes.is_empty() {
            let (frame, rest) = bytes.split_at(number(bytes));
            let headers_end = 12 + number(&frame[4..]);
            frames.push(Self {
                headers: read_headers(&frame[12..headers_end]),
                payload: frame[headers_end..frame.len() - 4].to_vec(),
            });
            bytes = rest;
        }
        frames
    }
}

fn read_headers(mut bytes: &[u8]) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut headers = Vec::new();
    while !bytes.is_empty() {
        let (name, rest) = bytes[1..].split_at(usize::from(bytes[0]));
        assert_eq!(rest[0], 7, "the header is not a string");
        let length = usize::from(u16::from_be_bytes([rest[1], rest[2]]));
        let (value, rest) = rest[3..].split_at(length);
        headers.push((text(name), text(value)));
        bytes = rest;
    }
    headers
}
