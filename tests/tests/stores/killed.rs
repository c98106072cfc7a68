//! A batch whose process is killed, and which another process continues.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use bedrock_orm::prelude::*;
use bedrock_orm_local::{At, Fault, LocalBedrock, Reply};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::world::World;

const PROMPTS: usize = 250;

fn process(world: &World, stop: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_batch"));
    command.arg(world.local.url()).arg(world.folder.join("my-bucket")).arg(stop);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap()
}

async fn world(name: &str) -> World {
    let echo =
        LocalBedrock::builder().reply_with(|conversation| Reply::text(format!("[{}]", conversation.text())));
    World::new(name, echo).await
}

/// Waits until the process is at the point, and kills it.
async fn kill_at(world: &World, point: &str) {
    let mut process = process(world, point);
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some(point));
    kill(process).await;
}

async fn kill(mut process: Child) {
    process.start_kill().unwrap();
    let status = process.wait().await.unwrap();
    assert_eq!(status.code(), None, "it was killed, and did not end by itself: {status}");
}

/// Runs the process to its end. Each record is there once, with its own reply.
async fn run_to_the_end(world: &World) {
    let output = process(world, "").wait_with_output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let output = String::from_utf8(output.stdout).unwrap();
    let mut records = BTreeMap::new();
    for line in output.lines() {
        let (index, reply) = line.split_once(' ').unwrap();
        let index: usize = index.parse().unwrap();
        assert_eq!(reply, format!("[prompt {index:05}]"));
        assert_eq!(records.insert(index, reply.to_owned()), None, "{index} is there twice");
    }
    assert_eq!(records.len(), PROMPTS);
    let jobs = ModelInvocationJob::objects().using(&world.session).list().count().await.unwrap();
    assert_eq!(jobs, 2, "no job is started twice");
}

#[tokio::test]
async fn each_record_is_there_once_wherever_the_process_was_killed() {
    for point in
        ["prompt 00000", "prompt 00030", "prompt 00100", "prompt 00249", "written", "processed", "finished"]
    {
        let world = world(&format!("killed-{}", point.replace(' ', "-"))).await;
        kill_at(&world, point).await;
        run_to_the_end(&world).await;
    }
}

#[tokio::test]
async fn a_batch_survives_one_kill_after_another() {
    let world = world("killed-often").await;
    for point in ["prompt 00030", "prompt 00130", "prompt 00230", "written", "processed"] {
        kill_at(&world, point).await;
    }
    run_to_the_end(&world).await;
}

#[tokio::test]
async fn a_process_is_killed_between_the_start_of_a_job_and_its_note() {
    let world = world("killed-unnoted").await;
    // The second job starts, and the response does not arrive.
    world.local.fault(Fault::stall(At::BeforeHeaders).on("CreateModelInvocationJob").after(1)).unwrap();
    let process = process(&world, "");
    while world.local.count("CreateModelInvocationJob") < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    kill(process).await;
    world.local.clear_faults();
    let jobs = ModelInvocationJob::objects().using(&world.session).list().count().await.unwrap();
    assert_eq!(jobs, 2, "the second job has started, and no process knows it");
    run_to_the_end(&world).await;
}

#[tokio::test]
async fn a_process_is_killed_while_it_runs_records_directly() {
    let world = world("killed-directly").await;
    world.local.fault(Fault::latency(Duration::from_secs(600)).on("Converse").after(20)).unwrap();
    let process = process(&world, "");
    while world.local.count("Converse") < 20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    kill(process).await;
    world.local.clear_faults();
    run_to_the_end(&world).await;
}
