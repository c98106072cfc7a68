//! Batches.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bedrock_orm::models::{ConverseRequest, InferenceConfiguration};
use bedrock_orm::prelude::*;
use bedrock_orm::{Batch, BatchInput, BatchQuotas, BatchRecord, BatchResults, BatchRun, Limiter, TokenQuota};
use bedrock_orm_local::{Fault, LocalBedrock, LocalBedrockBuilder, Reply};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::world::{POLL, World};

const MODEL: &str = "amazon.nova-lite-v1:0";
const ROLE: &str = "arn:aws:iam::123456789012:role/bedrock-batch";
const URI: &str = "s3://my-bucket/some/batch";

impl World {
    fn batch(&self) -> Batch {
        let model = FoundationModel::with_id(MODEL).using(&self.session);
        Batch::of(&model).in_store(self.store(), URI).role(ROLE)
    }

    fn creations(&self) -> Vec<Value> {
        let requests = self.local.requests();
        let creations =
            requests.iter().filter(|it| it.operation.as_deref() == Some("CreateModelInvocationJob"));
        creations.map(bedrock_orm_local::RecordedRequest::json).collect()
    }

    /// Removes the job of a file from the manifest, as if the process were killed before it noted the job.
    fn forget_job(&self, file: usize, arns: &[String]) {
        let manifest = self.folder.join("my-bucket/some/batch/batch.json");
        let mut noted: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
        let job_arn = &mut noted["attempts"][0]["parts"][file]["jobArn"];
        assert_eq!(job_arn.take(), arns[file].as_str());
        fs::write(&manifest, noted.to_string()).unwrap();
    }

    /// Returns the number of lines of each input file.
    fn files(&self) -> BTreeMap<String, usize> {
        let files = fs::read_dir(self.folder.join("my-bucket/some/batch/in")).unwrap();
        let files = files.map(|file| file.unwrap());
        let lines = |file: &fs::DirEntry| fs::read_to_string(file.path()).unwrap().lines().count();
        files.map(|file| (file.file_name().into_string().unwrap(), lines(&file))).collect()
    }
}

/// Replies with the prompt in brackets. One of a hundred prompts fails `failures` times.
fn replying(failures: usize) -> LocalBedrockBuilder {
    let failed = Mutex::new(BTreeMap::<String, usize>::new());
    LocalBedrock::builder().reply_with(move |conversation| {
        let text = conversation.text();
        if text.ends_with("07") {
            let mut failed = failed.lock().unwrap();
            let count = failed.entry(text.clone()).or_default();
            *count += 1;
            if *count <= failures {
                return Reply::error("ModelErrorException", "The model stumbled.");
            }
        }
        Reply::text(format!("[{text}]"))
    })
}

fn prompts(count: u64) -> impl Iterator<Item = String> + Send {
    (0..count).map(prompt)
}

fn prompt(number: u64) -> String {
    format!("prompt {number:05}")
}

fn quotas(records: u64) -> BatchQuotas {
    BatchQuotas::default().max_records_per_job(records)
}

async fn all(mut results: BatchResults) -> Vec<BatchRecord> {
    let mut records = Vec::new();
    while let Some(record) = results.next().await {
        records.push(record.unwrap());
    }
    records
}

/// Checks that each of the records is there once, with its own input and reply. Returns the indexes of those that failed.
fn check(records: Vec<BatchRecord>, count: u64) -> Vec<u64> {
    let mut seen = HashSet::new();
    let mut failed = Vec::new();
    for record in records {
        let index = record.index;
        assert!(seen.insert(index), "{index} is there twice");
        let input: Value = record.input.json().unwrap();
        assert_eq!(input, json!({"messages": [{"role": "user", "content": [{"text": prompt(index)}]}]}));
        match record.outcome.is_ok() {
            true => assert_eq!(record.reply().unwrap().text(), format!("[{}]", prompt(index))),
            false => failed.push(index),
        }
    }
    assert_eq!(seen, (0..count).collect::<HashSet<_>>());
    failed.sort_unstable();
    failed
}

async fn wait(run: &BatchRun) -> bedrock_orm::Result<bedrock_orm::BatchProgress> {
    run.wait().interval(POLL).deadline(Duration::from_secs(120)).await
}

#[tokio::test]
async fn ten_thousand_prompts_come_back_joined_and_failures_are_made_good() {
    let world = World::new("many", replying(1)).await;
    let run = world.batch().name("nightly").quotas(quotas(3_000)).map(prompts(10_000)).await.unwrap();
    assert_eq!(run.job_arns().len(), 4);
    let progress = wait(&run).await.unwrap();
    assert_eq!(
        (progress.records, progress.processed, progress.succeeded, progress.failed),
        (10_000, 10_000, 9_900, 100)
    );
    assert_eq!((progress.jobs, progress.files, progress.finished_files, progress.direct), (4, 4, 4, 0));

    let records = all(run.results()).await;
    assert!(!records.is_sorted_by_key(|record| record.index), "the order is AWS's");
    let error = records.iter().find(|record| record.index == 107).unwrap().outcome.as_ref().unwrap_err();
    assert_eq!((error.error_code, error.error_message.as_str()), (Some(424), "The model stumbled."));
    let expected: Vec<u64> = (0..10_000).filter(|index| index % 100 == 7).collect();
    assert_eq!(check(records, 10_000), expected);
    let mut failed: Vec<_> = all(run.failed()).await.into_iter().map(|record| record.index).collect();
    failed.sort_unstable();
    assert_eq!(failed, expected);

    assert_eq!(run.retry_failed().await.unwrap(), 100);
    let progress = wait(&run).await.unwrap();
    assert_eq!(
        (progress.records, progress.succeeded, progress.failed, progress.jobs),
        (10_000, 10_000, 0, 5)
    );
    assert!(check(all(run.results()).await, 10_000).is_empty());
    assert!(all(run.failed()).await.is_empty());
    assert_eq!(run.retry_failed().await.unwrap(), 0, "nothing is left to retry");
    assert_eq!(
        world.files().into_values().collect::<Vec<_>>(),
        [3_000, 3_000, 3_000, 1_000, 100],
        "each file is within the quota"
    );

    let creation = &world.creations()[1];
    let name = creation["jobName"].as_str().unwrap();
    assert!(name.starts_with("nightly-") && name.ends_with("-0-1"), "{name}");
    assert_eq!(
        *creation,
        json!({
            "jobName": name, "clientRequestToken": name, "roleArn": ROLE, "modelId": MODEL,
            "modelInvocationType": "Converse",
            "inputDataConfig": {"s3InputDataConfig": {"s3InputFormat": "JSONL", "s3Uri": format!("{URI}/in/0-00001.jsonl")}},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": format!("{URI}/out/")}},
        })
    );
}

#[tokio::test]
async fn a_batch_continues_after_its_process_was_killed() {
    let world = World::new("killed", replying(0)).await;
    // The process is killed while it writes the third file.
    let (reached, end) = tokio::sync::oneshot::channel();
    let mut reached = Some(reached);
    let until_killed =
        stream::iter(prompts(250)).map(Ok::<_, std::fmt::Error>).chain(stream::poll_fn(move |_| {
            reached.take().map(|reached| reached.send(()));
            std::task::Poll::Pending
        }));
    let writing = tokio::spawn(world.batch().quotas(quotas(100)).map_stream(until_killed));
    end.await.unwrap();
    writing.abort();
    assert!(writing.await.unwrap_err().is_cancelled());
    assert_eq!(world.creations().len(), 2);

    let error =
        Batch::resume(&world.session, world.store(), URI).await.unwrap().retry_failed().await.unwrap_err();
    assert!(error.to_string().contains("not all inputs of the batch are written"), "{error}");
    let other = (0..400).map(|number| format!("other {number}"));
    let error = world.batch().quotas(quotas(100)).map(other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("the inputs differ"), "{error}");
    let error = world.batch().quotas(quotas(100)).map(prompts(150)).await.unwrap_err();
    assert!(error.to_string().contains("the inputs differ"), "{error}");

    let run = world.batch().quotas(quotas(100)).map(prompts(400)).await.unwrap();
    assert_eq!(world.creations().len(), 4, "the first two jobs are not started again");
    let arns = run.job_arns();
    drop(run);

    // The process is killed after it started a job, and before it noted that.
    world.forget_job(3, &arns);
    let run = Batch::resume(&world.session, world.store(), &arns[0]).await.unwrap();
    assert_eq!(run.uri(), URI);
    assert_eq!(run.job_arns(), arns[..3]);
    let mut early = run.results();
    let error = early.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("4 of 4 files of the batch are not finished"), "{error}");
    assert_eq!(wait(&run).await.unwrap().succeeded, 400);
    assert_eq!(run.job_arns(), arns, "the job is not started twice");
    assert!(check(all(run.results()).await, 400).is_empty());

    let run = Batch::resume(&world.session, world.store(), URI).await.unwrap();
    assert!(check(all(run.results()).await, 400).is_empty(), "a finished batch needs no request");
    let again = world.batch().quotas(quotas(100)).map(prompts(400)).await.unwrap();
    assert_eq!((again.job_arns(), world.creations().len()), (arns, 5));
}

#[tokio::test]
async fn a_job_is_not_started_twice_though_no_process_noted_it() {
    for is_token_known in [true, false] {
        let world = World::new(&format!("unnoted-{is_token_known}"), replying(0)).await;
        let run = world.batch().quotas(quotas(100)).map(prompts(300)).await.unwrap();
        let arns = run.job_arns();
        drop(run);
        world.forget_job(1, &arns);
        if !is_token_known {
            // AWS has forgotten the token, and the name is taken.
            let conflict = Fault::error("ConflictException").on("CreateModelInvocationJob").times(1);
            world.local.fault(conflict).unwrap();
        }
        let run = Batch::resume(&world.session, world.store(), URI).await.unwrap();
        assert_eq!(wait(&run).await.unwrap().succeeded, 300);
        assert_eq!(run.job_arns(), arns);
        let lookups = world.local.count("ListModelInvocationJobs");
        assert_eq!(lookups > 0, !is_token_known, "the token is enough while AWS knows it");
        assert!(check(all(run.results()).await, 300).is_empty());
    }
}

#[tokio::test]
async fn a_conflict_about_something_else_is_the_error() {
    let world = World::new("conflict", replying(0)).await;
    let run = world.batch().in_store(world.store(), "s3://my-bucket/other").map(prompts(100)).await.unwrap();
    assert_eq!(run.job_arns().len(), 1, "another batch has a job");
    world.local.fault(Fault::error("ConflictException").on("CreateModelInvocationJob")).unwrap();
    let error = world.batch().map(prompts(100)).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Conflict, Some("CreateModelInvocationJob")));
}

#[tokio::test]
async fn few_records_are_run_directly() {
    let world = World::new("few", replying(1)).await;
    let run = world.batch().quotas(quotas(200)).map(prompts(208)).await.unwrap();
    let progress = wait(&run).await.unwrap();
    assert_eq!((progress.jobs, progress.files, progress.direct), (1, 2, 8));
    // The last one fails directly, the others in the job.
    assert_eq!(check(all(run.results()).await, 208), [7, 107, 207]);
    assert_eq!(world.local.count("Converse"), 8);
    assert_eq!(
        world.local.last("Converse").unwrap().json().as_object().unwrap().keys().collect::<Vec<_>>(),
        ["messages"]
    );

    assert_eq!(run.retry_failed().await.unwrap(), 3);
    assert_eq!(wait(&run).await.unwrap().direct, 11);
    assert!(check(all(run.results()).await, 208).is_empty());
    assert_eq!(world.creations().len(), 1);

    let store = Arc::new(bedrock_orm::object_store::memory::InMemory::new());
    let model = FoundationModel::with_id(MODEL).using(&world.session);
    let trial = Batch::of(&model).in_store(store, "s3://trial").directly().map(prompts(1_500)).await.unwrap();
    assert_eq!((trial.progress().files, trial.progress().direct), (2, 1_500));
    let progress = wait(&trial).await.unwrap();
    assert_eq!((progress.jobs, progress.succeeded, progress.failed), (0, 1_488, 12));
    assert_eq!(check(all(trial.results()).await, 1_500).len(), 12);
}

#[tokio::test]
async fn records_that_are_run_directly_are_paced_by_the_limiter_of_the_session() {
    let world = World::new("paced", LocalBedrock::builder()).await;
    // A call has hardly any time, but it does not begin before the limiter has room.
    let limit = Duration::from_millis(1);
    let hasty = Session::builder().local(world.local.url()).operation_timeout(limit).build().await.unwrap();
    let limiter = Limiter::new(TokenQuota::per_minute(4_000));
    hasty.limit(MODEL, &limiter);
    let other = FoundationModel::with_id(MODEL).using(&world.session);
    let open = other.converse_stream("Hello").max_tokens(3_980).limiter(&limiter).await.unwrap();

    for (folder, body) in [
        ("converse", None),
        (
            "invoke",
            Some(json!({"messages": [
        {"role": "user", "content": [{"text": "Hello"}]},
    ], "inferenceConfig": {"maxTokens": 500}})),
        ),
    ] {
        let model = FoundationModel::with_id(MODEL).using(&hasty);
        let batch = Batch::of(&model).in_store(world.store(), format!("s3://my-bucket/{folder}")).directly();
        let request = || {
            ConverseRequest::from("Hello").inference_config(InferenceConfiguration::default().max_tokens(500))
        };
        let run = match &body {
            None => batch.map([request(), request()]).await.unwrap(),
            Some(body) => batch.map([body.clone(), body.clone()]).await.unwrap(),
        };
        let waited = tokio::time::timeout(Duration::from_millis(200), run.wait().into_future()).await;
        assert!(waited.is_err(), "there is no room");
    }
    assert_eq!(world.local.count("Converse") + world.local.count("InvokeModel"), 0);

    open.collect().await.unwrap();
    for folder in ["converse", "invoke"] {
        let uri = format!("s3://my-bucket/{folder}");
        let run = Batch::resume(&hasty, world.store(), uri).await.unwrap();
        wait(&run).await.unwrap();
        for record in all(run.results()).await {
            // The time limit of the call itself can end it, but not that of the queue.
            if let Err(error) = record.outcome {
                assert!(!error.error_message.contains("nothing was sent"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_limiter_counts_the_records_that_are_run_directly() {
    let world =
        World::new("counted", LocalBedrock::builder().reply_with(|_| Reply::text("Yes.").usage(100, 10)))
            .await;
    let limiter = Limiter::new(TokenQuota::per_minute(1_000_000).burndown(5));
    world.session.limit(MODEL, &limiter);
    let run = world.batch().directly().map(prompts(20)).await.unwrap();
    assert_eq!(wait(&run).await.unwrap().succeeded, 20);
    assert_eq!(limiter.used_in_minute(), 20 * 150);
}

#[tokio::test]
async fn bodies_are_sent_by_invoke_model() {
    let world = World::new("bodies", LocalBedrock::builder()).await;
    let model = FoundationModel::with_id("amazon.titan-embed-text-v2:0").using(&world.session);
    let batch = Batch::of(&model).in_store(world.store(), URI).role(ROLE);
    let body = |number: u32| json!({"inputText": format!("text {number}"), "dimensions": 256});
    let run = batch.map((0..120).map(body)).await.unwrap();
    wait(&run).await.unwrap();
    assert_eq!(world.creations()[0]["modelInvocationType"], "InvokeModel");
    let records = all(run.results()).await;
    assert_eq!(records.len(), 120);
    for record in records {
        assert_eq!(record.input.json::<Value>().unwrap()["inputText"], format!("text {}", record.index));
        let output: Value = record.outcome.as_ref().unwrap().json().unwrap();
        assert_eq!(output["embedding"].as_array().unwrap().len(), 256);
        let error = record.reply().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    }

    let direct = Batch::of(&model).in_store(world.store(), "s3://my-bucket/direct").directly();
    let run = direct.map([body(1)]).await.unwrap();
    wait(&run).await.unwrap();
    let output: Value = all(run.results()).await[0].outcome.as_ref().unwrap().json().unwrap();
    assert_eq!(output["embedding"].as_array().unwrap().len(), 256);
    assert_eq!(world.local.last("InvokeModel").unwrap().json(), body(1));

    let mixed: [BatchInput; 2] = [ConverseRequest::from("Hello").into(), body(1).into()];
    let error = world.batch().in_store(world.store(), "s3://my-bucket/mixed").map(mixed).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("input 1 of the batch is for InvokeModel, and those before it for Converse")
    );
}

#[tokio::test]
async fn a_stopped_job_keeps_its_replies_and_the_rest_runs_again() {
    let world = World::new("stopped", replying(0)).await;
    let run = world.batch().map(prompts(2_500)).await.unwrap();
    let mut changes = run.wait().interval(POLL).watch();
    while changes.next().await.unwrap().unwrap().processed == 0 {}
    assert_eq!(
        (run.progress().processed, run.progress().finished_files),
        (2_000, 0),
        "the counts are the job's"
    );
    run.stop().await.unwrap();
    let mut last = None;
    let error = loop {
        match changes.next().await.unwrap() {
            Ok(progress) => last = Some(progress),
            Err(error) => break error,
        }
    };
    assert!(error.is_failed(), "{error}");
    assert!(
        error.to_string().contains("1 of 1 jobs failed: ") && error.to_string().contains("is Stopped"),
        "{error}"
    );
    assert!(changes.next().await.is_none());
    let last = last.unwrap();
    assert_eq!((last.succeeded, last.failed, last.is_finished()), (2_000, 500, true));

    let failed = check(all(run.results()).await, 2_500);
    assert_eq!(failed.len(), 500);
    let record = all(run.failed()).await.remove(0);
    assert_eq!(record.outcome.clone().unwrap_err().error_code, None);
    let error = record.reply().unwrap_err();
    assert!(error.is_failed() && error.to_string().contains("its job is Stopped"), "{error}");

    assert_eq!(run.retry_failed().await.unwrap(), 500);
    assert_eq!(wait(&run).await.unwrap().succeeded, 2_500, "an earlier attempt's failure does not count");
    assert!(check(all(run.results()).await, 2_500).is_empty());
}

#[tokio::test]
async fn an_interrupted_retry_continues() {
    let world = World::new("retry", replying(1)).await;
    let run = world.batch().quotas(quotas(500)).map(prompts(1_000)).await.unwrap();
    wait(&run).await.unwrap();
    assert_eq!(run.failed().count().await, 10);
    // The process is killed before it has written what is to be retried.
    let manifest = world.folder.join("my-bucket/some/batch/batch.json");
    let mut noted: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    noted["attempts"].as_array_mut().unwrap().push(json!({"isComplete": false, "parts": []}));
    fs::write(&manifest, noted.to_string()).unwrap();

    let run = Batch::resume(&world.session, world.store(), URI).await.unwrap();
    let mut results = run.results();
    let mut count = 0;
    let error = loop {
        match results.next().await.unwrap() {
            Ok(record) => count += u64::from(record.outcome.is_ok()),
            Err(error) => break error,
        }
    };
    assert_eq!(count, 990);
    assert!(error.to_string().contains("call `retry_failed` again"), "{error}");
    assert_eq!(run.retry_failed().await.unwrap(), 10);
    wait(&run).await.unwrap();
    assert!(check(all(run.results()).await, 1_000).is_empty());
}

#[tokio::test]
async fn no_more_jobs_are_in_flight_than_the_quota_allows() {
    let world = World::new("quota", replying(0)).await;
    let quotas = quotas(100).max_jobs_in_flight(2);
    let run = world.batch().quotas(quotas).map(prompts(500)).await.unwrap();
    assert_eq!((world.creations().len(), run.progress().files), (2, 5));
    let mut changes = run.wait().interval(POLL).watch();
    let mut most = 0;
    while let Some(progress) = changes.next().await {
        let progress = progress.unwrap();
        most = most.max(progress.jobs - progress.finished_files);
    }
    assert_eq!((most, world.creations().len()), (2, 5));
    assert!(check(all(run.results()).await, 500).is_empty());
}

#[tokio::test]
async fn a_file_is_not_larger_than_the_quota_allows() {
    let world = World::new("size", replying(0)).await;
    let line = fs::read_to_string({
        let run = world.batch().map(prompts(1)).await.unwrap();
        assert_eq!(run.progress().direct, 1);
        world.folder.join("my-bucket/some/batch/in/0-00000.jsonl")
    })
    .unwrap();
    assert_eq!(
        line,
        r#"{"recordId":"R0000000000","modelInput":{"messages":[{"role":"user","content":[{"text":"prompt 00000"}]}]}}"#
            .to_owned() + "\n"
    );
    let of_three = quotas(50_000).max_bytes_per_file(3 * line.len() as u64).min_records_per_job(1);
    let other = world.batch().in_store(world.store(), "s3://my-bucket/other").quotas(of_three.clone());
    let run = other.map(prompts(7)).await.unwrap();
    assert_eq!((run.progress().files, run.progress().jobs), (3, 3));
    let error = world
        .batch()
        .in_store(world.store(), "s3://my-bucket/long")
        .quotas(of_three)
        .map(["x".repeat(1_000)])
        .await
        .unwrap_err();
    assert!(error.to_string().contains("bytes, and a file of a batch at most"), "{error}");
}

#[tokio::test]
async fn bad_settings_are_refused_before_anything_is_sent() {
    let world = World::new("settings", LocalBedrock::builder()).await;
    let model = FoundationModel::with_id(MODEL).using(&world.session);
    let refused = [
        (Batch::of(&model).role(ROLE).map(prompts(1)).await, "the batch has no folder"),
        (
            world.batch().in_store(world.store(), "my-bucket/x").map(prompts(1)).await,
            "not the URI of a folder in S3",
        ),
        (world.batch().name("no spaces").map(prompts(1)).await, "`no spaces` is not a name"),
        (
            Batch::of(&model).in_store(world.store(), "s3://my-bucket/a").map(prompts(100)).await,
            "no role for its jobs",
        ),
        (world.batch().map(prompts(0)).await, "the batch has no input"),
        (
            world.batch().map_stream(stream::iter([Ok("one"), Err("the disk is gone")])).await,
            "input 1 of the batch cannot be read: the disk is gone",
        ),
    ];
    for (result, expected) in refused {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(expected), "{error}");
    }
    let other = FoundationModel::with_id("amazon.nova-pro-v1:0").using(&world.session);
    let error = Batch::of(&other).in_store(world.store(), URI).map(prompts(1)).await.unwrap_err();
    assert!(error.to_string().contains("has a batch of the model amazon.nova-lite-v1:0"), "{error}");
    let error = Batch::resume(&world.session, world.store(), "s3://my-bucket/none").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotExist);
    assert!(world.local.requests().is_empty());

    // A refused role leaves the files, and a later call continues.
    let error = world.batch().role("not-a-role").map(prompts(100)).await.unwrap_err();
    assert!(error.is_validation(), "{error}");
    let run = world.batch().map(prompts(100)).await.unwrap();
    assert_eq!(wait(&run).await.unwrap().succeeded, 100);
}

#[tokio::test]
async fn debug_and_errors_show_no_prompt() {
    let world = World::new("secrets", replying(0)).await;
    let run = world.batch().map(["the secret prompt"]).await.unwrap();
    wait(&run).await.unwrap();
    let record = all(run.results()).await.remove(0);
    for shown in [
        format!("{run:?}"),
        format!("{:?}", run.wait()),
        format!("{record:?}"),
        format!("{:?}", world.batch()),
    ] {
        assert!(!shown.contains("secret"), "{shown}");
    }
}
