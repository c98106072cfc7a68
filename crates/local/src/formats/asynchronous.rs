//! What asynchronous invocations leave behind: files, named and formed as each maker names and forms them.

use bytes::BufMut as _;
use serde_json::{Value, json};

use crate::formats::embeddings::{default_size, vector};
use crate::world::buckets::{Buckets, join_uri};
use crate::world::catalogue::FoundationModel;

/// How long Nova's segments of a text are unless told otherwise, and how many seconds one shot of a video has.
const SEGMENT: u64 = 32_000;
const SHOT_SECONDS: u64 = 6;
const LONGEST_VIDEO: u64 = 120;

/// A file's name and its bytes.
type File = (String, Vec<u8>);

/// The files of an invocation that went well. `output` is the URI of the folder that they go to.
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

/// What Nova Reel leaves behind of an invocation that failed.
pub(crate) fn failure(model: &FoundationModel, message: &str) -> Option<File> {
    let shot =
        json!({ "status": "FAILURE", "failureType": "INTERNAL_SERVER_EXCEPTION", "failureMessage": message });
    let status = json!({ "schemaVersion": "1.0", "shots": [shot], "fullVideo": shot });
    model.base_id().starts_with("amazon.nova-reel").then(|| json_file(REEL_STATUS, &status))
}

const REEL_STATUS: &str = "video-generation-status.json";

/// The whole video, its shots where there are several, and a word on each.
fn reel(input: &Value, output: &str) -> Vec<File> {
    let seconds = input["videoGenerationConfig"]["durationSeconds"].as_u64();
    let listed =
        input["multiShotManualParams"]["shots"].as_array().map(|shots| shots.len() as u64 * SHOT_SECONDS);
    let seconds = seconds.or(listed).unwrap_or(SHOT_SECONDS).clamp(1, LONGEST_VIDEO);
    let told = |name: &str| json!({ "status": "SUCCESS", "location": join_uri(output, name) });
    let shots = match seconds.div_ceil(SHOT_SECONDS) {
        1 => Vec::new(),
        count => (1..=count).map(|nth| format!("shot_{nth:04}.mp4")).collect(),
    };
    let status = json!({
        "schemaVersion": "1.0",
        "shots": shots.iter().map(|name| told(name)).collect::<Vec<_>>(),
        "fullVideo": told("output.mp4"),
    });
    let mut files = vec![("output.mp4".to_owned(), video(seconds)), json_file(REEL_STATUS, &status)];
    files.extend(shots.into_iter().map(|name| (name, video(SHOT_SECONDS))));
    files
}

/// A vector for each segment of a text, or one for whatever else there is.
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
    let longest = params["text"]["segmentationConfig"]["maxLengthChars"].as_u64().unwrap_or(SEGMENT).max(1);
    let letters: Vec<_> = text.unwrap_or_else(|| params[kind].to_string()).chars().collect();
    let longest = usize::try_from(longest).unwrap_or(usize::MAX);
    let line = |(index, segment): (usize, &[char])| {
        let start = index.saturating_mul(longest);
        let place = json!({
            "segmentIndex": index,
            "segmentStartCharPosition": start,
            "segmentEndCharPosition": start + segment.len(),
        });
        let embedding = vector(&segment.iter().collect::<String>(), size);
        format!("{}\n", json!({ "embedding": embedding, "segmentMetadata": place, "status": "SUCCESS" }))
    };
    let lines: String = letters.chunks(longest).enumerate().map(line).collect();
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
    let embedding = vector(&text.map_or_else(|| input.to_string(), str::to_owned), default_size(id));
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

/// An MP4 of a length, in which nothing is to be seen: a container without a track.
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
