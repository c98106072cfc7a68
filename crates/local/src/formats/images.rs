//! Pictures: Amazon's Titan Image Generator and Nova Canvas, and Stability's models. Each answers a real PNG of the
//! asked size, the same for the same text and seed. Where another format is asked for, it is a PNG all the same.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::formats::Asked;
use crate::formats::body::{malformed, required_list, required_text, wrong_type};
use crate::formats::png;
use crate::json::items;
use crate::model::prompt::Prompt;
use crate::wire::error::AwsResult;
use crate::world::catalogue::FoundationModel;
use crate::world::ids::mix;

const SIDE: u32 = 1024;
/// What the makers allow at most: a side, and all pixels.
const LONGEST_SIDE: u32 = 4096;
const MOST_PIXELS: u32 = 4096 * 1024;
const MOST_IMAGES: u64 = 5;

/// What Amazon's models are asked to do, and the member that says how.
const TASKS: &[(&str, &str)] = &[
    ("TEXT_IMAGE", "textToImageParams"),
    ("INPAINTING", "inPaintingParams"),
    ("OUTPAINTING", "outPaintingParams"),
    ("IMAGE_VARIATION", "imageVariationParams"),
    ("COLOR_GUIDED_GENERATION", "colorGuidedGenerationParams"),
    ("BACKGROUND_REMOVAL", "backgroundRemovalParams"),
    ("VIRTUAL_TRY_ON", "virtualTryOnParams"),
];

/// Stability's sizes by their aspect ratio.
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

/// What Stability's models that work on a picture require, by a part of their ids.
const WORK_ON: &[(&str, &[&str])] = &[
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

pub(crate) fn read(model: &FoundationModel, body: &Value) -> AwsResult<Prompt> {
    let maker = model.provider();
    let work = WORK_ON.iter().find(|(kind, _)| maker == "stability" && model.model_id.contains(kind));
    for key in work.into_iter().flat_map(|(_, required)| *required) {
        required_text(body, key)?;
    }
    let text = match maker {
        "amazon" => {
            let (task, params) = amazon_task(body)?;
            if task == "TEXT_IMAGE" { required_text(params, "text")? } else { text_of(params, "text") }
                .to_owned()
        }
        _ if !body["text_prompts"].is_null() => {
            let prompts = required_list(body, "text_prompts")?.iter();
            prompts.map(|prompt| text_of(prompt, "text")).collect::<Vec<_>>().join("\n")
        }
        _ if source(body).is_some() => text_of(body, "prompt").to_owned(),
        _ => required_text(body, "prompt")?.to_owned(),
    };
    size(maker, body)?;
    let count = &body["imageGenerationConfig"]["numberOfImages"];
    if !count.is_null() && !count.as_u64().is_some_and(|count| (1..=MOST_IMAGES).contains(&count)) {
        return Err(malformed(&format!(
            "#/imageGenerationConfig/numberOfImages: {count} is not from 1 to {MOST_IMAGES}"
        )));
    }
    Ok(Prompt::of_text(&text))
}

pub(crate) fn answer(asked: &Asked) -> Value {
    let body = &asked.body;
    let maker = asked.model.provider();
    let size = size(maker, body).unwrap_or((SIDE, SIDE));
    let text = asked.prompt.last_text();
    let image = |seed: u64| BASE64.encode(png::picture(size.0, size.1, number(&text, seed)));
    if maker == "amazon" {
        let config = &body["imageGenerationConfig"];
        let seed = config["seed"].as_u64().unwrap_or_default();
        let count = config["numberOfImages"].as_u64().unwrap_or(1).min(MOST_IMAGES);
        let images: Vec<_> = (0..count).map(|nth| image(seed.wrapping_add(nth))).collect();
        return json!({ "images": images, "error": null });
    }
    // No seed, or a zero, lets the model choose one.
    let seed = body["seed"].as_u64().filter(|seed| *seed > 0);
    let seed = seed.unwrap_or_else(|| number(&text, 0) >> 32);
    match body["text_prompts"].is_null() {
        true => json!({ "seeds": [seed], "finish_reasons": [null], "images": [image(seed)] }),
        false => json!({
            "result": "success",
            "artifacts": [{ "seed": seed, "base64": image(seed), "finishReason": "SUCCESS" }],
        }),
    }
}

fn amazon_task(body: &Value) -> AwsResult<(&str, &Value)> {
    let asked = required_text(body, "taskType")?;
    let Some((task, member)) = TASKS.iter().find(|(task, _)| *task == asked) else {
        return Err(malformed(&format!("#/taskType: {asked} is not a valid enum value")));
    };
    match &body[*member] {
        Value::Null => Err(malformed(&format!("#: required key [{member}] not found"))),
        Value::Object(_) => Ok((task, &body[*member])),
        other => Err(wrong_type(&format!("#/{member}"), "JSONObject", other)),
    }
}

/// The size that is asked for, by its sides, its ratio or the picture to work on.
fn size(maker: &str, body: &Value) -> AwsResult<(u32, u32)> {
    let sides = if maker == "amazon" { &body["imageGenerationConfig"] } else { body };
    let side = |name: &str| match &sides[name] {
        Value::Null => Ok(None),
        value => match value.as_u64().and_then(|side| u32::try_from(side).ok()) {
            Some(side) if (1..=LONGEST_SIDE).contains(&side) => Ok(Some(side)),
            _ => Err(malformed(&format!("#/{name}: {value} is not from 1 to {LONGEST_SIDE}"))),
        },
    };
    let size = match (side("width")?, side("height")?) {
        (None, None) => of_ratio(body)?.or_else(|| source(body)).unwrap_or((SIDE, SIDE)),
        (width, height) => (width.unwrap_or(SIDE), height.unwrap_or(SIDE)),
    };
    match size.0.checked_mul(size.1).is_some_and(|pixels| pixels <= MOST_PIXELS) {
        true => Ok(size),
        false => Err(malformed(&format!("#: {} by {} pixels are more than {MOST_PIXELS}", size.0, size.1))),
    }
}

fn of_ratio(body: &Value) -> AwsResult<Option<(u32, u32)>> {
    let Some(asked) = body["aspect_ratio"].as_str() else { return Ok(None) };
    let found = RATIOS.iter().find(|(ratio, _)| *ratio == asked);
    let invalid = || malformed(&format!("#/aspect_ratio: {asked} is not a valid enum value"));
    found.map(|(_, size)| Some(*size)).ok_or_else(invalid)
}

/// The size of the picture that is to be worked on; the usual one where it is no PNG.
fn source(body: &Value) -> Option<(u32, u32)> {
    let params =
        TASKS.iter().map(|(_, member)| &body[*member]).find(|params| params.is_object()).unwrap_or(body);
    let first = items(&params["images"]).first();
    let sources =
        ["image", "init_image", "sourceImage", "conditionImage"].into_iter().map(|name| &params[name]);
    let image = sources.chain(first).find_map(Value::as_str)?;
    Some(BASE64.decode(image).ok().and_then(|bytes| png::size(&bytes)).unwrap_or((SIDE, SIDE)))
}

/// What is told of an image that came as a data URI: its size where it is a PNG.
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

/// What a picture is drawn from.
fn number(text: &str, seed: u64) -> u64 {
    mix(u64::from(crc32fast::hash(text.as_bytes())) ^ mix(seed))
}
