//! Orders of rows.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::Single;

/// An order of rows: by the first key, and for equal rows by the next. Rows without a value come last, ascending and
/// descending.
pub struct Order<M> {
    keys: Vec<OrderKey<M>>,
    problem: Option<Arc<str>>,
}

/// Compares two rows, ascending or descending.
type Compare<M> = Arc<dyn Fn(&M, &M, bool) -> Ordering + Send + Sync>;

/// A key of an order, with its direction.
pub struct OrderKey<M> {
    path: Cow<'static, str>,
    descending: bool,
    compare: Compare<M>,
}

impl<M: 'static> OrderKey<M> {
    pub(super) fn new<E: Single<Row = M>>(
        by: E,
        descending: bool,
        order: fn(&E::Value, &E::Value) -> Ordering,
    ) -> Self {
        let path = by.path();
        let compare = move |one: &M, other: &M, descending: bool| {
            by.with(one, |one| {
                by.with(other, |other| match (one, other) {
                    (Some(one), Some(other)) if descending => order(other, one),
                    (Some(one), Some(other)) => order(one, other),
                    // Rows without a value come last in both directions.
                    (one, other) => other.is_some().cmp(&one.is_some()),
                })
            })
        };
        Self { path, descending, compare: Arc::new(compare) }
    }
}

impl<M> OrderKey<M> {
    /// Returns the path of the field in AWS's JSON.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns whether it is descending.
    pub const fn is_descending(&self) -> bool {
        self.descending
    }
}

impl<M> Order<M> {
    /// Creates an empty order, which keeps the order of AWS's list.
    pub(crate) const fn none() -> Self {
        Self { keys: Vec::new(), problem: None }
    }

    /// Creates an invalid order. It is an error when the query is sent.
    pub(crate) fn invalid(message: impl Into<Arc<str>>) -> Self {
        Self { keys: Vec::new(), problem: Some(message.into()) }
    }

    /// Adds an order for rows that are equal in this one.
    #[must_use]
    pub fn then(mut self, next: impl Into<Self>) -> Self {
        let next = next.into();
        self.keys.extend(next.keys);
        self.problem = self.problem.or(next.problem);
        self
    }

    /// Reverses the order.
    #[must_use]
    pub fn reverse(mut self) -> Self {
        for key in &mut self.keys {
            key.descending = !key.descending;
        }
        self
    }

    /// Returns the keys.
    pub fn keys(&self) -> &[OrderKey<M>] {
        &self.keys
    }

    /// Compares two rows.
    pub fn compare(&self, one: &M, other: &M) -> Ordering {
        self.keys
            .iter()
            .map(|key| (key.compare)(one, other, key.descending))
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// Returns why the order is invalid. `None` if it is valid.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }
}

impl<M: 'static> From<OrderKey<M>> for Order<M> {
    fn from(key: OrderKey<M>) -> Self {
        Self { keys: vec![key], problem: None }
    }
}

impl<M> FromIterator<Self> for Order<M> {
    fn from_iter<I: IntoIterator<Item = Self>>(orders: I) -> Self {
        orders.into_iter().fold(Self::none(), Self::then)
    }
}

impl<M> From<Vec<Self>> for Order<M> {
    fn from(orders: Vec<Self>) -> Self {
        orders.into_iter().collect()
    }
}

impl<M, const N: usize> From<[Self; N]> for Order<M> {
    fn from(orders: [Self; N]) -> Self {
        orders.into_iter().collect()
    }
}

impl<M> From<(Self, Self)> for Order<M> {
    fn from((first, second): (Self, Self)) -> Self {
        first.then(second)
    }
}

impl<M> From<(Self, Self, Self)> for Order<M> {
    fn from((first, second, third): (Self, Self, Self)) -> Self {
        first.then(second).then(third)
    }
}

impl<M> Clone for OrderKey<M> {
    fn clone(&self) -> Self {
        Self { path: self.path.clone(), descending: self.descending, compare: self.compare.clone() }
    }
}

impl<M> Clone for Order<M> {
    fn clone(&self) -> Self {
        Self { keys: self.keys.clone(), problem: self.problem.clone() }
    }
}

/// Shows the order as in Django: `-creationTime, name`.
impl<M> fmt::Display for Order<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, key) in self.keys.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let sign = if key.descending { "-" } else { "" };
            write!(formatter, "{comma}{sign}{}", key.path)?;
        }
        Ok(())
    }
}

impl<M> fmt::Debug for Order<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl<M> fmt::Debug for OrderKey<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", if self.descending { "-" } else { "" }, self.path)
    }
}
