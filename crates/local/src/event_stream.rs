//! AWS's event-stream framing.
//!
//! A frame is: total length, header length, checksum of these two, headers, payload, checksum of all before.

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::Value;

pub(crate) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// The type of a header value that is a string.
const STRING: u8 = 7;
const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012345678";

/// One frame before it is encoded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frame {
    headers: Vec<(&'static str, String)>,
    payload: Vec<u8>,
}

impl Frame {
    /// An event, padded with `padding` letters as AWS pads, against guessing the text from its length.
    pub(crate) fn event(event_type: &str, mut payload: Value, padding: usize) -> Self {
        payload["p"] = Value::from(&PADDING[..padding.clamp(2, PADDING.len())]);
        Self::new(":event-type", event_type, "event", &payload)
    }

    pub(crate) fn exception(exception_type: &str, payload: &Value) -> Self {
        Self::new(":exception-type", exception_type, "exception", payload)
    }

    fn new(type_header: &'static str, name: &str, message_type: &str, payload: &Value) -> Self {
        let headers = vec![
            (type_header, name.to_owned()),
            (":content-type", "application/json".to_owned()),
            (":message-type", message_type.to_owned()),
        ];
        Self { headers, payload: payload.to_string().into_bytes() }
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut headers = BytesMut::new();
        for (name, value) in &self.headers {
            headers.put_u8(name.len() as u8);
            headers.put_slice(name.as_bytes());
            headers.put_u8(STRING);
            headers.put_u16(value.len() as u16);
            headers.put_slice(value.as_bytes());
        }
        let total = PRELUDE + headers.len() + self.payload.len() + CHECKSUM;
        let mut frame = BytesMut::with_capacity(total);
        frame.put_u32(total as u32);
        frame.put_u32(headers.len() as u32);
        frame.put_u32(crc32fast::hash(&frame));
        frame.put_slice(&headers);
        frame.put_slice(&self.payload);
        frame.put_u32(crc32fast::hash(&frame));
        frame.freeze()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_frame_is_laid_out_as_aws_lays_it_out() {
        let frame = Frame::event("messageStart", json!({"role": "assistant"}), 3).encode();
        let payload = br#"{"p":"abc","role":"assistant"}"#;
        assert_eq!(frame.len() as u32, u32::from_be_bytes(frame[..4].try_into().unwrap()));
        assert_eq!(crc32fast::hash(&frame[..8]).to_be_bytes(), frame[8..12]);
        let end = frame.len() - 4;
        assert_eq!(crc32fast::hash(&frame[..end]).to_be_bytes(), frame[end..]);
        assert_eq!(&frame[end - payload.len()..end], payload);
        let headers = &frame[12..end - payload.len()];
        let expected =
            b"\x0b:event-type\x07\x00\x0cmessageStart\x0d:content-type\x07\x00\x10application/json\
            \x0d:message-type\x07\x00\x05event";
        assert_eq!(headers, expected);
    }

    #[test]
    fn padding_stays_within_its_bounds() {
        for (asked, given) in [(0, 2), (61, 61), (99, 61)] {
            let frame = Frame::event("chunk", json!({}), asked);
            let payload: Value = serde_json::from_slice(&frame.payload).unwrap();
            assert_eq!(payload["p"].as_str().unwrap().len(), given);
        }
    }
}
