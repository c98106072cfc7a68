//! The formats of image models: Amazon's Titan Image Generator and Nova Canvas, and Stability's models. The images are PNG files
//! of the requested size, even if the request asks for another file format. They are equal for the same text and seed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::formats::body::{malformed, required_list, required_text, wrong_type};
use crate::formats::png;
use crate::formats::request::ProviderRequest;
use crate::json::items;
use crate::model::prompt::Prompt;
use crate::wire::error::AwsResult;
use crate::world::catalogue::FoundationModel;
use crate::world::ids::mix;

/// The default width and height.
const DEFAULT_SIDE: u32 = 1024;
/// The limits of the providers.
const MAX_SIDE: u32 = 4096;
const MAX_PIXELS: u32 = 4096 * 1024;
const MAX_IMAGES: u64 = 5;

/// The tasks of Amazon's models, and the members with their parameters.
const TASKS: &[(&str, &str)] = &[
    ("TEXT_IMAGE", "textToImageParams"),
    ("INPAINTING", "inPaintingParams"),
    ("OUTPAINTING", "outPaintingParams"),
    ("IMAGE_VARIATION", "imageVariationParams"),
    ("COLOR_GUIDED_GENERATION", "colorGuidedGenerationParams"),
    ("BACKGROUND_REMOVAL", "backgroundRemovalParams"),
    ("VIRTUAL_TRY_ON", "virtualTryOnParams"),
];

/// The image sizes of Stability's models by aspect ratio.
const RATIOS: &[(&str, (u32, u32))] = &[
    ("1:1", (1024, 1024)),
    ("16:9", (1344, 768)),
    ("21:9", (1536, 640)),
    ("2:3", (832, 1216)),
    ("3:2", (1216, 832)),
    ("4:5", (896, 1088)),
    ("5:4", (1088, 896)),
    ("9:16", (768, 1344)),
    ("9:21", (640, 1536)),
];

/// The required members of Stability's models that edit an image, by a part of the model ID.
const EDITING_MODELS: &[(&str, &[&str])] = &[
    ("conservative-upscale", &["image", "prompt"]),
    ("control-", &["image", "prompt"]),
    ("creative-upscale", &["image", "prompt"]),
    ("erase-object", &["image"]),
    ("fast-upscale", &["image"]),
    ("inpaint", &["image", "prompt"]),
    ("outpaint", &["image"]),
    ("remove-background", &["image"]),
    ("search-recolor", &["image", "prompt", "select_prompt"]),
    ("search-replace", &["image", "prompt", "search_prompt"]),
    ("style-guide", &["image", "prompt"]),
    ("style-transfer", &["init_image", "style_image"]),
];

pub(crate) fn parse(model: &FoundationModel, body: &Value) -> AwsResult<Prompt> {
    let provider = model.provider();
    let editing =
        EDITING_MODELS.iter().find(|(kind, _)| provider == "stability" && model.model_id.contains(kind));
    for key in editing.into_iter().flat_map(|(_, required)| *required) {
        required_text(body, key)?;
    }
    let text = match provider {
        "amazon" => {
            let (task, params) = amazon_task(body)?;
            if task == "TEXT_IMAGE" { required_text(params, "text")? } else { text_of(params, "text") }
                .to_owned()
        }
        _ if !body["text_prompts"].is_null() => {
            let prompts = required_list(body, "text_prompts")?.iter();
            prompts.map(|prompt| text_of(prompt, "text")).collect::<Vec<_>>().join("\n")
        }
        _ if source_size(body).is_some() => text_of(body, "prompt").to_owned(),
        _ => required_text(body, "prompt")?.to_owned(),
    };
    size(provider, body)?;
    let count = &body["imageGenerationConfig"]["numberOfImages"];
    if !count.is_null() && !count.as_u64().is_some_and(|count| (1..=MAX_IMAGES).contains(&count)) {
        return Err(malformed(&format!(
            "#/imageGenerationConfig/numberOfImages: {count} is not from 1 to {MAX_IMAGES}"
        )));
    }
    Ok(Prompt::from_text(&text))
}

pub(crate) fn response_body(request: &ProviderRequest) -> Value {
    let body = &request.body;
    let provider = request.model.provider();
    let size = size(provider, body).unwrap_or((DEFAULT_SIDE, DEFAULT_SIDE));
    let text = request.prompt.last_text();
    let image = |seed: u64| BASE64.encode(png::image(size.0, size.1, hash(&text, seed)));
    if provider == "amazon" {
        let config = &body["imageGenerationConfig"];
        let seed = config["seed"].as_u64().unwrap_or_default();
        let count = config["numberOfImages"].as_u64().unwrap_or(1).min(MAX_IMAGES);
        let images: Vec<_> = (0..count).map(|nth| image(seed.wrapping_add(nth))).collect();
        return json!({ "images": images, "error": null });
    }
    // Without a seed, or with 0, the model chooses one.
    let seed = body["seed"].as_u64().filter(|seed| *seed > 0);
    let seed = seed.unwrap_or_else(|| hash(&text, 0) >> 32);
    match body["text_prompts"].is_null() {
        true => json!({ "seeds": [seed], "finish_reasons": [null], "images": [image(seed)] }),
        false => json!({
            "result": "success",
            "artifacts": [{ "seed": seed, "base64": image(seed), "finishReason": "SUCCESS" }],
        }),
    }
}

fn amazon_task(body: &Value) -> AwsResult<(&str, &Value)> {
    let task_type = required_text(body, "taskType")?;
    let Some((task, member)) = TASKS.iter().find(|(task, _)| *task == task_type) else {
        return Err(malformed(&format!("#/taskType: {task_type} is not a valid enum value")));
    };
    match &body[*member] {
        Value::Null => Err(malformed(&format!("#: required key [{member}] not found"))),
        Value::Object(_) => Ok((task, &body[*member])),
        other => Err(wrong_type(&format!("#/{member}"), "JSONObject", other)),
    }
}

/// Returns the requested size: by width and height, by aspect ratio, or that of the source image.
fn size(provider: &str, body: &Value) -> AwsResult<(u32, u32)> {
    let sides = if provider == "amazon" { &body["imageGenerationConfig"] } else { body };
    let side = |name: &str| match &sides[name] {
        Value::Null => Ok(None),
        value => match value.as_u64().and_then(|side| u32::try_from(side).ok()) {
            Some(side) if (1..=MAX_SIDE).contains(&side) => Ok(Some(side)),
            _ => Err(malformed(&format!("#/{name}: {value} is not from 1 to {MAX_SIDE}"))),
        },
    };
    let size = match (side("width")?, side("height")?) {
        (None, None) => {
            size_by_ratio(body)?.or_else(|| source_size(body)).unwrap_or((DEFAULT_SIDE, DEFAULT_SIDE))
        }
        (width, height) => (width.unwrap_or(DEFAULT_SIDE), height.unwrap_or(DEFAULT_SIDE)),
    };
    match size.0.checked_mul(size.1).is_some_and(|pixels| pixels <= MAX_PIXELS) {
        true => Ok(size),
        false => Err(malformed(&format!("#: {} by {} pixels are more than {MAX_PIXELS}", size.0, size.1))),
    }
}

fn size_by_ratio(body: &Value) -> AwsResult<Option<(u32, u32)>> {
    let Some(requested) = body["aspect_ratio"].as_str() else { return Ok(None) };
    let found = RATIOS.iter().find(|(ratio, _)| *ratio == requested);
    let invalid = || malformed(&format!("#/aspect_ratio: {requested} is not a valid enum value"));
    found.map(|(_, size)| Some(*size)).ok_or_else(invalid)
}

/// Returns the size of the source image, or the default size if the image is not a PNG. Returns `None` if there is no image.
fn source_size(body: &Value) -> Option<(u32, u32)> {
    let params =
        TASKS.iter().map(|(_, member)| &body[*member]).find(|params| params.is_object()).unwrap_or(body);
    let first = items(&params["images"]).first();
    let sources =
        ["image", "init_image", "sourceImage", "conditionImage"].into_iter().map(|name| &params[name]);
    let image = sources.chain(first).find_map(Value::as_str)?;
    Some(
        BASE64.decode(image).ok().and_then(|bytes| png::size(&bytes)).unwrap_or((DEFAULT_SIDE, DEFAULT_SIDE)),
    )
}

/// Describes the image of a data URI: its format and, if it is a PNG, its size.
pub(super) fn description(uri: &Value) -> Value {
    let uri = uri.as_str().and_then(|uri| uri.strip_prefix("data:image/")?.split_once(";base64,"));
    let Some((format, data)) = uri else { return Value::Null };
    let mut description = json!({ "format": format });
    let bytes = BASE64.decode(data).unwrap_or_default();
    if let (Some((width, height)), Some(depth)) = (png::size(&bytes), png::bit_depth(&bytes)) {
        description["width"] = width.into();
        description["height"] = height.into();
        description["bit_depth"] = depth.into();
    }
    description
}

fn text_of<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// Returns the number that determines the image of a text and a seed.
fn hash(text: &str, seed: u64) -> u64 {
    mix(u64::from(crc32fast::hash(text.as_bytes())) ^ mix(seed))
}
