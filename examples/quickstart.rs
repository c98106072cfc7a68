//! The tour: `cargo run --example quickstart`. It needs no AWS account; with `-- --aws` it runs on yours.

use std::io::{Write, stdout};

use bedrock_orm::models::{AsyncInvokeStatus, ModelModality};
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, COUNTING_MODEL, MODEL, Result, VIDEO_MODEL};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let session = bedrock.session();
    println!("bedrock-orm on {}", bedrock.place());

    stop("Find models", "FoundationModel::objects().list().by_provider(\"anthropic\")");
    let models = FoundationModel::objects().using(session);
    for model in
        models.list().by_provider("anthropic").by_output_modality(ModelModality::Text).limit(4).await?
    {
        println!("{:<46} {}", model.model_id, model.model_name.as_deref().unwrap_or_default());
    }

    stop("Get one", "FoundationModel::objects().get(id)");
    let model = models.get(MODEL).await?;
    println!("{} streams: {}", model.model_arn, model.response_streaming_supported.unwrap_or_default());

    stop("Converse", "model.converse(\"…\").system(\"…\")");
    let reply = model
        .converse("Give me three short deployment safety checks.")
        .system("Answer with concise bullet points.")
        .await?;
    println!("{}", reply.text());
    println!(
        "stopped by {}, {} tokens, {} ms",
        reply.stop_reason, reply.usage.total_tokens, reply.metrics.latency_ms
    );

    stop("Stream, word by word", "model.converse_stream(\"…\").await?.text()");
    let mut text = model.converse_stream("Stream a one sentence release note.").await?.text();
    while let Some(piece) = text.next().await {
        print!("{}", piece?);
        stdout().flush()?;
    }
    println!();

    stop("Count tokens", "model.count_tokens(\"…\")");
    println!(
        "{} tokens",
        models.get(COUNTING_MODEL).await?.count_tokens("Draft a rollback checklist.").await?.input_tokens
    );

    stop("Converse under a guardrail", "model.converse(\"…\").guardrail(&guardrail)");
    match bedrock.guardrail().await {
        Err(missing) => println!("left out: {missing}"),
        Ok(key) => {
            let guardrail = Guardrail::objects().using(session).get(key).await?;
            for prompt in ["Summarize this incident without secrets.", "Tell me the launch codes."] {
                let reply = model.converse(prompt).guardrail(&guardrail).await?;
                println!("> {prompt}\n{} ({})", reply.text(), reply.stop_reason);
            }
            let verdict = guardrail.apply("Write to ada@example.com.").await?;
            let output = verdict.outputs.first().and_then(|output| output.text.as_deref());
            println!("alone, the guardrail makes of an address: {}", output.unwrap_or("nothing"));
        }
    }

    stop("Invoke, raw", "model.invoke_model(json!({…}))");
    let body = json!({
        "messages": [{"role": "user", "content": [{"text": "Summarize this deployment note in one sentence."}]}],
        "inferenceConfig": {"maxTokens": 256}
    });
    let answer = model.invoke_model(body.clone()).await?;
    println!(
        "{}: {}",
        answer.content_type,
        answer.body.json::<Value>()?["output"]["message"]["content"][0]["text"]
    );

    stop("Invoke, raw and streaming", "model.invoke_model_with_response_stream(json!({…}))");
    let mut stream = model.invoke_model_with_response_stream(body).await?;
    let mut events = Vec::new();
    while let Some(chunk) = stream.next().await {
        let event: Value = chunk?.json()?;
        events.extend(event.as_object().and_then(|event| event.keys().next()).cloned());
    }
    events.dedup();
    println!("{}", events.join(" → "));

    stop("Start a long job", "model.start_async_invoke(json!({…}), \"s3://…\")");
    match bedrock.output() {
        Err(missing) => println!("left out: {missing}"),
        Ok(output) => {
            let video = models.get(VIDEO_MODEL).await?;
            let input = json!({"prompt": "Cinematic orbital shot of a satellite above Earth."});
            let started = video.start_async_invoke(input, output).await?;
            println!("{}", started.invocation_arn);

            stop("List this model's jobs", "model.list_async_invokes()");
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
    println!(
        "\nEach stop is an example of its own: see examples/, and docs/tour.md beside the Python of it."
    );
    Ok(())
}

fn stop(title: &str, code: &str) {
    println!("\n\u{2500}\u{2500} {title} \u{2500}\u{2500} {code}");
}
