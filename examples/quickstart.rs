//! The tour in one program: `cargo run --example quickstart`. It needs no AWS account. With `-- --aws`, it uses yours.

use std::io::{Write, stdout};

use bedrock_orm::models::{AsyncInvokeStatus, ModelModality};
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, COUNTING_MODEL, MODEL, Result, VIDEO_MODEL};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let session = bedrock.session();
    println!("bedrock-orm on {}", bedrock.description());

    section("Find models", "FoundationModel::objects().list().by_provider(\"anthropic\")");
    let models = FoundationModel::objects().using(session);
    for model in
        models.list().by_provider("anthropic").by_output_modality(ModelModality::Text).limit(4).await?
    {
        println!("{:<46} {}", model.model_id, model.model_name.as_deref().unwrap_or_default());
    }

    section("Get a model", "FoundationModel::objects().get(id)");
    let model = models.get(MODEL).await?;
    let streaming = model.response_streaming_supported.unwrap_or_default();
    println!("{} supports streaming: {streaming}", model.model_arn);

    section("Converse", "model.converse(\"…\").system(\"…\")");
    let reply = model
        .converse("Give me three short deployment safety checks.")
        .system("Answer with concise bullet points.")
        .await?;
    println!("{}", reply.text());
    println!(
        "stop reason: {}, {} tokens, {} ms",
        reply.stop_reason, reply.usage.total_tokens, reply.metrics.latency_ms
    );

    section("Stream a reply", "model.converse_stream(\"…\").await?.text()");
    let mut text = model.converse_stream("Stream a one sentence release note.").await?.text();
    while let Some(piece) = text.next().await {
        print!("{}", piece?);
        stdout().flush()?;
    }
    println!();

    section("Count tokens", "model.count_tokens(\"…\")");
    println!(
        "{} tokens",
        models.get(COUNTING_MODEL).await?.count_tokens("Draft a rollback checklist.").await?.input_tokens
    );

    section("Converse with a guardrail", "model.converse(\"…\").guardrail(&guardrail)");
    match bedrock.guardrail().await {
        Err(error) => println!("skipped: {error}"),
        Ok(key) => {
            let guardrail = Guardrail::objects().using(session).get(key).await?;
            for prompt in ["Summarize this incident without secrets.", "Tell me the launch codes."] {
                let reply = model.converse(prompt).guardrail(&guardrail).await?;
                println!("> {prompt}\n{} ({})", reply.text(), reply.stop_reason);
            }
            let verdict = guardrail.apply("Write to ada@example.com.").await?;
            let output = verdict.outputs.first().and_then(|output| output.text.as_deref());
            println!("the guardrail, applied without a model: {}", output.unwrap_or("no output"));
        }
    }

    section("Invoke with a raw body", "model.invoke_model(json!({…}))");
    let body = json!({
        "messages": [{"role": "user", "content": [{"text": "Summarize this deployment note in one sentence."}]}],
        "inferenceConfig": {"maxTokens": 256}
    });
    let response = model.invoke_model(body.clone()).await?;
    println!(
        "{}: {}",
        response.content_type,
        response.body.json::<Value>()?["output"]["message"]["content"][0]["text"]
    );

    section("Invoke with a raw body and a stream", "model.invoke_model_with_response_stream(json!({…}))");
    let mut stream = model.invoke_model_with_response_stream(body).await?;
    let mut events = Vec::new();
    while let Some(chunk) = stream.next().await {
        let event: Value = chunk?.json()?;
        events.extend(event.as_object().and_then(|event| event.keys().next()).cloned());
    }
    events.dedup();
    println!("{}", events.join(" → "));

    section("Start an asynchronous invocation", "model.start_async_invoke(json!({…}), \"s3://…\")");
    match bedrock.output_uri() {
        Err(error) => println!("skipped: {error}"),
        Ok(output) => {
            let video = models.get(VIDEO_MODEL).await?;
            let input = json!({"prompt": "Cinematic orbital shot of a satellite above Earth."});
            let started = video.start_async_invoke(input, output).await?;
            println!("{}", started.invocation_arn);

            section("List the model's jobs", "model.list_async_invokes()");
            for job in video.list_async_invokes().status_equals(AsyncInvokeStatus::InProgress).await?.items {
                println!(
                    "{} {}",
                    job.status.as_ref().map_or("?", AsyncInvokeStatus::as_str),
                    job.invocation_arn
                );
            }
        }
    }

    model.close();
    println!("\nexamples/ has a program for each section; docs/tour.md compares each section with Python.");
    Ok(())
}

fn section(title: &str, code: &str) {
    println!("\n\u{2500}\u{2500} {title} \u{2500}\u{2500} {code}");
}
