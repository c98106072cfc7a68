//! What AWS is asked to do of a query, and what is left to do here.

use std::borrow::Cow;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use regex_lite::Regex;

use crate::lookups::{Leaf, Lookup, Operand, Order, Q};
use crate::resources::{Parameter, PushedLookup, Row, Set};

/// AWS does not say whether its bounds on times include the time itself, nor how finely it reads them.
const TIME_MARGIN: SignedDuration = SignedDuration::from_secs(1);

/// A list's parameters, with what of the conditions and the order AWS can be asked for.
pub(crate) struct Pushdown<P> {
    pub(crate) parameters: P,
    pub(crate) pushed: Vec<Pushed>,
    /// Whether each condition is pushed: the rows that come are about those that are wanted.
    pub(crate) whole: bool,
    /// Whether the rows come in the order asked for.
    pub(crate) ordered: bool,
}

/// A condition, or an order, that AWS applies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pushed {
    /// The parameter of the List operation.
    pub parameter: &'static str,
    /// What it is set to.
    pub value: String,
    /// The condition that it stands for.
    pub condition: String,
}

/// What a queryset asks of AWS, and what is done here: what [`explain`](crate::QuerySet::explain) gives. As text it is
/// for people to read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// AWS's List operation.
    pub operation: &'static str,
    /// The sessions that it is sent through, by their names or regions.
    pub sessions: Vec<String>,
    /// The plans of which this is the union; none where it is one list.
    pub union: Vec<Plan>,
    /// AWS's parameters that were set by hand, with their values.
    pub set: Vec<(&'static str, String)>,
    /// What AWS applies itself.
    pub pushed: Vec<Pushed>,
    /// The condition that each row is tested by here. What AWS applies is in it still, for AWS may let more through.
    pub filter: Option<String>,
    /// The order that rows are brought into here, for which every page is fetched first.
    pub order: Option<String>,
    /// Whether each row is given once.
    pub distinct: bool,
    /// How many rows are fetched and left out.
    pub offset: usize,
    /// How many rows are given at most.
    pub limit: Option<usize>,
    /// How many rows a page has at most; none where AWS sends all in one.
    pub page_size: Option<i32>,
    /// What is fetched beforehand.
    pub related: Vec<&'static str>,
    /// What is probably a mistake: a value that AWS is not known to send in that field.
    pub warnings: Vec<String>,
}

/// A line for each thing that is done.
impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.union.is_empty() {
            self.show_list(formatter)?;
        } else {
            formatter.write_str("union of")?;
            for part in &self.union {
                write!(formatter, "\n  {}", part.to_string().replace('\n', "\n  "))?;
            }
        }
        if let Some(filter) = &self.filter {
            write!(formatter, "\n  tested here: {filter}")?;
        }
        if self.distinct {
            formatter.write_str("\n  each row once")?;
        }
        if let Some(order) = &self.order {
            write!(formatter, "\n  ordered here, once every page is there: {order}")?;
        }
        match (self.offset, self.limit) {
            (0, None) => {}
            (0, Some(limit)) => write!(formatter, "\n  no more than {limit} rows")?,
            (offset, None) => write!(formatter, "\n  without the first {offset} rows")?,
            (offset, Some(limit)) => {
                write!(formatter, "\n  without the first {offset} rows, and no more than {limit}")?;
            }
        }
        for relation in &self.related {
            write!(formatter, "\n  fetched beforehand: {relation}")?;
        }
        for warning in &self.warnings {
            write!(formatter, "\n  warning: {warning}")?;
        }
        Ok(())
    }
}

impl Plan {
    fn show_list(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} in {}", self.operation, self.sessions.join(", "))?;
        match self.page_size {
            Some(rows) => write!(formatter, ", a request for each page of at most {rows} rows")?,
            None => formatter.write_str(", one request for the whole list")?,
        }
        for (parameter, value) in &self.set {
            write!(formatter, "\n  set by you: {parameter}={value}")?;
        }
        for Pushed { parameter, value, condition } in &self.pushed {
            write!(formatter, "\n  applied by AWS: {parameter}={value} for {condition}")?;
        }
        Ok(())
    }
}

/// The parameters that are set.
pub(crate) fn set_by_hand<M: Row>(parameters: &M::Parameters) -> Vec<(&'static str, String)> {
    let set = M::PARAMETERS.iter();
    set.filter_map(|parameter| Some((parameter.name, (parameter.read)(parameters)?))).collect()
}

/// What a parameter is set to.
enum Value<'a> {
    Text(Cow<'a, str>),
    Time(Timestamp),
    Flag(bool),
}

/// What AWS can do of the filter and the order. It may let more rows through than the filter does, never fewer.
pub(crate) fn push<M: Row>(
    parameters: M::Parameters,
    filter: &Q<M>,
    order: Option<&Order<M>>,
) -> Pushdown<M::Parameters> {
    let (leaves, conjunction) = filter.required();
    let mut used = vec![false; leaves.len()];
    let mut plan = Pushdown { parameters, pushed: Vec::new(), whole: false, ordered: false };
    for parameter in M::PARAMETERS {
        let Some(pushes) = parameter.pushes else { continue };
        if (parameter.read)(&plan.parameters).is_some() {
            continue;
        }
        let fitting = leaves.iter().enumerate().find_map(|(place, leaf)| {
            let value = (leaf.path == pushes.path).then(|| value(pushes.lookup, leaf))??;
            Some((place, leaf, fits(parameter, &value).then_some(value)?))
        });
        if let Some((place, leaf, value)) = fitting {
            used[place] = true;
            plan.pushed.push(Pushed {
                parameter: parameter.name,
                value: value.to_string(),
                condition: leaf.to_string(),
            });
            plan.parameters = set(parameter, plan.parameters, &value);
        }
    }
    plan.whole = conjunction && used.into_iter().all(|used| used);
    match order {
        Some(order) => push_order::<M>(plan, order),
        None => plan,
    }
}

/// Asks AWS for the order, where it knows it and nobody set another.
fn push_order<M: Row>(mut plan: Pushdown<M::Parameters>, order: &Order<M>) -> Pushdown<M::Parameters> {
    let named = |name: &str| M::PARAMETERS.iter().find(|parameter| parameter.name == name);
    let (Some(by), Some(way), [key]) = (named("sortBy"), named("sortOrder"), order.keys()) else {
        return plan;
    };
    let Some((_, name)) = M::ORDERS.iter().find(|(path, _)| *path == key.path()) else { return plan };
    if (by.read)(&plan.parameters).is_some() || (way.read)(&plan.parameters).is_some() {
        return plan;
    }
    let direction = if key.is_descending() { "Descending" } else { "Ascending" };
    for (parameter, value) in [(by, *name), (way, direction)] {
        let value = Value::Text(value.into());
        plan.pushed.push(Pushed {
            parameter: parameter.name,
            value: value.to_string(),
            condition: format!("order by {order}"),
        });
        plan.parameters = set(parameter, plan.parameters, &value);
    }
    plan.ordered = true;
    plan
}

/// What the parameter is set to for the condition; none where the condition does not imply it.
fn value<'a, M>(pushed: PushedLookup, leaf: &'a Leaf<M>) -> Option<Value<'a>> {
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

/// The time to ask AWS for; none where it lies before 1970, which the SDK cannot write in every form.
fn widened<'a>(time: Result<Timestamp, jiff::Error>) -> Option<Value<'a>> {
    time.ok().filter(|time| *time >= Timestamp::UNIX_EPOCH).map(Value::Time)
}

/// Whether AWS would take the value.
fn fits<P>(parameter: &Parameter<P>, value: &Value<'_>) -> bool {
    match (&parameter.set, value) {
        (Set::Text(_), Value::Text(text)) => {
            !text.is_empty()
                && parameter.longest.is_none_or(|longest| text.chars().count() <= longest)
                && parameter.pattern.is_none_or(|pattern| {
                    // A pattern that cannot be read here lets nothing through: not to push is always right.
                    Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|pattern| pattern.is_match(text))
                })
        }
        (Set::Time(_), Value::Time(_)) | (Set::Flag(_), Value::Flag(_)) => true,
        _ => false,
    }
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
