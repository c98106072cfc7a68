//! Lowers a queryset into its plan.

use bedrock_orm_core::{Error, Result, SessionChoice};

use super::QuerySet;
use crate::engine::Engine;
use crate::lookups::{self, Q};
use crate::plan::{Plan, PlannedQuery, PlannedSource, Pushdown, parameters_set, push_down};
use crate::resources::Row;

impl<M: Row> QuerySet<M> {
    /// Returns the plan: what awaiting the queryset asks AWS for, and what the library does with the rows. Sends nothing.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let claude = FoundationModel::objects().using(&session)
    ///     .filter(FoundationModel::PROVIDER_NAME.iexact("anthropic") & !FoundationModel::MODEL_NAME.contains("Opus"));
    /// println!("{}", claude.explain());
    /// assert_eq!(claude.explain().pushed[0].parameter, "byProvider");
    /// # Ok(())
    /// # }
    /// ```
    pub fn explain(&self) -> Plan {
        let mut plan = self.lower().plan;
        self.warn(&mut plan);
        plan
    }

    /// Adds the warnings. Only a plan that is read has them: they need all fields of the model by name, which a program that
    /// only lists need not compile.
    fn warn(&self, plan: &mut Plan) {
        plan.warnings = self.filter.unknown_values(&lookups::known_values::<M>);
        if self.filter.is_never() {
            plan.warnings.push("no row can match: nothing is sent".to_owned());
        }
        if let Some(problem) = self.invalid() {
            plan.warnings.push(format!("the queryset is invalid, so nothing is sent: {problem}"));
        }
        for (part, plan) in self.union.iter().zip(&mut plan.union) {
            part.warn(plan);
        }
    }

    /// Returns why the queryset is invalid. `None` if it is valid.
    fn invalid(&self) -> Option<&str> {
        self.filter.problem().or(self.order.problem()).or(self.problem)
    }

    /// Builds the engine, which sends nothing yet.
    pub(crate) fn engine(&self) -> Result<Engine<M>> {
        Engine::new(self.lower())
    }

    /// Lowers the filter, the order and the limit. Everything that is sent is decided here.
    pub(crate) fn lower(&self) -> PlannedQuery<M> {
        let mut plan = Plan {
            operation: M::OPERATION,
            sessions: names(&self.sessions),
            union: Vec::new(),
            set: parameters_set::<M>(&self.parameters),
            pushed: Vec::new(),
            filter: (!self.filter.is_all()).then(|| self.filter.to_string()),
            order: None,
            distinct: self.distinct,
            offset: self.offset,
            limit: self.limit,
            is_paged: M::LARGEST_PAGE.is_some(),
            page_size: None,
            related: self.related.iter().map(|relation| relation.name()).collect(),
            sends_nothing: self.limit == Some(0) || (self.filter.is_never() && !self.plain),
            warnings: Vec::new(),
        };
        let source = if self.is_union() {
            plan.order = self.sorted(false);
            PlannedSource::Union(self.union.iter().map(Self::lower).collect())
        } else {
            let pushdown = self.push_down();
            plan.order = self.sorted(pushdown.is_ordered);
            plan.pushed = pushdown.pushed;
            // If rows are dropped or sorted after AWS returned them, the limit does not bound what is fetched.
            let is_exact = pushdown.is_exact && !self.distinct && plan.order.is_none();
            plan.page_size = self.planned_page_size(is_exact);
            PlannedSource::List {
                sessions: self.sessions.clone(),
                parameters: pushdown.parameters,
                starting_token: self.starting_token.clone(),
                is_exact: pushdown.is_exact,
            }
        };
        if let PlannedSource::Union(parts) = &source {
            for part in parts {
                plan.union.push(part.plan.clone());
            }
        }
        PlannedQuery {
            plan,
            source,
            filter: self.filter.clone(),
            order: self.order.clone(),
            reversed: self.reversed,
            related: self.related.clone(),
            concurrency: self.concurrency,
            keep_going: self.keep_going,
            error: self.invalid().map(|problem| Error::invalid_input(M::OPERATION, problem)),
        }
    }

    /// Describes the order that the library has to sort the rows in.
    fn sorted(&self, is_ordered_by_aws: bool) -> Option<String> {
        if self.reversed {
            Some("AWS's order, reversed".to_owned())
        } else {
            (!self.order.keys().is_empty() && !is_ordered_by_aws).then(|| self.order.to_string())
        }
    }

    /// The page size to ask for: what the caller has set, but no more rows than are wanted.
    fn planned_page_size(&self, is_exact: bool) -> Option<i32> {
        let largest = M::LARGEST_PAGE?;
        let wanted = self.limit.filter(|limit| is_exact && *limit > 0);
        let wanted = wanted.and_then(|limit| i32::try_from(limit.saturating_add(self.offset)).ok());
        let size = match (self.page_size, wanted) {
            (Some(size), Some(wanted)) => size.min(wanted),
            (size, wanted) => size.or(wanted)?,
        };
        Some(size.min(largest))
    }

    /// Pushes the filter and the order down to the list.
    fn push_down(&self) -> Pushdown<M::Parameters> {
        if self.plain {
            let mut pushdown = push_down::<M>(self.parameters.clone(), &Q::all(), None);
            pushdown.is_exact = self.filter.is_all();
            return pushdown;
        }
        // With several sessions, each list would be in order, but not the whole.
        let order = (self.sessions.len() == 1).then_some(&self.order);
        push_down::<M>(self.parameters.clone(), &self.filter, order)
    }
}

fn names(sessions: &[SessionChoice]) -> Vec<String> {
    sessions.iter().map(ToString::to_string).collect()
}
