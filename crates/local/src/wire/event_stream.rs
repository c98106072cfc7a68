//! AWS's event-stream encoding.
//!
//! A frame consists of the total length, the length of the headers, the checksum of both, the headers, the payload, and the
//! checksum of everything before.

use bytes::{Buf as _, Bytes, BytesMut};
use serde::ser::{SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json::to_bytes;

pub(crate) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// The type of a header value that is a string.
const STRING: u8 = 7;
const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;
const PADDING_MEMBER: &str = "p";
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012345678";
/// AWS's limit of a frame's length.
const MAX_FRAME: usize = 24 << 20;
/// The headers of a frame that contains another frame and its signature.
const DATE: &str = ":date";
const SIGNATURE: &str = ":chunk-signature";

/// One of the two checksums of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checksum {
    /// The checksum of the lengths.
    Prelude,
    /// The checksum of the whole frame.
    Message,
}

/// Encodes an event. Like AWS, it pads the payload, with `padding` letters, to hide the length of the text.
pub(crate) fn event(event_type: &str, payload: &Value, padding: usize) -> Bytes {
    let padding = &PADDING[..padding.clamp(2, PADDING.len())];
    encode_json(":event-type", event_type, "event", &Padded { payload, padding })
}

/// A payload with its padding, which AWS sorts in among the members.
struct Padded<'a> {
    payload: &'a Value,
    padding: &'a str,
}

impl Serialize for Padded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = || self.payload.as_object().into_iter().flatten();
        let mut object = serializer.serialize_map(None)?;
        for (name, value) in members().filter(|(name, _)| name.as_str() < PADDING_MEMBER) {
            object.serialize_entry(name, value)?;
        }
        object.serialize_entry(PADDING_MEMBER, self.padding)?;
        for (name, value) in members().filter(|(name, _)| name.as_str() > PADDING_MEMBER) {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}

/// Encodes an exception.
pub(crate) fn exception(exception_type: &str, payload: &Value) -> Bytes {
    encode_json(":exception-type", exception_type, "exception", payload)
}

/// Encodes an error, which has no payload.
pub(crate) fn error(code: &str, message: &str) -> Bytes {
    encode(&[(":error-code", code), (":error-message", message), (":message-type", "error")], &[])
}

fn encode_json(type_header: &str, name: &str, message_type: &str, payload: &impl Serialize) -> Bytes {
    let headers =
        [(type_header, name), (":content-type", "application/json"), (":message-type", message_type)];
    encode(&headers, &to_bytes(payload))
}

fn encode(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    // The length of a name has one byte, the type of its value one, and the length of the value two.
    let length = headers.iter().map(|(name, value)| 1 + name.len() + 1 + 2 + value.len()).sum();
    frame(length, payload, |frame| {
        for (name, value) in headers {
            frame.push(name.len() as u8);
            frame.extend_from_slice(name.as_bytes());
            frame.push(STRING);
            frame.extend_from_slice(&(value.len() as u16).to_be_bytes());
            frame.extend_from_slice(value.as_bytes());
        }
    })
}

/// Encodes a frame whose headers are already encoded.
fn encode_frame(headers: &[u8], payload: &[u8]) -> Bytes {
    frame(headers.len(), payload, |frame| frame.extend_from_slice(headers))
}

/// Encodes a frame. `put_headers` adds its headers, which have this length.
fn frame(headers_length: usize, payload: &[u8], put_headers: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let total = PRELUDE + headers_length + payload.len() + CHECKSUM;
    let mut frame = Vec::with_capacity(total);
    frame.extend_from_slice(&(total as u32).to_be_bytes());
    frame.extend_from_slice(&(headers_length as u32).to_be_bytes());
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    put_headers(&mut frame);
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame.into()
}

/// Replaces the payload of a frame. A frame that cannot be parsed stays as it is.
pub(crate) fn with_payload(frame: &Bytes, edit: impl FnOnce(&Bytes) -> Vec<u8>) -> Bytes {
    match frame_parts(frame) {
        Ok((headers, payload)) => encode_frame(&headers, &edit(&payload)),
        Err(_) => frame.clone(),
    }
}

/// Makes one checksum of a frame wrong. The other one stays right.
pub(crate) fn with_wrong_checksum(frame: &Bytes, which: Checksum) -> Bytes {
    let mut wrong = frame.to_vec();
    let end = wrong.len().saturating_sub(CHECKSUM);
    match which {
        Checksum::Message => wrong[end..].iter_mut().for_each(|byte| *byte = !*byte),
        Checksum::Prelude => {
            wrong[8..PRELUDE].iter_mut().for_each(|byte| *byte = !*byte);
            let checksum = crc32fast::hash(&wrong[..end]);
            wrong[end..].copy_from_slice(&checksum.to_be_bytes());
        }
    }
    wrong.into()
}

/// Decodes the frames of a response. The error of a frame says why it cannot be decoded.
pub(crate) fn decode(bytes: &[u8]) -> Vec<Result<(FrameHeaders, Bytes), &'static str>> {
    let mut rest = BytesMut::from(bytes);
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let (length, total) = (rest.len(), (&rest[..]).try_get_u32().unwrap_or_default() as usize);
        match take_frame(&mut rest) {
            Ok(Some(frame)) => frames.push(parse_frame(&frame)),
            Ok(None) => {
                frames.push(Err("the frame is not whole"));
                break;
            }
            Err(wrong) => {
                frames.push(Err(wrong));
                // A frame whose end is wrong has already been taken.
                if rest.len() == length {
                    rest.advance(total.clamp(PRELUDE, length));
                }
            }
        }
    }
    frames
}

/// A frame of a client's stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Received {
    Event {
        name: String,
        payload: Bytes,
    },
    /// An empty signed frame: the end of the client's stream.
    End,
}

/// Why a client's stream cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum DecodeError {
    Frame(&'static str),
    Signature(&'static str),
}

impl From<&'static str> for DecodeError {
    fn from(why: &'static str) -> Self {
        Self::Frame(why)
    }
}

/// Checks the signature of an event. Its arguments are the `:date` header in milliseconds since 1970, the payload and the
/// signature. The error says what is wrong.
pub(crate) type SignatureCheck = Box<dyn FnMut(i64, &[u8], &[u8]) -> Result<(), &'static str> + Send>;

/// Decodes the frames of a client's stream. Events in signed frames are unwrapped.
#[derive(Default)]
pub(crate) struct Decoder {
    buffer: BytesMut,
    check: Option<SignatureCheck>,
}

impl Decoder {
    /// Creates a decoder. With a check, every event must be signed.
    pub(crate) fn new(check: Option<SignatureCheck>) -> Self {
        Self { buffer: BytesMut::new(), check }
    }

    /// Adds received bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns whether bytes of an incomplete frame are left.
    pub(crate) fn has_partial_frame(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Returns the next frame, or `None` until a whole one has arrived.
    pub(crate) fn next(&mut self) -> Result<Option<Received>, DecodeError> {
        let Some(frame) = take_frame(&mut self.buffer)? else { return Ok(None) };
        let (headers, payload) = parse_frame(&frame)?;
        let signature = header_value(&headers, SIGNATURE);
        if let Some(check) = &mut self.check {
            let date = header_value(&headers, DATE).and_then(|date| date.as_ref().try_get_i64().ok());
            let unsigned = DecodeError::Signature("the stream's events must be signed");
            let (signature, date) = signature.zip(date).ok_or(unsigned)?;
            check(date, &payload, signature).map_err(DecodeError::Signature)?;
        }
        if signature.is_none() {
            return Ok(Some(received_event(&headers, payload)?));
        }
        if payload.is_empty() {
            return Ok(Some(Received::End));
        }
        let mut inside = BytesMut::from(&payload[..]);
        let inner = take_frame(&mut inside)?.filter(|_| inside.is_empty());
        let (headers, payload) = parse_frame(&inner.ok_or("a signed frame must hold one frame")?)?;
        Ok(Some(received_event(&headers, payload)?))
    }
}

/// Splits a stream into frames by their lengths, without other checks. An incomplete frame at the end is one item.
pub(crate) fn split_frames(stream: &Bytes) -> Vec<Bytes> {
    let mut rest = stream.clone();
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let length = (&rest[..]).try_get_u32().map_or(rest.len(), |length| length as usize);
        frames.push(rest.split_to(length.max(PRELUDE).min(rest.len())));
    }
    frames
}

/// Takes the first frame off the buffer, or returns `None` if it is incomplete.
fn take_frame(buffer: &mut BytesMut) -> Result<Option<Bytes>, &'static str> {
    if buffer.len() < PRELUDE {
        return Ok(None);
    }
    let total = (&buffer[..]).get_u32() as usize;
    if (&buffer[8..]).get_u32() != crc32fast::hash(&buffer[..8]) {
        return Err("the checksum of a frame's beginning is wrong");
    }
    if !(PRELUDE + CHECKSUM..=MAX_FRAME).contains(&total) {
        return Err("a frame has an impossible length");
    }
    if buffer.len() < total {
        return Ok(None);
    }
    let frame = buffer.split_to(total).freeze();
    let end = total - CHECKSUM;
    match (&frame[end..]).get_u32() == crc32fast::hash(&frame[..end]) {
        true => Ok(Some(frame)),
        false => Err("the checksum of a frame is wrong"),
    }
}

/// The headers of a decoded frame.
pub(crate) type FrameHeaders = Vec<(Bytes, Bytes)>;

/// Returns the encoded value of a header, of any type.
pub(crate) fn header_value<'a>(headers: &'a FrameHeaders, name: &str) -> Option<&'a Bytes> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// Returns a frame's headers and payload.
fn parse_frame(frame: &Bytes) -> Result<(FrameHeaders, Bytes), &'static str> {
    let (encoded, payload) = frame_parts(frame)?;
    Ok((parse_headers(encoded).ok_or("a frame's headers cannot be read")?, payload))
}

/// Returns a frame's encoded headers and its payload.
fn frame_parts(frame: &Bytes) -> Result<(Bytes, Bytes), &'static str> {
    let payload = PRELUDE.saturating_add((&frame[4..]).get_u32() as usize);
    let end = frame.len() - CHECKSUM;
    if payload > end {
        return Err("a frame's headers are longer than the frame");
    }
    Ok((frame.slice(PRELUDE..payload), frame.slice(payload..end)))
}

/// Returns the names and the encoded values of headers.
fn parse_headers(mut bytes: Bytes) -> Option<FrameHeaders> {
    let mut headers = Vec::new();
    while bytes.has_remaining() {
        let length = usize::from(bytes.get_u8());
        let name = take_bytes(&mut bytes, length)?;
        let kind = bytes.try_get_u8().ok()?;
        let length = match kind {
            0 | 1 => 0,
            2 => 1,
            3 => 2,
            4 => 4,
            5 | 8 => 8,
            6 | STRING => usize::from(bytes.try_get_u16().ok()?),
            9 => 16,
            _ => return None,
        };
        let value = take_bytes(&mut bytes, length)?;
        headers.push((name, value));
    }
    Some(headers)
}

/// Takes the first bytes, or returns `None` if there are not enough.
fn take_bytes(bytes: &mut Bytes, length: usize) -> Option<Bytes> {
    (bytes.len() >= length).then(|| bytes.split_to(length))
}

fn received_event(headers: &FrameHeaders, payload: Bytes) -> Result<Received, &'static str> {
    let name = header_value(headers, ":event-type").ok_or("a frame holds no event")?;
    Ok(Received::Event { name: String::from_utf8_lossy(name).into_owned(), payload })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn frames_have_the_layout_of_aws() {
        let frame = event("messageStart", &json!({"role": "assistant"}), 3);
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
    fn a_frame_with_a_wrong_checksum_does_not_hide_the_next_one() {
        let frame = event("chunk", &json!({}), 2);
        for which in [Checksum::Message, Checksum::Prelude] {
            let wrong = with_wrong_checksum(&frame, which);
            let decoded = decode(&[&frame[..], &wrong, &frame].concat());
            let are_valid: Vec<_> = decoded.iter().map(Result::is_ok).collect();
            assert_eq!(are_valid, [true, false, true], "{which:?}");
            assert_eq!(decode(&wrong).len(), 1, "{which:?}");
        }
    }

    #[test]
    fn padding_stays_within_its_bounds() {
        for (requested, actual) in [(0, 2), (61, 61), (99, 61)] {
            let frame = event("chunk", &json!({}), requested);
            let (_, payload) = parse_frame(&frame).unwrap();
            let payload: Value = serde_json::from_slice(&payload).unwrap();
            assert_eq!(payload["p"].as_str().unwrap().len(), actual);
        }
    }

    const SIGNED: &[u8] = b"\x05:date\x08\0\0\0\0\0\0\0\0\x10:chunk-signature\x06\0\x03sig";

    #[test]
    fn frames_are_decoded_in_pieces_of_any_size_signed_or_not() {
        let plain = event("chunk", &json!({}), 2);
        let signed = encode_frame(SIGNED, &plain);
        let stream = [&plain[..], &signed, &encode_frame(SIGNED, b"")].concat();
        for piece in [1, 7, stream.len()] {
            let (mut decoder, mut received) = (Decoder::default(), Vec::new());
            for bytes in stream.chunks(piece) {
                decoder.push(bytes);
                while let Some(next) = decoder.next().unwrap() {
                    received.push(next);
                }
            }
            let payload = Bytes::from_static(br#"{"p":"ab"}"#);
            let event = Received::Event { name: "chunk".into(), payload };
            assert_eq!(received, [event.clone(), event, Received::End]);
            assert!(!decoder.has_partial_frame());
        }
    }

    #[test]
    fn invalid_frames_are_errors() {
        let decode = |bytes: &[u8]| {
            let mut decoder = Decoder::default();
            decoder.push(bytes);
            decoder.next()
        };
        let frame = event("chunk", &json!({}), 2);
        for at in [0, 8, 20, frame.len() - 1] {
            let mut broken = frame.to_vec();
            broken[at] ^= 1;
            assert!(decode(&broken).is_err(), "{at}");
        }
        assert!(decode(&encode_frame(b"\xffx", b"")).is_err());
        assert!(decode(&encode_frame(b"\x01x\x0f", b"")).is_err());
        assert!(decode(&encode_frame(b"", b"{}")).is_err(), "an event must have a name");
        assert!(decode(&encode_frame(SIGNED, b"not a frame at all")).is_err());
        assert!(decode(&encode_frame(SIGNED, b"short")).is_err());
        assert_eq!(decode(&frame[..frame.len() - 1]), Ok(None));
    }
}
