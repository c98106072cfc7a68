//! A folder that replaces S3: the files that jobs read and write.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bedrock_orm_local::{LocalBedrock, Reply};
use common::{MODEL, get, post, user};
use serde_json::{Value, json};

/// A temporary folder for one test, deleted when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("bedrock-local-files-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    async fn serve(&self) -> LocalBedrock {
        LocalBedrock::builder().keep_retired_models().bucket_folder(&self.0).start().await.unwrap()
    }

    /// Returns the names of the files in one of its folders.
    fn names(&self, of: &str) -> Vec<String> {
        let entries = fs::read_dir(self.0.join(of)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn lines(&self, path: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.0.join(path)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn invocation(model: &str, input: &Value, uri: &str) -> Value {
    json!({
        "modelId": model, "modelInput": input,
        "outputDataConfig": { "s3OutputDataConfig": { "s3Uri": uri } },
    })
}

/// Starts an invocation, waits until it ends, and returns its ID and its state.
async fn run(local: &LocalBedrock, body: Value) -> (String, Value) {
    let started = post(local, "/async-invoke", body).await.ok();
    let arn = started["invocationArn"].as_str().unwrap().to_owned();
    local.advance(Duration::from_secs(3));
    let job = get(local, &format!("/async-invoke/{}", arn.replace('/', "%2F"))).await.ok();
    (arn.rsplit('/').next().unwrap().to_owned(), job)
}

#[tokio::test]
async fn nova_reel_writes_its_video() {
    let folder = Folder::new("reel");
    let local = folder.serve().await;
    let input = json!({
        "taskType": "MULTI_SHOT_AUTOMATED", "multiShotAutomatedParams": { "text": "a boat" },
        "videoGenerationConfig": { "durationSeconds": 12, "fps": 24, "dimension": "1280x720" },
    });
    let (id, job) = run(&local, invocation("amazon.nova-reel-v1:1", &input, "s3://films/made/")).await;
    assert_eq!(job["status"], "Completed");
    assert_eq!(job["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"], format!("s3://films/made/{id}"));
    let created = format!("films/made/{id}");
    assert_eq!(
        folder.names(&created),
        ["manifest.json", "output.mp4", "shot_0001.mp4", "shot_0002.mp4", "video-generation-status.json"]
    );
    assert_eq!(&fs::read(folder.0.join(&created).join("output.mp4")).unwrap()[4..8], b"ftyp");
    let status = &folder.lines(&format!("{created}/video-generation-status.json"))[0];
    assert_eq!(
        status["fullVideo"],
        json!({ "status": "SUCCESS", "location": format!("s3://films/made/{id}/output.mp4") })
    );
    assert_eq!(status["shots"].as_array().unwrap().len(), 2);

    let mut failing = invocation("amazon.nova-reel-v1:0", &json!({ "taskType": "TEXT_VIDEO" }), "s3://films");
    failing["clientRequestToken"] = json!("to-fail");
    let (id, job) = run(&local, failing).await;
    assert_eq!(job["status"], "Failed");
    assert_eq!(folder.names(&format!("films/{id}")), ["video-generation-status.json"]);
    let video = &folder.lines(&format!("films/{id}/video-generation-status.json"))[0]["fullVideo"];
    assert_eq!((&video["status"], &video["failureMessage"]), (&json!("FAILURE"), &job["failureMessage"]));
}

#[tokio::test]
async fn embeddings_are_written_segment_by_segment() {
    let folder = Folder::new("embeddings");
    let local = folder.serve().await;
    fs::create_dir_all(folder.0.join("texts")).unwrap();
    fs::write(folder.0.join("texts/long.txt"), "one two three four ".repeat(10)).unwrap();
    let input = json!({
        "taskType": "SEGMENTED_EMBEDDING",
        "segmentedEmbeddingParams": {
            "embeddingPurpose": "GENERIC_INDEX", "embeddingDimension": 256,
            "text": {
                "truncationMode": "NONE", "source": { "s3Location": { "uri": "s3://texts/long.txt" } },
                "segmentationConfig": { "maxLengthChars": 100 },
            },
        },
    });
    let (id, _) =
        run(&local, invocation("amazon.nova-2-multimodal-embeddings-v1:0", &input, "s3://vectors")).await;
    let lines = folder.lines(&format!("vectors/{id}/embedding-text.jsonl"));
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["embedding"].as_array().unwrap().len(), 256);
    assert_eq!(
        lines[1]["segmentMetadata"],
        json!({ "segmentIndex": 1, "segmentStartCharPosition": 100, "segmentEndCharPosition": 190 })
    );
    let result = &folder.lines(&format!("vectors/{id}/segmented-embedding-result.json"))[0];
    assert_eq!(
        result["embeddingResults"][0]["outputFileUri"],
        format!("s3://vectors/{id}/embedding-text.jsonl")
    );

    let input = json!({ "inputType": "text", "inputText": "a boat" });
    let (id, _) = run(&local, invocation("twelvelabs.marengo-embed-2-7-v1:0", &input, "s3://vectors")).await;
    let output = &folder.lines(&format!("vectors/{id}/output.json"))[0];
    assert_eq!(output["data"][0]["embedding"].as_array().unwrap().len(), 1024);
}

#[tokio::test]
async fn nothing_is_written_outside_the_folder() {
    let folder = Folder::new("elsewhere");
    fs::create_dir_all(folder.0.join("outside")).unwrap();
    let inside = folder.0.join("inside");
    let local = LocalBedrock::builder().keep_retired_models().bucket_folder(&inside).start().await.unwrap();
    for uri in ["s3://bucket/../../outside", "s3://bucket/a/../../../x", "s3://bucket/./x"] {
        let body = invocation("amazon.nova-reel-v1:0", &json!({ "a": 1 }), uri);
        let refused = post(&local, "/async-invoke", body).await.refusal();
        assert!(refused.contains("leads out of the folder"), "{refused}");
    }
    #[cfg(unix)]
    {
        let body = invocation("amazon.nova-reel-v1:0", &json!({ "a": 1 }), "s3://linked/x");
        let started = post(&local, "/async-invoke", body).await.ok();
        std::os::unix::fs::symlink(folder.0.join("outside"), inside.join("linked")).unwrap();
        local.advance(Duration::from_secs(3));
        let arn = started["invocationArn"].as_str().unwrap().replace('/', "%2F");
        let job = get(&local, &format!("/async-invoke/{arn}")).await.ok();
        assert_eq!(job["status"], "Failed");
        assert!(job["failureMessage"].as_str().unwrap().contains("link"), "{job}");
    }
    assert!(folder.names("outside").is_empty());
}

async fn batch(local: &LocalBedrock, name: &str, model: &str, more: &Value) -> (String, Value) {
    let mut body = json!({
        "jobName": name, "modelId": model, "roleArn": "arn:aws:iam::123456789012:role/batch",
        "inputDataConfig": { "s3InputDataConfig": { "s3Uri": "s3://batch/in/" } },
        "outputDataConfig": { "s3OutputDataConfig": { "s3Uri": "s3://batch/out/" } },
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let arn = post(local, "/model-invocation-job", body).await.ok()["jobArn"].as_str().unwrap().to_owned();
    local.advance(Duration::from_secs(3));
    let job = get(local, &format!("/model-invocation-job/{}", arn.replace('/', "%2F"))).await.ok();
    (arn.rsplit('/').next().unwrap().to_owned(), job)
}

fn write_lines(path: &Path, lines: &[Value]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

#[tokio::test]
async fn batch_jobs_process_every_record() {
    let folder = Folder::new("batch");
    let local = folder.serve().await;
    let (_, job) = batch(&local, "before", MODEL, &json!({})).await;
    assert_eq!(
        (&job["status"], &job["totalRecordCount"]),
        (&json!("Completed"), &json!(100)),
        "without an input file, the counts are made up"
    );

    let claude = |text: &str| json!({ "anthropic_version": "bedrock-2023-05-31", "max_tokens": 99, "messages": [user(text)] });
    let ask = json!({ "role": "user", "content": "Hello" });
    let mut good = claude("");
    good["messages"] = json!([ask]);
    write_lines(
        &folder.0.join("batch/in/a.jsonl"),
        &[
            json!({ "recordId": "ONE00000001", "modelInput": good }),
            json!({ "recordId": "TWO00000002", "modelInput": { "messages": [] } }),
            json!({ "modelInput": good }),
        ],
    );
    write_lines(&folder.0.join("batch/in/b.jsonl"), &[json!("no record")]);
    local.queue_reply(Reply::text("not for the batch"));
    let (id, job) = batch(&local, "claude", MODEL, &json!({})).await;
    assert_eq!(job["status"], "Completed");
    for (counted, number) in [
        ("totalRecordCount", 4),
        ("processedRecordCount", 4),
        ("successRecordCount", 2),
        ("errorRecordCount", 2),
    ] {
        assert_eq!(job[counted], number, "{counted}");
    }
    let out = format!("batch/out/{id}");
    assert_eq!(folder.names(&out), ["a.jsonl.out", "b.jsonl.out", "manifest.json.out"]);
    let responses = folder.lines(&format!("{out}/a.jsonl.out"));
    assert!(responses[0]["recordId"].is_string(), "the order is not that of the input");
    assert_eq!(responses[1]["error"]["errorCode"], 400);
    assert!(responses[1].get("modelOutput").is_none());
    assert_eq!(responses[2]["recordId"], "ONE00000001");
    assert!(responses[2]["modelOutput"]["content"][0]["text"].as_str().unwrap().contains("Hello"));
    let manifest = &folder.lines(&format!("{out}/manifest.json.out"))[0];
    assert_eq!(manifest["errorRecordCount"], 2);
    assert!(manifest["outputTokenCount"].as_u64().unwrap() > 0);

    write_lines(
        &folder.0.join("batch/in/a.jsonl"),
        &[json!({ "recordId": "C", "modelInput": { "messages": [user("Hello")] } })],
    );
    fs::remove_file(folder.0.join("batch/in/b.jsonl")).unwrap();
    let (id, _) = batch(&local, "converse", MODEL, &json!({ "modelInvocationType": "Converse" })).await;
    let responses = folder.lines(&format!("batch/out/{id}/a.jsonl.out"));
    assert_eq!(responses[0]["modelOutput"]["output"]["message"]["role"], "assistant");
}

#[tokio::test]
async fn batch_jobs_ask_the_repliers_and_count_as_they_go() {
    let folder = Folder::new("repliers");
    let local = LocalBedrock::builder()
        .bucket_folder(&folder.0)
        .reply_with(|conversation| match conversation.text().as_str() {
            "7" => Reply::error("ModelErrorException", "Not this one."),
            text => Reply::text(format!("{} {text}", conversation.operation())),
        })
        .start()
        .await
        .unwrap();
    let line = |number: u32| json!({ "recordId": number.to_string(), "modelInput": { "messages": [user(&number.to_string())] } });
    write_lines(&folder.0.join("batch/in/a.jsonl"), &(0..2500).map(line).collect::<Vec<_>>());
    local.queue_reply(Reply::text("not for the batch"));

    let (id, job) = batch(&local, "counted", MODEL, &json!({ "modelInvocationType": "Converse" })).await;
    assert_eq!((&job["status"], &job["processedRecordCount"]), (&json!("InProgress"), &json!(2000)));
    assert_eq!((&job["totalRecordCount"], &job["endTime"]), (&json!(2500), &Value::Null));
    let job = get(&local, &format!("/model-invocation-job/{id}")).await.ok();
    assert_eq!((&job["status"], &job["processedRecordCount"]), (&json!("Completed"), &json!(2500)));
    assert_eq!((&job["successRecordCount"], &job["errorRecordCount"]), (&json!(2499), &json!(1)));
    assert!(job["endTime"].is_string());

    let mut responses = folder.lines(&format!("batch/out/{id}/a.jsonl.out"));
    responses.sort_by_key(|response| response["recordId"].as_str().unwrap().parse::<u32>().unwrap());
    assert_eq!(responses.len(), 2500);
    assert_eq!(responses[7]["error"]["errorMessage"], "Not this one.");
    assert_eq!(responses[9]["modelOutput"]["output"]["message"]["content"][0]["text"], "Converse 9");

    // A job that is stopped keeps what it has processed.
    let (id, job) = batch(&local, "stopped", MODEL, &json!({ "modelInvocationType": "Converse" })).await;
    assert_eq!(job["status"], "InProgress");
    post(&local, &format!("/model-invocation-job/{id}/stop"), json!({})).await.ok();
    local.advance(Duration::from_secs(3));
    let job = get(&local, &format!("/model-invocation-job/{id}")).await.ok();
    assert_eq!((&job["status"], &job["processedRecordCount"]), (&json!("Stopped"), &json!(2000)));
    assert_eq!(folder.lines(&format!("batch/out/{id}/a.jsonl.out")).len(), 2000);
}
