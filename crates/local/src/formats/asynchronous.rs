//! The output files of asynchronous invocations, with each provider's names and formats.

use bytes::BufMut as _;
use serde_json::{Value, json};

use crate::formats::vectors::{default_size, text_vector};
use crate::world::buckets::{Buckets, join_uri};
use crate::world::catalogue::FoundationModel;

/// The default number of characters in a text segment of Nova.
const SEGMENT_LENGTH: u64 = 32_000;
/// The length of a video shot.
const SHOT_SECONDS: u64 = 6;
const MAX_VIDEO_SECONDS: u64 = 120;

/// A file's name and its bytes.
type File = (String, Vec<u8>);

/// Returns the files of a successful invocation. `output` is the URI of their folder.
pub(crate) fn files(model: &FoundationModel, input: &Value, buckets: &Buckets, output: &str) -> Vec<File> {
    let id = model.base_id();
    let mut files = match id {
        _ if id.starts_with("amazon.nova-reel") => reel(input, output),
        _ if id.starts_with("twelvelabs.marengo") => vec![marengo(id, input)],
        _ if id.contains("embed") => nova_embeddings(id, input, buckets, output),
        _ => vec![("output.mp4".to_owned(), video(SHOT_SECONDS))],
    };
    let artifacts: Vec<_> =
        files.iter().map(|(name, _)| json!({ "location": join_uri(output, name) })).collect();
    files.push(json_file("manifest.json", &json!({ "schemaVersion": "1.0", "artifacts": artifacts })));
    files
}

/// Returns the file of a failed invocation, which only Nova Reel writes.
pub(crate) fn failure(model: &FoundationModel, message: &str) -> Option<File> {
    let shot =
        json!({ "status": "FAILURE", "failureType": "INTERNAL_SERVER_EXCEPTION", "failureMessage": message });
    let status = json!({ "schemaVersion": "1.0", "shots": [shot], "fullVideo": shot });
    model.base_id().starts_with("amazon.nova-reel").then(|| json_file(REEL_STATUS, &status))
}

const REEL_STATUS: &str = "video-generation-status.json";

/// Returns the video, its shots if there are several, and a status file.
fn reel(input: &Value, output: &str) -> Vec<File> {
    let seconds = input["videoGenerationConfig"]["durationSeconds"].as_u64();
    let from_shots =
        input["multiShotManualParams"]["shots"].as_array().map(|shots| shots.len() as u64 * SHOT_SECONDS);
    let seconds = seconds.or(from_shots).unwrap_or(SHOT_SECONDS).clamp(1, MAX_VIDEO_SECONDS);
    let status_of = |name: &str| json!({ "status": "SUCCESS", "location": join_uri(output, name) });
    let shots = match seconds.div_ceil(SHOT_SECONDS) {
        1 => Vec::new(),
        count => (1..=count).map(|nth| format!("shot_{nth:04}.mp4")).collect(),
    };
    let status = json!({
        "schemaVersion": "1.0",
        "shots": shots.iter().map(|name| status_of(name)).collect::<Vec<_>>(),
        "fullVideo": status_of("output.mp4"),
    });
    let mut files = vec![("output.mp4".to_owned(), video(seconds)), json_file(REEL_STATUS, &status)];
    files.extend(shots.into_iter().map(|name| (name, video(SHOT_SECONDS))));
    files
}

/// Returns a vector for each segment of a text, or one vector for other input.
fn nova_embeddings(id: &str, input: &Value, buckets: &Buckets, output: &str) -> Vec<File> {
    let params = &input["segmentedEmbeddingParams"];
    let size = params["embeddingDimension"].as_u64().and_then(|size| usize::try_from(size).ok());
    let largest = default_size(id);
    let size = size.filter(|size| (1..=largest).contains(size)).unwrap_or(largest);
    let kind = ["text", "image", "audio", "video"].into_iter().find(|kind| params[*kind].is_object());
    let kind = kind.unwrap_or("text");
    let uri = params[kind]["source"]["s3Location"]["uri"].as_str().unwrap_or_default();
    let stored = || String::from_utf8(buckets.read(uri).ok()??).ok();
    let text = params["text"]["value"].as_str().map(str::to_owned).or_else(stored);
    let length =
        params["text"]["segmentationConfig"]["maxLengthChars"].as_u64().unwrap_or(SEGMENT_LENGTH).max(1);
    let letters: Vec<_> = text.unwrap_or_else(|| params[kind].to_string()).chars().collect();
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let line = |(index, segment): (usize, &[char])| {
        let start = index.saturating_mul(length);
        let place = json!({
            "segmentIndex": index,
            "segmentStartCharPosition": start,
            "segmentEndCharPosition": start + segment.len(),
        });
        let embedding = text_vector(&segment.iter().collect::<String>(), size);
        format!("{}\n", json!({ "embedding": embedding, "segmentMetadata": place, "status": "SUCCESS" }))
    };
    let lines: String = letters.chunks(length).enumerate().map(line).collect();
    let name = format!("embedding-{kind}.jsonl");
    let result = json!({
        "sourceFileUri": uri,
        "embeddingDimension": size,
        "embeddingResults": [{
            "embeddingType": kind.to_uppercase(),
            "status": "SUCCESS",
            "outputFileUri": join_uri(output, &name),
        }],
    });
    vec![(name, lines.into_bytes()), json_file("segmented-embedding-result.json", &result)]
}

fn marengo(id: &str, input: &Value) -> File {
    let text = input["inputText"].as_str().or_else(|| input["text"]["inputText"].as_str());
    let embedding = text_vector(&text.map_or_else(|| input.to_string(), str::to_owned), default_size(id));
    let segment = match input["inputType"].as_str() {
        Some("video") => json!({
            "embedding": embedding, "embeddingOption": "visual", "startSec": 0.0, "endSec": SHOT_SECONDS as f64,
        }),
        _ => json!({ "embedding": embedding }),
    };
    json_file("output.json", &json!({ "data": [segment] }))
}

fn json_file(name: &str, value: &Value) -> File {
    (name.to_owned(), value.to_string().into_bytes())
}

/// Returns an MP4 file of a length, without a track.
fn video(seconds: u64) -> Vec<u8> {
    const PER_SECOND: u32 = 1000;
    const UNITY: u32 = 0x0001_0000;

    let mut header = Vec::new();
    header.put_bytes(0, 12);
    header.put_u32(PER_SECOND);
    header.put_u32(u32::try_from(seconds).unwrap_or_default().saturating_mul(PER_SECOND));
    header.put_u32(UNITY);
    header.put_u16(0x0100);
    header.put_bytes(0, 10);
    for entry in [UNITY, 0, 0, 0, UNITY, 0, 0, 0, 0x4000_0000] {
        header.put_u32(entry);
    }
    header.put_bytes(0, 24);
    header.put_u32(1);
    let kind = atom(b"ftyp", b"isom\0\0\x02\0isomiso2mp41");
    [kind, atom(b"moov", &atom(b"mvhd", &header))].concat()
}

fn atom(kind: &[u8; 4], inside: &[u8]) -> Vec<u8> {
    let mut atom = Vec::new();
    atom.put_u32(8 + inside.len() as u32);
    atom.put_slice(kind);
    atom.put_slice(inside);
    atom
}
