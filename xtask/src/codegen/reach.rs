//! Where each of AWS's operations is reached.

use super::nouns::{Noun, Nouns};

/// A noun's operations, each with how it is called.
pub(crate) fn of_noun(noun: &Noun) -> Vec<(String, String)> {
    let name = &noun.name;
    let key = match &noun.key {
        Some(super::nouns::Key::Parts { parts, .. }) => {
            let mut parts: Vec<&str> = parts.values().map(|part| part.trim_end_matches('?')).collect();
            // As the key types have them: what it lies in comes first, by its ARN.
            parts.sort_by_key(|part| !part.ends_with("_arn"));
            format!("({})", parts.join(", "))
        }
        _ => "key".to_owned(),
    };
    let list = match noun.of.as_ref().and_then(|of| of.split_once('.')) {
        Some((_, method)) => format!("list_of(…)`, or the parent's `{method}()"),
        None => "list()".to_owned(),
    };
    let calls = [
        (&noun.get, format!("get({key})")),
        (&noun.list, list),
        (&noun.create, "create(request)".to_owned()),
        (&noun.update, format!("update({key}, request)")),
        (&noun.delete, format!("delete({key})")),
        (&noun.stop, format!("stop({key})")),
    ];
    let common = calls.into_iter().filter_map(|(operation, call)| Some((operation.clone()?, call)));
    let verbs = noun.verbs.iter().map(|(method, operation)| (operation.clone(), format!("{method}(…)")));
    common.chain(verbs).map(|(operation, call)| (operation, format!("{name}::objects().{call}"))).collect()
}

/// All operations that are reached, each with how it is called.
pub(crate) fn all(nouns: &Nouns) -> Vec<(String, String)> {
    let by_hand = nouns.by_hand.reached.iter().map(|(operation, call)| (operation.clone(), call.clone()));
    nouns.noun.iter().flat_map(of_noun).chain(by_hand).collect()
}
