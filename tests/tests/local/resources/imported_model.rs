//! Imported models, which import jobs create.

use bedrock_orm::prelude::*;

use super::*;

pub(crate) async fn lifecycle(fixture: &Fixture) {
    let mut arns = Vec::new();
    for name in ["one", "two"] {
        let job = model_import_job::create(&fixture.session, name).await;
        arns.extend(wait_until_ready(fixture, &job).await.imported_model_arn.clone());
    }
    let [first, second] = &arns[..] else { panic!("{arns:?}") };
    let models = ImportedModel::objects().using(&fixture.session);
    assert_lists!(fixture, models.list(), {
        creation_time_before(time(LONG_AGO)) => [],
        creation_time_after(time(FAR_AHEAD)) => [],
        name_contains("tw") => [second],
        sort_by("CreationTime") => [second, first],
        sort_order("Ascending") => [first, second],
        page_size(1) => [second, first],
    });
    let row = models.list().name_contains("one").first().await.unwrap().unwrap();
    fixture.take_requests();
    let fetched = assert_get(fixture, &row).await;
    assert_eq!(fetched.model_name.as_deref(), Some("one"));
    assert_eq!(fetched.job().await.unwrap().unwrap().job_name.as_deref(), Some("one"));
    fixture.take_requests();
    assert_any_model::<ImportedModel>(fixture, first).await;
    assert_converse(fixture, &fetched, first).await;
    assert_converse(fixture, &row, first).await;
    assert_tags(fixture, &fetched, &[]).await;
    assert_delete(fixture, &row).await;
    let other = models.get(second).await.unwrap();
    fixture.take_requests();
    assert_delete(fixture, &other).await;
}
