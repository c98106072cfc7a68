//! Imported models: what import jobs made.

use crate::store::resource::{Members, Noun, Verb};

pub(crate) static NOUN: Noun = Noun {
    name: "ImportedModel",
    operations: &[
        ("GetImportedModel", Verb::Get),
        ("ListImportedModels", Verb::List),
        ("DeleteImportedModel", Verb::Delete),
    ],
    arn: "imported-model/{id}",
    members: Members { arn: "modelArn", name: "modelName", ..Members::NONE },
    by_name: true,
    unique_names: true,
    newest_first: true,
    missing: "The specified imported model was not found.",
    taken: "An imported model named {name} already exists.",
    ..Noun::PLAIN
};
