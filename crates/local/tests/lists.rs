//! Lists: filters, orders, pages, and seeded rows.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;

use bedrock_orm_local::{LocalBedrock, LocalBedrockBuilder};
use common::description::{call, error, ok, ok_in};
use common::text;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:bedrock:us-east-1:123456789012:";
const NOVA_ARN: &str = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
const LLAMA_ARN: &str = "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-1-8b-instruct-v1:0";

/// A row of a custom model, created at a time that `number` determines in seconds.
fn custom_model(number: usize) -> Value {
    json!({
        "modelArn": format!("{ARN}custom-model/amazon.nova-lite-v1:0/{number:012}"),
        "modelName": format!("model-{number}"),
        "creationTime": format!("2026-01-01T{:02}:{:02}:{:02}Z", number / 3600 % 24, number / 60 % 60, number % 60),
        "baseModelArn": NOVA_ARN, "baseModelName": "amazon.nova-lite-v1",
        "modelStatus": "Active", "ownerAccountId": "123456789012",
    })
}

async fn with_models(builder: LocalBedrockBuilder, count: usize) -> LocalBedrock {
    let local = builder.start().await.unwrap();
    local.seed("ListCustomModels", (0..count).map(custom_model)).unwrap();
    local
}

/// Returns the rows of all pages of a list.
async fn pages(local: &LocalBedrock, operation: &str, member: &str, input: Value) -> Vec<Vec<Value>> {
    let (mut pages, mut input) = (Vec::new(), input);
    loop {
        let page = ok(local, operation, input.clone()).await;
        pages.push(page[member].as_array().cloned().unwrap_or_default());
        match page.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn every_row_is_listed_once_for_any_page_size() {
    let local = with_models(LocalBedrock::builder(), 100).await;
    for (size, count) in [(1, 100), (7, 15), (99, 2), (100, 1), (1000, 1)] {
        let pages = pages(&local, "ListCustomModels", "modelSummaries", json!({ "maxResults": size })).await;
        assert_eq!(pages.len(), count, "pages of {size}");
        let rows = pages.concat();
        let arns: BTreeSet<_> = rows.iter().map(|row| text(row, "modelArn")).collect();
        assert_eq!((rows.len(), arns.len()), (100, 100));
        assert_eq!(rows[0], custom_model(99), "newest first, as seeded");
    }
}

#[tokio::test]
async fn the_builder_sets_the_page_size() {
    let local = with_models(LocalBedrock::builder().page_size(3), 100).await;
    let all = pages(&local, "ListCustomModels", "modelSummaries", json!({})).await;
    assert_eq!((all.len(), all[0].len(), all[33].len()), (34, 3, 1));
    let some = pages(&local, "ListCustomModels", "modelSummaries", json!({ "maxResults": 2 })).await;
    assert_eq!(some[0].len(), 2, "clients can request fewer rows");
}

#[tokio::test]
async fn empty_pages_have_only_a_token() {
    let local = with_models(LocalBedrock::builder().page_size(40).empty_pages(true), 100).await;
    let found = pages(&local, "ListCustomModels", "modelSummaries", json!({})).await;
    let sizes: Vec<_> = found.iter().map(Vec::len).collect();
    assert_eq!(sizes, [0, 40, 0, 40, 0, 20]);
    let arns: BTreeSet<_> = found.iter().flatten().map(|row| text(row, "modelArn")).collect();
    assert_eq!(arns.len(), 100);
    let none = pages(&local, "ListImportedModels", "modelSummaries", json!({})).await;
    assert_eq!(none, [[], []] as [[Value; 0]; 2], "an empty list has its empty page, too");
    let system = json!({ "typeEquals": "SYSTEM_DEFINED" });
    let profiles = pages(&local, "ListInferenceProfiles", "inferenceProfileSummaries", system).await;
    assert!(profiles[0].is_empty() && !profiles[1].is_empty());
}

#[tokio::test]
async fn a_page_token_is_stable_when_rows_change() {
    let local = with_models(LocalBedrock::builder(), 10).await;
    let input = |token: Option<&Value>| match token {
        Some(token) => json!({ "maxResults": 5, "nextToken": token }),
        None => json!({ "maxResults": 5 }),
    };
    let first = ok(&local, "ListCustomModels", input(None)).await;
    let last = text(&first["modelSummaries"][4], "modelArn").to_owned();
    ok(&local, "DeleteCustomModel", json!({ "modelIdentifier": last })).await;
    local.seed("CustomModel", [custom_model(11)]).unwrap();
    let second = ok(&local, "ListCustomModels", input(first.get("nextToken"))).await;
    let names: Vec<_> =
        second["modelSummaries"].as_array().unwrap().iter().map(|row| text(row, "modelName")).collect();
    assert_eq!(names, ["model-4", "model-3", "model-2", "model-1", "model-0"]);
}

#[tokio::test]
async fn custom_models_are_filtered_and_sorted() {
    let local = with_models(LocalBedrock::builder(), 30).await;
    let mut different = custom_model(30);
    different["modelArn"] = json!(format!("{ARN}custom-model/meta.llama3-1-8b-instruct-v1:0/oddoddoddodd"));
    for (member, value) in [
        ("modelName", "Odd-one"),
        ("baseModelArn", LLAMA_ARN),
        ("modelStatus", "Failed"),
        ("ownerAccountId", "210987654321"),
    ] {
        different[member] = json!(value);
    }
    local.seed("ListCustomModels", [different]).unwrap();
    let names = async |input: Value| {
        let rows = pages(&local, "ListCustomModels", "modelSummaries", input).await.concat();
        rows.iter().map(|row| text(row, "modelName").to_owned()).collect::<Vec<_>>()
    };
    for different in [
        json!({ "nameContains": "dd-o" }),
        json!({ "baseModelArnEquals": LLAMA_ARN }),
        json!({ "foundationModelArnEquals": LLAMA_ARN }),
        json!({ "modelStatus": "Failed" }),
        json!({ "isOwned": false }),
        json!({ "creationTimeAfter": "2026-01-01T00:00:29Z" }),
    ] {
        assert_eq!(names(different.clone()).await, ["Odd-one"], "{different}");
    }
    assert_eq!(names(json!({ "nameContains": "ODD" })).await, [""; 0]);
    assert_eq!(names(json!({ "isOwned": true })).await.len(), 30);
    let between = json!({
        "creationTimeAfter": "2026-01-01T00:00:03Z", "creationTimeBefore": "2026-01-01T00:00:06Z",
        "sortBy": "CreationTime", "sortOrder": "Ascending",
    });
    assert_eq!(names(between.clone()).await, ["model-4", "model-5"]);
    let mut descending = between;
    descending["sortOrder"] = json!("Descending");
    descending["maxResults"] = json!(1);
    assert_eq!(names(descending).await, ["model-5", "model-4"]);
    assert_eq!(names(json!({ "sortOrder": "Ascending" })).await[0], "model-0");
    assert_eq!(error(&local, "ListCustomModels", json!({ "sortBy": "Name" })).await, "ValidationException");
    assert_eq!(
        error(&local, "ListCustomModels", json!({ "nextToken": "made-up" })).await,
        "ValidationException"
    );
}

#[tokio::test]
async fn each_list_has_its_own_filters() {
    let local = LocalBedrock::start().await.unwrap();
    let (early, late) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    let model = |id: &str| format!("{ARN}custom-model/amazon.nova-lite-v1:0/{id}");
    let source =
        |name: &str| format!("arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/{name}/1");
    let rows = [
        (
            "ListCustomModelDeployments",
            "modelDeploymentSummaries",
            "customModelDeploymentName",
            vec![
                (
                    "customModelDeploymentArn",
                    ["custom-model-deployment/aaaaaaaaaaaa", "custom-model-deployment/bbbbbbbbbbbb"]
                        .map(|it| format!("{ARN}{it}")),
                ),
                ("modelArn", [model("aaaaaaaaaaaa"), model("bbbbbbbbbbbb")]),
                ("createdAt", [early, late].map(str::to_owned)),
                ("status", ["Creating", "Active"].map(str::to_owned)),
            ],
            vec![
                ("createdBefore", "2026-01-15T00:00:00Z".to_owned()),
                ("statusEquals", "Creating".to_owned()),
                ("modelArnEquals", model("aaaaaaaaaaaa")),
                ("nameContains", "one".to_owned()),
            ],
        ),
        (
            "ListModelCopyJobs",
            "modelCopyJobSummaries",
            "targetModelName",
            vec![
                (
                    "jobArn",
                    ["model-copy-job/aaaaaaaaaaaa", "model-copy-job/bbbbbbbbbbbb"]
                        .map(|it| format!("{ARN}{it}")),
                ),
                ("status", ["Failed", "Completed"].map(str::to_owned)),
                ("creationTime", [early, late].map(str::to_owned)),
                ("targetModelArn", [model("aaaaaaaaaaaa"), model("bbbbbbbbbbbb")]),
                ("sourceAccountId", ["111111111111", "123456789012"].map(str::to_owned)),
                ("sourceModelArn", [model("cccccccccccc"), model("dddddddddddd")]),
            ],
            vec![
                ("creationTimeBefore", "2026-01-15T00:00:00Z".to_owned()),
                ("statusEquals", "Failed".to_owned()),
                ("sourceAccountEquals", "111111111111".to_owned()),
                ("sourceModelArnEquals", model("cccccccccccc")),
                ("targetModelNameContains", "one".to_owned()),
            ],
        ),
        (
            "ListMarketplaceModelEndpoints",
            "marketplaceModelEndpoints",
            "endpointArn",
            vec![
                ("modelSourceIdentifier", [source("one"), source("two")]),
                ("createdAt", [early, late].map(str::to_owned)),
                ("updatedAt", [early, late].map(str::to_owned)),
            ],
            vec![("modelSourceEquals", source("one"))],
        ),
        (
            "ListImportedModels",
            "modelSummaries",
            "modelName",
            vec![
                (
                    "modelArn",
                    ["imported-model/aaaaaaaaaaaa", "imported-model/bbbbbbbbbbbb"]
                        .map(|it| format!("{ARN}{it}")),
                ),
                ("creationTime", [early, late].map(str::to_owned)),
            ],
            vec![
                ("creationTimeBefore", "2026-01-15T00:00:00Z".to_owned()),
                ("nameContains", "one".to_owned()),
            ],
        ),
    ];
    for (operation, member, name, members, filters) in rows {
        let row = |index: usize| {
            let mut row = json!({ name: if index == 0 { "one" } else { "two" } });
            for (member, values) in &members {
                row[*member] = json!(values[index]);
            }
            row
        };
        local.seed(operation, [row(0), row(1)]).unwrap();
        assert_eq!(ok(&local, operation, json!({})).await[member].as_array().unwrap().len(), 2);
        for (parameter, value) in filters {
            let found = ok(&local, operation, json!({ parameter: value })).await;
            assert_eq!(found[member], json!([row(0)]), "{operation} {parameter}");
        }
    }
}

/// AWS's description allows at most five evaluation jobs per page.
#[tokio::test]
async fn page_sizes_are_limited_by_the_description() {
    let local = LocalBedrock::start().await.unwrap();
    assert_eq!(ok(&local, "ListEvaluationJobs", json!({})).await, json!({}), "nor shorter");
    let row = |number: u32| {
        json!({
            "jobArn": format!("{ARN}evaluation-job/{number:012}"), "jobName": format!("job-{number}"),
            "status": "Completed", "creationTime": format!("2026-01-01T00:00:{number:02}Z"), "jobType": "Automated",
            "evaluationTaskTypes": ["Custom"],
            "applicationType": if number.is_multiple_of(2) { "RagEvaluation" } else { "ModelEvaluation" },
        })
    };
    local.seed("ListEvaluationJobs", (0..12).map(row)).unwrap();
    let found = pages(&local, "ListEvaluationJobs", "jobSummaries", json!({ "maxResults": 1000 })).await;
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 2]);
    let rag = json!({ "applicationTypeEquals": "RagEvaluation" });
    assert_eq!(pages(&local, "ListEvaluationJobs", "jobSummaries", rag).await.concat().len(), 6);
}

#[tokio::test]
async fn seeded_rows_can_be_fetched_and_deleted() {
    let local = with_models(LocalBedrock::builder(), 3).await;
    let by_name = ok(&local, "GetCustomModel", json!({ "modelIdentifier": "model-2" })).await;
    assert_eq!(by_name["modelArn"], custom_model(2)["modelArn"]);
    ok(&local, "DeleteCustomModel", json!({ "modelIdentifier": by_name["modelArn"] })).await;
    assert_eq!(call(&local, "GetCustomModel", json!({ "modelIdentifier": "model-2" })).await.status, 404);
    let guardrail = json!({
        "id": "abcdefghijkl", "arn": format!("{ARN}guardrail/abcdefghijkl"), "status": "READY", "name": "seeded",
        "version": "DRAFT", "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z",
        "blockedInputMessaging": "no", "blockedOutputsMessaging": "no",
    });
    local.seed("Guardrail", [guardrail]).unwrap();
    assert_eq!(ok(&local, "ListGuardrails", json!({})).await["guardrails"][0]["name"], "seeded");
    let got = ok(&local, "GetGuardrail", json!({ "guardrailIdentifier": "abcdefghijkl" })).await;
    assert_eq!(got["blockedInputMessaging"], "no");
    local.seed_in("eu-west-1", "ListCustomModels", [custom_model(1)]).unwrap();
    let elsewhere = ok_in(&local, "eu-west-1", "ListCustomModels", json!({})).await;
    assert_eq!(elsewhere["modelSummaries"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn invalid_rows_cannot_be_seeded() {
    let local = LocalBedrock::start().await.unwrap();
    let mut wrong = custom_model(1);
    wrong["modelName"] = json!("no name!");
    let message = local.seed("ListCustomModels", [custom_model(0), wrong]).unwrap_err().to_string();
    assert!(message.contains("modelName") && message.contains("regular expression"), "{message}");
    let mut more = custom_model(1);
    more["colour"] = json!("red");
    assert!(local.seed("ListCustomModels", [more]).unwrap_err().to_string().contains("no member colour"));
    assert!(local.seed("ListCustomModels", [json!(7)]).is_err());
    assert!(local.seed("ListUnicorns", [custom_model(1)]).is_err());
    assert_eq!(
        ok(&local, "ListCustomModels", json!({})).await["modelSummaries"],
        json!([]),
        "no row was seeded"
    );
}

#[tokio::test]
async fn pages_of_long_lists_are_fast() {
    const MANY: usize = 20_000;
    let local = with_models(LocalBedrock::builder(), MANY).await;
    let started = std::time::Instant::now();
    for _ in 0..100 {
        ok(&local, "ListCustomModels", json!({ "maxResults": 1 })).await;
    }
    let one_each = started.elapsed();
    assert!(one_each.as_secs() < 5, "{one_each:?}");
    let last = ok(&local, "ListCustomModels", json!({ "nameContains": format!("model-{}", MANY - 1) })).await;
    assert_eq!(last["modelSummaries"].as_array().unwrap().len(), 1);
}
