//! Conditions and orders that are written as strings.

use super::named::is_lookup;
use super::nearest::unknown;
use super::{NamedField, Order, Q};
use crate::resources::Row;

impl<M: Row> Q<M> {
    /// The condition that is written so: `providerName__icontains=claude`, `submit_time__year__gte=2024`. Names are
    /// AWS's or the same in snake case, their parts joined by `__`; without a lookup it is `exact`; the operands of `in`
    /// and `range` stand with commas between. Spaces around names and operands do not count, and there are no quotes.
    ///
    /// Where a field is an enum of AWS's, such as a status, a value that the enum does not have is an error, since it
    /// would find nothing. The lookups of the field's constant take any value.
    ///
    /// What is wrong with it is told when the query is sent, as
    /// [`InvalidInput`](bedrock_orm_core::ErrorKind::InvalidInput), with what was probably meant.
    pub fn parse(condition: &str) -> Self {
        parsed(condition).unwrap_or_else(|fault| Self::invalid(format!("`{condition}`: {fault}")))
    }
}

fn parsed<M: Row>(condition: &str) -> Result<Q<M>, String> {
    let (name, operand) = condition
        .split_once('=')
        .ok_or_else(|| "no condition: write it as `field__lookup=value`".to_owned())?;
    let parts: Vec<&str> = name.trim().split("__").collect();
    let (field, lookup) = longest::<M>(&parts).ok_or_else(|| no_field::<M>(&parts))?;
    let with_path = |fault| format!("{}: {fault}", field.path());
    let condition =
        written(operand).and_then(|operand| field.condition(lookup, operand)).map_err(with_path)?;
    match condition.unknown_values(&|_| field.known_values()).into_iter().next() {
        Some(fault) => Err(format!(
            "{fault}; for a value that this version does not know, use `filter` with the field's constant"
        )),
        None => Ok(condition),
    }
}

/// The operand without the spaces around it.
fn written(operand: &str) -> Result<&str, String> {
    let operand = operand.trim();
    if operand.starts_with('=') {
        return Err("write one `=`".to_owned());
    }
    for quote in ['"', '\''] {
        if operand.len() > 1 && operand.starts_with(quote) && operand.ends_with(quote) {
            return Err(format!("write {operand} without the quotes"));
        }
    }
    Ok(operand)
}

/// The values that the field at that path is known to have; empty where they can be any.
pub(crate) fn known_values<M: Row>(path: &str) -> &'static [&'static str] {
    M::FIELDS.iter().find(|field| field.path() == path).map_or(&[], |field| field.known_values())
}

/// The order that is written so: `-creationTime, name`.
pub(crate) fn order<M: Row>(order: &str) -> Order<M> {
    order.split(',').map(|key| key_order(key.trim()).unwrap_or_else(Order::invalid)).collect()
}

fn key_order<M: Row>(key: &str) -> Result<Order<M>, String> {
    let (name, descending) = key.strip_prefix('-').map_or((key, false), |name| (name, true));
    let field = field::<M>(name)?;
    field.order(descending).ok_or_else(|| format!("rows cannot be ordered by `{}`", field.path()))
}

/// The field of that name.
pub(crate) fn field<M: Row>(name: &str) -> Result<&'static dyn NamedField<M>, String> {
    let parts: Vec<&str> = name.split("__").collect();
    match longest::<M>(&parts) {
        Some((field, [])) => Ok(field),
        _ => Err(no_field::<M>(&parts)),
    }
}

/// The field that most of the first parts name, and the parts after it.
fn longest<'a, M: Row>(parts: &'a [&'a str]) -> Option<(&'static dyn NamedField<M>, &'a [&'a str])> {
    let named = |count: usize| M::FIELDS.iter().find(|field| is_named(field.path(), &parts[..count]));
    (1..=parts.len()).rev().find_map(|count| Some((*named(count)?, &parts[count..])))
}

/// Whether the path is that name, in AWS's spelling or in snake case.
fn is_named(path: &str, parts: &[&str]) -> bool {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let name = parts.join(".");
    path == name || plain(path) == plain(&name)
}

fn no_field<M: Row>(parts: &[&str]) -> String {
    // What stands after the field's name is not a part of it.
    let lookups = parts.iter().rev().take_while(|part| is_lookup(part)).count();
    let name = parts[..(parts.len() - lookups).max(1)].join(".");
    let message = unknown("field", &name, M::FIELDS.iter().map(|field| field.path()));
    format!("{} has {message}", M::KIND)
}
