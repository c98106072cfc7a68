//! Lazy lists: what is chained onto a queryset.

mod aggregate;
mod full;
mod lowering;
mod terminal;
#[cfg(test)]
mod tests;
mod values;

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;

use bedrock_orm_core::{Bound, Error, Result, SessionChoice};
use futures_util::FutureExt;

use crate::Relation;
use crate::concurrency::DEFAULT_CONCURRENCY;
use crate::lookups::{self, Order, Q};
use crate::prefetch::Relates;
use crate::resources::{Get, Row};
use crate::rows::{Pages, Rows, pages, rows};

pub use aggregate::{GroupBy, Groups};
pub use full::FullSet;
pub use values::Values;

/// A lazy list: a value that you narrow, clone and pass on. It sends nothing until it is awaited or a method returns a
/// future or a stream of its rows. Awaiting it returns all rows.
///
/// ```
/// use bedrock_orm::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = bedrock_orm_local::LocalBedrock::start().await?;
/// # let session = Session::local(local.url())?;
/// let claude = FoundationModel::objects().using(&session).list().by_provider("anthropic"); // nothing was sent
/// for model in claude.clone().limit(3).await? {
///     println!("{}", model.model_id);
/// }
/// println!("{} in all", claude.count().await?);
/// # Ok(())
/// # }
/// ```
///
/// You can chain conditions, orders and limits in any sequence: the rows that match are sorted, then cut.
///
/// The futures own a clone of the queryset, so they can be spawned.
pub struct QuerySet<M: Row> {
    sessions: Vec<SessionChoice>,
    pub(crate) parameters: M::Parameters,
    starting_token: Option<String>,
    page_size: Option<i32>,
    /// The parts of a union. Empty for a single list.
    union: Vec<Self>,
    filter: Q<M>,
    order: Order<M>,
    reversed: bool,
    distinct: bool,
    offset: usize,
    limit: Option<usize>,
    related: Vec<Arc<dyn Relates<M>>>,
    keep_going: bool,
    pub(crate) concurrency: usize,
    /// Why a setting is invalid. It is an error when the queryset is sent.
    problem: Option<&'static str>,
    /// Whether nothing is pushed down. Tests compare its rows with those of the other plans.
    plain: bool,
}

impl<M: Row> QuerySet<M> {
    pub(crate) fn new(session: SessionChoice) -> Self {
        Self {
            sessions: vec![session],
            parameters: M::Parameters::default(),
            starting_token: None,
            page_size: None,
            union: Vec::new(),
            filter: Q::all(),
            order: Order::none(),
            reversed: false,
            distinct: false,
            offset: 0,
            limit: None,
            related: Vec::new(),
            keep_going: false,
            concurrency: DEFAULT_CONCURRENCY,
            problem: None,
            plain: false,
        }
    }

    /// Uses this session, or the registered session with this name.
    #[must_use]
    pub fn using(self, session: impl Into<SessionChoice>) -> Self {
        self.using_each([session])
    }

    /// Lists in each of these sessions, one after the other. Each row is bound to its session, and an error names its
    /// session. The first failure ends the list; see [`keep_going`](Self::keep_going).
    #[must_use]
    pub fn using_each(self, sessions: impl IntoIterator<Item: Into<SessionChoice>>) -> Self {
        let sessions: Vec<SessionChoice> = sessions.into_iter().map(Into::into).collect();
        self.each_list(&|list| list.sessions.clone_from(&sessions))
    }

    /// Continues when one of several sessions fails: the error takes the place of its rows, and the rows of the other
    /// sessions follow. This applies to [`stream`](Self::stream), [`pages`](Self::pages) and
    /// [`partial`](Self::partial). Methods that return a single result still fail, and so does awaiting the queryset.
    #[must_use]
    pub fn keep_going(mut self) -> Self {
        self.keep_going = true;
        self
    }

    /// Sets how many calls run concurrently in [`full`](Self::full), [`prefetch_related`](Self::prefetch_related) and
    /// [`delete`](Self::delete). The default is 8. 0 is an error when they are sent.
    #[must_use]
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls;
        self
    }

    /// Sets AWS's parameters, in each list of a union.
    #[must_use]
    pub(crate) fn with(self, set: impl Fn(M::Parameters) -> M::Parameters) -> Self {
        self.each_list(&|list| list.parameters = set(list.parameters.clone()))
    }

    fn each_list(mut self, change: &dyn Fn(&mut Self)) -> Self {
        if self.union.is_empty() {
            change(&mut self);
        }
        self.union = self.union.into_iter().map(|part| part.each_list(change)).collect();
        self
    }

    /// Keeps the rows that meet the condition, in addition to earlier conditions.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let ready = FoundationModel::objects().using(&session).list()
    ///     .filter(FoundationModel::PROVIDER_NAME.iexact("amazon") & FoundationModel::OUTPUT_MODALITIES.has("TEXT"))
    ///     .order_by(FoundationModel::MODEL_NAME.asc())
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn filter(mut self, condition: impl Into<Q<M>>) -> Self {
        let condition = condition.into();
        if !self.union.is_empty() && self.union.iter().all(Self::is_uncut) {
            // A part can push the condition down to AWS.
            self.union = self.union.into_iter().map(|part| part.filter(condition.clone())).collect();
        } else {
            self.filter = self.filter & condition;
        }
        self
    }

    /// Keeps the rows that do not meet the condition. This is plain negation: a row without the value stays.
    #[must_use]
    pub fn exclude(self, condition: impl Into<Q<M>>) -> Self {
        self.filter(!condition.into())
    }

    /// Keeps the rows for which the closure returns true.
    #[must_use]
    pub fn filter_by(self, test: impl Fn(&M) -> bool + Send + Sync + 'static) -> Self {
        self.filter(Q::new(test))
    }

    /// Keeps the rows that meet the condition, which is written as in Django: see [`Q::parse`].
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// let claude = FoundationModel::objects().list().filter_str("modelName__icontains=claude");
    /// ```
    #[must_use]
    pub fn filter_str(self, condition: impl AsRef<str>) -> Self {
        self.filter(Q::parse(condition.as_ref()))
    }

    /// Keeps the rows that do not meet the condition, which is written as in Django.
    #[must_use]
    pub fn exclude_str(self, condition: impl AsRef<str>) -> Self {
        self.exclude(Q::parse(condition.as_ref()))
    }

    /// Sorts the rows, replacing an earlier order: `NAME.asc()`, or several keys in a tuple. Rows without a value come
    /// last, and equal rows keep AWS's order. Unless AWS orders by the key, all pages are fetched before the first row
    /// is returned; with a [`limit`](Self::limit), only a part of the rows is held in memory.
    #[must_use]
    pub fn order_by(mut self, order: impl Into<Order<M>>) -> Self {
        self.order = order.into();
        self.reversed = false;
        self
    }

    /// Sorts the rows by keys that are written as in Django: `-creationTime, name`.
    #[must_use]
    pub fn order_by_str(self, order: impl AsRef<str>) -> Self {
        let order = lookups::order(order.as_ref());
        self.order_by(order)
    }

    /// Reverses the order. Without an order, it reverses AWS's list, for which all pages are fetched.
    #[must_use]
    pub fn reverse(mut self) -> Self {
        if self.order.keys().is_empty() {
            self.reversed = !self.reversed;
        }
        self.order = self.order.reverse();
        self
    }

    /// Removes duplicates: rows of one session with the same ARN, or whatever else identifies them. The identities of
    /// all rows are held in memory.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        self.distinct = true;
        self
    }

    /// Returns the rows of both querysets without duplicates, as in Django. Each part keeps its own limit and order;
    /// later ones apply to the union.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let mut union = Self::new(SessionChoice::default()).distinct();
        union.plain = self.plain;
        for mut part in [self, other] {
            for relation in std::mem::take(&mut part.related) {
                union.add_relation(relation);
            }
            if part.is_union() && part.is_uncut() && part.filter.is_all() {
                union.union.append(&mut part.union);
            } else {
                union.union.push(part);
            }
        }
        union
    }

    /// Returns at most this many rows. If AWS applies all conditions, no larger pages are requested. With 0, nothing is
    /// sent.
    #[must_use]
    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = Some(self.limit.map_or(rows, |limit| limit.min(rows)));
        self
    }

    /// Skips this many rows; a [`limit`](Self::limit) counts from there. AWS has no offset, so the skipped rows are
    /// fetched too.
    #[must_use]
    pub fn offset(mut self, rows: usize) -> Self {
        self.offset = self.offset.saturating_add(rows);
        self
    }

    /// Sets how many rows to request per page, if AWS lists this resource in pages. It is capped at AWS's largest page,
    /// which has 1000 rows for most resources. 0 is an error when the queryset is sent.
    #[must_use]
    pub fn page_size(self, rows: u16) -> Self {
        self.each_list(&|list| {
            list.page_size = Some(i32::from(rows.min(1000)));
            list.problem = (rows == 0).then_some("page_size is 0: a page has at least one row");
        })
    }

    /// Starts at the page with this token, which is the [`next_token`](crate::Page::next_token) of an earlier page.
    #[must_use]
    pub fn starting_token(self, token: impl Into<String>) -> Self {
        let token = token.into();
        self.each_list(&|list| list.starting_token = Some(token.clone()))
    }

    /// Prefetches the resources that the rows refer to, each once, and attaches them to the rows: see
    /// [`Bound::related`]. Missing resources are left out. Call it once for each relation.
    ///
    /// # Requests
    ///
    /// When the queryset is sent, one Get operation for each related resource.
    #[must_use]
    pub fn prefetch_related<To: Get>(mut self, relation: Relation<M, To>) -> Self {
        self.add_relation(Arc::new(relation));
        self
    }

    fn add_relation(&mut self, relation: Arc<dyn Relates<M>>) {
        self.related.retain(|known| known.name() != relation.name());
        self.related.push(relation);
    }

    /// Returns the pages. Each is requested when it is polled. A page has the matching rows of one of AWS's pages, so
    /// it can be empty without being the last. Rows that the library sorts are one page.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let mut pages = Guardrail::objects().using(&session).list().page_size(50).pages();
    /// while let Some(page) = pages.next().await {
    ///     println!("{} guardrails", page?.items.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// On the page that fails: the error that AWS returns, or
    /// [`InvalidResponse`](bedrock_orm_core::ErrorKind::InvalidResponse) if AWS returns a next token twice.
    ///
    /// # Requests
    ///
    /// One List operation per page: `ListFoundationModels` (`bedrock:ListFoundationModels`),
    /// `ListGuardrails` (`bedrock:ListGuardrails`), `ListAsyncInvokes` (`bedrock:ListAsyncInvokes`).
    pub fn pages(&self) -> Pages<M> {
        pages(self.engine())
    }

    /// Streams the rows. Once you have the first row of a page, the next page is fetched in the background. At most two
    /// pages are held in memory, unless the library sorts the rows. Dropping the stream stops it.
    ///
    /// ```
    /// use bedrock_orm::prelude::*;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let local = bedrock_orm_local::LocalBedrock::start().await?;
    /// # let session = Session::local(local.url())?;
    /// let mut rows = FoundationModel::objects().using(&session).list().stream();
    /// while let Some(model) = rows.next().await {
    ///     println!("{}", model?.model_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages), on the row where a page fails.
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), at most one page ahead of the rows.
    pub fn stream(&self) -> Rows<M> {
        rows(self.engine())
    }

    /// Returns the rows of all sessions that did not fail, and the errors of those that did.
    ///
    /// # Requests
    ///
    /// As [`pages`](Self::pages), for every page.
    pub fn partial(&self) -> impl Future<Output = (Vec<Bound<M>>, Vec<Error>)> + Send + 'static + use<M> {
        let mut pages = self.clone().keep_going().pages();
        async move {
            let (mut rows, mut errors) = (Vec::new(), Vec::new());
            while let Some(page) = pages.next().await {
                match page {
                    Ok(page) => rows.extend(page.items),
                    Err(error) => errors.push(error),
                }
            }
            (rows, errors)
        }
    }

    fn is_union(&self) -> bool {
        !self.union.is_empty()
    }

    /// Whether it has neither a limit, nor an offset, nor an order.
    fn is_uncut(&self) -> bool {
        self.offset == 0 && self.limit.is_none() && self.order.keys().is_empty() && !self.reversed
    }

    #[cfg(test)]
    pub(crate) fn plain(mut self) -> Self {
        self.plain = true;
        self.union = self.union.into_iter().map(Self::plain).collect();
        self
    }
}

/// Awaiting a queryset returns all of its rows. The lists of several sessions are fetched concurrently, unless there is
/// a limit, which can make some of them unnecessary.
impl<M: Row> IntoFuture for QuerySet<M> {
    type Output = Result<Vec<Bound<M>>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        async move { self.engine()?.collect().await }.boxed()
    }
}

impl<M: Row> Clone for QuerySet<M> {
    fn clone(&self) -> Self {
        Self {
            sessions: self.sessions.clone(),
            parameters: self.parameters.clone(),
            starting_token: self.starting_token.clone(),
            page_size: self.page_size,
            union: self.union.clone(),
            filter: self.filter.clone(),
            order: self.order.clone(),
            reversed: self.reversed,
            distinct: self.distinct,
            offset: self.offset,
            limit: self.limit,
            related: self.related.clone(),
            keep_going: self.keep_going,
            concurrency: self.concurrency,
            problem: self.problem,
            plain: self.plain,
        }
    }
}

impl<M: Row> fmt::Debug for QuerySet<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("QuerySet");
        debug.field("resource", &M::KIND);
        if self.is_union() {
            debug.field("union", &self.union);
        } else {
            debug.field("parameters", &self.parameters).field("sessions", &self.sessions);
        }
        debug
            .field("filter", &self.filter)
            .field("order", &self.order)
            .field("offset", &self.offset)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
