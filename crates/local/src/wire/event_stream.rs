//! AWS's event-stream framing.
//!
//! A frame is: total length, header length, checksum of these two, headers, payload, checksum of all before.

use bytes::{Buf as _, BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// The type of a header value that is a string.
const STRING: u8 = 7;
const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012345678";
/// AWS's own limit of a frame.
const LONGEST: usize = 24 << 20;
/// The headers of a frame that holds another one and the signature of it.
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

    /// What is wrong with a stream, told without a payload.
    pub(crate) fn error(code: &str, message: &str) -> Self {
        let headers = [(":error-code", code), (":error-message", message), (":message-type", "error")];
        Self { headers: headers.map(|(name, value)| (name, value.to_owned())).into(), payload: Vec::new() }
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
        seal(&headers, &self.payload)
    }
}

/// A frame of headers that are encoded already.
fn seal(headers: &[u8], payload: &[u8]) -> Bytes {
    let total = PRELUDE + headers.len() + payload.len() + CHECKSUM;
    let mut frame = BytesMut::with_capacity(total);
    frame.put_u32(total as u32);
    frame.put_u32(headers.len() as u32);
    frame.put_u32(crc32fast::hash(&frame));
    frame.put_slice(headers);
    frame.put_slice(payload);
    frame.put_u32(crc32fast::hash(&frame));
    frame.freeze()
}

/// One of our own frames with another payload.
pub(crate) fn with_payload(frame: &Bytes, edit: impl FnOnce(&Bytes) -> Vec<u8>) -> Bytes {
    match divide(frame) {
        Ok((headers, payload)) => seal(&headers, &edit(&payload)),
        Err(_) => frame.clone(),
    }
}

/// A frame of which this checksum alone is wrong.
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

/// The frames of an answer as far as they can be read, and what is wrong with the others.
pub(crate) fn read(bytes: &[u8]) -> Vec<Result<(Headers, Bytes), &'static str>> {
    let mut rest = BytesMut::from(bytes);
    let mut frames = Vec::new();
    while !rest.is_empty() {
        match cut(&mut rest) {
            Ok(Some(frame)) => frames.push(open(&frame)),
            Ok(None) => {
                frames.push(Err("the frame is not whole"));
                break;
            }
            Err(wrong) => {
                frames.push(Err(wrong));
                let total = (&rest[..]).get_u32() as usize;
                rest.advance(total.clamp(PRELUDE, rest.len()));
            }
        }
    }
    frames
}

/// What a client's stream holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Received {
    Event {
        name: String,
        payload: Bytes,
    },
    /// An empty frame that is signed: the client says that it is done.
    End,
}

/// What is wrong with a client's stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wrong {
    Frame(&'static str),
    Signature(&'static str),
}

impl From<&'static str> for Wrong {
    fn from(told: &'static str) -> Self {
        Self::Frame(told)
    }
}

/// Checks the signature of an event by its `:date` in milliseconds since 1970 and its payload. An error says what is wrong.
pub(crate) type SignatureCheck = Box<dyn FnMut(i64, &[u8], &[u8]) -> Result<(), &'static str> + Send>;

/// Finds the frames in a client's bytes, and takes off the envelopes of those that are signed.
#[derive(Default)]
pub(crate) struct Decoder {
    buffer: BytesMut,
    check: Option<SignatureCheck>,
}

impl Decoder {
    /// With a check, every event must be signed.
    pub(crate) fn new(check: Option<SignatureCheck>) -> Self {
        Self { buffer: BytesMut::new(), check }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.put_slice(bytes);
    }

    /// Whether the bytes end in the middle of a frame.
    pub(crate) fn is_in_frame(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// The next whole frame. An error says what is wrong with the stream.
    pub(crate) fn next(&mut self) -> Result<Option<Received>, Wrong> {
        let Some(frame) = cut(&mut self.buffer)? else { return Ok(None) };
        let (headers, payload) = open(&frame)?;
        let signature = value(&headers, SIGNATURE);
        if let Some(check) = &mut self.check {
            let date = value(&headers, DATE).and_then(|date| date.as_ref().try_get_i64().ok());
            let unsigned = Wrong::Signature("the stream's events must be signed");
            let (signature, date) = signature.zip(date).ok_or(unsigned)?;
            check(date, &payload, signature).map_err(Wrong::Signature)?;
        }
        if signature.is_none() {
            return Ok(Some(event(&headers, payload)?));
        }
        if payload.is_empty() {
            return Ok(Some(Received::End));
        }
        let mut inside = BytesMut::from(&payload[..]);
        let inner = cut(&mut inside)?.filter(|_| inside.is_empty());
        let (headers, payload) = open(&inner.ok_or("a signed frame must hold one frame")?)?;
        Ok(Some(event(&headers, payload)?))
    }
}

/// The frames of a stream, as far as its lengths tell. What is left in the end is one piece.
pub(crate) fn split(stream: &Bytes) -> Vec<Bytes> {
    let mut rest = stream.clone();
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let told = (&rest[..]).try_get_u32().map_or(rest.len(), |length| length as usize);
        frames.push(rest.split_to(told.max(PRELUDE).min(rest.len())));
    }
    frames
}

/// Cuts the first whole frame off.
fn cut(buffer: &mut BytesMut) -> Result<Option<Bytes>, &'static str> {
    if buffer.len() < PRELUDE {
        return Ok(None);
    }
    let total = (&buffer[..]).get_u32() as usize;
    if (&buffer[8..]).get_u32() != crc32fast::hash(&buffer[..8]) {
        return Err("the checksum of a frame's beginning is wrong");
    }
    if !(PRELUDE + CHECKSUM..=LONGEST).contains(&total) {
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

/// A frame's headers.
pub(crate) type Headers = Vec<(Bytes, Bytes)>;

/// The value of a header, whatever it is.
pub(crate) fn value<'a>(headers: &'a Headers, name: &str) -> Option<&'a Bytes> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// A frame's headers and payload.
fn open(frame: &Bytes) -> Result<(Headers, Bytes), &'static str> {
    let (encoded, payload) = divide(frame)?;
    Ok((headers(encoded).ok_or("a frame's headers cannot be read")?, payload))
}

/// A frame's headers, still encoded, and its payload.
fn divide(frame: &Bytes) -> Result<(Bytes, Bytes), &'static str> {
    let payload = PRELUDE.saturating_add((&frame[4..]).get_u32() as usize);
    let end = frame.len() - CHECKSUM;
    if payload > end {
        return Err("a frame's headers are longer than the frame");
    }
    Ok((frame.slice(PRELUDE..payload), frame.slice(payload..end)))
}

/// Names and values, whatever these are.
fn headers(mut bytes: Bytes) -> Option<Headers> {
    let mut headers = Vec::new();
    while bytes.has_remaining() {
        let length = usize::from(bytes.get_u8());
        let name = take(&mut bytes, length)?;
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
        let value = take(&mut bytes, length)?;
        headers.push((name, value));
    }
    Some(headers)
}

fn take(bytes: &mut Bytes, length: usize) -> Option<Bytes> {
    (bytes.len() >= length).then(|| bytes.split_to(length))
}

fn event(headers: &Headers, payload: Bytes) -> Result<Received, &'static str> {
    let name = value(headers, ":event-type").ok_or("a frame holds no event")?;
    Ok(Received::Event { name: String::from_utf8_lossy(name).into_owned(), payload })
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

    const SIGNED: &[u8] = b"\x05:date\x08\0\0\0\0\0\0\0\0\x10:chunk-signature\x06\0\x03sig";

    #[test]
    fn frames_are_read_whole_or_in_pieces_signed_or_not() {
        let plain = Frame::event("chunk", json!({}), 2).encode();
        let signed = seal(SIGNED, &plain);
        let stream = [&plain[..], &signed, &seal(SIGNED, b"")].concat();
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
            assert!(!decoder.is_in_frame());
        }
    }

    #[test]
    fn what_is_no_frame_is_told() {
        let read = |bytes: &[u8]| {
            let mut decoder = Decoder::default();
            decoder.push(bytes);
            decoder.next()
        };
        let frame = Frame::event("chunk", json!({}), 2).encode();
        for at in [0, 8, 20, frame.len() - 1] {
            let mut broken = frame.to_vec();
            broken[at] ^= 1;
            assert!(read(&broken).is_err(), "{at}");
        }
        assert!(read(&seal(b"\xffx", b"")).is_err());
        assert!(read(&seal(b"\x01x\x0f", b"")).is_err());
        assert!(read(&seal(b"", b"{}")).is_err(), "an event has a name");
        assert!(read(&seal(SIGNED, b"not a frame at all")).is_err());
        assert!(read(&seal(SIGNED, b"short")).is_err());
        assert_eq!(read(&frame[..frame.len() - 1]), Ok(None));
    }
}
