//! Checks images, documents and videos of Converse's input: support of the model, number, size, and whether the bytes match the
//! format.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use crate::json::items;
use crate::wire::error::{AwsError, AwsResult};
use crate::world::catalogue::FoundationModel;
use crate::world::catalogue::rules::Feature;

/// The kinds of media blocks, with the input modality that each requires.
const KINDS: &[(&str, Option<&str>)] =
    &[("image", Some("IMAGE")), ("video", Some("VIDEO")), ("document", None)];

/// The first bytes of files, by format.
const MAGIC: &[(&str, &[&[u8]])] = &[
    ("png", &[b"\x89PNG\r\n\x1a\n"]),
    ("jpeg", &[b"\xff\xd8\xff"]),
    ("gif", &[b"GIF87a", b"GIF89a"]),
    ("webp", &[b"RIFF"]),
    ("pdf", &[b"%PDF-"]),
    ("docx", &[b"PK\x03\x04"]),
    ("xlsx", &[b"PK\x03\x04"]),
    ("doc", &[b"\xd0\xcf\x11\xe0"]),
    ("xls", &[b"\xd0\xcf\x11\xe0"]),
];

/// A media block and its path.
struct Medium<'a> {
    kind: &'static str,
    block: &'a Value,
    path: String,
}

/// Checks the media of messages.
pub(crate) fn check(model: &FoundationModel, messages: &[Value]) -> AwsResult<()> {
    let mut media = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        collect(&message["content"], &format!("messages.{index}.content"), &mut media);
    }
    media.iter().try_for_each(|medium| check_medium(model, medium))?;
    check_counts(model, &media)
}

fn collect<'a>(content: &'a Value, path: &str, media: &mut Vec<Medium<'a>>) {
    for (position, block) in items(content).iter().enumerate() {
        let path = format!("{path}.{position}");
        for (kind, _) in KINDS {
            if block[*kind].is_object() {
                media.push(Medium { kind, block: &block[*kind], path: format!("{path}.{kind}") });
            }
        }
        collect(&block["toolResult"]["content"], &format!("{path}.toolResult.content"), media);
    }
}

fn refuse(message: impl Into<String>) -> AwsResult<()> {
    Err(AwsError::validation(message))
}

fn check_medium(model: &FoundationModel, medium: &Medium<'_>) -> AwsResult<()> {
    let Medium { kind, block, .. } = medium;
    let modality = KINDS.iter().find(|(name, _)| name == kind).and_then(|(_, modality)| *modality);
    if modality.is_some_and(|modality| !model.reads(modality)) {
        return refuse(format!(
            "This model doesn't support the {kind} content block that you provided. Update the content block and try \
             again."
        ));
    }
    let format = block["format"].as_str().unwrap_or_default();
    if *kind == "video" && format.contains('/') && !model.accepts(Feature::VideoMediaType) {
        return refuse(format!(
            "This model doesn't support the {format} format. Use another format and try again."
        ));
    }
    if block["source"]["s3Location"].is_object() && !model.accepts(Feature::S3Uri) {
        return refuse("This model doesn't support the s3Uri field. Remove s3Uri and try again.");
    }
    if *kind == "document" {
        check_name(block["name"].as_str().unwrap_or_default())?;
    }
    check_bytes(model, medium, format)
}

/// Checks the name of a document. AWS accepts letters of all scripts, and underscores, which its message does not mention.
fn check_name(name: &str) -> AwsResult<()> {
    let is_allowed = |character: char| character.is_alphanumeric() || " -()[]_".contains(character);
    if name.chars().all(is_allowed) && !name.contains("  ") {
        return Ok(());
    }
    refuse(
        "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, parentheses, and \
         square brackets. The name can't contain more than one consecutive whitespace character. Check that the file name \
         conforms to these restrictions and retry your request.",
    )
}

fn check_bytes(model: &FoundationModel, medium: &Medium<'_>, format: &str) -> AwsResult<()> {
    let Medium { kind, block, path } = medium;
    let Some(encoded) = block["source"]["bytes"].as_str() else { return Ok(()) };
    let Ok(bytes) = BASE64.decode(encoded) else { return Ok(()) };
    let (limit, size) = match *kind {
        "image" => (model.accepted.limits.image_bytes, bytes.len() as u64),
        "document" => (model.accepted.limits.document_bytes, bytes.len() as u64),
        _ => (None, 0),
    };
    let relay = |message: String| {
        refuse(format!("The model returned the following errors: {path}.source.bytes: {message}"))
    };
    if let Some(limit) = limit.filter(|limit| size > *limit) {
        // AWS's message has the sizes in base64.
        let (encoded, limit) = (encoded.len(), limit.div_ceil(3) * 4);
        return relay(format!("{kind} exceeds {} MB maximum: {encoded} bytes > {limit} bytes", limit >> 20));
    }
    if model.accepts(Feature::UnreadableMedia) {
        return Ok(());
    }
    let starts_with = |starts: &[&[u8]]| starts.iter().any(|start| bytes.starts_with(start));
    let expected = MAGIC.iter().find(|(name, _)| *name == format);
    if expected.is_none_or(|(_, starts)| starts_with(starts)) {
        return Ok(());
    }
    let is_other_image = MAGIC[..4].iter().any(|(_, starts)| starts_with(starts));
    relay(match *kind {
        "image" if is_other_image => format!("Image does not match the provided media type image/{format}"),
        "image" => "Could not process image".to_owned(),
        _ => format!("The {} specified was not valid.", format.to_uppercase()),
    })
}

fn check_counts(model: &FoundationModel, media: &[Medium<'_>]) -> AwsResult<()> {
    let count = |kind: &str| media.iter().filter(|medium| medium.kind == kind).count() as u64;
    let (images, documents) = (count("image"), count("document"));
    if let Some(limit) = model.accepted.limits.images.filter(|limit| images > *limit) {
        return refuse(format!(
            "The model returned the following errors: too many images and documents: {images} + {documents} > {limit}"
        ));
    }
    if let Some(limit) = model.accepted.limits.documents.filter(|limit| documents > *limit) {
        return refuse(format!("A request can include up to {limit} documents, not {documents}."));
    }
    Ok(())
}
