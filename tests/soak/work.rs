//! The calls.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bedrock_orm::Result;
use bedrock_orm::models::CreateGuardrailRequest;
use bedrock_orm::prelude::*;
use bedrock_orm_tests::behaviours::raw_invocations::nova;
use bedrock_orm_tests::support::{MODEL, model};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::audit::{Audit, Seen};
use crate::server::ROWS;

/// The time limit of a call.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);
/// The longest pause of a caller between two calls. With 16 callers there are about 100 calls a second.
const PAUSE: u64 = 300;
const SPEECH_MODEL: &str = "amazon.nova-2-sonic-v1:0";

/// What the server replies to a prompt.
pub(crate) fn reply(prompt: &str) -> String {
    format!("[{prompt}]")
}

/// A caller.
pub(crate) struct Worker {
    rng: Rng,
    session: Session,
    audit: Arc<Audit>,
}

impl Worker {
    pub(crate) fn new(number: u64, session: Session, audit: Arc<Audit>) -> Self {
        Self { rng: Rng::with_seed(number), session, audit }
    }

    pub(crate) async fn run_until(mut self, ends: Instant) {
        while Instant::now() < ends {
            let call = self.audit.next_call();
            match self.rng.u8(..100) {
                0..25 => self.report(call, "Converse", self.converse(call).await),
                25..45 => self.report(call, "ConverseStream", self.converse_stream(call).await),
                45..55 => self.report(call, "InvokeModel", self.invoke(call).await),
                55..70 => {
                    self.report(call, "InvokeModelWithResponseStream", self.invoke_stream(call).await);
                }
                70..78 => {
                    let result = self.bidirectional(call).await;
                    self.report(call, "InvokeModelWithBidirectionalStream", result);
                }
                78..86 => self.report(call, "ListImportedModels", self.list().await),
                86..94 => self.drop_stream(call).await,
                _ => self.guardrail(call).await,
            }
            tokio::time::sleep(Duration::from_millis(self.rng.u64(..PAUSE))).await;
        }
    }

    /// Reports a call and how it ended: `Ok` with its request ID, if it has one.
    fn report(&self, call: u64, operation: &'static str, result: Result<Option<String>>) {
        self.audit.seen(call, operation, Seen::of(result));
    }

    async fn converse(&self, call: u64) -> Result<Option<String>> {
        let prompt = prompt(call);
        let answer = model(&self.session, MODEL).converse(prompt.as_str()).await?;
        self.expect(call, &answer.text(), &reply(&prompt));
        Ok(answer.request_id().map(str::to_owned))
    }

    async fn converse_stream(&self, call: u64) -> Result<Option<String>> {
        let prompt = prompt(call);
        let stream = model(&self.session, MODEL).converse_stream(prompt.as_str()).await?;
        let answer = stream.collect().await?;
        self.expect(call, &answer.text(), &reply(&prompt));
        Ok(answer.request_id().map(str::to_owned))
    }

    async fn invoke(&self, call: u64) -> Result<Option<String>> {
        let prompt = prompt(call);
        let response = model(&self.session, MODEL).invoke_model(nova(&prompt)).await?;
        // A body with broken JSON is given to the caller as it is.
        if let Ok(body) = response.body.json::<Value>() {
            let text = body["output"]["message"]["content"][0]["text"].as_str().unwrap_or_default();
            self.expect(call, text, &reply(&prompt));
        }
        Ok(response.request_id.clone())
    }

    async fn invoke_stream(&self, call: u64) -> Result<Option<String>> {
        let prompt = prompt(call);
        let mut stream = model(&self.session, MODEL).invoke_model_with_response_stream(nova(&prompt)).await?;
        let mut text = String::new();
        while let Some(chunk) = stream.next().await {
            let chunk: Value = chunk?.json().unwrap_or_default();
            text += chunk["contentBlockDelta"]["delta"]["text"].as_str().unwrap_or_default();
        }
        self.expect(call, &text, &reply(&prompt));
        Ok(stream.request_id().map(str::to_owned))
    }

    async fn bidirectional(&self, call: u64) -> Result<Option<String>> {
        let mut stream = model(&self.session, SPEECH_MODEL).invoke_model_with_bidirectional_stream().await?;
        let events = [
            json!({"sessionStart": {}}),
            json!({"promptStart": {"promptName": "p"}}),
            json!({"textInput": {"promptName": "p", "contentName": "c", "content": prompt(call)}}),
            json!({"promptEnd": {"promptName": "p"}}),
        ];
        for event in events {
            // If this fails, reading has the reason.
            let _ = stream.send(json!({"event": event})).await;
        }
        stream.finish();
        let mut is_answered = false;
        while let Some(chunk) = stream.next().await {
            let chunk: Value = chunk?.json().unwrap_or_default();
            if let Some(text) = chunk["event"]["textOutput"]["content"].as_str() {
                self.expect(call, text, &format!("You said: “{}”", prompt(call)));
                is_answered = true;
            }
        }
        // Only the provider's events say that the reply is complete, so this is the caller's to notice.
        let cut = Error::stream_interrupted("InvokeModelWithBidirectionalStream", "no text came");
        if is_answered { Ok(stream.request_id().map(str::to_owned)) } else { Err(cut) }
    }

    async fn list(&self) -> Result<Option<String>> {
        let rows = ImportedModel::objects().using(&self.session).list().await?;
        let names: Vec<_> = rows.iter().map(|row| row.model_name.clone()).collect();
        let expected: Vec<_> = (0..ROWS).rev().map(|number| format!("model-{number}")).collect();
        if names != expected {
            self.audit.wrong(format!("a list had the rows {names:?}"));
        }
        Ok(None)
    }

    /// Drops a stream in its middle.
    async fn drop_stream(&self, call: u64) {
        let stream = model(&self.session, MODEL).converse_stream(prompt(call)).await;
        let result = match stream {
            Ok(mut stream) => match stream.next().await {
                Some(Ok(_)) | None => Ok(stream.request_id().map(str::to_owned)),
                Some(Err(error)) => Err(error),
            },
            Err(error) => Err(error),
        };
        self.audit.dropped();
        self.report(call, "ConverseStream", result);
    }

    /// Creates a guardrail, gets it, and deletes it.
    async fn guardrail(&self, call: u64) {
        let words = serde_json::from_value(json!({"wordsConfig": [{"text": "secret"}]}));
        let words: bedrock_orm::models::GuardrailWordPolicyConfig = words.unwrap();
        let name = format!("soak-{call}");
        let request = CreateGuardrailRequest::new(&name, "No.", "No.").word_policy_config(words);
        let guardrails = Guardrail::objects().using(&self.session);
        let created = guardrails.create(request).await;
        let id = created.as_ref().ok().map(|created| created.guardrail_id.clone());
        self.report(call, "CreateGuardrail", created.map(|_| None));
        if let Some(id) = id
            && let Ok(found) = guardrails.get(id).await
        {
            self.expect(call, &found.name, &name);
        }
        // By its name: a creation that failed for its caller can have a guardrail, too. What is not deleted would look like
        // a leak, and fill the quota of the account, 100 guardrails, within half an hour.
        let named = guardrails.list().filter(Guardrail::NAME.eq(name.as_str()));
        for _ in 0..5 {
            if named.delete().await.is_ok_and(|report| report.is_ok()) {
                return;
            }
        }
    }

    fn expect(&self, call: u64, answer: &str, expected: &str) {
        if answer != expected {
            self.audit.wrong(format!("call {call} got the answer {answer:?}"));
        }
    }
}

fn prompt(call: u64) -> String {
    format!("soak-{call} one two three four five six seven eight nine ten")
}
