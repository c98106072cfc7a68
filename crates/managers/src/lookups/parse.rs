//! Parses conditions and orders that are written as strings.

use super::nearest::unknown;
use super::written::is_lookup;
use super::{NamedField, Order, Q};
use crate::resources::Row;

impl<M: Row> Q<M> {
    /// Parses a condition: `providerName__icontains=claude`, `submit_time__year__gte=2024`. Names are AWS's, or the
    /// same in snake case, with their parts joined by `__`. The default lookup is `exact`. The operands of `in` and
    /// `range` are separated by commas. Spaces around names and operands are ignored. There are no quotes.
    ///
    /// If a field is an AWS enum, such as a status, an unknown value is an error, because it would match nothing. The
    /// lookups of the field's constant accept any value.
    ///
    /// An invalid string is an [`InvalidInput`](bedrock_orm_core::ErrorKind::InvalidInput) error with a suggestion,
    /// which is returned when the query is sent.
    pub fn parse(condition: &str) -> Self {
        parse_condition(condition)
            .unwrap_or_else(|problem| Self::invalid(format!("`{condition}`: {problem}")))
    }
}

fn parse_condition<M: Row>(condition: &str) -> Result<Q<M>, String> {
    let (name, operand) = condition
        .split_once('=')
        .ok_or_else(|| "not a condition: write it as `field__lookup=value`".to_owned())?;
    let parts: Vec<&str> = name.trim().split("__").collect();
    let (field, lookup) = longest_field::<M>(&parts).ok_or_else(|| no_field::<M>(&parts))?;
    let with_path = |problem| format!("{}: {problem}", field.path());
    let condition =
        unquoted(operand).and_then(|operand| field.condition(lookup, operand)).map_err(with_path)?;
    match condition.unknown_values(&|_| field.known_values()).into_iter().next() {
        Some(problem) => Err(format!(
            "{problem}; for a value that this version does not know, use `filter` with the field's constant"
        )),
        None => Ok(condition),
    }
}

/// Removes the spaces around the operand. Quotes are an error.
fn unquoted(operand: &str) -> Result<&str, String> {
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

/// Returns the known values of the field at this path, or an empty slice if it can have any value.
pub(crate) fn known_values<M: Row>(path: &str) -> &'static [&'static str] {
    M::FIELDS.iter().find(|field| field.path() == path).map_or(&[], |field| field.known_values())
}

/// Parses an order: `-creationTime, name`.
pub(crate) fn order<M: Row>(order: &str) -> Order<M> {
    order.split(',').map(|key| key_order(key.trim()).unwrap_or_else(Order::invalid)).collect()
}

fn key_order<M: Row>(key: &str) -> Result<Order<M>, String> {
    let (name, descending) = key.strip_prefix('-').map_or((key, false), |name| (name, true));
    let field = field::<M>(name)?;
    field.order(descending).ok_or_else(|| format!("rows cannot be ordered by `{}`", field.path()))
}

/// Finds the field with this name.
pub(crate) fn field<M: Row>(name: &str) -> Result<&'static dyn NamedField<M>, String> {
    let parts: Vec<&str> = name.split("__").collect();
    match longest_field::<M>(&parts) {
        Some((field, [])) => Ok(field),
        _ => Err(no_field::<M>(&parts)),
    }
}

/// Finds the field whose name consists of the most leading parts, and returns it with the remaining parts.
fn longest_field<'a, M: Row>(parts: &'a [&'a str]) -> Option<(&'static dyn NamedField<M>, &'a [&'a str])> {
    let named = |count: usize| M::FIELDS.iter().find(|field| is_named(field.path(), &parts[..count]));
    (1..=parts.len()).rev().find_map(|count| Some((*named(count)?, &parts[count..])))
}

/// Returns whether the parts name this path, in AWS's spelling or in snake case.
fn is_named(path: &str, parts: &[&str]) -> bool {
    let normalized = |name: &str| name.replace('_', "").to_lowercase();
    let name = parts.join(".");
    path == name || normalized(path) == normalized(&name)
}

fn no_field<M: Row>(parts: &[&str]) -> String {
    // Trailing names of lookups are not part of the field's name.
    let lookups = parts.iter().rev().take_while(|part| is_lookup(part)).count();
    let name = parts[..(parts.len() - lookups).max(1)].join(".");
    let message = unknown("field", &name, M::FIELDS.iter().map(|field| field.path()));
    format!("{} has {message}", M::KIND)
}
