//! Imported models: what jobs leave, to be listed, talked to and deleted.

use bedrock_orm::prelude::*;

use super::*;

pub(crate) async fn life(stage: &Stage) {
    let mut arns = Vec::new();
    for name in ["one", "two"] {
        let job = model_import_job::create(&stage.session, name).await;
        arns.extend(ready(stage, &job).await.imported_model_arn.clone());
    }
    let [first, second] = &arns[..] else { panic!("{arns:?}") };
    let models = ImportedModel::objects().using(&stage.session);
    lists!(stage, models.list(), {
        creation_time_before(time(LONG_AGO)) => [],
        creation_time_after(time(FAR_AHEAD)) => [],
        name_contains("tw") => [second],
        sort_by("CreationTime") => [second, first],
        sort_order("Ascending") => [first, second],
        page_size(1) => [second, first],
    });
    let row = models.list().name_contains("one").first().await.unwrap().unwrap();
    stage.take();
    let there = gets(stage, &row).await;
    assert_eq!(there.model_name.as_deref(), Some("one"));
    assert_eq!(there.job().await.unwrap().unwrap().job_name.as_deref(), Some("one"));
    stage.take();
    leads_to::<ImportedModel>(stage, first).await;
    talks(stage, &there, first).await;
    talks(stage, &row, first).await;
    tags(stage, &there, &[]).await;
    deletes(stage, &row).await;
    let other = models.get(second).await.unwrap();
    stage.take();
    deletes(stage, &other).await;
}
