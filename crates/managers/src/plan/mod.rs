//! The plan of a queryset: what AWS is asked for, and what is done with the rows it returns.
//!
//! `QuerySet::lower` builds it, `explain` prints it, and the engine executes it.

mod pushdown;

use std::fmt;
use std::sync::Arc;

use bedrock_orm_core::{Error, SessionChoice};

use crate::lookups::{Order, Q};
use crate::prefetch::Relates;
use crate::resources::Row;

pub use pushdown::Pushed;
pub(crate) use pushdown::{Pushdown, parameters_set, push_down};

/// What a queryset asks AWS for, and what it does with the rows. [`explain`](crate::QuerySet::explain) returns it; its
/// `Display` form is for people to read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// AWS's List operation.
    pub operation: &'static str,
    /// The sessions that send it, by name or region.
    pub sessions: Vec<String>,
    /// The plans of the parts of a union. Empty for a single list.
    pub union: Vec<Plan>,
    /// AWS's parameters that the caller has set, with their values.
    pub set: Vec<(&'static str, String)>,
    /// The conditions and orders that are pushed down to AWS.
    pub pushed: Vec<Pushed>,
    /// The condition that is checked on each row. It includes what is pushed down, because AWS can return more rows.
    pub filter: Option<String>,
    /// The order in which the rows are sorted after all pages are fetched.
    pub order: Option<String>,
    /// Whether duplicate rows are removed.
    pub distinct: bool,
    /// How many of the first rows are skipped, after they are fetched.
    pub offset: usize,
    /// The largest number of rows.
    pub limit: Option<usize>,
    /// Whether AWS returns the list in pages.
    pub is_paged: bool,
    /// The page size that AWS is asked for, as `maxResults`. `None` if it is not sent.
    pub page_size: Option<i32>,
    /// The relations that are prefetched.
    pub related: Vec<&'static str>,
    /// Whether no request is sent, because no row can be in the result.
    pub sends_nothing: bool,
    /// Probable mistakes, such as a value that AWS is not known to send in the field.
    pub warnings: Vec<String>,
}

/// One line for each step.
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
            write!(formatter, "\n  checked on each row: {filter}")?;
        }
        if self.distinct {
            formatter.write_str("\n  without duplicates")?;
        }
        if let Some(order) = &self.order {
            write!(formatter, "\n  sorted after all pages are fetched: {order}")?;
        }
        match (self.offset, self.limit) {
            (0, None) => {}
            (0, Some(limit)) => write!(formatter, "\n  at most {limit} rows")?,
            (offset, None) => write!(formatter, "\n  without the first {offset} rows")?,
            (offset, Some(limit)) => {
                write!(formatter, "\n  without the first {offset} rows, at most {limit} rows")?;
            }
        }
        for relation in &self.related {
            write!(formatter, "\n  prefetched: {relation}")?;
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
            _ if !self.is_paged => formatter.write_str(", one request")?,
            Some(rows) => write!(formatter, ", one request per page of at most {rows} rows")?,
            None => formatter.write_str(", one request per page")?,
        }
        for (parameter, value) in &self.set {
            write!(formatter, "\n  set by the caller: {parameter}={value}")?;
        }
        for Pushed { parameter, value, condition } in &self.pushed {
            write!(formatter, "\n  pushed down to AWS: {parameter}={value} for {condition}")?;
        }
        Ok(())
    }
}

/// A plan, and the typed values that the engine executes it with.
pub(crate) struct PlannedQuery<M: Row> {
    pub(crate) plan: Plan,
    pub(crate) source: PlannedSource<M>,
    pub(crate) filter: Q<M>,
    pub(crate) order: Order<M>,
    /// Whether AWS's order is reversed.
    pub(crate) reversed: bool,
    pub(crate) related: Vec<Arc<dyn Relates<M>>>,
    pub(crate) concurrency: usize,
    /// Whether to continue with the other sessions when one fails.
    pub(crate) keep_going: bool,
    /// Why the queryset is invalid.
    pub(crate) error: Option<Error>,
}

/// Where the rows of a planned query come from.
pub(crate) enum PlannedSource<M: Row> {
    List {
        sessions: Vec<SessionChoice>,
        parameters: M::Parameters,
        starting_token: Option<String>,
        /// Whether nearly all rows that AWS returns match. If not, any number of them can be dropped.
        is_exact: bool,
    },
    Union(Vec<PlannedQuery<M>>),
}
