//! The models' JSON form is AWS's.

use bedrock_orm::models::{self, ConverseRequest, ConverseStreamRequest};
use bedrock_orm::prelude::*;
use bedrock_orm_tests::support::description::{Service, differences};
use bedrock_orm_tests::support::recordings::{control_plane_responses, exchanges};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Deserialises into the type and serialises again.
fn round_trip<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Value, String> {
    let model: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    serde_json::to_value(&model).map_err(|error| error.to_string())
}

#[test]
fn aws_s_sample_conversation_round_trips() {
    let sample = json!({"messages": [
        {"role": "user", "content": [{"text": "what's the weather in Queens, NY and Austin, TX?"}]},
        {"role": "assistant", "content": [
            {"toolUse": {"toolUseId": "1", "name": "get_weather", "input": {"city": "Queens", "state": "NY"}}},
            {"toolUse": {"toolUseId": "2", "name": "get_weather", "input": {"city": "Austin", "state": "TX"}}},
        ]},
        {"role": "user", "content": [
            {"toolResult": {"toolUseId": "2", "content": [{"json": {"weather": "40"}}]}},
            {"text": "..."},
            {"toolResult": {"toolUseId": "1", "content": [{"text": "result text"}]}},
        ]},
    ], "toolConfig": {"tools": [{"toolSpec": {
        "name": "get_weather",
        "description": "Get weather",
        "inputSchema": {"json": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "City of location"},
                "state": {"type": "string", "description": "State of location"},
            },
            "required": ["city", "state"],
        }},
    }}]}});
    assert_eq!(round_trip::<ConverseRequest>(&sample).unwrap(), sample);
    assert_eq!(round_trip::<Vec<Message>>(&sample["messages"]).unwrap(), sample["messages"]);
    let built = bedrock_orm_tests::behaviours::conversations::two_cities();
    assert_eq!(serde_json::to_value(built).unwrap(), sample["messages"]);
}

#[test]
fn every_recorded_converse_request_round_trips() {
    let Some(exchanges) = exchanges() else { return };
    let mut checked = 0;
    for exchange in exchanges.iter().filter(|exchange| exchange.operation.starts_with("Converse")) {
        let body = exchange.request_json();
        let (shape, ours) = match exchange.operation.as_str() {
            "ConverseStream" => ("ConverseStreamRequest", round_trip::<ConverseStreamRequest>(&body)),
            _ => ("ConverseRequest", round_trip::<ConverseRequest>(&body)),
        };
        let described = |body: &Value| Service::Runtime.normalized(shape, body);
        // Nothing is lost and nothing is added, not even an empty list.
        assert_eq!(described(&ours.expect(&exchange.name)), described(&body), "{}", exchange.name);
        checked += 1;
    }
    assert!(checked > 0);
    println!("{checked} recorded requests");
}

/// Converts a response, or its rows, through our model. Returns `None` if we have no model for it.
fn round_trip_by_model(operation: &str, data: &Value) -> Option<Result<Value, String>> {
    fn rows<T: DeserializeOwned + Serialize>(data: &Value, member: &str) -> Result<Value, String> {
        let mut data = data.clone();
        if let Some(rows) = data.get(member) {
            data[member] = round_trip::<Vec<T>>(rows)?;
        }
        Ok(data)
    }
    Some(match operation {
        "CreateCustomModelDeployment" => round_trip::<models::CreateCustomModelDeploymentResponse>(data),
        "CreateModelInvocationJob" => round_trip::<models::CreateModelInvocationJobResponse>(data),
        "GetCustomModel" => round_trip::<models::CustomModel>(data),
        "GetCustomModelDeployment" => round_trip::<models::CustomModelDeployment>(data),
        "GetEvaluationJob" => round_trip::<models::EvaluationJob>(data),
        "GetGuardrail" => round_trip::<models::Guardrail>(data),
        "GetInferenceProfile" => round_trip::<models::InferenceProfile>(data),
        "GetModelCustomizationJob" => round_trip::<models::ModelCustomizationJob>(data),
        "GetModelInvocationJob" => round_trip::<models::ModelInvocationJob>(data),
        "GetModelInvocationLoggingConfiguration" => match data.get("loggingConfig") {
            Some(config) => round_trip::<models::ModelInvocationLoggingConfiguration>(config)
                .map(|config| json!({ "loggingConfig": config })),
            None => return None,
        },
        "ListCustomModelDeployments" => {
            rows::<models::CustomModelDeploymentSummary>(data, "modelDeploymentSummaries")
        }
        "ListCustomModels" => rows::<models::CustomModelSummary>(data, "modelSummaries"),
        "ListEvaluationJobs" => rows::<models::EvaluationSummary>(data, "jobSummaries"),
        "ListFoundationModels" => rows::<models::FoundationModel>(data, "modelSummaries"),
        "ListGuardrails" => rows::<models::GuardrailSummary>(data, "guardrails"),
        "ListInferenceProfiles" => rows::<models::InferenceProfileSummary>(data, "inferenceProfileSummaries"),
        "ListModelCustomizationJobs" => {
            rows::<models::ModelCustomizationJobSummary>(data, "modelCustomizationJobSummaries")
        }
        "ListModelInvocationJobs" => {
            rows::<models::ModelInvocationJobSummary>(data, "invocationJobSummaries")
        }
        "ListProvisionedModelThroughputs" => {
            rows::<models::ProvisionedModelSummary>(data, "provisionedModelSummaries")
        }
        // An operation with the same name in another service returns a map.
        "ListTagsForResource" if data["tags"].is_array() => {
            round_trip::<models::tag::ListTagsForResourceResponse>(data)
        }
        "UpdateGuardrail" => round_trip::<models::UpdateGuardrailResponse>(data),
        _ => return None,
    })
}

#[test]
fn every_recorded_control_plane_response_round_trips() {
    let Some(answers) = control_plane_responses() else { return };
    let (mut checked, mut left, mut lost) = (0, Vec::new(), Vec::new());
    for (index, (operation, data)) in answers.iter().enumerate() {
        let Some(ours) = round_trip_by_model(operation, data).filter(|_| data["Error"].is_null()) else {
            left.push(operation.as_str());
            continue;
        };
        let shape = Service::ControlPlane.shape_of(operation, "output");
        let described = |body: &Value| Service::ControlPlane.normalized(shape, body);
        let found = match ours {
            Ok(ours) => differences(&described(data), &described(&ours)),
            Err(error) => vec![error],
        };
        lost.extend(found.iter().map(|found| format!("{index} {operation}: {found}")));
        checked += 1;
    }
    println!("{checked} responses; skipped (errors, other services, no model): {left:?}");
    assert_eq!(lost, [] as [String; 0]);
    assert!(checked > left.len(), "{checked} and {left:?}");
}
