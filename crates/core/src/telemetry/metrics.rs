//! Metrics by OpenTelemetry's conventions for generative AI.
//!
//! Source: <https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-metrics.md>

use std::time::Duration;

use bedrock_orm_models::Tokens;
use opentelemetry::metrics::Histogram;
use opentelemetry::{KeyValue, global};

use super::{
    ERROR_TYPE, Inference, OPERATION_NAME, PROVIDER, PROVIDER_NAME, REQUEST_MODEL, RESPONSE_MODEL, error_type,
};
use crate::Error;

const TOKEN_USAGE: &str = "gen_ai.client.token.usage";
const OPERATION_DURATION: &str = "gen_ai.client.operation.duration";
const TIME_TO_FIRST_CHUNK: &str = "gen_ai.client.operation.time_to_first_chunk";
const TOKEN_TYPE: &str = "gen_ai.token.type";

/// The instruments of a session. They belong to the meter provider that is global when the session makes its first call.
#[derive(Debug)]
pub(crate) struct Metrics {
    tokens: Histogram<u64>,
    duration: Histogram<f64>,
    first_chunk: Histogram<f64>,
}

/// What is measured of a call that ended.
pub(crate) struct Measured<'a> {
    pub(crate) inference: Inference,
    pub(crate) model_id: &'a str,
    pub(crate) response_model: Option<&'a str>,
    pub(crate) duration: Duration,
    pub(crate) first_chunk: Option<Duration>,
    pub(crate) tokens: Option<&'a Tokens>,
    pub(crate) error: Option<&'a Error>,
}

impl Default for Metrics {
    fn default() -> Self {
        let meter = global::meter("bedrock-orm");
        let seconds = |name: &'static str, description: &'static str| {
            let bounds = (0..14).map(|power| 0.01 * f64::from(1_u32 << power)).collect();
            meter
                .f64_histogram(name)
                .with_unit("s")
                .with_description(description)
                .with_boundaries(bounds)
                .build()
        };
        let bounds = (0..14).map(|power| 4_f64.powi(power)).collect();
        Self {
            tokens: meter
                .u64_histogram(TOKEN_USAGE)
                .with_unit("{token}")
                .with_description("Tokens of prompts and replies.")
                .with_boundaries(bounds)
                .build(),
            duration: seconds(OPERATION_DURATION, "Time from sending a request to the end of its response."),
            first_chunk: seconds(
                TIME_TO_FIRST_CHUNK,
                "Time from sending a request to the first event of its stream.",
            ),
        }
    }
}

impl Metrics {
    pub(crate) fn ended(&self, call: &Measured<'_>) {
        let mut attributes = vec![
            KeyValue::new(OPERATION_NAME, call.inference.as_str()),
            KeyValue::new(PROVIDER_NAME, PROVIDER),
            KeyValue::new(REQUEST_MODEL, call.model_id.to_owned()),
        ];
        if let Some(model_id) = call.response_model {
            attributes.push(KeyValue::new(RESPONSE_MODEL, model_id.to_owned()));
        }
        if let Some(tokens) = call.tokens {
            for (token_type, count) in [("input", tokens.input_tokens()), ("output", tokens.output_tokens)] {
                attributes.push(KeyValue::new(TOKEN_TYPE, token_type));
                self.tokens.record(count, &attributes);
                attributes.pop();
            }
        }
        if let Some(first_chunk) = call.first_chunk {
            self.first_chunk.record(first_chunk.as_secs_f64(), &attributes);
        }
        if let Some(error) = call.error {
            attributes.push(KeyValue::new(ERROR_TYPE, error_type(error).into_owned()));
        }
        self.duration.record(call.duration.as_secs_f64(), &attributes);
    }
}
