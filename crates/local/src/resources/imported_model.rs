//! Imported models, which import jobs create.

use crate::store::resource::{Invocable, Members, Resource, Verb};

pub(crate) static RESOURCE: Resource = Resource {
    name: "ImportedModel",
    operations: &[
        ("GetImportedModel", Verb::Get),
        ("ListImportedModels", Verb::List),
        ("DeleteImportedModel", Verb::Delete),
    ],
    arn: Some("imported-model/{id}"),
    members: Members { arn: Some("modelArn"), name: Some("modelName"), ..Members::NONE },
    invocable: Some(Invocable { arn_prefix: "imported-model/", model: None }),
    by_name: true,
    unique_names: true,
    newest_first: true,
    not_found: "The specified imported model was not found.",
    name_taken: "An imported model named {name} already exists.",
    ..Resource::DEFAULT
};
