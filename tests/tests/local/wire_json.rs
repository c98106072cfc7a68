//! The models' JSON is AWS's own.

use bedrock_orm::models::{self, ConverseRequest, ConverseStreamRequest};
use bedrock_orm::prelude::*;
use bedrock_orm_tests::support::description::{Service, differences};
use bedrock_orm_tests::support::recordings::{control_plane_answers, exchanges};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Through the type and back.
fn through<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Value, String> {
    let model: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    serde_json::to_value(&model).map_err(|error| error.to_string())
}

#[test]
fn aws_s_sample_conversation_comes_back_unchanged() {
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
    assert_eq!(through::<ConverseRequest>(&sample).unwrap(), sample);
    assert_eq!(through::<Vec<Message>>(&sample["messages"]).unwrap(), sample["messages"]);
    let built = bedrock_orm_tests::behaviours::conversations::two_cities();
    assert_eq!(serde_json::to_value(built).unwrap(), sample["messages"]);
}

#[test]
fn every_recorded_converse_request_comes_back_unchanged() {
    let Some(exchanges) = exchanges() else { return };
    let mut checked = 0;
    for exchange in exchanges.iter().filter(|exchange| exchange.operation.starts_with("Converse")) {
        let body = exchange.request_json();
        let (shape, ours) = match exchange.operation.as_str() {
            "ConverseStream" => ("ConverseStreamRequest", through::<ConverseStreamRequest>(&body)),
            _ => ("ConverseRequest", through::<ConverseRequest>(&body)),
        };
        let described = |body: &Value| Service::Runtime.described(shape, body);
        // Nothing is lost, and nothing is made up: not even an empty list.
        assert_eq!(described(&ours.expect(&exchange.name)), described(&body), "{}", exchange.name);
        checked += 1;
    }
    assert!(checked > 0);
    println!("{checked} recorded requests");
}

/// An answer through its model, or its rows through theirs; none for what has no model here.
fn through_model(operation: &str, data: &Value) -> Option<Result<Value, String>> {
    fn rows<T: DeserializeOwned + Serialize>(data: &Value, member: &str) -> Result<Value, String> {
        let mut data = data.clone();
        if let Some(rows) = data.get(member) {
            data[member] = through::<Vec<T>>(rows)?;
        }
        Ok(data)
    }
    Some(match operation {
        "CreateCustomModelDeployment" => through::<models::CreateCustomModelDeploymentResponse>(data),
        "CreateModelInvocationJob" => through::<models::CreateModelInvocationJobResponse>(data),
        "GetCustomModel" => through::<models::CustomModel>(data),
        "GetCustomModelDeployment" => through::<models::CustomModelDeployment>(data),
        "GetEvaluationJob" => through::<models::EvaluationJob>(data),
        "GetGuardrail" => through::<models::Guardrail>(data),
        "GetInferenceProfile" => through::<models::InferenceProfile>(data),
        "GetModelCustomizationJob" => through::<models::ModelCustomizationJob>(data),
        "GetModelInvocationJob" => through::<models::ModelInvocationJob>(data),
        "GetModelInvocationLoggingConfiguration" => match data.get("loggingConfig") {
            Some(config) => through::<models::ModelInvocationLoggingConfiguration>(config)
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
        // The same operation of another service answers with a map.
        "ListTagsForResource" if data["tags"].is_array() => {
            through::<models::tag::ListTagsForResourceResponse>(data)
        }
        "UpdateGuardrail" => through::<models::UpdateGuardrailResponse>(data),
        _ => return None,
    })
}

#[test]
fn every_recorded_answer_of_the_resources_api_loses_nothing() {
    let Some(answers) = control_plane_answers() else { return };
    let (mut checked, mut left, mut lost) = (0, Vec::new(), Vec::new());
    for (index, (operation, data)) in answers.iter().enumerate() {
        let Some(ours) = through_model(operation, data).filter(|_| data["Error"].is_null()) else {
            left.push(operation.as_str());
            continue;
        };
        let shape = Service::ControlPlane.shape_of(operation, "output");
        let described = |body: &Value| Service::ControlPlane.described(shape, body);
        let found = match ours {
            Ok(ours) => differences(&described(data), &described(&ours)),
            Err(error) => vec![error],
        };
        lost.extend(found.iter().map(|found| format!("{index} {operation}: {found}")));
        checked += 1;
    }
    println!("{checked} answers; left out, as errors, of another service, or without a model: {left:?}");
    assert_eq!(lost, [] as [String; 0]);
    assert!(checked > left.len(), "{checked} and {left:?}");
}
