//! Aggregates over rows, which [`QuerySet::aggregate`](crate::QuerySet::aggregate) takes.

use std::ops::AddAssign;

use crate::lookups::Expression;

/// An aggregate over rows: [`count`], [`min`], [`max`], [`sum`], or several of them in a tuple.
pub trait Aggregate<M>: Send {
    /// The type of the result.
    type Output: Send;

    /// Returns the result without rows.
    fn start(&self) -> Self::Output;

    /// Adds a row to the result.
    fn add(&self, so_far: &mut Self::Output, row: &M);
}

/// The number of rows.
#[derive(Clone, Copy, Debug)]
pub struct Count;

/// The smallest value.
#[derive(Clone, Copy, Debug)]
pub struct Min<F>(F);

/// The largest value.
#[derive(Clone, Copy, Debug)]
pub struct Max<F>(F);

/// The sum of the values.
#[derive(Clone, Copy, Debug)]
pub struct Sum<F>(F);

/// Counts the rows.
pub const fn count() -> Count {
    Count
}

/// The smallest value, or `None` if no row has one.
pub const fn min<F>(field: F) -> Min<F> {
    Min(field)
}

/// The largest value, or `None` if no row has one.
pub const fn max<F>(field: F) -> Max<F> {
    Max(field)
}

/// The sum of the values, or `None` if no row has one.
pub const fn sum<F>(field: F) -> Sum<F> {
    Sum(field)
}

impl<M> Aggregate<M> for Count {
    type Output = usize;

    fn start(&self) -> usize {
        0
    }

    fn add(&self, so_far: &mut usize, _: &M) {
        *so_far += 1;
    }
}

impl<M, F: Expression<Row = M, Value: Ord + Clone + Send>> Aggregate<M> for Min<F> {
    type Output = Option<F::Value>;

    fn start(&self) -> Option<F::Value> {
        None
    }

    fn add(&self, so_far: &mut Option<F::Value>, row: &M) {
        keep(&self.0, so_far, row, |value, least| value < least);
    }
}

impl<M, F: Expression<Row = M, Value: Ord + Clone + Send>> Aggregate<M> for Max<F> {
    type Output = Option<F::Value>;

    fn start(&self) -> Option<F::Value> {
        None
    }

    fn add(&self, so_far: &mut Option<F::Value>, row: &M) {
        keep(&self.0, so_far, row, |value, greatest| value > greatest);
    }
}

fn keep<F: Expression<Value: Clone>>(
    field: &F,
    so_far: &mut Option<F::Value>,
    row: &F::Row,
    better: impl Fn(&F::Value, &F::Value) -> bool,
) {
    field.holds(row, |value| {
        if so_far.as_ref().is_none_or(|known| better(value, known)) {
            *so_far = Some(value.clone());
        }
        // A row can have several values: the closure is called with the next one.
        false
    });
}

impl<M, F: Expression<Row = M, Value: Copy + AddAssign + Send>> Aggregate<M> for Sum<F> {
    type Output = Option<F::Value>;

    fn start(&self) -> Option<F::Value> {
        None
    }

    fn add(&self, so_far: &mut Option<F::Value>, row: &M) {
        self.0.holds(row, |value| {
            match so_far {
                Some(sum) => *sum += *value,
                None => *so_far = Some(*value),
            }
            false
        });
    }
}

macro_rules! tuples {
    ($(($($name:ident $place:tt),*)),*) => {
        $(impl<M, $($name: Aggregate<M> + Sync),*> Aggregate<M> for ($($name,)*) {
            type Output = ($($name::Output,)*);

            fn start(&self) -> Self::Output {
                ($(self.$place.start(),)*)
            }

            fn add(&self, so_far: &mut Self::Output, row: &M) {
                $(self.$place.add(&mut so_far.$place, row);)*
            }
        })*
    };
}

tuples!((A 0, B 1), (A 0, B 1, C 2), (A 0, B 1, C 2, D 3));
