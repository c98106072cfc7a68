//! Pushes conditions and orders down to AWS as parameters of the List operation.

use std::borrow::Cow;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use regex_lite::Regex;

use crate::lookups::{Leaf, Lookup, Operand, Order, Q};
use crate::resources::{Parameter, PushedLookup, Pushes, Row, Set};

/// Added to a bound on a time. AWS documents neither whether its bounds are inclusive nor their precision.
const TIME_MARGIN: SignedDuration = SignedDuration::from_secs(1);

/// A condition or an order that AWS applies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pushed {
    /// The parameter of the List operation.
    pub parameter: &'static str,
    /// The value of the parameter.
    pub value: String,
    /// The condition or the order that the parameter expresses.
    pub condition: String,
}

impl Pushed {
    fn new(parameter: &'static str, value: &Value<'_>, condition: &dyn fmt::Display) -> Self {
        Self { parameter, value: value.to_string(), condition: condition.to_string() }
    }
}

/// The parameters of a list, with the conditions and the order that are pushed down.
pub(crate) struct Pushdown<P> {
    pub(crate) parameters: P,
    pub(crate) pushed: Vec<Pushed>,
    /// Whether every condition is pushed down, so that nearly all rows that AWS returns match.
    pub(crate) is_exact: bool,
    /// Whether AWS returns the rows in the wanted order.
    pub(crate) is_ordered: bool,
}

/// Returns the parameters that are set, with their values.
pub(crate) fn parameters_set<M: Row>(parameters: &M::Parameters) -> Vec<(&'static str, String)> {
    let mut set = Vec::new();
    for parameter in M::PARAMETERS {
        if let Some(value) = (parameter.read)(parameters) {
            set.push((parameter.name, value));
        }
    }
    set
}

/// A parameter's value.
enum Value<'a> {
    Text(Cow<'a, str>),
    Time(Timestamp),
    Flag(bool),
}

/// Pushes down what AWS can apply of the filter and the order. AWS can return more rows than the filter allows, but never
/// fewer.
pub(crate) fn push_down<M: Row>(
    parameters: M::Parameters,
    filter: &Q<M>,
    order: Option<&Order<M>>,
) -> Pushdown<M::Parameters> {
    let (leaves, is_conjunction) = filter.required();
    let mut used = vec![false; leaves.len()];
    let mut pushdown = Pushdown { parameters, pushed: Vec::new(), is_exact: false, is_ordered: false };
    for parameter in M::PARAMETERS {
        let Some(pushes) = parameter.pushes else { continue };
        if (parameter.read)(&pushdown.parameters).is_some() {
            continue;
        }
        if let Some((place, value)) = find(&leaves, &pushes, &|value| accepts(parameter, value)) {
            used[place] = true;
            pushdown.pushed.push(Pushed::new(parameter.name, &value, leaves[place]));
            pushdown.parameters = set(parameter, pushdown.parameters, &value);
        }
    }
    pushdown.is_exact = is_conjunction && !used.contains(&false);
    match order {
        Some(order) => push_order::<M>(pushdown, order),
        None => pushdown,
    }
}

/// Pushes the order down, if AWS has it and the caller has set no other.
fn push_order<M: Row>(mut pushdown: Pushdown<M::Parameters>, order: &Order<M>) -> Pushdown<M::Parameters> {
    let named = |name: &str| M::PARAMETERS.iter().find(|parameter| parameter.name == name);
    let (Some(by), Some(direction), [key]) = (named("sortBy"), named("sortOrder"), order.keys()) else {
        return pushdown;
    };
    let Some((_, name)) = M::ORDERS.iter().find(|(path, _)| *path == key.path()) else { return pushdown };
    if (by.read)(&pushdown.parameters).is_some() || (direction.read)(&pushdown.parameters).is_some() {
        return pushdown;
    }
    let wanted = if key.is_descending() { "Descending" } else { "Ascending" };
    for (parameter, value) in [(by, *name), (direction, wanted)] {
        let value = Value::Text(value.into());
        pushdown.pushed.push(Pushed::new(parameter.name, &value, &format_args!("order by {order}")));
        pushdown.parameters = set(parameter, pushdown.parameters, &value);
    }
    pushdown.is_ordered = true;
    pushdown
}

/// Finds the first condition that the parameter expresses. Returns its place, and the parameter's value. It knows nothing of
/// the rows, so it is compiled once.
fn find<'a>(
    leaves: &[&'a Leaf],
    pushes: &Pushes,
    accepts: &dyn Fn(&Value<'_>) -> bool,
) -> Option<(usize, Value<'a>)> {
    leaves.iter().enumerate().find_map(|(place, leaf)| {
        let value = (leaf.path == pushes.path).then(|| value(pushes.lookup, leaf))??;
        accepts(&value).then_some((place, value))
    })
}

/// Returns the parameter's value for the condition, or `None` if the parameter does not express the condition.
fn value(pushed: PushedLookup, leaf: &Leaf) -> Option<Value<'_>> {
    use Lookup::{Contains, Endswith, Exact, Gt, Gte, Has, Iexact, In, Lt, Lte, Startswith};
    let operand = match (&leaf.operand, leaf.lookup) {
        (Operand::List(operands), In) => match operands.as_slice() {
            [only] => only,
            _ => return None,
        },
        (operand, _) => operand,
    };
    match (pushed, leaf.lookup, operand) {
        (PushedLookup::Exact, Exact | In, Operand::Text(text))
        | (PushedLookup::Iexact, Iexact | Exact | In, Operand::Text(text))
        | (PushedLookup::Contains, Contains | Startswith | Endswith | Exact | In, Operand::Text(text))
        | (PushedLookup::Has, Has, Operand::Text(text)) => Some(Value::Text(text.into())),
        (PushedLookup::Exact, Exact | In, Operand::Flag(flag)) => Some(Value::Flag(*flag)),
        (PushedLookup::After, Gt | Gte | Exact | In, Operand::Time(time)) => {
            widened(time.checked_sub(TIME_MARGIN))
        }
        (PushedLookup::Before, Lt | Lte | Exact | In, Operand::Time(time)) => {
            widened(time.checked_add(TIME_MARGIN))
        }
        _ => None,
    }
}

/// Returns the time to send, or `None` before 1970: the SDK cannot write such a time in every format.
fn widened<'a>(time: Result<Timestamp, jiff::Error>) -> Option<Value<'a>> {
    time.ok().filter(|time| *time >= Timestamp::UNIX_EPOCH).map(Value::Time)
}

/// Returns whether AWS accepts the value.
fn accepts<P>(parameter: &Parameter<P>, value: &Value<'_>) -> bool {
    match (&parameter.set, value) {
        (Set::Text(_), Value::Text(text)) => fits(text, parameter.longest, parameter.pattern),
        (Set::Time(_), Value::Time(_)) | (Set::Flag(_), Value::Flag(_)) => true,
        _ => false,
    }
}

fn fits(text: &str, longest: Option<usize>, pattern: Option<&str>) -> bool {
    !text.is_empty()
        && longest.is_none_or(|longest| text.chars().count() <= longest)
        && pattern.is_none_or(|pattern| {
            // If the pattern cannot be parsed, nothing is pushed down. That is always correct.
            Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|pattern| pattern.is_match(text))
        })
}

fn set<P>(parameter: &Parameter<P>, parameters: P, value: &Value<'_>) -> P {
    match (&parameter.set, value) {
        (Set::Text(set), Value::Text(text)) => set(parameters, text),
        (Set::Time(set), Value::Time(time)) => set(parameters, *time),
        (Set::Flag(set), Value::Flag(flag)) => set(parameters, *flag),
        _ => parameters,
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Time(time) => time.fmt(formatter),
            Self::Flag(flag) => flag.fmt(formatter),
        }
    }
}
