//! The method that calls each of AWS's operations.

use super::table::{Key, Resource, Table};

/// A resource's operations, each with the call of its method.
pub(crate) fn of_resource(resource: &Resource) -> Vec<(String, String)> {
    let name = &resource.name;
    let key = match &resource.key {
        Some(Key::Parts { parts, .. }) => {
            let parts: Vec<&str> = parts.values().map(|part| part.trim_end_matches('?')).collect();
            format!("({})", parts.join(", "))
        }
        _ => "key".to_owned(),
    };
    let list = match resource.of.as_ref().and_then(|of| of.split_once('.')) {
        Some((_, method)) => format!("list_of(…)`, or the parent's `{method}()"),
        None => "list()".to_owned(),
    };
    let calls = [
        (&resource.get, format!("get({key})")),
        (&resource.list, list),
        (&resource.create, "create(request)".to_owned()),
        (&resource.update, format!("update({key}, request)")),
        (&resource.delete, format!("delete({key})")),
        (&resource.stop, format!("stop({key})")),
    ];
    let common = calls.into_iter().filter_map(|(operation, call)| Some((operation.clone()?, call)));
    let methods =
        resource.methods.iter().map(|(method, operation)| (operation.clone(), format!("{method}(…)")));
    common.chain(methods).map(|(operation, call)| (operation, format!("{name}::objects().{call}"))).collect()
}

/// All operations that have a method, each with its call.
pub(crate) fn all(table: &Table) -> Vec<(String, String)> {
    let by_hand = table.by_hand.calls.iter().map(|(operation, call)| (operation.clone(), call.clone()));
    table.resource.iter().flat_map(of_resource).chain(by_hand).collect()
}
