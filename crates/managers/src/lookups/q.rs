//! Conditions.

use std::borrow::Cow;
use std::fmt;
use std::ops::{BitAnd, BitOr, Not};
use std::sync::Arc;

use super::nearest::unknown;
use super::{Lookup, Operand};

/// A test of a row.
pub(super) type Test<M> = Arc<dyn Fn(&M) -> bool + Send + Sync>;

/// A condition on a row, which a lookup on a field returns. Combine conditions with `&`, `|` and `!`.
///
/// ```
/// use bedrock_orm::prelude::*;
///
/// let smaller = FoundationModel::PROVIDER_NAME.iexact("anthropic") & !FoundationModel::MODEL_NAME.contains("Opus");
/// assert_eq!(smaller.to_string(), r#"providerName iexact "anthropic" and not modelName contains "Opus""#);
/// ```
pub struct Q<M: ?Sized>(Node<M>);

enum Node<M: ?Sized> {
    All,
    Leaf(Leaf, Test<M>),
    And(Vec<Node<M>>),
    Or(Vec<Node<M>>),
    Not(Arc<Node<M>>),
    Closure(Test<M>),
    /// An invalid condition. It is an error when the query is sent.
    Invalid(Arc<str>),
}

/// A lookup on a value, with its operand.
#[derive(Clone)]
pub(crate) struct Leaf {
    pub(crate) path: Cow<'static, str>,
    pub(crate) lookup: Lookup,
    pub(crate) operand: Operand,
}

impl<M: ?Sized> Q<M> {
    /// Creates a condition from a closure: `Q::new(|row: &FoundationModel| row.model_id.len() < 30)`.
    pub fn new(test: impl Fn(&M) -> bool + Send + Sync + 'static) -> Self {
        Self(Node::Closure(Arc::new(test)))
    }

    /// Creates the condition that every row matches.
    pub const fn all() -> Self {
        Self(Node::All)
    }

    pub(super) fn leaf(
        path: Cow<'static, str>,
        lookup: Lookup,
        operand: Operand,
        test: impl Fn(&M) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self(Node::Leaf(Leaf { path, lookup, operand }, Arc::new(test)))
    }

    /// Turns a condition on a value into one on the rows that have such a value. Each lookup of the condition holds for a
    /// value of its own. `turn` turns a test of a value into a test of a row.
    pub(super) fn on_rows<N: ?Sized + 'static>(&self, turn: &dyn Fn(Test<M>) -> Test<N>) -> Q<N>
    where
        M: 'static,
    {
        Q(self.0.on_rows(turn))
    }

    pub(super) fn invalid(message: impl Into<Arc<str>>) -> Self {
        Self(Node::Invalid(message.into()))
    }

    /// Returns whether the row matches the condition. No row matches an invalid condition.
    pub fn matches(&self, row: &M) -> bool {
        self.0.matches(row)
    }

    /// Returns why the condition is invalid. `None` if it is valid.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.0.problem()
    }

    /// Returns the lookups that every matching row has to match, and whether they are the whole condition.
    pub(crate) fn required(&self) -> (Vec<&Leaf>, bool) {
        match &self.0 {
            Node::All => (Vec::new(), true),
            Node::Leaf(leaf, _) => (vec![leaf], true),
            Node::And(nodes) => {
                let leaves: Vec<_> = nodes
                    .iter()
                    .filter_map(|node| match node {
                        Node::Leaf(leaf, _) => Some(leaf),
                        _ => None,
                    })
                    .collect();
                let whole = leaves.len() == nodes.len();
                (leaves, whole)
            }
            _ => (Vec::new(), false),
        }
    }

    pub(crate) fn is_all(&self) -> bool {
        matches!(self.0, Node::All)
    }

    /// Returns whether no row can match the condition, because it requires a value from an empty list.
    pub(crate) fn is_never(&self) -> bool {
        self.0.is_never()
    }

    /// Returns a message for each operand that is not a known value of its field. `known` returns the known values of a
    /// path, or an empty slice if it can have any value.
    pub(crate) fn unknown_values(&self, known: &dyn Fn(&str) -> &'static [&'static str]) -> Vec<String> {
        let mut found = Vec::new();
        self.0.each_leaf(&mut |leaf| found.extend(leaf.unknown_values(known(&leaf.path))));
        found
    }
}

impl Leaf {
    /// Turns the test of a value into one of the rows that have such a value.
    fn on_rows<M: ?Sized + 'static, N: ?Sized + 'static>(
        &self,
        test: &Test<M>,
        turn: &dyn Fn(Test<M>) -> Test<N>,
    ) -> Test<N> {
        if self.lookup == Lookup::IsNull && self.operand == Operand::Flag(true) {
            // No value can show that it is missing, only the row.
            let exists = turn(Arc::new(|_| true));
            Arc::new(move |row: &N| !exists(row))
        } else {
            turn(test.clone())
        }
    }

    fn unknown_values(&self, known: &[&'static str]) -> Vec<String> {
        let is_known = |text: &str| match self.lookup {
            Lookup::Iexact => known.iter().any(|known| known.eq_ignore_ascii_case(text)),
            Lookup::Exact | Lookup::Ne | Lookup::In | Lookup::Has => known.contains(&text),
            // Other lookups compare with a part of the value or with its order.
            _ => true,
        };
        let operands = match &self.operand {
            Operand::List(operands) => operands.as_slice(),
            operand => std::slice::from_ref(operand),
        };
        let texts = operands.iter().filter_map(|operand| match operand {
            Operand::Text(text) if !known.is_empty() && !is_known(text) => Some(text),
            _ => None,
        });
        texts
            .map(|text| format!("{}: {}", self.path, unknown("value", text, known.iter().copied())))
            .collect()
    }
}

impl<M: ?Sized + 'static> Node<M> {
    fn on_rows<N: ?Sized + 'static>(&self, turn: &dyn Fn(Test<M>) -> Test<N>) -> Node<N> {
        let each = |nodes: &[Self]| {
            let mut turned = Vec::new();
            for node in nodes {
                turned.push(node.on_rows(turn));
            }
            turned
        };
        match self {
            Self::All => Node::All,
            Self::Leaf(leaf, test) => Node::Leaf(leaf.clone(), leaf.on_rows(test, turn)),
            Self::And(nodes) => Node::And(each(nodes)),
            Self::Or(nodes) => Node::Or(each(nodes)),
            Self::Not(node) => Node::Not(Arc::new(node.on_rows(turn))),
            Self::Closure(test) => Node::Closure(turn(test.clone())),
            Self::Invalid(message) => Node::Invalid(message.clone()),
        }
    }
}

impl<M: ?Sized> Node<M> {
    fn matches(&self, row: &M) -> bool {
        match self {
            Self::All => true,
            Self::Leaf(_, test) => test(row),
            Self::And(nodes) => nodes.iter().all(|node| node.matches(row)),
            Self::Or(nodes) => nodes.iter().any(|node| node.matches(row)),
            Self::Not(node) => !node.matches(row),
            Self::Closure(test) => test(row),
            Self::Invalid(_) => false,
        }
    }

    fn problem(&self) -> Option<&str> {
        match self {
            Self::Invalid(message) => Some(message),
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().find_map(Self::problem),
            Self::Not(node) => node.problem(),
            Self::All | Self::Leaf(..) | Self::Closure(_) => None,
        }
    }

    fn is_never(&self) -> bool {
        match self {
            Self::Leaf(leaf, _) => leaf.lookup == Lookup::In && leaf.operand == Operand::List(Vec::new()),
            Self::And(nodes) => nodes.iter().any(Self::is_never),
            Self::Or(nodes) => nodes.iter().all(Self::is_never),
            Self::All | Self::Not(_) | Self::Closure(_) | Self::Invalid(_) => false,
        }
    }

    fn each_leaf<'a>(&'a self, call: &mut dyn FnMut(&'a Leaf)) {
        match self {
            Self::Leaf(leaf, _) => call(leaf),
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().for_each(|node| node.each_leaf(call)),
            Self::Not(node) => node.each_leaf(call),
            Self::All | Self::Closure(_) | Self::Invalid(_) => {}
        }
    }

    fn show(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => formatter.write_str("every row"),
            Self::Leaf(leaf, _) => fmt::Display::fmt(leaf, formatter),
            Self::And(nodes) => show_joined(nodes, " and ", formatter),
            Self::Or(nodes) => show_joined(nodes, " or ", formatter),
            Self::Not(node) => {
                formatter.write_str("not ")?;
                node.show_in_parentheses(formatter)
            }
            Self::Closure(_) => formatter.write_str("<closure>"),
            Self::Invalid(message) => write!(formatter, "<invalid: {message}>"),
        }
    }

    /// Shows the node inside another one: in parentheses if it is compound.
    fn show_in_parentheses(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(_) | Self::Or(_) => {
                formatter.write_str("(")?;
                self.show(formatter)?;
                formatter.write_str(")")
            }
            _ => self.show(formatter),
        }
    }
}

fn show_joined<M: ?Sized>(nodes: &[Node<M>], word: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, node) in nodes.iter().enumerate() {
        formatter.write_str(if index == 0 { "" } else { word })?;
        node.show_in_parentheses(formatter)?;
    }
    Ok(())
}

impl<M: ?Sized> BitAnd for Q<M> {
    type Output = Self;

    /// Matches the rows that match both conditions.
    fn bitand(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Node::All, node) | (node, Node::All) => Self(node),
            (Node::And(mut nodes), Node::And(more)) => {
                nodes.extend(more);
                Self(Node::And(nodes))
            }
            (Node::And(mut nodes), node) => {
                nodes.push(node);
                Self(Node::And(nodes))
            }
            (node, Node::And(mut nodes)) => {
                nodes.insert(0, node);
                Self(Node::And(nodes))
            }
            (node, other) => Self(Node::And(vec![node, other])),
        }
    }
}

impl<M: ?Sized> BitOr for Q<M> {
    type Output = Self;

    /// Matches the rows that match at least one of the conditions.
    fn bitor(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Node::Or(mut nodes), Node::Or(more)) => {
                nodes.extend(more);
                Self(Node::Or(nodes))
            }
            (Node::Or(mut nodes), node) => {
                nodes.push(node);
                Self(Node::Or(nodes))
            }
            (node, other) => Self(Node::Or(vec![node, other])),
        }
    }
}

impl<M: ?Sized> Not for Q<M> {
    type Output = Self;

    /// Matches the rows that do not match the condition. This is plain negation: rows without the value match.
    fn not(self) -> Self {
        match self.0 {
            Node::Not(node) => Self((*node).clone()),
            node => Self(Node::Not(Arc::new(node))),
        }
    }
}

impl<M: ?Sized> Clone for Q<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: ?Sized> Clone for Node<M> {
    fn clone(&self) -> Self {
        match self {
            Self::All => Self::All,
            Self::Leaf(leaf, test) => Self::Leaf(leaf.clone(), test.clone()),
            Self::And(nodes) => Self::And(nodes.clone()),
            Self::Or(nodes) => Self::Or(nodes.clone()),
            Self::Not(node) => Self::Not(node.clone()),
            Self::Closure(test) => Self::Closure(test.clone()),
            Self::Invalid(message) => Self::Invalid(message.clone()),
        }
    }
}

impl fmt::Display for Leaf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.path, self.lookup.as_str(), self.operand)
    }
}

/// Shows the condition: `providerName iexact "anthropic"`.
impl<M: ?Sized> fmt::Display for Q<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(formatter)
    }
}

/// Shows the same text as `Display`.
impl<M: ?Sized> fmt::Debug for Q<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
